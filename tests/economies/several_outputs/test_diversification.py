"""Diversification: the exact fixture, the definition by brute force, intervals, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import FormError, UnknownName

# Sums of a few dozen products of numbers near one.
ROUNDING = 1e-10
PARTS = ["complementarity", "convexity", "scale", "fixed cost"]


def money(result, term):
    row = result.tables["in money"].set_index("term").loc[term]
    return row["estimate"]


@pytest.mark.parametrize(
    ("beta", "total", "parts"),
    [(1.0, 27.0, (7.0, 7.5, -7.5, 20.0)), (0.7, 34.88625, (2.1175, 2.26875, -7.5, 38.0))],
)
def test_the_exact_fixture(f1, beta, total, parts):
    result = em.outputs.diversification(f1.stated(), beta=beta)
    assert money(result, "economies of diversification") == pytest.approx(total, abs=ROUNDING)
    found = [money(result, f"diversification: {part}") for part in PARTS]
    assert found == pytest.approx(parts, abs=ROUNDING)


def by_definition(truth, y, groups, beta):
    count, special = len(groups), [i for group in groups for i in group]
    common = np.array([i not in special for i in range(len(y))])
    rest = (1 - beta) / (count - 1)
    firms = []
    for group in groups:
        share = np.array([beta if i in group else rest for i in range(len(y))])
        firms.append(np.where(common, y / count, share * y))
    more, less = (np.where(common, y / count, share * y) for share in (beta, rest))
    variable = truth.variable
    unequal = variable(more) + (count - 1) * variable(less)
    return [
        sum(truth.cost(firm) for firm in firms) - truth.cost(y),
        sum(variable(firm) for firm in firms) - unequal,
        unequal - count * variable(y / count),
        count * variable(y / count) - variable(y),
        sum(truth.cost(firm) - variable(firm) for firm in firms) - (truth.cost(y) - variable(y)),
    ]


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10**6), weight=st.floats(0.05, 1.0), grouped=st.booleans())
def test_every_part_is_its_definition(random_quadratic, seed, weight, grouped):
    truth = random_quadratic(seed)
    m = len(truth.mean)
    groups = [[0], [1]] if grouped else [[i] for i in range(m)]
    beta = 1 / len(groups) + weight * (1 - 1 / len(groups))
    names = [[truth.names[i] for i in group] for group in groups]
    y = truth.mean * np.random.default_rng(seed).uniform(0.5, 1.5, m)
    at = dict(zip(truth.names, y, strict=True))
    result = em.outputs.diversification(truth.stated(), at, beta, names)
    expected = by_definition(truth, y, groups, beta)
    assert result.tables["in money"]["estimate"].to_numpy() == pytest.approx(expected, abs=1e-9 * truth.cost(y))
    assert result.table["estimate"].to_numpy() * truth.cost(y) == pytest.approx(expected, abs=1e-9 * truth.cost(y))


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_what_is_identified_covers_every_way_to_share_out_the_fixed_cost(random_quadratic, as_learned, seed):
    truth = random_quadratic(seed)
    blind, seeing = (
        em.outputs.diversification(as_learned(truth.stated(own=False))),
        em.outputs.diversification(truth.stated()),
    )
    for term in ("economies of diversification", "diversification: fixed cost"):
        row = blind.row(term)
        assert row["identified_low"] - ROUNDING <= seeing.row(term)["estimate"] <= row["identified_high"] + ROUNDING
        assert np.isnan(row["estimate"])
    for part in PARTS[:3]:
        term = f"diversification: {part}"
        assert blind.row(term)["estimate"] == pytest.approx(seeing.row(term)["estimate"], abs=ROUNDING)


def test_partial_specialisation_needs_no_interval(f1, as_learned):
    """Every firm makes everything, and so pays every fixed cost, whatever it consists of."""
    learned = as_learned(f1.stated(own=False))
    blind, seeing = em.outputs.diversification(learned, beta=0.7), em.outputs.diversification(f1.stated(), beta=0.7)
    assert blind.table["estimate"].to_numpy() == pytest.approx(seeing.table["estimate"].to_numpy(), abs=ROUNDING)


def test_outputs_that_all_firms_make_need_no_interval(f1):
    """Where only `c` is made by all, its fixed cost is paid twice; those of `a` and `b` once."""
    result = em.outputs.diversification(f1.stated(), groups=[["a"], ["b"]])
    assert money(result, "diversification: fixed cost") == pytest.approx(10 + 4, abs=ROUNDING)


def test_complete_specialisation_is_the_degree_of_scope(f1):
    total = em.outputs.diversification(f1.stated()).row("economies of diversification")["estimate"]
    assert total == pytest.approx(em.scope(f1.stated()).row("degree of scope")["estimate"], abs=ROUNDING)


def test_no_number_where_a_specialised_firm_would_have_negative_cost():
    cost = em.worlds.state(
        "flexible_fixed_cost",
        {"common cost": 10, "a": -30, "b": 60, "a x b": 30},
        outputs={"a": 5, "b": 5},
        fixed_costs=("a", "b"),
    )
    result = em.outputs.diversification(cost)
    assert result.table["estimate"].isna().all()
    assert "the fitted cost of specialising in a is not positive (−20)" in result.text
    assert "no number is given" in result.text
    assert result.tables["in money"]["estimate"].isna().all()


@pytest.mark.parametrize("beta", [0.0, 1 / 3, 1.2, float("nan")])
def test_a_share_that_does_not_specialise(f1, beta):
    with pytest.raises(UnknownName, match="does not specialise 3 firms: it must be above 1/3"):
        em.outputs.diversification(f1.stated(), beta=beta)


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        ([["a"]], "one firm alone divides nothing"),
        ([["a"], ["a", "b"]], "a is named twice"),
        ([["a"], []], "a group is empty"),
        ([["a"], ["z"]], "z is not an output"),
        ("ab", "'ab' is not a division of the outputs"),
    ],
)
def test_groups_that_are_no_division(f1, groups, words):
    with pytest.raises(UnknownName, match=words):
        em.outputs.diversification(f1.stated(), groups=groups)


def test_log_forms_are_refused():
    cost = em.worlds.state("translog", {"a": 0.5, "b": 0.5}, outputs={"a": 1, "b": 1})
    with pytest.raises(FormError, match="does not tell fixed from variable cost"):
        em.outputs.diversification(cost)


@pytest.mark.parametrize("form", ["composite", "translog"])
def test_one_output_is_refused(form):
    cost = em.worlds.state(form, {"a": 1}, outputs={"a": 1})
    with pytest.raises(FormError, match=r"Diversification needs at least two outputs.*em\.scale"):
        em.outputs.diversification(cost)


def test_every_provider(random_quadratic):
    data = em.worlds.simulate(random_quadratic(3).stated(), 80, spread=0.3, seed=1).data
    fit = em.fit(data, form="flexible_fixed_cost")
    result = em.outputs.diversification(fit, "every provider")
    assert len(result.table) == 80 * 5
    row = result.table.iloc[5:10].set_index("term")
    sums = (
        row["estimate"].filter(like="diversification: ").sum() + row["identified_high"]["diversification: fixed cost"]
    )
    assert sums == pytest.approx(row["identified_high"]["economies of diversification"], abs=ROUNDING)
