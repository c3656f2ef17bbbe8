"""
Calibration: what measured levels say of the path loss, and whether it can be trusted.

Links are a table, one row a measured position and station: `site_id`, `e_m` and `n_m` of the
receiver [m], `level_dbm` as measured (where `censored`, the floor below which nothing was
received), `free_dbm` as free space and the antennas would give, `distance_m` from antenna to
antenna, `diffraction_db`, `height_over_m` (antenna above antenna), `freq_mhz`, and `clutter` at the
receiver. Everything that is chosen, is chosen inside the training folds.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from infraplan.errors import SettingsError
from infraplan.progress import Progress
from infraplan.radio.tuning import USUAL_HEIGHT_M
from infraplan.radio.tuning import TunedModel

__all__ = ["LINK_COLUMNS", "Calibration", "calibrate", "fit", "near_m", "validate"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
LINK_COLUMNS = (
    "site_id", "e_m", "n_m", "level_dbm", "censored", "free_dbm", "distance_m", "diffraction_db",
    "height_over_m", "freq_mhz", "clutter",
)  # fmt: skip
BLOCK_M = 1000.0
FOLDS, SEEDS, INNER_FOLDS, SITE_FOLDS = 10, 10, 5, 20
LEAST_LINKS, LEAST_BLOCKS = 30, 5
LEAST_OF_CLUTTER = 20  # links on one land cover before it has a term of its own
ROUNDS = 8  # of reweighting; the weights have then settled to 0.01 dB
HUBER = 1.345  # P. Huber: 95 % as good as least squares where errors are normal
RIDGES = (1.0, 4.0, 16.0, 64.0)  # links' worth of belief that a standardised term is 0
OUTLIER = 4.0  # robust standard deviations
INSIDE_80 = 1.2815515655446004  # standard normal quantile of 90 %
DRAWS = 1000
# what the fitted terms can physically be [dB a decade, or a share]
BOUNDS = {
    "slope": (-10.0, 40.0),
    "near": (-20.0, 60.0),
    "diffraction": (0.0, 1.2),
    "height": (-20.0, 20.0),
}
TERMS = ("near", "slope", "diffraction", "height")
USUAL_RX_M = 1.5
OBSTRUCTED_DB = 6.0  # of diffraction: the first Fresnel zone is half cut off


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """
    A tuned model and the proof of it.

    `comparison` has one row a model, index its name: `constants` fitted besides the offsets,
    `bias_db`, `rmse_db` (mean over ten assignments of blocks to folds), `rmse_low_db`,
    `rmse_high_db`, `new_sites_rmse_db` (sites left out), on held-out links that were received.
    `spread` tells by class of links how wide the 80 % interval is and how many it holds.
    `difference_db` is the RMSE less that of free space, with the bounds of its 95 % interval by
    resampling blocks: the model counts as better if the whole interval is below 0 and it is not
    shown to be worse than bare P.1812. `outliers` lists links far from the model, which were kept
    at less weight.
    """

    model: TunedModel
    comparison: pd.DataFrame
    spread: pd.DataFrame
    difference_db: tuple[float, float, float]
    outliers: pd.DataFrame
    link_count: int
    block_count: int

    def _repr_html_(self) -> str:
        """Return the comparison, for a notebook."""
        return str(self.comparison.round(2).to_html())


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    """A fitted model: its terms, coefficients and the offsets of sites."""

    terms: tuple[str, ...]
    near_m: float
    intercept: float
    weights: dict[str, float]
    offset: dict[str, float]
    sigma_db: float

    def predict(self, links: pd.DataFrame, fixed_db: Floats) -> Floats:
        """Return the levels of links; a site that was not fitted has no offset [dBm]."""
        excess = np.full(len(links), self.intercept) + fixed_db
        for name, column in _columns(links, self.terms, self.near_m).items():
            excess += self.weights.get(name, 0.0) * column
        offset = links["site_id"].map(self.offset).fillna(0.0).to_numpy(dtype=np.float64)
        return links["free_dbm"].to_numpy(dtype=np.float64) - excess + offset


def calibrate(
    links: pd.DataFrame, *, data_hash: str = "", progress: Progress | None = None
) -> Calibration:
    """
    Fit a tuned model to measured links and prove or disprove it.

    Parameters
    ----------
    links
        Table with the columns `LINK_COLUMNS`, index the ids of the links.
    data_hash
        Name of the measurements, kept in the model.
    progress
        Called with the share done.

    Returns
    -------
    calibration
        The model, the comparison on held-out links, and whether the comparison shows it better.

    Raises
    ------
    SettingsError
        If there are too few links, or all lie in too few blocks, to prove anything.
    """
    model, outliers = fit(links)
    comparison, held_out = validate(links, progress=progress)
    received = ~links["censored"].to_numpy(dtype=bool)
    blocks = _blocks(links)
    against = {
        name: _paired_difference(held_out["tuned"] ** 2, held_out[name] ** 2, blocks[received])
        for name in ("free space", "P.1812")
    }
    difference = against["free space"]
    errors = held_out["tuned"]
    spread = _spread(links[received], errors, held_out["tuned_sigma"])
    sigma_db = float(np.sqrt(np.mean(errors**2)))
    rmse = comparison["rmse_db"]
    tuned, plain = float(rmse["tuned"]), float(rmse["free space"])
    model = replace(
        model,
        sigma_db=round(sigma_db, 2),
        is_better=difference[2] < 0.0 and against["P.1812"][1] <= 0.0,
        data_hash=data_hash,
        validation=(
            f"{int(received.sum())} links, {len(np.unique(blocks))} blocks of 1 km: RMSE "
            f"{tuned:.2f} dB held out, free space "
            f"{plain:.2f} dB; difference {difference[0]:.2f} dB, "
            f"95 % within {difference[1]:.2f} and {difference[2]:.2f} dB"
        ),
    )
    return Calibration(
        model=model,
        comparison=comparison,
        spread=spread,
        difference_db=difference,
        outliers=outliers,
        link_count=len(links),
        block_count=len(np.unique(blocks)),
    )


def fit(links: pd.DataFrame) -> tuple[TunedModel, pd.DataFrame]:
    """
    Fit a tuned model.

    Parameters
    ----------
    links
        Table with the columns `LINK_COLUMNS`.

    Returns
    -------
    model
        Coefficients within their physical bounds, offsets of sites shrunk towards their mean.
    outliers
        Links over four robust standard deviations from the model, with `residual_db`.

    Raises
    ------
    SettingsError
        If there are too few links or blocks.

    Notes
    -----
    Source: P. J. Huber, Robust Statistics (1981), for the weights; J. Tobin, Econometrica 26 (1958)
    for readings below the floor; G. K. Robinson, Statistical Science 6 (1991) for the offsets.
    """
    _check(links)
    blocks = _blocks(links)
    fitted = _fit(links, _terms(links), ridge=_chosen_ridge(links, blocks)[0])
    residual = links["level_dbm"].to_numpy(dtype=float) - fitted.predict(
        links, np.zeros(len(links))
    )
    received = ~links["censored"].to_numpy(dtype=bool)
    far = received & (np.abs(residual) > OUTLIER * fitted.sigma_db)
    outliers = links.loc[far, ["site_id", "level_dbm", "distance_m"]].assign(
        residual_db=residual[far]
    )
    clutter = {
        name.removeprefix("clutter="): value
        for name, value in fitted.weights.items()
        if name.startswith("clutter=")
    }
    model = TunedModel(
        intercept_db=fitted.intercept,
        slope_db=fitted.weights.get("slope", 0.0),
        near_slope_db=fitted.weights.get("near", 0.0),
        near_m=near_m(links),
        diffraction_weight=fitted.weights.get("diffraction", 0.0),
        height_db=fitted.weights.get("height", 0.0),
        clutter_db=tuple(sorted(clutter.items())),
        site_offset_db=tuple(sorted(fitted.offset.items())),
        sigma_db=fitted.sigma_db,
    )
    return model, outliers


def validate(
    links: pd.DataFrame, *, progress: Progress | None = None
) -> tuple[pd.DataFrame, dict[str, Floats]]:
    """
    Compare the tuned model with plain ones on links it has not seen.

    Parameters
    ----------
    links
        Table with the columns `LINK_COLUMNS`.
    progress
        Called with the share done.

    Returns
    -------
    comparison
        One row a model, see `Calibration`.
    held_out
        Errors on the received links, predicted less measured, by model [dB]: root mean square over
        ten assignments of blocks to folds, with the sign of their mean; `tuned_sigma` is the spread
        that the training folds foretold.

    Raises
    ------
    SettingsError
        If there are too few links or blocks.

    Notes
    -----
    Blocks are squares of 1 km (floor of easting and northing); ten folds, their blocks drawn by the
    seeds 0 to 9. A model sees no link of a held-out block and its penalty is chosen inside the
    training folds; it knows a site's offset from the site's other blocks. That the structure of the
    tuned model was settled before is not held out.
    """
    _check(links)
    blocks = _blocks(links)
    measured = links["level_dbm"].to_numpy(dtype=np.float64)
    received = ~links["censored"].to_numpy(dtype=bool)
    sums = {name: np.zeros(len(links)) for name in (*REFERENCES, "tuned")}
    squares = {name: np.zeros(len(links)) for name in sums}
    scores: dict[str, list[float]] = {name: [] for name in sums}
    sigma = np.zeros(len(links))
    for seed in range(SEEDS):
        if progress is not None:
            progress(seed / SEEDS, "")
        predicted, spread = _held_out(links, blocks, seed)
        sigma += spread / SEEDS
        for name, levels in predicted.items():
            error = levels - measured
            sums[name] += error / SEEDS
            squares[name] += error**2 / SEEDS
            scores[name].append(float(np.sqrt(np.mean(error[received] ** 2))))
    new_sites = _new_sites(links)
    rows = {
        name: {
            "constants": CONSTANTS.get(name, len(_terms(links))),
            "bias_db": float(sums[name][received].mean()),
            "rmse_db": float(np.mean(scores[name])),
            "rmse_low_db": min(scores[name]),
            "rmse_high_db": max(scores[name]),
            "new_sites_rmse_db": float(
                np.sqrt(np.mean((new_sites[name] - measured)[received] ** 2))
            ),
        }
        for name in sums
    }
    held_out = {name: (np.sign(sums[name]) * np.sqrt(squares[name]))[received] for name in sums}
    held_out["tuned_sigma"] = sigma[received]
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("model"), held_out


# reference models: what they add to free space without asking the data, and terms they fit
REFERENCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "mean level": ("mean", ()),
    "free space": ("", ()),
    "log-distance": ("", ("slope",)),
    "Hata": ("hata", ()),
    "P.1812": ("p1812", ()),
    "P.1812 with slope": ("p1812", ("slope",)),
}
CONSTANTS = {name: len(terms) for name, (_, terms) in REFERENCES.items()}


def _fixed_db(links: pd.DataFrame, kind: str) -> Floats:
    """Return what a reference model adds to free space without fitting."""
    decades = np.log10(links["distance_m"].to_numpy(dtype=np.float64) / 1000.0)
    if kind == "hata":  # its rate at a base of 30 m; its constant goes into the offsets
        return np.asarray((44.9 - 6.55 * math.log10(USUAL_HEIGHT_M) - 20.0) * decades)
    if kind == "p1812":
        return links["diffraction_db"].to_numpy(dtype=np.float64).copy()
    if kind == "mean":  # takes free space off again
        return links["free_dbm"].to_numpy(dtype=np.float64).copy()
    return np.zeros(len(links))


def _held_out(links: pd.DataFrame, blocks: Ints, seed: int) -> tuple[dict[str, Floats], Floats]:
    """Return levels predicted for each fold by models that did not see it."""
    predicted = {name: np.full(len(links), np.nan) for name in (*REFERENCES, "tuned")}
    sigma = np.full(len(links), np.nan)
    for test in _folds(blocks, FOLDS, seed):
        train, rest = links[~test], links[test]
        for name, (kind, terms) in REFERENCES.items():
            fitted = _fit(train, terms, _fixed_db(train, kind))
            predicted[name][test] = fitted.predict(rest, _fixed_db(rest, kind))
        ridge, sigma[test] = _chosen_ridge(train, blocks[~test])
        fitted = _fit(train, _terms(train), ridge=ridge)
        predicted["tuned"][test] = fitted.predict(rest, np.zeros(len(rest)))
    return predicted, sigma


def _new_sites(links: pd.DataFrame) -> dict[str, Floats]:
    """Return levels predicted for sites by models that did not see them, some sites at a time."""
    predicted = {name: np.full(len(links), np.nan) for name in (*REFERENCES, "tuned")}
    blocks = _blocks(links)
    number = pd.factorize(links["site_id"], sort=True)[0] % SITE_FOLDS
    for group in range(SITE_FOLDS):
        test = number == group
        train, rest = links[~test], links[test]
        if not len(train) or not len(rest):
            continue
        for name, (kind, terms) in REFERENCES.items():
            fitted = _fit(train, terms, _fixed_db(train, kind))
            predicted[name][test] = fitted.predict(rest, _fixed_db(rest, kind))
        fitted = _fit(train, _terms(train), ridge=_chosen_ridge(train, blocks[~test])[0])
        predicted["tuned"][test] = fitted.predict(rest, np.zeros(len(rest)))
    return predicted


def _check(links: pd.DataFrame) -> None:
    """Refuse links from which nothing can be proved."""
    missing = [name for name in LINK_COLUMNS if name not in links]
    if missing:
        msg = f"the links lack the columns {', '.join(missing)}"
        raise SettingsError(msg)
    received = int((~links["censored"].astype(bool)).sum())
    blocks = len(np.unique(_blocks(links))) if len(links) else 0
    if received < LEAST_LINKS or blocks < LEAST_BLOCKS:
        msg = (
            f"{received} received links in {blocks} squares of 1 km are too few: calibration needs "
            f"{LEAST_LINKS} links in {LEAST_BLOCKS} squares, for each square is held out in turn"
        )
        raise SettingsError(msg)


def _blocks(links: pd.DataFrame) -> Ints:
    """Return the number of each link's square of 1 km."""
    squares = np.column_stack(
        [np.floor(links[name].to_numpy(dtype=np.float64) / BLOCK_M) for name in ("e_m", "n_m")]
    )
    return np.unique(squares, axis=0, return_inverse=True)[1].astype(np.int64).ravel()


def _folds(blocks: Ints, count: int, seed: int) -> Iterator[npt.NDArray[np.bool_]]:
    """Yield the links of each fold: whole blocks, drawn by a seed, as even in number as can be."""
    names = np.unique(blocks)
    order = np.random.default_rng(seed).permutation(names.size)
    fold_of = dict(zip(names[order], np.arange(names.size) % count, strict=True))
    fold = np.array([fold_of[block] for block in blocks])
    for number in range(count):
        if (fold == number).any() and (fold != number).any():
            yield fold == number


def near_m(links: pd.DataFrame) -> float:
    """
    Return the distance at which the ground reflection begins to count.

    Parameters
    ----------
    links
        Links with their `freq_mhz`.

    Returns
    -------
    near_m
        Break point of two rays, 4 h_1 h_2 / wavelength, for antennas 30 m and 1.5 m high [m].

    Notes
    -----
    Source: W. C. Y. Lee, Mobile Communications Engineering; ITU-R P.1411-12, equation (3).
    """
    wavelength_m = 299.792458 / float(links["freq_mhz"].median())
    return round(4.0 * USUAL_HEIGHT_M * USUAL_RX_M / wavelength_m)


def _terms(links: pd.DataFrame) -> tuple[str, ...]:
    """Return the terms of the tuned model: all, and land cover where enough links tell of it."""
    return (*TERMS, "clutter") if _clutters(links) else TERMS


def _chosen_ridge(links: pd.DataFrame, blocks: Ints) -> tuple[float, float]:
    """Return the penalty that does best on blocks held out within these links, and its error."""
    received = ~links["censored"].to_numpy(dtype=bool)
    measured = links["level_dbm"].to_numpy(dtype=np.float64)
    nothing = np.zeros(len(links))
    terms = _terms(links)
    scores = []
    for ridge in RIDGES:
        error = np.zeros(len(links))
        for test in _folds(blocks, INNER_FOLDS, 0):
            fitted = _fit(links[~test], terms, ridge=ridge)
            error[test] = fitted.predict(links[test], nothing[test]) - measured[test]
        scores.append(float(np.mean(error[received] ** 2)))
    best = int(np.argmin(scores))
    return RIDGES[best], math.sqrt(scores[best])


def _clutters(links: pd.DataFrame) -> list[str]:
    """Return the land covers with links enough for a term of their own."""
    counts = links.loc[links["clutter"].astype(str) != "", "clutter"].value_counts()
    return sorted(str(name) for name in counts.index[counts >= LEAST_OF_CLUTTER])


def _columns(links: pd.DataFrame, terms: tuple[str, ...], near: float) -> dict[str, Floats]:
    """Return what each term multiplies."""
    distance = links["distance_m"].to_numpy(dtype=np.float64)
    made: dict[str, Floats] = {}
    if "slope" in terms:
        made["slope"] = np.log10(distance / 1000.0)
    if "near" in terms:
        made["near"] = np.minimum(np.log10(distance / near), 0.0)
    if "diffraction" in terms:
        made["diffraction"] = links["diffraction_db"].to_numpy(dtype=np.float64)
    if "height" in terms:
        over = np.maximum(links["height_over_m"].to_numpy(dtype=np.float64), 1.0)
        made["height"] = np.log10(over / USUAL_HEIGHT_M)
    if "clutter" in terms:
        for name in sorted(set(links["clutter"].astype(str)) - {""}):
            made[f"clutter={name}"] = np.asarray(
                links["clutter"].astype(str) == name, dtype=np.float64
            )
    return made


def _fit(
    links: pd.DataFrame,
    terms: tuple[str, ...],
    fixed_db: Floats | None = None,
    *,
    ridge: float = RIDGES[0],
) -> _Fit:
    """Fit terms and offsets: robust, offsets shrunk, readings below the floor as such."""
    near = near_m(links)
    columns = _columns(links, terms, near)
    sites, site = np.unique(links["site_id"].to_numpy(dtype=str), return_inverse=True)
    fixed = np.zeros(len(links)) if fixed_db is None else fixed_db
    free = links["free_dbm"].to_numpy(dtype=np.float64)
    excess = free - fixed - links["level_dbm"].to_numpy(dtype=np.float64)
    censored = links["censored"].to_numpy(dtype=bool)
    names = list(columns)
    design = np.column_stack([np.ones(len(links)), *columns.values()])
    centre, scale = design.mean(axis=0), design.std(axis=0)
    centre[0], scale[0] = 0.0, 1.0
    scale[scale == 0] = 1.0
    low = np.array([0.0] + [BOUNDS.get(name, (-25.0, 25.0))[0] for name in names])
    high = np.array([0.0] + [BOUNDS.get(name, (-25.0, 25.0))[1] for name in names])
    standard = (design - centre) / scale
    weight = np.ones(len(links))
    target = excess.copy()
    sigma, spread = 8.0, 8.0
    beta = np.zeros(design.shape[1])
    offset = np.zeros(sites.size)
    for _ in range(ROUNDS):
        beta, offset, freedom = _solve(
            standard, site, sites.size, target, weight, ridge, (sigma / max(spread, 0.1)) ** 2,
            low * scale, high * scale,
        )  # fmt: skip
        mean = standard @ beta + offset[site]
        residual = target - mean
        sigma = max(1.4826 * float(np.median(np.abs(residual[~censored]))), 0.5)
        spread = math.sqrt(float(np.mean(offset**2 + freedom * sigma**2)))
        weight = np.minimum(1.0, HUBER * sigma / np.maximum(np.abs(residual), 1e-9))
        if censored.any():  # the mean of what lies below the floor
            z = (excess[censored] - mean[censored]) / sigma
            target[censored] = mean[censored] + sigma * _mills(z)
            weight[censored] = 1.0
    slopes = beta / scale
    return _Fit(
        terms=terms,
        near_m=near,
        intercept=float(beta[0] - (slopes[1:] * centre[1:]).sum()),
        weights={name: float(value) for name, value in zip(names, slopes[1:], strict=True)},
        offset={str(name): -float(value) for name, value in zip(sites, offset, strict=True)},
        sigma_db=sigma,
    )


def _solve(  # noqa: PLR0917 - a linear system
    design: Floats,
    site: Ints,
    site_count: int,
    target: Floats,
    weight: Floats,
    ridge: float,
    site_ridge: float,
    low: Floats,
    high: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Return coefficients, offsets of sites and the offsets' variance in units of sigma²."""
    count = np.bincount(site, weights=weight, minlength=site_count) + site_ridge
    size = design.shape[1]
    held = np.zeros(size, dtype=bool)
    beta = np.zeros(size)
    weighted = design * weight[:, None]
    # the offsets are eliminated: each is the shrunk mean of its site's residuals
    per_site = np.column_stack(
        [np.bincount(site, weights=weighted[:, k], minlength=site_count) for k in range(size)]
    )
    target_of_site = np.bincount(site, weights=weight * target, minlength=site_count)
    gram = design.T @ weighted - per_site.T @ (per_site / count[:, None])
    gram[np.arange(1, size), np.arange(1, size)] += ridge
    right = weighted.T @ target - per_site.T @ (target_of_site / count)
    for _ in range(size):
        free = ~held
        moved = right[free] - gram[np.ix_(free, held)] @ beta[held]
        beta[free] = np.linalg.solve(gram[np.ix_(free, free)], moved)
        outside = free & ((beta < low) | (beta > high))
        outside[0] = False
        if not outside.any():
            break
        beta[outside] = np.clip(beta[outside], low[outside], high[outside])
        held |= outside
    offset = np.asarray((target_of_site - per_site @ beta) / count)
    return beta, offset, np.asarray(1.0 / count)


def _mills(z: Floats) -> Floats:
    """Return the mean of a standard normal above z."""
    from scipy.special import log_ndtr

    return np.asarray(np.exp(-0.5 * z * z - 0.5 * math.log(2.0 * math.pi) - log_ndtr(-z)))


def _spread(links: pd.DataFrame, errors: Floats, sigma: Floats) -> pd.DataFrame:
    """Return how wide the 80 % interval is, and how many held-out links it holds, by class."""
    distance = links["distance_m"].to_numpy(dtype=np.float64)
    obstructed = links["diffraction_db"].to_numpy(dtype=np.float64) >= OBSTRUCTED_DB
    classes = {
        "all": np.ones(len(links), dtype=bool),
        "below 1 km": distance < 1000.0,
        "1 km and more": distance >= 1000.0,
        "clear": ~obstructed,
        "obstructed": obstructed,
    }
    inside = np.abs(errors) <= INSIDE_80 * sigma
    rows = {
        name: {
            "links": int(mask.sum()),
            "rmse_db": float(np.sqrt(np.mean(errors[mask] ** 2))),
            "half_width_db": float(INSIDE_80 * sigma[mask].mean()),
            "inside": float(inside[mask].mean()),
        }
        for name, mask in classes.items()
        if mask.any()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("links_that_are")


def _paired_difference(one: Floats, other: Floats, blocks: Ints) -> tuple[float, float, float]:
    """Return the difference of two root mean squares, and its 95 % interval over blocks redrawn."""
    names, number = np.unique(blocks, return_inverse=True)
    count = np.bincount(number).astype(float)
    sums = [np.bincount(number, weights=values) for values in (one, other)]
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, names.size, (DRAWS, names.size))
    links = count[drawn].sum(axis=1)
    both = [np.sqrt(total[drawn].sum(axis=1) / links) for total in sums]
    low, high = np.quantile(both[0] - both[1], [0.025, 0.975])
    whole = math.sqrt(one.mean()) - math.sqrt(other.mean())
    return whole, float(low), float(high)
