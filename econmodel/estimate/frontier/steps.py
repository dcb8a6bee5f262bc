"""Newton steps that go uphill, also where a likelihood is not concave; one or a thousand at once."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
# Curvature of the scaled likelihood below this share of the largest is not followed.
FLATTEST = 1e-9


def uphill(gradient: Array, hessian: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Newton steps (..., K), with the curvature's sign turned where the likelihood bends up; and where it nowhere does.

    Parameters
    ----------
    gradient : (..., K)
    hessian : (..., K, K)
    """
    scale = np.sqrt(np.abs(np.einsum("...kk->...k", hessian)))
    scale = np.where(scale > 0, scale, 1.0)
    values, vectors = np.linalg.eigh(-hessian / (scale[..., :, None] * scale[..., None, :]))
    size = np.abs(values)
    along = np.einsum("...ki,...k->...i", vectors, gradient / scale)
    along = along / np.maximum(size, FLATTEST * size.max(axis=-1, keepdims=True))
    return np.einsum("...ki,...i->...k", vectors, along) / scale, values[..., 0] > 0
