"""Scope over any partition, its split, quasi-scope, and what is said where there is no number."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import FormError, UnknownName

# Sums of a few dozen products of numbers near one.
ROUNDING = 1e-10
FIXED, COMPLEMENTARITY = "scope: fixed cost", "scope: complementarity"


def only(y, group):
    return np.where([i in group for i in range(len(y))], y, 0.0)


def a_partition(rng, m):
    """Every output in a group at random, at least two groups."""
    while True:
        codes = rng.integers(0, m, m)
        groups = [np.flatnonzero(codes == code).tolist() for code in np.unique(codes)]
        if len(groups) > 1:
            return groups


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6))
def test_any_partition_by_its_definition(random_quadratic, seed):
    truth, rng = random_quadratic(seed), np.random.default_rng(seed)
    y = truth.mean * rng.uniform(0.5, 1.5, len(truth.mean))
    groups = a_partition(rng, len(y))
    names = [[truth.names[i] for i in group] for group in groups]
    result = em.scope(truth.stated(), dict(zip(truth.names, y, strict=True)), partition=names)
    joint = truth.cost(y)
    apart = sum(truth.cost(only(y, group)) for group in groups)
    term = f"degree of scope ({' | '.join(' and '.join(group) for group in names)})"
    assert result.row(term)["estimate"] == pytest.approx((apart - joint) / joint, abs=ROUNDING)
    variable = sum(truth.variable(only(y, group)) for group in groups) - truth.variable(y)
    assert result.row(COMPLEMENTARITY)["estimate"] == pytest.approx(variable / joint, abs=ROUNDING)
    assert result.row(FIXED)["estimate"] == pytest.approx((len(groups) - 1) * truth.common / joint, abs=ROUNDING)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6))
def test_what_is_identified_covers_the_truth_and_its_ends_are_the_formula(random_quadratic, as_learned, seed):
    truth = random_quadratic(seed)
    y, m = truth.mean, len(truth.mean)
    blind = em.scope(as_learned(truth.stated(own=False)))
    degree, fixed = blind.row("degree of scope"), blind.row(FIXED)
    low = -np.triu(truth.curvature * np.outer(y, y), 1).sum() / truth.cost(y)
    intercept = truth.common + truth.fixed.sum()
    assert degree["identified_low"] == pytest.approx(low, abs=ROUNDING)
    assert degree["identified_high"] == pytest.approx(low + (m - 1) * intercept / truth.cost(y), abs=ROUNDING)
    assert blind.row(COMPLEMENTARITY)["estimate"] == pytest.approx(low, abs=ROUNDING)
    assert fixed["identified_low"] == 0.0
    assert fixed["identified_high"] == pytest.approx((m - 1) * intercept / truth.cost(y), abs=ROUNDING)
    truly = em.scope(truth.stated()).row("degree of scope")["estimate"]
    assert degree["identified_low"] - ROUNDING <= truly <= degree["identified_high"] + ROUNDING


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), weights=st.lists(st.floats(0.01, 1.0), min_size=1, max_size=3, unique=True))
def test_quasi_scope_by_its_definition_for_several_epsilons(random_quadratic, seed, weights):
    truth = random_quadratic(seed)
    y, m = truth.mean, len(truth.mean)
    epsilons = [weight / m for weight in weights]
    result = em.scope(truth.stated(), epsilon=epsilons)
    joint = truth.cost(y)
    expected = []
    for epsilon in epsilons:
        firms = [np.where(np.arange(m) == i, 1 - (m - 1) * epsilon, epsilon) * y for i in range(m)]
        expected.append((sum(truth.cost(firm) for firm in firms) - joint) / joint)
    assert result.table["estimate"].to_numpy() == pytest.approx(expected, abs=ROUNDING)
    assert "not the degree of scope" in result.text


def test_quasi_scope_of_the_exact_fixture(f1):
    found = em.scope(f1.stated(), epsilon=[0.1, 0.2, 1 / 3]).table["estimate"].to_numpy()
    assert found == pytest.approx([0.288714, 0.251977, 0.234165], abs=5e-7)


def test_quasi_scope_of_a_partition(f1):
    result = em.scope(f1.stated(), epsilon=0.25, partition=[["a", "b"], "c"])
    firms = [np.array([0.75, 0.75, 0.25]) * f1.mean, np.array([0.25, 0.25, 0.75]) * f1.mean]
    expected = (sum(f1.cost(firm) for firm in firms) - f1.cost(f1.mean)) / f1.cost(f1.mean)
    assert result.table["estimate"].tolist() == pytest.approx([expected], abs=ROUNDING)
    assert "The firms: a and b; c." in result.notes


def test_subsets_of_the_exact_fixture(f1):
    """Each output against the rest, as a partition of two."""
    for name, known in (("a", 0.116699), ("b", 0.136660), ("c", 0.084453)):
        others = [other for other in "abc" if other != name]
        row = em.scope(f1.stated(), partition=[[name], others]).table.iloc[0]
        assert row["estimate"] == pytest.approx(known, abs=5e-7)


def providers(common, fixed, seed):
    """Cost at mean outputs 1.04: intercept 0.2, linear 0.9, product -0.06; no provider is without an output."""
    parameters = {"common cost": common, "a": 0.45, "b": 0.45, "a x b": -0.06}
    parameters |= {"fixed cost of a": fixed, "fixed cost of b": fixed}
    cost = em.worlds.state(
        "flexible_fixed_cost", parameters, outputs={"a": 10.0, "b": 40.0}, fixed_costs=("a", "b"), second_order="all"
    )
    return em.worlds.simulate(cost, 2000, seed=seed), em.scope(cost).row("degree of scope")["estimate"]


def test_two_truths_that_no_data_tell_apart_give_one_interval_that_holds_both():
    """All of the intercept common, or all of it own fixed costs: cost is the same wherever both outputs are made."""
    found, truths = [], []
    for common, fixed in ((0.2, 0.0), (0.0, 0.1)):
        simulation, truth = providers(common, fixed, seed=4)
        result = em.scope(em.fit(simulation.data, form="composite"), at={"a": 10.0, "b": 40.0})
        found.append(result.table.set_index("term"))
        truths.append(truth)
    assert truths == pytest.approx([0.25, 0.06 / 1.04], abs=ROUNDING)
    ends = ["identified_low", "identified_high", "conf_low", "conf_high"]
    # Costs agree up to rounding, and so does all that follows from them.
    assert found[0][ends].to_numpy() == pytest.approx(found[1][ends].to_numpy(), abs=1e-7, nan_ok=True)
    row = found[0].loc["degree of scope"]
    assert np.isnan(row["estimate"])
    for truth in truths:
        assert row["conf_low"] < truth < row["conf_high"]
    assert row["identified_low"] < 0.1 < 0.2 < row["identified_high"]


@pytest.mark.parametrize(
    ("partition", "words"),
    [
        ([["a", "b", "c"]], "one firm alone divides nothing"),
        ([["a"], ["b"]], "c is in no group"),
        ([["a", "b"], ["b", "c"]], "b is named twice"),
        ([["a", "b"], ["c"], []], "a group is empty"),
        ([["a", "b"], ["c", "meals"]], "meals is not an output"),
        ("abc", "'abc' is not a division of the outputs"),
        (3, "3 is not a division of the outputs"),
    ],
)
def test_a_partition_that_is_not_one(f1, partition, words):
    with pytest.raises(UnknownName, match=words):
        em.scope(f1.stated(), partition=partition)


@pytest.mark.parametrize("epsilon", [0.0, 0.34, -0.1, [0.1, 0.5], float("nan"), "much"])
def test_an_epsilon_that_divides_no_labour(f1, epsilon):
    with pytest.raises(UnknownName, match=r"not a division of labour among 3 firms.*at most 1/3"):
        em.scope(f1.stated(), epsilon=epsilon)


def test_no_epsilon_at_all(f1):
    with pytest.raises(UnknownName, match="asks for nothing"):
        em.scope(f1.stated(), epsilon=[])


def test_no_corner_in_a_log_form_but_quasi_scope():
    cost = em.worlds.state("translog", {"constant": 3, "a": 0.5, "b": 0.4}, outputs={"a": 2, "b": 5})
    with pytest.raises(FormError, match=r"zero output.*epsilon=0\.1"):
        em.scope(cost, partition=[["a"], ["b"]])
    expected = 0.9**0.5 * 0.1**0.4 + 0.1**0.5 * 0.9**0.4 - 1
    assert em.scope(cost, epsilon=0.1).table["estimate"][0] == pytest.approx(expected, abs=ROUNDING)


def test_one_output_has_no_scope():
    cost = em.worlds.state("composite", {"common cost": 1, "a": 1}, outputs={"a": 1})
    with pytest.raises(FormError, match=r"at least two outputs.*em\.scale"):
        em.scope(cost, partition=[["a"]])


def negative_corner(own):
    return em.worlds.state(
        "flexible_fixed_cost",
        {"common cost": 10, "a": -30, "b": 60, "a x b": 30},
        outputs={"a": 5, "b": 5},
        fixed_costs=("a", "b") if own else (),
    )


@pytest.mark.parametrize("own", [True, False])
def test_no_number_where_a_corner_has_negative_cost(own):
    result = em.scope(negative_corner(own))
    numbers = result.table[["estimate", "conf_low", "conf_high", "identified_low", "identified_high"]]
    assert numbers.isna().all(axis=None)
    assert "At the mean, the fitted cost of making only a is not positive (−20): no number is given" in result.text
    assert "quasi-scope" in result.text


def test_elsewhere_the_number_stays_and_a_note_names_the_place():
    result = em.scope(negative_corner(True), at=[0.1, 1.0])
    assert np.isfinite(result.row("degree of scope", "0.1 x mean")["estimate"])
    assert np.isnan(result.row("degree of scope", "mean")["estimate"])
    assert any("At the mean, the fitted cost of making only a" in note for note in result.notes)


def test_a_provider_of_one_output_has_nothing_to_take_apart(f1):
    row = em.scope(f1.stated(), {"a": 5.0, "b": 0.0, "c": 0.0}).row("degree of scope")
    assert row["estimate"] == pytest.approx(0.0, abs=ROUNDING)
    two = em.scope(f1.stated(), {"a": 5.0, "b": 8.0, "c": 0.0}).row("degree of scope")
    y = np.array([5.0, 8.0, 0.0])
    apart = f1.cost(only(y, [0])) + f1.cost(only(y, [1]))
    assert two["estimate"] == pytest.approx((apart - f1.cost(y)) / f1.cost(y), abs=ROUNDING)
