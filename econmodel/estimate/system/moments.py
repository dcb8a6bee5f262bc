"""Inner products within and between the equations of a system: all that its estimation needs of the rows.

In log forms every equation's regressors and response are combinations of the rows of the design, so that the inner
products at any parameters follow from those of one pass. In level forms each step takes a pass.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.estimate.design import Design
from econmodel.estimate.moments import Moments
from econmodel.estimate.system.equations import Equations

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SystemMoments:
    """Inner products of the k derivatives and the residual (last) of E equations, over all rows.

    Attributes
    ----------
    gram : (E, k + 1, E, k + 1)
    count : number of rows
    root : (f, E, k + 1) rows with the same inner products, where the pass was made by QR; else None
    """

    gram: Array
    count: int
    root: Array | None = None

    @property
    def residual_products(self) -> Array:
        """Inner products of the residuals (E, E)."""
        return self.gram[:, -1, :, -1]

    def weighted(self, weights: Array) -> Moments:
        """Moments of the equations stacked and weighted by the inverse (E, E) of the covariance of their errors."""
        rows = self.count * len(weights)
        if self.root is None:
            return Moments(np.einsum("ab,aibj->ij", weights, self.gram), rows)
        stacked = np.einsum("fai,ab->fbi", self.root, np.linalg.cholesky(weights))
        triangle = np.asarray(np.linalg.qr(stacked.reshape(-1, self.root.shape[-1]), mode="r"))
        return Moments(triangle.T @ triangle, rows, triangle)


MomentsAt = Callable[[Array], SystemMoments]


def from_one_pass(moments: Moments, equations: Equations) -> MomentsAt:
    """For log forms: the moments at any parameters, from those of the design's rows."""
    mapped = equations.linear_map()
    root = moments.triangle

    def at(theta: Array) -> SystemMoments:
        here = mapped.copy()
        here[:, -1] -= np.einsum("k,akf->af", theta, mapped[:, :-1])
        if root is None:
            return SystemMoments(np.einsum("aif,fg,bjg->aibj", here, moments.gram, here, optimize=True), moments.count)
        rows = np.einsum("gf,aif->gai", root, here)
        return SystemMoments(np.einsum("gai,gbj->aibj", rows, rows), moments.count, rows)

    return at


def by_passes(design: Design, equations: Equations) -> MomentsAt:
    """For level forms: the moments at given parameters, from a pass over the rows."""

    def at(theta: Array) -> SystemMoments:
        size = equations.count * (design.count + 1)
        gram, count = np.zeros((size, size)), 0
        for _, stack in equations.stacks(design, theta):
            rows = np.ascontiguousarray(stack).reshape(size, -1)
            gram += rows @ rows.T
            count += rows.shape[1]
        return SystemMoments(gram.reshape(equations.count, -1, equations.count, design.count + 1), count)

    return at
