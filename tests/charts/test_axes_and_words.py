"""Ticks, axes, groups and numbers in sentences, for any values that a table may hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from econmodel.charts.marks import log_axis, log_ticks, rows, value_axis
from econmodel.charts.sizes import by_size
from econmodel.charts.words import brief, headline, lines, packed, per_cent, signed, tally, verdict_on

SIZES = st.floats(1e-6, 1e12)


@given(low=SIZES, ratio=st.floats(1.5, 1e8))
def test_log_ticks_are_few_increasing_and_inside(low, ratio):
    ticks = log_ticks(low, low * ratio)
    assert 1 <= len(ticks) <= 9
    assert ticks == sorted(set(ticks))
    assert low <= ticks[0] <= ticks[-1] <= low * ratio


@given(values=st.lists(st.floats(-1e9, 1e9).map(lambda value: round(value, 6)), min_size=1, max_size=5))
def test_value_axis_holds_all_values(values):
    low, high = value_axis("cost", values).scale.domain
    # The ends of an axis are rounded to six digits.
    slack = 1e-5 * max(map(abs, values))
    assert low - slack <= min(values) <= max(values) <= high + slack
    assert low < high


def test_what_cannot_be_negative_has_no_axis_below_zero():
    assert value_axis("cost", [0.01, 0.2])[0].domain[0] == 0.0005
    assert value_axis("cost", [0.0, 20.0])[0].domain[0] == 0.0
    assert value_axis("slope", [-1.0, 20.0])[0].domain[0] < -1.0


def test_wide_values_have_a_log_axis_and_say_so():
    scale, axis, _ = value_axis("cost", [0.01, 20.0])
    assert scale.type == "log"
    assert axis.title == "cost (log scale)"
    assert log_axis("pupils", [10.0, 20.0])[1].title == "pupils (log scale)"


def test_rows_are_rounded_and_gaps_are_empty():
    frame = pd.DataFrame({"x": [1.23456789, np.nan, np.inf], "flag": [True, False, True], "name": ["a", "b", "c"]})
    assert rows(frame).values == [
        {"x": 1.23457, "flag": True, "name": "a"},
        {"x": None, "flag": False, "name": "b"},
        {"x": None, "flag": True, "name": "c"},
    ]


def test_groups_do_not_depend_on_the_order_of_rows():
    generator = np.random.default_rng(0)
    size, value = np.round(np.exp(generator.normal(3, 1, 200))), generator.normal(size=200)
    order = generator.permutation(200)
    pd.testing.assert_frame_equal(by_size(size, value), by_size(size[order], value[order]))


@given(count=st.integers(0, 90), owners=st.integers(1, 40))
def test_groups_hold_ten_providers_or_there_are_none(count, owners):
    values = np.arange(1.0, count + 1.0)
    found = by_size(values, values, np.arange(count) % owners)
    assert (found["providers"] >= 10).all()
    assert len(found) != 1


@given(text=st.text("ab ", min_size=1, max_size=200), letters=st.integers(12, 60))
def test_lines_keep_every_word(text, letters):
    broken = lines(text, letters)
    assert " ".join(broken).split() == text.split()
    assert all(len(line) <= letters or " " not in line for line in broken)


def test_packed_lines_break_between_parts():
    assert packed(["one two", "three", "four"], 21) == ["one two; three; four"]
    assert packed(["one two", "three", "four"], 14) == ["one two;", "three; four"]
    assert packed([], 15) == []


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.5, "50 %"), (0.0999, "10.0 %"), (-0.012, "1.2 %"), (0.00052, "0.05 %"), (0.0, "0.0 %"), (12.3, "1,230 %")],
)
def test_percentages(value, said):
    assert per_cent(value) == said


def test_signs_are_written_in_full():
    assert [signed(value, 3) for value in (-0.5, 0.5, 0.0004, -0.0004)] == ["−0.500", "+0.500", "0.000", "0.000"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"conf_low": 0.9, "conf_high": 0.95}, "Cheaper"),
        ({"conf_low": 1.05, "conf_high": 1.1}, "Dearer"),
        ({"conf_low": 0.9, "conf_high": 1.1}, "Size: the data do not settle it"),
        ({"conf_low": np.nan, "conf_high": np.nan}, "Size: the data do not settle it"),
        # Another method takes the difference back.
        ({"conf_low": 0.9, "conf_high": 0.95, "p_value": 0.3}, "Size: the data do not settle it"),
        ({"conf_low": 0.9, "conf_high": 0.95, "supported": False}, "Size: beyond the data"),
        (
            {"conf_low": 0.9, "conf_high": 1.1, "identified_low": 0.95, "identified_high": 1.05},
            "Size: the data identify an interval only",
        ),
    ],
)
def test_a_title_is_the_verdict_of_its_row(row, said):
    assert headline(verdict_on(row, 0.95, null=1.0), "size", "cheaper", "dearer") == said
    assert headline(verdict_on(pd.Series(row), 0.95, null=1.0), "size", "cheaper", "dearer") == said


@pytest.mark.parametrize(
    ("verdicts", "supported", "title", "sentence"),
    [
        (["below"] * 3, [True] * 3, "It falls in all three services", "Of 3 services, it falls in 3"),
        (
            ["below", "open", "open", "above", "equivalent"],
            [True] * 5,
            "Scale: not settled in two of five services",
            "Of 5 services, it falls in 1, it rises in 1, no difference that matters in 1, and the data do not settle "
            "it in 2",
        ),
        (["below", "above", "above"], [True, True, False], "Scale: two services point both ways",
            "Of 2 services, it falls in 1, and it rises in 1; 1 more lies beyond the data"),
        (["below", "below"], [False, False], "Scale: all two services beyond the data", ""),
        (["above"], [True], "It rises", ""),
        ([None, "below"], [True, True], "It falls in one of two services",
            "Of 2 services, it falls in 1, and the data do not settle it in 1"),
        (["below"] * 13 + ["above"], [True] * 14, "It falls in 13 of 14 services",
            "Of 14 services, it falls in 13, and it rises in 1"),
    ],
)  # fmt: skip
def test_many_verdicts_are_counted_apart_and_only_inside_the_data(verdicts, supported, title, sentence):
    assert tally(verdicts, supported, "services", "Scale", "it falls", "it rises") == (title, sentence)


def test_a_title_has_ten_words_where_a_version_has():
    assert brief("one two three", "one") == "one two three"
    assert brief("a " * 11, "b " * 12, "c") == "c"
    # A number and its sign are one.
    assert brief("a b c d e f g h i 5 %", "short") == "a b c d e f g h i 5 %"


@pytest.mark.parametrize(("low", "written"), [(0.4, ",.6~g"), (4, ",.6~r"), (4000, ",.0f")])
def test_ticks_of_a_log_axis_are_written_by_their_size(low, written):
    from econmodel.charts.marks import log_axis

    assert log_axis("size", [low, 10 * low]).axis.format == written


def test_the_bar_of_the_cheapest_needs_no_fixed_cost_in_brackets():
    from econmodel.charts.structures import _with

    row = pd.Series({"providers": 3, "bar": "cheapest"})
    assert _with(row, by_number=False) == "with 3 providers"
    assert _with(row.replace("cheapest", "own of a"), by_number=False) == "with 3 providers (fixed cost: own of a)"
