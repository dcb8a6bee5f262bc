"""Identities that hold for any technology, at technologies drawn at random."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.economies.core import fixed_cost as corners
from econmodel.economies.core.fixed_cost import assert_identity
from econmodel.economies.core.places import resolve

# Sums of some fifty products, divided by a margin of cost that the strategies keep above a tenth of it.
ROUNDING = 1e-9
OUTPUTS = ("a", "b", "c")
# Each technology takes a dozen tables of estimates.
EXAMPLES = settings(max_examples=10, deadline=None)

share = st.floats(0.1, 1.0)
bend = st.floats(-0.05, 0.05)


@st.composite
def technologies(draw, form="composite"):
    """Level forms with positive marginal and incremental costs everywhere up to twice the mean."""
    names = OUTPUTS[: draw(st.integers(2, 3))]
    means = {name: draw(st.floats(0.5, 500.0)) for name in names}
    parameters = {"common cost": draw(share), "wage": draw(st.floats(0.0, 1.0)), "r": draw(bend)}
    for place, one in enumerate(names):
        parameters[one] = draw(st.floats(0.5, 2.0))
        parameters[f"fixed cost of {one}"] = draw(share)
        if form == "composite":
            parameters[f"{one} x wage"] = draw(bend)
        for other in names[place:]:
            parameters[f"half {one} squared" if one == other else f"{one} x {other}"] = draw(bend)
    parameters["tilt of r to a"] = draw(bend)
    money = draw(st.floats(0.01, 1e6))
    for name in parameters:
        if name not in ("wage", "r"):
            parameters[name] *= money
    return em.worlds.state(
        form, parameters, outputs=means, prices={"wage": 3.0}, relationships={"r": 0.5}, fixed_costs=names
    )


places = st.fixed_dictionaries({"wage": st.floats(1.0, 9.0), "r": st.floats(0.0, 1.0)})


def values(result):
    return dict(zip(result.table["term"], result.table["estimate"], strict=True))


@EXAMPLES
@given(technologies(), places)
def test_scale_is_weighted_product_scale_over_one_less_scope(stated, at):
    names = stated.technology.outputs
    outputs = dict(zip(names, stated.technology.mean_point().outputs[0], strict=True))
    scale, scope, marginal = (values(measure(stated, at=at)) for measure in (em.scale, em.scope, em.marginal_cost))
    revenue = {name: marginal[f"marginal cost of {name}"] * outputs[name] for name in names}
    assert min(revenue.values()) > 0
    for name in names:
        others = [other for other in names if other != name]
        of_others = values(em.scale(stated, at=at, of=others))[f"scale economies of {' and '.join(others)}"]
        weight = revenue[name] / sum(revenue.values())
        degree = scope["degree of scope" if len(names) == 2 else f"degree of scope of {name}"]
        product = weight * scale[f"scale economies of {name}"] + (1 - weight) * of_others
        assert scale["ray scale economies"] == pytest.approx(product / (1 - degree), rel=ROUNDING)
        incremental = marginal[f"average incremental cost of {name}"]
        assert scale[f"scale economies of {name}"] == pytest.approx(
            incremental / marginal[f"marginal cost of {name}"], rel=ROUNDING
        )
    assert scale["ray elasticity"] * scale["ray scale economies"] == pytest.approx(1.0, rel=ROUNDING)


@EXAMPLES
@given(technologies(), places)
def test_scope_of_all_is_scope_of_one_and_then_of_the_rest(stated, at):
    """Splitting off one output and then the other two: shares of cost add up, whatever the cost function."""
    names = stated.technology.outputs
    if len(names) < 3:
        return
    scope = values(em.scope(stated, at=at))
    cost = stated.technology.cost
    here = resolve(stated, at).point
    joint = cost(stated.theta, here)[0]
    rest = cost(stated.theta, here.with_outputs(here.outputs * [[0.0, 1.0, 1.0]]))[0]
    alone = [cost(stated.theta, here.with_outputs(here.outputs * row))[0] for row in np.eye(3)[:, None, :]]
    then = alone[1] + alone[2] - rest
    assert scope["degree of scope"] * joint == pytest.approx(
        scope["degree of scope of a"] * joint + then, rel=ROUNDING, abs=ROUNDING * joint
    )


@EXAMPLES
@given(technologies(), st.floats(0.05, 0.33))
def test_quasi_scope_falls_to_what_dividing_the_ray_costs(stated, epsilon):
    names = stated.technology.outputs
    m = len(names)
    equal = em.scope(stated, epsilon=1 / m).table["estimate"][0]
    split = em.unit_cost(stated, at=[1 / m, 1]).table["estimate"]
    # m firms alike: C(y / m) each, and unit cost along the ray is C(t y) / t.
    assert equal == pytest.approx(split[0] / split[1] - 1, rel=ROUNDING, abs=ROUNDING)
    some = em.scope(stated, epsilon=min(epsilon, 1 / m)).table["estimate"][0]
    assert np.isfinite(some)


@EXAMPLES
@given(technologies("flexible_fixed_cost"))
def test_marginal_costs_of_the_quadratic_do_not_depend_on_the_unit_of_output(stated):
    names = stated.technology.outputs
    by_name = dict(zip(stated.technology.names, stated.theta, strict=True))
    means = stated.technology.mean_point().outputs[0]
    scaled = em.worlds.state(
        "flexible_fixed_cost", by_name, outputs=dict(zip(names, 1000 * means, strict=True)), prices={"wage": 3.0},
        relationships={"r": 0.5}, fixed_costs=names,
    )  # fmt: skip
    one, other = values(em.marginal_cost(stated)), values(em.marginal_cost(scaled))
    for term, value in one.items():
        assert other[term] * 1000 == pytest.approx(value, rel=ROUNDING), term
    for measure in (em.scale, em.scope):
        assert list(values(measure(stated)).values()) == pytest.approx(
            list(values(measure(scaled)).values()), rel=ROUNDING, abs=ROUNDING
        )


def test_a_failing_identity_would_be_noticed(state_f1, monkeypatch):
    stated = state_f1()
    members = np.array([True, False, False])
    assert_identity(stated.technology, stated.theta, stated.points(), members)
    exact = corners.incremental_cost
    monkeypatch.setattr(corners, "incremental_cost", lambda *args: 1.01 * exact(*args))
    with pytest.raises(ArithmeticError, match=r"The identity of scale and scope fails by \d"):
        assert_identity(stated.technology, stated.theta, stated.points(), members)
