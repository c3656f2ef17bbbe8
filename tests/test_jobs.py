"""Losses on disk: what a run cut off leaves, the next one takes."""

import os

import numpy as np
import pytest

from infraplan.jobs import LossCache

LOSSES = np.arange(1000, dtype=np.uint16)


def test_what_was_saved_is_found_by_the_next_run(tmp_path) -> None:
    LossCache(tmp_path, max_gb=1.0).save("ab12", LOSSES)
    again = LossCache(tmp_path, max_gb=1.0)
    assert np.array_equal(again.load("ab12"), LOSSES)
    assert again.load("ffff") is None
    assert again.found == 1


def test_a_damaged_file_counts_as_none(tmp_path) -> None:
    LossCache(tmp_path, max_gb=1.0).save("ab12", LOSSES)
    (path,) = tmp_path.glob("*/*.loss")
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    assert LossCache(tmp_path, max_gb=1.0).load("ab12") is None


def test_the_oldest_of_earlier_runs_give_way(tmp_path) -> None:
    room = 3 * 2004 / 1e9
    first = LossCache(tmp_path, max_gb=room)
    for age, key in enumerate(("aa", "bb", "cc")):
        first.save(key, LOSSES)
        os.utime(tmp_path / key / f"{key}.loss", (1000 + age, 1000 + age))
    second = LossCache(tmp_path, max_gb=room)
    assert second.load("aa") is not None  # used in this run: it stays
    second.save("dd", LOSSES)
    assert sorted(path.stem for path in tmp_path.glob("*/*.loss")) == ["aa", "cc", "dd"]


def test_a_run_never_throws_out_what_it_made_itself(tmp_path) -> None:
    cache = LossCache(tmp_path, max_gb=2 * 2004 / 1e9)
    for key in ("aa", "bb", "cc"):
        cache.save(key, LOSSES)
    assert cache.kept == 2
    assert cache.load("aa") is not None


@pytest.mark.parametrize("way", ["none", "folder is a file"])
def test_without_room_nothing_is_kept_and_nothing_fails(tmp_path, way: str) -> None:
    folder = tmp_path / "cache"
    if way != "none":
        folder.write_text("in the way", encoding="utf-8")
    cache = LossCache(folder, max_gb=0.0 if way == "none" else 1.0)
    cache.save("ab", LOSSES)
    assert cache.load("ab") is None
    assert cache.kept == 0
