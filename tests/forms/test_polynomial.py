"""Quadratic polynomials: one algebra written three ways, which must agree."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from econmodel.forms.polynomial import Polynomial, all_pairs, terms

# Sums of some twenty products of numbers near one.
ROUNDING = 1e-12
COORDINATES = 3


def full(mixing=None):
    """A constant, three linear terms, and every square and product."""
    return Polynomial(terms(True, [0, 1, 2], all_pairs([0, 1, 2])), COORDINATES, mixing)


@pytest.fixture
def points():
    return np.random.default_rng(1).standard_normal((7, COORDINATES))


def test_squares_have_half_weight_and_the_constant_has_one():
    polynomial = full()
    expected = [1, 1, 1, 1, 0.5, 1, 1, 0.5, 1, 0.5]
    assert polynomial.weights.tolist() == expected
    assert polynomial.count == len(expected)


def test_monomials_by_hand():
    row = full().monomials(np.array([[2.0, 3.0, 5.0]]))[0]
    assert row.tolist() == [1, 2, 3, 5, 2, 6, 10, 4.5, 15, 12.5]


def test_filling_rows_gives_the_monomials(points):
    polynomial = full()
    out = np.empty((polynomial.count, len(points)))
    polynomial.fill(np.ascontiguousarray(points.T), out, np.empty((0, len(points))))
    assert np.array_equal(out.T, polynomial.monomials(points))


def test_mixing_adds_monomials_up(points):
    mixing = np.random.default_rng(2).standard_normal((4, 10))
    polynomial = full(mixing)
    out, spare = np.empty((4, len(points))), np.empty((10, len(points)))
    polynomial.fill(np.ascontiguousarray(points.T), out, spare)
    assert polynomial.count == 4
    mixed = full().monomials(points) @ mixing.T
    assert polynomial.monomials(points) == pytest.approx(mixed, abs=ROUNDING)
    assert np.ascontiguousarray(out.T) == pytest.approx(mixed, abs=ROUNDING)


@pytest.mark.parametrize("mixed", [False, True])
def test_the_value_is_parameters_times_monomials(points, mixed):
    rng = np.random.default_rng(3)
    polynomial = full(rng.standard_normal((4, 10)) if mixed else None)
    parameters = rng.standard_normal((2, 5, polynomial.count))
    value, gradient = polynomial.evaluate(parameters, points)
    assert value.shape == (2, 5, 7)
    assert gradient.shape == (2, 5, 7, COORDINATES)
    assert value == pytest.approx(parameters @ polynomial.monomials(points).T, abs=ROUNDING)


def test_the_gradient_is_the_derivative_of_the_value(points):
    polynomial = full()
    parameters = np.random.default_rng(4).standard_normal(polynomial.count)
    _, gradient = polynomial.evaluate(parameters, points)
    for place in range(COORDINATES):
        step = np.zeros(COORDINATES, dtype=complex)
        step[place] = 1e-30j
        exact = polynomial.evaluate(parameters, points + step)[0].imag / 1e-30
        assert gradient[:, place] == pytest.approx(exact, abs=ROUNDING)


@given(st.lists(st.floats(-3, 3), min_size=COORDINATES, max_size=COORDINATES))
def test_a_shift_of_the_coordinates_is_a_matrix(by):
    polynomial, by = full(), np.array(by)
    points = np.random.default_rng(5).standard_normal((4, COORDINATES))
    moved = polynomial.monomials(points) @ polynomial.shift(by).T
    assert moved == pytest.approx(polynomial.monomials(points - by), abs=10 * ROUNDING)


def test_shifts_add_up_and_undo_each_other():
    polynomial = full()
    one, other = np.array([0.3, -1.2, 0.7]), np.array([1.1, 0.4, -0.2])
    both = polynomial.shift(other) @ polynomial.shift(one)
    assert both == pytest.approx(polynomial.shift(one + other), abs=ROUNDING)
    assert polynomial.shift(-one) @ polynomial.shift(one) == pytest.approx(np.eye(10), abs=ROUNDING)


def test_without_products_a_shift_moves_the_constant_only():
    polynomial = Polynomial(terms(True, [0, 1], []), 2)
    assert polynomial.shift(np.array([2.0, 3.0])).tolist() == [[1, 0, 0], [-2, 1, 0], [-3, 0, 1]]


def test_the_order_of_pairs_is_that_of_a_triangle():
    assert all_pairs([4, 7, 9]) == [(4, 4), (4, 7), (4, 9), (7, 7), (7, 9), (9, 9)]


def test_derivatives_are_combinations_of_the_multipliers(points):
    polynomial = full()
    for by in range(COORDINATES):
        matrix, constants = polynomial.derivative(by)
        step = np.eye(COORDINATES)[by]
        # Central differences of a quadratic are exact.
        expected = (polynomial.monomials(points + step) - polynomial.monomials(points - step)) / 2
        assert polynomial.monomials(points) @ matrix.T + constants == pytest.approx(expected, abs=ROUNDING)


def test_a_derivative_without_a_constant_to_take_it_up_has_constants(points):
    polynomial = Polynomial(terms(False, [0, 1, 2], [(0, 1)]), COORDINATES)
    matrix, constants = polynomial.derivative(0)
    assert constants.tolist() == [1, 0, 0, 0]
    assert (polynomial.monomials(points) @ matrix.T)[:, 3] == pytest.approx(points[:, 1])
