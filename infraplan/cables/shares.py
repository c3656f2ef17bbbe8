"""
Who pays what: shared works divided among any number of owners, to the dong.

Works on the own cables only stay with their owner. What is shared is divided by a rule; the public
may bear a part of it beforehand. All sums are whole dong and exact: no float is divided.
"""

from collections.abc import Callable
from collections.abc import Iterable
from collections.abc import Mapping
from fractions import Fraction
from itertools import combinations
from math import factorial
from math import isfinite
from typing import TYPE_CHECKING
from typing import Any
from typing import Protocol

from infraplan.cables.study import filled_table
from infraplan.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "ALONE",
    "PUBLIC",
    "SHARE_RULES",
    "UNASSIGNED",
    "Shared",
    "airport_shares",
    "divided",
    "operator_shares",
    "public_part_vnd",
    "rule_weights",
    "shapley_shares",
    "share_rules",
    "shared_out",
]

PUBLIC = "public"
UNASSIGNED = "unassigned"
ALONE = "alone"
SHARE_RULES = ("diameter", "occupancy", "length", ALONE)
MOST_OWNERS = 5  # 2^n plans are solved for Shapley's value
Weights = Mapping[str, int | float]


class Shared(Protocol):
    """Works of several owners: a `Dug` of `infraplan.cables.works`, or anything like it."""

    @property
    def cost_vnd(self) -> int:
        """Return the cost of the works [VND]."""

    @property
    def shared_vnd(self) -> int:
        """Return what of it serves all [VND]."""

    @property
    def direct_vnd(self) -> Mapping[str, int]:
        """Return what serves one owner alone, by owner [VND]."""

    @property
    def weights(self) -> Mapping[str, Mapping[str, int]]:
        """Return the weight of each owner under each rule."""


def divided(total_vnd: int, weights: Weights) -> dict[str, int]:
    """
    Divide whole dong in proportion to weights.

    Parameters
    ----------
    total_vnd
        Sum to be divided, >= 0 [VND].
    weights
        Weight of each payer, >= 0.

    Returns
    -------
    parts
        Whole dong by payer, sorted by name; they sum to the whole: the largest remainders are
        rounded up, ties by name. Who weighs nothing pays nothing; `unassigned` bears all where
        nobody weighs anything.

    Raises
    ------
    SettingsError
        If the sum or a weight is negative or no number.

    Examples
    --------
    >>> divided(100, {"VNPT": 1, "Viettel": 2})
    {'VNPT': 33, 'Viettel': 67}
    """
    if total_vnd < 0:
        msg = f"a cost to be divided must be at least 0; found {total_vnd}"
        raise SettingsError(msg)
    exact = {name: _weight(name, weights[name]) for name in sorted(weights)}
    whole = sum(exact.values(), Fraction(0))
    if not whole:
        parts = dict.fromkeys(exact, 0)
        parts[UNASSIGNED] = int(total_vnd)
        return parts
    return _to_the_dong({name: total_vnd * w / whole for name, w in exact.items()}, int(total_vnd))


def operator_shares(weights: Weights, cost_vnd: int) -> "pd.DataFrame":
    """
    Divide a cost in whole dong in proportion to weights.

    Parameters
    ----------
    weights
        Weight of each operator, >= 0.
    cost_vnd
        Sum to be divided, >= 0 [VND].

    Returns
    -------
    shares
        `operator`, `share` in [0, 1], `cost_vnd` (sums to the whole to the dong: the largest
        remainders are rounded up, ties by name), sorted by operator; one row `unassigned` where no
        operator has a cable.
    """
    import pandas as pd

    named = {name: weight for name, weight in weights.items() if weight > 0} or {UNASSIGNED: 1}
    total = sum(named.values())
    parts = divided(cost_vnd, named)
    frame = pd.DataFrame(
        {
            "operator": list(parts),
            "share": [named[name] / total for name in parts],
            "cost_vnd": list(parts.values()),
        }
    )
    return frame.astype({"cost_vnd": "int64"})


def public_part_vnd(shared_vnd: int, public_share: float) -> int:
    """
    Return what the public bears of shared works.

    Parameters
    ----------
    shared_vnd
        Cost of the shared works, >= 0 [VND].
    public_share
        Share of it in [0, 1], taken as the decimal that it is written as.

    Returns
    -------
    public_vnd
        Whole dong, half a dong rounded up as spreadsheets do [VND].

    Raises
    ------
    SettingsError
        If the share is not between 0 and 1.
    """
    if not 0 <= public_share <= 1:
        msg = f"the public share must be between 0 and 1; found {public_share}"
        raise SettingsError(msg)
    return int(shared_vnd * Fraction(str(float(public_share))) + Fraction(1, 2))


def rule_weights(
    weights: Mapping[str, Mapping[str, int]],
    rule: str,
    *,
    direct_vnd: Mapping[str, int],
    alone_vnd: Mapping[str, int] | None = None,
) -> dict[str, int]:
    """
    Return what each owner weighs under a rule.

    Parameters
    ----------
    weights
        Weight by rule and owner, whole numbers >= 0.
    rule
        One of `SHARE_RULES`.
    direct_vnd
        Cost of the works of each owner alone [VND].
    alone_vnd
        What each owner's own plan would cost; needed by `alone` only [VND].

    Returns
    -------
    weights
        By owner, sorted by name. Under `alone`: what the shared works would cost the owner alone,
        in VND.

    Raises
    ------
    SettingsError
        If the rule is unknown, or lacks its weights or its costs.
    """
    if rule not in SHARE_RULES:
        msg = f"the rule must be one of {', '.join(SHARE_RULES)}; found '{rule}'"
        raise SettingsError(msg)
    if rule == ALONE:
        owners = sorted({*direct_vnd, *(alone_vnd or {})})
        missing = [name for name in owners if name not in (alone_vnd or {})]
        if missing or alone_vnd is None:
            msg = f"the rule 'alone' lacks what the works would cost alone: {', '.join(missing)}"
            raise SettingsError(msg)
        return {name: max(alone_vnd[name] - direct_vnd.get(name, 0), 0) for name in owners}
    if rule not in weights:
        msg = f"the works have no weights for the rule '{rule}'"
        raise SettingsError(msg)
    return {name: weights[rule].get(name, 0) for name in sorted({*direct_vnd, *weights[rule]})}


def shared_out(
    shared_vnd: int,
    direct_vnd: Mapping[str, int],
    weights: Mapping[str, Mapping[str, int]],
    *,
    rule: str,
    alone_vnd: Mapping[str, int] | None = None,
    public_share: float = 0.0,
) -> dict[str, int]:
    """
    Return what each payer bears of works.

    Parameters
    ----------
    shared_vnd
        Cost of what serves all, >= 0 [VND].
    direct_vnd
        Cost of what serves one owner alone, by owner, >= 0 [VND].
    weights
        Weight by rule and owner, as a `Dug` has them.
    rule
        One of `SHARE_RULES`.
    alone_vnd
        What each owner's own plan would cost; needed by `alone` only [VND].
    public_share
        Share of the shared works that the public bears, in [0, 1].

    Returns
    -------
    parts
        Whole dong by payer: owners sorted by name, then `public`; they sum to the cost of the
        works. `unassigned` where nobody weighs anything.

    Raises
    ------
    SettingsError
        If the rule or the share is not understood.

    Notes
    -----
    Under `alone` each owner pays the same part of what the shared works would cost it alone, and
    never more than alone. Where all of them together would pay less than the works cost, that is
    not possible among owners: the rest is then borne by the public, even if its share is 0.
    """
    public_vnd = public_part_vnd(shared_vnd, public_share)
    own = rule_weights(weights, rule, direct_vnd=direct_vnd, alone_vnd=alone_vnd)
    parts = {name: int(direct_vnd.get(name, 0)) for name in own}
    rest_vnd = shared_vnd - public_vnd
    if rule == ALONE and alone_vnd is not None:
        over = {name: max(parts[name] - alone_vnd[name], 0) for name in parts}
        parts = {name: part - over[name] for name, part in parts.items()}
        borne = min(rest_vnd, sum(own.values()))
        public_vnd += rest_vnd - borne + sum(over.values())
        rest_vnd = borne
    if rest_vnd:
        for name, part in divided(rest_vnd, own).items():
            parts[name] = parts.get(name, 0) + part
    parts[PUBLIC] = parts.get(PUBLIC, 0) + public_vnd
    return parts


def share_rules(works: Shared, alone_vnd: Mapping[str, int] | None = None) -> "pd.DataFrame":
    """
    Return what each owner pays under each rule, the public share being 0.

    Parameters
    ----------
    works
        Works of several owners.
    alone_vnd
        What each owner's own plan would cost; the rule `alone` is left out without it [VND].

    Returns
    -------
    share_rules
        Table `share_rules`: by rule and owner; for each rule the costs sum to that of the works. A
        row `public` only where the rule is not possible among the owners, with what is lacking.
    """
    rows: dict[tuple[str | float, ...], dict[str, Any]] = {}
    for rule in SHARE_RULES:
        if (rule == ALONE and alone_vnd is None) or (rule != ALONE and rule not in works.weights):
            continue
        weights = rule_weights(
            works.weights, rule, direct_vnd=works.direct_vnd, alone_vnd=alone_vnd
        )
        parts = shared_out(
            works.shared_vnd, works.direct_vnd, works.weights, rule=rule, alone_vnd=alone_vnd
        )
        for name, cost_vnd in parts.items():
            if name == PUBLIC and not cost_vnd:
                continue
            direct_vnd = min(int(works.direct_vnd.get(name, 0)), cost_vnd)
            rows[rule, name] = {
                "weight": weights.get(name, 0),
                "direct_vnd": direct_vnd,
                "shared_vnd": cost_vnd - direct_vnd,
                "cost_vnd": cost_vnd,
                "share": cost_vnd / works.cost_vnd if works.cost_vnd else 0.0,
                "alone_vnd": (alone_vnd or {}).get(name),
            }
    return filled_table("share_rules", rows)


def shapley_shares(
    owners: Iterable[str], cost_of: Callable[[frozenset[str]], int]
) -> dict[str, int]:
    """
    Return each owner's mean additional cost over all orders in which owners could join.

    Parameters
    ----------
    owners
        Owners, at most five.
    cost_of
        Cost of the works for some of the owners, called once for each choice but the empty one
        [VND].

    Returns
    -------
    parts
        Whole dong by owner, sorted by name, never negative; they sum to the cost for all.

    Raises
    ------
    SettingsError
        If there are more than five owners.

    Notes
    -----
    L. S. Shapley (1953), A value for n-person games. A technical comparison: it asks for the plan
    of every choice of owners.
    """
    names = sorted(set(owners))
    if len(names) > MOST_OWNERS:
        msg = f"at most {MOST_OWNERS} owners can be compared choice by choice; found {len(names)}"
        raise SettingsError(msg)
    costs = {frozenset[str](): 0}
    for size in range(1, len(names) + 1):
        for chosen in combinations(names, size):
            costs[frozenset(chosen)] = int(cost_of(frozenset(chosen)))
    exact = {name: Fraction(0) for name in names}
    for some, cost_vnd in costs.items():
        for name in set(names) - some:
            orders = factorial(len(some)) * factorial(len(names) - len(some) - 1)
            exact[name] += Fraction(orders, factorial(len(names))) * (
                costs[some | {name}] - cost_vnd
            )
    # plans found by a search may cost less for more owners: nobody is paid for joining
    positive = {name: max(value, Fraction(0)) for name, value in exact.items()}
    total_vnd, whole = costs[frozenset(names)], sum(positive.values(), Fraction(0))
    if not whole:
        return divided(total_vnd, dict.fromkeys(names, 1)) if names else {}
    return _to_the_dong({n: v * total_vnd / whole for n, v in positive.items()}, total_vnd)


def airport_shares(needs_vnd: Mapping[str, int]) -> dict[str, int]:
    """
    Divide one trench among owners of whom each would need a smaller one of the same kind.

    Parameters
    ----------
    needs_vnd
        What the trench that suffices for an owner costs, by owner, >= 0 [VND].

    Returns
    -------
    parts
        Whole dong by owner, sorted by name; they sum to the dearest need: each further expense is
        shared equally by those who need it.

    Notes
    -----
    S. C. Littlechild and G. Owen (1973), A simple expression for the Shapley value in a special
    case.

    Examples
    --------
    >>> airport_shares({"A": 30, "B": 50})
    {'A': 15, 'B': 35}
    """
    exact = {name: Fraction(0) for name in sorted(needs_vnd)}
    paid = 0
    for step in sorted(set(needs_vnd.values())):
        users = [name for name, need in needs_vnd.items() if need >= step]
        for name in users:
            exact[name] += Fraction(step - paid, len(users))
        paid = step
    return _to_the_dong(exact, paid)


def _weight(name: str, weight: Any) -> Fraction:  # noqa: ANN401 - of Python or NumPy
    """Return a weight exactly, refused where it is negative or no number."""
    if not isfinite(weight) or weight < 0:
        msg = f"the weight of '{name}' must be a number of at least 0; found {weight}"
        raise SettingsError(msg)
    return Fraction(weight) if isinstance(weight, float) else Fraction(int(weight))


def _to_the_dong(exact: Mapping[str, Fraction], total_vnd: int) -> dict[str, int]:
    """Round parts to whole dong that sum to the whole, the largest remainders up, ties by name."""
    whole = {name: int(value) for name, value in exact.items()}
    order = sorted(exact, key=lambda name: (whole[name] - exact[name], name))
    for name in order[: total_vnd - sum(whole.values())]:
        whole[name] += 1
    return whole
