"""Files come whole or not at all: also when a process dies, a disk is full, a file is held."""

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infraplan import atomic
from infraplan.errors import PlanError


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic, "RETRY_TOTAL_S", 0.1)


def leftovers(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(atomic.TEMPORARY)]


def run_limited(
    code: str, limit_bytes: int, *arguments: object
) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process that may not write files larger than a limit."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, limit_bytes))

    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, check=False)


def test_the_tests_run_in_a_folder_as_offices_name_them(tmp_path: Path) -> None:
    assert "Sở KH&CN tỉnh" in tmp_path.parts
    assert "Thẩm định BTS" in tmp_path.parts


def test_text_is_written_as_utf8_with_line_feeds(tmp_path: Path) -> None:
    atomic.write_text(tmp_path / "sub" / "a.txt", "Hà Tĩnh\n")
    assert (tmp_path / "sub" / "a.txt").read_bytes() == "Hà Tĩnh\n".encode()


def test_a_failing_writer_leaves_the_old_file_and_no_leftover(tmp_path: Path) -> None:
    target = atomic.write_text(tmp_path / "a.txt", "old")

    def fail(temporary: Path) -> None:
        temporary.write_text("half")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        atomic.write(target, fail)
    assert target.read_text() == "old"
    assert not leftovers(tmp_path)


def test_a_failing_check_leaves_the_old_file(tmp_path: Path) -> None:
    target = atomic.write_text(tmp_path / "a.txt", "old")

    def refuse(temporary: Path) -> None:
        msg = f"{temporary.stat().st_size} bytes"
        raise PlanError(msg)

    with pytest.raises(PlanError, match="3 bytes"):
        atomic.write(target, lambda temporary: temporary.write_text("new") and None, verify=refuse)
    assert target.read_text() == "old"


def test_a_full_disk_leaves_the_old_file_and_says_so(tmp_path: Path) -> None:
    target = atomic.write_text(tmp_path / "a.txt", "old")
    code = (
        "import sys; from pathlib import Path; from infraplan import atomic\n"
        "atomic.write_text(Path(sys.argv[1]), 'x' * 100_000)"
    )
    done = run_limited(code, 10_000, target)
    assert "the disk is full" in done.stderr
    assert target.read_text() == "old"
    assert not leftovers(tmp_path)


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    target = atomic.write_text(tmp_path / "a.txt", "old")
    code = (
        "import sys, os, signal; from pathlib import Path; from infraplan import atomic\n"
        "def fill(t): t.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)\n"
        "atomic.write(Path(sys.argv[1]), fill)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(target)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert target.read_text() == "old"
    assert len(leftovers(tmp_path)) == 1
    assert atomic.sweep(tmp_path) == 1


def test_a_text_written_again_and_again_is_whole_whenever_its_writer_dies(tmp_path: Path) -> None:
    target = atomic.write_text(tmp_path / "a.txt", "0" * 50_000)
    code = (
        "import sys; from pathlib import Path; from infraplan import atomic\n"
        "for n in range(10**6): atomic.write_text(Path(sys.argv[1]), str(n % 10) * 50_000)"
    )
    for pause_s in (0.15, 0.151, 0.157, 0.163, 0.171):
        writer = subprocess.Popen([sys.executable, "-c", code, str(target)])
        time.sleep(pause_s)
        writer.kill()
        writer.wait()
        text = target.read_text()
        assert len(text) == 50_000
        assert len(set(text)) == 1


def test_a_file_held_open_is_not_replaced(tmp_path: Path, impatient: None) -> None:
    target = atomic.write_text(tmp_path / "plan.txt", "old")
    with target.open(), pytest.raises(PlanError, match=r"open in another program.*close it there"):
        atomic.write_text(target, "new")
    assert target.read_text() == "old"


def test_a_report_held_open_is_written_beside_it(tmp_path: Path, impatient: None) -> None:
    target = atomic.write_text(tmp_path / "report.txt", "old")
    with target.open():
        written = atomic.write_text(target, "new", if_held="rename")
    assert written.name == "report (2).txt"
    assert (target.read_text(), written.read_text()) == ("old", "new")


def test_a_file_held_for_a_moment_is_replaced_after_it(tmp_path: Path) -> None:
    target = atomic.write_text(tmp_path / "a.txt", "old")
    handle = target.open()
    original = time.sleep
    try:
        time.sleep = lambda _: (handle.close(), original(0))[1]
        atomic.write_text(target, "new")
    finally:
        time.sleep = original
        handle.close()
    assert target.read_text() == "new"


def test_a_second_writer_is_told_who_holds_the_folder(tmp_path: Path) -> None:
    with (
        atomic.exclusive(tmp_path),
        pytest.raises(PlanError, match=rf"process {os.getpid()} on .*delete"),
        atomic.exclusive(tmp_path),
    ):
        pass
    assert not (tmp_path / ".lock").exists()


def test_a_lock_is_released_when_the_work_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic.exclusive(tmp_path):
        raise ZeroDivisionError
    with atomic.exclusive(tmp_path):
        assert (tmp_path / ".lock").exists()


def test_the_lock_of_a_dead_process_is_taken_over(tmp_path: Path) -> None:
    gone = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    note = {"pid": int(gone.stdout), "host": socket.gethostname(), "since": "2025-01-01 00:00:00"}
    (tmp_path / ".lock").write_text(json.dumps(note))
    with atomic.exclusive(tmp_path):
        assert json.loads((tmp_path / ".lock").read_text())["pid"] == os.getpid()


def test_the_lock_of_another_machine_is_respected(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text(json.dumps({"pid": 1, "host": "máy khác", "since": "hôm qua"}))
    with pytest.raises(PlanError, match="máy khác"), atomic.exclusive(tmp_path):
        pass


def test_an_unreadable_lock_is_respected(tmp_path: Path) -> None:
    (tmp_path / ".lock").write_text("{")
    with pytest.raises(PlanError, match="delete"), atomic.exclusive(tmp_path):
        pass


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("HTI/01:A", "HTI-01-A"), ("../../etc", "etc"), ("CON", "CON_"), ("", "unnamed"),
        ("Đợt 3", "Dot-3"), ("a" * 99, "a" * 60),
    ],
    ids=["slash", "way out", "reserved", "empty", "accents", "long"],
)  # fmt: skip
def test_any_name_becomes_a_safe_file_name(name: str, stem: str) -> None:
    assert atomic.file_stem(name) == stem
