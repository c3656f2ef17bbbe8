"""Open data come into a plan from a server of the tests, in the formats that they really have."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import rasterio

from infraplan.api.fetching import Fetched
from infraplan.api.fetching import fetch
from infraplan.api.fetching import fetch_offers
from infraplan.errors import SettingsError
from infraplan.errors import SourceFileError
from infraplan.io.download import Downloader
from infraplan.io.open_data import read_sources
from infraplan.packaged import data_path
from infraplan.plan import Plan
from tests.api import open_files as files
from tests.web import Answer
from tests.web import Web

ACROSS = ((105.95, 17.98, 106.0, 18.02), (106.0, 17.98, 106.05, 18.02))  # four tiles of a degree
OSM = ("osm-roads", "osm-streets", "osm-waterways", "osm-buildings", "osm-places")


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return files.plan_over(tmp_path / "plan", *ACROSS)


def got(plan: Plan, *sources: str, **options: object) -> dict[str, Fetched]:
    """Fetch sources quickly; return what became of each."""
    cache = plan.folder.parent / "cache"
    ways = Downloader(cache, wait_s=0.01, attempts=2, read_s=1.0, connect_s=1.0)
    return {item.source.id: item for item in fetch(plan, sources, downloader=ways, **options)}


def failure(plan: Plan, source: str, **options: object) -> str:
    """Fetch a source that fails and leaves the plan as it was; return what is told."""
    before = content_of(plan)
    done = got(plan, source, **options)[source]
    assert done.state == "failed"
    assert content_of(plan) == before
    return f"{done.fault.code}: {done.fault}"


def content_of(plan: Plan) -> dict[str, str]:
    """Return the hash of every file of a plan."""
    return {
        path.relative_to(plan.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(plan.folder.rglob("*"))
        if path.is_file()
    }


def terrain(plan: Plan, web: Web, **tiles: bytes | int) -> None:
    """Put tiles of heights on the server: `N18E105` and so on, a number for a bare status."""
    for name, tile in tiles.items():
        answer = Answer(b"", tile) if isinstance(tile, int) else Answer(tile)
        web.give(f"/{name}.tif", answer)
    files.declare(plan, web, "copernicus-glo30", "/{ns}{lat02}{ew}{lon03}.tif", "halo_m = 3000")


def four_tiles() -> dict[str, bytes]:
    return {
        f"N{south}E{west}": files.glo30_tile(south, west)
        for south in (17, 18)
        for west in (105, 106)
    }


def osm(plan: Plan, web: Web, body: bytes, tile_deg: float = 30.0) -> None:
    """Let all sources of OpenStreetMap get the same answer, for each tile."""
    web.give("/overpass", Answer(body, kind="application/osm3s+xml"))
    for name in OSM:
        files.declare(plan, web, name, "/overpass?data={query}", f"tile_deg = {tile_deg}")


def source_row(plan: Plan, layer: str) -> dict[str, object]:
    sources = plan.table("sources")
    return sources[sources["layer"] == layer].iloc[0].to_dict()


def test_four_tiles_of_heights_become_one_raster(plan, web) -> None:
    terrain(plan, web, **four_tiles())
    done = got(plan, "copernicus-glo30")["copernicus-glo30"]
    assert (done.state, done.files) == ("fetched", 4)
    with rasterio.open(plan.raster_path("terrain")) as made:
        rows, columns = np.indices(made.shape)
        lon, lat = rasterio.transform.xy(made.transform, rows.ravel(), columns.ravel())
        wanted = files.height_at(np.array(lon), np.array(lat)).reshape(made.shape)
        assert np.abs(made.read(1) - wanted).max() < 1e-3
        assert np.isnan(made.nodata)
        assert made.bounds.left < 105.95
        assert made.bounds.right > 106.05


def test_a_tile_that_is_not_there_is_sea_where_the_plan_has_no_ground(tmp_path, web) -> None:
    plan = files.plan_over(tmp_path / "plan", (105.90, 18.01, 105.94, 18.05))
    terrain(plan, web, N18E105=files.glo30_tile(18, 105), N17E105=404)
    done = got(plan, "copernicus-glo30")["copernicus-glo30"]
    assert dict(done.notes)["note_sea"]["count"] == 1
    with rasterio.open(plan.raster_path("terrain")) as made:
        heights = made.read(1)
    assert (heights[-1] == 0).all()
    assert heights[0].min() > 50


def test_a_tile_that_is_not_there_is_an_error_where_the_plan_has_ground(plan, web) -> None:
    terrain(plan, web, **{**four_tiles(), "N17E106": 404})
    told = failure(plan, "copernicus-glo30")
    assert "download_missing" in told
    assert "/N17E106.tif" in told
    assert "sources" in told


def test_heights_that_are_none_stay_unknown(plan, web) -> None:
    tile = files.glo30_tile(18, 105)
    with rasterio.MemoryFile(tile) as memory, memory.open() as opened:
        values, transform = opened.read(1), opened.transform
    values[-3:, -3:] = -32767
    broken = files.geotiff(values, transform.c, transform.f, transform.a)
    terrain(plan, web, **{**four_tiles(), "N18E105": broken})
    done = got(plan, "copernicus-glo30")["copernicus-glo30"]
    assert "note_unknown_pixels" in dict(done.notes)
    with rasterio.open(plan.raster_path("terrain")) as made:
        assert np.isnan(made.read(1)).sum() == 9


def test_land_cover_keeps_its_classes_alone(plan, web) -> None:
    for name, south, cover in (("N18E105", 18, 10), ("N15E105", 15, 50)):
        web.give(f"/{name}.tif", Answer(files.worldcover_tile(south, 105, cover)))
    files.declare(plan, web, "esa-worldcover", "/{ns}{lat02}{ew}{lon03}.tif")
    done = got(plan, "esa-worldcover")["esa-worldcover"]
    with rasterio.open(plan.raster_path("landcover")) as made:
        values = made.read(1)
    assert set(np.unique(values)) == {0, 10, 50}
    assert (values == 0).sum() == 2 * values.shape[0]
    assert "note_unknown_pixels" in dict(done.notes)


def test_people_are_copied_pixel_by_pixel(plan, web) -> None:
    web.give("/vnm.tif", Answer(files.worldpop_country()))
    files.declare(plan, web, "worldpop", "/vnm.tif")
    assert got(plan, "worldpop")["worldpop"].state == "fetched"
    with rasterio.open(plan.raster_path("population")) as made:
        values = made.read(1)
        assert made.res == pytest.approx((1 / 240, 1 / 240))
    assert set(np.unique(values[np.isfinite(values)])) == {np.float32(2.5)}
    assert np.isfinite(values).mean() == pytest.approx(0.5, abs=0.05)


def test_openstreetmap_becomes_roads_streets_water_buildings_and_places(plan, web) -> None:
    osm(plan, web, files.town())
    done = got(plan, *OSM)
    assert {name: item.state for name, item in done.items()} == dict.fromkeys(OSM, "fetched")
    roads, streets = plan.table("roads"), plan.table("streets")
    assert roads["class"].to_dict() == {"w10": "national", "w11": "commune"}
    assert roads.loc["w10", ["name", "surface"]].to_list() == ["QL.1", "asphalt"]
    assert streets[["name", "width_m"]].to_numpy().tolist() == [["Phan Đình Phùng", 7.5]]
    water = plan.table("waterways")
    assert water["kind"].fillna("").to_dict() == {"w15": "river", "w16": ""}
    buildings = plan.table("buildings")
    assert buildings.loc["w13", ["use", "floors", "height_m"]].to_list() == ["school", 2, 7]
    assert buildings.is_valid.all()


def test_places_suggest_names_and_leave_the_hamlets_alone(plan, web) -> None:
    osm(plan, web, files.town())
    done = got(plan, "osm-places")["osm-places"]
    places = plan.table("places")
    assert places["name"].to_dict() == {"n50": "Thị trấn A", "n90": "Thôn Đông"}
    assert places.loc["n50", "people"] == 12_000
    assert "hamlets" not in plan.layer_names()
    assert dict(done.notes)["note_left_out"]["count"] == 1


def test_one_answer_serves_roads_and_streets(plan, web) -> None:
    osm(plan, web, files.town(), tile_deg=0.25)
    got(plan, "osm-roads")
    asked = len(web.asked)
    assert got(plan, "osm-streets")["osm-streets"].loaded_bytes == 0
    assert asked == len(web.asked) == 4
    assert len(plan.table("roads")) == 2


def test_the_query_asks_for_the_tile_alone(plan, web) -> None:
    osm(plan, web, files.town(), tile_deg=0.25)
    got(plan, "osm-roads")
    assert any("%2818%2C106%2C18.25%2C106.25%29" in item.path for item in web.asked)


def test_a_file_of_openstreetmap_stands_in_for_downloads(plan, web, tmp_path) -> None:
    local = tmp_path / "hà tĩnh.osm"
    local.write_bytes(files.town())
    done = got(plan, file=local)
    assert set(done) == set(OSM)
    assert len(plan.table("roads")) == 2
    assert source_row(plan, "roads")["file"] == "hà tĩnh.osm"
    assert not web.asked


def test_communes_come_by_the_list_of_units(tmp_path, web) -> None:
    import infraplan as ip

    plan = ip.init_plan(tmp_path / "plan", crs=files.CRS)
    files.units(web)
    path = "/{province}_{province_name}/wards/{code}_{code_name}.geojson"
    files.declare(plan, web, "vn-communes-2025", path, f'index = "{web.root}/units.json"')
    assert got(plan, "vn-communes-2025", province="42")["vn-communes-2025"].rows == 2
    communes = plan.table("communes")
    assert communes["name"].to_list() == ["Thành Sen", "Thạch Hà"]
    assert communes["type"].to_list() == ["phường", "xã"]
    assert set(communes["vintage"]) == {"2025-07"}


def test_an_unknown_province_is_told_with_those_there_are(plan, web) -> None:
    files.units(web)
    lines = (f'index = "{web.root}/units.json"',)
    files.declare(plan, web, "vn-communes-2025", "/{code}", *lines)
    told = failure(plan, "vn-communes-2025", province="99", replace=True)
    assert "there is no province 99; there are 42 Hà Tĩnh" in told


def test_districts_come_with_the_licence_of_their_country(plan, web) -> None:
    files.districts(web)
    lines = (f'index = "{web.root}/api/VNM/ADM2/"',)
    files.declare(plan, web, "geoboundaries-districts", "/", *lines)
    done = got(plan, "geoboundaries-districts")["geoboundaries-districts"]
    assert plan.table("districts")["name"].to_list() == ["Thạch Hà"]
    assert done.licence.startswith("Open Data Commons")
    row = source_row(plan, "districts")
    assert (row["licence"], row["as_of"], row["vintage"]) == (done.licence, "2020-01-01", "2024")
    assert "Wambacher" in row["attribution"]


def test_cells_seen_by_phones_are_a_layer_of_their_own(plan, web) -> None:
    web.give("/ocid", Answer(files.opencellid(*files.CELLS)))
    files.declare(plan, web, "opencellid", "/ocid?token={token}&file=452.csv.gz")
    done = got(plan, "opencellid", token="geheim")["opencellid"]  # noqa: S106
    cells = plan.table("observed_cells")
    assert cells["operator"].to_list() == ["452-07", "Viettel", "VNPT"]
    assert cells["technology"].to_list() == ["2G", "4G", "3G"]
    assert dict(done.notes)["note_left_out"]["count"] == 1
    assert "sites" not in plan.layer_names()
    assert "geheim" in web.asked[0].path
    assert "geheim" not in str(source_row(plan, "observed_cells"))


def test_a_key_may_come_from_the_environment(plan, web, monkeypatch) -> None:
    monkeypatch.setenv("INFRAPLAN_TOKEN_OPENCELLID", "k1")
    web.give("/ocid", Answer(files.opencellid(*files.CELLS)))
    files.declare(plan, web, "opencellid", "/ocid?token={token}")
    assert got(plan, "opencellid")["opencellid"].state == "fetched"
    assert web.asked[0].path.endswith("token=k1")


def test_without_a_key_its_source_is_left_out_unless_named(plan, web, monkeypatch) -> None:
    monkeypatch.delenv("INFRAPLAN_TOKEN_OPENCELLID", raising=False)
    assert "source_needs_token" in failure(plan, "opencellid")
    for source in read_sources([data_path("sources")]):
        files.declare(plan, web, source, "/nothing", *([f'index = "{web.root}/x"']))
    done = got(plan)
    assert done["opencellid"].state == "skipped"
    assert done["vn-communes-2025"].state == "kept"
    assert {item.state for item in done.values()} == {"skipped", "kept", "failed"}


def test_what_somebody_imported_is_kept_unless_it_shall_be_replaced(plan, web) -> None:
    osm(plan, web, files.town())
    got(plan, "osm-roads")
    web.give("/overpass", Answer(b"", 500))
    assert got(plan, "osm-roads")["osm-roads"].state == "kept"
    assert got(plan, "osm-roads", replace=True)["osm-roads"].state == "fetched"  # of the cache


def test_what_was_made_up_is_replaced(plan, web) -> None:
    import pandas as pd

    osm(plan, web, files.town())
    got(plan, "osm-roads")
    sources = pd.DataFrame(plan.table("sources")).assign(synthetic=True)
    plan.write_tables({"sources": sources})
    assert {o.source.layer for o in fetch_offers(plan) if o.has == "synthetic"} == {"roads"}
    assert got(plan, "osm-roads")["osm-roads"].state == "fetched"
    assert not source_row(plan, "roads")["synthetic"]


def test_the_row_of_sources_says_where_from_and_under_which_licence(plan, web) -> None:
    osm(plan, web, files.town())
    got(plan, "osm-roads")
    row = source_row(plan, "roads")
    assert (row["licence"], row["attribution"]) == ("ODbL 1.0", "© OpenStreetMap contributors")
    assert row["as_of"] == "2025-11-01"
    assert str(row["address"]).startswith(f"{web.root}/overpass?data=")
    assert row["fetched_on"][:2] == "20"


def test_one_source_that_fails_does_not_stop_the_others(plan, web) -> None:
    osm(plan, web, files.town())
    terrain(plan, web, N18E105=500)
    done = got(plan, "copernicus-glo30", "osm-roads")
    assert {name: item.state for name, item in done.items()} == {
        "osm-roads": "fetched",
        "copernicus-glo30": "failed",
    }


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.97])
def test_a_tile_that_is_cut_is_refused(plan, web, kept: float) -> None:
    rng = np.random.default_rng(0)
    whole = files.geotiff(rng.random((600, 600), dtype=np.float32), 105.0, 19.0, 1 / 240)
    web.give("/vnm.tif", Answer(whole[: int(len(whole) * kept)]))
    files.declare(plan, web, "worldpop", "/vnm.tif")
    assert "download_unusable" in failure(plan, "worldpop")


def test_a_tile_of_another_kind_is_refused(plan, web) -> None:
    terrain(plan, web, **four_tiles())
    web.give("/N17E105.tif", Answer(files.worldcover_tile(15, 105, 10)))
    assert "is of another kind" in failure(plan, "copernicus-glo30")


def test_a_raster_of_another_place_is_refused(plan, web) -> None:
    web.give("/vnm.tif", Answer(files.geotiff(np.ones((64, 64), np.float32), 10.0, 50.0, 0.01)))
    files.declare(plan, web, "worldpop", "/vnm.tif")
    assert "has no value in the area" in failure(plan, "worldpop")


def test_a_raster_with_far_too_many_pixels_is_refused_on_its_header(plan, web) -> None:
    tile = files.geotiff(np.ones((64, 64), np.float32), 105.95, 18.02, 1e-7)
    web.give("/vnm.tif", Answer(tile))
    files.declare(plan, web, "worldpop", "/vnm.tif")
    assert "too many for one plan" in failure(plan, "worldpop")


def test_a_raster_in_one_huge_block_is_refused_on_its_header(plan, web, monkeypatch) -> None:
    monkeypatch.setattr("infraplan.io.open_data.rasters.BLOCK_BYTES", 1_000_000)
    huge = {"blockxsize": 1024, "blockysize": 1024}
    tile = files.geotiff(np.zeros((64, 64), np.float32), 105.0, 19.0, 1 / 240, **huge)
    web.give("/vnm.tif", Answer(tile))
    files.declare(plan, web, "worldpop", "/vnm.tif")
    assert "expected one band in tiles" in failure(plan, "worldpop")


HOSTILE = {
    "exploding": b'<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "xx">'
    b'<!ENTITY b "&a;&a;&a;">]><osm>&b;</osm>',
    "reaching": b'<?xml version="1.0"?><!DOCTYPE osm SYSTEM "file:///etc/passwd"><osm></osm>',
    "commented": b"<!-- <OGRVRTDataSource> --><osm></osm>",
    "leading on": b"<osm><OGRVRTDataSource><OGRVRTLayer/></OGRVRTDataSource></osm>",
    "utf-7": b'<?xml version="1.0" encoding="UTF-7"?><osm></osm>',
    "cut": files.town()[:-200],
    "broken": files.town().replace(b"<way", b"<way<"),
    "remark": files.overpass("", remark="runtime error: Query timed out in query at line 3"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_openstreetmap_data_that_are_hostile_or_cut_are_refused(plan, web, name: str) -> None:
    osm(plan, web, HOSTILE[name])
    told = failure(plan, "osm-roads")
    codes = ("download_wrong_kind", "download_unusable", "source_unusable")
    assert told.startswith(codes)
    assert name != "remark" or "smaller tile_deg" in told


def test_openstreetmap_without_anything_there_is_told(plan, web) -> None:
    osm(plan, web, files.overpass(""))
    before = content_of(plan)
    assert got(plan, "osm-roads")["osm-roads"].state == "nothing"
    assert content_of(plan) == before


@pytest.mark.parametrize(
    "content",
    [
        files.opencellid(*files.CELLS)[:-20],
        files.opencellid("<html>,,", "x"),
        files.opencellid("a,b,c"),
        files.opencellid(files.CELLS[0], "0" * 60_000_000),
        b"\x1f\x8b\x08\x00 no gzip at all, only its first bytes",
    ],
    ids=["cut", "html", "another table", "bomb", "damaged"],
)
def test_a_list_of_cells_that_is_none_is_refused(plan, web, content: bytes) -> None:
    web.give("/ocid", Answer(content))
    files.declare(plan, web, "opencellid", "/ocid?token={token}")
    assert "download_unusable" in failure(plan, "opencellid", token="k")  # noqa: S106


def test_an_interrupted_fetch_leaves_the_plan_as_it_was(plan, web) -> None:
    def interrupt(done_share: float, what: str = "") -> None:
        if done_share > 0.1:
            raise KeyboardInterrupt

    terrain(plan, web, **four_tiles())
    before = content_of(plan)
    with pytest.raises(KeyboardInterrupt):
        got(plan, "copernicus-glo30", progress=interrupt)
    assert content_of(plan) == before
    assert got(plan, "copernicus-glo30")["copernicus-glo30"].state == "fetched"


def test_the_cache_serves_another_plan_without_a_network(plan, web, tmp_path) -> None:
    osm(plan, web, files.town())
    got(plan, "osm-roads")
    other = files.plan_over(tmp_path / "other", *ACROSS)
    osm(other, web, b"")
    web.asked.clear()
    done = fetch(other, ["osm-roads"], cache=tmp_path / "cache", offline=True)
    assert done[0].state == "fetched"
    assert not web.asked


def test_a_plan_without_an_area_is_told_what_to_do(tmp_path, web) -> None:
    import infraplan as ip

    plan = ip.init_plan(tmp_path / "plan", crs=files.CRS)
    told = failure(plan, "osm-roads")
    assert "source_needs_area" in told
    assert "vn-communes-2025" in told


def test_an_unknown_source_is_told_with_those_there_are(plan) -> None:
    with pytest.raises(SettingsError, match=r"unknown source osm; there are .*osm-roads"):
        fetch(plan, ["osm"])


def test_a_file_that_is_none_of_openstreetmap_is_refused(plan, tmp_path) -> None:
    with pytest.raises(SourceFileError, match=r"give an \.osm or \.osm\.pbf"):
        fetch(plan, file=tmp_path / "vietnam.zip")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('address = "file:///etc/passwd"', "must begin with https"),
        ("maximum = 3", "unknown key 'maximum'"),
        ('tile_deg = "1"', "'tile_deg' must be a number"),
        ("max_mb = true", "'max_mb' must be a number"),
        ('layer = "towers"', "there is no layer 'towers'"),
        ('reader = "osm"', "reader does not fit"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(plan, line: str, told: str) -> None:
    (plan.folder / "sources").mkdir()
    (plan.folder / "sources" / "worldpop.toml").write_text(line, encoding="utf-8")
    with pytest.raises(SettingsError, match=told):
        fetch_offers(plan)


def test_braces_of_an_address_hold_names_of_ours_alone(plan, web) -> None:
    files.declare(plan, web, "worldpop", "/{home}.tif")
    assert "unknown placeholder {home}" in failure(plan, "worldpop")


def test_every_source_of_ours_says_what_its_licence_wants() -> None:
    sources = read_sources([data_path("sources")])
    assert len(sources) >= 11
    for source in sources.values():
        assert source.licence
        assert source.attribution
        assert source.source
        assert source.address.startswith("https://")


def test_maps_tell_attribution_and_what_may_not_be_sold(plan, web) -> None:
    from infraplan.maps.context import sources_of
    from infraplan.text import words

    osm(plan, web, files.town())
    lines = ("non_commercial = true",)
    web.give("/vnm.tif", Answer(files.worldpop_country()))
    files.declare(plan, web, "worldpop", "/vnm.tif", *lines)
    got(plan, "osm-roads", "worldpop")
    told = sources_of(plan.layers(["sources"], rasters=()), words("en"))
    roads = "roads: © OpenStreetMap contributors, ODbL 1.0 (as of 2025-11-01)"
    assert roads in told
    assert next(line for line in told if "WorldPop" in line).endswith("NOT for commercial use")
