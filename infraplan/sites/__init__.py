"""Which site to build: appraisal of requests with reasons, proposals with a proven bound."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.sites.appraisal import Appraisal
    from infraplan.sites.appraisal import appraise_sites
    from infraplan.sites.covering import FewestSites
    from infraplan.sites.covering import MaxCoverage
    from infraplan.sites.covering import fewest_sites
    from infraplan.sites.covering import max_coverage
    from infraplan.sites.covering import max_coverage_budget
    from infraplan.sites.covering import pairs_within
    from infraplan.sites.proposal import Proposal
    from infraplan.sites.proposal import propose_sites
    from infraplan.sites.rules import SiteRules

_HOMES = {
    "Appraisal": "appraisal",
    "FewestSites": "covering",
    "MaxCoverage": "covering",
    "Proposal": "proposal",
    "SiteRules": "rules",
    "appraise_sites": "appraisal",
    "fewest_sites": "covering",
    "max_coverage": "covering",
    "max_coverage_budget": "covering",
    "pairs_within": "covering",
    "propose_sites": "proposal",
}

__all__ = [
    "Appraisal",
    "FewestSites",
    "MaxCoverage",
    "Proposal",
    "SiteRules",
    "appraise_sites",
    "fewest_sites",
    "max_coverage",
    "max_coverage_budget",
    "pairs_within",
    "propose_sites",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions and classes alike
    """Import a part of the room at its first use."""
    if name not in _HOMES:
        msg = f"module 'infraplan.sites' has no attribute '{name}'"
        raise AttributeError(msg)
    return getattr(import_module(f"infraplan.sites.{_HOMES[name]}"), name)
