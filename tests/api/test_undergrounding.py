"""Undergrounding as its users ask for it: what is refused, and in which words; what is kept."""

import io
import re
from dataclasses import replace
from pathlib import Path

import openpyxl
import pyogrio
import pytest

import infraplan.api as ip
from infraplan.api.undergrounding import Programme
from infraplan.api.undergrounding import Sharing
from infraplan.api.undergrounding import bring_papers
from infraplan.api.undergrounding import checked_template
from infraplan.api.undergrounding import underground
from infraplan.api.undergrounding import underground_again
from infraplan.api.undergrounding import write_underground
from infraplan.cables.sharing import tenants
from infraplan.errors import InfraplanError
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.layers.notes import note_told
from infraplan.plan import Plan
from infraplan.text import words

PART = "Trần Phú: 0 - 120"


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """Return the sample plan."""
    return ip.sample_plan(tmp_path_factory.mktemp("dig") / "pilot")


def told(error: InfraplanError) -> str:
    """Return what a Vietnamese user reads."""
    return note_told(error.args[0], words("vi"))


@pytest.mark.parametrize(
    ("years", "money", "wishes", "said"),
    [
        ((2028, 2027), (5, 5), {}, "thứ tự tăng dần"),
        ((2027, 2028), (5,), {}, "Có 2 năm nhưng có 1 mức kinh phí"),
        ((2027, 2028), (0, 0), {}, "Không năm nào có kinh phí"),
        ((2027,), (-1,), {}, "không được nhỏ hơn 0 đồng"),
        ((), (), {"forced": ("Trần Phú",)}, "phải có năm và kinh phí"),
        ((2027,), (5,), {"by_year": {"Trần Phú": 2040}}, "năm đó không thuộc các năm 2027"),
    ],
)
def test_programmes_that_cannot_be_are_refused_in_vietnamese(
    years: tuple[int, ...], money: tuple[int, ...], wishes: dict[str, object], said: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        Programme(years, money, **wishes)  # type: ignore[arg-type]
    assert said in told(raised.value)


def test_money_without_years_is_refused_not_forgotten() -> None:
    from infraplan.cli.cable import _programme

    with pytest.raises(SettingsError) as raised:
        _programme("", ["5e9"], [], [])
    assert "--years" in told(raised.value)


@pytest.mark.parametrize("money", ["6", "600", "0,5 triệu"])
def test_money_of_a_year_without_its_unit_is_refused(money: str) -> None:
    from infraplan.cli.cable import _programme

    with pytest.raises(SettingsError) as raised:
        _programme("2027-2029", [money], [], [])
    assert f"--budget {money}: chưa đến một triệu đồng" in told(raised.value)
    assert _programme("2027", ["6 tỷ"], [], []).budget_vnd == (6_000_000_000,)


def test_all_that_is_wrong_with_the_sharing_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        Sharing("xyz", 1.3, model="loan")
    assert "đang ghi 'xyz'" in told(raised.value)
    assert "(--funding)" in told(raised.value)
    assert "đang ghi 130 %" in told(raised.value)
    with pytest.raises(SettingsError):
        Sharing(public_share=float("nan"))


def test_a_wish_and_its_contrary_are_told_with_whatever_else_is_wrong(plan: Plan) -> None:
    from infraplan.cli.cable import _at_once
    from infraplan.cli.cable import _programme

    both, contrary = ["Trần Phú=2040"], ["tran phu"]
    for years, budget, other in (
        ("2027", ["5e9", "6e9"], "2 mức kinh phí"),
        ("2027", ["nhiều"], "phải là số tiền"),
    ):
        with pytest.raises(SettingsError) as raised:
            _programme(years, budget, both, contrary)
        said = told(raised.value)
        assert "vừa buộc làm vừa yêu cầu bỏ" in said
        assert "năm đó không thuộc các năm 2027" in said
        assert other in said
    with pytest.raises(SettingsError) as raised:
        _at_once(
            lambda: Sharing("xyz"), lambda: _programme("2027", ["nhiều"], ["Trần Phú"], contrary)
        )
    said = told(raised.value)
    assert all(word in said for word in ("'xyz'", "'nhiều'", "vừa buộc làm vừa yêu cầu bỏ"))
    wished = Programme((2027,), (10**10,), ("TRAN PHU", "Hà Huy Tập"), left_out=("Trần Phú",))
    with pytest.raises(SettingsError) as raised:
        underground(plan, streets=[PART], programme=wished)
    assert "'Hà Huy Tập' không thuộc các đường" in told(raised.value)
    assert "'Trần Phú' vừa buộc làm vừa yêu cầu bỏ" in told(raised.value)


def test_a_street_that_is_not_there_is_refused_with_near_names(plan: Plan) -> None:
    with pytest.raises(SettingsError) as raised:
        underground(plan, streets=["Tran Phuu", "Nguyen Duu"])
    said = told(raised.value)
    assert "tên gần giống: Trần Phú" in said
    assert "'Nguyen Duu' (tên gần giống: Nguyễn Du" in said
    assert "near" not in said


def test_a_place_beyond_the_street_tells_how_long_it_is(plan: Plan) -> None:
    with pytest.raises(SettingsError) as raised:
        underground(plan, streets=["Trần Phú: 9000 - 9900"])
    assert "nhiều nhất 925" in told(raised.value)


def test_a_template_that_is_no_word_file_is_refused(tmp_path: Path) -> None:
    text = tmp_path / "mau.docx"
    text.write_text("hello", encoding="utf-8")
    with pytest.raises(SourceFileError, match="Word"):
        checked_template(text)
    with pytest.raises(SourceFileError) as raised:
        checked_template(tmp_path / "none.docx")
    assert "Không đọc được mẫu tờ trình" in told(raised.value)


def test_wishes_and_owners_match_without_accents_and_unknown_ones_keep_what_was(
    plan: Plan,
) -> None:
    made = underground(
        plan,
        streets=[PART],
        sharing=Sharing(renting=("vnpt",)),
        programme=Programme((2027, 2028), (10**9, 10**10), forced=("TRAN PHU",)),
    )
    assert made.phases.loc["Trần Phú", "year"] in (2027, 2028)
    assert made.sharing == Sharing(renting=("VNPT",))
    again = underground_again(plan)
    assert (again.sharing, again.cost_vnd) == (made.sharing, made.cost_vnd)
    assert again.phases["year"].tolist() == made.phases["year"].tolist()
    assert tenants(again) == tenants(made)
    assert set(tenants(made)) == {"VNPT"}
    assert set(made.pieces.loc[made.pieces["layer"] == "segments", "feature_id"]) == {
        *made.segments.index
    }
    assert int(made.shares["cost_vnd"].sum()) == made.cost_vnd == int(made.bill["cost_vnd"].sum())
    stored = plan.results / "underground.gpkg"
    before = stored.read_bytes()
    for sharing, programme, said in (
        (Sharing(renting=("SCTV",)), Programme(), "Không đơn vị nào tên 'SCTV'"),
        (
            Sharing(),
            Programme((2027,), (10**10,), forced=("Trần Phú",), left_out=("tran phu",)),
            "vừa buộc làm vừa yêu cầu bỏ",
        ),
    ):
        with pytest.raises(SettingsError) as raised:
            underground(plan, streets=[PART], sharing=sharing, programme=programme)
        assert said in told(raised.value)
    assert stored.read_bytes() == before


def test_unchanged_works_are_read_back_equal_and_edited_papers_are_kept(plan: Plan) -> None:
    made = underground(plan, streets=[PART])
    stored = plan.results / "underground.gpkg"
    named = [words("vi")(f"cables.item_{item}") for item in made.bill["item"]]
    assert made.bill["description"].tolist() == named
    kept = pyogrio.read_dataframe(stored, layer="bill", read_geometry=False)
    assert kept["description"].tolist() == named
    stamp = stored.stat().st_mtime_ns
    again = underground(plan, streets=[PART])
    assert stored.stat().st_mtime_ns == stamp
    assert (again.cost_vnd, again.bound_vnd) == (made.cost_vnd, made.bound_vnd)
    assert again.shares["cost_vnd"].tolist() == made.shares["cost_vnd"].tolist()
    assert again.segments["length_m"].sum() == pytest.approx(made.segments["length_m"].sum())
    first = write_underground(plan, cable_plan=made)
    bytes_of = {path.name: path.read_bytes() for path in first.files}
    memo = next(path for path in first.files if path.suffix == ".docx")
    memo.write_bytes(b"edited by hand")
    second = write_underground(plan)
    assert [name for name, _ in second.edited] == [memo.name]
    assert (memo.parent / second.edited[0][1]).read_bytes() == b"edited by hand"
    assert {path.name: path.read_bytes() for path in second.files} == bytes_of
    stamps = {path: path.stat().st_mtime_ns for path in second.files}
    third = bring_papers(plan)
    assert third.files == second.files
    assert {path: path.stat().st_mtime_ns for path in third.files} == stamps
    memo.unlink()
    assert bring_papers(plan).files == second.files
    assert memo.read_bytes() == bytes_of[memo.name]


def test_papers_are_brought_with_the_template_that_was_last_given(
    plan: Plan, tmp_path: Path
) -> None:
    import docx

    document = docx.Document()
    document.add_paragraph("Mẫu của Sở: {{ plan }}")
    template = tmp_path / "mau-so.docx"
    document.save(template)
    made = underground(plan, streets=[PART])

    def memo() -> bytes:
        files = bring_papers(plan).files
        return next(path for path in files if path.suffix == ".docx").read_bytes()

    write_underground(plan, cable_plan=made)
    ours = memo()
    first = write_underground(plan, cable_plan=made, template=template)
    template.unlink()
    theirs = memo()
    assert theirs != ours
    next(path for path in first.files if path.suffix == ".docx").unlink()
    assert memo() == theirs
    (plan.results / "underground_template.docx").unlink()
    with pytest.raises(SourceFileError) as raised:
        bring_papers(plan)
    assert "--template" in told(raised.value)
    write_underground(plan, cable_plan=made)
    assert memo() == ours


def test_a_percentage_is_the_share_that_the_page_takes_to_the_dong() -> None:
    from infraplan.cables.shares import public_part_vnd
    from infraplan.cli.cable import _share

    assert _share(33.3) == 0.333
    assert public_part_vnd(1_500, _share(33.3)) == 500  # 499.5, as the page rounds it


def test_the_command_route_names_the_file_that_it_writes(
    plan: Plan, capsys: pytest.CaptureFixture[str]
) -> None:
    from infraplan.cli.cable import route

    sites = plan.table("sites").index
    for diverse in (False, True):
        route(plan.folder, start=sites[0], end=sites[7], diverse=diverse)
        (path,) = [line for line in capsys.readouterr().out.splitlines() if ".gpkg" in line]
        assert Path(path.partition(": ")[2].strip('"')).is_file()
        assert ("_diverse" in path) == diverse


def test_a_memo_that_nobody_waits_for_leaves_no_copy(plan: Plan) -> None:
    from infraplan.api.undergrounding import _Memo

    memo = _Memo(plan, None, None)
    memo.prepare()
    copy = memo._prepared._copy  # type: ignore[union-attr]
    if copy is None:
        pytest.skip("needs Linux, a second core and no other thread")
    assert Path(f"/proc/{copy[0]}").exists()
    del memo
    assert not Path(f"/proc/{copy[0]}").exists()


def test_a_plan_is_made_where_rasters_have_been_warped_by_threads_before(plan: Plan) -> None:
    from infraplan.io import warp_raster

    layers = plan.layers(rasters=())
    warp_raster(plan.raster_path("terrain"), plan.geobox(layers.tables), kind="height")
    record = plan.results / "underground.json"
    record.unlink(missing_ok=True)
    with pytest.raises(SettingsError):  # a copy that waits for GDAL's threads would never say so
        underground(plan, streets=["Không Có Đường Này"])


def test_streets_without_any_cable_have_papers_in_which_nobody_pays(plan: Plan) -> None:
    from infraplan.api.digging import Asked
    from infraplan.api.digging import made_underground
    from infraplan.api.digging import works_of
    from infraplan.api.undergrounding import BOOKS
    from infraplan.api.undergrounding import _Memo
    from infraplan.api.undergrounding import _papers

    layers = plan.layers(rasters=("terrain",))
    tables = {name: layers.table(name) for name in layers.tables}
    tables["fibre"] = tables["fibre"].iloc[:0]
    books = {kind: plan.configuration(kind) for kind in BOOKS}
    asked = Asked((PART,), None, Sharing(), Programme((2027,), (10**10,)))
    works = works_of(replace(layers, tables=tables), books, asked)
    made = made_underground(works, books, asked, time_limit_s=20.0)
    assert made.shares["operator"].tolist() == ["unassigned"]
    papers = _papers(plan, made, made.sharing, _Memo(plan, None, None), None)
    (bill,) = [content for name, content in papers.items() if name.endswith(".xlsx")]
    book = openpyxl.load_workbook(io.BytesIO(bill))
    cells = [str(c.value) for sheet in book for row in sheet.iter_rows() for c in row if c.value]
    ranges = re.findall(r"\$?[A-Z]+\$?(\d+):\$?[A-Z]+\$?(\d+)", " ".join(cells))
    assert ranges
    assert all(int(first) <= int(last) for first, last in ranges)  # none holds its own cell
