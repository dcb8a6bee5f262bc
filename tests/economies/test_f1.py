"""A cost function whose every economy can be worked out by hand."""

from itertools import permutations

import numpy as np
import pytest

import econmodel as em

# Exact arithmetic in double precision: some thirty sums and products of numbers up to a few hundred.
EXACT = 1e-10

A = np.array([[0.02, -0.01, 0.004], [-0.01, 0.03, -0.006], [0.004, -0.006, 0.015]])
B, FIXED, COMMON = np.array([2.0, 1.0, 3.0]), np.array([3.0, 2.0, 4.0]), 10.0
Y = np.array([20.0, 30.0, 10.0])
NAMES = ("a", "b", "c")


def cost(y):
    return COMMON + FIXED @ (y > 0) + B @ y + y @ A @ y / 2


def without(y, *names):
    return np.where([name in names for name in NAMES], 0.0, y)


def only(y, *names):
    return np.where([name in names for name in NAMES], y, 0.0)


def by_hand(y):
    """Every measure at y, from cost alone."""
    marginal, total = B + A @ y, cost(y)
    measures = {"ray elasticity": marginal @ y / total, "ray scale economies": total / (marginal @ y)}
    apart = sum(cost(only(y, name)) for name in NAMES)
    measures["degree of scope"] = (apart - total) / total
    measures["scope: fixed cost"] = 2 * COMMON / total
    measures["scope: complementarity"] = -np.triu(A * np.outer(y, y), 1).sum() / total
    for place, name in enumerate(NAMES):
        incremental = total - cost(without(y, name))
        measures[f"marginal cost of {name}"] = marginal[place]
        measures[f"average incremental cost of {name}"] = incremental / y[place]
        measures[f"scale economies of {name}"] = incremental / (y[place] * marginal[place])
        split = cost(only(y, name)) + cost(without(y, name))
        measures[f"degree of scope of {name}"] = (split - total) / total
    return measures


def measured(stated, at="mean"):
    tables = [measure(stated, at=at).table for measure in (em.scale, em.scope, em.marginal_cost)]
    return {term: value for table in tables for term, value in zip(table["term"], table["estimate"], strict=True)}


# The same numbers to the digits in which they are usually written, so that `by_hand` is itself held to something.
WRITTEN = {
    "ray scale economies": (1.0632653, 5e-8),
    "marginal cost of a": (2.14, EXACT),
    "marginal cost of b": (1.64, EXACT),
    "marginal cost of c": (3.05, EXACT),
    "average incremental cost of a": (2.09, EXACT),
    "average incremental cost of b": (1.256667, 5e-7),
    "average incremental cost of c": (3.375, EXACT),
    "scale economies of a": (0.976636, 5e-7),
    "scale economies of b": (0.766260, 5e-7),
    "scale economies of c": (1.106557, 5e-7),
    "degree of scope": (0.2072937, 5e-8),
    "degree of scope of a": (0.116699, 5e-7),
    "degree of scope of b": (0.136660, 5e-7),
    "degree of scope of c": (0.084453, 5e-7),
}


def test_every_measure_has_its_known_value(state_f1):
    found = measured(state_f1())
    for term, (value, tolerance) in WRITTEN.items():
        assert found[term] == pytest.approx(value, abs=tolerance), term


def test_cost_is_known(state_f1):
    stated = state_f1()
    assert em.unit_cost(stated, at=[1]).table["estimate"].tolist() == pytest.approx([130.25], abs=EXACT)
    incremental = [130.25 - cost(without(Y, name)) for name in NAMES]
    assert incremental == pytest.approx([41.80, 37.70, 33.75], abs=EXACT)


@pytest.mark.parametrize("at", [(20.0, 30.0, 10.0), (5.0, 8.0, 2.0), (61.0, 7.0, 33.0)])
def test_measures_at_given_values_are_those_by_hand(state_f1, at):
    expected = by_hand(np.array(at))
    found = measured(state_f1(), dict(zip(NAMES, at, strict=True)))
    assert found.keys() == expected.keys()
    for term, value in expected.items():
        assert found[term] == pytest.approx(value, abs=EXACT), term


@pytest.mark.parametrize("multiple", [0.5, 1.0, 2.5])
def test_measures_at_multiples_of_the_mean_are_those_by_hand(state_f1, multiple):
    expected, found = by_hand(multiple * Y), measured(state_f1(), multiple)
    for term, value in expected.items():
        assert found[term] == pytest.approx(value, abs=EXACT), term
    curve = em.unit_cost(state_f1(), at=[multiple]).table["estimate"][0]
    assert curve == pytest.approx(cost(multiple * Y) / multiple, abs=EXACT)


@pytest.mark.parametrize("order", list(permutations(NAMES)))
def test_the_order_of_outputs_does_not_matter(state_f1, order):
    expected, found = measured(state_f1()), measured(state_f1(order=order))
    for term, value in expected.items():
        assert found[term] == pytest.approx(value, abs=EXACT), term


def test_the_point_at_which_it_is_stated_does_not_matter(state_f1):
    elsewhere = state_f1(means={"a": 7.0, "b": 3.0, "c": 50.0})
    found = measured(elsewhere, dict(zip(NAMES, Y, strict=True)))
    for term, value in measured(state_f1()).items():
        assert found[term] == pytest.approx(value, abs=EXACT), term


def test_product_specific_scale_of_two_outputs_together(state_f1):
    row = em.scale(state_f1(), of=["a", "b"]).row("scale economies of a and b")
    assert row["estimate"] == pytest.approx(0.929348, abs=5e-7)
    marginal = B + A @ Y
    expected = (cost(Y) - cost(only(Y, "c"))) / (marginal[:2] @ Y[:2])
    assert row["estimate"] == pytest.approx(expected, abs=EXACT)


def test_ray_scale_is_weighted_product_scale_over_one_less_scope(state_f1):
    found = measured(state_f1())
    pair = em.scale(state_f1(), of=["a", "b"]).row("scale economies of a and b")["estimate"]
    marginal = B + A @ Y
    share = marginal[:2] @ Y[:2] / (marginal @ Y)
    weighted = share * pair + (1 - share) * found["scale economies of c"]
    residual = found["ray scale economies"] - weighted / (1 - found["degree of scope of c"])
    assert residual == pytest.approx(0.0, abs=EXACT)
    # Overall economies of scale exist here only because of scope.
    assert weighted < 1 < found["ray scale economies"]


@pytest.mark.parametrize(
    ("epsilon", "written"), [(0.1, 0.288714), (0.2, 0.251977), (1 / 3, 0.234165)], ids=["0.1", "0.2", "a third"]
)
def test_quasi_scope(state_f1, epsilon, written):
    row = em.scope(state_f1(), epsilon=epsilon).table.iloc[0]
    assert row["term"] == f"quasi-scope (epsilon {epsilon:g})"
    assert row["estimate"] == pytest.approx(written, abs=5e-7)
    shares = np.full((3, 3), epsilon) + (1 - 3 * epsilon) * np.eye(3)
    apart = sum(cost(share * Y) for share in shares)
    assert row["estimate"] == pytest.approx((apart - cost(Y)) / cost(Y), abs=EXACT)


def test_quasi_scope_does_not_tend_to_scope(state_f1):
    # Every firm pays all own fixed costs as soon as it makes a little of everything.
    near = em.scope(state_f1(), epsilon=1e-9).table["estimate"][0]
    degree = em.scope(state_f1()).row("degree of scope")["estimate"]
    assert near - degree == pytest.approx(2 * FIXED.sum() / 130.25, abs=1e-7)


def test_stated_parameters_have_intervals_without_width(state_f1):
    for measure in (em.scale, em.scope, em.marginal_cost):
        table = measure(state_f1()).table
        assert (table["std_error"] == 0).all()
        assert (table["conf_low"] == table["estimate"]).all()
        assert (table["conf_high"] == table["estimate"]).all()
        assert table["p_value"].isna().all()
        assert table["supported"].all()
