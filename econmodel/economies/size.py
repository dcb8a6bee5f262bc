"""One number for the size of a provider of several outputs: a sum of outputs with fixed, positive weights."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotSupported, TableError, UnknownName
from econmodel.estimate.bootstrap import Replications
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit_fewer
from econmodel.forms.technology import Point, Technology
from econmodel.results import Effects

Array = NDArray[np.float64]
Replicated = Callable[[Array, Array, Array | None], Array]
# Parts are worked out for this many (replication, provider) pairs at a time.
BATCH_PAIRS = 100_000
WEIGHTS_TABLE = "size weights"
CURE = (
    'Give weights of your own, such as a tariff (size={output: weight}), or a column that measures size (size="...").'
)


@dataclass(frozen=True, slots=True, eq=False)
class Size:
    """How size is measured.

    Attributes
    ----------
    weights : (m,) weights of the outputs, or None where a column measures size
    column : (n,) that column
    words : what the weights are
    source : the fit whose marginal costs they are, re-estimated in a bootstrap; None where they are given
    """

    weights: Array | None
    column: Array | None
    words: str
    source: Fit | None = None

    def logs(self, outputs: Array, weights: Array | None = None) -> Array:
        """Log size of output vectors (n, m), for the weights, or for others (B, m): (n,) or (B, n)."""
        if self.column is not None:
            return np.log(self.column)
        used = self.weights if weights is None else weights
        assert used is not None
        return np.log(used @ outputs.T)

    def replicate(
        self, fit: Fit, points: Point, draws: Replications, steps: int, values: Replicated, keep: Array | float = 1.0
    ) -> Array:
        """Values (B, q) in every replication, with parameters, means and the weights of outputs in size made anew.

        Parameters
        ----------
        steps : Gauss-Newton steps of each replication of a level form
        values : parameters (b, all of the fit), weights of rows (b, n) and of outputs in size (b, m) or None -> (b, q)
        keep : (n,) rows that count
        """
        parameters = fit.error_model.bootstrap_all(draws, steps)
        of_source = None if self.source is None else self.source.bootstrap(draws, steps)
        batch, found = max(1, BATCH_PAIRS // len(points)), []
        for start in range(0, draws.count, batch):
            some = slice(start, start + batch)
            weights = draws.of_replications(some) * keep
            in_size = None if of_source is None else self._replicated_weights(of_source[some], points, weights)
            found.append(values(parameters[some], weights, in_size))
        drawn = np.concatenate(found)
        drawn[~np.isfinite(parameters).all(axis=1) | ~np.isfinite(drawn).all(axis=1)] = np.nan
        return drawn

    def _replicated_weights(self, theta: Array, points: Point, row_weights: Array) -> Array:
        """Marginal costs (B, m) of `source` at each replication's own mean; missing where one is not positive."""
        assert self.source is not None
        mean = weighted_mean(self.source.technology, points, row_weights)
        nothing = np.zeros((*mean.relationships.shape[:-1], 0))
        weights = marginal_weights(self.source, theta, Point(mean.outputs, mean.log_prices, nothing, mean.controls))
        return np.where((weights > 0).all(axis=1, keepdims=True), weights, np.nan)

    def notes(self, taken_as_given: str = "") -> list[str]:
        """What size is measured by, where there is more than one output or a column."""
        if self.weights is not None and len(self.weights) == 1:
            return []
        return [f"Size is measured by {self.words}{taken_as_given}."]


def weighted_mean(technology: Technology, points: Point, weights: Array) -> Point:
    """The mean provider for row weights (B, n), a point with axes (B, 1): of logs in log forms, of levels in levels."""
    return mean_by_shares(technology, points, weights / weights.sum(axis=1, keepdims=True))


def mean_by_shares(technology: Technology, points: Point, shares: Array) -> Point:
    """The same for weights that add up to one."""
    coordinate = technology.form.coordinate
    outputs = coordinate.inverse(shares @ coordinate.transform(points.outputs))[:, None, :]
    others = ((shares @ field)[:, None, :] for field in (points.log_prices, points.relationships, points.controls))
    return Point(outputs, *others)


def size_of(fit: Fit, size: object) -> Size:
    """The size that `size=` stands for; NotSupported, by name, for providers without any output: they have none.

    Parameters
    ----------
    size : None for the single output, or for marginal costs at the mean from the same form fitted without relationship
        variables (so that size does not change when a regressor is added); "equal" for outputs over their means; a
        column; a mapping of output -> weight; or another separation, whose weights are used again
    """
    if isinstance(size, Effects):
        if WEIGHTS_TABLE not in size.tables:
            raise NotSupported("size= was given a result without size weights; give the result of em.separate.")
        table = size.tables[WEIGHTS_TABLE]
        size = dict(zip(table["output"], table["weight"], strict=True))
    if isinstance(size, str) and size != "equal":
        return _column(fit, size)
    outputs = fit.points().outputs
    measured = _weighted(fit, size, outputs)
    none = outputs.max(axis=1) <= 0
    if none.any():
        names = [name for name, empty in zip(fit.data.row_names(), none, strict=True) if empty]
        raise NotSupported(
            f"{', '.join(names[:5])} has no output at all, and so no size. Leave it out with "
            'data.where(..., because="...").'
        )
    return measured


def _weighted(fit: Fit, size: object, outputs: Array) -> Size:
    names = fit.technology.outputs
    if isinstance(size, Mapping):
        return _given(names, size)
    if isinstance(size, str):
        return Size(1.0 / outputs.mean(axis=0), None, "one over mean output")
    if size is not None:
        raise UnknownName(
            f'size={size!r} is not known. It may be a column, "equal", weights by output, or a separation.'
        )
    if len(names) == 1:
        return Size(np.ones(1), None, "the output itself")
    source = refit_fewer(fit, fit.data.using(relationships=[]))
    weights = marginal_weights(source, source.theta)
    bad = [name for name, weight in zip(names, weights, strict=True) if not weight > 0]
    if bad:
        raise NotSupported(
            f"The marginal cost of {', '.join(bad)} at the mean is not positive, so it cannot weigh in size. {CURE}"
        )
    return Size(weights, None, "marginal costs at the mean, without relationship variables", source)


def marginal_weights(fit: Fit, theta: Array, mean: Point | None = None) -> Array:
    """Marginal costs (..., m) for parameters (..., k), at the mean or at another point for each."""
    technology = fit.technology
    point = technology.mean_point() if mean is None else mean
    slopes = technology.slopes(theta, point).outputs[..., 0, :]
    return slopes * technology.cost(theta, point)


def weights_table(names: tuple[str, ...], size: Size) -> pd.DataFrame:
    """The weights as a table; empty where a column measures size."""
    if size.weights is None:
        return pd.DataFrame({"output": [], "weight": []})
    return pd.DataFrame({"output": list(names), "weight": size.weights, "made_of": size.words})


def _given(names: tuple[str, ...], weights: Mapping[str, float]) -> Size:
    if set(weights) != set(names):
        raise UnknownName(f"size= needs one weight for each of {', '.join(names)}; it has {', '.join(weights)}.")
    values = np.array([float(weights[name]) for name in names])
    bad = [name for name, weight in zip(names, values, strict=True) if not weight > 0]
    if bad:
        raise NotSupported(
            f"The weight of {', '.join(bad)} is not positive, so size would fall as output grows. {CURE}"
        )
    return Size(values, None, "given")


def _column(fit: Fit, name: str) -> Size:
    if name not in fit.data.frame.columns:
        known = ", ".join(map(str, fit.data.frame.columns))
        raise UnknownName(f"There is no column {name!r} to measure size by. There are {known}.")
    column = fit.data.frame[name].to_numpy(dtype=float)
    if not (column > 0).all():
        raise TableError(
            f"{name} must be above zero in every row to measure size; {int((~(column > 0)).sum())} are not."
        )
    return Size(None, column, f"the column {name}")
