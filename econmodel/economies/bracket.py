"""What stands beside a separation: two numbers that bracket scale, robustness, outcomes by size, providers over time.

A relationship variable built from an input and a volume (staff per user) pulls the elasticity at a fixed ratio to one
by arithmetic, and a technology whose staff need rises less than volume gives the same numbers as rationed contact. Only
outcomes can discriminate, so the elasticity with outcomes held and the ratio free stands beside the other.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.inference import estimate, usual_method
from econmodel.estimate.bootstrap import Replications, quantile_interval
from econmodel.estimate.delta import Measure, jacobian
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit, refit_fewer
from econmodel.estimate.least_squares import Groups
from econmodel.results import with_interval

Array = NDArray[np.float64]
HELD, FREE = "the ratio held", "outcomes held, the ratio free"
# Of a column after the others, or of a row after what fits it.
NOTHING_LEFT = 1e-10
WITHIN_AND_BETWEEN = "within and between providers"
# Below this share of its sum of squares the variation of log size is rounding.
NO_VARIATION = 1e-12
ROWS = ("all rows", "between providers", "within providers")


def input_ratios(fit: Fit) -> list[str]:
    """Relationship variables that are not declared attributes: input ratios, and those of unstated kind."""
    return [name for name, role in fit.data.relationships.items() if role.kind != "attribute"]


def bracket(fit: Fit, level: float) -> pd.DataFrame:
    """Ray elasticities at the mean with outcomes held and the input ratios free, and with the ratios held.

    Empty where there is no input ratio; one row where no outcome is declared.
    """
    ratios = input_ratios(fit)
    if not ratios:
        return pd.DataFrame()
    held = refit(fit, fit.data, hold_outcomes=False) if fit.specification.hold_outcomes else fit
    rows = [_elasticity(held, HELD, level)]
    if fit.data.outcomes:
        attributes = [name for name in fit.data.relationships if name not in ratios]
        free = refit_fewer(fit, fit.data.using(relationships=attributes), hold_outcomes=True)
        rows.insert(0, _elasticity(free, FREE, level))
    return pd.DataFrame(rows)


def _elasticity(fit: Fit, held: str, level: float) -> dict[str, object]:
    found = estimate(fit, ray_elasticity(fit), 1.0, method=usual_method(fit), conf_level=level)
    return {
        "with": held,
        "rows": int(fit.nobs),
        "ray_elasticity": found.values[0],
        "std_error": found.errors[0],
        "conf_low": found.low[0],
        "conf_high": found.high[0],
    }


def ray_elasticity(fit: Fit) -> Measure:
    """The ray elasticity at the mean as a function of the parameters."""
    technology, mean = fit.technology, fit.technology.mean_point()

    def measure(theta: Array) -> Array:
        return (technology.slopes(theta, mean).outputs * mean.outputs).sum(axis=-1)

    return measure


def relationship_slope(fit: Fit, place: int) -> Measure:
    """The slope of log cost on a relationship variable at the mean as a function of the parameters."""
    technology, mean = fit.technology, fit.technology.mean_point()

    def measure(theta: Array) -> Array:
        slope = technology.slopes(theta, mean).relationships[..., place]
        return np.broadcast_to(slope, (*theta.shape[:-1], 1))

    return measure


def robustness(fit: Fit) -> pd.DataFrame:
    """Robustness values of scale (against one) and of each relationship variable (against zero), at the mean.

    The share of the residual variance, of cost and of the variable alike, that something left out would have to explain
    to bring the estimate to its null (Cinelli and Hazlett, 2020), from the classical t and the degrees of freedom.
    Empty for other estimators than least squares, of which it says nothing.
    """
    if not fit.error_model.is_plain:
        return pd.DataFrame()
    measures = [("scale", ray_elasticity(fit), 1.0)]
    for place, name in enumerate(fit.technology.relationships):
        measures.append((fit.data.labels(name), relationship_slope(fit, place), 0.0))
    rows = []
    for name, measure, null in measures:
        gradient = jacobian(measure, fit.theta)[0]
        variance = float(gradient @ fit.error_model.classical_covariance @ gradient)
        value = float(measure(fit.theta)[0])
        if np.isfinite(value):
            rows.append((name, value, null, robustness_value(value - null, variance, fit.df_resid)))
    return pd.DataFrame(rows, columns=["of", "estimate", "null", "robustness_value"])


def robustness_value(departure: float, variance: float, freedom: float) -> float:
    """[sqrt(f^4 + 4 f^2) - f^2] / 2, f being t over the root of the degrees of freedom; one where cost fits exactly."""
    if departure == 0.0:
        return 0.0
    return 2.0 / (1.0 + float(np.sqrt(1.0 + 4.0 * variance * freedom / departure / departure)))


def outcomes_by_size(fit: Fit, log_size: Array, level: float) -> pd.DataFrame:
    """Slope of each declared outcome on log size with the context held, by statsmodels' least squares.

    Whether the results of larger providers differ is what could tell scale from thinned relationship. Errors are
    clustered where those of the fit are. A slope is missing where the rows with an outcome do not tell it.
    """
    if not fit.data.outcomes:
        return pd.DataFrame()
    import statsmodels.api as sm

    values = fit.sample.rows.columns
    context = [values[name] for name, part in fit.sample.controls.items() if part == "context"]
    regressors = np.column_stack([np.ones(len(log_size)), log_size, *context])
    rows = []
    for name, role in fit.data.outcomes.items():
        outcome = fit.data.frame[name].to_numpy(dtype=float, na_value=np.nan)
        outcome = np.log(outcome) if role.scale == "log" else outcome
        seen = np.isfinite(outcome)
        label, count = fit.data.labels(name), int(seen.sum())
        clusters = fit.clusters.codes[seen] if fit.cov_type == "cluster" and fit.clusters is not None else None
        if not _tells_a_slope(outcome[seen], regressors[seen], clusters):
            rows.append((label, count, *[np.nan] * 5))
            continue
        how: dict[str, object] = {"cov_type": "HC3"}
        if clusters is not None:
            how = {"cov_type": "cluster", "cov_kwds": {"groups": clusters}}
        found = sm.OLS(outcome[seen], regressors[seen]).fit(use_t=True, **how)
        low, high = found.conf_int(1.0 - level)[1]
        spread = float(outcome[seen].std(ddof=1))
        rows.append((label, count, spread, found.params[1], found.bse[1], low, high))
    columns = ["outcome", "rows", "standard_deviation", "slope_on_log_size", "std_error", "conf_low", "conf_high"]
    return pd.DataFrame(rows, columns=columns)


def _tells_a_slope(outcome: Array, regressors: Array, clusters: NDArray[np.intp] | None) -> bool:
    """Whether rows outnumber what is held, tell it apart, vary, lie in several clusters, and none is fitted alone."""
    n, k = regressors.shape
    if n <= k or np.ptp(outcome) == 0.0 or (clusters is not None and len(np.unique(clusters)) < 2):
        return False
    scaled = regressors / np.maximum(np.abs(regressors).max(axis=0), np.finfo(float).tiny)
    basis, sizes, _ = np.linalg.svd(scaled - np.append(0.0, scaled[:, 1:].mean(axis=0)), full_matrices=False)
    return bool(sizes[-1] > NOTHING_LEFT * sizes[0] and (basis**2).sum(axis=1).max() < 1.0 - NOTHING_LEFT)


def within_and_between(
    fit: Fit, log_size: Array, keep: NDArray[np.bool_], draws: Replications, level: float
) -> pd.DataFrame:
    """Apparent slopes with bootstrap intervals: over all rows, over provider means, over deviations from them.

    A league table compares providers, and a provider that grows compares itself with its past. Where the two slopes
    differ, large providers differ from small ones in more than size. Empty where no provider has several rows; a slope
    is missing where size does not vary.

    Parameters
    ----------
    log_size : (n,)
    keep : (n,) rows with parts
    draws : weights of the replications, by provider
    """
    groups = _providers(fit, keep)
    if groups is None:
        return pd.DataFrame()
    log_cost = np.log(fit.sample.rows.columns[fit.design.cost])
    moments = _moments(np.stack([log_size, log_cost])[:, keep], groups)
    first = np.unique(groups.codes, return_index=True)[1]
    one_row = np.flatnonzero(keep)[first]
    drawn = []
    for start in range(0, draws.count, 64):
        weights = draws.of_replications(slice(start, start + 64))[:, one_row]
        drawn.append(_slopes(weights @ moments))
    values = _slopes(moments.sum(axis=0)[None])[0]
    every = np.concatenate(drawn)
    low, high, errors = (np.full(len(values), np.nan) for _ in range(3))
    known = np.isfinite(values)
    low[known], high[known] = quantile_interval(every[:, known], level)
    errors[known] = np.nanstd(every[:, known], axis=0, ddof=1)
    columns = {"slope": ROWS, "estimate": values, "std_error": errors, "conf_low": low, "conf_high": high}
    return pd.DataFrame(columns)


def slopes_in_words(table: pd.DataFrame, level: float, *, over_time: bool) -> tuple[str, ...]:
    """One note with both slopes; none where there is no table. Only rows that follow in time are said to change."""
    if not len(table):
        return ()
    if not np.isfinite(table["estimate"].iloc[1:].astype(float)).all():
        still = "within" if np.isnan(table["estimate"].iloc[2]) else "between"
        return (f"Size does not vary {still} providers, so no slope of cost on size can be seen there.",)
    between, within = (
        with_interval(row["estimate"], row["conf_low"], row["conf_high"], level) for _, row in table.iloc[1:].iterrows()
    )
    changing = ", as they change," if over_time else ""
    return (
        f"Within providers{changing} the slope of log cost on log size is {within}; between them it is {between}. A "
        "league table shows the second.",
    )


def _providers(fit: Fit, keep: NDArray[np.bool_]) -> Groups | None:
    """Providers of the rows kept, where they are what the bootstrap draws and some have several rows."""
    if fit.clusters is None or fit.data.entity is None:
        return None
    labels = fit.data.frame[fit.data.entity].to_numpy()
    codes, names = pd.factorize(labels[keep])
    drawn = fit.clusters.codes[keep]
    # Each provider must lie in one cluster: only then is its weight in a replication one number.
    together = np.unique(np.stack([codes, drawn]), axis=1).shape[1] == len(names)
    sizes = np.bincount(codes).astype(float)
    return Groups(codes, sizes) if together and sizes.max() > 1 else None


def _moments(values: Array, groups: Groups) -> Array:
    """Per provider (G, 7): rows, sums of size and cost, and the products that the slopes are made of."""
    size, cost = values

    def total(column: Array) -> Array:
        return np.bincount(groups.codes, column).astype(float)

    rows, sum_size, sum_cost = groups.sizes, total(size), total(cost)
    of_all = [rows, sum_size, sum_cost, total(size**2), total(size * cost)]
    between = [sum_size**2 / rows, sum_size * sum_cost / rows]
    return np.stack([*of_all, *between], axis=1)


def _slopes(sums: Array) -> Array:
    """The three slopes (B, 3) from sums (B, 7) over providers; provider means count once for each row."""
    rows, size, cost, squares, products, between_squares, between_products = sums.T
    grand_squares, grand_products = size**2 / rows, size * cost / rows

    least = NO_VARIATION * squares

    def over(product: Array, square: Array) -> Array:
        varies = square > least
        return np.where(varies, product / np.where(varies, square, 1.0), np.nan)

    pooled = over(products - grand_products, squares - grand_squares)
    between = over(between_products - grand_products, between_squares - grand_squares)
    within = over(products - between_products, squares - between_squares)
    return np.stack([pooled, between, within], axis=1)
