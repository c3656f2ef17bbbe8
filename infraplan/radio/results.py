"""What the area engine returns."""

from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING
from typing import Protocol
from typing import runtime_checkable

import numpy as np
import numpy.typing as npt

from infraplan.errors import SettingsError
from infraplan.layers.bundle import Provenance
from infraplan.layers.grid import geobox_of
from infraplan.radio.settings import RadioSettings
from infraplan.radio.settings import ThresholdProfile

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from odc.geo.geobox import GeoBox

__all__ = ["ANY", "BANDS", "NOTHING_RECEIVED_DBM", "Coverage", "SiteSignal"]

ANY = "any"
NOTHING_RECEIVED_DBM = -160.0
BANDS = ("signal_dbm", "best_cell", "second_dbm", "sinr_db", "servers", "probability")


@runtime_checkable
class PartialMaps(Protocol):
    """Maps that can give some bands without reading all."""

    def some(self, pair: tuple[str, str], names: Iterable[str]) -> "xr.Dataset":
        """Return some bands of a technology and operator."""

    def window(
        self, pair: tuple[str, str], rows: slice, columns: slice, names: Iterable[str]
    ) -> "dict[str, npt.NDArray[np.float32]]":
        """Return a window of some bands."""


@dataclass(frozen=True, slots=True, eq=False)
class SiteSignal:
    """
    Signal of one station and technology in the window it can reach.

    `signal_dbm` is the strongest of its cells in each grid cell of `rows` x `columns` of the grid;
    NaN where a path crosses unknown terrain, `NOTHING_RECEIVED_DBM` beyond the radius.
    """

    site_id: str
    technology: str
    rows: slice
    columns: slice
    signal_dbm: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """
    Predicted coverage, one set of bands for each technology and operator.

    `maps` is keyed by technology and operator (`"any"` for the best of all); each Dataset has the
    float32 variables `BANDS` on one grid: `signal_dbm` of the best server (-160 known but nothing
    received, NaN unknown), `best_cell` (row number in `cells[technology]`, -1 none), `second_dbm`
    (best on another mast), `sinr_db`, `servers` (masts within 6 dB), `probability` of service.
    """

    maps: Mapping[tuple[str, str], "xr.Dataset"]
    cells: Mapping[str, "pd.DataFrame"]
    settings: RadioSettings
    profile: ThresholdProfile
    provenance: Provenance

    def _repr_html_(self) -> str:
        """Return what was predicted, for a notebook."""
        pairs = ", ".join(f"{technology} {operator}" for technology, operator in sorted(self.maps))
        model = "; ".join(self.provenance.notes)
        return f"<p>{escape(f'Coverage of {pairs}. {model}')}</p>"

    @property
    def technologies(self) -> tuple[str, ...]:
        """Return the technologies predicted, in order."""
        return tuple(sorted({technology for technology, _ in self.maps}))

    @property
    def operators(self) -> tuple[str, ...]:
        """Return the operators predicted, in order, without `any`."""
        return tuple(sorted({operator for _, operator in self.maps} - {ANY}))

    @property
    def geobox(self) -> "GeoBox":
        """Return the grid that all maps lie on; of a plan's maps one band is read for it."""
        pair = next(iter(self.maps))
        return geobox_of(self.bands(*pair, ("probability",)))

    def bands(
        self, technology: str, operator: str = ANY, names: Iterable[str] | None = None
    ) -> "xr.Dataset":
        """
        Return the bands of a technology and operator.

        Parameters
        ----------
        technology
            Technology.
        operator
            Operator, or `"any"`.
        names
            Bands that are wanted, so that a plan need not read the others; all where None.

        Returns
        -------
        bands
            Dataset with the variables `BANDS`, or at least those wanted of them.

        Raises
        ------
        SettingsError
            If it was not predicted; the message lists what was.
        """
        if (technology, operator) not in self.maps:
            known = ", ".join(f"{t} {o}" for t, o in sorted(self.maps))
            msg = f"no coverage of {technology} {operator} was predicted; there is {known}"
            raise SettingsError(msg)
        if names is not None and isinstance(self.maps, PartialMaps):
            return self.maps.some((technology, operator), names)
        return self.maps[technology, operator]

    def window(
        self, technology: str, operator: str, window: tuple[slice, slice], names: Iterable[str]
    ) -> "dict[str, npt.NDArray[np.float32]]":
        """
        Return a window of some bands; of a plan's maps nothing else is read.

        Parameters
        ----------
        technology
            Technology.
        operator
            Operator, or `"any"`.
        window
            Rows and columns of the grid.
        names
            Bands wanted.

        Returns
        -------
        values
            One array a band; bands that are not there are left out.
        """
        if isinstance(self.maps, PartialMaps):
            return self.maps.window((technology, operator), *window, names)
        bands = self.bands(technology, operator)
        return {name: bands[name].to_numpy()[window] for name in names if name in bands}

    def covered(self, technology: str, operator: str = ANY) -> "xr.DataArray":
        """
        Return where there is service.

        Parameters
        ----------
        technology
            Technology.
        operator
            Operator, or `"any"`.

        Returns
        -------
        covered
            1 covered, 0 not, NaN unknown; float32 on the grid.
        """
        probability = self.bands(technology, operator, ("probability",))["probability"]
        covered = (probability >= np.float32(self.profile.p_cov)).astype(np.float32)
        return covered.where(~np.isnan(probability)).rename("covered")
