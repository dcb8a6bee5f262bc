"""What share of the variance of an outcome goes with each group of columns: alone, last, and over all orders."""

from collections.abc import Mapping
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def variance_shares(outcome: Array, groups: Mapping[str, Array]) -> list[dict[str, Any]]:
    """Shares of the variance of an outcome (n,) for groups of columns (n, k) each.

    Parameters
    ----------
    outcome : (n,)
    groups : name -> (n, k) columns, together without a constant and of full rank with one

    Returns
    -------
    list
        One record a group: `columns` (how many), `alone` (R-squared of this group only), `given the others` (what it
        adds when it comes last), `by chance` (what so many columns of noise would add there on average: (1 - R-squared
        of the others) times columns over degrees of freedom), `p_value` (F test of the group, classical), and `share`:
        its Shapley value, the mean of what it adds over all orders. Shares add up to R-squared exactly.

    Notes
    -----
    Shapley value of R-squared: Lindeman, Merenda and Gold (1980); Shorrocks (2013). It is symmetric and adds up, and it
    describes: where groups go together it divides between them what nothing in the data divides.

    Examples
    --------
    >>> noise = np.array([1.0, -1.0, -1.0, 1.0])
    >>> sector, size = np.array([0.0, 0, 1, 1])[:, None], np.array([0.0, 1, 0, 1])[:, None]
    >>> found = variance_shares(3 * sector[:, 0] + size[:, 0] + noise, {"sector": sector, "size": size})
    >>> [round(14 * record["share"], 12) for record in found]
    [9.0, 1.0]
    """
    names = tuple(groups)
    explained = _explained(outcome, groups)
    everything = frozenset(names)
    whole, n = explained[everything], len(outcome)
    used = 1 + sum(columns.shape[1] for columns in groups.values())
    rows = []
    for name in names:
        count = groups[name].shape[1]
        others = explained[everything - {name}]
        left = n - used
        rows.append(
            {
                "group": name,
                "columns": count,
                "alone": explained[frozenset({name})],
                "given the others": whole - others,
                "by chance": (1.0 - others) * count / (left + count),
                "p_value": _p_value(whole - others, 1.0 - whole, count, left),
                "share": _shapley(name, names, explained),
            }
        )
    return rows


def _explained(outcome: Array, groups: Mapping[str, Array]) -> dict[frozenset[str], float]:
    """R-squared of every set of groups."""
    centred = outcome - outcome.mean()
    columns = {name: value - value.mean(axis=0) for name, value in groups.items()}
    total = float(centred @ centred)
    found = {frozenset[str](): 0.0}
    for count in range(1, len(groups) + 1):
        for some in combinations(groups, count):
            basis = np.linalg.qr(np.hstack([columns[name] for name in some]))[0]
            found[frozenset(some)] = float(((basis.T @ centred) ** 2).sum()) / total
    return found


def _shapley(name: str, names: tuple[str, ...], explained: Mapping[frozenset[str], float]) -> float:
    others, m = [other for other in names if other != name], len(names)
    value = 0.0
    for count in range(m):
        weight = factorial(count) * factorial(m - count - 1) / factorial(m)
        for some in combinations(others, count):
            value += weight * (explained[frozenset({*some, name})] - explained[frozenset(some)])
    return value


def _p_value(added: float, unexplained: float, count: int, left: int) -> float:
    from scipy.special import fdtrc

    if not unexplained > 0:
        return float("nan")
    return float(fdtrc(count, left, max(added, 0.0) / count / (unexplained / left)))
