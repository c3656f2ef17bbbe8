"""Who pays for an undergrounding plan, as it was asked: rule, public share, tenants, funding."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from infraplan.cables.shares import SHARE_RULES
from infraplan.errors import SettingsError
from infraplan.layers.notes import Note
from infraplan.layers.notes import joined

if TYPE_CHECKING:
    from infraplan.cables.underground import CablePlan

__all__ = ["FUNDING_MODELS", "Sharing", "tenants"]

FUNDING_MODELS = ("capital", "investor", "public")


@dataclass(frozen=True, slots=True)
class Sharing:
    """
    Who pays.

    `rule` is one of `infraplan.cables.shares.SHARE_RULES`; `public_share` in [0, 1] is what the
    public bears of the shared works; `renting` names owners that rent instead of paying; `model`
    is one of `FUNDING_MODELS`: who brings the capital. Under another than `capital` all owners
    rent.
    """

    rule: str = "diameter"
    public_share: float = 0.0
    renting: tuple[str, ...] = ()
    model: str = "capital"

    def __post_init__(self) -> None:
        """Refuse unknown rules and models, and shares out of range."""
        wrong: list[str] = []
        if self.rule not in SHARE_RULES:
            wrong.append(Note("asked.share_rule", known=", ".join(SHARE_RULES), found=self.rule))
        if not 0 <= self.public_share <= 1:
            wrong.append(Note("asked.public_share", found=f"{100 * self.public_share:g}"))
        if self.model not in FUNDING_MODELS:
            known = ", ".join(FUNDING_MODELS)
            wrong.append(Note("asked.funding_model", known=known, found=self.model))
        if wrong:
            raise SettingsError(joined(wrong))


def tenants(plan: "CablePlan") -> dict[str, int]:
    """
    Return who rents under the funding that was asked for.

    Parameters
    ----------
    plan
        Plan of undergrounding.

    Returns
    -------
    rent_year_vnd
        Rent a year by owner, in the order of the plan; owners that bring capital are not among
        them [VND].
    """
    table, asked = plan.funding, plan.sharing
    if asked.model not in table.index.get_level_values("model"):
        return {}
    owed = table["rent_year_vnd"].xs(asked.model, level="model").fillna(0).astype("int64")
    return {
        str(owner): int(vnd)
        for owner, vnd in owed.items()
        if vnd > 0 and (asked.model != "capital" or owner in asked.renting)
    }
