"""What a person reads after an import, and the exit code that a script sees."""

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "infraplan", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("imports") / "p"
    assert run("init", folder).returncode == 0
    return folder


def book(folder: Path, heights: list[object]) -> Path:
    count = len(heights)
    rows = {
        "STT": range(count), "Mã trạm": [f"A{n}" for n in range(count)],
        "Mạng": ["Vinaphone"] * count,
        "Kinh độ": [105.9] * count, "Vĩ độ": [18.3] * count, "Chiều cao cột (m)": heights,
        "Chiều cao cộtt": [1] * count, "Người liên hệ": ["Lê Văn Kín"] * count,
    }  # fmt: skip
    pd.DataFrame(rows).to_excel(folder / "trạm.xlsx", index=False, startrow=2)
    return folder / "trạm.xlsx"


def test_an_import_says_what_it_understood_kept_mended_and_set_aside(plan, tmp_path) -> None:
    done = run("import", plan, "sites", book(tmp_path, ["40,5", 41, 999]))
    assert done.returncode == 0
    for words in (
        "Chúng tôi hiểu như sau:",
        "dòng tiêu đề: 3",
        "Mã trạm -> site_id",
        "bỏ cột có thông tin cá nhân: Người liên hệ",
        "có phải là «chiều cao cột»?",
        "EPSG:4326",
        "đọc 3, nhận 2 (trong đó sửa 2), để riêng 1",
        "Mạng: Vinaphone -> VNPT: 2 dòng",
    ):
        assert words in done.stdout
    assert "dòng 6" in done.stderr
    assert "999" in done.stderr
    assert "Lê Văn Kín" not in done.stdout + done.stderr


def test_a_refused_import_is_told_in_the_same_way_and_ends_with_2(plan, tmp_path) -> None:
    before = sorted(plan.rglob("*"))
    done = run("--lang", "en", "import", plan, "sites", book(tmp_path, [-1, -2, 40]))
    assert done.returncode == 2
    assert "rows: 3 read, 0 kept" in done.stdout
    assert "The file was not taken" in done.stdout
    assert "rows 4, 5" in done.stderr
    assert sorted(plan.rglob("*")) == before


ENGLISH = re.compile(r"\b(the|was|were|rows?|columns?|file|not|taken|of|and|is|are|which)\b")
NO_SENTENCES = re.compile(r"\S*/\S+|-> \w+|--\w[\w-]*|\w+\.\w+")


def test_an_import_into_a_vietnamese_plan_speaks_no_english(plan, tmp_path) -> None:
    path = book(tmp_path, ["40,5", "40,5", 41, 999])
    table = pd.read_excel(path, header=2).rename(
        columns={"Mã trạm": "Mã trạm", "STT": "Cột dùng chung"}
    )
    table["Cột dùng chung"] = ["x", None, "x", None]
    with pd.ExcelWriter(path) as writer:
        for sheet in ("Kỳ Anh", "Vũng Áng"):
            rows = table.assign(**{"Mã trạm": [f"{sheet}{n}" for n in range(len(table))]})
            pd.concat([rows, rows.iloc[:1]]).to_excel(writer, sheet_name=sheet, index=False)
    done = run("import", plan, "sites", path, "--dry-run")
    assert done.returncode == 0
    assert "các trang tính cùng tiêu đề được đọc chung" in done.stdout
    assert "lặp lại y hệt" in done.stdout
    said = NO_SENTENCES.sub("", done.stdout + done.stderr)
    assert not ENGLISH.findall(said)


def test_a_file_that_is_not_there_is_told_in_vietnamese(plan) -> None:
    done = run("import", plan, "sites", "không có.xlsx")
    assert done.returncode == 2
    assert "Không tìm thấy tệp «không có.xlsx»" in done.stderr


def test_each_list_of_a_folder_is_imported_and_accounted_for(plan, tmp_path) -> None:
    book(tmp_path, [40, 41]).rename(tmp_path / "a.xlsx")
    book(tmp_path, [-1, -2]).rename(tmp_path / "b.xlsx")
    for name in ("~$a.xlsx", "thư.docx"):
        (tmp_path / name).write_bytes(b"x")
    done = run("import", plan, "sites", tmp_path)
    assert done.returncode == 2
    for words in ("Tệp 1 trên 2: a.xlsx", "nhận 1", "Chưa nhận: b.xlsx", "thư.docx, ~$a.xlsx"):
        assert words in done.stdout
    assert "dòng 4, 5" in done.stderr


def test_wrong_names_and_files_are_told_in_vietnamese(plan, tmp_path) -> None:
    (tmp_path / "trống.xlsx").write_bytes(b"")
    told = {
        ("trạm", "x.xlsx"): "Không có lớp dữ liệu tên 'trạm'; các lớp là: communes",
        ("sites", "x.xlsx"): "Không tìm thấy tệp",
        ("sites", "trống.xlsx"): "trống (0 byte)",
    }
    for (layer, name), words in told.items():
        done = run("import", plan, layer, tmp_path / name)
        assert done.returncode == 2
        assert words in done.stderr


def test_a_report_may_be_wanted_in_a_folder(plan, tmp_path) -> None:
    file = book(tmp_path, ["40,5", 41, 999])
    assert run("import", plan, "sites", file, "--dry-run", "--report", tmp_path).returncode == 0
    assert len(list(tmp_path.glob("*_sites*.xlsx"))) == 1
