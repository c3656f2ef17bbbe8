"""
Every choice of streets beside the map of an undergrounding plan: who pays what if one stays out.

All choices are solved beforehand; the page only looks them up and divides the shared cost by the
whole-number weights that the plan holds, in whole dong, as `infraplan.cables.shares` does.
"""

import math
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING
from typing import Any

import pandas as pd

from infraplan.cables.plan_told import finding_told
from infraplan.cables.plan_told import street_told
from infraplan.cables.shares import PUBLIC
from infraplan.cables.shares import UNASSIGNED
from infraplan.cables.sharing import FUNDING_MODELS
from infraplan.maps.context import fields_of
from infraplan.maps.layers import Category
from infraplan.maps.layers import Field
from infraplan.maps.layers import LineLayer
from infraplan.maps.layers import PointLayer
from infraplan.maps.layers import Style
from infraplan.maps.layers import VectorLayer
from infraplan.text import Words

if TYPE_CHECKING:
    import geopandas as gpd

    from infraplan.cables import CablePlan
    from infraplan.cables.sharing import Sharing

__all__ = ["aerial_layers", "every_choice", "finding_layer", "street_choices"]

UI = "choices.ui_"
BESIDE_M = 4.0  # poles stand that far beyond the buildings' line at most
LEAST_PIECE_M = 3.0  # what only grazes a street is not drawn
STANDARD_WIDTH_M = 12.0  # where the width of a street is not known
OFTEN_CHOSEN = ("diameter", "occupancy", "length", "alone")
WHOLE = ("bores", "cost_vnd", "existing", "assumed")
AFTER = ("segments", "drops", "crossings", "chambers")
BEFORE = ("aerial", "aerial_poles")


def street_choices(
    plan: "CablePlan", words: Words, *, before: Sequence[VectorLayer] | None = None
) -> dict[str, Any]:
    """
    Return what the page needs to answer for every choice of the streets.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    words
        Catalogue.
    before
        What `aerial_layers` returns; asked of it where None.

    Returns
    -------
    choices
        Values for JSON, empty where the plan has no solved choices: words of the controls, streets,
        rules of sharing, payers, and for each choice its cost and the weights of each rule. Money
        travels as text, because a browser's numbers are not exact beyond 2^53.
    """
    if not len(plan.subsets) or not len(plan.subset_shares):
        return {}
    streets = _streets(plan.subsets)
    places = {name: n for n, name in enumerate(streets)}
    shares = _shares(plan.subset_shares)
    told = {name: _choice(row, shares.get(str(name), {}), places, words)
            for name, row in plan.subsets.iterrows()}  # fmt: skip
    for subset, text in plan.subset_parts["parts"].items():
        told[subset]["parts"] = [int(number) for number in str(text).split(";")]
    for row in plan.subset_rents.reset_index().to_dict("records"):
        told[row["subset"]]["rents"][str(row["owner"])] = _whole(row["rent_year_vnd"])
    present = {rule for one in told.values() for rule in one["shares"]}
    rules = [rule for rule in OFTEN_CHOSEN if rule in present] + sorted(present - {*OFTEN_CHOSEN})
    everyone = {owner for one in told.values() for rule in one["shares"].values() for owner in rule}
    return {
        "words": {k.removeprefix(UI): v for k, v in words.entries.items() if k.startswith(UI)},
        "streets": [street_told(plan, street, words) for street in streets],
        "owners": sorted(everyone - {PUBLIC, UNASSIGNED}),
        "rules": [
            {
                "code": rule,
                "text": words.entries.get(f"choices.rule_{rule}", rule),
                "note": words.entries.get(f"choices.rule_{rule}_note", ""),
            }
            for rule in rules
        ],
        "choices": {_key(one["streets"]): one for one in told.values()},
        "features": _features(
            plan, places, aerial_layers(plan, words) if before is None else before
        ),
        "pieces": _pieces(plan, told.values()),
        "asked": _asked(plan.sharing, rules),
        "models": [
            {
                "code": model,
                "text": words(f"money.model_{model}"),
                "note": words(f"choices.model_{model}_note"),
            }
            for model in FUNDING_MODELS
        ],
        "before": list(BEFORE),
        "after": list(AFTER),
        "assumed": _assumed(plan, words),
    }


def every_choice(plan: "CablePlan") -> Any:  # noqa: ANN401 - a plan to be drawn
    """
    Return what is to be drawn so that the page can show any choice of the streets.

    Parameters
    ----------
    plan
        Plan of undergrounding.

    Returns
    -------
    drawn
        The plan with the segments, chambers, crossings and drops of all choices; the plan itself
        where it keeps none.
    """
    if not len(plan.pieces):
        return plan
    drawn = {}
    for name in AFTER:
        mine = plan.pieces[plan.pieces["layer"] == name]
        mine = mine.dropna(axis="columns", how="all").drop(columns=["layer", "parts"])
        frame = getattr(plan, name)
        whole = {
            column: frame[column].dtype for column in WHOLE if column in mine and column in frame
        }
        drawn[name] = mine.set_index("feature_id").rename_axis(frame.index.name).astype(whole)
    return SimpleNamespace(**drawn)


def aerial_layers(plan: "CablePlan", words: Words) -> list[VectorLayer]:
    """
    Return the aerial cable and the poles of the streets, as they are before the works.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    words
        Catalogue.

    Returns
    -------
    drawn
        Lines and points; none where the plan draws neither.
    """
    cables, poles = _aerial(plan)
    group = words("maps.group_underground")
    made: list[VectorLayer] = []
    if len(cables):
        made.append(
            LineLayer(
                name="aerial", title=words("choices.layer_aerial"), data=cables, group=group,
                fields=fields_of(words, ["operator", "cores", "installation"]), heading="cable_id",
                style=Style(color="#222222", width=2.8, dash=(5, 2), casing="#ffffff"),
                precision_m=0.2, shown=False,
            )
        )  # fmt: skip
    if len(poles):
        made.append(
            PointLayer(
                name="aerial_poles", title=words("choices.layer_poles"), data=poles, group=group,
                fields=fields_of(words, ["owner", "height_m"]), heading="pole_id",
                style=Style(color="#222222", radius=2.6), min_zoom=14.5, precision_m=0.2,
                shown=False,
            )
        )  # fmt: skip
    return made


def finding_layer(plan: "CablePlan", words: Words) -> list[VectorLayer]:
    """
    Return what the validation found, at its places, the gravest on top.

    Parameters
    ----------
    plan
        Plan of undergrounding.
    words
        Catalogue.

    Returns
    -------
    drawn
        Points that tell the fault when clicked; none where no fault has a place.
    """
    from infraplan.cables.validation import finding_points

    points = finding_points(plan.findings, crs=plan.layers.crs)
    if not len(points):
        return []
    told = [finding_told(row, words) for row in points.to_dict("records")]
    data = points.assign(told=told)[["severity", "street", "told", points.geometry.name]]
    styles = {
        "note": Style(color="#ffffff", fill="#6b6b6b", radius=5.0, shape="diamond", width=1.2),
        "warning": Style(color="#3d2f00", fill="#f0c14b", radius=6.5, shape="triangle", width=1.2),
        "error": Style(color="#ffffff", fill="#b2182b", radius=7.5, shape="triangle", width=1.4),
    }
    return [
        PointLayer(
            name="findings", title=words("choices.layer_findings"), data=data,
            group=words("maps.group_underground"), by="severity",
            categories=[
                Category(kind, words(f"validation.severity_{kind}"), style)
                for kind, style in styles.items()
            ],
            fields=(
                Field("told", words("choices.field_finding")),
                Field("street", words("maps.field_street")),
            ),
            heading="finding", precision_m=0.2,
        )
    ]  # fmt: skip


def _streets(subsets: pd.DataFrame) -> list[str]:
    """Return the streets in the order of the plan: that of the choice which has them all."""
    lists = [str(text).split(";") for text in subsets["streets"]]
    return max(lists, key=len)


def _key(places: list[int]) -> str:
    """Return the key of a choice as the page builds it."""
    return ",".join(map(str, sorted(places)))


def _shares(table: pd.DataFrame) -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    """Return weight, own works and cost alone by choice, rule and owner, as text."""
    found: dict[str, dict[str, dict[str, dict[str, str]]]] = {}
    rows = table.reset_index().to_dict("records")
    for row in rows:
        rule = found.setdefault(str(row["subset"]), {}).setdefault(str(row["rule"]), {})
        rule[str(row["owner"])] = {
            "weight": _whole(row["weight"]) or "0",
            "direct": _whole(row["direct_vnd"]) or "0",
            "alone": _whole(row["alone_vnd"]),
        }
    return found


def _whole(value: Any) -> str:  # noqa: ANN401 - a cell of a table
    """Return a whole number as text, empty where it is missing."""
    return "" if value is None or bool(pd.isna(value)) else str(int(value))


def _rounded_up(value: float, decimals: int) -> float:
    """Return a number of so many decimals that is not below it, for it tells what is at most."""
    scale = 10.0**decimals
    return math.ceil(round(value * scale, 6)) / scale


def _choice(
    row: pd.Series,
    shares: Mapping[str, Mapping[str, Mapping[str, str]]],
    places: Mapping[str, int],
    words: Words,
) -> dict[str, Any]:
    """Return what the page tells of a choice of streets."""
    gap = float(row["gap"])
    decimals = 2 if gap < 0.01 else 1
    proof = words("choices.proof", share=words.number(_rounded_up(100 * gap, decimals), decimals))
    return {
        "streets": sorted(places[name] for name in str(row["streets"]).split(";")),
        "cost": _whole(row["cost_vnd"]),
        "proof": words("choices.proof_exact") if gap <= 1e-6 else proof,
        "investment": _whole(row["investment_vnd"]),
        "facts": [
            [words(f"choices.fact_{name}"), _fact(row[name], unit, words)]
            for name, unit in (("length_m", " m"), ("chambers", ""), ("removed_m", " m"))
        ],
        "shares": {rule: dict(owners) for rule, owners in shares.items()},
        "rents": {},
    }


def _fact(value: Any, unit: str, words: Words) -> str:  # noqa: ANN401 - a cell of a table
    """Return a figure with its unit."""
    if value is None or bool(pd.isna(value)):
        return words("choices.unknown")
    return f"{words.number(float(value))}{unit}"


def _assumed(plan: "CablePlan", words: Words) -> str:
    """Return how much of the cost rests on prices and rules that nobody has confirmed."""
    table = plan.assumptions
    if not len(table):
        return ""
    verified = table["verified"].fillna(value=False).astype(bool)
    count = int((~verified).sum())
    return words("choices.assumed", count=words.number(count)) if count else ""


def _features(
    plan: "CablePlan", places: Mapping[str, int], before: Sequence[VectorLayer]
) -> dict[str, dict[str, int]]:
    """Return for each drawn thing the street that it belongs to, by its id."""
    known = list(places)
    segments = plan.segments[plan.segments["street"].astype(str).isin(known)]
    found: dict[str, dict[str, int]] = {}
    for name in () if len(plan.pieces) else AFTER:
        frame = getattr(plan, name)
        # a crossing of a side street, and a chamber, belong to the trench beside them
        nearest = _nearest(frame, segments)
        told = frame["street"].astype(str) if "street" in frame else pd.Series("", frame.index)
        found[name] = {
            str(key): places[street if street in places else beside]
            for key, street, beside in zip(frame.index, told, nearest, strict=False)
        }
    if len(plan.years) and "segments" in found:
        found["years"] = found["segments"]  # their bands
    if len(plan.findings):
        told = plan.findings["street"].dropna()
        found["findings"] = {str(k): places[s] for k, s in told.items() if s in places}
    drawn = {layer.name: layer.data["street"].items() for layer in before}
    for name in BEFORE:
        found[name] = {
            str(key): places[street] for key, street in drawn.get(name, ()) if street in places
        }
    return found


def _pieces(plan: "CablePlan", choices: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return which parts of choices each drawn thing belongs to; nothing where it is not known."""
    if not len(plan.pieces):
        return {}
    found = sorted(set(plan.pieces["parts"]))
    place = {text: n for n, text in enumerate(found)}
    parts = {number for one in choices for number in one["parts"]}
    layers = {
        name: {
            str(key): place[text]
            for key, text in zip(mine["feature_id"], mine["parts"], strict=True)
        }
        for name, mine in plan.pieces.groupby("layer")
    }
    if len(plan.years) and "segments" in layers:
        layers["years"] = layers["segments"]  # their bands
    of = [[int(n) for n in text.split(";") if int(n) in parts] for text in found]
    return {"layers": layers, "parts": of}


def _asked(sharing: "Sharing", rules: Sequence[str]) -> dict[str, Any]:
    """Return who pays as it was asked for, which the page begins with."""
    first = rules[0] if rules else ""
    return {
        "rule": sharing.rule if sharing.rule in rules else first,
        "tenths": round(1000 * sharing.public_share),
        "renting": list(sharing.renting),
        "model": sharing.model,
    }


def _nearest(frame: "gpd.GeoDataFrame", segments: "gpd.GeoDataFrame") -> list[str]:
    """Return the street of the nearest segment."""
    import shapely

    if not len(frame) or not len(segments):
        return []
    middles = shapely.centroid(frame.geometry.to_numpy())
    at = shapely.STRtree(segments.geometry.to_numpy()).nearest(middles)
    return [str(name) for name in segments["street"].to_numpy()[at]]


def _aerial(
    plan: "CablePlan",
) -> tuple["gpd.GeoDataFrame", "gpd.GeoDataFrame"]:
    """Return the aerial cables and the poles in the plan's streets, an id and a street each."""
    import geopandas as gpd
    import shapely

    fibre, poles = plan.layers.table("fibre"), plan.layers.table("poles")
    kind = fibre["installation"]
    aerial = fibre[kind.isna() | (kind == "aerial")].sort_index()
    pieces, stands = [], []
    for name, area in _areas(plan):
        near = aerial[aerial.geometry.intersects(area)]
        cut = near.assign(geometry=near.geometry.intersection(area), street=name)
        pieces.append(cut.explode(index_parts=False))
        stands.append(poles[poles.geometry.intersects(area)].sort_index().assign(street=name))
    if not pieces:
        return aerial.iloc[:0].assign(street=""), poles.iloc[:0].assign(street="")
    cut = gpd.GeoDataFrame(pd.concat(pieces), geometry="geometry", crs=fibre.crs)
    lines = (cut.geometry.geom_type == "LineString").to_numpy()
    cut = cut[lines & (shapely.length(cut.geometry.to_numpy()) > LEAST_PIECE_M)]
    number = cut.groupby(level=0).cumcount().to_numpy() + 1
    cut.index = pd.Index(
        [f"{key}/{n}" for key, n in zip(cut.index, number, strict=True)], name="cable_id"
    )
    at = gpd.GeoDataFrame(pd.concat(stands), geometry="geometry", crs=fibre.crs)
    return cut, at[~at.index.duplicated()]


def _areas(plan: "CablePlan") -> Iterator[tuple[str, Any]]:
    """Yield each street of the plan and its ground up to the poles."""
    import shapely

    streets = plan.layers.table("streets")
    segments = plan.segments.dropna(subset=["street_ids"])
    for name, ids in segments.groupby(segments["street"].astype(str))["street_ids"]:
        wanted = sorted({part for text in ids for part in str(text).split(";")})
        mine = streets[streets.index.astype(str).isin(wanted)]
        width = pd.to_numeric(mine["width_m"]).astype("float64").fillna(STANDARD_WIDTH_M)
        reach_m = width.to_numpy() / 2 + BESIDE_M
        yield (
            str(name),
            shapely.union_all(shapely.buffer(mine.geometry.to_numpy(), reach_m, cap_style="flat")),
        )
