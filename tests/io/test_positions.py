"""What a list of coordinates means is recognised by where it falls, asked for, or assumed."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan import io
from infraplan.io.positions import Positions
from infraplan.io.positions import positions_from
from infraplan.io.positions import with_accuracy
from infraplan.io.row_evidence import row_evidence
from infraplan.layers.crs import transformer
from infraplan.layers.known import KnownPlaces
from infraplan.text import words

PLAN = "EPSG:9209"
NAMES = [f"Xã {letter}{number}" for letter in "ABCDEFGH" for number in range(1, 9)]
WEST, SOUTH, SIDE = 480_000.0, 1_990_000.0, 10_000.0


def square(number: int) -> shapely.Polygon:
    west, south = WEST + number % 8 * SIDE, SOUTH + number // 8 * SIDE
    return shapely.box(west, south, west + SIDE, south + SIDE)


@pytest.fixture(scope="module")
def places() -> KnownPlaces:
    """Return 64 communes of 10 km, a hamlet in each, the sea to their east, and 40 masts."""
    shapes = [square(number) for number in range(64)]
    rng = np.random.default_rng(1)
    communes = gpd.GeoDataFrame(
        {"name": [name[3:] for name in NAMES], "full_name": NAMES, "type": "xã"},
        geometry=shapes, crs=PLAN, index=[f"{n:05}" for n in range(64)],
    )  # fmt: skip
    hamlets = gpd.GeoDataFrame(
        {"name": [f"thôn {n}" for n in range(64)]},
        geometry=[shape.centroid.buffer(6_000) & shape for shape in shapes], crs=PLAN,
    )  # fmt: skip
    masts = shapely.points(rng.uniform(WEST, WEST + 8 * SIDE, 40), rng.uniform(SOUTH, 2.07e6, 40))
    sites = gpd.GeoDataFrame(
        {"operator": "VNPT", "mast_id": [f"M{n}" for n in range(40)]},
        geometry=masts, crs=PLAN, index=[f"S{n}" for n in range(40)],
    )  # fmt: skip
    east = WEST + 8 * SIDE
    sea = gpd.GeoDataFrame(geometry=[shapely.box(east, SOUTH, east + 3e5, 2.07e6)], crs=PLAN)
    return KnownPlaces(communes, hamlets, sites, sea)


def understood(
    first: object, second: object, places: KnownPlaces | None, **known: object
) -> Positions:
    frame = pd.DataFrame({"X": list(first), "Y": list(second)}, dtype=object)
    rows = tuple(str(row + 2) for row in range(len(frame)))
    options = {"plan_crs": PLAN, "crs": None, "area": None, "places": places, **known}
    names, ids = options.pop("names", None), options.pop("ids", None)
    found = positions_from(
        frame,
        {"X": "x", "Y": "y"},
        rows,
        commune_names=None if names is None else pd.Series(list(names), dtype=object),
        ids=None if ids is None else pd.Series(list(ids), dtype=object),
        **options,
    )
    assert found is not None
    return found


def points(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, list[str]]:
    rng = np.random.default_rng(seed)
    place = rng.integers(0, 64, count)
    x = WEST + place % 8 * SIDE + rng.uniform(50, SIDE - 50, count)
    y = SOUTH + place // 8 * SIDE + rng.uniform(50, SIDE - 50, count)
    return x, y, [NAMES[one] for one in place]


def written_in(code: str, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    east, north = transformer(PLAN, code).transform(x, y)
    return np.asarray(north), np.asarray(east)


def miss_m(found: Positions, x: np.ndarray, y: np.ndarray) -> float:
    moved = found.points.to_crs(PLAN)
    return float(np.hypot(moved.x - x, moved.y - y).max())


def codes(found: Positions) -> set[str]:
    return {fault.code for fault in found.faults}


def told(found: Positions) -> set[str]:
    return {note.code.removeprefix("positions.") for note in found.notes}


@pytest.mark.parametrize("code", ["EPSG:9208", "EPSG:9210", "EPSG:9211", "EPSG:9214", PLAN])
def test_the_zone_of_a_list_is_recognised(places: KnownPlaces, code: str) -> None:
    x, y, _ = points(30)
    found = understood(*written_in(code, x, y), places)
    assert (found.crs, found.certainty, found.faults) == (code, "recognised", ())
    assert found.margin > 0.05
    assert miss_m(found, x, y) < 0.01
    assert "system_recognised" in told(found)


def test_one_row_and_its_commune_tell_a_neighbouring_zone(places: KnownPlaces) -> None:
    x, y, names = points(1)
    found = understood(*written_in("EPSG:9210", x, y), places, names=names)
    assert (found.crs, found.certainty) == ("EPSG:9210", "recognised")


def test_one_row_in_the_plans_zone_is_assumed_and_told_so(places: KnownPlaces) -> None:
    found = understood([2_028_878.62], [542_681.98], places)
    assert (found.crs, found.certainty, found.faults) == (PLAN, "assumed", ())
    assert "was assumed" in found.notes[0]
    assert found.accuracy_m[0] == pytest.approx(224.7)
    assert {one.crs for one in found.readings} > {PLAN}


@pytest.mark.parametrize("code", ["EPSG:5897", "EPSG:3405", "EPSG:32648"])
@pytest.mark.parametrize("count", [1, 30, 300])
def test_systems_a_few_hundred_metres_apart_are_asked_for(
    places: KnownPlaces, code: str, count: int
) -> None:
    x, y, names = points(count)
    found = understood(*written_in(code, x, y), places, names=names)
    assert "crs_ambiguous" in codes(found)
    assert code in {one.crs for one in found.readings}
    assert all(f"--crs {one.crs}" in found.faults[0].remedy for one in found.readings)


@pytest.mark.parametrize("code", ["EPSG:5897", "EPSG:3405", "EPSG:32648"])
def test_known_masts_tell_even_those_apart(places: KnownPlaces, code: str) -> None:
    masts = places.sites.geometry[:3]
    noise = np.array([20.0, -15.0, 10.0])
    cells = written_in(code, masts.x.to_numpy() + noise, masts.y.to_numpy() - noise)
    found = understood(*cells, places, ids=["M0", "M1", "M2"])
    assert (found.crs, found.certainty) == (code, "recognised")


def asked_in_vietnamese(found: Positions) -> list[str]:
    tell = words("vi")
    return [tell(f"faults.{one.code}_what", **dict(one.details)) for one in found.faults[1:]]


def test_the_question_names_where_each_reading_falls(places: KnownPlaces) -> None:
    x, y = np.array([WEST + 8 * SIDE - 300.0]), np.array([SOUTH + SIDE - 200.0])
    found = understood(*written_in("EPSG:3405", x, y), places)
    said = asked_in_vietnamese(found)
    assert "Nếu là VN-2000 105° thì dòng 2 rơi vào thôn 7, Xã A8" in said
    assert "Nếu là VN-2000 105° (6°) thì dòng 2 rơi vào Xã A8" in said
    assert str(found.readings[0]).startswith("if it is VN-2000")


def test_a_reading_that_falls_into_the_sea_says_so(places: KnownPlaces) -> None:
    x = WEST + 8 * SIDE - np.array([100.0, 45_000, 50_000, 55_000])
    y = SOUTH + np.array([35_000.0] * 4)
    found = understood(*written_in("EPSG:32648", x, y), places)
    said = asked_in_vietnamese(found)
    assert any(one.startswith("Nếu là UTM 48N (WGS 84) thì dòng 2 rơi vào thôn") for one in said)
    assert "Nếu là VN-2000 105° (6°) thì dòng 2 rơi xuống biển" in said


def test_metres_without_a_plan_to_compare_are_asked_for(places: KnownPlaces) -> None:
    del places
    found = understood([2_028_878.62], [542_681.98], None)
    assert codes(found) == {"metres_not_said"}
    assert "add --crs EPSG:9209" in found.faults[0].remedy


def test_metres_that_fit_nothing_are_asked_for(places: KnownPlaces) -> None:
    found = understood([900_000.0], [300_000.0], places)
    assert codes(found) == {"crs_unknown"}


def test_a_said_system_is_taken_and_only_the_axes_are_found(places: KnownPlaces) -> None:
    x, y, _ = points(20)
    north, east = written_in("EPSG:3405", x, y)
    found = understood(east, north, places, crs="EPSG:3405")
    assert (found.certainty, found.margin) == ("said", None)
    assert miss_m(found, x, y) < 0.001


def test_rows_turned_among_others_are_mended_one_by_one(places: KnownPlaces) -> None:
    x, y, _ = points(20)
    lat, lon = written_in("EPSG:4326", x, y)
    lat[3], lon[3] = lon[3], lat[3]
    found = understood(lat, lon, places)
    assert miss_m(found, x, y) < 0.01
    (repair,) = found.repairs
    assert (repair.row, repair.code) == ("5", "coordinates_turned")
    assert words("vi")(f"repairs.{repair.code}", found=repair.found, taken=repair.taken)


def test_metres_turned_in_one_row_are_mended_too(places: KnownPlaces) -> None:
    x, y, _ = points(20)
    first, second = y.copy(), x.copy()
    first[7], second[7] = second[7], first[7]
    found = understood(first, second, places)
    assert [repair.row for repair in found.repairs] == ["9"]
    assert miss_m(found, x, y) < 0.01


@pytest.mark.parametrize("shifted", ["degrees", "metres"])
def test_a_lost_datum_is_recognised_from_shared_masts(places: KnownPlaces, shifted: str) -> None:
    masts = places.sites.geometry[:12]
    noise = np.random.default_rng(3).normal(0, 20, (2, 12))
    x, y = masts.x.to_numpy() + noise[0], masts.y.to_numpy() + noise[1]
    cells = written_in("EPSG:4756", x, y) if shifted == "degrees" else (y - 110.3, x + 195.7)
    found = understood(*cells, places, ids=[f"M{n}" for n in range(12)])
    wanted = "datum_shift" if shifted == "degrees" else "datum_lost"
    assert codes(found) == {wanted}
    assert ("--crs EPSG:4756" in found.faults[0].remedy) == (shifted == "degrees")


def test_masts_in_their_place_raise_no_suspicion(places: KnownPlaces) -> None:
    masts = places.sites.geometry
    cells = written_in("EPSG:4326", masts.x.to_numpy() + 25, masts.y.to_numpy() - 25)
    assert understood(*cells, places, ids=list(places.sites.index)).faults == ()


def test_a_lost_datum_is_suspected_from_named_communes(places: KnownPlaces) -> None:
    x = np.array([WEST + SIDE + 60.0] * 8 + [WEST + SIDE + 5_000.0] * 8)
    y = np.linspace(SOUTH + 500, SOUTH + SIDE - 500, 16)
    found = understood(*written_in("EPSG:4756", x, y), places, names=["Xã A2"] * 16)
    assert codes(found) == {"datum_shift_communes"}


def test_a_lost_datum_is_told_even_where_the_system_is_said(places: KnownPlaces) -> None:
    masts = places.sites.geometry[:12]
    cells = written_in("EPSG:4756", masts.x.to_numpy(), masts.y.to_numpy())
    ids = [f"S{n}" for n in range(12)]
    found = understood(*cells, places, ids=ids, crs="EPSG:4326")
    assert found.faults == ()
    assert "datum_shift_said" in told(found)
    assert understood(*cells, places, ids=ids, crs="EPSG:4756").notes == ()


def test_a_cell_that_is_no_coordinate_is_a_fault_of_its_row_alone(places: KnownPlaces) -> None:
    x, y, _ = points(6)
    lat, lon = (list(cells) for cells in written_in("EPSG:4326", x, y))
    lat[1], lon[2], lat[3], lon[3], lat[4] = "18°61'00\"", "chưa đo", 0, 0, "1.80E+01"
    found = understood(lat, lon, places)
    faults = {fault.code: fault.rows for fault in found.faults}
    assert faults == {
        "coordinate_over_sixty": ("3",), "coordinate_not_understood": ("4",),
        "coordinate_zero": ("5",), "coordinate_lost_digits": ("6",),
    }  # fmt: skip
    assert list(found.points.isna()) == [False, True, True, True, True, False]


@pytest.mark.parametrize(
    ("cells", "accuracy_m"),
    [
        (("18.34", "105.91"), 767),
        (("18°20'35\"", "105°54'20\""), 21.3),
        (("18.342812", "105.905712"), 15),
    ],
)
def test_accuracy_follows_from_what_is_written(
    places: KnownPlaces, cells: tuple[str, str], accuracy_m: float
) -> None:
    found = understood([cells[0]] * 2, [cells[1]] * 2, places)
    assert found.accuracy_m == pytest.approx([accuracy_m] * 2, rel=0.01)
    assert ("coarse" in told(found)) == (accuracy_m > 15)


def test_the_larger_accuracy_of_file_and_notation_is_kept(places: KnownPlaces) -> None:
    found = understood([18.34281, 18.3], [105.90571, 105.9], places)
    frame = pd.DataFrame({"request_id": ["A", "B"], "accuracy_m": ["30", "30"]})
    table = with_accuracy(frame, found, "requests")
    assert list(table["accuracy_m"]) == [30.0, pytest.approx(7_677, rel=0.01)]
    assert set(table["position_certainty"]) == {"recognised"}
    assert list(with_accuracy(frame, found, "poles")) == list(frame)


def test_oddities_of_rows_are_told(places: KnownPlaces) -> None:
    x, y, names = points(20)
    names[5] = "Xã H8" if names[5] != "Xã H8" else "Xã A1"
    x[6], y[6] = WEST + 8 * SIDE + 2_000, SOUTH + 5_000
    x[8], y[8] = x[7], y[7]
    lat, lon = written_in("EPSG:4326", x, y)
    cells = [f"{value:.6f}°N" for value in lat]
    found = understood(cells, lon, places, names=names, ids=[f"T{n}" for n in range(20)])
    assert {"in_the_sea", "same_point", "letter_n"} <= told(found)
    assert [(one.code, one.rows) for one in found.faults] == [("far_from_commune", ("7", "8"))]
    details = {note.code.removeprefix("positions."): note.details for note in found.notes}
    assert details["in_the_sea"]["rows"] == "8"
    assert details["same_point"]["rows"] == "9, 10"


def test_stations_of_one_mast_may_share_a_point(places: KnownPlaces) -> None:
    found = understood([18.1] * 2, [105.6] * 2, places, ids=["M", "M"])
    assert "same_point" not in told(found)


def test_columns_the_other_way_round_are_told(places: KnownPlaces) -> None:
    frame = pd.DataFrame({"Vĩ độ": [105.6, 105.7], "Kinh độ": [18.1, 18.2]})
    headings = {"Vĩ độ": "latitude", "Kinh độ": "longitude"}
    found = positions_from(
        frame, headings, ("2", "3"), plan_crs=PLAN, crs=None, area=None, places=places
    )
    assert told(found) >= {"columns_turned"}
    assert list(found.points.x) == [105.6, 105.7]


def test_a_row_names_its_commune_by_code_column_or_address(places: KnownPlaces) -> None:
    sheet = pd.DataFrame({"Xã/Phường": ["", "A2", "", ""]})
    addresses = ["", "", "Thôn 3, xã A3, huyện A9, tỉnh Hà Tĩnh", "Khối 1 - A4 - TP Hà Tĩnh"]
    frame = pd.DataFrame(
        {"site_id": list("ABCD"), "commune_code": ["00000", "", "", ""], "address": addresses}
    )
    names, _ = row_evidence(sheet, frame, "sites", places)
    assert list(names) == ["A1", "A2", "xã A3", "A4"]


def test_an_id_that_the_plan_has_is_preferred(places: KnownPlaces) -> None:
    frame = pd.DataFrame({"site_id": ["S1", "T2", "T3"], "mast_id": ["X", "M2", "Y"]})
    _, ids = row_evidence(frame, frame, "sites", places)
    assert list(ids) == ["S1", "M2", "Y"]
    assert row_evidence(frame, frame, "measurements", places)[1] is None


def test_every_sentence_stands_in_both_catalogues_with_the_same_placeholders() -> None:
    import string

    vi, en = words("vi").entries, words("en").entries
    tables = ("positions.", "repairs.", "faults.coordinate", "faults.crs", "faults.datum")
    keys = [key for key in en if key.startswith(tables)]
    assert len(keys) > 50
    for key in keys:
        fields = [{f for _, f, _, _ in string.Formatter().parse(one[key]) if f} for one in (vi, en)]
        assert fields[0] == fields[1], key


def test_an_import_knows_the_places_of_its_plan(places: KnownPlaces, tmp_path) -> None:
    x, y, names = points(1)
    north, east = written_in("EPSG:9210", x, y)
    text = f"Mã trạm,Mạng,Xã,X,Y\nA,VNPT,{names[0]},{north[0]:.2f},{east[0]:.2f}"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    reading = io.read_layer(tmp_path / "a.csv", "sites", plan_crs=PLAN, places=places)
    assert reading.crs == "EPSG:9210"
    assert reading.table["position_certainty"]["A"] == "recognised"
    assert reading.table["accuracy_m"]["A"] == 15.0
    assert reading.table.geometry["A"].distance(shapely.Point(x[0], y[0])) < 0.02
