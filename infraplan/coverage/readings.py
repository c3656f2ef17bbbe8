"""What stands in front of a reader: shares side by side, causes and fixes as sentences."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from infraplan.coverage.shares import DENOMINATORS
from infraplan.text import Words

__all__ = ["cause_told", "fix_told", "readings_of", "worst_gaps"]

LEAST_FIBRE_M = 50.0  # below it a length of cable is nothing to tell
SOMEBODY = 0.5  # people; fewer are told as none
FIRST = ("any", "at_least_two", "all")


def readings_of(shares: pd.DataFrame, technology: str) -> pd.DataFrame:
    """
    Return what the province's covered share is by each way of counting, side by side.

    Parameters
    ----------
    shares
        Table of `covered_shares`.
    technology
        Technology.

    Returns
    -------
    readings
        A row for each reading of "covered": `any`, `at_least_two`, `all` operators, then each
        operator; a column for each denominator that is known (`people`, `households`, `hamlets`,
        `residential`, `area`), between 0 and 1, with `<denominator>_low` and `_high`.
    """
    mine = shares[(shares["technology"] == technology) & (shares["area_level"] == "province")]
    names = [name for name in FIRST if (mine["operator"] == name).any()]
    names += sorted(set(mine["operator"]) - set(FIRST))
    table = pd.DataFrame(index=pd.Index(names, name="operator"))
    for denominator in DENOMINATORS:
        own = mine[mine["denominator"] == denominator].set_index("operator")
        if not len(own) or not (own["total"] > 0).any():
            continue
        for column, suffix in (("share", ""), ("share_low", "_low"), ("share_high", "_high")):
            table[f"{denominator}{suffix}"] = own[column].reindex(names)
    return table


def worst_gaps(hamlets: pd.DataFrame, count: int) -> pd.DataFrame:
    """
    Return the hamlets known to lack service that have most people without it.

    Parameters
    ----------
    hamlets
        Those of `Gaps`.
    count
        How many at most, >= 0.

    Returns
    -------
    worst
        Rows by rank. Left out are those with service for nine in ten people, those of which too
        little is known to say, and what lies outside all hamlets.
    """
    cause = hamlets["cause"].astype("object")
    is_gap = cause.notna() & (cause != "unknown") & ~hamlets["is_rest"].astype(bool)
    is_gap &= hamlets["people_uncovered"] >= SOMEBODY
    return hamlets[is_gap.to_numpy(dtype=bool)].sort_values("rank").head(count)


def cause_told(area: Mapping[str, Any], words: Words) -> str:
    """
    Return why an area lacks service as a sentence that names the station and what hides it.

    Parameters
    ----------
    area
        Row of the hamlets of `Gaps`.
    words
        Catalogue.

    Returns
    -------
    sentence
        Empty where the area has service.
    """
    cause = area.get("cause")
    if not isinstance(cause, str):
        return ""
    site, away_m = area.get("cause_site"), _number(area, "cause_site_m")
    if not isinstance(site, str) or not np.isfinite(away_m):
        return words(f"coverage.cause_{cause}")
    known = {"site": site, "away": words.number(away_m / 1_000.0, 1)}
    lost_db = _number(area, "obstruction_db")
    if cause == "terrain" and np.isfinite(lost_db):
        known["lost"] = words.number(lost_db)
        ridge_m = _number(area, "ridge_m")
        if not np.isfinite(ridge_m):
            return words("coverage.cause_terrain_site", **known)
        return words(
            "coverage.cause_terrain_ridge",
            height=words.number(_number(area, "ridge_height_m")),
            ridge=words.number(ridge_m / 1_000.0, 1),
            **known,
        )
    if cause == "distance":
        return words("coverage.cause_distance_site", **known)
    return words(f"coverage.cause_{cause}")


def fix_told(area: Mapping[str, Any], words: Words, *, technology: str) -> str:
    """
    Return the cheapest fix of an area as a sentence.

    Parameters
    ----------
    area
        Row of the hamlets of `Gaps`.
    words
        Catalogue.
    technology
        Technology of the headline.

    Returns
    -------
    sentence
        Empty where none was looked for or none helps.
    """
    fix = area.get("fix")
    if not isinstance(fix, str):
        return ""
    told = words(
        f"coverage.fix_{fix}",
        technology=technology,
        site=area.get("fix_site"),
        x=words.number(_number(area, "fix_x_m")),
        y=words.number(_number(area, "fix_y_m")),
    )
    fibre_m = _number(area, "fix_fibre_m")
    if fibre_m >= LEAST_FIBRE_M:
        told += words("coverage.fix_fibre", km=words.number(fibre_m / 1_000.0, 1))
    return told


def _number(area: Mapping[str, Any], name: str) -> float:
    """Return a figure of an area, NaN where it is not known."""
    value = area.get(name)
    return float(value) if isinstance(value, (int, float, np.number)) else float("nan")
