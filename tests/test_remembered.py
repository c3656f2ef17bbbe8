"""What is kept in the user's cache: made once, made anew where anything of it has changed."""

from pathlib import Path

import pytest

from infraplan.remembered import remembered


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """Return the folder in which things are kept."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    return tmp_path / "cache" / "infraplan" / "made"


class Maker:
    """Something that is made, and how often it was."""

    def __init__(self):
        self.count = 0

    def __call__(self):
        self.count += 1
        return b"made"


def test_what_was_made_is_kept(cache):
    make = Maker()
    assert {remembered("thing", make, told="a") for _ in range(3)} == {b"made"}
    assert make.count == 1
    assert len(list(cache.iterdir())) == 1


@pytest.mark.parametrize(
    "other",
    [{"told": "b"}, {"modules": ("infraplan.remembered",)}, {"packages": ("folium",)}],
)
def test_what_depends_on_something_else_is_made_anew(cache, other):
    make = Maker()
    remembered("thing", make, told="a")
    remembered("other", make, told="a")
    assert remembered("thing", make, **{"told": "a", **other}) == b"made"
    assert make.count == 3
    assert len(list(cache.iterdir())) == 2  # the last of each kind


@pytest.mark.parametrize("damage", [b"", b"short", b"0" * 40])
def test_what_is_damaged_is_made_anew(cache, damage):
    make = Maker()
    remembered("thing", make)
    next(cache.iterdir()).write_bytes(damage)
    assert remembered("thing", make) == b"made"
    assert remembered("thing", make) == b"made"
    assert make.count == 2


def test_without_a_place_to_keep_it_all_works_as_well(cache):
    cache.parent.parent.write_bytes(b"a file where the folder would be")
    make = Maker()
    assert [remembered("thing", make) for _ in range(2)] == [b"made"] * 2
    assert make.count == 2


def test_a_folder_in_its_place_is_left_alone(cache):
    make = Maker()
    remembered("thing", make)
    kept = next(cache.iterdir())
    kept.unlink()
    kept.mkdir()
    assert remembered("thing", make) == b"made"
    assert list(cache.iterdir()) == [kept]


def test_code_that_cannot_be_read_is_no_fault(cache, monkeypatch):
    monkeypatch.setattr("infraplan.remembered.__file__", str(Path(cache / "gone.py")))
    assert remembered("thing", Maker(), modules=("infraplan.remembered",)) == b"made"
    assert not cache.exists()
