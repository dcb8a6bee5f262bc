"""Where another arrangement becomes the cheapest, against roots that are known."""

import numpy as np
import pytest

import econmodel as em
from econmodel.arrangements.comparison import switches

# Brent's method stops at about this relative distance from a root.
ROOT = 1e-9
TWO = {"Ash": {"a": 20, "b": 5, "c": 10}, "Beech": {"a": 4, "b": 25, "c": 0}}


def rows_of(found, moved):
    table = found.tables["switching values"]
    return table[table["number"] == moved]


def test_the_nearest_switch_on_either_side():
    found = switches(lambda x: np.array([x**2, 1.0, 4.0 - x]), 0.5, -3.0, 3.0)
    assert [(one.value, one.to) for one in found] == [(pytest.approx(-1.0, abs=ROOT), 1), (pytest.approx(1.0), 1)]


def test_whole_steps_stop_at_the_first_that_differs():
    (found,) = switches(lambda x: np.array([x, 4.5]), 1.0, 1.0, 20.0, whole=True)
    assert (found.value, found.to) == (5.0, 1)


def test_no_switch_is_a_finding():
    assert switches(lambda x: np.array([0.0, 1.0 + x]), 1.0, 0.0, 5.0) == []


def test_a_tie_now_is_a_switch_now():
    (found,) = switches(lambda x: np.array([x, 0.0]), 0.0, 0.0, 1.0)
    assert (found.value, found.to) == (0.0, 1)


def test_the_one_off_cost_switches_where_its_annuity_eats_the_gain(f1, f1_cost):
    found = em.arrangements.partner(f1, TWO, ["b"], fee=0.5, per_partner=50, horizon=10, discount_rate=0.0)
    (row,) = rows_of(found, "one-off cost of merging").to_dict("records")
    gain = f1_cost(20, 5, 10) + f1_cost(4, 25, 0) - f1_cost(24, 30, 10)
    others = found.table.set_index("term")["estimate"][["separate", "subcontract"]]
    assert row["cheapest"] == "merge"
    assert row["to"] == others.idxmin()
    if row["to"] == "separate":
        assert row["switches_at"] == pytest.approx(10 * gain, rel=ROOT)


def test_coordination_switches_where_it_eats_the_gain(f1):
    how = {"one_off": 1000.0, "fee": 0.9}
    found = em.arrangements.partner(f1, TWO, ["a", "b", "c"], **how)
    (row,) = rows_of(found, "coordination, per partner but one").to_dict("records")
    (pair,) = rows_of(found, "coordination, per pair").to_dict("records")
    gain = -found.row("partner less separate")["estimate"]
    assert row["cheapest"] == "partner"
    assert row["to"] == "separate"
    assert row["switches_at"] == pytest.approx(gain, rel=ROOT)
    assert pair["switches_at"] == pytest.approx(gain, rel=ROOT)
    there = em.arrangements.partner(f1, TWO, ["a", "b", "c"], per_partner=row["switches_at"], **how)
    assert there.row("partner less separate")["estimate"] == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("moved", ["transaction share, average", "fee of the subcontract", "decay of trust, a year"])
def test_at_a_switching_value_two_arrangements_cost_the_same(f1, moved):
    how = {"one_off": 200.0, "per_partner": 14.7, "fee": 0.62}
    found = em.arrangements.partner(f1, TWO, ["a", "b", "c"], **how)
    for row in rows_of(found, moved).to_dict("records"):
        if row["to"] == "none":
            continue
        value = row["switches_at"]
        changed = {
            "transaction share, average": {"transactions": em.arrangements.Transactions(average=value)},
            "fee of the subcontract": {"fee": value},
            "decay of trust, a year": {"trust": em.arrangements.Trust(decay=value)},
        }[moved]
        there = em.arrangements.partner(f1, TWO, ["a", "b", "c"], **(how | changed)).table.set_index("term")["estimate"]
        assert there[row["cheapest"]] == pytest.approx(there[row["to"]], abs=1e-7)


def test_a_relationship_after_the_merger_can_switch(truth):
    two = {
        "Ash": {"visits": 80, "meals": 20, "continuity": 0.8},
        "Beech": {"visits": 20, "meals": 30, "continuity": 0.7},
    }
    found = em.arrangements.partner(truth, two, ["meals"], relationships_after={"continuity": 0.7})
    (row,) = rows_of(found, "continuity after merging").to_dict("records")
    assert row["cheapest"] == "merge"
    there = em.arrangements.partner(truth, two, ["meals"], relationships_after={"continuity": row["switches_at"]})
    values = there.table.set_index("term")["estimate"]
    assert values["merge"] == pytest.approx(values[row["to"]], abs=1e-7)


def test_readings_of_a_fixed_cost_that_agree_stand_once(open_fit):
    found = em.arrangements.partner(open_fit, open_fit.data.row_names()[:3], ["meals"], one_off=50.0)
    table = found.tables["switching values"]
    assert not table.duplicated(["number", "fixed_cost"]).any()
    apart = table[table["number"] == "one-off cost of merging"]
    assert apart["fixed_cost"].tolist() == ["common to all or own of visits", "own of meals"]
    # Where readings disagree on the cheapest, the sentence does not choose.
    assert set(apart["cheapest"]) == {"merge", "subcontract"}
    assert "depends on a fixed cost that the data cannot tell apart: it may be merging or subcontracting" in found.text
    sure = em.arrangements.partner(open_fit, open_fit.data.row_names()[:3], ["meals"], fee=0.9, per_partner=50.0)
    assert set(sure.tables["switching values"]["fixed_cost"]) >= {"any of these"}


def test_costs_along_a_number_are_those_of_the_arrangements(f1):
    found = em.arrangements.partner(f1, TWO, ["a"], along="per_partner", ranges={"per_partner": (0.0, 40.0)})
    along = found.tables["along"]
    now = along[along["now"]].iloc[0]
    assert (now["number"], now["value"]) == ("coordination, per partner but one", 0.0)
    for name in ("separate", "merge", "partner", "subcontract"):
        assert now[name] == pytest.approx(found.row(name)["estimate"], abs=1e-10)
    assert along.iloc[-1]["partner"] - now["partner"] == pytest.approx(40.0)
    years = em.arrangements.partner(f1, TWO, ["a"], along="every").tables["along"]["value"]
    assert years.tolist() == list(range(1, 41))
