"""Several restrictions together with few providers: a true null is rejected about as often as stated."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotSupported


def panel(seed, providers=30, periods=6):
    """A cost function that is homogeneous in two outputs, and errors that a provider shares."""
    rng = np.random.default_rng(seed)
    provider = np.repeat(np.arange(providers), periods)
    logs = rng.normal(size=(2, providers))[:, provider] + 0.3 * rng.normal(size=(2, len(provider)))
    shared = rng.normal(size=(3, providers))[:, provider]
    error = 0.05 * (shared[0] + shared[1] * logs[0] + shared[2] * logs[1] + rng.normal(size=len(provider)))
    frame = pd.DataFrame(
        {"cost": np.exp(1.0 + np.array([0.5, 0.4]) @ logs + error), "a": np.exp(logs[0]), "b": np.exp(logs[1])}
    )
    frame = frame.assign(provider=provider, year=np.tile(np.arange(periods), providers))
    return em.CostData(frame, cost="cost", outputs=["a", "b"], entity="provider", time="year")


def test_a_true_null_is_rejected_about_as_often_as_stated():
    found = [em.test(em.fit(panel(seed)), "homogeneous in outputs").passed is False for seed in range(60)]
    # 5 % of 60 are three; nine or more in one of three hundred such samples. The usual covariance rejects a quarter.
    assert sum(found) < 9


def test_one_restriction_keeps_the_covariance_of_the_fit():
    fitted = em.fit(panel(1))
    covariance, freedom = fitted.joint_covariance(1)
    assert covariance is fitted.covariance
    assert freedom == 29
    several, fewer = fitted.joint_covariance(2)
    assert fewer == 28
    assert np.diag(several).sum() > np.diag(covariance).sum()


@pytest.mark.parametrize(
    "estimator",
    [em.estimators.TwoStage(["continuity"], ["tender"]), em.estimators.ControlFunction(["continuity"], ["tender"])],
)
def test_estimators_in_stages_have_no_likelihood_ratio(estimator):
    rng = np.random.default_rng(0)
    tender, need, volume = rng.normal(size=(3, 200))
    continuity = tender - need + rng.normal(size=200)
    cost = np.exp(0.9 * volume - 0.2 * continuity + 0.3 * need + 0.1 * rng.normal(size=200))
    frame = pd.DataFrame({"cost": cost, "visits": np.exp(volume), "continuity": continuity, "tender": tender})
    data = em.CostData(frame, cost="cost", outputs=["visits"], relationships=["continuity"])
    fitted = em.fit(data, "cobb_douglas", estimator)
    with pytest.raises(NotSupported, match="maximises no likelihood, so there is no likelihood ratio"):
        em.test(fitted, "no relationship effect", statistic="likelihood_ratio")
    assert em.test(fitted, "no relationship effect").passed is False


def test_what_an_imposed_fit_came_from_is_printed():
    system = em.fit(em.load("electricity_1970").using(shares="renormalise"), estimator="system")
    assert "share equations, before" in str(em.impose(system, replications=9).summary())


def test_a_frontier_has_no_share_of_variance_explained():
    fitted = em.fit(em.load("electricity_1970"), "cobb_douglas", estimator="frontier")
    assert np.isnan(fitted.rsquared)
    assert "R-squared" not in str(fitted.summary())
