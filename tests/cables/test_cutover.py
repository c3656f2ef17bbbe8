"""Order of works: new cable lives before the old is cut, poles go last."""

from dataclasses import replace

import pytest

from infraplan.cables import plan_underground
from infraplan.cables.cutover import STEPS
from infraplan.cables.cutover import cutover_order
from infraplan.cables.study import filled_table
from tests.cables.conftest import cable
from tests.cables.conftest import house
from tests.cables.conftest import shifted
from tests.cables.conftest import street

MAIN, SIDE = "Phan Đình Phùng", "Hà Huy Tập"


@pytest.fixture(scope="module")
def plan(prices):
    """Return two streets, a cable through both, one only in the first, a pole that must stay."""
    from infraplan.layers.bundle import Layers
    from tests.cables.conftest import CRS
    from tests.cables.conftest import table_of

    at = [shifted((x, y), (x, y + 0.02)).centroid for x, y in ((40, 5), (100, 5), (206, 5))]
    at.append(shifted((195, 100), (195, 100.02)).centroid)
    at.append(shifted((199, 156), (199, 156.02)).centroid)
    tables = {
        "streets": [street("S1", (0, 0), (200, 0)), street("S2", (200, 0), (200, 150), name=SIDE)],
        "fibre": [cable("F1", (0, 5), (195, 5), (195, 152)),
                  cable("F2", (20, 4), (180, 4), operator="VNPT"),
                  cable("F3", (199, 149), (199, 300), operator="VNPT")],
        "buildings": [house(f"B{k}", 20 * k, 11) for k in range(1, 8)] + [house("C", 189, 90)],
        "poles": [{"pole_id": f"P{k}", "owner": "Viettel", "geometry": p}
                  for k, p in enumerate(at)],
    }  # fmt: skip
    layers = Layers("town", CRS, {name: table_of(name, rows) for name, rows in tables.items()})
    return plan_underground(layers, streets=["S1", "S2"], prices=prices)


def phased(plan, **years):
    rows = {(name.replace("_", " "),): {"year": year} for name, year in years.items()}
    return cutover_order(replace(plan, phases=filled_table("phases", rows)))


def before(order):
    """Return for each order all orders that must come first, however far back."""
    found: dict[int, set[int]] = {}
    for number, row in order.iterrows():
        direct = {int(x) for x in row["after"].split(";") if x}
        found[number] = direct.union(*(found[x] for x in direct)) if direct else set()
    return found


def pick(order, step, street=None, owner=None):
    rows = order[order["step"] == step]
    rows = rows[rows["street"] == street] if street else rows
    return (rows[rows["owner"] == owner] if owner else rows).index.tolist()


def test_every_step_comes_after_what_it_needs(plan) -> None:
    order = cutover_order(plan)
    assert order.index.tolist() == list(range(1, len(order) + 1))
    assert set(order["step"]) == set(STEPS)
    for number, needed in before(order).items():
        assert all(x < number for x in needed)


def test_no_cable_is_cut_before_the_new_one_lives_in_all_its_streets(plan) -> None:
    order = cutover_order(plan)
    first = before(order)
    for cut in pick(order, "cut", owner="Viettel"):
        for name in (MAIN, SIDE):
            live = pick(order, "splice", name, "Viettel") + pick(order, "connect", name)
            assert set(live) <= first[cut]
    for down in pick(order, "take_down"):
        assert set(pick(order, "cut", order["street"][down], order["owner"][down])) <= first[down]


def test_a_cable_in_a_street_alone_does_not_wait_for_other_streets(plan) -> None:
    order = phased(plan, Phan_Đình_Phùng=2027, Hà_Huy_Tập=2029)
    alone = pick(order, "cut", MAIN, "VNPT")[0]
    assert order["phase"][alone] == 2027
    assert set(order.loc[sorted(before(order)[alone]), "street"]) == {MAIN}


def test_a_cable_through_streets_of_two_years_is_cut_in_the_later(plan) -> None:
    order = phased(plan, Phan_Đình_Phùng=2027, Hà_Huy_Tập=2029)
    through = pick(order, "cut", MAIN, "Viettel")[0]
    assert order["phase"][through] == 2029
    assert order["phase"][pick(order, "dig", MAIN)[0]] == 2027
    assert order["phase"][pick(order, "pole", MAIN)[0]] == 2029
    assert order["phase"].is_monotonic_increasing


def test_poles_go_only_when_nobody_hangs_on_them(plan) -> None:
    order = cutover_order(plan)
    for pole in pick(order, "pole"):
        assert set(pick(order, "take_down", order["street"][pole])) <= before(order)[pole]
    # of five poles in the streets one carries a cable of VNPT that stays: four are paid for, and go
    assert order.loc[pick(order, "pole"), "quantity"].sum() == plan.poles_removed


def test_poles_far_from_all_trenches_go_in_the_order_as_they_are_paid_for(prices) -> None:
    from infraplan.layers.bundle import Layers
    from tests.cables.conftest import CRS
    from tests.cables.conftest import table_of

    stand = [(40, 5), (170, 5), (100, 905)]  # beside cable, beyond its end, in a street without any
    tables = {
        "streets": [street("S1", (0, 0), (200, 0)), street("S9", (0, 900), (200, 900), name=SIDE)],
        "fibre": [cable("F1", (-20, 5), (90, 5))],
        "buildings": [house("B1", 60, 11)],
        "poles": [{"pole_id": f"P{k}", "owner": "Viettel",
                   "geometry": shifted((x, y), (x, y + 0.02)).centroid}
                  for k, (x, y) in enumerate(stand)],
    }  # fmt: skip
    layers = Layers("town", CRS, {name: table_of(name, rows) for name, rows in tables.items()})
    made = plan_underground(layers, streets=["S1", "S9"], prices=prices)
    order = cutover_order(made)
    told = order.loc[pick(order, "pole")].groupby("street")["quantity"].sum().to_dict()
    assert told == {MAIN: 2.0, SIDE: 1.0}
    billed = made.lines[made.lines["item"] == "pole_removal"]
    assert told == billed.groupby("street")["quantity"].sum().to_dict()
    assert made.poles.index.tolist() == [(MAIN, "P0"), (MAIN, "P1"), (SIDE, "P2")]


def test_quantities_are_those_of_the_plan(plan) -> None:
    order = cutover_order(plan)
    sums = order.groupby("step")["quantity"].sum()
    assert sums["take_down"] == pytest.approx(plan.removed["length_m"].sum(), abs=0.02)
    assert sums["connect"] == len(plan.drops)
    assert sums["chamber"] == (~plan.chambers["existing"]).sum()
    new = plan.segments[plan.segments["kind"] != "duct"]
    dug = new["length_m"].sum() + plan.crossings["length_m"].sum()
    assert sums["dig"] == pytest.approx(dug)


def test_cable_pulled_and_taken_down_are_the_metres_of_the_bill(plan) -> None:
    sums = cutover_order(plan).groupby("step")["quantity"].sum()
    billed = plan.lines.groupby("item")["quantity"].sum()
    assert sums["pull"] == pytest.approx(billed["cable_new"])
    assert sums["take_down"] == pytest.approx(billed["cable_removal"])


def test_owners_of_a_survey_take_down_what_is_billed_and_those_left_out_nothing(plan) -> None:
    surveyed = {"VNPT": "SCTV"}  # the cable that is drawn as VNPT's is counted as SCTV's
    lines = plan.lines.assign(owner=plan.lines["owner"].replace(surveyed))
    uses = plan.uses.rename(index=surveyed, level=1)
    order = cutover_order(replace(plan, lines=lines, uses=uses))
    down = order[order["step"] == "take_down"].groupby("owner")["quantity"].sum()
    billed = lines[lines["item"] == "cable_removal"].groupby("owner")["quantity"].sum()
    assert down[down > 0].to_dict() == pytest.approx(billed.to_dict())
    assert down["VNPT"] == 0


def test_the_order_is_the_same_each_time(plan) -> None:
    assert cutover_order(plan).equals(cutover_order(plan))


def test_a_street_that_is_only_crossed_has_no_steps_of_its_own(town, prices) -> None:
    houses = [house(f"B{k}", 30 * k, 11) for k in range(1, 7)] + [house("C", 100, -11)]
    layers = town(
        streets=[street("S1", (0, 0), (200, 0))],
        fibre=[cable("F1", (0, 5), (200, 5))],
        buildings=houses,
    )
    made = plan_underground(layers, streets=["S1"], prices=prices)
    side = replace(made, crossings=made.crossings.assign(street="Ngõ 5"))
    order = cutover_order(side)
    assert len(side.crossings) == 1
    assert set(order["street"]) == set(made.segments["street"])
    dug = order.loc[order["step"] == "dig", "quantity"].sum()
    assert dug == pytest.approx(made.segments["length_m"].sum() + made.crossings["length_m"].sum())
