"""A web server in a thread whose answers a test writes: broken, late, wrong or right."""

import contextlib
import hashlib
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field
from http.server import BaseHTTPRequestHandler
from http.server import ThreadingHTTPServer
from unittest import mock


@dataclass
class Answer:
    """One answer; `cut_at` closes the connection after so many bytes of the body."""

    body: bytes = b""
    status: int = 200
    kind: str = "application/octet-stream"
    headers: dict[str, str] = field(default_factory=dict)
    cut_at: int | None = None
    wait_s: float = 0.0
    etag: str | None = None  # the MD5 of the body by default; "" for none
    says_length: bool = True


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    sent: int = 0


class Web:
    """Answers by path, in turn; the last one is given again and again."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.routes: dict[str, list[Answer]] = {}
        self.asked: list[Asked] = []

    def give(self, path: str, *answers: Answer) -> str:
        """Set the answers of a path; return its address."""
        self.routes[path] = list(answers)
        return self.root + path

    def sent_by(self, path: str) -> list[int]:
        """Return how many bytes of the body each answer to a path sent."""
        return [item.sent for item in self.asked if item.path == path]


@contextlib.contextmanager
def serving() -> Iterator[Web]:
    """Yield a server on this machine; closed at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.web = Web(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02), daemon=True)
    thread.start()
    try:
        with mock.patch.dict("os.environ", {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}):
            yield server.web
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """Give the answers of the test."""

    def do_GET(self) -> None:
        web: Web = self.server.web
        asked = Asked(self.path, {key.lower(): value for key, value in self.headers.items()})
        web.asked.append(asked)
        path = self.path if self.path in web.routes else self.path.split("?")[0]
        answers = web.routes.get(path, [Answer(b"not here", 404)])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        time.sleep(answer.wait_s)
        with contextlib.suppress(OSError):
            self.reply(answer, asked)

    def reply(self, answer: Answer, asked: Asked) -> None:
        """Send an answer, or the part of it that was asked for."""
        etag = answer.etag
        if etag is None:
            etag = f'"{hashlib.md5(answer.body, usedforsecurity=False).hexdigest()}"'
        body, status, extra = answer.body, answer.status, dict(answer.headers)
        start = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
        if status == 200 and etag and asked.headers.get("if-none-match") == etag:
            body, status = b"", 304
        elif status == 200 and start and asked.headers.get("if-range") == etag:
            body, status = body[int(start[1]) :], 206
            last = len(answer.body) - 1
            extra["Content-Range"] = f"bytes {start[1]}-{last}/{len(answer.body)}"
        self.send_response(status)
        self.send_header("Content-Type", answer.kind)
        if answer.says_length and status != 304:
            self.send_header("Content-Length", str(len(body)))
        if etag and status in (200, 206, 304):
            self.send_header("ETag", etag)
        for key, value in extra.items():
            self.send_header(key, value)
        self.end_headers()
        part = body if answer.cut_at is None else body[: answer.cut_at]
        asked.sent = len(part)
        self.wfile.write(part)
        self.wfile.flush()
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Say nothing."""
