"""Wald tests: whether several functions of the parameters have stated values, all together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import NotIdentified

Array = NDArray[np.float64]
# A combination of restrictions whose variance is this small beside theirs is rounding.
NO_VARIANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Joint:
    """A test statistic with its degrees of freedom and p-value.

    Attributes
    ----------
    kind : "F" (freedom finite), "chi-square", or what else the p-value rests on
    value : the statistic
    count : number of restrictions
    freedom : degrees of freedom of the error; infinite for a chi-square
    p_value : chance of a statistic this large under the null
    """

    kind: str
    value: float
    count: int
    freedom: float
    p_value: float


def wald(differences: Array, covariance: Array, freedom: float) -> Joint:
    """The Wald test that all differences (q,) are zero, in its F form where degrees of freedom are finite.

    Raises
    ------
    NotIdentified
        Where the covariance (q, q) has no full rank: some restriction follows from the others, or there are fewer
        clusters than restrictions.

    Examples
    --------
    >>> found = wald(np.array([2.0]), np.array([[1.0]]), 100.0)
    >>> found.value, round(found.p_value, 4)
    (4.0, 0.0482)
    """
    from scipy.special import fdtrc

    count = len(differences)
    scale = np.sqrt(np.diag(covariance))
    scaled = covariance / np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled)[0] < NO_VARIANCE * count:
        raise NotIdentified(
            f"The {count} restrictions cannot be tested together: some follow from the others, or there are fewer "
            "clusters than restrictions. Test fewer of them at once (of=..., fewer places), or choose another "
            'covariance (cov_type="HC3").'
        )
    value = float(differences / scale @ np.linalg.solve(scaled, differences / scale))
    if not np.isfinite(freedom):
        return chi_square(value, count)
    return Joint("F", value / count, count, freedom, float(fdtrc(count, freedom, value / count)))


def chi_square(value: float, count: int) -> Joint:
    """A statistic that is chi-square with so many degrees of freedom under the null."""
    from scipy.special import chdtrc

    return Joint("chi-square", value, count, float("inf"), float(chdtrc(count, value)))
