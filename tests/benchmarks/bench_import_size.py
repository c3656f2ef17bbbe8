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
TOLD = 10_000  # repairs of a kind that are told one by one
HEADINGS = ("Mã trạm", "Tên trạm", "Doanh nghiệp", "Vĩ độ", "Kinh độ", "Công nghệ", "Chiều cao cột")
IMPORT = """
import resource, sys, time
from infraplan.api import import_layer
from infraplan.plan import open_folder
started = time.perf_counter()
done = import_layer(open_folder(sys.argv[1]), "sites", sys.argv[2])
print(time.perf_counter() - started, time.process_time(), done.rows_kept, len(done.repairs))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)
"""


def row(number: int) -> tuple[object, ...]:
    """Return a station on a lattice; every operator and every second height is to be mended."""
    north, east = divmod(number, 1000)
    position = (round(18.0 + north * 0.0005, 6), round(105.5 + east * 0.0005, 6))
    height = "42,5" if number % 2 else 42
    return (f"HT{number:07}", f"Trạm số {number}", "VTT", *position, "2G;4G", height)


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
    seconds, cpu_s, kept, told, peak_mb = map(float, said)
    record_property("rows_per_s", round(rows / seconds))
    record_property("peak_mb", round(peak_mb))
    print(f"{suffix}: {rows} rows, {rows / seconds:.0f} rows/s, {cpu_s:.0f} s of processor,")
    print(f"peak {peak_mb:.0f} MB, {told:.0f} repairs told")
    assert kept == rows
    assert told == min(rows, TOLD) + min(rows // 2, TOLD)
    assert peak_mb <= LIMIT_MB
