"""How well a fit predicts providers that it has not seen."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge, FormError, NotIdentified
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit
from econmodel.stated import random_numbers

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Predicted:
    """Root mean squared error of log cost over rows left out, their number, and how many had no positive prediction."""

    error: float
    rows: int
    without: int


def folds(fitted: Fit, count: int, seed: int) -> NDArray[np.intp]:
    """The fold of each row (n,): providers are left out whole, so that none is predicted from its own other periods."""
    codes = np.arange(len(fitted.data)) if fitted.clusters is None else fitted.clusters.codes
    groups = int(codes.max()) + 1
    order = random_numbers(seed).permutation(groups) % min(count, groups)
    return order[codes]


def predict_left_out(fitted: Fit, fold: NDArray[np.intp]) -> Predicted:
    """Log cost of each fold's rows from a fit of the others, their mean residual (a frontier's inefficiency) added."""
    points, log_cost = fitted.points(), np.log(fitted.sample.rows.columns[fitted.design.cost])
    squares, seen, without = 0.0, 0, 0
    for number in range(int(fold.max()) + 1):
        out = fold == number
        try:
            others = fitted.data.where(~out, because="left out to be predicted")
            rest = refit(fitted, others, groups=None, cov_type=None)
        except (DidNotConverge, FormError, NotIdentified):
            without += int(out.sum())
            continue
        with np.errstate(invalid="ignore"):
            residual = log_cost - rest.technology.log_cost(rest.theta, points)
        known = residual[~out]
        left = residual[out] - known[np.isfinite(known)].mean()
        found = np.isfinite(left)
        squares += float(left[found] @ left[found])
        seen += int(found.sum())
        without += int((~found).sum())
    return Predicted(float(np.sqrt(squares / seen)) if seen else np.nan, seen, without)
