"""What would bring service to a hamlet at the least cost: which action, where, for how many."""

from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from infraplan.coverage.causes import headline_cells
from infraplan.coverage.causes import headline_needed_dbm
from infraplan.errors import PlanError
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers
from infraplan.layers.grid import cell_centres
from infraplan.layers.grid import index_of
from infraplan.layers.stations import on_air
from infraplan.layers.terrain import SEA
from infraplan.radio.cells import CellDefaults
from infraplan.radio.links import LinkGround
from infraplan.radio.links import planned_senders
from infraplan.radio.links import senders_of
from infraplan.radio.results import ANY
from infraplan.radio.results import Coverage

if TYPE_CHECKING:
    from scipy import sparse

    from infraplan.layers.terrain import Terrain

__all__ = ["ACTIONS", "FIX_COLUMNS", "ActionPrice", "ActionPrices", "FixMeans", "fixes_of"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

ACTIONS = ("new_sector", "technology_on_mast", "sharing", "new_site")
UNITS: Mapping[str, str] = MappingProxyType(
    {**dict.fromkeys((*ACTIONS, "site_equipment"), "each"), "fibre_km": "km"}
)
WITH_NEW_SITE = ("new_site", "site_equipment", "fibre_km")
FIXABLE = ("terrain", "distance", "no_technology")
FIX_COLUMNS = (
    "fix",
    "fix_site",
    "fix_x_m",
    "fix_y_m",
    "fix_people",
    "fix_share",
    "fix_cost_vnd",
    "fix_fibre_m",
    "fix_assumed",
)
TEXTS = ("fix", "fix_site")
ENOUGH = 0.9  # covered share of people from which a hamlet counts as served, as in the gaps
POINTS = 25  # of a hamlet, at which an action is tried
REACH_M = 8_000.0  # how far a station may be that is to serve a hamlet
MOST_STATIONS = 40  # nearest ones tried of each action
LOOKS_AWAY_DEG = 60.0  # off the axes of all sectors: half of what one of three sectors serves
CLEARANCE_M = 4.0  # free height on a mast of another operator, below what it carries; assumed
LEAST_HEIGHT_M = 5.0
NEW_MAST_M = 45.0
BELOW_TOP_M = 3.0  # antennas on a new mast
AROUND_M = 1_500.0  # how far from a hamlet a new mast may stand
RINGS = 2
SECTORS = 8
DETOUR = 1.3  # length of a cable on its way, over the straight line; assumed
CANDIDATES_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class ActionPrice:
    """One price: VND before tax for a unit, with where and when it comes from."""

    unit: str
    price_vnd: int
    source: str
    date: str
    verified: bool


@dataclass(frozen=True, slots=True)
class ActionPrices:
    """
    What each action costs.

    `new_site` is the mast with its room alone: `site_equipment` and so many `fibre_km` come on top.
    """

    name: str
    currency: str
    note: str
    actions: Mapping[str, ActionPrice]

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "ActionPrices":
        """
        Return the prices that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file such as `data/prices/actions-assumed.toml`; unknown keys are refused.

        Returns
        -------
        prices
            Checked prices.

        Raises
        ------
        SettingsError
            If a key is unknown or missing or a value is not one; all at once.
        """
        known = [item.name for item in fields(cls)]
        wrong = _key_faults("", table, known)
        given = table.get("actions", {})
        if not isinstance(given, Mapping):
            wrong.append("actions must be tables such as [actions.new_site]")
            given = {}
        wrong += _key_faults("action ", given, list(UNITS))
        for name, entry in given.items():
            wrong += _entry_faults(str(name), entry)
        if not wrong and table["currency"] != "VND":
            wrong.append(f"currency must be VND; found {table['currency']!r}")
        if wrong:
            raise SettingsError("prices of actions: " + "; ".join(wrong))
        actions = {name: ActionPrice(**entry) for name, entry in given.items()}
        return cls(**{**table, "actions": MappingProxyType(actions)})

    def base_vnd(self, action: str) -> int:
        """
        Return what an action costs without cable.

        Parameters
        ----------
        action
            One of `ACTIONS`.

        Returns
        -------
        cost_vnd
            Cost before tax [VND].
        """
        used = ("new_site", "site_equipment") if action == "new_site" else (action,)
        return sum(self.actions[name].price_vnd for name in used)

    def is_assumed(self, action: str) -> bool:
        """
        Return whether a cost rests on a price that nobody has verified.

        Parameters
        ----------
        action
            One of `ACTIONS`.

        Returns
        -------
        is_assumed
            True where its price, or another one in its cost, is not verified.
        """
        used = WITH_NEW_SITE if action == "new_site" else (action,)
        return not all(self.actions[name].verified for name in used)


def _key_faults(what: str, table: Mapping[str, Any], known: list[str]) -> list[str]:
    """Return the keys that are unknown or missing in a table."""
    wrong = [f"unknown {what}key '{key}'" for key in table if key not in known]
    return wrong + [f"missing {what}key '{key}'" for key in known if key not in table]


def _entry_faults(name: str, entry: object) -> list[str]:
    """Return what is wrong with the price of one action."""
    if not isinstance(entry, Mapping):
        return [f"{name} must be a table with unit, price_vnd, source, date and verified"]
    wrong = _key_faults(f"{name}.", entry, [item.name for item in fields(ActionPrice)])
    price, unit = entry.get("price_vnd", 0), UNITS.get(name)
    if isinstance(price, bool) or not isinstance(price, int) or price < 0:
        wrong.append(f"{name}.price_vnd must be a whole number of at least 0 VND; found {price!r}")
    if unit is not None and entry.get("unit", unit) != unit:
        wrong.append(f"{name}.unit must be {unit}; found {entry['unit']!r}")
    if not isinstance(entry.get("verified", False), bool):
        wrong.append(f"{name}.verified must be true or false; found {entry['verified']!r}")
    if not str(entry.get("source", "told")).strip():
        wrong.append(f"{name}.source must say where the price comes from")
    return wrong


@dataclass(frozen=True, slots=True, eq=False)
class FixMeans:
    """
    What fixes are made of and what they cost.

    `defaults` describe the usual cell of new equipment; `cells` are those on air with every field
    filled, None to derive them from the layers.
    """

    defaults: CellDefaults
    prices: ActionPrices
    cells: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Samples:
    """
    Where people of hamlets lack service: points `first[h]:first[h + 1]` of the h-th hamlet.

    `mass` is the share of the hamlet's people that a point stands for, `covered` their share with
    service, `x_m`, `y_m` the middle of those without, `at_m` the centre of the nearest point to it.
    """

    number: Ints
    first: Ints
    row: Ints
    column: Ints
    mass: Floats
    covered: Floats
    x_m: Floats
    y_m: Floats
    at_m: tuple[Floats, Floats]


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What every action is tried on."""

    layers: Layers
    terrain: "Terrain"
    coverage: Coverage
    technology: str
    operator: str
    means: FixMeans
    ground: LinkGround
    samples: _Samples
    stations: pd.DataFrame


def fixes_of(
    layers: Layers,
    coverage: Coverage,
    hamlets: pd.DataFrame,
    weights: "sparse.csr_array",
    *,
    technology: str,
    operator: str,
    means: FixMeans,
) -> pd.DataFrame:
    """
    Return the cheapest action that would bring service to each hamlet without it.

    Parameters
    ----------
    layers
        Bundle with `sites` and the terrain; `communes`, `fibre`, `cells`, raster `water` where
        there.
    coverage
        Prediction of the headline.
    hamlets
        Areas with `cause` and `people`; those with `is_rest` are no hamlets and get no action.
    weights
        People of each grid cell in each area, (area, grid cell) in the order of `hamlets`, ground
        where nobody lives; grid cells are counted row by row.
    technology
        Technology of the headline.
    operator
        Operator of the headline, or `"any"`.
    means
        Usual cell of new equipment, prices, and the cells on air.

    Returns
    -------
    fixes
        On the index of `hamlets`. `fix` is the cheapest action that brings the covered share of the
        hamlet to 0.9 or more; where none does, the one with the most people for the money; missing
        where none brings anybody service, and where there is nothing to mend. `new_sector`: a
        station that has the technology, but no sector within 60 degrees of the hamlet, gets one
        more; `technology_on_mast`: a station that lacks the technology gets it; `sharing` (only
        for one operator): it goes onto a mast of others; `new_site`: a mast of 45 m on high ground
        within 1.5 km, or in the hamlet's middle, with a cable to the nearest one. `fix_site` is the
        station that stands, `fix_x_m`, `fix_y_m` the position, `fix_people` the people of the
        hamlet who get service, `fix_share` its covered share then, `fix_cost_vnd` the cost before
        tax, `fix_fibre_m` the new cable in it (NaN where no cable is known, so none is counted),
        `fix_assumed` whether a price in it is not verified.

    Raises
    ------
    PlanError
        If there is no terrain.
    SettingsError
        If the defaults lack the technology, or the headline was not predicted.

    Notes
    -----
    The effect is predicted as `causes_of` does, at up to 25 points in the middle of equal shares of
    the people without service; existing stations within 8 km count, the nearest 40 of each action.
    """
    task = _task(layers, coverage, hamlets, weights, (technology, operator), means)
    tried: list[pd.DataFrame] = []
    price = {name: means.prices.base_vnd(name) for name in ACTIONS}
    done_at = np.full(task.samples.number.size, np.inf)
    for action in sorted(ACTIONS, key=lambda name: (price[name], ACTIONS.index(name))):
        open_ones = np.flatnonzero(done_at > price[action])
        found = CANDIDATES[action](task, open_ones)
        if not len(found):
            continue
        found = found.assign(action=action, cost_vnd=price[action] + found["extra_vnd"])
        found["gained"] = _gained(task, found)
        found["share"] = task.samples.covered[found["hamlet"]] + found["gained"]
        tried.append(found)
        enough = found[found["share"] >= ENOUGH - 1e-9]
        np.minimum.at(done_at, enough["hamlet"].to_numpy(), enough["cost_vnd"].to_numpy())
    return _told(hamlets, task, tried)


def _task(
    layers: Layers,
    coverage: Coverage,
    hamlets: pd.DataFrame,
    weights: "sparse.csr_array",
    headline: tuple[str, str],
    means: FixMeans,
) -> _Task:
    """Return what actions are tried on, after looking at what is there."""
    if layers.terrain is None:
        msg = "fixes need the terrain, which the plan lacks: infraplan import PLAN terrain FILE"
        raise PlanError(msg)
    if headline[0] not in means.defaults.technologies:
        known = ", ".join(sorted(means.defaults.technologies))
        msg = f"the defaults of cells '{means.defaults.name}' lack {headline[0]}; there is {known}"
        raise SettingsError(msg)
    ground = LinkGround.of(layers.terrain, coverage.settings)
    return _Task(
        layers=layers,
        terrain=layers.terrain,
        coverage=coverage,
        technology=headline[0],
        operator=headline[1],
        means=means,
        ground=ground,
        samples=_samples(hamlets, weights, coverage, headline, ground),
        stations=_stations(layers, coverage, headline[0], means.defaults.height_m),
    )


def _stations(
    layers: Layers, coverage: Coverage, technology: str, usual_height_m: float
) -> pd.DataFrame:
    """Return the stations on air: position, height, mast, and whether they have the technology."""
    sites = on_air(layers.table("sites")).sort_index()
    names = sites["technologies"].fillna("").str.split(";")
    listed = np.array([technology in own for own in names], dtype=bool)
    sends = sites.index.isin(set(coverage.cells[technology]["site_id"]))
    mast = sites["mast_id"].where(sites["mast_id"].notna(), sites.index.to_series())
    frame = pd.DataFrame(
        {
            "site_id": sites.index.to_numpy(dtype=object),
            "operator": sites["operator"].to_numpy(dtype=object),
            "mast_id": mast.to_numpy(dtype=object),
            "x_m": sites.geometry.x.to_numpy(),
            "y_m": sites.geometry.y.to_numpy(),
            "height_m": sites["height_m"].fillna(usual_height_m).to_numpy(dtype=np.float64),
            "has": listed | sends,
        }
    )
    # an operator may list its technologies on one mast as several stations
    frame["has"] = frame.groupby(["mast_id", "operator"])["has"].transform("any")
    return frame


def _samples(
    hamlets: pd.DataFrame,
    weights: "sparse.csr_array",
    coverage: Coverage,
    headline: tuple[str, str],
    ground: LinkGround,
) -> _Samples:
    """Return the points of the hamlets that are to be mended."""
    probability = coverage.bands(*headline, ("probability",))["probability"].to_numpy().ravel()
    width = ground.geobox.shape[1]
    rest = hamlets["is_rest"].to_numpy(dtype=bool) if "is_rest" in hamlets else False
    asked = np.flatnonzero(hamlets["cause"].isin(FIXABLE).to_numpy() & ~np.asarray(rest))
    number, points, covered, middle, nearest = [], [], [], [], []
    for n in asked:
        part = slice(weights.indptr[n], weights.indptr[n + 1])
        cell, own = weights.indices[part].astype(np.int64), weights.data[part]
        chance = probability[cell]
        lacks = chance < np.float32(coverage.profile.p_cov)  # the unknown, NaN, is left out
        total = float(own.sum())
        if not total > 0 or not own[lacks].sum() > 0:
            continue
        cell, mass = _spread(cell[lacks], own[lacks] / total)
        x_m, y_m = cell_centres(ground.geobox, cell // width, cell % width)
        mean_m = np.average(x_m, weights=mass), np.average(y_m, weights=mass)
        at = int(np.argmin(np.hypot(x_m - mean_m[0], y_m - mean_m[1])))
        number.append(n)
        points.append((cell, mass))
        with_service = chance >= np.float32(coverage.profile.p_cov)
        covered.append(float(own[with_service].sum()) / total)
        middle.append(mean_m)
        nearest.append((x_m[at], y_m[at]))
    cells = np.concatenate([np.zeros(0, dtype=np.int64), *(cell for cell, _ in points)])
    middles, centres = np.reshape(middle, (-1, 2)), np.reshape(nearest, (-1, 2))
    return _Samples(
        number=np.array(number, dtype=np.int64),
        first=np.cumsum([0, *(cell.size for cell, _ in points)]).astype(np.int64),
        row=cells // width,
        column=cells % width,
        mass=np.concatenate([np.zeros(0), *(mass for _, mass in points)]),
        covered=np.array(covered, dtype=np.float64),
        x_m=middles[:, 0].astype(np.float64),
        y_m=middles[:, 1].astype(np.float64),
        at_m=(centres[:, 0].astype(np.float64), centres[:, 1].astype(np.float64)),
    )


def _spread(cell: Ints, mass: Floats) -> tuple[Ints, Floats]:
    """Return at most 25 cells, each in the middle of an equal share of the mass, and their mass."""
    some = mass > 0
    cell, mass = cell[some], mass[some]
    if cell.size <= POINTS:
        return cell, mass
    order = np.argsort(cell, kind="stable")
    running = np.cumsum(mass[order])
    wanted = (np.arange(POINTS) + 0.5) / POINTS * running[-1]
    chosen, times = np.unique(np.searchsorted(running, wanted), return_counts=True)
    return cell[order[chosen]], times / POINTS * running[-1]


def _pairs(task: _Task, hamlets: Ints, stations: pd.DataFrame) -> pd.DataFrame:
    """Return the nearest stations in reach of each hamlet."""
    samples = task.samples
    parts = []
    x_m, y_m = stations["x_m"].to_numpy(), stations["y_m"].to_numpy()
    for h in hamlets:
        away_m = np.hypot(x_m - samples.x_m[h], y_m - samples.y_m[h])
        near = np.flatnonzero(away_m <= REACH_M)
        near = near[np.argsort(away_m[near], kind="stable")][:MOST_STATIONS]
        parts.append(stations.iloc[near].assign(hamlet=h))
    if not parts:
        return stations.iloc[:0].assign(hamlet=np.zeros(0, dtype=np.int64))
    return pd.concat(parts, ignore_index=True)


def _candidates(table: pd.DataFrame, bearing_deg: Floats | float = np.nan) -> pd.DataFrame:
    """Return stations of hamlets as candidates of an action."""
    kept = table[["hamlet", "site_id", "x_m", "y_m", "height_m"]]
    return kept.assign(bearing_deg=bearing_deg, extra_vnd=0.0, fibre_m=np.nan)


def _technology_on_mast(task: _Task, hamlets: Ints) -> pd.DataFrame:
    """Return stations of the headline's operator, or of any, that lack the technology."""
    stations = task.stations
    mine = task.operator == ANY or stations["operator"] == task.operator
    return _candidates(_pairs(task, hamlets, stations[mine & ~stations["has"]]))


def _sharing(task: _Task, hamlets: Ints) -> pd.DataFrame:
    """Return masts of other operators on which the headline's operator has nothing."""
    stations = task.stations
    if task.operator == ANY:
        return _candidates(_pairs(task, hamlets[:0], stations))
    own = stations["operator"] == task.operator
    others = stations[~own & ~stations["mast_id"].isin(set(stations.loc[own, "mast_id"]))]
    tallest = others.sort_values(["height_m", "site_id"], ascending=[False, True])
    masts = tallest.drop_duplicates("mast_id").sort_values("site_id")
    lower_m = np.maximum(masts["height_m"] - CLEARANCE_M, LEAST_HEIGHT_M)
    return _candidates(_pairs(task, hamlets, masts.assign(height_m=lower_m)))


def _new_sector(task: _Task, hamlets: Ints) -> pd.DataFrame:
    """Return stations that have the technology but none of whose sectors faces the hamlet."""
    cells = headline_cells(
        task.layers, task.coverage, task.technology, task.operator, task.means.cells
    )
    sites = task.layers.table("sites")
    known = senders_of(cells, sites, task.ground.geobox, task.ground.settings).cells
    azimuths = {
        str(site): own["azimuth_grid_deg"].to_numpy(dtype=np.float64)
        for site, own in known.groupby("site_id")
    }
    heights_m = known.groupby("site_id")["height_m"].max()
    stations = task.stations[task.stations["site_id"].isin(set(azimuths))]
    stations = stations.assign(height_m=stations["site_id"].map(heights_m).astype("float64"))
    pairs = _pairs(task, hamlets, stations)
    samples, at = task.samples, pairs["hamlet"].to_numpy()
    right_m, up_m = samples.x_m[at] - pairs["x_m"], samples.y_m[at] - pairs["y_m"]
    bearing_deg = np.degrees(np.arctan2(right_m.to_numpy(), up_m.to_numpy())) % 360.0
    away = np.array(
        [
            _looks_away(azimuths[str(site)], towards)
            for site, towards in zip(pairs["site_id"], bearing_deg, strict=True)
        ],
        dtype=bool,
    )
    return _candidates(pairs[away], bearing_deg[away])


def _looks_away(azimuth_deg: Floats, bearing_deg: float) -> bool:
    """Return whether no sector faces a bearing; one of unknown direction might."""
    off_deg = np.abs((azimuth_deg - bearing_deg + 180.0) % 360.0 - 180.0)
    return bool((off_deg > LOOKS_AWAY_DEG).all())  # NaN is not above


def _new_site(task: _Task, hamlets: Ints) -> pd.DataFrame:
    """Return the middle of each hamlet and the highest ground in each direction around it."""
    geobox, samples = task.ground.geobox, task.samples
    allowed = _buildable(task)
    offsets = _rings(task.ground.cell_m)
    owner, rows, columns = [], [], []
    middles = index_of(geobox, *samples.at_m)
    for h in hamlets:
        row, column = int(middles[0][h]), int(middles[1][h])
        places = [(row, column)]
        for down, right in offsets:
            r, c = row + down, column + right
            inside = (r >= 0) & (r < geobox.shape[0]) & (c >= 0) & (c < geobox.shape[1])
            r, c = r[inside], c[inside]
            r, c = r[allowed[r, c]], c[allowed[r, c]]
            if r.size:
                top = int(np.argmax(task.ground.ground_m[r, c]))
                places.append((int(r[top]), int(c[top])))
        owner += [h] * len(places)
        rows += [place[0] for place in places]
        columns += [place[1] for place in places]
    x_m, y_m = cell_centres(geobox, np.array(rows, dtype=np.int64), np.array(columns, dtype=int))
    fibre_m = _fibre_m(task.layers, x_m, y_m)
    price = task.means.prices.actions["fibre_km"].price_vnd
    table = pd.DataFrame(
        {
            "hamlet": np.array(owner, dtype=np.int64),
            "site_id": pd.Series([None] * len(owner), dtype=object),
            "x_m": x_m,
            "y_m": y_m,
            "height_m": NEW_MAST_M - BELOW_TOP_M,
            "bearing_deg": np.nan,
            "extra_vnd": np.round(np.nan_to_num(fibre_m) / 1_000.0 * price),
            "fibre_m": fibre_m,
        }
    )
    return table[_in_communes(task.layers, x_m, y_m)].reset_index(drop=True)


def _buildable(task: _Task) -> Flags:
    """Return the grid cells of known ground that are not water."""
    allowed = np.isfinite(task.ground.ground_m) & (task.terrain.zone.to_numpy() != SEA)
    water = task.layers.rasters.get("water")
    return np.asarray(allowed if water is None else allowed & (water.to_numpy() != 1))


def _rings(cell_m: float) -> list[tuple[Ints, Ints]]:
    """Return the offsets of cells around a middle, by ring and direction."""
    reach = int(AROUND_M // cell_m)
    down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1].reshape(2, -1)
    away_m = np.hypot(down, right) * cell_m
    kept = (away_m > 0.0) & (away_m <= AROUND_M)
    down, right, away_m = down[kept], right[kept], away_m[kept]
    ring = np.minimum((away_m / AROUND_M * RINGS).astype(np.int64), RINGS - 1)
    turn = np.arctan2(right, -down) / (2.0 * np.pi) % 1.0
    group = ring * SECTORS + (turn * SECTORS).astype(np.int64) % SECTORS
    return [(down[group == g], right[group == g]) for g in np.unique(group)]


def _fibre_m(layers: Layers, x_m: Floats, y_m: Floats) -> Floats:
    """Return the length of a cable from each position to the nearest one; NaN where none is."""
    lines = layers.table("fibre").geometry.to_numpy()
    if not len(lines) or not x_m.size:
        return np.full(x_m.size, np.nan)
    at = shapely.points(x_m, y_m)
    nearest = shapely.STRtree(lines).nearest(at)
    return np.asarray(shapely.distance(lines[nearest], at) * DETOUR, dtype=np.float64)


def _in_communes(layers: Layers, x_m: Floats, y_m: Floats) -> Flags:
    """Return which positions lie in the province, all where its communes are not known."""
    communes = layers.table("communes").geometry.to_numpy()
    if not len(communes):
        return np.ones(x_m.size, dtype=bool)
    inside = np.zeros(x_m.size, dtype=bool)
    at, _ = shapely.STRtree(communes).query(shapely.points(x_m, y_m), predicate="intersects")
    inside[at] = True
    return inside


CANDIDATES: Mapping[str, Callable[[_Task, Ints], pd.DataFrame]] = MappingProxyType(
    {
        "new_sector": _new_sector,
        "technology_on_mast": _technology_on_mast,
        "sharing": _sharing,
        "new_site": _new_site,
    }
)


def _gained(task: _Task, candidates: pd.DataFrame) -> Floats:
    """Return the share of its hamlet's people to whom each candidate brings service."""
    gained = np.zeros(len(candidates))
    for begin in range(0, len(candidates), CANDIDATES_AT_ONCE):
        part = slice(begin, begin + CANDIDATES_AT_ONCE)
        gained[part] = _gained_of(task, candidates.iloc[part])
    return gained


def _gained_of(task: _Task, candidates: pd.DataFrame) -> Floats:
    """Return the shares gained by some candidates."""
    ground, samples = task.ground, task.samples
    entry = task.means.defaults.technologies[task.technology]
    names = [item.name for item in fields(entry)]
    cells = pd.DataFrame(
        {
            "site_id": candidates["site_id"].to_numpy(dtype=object),
            "technology": task.technology,
            "height_m": candidates["height_m"].to_numpy(),
            "candidate": np.arange(len(candidates)),
            **{name: getattr(entry, name) for name in names},
        }
    )
    at_m = candidates["x_m"].to_numpy(), candidates["y_m"].to_numpy()
    bearing_deg = candidates["bearing_deg"].to_numpy(dtype=np.float64)
    senders = planned_senders(cells, at_m, bearing_deg, ground.geobox, ground.settings)
    candidate = senders.cells["candidate"].to_numpy(dtype=np.int64)
    hamlet = candidates["hamlet"].to_numpy()[candidate]
    counts = samples.first[hamlet + 1] - samples.first[hamlet]
    sender = np.repeat(np.arange(hamlet.size), counts)
    point = samples.first[hamlet[sender]] + np.arange(sender.size)
    point -= (np.cumsum(counts) - counts)[sender]
    row, column = samples.row[point], samples.column[point]
    level_dbm = ground.links(senders, sender, row, column).level_dbm
    away_m = np.hypot(row - senders.row[sender], column - senders.column[sender]) * ground.cell_m
    served = level_dbm >= headline_needed_dbm(task.coverage, task.technology)
    served &= away_m <= ground.settings.radius_m
    return np.bincount(
        candidate[sender], samples.mass[point] * served, minlength=len(candidates)
    ).astype(np.float64)


def _told(hamlets: pd.DataFrame, task: _Task, tried: list[pd.DataFrame]) -> pd.DataFrame:
    """Return the action chosen for each hamlet."""
    table: dict[str, Any] = {
        name: np.full(len(hamlets), None if name in (*TEXTS, "fix_assumed") else np.nan, dtype=None)
        for name in FIX_COLUMNS
    }
    if tried:
        best = _chosen(pd.concat(tried, ignore_index=True))
        at = task.samples.number[best["hamlet"].to_numpy()]
        people = hamlets["people"].to_numpy(dtype=np.float64)[at]
        told = {
            "fix": best["action"],
            "fix_site": best["site_id"],
            "fix_x_m": best["x_m"],
            "fix_y_m": best["y_m"],
            "fix_people": best["gained"] * people,
            "fix_share": np.minimum(best["share"], 1.0),
            "fix_cost_vnd": best["cost_vnd"],
            "fix_fibre_m": best["fibre_m"],
            "fix_assumed": best["action"].map(task.means.prices.is_assumed),
        }
        for name, values in told.items():
            table[name][at] = np.asarray(values)
    kinds = dict.fromkeys(TEXTS, "str") | {"fix_assumed": "boolean"}
    return pd.DataFrame(table, index=hamlets.index).astype(kinds)


def _chosen(tried: pd.DataFrame) -> pd.DataFrame:
    """Return for each hamlet the cheapest candidate that is enough, else the most for the money."""
    useful = tried[tried["gained"] > 0.0]
    enough = useful["share"].to_numpy() >= ENOUGH - 1e-9
    cost_vnd = np.maximum(useful["cost_vnd"].to_numpy(dtype=np.float64), 1.0)
    gained = useful["gained"].to_numpy()
    key = np.where(enough, cost_vnd, -gained / cost_vnd)
    order = np.lexsort((-gained.round(9), key, ~enough, useful["hamlet"].to_numpy()))
    return useful.iloc[order].drop_duplicates("hamlet")
