"""Where the project's own data files (rules, prices, texts) lie, in a checkout and in a wheel."""

import os
import tempfile
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from infraplan.errors import SourceFileError

__all__ = ["data_path", "read_text", "read_toml", "user_cache"]


def data_path(name: str) -> Path:
    """
    Return the path of one of the project's data files or folders.

    Parameters
    ----------
    name
        Path below `data/`, with forward slashes, such as `"text/vi.toml"`.

    Returns
    -------
    path
        Existing path.

    Raises
    ------
    SourceFileError
        If the installation lacks it.
    """
    package = Path(str(files("infraplan")))
    for root in (package / "data", package.parent / "data"):
        if (root / name).exists():
            return root / name
    msg = f"the installation lacks data/{name}; install infraplan again"
    raise SourceFileError(msg)


def user_cache() -> Path:
    """
    Return the folder in which the platform keeps caches of a user.

    Returns
    -------
    folder
        It may not be there yet, or not be writable.
    """
    if os.name == "nt":
        return Path(os.environ.get("LOCALAPPDATA", tempfile.gettempdir()))
    return Path(os.environ.get("XDG_CACHE_HOME") or Path(os.path.expanduser("~")) / ".cache")  # noqa: PTH111 - Path.home() raises without HOME


def read_text(path: Path) -> str:
    """
    Return the text of a file saved by any editor: UTF-8, UTF-8 with BOM, or UTF-16.

    Parameters
    ----------
    path
        File to read; Notepad on Windows writes any of the three.

    Returns
    -------
    text
        Content without a byte order mark, lines ended by a line feed.

    Raises
    ------
    SourceFileError
        If the bytes are none of the three encodings.
    """
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        msg = (
            f"{path} is not UTF-8 text (byte {error.start} is {content[error.start]:#04x}); "
            "open it in Notepad and save it again with the encoding UTF-8"
        )
        raise SourceFileError(msg) from error


def read_toml(path: Path) -> dict[str, Any]:
    """
    Return the content of a TOML file.

    Parameters
    ----------
    path
        File to read, in any encoding that `read_text` knows.

    Returns
    -------
    content
        Tables and values of the file.

    Raises
    ------
    SourceFileError
        If the file is not TOML; the message gives line and column.
    """
    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        msg = f"{path} is not valid TOML: {error}"
        raise SourceFileError(msg) from error
