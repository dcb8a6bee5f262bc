"""Economies of scope: where they exist, where only an interval does, and quasi-scope."""

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import FormError, UnknownName

# The same cost function evaluated once more.
EXACT = 1e-10


def test_scope_needs_two_outputs():
    fitted = em.fit(em.load("electricity_1955"), "composite", second_order="none")
    with pytest.raises(FormError, match=r"Scope needs at least two outputs, and output is the only one"):
        em.scope(fitted)
    with pytest.raises(FormError, match=r"Scope needs at least two outputs"):
        em.scope(fitted, epsilon=0.1)


def test_scope_of_a_log_form_is_refused_and_quasi_scope_is_not(translog):
    message = r"Scope compares cost at zero output of some products, .* the translog form has none.*epsilon=0.1"
    with pytest.raises(FormError, match=message):
        em.scope(translog)
    quasi = em.scope(translog, epsilon=0.1)
    assert np.isfinite(quasi.table["estimate"][0])
    assert "): this is what the form implies beyond the data, not what providers show" in quasi.text


@pytest.mark.parametrize("epsilon", [0.0, -0.1, 0.51, 1.0])
def test_quasi_scope_is_a_division_of_labour(composite, epsilon):
    message = (
        rf"epsilon={epsilon:g} is not a division of labour among 2 firms: it must be above 0 and at most 1/2 = 0.5"
    )
    with pytest.raises(UnknownName, match=message):
        em.scope(composite, epsilon=epsilon)


def test_quasi_scope_of_a_log_form_by_hand(translog):
    mean = translog.technology.mean_point()

    def cost(share):
        return translog.technology.cost(translog.theta, mean.with_outputs(mean.outputs * share))[0]

    expected = (cost([0.9, 0.1]) + cost([0.1, 0.9])) / cost([1, 1]) - 1
    assert em.scope(translog, epsilon=0.1).table["estimate"][0] == pytest.approx(expected, rel=EXACT)


def test_scope_says_what_rests_on_nobody(composite):
    result = em.scope(composite)
    row = result.row("degree of scope")
    assert not row["supported"]
    assert result.text.endswith("this is what the form implies beyond the data, not what providers show.")
    assert any("No support for degree of scope: cost at output mixes beyond" in note for note in result.notes)
    assert any("No provider is without a, b; specialised production was never observed" in n for n in result.notes)
    assert "the data identify an interval only" in result.text


def test_scope_is_supported_by_specialised_providers():
    cost = em.worlds.state(
        "composite", {"common cost": 20, "fixed cost of a": 8, "fixed cost of b": 5, "a": 50, "b": 30},
        outputs={"a": 10, "b": 5}, fixed_costs=("a", "b"),
    )  # fmt: skip
    data = em.worlds.simulate(cost, 600, specialised={"a": 0.2, "b": 0.2}, noise=0.05, seed=10).data
    data = data.where("a > 0 or b > 0", because="providers of nothing")
    # Providers without an output pull the table's mean down, so the place is given.
    result = em.scope(em.fit(data, "composite"), at={"a": 10, "b": 5})
    row = result.row("degree of scope")
    assert bool(row["supported"]) is True
    assert row["conf_low"] < em.scope(cost).row("degree of scope")["estimate"] < row["conf_high"]
    assert result.notes == ()
    assert result.text.endswith("economies of scope.")
