"""Determinants of inefficiency: recovery, and the ends that are no optimum."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import log_ndtr, ndtri_exp

import econmodel as em
from econmodel.errors import NotIdentified


def frame(rows, seed, moved, spread=0.3, noise=0.1):
    """Providers whose inefficiency is N(`moved`, spread^2) truncated at zero."""
    rng = np.random.default_rng(seed)
    visits, closeness = np.exp(rng.normal(0.0, 0.6, rows)), rng.normal(size=rows)
    joint = (np.arange(rows) % 4 == 0).astype(float)
    mean = moved(closeness, joint)
    # The quantile of the truncated normal at a uniform draw, in logs: exact however far below zero the mean is.
    u = mean - spread * ndtri_exp(np.log(rng.uniform(size=rows)) + log_ndtr(mean / spread))
    cost = np.exp(0.8 * np.log(visits) + u + noise * rng.normal(size=rows))
    return pd.DataFrame({"cost": cost, "visits": visits, "closeness": closeness, "joint": joint})


def fit(table, **estimator):
    data = em.CostData(table, cost="cost", outputs=["visits"])
    return em.fit(data, "cobb_douglas", estimator=em.estimators.Frontier(**estimator))


@pytest.mark.parametrize("seed", [2, 8])
def test_known_determinants_are_recovered(seed):
    fitted = fit(frame(3_000, seed, lambda z, d: 0.1 - 0.25 * z + 0.2 * d), determinants=["closeness", "joint"])
    truth = {"inefficiency: constant": 0.1, "inefficiency: closeness": -0.25, "inefficiency: joint": 0.2,
             "sigma_u": 0.3, "sigma_v": 0.1}  # fmt: skip
    found = fitted.error_parameters.loc[list(truth)]
    assert (np.abs(found["estimate"] - list(truth.values())) < 4.0 * found["std_error"]).all()
    assert (found["std_error"] < 0.2).all()
    assert fitted.params["visits"] == pytest.approx(0.8, abs=4.0 * fitted.bse["visits"])
    assert "half chi-square with 3 and half with 4" in fitted.inefficiency_test().text
    # A provider further along a determinant that lowers waste wastes less.
    assert np.corrcoef(fitted.inefficiency, fitted.data.frame["closeness"])[0, 1] < -0.3


def test_units_of_a_determinant_do_not_matter():
    table = frame(300, 2, lambda z, d: 0.1 - 0.25 * z)
    one = fit(table, determinants="closeness")
    other = fit(table.assign(closeness=5.0 + 1_000.0 * table["closeness"]), determinants="closeness")
    assert other.llf == pytest.approx(one.llf, abs=1e-8)
    slopes = [each.error_parameters["estimate"]["inefficiency: closeness"] for each in (one, other)]
    assert 1_000.0 * slopes[1] == pytest.approx(slopes[0], rel=1e-5)
    assert other.efficiency.tolist() == pytest.approx(one.efficiency.tolist(), abs=1e-6)


def test_a_determinant_that_separates_is_named_with_the_cure():
    table = frame(600, 4, lambda z, d: np.where(d == 1, -100.0, 0.2))
    message = (
        "joint tells apart 150 rows with no inefficiency at all: its effect on the mean of inefficiency runs to minus "
        "infinity, and no number is returned for it. Leave joint out of the determinants"
    )
    with pytest.raises(NotIdentified, match=message):
        fit(table, determinants=["closeness", "joint"])


def test_determinants_of_nothing_are_refused_or_spoken_of():
    with pytest.raises(
        NotIdentified, match="the likelihood is highest where sigma_u is zero, so nothing can be learnt"
    ):
        em.fit(em.load("electricity_1970"), estimator=em.estimators.Frontier("truncated_normal"))
    rng = np.random.default_rng(6)
    table = frame(200, 6, lambda z, d: 0.0 * z)
    table["cost"] = np.exp(0.8 * np.log(table["visits"]) - np.abs(rng.normal(size=200)))
    fitted = fit(table, determinants="closeness", constant=False)
    assert "lean to the side of low cost" in fitted.notes[0]
    assert "here the determinants outweigh it" in fitted.notes[0]
    assert "The data hardly tell inefficiency from noise" in fitted.notes[1]


def test_inefficiency_far_above_zero_is_a_part_of_the_cost_function():
    table = frame(600, 6, lambda z, d: 6.0 + 0.5 * z, spread=0.3, noise=0.02)
    with pytest.raises(NotIdentified, match="so far above zero that truncation never bites"):
        fit(table, determinants="closeness")


def test_missing_determinants_leave_their_rows_out_with_a_word():
    table = frame(300, 6, lambda z, d: 0.1 - 0.25 * z)
    table.loc[[3, 7], "closeness"] = np.nan
    fitted = fit(table, determinants="closeness")
    assert fitted.nobs == 298
    assert "2 rows left out: missing values in closeness." in fitted.notes
