"""What a cost function must do to be one: rise with outputs and prices, and be concave in prices.

Pure functions of parameters (..., k), real or complex, and points. Each margin is at least zero where its condition
holds, so the same functions count violations, and give the constraints that impose regularity.
"""

import numpy as np
from numpy.typing import NDArray

from econmodel.forms.technology import Point, Slopes, Technology, over_positive

Array = NDArray[np.float64]
# A price that everything is proportional to has a share of one to rounding, and an eigenvalue of zero.
ROUNDING = 1e-9


def output_margins(technology: Technology, theta: Array, point: Point) -> Array:
    """Derivatives of log cost by the coordinate of each output, (..., n, m): they have the signs of marginal costs.

    Coordinates are logs in log forms (then these are cost elasticities) and multiples of the mean in level forms.
    """
    return by_coordinate(technology, technology.slopes(theta, point), point)


def by_coordinate(technology: Technology, slopes: Slopes, point: Point) -> Array:
    """The same from slopes that are known already."""
    slope = technology.form.coordinate.slope(point.outputs)
    if technology.form.coordinate.centring == "scale":
        slope = slope / technology.output_centres
    return slopes.outputs / slope


def price_margins(technology: Technology, theta: Array, point: Point) -> Array:
    """Derivatives of log cost by log prices, (..., n, K): by Shephard's lemma the cost shares of the inputs."""
    return technology.slopes(theta, point).log_prices


def price_curvature(technology: Technology, theta: Array, point: Point, shares: Array | None = None) -> Array:
    """The Hessian of cost in prices, scaled by prices and cost: w_k w_l C_kl / C, (..., n, K, K).

    With L the second derivatives of log cost by log prices and s its first ones (the cost shares) this is
    L - diag(s) + s s'. Cost is concave in prices where no eigenvalue is above zero (Diewert and Wales, 1987). In a
    translog L is the matrix of second-order price parameters; in level forms it varies with outputs and prices.
    `shares` are the `price_margins` where they are known already.

    Examples
    --------
    Cobb-Douglas with shares 0.3 and 0.7 of two inputs:

    >>> from econmodel.forms.assembly import Centres, assemble
    >>> from econmodel.forms.form import FORMS, Variables
    >>> centres = Centres(np.zeros(1), np.zeros(2), np.zeros(0), np.zeros(0))
    >>> form = assemble(FORMS["cobb_douglas"], Variables(("visits",), ("wage", "rent")), centres, numeraire=1)
    >>> price_curvature(form, np.array([0.0, 0.8, 0.3]), form.mean_point())[0].round(12).tolist()
    [[-0.21, 0.21], [0.21, -0.21]]
    """
    if technology.form.price_levels:
        return _level_curvature(technology, theta, point)
    shares = price_margins(technology, theta, point) if shares is None else shares
    relative = _relative_curvature(technology, theta, point)
    if technology.numeraire is not None:
        to_relative = np.delete(np.eye(len(technology.prices)), technology.numeraire, axis=0)
        to_relative[:, technology.numeraire] = -1.0
        relative = to_relative.T @ relative @ to_relative
    diagonal = shares[..., None] * np.eye(shares.shape[-1])
    return np.asarray(relative - diagonal + shares[..., :, None] * shares[..., None, :])


def concavity_margin(technology: Technology, theta: Array, point: Point) -> Array:
    """Minus the largest eigenvalue of `price_curvature`, (..., n); parameters must be real. Missing without cost."""
    curvature = price_curvature(technology, theta, point)
    known = np.asarray(np.isfinite(curvature).all(axis=(-1, -2)))
    largest = np.linalg.eigvalsh(np.where(known[..., None, None], curvature, 0.0))[..., -1]
    return np.where(known, -largest, np.nan)


def _level_curvature(technology: Technology, theta: Array, point: Point) -> Array:
    """The same where prices enter H as levels: with x the prices over their centres and I their mean, C = I H(x / I).

    Differentiated twice this is (x / I)' T H'' T' (x / I) / H, T the derivatives of x / I by x: no eigenvalue is above
    zero at any point exactly where none of the quadratic price terms H'' is.
    """
    m, places = len(technology.outputs), range(len(technology.prices))
    kept = [place for place in places if place != technology.numeraire]
    of_aggregate = technology.split(theta)[0]
    z = technology.coordinates(point)
    assert technology.aggregate is not None
    columns = slice(m, m + len(kept))
    quadratic = technology.aggregate.coefficients(of_aggregate)[2][..., None, columns, columns]
    levels = np.exp(point.log_prices - technology.log_price_centres)
    moved = np.eye(len(places))[:, kept]
    if technology.numeraire is not None:
        levels = levels / levels.mean(axis=-1, keepdims=True)
        moved = moved - levels[..., None, kept] / len(places)
    moved = levels[..., :, None] * moved
    value = technology.aggregate.value(of_aggregate, z)[..., None, None]
    return over_positive(moved @ quadratic @ np.swapaxes(moved, -1, -2), value)


def _relative_curvature(technology: Technology, theta: Array, point: Point) -> Array:
    """Second derivatives of log cost by the price coordinates (relative to the numeraire where there is one)."""
    m, k = len(technology.outputs), len(technology.prices) - (technology.numeraire is not None)
    columns = slice(m, m + k)
    of_aggregate, of_exponent = technology.split(theta)
    curvature = technology.exponent.coefficients(of_exponent)[2][..., None, columns, columns]
    if technology.aggregate is None:
        return curvature
    value, gradient = technology.aggregate.evaluate(of_aggregate, technology.coordinates(point))
    value = value[..., None, None]
    second = technology.aggregate.coefficients(of_aggregate)[2][..., None, columns, columns]
    first = gradient[..., columns, None] * gradient[..., None, columns]
    return np.asarray(curvature + over_positive(second - over_positive(first, value), value))
