"""One fit, one rule of evidence: what an interval and a p-value allow is what the sentence of every measure says.

Each measure is asked of the same providers in three situations: its difference is clear, it is not, and it is clear by
the classical interval alone while the wild cluster bootstrap of few providers does not reject. The last must end
without a verdict everywhere.
"""

import re
from functools import cache

import numpy as np
import pytest

import econmodel as em

ALPHA = 0.05
OUTPUTS = {"visits": 100, "meals": 50}
COST = {"common cost": 18, "visits": 45, "meals": 40, "visits x meals": -3}
CONCLUSIVE = {
    "scale": r"(?<!dis)economies of scale[.,]|diseconomies of scale[.,]|constant returns to within",
    "scope": r": (dis)?economies of scope\.",
    "quasi-scope": r"labour costs (more|less)\.",
    "diversification": r"(diversification|specialisation) saves cost",
    "expansion path": r"(one firm is|two firms are) cheaper",
    "merger": r"a saving of|an extra cost of",
    "relationship": r"slope [^;]*\)\.$",
    "relationship economies": r": (dis)?economies of relationship\.",
    "loosening merger": r"a saving of|an extra cost of",
}
CALLS = {
    "scale": (lambda fit: em.scale(fit), "ray elasticity"),
    "scope": (lambda fit: em.scope(fit), "scope: complementarity"),
    "quasi-scope": (lambda fit: em.scope(fit, epsilon=0.1), "quasi-scope (epsilon 0.1)"),
    "diversification": (lambda fit: em.outputs.diversification(fit), "diversification: complementarity"),
    "expansion path": (lambda fit: em.outputs.expansion_path(fit, 0.5, 2), "expansion-path subadditivity"),
    "merger": (
        lambda fit: em.arrangements.merger(fit, {"A": {"visits": 80, "meals": 40}, "B": {"visits": 60, "meals": 30}}),
        "merger",
    ),
    "relationship": (lambda fit: em.relationship(fit), "relationship: continuity"),
    "relationship economies": (
        lambda fit: em.relationships.economies(fit, low=0.4),
        "relationship economies: continuity",
    ),
    "loosening merger": (
        lambda fit: em.arrangements.merger(
            fit, {"A": {"visits": 80}, "B": {"visits": 60}}, relationship={"continuity": 0.4}
        ),
        "merger",
    ),
}
# The last three are asked of providers whose one output is a relationship with its users.
OF_RELATIONSHIPS = ("relationship", "relationship economies", "loosening merger")
SEEDS = {"few": 8, "clear": 1, "open": 3}


@cache
def fit(situation: str):
    truth = em.worlds.state("composite", COST, outputs=OUTPUTS)
    specialised = {"visits": 0.3, "meals": 0.3}
    if situation == "few":
        data = em.worlds.simulate(
            truth, 7, periods=8, noise=0.15, provider_effects=0.15, specialised=specialised, seed=SEEDS["few"]
        ).data
        return em.fit(data, "composite", second_order="outputs")
    noise = {"clear": 0.02, "open": 1.5}[situation]
    data = em.worlds.simulate(truth, 120, noise=noise, specialised=specialised, seed=SEEDS[situation]).data
    return em.fit(data, "composite", second_order="outputs")


@cache
def fit_of_relationships(situation: str):
    made = {"outputs": {"visits": 100}, "relationships": {"continuity": 0.6}}
    truth = em.worlds.state("cobb_douglas", {"visits": 0.9, "continuity": -0.5}, **made)
    panel = {"providers": 7, "periods": 6, "noise": 0.1, "provider_effects": 0.15, "seed": 3}
    worlds = {"few": panel, "clear": {"providers": 150, "noise": 0.05}, "open": {"providers": 30, "noise": 1.0}}
    return em.fit(em.worlds.simulate(truth, **worlds[situation]).data, "cobb_douglas")


def said(name: str, situation: str):
    call, term = CALLS[name]
    result = call(fit_of_relationships(situation) if name in OF_RELATIONSHIPS else fit(situation))
    row = result.row(term)
    # Where own fixed costs are identified, the total itself has an estimate.
    if name == "scope" and np.isfinite(result.row("degree of scope")["estimate"]):
        row = result.row("degree of scope")
    return result, row, re.search(CONCLUSIVE[name], result.text)


@pytest.mark.parametrize("name", CALLS)
def test_what_is_clear_is_said(name):
    _, row, verdict = said(name, "clear")
    assert not row["conf_low"] <= row["null"] <= row["conf_high"]
    assert verdict


@pytest.mark.parametrize("name", CALLS)
def test_what_is_not_clear_is_not_said(name):
    _, row, verdict = said(name, "open")
    assert row["conf_low"] <= row["null"] <= row["conf_high"]
    assert not verdict


@pytest.mark.parametrize("name", CALLS)
def test_few_providers_take_a_verdict_back(name):
    result, row, verdict = said(name, "few")
    assert row["p_value"] > ALPHA
    assert not verdict
    assert any("wild cluster bootstrap; intervals are classical" in note for note in result.notes)


@pytest.mark.parametrize("situation", ["clear", "open"])
@pytest.mark.parametrize("name", CALLS)
def test_p_values_and_intervals_agree(name, situation):
    table = said(name, situation)[0].table
    rows = table[table["p_value"].notna()]
    assert len(rows)
    outside = (rows["conf_low"] > rows["null"]) | (rows["conf_high"] < rows["null"])
    assert np.array_equal(rows["p_value"] < ALPHA, outside)


BOOTSTRAPPED = [em.outputs.complementarity, em.outputs.subadditivity, em.outputs.trans_ray, em.separate]


@pytest.mark.parametrize("measure", BOOTSTRAPPED)
def test_every_bootstrap_says_that_it_draws_from_few(measure):
    few, many = (measure(fit(situation), replications=29).notes for situation in ("few", "clear"))
    assert any("the bootstrap draws from them alone" in note for note in few)
    assert not any("the bootstrap draws from them alone" in note for note in many)


def test_a_largest_value_of_exactly_zero_is_not_above_it():
    """Without a product of the outputs nothing makes the other cheaper, nor dearer: weakly complementary."""
    cost = em.worlds.state("composite", {"common cost": 20, "visits": 40, "meals": 40}, outputs=OUTPUTS)
    assert em.outputs.complementarity(cost).row("visits and meals: largest")["estimate"] == 0.0
    assert em.outputs.complementarity(cost).text.endswith("weak cost complementarity, as far as the data reach.")
    assert em.outputs.trans_ray(cost).passed is True
    constant = em.outputs.subadditivity(em.worlds.state("cobb_douglas", {"visits": 1.0}, outputs={"visits": 100}))
    assert "is cheaper than every admissible split" not in constant.text
