"""Expansion-path subadditivity and scale: their definitions, corners, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import FormError, NotSupported, UnknownName

# Sums of a few dozen products of numbers near one.
ROUNDING = 1e-9
SUBADDITIVITY, SCALE = "expansion-path subadditivity", "expansion-path scale"


def at(truth, y):
    return dict(zip(truth.names, y, strict=True))


def by_definition(truth, a, b):
    more, marginal = b - a, truth.linear + truth.curvature @ b
    subadditivity = (truth.cost(a) + truth.cost(more) - truth.cost(b)) / truth.cost(b)
    elasticities = marginal * b / truth.cost(b)
    scale = (more / b * elasticities).sum() / ((truth.cost(b) - truth.cost(a)) / truth.cost(b))
    return subadditivity, scale


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), corner=st.booleans())
def test_both_by_their_definitions(random_quadratic, seed, corner):
    truth, rng = random_quadratic(seed), np.random.default_rng(seed)
    b = truth.mean * rng.uniform(0.5, 1.5, len(truth.mean))
    a = b * rng.uniform(0.1, 0.9, len(b))
    if corner:
        a[0] = 0.0
    result = em.outputs.expansion_path(truth.stated(), at(truth, a), at(truth, b))
    found = [result.row(term)["estimate"] for term in (SUBADDITIVITY, SCALE)]
    assert found == pytest.approx(by_definition(truth, a, b), rel=ROUNDING, abs=ROUNDING)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_what_is_identified_where_the_start_does_without_an_output(random_quadratic, as_learned, seed):
    truth, rng = random_quadratic(seed), np.random.default_rng(seed)
    b = truth.mean.copy()
    a = b * rng.uniform(0.1, 0.9, len(b))
    a[0] = 0.0
    result = em.outputs.expansion_path(as_learned(truth.stated(own=False)), at(truth, a), at(truth, b))
    for term, truly in zip((SUBADDITIVITY, SCALE), by_definition(truth, a, b), strict=True):
        row = result.row(term)
        assert row["identified_low"] - ROUNDING <= truly <= row["identified_high"] + ROUNDING


def test_no_interval_where_both_firms_make_everything(f1, as_learned):
    half = em.outputs.expansion_path(as_learned(f1.stated(own=False)), 0.5, 1.0)
    assert half.table["estimate"].tolist() == pytest.approx(by_definition(f1, f1.mean / 2, f1.mean), abs=ROUNDING)


def test_a_log_form_along_its_ray():
    cost = em.worlds.state("cobb_douglas", {"a": 0.3, "b": 0.3}, outputs={"a": 2.0, "b": 5.0})
    result = em.outputs.expansion_path(cost, 1, 4)
    assert result.row(SUBADDITIVITY)["estimate"] == pytest.approx((1 + 3**0.6) / 4**0.6 - 1, abs=ROUNDING)
    assert "one firm is cheaper" in result.text
    assert "economies of growing" in result.text


def test_size_quantiles_of_providers(random_quadratic):
    data = em.worlds.simulate(random_quadratic(5).stated(), 150, spread=0.4, seed=2).data
    result = em.outputs.expansion_path(em.fit(data, form="composite"))
    assert result.table["at"].tolist() == ["p25 to p75"] * 2
    assert (result.table["conf_low"] < result.table["conf_high"]).all()


def test_an_end_that_is_not_larger(f1):
    with pytest.raises(UnknownName, match="has less b, c than the start"):
        em.outputs.expansion_path(f1.stated(), {"a": 1, "b": 2, "c": 3}, {"a": 2, "b": 1, "c": 1})
    with pytest.raises(UnknownName, match="is no larger than the start"):
        em.outputs.expansion_path(f1.stated(), 1, 1)
    with pytest.raises(UnknownName, match="starts from nothing"):
        em.outputs.expansion_path(f1.stated(), {"a": 0, "b": 0, "c": 0}, 1)


def test_several_places_are_no_path(f1):
    with pytest.raises(UnknownName, match="is 2 places, and a path has one end"):
        em.outputs.expansion_path(f1.stated(), 1, [1, 2])


def test_a_path_of_something_else_than_outputs():
    cost = em.worlds.state("cobb_douglas", {"a": 0.5, "wage": 0.5}, outputs={"a": 2.0}, prices={"wage": 3.0})
    with pytest.raises(UnknownName, match="differ in prices"):
        em.outputs.expansion_path(cost, {"a": 1.0}, {"a": 2.0, "wage": 4.0})


def test_percentiles_need_providers(f1):
    with pytest.raises(NotSupported, match="needs providers"):
        em.outputs.expansion_path(f1.stated())


def test_an_increment_without_an_output_in_a_log_form():
    cost = em.worlds.state("translog", {"a": 0.5, "b": 0.5}, outputs={"a": 1.0, "b": 1.0})
    with pytest.raises(FormError, match="increment has no b, and the translog form has no cost there"):
        em.outputs.expansion_path(cost, {"a": 1.0, "b": 1.0}, {"a": 2.0, "b": 1.0})


def test_no_number_where_the_increment_has_negative_cost():
    cost = em.worlds.state(
        "flexible_fixed_cost",
        {"common cost": 10, "a": -30, "b": 60, "a x b": 30},
        outputs={"a": 5, "b": 5},
        fixed_costs=("a", "b"),
    )
    result = em.outputs.expansion_path(cost, {"a": 0.0, "b": 5.0}, "mean")
    assert result.table["estimate"].isna().all()
    assert "the fitted cost of the increment alone is not positive" in result.text


def test_a_firm_that_makes_everything_pays_a_negative_intercept():
    """Nothing can be shared out there, so its cost is what it is, and it is below nothing."""
    cost = em.worlds.state("composite", {"common cost": -50, "a": 60, "b": 40}, outputs={"a": 10, "b": 5})
    path, quasi = em.outputs.expansion_path(cost, 0.25, 1), em.scope(cost, at=0.8, epsilon=0.1)
    assert "the fitted cost of the start alone is not positive (−25): no number is given there" in path.text
    assert "the fitted cost of mostly a is not positive (−3.6)" in quasi.text
    for result in (path, quasi):
        assert result.table[["estimate", "conf_low", "conf_high"]].isna().all(axis=None)
