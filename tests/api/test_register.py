"""A letter with its annex, from the operator's workbook to the register."""

import zipfile
from datetime import date

import openpyxl
import pytest

from infraplan.api.build import init_plan
from infraplan.api.register import account_of
from infraplan.api.register import annexes
from infraplan.api.register import batches
from infraplan.api.register import read_register
from infraplan.api.register import receive
from infraplan.api.register import requested_near
from infraplan.api.site import _stored_batch
from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.io.letters import letter_of
from infraplan.sites.register import unbuilt

TITLES = (
    "DANH SÁCH VỊ TRÍ ĐỀ NGHỊ XÂY DỰNG TRẠM BTS",
    "(Kèm theo công văn số 125/VTHT-KT ngày 15/10/2025 của Viettel Hà Tĩnh)",
)
HEADS = (
    "TT", "Mã trạm", "Vĩ độ", "Kinh độ", "Sai số (m)", "Loại cột", "Chiều cao cột (m)", "Công nghệ",
    "Góc phương vị (độ)", "Địa chỉ", "Bán kính dịch chuyển (m)", "Chiều cao công trình (m)",
    "Mã cột dùng chung",
)  # fmt: skip
ROW = (
    1,
    "HTI0501",
    18.3428,
    105.9057,
    5,
    "A2b",
    42,
    "4G/5G",
    "0/120/240",
    "Thôn 3",
    50,
    None,
    None,
)
ON_DAY = date(2025, 11, 28)


@pytest.fixture
def plan(tmp_path):
    return init_plan(tmp_path / "phương án")


def row(code, **cells):
    """Return a row of the annex with some cells otherwise."""
    return tuple({**dict(zip(HEADS, ROW, strict=True)), "Mã trạm": code, **cells}.values())


def annex(path, *rows, titles=TITLES):
    """Write an annex as an operator sends it."""
    book = openpyxl.Workbook()
    for line in (*((title,) for title in titles), (), HEADS, *rows):
        book.active.append(line)
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def codes(done):
    """Return the codes of what a person is told."""
    return [note.code for note in done.notes if hasattr(note, "code")]


@pytest.mark.parametrize(
    ("titles", "number", "dated"),
    [
        (TITLES, "125/VTHT-KT", "2025-10-15"),
        (("Kèm theo CV số: 402 / VNPT-HT ngày 3 tháng 2 năm 2026",), "402/VNPT-HT", "2026-02-03"),
        (("Số: 7/MBF", "Hà Tĩnh, ngày 5 tháng 9 năm 2025"), "7/MBF", "2025-09-05"),
        (("Kèm theo tờ trình số 12/TTr-VT ngày ... tháng ... năm 2025",), "12/TTr-VT", ""),
        (("Kèm theo công văn số 1/A ngày 31/02/2025",), "1/A", ""),
        (
            ("Căn cứ văn bản số 9/STTTT", "kèm theo công văn số 2/B-C ngày 1.2.2025"),
            "2/B-C",
            "2025-02-01",
        ),
    ],
)  # fmt: skip
def test_titles_say_number_and_date_of_the_letter(titles, number, dated):
    found = letter_of(titles)
    assert (found.number, found.dated) == (number, dated)


@pytest.mark.parametrize(
    "titles", [(), ("Danh sách trạm đến ngày 30/9/2025",), ("CV số 1/A", "CV số 2/B")]
)
def test_titles_that_name_no_letter_or_several_name_none(titles):
    assert letter_of(titles) is None


def test_an_annex_as_it_comes_fills_the_register(plan, tmp_path):
    done = receive(plan, annex(tmp_path / "Phu luc 15 vi tri.xlsx", row("HTI0501")))
    kept = plan.table("requests").loc["HTI0501"]
    said = {name: kept[name] for name in ("operator", "letter", "letter_date", "azimuths", "state")}
    assert said == {
        "operator": "Viettel", "letter": "125/VTHT-KT", "letter_date": "2025-10-15",
        "azimuths": "0/120/240", "state": "received",
    }  # fmt: skip
    assert (kept["site_code"], kept["batch"]) == ("HTI0501", "Phu luc 15 vi tri")
    assert {"register.letter_dated", "register.no_due", "register.no_received"} <= set(codes(done))


def test_what_the_office_says_of_a_letter_wins_and_outlives_a_new_reading(plan, tmp_path):
    path = annex(tmp_path / "a.xlsx", row("H1"))
    receive(plan, path, letter="126/VTHT-KT", received=date(2025, 10, 17), due=date(2025, 11, 7))
    done = receive(plan, annex(path, row("H1"), titles=TITLES[:1]), batch="a")
    row_ = done.rows.loc["H1"]
    said = [row_[name] for name in ("letter", "received", "due")]
    assert said == ["126/VTHT-KT", "2025-10-17", "2025-11-07"]
    with pytest.raises(SettingsError, match="before the letter came"):
        receive(plan, path, received=date(2025, 10, 17), due=date(2025, 10, 16))


def test_rows_set_aside_stay_in_the_account_and_the_copy_names_each_cell(plan, tmp_path):
    wrong = row("H3", **{"Chiều cao cột (m)": "cao", "Địa chỉ": "Thôn 9"})
    rows = [row(f"H{n}") for n in (1, 2)] + [
        wrong,
        row("H4"),
        row("H4", **{"Chiều cao cột (m)": 9}),
    ]
    done = receive(plan, annex(tmp_path / "a.xlsx", *rows, *map(row, ("H5", "H6"))))
    account = account_of(plan, "a")
    assert (account.received_rows, len(done.rows), account.set_aside) == (7, 5, ("8", "9"))
    assert account == done.account
    told = openpyxl.load_workbook(done.report)
    red = [c.coordinate for sheet in told for line in sheet for c in line if c.comment]
    assert any(place.startswith("G7") for place in red)
    assert done.report.parent == plan.folder / "reports" / "125-VTHT-KT"  # that of the letter


def test_a_list_that_is_refused_leaves_its_copy_and_the_register_alone(plan, tmp_path):
    path = annex(
        tmp_path / "a.xlsx", *[row("H1", **{"Chiều cao cột (m)": n}) for n in range(20, 24)]
    )
    with pytest.raises(LayerError):
        receive(plan, path)
    assert (plan.folder / "reports" / "a" / "a_requests.xlsx").exists()
    assert batches(plan) == ()


def test_a_letter_asked_for_again_becomes_a_batch_of_its_own(plan, tmp_path):
    first = annex(tmp_path / "1" / "Phu luc.xlsx", row("H1"), row("H2"))
    again = [TITLES[0], TITLES[1].replace("125", "200").replace("15/10", "20/11")]
    second = annex(
        tmp_path / "2" / "Phu luc.xlsx", row("H1", **{"Chiều cao cột (m)": 36}), titles=again
    )
    receive(plan, first, due=date(2025, 11, 1))
    done = receive(plan, second, due=date(2025, 12, 1))
    assert batches(plan) == ("Phu luc", "Phu luc (200/VTHT-KT)")
    assert "register.resubmitted" in codes(done)
    found = read_register(plan, as_of=ON_DAY).batches
    assert found["days_left"].tolist() == [-27, 3]
    assert found["waiting"].tolist() == [1, 1]


def test_a_corrected_file_of_the_same_letter_is_the_same_batch(plan, tmp_path):
    receive(plan, annex(tmp_path / "Phu luc.xlsx", row("H1"), row("H2")))
    done = receive(plan, annex(tmp_path / "Phu luc (sua).xlsx", row("H1"), row("H2"), row("H3")))
    assert (done.batch, len(plan.table("requests"))) == ("Phu luc", 3)


def test_a_batch_of_another_operator_is_not_overwritten(plan, tmp_path):
    receive(plan, annex(tmp_path / "Phu luc.xlsx", row("H1")))
    titles = [TITLES[0], TITLES[1].replace("Viettel", "VNPT").replace("VTHT-KT", "VNPT-HT")]
    other = annex(tmp_path / "2" / "Phu luc.xlsx", row("H1"), titles=titles)
    with pytest.raises(SettingsError, match="is of Viettel"):
        receive(plan, other, batch="Phu luc")
    assert receive(plan, other).batch == "Phu luc (125/VNPT-HT)"
    assert list(plan.table("requests").index) == ["H1", "H1.2"]


def test_an_open_workbook_is_said_to_be_read_as_last_saved(plan, tmp_path):
    path = annex(tmp_path / "Phu luc.xlsx", row("H1"))
    (tmp_path / "~$Phu luc.xlsx").write_bytes(b"x")
    assert "notes.open_in_excel" in codes(receive(plan, path))


def test_each_list_of_a_folder_or_an_archive_is_a_batch(tmp_path):
    for name in ("a.xlsx", "b.xlsx"):
        annex(tmp_path / "cv" / name, row("H1"))
    for name in ("cv.pdf", "~$a.xlsx"):
        (tmp_path / "cv" / name).write_bytes(b"x")
    with zipfile.ZipFile(tmp_path / "cv.zip", "w") as archive:
        for file in (tmp_path / "cv").iterdir():
            archive.write(file, file.name)
    for path in (tmp_path / "cv", tmp_path / "cv.zip"):
        with annexes(path) as (lists, left):
            assert [file.name for file in lists] == ["a.xlsx", "b.xlsx"]
            assert sorted(left) == ["cv.pdf", "~$a.xlsx"]


def test_the_batch_meant_is_the_only_one_that_waits(plan, tmp_path):
    for name in "ab":
        code = row(f"H{name}", **{"Vĩ độ": 18.34 + (name == "b") / 10})
        titles = [TITLES[1].replace("125", str(ord(name)))]
        receive(plan, annex(tmp_path / f"{name}.xlsx", code, titles=titles))
    with pytest.raises(SettingsError, match="several batches"):
        _stored_batch(plan, None)
    table = plan.table("requests")
    first = table.index == "Ha"
    decision = table["decision"].astype("object").where(~first, "approve").astype("str")
    plan.write_tables({"requests": table.assign(decision=decision)})
    assert _stored_batch(plan, None)[0] == "b"
    found = read_register(plan, as_of=ON_DAY)
    assert found.unbuilt.index.tolist() == ["Ha"]
    assert found.batches["unbuilt"].to_dict() == {"b": 0, "a": 1}


def test_what_was_asked_for_at_a_place_is_found(plan, tmp_path):
    plan = plan.with_settings(area_bounds=(540_000.0, 2_025_000.0, 546_000.0, 2_036_000.0))
    receive(plan, annex(tmp_path / "a.xlsx", row("H1"), row("H2", **{"Vĩ độ": 18.40})))
    at = plan.table("requests").geometry["H1"]
    found = requested_near(plan, at)
    assert found.index.tolist() == ["H1"]
    assert found.loc["H1", ["kind", "letter"]].tolist() == ["waiting", "125/VTHT-KT"]


def test_the_sample_has_an_earlier_letter_with_every_state():
    from infraplan.sample import generate

    table = generate("pilot", seed=0).tables
    requests = table["requests"]
    earlier = requests[requests["batch"] == "Viettel-2025-03"]
    assert set(earlier["state"]) == {"superseded", "decided", "built"}
    assert unbuilt(requests, table["sites"]).index.tolist() == ["VTL-HTH-2024-32"]
    assert requests["supersedes"].dropna().isin(earlier.index).sum() == 1
