"""Undergrounding: hand-checked trenches, laws of the bill, bound below cost."""

import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.cables import CablePlan
from infraplan.cables import plan_underground
from infraplan.cables.shares import operator_shares
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from tests.cables.conftest import EAST
from tests.cables.conftest import NORTH
from tests.cables.conftest import cable
from tests.cables.conftest import house
from tests.cables.conftest import reversed_layers
from tests.cables.conftest import shifted
from tests.cables.conftest import split_streets
from tests.cables.conftest import street

ONE = street("S1", (0, 0), (200, 0))
TURN = street("S2", (200, 0), (200, 150), name="Hà Huy Tập")
LEFT_CABLE = cable("F1", (-60, 5), (260, 5))
NAMES = ["Phan Đình Phùng", "Hà Huy Tập"]


def amount(plan: CablePlan, item: str) -> float:
    return float(plan.bill.set_index("item")["quantity"].get(item, 0.0))


@pytest.fixture
def busy(town):
    left = [house(f"B{i}", 20 * i, 11) for i in range(1, 9)]
    right = [house(f"C{i}", 20 * i, -11) for i in range(1, 5)]
    wires = [LEFT_CABLE, cable("F2", (-50, -5), (195, -5), (195, 220), operator="VNPT")]
    return town(streets=[ONE, TURN], fibre=wires, buildings=left + right)


def test_one_side_is_dug_where_all_houses_stand_on_it(town, prices) -> None:
    houses = [house(f"B{i}", x, 11) for i, x in enumerate((20, 60, 100, 140, 180))]
    layers = town(streets=[ONE], fibre=[LEFT_CABLE], buildings=houses)
    plan = plan_underground(layers, streets=["S1"], prices=prices)
    assert plan.segments["side"].tolist() == ["left"]
    assert amount(plan, "trench_footway_paving") == pytest.approx(200, abs=0.1)
    assert amount(plan, "drop_house") == 5
    assert plan.crossings.empty


def test_a_single_house_across_is_reached_by_one_crossing(town, prices) -> None:
    houses = [house("B0", 20, 11), house("B1", 180, 11), house("C", 100, -11)]
    layers = town(streets=[ONE], fibre=[LEFT_CABLE], buildings=houses)
    plan = plan_underground(layers, streets=["S1"], prices=prices)
    # crossings begin every 50 m, so one lies opposite the house: 9 m between the footways
    assert plan.crossings["length_m"].to_numpy() == pytest.approx([9.0], abs=0.01)
    assert amount(plan, "trench_footway_paving") == pytest.approx(200, abs=0.1)


def test_the_cheaper_of_two_streets_is_dug(town, prices) -> None:
    soft = street("A", (0, 0), (100, 0), (100, 60), (200, 60), (200, 0), name="soft",
                  footway_surface="soil")  # fmt: skip
    hard = street("B", (0, 0), (200, 0), name="hard", footway_left_m=0.0, footway_right_m=0.0)
    tails = [street("T1", (-40, 0), (0, 0), name="t"), street("T2", (200, 0), (240, 0), name="t")]
    away = [house(f"H{k}", x, 11, aerial_service=False) for k, x in enumerate((60, 140, -20, 220))]
    away.append(house("H9", 150, 71, aerial_service=False))
    layers = town(streets=[soft, hard, *tails], buildings=away, fibre=[
        cable("F", (-60, 4.5), (-38, 4.5)), cable("G", (238, 4.5), (260, 4.5))])  # fmt: skip
    plan = plan_underground(layers, streets=["soft", "hard", "t"], prices=prices)
    dug = plan.segments.groupby("street")["length_m"].sum()
    assert "hard" not in dug.index
    assert dug["soft"] == pytest.approx(320, abs=25)  # 0.45 M/m against 2.2 M/m over 200 m


@pytest.mark.parametrize(("free_bores", "reused"), [(1, True), (0, False)])
def test_a_duct_is_used_where_a_bore_is_free(town, prices, free_bores, reused) -> None:
    duct = {"duct_id": "D1", "owner": "VNPT", "bores": 2, "free_bores": free_bores,
            "geometry": shifted((20, 4.5), (180, 4.5))}  # fmt: skip
    houses = [house("B0", 20, 11), house("B1", 180, 11)]
    layers = town(streets=[ONE], fibre=[LEFT_CABLE], buildings=houses, ducts=[duct])
    plan = plan_underground(layers, streets=["S1"], prices=prices)
    assert amount(plan, "duct_reuse") == pytest.approx(160 if reused else 0, abs=0.1)
    assert ("D1" in set(plan.segments["shared"].dropna())) == reused


def test_reuse_of_a_duct_lowers_the_cost(town, prices) -> None:
    duct = {"duct_id": "D1", "owner": "VNPT", "bores": 2, "free_bores": 2,
            "geometry": shifted((0, 4.5), (200, 4.5))}  # fmt: skip
    tables = {"streets": [ONE], "fibre": [LEFT_CABLE], "buildings": [house("B0", 20, 11)]}
    without, having = (
        plan_underground(town(**tables, ducts=ducts), streets=["S1"], prices=prices)
        for ducts in ([], [duct])
    )
    assert having.cost_vnd < without.cost_vnd


def test_a_street_without_footway_pays_the_price_of_the_carriageway(town, prices) -> None:
    bare = ONE | {"footway_left_m": 0.0, "footway_right_m": 0.0, "surface": "concrete"}
    layers = town(streets=[bare], fibre=[LEFT_CABLE], buildings=[house("B0", 20, 11)])
    plan = plan_underground(layers, streets=["S1"], prices=prices)
    assert amount(plan, "trench_carriageway_concrete") == pytest.approx(200, abs=0.1)
    assert set(plan.segments["placement"]) == {"carriageway"}


def test_bill_shares_and_tables_sum_to_the_dong(busy, prices) -> None:
    plan = plan_underground(busy, streets=NAMES, prices=prices)
    assert plan.cost_vnd == plan.bill["cost_vnd"].sum() == plan.shares["cost_vnd"].sum()
    assert plan.shares["operator"].tolist() == ["VNPT", "Viettel"]
    assert plan.shares["share"].sum() == pytest.approx(1.0)
    exact = (plan.bill["quantity"] * plan.bill["price_vnd"]).round()
    assert (plan.bill["cost_vnd"] == exact).all()
    new = plan.chambers[~plan.chambers["existing"]]
    assert len(new) == amount(plan, "chamber_handhole") + amount(plan, "chamber_manhole")


def test_the_bound_is_below_the_cost_and_near_it(busy, prices) -> None:
    plan = plan_underground(busy, streets=NAMES, prices=prices)
    assert 0 < plan.bound_vnd <= plan.cost_vnd
    assert plan.gap == pytest.approx((plan.cost_vnd - plan.bound_vnd) / plan.cost_vnd)
    assert plan.gap < 0.06


def test_every_line_names_source_and_confirmation(busy, prices) -> None:
    bill = plan_underground(busy, streets=NAMES, prices=prices).bill
    assert bill["source"].str.len().gt(10).all()
    assert not bill["verified"].any()


@settings(
    deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    shares=st.lists(st.floats(0.05, 0.95), min_size=1, max_size=4, unique_by=lambda x: round(x, 1))
)
def test_splitting_a_street_never_changes_the_bill(busy, prices, shares) -> None:
    whole = plan_underground(busy, streets=NAMES, prices=prices)
    pieces = plan_underground(split_streets(busy, shares), streets=NAMES, prices=prices)
    assert pieces.bill.equals(whole.bill)
    assert pieces.bound_vnd == whole.bound_vnd


def test_the_direction_of_drawing_changes_nothing(busy, prices) -> None:
    one = plan_underground(busy, streets=NAMES, prices=prices)
    two = plan_underground(reversed_layers(busy), streets=NAMES, prices=prices)
    assert two.bill.equals(one.bill)
    assert two.shares.equals(one.shares)


def test_the_same_input_gives_the_same_plan(busy, prices) -> None:
    one, two = (plan_underground(busy, streets=NAMES, prices=prices, seed=3) for _ in range(2))
    assert one.segments.equals(two.segments)
    assert one.chambers.equals(two.chambers)


def test_chambers_are_at_most_a_spacing_apart(town, prices) -> None:
    layers = town(streets=[street("S", (0, 0), (950, 0))], fibre=[cable("F", (-9, 5), (960, 5))],
                  buildings=[house("B", 20, 11, aerial_service=False)])  # fmt: skip
    plan = plan_underground(layers, streets=["S"], prices=prices)
    along = np.sort(plan.chambers.geometry.x.to_numpy())
    assert np.diff(along).max() <= 100.01
    assert plan.bound_vnd > 0.95 * plan.cost_vnd


def test_existing_chambers_are_used(town, prices) -> None:
    tables = {"streets": [ONE], "fibre": [LEFT_CABLE], "buildings": [house("B", 20, 11)]}
    there = {"chamber_id": "K1", "kind": "handhole", "geometry": shifted((0, 4), (0, 5)).centroid}
    plan = plan_underground(town(**tables, chambers=[there]), streets=["S1"], prices=prices)
    assert plan.chambers["existing"].sum() == 1
    assert plan.chambers.loc[plan.chambers["existing"], "cost_vnd"].tolist() == [0]


def test_drops_are_assumed_by_frontage_where_no_houses_are_known(town, prices) -> None:
    plan = plan_underground(town(streets=[ONE], fibre=[LEFT_CABLE]), streets=["S1"], prices=prices)
    assert len(plan.drops) == 20  # 200 m, both sides, one each 20 m
    assert plan.drops["assumed"].all()


def test_poles_of_operators_go_and_others_stay(town, prices) -> None:
    at = [shifted((40 * k, 5), (40 * k, 5.01)).centroid for k in range(9)]
    poles = [{"pole_id": f"P{k}", "owner": owner, "geometry": at[k]}
             for k, owner in enumerate(("Viettel", "Điện lực", "Viettel"))]  # fmt: skip
    layers = town(streets=[ONE], fibre=[LEFT_CABLE], poles=poles)
    plan = plan_underground(layers, streets=["S1"], prices=prices)
    assert plan.poles_removed == 2 == amount(plan, "pole_removal")
    assert "1 poles of other owners stay" in plan.provenance.notes


def test_cable_removed_is_measured_by_operator(town, prices) -> None:
    wires = [LEFT_CABLE, cable("F2", (0, 5), (100, 5), operator="VNPT"),
             cable("F3", (0, 4), (200, 4), operator="VNPT", installation="duct")]  # fmt: skip
    plan = plan_underground(town(streets=[ONE], fibre=wires), streets=["S1"], prices=prices)
    removed = plan.removed.set_index("operator")["length_m"]
    assert removed["VNPT"] == pytest.approx(100, abs=0.1)
    assert removed["Viettel"] == pytest.approx(200, abs=16)


def test_streets_that_do_not_touch_are_planned_each_on_its_own(town, prices) -> None:
    far = street("S9", (0, 900), (200, 900), name="Xa")
    layers = town(streets=[ONE, far], fibre=[LEFT_CABLE])
    both = plan_underground(layers, streets=["S1", "S9"], prices=prices)
    single = [plan_underground(layers, streets=[s], prices=prices) for s in ("S1", "S9")]
    metres = [plan.segments["length_m"].sum() for plan in single]
    assert both.segments["length_m"].sum() == pytest.approx(sum(metres), abs=0.1)


@pytest.mark.parametrize("name", ["phan dinh phung", "PHAN ĐÌNH PHÙNG", "S1", "Phan Đình Phùng"])
def test_names_match_without_accents_and_by_id(town, prices, name) -> None:
    plan = plan_underground(town(streets=[ONE, TURN]), streets=[name], prices=prices)
    assert set(plan.segments["street"]) == {"Phan Đình Phùng"}


def test_an_unknown_street_lists_near_names(town, prices) -> None:
    with pytest.raises(SettingsError, match="near: Phan Đình Phùng"):
        plan_underground(town(streets=[ONE, TURN]), streets=["Pham Dinh Phung"], prices=prices)


def test_an_area_takes_the_streets_inside_it(busy, prices) -> None:
    area = shifted((-20, 0), (90, 0)).buffer(20, cap_style="flat")
    plan = plan_underground(busy, area=area, prices=prices)
    assert set(plan.segments["street"]) == {"Phan Đình Phùng"}
    assert plan.segments.total_bounds[2] <= EAST + 91
    assert plan.segments.total_bounds[1] >= NORTH - 10


def test_lines_drawn_along_streets_choose_them(busy, prices) -> None:
    drawn = busy.table("streets").loc[["S2"]].reset_index(drop=True)
    plan = plan_underground(busy, streets=drawn, prices=prices)
    assert set(plan.segments["street"]) == {"Hà Huy Tập"}


def test_streets_and_area_together_are_refused(busy, prices) -> None:
    with pytest.raises(SettingsError, match="name the streets, or give an area"):
        plan_underground(busy, streets=["S1"], area=ONE["geometry"].buffer(9), prices=prices)


def test_a_plan_without_streets_is_told_so(town, prices) -> None:
    with pytest.raises(PlanError, match="streets"):
        plan_underground(town(fibre=[LEFT_CABLE]), streets=["S1"], prices=prices)


@given(
    st.dictionaries(st.text(min_size=1, max_size=3), st.floats(0, 1e9), max_size=6),
    st.integers(0, 10**12),
)
def test_shares_sum_to_the_dong(weights, cost_vnd) -> None:
    shares = operator_shares(weights, cost_vnd)
    assert int(shares["cost_vnd"].sum()) == cost_vnd
    assert (abs(shares["cost_vnd"] - shares["share"] * cost_vnd) <= 1.001).all()


def test_nothing_given_is_changed(busy, prices) -> None:
    before = {name: table.copy() for name, table in busy.tables.items()}
    plan_underground(busy, streets=NAMES, prices=prices)
    assert all(busy.tables[name].equals(table) for name, table in before.items())


def test_a_plan_shows_itself_with_names_escaped(town, prices) -> None:
    hostile = ONE | {"name": "<img src=x>"}
    plan = plan_underground(town(streets=[hostile]), streets=["S1"], prices=prices)
    assert "<img" not in plan._repr_html_()
    assert "no plan can cost less" in plan._repr_html_()
