"""Cost functions: derivatives, homogeneity in prices, corners, units. Every form, with everything in it."""

import numpy as np
import pytest

from econmodel.forms.assembly import Centres, assemble
from econmodel.forms.form import FORMS, Variables
from econmodel.forms.technology import Point

# Closed forms against complex steps: sums of some fifty products.
ROUNDING = 1e-11
STEP = 1e-30
OUTPUTS = ("a", "b", "c")
NAMES = Variables(OUTPUTS, ("wage", "rent", "fuel"), ("r", "q"), ("x",))
CENTRES = Centres(np.array([20.0, 30.0, 10.0]), np.log([2.0, 5.0, 3.0]), np.array([0.4, 6.0]), np.array([1.5]))
CASES = [(form, numeraire) for form in FORMS for numeraire in (None, 0, 2)]


def centres_of(form):
    return Centres(
        FORMS[form].coordinate.transform(CENTRES.outputs),
        CENTRES.log_prices,
        CENTRES.relationships,
        CENTRES.controls,
    )


def build(form, numeraire=None, variables=NAMES, fixed=()):
    """A technology with parameters at random, small enough for cost to be positive all around the mean."""
    variables = Variables(
        variables.outputs, variables.prices, variables.relationships, variables.controls, fixed_costs=fixed
    )
    technology = assemble(FORMS[form], variables, centres_of(form), numeraire=numeraire)
    theta = np.random.default_rng(7).normal(0.0, 0.05, len(technology.names))
    for place, name in enumerate(technology.names):
        if name in OUTPUTS or name == "common cost" or name.startswith("fixed cost"):
            theta[place] = 0.5 + abs(theta[place])
    return technology, theta


@pytest.fixture
def point():
    rng = np.random.default_rng(8)
    return Point(
        CENTRES.outputs * np.exp(rng.normal(0, 0.3, (5, 3))),
        CENTRES.log_prices + rng.normal(0, 0.2, (5, 3)),
        CENTRES.relationships + rng.normal(0, 0.1, (5, 2)),
        CENTRES.controls + rng.normal(0, 0.1, (5, 1)),
    )


def moved(point, field, place, step):
    values = {name: getattr(point, name) for name in ("outputs", "log_prices", "relationships", "controls")}
    values[field] = values[field].astype(complex)
    values[field][:, place] += step
    return Point(**values)


def by_complex_step(technology, theta, point, field):
    columns = range(getattr(point, field).shape[1])
    return np.stack(
        [technology.log_cost(theta, moved(point, field, place, 1j * STEP)).imag / STEP for place in columns], axis=-1
    )


@pytest.mark.parametrize(("form", "numeraire"), CASES)
def test_slopes_are_derivatives_of_log_cost(form, numeraire, point):
    technology, theta = build(form, numeraire)
    slopes = technology.slopes(theta, point)
    for field in ("outputs", "log_prices", "relationships", "controls"):
        expected = by_complex_step(technology, theta, point, field)
        found = np.broadcast_to(getattr(slopes, field), expected.shape)
        assert found == pytest.approx(expected, abs=ROUNDING), field


@pytest.mark.parametrize(("form", "numeraire"), CASES)
def test_curvature_between_outputs_and_relationships(form, numeraire, point):
    technology, theta = build(form, numeraire)
    found = np.broadcast_to(technology.output_relationship_curvature(theta, point), (5, 3, 2))
    for place in range(2):
        there = moved(point, "relationships", place, 1j * STEP)
        elasticities = technology.slopes(theta, there).outputs * point.outputs
        assert found[..., place] == pytest.approx(elasticities.imag / STEP * np.ones((5, 3)), abs=ROUNDING)


@pytest.mark.parametrize(("form", "numeraire"), CASES)
def test_log_cost_is_the_log_of_cost(form, numeraire, point):
    technology, theta = build(form, numeraire)
    assert np.exp(technology.log_cost(theta, point)) == pytest.approx(technology.cost(theta, point), rel=ROUNDING)


@pytest.mark.parametrize(("form", "numeraire"), [case for case in CASES if case[1] is not None])
def test_cost_is_proportional_to_all_prices_together(form, numeraire, point):
    technology, theta = build(form, numeraire)
    dearer = Point(point.outputs, point.log_prices + np.log(3.0), point.relationships, point.controls)
    assert technology.cost(theta, dearer) == pytest.approx(3 * technology.cost(theta, point), rel=ROUNDING)
    slopes = technology.slopes(theta, point).log_prices
    assert slopes.sum(axis=-1) == pytest.approx(np.ones_like(slopes[..., 0]), abs=ROUNDING)


@pytest.mark.parametrize("form", FORMS)
def test_a_batch_of_parameters_is_the_same_as_one_by_one(form, point):
    technology, theta = build(form, 2)
    batch = theta + np.random.default_rng(9).normal(0, 0.01, (2, 3, len(theta)))
    together = technology.cost(batch, point)
    assert together.shape == (2, 3, 5)
    assert together[1, 2] == pytest.approx(technology.cost(batch[1, 2], point), rel=ROUNDING)
    slopes = technology.slopes(batch, point).outputs
    assert slopes[0, 1] == pytest.approx(technology.slopes(batch[0, 1], point).outputs, rel=ROUNDING)


@pytest.mark.parametrize("form", FORMS)
def test_at_the_mean_all_coordinates_are_zero_or_one(form):
    technology, theta = build(form, 2)
    z = technology.coordinates(technology.mean_point())[0]
    assert z == pytest.approx([1.0] * 3 + [0.0] * 5 if technology.is_level else [0.0] * 8, abs=ROUNDING)
    cost = technology.cost(theta, technology.mean_point())[0]
    assert technology.is_level or cost == pytest.approx(np.exp(theta[0]) * 3.0, rel=ROUNDING)


@pytest.mark.parametrize("form", ["flexible_fixed_cost", "composite"])
def test_corners_pay_the_common_cost_and_the_fixed_costs_of_what_they_make(form):
    technology, theta = build(form, 2, fixed=(0, 1))
    mean = technology.mean_point()
    nothing = technology.cost(theta, mean.with_outputs(np.zeros(3)))
    assert nothing == pytest.approx(technology.intercept(theta, mean), rel=ROUNDING)
    first = mean.with_outputs(np.array([[1e-12, 0.0, 0.0]]))
    by_name = dict(zip(technology.names, theta, strict=True))
    jump = technology.cost(theta, first) - nothing
    assert jump == pytest.approx([3.0 * by_name["fixed cost of a"]], rel=1e-9)


def test_where_the_aggregate_is_not_positive_log_cost_is_missing():
    technology, theta = build("composite")
    theta = theta.copy()
    theta[technology.names.index("a")] = -50.0
    mean = technology.mean_point()
    assert technology.cost(theta, mean)[0] < 0
    assert np.isnan(technology.log_cost(theta, mean)).all()
    assert np.isnan(technology.slopes(theta, mean).outputs).all()


def in_units_by_hand(technology, raw, point):
    """Log forms: the polynomial of the raw logs; level forms: that of raw outputs, times the exponential of P."""
    logs = [point.log_prices[:, [0]] - point.log_prices[:, [2]], point.log_prices[:, [1]] - point.log_prices[:, [2]]]
    numeraire = np.exp(point.log_prices[:, 2])
    if technology.form.price_levels:
        prices = np.exp(point.log_prices)
        numeraire = (prices / np.exp(technology.log_price_centres)).mean(axis=1)
        logs = [prices[:, [0]] / numeraire[:, None], prices[:, [1]] / numeraire[:, None]]
    others = np.hstack([*logs, point.relationships, point.controls])
    outputs = point.outputs if technology.is_level else np.log(point.outputs)
    z = np.hstack([outputs, others])
    values, place = [], 0
    for polynomial in (technology.aggregate, technology.exponent):
        if polynomial is None:
            values.append(np.ones(len(point)))
            continue
        terms = polynomial.terms
        padded = np.hstack([z, np.ones((len(point), 1))])
        columns = padded[:, terms[:, 0]] * padded[:, terms[:, 1]] * polynomial.weights
        values.append(columns @ raw[place : place + len(terms)])
        place += len(terms)
    assert place == len(raw)
    return values[0] * np.exp(values[1]) * numeraire


@pytest.mark.parametrize("form", FORMS)
def test_parameters_in_units_give_the_same_cost_without_centring(form, point):
    technology, theta = build(form, 2)
    raw = technology.in_units(theta)
    assert len(raw) == len(technology.unit_names)
    assert in_units_by_hand(technology, raw, point) == pytest.approx(technology.cost(theta, point), rel=ROUNDING)


def test_tilts_sum_to_zero_in_mean_normalised_units_whatever_the_order_of_outputs(point):
    technology, theta = build("composite")
    raw = dict(zip(technology.unit_names, technology.in_units(theta), strict=True))
    for variable in ("r", "q"):
        tilts = [raw[f"tilt of {variable} to {name}"] for name in OUTPUTS]
        assert sum(np.array(tilts) * CENTRES.outputs) == pytest.approx(0.0, abs=ROUNDING)
        assert abs(tilts[0]) > 1e-6
    turned = assemble(
        FORMS["composite"],
        Variables(OUTPUTS[::-1], NAMES.prices, NAMES.relationships, NAMES.controls),
        Centres(CENTRES.outputs[::-1], CENTRES.log_prices, CENTRES.relationships, CENTRES.controls),
    )
    by_name = dict(zip(technology.names, theta, strict=True))
    by_name |= {
        f"tilt of {variable} to c": -by_name[f"tilt of {variable} to a"] - by_name[f"tilt of {variable} to b"]
        for variable in ("r", "q")
    }
    swapped = {" x ".join(name.split(" x ")[::-1]): value for name, value in by_name.items()}
    same = np.array([(swapped | by_name)[name] for name in turned.names])
    there = Point(point.outputs[:, ::-1], point.log_prices, point.relationships, point.controls)
    assert turned.cost(same, there) == pytest.approx(technology.cost(theta, point), rel=ROUNDING)


@pytest.mark.parametrize("form", FORMS)
def test_in_units_of_a_batch(form):
    technology, theta = build(form, 0)
    batch = np.stack([theta, 1.01 * theta])
    assert technology.in_units(batch)[1] == pytest.approx(technology.in_units(1.01 * theta), rel=ROUNDING)
