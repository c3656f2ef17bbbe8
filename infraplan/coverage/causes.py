"""Why a place has no service: no such technology, too far, or behind terrain."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from infraplan.layers.bundle import Layers
from infraplan.radio.diffraction import delta_bullington
from infraplan.radio.link import reference_offset_db
from infraplan.radio.link import service_margin_db
from infraplan.radio.models import free_space_loss_db
from infraplan.radio.results import ANY
from infraplan.radio.results import Coverage

if TYPE_CHECKING:
    from infraplan.radio.settings import RadioSettings

__all__ = ["CauseContext", "cause_of"]

STATIONS_TRIED = 20  # nearest stations looked at; a farther one would not serve better on flat land
PROFILE_STEP_M = 100.0
Floats = npt.NDArray[np.float64]
# Where a station's cells are not known in full: a usual macro cell, as in data/cells/defaults.toml
USUAL_EIRP_DBM = {"2G": 58.0, "3G": 60.0, "4G": 63.0, "5G": 70.0}
USUAL_FREQ_MHZ = {"2G": 945.0, "3G": 2140.0, "4G": 1842.5, "5G": 2600.0}
USUAL_BANDWIDTH_MHZ = {"2G": 0.2, "3G": 5.0, "4G": 20.0, "5G": 100.0}


@dataclass(frozen=True, slots=True, eq=False)
class CauseContext:
    """Stations of the headline and the level that is service."""

    technology: str
    operator: str
    x_m: Floats
    y_m: Floats
    height_m: Floats
    needed_dbm: float
    settings: "RadioSettings"

    @classmethod
    def of(
        cls, layers: Layers, coverage: Coverage, technology: str, operator: str
    ) -> "CauseContext":
        """
        Return the context of a headline.

        Parameters
        ----------
        layers
            Bundle with `sites`.
        coverage
            Prediction of the headline.
        technology
            Technology of the headline.
        operator
            Operator of the headline, or `"any"`.

        Returns
        -------
        context
            Stations on air with the technology, and the level that they must reach.
        """
        cells = coverage.cells[technology]
        mine = cells if operator == ANY else cells[cells["operator"] == operator]
        sites = layers.table("sites")
        stations = sites[sites.index.isin(set(mine["site_id"]))].sort_index()
        profile = coverage.profile
        margin = service_margin_db(profile.p_cov, profile.sigma_db)
        return cls(
            technology=technology,
            operator=operator,
            x_m=stations.geometry.x.to_numpy(),
            y_m=stations.geometry.y.to_numpy(),
            height_m=stations["height_m"].fillna(40.0).to_numpy(dtype=np.float64),
            needed_dbm=profile.technologies[technology].service_dbm + margin,
            settings=coverage.settings,
        )


def cause_of(context: CauseContext, x_m: float, y_m: float, *, has_other: bool) -> str:
    """
    Return why a place has no service.

    Parameters
    ----------
    context
        Stations of the headline.
    x_m
        Easting of the place [m].
    y_m
        Northing of the place [m].
    has_other
        Whether another technology serves the place.

    Returns
    -------
    cause
        `no_technology`: no station within the radius has it while another technology serves;
        `distance`: none within the radius would reach the place over smooth ground either;
        `terrain`: one would, so what lies between takes the signal away.
    """
    distance_m = np.hypot(context.x_m - x_m, context.y_m - y_m)
    near = np.flatnonzero(distance_m <= context.settings.radius_m)
    if not near.size:
        return "no_technology" if has_other else "distance"
    near = near[np.argsort(distance_m[near], kind="stable")][:STATIONS_TRIED]
    for station in near:
        level = _smooth_level_dbm(
            context, float(distance_m[station]), float(context.height_m[station])
        )
        if level >= context.needed_dbm:
            return "terrain"
    return "distance"


def _smooth_level_dbm(context: CauseContext, distance_m: float, height_m: float) -> float:
    """Return the level at a distance over smooth ground, towards the main direction."""
    name = context.technology
    distance_m = max(distance_m, 2.0 * PROFILE_STEP_M)
    eirp = USUAL_EIRP_DBM[name] - reference_offset_db(name, USUAL_BANDWIDTH_MHZ[name])
    count = max(int(distance_m / PROFILE_STEP_M), 2)
    at_m = np.linspace(0.0, distance_m, count + 1)
    diffraction = delta_bullington(
        at_m,
        np.zeros(at_m.size),
        freq_mhz=USUAL_FREQ_MHZ[name],
        tx_height_m=height_m,
        rx_height_m=context.settings.rx_height_m,
        delta_n=context.settings.delta_n,
    )
    space = float(free_space_loss_db(distance_m, USUAL_FREQ_MHZ[name]))
    return eirp - space - diffraction.loss_db
