"""
Every choice of up to six streets, planned and shared out beforehand.

Streets that do not touch are planned each on its own, so each choice is a sum of parts, and a part
that many choices have in common is planned once.
"""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any
from typing import Protocol

from infraplan.cables.shares import SHARE_RULES
from infraplan.cables.shares import share_rules
from infraplan.cables.study import filled_table
from infraplan.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "MOST_STREETS",
    "Dig",
    "DugStreets",
    "StreetSubsets",
    "Without",
    "alone_costs",
    "street_subsets",
    "without",
]

MOST_STREETS = 6
JOINED = ";"


class DugStreets(Protocol):
    """Works in some streets for some owners, as `infraplan.cables.works` returns them."""

    @property
    def cost_vnd(self) -> int:
        """Return the cost of the works [VND]."""

    @property
    def bound_vnd(self) -> int:
        """Return what no such works can undercut [VND]."""

    @property
    def length_m(self) -> float:
        """Return the length of trench and duct [m]."""

    @property
    def chambers(self) -> int:
        """Return the number of new chambers."""

    @property
    def removed_m(self) -> float:
        """Return the length of aerial cable that goes [m]."""

    @property
    def shared_vnd(self) -> int:
        """Return the cost of what serves all [VND]."""

    @property
    def direct_vnd(self) -> Mapping[str, int]:
        """Return the cost of what serves one owner only, by owner [VND]."""

    @property
    def weights(self) -> Mapping[str, Mapping[str, int]]:
        """Return whole-number weights by rule and owner."""


class Dig(Protocol):
    """A function that plans some streets for some owners, all where None."""

    def __call__(self, streets: frozenset[str], owners: frozenset[str] | None, /) -> DugStreets:
        """Return the works."""


@dataclass(frozen=True, slots=True)
class _Sum:
    """Works of several parts."""

    cost_vnd: int
    bound_vnd: int
    length_m: float
    chambers: int
    removed_m: float
    shared_vnd: int
    direct_vnd: Mapping[str, int]
    weights: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True, eq=False)
class StreetSubsets:
    """
    Every choice of the streets: cost and bound, and what each owner pays by each rule.

    Tables `subsets` and `subset_shares` are those of `infraplan.cables.study`; the number of a
    choice has bit k set where it has the street k of `streets`. Both are empty, and `notes` say
    why, where there are too many streets. `planned` counts the plans that were made.
    """

    streets: tuple[str, ...]
    subsets: "pd.DataFrame"
    subset_shares: "pd.DataFrame"
    notes: tuple[str, ...]
    planned: int


@dataclass(frozen=True, slots=True)
class Without:
    """What leaving a street out saves in all, and each owner; `public` only where it bears any."""

    street: str
    saving_vnd: int
    owners_vnd: Mapping[str, int]


def street_subsets(
    streets: Sequence[str],
    dug: Dig,
    *,
    joins: Sequence[tuple[str, str]],
    rules: Sequence[str] = SHARE_RULES,
) -> StreetSubsets:
    """
    Plan every choice of up to six streets, and share out its cost.

    Parameters
    ----------
    streets
        Names, in the order of the plan.
    dug
        Plans some streets for some owners, such as `Works.dug`.
    joins
        Pairs of streets that touch.
    rules
        Rules of sharing, of `SHARE_RULES`.

    Returns
    -------
    street_subsets
        Tables of all choices and of what each owner pays, the public share being 0.

    Raises
    ------
    SettingsError
        If a street is named twice, or a join names another street.

    Notes
    -----
    The cost of a choice is the sum of its parts that touch; so are its bound, its weights and what
    each owner would pay alone.
    """
    named = tuple(streets)
    strange = sorted({street for pair in joins for street in pair} - set(named))
    if strange or len(set(named)) != len(named):
        msg = (
            f"street '{strange[0]}' of the joins is none of the streets"
            if strange
            else ("a street is named twice")
        )
        raise SettingsError(msg)
    if len(named) > MOST_STREETS:
        note = (
            f"{len(named)} streets: choices are planned beforehand for at most {MOST_STREETS}; "
            "choose fewer streets to compare them"
        )
        empty = filled_table("subsets", {}), filled_table("subset_shares", {})
        return StreetSubsets(named, *empty, (note,), 0)
    task = _Task(named, dug, joins, {}, {})
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
    shares: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for number in range(1, 1 << len(named)):
        chosen = [street for k, street in enumerate(named) if number >> k & 1]
        works, alone_vnd = task.choice(chosen)
        rows[number,] = {
            "streets": JOINED.join(chosen),
            "cost_vnd": works.cost_vnd,
            "bound_vnd": works.bound_vnd,
            "gap": (works.cost_vnd - works.bound_vnd) / works.cost_vnd if works.cost_vnd else 0.0,
            "length_m": works.length_m,
            "chambers": works.chambers,
            "removed_m": works.removed_m,
        }
        paid = share_rules(works, alone_vnd)
        told = [paid[name].tolist() for name in ("weight", "direct_vnd", "cost_vnd")]
        for (rule, owner), *row in zip(paid.index.tolist(), *told, strict=True):
            if rule in rules:
                weight, direct_vnd, cost_vnd = map(int, row)
                shares[number, rule, owner] = {
                    "weight": weight,
                    "direct_vnd": direct_vnd,
                    "cost_vnd": cost_vnd,
                    "alone_vnd": alone_vnd.get(owner),
                }
    tables = filled_table("subsets", rows), filled_table("subset_shares", shares).sort_index()
    return StreetSubsets(named, *tables, (), len(task.parts) + len(task.own))


def alone_costs(
    streets: Sequence[str], dug: Dig, *, joins: Sequence[tuple[str, str]]
) -> dict[str, int]:
    """
    Return what streets would cost each owner who has cable there, for that cable alone.

    Parameters
    ----------
    streets
        Names.
    dug
        Plans some streets for some owners, such as `Works.dug`.
    joins
        Pairs of streets that touch.

    Returns
    -------
    alone_vnd
        By owner, as `street_subsets` tells it of a choice: streets that hang together in which an
        owner has nothing cost that owner nothing [VND].
    """
    return _Task(tuple(streets), dug, joins, {}, {}).choice(streets)[1]


@dataclass(slots=True, eq=False)
class _Task:
    """Plans made so far: of parts, and of parts for one owner."""

    streets: tuple[str, ...]
    dug: Dig
    joins: Sequence[tuple[str, str]]
    parts: dict[frozenset[str], DugStreets]
    own: dict[tuple[frozenset[str], str], int]

    def choice(self, chosen: Sequence[str]) -> tuple[_Sum, dict[str, int]]:
        """Return the works of a choice and what they would cost each owner alone."""
        parts = _touching(chosen, self.joins)
        works = [self._part(part) for part in parts]
        alone_vnd: dict[str, int] = {}
        for part, done in zip(parts, works, strict=True):
            for owner in _owners(done):
                alone_vnd[owner] = alone_vnd.get(owner, 0) + self._alone(part, owner, done)
        return _summed(works), dict(sorted(alone_vnd.items()))

    def _part(self, part: frozenset[str]) -> DugStreets:
        """Return the works of streets that touch."""
        if part not in self.parts:
            self.parts[part] = self.dug(part, None)
        return self.parts[part]

    def _alone(self, part: frozenset[str], owner: str, works: DugStreets) -> int:
        """Return what streets that touch would cost one owner alone."""
        if len(_owners(works)) == 1:
            return works.cost_vnd
        key = (part, owner)
        if key not in self.own:
            self.own[key] = self.dug(part, frozenset({owner})).cost_vnd
        return self.own[key]


def _owners(works: DugStreets) -> list[str]:
    """Return who has cables in works."""
    heavy = {owner for of in works.weights.values() for owner, weight in of.items() if weight > 0}
    return sorted(heavy | {owner for owner, vnd in works.direct_vnd.items() if vnd})


def _touching(chosen: Sequence[str], joins: Sequence[tuple[str, str]]) -> list[frozenset[str]]:
    """Return the parts of a choice that do not touch each other, in the order of the streets."""
    part = {street: frozenset({street}) for street in chosen}
    for one, other in joins:
        if one in part and other in part and part[one] is not part[other]:
            both = part[one] | part[other]
            part.update(dict.fromkeys(both, both))
    return list(dict.fromkeys(part[street] for street in chosen))


def _summed(works: Sequence[DugStreets]) -> _Sum:
    """Return the works of several parts as one."""
    direct: dict[str, int] = {}
    weights: dict[str, dict[str, int]] = {}
    for one in works:
        for owner in _owners(one):
            direct[owner] = direct.get(owner, 0) + int(one.direct_vnd.get(owner, 0))
            for rule, of in one.weights.items():
                mine = weights.setdefault(rule, {})
                mine[owner] = mine.get(owner, 0) + int(of.get(owner, 0))
    return _Sum(
        cost_vnd=sum(int(one.cost_vnd) for one in works),
        bound_vnd=sum(int(one.bound_vnd) for one in works),
        length_m=sum(float(one.length_m) for one in works),
        chambers=sum(int(one.chambers) for one in works),
        removed_m=sum(float(one.removed_m) for one in works),
        shared_vnd=sum(int(one.shared_vnd) for one in works),
        direct_vnd=direct,
        weights=weights,
    )


def without(
    choices: StreetSubsets,
    street: str,
    *,
    of: Sequence[str] | None = None,
    rule: str = SHARE_RULES[0],
) -> Without:
    """
    Return what leaving a street out of a choice saves, and each owner.

    Parameters
    ----------
    choices
        All choices of the streets.
    street
        Street that is left out.
    of
        Streets of the choice that it is left out of; all where None.
    rule
        Rule of sharing.

    Returns
    -------
    without
        Saving in all and by owner, which sum to it; negative where an owner pays more.

    Raises
    ------
    SettingsError
        If the street is none of the choice, or the choices were not planned.
    """
    chosen = choices.streets if of is None else tuple(of)
    if not len(choices.subsets):
        raise SettingsError(choices.notes[0] if choices.notes else "no choice was planned")
    unknown = [name for name in (street, *chosen) if name not in choices.streets]
    if unknown or street not in chosen:
        msg = f"street '{(unknown or [street])[0]}' is none of the choice"
        raise SettingsError(msg)
    if rule not in choices.subset_shares.index.unique("rule"):
        msg = f"the rule '{rule}' was not asked for"
        raise SettingsError(msg)
    full = _number(choices.streets, chosen)
    rest = full & ~_number(choices.streets, [street])
    before, after = _paid(choices, full, rule), _paid(choices, rest, rule)
    owners_vnd = {
        name: before.get(name, 0) - after.get(name, 0) for name in sorted({*before, *after})
    }
    return Without(street, _cost_vnd(choices, full) - _cost_vnd(choices, rest), owners_vnd)


def _number(streets: Sequence[str], chosen: Sequence[str]) -> int:
    """Return the number of a choice."""
    return sum(1 << k for k, street in enumerate(streets) if street in chosen)


def _cost_vnd(choices: StreetSubsets, number: int) -> int:
    """Return the cost of a choice, 0 of the empty one."""
    return int(choices.subsets["cost_vnd"].to_dict()[number]) if number else 0


def _paid(choices: StreetSubsets, number: int, rule: str) -> dict[str, int]:
    """Return what each owner pays for a choice."""
    if not number:
        return {}
    mine = choices.subset_shares["cost_vnd"].xs((number, rule), level=("subset", "rule"))
    return {str(owner): int(value) for owner, value in mine.to_dict().items()}
