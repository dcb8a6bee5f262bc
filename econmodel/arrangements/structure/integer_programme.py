"""The cheapest mixture of bundles, each used a whole number of times: linear programmes, and a search that they narrow.

Arrays in, a record out: what the columns mean is the business of whoever made them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.arrangements.structure.programme import Programme
from econmodel.errors import DidNotConverge

Array = NDArray[np.float64]
# Above this many columns a linear programme is given some of them at a time, those that its prices say would pay.
GENERATE_ABOVE = 50_000
COLUMNS_AT_A_TIME = 500
# The search starts among this many columns of the smallest reduced cost.
FIRST_COLUMNS = 200
# HiGHS gets slow with many more columns than these. Where the gap leaves so many, and no table of totals applies, the
# search keeps to the first of them, and says that it is no proof.
MANY_COLUMNS = 2_000
# HiGHS branches at most so often: a limit of time would make results depend on the machine.
MOST_NODES = 20_000
# Costs are scaled so that the bound is this number: the tolerances of HiGHS are then beyond the sixth digit.
SCALE = 1e3
ROUNDING = 1e-7


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


def cheapest(programme: Programme, generate_above: int = GENERATE_ABOVE) -> Mixture | None:
    """The cheapest whole mixture, or None where there is none.

    Columns whose reduced cost exceeds the gap between some whole mixture and the bound are in no cheaper one: one use
    would close the gap from below. So a search among a few columns of small reduced cost, and then among those that
    the gap does not rule out, finds the optimum over all of them.

    Parameters
    ----------
    programme : costs must be positive, E and e whole and not negative, and no column of E all zero
    generate_above : number of columns above which linear programmes are solved by column generation

    Examples
    --------
    >>> sizes, costs = np.array([[1.0, 2.0, 3.0]]), np.array([6.0, 7.0, 9.0])
    >>> none = np.zeros((0, 3))
    >>> found = cheapest(Programme(costs, sizes, np.array([7.0]), none, np.zeros(0), np.full(3, np.inf)))
    >>> found.counts.tolist(), found.cost, found.relaxed.bound
    ([0, 2, 1], 23.0, 21.0)
    """
    relaxed = relax(programme, generate_above)
    fits = None if relaxed is None else programme.meeting_equalities(relaxed.reduced)
    if relaxed is None or fits is None:
        return None
    order = np.argsort(relaxed.reduced, kind="stable")
    size = min(FIRST_COLUMNS, len(order))
    found = _whole(programme, np.union1d(order[:size], fits), relaxed.bound)
    while found is None and size < len(order):
        size = min(8 * size, len(order))
        found = _whole(programme, order[:size], relaxed.bound)
    if found is None:
        return None
    counts, cost, proven = found
    rivals = np.flatnonzero(relaxed.reduced <= cost - relaxed.bound + ROUNDING * abs(relaxed.bound))
    if len(np.setdiff1d(rivals, order[:size])):
        counts, proven = _among(programme, rivals, order, counts, relaxed.bound)
    return Mixture(counts, float(programme.costs @ counts), relaxed, proven)


def _among(
    programme: Programme, rivals: NDArray[np.intp], order: NDArray[np.intp], best: NDArray[np.intp], bound: float
) -> tuple[NDArray[np.intp], bool]:
    """The cheapest counts among columns that the gap does not rule out, and whether they are proven to be it."""
    sums = programme.of(rivals).by_totals()
    if sums is not None:
        counts = np.zeros_like(best)
        counts[rivals] = sums
        return counts, True
    columns = order[: min(len(rivals), MANY_COLUMNS)]
    again = _whole(programme, np.union1d(columns, np.flatnonzero(best)), bound)
    assert again is not None
    better = again[1] < float(programme.costs @ best)
    return again[0] if better else best, again[2] and len(columns) == len(rivals)


def _whole(
    programme: Programme, columns: NDArray[np.intp], bound: float
) -> tuple[NDArray[np.intp], float, bool] | None:
    """Counts, cost and whether it is proven to be least, with some of the columns only; None where there is none."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    columns = np.sort(columns)
    part = programme.of(columns)
    limits = [LinearConstraint(part.equal, part.equal_to, part.equal_to)]
    if len(part.at_least):
        limits.append(LinearConstraint(part.least, part.at_least, np.inf))
    result = milp(
        part.costs * (SCALE / bound),
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
    return counts, float(programme.costs @ counts), result.status == 0


def relax(programme: Programme, generate_above: int = GENERATE_ABOVE) -> Relaxed | None:
    """The optimum where columns may be used by fractions, or None where even so there is none."""
    count = len(programme.costs)
    columns = np.arange(count) if count <= generate_above else _paying_columns(programme)
    solved = None if columns is None else _linear(programme.of(columns))
    if solved is None:
        return None
    bound, prices, premiums = solved
    return Relaxed(bound, prices, premiums, _reduced(programme, prices, premiums))


def _reduced(programme: Programme, prices: Array, premiums: Array) -> Array:
    return np.asarray(programme.costs - prices @ programme.equal - premiums @ programme.least)


def _linear(programme: Programme) -> tuple[float, Array, Array] | None:
    from scipy.optimize import linprog

    result = linprog(
        programme.costs,
        A_eq=programme.equal,
        b_eq=programme.equal_to,
        A_ub=-programme.least if len(programme.at_least) else None,
        b_ub=-programme.at_least if len(programme.at_least) else None,
        bounds=np.column_stack([np.zeros(len(programme.costs)), programme.most]),
        method="highs",
    )
    if result.status != 0:
        return None
    premiums = -result.ineqlin.marginals if len(programme.at_least) else np.zeros(0)
    return float(result.fun), np.asarray(result.eqlin.marginals), np.asarray(premiums)


def _paying_columns(programme: Programme) -> NDArray[np.intp] | None:
    """Columns among which the linear programme over all columns has its optimum; None where it has no solution.

    Column generation (Dantzig and Wolfe, 1960; Gilmore and Gomory, 1961) in two phases: first the shortfall from the
    constraints is made as small as it can be, then cost.
    """
    count, equalities, inequalities = len(programme.costs), len(programme.equal_to), len(programme.at_least)
    rows = equalities + inequalities
    signs = np.eye(rows)
    # A shortfall for every constraint, and an excess for the equalities.
    short = Programme(
        np.ones(rows + equalities),
        np.hstack([signs[:equalities], -np.eye(equalities)]),
        programme.equal_to,
        np.hstack([signs[equalities:], np.zeros((inequalities, equalities))]),
        programme.at_least,
        np.full(rows + equalities, np.inf),
    )
    start = np.linspace(0, count - 1, min(count, COLUMNS_AT_A_TIME)).astype(np.intp)
    columns, shortfall = _generate(programme.priced(np.zeros(count)), start, short)
    if shortfall > ROUNDING * max(1.0, float(np.abs(programme.equal_to).max(initial=0.0))):
        return None
    return _generate(programme, columns, None)[0]


def _generate(
    programme: Programme, columns: NDArray[np.intp], short: Programme | None
) -> tuple[NDArray[np.intp], float]:
    """Columns grown until no other pays at the prices, and the optimum over them."""
    while True:
        part = programme.of(columns)
        if short is not None:
            part = Programme(
                np.concatenate([part.costs, short.costs]),
                np.hstack([part.equal, short.equal]),
                part.equal_to,
                np.hstack([part.least, short.least]),
                part.at_least,
                np.concatenate([part.most, short.most]),
            )
        solved = _linear(part)
        if solved is None:
            raise DidNotConverge("A linear programme of the search had no optimum. Take a coarser step.")
        value, prices, premiums = solved
        reduced = _reduced(programme, prices, premiums)
        reduced[columns] = np.inf
        pays = np.flatnonzero(reduced < -ROUNDING * max(1.0, abs(value)))
        if not len(pays) or (short is not None and value <= ROUNDING):
            return columns, value
        if len(pays) > COLUMNS_AT_A_TIME:
            pays = pays[np.argpartition(reduced[pays], COLUMNS_AT_A_TIME)[:COLUMNS_AT_A_TIME]]
        columns = np.concatenate([columns, pays])
