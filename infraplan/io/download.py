"""
Files of others come over the network: whole, of the right kind, or not at all.

A file is fetched into a cache that all plans share, under `name.part` until every check has passed;
what a broken connection left is taken up again only where the server says that the file is still
the same one. Beside each file lies a small JSON: address, day, ETag, SHA-256, licence, attribution.
Only http and https are spoken, redirects included. Tokens never reach a message or the disk.
"""

import contextlib
import hashlib
import json
import re
import time
from collections.abc import Callable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from datetime import UTC
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from typing import Any
from urllib.parse import urljoin
from urllib.parse import urlsplit

import infraplan
from infraplan import atomic
from infraplan.errors import Fault
from infraplan.errors import SourceFileError
from infraplan.progress import Progress
from infraplan.progress import silent
from infraplan.text import words

if TYPE_CHECKING:
    import requests

__all__ = ["Cached", "DownloadError", "Downloader", "Missing", "Wanted", "fault_of"]

CHUNK_BYTES = 1 << 16
HEAD_BYTES = 2048  # of a file, by which its kind is known
RETRIED = (408, 425, 429, 500, 502, 503, 504)
REDIRECTS = (301, 302, 303, 307, 308)
REDIRECT_LIMIT = 5
STEP_BYTES = 1 << 18  # a try that brought so much does not count towards giving up
TRIES_LIMIT = 60
CHECKSUM_BYTES = 65_536  # of a file that holds a checksum
DAY_S = 86_400.0
KINDS: Mapping[str, Callable[[bytes], bool]] = {
    "geotiff": lambda head: head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    "osm": lambda head: head.lstrip().startswith((b"<?xml", b"<osm")) and b"<osm" in head,
    "json": lambda head: head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"["),
    "gzip": lambda head: head[:2] == b"\x1f\x8b",
    "any": bool,
}


class DownloadError(SourceFileError):
    """A file could not be fetched; `fault` says which, why, and how to go on."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault

    def __reduce__(self) -> tuple[type["DownloadError"], tuple[Fault]]:
        """Keep the fault in a pickled copy."""
        return DownloadError, (self.fault,)


class Missing(DownloadError):  # noqa: N818 - for some sources it is an answer
    """The server says that there is no such file."""


class _Lost(Exception):  # noqa: N818 - told as a DownloadError once tries are used up
    """A try that failed but may be made again, after `wait_s` where the server says when."""

    def __init__(self, *, code: str, wait_s: float | None = None, **details: str) -> None:
        super().__init__(code)
        self.code = code
        self.wait_s = wait_s
        self.details = details


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    A file to fetch.

    `kind` is a key of `KINDS`; `shown` is the address without secrets, by which the cache knows the
    file; `checksum` is `""`, `"etag-md5"` (the ETag of a file stored in one piece is its MD5),
    `"md5"` or `"sha256"` (read from `checksum_address`). `kept` goes into the JSON beside the file.
    `keep_days` is for how long a cached copy is taken without asking; 0: for ever.
    """

    source: str
    address: str
    name: str
    kind: str
    shown: str = ""
    max_bytes: int = 1 << 31
    checksum: str = ""
    checksum_address: str = ""
    keep_days: float = 0.0
    kept: Mapping[str, str] = field(default_factory=dict)

    @property
    def public(self) -> str:
        """Return the address without secrets."""
        return self.shown or self.address


@dataclass(frozen=True, slots=True)
class Cached:
    """A file of the cache, and whether this call took it from there."""

    path: Path
    address: str
    size: int
    sha256: str
    fetched_on: str
    from_cache: bool


@dataclass(frozen=True, slots=True)
class Downloader:
    """
    How files are fetched, and where they are kept.

    `attempts` counts the tries of one file; a try that brought nothing waits `wait_s`, then twice
    that, and so on, but as long as the server asks for, up to `longest_wait_s`. `slowest_bytes_s`
    is the speed below which a server counts as stalled once `patience_s` have passed.
    """

    cache: Path
    offline: bool = False
    attempts: int = 6
    wait_s: float = 1.0
    longest_wait_s: float = 120.0
    connect_s: float = 15.0
    read_s: float = 60.0
    patience_s: float = 60.0
    slowest_bytes_s: float = 500.0

    def fetch(
        self,
        wanted: Wanted,
        *,
        verify: Callable[[Path], None] | None = None,
        progress: Progress | None = None,
    ) -> Cached:
        """
        Return a file, from the cache or from its server.

        Parameters
        ----------
        wanted
            What to fetch.
        verify
            Called with the file before it enters the cache; raises where the content is not what
            was asked for.
        progress
            Called with the share of the bytes that came.

        Returns
        -------
        cached
            The file in the cache.

        Raises
        ------
        Missing
            If the server has no such file.
        DownloadError
            If it could not be fetched whole, is of another kind or size, or its checksum differs.
        PlanError
            If another process fetches from the same server into this cache.
        """
        _checked_address(wanted, wanted.address)
        target = self._target(wanted)
        known = _sidecar(target)
        is_there = _is_whole(target, known)
        if is_there and (self.offline or _is_fresh(wanted, known)):
            return _cached(target, known, from_cache=True)
        if self.offline:
            raise _error(wanted, "download_offline", folder=str(self.cache))
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with atomic.exclusive(target.parent):
                return self._renewed(
                    wanted, target, known if is_there else {}, verify, progress or silent
                )
        except OSError as error:
            why = error.strerror or str(error)
            raise _error(wanted, "cache_unwritable", folder=str(self.cache), why=why) from error

    def _target(self, wanted: Wanted) -> Path:
        """Return where a file lies in the cache; its name tells people what it is."""
        digest = hashlib.sha256(wanted.public.encode()).hexdigest()[:12]
        ending = re.search(r"(?:\.[a-z0-9]{2,7}){1,2}$", wanted.name.lower())
        suffix = ending[0] if ending else ""
        stem = atomic.file_stem(wanted.name.lower().removesuffix(suffix))
        host = urlsplit(wanted.public).hostname or ""
        return self.cache / atomic.file_stem(host) / f"{stem}-{digest}{suffix}"

    def _renewed(
        self,
        wanted: Wanted,
        target: Path,
        known: Mapping[str, Any],
        verify: Callable[[Path], None] | None,
        progress: Progress,
    ) -> Cached:
        """Fetch a file, trying again while that can help, and let it into the cache."""
        session = _session()
        part = target.with_name(f"{target.name}.part")
        tries, all_tries, wrong_sums = 0, 0, 0
        with contextlib.closing(session):
            while True:
                had = part.stat().st_size if part.exists() else 0
                try:
                    answer = self._try(session, wanted, part, known, progress)
                    if answer is None:  # not changed since it was fetched
                        return self._let_in(wanted, target, target, known, from_cache=True)
                    expected = self._expected_sum(session, wanted, answer)
                except _Lost as lost:
                    all_tries += 1
                    gained = (part.stat().st_size if part.exists() else 0) - had
                    is_getting_on = gained >= STEP_BYTES and all_tries < TRIES_LIMIT
                    tries = 1 if is_getting_on else tries + 1
                    if tries >= self.attempts or (lost.wait_s or 0) > self.longest_wait_s:
                        raise self._given_up(wanted, lost, tries) from lost
                    pause_s = lost.wait_s
                    if pause_s is None:
                        pause_s = 0.0 if gained > 0 else self.wait_s * 2 ** (tries - 1)
                    time.sleep(min(pause_s, self.longest_wait_s))
                    continue
                found = _digest(part, expected[0]) if expected else ""
                if expected and found != expected[1]:
                    _drop(part)
                    wrong_sums += 1
                    if wrong_sums < 2:
                        continue
                    raise _error(wanted, "download_checksum", found=found, expected=expected[1])
                _check_content(wanted, part, verify)
                return self._let_in(wanted, part, target, answer, from_cache=False)

    def _given_up(self, wanted: Wanted, lost: _Lost, tries: int) -> DownloadError:
        """Return the error of a file for which all tries are used up."""
        if lost.wait_s is not None and lost.wait_s > self.longest_wait_s:
            return _error(wanted, "download_later", minutes=f"{lost.wait_s / 60:.0f}")
        return _error(wanted, lost.code, count=str(tries), **lost.details)

    def _try(
        self,
        session: "requests.Session",
        wanted: Wanted,
        part: Path,
        known: Mapping[str, Any],
        progress: Progress,
    ) -> dict[str, Any] | None:
        """Fetch what is lacking of a file; return what the server said of it, None if unchanged."""
        begun = _sidecar(part)
        start = part.stat().st_size if part.exists() and begun.get("validator") else 0
        headers = {"Accept-Encoding": "identity"}
        if start:
            headers |= {"Range": f"bytes={start}-", "If-Range": begun["validator"]}
        elif known.get("etag"):
            headers |= {"If-None-Match": known["etag"]}
        with self._answered(session, wanted, headers) as response:
            if response.status_code == 304:
                return None
            if response.status_code == 416:
                _drop(part)
                raise _Lost(code="download_changing", wait_s=0.0)
            said = _said(response)
            if response.status_code == 206:
                if said["start"] != start or not _is_same(begun, said):
                    _drop(part)
                    raise _Lost(code="download_changing", wait_s=0.0)
            else:
                start = 0
                _drop(part)
            if said["total"] is not None and said["total"] > wanted.max_bytes:
                raise _too_large(wanted, said["total"])
            _write_sidecar(part, said)
            self._receive(response, wanted, part, start, said["total"], progress)
        return said

    def _receive(
        self,
        response: "requests.Response",
        wanted: Wanted,
        part: Path,
        start: int,
        total: int | None,
        progress: Progress,
    ) -> None:
        """Append the body of an answer to the part."""
        got, began_s = start, time.monotonic()
        with part.open("ab") as stream:
            for chunk in _chunks(response):
                stream.write(chunk)
                if got < HEAD_BYTES:  # an error page is told by its first bytes, not its last
                    stream.flush()
                    if got + len(chunk) >= HEAD_BYTES:
                        _check_kind(wanted, part, response.headers.get("Content-Type", ""))
                got += len(chunk)
                if got > wanted.max_bytes:
                    _drop(part, stream.close)
                    raise _too_large(wanted, got)
                passed_s = time.monotonic() - began_s
                if passed_s > self.patience_s and got - start < self.slowest_bytes_s * passed_s:
                    raise _Lost(code="download_timeout")
                progress(min(got / total, 1.0) if total else 0.0, wanted.name)
        if total is not None and got < total:
            raise _Lost(code="download_broken")
        _check_kind(wanted, part, response.headers.get("Content-Type", ""))

    @contextlib.contextmanager
    def _answered(
        self, session: "requests.Session", wanted: Wanted, headers: Mapping[str, str]
    ) -> Iterator["requests.Response"]:
        """Ask for a file, following redirects to http and https alone; yield a usable answer."""
        import requests

        address = wanted.address
        for _ in range(REDIRECT_LIMIT + 1):
            try:
                response = session.get(
                    address,
                    headers=dict(headers),
                    stream=True,
                    allow_redirects=False,
                    timeout=(self.connect_s, self.read_s),
                )
            except requests.RequestException as error:
                raise _Lost(code=_why(error)) from error
            with contextlib.closing(response):
                if response.status_code not in REDIRECTS or "Location" not in response.headers:
                    _check_status(wanted, response)
                    yield response
                    return
                address = urljoin(address, response.headers["Location"])
                _checked_address(wanted, address, came_from=wanted.address)
        raise _error(wanted, "download_redirects", count=str(REDIRECT_LIMIT))

    def _expected_sum(
        self, session: "requests.Session", wanted: Wanted, said: Mapping[str, Any]
    ) -> tuple[str, str] | None:
        """Return algorithm and published checksum of a file, None where there is none."""
        if wanted.checksum == "etag-md5":
            plain = str(said["etag"]).strip('"')
            return ("md5", plain) if re.fullmatch(r"[0-9a-f]{32}", plain) else None
        if not wanted.checksum:
            return None
        from dataclasses import replace

        of_sum = replace(wanted, address=wanted.checksum_address, shown="")
        _checked_address(of_sum, of_sum.address)
        try:
            with self._answered(session, of_sum, {}) as response:
                text = b"".join(_limited(_chunks(response), CHECKSUM_BYTES))
        except Missing:
            return None
        length = 32 if wanted.checksum == "md5" else 64
        found = re.search(rf"\b[0-9a-fA-F]{{{length}}}\b", text.decode("ascii", "replace"))
        return (wanted.checksum, found[0].lower()) if found else None

    def _let_in(
        self,
        wanted: Wanted,
        file: Path,
        target: Path,
        said: Mapping[str, Any],
        *,
        from_cache: bool,
    ) -> Cached:
        """Move a checked file to its place in the cache and write what is known of it beside it."""
        about = {
            **wanted.kept,
            "address": wanted.public,
            "fetched_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "etag": said.get("etag", ""),
            "sha256": _digest(file, "sha256"),
            "size": file.stat().st_size,
        }
        if file != target:
            _sidecar_path(target).unlink(missing_ok=True)
            file.replace(target)
            _drop(file)
        _write_sidecar(target, about)
        return _cached(target, about, from_cache=from_cache)


def fault_of(code: str, *, file: str = "", **details: str) -> Fault:
    """
    Return a fault told by the sentences of the catalogue.

    Parameters
    ----------
    code
        Names the sentences `faults.<code>_what` and `faults.<code>_remedy`.
    file
        File that the fault is about.
    **details
        Values of the placeholders of both sentences.

    Returns
    -------
    fault
        With the English sentences, and what is needed to tell it in another language.
    """
    told = words("en")
    return Fault(
        what=told(f"faults.{code}_what", **details),
        remedy=told(f"faults.{code}_remedy", **details),
        file=file,
        code=code,
        details=tuple(details.items()),
    )


def _error(wanted: Wanted, code: str, **details: str) -> DownloadError:
    """Return the error of a file that could not be fetched."""
    kind = Missing if code == "download_missing" else DownloadError
    return kind(fault_of(code, source=wanted.source, address=wanted.public, **details))


def _too_large(wanted: Wanted, size: int) -> DownloadError:
    """Return the error of a file that is larger than its source was said to give."""
    return _error(
        wanted,
        "download_too_large",
        size=f"{size / 1e6:.1f}",
        limit=f"{wanted.max_bytes / 1e6:.1f}",
    )


def _checked_address(wanted: Wanted, address: str, *, came_from: str = "") -> None:
    """Refuse an address that is not of the web, or a redirect from https to http."""
    try:
        parts = urlsplit(address)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        parts, is_web = urlsplit(""), False
    weaker = urlsplit(came_from).scheme == "https" and parts.scheme != "https"
    if not is_web or weaker or parts.username is not None:
        shown = f"{parts.scheme}://{parts.hostname or ''}{parts.path}"[:120]
        raise _error(wanted, "download_address", found=shown)


def _session() -> "requests.Session":
    """Return a session that takes proxies from the environment, and no passwords from anywhere."""
    import requests

    session = requests.Session()
    session.auth = _unsigned  # requests would else send what ~/.netrc has for the host
    session.headers["User-Agent"] = f"infraplan/{infraplan.__version__}"
    return session


def _unsigned(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
    """Return a request as it is."""
    return request


def _check_status(wanted: Wanted, response: "requests.Response") -> None:
    """Tell what an answer means that brings no file."""
    status = response.status_code
    if status in (200, 206, 304, 416):
        return
    if status in RETRIED:
        wait_s = _retry_after_s(response.headers.get("Retry-After", ""))
        raise _Lost(code="download_busy", wait_s=wait_s, status=f"{status} {response.reason}")
    code = {404: "download_missing", 410: "download_missing"}.get(status, "download_status")
    if status in (401, 403):
        code = "download_refused"
    raise _error(wanted, code, status=f"{status} {response.reason}")


def _retry_after_s(text: str) -> float | None:
    """Return for how long a server asks to wait, None where it does not say."""
    if re.fullmatch(r"\d{1,9}", text.strip()):
        return float(text)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max((aware - datetime.now(UTC)).total_seconds(), 0.0)


def _said(response: "requests.Response") -> dict[str, Any]:
    """Return what an answer says of its file: length, place of its first byte, version."""
    headers = response.headers
    etag = headers.get("ETag", "")
    validator = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")
    start, total = 0, None
    if found := re.fullmatch(r"bytes (\d+)-\d+/(\d+)", headers.get("Content-Range", "")):
        start, total = int(found[1]), int(found[2])
    elif headers.get("Content-Length", "").isdigit():
        total = int(headers["Content-Length"])
    if headers.get("Content-Encoding", "identity") != "identity":
        validator, total = "", None  # its length is that of other bytes
    return {"etag": etag, "validator": validator, "start": start, "total": total}


def _is_same(begun: Mapping[str, Any], said: Mapping[str, Any]) -> bool:
    """Return whether the rest of a file belongs to what there is of it."""
    return bool(
        begun.get("total") in (None, said["total"])
        and (not said["validator"] or begun.get("validator") == said["validator"])
    )


def _chunks(response: "requests.Response") -> Iterator[bytes]:
    """Yield a body as it comes, so that a server that only drips is noticed."""
    import urllib3

    try:
        while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
            yield chunk
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _Lost(code=_why(error)) from error


def _limited(chunks: Iterator[bytes], limit: int) -> Iterator[bytes]:
    """Yield the first bytes of a body."""
    left = limit
    for chunk in chunks:
        yield chunk[:left]
        left -= len(chunk)
        if left <= 0:
            return


def _why(error: BaseException) -> str:
    """Return the code of why a connection failed; the error itself may hold a secret address."""
    kinds = {
        "ConnectTimeout": "download_timeout",
        "ReadTimeout": "download_timeout",
        "ReadTimeoutError": "download_timeout",
        "TimeoutError": "download_timeout",
        "ProxyError": "download_proxy",
        "SSLError": "download_certificate",
        "ConnectionError": "download_unreachable",
    }
    return kinds.get(type(error).__name__, "download_broken")


def _check_kind(wanted: Wanted, part: Path, content_type: str) -> None:
    """Refuse a file whose first bytes are those of something else, such as an error page."""
    with part.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if KINDS[wanted.kind](head):
        return
    start = " ".join(re.sub(rb"<[^>]*>?|[^\x20-\x7e]", b" ", head).decode("ascii").split())[:80]
    _drop(part)
    found = f"{content_type.split(';', maxsplit=1)[0] or '?'}: {start}".strip(": ")
    raise _error(wanted, "download_wrong_kind", kind=wanted.kind, found=found)


def _check_content(wanted: Wanted, part: Path, verify: Callable[[Path], None] | None) -> None:
    """Let the reader of a file look at it before it enters the cache."""
    if verify is None:
        return
    try:
        verify(part)
    except SourceFileError as error:
        _drop(part)
        why = str(error).replace(str(part), part.name)
        raise _error(wanted, "download_unusable", why=why) from error


def _drop(part: Path, close: Callable[[], None] | None = None) -> None:
    """Remove a part and what is known of it."""
    if close is not None:
        close()
    part.unlink(missing_ok=True)
    _sidecar_path(part).unlink(missing_ok=True)


def _sidecar_path(path: Path) -> Path:
    """Return the JSON beside a file."""
    return path.with_name(f"{path.name}.json")


def _sidecar(path: Path) -> dict[str, Any]:
    """Return what is known of a file; empty where nothing is."""
    try:
        content = json.loads(_sidecar_path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write_sidecar(path: Path, about: Mapping[str, Any]) -> None:
    """Write what is known of a file beside it."""
    text = json.dumps(dict(about), indent=1, ensure_ascii=False, sort_keys=True)
    atomic.write_scratch(_sidecar_path(path), f"{text}\n".encode())


def _digest(path: Path, algorithm: str) -> str:
    """Return a checksum of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _is_whole(path: Path, known: Mapping[str, Any]) -> bool:
    """Return whether a file of the cache is still as it was fetched."""
    if not path.is_file() or path.stat().st_size != known.get("size"):
        return False
    return _digest(path, "sha256") == known.get("sha256")


def _is_fresh(wanted: Wanted, known: Mapping[str, Any]) -> bool:
    """Return whether a file of the cache may be taken without asking its server."""
    if not wanted.keep_days:
        return True
    try:
        when = datetime.fromisoformat(str(known["fetched_at"]))
    except (KeyError, ValueError):
        return False
    return (datetime.now(UTC) - when).total_seconds() < wanted.keep_days * DAY_S


def _cached(path: Path, about: Mapping[str, Any], *, from_cache: bool) -> Cached:
    """Return a file of the cache with what is known of it."""
    return Cached(
        path=path,
        address=str(about["address"]),
        size=int(about["size"]),
        sha256=str(about["sha256"]),
        fetched_on=str(about["fetched_at"])[:10],
        from_cache=from_cache,
    )
