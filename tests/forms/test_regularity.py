"""The Hessian of cost in prices and the signs of marginal costs, against complex steps of cost itself."""

import numpy as np
import pytest

from econmodel.forms.assembly import Centres, assemble
from econmodel.forms.form import FORMS, Variables
from econmodel.forms.regularity import concavity_margin, output_margins, price_curvature, price_margins
from econmodel.forms.technology import Point

# Closed forms against complex steps: sums of some fifty products.
ROUNDING = 1e-11
STEP = 1e-30
MEANS = np.array([20.0, 30.0])


def technology(form, numeraire, rng):
    centres = Centres(FORMS[form].coordinate.transform(MEANS), np.log([2.0, 5.0, 3.0]), np.array([0.4]), np.zeros(0))
    variables = Variables(("a", "b"), ("wage", "rent", "fuel"), ("r",))
    made = assemble(FORMS[form], variables, centres, numeraire=numeraire)
    theta = rng.normal(0.0, 0.05, len(made.names))
    theta[[place for place, name in enumerate(made.names) if name in "ab" or "cost" in name]] = 0.5
    outputs = MEANS * np.exp(rng.normal(0, 0.3, (6, 2)))
    return made, theta, Point(outputs, rng.normal(1.0, 0.2, (6, 3)), rng.normal(0.4, 0.1, (6, 1)), np.zeros((6, 0)))


@pytest.mark.parametrize("form", list(FORMS))
@pytest.mark.parametrize("numeraire", [None, 0, 2])
def test_curvature_is_the_second_derivative_of_cost_by_prices(form, numeraire):
    """w_k w_l C_kl / C is the derivative of w_l C_l / C by log w_k, plus the product of the two shares, less w_l C_l
    itself where k is l."""
    made, theta, point = technology(form, numeraire, np.random.default_rng(4))
    found = price_curvature(made, theta, point)
    shares = price_margins(made, theta, point)
    for k in range(3):
        moved = point.log_prices.astype(complex)
        moved[:, k] += 1j * STEP
        there = Point(point.outputs, moved, point.relationships, point.controls)
        slope = np.broadcast_to(made.slopes(theta, there).log_prices.imag / STEP, shares.shape)
        expected = slope + shares[:, [k]] * shares - np.eye(3)[k] * shares
        assert np.broadcast_to(found, (6, 3, 3))[:, k] == pytest.approx(expected, abs=ROUNDING), k
    if numeraire is not None:
        assert found.sum(axis=-1) == pytest.approx(0.0, abs=ROUNDING), "cost is of degree one in prices"


@pytest.mark.parametrize("form", ["translog", "composite"])
def test_margins_have_the_signs_of_marginal_costs(form):
    made, theta, point = technology(form, 2, np.random.default_rng(5))
    theta[list(made.names).index("a")] = -0.5
    marginal = made.slopes(theta, point).outputs * made.cost(theta, point)[..., None]
    assert (np.sign(output_margins(made, theta, point)) == np.sign(marginal)).all()
    assert (marginal < 0).any()


def test_many_parameters_at_once_and_nothing_said_without_a_positive_cost():
    made, theta, point = technology("composite", 2, np.random.default_rng(6))
    several = np.stack([theta, np.where(np.arange(len(theta)) == 0, -100.0, theta)])
    found = concavity_margin(made, several, point)
    assert found.shape == (2, 6)
    assert found[0] == pytest.approx(concavity_margin(made, theta, point))
    assert np.isnan(found[1]).all()
