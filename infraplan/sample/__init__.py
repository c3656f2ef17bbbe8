"""A synthetic network that could be real, for demonstrations, tests and a province without its lists."""

from infraplan.sample.figures import figures_of
from infraplan.sample.generator import Sample
from infraplan.sample.generator import generate

__all__ = ["Sample", "figures_of", "generate"]
