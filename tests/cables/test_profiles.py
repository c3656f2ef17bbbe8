"""Long profiles: stations, ground, depth and marks along both sides of a street."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from infraplan.cables.profiles import MARKS
from infraplan.cables.profiles import long_profiles
from infraplan.cables.study import empty_table
from tests.cables.conftest import EAST
from tests.reports.undergrounding import BASE_M
from tests.reports.undergrounding import SLOPE
from tests.reports.undergrounding import marks_of
from tests.reports.undergrounding import plan


@pytest.fixture(scope="module")
def profiles():
    return long_profiles(plan()).reset_index()


def test_profile_has_the_columns_of_its_table(profiles):
    table = empty_table("profiles")
    assert list(profiles.columns) == [*table.index.names, *table.columns]


def test_ground_is_that_of_the_terrain_and_bottom_lies_a_trench_deeper(profiles):
    ground = BASE_M + SLOPE * (profiles["x_m"] - EAST)
    np.testing.assert_allclose(profiles["ground_m"], ground, atol=1e-9)
    dug = profiles[profiles["depth_m"].notna()]
    assert len(dug)
    np.testing.assert_allclose(dug["bottom_m"], dug["ground_m"] - dug["depth_m"], atol=1e-9)


def test_unknown_ground_stays_unknown_while_depth_is_told():
    rows = long_profiles(plan(with_ground=False))
    assert rows["ground_m"].isna().all()
    assert rows["bottom_m"].isna().all()
    assert rows["depth_m"].notna().any()


def test_ground_beyond_the_terrain_stays_unknown():
    made = plan()
    terrain = made.layers.rasters["terrain"]
    short = replace(made.layers, rasters={"terrain": terrain.sel(x=slice(None, EAST + 100))})
    rows = long_profiles(replace(made, layers=short))
    assert rows.loc[rows["x_m"] > EAST + 120, "ground_m"].isna().all()
    assert rows.loc[rows["x_m"] < EAST + 80, "ground_m"].notna().all()


def test_street_drawn_in_two_directions_has_one_axis(profiles):
    own = profiles[profiles["street"] == "Phan Đình Phùng"]
    along = own["at_m"] - (own["x_m"] - EAST)
    assert along.abs().max() < 0.5  # 0.04 % of 320 m is the scale of the projection


def test_every_chamber_stands_on_a_profile(profiles):
    told = set(marks_of(profiles, "chamber"))
    assert told == set(plan().chambers.index)


def test_every_crossing_is_a_mark_or_a_piece(profiles):
    told = set(marks_of(profiles, "crossing"))
    assert told == set(plan().crossings.index)


def test_each_stretch_is_as_long_as_its_segment(profiles):
    for segment_id, row in plan().segments.iterrows():
        at_m = profiles.loc[profiles["feature_id"] == segment_id, "at_m"]
        following = profiles[(profiles["side"] == row["side"])]["at_m"]
        assert at_m.max() - at_m.min() <= row["length_m"] + 0.2, (segment_id, len(following))
        assert at_m.max() - at_m.min() >= row["length_m"] - 5.2


def test_stations_are_at_most_a_step_apart_within_works():
    rows = long_profiles(plan(), step_m=4.0).reset_index()
    for _, own in rows.groupby(["street", "side"], sort=False):
        gaps = np.diff(own["at_m"])
        breaks = own["mark"].fillna("").str.contains("end").to_numpy()[:-1]
        assert (gaps > 0).all()
        assert gaps[~breaks].max(initial=0.0) <= 4.0 + 1e-9


def test_marks_are_known_and_have_an_id_each(profiles):
    marked = profiles[profiles["mark"].notna()]
    for marks, ids in zip(marked["mark"], marked["mark_id"], strict=True):
        assert set(marks.split(";")) <= set(MARKS)
        assert len(marks.split(";")) == len(ids.split(";"))


def test_water_streets_and_existing_ducts_are_marked(profiles):
    own = profiles[profiles["street"] == "Phan Đình Phùng"]
    assert set(marks_of(own, "water")) == {"Kênh N1"}
    assert set(marks_of(own, "street")) == {"Trần Phú"}
    reused = plan().segments["shared"].notna().any()
    assert set(marks_of(profiles, "duct")) == ({"D1"} if reused else set())


def test_trench_beside_another_on_the_same_side_has_its_own_profile():
    made = plan()
    one = made.segments.iloc[[0]]
    twin = one.set_index(pd.Index(["G9999"], name="segment_id"))
    both = gpd.GeoDataFrame(pd.concat([made.segments, twin]), crs=made.segments.crs)
    rows = long_profiles(replace(made, segments=both)).reset_index()
    assert "G9999" in set(rows["feature_id"])
    assert {side for side in rows["side"] if side.endswith(" 2")}


def test_plan_without_segments_has_an_empty_profile():
    made = plan()
    assert not len(long_profiles(replace(made, segments=made.segments.iloc[:0])))
