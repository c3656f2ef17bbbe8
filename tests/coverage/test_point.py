"""One place: who serves it, who should, and what stands in the way."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from infraplan.coverage.point import look_at_point
from infraplan.coverage.point_told import causes_told
from infraplan.coverage.point_told import evidence_told
from infraplan.coverage.point_told import measurements_told
from infraplan.coverage.point_told import place_told
from infraplan.coverage.point_told import servers_told
from infraplan.errors import PlanError
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.radio.area import predict
from infraplan.radio.cells import CellDefaults
from infraplan.radio.cells import derive_cells
from infraplan.radio.settings import RadioSettings
from infraplan.text import words
from tests.coverage.world import CRS
from tests.coverage.world import GEOBOX
from tests.coverage.world import PROFILE
from tests.coverage.world import at
from tests.coverage.world import fibre
from tests.coverage.world import inside
from tests.coverage.world import stations
from tests.coverage.world import three_hamlets
from tests.coverage.world import world

DEFAULTS = CellDefaults.from_dict(read_toml(data_path("cells/defaults.toml")))
SETTINGS = RadioSettings(radius_m=5_000.0, rays="cell")
RIDGE = np.where(inside(2_400, 0, 2_520, 4_800), 400.0, 10.0)
STATION = {"A": (930, 2_250, "A", "2G;4G")}
BEHIND = at(2_910, 2_250)  # 1 980 m east of the station, 420 m behind the ridge


def hilly():
    """Return rolling ground."""
    row, column = np.mgrid[0 : GEOBOX.shape[0], 0 : GEOBOX.shape[1]]
    return 60.0 + 50.0 * np.sin(row / 9.0) * np.cos(column / 7.0)


def look(place, ground_m=10.0, *, sites=None, azimuths=None, headline=("4G", "any"), **options):
    """Return what is found at a place of a world with some stations."""
    tables = {name: options.pop(name) for name in ("hamlets", "fibre", "evidence", "measurements")
              if name in options}  # fmt: skip
    heights = np.broadcast_to(np.asarray(ground_m, dtype=float), GEOBOX.shape).copy()
    layers = world(ground_m=heights, sites=stations(**(sites or STATION)), **tables)
    cells = derive_cells(layers.table("sites"), layers.table("cells"), DEFAULTS)
    if azimuths:
        cells = cells.assign(azimuth_deg=cells["site_id"].map(azimuths).astype("float64"))
    settings = options.pop("settings", SETTINGS)
    return look_at_point(
        layers, cells, place, profile=PROFILE, settings=settings, headline=headline, **options
    )


def server(finding, technology="4G", operator="A"):
    """Return the row of a technology and operator."""
    return finding.servers.set_index(["technology", "operator"]).loc[(technology, operator)]


def cause(finding, technology="4G", operator="A"):
    """Return why a technology and operator do not serve."""
    return finding.causes.set_index(["technology", "operator"]).loc[(technology, operator)]


def test_a_place_on_flat_ground_near_a_station_is_served():
    found = look(BEHIND)
    assert server(found)["verdict"] == "served"
    assert server(found)["probability"] > 0.99
    assert server(found)["distance_m"] == pytest.approx(1_980.0, rel=0.001)
    assert server(found)["azimuth_deg"] == pytest.approx(90.0, abs=0.5)
    assert found.causes.empty


def test_a_place_behind_a_ridge_lacks_service_by_terrain_and_names_the_ridge():
    found = look(BEHIND, RIDGE)
    why = cause(found)
    assert server(found)["verdict"] == "none"
    assert (why["cause"], why["cause_site"]) == ("terrain", "A")
    assert 390.0 - 60.0 <= why["ridge_m"] <= 510.0 + 60.0
    assert why["ridge_height_m"] == pytest.approx(400.0, abs=1.0)
    assert why["obstruction_db"] > 30.0
    assert why["level_dbm"] + why["obstruction_db"] == pytest.approx(why["smooth_dbm"], abs=0.06)


def test_azimuths_are_from_true_north():
    # grid north lies 0.1 to 0.2 degrees off true north here, east of the central meridian
    north = look(at(930, 4_250))
    assert 0.0 < server(north)["azimuth_deg"] % 360.0 < 0.4
    assert server(north)["back_azimuth_deg"] == pytest.approx(
        server(north)["azimuth_deg"] + 180.0, abs=0.01
    )


def test_levels_are_those_of_the_area_engine_at_the_same_cell():
    layers = world(ground_m=hilly(), sites=stations(**STATION, B=(4_900, 1_300, "B", "4G")))
    cells = derive_cells(layers.table("sites"), layers.table("cells"), DEFAULTS)
    engine = predict(
        layers.terrain, layers.table("sites"), cells, profile=PROFILE, settings=SETTINGS
    )
    for x_m, y_m in ((3_015, 2_222), (1_511, 811), (5_555, 3_333)):
        found = look_at_point(
            layers, cells, at(x_m, y_m), profile=PROFILE, settings=SETTINGS, headline=("4G", "any")
        )
        for operator in "AB":
            bands = engine.bands("4G", operator)
            cell = bands.sel(x=at(x_m, 0).x, y=at(0, y_m).y, method="nearest")
            row = server(found, operator=operator)
            assert row["level_dbm"] == pytest.approx(float(cell["signal_dbm"]), abs=0.1)
            assert row["probability"] == pytest.approx(float(cell["probability"]), abs=0.005)


def test_an_operator_that_has_the_technology_nowhere_lacks_the_technology():
    found = look(BEHIND, sites={**STATION, "B": (1_530, 2_250, "B", "2G")})
    assert server(found, operator="B")["verdict"] == "none"
    why = cause(found, operator="B")
    assert why["cause"] == "no_technology"
    assert pd.isna(why["cause_site"])
    assert causes_told(found, words("vi")) == [
        "4G B: B không có trạm 4G nào đang phát trong phương án"
    ]


def test_an_operator_that_serves_by_another_technology_names_its_nearest_station():
    sites = {"A": (930, 2_250, "A", "2G"), "F": (6_930, 2_250, "A", "4G")}
    found = look(at(1_230, 2_250), sites=sites)
    why = cause(found)
    assert (why["cause"], why["cause_site"]) == ("no_technology", "F")
    assert why["distance_m"] == pytest.approx(5_700.0, rel=0.001)


def test_a_place_beyond_the_radius_is_too_far():
    found = look(at(6_630, 2_250))
    why = cause(found)
    assert (why["cause"], why["cause_site"], bool(why["in_reach"])) == ("distance", "A", False)
    assert "5,7 km" in causes_told(found, words("vi"))[1]


def test_a_weak_cell_is_too_far_even_on_flat_ground():
    layers = world(ground_m=np.full(GEOBOX.shape, 10.0), sites=stations(**STATION))
    cells = derive_cells(layers.table("sites"), layers.table("cells"), DEFAULTS)
    found = look_at_point(
        layers, cells.assign(tx_power_dbm=0.0), at(5_130, 2_250), profile=PROFILE,
        settings=SETTINGS, headline=("4G", "any"),
    )  # fmt: skip
    why = cause(found)
    assert (why["cause"], bool(why["in_reach"])) == ("distance", True)
    assert np.isnan(why["ridge_m"])


def test_unknown_ground_on_the_path_leaves_the_verdict_unknown():
    heights = np.full(GEOBOX.shape, 10.0)
    heights[inside(1_800, 0, 2_000, 4_800)] = np.nan
    found = look(BEHIND, heights)
    assert server(found)["verdict"] == "unknown"
    assert cause(found)["cause"] == "unknown"
    assert np.isnan(found.profiles[0].ground_m).any()


def test_a_place_on_unknown_ground_is_refused_with_the_nearest_known_height():
    heights = np.full(GEOBOX.shape, 10.0)
    heights[inside(2_700, 2_000, 3_100, 2_500)] = np.nan
    with pytest.raises(PlanError, match=r"knows no height .* m away\).*import PLAN terrain"):
        look(BEHIND, heights)


def test_off_axis_is_the_angle_between_the_sector_and_the_place():
    found = look(BEHIND, azimuths={"A": 60.0})
    assert found.cells["off_axis_deg"].to_numpy() == pytest.approx(30.0, abs=0.5)
    assert look(BEHIND).cells["off_axis_deg"].isna().all()


def test_only_what_is_asked_for_is_told():
    sites = {**STATION, "B": (1_530, 2_250, "B", "2G;4G")}
    found = look(BEHIND, RIDGE, sites=sites, only=("4G", "B"), headline=("4G", "B"))
    assert found.servers[["technology", "operator"]].to_numpy().tolist() == [["4G", "B"]]
    assert set(found.cells["operator"]) == {"B"}
    assert [line.site_id for line in found.profiles] == ["B"]


def test_profiles_are_the_ground_between_station_and_place():
    line = look(BEHIND, RIDGE).profiles[0]
    assert line.at_m[0] == 0.0
    assert line.at_m[-1] == pytest.approx(1_980.0, abs=60.0)
    assert line.ground_m.max() == pytest.approx(400.0)
    assert line.edge_m + line.edge_to_place_m == pytest.approx(line.at_m[-1], abs=60.0)
    assert not line.has_service


def test_at_most_three_profiles_are_kept_the_strongest_first():
    sites = {name: (930 + 300 * n, 2_250, name, "4G") for n, name in enumerate("ABCD")}
    found = look(BEHIND, sites=sites)
    levels = [line.level_dbm for line in found.profiles]
    assert len(levels) == 3
    assert levels == sorted(levels, reverse=True)


def test_hamlet_commune_station_and_fibre_are_named():
    found = look(at(900, 900), hamlets=three_hamlets(), fibre=fibre((0, 1_000), (5_000, 1_000)))
    place = found.place
    assert (place.hamlet_id, place.hamlet_m, place.commune) == ("H1", 0.0, "Tây")
    assert place.nearest_fibre_m == pytest.approx(100.0)
    assert place.nearest_site == "A"
    told = " ".join(place_told(place, words("vi")))
    assert "H1" in told
    assert "0,10 km" in told
    outside = look(at(2_200, 3_300), hamlets=three_hamlets()).place
    assert (outside.hamlet_id, outside.hamlet_m) == ("H2", pytest.approx(200.0))


def test_what_is_said_and_measured_near_is_told():
    said = pd.DataFrame(
        {
            "hamlet_id": ["H1", "H2"], "operator": ["A", "A"], "finding": ["none", "good"],
            "found_on": ["2026-05-01", "2026-05-01"], "source": ["<b>Chị Lan", None],
        },
        index=pd.Index(["E1", "E2"], name="evidence_id"),
    )  # fmt: skip
    levels = gpd.GeoDataFrame(
        {
            "level_dbm": [-100.0, -110.0, -90.0], "quantity": "RSRP", "snr_db": np.nan,
            "site_id": ["A", "A", "A"], "cell_id": None, "technology": "4G",
            "below_floor": [False, False, False], "measured_on": None,
        },
        index=pd.Index(["M1", "M2", "M3"], name="measurement_id"),
        geometry=[at(1_000, 900), at(1_000, 1_000), at(3_000, 900)], crs=CRS,
    )  # fmt: skip
    found = look(at(900, 900), hamlets=three_hamlets(), evidence=said, measurements=levels)
    assert list(found.evidence.index) == ["E1"]
    assert list(found.measurements.index) == ["M1", "M2"]
    assert "không có" in evidence_told(found, words("vi"))[0]
    assert "2 điểm đo" in measurements_told(found, words("vi"))[0]
    assert "−105" in measurements_told(found, words("vi"))[0]


def test_the_table_marks_assumed_cells():
    heads, rows = servers_told(look(BEHIND), words("en"))
    assert len(heads) == len(rows[0])
    assert rows[1][2].endswith("*")
