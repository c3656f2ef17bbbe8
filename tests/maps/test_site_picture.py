"""Pictures of a site and of the whole area: drawn from whatever there is, the same every time."""

import io
from types import SimpleNamespace
from typing import Any

import numpy as np
from PIL import Image

from infraplan.layers.bundle import Layers
from infraplan.maps.site_picture import _free_spot
from infraplan.maps.site_picture import overview_picture
from infraplan.maps.site_picture import surroundings_picture


def pixels(png: bytes) -> Any:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


def test_a_site_is_drawn_the_same_every_time(layers: Layers, appraisal: SimpleNamespace) -> None:
    first = surroundings_picture(appraisal, layers, "R-0")
    assert first == surroundings_picture(appraisal, layers, "R-0")
    assert pixels(first).shape[0] == pixels(first).shape[1] > 700


def test_a_station_beyond_the_picture_is_pointed_at(
    layers: Layers, appraisal: SimpleNamespace
) -> None:
    bare = Layers(name="Thử", crs=layers.crs, tables={"communes": layers.table("communes")})
    with_stations = pixels(surroundings_picture(appraisal, layers, "R-0"))
    assert (with_stations != pixels(surroundings_picture(appraisal, bare, "R-0"))).any()


def test_the_area_is_drawn_from_any_part_of_a_plan(
    layers: Layers, gaps: Any, appraisal: Any, proposal: Any
) -> None:
    hamlets = gaps.hamlets.assign(is_rest=[False, False, True])
    lacking = SimpleNamespace(hamlets=hamlets)
    whole = overview_picture(layers, gaps=lacking, appraisals=[appraisal], proposal=proposal)
    assert whole is not None
    assert whole != overview_picture(layers)
    assert overview_picture(Layers(name="rỗng", crs=layers.crs, tables={})) is None


def test_a_label_stays_inside_the_picture() -> None:
    for x in (-150.0, 150.0):
        across, _ = _free_spot(x, 0.0, "HTH-VTL-0012\nViettel, 575 m", [(0.0, 0.0), (x, 0.0)])
        assert across * x < 0
