"""
Light through new cables: loss at both wavelengths against both limits, and splices.

A receiver wants neither too little light nor too much: a cable passes where the loss with a margin
for repairs stays below the most its class allows, and the loss as built above the least.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

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
    "link_budget",
    "optical_budget",
    "splice_count",
]

Floats = npt.NDArray[np.float64]

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
