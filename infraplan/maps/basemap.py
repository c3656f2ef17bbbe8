"""A base map from the network: only in a page made with one, and off until it is asked for."""

import re
from typing import Any

from infraplan.errors import SettingsError

__all__ = ["base_map_entry"]

ADDRESS = re.compile(
    r"https://([a-z0-9][a-z0-9.-]*(?::\d{1,5})?)(/[\w.{}?=&%~+-]+(?:/[\w.{}?=&%~+-]+)*)"
)
DEEPEST = 19


def base_map_entry(address: str, credit: str = "") -> dict[str, Any]:
    """
    Return what a page needs to know of a base map.

    Parameters
    ----------
    address
        Address of its tiles, such as `https://host/{z}/{x}/{y}.png`.
    credit
        Whose map it is, shown while it is on; the host where it is empty.

    Returns
    -------
    entry
        The address, its host, the credit and the closest zoom that it has.

    Raises
    ------
    SettingsError
        If the address is no https address with `{z}`, `{x}` and `{y}` and without any other slot.
    """
    found = ADDRESS.fullmatch(address)
    if found is None or sorted(re.findall(r"\{(.*?)\}", found.group(2))) != ["x", "y", "z"]:
        msg = f"map.online_base must be like https://host/{{z}}/{{x}}/{{y}}.png; found '{address}'"
        raise SettingsError(msg)
    host = found.group(1)
    return {"address": address, "host": host, "credit": credit or host, "deepest": DEEPEST}
