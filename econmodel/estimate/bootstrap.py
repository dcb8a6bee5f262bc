"""Bootstrap by clusters without refitting: every replication is a weighted sum of moments already in hand.

A replication gives each cluster (a provider with all its rows; a row where rows are providers) a multinomial weight.
Log forms are then exact; level forms take one Gauss-Newton step from the estimate, or more.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.estimate.design import BLOCK_ROWS, Block
from econmodel.estimate.least_squares import Groups
from econmodel.stated import random_numbers

Array = NDArray[np.float64]
Triangle = tuple[NDArray[np.intp], NDArray[np.intp]]
# Above this many clusters their weights are independent Poisson draws (Chamandy et al., 2012), made while streaming.
MULTINOMIAL_CLUSTERS = 20_000
# Draws that are counted at a time.
DRAWN_TOGETHER = 1_000_000
# Bytes of weights of clusters that are in hand at a time as floating-point numbers.
WEIGHTS_TOGETHER = 64_000_000
# An eigenvalue of the scaled moments below this is rounding: the replication lost a direction.
NO_DIRECTION = 1e-13
# Where every pivot of the Cholesky factor is above this, no eigenvalue comes near that: only others are looked at.
CLEARLY_A_DIRECTION = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class Replications:
    """Weights of rows in each of `count` replications: the same call gives the same weights, whatever is replicated.

    Attributes
    ----------
    count : number of replications
    rows : number of rows
    seed : seed of the weights
    codes : (n,) cluster of each row, or None where every row is its own
    clusters : number of clusters
    weights : (count, clusters) weights, or None where Poisson weights are drawn as they are asked for
    """

    count: int
    rows: int
    seed: int
    codes: NDArray[np.intp] | None
    clusters: int
    weights: NDArray[np.integer] | None

    def of(self, rows: slice) -> Array:
        """The weights of some rows, (count, n)."""
        weights = np.empty((self.count, rows.stop - rows.start))
        for chosen in self._chunks():
            weights[chosen] = self._some(chosen, rows)
        return weights

    def of_replications(self, chosen: slice) -> Array:
        """The weights of all rows in some replications, (b, rows)."""
        return self._some(chosen, slice(0, self.rows))

    def sums(self, of_clusters: Array) -> Array:
        """Weighted sums (count, m) of what each cluster has (clusters, m), some replications at a time."""
        sums = np.empty((self.count, of_clusters.shape[1]))
        for chosen in self._chunks():
            sums[chosen] = self._of_clusters(chosen, slice(0, self.clusters)) @ of_clusters
        return sums

    def _chunks(self) -> list[slice]:
        together = max(1, WEIGHTS_TOGETHER // (8 * self.clusters))
        return [slice(start, min(start + together, self.count)) for start in range(0, self.count, together)]

    def _some(self, chosen: slice, rows: slice) -> Array:
        if self.codes is None:
            return self._of_clusters(chosen, rows)
        codes = self.codes[rows]
        first = int(codes.min())
        return self._of_clusters(chosen, slice(first, int(codes.max()) + 1))[:, codes - first]

    def _of_clusters(self, chosen: slice, clusters: slice) -> Array:
        if self.weights is None:
            return self._streamed(range(self.count)[chosen], clusters)
        return self.weights[chosen, clusters].astype(float)

    def _streamed(self, chosen: range, clusters: slice) -> Array:
        # One stream for each replication and block, so that no other has to be drawn to know its weights.
        weights = np.empty((len(chosen), clusters.stop - clusters.start))
        for block in range(clusters.start // BLOCK_ROWS, -(-clusters.stop // BLOCK_ROWS)):
            first, start = block * BLOCK_ROWS, max(clusters.start, block * BLOCK_ROWS)
            stop = min(clusters.stop, first + BLOCK_ROWS)
            for place, number in enumerate(chosen):
                drawn = np.random.default_rng([self.seed, number, block]).poisson(1.0, stop - first)
                weights[place, start - clusters.start : stop - clusters.start] = drawn[start - first :]
        return weights


def replications(count: int, rows: int, seed: int, clusters: Groups | None = None) -> Replications:
    """Draw the weights of a pairs bootstrap, or of a cluster bootstrap where clusters are given."""
    number = rows if clusters is None else len(clusters.sizes)
    rng = random_numbers(seed)
    weights = _multinomial(rng, count, number) if number <= MULTINOMIAL_CLUSTERS else None
    return Replications(count, rows, seed, None if clusters is None else clusters.codes, number, weights)


def _multinomial(rng: np.random.Generator, count: int, number: int) -> NDArray[np.uint16]:
    """How often each of `number` clusters is drawn in as many draws, (count, number): draws that are counted."""
    weights = np.empty((count, number), dtype=np.uint16)
    together = max(1, DRAWN_TOGETHER // number)
    for start in range(0, count, together):
        some = min(together, count - start)
        drawn = rng.integers(0, number, (some, number))
        drawn += number * np.arange(some)[:, None]
        weights[start : start + some] = np.bincount(drawn.ravel(), minlength=some * number).reshape(some, number)
    return weights


def replicate(blocks: Callable[[Array], Iterable[Block]], theta: Array, draws: Replications, steps: int = 1) -> Array:
    """Parameters in every replication, (replications, k); missing where a replication identifies too little.

    Parameters
    ----------
    blocks : the k derivatives and the residual of every row, block by block, at given parameters
    steps : Gauss-Newton steps. Where the derivatives do not depend on the parameters one is exact; those after the
        first go through the rows once for each replication.
    """
    k = len(theta)
    gram = weighted_moments(blocks(theta), draws, k + 1)
    replicated = theta + weighted_steps(gram[:, :-1, :-1], gram[:, :-1, -1])
    for _ in range(steps - 1):
        for number, start in enumerate(replicated):
            weights = draws.of_replications(slice(number, number + 1))[0]
            products = ((block * weights[rows]) @ block.T for rows, block in blocks(start))
            gram[number] = sum(products, np.zeros((k + 1, k + 1)))
        replicated = replicated + weighted_steps(gram[:, :-1, :-1], gram[:, :-1, -1])
    return replicated


def weighted_moments(blocks: Iterable[Block], draws: Replications, features: int) -> Array:
    """Gram matrices of all features (rows of the blocks) in every replication, (replications, features, features)."""
    upper: Triangle = np.triu_indices(features)
    collect = _by_row if draws.codes is None else _by_cluster
    packed = collect(blocks, draws, upper)
    gram = np.empty((draws.count, features, features))
    gram[:, upper[0], upper[1]] = packed
    gram[:, upper[1], upper[0]] = packed
    return gram


def _by_row(blocks: Iterable[Block], draws: Replications, upper: Triangle) -> Array:
    packed = np.zeros((draws.count, len(upper[0])))
    for rows, block in blocks:
        packed += draws.of(rows) @ (block[upper[0]] * block[upper[1]]).T
    return packed


def _by_cluster(blocks: Iterable[Block], draws: Replications, upper: Triangle) -> Array:
    assert draws.codes is not None
    total = np.zeros((len(upper[0]), draws.clusters))
    for rows, block in blocks:
        for row, (first, second) in zip(total, zip(*upper, strict=True), strict=True):
            np.add.at(row, draws.codes[rows], block[first] * block[second])
    return draws.sums(total.T)


def weighted_steps(gram: Array, target: Array) -> Array:
    """The least-squares step of every replication (B, k); missing where its moments have no inverse."""
    gram = np.where(np.isfinite(gram).all(axis=(1, 2), keepdims=True), gram, 0.0)
    scale = np.sqrt(np.maximum(np.einsum("bii->bi", gram), np.finfo(float).tiny))
    scaled = gram / (scale[:, :, None] * scale[:, None, :])
    steps = np.full_like(target, np.nan)
    sound = np.flatnonzero(_have_inverse(scaled))
    solved = np.linalg.solve(scaled[sound], (target[sound] / scale[sound])[..., None])[..., 0]
    steps[sound] = solved / scale[sound]
    return steps


def _have_inverse(scaled: Array) -> NDArray[np.bool_]:
    """Whether each of the matrices (B, k, k), of unit diagonal, holds every direction."""
    try:
        pivots = np.einsum("bii->bi", np.linalg.cholesky(scaled)).min(axis=1) ** 2
    except np.linalg.LinAlgError:
        pivots = np.zeros(len(scaled))
    sound = pivots > CLEARLY_A_DIRECTION
    sound[~sound] = np.linalg.eigvalsh(scaled[~sound])[:, 0] > NO_DIRECTION
    return sound


def quantile_interval(draws: Array, level: float) -> tuple[Array, Array]:
    """Percentile interval over the first axis, missing draws left out; missing where all of them are."""
    tail, known = (1.0 - level) / 2.0, ~np.isnan(draws).all(axis=0)
    ends = np.full((2, *draws.shape[1:]), np.nan)
    # Draw k of B ordered ones estimates the quantile k / (B + 1): numpy's own rule gives 94.0 % for 95 with 199 draws.
    if known.any():
        ends[:, known] = np.nanquantile(draws[:, known], [tail, 1.0 - tail], axis=0, method="weibull")
    return ends[0], ends[1]
