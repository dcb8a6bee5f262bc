"""Apparent slopes within and between providers: the textbook regressions, and nothing where nobody repeats."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em

# Sums of a few thousand squares, in two orders.
SAME_ALGEBRA = 1e-9


def slope(size, cost):
    size = size - size.mean()
    return float(size @ cost / (size @ size))


def test_the_slopes_are_those_of_three_regressions():
    data = em.load("us_airlines")
    found = em.separate(em.fit(data, "cobb_douglas"), replications=99)
    table = found.tables["within and between providers"].set_index("slope")
    logs = np.log(data.frame[["output", "cost"]]).assign(airline=data.frame[data.entity])
    means = logs.groupby("airline")[["output", "cost"]].transform("mean")
    inside = logs[["output", "cost"]] - means
    expected = {
        "all rows": slope(logs["output"], logs["cost"]),
        "between providers": slope(means["output"], means["cost"]),
        "within providers": slope(inside["output"], inside["cost"]),
    }
    assert table["estimate"].to_dict() == pytest.approx(expected, rel=SAME_ALGEBRA)
    assert table.loc["all rows", "estimate"] == pytest.approx(found.row("apparent")["estimate"], rel=SAME_ALGEBRA)
    assert (table["conf_low"] < table["estimate"]).all()
    assert "Within providers, as they change" in " ".join(found.notes)


def test_a_table_without_repeats_has_no_such_slopes():
    found = em.separate(em.fit(em.load("uk_universities").using(relationships=[]), "composite"), replications=19)
    assert "within and between providers" not in found.tables
    assert "Within providers" not in " ".join(found.notes)


def test_effects_that_go_with_size_part_the_two():
    rng = np.random.default_rng(1)
    provider = np.repeat(np.arange(60), 5)
    level = rng.normal(size=60)
    volume = level[provider] + 0.5 * rng.normal(size=300)
    cost = 0.9 * volume + 0.2 * level[provider] + 0.05 * rng.normal(size=300)
    frame = pd.DataFrame(
        {"cost": np.exp(cost), "visits": np.exp(volume), "provider": provider, "year": np.tile(range(5), 60)}
    )
    data = em.CostData(frame, cost="cost", outputs=["visits"], entity="provider", time="year")
    table = em.separate(em.fit(data, "cobb_douglas"), replications=99).tables["within and between providers"]
    between, within = (table.iloc[place] for place in (1, 2))
    # The mean of five volumes holds a little of what varies within.
    assert between["conf_low"] < 0.9 + 0.2 * 1 / (1 + 0.25 / 5) < between["conf_high"]
    assert within["conf_low"] < 0.9 < within["conf_high"] < between["conf_low"]


def test_a_size_that_never_changes_has_no_slope_within():
    """What is left of its squares within providers is rounding, and one rounding error over another is no slope."""
    rng = np.random.default_rng(1)
    provider = np.repeat(np.arange(40), 4)
    frame = pd.DataFrame({"visits": np.exp(rng.normal(size=40) / 3)[provider], "provider": provider})
    frame = frame.assign(cost=frame["visits"] * np.exp(0.1 * rng.normal(size=160)), year=np.tile(range(4), 40))
    data = em.CostData(frame, cost="cost", outputs=["visits"], entity="provider", time="year")
    found = em.separate(em.fit(data, "cobb_douglas"), replications=19)
    table = found.tables["within and between providers"].set_index("slope")
    assert table.loc["within providers", ["estimate", "conf_low", "conf_high"]].isna().all()
    assert "Size does not vary within providers" in found.notes[-1]
