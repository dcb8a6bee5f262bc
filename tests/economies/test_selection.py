"""Choosing a form: statsmodels' criteria, Vuong's test by hand, prediction that is really out of sample."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies.selection import folds, predict_left_out, vuong
from econmodel.errors import NotSupported

SAME_ALGEBRA = 1e-9


@pytest.fixture(scope="module")
def power():
    return em.load("electricity_1970")


def test_the_table(power):
    found = em.select(power, ["cobb_douglas", "translog", "composite"])
    table = found.table.set_index("form")
    assert table["bic"].is_monotonic_increasing
    for form in table.index:
        fitted = em.fit(power, {"Cobb-Douglas": "cobb_douglas"}.get(form, form))
        assert table.loc[form, "log_likelihood"] == pytest.approx(fitted.llf, rel=SAME_ALGEBRA)
        assert table.loc[form, "aic"] == pytest.approx(fitted.aic, rel=SAME_ALGEBRA)
        assert table.loc[form, "scale"] == em.scale(fitted).row("ray scale economies")["estimate"]
    assert "BIC prefers translog" in found.text
    assert "Economies of scale are clear in 3" in found.text


def test_vuong_by_hand(power):
    first, second = em.fit(power, "translog"), em.fit(power, "cobb_douglas")
    densities = []
    for fitted in (first, second):
        deviation = np.sqrt(fitted.ssr / fitted.nobs)
        densities.append(-0.5 * np.log(2 * np.pi) - np.log(deviation) - 0.5 * (fitted.resid / deviation) ** 2)
    ratio = densities[0] - densities[1]
    expected = (ratio.sum() - (10 - 4) / 2 * np.log(123)) / (np.sqrt(123) * ratio.std(ddof=0))
    assert vuong(first, second)[0] == pytest.approx(expected, rel=SAME_ALGEBRA)
    assert vuong(second, first)[0] == pytest.approx(-expected, rel=SAME_ALGEBRA)
    assert np.isnan(vuong(first, first)[0])


def test_likelihoods_of_both_errors_are_of_log_cost():
    """A change of variables: the density of log cost is that of cost times cost."""
    grids = em.load("finnish_electricity")
    fitted = em.fit(grids, "composite", error="additive")
    assert fitted.log_likelihoods.sum() == pytest.approx(
        fitted.llf + np.log(grids.frame[grids.cost]).sum(), rel=SAME_ALGEBRA
    )
    table = em.select(grids, {"times": "composite", "plus": {"form": "composite", "error": "additive"}}).table
    assert table["form"].tolist() == ["times", "plus"]


def test_prediction_leaves_providers_out_whole():
    airlines = em.fit(em.load("us_airlines"), "cobb_douglas")
    fold = folds(airlines, 10, 0)
    assert pd.Series(fold).groupby(airlines.clusters.codes).nunique().max() == 1
    assert len(set(fold)) == 6
    found = predict_left_out(airlines, fold)
    squares = 0.0
    for number in set(fold):
        out = fold == number
        rest = em.fit(airlines.data.where(~out, because="left out"), "cobb_douglas")
        left = np.log(airlines.data.frame["cost"]) - rest.predict(
            airlines.data.frame[["output", "fuel_price", "load_factor"]]
        )
        squares += float((left[out] ** 2).sum())
    assert found.error == pytest.approx(np.sqrt(squares / 90), rel=1e-8)
    assert found.error > airlines.resid.std()


def test_the_truth_is_chosen():
    truth = em.worlds.state(
        "translog", {"constant": 4.0, "visits": 0.5, "meals": 0.4, "half visits squared": 0.4, "visits x meals": -0.3},
        outputs={"visits": 100.0, "meals": 100.0},
    )  # fmt: skip
    table = em.select(em.worlds.simulate(truth, 400, noise=0.05, seed=2).data).table
    assert table["form"].iloc[0] == "translog"
    assert table["prediction_error"].idxmin() == 0


def test_forms_that_cannot_hold_the_table_are_named():
    universities = em.load("uk_universities").using(relationships=[], prices=[])
    found = em.select(universities)
    assert found.tables["not fitted"]["form"].tolist() == ["Cobb-Douglas", "translog"]
    assert "has no cost at zero output" in found.tables["not fitted"]["because"].iloc[0]
    assert "settled in none of the 2 forms" in found.text


def test_what_cannot_be_asked_says_so(power):
    with pytest.raises(NotSupported, match="fits forms to a table"):
        em.select(em.fit(power))
    with pytest.raises(NotSupported, match="A choice needs two forms, and 1 could be fitted"):
        em.select(power, ["translog"])


def test_a_form_within_another_is_tested_by_the_likelihood_ratio():
    """Vuong's statistic degenerates there: of these two it says p below 1e-20 for a likelihood ratio of a half."""
    homes = em.load("new_mexico_nursing_homes")
    small, large = em.fit(homes, "cobb_douglas"), em.fit(homes, "translog")
    assert vuong(small, large)[1] < 1e-20
    found = em.select(homes, ["cobb_douglas", "translog"])
    row = found.table.iloc[1]
    assert row["nested"] == "contains the first"
    assert np.isnan(row["vuong"])
    assert row["likelihood_ratio"] == pytest.approx(2 * (large.llf - small.llf), rel=SAME_ALGEBRA)
    assert row["p_value"] == pytest.approx(chi_square_tail(row["likelihood_ratio"], 3), rel=SAME_ALGEBRA)
    assert "these tests cannot tell it from translog" in found.text
    assert "takes it as given" in " ".join(found.notes)


def chi_square_tail(value, degrees):
    from scipy.stats import chi2

    return chi2.sf(value, degrees)


def test_a_form_that_the_first_contains_is_rejected(power):
    found = em.select(power, ["cobb_douglas", "translog"])
    assert found.table["nested"].tolist() == ["", "contained in the first"]
    assert "the likelihood ratio rejects Cobb-Douglas, which it contains" in found.text
    airlines = em.select(em.load("us_airlines"), ["cobb_douglas", "translog"])
    assert "here providers repeat" in " ".join(airlines.notes)


def test_what_is_predicted_of_a_frontier_holds_its_mean_inefficiency():
    rng = np.random.default_rng(0)
    volume = rng.normal(size=300)
    log_cost = 0.9 * volume + 0.1 * rng.normal(size=300) + np.abs(rng.normal(size=300))
    data = em.CostData(
        pd.DataFrame({"cost": np.exp(log_cost), "visits": np.exp(volume)}), cost="cost", outputs=["visits"]
    )
    plain, frontier = (em.fit(data, "cobb_douglas", name) for name in ("least_squares", "frontier"))
    fold = folds(plain, 5, 0)
    without = predict_left_out(frontier, fold)
    assert without.error == pytest.approx(predict_left_out(plain, fold).error, rel=0.02)


@pytest.mark.parametrize(
    ("forms", "said"),
    [
        ("translog", "A choice needs two forms: forms="),
        (["translog", {"form": "translog", "estimator": "system"}], '"system" has no likelihood of cost alone'),
        (["translog", {"form": "translog", "estimator": "frontier"}], "differ in estimator .frontier, least_squares."),
    ],
)  # fmt: skip
def test_what_likelihoods_cannot_compare_is_refused(power, forms, said):
    with pytest.raises(NotSupported, match=said):
        em.select(power, forms)


def test_effects_that_differ_and_folds_that_are_none_are_refused(power):
    with pytest.raises(NotSupported, match=r"differ in effects .None, within."):
        em.select(em.load("us_airlines"), ["cobb_douglas", {"form": "cobb_douglas", "effects": "within"}])
    with pytest.raises(NotSupported, match="number_of_folds=1: providers are left out in at least two parts"):
        em.select(power, number_of_folds=1)


def test_options_that_are_switched_on_are_named():
    forms = [{"form": "cobb_douglas"}, {"form": "cobb_douglas", "time_effects": True}]
    found = em.select(em.load("us_airlines"), forms)
    assert set(found.table["form"]) == {"cobb_douglas", "cobb_douglas, time effects"}
