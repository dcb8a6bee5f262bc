"""Seemingly unrelated regressions with parameters in common: generalised least squares, iterated to maximum likelihood.

Each step is generalised least squares with the covariance of the errors that the current residuals give. Its fixed
point maximises the normal likelihood (Oberhofer and Kmenta, 1974), and each step raises it: ln|S| is concave, so what
lowers the weighted sum of squares with weights n inverse(S) lowers ln|S|.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge, NotIdentified
from econmodel.estimate.design import BLOCK_ROWS, Design
from econmodel.estimate.least_squares import (
    MAXIMUM_STEPS,
    RELATIVE_OFFSET,
    ROUNDING_OFFSET,
    LeastSquares,
    damped,
    shorten,
    starting_values,
)
from econmodel.estimate.moments import (
    ORTHOGONAL_ABOVE,
    Moments,
    accumulate_orthogonally,
    condition_number,
    inverse,
    solve,
)
from econmodel.estimate.system.equations import Equations, MomentsAt, SystemMoments, by_passes, from_one_pass

Array = NDArray[np.float64]
# From inner products of residuals (E, E) to the inverse of the covariance of the errors (E, E).
Weigh = Callable[[Array], Array]
# What a step gains so near the end is lost in the rounding of the sum of squares, and the whole step is safe.
NEAR = 1e-4
# Below this ratio of eigenvalues of the residuals' correlation, one equation says nothing that the others do not.
NO_ERROR = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Solved:
    """Where the search ended.

    Attributes
    ----------
    theta : (k,)
    moments : at theta
    weights : (E, E) inverse of the covariance of the errors that the last step used
    steps, offset : steps taken, and the relative offset at the end
    """

    theta: Array
    moments: SystemMoments
    weights: Array
    steps: int
    offset: float

    def least_squares(self, names: Sequence[str]) -> LeastSquares:
        """The same as a record of least squares; its sum of squares is that of the cost equation."""
        weighted = self.moments.weighted(self.weights)
        squares = float(self.moments.residual_products[0, 0])
        return LeastSquares(
            self.theta, inverse(weighted, names), squares, condition_number(weighted), self.steps, self.offset
        )


def descend(at: MomentsAt, theta: Array, weigh: Weigh, names: Sequence[str]) -> Solved:
    """Gauss-Newton steps with weights made anew at each, halved where they raise the weighted sum of squares.

    Raises
    ------
    NotIdentified, DidNotConverge
        With the names of what cannot be told apart, and the cure.
    """
    moments, damping, last, floor = at(theta), 0.0, np.inf, np.finfo(float).tiny
    for steps in range(1, MAXIMUM_STEPS + 1):
        weights = weigh(moments.residual_products)
        weighted = moments.weighted(weights)
        step = _step(weighted, damping, names)
        squares = weighted.residual_squares
        explained = max(float(step @ weighted.gram[:-1, -1]), 0.0)
        # Of cost that is an exact function of the columns nothing is left but rounding of what there was at first.
        floor = max(floor, np.finfo(float).eps * squares) if steps == 1 else floor
        freedom = max(weighted.count - len(theta), 1) / len(theta)
        offset = float(np.sqrt(freedom * explained / max(squares - explained, floor)))
        stalled = ROUNDING_OFFSET > offset > last / 2.0
        if damping == 0.0 and (offset < RELATIVE_OFFSET or stalled):
            return Solved(theta, moments, weights, steps, offset)
        near, last = damping == 0.0 and offset < min(NEAR, last), offset
        if near:
            theta = theta + step
            moments = at(theta)
        elif (shorter := shorten(at, partial(_weighted_squares, weights), theta, step, squares)) is not None:
            (theta, moments), damping = shorter, damping / 100 if damping > 1e-5 else 0.0
        else:
            damping = max(10 * damping, 1e-4)
    raise DidNotConverge(
        f"The search for the parameters of the system failed: no optimum was reached in {MAXIMUM_STEPS} steps. No "
        'numbers are returned. Use fewer second-order terms (second_order="outputs" or "none"), fewer variables, or '
        "em.estimators.System(iterate=False)."
    )


def _step(weighted: Moments, damping: float, names: Sequence[str]) -> Array:
    if weighted.triangle is None or damping:
        return damped(weighted.gram[:-1, :-1], weighted.gram[:-1, -1], damping)
    return solve(weighted, inverse(weighted, names))


def _weighted_squares(weights: Array, moments: SystemMoments) -> float:
    return float((weights * moments.residual_products).sum())


def divisors(count: int, counted: Sequence[int]) -> Array:
    """What inner products of residuals are divided by (E, E): the geometric means of the equations' freedom.

    Parameters
    ----------
    counted : for each equation the parameters that its freedom is lessened by: zeros for maximum likelihood
    """
    freedom = count - np.asarray(counted, dtype=float)
    return np.sqrt(np.outer(freedom, freedom))


def inverse_of_covariance(covariance: Array, names: Sequence[str]) -> Array:
    """Its inverse; NotIdentified where an equation is fitted exactly or the residuals of several move together."""
    spread = np.sqrt(np.maximum(np.diag(covariance), 0.0))
    exact = [name for name, size in zip(names, spread, strict=True) if not size > 0]
    if exact:
        raise NotIdentified(_fitted_exactly(exact))
    values, vectors = np.linalg.eigh(covariance / np.outer(spread, spread))
    if values[0] < NO_ERROR * values[-1]:
        loading = np.abs(vectors[:, 0]) / spread
        together = [name for name, size in zip(names, loading, strict=True) if size > 0.05 * loading.max()]
        raise NotIdentified(_fitted_exactly(together))
    return np.asarray((vectors / values) @ vectors.T / np.outer(spread, spread))


def _fitted_exactly(names: Sequence[str]) -> str:
    one = len(names) == 1
    return (
        f"The {'equation' if one else 'equations'} of {', '.join(names)} {'is' if one else 'are together'} fitted "
        "exactly, so the covariance of the errors is singular and there is no likelihood. Shares that add up to one "
        "in every row are of all inputs: say prices_complete=True, or leave one out with "
        'em.estimators.System(drop="..."). '
        "A share that is the same in every row, or that was computed from the other columns, is no further evidence: "
        "take it from the card. Cost that was computed from the other columns is no evidence at all."
    )


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
