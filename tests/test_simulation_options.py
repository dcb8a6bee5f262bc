"""What simulated providers can be besides: seen again, recorded with error, chosen by need; each by its formula."""

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import NotSupported, UnknownName

# 20,000 draws know a slope or a deviation to about one per cent; four standard errors.
ROWS = 20_000
SAMPLING = 0.03
SLOPE = 0.012


def one_output(elasticity=0.8, **options):
    return em.worlds.state("cobb_douglas", {"constant": 4.0, "visits": elasticity} | options, outputs={"visits": 100})


def with_continuity(**parameters):
    stated = {"constant": 4.0, "visits": 0.9, "continuity": -0.1} | parameters
    return em.worlds.state("cobb_douglas", stated, outputs={"visits": 100}, relationships={"continuity": 0.0})


def slope(data, name="visits"):
    return em.fit(data, "cobb_douglas").params[name]


@pytest.mark.parametrize("volume_error", [0.1, 0.3])
@pytest.mark.parametrize("elasticity", [0.7, 1.2])
def test_error_in_volume_pulls_the_elasticity_towards_zero_by_the_reliability(volume_error, elasticity):
    world = em.worlds.simulate(one_output(elasticity), ROWS, spread=0.6, volume_error=volume_error, seed=1)
    reliability = 0.36 / (0.36 + volume_error**2)
    assert world.facts == {"reliability of visits": pytest.approx(reliability)}
    assert slope(world.data) == pytest.approx(elasticity * reliability, abs=SLOPE)


@pytest.mark.parametrize("elasticity", [0.7, 1.2])
def test_cost_per_head_times_heads_pulls_it_to_one(elasticity):
    world = em.worlds.simulate(one_output(elasticity), ROWS, spread=0.6, volume_error=0.3, per_head="visits", seed=2)
    reliability = world.facts["reliability of visits"]
    assert slope(world.data) == pytest.approx(elasticity * reliability + 1.0 - reliability, abs=SLOPE)
    assert world.data.cost_concept == "per head x heads"
    # At constant returns the error moves nothing, however large it is.
    level = em.worlds.simulate(one_output(1.0), ROWS, volume_error=0.6, per_head="visits", seed=3)
    assert slope(level.data) == pytest.approx(1.0, abs=SLOPE)


def test_error_keeps_means_in_level_forms_and_leaves_zeros():
    cost = em.worlds.state("composite", {"common cost": 20, "a": 50, "b": 30}, outputs={"a": 10, "b": 5})
    world = em.worlds.simulate(cost, ROWS, volume_error=0.4, specialised={"a": 0.2}, seed=4)
    assert (world.data.frame["a"] == 0).mean() == pytest.approx(0.2, abs=SAMPLING)
    assert world.data.frame["b"].mean() == pytest.approx(5, rel=SAMPLING)
    # The reliability of a log is said only of what everybody makes.
    assert list(world.facts) == ["reliability of b"]


def test_a_panel_has_the_variances_asked_for():
    world = em.worlds.simulate(
        with_continuity(), 4_000, periods=5, movement=0.3, provider_effects=0.4, noise=0.1, spread=0.6, seed=5
    )
    data, frame = world.data, world.data.frame
    assert (data.entity, data.time, len(data)) == ("provider", "period", 20_000)
    assert frame.groupby("provider")["period"].agg(list).map(tuple).unique().tolist() == [(1, 2, 3, 4, 5)]
    for values, deviation in ((np.log(frame["visits"]), 0.6), (frame["continuity"], 0.2)):
        assert values.std() == pytest.approx(deviation, rel=SAMPLING)
        inside = values - values.groupby(frame["provider"]).transform("mean")
        assert (inside**2).sum() / (4_000 * 4) == pytest.approx(0.3 * deviation**2, rel=SAMPLING)
    error = np.log(frame["cost"]) - 4.0 - 0.9 * np.log(frame["visits"] / 100) + 0.1 * frame["continuity"]
    means = error.groupby(frame["provider"]).mean()
    assert means.var() == pytest.approx(0.4**2 + 0.1**2 / 5, rel=2 * SAMPLING)
    assert (error - error.groupby(frame["provider"]).transform("mean")).var() == pytest.approx(0.008, rel=SAMPLING)


def test_within_estimation_recovers_the_slopes_of_a_panel():
    world = em.worlds.simulate(with_continuity(), 2_000, periods=4, provider_effects=0.5, noise=0.1, seed=6)
    fitted = em.fit(world.data, "cobb_douglas", effects="within")
    assert fitted.params["visits"] == pytest.approx(0.9, abs=SLOPE)
    assert fitted.params["continuity"] == pytest.approx(-0.1, abs=4 * SLOPE)
    assert fitted.cov_type == "cluster"


def test_specialised_providers_of_a_panel_stay_so():
    cost = em.worlds.state("composite", {"common cost": 20, "a": 50, "b": 30}, outputs={"a": 10, "b": 5})
    frame = em.worlds.simulate(cost, 300, periods=3, specialised={"a": 0.3}, seed=7).data.frame
    none = (frame["a"] == 0).groupby(frame["provider"]).mean()
    assert set(none) == {0.0, 1.0}


def test_what_is_chosen_by_need_is_biased_by_its_cost():
    """Omitted need adds its cost times the slope of need on continuity (size held)."""
    chosen = em.worlds.simulate(with_continuity(), ROWS, spread=0.6, chosen_by_need={"continuity": 0.3}, seed=8)
    expected = -0.1 + 0.2 * 0.3 / (0.3**2 + 0.2**2)
    assert slope(chosen.data, "continuity") == pytest.approx(expected, abs=SLOPE)
    free = em.worlds.simulate(with_continuity(), ROWS, spread=0.6, chosen_by_need={"continuity": 0.0}, seed=8)
    assert slope(free.data, "continuity") == pytest.approx(-0.1, abs=4 * SLOPE)
    assert "need" not in chosen.data.frame


def test_options_that_are_off_change_no_draw():
    """Whatever is switched on draws last, so that providers of a seed stay who they are."""
    plain = em.worlds.simulate(with_continuity(), 200, seed=9).data.frame
    error = em.worlds.simulate(with_continuity(), 200, volume_error=0.2, seed=9).data.frame
    chosen = em.worlds.simulate(with_continuity(), 200, chosen_by_need={"continuity": 0.0}, cost_of_need=0.0, seed=9)
    assert error[["cost", "continuity"]].equals(plain[["cost", "continuity"]])
    assert not np.allclose(error["visits"], plain["visits"])
    assert chosen.data.frame.equals(plain)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"per_head": "beds"}, UnknownName, r"beds is no output of this cost function\. It has: visits"),
        ({"follows_size": {"ties": 1}}, UnknownName, r"ties is no relationship variable .* It has: none"),
        ({"chosen_by_need": {"ties": 1}}, UnknownName, r"ties is no relationship variable"),
        ({"periods": 0}, NotSupported, r"periods=0: give a whole number of at least 1"),
        ({"movement": 1.5}, NotSupported, r"movement=1\.5 is a share of variance"),
        (
            {"volume_error": -0.1, "noise": -1},
            NotSupported,
            r"noise=-1: give a number from 0 to 100",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused(options, error, message):
    with pytest.raises(error, match=message):
        em.worlds.simulate(one_output(), 10, **options)
