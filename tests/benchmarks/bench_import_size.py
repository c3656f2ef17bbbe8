"""
How many rows a second an import takes, and how much memory, measured in a process of its own.

20,000 rows; a million as CSV and 300,000 as workbook with `INFRAPLAN_BENCH=province`.
"""

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infraplan.api import init_plan

IS_PROVINCE = os.environ.get("INFRAPLAN_BENCH") == "province"
ROWS = {".csv": 1_000_000, ".xlsx": 300_000} if IS_PROVINCE else {".csv": 20_000, ".xlsx": 20_000}
LIMIT_MB = 2_000.0
HEADINGS = ("Mã trạm", "Tên trạm", "Doanh nghiệp", "Vĩ độ", "Kinh độ", "Công nghệ", "Chiều cao cột")
IMPORT = """
import resource, sys, time
from infraplan.api import import_layer
from infraplan.plan import open_folder
started = time.perf_counter()
done = import_layer(open_folder(sys.argv[1]), "sites", sys.argv[2])
print(time.perf_counter() - started, done.rows_kept)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
"""


def row(number: int) -> tuple[object, ...]:
    """Return a station; the stations lie on a lattice."""
    north, east = divmod(number, 1000)
    position = (round(18.0 + north * 0.0005, 6), round(105.5 + east * 0.0005, 6))
    return (f"HT{number:07}", f"Trạm số {number}", "Viettel", *position, "2G;4G", 42)


def made(folder: Path, suffix: str, rows: int) -> Path:
    """Return a list of stations."""
    path = folder / f"sites{suffix}"
    if suffix == ".csv":
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.writer(stream)
            writer.writerow(HEADINGS)
            writer.writerows(map(row, range(rows)))
        return path
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADINGS)
        for number in range(rows):
            sheet.write_row(number + 1, 0, row(number))
    return path


@pytest.mark.parametrize("suffix", ROWS)
def test_a_long_list_is_imported_within_two_gigabytes(tmp_path, record_property, suffix):
    rows = ROWS[suffix]
    init_plan(tmp_path / "plan")
    path = made(tmp_path, suffix, rows)
    command = [sys.executable, "-c", IMPORT, str(tmp_path / "plan"), str(path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    seconds, kept, peak_mb = map(float, said)
    record_property("rows_per_s", round(rows / seconds))
    record_property("peak_mb", round(peak_mb))
    print(f"{suffix}: {rows} rows, {rows / seconds:.0f} rows/s, peak {peak_mb:.0f} MB")
    assert kept == rows
    assert peak_mb <= LIMIT_MB
