"""
Calibration on real links: 922 MHz devices around Đà Nẵng, by blocks that the model has not seen.

Run: pytest tests/benchmarks/bench_calibration.py -o python_files='bench_*.py' -s
"""

import time

import geopandas as gpd
import numpy as np
import pandas as pd

from infraplan.io import read_raster
from infraplan.layers.bundle import empty_table
from infraplan.layers.terrain import terrain_from
from infraplan.radio.calibration import calibrate
from infraplan.radio.measurements import measured_links
from infraplan.radio.settings import RadioSettings
from tests.shared_data import shared_folder

CRS = "EPSG:32649"
GATEWAY_M = 30.0  # height above ground, unknown: assumed


def test_real_links_held_out_by_blocks() -> None:
    folder = shared_folder("data/measured")
    terrain = terrain_from(read_raster(folder / "danang_dem.tif", crs=CRS, resolution_m=30.0))
    table = pd.read_csv(folder / "lora_visible.csv").query("flag == 'ok' and device_lat < 18")
    sites, cells = network_of(table)
    measured = gpd.GeoDataFrame(
        {
            "level_dbm": table["signal_dbm"], "quantity": "RxLev", "snr_db": np.nan,
            "site_id": table["gateway"], "cell_id": None, "technology": "2G", "below_floor": None,
        },
        geometry=gpd.points_from_xy(table["device_lon"], table["device_lat"], crs=4326).to_crs(CRS),
    )  # fmt: skip
    began = time.perf_counter()
    found = measured_links(
        terrain, sites, cells, measured, settings=RadioSettings(radius_m=20_000.0)
    )
    took_links = time.perf_counter() - began
    made = calibrate(found.links)
    took = time.perf_counter() - began
    print(f"\n{len(table)} measured, {len(found.links)} links")
    for fault in found.left_out:
        print(f"  {len(fault.rows)} {fault.what}")
    print(made.comparison.round(2).to_string())
    print(made.spread.round(2).to_string())
    print(f"difference to free space {np.round(made.difference_db, 2)} dB; {made.model}")
    print(f"links {took_links:.1f} s, all {took:.1f} s")
    assert made.comparison["rmse_db"]["tuned"] < 9.0


def network_of(table: pd.DataFrame) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    """Return the gateways as stations of one omnidirectional cell, power unknown."""
    first = table.groupby("gateway").first()
    sites = gpd.GeoDataFrame(
        {"operator": "A", "mast_id": None, "height_m": GATEWAY_M},
        geometry=gpd.points_from_xy(first["gateway_lon"], first["gateway_lat"], crs=4326),
        index=first.index.rename("site_id"),
    ).to_crs(CRS)
    cells = pd.DataFrame(
        {
            "site_id": first.index, "technology": "2G", "sector": 1, "carrier": "L900",
            "freq_mhz": 922.0, "bandwidth_mhz": 0.2, "tx_power_dbm": 14.0, "antenna": "isotropic",
            "azimuth_deg": np.nan, "mechanical_downtilt_deg": 0.0, "electrical_downtilt_deg": 0.0,
            "height_m": GATEWAY_M, "load": 0.0, "assumed": True,
        },
        index=pd.Index([f"{name}/1" for name in first.index], name="cell_id"),
    )  # fmt: skip
    return sites, cells.reindex(columns=empty_table("cells", CRS).columns)
