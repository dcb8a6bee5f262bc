"""Bootstrap of frontiers: a replication is the fit of the rows that it drew."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.estimate.frontier import inference
from econmodel.estimate.frontier.likelihood import evaluate

# A replication ends where 1e-8 of log-likelihood is to be gained: parameters are then a ten-thousandth of an error off.
SAME_OPTIMUM = {"rel": 2e-4, "abs": 2e-5}
ROUNDING = 1e-9


def table(rows, sigma_u=0.4, seed=0, periods=1):
    rng = np.random.default_rng(seed)
    visits, advice = np.exp(rng.normal(0.0, 0.6, (2, rows)))
    log_cost = np.log(1.0 + 2.0 * visits + advice) + np.abs(sigma_u * rng.normal(size=rows))
    frame = pd.DataFrame({"cost": np.exp(log_cost + 0.15 * rng.normal(size=rows)), "visits": visits, "advice": advice})
    frame["closeness"] = rng.normal(size=rows)
    return frame.assign(provider=np.arange(rows) // periods, year=np.arange(rows) % periods)


def described(frame, **roles):
    return em.CostData(frame.reset_index(drop=True), cost="cost", outputs=["visits", "advice"], **roles)


@pytest.mark.parametrize(
    ("form", "estimator"),
    [
        ("cobb_douglas", em.estimators.Frontier()),
        ("translog", em.estimators.Frontier("exponential")),
        ("cobb_douglas", em.estimators.Frontier(determinants="closeness", constant=False)),
        ("flexible_fixed_cost", em.estimators.Frontier()),
    ],
    ids=lambda one: one if isinstance(one, str) else one.distribution + "".join(one.determinants),
)
def test_a_replication_is_the_fit_of_the_rows_that_it_drew(form, estimator):
    frame = table(150)
    fitted = em.fit(described(frame), form, estimator=estimator)
    draws = fitted.replications(6, seed=1)
    found = fitted.bootstrap_all(draws)
    assert found.shape == (6, len(fitted.all_parameters))
    assert np.isfinite(found).all()
    for number in range(6):
        weights = draws.of_replications(slice(number, number + 1))[0].astype(int)
        drawn = em.fit(described(frame.loc[np.repeat(frame.index, weights)]), form, estimator=estimator)
        points = fitted.points()
        # Each fit is centred at its own means: costs are compared, not parameters.
        ours = fitted.technology.log_cost(found[number, : len(fitted.theta)], points)
        assert ours == pytest.approx(drawn.technology.log_cost(drawn.theta, points), **SAME_OPTIMUM)
        assert found[number, -2:] == pytest.approx([drawn.sigma_u, drawn.sigma_v], **SAME_OPTIMUM)
    assert fitted.bootstrap(draws).tolist() == found[:, : len(fitted.theta)].tolist()


def test_replications_without_inefficiency_are_least_squares():
    fitted = em.fit(described(table(120, sigma_u=0.0)), "cobb_douglas", estimator="frontier")
    draws = fitted.replications(200, seed=0)
    found = fitted.bootstrap_all(draws)
    none = found[:, -2] == 0.0
    assert 0.1 < none.mean() < 0.9
    plain = em.fit(described(table(120, sigma_u=0.0)), "cobb_douglas").bootstrap(draws)
    assert found[none, :-2] == pytest.approx(plain[none], rel=ROUNDING, abs=ROUNDING)


@pytest.mark.parametrize("form", ["cobb_douglas", "flexible_fixed_cost"])
def test_large_tables_take_steps_that_come_near(monkeypatch, form):
    fitted = em.fit(
        described(table(1_200, sigma_u=0.6, periods=3), entity="provider", time="year"), form, estimator="frontier"
    )
    draws = fitted.replications(5, seed=2)
    assert draws.clusters == 400
    for name in ("REESTIMATED_ROWS", "REESTIMATED_LEVEL_ROWS"):
        monkeypatch.setattr(inference, name, 2_000)
    again = fitted.bootstrap_all(draws)
    for name in ("REESTIMATED_ROWS", "REESTIMATED_LEVEL_ROWS"):
        monkeypatch.setattr(inference, name, 10)
    one, several = fitted.bootstrap_all(draws), fitted.bootstrap_all(draws, steps=4)
    spread = np.std(again, axis=0)
    assert (np.abs(one - again).mean(axis=0) < spread).all()
    if form == "cobb_douglas":
        assert several.tolist() == one.tolist()
    else:
        assert several == pytest.approx(again, **SAME_OPTIMUM)
        assert np.abs(one - again).max() > 1e-4


def test_many_replications_at_once_are_evaluated_as_one_by_one():
    fitted = em.fit(described(table(80)), estimator=em.estimators.Frontier(determinants="closeness", constant=False))
    rows = inference._Table.of(fitted.asked)
    draws = fitted.replications(3, seed=4)
    weights = draws.of_replications(slice(0, 3))
    at = fitted.found.parameters + 0.01 * np.random.default_rng(0).normal(size=(3, len(fitted.found.parameters)))
    value, gradient, hessian = rows.evaluate(at, weights)
    for number in range(3):
        alone = evaluate(fitted.asked, at[number], weights[number])
        assert value[number] == pytest.approx(alone.value, rel=ROUNDING)
        np.testing.assert_allclose(gradient[number], alone.gradient, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(hessian[number], alone.hessian, rtol=1e-8, atol=1e-8)
