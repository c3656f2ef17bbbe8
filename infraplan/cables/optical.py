"""
Light through new cables: loss at both wavelengths against both limits, splices, drums.

A receiver wants neither too little light nor too much: a cable passes where the loss with a margin
for repairs stays below the most its class allows, and the loss as built above the least.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from infraplan.cables.technical import SPLITS
from infraplan.cables.technical import WorkRules
from infraplan.errors import SettingsError

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "BUDGET_CLASSES",
    "LinkBudget",
    "Packing",
    "cut_lengths",
    "link_budget",
    "optical_budget",
    "packed_drums",
    "splice_count",
]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# class of the optical network -> technical rule that holds its limits
BUDGET_CLASSES: Mapping[str, str] = MappingProxyType(
    {
        "B+": "class_b_plus",
        "C+": "class_c_plus",
        "N1": "class_n1",
        "N2": "class_n2",
        "E1": "class_e1",
    }
)
EXACT_PIECES = 24  # so many pieces of a cable type are packed into drums with proof
MOST_BRANCHES = 200_000


@dataclass(frozen=True, slots=True)
class LinkBudget:
    """
    Loss of a link at both wavelengths, what its class leaves, and the verdict.

    `margin_db` is what the class leaves at the wavelength that loses more; `outcome` pass,
    fail_loss (less is left than the margin asks), fail_power (too little loss at the other
    wavelength: the receiver is dazzled) or unknown.
    """

    loss_1310_db: float
    loss_1550_db: float
    margin_db: float
    outcome: str


def splice_count(length_m: float, drum_m: float) -> int:
    """
    Return the splices of a cable whose drum plan is not known.

    Parameters
    ----------
    length_m
        Length of the cable, >= 0 [m].
    drum_m
        Length of a drum, > 0 [m].

    Returns
    -------
    splices
        One at both ends and one for each whole drum.

    Examples
    --------
    >>> splice_count(10_000.0, 2_000.0)
    7
    """
    return 2 + int(np.floor(length_m / drum_m + 1e-9))


def link_budget(
    length_m: float,
    rules: WorkRules,
    *,
    budget_class: str = "B+",
    split: int = 32,
    splices: int | None = None,
    connectors: int | None = None,
) -> LinkBudget:
    r"""
    Return the optical budget of a link from exchange to house.

    Parameters
    ----------
    length_m
        Length of its fibre, >= 0; NaN where not known [m].
    rules
        Technical rules with losses, classes and margin.
    budget_class
        One of `BUDGET_CLASSES`.
    split
        Houses that share a fibre: 1 or one of `SPLITS`.
    splices
        Splices; by drum length where None.
    connectors
        Connectors; as the rules say where None.

    Returns
    -------
    budget
        Losses, what is left and the verdict [dB].

    Raises
    ------
    SettingsError
        If class or split is unknown, or a rule is missing.

    Notes
    -----
    .. math:: L = a d + S + c n_c + s n_s

    passes where L + margin <= the most of its class at both wavelengths and L >= the least at both.
    """
    limits = _class_rule(budget_class)
    split_db = _split_db(split, rules)
    if not np.isfinite(length_m):
        return LinkBudget(np.nan, np.nan, np.nan, "unknown")
    if splices is None:
        splices = splice_count(length_m, rules.value("drum", "length_m"))
    if connectors is None:
        connectors = int(rules.value("connector", "number"))
    joints_db = rules.value("connector", "loss_db") * connectors
    joints_db += rules.value("splice", "loss_db") * splices
    losses = [
        rules.value("attenuation", f"at_{nm}_db_per_km") * length_m / 1000 + split_db + joints_db
        for nm in (1310, 1550)
    ]
    margin_db = rules.value(limits, "most_db") - max(losses)
    outcome = "pass"
    if margin_db < rules.value("margin", "least_db") - 1e-9:
        outcome = "fail_loss"
    elif min(losses) < rules.value(limits, "least_db") - 1e-9:
        outcome = "fail_power"
    return LinkBudget(losses[0], losses[1], margin_db, outcome)


def optical_budget(
    cables: "pd.DataFrame",
    rules: WorkRules,
    *,
    budget_class: str = "B+",
    split: int = 32,
    beyond_m: float = 0.0,
    pieces: "pd.DataFrame | None" = None,
) -> "pd.DataFrame":
    """
    Return the new cables with their optical budget.

    Parameters
    ----------
    cables
        Table `cables` of a plan: `length_m`, NaN where not known.
    rules
        Technical rules.
    budget_class
        One of `BUDGET_CLASSES`.
    split
        Houses that share a fibre: 1 or one of `SPLITS`.
    beyond_m
        Fibre outside the plan, from the exchange to these cables, >= 0 [m].
    pieces
        Table `drums` of the plan: its joints are the splices; by drum length where None.

    Returns
    -------
    cables
        The same rows with `splices`, `connectors`, `loss_1310_db`, `loss_1550_db`, `budget_class`,
        `margin_db` and `outcome`.
    """
    import pandas as pd

    filled = cables.copy()
    joints = {} if pieces is None else pieces.groupby("cable_id").size().to_dict()
    drum_m, connectors = rules.value("drum", "length_m"), int(rules.value("connector", "number"))
    lengths = pd.to_numeric(cables["length_m"]).to_numpy(dtype=np.float64) + beyond_m
    splices: list[float] = []
    budgets = []
    for name, length_m in zip(cables.index, lengths.tolist(), strict=True):
        known = np.isfinite(length_m)
        count = splice_count(length_m, drum_m) if known else 0
        if known and name in joints:
            count = splice_count(beyond_m, drum_m) + joints[name] - 1
        splices.append(count if known else np.nan)
        budgets.append(
            link_budget(length_m, rules, budget_class=budget_class, split=split, splices=count)
        )
    filled["splices"] = pd.array(splices, dtype="Float64").astype("Int64")
    filled["connectors"] = connectors
    for name in ("loss_1310_db", "loss_1550_db", "margin_db"):
        filled[name] = np.asarray([getattr(budget, name) for budget in budgets], dtype=np.float64)
    filled["budget_class"] = budget_class
    filled["outcome"] = pd.Series([b.outcome for b in budgets], index=filled.index, dtype="str")
    return filled[list(cables.columns)]


def _class_rule(budget_class: str) -> str:
    """Return the rule that holds the limits of a class."""
    if budget_class not in BUDGET_CLASSES:
        msg = f"there is no optical class '{budget_class}'; known are {', '.join(BUDGET_CLASSES)}"
        raise SettingsError(msg)
    return BUDGET_CLASSES[budget_class]


def _split_db(split: int, rules: WorkRules) -> float:
    """Return the loss of a splitter."""
    if split == 1:
        return 0.0
    if split not in SPLITS:
        msg = f"a fibre is split 1 to {', '.join(map(str, (1, *SPLITS)))}; found {split}"
        raise SettingsError(msg)
    return rules.value(f"splitter_{split}", "loss_db")


def cut_lengths(at_m: Floats, drum_m: float) -> Ints:
    """
    Return where a cable is cut so that each piece fits on a drum and as few as can be are made.

    Parameters
    ----------
    at_m
        Where along the cable joints may be, rising, its two ends among them, shape (n,) [m].
    drum_m
        Length of a drum, > 0 [m].

    Returns
    -------
    cuts
        Numbers of the places at which pieces begin and end, the first and the last among them;
        where two places in a row are farther apart than a drum is long, that piece is too long.
    """
    cuts = [0]
    last = len(at_m) - 1
    while cuts[-1] < last:
        reach = int(np.searchsorted(at_m, at_m[cuts[-1]] + drum_m + 1e-6, side="right")) - 1
        cuts.append(min(max(reach, cuts[-1] + 1), last))
    return np.asarray(cuts, dtype=np.int64)


class Packing(NamedTuple):
    """Drum of each piece, number of drums, fewest that any packing needs, whether that is proven."""

    drum: Ints
    count: int
    bound: int
    optimal: bool


def packed_drums(lengths_m: Floats, drum_m: float) -> Packing:
    """
    Return which pieces of cable are cut from which drum, with as few drums as can be.

    Parameters
    ----------
    lengths_m
        Length of each piece, > 0; one longer than a drum takes a drum of its own [m].
    drum_m
        Length of a drum, > 0 [m].

    Returns
    -------
    packing
        Drums, proven fewest by branch and bound where the pieces are few, else with a bound.

    Notes
    -----
    The bound is the larger of the total length in drums and the number of pieces longer than half
    a drum, with what small pieces cannot share with them (Martello and Toth, L2).
    """
    whole = np.minimum(np.ceil(np.asarray(lengths_m) * 1000 - 1e-6), drum_m * 1000)
    sizes = whole.astype(np.int64)
    order = np.lexsort((np.arange(len(sizes)), -sizes))
    room = round(drum_m * 1000)
    best = _first_fit(sizes[order], room)
    bound = _least_drums(sizes, room)
    if len(sizes) <= EXACT_PIECES and max(best, default=-1) + 1 > bound:
        best, bound = _searched(sizes[order].tolist(), room, best, bound)
    drum = np.empty(len(sizes), dtype=np.int64)
    drum[order] = best
    count = int(max(best, default=-1)) + 1
    return Packing(drum, count, bound, count == bound)


def _first_fit(sizes: Ints, room: int) -> list[int]:
    """Return a drum for each piece, from the longest on, in the first drum with room."""
    left: list[int] = []
    out = []
    for size in sizes.tolist():
        k = next((k for k, free in enumerate(left) if free >= size), len(left))
        if k == len(left):
            left.append(room)
        left[k] -= size
        out.append(k)
    return out


def _least_drums(sizes: Ints, room: int) -> int:
    """Return a number of drums that no packing goes below."""
    bound = -(-int(sizes.sum()) // room)
    for small in {0, *(int(x) for x in sizes if 2 * x <= room)}:
        alone = int((sizes > room - small).sum())
        big = sizes[(sizes <= room - small) & (2 * sizes > room)]
        little = sizes[(2 * sizes <= room) & (sizes >= small)]
        over = int(little.sum()) - (len(big) * room - int(big.sum()))
        bound = max(bound, alone + len(big) + max(0, -(-over // room)))
    return bound


def _searched(
    sizes: list[int], room: int, found: list[int], bound: int
) -> tuple[list[int], int]:
    """Return the fewest drums by branch and bound, and the bound, proven where search ended."""
    best = {"drum": found, "count": max(found) + 1, "seen": 0}
    given = [0] * len(sizes)

    def place(k: int, left: list[int]) -> bool:
        """Try each drum for a piece; return whether to go on searching."""
        best["seen"] += 1  # type: ignore[operator]
        if best["seen"] > MOST_BRANCHES or best["count"] <= bound:  # type: ignore[operator]
            return False
        if k == len(sizes):
            best["drum"], best["count"] = given.copy(), len(left)
            return True
        tried = set()
        for drum, free in enumerate(left):
            if free >= sizes[k] and free not in tried:
                tried.add(free)
                left[drum] -= sizes[k]
                given[k] = drum
                going = place(k + 1, left)
                left[drum] += sizes[k]
                if not going:
                    return False
        if len(left) + 1 < best["count"]:  # type: ignore[operator]
            given[k] = len(left)
            left.append(room - sizes[k])
            going = place(k + 1, left)
            left.pop()
            return going
        return True

    ended = place(0, [])
    count = int(best["count"])  # type: ignore[call-overload]
    return list(best["drum"]), count if ended or count == bound else bound  # type: ignore[call-overload]
