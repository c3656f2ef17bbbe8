"""Every zone is what EPSG says it is, and no transformation loses the datum."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pyproj import CRS

from infraplan.errors import SettingsError
from infraplan.layers.crs import near_systems
from infraplan.layers.crs import transformer
from infraplan.layers.crs import usual_systems
from infraplan.packaged import data_path
from infraplan.packaged import read_toml

SYSTEMS = usual_systems()
DEGREES = pd.read_csv(Path(__file__).parents[1] / "published" / "vn2000_degrees.csv")
PARAMETERS = (
    -191.90441429, -39.30318279, -111.45032835,
    -0.00928836, 0.01975479, -0.00427372, 0.252906278,
)  # fmt: skip


def test_the_list_of_systems_is_whole_and_names_its_source() -> None:
    wanted = {*range(9205, 9219), *range(5896, 5900), 3405, 3406, 32648, 32649, 4326, 4756}
    assert set(SYSTEMS) == {f"EPSG:{code}" for code in wanted}
    declared = read_toml(data_path("crs/vietnam.toml"))
    assert declared["source"]
    assert declared["verified"]


@pytest.mark.parametrize("code", sorted(SYSTEMS))
def test_a_system_is_what_epsg_says(code: str) -> None:
    crs, told = CRS.from_user_input(code), SYSTEMS[code]
    assert not crs.is_deprecated
    assert crs.geodetic_crs.to_epsg() == told.datum
    assert crs.is_projected == told.is_projected
    if not told.is_projected:
        return
    found = {one.name: one.value for one in crs.coordinate_operation.params}
    assert found["Longitude of natural origin"] == told.meridian_deg
    assert found["Scale factor at natural origin"] == told.scale
    assert (found["False easting"], found["False northing"]) == (500_000, 0)
    assert told.scale == (0.9999 if told.width_deg == 3 else 0.9996)


@pytest.mark.parametrize("code", sorted(SYSTEMS))
def test_the_name_of_a_zone_tells_its_meridian(code: str) -> None:
    told = SYSTEMS[code]
    if told.is_projected and told.datum == 4756:
        degrees, minutes = re.search(r"(\d+)°(\d*)", told.name).groups()
        assert int(degrees) + int(minutes or 0) / 60 == told.meridian_deg


@pytest.mark.parametrize("place", DEGREES["place"])
def test_degrees_of_vn_2000_are_met_to_the_last_figure(place: str) -> None:
    row = DEGREES.set_index("place").loc[place]
    lon, lat = transformer("EPSG:4326", "EPSG:4756").transform(row["lon_wgs84"], row["lat_wgs84"])
    assert abs(lon - row["lon_vn2000"]) <= row["tolerance_deg"]
    assert abs(lat - row["lat_vn2000"]) <= row["tolerance_deg"]


@pytest.mark.parametrize("code", ["EPSG:4756", "EPSG:9209", "EPSG:5897", "EPSG:3405"])
def test_only_the_official_parameters_lead_to_wgs_84(code: str) -> None:
    found = transformer(code, "EPSG:4326")
    values = [one.value for step in found.operations for one in step.params]
    assert "VN-2000 to WGS 84 (2)" in found.description
    assert np.isin(PARAMETERS, values).all()


def test_a_transformation_without_its_datum_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"lacks the exact transformation|no transformation"):
        transformer("EPSG:4001", "EPSG:4326")


def test_the_plans_own_zone_comes_first_and_its_neighbours_next() -> None:
    order = near_systems("EPSG:9209")
    assert order[0] == "EPSG:9209"
    assert set(order[1:6]) == {f"EPSG:{code}" for code in (9210, 5897, 9208, 9211, 9212)}
    assert set(order) == {code for code, one in SYSTEMS.items() if one.is_projected}
