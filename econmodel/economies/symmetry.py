"""Whether share equations fitted freely agree: the effect of one price on another's share, and the other way round."""

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import NotSupported
from econmodel.estimate.fit import Fit

Array = NDArray[np.float64]


def free_shares(fitted: Fit) -> tuple[list[str], Array, Array, float]:
    """Labels of the pairs of prices, differences of the two slopes (q,), their covariance, and degrees of freedom.

    Each share is regressed on all log prices (relative to the numeraire), outputs and relationship variables with
    coefficients of its own. In a cost function the slope of share k by price l is that of share l by price k
    (Shephard's lemma). The covariance is robust (HC1), clustered where the fit has clusters.

    Raises
    ------
    NotSupported
        Where there are no share equations, or none that could disagree.
    """
    if not fitted.error_model.shares:
        raise NotSupported(
            "One cost equation has symmetric price terms by the way it is written, so symmetry cannot be tested in it. "
            'Fit cost and shares together: em.fit(data, estimator="system").'
        )
    technology = fitted.technology
    if technology.is_level:
        raise NotSupported(
            f"The share equations of the {technology.form.title} form are not linear, so they cannot be fitted freely "
            'one by one. Use form="translog".'
        )
    m = len(technology.outputs)
    relative = [name for place, name in enumerate(technology.prices) if place != technology.numeraire]
    shares = {price: share for price, share in fitted.error_model.shares.items() if price in relative}
    pairs = [(a, b) for place, a in enumerate(shares) for b in list(shares)[place + 1 :]]
    if not pairs:
        raise NotSupported(
            "Symmetry compares two share equations, and this system keeps fewer than two whose prices are not what all "
            "is divided by. Name the cost shares of more inputs, or drop the share of the last price."
        )
    z = technology.coordinates(fitted.points())[:, : m + len(relative) + len(technology.relationships)]
    regressors = np.column_stack([np.ones(len(z)), z])
    responses = fitted.data.frame[list(shares.values())].to_numpy(dtype=float)
    slopes, covariance, freedom = _regress(regressors, responses, fitted)
    contrast, order = np.zeros((len(pairs), slopes.size)), list(shares)
    for row, (a, b) in enumerate(pairs):
        contrast[row, order.index(a) * regressors.shape[1] + 1 + m + relative.index(b)] = 1.0
        contrast[row, order.index(b) * regressors.shape[1] + 1 + m + relative.index(a)] = -1.0
    labels = [f"{b} in the share of {a}, less {a} in that of {b}" for a, b in pairs]
    return labels, contrast @ slopes, contrast @ covariance @ contrast.T, freedom


def _regress(regressors: Array, responses: Array, fitted: Fit) -> tuple[Array, Array, float]:
    """Slopes of all equations, one after another, with their covariance and degrees of freedom."""
    inverse = np.linalg.inv(regressors.T @ regressors)
    slopes = inverse @ regressors.T @ responses
    residuals = responses - regressors @ slopes
    n, k = regressors.shape
    scores = (residuals[:, :, None] * regressors[:, None, :]).reshape(n, -1)
    freedom, correction = float(n - k), n / (n - k)
    if fitted.clusters is not None:
        groups = len(fitted.clusters.sizes)
        summed = np.zeros((groups, scores.shape[1]))
        np.add.at(summed, fitted.clusters.codes, scores)
        scores, freedom, correction = summed, groups - 1.0, groups / (groups - 1) * (n - 1) / (n - k)
    wide = np.kron(np.eye(responses.shape[1]), inverse)
    return slopes.T.ravel(), correction * wide @ (scores.T @ scores) @ wide, freedom
