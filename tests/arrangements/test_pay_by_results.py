"""Payment by results: closed forms against search, and sets of responses that give published rates."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar

import econmodel as em
from econmodel.arrangements.explained import SET
from econmodel.arrangements.payment import WITHIN, Response, worth_of_an_outcome
from econmodel.errors import NotSupported, TableError, UnknownName

# A few products of doubles; where sixty halvings or a search stand between, what these leave.
ROUNDING, SEARCHED = 1e-10, 1e-6
# Means over 100,000 equally likely participants, whose slowest and fastest are cut off.
ENUMERATED = 1e-3
RATES = {"JSA 18-24": 0.364, "JSA 25 and over": 0.317, "New ESA": 0.151, "ESA ex-IB": 0.054}

shares = st.floats(0.01, 0.6)
responses = st.tuples(shares, st.floats(0.02, 0.39), st.floats(1e-4, 1e-1), st.floats(100, 2e4))


@pytest.fixture(scope="module")
def tariff():
    return em.tables.figures("work_programme_tariff")


def stated(**changes):
    row = {"group": "New ESA", "p0": 0.1, "p1": 0.3, "k": 0.001} | changes
    return pd.DataFrame([row])


@given(responses)
@settings(max_examples=40)
def test_spending_is_what_pays_best(drawn):
    p0, gap, k, price = drawn
    one = Response(np.array(p0), np.array(p0 + gap), np.array(k))

    def loss(e):
        return e - price * (p0 + gap * -np.expm1(-k * e))

    found = minimize_scalar(loss, bounds=(0, price), method="bounded", options={"xatol": 1e-8})
    spent = float(one.spending(price))
    assert loss(spent) <= min(found.fun, loss(0.0)) + SEARCHED
    assert float(one.outcomes(price)) == pytest.approx(p0 + gap * -np.expm1(-k * spent), abs=ROUNDING)
    assert bool(one.parked(price)) == (k * gap * price <= 1) == (spent == 0)


@given(responses)
@settings(max_examples=40)
def test_the_group_is_worked_with_from_its_price_on(drawn):
    p0, gap, k, _ = drawn
    one = Response(np.array(p0), np.array(p0 + gap), np.array(k))
    bar = float(one.price_to_work_with())
    assert bar == pytest.approx(1 / (k * gap), rel=1e-9)
    assert one.spending(bar * 0.999) == 0 < one.spending(bar * 1.001)


@pytest.mark.parametrize("spread", [0.3, 1.0, 2.5])
@pytest.mark.parametrize("price", [300.0, 5_000.0, 50_000.0])
def test_means_within_a_group_are_those_of_its_participants(spread, price):
    from scipy.special import ndtri

    group = Response(np.array(0.05), np.array(0.25), np.array(0.001), spread)
    k = 0.001 * np.exp(spread * ndtri((np.arange(100_000) + 0.5) / 100_000))
    each = Response(np.full_like(k, 0.05), np.full_like(k, 0.25), k)
    for what in ("outcomes", "spending", "parked"):
        mean = getattr(each, what)(price).mean()
        assert float(getattr(group, what)(price)) == pytest.approx(mean, rel=ENUMERATED, abs=1e-6)


def test_a_spread_of_nearly_nothing_is_no_spread():
    alike, nearly = (Response(np.array(0.05), np.array(0.25), np.array(0.002), spread) for spread in (0.0, 1e-4))
    for what in ("outcomes", "spending"):
        assert float(getattr(nearly, what)(6e3)) == pytest.approx(float(getattr(alike, what)(6e3)), rel=SEARCHED)


def test_nine_in_ten_are_worth_the_effort_at_the_price_that_says_so():
    group = Response(np.array(0.05), np.array(0.25), np.array(0.001), 1.2)
    assert float(group.parked(group.price_to_work_with(0.9))) == pytest.approx(0.1, abs=ROUNDING)


def test_the_table_holds_the_formulas(tariff):
    chain = [em.arrangements.Tier("prime", fee=0.2), em.arrangements.Tier("provider")]
    row = em.arrangements.pay_by_results(tariff, stated(), tiers=chain, discount=0.06, kept=0.5).table.iloc[0]
    price = 0.94 * 0.8 * (1200 + 0.5 * 4700)
    effort = np.log(0.001 * 0.2 * price) / 0.001 if 0.001 * 0.2 * price > 1 else 0.0
    assert row["price"] == pytest.approx(price, rel=ROUNDING)
    assert row["spending"] == pytest.approx(effort, rel=ROUNDING)
    assert row["margin"] == pytest.approx(0.94 * 0.8 * 600 + row["outcomes"] * price - effort, rel=ROUNDING)
    assert row["price_to_unpark"] == pytest.approx(1 / (0.001 * 0.2) / (0.94 * 0.8), rel=ROUNDING)


def test_the_supply_chain_itself_parks_people(tariff):
    chain = [
        em.arrangements.Tier("prime", fee=0.29),
        em.arrangements.Tier("tier 1", fee=0.29),
        em.arrangements.Tier("tier 2"),
    ]
    row = em.arrangements.pay_by_results(tariff, stated(), tiers=chain).table.iloc[0]
    assert (row["parked"], row["parked_at_full_price"]) == (1.0, 0.0)
    assert row["spending"] == 0
    assert row["outcomes"] == pytest.approx(0.1, abs=ROUNDING)


def test_money_goes_to_the_quarters_that_respond(tariff):
    answer = em.arrangements.pay_by_results(tariff, stated(), spread=1.0)
    quarters, whole = answer.tables[WITHIN], answer.table.iloc[0]
    assert quarters["parked"].is_monotonic_decreasing
    assert quarters["added_by_effort"].is_monotonic_increasing
    # Two hundred participants stand for a quarter.
    assert quarters["spending"].mean() == pytest.approx(whole["spending"], rel=0.01)
    assert quarters["added_by_effort"].mean() == pytest.approx(whole["outcomes"] - 0.1, rel=0.01)


def test_market_share_is_worth_the_slope_of_the_tournament(tariff):
    one = Response(np.array([0.1]), np.array([0.3]), np.array([0.001]))
    price, fee = np.array([5900.0]), np.array([600.0])
    worth = worth_of_an_outcome(one, price, fee, 0.05, np.array([1000.0]), 1.0)
    rate, spent = one.outcomes(price + worth), one.spending(price + worth)
    scatter = np.sqrt(2 * rate * (1 - rate) / 1000)
    slope = 2 * 0.05 / np.sqrt(2 * np.pi) / scatter * 2 * (fee + rate * price - spent)
    assert worth == pytest.approx(slope, rel=SEARCHED)
    row = em.arrangements.pay_by_results(tariff, stated(), shift=0.05, referrals=1000).table.iloc[0]
    assert row["worth_of_market_share"] == pytest.approx(worth[0], rel=SEARCHED)
    few = em.arrangements.pay_by_results(tariff, stated(), shift=0.05, referrals=10).table.iloc[0]
    assert few["worth_of_market_share"] < row["worth_of_market_share"]
    assert (
        em.arrangements.pay_by_results(tariff, stated()).table.iloc[0]["spending"] < few["spending"] < row["spending"]
    )


def test_nobody_competes_for_participants_who_bring_no_margin():
    one = Response(np.array([0.0]), np.array([0.3]), np.array([1e-6]))
    assert worth_of_an_outcome(one, np.array([100.0]), np.array([0.0]), 0.05, np.array([1e3]), 1.0) < SEARCHED


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_every_response_of_the_set_gives_the_rate_and_no_other_bound_is_passed(tariff, spread):
    """Random responses that give the rate: none spends or parks more than the bounds, and some come close."""
    random, rate, price = np.random.default_rng(3), 0.151, 5900.0
    bounds = em.arrangements.explain_outcomes(
        tariff, {"New ESA": rate}, without={"New ESA": (0.05, 0.12)}, spread=spread
    )
    row = bounds.table.iloc[0]
    p0, edge = random.uniform(0.05, 0.12, 200_000), random.uniform(-5, 5, 200_000)
    from econmodel.arrangements.payment import relative_gain

    with np.errstate(divide="ignore"):
        reach = (rate - p0) / relative_gain(edge, spread)
    fits = np.isfinite(reach) & (p0 + reach <= 1)
    p0, reach, edge = p0[fits], reach[fits], edge[fits]
    some = Response(p0, p0 + reach, np.exp(edge) / (price * reach), spread)
    assert some.outcomes(price) == pytest.approx(rate, abs=ROUNDING)
    assert 0.97 * row["spending_at_most"] < some.spending(price).max() <= row["spending_at_most"] + SEARCHED
    assert some.parked(price).max() <= row["parked_at_most"] + SEARCHED
    times = np.maximum(some.price_to_work_with(0.9) / price, 1.0)
    assert 0.9 * row["multiple_to_unpark_at_most"] < times.max() <= row["multiple_to_unpark_at_most"] + SEARCHED


@pytest.mark.parametrize("group", RATES)
def test_where_all_are_alike_the_bound_on_spending_has_a_closed_form(tariff, group):
    row = em.arrangements.explain_outcomes(tariff, {group: RATES[group]}, without={group: (0.01, 0.04)}).table.iloc[0]
    p = RATES[group]
    assert row["spending_at_most"] == pytest.approx(row["price"] * (1 - p) * np.log(0.99 / (1 - p)), rel=SEARCHED)
    assert row["spending_at_most"] < row["price"] * (p - 0.01) < row["revenue"]
    assert row["parked_at_most"] == 0
    assert row["added_by_effort_from"] == pytest.approx(p - 0.04, abs=ROUNDING)


def test_what_was_paid_limits_what_was_spent_by_what_reaches_the_provider(tariff):
    chain = [em.arrangements.Tier("prime", fee=0.5), em.arrangements.Tier("provider")]
    how = {"spending_below": {"New ESA": 200}, "tiers": chain}
    row = em.arrangements.explain_outcomes(tariff, {"New ESA": 0.151}, **how).table.iloc[0]
    assert row["spending_at_most"] == pytest.approx(100, rel=SEARCHED)


def test_from_a_rate_alone_parking_cannot_be_told(tariff):
    answer = em.arrangements.explain_outcomes(tariff, RATES)
    assert (answer.table["parked_at_most"] == 1).all()
    assert np.isinf(answer.table["multiple_to_unpark_at_most"]).all()
    assert "Whether most of JSA 18-24, JSA 25 and over, New ESA and ESA ex-IB are parked cannot be told" in answer.text


def test_the_price_that_brings_690_to_1170_lies_between_no_response_and_the_strongest(tariff):
    times = (1170 - 140) / 550
    answer = em.arrangements.explain_outcomes(tariff, {"New ESA": 0.151}, wanted={"New ESA": times})
    row = answer.table.iloc[0]
    assert row["wanted_multiple_to"] == pytest.approx(times, rel=ROUNDING)
    # With p1 = 1, t p(tR) = t - (1 - p).
    assert row["wanted_multiple_from"] == pytest.approx(1 + (times - 1) * 0.151, rel=SEARCHED)


def test_a_rate_below_what_would_have_happened_anyway_fits_no_response(tariff):
    facts = em.tables.figures("work_programme_facts").set_index("item")["value"] / 100
    without = facts["JSA 25 and over: outcomes without the programme, first year"]
    first_year = {"JSA 25 and over": facts["JSA 25 and over: outcomes in the first year"]}
    answer = em.arrangements.explain_outcomes(tariff, first_year, without={"JSA 25 and over": without})
    assert answer.table["revenue"].notna().all()
    assert answer.table["spending_at_most"].isna().all()
    assert answer.text.startswith("No response fits JSA 25 and over, where fewer had an outcome")
    assert answer.tables[SET].drop(columns="group").isna().all().all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"p1": 0.1}, "For 'New ESA' p1 = 0.1 is not above p0 = 0.1: effort would add nothing.*Give a p1 above p0"),
        ({"p1": 0.05}, "p1 = 0.05 is not above p0 = 0.1"),
        ({"p0": -0.1}, "p0 of 'New ESA', the chance of an outcome without effort, is -0.1"),
        ({"p1": 30}, "p1 of 'New ESA'.* is 30.*if it is a percentage, give 0.3"),
        ({"p0": np.nan}, "p0 of 'New ESA'.* is nan"),
        ({"k": 0.0}, "For 'New ESA' k = 0: give a positive speed"),
    ],
)
def test_a_response_that_cannot_be_is_refused_with_a_cure(tariff, changes, message):
    with pytest.raises(NotSupported, match=message):
        em.arrangements.pay_by_results(tariff, stated(**changes))


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (stated().drop(columns="k"), "no column 'k'. It needs group, p0, p1 and k"),
        (pd.concat([stated(), stated()]), "more than one row for 'New ESA': keep one"),
    ],
)  # fmt: skip
def test_a_bad_table_of_responses_is_refused(tariff, table, message):
    with pytest.raises(TableError, match=message):
        em.arrangements.pay_by_results(tariff, table)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"spread": -1}, "spread=-1 is a standard deviation"),
        ({"worked_with": 1.0}, "worked_with=1: give a share between 0 and 1"),
        ({"kept": 2.0}, "kept, the share of the sustainment payments that is earned, is 2"),
        ({"discount": 1.5}, "discount of the bid is 1.5"),
        ({"shift": 5}, "shift, the share of the referrals that changes hands, is 5.*give 0.05"),
        ({"shift": 0.05, "referrals": 0}, "referrals=0: give the participants of one provider"),
        ({"shift": 0.05, "years": -1}, "years=-1: give the years"),
        ({"discount": 1.0}, "Nothing is paid for an outcome of 'New ESA': leave these groups out"),
    ],
)
def test_terms_that_cannot_be_are_refused(tariff, how, message):
    with pytest.raises(NotSupported, match=message):
        em.arrangements.pay_by_results(tariff, stated(), **how)


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"without": {"ESA": 0.1}}, UnknownName, "without names 'ESA', which is not among the outcomes. These"),
        ({"without": {"New ESA": (0.3, 0.1)}}, NotSupported, "runs from 0.3 to 0.1: give the lower end first"),
        ({"without": {"New ESA": 11}}, NotSupported, r"without\['New ESA'\] is 11.*give 0.11"),
        ({"spending_below": {"New ESA": 0}}, NotSupported, r"spending_below\['New ESA'\] is 0: give a number"),
        ({"wanted": {"New ESA": -2}}, NotSupported, r"wanted\['New ESA'\] is -2: give a number above zero"),
        ({"discount": 1.0}, NotSupported, "The price of an outcome of 'New ESA' is 0"),
        ({"outcomes": {"Old ESA": 0.1}}, UnknownName, "no row for 'Old ESA'. Add the missing groups"),
        ({"outcomes": {"New ESA": 1.2}}, NotSupported, "outcome rate of 'New ESA' is 1.2"),
    ],
)  # fmt: skip
def test_what_is_known_must_be_possible(tariff, how, error, message):
    asked = {"outcomes": {"New ESA": 0.151}} | how
    with pytest.raises(error, match=message):
        em.arrangements.explain_outcomes(tariff, **asked)
