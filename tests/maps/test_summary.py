"""What travels so that the page can add up the view."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from infraplan.cables import fibre_lengths
from infraplan.layers.bundle import Layers
from infraplan.maps.layers import PointLayer
from infraplan.maps.packing import unpack
from infraplan.maps.summary import SITE_NUMBERS
from infraplan.maps.summary import cables_measured
from infraplan.maps.summary import hamlets_counted
from infraplan.maps.summary import sites_counted
from infraplan.maps.summary import view_summary
from infraplan.text import words

VI = words("vi")


def test_stations_on_one_mast_have_one_position(layers: Layers) -> None:
    sites = layers.table("sites").assign(mast_id=["M1", "M1", None, None])
    counted = sites_counted(sites.assign(status=["operating", None, "planned", "operating"]))
    assert counted["position"].tolist() == [0, 0, 1, 2]
    assert counted["on_air"].tolist() == [1, 1, 0, 1]


def test_figures_without_words_travel_with_the_stations(layers: Layers) -> None:
    data = sites_counted(layers.table("sites"))
    packed = PointLayer(name="s", title="s", data=data, numbers=SITE_NUMBERS).packed(VI)
    header, arrays = unpack(packed["data"])
    assert [entry["label"] for entry in header["numbers"]] == ["", ""]
    assert len(set(arrays["number0"].tolist())) == 4


def test_lengths_are_those_of_the_table_of_cables(layers: Layers) -> None:
    told = fibre_lengths(with_types(layers)).loc["total", "cable_km"]
    assert cables_measured(layers.table("fibre"))["length_km"].sum() == pytest.approx(told)


def with_types(layers: Layers) -> Layers:
    """Return the layers with the types of communes, which the table divides cables by."""
    communes = layers.table("communes").assign(type="xã")
    return Layers(name="t", crs=layers.crs, tables={**layers.tables, "communes": communes})


def test_people_of_an_unknown_hamlet_stay_missing() -> None:
    hamlets = pd.DataFrame(
        {"people": [100.0, 50.0], "people_uncovered": [10.0, np.nan], "unknown_share": [0.05, 1.0]}
    )
    unknown = hamlets_counted(hamlets)["people_unknown"]
    assert unknown.iloc[0] == pytest.approx(5.0)
    assert np.isnan(unknown.iloc[1])


def test_people_outside_all_hamlets_lie_inside_their_commune(layers: Layers, gaps: object) -> None:
    summary = view_summary(gaps, VI)
    assert summary["headline"] == VI("insight.headline_plain")
    ((x, y, level, people, uncovered, low, high, unknown),) = summary["rests"]
    commune = gpd.GeoSeries([shapely.Point(x, y)], crs="EPSG:3857").to_crs(layers.crs)
    assert commune.within(gaps.hamlets.loc["C-0-rest"].geometry.buffer(1)).all()
    assert (level, people, uncovered, low, high, unknown) == ("none", 800, 412, 250, 561, 0)
