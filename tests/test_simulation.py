"""Stated technologies and simulated providers: the truth that other tests rely on is itself held to something."""

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import FormError, UnknownName

# 20,000 draws know a mean or a deviation to under one per cent; four standard errors.
SAMPLING = 0.03
ROWS = 20_000
ROUNDING = 1e-12


def one_output(**changes):
    return em.worlds.state("cobb_douglas", {"constant": 4.0, "visits": 0.8} | changes, outputs={"visits": 100})


def test_a_stated_cost_is_what_it_says():
    cost = one_output()
    technology, mean = cost.technology, cost.points()
    assert technology.cost(cost.theta, mean) == pytest.approx([np.exp(4.0)], rel=ROUNDING)
    twice = technology.cost(cost.theta, mean.with_outputs(np.array([[200.0]])))
    assert twice == pytest.approx([np.exp(4.0) * 2**0.8], rel=ROUNDING)


def test_level_parameters_are_money_at_mean_outputs():
    cost = em.worlds.state("composite", {"common cost": 20, "a": 50, "b": 30}, outputs={"a": 4, "b": 0.5})
    assert em.unit_cost(cost, at=[1]).table["estimate"][0] == pytest.approx(100, rel=ROUNDING)
    marginal = em.marginal_cost(cost).table.set_index("term")["estimate"]
    assert marginal["marginal cost of a"] == pytest.approx(12.5, rel=ROUNDING)
    assert marginal["marginal cost of b"] == pytest.approx(60, rel=ROUNDING)


def test_parameters_that_are_not_named_are_zero_and_unknown_ones_are_refused():
    cost = em.worlds.state("translog", {"constant": 1.0}, outputs={"a": 2, "b": 3}, relationships={"r": 0.0})
    assert (cost.theta[1:] == 0).all()
    with pytest.raises(UnknownName, match=r"visit, slope is not a parameter. There are constant, visits"):
        one_output(visit=1.0, slope=2.0)
    with pytest.raises(UnknownName, match=r"There is no form 'log'"):
        em.worlds.state("log", {}, outputs={"a": 1})


def test_a_stated_cost_has_no_error():
    assert not one_output().covariance.any()
    assert np.isinf(one_output().freedom)


def test_simulated_columns_have_the_moments_asked_for():
    cost = em.worlds.state(
        "cobb_douglas", {"constant": 4.0, "a": 0.5, "b": 0.4}, outputs={"a": 10, "b": 5}, prices={"wage": 3},
        relationships={"r": 0.5},
    )  # fmt: skip
    world = em.worlds.simulate(cost, ROWS, spread=0.6, correlation=0.7, noise=0.15, seed=1)
    frame = world.data.frame
    logs = np.log(frame[["a", "b", "wage"]])
    assert logs.mean().tolist() == pytest.approx(np.log([10, 5, 3]).tolist(), abs=SAMPLING)
    assert logs.std().tolist() == pytest.approx([0.6, 0.6, 0.3], rel=SAMPLING)
    assert logs["a"].corr(logs["b"]) == pytest.approx(0.7, abs=SAMPLING)
    assert logs["a"].corr(logs["wage"]) == pytest.approx(0.0, abs=SAMPLING)
    assert frame["r"].mean() == pytest.approx(0.5, abs=SAMPLING)
    assert frame["r"].std() == pytest.approx(0.2, rel=SAMPLING)
    error = np.log(frame["cost"]) - cost.technology.log_cost(cost.theta, em.fit(world.data, "cobb_douglas").points())
    assert error.std() == pytest.approx(0.15, rel=SAMPLING)
    assert error.mean() == pytest.approx(0.0, abs=SAMPLING)
    assert (world.truth, world.data.cost_concept) == (cost, "total")
    assert world.data.relationships["r"].kind == "attribute"


def test_level_forms_keep_their_arithmetic_mean():
    cost = em.worlds.state("composite", {"common cost": 20, "a": 50, "b": 30}, outputs={"a": 10, "b": 5})
    frame = em.worlds.simulate(cost, ROWS, seed=2).data.frame
    assert frame[["a", "b"]].mean().tolist() == pytest.approx([10, 5], rel=SAMPLING)
    # Cost is linear here, and the error has mean exp(s^2 / 2).
    assert frame["cost"].mean() == pytest.approx(100 * np.exp(0.15**2 / 2), rel=SAMPLING)


def test_noise_grows_with_size():
    frame = em.worlds.simulate(one_output(), ROWS, noise=0.1, noise_grows=0.5, seed=3).data.frame
    error = np.log(frame["cost"]) - 4.0 - 0.8 * np.log(frame["visits"] / 100)
    size = (np.log(frame["visits"]) - np.log(frame["visits"]).mean()) / np.log(frame["visits"]).std()
    small, large = error[size < -1], error[size > 1]
    # Beyond one deviation the mean is some 1.5 deviations from the centre, either way.
    assert large.std() / small.std() == pytest.approx(np.exp(0.5 * 3.05), rel=0.1)
    even = em.worlds.simulate(one_output(), ROWS, noise=0.1, seed=3).data.frame
    error = np.log(even["cost"]) - 4.0 - 0.8 * np.log(even["visits"] / 100)
    assert error[size > 1].std() / error[size < -1].std() == pytest.approx(1.0, rel=0.1)


def test_specialised_providers_make_none_of_an_output():
    cost = em.worlds.state("composite", {"common cost": 20, "a": 50, "b": 30}, outputs={"a": 10, "b": 5})
    frame = em.worlds.simulate(cost, ROWS, specialised={"a": 0.2}, seed=4).data.frame
    assert (frame["a"] == 0).mean() == pytest.approx(0.2, abs=SAMPLING)
    assert (frame["b"] > 0).all()
    with pytest.raises(
        FormError, match=r"Specialised providers make none of an output, and this form has no cost there"
    ):
        em.worlds.simulate(one_output(), 10, specialised={"visits": 0.2})


def test_relationships_may_follow_size():
    cost = em.worlds.state("cobb_douglas", {"visits": 0.8}, outputs={"visits": 100}, relationships={"r": 0.5})
    frame = em.worlds.simulate(cost, ROWS, follows_size={"r": -0.3}, seed=5).data.frame
    slope = np.polyfit(np.log(frame["visits"]), frame["r"], 1)[0]
    assert slope == pytest.approx(-0.3, abs=SAMPLING)


def test_the_same_seed_gives_the_same_providers():
    one, same, other = (em.worlds.simulate(one_output(), 50, seed=seed).data.frame for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one.equals(other)


def test_case_mix_states_its_truth():
    world = em.worlds.case_mix(ROWS, effect=-0.2, scale_elasticity=0.9, follows_size=-0.4, selection=0.0, seed=6)
    assert world.facts == {"effect of continuity": -0.2, "scale": 0.9, "relationship part": pytest.approx(0.08)}
    frame = world.data.frame
    design = np.column_stack([np.ones(ROWS), np.log(frame["users"]), frame["continuity"]])
    found = np.linalg.lstsq(design, np.log(frame["cost"]).to_numpy(), rcond=None)[0]
    assert found[1:].tolist() == pytest.approx([0.9, -0.2], abs=0.01)
    assert world.truth is None


@pytest.mark.parametrize("world", ["scales", "rationed"])
def test_staffing_adds_up_to_cost(world):
    simulated = em.worlds.staffing(world, 500, seed=7)
    frame = simulated.data.frame
    users, staff = frame["users"] / 100, frame["staff_per_user"] * frame["users"] / 100
    other = (frame["cost"] / 1000 - 0.6 * staff) / 0.4
    # What is not staff grows with users one for one.
    assert np.log(other / users).std() == pytest.approx(0.05, rel=0.15)
    assert np.polyfit(np.log(users), np.log(staff), 1)[0] == pytest.approx(0.8, abs=0.02)
    assert simulated.data.relationships["staff_per_user"].kind == "input_ratio"
    assert not simulated.data.outcomes
