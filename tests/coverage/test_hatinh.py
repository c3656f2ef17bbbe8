"""People and hamlets of the real province."""

import numpy as np
import pandas as pd
import pytest

from infraplan.coverage import people_grid
from infraplan.coverage import residential_areas
from infraplan.coverage import zones_over
from infraplan.layers.grid import geobox_of
from tests.sample.hatinh_base import hatinh_layers
from tests.shared_data import shared_folder

pytestmark = pytest.mark.slow
REGISTERED = 1_621_134  # sum over the 69 communes of the register


@pytest.fixture(scope="module")
def layers():
    """Return the real layers of Hà Tĩnh on cells of 120 m."""
    return hatinh_layers(shared_folder("data") / "hatinh", resolution_m=120.0)


@pytest.fixture(scope="module")
def grid(layers):
    """Return the people of Hà Tĩnh."""
    return people_grid(layers, geobox_of(layers.rasters["population"]))


def test_every_commune_has_its_registered_people(layers, grid):
    communes = layers.table("communes")
    sums = zones_over(communes, geobox_of(grid.people)).sums(grid.people.to_numpy())
    assert sums.tolist() == pytest.approx(communes["people"].astype(float).tolist(), rel=1e-6)
    assert sums.sum() == pytest.approx(REGISTERED, rel=1e-6)
    assert float(grid.people.sum()) == pytest.approx(REGISTERED, rel=1e-6)
    assert float(grid.people.min()) >= 0


def test_communes_whose_houses_stand_under_trees_are_told(grid):
    shares = grid.communes["outside_share"].value_counts()
    assert (shares[1.0], shares[0.5]) == (1, 14)
    assert shares[0.1] == 54


def test_most_people_live_on_the_settlements_seen(layers, grid):
    ground = layers.table("settlements").dissolve()
    (people,) = zones_over(ground, geobox_of(grid.people)).sums(grid.people.to_numpy())
    meant = (grid.communes["people"] * (1 - grid.communes["outside_share"])).sum()
    assert 0.7 < people / meant < 1.0  # cells of 120 m carry some over the edges of small patches


def test_hamlets_and_rest_sum_to_every_commune(layers, grid):
    patches = layers.table("settlements")  # a cluster may span several communes
    names = [f"H{n:04d}" for n in range(len(patches))]
    hamlets = patches.set_index(pd.Index(names, name="hamlet_id"))
    hamlets = hamlets.assign(name=names, people=np.nan, placed_by=None)
    tables = dict(layers.tables) | {"hamlets": hamlets}
    found = residential_areas(type(layers)(layers.name, layers.crs, tables), grid.people)
    sums = found.groupby("commune_code")["people"].sum()
    assert sums.tolist() == pytest.approx(grid.communes["people"][sums.index].tolist(), rel=1e-6)
    assert len(found) == len(patches) + 69
