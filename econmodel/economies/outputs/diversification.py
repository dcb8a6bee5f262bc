"""Why one firm with everything is cheaper, or dearer, than several that specialise: four reasons that add up."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import (
    COMMON,
    Division,
    Members,
    Reading,
    cost_apart,
    each_supported,
    fixed_cost,
    groups_of,
    intercepts_paid,
    made_by,
    readings,
    variable_cost,
    without_cost,
    words_of,
)
from econmodel.economies.core.identity import assert_adds_up
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import CostFunction, Places, resolve
from econmodel.errors import FormError, UnknownName
from econmodel.results import INTERVAL_COLUMNS, Effects, format_number
from econmodel.words import difference_words, verdict_words

Array = NDArray[np.float64]
TOTAL, FIXED = "economies of diversification", "diversification: fixed cost"
VARIABLE = ("diversification: complementarity", "diversification: convexity", "diversification: scale")
TERMS = (TOTAL, *VARIABLE, FIXED)


@dataclass(frozen=True, slots=True, eq=False)
class _Plan:
    """K specialised firms at n places, and the outputs at which variable cost is compared.

    `more` and `less` (n, m) are what a firm makes of its own and of the others' outputs; `alike` is a Kth of all.
    """

    firms: Division
    more: Array
    less: Array
    alike: Array


def diversification(
    fit: CostFunction,
    at: object = "mean",
    beta: float = 1.0,
    groups: object = None,
    *,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """Economies of diversification, and the four parts that they add up from.

    Parameters
    ----------
    fit : a fit of a level form with at least two outputs
    at : where, as in `econmodel.scale`
    beta : share of its own outputs that a specialised firm makes, above 1/K and at most 1 (complete specialisation);
        the other firms make the rest of them in equal parts
    groups : lists of outputs, one for each of the K firms; by default a firm for each output. Outputs in no group are
        made by all firms in equal parts
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        As shares of joint cost, null 0: "economies of diversification" (cost of K specialised firms less joint cost)
        and its parts "diversification: complementarity" (making outputs side by side), "... convexity" (unequal amounts
        where marginal cost varies), "... scale" (K small firms against a large one) and "... fixed cost" (paid again by
        each firm). The last, and the total, are an interval where firms do without an output whose own fixed cost is
        not identified. Further table "in money".

    Raises
    ------
    FormError
        In a log form, which does not tell fixed from variable cost, or with one output.
    UnknownName
        Where `beta` or `groups` is not a division of labour.

    Notes
    -----
    Chavas and Kim (2010). With C = F + V, y+ and y- the larger and smaller amounts of a firm: sum_k V(y_k) - V(y+) -
    (K - 1) V(y-); V(y+) + (K - 1) V(y-) - K V(y/K); K V(y/K) - V(y); sum_k F(y_k) - F(y). That they add up is asserted.
    With `beta=1` and a firm for each output the total is the degree of scope.

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 30, "visits x meals": -5}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50}, fixed_costs=("visits", "meals"))
    >>> result = diversification(cost).tables["in money"]
    >>> result["estimate"].round(9).tolist()
    [25.0, 5.0, -2.5, 2.5, 20.0]
    """
    places = resolve(fit, at)
    technology, point = fit.technology, places.point
    if len(technology.outputs) < 2:
        raise FormError(
            f"Diversification needs at least two outputs, and {technology.outputs[0]} is the only one. What more of it "
            "costs is scale: em.scale(fit)."
        )
    if not technology.is_level:
        raise FormError(
            f"The {technology.form.title} form does not tell fixed from variable cost, which diversification takes "
            'apart. Fit a level form (form="composite" or form="flexible_fixed_cost").'
        )
    members = groups_of(technology.outputs, groups if groups is not None else list(technology.outputs), whole=False)
    plan = _plan(technology.outputs, point.outputs, members, beta)
    _assert_adding_up(fit, places, plan)

    def values(theta: Array, reading: Reading) -> Array:
        return np.concatenate(_parts(fit, theta, places, plan, reading), axis=-1)

    missing, reason = without_cost(fit, places, plan.firms)
    several = readings(fit, plan.firms.outputs, made=point.outputs)
    own = " and ".join(words_of(technology.outputs, group) for group in members)
    specialised = f"The firms specialise in {own}." if groups is not None else "Each firm specialises in one output."
    result = ask(
        "Economies of diversification", fit, places,
        [Term(TERMS, values, 0.0, several, _inside(fit, places, plan), missing, reason)],
        lambda estimated: _sentence(estimated, len(members), beta), notes=[specialised],
        method=method, conf_level=conf_level, seed=seed,
    )  # fmt: skip
    joint = np.repeat(technology.cost(fit.theta, point), len(TERMS))
    if len(result.table) != len(joint):  # a difference between two places has no money of its own
        return result
    return replace(result, tables={"in money": _in_money(result.table, joint)})


def _plan(names: tuple[str, ...], outputs: Array, members: list[Members], beta: float) -> _Plan:
    count = len(members)
    if not 1.0 / count < beta <= 1.0:
        raise UnknownName(
            f"beta={beta:g} does not specialise {count} firms: it must be above 1/{count} = {1 / count:.4g}, where all "
            "firms are alike, and at most 1, where each makes all of its own outputs."
        )
    special = np.logical_or.reduce(members)
    rest = (1.0 - beta) / (count - 1)
    shares = np.where(special, np.where(np.stack(members), beta, rest), 1.0 / count)
    firms = Division(
        shares[:, None, :] * outputs, tuple(f"specialising in {words_of(names, group)}" for group in members)
    )
    more, less = np.where(special, beta, 1.0 / count), np.where(special, rest, 1.0 / count)
    return _Plan(firms, more * outputs, less * outputs, outputs / count)


def _parts(fit: CostFunction, theta: Array, places: Places, plan: _Plan, reading: Reading = COMMON) -> list[Array]:
    """The total and its four parts, each (..., n), as shares of joint cost."""
    technology, point = fit.technology, places.point
    joint = technology.cost(theta, point)

    def variable(outputs: Array) -> Array:
        return variable_cost(technology, theta, made_by(point, outputs))

    def fixed(outputs: Array) -> Array:
        return fixed_cost(technology, theta, made_by(point, outputs))

    firms = plan.firms.outputs
    apart = sum(variable(outputs) for outputs in firms)
    unequal = variable(plan.more) + (len(firms) - 1.0) * variable(plan.less)
    alike = len(firms) * variable(plan.alike)
    again = sum(fixed(outputs) for outputs in firms) - fixed(point.outputs)
    times = intercepts_paid(plan.firms, point, reading) - len(firms)
    again = again + times * technology.intercept(theta, point)
    total = cost_apart(technology, theta, point, plan.firms, reading) - joint
    return [part / joint for part in (total, apart - unequal, unequal - alike, alike - variable(point.outputs), again)]


def _assert_adding_up(fit: CostFunction, places: Places, plan: _Plan) -> None:
    """A failure is a fault of this program, so it raises ArithmeticError."""
    total, *parts = _parts(fit, fit.theta, places, plan)
    assert_adds_up("The parts of diversification miss their sum", sum(parts) - total, 1.0, total, *parts)


def _inside(fit: CostFunction, places: Places, plan: _Plan) -> NDArray[np.bool_]:
    """Whether each row rests on outputs among the providers: the total and fixed cost on the firms', parts on more."""
    firms, unequal, alike = each_supported(
        fit, places, [list(plan.firms.outputs), [plan.more, plan.less], [plan.alike]]
    )
    return np.concatenate([firms, firms & unequal, unequal & alike, alike, firms])


def _in_money(table: pd.DataFrame, joint: Array) -> pd.DataFrame:
    columns = ["estimate", *INTERVAL_COLUMNS]
    return table[["term", "at"]].assign(**{name: table[name] * joint for name in columns})


def _sentence(estimated: Estimated, count: int, beta: float) -> str:
    rows = {term: estimated.row(term) for term in TERMS}
    how = "specialise completely" if beta == 1.0 else f"each make {100 * beta:.4g} % of their own outputs"
    difference, interval = difference_words(rows[TOTAL], estimated.level)
    named = ", ".join(f"{term.removeprefix('diversification: ')} {_share(rows[term])}" for term in TERMS[1:])
    conclusion = verdict_words(estimated.verdict(TOTAL), "specialisation saves cost", "diversification saves cost")
    return (
        f"At {estimated.where}, {count} firms that {how} would cost {difference} than one firm with everything "
        f"({interval}): {conclusion}. The parts, in per cent of what that firm costs: {named}."
    )


def _share(row: pd.Series) -> str:
    """A share of joint cost in per cent, or the interval that is identified."""
    if row["estimate"] == row["estimate"]:
        return format_number(100 * row["estimate"], 3)
    low, high = (format_number(100 * row[end], 3) for end in INTERVAL_COLUMNS)
    return f"between {low} and {high}"
