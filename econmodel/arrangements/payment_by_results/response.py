"""How outcomes respond to what a provider spends on a participant, and how much it pays to spend.

With p0 the chance of an outcome without effort, p1 the most that effort can bring, and e the provider's own money spent
on a participant, the chance is p(e) = p0 + (p1 - p0) (1 - exp(-k e)). A provider that is paid R for an outcome spends
e* = max(0, ln(k (p1 - p0) R) / k): nothing, so that the participant is parked, where k (p1 - p0) R <= 1.

Within a group k may differ between participants: then it is lognormal around its median, with `spread` the standard
deviation of ln k. (An assumption, chosen because every mean has a closed form: with D = p1 - p0 and Z = 1 / (k R), the
mean gain is E max(D - Z, 0), Black's (1976) formula for a put.)
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
# So many deviations below the mean a normal distribution has nothing that a double could show.
NOBODY = -30.0
QUARTERS, POINTS = 4, 200


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """p0, p1 and the median of k (for each unit of money) as arrays of one shape, and the spread of ln k in a group."""

    without: Array
    most: Array
    speed: Array
    spread: float = 0.0

    @property
    def reach(self) -> Array:
        """What effort can add at most: p1 - p0."""
        return self.most - self.without

    def edge(self, price: ArrayLike) -> Array:
        """ln(k (p1 - p0) R): above zero where the median participant is worth the effort."""
        return np.log(self.speed * self.reach * np.asarray(price, dtype=float))

    def parked(self, price: ArrayLike) -> Array:
        """Share of the participants on whom nothing is spent."""
        from scipy.special import ndtr

        edge = self.edge(price)
        return ndtr(-edge / self.spread) if self.spread else (edge <= 0.0).astype(float)

    def outcomes(self, price: ArrayLike) -> Array:
        """Mean chance of an outcome where the provider spends what pays best."""
        return self.without + self.reach * relative_gain(self.edge(price), self.spread)

    def spending(self, price: ArrayLike) -> Array:
        """Mean money spent on a participant."""
        return np.asarray(price) * self.reach * relative_spending(self.edge(price), self.spread)

    def price_to_work_with(self, share: float = 0.5) -> Array:
        """The price of an outcome from which such a share of the participants is worth the effort.

        Where all are alike this is 1 / (k (p1 - p0)), whatever the share.
        """
        from scipy.special import ndtri

        return np.exp(self.spread * ndtri(share)) / (self.speed * self.reach)

    def quarters(self) -> list["Response"]:
        """Participants from the quarter that responds slowest to the quarter that responds fastest.

        Each is a response of shape (`POINTS`, ...), of equally likely participants who are alike.
        """
        from scipy.special import ndtri

        found = []
        for quarter in range(QUARTERS):
            at = (quarter + (np.arange(POINTS) + 0.5) / POINTS) / QUARTERS
            speed = np.exp(self.spread * ndtri(at)).reshape(-1, *[1] * self.speed.ndim) * self.speed
            found.append(Response(self.without, self.most, speed))
        return found


def relative_gain(edge: Array, spread: float) -> Array:
    """E max(D - Z, 0) / D: the share of p1 - p0 that is reached, where ln(k (p1 - p0) R) of the median is `edge`.

    Examples
    --------
    >>> [round(float(relative_gain(np.array(edge), 1.0)), 3) for edge in (-1.0, 0.0, 4.0)]
    [0.057, 0.238, 0.97]
    >>> round(float(relative_gain(np.array(1.0), 0.0)), 3)  # 1 - 1 / e
    0.632
    """
    from scipy.special import log_ndtr, ndtr

    if spread == 0:
        return -np.expm1(-np.maximum(edge, 0.0))
    at = edge / spread
    return ndtr(at) - np.exp(-edge + spread**2 / 2 + log_ndtr(at - spread))


def relative_spending(edge: Array, spread: float) -> Array:
    """E[Z ln(D / Z); Z < D] / D: mean spending over the price and over p1 - p0.

    Examples
    --------
    >>> [round(float(relative_spending(np.array(1.0), spread)), 3) for spread in (0.0, 1e-3, 1.0)]
    [0.368, 0.368, 0.242]
    """
    from scipy.special import ndtr

    if spread == 0:
        return np.maximum(edge, 0.0) * np.exp(-np.maximum(edge, 0.0))
    at = np.maximum(edge / spread - spread, NOBODY)
    density = np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    mean = np.exp(-(at + spread) * spread + spread**2 / 2)
    return mean * spread * np.maximum(at * ndtr(at) + density, 0.0)
