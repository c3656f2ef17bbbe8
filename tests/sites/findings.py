"""What one rule finds on one request, in words that a test can compare."""

import copy

import numpy as np

from infraplan.sites import SiteRules
from infraplan.sites.checks import check_request
from infraplan.sites.gain import Gain
from tests.sites.world import RULES
from tests.sites.world import RULES_TABLE

NO_CELLS = np.zeros(0, dtype=np.int64)
PASS, ASK = ("pass", "none"), ("fail", "needs_information")
CONDITION, BY_HAND = ("condition", "condition"), ("not_assessed", "condition")
REJECT, DOWNGRADED = ("fail", "reject"), ("fail", "condition")
UNKNOWN = ("not_assessed", "none")  # of a rule that only tells


def found(rule, request, place, rules=RULES):
    """Return the finding of one rule, None where it stays silent."""
    reasons = check_request(request, place, {rule: rules.rules[rule]})
    return reasons[0] if reasons else None


def told(reason):
    """Return outcome and effect."""
    return reason.outcome, reason.effect


def confirmed(rule):
    """Return the packaged rules with one of them confirmed."""
    table = copy.deepcopy(RULES_TABLE)
    table["rules"][rule]["verified"] = True
    return SiteRules.from_dict(table)


def gain(people, relieved=0.0, served=0.0):
    """Return a gain of so many people."""
    return Gain(NO_CELLS, np.zeros(0), people, people, people, 0.0, served, 0.0, 0.0, relieved)
