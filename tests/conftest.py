"""
The quick tests run as on an office PC.

All temporary files lie in a folder with spaces, `&` and Vietnamese letters, and a file that this
process holds open cannot be replaced, as on Windows.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

OFFICE = Path("Sở KH&CN tỉnh", "Thẩm định BTS")
REPLACE = os.replace
CHROMIUM = Path("/usr/bin/chromium")

# how long an example takes is for benchmarks: a machine has slow days
hypothesis.settings.register_profile("infraplan", deadline=None)
hypothesis.settings.load_profile("infraplan")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--regen", action="store_true", help="write golden files anew")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.basetemp is None:
        root = Path(tempfile.mkdtemp(prefix="infraplan-tests-"))
        base = root / OFFICE
        base.parent.mkdir()
        config.option.basetemp = str(base)
        config.add_cleanup(lambda: shutil.rmtree(root, ignore_errors=True))


@pytest.fixture(autouse=True)
def replacing_refuses_open_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse, as Windows does, to replace a file that this process holds open or mapped."""
    monkeypatch.setattr(os, "replace", replace_as_windows)


def replace_as_windows(source: os.PathLike[str] | str, target: os.PathLike[str] | str) -> None:
    """Replace a file unless it, or what it replaces, is open here."""
    for path in (source, target):
        if Path(path).exists() and is_open_here(Path(path).resolve()):
            error = PermissionError(13, "The process cannot access the file", str(path))
            error.winerror = 32
            raise error
    REPLACE(source, target)


def is_open_here(path: Path) -> bool:
    """Return whether this process has a file open or mapped; never true where /proc is absent."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        return False
    for entry in descriptors.iterdir():
        try:
            if entry.readlink() == path:
                return True
        except OSError:
            continue  # the descriptor of this very listing is gone by now
    return str(path) in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")


@pytest.fixture(scope="session")
def demo_plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a sample plan on which every step has run; about a minute, made once."""
    from infraplan.api import run_plan
    from infraplan.api import sample_plan

    plan = sample_plan(tmp_path_factory.mktemp("office") / "demo")
    for _ in run_plan(plan):
        pass
    return plan.folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A browser; the test is skipped where there is none, and fails there in CI."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _without_browser("needs playwright")
    if not CHROMIUM.exists():
        _without_browser(f"needs {CHROMIUM}")
    options = ["--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--no-sandbox")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=options)
        yield browser
        browser.close()


def _without_browser(reason: str) -> None:
    """Skip the test, or fail it where a browser must be."""
    if os.environ.get("CI") or os.environ.get("INFRAPLAN_REQUIRE_BROWSER"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def server() -> Iterator[Any]:
    """A server on this machine, for what would come from the internet."""
    from tests.web import serving

    with serving() as web:
        yield web


@pytest.fixture
def web(server: Any) -> Any:
    """The server without answers and without memory."""
    server.routes.clear()
    server.asked.clear()
    return server
