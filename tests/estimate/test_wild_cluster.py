"""The wild cluster bootstrap against every one of its possible samples, and under the null."""

from itertools import product

import numpy as np
import pytest

import econmodel as em
from econmodel.estimate import covariance
from econmodel.estimate.covariance import WEBB_POINTS, WILD_DRAWS, ClusterMoments, wild_cluster_p_values

GROUPS, EACH = 4, 6


def four_standard_errors(share):
    """A share of so many draws lies within this distance of the truth."""
    return 4 * np.sqrt(share * (1 - share) / WILD_DRAWS)


def data(seed=12, slope=0.0, groups=GROUPS):
    rng = np.random.default_rng(seed)
    codes = np.repeat(np.arange(groups), EACH)
    x = rng.standard_normal(groups)[codes] + rng.standard_normal(len(codes))
    design = np.column_stack([np.ones(len(codes)), x])
    y = slope * x + 0.7 * rng.standard_normal(groups)[codes] + rng.standard_normal(len(codes))
    return design, y, codes


def moments_of(design, y, codes):
    inverse = np.linalg.inv(design.T @ design)
    theta = inverse @ design.T @ y
    residual = y - design @ theta
    members = [codes == code for code in np.unique(codes)]
    gram = np.stack([design[rows].T @ design[rows] for rows in members])
    scores = np.stack([design[rows].T @ residual[rows] for rows in members])
    return ClusterMoments(gram, scores), inverse, theta


def t_statistic(design, y, codes, direction, null):
    """An explicit regression with CR1 standard errors, in levels of nothing but numpy."""
    theta, *_ = np.linalg.lstsq(design, y, rcond=None)
    residual = y - design @ theta
    inverse = np.linalg.inv(design.T @ design)
    scores = np.stack([design[codes == code].T @ residual[codes == code] for code in np.unique(codes)])
    error = np.sqrt(direction @ inverse @ scores.T @ scores @ inverse @ direction)
    return abs(direction @ theta - null) / error


def by_enumeration(design, y, codes, direction, null):
    """The share of all samples with a statistic as large: every provider's restricted residuals times every weight."""
    inverse = np.linalg.inv(design.T @ design)
    theta = inverse @ design.T @ y
    restricted = theta - inverse @ direction * (direction @ theta - null) / (direction @ inverse @ direction)
    residual = y - design @ restricted
    observed = t_statistic(design, y, codes, direction, null)
    points = np.concatenate([-WEBB_POINTS, WEBB_POINTS])
    large, count = 0, 0
    for weights in product(points, repeat=len(np.unique(codes))):
        sample = design @ restricted + np.array(weights)[codes] * residual
        large += t_statistic(design, sample, codes, direction, null) >= observed * (1 - 1e-12)
        count += 1
    return large / count


def wild_cluster_p_value(moments, inverse, direction, difference, seed=0):
    """One of them."""
    (found,) = wild_cluster_p_values(moments, inverse, direction[None], np.array([difference]), seed)
    return found


@pytest.mark.parametrize(("slope", "null"), [(0.0, 0.0), (0.6, 0.0), (0.6, 0.5)])
def test_the_p_value_is_that_of_all_samples(slope, null):
    design, y, codes = data(slope=slope)
    moments, inverse, theta = moments_of(design, y, codes)
    direction = np.array([0.0, 1.0])
    found = wild_cluster_p_value(moments, inverse, direction, theta[1] - null)
    expected = by_enumeration(design, y, codes, direction, null)
    assert found == pytest.approx(expected, abs=four_standard_errors(expected))


def test_a_combination_of_parameters_is_tested_alike():
    design, y, codes = data(slope=0.4)
    moments, inverse, theta = moments_of(design, y, codes)
    direction = np.array([1.0, -2.0])
    found = wild_cluster_p_value(moments, inverse, direction, direction @ theta - 0.3)
    expected = by_enumeration(design, y, codes, direction, 0.3)
    assert found == pytest.approx(expected, abs=four_standard_errors(expected))


def test_the_sign_and_the_length_of_the_hypothesis_do_not_matter():
    design, y, codes = data(slope=0.4)
    moments, inverse, theta = moments_of(design, y, codes)
    direction = np.array([0.0, 1.0])
    p_value = wild_cluster_p_value(moments, inverse, direction, theta[1])
    assert wild_cluster_p_value(moments, inverse, -direction, -theta[1]) == p_value
    assert wild_cluster_p_value(moments, inverse, 3 * direction, 3 * theta[1]) == p_value


def test_many_hypotheses_have_the_p_values_of_each_alone(monkeypatch):
    design, y, codes = data(slope=0.4)
    moments, inverse, theta = moments_of(design, y, codes)
    directions = np.array([[0.0, 1.0], [1.0, -2.0], [1.0, 0.0]])
    alone = [wild_cluster_p_value(moments, inverse, one, one @ theta - 0.1) for one in directions]
    for size in (covariance.BATCH_DRAWS, 2 * WILD_DRAWS * moments.count, 1):
        monkeypatch.setattr(covariance, "BATCH_DRAWS", size)
        together = wild_cluster_p_values(moments, inverse, directions, directions @ theta - 0.1)
        assert together.tolist() == alone
    assert wild_cluster_p_values(moments, inverse, directions[:0], np.zeros(0)).tolist() == []


def test_under_the_null_p_values_are_uniform(monkeypatch):
    monkeypatch.setattr(covariance, "WILD_DRAWS", 399)
    direction, p_values = np.array([0.0, 1.0]), []
    for seed in range(400):
        moments, inverse, theta = moments_of(*data(seed=1000 + seed, groups=10))
        p_values.append(wild_cluster_p_value(moments, inverse, direction, theta[1], seed=seed))
    for level in (0.1, 0.5):
        # Three binomial standard errors, and two points for ten clusters not being many.
        tolerance = 3 * np.sqrt(level * (1 - level) / len(p_values)) + 0.02
        assert np.mean(np.array(p_values) <= level) == pytest.approx(level, abs=tolerance)


def test_measures_use_it_where_clusters_are_few():
    fitted = em.fit(em.load("us_airlines"), "cobb_douglas")
    assert fitted.wild
    place = list(fitted.params.index).index("output")
    result = em.scale(fitted)
    row = result.row("ray elasticity")
    direction = np.eye(len(fitted.params))[place]
    assert row["p_value"] == fitted.wild_p_values(direction[None], np.array([fitted.params["output"] - 1.0]))[0]
    assert any("wild cluster bootstrap" in note for note in result.notes)
    # Classical p-values would be far smaller than six airlines allow.
    classical = em.fit(em.load("us_airlines"), "cobb_douglas", cov_type="nonrobust")
    assert em.scale(classical).row("ray elasticity")["p_value"] < row["p_value"] / 100
    assert fitted.pvalues["output"] == fitted.wild_p_values(direction[None], fitted.params[["output"]].to_numpy())[0]


def test_within_effects_are_taken_out_of_every_sample():
    data_ = em.load("us_airlines")
    fitted = em.fit(data_, "cobb_douglas", effects="within")
    frame = data_.frame
    columns = np.column_stack([np.log(frame["output"]), np.log(frame["fuel_price"]), frame["load_factor"]])
    codes = frame["firm"].astype(int).to_numpy() - 1
    demeaned = np.column_stack([columns, np.log(frame["cost"])])
    demeaned = demeaned - np.stack([demeaned[codes == code].mean(axis=0) for code in range(6)])[codes]
    moments, inverse, theta = moments_of(demeaned[:, :3], demeaned[:, 3], codes)
    expected = wild_cluster_p_value(moments, inverse, np.array([1.0, 0.0, 0.0]), theta[0] - 1.0)
    assert em.scale(fitted).row("ray elasticity")["p_value"] == pytest.approx(expected, abs=1e-12)
