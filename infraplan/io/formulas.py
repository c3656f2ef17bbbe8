"""
Formulas of a workbook whose results were not saved.

Programs other than Excel often save formulas without results; readers then see an empty cell, and
a list loses a column without a word.
"""

import html
import re
import zipfile
from pathlib import Path

from infraplan.errors import Fault
from infraplan.io.guards import UNPACKED_LIMIT
from infraplan.io.guards import read_member

__all__ = ["uncomputed"]

CELL = re.compile(
    rb'<c\b[^>]*?\br="([A-Z]{1,3})(\d{1,7})"[^>]*>\s*'
    rb"<f\b(?:[^>]*/>|[^>]*>([^<]*)</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
SHOWN = 5


def uncomputed(path: Path, part: str, rows: tuple[str, ...]) -> tuple[Fault, ...]:
    """
    Return the fault of formulas that carry no result.

    Parameters
    ----------
    path
        Workbook that `check_archive` let pass.
    part
        Path of the sheet in its archive.
    rows
        Rows of the list, as Excel numbers them; formulas outside it do not matter.

    Returns
    -------
    faults
        One fault with all rows, or none.
    """
    with zipfile.ZipFile(path) as archive:
        name = part.removeprefix("/")
        if name not in archive.namelist():
            return ()
        content = read_member(archive, archive.getinfo(name), limit=UNPACKED_LIMIT)
    if b"<f" not in content:
        return ()
    wanted = set(rows)
    found = [
        (f"{match[1].decode()}{match[2].decode()}", match[2].decode(), match[3] or b"")
        for match in CELL.finditer(content)
        if match[2].decode() in wanted
    ]
    if not found:
        return ()
    cells = ", ".join(cell for cell, _, _ in found[:SHOWN])
    formula = html.unescape(found[0][2].decode("utf-8", "replace"))[:60]
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    fault = Fault(
        what="cells hold formulas without results, and were read as empty; "
        f"the first is ={formula}",
        rows=tuple(dict.fromkeys(row for _, row, _ in found)),
        found=f"{cells}{more}",
        expected="values",
        remedy="open the workbook in Excel, save it, and import it again",
        code="formula_without_result",
        details=(("cells", f"{cells}{more}"), ("formula", formula)),
    )
    return (fault,)
