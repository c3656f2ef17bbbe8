"""What the project ships of the reforms of 2024 and 2025: steps and shares of crosswalks."""

from functools import cache

import pandas as pd

from infraplan.io.tables import read_layer
from infraplan.layers.crosswalk import with_move_ids
from infraplan.layers.crosswalk import with_shares
from infraplan.packaged import data_path
from infraplan.packaged import read_toml

__all__ = ["shipped_shares", "shipped_steps"]

STEPS = ("units/hatinh_2024_to_2025-01.csv", "units/hatinh_2025-01_to_2025-07.csv")
SHARES = ["from_vintage", "to_vintage", "from_code", "to_code", "people_share", "area_share"]


@cache
def shipped_steps() -> tuple[pd.DataFrame, ...]:
    """
    Return the steps of crosswalks that the project ships, one a province and step.

    Returns
    -------
    steps
        Tables of the schema of layer `crosswalk`; do not change them.
    """
    tables = (
        read_layer(data_path(name), "crosswalk", plan_crs="EPSG:9209").table for name in STEPS
    )
    return tuple(with_shares(table, shipped_shares()).pipe(with_move_ids) for table in tables)


@cache
def shipped_shares() -> pd.DataFrame:
    """
    Return how divided units parted, where official tables of conversion do not tell it.

    Returns
    -------
    shares
        `from_vintage`, `to_vintage`, `from_code`, `to_code`, `people_share`, `area_share`; empty
        where not known. Do not change it.
    """
    rows = read_toml(data_path("units/shares.toml"))["shares"]
    table = pd.DataFrame(rows, columns=SHARES)
    return table.astype({"people_share": "float64", "area_share": "float64"})
