"""What is known of the service at one place, as the sentences of an answer to a citizen."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from infraplan.coverage.point import LIKELY
from infraplan.coverage.point import MEASURED_WITHIN_M
from infraplan.coverage.point import PlaceFacts
from infraplan.coverage.point import PointFinding
from infraplan.radio.link import service_margin_db
from infraplan.text import Words

__all__ = [
    "causes_told",
    "definition_told",
    "evidence_told",
    "measurements_told",
    "place_told",
    "servers_told",
]

WINDS = ("n", "ne", "e", "se", "s", "sw", "w", "nw")
HEADS = ("technology", "operator", "point_cell", "point_away", "point_azimuth", "point_level",
         "point_threshold", "point_verdict", "point_probability")  # fmt: skip
SAID_SHOWN = 5


def servers_told(finding: PointFinding, words: Words) -> tuple[tuple[str, ...], list[list[str]]]:
    """
    Return the table of who serves a place, a row for each technology and operator.

    Parameters
    ----------
    finding
        What is known of the place; its `servers` may hold `stored_dbm`.
    words
        Catalogue.

    Returns
    -------
    heads
        Headings.
    rows
        Cells of the table as text; one that rests on assumed cells carries `*`.
    """
    servers = finding.servers
    stored = "stored_dbm" in servers and servers["stored_dbm"].notna().any()
    heads = tuple(words(f"cli.head_{name}") for name in HEADS)
    rows = []
    for row in servers.to_dict("records"):
        there = isinstance(row["cell_id"], str)
        star = "*" if there and row["assumed"] else ""
        line = [
            str(row["technology"]),
            str(row["operator"]),
            f"{row['cell_id']}{star}" if there else "-",
            _number(row["distance_m"] / 1_000.0, words, 1),
            _number(row["azimuth_deg"], words),
            _number(row["level_dbm"], words),
            _number(row["threshold_dbm"], words),
            words(f"coverage.point_{row['verdict']}"),
            _number(100.0 * row["probability"], words),
        ]
        rows.append([*line, _number(row["stored_dbm"], words)] if stored else line)
    return (*heads, words("cli.head_point_stored")) if stored else heads, rows


def causes_told(finding: PointFinding, words: Words) -> list[str]:
    """
    Return why technologies and operators have no certain service, a sentence for each.

    Parameters
    ----------
    finding
        What is known of the place.
    words
        Catalogue.

    Returns
    -------
    sentences
        In the order of the table; none where all serve.
    """
    radius_km = words.number(finding.settings.radius_m / 1_000.0)
    told = []
    for row in finding.causes.to_dict("records"):
        known = {str(name): value for name, value in row.items()} | {"radius": radius_km}
        told.append(f"{row['technology']} {row['operator']}: {_cause(known, words)}")
    return told


def place_told(place: PlaceFacts, words: Words) -> list[str]:
    """
    Return where a place is and what is near.

    Parameters
    ----------
    place
        The place.
    words
        Catalogue.

    Returns
    -------
    sentences
        Position, hamlet and commune, nearest station, nearest fibre.
    """
    told = [
        words(
            "coverage.point_position",
            lon=f"{place.lon_deg:.5f}",
            lat=f"{place.lat_deg:.5f}",
            x=words.number(place.x_m),
            y=words.number(place.y_m),
            ground=words.number(place.ground_m),
        )
    ]
    commune = place.commune or words("coverage.point_no_commune")
    if place.hamlet is None:
        told.append(words("coverage.point_no_hamlet", commune=commune))
    else:
        key = "in_hamlet" if place.hamlet_m == 0.0 else "near_hamlet"
        away = words.number(place.hamlet_m)
        told.append(
            words(
                f"coverage.point_{key}",
                hamlet=place.hamlet,
                id=place.hamlet_id,
                commune=commune,
                away=away,
            )
        )
    near = [
        ("site", place.nearest_site, place.nearest_operator, place.nearest_site_m),
        ("fibre", place.nearest_fibre, place.nearest_fibre_operator, place.nearest_fibre_m),
    ]
    for what, name, operator, away_m in near:
        if name is None:
            told.append(words(f"coverage.point_no_{what}"))
        else:
            told.append(
                words(
                    f"coverage.point_nearest_{what}",
                    name=name,
                    operator=operator,
                    away=words.number(away_m / 1_000.0, 1 if away_m >= 1_000.0 else 2),
                )
            )
    return told


def evidence_told(finding: PointFinding, words: Words) -> list[str]:
    """
    Return what is said of the signal in the hamlet.

    Parameters
    ----------
    finding
        What is known of the place.
    words
        Catalogue.

    Returns
    -------
    sentences
        The newest statements; one that says so where there are none.
    """
    table = finding.evidence
    if not len(table):
        return [words("coverage.point_no_evidence")]
    told = [
        words(
            "coverage.point_evidence",
            operator=words("cli.any_operator") if row["operator"] == "any" else row["operator"],
            finding=words(f"coverage.point_finding_{row['finding']}"),
            day=_text(row["found_on"]) or words("coverage.point_no_day"),
            source=_text(row["source"]) or words("coverage.point_no_source"),
        )
        for row in table.head(SAID_SHOWN).to_dict("records")
    ]
    if len(table) > SAID_SHOWN:
        told.append(words("coverage.point_more", count=words.number(len(table) - SAID_SHOWN)))
    return told


def measurements_told(finding: PointFinding, words: Words) -> list[str]:
    """
    Return what was measured near, by technology, operator and quantity.

    Parameters
    ----------
    finding
        What is known of the place.
    words
        Catalogue.

    Returns
    -------
    sentences
        Counts with median and range of the levels; one that says so where there are none.
    """
    table = finding.measurements
    within = words.number(MEASURED_WITHIN_M)
    if not len(table):
        return [words("coverage.point_no_measurements", within=within)]
    none = words("coverage.point_not_named")
    keys = [table[name].fillna(none).astype("str") for name in ("technology", "operator")]
    told = []
    for (technology, operator), part in table.groupby(keys, sort=True):
        heard = part[~part["below_floor"].fillna(value=False).astype(bool)]["level_dbm"]
        told.append(
            words(
                "coverage.point_measured",
                technology=technology,
                operator=operator,
                count=words.number(len(part)),
                within=within,
                silent=words.number(len(part) - len(heard)),
                median=_number(float(heard.median()), words),
                low=_number(float(heard.min()), words),
                high=_number(float(heard.max()), words),
            )
        )
    return told


def definition_told(finding: PointFinding, words: Words) -> list[str]:
    """
    Return what served means here, how certain levels are, and what is not in them.

    Parameters
    ----------
    finding
        What is known of the place.
    words
        Catalogue.

    Returns
    -------
    sentences
        At least the definition and the spread.
    """
    profile, settings = finding.thresholds, finding.settings
    spread_db = service_margin_db((1.0 + LIKELY) / 2.0, profile.sigma_db)
    told = [
        words(
            "coverage.point_definition",
            p_cov=words.number(100.0 * profile.p_cov),
            height=words.number(settings.rx_height_m, 1),
            model=words(f"common.model_{settings.model}"),
            radius=words.number(settings.radius_m / 1_000.0),
        ),
        words(
            "coverage.point_spread",
            sigma=words.number(profile.sigma_db, 1),
            share=words.number(100.0 * LIKELY),
            spread=words.number(spread_db),
        ),
    ]
    if finding.servers["assumed"].fillna(value=False).any():
        told.append(words("coverage.point_assumed"))
    return told


def _cause(row: Mapping[str, Any], words: Words) -> str:
    """Return the cause of a technology and operator in words."""
    cause, site = str(row["cause"]), row["cause_site"]
    known = {
        "technology": row["technology"],
        "operator": row["operator"],
        "radius": row["radius"],
        "site": site,
        "away": _number(row["distance_m"] / 1_000.0, words, 1),
        "wind": _wind(row["back_azimuth_deg"], words),
        "level": _number(row["level_dbm"], words),
        "smooth": _number(row["smooth_dbm"], words),
        "lost": _number(row["obstruction_db"], words),
        "height": _number(row["ridge_height_m"], words),
        "ridge": _number(row["ridge_m"] / 1_000.0, words, 1 if row["ridge_m"] >= 1_000.0 else 2),
    }
    if not isinstance(site, str):
        return words(f"coverage.point_{cause}_nowhere", **known)
    if cause == "terrain" and not math.isfinite(row["ridge_m"]):
        cause = "terrain_no_ridge"
    if cause == "distance" and not row["in_reach"]:
        cause = "distance_beyond"
    return words(f"coverage.point_{cause}_cause", **known)


def _wind(azimuth_deg: float, words: Words) -> str:
    """Return a direction as one of eight winds."""
    if not math.isfinite(azimuth_deg):
        return ""
    return words(f"coverage.wind_{WINDS[round(azimuth_deg / 45.0) % 8]}")


def _number(value: float, words: Words, decimals: int = 0) -> str:
    """Return a number of a table, a dash where there is none."""
    return words.number(value, decimals).replace("-", "−") if math.isfinite(value) else "-"


def _text(value: object) -> str:
    """Return a text of a table, empty where there is none."""
    return "" if pd.isna(value) else str(value)  # type: ignore[call-overload]
