"""The nested family of Pulley and Braunstein (1992): translog, Box-Cox translog, quadratic and composite as members.

    C^(phi) = {exp[(Q(y^(pi), v))^(tau)] exp[P(v, r, x)]}^(phi) + error,

x^(a) = (x^a - 1) / a the Box-Cox transformation, Q quadratic in transformed outputs with products of outputs and
relative prices v, P quadratic in relative prices and linear in relationship variables r and controls x. Where pi and
tau are free Q has the prices themselves too, so that the composite, whose products are with outputs and not with
outputs less one, is a member. Cost is divided by its geometric mean. Then the Jacobian of C^(phi) vanishes from the
likelihood of log cost, and maximum likelihood is least squares in all parameters, the shape (phi, pi, tau) included.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge, NotIdentified
from econmodel.forms.polynomial import Polynomial, all_pairs, terms

Array = NDArray[np.float64]
SHAPES = ("phi", "pi", "tau")
LOWEST, HIGHEST = (-1.0, -0.5, 0.0), (2.0, 2.0, 1.5)
# With zero outputs the transformation must stay defined at zero, where it is -1 / pi.
LOWEST_WITH_ZEROS = 0.1
COMPLEX_STEP = 1e-30
# Below this the quotient (exp(z) - 1) / z is its series to rounding.
NEARLY_ZERO = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class NestedRows:
    """What the family is fitted to.

    Attributes
    ----------
    log_cost : (n,) log of cost over the numeraire's price, less its mean
    outputs : (n, m) outputs over their means
    prices : (n, K) logs of relative prices, centred
    shifters : (n, R) relationship variables and controls, centred
    """

    log_cost: Array
    outputs: Array
    prices: Array
    shifters: Array

    @property
    def has_zeros(self) -> bool:
        """Whether some output is zero somewhere."""
        return bool((self.outputs <= 0).any())


@dataclass(frozen=True, slots=True)
class Member:
    """A member of the family: its name, the shape it fixes (None where it is free), and whether Q holds prices."""

    name: str
    phi: float | None
    pi: float | None
    tau: float | None
    prices_inside: bool = True

    @property
    def shape(self) -> tuple[float | None, ...]:
        """phi, pi, tau."""
        return (self.phi, self.pi, self.tau)

    def contains(self, other: "Member") -> bool:
        """Whether the other is this one with more of its shape fixed."""
        free_enough = all(a is None or a == b for a, b in zip(self.shape, other.shape, strict=True))
        return free_enough and (self.prices_inside or not other.prices_inside)


MEMBERS = (
    Member("translog", 0.0, 0.0, 1.0),
    Member("Box-Cox translog", 0.0, None, 1.0),
    Member("separable quadratic", None, 1.0, 0.0, prices_inside=False),
    Member("composite with log errors", 0.0, 1.0, 0.0),
    Member("composite", None, 1.0, 0.0),
    Member("nested", None, None, None),
)


@dataclass(frozen=True, slots=True, eq=False)
class NestedFit:
    """What least squares found for a member: shape (3,), parameters of Q and P, squares, and their count.

    `parameters` counts the free shape parameters too; `log_likelihood` is of log cost.
    """

    member: Member
    shape: Array
    theta: Array
    squares: float
    rows: int

    @property
    def parameters(self) -> int:
        """Number of free parameters, the error's variance apart."""
        return len(self.theta) + sum(value is None for value in self.member.shape)

    @property
    def log_likelihood(self) -> float:
        """Normal log-likelihood of log cost; NotIdentified where nothing is left over that could have one."""
        if not self.squares > 0:
            raise NotIdentified(
                "Cost is an exact function of its columns, so no error is left by which forms could be compared. Look "
                "how cost was made."
            )
        return float(-0.5 * self.rows * (np.log(2.0 * np.pi * self.squares / self.rows) + 1.0))


def box_cox(logs: Any, power: Any) -> Any:
    """(x^power - 1) / power from log x; log x at power zero. Both may be complex.

    Examples
    --------
    >>> box_cox(np.log(np.array([4.0])), 0.5).tolist(), box_cox(np.log(np.array([4.0])), 0.0).round(4).tolist()
    ([2.0], [1.3863])
    """
    z = power * logs
    small = np.abs(z) < NEARLY_ZERO
    safe = np.where(small, 1.0, z)
    with np.errstate(over="ignore", invalid="ignore"):  # a search that goes too far sees infinity, and turns back
        return logs * np.where(small, 1.0 + z / 2.0 + z**2 / 6.0, np.expm1(safe) / safe)


def fit_member(rows: NestedRows, member: Member, starts: tuple[NestedFit, ...] = ()) -> NestedFit:
    """Maximum likelihood of a member; `starts` are fits of members that it contains.

    Raises
    ------
    DidNotConverge
        Where no start leads to an optimum.
    """
    from scipy.optimize import least_squares

    model = _Model(rows, member)
    found: list[NestedFit] = [
        NestedFit(member, start.shape, _widened(start, model), start.squares, start.rows) for start in starts
    ]
    for shape, theta in [*model.starts(), *((one.shape, one.theta) for one in found)]:
        free, low, high = model.free(shape)
        begin = np.clip(np.concatenate([shape[free], theta]), low, high)
        if not np.isfinite(model.residual(begin, free, shape)).all():
            continue
        try:
            result = least_squares(
                model.residual, begin, model.jacobian, bounds=(low, high), x_scale="jac", args=(free, shape),
                ftol=1e-12, xtol=1e-12, gtol=1e-12, max_nfev=400,
            )  # fmt: skip
        except DidNotConverge:
            continue
        ended = shape.copy()
        ended[free] = result.x[: free.sum()]
        found.append(NestedFit(member, ended, result.x[free.sum() :], 2.0 * float(result.cost), len(rows.log_cost)))
    if not found:
        raise DidNotConverge(
            f"The {member.name} form could not be fitted: no start leaves fitted cost positive for every provider. Use "
            "fewer outputs or prices."
        )
    return min(found, key=lambda one: one.squares)


def _widened(start: NestedFit, model: "_Model") -> Array:
    """Parameters of a contained member in the terms of a larger one: the same Q and P at every row."""
    smaller = _Model(model.rows, start.member)
    level = smaller.inside_at(start.shape[1]) @ start.theta[: smaller.inside.count]
    inner = np.linalg.lstsq(model.inside_at(start.shape[1]), level, rcond=None)[0]
    return np.concatenate([inner, start.theta[smaller.inside.count :]])


class _Model:
    """Residuals of a member and their derivatives, for parameters (free shape, Q, P)."""

    def __init__(self, rows: NestedRows, member: Member) -> None:
        self.rows, self.member = rows, member
        m, prices, shifters = rows.outputs.shape[1], rows.prices.shape[1], rows.shifters.shape[1]
        u, v, x = list(range(m)), list(range(m, m + prices)), list(range(m + prices, m + prices + shifters))
        crossed = [(output, price) for output in u for price in v] if member.prices_inside else []
        linear = u + v if member.pi is None and member.tau is None else u
        self.inside = Polynomial(terms(True, linear, all_pairs(u) + crossed), m + prices + shifters)
        self.outside = Polynomial(terms(False, v + x, all_pairs(v)), m + prices + shifters)
        with np.errstate(divide="ignore"):
            self.log_outputs = np.log(rows.outputs)
        self.steady = self.outside.monomials(self._coordinates(1.0))

    def inside_at(self, pi: Any) -> Any:
        """The terms of Q at every row (n, parameters)."""
        return self.inside.monomials(self._coordinates(pi))

    def _coordinates(self, pi: Any) -> Any:
        if self.member.pi == 1.0:
            u = self.rows.outputs
        elif self.rows.has_zeros:
            made = self.rows.outputs > 0
            u = np.where(made, np.exp(pi * np.where(made, self.log_outputs, 0.0)), 0.0) / pi - 1.0 / pi
        else:
            u = box_cox(self.log_outputs, pi)
        return np.concatenate([u, self.rows.prices, self.rows.shifters], axis=1)

    def starts(self) -> list[tuple[Array, Array]]:
        """Shape and parameters: logs in logs where Q need not be positive, else weighted regressions of levels."""
        from scipy.optimize import nnls

        fixed = np.array([np.nan if value is None else value for value in self.member.shape])
        if fixed[2] == 1.0:
            shape = np.where(np.isnan(fixed), [0.0, 0.5 if self.rows.has_zeros else 0.0, 1.0], fixed)
            design = np.hstack([self.inside_at(shape[1]), self.steady])
            theta = np.linalg.lstsq(design, self.rows.log_cost, rcond=None)[0]
            theta[0] += 1.0
            return [(shape, theta)]
        shape = np.where(np.isnan(fixed), [0.0, 1.0, 0.0], fixed)
        cost = np.exp(self.rows.log_cost)
        design = self.inside_at(shape[1]) / cost[:, None]
        free = np.linalg.lstsq(design, np.ones(len(cost)), rcond=None)[0]
        # Common cost and marginal costs that are not negative: fitted cost is then positive, whatever the first gives.
        plain = 1 + self.rows.outputs.shape[1]
        levels = np.hstack([np.ones((len(cost), 1)), self.rows.outputs]) / cost[:, None]
        firm = nnls(levels, np.ones(len(cost)))[0]
        safe = np.zeros(self.inside.count)
        safe[:plain] = firm
        # Transformed outputs are outputs less one where pi is one and free.
        safe[0] += firm[1:].sum() if self.member.pi is None else 0.0
        behind = np.zeros(self.outside.count)
        return [(shape, np.concatenate([one, behind])) for one in (free, safe)]

    def free(self, shape: Array) -> tuple[NDArray[np.bool_], Array, Array]:
        """Which of the shape is free, and bounds of all free parameters."""
        free = np.array([value is None for value in self.member.shape])
        low, high = np.array(LOWEST), np.array(HIGHEST)
        if self.rows.has_zeros:
            low[1] = LOWEST_WITH_ZEROS
        endless = np.full(self.inside.count + self.outside.count, np.inf)
        return free, np.concatenate([low[free], -endless]), np.concatenate([high[free], endless])

    def _log_fitted(self, shape: Any, theta: Array) -> Any:
        q = self.inside_at(shape[1]) @ theta[: self.inside.count]
        behind = self.steady @ theta[self.inside.count :]
        return self._link(q, shape[2]) + behind

    def _link(self, q: Any, tau: Any) -> Any:
        """The Box-Cox transformation of Q; Q - 1, which may be negative, only where tau is one by definition."""
        if self.member.tau == 1.0:
            return q - 1.0
        positive = np.real(q) > 0
        return np.where(positive, box_cox(np.log(np.where(positive, q, 1.0)), tau), np.nan)

    def residual(self, parameters: Array, free: NDArray[np.bool_], shape: Array) -> Array:
        """Transformed cost less transformed fitted cost (n,); infinite where Q is not positive."""
        shape = shape.copy()
        shape[free] = parameters[: free.sum()]
        log_fitted = self._log_fitted(shape, parameters[free.sum() :])
        found = box_cox(self.rows.log_cost, shape[0]) - box_cox(log_fitted, shape[0])
        return np.where(np.isfinite(found), found, np.inf)

    def jacobian(self, parameters: Array, free: NDArray[np.bool_], shape: Array) -> Array:
        """Derivatives of the residuals (n, free): in closed form for Q and P, by complex steps for the shape."""
        shape = shape.copy()
        shape[free] = parameters[: free.sum()]
        theta = parameters[free.sum() :]
        multipliers = self.inside_at(shape[1])
        q = multipliers @ theta[: self.inside.count]
        log_fitted = self._link(q, shape[2]) + self.steady @ theta[self.inside.count :]
        slope = np.exp(shape[0] * log_fitted)[:, None]
        of_link = np.ones_like(q) if self.member.tau == 1.0 else q ** (shape[2] - 1.0)
        columns = [self._by_shape(place, shape, theta)[:, None] for place in np.flatnonzero(free).tolist()]
        found = np.hstack([*columns, -slope * of_link[:, None] * multipliers, -slope * self.steady])
        if not np.isfinite(found).all():
            raise DidNotConverge(f"The search for the {self.member.name} form left the numbers that a computer holds.")
        return found

    def _by_shape(self, place: int, shape: Array, theta: Array) -> Array:
        moved = shape.astype(complex)
        moved[place] += 1j * COMPLEX_STEP
        found = box_cox(self.rows.log_cost, moved[0]) - box_cox(self._log_fitted(moved, theta), moved[0])
        return np.asarray(found.imag / COMPLEX_STEP)


def moves_together(rows: NestedRows) -> bool:
    """Whether terms of Q, or of P beside a constant, are combinations of others, at outputs halfway to logs."""
    model = _Model(rows, MEMBERS[-1])
    outside = np.hstack([np.ones((len(rows.log_cost), 1)), model.steady])
    return any(
        np.linalg.matrix_rank(design / np.sqrt((design**2).sum(axis=0))) < design.shape[1]
        for design in (model.inside_at(0.5), outside)
    )


def fit_all(rows: NestedRows, done: Callable[[str], None] = lambda name: None) -> list[NestedFit]:
    """Every member that the rows allow, the general one last: at least as likely as each that it contains."""
    found: list[NestedFit] = []
    for member in MEMBERS:
        if rows.has_zeros and member.pi == 0.0:
            continue
        contained = tuple(one for one in found if member.contains(one.member))
        found.append(fit_member(rows, member, contained))
        done(member.name)
    return found
