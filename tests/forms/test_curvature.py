"""The Hessian of cost by outputs against complex steps of the gradient."""

import numpy as np
import pytest

from econmodel.forms.assembly import Centres, assemble
from econmodel.forms.curvature import cross_derivative, output_hessian
from econmodel.forms.form import FORMS, Form, Variables
from econmodel.forms.technology import Point

# Closed forms against complex steps: sums of some fifty products.
ROUNDING = 1e-11
STEP = 1e-30
MEANS = np.array([20.0, 30.0, 10.0])


class SquareRoot:
    allows_zero = True
    centring = "scale"
    transform = staticmethod(np.sqrt)
    inverse = staticmethod(np.square)

    @staticmethod
    def slope(output):
        return 0.5 / np.sqrt(output)


OWN = Form("square_root", "square root", SquareRoot(), aggregates=True)


@pytest.mark.parametrize("form", [*FORMS.values(), OWN], ids=lambda form: form.name)
@pytest.mark.parametrize("numeraire", [None, 1])
def test_hessian_is_the_derivative_of_marginal_cost(form, numeraire):
    rng = np.random.default_rng(5)
    variables = Variables(
        ("a", "b", "c"), ("wage", "rent"), ("r",), ("x",), fixed_costs=(1,) if form.aggregates else ()
    )
    centres = Centres(form.coordinate.transform(MEANS), np.log([2.0, 5.0]), np.array([0.4]), np.array([1.5]))
    technology = assemble(form, variables, centres, numeraire=numeraire)
    theta = rng.normal(0.0, 0.05, len(technology.names))
    for place, name in enumerate(technology.names):
        if name in "abc" or "cost" in name:
            theta[place] = 0.5
    outputs = MEANS * np.exp(rng.normal(0, 0.3, (4, 3)))
    around = (rng.normal(1.0, 0.2, (4, 2)), rng.normal(0.4, 0.1, (4, 1)), rng.normal(1.5, 0.1, (4, 1)))
    point = Point(outputs, *around)
    found = output_hessian(technology, theta, point)
    for j in range(3):
        moved = outputs.astype(complex)
        moved[:, j] += 1j * STEP
        there = Point(moved, *around)
        marginal = technology.slopes(theta, there).outputs * np.exp(technology.log_cost(theta, there))[..., None]
        assert found[..., j] == pytest.approx(marginal.imag / STEP, abs=ROUNDING), j
    assert found == pytest.approx(np.swapaxes(found, -1, -2), abs=ROUNDING)
    for i, j in ((0, 1), (2, 0), (1, 2)):
        assert cross_derivative(technology, theta, point, i, j) == pytest.approx(found[:, i, j], abs=ROUNDING)


def test_many_parameters_at_once_and_no_number_without_a_positive_cost():
    centres = Centres(np.ones(2), np.zeros(0), np.zeros(0), np.zeros(0))
    technology = assemble(FORMS["flexible_fixed_cost"], Variables(("a", "b")), centres)
    names = list(technology.names)
    theta = np.zeros((2, len(names)))
    theta[:, names.index("a x b")] = (0.5, -0.25)
    theta[:, names.index("common cost")] = (1.0, -9.0)
    found = output_hessian(technology, theta, technology.mean_point())
    assert found.shape == (2, 1, 2, 2)
    assert found[0, 0].tolist() == [[0.0, 0.5], [0.5, 0.0]]
    assert np.isnan(found[1]).all()
