"""The nested family: its members are the package's own forms, derivatives are right, and a known shape is found."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotIdentified, NotSupported
from econmodel.estimate.nested import MEMBERS, Member, NestedRows, _Model, box_cox, fit_all, fit_member

# Two searches that stop at the same optimum, in log-likelihood.
SAME_OPTIMUM = 1e-5


@pytest.fixture(scope="module")
def banks():
    return em.select(em.load("italian_banks"), nested=True).table.set_index("form")


def test_members_are_the_forms_of_the_package(banks):
    data = em.load("italian_banks")
    for name, form in (("translog", "translog"), ("composite with log errors", "composite")):
        fitted = em.fit(data, form)
        assert banks.loc[name, "log_likelihood"] == pytest.approx(fitted.llf, abs=SAME_OPTIMUM)
        assert banks.loc[name, "parameters"] == len(fitted.params)


def test_a_larger_member_is_never_less_likely(banks):
    likelihood = banks["log_likelihood"]
    assert (likelihood["nested"] >= likelihood).all()
    assert likelihood["Box-Cox translog"] >= likelihood["translog"]
    assert likelihood["composite"] >= likelihood["composite with log errors"]
    assert banks["likelihood_ratio"].dropna().ge(0).all()


def test_additive_errors_are_the_member_with_phi_one():
    grids = em.load("finnish_electricity")
    additive = em.fit(grids, "composite", error="additive")
    rows = _rows_of(grids)
    found = fit_member(rows, Member("levels", 1.0, 1.0, 0.0))
    assert found.log_likelihood == pytest.approx(additive.log_likelihoods.sum(), abs=1e-3)


def _rows_of(data):
    from econmodel.economies.nested_forms import _rows

    return _rows(data)


@pytest.mark.parametrize("member", MEMBERS, ids=lambda one: one.name)
def test_derivatives_are_derivatives(member):
    rng = np.random.default_rng(5)
    rows = NestedRows(
        rng.normal(size=30), np.exp(0.3 * rng.normal(size=(30, 2))), rng.normal(size=(30, 1)), rng.normal(size=(30, 1))
    )
    model = _Model(rows, member)
    shape = np.array([0.3 if one is None else one for one in member.shape])
    free, _, _ = model.free(shape)
    theta = np.full(model.inside.count + model.outside.count, 0.01)
    theta[:3] = 2.0, 0.5, 0.4
    start = np.concatenate([shape[free], theta])
    exact = model.jacobian(start, free, shape)
    for column, step in enumerate(np.eye(len(start)) * 1e-6):
        difference = (model.residual(start + step, free, shape) - model.residual(start - step, free, shape)) / 2e-6
        # A central difference has an error of the square of its step, and rounding over it.
        assert exact[:, column] == pytest.approx(difference, abs=1e-6, rel=1e-5)


def test_box_cox_passes_through_the_logarithm():
    logs = np.log(np.array([0.5, 2.0, 10.0]))
    assert box_cox(logs, 1e-9) == pytest.approx(logs, rel=1e-8)
    assert box_cox(logs, 0.5) == pytest.approx((np.exp(logs) ** 0.5 - 1) / 0.5, rel=1e-12)


def test_a_known_shape_is_found_and_the_wrong_members_rejected():
    rng = np.random.default_rng(1)
    outputs = np.exp(0.8 * rng.normal(size=(1500, 2)))
    cost = 1.0 + 2.0 * outputs[:, 0] + 1.5 * outputs[:, 1] + 0.3 * outputs[:, 0] * outputs[:, 1]
    frame = pd.DataFrame({"cost": cost * np.exp(0.05 * rng.normal(size=1500)), "a": outputs[:, 0], "b": outputs[:, 1]})
    found = em.select(em.CostData(frame, cost="cost", outputs=["a", "b"]), nested=True)
    table = found.table.set_index("form")
    assert table.loc["composite", "p_value"] > 0.01
    assert table.loc["translog", "p_value"] < 1e-6
    assert table.loc["nested", "pi"] == pytest.approx(1.0, abs=0.15)
    assert abs(table.loc["composite", "phi"]) < 0.1
    assert "rejected: " in found.text


def test_zeros_leave_the_translog_out():
    found = em.select(em.load("uk_universities").using(relationships=[], prices=[]), nested=True)
    assert "translog" not in found.table["form"].tolist()
    assert "the translog is left out" in " ".join(found.notes)


def test_units_do_not_matter():
    data = em.load("finnish_electricity")
    other = data.frame.assign(energy=1000 * data.frame["energy"], cost=data.frame[data.cost] / 7.5)
    same = em.CostData(other, cost="cost", outputs=list(data.outputs), controls=list(data.controls))
    ours, theirs = (em.select(one, nested=True).table["log_likelihood"].to_numpy() for one in (data, same))
    assert ours == pytest.approx(theirs, abs=1e-3)


def test_what_cannot_be_asked_says_so():
    with pytest.raises(NotSupported, match=r"em\.select fits forms to a table"):
        em.select(em.fit(em.load("electricity_1970")), nested=True)
    few = em.load("italian_banks").where("wage > 105", because="few")
    with pytest.raises(NotIdentified, match=r"rows cannot identify the 20 parameters of the nested form"):
        em.select(few, nested=True)
    assert len(fit_all(_rows_of(em.load("electricity_1970")))) == len(MEMBERS)


@pytest.mark.parametrize(
    ("meals", "said"),
    [
        (lambda visits: 0.0 * visits, "meals has the same value in every row"),
        (lambda visits: 2.0 * visits, "Outputs or prices move together .visits, meals."),
    ],
)
def test_columns_that_say_nothing_are_refused(meals, said):
    visits = np.exp(np.random.default_rng(0).normal(size=60))
    frame = pd.DataFrame({"cost": 1.0 + visits, "visits": visits, "meals": meals(visits)})
    with pytest.raises(NotIdentified, match=said):
        em.select(em.CostData(frame, cost="cost", outputs=["visits", "meals"]), nested=True)


def test_levels_and_rows_that_are_no_evidence():
    airlines = em.load("us_airlines")
    with pytest.raises(NotSupported, match="conf_level=95 is not between 0 and 1"):
        em.select(airlines, conf_level=95, nested=True)
    notes = " ".join(em.select(airlines, nested=True).notes)
    assert "here providers repeat" in notes
    assert "90 rows for 11 parameters" in notes


def test_members_are_sorted_by_the_level_that_was_asked():
    from econmodel.economies.nested_forms import SHAPES, _words

    table = pd.DataFrame({"form": ["translog", "composite", "nested"], "p_value": [0.5, 0.03, np.nan]})
    table = table.assign(**dict.fromkeys(SHAPES, 1.0))
    assert _words(table, 0.95).startswith("Not rejected: translog (p 0.500); rejected: composite.")
    assert _words(table, 0.99).startswith("No member of the nested family is rejected")
    assert _words(table, 0.4).startswith("Every member of the nested family is rejected")
