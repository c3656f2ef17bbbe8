"""What a street is worth, and in which year: points from what lies in it and is planned there."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from typing import Any

import numpy as np
import numpy.typing as npt

from infraplan.cables.chosen import matching_streets
from infraplan.cables.chosen import plain_text
from infraplan.cables.measure import geodesic_lengths_m
from infraplan.errors import SettingsError
from infraplan.layers.bundle import Layers

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd
    import shapely

__all__ = ["PhasingRules", "RoadWorksRule", "StreetWorth", "WorthItem", "street_worth"]

Floats = npt.NDArray[np.float64]

ITEMS = ("owners", "drops", "aerial", "poles", "traffic")
CLASSES = ("main", "secondary", "local", "alley")
BESIDE_M = 2.0  # poles and cables stand that far beyond the street's width at most
USUAL_WIDTH_M = 10.0
GRAZED_M = 10.0  # a cable that runs less far along a street only crosses it
HOUSE_M = 20.0  # farthest house that a street serves
ALONG_M = 15.0  # road works within this distance of a street are meant for it


@dataclass(frozen=True, slots=True)
class WorthItem:
    """Points for one unit of what speaks for a street, and where they come from."""

    points: float
    unit: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class RoadWorksRule:
    """
    What planned road works do to a street.

    In their years and `years_before` it is worth `worth_share` more and costs `saving_share` less;
    for `barred_years` after them it may not be opened. They must cover `least_share` of the street
    to bar it; what they add is in proportion to what they cover.
    """

    worth_share: float
    saving_share: float
    years_before: int
    barred_years: int
    least_share: float
    source: str
    verified: bool


@dataclass(frozen=True, slots=True)
class PhasingRules:
    """Points by item, vehicles a day assumed by class, road works, and the discount of a year."""

    name: str
    worth: Mapping[str, WorthItem]
    vehicles: Mapping[str, float]
    vehicles_source: str
    road_works: RoadWorksRule
    discount: float
    discount_source: str
    note: str = ""

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "PhasingRules":
        """
        Return the rules that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file such as `data/works/phasing.toml`; unknown keys are refused.

        Returns
        -------
        rules
            Checked rules.

        Raises
        ------
        SettingsError
            If a key is unknown or missing or a number out of range; all faults are listed.
        """
        words = ("source", "verified")
        told = {"name", "worth", "traffic", "road_works", "discount"}
        wrong = _keys(table, "phasing", told, {"note"})
        wrong += _keys(table.get("worth", {}), "worth", set(ITEMS))
        for item, entry in table.get("worth", {}).items():
            wrong += _keys(entry, f"worth.{item}", {"points", "unit", *words})
            wrong += _numbers(entry, f"worth.{item}", ("points",), 1e6)
        traffic = table.get("traffic", {})
        wrong += _keys(traffic, "traffic", {*CLASSES, *words})
        wrong += _numbers(traffic, "traffic", CLASSES, 1e6)
        shares, counts = (
            ("worth_share", "saving_share", "least_share"),
            ("years_before", "barred_years"),
        )
        works = table.get("road_works", {})
        wrong += _keys(works, "road_works", {*shares, *counts, *words})
        wrong += _numbers(works, "road_works", ("worth_share",), 10.0)
        wrong += _numbers(works, "road_works", ("saving_share", "least_share"), 1.0)
        wrong += _numbers(works, "road_works", counts, 50.0)
        discount = table.get("discount", {})
        wrong += _keys(discount, "discount", {"share_per_year", *words})
        wrong += _numbers(discount, "discount", ("share_per_year",), 1.0)
        if wrong:
            raise SettingsError("; ".join(wrong))
        return cls(
            name=table["name"],
            worth={item: WorthItem(**entry) for item, entry in table["worth"].items()},
            vehicles={name: float(traffic[name]) for name in CLASSES},
            vehicles_source=traffic["source"],
            road_works=RoadWorksRule(**{**works, **{name: int(works[name]) for name in counts}}),
            discount=float(discount["share_per_year"]),
            discount_source=discount["source"],
            note=table.get("note", ""),
        )


@dataclass(frozen=True, slots=True, eq=False)
class StreetWorth:
    """
    What streets are worth, and in which years.

    `table` by street: length, owners, houses, aerial cable, poles, vehicles a day, years of road
    works, and the points of each; missing where the layers cannot tell. `by_year` by street and
    year: whole points, missing in years that are barred. `saving` likewise: share of the cost that
    is saved. `notes` say what is unknown or assumed.
    """

    table: "pd.DataFrame"
    by_year: "pd.DataFrame"
    saving: "pd.DataFrame"
    notes: tuple[str, ...]

    def costs(self, cost_vnd: Mapping[str, int]) -> "pd.DataFrame":
        """
        Return what each street costs in each year.

        Parameters
        ----------
        cost_vnd
            Cost by street, whole dong [VND].

        Returns
        -------
        cost_vnd
            By street and year, whole dong, less what is saved when a road is dug up anyway [VND].
        """
        import pandas as pd

        rows = {
            street: [int(cost_vnd[street]) - round(int(cost_vnd[street]) * share) for share in row]
            for street, row in zip(self.saving.index, self.saving.to_numpy().tolist(), strict=True)
        }
        frame = pd.DataFrame.from_dict(rows, orient="index", columns=self.saving.columns)
        return frame.astype("int64").rename_axis("street")

    def reasons(self) -> dict[str, dict[str, Any]]:
        """
        Return what speaks for each street, to be kept beside its year.

        Returns
        -------
        reasons
            By street: what is known of it and its points; what is unknown is left out.
        """
        import pandas as pd

        return {
            str(street): {
                str(name): value.item() if hasattr(value, "item") else value
                for name, value in row.items()
                if not pd.isna(value)
            }
            for street, row in self.table.iterrows()
        }


def street_worth(
    layers: Layers, streets: Sequence[str], rules: PhasingRules, *, years: Sequence[int]
) -> StreetWorth:
    """
    Return what streets are worth to be built in each of several years.

    Parameters
    ----------
    layers
        Layers of the plan: `streets`; `fibre`, `cable_survey`, `buildings`, `poles` and
        `road_works` are used where they are.
    streets
        Names or ids, each a street of its own.
    rules
        Points, assumed traffic, road works, discount.
    years
        Years, ascending.

    Returns
    -------
    worth
        Table by street, whole points by street and year, what is saved, and notes.

    Notes
    -----
    A layer that is absent makes its item unknown: it counts as none, and a note says so. Vehicles a
    day are those of the street where counted, else assumed by its class.
    """
    import pandas as pd

    layers.need("streets", step="phasing")
    rows = [_street(layers, name, rules) for name in streets]
    frame = pd.DataFrame(rows, index=pd.Index(list(streets), name="street"))
    points = {item: _points(frame, item, rules) for item in ITEMS}
    for item, values in points.items():
        frame[f"{item}_points"] = values
    total = sum(
        (values.fillna(0.0) for values in points.values()), start=pd.Series(0.0, frame.index)
    )
    by_year = pd.DataFrame(index=frame.index, columns=list(years), dtype="Int64")
    saving = pd.DataFrame(0.0, index=frame.index, columns=list(years))
    for street, whole in zip(frame.index, total.tolist(), strict=True):
        row = frame.loc[street]
        for number, year in enumerate(years):
            share, barred = _dug_once(row, year, rules.road_works)
            saving.loc[street, year] = rules.road_works.saving_share * share
            value = whole * (1 + rules.road_works.worth_share * share)
            value *= (1 - rules.discount) ** number
            by_year.loc[street, year] = pd.NA if barred else round(value)
    return StreetWorth(frame, by_year, saving, _notes(layers, frame, rules))


def _street(layers: Layers, name: str, rules: PhasingRules) -> dict[str, Any]:
    """Return what lies in a street and is planned there."""
    import shapely

    table = layers.table("streets")
    mine = table.loc[matching_streets(table, [name])]
    length_m = geodesic_lengths_m(mine.geometry.to_numpy(), layers.crs)
    width = mine["width_m"].astype("float64").fillna(USUAL_WIDTH_M).to_numpy()
    ground = shapely.union_all(
        shapely.buffer(mine.geometry.to_numpy(), width / 2 + BESIDE_M, cap_style="flat")
    )
    vehicles, assumed = _vehicles(mine, length_m, rules)
    first, last, share = _road_works(layers.table("road_works"), mine.geometry.union_all())
    return (
        {"length_m": float(length_m.sum())}
        | _cables(layers, mine, ground)
        | {
            "drops": _served(layers, mine) if layers.has("buildings") else np.nan,
            "poles": float(layers.table("poles").geometry.intersects(ground).sum())
            if layers.has("poles")
            else np.nan,
            "vehicles_per_day": vehicles,
            "vehicles_assumed": assumed,
            "works_from": first,
            "works_to": last,
            "works_share": share,
        }
    )


def _cables(layers: Layers, mine: "gpd.GeoDataFrame", ground: "shapely.Geometry") -> dict[str, Any]:
    """Return who owns how much aerial cable in a street, by lines or by the survey."""
    import pandas as pd

    if not layers.has("fibre") and not layers.has("cable_survey"):
        return {"owners": np.nan, "owner_names": None, "aerial_m": np.nan}
    fibre = layers.table("fibre")
    near = fibre[fibre.geometry.intersects(ground)]
    near = near[near["installation"].isna() | (near["installation"] == "aerial")]
    inside = near.geometry.intersection(ground)
    length_m = pd.Series(geodesic_lengths_m(inside.to_numpy(), layers.crs), index=near.index)
    length_m = length_m.groupby(near["operator"].astype(str)).sum()
    found = {str(owner): float(value) for owner, value in length_m.items() if value >= GRAZED_M}
    survey = layers.table("cable_survey")
    names = {plain_text(str(v)) for v in (*mine["name"], *mine.index)}
    meant = [plain_text(str(v)) in names for v in survey["street"]]
    told = survey[np.asarray(meant, dtype=bool)]
    street_m = float(geodesic_lengths_m(mine.geometry.to_numpy(), layers.crs).sum())
    for owner, rows in told.groupby(told["owner"].astype(str)):
        if str(owner) not in found:
            found[str(owner)] = float(rows["cables"].sum()) * street_m
    return {
        "owners": float(len(found)),
        "owner_names": ";".join(sorted(found)) or None,
        "aerial_m": float(sum(found.values())),
    }


def _served(layers: Layers, mine: "gpd.GeoDataFrame") -> float:
    """Return the houses that a street serves from the air."""
    import shapely

    buildings = layers.table("buildings")
    service = buildings["aerial_service"]
    if service.notna().any():
        buildings = buildings[service == True]  # noqa: E712 - missing is false
    streets = layers.table("streets").geometry
    near = shapely.STRtree(streets.to_numpy()).query_nearest(
        buildings.geometry.to_numpy(), max_distance=HOUSE_M, all_matches=False
    )
    return float(np.isin(streets.index[near[1]], mine.index).sum())


def _vehicles(
    mine: "gpd.GeoDataFrame",
    length_m: Floats,
    rules: PhasingRules,
) -> tuple[float, bool]:
    """Return vehicles a day, the mean over the length of a street, and whether any are assumed."""
    counted = mine["vehicles_per_day"].astype("float64").to_numpy()
    guessed = np.asarray([rules.vehicles.get(str(name), np.nan) for name in mine["class"]])
    value = np.where(np.isnan(counted), guessed, counted)
    known = ~np.isnan(value)
    if not known.any():
        return np.nan, False
    assumed = bool((np.isnan(counted) & known).any())
    return float(np.average(value[known], weights=length_m[known])), assumed


def _road_works(
    works: "gpd.GeoDataFrame", street: "shapely.Geometry"
) -> tuple[float, float, float]:
    """Return first and last year of the works that cover most of a street, and how much of it."""
    import pandas as pd

    best = (np.nan, np.nan, 0.0)
    for _, row in works.sort_index().iterrows():
        begin, end = pd.to_datetime(row["starts"]), pd.to_datetime(row["ends"])
        if pd.isna(begin) and pd.isna(end):
            continue
        covered = street.intersection(row.geometry.buffer(ALONG_M, cap_style="flat")).length
        share = float(covered / street.length)
        if share > best[2]:
            first = end if pd.isna(begin) else begin
            last = begin if pd.isna(end) else end
            best = (float(first.year), float(last.year), share)
    return best


def _points(frame: "pd.DataFrame", item: str, rules: PhasingRules) -> "pd.Series[float]":
    """Return the points of an item."""
    hundreds = frame["length_m"] / 100
    amount = {
        "owners": frame["owners"] * hundreds,
        "drops": frame["drops"],
        "aerial": frame["aerial_m"] / 100,
        "poles": frame["poles"],
        "traffic": frame["vehicles_per_day"] / 1000 * hundreds,
    }[item]
    return amount.astype("float64") * rules.worth[item].points


def _dug_once(row: "pd.Series[Any]", year: int, rule: RoadWorksRule) -> tuple[float, bool]:
    """Return by how much road works count for a street in a year, and whether they bar it."""
    first, last, share = row["works_from"], row["works_to"], float(row["works_share"])
    if np.isnan(first):
        return 0.0, False
    barred = share >= rule.least_share and last < year <= last + rule.barred_years
    counts = first - rule.years_before <= year <= last
    return (share if counts else 0.0), bool(barred)


def _notes(layers: Layers, frame: "pd.DataFrame", rules: PhasingRules) -> tuple[str, ...]:
    """Return what is unknown or assumed, in sentences."""
    notes = []
    for layer, what in (
        ("fibre", "owners and aerial cable"),
        ("buildings", "houses served"),
        ("poles", "poles exposed to storms"),
    ):
        if not layers.has(layer) and not (layer == "fibre" and layers.has("cable_survey")):
            notes.append(f"{what}: unknown, there is no layer '{layer}'; counted as none")
    assumed = int(frame["vehicles_assumed"].sum())
    if assumed:
        notes.append(f"traffic of {assumed} streets: {rules.vehicles_source}")
    unknown = int(frame["vehicles_per_day"].isna().sum())
    if unknown:
        notes.append(f"traffic of {unknown} streets: unknown; counted as none")
    works = layers.table("road_works")
    undated = int((works["starts"].isna() & works["ends"].isna()).sum())
    if undated:
        notes.append(f"{undated} road works have no date and do not count")
    if not all(item.verified for item in rules.worth.values()):
        notes.append("the points of streets are assumed")
    return tuple(notes)


def _keys(
    table: Mapping[str, Any], place: str, known: set[str], optional: set[str] | None = None
) -> list[str]:
    """Return what is unknown or missing among the keys of a table."""
    extra = known | (optional or set())
    return [f"{place}: unknown key '{key}'" for key in table if key not in extra] + [
        f"{place}: missing key '{key}'" for key in sorted(known) if key not in table
    ]


def _numbers(table: Mapping[str, Any], place: str, names: Sequence[str], most: float) -> list[str]:
    """Return which numbers of a table are none, or out of range."""
    wrong = []
    for name in names:
        value = table.get(name, 0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            wrong.append(f"{place}: {name} must be a number in [0, {most:g}]; found {value!r}")
    return wrong
