"""A small undergrounding plan with every table that papers read."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import xarray as xr

from infraplan.cables import CablePlan
from infraplan.cables import PriceBook
from infraplan.cables import plan_underground
from infraplan.cables.study import filled_table
from infraplan.layers.bundle import Layers
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from tests.cables.conftest import CRS
from tests.cables.conftest import EAST
from tests.cables.conftest import NORTH
from tests.cables.conftest import cable
from tests.cables.conftest import house
from tests.cables.conftest import shifted
from tests.cables.conftest import street
from tests.cables.conftest import table_of

HOSTILE = "{{ 7*7 }}{% for %}</text><script>alert(1)</script>&\"'\x01=cmd|' /C calc'!A0 \ud800 dài"
OWNERS = ("MobiFone", "VNPT")
SLOPE = 0.01
BASE_M = 5.0


def ground() -> xr.DataArray:
    """Return a plane that rises to the east."""
    x, y = EAST + np.arange(-100.0, 500.0, 30.0), NORTH + np.arange(300.0, -300.0, -30.0)
    plane = np.broadcast_to(BASE_M + SLOPE * (x - EAST), (len(y), len(x)))
    return xr.DataArray(plane, coords={"y": y, "x": x}, dims=("y", "x"))


@cache
def book() -> PriceBook:
    return PriceBook.from_dict(read_toml(data_path("prices/vn-assumed.toml")))


@cache
def plan(
    name: str = "Phan Đình Phùng", *, with_ground: bool = True, width_m: float = 12.0
) -> CablePlan:
    """Return a plan of two streets that cross, one of them drawn in two directions."""
    looks = {"width_m": width_m, "name": name}
    tables = {
        "streets": [
            street("S1", (0, 0), (160, 0), **looks),
            street("S2", (320, 0), (160, 0), **looks),
            street("S3", (160, -150), (160, 0), name="Trần Phú"),
            street("S4", (160, 0), (160, 150), name="Trần Phú"),
        ],
        "fibre": [
            cable("F1", (0, 7), (320, 7)),
            cable("F2", (165, -150), (165, 150), operator="VNPT", diameter_mm=20.0),
            cable("F3", (0, -7), (320, -7), operator="MobiFone"),
        ],
        "buildings": [house(f"H{k}", 20 + 40 * k, 14) for k in range(7)],
        "ducts": [
            {"duct_id": "D1", "owner": "VNPT", "bores": 4, "free_bores": 3, "diameter_mm": 110.0,
             "street_id": None, "side": None, "geometry": shifted((20, 4.5), (130, 4.5))}
        ],
        "waterways": [
            {"waterway_id": "W1", "name": "Kênh N1", "geometry": shifted((80, -50), (80, 50))}
        ],
    }  # fmt: skip
    made = {layer: table_of(layer, rows) for layer, rows in tables.items()}
    rasters = {"terrain": ground()} if with_ground else {}
    layers = Layers("town", CRS, made, rasters)
    return _dressed(plan_underground(layers, streets=[name, "Trần Phú"], prices=book()))


def _dressed(bare: CablePlan) -> CablePlan:
    """Return a plan with what later steps add to segments."""
    rules = book().rules
    segments = bare.segments.copy()
    new = (segments["kind"] == "trench").to_numpy()
    layouts = [rules.layout(max(bores, 1)) for bores in segments["bores"]]
    depth = [
        rules.depth_m(x, where) for x, where in zip(layouts, segments["placement"], strict=True)
    ]
    cover = np.where(segments["placement"] == "footway", rules.cover_footway_m,
                     rules.cover_carriageway_m)  # fmt: skip
    for column, values in (
        ("layers", [x.layers for x in layouts]), ("mouth_m", [x.mouth_m for x in layouts]),
        ("bottom_m", [x.bottom_m for x in layouts]), ("depth_m", depth), ("cover_m", cover),
    ):  # fmt: skip
        segments[column] = np.where(new, np.asarray(values, dtype=np.float64), np.nan)
    uses = {
        (str(segment_id), owner): {"cables": 1, "bores": 1, "length_m": 1.0}
        for segment_id in segments.index
        for owner in OWNERS
    }
    return replace(bare, segments=segments, uses=filled_table("uses", uses))


@cache
def studied() -> CablePlan:
    """Return the plan with the tables of all later steps."""
    bare = plan()
    cost = bare.cost_vnd
    first, second = "Phan Đình Phùng", "Trần Phú"
    line = {"quantity": 1.0, "unit": "m", "price_vnd": 1, "source": "s", "verified": False}
    tables = {
        "lines": {
            ("1",): {**line, "street": first, "cost_vnd": cost - 1_000_000, "item": "riser"},
            ("2",): {**line, "street": second, "cost_vnd": 1_000_000, "item": "riser"},
        },
        "share_rules": {
            (rule, owner): {"weight": 1.0, "cost_vnd": k + 1_000_000 * j, "share": 0.5,
                            "alone_vnd": 777_777_000 + j}
            for k, rule in enumerate(("diameter", "occupancy", "length", "alone"))
            for j, owner in enumerate(bare.shares["operator"])
        },
        "investment": {
            ("construction",): {"amount_vnd": cost, "verified": False},
            ("vat",): {"rate": 0.1, "amount_vnd": 123_456_789, "verified": False},
            ("total",): {"amount_vnd": 2_000_000_000, "verified": False},
            ("low",): {"amount_vnd": 1_400_000_000, "verified": False},
            ("high",): {"amount_vnd": 3_000_000_000, "verified": False},
        },
        "funding": {("capital", "VNPT"): {"capital_vnd": 5, "rent_year_vnd": 6}},
        "phases": {
            (first,): {"year": 2027, "cost_vnd": 11},
            (second,): {"year": 2028, "cost_vnd": 12},
        },
        "years": {(2027,): {"budget_vnd": 100, "cost_vnd": 11}},
        "subsets": {
            ("1",): {"streets": f"{first};{second}", "cost_vnd": cost, "gap": 0.01},
            ("2",): {"streets": first, "cost_vnd": cost - 4_321, "gap": 0.0101,
                     "investment_vnd": 9},
            ("3",): {"streets": second, "cost_vnd": 4_444, "gap": 0.0},
        },
        "cutover": {
            ("1",): {"street": first, "step": "dig", "quantity": 300.0, "unit": "m"},
            ("2",): {"street": first, "step": "take_down", "quantity": 2.0, "unit": "each"},
        },
        "wishes": {(first, "force"): {"worth_lost": 1.5, "cost_vnd": 98_765, "possible": True}},
        "findings": {
            ("1",): {"code": "sum", "severity": "note", "feature_id": "G0001"},
            ("2",): {"code": "cover", "severity": "error", "feature_id": "G0002", "value": 0.45,
                     "limit": 0.5},
        },
        "assumptions": {
            ("rule", "cover"): {"value": 0.5, "unit": "m", "source": "TCVN", "verified": True},
            ("rule", "spacing"): {"value": 100.0, "unit": "m", "source": "s", "verified": False},
        },
    }  # fmt: skip
    return replace(bare, **{name: filled_table(name, rows) for name, rows in tables.items()})


def synthetic(of: CablePlan) -> CablePlan:
    """Return a plan whose layers are made up."""
    return replace(of, provenance=replace(of.provenance, synthetic=("streets",)))


def marks_of(rows: pd.DataFrame, mark: str) -> list[str]:
    """Return the ids that stand under a mark."""
    pairs = [
        pair
        for marks, ids in zip(rows["mark"].fillna(""), rows["mark_id"].fillna(""), strict=True)
        for pair in zip(marks.split(";"), ids.split(";"), strict=False)
    ]
    return [name for kind, name in pairs if kind == mark]
