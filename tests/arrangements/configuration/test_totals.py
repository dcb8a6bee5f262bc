"""Tables of totals: the same answers as an integer programme, where its bound is far and where nothing fits."""

import numpy as np
import pytest

import econmodel as em
from econmodel.arrangements.structure import integer_programme, programme
from econmodel.arrangements.structure.exact_sums import fitting, totals
from econmodel.arrangements.structure.integer_programme import cheapest
from econmodel.arrangements.structure.programme import Programme

SOLVED = 1e-6
QUICK = {"numbers": (), "halve": False}
DEMAND = {"a": 120, "b": 180, "c": 60}


def drawn(seed, share=None, columns=60):
    """A programme whose bound is far from any whole mixture: few bundles, large against what is wanted."""
    rng = np.random.default_rng(seed)
    steps = rng.integers(0, 6, (2, columns)).astype(float)
    steps[0] += steps.sum(axis=0) == 0
    costs = 4 + rng.uniform(1, 2, columns) * steps.sum(axis=0)
    own = np.arange(columns) % 2 == 0
    sizes = steps.sum(axis=0, keepdims=True) / 20 * own
    least = (sizes, np.array([share])) if share else (np.zeros((0, columns)), np.zeros(0))
    return Programme(costs, steps, np.array([11.0, 9.0]), *least, np.full(columns, np.inf))


@pytest.mark.parametrize("share", [None, 0.3, 0.7])
@pytest.mark.parametrize("seed", range(3))
def test_totals_and_the_integer_programme_agree(seed, share):
    asked = drawn(seed, share)
    counts, found = asked.by_totals(), cheapest(asked)
    assert asked.costs @ counts == pytest.approx(found.cost, rel=SOLVED)
    assert (asked.equal @ counts == asked.equal_to).all()
    if share:
        assert asked.least[0] @ counts >= share - SOLVED


def test_at_least_so_much_agrees_too():
    exactly = drawn(5)
    nothing = (np.zeros((0, 60)), np.zeros(0))
    at_least = Programme(exactly.costs, *nothing, exactly.equal, exactly.equal_to, exactly.most)
    counts = at_least.by_totals()
    assert at_least.costs @ counts == pytest.approx(cheapest(at_least).cost, rel=SOLVED)
    assert at_least.costs @ counts <= exactly.costs @ exactly.by_totals() + SOLVED


@pytest.mark.parametrize("first", [3, 200])
def test_the_table_takes_over_where_the_gap_rules_little_out(first, monkeypatch):
    asked = drawn(7, 0.3)
    known = cheapest(asked)
    monkeypatch.setattr(integer_programme, "FIRST_COLUMNS", first)
    assert cheapest(asked).cost == pytest.approx(known.cost, rel=SOLVED)
    assert cheapest(asked).proven
    # Without the table the same search is made by HiGHS, and without enough columns it is no proof.
    monkeypatch.setattr(programme, "MOST_SUMS", 0)
    assert cheapest(asked).cost == pytest.approx(known.cost, rel=SOLVED)
    monkeypatch.setattr(integer_programme, "FIRST_COLUMNS", 3)
    monkeypatch.setattr(integer_programme, "MANY_COLUMNS", 5)
    assert not cheapest(asked).proven


def test_what_fits_adds_up_and_what_does_not_is_none():
    rng = np.random.default_rng(1)
    bundles, wanted = rng.integers(2, 9, (12, 3)), np.array([23, 19, 27])
    found = totals(bundles, np.ones(12), wanted)
    for total in np.ndindex(4, 4, 4):
        target = np.array(total) + wanted - 7
        places = fitting(bundles, target, rng.random(12))
        assert (places is None) == (not np.isfinite(found.least[tuple(target)]))
        if places is not None:
            assert bundles[places].sum(axis=0).tolist() == target.tolist()


def test_a_share_that_is_no_sum_is_left_to_the_integer_programme():
    asked = drawn(2, 0.3)
    bent = Programme(asked.costs, asked.equal, asked.equal_to, np.sqrt(asked.least), asked.at_least, asked.most)
    assert bent.by_totals() is None
    assert cheapest(bent) is not None


def test_a_minimum_size_that_leaves_a_wide_gap_is_solved_exactly(f1):
    # Whoever makes b makes 100 of it at least, so one provider makes it all.
    result = em.arrangements.configure(f1(), DEMAND, 10, smallest={"b": 100}, **QUICK)
    assert result.tables["cost"]["gap, %"].iloc[0] > 5
    assert result.table.loc[result.table["b"] > 0, "b"].tolist() == [180]
    assert not any("The search stopped" in note for note in result.notes)
