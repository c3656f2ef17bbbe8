"""GeoTIFFs whose header claims what no machine holds, or no place has."""

import resource
import struct
import time
import warnings
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine

from infraplan.api import import_layer
from infraplan.plan import Plan
from tests.hostile.conftest import Refusal
from tests.hostile.corpus import hashes

HERE = Affine(100, 0, 542_000, 0, -100, 2_030_000)
ONES = np.ones((1, 20, 20), dtype=np.float32)


def tif(path: Path, data: np.ndarray | None = ONES, **changes: object) -> Path:
    """Return a GeoTIFF; without data its cells are only claimed."""
    profile: dict[str, object] = {
        "driver": "GTiff", "width": 20, "height": 20, "count": 1, "dtype": "float32",
        "crs": "EPSG:9209", "transform": HERE, **changes,
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with rasterio.open(str(path), "w", **profile) as target:
            if data is not None:
                target.write(data)
    return path


def patched(path: Path, tag: int, value: int, **changes: object) -> Path:
    """Return a GeoTIFF one number of whose header is replaced."""
    content = bytearray(tif(path, **changes).read_bytes())
    start = struct.unpack_from("<I", content, 4)[0]
    for entry in range(struct.unpack_from("<H", content, start)[0]):
        at = start + 2 + 12 * entry
        if struct.unpack_from("<H", content, at)[0] == tag:
            struct.pack_into("<HII", content, at + 2, 4, 1, value)
            path.write_bytes(bytes(content))
            return path
    raise LookupError(tag)


def peak_mb() -> float:
    """Return the most memory that this process had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def test_a_giant_raster_is_refused_on_its_header(tmp_path: Path, refusal: Refusal) -> None:
    path = tif(
        tmp_path / "a.tif", None, width=500_000, height=500_000, dtype="float64", tiled=True,
        SPARSE_OK=True, BIGTIFF="YES", blockxsize=4096, blockysize=4096,
        transform=Affine(0.1, 0, 520_000, 0, -0.1, 2_050_000),
    )  # fmt: skip
    before_mb, started = peak_mb(), time.monotonic()
    refusal(path, "terrain", match=r"would need \d+ x \d+ x 1 cells.* crop it to the area")
    assert time.monotonic() - started < 1.0
    assert peak_mb() - before_mb < 100


@pytest.mark.parametrize(
    ("tag", "value", "match"),
    [
        (256, 0, r"cannot be read as a GeoTIFF.*zero scanline.*send it again"),
        (257, 0, r"cannot be read as a GeoTIFF|zero"),
        (257, 0xFFFFFFF0, r"cannot be read as a GeoTIFF"),
        (256, 0x7FFFFFF0, r"is stored in blocks of 2147483632 x 1 cells|cannot be read"),
        (277, 60_000, r"has 60000 bands; a layer has at most 200"),
        (259, 9999, r"cannot be read as a GeoTIFF"),
        (278, 0xFFFFFFF0, r"cannot be read as a GeoTIFF|is stored in blocks"),
    ],
)
def test_an_absurd_header_is_refused(
    tmp_path: Path, refusal: Refusal, tag: int, value: int, match: str
) -> None:
    refusal(patched(tmp_path / "a.tif", tag, value), "terrain", match=match)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"crs": None}, r"does not name its reference system; save it with one"),
        ({"transform": Affine(100, 30, 542_000, 30, -100, 2_030_000)}, r"is rotated against north"),
        ({"transform": Affine(100, 0, 542_000, 0, 100, 2_030_000)}, r"is mirrored"),
        ({"transform": Affine.identity()}, r"does not say where it lies"),
        ({"transform": Affine(100, 0, 9e5, 0, -100, 9e5)}, r"does not reach the area"),
        ({"transform": Affine(1e-300, 0, 542_000, 0, -1e-300, 2e6)}, r"does not|is damaged|cannot"),
        ({"dtype": "complex64"}, r"holds values of type complex64"),
        ({"count": 201, "data": np.ones((201, 20, 20), np.float32)}, r"has 201 bands"),
    ],
)
def test_wrong_ground_and_wrong_content_are_told(
    tmp_path: Path, refusal: Refusal, changes: dict[str, object], match: str
) -> None:
    refusal(tif(tmp_path / "a.tif", **changes), "terrain", match=match)


def test_a_block_that_no_machine_holds_is_refused(tmp_path: Path, refusal: Refusal) -> None:
    tiles = {"tiled": True, "blockxsize": 16, "blockysize": 16}
    path = patched(tmp_path / "a.tif", 322, 0x4000_0000, **tiles)
    refusal(path, "terrain", match=r"is stored in blocks of 1073741824 x 16 cells|cannot be read")


@pytest.mark.parametrize("keep", [4, 8, 100, 400])
def test_a_raster_that_was_cut_off_is_refused(tmp_path: Path, refusal: Refusal, keep: int) -> None:
    path = tif(tmp_path / "a.tif")
    path.write_bytes(path.read_bytes()[:keep])
    refusal(path, "terrain", match=r"cannot be read|damaged|does not (name|say)")


@pytest.mark.parametrize("nodata", [-9999.0, float("nan"), 1.0, 3e38])
def test_a_number_that_means_no_data_is_never_a_height(
    tmp_path: Path, plan: Plan, nodata: float
) -> None:
    data = ONES * 50
    data[0, :5] = nodata
    import_layer(plan, "terrain", tif(tmp_path / "a.tif", data, nodata=nodata))
    terrain = plan.layers(["communes"], rasters=("terrain",)).rasters["terrain"].to_numpy()
    assert set(np.unique(terrain[np.isfinite(terrain)])) == {50.0}


def test_a_dry_run_refuses_what_an_import_would(tmp_path: Path, standing_plan: Plan) -> None:
    path = tif(tmp_path / "a.tif")
    before = hashes(standing_plan.folder)
    import_layer(standing_plan, "terrain", path, dry_run=True)
    assert hashes(standing_plan.folder) == before
