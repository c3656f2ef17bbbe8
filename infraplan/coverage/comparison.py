"""Two pictures of one coverage: where they agree, and how many people live where they do not."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.coverage.areas import REST
from infraplan.coverage.zonal import Zones
from infraplan.coverage.zonal import zones_over
from infraplan.errors import GridMismatchError
from infraplan.errors import SettingsError
from infraplan.layers.grid import geobox_of
from infraplan.layers.grid import index_of
from infraplan.layers.grid import same_grid
from infraplan.layers.grid import wrap
from infraplan.radio.measurements import OF_QUANTITY
from infraplan.radio.measurements import received_dbm
from infraplan.radio.results import ANY
from infraplan.radio.results import NOTHING_RECEIVED_DBM
from infraplan.radio.results import Coverage

if TYPE_CHECKING:
    import geopandas as gpd
    import xarray as xr

__all__ = [
    "OUTCOMES",
    "PARTS",
    "Comparison",
    "MeasuredAgreement",
    "Sides",
    "agreement_with_measurements",
    "cohens_kappa",
    "compare_covered",
    "wilson_interval",
]

PARTS = ("neither", "both", "only_first", "only_second")  # the place is the class of the raster
OUTCOMES = ("neither", "both", "only_predicted", "only_measured")
CLASS_OF = np.array([[0.0, 3.0], [2.0, 1.0]])  # place in PARTS by what the first and the second say
UNKNOWN = "unknown"
CONFIDENCE = 0.95
M2_PER_KM2 = 1e6
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Sides:
    """
    What is held against what, in which service.

    `kind` is `plan` (two states of an area), `claim` (prediction and an operator's claim) or
    `measurements`; `first` and `second` are their names; `notes` are codes with their numbers of
    what a reader must know (`coverage.note_*` in the catalogues).
    """

    kind: str
    first: str
    second: str
    technology: str
    operator: str = ANY
    notes: tuple[tuple[str, Mapping[str, str]], ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """
    Two coverages of one area, cell by cell.

    `areas` holds the areas with their `people` in `both`, `only_first`, `only_second`, `neither`
    and `unknown` (either is not known), and `agreement`, the share of the known people whom both
    treat alike. `totals` has the same columns with `total` and `kappa`, in the rows `people` and
    `ground_km2`. `classes` is 0 neither, 1 both, 2 only the first, 3 only the second, NaN unknown.
    """

    areas: "gpd.GeoDataFrame"
    totals: pd.DataFrame
    classes: "xr.DataArray"

    def most(self, part: str, count: int) -> "gpd.GeoDataFrame":
        """
        Return the hamlets with most people in a part.

        Parameters
        ----------
        part
            `"both"`, `"only_first"`, `"only_second"`, `"neither"` or `"unknown"`.
        count
            How many at most, >= 0.

        Returns
        -------
        hamlets
            Rows of `areas` in order, without people outside hamlets and without empty ones.
        """
        is_rest = self.areas.index.astype(str).str.endswith(REST)
        found = self.areas[~is_rest & (self.areas[part] >= 0.5)].sort_index()
        return found.sort_values(part, ascending=False, kind="stable").head(count)

    def _repr_html_(self) -> str:
        """Return the totals for a notebook."""
        table = self.totals.round(3).to_html(escape=True)
        return f"<p>{escape(f'Comparison over {len(self.areas)} areas')}</p>{table}"


@dataclass(frozen=True, slots=True, eq=False)
class MeasuredAgreement:
    """
    A predicted coverage held against measured levels.

    `places` are the measurements used: `measured_dbm`, `is_measured` (the level reaches the service
    threshold), `predicted_dbm`, `predicted` (1, 0, NaN unknown) and `outcome`. `counts` has the
    number of each outcome and of `unknown`. `agreement` is the share of places of known prediction
    where both say the same, from `agreement_low` to `agreement_high` with 95 % confidence as if the
    places were independent; `cell_count` tells on how many grid cells they lie. `bias_db` is
    predicted less measured, over the `signal_count` places where both signals are known.
    `left_out` counts the rows that were not used, by reason.
    """

    places: "gpd.GeoDataFrame"
    counts: Mapping[str, int]
    agreement: float
    agreement_low: float
    agreement_high: float
    kappa: float
    bias_db: float
    rmse_db: float
    signal_count: int
    cell_count: int
    threshold_dbm: float
    left_out: Mapping[str, int]

    def _repr_html_(self) -> str:
        """Return the counts for a notebook."""
        table = pd.Series(dict(self.counts), name="places").to_frame().to_html(escape=True)
        told = f"Agreement {self.agreement:.3f} of {len(self.places)} measured places"
        return f"<p>{escape(told)}</p>{table}"


def compare_covered(
    first: "xr.DataArray",
    second: "xr.DataArray",
    *,
    people: "xr.DataArray",
    areas: "gpd.GeoDataFrame",
) -> Comparison:
    """
    Compare two coverages by the people and the ground on which they agree.

    Parameters
    ----------
    first
        1 covered, 0 not, NaN unknown.
    second
        Likewise, on the same grid.
    people
        Persons per grid cell, on the same grid, of `people_grid`.
    areas
        Polygons that do not overlap, on the grid's CRS, such as `residential_areas`.

    Returns
    -------
    comparison
        Areas on their index, totals and the raster of classes.

    Raises
    ------
    GridMismatchError
        If the rasters lie on different grids, or the areas in another CRS.
    SettingsError
        If a coverage holds other values than 1, 0 and NaN.
    """
    geobox = same_grid(first, second, people)
    classes = _classes(first.to_numpy(), second.to_numpy())
    zones = zones_over(areas, geobox)
    persons = _sums(zones, classes, people.to_numpy())
    ground = _sums(zones, classes, np.full(classes.shape, zones.cell_m2 / M2_PER_KM2))
    kept = [name for name in areas.columns if name not in persons.columns]
    table = areas[kept].assign(people=persons.sum(axis=1)).join(persons)
    table["agreement"] = _agreement(persons)
    totals = pd.DataFrame({"people": persons.sum(), "ground_km2": ground.sum()}).T
    totals.insert(0, "total", totals.sum(axis=1))
    totals["agreement"] = _agreement(totals)
    totals["kappa"] = [cohens_kappa(*row) for row in totals[list(PARTS)].to_numpy()]
    return Comparison(areas=table, totals=totals, classes=wrap(classes, geobox, name="compared"))


def agreement_with_measurements(
    coverage: Coverage,
    measurements: "gpd.GeoDataFrame",
    *,
    technology: str,
    operator: str = ANY,
) -> MeasuredAgreement:
    """
    Hold a predicted coverage against measured levels.

    Parameters
    ----------
    coverage
        Prediction of the technology and operator.
    measurements
        Layer `measurements`, on the CRS of the prediction.
    technology
        Technology; rows of others are left out.
    operator
        Operator, of which a row's station must be, or `"any"`.

    Returns
    -------
    agreement
        Counts, share with its interval, error of the signal, and what was left out.

    Raises
    ------
    GridMismatchError
        If the measurements lie in another CRS.
    SettingsError
        If the technology and operator were not predicted.

    Notes
    -----
    A row without a technology takes that of its cell or of its quantity (RSRP 4G, RSCP 3G, RxLev
    2G). RSSI with a ratio to noise becomes the signal alone. Where nothing was received the level
    is the receiver's floor: below the threshold it counts as no service, above it the row says
    nothing and is left out.
    """
    bands = coverage.bands(technology, operator)
    geobox = geobox_of(bands)
    crs = measurements.crs
    if crs is None or crs.to_epsg() != geobox.crs.epsg:  # type: ignore[union-attr]
        msg = f"the measurements are in {crs}, the coverage in {geobox.crs}; bring them to one CRS"
        raise GridMismatchError(msg)
    threshold_dbm = coverage.profile.technologies[technology].service_dbm
    columns = ["level_dbm", "quantity", "snr_db", "below_floor", "technology"]
    rows = pd.DataFrame(measurements.drop(columns="geometry"))
    rows = rows.reindex(columns=[*columns, "site_id", "cell_id"])
    level_dbm = received_dbm(
        rows["level_dbm"].astype("float64"),
        rows["quantity"].astype("object").fillna("").to_numpy(),
        rows["snr_db"].astype("float64"),
    )
    silent = rows["below_floor"].astype("boolean").fillna(value=False).to_numpy(dtype=bool)
    row, column = index_of(
        geobox, measurements.geometry.x.to_numpy(), measurements.geometry.y.to_numpy()
    )
    inside = (row >= 0) & (row < geobox.shape[0]) & (column >= 0) & (column < geobox.shape[1])
    reasons = _unfit(rows, coverage.cells[technology], technology, operator)
    reasons |= {"off_grid": ~inside, "floor": silent & (level_dbm > threshold_dbm)}
    used, left_out = _sifted(reasons, len(rows))
    at = (row[used], column[used])
    predicted = coverage.covered(technology, operator).to_numpy()[at].astype(np.float64)
    predicted_dbm = bands["signal_dbm"].to_numpy()[at].astype(np.float64)
    measured = (level_dbm[used] >= threshold_dbm) & ~silent[used]
    codes = _classes(predicted, measured.astype(np.float64))
    known = ~np.isnan(codes)
    names = np.array([*OUTCOMES, UNKNOWN], dtype=object)
    outcome = names[np.where(known, codes, len(OUTCOMES)).astype(np.int64)]
    counts = {str(name): int((outcome == name).sum()) for name in names}
    agreeing = counts["both"] + counts["neither"]
    low, high = wilson_interval(agreeing, int(known.sum()))
    received = ~silent[used] & (predicted_dbm > NOTHING_RECEIVED_DBM)  # NaN is not above it
    error_db = predicted_dbm[received] - level_dbm[used][received]
    places = measurements.loc[used, ["geometry"]].assign(
        measured_dbm=level_dbm[used],
        is_measured=measured,
        predicted_dbm=predicted_dbm,
        predicted=predicted,
        outcome=outcome,
    )
    return MeasuredAgreement(
        places=places,
        counts=counts,
        agreement=agreeing / known.sum() if known.any() else math.nan,
        agreement_low=low,
        agreement_high=high,
        kappa=cohens_kappa(*(counts[name] for name in OUTCOMES)),
        bias_db=float(error_db.mean()) if error_db.size else math.nan,
        rmse_db=float(np.sqrt(np.mean(error_db**2))) if error_db.size else math.nan,
        signal_count=int(error_db.size),
        cell_count=int(np.unique(np.stack(at), axis=1).shape[1]),
        threshold_dbm=threshold_dbm,
        left_out=left_out,
    )


def cohens_kappa(neither: float, both: float, only_first: float, only_second: float) -> float:
    """
    Return the agreement of two yes-or-no readings beyond what chance would give.

    Parameters
    ----------
    neither
        Weight of where both say no, >= 0.
    both
        Weight of where both say yes, >= 0.
    only_first
        Weight of where only the first says yes, >= 0.
    only_second
        Weight of where only the second says yes, >= 0.

    Returns
    -------
    kappa
        1 for full agreement, 0 for that of chance; NaN where there is nothing, or where both say
        one thing everywhere, so that chance agrees as well.

    Notes
    -----
    Source: J. Cohen, A coefficient of agreement for nominal scales, Educational and Psychological
    Measurement 20 (1960), 37-46.
    """
    total = neither + both + only_first + only_second
    if not total:
        return math.nan
    first, second = (both + only_first) / total, (both + only_second) / total
    by_chance = first * second + (1.0 - first) * (1.0 - second)
    observed = (both + neither) / total
    return math.nan if by_chance >= 1.0 else float((observed - by_chance) / (1.0 - by_chance))


def wilson_interval(
    count: int, total: int, *, confidence: float = CONFIDENCE
) -> tuple[float, float]:
    """
    Return the interval of a share that was counted in a sample.

    Parameters
    ----------
    count
        Members of the sample that have the property, >= 0.
    total
        Size of the sample, >= `count`.
    confidence
        Probability that such intervals hold the true share, (0, 1).

    Returns
    -------
    low
        Lower end in [0, 1]; NaN for an empty sample.
    high
        Upper end in [0, 1]; NaN for an empty sample.

    Notes
    -----
    Source: E. B. Wilson, Probable inference, the law of succession, and statistical inference,
    Journal of the American Statistical Association 22 (1927), 209-212.
    """
    if not total:
        return math.nan, math.nan
    z = NormalDist().inv_cdf(0.5 + confidence / 2.0)
    share = count / total
    middle = (share + z**2 / (2.0 * total)) / (1.0 + z**2 / total)
    spread = math.sqrt(share * (1.0 - share) / total + z**2 / (4.0 * total**2))
    half = z * spread / (1.0 + z**2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def _classes(first: npt.NDArray[np.generic], second: npt.NDArray[np.generic]) -> Floats:
    """Return the class of each cell of two coverages, NaN where either is not known."""
    one, two = (np.asarray(values, dtype=np.float64) for values in (first, second))
    for values in (one, two):
        if not (np.isnan(values) | (values == 0) | (values == 1)).all():
            msg = "a coverage to compare holds 1 (covered), 0 (not) and NaN (unknown) only"
            raise SettingsError(msg)
    known = ~(np.isnan(one) | np.isnan(two))
    pair = np.nan_to_num(one).astype(np.int8), np.nan_to_num(two).astype(np.int8)
    return np.where(known, CLASS_OF[pair], np.nan)


def _sums(zones: Zones, classes: Floats, weight: npt.NDArray[np.generic]) -> pd.DataFrame:
    """Return what each class weighs in each area."""
    parts = {name: classes == number for number, name in enumerate(PARTS)}
    parts[UNKNOWN] = np.isnan(classes)
    sums = {name: zones.sums(np.where(flags, weight, 0.0)) for name, flags in parts.items()}
    order = ["both", "only_first", "only_second", "neither", UNKNOWN]
    return pd.DataFrame(sums, index=zones.index)[order]


def _agreement(parts: pd.DataFrame) -> "pd.Series[float]":
    """Return the share of what is known that both treat alike, NaN where nothing is."""
    known = parts[list(PARTS)].sum(axis=1)
    return (parts["both"] + parts["neither"]) / known.where(known > 0)


def _unfit(
    rows: pd.DataFrame, cells: pd.DataFrame, technology: str, operator: str
) -> dict[str, Flags]:
    """Return the rows that are not of a technology and operator, by reason."""
    of_cell = cells.drop_duplicates("cell_id").set_index("cell_id")["operator"]
    of_site = cells.drop_duplicates("site_id").set_index("site_id")["operator"]
    named = rows["technology"].astype("object").where(rows["technology"].notna(), None)
    is_cell = rows["cell_id"].isin(of_cell.index)
    named = named.where(named.notna(), rows["quantity"].map(OF_QUANTITY))
    named = named.where(~is_cell, technology)
    reasons = {
        "no_technology": named.isna().to_numpy(dtype=bool),
        "other_technology": (named.notna() & (named != technology)).to_numpy(dtype=bool),
    }
    if operator != ANY:
        owner = rows["cell_id"].map(of_cell).astype("object")
        owner = owner.where(owner.notna(), rows["site_id"].map(of_site).astype("object"))
        reasons["no_operator"] = owner.isna().to_numpy(dtype=bool)
        reasons["other_operator"] = (owner.notna() & (owner != operator)).to_numpy(dtype=bool)
    return reasons


def _sifted(reasons: Mapping[str, Flags], count: int) -> tuple[Flags, dict[str, int]]:
    """Return the rows without a reason against them, and how many the first reason of each took."""
    used = np.ones(count, dtype=bool)
    left_out = {}
    for reason, against in reasons.items():
        if taken := int((used & against).sum()):
            left_out[reason] = taken
        used &= ~against
    return used, left_out
