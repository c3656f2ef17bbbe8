"""Validation: every fault that it knows is found where it was put, and nothing on a clean plan."""

from dataclasses import replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan.cables import plan_underground
from infraplan.cables.study import filled_table
from infraplan.cables.technical import WorkRules
from infraplan.cables.validation import CODES
from infraplan.cables.validation import finding_points
from infraplan.cables.validation import validate_underground
from infraplan.layers.bundle import Layers
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.text import words
from tests.cables.conftest import CRS
from tests.cables.conftest import EAST
from tests.cables.conftest import NORTH
from tests.cables.conftest import cable
from tests.cables.conftest import house
from tests.cables.conftest import shifted
from tests.cables.conftest import street
from tests.cables.conftest import table_of

TODAY = date(2026, 11, 28)
FORMAL = {"price_unconfirmed", "rule_unconfirmed"}
SIDE = "Hà Huy Tập"


def at(x, y):
    return shapely.Point(EAST + x, NORTH + y)


def survey(survey_id, **looks):
    return {"survey_id": survey_id, "street": SIDE, "owner": "VNPT", "cables": 1, "geometry": None,
            "surveyed_on": pd.Timestamp(2026, 9, 1), "signed_by": "Lê B"} | looks  # fmt: skip


TABLES = {
    "streets": [street("S1", (0, 0), (200, 0)), street("S2", (200, 0), (200, 150), name=SIDE)],
    "fibre": [cable("F1", (0, 5), (210, 5)), cable("F2", (195, -4), (195, 152), operator="VNPT")],
    "buildings": [house(f"B{k}", 20 * k, 11, use="dwelling") for k in range(1, 8)],
    "ducts": [{"duct_id": "D1", "owner": "VNPT", "bores": 4, "free_bores": 2, "diameter_mm": 110.0,
               "geometry": shifted((30, 4.5), (170, 4.5))}],
    "chambers": [{"chamber_id": "K1", "kind": "handhole", "geometry": at(30, 4.5)},
                 {"chamber_id": "K2", "kind": "handhole", "geometry": at(100, 4.5)},
                 {"chamber_id": "K3", "kind": "handhole", "geometry": at(170, 4.5)}],
    "cable_survey": [survey("V1")],
    "communes": [{"code": "C", "name": "x", "geometry": at(100, 50).buffer(5000)}],
}  # fmt: skip


def layers_of(tables):
    return Layers("town", CRS, {name: table_of(name, rows) for name, rows in tables.items()})


@pytest.fixture(scope="module")
def rules() -> WorkRules:
    return WorkRules.from_dict(read_toml(data_path("works/vn-2025.toml")))


@pytest.fixture(scope="module")
def plan(prices):
    return plan_underground(layers_of(TABLES), streets=["S1", "S2"], prices=prices)


def with_rows(plan, layer, *rows, drop=()):
    kept = [row for row in TABLES.get(layer, []) if next(iter(row.values())) not in drop]
    return replace(plan, layers=layers_of({**TABLES, layer: [*kept, *rows]}))


def found(plan, rules, code):
    findings = validate_underground(plan, rules, as_of=TODAY)
    return findings[findings["code"] == code]


def test_a_clean_plan_has_only_what_nobody_confirmed(plan, rules) -> None:
    findings = validate_underground(plan, rules, as_of=TODAY)
    assert set(findings["code"]) == FORMAL
    assert len(findings[findings["code"] == "price_unconfirmed"]) == len(plan.bill)


INPUTS = {  # code -> layer, rows added, rows left out, the feature that is at fault
    "line_short": ("fibre", [cable("X", (50, 5), (50, 5))], (), "X"),
    "line_twice": ("fibre", [cable("X", (0, 5.2), (210, 5.2))], (), "X"),
    "beside_doubtful": ("fibre", [cable("X", (60, 10.2), (125, 10.2), operator="FPT")], (), "X"),
    "line_gap": ("streets", [street("X", (100, 0.6), (100, 90), name="x")], (), "X"),
    "line_end": ("fibre", [cable("X", (5, 4), (190, 4), to_id="K1")], (), "X"),
    "duct_end": ("ducts", [{"duct_id": "X", "owner": "VNPT", "geometry":
                            shifted((40, -4.5), (90, -4.5))}], (), "X"),
    "duct_bores": ("ducts", [{"duct_id": "X", "owner": "VNPT", "bores": 2, "free_bores": 3,
                              "geometry": shifted((30, 4), (100, 4))}], (), "X"),
    "outside": ("poles", [{"pole_id": "X", "geometry": at(9000, 0)}], (), "X"),
    "no_owner": ("fibre", [cable("X", (20, 4), (60, 4), operator=None)], (), "X"),
    "no_surface": ("streets", [street("X", (0, -30), (90, -30), surface=None)], (), "X"),
    "survey_old": ("cable_survey", [survey("X", surveyed_on=pd.Timestamp(2025, 11, 1))], (), "X"),
    "survey_undated": ("cable_survey", [survey("X", surveyed_on=None)], (), "X"),
    "survey_unsigned": ("cable_survey", [survey("X", signed_by=" ")], (), "X"),
    "survey_differs": ("cable_survey", [survey("V1", cables=3)], ("V1",), "VNPT"),
    "survey_twice": ("cable_survey", [survey("X")], (), "X"),
    "chamber_entrance": ("buildings", [house("X", 1, 11, use="school")], (), None),
    "pole_busy": ("poles", [{"pole_id": "X", "owner": "VNPT", "geometry": at(195, 155)}], (), "X"),
}  # fmt: skip


@pytest.mark.parametrize("code", INPUTS)
def test_a_fault_of_the_input_is_found(plan, rules, code) -> None:
    layer, rows, drop, feature = INPUTS[code]
    if code == "pole_busy":
        longer = cable("F2", (195, -4), (195, 400), operator="VNPT")
        tables = {**TABLES, "fibre": [TABLES["fibre"][0], longer], layer: rows}
        made = found(replace(plan, layers=layers_of(tables)), rules, code)
    else:
        made = found(with_rows(plan, layer, *rows, drop=drop), rules, code)
    assert len(made) >= 1
    assert feature is None or set(made["feature_id"]) == {feature}
    assert made["x_m"].notna().all() or code == "no_owner"


def test_rows_of_one_part_of_a_street_add_up(plan, rules) -> None:
    thin = survey("V2", diameter_mm=6.0)
    assert found(with_rows(plan, "cable_survey", thin), rules, "survey_differs")[
        "limit"
    ].tolist() == [2.0]
    elsewhere = survey("V2", from_place="90")
    assert found(with_rows(plan, "cable_survey", elsewhere), rules, "survey_differs").empty


@pytest.mark.parametrize(
    ("looks", "twice"),
    [
        ({"street": "hà  HUY tap", "cables": 9, "signed_by": "X"}, True),
        ({"owner": "FPT"}, False),
        ({"side": "left"}, False),
        ({"from_place": "90"}, False),
        ({"diameter_mm": 6.0}, False),
        ({"cores": 24}, False),
    ],
)  # fmt: skip
def test_a_row_is_counted_twice_if_all_but_its_count_is_said_before(plan, rules, looks, twice):
    made = found(with_rows(plan, "cable_survey", survey("X", **looks)), rules, "survey_twice")
    assert made["feature_id"].tolist() == ["X"] * twice


def changed(table, name, column, value):
    new = table.copy()
    if column not in new:
        new[column] = None
    new[column] = new[column].astype("object")
    new.loc[name, column] = value
    return new


def moved(frame, name, geometry):
    new = frame.copy()
    new.loc[name, "geometry"] = geometry
    return new


def defects(plan):
    """Return for each code about the plan itself a plan that has that fault."""
    new = plan.segments[plan.segments["kind"] == "trench"].index[0]
    duct = plan.segments[plan.segments["kind"] == "duct"].index[0]
    drop = plan.drops.index[0]
    use = {"cables": 2, "diameter_mm": 14.0, "section_mm2": 300.0, "bores": 1, "length_m": 50.0}
    one = {"owner": "VNPT", "segment_ids": new, "length_m": 100.0, "margin_db": 1.0}
    kink = shapely.LineString([at(0, 4.5).coords[0], at(10, 4.5).coords[0], at(10, 4.6).coords[0],
                               at(20, 4.6).coords[0]])  # fmt: skip
    comb = shapely.LineString([at(10 * k, 4.5 + 8 * (k % 2)).coords[0] for k in range(10)])
    long = gpd.GeoDataFrame(
        {"street": ["x"], "kind": ["trench"], "placement": ["footway"], "shared": [None],
         "length_m": [500.0]}, geometry=[shifted((0, -60), (500, -60))], index=["G9"], crs=CRS,
    )  # fmt: skip
    rail = plan.crossings.iloc[:0].copy()
    rail.loc["X9", ["street", "kind", "method"]] = ["x", "rail", "hdd"]
    rail = rail.assign(depth_m=1.2)
    rail["geometry"] = [shifted((0, 0), (9, 0))]
    uses = filled_table("uses", {(new, "VNPT"): use, (duct, "VNPT"): use | {"bores": 9}})
    chamber = plan.chambers[~plan.chambers["existing"]].index[0]
    segments = plan.segments
    return {
        "chamber_spacing": replace(plan, segments=pd.concat([segments, long])),
        "pull_tension": replace(plan, segments=moved(segments, new, comb),
                                chambers=plan.chambers.iloc[:0]),
        "chamber_close": replace(plan, chambers=pd.concat(
            [plan.chambers, plan.chambers.loc[[chamber]].rename(index={chamber: "B9999"})])),
        "chamber_junction": with_cross(plan, chamber),
        "chamber_bus_stop": with_stop(plan, chamber),
        "cover": replace(plan, segments=changed(segments, new, "cover_m", 0.4)),
        "bend_radius": replace(plan, segments=moved(segments, new, kink), uses=uses),
        "duct_fill": replace(plan, uses=filled_table("uses", {
            (new, "VNPT"): use | {"section_mm2": 6000.0}})),
        "duct_full": replace(plan, uses=uses),
        "drop_long": replace(plan, drops=changed(plan.drops, drop, "length_m", 55.0)),
        "drop_far": replace(plan, drops=moved(plan.drops, drop, shifted((80, 4.5), (80, 7))),
                            chambers=plan.chambers[plan.chambers.geometry.x > EAST + 150],
                            layers=layers_of({**TABLES, "chambers": TABLES["chambers"][2:]})),
        "not_joined": replace(plan, drops=moved(plan.drops, drop, shifted((80, 40), (80, 45)))),
        "crossing_depth": replace(plan, crossings=rail),
        "loss_high": replace(plan, cables=filled_table("cables", {
            ("N1",): one | {"outcome": "fail_loss"}})),
        "loss_low": replace(plan, cables=filled_table("cables", {
            ("N1",): one | {"outcome": "fail_power"}})),
        "loss_unknown": replace(plan, cables=filled_table("cables", {
            ("N1",): one | {"outcome": "unknown", "margin_db": np.nan}})),
        "survey_leaves_out": replace(plan, findings=filled_table("findings", {
            ("S0001",): {"code": "survey_leaves_out", "layer": "cable_survey", "feature_id": "FPT",
                         "street": "Hà Huy Tập", "value": 90.0}})),
        "sum": replace(plan, cost_vnd=plan.cost_vnd + 1),
    }  # fmt: skip


def with_cross(plan, chamber):
    """Return the plan with a cross of streets through one of its chambers."""
    point = plan.chambers.geometry[chamber]
    x, y = point.x - EAST, point.y - NORTH
    rows = [street(f"X{k}", (x, y), (x + dx, y + dy), name=f"x{k}", width_m=8.0)
            for k, (dx, dy) in enumerate(((90, 60), (-60, 90), (-90, -60)))]  # fmt: skip
    return replace(plan, layers=layers_of({**TABLES, "streets": rows}))


def with_stop(plan, chamber):
    """Return the plan with a bus stop beside one of its chambers."""
    stops = gpd.GeoDataFrame(geometry=[plan.chambers.geometry[chamber]], index=["X"], crs=CRS)
    layers = layers_of(TABLES)
    return replace(plan, layers=Layers("town", CRS, {**layers.tables, "bus_stops": stops}))


@pytest.mark.parametrize("code", sorted(set(CODES) - set(INPUTS) - FORMAL))
def test_a_fault_of_the_plan_is_found(plan, rules, code) -> None:
    made = found(defects(plan)[code], rules, code)
    assert len(made) >= 1
    assert made["x_m"].notna().all() or code == "sum"


def test_a_rule_that_nobody_confirmed_gives_warnings_only(plan, rules) -> None:
    far = replace(plan, drops=changed(plan.drops, plan.drops.index[0], "length_m", 55.0))
    assert found(far, rules, "drop_long")["severity"].tolist() == ["warning"]
    sure = {**rules.rules, "drop": replace(rules.rules["drop"], verified=True)}
    assert found(far, WorkRules("x", sure), "drop_long")["severity"].tolist() == ["error"]


def test_a_rule_that_is_not_applied_is_not_asked_for(plan, rules) -> None:
    far = replace(plan, drops=changed(plan.drops, plan.drops.index[0], "length_m", 55.0))
    ended = {**rules.rules, "drop": replace(rules.rules["drop"], valid_to="2026-01-01")}
    assert found(far, WorkRules("x", ended), "drop_long").empty


def test_errors_come_first_and_the_order_is_the_same_each_time(plan, rules) -> None:
    bad = replace(plan, cost_vnd=plan.cost_vnd + 1)
    one, two = (validate_underground(bad, rules, as_of=TODAY) for _ in range(2))
    assert one.equals(two)
    ranks = one["severity"].map({"error": 0, "warning": 1, "note": 2})
    assert ranks.is_monotonic_increasing
    assert one["code"].iloc[0] == "sum"


def test_findings_are_points_that_geojson_holds(plan, rules) -> None:
    made = validate_underground(defects(plan)["not_joined"], rules, as_of=TODAY)
    points = finding_points(made, crs=CRS)
    assert points["code"].tolist() == ["not_joined"]
    assert points.geometry.iloc[0].distance(at(80, 40)) < 0.01
    assert '"not_joined"' in points.to_json()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_code_has_words(language) -> None:
    say = words(language)
    for code in CODES:
        text = say(f"validation.{code}", feature="A", value=1, limit=2, street="S")
        assert "{" not in text
