"""Cells: those that are known, and those that must be assumed from a list of stations."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import pandas as pd

from infraplan.errors import SettingsError
from infraplan.layers.bundle import empty_table
from infraplan.layers.schemas import TECHNOLOGIES

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["CellDefaults", "TechnologyDefaults", "derive_cells"]

FILLED = (
    "carrier",
    "freq_mhz",
    "bandwidth_mhz",
    "tx_power_dbm",
    "antenna",
    "mechanical_downtilt_deg",
    "electrical_downtilt_deg",
    "load",
)


@dataclass(frozen=True, slots=True)
class TechnologyDefaults:
    """What is assumed of a cell of one technology where its list does not say."""

    carrier: str
    freq_mhz: float
    bandwidth_mhz: float
    tx_power_dbm: float
    antenna: str
    mechanical_downtilt_deg: float
    electrical_downtilt_deg: float
    load: float


@dataclass(frozen=True, slots=True)
class CellDefaults:
    """
    What is assumed of cells and stations where their lists do not say.

    An azimuth is never made up: a station without azimuths becomes one cell per technology that
    radiates alike in all directions, with the mean loss of three sectors at an unknown turn.
    """

    name: str
    source: str
    verified: bool
    height_m: float
    technologies: Mapping[str, TechnologyDefaults]

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "CellDefaults":
        """
        Return the defaults that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file in `data/cells`; unknown keys are refused.

        Returns
        -------
        defaults
            Checked defaults.

        Raises
        ------
        SettingsError
            If a key is unknown or missing.
        """
        known = {item.name for item in fields(cls)}
        wrong = [f"unknown key '{key}'" for key in table if key not in known]
        wrong += [f"missing key '{key}'" for key in known if key not in table]
        if wrong:
            raise SettingsError("defaults of cells: " + "; ".join(wrong))
        try:
            technologies = {
                name: TechnologyDefaults(**entry) for name, entry in table["technologies"].items()
            }
        except TypeError as error:
            msg = f"defaults of cells: {error}"
            raise SettingsError(msg) from error
        return cls(**{**table, "technologies": technologies})


def derive_cells(
    sites: "gpd.GeoDataFrame", cells: pd.DataFrame, defaults: CellDefaults
) -> pd.DataFrame:
    """
    Return the cells on air, missing ones and missing fields filled from defaults.

    Parameters
    ----------
    sites
        Layer `sites`; stations whose status is not `operating` (or empty) are left out.
    cells
        Layer `cells`; may be empty. A technology that a station lists without a cell gets one.
    defaults
        What is assumed.

    Returns
    -------
    cells
        Table as of layer `cells`, indexed by `cell_id`, sorted; `assumed` is true where any field
        was filled.
    """
    on_air = (
        sites[sites["status"].isna() | (sites["status"] == "operating")] if len(sites) else sites
    )
    known = _completed(cells[cells["site_id"].isin(on_air.index)], on_air, defaults)
    assumed = _assumed(on_air, known, defaults)
    parts = [part for part in (known, assumed) if len(part)]
    if not parts:
        return pd.DataFrame(empty_table("cells", "EPSG:4326"))
    return pd.concat(parts).sort_index(kind="stable").rename_axis("cell_id")


def _assumed(
    sites: "gpd.GeoDataFrame", known: pd.DataFrame, defaults: CellDefaults
) -> pd.DataFrame:
    """Return a cell for each technology that a station lists without one."""
    have = set(zip(known["site_id"], known["technology"], strict=True))
    rows = []
    for site_id, listed, height in zip(
        sites.index, sites["technologies"], sites["height_m"], strict=True
    ):
        names = str(listed).split(";") if isinstance(listed, str) else []
        for technology in TECHNOLOGIES:
            if technology not in names or (site_id, technology) in have:
                continue
            if technology not in defaults.technologies:
                continue
            entry = defaults.technologies[technology]
            rows.append(
                {
                    "cell_id": f"{site_id}/{technology}",
                    "site_id": site_id,
                    "technology": technology,
                    "sector": 1,
                    "azimuth_deg": np.nan,
                    "height_m": height if height == height else defaults.height_m,  # noqa: PLR0124
                    "assumed": True,
                    **{name: getattr(entry, name) for name in FILLED},
                }
            )
    template = empty_table("cells", "EPSG:4326")
    if not rows:
        return pd.DataFrame(template)
    frame = pd.DataFrame(rows).set_index("cell_id")[template.columns]
    return pd.DataFrame(frame.astype(template.dtypes.to_dict()))


def _completed(
    cells: pd.DataFrame, sites: "gpd.GeoDataFrame", defaults: CellDefaults
) -> pd.DataFrame:
    """Return known cells with their empty fields filled, marked where any was."""
    if not len(cells):
        return cells
    cells = cells.reindex(columns=empty_table("cells", "EPSG:4326").columns)
    filled = cells["azimuth_deg"].isna() & (cells["antenna"] != "omni")
    frame = cells.copy()
    for name in FILLED:
        by_technology = cells["technology"].map(
            {key: getattr(entry, name) for key, entry in defaults.technologies.items()}
        )
        empty = cells[name].isna()
        frame[name] = cells[name].where(~empty, by_technology)
        filled |= empty
    of_site = cells["site_id"].map(sites["height_m"])
    empty = cells["height_m"].isna()
    frame["height_m"] = cells["height_m"].where(~empty, of_site).fillna(defaults.height_m)
    filled |= empty
    frame["assumed"] = (filled | cells["assumed"].fillna(value=False)).astype("boolean")
    return frame
