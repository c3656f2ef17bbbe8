"""Hamlets lie inside their commune and communes beside each other: rows for which that fails."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from infraplan.errors import Fault

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["misplaced_hamlets", "overlapping_communes", "straddling_hamlets"]

REST = "-rest"  # ends the ids that programs give to what lies outside all hamlets of a commune
POINT_M = 150.0  # a point so far outside its commune is given no ground there
SLIVER_M2 = 1.0  # ground below it is what rounding leaves
OVERLAP_M2 = 10_000.0  # common ground of two communes from which people count for both
BEYOND_SHARE = 0.05  # of a hamlet's ground outside its commune, worth telling
Floats = npt.NDArray[np.float64]


def misplaced_hamlets(
    hamlets: "gpd.GeoDataFrame", communes: "gpd.GeoDataFrame"
) -> tuple[Fault, ...]:
    """
    Return hamlets that would lose their people: no ground of theirs lies in their commune.

    Parameters
    ----------
    hamlets
        Layer `hamlets` by id; those without position are not looked at.
    communes
        Layer `communes` by code.

    Returns
    -------
    faults
        Hamlets outside the commune that they name, by where they lie instead; hamlets that name no
        commune of the plan; and ids that end as those of the rest of a commune do.
    """
    faults = []
    reserved = hamlets.index[hamlets.index.astype(str).str.endswith(REST)]
    if len(reserved):
        faults.append(
            Fault(
                what=f"ids that end in '{REST}' mean what lies outside all hamlets of a commune",
                rows=tuple(map(str, reserved)),
                column="hamlet_id",
                expected=f"ids that do not end in '{REST}'",
                remedy="give these hamlets other ids",
                code="hamlet_id_reserved",
                details=(("ending", REST),),
            )
        )
    if not len(communes):
        return tuple(faults)
    unknown = hamlets.index[~hamlets["commune_code"].isin(communes.index)]
    if len(unknown):
        codes = sorted(set(map(str, hamlets.loc[unknown, "commune_code"])))
        faults.append(
            Fault(
                what="the plan has no commune of this code",
                rows=tuple(map(str, unknown)),
                column="commune_code",
                found=", ".join(f"'{code}'" for code in codes[:5]),
                expected="codes of layer 'communes'",
                remedy="correct commune_code; old codes mean other communes since the 2025 reform",
                code="hamlet_commune_unknown",
            )
        )
    own, beyond = _placed(hamlets, communes)
    lost = own[beyond >= 1.0]
    codes, names = communes.index.astype(str), communes["name"].to_dict()
    at = lost.geometry.representative_point()
    here, there = communes.sindex.query(at.to_numpy(), predicate="intersects")
    lies_in = pd.Series("", index=lost.index, dtype=object)
    lies_in.iloc[here] = codes[there]
    for (said, other), members in lost.groupby([lost["commune_code"], lies_in]):
        where = f"in {names[other]} ({other})" if other else "outside all communes"
        mend = f"set commune_code to {other}, or correct the position" if other else ""
        faults.append(
            Fault(
                what="the hamlet lies outside its commune",
                rows=tuple(map(str, members.index)),
                column="commune_code",
                found=where,
                expected=f"a position in {names[said]} ({said})",
                remedy=mend or "correct the position, or import the commune that it lies in",
                code="hamlet_elsewhere" if other else "hamlet_outside_all",
                details=(
                    ("name", str(names[said])),
                    ("code", str(said)),
                    ("there", str(names.get(other, ""))),
                    ("other", str(other)),
                ),
            )
        )
    return tuple(faults)


def straddling_hamlets(
    hamlets: "gpd.GeoDataFrame", communes: "gpd.GeoDataFrame"
) -> tuple[str, ...]:
    """
    Return hamlets that reach beyond their commune; only their ground inside it counts.

    Parameters
    ----------
    hamlets
        Layer `hamlets` by id.
    communes
        Layer `communes` by code.

    Returns
    -------
    ids
        Of polygons with more than a twentieth of their ground outside, and some inside.
    """
    own, beyond = _placed(hamlets, communes)
    return tuple(map(str, own.index[(beyond > BEYOND_SHARE) & (beyond < 1.0)]))


def overlapping_communes(communes: "gpd.GeoDataFrame") -> tuple[Fault, ...]:
    """
    Return communes that claim the same ground, whose people would count for both.

    Parameters
    ----------
    communes
        Layer `communes` by code.

    Returns
    -------
    faults
        One for each pair with more than a hectare in common; less is what drawing leaves.
    """
    shapes = communes.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    first, second = first[first < second], second[first < second]
    common_m2 = shapely.area(shapely.intersection(shapes[first], shapes[second]))
    codes, names = communes.index.astype(str), communes["name"].astype(str).to_numpy()
    return tuple(
        Fault(
            what="two communes overlap",
            rows=(codes[one], codes[other]),
            column="geometry",
            found=f"{area / 1e4:.1f} ha in both {names[one]} and {names[other]}",
            expected="communes that only meet at their borders",
            remedy="correct the border, or leave out communes of another date",
            code="communes_overlap",
            details=(
                ("hectares", f"{area / 1e4:.1f}"),
                ("one", names[one]),
                ("other", names[other]),
            ),
        )
        for one, other, area in zip(first, second, common_m2, strict=True)
        if area > OVERLAP_M2
    )


def _placed(
    hamlets: "gpd.GeoDataFrame", communes: "gpd.GeoDataFrame"
) -> tuple["gpd.GeoDataFrame", Floats]:
    """Return hamlets with position and commune, and their share outside it (1: all of it)."""
    known = hamlets["commune_code"].isin(communes.index)
    own = hamlets[known & ~(hamlets.geometry.isna() | hamlets.geometry.is_empty)]
    shapes = own.geometry.to_numpy()
    grounds = communes.geometry.to_numpy()
    shapely.prepare(grounds)
    homes = grounds[communes.index.get_indexer(own["commune_code"])]
    area_m2 = shapely.area(shapes)
    inside_m2 = area_m2.copy()
    crossing = ~shapely.covers(homes, shapes)
    inside_m2[crossing] = shapely.area(shapely.intersection(shapes[crossing], homes[crossing]))
    beyond = 1.0 - np.divide(inside_m2, area_m2, out=np.zeros(len(own)), where=area_m2 > 0)
    flat = area_m2 <= SLIVER_M2
    away = shapely.distance(shapes, homes) > POINT_M
    is_lost = crossing & np.where(flat, away, inside_m2 <= SLIVER_M2)
    return own, np.where(is_lost, 1.0, np.where(flat, 0.0, np.minimum(beyond, 1.0 - 1e-9)))
