"""Weights of an additive error: weighted least squares as statsmodels has it, and what cannot be weighed."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import econmodel as em
from econmodel.errors import FormError, TableError, UnknownName

# The same algebra, after a search for what is linear here.
SAME = 1e-7


def frame(count=90, seed=31):
    """Cost that is linear in outputs, with an error that grows with beds."""
    rng = np.random.default_rng(seed)
    visits, beds = np.exp(rng.normal(4.0, 0.6, (2, count)))
    error = 0.1 * (visits + beds) * rng.standard_normal(count)
    table = pd.DataFrame({"visits": visits, "beds": beds, "cost": 40 + 3 * visits + 5 * beds + error})
    return table.assign(sure=1.0 / (visits + beds) ** 2, region=np.arange(count) % 25)


def data_of(table):
    return em.CostData(table, cost="cost", outputs=["visits", "beds"])


def weighted(table, weights="sure", **asked):
    how = {"error": "additive", "second_order": "none"} | asked
    return em.fit(data_of(table), "flexible_fixed_cost", weights=weights, **how)


def peer(table, **kind):
    """Statsmodels' WLS of cost on what the form's parameters multiply: one, and outputs over their means."""
    columns = sm.add_constant(table[["visits", "beds"]] / table[["visits", "beds"]].mean())
    return sm.WLS(table["cost"], columns, weights=table["sure"]).fit(use_t=True, **kind)


@pytest.mark.parametrize("kind", ["nonrobust", "HC0", "HC1", "HC2", "HC3"])
def test_parameters_and_errors_are_those_of_weighted_least_squares(kind):
    table = frame()
    found, theirs = weighted(table, cov_type=kind), peer(table, cov_type=kind)
    assert found.params.tolist() == pytest.approx(theirs.params.tolist(), rel=SAME)
    assert found.bse.tolist() == pytest.approx(theirs.bse.tolist(), rel=SAME)


def test_clustered_errors_are_those_of_weighted_least_squares():
    table = frame()
    theirs = peer(table, cov_type="cluster", cov_kwds={"groups": table["region"]})
    assert weighted(table, groups="region").bse.tolist() == pytest.approx(theirs.bse.tolist(), rel=SAME)


def test_what_is_said_of_the_fit_is_what_statsmodels_says():
    table = frame()
    found, theirs = weighted(table, cov_type="nonrobust"), peer(table)
    assert found.llf == pytest.approx(theirs.llf, rel=SAME)
    assert found.rsquared == pytest.approx(theirs.rsquared, rel=SAME)
    assert found.resid.tolist() == pytest.approx(theirs.resid.tolist(), rel=SAME, abs=1e-5)
    assert found.fittedvalues.tolist() == pytest.approx(theirs.fittedvalues.tolist(), rel=SAME)
    # Weights have a mean of one here, so the residual variance is that of a row of average weight.
    assert found.scale == pytest.approx(theirs.scale / table["sure"].mean(), rel=SAME)
    assert "weights of squared errors" in str(found)
    assert "sure" in str(found)


def test_only_ratios_of_weights_matter():
    table = frame()
    once, thousand = weighted(table), weighted(table.assign(sure=1000 * table["sure"]))
    assert thousand.params.tolist() == pytest.approx(once.params.tolist(), rel=SAME)
    assert thousand.bse.tolist() == pytest.approx(once.bse.tolist(), rel=SAME)
    assert thousand.scale == pytest.approx(once.scale, rel=SAME)


def test_equal_weights_are_no_weights():
    table = frame()
    plain = weighted(table, None)
    same = weighted(table, np.full(len(table), 7.0))
    assert same.params.tolist() == pytest.approx(plain.params.tolist(), rel=SAME)
    assert same.bse.tolist() == pytest.approx(plain.bse.tolist(), rel=SAME)
    assert "weights of squared errors" not in str(plain)


def test_numbers_a_row_are_as_good_as_a_column_and_an_output_may_weigh():
    table = frame()
    by_name, by_number = weighted(table, "visits"), weighted(table, table["visits"].tolist())
    assert by_number.params.tolist() == by_name.params.tolist()
    assert by_name.data.frame["visits"].tolist() == table["visits"].tolist()
    # A measure that fits again takes the weights along.
    assert em.separate(by_number, replications=19).table["term"].iloc[0] == "apparent"


def test_right_weights_are_more_precise():
    found = [(weighted(frame(seed=seed)).params, weighted(frame(seed=seed), None).params) for seed in range(40)]
    spread = [pd.DataFrame([one[place] for one in found]).std() for place in (0, 1)]
    assert (spread[0] < spread[1]).all()


def test_the_bootstrap_weighs_too():
    fitted = weighted(frame(400))
    drawn = fitted.bootstrap(fitted.replications(300, 1))
    assert drawn.std(axis=0).tolist() == pytest.approx(fitted.bse.tolist(), rel=0.2)
    assert drawn.mean(axis=0).tolist() == pytest.approx(fitted.params.tolist(), rel=0.1)


def test_rows_without_a_weight_are_left_out_in_the_open():
    table = frame()
    table.loc[[2, 5], "sure"] = np.nan
    fitted = weighted(table)
    assert fitted.nobs == len(table) - 2
    assert "2 rows left out: missing values in weight: sure." in fitted.notes
    assert fitted.params.tolist() == pytest.approx(weighted(table.drop([2, 5])).params.tolist(), rel=SAME)


def test_what_cannot_be_weighed_is_refused():
    table = frame()
    with pytest.raises(FormError, match=r"weights= say how sure the cost of each row is .* leave weights out"):
        weighted(table, error="multiplicative")
    with pytest.raises(UnknownName, match=r"no column 'shure' to weigh rows by; did you mean 'sure'"):
        weighted(table, "shure")
    with pytest.raises(TableError, match=r"There are 3 weights for 90 rows. Give one a row, or name a column"):
        weighted(table, [1.0, 2.0, 3.0])
    with pytest.raises(TableError, match=r"sure weighs rows and must be above zero in every one; in row 4 it is not"):
        weighted(table.assign(sure=np.where(np.arange(len(table)) == 4, 0.0, 1.0)))
    with pytest.raises(FormError, match=r"estimator=\"two_stage\" has no weights. Use estimator=\"least_squares\""):
        weighted(table, estimator=em.estimators.TwoStage(["visits"], ["region"]))
