"""Revenue by payment group: the message, and the marks behind it."""

import pytest

from econmodel.charts.bars import outcome_revenue
from econmodel.errors import NotSupported


def test_title_sets_the_dearest_group_against_the_one_that_brings_in_most(outcomes, words):
    title, description = words(outcome_revenue(outcomes()))
    assert title == "A participant of JSA 25 and over brings in most"
    assert (
        "An outcome of ESA ex-IB pays 3.3 times that of JSA 25 and over, and a participant brings in 44 % less. "
    ) in description
    assert "1,266 for JSA 25 and over (32 % at 3,995), 891 for New ESA (15 % at 5,900) and 708 for" in description


def test_title_where_the_dearest_group_brings_in_most(outcomes, words):
    title, description = words(outcome_revenue(outcomes({"New ESA": 0.1, "ESA ex-IB": 0.1})))
    assert title == "A participant of ESA ex-IB brings in most"
    assert "1,312 from outcomes. " in description


def test_bars_are_price_times_rate_and_ticks_the_spending(outcomes, payment, drawn_rows, words):
    answer = outcomes(spending_below={"New ESA": 690})
    rows = drawn_rows(outcome_revenue(answer))
    assert [row["revenue"] for row in rows] == pytest.approx(
        (answer.table["price"] * answer.table["outcomes"]), rel=1e-5
    )
    assert [row["worth"] for row in rows] == pytest.approx(answer.table["spending_at_most"], rel=1e-5)
    assert [row["worth"] for row in drawn_rows(outcome_revenue(payment))] == pytest.approx(
        payment.table["spending"], rel=1e-5
    )
    assert "What it pays to spend is " in words(outcome_revenue(payment))[1]


def test_something_else_is_refused(cash):
    for given in (cash(), 7):
        with pytest.raises(
            NotSupported, match=r"em\.charts\.outcome_revenue draws the result of em\.arrangements\.explain_outcomes"
        ):
            outcome_revenue(given)
