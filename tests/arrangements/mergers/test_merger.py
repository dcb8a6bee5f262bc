"""Mergers of a cost function: exact cases, the product of the factors, and what must not move them."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.economies.core import identity

# Some thirty sums and products of numbers up to a few hundred, and quotients of them.
EXACT = 1e-10
# The digits in which the case with a tilt is written.
WRITTEN = 5e-7
FACTORS = ["learning", "levelling", "harmony", "size", "relationship"]
A = np.array([[0.02, -0.01, 0.004], [-0.01, 0.03, -0.006], [0.004, -0.006, 0.015]])
B, FIXED, COMMON, TILT = np.array([2.0, 1, 3]), np.array([3.0, 2, 4]), 10.0, np.array([-0.15, -0.05, 0])
ELM, OAK = np.array([20.0, 5, 10]), np.array([4.0, 25, 0])


def bundles(*outputs, names="abc", **more):
    who = ("Elm", "Oak", "Ash")
    rows = {one: dict(zip(names, made, strict=True)) for one, made in zip(who, outputs, strict=False)}
    for variable, values in more.items():
        for one, value in zip(rows.values(), values, strict=True):
            one[variable] = value
    return rows


def cost(y, r=0.0):
    return COMMON + (y > 0) @ FIXED + y @ B + r * (y @ TILT) + np.einsum("...i,ij,...j", y, A, y) / 2


def estimates(found):
    return found.table.set_index("term")["estimate"]


@dataclass
class Tilted:
    """F1 with a relationship that tilts the cost of outputs: a cost function that no form of the package holds."""

    form: object
    outputs: tuple = ("a", "b", "c")
    prices: tuple = ()
    relationships: tuple = ("r",)
    controls: tuple = ()
    log_relationships: tuple = (False,)
    theta: object = field(default_factory=lambda: np.ones(1))
    covariance: object = field(default_factory=lambda: np.zeros((1, 1)))
    freedom: float = np.inf
    wild: bool = False
    is_level: bool = False
    sample: object = None

    @property
    def technology(self):
        return self

    def mean_point(self):
        # Any mean will do: every variable is given.
        from econmodel.forms.technology import Point

        return Point(np.ones((1, 3)), np.zeros((1, 0)), np.zeros((1, 1)), np.zeros((1, 0)))

    def cost(self, theta, point):
        return theta[..., :1] * cost(point.outputs, point.relationships[..., 0])


def test_the_exact_merger(f1):
    found = estimates(em.arrangements.merger(f1, bundles(ELM, OAK)))
    apart, together, mean = cost(ELM) + cost(OAK), cost(ELM + OAK), cost((ELM + OAK) / 2)
    assert (cost(ELM), cost(OAK), together) == pytest.approx((98.625, 56.535, 138.970), abs=EXACT)
    expected = {"merger": together / apart, "harmony": 2 * mean / apart, "size": together / (2 * mean)}
    for term, value in expected.items():
        assert found[term] == pytest.approx(value, abs=EXACT), term
    assert expected["merger"] == pytest.approx(0.895656, abs=WRITTEN)
    assert (expected["harmony"], expected["size"]) == pytest.approx((0.979537, 0.914367), abs=WRITTEN)
    assert found[["learning", "levelling", "relationship"]].tolist() == [1.0, 1.0, 1.0]


def test_the_merger_with_a_tilt(f1):
    tilted = Tilted(f1.technology.form)
    alike = dict.fromkeys("abc", 1.0)
    found = em.arrangements.merger(tilted, bundles(ELM, OAK, r=(1.2, 0.4)), relationship={"r": 0.5}, volume=alike)
    written = {"merger": 0.906325, "levelling": 1.002450, "harmony": 0.978958, "size": 0.911890}
    written |= {"relationship": 1.012779, "learning": 1.0}
    for term, value in written.items():
        assert estimates(found)[term] == pytest.approx(value, abs=WRITTEN), term
    # Relationships first: the product is the same, its parts are not.
    early = found.tables["relationship first"].set_index("term")["estimate"]
    levelled_too = early["relationship"] * estimates(found)["levelling"]
    assert (levelled_too, early["harmony"], early["size"]) == pytest.approx((1.01389, 0.97920, 0.91291), abs=5e-6)
    product = levelled_too * early["harmony"] * early["size"]
    assert product == pytest.approx(estimates(found)["merger"], abs=EXACT)


@pytest.mark.parametrize("form", ["composite", "translog"])
def test_factors_of_a_fit_multiply_to_the_ratio_of_costs(form, request):
    fit = request.getfixturevalue(form)
    names = fit.data.row_names()[:3]
    found = em.arrangements.merger(fit, names, relationship={"continuity": 0.5}, one_off=10)
    values, early = estimates(found), found.tables["relationship first"]["estimate"]
    assert values[FACTORS].prod() == pytest.approx(values["merger"], abs=EXACT)
    assert early.prod() * values["levelling"] == pytest.approx(values["merger"], abs=EXACT)
    # The same from costs alone, wages and continuity weighed by the partners' shares of each output.
    rows = fit.data.frame.iloc[:3]
    outputs = rows[["homes", "support"]].to_numpy()
    volume = (outputs / outputs.sum(axis=0)).sum(axis=1)
    after = pd.DataFrame([{**rows[["homes", "support"]].sum(), "wage": rows["wage"] @ volume / volume.sum()}])
    together = np.exp(fit.predict(after.assign(continuity=0.5)))[0]
    assert values["merger"] == pytest.approx(together / np.exp(fit.predict(rows.drop(columns="cost"))).sum(), abs=EXACT)
    money = found.tables["money"].set_index("item")["estimate"]
    smearing = np.exp(fit.resid).mean()
    assert money["cost together"] == pytest.approx(smearing * together, rel=EXACT)
    assert money["saving"] == pytest.approx(money["cost apart"] - money["cost together"], rel=1e-9)


def test_nothing_changes_where_two_providers_are_alike_and_returns_constant():
    constant = em.worlds.state("cobb_douglas", {"constant": 4.0, "visits": 1.0}, outputs={"visits": 100})
    found = em.arrangements.merger(constant, bundles([30.0], [30.0], names=["visits"]))
    assert found.table["estimate"].tolist() == pytest.approx([1.0] * 6, abs=EXACT)
    assert "neither a saving nor an extra cost" in found.text


@settings(max_examples=25)
@given(st.floats(0.6, 1.3), st.lists(st.floats(1.0, 500.0), min_size=2, max_size=4))
def test_one_output_with_a_constant_elasticity_is_known(elasticity, visits):
    stated = em.worlds.state("cobb_douglas", {"constant": 4.0, "visits": elasticity}, outputs={"visits": 100})
    partners = {f"provider {place}": {"visits": one} for place, one in enumerate(visits)}
    values = estimates(em.arrangements.merger(stated, partners))
    made, count = np.array(visits), len(visits)
    assert values["merger"] == pytest.approx(made.sum() ** elasticity / (made**elasticity).sum(), rel=1e-9)
    # J providers of mean size have J^(1 - e) times the cost of one of J times the size.
    assert values["size"] == pytest.approx(count ** (elasticity - 1), rel=1e-9)
    assert values[FACTORS].prod() == pytest.approx(values["merger"], rel=1e-9)


def test_units_the_order_of_partners_and_of_outputs_do_not_matter(services, composite):
    names = services.row_names()[:3]
    found = estimates(em.arrangements.merger(composite, names))
    backwards = estimates(em.arrangements.merger(composite, names[::-1]))
    frame = services.frame.assign(homes=services.frame["homes"] / 1000, cost=services.frame["cost"] * 7)
    changed = replace(services, frame=frame[["cost", "support", "homes", "wage", "continuity"]])
    changed = replace(changed, outputs=["support", "homes"])
    elsewhere = estimates(em.arrangements.merger(em.fit(changed, "composite"), names))
    for other, tolerance in ((backwards, EXACT), (elsewhere, 1e-6)):
        assert other.tolist() == pytest.approx(found.tolist(), abs=tolerance)


def test_names_and_bundles_say_the_same(services, translog):
    names = translog.data.row_names()[:2]
    columns = ["homes", "support", "wage", "continuity"]
    table = translog.data.frame.iloc[:2][columns].set_index(pd.Index(names))
    by_name = em.arrangements.merger(translog, names)
    for given_bundles in (table, table.to_dict("index")):
        found = em.arrangements.merger(translog, given_bundles)
        pd.testing.assert_series_equal(estimates(found), estimates(by_name), rtol=1e-12)


def test_learning_is_what_frontier_efficiencies_say(translog):
    names = translog.data.row_names()[:2]
    found = em.arrangements.merger(translog, names, efficiency={names[0]: 0.8, names[1]: 1.0})
    values, plain = estimates(found), estimates(em.arrangements.merger(translog, names))
    costs = np.exp(translog.fittedvalues.iloc[:2]).to_numpy()
    assert values["learning"] == pytest.approx(costs.sum() / (costs[0] / 0.8 + costs[1]), abs=EXACT)
    assert values["merger"] == pytest.approx(values["learning"] * plain["merger"], abs=EXACT)
    for term in FACTORS[1:]:
        assert values[term] == pytest.approx(plain[term], abs=EXACT)
    assert "taken as given" in found.notes[0]


def test_a_frontier_fit_brings_its_own_efficiencies():
    power = em.load("electricity_1970")
    fit = em.fit(power, form="translog", second_order="outputs", estimator="frontier")
    names = power.row_names()[40:42]
    found = em.arrangements.merger(fit, names)
    values, own = estimates(found), fit.efficiency.iloc[40:42].to_numpy()
    costs = np.exp(fit.predict(power.frame.iloc[40:42][["output", *power.prices]])).to_numpy()
    assert values["learning"] == pytest.approx(costs.sum() / (costs / own).sum(), abs=EXACT)
    assert values["learning"] < 1
    assert values[FACTORS].prod() == pytest.approx(values["merger"], abs=EXACT)
    pure = values["merger"] / values["learning"]
    assert f"Learning needs no merger; without it the ratio would be {pure:.4g}" in found.text
    used = found.tables["numbers used"].set_index("number")
    assert used.loc[f"cost efficiency of {names[0]}", "source"].endswith("Battese and Coelli (1988)")
    # What is left above the frontier and each provider's inefficiency is noise.
    noise = (np.exp(fit.resid) * fit.efficiency).mean()
    money = found.tables["money"].set_index("item")["estimate"]
    assert money["cost apart"] == pytest.approx(noise * (costs / own).sum(), rel=EXACT)
    # Bundles that are nobody's have no inefficiency.
    bundles_of = power.frame.iloc[40:42][["output", *power.prices]].set_index(pd.Index(names))
    assert estimates(em.arrangements.merger(fit, bundles_of))["learning"] == 1.0


def test_networks_add_up_in_a_merger():
    airlines = em.load("us_airlines")
    frame = airlines.frame.assign(routes=np.linspace(10, 90, len(airlines)))
    fit = em.fit(replace(airlines, frame=frame, network=("routes",)), "cobb_douglas")
    rows = [0, 50]
    found = estimates(em.arrangements.merger(fit, [fit.data.row_names()[row] for row in rows]))
    output, routes = frame["output"].to_numpy()[rows], frame["routes"].to_numpy()[rows]
    by_name = fit.params
    growth = 2.0 ** (by_name["output"] + by_name["log routes"] - 1.0)
    assert found["size"] == pytest.approx(growth, rel=1e-9)
    levelled = output ** by_name["output"] * routes ** by_name["log routes"]
    mean = output.mean() ** by_name["output"] * routes.mean() ** by_name["log routes"]
    assert found["harmony"] == pytest.approx(2 * mean / levelled.sum(), rel=1e-9)


@pytest.mark.parametrize("method", ["delta", "simulate", "bootstrap"])
def test_methods_agree(translog, method):
    names = translog.data.row_names()[:2]
    row = em.arrangements.merger(translog, names, method=method, one_off=3.0).row("size")
    delta = em.arrangements.merger(translog, names).row("size")
    assert row["estimate"] == pytest.approx(delta["estimate"], abs=EXACT)
    # Two thousand draws know a standard error to about two per cent; the bootstrap resamples three hundred rows.
    assert row["std_error"] == pytest.approx(delta["std_error"], rel=0.2)


def test_a_product_that_misses_raises(monkeypatch, f1):
    monkeypatch.setattr(identity, "ADDING_UP", -1.0)
    with pytest.raises(ArithmeticError, match=r"The factors of the merger miss their product by \d"):
        em.arrangements.merger(f1, bundles(ELM, OAK))
