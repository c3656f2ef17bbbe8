"""Lists and boundaries of older communes, brought into a plan of new ones."""

from itertools import pairwise

import geopandas as gpd
import pandas as pd
import pytest

import infraplan as ip
from infraplan.api import import_layer
from infraplan.api.build import check_layers
from infraplan.api.vintages import crosswalk_of
from infraplan.api.vintages import history_of
from infraplan.errors import LayerError
from infraplan.errors import PlanError
from infraplan.errors import VintageError
from infraplan.io import read_layer
from infraplan.io.units import shipped_steps
from infraplan.layers.notes import note_told
from infraplan.text import words
from tests.coverage.world import CRS
from tests.coverage.world import EAST
from tests.coverage.world import NORTH
from tests.coverage.world import communes
from tests.coverage.world import ground
from tests.coverage.world import hamlets
from tests.coverage.world import settlements
from tests.shared_data import shared_folder

# Bắc became Tây, Cũ became Đông, Nam was divided; the code of Đông was that of Cũ
OLD = {
    "Mã xã cũ": ["1", "2", "3", "3"],
    "Xã cũ": ["Xã Bắc", "Xã Cũ", "Thị trấn Nam", "Thị trấn Nam"],
    "Huyện": ["Huyện Kỳ Anh", "Huyện Lộc Hà", "Huyện Kỳ Anh", "Huyện Kỳ Anh"],
    "Mã xã mới": ["1", "2", "1", "2"],
    "Xã mới": ["Xã Tây", "Xã Đông", "Xã Tây", "Xã Đông"],
}
THON = {"Thôn": ["Thôn 1", "Thôn 2"], "Số hộ": [25, 75]}


@pytest.fixture
def plan(tmp_path):
    made = ip.init_plan(tmp_path / "plan", crs=CRS)
    patches = settlements(S1=(300, 300, 1_300, 900, 120.0), S2=(4_000, 3_000, 5_000, 3_600, 60.0))
    made.write_tables({"communes": communes().assign(type="xã"), "settlements": patches})
    return made


def book(tmp_path, rows, name="danh sách.xlsx"):
    path = tmp_path / name
    pd.DataFrame(rows).to_excel(path, index=False)
    return path


def told(done) -> str:
    """Return the notes of an import in Vietnamese."""
    return " ".join(note_told(note, words("vi")) for note in done.notes)


@pytest.fixture
def with_old(plan, tmp_path):
    import_layer(plan, "crosswalk", book(tmp_path, OLD), vintage="2025-01", to_vintage="2025-07")
    return plan


def test_hamlets_of_old_communes_come_into_the_new_ones(with_old, tmp_path) -> None:
    rows = THON | {"Xã": ["xã Bắc, huyện Kỳ Anh", "X. Cũ"]}
    done = import_layer(with_old, "hamlets", book(tmp_path, rows))
    table = with_old.table("hamlets")
    assert table["commune_code"].tolist() == ["1", "2"]
    assert table["commune"].tolist() == ["xã Tây", "xã Đông"]
    assert "theo mốc từ 01/01/2025" in told(done)


def test_each_old_commune_is_told_as_a_repair_of_its_row(with_old, tmp_path) -> None:
    from infraplan.api.bring import _mend

    path = book(tmp_path, THON | {"Xã": ["Bắc", "Đông"]})
    reading = read_layer(path, "hamlets", plan_crs=CRS, mend=_mend(with_old, "hamlets"))
    [repair] = reading.repairs
    assert (repair.row, repair.column, repair.code) == ("2", "Xã", "commune_renewed")
    assert (repair.found, repair.taken) == ("Xã Bắc, Huyện Kỳ Anh", "Xã Tây")


def test_a_divided_commune_asks_for_a_position_and_names_the_candidates(with_old, tmp_path) -> None:
    rows = THON | {"Xã": ["Bắc", "Nam"]}
    [fault] = import_layer(with_old, "hamlets", book(tmp_path, rows)).faults
    assert (fault.code, fault.rows, fault.column) == ("commune_divided", ("3",), "Xã")
    assert "Xã Tây (1), Xã Đông (2)" in fault.expected


def test_a_position_settles_on_which_side_of_a_divided_commune_a_row_is(with_old, tmp_path) -> None:
    x = gpd.points_from_xy([EAST + 900, EAST + 5_000], [NORTH + 2_000] * 2, crs=CRS)
    place = x.to_crs("EPSG:4326")
    rows = THON | {"Xã": ["TT Nam", "TT Nam"], "Kinh độ": place.x, "Vĩ độ": place.y}
    import_layer(with_old, "hamlets", book(tmp_path, rows))
    assert with_old.table("hamlets")["commune_code"].tolist() == ["1", "2"]


def test_stations_take_the_commune_that_their_old_one_became(with_old, tmp_path) -> None:
    x = gpd.points_from_xy([EAST + 900, EAST + 5_000], [NORTH + 2_000] * 2, crs=CRS)
    place = x.to_crs("EPSG:4326")
    rows = {"Mã trạm": ["A", "B"], "Doanh nghiệp": ["Viettel"] * 2, "Xã": ["Xã Bắc", "Sao Hỏa"]}
    path = book(tmp_path, rows | {"Kinh độ": place.x, "Vĩ độ": place.y})
    import_layer(with_old, "sites", path)
    assert with_old.table("sites")["commune_code"].tolist() == ["1", "2"]
    sources = with_old.table("sources")
    assert sources.loc["sites:Viettel", "vintage"] == "2025-07"


def test_a_list_that_may_be_of_two_dates_is_asked_about_once(with_old, tmp_path) -> None:
    twice = pd.DataFrame(OLD).assign(**{"Xã cũ": ["Xã Đông", "Xã Cũ", "Xã Nam", "Xã Nam"]})
    import_layer(
        with_old, "crosswalk", book(tmp_path, twice), vintage="2025-01", to_vintage="2025-07"
    )
    path = book(tmp_path, THON | {"Xã": ["Đông", "Đông"]})
    with pytest.raises(LayerError) as caught:
        import_layer(with_old, "hamlets", path)
    assert [fault.code for fault in caught.value.faults] == ["vintage_ambiguous"]
    import_layer(with_old, "hamlets", path, vintage="2025-01")
    assert set(with_old.table("hamlets")["commune_code"]) == {"1"}  # what was Đông is in Tây


def test_figures_say_by_their_units_of_which_date_they_are(with_old, tmp_path) -> None:
    rows = {"Tên xã": ["Bắc", "Cũ", "TT Nam"], "Dân số": [100, 20, 7]}
    done = import_layer(with_old, "communes", book(tmp_path, rows))
    assert with_old.table("communes")["people"].to_dict() == {"1": 104, "2": 23}
    assert "từ 01/01/2025 đến 30/6/2025" in told(done)


def test_figures_by_re_used_codes_alone_are_asked_about(with_old, tmp_path) -> None:
    rows = {"Mã xã": ["1", "2"], "Dân số": [100, 20]}
    with pytest.raises(LayerError) as caught:
        import_layer(with_old, "communes", book(tmp_path, rows))
    assert "vintage_ambiguous" in [fault.code for fault in caught.value.faults]


@pytest.mark.parametrize("vintage", ["2024", "2025-01"])
@pytest.mark.parametrize("layer", ["hamlets", "communes"])
def test_no_list_of_another_vintage_comes_in_without_a_crosswalk(
    plan, tmp_path, layer, vintage
) -> None:
    rows = THON | {"Xã": ["Tây", "Đông"], "Mã xã": ["1", "2"], "Dân số": [1, 2]}
    with pytest.raises(VintageError, match=f"of {vintage} cannot be joined to those of 2025-07"):
        import_layer(plan, layer, book(tmp_path, rows), vintage=vintage)


def test_a_step_that_is_imported_leaves_the_others(with_old, tmp_path) -> None:
    rows = {"Mã cũ": ["7", "8"], "Mã mới": ["1", "2"], "Mốc cũ": "2024", "Mốc mới": "01/01/2025"}
    done = import_layer(with_old, "crosswalk", book(tmp_path, rows))
    assert done.replaced == ""
    steps = with_old.table("crosswalk").groupby(["from_vintage", "to_vintage"]).size()
    assert steps.to_dict() == {("2024", "2025-01"): 2, ("2025-01", "2025-07"): 4}
    again = import_layer(with_old, "crosswalk", book(tmp_path, rows))
    assert again.replaced == "2024 → 2025-01"


def test_a_table_of_names_with_several_old_units_in_a_cell_is_understood(
    with_old, tmp_path
) -> None:
    old = ["Xã Bắc và một phần thị trấn Nam", "Xã Cũ, phần còn lại của thị trấn Nam"]
    heads = ["Đơn vị hành chính trước sắp xếp", "Đơn vị hành chính mới"]
    rows = {"STT": [1, 2], heads[0]: old, heads[1]: ["Xã Tây", "Xã Đông"]}
    import_layer(with_old, "crosswalk", book(tmp_path, rows), vintage="2025-01")
    table = with_old.table("crosswalk").sort_index()
    assert table["from_code"].tolist() == ["1", "2", "3", "3"]
    assert table["to_code"].tolist() == ["1", "2", "1", "2"]
    assert table["divided"].tolist() == [False, False, True, True]


def test_a_new_unit_named_once_holds_for_the_rows_below_and_shares_may_be_in_per_cent(
    with_old, tmp_path
) -> None:
    rows = {
        "Xã cũ": ["Bắc", "Nam", "Cũ", "Nam"],
        "Xã mới": ["Tây", None, "Đông", None],
        "Tỷ lệ dân số": ["100 %", "62,5 %", "100%", "37,5%"],
    }
    import_layer(with_old, "crosswalk", book(tmp_path, rows))
    table = with_old.table("crosswalk").set_index(["from_code", "to_code"])
    assert table["people_share"].to_dict() == {
        ("1", "1"): 1.0, ("2", "2"): 1.0, ("3", "1"): 0.625, ("3", "2"): 0.375,
    }  # fmt: skip


def test_names_that_are_no_unit_and_dates_the_wrong_way_round_are_told(with_old, tmp_path) -> None:
    path = book(tmp_path, {"Xã cũ": ["Bắc", "Bawcs"], "Xã mới": ["Tây", "Đông"]})
    with pytest.raises(LayerError) as caught:
        import_layer(with_old, "crosswalk", path)
    assert [(f.code, f.rows) for f in caught.value.faults] == [("unit_unknown", ("3",))]
    path = book(tmp_path, {"Mã cũ": ["1"], "Mã mới": ["2"]})
    with pytest.raises(LayerError) as caught:
        import_layer(with_old, "crosswalk", path, vintage="2025-07", to_vintage="2024")
    assert caught.value.faults[0].code == "vintages_reversed"


@pytest.fixture
def old_map(tmp_path):
    edges = (30, 1_830, 5_430, 7_170)
    shapes = [ground(west, 30, east, 4_770) for west, east in pairwise(edges)]
    table = {"code": ["1", "2", "3"], "name": ["Bắc", "Nam", "Cũ"], "type": "xã"}
    path = tmp_path / "xa cu.gpkg"
    gpd.GeoDataFrame(table, geometry=shapes, crs=CRS).to_file(path)
    return path


def test_a_map_of_old_communes_becomes_a_crosswalk(plan, old_map) -> None:
    placed = hamlets(
        A=("1", ground(2_000, 100, 2_100, 200), 300), B=("2", ground(4_000, 100, 4_100, 200), 100)
    )
    plan.write_tables({"hamlets": placed.assign(placed_by="survey")})
    done = import_layer(plan, "crosswalk", old_map, vintage="2024")
    table = plan.table("crosswalk").set_index(["from_code", "to_code"])
    assert table.loc[("2", "1"), "people_share"] == 0.75
    assert table.loc[("2", "1"), "area_share"] == pytest.approx(0.5)
    assert table["from_name"].loc[("2", "1")] == "Xã Nam"
    assert "dân số các thôn" in told(done)


def test_a_map_that_is_not_older_than_the_plan_is_refused(plan, old_map, tmp_path) -> None:
    with pytest.raises(PlanError, match="give older ones"):
        import_layer(plan, "crosswalk", old_map, vintage="2025-07")
    empty = ip.init_plan(tmp_path / "empty", crs=CRS)
    with pytest.raises(PlanError, match="import the communes first"):
        import_layer(empty, "crosswalk", old_map, vintage="2024")


def test_communes_of_another_vintage_give_hamlets_their_codes_anew(plan, old_map, tmp_path) -> None:
    import_layer(plan, "hamlets", book(tmp_path, THON | {"Xã": ["Tây", "Đông"]}))
    done = import_layer(plan, "communes", old_map, vintage="2024")
    assert plan.table("hamlets")["commune_code"].tolist() == ["1", "2"]
    assert plan.table("settlements")["commune_code"].tolist() == ["1", "2"]
    assert "đã đổi theo xã mới" in told(done)
    assert set(plan.table("sources").loc[["hamlets"], "vintage"]) == {"2024"}
    assert not check_layers(plan)[0]


def test_layers_of_another_vintage_than_the_communes_are_a_fault(plan, tmp_path) -> None:
    import_layer(plan, "hamlets", book(tmp_path, THON | {"Xã": ["Tây", "Đông"]}))
    plan.write_tables({"communes": plan.table("communes").assign(vintage="2024")})
    faults, _ = check_layers(plan)
    assert [(fault.code, fault.sheet) for fault in faults] == [("vintage_differs", "hamlets")]


def test_what_is_shipped_for_a_province_is_not_taken_for_another(plan) -> None:
    assert not len(crosswalk_of(plan))
    assert set(history_of(plan).units) == {"2025-07"}


@pytest.fixture(scope="module")
def hatinh(tmp_path_factory):
    """Return a plan of the communes of Hà Tĩnh, without anything else."""
    made = ip.init_plan(tmp_path_factory.mktemp("ht") / "plan")
    import_layer(
        made, "communes", shared_folder("data/hatinh") / "communes.gpkg", vintage="2025-07"
    )
    return made


def test_the_official_table_of_ha_tinh_says_its_dates_itself(hatinh) -> None:
    path = shared_folder("data/hatinh") / "communes_2024_to_2025.csv"
    done = import_layer(hatinh, "crosswalk", path, dry_run=True)
    assert done.rows_kept == 212
    assert "Đơn vị cũ: Danh sách dùng đơn vị hành chính theo mốc từ 01/01/2025" in told(done)
    assert "Đơn vị mới: Danh sách dùng đơn vị hành chính theo mốc từ 01/7/2025" in told(done)


def test_a_list_of_2024_comes_into_ha_tinh_of_2025_without_any_table(hatinh, tmp_path) -> None:
    units = shipped_steps()[0].drop_duplicates("from_code")
    whole = units[~units["from_code"].isin(["18082", "18796"])]
    rows = {"Huyện": whole["from_district"], "Xã": whole["from_name"], "Thôn": "Thôn 1"}
    from infraplan.api.bring import _mend

    path = book(tmp_path, rows | {"Số hộ": 9})
    reading = read_layer(path, "hamlets", plan_crs="EPSG:9209", mend=_mend(hatinh, "hamlets"))
    assert len(reading.table) == 214
    assert set(reading.table["commune_code"]) == set(hatinh.table("communes").index)
    assert {repair.code for repair in reading.repairs} == {"commune_renewed"}


def test_figures_of_2024_are_kept_to_the_person_in_ha_tinh(hatinh, tmp_path) -> None:
    units = shipped_steps()[0].drop_duplicates("from_code")
    rows = {"Xã": units["from_name"], "Huyện": units["from_district"], "Dân số": range(216)}
    import_layer(hatinh, "communes", book(tmp_path, rows))
    assert hatinh.table("communes")["people"].sum() == 216 * 215 // 2
