"""Structures from fits: what lies among the providers, what is a mean, and what data leave open at the corners."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotSupported
from econmodel.simulation import StatedCost

EXACT = 1e-9
SOLVED = 1e-6
QUICK = {"numbers": (), "halve": False}


@pytest.fixture(scope="module")
def truth():
    parameters = {"common cost": 20, "a": 40, "b": 40, "half a squared": 15, "half b squared": 15, "a x b": -5}
    return em.worlds.state("composite", parameters, outputs={"a": 10, "b": 5}, fixed_costs=("a", "b"))


@pytest.fixture(scope="module")
def fitted(truth):
    return em.fit(em.worlds.simulate(truth, 150, noise=0.1, seed=3).data, "composite")


def test_bundles_beyond_the_providers_are_left_out(fitted):
    demand = {"a": 60, "b": 30}
    among = em.arrangements.configure(fitted, demand, {"a": 2, "b": 1}, **QUICK)
    left_out = among.tables["bundles left out"].set_index("reason")["bundles"]
    assert left_out["beyond the providers"] > 0
    places = among.table[["a", "b"]]
    assert em.support(fitted, at=places).passed
    anything = em.arrangements.configure(fitted, demand, {"a": 2, "b": 1}, only_supported=False, **QUICK)
    assert (anything.tables["cost"]["cost"] <= among.tables["cost"]["cost"].iloc[0] * (1 + SOLVED)).all()
    assert "one provider of all would cost" in among.text
    assert "(beyond the providers: extrapolation)" in among.text
    assert not among.tables["cost"]["one_provider_supported"].any()
    assert any("Costs are estimates, and so is the structure: replications=199 says" in note for note in among.notes)


def test_money_is_a_mean_and_not_the_exponential_of_a_mean_log(fitted):
    result = em.arrangements.configure(fitted, {"a": 60, "b": 30}, {"a": 2, "b": 1}, **QUICK)
    made = result.table[["a", "b"]]
    median = fitted.technology.cost(fitted.theta, em_point(fitted, made))
    assert result.table["cost_each"].tolist() == pytest.approx(
        (median * np.exp(fitted.resid).mean()).tolist(), rel=EXACT
    )
    additive = em.fit(fitted.data, "composite", error="additive")
    result = em.arrangements.configure(additive, {"a": 60, "b": 30}, {"a": 2, "b": 1}, **QUICK)
    mean = additive.technology.cost(additive.theta, em_point(additive, result.table[["a", "b"]]))
    assert result.table["cost_each"].tolist() == pytest.approx(mean.tolist(), rel=EXACT)


def em_point(fit, table):
    return fit.technology.mean_point().with_outputs(table.to_numpy())


def test_a_log_form_keeps_to_bundles_with_everything(truth):
    fit = em.fit(em.worlds.simulate(truth, 150, noise=0.1, seed=3).data, "translog")
    result = em.arrangements.configure(fit, {"a": 60, "b": 30}, {"a": 2, "b": 1}, **QUICK)
    assert (result.table[["a", "b"]] > 0).all(axis=None)
    reasons = " ".join(result.tables["bundles left out"]["reason"])
    assert "without some output, where the translog form has no cost" in reasons


def test_draws_are_solved_like_any_other_parameters(truth):
    data = em.worlds.simulate(truth, 150, noise=0.1, specialised={"a": 0.2, "b": 0.2}, seed=3).data
    fitted = em.fit(data.where("a > 0 or b > 0", because="providers of nothing"), "composite")
    demand, step = {"a": 60, "b": 30}, {"a": 5, "b": 5}
    how = {"only_supported": False, **QUICK}
    result = em.arrangements.configure(fitted, demand, step, replications=12, seed=4, **how)
    draws = fitted.bootstrap(fitted.replications(12, 4))
    known = [em.arrangements.configure(StatedCost(fitted.technology, theta), demand, step, **how) for theta in draws]
    providers = pd.Series([answer.tables["cost"]["providers"].iloc[0] for answer in known])
    table = result.tables["how sure"].set_index("providers")["cheapest_percent"]
    assert (table / 100).to_dict() == pytest.approx(providers.value_counts(normalize=True).to_dict())
    assert "Costs are estimates: in 95 % of 12 bootstrap draws the cheapest structure has" in result.text


def test_without_noise_the_structure_is_sure(truth):
    fit = em.fit(em.worlds.simulate(truth, 60, noise=1e-7, seed=3).data, "composite")
    reserved = {"own": em.arrangements.Reserved(0.3, dearer=0.05, cost=truth)}
    result = em.arrangements.configure(
        fit, {"a": 50, "b": 20}, {"a": 5, "b": 5}, reserved=reserved, replications=9, **QUICK
    )
    assert result.tables["how sure"]["cheapest_percent"].tolist() == [100]
    assert result.text.endswith("and the one found here costs at most 0 % more than the cheapest.")


def test_how_sure_is_asked_at_every_end_of_what_is_identified(fitted):
    how = {"only_supported": False, "replications": 5}
    result = em.arrangements.configure(fitted, {"a": 60, "b": 30}, 10, **how, **QUICK)
    table = result.tables["how sure"]
    assert table.groupby("fixed_cost")["cheapest_percent"].sum().tolist() == pytest.approx([100] * 3)


def test_what_was_not_estimated_is_not_replicated(truth, fitted):
    with pytest.raises(NotSupported, match=r"asks how sure an estimate is, and these parameters are stated: leave it"):
        em.arrangements.configure(truth, {"a": 60, "b": 30}, {"a": 5, "b": 5}, replications=99, **QUICK)
    with pytest.raises(NotSupported, match=r"replications=1 are too few\. Usual numbers are 99 and 199\."):
        em.arrangements.configure(fitted, {"a": 60, "b": 30}, {"a": 5, "b": 5}, replications=1, **QUICK)


def test_where_small_is_always_cheaper_the_number_is_that_of_the_grid():
    cost = em.worlds.state("cobb_douglas", {"visits": 1.2}, outputs={"visits": 100})
    result = em.arrangements.configure(cost, {"visits": 100}, **QUICK)
    assert result.table["providers"].tolist() == [10]
    assert any("Every provider makes the least that the grid has" in note for note in result.notes)
    assert "each of 10 % of the demand" in result.text
    limited = em.arrangements.configure(cost, {"visits": 100}, smallest=0.2, **QUICK)
    assert not any("the least that the grid has" in note for note in limited.notes)


def test_bundles_in_use_beyond_the_providers_are_said_to_be(fitted):
    far = em.arrangements.configure(fitted, {"a": 200, "b": 100}, only_supported=False, smallest=0.4, **QUICK)
    assert "how sure" not in far.tables
    assert "bundles in use lie beyond the providers: extrapolation by the form, not evidence." in far.text


def shared(common, **own):
    """A technology with a fixed cost of 30 at the mean, common to all or of single outputs, as stated."""
    parameters = {"common cost": common, "a": 30, "b": 30, "half a squared": 10, "half b squared": 10, "a x b": 12}
    parameters |= {f"fixed cost of {name}": value for name, value in own.items()}
    return em.worlds.state("flexible_fixed_cost", parameters, outputs={"a": 10, "b": 10}, fixed_costs=tuple(own))


def test_where_the_split_of_the_fixed_cost_is_open_both_ends_are_solved_and_printed(as_learned):
    demand = {"a": 40, "b": 40}
    result = em.arrangements.configure(as_learned(shared(30)), demand, 5, only_supported=False)
    costs = result.tables["cost"].set_index("fixed_cost")
    ends = {
        "common to all": shared(30, a=0, b=0),
        "own of a": shared(0, a=30, b=0),
        "own of b": shared(0, a=0, b=30),
    }
    assert list(costs.index) == list(ends)
    for end, stated in ends.items():
        known = em.arrangements.configure(stated, demand, 5, **QUICK)
        assert costs.loc[end, "cost"] == pytest.approx(known.tables["cost"]["cost"].iloc[0], rel=SOLVED)
        own = result.table[result.table["fixed_cost"] == end]
        assert own["providers"].sum() == costs.loc[end, "providers"]
    # In between the cost is between: it is concave in the split, and never above a fixed cost that all must pay.
    for half in (shared(15, a=15, b=0), shared(15, a=0, b=15), shared(0, a=15, b=15)):
        cost = em.arrangements.configure(half, demand, 5, **QUICK).tables["cost"]["cost"].iloc[0]
        assert costs["cost"].min() - EXACT <= cost <= costs["cost"].max() + EXACT
    assert (
        "The data do not tell the common fixed cost from those of single outputs, and the structure depends on it"
        in (result.text)
    )
    assert "With the fixed cost that of a alone, the cheapest one has" in result.text
    assert "by number of providers" not in result.tables


def test_where_nobody_lacks_an_output_the_split_does_not_matter(as_learned):
    result = em.arrangements.configure(as_learned(shared(30)), {"a": 10, "b": 10}, 10, smallest=0.6, **QUICK)
    assert result.table[["providers", "a", "b"]].values.tolist() == [[1, 10, 10]]
    assert "fixed_cost" not in result.tables["cost"]


def test_an_end_of_one_cost_function_is_that_of_all(as_learned):
    reserved = {"own": em.arrangements.Reserved(0.3, cost=shared(15, a=10, b=5), largest=0.3)}
    result = em.arrangements.configure(as_learned(shared(30)), {"a": 40, "b": 40}, 10, reserved=reserved, **QUICK)
    own = result.table[result.table["kind"] == "own"]
    each = 15 + 10 * (own["a"] > 0) + 5 * (own["b"] > 0) + 3 * own["a"] + 3 * own["b"]
    each += 0.05 * own["a"] ** 2 + 0.05 * own["b"] ** 2 + 0.12 * own["a"] * own["b"]
    assert own["cost_each"].tolist() == pytest.approx(each.tolist(), rel=EXACT)
    assert set(result.table["fixed_cost"]) == {"common to all", "own of a", "own of b"}
