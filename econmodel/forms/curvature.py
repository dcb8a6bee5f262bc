"""How marginal costs change with outputs: the Hessian of cost, in closed form."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from econmodel.forms.technology import Point, Technology, over_positive

Array = NDArray[np.float64]
COMPLEX_STEP = 1e-30


def output_hessian(technology: Technology, theta: Array, point: Point) -> Array:
    """Second derivatives of cost by outputs, C_ij, (..., n, m, m), in money per unit of each.

    With u_i the coordinate of output i: C_ij = (C / H) [H_ij u_i' u_j' + (i = j) H_i u_i''] in level forms, and
    C_ij = C [(P_i P_j + P_ij) u_i' u_j' + (i = j) P_i u_i''] in log forms. Parameters may be complex. Missing where a
    level form has no positive cost.

    Examples
    --------
    For C = 10 + 2 a + 3 b + 0.5 a b around a = b = 1:

    >>> from econmodel.forms.assembly import Centres, assemble
    >>> from econmodel.forms.form import FORMS, Variables
    >>> centres = Centres(np.ones(2), np.zeros(0), np.zeros(0), np.zeros(0))
    >>> two = assemble(FORMS["flexible_fixed_cost"], Variables(("a", "b")), centres)
    >>> theta = np.array([{"common cost": 10.0, "a": 2.0, "b": 3.0, "a x b": 0.5}.get(name, 0.0) for name in two.names])
    >>> output_hessian(two, theta, two.mean_point())[0].round(12).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    m = len(technology.outputs)
    z = technology.coordinates(point)
    first, second = _coordinate_derivatives(technology, point)
    of_aggregate, of_exponent = technology.split(theta)
    polynomial, parameters = technology.exponent, of_exponent
    if technology.aggregate is not None:
        polynomial, parameters = technology.aggregate, of_aggregate
    value, gradient = polynomial.evaluate(parameters, z)
    slopes = gradient[..., :m]
    curved = polynomial.coefficients(parameters)[2][..., None, :m, :m]
    cost = technology.cost(theta, point)
    if technology.aggregate is None:
        curved = curved + slopes[..., :, None] * slopes[..., None, :]
    else:
        cost = over_positive(cost, value)
    own = (slopes * second)[..., None] * np.eye(m)
    return np.asarray(cost[..., None, None] * (curved * first[..., :, None] * first[..., None, :] + own))


def cross_derivative(technology: Technology, theta: Array, point: Point, first: int, second: int) -> Array:
    """One C_ij of two different outputs, (..., n): as in `output_hessian`, without the others."""
    z, places = technology.coordinates(point), [first, second]
    slopes = _coordinate_derivatives(technology, point)[0][..., places].prod(axis=-1)
    of_aggregate, of_exponent = technology.split(theta)
    cost = technology.cost(theta, point)
    if technology.aggregate is not None:
        curved = technology.aggregate.coefficients(of_aggregate)[2][..., None, first, second]
        return np.asarray(over_positive(cost, technology.aggregate.value(of_aggregate, z)) * curved * slopes)
    gradient = technology.exponent.evaluate(of_exponent, z)[1][..., places].prod(axis=-1)
    curved = technology.exponent.coefficients(of_exponent)[2][..., None, first, second]
    return np.asarray(cost * (gradient + curved) * slopes)


def _coordinate_derivatives(technology: Technology, point: Point) -> tuple[Array, Array]:
    """First and second derivatives of the centred output coordinates, (n, m) each; the second by a complex step."""
    coordinate = technology.form.coordinate
    first = coordinate.slope(point.outputs)
    moved: Any = point.outputs + 1j * COMPLEX_STEP
    second = np.imag(coordinate.slope(moved)) / COMPLEX_STEP
    if coordinate.centring == "scale":
        return first / technology.output_centres, second / technology.output_centres
    return first, second
