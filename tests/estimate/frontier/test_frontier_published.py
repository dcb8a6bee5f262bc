"""Published frontiers and what other programs print for the same data; where a peer is not at the optimum, we are."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotIdentified

REFERENCE = Path(__file__).parents[2] / "reference"
PEERS = json.loads((REFERENCE / "frontiers.json").read_text(encoding="utf-8"))
# sfaR stops at a gradient of about 1e-6, which leaves six digits of a parameter.
SAME_OPTIMUM = 2e-5
# frontier's normal distribution function is an approximation: five digits of the likelihood, four of parameters.
APPROXIMATE, APPROXIMATE_LIKELIHOOD = 2e-4, 5e-5
# The Hessian of frontier is one that its search has built up (BFGS).
BUILT_UP = 0.05
# The same optimum, summed in another order.
SAME_LIKELIHOOD = 1e-10
# Numbers that are given with five or six decimals.
ROUNDED = 1e-5


def inverted(name, output, inputs):
    """A production table as a cost frontier: cost is the inverse of output, so that signs turn round."""
    frame = pd.read_csv(REFERENCE / f"{name}.csv")
    return em.CostData(frame.assign(inverse=1.0 / frame[output]), cost="inverse", outputs=inputs)


@pytest.fixture(scope="module")
def firms():
    return inverted("front41", "output", ["capital", "labour"])


@pytest.fixture(scope="module")
def rice():
    return inverted("rice_philippines", "PROD", ["AREA", "LABOR", "NPK"])


def agrees(fitted, peer, sign, rel, errors=None):
    """Coefficients in the user's units, and where asked their standard errors."""
    found = fitted.in_units()
    names = [name for name in peer["coef"] if name in found.index]
    assert len(names) == len(found)
    assert found["coefficient"][names].tolist() == pytest.approx([sign * peer["coef"][n] for n in names], rel=rel)
    if errors is not None:
        assert found["std. error"][names].tolist() == pytest.approx([peer["se"][n] for n in names], rel=errors)


@pytest.mark.parametrize("distribution", ["half_normal", "exponential"])
def test_power_stations_as_published_and_as_sfar_has_them(distribution):
    peer, published = PEERS["electricity_1970"][distribution], PEERS["electricity_1970"]["published"]
    fitted = em.fit(em.load("electricity_1970"), second_order="outputs", estimator=em.estimators.Frontier(distribution))
    agrees(fitted, peer, 1.0, SAME_OPTIMUM, errors=1e-3)
    assert fitted.llf == pytest.approx(published[distribution]["loglik"], abs=ROUNDED)
    assert fitted.sigma_u == pytest.approx(published[distribution]["sigma_u"], abs=ROUNDED)
    assert fitted.sigma_v == pytest.approx(published[distribution]["sigma_v"], abs=ROUNDED)
    assert fitted.in_units()["coefficient"].tolist() == pytest.approx(
        [published[distribution]["beta"][place] for place in (0, 1, 4, 3, 2)], abs=ROUNDED
    )
    assert fitted.residuals.log_likelihood == pytest.approx(published["loglik_ols"], abs=ROUNDED)
    assert fitted.residuals.third == pytest.approx(published["third_moment"], abs=1e-6)
    for name in ("eff_BC", "eff_JLMS", "u"):
        ours = {
            "eff_BC": fitted.efficiency, "eff_JLMS": np.exp(-fitted.inefficiency), "u": fitted.inefficiency
        }[name]  # fmt: skip
        assert ours[:10].tolist() == pytest.approx(peer[name]["first10"], abs=ROUNDED)
        assert ours.mean() == pytest.approx(peer[name]["mean"], abs=ROUNDED)


def test_moments_of_inefficiency_of_power_stations_as_published():
    published = PEERS["electricity_1970"]["published"]["half_normal"]
    fitted = em.fit(em.load("electricity_1970"), second_order="outputs", estimator="frontier")
    assert fitted.error_parameters["estimate"]["lambda"] == pytest.approx(published["lambda"], abs=ROUNDED)
    assert np.hypot(fitted.sigma_u, fitted.sigma_v) == pytest.approx(published["sigma"], abs=ROUNDED)
    assert fitted.inefficiency.mean() == pytest.approx(published["mean_inefficiency"], abs=ROUNDED)
    assert np.exp(-fitted.inefficiency).mean() == pytest.approx(published["mean_of_exponentiated"], abs=ROUNDED)


@pytest.mark.parametrize("peer", PEERS["electricity_1970"]["python"])
def test_no_python_program_has_a_higher_likelihood(peer):
    distribution = "exponential" if "exp" in peer else "half_normal"
    fitted = em.fit(em.load("electricity_1970"), second_order="outputs", estimator=em.estimators.Frontier(distribution))
    theirs = PEERS["electricity_1970"]["python"][peer]["loglik"]
    assert fitted.llf >= theirs - SAME_LIKELIHOOD
    assert (fitted.llf > theirs + 0.1) == (peer == "panelsfa_hn")


def test_a_translog_of_power_stations_has_no_inefficiency_and_says_so():
    fitted = em.fit(em.load("electricity_1970"), estimator="frontier")
    plain = em.fit(em.load("electricity_1970"))
    assert fitted.llf == pytest.approx(plain.llf, abs=1e-10)
    assert fitted.llf > PEERS["electricity_1970"]["translog_half_normal"]["loglik"]
    assert fitted.params.tolist() == plain.params.tolist()
    assert (fitted.sigma_u, fitted.inefficiency.max(), fitted.efficiency.min()) == (0.0, 0.0, 1.0)
    assert "No inefficiency found" in fitted.notes[0]
    assert "lean to the side of low cost" in fitted.notes[0]


def test_pooled_airlines_have_none_either():
    fitted = em.fit(em.load("us_airlines"), "cobb_douglas", estimator="frontier")
    peer = PEERS["us_airlines"]["half_normal"]
    assert fitted.llf == pytest.approx(peer["loglik"], abs=APPROXIMATE_LIKELIHOOD)
    assert fitted.sigma_u == 0.0
    agrees(fitted, peer, 1.0, APPROXIMATE)


def test_the_example_of_frontier_41(firms):
    fitted = em.fit(firms, "cobb_douglas", estimator="frontier")
    peer = PEERS["front41"]["half_normal"]
    agrees(fitted, peer, -1.0, SAME_OPTIMUM, errors=1e-4)
    assert fitted.llf == pytest.approx(peer["loglik"], abs=1e-8)
    assert 2.0 * np.log([fitted.sigma_u, fitted.sigma_v]) == pytest.approx(
        [peer["coef"]["Zu_(Intercept)"], peer["coef"]["Zv_(Intercept)"]], rel=SAME_OPTIMUM
    )
    assert fitted.efficiency.tolist() == pytest.approx(PEERS["front41"]["all_efficiencies"], abs=ROUNDED)
    found = fitted.efficiencies()
    assert found["efficiency"].between(found["efficiency_low"], found["efficiency_high"]).all()


def test_a_truncated_normal_that_frontier_left_too_early(firms):
    fitted = em.fit(firms, "cobb_douglas", estimator=em.estimators.Frontier("truncated_normal"))
    assert fitted.llf > PEERS["front41"]["truncated_normal_not_at_optimum"]["loglik"] + 0.01
    assert np.abs(fitted.found.found.gradient).max() < 1e-6


def test_rice_farms(rice):
    fitted = em.fit(rice, "cobb_douglas", estimator="frontier")
    peer = PEERS["rice"]["half_normal"]
    agrees(fitted, peer, -1.0, APPROXIMATE, errors=BUILT_UP)
    assert fitted.llf == pytest.approx(peer["loglik"], abs=APPROXIMATE_LIKELIHOOD)
    assert fitted.gamma == pytest.approx(peer["coef"]["gamma"], rel=APPROXIMATE)
    assert fitted.efficiency[:10].tolist() == pytest.approx(peer["eff_BC"]["first10"], rel=APPROXIMATE)


def test_a_translog_of_rice_farms(rice):
    fitted = em.fit(rice, "translog", estimator="frontier")
    peer = PEERS["rice"]["translog"]
    found = fitted.in_units()["coefficient"]
    names = [name for name in peer["coef"] if name in found.index]
    assert found[names].tolist() == pytest.approx([-peer["coef"][name] for name in names], abs=APPROXIMATE)
    assert fitted.llf == pytest.approx(peer["loglik"], abs=APPROXIMATE_LIKELIHOOD)


def test_determinants_of_the_inefficiency_of_rice_farms(rice):
    estimator = em.estimators.Frontier(determinants=["EDYRS", "BANRAT"], constant=False)
    fitted = em.fit(rice, "cobb_douglas", estimator=estimator)
    peer = PEERS["rice"]["determinants"]
    agrees(fitted, peer, -1.0, APPROXIMATE, errors=BUILT_UP)
    assert fitted.llf == pytest.approx(peer["loglik"], abs=APPROXIMATE_LIKELIHOOD)
    moved = fitted.error_parameters["estimate"][["inefficiency: EDYRS", "inefficiency: BANRAT"]]
    assert moved.tolist() == pytest.approx([peer["coef"]["Z_EDYRS"], peer["coef"]["Z_BANRAT"]], rel=APPROXIMATE)
    assert fitted.sigma_u**2 + fitted.sigma_v**2 == pytest.approx(peer["coef"]["sigmaSq"], rel=APPROXIMATE)
    assert fitted.efficiency[:10].tolist() == pytest.approx(peer["eff_BC"]["first10"], abs=APPROXIMATE)


def test_a_truncated_normal_without_an_optimum_that_frontier_calls_converged(rice):
    peer = PEERS["rice"]["truncated_normal_not_at_optimum"]["loglik"]
    assert em.fit(rice, "cobb_douglas", estimator=em.estimators.Frontier("exponential")).llf > peer + 0.5
    with pytest.raises(NotIdentified, match=r"the data want the exponential distribution.*em\.estimators\.Frontier"):
        em.fit(rice, "cobb_douglas", estimator=em.estimators.Frontier("truncated_normal"))
