"""What digging costs: prices with their sources, and the shapes that make metres quantities."""

from collections.abc import Mapping
from dataclasses import MISSING
from dataclasses import dataclass
from dataclasses import fields
from typing import Any

from infraplan.errors import SettingsError
from infraplan.layers.notes import Note
from infraplan.layers.notes import joined

__all__ = ["PriceBook", "PriceItem", "QuantityRules", "ShareClass", "TrenchLayout"]

UNITS = ("m", "m2", "m3", "each")
PLACEMENTS = ("footway", "carriageway")
SURFACES = ("asphalt", "concrete", "paving", "soil")
NEEDED_ITEMS = (
    *(f"trench_{placement}_{surface}" for placement in PLACEMENTS for surface in SURFACES),
    "trench_verge_soil",
    "excavation_extra",
    *(f"reinstatement_extra_{surface}" for surface in SURFACES),
    "duct_d110",
    "duct_reuse",
    "crossing_open",
    "crossing_open_fixed",
    "crossing_hdd",
    "crossing_hdd_fixed",
    "crossing_bridge",
    "crossing_bridge_fixed",
    "crossing_rail",
    "crossing_rail_fixed",
    "crossing_river",
    "crossing_river_fixed",
    "permit_crossing",
    "permit_rail",
    "chamber_manhole",
    "chamber_handhole",
    "riser",
    "drop_house",
    "drop_duct",
    "cable_new",
    "cable_removal",
    "pole_removal",
)


@dataclass(frozen=True, slots=True)
class PriceItem:
    """One price: VND before tax for a unit, with where and when it comes from."""

    unit: str
    price_vnd: int
    source: str
    date: str
    confidence: str
    verified: bool


@dataclass(frozen=True, slots=True)
class TrenchLayout:
    """Trench for a number of ducts: layers, width at the mouth and at the bottom [m]."""

    bores: int
    layers: int
    mouth_m: float
    bottom_m: float


@dataclass(frozen=True, slots=True)
class ShareClass:
    """Weight of a metre of cable thicker than `above_mm` when operators share the cost [VND]."""

    above_mm: float
    weight_vnd: int


@dataclass(frozen=True, slots=True)
class QuantityRules:
    """Rules that turn a drawn trench into quantities; each group of numbers has its source."""

    cover_footway_m: float
    cover_carriageway_m: float
    cover_source: str
    cover_verified: bool
    bed_m: float
    gap_m: float
    bore_diameter_m: float
    spacing_source: str
    spacing_verified: bool
    base_bores: int
    base_source: str
    base_verified: bool
    chamber_spacing_m: float
    bend_deg: float
    chamber_source: str
    chamber_verified: bool
    crossing_spacing_m: float
    hdd_width_m: float
    hdd_bores: int
    crossing_source: str
    crossing_verified: bool
    barrier_m: float
    barrier_source: str
    barrier_verified: bool
    frontage_per_drop_m: float
    frontage_source: str
    frontage_verified: bool
    fill_share: float
    spare_share: float
    fill_source: str
    fill_verified: bool
    least_bores: int
    cable_slack_share: float
    default_diameter_mm: float
    cable_source: str
    cable_verified: bool
    layouts: tuple[TrenchLayout, ...]
    layout_source: str
    layout_verified: bool

    def layout(self, bores: int) -> TrenchLayout:
        """
        Return the smallest trench that holds a number of ducts.

        Parameters
        ----------
        bores
            Ducts needed, >= 1.

        Returns
        -------
        layout
            The least layout with at least so many ducts; the largest one where none is enough.
        """
        enough = [layout for layout in self.layouts if layout.bores >= bores]
        return min(enough or self.layouts[-1:], key=lambda layout: layout.bores)

    def depth_m(self, layout: TrenchLayout, placement: str) -> float:
        """
        Return the depth of a trench.

        Parameters
        ----------
        layout
            Ducts and their layers.
        placement
            `"footway"`, or `"carriageway"`, which asks for more cover.

        Returns
        -------
        depth_m
            Cover, ducts, gaps between layers and bed [m].
        """
        cover_m = self.cover_footway_m if placement == "footway" else self.cover_carriageway_m
        ducts_m = layout.layers * self.bore_diameter_m + (layout.layers - 1) * self.gap_m
        return cover_m + ducts_m + self.bed_m

    def excavation_m3_per_m(self, layout: TrenchLayout, placement: str) -> float:
        """
        Return the ground taken out of a metre of trench.

        Parameters
        ----------
        layout
            Ducts and their layers.
        placement
            `"footway"` or `"carriageway"`.

        Returns
        -------
        excavation_m3_per_m
            Mean width times depth [m3/m].
        """
        return (layout.mouth_m + layout.bottom_m) / 2 * self.depth_m(layout, placement)


@dataclass(frozen=True, slots=True)
class PriceBook:
    """
    Prices before tax and rules of quantity; each price names source, date and confidence.

    `share_classes` go from the thickest cable to the thinnest; `share_source` says where they are
    from.
    """

    name: str
    items: Mapping[str, PriceItem]
    rules: QuantityRules
    share_classes: tuple[ShareClass, ...]
    share_source: str
    share_verified: bool
    note: str = ""

    @classmethod
    def from_dict(cls, table: Mapping[str, Any]) -> "PriceBook":
        """
        Return the price book that a TOML file describes.

        Parameters
        ----------
        table
            Content of a file in `data/prices`; unknown keys are refused.

        Returns
        -------
        prices
            Checked price book.

        Raises
        ------
        SettingsError
            If a key or an item is unknown or missing, or a price negative; all faults are listed.
        """
        wrong = _keys(table, "", {"name", "items", "rules", "share_classes", "share_basis"},
                      optional={"note", "currency"})  # fmt: skip
        if table.get("currency", "VND") != "VND":
            wrong.append(f"currency must be VND; found {table['currency']}")
        items = table.get("items", {})
        lacks = [code for code in NEEDED_ITEMS if code not in items]
        wrong += [Note("asked.no_price", item=code) for code in lacks]
        for code, entry in items.items():
            wrong += [f"items: unknown '{code}'"] if code not in NEEDED_ITEMS else []
            wrong += _faults(entry, code, PriceItem) or _price_faults(entry, code)
        wrong += _faults(table.get("rules", {}), "rules", QuantityRules)
        for layout in table.get("rules", {}).get("layouts", ()):
            wrong += _faults(layout, "rules.layouts", TrenchLayout)
        for entry in table.get("share_classes", ()):
            wrong += _faults(entry, "share_classes", ShareClass)
        basis = table.get("share_basis", {})
        wrong += _keys(basis, "share_basis", {"source", "date", "confidence", "verified"})
        if wrong:
            name = str(table.get("name", ""))
            raise SettingsError(Note("asked.price_book", name=name, faults=joined(wrong)))
        layouts = tuple(TrenchLayout(**entry) for entry in table["rules"]["layouts"])
        classes = sorted(
            (ShareClass(**entry) for entry in table["share_classes"]), key=lambda c: -c.above_mm
        )
        return cls(
            name=table["name"],
            items={code: PriceItem(**entry) for code, entry in items.items()},
            rules=QuantityRules(
                **{**table["rules"], "layouts": tuple(sorted(layouts, key=lambda x: x.bores))}
            ),
            share_classes=tuple(classes),
            share_source=f"{basis['source']}, {basis['date']}",
            share_verified=bool(basis["verified"]),
            note=table.get("note", ""),
        )

    def price_vnd(self, item: str) -> int:
        """
        Return the price of one unit of an item.

        Parameters
        ----------
        item
            Code of the item.

        Returns
        -------
        price_vnd
            Price before tax [VND].

        Raises
        ------
        SettingsError
            If the price book has no such item.
        """
        if item not in self.items:
            msg = f"price book: there is no price of '{item}'"
            raise SettingsError(msg)
        return self.items[item].price_vnd

    def share_weight_vnd(self, diameter_mm: float) -> int:
        """
        Return the weight of a metre of cable in the sharing of costs.

        Parameters
        ----------
        diameter_mm
            Outer diameter of the cable, > 0.

        Returns
        -------
        weight_vnd
            Rent of a metre of duct for such a cable [VND].
        """
        return next(c.weight_vnd for c in self.share_classes if diameter_mm > c.above_mm)


def _keys(
    table: Mapping[str, Any], place: str, known: set[str], optional: set[str] | None = None
) -> list[str]:
    """Return what is unknown or missing among the keys of a table."""
    prefix = f"{place}: " if place else ""
    extra = known | (optional or set())
    return [f"{prefix}unknown key '{key}'" for key in table if key not in extra] + [
        f"{prefix}missing key '{key}'" for key in sorted(known) if key not in table
    ]


def _faults(table: Mapping[str, Any], place: str, made: type) -> list[str]:
    """Return what keeps a table from being one of our dataclasses."""
    needed = {field.name for field in fields(made) if field.default is MISSING}
    wrong = _keys(table, place, needed)
    for field in fields(made):
        value: Any = table.get(field.name)
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if field.name in table and field.type in ("int", "float", int, float):
            if not is_number:
                wrong.append(f"{place}: {field.name} must be a number; found {value!r}")
            elif not 0 <= value < 1e12:
                wrong.append(f"{place}: {field.name} must be at least 0; found {value}")
    return wrong


def _price_faults(entry: Mapping[str, Any], code: str) -> list[str]:
    """Return what is wrong with a price whose keys are right."""
    wrong = []
    if entry["unit"] not in UNITS:
        wrong.append(f"{code}: unit must be one of {', '.join(UNITS)}; found '{entry['unit']}'")
    if entry["price_vnd"] != int(entry["price_vnd"]) or entry["price_vnd"] <= 0:
        wrong.append(f"{code}: price_vnd must be whole dong above 0; found {entry['price_vnd']}")
    if not str(entry["source"]).strip():
        wrong.append(f"{code}: a price without a source is none")
    return wrong
