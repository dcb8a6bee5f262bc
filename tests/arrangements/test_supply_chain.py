"""Supply chains: shares of the price, payments that add up to the tariff, and cash against closed forms."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import gammainc

import econmodel as em
from econmodel.arrangements.cash import (
    BLOCK,
    Fate,
    Histories,
    Terms,
    cumulated,
    draw_paths,
    histories,
    longest,
    low_points,
    outcome_stream,
    path_moments,
)
from econmodel.arrangements.chains import CHAIN, MONTHLY, TERMS
from econmodel.arrangements.tariff import passed_on, read_tariff, share_reaching
from econmodel.errors import NotSupported, TableError, UnknownName

# Sums of a few products of doubles.
ROUNDING = 1e-10
# A mean or share of simulated draws lies within so many standard errors of the truth, except once in 15,000 seeds.
SURE = 4.0
LONG = 120
GROUPS = em.tables.figures("work_programme_tariff")["group"].tolist()


@pytest.fixture(scope="module")
def tariff():
    return em.tables.figures("work_programme_tariff")


@pytest.fixture(scope="module")
def life(tariff):
    """Two groups, several fates, a price that the chain has cut."""
    rows = read_tariff(tariff, ["JSA 25 and over", "New ESA"])
    terms = Terms(share=0.474, lag=3, spent_over=24, starts={3: 0.5, 15: 0.5}, kept={0.5: 0.4, 1.0: 0.6})
    return histories(rows, np.array([0.7, 0.3]), np.array([0.317, 0.151]), terms, cost=600.0, months=60)


def two_tiers(fee=0.29):
    return [em.arrangements.Tier("prime", fee=fee), em.arrangements.Tier("provider")]


@pytest.mark.parametrize("group", GROUPS)
def test_what_a_participant_with_a_sure_outcome_is_paid_adds_up_to_the_tariff_exactly(tariff, group):
    rows = read_tariff(tariff, [group])
    terms = Terms(share=1.0, lag=1, spent_over=24, starts={0: 0.5, 20: 0.5}, kept={1.0: 1.0})
    sure = histories(rows, np.ones(1), np.ones(1), terms, cost=0.0, months=LONG)
    assert sure.expected().sum() == tariff.set_index("group")["total"][group]


def test_payments_arrive_in_the_month_in_which_the_weeks_are_over(tariff):
    stream = outcome_stream(read_tariff(tariff, ["JSA 25 and over"]), 0, 1.0, 24)
    assert np.flatnonzero(stream)[0] == 6  # 26 weeks
    assert np.flatnonzero(stream)[-1] == 18  # 13 further payments end after 78 weeks, which are 18 months
    assert stream[6] == 1200
    assert stream[7:].sum() == 13 * 215
    later = outcome_stream(read_tariff(tariff, ["JSA 25 and over"]), 0, 1.0, 24, lag=2)
    assert (later[2:] == stream[:-2]).all()


@given(
    st.lists(st.tuples(*[st.floats(0, 0.9)] * 2, st.floats(0, 1)), min_size=0, max_size=4),
    st.floats(0, 0.5),
)
def test_where_the_price_goes_adds_up(tiers, discount):
    chain = [em.arrangements.Tier(f"tier {n}", fee, premium, own) for n, (fee, premium, own) in enumerate(tiers)]
    table = passed_on([*chain, em.arrangements.Tier("last")], discount)
    assert table[["keeps_of_100", "delivery_of_100"]].sum().sum() == pytest.approx(100 * (1 - discount), abs=ROUNDING)
    assert table["serves"].sum() == pytest.approx(1, abs=ROUNDING)
    product = np.prod([(1 - fee) * (1 - premium) for fee, premium, _ in tiers])
    assert table["price_of_100"].iloc[-1] == pytest.approx(100 * (1 - discount) * product, abs=ROUNDING)


def test_two_equal_tiers_that_leave_half_keep_29_per_cent_each():
    fee = 1 - np.sqrt(0.5)
    chain = [em.arrangements.Tier("prime", fee), em.arrangements.Tier("tier 1", fee), em.arrangements.Tier("tier 2")]
    assert round(100 * fee) == 29
    assert share_reaching(chain)[0] == pytest.approx(0.5, abs=ROUNDING)
    assert share_reaching(chain, "prime") == (1.0, 1)
    assert share_reaching(chain, "tier 1")[1] == 2


def test_a_specialist_prime_leaves_more_for_delivery_than_an_outsourcing_one(tariff):
    found = {}
    for own in (0.0, 0.6):
        chain = [em.arrangements.Tier("prime", fee=0.2, delivers=own), em.arrangements.Tier("tier 1")]
        answer = em.arrangements.supply_chain(tariff, {"New ESA": 0.15}, tiers=chain, referrals=[5], draws=100)
        found[own] = answer.tables[CHAIN]["delivery_of_100"].sum()
    assert found[0.0] == pytest.approx(80, abs=ROUNDING)
    assert found[0.6] == pytest.approx(60 + 0.4 * 80, abs=ROUNDING)


def test_the_longest_history_ends_with_the_last_payment(tariff):
    rows = read_tariff(tariff, ["New ESA"])
    terms = Terms(share=1.0, lag=2, spent_over=24, starts={7: 1.0}, kept={1.0: 1.0})
    paid = histories(rows, np.ones(1), np.ones(1), terms, cost=0.0, months=longest(rows, terms)).expected()
    assert paid[-1] > 0
    assert paid.sum() == 6500


def test_draws_in_blocks_are_draws(life):
    whole = low_points(life, [4.0], [9e3], [0.0], draws=2 * BLOCK + 1, seed=8)
    exact = low_points(life, [4.0], [9e3], [0.0], draws=8 * BLOCK, seed=9)
    share = exact.out_of_cash[0]
    assert 0.05 < share < 0.95
    assert abs(whole.out_of_cash[0] - share) < SURE * np.sqrt(share * (1 - share) / BLOCK)


def test_chances_of_all_fates_add_up_to_one(life):
    assert sum(fate.chance for fate in life.fates) == pytest.approx(1, abs=ROUNDING)


def test_simulated_cash_has_the_mean_and_variance_of_the_closed_form(life):
    rate, draws = 3.0, 20_000
    mean, variance = path_moments(life, rate, fixed_cost=50.0)
    paths = draw_paths(np.random.default_rng(2), life, cumulated(life), rate, draws, fixed_cost=50.0)
    assert (np.abs(paths.mean(axis=1) - mean) < SURE * np.sqrt(variance / draws)).all()
    error = np.sqrt(paths.var(axis=1) ** 2 * 2 / draws + ((paths.T - paths.mean(axis=1)) ** 4).mean(axis=0) / draws)
    assert (np.abs(paths.var(axis=1) - variance) < SURE * error).all()


def test_the_moments_are_those_of_every_participant_added_up(life):
    rate, so_far = 2.5, life.by_fate().cumsum(axis=1)
    chances = [fate.chance for fate in life.fates]
    mean, variance = path_moments(life, rate)
    for month in (0, 7, 59):
        arrivals = [(chance, so_far[j, month - s]) for s in range(month + 1) for j, chance in enumerate(chances)]
        assert mean[month] == pytest.approx(rate * sum(q * g for q, g in arrivals), rel=ROUNDING)
        assert variance[month] == pytest.approx(rate * sum(q * g * g for q, g in arrivals), rel=ROUNDING)


def test_running_out_of_cash_where_money_only_leaves_is_a_poisson_tail():
    months, draws = 12, 20_000
    costs = Histories((Fate(1.0, 0),), -np.eye(1, months))
    rates, reserves = np.array([0.1, 1.0, 5.0]), np.array([2.0, 14.0, 70.0])
    found = low_points(costs, rates, reserves, np.zeros(3), draws=draws, seed=3).out_of_cash
    exact = gammainc(reserves + 1, rates * months)
    assert (np.abs(found - exact) < SURE * np.sqrt(exact * (1 - exact) / draws)).all()


def test_running_out_of_cash_equals_an_enumeration_of_every_path():
    """Each participant costs 1 at once and pays 2 a month later: cash is what earlier ones left less this month's."""
    rate, reserve, months, draws, most = 1.5, 2, 10, 20_000, 60
    chance = np.exp(-rate + np.arange(most) * np.log(rate) - np.cumsum(np.log(np.maximum(np.arange(most), 1))))
    # alive[a]: still solvent, and all earlier participants have left a.
    alive = np.zeros(most * months)
    alive[0] = 1.0
    for _ in range(months):
        later = np.zeros_like(alive)
        for now, likely in enumerate(chance):
            solvent = np.flatnonzero((np.arange(len(alive)) + reserve - now >= 0) & (alive > 0))
            solvent = solvent[solvent + now < len(alive)]
            later[solvent + now] += likely * alive[solvent]
        alive = later
    money = np.zeros((1, months))
    money[0, :2] = -1.0, 2.0
    found = low_points(
        Histories((Fate(1.0, 0),), money), [rate], [float(reserve)], [0.0], draws=draws, seed=4
    ).out_of_cash[0]
    exact = 1 - alive.sum()
    assert 0.1 < exact < 0.9
    assert abs(found - exact) < SURE * np.sqrt(exact * (1 - exact) / draws)


def test_one_draw_of_a_huge_provider_is_its_expectation(tariff):
    answer = em.arrangements.supply_chain(tariff, {"New ESA": 0.151}, tiers=two_tiers(), referrals=[10_000], draws=100)
    row = answer.table.iloc[0]
    assert row["even_reserve"] == pytest.approx(row["expected_low_point"], rel=0.02)


def test_breaking_even_means_that_a_participant_costs_what_is_expected(tariff):
    rates, mix = {"JSA 25 and over": 0.317, "ESA ex-IB": 0.054}, {"JSA 25 and over": 0.75, "ESA ex-IB": 0.25}
    how = {"tiers": two_tiers(0.2), "discount": 0.06, "referrals": [2], "draws": 100}
    answer = em.arrangements.supply_chain(tariff, rates, mix=mix, **how)
    expected = 0.94 * 0.8 * (0.75 * (400 + 0.317 * 3995) + 0.25 * (600 + 0.054 * 13120))
    terms = answer.tables[TERMS].iloc[0]
    assert terms["a_participant_brings_in"] == pytest.approx(expected, rel=ROUNDING)
    assert terms["a_participant_costs"] == terms["a_participant_brings_in"]
    monthly = answer.tables[MONTHLY]
    assert monthly["spent_on_a_participant"].sum() == pytest.approx(expected, rel=ROUNDING)
    assert monthly["paid_for_a_participant"].sum() == pytest.approx(expected, rel=ROUNDING)


def test_the_answer_is_in_months_of_spending_whatever_the_money(tariff):
    in_pence = tariff.assign(
        **{name: 100 * tariff[name] for name in ("attachment", "job_outcome", "sustainment", "total")}
    )
    how = {"tiers": two_tiers(), "referrals": [1, 20], "reserves": 6.0, "draws": 200}
    pounds, pence = (em.arrangements.supply_chain(one, {"New ESA": 0.151}, **how).table for one in (tariff, in_pence))
    assert pence["spending_a_month"].to_numpy() == pytest.approx(100 * pounds["spending_a_month"], rel=ROUNDING)
    assert pence["safe_reserve"].to_numpy() == pytest.approx(pounds["safe_reserve"], rel=1e-5)  # seven digits


def test_standing_cost_is_paid_once(tariff):
    """Luck averages out in a huge provider: what it needs at even odds is the expected low point, worked out apart."""
    how = {"tiers": [em.arrangements.Tier("alone")], "referrals": [5e4], "draws": 100, "seed": 1, "cost": 900.0}
    for share in (0.5, 1.0):
        row = em.arrangements.supply_chain(tariff, {"New ESA": 0.151}, standing=share, **how).table.iloc[0]
        assert row["even_reserve"] == pytest.approx(row["expected_low_point"], rel=0.02)


def test_small_providers_need_more_months_in_reserve_and_standing_capacity_makes_idle_flow_costly(tariff):
    how = {"tiers": two_tiers(), "referrals": [1, 4, 16, 64], "draws": 2000, "reserves": 5.0}
    full = em.arrangements.supply_chain(tariff, {"New ESA": 0.151}, **how).table
    assert full["safe_reserve"].is_monotonic_decreasing
    assert full["out_of_cash"].is_monotonic_decreasing
    half = em.arrangements.supply_chain(tariff, {"New ESA": 0.151}, call_off=0.5, standing=0.8, **how).table
    assert (half["out_of_cash"] >= full["out_of_cash"]).all()
    assert (half["expected_low_point"] > full["expected_low_point"]).all()


def test_threads_and_other_sizes_do_not_move_a_number(life):
    ask = {"draws": 150, "seed": 9}
    one, two = (low_points(life, [1.0, 8.0], [9e3, 9e4], [0.0, 0.0], threads=n, **ask) for n in (1, 2))
    assert (one.needed == two.needed).all()
    first = low_points(life, [1.0], [9e3], [0.0], **ask)
    assert (first.needed[0] == one.needed[0]).all()


def test_the_sentence_is_made_from_the_table(tariff):
    answer = em.arrangements.supply_chain(
        tariff, {"New ESA": 0.151}, tiers=two_tiers(0.5), referrals=[1, 50], reserves=8, draws=300
    )
    assert answer.text.startswith("Of every 100 in money of the maximum price, 50.0 reach provider; fees and premiums")
    assert "reserve to be 95 % safe of running out of cash within 60 months, one with 50 referrals" in answer.text
    assert f"one with 50 referrals a month {answer.table['safe_reserve'].iloc[-1]:.1f}." in answer.text
    assert any("Marked in the tariff as an assumption: New ESA" in note for note in answer.notes)


@pytest.mark.parametrize("fee", [1.0, 1.3, -0.1])
@pytest.mark.parametrize("word", ["fee", "premium"])
def test_a_tier_cannot_keep_all_or_more(fee, word):
    said = re.escape(f"The {word} of 'prime' is {100 * fee:g} %: from 100 % on nothing is left to deliver with")
    with pytest.raises(NotSupported, match=said + ".*Give a share from 0 up to, not including, 1"):
        em.arrangements.Tier("prime", **{word: fee})


TIER = em.arrangements.Tier


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"outcomes": {"New ESA": 15.1}}, NotSupported, "rate of 'New ESA' is 15.1, and a share.*give 0.151"),
        ({"outcomes": {"New ESA": -0.1}}, NotSupported, "rate of 'New ESA' is -0.1.*between 0 and 1: give a share"),
        ({"outcomes": {}}, NotSupported, "outcomes is empty: give the share"),
        ({"outcomes": {"New ESA claimants": 0.1}}, UnknownName, "no row for 'New ESA claimants'.*Add the missing"),
        ({"tiers": []}, NotSupported, "at least one tier"),
        ({"tiers": [TIER("a", fee=0.1)]}, NotSupported, "'a' is the last tier and passes nothing.*Set both to zero"),
        ({"tiers": [TIER("a"), TIER("a")]}, NotSupported, "Two tiers are called 'a': give each its own name"),
        ({"at": "tier 3"}, NotSupported, "at='tier 3' is no tier of this chain. There is prime, provider"),
        ({"discount": 6}, NotSupported, "discount of the bid is 6.*if it is a percentage, give 0.06"),
        ({"referrals": [-2.0]}, NotSupported, r"referrals=\[-2.0\]: a provider has more than no referrals"),
        ({"referrals": []}, NotSupported, "Give sizes such as"),
        ({"referrals": [1e6]}, NotSupported, "at most 60,000"),
        ({"call_off": 1.2}, NotSupported, "call_off, the share of the promised referrals that come, is 1.2"),
        ({"call_off": 0.0}, NotSupported, "nobody is referred"),
        ({"standing": -1}, NotSupported, "standing, the share of the cost.* is -1"),
        ({"reserves": -3.0}, NotSupported, "reserves=-3: give months of spending"),
        ({"cost": 0.0}, NotSupported, "cost=0: give the money spent on a participant"),
        ({"spent_over": 0}, NotSupported, "spent_over=0: give a whole number from 1"),
        ({"months": 2.5}, NotSupported, "months=2.5: give a whole number"),
        ({"draws": 10}, NotSupported, "draws=10: give a whole number from 100"),
        ({"mix": {"ESA ex-IB": 1.0}}, NotSupported, "mix names 'ESA ex-IB', and the outcomes are of 'New ESA'"),
        ({"starts": {3: 0.5}}, NotSupported, "shares of starts add up to 0.5.*divide each by 0.5"),
        ({"starts": {2.5: 1.0}}, NotSupported, "a job begins in month 2.5; give whole months"),
        ({"kept": {1.5: 1.0}}, NotSupported, "kept: a share of the sustainment payments is 1.5"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_in_a_sentence_with_a_cure(tariff, change, error, message):
    asked = {"outcomes": {"New ESA": 0.151}, "tiers": two_tiers(), "draws": 100} | change
    with pytest.raises(error, match=message):
        em.arrangements.supply_chain(tariff, **asked)


@pytest.mark.parametrize("lag", [-1, 0.5])
def test_money_arrives_a_whole_number_of_months_later(lag):
    with pytest.raises(NotSupported, match=f"The lag of 'prime' is {lag:g}: give whole months, zero or more"):
        em.arrangements.Tier("prime", lag=lag)


def test_a_tier_cannot_deliver_more_than_all():
    with pytest.raises(NotSupported, match=r"What 'prime' delivers itself is 1\.5"):
        em.arrangements.Tier("prime", delivers=1.5)


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda t: t.drop(columns="sustainment"), TableError, "no column 'sustainment'. It needs group, .*rename"),
        (lambda t: t[t["group"] != "New ESA"], UnknownName, "no row for 'New ESA'. Add the missing groups to it"),
        (lambda t: pd.concat([t, t.tail(4)]), TableError, "more than one row for .*'New ESA'.*keep one of them"),
        (lambda t: t.assign(attachment=-t["attachment"]), TableError, "'attachment' of the tariff must hold money"),
        (lambda t: t.assign(weeks_to_job_outcome=12.5), TableError, "must hold a whole number from zero.*'New ESA'"),
        (lambda t: t.assign(job_outcome=np.nan), TableError, "'job_outcome' of the tariff must hold money.*Mend these"),
        (lambda t: t.assign(total=t["total"] + 1), TableError, "add up to 6,500.00, and its total says 6,501.00"),
        (lambda t: t.assign(attachment=0, job_outcome=0, sustainment=0, total=0), NotSupported, "tariff pays nothing"),
    ],
)  # fmt: skip
def test_a_bad_tariff_is_refused_with_a_cure(tariff, spoil, error, message):
    with pytest.raises(error, match=message):
        em.arrangements.supply_chain(spoil(tariff), {"New ESA": 0.151}, tiers=two_tiers(), draws=100)
