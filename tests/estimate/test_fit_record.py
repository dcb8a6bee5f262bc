"""A fit speaks the words of statsmodels' results, prints itself, and cannot be changed."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.iolib.summary2 import summary_col

import econmodel as em
from econmodel.errors import FormError, NotSupported, TableError, UnknownName

# The same algebra in another order.
SAME_ALGEBRA = 1e-8


@pytest.fixture(scope="module")
def fitted():
    return em.fit(em.load("us_airlines"), "cobb_douglas", cov_type="HC1")


@pytest.fixture(scope="module")
def peer():
    """The same regression, centred alike, by statsmodels."""
    frame = em.load("us_airlines").frame
    logs = np.log(frame[["output", "fuel_price"]]).join(frame["load_factor"])
    design = sm.add_constant(logs - logs.mean()).rename(columns={"const": "constant"})
    return sm.OLS(np.log(frame["cost"]), design).fit(cov_type="HC1", use_t=True)


@pytest.mark.parametrize("name", ["params", "bse", "tvalues", "pvalues", "resid", "fittedvalues"])
def test_series_are_those_of_statsmodels(fitted, peer, name):
    ours, theirs = getattr(fitted, name), getattr(peer, name)
    assert ours.index.tolist() == theirs.index.tolist()
    assert ours.tolist() == pytest.approx(theirs.tolist(), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize(
    "name",
    ["llf", "aic", "bic", "nobs", "df_model", "df_resid", "ssr", "rsquared", "scale", "use_t", "cov_type"],
)
def test_facts_are_those_of_statsmodels(fitted, peer, name):
    found, expected = getattr(fitted, name), getattr(peer, name)
    assert found == (expected if isinstance(expected, str | bool) else pytest.approx(expected, rel=SAME_ALGEBRA))


def test_intervals_and_covariance_are_those_of_statsmodels(fitted, peer):
    for alpha in (0.05, 0.5):
        pd.testing.assert_frame_equal(fitted.conf_int(alpha), peer.conf_int(alpha), rtol=1e-7, check_names=False)
    pd.testing.assert_frame_equal(fitted.cov_params(), peer.cov_params(), rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("hypothesis", ["output = 1", "fuel_price + output = 1.3", "load_factor"])
def test_t_tests_are_those_of_statsmodels(fitted, peer, hypothesis):
    ours, theirs = fitted.t_test(hypothesis), peer.t_test(hypothesis)
    for name in ("effect", "sd", "tvalue", "pvalue"):
        assert np.ravel(getattr(ours, name)) == pytest.approx(np.ravel(getattr(theirs, name)), rel=1e-6, abs=1e-14)


@pytest.mark.parametrize("use_f", [True, False])
def test_wald_tests_are_those_of_statsmodels(fitted, peer, use_f):
    matrix = np.eye(4)[1:]
    ours, theirs = fitted.wald_test(matrix, use_f=use_f), peer.wald_test(matrix, use_f=use_f, scalar=True)
    assert float(ours.statistic) == pytest.approx(float(theirs.statistic), rel=1e-7)
    assert float(ours.pvalue) == pytest.approx(float(theirs.pvalue), rel=1e-5, abs=1e-14)
    words = fitted.wald_test("output = 1, fuel_price = 0.5")
    theirs = peer.wald_test("output = 1, fuel_price = 0.5", scalar=True)
    assert float(words.pvalue) == pytest.approx(float(theirs.pvalue), rel=1e-6)


def test_several_fits_stand_side_by_side(fitted):
    other = em.fit(em.load("us_airlines"), "translog", cov_type="HC1")
    table = str(summary_col([fitted, other], stars=True, model_names=["plain", "translog"]))
    assert "half output squared" in table
    assert "0.8827***" in table
    assert table.count("plain") == 1


def test_the_summary_says_what_was_done(fitted):
    text = str(fitted.summary())
    assert str(fitted) == repr(fitted) == text
    for words in (
        "log cost = Cobb-Douglas(output, fuel_price) + load_factor", "standard errors", "HC1", "rows used", "90",
        "rows left out", "none", "solved exactly", "condition number", "load_factor", "0.883",
    ):  # fmt: skip
        assert words in text


def test_the_equation_names_every_part():
    airlines = em.load("us_airlines")
    effects = em.fit(airlines, "translog", effects="within", time_effects=True)
    assert "log cost = translog(output, fuel_price) + load_factor + periods + provider effects" in str(effects)
    additive = em.fit(em.load("uk_universities"), "flexible_fixed_cost", error="additive", second_order="none")
    assert additive.model.endog_names == "cost"
    assert "cost = flexible fixed cost quadratic(undergraduates, " in str(additive)
    assert f"{additive.solution.steps} Gauss-Newton steps" in str(additive)
    wild = em.fit(airlines, "cobb_douglas")
    assert "classical, 6 clusters, wild-cluster p-values" in str(wild)


def test_the_printed_forms_hold_the_same_facts(fitted):
    html = fitted._repr_html_()
    assert html.count("<table") == 2
    assert "load_factor" in html
    assert "<script" not in html
    schools = em.fit(em.load("michigan_districts"), "cobb_douglas")
    assert "rows left out: missing values in" in schools._repr_html_()


def test_names_of_the_user_are_escaped():
    frame = pd.DataFrame({"cost": [1.0, 2, 3, 5], "a<b": [1.0, 2, 4, 5]})
    html = em.fit(em.CostData(frame, cost="cost", outputs=["a<b"]), "cobb_douglas")._repr_html_()
    assert "a&lt;b" in html
    assert "a<b" not in html


def test_predictions(fitted):
    frame = fitted.data.frame
    pd.testing.assert_series_equal(fitted.predict(), fitted.fittedvalues)
    columns = ["output", "fuel_price", "load_factor"]
    again = fitted.predict(frame[columns])
    assert again.tolist() == pytest.approx(fitted.fittedvalues.tolist(), rel=SAME_ALGEBRA)
    at_mean = fitted.predict(pd.DataFrame({"output": [np.exp(np.log(frame["output"]).mean())]}))
    assert at_mean[0] == pytest.approx(fitted.params["constant"], rel=SAME_ALGEBRA)
    levels = em.fit(em.load("uk_universities"), "composite", second_order="none", error="additive")
    names = [*levels.data.outputs, *levels.data.prices, *levels.data.relationships]
    found = levels.predict(levels.data.frame[names])
    assert found.tolist() == pytest.approx(levels.fittedvalues.tolist(), rel=SAME_ALGEBRA)
    assert (found + levels.resid).tolist() == pytest.approx(levels.data.frame["cost"].tolist(), rel=SAME_ALGEBRA)


def test_predictions_refuse_what_the_form_cannot_hold(fitted):
    with pytest.raises(UnknownName, match=r"seats is not in the cost function. It has output, fuel_price, load_factor"):
        fitted.predict(pd.DataFrame({"seats": [1.0]}))
    with pytest.raises(TableError, match=r"output must be above zero where cost is evaluated"):
        fitted.predict(pd.DataFrame({"output": [0.0]}))
    with pytest.raises(TableError, match=r"fuel_price must be above zero where cost is evaluated: it enters in logs"):
        fitted.predict(pd.DataFrame({"fuel_price": [-1.0]}))
    level = em.fit(em.load("uk_universities"), "composite", second_order="none")
    with pytest.raises(TableError, match=r"research must not be negative where cost is evaluated"):
        level.predict(pd.DataFrame({"research": [-1.0]}))


def test_a_fit_cannot_be_changed(fitted):
    with pytest.raises(dataclasses.FrozenInstanceError):
        fitted.cov_type = "HC3"
    for array in (fitted.theta, fitted.covariance):
        with pytest.raises(ValueError, match=r"read-only"):
            array[0] = 99.0
    params, covariance = fitted.params, fitted.cov_params()
    params["output"] = 99.0
    covariance.loc["output", "output"] = 99.0
    assert fitted.params["output"] == pytest.approx(0.88274, abs=1e-5)
    assert fitted.bse["output"] < 1


def test_a_fit_does_not_change_with_the_table_it_came_from():
    frame = em.load("us_airlines").frame.copy()
    data = em.CostData(frame, cost="cost", outputs=["output"])
    fitted = em.fit(data, "cobb_douglas")
    before = fitted.resid.copy()
    frame["cost"] = 1.0
    frame.loc[:, "output"] = 2.0
    assert em.fit(data, "cobb_douglas").params.tolist() == fitted.params.tolist()
    pd.testing.assert_series_equal(em.fit(data, "cobb_douglas").resid, before)


def test_residuals_keep_the_index_of_the_table():
    frame = em.load("us_airlines").frame.set_index(pd.Index([f"row {i}" for i in range(90)]))
    frame.loc["row 5", "output"] = np.nan
    fitted = em.fit(em.CostData(frame, cost="cost", outputs=["output"]), "cobb_douglas")
    assert len(fitted.resid) == len(fitted.fittedvalues) == 89
    assert "row 5" not in fitted.resid.index
    assert (fitted.resid + fitted.fittedvalues)["row 7"] == pytest.approx(np.log(frame.loc["row 7", "cost"]))


def test_the_r_squared_is_that_of_the_response_over_the_numeraire():
    data = em.load("electricity_1970")
    homogeneous = em.fit(data, "cobb_douglas")
    response = np.log(data.frame["cost"] / data.frame["fuel_price"])
    expected = 1 - homogeneous.ssr / ((response - response.mean()) ** 2).sum()
    assert homogeneous.rsquared == pytest.approx(expected, rel=SAME_ALGEBRA)


def test_predictions_for_rows_of_the_table_itself():
    """Cost, names and whatever else stands beside the variables of the cost function plays no part."""
    schools = em.load("california_schools")
    fitted = em.fit(schools, "cobb_douglas")
    predicted = fitted.predict(schools.frame.head())
    assert predicted.to_numpy() == pytest.approx(fitted.predict().head().to_numpy(), rel=1e-9)
    with pytest.raises(UnknownName, match="pupil is not in the cost function"):
        fitted.predict(schools.frame.head().rename(columns={"pupils": "pupil"}))
    airlines = em.load("us_airlines")
    with pytest.raises(UnknownName, match="year is not in the cost function"):
        em.fit(airlines, "cobb_douglas", time_effects=True).predict(airlines.frame.head())


@pytest.mark.parametrize("estimator", [5, em.estimators.TwoStage, "two_stage"])
def test_what_is_no_estimator_says_so(estimator):
    with pytest.raises(UnknownName, match=r"There is no estimator .*There is least_squares, system, frontier; or one"):
        em.fit(em.load("electricity_1970"), estimator=estimator)


def test_no_restriction_and_one_cluster():
    power = em.load("electricity_1970")
    assert em.fit(power, restrict=None).params.equals(em.fit(power).params)
    with pytest.raises(NotSupported, match="groups is the same in all 123 rows used"):
        em.fit(power, groups=["a"] * len(power))
    alone = em.CostData(
        power.frame.assign(firm="one", year=range(len(power))), cost="cost", outputs=["output"], entity="firm",
        time="year",
    )  # fmt: skip
    assert any("All rows are of one firm" in note for note in em.fit(alone, "cobb_douglas").notes)


def test_marginal_cost_says_whose_it_is():
    power = em.load("electricity_1955")
    assert "typical provider" in em.marginal_cost(em.fit(power, "cobb_douglas")).notes[0]
    assert "best practice" in em.marginal_cost(em.fit(power, "cobb_douglas", "frontier")).notes[0]


def test_a_control_named_like_a_term_is_refused():
    data = em.load("us_airlines")
    frame = data.frame.copy()
    first, second = next(iter(data.outputs)), next(iter(data.prices))
    frame[f"{first} x {second}"] = np.linspace(0.0, 1.0, len(frame)) ** 2
    table = em.CostData(frame, cost=data.cost, outputs=[first], prices=[second], controls=[f"{first} x {second}"])
    with pytest.raises(FormError, match=rf"{first} x {second} is the name of a column and of a term of the translog"):
        em.fit(table, form="translog")
    assert em.fit(table, form="cobb_douglas").params.index.is_unique


def test_predictions_take_a_table_with_roles_and_refuse_what_is_no_table():
    data = em.load("electricity_1955")
    fit = em.fit(data, form="cobb_douglas")
    assert fit.predict(data).equals(fit.predict(data.frame))
    with pytest.raises(NotSupported, match=r"fit\.predict takes a table with a row for each prediction"):
        fit.predict("electricity")
