"""
The tables of an undergrounding plan beyond its trenches, and empty ones to begin with.

They travel as tables of `underground.gpkg`; workbook, papers, map and notebooks read them by these
names. Money is in whole dong before tax unless a column says otherwise; lengths are geodesic.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pandas as pd

from infraplan.layers.declared import DeclaredTables
from infraplan.layers.declared import empty_declared
from infraplan.layers.declared import filled_declared

__all__ = ["STUDY", "empty_table", "filled_table"]

STUDY: DeclaredTables = MappingProxyType(
    {
        # whose cables run in a segment, and what they need there: weight is metres times the rent
        # of the diameter classes of these cables
        "uses": (
            ("segment_id", "owner"),
            ("cables", "diameter_mm", "section_mm2", "bores", "length_m", "weight_vnd"),
        ),
        # the bill line by line: what it is for (`street`), when (`phase`, a year, 0 where streets
        # have none), whose own it is (`owner`, empty where it is shared). Sums to the plan's cost
        "lines": (
            ("line",),
            ("street", "phase", "owner", "item", "quantity", "unit", "price_vnd", "cost_vnd",
             "source", "verified"),
        ),
        # new cables in the ground; segment_ids in the order of the cable, joined by ;
        # outcome: pass, fail_loss (too much loss), fail_power (too little), unknown
        "cables": (
            ("cable_id",),
            ("owner", "cables", "cores", "diameter_mm", "length_m", "from_id", "to_id",
             "segment_ids", "splices", "connectors", "loss_1310_db", "loss_1550_db", "budget_class",
             "margin_db", "outcome"),
        ),
        # what each owner pays under each rule of sharing, the public share being 0: `direct_vnd`
        # are works on the own cables only; `alone_vnd` what the owner's own plan would cost
        "share_rules": (
            ("rule", "owner"),
            ("weight", "direct_vnd", "shared_vnd", "cost_vnd", "share", "alone_vnd"),
        ),
        # who pays what when: model capital, investor or public
        "funding": (
            ("model", "payer"),
            ("capital_vnd", "rent_year_vnd", "income_year_vnd", "payback_years", "npv_vnd"),
        ),
        # what each owner would rent: metres of cable by class of diameter (thicker than
        # `above_mm`), rent and the cap it is held against, in VND a metre and year
        "rents": (
            ("owner", "above_mm"),
            ("length_m", "rent_vnd_m_year", "cap_vnd_m_year", "over_cap", "rent_year_vnd",
             "source", "verified"),
        ),
        # from construction to the total investment; `of` names the lines that a rate applies to,
        # joined by ;. Then total, and low and high, which the class of the estimate leaves open
        "investment": (
            ("line",), ("of", "rate", "amount_vnd", "estimate_class", "source", "verified"),
        ),
        # when each street is built; `forced` by a wish of the user
        "phases": (
            ("street",),
            ("year", "cost_vnd", "worth", "forced", "reasons_json"),
        ),
        # the years: what may be spent and what is; no programme is worth more than `bound`
        "years": (("year",), ("budget_vnd", "cost_vnd", "worth", "bound")),
        # what each wish costs in worth and money: kind force, year or leave_out; one that cannot
        # be fulfilled tells why (`reason`: barred, unreachable, money, together), by which year,
        # and how much money is lacking
        "wishes": (
            ("street", "kind"),
            ("worth_lost", "cost_vnd", "possible", "reason", "year", "short_vnd"),
        ),
        # every choice of the streets: bit k of `subset` is street k of the plan; `streets` are
        # their names joined by ;
        "subsets": (
            ("subset",),
            ("streets", "cost_vnd", "bound_vnd", "gap", "length_m", "chambers", "removed_m",
             "investment_vnd"),
        ),
        # the same as `share_rules` for every choice of streets
        "subset_shares": (
            ("subset", "rule", "owner"), ("weight", "direct_vnd", "cost_vnd", "alone_vnd"),
        ),
        # the parts that each choice of streets falls into, which do not touch: numbers like those
        # of the choices, joined by ;
        "subset_parts": (("subset",), ("parts",)),
        # what each owner would rent under each choice
        "subset_rents": (("subset", "owner"), ("rent_year_vnd",)),
        # the cut list of new cables: pieces between chambers, their drums, what is left on these
        # (`left_m`), and the fewest drums that the pieces of this owner and kind can need (`least`)
        "drums": (
            ("piece",),
            ("cable_id", "owner", "cores", "drum", "from_id", "to_id", "length_m", "left_m",
             "least"),
        ),
        # the poles that are paid for and go; whose they are, empty where it is not known
        "poles": (("street", "pole_id"), ("owner",)),
        # the order of works: step dig, chamber, pull, splice, connect, cut, take_down, pole; after:
        # orders it needs, joined by ;. `phase` is the year in which it can be done
        "cutover": (
            ("order",), ("street", "phase", "owner", "step", "after", "quantity", "unit"),
        ),
        # what the validation found, each at a place: severity error, warning or note
        "findings": (
            ("finding",),
            ("code", "severity", "layer", "feature_id", "street", "value", "limit", "x_m", "y_m"),
        ),
        # long profile: along a side of a street from its beginning. `mark` tells what stands there,
        # joined by ; with `mark_id`: begin, end, chamber, riser, crossing, street, water, rail,
        # layout, duct. `feature_id` is the segment or crossing that goes on from there; depth of
        # the trench below ground, `bottom_m` above sea level
        "profiles": (
            ("street", "side", "at_m"),
            ("ground_m", "cover_m", "depth_m", "bottom_m", "placement", "surface", "method",
             "bores", "feature_id", "mark", "mark_id", "x_m", "y_m"),
        ),
        # prices and rules that count here: `counts_vnd` of the cost rest on it
        "assumptions": (
            ("kind", "name"), ("value", "unit", "source", "date", "verified", "counts_vnd"),
        ),
    }
)  # fmt: skip


def empty_table(name: str) -> pd.DataFrame:
    """
    Return a table of an undergrounding plan without rows.

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
    Return a table of an undergrounding plan.

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
