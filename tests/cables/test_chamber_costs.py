"""Costs of chambers by edge: no chambers that the rules place cost less, whatever is dug."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck
from hypothesis import Phase
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st

from infraplan.cables.chamber_costs import chamber_costs
from infraplan.cables.chamber_costs import extras_cost
from infraplan.cables.chambers import placed_chambers
from infraplan.cables.works import _kinds
from infraplan.cables.works import _Stops
from infraplan.cables.works import prepare_works
from tests.cables.conftest import cable
from tests.cables.conftest import house
from tests.cables.conftest import shifted
from tests.cables.conftest import street


def random_tree(ends: np.ndarray, stops: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Return a tree of edges taken in some order, its ends that no stop needs cut off."""
    top = list(range(int(ends.max()) + 1))

    def above(v: int) -> int:
        while top[v] != v:
            v = top[v]
        return v

    tree = []
    for e in order.tolist():
        u, v = (above(w) for w in ends[e].tolist())
        if u != v:
            top[u] = v
            tree.append(e)
    while True:
        degree = np.bincount(ends[tree].ravel(), minlength=len(top))
        degree[stops] += 2
        kept = [e for e in tree if (degree[ends[e]] > 1).all()]
        if len(kept) == len(tree):
            return np.sort(np.asarray(kept, dtype=np.int64))
        tree = kept


@settings(
    deadline=None,
    max_examples=6,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(st.integers(10, 60), min_size=3, max_size=9),
    free=st.integers(0, 2),
    old=st.lists(st.integers(0, 300), max_size=2),
    seed=st.integers(0, 10_000),
)
def test_chambers_of_any_tree_cost_at_least_what_edges_say(
    town, prices, steps, free, old, seed
) -> None:
    at = np.cumsum(steps)
    streets = [
        street("S1", (0, 0), (320, 0)),
        street("S2", (160, 0), (160, 240), name="Hà Huy Tập"),
        street("S3", (320, 0), (320, 150), name="Trần Phú"),
    ]
    houses = [house(f"B{k}", float(x), 11.0 if k % 2 else -11.0) for k, x in enumerate(at)]
    houses += [house(f"C{k}", 171.0, float(x) / 2 + 20) for k, x in enumerate(at)]
    wires = [cable("F1", (-40, 4), (165, 4), (165, 280)), cable("F2", (-40, -4), (360, -4))]
    duct = {"duct_id": "D1", "owner": "VNPT", "bores": 6, "free_bores": free,
            "geometry": shifted((20, 4.5), (90, 4.5))}  # fmt: skip
    chambers = [
        {"chamber_id": f"H{k}", "kind": "handhole", "geometry": shifted((x, 4.5), (x, 5)).centroid}
        for k, x in enumerate(old)
    ]
    layers = town(streets=streets, fibre=wires, buildings=houses, ducts=[duct], chambers=chambers)
    works = prepare_works(layers, streets=["S1", "S2", "S3"], prices=prices)
    every = np.arange(len(works.trench.edges))
    stops = _Stops(works, works.demand.task(frozenset({0, 1, 2}), frozenset(range(1))))
    least = works.tariff.cost_vnd.min(axis=1)
    risers = np.unique(stops.risers)
    stand = chamber_costs(
        works.trench, every, least, stops.terminals, risers, works.beside, prices=prices
    )
    assert (stand.more >= -least - 1e-6).all()
    rng = np.random.default_rng(seed)
    for _ in range(4):
        weight = works.trench.table["length_m"].to_numpy() * rng.uniform(0.2, 1.0, len(every))
        tree = random_tree(works.trench.edges, stops.terminals, np.argsort(weight))
        # what is in a duct with free bores may be dug beside it, or not
        laid = np.where(works.trench.table["free"].to_numpy()[tree] > 0, rng.integers(0, 2), 4)
        kinds = _kinds(works.trench, tree, laid)
        dug_graph = replace(works.trench, table=works.trench.table.assign(kind=kinds))
        placed = placed_chambers(
            dug_graph, tree, risers, layers.table("chambers"),
            prices=prices, crs=layers.crs,
        )  # fmt: skip
        dug = np.isin(every, tree)
        counted = stand.fixed + stand.more[tree].sum() + extras_cost(stand.extras, dug)
        assert counted <= placed["cost_vnd"].sum() + 1e-3
        assert counted >= 0.25 * placed["cost_vnd"].sum() or free or old


def test_a_long_trench_and_a_junction_are_told_by_extras(town, prices) -> None:
    streets = [street("S1", (0, 0), (320, 0)), street("S2", (160, 0), (160, 240), name="Hai")]
    layers = town(streets=streets, fibre=[cable("F1", (-40, 4), (360, 4))],
                  buildings=[house("B", 60, 11)])  # fmt: skip
    works = prepare_works(layers, streets=["S1", "S2"], prices=prices)
    every = np.arange(len(works.trench.edges))
    stand = chamber_costs(
        works.trench, every, works.tariff.cost_vnd.min(axis=1), np.asarray([0, 1]),
        np.zeros(0, dtype=np.int64), works.beside, prices=prices,
    )  # fmt: skip
    hand, man = (prices.price_vnd(f"chamber_{kind}") for kind in ("handhole", "manhole"))
    costs = sorted({extra.cost for extra in stand.extras})
    assert costs == pytest.approx([hand / 2, hand, man - hand])
    metres = works.trench.table["length_m"].to_numpy()
    windows = [x.when[0][0] for x in stand.extras if x.cost == hand and len(x.when[0][0]) > 2]
    assert windows
    assert all(metres[list(edges)].sum() > 100 for edges in windows)
