"""Office lists: hamlets and figures of communes by name, as workbooks without any position."""

from pathlib import Path

import pandas as pd
import pytest

import infraplan as ip
from infraplan.api import import_layer
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.errors import VintageError
from infraplan.io import write_raster
from infraplan.layers.crs import transformer
from infraplan.plan import Plan
from tests.coverage.world import CRS
from tests.coverage.world import communes
from tests.coverage.world import raster
from tests.coverage.world import settlements

ROWS = {
    "TT": [1, 2, 3],
    "Thôn": ["Thôn Thượng", "Thôn Hạ", "Tổ dân phố 1"],
    "Xã": ["Tây", "xã Tây", "DONG"],
    "Số hộ": [25, 75, 50],
    "Nhân khẩu": [100, 300, 200],
}
# codes were re-used: the old 1 is not the new 1
MOVES = [("1", "Xã Cũ", "2"), ("2", "Xã Bắc", "1"), ("3", "Xã Nam", "1"), ("3", "Xã Nam", "2")]


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    made = ip.init_plan(tmp_path / "plan", crs=CRS)
    patches = settlements(
        S1=(300, 300, 1_300, 900, 120.0),
        S2=(4_000, 3_000, 5_000, 3_600, 60.0),
        S3=(5_500, 3_000, 6_000, 3_600, 60.0),
    )
    made.write_tables({"communes": communes().assign(type="xã"), "settlements": patches})
    return made


def book(tmp_path: Path, rows: dict[str, list[object]]) -> Path:
    path = tmp_path / "danh sách.xlsx"
    pd.DataFrame(rows).to_excel(path, index=False)
    return path


def with_crosswalk(plan: Plan, **columns: object) -> None:
    frame = pd.DataFrame(MOVES, columns=["from_code", "from_name", "to_code"])
    frame = frame.assign(
        from_vintage="2025-01", to_vintage="2025-07", to_name="", divided=False, **columns
    )
    frame.index = pd.Index([f"C{n}" for n in range(len(frame))], name="crosswalk_id")
    plan.write_tables({"crosswalk": frame})


def test_hamlets_of_a_bare_list_get_code_id_and_ground(plan: Plan, tmp_path: Path) -> None:
    done = import_layer(plan, "hamlets", book(tmp_path, ROWS))
    hamlets = plan.table("hamlets")
    assert list(hamlets.index) == ["1-001", "1-002", "2-001"]
    assert list(hamlets["commune_code"]) == ["1", "1", "2"]
    assert list(hamlets["people"]) == [100, 300, 200]
    assert list(hamlets["households"]) == [25, 75, 50]
    assert set(hamlets["placed_by"]) == {"guess"}
    assert hamlets.area["1-002"] == pytest.approx(3.0 * hamlets.area["1-001"], rel=1e-6)
    assert any("placed by guess" in note for note in done.notes)
    assert ip.open_plan(plan.folder).table("hamlets").geometry.notna().all()


def test_the_raster_places_hamlets_where_no_settlement_is_seen(plan: Plan, tmp_path: Path) -> None:
    plan.write_tables({"settlements": settlements(S2=(4_000, 3_000, 5_000, 3_600, 60.0))})
    write_raster(plan.raster_path("population"), {"population": raster(1.0)})
    import_layer(plan, "hamlets", book(tmp_path, ROWS))
    hamlets = plan.table("hamlets")
    home = plan.table("communes").geometry["1"]
    west = hamlets[hamlets["commune_code"] == "1"]
    assert west.union_all().difference(home).area < 1.0
    assert 0.7 < west.area.sum() / home.area < 0.9  # four fifths of a raster alike everywhere
    assert hamlets["placed_by"]["2-001"] == "settlement"


def test_lists_may_mix_rows_with_and_without_position(plan: Plan, tmp_path: Path) -> None:
    point = plan.table("communes").to_crs("EPSG:4326").geometry["1"].representative_point()
    rows = ROWS | {"Kinh độ": [point.x, None, None], "Vĩ độ": [point.y, None, None]}
    import_layer(plan, "hamlets", book(tmp_path, rows))
    hamlets = plan.table("hamlets")
    assert hamlets.geom_type["1-001"] == "Point"
    assert hamlets["placed_by"].isna()["1-001"]
    assert hamlets["placed_by"]["1-002"] == "guess"


def test_unknown_and_doubtful_communes_are_told_with_rows_and_proposals(
    plan: Plan, tmp_path: Path
) -> None:
    rows = ROWS | {"Xã": ["Tậy", "Sao Hỏa", None]}
    with pytest.raises(LayerError) as caught:
        import_layer(plan, "hamlets", book(tmp_path, rows))
    told = str(caught.value)
    assert "column 'Xã', rows 2" in told
    assert "did you mean 'xã Tây'?" in told
    assert "rows 3" in told
    assert "commune_code is empty" in told
    assert "hamlets" not in plan.layer_names()


def test_a_code_that_means_another_commune_than_the_name_costs_its_row(
    plan: Plan, tmp_path: Path
) -> None:
    done = import_layer(plan, "hamlets", book(tmp_path, ROWS | {"Mã xã": ["2", "1", "2"]}))
    (fault,) = done.faults
    assert (fault.rows, fault.found) == (("2",), "'Tây' with code 2")
    assert fault.expected.startswith("'xã Đông'")
    assert sorted(plan.table("hamlets").index) == ["1-001", "2-002"]


def test_without_communes_the_list_says_what_to_import_first(tmp_path: Path) -> None:
    empty = ip.init_plan(tmp_path / "empty", crs=CRS)
    with pytest.raises(LayerError, match="import the communes first"):
        import_layer(empty, "hamlets", book(tmp_path, ROWS))


def test_ids_are_numbered_around_those_that_are_there(plan: Plan, tmp_path: Path) -> None:
    import_layer(plan, "hamlets", book(tmp_path, ROWS | {"Mã thôn": [None, "1-001", None]}))
    assert sorted(plan.table("hamlets").index) == ["1-001", "1-002", "2-001"]
    assert plan.table("hamlets")["name"]["1-001"] == "Thôn Hạ"


def test_new_settlements_say_that_hamlets_were_placed_before(plan: Plan, tmp_path: Path) -> None:
    import_layer(plan, "hamlets", book(tmp_path, ROWS))
    path = tmp_path / "settlements.gpkg"
    plan.table("settlements").reset_index().to_file(path)
    done = import_layer(plan, "settlements", path)
    assert any("3 hamlets were placed by guess" in note for note in done.notes)


def test_a_table_of_the_same_vintage_renews_people_by_code_or_name(
    plan: Plan, tmp_path: Path
) -> None:
    rows = {"Mã xã": [None, "2"], "Tên xã": ["Tây", None], "Dân số": [1_234, 567]}
    import_layer(plan, "communes", book(tmp_path, rows), vintage="2025-07")
    after = plan.table("communes")
    assert after["people"].to_dict() == {"1": 1_234, "2": 567}
    assert after.geometry.geom_equals(communes().geometry).all()
    assert "communes:figures" in plan.table("sources").index


def test_an_old_table_goes_through_the_crosswalk(plan: Plan, tmp_path: Path) -> None:
    with_crosswalk(plan)
    rows = {"Mã xã": ["1", "2", "3"], "Dân số": [100, 20, 7], "Số hộ": [25, 5, 2]}
    done = import_layer(plan, "communes", book(tmp_path, rows), vintage="2025-01")
    after = plan.table("communes")
    assert after["people"].to_dict() == {"1": 24, "2": 103}
    assert after["households"].to_dict() == {"1": 6, "2": 26}
    assert any("halved" in note for note in done.notes)


def test_shares_of_the_crosswalk_divide_an_old_unit(plan: Plan, tmp_path: Path) -> None:
    with_crosswalk(plan, people_share=[1.0, 1.0, 0.0, 1.0])
    rows = {"Tên xã": ["Cũ", "Bắc", "Nam"], "Dân số": [100, 20, 7]}
    done = import_layer(plan, "communes", book(tmp_path, rows), vintage="2025-01")
    assert plan.table("communes")["people"].to_dict() == {"1": 20, "2": 107}
    assert not any("halved" in note for note in done.notes)


def test_an_old_table_without_crosswalk_is_a_vintage_error(plan: Plan, tmp_path: Path) -> None:
    before = plan.table("communes")["people"].to_dict()
    rows = {"Mã xã": ["1", "2"], "Dân số": [100, 20]}
    with pytest.raises(VintageError, match="import PLAN crosswalk FILE"):
        import_layer(plan, "communes", book(tmp_path, rows), vintage="2025-01")
    with_crosswalk(plan)
    with pytest.raises(VintageError, match="of 2024 cannot be joined"):
        import_layer(plan, "communes", book(tmp_path, rows), vintage="2024")
    assert plan.table("communes")["people"].to_dict() == before


def test_an_old_table_that_lacks_a_part_of_a_commune_is_refused(plan: Plan, tmp_path: Path) -> None:
    with_crosswalk(plan)
    rows = {"Mã xã": ["1", "2"], "Dân số": [100, 20]}
    with pytest.raises(LayerError, match=r"lacks old communes.*rows 3"):
        import_layer(plan, "communes", book(tmp_path, rows), vintage="2025-01")


def test_a_table_without_vintage_or_figures_is_refused(plan: Plan, tmp_path: Path) -> None:
    rows = {"Mã xã": ["1", "2"], "Dân số": [100, 20]}
    with pytest.raises(LayerError, match="add --vintage"):
        import_layer(plan, "communes", book(tmp_path, rows))
    rows = {"Mã xã": ["1", "2"], "Tên xã": ["Tây", "Đông"]}
    with pytest.raises(LayerError, match="neither people nor households"):
        import_layer(plan, "communes", book(tmp_path, rows), vintage="2025-07")


def test_figures_need_communes_with_ground(tmp_path: Path) -> None:
    empty = ip.init_plan(tmp_path / "empty", crs=CRS)
    with pytest.raises(PlanError, match="Bring their polygons first"):
        import_layer(empty, "communes", book(tmp_path, {"Mã xã": ["1"], "Dân số": [1]}))


def test_poor_and_extremely_difficult_hamlets_come_by_their_usual_headings(
    plan: Plan, tmp_path: Path
) -> None:
    columns = {"Số hộ nghèo": [3, 0, None], "Thôn ĐBKK": ["x", None, None]}
    import_layer(plan, "hamlets", book(tmp_path, ROWS | columns))
    hamlets = plan.table("hamlets")
    assert hamlets["poor_households"].tolist()[:2] == [3, 0]
    assert pd.isna(hamlets["poor_households"]["2-001"])
    assert hamlets["extremely_difficult"].tolist() == [True, False, False]
    assert list(hamlets["households"]) == [25, 75, 50]  # "hộ" and "hộ nghèo" are not one


def test_names_of_poor_households_are_not_kept(plan: Plan, tmp_path: Path) -> None:
    rows = ROWS | {"Hộ nghèo": [3, 0, 1], "Tên chủ hộ": ["Nguyễn Văn A", None, None]}
    done = import_layer(plan, "hamlets", book(tmp_path, rows))
    assert not any("Nguyễn" in str(value) for value in plan.table("hamlets").to_numpy().ravel())
    assert any("columns about persons were not kept: Tên chủ hộ" in note for note in done.notes)


def test_a_plan_from_before_the_list_of_difficult_hamlets_loads_and_does_not_know(
    plan: Plan, tmp_path: Path
) -> None:
    import_layer(plan, "hamlets", book(tmp_path, ROWS))
    old = plan.table("hamlets").drop(columns=["poor_households", "extremely_difficult"])
    old.reset_index().to_file(plan.layers_file, layer="hamlets", driver="GPKG")
    hamlets = ip.open_plan(plan.folder).table("hamlets")
    assert list(hamlets["households"]) == [25, 75, 50]
    assert hamlets[["poor_households", "extremely_difficult"]].isna().all(axis=None)


def test_the_zone_of_a_list_is_recognised_by_the_communes_of_the_plan(
    plan: Plan, tmp_path: Path
) -> None:
    spots = plan.table("communes").representative_point()
    east, north = transformer(CRS, "EPSG:9210").transform(spots.x, spots.y)
    names = [f"xã {name}" for name in plan.table("communes")["name"]]
    rows = {"Mã trạm": ["A", "B"], "Mạng": "VNPT", "Xã": names, "X": north, "Y": east}
    done = import_layer(plan, "sites", book(tmp_path, rows))
    assert done.crs == "EPSG:9210"
    sites = plan.table("sites")
    assert list(sites["commune_code"]) == list(plan.table("communes").index)
    assert list(sites["position_certainty"]) == ["recognised"] * 2
