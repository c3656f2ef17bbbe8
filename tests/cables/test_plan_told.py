"""Words of undergrounding plans that page, papers and command line have in common."""

from collections.abc import Iterator
from typing import Any

import pytest

from infraplan.cables.plan_told import feature_told
from infraplan.cables.plan_told import finding_told
from infraplan.cables.plan_told import source_kept
from infraplan.cables.plan_told import source_told
from infraplan.packaged import data_path
from infraplan.packaged import read_toml
from infraplan.text import words

VI, EN = words("vi"), words("en")
BOOKS = (
    "prices/vn-assumed.toml", "works/investment-vn.toml", "works/funding-vn.toml",
    "works/vn-2025.toml", "works/over-land.toml", "works/phasing.toml",
    "slopes/trench-assumed.toml",
)  # fmt: skip


def sources(value: Any) -> Iterator[str]:
    """Yield every source of a file of data."""
    for key, inner in value.items() if isinstance(value, dict) else ():
        if isinstance(inner, str) and (key == "source" or key.endswith("_source")):
            yield inner
        else:
            yield from sources(inner)
    for inner in value if isinstance(value, list) else ():
        yield from sources(inner)


@pytest.mark.parametrize("book", BOOKS)
def test_every_source_of_our_prices_and_rates_is_told_in_vietnamese(book: str) -> None:
    found = list(sources(read_toml(data_path(book))))
    assert found
    for source in found:
        told = source_told(f"{source}; 2026-01-01", VI)
        assert told != f"{source}; 2026-01-01"
        assert told.endswith("; 2026-01-01")
        assert not {"of", "the", "engineering", "with"} & set(told.split())
        assert source_told(source, EN) == source


def test_sources_of_an_office_stay_as_they_are_and_unchanged_ones_come_back() -> None:
    assert source_told("QĐ 12/QĐ-UBND; 2026-02-01", VI) == "QĐ 12/QĐ-UBND; 2026-02-01"
    ours = next(sources(read_toml(data_path(BOOKS[0]))))
    assert source_kept(source_told(ours, VI), ours) == ours
    assert source_kept("QĐ 12/QĐ-UBND", ours) == "QĐ 12/QĐ-UBND"


def test_findings_name_prices_and_rules_instead_of_their_codes() -> None:
    row = {"code": "price_unconfirmed", "feature_id": "cable_new", "value": 5e4, "limit": None}
    assert "cable_new" not in finding_told(row, VI)
    assert finding_told(row, VI).startswith("Đơn giá cáp")
    assert feature_told("cover", "G0001", VI) == "G0001"
    assert feature_told("cover", float("nan"), VI) == ""
    short = {"code": "cover", "feature_id": "G1", "value": 0.45, "limit": 1.0}
    assert finding_told(short, VI) == "Đoạn G1: đỉnh ống sâu 0,45 m, chưa đủ 1 m"
    assert finding_told({**short, "code": "unheard"}, VI) == "unheard"
