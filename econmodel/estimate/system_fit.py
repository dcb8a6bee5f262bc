"""The record of a fitted system: a fit of the cost function whose parameters share equations helped to find."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.estimate.bootstrap import Replications, weighted_moments, weighted_steps
from econmodel.estimate.design import Block
from econmodel.estimate.equations import Equations, Stack
from econmodel.estimate.fit import Fit
from econmodel.estimate.seemingly_unrelated import Weigh
from econmodel.estimate.system_covariance import whitened
from econmodel.estimate.system_moments import SystemMoments
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
    weigh : how that is made from inner products of residuals
    left_out : the price whose share was left out, or None
    iterated : whether weights and parameters agree (maximum likelihood), or one step was taken
    """

    equations: Equations
    residual_products: Array
    weights: Array
    weigh: Weigh
    left_out: str | None
    iterated: bool

    @property
    def residual_covariance(self) -> pd.DataFrame:
        """Covariance of the errors (E, E), from the residuals."""
        names = list(self.equations.names)
        return pd.DataFrame(np.linalg.inv(self.weigh(self.residual_products)), names, names)

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
        """Parameters in every replication, (replications, k), given the estimated covariance of the errors.

        With `steps` above one each further step makes that covariance anew as well, and goes through the rows once for
        each replication.
        """
        blocks = _equation_by_equation(whitened(self._stacks(self.theta), self.weights))
        gram = weighted_moments(blocks, draws, len(self.theta) + 1)
        replicated = self.theta + weighted_steps(gram[:, :-1, :-1], gram[:, :-1, -1])
        for _ in range(steps - 1):
            for number, start in enumerate(replicated):
                if np.isfinite(start).all():
                    replicated[number] = start + self._reweighted_step(start, draws, number)
        return replicated

    def _reweighted_step(self, start: Array, draws: Replications, number: int) -> Array:
        weights = draws.of_replications(slice(number, number + 1))[0]
        gram = 0.0
        for rows, stack in self._stacks(start):
            gram = gram + np.einsum("ain,bjn,n->aibj", stack, stack, weights[rows], optimize=True)
        moments = SystemMoments(np.asarray(gram), self.sample.rows.count)
        found = moments.weighted(self.weigh(moments.residual_products)).gram[None]
        return weighted_steps(found[:, :-1, :-1], found[:, :-1, -1])[0]

    def _stacks(self, theta: Array) -> Iterator[Stack]:
        return self.equations.stacks(self.design, theta)


def _equation_by_equation(stacks: Iterator[Stack]) -> Iterator[Block]:
    for rows, stack in stacks:
        for equation in stack:
            yield rows, equation
