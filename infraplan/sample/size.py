"""How large a sample is: the counts and lengths that it must come to."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from infraplan.errors import SettingsError

__all__ = ["OPERATORS", "PILOT", "PROVINCE", "Operator", "Remote", "Size", "size_of"]


@dataclass(frozen=True, slots=True)
class Operator:
    """
    An operator of the sample.

    `code` goes into ids; `station_share` is its part of the stations, `access_share` the part of
    the hamlets that its fibre reaches; `as_of` the date of its lists.
    """

    name: str
    code: str
    station_share: float
    access_share: float
    as_of: str


# Shares: order of size of the national market, assumed; the office's own lists replace them.
OPERATORS = (
    Operator("Viettel", "VTL", 0.45, 0.95, "2025-10-31"),
    Operator("VNPT", "VNP", 0.28, 0.90, "2025-09-30"),
    Operator("MobiFone", "MBF", 0.20, 0.45, "2025-10-15"),
    Operator("Vietnamobile", "VNM", 0.07, 0.0, "2022-12-31"),
)


@dataclass(frozen=True, slots=True)
class Remote:
    """
    A group of small hamlets far up the valleys, where nobody has built a mast.

    They lie between `least_m` and `most_m` from all ordinary hamlets.
    """

    hamlet_count: int
    least_m: float
    most_m: float


@dataclass(frozen=True, slots=True)
class Size:
    """
    One size of the sample.

    `mast_count` below `station_count` makes operators share masts; `remote` are the
    groups of remote hamlets; `coarse_m` the cell on which roads are routed, `lattice_m` the
    spacing of village lanes, of whose meshes `lane_kept_share` are there; `street_rows` and
    `street_columns` count the streets of the city in either direction.
    """

    name: str
    station_count: int
    mast_count: int
    cable_km: float
    aerial_share: float
    people_per_hamlet: float
    remote: tuple[Remote, ...]
    coarse_m: float
    lattice_m: float
    hub_count: int
    street_rows: int
    street_columns: int
    lane_kept_share: float = 0.8


PILOT = Size(
    name="pilot", station_count=150, mast_count=122, cable_km=600.0, aerial_share=0.90,
    people_per_hamlet=3200.0, remote=(Remote(5, 900.0, 5000.0),), coarse_m=180.0,
    lattice_m=110.0, hub_count=4, street_rows=7, street_columns=7,
)  # fmt: skip
PROVINCE = Size(
    name="province", station_count=3250, mast_count=2640, cable_km=21_000.0, aerial_share=0.90,
    people_per_hamlet=830.0,
    remote=(Remote(48, 1800.0, 8000.0), Remote(28, 11_500.0, 17_000.0)), coarse_m=270.0,
    lattice_m=54.0, hub_count=18, street_rows=8, street_columns=8,
)  # fmt: skip

SIZES: Mapping[str, Size] = MappingProxyType({size.name: size for size in (PILOT, PROVINCE)})


def size_of(name: str) -> Size:
    """
    Return a size by its name.

    Parameters
    ----------
    name
        `"pilot"` or `"province"`.

    Returns
    -------
    size
        Counts and lengths.

    Raises
    ------
    SettingsError
        If there is no such size.
    """
    if name not in SIZES:
        msg = f"size must be {' or '.join(SIZES)}; found '{name}'"
        raise SettingsError(msg)
    return SIZES[name]
