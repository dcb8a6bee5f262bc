"""The nearest regular parameters: against scipy's general minimiser, and by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.estimate.projection import Conditions, nearest, project
from econmodel.forms.regularity import concavity_margin

# scipy's minimiser stops at six digits of the objective.
SAME_MINIMUM = 1e-5
# Conditions are met to rounding, times the size of the coordinates.
MET = 1e-9


@given(st.integers(0, 1000))
@settings(max_examples=25)
def test_the_shortest_vector_meets_the_conditions_of_an_optimum(seed):
    rng = np.random.default_rng(seed)
    matrix, inside = rng.normal(size=(6, 4)), rng.normal(size=4)
    bounds = matrix @ inside - rng.exponential(size=6)
    z, multipliers = nearest(matrix, bounds)
    slack = matrix @ z - bounds
    assert slack.min() > -MET
    assert (multipliers >= 0).all()
    assert z == pytest.approx(matrix.T @ multipliers, abs=1e-8), "stationary"
    assert multipliers @ slack == pytest.approx(0.0, abs=1e-8), "complementary"


def test_conditions_that_exclude_each_other_have_no_answer():
    z, _ = nearest(np.array([[1.0, 0.0], [-1.0, 0.0]]), np.array([1.0, 1.0]))
    assert np.isnan(z).all()


@pytest.fixture(scope="module")
def power():
    fitted = em.fit(em.load("electricity_1970"))
    return fitted, Conditions(fitted.technology, fitted.points(), monotone=True, concave=True)


def test_the_nearest_regular_translog_as_a_general_minimiser_finds_it(power):
    from scipy.optimize import minimize

    fitted, conditions = power
    found = project(fitted.theta, fitted.covariance, conditions)
    weight = np.linalg.inv(fitted.covariance)
    assert (found.theta - fitted.theta) @ weight @ (found.theta - fitted.theta) == pytest.approx(found.distance)
    slopes, _ = conditions.margins(found.theta)
    assert slopes.min() > -MET
    assert concavity_margin(fitted.technology, found.theta, fitted.points()).min() > -MET

    def inside(theta):
        margins, _ = conditions.margins(theta)
        return np.append(margins[:, :-1].min(axis=0), concavity_margin(fitted.technology, theta, fitted.points()).min())

    def farther(share):
        return found.theta + share * (inner - found.theta)

    # From a point well inside the allowed set towards the answer nothing nearer is allowed.
    inner = project(fitted.theta, np.eye(len(fitted.theta)), conditions).theta
    assert inside(farther(0.5)).min() > -MET, "in a log form what is allowed is convex"
    moved = farther(0.5) - fitted.theta
    assert moved @ weight @ moved > found.distance
    peer = minimize(
        lambda theta: (theta - fitted.theta) @ weight @ (theta - fitted.theta), farther(0.05), method="SLSQP",
        jac=lambda theta: 2 * weight @ (theta - fitted.theta), options={"ftol": 1e-9, "maxiter": 60},
        constraints=[{"type": "ineq", "fun": lambda theta: inside(theta) + MET}],
    )  # fmt: skip
    assert found.distance <= peer.fun * (1 + SAME_MINIMUM)


def test_regular_parameters_stay_where_they_are(power):
    fitted, conditions = power
    first = project(fitted.theta, fitted.covariance, conditions)
    second = project(first.theta, fitted.covariance, conditions)
    assert second.distance < 1e-12
    assert second.theta == pytest.approx(first.theta, abs=1e-7)


def test_a_level_form_keeps_its_cost_above_zero():
    fitted = em.fit(em.load("uk_universities"), "composite", second_order="outputs")
    points = fitted.points()
    conditions = Conditions(
        fitted.technology, points, monotone=True, concave=False, size=fitted.data.frame["cost"].mean()
    )
    found = project(fitted.theta, fitted.covariance, conditions)
    assert conditions.margins(found.theta)[0].min() > -MET
    assert (fitted.technology.cost(found.theta, points) > 0).all()
    assert found.distance > 0
