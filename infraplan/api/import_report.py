"""The report that goes back to the owner of a list that was imported."""

from pathlib import Path
from typing import TYPE_CHECKING

from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.reports.import_report import Read

__all__ = ["write_import_report"]


def write_import_report(
    path: Path | str,
    *,
    source: Path | str,
    reading: "Read",
    words: Words,
    as_of: str = "",
    keep_personal: bool = False,
) -> Path:
    """
    Write the copy of a list in which what is wrong is red, to be corrected and sent again.

    Parameters
    ----------
    path
        Workbook to write, ending in `.xlsx`.
    source
        The list as it came.
    reading
        What was read of it, with faults and repairs.
    words
        Catalogue of the office's language.
    as_of
        Day that the data describe, in ISO form; empty where it is not said.
    keep_personal
        True to keep what columns about persons hold; it is left out otherwise.

    Returns
    -------
    path
        The workbook: a summary, and the sheets that were read with their values.

    Raises
    ------
    SourceFileError
        If the list can no longer be read.
    PlanError
        If the workbook cannot be written.
    """
    from infraplan.io.pages import read_pages
    from infraplan.reports.import_report import write_marked

    understood = getattr(reading, "understood", None)
    sheets = reading.sheets or tuple(filter(None, [getattr(reading, "sheet", "")]))
    pages = getattr(reading, "pages", ()) or read_pages(
        Path(source),
        sheets,
        encoding=getattr(understood, "encoding", ""),
        separator=getattr(understood, "separator", ""),
    )
    return write_marked(
        Path(path),
        pages=pages,
        read=reading,
        words=words,
        as_of=as_of,
        keep_personal=keep_personal,
    )
