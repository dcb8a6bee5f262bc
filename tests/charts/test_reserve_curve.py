"""Reserves by size: what the title says, which numbers stand below the axis, what is refused."""

import re

import pytest

from econmodel.charts.by_number import reserves
from econmodel.errors import NotSupported


def test_title_compares_the_smallest_and_the_largest(cash, words):
    answer = cash()
    safe = answer.table["safe_reserve"]
    title, description = words(reserves(answer))
    assert title == f"The smallest providers need reserves of {safe.iloc[0]:.1f} months of spending"
    assert (
        f"To be 95 % safe takes {safe.iloc[0]:.1f} months of spending in reserve with 1 referral a month, "
        f"and {safe.iloc[-1]:.1f} with 100. "
    ) in description
    first, last = (round(100 * answer.table["out_of_cash"].iloc[place]) for place in (0, -1))
    assert f"within 60 months is {first} % with 1 referral a month" in description
    assert re.search(rf"and (<1|{last}) % with 100 referrals a month", description)


def test_curves_and_chances_are_those_of_the_table(cash, drawn_rows):
    answer = cash()
    rows = drawn_rows(reserves(answer))
    assert [row["safe"] for row in rows if "safe" in row] == pytest.approx(answer.table["safe_reserve"], rel=1e-5)
    assert [row["even"] for row in rows if "even" in row] == pytest.approx(answer.table["even_reserve"], rel=1e-5)
    assert sum("text" in row for row in rows) == len(answer.table)


def test_without_reserves_no_chances_are_written(cash, drawn_rows):
    rows = drawn_rows(reserves(cash(held=0.0)))
    assert not any("text" in row or "held" in row for row in rows)


def test_one_size_or_something_else_is_refused(cash, outcomes):
    for given in (cash((5.0,)), outcomes(), None):
        with pytest.raises(
            NotSupported, match=r"em\.charts\.reserves draws the result of em\.arrangements\.supply_chain.*two or more"
        ):
            reserves(given)
