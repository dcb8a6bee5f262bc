"""A stated cost function has no sample, so nothing of its fixed cost is unidentified: every measure has a number."""

import pytest

import econmodel as em

ROUNDING = 1e-12
MEANS = {"a": 10, "b": 5}
MONEY = {"common cost": 20, "a": 40, "b": 40, "a x b": -4}
PARTNERS = {"Elm": {"a": 8, "b": 3}, "Oak": {"a": 12, "b": 7}}
ASKED = {
    "scope": em.scope,
    "a partition": lambda cost: em.scope(cost, partition=[["a"], ["b"]]),
    "quasi-scope": lambda cost: em.scope(cost, epsilon=0.1),
    "product-specific scale": em.scale,
    "incremental cost": em.marginal_cost,
    "diversification": em.outputs.diversification,
    "expansion path": lambda cost: em.outputs.expansion_path(cost, {"a": 5, "b": 0}, {"a": 10, "b": 5}),
    "subadditivity": em.outputs.subadditivity,
    "a group structure": lambda cost: em.arrangements.merger(cost, PARTNERS, merged=["b"]),
    "partnership": lambda cost: em.arrangements.partner(cost, PARTNERS, shared={"a": 1, "b": 0}),
}


@pytest.fixture(scope="module")
def stated():
    return em.worlds.state("composite", MONEY, outputs=MEANS)


@pytest.fixture(scope="module")
def own_costs_of_zero():
    return em.worlds.state("composite", MONEY, outputs=MEANS, fixed_costs=("a", "b"))


@pytest.mark.parametrize("asked", ASKED)
def test_every_measure_gives_the_number_of_a_common_cost_that_is_common(stated, own_costs_of_zero, asked):
    found, known = (ASKED[asked](cost) for cost in (stated, own_costs_of_zero))
    assert found.table["estimate"].notna().all()
    assert found.table[["identified_low", "identified_high"]].isna().all(axis=None)
    assert found.table["estimate"].tolist() == pytest.approx(known.table["estimate"].tolist(), abs=ROUNDING)
    assert found.text == known.text
    assert "interval only" not in found.text


def test_the_number_is_the_arithmetic(stated):
    """C(a) = C(b) = 60 apart and 96 together."""
    assert em.scope(stated).row("degree of scope")["estimate"] == pytest.approx(24 / 96, abs=ROUNDING)
    of_a = em.scale(stated).row("scale economies of a")
    assert of_a["estimate"] == pytest.approx((96 - 60) / 36, abs=ROUNDING)


def test_the_cheapest_structure_has_one_end(stated, own_costs_of_zero):
    found, known = (
        em.arrangements.configure(cost, {"a": 40, "b": 20}, {"a": 5, "b": 5}, numbers=(), halve=False)
        for cost in (stated, own_costs_of_zero)
    )
    assert "fixed_cost" not in found.tables["cost"]
    assert found.text == known.text
