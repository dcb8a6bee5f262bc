"""What an interval allows one to say."""

import pytest
from scipy.special import ndtri, stdtrit

from econmodel.words import judge, scale_words

FREEDOM = 100


@pytest.mark.parametrize(
    ("low", "high", "conclusion", "small"),
    [
        (0.80, 0.90, "below", False),
        (0.96, 0.99, "below", True),
        (0.94, 0.99, "below", False),
        (1.10, 1.20, "above", False),
        (1.01, 1.04, "above", True),
        (0.96, 1.04, "equivalent", True),
        (0.94, 1.04, "open", False),
        (0.50, 1.50, "open", False),
    ],
)
def test_the_verdict_follows_the_interval_as_printed(low, high, conclusion, small):
    found = judge(low, high, (high - low) / 4, 1.0, FREEDOM)
    assert (found.conclusion, found.small) == (conclusion, small)


def test_no_economies_needs_the_whole_interval_within_the_margin():
    assert judge(0.96, 1.04, 0.02, 1.0, FREEDOM, margin=0.05).conclusion == "equivalent"
    assert judge(0.96, 1.04, 0.02, 1.0, FREEDOM, margin=0.03).conclusion == "open"


@pytest.mark.parametrize(("freedom", "level"), [(20, 0.95), (20, 0.9), (float("inf"), 0.95), (1e12, 0.95)])
def test_the_smallest_difference_that_would_be_found(freedom, level):
    """A test at this level finds a difference of that size with a chance of 80 %."""
    found = judge(0.5, 1.5, 0.25, 1.0, freedom, level=level).detectable
    t = stdtrit(freedom, 0.5 + level / 2) if freedom < 1e9 else ndtri(0.5 + level / 2)
    assert found == pytest.approx((t + ndtri(0.8)) * 0.25)


def test_a_wild_p_value_takes_a_difference_back_but_never_makes_one():
    taken_back = judge(0.80, 0.90, 0.02, 1.0, 80, wild_p_value=0.12)
    assert taken_back.conclusion == "open"
    assert "wild cluster bootstrap does not reject constant returns (p = 0.120)" in scale_words(taken_back)
    assert judge(0.80, 0.90, 0.02, 1.0, 80, wild_p_value=0.01).conclusion == "below"
    assert judge(0.60, 1.20, 0.15, 1.0, 80, wild_p_value=0.01).conclusion == "open"
    assert judge(0.80, 0.90, 0.02, 1.0, 80, wild_p_value=0.07, level=0.9).conclusion == "below"


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.80, 0.90, "economies of scale"),
        (0.96, 0.99, "economies of scale, but small: less than 5 %"),
        (1.10, 1.20, "diseconomies of scale"),
        (1.01, 1.04, "diseconomies of scale, but small: less than 5 %"),
        (0.96, 1.04, "constant returns to within 5 %"),
    ],
)
def test_words_for_scale(low, high, words):
    assert scale_words(judge(low, high, 0.01, 1.0, FREEDOM)) == words


def test_words_for_no_conclusion_say_what_would_have_been_found():
    words = scale_words(judge(0.5, 1.5, 0.25, 1.0, FREEDOM))
    assert words.startswith("no conclusion: the interval holds both economies and diseconomies")
    assert "a departure from constant returns of less than 0.71 would probably not have been found" in words
