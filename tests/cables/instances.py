"""Published Steiner instances: names, what is known of them, and their graphs."""

import csv
import gzip

import numpy as np

from tests.shared_data import shared_folder

INSTANCES = (
    "I001", "I004", "I012", "I015", "I020", "I024", "I039", "I043", "I048", "I052", "I053", "I054",
    "I056", "I059", "I063", "I073", "I079", "I085", "G101", "G204", "G207", "alue7066", "bip52u",
    "cc3-4u", "cc5-3n", "diw0250", "dmxa0296", "dmxa0454", "dmxa1109", "dmxa1304", "dmxa1721",
    "e12", "eil76fst", "es1000fst01", "es1000fst04", "es1000fst05", "fnl4461fst", "hc9p",
    "i640-014", "i640-141", "ind4", "lin01", "lin24", "lin26", "msm2000", "msm2152", "msm2705",
    "rc05", "rc06", "rl1889fst", "wrp3-19", "wrp3-22", "wrp3-85", "wrp4-13", "wrp4-16", "wrp4-38",
    "wrp4-58",
)  # fmt: skip


def known_instance(name: str) -> dict[str, str]:
    """Return what was published of an instance: nodes, edges, best bounds, file."""
    folder = shared_folder("benchmarks/steiner_dev")
    with (folder / "instances.csv").open(encoding="utf-8") as lines:
        return next(row for row in csv.DictReader(lines) if row["file"].split("_")[0] == name)


def read_instance(name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return edges, costs and terminals of an instance."""
    folder = shared_folder("benchmarks/steiner_dev")
    edges, terminals = [], []
    with gzip.open(folder / known_instance(name)["file"], "rt") as lines:
        for words in map(str.split, lines):
            if words[:1] == ["E"]:
                edges.append([int(word) for word in words[1:]])
            elif words[:1] == ["T"]:
                terminals.append(int(words[1]))
    table = np.asarray(edges)
    return table[:, :2], table[:, 2].astype(float), np.asarray(terminals)
