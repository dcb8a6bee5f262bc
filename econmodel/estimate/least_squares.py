"""Least squares for both families: one solve in log forms, Gauss-Newton steps in level forms."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from operator import attrgetter
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge, NotIdentified
from econmodel.estimate.design import BLOCK_ROWS, Block, Design
from econmodel.estimate.moments import (
    ORTHOGONAL_ABOVE,
    Moments,
    accumulate,
    accumulate_orthogonally,
    condition_number,
    group_sums,
    inverse,
    solve,
    within,
    within_moments,
)
from econmodel.table.rows import Rows

Array = NDArray[np.float64]
At = TypeVar("At")
MAXIMUM_STEPS = 200
# Bates and Watts (1981): length of the step in the tangent plane over that of the residual, scaled by freedom.
RELATIVE_OFFSET = 1e-9
# Where no shorter step lowers the sum of squares any more, this offset is rounding, not a failure.
ROUNDING_OFFSET = 1e-6
# A gain of fewer roundings of the sum of squares than this is noise, and so is the step that promises it: the offset
# grows with the number of rows and does not tell.
ROUNDINGS = 64
# The difference of two sums of squares has few sound digits below this share of them: then residuals are squared.
LOST_IN_SQUARING = 1e-10
SMALLEST_FRACTION = 2.0**-30
# Rows that starts are tried on first, where there are several times as many.
SEARCHED_ROWS = 4096
SMALLEST_MULTIPLE = 8
# Near enough to an end to tell ends apart and to start from.
SEARCHED_OFFSET = 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Groups of rows: codes (n,) from 0 to groups - 1, and their sizes (groups,)."""

    codes: NDArray[np.intp]
    sizes: Array


@dataclass(frozen=True, slots=True, eq=False)
class LeastSquares:
    """What least squares found.

    Attributes
    ----------
    theta : (k,) parameters
    inverse_gram : (k, k) inverse of the derivatives' inner products at theta
    residual_squares : sum of squared residuals (within groups, where effects were taken out)
    condition : condition number of the scaled derivatives
    steps : Gauss-Newton steps taken; 1 in log forms
    offset : relative offset at the end (0 in log forms, which are solved exactly)
    """

    theta: Array
    inverse_gram: Array
    residual_squares: float
    condition: float
    steps: int = 1
    offset: float = 0.0

    def __post_init__(self) -> None:
        self.theta.flags.writeable = False
        self.inverse_gram.flags.writeable = False


def moments_at(design: Design, theta: Array | None, effects: Groups | None) -> Moments:
    """One pass at theta, within groups where there are effects."""
    # A step of the search that goes too far has no finite sum of squares, and is taken back for that.
    with np.errstate(over="ignore", invalid="ignore"):
        if effects is None:
            return accumulate(design.blocks(theta))
        sums: list[Array] = []
        moments = accumulate(with_sums(design.blocks(theta), effects, sums))
        return within_moments(moments, sums[0], effects.sizes)


def with_sums(blocks: Iterator[Block], effects: Groups, sums: list[Array]) -> Iterator[Block]:
    """Pass blocks on while adding up their group sums, so that one pass serves both."""
    for rows, block in blocks:
        if not sums:
            sums.append(np.zeros((len(block), len(effects.sizes))))
        for total, values in zip(sums[0], block, strict=True):
            np.add.at(total, effects.codes[rows], values)
        yield rows, block


def transformed_blocks(design: Design, theta: Array | None, effects: Groups | None) -> Iterator[Block]:
    """Blocks at theta, less group means where there are effects (a pass for the means comes first)."""
    if effects is None:
        return design.blocks(theta)
    sums = group_sums(design.blocks(theta), effects.codes, len(effects.sizes))
    return within(design.blocks(theta), effects.codes, sums, effects.sizes)


def linear(design: Design, moments: Moments, effects: Groups | None = None) -> LeastSquares:
    """Least squares for a log form from one pass' moments; a second pass by QR if squaring would cost digits."""
    names = design.technology.names
    if moments.lost:
        moments = accumulate(transformed_blocks(design, None, effects))
    if condition_number(moments) ** 2 > ORTHOGONAL_ABOVE:
        moments = accumulate_orthogonally(transformed_blocks(design, None, effects))
    inverse_gram = inverse(moments, names)
    theta = solve(moments, inverse_gram)
    squares = float(moments.residual_squares - theta @ moments.gram[:-1, -1])
    if moments.triangle is not None:
        squares = float(moments.triangle[-1, -1] ** 2)
    if squares < LOST_IN_SQUARING * moments.residual_squares:
        residuals = (block[-1] for _, block in transformed_blocks(design, theta, effects))
        squares = sum(float(one @ one) for one in residuals)
    return LeastSquares(theta, inverse_gram, max(squares, 0.0), condition_number(moments))


def nonlinear(design: Design, effects: Groups | None = None) -> LeastSquares:
    """Gauss-Newton with step halving, damped where that fails (Levenberg-Marquardt); the best of several starts.

    In large tables the several starts are tried on some of the rows, and the best end there is the start for all rows.
    """
    if effects is None and design.rows.count > SEARCHED_ROWS * SMALLEST_MULTIPLE:
        some = replace(design, rows=Rows(design.rows.sample(SEARCHED_ROWS)))
        try:
            return _best_end(design, None, [_best_end(some, None, starting_values(some), SEARCHED_OFFSET).theta])
        except (DidNotConverge, NotIdentified):
            # Some of the rows may not hold what all rows do; then these tell.
            pass
    return _best_end(design, effects, starting_values(design))


def _best_end(
    design: Design, effects: Groups | None, starts: list[Array], enough: float = RELATIVE_OFFSET
) -> LeastSquares:
    ends, failures = [], []
    # Residuals in money are sound to a rounding of cost, and those in logs to a rounding of one, in any unit of cost.
    size = (
        sum(float(columns[design.cost] @ columns[design.cost]) for _, columns in design.rows.blocks(BLOCK_ROWS))
        if design.additive
        else float(design.rows.count)
    )
    floor = np.finfo(float).eps ** 2 * size
    for start in starts:
        try:
            ends.append(_descend(design, effects, start, floor, enough))
        except DidNotConverge as failure:
            failures.append(failure)
    if not ends:
        raise failures[-1]
    return min(ends, key=lambda end: end.residual_squares)


def _descend(
    design: Design, effects: Groups | None, theta: Array, floor: float, enough: float = RELATIVE_OFFSET
) -> LeastSquares:
    at = partial(moments_at, design, effects=effects)
    moments, damping, names = at(theta), 0.0, design.technology.names
    if not np.isfinite(moments.residual_squares):
        raise DidNotConverge(_advice("fitted cost is not positive for every provider at the starting point"))
    freedom = max(moments.count - len(theta), 1) / len(theta)
    for steps in range(1, MAXIMUM_STEPS + 1):
        gram, target, squares = moments.gram[:-1, :-1], moments.gram[:-1, -1], moments.residual_squares
        step = damped(gram, target, damping)
        explained = max(float(step @ target), 0.0)
        offset = float(np.sqrt(freedom * explained / max(squares - explained, floor, np.finfo(float).tiny)))
        # A gain so small is lost in the rounding of the sum of squares.
        lost = explained < np.finfo(float).eps * squares
        near = offset < ROUNDING_OFFSET or explained < ROUNDINGS * np.finfo(float).eps * squares
        if damping == 0.0 and (squares <= floor or offset < enough or lost):
            return _at_optimum(theta, moments, names, steps, offset)
        # A whole step that gains nothing so near the optimum fails by rounding, and shorter ones are passes in vain.
        least = 1.0 if damping == 0.0 and near else SMALLEST_FRACTION
        shorter = shorten(at, attrgetter("residual_squares"), theta, step, squares, least)
        if shorter is not None:
            (theta, moments), damping = shorter, damping / 100 if damping > 1e-5 else 0.0
        elif near and damping == 0.0:
            return _at_optimum(theta, moments, names, steps, offset)
        else:
            damping = max(10 * damping, 1e-4)
    raise DidNotConverge(_advice(f"no optimum was reached in {MAXIMUM_STEPS} steps"))


def _at_optimum(theta: Array, moments: Moments, names: tuple[str, ...], steps: int, offset: float) -> LeastSquares:
    inverse_gram = inverse(moments, names)
    return LeastSquares(theta, inverse_gram, moments.residual_squares, condition_number(moments), steps, offset)


def damped(gram: Array, target: Array, damping: float) -> Array:
    """The step of damped normal equations, scaled; along directions without data it does not move."""
    if not np.isfinite(gram).all() or not np.isfinite(target).all():
        raise DidNotConverge(_advice("products of the columns are too large for a computer's numbers"))
    scale = np.sqrt(np.diag(gram))
    scale = np.where(scale > 0, scale, 1.0)
    matrix = gram / scale[:, None] / scale + damping * np.eye(len(gram))
    return np.linalg.lstsq(matrix, target / scale, rcond=1e-14)[0] / scale


def shorten(
    at: Callable[[Array], At],
    squares: Callable[[At], float],
    theta: Array,
    step: Array,
    most: float,
    least: float = SMALLEST_FRACTION,
) -> tuple[Array, At] | None:
    """The first halving of the step that lowers the sum of squares below `most`, and what is `at` its end.

    Fitted cost stays positive everywhere, since sums of squares are missing where it is not.
    """
    fraction = 1.0
    while fraction >= least:
        found = at(theta + fraction * step)
        if squares(found) < most:
            return theta + fraction * step, found
        fraction /= 2
    return None


def _advice(what: str) -> str:
    return (
        f"The search for the parameters failed: {what}. No numbers are returned. Use fewer second-order terms "
        f'(second_order="outputs" or "none"), fewer variables, or a log form.'
    )


def _responses(design: Design) -> Iterator[Block]:
    """Blocks in levels at theta = 0, where the residual is cost itself and the derivatives are those of H."""
    return Design(design.technology, design.rows, design.cost, additive=True).blocks(np.zeros(design.count))


def starting_values(design: Design) -> list[Array]:
    """Starts for a level form, P at zero.

    Cost regressed on H with weights 1/C^2 and 1/C; and the best non-negative common cost and marginal costs, at which
    fitted cost is positive whatever the other starts give.
    """
    from scipy.optimize import nnls

    assert design.technology.aggregate is not None
    count = design.technology.aggregate.count
    starts = []
    for power in (1.0, 0.5):
        blocks = (
            (rows, np.vstack([block[:count], block[-1:]]) / block[-1] ** power) for rows, block in _responses(design)
        )
        with np.errstate(over="ignore", invalid="ignore"):
            gram = accumulate(blocks).gram
        starts.append(damped(gram[:-1, :-1], gram[:-1, -1], 0.0))
        if power == 1.0:
            plain = 1 + len(design.technology.outputs) + len(design.technology.fixed_costs)
            scale = np.sqrt(np.diag(gram)[:plain])
            scale = np.where(scale > 0, scale, 1.0)
            matrix = gram[:plain, :plain] / scale[:, None] / scale
            # Enough for columns that rounding makes more than collinear; damped() has met what is not finite.
            root = np.linalg.cholesky(matrix + 1e-12 * np.eye(plain))
            level = np.zeros(count)
            level[:plain] = nnls(root.T, np.linalg.solve(root, gram[:plain, -1] / scale))[0] / scale
            starts.append(level)
    return [np.concatenate([level, np.zeros(design.count - count)]) for level in starts]
