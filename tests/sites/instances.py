"""Published instances of maximal covering, read from the shared benchmarks."""

import numpy as np
import pandas as pd
import scipy.sparse as sp

from tests.shared_data import shared_folder

EARTH_RADIUS_M = 6_378_100  # of the published distances
PROVINCE = {15: 471_244, 30: 723_018, 50: 937_980, 100: 1_193_211}  # reached or proven elsewhere
CITIES = {"NewYork": 400, "SanFrancisco": 600}  # radius [m]
CITY_COUNTS = (50, 60, 70, 80, 90, 100)


def province():
    """Return matrix and weights of the generated instance of the size of a province."""
    with np.load(shared_folder("benchmarks") / "max_coverage" / "province_20000x2000.npz") as file:
        parts = (np.ones(file["indices"].size), file["indices"], file["indptr"])
        return sp.csr_array(parts, shape=tuple(file["shape"])), file["weight"]


def city(name):
    """Return a city's matrix and weights: every point is demand and candidate."""
    text = (shared_folder("benchmarks") / "max_coverage" / "cities" / f"{name}.txt").read_text()
    coordinates, demand = text.split("NODE_COORD_SECTION")[1].split("DEMAND_SECTION")
    lat, lon = np.radians(np.array(coordinates.split(), np.float32).astype(float)).reshape(-1, 2).T
    weight = np.array([int(word) for word in demand.replace("EOF", "").split()])
    cosine = np.sin(lat) * np.sin(lat[:, None])
    cosine += np.cos(lat) * np.cos(lat[:, None]) * np.cos(lon - lon[:, None])
    distance_m = EARTH_RADIUS_M * np.arccos(np.clip(cosine, -1, 1))
    return sp.csr_array(distance_m.astype(np.float32) <= CITIES[name]), weight


def published(name, count):
    """Return the value and the choice published for a city and a number of sites."""
    folder = shared_folder("benchmarks") / "max_coverage" / "cities" / "best"
    value, sites = (folder / f"{name}_{count}_{CITIES[name]}.txt").read_text().splitlines()[:2]
    return int(value.split()[1]), [int(word) for word in sites.split()[1:]]


def swain():
    """Return distances and people of Swain's 55 nodes, and the table of published optima."""
    folder = shared_folder("benchmarks") / "max_coverage" / "swain55"
    distance = pd.read_csv(folder / "swain55_distances.csv", header=None).to_numpy()
    people = pd.read_csv(folder / "swain55_nodes.csv")["population"].to_numpy()
    return distance, people, pd.read_csv(folder / "tabela1_resultados.csv")
