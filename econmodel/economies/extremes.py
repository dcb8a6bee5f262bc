"""The largest value of a measure over many points at once, its mean, and where it is below zero; with intervals.

A maximum is no smooth function of the parameters, so its interval comes from the bootstrap of the largest movement of
any point: it holds whichever point attains the maximum.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.inference import BATCH_VALUES, Estimates, require_draws
from econmodel.economies.core.places import CostFunction
from econmodel.errors import NotSupported
from econmodel.estimate.bootstrap import quantile_interval
from econmodel.estimate.fit import Fit
from econmodel.stated import check_level, require_replications

Array = NDArray[np.float64]


def check_bootstrap(method: str, replications: int, conf_level: float, over: str) -> None:
    """NotSupported, with the cure, for a method that needs derivatives, or too few replications."""
    if method != "bootstrap":
        raise NotSupported(
            f"method={method!r} does not hold for a maximum over {over}: it is no smooth function of the parameters. "
            'Use method="bootstrap".'
        )
    check_level(conf_level)
    require_replications(replications, 2)


def parameter_draws(function: CostFunction, replications: int, seed: int) -> Array:
    """Parameters in every replication (B, k); stated ones are known, and do not move."""
    if not isinstance(function, Fit):
        return np.repeat(function.theta[None], 2, axis=0)
    draws = function.bootstrap(function.replications(replications, seed))
    require_draws(draws, "what holds of all points at once")
    return draws[np.isfinite(draws).all(axis=1)]


def extremes(measure: Callable[[Array], Array], theta: Array, draws: Array, level: float) -> Estimates:
    """The largest value, the mean and the share of points not above zero, of a measure (..., k) -> (..., T).

    Examples
    --------
    >>> found = extremes(lambda theta: theta * np.array([-1.0, 1.0]), np.ones(1), np.ones((2, 1)), 0.95)
    >>> found.values.tolist()
    [1.0, 0.0, 0.5]
    """
    values = measure(theta[None])[0]
    size = max(1, BATCH_VALUES // len(values))
    summaries = []
    for start in range(0, len(draws), size):
        drawn = measure(draws[start : start + size])
        moved = drawn - values
        columns = (
            drawn.max(axis=1),
            drawn.mean(axis=1),
            (drawn <= 0).mean(axis=1),
            moved.max(axis=1),
            -moved.min(axis=1),
        )
        summaries.append(np.stack(columns, axis=1))
    found = np.concatenate(summaries)
    require_draws(found, "what holds of all points at once")
    found = found[np.isfinite(found).all(axis=1)]
    of_set = np.array([values.max(), values.mean(), (values <= 0).mean()])
    low, high = quantile_interval(found[:, :3], level)
    above, below = np.quantile(found[:, 3:], 0.5 + level / 2.0, axis=0)
    low[0], high[0] = of_set[0] - above, of_set[0] + below
    errors = found[:, :3].std(axis=0, ddof=1)
    nulls = np.array([0.0, 0.0, np.nan])
    moves = errors > 0
    statistics = np.where(moves, (of_set - nulls) / np.where(moves, errors, 1.0), np.nan)
    beyond = np.array(
        [
            (found[:, 3] >= of_set[0]).mean() if of_set[0] > 0 else (found[:, 4] >= -of_set[0]).mean(),
            min((found[:, 1] <= 0).mean(), (found[:, 1] >= 0).mean()),
            np.nan,
        ]
    )
    floor = 2.0 / (len(found) + 1)
    p_values = np.where(moves, np.clip(2.0 * beyond, floor, 1.0), np.nan)
    return Estimates(of_set, errors, low, high, nulls, statistics, p_values, np.full(3, floor))
