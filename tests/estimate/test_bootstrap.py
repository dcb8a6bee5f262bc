"""Replications from moments in hand are those of explicit refits on resampled rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import econmodel as em
from econmodel.estimate import bootstrap
from econmodel.estimate.bootstrap import quantile_interval, replications

# The same weighted least squares by way of another matrix.
SAME_ALGEBRA = 1e-8
COUNT = 5


def resampled(frame, entity, weights):
    """Rows of each cluster as often as its weight says, every copy a provider of its own."""
    labels = pd.unique(frame[entity])
    copies = [
        frame[frame[entity] == label].assign(**{entity: f"{label}/{copy}"})
        for label, weight in zip(labels, weights.astype(int), strict=True)
        for copy in range(weight)
    ]
    return pd.concat(copies, ignore_index=True)


@pytest.mark.parametrize("effects", [None, "within"])
@pytest.mark.parametrize("second_order", ["all", "none"])
def test_clusters_are_resampled_whole(effects, second_order):
    data = em.load("us_airlines")
    fitted = em.fit(data, "translog", effects=effects, second_order=second_order, cov_type="nonrobust")
    draws = fitted.replications(COUNT, seed=3)
    assert draws.weights.shape == (COUNT, 6)
    assert draws.weights.sum(axis=1).tolist() == [6] * COUNT
    theta = fitted.bootstrap(draws)
    compared = 0
    for weights, found in zip(draws.weights, theta, strict=True):
        if (weights > 0).sum() < 3:
            continue
        again = em.fit(
            replace(data, frame=resampled(data.frame, "firm", weights)), "translog", effects=effects,
            second_order=second_order, cov_type="nonrobust",
        )  # fmt: skip
        expected = again.in_units()["coefficient"]
        ours = pd.Series(fitted.technology.in_units(found), expected.index)
        slopes = [name for name in expected.index if name != "constant" or effects is None]
        assert ours[slopes].tolist() == pytest.approx(expected[slopes].tolist(), rel=1e-6)
        compared += 1
    assert compared >= 3


def test_rows_are_resampled_where_providers_do_not_repeat():
    data = em.load("electricity_1970")
    fitted = em.fit(data, "translog", second_order="outputs")
    draws = fitted.replications(COUNT, seed=4)
    theta = fitted.bootstrap(draws)
    block = np.concatenate([block.copy() for _, block in fitted.design.blocks()], axis=1)
    for weights, found in zip(draws.of_replications(slice(None)), theta, strict=True):
        expected = sm.WLS(block[-1], block[:-1].T, weights=weights).fit().params
        assert found == pytest.approx(expected, rel=SAME_ALGEBRA)


def test_level_forms_take_one_step_with_the_replications_weights():
    data = em.load("uk_universities").using(prices=[], relationships=[])
    fitted = em.fit(data, "composite", second_order="none")
    draws = fitted.replications(COUNT, seed=5)
    theta = fitted.bootstrap(draws)
    block = np.concatenate([block.copy() for _, block in fitted.design.blocks(fitted.theta)], axis=1)
    for weights, found in zip(draws.of_replications(slice(None)), theta, strict=True):
        step = sm.WLS(block[-1], block[:-1].T, weights=weights).fit().params
        assert found == pytest.approx(fitted.theta + step, rel=SAME_ALGEBRA)
    # One step goes nearly all of the way: full refits of the same rows are close by their standard errors.
    errors, gaps = fitted.in_units()["std. error"].to_numpy(), []
    for weights, found in list(zip(draws.weights, theta, strict=True))[:10]:
        rows = np.repeat(np.arange(len(data)), weights.astype(int))
        frame = data.frame.iloc[rows].reset_index(drop=True)
        again = em.fit(replace(data, frame=frame, entity=None), "composite", second_order="none")
        gaps.append(np.abs(fitted.technology.in_units(found) - again.in_units()["coefficient"].to_numpy()) / errors)
    assert np.median(gaps, axis=0).max() < 0.2


def test_clusters_and_rows_agree_where_every_row_is_its_own_cluster():
    data = em.load("electricity_1955")
    plain = em.fit(data, "cobb_douglas", cov_type="HC1")
    grouped = em.fit(data, "cobb_douglas", cov_type="HC1", groups=np.arange(len(data)))
    assert grouped.clusters is not None
    one, other = (fit.bootstrap(fit.replications(COUNT, seed=6)) for fit in (plain, grouped))
    assert one == pytest.approx(other, rel=SAME_ALGEBRA)


def test_the_same_seed_gives_the_same_replications():
    fitted = em.fit(em.load("electricity_1955"), "cobb_douglas")
    one, same, other = (fitted.bootstrap(fitted.replications(COUNT, seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.allclose(one, other)


@pytest.mark.parametrize("form", ["translog", "composite"])
def test_bootstrap_standard_errors_are_near_the_robust_ones(form):
    cost = em.worlds.state("composite", {"common cost": 20, "a": 50, "b": 30}, outputs={"a": 10, "b": 5})
    fitted = em.fit(em.worlds.simulate(cost, 400, noise_grows=0.3).data, form, second_order="outputs", cov_type="HC1")
    errors = fitted.bootstrap(fitted.replications(999, seed=7)).std(axis=0, ddof=1)
    # 999 replications know a standard error to two per cent, and 400 rows the same quantity to some five.
    assert errors == pytest.approx(fitted.bse.to_numpy(), rel=0.15)


def many_rows(rows):
    cost = em.worlds.state("cobb_douglas", {"constant": 2.0, "visits": 0.9}, outputs={"visits": 10})
    return em.worlds.simulate(cost, rows).data


def test_above_twenty_thousand_rows_weights_are_poisson_and_streamed():
    assert bootstrap.MULTINOMIAL_CLUSTERS == 20_000
    rows = bootstrap.MULTINOMIAL_CLUSTERS + 1
    fitted = em.fit(many_rows(rows), "translog")
    draws = fitted.replications(COUNT, seed=8)
    assert draws.weights is None
    weights = draws.of_replications(slice(None))
    assert weights.shape == (COUNT, rows)
    assert np.array_equal(weights, np.round(weights))
    # Mean and variance of a Poisson variable of mean one; 100,005 draws are good to one per cent.
    assert weights.mean() == pytest.approx(1.0, abs=0.02)
    assert weights.var() == pytest.approx(1.0, abs=0.03)
    second_block = slice(bootstrap.BLOCK_ROWS, 2 * bootstrap.BLOCK_ROWS)
    assert np.array_equal(draws.of(second_block), weights[:, second_block])
    assert np.array_equal(draws.of_replications(slice(1, 3)), weights[1:3])
    theta = fitted.bootstrap(draws)
    block = np.concatenate([block.copy() for _, block in fitted.design.blocks()], axis=1)
    for weight, found in zip(weights, theta, strict=True):
        assert found == pytest.approx(sm.WLS(block[-1], block[:-1].T, weights=weight).fit().params, rel=SAME_ALGEBRA)


def test_up_to_twenty_thousand_rows_weights_are_multinomial():
    draws = replications(3, bootstrap.MULTINOMIAL_CLUSTERS, seed=9)
    assert draws.weights.sum(axis=1).tolist() == [bootstrap.MULTINOMIAL_CLUSTERS] * 3


def test_a_separation_of_many_rows_uses_the_same_weights_throughout():
    data = many_rows(bootstrap.MULTINOMIAL_CLUSTERS + 1)
    found = em.separate(em.fit(data, "cobb_douglas"), replications=29).table.set_index("term")
    assert found["std_error"]["apparent"] == pytest.approx(found["std_error"]["scale"], rel=1e-6)
    hc1 = em.fit(data, "cobb_douglas").bse["visits"]
    # 29 replications know a standard error to some 13 per cent; four of those.
    assert found["std_error"]["apparent"] == pytest.approx(hc1, rel=0.55)


def test_a_replication_that_identifies_too_little_is_missing():
    rng = np.random.default_rng(10)
    visits = np.exp(rng.standard_normal(12))
    rare = np.array([1.0, 1.0, *np.zeros(10)])
    frame = pd.DataFrame({"cost": visits * np.exp(0.1 * rng.standard_normal(12)), "visits": visits, "rare": rare})
    data = em.CostData(frame, cost="cost", outputs=["visits"], controls=["rare"])
    fitted = em.fit(data, "cobb_douglas")
    draws = fitted.replications(200, seed=11)
    theta = fitted.bootstrap(draws)
    empty = draws.weights[:, :2].sum(axis=1) == 0
    assert empty.any()
    assert np.isnan(theta[empty]).all()
    assert np.isfinite(theta[~empty]).all(axis=1).mean() > 0.9
    separated = em.separate(fitted, replications=200, seed=11)
    assert any(f"{int(empty.sum())} of 200 replications are left out" in note for note in separated.notes)


def test_quantiles_leave_missing_draws_out():
    draws = np.array([[0.0], [1.0], [2.0], [np.nan], [3.0], [4.0]])
    low, high = quantile_interval(draws, 0.5)
    # The first of five draws estimates the quantile 1/6, the second 2/6: a quarter lies between them.
    assert (low[0], high[0]) == (0.5, 3.5)


def test_replications_of_a_seed_are_made_once():
    fitted = em.fit(em.load("electricity_1970"), "cobb_douglas")
    first = fitted.bootstrapped(COUNT, 1)
    assert fitted.bootstrapped(COUNT, 1) is first
    assert np.array_equal(first, fitted.bootstrap(fitted.replications(COUNT, 1)))
    assert not np.array_equal(first, fitted.bootstrapped(COUNT, 2))


def test_streamed_weights_depend_neither_on_the_chunk_nor_on_the_block():
    rows = bootstrap.BLOCK_ROWS + bootstrap.MULTINOMIAL_CLUSTERS + 7
    draws = bootstrap.replications(5, rows, seed=3)
    whole = draws.of_replications(slice(0, 5))
    for chunk in (1, 2, 3):
        parts = [draws.of_replications(slice(start, start + chunk)) for start in range(0, 5, chunk)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)
    for block in (slice(0, 10), slice(bootstrap.BLOCK_ROWS - 3, bootstrap.BLOCK_ROWS + 3), slice(rows - 9, rows)):
        np.testing.assert_array_equal(draws.of(block), whole[:, block])


# Products of chunks of another shape add in another order: rounding of a sum of some 40,000 numbers.
ADDED_IN_ANOTHER_ORDER = 1e-11


def many_clusters(count):
    number = bootstrap.MULTINOMIAL_CLUSTERS + 1
    codes = np.random.default_rng(1).permutation(np.repeat(np.arange(number), 2))
    return bootstrap.Replications(count, len(codes), 4, codes, number, None)


def test_weights_of_many_clusters_depend_neither_on_the_chunk_nor_on_the_block(monkeypatch):
    draws = many_clusters(5)
    whole = draws.of_replications(slice(None))
    features = np.random.default_rng(2).standard_normal((2, draws.rows))
    sums = bootstrap.weighted_moments([(slice(0, draws.rows), features)], draws, 2)
    direct = np.einsum("br,ir,jr->bij", whole, features, features)
    np.testing.assert_allclose(sums, direct, rtol=ADDED_IN_ANOTHER_ORDER, atol=ADDED_IN_ANOTHER_ORDER * draws.rows)
    for together in (1, 2 * 8 * draws.clusters):
        monkeypatch.setattr(bootstrap, "WEIGHTS_TOGETHER", together)
        assert max(len(range(5)[chunk]) for chunk in draws._chunks()) == max(1, together // (8 * draws.clusters))
        again = bootstrap.weighted_moments([(slice(0, draws.rows), features)], draws, 2)
        np.testing.assert_allclose(again, sums, rtol=ADDED_IN_ANOTHER_ORDER, atol=ADDED_IN_ANOTHER_ORDER * draws.rows)
        for block in (slice(0, 10), slice(8190, 8200), slice(draws.rows - 9, draws.rows)):
            np.testing.assert_array_equal(draws.of(block), whole[:, block])
    for start in range(5):
        np.testing.assert_array_equal(draws.of_replications(slice(start, start + 1))[0], whole[start])


def test_weights_of_many_clusters_are_poisson_and_whole():
    draws = many_clusters(20)
    weights = draws.of_replications(slice(None))
    _, first = np.unique(draws.codes, return_index=True)
    np.testing.assert_array_equal(weights, weights[:, first][:, draws.codes])
    drawn = weights[:, first]
    # Mean 1 and variance 1; four standard errors, 1 and sqrt(3) over the root of the number of draws.
    assert drawn.mean() == pytest.approx(1.0, abs=4 / np.sqrt(drawn.size))
    assert drawn.var() == pytest.approx(1.0, abs=4 * np.sqrt(3 / drawn.size))


@pytest.mark.parametrize("clustered", [True, False])
def test_drawn_weights_grow_linearly_with_replications(clustered, monkeypatch):
    number = bootstrap.MULTINOMIAL_CLUSTERS + 1
    drawn, stream, made = [], np.random.default_rng, {count: many_clusters(count) for count in (1, 2, 8)}

    class Counted:
        def __init__(self, seed):
            self.rng = stream(seed)

        def poisson(self, mean, size):
            drawn.append(size)
            return self.rng.poisson(mean, size)

    def counts(count):
        draws = made[count] if clustered else bootstrap.replications(count, number, seed=4)
        feature = np.ones((1, draws.rows))
        size = bootstrap.BLOCK_ROWS
        blocks = [
            (slice(start, min(start + size, draws.rows)), feature[:, start : start + size])
            for start in range(0, draws.rows, size)
        ]
        drawn.clear()
        with monkeypatch.context() as patch:
            patch.setattr(bootstrap.np.random, "default_rng", Counted)
            bootstrap.weighted_moments(blocks, draws, 1)
        return len(drawn), sum(drawn)

    calls = -(-number // bootstrap.BLOCK_ROWS)
    assert [counts(count) for count in (1, 2, 8)] == [(count * calls, count * number) for count in (1, 2, 8)]
