"""Covariances of least squares: classical, heteroscedasticity-robust, clustered, and wild-cluster p-values."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import UnknownName
from econmodel.estimate.design import Block
from econmodel.estimate.least_squares import Groups
from econmodel.estimate.moments import group_sums
from econmodel.stated import random_numbers

Array = NDArray[np.float64]
COVARIANCES = ("nonrobust", "HC0", "HC1", "HC2", "HC3", "cluster")
FEWEST_CLUSTERS = 20
# One less the leverage of a row that nothing else resembles is rounding.
FITTED_EXACTLY = 1e-10
WILD_DRAWS = 9_999
# Entries of the moments by cluster; with more clusters than fit, leaving one out changes nothing that is seen.
LARGEST_JACKKNIFE = 20_000_000
# Draws times clusters times hypotheses that are held at once: some thirty megabytes.
BATCH_DRAWS = 4_000_000
# The six points of Webb (2023), for so few clusters that two points would give too few different samples.
WEBB_POINTS = np.sqrt(np.array([1.5, 1.0, 0.5]))


@dataclass(frozen=True, slots=True, eq=False)
class Covariance:
    """How well parameters are known, and what a reader must know of that.

    Attributes
    ----------
    matrix : (K, K) covariance of the parameters of the cost function and of those behind them
    kind : "nonrobust", "HC0" to "HC3" or "cluster"
    clusters : groups of rows that errors are shared within, or None
    freedom : degrees of freedom of t tests
    notes : what a reader must know of the fit
    wild : whether p-values come from the wild cluster bootstrap instead
    """

    matrix: Array
    kind: str
    clusters: Groups | None
    freedom: float
    notes: tuple[str, ...]
    wild: bool = False


def check_covariance(name: str) -> None:
    """UnknownName, with the known names, for a covariance that does not exist."""
    if name not in COVARIANCES:
        raise UnknownName(f"There is no covariance {name!r}. The covariances are {', '.join(COVARIANCES)}.")


def robust(
    blocks: Iterator[Block], inverse_gram: Array, kind: str, count: int, parameters: int, absorbed: Array | None = None
) -> tuple[Array, NDArray[np.intp]]:
    """Heteroscedasticity-consistent covariance (k, k) in one pass over blocks at the estimate.

    Parameters
    ----------
    parameters : number of parameters with absorbed effects among them
    absorbed : (n,) leverage of each row from effects that were taken out

    Returns
    -------
    covariance, and the rows with leverage one: they are fitted exactly whatever they hold, so they say nothing of the
    error and add nothing

    Notes
    -----
    HC0 to HC3 as in MacKinnon and White (1985); leverages are those of the tangent plane for level forms.
    """
    meat = np.zeros_like(inverse_gram)
    root = _root(inverse_gram) if kind in ("HC2", "HC3") else None
    exact: list[NDArray[np.intp]] = []
    for rows, block in blocks:
        residual = block[-1]
        if root is not None:
            kept = 1.0 - ((root.T @ block[:-1]) ** 2).sum(axis=0) - (0.0 if absorbed is None else absorbed[rows])
            alone = kept < FITTED_EXACTLY
            exact.append(rows.start + np.flatnonzero(alone))
            kept = np.where(alone, 1.0, kept)
            residual = np.where(alone, 0.0, residual / (kept if kind == "HC3" else np.sqrt(kept)))
        scores = np.multiply(block[:-1], residual, out=block[:-1])
        meat += scores @ scores.T
    correction = count / (count - parameters) if kind == "HC1" else 1.0
    found = np.concatenate(exact) if exact else np.zeros(0, dtype=np.intp)
    return correction * _sandwich(inverse_gram, meat), found


def _sandwich(bread: Array, meat: Array) -> Array:
    """The product by a root of the meat: where columns nearly move together no variance falls below zero."""
    half = bread @ _root(meat)
    return np.asarray(half @ half.T)


def _root(matrix: Array) -> Array:
    """R with RR' = matrix, also where rounding makes the smallest eigenvalues of a covariance negative."""
    scale = np.sqrt(np.diag(matrix))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(matrix / scale[:, None] / scale)
    return np.asarray(scale[:, None] * vectors * np.sqrt(np.maximum(values, 0.0)))


@dataclass(frozen=True, slots=True, eq=False)
class ClusterMoments:
    """Inner products within each cluster: gram (G, k, k) of the derivatives, scores (G, k) with the residual."""

    gram: Array
    scores: Array

    @property
    def count(self) -> int:
        """Number of clusters."""
        return len(self.scores)


def cluster_scores(blocks: Iterator[Block], codes: NDArray[np.intp], groups: int) -> Array:
    """Sums of derivatives times residual by cluster, (G, k)."""
    return group_sums(((rows, block[:-1] * block[-1]) for rows, block in blocks), codes, groups).T


def score_products(scores: Iterable[Block], clusters: Groups | None) -> Array:
    """Inner products (k, k) of the scores of rows (k, n), block by block, or of their sums by cluster."""
    if clusters is not None:
        sums = group_sums(scores, clusters.codes, len(clusters.sizes))
        return sums @ sums.T
    total: Array | None = None
    for _, block in scores:
        total = block @ block.T if total is None else total + block @ block.T
    assert total is not None
    return total


def clustered(scores: Array, inverse_gram: Array, count: int) -> Array:
    """Cluster-robust covariance with the usual small-sample factor (CR1), from scores by cluster (G, k)."""
    groups, k = scores.shape
    correction = groups / (groups - 1) * (count - 1) / (count - k)
    half = inverse_gram @ scores.T
    return np.asarray(correction * half @ half.T)


def cluster_moments(blocks: Iterator[Block], codes: NDArray[np.intp], groups: int) -> ClusterMoments:
    """Inner products of derivatives and residual within each cluster, in one pass."""
    total: Array | None = None
    for rows, block in blocks:
        if total is None:
            total = np.zeros((groups, len(block), len(block)))
        np.add.at(total, codes[rows], block.T[:, :, None] * block.T[:, None, :])
    assert total is not None
    return ClusterMoments(total[:, :-1, :-1], total[:, :-1, -1])


def jackknifed(moments: ClusterMoments) -> Array:
    """Covariance (k, k) of least squares with each cluster left out in turn (CV3 of MacKinnon, Nielsen and Webb, 2023).

    Larger than the usual one where clusters are few or weigh unevenly, and nearer to the truth there.
    """
    rest = moments.gram.sum(axis=0) - moments.gram
    moved = (np.linalg.pinv(rest, hermitian=True) @ moments.scores[:, :, None])[:, :, 0]
    return (moments.count - 1.0) / moments.count * moved.T @ moved


def joint_covariance(
    covariance: Array, moments: Callable[[], ClusterMoments], groups: int, count: int
) -> tuple[Array, float]:
    """A clustered covariance (k, k), and degrees of freedom, for a test of `count` restrictions together.

    Each cluster is left out in turn (MacKinnon, Nielsen and Webb, 2023), and the statistic scaled as Hotelling's
    (1931): the usual clustered covariance rejects far too often where clusters are few for the restrictions.
    """
    if groups * len(covariance) ** 2 <= LARGEST_JACKKNIFE:
        covariance = jackknifed(moments())
    return covariance * (groups - 1.0) / (groups - count), float(groups - count)


def wild_cluster_p_values(
    moments: ClusterMoments, inverse_gram: Array, directions: Array, differences: Array, seed: int = 0
) -> Array:
    """P-values (q,) of `directions @ theta = nulls`, one by one, from the restricted wild cluster bootstrap.

    Parameters
    ----------
    directions : (q, k) the hypotheses (for nonlinear measures, their gradients)
    differences : (q,) estimates less nulls

    Notes
    -----
    Cameron, Gelbach and Miller (2008), with Webb's six-point weights; studentised with CR1 in every draw. All
    hypotheses are tested on the same draws.
    """
    points = np.concatenate([-WEBB_POINTS, WEBB_POINTS])
    weights = random_numbers(seed).choice(points, size=(WILD_DRAWS, moments.count))
    size = max(1, BATCH_DRAWS // weights.size)
    found = [np.zeros(0)]
    for start in range(0, len(directions), size):
        chosen = slice(start, start + size)
        along = directions[chosen] @ inverse_gram
        variance = (directions[chosen] * along).sum(axis=1)
        move = along * (differences[chosen] / variance)[:, None]
        restricted = moments.scores + np.einsum("gij,qj->qgi", moments.gram, move)
        pulled = np.einsum("gij,qi->qgj", moments.gram, along)
        # A draw's estimate is its weights times `own`, and its scores by cluster are its weights times `scores`.
        own = np.einsum("qgi,qi->qg", restricted, along)
        scores = own[:, :, None] * np.eye(moments.count) - (restricted @ inverse_gram) @ pulled.swapaxes(1, 2)
        flat = weights @ scores.transpose(1, 0, 2).reshape(moments.count, -1)
        squares = np.square(flat, out=flat).reshape(len(weights), len(along), -1).sum(axis=-1)
        # Where nothing is left over there is no error to compare with: such a draw rejects nothing.
        statistic = _over_error(np.abs(weights @ own.T), squares)
        observed = _over_error(np.abs(differences[chosen]), ((moments.scores @ along.T) ** 2).sum(axis=0))
        # Equal weights for all clusters give the observed statistic again: such ties must not hang on rounding.
        found.append((1.0 + (statistic >= observed * (1.0 - 1e-9)).sum(axis=0)) / (1.0 + WILD_DRAWS))
    return np.concatenate(found)


def _over_error(sizes: Array, squares: Array) -> Array:
    return np.divide(sizes, np.sqrt(squares), out=np.full_like(sizes, np.inf), where=squares > 0)
