"""Class codes without loss."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
from pyproj import Transformer
from scipy import ndimage

from infraplan.layers.grid import grid_over
from infraplan.maps.classes import coarser
from infraplan.maps.classes import decode_classes
from infraplan.maps.classes import encode_classes
from infraplan.maps.classes import web_mesh


def patches(shape: tuple[int, int], many: int, seed: int) -> np.ndarray:
    """Return a field of soft patches with some noise."""
    rng = np.random.default_rng(seed)
    soft = ndimage.gaussian_filter(rng.normal(size=shape), 5.0)
    ranks = np.argsort(np.argsort(soft, axis=None)).reshape(shape)
    codes = (ranks * many // ranks.size).astype(np.uint8)
    noise = rng.random(shape) < 0.02
    return np.where(noise, rng.integers(0, many, shape), codes).astype(np.uint8)


@settings(deadline=None, max_examples=25)
@given(
    st.integers(1, 40), st.integers(1, 40), st.integers(2, 6), st.integers(0, 2**32 - 1),
    st.booleans(),
)  # fmt: skip
def test_any_field_comes_back_unchanged(
    rows: int,
    columns: int,
    many: int,
    seed: int,
    is_noise: bool,  # noqa: FBT001 - hypothesis draws it
) -> None:
    rng = np.random.default_rng(seed)
    field = rng.integers(0, many if is_noise else 2, (rows, columns)).astype(np.uint8)
    other = np.where(rng.random(field.shape) < 0.9, field, 0).astype(np.uint8)
    alone = encode_classes(field, many)
    by_other = encode_classes(field, many, reference=other)
    assert np.array_equal(decode_classes(alone, field.shape, many), field)
    assert np.array_equal(decode_classes(by_other, field.shape, many, reference=other), field)


def test_a_field_of_one_class_takes_a_handful_of_bytes() -> None:
    assert len(encode_classes(np.full((1600, 1600), 3, np.uint8), 6)) < 60


def test_noise_takes_hardly_more_than_its_entropy() -> None:
    noise = np.random.default_rng(1).integers(0, 4, (400, 400)).astype(np.uint8)
    assert len(encode_classes(noise, 4)) < 1.1 * noise.size * 2 / 8


def test_a_reference_that_is_equal_makes_nearly_all_bytes_needless() -> None:
    field = patches((300, 300), 5, 2)
    alone, by_itself = (len(encode_classes(field, 5, reference=r)) for r in (None, field))
    assert by_itself < 0.15 * alone


def test_codes_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="whole codes below 3"):
        encode_classes(np.full((2, 2), 3, np.uint8), 3)
    with pytest.raises(ValueError, match="shape"):
        encode_classes(np.zeros((2, 2), np.uint8), 3, reference=np.zeros((2, 3), np.uint8))


def test_a_coarse_cell_has_the_class_of_most_of_its_ground_and_of_two_alike_the_worse() -> None:
    fine = np.zeros((6, 6), np.uint8)
    fine[:3, :3] = [[4, 4, 4], [4, 4, 1], [1, 1, 1]]
    fine[:3, 3:] = [[3, 3, 3], [2, 2, 2], [1, 1, 0]]
    fine[3:, :3] = [[0, 0, 0], [0, 0, 2], [2, 2, 2]]
    fine[3:, 3:] = [[5, 5, 0], [5, 1, 1], [0, 1, 0]]
    assert coarser(fine, 3, worst_first=(5, 1, 2, 3, 4)).tolist() == [[4, 2], [0, 5]]


@pytest.mark.parametrize("crs", ["EPSG:9209", "EPSG:32648"])
def test_the_mesh_tells_cells_to_a_small_part_of_one(crs: str) -> None:
    grid = grid_over((480_000, 1_980_000, 630_000, 2_075_000), crs=crs, resolution_m=30.0)
    (west, south, east, north), nodes = web_mesh(grid)
    rng = np.random.default_rng(5)
    x, y = (rng.uniform(*ends, 4000) for ends in ((480_000, 630_000), (1_980_000, 2_075_000)))
    far_x, far_y = Transformer.from_crs(crs, "EPSG:3857", always_xy=True).transform(x, y)
    u = (far_x - west) / (east - west) * (nodes.shape[1] - 1)
    v = (north - far_y) / (north - south) * (nodes.shape[0] - 1)
    found = np.stack([ndimage.map_coordinates(nodes[..., k], (v, u), order=1) for k in (0, 1)])
    assert np.abs(found - np.array(~grid.affine * (x, y))).max() < 0.05
