"""What a warm process holds is what a new one would compute."""

import numpy as np
import pytest

from infraplan.api import site
from infraplan.coverage import people_grid
from infraplan.layers.grid import geobox_of
from infraplan.plan import create_plan
from infraplan.plan.settings import PlanSettings
from tests.sites.world import GEOBOX
from tests.sites.world import communes
from tests.sites.world import villages
from tests.sites.world import world


@pytest.fixture
def plan(tmp_path):
    """Return a plan of two communes with people told by their lists."""
    made = create_plan(tmp_path / "plan", PlanSettings(name="thử", resolution_m=90.0))
    made.write_tables({"communes": communes().assign(people=[900, 300])})
    return made


def test_people_are_counted_anew_once_a_list_changed(plan):
    raster = villages((2_025.0, 5_085.0), (6_525.0, 5_085.0))
    for people in ([900, 300], [40, 10]):
        plan.write_tables({"communes": communes().assign(people=people)})
        layers = world(communes=plan.table("communes"), rasters={"population": raster})
        told = [site._people(plan, layers, GEOBOX) for _ in range(2)]
        fresh = people_grid(layers, GEOBOX).people
        assert told[0] is told[1]
        assert float(fresh.sum()) == pytest.approx(sum(people))
        np.testing.assert_array_equal(told[0], fresh)
        assert geobox_of(told[0]) == GEOBOX
