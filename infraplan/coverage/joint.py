"""Service of several technologies together, of any operator: telephone, and broadband from 3G."""

from collections.abc import Collection
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.coverage.service import Service
from infraplan.coverage.shares import Parts
from infraplan.layers.bundle import Layers
from infraplan.layers.schemas import TECHNOLOGIES
from infraplan.layers.stations import on_air
from infraplan.radio.results import ANY

__all__ = ["SERVICES", "joint_shares", "technologies_on_air"]

# what counts as each service: a call needs any technology, data at speed 3G or better
SERVICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"telephone": TECHNOLOGIES, "broadband": ("3G", "4G", "5G")}
)
Flags = npt.NDArray[np.bool_]


def joint_shares(
    areas: Parts, services: Mapping[str, Service], technologies: Collection[str]
) -> pd.DataFrame:
    """
    Return the shares of people whom any technology of a service reaches, of any operator.

    Parameters
    ----------
    areas
        The areas on the grid of the services.
    services
        Service of each technology predicted, without those switched off.
    technologies
        Technologies on air that count. Where one of them was not predicted of any operator, who is
        not reached by the others is unknown.

    Returns
    -------
    shares
        A row for each area: of `telephone` and of `broadband` the `<service>_share` with `_low` and
        `_high`, `<service>_unknown_share`, and `<service>_assumed_share`, the people whom only
        cells resting on defaults reach; NaN where the area has no ground on the grid.
    """
    total = np.bincount(areas.part, areas.own, areas.count)
    total = np.where(total > 0, total, np.nan)
    predicted = {name: of for name, of in services.items() if ANY in of.names}
    table = {}
    for service, names in SERVICES.items():
        levels = [of.levels(ANY) for name, of in predicted.items() if name in names]
        is_whole = not (set(technologies) & set(names)) - set(predicted)
        nowhere = np.zeros(areas.cells.size, dtype=bool)

        def anywhere(flags: list[Flags], nowhere: Flags = nowhere) -> Flags:
            """Return where any of several flags is set."""
            return np.any(flags, axis=0) if flags else nowhere

        covered = anywhere([level.covered for level in levels])
        doubtful = anywhere([level.unknown for level in levels]) if is_whole else ~nowhere
        found = {
            "share": covered,
            "share_low": anywhere([level.low for level in levels]),
            "share_high": anywhere([level.high for level in levels]) | doubtful,
            "unknown_share": doubtful & ~covered,
            "assumed_share": covered
            & ~anywhere([level.covered & ~level.assumed for level in levels]),
        }
        for name, flags in found.items():
            table[f"{service}_{name}"] = areas.sums(flags, areas.own) / total
    return pd.DataFrame(table)


def technologies_on_air(layers: Layers) -> frozenset[str]:
    """
    Return the technologies that stations on air list, or cells of theirs have.

    Parameters
    ----------
    layers
        Bundle with `sites`; `cells` where there.

    Returns
    -------
    technologies
        Their names.
    """
    sites, cells = on_air(layers.table("sites")), layers.table("cells")
    listed = {name for names in sites["technologies"].dropna() for name in str(names).split(";")}
    return frozenset(listed | set(cells.loc[cells["site_id"].isin(sites.index), "technology"]))
