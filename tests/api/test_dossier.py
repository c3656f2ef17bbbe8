"""The folder of a letter: every file, the same bytes from the same input, nobody's edits lost."""

import hashlib
import io
import zipfile
from datetime import date
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from infraplan.api import init_plan
from infraplan.api.dossier import MAKERS
from infraplan.api.dossier import dossier_folder
from infraplan.api.dossier import write_dossier
from infraplan.api.office import take_decisions
from infraplan.errors import SourceFileError
from infraplan.plan import Plan
from infraplan.sites.register import OFFICE
from tests.reports.batches import VI
from tests.reports.batches import appraisal
from tests.reports.batches import hostile
from tests.reports.batches import mixed
from tests.reports.batches import request

DAY = date(2025, 11, 26)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return init_plan(tmp_path / "phương án")


@pytest.fixture(autouse=True)
def no_map(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the map out, which has its own tests."""
    monkeypatch.setattr("infraplan.api.dossier.MAKERS", MAKERS[:1])


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make one small file instead of the papers, where only the folder is looked at."""
    made = lambda making: [("a.docx", str(making.made_on).encode())]  # noqa: E731 - short
    monkeypatch.setattr("infraplan.api.dossier.MAKERS", (made,))


def hashes(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def test_every_file_of_a_letter_lies_in_its_folder_and_in_one_archive(plan: Plan) -> None:
    dossier = write_dossier(plan, "lo", appraisal=mixed(), as_of=DAY)
    assert dossier.folder == plan.folder / "reports" / "12-CV"
    names = sorted(path.name for path in dossier.folder.iterdir())
    assert names == ["Cong-van-tra-loi.docx", "De-nghi-bo-sung-ho-so.docx", "Ho-so-12-CV.zip",
                     "T8-tham-dinh-vi-tri.xlsx"]  # fmt: skip
    with zipfile.ZipFile(dossier.files[-1]) as archive:
        assert archive.namelist() == [name for name in names if not name.endswith(".zip")]
        assert {entry.date_time[:3] for entry in archive.infolist()} == {(2025, 11, 26)}


def test_the_same_input_gives_the_same_bytes(plan: Plan, tmp_path: Path) -> None:
    one = write_dossier(plan, "lo", appraisal=hostile(), as_of=DAY)
    two = write_dossier(init_plan(tmp_path / "b"), "lo", appraisal=hostile(), as_of=DAY)
    assert hashes(one.folder) == hashes(two.folder)
    assert write_dossier(plan, "lo", appraisal=hostile(), as_of=DAY).edited == ()


def test_the_map_of_a_letter_is_seen_on_a_phone_that_runs_no_scripts(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infraplan.api.dossier.MAKERS", MAKERS[-1:])
    dossier = write_dossier(plan, "lo", appraisal=mixed(), as_of=DAY)
    page = next(path for path in dossier.files if path.suffix == ".html").read_text("utf-8")
    plain = page[page.index("<noscript>") : page.index("</noscript>")]
    assert plain.count('<img src="data:image/webp;base64,') == 1
    ids = mixed().requests.index
    assert all(f"<td>{name}" in plain for name in ids)


def test_without_a_day_that_of_receipt_stands_in_the_files(plan: Plan) -> None:
    dossier = write_dossier(plan, "lo", appraisal=mixed())
    with zipfile.ZipFile(dossier.files[-1]) as archive:
        assert archive.infolist()[0].date_time[:3] == (2025, 11, 3)
        letter = zipfile.ZipFile(io.BytesIO(archive.read("Cong-van-tra-loi.docx")))
    assert b"2025-11-03" in letter.read("docProps/core.xml")


def test_names_of_synthetic_files_say_so(plan: Plan) -> None:
    dossier = write_dossier(plan, "lo", appraisal=mixed(synthetic=["sites"]))
    assert all(path.name.startswith("GIA-LAP_") for path in dossier.folder.iterdir())
    assert dossier.is_synthetic


@pytest.mark.usefixtures("tiny")
def test_a_file_that_somebody_edited_is_kept_beside_the_new_one(plan: Plan) -> None:
    letter = write_dossier(plan, "lo", appraisal=mixed()).folder / "a.docx"
    for kept in ("a (da-sua).docx", "a (da-sua 2).docx"):
        letter.write_bytes(kept.encode())
        again = write_dossier(plan, "lo", appraisal=mixed())
        assert again.edited == (("a.docx", kept),)
        assert (again.folder / kept).read_bytes() == kept.encode()
        assert letter.read_bytes() == b"2025-11-03"


@pytest.mark.usefixtures("tiny")
def test_a_letter_that_is_open_in_word_gets_a_numbered_sibling(plan: Plan) -> None:
    dossier = write_dossier(plan, "lo", appraisal=mixed())
    with (dossier.folder / "a.docx").open("rb"):
        again = write_dossier(plan, "lo", appraisal=mixed(), as_of=DAY)
    assert again.held == (("a.docx", "a (2).docx"),)
    assert (dossier.folder / "a (2).docx").read_bytes() == b"2025-11-26"
    assert (dossier.folder / "a.docx").read_bytes() == b"2025-11-03"


def test_a_request_for_supplements_goes_when_nothing_is_missing_any_more(plan: Plan) -> None:
    dossier = write_dossier(plan, "lo", appraisal=mixed())
    (dossier.folder / "ghi chú.txt").write_text("của tôi", encoding="utf-8")
    write_dossier(plan, "lo", appraisal=appraisal(R1=request()))
    names = {path.name for path in dossier.folder.iterdir()}
    assert "De-nghi-bo-sung-ho-so.docx" not in names
    assert "ghi chú.txt" in names


@pytest.mark.usefixtures("tiny")
def test_a_note_cannot_make_us_remove_what_lies_elsewhere(plan: Plan) -> None:
    write_dossier(plan, "lo", appraisal=mixed())
    note = plan.results / "dossier" / "lo.json"
    digest = hashlib.sha256((plan.folder / "infraplan.toml").read_bytes()).hexdigest()
    note.write_text(f'{{"infraplan.toml": "{digest}", "../x": "1"}}', encoding="utf-8")
    write_dossier(plan, "lo", appraisal=mixed())
    assert (plan.folder / "infraplan.toml").exists()


@pytest.mark.parametrize(
    ("letter", "folder"), [("../../x", "x"), ("12/CV", "12-CV"), (None, "lo"), ("con", "con_")]
)
def test_a_letters_number_is_no_way_out_of_the_folder(
    plan: Plan, letter: str | None, folder: str
) -> None:
    made = appraisal(R1=request(letter=letter))
    assert dossier_folder(plan, made) == plan.folder / "reports" / folder


def test_two_batches_of_one_letters_number_have_a_folder_each(plan: Plan) -> None:
    other = appraisal(Q1=request(batch="vnpt", letter="12/cv")).requests
    columns = ["operator", "batch", "letter", "geometry"]
    plan.write_tables({"requests": other[columns]})
    assert dossier_folder(plan, mixed()).name == "12-CV_lo"


def test_table_t8_is_read_back_as_the_offices_decisions(plan: Plan) -> None:
    made = mixed()
    columns = ["operator", "batch", "letter", "name", "height_m", "technologies", "geometry"]
    plan.write_tables({"requests": made.requests[columns]})
    dossier = write_dossier(plan, "lo", appraisal=made)
    (path,) = dossier.folder.glob("T8*.xlsx")
    book = openpyxl.load_workbook(path)
    page, filled = book["T8"], ("Chưa phù hợp", "Ông A", datetime(2025, 11, 24), "xã", "đã đi")  # noqa: DTZ001
    names = {cell.value: cell.column for row in page.iter_rows(max_row=9) for cell in row}
    (row,) = [cell.row for cell in page["C"] if cell.value == "R2"]
    for name, value in zip(OFFICE, filled, strict=True):
        page.cell(row, names[VI(f"terms.column_{name}")]).value = value
    book.save(path)
    taken = take_decisions(plan, path)
    assert (taken.batch, taken.taken, taken.faults) == ("lo", ("R2",), ())
    assert list(taken.rows.loc["R2", list(OFFICE)]) == [
        "reject", "Ông A", "2025-11-24", "xã", "đã đi"
    ]  # fmt: skip


def test_a_template_that_is_not_there_is_told(plan: Plan) -> None:
    with pytest.raises(SourceFileError, match="could not be read"):
        write_dossier(plan, "lo", appraisal=mixed(), template=plan.folder / "no.docx")
