"""The table of cell sites of Giga and ITU comes in as it is, in either spelling."""

from pathlib import Path

import pytest

from infraplan.errors import LayerError
from infraplan.io import read_layer

SPELLINGS = (("latitude", "longitude"), ("lat", "lon"))
ROWS = (
    "a1,d,{y},105.90,4G,25,Viettel,fiber,1000,VNM",
    "a2,d,{y},105.95,3G,,vinaphone,microwave,200,VNM",
)


def table(
    folder: Path, *rows: str, y: str = "18.35", names: tuple[str, str] = SPELLINGS[0]
) -> Path:
    heading = (
        f"ict_id,dataset_id,{names[0]},{names[1]},radio_type,antenna_height,operator_name,"
        "backhaul_type,backhaul_throughput_mbps,country_code"
    )
    path = folder / "cell_sites.csv"
    path.write_text("\n".join([heading, *(row.format(y=y) for row in rows)]) + "\n")
    return path


@pytest.mark.parametrize("names", SPELLINGS)
def test_rows_become_stations(tmp_path: Path, names: tuple[str, str]) -> None:
    reading = read_layer(table(tmp_path, *ROWS, names=names), "sites", plan_crs="EPSG:9209")
    sites = reading.table
    assert sites["operator"].to_dict() == {"a1": "Viettel", "a2": "VNPT"}
    assert sites["technologies"].to_list() == ["4G", "3G"]
    assert sites["height_m"].fillna(0).to_list() == [25, 0]
    assert sites.to_crs("EPSG:4326").geometry.x.to_list() == pytest.approx([105.90, 105.95])


def test_what_has_no_place_here_is_told(tmp_path: Path) -> None:
    reading = read_layer(table(tmp_path, *ROWS), "sites", plan_crs="EPSG:9209")
    left_out = next(note for note in reading.notes if "were left out" in note)
    assert "backhaul_throughput_mbps" in left_out


def test_rows_become_cells_too(tmp_path: Path) -> None:
    cells = read_layer(table(tmp_path, *ROWS), "cells", plan_crs="EPSG:9209").table
    assert cells["technology"].to_dict() == {"a1-4G": "4G", "a2-3G": "3G"}
    assert cells["site_id"].to_list() == ["a1", "a2"]


def test_a_station_without_an_operator_is_told(tmp_path: Path) -> None:
    """The schema of Giga lets the operator be empty; ours cannot."""
    with pytest.raises(LayerError, match="operator_name"):
        read_layer(table(tmp_path, "a3,d,{y},105.9,4G,25,,,,VNM"), "sites", plan_crs="EPSG:9209")
