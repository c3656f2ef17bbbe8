"""The sheet that a person takes to a requested site: one A4 page each, never more."""

import io
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.layers.bundle import Layers
from infraplan.layers.crs import transformer
from infraplan.layers.stations import on_air
from infraplan.layers.told import system_told
from infraplan.reports.office import Office
from infraplan.reports.typeset import shortened
from infraplan.reports.typeset import typeset
from infraplan.text import Words

if TYPE_CHECKING:
    from shapely.geometry import Point

    from infraplan.sites import Appraisal

__all__ = ["field_sheets", "has_position"]

DEGREES = 6  # decimals: 0.1 m
ROWS = 9  # of the table of distances
# rules whose value is a distance on the ground that a tape can check, by weight
PLACES = ("site", "mast", "request", "area")
MEASURED = ("spacing", "same_station", "sharing", "batch_duplicate", "batch_sharing", "protected",
            "commune", "position", "road", "fibre", "aerodrome")  # fmt: skip
LONGEST_TAPE_M = 5_000.0  # farther is not measured on a site unless the rule asks for it
WHY = 3  # rules named beside the proposal
EFFECTS = ("reject", "needs_information", "condition")
WINDS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")


def has_position(appraisal: "Appraisal") -> "pd.Series[bool]":
    """
    Return which requests have a position, without which nobody can go there.

    Parameters
    ----------
    appraisal
        Batch.

    Returns
    -------
    has_position
        Flag by request.
    """
    shapes = appraisal.requests.geometry
    flags: pd.Series[bool] = ~(shapes.isna() | shapes.is_empty)
    return flags


def field_sheets(
    appraisal: "Appraisal",
    layers: Layers,
    *,
    pictures: Mapping[str, bytes],
    words: Words,
    as_of: date | None,
    office: Office | None = None,
) -> dict[str, bytes]:
    """
    Return the field sheet of each request.

    Parameters
    ----------
    appraisal
        Batch.
    layers
        Layers of the plan.
    pictures
        PNG map by request; a request without one says that there is no map.
    words
        Catalogue of the office's language.
    as_of
        Day that the sheet states; the page says so where it is not given.
    office
        Whose sheet it is.

    Returns
    -------
    sheets
        PDF of one A4 page by request, in the order of their ids; requests without a position have
        none, see `has_position`.
    """
    found = has_position(appraisal)
    sheets = {}
    for request_id in sorted(appraisal.requests.index[found.to_numpy()], key=str):
        site = _Site.of(appraisal, layers, str(request_id), words)
        content = _shared(appraisal, layers, words, as_of, office or Office()) | {
            "sheets": [_content(site, has_map=request_id in pictures)]
        }
        drawn = {"qr.svg": _qr(site.geo)}
        if request_id in pictures:
            drawn["map.png"] = pictures[request_id]
        sheets[str(request_id)] = typeset("field_sheet", content, pictures=drawn)
    return sheets


@dataclass(frozen=True, slots=True, eq=False)
class _Site:
    """One request with what its sheet tells."""

    request_id: str
    row: "pd.Series[Any]"
    point: "Point"
    longitude_deg: float
    latitude_deg: float
    reasons: list[dict[str, Any]]
    layers: Layers
    words: Words

    @classmethod
    def of(cls, appraisal: "Appraisal", layers: Layers, request_id: str, words: Words) -> "_Site":
        """Return a request of a batch."""
        row = appraisal.requests.loc[request_id]
        point = row[appraisal.requests.geometry.name]
        longitude, latitude = transformer(layers.crs, "EPSG:4326").transform(point.x, point.y)
        try:
            reasons = [dict(reason) for reason in json.loads(str(row["reasons"]))]
        except (TypeError, ValueError, KeyError):
            reasons = []
        return cls(
            request_id, row, point, float(longitude), float(latitude), reasons, layers, words
        )

    @property
    def geo(self) -> str:
        """Return the position as phones open it without internet (RFC 5870)."""
        return f"geo:{self.latitude_deg:.{DEGREES}f},{self.longitude_deg:.{DEGREES}f}"

    def text(self, column: str, most: int) -> str:
        """Return a field as one line, the words for unknown where it is missing."""
        return shortened(self.row.get(column), most) or self.words("common.unknown")

    def number(self, column: str, unit: str, decimals: int = 0) -> str:
        """Return a number with its unit, the words for unknown where it is missing."""
        value = self.row.get(column)
        if value is None or pd.isna(value):
            return self.words("common.unknown")
        return f"{self.words.number(float(value), decimals)} {unit}"

    def finding(self, rule: str) -> dict[str, Any]:
        """Return what a rule found, empty where it was silent."""
        return next((reason for reason in self.reasons if reason.get("rule") == rule), {})


def _shared(
    appraisal: "Appraisal", layers: Layers, words: Words, as_of: date | None, office: Office
) -> dict[str, Any]:
    """Return what every sheet of a batch says."""
    is_synthetic = bool(layers.synthetic() or appraisal.provenance.synthetic)
    keys = ("heading", "no_map", "look", "distances", "must", "commune", "found", "photos",
            "sign_here", "qr_note")  # fmt: skip
    return {key: words(f"sheets.{key}") for key in keys} | {
        "language": words.language,
        "title": shortened(words("sheets.title", batch=appraisal.batch), 120),
        "office": shortened(office.name, 70) or "." * 40,
        "banner": words("reports.synthetic") if is_synthetic else "",
        "proposal": words("sheets.machine_proposal"),
        "columns": [words(f"sheets.column_{name}") for name in ("what", "map", "limit", "found")],
        "signatures": [words(f"sheets.sign_{who}") for who in ("office", "commune", "operator")],
        "foot": _foot(layers, words, as_of),
    }


def _foot(layers: Layers, words: Words, as_of: date | None) -> str:
    """Return the line at the foot: plan, day, whom the map's data must name."""
    day = words("sheets.no_day") if as_of is None else _day(as_of.isoformat(), words)
    sources = layers.table("sources")
    shown = ("buildings", "roads", "streets", "waterways", "terrain", "sea", "communes")
    named: list[str] = []
    if len(sources):
        credit = sources.loc[sources["layer"].isin(shown), "attribution"].dropna()
        named = sorted({shortened(line, 60) for line in credit} - {""})[:4]
    line = words("sheets.foot", plan=shortened(layers.name, 60), day=day)
    return f"{line} {words('sheets.credit', names='; '.join(named))}" if named else line


def _day(text: object, words: Words) -> str:
    """Return an ISO day as the language writes it; the words for unknown where there is none."""
    if not isinstance(text, str) or not text.strip():
        return words("common.unknown")
    try:
        return words.day(date.fromisoformat(text[:10]))
    except ValueError:
        return shortened(text, 20)


def _content(site: _Site, *, has_map: bool) -> dict[str, Any]:
    """Return what the sheet of one site says."""
    words = site.words
    proposal = str(site.row.get("proposal") or "")
    key = f"sites.{proposal}"
    return {
        "code": shortened(site.request_id, 44),
        "name": shortened(site.row.get("name"), 48),
        "left": _asked(site),
        "right": _where(site),
        "qr": "qr.svg",
        "degrees": f"{site.latitude_deg:.{DEGREES}f}, {site.longitude_deg:.{DEGREES}f}",
        "map": "map.png" if has_map else "",
        "proposal": words(key) if key in words.entries else words("common.unknown"),
        "why": _why(site),
        "look": _look(site),
        "distances": _distances(site),
    }


def _asked(site: _Site) -> list[tuple[str, str, bool]]:
    """Return what was asked for: name, value, whether it stands out."""
    words = site.words
    letter = site.text("letter", 34)
    dated = site.row.get("letter_date")
    dated = dated if isinstance(dated, str) else site.row.get("received")
    if isinstance(dated, str):
        letter = words("sheets.letter_of", letter=letter, day=_day(dated, words))
    mast = site.text("mast_class", 12)
    height = site.number("height_m", "m", 1)
    technologies = site.text("technologies", 24).replace(";", ", ")
    return [
        (words("sheets.operator"), site.text("operator", 34), True),
        (words("sheets.letter"), letter, False),
        (words("sheets.commune_said"), site.text("commune", 34), False),
        (words("sheets.address"), site.text("address", 84), False),
        (words("sheets.mast"), words("sheets.mast_told", mast=mast, height=height), False),
        (words("sheets.technologies"), technologies, False),
        (words("sheets.shift"), site.number("shift_allowed_m", "m"), False),
    ]


def _where(site: _Site) -> list[tuple[str, str, bool]]:
    """Return where it is: name, value, whether it stands out."""
    words = site.words
    return [
        (words("sheets.commune_found"), shortened(_commune_at(site), 30), True),
        (words("sheets.latitude"), words.number(site.latitude_deg, DEGREES), True),
        (words("sheets.longitude"), words.number(site.longitude_deg, DEGREES), True),
        (words("sheets.north"), words.number(site.point.y, 1), True),
        (words("sheets.east"), words.number(site.point.x, 1), True),
        (words("sheets.system"), _system(site), False),
        (words("sheets.accuracy"), site.number("accuracy_m", "m"), False),
    ]


def _system(site: _Site) -> str:
    """Return the name of the plan's reference system, without its number in a register."""
    return shortened(re.sub(r"\s*\(EPSG:\d+\)", "", system_told(site.layers.crs)), 30)


def _commune_at(site: _Site) -> str:
    """Return the commune in which the position lies."""
    table = site.layers.table("communes")
    if not len(table):
        return site.words("common.unknown")
    inside = table.iloc[np.sort(table.sindex.query(site.point, predicate="intersects"))]
    if not len(inside):
        return site.words("sheets.outside")
    row = inside.iloc[0]
    full = row.get("full_name")
    return str(full if isinstance(full, str) else row["name"])


def _why(site: _Site) -> str:
    """Return the rules that weigh most in the proposal, by name."""
    words = site.words
    named = [
        words.entries.get(f"sites.rule_{reason['rule']}", str(reason["rule"]))
        for reason in site.reasons
        if reason.get("effect") in EFFECTS
    ]
    if not named:
        return words("sheets.why_none")
    more = len(named) - WHY
    text = "; ".join(named[:WHY])
    return words("sheets.why_more", rules=text, more=more) if more > 0 else text


def _look(site: _Site) -> list[str]:
    """Return what to look at on the site, each with room to write."""
    words = site.words
    floods = site.finding("flood").get("value")
    flood = (
        words("sheets.look_flood", count=words.number(float(floods)))
        if isinstance(floods, int | float)
        else words("sheets.look_flood_unknown")
    )
    rest = [words(f"sheets.look_{key}") for key in ("masts", "power", "access", "land")]
    return [words("sheets.look_position"), _houses(site), flood, *rest]


def _houses(site: _Site) -> str:
    """Return the question about the houses that a falling mast could reach."""
    words, fall = site.words, site.finding("fall")
    radius, count = _fall_m(site), (fall.get("detail") or {}).get("buildings")
    if radius is None:
        return words("sheets.look_roof" if _is_on_roof(site) else "sheets.look_houses_any")
    told = words.number(radius)
    if isinstance(count, int | float):
        return words("sheets.look_houses", radius=told, count=words.number(count))
    return words("sheets.look_houses_unknown", radius=told)


def _is_on_roof(site: _Site) -> bool:
    """Return whether the mast stands on a building, so that no circle is drawn around it."""
    return (site.finding("fall").get("detail") or {}).get("case") == "roof"


def _fall_m(site: _Site) -> float | None:
    """Return the radius in which a falling mast could hit, None where none applies."""
    radius = (site.finding("fall").get("detail") or {}).get("radius_m")
    return float(radius) if isinstance(radius, int | float) and not _is_on_roof(site) else None


def _distances(site: _Site) -> list[dict[str, Any]]:
    """Return the distances to check, those that must be measured first, each place once."""
    rows = [row for reason in site.reasons if (row := _measured(reason, site)) is not None]
    rows += _circles(site)
    rows.sort(key=lambda row: (not row["must"], row["order"]))
    kept: list[dict[str, Any]] = []
    for row in [*rows, *_nearest_stations(site, 3)]:
        places = {place for other in kept for place in other["places"]}
        if row["must"] or not places & set(row["places"]):
            kept.append(row)
    return kept[:ROWS]


def _measured(reason: Mapping[str, Any], site: _Site) -> dict[str, Any] | None:
    """Return a rule's distance as a row; None where there is nothing to measure."""
    rule, words = str(reason.get("rule")), site.words
    detail = reason.get("detail") or {}
    must = bool(detail.get("measure_on_site"))
    value, limit = reason.get("value"), reason.get("limit")
    if rule == "sharing":
        value, limit = detail.get("distance_m"), None
    if rule not in MEASURED and not (must and reason.get("unit") == "m"):
        return None
    if not isinstance(value, int | float) or (value > LONGEST_TAPE_M and not must):
        return None
    if rule in ("commune", "position") and not must and value == 0:
        return None
    name = words.entries.get(f"sites.rule_{rule}", rule)
    keys = PLACES if rule != "spacing" else PLACES[:-1]  # the area of spacing is town or country
    to = next((detail[key] for key in keys if detail.get(key)), "")
    if to:
        name = words("sheets.to", rule=name, place=shortened(to, 26))
    order = MEASURED.index(rule) if rule in MEASURED else len(MEASURED)
    row = _row(name, value, limit, words, must=must, order=order)
    return row | {"places": _same(site, str(to))}


def _same(site: _Site, place: str) -> list[str]:
    """Return a station or mast with all that stand on it, so that it is listed once."""
    sites = site.layers.table("sites")
    if not place or "mast_id" not in sites:
        return [place] if place else []
    mast = sites["mast_id"].get(place)
    mast = place if mast is None or pd.isna(mast) else str(mast)
    return [mast, place]


def _circles(site: _Site) -> list[dict[str, Any]]:
    """Return the circles of fall and of the field: how far the nearest house or roof must be."""
    words, rows = site.words, []
    if (radius := _fall_m(site)) is not None:
        row = _row(words("sheets.nearest_house"), None, radius, words, order=-2)
        rows.append(row | {"value": _nearest_house(site)})
    field = site.finding("emf").get("value")
    if isinstance(field, int | float):
        rows.append(_row(words("sheets.nearest_people"), None, field, words, order=-1))
    return rows


def _nearest_house(site: _Site) -> str:
    """Return the distance to the nearest building as told; the words for unknown where none is."""
    words, table = site.words, site.layers.table("buildings")
    if not len(table):
        return words("common.unknown")
    _, found = table.sindex.nearest(site.point, return_distance=True, return_all=False)
    if found[0] > LONGEST_TAPE_M:
        return words("sheets.beyond", distance=words.number(LONGEST_TAPE_M))
    return f"{_metres(float(found[0]), words)} m"


def _nearest_stations(site: _Site, count: int) -> list[dict[str, Any]]:
    """Return the nearest stations with distance and wind, for the person to find them."""
    table = on_air(site.layers.table("sites"))
    table = table[~(table.geometry.isna() | table.geometry.is_empty)].sort_index()
    if not len(table):
        row = _row(site.words("sheets.no_stations"), None, None, site.words, order=99)
        return [row | {"value": site.words("common.unknown")}]
    east = (table.geometry.x - site.point.x).to_numpy()
    north = (table.geometry.y - site.point.y).to_numpy()
    away = np.hypot(east, north)
    rows = []
    for place in np.argsort(away, kind="stable")[:count]:
        bearing = math.degrees(math.atan2(east[place], north[place])) % 360.0
        wind = site.words(f"sheets.wind_{WINDS[round(bearing / 45.0) % 8]}")
        name = site.words(
            "sheets.station",
            site=shortened(table.index[place], 22),
            operator=shortened(table["operator"].iloc[place], 16),
            wind=wind,
        )
        row = _row(name, float(away[place]), None, site.words, order=99)
        rows.append(row | {"places": _same(site, str(table.index[place]))})
    return rows


def _row(
    name: str, value: float | None, limit: float | None, words: Words, *, order: int,
    must: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Return a line of the table of distances."""
    told, bound = ("—" if of is None else f"{_metres(of, words)} m" for of in (value, limit))
    return {"name": name, "value": told, "limit": bound, "must": must, "order": order, "places": []}


def _metres(value: float, words: Words) -> str:
    """Return a length as a tape tells it: decimetres below 100 m, whole metres above."""
    return words.number(value, 1 if value < 100 and abs(value - round(value)) >= 0.05 else 0)


def _qr(text: str) -> bytes:
    """Return the code that a phone reads, as SVG."""
    import segno

    stream = io.BytesIO()
    segno.make(text, error="m", micro=False).save(stream, kind="svg", border=1, xmldecl=True)
    return stream.getvalue()
