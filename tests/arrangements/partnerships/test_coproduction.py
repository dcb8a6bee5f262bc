"""Unpaid work: a known shadow value is found again, and scale with and without it growing."""

import dataclasses

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import NotSupported, UnknownName

# Rounding of a least-squares solution without noise.
EXACT = 1e-7
SHARE, VISITS = -0.15, 0.8


@pytest.fixture(scope="module")
def table():
    """Providers whose cost is 100 (visits / 100)^0.8 (hours / 10)^-0.15, with or without noise."""

    def make(noise, providers=200, seed=1):
        shape = em.worlds.state("cobb_douglas", {"constant": np.log(100.0), "visits": VISITS}, outputs={"visits": 100})
        data = em.worlds.simulate(shape, providers, noise=noise, seed=seed).data
        rng = np.random.default_rng(1000 + seed)
        hours = 10 * np.exp(0.5 * rng.standard_normal(providers))
        frame = data.frame.assign(hours=hours, cost=data.frame["cost"] * (hours / 10) ** SHARE)
        return dataclasses.replace(data, frame=frame.assign(**{"log hours": np.log(hours)}), controls=["log hours"])

    return make


def values(found):
    return found.table.set_index("term")["estimate"]


def test_without_noise_every_number_is_known(table):
    fit = em.fit(table(0.0), "cobb_douglas")
    found = values(em.arrangements.coproduce(fit, "hours", 2.0, at={"visits": 100, "hours": 20}))
    cost = 100 * 2**SHARE
    assert found["shadow value"] == pytest.approx(-SHARE * cost / 20, rel=EXACT)
    assert found["elasticity of cost to unpaid work"] == pytest.approx(SHARE, rel=EXACT)
    assert found["ray elasticity, unpaid work held"] == pytest.approx(VISITS, rel=EXACT)
    assert found["ray elasticity, unpaid work growing with output"] == pytest.approx(VISITS + SHARE, rel=EXACT)
    assert found["scale economies, unpaid work held"] == pytest.approx(1 / VISITS, rel=EXACT)
    assert found["scale economies, all inputs growing"] == pytest.approx((1 - SHARE) / VISITS, rel=EXACT)
    assert found["social cost"] == pytest.approx(cost + 2.0 * 20, rel=EXACT)


def test_scale_with_all_inputs_growing_is_that_of_the_production_function():
    # y = x^a z^b has the cost C = y^(1/a) z^(-b/a) and, when x and z grow alike, the scale a + b.
    a, b = 0.7, 0.4
    rng = np.random.default_rng(0)
    x, z = np.exp(rng.normal(size=(2, 60)))
    import pandas as pd

    frame = pd.DataFrame({"cost": x, "y": x**a * z**b, "log z": np.log(z)})
    fit = em.fit(em.CostData(frame, cost="cost", outputs=["y"], controls=["log z"]), "cobb_douglas")
    found = values(em.arrangements.coproduce(fit, "z"))
    assert found["scale economies, all inputs growing"] == pytest.approx(a + b, rel=EXACT)
    assert found["scale economies, unpaid work held"] == pytest.approx(a, rel=EXACT)


@pytest.mark.parametrize("column", ["log hours", "hours"])
def test_social_cost_is_least_where_the_shadow_value_is_the_wage(table, column):
    fit = em.fit(dataclasses.replace(table(0.05), controls=[column]), "cobb_douglas")
    wage = values(em.arrangements.coproduce(fit, "hours"))["shadow value"] / 1.2
    least = values(em.arrangements.coproduce(fit, "hours", wage))["unpaid work at least social cost"]
    there = values(em.arrangements.coproduce(fit, "hours", wage, at={"hours": least}))
    assert there["shadow value"] == pytest.approx(wage, rel=1e-9)
    near = [
        values(em.arrangements.coproduce(fit, "hours", wage, at={"hours": least * step}))["social cost"]
        for step in (0.9, 1.1)
    ]
    assert min(near) > there["social cost"]


def test_the_interval_covers_the_known_shadow_value(table):
    hits = 0
    for seed in range(60):
        fit = em.fit(table(0.1, 60, seed), "cobb_douglas")
        row = em.arrangements.coproduce(fit, "hours", at={"visits": 100, "hours": 10}).row("shadow value")
        # Mean cost at noise 0.1 is exp(0.005) times its log's exponential.
        hits += row["conf_low"] <= -SHARE * 100 * np.exp(0.005) / 10 <= row["conf_high"]
    # Fewer than 52 of 60 has a chance below one in a thousand where 95 % cover.
    assert hits >= 52


def test_the_curve_passes_through_the_place(table):
    fit = em.fit(table(0.05), "cobb_douglas")
    found = em.arrangements.coproduce(fit, "hours", 3.0)
    curve = found.tables["costs by unpaid work"]
    assert (curve["social_cost"] - curve["cost_to_the_purse"]).tolist() == pytest.approx(
        (3.0 * curve["hours"]).tolist()
    )
    assert (curve["cost_to_the_purse"].diff().dropna() < 0).all()
    assert curve.loc[curve["here"], "social_cost"].tolist() == pytest.approx([values(found)["social cost"]])


@pytest.mark.parametrize(
    ("wage", "words"),
    [
        (0.5, "it saves more than that, so more of it lowers social cost too"),
        (1.5, "the data do not settle it, and a departure of less than"),
        (9.0, "it saves less than that, so more of it raises social cost while it lowers the purse's"),
    ],
)
def test_the_verdict_against_a_wage(table, wage, words):
    found = em.arrangements.coproduce(em.fit(table(0.1, 60), "cobb_douglas"), "hours", wage, wage_source="a survey")
    assert words in found.text
    assert "(a survey)" in found.text
    assert found.row("shadow value")["null"] == wage


@pytest.mark.parametrize(
    ("effect", "verdict", "words"),
    [
        (-0.3, "below", ") lower. With hours held"),
        (0.0, "open", "Whether that is a saving: the data do not settle it, and a departure of less than 0.0"),
        (0.3, "above", ") higher. With hours held"),
    ],
)
def test_without_a_wage_the_sentence_says_whether_there_is_a_saving(table, effect, verdict, words):
    data = table(0.1, 60)
    frame = data.frame.assign(cost=data.frame["cost"] * (data.frame["hours"] / 10) ** (effect - SHARE))
    found = em.arrangements.coproduce(em.fit(dataclasses.replace(data, frame=frame), "cobb_douglas"), "hours")
    assert found.row("elasticity of cost to unpaid work")["verdict"] == verdict
    assert words in found.text
    low, high = sorted(abs(found.row("shadow value")[["conf_low", "conf_high"]].astype(float)))
    assert effect == 0 or f"(95 % interval {low:.2f} to {high:.2f})" in found.text


def test_unpaid_work_that_saves_nothing_has_no_best_amount(table):
    data = table(0.05)
    frame = data.frame.assign(cost=data.frame["cost"] * (data.frame["hours"] / 10) ** 0.4)
    found = em.arrangements.coproduce(em.fit(dataclasses.replace(data, frame=frame), "cobb_douglas"), "hours", 1.0)
    assert found.table.set_index("term")["estimate"].isna()["unpaid work at least social cost"]
    assert "it saves nothing" in found.text
    assert "no amount of hours above zero" in found.text


def test_an_amount_beyond_the_table_is_not_supported(table):
    found = em.arrangements.coproduce(em.fit(table(0.05), "cobb_douglas"), "hours", 0.001)
    assert not found.row("unpaid work at least social cost")["supported"]
    assert "which no provider comes near: extrapolation by the form" in found.text


def test_several_outputs_and_places():
    both = em.worlds.state(
        "composite", {"common cost": 20, "visits": 40, "meals": 40}, outputs={"visits": 100, "meals": 50}
    )
    data = em.worlds.simulate(both, 150, noise=0.05, seed=2).data
    hours = np.random.default_rng(5).uniform(1, 9, 150)
    frame = data.frame.assign(hours=hours, cost=data.frame["cost"] * np.exp(-0.03 * (hours - 5)))
    fit = em.fit(dataclasses.replace(data, frame=frame, controls=["hours"]), "composite", second_order="none")
    found = em.arrangements.coproduce(fit, "hours", 3.0, at=[0.5, 1.0])
    for place in ("0.5 x mean", "mean"):
        ray = em.scale(fit, at=[0.5, 1.0]).row("ray elasticity", place)
        assert found.row("ray elasticity, unpaid work held", place)["estimate"] == pytest.approx(ray["estimate"])
    row = found.row("shadow value", "mean")
    assert abs(row["estimate"] - 0.03 * found.row("cost to the purse", "mean")["estimate"]) < 3 * row["std_error"]


@pytest.mark.parametrize(
    ("unpaid", "wage", "error", "message"),
    [
        ("hour", None, UnknownName, r"'hour' is not a control of this fit.* It has: log hours. Name the column as a"),
        (
            "visits",
            None,
            UnknownName,
            r"'visits' is an output in this fit, and unpaid work is an input whose amount is",
        ),
        ("hours", 0.0, NotSupported, r"wage=0: what a unit of unpaid work would cost must be above zero"),
    ],
)
def test_questions_without_an_answer(table, unpaid, wage, error, message):
    with pytest.raises(error, match=message):
        em.arrangements.coproduce(em.fit(table(0.05), "cobb_douglas"), unpaid, wage)


def test_a_table_instead_of_a_fit(table):
    with pytest.raises(NotSupported, match=r"A measure takes a fit"):
        em.arrangements.coproduce(table(0.05), "hours")


def test_simulated_providers_have_the_facts_that_they_state():
    world = em.worlds.unpaid(4000, noise=0.05, cost_of_need=0.0, seed=1)
    found = em.arrangements.coproduce(
        em.fit(world.data, "cobb_douglas"), "volunteer_hours", at={"visits": 10_000, "volunteer_hours": 5_000}
    )
    table = found.table.set_index("term")
    for term in ("shadow value", "scale economies, unpaid work held", "scale economies, all inputs growing"):
        assert abs(table.loc[term, "estimate"] - world.facts[term]) < 4 * table.loc[term, "std_error"], term


def test_need_that_is_not_recorded_moves_the_estimate_as_the_formula_says():
    world = em.worlds.unpaid(20_000, selection=0.3, seed=2)
    row = em.arrangements.coproduce(em.fit(world.data, "cobb_douglas"), "volunteer_hours").row(
        "elasticity of cost to unpaid work"
    )
    assert abs(row["estimate"] - world.facts["elasticity that a regression finds"]) < 4 * row["std_error"]
    assert world.facts["elasticity that a regression finds"] > 0 > world.facts["elasticity of cost to unpaid work"]


def test_a_world_without_providers():
    with pytest.raises(NotSupported, match=r"providers=1: give a whole number of at least 2"):
        em.worlds.unpaid(1)
