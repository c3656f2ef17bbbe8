"""The job and the command on one place: files, pictures, and what is refused."""

import io
import struct

import numpy as np
import pyogrio
import pytest
from PIL import Image
from shapely.geometry import Point
from typer.testing import CliRunner

import infraplan as ip
from infraplan.cli import app
from infraplan.errors import InfraplanError
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.io import write_raster
from infraplan.radio.settings import RadioSettings
from tests.coverage.world import CRS
from tests.coverage.world import EAST
from tests.coverage.world import NORTH
from tests.coverage.world import communes
from tests.coverage.world import inside
from tests.coverage.world import raster
from tests.coverage.world import stations
from tests.coverage.world import three_hamlets

RIDGE = np.where(inside(2_400, 0, 2_520, 4_800), 400.0, 10.0)
BEHIND = f"{EAST + 2_910:.0f},{NORTH + 2_250:.0f}"
HOSTILE = "$\\frac{x}$<script>../../A 漢 {0}"


def made(folder, *, ground_m=RIDGE, sites=None, terrain=True):
    """Return a plan of two communes, a ridge and two stations."""
    plan = ip.init_plan(folder, crs=CRS).with_settings(resolution_m=60.0)
    there = stations(**(sites or {"A": (930, 2_250, "A", "4G"), "B": (1_530, 2_250, "B", "2G")}))
    plan.write_tables({"communes": communes(), "hamlets": three_hamlets()})
    if len(there):
        plan.write_tables({"sites": there})
    if terrain:
        write_raster(plan.raster_path("terrain"), {"terrain": raster(ground_m, "terrain")})
    return plan


@pytest.fixture(scope="module")
def plan(tmp_path_factory):
    return made(tmp_path_factory.mktemp("points") / "plan")


@pytest.fixture(scope="module")
def check(plan):
    return ip.point(plan, BEHIND)


def test_tables_and_picture_are_kept_and_open(check):
    layers = {name for name, _ in pyogrio.list_layers(check.path)}
    assert {"points", "servers", "causes", "cells", "profiles", "sentences"} <= layers
    kinds = pyogrio.read_dataframe(check.path, layer="points")["kind"].tolist()
    assert kinds.count("place") == 1
    assert "obstruction" in kinds
    picture = Image.open(io.BytesIO(check.picture_path.read_bytes()))
    assert picture.size[0] == 1440
    assert 700 < picture.size[1] < 1400
    assert np.unique(np.asarray(picture.convert("L"))).size > 20  # not blank


def test_the_same_place_gives_the_same_bytes(plan, check):
    before = check.picture_path.read_bytes(), check.path.read_bytes()
    again = ip.point(plan, BEHIND)
    assert (again.picture_path.read_bytes(), again.path.read_bytes()) == before


def test_the_picture_names_no_program_and_no_date(check):
    content, kinds, place = check.picture_path.read_bytes(), [], 8
    while place < len(content):
        (size,) = struct.unpack(">I", content[place : place + 4])
        kinds.append(content[place + 4 : place + 8].decode())
        place += 12 + size
    assert not set(kinds) & {"tEXt", "zTXt", "iTXt", "tIME"}


def test_the_place_may_be_an_id_degrees_metres_or_a_point(plan, check):
    lon, lat = check.place.lon_deg, check.place.lat_deg
    for place in (f"{lon:.7f},{lat:.7f}", f"{lon:.7f} {lat:.7f}".replace(" ", ";")):
        assert ip.point(plan, place).place.x_m == pytest.approx(EAST + 2_910, abs=0.1)
    vietnamese = f"{lon:.7f};{lat:.7f}".replace(".", ",")
    assert ip.point(plan, vietnamese).place.y_m == pytest.approx(NORTH + 2_250, abs=0.1)
    assert ip.point(plan, Point(EAST + 2_910, NORTH + 2_250)).servers.equals(check.servers)
    assert ip.point(plan, "H1").place.hamlet_id == "H1"
    assert ip.point(plan, "A").place.nearest_site_m == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (f"{NORTH + 2_250:.0f},{EAST + 2_910:.0f}", r"other order .*Did you mean 542910,2032230\?"),
        ("18.37,105.9", r"other order .*Did you mean 105.9,18.37\?"),
        ("10.0,50.0", r"outside the plan's area \(longitude 105"),
        ("HTI-không-có", r"is no place: give lon,lat"),
        ("nan,nan", r"is no place"),
        ("105.4,18.3,7", r"is no place"),
        ("", r"is no place"),
        ("H11", r"Similar ids: .*H1"),
    ],
)
def test_a_place_that_is_none_is_refused_with_the_remedy(plan, place, told):
    with pytest.raises(SettingsError, match=told):
        ip.point(plan, place)


def test_what_is_not_on_air_is_refused_with_what_is(plan):
    with pytest.raises(SettingsError, match=r"technology '5G' .* there is 2G, 4G"):
        ip.point(plan, BEHIND, technology="5G")
    with pytest.raises(SettingsError, match=r"operator 'Beeline' .* there is A, B"):
        ip.point(plan, BEHIND, operator="Beeline")


def test_a_plan_without_terrain_or_stations_says_what_to_import(tmp_path):
    with pytest.raises(PlanError, match=r"terrain.*infraplan import PLAN terrain"):
        ip.point(made(tmp_path / "flat", terrain=False), BEHIND)
    empty = ip.init_plan(tmp_path / "empty", crs=CRS)
    with pytest.raises(PlanError, match=r"import the communes first"):
        ip.point(empty, BEHIND)
    empty.write_tables({"communes": communes()})
    write_raster(empty.raster_path("terrain"), {"terrain": raster(10.0, "terrain")})
    with pytest.raises(PlanError, match=r"infraplan import PLAN sites"):
        ip.point(empty, BEHIND)


def test_a_place_on_unknown_ground_is_refused(tmp_path):
    heights = np.where(inside(2_700, 2_000, 3_100, 2_500), np.nan, 10.0)
    with pytest.raises(PlanError, match=r"knows no height"):
        ip.point(made(tmp_path / "plan", ground_m=heights), BEHIND)


def test_stored_coverage_is_shown_beside_and_told_when_stale(tmp_path):
    plan = made(tmp_path / "plan")
    ip.predict(plan, RadioSettings(rays="cell"), technology="4G", operator="A")
    check = ip.point(plan, BEHIND)
    row = check.servers.set_index(["technology", "operator"]).loc[("4G", "A")]
    assert row["stored_dbm"] == pytest.approx(row["level_dbm"], abs=0.1)
    assert check.notes == ("stored",)
    plan.write_tables({"sites": plan.table("sites").assign(height_m=50.0)})
    assert ip.point(plan, BEHIND).notes == ("stored", "stale")


def test_only_the_ground_around_is_read_and_levels_stay_the_same(plan, check):
    whole = plan.layers(["sites", "cells"], rasters=("terrain",))
    near = plan.layers(
        ["sites"], rasters=("terrain",), around_m=(EAST + 2_910, NORTH + 2_250, 900.0)
    )
    ground = near.terrain.ground_m
    assert ground.shape == (35, 35)
    assert (whole.terrain.ground_m.sel(x=ground.x, y=ground.y).to_numpy() == ground).all()


def test_hostile_names_are_drawn_as_they_are_and_make_no_path(tmp_path):
    sites = {HOSTILE: (930, 2_250, HOSTILE, "4G")}
    plan = made(tmp_path / "plan", sites=sites)
    check = ip.point(plan, HOSTILE, technology="4G", operator=HOSTILE)
    assert check.path.parent == plan.results / "points"
    assert check.picture_path.parent == plan.folder / "maps" / "points"
    assert "<script>" not in check._repr_html_()


def test_a_notebook_shows_table_and_sentences(check):
    html = check._repr_html_()
    assert "khuất sau sống đất" in html
    assert "độ lệch chuẩn" in html
    assert any("B has no 4G station" in sentence for sentence in check.sentences("en"))


def test_the_command_tells_verdict_cause_range_and_files(plan):
    done = CliRunner().invoke(app, ["point", str(plan.folder), BEHIND, "--technology", "4G"])
    assert done.exit_code == 0, done.output
    for told in ("không có sóng", "khuất sau sống đất cao 400 m", "±10 dB", ".png", ".gpkg",
                 "infraplan import"):  # fmt: skip
        assert told in done.output


def test_the_command_fails_on_faulty_input_with_an_error_of_ours(plan):
    done = CliRunner().invoke(app, ["point", str(plan.folder), "18.37,105.9"])
    assert isinstance(done.exception, InfraplanError)  # which `main` prints, with exit code 2
