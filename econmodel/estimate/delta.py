"""Standard errors of any smooth function of the parameters, exact to rounding."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Measure = Callable[[Any], Array]
COMPLEX_STEP = 1e-30


def jacobian(measure: Measure, theta: Array) -> Array:
    """Derivatives (q, k) of a measure at theta (k,) by complex steps.

    The measure maps parameters (..., k), which may be complex, to values (..., q); all k steps are one call. No
    difference is taken, so nothing cancels (Squire and Trapp, 1998).

    Examples
    --------
    >>> jacobian(lambda theta: np.exp(theta).prod(axis=-1, keepdims=True), np.zeros(2))
    array([[1., 1.]])
    """
    scale = np.maximum(np.abs(theta), 1.0)
    steps = theta + 1j * COMPLEX_STEP * np.diag(scale)
    return (measure(steps).imag / (COMPLEX_STEP * scale[:, None])).T


def delta_covariance(measure: Measure, theta: Array, covariance: Array) -> Array:
    """Covariance (q, q) of a measure by the delta method."""
    gradient = jacobian(measure, theta)
    return gradient @ covariance @ gradient.T
