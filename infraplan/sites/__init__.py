"""Which site to build: appraisal of requests with reasons, proposals with a proven bound."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.sites.appraisal import Appraisal
    from infraplan.sites.appraisal import appraise_sites
    from infraplan.sites.covering import MaxCoverage
    from infraplan.sites.covering import max_coverage
    from infraplan.sites.covering import max_coverage_budget
    from infraplan.sites.proposal import Proposal
    from infraplan.sites.proposal import propose_sites
    from infraplan.sites.rules import SiteRules

_HOMES = {
    "Appraisal": "appraisal",
    "MaxCoverage": "covering",
    "Proposal": "proposal",
    "SiteRules": "rules",
    "appraise_sites": "appraisal",
    "max_coverage": "covering",
    "max_coverage_budget": "covering",
    "propose_sites": "proposal",
}

__all__ = [
    "Appraisal",
    "MaxCoverage",
    "Proposal",
    "SiteRules",
    "appraise_sites",
    "max_coverage",
    "max_coverage_budget",
    "propose_sites",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions and classes alike
    """Import a part of the room at its first use."""
    if name not in _HOMES:
        msg = f"module 'infraplan.sites' has no attribute '{name}'"
        raise AttributeError(msg)
    return getattr(import_module(f"infraplan.sites.{_HOMES[name]}"), name)
