"""Frontiers with levels of providers: against closed forms, differences, a known truth; and what is refused."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotIdentified, NotSupported
from econmodel.estimate.frontier import true_random_effects
from econmodel.estimate.frontier.density import HalfNormal, NoInefficiency, mean_efficiency, mean_inefficiency
from econmodel.estimate.frontier.likelihood import Likelihood, evaluate
from econmodel.estimate.frontier.true_random_effects import PanelLikelihood, evaluate_panel, provider_derivatives
from econmodel.estimate.least_squares import Groups

# Twenty nodes around the mode leave this of a log-likelihood of some hundred rows.
QUADRATURE = 1e-6
STEP, ROUNDING = 1e-5, 1e-9


def frame(providers, periods, sigma_w=0.25, sigma_u=0.3, sigma_v=0.1, seed=0):
    rng = np.random.default_rng(seed)
    rows = providers * periods
    visits, advice = np.exp(rng.normal(0.0, 0.7, (2, rows)))
    level = np.repeat(sigma_w * rng.normal(size=providers), periods)
    u = np.abs(sigma_u * rng.normal(size=rows))
    log_cost = 0.6 * np.log(visits) + 0.3 * np.log(advice) + level + u + sigma_v * rng.normal(size=rows)
    return pd.DataFrame(
        {
            "cost": np.exp(log_cost), "visits": visits, "advice": advice, "level": level, "waste": u,
            "provider": np.repeat(np.arange(providers), periods), "year": np.tile(np.arange(periods), providers),
        }
    )  # fmt: skip


def described(table):
    return em.CostData(table, cost="cost", outputs=["visits", "advice"], entity="provider", time="year")


def random(table, form="cobb_douglas", **options):
    return em.fit(described(table), form, estimator="frontier", effects="random", **options)


@pytest.fixture(scope="module")
def table():
    return frame(120, 5)


@pytest.fixture(scope="module")
def fitted(table):
    return random(table)


@pytest.mark.parametrize("form", ["translog", "flexible_fixed_cost"])
def test_gradient_and_hessian_are_those_of_differences(form):
    # Unbalanced, and in no order.
    rows = frame(12, 4, seed=1).sample(frac=0.8, random_state=0)
    plain = em.fit(described(rows), form)
    providers = Groups(*(plain.clusters.codes, plain.clusters.sizes))
    likelihood = PanelLikelihood(plain.design, HalfNormal(), providers)
    at = np.concatenate([plain.theta, np.log([0.2, 0.3, 0.15])])
    found = evaluate_panel(likelihood, at)
    scale = np.abs(found.hessian).max()
    for place in range(len(at)):
        move = STEP * (np.arange(len(at)) == place)
        up, down = (evaluate_panel(likelihood, at + sign * move) for sign in (1.0, -1.0))
        assert found.gradient[place] == pytest.approx((up.value - down.value) / (2 * STEP), rel=1e-4, abs=1e-4)
        np.testing.assert_allclose(found.hessian[place], (up.gradient - down.gradient) / (2 * STEP), atol=1e-5 * scale)


def test_without_inefficiency_it_is_the_normal_of_a_provider_s_rows():
    rows = frame(15, 4, seed=2)
    plain = em.fit(described(rows), "cobb_douglas")
    likelihood = PanelLikelihood(plain.design, NoInefficiency(), plain.clusters)
    found = provider_derivatives(likelihood, np.concatenate([plain.theta, np.log([0.3, 0.2])]))
    covariance = 0.2**2 * np.eye(4) + 0.3**2
    residuals = plain.resid.to_numpy().reshape(15, 4)
    squares = np.einsum("gi,ij,gj->g", residuals, np.linalg.inv(covariance), residuals)
    exact = -0.5 * (squares + np.linalg.slogdet(2.0 * np.pi * covariance)[1])
    assert found.value == pytest.approx(exact, abs=ROUNDING)


def test_one_row_a_provider_is_a_frontier_with_more_noise():
    rows = frame(60, 1, seed=3)
    plain = em.fit(described(rows), "cobb_douglas")
    each = Groups(np.arange(60), np.ones(60))
    panel = PanelLikelihood(plain.design, HalfNormal(), each)
    found = evaluate_panel(panel, np.concatenate([plain.theta, np.log([0.3, 0.25, 0.4])]))
    alone = evaluate(Likelihood(plain.design, HalfNormal()), np.concatenate([plain.theta, np.log([0.25, 0.5])]))
    assert found.value == pytest.approx(alone.value, abs=QUADRATURE)
    assert found.gradient[:3] == pytest.approx(alone.gradient[:3], abs=1e-4)


def test_more_nodes_say_the_same(monkeypatch, fitted, table):
    before = evaluate_panel(fitted.panel, fitted.found.parameters).value
    monkeypatch.setattr(true_random_effects, "NODES", 40)
    monkeypatch.setattr(true_random_effects.levels, "__defaults__", (40,))
    assert evaluate_panel(fitted.panel, fitted.found.parameters).value == pytest.approx(before, abs=QUADRATURE)
    assert before == pytest.approx(fitted.llf, abs=ROUNDING)


def test_a_known_truth_is_recovered(fitted, table):
    truth = {"sigma_w": 0.25, "sigma_u": 0.3, "sigma_v": 0.1}
    found = fitted.error_parameters.loc[list(truth)]
    assert (np.abs(found["estimate"] - list(truth.values())) < 4.0 * found["std_error"]).all()
    for name, value in {"visits": 0.6, "advice": 0.3}.items():
        assert abs(fitted.params[name] - value) < 4.0 * fitted.bse[name]
    levels = table.groupby("provider")["level"].first()
    assert np.corrcoef(fitted.provider_effects, levels)[0, 1] > 0.9
    assert np.corrcoef(fitted.inefficiency, table["waste"])[0, 1] > 0.7
    intervals = fitted.efficiencies(0.9)
    inside = table["waste"].between(intervals["inefficiency_low"], intervals["inefficiency_high"])
    # 600 rows with 90 %: two Monte-Carlo errors are 2.4 %.
    assert inside.mean() == pytest.approx(0.9, abs=0.04)
    pooled = em.fit(described(table), "cobb_douglas", estimator="frontier")
    assert fitted.llf > pooled.llf + 20.0
    assert fitted.llf > fitted.found.without + 5.0


def test_efficiencies_are_means_over_the_levels_that_are_likely(fitted):
    given, likely = fitted.error_model._mixed
    assert likely.sum(axis=1) == pytest.approx(np.ones(600))
    assert (likely * mean_inefficiency(given)).sum(axis=1) == pytest.approx(fitted.inefficiency.to_numpy())
    assert (likely * mean_efficiency(given)).sum(axis=1) == pytest.approx(fitted.efficiency.to_numpy())
    # With fewer nodes, as in replications, parts differ by less than a hundredth of their spread.
    residual = np.tile(fitted.error_model.deviations, (2, 1))
    parts = fitted.row_parts(np.tile(fitted.all_parameters, (2, 1)), residual)
    assert parts["inefficiency"][0] == pytest.approx(fitted.inefficiency.to_numpy(), abs=2e-3)


def test_the_order_of_rows_does_not_matter(fitted, table):
    shuffled = table.sample(frac=1.0, random_state=4)
    again = random(shuffled)
    assert again.llf == pytest.approx(fitted.llf, abs=1e-8)
    assert again.efficiency.sort_index().tolist() == pytest.approx(fitted.efficiency.tolist(), abs=1e-6)
    assert again.provider_effects.sort_index().tolist() == pytest.approx(fitted.provider_effects.tolist(), abs=1e-6)


def test_levels_and_inefficiency_are_parts_of_the_separation(fitted):
    separation = em.separate(fitted, replications=19).table.set_index("term")["estimate"]
    assert separation.drop("apparent").sum() == pytest.approx(separation["apparent"], abs=ROUNDING)
    assert {"provider effects", "inefficiency"} <= set(separation.index)
    fitted_values = fitted.fittedvalues + fitted.resid
    assert fitted_values.tolist() == pytest.approx(np.log(fitted.data.frame["cost"]).tolist())


def test_the_bootstrap_agrees_with_the_inverse_hessian_and_the_clustered_covariance(fitted, table):
    drawn = fitted.bootstrap_all(fitted.replications(400, seed=0))
    assert np.isfinite(drawn).all()
    errors = np.sqrt(np.diag(fitted.error_model.covariance.matrix))
    # 120 providers and 400 replications: spreads differ by a few per cent of themselves, sometimes by a fifth.
    assert drawn.std(axis=0) == pytest.approx(errors, rel=0.3)
    clustered = random(table, cov_type="cluster")
    assert clustered.freedom == 119.0
    assert clustered.bse.tolist() == pytest.approx(drawn.std(axis=0)[: len(clustered.bse)], rel=0.15)


def test_no_inefficiency_is_reported_with_levels_too():
    fitted = random(frame(80, 4, sigma_u=0.0, seed=4))
    assert fitted.sigma_u == 0.0
    assert fitted.notes[0].startswith("No inefficiency found")
    assert fitted.efficiency.min() == 1.0
    assert fitted.efficiencies()["inefficiency_high"].max() == 0.0
    assert fitted.inefficiency_test().passed
    assert fitted.bootstrap_all(fitted.replications(3, seed=0))[:, -2].tolist() == [0.0] * 3
    assert fitted.error_parameters["std_error"].isna().tolist() == [False, True, False, True, True]


def test_printed_with_its_levels(fitted):
    assert "level of each provider (normal) + noise + inefficiency" in repr(fitted)
    assert "If it is waste that lasts, efficiency is overstated here." in repr(fitted)
    assert "sigma_w" in fitted._repr_html_()


@pytest.mark.parametrize(
    ("rows", "estimator", "options", "error", "message"),
    [
        (
            (60, 3),
            em.estimators.Frontier("exponential"),
            {},
            NotSupported,
            'effects="random" takes half-normal inefficiency',
        ),
        ((60, 3), em.estimators.Frontier(determinants="level"), {}, NotSupported, "name the providers with groups="),
        ((60, 3), em.estimators.Frontier(), {"cov_type": "HC1"}, NotSupported, "those of a provider share its level"),
        ((60, 1), em.estimators.Frontier(), {}, NotSupported, "Every provider has one row"),
    ],
)
def test_what_is_refused(rows, estimator, options, error, message):
    with pytest.raises(error, match=message):
        em.fit(described(frame(*rows)), "cobb_douglas", estimator=estimator, effects="random", **options)


def test_providers_without_a_level_of_their_own_are_said_to_have_none():
    table = frame(60, 4, sigma_w=0.0, seed=6)
    # Levels that differ less than chance would have it.
    table["cost"] /= np.exp(table["waste"].groupby(table["provider"]).transform("mean"))
    with pytest.raises(NotIdentified, match=r"Providers have no level of cost of their own.*Use effects=None"):
        random(table)


def test_replications_by_other_groups_are_refused(fitted):
    draws = em.fit(described(frame(120, 5)).using(outputs=["visits"]), "cobb_douglas", groups="year").replications(3, 0)
    with pytest.raises(NotSupported, match="replicated by providers"):
        fitted.bootstrap_all(draws)
