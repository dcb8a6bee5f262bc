"""The errors of a system: of one row never taken to be independent of each other, uneven from row to row or shared.

A row's score is the sum over its equations. Replications come from moments in hand: log forms are estimated again as a
whole, level forms step by step.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotIdentified
from econmodel.estimate.bootstrap import Replications, weighted_moments, weighted_steps
from econmodel.estimate.covariance import FITTED_EXACTLY
from econmodel.estimate.design import Block, Design
from econmodel.estimate.error_model import ErrorModel
from econmodel.estimate.system.equations import Equations, Stack, SystemMoments
from econmodel.estimate.system.seemingly_unrelated import NO_ERROR, Weigh, inverse_of_covariance
from econmodel.results import format_number

Array = NDArray[np.float64]
MOST_ITERATIONS = 100
# A change of this many standard errors is far below what replications differ by.
CONVERGED = 1e-5


@dataclass(frozen=True, eq=False)
class SystemModel(ErrorModel):
    """The errors of cost together with cost shares. Residuals, R-squared and `ssr` are those of the cost equation.

    Attributes
    ----------
    equations : the equations
    residual_products : (E, E) inner products of the residuals
    weights : (E, E) inverse of the covariance of the errors that the parameters were found with
    divisors : (E, E) what inner products of residuals are divided by to give that covariance
    left_out : the price whose share was left out, or None
    iterated : whether weights and parameters agree (maximum likelihood), or one step was taken
    """

    leaves_clusters_out: ClassVar[bool] = False

    equations: Equations
    residual_products: Array
    weights: Array
    divisors: Array
    left_out: str | None
    iterated: bool

    @property
    def maximises_likelihood(self) -> bool:
        """Whether weights were made anew until nothing changed."""
        return self.iterated

    @property
    def has_likelihood_of_cost(self) -> bool:
        """No: it is of the shares too."""
        return False

    @property
    def shares(self) -> Mapping[str, str]:
        """The prices of the share equations, and the columns of their shares."""
        return {one.price: one.share for one in self.equations.shares}

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
        rows = float(self.sample.rows.count)
        logarithm = np.linalg.slogdet(self.residual_products / rows)[1]
        return float(-0.5 * rows * (self.equations.count * (np.log(2.0 * np.pi) + 1.0) + logarithm))

    @property
    def classical_covariance(self) -> Array:
        """The covariance (k, k) that holds for errors that are alike and independent from row to row."""
        return self.solution.inverse_gram

    @cached_property
    def share_residuals(self) -> pd.DataFrame:
        """Cost shares less fitted shares, one column a share equation."""
        found = np.concatenate([stack[1:, -1].T for _, stack in self._stacks(self.theta)])
        return pd.DataFrame(found, self.sample.data.frame.index, [one.share for one in self.equations.shares])

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
        shares = self.sample.data.frame[[one.share for one in self.equations.shares]].to_numpy(dtype=float)
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


def whitened(stacks: Iterator[Stack], weights: Array) -> Iterator[Stack]:
    """Equations combined so that their errors have the unit covariance, given its inverse (E, E)."""
    root = np.linalg.cholesky(weights)
    for rows, stack in stacks:
        yield rows, np.tensordot(root, stack, (0, 0))


def robust(stacks: Iterator[Stack], inverse_gram: Array, kind: str, freedom: float) -> tuple[Array, NDArray[np.intp]]:
    """Heteroscedasticity-consistent covariance (k, k) in one pass over whitened stacks at the estimate.

    Parameters
    ----------
    kind : "HC0" to "HC3"
    freedom : what HC1 multiplies by

    Returns
    -------
    covariance, and the rows that are fitted exactly in some combination of equations, which adds nothing

    Notes
    -----
    As for one equation, with the leverage of a row an (E, E) matrix P: residuals e become inverse(I - P) e in HC3,
    which is what leaving the row out does, and that of the root of I - P in HC2 (Bell and McCaffrey, 2002, with a
    cluster a row).
    """
    meat = np.zeros_like(inverse_gram)
    root = np.linalg.cholesky(inverse_gram)
    exact: list[NDArray[np.intp]] = []
    for rows, stack in stacks:
        derivatives, residuals = stack[:, :-1], stack[:, -1]
        if kind in ("HC2", "HC3"):
            along = np.matmul(root.T, derivatives)
            kept = np.eye(len(stack)) - np.einsum("akn,bkn->nab", along, along)
            residuals, alone = _without_leverage(kept, residuals, -1.0 if kind == "HC3" else -0.5)
            exact.append(rows.start + alone)
        scores = np.einsum("ekn,en->kn", derivatives, residuals)
        meat += scores @ scores.T
    found = np.concatenate(exact) if exact else np.zeros(0, dtype=np.intp)
    return (freedom if kind == "HC1" else 1.0) * inverse_gram @ meat @ inverse_gram, found


def _without_leverage(kept: Array, residuals: Array, power: float) -> tuple[Array, NDArray[np.intp]]:
    """Residuals (E, n) times a power of the matrices I - P (n, E, E), and the rows where one of these is singular."""
    if power == -1.0 and (np.trace(kept, axis1=1, axis2=2) > kept.shape[1] - 0.5).all():
        solved = np.asarray(np.linalg.solve(kept, residuals.T[..., None]), dtype=np.float64)
        return solved[..., 0].T, np.zeros(0, dtype=np.intp)
    values, vectors = np.linalg.eigh(kept)
    alone = values < FITTED_EXACTLY
    raised = np.where(alone, 0.0, np.where(alone, 1.0, values) ** power)
    turned = np.einsum("nab,an->nb", vectors, residuals)
    return np.einsum("nab,nb->an", vectors, raised * turned), np.flatnonzero(alone.any(axis=1))


def scores(stacks: Iterator[Stack]) -> Iterator[Block]:
    """The score of every row (k, n) from whitened stacks, block by block."""
    for rows, stack in stacks:
        yield rows, np.einsum("ekn,en->kn", stack[:, :-1], stack[:, -1])


def replicate_log_form(
    design: Design, equations: Equations, theta: Array, draws: Replications, divisors: Array, iterate: bool
) -> Array:
    """Parameters in every replication (B, k): the whole estimation from each one's moments, after a single pass.

    Parameters
    ----------
    theta : the estimate, around which moments are taken
    divisors : (E, E) what inner products of residuals are divided by
    iterate : whether weights are made anew until nothing changes, or once
    """
    k = design.count
    moments = weighted_moments(design.blocks(theta), draws, k + len(design.beside) + 1)
    mapped = equations.residual_map(theta)
    size = len(mapped) * (k + 1)
    flat = mapped.reshape(size, -1)
    gram = (flat @ moments @ flat.T).reshape(draws.count, len(mapped), k + 1, len(mapped), k + 1)
    plain = np.broadcast_to(np.eye(len(mapped)), (draws.count, len(mapped), len(mapped)))
    change, _ = _generalised(gram, plain)
    found, going = change.copy(), np.arange(draws.count)
    for _ in range(MOST_ITERATIONS if iterate else 1):
        last = change
        change, errors = _generalised(gram, _weights(gram, last, divisors))
        found[going] = change
        moving = (np.abs(change - last) > CONVERGED * errors).any(axis=1)
        if not moving.any():
            break
        if 2 * moving.sum() < len(going):
            going, gram, change = going[moving], gram[moving], change[moving]
    return theta + found


def _generalised(gram: Array, weights: Array) -> tuple[Array, Array]:
    """The generalised least-squares step of every replication (B, k), and standard errors of it."""
    weighted = np.einsum("bef,beifj->bij", weights, gram, optimize=True)
    step = weighted_steps(weighted[:, :-1, :-1], weighted[:, :-1, -1])
    return step, 1.0 / np.sqrt(np.maximum(np.einsum("bii->bi", weighted)[:, :-1], np.finfo(float).tiny))


def _weights(gram: Array, change: Array, divisors: Array) -> Array:
    """Inverse covariances of the errors of every replication (B, E, E); missing where there is none."""
    direction = np.concatenate([-change, np.ones((len(change), 1))], axis=1)
    products = np.einsum("bi,beifj,bj->bef", direction, gram, direction, optimize=True) / divisors
    spread = np.sqrt(np.maximum(np.einsum("bee->be", products), np.finfo(float).tiny))
    scaled = products / (spread[:, :, None] * spread[:, None, :])
    sound = np.isfinite(scaled).all(axis=(1, 2))
    sound[sound] = np.linalg.eigvalsh(scaled[sound])[:, 0] > NO_ERROR
    inverse = np.full_like(scaled, np.nan)
    inverse[sound] = np.linalg.inv(scaled[sound])
    return inverse / (spread[:, :, None] * spread[:, None, :])


def replicate_level_form(
    stacks: Callable[[Array], Iterator[Stack]], theta: Array, draws: Replications, weights: Array, weigh: Weigh,
    steps: int,
) -> Array:  # fmt: skip
    """Parameters in every replication (B, k): a Gauss-Newton step given the estimated covariance of the errors, and
    further ones, each after a pass for each replication, that make it anew.
    """
    blocks = _equation_by_equation(whitened(stacks(theta), weights))
    gram = weighted_moments(blocks, draws, len(theta) + 1)
    replicated = theta + weighted_steps(gram[:, :-1, :-1], gram[:, :-1, -1])
    for _ in range(steps - 1):
        for number, start in enumerate(replicated):
            of_rows = draws.of_replications(slice(number, number + 1))[0]
            replicated[number] = start + _reweighted_step(stacks(start), of_rows, weigh)
    return replicated


def _reweighted_step(stacks: Iterator[Stack], of_rows: Array, weigh: Weigh) -> Array:
    gram, shape = np.zeros((0, 0)), (0, 0)
    for rows, stack in stacks:
        shape = stack.shape[:2]
        flat = np.ascontiguousarray(stack).reshape(shape[0] * shape[1], -1)
        product = (flat * of_rows[rows]) @ flat.T
        gram = gram + product if gram.size else product
    moments = SystemMoments(gram.reshape(shape * 2), len(of_rows))
    try:
        # Where fitted cost is not positive the moments are missing, and so is the step.
        weights = weigh(moments.residual_products) if np.isfinite(gram).all() else None
    except NotIdentified:
        weights = None
    if weights is None:
        return np.full(shape[1] - 1, np.nan)
    weighted = moments.weighted(weights).gram[None]
    return weighted_steps(weighted[:, :-1, :-1], weighted[:, :-1, -1])[0]


def _equation_by_equation(stacks: Iterator[Stack]) -> Iterator[Block]:
    for rows, stack in stacks:
        for equation in stack:
            yield rows, equation
