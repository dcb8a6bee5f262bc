"""The nearest parameters at which a cost function is regular, by a sequence of quadratic programmes.

Each programme keeps every condition that some step violated, linearised where the last step ended. In log forms the
regular parameters are a convex set, so what is found is the nearest of all; in level forms it is a local optimum.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from econmodel.estimate.delta import COMPLEX_STEP
from econmodel.forms.regularity import by_coordinate, price_curvature
from econmodel.forms.technology import Point, Technology

Array = NDArray[np.float64]
MAXIMUM_STEPS = 80
# Conditions are met by this margin; the steps end once none falls short of zero by more than rounding.
INSIDE = 1e-9
ROUNDING = 1e-10
# The steps have settled where none moves the parameters by more than this many standard errors, or the distance by more
# than this share of itself.
SETTLED = 1e-3
SAME_DISTANCE = 1e-9
SHRINKS, LONGER = 0.9, 1.2
# Of many violations only the worst enter at once: the others mostly vanish with them.
MOST_AT_ONCE = 40


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """What is imposed, and where.

    Attributes
    ----------
    technology : the cost function
    point : n points
    monotone : whether cost must rise with each output and price
    concave : whether cost must be concave in prices
    size : what H of a level form is measured against
    """

    technology: Technology
    point: Point
    monotone: bool
    concave: bool
    size: float = 1.0

    def margins(self, theta: Array) -> tuple[Array, Array]:
        """Margins of monotonicity and last of cost itself, (..., n, m + K + 1), and the Hessian of cost in prices,
        (..., n, K, K).
        """
        technology, point, level = self.technology, self.point, self.level(theta)
        slopes = technology.slopes(theta, point)
        parts = [by_coordinate(technology, slopes, point), slopes.log_prices, np.ones_like(level)[..., None]]
        lead = (*theta.shape[:-1], len(point))
        wide = np.concatenate([np.broadcast_to(part, (*lead, part.shape[-1])) for part in parts], axis=-1)
        curvature = price_curvature(technology, theta, point, slopes.log_prices) * level[..., None, None]
        return wide * level[..., None], curvature

    def level(self, theta: Array) -> Array:
        """What every margin is multiplied by, (..., n): one in log forms, H over its mean in level forms.

        Margins are shares of cost, and those of a level form times H are smooth in the parameters where H comes near
        to nothing.
        """
        if self.technology.aggregate is None:
            return np.ones((*theta.shape[:-1], len(self.point)))
        of_aggregate = self.technology.split(theta)[0]
        values = self.technology.aggregate.value(of_aggregate, self.technology.coordinates(self.point))
        return values / self.size

    def at(self, rows: NDArray[np.intp]) -> "Conditions":
        """The same at some of the points."""
        p = self.point
        parts = (part[rows] if len(part) > 1 else part for part in (p.log_prices, p.relationships, p.controls))
        return replace(self, point=Point(p.outputs[rows], *parts))


@dataclass(frozen=True, slots=True, eq=False)
class Cuts:
    """Conditions that bind or once did: c points, the slope that must not be negative, or the direction of prices in
    which cost must not be convex (then the place of the slope is -1).
    """

    rows: NDArray[np.intp]
    places: NDArray[np.intp]
    directions: Array

    def chosen(self, which: NDArray[np.bool_]) -> "Cuts":
        """Some of them."""
        return Cuts(self.rows[which], self.places[which], self.directions[which])

    def join(self, other: "Cuts") -> "Cuts":
        """Both together."""
        pairs = zip(
            (self.rows, self.places, self.directions), (other.rows, other.places, other.directions), strict=True
        )
        return Cuts(*(np.concatenate(pair) for pair in pairs))

    def linearised(self, conditions: Conditions, theta: Array) -> tuple[Array, Array]:
        """Margins (c,), which must not be negative, and their derivatives (c, k); `conditions` at the rows of the cuts.

        By one complex step: its real part is the margin itself.
        """
        scale = np.maximum(np.abs(theta), 1.0)
        steps: Any = theta + 1j * COMPLEX_STEP * np.diag(scale)
        slopes, curvature = conditions.margins(steps)
        values = slopes[..., np.arange(len(self.rows)), np.maximum(self.places, 0)]
        if conditions.concave:
            bent = -np.einsum("ck,...ckl,cl->...c", self.directions, curvature, self.directions)
            values = np.where(self.places >= 0, values, bent)
        return values[0].real, (values.imag / (COMPLEX_STEP * scale[:, None])).T


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """What was found: parameters (k,), missing where the steps did not end; the squared distance; and what binds."""

    theta: Array
    distance: float
    binding: Cuts


def project(theta: Array, covariance: Array, conditions: Conditions) -> Projection:
    """The regular parameters with the least (x - theta)' V^-1 (x - theta).

    Parameters
    ----------
    theta : (k,) unrestricted parameters
    covariance : (k, k) V, positive definite

    Notes
    -----
    The second step of Henningsen and Henning (2009). A condition of concavity is violated where some direction x of
    prices has x'Mx > 0 (M of `price_curvature`); each such direction is a smooth condition on the parameters.

    Examples
    --------
    A Cobb-Douglas whose wage share came out below zero:

    >>> from econmodel.forms.assembly import Centres, assemble
    >>> from econmodel.forms.form import FORMS, Variables
    >>> centres = Centres(np.zeros(1), np.zeros(2), np.zeros(0), np.zeros(0))
    >>> form = assemble(FORMS["cobb_douglas"], Variables(("visits",), ("wage", "rent")), centres, numeraire=1)
    >>> rises = Conditions(form, form.mean_point(), monotone=True, concave=False)
    >>> found = project(np.array([1.0, 0.8, -0.1]), np.eye(3), rises)
    >>> (found.theta.round(6) + 0.0).tolist(), round(found.distance, 6)
    ([1.0, 0.8, 0.0], 0.01)
    """
    scale = np.sqrt(np.diag(covariance))
    root = scale[:, None] * np.linalg.cholesky(covariance / np.outer(scale, scale))
    found, cuts = theta, violated(conditions, theta)
    length, fraction, distance = np.inf, 1.0, np.inf
    # Real parameters only are judged at points without cost, where every margin is missing.
    with np.errstate(invalid="ignore", divide="ignore"):
        for _ in range(MAXIMUM_STEPS):
            if not len(cuts.rows):
                return Projection(found, 0.0, cuts)
            values, gradient = cuts.linearised(conditions.at(cuts.rows), found)
            needed = INSIDE - values + gradient @ (found - theta)
            move, multipliers = nearest(gradient @ root, needed)
            wanted = np.linalg.solve(root, theta + root @ move - found)
            last, length = length, float(np.abs(wanted).max())
            # Linearised conditions that are not convex may send the steps round in circles: shorter ones end that.
            fraction = fraction / 2 if length > SHRINKS * last else min(1.0, LONGER * fraction)
            found = found + fraction * root @ wanted
            if not np.isfinite(found).all():
                break
            cuts, new = cuts.chosen(multipliers > ROUNDING), violated(conditions, found)
            before, distance = distance, float(move @ move)
            if not len(new.rows) and length < SETTLED and abs(before - distance) < SAME_DISTANCE * (1.0 + distance):
                return Projection(found, distance, cuts)
            cuts = cuts.join(new)
    return Projection(np.full_like(theta, np.nan), np.nan, cuts)


def nearest(matrix: Array, bounds: Array) -> tuple[Array, Array]:
    """The shortest z with matrix @ z >= bounds, and the multiplier of each row; missing where there is none.

    Lawson and Hanson (1974), least distance programming by non-negative least squares.

    Examples
    --------
    >>> z, multipliers = nearest(np.array([[1.0, 1.0], [1.0, 0.0]]), np.array([2.0, -1.0]))
    >>> z.round(12).tolist(), multipliers.round(12).tolist()
    ([1.0, 1.0], [1.0, 0.0])
    """
    from scipy.optimize import nnls

    size = np.maximum(np.sqrt((matrix**2).sum(axis=1)), np.finfo(float).tiny)
    matrix, bounds = matrix / size[:, None], bounds / size
    if not np.isfinite(matrix).all() or not np.isfinite(bounds).all():
        return np.full(matrix.shape[1], np.nan), np.full(len(bounds), np.nan)
    target = np.append(np.zeros(matrix.shape[1]), 1.0)
    weights, left = nnls(np.vstack([matrix.T, bounds]), target)
    residual = target - np.vstack([matrix.T, bounds]) @ weights
    if left < ROUNDING:
        return np.full(matrix.shape[1], np.nan), np.full(len(bounds), np.nan)
    return -residual[:-1] / residual[-1], weights / residual[-1] / size


def violated(conditions: Conditions, theta: Array) -> Cuts:
    """The worst violations at theta (k,): slopes below zero, and for each point its directions of convexity."""
    k = len(conditions.technology.prices)
    none = np.zeros(0, dtype=np.intp)
    cuts = Cuts(none, none, np.zeros((0, k)))
    margins, curvature = conditions.margins(theta)
    if not conditions.monotone:
        margins[..., :-1] = 0.0
    rows, places = np.nonzero(margins < -ROUNDING)
    worst = np.argsort(margins[rows, places])[:MOST_AT_ONCE]
    cuts = cuts.join(Cuts(rows[worst], places[worst], np.zeros((len(worst), k))))
    if conditions.concave and k:
        curvature = np.where(np.isfinite(curvature), curvature, 0.0)
        values, vectors = np.linalg.eigh(curvature)
        rows, which = np.nonzero(values > ROUNDING)
        worst = np.argsort(-values[rows, which])[:MOST_AT_ONCE]
        rows, which = rows[worst], which[worst]
        cuts = cuts.join(Cuts(rows, np.full(len(rows), -1), vectors[rows, :, which]))
    return cuts
