import csv

import numpy as np
import pandas as pd

from infraplan.reports.workbook import Column
from infraplan.reports.workbook import Sheet
from infraplan.reports.workbook import write_csvs
from infraplan.text import words

VI = words("vi")
COLUMNS = (
    Column("name", "Tên"),
    Column("people", "Dân số", "whole"),
    Column("share", "Tỷ lệ", "share"),
)


def read(path):
    """Return the rows below the lines that tell what the table is."""
    text = path.read_text(encoding="utf-8-sig")
    rows = list(csv.reader(text.splitlines(), delimiter=";"))
    return [row for row in rows if not row[0].startswith("#")]


def test_a_table_comes_back_as_written_with_decimal_commas(tmp_path):
    table = pd.DataFrame({"name": ["Kỳ Anh; cũ"], "people": [1234.4], "share": [0.98765]})
    total = {"name": "Tổng", "people": 1234.4}
    (path,) = write_csvs(
        tmp_path / "csv", [Sheet("T1 Xã", ("Định nghĩa",), COLUMNS, table, total)], words=VI
    )
    assert path.read_bytes().startswith(b"\xef\xbb\xbf# T1")
    assert read(path) == [
        ["Tên", "Dân số", "Tỷ lệ"],
        ["Kỳ Anh; cũ", "1234", "0,9877"],
        ["Tổng", "1234", ""],
    ]


def test_text_that_excel_would_run_stays_text(tmp_path):
    names = ['=HYPERLINK("http://x")', "+1", "@a", "-2"]
    table = pd.DataFrame({"name": names, "people": np.nan, "share": np.nan})
    (path,) = write_csvs(tmp_path, [Sheet("T", (), COLUMNS, table)], words=VI)
    assert [row[0] for row in read(path)[1:]] == [f"'{name}" for name in names]


def test_sheets_of_one_name_are_files_of_their_own(tmp_path):
    table = pd.DataFrame({"name": ["a"], "people": [1.0], "share": [0.5]})
    sheet = Sheet("T8 a/b", (), COLUMNS, table)
    paths = write_csvs(tmp_path, [sheet, sheet], words=VI, is_synthetic=True)
    assert len(set(paths)) == 2
    assert all(VI("reports.synthetic") in path.read_text(encoding="utf-8-sig") for path in paths)
