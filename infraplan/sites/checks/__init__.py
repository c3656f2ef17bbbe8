"""The rules of an appraisal: what is measured, against which limit."""

from infraplan.sites.checks.batch import check_batch
from infraplan.sites.checks.each import CHECKS
from infraplan.sites.checks.each import Check
from infraplan.sites.checks.each import check_request

__all__ = ["CHECKS", "Check", "check_batch", "check_request"]
