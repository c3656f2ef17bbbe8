"""Works: choices of streets and owners, bores, crossings by method, parts of streets, surveys."""

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck
from hypothesis import Phase
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.cables import plan_underground
from infraplan.cables.plan_told import finding_told
from infraplan.cables.plan_told import left_out_told
from infraplan.cables.shares import share_rules
from infraplan.cables.subsets import alone_costs
from infraplan.cables.subsets import street_subsets
from infraplan.cables.works import prepare_works
from infraplan.errors import LayerError
from infraplan.errors import NoRouteError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.text import words
from tests.cables.conftest import CRS
from tests.cables.conftest import cable
from tests.cables.conftest import house
from tests.cables.conftest import shifted
from tests.cables.conftest import street

ONE = street("S1", (0, 0), (200, 0))
TURN = street("S2", (200, 0), (200, 150), name="Hà Huy Tập")
AWAY = street("S9", (0, 900), (200, 900), name="Trần Phú")
WIRES = [
    cable("F1", (-60, 5), (195, 5), (195, 220), operator="VNPT"),
    cable("F2", (-60, -5), (260, -5)),
    cable("F3", (-30, 905), (230, 905), operator="FPT"),
]
ITEMS_OF_LAYOUT = ("trench_", "crossing_", "permit_", "duct_", "excavation_", "reinstatement_")


@pytest.fixture
def works(town, prices):
    houses = [house(f"B{i}", 20 * i, 11) for i in range(1, 9)]
    houses += [house(f"C{i}", 30 * i, 911) for i in range(1, 6)]
    layers = town(streets=[ONE, TURN, AWAY], fibre=WIRES, buildings=houses)
    names = ["Trần Phú", "Phan Đình Phùng", "Hà Huy Tập"]
    return prepare_works(layers, streets=names, prices=prices)


def survey(layers: Layers, rows: list[dict]) -> Layers:
    """Return layers with a survey of cable."""
    frame = pd.DataFrame([{"diameter_mm": 12.0, "cables": 1} | row for row in rows])
    frame["survey_id"] = [f"V{k}" for k in range(1, len(rows) + 1)]
    for name in ("from_place", "to_place", "side", "cores"):
        if name not in frame:
            frame[name] = None
    tables = {**layers.tables, "cable_survey": frame.set_index("survey_id")}
    return Layers(layers.name, layers.crs, tables)


def test_streets_owners_and_joins_are_told(works) -> None:
    assert works.streets == ("Trần Phú", "Phan Đình Phùng", "Hà Huy Tập")
    assert works.owners == ("FPT", "VNPT", "Viettel")
    assert works.joins == (("Phan Đình Phùng", "Hà Huy Tập"),)


def test_streets_that_do_not_touch_sum(works) -> None:
    far, near = frozenset({"Trần Phú"}), frozenset({"Phan Đình Phùng", "Hà Huy Tập"})
    one, two, all_three = works.dug(far), works.dug(near), works.dug()
    assert all_three.cost_vnd == one.cost_vnd + two.cost_vnd
    assert all_three.bound_vnd == one.bound_vnd + two.bound_vnd
    assert all_three.chambers == one.chambers + two.chambers


def test_shared_and_direct_works_sum_for_every_choice(works) -> None:
    for size in (1, 2, 3):
        for chosen in itertools.combinations(works.streets, size):
            for owners in (None, frozenset({"VNPT"}), frozenset({"VNPT", "Viettel"})):
                dug = works.dug(frozenset(chosen), owners)
                assert dug.cost_vnd == dug.shared_vnd + sum(dug.direct_vnd.values())
                assert (0 if owners else 1) <= dug.bound_vnd <= dug.cost_vnd
                assert not owners or dug.bound_vnd == 0
                assert set(dug.weights) == {"diameter", "occupancy", "length"}
                assert set(dug.direct_vnd) == set(owners or works.owners)


def test_all_streets_are_shared_out_as_the_choice_of_all_of_them(works) -> None:
    """Rounding and costs alone are those of streets that hang together, whoever asks."""
    choices = street_subsets(works.streets, works.dug, joins=works.joins)
    last = choices.subset_shares.xs(choices.subsets.index.max(), level="subset")
    alone = alone_costs(works.streets, works.dug, joins=works.joins)
    whole = share_rules(works.dug(), alone)
    columns = ["weight", "direct_vnd", "cost_vnd", "alone_vnd"]
    rows = whole.index.intersection(last.index)
    assert set(rows.get_level_values("owner")) >= set(works.owners)
    assert (whole.loc[rows, columns].astype("int64") == last.loc[rows, columns]).all(axis=None)


def test_an_owner_alone_pays_for_its_own_cables_only(works) -> None:
    alone = works.dug(owners=frozenset({"FPT"}))
    assert works.dug(frozenset({"Phan Đình Phùng"}), frozenset({"FPT"})).cost_vnd == 0
    assert alone.cost_vnd == works.dug(frozenset({"Trần Phú"}), frozenset({"FPT"})).cost_vnd
    assert alone.removed_m == pytest.approx(212.5, abs=1)


def test_the_whole_costs_what_its_plan_says(works, prices) -> None:
    plan = plan_underground(works.layers, streets=list(works.streets), prices=prices)
    dug = works.dug(time_limit_s=30.0)
    assert dug.cost_vnd == plan.cost_vnd
    assert dug.bound_vnd == plan.bound_vnd
    assert dug.removed_m == pytest.approx(plan.removed["length_m"].sum())


def test_a_name_that_is_not_of_the_plan_is_refused(works) -> None:
    with pytest.raises(SettingsError, match="Nguyễn Du"):
        works.dug(frozenset({"Nguyễn Du"}))
    with pytest.raises(SettingsError, match="SCTV"):
        works.dug(owners=frozenset({"SCTV"}))


def tables_sum(plan) -> None:
    lines = plan.lines
    assert lines["cost_vnd"].sum() == plan.bill["cost_vnd"].sum() == plan.cost_vnd
    by_item = lines.groupby("item")["cost_vnd"].sum()
    assert by_item.to_dict() == plan.bill.set_index("item")["cost_vnd"].to_dict()
    layout = lines[lines["item"].str.startswith(ITEMS_OF_LAYOUT)]
    layout = layout[layout["item"] != "drop_duct"]["cost_vnd"].sum()
    assert plan.segments["cost_vnd"].sum() + plan.crossings["cost_vnd"].sum() == layout
    drops = lines[lines["item"].isin(["drop_house", "drop_duct"])]["cost_vnd"].sum()
    assert plan.drops["cost_vnd"].sum() == drops
    chambers = lines[lines["item"].str.startswith("chamber_")]["cost_vnd"].sum()
    assert plan.chambers["cost_vnd"].sum() == chambers


def everything_joined(plan) -> None:
    """Check that trenches, ducts and crossings hang together in one piece for one connected net."""
    drawn = [*plan.segments.geometry, *plan.crossings.geometry]
    if not drawn:
        return
    net = shapely.union_all(drawn).buffer(0.05)
    assert net.geom_type == "Polygon"
    feet = shapely.get_point(plan.drops.geometry.to_numpy(), 0)
    assert shapely.distance(net, feet).max(initial=0.0) < 0.6


@settings(
    deadline=None,
    max_examples=3,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    heights=st.lists(st.integers(2, 8), min_size=2, max_size=3),
    owners=st.lists(st.sampled_from(["VNPT", "Viettel", "SCTV"]), min_size=1, max_size=4),
    free=st.integers(0, 5),
)
def test_random_little_nets_are_joined_within_bounds_and_sum(
    town, prices, heights, owners, free
) -> None:
    streets = [street("S0", (0, 0), (100.0 * len(heights), 0), name="Trục")]
    streets += [
        street(f"S{k}", (100 * k, 0), (100 * k, 20 * h), name=f"Nhánh {k}")
        for k, h in enumerate(heights, 1)
    ]
    wires = [
        cable(f"F{k}", (-40, 4 - k), (100 * (1 + k % len(heights)), 4 - k),
              (100 * (1 + k % len(heights)) + 4, 260), operator=owner)
        for k, owner in enumerate(owners)
    ]  # fmt: skip
    duct = {"duct_id": "D1", "owner": "VNPT", "bores": 6, "free_bores": free,
            "geometry": shifted((10, 4.5), (90, 4.5))}  # fmt: skip
    layers = town(streets=streets, fibre=wires, ducts=[duct])
    names = [row["name"] for row in streets]
    plan = plan_underground(layers, streets=names, prices=prices)
    assert 0 < plan.bound_vnd <= plan.cost_vnd
    tables_sum(plan)
    everything_joined(plan)
    assert plan.segments["reused"].max() <= free
    along = plan.uses[plan.uses.index.get_level_values("segment_id").str.startswith("G")]
    carried = along.groupby("segment_id")["bores"].sum()
    room = plan.segments["bores"] + plan.segments["reused"]
    assert (carried <= room.loc[carried.index]).all()
    shuffled = Layers("town", CRS, {n: t.iloc[::-1] for n, t in layers.tables.items()})
    again = plan_underground(shuffled, streets=names, prices=prices)
    assert again.bill.equals(plan.bill)
    assert again.bound_vnd == plan.bound_vnd


def test_uses_weigh_what_the_owners_weigh(works, prices) -> None:
    plan = plan_underground(works.layers, streets=list(works.streets), prices=prices)
    weights = works.dug().weights["diameter"]
    assert plan.uses.groupby("owner")["weight_vnd"].sum().to_dict() == dict(weights)
    assert set(plan.segments["owners"].str.split(";").explode()) == {"FPT", "VNPT", "Viettel", ""}
    assert plan.cables["owner"].tolist() == ["FPT", "VNPT", "Viettel"]
    vnpt = plan.cables[plan.cables["owner"] == "VNPT"].iloc[0]
    assert 350 < vnpt["length_m"] < 420
    known = {*plan.segments.index, *plan.crossings.index}
    assert set(vnpt["segment_ids"].split(";")) <= known


def test_new_cable_is_billed_by_its_way_through_the_trenches(works, prices) -> None:
    plan = plan_underground(works.layers, streets=list(works.streets), prices=prices)
    billed = plan.lines[plan.lines["item"] == "cable_new"].groupby("owner")["quantity"].sum()
    laid = (plan.cables["length_m"] * plan.cables["cables"]).groupby(plan.cables["owner"]).sum()
    assert billed.to_dict() == pytest.approx(laid.to_dict(), abs=0.02)
    removed = plan.removed.set_index("operator")["length_m"]
    assert abs(billed["VNPT"] - 1.03 * removed["VNPT"]) > 1.0


def test_assumptions_tell_what_the_cost_rests_on(works, prices) -> None:
    plan = plan_underground(works.layers, streets=list(works.streets), prices=prices)
    table = plan.assumptions
    assert table.loc["price", "counts_vnd"].sum() == plan.cost_vnd
    assert not table.loc[("rule", "gap_m"), "verified"]
    assert table.loc[("rule", "cover_footway_m"), "verified"]
    assert table["source"].str.len().gt(5).all()


@pytest.mark.parametrize(("free", "asked_new"), [(8, False), (1, True)])
def test_a_duct_is_used_up_to_its_free_bores(town, prices, free, asked_new) -> None:
    duct = {"duct_id": "D1", "owner": "VNPT", "bores": 8, "free_bores": free,
            "geometry": shifted((0, 4.5), (200, 4.5))}  # fmt: skip
    layers = town(streets=[ONE], fibre=WIRES[:2], ducts=[duct], buildings=[house("B", 20, 11)])
    plan = plan_underground(layers, streets=["S1"], prices=prices)
    along = plan.segments[plan.segments["shared"].notna()]
    assert along["length_m"].sum() > 150
    assert (along["kind"] == "trench").any() == asked_new
    assert along["reused"].max() <= free


@pytest.mark.parametrize(
    ("layer", "row", "kind", "method"),
    [
        ("rail", {"rail_id": "R1", "geometry": shifted((100, -60), (100, 60))}, "rail", "hdd"),
        ("waterways", {"waterway_id": "W1", "width_m": 8.0,
                       "geometry": shifted((100, -60), (100, 60))}, "river", "hdd"),
    ],
)  # fmt: skip
def test_railways_and_rivers_are_drilled_under(town, prices, layer, row, kind, method) -> None:
    houses = [house("B0", 20, 11), house("B1", 180, 11)]
    layers = town(streets=[ONE], fibre=[WIRES[0]], buildings=houses, **{layer: [row]})
    plan = plan_underground(layers, streets=["S1"], prices=prices)
    over = plan.crossings[plan.crossings["kind"] == kind]
    assert over["method"].unique().tolist() == [method]
    assert over["length_m"].tolist() == pytest.approx([28.0 if kind == "river" else 20.0], abs=0.1)
    items = set(plan.bill["item"])
    assert {f"crossing_{kind}", f"crossing_{kind}_fixed"} <= items
    assert ("permit_rail" in items) == (kind == "rail")


def test_a_street_on_a_bridge_hangs_its_ducts_under_it(town, prices) -> None:
    parts = [
        street("S1", (0, 0), (80, 0)),
        street("S2", (80, 0), (130, 0), bridge="Cầu Cày"),
        street("S3", (130, 0), (200, 0)),
    ]
    row = {"waterway_id": "W1", "width_m": 20.0, "geometry": shifted((105, -60), (105, 60))}
    layers = town(streets=parts, fibre=[WIRES[1]], waterways=[row],
                  buildings=[house("B0", 20, -11), house("B1", 180, -11)])  # fmt: skip
    plan = plan_underground(layers, streets=["Phan Đình Phùng"], prices=prices)
    assert plan.crossings["kind"].tolist() == ["bridge"]
    assert plan.crossings["method"].tolist() == ["bridge"]
    assert plan.crossings["length_m"].tolist() == pytest.approx([50.0], abs=1.0)
    assert "crossing_river" not in set(plan.bill["item"])


def test_wider_trenches_cost_excavation_and_reinstatement(town, prices) -> None:
    many = [cable(f"F{k}", (-60, 5), (260, 5), operator=f"Đơn vị {k}") for k in range(6)]
    layers = town(streets=[ONE], fibre=many, buildings=[house("B0", 20, 11)])
    plan = plan_underground(layers, streets=["S1"], prices=prices)
    bill = plan.bill.set_index("item")["quantity"]
    assert plan.segments["bores"].unique().tolist() == [8]  # six owners, drops, a spare one
    extra = (0.70 * 0.85 - 0.34) * 200
    assert bill["excavation_extra"] == pytest.approx(extra, abs=0.1)
    assert bill["reinstatement_extra_paving"] == pytest.approx(0.30 * 200, abs=0.1)


@pytest.mark.parametrize(
    "words", ["phan dinh phung: Ha Huy Tap - 60", "Phan Đình Phùng: 60 m - Hà Huy Tập"]
)
def test_a_part_of_a_street_is_named_from_place_to_place(town, prices, words) -> None:
    layers = town(streets=[ONE, TURN], fibre=WIRES[:2])
    plan = plan_underground(layers, streets=[words], prices=prices)
    west = plan.segments.total_bounds[0] - 540_000
    assert west == pytest.approx(60, abs=1.5)


def test_a_part_that_is_not_there_lists_near_names(town, prices) -> None:
    layers = town(streets=[ONE, TURN])
    with pytest.raises(SettingsError, match=r"no place 'Ha Huy Tam'.*near: Hà Huy Tập"):
        plan_underground(layers, streets=["Phan Đình Phùng: Ha Huy Tam - 60"], prices=prices)


def test_a_street_that_does_not_meet_the_one_in_parts_is_not_offered(town, prices) -> None:
    far = street("S9", (5000, 5000), (5100, 5000), name="Ha Huy Tam")
    layers = town(streets=[ONE, TURN, far])
    with pytest.raises(SettingsError, match=r"no place 'Ha Huy Tam'.*near: Hà Huy Tập\)"):
        plan_underground(layers, streets=["Phan Đình Phùng: Ha Huy Tam - 60"], prices=prices)


def test_houses_are_served_from_their_own_side(town, prices) -> None:
    # nearer to the left footway of the other street than to the right one of its own
    layers = town(streets=[ONE], fibre=[WIRES[1]],
                  buildings=[house("B0", 50, -11), house("B1", 150, -11)])  # fmt: skip
    plan = plan_underground(layers, streets=["S1"], prices=prices)
    ends = shapely.get_coordinates(shapely.get_point(plan.drops.geometry.to_numpy(), 0))
    assert (ends[:, 1] < 2_030_000).all()


def test_a_survey_takes_the_place_of_drawn_lines(town, prices) -> None:
    layers = town(streets=[ONE, TURN], fibre=WIRES[:2])
    counted = survey(layers, [
        {"street": "phan dinh phung", "side": "left", "owner": "Công an", "cables": 3},
        {"street": "S1", "side": "even", "owner": "SCTV", "from_place": "50",
         "to_place": "Hà Huy Tập"},
    ])  # fmt: skip
    plan = plan_underground(counted, streets=["Phan Đình Phùng"], prices=prices)
    removed = plan.removed.set_index("operator")["length_m"]
    assert removed["Công an"] == pytest.approx(600, abs=2)
    assert removed["SCTV"] == pytest.approx(150, abs=2)
    assert set(removed.index) == {"Công an", "SCTV"}
    left = plan.findings[plan.findings["code"] == "survey_leaves_out"].set_index("feature_id")
    drawn_m = left.loc["VNPT", "value"]
    assert drawn_m > 190
    assert "Công an" not in left.index
    (told,) = left_out_told(plan, words("vi"))
    assert told.startswith("Đường Phan Đình Phùng lấy số liệu theo bảng khảo sát")
    assert f"VNPT {drawn_m:.0f} m" in told
    said = finding_told(left.reset_index().iloc[0].to_dict(), words("vi"))
    assert said.startswith("Đường Phan Đình Phùng: ")
    assert "không được tính" in said
    assert any("survey: Phan Đình Phùng, VNPT" in note for note in plan.provenance.notes)


def test_a_street_without_a_survey_is_not_said_to_have_one(town, prices) -> None:
    layers = town(streets=[TURN, ONE], fibre=WIRES[:2])
    counted = survey(layers, [{"street": "Phan Đình Phùng", "side": "left", "owner": "SCTV"}])
    plan = plan_underground(counted, streets=["Hà Huy Tập", "Phan Đình Phùng"], prices=prices)
    left = plan.findings[plan.findings["code"] == "survey_leaves_out"]
    assert set(left["street"]) == {"Phan Đình Phùng"}


def test_surveyed_cable_goes_on_into_the_next_street_without_a_riser(town, prices) -> None:
    layers = town(streets=[ONE, TURN], buildings=[house("B0", 20, 11)])
    rows = [{"street": "S1", "side": "left", "owner": "VNPT"},
            {"street": "S2", "side": "left", "owner": "VNPT"}]  # fmt: skip
    both = plan_underground(survey(layers, rows), streets=["S1", "S2"], prices=prices)
    one = plan_underground(survey(layers, rows), streets=["S1"], prices=prices)
    risers = [int(p.bill.set_index("item")["quantity"]["riser"]) for p in (both, one)]
    assert risers == [2, 2]


def test_all_faults_of_a_survey_are_listed_with_near_names(town, prices) -> None:
    layers = survey(town(streets=[ONE, TURN]), [
        {"street": "Pham Dinh Phung", "owner": "VNPT"},
        {"street": "Hà Huy Tập", "owner": "VNPT", "from_place": "Phan Dinh Phunh"},
        {"street": "Hà Huy Tập", "owner": "VNPT", "from_place": "40", "to_place": "40,5"},
    ])  # fmt: skip
    with pytest.raises(LayerError) as caught:
        plan_underground(layers, streets=["S1"], prices=prices)
    told = str(caught.value)
    assert "3 fault(s)" in told
    assert told.count("near: Phan Đình Phùng") + told.count("near: phan dinh phung") == 2
    assert "V3" in told


def test_a_cable_that_no_trench_can_follow_is_named(town, prices) -> None:
    beside = street("S7", (0, 12), (200, 12), name="Song Hành")
    crossing = cable("F8", (100, -40), (100, 60), operator="EVN")
    layers = town(streets=[ONE, beside], fibre=[crossing])
    with pytest.raises(NoRouteError, match=r"F8 of EVN in .*Song Hành.*E 5401"):
        plan_underground(layers, streets=["S1", "S7"], prices=prices)


def test_heavier_cable_needs_more_bores(town, prices) -> None:
    thick = [cable(f"F{k}", (-60, 5), (260, 5), diameter_mm=40.0) for k in range(4)]
    layers = town(streets=[ONE], fibre=thick, buildings=[house("B0", 20, 11)])
    plan = plan_underground(layers, streets=["S1"], prices=prices)
    need = int(np.ceil(4 * 40**2 / (110**2 * 0.5 / 1.3)))
    assert plan.uses["bores"].max() == need == 2
    assert plan.uses["cables"].max() == 4


def test_a_cable_drawn_amiss_beside_its_street_stays_in_it(town, prices) -> None:
    def task(*points):
        wire = cable("F1", *points, operator="VNPT")
        demand = prepare_works(
            town(streets=[ONE], fibre=[wire]), streets=["S1"], prices=prices
        ).demand
        return demand.task(frozenset({0}), frozenset({0}))

    true = task((-60, 5), (260, 5))
    strayed = task((-60, 5), (80, 6), (100, 12.5), (120, 6), (260, 5))
    away = task((-60, 5), (80, 6), (85, 40), (115, 40), (120, 6), (260, 5))
    assert len(true.risers) == len(strayed.risers) == 2
    assert strayed.removed[0, 0][0] == pytest.approx(true.removed[0, 0][0], rel=0.03)
    assert len(away.risers) == 4
    assert away.removed[0, 0][0] < 0.9 * true.removed[0, 0][0]
