"""What must not matter: units of outputs, cost and prices, the order of outputs, and which price comes last."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import econmodel as em

# Log forms are solved exactly; level forms stop at a step of 1e-9 of a standard error, along a curved path.
WITHIN = {"translog": 1e-7, "cobb_douglas": 1e-8, "flexible_fixed_cost": 1e-5, "composite": 1e-5}
FORMS = list(WITHIN)
FEW = 19


def table(rows=120):
    """Two outputs, three prices that are all there are, a relationship variable and a control."""
    rng = np.random.default_rng(29)
    a, b = np.exp(rng.multivariate_normal([2.0, 1.0], [[0.4, 0.2], [0.2, 0.4]], rows)).T
    w1, w2, w3 = np.exp(rng.normal(0, 0.3, (3, rows)))
    r, x = rng.random(rows) + 0.5, rng.standard_normal(rows)
    share = w1**0.5 * w2**0.3 * w3**0.2
    cost = (6 + 2 * a + 3 * b) * share * np.exp(-0.1 * r + 0.05 * x + 0.08 * rng.standard_normal(rows))
    return pd.DataFrame({"cost": cost, "a": a, "b": b, "w1": w1, "w2": w2, "w3": w3, "r": r, "x": x})


def fit(form, frame, outputs=("a", "b"), prices=("w1", "w2", "w3"), second_order=None):
    data = em.CostData(
        frame, cost="cost", outputs=list(outputs), prices=list(prices), prices_complete=True, relationships=["r"],
        controls=["x"],
    )  # fmt: skip
    # The composite with everything has 24 parameters; with second-order terms of outputs it has eleven.
    if form == "composite":
        second_order = second_order or "outputs"
    return em.fit(data, form, second_order=second_order)


def measured(fitted, scope=True):
    """Dimensionless measures, at the mean and beyond."""
    tables = [em.scale(fitted, at=[1, 1.5]).table, em.relationship(fitted).table]
    tables.append(em.scope(fitted, epsilon=0.2).table)
    if fitted.technology.is_level and scope:
        tables.append(em.scope(fitted).table)
    together = pd.concat(tables).set_index(["term", "at"])
    columns = ["estimate", "std_error", "conf_low", "conf_high", "identified_low", "identified_high"]
    return together[columns].sort_index()


def separated(fitted):
    return em.separate(fitted, replications=FEW, seed=1).table.set_index("term")["estimate"]


def same(one, other, form):
    assert one.index.tolist() == other.index.tolist()
    scale = np.abs(one.to_numpy())
    assert other.to_numpy() == pytest.approx(
        one.to_numpy(), rel=WITHIN[form], abs=WITHIN[form] * np.nanmax(scale), nan_ok=True
    )


@pytest.fixture(scope="module")
def known():
    return {form: fit(form, table()) for form in FORMS}


@pytest.mark.parametrize("form", FORMS)
def test_units_of_outputs(form, known):
    frame = table()
    other = fit(form, frame.assign(a=1000 * frame["a"], b=frame["b"] / 7))
    same(measured(known[form]), measured(other), form)
    assert other.llf == pytest.approx(known[form].llf, rel=1e-8)
    same(separated(known[form]), separated(other), form)


@pytest.mark.parametrize("form", FORMS)
def test_the_unit_of_money(form, known):
    frame = table()
    rich = frame.assign(cost=1e6 * frame["cost"], w1=10 * frame["w1"], w2=10 * frame["w2"], w3=10 * frame["w3"])
    other = fit(form, rich)
    same(measured(known[form]), measured(other), form)
    same(separated(known[form]), separated(other), form)
    marginal = [em.marginal_cost(one).table["estimate"].iloc[:1] for one in (known[form], other)]
    assert (marginal[1] / marginal[0]).tolist() == pytest.approx([1e6], rel=1e-5)


@pytest.mark.parametrize("form", FORMS)
def test_the_unit_of_one_price(form, known):
    other = fit(form, table().assign(w2=table()["w2"] * 12))
    same(measured(known[form]), measured(other), form)
    same(separated(known[form]), separated(other), form)


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_outputs(form, known):
    other = fit(form, table(), outputs=("b", "a"))
    same(measured(known[form]), measured(other), form)
    same(separated(known[form]), separated(other), form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("prices", [("w3", "w1", "w2"), ("w2", "w3", "w1")])
def test_which_price_comes_last(form, prices, known):
    other = fit(form, table(), prices=prices)
    assert other.technology.numeraire == 2
    same(measured(known[form]), measured(other), form)
    # Sums of squares of log cost over another price are the same residuals.
    assert other.ssr == pytest.approx(known[form].ssr, rel=1e-8)
    same(separated(known[form]), separated(other), form)


def test_which_price_comes_last_in_the_full_composite():
    fits = [
        fit("composite", table(300), prices=order, second_order="all")
        for order in (("w1", "w2", "w3"), ("w3", "w1", "w2"))
    ]
    assert fits[0].ssr == pytest.approx(fits[1].ssr, rel=1e-8)
    same(measured(fits[0]), measured(fits[1]), "composite")


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_rows(form, known):
    shuffled = table().sample(frac=1.0, random_state=3)
    other = fit(form, shuffled)
    same(measured(known[form]), measured(other), form)
    assert other.resid.sort_index().tolist() == pytest.approx(known[form].resid.tolist(), abs=1e-7)


@pytest.mark.parametrize("form", ["translog", "composite"])
def test_the_centre_of_a_relationship_variable(form, known):
    other = fit(form, table().assign(r=table()["r"] + 5))
    same(measured(known[form]), measured(other), form)
    same(separated(known[form]), separated(other), form)


@pytest.mark.parametrize("form", ["translog", "composite"])
def test_the_unit_of_a_relationship_variable(form, known):
    other = fit(form, table().assign(r=table()["r"] * 10))
    one, tenth = measured(known[form]), measured(other)
    terms = [term.startswith("relationship") for term, _ in one.index]
    tenth.loc[terms] *= 10
    same(one, tenth, form)
    same(separated(known[form]), separated(other), form)


@pytest.mark.parametrize("name", ["electricity_1970", "italian_banks"])
def test_shipped_tables_do_not_mind_which_price_comes_last(name):
    data = em.load(name)
    turned = replace(data, prices={price: data.prices[price] for price in reversed(data.prices)})
    one, other = (em.fit(each, "translog") for each in (data, turned))
    assert list(one.data.prices) == list(reversed(other.data.prices))
    for at in ("mean", "every provider"):
        tables = [em.scale(each, at=at).table for each in (one, other)]
        for column in ("estimate", "std_error"):
            assert tables[0][column].tolist() == pytest.approx(tables[1][column].tolist(), rel=1e-6)


def test_parameters_that_are_not_scale_free_do_follow_the_units():
    """A test of the tests: what depends on the unit of output is seen to."""
    frame = table()
    one, other = fit("composite", frame), fit("composite", frame.assign(a=1000 * frame["a"]))
    raw = [each.in_units()["coefficient"] for each in (one, other)]
    assert raw[0]["a"] / raw[1]["a"] == pytest.approx(1000, rel=1e-4)
    assert raw[0]["half a squared"] / raw[1]["half a squared"] == pytest.approx(1e6, rel=1e-3)
