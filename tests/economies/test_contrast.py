"""Differences of a measure between two places: from one covariance, and what cannot be compared."""

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import NotSupported, UnknownName

# A difference of numbers of size one, and its error from three errors.
ROUNDING = 1e-10


@pytest.fixture(scope="module")
def power():
    return em.fit(em.load("electricity_1970"), form="translog")


def composite(**options):
    truth = em.worlds.state(
        "composite",
        {"common cost": 18, "visits": 45, "meals": 40, "visits x meals": -3},
        outputs={"visits": 100, "meals": 50},
    )
    return em.fit(
        em.worlds.simulate(truth, 120, noise=0.1, seed=2, **options).data, "composite", second_order="outputs"
    )


def test_a_difference_is_that_of_the_values_and_knows_their_covariance(power):
    found = em.contrast(em.scale, power, "p25", "p75").row("ray elasticity")
    first, last = (em.scale(power, at).row("ray elasticity") for at in ("p25", "p75"))
    assert found["estimate"] == pytest.approx(last["estimate"] - first["estimate"], abs=ROUNDING)
    # The elasticity is linear in the parameters: Var(b - a) = (g_b - g_a)' V (g_b - g_a).
    points = em.scale(power, ["p25", "p75"])
    assert points.table["at"].unique().tolist() == ["p25", "p75"]
    technology, mean = power.technology, power.technology.mean_point()
    outputs = np.percentile(power.points().outputs, [25, 75], axis=0)
    steps = np.eye(len(power.theta))
    point = mean.with_outputs(outputs)
    gradient = np.array([
        np.diff((technology.slopes(step, point).outputs * point.outputs).sum(axis=-1))[0] for step in steps
    ])  # fmt: skip
    assert found["std_error"] == pytest.approx(np.sqrt(gradient @ power.covariance @ gradient), rel=ROUNDING)
    assert found["null"] == 0.0


def test_the_sentence_says_where_it_is_higher_and_nothing_where_data_do_not(power):
    assert em.contrast(em.scale, power, "p25", "p75").text.endswith("it is higher at p75.")
    assert em.contrast(em.scale, power, "p75", "p25").text.endswith("it is lower at p25.")
    assert "the data do not settle it" in em.contrast(em.scale, composite(), 0.5, 2).text


def test_the_order_turns_the_sign(power):
    there, back = em.contrast(em.marginal_cost, power, 0.5, 2), em.contrast(em.marginal_cost, power, 2, 0.5)
    assert np.allclose(there.table["estimate"], -back.table["estimate"], rtol=ROUNDING)
    assert np.allclose(there.table["conf_low"], -back.table["conf_high"], rtol=ROUNDING)


def test_what_is_identified_as_an_interval_differs_by_one():
    result = em.contrast(em.scope, composite(), 0.5, 1)
    row = result.row("degree of scope")
    assert np.isnan(row["estimate"])
    assert row["identified_low"] < row["identified_high"]
    assert "they identify an interval only" in result.text


def test_a_curve_has_a_difference_too(power):
    found = em.contrast(em.unit_cost, power, 0.5, 2).row("unit cost")["estimate"]
    curve = em.unit_cost(power, [0.5, 2]).table["estimate"]
    assert found == pytest.approx(curve[1] - curve[0], rel=ROUNDING)


def test_support_is_asked_of_both_places(power):
    assert not em.contrast(em.scale, power, 1, 1000).table["supported"].any()


def test_draws_are_the_same_at_both_places(power):
    found = em.contrast(em.scale, power, 1, 2, method="simulate").row("ray elasticity")
    exact = em.contrast(em.scale, power, 1, 2).row("ray elasticity")
    assert found["std_error"] == pytest.approx(exact["std_error"], rel=0.1)  # 2,000 draws


def test_what_has_no_two_places_is_refused(power):
    with pytest.raises(NotSupported, match="support is no measure of places"):
        em.contrast(em.support, power, 1, 2)
    with pytest.raises(NotSupported, match="A difference is one between two places, and these are 3"):
        em.contrast(em.scale, power, [1, 2], 2)
    with pytest.raises(UnknownName, match="is not a place"):
        em.contrast(em.scale, power, "p25", "upper")
    # A refusal leaves nothing behind.
    assert em.scale(power).title == "Economies of scale"


def test_a_mapping_of_lists_is_a_grid_and_a_list_of_places_is_all_of_them():
    fit = composite()
    grid = em.scale(fit, at={"visits": [50, 100], "meals": [20, 40]}).table["at"].unique().tolist()
    assert grid == [f"visits {a}, meals {b}" for a in (50, 100) for b in (20, 40)]
    places = em.scale(fit, at=["p25", 2, {"visits": 50}]).table["at"].unique().tolist()
    assert places == ["p25", "2 x mean", "visits 50"]
