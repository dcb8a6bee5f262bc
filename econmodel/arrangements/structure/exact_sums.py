"""Bundles that add up to a demand exactly: whether any do, and the cheapest that do, from tables of totals.

An integer programme can take long to prove that nothing fits, or that nothing cheaper does where the linear bound is
far. Where bundles are small whole numbers, there is a table of all totals to look it up in.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Steps = NDArray[np.intp]


def fitting(bundles: Steps, wanted: Steps, preference: Array) -> Steps | None:
    """Places of bundles (some twice or more) that add up to what is wanted, or None where none do.

    The set of totals that can be reached, doubled by convolution until it stops growing, leads back to a mixture.

    Parameters
    ----------
    bundles : (P, m) whole numbers, none of them all zero
    wanted : (m,)
    preference : (P,) of the bundles that still fit, the one with the least of it is taken first

    Examples
    --------
    >>> bundles = np.array([[2, 0], [0, 3], [1, 1]])
    >>> fitting(bundles, np.array([3, 4]), np.array([1.0, 2.0, 3.0])).tolist()
    [0, 1, 2]
    >>> fitting(bundles, np.array([3, 0]), np.ones(3)) is None
    True
    """
    usable = np.flatnonzero((bundles <= wanted).all(axis=1))
    steps, left = bundles[usable], wanted.copy()
    reached = _reached(steps, wanted)
    if not reached[tuple(wanted)]:
        return None
    taken: list[int] = []
    while left.any():
        after = left - steps
        fits = np.flatnonzero((after >= 0).all(axis=1))
        fits = fits[reached[tuple(after[fits].T)]]
        best = fits[np.argmin(preference[usable[fits]])]
        taken.append(int(usable[best]))
        left = after[best]
    return np.array(taken, dtype=np.intp)


def _reached(steps: Steps, wanted: Steps) -> NDArray[np.bool_]:
    """Which totals within what is wanted are sums of bundles, that of none included."""
    found = np.zeros(tuple(wanted + 1), dtype=bool)
    found[tuple(steps.T)] = True
    found[(0,) * len(wanted)] = True
    shape, axes = tuple(2 * size - 1 for size in found.shape), tuple(range(found.ndim))
    inside = tuple(slice(size) for size in found.shape)
    while True:
        ways = np.fft.irfftn(np.fft.rfftn(found, shape, axes) ** 2, shape, axes)[inside]
        # Ways to reach a total are counted, so they are whole numbers up to rounding.
        further = ways > 0.5
        if (further == found).all():
            return found
        found = further


@dataclass(frozen=True, slots=True, eq=False)
class Totals:
    """The least cost of every total of some bundles.

    Attributes
    ----------
    bundles : (P, m)
    least : (wanted + 1) least cost; infinite where no bundles add up to the total
    last : (wanted + 1) place of a bundle in the cheapest sum, -1 where there is none
    """

    bundles: Steps
    least: Array
    last: Steps

    def counts(self, total: Steps) -> Steps:
        """How often each bundle is used (P,) in the cheapest sum of a total that has one."""
        counts, left = np.zeros(len(self.bundles), dtype=np.intp), total.copy()
        while left.any():
            place = self.last[tuple(left)]
            counts[place] += 1
            left = np.maximum(left - self.bundles[place], 0)
        return counts


def totals(bundles: Steps, costs: Array, wanted: Steps, *, exactly: bool = True) -> Totals:
    """The least cost of every total from nothing to what is wanted.

    Dynamic programming (Gilmore and Gomory, 1966): after each bundle the table holds the least cost of every total
    with the bundles so far.

    Parameters
    ----------
    bundles : (P, m) whole numbers, none of them all zero
    costs : (P,) positive
    wanted : (m,)
    exactly : or of every total at least

    Examples
    --------
    >>> found = totals(np.array([[1], [2], [3]]), np.array([6.0, 7.0, 9.0]), np.array([7]))
    >>> float(found.least[7]), found.counts(np.array([7])).tolist()
    (23.0, [0, 2, 1])
    """
    least = np.full(tuple(wanted + 1), np.inf)
    least[(0,) * len(wanted)] = 0.0
    last = np.full(least.shape, -1, dtype=np.intp)
    for place in np.flatnonzero((bundles <= wanted).all(axis=1)) if exactly else range(len(bundles)):
        with_it, without = _shifted(least.shape, bundles[place], exactly=exactly)
        while True:
            offered = least[without] + costs[place]
            cheaper = offered < least[with_it]
            if not cheaper.any():
                break
            least[with_it] = np.where(cheaper, offered, least[with_it])
            last[with_it][cheaper] = place
    return Totals(bundles, least, last)


def _shifted(shape: tuple[int, ...], bundle: Steps, *, exactly: bool) -> tuple[Any, Any]:
    """Where totals with a bundle stand, and where the same without it."""
    if exactly:
        with_it = tuple(slice(int(step), None) for step in bundle)
        return with_it, tuple(slice(int(size - step)) for size, step in zip(shape, bundle, strict=True))
    places = [np.maximum(np.arange(size) - step, 0) for size, step in zip(shape, bundle, strict=True)]
    return (slice(None),) * len(shape), np.ix_(*places)


def cheapest_pair(one: Totals, other: Totals, admissible: NDArray[np.bool_]) -> tuple[Steps, Steps] | None:
    """What two groups of bundles make, (m,) each, where together they make the largest total at the least cost.

    Parameters
    ----------
    one, other : tables over the same totals
    admissible : which totals the other group may make

    Examples
    --------
    >>> dear = totals(np.array([[2]]), np.array([5.0]), np.array([4]))
    >>> cheap = totals(np.array([[1]]), np.array([1.0]), np.array([4]))
    >>> [made.tolist() for made in cheapest_pair(cheap, dear, np.arange(5) >= 1)]
    [[2], [2]]
    """
    mirrored = one.least[(slice(None, None, -1),) * one.least.ndim]
    together = np.where(admissible, other.least + mirrored, np.inf)
    best = np.array(np.unravel_index(int(np.argmin(together)), together.shape), dtype=np.intp)
    if not np.isfinite(together[tuple(best)]):
        return None
    return np.array(together.shape, dtype=np.intp) - 1 - best, best


def work(bundles: Steps, wanted: Steps, *, exactly: bool) -> float:
    """Sums that `totals` will look at, about."""
    kept = np.maximum(wanted + 1 - bundles, 0) if exactly else np.broadcast_to(wanted + 1, bundles.shape)
    return float(kept.astype(float).prod(axis=1).sum())
