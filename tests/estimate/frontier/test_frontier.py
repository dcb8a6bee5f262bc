"""Frontiers: exact derivatives, invariances, the boundary, recovery, and what is refused."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import FormError, NotIdentified, NotSupported, TableError, UnknownName
from econmodel.estimate.frontier import solution as frontier_solution
from econmodel.estimate.frontier.density import DENSITIES
from econmodel.estimate.frontier.inference import score_blocks
from econmodel.estimate.frontier.likelihood import Likelihood, climb, evaluate, uphill
from econmodel.estimate.preparation import Specification, prepare
from econmodel.forms.form import find_form

# Central differences of an exact gradient, with a step of 1e-5.
STEP, DIFFERENCES = 1e-5, 1e-6
# Newton ends where 1e-12 of log-likelihood is to be gained: parameters are then within a millionth of their errors.
SAME_OPTIMUM = 1e-6
ROUNDING = 1e-9


def simulated(rows, sigma_u=0.3, sigma_v=0.15, seed=0, distribution="half_normal", delta=0.0, periods=1):
    """Providers with two outputs, one price, a relationship variable that may also drive inefficiency."""
    rng = np.random.default_rng(seed)
    visits, advice, wage = np.exp(rng.normal(0.0, 0.6, (3, rows)))
    closeness = rng.normal(size=rows)
    if distribution == "exponential":
        u = rng.exponential(sigma_u, rows) if sigma_u else np.zeros(rows)
    else:
        mean = delta * closeness
        u = np.full(rows, -1.0)
        while (u < 0).any():
            u = np.where(u < 0, rng.normal(mean, sigma_u), u)
    log_cost = 1.0 + 0.5 * np.log(visits) + 0.4 * np.log(advice) + 0.6 * np.log(wage) - 0.1 * closeness
    cost = np.exp(log_cost + u + sigma_v * rng.normal(size=rows))
    names = {"cost": cost, "visits": visits, "advice": advice, "wage": wage, "closeness": closeness}
    return pd.DataFrame(names | {"provider": np.arange(rows) // periods})


def table(frame, **roles):
    relationships = {"closeness": em.Relationship("attribute", scale="level", more_means="closer")}
    roles = {"relationships": relationships, "outputs": ["visits", "advice"], "prices": ["wage"]} | roles
    return em.CostData(frame, cost="cost", **roles)


@pytest.fixture(scope="module")
def frame():
    return simulated(400)


@pytest.fixture(scope="module")
def fitted(frame):
    return em.fit(table(frame), "cobb_douglas", estimator="frontier")


@pytest.mark.parametrize("form", ["translog", "composite"])
@pytest.mark.parametrize("distribution", DENSITIES)
def test_gradient_and_hessian_are_those_of_differences(frame, form, distribution):
    estimator = em.estimators.Frontier(determinants="closeness")
    asked = Specification(find_form(form), estimator, second_order="outputs")
    design = prepare(table(frame[:60]), asked).design
    density = DENSITIES[distribution]
    likelihood = Likelihood(design, density, constant=density.has_mean)
    rng = np.random.default_rng(1)
    start = em.fit(table(frame[:60]), form, second_order="outputs").theta
    at = np.concatenate([start + 0.01 * rng.normal(size=len(start)), [-0.1, 0.05][: likelihood.means], [-1.2, -1.5]])
    weights = rng.integers(0, 3, 60).astype(float)
    found = evaluate(likelihood, at, weights)
    for place in range(len(at)):
        move = STEP * (np.arange(len(at)) == place)
        up, down = (evaluate(likelihood, at + sign * move, weights) for sign in (1.0, -1.0))
        scale = np.abs(found.hessian).max()
        assert found.gradient[place] == pytest.approx((up.value - down.value) / (2 * STEP), rel=1e-5, abs=1e-5)
        np.testing.assert_allclose(
            found.hessian[place], (up.gradient - down.gradient) / (2 * STEP), atol=DIFFERENCES * scale
        )
    own = [(gradient.copy(), hessian.copy()) for _, gradient, hessian in likelihood.row_derivatives(at)]
    np.testing.assert_allclose(own[0][0] @ weights, found.gradient, rtol=ROUNDING, atol=ROUNDING)
    np.testing.assert_allclose(
        own[0][1] @ weights, found.hessian, rtol=1e-7, atol=ROUNDING * np.abs(found.hessian).max()
    )
    scores = np.hstack([block for _, block in score_blocks(likelihood, at)])
    np.testing.assert_allclose(scores, own[0][0], rtol=ROUNDING, atol=ROUNDING)


@pytest.mark.parametrize("distribution", ["half_normal", "exponential"])
def test_every_start_leads_to_the_same_optimum_in_few_steps(frame, distribution):
    design = em.fit(table(frame)).design
    likelihood = Likelihood(design, DENSITIES[distribution])
    least_squares = frontier_solution.without_inefficiency(design, None)
    residuals = frontier_solution.residual_moments(design, least_squares.theta)
    peaks = []
    for share in (0.05, 0.5, 0.95):
        start = frontier_solution.started(likelihood, least_squares.theta, residuals, share)
        peaks.append(climb(lambda at: evaluate(likelihood, at), start, lambda at, found: ""))
    assert max(peak.passes for peak in peaks) <= 12
    for peak in peaks:
        assert peak.parameters == pytest.approx(peaks[0].parameters, abs=SAME_OPTIMUM)


def test_a_sampled_start_leads_large_tables_to_the_same_optimum(monkeypatch, frame, fitted):
    monkeypatch.setattr(frontier_solution, "SAMPLED_ROWS", 90)
    sampled = em.fit(table(frame), "cobb_douglas", estimator="frontier")
    assert sampled.all_parameters == pytest.approx(fitted.all_parameters, abs=SAME_OPTIMUM)
    assert sampled.found.passes < fitted.found.passes


@pytest.mark.parametrize(
    ("distribution", "sigma_u"), [("half_normal", 0.4), ("half_normal", 0.0), ("exponential", 0.3)]
)
def test_a_known_truth_is_recovered(distribution, sigma_u):
    data = table(simulated(4_000, sigma_u=sigma_u, seed=3, distribution=distribution))
    fitted = em.fit(data, "cobb_douglas", estimator=em.estimators.Frontier(distribution))
    truth = {"visits": 0.5, "advice": 0.4, "wage": 0.6, "closeness": -0.1}
    for name, value in truth.items():
        assert abs(fitted.params[name] - value) < 4.0 * fitted.bse[name]
    # Sampling error of a standard deviation is a few hundredths at this size, larger where it is zero.
    assert fitted.sigma_u == pytest.approx(sigma_u, abs=0.04 if sigma_u else 0.12)
    assert fitted.sigma_v == pytest.approx(0.15, abs=0.03)
    test = fitted.inefficiency_test()
    assert test.passed == (sigma_u == 0.0)
    assert test.null == "no inefficiency"


def test_units_move_the_constant_only(frame, fitted):
    other = frame.assign(cost=1e3 * frame["cost"], visits=frame["visits"] / 12.0, wage=100.0 * frame["wage"])
    moved = em.fit(table(other), "cobb_douglas", estimator="frontier")
    assert moved.llf == pytest.approx(fitted.llf, abs=ROUNDING)
    assert moved.params[1:].tolist() == pytest.approx(fitted.params[1:].tolist(), abs=SAME_OPTIMUM)
    assert moved.params["constant"] - fitted.params["constant"] == pytest.approx(np.log(1e3), abs=SAME_OPTIMUM)
    assert moved.efficiency.tolist() == pytest.approx(fitted.efficiency.tolist(), abs=SAME_OPTIMUM)


def test_efficiency_is_what_the_mean_of_inefficiency_leaves(fitted, frame):
    found = fitted.efficiencies(0.9)
    assert list(found) == [
        "inefficiency", "inefficiency_low", "inefficiency_high", "efficiency", "efficiency_low", "efficiency_high",
    ]  # fmt: skip
    # Jensen: the mean of exp(-u) is above exp of minus the mean.
    assert (found["efficiency"] > np.exp(-found["inefficiency"])).all()
    wider = fitted.efficiencies(0.99)
    assert (wider["inefficiency_high"] > found["inefficiency_high"]).all()
    deviation = np.log(frame["cost"]) - fitted.fittedvalues
    assert np.argsort(deviation).tolist() == np.argsort(found["inefficiency"]).tolist()
    # The conditional means average to the mean of u (law of iterated expectations, at the optimum in the sample).
    assert found["inefficiency"].mean() == pytest.approx(fitted.sigma_u * np.sqrt(2.0 / np.pi), rel=0.02)
    pd.testing.assert_series_equal(fitted.predict(), fitted.fittedvalues)


def test_robust_and_clustered_covariances_are_the_sandwich_of_the_scores(frame, fitted):
    k, n = len(fitted.theta), len(frame)
    scores = np.hstack([block for _, block in score_blocks(fitted.found.likelihood, fitted.found.parameters)])
    bread = np.linalg.inv(-fitted.found.found.hessian)
    assert fitted.covariance == pytest.approx(bread[:k, :k], rel=1e-6)
    assert fitted.classical_covariance == pytest.approx(bread[:k, :k], rel=1e-6)
    robust = em.fit(table(frame), "cobb_douglas", estimator="frontier", cov_type="HC1")
    meat = scores @ scores.T
    assert robust.covariance == pytest.approx((n / (n - k - 2) * bread @ meat @ bread)[:k, :k], rel=1e-6)
    again = em.fit(table(frame), "cobb_douglas", estimator="frontier", cov_type="HC0")
    assert again.covariance * n / (n - k - 2) == pytest.approx(robust.covariance, rel=1e-6)
    each = em.fit(table(frame), "cobb_douglas", estimator="frontier", cov_type="cluster", groups="provider")
    assert each.covariance / each.covariance[0, 0] == pytest.approx(again.covariance / again.covariance[0, 0], rel=1e-6)
    assert each.freedom == n - 1


def test_providers_that_repeat_are_clustered_and_few_of_them_are_spoken_of(frame):
    many = table(frame.assign(provider=np.arange(400) // 4), entity="provider")
    assert em.fit(many, "cobb_douglas", estimator="frontier").cov_type == "cluster"
    few = em.fit(table(frame.assign(provider=np.arange(400) // 40), entity="provider"), estimator="frontier")
    assert few.cov_type == "nonrobust"
    assert not few.wild
    assert any(note.startswith("10 clusters are too few for clustered standard errors") for note in few.notes)


def test_inefficiency_is_a_part_of_the_separation_and_of_a_gap(fitted):
    separation = em.separate(fitted, replications=19)
    parts = separation.table.set_index("term")["estimate"]
    assert parts.drop("apparent").sum() == pytest.approx(parts["apparent"], abs=ROUNDING)
    log_size = np.log(separation.tables["size weights"]["weight"].to_numpy() @ fitted.points().outputs.T)
    slope = np.cov(log_size, fitted.inefficiency)[0, 1] / log_size.var(ddof=1)
    assert parts["inefficiency"] == pytest.approx(slope, rel=1e-6)
    gap = em.decompose(fitted, "row 0", "row 1")
    own = fitted.inefficiency.iloc[1] - fitted.inefficiency.iloc[0]
    assert gap.row("inefficiency")["estimate"] == pytest.approx(own, abs=ROUNDING)


def test_printed_with_its_noise_and_inefficiency(fitted):
    for text in (repr(fitted), fitted._repr_html_()):
        for word in ("Noise and inefficiency", "sigma_u", "gamma", "Newton's method".replace("'", ""), "inefficiency"):
            assert word in text.replace("'", "").replace("&#x27;", "")
    assert list(fitted.error_parameters.index) == ["sigma_u", "sigma_v", "lambda", "gamma"]
    extra = 2.0 * len(fitted.all_parameters) - 2.0
    assert fitted.aic == pytest.approx(extra - 2.0 * fitted.llf)
    assert fitted.bic - fitted.aic == pytest.approx((np.log(400) - 2.0) * extra / 2.0)


def test_the_wrong_skew_is_reported_with_what_it_means(frame):
    turned = frame.assign(cost=1.0 / frame["cost"])
    fitted = em.fit(table(turned), "cobb_douglas", estimator="frontier")
    assert fitted.residuals.skewness < 0
    assert "this is no evidence that all are efficient" in fitted.notes[0]
    assert fitted.error_parameters["std_error"].isna().tolist() == [True, False, True, True]
    test = fitted.inefficiency_test()
    assert test.passed
    assert test.table["p_value"].iloc[-1] == 1.0
    assert test.text == "No inefficiency was found: the likelihood is highest without it."
    assert fitted.row_parts(fitted.all_parameters[None], fitted.resid.to_numpy()[None])["inefficiency"].max() == 0.0


def test_intervals_near_the_boundary_are_spoken_of():
    fitted = em.fit(em.load("electricity_1970"), second_order="outputs", estimator="frontier")
    assert any("The data hardly tell inefficiency from noise" in note for note in fitted.notes)
    test = fitted.inefficiency_test()
    assert test.text.startswith("No conclusion: deviations from the best practice may all be noise (p = 0.188")
    assert test.passed


def test_a_step_goes_uphill_where_the_likelihood_bends_up():
    step, concave = uphill(np.array([1.0, -2.0]), np.diag([4.0, -1.0]))
    assert not concave
    assert step == pytest.approx([0.25, -2.0])


@pytest.mark.parametrize(
    ("estimator", "options", "error", "message"),
    [
        ({"distribution": "gamma"}, {}, UnknownName, "There is no distribution 'gamma'. There is half_normal"),
        ({"distribution": "exponential", "determinants": "x"}, {}, NotSupported, "the exponential has none"),
        ({"determinants": "nothing"}, {}, UnknownName, "There is no column nothing for a determinant"),
        ({"determinants": "word"}, {}, TableError, "word holds no numbers, so it cannot move inefficiency"),
        ({"determinants": "same"}, {}, TableError, "same has the same value in every row"),
        ({}, {"form": "composite", "error": "additive"}, FormError, "Inefficiency multiplies cost"),
        ({}, {"cov_type": "HC3"}, NotSupported, "which a frontier does not have"),
        ({}, {"cov_type": "cluster"}, NotSupported, "needs groups"),
        ({}, {"effects": "within"}, FormError, 'estimator="frontier" has no effects="within"'),
    ],
)
def test_what_is_refused(frame, estimator, options, error, message):
    data = table(frame.assign(word="a", same=1.0), entity="provider")
    with pytest.raises(error, match=message.replace("(", r"\(")):
        em.fit(data, **options, estimator=em.estimators.Frontier(**estimator))


def test_a_frontier_without_noise_is_refused():
    rng = np.random.default_rng(0)
    frame = simulated(12, sigma_v=0.0, sigma_u=0.5, seed=1)
    frame["cost"] = np.exp(0.5 * np.log(frame["visits"]) + rng.exponential(0.5, 12) * (np.arange(12) > 3))
    with pytest.raises(NotIdentified, match=r"a frontier without noise \(sigma_v of zero\)"):
        em.fit(table(frame, relationships=[], prices=[]), "cobb_douglas", estimator="frontier")


def test_the_share_of_inefficiency_in_the_variance_is_between_none_and_all():
    table = em.fit(em.load("electricity_1955"), estimator="frontier").error_parameters["estimate"]
    sigma_u, sigma_v = table["sigma_u"], table["sigma_v"]
    assert table["lambda"] == pytest.approx(sigma_u / sigma_v)
    assert table["gamma"] == pytest.approx(sigma_u**2 / (sigma_u**2 + sigma_v**2))
