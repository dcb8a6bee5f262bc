"""What an interval allows one to say: one function, one table of cases, one vocabulary."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri, stdtrit

from econmodel.results import EFFECT_COLUMNS, Effects
from econmodel.verdict import conclusions, judge, judge_row
from econmodel.words import scale_words, verdict_words

FREEDOM = 100
NONE = float("nan")
# low, high, null, margin, p, supported, identified, informed -> conclusion, and its words about scope.
CASES = [
    (0.02, 0.10, 0.0, 0.00, NONE, True, None, True, "above", "economies"),
    (-0.10, -0.02, 0.0, 0.00, NONE, True, None, True, "below", "diseconomies"),
    (0.02, 0.10, 0.0, 0.00, 0.03, True, None, True, "above", "economies"),
    (0.02, 0.04, 0.0, 0.05, NONE, True, None, True, "above", "economies, but less than 5 %"),
    (-0.04, -0.02, 0.0, 0.05, NONE, True, None, True, "below", "diseconomies, but less than 5 %"),
    (-0.04, 0.04, 0.0, 0.05, NONE, True, None, True, "equivalent", "no difference, to within 5 %"),
    (-0.04, 0.04, 0.0, 0.03, NONE, True, None, True, "open", "the data do not settle it"),
    (-0.04, 0.04, 0.0, 0.00, NONE, True, None, True, "open", "the data do not settle it"),
    (-0.50, 0.50, 0.0, 0.05, 0.9, True, None, True, "open", "the data do not settle it"),
    (0.02, 0.10, 0.0, 0.00, 0.41, True, None, True, "open", "wild cluster bootstrap does not reject 0 (p = 0.410)"),
    (0.02, 0.10, 0.0, 0.00, NONE, False, None, True, "unsupported", "this is what the form implies beyond the data"),
    (-0.5, 0.50, 0.0, 0.00, NONE, False, None, True, "unsupported", "this is what the form implies beyond the data"),
    (-0.30, 0.40, 0.0, 0.00, NONE, True, (-0.1, 0.2), True, "unidentified", "an interval only, and it holds both"),
    (-0.30, 0.40, 0.0, 0.00, NONE, False, (-0.1, 0.2), True, "unidentified", "an interval only, and it holds both"),
    (-0.05, 0.40, 0.0, 0.00, NONE, True, (0.1, 0.2), True, "open", "the data do not settle it"),
    (0.05, 0.40, 0.0, 0.00, NONE, True, (0.1, 0.2), True, "above", "economies"),
    (0.02, 0.10, 0.0, 0.00, 0.001, True, None, False, "uninformed", "too few clusters or rows carry it"),
    (0.02, 0.10, 0.0, 0.00, 0.001, False, (-0.1, 0.2), False, "uninformed", "too few clusters or rows carry it"),
    (NONE, NONE, 0.0, 0.05, NONE, True, None, True, "open", "the data do not settle it"),
]


@pytest.mark.parametrize(
    ("low", "high", "null", "margin", "p_value", "supported", "identified", "informed", "conclusion", "words"), CASES
)
def test_every_verdict_and_its_words(
    low, high, null, margin, p_value, supported, identified, informed, conclusion, words
):
    verdict = judge(
        low, high, null, margin=margin, p_value=p_value, supported=supported, identified=identified, informed=informed
    )
    assert verdict.conclusion == conclusion
    assert verdict.differs == (conclusion in ("below", "above"))
    text = verdict_words(verdict, "diseconomies", "economies")
    assert words in text
    assert ("economies" in text) == verdict.differs


@pytest.mark.parametrize("case", [case for case in CASES if case[7] and case[0] == case[0]])
def test_tables_hold_the_verdict_of_every_row(case):
    """The rows of a table, their vectorised verdicts, and the verdict on one row agree, moved to another null too."""
    low, high, null, margin, p_value, supported, identified, _, conclusion, _ = case
    ends = identified or (NONE, NONE)
    rows = []
    for move in (0.0, 1.0):
        row = dict.fromkeys(EFFECT_COLUMNS, NONE) | {"term": "degree", "at": "mean", "supported": supported}
        row |= {"conf_low": low + move, "conf_high": high + move, "null": null + move, "p_value": p_value}
        rows.append(row | {"identified_low": ends[0] + move, "identified_high": ends[1] + move})
        assert judge_row(rows[-1], 0.95, margin=margin).conclusion == conclusion
    assert conclusions(pd.DataFrame(rows), 0.95, margin).tolist() == [conclusion] * 2
    assert Effects("Scope", pd.DataFrame(rows), "", margin=margin).table["verdict"].tolist() == [conclusion] * 2


def test_rows_without_a_null_or_an_interval_have_no_verdict():
    row = dict.fromkeys(EFFECT_COLUMNS, NONE) | {"term": "cost", "at": "mean", "supported": True}
    rows = [row | {"conf_low": 1.0, "conf_high": 2.0}, row | {"null": 0.0}]
    assert conclusions(pd.DataFrame(rows), 0.95).tolist() == [None, None]


@given(st.floats(-2, 2), st.floats(1e-3, 2), st.floats(2.5, 200), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_a_p_value_below_alpha_is_an_interval_without_the_null(estimate, error, freedom, level):
    """Of one method, the two say the same; so the p-value takes nothing back."""
    from scipy.special import stdtr

    reach = stdtrit(freedom, 0.5 + level / 2) * error
    p_value = 2 * stdtr(freedom, -abs(estimate) / error)
    verdict = judge(estimate - reach, estimate + reach, 0.0, p_value=p_value, level=level)
    if abs(p_value - (1 - level)) > 1e-9:  # rounding decides at the edge itself
        assert verdict.differs == (p_value < 1 - level) == (abs(estimate) > reach)
        assert not verdict.taken_back


def test_a_wild_p_value_takes_a_difference_back_but_never_makes_one():
    assert judge(0.80, 0.90, 1.0, p_value=0.12).taken_back
    assert judge(0.80, 0.90, 1.0, p_value=0.01).conclusion == "below"
    assert judge(0.60, 1.20, 1.0, p_value=0.01).conclusion == "open"
    assert judge(0.80, 0.90, 1.0, p_value=0.07, level=0.9).conclusion == "below"


@pytest.mark.parametrize(("freedom", "level"), [(20, 0.95), (20, 0.9), (float("inf"), 0.95), (1e12, 0.95)])
def test_the_smallest_difference_that_would_be_found(freedom, level):
    """A test at this level finds a difference of that size with a chance of 80 %."""
    verdict = judge(0.5, 1.5, 1.0, error=0.25, freedom=freedom, level=level)
    t = stdtrit(freedom, 0.5 + level / 2) if freedom < 1e9 else ndtri(0.5 + level / 2)
    assert verdict.detectable == pytest.approx((t + ndtri(0.8)) * 0.25)
    words = f"a departure of less than {verdict.detectable:.2g} would probably not have been found"
    assert words in verdict_words(verdict, "", "")


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.80, 0.90, "economies of scale"),
        (0.96, 0.99, "economies of scale, but less than 5 %"),
        (1.10, 1.20, "diseconomies of scale"),
        (1.01, 1.04, "diseconomies of scale, but less than 5 %"),
        (0.96, 1.04, "constant returns, to within 5 %"),
    ],
)
def test_words_for_scale(low, high, words):
    assert scale_words(judge(low, high, 1.0, margin=0.05), 0.9) == words
    assert scale_words(judge(low, high, 1.0, margin=0.05), -0.1).startswith("cost would not rise with output")


def test_of_few_clusters_nothing_is_shown_to_be_the_same():
    """Their classical interval is too narrow to show an absence."""
    from econmodel.economies.core.measure import trusted

    class Few:
        wild = True

    assert np.array_equal([trusted(Few, method, 0.05) for method in ("delta", "bootstrap")], [0.0, 0.05])


def test_too_few_replications_settle_nothing_and_are_no_wild_bootstrap():
    row = {"conf_low": 0.02, "conf_high": 0.5, "null": 0.0, "p_value": 0.06, "std_error": 0.1}
    assert judge_row(row, 0.95).taken_back
    drawn = judge_row(row | {"p_floor": 0.02}, 0.95)
    assert drawn.conclusion == "open"
    assert verdict_words(drawn, "below", "above").startswith("the data do not settle it, and a departure of less than")


@pytest.mark.parametrize(
    ("low", "high", "holds"), [(-0.04, 0.04, True), (0.1, 0.2, False), (-0.2, -0.1, False), (-0.5, 0.5, None)]
)
def test_whether_a_null_holds(low, high, holds):
    assert judge(low, high, 0.0, margin=0.05).holds is holds
