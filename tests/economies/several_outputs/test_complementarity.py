"""Complementarity over a region, and trans-ray convexity: definitions, support, refusals."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import FormError, NotSupported, UnknownName

# Sums of a few dozen products of numbers near one.
ROUNDING = 1e-10
# Central differences with a step of a thousandth: their error is of the order of its square.
DIFFERENCE = 1e-5


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10**6))
def test_cross_derivatives_of_a_quadratic_are_its_coefficients(random_quadratic, seed):
    truth = random_quadratic(seed)
    y = truth.mean
    result = em.outputs.complementarity(truth.stated())
    for i, j in combinations(range(len(y)), 2):
        name = f"{truth.names[i]} and {truth.names[j]}"
        expected = truth.curvature[i, j] * y[i] * y[j] / truth.cost(y)
        assert result.row(f"{name}: largest")["estimate"] == pytest.approx(expected, abs=ROUNDING)
        assert result.row(f"{name}: mean")["estimate"] == pytest.approx(expected, abs=ROUNDING)
        assert result.row(f"{name}: share complementary")["estimate"] == float(expected <= 0)


def test_the_exact_fixture(f1):
    result = em.outputs.complementarity(f1.stated(), pair=["b", "a"])
    assert result.row("a and b: largest")["estimate"] == pytest.approx(-0.01 * 20 * 30 / 130.25, abs=ROUNDING)
    assert "weak cost complementarity, as far as the data reach" in result.text
    assert len(result.table) == 3


@pytest.fixture(scope="module")
def translog():
    parameters = {"constant": 4.0, "a": 0.4, "b": 0.5, "half a squared": 0.1, "half b squared": 0.1, "a x b": -0.15}
    return em.worlds.state("translog", parameters, outputs={"a": 20.0, "b": 30.0})


def test_the_map_of_a_log_form_by_differences(translog):
    mapped = em.outputs.complementarity(translog).tables["map"]
    assert (mapped[["a", "b"]] > 0).all(axis=None)
    technology, theta, mean = translog.technology, translog.theta, translog.technology.mean_point()

    def cost(a, b):
        return technology.cost(theta, mean.with_outputs(np.stack([a, b], axis=1)))

    a, b = mapped["a"].to_numpy(), mapped["b"].to_numpy()
    h, k = 1e-3 * a, 1e-3 * b
    cross = (cost(a + h, b + k) - cost(a + h, b - k) - cost(a - h, b + k) + cost(a - h, b - k)) / (4 * h * k)
    scaled = cross * 20 * 30 / cost(np.array([20.0]), np.array([30.0]))
    assert mapped["cross_derivative"].to_numpy() == pytest.approx(scaled, rel=DIFFERENCE * 100, abs=DIFFERENCE)
    assert 0 < mapped["complementary"].mean() < 1


def test_only_the_supported_part_of_the_region_counts(random_quadratic):
    data = em.worlds.simulate(random_quadratic(1).stated(), 150, spread=0.5, seed=3).data
    fit = em.fit(data, form="translog")
    result = em.outputs.complementarity(fit, replications=99)
    for name, rows in result.tables["map"].groupby("pair"):
        among = rows[rows["supported"]]
        assert 0 < len(among) < len(rows)
        assert result.row(f"{name}: largest")["estimate"] == pytest.approx(
            among["cross_derivative"].max(), abs=ROUNDING
        )
        share = result.row(f"{name}: share complementary")["estimate"]
        assert share == pytest.approx(among["complementary"].mean(), abs=ROUNDING)
    assert any("Beyond the providers" in note for note in result.notes)
    rows = result.table[result.table["term"].str.endswith(": largest")]
    assert (rows["conf_low"] < rows["estimate"]).all()
    assert (rows["estimate"] < rows["conf_high"]).all()


def test_nothing_supported_is_said_and_gives_no_number(random_quadratic):
    data = em.worlds.simulate(random_quadratic(1).stated(), 60, spread=0.3, seed=3).data
    result = em.outputs.complementarity(
        em.fit(data, form="composite", second_order="outputs"), at=0.01, replications=19
    )
    assert result.table["estimate"].isna().all()
    assert "No point of the region" in result.text


def test_refusals_of_complementarity(f1):
    with pytest.raises(UnknownName, match="is not two different outputs among a, b, c"):
        em.outputs.complementarity(f1.stated(), pair=["a", "a"])
    with pytest.raises(UnknownName, match="is not two different outputs among a, b, c"):
        em.outputs.complementarity(f1.stated(), pair="ab")
    with pytest.raises(NotSupported, match=r'no smooth function.*method="bootstrap"'):
        em.outputs.complementarity(f1.stated(), method="delta")
    with pytest.raises(NotSupported, match="is 2 places, and the region lies below one"):
        em.outputs.complementarity(f1.stated(), at=[1, 2])
    one = em.worlds.state("composite", {"common cost": 1, "a": 1}, outputs={"a": 1})
    with pytest.raises(FormError, match=r"is of two outputs, and a is the only one.*em\.marginal_cost"):
        em.outputs.complementarity(one)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10**6))
def test_trans_ray_excess_by_brute_force(random_quadratic, seed):
    truth = random_quadratic(seed)
    y, m = truth.mean, len(truth.mean)
    weights = truth.linear + truth.curvature @ y
    steps = {2: 40, 3: 14, 4: 8}[m]
    lattice = np.array([s for s in np.ndindex(*[steps + 1] * m) if sum(s) == steps]) / steps
    bundles = lattice * (weights @ y) / weights
    excess = [
        truth.cost((a + b) / 2) - (truth.cost(a) + truth.cost(b)) / 2
        for a, b in combinations(bundles[:: max(1, len(bundles) // 40)], 2)
    ]
    check = em.outputs.trans_ray(truth.stated())
    largest, mean, share = check.table["estimate"]
    assert largest >= max(excess) / truth.cost(y) - ROUNDING
    if len(bundles) <= 41:
        assert largest == pytest.approx(max(excess) / truth.cost(y), abs=ROUNDING)
        assert mean == pytest.approx(np.mean(excess) / truth.cost(y), abs=ROUNDING)
    assert check.passed == (largest <= 0)
    assert (share == 1.0) == (largest <= 0)


def test_own_fixed_costs_break_convexity_at_the_edges(f1):
    with_own = em.outputs.trans_ray(f1.stated())
    assert with_own.passed is False
    without = em.outputs.trans_ray(f1.stated(own=False))
    assert without.passed is True
    assert "cost is trans-ray convex there" in without.text


def test_trans_ray_convexity_of_a_fit(random_quadratic):
    data = em.worlds.simulate(random_quadratic(1).stated(), 150, spread=0.5, seed=3).data
    check = em.outputs.trans_ray(em.fit(data, form="composite", second_order="outputs"), replications=99)
    assert check.passed in (True, False, None)
    row = check.table.iloc[0]
    assert row["conf_low"] < row["estimate"] < row["conf_high"]


def test_refusals_of_the_trans_ray(f1):
    with pytest.raises(FormError, match=r"crosses outputs, and a is the only one.*em\.outputs\.subadditivity"):
        em.outputs.trans_ray(em.worlds.state("composite", {"common cost": 1, "a": 1}, outputs={"a": 1}))
    with pytest.raises(NotSupported, match="with 2 places is not tried"):
        em.outputs.trans_ray(f1.stated(), at=[1, 2])
    negative = em.worlds.state("composite", {"common cost": 10, "a": -1, "b": 5}, outputs={"a": 1, "b": 1})
    with pytest.raises(NotSupported, match=r"marginal cost of a at the mean is not positive.*Ask at another place"):
        em.outputs.trans_ray(negative)
