"""The main job, end to end, on the embedded sample."""

import json
import shutil
from pathlib import Path

import numpy as np
import openpyxl
import pytest

import infraplan as ip
from infraplan.io import content_hash
from infraplan.plan import open_folder
from infraplan.plan.results import coverage_step

pytestmark = pytest.mark.slow


def test_a_second_run_computes_nothing(demo_plan: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in demo_plan.rglob("*") if p.is_file()}
    states = {done.step: done.state for done in ip.run_plan(open_folder(demo_plan))}
    assert set(states.values()) <= {"current", "done"}
    assert [step for step, state in states.items() if state == "done"] == ["check"]
    assert {p: p.stat().st_mtime_ns for p in demo_plan.rglob("*") if p.is_file()} == before


def test_a_changed_layer_is_computed_again(demo_plan: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(demo_plan, tmp_path / "copy"))
    plan = open_folder(copy)
    hamlets = plan.table("hamlets")
    plan.write_tables({"hamlets": hamlets.assign(people=hamlets["people"] + 10)})
    states = {done.step: done.state for done in ip.run_plan(open_folder(copy))}
    assert states["coverage"] == "current"  # people do not bend radio waves
    assert states["gaps"] == "done"
    assert states["map"] == "done"


def test_hamlets_and_rests_sum_to_communes_and_communes_to_the_province(demo_plan: Path) -> None:
    plan = ip.open_plan(demo_plan)
    gaps = ip.gaps(plan)
    communes = plan.table("communes")["people"].astype(float)
    summed = gaps.hamlets.groupby("commune_code")["people"].sum()
    assert np.allclose(summed.reindex(communes.index), communes, rtol=1e-6)
    people = gaps.shares.query("denominator == 'people'")
    for column in ("total", "covered", "unknown"):
        by_level = people.groupby(["area_level", "technology", "operator"])[column].sum().unstack(0)
        assert np.allclose(by_level["hamlet"], by_level["commune"], rtol=1e-6, atol=1e-3)
        assert np.allclose(by_level["commune"], by_level["province"], rtol=1e-6, atol=1e-3)


def test_the_sample_shows_every_kind_of_proposal(demo_plan: Path) -> None:
    appraisal = ip.appraise(ip.open_plan(demo_plan))
    kinds = {"approve", "approve_with_conditions", "reject", "needs_information"}
    assert len(appraisal.requests) == 15
    assert set(appraisal.requests["proposal"]) == kinds
    assert all(json.loads(reasons) for reasons in appraisal.requests["reasons"])


def test_no_share_leaves_its_range_and_the_unknown_is_not_covered(demo_plan: Path) -> None:
    shares = ip.gaps(ip.open_plan(demo_plan)).shares.dropna(subset=["share"])
    assert (shares["share_low"] <= shares["share"] + 1e-9).all()
    assert (shares["share"] <= shares["share_high"] + 1e-9).all()
    assert (shares["covered"] + shares["unknown"] <= shares["total"] * (1 + 1e-9) + 1e-6).all()


def test_a_proposal_stays_below_its_bound_and_every_gain_counts(demo_plan: Path) -> None:
    proposal = ip.propose(ip.open_plan(demo_plan))
    assert 0 < proposal.people_gained.sum() <= proposal.bound * (1 + 1e-9) + 1
    assert (proposal.people_gained >= 1).all()
    assert 0 <= proposal.gap < 0.05


def test_the_bill_sums_to_the_cost_and_the_shares_to_the_dong(demo_plan: Path) -> None:
    works = ip.underground(ip.open_plan(demo_plan))
    assert works.bill["cost_vnd"].sum() == works.cost_vnd
    assert works.shares["cost_vnd"].sum() == works.cost_vnd
    assert works.bound_vnd <= works.cost_vnd
    assert works.bill["source"].str.len().min() > 5


def test_a_plan_written_and_read_is_the_same(demo_plan: Path, tmp_path: Path) -> None:
    plan = open_folder(demo_plan)
    tables = plan.tables()
    copy = open_folder(Path(shutil.copytree(demo_plan, tmp_path / "copy")))
    copy.write_tables(tables)
    again = copy.tables()
    assert {n: content_hash(t) for n, t in tables.items()} == {
        n: content_hash(t) for n, t in again.items()
    }


def test_stored_results_read_back_as_they_were(demo_plan: Path) -> None:
    plan = ip.open_plan(demo_plan)
    first, second = ip.gaps(plan), ip.gaps(plan)
    assert content_hash(first.hamlets) == content_hash(second.hamlets)
    assert first.definition == second.definition
    record = plan.record(coverage_step("4G", "any"))
    assert record.figures["resolution_m"] == plan.settings.resolution_m


def test_the_workbook_holds_no_formula_and_says_that_data_are_made_up(demo_plan: Path) -> None:
    (path,) = (demo_plan / "reports").glob("*.xlsx")
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
        assert "GIẢ LẬP" in cells[0].value
        assert not any(cell.data_type == "f" for cell in cells)


def test_the_map_asks_for_nothing_from_outside(demo_plan: Path) -> None:
    (path,) = (demo_plan / "maps").glob("*.html")
    text = path.read_text(encoding="utf-8")
    outside = [part for part in ('src="http', 'href="http', "url(http", "import(") if part in text]
    assert not outside
    assert "GIẢ LẬP" in text


@pytest.mark.parametrize("place", ["18.34,105.90", "1,2", "nowhere", "1e9,1e9", "542682;nan"])
def test_a_place_that_is_none_is_refused(demo_plan: Path, place: str) -> None:
    plan = ip.open_plan(demo_plan)
    with pytest.raises(ip.SettingsError, match=r"outside the plan's area|is no place"):
        ip.route(plan, place, plan.table("sites").index[0])


def test_stations_without_technologies_are_told_as_the_reason(
    demo_plan: Path, tmp_path: Path
) -> None:
    plan = open_folder(Path(shutil.copytree(demo_plan, tmp_path / "copy")))
    plan.write_tables({"sites": plan.table("sites").assign(technologies=None)})
    with pytest.raises(ip.PlanError, match="technologies"):
        ip.predict(plan)


def test_a_route_follows_the_streets(demo_plan: Path) -> None:
    plan = ip.open_plan(demo_plan)
    sites = plan.table("sites").index
    route = ip.route(plan, sites[0], sites[7])
    straight = (
        plan.table("sites").geometry[sites[0]].distance(plan.table("sites").geometry[sites[7]])
    )
    assert route.length_m >= straight * 0.999
    assert route.segments["length_m"].sum() == pytest.approx(route.length_m, rel=1e-6)


def test_two_routes_between_stations_share_only_what_is_listed(demo_plan: Path) -> None:
    plan = ip.open_plan(demo_plan)
    sites = plan.table("sites").index
    pair = ip.route(plan, sites[0], sites[7], diverse=True)
    one, two = (pair.segments[pair.segments["pair"] == number] for number in (1, 2))
    meet = one.union_all().intersection(two.union_all())
    alone = one[~one["common"]].union_all().intersection(two[~two["common"]].union_all())
    assert alone.length < 1e-6
    assert meet.length == pytest.approx(one.loc[one["common"]].length.sum(), abs=1e-3)
    assert pair.bound_vnd <= pair.cost_vnd == pair.segments["cost_vnd"].sum()


def _published(demo_plan: Path, title: str) -> dict:
    """Return a table of those that the map holds."""
    (path,) = (demo_plan / "maps").glob("*.html")
    block = path.read_text(encoding="utf-8").partition('class="infraplan-page">')[2]
    page = json.loads(block.partition("</script>")[0])
    return next(table for table in page["published"] if table["title"].startswith(title))


def _column(rows: list, heads: list, head: str) -> list:
    """Return the cells below a heading, the total last."""
    return [row[heads.index(head)] for row in rows]


def test_workbook_map_and_geopackage_agree_to_the_person(demo_plan: Path) -> None:
    shares = ip.gaps(ip.open_plan(demo_plan)).shares
    mine = shares.query(
        "technology == '4G' and operator == 'any' and denominator == 'people'"
    ).set_index(["area_level", "area_id"])
    lacking = mine["total"] - mine["covered"]
    expected = [*lacking.loc["commune"], lacking.loc["province", "province"]]
    assert sum(expected[:-1]) == pytest.approx(expected[-1])
    (path,) = (demo_plan / "reports").glob("*.xlsx")
    sheet = openpyxl.load_workbook(path)["T1 Vùng phủ theo xã"]
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    top = next(n for n, row in enumerate(rows) if "Dân chưa có sóng" in row)
    assert _column(rows[top + 1 :], rows[top], "Dân chưa có sóng") == pytest.approx(expected)
    table = _published(demo_plan, "T1 ")
    told = _column(table["rows"], table["heads"], "Dân chưa có sóng")
    assert [int(text.replace(".", "")) for text in told] == [round(value) for value in expected]


def test_the_map_holds_every_table_that_the_office_publishes(demo_plan: Path) -> None:
    (path,) = (demo_plan / "reports").glob("*.xlsx")
    book = openpyxl.load_workbook(path, read_only=True)
    for title in ("T1", "T2", "T3", "T4", "T5", "T6", "T15"):
        table = _published(demo_plan, f"{title} ")
        name = next(sheet for sheet in book.sheetnames if sheet.startswith(f"{title} "))
        assert book[name].max_row > len(table["rows"]) > 0


def test_the_word_report_lies_beside_the_workbook(demo_plan: Path) -> None:
    import docx

    (path,) = (demo_plan / "reports").glob("*.docx")
    assert len(docx.Document(str(path)).inline_shapes) == 4
