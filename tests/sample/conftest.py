"""One pilot for all tests of the sample."""

import pytest

from infraplan.sample import Sample
from infraplan.sample import generate


@pytest.fixture(scope="session")
def pilot() -> Sample:
    """Return the pilot of seed 0."""
    return generate("pilot", seed=0)


@pytest.fixture(scope="session")
def tables(pilot):
    """Return the layers of the pilot."""
    return pilot.tables
