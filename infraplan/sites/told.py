"""What a proposal says in words: actions, money, hamlets left out, floors."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from infraplan.sites.proposal import Proposal
    from infraplan.text import Words

__all__ = ["action_told", "prerequisites_told", "sentences_of"]

NAMED = 5  # hamlets, communes or reasons named in one sentence
BILLION = 1e9


def action_told(row: Mapping[str, Any], words: "Words") -> str:
    """
    Return an action in words.

    Parameters
    ----------
    row
        Row of `Proposal.sites`.
    words
        Catalogue.

    Returns
    -------
    text
        What is done, by whom, on which mast.
    """
    kind = str(row["kind"])
    if f"actions.{kind}" not in words.entries:
        return kind
    known = {name: _text(row.get(name)) for name in ("technology", "operator", "mast_id")}
    told = words(f"actions.{kind}", technology=known["technology"], mast=known["mast_id"])
    if kind == "new_sector" and np.isfinite(row.get("azimuth_deg", np.nan)):
        told += words("actions.towards", azimuth=words.number(row["azimuth_deg"]))
    if known["operator"]:
        told += words("actions.of_operator", operator=known["operator"])
    return told


def prerequisites_told(row: Mapping[str, Any], words: "Words") -> str:
    """
    Return what must be settled before an action.

    Parameters
    ----------
    row
        Row of `Proposal.sites`.
    words
        Catalogue.

    Returns
    -------
    text
        Prerequisites, with lengths of cable and power line; empty where there is none.
    """
    figures = {
        "fibre": row.get("fibre_m"),
        "power": row.get("power_m"),
    }
    told = []
    for code in _text(row.get("prerequisite")).split(";"):
        if not code:
            continue
        length_m = figures.get(code)
        km = "" if length_m is None else words.number(float(length_m) / 1_000.0, 1)
        told.append(words(f"actions.needs_{code}", km=km))
    return "; ".join(told)


def sentences_of(proposal: "Proposal", words: "Words") -> tuple[str, ...]:
    """
    Return what a proposal says beyond its table.

    Parameters
    ----------
    proposal
        Result.
    words
        Catalogue.

    Returns
    -------
    sentences
        Money, announced stations, hamlets left out, floors of communes, ground that is excluded.
    """
    return (
        *_money(proposal, words),
        *_announced(proposal, words),
        *_left_out(proposal, words),
        *_floors(proposal, words),
        *_excluded(proposal, words),
    )


def _text(value: object) -> str:
    """Return a text, empty where it is missing."""
    return value if isinstance(value, str) else ""


def _money(proposal: "Proposal", words: "Words") -> list[str]:
    """Return what all costs together, per people, and what other budgets would reach."""
    sites = proposal.sites
    if not len(sites):
        return []
    cost_vnd = float(sites["cost_vnd"].sum())
    told = [
        words(
            "actions.money",
            cost=words.number(cost_vnd / BILLION, 2),
            people=words.people(float(proposal.people_gained.sum()) / (cost_vnd / BILLION)),
        )
        if cost_vnd > 0
        else words("actions.money_none")
    ]
    if bool(sites["cost_assumed"].astype(bool).any()):
        told.append(words("actions.money_assumed"))
    if len(proposal.frontier):
        points = [
            words(
                "actions.frontier_point",
                cost=words.number(budget / BILLION, 1),
                people=words.people(people),
            )
            for budget, people in zip(
                proposal.frontier.index.astype("float64"), proposal.frontier["people"], strict=True
            )
        ]
        told.append(words("actions.frontier", points="; ".join(points)))
    return told


def _announced(proposal: "Proposal", words: "Words") -> list[str]:
    """Return what the announced stations would do by themselves."""
    planned = proposal.planned
    if not planned.get("stations"):
        return []
    told = [
        words(
            "actions.planned",
            count=words.number(int(planned["stations"])),
            reached=words.people(float(planned["people_reached"])),
            left=words.people(float(planned["people_left"])),
        )
    ]
    if planned["counted_as_served"]:
        told.append(words("actions.planned_counted"))
    elif len(proposal.sites):
        beyond = float(proposal.sites["people_if_planned"].sum())
        told.append(words("actions.planned_beyond", people=words.people(beyond)))
    return told


def _left_out(proposal: "Proposal", words: "Words") -> list[str]:
    """Return which hamlets get nothing."""
    table = proposal.left_out
    if not len(table):
        return []
    names = [f"{row['name']} ({row['commune']})" for _, row in table.head(NAMED).iterrows()]
    return [
        words(
            "actions.left_out",
            count=words.number(len(table)),
            people=words.people(float(table["people_without"].sum())),
            names=", ".join(names),
        )
    ]


def _floors(proposal: "Proposal", words: "Words") -> list[str]:
    """Return what a floor for communes would cost in people."""
    lacking = proposal.floors[~proposal.floors["has_floor"].astype(bool)]
    told = []
    if len(lacking):
        priced = lacking[lacking["price_people"].notna()].sort_values(
            "price_people", ascending=False, kind="stable"
        )
        listed = [
            words(
                "actions.floor_point",
                commune=str(row["name"]),
                people=words.people(float(row["price_people"])),
            )
            for _, row in priced.head(NAMED).iterrows()
        ]
        told.append(words("actions.floors", count=words.number(len(lacking))))
        if listed:
            told.append(words("actions.floors_price", points="; ".join(listed)))
    floor = proposal.floor
    if floor.get("communes"):
        told.append(
            words(
                "actions.floor_all" if floor["fits"] else "actions.floor_all_beyond",
                actions=words.number(int(floor["actions_needed"])),
                cost=words.number(float(floor["cost_needed_vnd"]) / BILLION, 1),
                people=words.people(float(floor["price_people"] or 0.0)),
            )
        )
    return told


def _excluded(proposal: "Proposal", words: "Words") -> list[str]:
    """Return what keeps most ground from new masts, and what could not be looked at."""
    excluded = pd.Series(proposal.excluded.get("excluded", {}), dtype="float64")
    excluded = excluded.drop(labels=["outside"], errors="ignore")
    most = excluded[excluded > 0].sort_values(ascending=False, kind="stable").head(NAMED)
    told = []
    inside = float(proposal.excluded.get("cells_inside", 0))
    if len(most) and inside:
        points = [
            words(
                "actions.excluded_point",
                reason=words(f"actions.excluded_{name}"),
                share=words.number(100.0 * count / inside, 1),
            )
            for name, count in most.items()
        ]
        told.append(words("actions.excluded", points="; ".join(points)))
    if unknown := proposal.excluded.get("not_assessed"):
        names = [words(f"actions.excluded_{name}") for name in unknown]
        told.append(words("actions.not_assessed", names=", ".join(names)))
    return told
