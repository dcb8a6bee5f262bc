"""Intervals that cover all rows at once: exact where estimates are independent or the same, and by simulation."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies.core.inference import JOINT_DRAWS, largest_deviations

# Three binomial standard errors of a quantile's level with so many draws, in units of the quantile.
MONTE_CARLO = 0.03


def test_independent_estimates_have_the_quantile_of_sidak():
    from scipy.special import ndtri

    found = np.quantile(largest_deviations(np.eye(5), 1e9), 0.95)
    assert found == pytest.approx(ndtri(0.5 + 0.95 ** (1 / 5) / 2), abs=MONTE_CARLO)


def test_one_estimate_and_copies_of_it_have_the_quantile_of_t():
    from scipy.special import stdtrit

    assert JOINT_DRAWS >= 20_000
    for covariance in (np.eye(1), np.ones((4, 4))):
        assert np.quantile(largest_deviations(covariance, 12.0), 0.95) == pytest.approx(
            stdtrit(12.0, 0.975), abs=2 * MONTE_CARLO
        )


@pytest.mark.parametrize("method", ["delta", "bootstrap", "simulate"])
def test_bands_are_wider_and_p_values_larger(method):
    fitted = em.fit(em.load("electricity_1970"))
    places = [0.1, 0.5, 1.0, 2.0, 4.0]
    one = em.scale(fitted, at=places, method=method).table
    band = em.scale(fitted.jointly(), at=places, method=method).table
    assert band["estimate"].tolist() == one["estimate"].tolist()
    assert ((band["conf_high"] - band["conf_low"]) > 1.05 * (one["conf_high"] - one["conf_low"])).all()
    assert (band["p_value"] >= one["p_value"] - 0.02).all()


def test_bands_cover_all_points_at_once():
    truth = em.worlds.state(
        "translog", {"constant": 4.0, "visits": 0.9, "half visits squared": 0.05}, outputs={"visits": 100.0}
    )
    at = [{"visits": volume} for volume in (30.0, 100.0, 300.0)]
    expected = [em.scale(truth, at=place).row("ray elasticity")["estimate"] for place in at]
    alone, together = [], []
    for seed in range(60):
        fitted = em.fit(em.worlds.simulate(truth, 80, seed=seed).data)
        for fit, covered in ((fitted, alone), (fitted.jointly(), together)):
            table = em.scale(fit, at=pd.DataFrame(at)).table.query("term == 'ray elasticity'")
            covered.append(((table["conf_low"] < expected) & (table["conf_high"] > expected)).all())
    # 95 % of 60 samples, less three binomial standard errors.
    assert np.mean(together) > 0.86
    assert np.mean(together) > np.mean(alone)


@pytest.mark.parametrize("method", ["delta", "bootstrap", "simulate"])
def test_what_has_no_null_has_no_p_value(method):
    fitted = em.fit(em.load("electricity_1970")).jointly()
    assert em.marginal_cost(fitted, at=[0.5, 2.0], method=method).table["p_value"].isna().all()


def test_few_clusters_keep_their_wild_p_values():
    """Six airlines: the classical test prints far smaller p-values than the wild cluster bootstrap."""
    fitted = em.fit(em.load("us_airlines"), "translog")
    one = em.scale(fitted, at=[0.5, 1.0, 2.0]).table["p_value"]
    band = em.scale(fitted.jointly(), at=[0.5, 1.0, 2.0]).table["p_value"]
    assert (band >= one).all()
    assert band.max() <= 1.0


@pytest.mark.parametrize(
    ("method", "said"),
    [
        ("delta", "P-values come from the wild cluster bootstrap"),
        ("bootstrap", "the bootstrap draws from them alone"),
        ("simulate", "draws are from the classical covariance"),
    ],
)
def test_what_few_clusters_leave_of_each_method(method, said):
    found = em.scale(em.fit(em.load("us_airlines"), "cobb_douglas"), method=method)
    assert any(said in note for note in found.notes)
    assert ("wild cluster bootstrap" in found.text) <= (method == "delta")
