"""Trust as a stock: the cycle in closed form against the recursion, and what it does to transactions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import NotSupported

# The recursion rounds once a year; the closed form a handful of times.
CLOSED_FORM = 1e-12
shares = st.floats(0.0, 1.0)


@given(growth=st.floats(0.01, 1.0), decay=shares, kept=st.floats(0.0, 0.99), every=st.integers(1, 12))
def test_the_cycle_is_where_the_recursion_ends_up(growth, decay, kept, every):
    trust = em.arrangements.Trust(growth, decay, kept, every)
    found = trust.cycle()
    # A hundredth of what is not yet forgotten is lost at least in every cycle.
    last = trust.path(every * 4000)[-every:]
    assert last[0] == pytest.approx(found.start, abs=CLOSED_FORM)
    assert last.mean() == pytest.approx(found.mean, abs=CLOSED_FORM)
    assert last[-1] == pytest.approx(found.last, abs=CLOSED_FORM)


@given(growth=shares, decay=shares, kept=shares, every=st.integers(1, 40))
def test_trust_is_a_share(growth, decay, kept, every):
    found = em.arrangements.Trust(growth, decay, kept, every).cycle()
    for value in (found.start, found.mean, found.last, found.limit):
        assert -CLOSED_FORM <= value <= 1.0 + CLOSED_FORM


@given(growth=st.floats(0.01, 0.99), decay=st.floats(0.0, 0.5), kept=st.floats(0.0, 1.0), every=st.integers(1, 12))
def test_a_path_that_starts_on_the_cycle_stays_on_it(growth, decay, kept, every):
    trust = em.arrangements.Trust(growth, decay, kept, every)
    start = trust.cycle().start
    assert trust.path(every + 1, start)[-1] == pytest.approx(start, abs=CLOSED_FORM)


def test_a_tender_that_loses_nothing_leaves_the_limit():
    found = em.arrangements.Trust(kept=1.0).cycle()
    assert found.start == found.mean == found.last == found.limit == pytest.approx(0.75)


def test_trust_that_nothing_builds_is_none():
    assert em.arrangements.Trust(growth=0.0).cycle().mean == 0.0


def test_the_base_cycle_has_the_published_average():
    base = em.arrangements.Trust(growth=0.2, decay=0.05, kept=0.3, every=5)
    found = em.arrangements.Transactions(base=base)
    assert found.share(base) == pytest.approx(0.027, abs=CLOSED_FORM)
    assert found.without_trust / found.with_trust == pytest.approx(5.0)


def test_defaults_are_the_published_figures():
    figures = em.tables.figures("partnership_evidence").set_index("item")
    published = figures[figures["status"] == "published"]["value"]
    defaults = em.arrangements.Transactions()
    assert defaults.average == pytest.approx(
        published["Transaction cost of contracting, share of contract value"] / 100
    )
    assert defaults.ratio == published["Procurement cost, least over most trusted car maker"]


def test_the_share_is_the_average_over_the_years_of_a_cycle():
    trust, found = em.arrangements.Trust(every=5, slope=0.6), em.arrangements.Transactions()
    years = trust.path(5, trust.cycle().start)
    of_years = found.without_trust - 0.6 * (found.without_trust - found.with_trust) * years
    assert found.share(trust) == pytest.approx(of_years.mean(), abs=CLOSED_FORM)
    # In the last year before an open tender nobody can promise future work.
    of_years[-1] = found.without_trust
    assert found.share(em.arrangements.Trust(every=5, slope=0.6, open_tender=True)) == pytest.approx(
        of_years.mean(), abs=CLOSED_FORM
    )


def test_an_imposed_partnership_keeps_the_calendar_and_is_the_assumption_on_file():
    base = em.arrangements.Trust(every=3, kept=0.2)
    imposed = base.imposed()
    assert (imposed.every, imposed.kept, imposed.growth) == (base.every, base.kept, base.growth)
    assumed = em.tables.figures("partnership_evidence").set_index("item")["value"]
    assert imposed.decay == pytest.approx(assumed["Mandated trust: decay a year"])
    assert imposed.slope == assumed["Mandated trust: share of the saving that is had"]
    for name in ("growth", "decay", "kept"):
        found = [item for item in assumed.index if item.startswith(f"Trust: {name}")]
        assert getattr(em.arrangements.Trust(), name) == assumed[found[0]]
    assert em.arrangements.Trust(decay=0.5).imposed().decay == 1.0


def test_the_highest_average_takes_all_where_there_is_no_trust():
    for every in range(1, 30):
        highest = em.arrangements.Transactions(0.01, base=em.arrangements.Trust(every=every))
        top = em.arrangements.Transactions(0.01 / highest.without_trust, base=em.arrangements.Trust(every=every))
        assert top.without_trust == pytest.approx(1.0)


def test_more_frequent_tenders_cost_more():
    shares = [em.arrangements.Transactions().share(em.arrangements.Trust(every=years)) for years in range(1, 20)]
    assert (np.diff(shares) < 0).all()


def test_a_table_of_tenders_has_the_cycles_and_says_the_ends():
    found = em.arrangements.tenders([1, 4, 10])
    trust, shares = em.arrangements.Trust(every=10), em.arrangements.Transactions()
    last = found.table.iloc[-1]
    assert last["trust"] == trust.cycle().mean
    assert last["transactions_percent"] == pytest.approx(100 * shares.share(trust))
    assert (found.table["mandated_transactions_percent"] > found.table["transactions_percent"]).all()
    assert "take 2.7 % of the value shared where work is tendered every 4 years: 3.9 % with 1 and" in found.text


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"growth": -0.1}, r"Trust is a share between none and all: growth=-0.1 must be between 0 and 1"),
        ({"decay": 1.2, "kept": -1}, r"decay=1.2, kept=-1 must be between 0 and 1"),
        ({"slope": float("nan")}, r"slope=nan must be between 0 and 1"),
        ({"every": 0}, r"every=0 is the number of years .* give a whole number, at least one"),
        ({"every": 2.5}, r"every=2.5 is the number of years"),
    ],
)
def test_rates_that_are_none_are_refused(wrong, message):
    with pytest.raises(NotSupported, match=message):
        em.arrangements.Trust(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (
            {"average": 2.7},
            r"A transaction share of 2.7 is not between 0 and 1: give a share of the value, such as 0.027",
        ),
        ({"ratio": 0.5}, r"ratio=0.5 is not how many times dearer transactions are"),
        ({"average": 0.9}, r"takes more than the whole value where there is no trust: lower one of the two"),
    ],
)
def test_shares_that_are_none_are_refused(wrong, message):
    with pytest.raises(NotSupported, match=message):
        em.arrangements.Transactions(**wrong)
