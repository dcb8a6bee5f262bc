"""The normalised quadratic: proportional to prices, the same whichever price is dropped, and concave all or nowhere."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import FormError
from econmodel.forms.assembly import Centres, assemble
from econmodel.forms.form import FORMS, Variables
from econmodel.forms.regularity import concavity_margin
from econmodel.forms.technology import Point

# Sums of some twenty products.
ROUNDING = 1e-10
# Gauss-Newton stops within a billionth of a standard error.
SAME_OPTIMUM = 1e-6
PRICES = ("wage", "rent", "fuel")


def technology(numeraire=2):
    centres = Centres(np.array([20.0, 30.0]), np.log([2.0, 5.0, 3.0]), np.zeros(0), np.zeros(0))
    variables = Variables(("visits", "meals"), PRICES, fixed_costs=(1,))
    return assemble(FORMS["normalised_quadratic"], variables, centres, numeraire=numeraire)


def parameters(made, bent):
    """Cost of about 100 at the mean, with this Hessian (2, 2) in the two price coordinates."""
    values = {
        "common cost": 20, "visits": 40, "meals": 40, "fixed cost of meals": 5, "half visits squared": 4,
        "visits x meals": -3, "wage/price index": 25, "rent/price index": -10, "visits x wage/price index": 8,
        "half wage/price index squared": bent[0, 0], "half rent/price index squared": bent[1, 1],
        "wage/price index x rent/price index": bent[0, 1],
    }  # fmt: skip
    assert set(values) <= set(made.names)
    return np.array([float(values.get(name, 0.0)) for name in made.names])


def points(rng, count=30):
    moves = rng.normal(0.0, 0.25, (count, 3))
    # The index weighs by the table's geometric means, so a table of the stated function has its centres as means.
    prices = np.log([2.0, 5.0, 3.0]) + moves - moves.mean(axis=0)
    return Point(rng.uniform(5, 40, (count, 2)), prices, np.zeros((count, 0)), np.zeros((count, 0)))


@given(st.integers(0, 1000))
@settings(max_examples=25)
def test_concave_at_one_point_is_concave_at_all(seed):
    rng = np.random.default_rng(seed)
    root = rng.normal(0.0, 3.0, (2, 2))
    made, point = technology(), points(rng)
    concave, not_so = (parameters(made, sign * root @ root.T) for sign in (-1.0, 1.0))
    costs = made.cost(concave, point) > 0
    assert concavity_margin(made, concave, point)[costs].min() > -ROUNDING
    costs = made.cost(not_so, point) > 0
    assert concavity_margin(made, not_so, point)[costs].max() < 0


@given(st.floats(0.1, 10.0))
def test_cost_is_proportional_to_all_prices_together(factor):
    made, point = technology(), points(np.random.default_rng(1))
    theta = parameters(made, -np.eye(2))
    dearer = Point(point.outputs, point.log_prices + np.log(factor), point.relationships, point.controls)
    assert made.cost(theta, dearer) == pytest.approx(factor * made.cost(theta, point), rel=ROUNDING)
    assert made.slopes(theta, point).log_prices.sum(axis=1) == pytest.approx(1.0, abs=ROUNDING)
    assert made.cost(theta, made.mean_point())[0] == pytest.approx(20 + 40 + 40 + 5 + 2 - 3)


def table(noise, seed=3):
    rng = np.random.default_rng(seed)
    made, point = technology(), points(rng, 400)
    meals = np.where(np.arange(400) < 60, 0.0, point.outputs[:, 1])
    point = point.with_outputs(np.column_stack([point.outputs[:, 0], meals]))
    theta = parameters(made, np.array([[-30.0, 10.0], [10.0, -20.0]]))
    cost = made.cost(theta, point) * np.exp(rng.normal(0.0, noise, 400))
    frame = pd.DataFrame(np.exp(point.log_prices), columns=PRICES)
    return frame.assign(cost=cost, visits=point.outputs[:, 0], meals=meals), made, theta, point


def fit(frame, prices=PRICES, **options):
    data = em.CostData(frame, cost="cost", outputs=["visits", "meals"], prices=list(prices), prices_complete=True)
    return em.fit(data, "normalised_quadratic", **options)


def test_a_known_cost_function_is_found_again():
    frame, made, theta, point = table(noise=0.0)
    fitted = fit(frame)
    assert fitted.predict().to_numpy() == pytest.approx(np.log(made.cost(theta, point)), abs=SAME_OPTIMUM)
    scope = em.scope(fitted, at={"visits": 20, "meals": 30, "wage": 2, "rent": 5, "fuel": 3})
    # Both outputs' fixed costs but that of meals stand in what everyone pays, so an interval is identified.
    whole = made.cost(theta, made.mean_point())[0]
    row = scope.row("degree of scope")
    assert row["identified_low"] == pytest.approx(3.0 / whole, abs=1e-4)
    assert row["identified_high"] == pytest.approx((3.0 + 20.0) / whole, abs=1e-4)


def test_what_is_paid_without_output_moves_with_prices():
    made, point = technology(), points(np.random.default_rng(2))
    theta = parameters(made, -np.eye(2))
    nothing = point.with_outputs(np.zeros_like(point.outputs))
    assert made.intercept(theta, point) == pytest.approx(made.cost(theta, nothing), rel=ROUNDING)
    assert np.ptp(made.intercept(theta, point)) > 1


def test_whichever_price_comes_last_the_fit_is_the_same():
    frame, *_ = table(noise=0.1)
    first = fit(frame)
    for order in (("fuel", "wage", "rent"), ("rent", "fuel", "wage")):
        other = fit(frame, order)
        assert other.ssr == pytest.approx(first.ssr, rel=SAME_OPTIMUM)
        assert other.fittedvalues.to_numpy() == pytest.approx(first.fittedvalues.to_numpy(), abs=SAME_OPTIMUM)
        assert other.rsquared == pytest.approx(first.rsquared)
    scaled = fit(frame.assign(wage=frame["wage"] * 7.0, visits=frame["visits"] / 100))
    assert scaled.fittedvalues.to_numpy() == pytest.approx(first.fittedvalues.to_numpy(), abs=SAME_OPTIMUM)


def test_concavity_imposed_at_the_mean_holds_everywhere():
    frame, *_ = table(noise=0.5, seed=5)
    fitted = fit(frame)
    assert em.regularity(fitted).table.set_index("term").loc["concave in prices", "violations"] > 0
    imposed = em.impose(fitted, monotone=False, at="mean", replications=9)
    assert em.regularity(imposed).table.set_index("term").loc["concave in prices", "violations"] == 0
    assert imposed.binding["term"].tolist() == ["concave in prices"]


def test_what_needs_logs_of_prices_is_refused():
    frame, *_ = table(noise=0.1)
    fitted = fit(frame)
    for name in ("homotheticity", "homogeneity"):
        with pytest.raises(FormError, match="is no linear restriction of the normalised quadratic form"):
            em.test(fitted, name)
    data = em.load("electricity_1970")
    with pytest.raises(FormError, match="The normalised quadratic form has no share equations here"):
        em.fit(data, "normalised_quadratic", estimator="system")
