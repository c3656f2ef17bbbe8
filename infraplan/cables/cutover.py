"""
The order of works that keeps everybody connected: new cable lives before the old is cut.

In a street: dig, set chambers, pull each owner's cable, splice and test it, connect its houses, cut
the old one, take it down, and at last remove the poles that carry nobody's cable any more. An old
cable that runs through several streets is cut when all of them are ready, whatever their years.
A street that a trench only crosses has no steps: its crossing is dug with the street that crosses.
"""

import heapq
from collections.abc import Iterable
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np

from infraplan.cables.demand import AT_POLE_M
from infraplan.cables.demand import cable_left
from infraplan.cables.study import filled_table
from infraplan.cables.trench import width_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from infraplan.cables.underground import CablePlan

__all__ = ["STEPS", "busy_poles", "cables_by_street", "cutover_order", "ground_by_street"]

STEPS = ("dig", "chamber", "pull", "splice", "connect", "cut", "take_down", "pole")
NEW_CABLE, REMOVAL = "cable_new", "cable_removal"  # items of the bill
UNITS = {"dig": "m", "pull": "m", "take_down": "m"}
BESIDE_M = 2.0  # poles stand that far beyond the street's width at most
LEAST_INSIDE_M = 3.0
NEAR_TRENCH_M = 30.0  # ground farther from all trenches belongs to no work of the plan


class _Work(NamedTuple):
    """One step in one street, of one owner or of all."""

    street: str
    step: str
    owner: str


def cutover_order(plan: "CablePlan") -> "pd.DataFrame":
    """
    Return the works of a plan in an order in which nobody loses service.

    Parameters
    ----------
    plan
        Plan of undergrounding; `phases`, `uses`, `cables` and `lines` are used where they are.

    Returns
    -------
    cutover
        Table `cutover`: each step comes after all those it needs (`after`, orders joined by ;).
        `phase` is the year in which the step can be done: that of its street, or of the last street
        it has to wait for; 0 where streets have none.
    """
    streets = _streets(plan)
    hung = cables_by_street(plan)
    owners = _owners(plan, streets, hung)
    going = _poles_by_street(plan, hung)
    every = list(dict.fromkeys([*streets, *going]))  # some may have nothing but poles
    phase = _phases(plan, every)
    quantity = _quantities(plan, streets, owners, hung, going)
    needs = _needs(streets, owners, hung, going)
    when: dict[_Work, int] = {}
    number: dict[_Work, int] = {}
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
    rank = {street: k for k, street in enumerate(every)}
    for work in _in_order(needs, phase, rank):
        when[work] = max([phase[work.street], *(when[w] for w in needs[work])])
        number[work] = len(number) + 1
        rows[number[work],] = {
            "street": work.street,
            "phase": when[work],
            "owner": work.owner or None,
            "step": work.step,
            "after": ";".join(map(str, sorted(number[w] for w in needs[work]))),
            "quantity": quantity.get(work, 0.0),
            "unit": UNITS.get(work.step, "each"),
        }
    return filled_table("cutover", rows)


def cables_by_street(
    plan: "CablePlan", grounds: "Mapping[str, shapely.Geometry] | None" = None
) -> "pd.DataFrame":
    """
    Return which aerial cable of whom hangs in which street of a plan, and how much of it.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    grounds
        Ground of each street by `ground_by_street`, worked out where None.

    Returns
    -------
    hung
        Columns `cable_id`, `operator`, `street`, `length_m` (planar, each metre in one street),
        `geometry`; sorted by cable and street.
    """
    import pandas as pd
    import shapely

    rows = []
    grounds = ground_by_street(plan) if grounds is None else grounds
    fibre = plan.layers.table("fibre").sort_index()
    if len(fibre):
        kind = fibre["installation"]
        fibre = fibre[kind.isna() | (kind == "aerial")]
    shapes = list(grounds.values())
    tree = shapely.STRtree(shapes)
    lines, operators = fibre.geometry.to_numpy(), fibre["operator"].tolist()
    names, streets = fibre.index.tolist(), list(grounds)
    near: dict[int, list[int]] = {}
    for cable, street in tree.query(lines, predicate="intersects").T.tolist():
        near.setdefault(cable, []).append(street)
    for cable, around in sorted(near.items()):
        left = lines[cable]
        for street in sorted(around):
            inside = left.intersection(shapes[street])
            if inside.length >= LEAST_INSIDE_M:
                rows.append((str(names[cable]), str(operators[cable]), streets[street],
                             float(inside.length), inside))  # fmt: skip
                left = left.difference(shapes[street])
    columns = ["cable_id", "operator", "street", "length_m", "geometry"]
    return pd.DataFrame(rows, columns=columns).astype({"length_m": "float64"})


def busy_poles(plan: "CablePlan") -> list[str]:
    """
    Return the poles in the streets of a plan that must stay because a cable is left on them.

    Parameters
    ----------
    plan
        Plan of undergrounding.

    Returns
    -------
    staying
        Ids of poles of the cables' owners, or of nobody known, that carry cable which stays.
    """
    import shapely

    grounds = list(ground_by_street(plan).values())
    poles = plan.layers.table("poles").sort_index()
    fibre = plan.layers.table("fibre").sort_index()
    if not len(poles) or not grounds:
        return []
    area = shapely.union_all(grounds)
    operators = set(fibre["operator"].astype(str)) if len(fibre) else set()
    owner = poles["owner"]
    poles = poles[owner.isna() | owner.astype(str).isin(operators)]
    points = poles.geometry.to_numpy()
    inside = np.unique(shapely.STRtree(grounds).query(points, predicate="intersects")[0])
    over = shapely.STRtree(cable_left(fibre, area))
    return [
        str(poles.index[k])
        for k in inside.tolist()
        if len(over.query(points[k], predicate="dwithin", distance=AT_POLE_M))
    ]


def _poles_by_street(
    plan: "CablePlan", hung: "pd.DataFrame"
) -> dict[str, list[frozenset[tuple[str, str]]]]:
    """Return for each pole of a street whose cable in which streets must be down before."""
    import shapely

    going: dict[str, list[frozenset[tuple[str, str]]]] = {}
    if not len(plan.poles):
        return going
    at = plan.layers.table("poles").geometry
    parts = shapely.STRtree(hung["geometry"].to_numpy())
    for street, name in plan.poles.index.tolist():
        on = sorted(parts.query(at[name], predicate="dwithin", distance=AT_POLE_M).tolist())
        users = frozenset((str(hung["street"].iloc[k]), str(hung["operator"].iloc[k])) for k in on)
        going.setdefault(str(street), []).append(users)
    return going


def _streets(plan: "CablePlan") -> list[str]:
    """Return the streets that go underground, as they first appear; not those only crossed."""
    found = dict.fromkeys(str(s) for s in plan.segments["street"].dropna())
    found |= dict.fromkeys(str(s) for s in plan.drops["street"].dropna())
    return list(found or dict.fromkeys(str(s) for s in plan.crossings["street"].dropna()))


def _streets_of_crossings(plan: "CablePlan", streets: list[str]) -> list[str]:
    """Return the street with which each crossing is dug: its own, or where it crosses from."""
    import shapely

    own = [str(street) for street in plan.crossings["street"]]
    if not len(plan.segments):
        return own
    along = plan.segments["street"].astype(str).tolist()
    tree = shapely.STRtree(plan.segments.geometry.to_numpy())
    nearest = tree.nearest(plan.crossings.geometry.to_numpy()).tolist() if own else []
    return [
        street if street in streets else along[k] for street, k in zip(own, nearest, strict=True)
    ]


def _phases(plan: "CablePlan", streets: Iterable[str]) -> dict[str, int]:
    """Return the year of each street, 0 where none is known."""
    import pandas as pd

    years = pd.to_numeric(plan.phases["year"]).fillna(0).astype("int64")
    known = dict(zip(years.index.astype(str).tolist(), years.tolist(), strict=True))
    return {street: known.get(street, 0) for street in streets}


def ground_by_street(plan: "CablePlan") -> "dict[str, shapely.Geometry]":
    """
    Return the ground of each street of a plan, poles at its sides included.

    Parameters
    ----------
    plan
        Plan of undergrounding.

    Returns
    -------
    grounds
        Area by street; streets without any are left out.
    """
    import shapely

    from infraplan.cables.graph import rows_of

    table = plan.layers.table("streets")
    near = [*plan.segments.geometry, *plan.crossings.geometry]
    if not len(table) or not near:
        return {}
    reach = shapely.union_all(shapely.buffer(near, NEAR_TRENCH_M))
    rows = rows_of(table, "streets").sort_index()
    parts: dict[str, list[Any]] = {street: [] for street in _streets(plan)}
    for name, street in _rows_meant(plan, rows).items():
        ground = rows.geometry[name].buffer(width_of(rows.loc[name]) / 2 + BESIDE_M)
        parts[street].append(ground.intersection(reach))
    out = {street: shapely.union_all(shapes) for street, shapes in parts.items() if shapes}
    return {street: shape for street, shape in out.items() if not shape.is_empty}


def _rows_meant(plan: "CablePlan", rows: "gpd.GeoDataFrame") -> dict[Any, str]:
    """Return the rows of layer `streets` that a plan is about, and their streets in it."""
    meant: dict[Any, str] = {}
    streets = set(_streets(plan))
    for table in (plan.segments, plan.crossings):
        for _, row in table[table["street"].astype(str).isin(streets)].iterrows():
            ids = row.get("street_ids")
            names = ids.split(";") if isinstance(ids, str) else []
            known = [x for x in names if x in rows.index]
            if not known:
                known = rows.index[rows["name"] == row["street"]].tolist()
            for name in known:
                meant.setdefault(name, str(row["street"]))
    return dict(sorted(meant.items()))


def _owners(
    plan: "CablePlan", streets: list[str], hung: "pd.DataFrame"
) -> dict[str, tuple[str, ...]]:
    """Return whose cable each street has, old or new."""
    found: dict[str, set[str]] = {street: set() for street in streets}
    for street, owner in zip(hung["street"], hung["operator"], strict=True):
        found[street].add(owner)
    street_of = plan.segments["street"].to_dict()
    for segment, owner in plan.uses.index.tolist() if len(plan.uses) else ():
        if street_of.get(segment) in found:
            found[str(street_of[segment])].add(str(owner))
    return {street: tuple(sorted(names)) for street, names in found.items()}


def _quantities(
    plan: "CablePlan",
    streets: list[str],
    owners: dict[str, tuple[str, ...]],
    hung: "pd.DataFrame",
    going: dict[str, list[frozenset[tuple[str, str]]]],
) -> dict[_Work, float]:
    """
    Return how much of each step there is.

    Dug are new trenches and crossings; cable pulled and taken down are the metres of the bill, by
    the ways on the map where the plan has no lines.
    """
    import shapely

    found: dict[_Work, float] = {}
    new_trench = plan.segments[plan.segments["kind"] != "duct"]
    lengths = new_trench.groupby("street")["length_m"].sum()
    crossed = _streets_of_crossings(plan, streets)
    across = plan.crossings["length_m"].groupby(np.asarray(crossed, dtype=object)).sum()
    drops = plan.drops.groupby("street").size()
    lines = [*plan.segments.geometry, *plan.crossings.geometry]
    names = [*plan.segments["street"].astype(str), *crossed]
    new = plan.chambers.geometry[~plan.chambers["existing"].astype(bool)].to_numpy()
    beside = shapely.STRtree(lines).nearest(new).tolist() if len(new) and lines else []
    for street in streets:
        dug = float(lengths.get(street, 0.0)) + float(across.get(street, 0.0))
        found[_Work(street, "dig", "")] = dug
        found[_Work(street, "connect", "")] = float(drops.get(street, 0))
        found[_Work(street, "chamber", "")] = float(sum(names[k] == street for k in beside))
    for street, poles in going.items():
        found[_Work(street, "pole", "")] = float(len(poles))
    removed = dict(zip(plan.removed["operator"], plan.removed["length_m"], strict=True))
    whole = hung.groupby("operator")["length_m"].sum().to_dict()
    shares = hung.groupby(["street", "operator"])["length_m"].sum()
    taken, pulled = _billed(plan, REMOVAL), _billed(plan, NEW_CABLE)
    for (street, owner), metres in zip(shares.index.tolist(), shares.tolist(), strict=True):
        down = metres * float(removed.get(owner, whole[owner])) / float(whole[owner])
        if len(plan.lines):  # where a survey counts, an owner that is only drawn is not billed
            down = taken.get((street, owner), 0.0)
        found[_Work(street, "take_down", owner)] = down
        found[_Work(street, "cut", owner)] = float(
            hung[(hung["street"] == street) & (hung["operator"] == owner)]["cable_id"].nunique()
        )
    for street in streets:
        for owner in owners[street]:
            # an owner that only a survey knows has no drawn cable
            counted = taken.get((street, owner), 0.0)
            old = found.setdefault(_Work(street, "take_down", owner), counted)
            new_m = pulled.get((street, owner))
            found[_Work(street, "pull", owner)] = (
                _pulled(plan, street, owner, old) if new_m is None else new_m
            )
            hanging = found.get(_Work(street, "cut", owner), 0.0)
            cables = float(_new_cables(plan, street, owner)) if len(plan.cables) else hanging
            found[_Work(street, "splice", owner)] = cables
    return found


def _billed(plan: "CablePlan", item: str) -> dict[tuple[str, str], float]:
    """Return how much of an item the bill has by street and owner, where it has lines."""
    mine = plan.lines[plan.lines["item"] == item] if len(plan.lines) else plan.lines
    found: dict[tuple[str, str], float] = {}
    for row in mine.to_dict("records"):
        key = str(row["street"]), str(row["owner"])
        found[key] = found.get(key, 0.0) + float(row["quantity"])
    return found


def _pulled(plan: "CablePlan", street: str, owner: str, old_m: float) -> float:
    """Return the metres of an owner's new cable in a street; as much as hung where not planned."""
    import pandas as pd

    if not len(plan.uses):
        return old_m
    mine = plan.uses.reset_index()
    streets = mine["segment_id"].map(plan.segments["street"])
    rows = mine[(streets == street) & (mine["owner"].astype(str) == owner)]
    metres = pd.to_numeric(rows["length_m"]) * pd.to_numeric(rows["cables"]).fillna(1)
    return float(metres.sum())


def _new_cables(plan: "CablePlan", street: str, owner: str) -> int:
    """Return how many cables of an owner begin or end in a street, thus are spliced and tested."""
    street_of = plan.segments["street"].to_dict()
    count = 0
    for _, cable in plan.cables[plan.cables["owner"].astype(str) == owner].iterrows():
        ids = str(cable["segment_ids"] or "").split(";")
        count += int(street in {street_of.get(ids[0]), street_of.get(ids[-1])})
    return count


def _needs(
    streets: list[str],
    owners: dict[str, tuple[str, ...]],
    hung: "pd.DataFrame",
    poles: dict[str, list[frozenset[tuple[str, str]]]],
) -> dict[_Work, frozenset[_Work]]:
    """Return what each step needs before it."""
    needs: dict[_Work, frozenset[_Work]] = {}
    together = _together(hung)
    for street in streets:
        dig, chamber = _Work(street, "dig", ""), _Work(street, "chamber", "")
        needs[dig] = frozenset()
        needs[chamber] = frozenset({dig})
        spliced = []
        for owner in owners[street]:
            pull, splice = _Work(street, "pull", owner), _Work(street, "splice", owner)
            needs[pull] = frozenset({chamber})
            needs[splice] = frozenset({pull})
            spliced.append(splice)
        needs[_Work(street, "connect", "")] = frozenset(spliced or [chamber])
    for street in streets:
        for owner in owners[street]:
            ready = together.get((street, owner), {street})
            cut, down = _Work(street, "cut", owner), _Work(street, "take_down", owner)
            needs[cut] = frozenset(
                {_Work(s, "connect", "") for s in ready}
                | {_Work(s, "splice", owner) for s in ready}
            )
            needs[down] = frozenset({cut})
    for street, stand in poles.items():
        on = {_Work(s, "take_down", o) for users in stand for s, o in users}
        own = {_Work(street, "take_down", owner) for owner in owners.get(street, ())}
        needs[_Work(street, "pole", "")] = frozenset(on | own)
    return needs


def _together(hung: "pd.DataFrame") -> dict[tuple[str, str], set[str]]:
    """Return for each street and owner the streets that the cables there run through."""
    found: dict[tuple[str, str], set[str]] = {}
    for _, same in hung.groupby("cable_id") if len(hung) else ():
        through = set(same["street"])
        for street in through:
            found.setdefault((street, str(same["operator"].iloc[0])), {street}).update(through)
    return found


def _in_order(
    needs: dict[_Work, frozenset[_Work]], phase: dict[str, int], rank: dict[str, int]
) -> list[_Work]:
    """Return the works so that each comes after what it needs: by year, street, step, owner."""
    waiting = {work: len(before) for work, before in needs.items()}
    opens: dict[_Work, list[_Work]] = {}
    for work, before in needs.items():
        for one in before:
            opens.setdefault(one, []).append(work)
    when = {work: phase[work.street] for work in needs}

    def key(work: _Work) -> tuple[int, int, int, str, _Work]:
        """Return what decides between works that may both be next."""
        return when[work], rank[work.street], STEPS.index(work.step), work.owner, work

    ready = [key(work) for work, count in waiting.items() if not count]
    heapq.heapify(ready)
    out = []
    while ready:
        work = heapq.heappop(ready)[-1]
        out.append(work)
        for other in opens.get(work, ()):
            when[other] = max(when[other], when[work])
            waiting[other] -= 1
            if not waiting[other]:
                heapq.heappush(ready, key(other))
    return out
