"""
How surely old fonts are known from few names, and how fast a table is settled.

Run: pytest tests/benchmarks/bench_encodings.py -o python_files='bench_*.py' -s
Real names of communes where the machine has them, else those of the tests; INFRAPLAN_DRAWS samples
for each rate (100), INFRAPLAN_ROWS rows of the long file (100 000; the issue says a million).
"""

import os
import random
import resource
import time
import unicodedata

import pandas as pd
import pytest

from infraplan.io.decoding import csv_rows
from infraplan.io.texts import settle_text
from infraplan.layers.fonts import readable
from infraplan.layers.fonts import settled
from tests.layers.old_fonts import cp1258
from tests.layers.old_fonts import read_wrongly
from tests.layers.old_fonts import tcvn3
from tests.layers.old_fonts import viqr
from tests.layers.old_fonts import vni
from tests.layers.test_encodings import NAMES
from tests.layers.test_encodings import OTHER
from tests.shared_data import SHARED

DRAWS = int(os.environ.get("INFRAPLAN_DRAWS", "100"))
ROWS = int(os.environ.get("INFRAPLAN_ROWS", "100000"))
ENCODERS = {
    "TCVN3": tcvn3, "VNI": vni, "VIQR": viqr,
    "Windows-1258": lambda text: read_wrongly(cp1258(text)),
    "UTF-8 as cp1252": lambda text: read_wrongly(text.encode()),
}  # fmt: skip
LEAST = {  # share of samples of 1, 3 and 10 names that come back without one wrong letter
    "TCVN3": (0.93, 0.99, 1.0),
    "VNI": (0.92, 0.99, 1.0),
    "VIQR": (0.85, 0.99, 1.0),
    "Windows-1258": (0.90, 0.98, 1.0),
    "UTF-8 as cp1252": (1.0, 1.0, 1.0),
}
PHRASES = (
    "Trạm BTS {} (LTE 1800) tại nhà văn hóa {}; HTI-0123",
    "Cột dây co 42 m, {}, số 12/3 đường {}",
    "Đã phát sóng 4G/LTE ở {}; chưa có máy nổ – Ericsson, {}",
)


@pytest.fixture(scope="module")
def names():
    """Return the bare names of all communes, old and new."""
    path = SHARED / "data" / "hatinh" / "communes_2024_to_2025.csv"
    if not path.exists():
        return list(NAMES)
    table = pd.read_csv(path)
    kinds = ("Phường ", "Xã ", "Thị trấn ", "Thành phố ", "Thị xã ", "Huyện ")
    found = pd.concat([table[column] for column in ("ward", "newWard", "district")]).unique()
    bare = {next((n.removeprefix(k) for k in kinds if n.startswith(k)), n) for n in found}
    return sorted(unicodedata.normalize("NFC", name) for name in bare)


@pytest.mark.parametrize("font", ENCODERS)
def test_rates_for_few_names(names, font):
    encode, choose = ENCODERS[font], random.Random(7)  # noqa: S311 - no secret
    accented = [name for name in names if not name.isascii()]
    rates = []
    for count in (1, 3, 10):
        drawn = [choose.sample(accented, count) for _ in range(DRAWS)]
        back = [readable([encode(name) for name in own]) == own for own in drawn]
        rates.append(sum(back) / DRAWS)
    whole = readable([encode(name) for name in names])
    exact = sum(a == b for a, b in zip(whole, names, strict=True))
    print(f"\n{font}: right for 1, 3, 10 names {rates}; all at once {exact} of {len(names)}")
    assert all(rate >= least for rate, least in zip(rates, LEAST[font], strict=True))
    assert exact == len(names)


@pytest.mark.parametrize("font", ["TCVN3", "VNI", "Windows-1258"])
def test_long_text(names, font):
    encode, choose = ENCODERS[font], random.Random(8)  # noqa: S311 - no secret
    texts = [choose.choice(PHRASES).format(*choose.sample(names, 2)) for _ in range(DRAWS)]
    fold = str.lower if font == "TCVN3" else str  # within sentences its lost capitals stay lost
    alone = sum(fold(readable([encode(text)])[0]) == fold(text) for text in texts)
    back = readable(list(map(encode, texts)))
    together = sum(fold(a) == fold(b) for a, b in zip(back, texts, strict=True))
    print(f"\n{font}, addresses and notes: {alone} alone, {together} together of {DRAWS}")
    assert alone >= 0.98 * DRAWS
    assert together == DRAWS


def test_no_false_alarm(names):
    forms = [unicodedata.normalize(form, name) for name in names for form in ("NFC", "NFD")]
    bare = [unicodedata.normalize("NFD", name).encode("ascii", "ignore").decode() for name in names]
    alarms = [text for text in (*forms, *bare, *OTHER) if settled({"": [text]})]
    print(f"\nfalse alarms: {len(alarms)} of {len(forms) + len(bare) + len(OTHER)}")
    assert not alarms


@pytest.mark.parametrize("encode", [str, tcvn3], ids=["Unicode", "TCVN3"])
@pytest.mark.parametrize("texts", [6, 20], ids=["as lists are", "every cell another text"])
def test_a_table_of_3250_rows_and_20_columns(names, encode, texts):
    choose = random.Random(9)  # noqa: S311 - no secret
    many = 400 if texts == 20 else 1
    columns = {
        f"c{n}": [encode(f"{choose.choice(names)} {choose.randint(1, many)}") for _ in range(3250)]
        if n < texts
        else [f"HTI{n:02}{row:05}" for row in range(3250)]
        for n in range(20)
    }
    frame = pd.DataFrame(columns, dtype=object)
    settle_text(frame.head(5))
    start = time.process_time()
    result = settle_text(frame)
    seconds = time.process_time() - start
    print(f"\n3250 x 20, {texts} of text, {encode.__name__}: {seconds:.2f} s of one core")
    assert len(result.notes) == (0 if encode is str else texts)
    assert seconds < (0.6 if texts == 6 else 3.0)  # twice and more what a quiet machine takes


def test_a_long_file(names, tmp_path):
    path, choose = tmp_path / "long.csv", random.Random(10)  # noqa: S311 - no secret
    with path.open("w", encoding="utf-8") as stream:
        stream.write("a;b;c\n")
        for number in range(ROWS):
            stream.write(f"HTI{number:07};{choose.choice(names)};18,{number % 9999:04}\n")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    count = sum(1 for _ in csv_rows(path, len).rows)
    seconds = time.perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"\n{ROWS} rows: {seconds:.2f} s, {grown:.0f} MB beyond what was held")
    assert count == ROWS + 1
    assert grown < 100
