"""
What is wrong with a plan of undergrounding, or with what it was made from: one row a fault.

Nothing here trusts what the planner wrote beside its own geometry: spacing, tension, zones, fill
and reach are measured anew on what is drawn. A rule that nobody has confirmed gives no errors, but
warnings.
"""

from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING
from typing import Any
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.chambers import Pull
from infraplan.cables.chambers import pull_tension_n
from infraplan.cables.cutover import busy_poles
from infraplan.cables.cutover import cables_by_street
from infraplan.cables.plan_told import LEFT_OUT
from infraplan.cables.study import filled_table
from infraplan.cables.technical import WorkRules
from infraplan.cables.zones import chamber_zones

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

    from infraplan.cables.underground import CablePlan

__all__ = ["CODES", "finding_points", "validate_underground"]

Floats = npt.NDArray[np.float64]

DRAWN = ("fibre", "ducts", "streets")
ON_TRENCH_M = 1.0
SHORT_M = 0.05
AT_END_M = 25.0  # a cable that names its end there begins that near to it
DUCT_END_M = 5.0  # a duct ends in a chamber that near
SURVEY_STREET_M = 20.0
CLOSE_M = 2.0  # chambers that near stand in one pit
DOUBTFUL = 0.5  # confidence below which two owners' cables may hang apart

# code -> severity, and the technical rule behind it (None: a plain fact)
CODES: dict[str, tuple[str, str | None]] = {
    "line_short": ("error", None),
    "line_twice": ("warning", "drawing"),
    "line_gap": ("warning", "drawing"),
    "line_end": ("warning", None),
    "beside_doubtful": ("warning", None),
    "duct_end": ("note", None),
    "duct_bores": ("error", None),
    "outside": ("warning", None),
    "no_owner": ("error", None),
    "no_surface": ("note", None),
    "survey_old": ("warning", "survey_age"),
    "survey_undated": ("warning", None),
    "survey_unsigned": ("warning", None),
    "survey_differs": ("warning", None),
    LEFT_OUT: ("warning", None),
    "survey_twice": ("warning", None),
    "chamber_spacing": ("error", "chamber_spacing"),
    "chamber_close": ("note", None),
    "pull_tension": ("error", "pull_tension"),
    "chamber_junction": ("error", "chamber_place"),
    "chamber_entrance": ("error", "chamber_place"),
    "chamber_bus_stop": ("error", "chamber_place"),
    "cover": ("error", "cover"),
    "bend_radius": ("error", "bend_radius"),
    "duct_fill": ("error", "duct_fill"),
    "duct_full": ("error", None),
    "drop_long": ("error", "drop"),
    "drop_far": ("error", "drop"),
    "not_joined": ("error", None),
    "crossing_depth": ("error", "drilling_depth"),
    "pole_busy": ("warning", None),
    "loss_high": ("error", "margin"),
    "loss_low": ("error", "margin"),
    "loss_unknown": ("note", None),
    "sum": ("error", None),
    "price_unconfirmed": ("warning", None),
    "rule_unconfirmed": ("note", None),
}


class _Found(NamedTuple):
    """One fault before it has its severity: where, what was found, what is allowed."""

    code: str
    layer: str
    feature_id: str
    street: str | None = None
    value: float | None = None
    limit: float | None = None
    at: "Any" = None


def validate_underground(
    plan: "CablePlan", rules: WorkRules, *, as_of: date | None = None
) -> "pd.DataFrame":
    """
    Return what is wrong with a plan of undergrounding and with what it was made from.

    Parameters
    ----------
    plan
        Plan of undergrounding; of its findings those on owners left out by a survey stay.
    rules
        Technical rules; those not in force are not asked for.
    as_of
        Day of the check: surveys are older or younger by it; None leaves their age out.

    Returns
    -------
    findings
        Table `findings`, errors first, then by code, layer and feature; `x_m` and `y_m` are where
        it is, NaN for what has no place.
    """
    import shapely

    rules = rules.in_force(as_of)
    near = _near_plan(plan)
    found: list[_Found] = [*_drawn(plan, rules, near), *_ducts(plan, near)]
    for check in (_sources, _survey, _network, _sections, _drops, _crossings,
                  _close, _poles, _light, _money):  # fmt: skip
        found += check(plan, rules, as_of)
    found += _confirmed(plan, rules)
    order = {"error": 0, "warning": 1, "note": 2}
    codes = list(CODES)
    kept = sorted(
        ((order[_severity(one.code, rules)], codes.index(one.code), one) for one in found),
        key=lambda entry: (*entry[:2], entry[2].layer, entry[2].feature_id, str(entry[2].value),
                           "" if entry[2].at is None else entry[2].at.wkt),
    )  # fmt: skip
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for number, (_, _, one) in enumerate(kept, start=1):
        point = None if one.at is None else shapely.centroid(one.at)
        rows[(f"V{number:04d}",)] = {
            "code": one.code,
            "severity": _severity(one.code, rules),
            "layer": one.layer,
            "feature_id": one.feature_id,
            "street": one.street,
            "value": one.value,
            "limit": one.limit,
            "x_m": np.nan if point is None else float(point.x),
            "y_m": np.nan if point is None else float(point.y),
        }
    return filled_table("findings", rows)


def finding_points(findings: "pd.DataFrame", *, crs: str) -> "gpd.GeoDataFrame":
    """
    Return findings as points, as QGIS and GeoJSON show them.

    Parameters
    ----------
    findings
        Table `findings`.
    crs
        Planning CRS.

    Returns
    -------
    points
        Those that have a place.
    """
    import geopandas as gpd
    import pandas as pd

    x, y = (pd.to_numeric(findings[name]).to_numpy(dtype=np.float64) for name in ("x_m", "y_m"))
    placed = np.isfinite(x) & np.isfinite(y)
    table = findings[placed].drop(columns=["x_m", "y_m"])
    for name in ("value", "limit"):
        table[name] = pd.to_numeric(table[name])
    geometry = gpd.points_from_xy(x[placed], y[placed])
    return gpd.GeoDataFrame(table, geometry=geometry, crs=crs)


def _severity(code: str, rules: WorkRules) -> str:
    """Return how bad a finding is: what rests on an unconfirmed rule is at most a warning."""
    severity, rule = CODES[code]
    holds = rules.rules.get(rule) if rule else None
    if severity == "error" and holds is not None and not holds.verified:
        return "warning"
    return severity


def _near_plan(plan: "CablePlan") -> Any:  # noqa: ANN401 - an area
    """Return the ground around the works."""
    import shapely

    shapes = [*plan.segments.geometry, *plan.crossings.geometry, *plan.drops.geometry]
    return shapely.union_all(shapely.buffer(shapes, 60.0)) if shapes else shapely.Polygon()


def _drawn(plan: "CablePlan", rules: WorkRules, near: Any) -> Iterator[_Found]:  # noqa: ANN401
    """Yield lines without length, drawn twice, or that end just before another."""
    import shapely

    for layer in DRAWN:
        table = plan.layers.table(layer).sort_index()
        shapes = table.geometry.to_numpy()
        missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
        short = missing | (shapely.length(shapes) < SHORT_M)
        for k in np.flatnonzero(short).tolist():
            at = None if missing[k] else shapes[k]
            yield _Found("line_short", layer, str(table.index[k]), value=0.0, limit=SHORT_M, at=at)
        kept = table[~short]
        kept = kept[kept.geometry.intersects(near)]
        if rules.has("drawing") and len(kept):
            yield from _twice(layer, kept, rules.value("drawing", "duplicate_m"))
            if layer != "fibre":
                yield from _gaps(layer, kept, rules.value("drawing", "near_m"))
    yield from _ends(plan, near)
    yield from _beside(plan, near)
    communes = plan.layers.table("communes")
    if len(communes):
        area = communes.geometry.union_all()
        for layer in (*DRAWN, "poles", "buildings", "chambers"):
            table = plan.layers.table(layer).sort_index()
            for name, shape in table.geometry[~table.geometry.intersects(area)].items():
                if shape is not None and not shape.is_empty:
                    yield _Found("outside", layer, str(name), at=shape)


def _twice(layer: str, table: "gpd.GeoDataFrame", near_m: float) -> Iterator[_Found]:
    """Yield lines that lie along another one of the same owner on their whole length."""
    import shapely

    shapes = table.geometry.to_numpy()
    ids = table.index.astype(str)
    owner = next((table[name] for name in ("operator", "owner", "name") if name in table), None)
    owners = ["" if owner is None else str(x) for x in (owner if owner is not None else ids)]
    pairs = shapely.STRtree(shapes).query(shapes, "dwithin", distance=near_m)
    same: dict[int, float] = {}
    for a, b in zip(*pairs.tolist(), strict=True):
        if a < b and owners[a] == owners[b] and _alike(table, a, b):
            apart = shapely.hausdorff_distance(shapes[a], shapes[b])
            if apart <= near_m:
                same[b] = min(same.get(b, np.inf), float(apart))
    for b, apart in sorted(same.items()):
        yield _Found("line_twice", layer, str(ids[b]), value=round(apart, 2), limit=near_m,
                     at=shapes[b])  # fmt: skip


def _alike(table: "gpd.GeoDataFrame", a: int, b: int) -> bool:
    """Return whether two rows say the same of themselves."""
    names = [x for x in ("cores", "diameter_mm", "bores", "installation") if x in table]
    return all(str(table[name].iloc[a]) == str(table[name].iloc[b]) for name in names)


def _gaps(layer: str, table: "gpd.GeoDataFrame", near_m: float) -> Iterator[_Found]:
    """Yield ends of lines that stop just before another line."""
    import shapely

    shapes = table.geometry.to_numpy()
    tree = shapely.STRtree(shapes)
    for k, shape in enumerate(shapes):
        for point in (shapely.get_point(shape, 0), shapely.get_point(shape, -1)):
            if point is None or shapely.is_missing(point):
                continue
            close = [j for j in tree.query(point, "dwithin", distance=near_m).tolist() if j != k]
            apart = [float(shapes[j].distance(point)) for j in close]
            if apart and min(apart) > SHORT_M:
                yield _Found("line_gap", layer, str(table.index[k]), value=round(min(apart), 2),
                             limit=near_m, at=point)  # fmt: skip


def _ends(plan: "CablePlan", near: Any) -> Iterator[_Found]:  # noqa: ANN401 - an area
    """Yield cables that name a station or chamber far from where they end."""
    import shapely

    fibre = plan.layers.table("fibre").sort_index()
    places: dict[str, Any] = {}
    for layer in ("sites", "chambers", "institutions", "poles"):
        table = plan.layers.table(layer)
        places |= {str(name): shape for name, shape in table.geometry.items()}
    for name, row in fibre[fibre.geometry.intersects(near)].iterrows():
        for column, k in (("from_id", 0), ("to_id", -1)):
            place = places.get(str(row[column]))
            point = shapely.get_point(row.geometry, k)
            if place is None or point is None:
                continue
            apart = float(place.distance(point))
            if apart > AT_END_M:
                yield _Found("line_end", "fibre", str(name), value=round(apart, 1),
                             limit=AT_END_M, at=point)  # fmt: skip


def _beside(plan: "CablePlan", near: Any) -> Iterator[_Found]:  # noqa: ANN401 - an area
    """Yield aerial cables of which it is not sure that they hang along those of other owners."""
    import shapely

    from infraplan.cables.merging import merge_lines

    fibre = plan.layers.table("fibre").sort_index()
    fibre = fibre[fibre["installation"].isna() | (fibre["installation"] == "aerial")]
    fibre = fibre[fibre["operator"].notna() & fibre.geometry.intersects(near)]
    parts, row = shapely.get_parts(fibre.geometry.intersection(near), return_index=True)
    is_line = (shapely.get_type_id(parts) == 1) & (shapely.length(parts) >= SHORT_M)
    parts, row = parts[is_line], row[is_line]
    owners = fibre["operator"].astype(str).to_numpy()[row]
    if len(set(owners.tolist())) < 2:
        return
    merged = merge_lines(parts, owners.tolist())
    mixed = merged.table["owners"].map(len) > 1
    doubtful = merged.runs[
        (merged.runs["confidence"] < DOUBTFUL) & merged.runs["edge"].map(mixed).to_numpy()
    ]
    beside = shapely.STRtree(plan.segments.geometry.to_numpy())
    streets = plan.segments["street"].tolist()
    for run in doubtful.to_dict("records"):
        line, middle_m = parts[int(run["line"])], (run["from_m"] + run["to_m"]) / 2
        at = shapely.line_interpolate_point(line, middle_m)
        street = streets[int(beside.nearest(at))] if streets else None
        yield _Found("beside_doubtful", "fibre", str(fibre.index[row[int(run["line"])]]), street,
                     round(float(run["confidence"]), 2), DOUBTFUL, at)  # fmt: skip


def _ducts(plan: "CablePlan", near: Any) -> Iterator[_Found]:  # noqa: ANN401 - an area
    """Yield ducts with more free bores than bores, that end nowhere, or are given too much."""
    import pandas as pd
    import shapely

    ducts = plan.layers.table("ducts").sort_index()
    points = plan.layers.table("chambers").geometry.to_numpy()
    tree = shapely.STRtree(points)
    for name, row in ducts.iterrows():
        known = pd.notna(row["bores"]) and pd.notna(row["free_bores"])
        if known and int(row["free_bores"]) > int(row["bores"]):
            yield _Found("duct_bores", "ducts", str(name), value=int(row["free_bores"]),
                             limit=int(row["bores"]), at=row.geometry)  # fmt: skip
        if row.geometry is None or not row.geometry.intersects(near):
            continue
        for k in (0, -1):
            point = shapely.get_point(row.geometry, k)
            if point is not None and not len(tree.query(point, "dwithin", distance=DUCT_END_M)):
                yield _Found("duct_end", "ducts", str(name), limit=DUCT_END_M, at=point)
    yield from _overfull(plan, ducts)


def _overfull(plan: "CablePlan", ducts: "gpd.GeoDataFrame") -> Iterator[_Found]:
    """Yield existing ducts that are to hold more than their free bores."""
    import pandas as pd

    if not len(plan.uses):
        return
    uses = plan.uses.reset_index()
    needed = pd.to_numeric(uses["bores"]).groupby(uses["segment_id"].astype(str)).sum()
    for name, row in plan.segments.sort_index().iterrows():
        if row["kind"] != "duct" or not isinstance(row["shared"], str):
            continue
        inside = [x for x in row["shared"].split(";") if x in ducts.index]
        free = pd.to_numeric(ducts.loc[inside, "free_bores"]).fillna(0).sum()
        if inside and float(needed.get(str(name), 0)) > float(free):
            yield _Found("duct_full", "segments", str(name), row["street"],
                         float(needed[str(name)]), float(free), row.geometry)  # fmt: skip


def _sources(plan: "CablePlan", rules: WorkRules, as_of: date | None) -> Iterator[_Found]:
    """Yield cables and ducts that are nobody's, and streets whose surface is not known."""
    import pandas as pd

    del rules, as_of
    for layer, column in (("fibre", "operator"), ("ducts", "owner"), ("cable_survey", "owner")):
        table = plan.layers.table(layer).sort_index()
        blank = table[column].isna() | (table[column].astype(str).str.strip() == "")
        for name, row in table[blank].iterrows():
            shape = row.get("geometry")
            yield _Found("no_owner", layer, str(name), at=None if pd.isna(shape) else shape)
    streets = plan.layers.table("streets").sort_index()
    near = _near_plan(plan)
    for name, row in streets[streets["surface"].isna()].iterrows():
        if row.geometry is not None and row.geometry.intersects(near):
            yield _Found("no_surface", "streets", str(name), row["name"], at=row.geometry)


def _survey(plan: "CablePlan", rules: WorkRules, as_of: date | None) -> Iterator[_Found]:
    """Yield rows of the survey that are old or nobody signed, and counts that differ from lines."""
    import pandas as pd

    from infraplan.cables.chosen import plain_text

    survey = plan.layers.table("cable_survey").sort_index()
    if not len(survey):
        return
    streets = plan.layers.table("streets")
    middle: dict[str, Any] = {}
    for name, row in streets.sort_index().iterrows():
        middle.setdefault(plain_text(str(row["name"])), row.geometry)
        middle.setdefault(plain_text(str(name)), row.geometry)
    for name, row in survey.iterrows():
        at = middle.get(plain_text(str(row["street"])))
        told = (str(name), str(row["street"]))
        if pd.isna(row["surveyed_on"]):
            yield _Found("survey_undated", "cable_survey", *told, at=at)
        elif as_of is not None and rules.has("survey_age"):
            days = (as_of - pd.Timestamp(row["surveyed_on"]).date()).days
            most = rules.value("survey_age", "most_days")
            if days > most:
                yield _Found("survey_old", "cable_survey", *told, float(days), most, at)
        if pd.isna(row["signed_by"]) or not str(row["signed_by"]).strip():
            yield _Found("survey_unsigned", "cable_survey", *told, at=at)
    yield from _counted_twice(survey, middle)
    yield from _miscounted(plan, survey, middle)
    # found when the plan was made, from what was drawn before the survey took its place
    left = plan.findings[plan.findings["code"] == LEFT_OUT]
    for owner, street, drawn_m in zip(
        left["feature_id"], left["street"], left["value"], strict=True
    ):
        at = middle.get(plain_text(str(street)))
        yield _Found(LEFT_OUT, "cable_survey", str(owner), str(street), float(drawn_m), at=at)


def _counted_twice(survey: "gpd.GeoDataFrame", middle: dict[str, Any]) -> Iterator[_Found]:
    """
    Yield rows equal to one before them in street, part of it, side, owner, diameter and cores.

    All are compared as `plain_text` makes them: without case, accents and doubled blanks. How many
    cables a row counts, its date and what else it says are not compared.
    """
    from infraplan.cables.chosen import plain_text

    columns = ["street", "from_place", "to_place", "side", "owner", "diameter_mm", "cores"]
    said = survey[columns].map(lambda value: plain_text(str(value)))
    for name, row in survey[said.duplicated()].iterrows():
        at = middle.get(plain_text(str(row["street"])))
        yield _Found("survey_twice", "cable_survey", str(name), str(row["street"]),
                     float(row["cables"]), at=at)  # fmt: skip


def _miscounted(
    plan: "CablePlan", survey: "gpd.GeoDataFrame", middle: dict[str, Any]
) -> Iterator[_Found]:
    """Yield owners of whom a street has more or fewer cables drawn than were counted along it."""
    import pandas as pd

    from infraplan.cables.chosen import plain_text

    hung = cables_by_street(plan)
    if not len(hung):
        return
    drawn = hung.groupby([hung["street"].map(plain_text), "operator"])["cable_id"].nunique()
    # a part of a street may fill several rows, one a diameter or side: these add up
    part = [survey[name].fillna("").astype(str) for name in ("owner", "from_place", "to_place")]
    part = [survey["street"].astype(str).map(plain_text), *part]
    counted = pd.to_numeric(survey["cables"]).groupby(part).sum().groupby(level=[0, 1])
    seen = {plain_text(str(s)): str(s) for s in hung["street"]}
    most_at_once = counted.max().to_dict()
    for street, owner in sorted(set(drawn.index) | set(most_at_once)):
        if street not in seen or not any(s == street for s, _ in most_at_once):
            continue
        lines, rows = int(drawn.get((street, owner), 0)), most_at_once.get((street, owner), 0)
        if rows and lines != int(rows):  # none at all is told by its metres
            yield _Found("survey_differs", "cable_survey", str(owner), seen[street],
                         float(lines), float(rows), middle.get(street))  # fmt: skip


def _network(plan: "CablePlan", rules: WorkRules, as_of: date | None) -> Iterator[_Found]:
    """Yield pulls that are too long or too hard, and chambers where none may stand."""
    import shapely

    del as_of
    new = plan.segments[plan.segments["kind"] == "trench"]
    lines = [*new.geometry, *plan.crossings.geometry]
    streets = [str(s) for s in [*new["street"], *plan.crossings["street"]]]
    chambers = plan.chambers.sort_index()
    points = chambers.geometry.to_numpy()
    if lines:
        parts = shapely.get_parts(shapely.line_merge(shapely.union_all(lines)))
        beside = shapely.STRtree(lines)
        for part in parts:
            street = streets[int(beside.nearest(part.interpolate(0.5, normalized=True)))]
            yield from _pulls(part, points, street, rules)
        zones = chamber_zones(plan.layers, shapely.union_all(lines), rules=rules)
        for point, one in _misplaced(chambers, zones):
            yield one._replace(street=streets[int(beside.nearest(point))])


def _misplaced(
    chambers: "gpd.GeoDataFrame", zones: "gpd.GeoDataFrame"
) -> Iterator[tuple["shapely.Point", _Found]]:
    """Yield the new chambers that stand where none may, and their places."""
    import shapely

    points = chambers.geometry.to_numpy()
    shapes, kinds = zones.geometry.to_numpy(), zones["kind"].tolist()
    which, zone = shapely.STRtree(shapes).query(points, predicate="within")
    deep = shapely.distance(points[which], shapely.boundary(shapes[zone]))
    seen = set()
    for k in np.lexsort((-deep, which)).tolist():
        key = (int(which[k]), kinds[int(zone[k])])
        if deep[k] > SHORT_M and key not in seen and not chambers["existing"].iloc[key[0]]:
            seen.add(key)
            point = points[key[0]]
            yield (
                point,
                _Found(f"chamber_{key[1]}", "chambers", str(chambers.index[key[0]]),
                       value=round(float(deep[k]), 2), limit=0.0, at=point),
            )  # fmt: skip


def _pulls(
    part: "shapely.LineString",
    points: npt.NDArray[np.object_],
    street: str,
    rules: WorkRules,
) -> Iterator[_Found]:
    """Yield the pulls along a line of trenches that are longer or harder than allowed."""
    import shapely
    from shapely.ops import substring

    at = np.sort([part.project(p) for p in points[shapely.dwithin(points, part, ON_TRENCH_M)]])
    marks = np.unique(np.concatenate([[0.0], at, [part.length]]))
    most_m = rules.value("chamber_spacing", "most_m") if rules.has("chamber_spacing") else np.inf
    pull = Pull.from_rules(rules) if rules.has("pull_friction") else Pull()
    for a, b in zip(marks[:-1].tolist(), marks[1:].tolist(), strict=True):
        if b - a < ON_TRENCH_M:
            continue
        stretch = substring(part, a, b)
        middle = part.interpolate((a + b) / 2)
        name = f"{street} {a:.0f}-{b:.0f} m"
        if b - a > most_m + ON_TRENCH_M:
            yield _Found("chamber_spacing", "segments", name, street, round(b - a, 1), most_m,
                         middle)  # fmt: skip
        tension = min(pull_tension_n(shapely.get_coordinates(stretch), pull))
        if tension > pull.most_n:
            yield _Found("pull_tension", "segments", name, street, round(tension), pull.most_n,
                         middle)  # fmt: skip


def _sections(plan: "CablePlan", rules: WorkRules, as_of: date | None) -> Iterator[_Found]:
    """Yield trenches that are too shallow, too sharply bent or too full."""
    import pandas as pd

    del as_of
    segments = plan.segments.sort_index()
    new = segments[segments["kind"] == "trench"]
    if rules.has("cover") and "cover_m" in segments:
        for name, row in new.iterrows():
            least = rules.value("cover", f"{row['placement']}_m")
            if pd.notna(row["cover_m"]) and float(row["cover_m"]) < least - 1e-6:
                yield _Found("cover", "segments", str(name), row["street"], float(row["cover_m"]),
                             least, row.geometry)  # fmt: skip
    thickest = _thickest_mm(plan)
    if rules.has("bend_radius"):
        for name, row in new.iterrows():
            least_m = rules.value("bend_radius", "diameters") * thickest.get(str(name), 0.0) / 1000
            radius_m, at = _tightest(row.geometry, plan.chambers.geometry.to_numpy())
            if radius_m < least_m:
                yield _Found("bend_radius", "segments", str(name), row["street"],
                             round(radius_m, 3), round(least_m, 3), at)  # fmt: skip
    if rules.has("duct_fill"):
        yield from _fill(plan, segments, rules)


def _fill(plan: "CablePlan", segments: "gpd.GeoDataFrame", rules: WorkRules) -> Iterator[_Found]:
    """Yield owners whose cables fill their ducts too much."""
    uses = plan.uses.reset_index().sort_values(["segment_id", "owner"])
    shared = dict(zip(segments.index.astype(str), segments["shared"].tolist(), strict=True))
    bores_mm = {value: _bore_mm(plan, value) for value in dict.fromkeys(shared.values())}
    for row in uses.to_dict("records"):
        segment, owner = str(row["segment_id"]), row["owner"]
        if segment not in shared or not float(row["bores"] or 0):
            continue
        bore_mm2 = np.pi / 4 * bores_mm[shared[segment]] ** 2
        fill = float(row["section_mm2"]) / (float(row["bores"]) * bore_mm2)
        if fill > rules.value("duct_fill", "share") + 1e-9:
            yield _Found("duct_fill", "segments", segment, str(owner), round(fill, 3),
                         rules.value("duct_fill", "share"),
                         segments.geometry[segment])  # fmt: skip


def _thickest_mm(plan: "CablePlan") -> dict[str, float]:
    """Return the diameter of the thickest cable in each segment."""
    import pandas as pd

    if not len(plan.uses):
        return {}
    uses = plan.uses.reset_index()
    thickest = pd.to_numeric(uses["diameter_mm"]).groupby(uses["segment_id"].astype(str)).max()
    return {str(name): float(value) for name, value in thickest.dropna().items()}


def _bore_mm(plan: "CablePlan", shared: Any) -> float:  # noqa: ANN401 - missing where none
    """Return the inner diameter of the ducts that a segment uses; D110 where none is known."""
    import pandas as pd

    ducts = plan.layers.table("ducts")
    names = shared.split(";") if isinstance(shared, str) else []
    known = pd.to_numeric(ducts.loc[[x for x in names if x in ducts.index], "diameter_mm"])
    return float(known.min()) if known.notna().any() else 110.0


def _tightest(line: Any, chambers: npt.NDArray[np.object_]) -> tuple[float, Any]:  # noqa: ANN401
    """Return the radius of the tightest bend of a line outside chambers, and where it is."""
    import shapely

    xy = shapely.get_coordinates(line)
    best, where = np.inf, None
    run = np.diff(xy, axis=0)
    length = np.hypot(*run.T)
    for k in range(len(run) - 1):
        cross = run[k, 0] * run[k + 1, 1] - run[k, 1] * run[k + 1, 0]
        turn = abs(float(np.arctan2(cross, run[k] @ run[k + 1])))
        if turn < np.radians(5.0):
            continue
        # the widest arc that touches both pieces and leaves their outer halves to other bends
        radius_m = float(min(length[k], length[k + 1])) / 2 / np.tan(turn / 2)
        point = shapely.Point(xy[k + 1])
        if radius_m < best and not shapely.dwithin(chambers, point, ON_TRENCH_M).any():
            best, where = radius_m, point
    return best, where


def _drops(plan: "CablePlan", rules: WorkRules, as_of: date | None) -> Iterator[_Found]:
    """Yield drops that are too long, far from every chamber, or joined to nothing."""
    import shapely

    del as_of
    drops = plan.drops.sort_index()
    lines = [*plan.segments.geometry, *plan.crossings.geometry]
    if not len(drops):
        return
    feet = shapely.get_point(drops.geometry.to_numpy(), 0)
    most_m = rules.value("drop", "most_m") if rules.has("drop") else np.inf
    reach_m = rules.value("drop", "reach_m") if rules.has("drop") else np.inf
    is_joined = np.zeros(len(feet), dtype=np.bool_)
    is_joined[shapely.STRtree(lines).query(feet, "dwithin", distance=ON_TRENCH_M)[0]] = True
    old = plan.layers.table("chambers").geometry.to_numpy()
    chambers = np.concatenate([plan.chambers.geometry.to_numpy(), old])
    apart_m = np.zeros(len(feet))
    if len(chambers):
        apart_m = shapely.distance(feet, chambers[shapely.STRtree(chambers).nearest(feet)])
    columns = drops.index.tolist(), drops["street"].tolist(), drops["length_m"].tolist()
    for k, (name, street, length_m) in enumerate(zip(*columns, strict=True)):
        told = ("drops", str(name), street)
        if float(length_m) > most_m + 1e-6:
            yield _Found("drop_long", *told, round(float(length_m), 1), most_m, feet[k])
        if not is_joined[k]:
            yield _Found("not_joined", *told, at=feet[k])
        elif float(apart_m[k]) > reach_m + ON_TRENCH_M:
            yield _Found("drop_far", *told, round(float(apart_m[k]), 1), reach_m, feet[k])


def _crossings(plan: "CablePlan", rules: WorkRules, as_of: date | None) -> Iterator[_Found]:
    """Yield crossings of rail, rivers and drilled roads that are not deep enough."""
    import pandas as pd

    del as_of
    if "depth_m" not in plan.crossings or not rules.has("drilling_depth"):
        return
    for name, row in plan.crossings.sort_index().iterrows():
        drilled = row["method"] == "hdd" or row["kind"] in ("rail", "river")
        if not drilled or row["method"] == "bridge" or pd.isna(row["depth_m"]):
            continue
        least = rules.value("drilling_depth", f"{row['kind']}_m")
        if float(row["depth_m"]) < least - 1e-6:
            yield _Found("crossing_depth", "crossings", str(name), row["street"],
                         float(row["depth_m"]), least, row.geometry)  # fmt: skip


def _close(plan: "CablePlan", rules: WorkRules, as_of: date | None) -> Iterator[_Found]:
    """Yield new chambers so near another that one might do for both."""
    import shapely

    del rules, as_of
    chambers = plan.chambers.sort_index()
    points = chambers.geometry.to_numpy()
    if len(points) < 2:
        return
    pairs = shapely.STRtree(points).query(points, predicate="dwithin", distance=CLOSE_M)
    for one, other in pairs.T.tolist():
        if one < other and not (
            chambers["existing"].iloc[one] and chambers["existing"].iloc[other]
        ):
            names = f"{chambers.index[one]}, {chambers.index[other]}"
            apart_m = round(float(points[one].distance(points[other])), 2)
            yield _Found("chamber_close", "chambers", names, value=apart_m, limit=CLOSE_M,
                         at=points[one])  # fmt: skip


def _poles(plan: "CablePlan", rules: WorkRules, as_of: date | None) -> Iterator[_Found]:
    """Yield poles that would go while cable is left on them."""
    del rules, as_of
    poles = plan.layers.table("poles")
    for name in busy_poles(plan):
        yield _Found("pole_busy", "poles", name, at=poles.geometry[name])


def _light(plan: "CablePlan", rules: WorkRules, as_of: date | None) -> Iterator[_Found]:
    """Yield new cables that lose too much light, or too little."""
    del as_of
    code = {"fail_loss": "loss_high", "fail_power": "loss_low", "unknown": "loss_unknown"}
    for name, row in plan.cables.sort_index().iterrows():
        if row["outcome"] in code:
            margin = rules.value("margin", "least_db") if rules.has("margin") else None
            ids = [x for x in str(row["segment_ids"]).split(";") if x in plan.segments.index]
            at = plan.segments.geometry[ids[0]] if ids else None
            yield _Found(code[row["outcome"]], "cables", str(name), str(row["owner"]),
                         row["margin_db"], margin, at)  # fmt: skip


def _money(plan: "CablePlan", rules: WorkRules, as_of: date | None) -> Iterator[_Found]:
    """Yield sums that do not agree, and prices that nobody has confirmed."""
    del rules, as_of
    sums = {
        "bill": int(plan.bill["cost_vnd"].sum()),
        "shares": int(plan.shares["cost_vnd"].sum()),
    }
    if len(plan.lines):
        sums["lines"] = int(sum(int(x) for x in plan.lines["cost_vnd"]))
    for table, total in sums.items():
        if total != plan.cost_vnd:
            yield _Found("sum", table, table, value=total, limit=plan.cost_vnd)
    for _, row in plan.bill.iterrows():
        if not bool(row["verified"]):
            yield _Found("price_unconfirmed", "bill", str(row["item"]), value=int(row["price_vnd"]))


def _confirmed(plan: "CablePlan", rules: WorkRules) -> Iterator[_Found]:
    """Yield the technical rules that count here and that nobody has confirmed."""
    used = {rule for _, rule in CODES.values() if rule is not None}
    used |= {"pull_friction", "chamber_zone"}
    if len(plan.cables):
        used |= {"attenuation", "splice", "connector", "drum"}
    for name, rule in rules.rules.items():
        if name in used and not rule.verified:
            yield _Found("rule_unconfirmed", "works", name)
