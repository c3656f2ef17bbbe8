"""The register of requests: batches entered, what stood there before, what changed since."""

import math
import re
from collections.abc import Iterable
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.layers.stations import on_air
from infraplan.sites.reasons import Reason
from infraplan.sites.reasons import judge
from infraplan.sites.rules import Rule
from infraplan.sites.study import STUDY
from infraplan.sites.study import empty_table

if TYPE_CHECKING:
    import geopandas as gpd
    from shapely.geometry import Point

__all__ = [
    "OFFICE",
    "Entered",
    "batch_table",
    "check_related",
    "enter",
    "is_open",
    "related_requests",
    "request_changes",
    "requests_near",
    "unbuilt",
]

OFFICE = ("decision", "decided_by", "decided_on", "decision_reason", "field_check")
LETTER = ("letter", "letter_date", "received", "due")
ASKED = (
    "name", "commune", "address", "mast_class", "height_m", "technologies", "purpose", "azimuths",
    "mast_id", "building_height_m", "shift_allowed_m", "accuracy_m",
)  # fmt: skip
APPROVED = ("approve", "approve_with_conditions")
OVER = ("decided", "built", "withdrawn", "superseded")  # states in which nobody waits for an answer
GONE = ("built", "withdrawn", "superseded")
TO_COME = ("approved", "building", "planned")  # stations that stand on paper only
NEAR_M = 50.0  # nearer than this two requests may be for the same place (rule earlier_request)
REACH_M = 300.0  # within which a mast may be shared (rule pending_other)
SAME_M = 0.5  # positions nearer than this are written otherwise, not moved
KINDS = ("superseded", "approved_unbuilt", "pending_other", "earlier")


@dataclass(frozen=True, slots=True, eq=False)
class Entered:
    """
    A register with a batch entered.

    `ids` are the ids of the batch's rows by those they were read under. `superseded` pairs each
    resubmission with the request that it replaces, `perhaps` requests with earlier ones of the same
    operator within 50 m of another code, and how far they are [m]. `changed` says what the operator
    changed in requests that the office had decided on or looked at: `request_id`, `field`,
    `before`, `after`. Rows of an earlier reading that the file no longer has are in `dropped`, or
    in `kept` where the office had its say on them.
    """

    register: "gpd.GeoDataFrame"
    ids: Mapping[str, str]
    superseded: tuple[tuple[str, str], ...]
    perhaps: tuple[tuple[str, str, float], ...]
    changed: pd.DataFrame
    dropped: tuple[str, ...]
    kept: tuple[str, ...]


def enter(
    register: "gpd.GeoDataFrame",
    rows: "gpd.GeoDataFrame",
    *,
    batch: str,
    unnamed: Iterable[str] = (),
) -> Entered:
    """
    Enter the requests of a letter into the register.

    Parameters
    ----------
    register
        Layer `requests` of the plan, which may be empty.
    rows
        What was read: a table of the layer, indexed by the operator's codes.
    batch
        Name of the batch; rows that the register has under it are read again.
    unnamed
        Ids of rows that were given one since their owner gave none.

    Returns
    -------
    entered
        The register with the batch, in which nothing else is lost: a request of the same operator
        and code in another batch stays, its state `superseded`, unless it is built or withdrawn.

    Notes
    -----
    The id of a request is the operator's code, or `<code>.2`, `.3` ... where the register has that
    code already. Rows read again keep id, state and what the office wrote.
    """
    unnamed = set(map(str, unnamed))
    mine = ("state", "supersedes", *OFFICE)  # not the operator's to fill in
    named = rows.assign(batch=batch, **dict.fromkeys(mine))
    named.index = named.index.astype("str")
    if "site_code" not in named:
        named = named.assign(site_code=None)
    codes = pd.Series([None if i in unnamed else i for i in named.index], named.index, "object")
    has_code = named["site_code"].notna() & (named["site_code"].astype("object") != "")
    named["site_code"] = named["site_code"].astype("object").where(has_code, codes)
    own = register[register["batch"] == batch] if len(register) else register
    others = register[register["batch"] != batch] if len(register) else register
    ids, before = _ids(named, own, others)
    fresh = _with_office(named.rename(index=ids), own, before)
    left = own[~own.index.isin(fresh.index)]
    has_word = left[[c for c in OFFICE if c in left]].notna().any(axis=1) if len(left) else []
    kept = left[np.asarray(has_word, dtype=bool)]
    dropped = left.index.difference(kept.index)
    changed = _changed_after(own, fresh)
    whole = _put_in(register, pd.concat([fresh, kept]) if len(kept) else fresh, batch)
    return Entered(
        register=_with_states(whole, restored=set(left.loc[dropped].get("supersedes", ()))),
        ids=ids,
        superseded=tuple(sorted(before.items())),
        perhaps=_perhaps(fresh, others, before),
        changed=changed,
        dropped=tuple(sorted(map(str, dropped))),
        kept=tuple(sorted(map(str, kept.index))),
    )


def is_open(register: pd.DataFrame) -> "pd.Series[bool]":
    """
    Return which requests still wait for the office's decision.

    Parameters
    ----------
    register
        Layer `requests`.

    Returns
    -------
    is_open
        On its index: neither decided nor built, withdrawn or superseded.
    """
    state = _column(register, "state")
    return _column(register, "decision").isna() & ~state.isin(OVER)


def unbuilt(register: "gpd.GeoDataFrame", sites: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """
    Return the requests that were approved and of which nothing is known to stand.

    Parameters
    ----------
    register
        Layer `requests`.
    sites
        Layer `sites`; a station of the same operator on air within 50 m is taken for the one that
        was approved.

    Returns
    -------
    requests
        Their rows, in the order of the register.
    """
    approved = register[
        _column(register, "decision").isin(APPROVED) & ~_column(register, "state").isin(GONE)
    ]
    if not len(approved) or not len(sites):
        return approved
    standing = on_air(sites)
    stands = [
        _has_point(point)
        and bool((_distances_m(standing[standing["operator"] == operator], point) <= NEAR_M).any())
        for point, operator in zip(approved.geometry, approved["operator"], strict=True)
    ]
    return approved[~np.asarray(stands, dtype=bool)]


def related_requests(
    requests: "gpd.GeoDataFrame",
    register: "gpd.GeoDataFrame",
    sites: "gpd.GeoDataFrame",
    rules: Mapping[str, Rule],
) -> pd.DataFrame:
    """
    Return what was asked for, or approved and not built, near each request of a batch.

    Parameters
    ----------
    requests
        The batch, rows of the register.
    register
        All requests ever received.
    sites
        Layer `sites`; of those that stand on paper only the approved, those in building and the
        planned ones count.
    rules
        Rules in force: `earlier_request` says how near an earlier request is for the same place (50
        m where it is not in force), `pending_other` how near pending and unbuilt ones are named
        (300 m).

    Returns
    -------
    related
        Table `related` of `infraplan.sites.study`, the nearest first; `kind` is `superseded` (the
        one that the request replaces), `approved_unbuilt`, `pending_other` (of another operator) or
        `earlier`.
    """
    near_m = _limit_m(rules, "earlier_request", NEAR_M)
    reach_m = max(_limit_m(rules, "pending_other", REACH_M), near_m)
    others = register[~register.index.isin(requests.index)]
    to_come = _to_come(sites)
    waiting, not_built = is_open(others), set(unbuilt(others, sites).index)
    rows = []
    for request_id, request in requests.iterrows():
        point = request[requests.geometry.name]
        distance_m = pd.Series(_distances_m(others, point), others.index)
        looked_at = (distance_m <= reach_m) | (others.index == request.get("supersedes"))
        own = []
        for other_id, other in others[looked_at.to_numpy(dtype=bool)].iterrows():
            kind = _kind(
                request,
                other,
                is_superseded=other_id == request.get("supersedes"),
                is_unbuilt=other_id in not_built,
                is_waiting=bool(waiting[other_id]),
            )
            away_m = float(distance_m[other_id])
            if kind == "superseded" or (kind and (kind != "earlier" or away_m <= near_m)):
                own.append((str(request_id), str(other_id), kind, away_m, other))
        named = others.loc[[entry[1] for entry in own]]
        rows += own + _planned_near(str(request_id), point, to_come, named, reach_m)
    return _related_table(rows)


def request_changes(requests: "gpd.GeoDataFrame", register: "gpd.GeoDataFrame") -> pd.DataFrame:
    """
    Return how resubmissions differ from the requests that they supersede.

    Parameters
    ----------
    requests
        The batch, rows of the register.
    register
        All requests ever received.

    Returns
    -------
    changes
        Table `changes` of `infraplan.sites.study`: `before` and `after` are text, empty where
        nothing was said; `position` holds latitude and longitude, `moved_m` how far it moved [m].
        A resubmission without any difference has no row.
    """
    if "supersedes" not in requests or not len(register):
        return empty_table("changes")
    pairs = [
        (str(request_id), str(earlier))
        for request_id, earlier in requests["supersedes"].dropna().items()
        if earlier in register.index
    ]
    return _changes(
        [(new, requests.loc[new], register.loc[old]) for new, old in pairs], register.crs
    )


def check_related(
    request_id: str,
    operator: str | None,
    related: pd.DataFrame,
    rules: Mapping[str, Rule],
) -> list[Reason]:
    """
    Return the findings of the rules on what the register has near a request.

    Parameters
    ----------
    request_id
        Request.
    operator
        Who asks, or None.
    related
        Table of `related_requests`.
    rules
        Rules in force: `earlier_request` and `pending_other` are looked at.

    Returns
    -------
    reasons
        An earlier request that was superseded, withdrawn or built asks for nothing: the request
        replaces it, or a station stands, which other rules see.
    """
    near = _of_request(related, request_id)
    is_own = near["operator"] == operator
    is_unbuilt, is_open_elsewhere = (
        near["kind"] == kind for kind in ("approved_unbuilt", "pending_other")
    )
    is_earlier = (near["kind"] == "earlier") & ~near["state"].isin(GONE)
    earlier = near[is_earlier | (is_unbuilt & is_own)]
    awaited = near[is_open_elsewhere | (is_unbuilt & ~is_own)]
    looked_at = (("earlier_request", earlier), ("pending_other", awaited))
    return [_found(rules[name], found) for name, found in looked_at if name in rules]


def requests_near(
    point: "Point",
    register: "gpd.GeoDataFrame",
    sites: "gpd.GeoDataFrame",
    *,
    distance_m: float,
) -> pd.DataFrame:
    """
    Return what was ever asked for around a place, or is approved there and not built.

    Parameters
    ----------
    point
        Place in the planning CRS.
    register
        Layer `requests`.
    sites
        Layer `sites`.
    distance_m
        How far around, >= 0 [m].

    Returns
    -------
    found
        By id, the nearest first: `kind` (approved_unbuilt, waiting or earlier) and the other
        columns of `related`.
    """
    away = pd.Series(_distances_m(register, point), register.index)
    near = register[(away <= distance_m).to_numpy(dtype=bool)]
    waiting, not_built = is_open(near), set(unbuilt(near, sites).index)
    rows = [
        (
            "",
            str(key),
            "approved_unbuilt" if key in not_built else "waiting" if waiting[key] else "earlier",
            float(away[key]),
            row,
        )
        for key, row in near.iterrows()
    ]
    rows += _planned_near("", point, _to_come(sites), near, distance_m)
    return _related_table(rows).droplevel(0)


def batch_table(
    register: "gpd.GeoDataFrame", sites: "gpd.GeoDataFrame", *, as_of: date
) -> pd.DataFrame:
    """
    Return the register a line a batch, what is overdue first.

    Parameters
    ----------
    register
        Layer `requests`.
    sites
        Layer `sites`, in which approved requests may stand by now.
    as_of
        Day from which the days left are counted.

    Returns
    -------
    batches
        By `batch`: `letter`, `letter_date`, `operator`, `received`, `due`, `days_left` (negative
        when overdue; NaN where no day is known or nobody waits), `rows`, `waiting`, a count for
        each decision, `unbuilt`, `superseded` and `state` (waiting, supplement_asked or answered).
    """
    open_rows = is_open(register)
    not_built = unbuilt(register, sites).index
    table = pd.DataFrame(
        [
            _batch_row(str(name), own, open_rows[own.index], own.index.isin(not_built), as_of)
            for name, own in register.groupby(register["batch"].astype("object"), sort=True)
        ]
    )
    if not len(table):
        return table
    keys = [
        (row["state"] == "answered", np.nan_to_num(row["days_left"], nan=math.inf), str(name))
        for name, row in zip(table["batch"], table.to_dict("records"), strict=True)
    ]
    order = sorted(range(len(keys)), key=lambda place: keys[place])
    return table.iloc[order].set_index("batch")


def _ids(
    rows: "gpd.GeoDataFrame", own: "gpd.GeoDataFrame", others: "gpd.GeoDataFrame"
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the ids of rows by those they were read under, and the request each replaces."""
    known = {_code(row) or re.sub(r"\.\d+$", "", str(key)): str(key) for key, row in own.iterrows()}
    taken = {*map(str, others.index), *map(str, own.index)}
    ids: dict[str, str] = {}
    before: dict[str, str] = {}
    for key, row in rows.iterrows():
        code = _code(row) or str(key)
        if code in known:
            ids[str(key)] = known.pop(code)
        else:
            ids[str(key)] = _free(code, taken)
        taken.add(ids[str(key)])
        earlier = _earlier(row, others)
        if earlier is not None:
            before[ids[str(key)]] = earlier
    return ids, before


def _code(row: "pd.Series[Any]") -> str:
    """Return the operator's code of a request, empty where it has none."""
    value = row.get("site_code")
    return "" if value is None or pd.isna(value) else str(value).strip()


def _free(code: str, taken: set[str]) -> str:
    """Return a code as an id that nobody has."""
    number, name = 1, code
    while name in taken:
        number += 1
        name = f"{code}.{number}"
    return name


def _earlier(row: "pd.Series[Any]", others: "gpd.GeoDataFrame") -> str | None:
    """Return the last request of the same operator and code in another batch, None where none."""
    code, operator = _code(row), row.get("operator")
    if not code or not len(others) or operator is None or pd.isna(operator):
        return None
    same = others[
        (_column(others, "site_code").astype("object").fillna(others.index.to_series()) == code)
        & (others["operator"] == operator)
        & (_column(others, "state") != "built")
    ]
    before = [key for key, other in same.iterrows() if _is_before(other, row)]
    replaced = set(_column(same, "supersedes").dropna())
    last = [key for key in before if key not in replaced] or before
    return str(last[-1]) if last else None


def _is_before(other: "pd.Series[Any]", row: "pd.Series[Any]") -> bool:
    """Return whether a request came no later than another, by what days are known."""
    days = [_day(one) for one in (other, row)]
    return not all(days) or days[0] <= days[1]


def _day(row: "pd.Series[Any]") -> str:
    """Return the day a request was received, or that of its letter; empty where not known."""
    for column in ("received", "letter_date"):
        value = row.get(column)
        if value is not None and pd.notna(value) and str(value):
            return str(value)[:10]
    return ""


def _with_office(
    fresh: "gpd.GeoDataFrame", own: "gpd.GeoDataFrame", before: Mapping[str, str]
) -> "gpd.GeoDataFrame":
    """Return rows with what the register holds on them: state, letter, the office's word."""
    result = fresh.copy()
    again = [key for key in result.index if key in own.index]
    for column in (*OFFICE, "state", "supersedes", *LETTER):
        values = _column(result, column).astype("object")
        if column in own:
            kept = own[column].reindex(again).astype("object")
            is_blank = values.isna()
            wins = pd.Series(data=True, index=again) if column not in LETTER else is_blank[again]
            wins = wins & kept.notna()
            values.loc[wins[wins].index] = kept[wins]
        result[column] = values.where(values.notna(), None)
    for key, earlier in before.items():
        result.loc[key, "supersedes"] = earlier
    result["state"] = result["state"].where(result["state"].notna(), "received")
    for column in (*OFFICE, "state", "supersedes", *LETTER, "site_code"):
        result[column] = result[column].astype("str")
    return result


def _put_in(
    register: "gpd.GeoDataFrame", rows: "gpd.GeoDataFrame", batch: str
) -> "gpd.GeoDataFrame":
    """Return the register with a batch's rows where it had them, else at its end."""
    import geopandas as gpd

    rows.index.name = "request_id"
    if not len(register):
        return rows
    of_batch = (register["batch"] == batch).to_numpy(dtype=bool)
    place = int(np.argmax(of_batch)) if of_batch.any() else len(register)
    others = register[~of_batch]
    split = int((~of_batch[:place]).sum())
    parts = [part for part in (others.iloc[:split], rows, others.iloc[split:]) if len(part)]
    joined = gpd.GeoDataFrame(pd.concat(parts), geometry=rows.geometry.name, crs=rows.crs)
    joined.index.name = "request_id"
    return joined


def _with_states(register: "gpd.GeoDataFrame", restored: set[Any]) -> "gpd.GeoDataFrame":
    """Return the register in which what is superseded says so, and what is no longer does not."""
    state = _column(register, "state").astype("object")
    replaced = set(_column(register, "supersedes").dropna())
    for key in register.index.intersection(sorted(map(str, replaced))):
        if state[key] not in ("built", "withdrawn"):
            state[key] = "superseded"
    freed = {key for key in restored if isinstance(key, str)} - replaced
    for key in register.index.intersection(sorted(freed)):
        if state[key] == "superseded":
            decided = pd.notna(register.loc[key].get("decision"))
            state[key] = "decided" if decided else "received"
    return register.assign(state=state.astype("str"))


def _perhaps(
    fresh: "gpd.GeoDataFrame", others: "gpd.GeoDataFrame", before: Mapping[str, str]
) -> tuple[tuple[str, str, float], ...]:
    """Return earlier requests of the same operator within 50 m that another code names."""
    found = []
    others = others[~others.index.isin(list(before.values()))]
    for key, row in fresh[~fresh.index.isin(list(before))].iterrows():
        own = others[others["operator"] == row.get("operator")] if len(others) else others
        own = own[_column(own, "state") != "superseded"] if len(own) else own
        away = _distances_m(own, row[fresh.geometry.name])
        for (other, earlier), distance_m in zip(own.iterrows(), away, strict=True):
            if distance_m <= NEAR_M and _is_before(earlier, row):
                found.append((str(key), str(other), float(distance_m)))
    return tuple(sorted(found))


def _changed_after(own: "gpd.GeoDataFrame", fresh: "gpd.GeoDataFrame") -> pd.DataFrame:
    """Return what changed in rows that are read again and that the office had its say on."""
    if not len(own):
        return empty_table("changes")
    said = own[[c for c in OFFICE if c in own]].notna().any(axis=1)
    pairs = [
        (str(key), fresh.loc[key], own.loc[key])
        for key in fresh.index
        if key in own.index and said[key]
    ]
    return _changes(pairs, fresh.crs)


def _changes(
    pairs: Sequence[tuple[str, "pd.Series[Any]", "pd.Series[Any]"]],
    crs: Any,  # noqa: ANN401 - as geopandas has it
) -> pd.DataFrame:
    """Return how the second row of each pair became the first."""
    rows = []
    for name, new, old in pairs:
        told = [(field, _text(old.get(field)), _text(new.get(field))) for field in ASKED]
        told += _moved(new.get("geometry"), old.get("geometry"), crs)
        rows += [(name, field, was, now) for field, was, now in told if was != now]
    keys, columns = STUDY["changes"]
    if not rows:
        return empty_table("changes")
    table = pd.DataFrame(rows, columns=[*keys, *columns], dtype="object")
    return table.astype({"request_id": "str", "field": "str"}).set_index(list(keys))


def _moved(new: Any, old: Any, crs: Any) -> list[tuple[str, str, str]]:  # noqa: ANN401 - points or None
    """Return the position before and after, and how far apart they are."""
    ends = [one if _has_point(one) else None for one in (old, new)]
    if ends[0] is not None and ends[1] is not None:
        away_m = float(ends[0].distance(ends[1]))
        if away_m < SAME_M:
            return []
        moved = [("moved_m", "", f"{away_m:.1f}")]
    else:
        moved = []
    was, now = (_degrees(point, crs) for point in ends)
    return [("position", was, now), *moved]


def _degrees(point: "Point | None", crs: Any) -> str:  # noqa: ANN401 - as geopandas has it
    """Return latitude and longitude of a position on WGS 84, empty where there is none."""
    if point is None:
        return ""
    import geopandas as gpd

    there = gpd.GeoSeries([point], crs=crs).to_crs(4326).iloc[0]
    return f"{there.y:.5f}, {there.x:.5f}"


def _text(value: Any) -> str:  # noqa: ANN401 - any cell
    """Return a cell as text, empty where it is missing."""
    if value is None or pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, (float, np.floating)) else str(value)


def _limit_m(rules: Mapping[str, Rule], name: str, otherwise_m: float) -> float:
    """Return the distance of a rule, another where it is not in force."""
    return rules[name].thresholds["distance_m"] if name in rules else otherwise_m


def _kind(
    request: "pd.Series[Any]",
    other: "pd.Series[Any]",
    *,
    is_superseded: bool,
    is_unbuilt: bool,
    is_waiting: bool,
) -> str:
    """Return what another request of the register is to one, empty where it says nothing."""
    is_other = other.get("operator") != request.get("operator")
    kinds = (
        is_superseded,
        is_unbuilt,
        is_waiting and is_other,
        _is_before(other, request) and other.get("supersedes") != request.name,
    )
    return next((kind for kind, holds in zip(KINDS, kinds, strict=True) if holds), "")


def _to_come(sites: "gpd.GeoDataFrame") -> "gpd.GeoDataFrame":
    """Return the stations that stand on paper only."""
    return sites[_column(sites, "status").isin(TO_COME)]


def _planned_near(
    request_id: str,
    point: Any,  # noqa: ANN401 - a point or None
    to_come: "gpd.GeoDataFrame",
    found: "gpd.GeoDataFrame",
    reach_m: float,
) -> list[tuple[str, str, str, float, "pd.Series[Any]"]]:
    """Return stations that stand on paper only, but for those that the register has named."""
    rows = []
    for (site_id, site), distance_m in zip(
        to_come.iterrows(), _distances_m(to_come, point), strict=True
    ):
        if not distance_m <= reach_m:
            continue
        same = found[found["operator"] == site.get("operator")] if len(found) else found
        codes = {str(key) for key in (*same.index, *_column(same, "site_code").dropna())}
        is_near = bool((_distances_m(same, site[to_come.geometry.name]) <= NEAR_M).any())
        if str(site_id) not in codes and not is_near:
            told = site.rename({"status": "state"})
            rows.append((request_id, str(site_id), "approved_unbuilt", float(distance_m), told))
    return rows


def _related_table(
    rows: Sequence[tuple[str, str, str, float, "pd.Series[Any]"]],
) -> pd.DataFrame:
    """Return rows of `related` as a table."""
    keys, columns = STUDY["related"]
    if not rows:
        return empty_table("related")
    told = [
        {
            "request_id": request_id,
            "other_id": other_id,
            "kind": kind,
            "distance_m": distance_m if math.isfinite(distance_m) else math.nan,
            **{name: _text(other.get(name)) for name in columns[2:]},
        }
        for request_id, other_id, kind, distance_m, other in rows
    ]
    table = pd.DataFrame(told)
    table = table.sort_values(["request_id", "distance_m", "other_id"], kind="stable")
    texts = [name for name in table.columns if name != "distance_m"]
    return table.astype(dict.fromkeys(texts, "str")).set_index(list(keys))[list(columns)]


def _of_request(related: pd.DataFrame, request_id: str) -> pd.DataFrame:
    """Return what is related to one request, by the other's id."""
    if not len(related) or request_id not in related.index.get_level_values(0):
        return related.iloc[:0].droplevel(0)
    return pd.DataFrame(related.xs(request_id, level=0))


def _found(rule: Rule, near: pd.DataFrame) -> Reason:
    """Return a rule's finding on the nearest of some requests."""
    limit_m = rule.thresholds["distance_m"]
    within = near[near["distance_m"].astype("float64") <= limit_m] if len(near) else near
    if not len(within):
        return judge(rule, holds=True, limit=limit_m)
    nearest = within.sort_values("distance_m", kind="stable").iloc[0]
    value_m = float(nearest["distance_m"])
    told = ("kind", "operator", "letter", "decision")
    detail: dict[str, Any] = {name: str(nearest[name]) for name in told}
    return judge(
        rule,
        holds=False,
        value=value_m,
        limit=limit_m,
        margin=value_m - limit_m,
        request=str(nearest.name),
        **detail,
    )


def _batch_row(
    name: str,
    own: "gpd.GeoDataFrame",
    waiting: "pd.Series[bool]",
    not_built: npt.NDArray[np.bool_],
    as_of: date,
) -> dict[str, Any]:
    """Return one batch of the register as a line."""
    decision, state = _column(own, "decision"), _column(own, "state")
    due = _first(own, "due")
    asked = bool(waiting.any()) and bool((state[waiting] == "supplement_asked").all())
    answered = "supplement_asked" if asked else "waiting"
    return {
        "batch": name,
        **{column: _first(own, column) for column in ("letter", "letter_date")},
        "operator": ", ".join(sorted(set(own["operator"].dropna().astype(str)))),
        "received": _first(own, "received"),
        "due": due,
        "days_left": float((date.fromisoformat(due) - as_of).days)
        if due and waiting.any()
        else math.nan,
        "rows": len(own),
        "waiting": int(waiting.sum()),
        **{kind: int((decision == kind).sum()) for kind in (*APPROVED, "reject")},
        "needs_information": int((decision == "needs_information").sum()),
        "unbuilt": int(not_built.sum()),
        "superseded": int((state == "superseded").sum()),
        "state": answered if waiting.any() else "answered",
    }


def _first(table: pd.DataFrame, column: str) -> str:
    """Return the one value of a column, several joined by commas, empty where there is none."""
    found = sorted(set(_column(table, column).dropna().astype(str)) - {""})
    if column == "due":  # the earliest day is the one that matters
        return found[0] if found else ""
    return ", ".join(found)


def _column(table: pd.DataFrame, column: str) -> "pd.Series[Any]":
    """Return a column of a table, missing values where it has none."""
    if column in table:
        return table[column]
    return pd.Series([None] * len(table), index=table.index, dtype="object")


def _has_point(point: Any) -> bool:  # noqa: ANN401 - a point or None
    """Return whether a request has a position."""
    return point is not None and not point.is_empty


def _distances_m(table: "gpd.GeoDataFrame", point: Any) -> npt.NDArray[np.float64]:  # noqa: ANN401
    """Return how far the rows of a table lie from a point, infinite where either has no place."""
    if not len(table) or not _has_point(point):
        return np.full(len(table), np.inf)
    shapes = table.geometry
    away = np.hypot(shapes.x.to_numpy() - point.x, shapes.y.to_numpy() - point.y)
    return np.where(np.isnan(away), np.inf, away)
