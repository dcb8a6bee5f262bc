"""The equations of a system: cost, and the cost shares that Shephard's lemma derives from the same parameters.

The share of an input in cost is the derivative of log cost by the log of its price. In log forms that is a linear
function of the parameters, with regressors that are among those of the cost function. In level forms, with log C =
log H + P, it is the same function of the derivatives by the parameters of H and P; but those of H are divided by H, so
that the share's own derivatives by H's parameters have one further term.

All that an estimation needs of the rows is the inner products within and between the equations. In log forms every
equation's regressors and response are combinations of the rows of the design, so that the inner products at any
parameters follow from those of one pass. In level forms each step takes a pass.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.estimate.design import BLOCK_ROWS, Design
from econmodel.estimate.moments import Moments
from econmodel.forms.polynomial import Polynomial
from econmodel.forms.technology import Technology

Array = NDArray[np.float64]
# Rows, and for each of E equations its k derivatives and its residual: (E, k + 1, n).
Stack = tuple[slice, Array]
# Entries of a product with a pseudo-inverse below this are zeros that rounding moved.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class ShareEquation:
    """One share: theta @ (matrix @ derivatives + constants) + offset.

    Attributes
    ----------
    price, share : names of the price and of the column with the share
    matrix : (k, k), constants : (k,)
    offset : 1 for the price that all is divided by, whose share is one less the others'; else 0
    """

    price: str
    share: str
    matrix: Array
    constants: Array
    offset: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """The cost equation and share equations of one cost function, in the order of the design's columns `beside`."""

    technology: Technology
    shares: tuple[ShareEquation, ...]

    @property
    def count(self) -> int:
        """Number of equations, the cost equation among them."""
        return 1 + len(self.shares)

    @property
    def names(self) -> tuple[str, ...]:
        """What each equation explains: "log cost" stands for the first."""
        return ("log cost", *(one.share for one in self.shares))

    def linear_map(self) -> Array:
        """For log forms: (E, k + 1, k + q + 1), each equation's k regressors and its response from a design's rows."""
        k, q = len(self.technology.names), len(self.shares)
        mapped = np.zeros((self.count, k + 1, k + q + 1))
        mapped[0, :k, :k] = np.eye(k)
        mapped[0, k, -1] = 1.0
        for number, one in enumerate(self.shares):
            mapped[number + 1, :k, :k] = one.matrix
            mapped[number + 1, k, k + number] = 1.0
            if one.offset:
                mapped[number + 1, k, :k] -= one.offset * _constant(self.technology.exponent)
        return mapped

    def residual_map(self, theta: Array) -> Array:
        """The same from a design's rows at theta: regressors and the residual of each equation there."""
        mapped = self.linear_map()
        mapped[1:, -1] -= np.einsum("k,akf->af", theta, mapped[1:, :-1])
        return mapped

    def stacks(self, design: Design, theta: Array) -> Iterator[Stack]:
        """One pass: derivatives and residuals of every equation at theta. The buffer is reused: copy what you keep."""
        k, t = design.count, self.technology
        inside = 0 if t.aggregate is None else t.aggregate.count
        buffer = np.zeros((self.count, k + 1, min(BLOCK_ROWS, max(design.rows.count, 1))))
        parts = [_Part.of(one, theta, inside) for one in self.shares]
        for rows, block in design.blocks(theta):
            stack = buffer[:, :, : block.shape[1]]
            stack[0, :k], stack[0, k] = block[:k], block[-1]
            for number, part in enumerate(parts, 1):
                part.fill(block[:k], block[k + number - 1], stack[number])
            yield rows, stack


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What of a share equation is not zero: its parameters, and the derivatives that they multiply."""

    parameters: NDArray[np.intp]
    regressors: NDArray[np.intp]
    matrix: Array
    constants: Array
    theta: Array
    offset: float
    inside: int

    @classmethod
    def of(cls, one: ShareEquation, theta: Array, inside: int) -> "_Part":
        parameters = np.flatnonzero(one.matrix.any(axis=1) | (one.constants != 0))
        regressors = np.flatnonzero(one.matrix.any(axis=0))
        return cls(
            parameters, regressors, one.matrix[np.ix_(parameters, regressors)], one.constants[parameters, None],
            theta[parameters], one.offset, inside,
        )  # fmt: skip

    def fill(self, derivatives: Array, share: Array, out: Array) -> None:
        linear = self.matrix @ derivatives[self.regressors] + self.constants
        fitted = self.theta @ linear
        if self.inside:
            # (sum of d_ik u_i) / H falls as H grows, whichever of H's parameters makes it grow.
            of_aggregate = self.parameters < self.inside
            within = self.theta[of_aggregate] @ linear[of_aggregate]
            np.multiply(derivatives[: self.inside], -within, out=out[: self.inside])
            out[self.inside : -1] = 0.0
            out[self.parameters] += linear
        else:
            out[self.parameters] = linear
        np.subtract(share, fitted + self.offset, out=out[-1])


def equations_of(technology: Technology, shares: dict[str, str]) -> Equations:
    """The cost equation with the share equations of these prices (price -> share column)."""
    found = {
        price: _slopes(technology, place)
        for place, price in enumerate(
            price for place, price in enumerate(technology.prices) if place != technology.numeraire
        )
    }
    equations = []
    for price, share in shares.items():
        if price in found:
            equations.append(ShareEquation(price, share, *found[price]))
        else:
            matrix = -sum((one for one, _ in found.values()), np.zeros((1, 1)))
            constants = -sum((one for _, one in found.values()), np.zeros(1))
            equations.append(ShareEquation(price, share, matrix, constants, offset=1.0))
    return Equations(technology, tuple(equations))


def _slopes(technology: Technology, place: int) -> tuple[Array, Array]:
    """The matrix (k, k) and constants (k,) of the derivative of log cost by the relative price at this place."""
    by = len(technology.outputs) + place
    matrix, constants = technology.exponent.derivative(by)
    if technology.aggregate is not None:
        inner, inner_constants = technology.aggregate.derivative(by)
        h = len(inner)
        whole = np.zeros((h + len(matrix), h + len(matrix)))
        whole[:h, :h], whole[h:, h:] = inner, matrix
        matrix, constants = whole, np.concatenate([inner_constants, constants])
    return np.where(np.abs(matrix) < ROUNDING, 0.0, matrix), constants


def _constant(polynomial: Polynomial) -> Array:
    """The combination (k,) of a polynomial's multipliers that is one everywhere."""
    place = polynomial.terms.tolist().index([-1, -1])
    unit = np.zeros(len(polynomial.terms))
    unit[place] = 1.0
    return unit if polynomial.mixing is None else unit @ np.linalg.pinv(polynomial.mixing)


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
