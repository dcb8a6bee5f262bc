"""No measure and no arrangement says more than its verdict: one table of them, asked of one fit in four situations.

The fits are of providers from stated worlds, nearly without noise, so that every difference is clear. Then the same fit
has a p-value that does not reject, beside intervals that exclude the null; a covariance a million times as large; and
it is asked where nobody is. Words of a side may come out in the first situation only.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.estimate.fit import Fit
from econmodel.verdict import Verdict
from econmodel.words import BEYOND, UNSETTLED

TWO = {"A": {"visits": 80, "meals": 40}, "B": {"visits": 60, "meals": 30}}
FAR = {"visits": 30_000, "meals": 100}
SIDES = (
    "economies of", "saves cost",
    "so divided, labour", "firm is cheaper", "firms are cheaper", "a saving of", "an extra cost of",
    "relationships do not scale", ": learning", "exhaust scale", "worker saves", "is higher at", "is lower at",
)  # fmt: skip
NO_SIDE = ("no economies of", "rest on costs", "in less than")


@cache
def fit(kind: str):
    """Providers of a world with little noise."""
    panel = {"entity": "firm", "time": "year"}
    if kind == "two outputs":
        cost = {"common cost": 18, "visits": 45, "meals": 40, "visits x meals": -3}
        truth = em.worlds.state("composite", cost, outputs={"visits": 100, "meals": 50})
        mixes = {"visits": 0.3, "meals": 0.3}
        data = em.worlds.simulate(truth, 150, noise=0.01, specialised=mixes, seed=1).data
        return em.fit(data, "composite", second_order="outputs")
    if kind == "tilted":
        terms = {"constant": 4.0, "visits": 0.9, "visits x continuity": 0.4, "continuity": -0.3}
        truth = em.worlds.state("translog", terms, outputs={"visits": 100}, relationships={"continuity": 0.5})
        return em.fit(em.worlds.simulate(truth, 300, noise=0.02, seed=2).data)
    if kind == "types":
        terms = {"common cost": 10, "visits": 60, "letters": 30, "half visits squared": 25}
        truth = em.worlds.state("composite", terms, outputs={"visits": 100, "letters": 900})
        return em.fit(em.worlds.simulate(truth, 300, noise=0.01, seed=3).data, "composite", second_order="outputs")
    rng = np.random.default_rng(4)
    firm, year = np.repeat(np.arange(60), 5), np.tile(np.arange(2001, 2006), 60)
    users = np.exp(5 + 0.5 * rng.standard_normal(300))
    contacts = users * np.exp(2 + 0.5 * rng.standard_normal(300))
    frame = pd.DataFrame({"firm": firm.astype(str), "year": year, "users": users, "contacts": contacts})
    noise = np.exp(0.02 * rng.standard_normal(300))
    if kind == "network":
        frame["cost"] = 100 * contacts**0.7 * users**0.15 * noise
        return em.fit(em.CostData(frame, cost="cost", outputs=["contacts"], network=["users"]), "cobb_douglas")
    before = frame.groupby("firm")["contacts"].cumsum()
    frame["cost"] = 100 * contacts**0.8 * before**-0.2 * noise
    data = em.tables.cumulative(em.CostData(frame, cost="cost", outputs=["contacts"], **panel), "contacts")
    return em.fit(data, "cobb_douglas")


# Measure: the fit that it is asked of, the call, and the call at a place where nobody is.
MEASURES = {
    "scale": ("two outputs", em.scale, lambda fit: em.scale(fit, FAR)),
    "scope": ("two outputs", em.scope, lambda fit: em.scope(fit, FAR)),
    "quasi-scope": ("two outputs", lambda fit: em.scope(fit, epsilon=0.1), lambda fit: em.scope(fit, FAR, 0.1)),
    "diversification": (
        "two outputs",
        em.outputs.diversification,
        lambda fit: em.outputs.diversification(fit, FAR),
    ),
    "expansion path": (
        "two outputs",
        lambda fit: em.outputs.expansion_path(fit, 0.5, 2),
        lambda fit: em.outputs.expansion_path(fit, {"visits": 5_000}, {"visits": 9_000}),
    ),
    "exhaustion": ("types", lambda fit: em.outputs.exhaustion(fit, ["visits"], ["letters"]), None),
    "density": ("network", em.density, lambda fit: em.density(fit, 200)),
    "learning": ("learning", em.learning, None),
    "relationship economies": (
        "tilted",
        lambda fit: em.relationships.economies(fit, low=0.45),
        lambda fit: em.relationships.economies(fit, low=-50),
    ),
    "scaling": ("tilted", em.relationships.scaling, lambda fit: em.relationships.scaling(fit, at=400)),
    "contrast": ("two outputs", lambda fit: em.contrast(em.scale, fit, 0.5, 2), None),
    "merger": ("two outputs", lambda fit: em.arrangements.merger(fit, TWO), None),
}


def sides(text: str) -> list[str]:
    """Words of a side in a text."""
    for words in NO_SIDE:
        text = text.replace(words, "")
    return [words for words in SIDES if words in text]


@pytest.mark.parametrize("name", MEASURES)
def test_what_is_clear_is_said(name):
    kind, call, _ = MEASURES[name]
    assert sides(call(fit(kind)).text)


@pytest.mark.parametrize("name", MEASURES)
def test_a_p_value_that_does_not_reject_takes_every_side_back(name, monkeypatch):
    kind, call, _ = MEASURES[name]
    monkeypatch.setattr(Fit, "wild", True, raising=False)
    doubtful = lambda _, directions, __: np.full(len(directions), 0.413)  # noqa: E731
    monkeypatch.setattr(Fit, "wild_p_values", doubtful, raising=False)
    result = call(fit(kind))
    assert not sides(result.text), result.text
    assert UNSETTLED in result.text
    assert any("wild cluster bootstrap" in note for note in result.notes)
    if "verdict" in result.table:
        tested = result.table["p_value"].notna()
        assert not result.table.loc[tested, "verdict"].isin(["below", "above"]).any()


@pytest.mark.parametrize("name", MEASURES)
def test_intervals_that_hold_the_null_have_no_side(name, monkeypatch):
    kind, call, _ = MEASURES[name]
    wide = property(lambda self: 1e6 * self.error_model.covariance)
    monkeypatch.setattr(Fit, "covariance", wide, raising=False)
    result = call(fit(kind))
    assert not sides(result.text), result.text
    assert UNSETTLED in result.text


@pytest.mark.parametrize("name", [name for name, (_, _, far) in MEASURES.items() if far is not None])
def test_where_nobody_is_the_form_speaks_and_not_the_providers(name):
    kind, _, far = MEASURES[name]
    result = far(fit(kind))
    assert not sides(result.text), result.text
    assert BEYOND in result.text


# What each says where the value is surely below its null, and where it is surely above.
WORDS = {
    "scale": (": economies of scale", "diseconomies of scale"),
    "scope": ("diseconomies of scope", ": economies of scope"),
    "quasi-scope": ("labour costs less", "labour costs more"),
    "diversification": ("specialisation saves cost", "diversification saves cost"),
    "expansion path": ("two firms are cheaper", "one firm is cheaper"),
    "exhaustion": ("outputs exhaust scale later", "outputs exhaust scale earlier"),
    "density": (": economies of density", "diseconomies of density"),
    "learning": (": learning", "the opposite of learning"),
    "relationship economies": ("diseconomies of relationship", ": economies of relationship"),
    "scaling": ("associated with more economies of scale", "relationships do not scale"),
    "contrast": ("it is lower at 2 x mean", "it is higher at 2 x mean"),
    "merger": ("a saving of", "an extra cost of"),
}


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize("name", MEASURES)
def test_each_side_has_its_own_words(name, side, monkeypatch):
    """Whatever the numbers are: the verdict alone decides which of the two is said."""
    verdict = Verdict(("below", "above")[side], 0.0)
    monkeypatch.setattr("econmodel.verdict.judge", lambda *_, **__: verdict)
    kind, call, _ = MEASURES[name]
    text = call(fit(kind)).text
    assert WORDS[name][side] in text
    assert WORDS[name][1 - side] not in text
