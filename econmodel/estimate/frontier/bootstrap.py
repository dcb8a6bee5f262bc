"""Bootstrap of a frontier by clusters: every replication is estimated again, or takes Newton steps from the estimate.

Small tables are estimated again; in log forms many replications at a time: their rows differ in weight only, so that
Newton's Hessians are one matrix product. Larger tables take one step from the estimate, all replications at once, which
asymptotically is the same; level forms a second one, since their residuals bend. Where no inefficiency was found, steps
keep to that.
"""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge
from econmodel.estimate.bootstrap import Replications
from econmodel.estimate.frontier.density import LOG_ROOT_TWO_PI, NoInefficiency
from econmodel.estimate.frontier.ends import HIGHER, NO_INEFFICIENCY, NO_NOISE
from econmodel.estimate.frontier.search import DELIVERED, LONGEST_STEP, Evaluation, Likelihood, climb, evaluate
from econmodel.estimate.frontier.solution import MIDDLE_SHARE, Solution, started
from econmodel.estimate.frontier.steps import uphill

Array = NDArray[np.float64]
# Up to so many rows replications are estimated again: together in log forms, one by one in level forms.
REESTIMATED_ROWS, REESTIMATED_LEVEL_ROWS = 2_000, 500
# Pairs of replications and rows at a time: their derivatives stay in memory at once.
BATCH_PAIRS = 200_000
MAXIMUM_TRIALS = 60
# Newton's decrement at which a replication is done: its own noise is far larger.
GAINED = 1e-8


def replicate_frontier(asked: Likelihood, found: Solution[Likelihood], draws: Replications, steps: int) -> Array:
    """All parameters in every replication, (replications, K), standard deviations behind; missing where a replication
    identifies too little.

    Parameters
    ----------
    asked : the likelihood that was asked for
    found : the estimate
    draws : weights of the rows
    steps : Newton steps of a level form with more rows than are estimated again
    """
    is_level, rows = asked.design.technology.is_level, asked.design.rows.count
    if rows > (REESTIMATED_LEVEL_ROWS if is_level else REESTIMATED_ROWS):
        return _by_steps(found, draws, steps if is_level else 1)
    if is_level:
        return _one_by_one(asked, found, draws)
    table = _Table.of(asked)
    size = max(1, BATCH_PAIRS // rows)
    chunks = [slice(start, start + size) for start in range(0, draws.count, size)]
    return np.concatenate([_estimated(table, found, draws.of_replications(chunk)) for chunk in chunks])


def _by_steps(found: Solution[Likelihood], draws: Replications, steps: int) -> Array:
    """One Newton step from the estimate, all replications at once; further ones replication by replication."""
    likelihood, sigmas = found.likelihood, found.likelihood.density.sigmas
    moved = found.parameters + _limited(_first_steps(likelihood, found.parameters, draws), sigmas)
    for _ in range(steps - 1):
        for number in np.flatnonzero(np.isfinite(moved).all(axis=1)):
            weights = draws.of_replications(slice(number, number + 1))[0]
            value, gradient, hessian = evaluate(likelihood, moved[number], weights)
            if np.isfinite(value):
                moved[number] += _limited(uphill(gradient, hessian)[0][None], sigmas)[0]
    return natural(likelihood, moved)


def _first_steps(likelihood: Likelihood, at: Array, draws: Replications) -> Array:
    """Newton steps (replications, K) from the same point: gradients and Hessians are sums of rows' own."""
    size = len(at)
    upper = np.triu_indices(size)
    gradient, packed = np.zeros((draws.count, size)), np.zeros((draws.count, len(upper[0])))
    for rows, first, second in likelihood.row_derivatives(at):
        weights = draws.of(rows)
        gradient += weights @ first.T
        packed += weights @ second[upper].T
    hessian = np.empty((draws.count, size, size))
    hessian[:, upper[0], upper[1]] = packed
    hessian[:, upper[1], upper[0]] = packed
    step, concave = uphill(gradient, hessian)
    return np.where(concave[:, None], step, np.nan)


def _limited(step: Array, sigmas: int) -> Array:
    """Steps without those of log standard deviations that are too long to be believed."""
    limited = step.copy()
    limited[:, -sigmas:] = np.clip(step[:, -sigmas:], -LONGEST_STEP, LONGEST_STEP)
    return limited


def natural(likelihood: Likelihood, parameters: Array) -> Array:
    """Parameters with standard deviations in place of their logs, sigma_u zero where there is no inefficiency."""
    theta, delta, log_u, log_v = likelihood.split(parameters)
    return np.concatenate([theta, delta, np.exp(log_u)[..., None], np.exp(log_v)[..., None]], axis=-1)


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """The rows of a log form in memory: x (k, n), z (q, n), response (n,), products of x with itself (n, k(k+1)/2)."""

    likelihood: Likelihood
    x: Array
    z: Array
    response: Array
    products: Array
    upper: tuple[NDArray[np.intp], NDArray[np.intp]]

    @classmethod
    def of(cls, likelihood: Likelihood) -> "_Table":
        count = likelihood.design.count
        blocks = np.hstack([block.copy() for _, block in likelihood.design.blocks()])
        x, z = blocks[:count], likelihood.moved(blocks) if likelihood.density.has_mean else blocks[:0]
        upper = np.triu_indices(count)
        return cls(likelihood, x, z, blocks[-1], (x[upper[0]] * x[upper[1]]).T, upper)

    def squares(self, weights: Array) -> Array:
        """X'diag(w)X for each row of weights (b, n)."""
        packed, count = weights @ self.products, len(self.x)
        square = np.empty((len(weights), count, count))
        square[:, self.upper[0], self.upper[1]] = packed
        square[:, self.upper[1], self.upper[0]] = packed
        return square

    def evaluate(self, parameters: Array, weights: Array) -> tuple[Array, Array, Array]:
        """Weighted log-likelihoods (b,), gradients (b, K) and Hessians (b, K, K)."""
        x, z, k, q = self.x, self.z, len(self.x), len(self.z)
        theta, delta, log_u, log_v = self.likelihood.split(parameters)
        found = self.likelihood.density.derivatives(
            self.response - theta @ x, delta @ z, log_u[:, None], log_v[:, None]
        )
        first = [weights * one for one in found.first]
        second = {place: weights * one for place, one in found.second.items()}
        own, size = 1 + self.likelihood.density.has_mean, parameters.shape[1]
        sigmas = range(own, len(first))
        gradient, hessian = np.empty((len(parameters), size)), np.zeros((len(parameters), size, size))
        gradient[:, :k] = -first[0] @ x.T
        hessian[:, :k, :k] = self.squares(second[0, 0])
        if q:
            gradient[:, k : k + q] = first[1] @ z.T
            hessian[:, :k, k : k + q] = -np.einsum("kn,bn,qn->bkq", x, second[0, 1], z, optimize=True)
            hessian[:, k : k + q, k : k + q] = np.einsum("pn,bn,qn->bpq", z, second[1, 1], z, optimize=True)
        for place, one in enumerate(sigmas, k + q):
            gradient[:, place] = first[one].sum(axis=1)
            hessian[:, :k, place] = -second[0, one] @ x.T
            if q:
                hessian[:, k : k + q, place] = second[1, one] @ z.T
            for other_place, other in enumerate(range(one, len(first)), place):
                hessian[:, place, other_place] = second[one, other].sum(axis=1)
        hessian = np.triu(hessian) + np.swapaxes(np.triu(hessian, 1), 1, 2)
        return (weights * found.value).sum(axis=1), gradient, hessian


def _least_squares(table: _Table, weights: Array) -> tuple[Array, Array, Array]:
    """Weighted least squares (b, k), its log-likelihood (b,) and log standard deviation (b,); missing if singular."""
    theta = np.full((len(weights), len(table.x)), np.nan)
    square, target = table.squares(weights), (weights * table.response) @ table.x.T
    sound = np.linalg.cond(square) < 1.0 / np.finfo(float).eps
    theta[sound] = np.linalg.solve(square[sound], target[sound][..., None])[..., 0]
    total = weights.sum(axis=1)
    variance = (weights * (table.response - theta @ table.x) ** 2).sum(axis=1) / total
    log_v = 0.5 * np.log(variance)
    return theta, -total * (LOG_ROOT_TWO_PI + log_v + 0.5), log_v


def _estimated(table: _Table, found: Solution[Likelihood], weights: Array) -> Array:
    """Replications estimated again by Newton's method, each with its own step control.

    A few copies of rows can be fitted without noise: such a replication ends where its noise is next to none.
    """
    ordinary, normal, log_v = _least_squares(table, weights)
    start = found.parameters
    if found.at_boundary:
        start = started(table.likelihood, found.least_squares.theta, found.residuals, MIDDLE_SHARE)
    at, sigmas = np.tile(start, (len(weights), 1)), table.likelihood.density.sigmas
    value, gradient, hessian = table.evaluate(at, weights)
    step, concave = uphill(gradient, hessian)
    fraction, open_ = np.ones(len(at)), np.isfinite(normal)
    done, without = np.zeros(len(at), dtype=bool), np.zeros(len(at), dtype=bool)
    for _ in range(MAXIMUM_TRIALS):
        gain = np.einsum("bk,bk->b", gradient, step)
        done |= open_ & ((concave & (gain < GAINED)) | (at[:, -1] - at[:, -2] < np.log(NO_NOISE)))
        without |= open_ & ~done & (at[:, -2] - at[:, -1] < np.log(NO_INEFFICIENCY)) & (value <= normal + HIGHER)
        open_ &= ~done & ~without
        if not open_.any():
            break
        rows = np.flatnonzero(open_)
        longest = np.abs(step[rows, -sigmas:]).max(axis=1)
        reach = fraction[rows] * np.minimum(1.0, LONGEST_STEP / np.maximum(longest, LONGEST_STEP))
        trial = at[rows] + reach[:, None] * step[rows]
        new, new_gradient, new_hessian = table.evaluate(trial, weights[rows])
        better = new >= value[rows] + DELIVERED * reach * gain[rows]
        better |= (gain[rows] < np.sqrt(GAINED)) & (new >= value[rows])
        taken = rows[better]
        at[taken], value[taken], gradient[taken] = trial[better], new[better], new_gradient[better]
        step[taken], concave[taken] = uphill(new_gradient[better], new_hessian[better])
        fraction[taken], fraction[rows[~better]] = 1.0, fraction[rows[~better]] / 2.0
    result = natural(table.likelihood, at)
    result[~done] = np.nan
    if not table.likelihood.means:
        plain = without | (done & (value <= normal + HIGHER))
        result[plain] = np.column_stack([ordinary, np.zeros(len(at)), np.exp(log_v)])[plain]
    return result


def _one_by_one(asked: Likelihood, found: Solution[Likelihood], draws: Replications) -> Array:
    """Replications estimated again one after another: in level forms derivatives move, and large tables do not fit."""
    start, noise = found.parameters, Likelihood(asked.design, NoInefficiency())
    if found.at_boundary:
        start = started(asked, found.least_squares.theta, found.residuals, MIDDLE_SHARE)

    def stop(at: Array, _: Evaluation) -> str:
        if at[-1] - at[-2] < np.log(NO_NOISE):
            return "noiseless"
        return "none" if at[-2] - at[-1] < np.log(NO_INEFFICIENCY) - LONGEST_STEP else ""

    def estimated(weights: Array) -> Array:
        peak = climb(lambda at: evaluate(asked, at, weights), start, stop, gained=GAINED)
        if peak.stopped != "none":
            return natural(asked, peak.parameters)
        if asked.means:
            return np.full(len(start), np.nan)
        plain = np.delete(peak.parameters, -2)
        return natural(noise, climb(lambda at: evaluate(noise, at, weights), plain, stop, gained=GAINED).parameters)

    replicated = np.full((draws.count, len(start)), np.nan)
    for number in range(draws.count):
        with suppress(DidNotConverge):
            replicated[number] = estimated(draws.of_replications(slice(number, number + 1))[0])
    return replicated
