"""A tuned path loss: what measurements add to free space and diffraction."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from dataclasses import dataclass
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.errors import SettingsError

__all__ = ["TunedModel"]

Floats = npt.NDArray[np.float64]
USUAL_HEIGHT_M = 30.0


@dataclass(frozen=True, slots=True)
class TunedModel:
    """
    Corrections to free space, fitted to measurements.

    The loss is free space plus `intercept_db`, `slope_db` a decade of distance from 1 km,
    `near_slope_db` a decade below `near_m`, `diffraction_weight` times the diffraction loss,
    `height_db` a decade of the antenna's height above the receiver's from 30 m, and what
    `clutter_db` says of the land cover at the receiver; less the offset of the station. `sigma_db`
    is the spread of levels about the prediction on held-out measurements. `data_hash` names the
    measurements, `validation` tells the comparison, `is_better` whether it showed the model to be
    better than free space.
    """

    intercept_db: float = 0.0
    slope_db: float = 0.0
    near_slope_db: float = 0.0
    near_m: float = 500.0
    diffraction_weight: float = 1.0
    height_db: float = 0.0
    clutter_db: tuple[tuple[str, float], ...] = ()
    site_offset_db: tuple[tuple[str, float], ...] = ()
    sigma_db: float = 8.0
    is_better: bool = False
    data_hash: str = ""
    validation: str = ""

    def excess_db(
        self,
        distance_m: npt.ArrayLike,
        diffraction_db: npt.ArrayLike,
        height_over_m: npt.ArrayLike,
    ) -> Floats:
        """
        Return the loss beyond free space, without surroundings and the station's own offset.

        Parameters
        ----------
        distance_m
            From antenna to antenna, > 0, any shape [m].
        diffraction_db
            Diffraction loss at median refractivity, broadcast [dB].
        height_over_m
            Height of the station's antenna above the receiver's antenna, broadcast [m].

        Returns
        -------
        excess_db
            Of the broadcast shape [dB].
        """
        distance = np.asarray(distance_m, dtype=np.float64)
        over = np.maximum(np.asarray(height_over_m, dtype=np.float64), 1.0)
        return np.asarray(
            self.intercept_db
            + self.slope_db * np.log10(distance / 1000.0)
            + self.near_slope_db * np.minimum(np.log10(distance / self.near_m), 0.0)
            + self.diffraction_weight * np.asarray(diffraction_db, dtype=np.float64)
            + self.height_db * np.log10(over / USUAL_HEIGHT_M)
        )

    def offset_db(self, site_id: str) -> float:
        """
        Return by how much a station is received better than the model says.

        Parameters
        ----------
        site_id
            Station.

        Returns
        -------
        offset_db
            0 for a station without measurements [dB].
        """
        return dict(self.site_offset_db).get(site_id, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """
        Return the model as JSON can hold it.

        Returns
        -------
        table
            Its fields; stations and land cover as tables.
        """
        table = asdict(self)
        return {**table, **{name: dict(table[name]) for name in TABLES}}

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "TunedModel":
        """
        Return the model that a file holds.

        Parameters
        ----------
        table
            As `to_dict` gives it; unknown keys are refused.

        Returns
        -------
        model
            Checked model.

        Raises
        ------
        SettingsError
            If a key is unknown, or a number is not one.
        """
        known = {item.name: item.type for item in fields(cls)}
        wrong = [f"unknown key '{key}'" for key in table if key not in known]
        values: dict[str, Any] = {}
        for key, value in table.items():
            if key in TABLES and isinstance(value, dict):
                values[key] = tuple((str(k), float(v)) for k, v in sorted(value.items()))
            elif known.get(key) is float:
                if not isinstance(value, (int, float)) or not math.isfinite(value):
                    wrong.append(f"{key} must be a number; found {value!r}")
                else:
                    values[key] = float(value)
            else:
                values[key] = value
        if wrong:
            raise SettingsError("tuned model: " + "; ".join(wrong))
        return cls(**values)


TABLES = ("clutter_db", "site_offset_db")
