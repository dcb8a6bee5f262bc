"""Derivatives of any measure, exact to rounding, and the delta method made of them."""

import numpy as np
import pytest

import econmodel as em
from econmodel.estimate.delta import delta_covariance, jacobian

# A central difference of a smooth function at a step of 1e-5: 1e-10 of truncation, 1e-11 of rounding, relative.
DIFFERENCES = 1e-6
EXACT = 1e-14


def differences(measure, theta):
    columns = []
    for place in range(len(theta)):
        step = np.zeros_like(theta)
        step[place] = 1e-5 * max(1.0, abs(theta[place]))
        columns.append((measure(theta + step) - measure(theta - step)) / (2 * step[place]))
    return np.stack(columns, axis=-1)


def test_a_known_derivative_is_exact():
    theta = np.array([0.3, -2.0, 1e6])
    found = jacobian(lambda t: np.stack([t[..., 0] * t[..., 1], np.exp(t[..., 0]) / t[..., 2]], axis=-1), theta)
    expected = [[-2.0, 0.3, 0.0], [np.exp(0.3) / 1e6, 0.0, -np.exp(0.3) / 1e12]]
    assert found == pytest.approx(np.array(expected), rel=EXACT)


@pytest.mark.parametrize("form", ["translog", "composite", "flexible_fixed_cost"])
def test_derivatives_of_every_ingredient_agree_with_differences(form):
    data = em.load("uk_universities").where("undergraduates > 0", because="logs")
    fitted = em.fit(data, form, second_order="outputs")
    technology, point = fitted.technology, fitted.technology.mean_point()
    point = point.with_outputs(1.2 * point.outputs)
    measures = {
        "cost": lambda t: technology.cost(t, point),
        "elasticity": lambda t: (technology.slopes(t, point).outputs * point.outputs).sum(axis=-1),
        "inverse": lambda t: 1.0 / (technology.slopes(t, point).outputs * point.outputs).sum(axis=-1),
        "units": technology.in_units,
    }
    for name, measure in measures.items():
        found, expected = jacobian(measure, fitted.theta), differences(measure, fitted.theta)
        assert found == pytest.approx(expected, rel=DIFFERENCES, abs=DIFFERENCES * np.abs(expected).max()), name


def test_the_delta_covariance_of_a_linear_measure_is_exact():
    rng = np.random.default_rng(18)
    root, weights = rng.standard_normal((3, 3)), rng.standard_normal((2, 3))
    covariance = root @ root.T
    found = delta_covariance(lambda t: t @ weights.T, np.array([1.0, 2.0, 3.0]), covariance)
    assert found == pytest.approx(weights @ covariance @ weights.T, rel=1e-12)


def test_a_standard_error_by_hand():
    fitted = em.fit(em.load("electricity_1970"), "translog", second_order="outputs")
    at_twice = em.scale(fitted, at=2).row("ray elasticity")
    gradient = np.array([0.0, 1.0, 0.0, 0.0, np.log(2.0)])
    assert fitted.params.index.tolist()[4] == "half output squared"
    assert at_twice["estimate"] == pytest.approx(gradient @ fitted.theta, rel=1e-12)
    assert at_twice["std_error"] == pytest.approx(np.sqrt(gradient @ fitted.covariance @ gradient), rel=1e-10)
    inverse = em.scale(fitted, at=2).row("ray scale economies")
    assert inverse["std_error"] == pytest.approx(at_twice["std_error"] / at_twice["estimate"] ** 2, rel=1e-10)
