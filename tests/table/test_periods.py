"""The order of time: every spelling of periods sorts as time does, and what cannot be ordered is refused in words."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import CardError, NotSupported, TableError
from econmodel.table.periods import periods

MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December"]  # fmt: skip
DAYS = [dt.date(2009, 11, 28) + dt.timedelta(days=37 * step) for step in range(30)]
FIRST = 2007
YEARS = range(FIRST, FIRST + 24)
QUARTERS = [(year, quarter) for year in YEARS for quarter in range(1, 5)]
MONTHLY = [(year, month) for year in YEARS for month in range(1, 13)]
# Each in the order of time; the order of the alphabet is another one in all but a few.
SPELLINGS = {
    "years": list(YEARS),
    "years as text": [str(year) for year in YEARS],
    "counted": [f"year {number}" for number in range(1, 30)],
    "fiscal": [f"FY{year}" for year in YEARS],
    "weeks without a year": [f"Week {number}" for number in range(1, 53)],
    "financial years": [f"{year}/{(year + 1) % 100:02d}" for year in range(1995, 2030)],
    "financial years with a hyphen": [f"{year}-{(year + 1) % 100:02d}" for year in range(1995, 2030)],
    "financial years in full": [f"FY {year}–{year + 1}" for year in YEARS],
    "quarters": [f"Q{quarter} {year}" for year, quarter in QUARTERS],
    "quarters after the year": [f"{year}Q{quarter}" for year, quarter in QUARTERS],
    "quarters counted first": [f"{quarter}Q{year}" for year, quarter in QUARTERS],
    "quarters of financial years": [f"Q{quarter} {year}/{(year + 1) % 100:02d}" for year, quarter in QUARTERS],
    "quarters of one year": ["Q1", "Q2", "Q3", "Q4"],
    "halves": [f"H{half} {year}" for year in YEARS for half in (1, 2)],
    "weeks": [f"{year}-W{week}" for year in (2019, 2020) for week in range(1, 53)],
    "months": [f"{month} {year}" for year in YEARS for month in MONTHS],
    "short months": [f"{month[:3]}-{year}" for year in YEARS for month in MONTHS],
    "months of one year": MONTHS,
    "short months of one year": [month[:3].upper() for month in MONTHS],
    "months in numbers": [f"{year}-{month:02d}" for year, month in MONTHLY],
    "months before the year": [f"{month}/{year}" for year, month in MONTHLY],
    "ISO dates": [day.isoformat() for day in DAYS],
    "day first": [f"{day.day}/{day.month}/{day.year}" for day in DAYS],
    "month first": [f"{day.month:02d}/{day.day:02d}/{day.year}" for day in DAYS],
    "points": [f"{day.day:02d}.{day.month:02d}.{day.year}" for day in DAYS],
    "words": [f"{day.day} {MONTHS[day.month - 1]} {day.year}" for day in DAYS],
    "American words": [f"{MONTHS[day.month - 1][:3]} {day.day}, {day.year}" for day in DAYS],
    "moments": [f"2010-03-31 {hour:02d}:{minute}" for hour in range(24) for minute in (10, 45)],
    "clocks": [f"31/03/2010 {hour % 12 or 12}:30 {'AM' if hour < 12 else 'PM'}" for hour in range(24)],
    "moments with a zone": ["2010-10-31T00:30:00+01:00", "2010-10-31T00:15:00Z", "2010-10-31T01:20:00+00:00"],
    "dates": DAYS,
    "time stamps": [pd.Timestamp(day) for day in DAYS],
    "numbers and text": [year if year % 2 else str(year) for year in YEARS],
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(max_examples=15)
@given(data=st.data())
def test_periods_sort_as_time_whatever_the_order_of_rows(spelling, data):
    known = SPELLINGS[spelling]
    if spelling in ("day first", "month first", "points"):
        # A few of such dates alone do not tell what the day is.
        shuffled = data.draw(st.permutations(known))
    else:
        shuffled = data.draw(
            st.permutations(known).flatmap(lambda some: st.integers(1, len(some)).map(lambda n: some[:n]))
        )
    codes, found = periods(pd.Series(shuffled, name="when"))
    assert found == [period for period in known if period in shuffled]
    assert [found[code] for code in codes] == shuffled


def test_categories_with_an_order_keep_it():
    waves = pd.Series(pd.Categorical(["after", "before", "after"], ["before", "during", "after"], ordered=True))
    codes, known = periods(waves)
    assert (codes.tolist(), known) == ([1, 0, 1], ["before", "after"])
    assert periods(pd.Series(pd.Categorical(["Q10 9", "9", "10"][1:])))[1] == ["9", "10"]


def test_types_of_time_have_an_order_of_their_own():
    quarters = pd.Series(pd.period_range("2010Q1", periods=3, freq="Q"))
    assert periods(quarters[::-1])[0].tolist() == [2, 1, 0]
    assert periods(pd.Series([2.5, 1.0]))[0].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([2011, "2012/13"], r"'when' .* it mixes numbers \('2011'\) and financial years \('2012/13'\). Write all of"),
        (["Q1 2010", "March 2010"], r"it mixes parts of a year \('Q1 2010'\) and months by name"),
        (["2010-03-31", "31/03/2010"], "its dates are written in several ways"),
        (["2010-10-31T00:30Z", "2010-10-31T00:30"], "its dates are written in several ways"),
        (["baseline", "follow-up"], "'baseline', 'follow-up' is no period that is known.*ordered pandas.Categorical"),
        (["1.1", "1.10"], "its numbers are written in several ways"),
        (["98", "99", "00"], "years with four digits"),
        (["Jan-09", "Feb-10"], "years with four digits"),
        (["31/02/2010", "01/01/2010"], "'31/02/2010' is no period that is known"),
        (["2010-13", "2010-12"], "'2010-13' is no period that is known"),
        (["Q5 2010", "Q1 2010"], "'Q5 2010' is no period that is known"),
        (["2011/13"], "'2011/13' is no period that is known"),
        (["1" * 5_000, "2"], "is no period that is known"),
        (["01", "1"], "'when' spells one period in two ways: '01' and '1'; write each period in one way"),
        (["Q1 2010", "2010Q1"], "spells one period in two ways: 'Q1 2010' and '2010Q1'"),
        (["03/04/2010", "01/02/2010"], "begins with the day or with the month. State date_order=\"day/month/year\" or"),
        (["31012010", "01022010"], "'01022010' may be day, month and year without .* dates like 2010-03-31"),
        ([31012010, 1022010], "'1022010' may be day, month and year"),
        (["12312009", "01022010"], "'01022010' may be day, month and year"),
        (["122009", "012010"], "'012010' may be day, month and year .* months like 2010-03"),
        (["T-1", "T-2"], "'T-1', 'T-2' is no period that is known"),
        (["year -1", "year -2"], "'year -1', 'year -2' is no period that is known"),
        (["1 year before", "2 year before"], "'1 year before', '2 year before' is no period that is known"),
        (["03/25/2010", "25/03/2010"], "some begin with the day and some with the month; write them like 2010-03-31"),
    ],
)  # fmt: skip
def test_what_has_no_order_is_refused_with_a_cure(values, message):
    with pytest.raises(TableError, match=message):
        periods(pd.Series(values, name="when", dtype=object))


@pytest.mark.parametrize(
    "values",
    [[20091231, 20100131], ["200912", "201001"], [1012000, 1012001], [102009, 102010], ["wave-1", "wave-2"],
     ["beforehand 1", "beforehand 2"]],
)  # fmt: skip
def test_numbers_that_are_in_the_order_of_time_are_read(values):
    assert periods(pd.Series(values[::-1]))[0].tolist() == [1, 0]


def test_a_stated_order_decides_and_is_held_to():
    dates = pd.Series(["03/04/2010", "01/05/2010"], name="when")
    assert periods(dates, "day/month/year")[0].tolist() == [0, 1]
    assert periods(dates, "month/day/year")[0].tolist() == [1, 0]
    with pytest.raises(TableError, match="not all of them are month/day/year"):
        periods(pd.Series(["25/04/2010"]), "month/day/year")


# Where time is used


def panel(spelt):
    """Three homes over five periods, rows out of order; each makes 2 ** place."""
    frame = pd.DataFrame([(home, place) for home in "ABC" for place in range(5)], columns=["home", "place"])
    frame = frame.assign(when=[spelt[place] for place in frame["place"]], weeks=2.0 ** frame["place"], spend=1.0)
    return frame.sample(frac=1.0, random_state=1)


def described(frame, **more):
    return em.CostData(frame, "spend", "weeks", entity="home", time="when", **more)


@pytest.mark.parametrize(
    "spelt",
    [
        ["Q4 2009", "Q1 2010", "Q2 2010", "Q3 2010", "Q4 2010"],
        ["Jan", "Feb", "Mar", "Apr", "May"],
        ["31/03/2010", "30/06/2010", "30/09/2010", "31/12/2010", "31/03/2011"],
        ["year 8", "year 9", "year 10", "year 11", "year 12"],
    ],
)
def test_experience_adds_up_in_the_order_of_time(spelt):
    found = em.tables.cumulative(described(panel(spelt)), "weeks", before=1.0).frame
    # Earlier weeks are 1 + 2 + ... + 2 ** (place - 1), and one before them.
    assert found["log_cumulative_weeks"].to_numpy() == pytest.approx(found["place"].to_numpy() * np.log(2), abs=1e-12)


def test_time_effects_and_periods_of_a_decomposition_stand_in_the_order_of_time():
    rng = np.random.default_rng(2)
    spelt = ["Q4 2009", "Q1 2010", "Q2 2010", "Q3 2010", "Q4 2010"]
    frame = pd.concat([panel(spelt).assign(home=lambda one, n=n: one["home"] + str(n)) for n in range(8)])
    frame["weeks"] = np.exp(rng.normal(5, 1, len(frame)))
    frame["spend"] = frame["weeks"] ** 0.9 * np.exp(rng.normal(0, 0.1, len(frame)))
    fitted = em.fit(described(frame), "cobb_douglas", time_effects=True)
    assert [name for name in fitted.params.index if name.startswith("when")] == [f"when {one}" for one in spelt[1:]]
    found = em.decompose(fitted, "Q4 2009", "Q4 2010", replications=29)
    assert found.tables["each period"]["when"].tolist() == spelt[1:]
    mixed = frame.assign(when=frame["when"].replace("Q4 2010", "2010/11"))
    with pytest.raises(TableError, match=r"it mixes .*financial years"):
        em.fit(described(mixed), "cobb_douglas", time_effects=True)


def test_contacts_are_ordered_by_the_calendar():
    days = ["28/01/2010", "03/02/2010", "10/02/2010", "01/03/2010"]
    log = pd.DataFrame({"who": "P", "worker": list("aabb"), "day": days}).iloc[[2, 0, 3, 1]]
    found = em.tables.continuity(log, person="who", worker="worker", time="day").table
    assert found["sequential"].tolist() == pytest.approx([2 / 3])
    doubtful = log.assign(day=["03/02/2010", "01/02/2010", "04/02/2010", "02/02/2010"])
    with pytest.raises(TableError, match="'day': nothing tells whether '03/02/2010' begins with the day"):
        em.tables.continuity(doubtful, person="who", worker="worker", time="day")
    stated = em.tables.continuity(
        doubtful, person="who", worker="worker", time="day", date_order="day/month/year"
    ).table
    assert stated["sequential"].tolist() == pytest.approx([2 / 3])
    with pytest.raises(NotSupported, match="date_order='dmy' is not known; it may be 'day/month/year' or"):
        em.tables.continuity(log, person="who", worker="worker", time="day", date_order="dmy")


def test_the_order_of_dates_is_stated_with_the_table(tmp_path):
    frame = panel(["01/02/2010", "02/02/2010", "03/02/2010", "04/02/2010", "05/02/2010"])
    with pytest.raises(TableError, match='State date_order="day/month/year"'):
        described(frame).periods()
    data = described(frame, date_order="day/month/year")
    assert data.periods()[0].tolist() == frame["place"].tolist()
    assert "day/month/year" in repr(data)
    assert em.read(data.to_card(tmp_path / "homes.toml")).date_order == "day/month/year"
    with pytest.raises(CardError, match="date_order = 'dmy' is not known; it may be \"day/month/year\" or"):
        described(frame, date_order="dmy")
    with pytest.raises(CardError, match="the periods are not known: name their column with time="):
        em.CostData(frame, "spend", "weeks").periods()


def test_what_was_made_before_the_table_begins_is_a_volume():
    frame = pd.DataFrame({"home": ["a", "a", "b", "b"], "year": [2001, 2002] * 2, "weeks": [3.0, 4.0, 5.0, 6.0]})
    frame = frame.assign(cost=100.0 * frame["weeks"], earlier=[10.0, 10.0, 0.0, 0.0])
    roles = {"cost": "cost", "outputs": ["weeks"], "entity": "home", "time": "year", "controls": ["earlier"]}
    added = em.tables.cumulative(em.CostData(frame, **roles), "weeks", before="earlier")
    assert np.isfinite(added.frame["log_cumulative_weeks"].iloc[0])
    wrong = em.CostData(frame.assign(earlier=[10.0, 10.0, -1.0, 0.0]), **roles)
    with pytest.raises(TableError, match="earlier must hold a volume of zero or more in every row"):
        em.tables.cumulative(wrong, "weeks", before="earlier")
