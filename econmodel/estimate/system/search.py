"""Where the search for the parameters of a system starts, and how many passes over the rows it takes."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge
from econmodel.estimate.design import BLOCK_ROWS, Design
from econmodel.estimate.least_squares import LeastSquares, starting_values
from econmodel.estimate.moments import ORTHOGONAL_ABOVE, Moments, accumulate_orthogonally
from econmodel.estimate.system.equations import Equations
from econmodel.estimate.system.moments import MomentsAt, by_passes, from_one_pass
from econmodel.estimate.system.seemingly_unrelated import Solved, Weigh, descend

Array = NDArray[np.float64]


def solve_system(
    design: Design, moments: Moments | None, equations: Equations, weigh: Weigh, iterate: bool
) -> tuple[Solved, LeastSquares]:
    """The parameters of all equations together.

    Parameters
    ----------
    moments : of the design's rows, for log forms; None for level forms, which take a pass a step
    weigh : from inner products of residuals to weights
    iterate : whether weights are made anew until they and the parameters agree; else they are those of unweighted
        least squares
    """
    names = design.technology.names
    if moments is None:
        at = by_passes(design, equations)
        solved = _first_end(at, _starts(design, equations, at), weigh, iterate, names)
        return solved, solved.least_squares(names)
    solved = solve_linear(from_one_pass(moments, equations), design.count, weigh, iterate, names)
    solution = solved.least_squares(names)
    if solution.condition**2 > ORTHOGONAL_ABOVE:
        # Squaring would cost digits: the pass again, by QR.
        at = from_one_pass(accumulate_orthogonally(design.blocks()), equations)
        solved = solve_linear(at, design.count, weigh, iterate, names)
        solution = solved.least_squares(names)
    return solved, solution


def solve_linear(at: MomentsAt, parameters: int, weigh: Weigh, iterate: bool, names: Sequence[str]) -> Solved:
    """Log forms: unweighted least squares under the restrictions between equations, then weighted."""
    plain = descend(at, np.zeros(parameters), _unweighted, names)
    return descend(at, plain.theta, weigh if iterate else _fixed(plain, weigh), names)


def _first_end(at: MomentsAt, starts: Iterable[Array], weigh: Weigh, iterate: bool, names: Sequence[str]) -> Solved:
    """Level forms: the end of the first search that ends."""
    failures = []
    for start in starts:
        try:
            if iterate:
                return descend(at, start, weigh, names)
            plain = descend(at, start, _unweighted, names)
            return descend(at, plain.theta, _fixed(plain, weigh), names)
        except DidNotConverge as failure:
            failures.append(failure)
    raise failures[-1]


def _unweighted(products: Array) -> Array:
    return np.eye(len(products))


def _fixed(plain: Solved, weigh: Weigh) -> Weigh:
    weights = weigh(plain.moments.residual_products)
    return lambda _: weights


def _starts(design: Design, equations: Equations, at: MomentsAt) -> list[Array]:
    """Starts of the cost equation with the mean shares as price elasticities, the likeliest first."""
    shares = _mean_shares(design) - [one.offset for one in equations.shares]
    elasticities = np.linalg.pinv(np.array([one.constants for one in equations.shares])) @ shares
    scored: list[tuple[float, int, Array]] = []
    for start in starting_values(design):
        products = at(start + elasticities).residual_products
        if np.isfinite(products).all():
            scored.append((float(np.linalg.slogdet(products)[1]), len(scored), start + elasticities))
    if not scored:
        raise DidNotConverge(
            "The search for the parameters of the system has nowhere to start: fitted cost is not positive for every "
            'provider. Use fewer second-order terms (second_order="outputs" or "none"), fewer variables, or a log form.'
        )
    return [start for _, _, start in sorted(scored, key=lambda one: one[:2])]


def _mean_shares(design: Design) -> Array:
    total = sum(
        (np.array([columns[name].sum() for name in design.beside]) for _, columns in design.rows.blocks(BLOCK_ROWS)),
        np.zeros(len(design.beside)),
    )
    return np.asarray(total / design.rows.count)
