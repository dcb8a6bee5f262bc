"""Whether a difference is small: two one-sided tests, and the smallest difference that would have been found."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from econmodel.errors import NotSupported
from econmodel.verdict import judge


@dataclass(frozen=True, slots=True)
class OneSided:
    """Two one-sided tests of an estimate against the ends of a margin around its null (Schuirmann, 1987).

    Attributes
    ----------
    lower : p-value of "the difference is minus the margin, or below"
    upper : p-value of "the difference is the margin, or above"
    shown : whether both reject at half the error that the interval allows, which is when it lies within the margin
    large : whether the whole interval lies beyond the margin
    detectable : the smallest difference that would have been found with a chance of 80 %
    """

    lower: float
    upper: float
    shown: bool
    large: bool
    detectable: float

    def table(self, null: float, margin: float) -> pd.DataFrame:
        """The two tests and the smallest difference that would have been found."""
        rows = [("at or below", null - margin, self.lower), ("at or above", null + margin, self.upper)]
        table = pd.DataFrame(rows, columns=["null", "value", "p_value"])
        return table.assign(**{"detectable difference": self.detectable})


def one_sided(
    estimate: tuple[float, float],
    error: float,
    null: float,
    freedom: float,
    margin: float,
    level: float,
    wild: tuple[float, float] | None = None,
) -> OneSided:
    """Two one-sided tests.

    Parameters
    ----------
    estimate : the estimate twice, or the ends of the interval that is identified
    wild : two-sided wild cluster p-values against the lower and the upper end of the margin, where there are such

    Examples
    --------
    >>> found = one_sided((0.99, 0.99), 0.01, 1.0, 1000.0, 0.05, 0.95)
    >>> found.shown, round(found.lower, 5), round(found.detectable, 3)
    (True, 3e-05, 0.028)
    """
    from scipy.special import ndtr, stdtr

    if not margin > 0:
        raise NotSupported(
            f"margin={margin} is no margin: give the largest difference that would not matter, above zero."
        )
    low, high = estimate[0] - (null - margin), (null + margin) - estimate[1]
    if wild is None:
        chance = ndtr if not np.isfinite(freedom) else partial(stdtr, freedom)
        lower, upper = float(chance(-low / error)), float(chance(-high / error))
    else:
        lower, upper = (p / 2 if gap > 0 else 1.0 - p / 2 for p, gap in zip(wild, (low, high), strict=True))
    tail = (1.0 - level) / 2.0
    shown, large = max(lower, upper) < tail, max(lower, upper) > 1.0 - tail
    detectable = judge(*estimate, null, margin=margin, level=level, error=error, freedom=freedom).detectable
    return OneSided(lower, upper, shown, large, detectable)
