"""The rules that look at one request alone, one function each."""

from collections.abc import Callable
from collections.abc import Mapping

from infraplan.sites.checks import air
from infraplan.sites.checks import application
from infraplan.sites.checks import exposure
from infraplan.sites.checks import land
from infraplan.sites.checks import law
from infraplan.sites.checks import masts
from infraplan.sites.checks import place
from infraplan.sites.checks import safety
from infraplan.sites.checks import structure
from infraplan.sites.checks import supply
from infraplan.sites.interference import check_overshoot
from infraplan.sites.reasons import Reason
from infraplan.sites.rules import Rule
from infraplan.sites.surroundings import Request
from infraplan.sites.surroundings import Surroundings

__all__ = ["CHECKS", "Check", "check_request"]

# What the function of a rule is: it looks at a request (positions in the planning CRS, lengths in
# metres) in its surroundings and returns the finding with value, limit and margin in the unit of
# the rule, None where a missing field, which is asked for by itself, leaves nothing to say.
Check = Callable[[Request, Surroundings, Rule], Reason | None]


def check_request(
    request: Request, around: Surroundings, rules: Mapping[str, Rule]
) -> list[Reason]:
    """
    Return the findings of every rule that looks at one request alone.

    Parameters
    ----------
    request
        Request with its gains.
    around
        What lies around.
    rules
        Rules in force.

    Returns
    -------
    reasons
        Findings in the order of the rules; a rule that needs a missing field stays silent, for the
        field itself is asked for.
    """
    reasons = []
    for name, rule in rules.items():
        if name in CHECKS and (reason := CHECKS[name](request, around, rule)) is not None:
            reasons.append(reason)
    return reasons


CHECKS: Mapping[str, Check] = {
    "completeness": application.completeness,
    "position": place.position,
    "accuracy": application.accuracy,
    "same_station": place.same_station,
    "datum": place.datum,
    "commune": place.commune,
    "address": place.address,
    "technology": application.technology,
    "height": application.height,
    "mast_class": structure.mast_class,
    "sharing": masts.sharing,
    "spacing": masts.spacing,
    "protected": law.protected,
    "aesthetic": law.aesthetic,
    "building_permit": law.building_permit,
    "aviation": air.aviation,
    "aerodrome": air.aerodrome,
    "obstacle_surface": air.obstacle_surface,
    "fall": safety.fall,
    "fall_road": safety.fall_road,
    "fall_power": safety.fall_power,
    "emf": exposure.emf,
    "flood": land.flood,
    "slope": land.slope,
    "coast": land.coast,
    "fibre": supply.fibre,
    "microwave": supply.microwave,
    "road": supply.road,
    "power": supply.power,
    "backup": supply.backup,
    "shift": application.shift,
    "overshoot": check_overshoot,
    "need": application.need,
}
