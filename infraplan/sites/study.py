"""
The tables of an appraisal beyond its requests: what each holds, and empty ones to begin with.

They travel as layers of `appraisal/<batch>.gpkg`; papers, maps and notebooks read them by these
names. Figures of people are of the headline's technology and operator unless a column says so.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from infraplan.layers.declared import DeclaredTables
from infraplan.layers.declared import empty_declared
from infraplan.layers.declared import filled_declared

__all__ = ["STUDY", "empty_table", "filled_table"]

# table: (keys, other columns); a column ending in _json holds a list or an object as JSON text
STUDY: DeclaredTables = MappingProxyType(
    {
        # what each mast in reach would give at its free height; share: of the request's own gain;
        # kind share, upgrade (the operator's own mast) or named (by the request); state computed,
        # or why not: no_room, height_unknown, has_it (upgrade: what it asks for is there)
        "alternatives": (
            ("request_id", "mast_id"),
            ("operators", "distance_m", "height_m", "people", "people_low", "people_high", "share",
             "x_m", "y_m", "kind", "state"),
        ),
        # people gained by antenna height
        "heights": (
            ("request_id", "height_m"), ("people", "people_low", "people_high"),
        ),
        # what would change the proposal, or keep it at less cost: kind lower, move or share;
        # changes: whether the proposal is another one; allowed: whether the application allows the
        # move; rules_json: rule, outcome before and after; others_json: the next best of the kind
        "flips": (
            ("request_id", "kind"),
            ("proposal", "people", "people_change_share", "height_m", "x_m", "y_m", "moved_m",
             "mast_id", "rules_json", "changes", "allowed", "others_json"),
        ),
        # microwave links to stations with fibre: clearances in radii of the first Fresnel zone;
        # outcome clear, marginal, blocked, unknown, outcome_bare the same if nothing stood on the
        # ground; x_m, y_m, fibre_m (to the nearest cable, NaN: not known) of the far station
        "links": (
            ("request_id", "far_id"),
            ("operator", "distance_m", "freq_mhz", "near_height_m", "far_height_m",
             "clearance_standard", "clearance_low_k", "outcome", "worst_m", "profile_json",
             "outcome_bare", "fibre_m", "x_m", "y_m"),
        ),
        # class of signal (0 none, 1 weak, 2 acceptable, 3 good, 255 unknown) on a window of the
        # grid, before and after: zlib, base64, one byte a cell, rows from the north
        "footprints": (
            ("request_id",),
            ("technology", "operator", "west_m", "north_m", "cell_m", "rows", "columns", "before",
             "after"),
        ),
        # in how many of the draws each proposal came out
        "stability": (
            ("request_id",),
            ("draws", "same", "approve", "approve_with_conditions", "reject", "needs_information"),
        ),
        # pairs of requests of the batch that gain the same people (of one technology) or conflict:
        # ids of the rules joined by ; (batch_duplicate, batch_sharing, spacing), missing for none
        "overlaps": (
            ("request_id", "other_id"), ("people", "distance_m", "conflict"),
        ),
        # the best so many requests of the batch together, over all subsets; rejected ones last. No
        # choice of as many gains more than `bound`; ids are joined by ;
        "frontier": (("sites",), ("people", "bound", "request_ids", "is_proven")),
        # exchanges of a request for an eligible position that recover most
        "swaps": (
            ("order",),
            ("request_id", "candidate_id", "kind", "x_m", "y_m", "people_before",
             "people_after"),
        ),
        # earlier or pending ones near: kind superseded, earlier, approved_unbuilt, pending_other
        "related": (
            ("request_id", "other_id"),
            ("kind", "distance_m", "operator", "batch", "letter", "received", "state", "decision"),
        ),
        # a resubmission: what differs from the request that it supersedes
        "changes": (("request_id", "field"), ("before", "after")),
    }
)  # fmt: skip


def empty_table(name: str) -> pd.DataFrame:
    """
    Return a table of an appraisal without rows.

    Parameters
    ----------
    name
        One of `STUDY`.

    Returns
    -------
    table
        Its columns, indexed by its keys.
    """
    return empty_declared(STUDY, name)


def filled_table(
    name: str, rows: Mapping[tuple[str | float, ...], Mapping[str, Any]]
) -> pd.DataFrame:
    """
    Return a table of an appraisal.

    Parameters
    ----------
    name
        One of `STUDY`.
    rows
        Values by key, in the order of the table; what a row lacks is missing.

    Returns
    -------
    table
        Its columns, numbers as such, indexed by its keys; that of `empty_table` without rows.
    """
    return filled_declared(STUDY, name, rows)
