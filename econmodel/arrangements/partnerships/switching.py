"""How far one number must move before the cheapest arrangement changes: its switching values."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Costs = Callable[[float], Array]
# Steps of the search on either side: a change that is undone within a hundredth of it is not seen.
STEPS = 100


@dataclass(frozen=True, slots=True)
class Switch:
    """Where the cheapest arrangement changes next.

    Attributes
    ----------
    value : of the number that was moved
    to : place of the arrangement that is cheapest beyond
    """

    value: float
    to: int


def switches(costs: Costs, base: float, low: float, high: float, *, whole: bool = False) -> list[Switch]:
    """The nearest switching value below `base` and the nearest above, where there are such.

    Parameters
    ----------
    costs : number -> costs of the arrangements (q,)
    low, high : the range that is searched; it holds `base`
    whole : the number moves in whole steps; the value is then the first at which another arrangement is cheapest

    Examples
    --------
    >>> [(round(one.value, 6), one.to) for one in switches(lambda x: np.array([1.0, 0.5 + x]), 0.0, 0.0, 2.0)]
    [(0.5, 0)]
    """
    now = int(costs(base).argmin())
    found = [_first(costs, now, base, end, whole) for end in (low, high) if end != base]
    return [one for one in found if one is not None]


def _first(costs: Costs, now: int, base: float, end: float, whole: bool) -> Switch | None:
    """The first switch on the way from the base to an end of the range."""
    from scipy.optimize import brentq

    def ahead(x: float) -> float:
        """How much cheaper the present choice is than the best other."""
        found = costs(x)
        return float(np.delete(found, now).min() - found[now])

    if whole:
        step = 1.0 if end > base else -1.0
        for value in np.arange(base + step, end + 0.5 * step, step):
            if ahead(float(value)) < 0:
                return Switch(float(value), int(costs(float(value)).argmin()))
        return None
    grid = np.linspace(base, end, STEPS + 1)
    for start, stop in pairwise(grid):
        if ahead(stop) < 0:
            root = float(brentq(ahead, start, stop, xtol=1e-14)) if ahead(start) > 0 else float(start)
            return Switch(root, int(costs(float(stop)).argmin()))
    return None
