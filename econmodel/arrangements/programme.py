"""The cheapest mixture of bundles, each used a whole number of times: a linear programme, and a search that it narrows.

Arrays in, a record out: what the columns mean is the business of whoever made them.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge

Array = NDArray[np.float64]
# The search starts among this many columns of the smallest reduced cost.
FIRST_COLUMNS = 200
# HiGHS gets slow with many more columns than these. Where the gap leaves more, the search keeps to the first of them,
# and says that it is no proof.
MANY_COLUMNS = 2_000
# HiGHS branches at most so often: a limit of time would make results depend on the machine.
MOST_NODES = 20_000
# Costs are scaled so that the bound is this number: the tolerances of HiGHS are then beyond the sixth digit.
SCALE = 1e3
ROUNDING = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Programme:
    """min c'n subject to E n = e, L n >= l and 0 <= n <= u, with n whole.

    Attributes
    ----------
    costs : (P,) c
    equal, equal_to : (q, P) and (q,), E and e
    least, at_least : (s, P) and (s,), L and l
    most : (P,) u, infinite where there is no limit
    """

    costs: Array
    equal: Array
    equal_to: Array
    least: Array
    at_least: Array
    most: Array

    def priced(self, costs: Array) -> "Programme":
        """The same at other costs."""
        return replace(self, costs=costs)

    def of(self, columns: NDArray[np.intp]) -> "Programme":
        """The same with some of the columns."""
        return replace(
            self,
            costs=self.costs[columns],
            equal=self.equal[:, columns],
            least=self.least[:, columns],
            most=self.most[columns],
        )


@dataclass(frozen=True, slots=True, eq=False)
class Relaxed:
    """The optimum where columns may be used by fractions.

    Attributes
    ----------
    bound : its cost, which no whole mixture undercuts
    prices : (q,) duals of the equalities
    premiums : (s,) duals of the inequalities, not negative
    reduced : (P,) reduced cost of every column: what one more of it adds at these prices
    """

    bound: float
    prices: Array
    premiums: Array
    reduced: Array


@dataclass(frozen=True, slots=True, eq=False)
class Mixture:
    """The cheapest whole mixture.

    Attributes
    ----------
    counts : (P,) how often each column is used
    cost : of all of them
    relaxed : the linear programme that bounds it
    proven : whether nothing can be cheaper (otherwise the search stopped at its limit)
    """

    counts: NDArray[np.intp]
    cost: float
    relaxed: Relaxed
    proven: bool

    @property
    def gap(self) -> float:
        """How far the cost lies above the bound, as a share of it."""
        return max(0.0, self.cost / self.relaxed.bound - 1.0)


def cheapest(programme: Programme) -> Mixture | None:
    """The cheapest whole mixture, or None where there is none.

    Columns whose reduced cost exceeds the gap between some whole mixture and the bound are in no cheaper one: one use
    would close the gap from below. So a search among a few columns of small reduced cost, and then among those that
    the gap does not rule out, finds the optimum over all of them (Nemhauser and Wolsey, 1988).

    Parameters
    ----------
    programme : costs must be positive

    Raises
    ------
    DidNotConverge
        Where the search stops before it finds any mixture.

    Examples
    --------
    >>> sizes, costs = np.array([[1.0, 2.0, 3.0]]), np.array([6.0, 7.0, 9.0])
    >>> none = np.zeros((0, 3))
    >>> mixture = cheapest(Programme(costs, sizes, np.array([7.0]), none, np.zeros(0), np.full(3, np.inf)))
    >>> mixture.counts.tolist(), mixture.cost, mixture.relaxed.bound
    ([0, 2, 1], 23.0, 21.0)
    """
    relaxed = relax(programme)
    if relaxed is None:
        return None
    order = np.argsort(relaxed.reduced, kind="stable")
    searched = min(FIRST_COLUMNS, len(order))
    while (best := _whole(programme, order[:searched], relaxed)) is None:
        if searched == len(order):
            return None
        searched = min(8 * searched, len(order))
    rivals = int((relaxed.reduced <= best.cost - relaxed.bound + ROUNDING * abs(relaxed.bound)).sum())
    if rivals > searched:
        searched = max(searched, min(rivals, MANY_COLUMNS))
        again = _whole(programme, order[:searched], relaxed)
        assert again is not None
        best = again if again.cost < best.cost else replace(best, proven=again.proven)
    return replace(best, proven=best.proven and rivals <= searched)


def _whole(programme: Programme, columns: NDArray[np.intp], relaxed: Relaxed) -> Mixture | None:
    """The cheapest whole mixture of some of the columns; None where there is none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    columns = np.sort(columns)
    part = programme.of(columns)
    limits = [LinearConstraint(part.equal, part.equal_to, part.equal_to)]
    if len(part.at_least):
        limits.append(LinearConstraint(part.least, part.at_least, np.inf))
    result = milp(
        part.costs * (SCALE / relaxed.bound),
        integrality=np.ones(len(columns)),
        bounds=Bounds(0.0, part.most),
        constraints=limits,
        options={"mip_rel_gap": 0.0, "node_limit": MOST_NODES},
    )
    if result.x is None:
        if result.status == 2:
            return None
        raise DidNotConverge(
            f"The search for the cheapest structure found none within {MOST_NODES:,} branches. Take a coarser step, or "
            "loosen a limit."
        )
    counts = np.zeros(len(programme.costs), dtype=np.intp)
    counts[columns] = np.round(result.x).astype(np.intp)
    return Mixture(counts, float(programme.costs @ counts), relaxed, result.status == 0)


def relax(programme: Programme) -> Relaxed | None:
    """The optimum where columns may be used by fractions, or None where even so there is none."""
    from scipy.optimize import linprog

    has_least = len(programme.at_least) > 0
    result = linprog(
        programme.costs,
        A_eq=programme.equal,
        b_eq=programme.equal_to,
        A_ub=-programme.least if has_least else None,
        b_ub=-programme.at_least if has_least else None,
        bounds=np.column_stack([np.zeros(len(programme.costs)), programme.most]),
        method="highs",
    )
    if result.status != 0:
        return None
    prices = np.asarray(result.eqlin.marginals)
    premiums = np.asarray(-result.ineqlin.marginals if has_least else np.zeros(0))
    reduced = np.asarray(programme.costs - prices @ programme.equal - premiums @ programme.least)
    return Relaxed(float(result.fun), prices, premiums, reduced)
