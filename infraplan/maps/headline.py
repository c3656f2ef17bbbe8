"""What a map says of itself in one line: what its colours mean, of which days its data are."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from typing import Any

from infraplan.layers.bundle import Layers
from infraplan.text import Words

if TYPE_CHECKING:
    from infraplan.radio.results import Coverage

__all__ = ["coverage_headline", "data_days", "gaps_headline"]

DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def coverage_headline(coverage: "Coverage", words: Words) -> str:
    """
    Return in one line what counts as covered in a prediction.

    Parameters
    ----------
    coverage
        Prediction.
    words
        Catalogue.

    Returns
    -------
    headline
        A sentence with the thresholds of its technologies and the probability.
    """
    profile = coverage.profile
    names = sorted({technology for technology, _ in coverage.maps})
    limits = {name: profile.technologies[name].service_dbm for name in names}
    return _headline(words, limits, profile.p_cov)


def gaps_headline(gaps: Any, words: Words) -> str:  # noqa: ANN401 - Gaps
    """
    Return in one line what counts as covered in gaps.

    Parameters
    ----------
    gaps
        Result.
    words
        Catalogue.

    Returns
    -------
    headline
        A sentence; empty where the result has no thresholds.
    """
    told = gaps.definition
    if not hasattr(told, "thresholds_dbm"):
        return ""
    return _headline(words, told.thresholds_dbm, told.p_cov)


def data_days(layers: Layers, words: Words) -> str:
    """
    Return of which days the data of a plan are.

    Parameters
    ----------
    layers
        Layers of the plan, with the days of their sources.
    words
        Catalogue.

    Returns
    -------
    days
        The first and the last day; empty where no source tells its day.
    """
    table = layers.table("sources")
    days = sorted({str(day) for day in table.get("as_of", ()) if DAY.fullmatch(str(day))})
    if not days:
        return ""
    first, last = (words.day(day) for day in (days[0], days[-1]))
    if first == last:
        return words("frame.as_of", day=last)
    return words("frame.as_of_between", first=first, last=last)


def _headline(words: Words, limits: Mapping[str, float], p_cov: float) -> str:
    """Return the sentence for some thresholds [dBm] and a probability."""
    told = ", ".join(
        words("maps.limit", technology=name, value=f"{value:g}".replace("-", "\u2212"))
        for name, value in limits.items()
    )
    return words("frame.headline", limits=told, p_cov=words.number(100 * p_cov))
