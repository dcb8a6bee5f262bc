"""What stands behind a cost function: its error, what else was estimated beside it, and how well all of it is known.

`Fit` is the same for every estimator and asks its error model whatever differs between them. `ErrorModel` is that of
least squares, with a level of their own for providers where these were taken out; other estimators say what is
different: the rows that their parameters solve, the parameters behind those of the cost function, how a replication
finds them anew, what they tell apart in residuals, and what they print.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotSupported
from econmodel.estimate.bootstrap import Replications, replicate
from econmodel.estimate.covariance import (
    ClusterMoments,
    Covariance,
    cluster_moments,
    joint_covariance,
    wild_cluster_p_values,
)
from econmodel.estimate.delta import jacobian
from econmodel.estimate.design import Block, Design
from econmodel.estimate.least_squares import Groups, LeastSquares, transformed_blocks
from econmodel.estimate.sample import Sample
from econmodel.forms.technology import Technology
from econmodel.results import format_number, format_probability

Array = NDArray[np.float64]
Fitted = TypeVar("Fitted")
# What an error model may tell apart in residuals; what explains cost is part of fitted values.
PROVIDER_EFFECTS, SELECTION, INEFFICIENCY = "provider effects", "selection", "inefficiency"
EXPLAINED = (PROVIDER_EFFECTS, SELECTION)


@dataclass(frozen=True, eq=False)
class ErrorModel:
    """The error of least squares, and what all error models have in common.

    Attributes
    ----------
    sample : the rows and columns used
    design : the cost function joined to its rows
    effects : providers whose own level of cost was taken out, or None
    solution : what least squares found: the k parameters of the cost function, and behind them further ones
    known : covariance of the same parameters, or of all that the error model has, and what follows from it
    """

    # What measures ask, so that none asks which estimator it was.
    # Whether this is the cost of the best practice, with inefficiency above it, and whether that may have determinants.
    of_best_practice = False
    takes_determinants = False
    # Whether the parameters are the likeliest, and whether that likelihood is of cost alone.
    maximises_likelihood = True
    has_likelihood_of_cost = True
    # Whether several restrictions at once are tested with each cluster left out in turn.
    leaves_clusters_out = True
    # Why intervals must come from the bootstrap, where the parameters have no normal distribution.
    bootstrap_only = ""
    # What stands behind the cost function in its equation, if anything is said of it.
    deviation_words = ""

    sample: Sample
    design: Design
    effects: Groups | None
    solution: LeastSquares
    known: Covariance

    @property
    def technology(self) -> Technology:
        """The cost function."""
        return self.design.technology

    @property
    def is_plain(self) -> bool:
        """Whether this is least squares of one equation, with nothing beside the cost function and nothing imposed."""
        return type(self) is ErrorModel

    @property
    def shares(self) -> Mapping[str, str]:
        """The prices whose cost shares were fitted beside cost, and the columns of these shares."""
        return {}

    # The parameters and how well they are known.

    @property
    def theta(self) -> Array:
        """Parameters of the cost function (k,)."""
        return self.solution.theta[: self.design.count]

    @property
    def all_parameters(self) -> Array:
        """Parameters of the cost function, and behind them those of the error where it has such (K,)."""
        return self.solution.theta

    @property
    def shown(self) -> NDArray[np.intp]:
        """Places of the parameters that are estimates: provider effects absorb the constant."""
        names = self.technology.names
        return np.array([i for i, name in enumerate(names) if self.effects is None or name != "constant"])

    @cached_property
    def covariance(self) -> Array:
        """Covariance of the parameters of the cost function (k, k)."""
        k, matrix = self.design.count, self.known.matrix
        found = matrix if len(matrix) == k else matrix[:k, :k].copy()
        found.flags.writeable = False
        return found

    @property
    def classical_covariance(self) -> Array:
        """The covariance (k, k) that holds for errors that are alike and independent."""
        k = self.design.count
        return self.solution.residual_squares / self.df_resid * self.solution.inverse_gram[:k, :k]

    @property
    def fits_exactly(self) -> bool:
        """Whether cost is an exact function of the columns, so that nothing can be said of an error."""
        return bool(np.isnan(self.covariance).all())

    def require_error(self) -> None:
        """NotSupported where cost is an exact function of the columns: no test of it means anything."""
        if self.fits_exactly:
            raise NotSupported(
                f"{self.sample.data.cost} is computed from its columns, so nothing in this fit can be tested and "
                "nothing has an interval. Name the column with the cost that was recorded; of a cost function that is "
                "known, em.worlds.state(...) gives the same measures."
            )

    @cached_property
    def cluster_moments(self) -> ClusterMoments:
        """Inner products of derivatives and residuals within each cluster."""
        clusters = self.known.clusters
        assert clusters is not None
        return cluster_moments(self.rows_at(self.all_parameters), clusters.codes, len(clusters.sizes))

    def joint_covariance(self, count: int) -> tuple[Array, float]:
        """Covariance (k, k) and degrees of freedom for a test of `count` restrictions together.

        Those of the fit, but where errors of least squares are clustered: there several restrictions at once need a
        covariance that leaves each cluster out in turn.
        """
        known, k = self.known, self.design.count
        clustered = known.cov_type == "cluster" and self.leaves_clusters_out and known.clusters is not None
        if count == 1 or not clustered or known.clusters is None or len(known.clusters.sizes) <= count:
            return self.covariance, known.freedom
        groups = len(known.clusters.sizes)
        covariance, freedom = joint_covariance(known.matrix, lambda: self.cluster_moments, groups, count)
        return covariance[:k, :k], freedom

    def wild_p_values(self, directions: Array, differences: Array) -> Array:
        """P-values (q,) of `directions @ params = nulls` by the wild cluster bootstrap, of estimates less nulls."""
        further = len(self.solution.theta) - directions.shape[1]
        directions = np.pad(directions, ((0, 0), (0, further))) if further else directions
        return wild_cluster_p_values(self.cluster_moments, self.solution.inverse_gram, directions, differences)

    def p_values(self) -> Array:
        """Two-sided p-values of zero for the parameters shown."""
        theta, shown = self.theta, self.shown
        if self.known.wild:
            return self.wild_p_values(np.eye(len(theta))[shown], theta[shown])
        from scipy.special import stdtr

        # A parameter that rests on rows which are fitted exactly may have no error at all.
        with np.errstate(divide="ignore", invalid="ignore"):
            t = theta[shown] / np.sqrt(np.diag(self.covariance))[shown]
        return 2.0 * stdtr(self.known.freedom, -np.abs(t))

    def interval(self, alpha: float) -> tuple[Array, Array]:
        """Intervals of level 1 - alpha of the parameters of the cost function, (k,) and (k,)."""
        from scipy.special import stdtrit

        margin = stdtrit(self.known.freedom, 1.0 - alpha / 2.0) * np.sqrt(np.diag(self.covariance))
        return self.theta - margin, self.theta + margin

    def standard_errors(self, measure: Callable[[Any], Array]) -> Array:
        """Standard errors (q,) of a measure of the parameters, by the delta method."""
        gradient = jacobian(measure, self.theta)
        return np.sqrt(np.maximum(np.diag(gradient @ self.covariance @ gradient.T), 0.0))

    @property
    def p_floor(self) -> float:
        """The smallest p-value that the replications behind `p_values` could give; zero where it is not counted."""
        return 0.0

    # Replications.

    def rows_at(self, parameters: Array) -> Iterator[Block]:
        """Derivatives by all parameters and residuals of every row, block by block, less provider means."""
        return transformed_blocks(self.design, parameters, self.effects)

    def bootstrap_all(self, draws: Replications, steps: int = 1) -> Array:
        """All parameters in every replication, (replications, K); level forms take `steps` steps from the estimate."""
        return replicate(self.rows_at, self.all_parameters, draws, steps if self.technology.is_level else 1)

    @cached_property
    def replicated(self) -> dict[tuple[int, int], Array]:
        """Replications made so far, by count and seed."""
        return {}

    def done_to(self, fit: Fitted) -> Fitted:
        """Another fit under the same specification, with what was done to this one after it was fitted: nothing."""
        return fit

    # What is left of each row.

    @cached_property
    def deviations(self) -> Array:
        """Response less the cost function (n,), before provider effects."""
        blocks = replace(self.design, weights="").blocks(self.theta)
        return np.concatenate([block[-1].copy() for _, block in blocks])

    @property
    def levels(self) -> Groups | None:
        """Providers that have a level of cost of their own, whether it was taken out or is random; None without."""
        return self.effects

    def row_parts(self, parameters: Array, residual: Array) -> dict[str, Array]:
        """What the fit tells apart in the residuals before provider effects, by name.

        Parameters
        ----------
        parameters : (B, all parameters)
        residual : (B, n) log cost less the cost function's

        Returns
        -------
        name -> (B, n): "provider effects" where there are such
        """
        if self.effects is None:
            return {}
        means = np.stack([np.bincount(self.effects.codes, row) for row in residual]) / self.effects.sizes
        return {PROVIDER_EFFECTS: means[:, self.effects.codes]}

    @cached_property
    def row_effects(self) -> Array:
        """Provider effects and control functions of each row (n,); zeros without them."""
        parts = self.row_parts(self.all_parameters[None], self.deviations[None])
        return sum((parts[name][0] for name in EXPLAINED if name in parts), np.zeros(len(self.deviations)))

    @property
    def provider_effects(self) -> pd.Series | None:
        """Each provider's own level of (log) cost relative to the average row; None without effects."""
        entity = self.sample.data.entity
        if self.levels is None or entity is None:
            return None
        first = np.unique(self.levels.codes, return_index=True)[1]
        names = pd.Index(pd.unique(self.sample.data.frame[entity]), name=entity)
        return pd.Series(self.row_effects[first], names, name="provider effect")

    @property
    def residual(self) -> Array:
        """Response less fitted value (n,)."""
        return self.deviations - self.row_effects

    @cached_property
    def response(self) -> Array:
        """Log cost, or cost where the error is additive (n,)."""
        cost = self.sample.rows.columns[self.design.cost]
        return cost if self.design.additive else np.log(cost)

    @property
    def row_weights(self) -> Array:
        """Weights of the rows (n,), their mean one; ones where rows count alike."""
        if not self.sample.weights:
            return np.ones(self.sample.rows.count)
        return self.sample.rows.columns[self.sample.weights]

    # How well the cost function explains cost.

    @property
    def df_model(self) -> float:
        """Parameters less the constant, and provider effects less one."""
        return len(self.solution.theta) - 1.0 + (len(self.effects.sizes) - 1.0 if self.effects is not None else 0.0)

    @property
    def df_resid(self) -> float:
        """Rows less parameters and effects."""
        return self.sample.rows.count - self.df_model - 1.0

    @property
    def llf(self) -> float:
        """Log-likelihood, normal where the estimator has no other; missing where cost is an exact function."""
        if self.fits_exactly:
            return float("nan")
        n = float(self.sample.rows.count)
        spread = -0.5 * n * (np.log(2.0 * np.pi * self.solution.residual_squares / n) + 1.0)
        return float(spread + 0.5 * np.log(self.row_weights).sum())

    @property
    def log_likelihoods(self) -> Array:
        """Each row's log-likelihood (n,) of log cost, whatever the error: forms can be compared by it."""
        n = self.sample.rows.count
        if self.fits_exactly:
            return np.full(n, np.nan)
        variance = self.solution.residual_squares / float(n)
        found = -0.5 * (np.log(2.0 * np.pi * variance) + self.residual**2 / variance)
        return found + np.log(self.response) if self.design.additive else found

    @property
    def squares_left(self) -> float:
        """What of the squared response the fitted values leave, provider effects among them."""
        return self.solution.residual_squares

    @cached_property
    def rsquared(self) -> float:
        """Share of the response's variance explained; of the response over the numeraire's price where there is one."""
        response, weights = self.response, self.row_weights
        if self.technology.numeraire is not None and not self.design.additive:
            response = response - self.technology.log_numeraire(self.sample.points(self.technology))
        total = float((weights * (response - np.average(response, weights=weights)) ** 2).sum())
        return 1.0 - self.squares_left / total if total > 0 else float("nan")

    # What the estimator says of itself.

    @property
    def convergence(self) -> str:
        """How the search for the parameters ended, in words."""
        return "solved exactly" if not self.technology.is_level else f"{self.solution.steps} Gauss-Newton steps"

    @property
    def further_facts(self) -> tuple[tuple[str, str], ...]:
        """What this estimator prints beside the facts of every fit: (fact, value)."""
        return ()

    @property
    def row_efficiency(self) -> Array | None:
        """Least cost over own cost of each row (n,), where inefficiency is told from noise; else None."""
        return None

    @property
    def error_parameters(self) -> pd.DataFrame:
        """What is estimated of the error, by name: columns estimate, std_error. Nothing for least squares."""
        return pd.DataFrame({"estimate": [], "std_error": []})

    @property
    def further_tables(self) -> dict[str, pd.DataFrame]:
        """Tables, by title, that an estimator prints below the parameters of the cost function."""
        return {}


def zero_test(values: Array, covariance: Array, freedom: float) -> tuple[float, str]:
    """P-value of parameters (q,) that are all zero, a Wald test in its F form, and the statistic in words."""
    from scipy.special import fdtrc

    statistic = float(values @ np.linalg.solve(covariance, values)) / len(values)
    p_value = float(fdtrc(len(values), freedom, statistic))
    written = f"{'' if p_value < 0.001 else '= '}{format_probability(p_value)}"
    return p_value, f"F({len(values)}, {format_number(freedom)}) = {format_number(statistic)}, p {written}"
