"""Inference on a frontier: the inverse Hessian, its sandwich, clustered, and the bootstrap by clusters.

In the bootstrap every replication is estimated again, or takes Newton steps from the estimate.
Small tables are estimated again; in log forms many replications at a time: their rows differ in weight only, so that
Newton's Hessians are one matrix product. Larger tables take one step from the estimate, all replications at once, which
asymptotically is the same; level forms a second one, since their residuals bend. Where no inefficiency was found, steps
keep to that.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge, NotSupported
from econmodel.estimate.bootstrap import Replications
from econmodel.estimate.covariance import clustered, score_products
from econmodel.estimate.frontier.density import LOG_ROOT_TWO_PI, NoInefficiency
from econmodel.estimate.frontier.likelihood import (
    DELIVERED,
    HIGHER,
    LONGEST_STEP,
    NO_INEFFICIENCY,
    NO_NOISE,
    Evaluation,
    Likelihood,
    climb,
    evaluate,
    uphill,
)
from econmodel.estimate.frontier.solution import MIDDLE_SHARE, Solution, started
from econmodel.estimate.least_squares import Groups
from econmodel.estimate.moments import Moments, group_sums, inverse

Array = NDArray[np.float64]
Triangle = tuple[NDArray[np.intp], NDArray[np.intp]]
KINDS = ("nonrobust", "HC0", "HC1", "cluster")
# Up to so many rows replications are estimated again: together in log forms, one by one in level forms.
REESTIMATED_ROWS, REESTIMATED_LEVEL_ROWS = 2_000, 500
# Pairs of replications and rows at a time: their derivatives stay in memory at once.
BATCH_PAIRS = 200_000
MAXIMUM_TRIALS = 60
# Newton's decrement at which a replication is done: its own noise is far larger.
GAINED = 1e-8


def check_kind(kind: str) -> None:
    """NotSupported, with the cure, for a covariance that a frontier has not."""
    if kind not in KINDS:
        raise NotSupported(
            f'cov_type="{kind}" weighs residuals by their leverage, which a frontier does not have. Use "HC1", '
            '"nonrobust" or "cluster".'
        )


def score_blocks(likelihood: Likelihood, parameters: Array) -> Iterator[tuple[slice, Array]]:
    """Derivatives of each row's log density by all parameters, block by block: (rows, (K, n))."""
    own = 1 + likelihood.density.has_mean
    for rows, x, z, found in likelihood.rows(parameters):
        of_mean = z * found.first[1] if likelihood.density.has_mean else z
        yield rows, np.vstack([-x * found.first[0], of_mean, *found.first[own:]])


def covariance_of(found: Solution[Likelihood], kind: str, clusters: Groups | None, names: tuple[str, ...]) -> Array:
    """Covariance (K, K) of all parameters, standard deviations as they are; sigma_u has none where it is zero."""
    likelihood, parameters, count = found.likelihood, found.parameters, found.residuals.count
    covariance = inverse_information(found, names)
    if kind in ("HC0", "HC1"):
        meat = score_products(score_blocks(likelihood, parameters), None)
        covariance = covariance @ meat @ covariance * (count / (count - len(parameters)) if kind == "HC1" else 1.0)
    elif kind == "cluster":
        assert clusters is not None
        sums = group_sums(score_blocks(likelihood, parameters), clusters.codes, len(clusters.sizes))
        covariance = clustered(sums.T, covariance, count)
    return in_sigmas(covariance, found, likelihood.density.sigmas)


def inverse_information(found: Solution[Any], names: tuple[str, ...]) -> Array:
    """Inverse of the negative Hessian; NotIdentified names parameters that cannot be told apart."""
    return inverse(Moments(np.pad(-found.found.hessian, (0, 1)), found.residuals.count), names)


def in_sigmas(covariance: Array, found: Solution[Any], sigmas: int) -> Array:
    """From the logs of the last `sigmas` parameters to themselves, with zeros for a sigma_u of zero."""
    scale = np.ones(len(found.parameters))
    scale[-sigmas:] = np.exp(found.parameters[-sigmas:])
    covariance = covariance * np.outer(scale, scale)
    return np.insert(np.insert(covariance, -1, 0.0, axis=0), -1, 0.0, axis=1) if found.at_boundary else covariance


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
    start = found.parameters
    if found.at_boundary:
        start = started(asked, found.least_squares.theta, found.residuals, MIDDLE_SHARE)
    if is_level:
        return _one_by_one(asked, start, draws)
    table = _Table.of(asked)
    size = max(1, BATCH_PAIRS // rows)
    chunks = [slice(start, start + size) for start in range(0, draws.count, size)]
    return np.concatenate([_estimated(table, start, draws.of_replications(chunk)) for chunk in chunks])


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
    return likelihood.natural(moved)


def _symmetric(packed: Array, upper: Triangle) -> Array:
    """Matrices (b, k, k) from their upper triangles (b, k(k+1)/2)."""
    size = int(upper[0][-1]) + 1
    matrices = np.empty((len(packed), size, size))
    matrices[:, upper[0], upper[1]] = packed
    matrices[:, upper[1], upper[0]] = packed
    return matrices


def _first_steps(likelihood: Likelihood, at: Array, draws: Replications) -> Array:
    """Newton steps (replications, K) from the same point: gradients and Hessians are sums of rows' own."""
    size = len(at)
    upper = np.triu_indices(size)
    gradient, packed = np.zeros((draws.count, size)), np.zeros((draws.count, len(upper[0])))
    for rows, first, second in likelihood.row_derivatives(at):
        weights = draws.of(rows)
        gradient += weights @ first.T
        packed += weights @ second[upper].T
    step, concave = uphill(gradient, _symmetric(packed, upper))
    return np.where(concave[:, None], step, np.nan)


def _limited(step: Array, sigmas: int) -> Array:
    """Steps without those of log standard deviations that are too long to be believed."""
    limited = step.copy()
    limited[:, -sigmas:] = np.clip(step[:, -sigmas:], -LONGEST_STEP, LONGEST_STEP)
    return limited


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """The rows of a log form in memory: x (k, n), z (q, n), response (n,), products of x with itself (n, k(k+1)/2)."""

    likelihood: Likelihood
    x: Array
    z: Array
    response: Array
    products: Array
    upper: Triangle

    @classmethod
    def of(cls, likelihood: Likelihood) -> "_Table":
        count = likelihood.design.count
        blocks = np.hstack([block.copy() for _, block in likelihood.design.blocks()])
        x, z = blocks[:count], likelihood.moved(blocks) if likelihood.density.has_mean else blocks[:0]
        upper = np.triu_indices(count)
        return cls(likelihood, x, z, blocks[-1], (x[upper[0]] * x[upper[1]]).T, upper)

    def squares(self, weights: Array) -> Array:
        """X'diag(w)X for each row of weights (b, n)."""
        return _symmetric(weights @ self.products, self.upper)

    def evaluate(self, parameters: Array, weights: Array) -> tuple[Array, Array, Array]:
        """Weighted log-likelihoods (b,), gradients (b, K) and Hessians (b, K, K)."""
        x, z, k, q = self.x, self.z, len(self.x), len(self.z)
        theta, delta, log_u, log_v = self.likelihood.split(parameters)
        e = self.response - theta @ x
        found = self.likelihood.density.derivatives(e, delta @ z, log_u[:, None], log_v[:, None]).weighted(weights)
        first, second = found.first, found.second
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
        return found.value.sum(axis=1), gradient, hessian


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


def _estimated(table: _Table, start: Array, weights: Array) -> Array:
    """Replications estimated again by Newton's method, each with its own step control.

    A few copies of rows can be fitted without noise: such a replication ends where its noise is next to none.
    """
    ordinary, normal, log_v = _least_squares(table, weights)
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
    result = table.likelihood.natural(at)
    result[~done] = np.nan
    if not table.likelihood.means:
        plain = without | (done & (value <= normal + HIGHER))
        result[plain] = np.column_stack([ordinary, np.zeros(len(at)), np.exp(log_v)])[plain]
    return result


def _one_by_one(asked: Likelihood, start: Array, draws: Replications) -> Array:
    """Replications estimated again one after another: in level forms derivatives move, and large tables do not fit."""
    noise = Likelihood(asked.design, NoInefficiency())

    def stop(at: Array, _: Evaluation) -> str:
        if at[-1] - at[-2] < np.log(NO_NOISE):
            return "noiseless"
        return "none" if at[-2] - at[-1] < np.log(NO_INEFFICIENCY) - LONGEST_STEP else ""

    def estimated(weights: Array) -> Array:
        peak = climb(lambda at: evaluate(asked, at, weights), start, stop, gained=GAINED)
        if peak.stopped != "none":
            return asked.natural(peak.parameters)
        if asked.means:
            return np.full(len(start), np.nan)
        plain = np.delete(peak.parameters, -2)
        return noise.natural(climb(lambda at: evaluate(noise, at, weights), plain, stop, gained=GAINED).parameters)

    replicated = np.full((draws.count, len(start)), np.nan)
    for number in range(draws.count):
        with suppress(DidNotConverge):
            replicated[number] = estimated(draws.of_replications(slice(number, number + 1))[0])
    return replicated
