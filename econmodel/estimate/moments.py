"""One pass over the rows: weighted Gram matrices, and what follows from them.

Everything that least squares needs is in the matrix of inner products of the derivatives and the residual. Squaring
loses digits when columns are nearly collinear; then the same pass is made with blockwise QR instead.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import NotIdentified
from econmodel.estimate.design import Block

Array = NDArray[np.float64]
# Above this condition number of the equilibrated Gram matrix, squaring would leave fewer than eight sound digits.
ORTHOGONAL_ABOVE = 1e8
# Where means of groups take all but this share of a column's squares, their difference has lost five digits of sixteen.
LOST_IN_MEANS = 1e-5
# Below this ratio of singular values a direction is rounding error, not data.
NO_DIRECTION = 1e-9
# Loadings of at least this share of the largest name the columns that move together.
NAMED_LOADING = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Inner products of the k derivatives and the residual (last), over all rows.

    Attributes
    ----------
    gram : (k + 1, k + 1)
    count : number of rows
    triangle : (k + 1, k + 1) upper triangle R with R'R = gram, where the pass was made by QR; else None
    lost : whether group means took so much of a square that too few digits are left: rows less means keep them
    """

    gram: Array
    count: int
    triangle: Array | None = None
    lost: bool = False

    @property
    def residual_squares(self) -> float:
        """Sum of squares of the residual row."""
        return float(self.gram[-1, -1])


def accumulate(blocks: Iterable[Block]) -> Moments:
    """One pass: the Gram matrix of all rows of the blocks."""
    gram, count = None, 0
    for _, block in blocks:
        product = block @ block.T
        gram = product if gram is None else np.add(gram, product, out=gram)
        count += block.shape[1]
    assert gram is not None
    return Moments(gram, count)


def accumulate_orthogonally(blocks: Iterable[Block]) -> Moments:
    """One pass by blockwise QR: twice the digits of the Gram matrix, several times the work."""
    triangle: Array | None = None
    count = 0
    for _, block in blocks:
        stacked = block.T if triangle is None else np.vstack([triangle, block.T])
        triangle = np.asarray(np.linalg.qr(stacked, mode="r"))
        count += block.shape[1]
    assert triangle is not None
    if len(triangle) < triangle.shape[1]:
        triangle = np.vstack([triangle, np.zeros((triangle.shape[1] - len(triangle), triangle.shape[1]))])
    return Moments(triangle.T @ triangle, count, triangle)


def group_sums(blocks: Iterable[Block], codes: NDArray[np.intp], groups: int) -> Array:
    """Sums of every row of the blocks by group: (k + 1, groups)."""
    sums = None
    for rows, block in blocks:
        if sums is None:
            sums = np.zeros((len(block), groups))
        for total, values in zip(sums, block, strict=True):
            np.add.at(total, codes[rows], values)
    assert sums is not None
    return sums


def within(blocks: Iterable[Block], codes: NDArray[np.intp], sums: Array, sizes: Array) -> Iterator[Block]:
    """The same blocks less their group means plus the grand mean, so that the constant keeps its meaning."""
    means = sums / sizes - sums.sum(axis=1, keepdims=True) / sizes.sum()
    for rows, block in blocks:
        yield rows, block - means[:, codes[rows]]


def within_moments(moments: Moments, sums: Array, sizes: Array) -> Moments:
    """Moments of the within transformation from one pass' raw moments and group sums.

    Squares and products were formed before demeaning, as the fixed-effects translog requires.
    """
    total = sums.sum(axis=1)
    inner = moments.gram - (sums / sizes) @ sums.T
    lost = bool((np.diag(inner)[1:] < LOST_IN_MEANS * np.diag(moments.gram)[1:]).any())
    return Moments(inner + np.outer(total, total) / sizes.sum(), moments.count, lost=lost)


def condition_number(moments: Moments) -> float:
    """Condition number of the derivatives, each scaled to unit length."""
    if not np.isfinite(moments.gram).all():
        return np.inf
    if moments.triangle is not None:
        upper = moments.triangle[:-1, :-1]
        scale = np.sqrt((upper**2).sum(axis=0))
        singular = np.linalg.svd(upper / np.where(scale > 0, scale, 1.0), compute_uv=False)
        return float(singular[0] / singular[-1]) if singular[-1] > 0 else np.inf
    values = np.linalg.eigvalsh(_equilibrated(moments.gram[:-1, :-1])[0])
    return float(np.sqrt(values[-1] / values[0])) if values[0] > 0 else np.inf


def _equilibrated(matrix: Array) -> tuple[Array, Array]:
    scale = np.sqrt(np.diag(matrix))
    scale = np.where(scale > 0, scale, 1.0)
    return matrix / np.outer(scale, scale), scale


def inverse(moments: Moments, names: Sequence[str], advice: str = "") -> Array:
    """Inverse of the derivatives' Gram matrix (k, k); NotIdentified names a direction that the data do not hold."""
    if not np.isfinite(moments.gram).all():
        at_fault = [n for n, good in zip(names, np.isfinite(np.diag(moments.gram)[:-1]), strict=True) if not good]
        raise NotIdentified(
            f"The squares of {', '.join(at_fault[:5]) or 'cost'} are no finite numbers: the columns behind it are too "
            "large for a computer's numbers. Give them in larger units (thousands, millions)."
        )
    if moments.triangle is not None:
        upper = moments.triangle[:-1, :-1]
        scale = np.sqrt((upper**2).sum(axis=0))
        scale = np.where(scale > 0, scale, 1.0)
        _, values, vectors = np.linalg.svd(upper / scale)
        spectrum, floor = values**2, NO_DIRECTION**2
    else:
        matrix, scale = _equilibrated(moments.gram[:-1, :-1])
        values, rows = np.linalg.eigh(matrix)
        spectrum, vectors, floor = values[::-1], rows.T[::-1], 100 * len(matrix) * np.finfo(float).eps
    if not np.isfinite(spectrum).all() or spectrum[-1] <= floor * spectrum[0]:
        raise NotIdentified(_direction(vectors[-1], names, advice))
    return (vectors.T / spectrum) @ vectors / np.outer(scale, scale)


def solve(moments: Moments, inverse_gram: Array) -> Array:
    """The least-squares step: derivatives times step closest to the residual."""
    if moments.triangle is None:
        step = inverse_gram @ moments.gram[:-1, -1]
        # One refinement on the moments: the inverse is exact to rounding times its condition number only.
        return step + inverse_gram @ (moments.gram[:-1, -1] - moments.gram[:-1, :-1] @ step)
    from scipy.linalg import solve_triangular

    return solve_triangular(moments.triangle[:-1, :-1], moments.triangle[:-1, -1])


def _direction(vector: Array, names: Sequence[str], advice: str) -> str:
    loading = np.abs(vector)
    together = [name for name, size in zip(names, loading, strict=True) if size >= NAMED_LOADING * loading.max()]
    if len(together) == 1:
        what = f"The parameter of {together[0]} is not identified: its column does not vary on its own"
    else:
        what = (
            f"The parameters of {', '.join(together[:-1])} and {together[-1]} cannot be separated: they move together"
        )
    cure = advice or (
        "Leave one of them out or add them up; where the form has second-order terms, fewer of those may do "
        '(second_order="outputs" or "none").'
    )
    return f"{what} in these data. No numbers are returned. {cure}"
