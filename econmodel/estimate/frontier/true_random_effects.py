"""True random effects: a frontier in which each provider also has a level of cost of its own (Greene, 2005).

log C_it = f_it + w_i + v_it + u_it. The provider's level w_i is normal and is integrated out by adaptive Gauss-Hermite
quadrature: the nodes sit around the most likely level of each provider, which gives many digits from few nodes and the
same digits every time. Gradient and Hessian are those of the integral (Louis, 1982).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from econmodel.estimate.design import Design
from econmodel.estimate.frontier.density import LOG_ROOT_TWO_PI, Density, Derivatives
from econmodel.estimate.frontier.search import Evaluation
from econmodel.estimate.least_squares import Groups

Array = NDArray[np.float64]
Places = NDArray[np.intp]
LogSigmas = tuple[float, float, float]
NODES = 20
# Pairs of rows and nodes at a time.
BATCH_PAIRS = 100_000
MODE_STEPS = 50
# Nodes need not sit exactly at the mode: this share of sigma_w is near enough for rounding.
NEAR_ENOUGH = 1e-9


class Levels(NamedTuple):
    """What the rows of each provider say of its level.

    Attributes
    ----------
    nodes, probabilities : (G, Q) levels and how likely they are
    log_likelihood : (G,)
    found : derivatives of the log density of every row at every node of its provider (n, Q)
    """

    nodes: Array
    probabilities: Array
    log_likelihood: Array
    found: Derivatives


@dataclass(frozen=True, slots=True, eq=False)
class PanelLikelihood:
    """A density of deviations joined to a cost function and the rows of its providers.

    Parameters are those of the cost function, log sigma_w, log sigma_u where the density has it, and log sigma_v.
    """

    design: Design
    density: Density
    providers: Groups

    @property
    def means(self) -> int:
        """Parameters of the mean of inefficiency: none here."""
        return 0

    def split(self, parameters: Array) -> tuple[Array, Array, Array, Array]:
        """Cost function, log sigma_w, log sigma_u (minus infinity without inefficiency) and log sigma_v."""
        count = self.design.count
        log_w, log_v = parameters[..., count], parameters[..., -1]
        log_u = parameters[..., count + 1] if self.density.sigmas == 2 else np.full_like(log_v, -np.inf)
        return parameters[..., :count], log_w, log_u, log_v

    def by_provider(self, theta: Array) -> Iterator[tuple[Array, Array, Places, Places]]:
        """Some providers at a time: derivatives (k, n), deviations (n,), each row's place among them, first rows."""
        blocks = np.hstack([block.copy() for _, block in self.design.blocks(theta)])
        order = np.argsort(self.providers.codes, kind="stable")
        ends = np.cumsum(self.providers.sizes).astype(np.intp)
        taken = np.searchsorted(ends, np.arange(0, ends[-1], max(1, BATCH_PAIRS // NODES)), side="right")
        edges = [*np.unique(taken), len(ends)]
        for first, last in pairwise(edges):
            rows = order[ends[first] - int(self.providers.sizes[first]) : ends[last - 1]]
            sizes = self.providers.sizes[first:last].astype(np.intp)
            starts = np.cumsum(sizes) - sizes
            yield (
                blocks[: self.design.count, rows],
                blocks[-1, rows],
                np.repeat(np.arange(len(sizes), dtype=np.intp), sizes),
                starts,
            )


def levels(
    density: Density, e: Array, places: Places, starts: Places, log_sigmas: LogSigmas, count: int = NODES
) -> Levels:
    """What deviations e (n,), in the order of their providers, say of each provider's level at `count` nodes."""
    log_w, log_u, log_v = log_sigmas
    precision = np.exp(-2.0 * log_w)
    at: Array = np.zeros(len(starts))
    for _ in range(MODE_STEPS):
        found = density.derivatives(e - at[places], 0.0, log_u, log_v)
        slope = -np.add.reduceat(found.first[0], starts) - at * precision
        curvature = np.add.reduceat(found.second[0, 0], starts) - precision
        step = -slope / curvature
        at = at + step
        if np.abs(step).max() < NEAR_ENOUGH * np.exp(log_w):
            break
    t, weights = np.polynomial.hermite.hermgauss(count)
    spread = np.sqrt(-2.0 / curvature)
    nodes = at[:, None] + spread[:, None] * t
    found = density.derivatives(e[:, None] - nodes[places], 0.0, log_u, log_v)
    logs = np.add.reduceat(found.value, starts, axis=0) - LOG_ROOT_TWO_PI - log_w - 0.5 * nodes**2 * precision
    logs += np.log(weights) + t**2 + np.log(spread)[:, None]
    highest = logs.max(axis=1, keepdims=True)
    total = highest[:, 0] + np.log(np.exp(logs - highest).sum(axis=1))
    return Levels(nodes, np.exp(logs - total[:, None]), total, found)


class OfProviders(NamedTuple):
    """Each provider's log-likelihood (G,), gradient (G, K) and Hessian (G, K, K)."""

    value: Array
    gradient: Array
    hessian: Array


def provider_derivatives(likelihood: PanelLikelihood, parameters: Array) -> OfProviders:
    """One evaluation, provider by provider."""
    theta, *logs = likelihood.split(parameters)
    log_sigmas = (float(logs[0]), float(logs[1]), float(logs[2]))
    parts = [_of_some(likelihood, rows, log_sigmas) for rows in likelihood.by_provider(theta)]
    return OfProviders(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _of_some(
    likelihood: PanelLikelihood,
    rows: tuple[Array, Array, Places, Places],
    log_sigmas: LogSigmas,
) -> OfProviders:
    x, e, places, starts = rows
    density, k, sigmas = likelihood.density, len(x), likelihood.density.sigmas
    level = levels(density, e, places, starts, log_sigmas)
    found = level.found
    squares = level.nodes**2 * np.exp(-2.0 * log_sigmas[0])
    scores = np.empty((*level.nodes.shape, k + 1 + sigmas))
    for node in range(NODES):
        scores[:, node, :k] = -np.add.reduceat(x * found.first[0][:, node], starts, axis=1).T
    scores[:, :, k] = squares - 1.0
    for place in range(sigmas):
        scores[:, :, k + 1 + place] = np.add.reduceat(found.first[1 + place], starts, axis=0)
    gradient = np.einsum("gq,gqa->ga", level.probabilities, scores)
    apart = scores - gradient[:, None]
    # Louis: the mean of the Hessians given the data, and the spread of the scores.
    hessian = np.einsum("gqa,gqb->gab", apart * level.probabilities[:, :, None], apart, optimize=True)
    likely = level.probabilities[places]

    def expected(values: Array) -> Array:
        return np.asarray((likely * values).sum(axis=1))

    hessian[:, :k, :k] += _products(x, expected(found.second[0, 0]), starts)
    aggregate = likelihood.design.technology.aggregate
    if aggregate is not None:
        inside = x[: aggregate.count]
        hessian[:, : len(inside), : len(inside)] += _products(inside, expected(found.first[0]), starts)
    hessian[:, k, k] -= 2.0 * (level.probabilities * squares).sum(axis=1)
    for one in range(sigmas):
        mixed = np.add.reduceat(x * expected(found.second[0, 1 + one]), starts, axis=1).T
        hessian[:, :k, k + 1 + one] -= mixed
        hessian[:, k + 1 + one, :k] -= mixed
        for other in range(sigmas):
            second = found.second[1 + min(one, other), 1 + max(one, other)]
            hessian[:, k + 1 + one, k + 1 + other] += np.add.reduceat(expected(second), starts)
    return OfProviders(level.log_likelihood, gradient, hessian)


def _products(x: Array, weights: Array, starts: Places) -> Array:
    """Sums of x x' by provider (G, k, k), rows weighted."""
    return np.moveaxis(np.add.reduceat(x[:, None] * x * weights, starts, axis=2), 2, 0)


def evaluate_panel(likelihood: PanelLikelihood, parameters: Array) -> Evaluation:
    """The log-likelihood of all providers with gradient and Hessian."""
    found = provider_derivatives(likelihood, parameters)
    return Evaluation(float(found.value.sum()), found.gradient.sum(axis=0), found.hessian.sum(axis=0))
