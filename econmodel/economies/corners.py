"""Cost at the corners: some outputs made, the others not; and what data can say of the fixed cost there.

The intercept A of a level form is the common fixed cost F0 plus the own fixed costs of all outputs that nobody is seen
without. A corner pays F0 and the own fixed costs of what it makes, so where some output is never zero every corner is
known up to how A is shared out, and only an interval is identified. A stated cost function has no sample to learn from:
its common cost is stated to be common, and nothing about it is unidentified.
"""

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.identity import assert_adds_up
from econmodel.economies.places import CostFunction
from econmodel.errors import FormError
from econmodel.forms.technology import Point, Technology

Array = NDArray[np.float64]
Members = NDArray[np.bool_]


def require_corners(technology: Technology, what: str) -> None:
    """FormError, with the cure, where a form has no cost at zero output."""
    if not technology.is_level:
        raise FormError(
            f"{what} compares cost at zero output of some products, where the {technology.form.title} form has none. "
            'Fit a level form (form="composite" or form="flexible_fixed_cost"), or ask for quasi-scope, '
            "em.scope(fit, epsilon=0.1), which never leaves any output at zero (and answers another question)."
        )


def cost_of(technology: Technology, theta: Array, point: Point, members: Members) -> Array:
    """Cost of making the member outputs only (..., n), with the whole intercept A charged."""
    return technology.cost(theta, point.with_outputs(np.where(members, point.outputs, 0.0)))


def fixed_cost(technology: Technology, theta: Array, point: Point) -> Array:
    """The part of a level form's cost that does not vary with outputs (..., n): A, and own fixed costs of what is made.

    Linear in the parameters of H, as cost is: `fixed_cost` and `variable_cost` add up to it.
    """
    return technology.cost(theta * _kept(technology, fixed=True), point)


def variable_cost(technology: Technology, theta: Array, point: Point) -> Array:
    """The part of a level form's cost that varies with outputs (..., n): nothing at zero output."""
    return technology.cost(theta * _kept(technology, fixed=False), point)


def _kept(technology: Technology, *, fixed: bool) -> Array:
    """Ones for the parameters of P, and for those of H that are (or are not) fixed costs; zeros for the others."""
    aggregate = technology.aggregate
    assert aggregate is not None
    # Products name an output first, so what begins with none is there without output.
    first = aggregate.terms[:, 0]
    of_terms = (first < 0) | (first >= len(technology.outputs))
    of_parameters = of_terms if aggregate.mixing is None else np.abs(aggregate.mixing) @ of_terms > 0
    return np.concatenate([of_parameters == fixed, np.ones(technology.exponent.count)])


def unidentified(function: CostFunction) -> Members:
    """Outputs whose own fixed cost data cannot tell from the common one; none where parameters are stated."""
    technology = function.technology
    found = np.full(len(technology.outputs), function.sample is not None)
    found[list(technology.fixed_costs)] = False
    return found


def scope_parts(technology: Technology, theta: Array, point: Point, groups: list[Members]) -> tuple[Array, Array]:
    """Complementarity and shared fixed cost, as shares of joint cost (..., n), of making groups of outputs apart.

    The degree of scope of a partition is the first and as much of the second as A is common fixed cost: all of it
    where every own fixed cost is identified. Own fixed costs are paid once either way. A group of which nothing is made
    at a place needs no firm.
    """
    joint = technology.cost(theta, point)
    intercept = technology.intercept(theta, point)
    variable = sum(cost_of(technology, theta, point, group) - intercept for group in groups)
    firms = sum((np.where(group, point.outputs, 0.0) > 0).any(axis=-1).astype(float) for group in groups)
    return np.asarray((variable + intercept - joint) / joint), np.asarray((firms - 1.0) * intercept / joint)


def scope(technology: Technology, theta: Array, point: Point, groups: list[Members], common: float) -> Array:
    """Degree of scope over a partition of the outputs: cost of separate firms less joint cost, over joint cost.

    With the common fixed cost a share `common` of A, the firms together pay it once each, and every own fixed cost
    once: the sum of corner intercepts is A + (groups - 1) common A.
    """
    complementarity, fixed = scope_parts(technology, theta, point, groups)
    return complementarity + common * fixed


def incremental_cost(technology: Technology, theta: Array, point: Point, members: Members, own: float) -> Array:
    """Cost of adding the member outputs to all others (..., n).

    `own` is the share of A that is the members' own fixed cost: between none and all of it where some member's own
    fixed cost is unidentified, none otherwise.
    """
    others = cost_of(technology, theta, point, ~members)
    return technology.cost(theta, point) - others + own * technology.intercept(theta, point)


def assert_identity(technology: Technology, theta: Array, point: Point, members: Members) -> None:
    """The identity of Baumol, Panzar and Willig (1982) at a place: S_N = [a S_T + (1 - a) S_(N-T)] / (1 - SC_T).

    Holds for any cost function; a failure is a fault of this program, so it raises ArithmeticError.
    """
    slopes = technology.slopes(theta, point).outputs * technology.cost(theta, point)[..., None] * point.outputs
    revenue, rest, total = slopes[..., members].sum(axis=-1), slopes[..., ~members].sum(axis=-1), slopes.sum(axis=-1)
    if not members.any() or members.all():
        return
    if not (total != 0).all():
        return
    together = technology.cost(theta, point) / total
    of_members = incremental_cost(technology, theta, point, members, 0.0)
    of_others = incremental_cost(technology, theta, point, ~members, 0.0)
    degree = scope(technology, theta, point, [members, ~members], 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = revenue / total * (of_members / revenue) + rest / total * (of_others / rest)
        difference = parts - together * (1.0 - degree)
    terms = (together, together * degree, of_members / total, of_others / total)
    assert_adds_up("The identity of scale and scope fails", difference, *terms)
