"""Readings of lists that are at fault, as a report to their owner wants them."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from pathlib import Path

import openpyxl

from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.io import read_layer
from infraplan.io.aliases import match_headings
from infraplan.layers.repairs import Repair

CRS = "EPSG:9209"
HEADS = (
    "TT", "Mã trạm", "Nhà mạng", "Vĩ độ", "Kinh độ", "Chiều cao cột (m)", "Điện thoại", "Công nghệ",
)  # fmt: skip
ROWS = (
    (1, "HTH001", "Viettel", 18.3428, 105.9057, 42, "0912 345 678", "2G/4G"),
    (2, "HTH002", "Viettel", 18.3431, 105.9061, "bốn mươi", "0912 345 679", "4G"),
    (3, "HTH003", None, 18.3451, 105.9071, 36, None, "=1+1"),
    (4, '=HYPERLINK("http://x")', "Viettel", 18.3461, 105.9081, 4000, "+84", "4G"),
)  # fmt: skip


@dataclass(frozen=True)
class Understood:
    persons: tuple[str, ...] = ("Điện thoại",)
    unknown: tuple[tuple[str, str], ...] = (("TT", ""),)
    between: tuple[str, ...] = ()
    decimals: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    separator: str = ""
    vintage: str = ""


@dataclass(frozen=True)
class Read:
    layer: str
    file: Path
    columns: Mapping[str, str]
    faults: tuple[Fault, ...]
    repairs: tuple[Repair, ...] = ()
    sheets: tuple[str, ...] = ()
    header_rows: tuple[str, ...] = ()
    rows_read: int = 0
    rows_kept: int = 0
    quarantined: tuple[str, ...] = ()
    crs: str = "EPSG:4326"
    row_of: Mapping[str, str] = field(default_factory=dict)
    understood: Understood = field(default_factory=Understood)


def workbook(path: Path, heads=HEADS, rows=ROWS, title: str = "BTS") -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = title
    sheet.append(["DANH SÁCH TRẠM BTS TRÊN ĐỊA BÀN"])
    sheet.merge_cells("A1:H1")
    sheet.append([])
    for row in (heads, *rows):
        sheet.append(list(row))
    for row in sheet.iter_rows(min_row=4):
        for cell in row:
            if cell.data_type == "f":
                cell.data_type = "s"
    sheet.column_dimensions["B"].width = 21.5
    book.save(path)
    return path


def faults_of(path: Path, layer: str = "sites") -> tuple[Fault, ...]:
    try:
        return tuple(getattr(read_layer(path, layer, plan_crs=CRS), "faults", ()))
    except LayerError as error:
        return tuple(error.faults)


def read_of(path: Path, *, layer: str = "sites", heads=HEADS, **more) -> Read:
    matched = match_headings(heads, layer)
    faults = faults_of(path, layer)
    lost = tuple(sorted({row for fault in faults for row in fault.rows}))
    return Read(
        layer=layer,
        file=path,
        columns={**matched.columns, **matched.positions},
        faults=faults,
        rows_read=len(ROWS),
        rows_kept=len(ROWS) - len(lost),
        quarantined=lost,
        **more,
    )
