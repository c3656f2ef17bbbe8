"""People per grid cell, residential areas, covered shares, gaps and inventory."""

from importlib import import_module
from typing import TYPE_CHECKING
from typing import Any

if TYPE_CHECKING:
    from infraplan.coverage.areas import residential_areas as residential_areas
    from infraplan.coverage.comparison import Comparison as Comparison
    from infraplan.coverage.comparison import MeasuredAgreement as MeasuredAgreement
    from infraplan.coverage.comparison import Sides as Sides
    from infraplan.coverage.comparison import (
        agreement_with_measurements as agreement_with_measurements,
    )
    from infraplan.coverage.comparison import cohens_kappa as cohens_kappa
    from infraplan.coverage.comparison import compare_covered as compare_covered
    from infraplan.coverage.comparison import wilson_interval as wilson_interval
    from infraplan.coverage.criteria import CriteriaSet as CriteriaSet
    from infraplan.coverage.evidence import EvidenceAgreement as EvidenceAgreement
    from infraplan.coverage.evidence import agreement_with_evidence as agreement_with_evidence
    from infraplan.coverage.evidence import certainty_of_gaps as certainty_of_gaps
    from infraplan.coverage.evidence import newest_findings as newest_findings
    from infraplan.coverage.evidence import worth_measuring as worth_measuring
    from infraplan.coverage.gaps import Definition as Definition
    from infraplan.coverage.gaps import Gaps as Gaps
    from infraplan.coverage.gaps import find_gaps as find_gaps
    from infraplan.coverage.people import PeopleGrid as PeopleGrid
    from infraplan.coverage.people import people_grid as people_grid
    from infraplan.coverage.placing import place_hamlets as place_hamlets
    from infraplan.coverage.programmes import conclusions as conclusions
    from infraplan.coverage.programmes import new_rural as new_rural
    from infraplan.coverage.programmes import universal_service as universal_service
    from infraplan.coverage.quality import missing_operators as missing_operators
    from infraplan.coverage.quality import source_quality as source_quality
    from infraplan.coverage.service import Service as Service
    from infraplan.coverage.service import service_of as service_of
    from infraplan.coverage.shares import covered_shares as covered_shares
    from infraplan.coverage.shares import parts_of as parts_of
    from infraplan.coverage.stock import Inventory as Inventory
    from infraplan.coverage.stock import inventory as inventory
    from infraplan.coverage.zonal import Zones as Zones
    from infraplan.coverage.zonal import zones_over as zones_over

_WHERE = {
    "Comparison": "comparison",
    "CriteriaSet": "criteria",
    "Definition": "gaps",
    "EvidenceAgreement": "evidence",
    "Gaps": "gaps",
    "Inventory": "stock",
    "MeasuredAgreement": "comparison",
    "PeopleGrid": "people",
    "Service": "service",
    "Sides": "comparison",
    "Zones": "zonal",
    "agreement_with_evidence": "evidence",
    "agreement_with_measurements": "comparison",
    "certainty_of_gaps": "evidence",
    "cohens_kappa": "comparison",
    "compare_covered": "comparison",
    "conclusions": "programmes",
    "covered_shares": "shares",
    "find_gaps": "gaps",
    "inventory": "stock",
    "missing_operators": "quality",
    "new_rural": "programmes",
    "newest_findings": "evidence",
    "people_grid": "people",
    "parts_of": "shares",
    "place_hamlets": "placing",
    "residential_areas": "areas",
    "service_of": "service",
    "source_quality": "quality",
    "universal_service": "programmes",
    "wilson_interval": "comparison",
    "worth_measuring": "evidence",
    "zones_over": "zonal",
}

__all__ = sorted(_WHERE)  # noqa: PLE0605 - one list, above


def __getattr__(name: str) -> Any:  # noqa: ANN401 - functions and classes alike
    """Import a function at its first use."""
    if name in _WHERE:
        return getattr(import_module(f"infraplan.coverage.{_WHERE[name]}"), name)
    msg = f"module 'infraplan.coverage' has no attribute '{name}'"
    raise AttributeError(msg)
