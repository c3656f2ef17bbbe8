"""What the data should be and are: rows against those expected, age, what is left blank."""

from datetime import date

import numpy as np
import pandas as pd

from infraplan.layers.bundle import Layers

__all__ = ["FIELDS", "missing_operators", "source_quality"]

FIELDS = {
    "sites": ("mast_id", "owner", "mast_class", "height_m", "technologies", "status"),
    "cells": ("freq_mhz", "tx_power_dbm", "antenna", "height_m"),
    "fibre": ("installation", "cores", "level", "year"),
    "hamlets": ("people", "households", "placed_by"),
    "communes": ("people", "households"),
}
OLD_DAYS = 730  # a list older than two years is no longer trusted, as in the rules for sites


def source_quality(
    layers: Layers, *, as_of: date | None = None, old_days: int = OLD_DAYS
) -> pd.DataFrame:
    """
    Return for each source how many rows it has, how many it should have, and what it leaves blank.

    Parameters
    ----------
    layers
        Bundle with `sources`.
    as_of
        Day by which age is told; the newest day of all sources where None.
    old_days
        Age from which a source counts as out of date, > 0 [days].

    Returns
    -------
    quality
        A row for each source: `layer`, `operator`, `as_of`, `rows` (as they are in the layers now;
        as imported where the layer is no table), `expected_rows`, `lacking` (expected less rows, NA
        where nothing is expected), `days_old` and `is_old` (NA without a day), `blank_share` (of
        the fields `FIELDS` of its layer, NaN for others), `blank` (those fields and their blank
        share, worst first), `complete`, `synthetic`, `file`, `licence`, `attribution`, `note`.
    """
    sources = layers.table("sources").sort_index()
    kept = ["layer", "operator", "as_of", "rows", "expected_rows", "complete", "synthetic"]
    kept += ["file", "licence", "attribution", "note"]
    table = pd.DataFrame(sources).reindex(columns=kept)
    named = table["operator"].astype("object").where(table["operator"].notna(), None)
    counted = [
        _counted(layers, str(layer), operator)
        for layer, operator in zip(table["layer"], named, strict=True)
    ]
    table["rows"] = pd.array(
        [row if own is None else len(own) for row, own in zip(table["rows"], counted, strict=True)],
        dtype="Int64",
    )
    expected = table["expected_rows"].astype("Int64")
    table["lacking"] = expected - table["rows"]
    days = pd.to_datetime(table["as_of"].astype("object"), errors="coerce")
    reference = pd.Timestamp(as_of) if as_of is not None else days.max()
    age = (reference - days).dt.days.astype("Int64")
    table["days_old"] = age
    table["is_old"] = age > old_days
    blanks = [_blank(name, own) for name, own in zip(table["layer"], counted, strict=True)]
    table["blank_share"] = [float(np.mean(list(of.values()))) if of else np.nan for of in blanks]
    worst_first = [sorted(of.items(), key=lambda item: (-item[1], item[0])) for of in blanks]
    table["blank"] = pd.Series(worst_first, index=table.index, dtype="object")
    return table


def _counted(layers: Layers, layer: str, operator: str | None) -> pd.DataFrame | None:
    """Return the rows of a source as they are in the layers; None where they are not kept."""
    if layer not in layers.tables:
        return None
    rows = pd.DataFrame(layers.table(layer))
    if operator is None:
        return rows
    if layer == "cells":
        rows = rows.assign(operator=rows["site_id"].map(layers.table("sites")["operator"]))
    return rows.loc[rows["operator"] == operator] if "operator" in rows else rows


def _blank(layer: object, rows: pd.DataFrame | None) -> dict[str, float]:
    """Return the share of rows that leave each field of a layer blank, those with any."""
    if rows is None or not len(rows):
        return {}
    shares = {
        name: float(rows[name].isna().mean()) if name in rows else 1.0
        for name in FIELDS.get(str(layer), ())
    }
    return {name: share for name, share in shares.items() if share > 0}


def missing_operators(layers: Layers) -> tuple[str, ...]:
    """
    Return operators that the plan knows of but whose stations it lacks.

    Parameters
    ----------
    layers
        Bundle; `sites`, `sources`, `fibre`, `evidence` and `requests` where there.

    Returns
    -------
    missing
        Their names, sorted: owners of cables, authors of requests, or named by a source or by
        evidence, without a station on air.
    """
    sites = layers.table("sites")
    named: set[str] = set()
    for name, column in (
        ("sources", "operator"),
        ("fibre", "operator"),
        ("evidence", "operator"),
        ("requests", "operator"),
    ):
        table = layers.table(name)
        if column in table:
            named |= {str(value) for value in table[column].dropna()}
    return tuple(sorted(named - {"any"} - {str(value) for value in sites["operator"].dropna()}))
