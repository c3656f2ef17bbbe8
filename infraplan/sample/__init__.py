"""A synthetic network that could be real, for demonstrations and tests."""

from infraplan.sample.figures import figures_of
from infraplan.sample.generator import Sample
from infraplan.sample.generator import generate

__all__ = ["Sample", "figures_of", "generate"]
