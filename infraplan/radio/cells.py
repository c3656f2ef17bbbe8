"""Cells: those that are known, those that must be assumed from a list, and what is odd in both."""

import re
from collections.abc import Iterable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import Fault
from infraplan.errors import LayerError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import empty_table
from infraplan.layers.schemas import TECHNOLOGIES
from infraplan.layers.stations import is_on_air
from infraplan.layers.stations import on_air
from infraplan.radio.antennas import ANTENNAS
from infraplan.radio.antennas import antenna
from infraplan.radio.link import LTE_BLOCKS
from infraplan.radio.link import NR_BLOCKS
from infraplan.radio.patterns import AntennaPattern

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "CellDefaults",
    "CellFindings",
    "TechnologyDefaults",
    "azimuths_of",
    "check_cells",
    "derive_cells",
    "with_sectors",
]

Mask = npt.NDArray[np.bool_]

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
# Name of a band [MHz] to its downlink. 3GPP TS 38.101-1, table 5.2-1 (n28, n5, n8, n3, n1, n40, n41
# with n7 and n38 inside, n78, n77); TS 36.101, 25.101 and 45.005 have the same limits.
DOWNLINK_MHZ: Mapping[int, tuple[float, float]] = MappingProxyType(
    {
        700: (758.0, 803.0),
        850: (869.0, 894.0),
        900: (925.0, 960.0),
        1800: (1805.0, 1880.0),
        2100: (2110.0, 2170.0),
        2300: (2300.0, 2400.0),
        2600: (2496.0, 2690.0),
        3500: (3300.0, 3800.0),
        3700: (3300.0, 4200.0),
        3800: (3300.0, 4200.0),
    }
)
# L1800, NR3700, 4G 1800, 2100: who writes a carrier so means a technology, a band or both
CARRIER = re.compile(
    r"(GSM|DCS|UMTS|WCDMA|LTE|NR|[2-5]G|[GULN])?[ _-]*(\d{3,4})(?!\d)", re.IGNORECASE
)
OF_LETTERS = {
    "G": "2G", "U": "3G", "L": "4G", "N": "5G", "GSM": "2G", "DCS": "2G", "UMTS": "3G",
    "WCDMA": "3G", "LTE": "4G", "NR": "5G",
}  # fmt: skip
BANDWIDTHS_MHZ: Mapping[str, tuple[float, ...]] = MappingProxyType(
    {
        "2G": (0.2,),
        "3G": (5.0,),
        "4G": tuple(LTE_BLOCKS),
        "5G": tuple(NR_BLOCKS[30]),
    }
)
TILT_DEG = (-10.0, 30.0)  # both tilts together; beyond it no sector antenna is hung, recalled
USUAL_DBM = (30.0, 55.0)  # 1 W, a small cell, to 320 W, a 5G panel of 64 branches; recalled
USUAL_WATTS = 40.0  # the one power in watts that is a likely number of dBm too
MOST_HEIGHT_M = 200.0  # masts of broadcasters apart, none is higher
ABOVE_MAST_M = 5.0  # an antenna may stand on a pole on top


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
    sites: "gpd.GeoDataFrame",
    cells: pd.DataFrame,
    defaults: CellDefaults,
    antennas: Mapping[str, AntennaPattern] = MappingProxyType({}),
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
        What is assumed. Where a carrier without a frequency names another band than the default,
        the middle of that band is taken, and where a frequency without a carrier lies in another
        band, the carrier is named after it.
    antennas
        Measured patterns by name, besides those that have a formula. A cell that names one and
        gives no electrical tilt has that of the pattern.

    Returns
    -------
    cells
        Table as of layer `cells`, indexed by `cell_id`, sorted; `assumed` is true where any field
        was filled; the column `pattern` holds the measured pattern, or None.
    """
    there = on_air(sites)
    listed = _tilted(cells[cells["site_id"].isin(there.index)], antennas)
    known = _completed(listed, there, defaults)
    assumed = _assumed(there, known, defaults)
    parts = [part for part in (known, assumed) if len(part)]
    if not parts:
        return pd.DataFrame(empty_table("cells", "EPSG:4326"))
    found = pd.concat(parts).sort_index(kind="stable").rename_axis("cell_id")
    pattern = [antennas.get(name) for name in found["antenna"]]
    return found.assign(pattern=pd.Series(pattern, index=found.index, dtype=object))


def with_sectors(sites: "gpd.GeoDataFrame", cells: pd.DataFrame) -> pd.DataFrame:
    """
    Return cells with those added that the directions of stations tell of.

    Parameters
    ----------
    sites
        Layer `sites`, with directions as text in a column `azimuths` where they are known.
    cells
        Layer `cells`; a technology that a station has cells of is left as it is.

    Returns
    -------
    cells
        Table as of layer `cells`: one cell for each technology and direction, all else empty.
    """
    if "azimuths" not in sites:
        return cells
    have = set(zip(cells["site_id"], cells["technology"], strict=True))
    rows = [
        {
            "cell_id": f"{site_id}/{technology}/{sector}",
            "site_id": site_id,
            "technology": technology,
            "sector": sector,
            "azimuth_deg": azimuth,
        }
        for site_id, names, told in zip(
            sites.index, sites["technologies"], sites["azimuths"], strict=True
        )
        for technology in (str(names).split(";") if isinstance(names, str) else [])
        if technology in TECHNOLOGIES and (site_id, technology) not in have
        for sector, azimuth in enumerate(azimuths_of(told), start=1)
    ]
    if not rows:
        return cells
    template = empty_table("cells", "EPSG:4326")
    made = pd.DataFrame(rows).set_index("cell_id").reindex(columns=template.columns)
    made = made.astype(template.dtypes.to_dict())
    return pd.concat([cells.reindex(columns=template.columns), made]) if len(cells) else made


def azimuths_of(value: object) -> tuple[float, ...]:
    """
    Return the directions that a text tells.

    Parameters
    ----------
    value
        Numbers in [0, 360] with anything but digits between, or a missing value.

    Returns
    -------
    azimuth_deg
        Directions from north, rising, each once; none where one of them is no direction [deg].

    Examples
    --------
    >>> azimuths_of("0/120/240"), azimuths_of("30°, 150°; 480")
    ((0.0, 120.0, 240.0), ())
    """
    if not isinstance(value, str):
        return ()
    found = [float(number) for number in re.findall(r"\d+(?:\.\d+)?", value)]
    if any(number > 360.0 for number in found):
        return ()
    return tuple(sorted({number % 360.0 for number in found}))


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
                    "feeder_loss_db": np.nan,  # the assumed power is at the antenna connector
                    "assumed": True,
                    **{name: getattr(entry, name) for name in FILLED},
                }
            )
    template = empty_table("cells", "EPSG:4326")
    if not rows:
        return pd.DataFrame(template)
    frame = pd.DataFrame(rows).set_index("cell_id")[template.columns]
    return pd.DataFrame(frame.astype(template.dtypes.to_dict()))


def _tilted(cells: pd.DataFrame, antennas: Mapping[str, AntennaPattern]) -> pd.DataFrame:
    """Return cells with the electrical tilt of their measured pattern where they give none."""
    own = cells["antenna"].map(
        {name: item.electrical_downtilt_deg for name, item in antennas.items()}
    )
    tilt = cells["electrical_downtilt_deg"]
    return cells.assign(electrical_downtilt_deg=tilt.where(tilt.notna(), own.astype("float64")))


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
        if name == "carrier":
            rows = zip(cells["technology"], cells["freq_mhz"], by_technology, strict=True)
            by_technology = pd.Series([_usual_carrier(*row) for row in rows], index=cells.index)
        if name == "freq_mhz":
            pairs = zip(cells["carrier"], by_technology, strict=True)
            by_technology = pd.Series([_usual_mhz(*pair) for pair in pairs], index=cells.index)
        empty = cells[name].isna()
        frame[name] = cells[name].where(~empty, by_technology)
        filled |= empty
    # an assumed power is at the antenna connector: no feeder is between
    frame["feeder_loss_db"] = cells["feeder_loss_db"].where(cells["tx_power_dbm"].notna())
    of_site = cells["site_id"].map(sites["height_m"])
    empty = cells["height_m"].isna()
    frame["height_m"] = cells["height_m"].where(~empty, of_site).fillna(defaults.height_m)
    filled |= empty
    frame["assumed"] = (filled | cells["assumed"].fillna(value=False)).astype("boolean")
    return frame


def _usual_carrier(technology: str, freq_mhz: float, default: object) -> object:
    """Return the default carrier, or one named after the band that a frequency lies in instead."""
    named = _named_band(default)
    if named is None or not freq_mhz > 0 or _is_within(freq_mhz, named[1]):
        return default
    letter = next((name for name, of in OF_LETTERS.items() if of == technology), "")
    band = next((band for band in DOWNLINK_MHZ if _is_within(freq_mhz, band)), None)
    return f"{letter}{freq_mhz:g}" if band is None else f"{letter}{band}"


def _is_within(freq_mhz: float, band: int) -> bool:
    """Return whether a frequency lies in the downlink of a band, or is the band's name."""
    low, high = DOWNLINK_MHZ[band]
    return low <= freq_mhz <= high or freq_mhz == band


def _usual_mhz(carrier: object, default_mhz: float) -> float:
    """Return the default frequency, or the middle of the band that a carrier names instead."""
    named = _named_band(carrier)
    if named is None:
        return default_mhz
    return default_mhz if _is_within(default_mhz, named[1]) else sum(DOWNLINK_MHZ[named[1]]) / 2.0


@dataclass(frozen=True, slots=True)
class CellFindings:
    """What is wrong (`faults`, to be refused) and what is odd (`notes`, to be kept) in cells."""

    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]

    def refuse(self) -> None:
        """
        Refuse cells that have faults.

        Raises
        ------
        LayerError
            If there is any fault; all of them.
        """
        if self.faults:
            raise LayerError(layer="cells", faults=self.faults)


def check_cells(
    cells: pd.DataFrame, sites: "gpd.GeoDataFrame", antennas: Iterable[str] = ()
) -> CellFindings:
    """
    Return all that is wrong or odd in cells, at once; no cell is dropped or changed.

    Parameters
    ----------
    cells
        Layer `cells` as imported, before `derive_cells`, index `cell_id`.
    sites
        Layer `sites`, index `site_id`.
    antennas
        Names of measured patterns, which cells may name besides those that have a formula.

    Returns
    -------
    findings
        Faults and notes, each with the ids of its cells.

    Notes
    -----
    A fault makes the prediction impossible, or wrong whatever is meant; a note is odd but may be
    true, or names what will be assumed. What one column alone can tell is refused at import already
    (`infraplan.layers.schemas`) and not looked at again.

    ==========================================================================  ==========
    finding                                                                     kind
    ==========================================================================  ==========
    cell of a station that does not exist                                       fault
    repeated: one station, technology, carrier, frequency, sector and azimuth   fault
    carrier named after another technology (L1800 of 3G)                        fault
    frequency outside the downlink of the carrier's band (L1800 at 900 MHz)     fault
    bandwidth that the standard lacks, 4G and 5G: the level depends on it       fault
    unknown antenna                                                             fault
    both tilts together outside [-10, 30] deg                                   fault
    bandwidth that the standard lacks, 2G and 3G                                note
    frequency that only names the band (1800 for L1800)                         note
    carrier whose name tells no known band: the frequency is not checked        note
    one direction twice: same azimuth and other sector, or the reverse          note
    several cells of one carrier whose directions, or carriers, are not told    note
    transmit power below 30 or above 55 dBm, or 40 dBm (40 W are 46 dBm)        note
    height above 200 m                                                          note
    height more than 5 m above the highest known antenna of the mast            note
    frequency, height, bandwidth, power, antenna or carrier empty: assumed      note
    azimuth empty, antenna not omni: radiates alike all round, assumed          note
    station not on air: the cell is left out of predictions                     note
    frequency outside [30, 6000] MHz, bandwidth outside [0.1, 400] MHz          at import
    power outside [0, 60] dBm, azimuth outside [0, 360] deg                     at import
    either tilt outside [-20, 30] deg, height outside [1, 300] m                at import
    unknown technology, repeated id                                             at import
    ==========================================================================  ==========

    Source: bands and bandwidths of 3GPP TS 36.101 and 38.101-1; limits of tilt, power and height
    are of practice, recalled.
    """
    frame = cells.reindex(columns=empty_table("cells", "EPSG:4326").columns)
    found = _Findings(frame)
    _check_stations(frame, sites, found)
    _check_repeated(frame, found)
    _check_carriers(frame, found)
    _check_bandwidths(frame, found)
    _check_antennas(frame, found, set(antennas))
    _check_heights(frame, sites, found)
    _check_empty(frame, found)
    return CellFindings(tuple(found.faults), tuple(found.notes))


class _Findings:
    """Faults and notes of cells, gathered."""

    def __init__(self, cells: pd.DataFrame) -> None:
        """Begin without any."""
        self.cells = cells
        self.faults: list[Fault] = []
        self.notes: list[Fault] = []

    def fault(self, where: Mask, what: str, **details: Any) -> None:  # noqa: ANN401 - fields of Fault
        """Note a fault of some cells, if there are any."""
        self._add(self.faults, where, what, details)

    def note(self, where: Mask, what: str, **details: Any) -> None:  # noqa: ANN401 - fields of Fault
        """Note an oddity of some cells, if there are any."""
        self._add(self.notes, where, what, details)

    def _add(self, to: list[Fault], where: Mask, what: str, details: dict[str, Any]) -> None:
        """Add a finding with its rows and the values found."""
        if not where.any():
            return
        column = details.get("column", "")
        if column in self.cells and "found" not in details:
            values = self.cells[column][where].dropna()
            details = {**details, "found": _listed(values)}
        to.append(Fault(what=what, rows=tuple(map(str, self.cells.index[where])), **details))


def _listed(values: "pd.Series[Any]") -> str:
    """Return the first different values of a column in words."""
    texts = list(dict.fromkeys(f"{v:g}" if isinstance(v, float) else str(v) for v in values))
    return ", ".join(texts[:5]) + (f" and {len(texts) - 5} more" if len(texts) > 5 else "")


def _check_stations(cells: pd.DataFrame, sites: "gpd.GeoDataFrame", found: _Findings) -> None:
    """Look for cells of stations that do not exist or are not on air."""
    known = cells["site_id"].isin(sites.index).to_numpy(dtype=bool)
    found.fault(
        ~known,
        "site_id names no station",
        column="site_id",
        expected="the id of a row of layer 'sites'",
        remedy="correct site_id, or import the missing stations",
        code="cell_station_unknown",
    )
    status = cells["site_id"].map(sites["status"])
    off = ~is_on_air(status.to_frame("status")).to_numpy(dtype=bool)
    found.note(
        off,
        "the station is not on air, so predictions leave the cell out",
        column="site_id",
        remedy="set the station's status to operating, or leave it empty, if it is on air",
    )


def _check_repeated(cells: pd.DataFrame, found: _Findings) -> None:
    """Look for cells that stand twice in the list, or seem to."""
    frame = cells[["site_id", "technology", "carrier", "freq_mhz", "sector", "azimuth_deg"]]
    frame = frame.assign(azimuth_deg=frame["azimuth_deg"] % 360.0)
    carrier = ["site_id", "technology", "carrier", "freq_mhz"]
    told = (frame["carrier"].notna() | frame["freq_mhz"].notna()).to_numpy(dtype=bool)
    sector = frame["sector"].notna().to_numpy(dtype=bool)
    azimuth = frame["azimuth_deg"].notna().to_numpy(dtype=bool)
    omni = (cells["antenna"] == "omni").to_numpy(dtype=bool, na_value=False)
    alike = frame.duplicated(keep=False).to_numpy()
    same_sector = frame.duplicated([*carrier, "sector"], keep=False).to_numpy() & sector
    same_azimuth = frame.duplicated([*carrier, "azimuth_deg"], keep=False).to_numpy() & azimuth
    certain = alike & told & (sector | azimuth | omni)
    found.fault(
        certain,
        "the cell stands more than once: same station, technology, carrier and direction",
        expected="one row for each cell",
        remedy="remove the repeated rows, or give each its own carrier, sector or azimuth",
        code="cell_repeated",
    )
    found.note(
        (same_sector | same_azimuth) & told & ~alike,
        "two cells of one carrier have the same azimuth, or the same sector with another azimuth",
        column="azimuth_deg",
        remedy="check sector and azimuth; remove a cell that stands twice",
    )
    found.note(
        alike & ~certain,
        "several cells of a station cannot be told apart, so they would disturb one another",
        remedy="give carrier or frequency, and azimuth or sector",
    )


def _check_carriers(cells: pd.DataFrame, found: _Findings) -> None:
    """Look for carriers that fit neither the technology nor the frequency."""
    named = [_named_band(carrier) for carrier in cells["carrier"]]
    technology = np.array([part[0] if part else "" for part in named], dtype=object)
    band = np.array([part[1] if part else 0 for part in named], dtype=np.int64)
    given = cells["carrier"].notna().to_numpy(dtype=bool)
    found.fault(
        (technology != "") & (technology != cells["technology"].to_numpy(dtype=object)),
        "the carrier is named after another technology",
        column="carrier",
        expected="a name such as L1800 for 4G, or another technology",
        remedy="correct the carrier or the technology",
        code="cell_carrier_differs",
    )
    limits = np.array([DOWNLINK_MHZ.get(int(b), (0.0, np.inf)) for b in band]).reshape(-1, 2)
    freq = cells["freq_mhz"].to_numpy(dtype=np.float64)
    outside = (freq < limits[:, 0]) | (freq > limits[:, 1])
    found.fault(
        outside & (freq != band),
        "the frequency lies outside the downlink of the carrier's band",
        column="freq_mhz",
        expected=_downlinks(band[outside & (freq != band)]),
        remedy="give the downlink centre frequency, not the uplink's, or correct the carrier",
        code="cell_frequency_outside",
        details=(("downlinks", _downlinks(band[outside & (freq != band)])),),
    )
    found.note(
        outside & (freq == band),
        "the frequency is the name of the band; losses differ by less than 1 dB",
        column="freq_mhz",
        expected=_downlinks(band[outside & (freq == band)]),
        remedy="give the downlink centre frequency where it is known",
    )
    found.note(
        given & (band == 0),
        "the carrier's name tells no band that is known, so its frequency is not checked",
        column="carrier",
        expected="a name such as G900, U2100, L1800, N2600",
        remedy="name the carrier by technology and band",
    )


def _named_band(carrier: object) -> tuple[str, int] | None:
    """Return technology (empty where not told) and band that a carrier's name tells, if any."""
    match = CARRIER.match(carrier.strip()) if isinstance(carrier, str) else None
    if match is None or int(match[2]) not in DOWNLINK_MHZ:
        return None
    letters = (match[1] or "").upper()
    return OF_LETTERS.get(letters, letters), int(match[2])


def _downlinks(bands: npt.NDArray[np.int64]) -> str:
    """Return the downlinks of bands in words."""
    return "; ".join(
        f"{DOWNLINK_MHZ[int(b)][0]:g} to {DOWNLINK_MHZ[int(b)][1]:g} MHz for {b}"
        for b in np.unique(bands)
    )


def _check_bandwidths(cells: pd.DataFrame, found: _Findings) -> None:
    """Look for channels that the standard lacks."""
    bandwidth = cells["bandwidth_mhz"]
    for technology, known in BANDWIDTHS_MHZ.items():
        mine = (cells["technology"] == technology).to_numpy(dtype=bool, na_value=False)
        odd = mine & (bandwidth.notna() & ~bandwidth.isin(known)).to_numpy(dtype=bool)
        add = found.fault if technology in ("4G", "5G") else found.note
        add(
            odd,
            f"{technology} has no channel of this bandwidth",
            column="bandwidth_mhz",
            expected=", ".join(f"{b:g}" for b in known) + " MHz",
            remedy="correct the bandwidth, or leave the cell empty where it is not known",
            code="cell_bandwidth_wrong",
            details=(("technology", technology),),
        )


def _check_antennas(cells: pd.DataFrame, found: _Findings, measured: set[str]) -> None:
    """Look for unknown antennas, and for tilts and powers that no antenna has."""
    names = set(cells["antenna"].dropna()) - measured
    reasons = {name: reason for name in names if (reason := _unknown_antenna(name))}
    found.fault(
        cells["antenna"].isin(list(reasons)).to_numpy(dtype=bool),
        "the antenna is unknown",
        column="antenna",
        expected=", ".join([*ANTENNAS, *sorted(measured)]),
        remedy="correct the antenna, or leave the cell empty where it is not known",
        code="cell_antenna_unknown",
    )
    tilt = cells["mechanical_downtilt_deg"].fillna(0.0) + cells["electrical_downtilt_deg"].fillna(0)
    found.fault(
        ~tilt.between(*TILT_DEG).to_numpy(dtype=bool),
        "mechanical and electrical tilt together are more than an antenna is hung with",
        column="mechanical_downtilt_deg",
        found=_listed(tilt[~tilt.between(*TILT_DEG)]),
        expected=f"a sum in [{TILT_DEG[0]:g}, {TILT_DEG[1]:g}] deg, positive below the horizon",
        remedy="correct the tilts; a list may give the total in the place of the electrical one",
        code="cell_tilt_too_large",
        details=(("low", f"{TILT_DEG[0]:g}"), ("high", f"{TILT_DEG[1]:g}")),
    )
    power = cells["tx_power_dbm"]
    likely = power.isna() | (power.between(*USUAL_DBM) & (power != USUAL_WATTS))
    found.note(
        ~likely.to_numpy(dtype=bool),
        "the power is unusual for a cell, or is in watts",
        column="tx_power_dbm",
        expected="dBm: 10 W are 40 dBm, 20 W are 43 dBm, 40 W are 46 dBm, 60 W are 48 dBm",
        remedy="convert the power where it is in watts",
    )


def _unknown_antenna(name: str) -> str:
    """Return why an antenna cannot be had, empty where it can."""
    try:
        antenna(name)
    except SettingsError as error:
        return str(error)
    return ""


def _check_heights(cells: pd.DataFrame, sites: "gpd.GeoDataFrame", found: _Findings) -> None:
    """Look for antennas higher than masts are, or than their own mast is."""
    height = cells["height_m"]
    found.note(
        (height > MOST_HEIGHT_M).to_numpy(dtype=bool),
        "the antenna is higher than masts of mobile networks are",
        column="height_m",
        expected=f"a height above ground of at most {MOST_HEIGHT_M:g} m",
        remedy="give the height above ground, not above the sea",
    )
    structure = sites["mast_id"].where(sites["mast_id"].notna(), sites.index.to_series())
    top = structure.map(sites["height_m"].groupby(structure).max())
    above = height > cells["site_id"].map(top) + ABOVE_MAST_M
    found.note(
        above.to_numpy(dtype=bool),
        f"the antenna is more than {ABOVE_MAST_M:g} m above the highest one known of its mast",
        column="height_m",
        remedy="correct the height of the cell or that of the station",
    )


def _check_empty(cells: pd.DataFrame, found: _Findings) -> None:
    """Look for fields that will be taken from the defaults."""
    instead = {
        "carrier": "that of the frequency's band or the default",
        "freq_mhz": "the middle of the carrier's band or the default",
        "bandwidth_mhz": "the default",
        "tx_power_dbm": "the default",
        "antenna": "the default",
        "height_m": "that of the station or the default",
    }
    for name, words in instead.items():
        found.note(
            cells[name].isna().to_numpy(dtype=bool),
            f"{name} is empty; {words} is taken and the cell marked as assumed",
            column=name,
            found="an empty cell",
            remedy=f"fill in {name} where it is known",
        )
    found.note(
        (cells["azimuth_deg"].isna() & (cells["antenna"] != "omni")).to_numpy(dtype=bool),
        "azimuth_deg is empty; the cell radiates alike all round and is marked as assumed",
        column="azimuth_deg",
        found="an empty cell",
        remedy="fill in azimuth_deg where it is known",
    )
