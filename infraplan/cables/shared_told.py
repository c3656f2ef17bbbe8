"""What two routes share, in words."""

import math
from collections.abc import Mapping
from typing import Any

from infraplan.text import Words

__all__ = ["shared_part"]


def shared_part(row: Mapping[Any, Any], words: Words) -> str:
    """
    Return what two routes share at one place, in words.

    Parameters
    ----------
    row
        Row of `Route.common`: `kind`, `name`, `length_m`, `geometry`.
    words
        Catalogue to speak with.

    Returns
    -------
    told
        Such as `cầu qua sông Rào Cái, tại 540120,2030450`; the place is east, north of the plan.
    """
    kind = str(row["kind"])
    name = row["name"]
    if not isinstance(name, str):
        name = words(f"diverse.no_{kind}_name") if kind != "drop" else ""
    length_m = float(row["length_m"])
    length = words.number(length_m) if math.isfinite(length_m) else ""
    place = f"{row['geometry'].x:.0f},{row['geometry'].y:.0f}"
    return words(f"diverse.{kind}", name=name, length=length, place=place)
