"""Parts of a difference in log cost: every ordering of them, dense integration, and however they are grouped."""

from itertools import permutations

import numpy as np
import pytest
from scipy.integrate import quad

from econmodel.economies.core.path import parts
from econmodel.forms.assembly import Centres, assemble
from econmodel.forms.form import FORMS, Variables
from econmodel.forms.technology import Point

# Sums of products; the closed form for logs has no other error.
ROUNDING = 1e-12
# Sixteen nodes on a smooth integrand against adaptive quadrature at its own tolerance.
QUADRATURE = 1e-10
WEIGHTS = np.array([2.0, 5.0, 1.0])
NAMES = Variables(("a", "b", "c"), ("wage", "fuel"), ("r", "q"), ("x", "t"))
OF_CONTROLS = {"x": "context", "t": "time"}
GROUPS = ("scale", "mix", "relationship: r", "relationship: q", "prices", "context", "time")


def build(form, numeraire=None, fixed=()):
    coordinate = FORMS[form].coordinate
    centres = Centres(
        coordinate.transform(np.array([20.0, 30.0, 10.0])), np.log([2.0, 3.0]), np.array([0.4, 6.0]), np.zeros(2)
    )
    names = Variables(NAMES.outputs, NAMES.prices, NAMES.relationships, NAMES.controls, fixed)
    technology = assemble(FORMS[form], names, centres, numeraire=numeraire)
    theta = np.random.default_rng(20).normal(0.0, 0.1, len(technology.names))
    for place, name in enumerate(technology.names):
        if name in NAMES.outputs or name == "common cost" or name.startswith("fixed cost"):
            theta[place] = 0.5 + abs(theta[place])
    return technology, theta


@pytest.fixture
def ends():
    """A reference and six providers, well apart."""
    rng = np.random.default_rng(21)
    outputs = np.array([20.0, 30.0, 10.0]) * np.exp(rng.normal(0, 0.6, (7, 3)))
    point = Point(
        outputs,
        np.log([2.0, 3.0]) + rng.normal(0, 0.2, (7, 2)),
        np.array([0.4, 6.0]) + rng.normal(0, 0.4, (7, 2)),
        rng.normal(0, 0.5, (7, 2)),
    )
    fields = (point.outputs, point.log_prices, point.relationships, point.controls)
    return Point(*(field[:1] for field in fields)), Point(*(field[1:] for field in fields))


def log_size(point):
    return np.log(point.outputs @ WEIGHTS)


def found(technology, theta, start, end, controls=OF_CONTROLS):
    return parts(technology, theta, start, end, (log_size(start), log_size(end)), controls)


def pieces(point, row, in_logs):
    """The seven groups of coordinates of one provider."""
    size = log_size(point)[row]
    mix = point.outputs[row] / np.exp(size)
    return {
        "scale": np.array([size]),
        "mix": np.log(mix) if in_logs else mix,
        "relationship: r": point.relationships[row, :1],
        "relationship: q": point.relationships[row, 1:],
        "prices": point.log_prices[row],
        "context": point.controls[row, :1],
        "time": point.controls[row, 1:],
    }


def log_cost_at(technology, theta, groups, in_logs):
    mix = np.exp(groups["mix"]) if in_logs else groups["mix"]
    point = Point(
        (np.exp(groups["scale"]) * mix)[None],
        groups["prices"][None],
        np.concatenate([groups["relationship: r"], groups["relationship: q"]])[None],
        np.concatenate([groups["context"], groups["time"]])[None],
    )
    return technology.log_cost(theta, point)[0]


@pytest.mark.parametrize("numeraire", [None, 1])
@pytest.mark.parametrize("form", ["cobb_douglas", "translog"])
def test_in_logs_the_path_is_shapley_over_every_ordering(form, numeraire, ends):
    technology, theta = build(form, numeraire)
    start, end = ends
    of = found(technology, theta, start, end)
    assert set(of) == set(GROUPS)
    here, there = pieces(start, 0, True), pieces(end, 2, True)
    value = dict.fromkeys(GROUPS, 0.0)
    orders = list(permutations(GROUPS))
    known = {}
    for order in orders:
        moved, before = set(), frozenset()
        for name in order:
            moved.add(name)
            after = frozenset(moved)
            for coalition in (before, after):
                if coalition not in known:
                    mixed = {group: (there if group in coalition else here)[group] for group in GROUPS}
                    known[coalition] = log_cost_at(technology, theta, mixed, True)
            value[name] += (known[after] - known[before]) / len(orders)
            before = after
    for name in GROUPS:
        assert of[name][..., 2] == pytest.approx(value[name], abs=ROUNDING), name


@pytest.mark.parametrize("form", ["composite", "flexible_fixed_cost", "translog"])
def test_the_path_is_dense_integration_of_the_gradient(form, ends):
    technology, theta = build(form, 1)
    in_logs = form == "translog"
    start, end = ends
    of = found(technology, theta, start, end)
    for row in (0, 3):
        here, there = pieces(start, 0, in_logs), pieces(end, row, in_logs)
        for name in GROUPS:

            def slope(s, name=name, here=here, there=there):
                step = {
                    group: here[group] + (s + (1e-30j if group == name else 0)) * (there[group] - here[group])
                    for group in GROUPS
                }
                return log_cost_at(technology, theta, step, in_logs).imag / 1e-30

            integral = quad(slope, 0.0, 1.0, epsabs=1e-13, epsrel=1e-13)[0]
            assert np.broadcast_to(of[name], 6)[row] == pytest.approx(integral, abs=QUADRATURE), name


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("numeraire", [None, 0, 1])
def test_parts_add_up_to_the_difference(form, numeraire, ends):
    technology, theta = build(form, numeraire)
    start, end = ends
    difference = technology.log_cost(theta, end) - technology.log_cost(theta, start)
    assert sum(found(technology, theta, start, end).values()) == pytest.approx(difference, abs=1e-11)


@pytest.mark.parametrize("form", FORMS)
def test_splitting_a_group_changes_nothing_else(form, ends):
    technology, theta = build(form)
    start, end = ends
    together = found(technology, theta, start, end, {"x": "context", "t": "context"})
    apart = found(technology, theta, start, end)
    assert together["context"] == pytest.approx(apart["context"] + apart["time"], abs=ROUNDING)
    for name in GROUPS[:5]:
        assert together[name] == pytest.approx(apart[name], abs=0.0), name


@pytest.mark.parametrize("form", FORMS)
def test_the_way_back_is_the_negative_and_no_way_is_nothing(form, ends):
    technology, theta = build(form)
    start, end = ends
    one = Point(end.outputs[:1], end.log_prices[:1], end.relationships[:1], end.controls[:1])
    there, back = found(technology, theta, start, one), found(technology, theta, one, start)
    nowhere = found(technology, theta, start, start)
    for name in GROUPS:
        assert there[name] == pytest.approx(-back[name], abs=ROUNDING), name
        assert nowhere[name] == pytest.approx(0.0 * there[name], abs=0.0), name


def test_prices_that_all_rise_raise_cost_in_proportion(ends):
    start, _ = ends
    dearer = Point(start.outputs, start.log_prices + 0.3, start.relationships, start.controls)
    for form in FORMS:
        technology, theta = build(form, 1)
        of = found(technology, theta, start, dearer)
        assert of["prices"] == pytest.approx([0.3], abs=ROUNDING)
        assert of["scale"] == pytest.approx([0.0], abs=ROUNDING)


def test_a_fixed_cost_that_vanishes_at_the_end_belongs_to_mix(ends):
    start, end = ends
    technology, theta = build("composite", fixed=(0,))
    outputs = end.outputs.copy()
    outputs[:3, 0] = 0.0
    specialised = end.with_outputs(outputs)
    specialised = Point(outputs, end.log_prices, end.relationships, end.controls)
    of = found(technology, theta, start, specialised)
    difference = technology.log_cost(theta, specialised) - technology.log_cost(theta, start)
    assert sum(of.values()) == pytest.approx(difference, abs=1e-11)
    # Against a path that stops just short of the corner only mix differs, by the jump.
    short = Point(np.maximum(outputs, 1e-9), end.log_prices, end.relationships, end.controls)
    before = found(technology, theta, start, short)
    fixed = technology.log_cost(theta, specialised) - technology.log_cost(theta, short)
    assert of["mix"][:3] - before["mix"][:3] == pytest.approx(fixed[:3], abs=1e-6)
    assert (fixed[:3] < -0.01).all()
    for name in set(GROUPS) - {"mix"}:
        assert of[name] == pytest.approx(before[name], abs=1e-6), name


def test_a_path_through_costs_that_are_not_positive_has_no_parts(ends):
    technology, theta = build("composite")
    theta = theta.copy()
    theta[technology.names.index("common cost")] = -2.2
    start, end = ends
    of = found(technology, theta, start, end)
    cost = technology.cost(theta, end)
    assert (cost < 0).any()
    assert np.isnan(of["scale"])[cost < 0].all()


def test_a_batch_of_parameters_is_the_same_as_one_by_one(ends):
    start, end = ends
    for form in ("translog", "composite"):
        technology, theta = build(form)
        batch = np.stack([theta, 1.01 * theta])
        together = found(technology, batch, start, end)
        for place in range(2):
            alone = found(technology, batch[place], start, end)
            for name in GROUPS:
                assert np.broadcast_to(together[name], (2, 6))[place] == pytest.approx(
                    np.broadcast_to(alone[name], 6), abs=ROUNDING
                )


def test_one_output_has_no_mix(ends):
    start, end = ends
    names = Variables(("a",), (), ("r",))
    technology = assemble(FORMS["translog"], names, Centres(np.log([20.0]), np.zeros(0), np.zeros(1), np.zeros(0)))
    theta = np.arange(len(technology.names)) / 10
    one, other = (
        Point(point.outputs[:, :1], np.zeros((len(point), 0)), point.relationships[:, :1], np.zeros((len(point), 0)))
        for point in (start, end)
    )
    of = parts(technology, theta, one, other, (np.log(one.outputs[:, 0]), np.log(other.outputs[:, 0])), {})
    assert set(of) == {"scale", "relationship: r"}
    difference = technology.log_cost(theta, other) - technology.log_cost(theta, one)
    assert sum(of.values()) == pytest.approx(difference, abs=ROUNDING)
