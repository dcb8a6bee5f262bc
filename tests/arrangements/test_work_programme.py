"""The typed figures of the Work Programme: sums as printed, and arithmetic on them."""

import numpy as np
import pytest

import econmodel as em
from econmodel.arrangements.tariff import read_tariff

ALL_PAYMENTS = 331_789
# In a table printed to the pound, arithmetic comes within half of one.
POUND = 0.5


@pytest.fixture(scope="module")
def tariff():
    return em.tables.figures("work_programme_tariff")


@pytest.fixture(scope="module")
def rates():
    table = em.tables.figures("work_programme_outcomes")
    return table[table["to"] == "2017-12"].set_index("group")["outcome_per_cent"] / 100


def test_payments_for_job_outcomes_sum_to_the_printed_total():
    table = em.tables.figures("work_programme_payments")
    assert len(table) == 9
    assert table["job_outcome_payments_thousand_gbp"].sum() == ALL_PAYMENTS
    assert set(table["status"]) == {"published"}


def test_every_row_of_the_tariff_sums_to_its_total_and_six_to_nine_are_assumptions(tariff):
    made = tariff["attachment"] + tariff["job_outcome"] + tariff["sustainment"] * tariff["sustainment_payments"]
    assert (made == tariff["total"]).all()
    assert tariff["number"].tolist() == list(range(1, 10))
    assert (tariff["status"] == "assumption").tolist() == [False] * 5 + [True] * 4
    assert tariff.loc[tariff["status"] == "assumption", "source"].str.contains("assum", case=False).all()


def test_job_outcomes_take_26_weeks_in_the_first_two_groups_and_13_in_the_others(tariff):
    assert tariff["weeks_to_job_outcome"].tolist() == [26, 26] + [13] * 7


@pytest.mark.parametrize(
    ("group", "revenue"), [("JSA 18-24", 1241), ("JSA 25 and over", 1266), ("New ESA", 891), ("ESA ex-IB", 708)]
)
def test_expected_revenue_for_outcomes_at_the_tariffs_maximum(tariff, rates, group, revenue):
    price = read_tariff(tariff, [group]).price_of_an_outcome()[0]
    assert rates[group] * price == pytest.approx(revenue, abs=POUND)


def test_the_dearest_group_brings_in_44_per_cent_less_at_three_times_the_price(tariff, rates):
    groups = ["JSA 25 and over", "ESA ex-IB"]
    prices = read_tariff(tariff, groups).price_of_an_outcome()
    revenue = rates[groups].to_numpy() * prices
    assert prices[1] / prices[0] == pytest.approx(3.3, abs=0.05)
    assert round(100 * (1 - revenue[1] / revenue[0])) == 44


def test_money_for_participants_fell_by_what_the_sums_fell():
    facts = em.tables.figures("work_programme_facts").set_index("item")["value"]
    paid, designed = (facts[f"money per ESA participant over two years, as {how}"] for how in ("paid", "designed"))
    total = [facts[f"money for ESA participants 2011-19, as {how}"] for how in ("paid", "planned")]
    assert (paid, designed, *total) == (690, 1170, 350, 730)
    # Fewer were referred than planned, so the sums fell by more.
    assert total[0] / total[1] < paid / designed < 1
    assert np.isfinite(facts).all()
