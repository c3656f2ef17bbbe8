"""`infraplan.toml`: read back as written, refused with every fault named."""

import tomllib

import pytest

from infraplan.errors import SettingsError
from infraplan.plan import PlanSettings


def test_settings_read_back_as_written() -> None:
    settings = PlanSettings(
        name='Hà Tĩnh "2026" \\ thử',
        resolution_m=60.0,
        underground_streets=("Phan Đình Phùng", "Hà Huy Tập"),
        area_bounds=(1.0, 2.0, 3.0, 4.0),
    )
    assert PlanSettings.from_dict(tomllib.loads(settings.to_toml())) == settings


def test_every_fault_of_the_settings_is_named_at_once() -> None:
    table = {"name": "", "crs": "WGS84", "language": "fr", "grid": {"resolution_m": 1}}
    with pytest.raises(SettingsError) as caught:
        PlanSettings.from_dict(table)
    for word in ("name", "crs", "language", "grid.resolution_m"):
        assert word in str(caught.value)


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"unknown key 'grid\.size'"):
        PlanSettings.from_dict({"name": "x", "grid": {"size": 3}})


def test_a_value_of_the_wrong_type_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"run\.propose_sites|propose_sites must be a whole"):
        PlanSettings.from_dict({"name": "x", "run": {"propose_sites": "ten"}})


def test_a_plan_of_a_newer_format_is_refused() -> None:
    with pytest.raises(SettingsError, match="newer infraplan"):
        PlanSettings.from_dict({"name": "x", "format": 99})
