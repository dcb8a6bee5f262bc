"""Two technologies that no data without zeros can tell apart, and the interval that says so."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies.core.inference import set_identified

ROWS = 2_000
# Simulated costs of the two differ by rounding only.
ROUNDING = 1e-8


def technology(shared):
    """A common fixed cost of 20, or 10 for each output: all else alike, at a cost of 100 for the mean outputs."""
    fixed = {"common cost": 20.0} if shared else {"fixed cost of a": 10.0, "fixed cost of b": 10.0}
    parameters = fixed | {"a": 45.0, "b": 40.0, "half a squared": 2.0, "half b squared": 2.0, "a x b": -7.0}
    return em.worlds.state("composite", parameters, outputs={"a": 10, "b": 5}, fixed_costs=("a", "b"))


@pytest.fixture(scope="module")
def pair():
    truths = {shared: technology(shared) for shared in (True, False)}
    fits = {
        shared: em.fit(em.worlds.simulate(truth, ROWS, seed=11).data, "composite") for shared, truth in truths.items()
    }
    return truths, fits


def degree(result):
    return result.row("degree of scope")


def test_the_truths_differ(pair):
    shared, own = (degree(em.scope(pair[0][key]))["estimate"] for key in (True, False))
    assert shared - own == pytest.approx(20 / 100, abs=0.02)


def test_the_tables_do_not(pair):
    one, other = (fit.data.frame["cost"].to_numpy() for fit in pair[1].values())
    assert one == pytest.approx(other, rel=1e-12)


def test_the_interval_is_the_same_and_holds_both_truths(pair):
    truths, fits = pair
    at = {"a": 10.0, "b": 5.0}
    rows = {key: degree(em.scope(fit, at=at)) for key, fit in fits.items()}
    for column in ("identified_low", "identified_high", "conf_low", "conf_high"):
        assert rows[True][column] == pytest.approx(rows[False][column], abs=ROUNDING)
    row = rows[True]
    for truth in truths.values():
        value = degree(em.scope(truth, at=at))["estimate"]
        assert row["conf_low"] < value < row["conf_high"]
    # Each truth is one of the ends: own fixed costs the lower, a common one the upper.
    ends = [degree(em.scope(truths[key], at=at))["estimate"] for key in (False, True)]
    error = (row["conf_high"] - row["identified_high"]) / 1.96
    assert row["identified_low"] == pytest.approx(ends[0], abs=4 * error)
    assert row["identified_high"] == pytest.approx(ends[1], abs=4 * error)


def test_nothing_else_at_a_corner_is_a_number(pair):
    fit = next(iter(pair[1].values()))
    for result, term in (
        (em.scope(fit), "degree of scope"),
        (em.scale(fit), "scale economies of a"),
        (em.scale(fit), "scale economies of b"),
        (em.marginal_cost(fit), "average incremental cost of a"),
    ):
        row = result.row(term)
        assert np.isnan(row[["estimate", "std_error", "statistic", "p_value"]].astype(float)).all(), term
        assert row["conf_low"] < row["identified_low"] < row["identified_high"] < row["conf_high"], term


def test_what_needs_no_corner_is_a_number_and_the_same_for_both(pair):
    truths, fits = pair
    at = {"a": 10.0, "b": 5.0}
    for key, fit in fits.items():
        for result, truth in (
            (em.scale(fit, at=at), em.scale(truths[key], at=at)),
            (em.scope(fit, at=at, epsilon=0.1), em.scope(truths[key], at=at, epsilon=0.1)),
        ):
            found, known = result.table.iloc[0], truth.table.iloc[0]
            assert abs(found["estimate"] - known["estimate"]) < 4 * found["std_error"] < 0.1


def test_providers_without_an_output_narrow_the_interval_and_all_of_them_close_it():
    truth = technology(shared=False)
    at = {"a": 10.0, "b": 5.0}
    widths, rows = [], []
    for specialised in ({}, {"a": 0.2}, {"a": 0.2, "b": 0.2}):
        data = em.worlds.simulate(truth, ROWS, specialised=specialised, seed=12).data
        data = data.where("a > 0 or b > 0", because="providers of nothing")
        row = degree(em.scope(em.fit(data, "composite"), at=at))
        rows.append(row)
        widths.append(row["identified_high"] - row["identified_low"])
    known = degree(em.scope(truth, at=at))["estimate"]
    assert widths[0] == pytest.approx(0.2, abs=0.05)
    # With the fixed cost of one output told apart, what is left to share out is that of the other and the common one.
    assert widths[1] == pytest.approx(0.1, abs=0.05)
    assert np.isnan(widths[2])
    assert all(row["conf_low"] < known < row["conf_high"] for row in rows)


def test_the_ends_turn_round_where_the_intercept_is_negative(as_learned):
    cost = em.worlds.state("composite", {"common cost": -10, "a": 60, "b": 50, "a x b": 4}, outputs={"a": 10, "b": 5})
    row = degree(em.scope(as_learned(cost)))
    joint = 104.0
    assert row["identified_low"] == pytest.approx((-4 - 10) / joint, abs=1e-12)
    assert row["identified_high"] == pytest.approx(-4 / joint, abs=1e-12)


def test_readings_that_give_the_same_end_are_one_end():
    """Two readings at the top are both the highest, so what lies below either is no part of what may be the lowest."""
    table = pd.DataFrame({"estimate": [3.0], "std_error": 1.0, "statistic": 3.0, "p_value": 0.01})
    ends = ((3.0, 1.0, 5.0), (2.0, 1.5, 2.5), (3.0 + 1e-14, 0.5, 5.0))
    readings = [
        SimpleNamespace(**{name: np.array([one]) for name, one in zip(("values", "low", "high"), three, strict=True)})
        for three in ends
    ]
    for one in readings:
        one.p_values, one.wild = np.array([0.01]), False
    row = set_identified(table, readings).iloc[0]
    assert row[["identified_low", "identified_high"]].tolist() == pytest.approx([2.0, 3.0])
    assert row[["conf_low", "conf_high"]].tolist() == [1.5, 5.0]
