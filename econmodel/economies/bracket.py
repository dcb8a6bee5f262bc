"""What stands beside a separation: the two numbers that bracket scale, robustness values, and outcomes by size.

A relationship variable built from an input and a volume (staff per user) pulls the elasticity at a fixed ratio to one
by arithmetic, and a technology whose staff need rises less than volume gives the same numbers as rationed contact. Only
outcomes can discriminate, so the elasticity with outcomes held and the ratio free stands beside the other.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.inference import estimate, usual_method
from econmodel.estimate.delta import Measure, jacobian
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit, refit_fewer

Array = NDArray[np.float64]
HELD, FREE = "the ratio held", "outcomes held, the ratio free"
# Of a column after the others, or of a row after what fits it.
NOTHING_LEFT = 1e-10


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
