"""A small plan of undergrounding, built in code, with every table that its bill shows."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import geopandas as gpd
import pandas as pd

from infraplan.cables import CablePlan
from infraplan.cables import PriceBook
from infraplan.cables.funding import FundingTerms
from infraplan.cables.funding import funding_table
from infraplan.cables.funding import rent_table
from infraplan.cables.investment import InvestmentRates
from infraplan.cables.investment import investment_table
from infraplan.cables.shares import SHARE_RULES
from infraplan.cables.shares import operator_shares
from infraplan.cables.shares import share_rules
from infraplan.cables.study import filled_table
from infraplan.layers.bundle import Layers
from infraplan.layers.bundle import Provenance
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.reports.bill_facts import half_up

HOSTILE = '=HYPERLINK("x") [a]*?/:\\\''
STREETS = ("Phan Đình Phùng", HOSTILE, "Trần Phú")
OWNERS = ("+cmd|'/C calc'!A0", "VNPT", "Viettel")
PRICES = PriceBook.from_dict(read_toml(data_path("prices/vn-assumed.toml")))
TERMS = FundingTerms.from_dict(read_toml(data_path("works/funding-vn.toml")))
RATES = InvestmentRates.from_dict(read_toml(data_path("works/investment-vn.toml")))


@dataclass
class Works:
    shared_vnd: int
    direct_vnd: dict[str, int]
    weights: dict[str, dict[str, int]]

    @property
    def cost_vnd(self) -> int:
        return self.shared_vnd + sum(self.direct_vnd.values())


def line(street: int, owner: str, item: str, quantity: float, **other: Any) -> dict[str, Any]:
    price = PRICES.items[item]
    return {
        "street": STREETS[street],
        "phase": 2027 + street // 2,
        "owner": owner,
        "item": item,
        "quantity": quantity,
        "unit": price.unit,
        "price_vnd": price.price_vnd,
        "cost_vnd": half_up(quantity, price.price_vnd),
        "source": f"{price.source}; {price.date}",
        "verified": False,
    } | other


LINES = [
    *(line(k, "", "trench_footway_paving", 100.01 + 37 * k) for k in range(3)),
    *(line(k, "", "chamber_manhole", 2.0 + k) for k in range(3)),
    *(line(k, o, "cable_new", 33.37 * (n + 1)) for k in range(3) for n, o in enumerate(OWNERS)),
    # a tie and a line that was rounded the other way
    line(0, "VNPT", "cable_removal", 0.5, price_vnd=10_001, cost_vnd=5_000),
    line(1, "Viettel", "cable_removal", 1.5, price_vnd=10_001, cost_vnd=15_002),
]


def works_of(lines: list[dict[str, Any]]) -> Works:
    direct = {o: sum(one["cost_vnd"] for one in lines if one["owner"] == o) for o in OWNERS}
    shared = sum(one["cost_vnd"] for one in lines if not one["owner"])
    weights = {
        rule: {owner: 12_345_677 * (n + 1) ** k + 1 for n, owner in enumerate(OWNERS)}
        for k, rule in enumerate(SHARE_RULES[:3])
    }
    return Works(shared, direct, weights)


def alone_of(works: Works) -> dict[str, int]:
    return {
        o: own + works.shared_vnd // (n + 2) for n, (o, own) in enumerate(works.direct_vnd.items())
    }


def undergrounding(**other: Any) -> CablePlan:
    works = works_of(LINES)
    uses = {
        ("G1", owner): {"cables": n + 1, "diameter_mm": 12.0 * (n + 1), "length_m": 100.25}
        for n, owner in enumerate(OWNERS)
    }
    rents = rent_table(filled_table("uses", uses), TERMS)
    subsets: dict[tuple[str | float, ...], dict[str, Any]] = {}
    shares: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for size in range(1, 4):
        for some in combinations(STREETS, size):
            part = works_of([one for one in LINES if one["street"] in some])
            alone = alone_of(part)
            mask = sum(2 ** STREETS.index(name) for name in some)
            subsets[(mask,)] = {
                "streets": ";".join(some), "cost_vnd": part.cost_vnd, "bound_vnd": part.cost_vnd,
                "gap": 0.012, "length_m": 100.0 * size, "chambers": 2 * size,
                "removed_m": 10.0, "investment_vnd": 2 * part.cost_vnd,
            }  # fmt: skip
            for rule in SHARE_RULES:
                for owner in OWNERS:
                    shares[mask, rule, owner] = {
                        "weight": part.weights.get(rule, {}).get(owner, 0),
                        "direct_vnd": part.direct_vnd[owner], "alone_vnd": alone[owner],
                    }  # fmt: skip
    bill = pd.DataFrame(LINES).groupby("item", as_index=False, sort=False).agg(
        {"quantity": "sum", "unit": "first", "price_vnd": "first", "cost_vnd": "sum",
         "source": "first", "verified": "first"}
    )  # fmt: skip
    empty = gpd.GeoDataFrame(geometry=[], crs="EPSG:9209")
    values: dict[str, Any] = {
        "segments": empty, "chambers": empty, "crossings": empty, "drops": empty, "bill": bill,
        "shares": operator_shares(works.weights["diameter"], works.cost_vnd),
        "removed": pd.DataFrame(), "cost_vnd": works.cost_vnd, "bound_vnd": works.cost_vnd,
        "gap": 0.012, "bores": 4, "poles_removed": 0, "stopped_by_time": False,
        "layers": Layers("town", "EPSG:9209", {}),
        "provenance": Provenance("underground", "1", synthetic=("fibre",)),
        "lines": filled_table("lines", {(f"L{n}",): one for n, one in enumerate(LINES)}),
        "share_rules": share_rules(works, alone_of(works)),
        "rents": rents, "funding": funding_table(works, rents, TERMS),
        "investment": investment_table(works.cost_vnd, RATES),
        "subsets": filled_table("subsets", subsets),
        "subset_shares": filled_table("subset_shares", shares),
    }  # fmt: skip
    return CablePlan(**(values | other))
