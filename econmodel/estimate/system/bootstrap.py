"""Replications of a system from moments in hand: log forms estimated again as a whole, level forms step by step."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import NotIdentified
from econmodel.estimate.bootstrap import Replications, weighted_moments, weighted_steps
from econmodel.estimate.design import Block, Design
from econmodel.estimate.system.covariance import whitened
from econmodel.estimate.system.equations import Equations, Stack
from econmodel.estimate.system.moments import SystemMoments
from econmodel.estimate.system.seemingly_unrelated import NO_ERROR, Weigh

Array = NDArray[np.float64]
MOST_ITERATIONS = 100
# A change of this many standard errors is far below what replications differ by.
CONVERGED = 1e-5


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
