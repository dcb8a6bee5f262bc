"""Regularity imposed on a fit: the nearest parameters at which cost rises with outputs and prices and is concave."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.inference import summarise
from econmodel.economies.core.places import Places, require_fit, resolve
from econmodel.economies.regularity import CONCAVE
from econmodel.errors import DidNotConverge, NotSupported
from econmodel.estimate.bootstrap import Replications, quantile_interval
from econmodel.estimate.error_model import ErrorModel, Fitted
from econmodel.estimate.fit import Fit
from econmodel.estimate.least_squares import Groups
from econmodel.estimate.projection import Conditions, Projection, project
from econmodel.forms.technology import Technology
from econmodel.results import format_number
from econmodel.stated import require_replications

Array = NDArray[np.float64]
# Above this share of replications without an answer, those with one are no fair sample.
MOST_LOST = 0.05
WHY_BOOTSTRAP = (
    "Regularity was imposed on these parameters. Where a condition binds they lie on the edge of what is allowed, and "
    "no normal distribution holds for them"
)


@dataclass(frozen=True, eq=False)
class Imposed(ErrorModel):
    """The error of a fit that was moved to the nearest regular parameters, which have no normal distribution.

    Attributes
    ----------
    unrestricted : the fit before
    conditions : what was imposed, and on which points
    at : those points as they were asked for
    distance : (theta - theta0)' V^-1 (theta - theta0), the squared distance moved
    binding : the conditions that bind (`term`), and at which providers (`at`)
    draws : (replications, k) parameters of the bootstrap behind `covariance`, each projected likewise
    """

    leaves_clusters_out: ClassVar[bool] = False

    unrestricted: Fit
    conditions: Conditions
    at: object
    distance: float
    binding: pd.DataFrame
    draws: Array

    @property
    def p_floor(self) -> float:
        """The smallest p-value that so many replications can give, counted on both sides."""
        return 2.0 / (len(self.draws) + 1)

    @property
    def bootstrap_only(self) -> str:
        """Why intervals must come from the bootstrap."""
        return WHY_BOOTSTRAP

    @property
    def _before(self) -> ErrorModel:
        return self.unrestricted.error_model

    @property
    def of_best_practice(self) -> bool:
        """As of the fit before."""
        return self._before.of_best_practice

    @property
    def all_parameters(self) -> Array:
        """Parameters of the cost function, and those of the error that were estimated before."""
        return np.concatenate([self.theta, self._before.all_parameters[self.design.count :]])

    @property
    def levels(self) -> Groups | None:
        """As of the fit before."""
        return self._before.levels

    @property
    def df_model(self) -> float:
        """As of the fit before: conditions are no fewer parameters."""
        return self._before.df_model

    @property
    def llf(self) -> float:
        """Normal log-likelihood at the moved parameters; missing where an estimator maximised another one."""
        return super().llf if self._before.is_plain else float("nan")

    @property
    def convergence(self) -> str:
        """How the search for the parameters before ended, in words."""
        return f"{self._before.convergence}, then moved to the nearest regular parameters"

    @property
    def further_facts(self) -> tuple[tuple[str, str], ...]:
        """What the estimator says of the fit before."""
        return tuple((f"{name}, before", words) for name, words in self._before.further_facts)

    def row_parts(self, parameters: Array, residual: Array) -> dict[str, Array]:
        """What the fit before tells apart in residuals, here those of the moved parameters."""
        return self._before.row_parts(parameters, residual)

    def bootstrap_all(self, draws: Replications, steps: int = 1) -> Array:
        """Parameters in every replication: estimated anew, then projected with the same distance."""
        found, k = self._before.bootstrap_all(draws, steps), self.design.count
        return np.hstack([_projected(found[:, :k], self.unrestricted, self.conditions), found[:, k:]])

    def done_to(self, fit: Fitted) -> Fitted:
        """The same conditions imposed on another fit."""
        c, other = self.conditions, cast(Fit, fit)
        return cast(Fitted, impose(other, c.monotone, c.concave, self.at, replications=len(self.draws)))

    def interval(self, alpha: float) -> tuple[Array, Array]:
        """Percentile intervals of the projected bootstrap, (k,) and (k,)."""
        return quantile_interval(self.draws, 1.0 - alpha)

    def p_values(self) -> Array:
        """Two-sided p-values of zero for the parameters shown, from the projected bootstrap."""
        return summarise(self.theta, self.draws, np.zeros(len(self.theta)), 0.95).p_values[self.shown]

    def standard_errors(self, measure: Callable[[Any], Array]) -> Array:
        """The bootstrap's standard errors (q,) of a measure of the parameters."""
        return np.nanstd(measure(self.draws), axis=0, ddof=1)


def impose(
    fit: Fit,
    monotone: bool = True,
    concave: bool = True,
    at: object = "every provider",
    *,
    replications: int = 199,
    seed: int = 0,
) -> Fit:
    """The nearest cost function that is regular: rising with outputs and prices, and concave in prices.

    Parameters
    ----------
    fit : a fit of any form
    monotone, concave : which conditions; in level forms cost is kept above zero as well
    at : where they are imposed, as in `econmodel.scale`; a smaller region moves the parameters less
    replications : of the bootstrap behind the standard errors, with the projection in every one

    Returns
    -------
    Fit
        With `distance`, `binding` (a table) and the fit before as `unrestricted`. Measures take it with
        method="bootstrap"; the delta method is refused, since on the edge of what is allowed no normal
        distribution holds.

    Raises
    ------
    NotSupported
        Where nothing is asked for, or parameters are stated and not estimated.
    DidNotConverge
        Where no regular parameters were found (level forms), or in too many replications.

    Notes
    -----
    The parameters of a frontier's errors stay as they were.

    min (theta - theta0)' V^-1 (theta - theta0) subject to the conditions, V the covariance of theta0: the second step
    of Henningsen and Henning (2009). In log forms the allowed parameters are a convex set and the answer is the
    nearest of all. Curvature imposed alone may cost monotonicity; by default both are imposed.

    The bootstrap is not exact where the truth is close to a condition (Andrews, 2000): intervals of what the condition
    bounds may cover less than their level.

    Examples
    --------
    >>> from econmodel.economies.regularity import regularity
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> translog = fit(load("electricity_1970"))
    >>> imposed = impose(translog, replications=9)
    >>> regularity(translog).passed, regularity(imposed).passed
    (False, True)
    """
    require_fit(fit)
    _check(fit, monotone, concave, replications)
    before = fit.error_model.unrestricted if isinstance(fit.error_model, Imposed) else fit
    places = resolve(before, at)
    conditions = Conditions(before.technology, places.point, monotone, concave, _size(before))
    found = project(before.theta, _metric(before), conditions)
    if not np.isfinite(found.theta).all():
        raise DidNotConverge(
            f"No parameters of the {before.technology.form.title} form that are regular at all "
            f'{len(places.labels):,} points were found. Impose less (at="mean", concave=False), or use fewer '
            "second-order terms."
        )
    estimated = before.bootstrap(before.replications(replications, seed))
    # A replication that holds too few different providers estimates nothing, with or without conditions.
    estimated = estimated[np.isfinite(estimated).all(axis=1)]
    draws = _projected(estimated, before, conditions)
    sound = np.isfinite(draws).all(axis=1)
    if sound.sum() < max((1.0 - MOST_LOST) * len(draws), 2):
        raise DidNotConverge(
            f"In {int((~sound).sum())} of {len(draws)} replications no regular parameters were found, so nothing "
            "can be said of how well these are known. Use fewer second-order terms, or a smaller region (at=...)."
        )
    return _record(before, found, conditions, draws[sound], places, at)


def _check(fitted: object, monotone: bool, concave: bool, replications: int) -> None:
    if not isinstance(fitted, Fit):
        raise NotSupported(
            "Stated parameters have no covariance, and so no nearest regular ones: state parameters that are regular."
        )
    if not monotone and not concave:
        raise NotSupported("Nothing is imposed with monotone=False and concave=False: leave one of them True.")
    if not monotone and not fitted.technology.prices:
        raise NotSupported(f"{fitted.data.cost} has no prices here to be concave in: leave monotone=True.")
    require_replications(replications, 2)


def _size(fitted: Fit) -> float:
    technology = fitted.technology
    if technology.aggregate is None:
        return 1.0
    of_aggregate = technology.split(fitted.theta)[0]
    return float(np.abs(technology.aggregate.value(of_aggregate, technology.coordinates(fitted.points()))).mean())


def _metric(fitted: Fit) -> Array:
    """The covariance that measures distance; the classical one where clusters are too few for one of full rank."""
    try:
        scale = np.sqrt(np.diag(fitted.covariance))
        np.linalg.cholesky(fitted.covariance / np.outer(scale, scale))
    except np.linalg.LinAlgError:
        return fitted.error_model.classical_covariance
    return fitted.covariance


def _projected(thetas: Array, before: Fit, conditions: Conditions) -> Array:
    metric = _metric(before)
    found = [project(theta, metric, conditions).theta if np.isfinite(theta).all() else theta for theta in thetas]
    return np.array(found).reshape(thetas.shape)


def _record(before: Fit, found: Projection, conditions: Conditions, draws: Array, places: Places, at: object) -> Fit:
    binding = _binding(before.technology, found, places)
    note = _note(before, found, binding, conditions, len(draws))
    solution = replace(before.solution, theta=found.theta, residual_squares=_squares(before, found.theta))
    known = replace(
        before.error_model.covariance, matrix=np.cov(draws, rowvar=False), wild=False, notes=(*before.notes, note)
    )
    model = Imposed(
        before.sample, before.design, before.effects, solution, known, before, conditions, at, found.distance, binding,
        draws,
    )  # fmt: skip
    return replace(before, error_model=model)


def _squares(before: Fit, theta: Array) -> float:
    """Squared residuals at other parameters, within providers where their effects were taken out."""
    residual = np.concatenate([block[-1].copy() for _, block in before.design.blocks(theta)])
    if before.effects is not None:
        means = np.bincount(before.effects.codes, residual) / before.effects.sizes
        residual = residual - means[before.effects.codes]
    return float(residual @ residual)


def _binding(technology: Technology, found: Projection, places: Places) -> pd.DataFrame:
    words = [f"marginal cost of {name} not below zero" for name in technology.outputs]
    words += [f"cost does not fall with {name}" for name in technology.prices] + ["cost above zero", CONCAVE]
    rows = [
        (words[place], places.labels[row]) for row, place in zip(found.binding.rows, found.binding.places, strict=True)
    ]
    table = pd.DataFrame(rows, columns=["term", "at"]).drop_duplicates()
    return table.sort_values(["term", "at"]).reset_index(drop=True)


def _note(before: Fit, found: Projection, binding: pd.DataFrame, conditions: Conditions, count: int) -> str:
    what = " and ".join(["monotonicity"] * conditions.monotone + ["concavity in prices"] * conditions.concave)
    points = len(conditions.point)
    imposed = f"{what.capitalize()} imposed at {'one point' if points == 1 else f'{points:,} points'}"
    if found.distance == 0:
        return f"{imposed}: the fit was regular there already, and no parameter moved."
    moves = np.abs(found.theta - before.theta) / np.sqrt(np.diag(before.covariance))
    first = before.technology.names[int(np.argmax(moves))]
    return (
        f"{imposed} by minimum distance: the squared distance is {format_number(found.distance, 3)}, {len(binding)} "
        f"{'condition binds' if len(binding) == 1 else 'conditions bind'}, and no parameter moved by more than "
        f"{format_number(float(moves.max()), 2)} standard errors ({first}). Standard errors and intervals are those of "
        f"{count} bootstrap replications, each projected; where a condition binds they may cover less than they say."
    )
