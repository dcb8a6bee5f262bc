"""The record of a fitted system: a fit of the cost function whose parameters share equations helped to find."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.estimate.bootstrap import Replications
from econmodel.estimate.fit import Fit
from econmodel.estimate.system.bootstrap import replicate_level_form, replicate_log_form
from econmodel.estimate.system.equations import Equations, Stack
from econmodel.estimate.system.seemingly_unrelated import inverse_of_covariance
from econmodel.results import format_number

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class SystemFit(Fit):
    """A fit of cost together with cost shares. Residuals, R-squared and `ssr` are those of the cost equation.

    Attributes
    ----------
    equations : the equations
    residual_products : (E, E) inner products of the residuals
    weights : (E, E) inverse of the covariance of the errors that the parameters were found with
    divisors : (E, E) what inner products of residuals are divided by to give that covariance
    left_out : the price whose share was left out, or None
    iterated : whether weights and parameters agree (maximum likelihood), or one step was taken
    """

    equations: Equations
    residual_products: Array
    weights: Array
    divisors: Array
    left_out: str | None
    iterated: bool

    @property
    def residual_covariance(self) -> pd.DataFrame:
        """Covariance of the errors (E, E), from the residuals."""
        names = list(self.equations.names)
        return pd.DataFrame(self.residual_products / self.divisors, names, names)

    @property
    def llf(self) -> float:
        """Normal log-likelihood of log cost and the shares kept, together, at the likeliest covariance of the errors
        given the parameters.
        """
        logarithm = np.linalg.slogdet(self.residual_products / self.nobs)[1]
        return float(-0.5 * self.nobs * (self.equations.count * (np.log(2.0 * np.pi) + 1.0) + logarithm))

    @property
    def classical_covariance(self) -> Array:
        """The covariance (k, k) that holds for errors that are alike and independent from row to row."""
        return self.solution.inverse_gram

    @cached_property
    def share_residuals(self) -> pd.DataFrame:
        """Cost shares less fitted shares, one column a share equation."""
        found = np.concatenate([stack[1:, -1].T for _, stack in self._stacks(self.theta)])
        return pd.DataFrame(found, self.data.frame.index, [one.share for one in self.equations.shares])

    @property
    def convergence(self) -> str:
        """How the search for the parameters ended, in words."""
        steps = self.solution.steps
        if not self.iterated:
            return "generalised least squares in two steps"
        return f"{steps} Gauss-Newton steps" if self.technology.is_level else f"iterated {steps} times, from one pass"

    @property
    def further_facts(self) -> tuple[tuple[str, str], ...]:
        """The share equations, and how much of the shares they explain."""
        shares = self.data.frame[[one.share for one in self.equations.shares]].to_numpy(dtype=float)
        explained = 1.0 - np.diag(self.residual_products)[1:] / ((shares - shares.mean(axis=0)) ** 2).sum(axis=0)
        words = "; ".join(
            f"{one.share}, R-squared {format_number(value)}"
            for one, value in zip(self.equations.shares, explained, strict=True)
        )
        return (
            ("share equations", words),
            ("share left out", "none" if self.left_out is None else f"that of {self.left_out}"),
        )

    def bootstrap_all(self, draws: Replications, steps: int = 1) -> Array:
        """Parameters in every replication, (replications, k).

        In log forms everything is estimated again. Level forms take `steps` Gauss-Newton steps from the estimate, the
        first given the estimated covariance of the errors; each further one makes that anew as well, and goes through
        the rows once for each replication.
        """
        if not self.technology.is_level:
            return replicate_log_form(self.design, self.equations, self.theta, draws, self.divisors, self.iterated)

        def weigh(products: Array) -> Array:
            return inverse_of_covariance(products / self.divisors, self.equations.names)

        return replicate_level_form(self._stacks, self.theta, draws, self.weights, weigh, steps)

    def _stacks(self, theta: Array) -> Iterator[Stack]:
        return self.equations.stacks(self.design, theta)
