"""What it is worth to be the better of two providers, where referrals follow performance."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from econmodel.arrangements.payment_by_results.response import Response

Array = NDArray[np.float64]
# Halvings of an interval: more digits than a double has.
STEPS = 60


def worth_of_an_outcome(
    response: "Response", price: Array, fee: Array, shift: float, referrals: Array, years: float
) -> Array:
    """What one more outcome is worth for the market share it may win, beside its price.

    Two equal providers share an area. Each year the one with the higher recorded rate wins the share `shift` of all
    referrals from the other. Recorded rates scatter with the standard deviation sqrt(2 p (1 - p) / n) of their
    difference, so at equal effort one more outcome among n participants changes the expected share by
    2 shift phi(0) / sqrt(2 p (1 - p) / n) of the 2 n referrals; each is worth the margin V (the tournament of Lazear
    and Rosen, 1981). It is largest where n is large: luck decides among few.

    Parameters
    ----------
    response, price : how outcomes respond, and what is paid for one
    fee : what is paid for a participant whatever comes
    shift : share of the area's referrals that changes hands
    referrals : n, participants of each provider in a year
    years : for which the shift lasts

    Returns
    -------
    Array
        Money for each outcome; zero where a participant brings no margin.
    """
    low, high = np.zeros_like(price), np.maximum(price, 1.0) * 1e3
    for _ in range(STEPS):
        worth = (low + high) / 2
        rate, spent = response.outcomes(price + worth), response.spending(price + worth)
        margin = np.maximum(fee + rate * price - spent, 0.0)
        scatter = np.sqrt(np.maximum(2 * rate * (1 - rate), 1e-12) / referrals)
        enough = worth >= years * 4 * shift * margin / (np.sqrt(2 * np.pi) * scatter)
        low, high = np.where(enough, low, worth), np.where(enough, worth, high)
    return (low + high) / 2
