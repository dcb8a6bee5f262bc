"""Ticks, axes, groups and numbers in sentences, for any values that a table may hold."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from econmodel.charts.axes import log_axis, log_ticks, value_axis
from econmodel.charts.drawn import rows
from econmodel.charts.groups import by_size
from econmodel.charts.sentences import joined, lines, packed, per_cent, signed

SIZES = st.floats(1e-6, 1e12)


@given(low=SIZES, ratio=st.floats(1.5, 1e8))
def test_log_ticks_are_few_increasing_and_inside(low, ratio):
    ticks = log_ticks(low, low * ratio)
    assert 1 <= len(ticks) <= 9
    assert ticks == sorted(set(ticks))
    assert low <= ticks[0] <= ticks[-1] <= low * ratio


@given(values=st.lists(st.floats(-1e9, 1e9).map(lambda value: round(value, 6)), min_size=1, max_size=5))
def test_value_axis_holds_all_values(values):
    scale, _ = value_axis("cost", values)
    low, high = scale.domain
    # The ends of an axis are rounded to six digits.
    slack = 1e-5 * max(map(abs, values))
    assert low - slack <= min(values) <= max(values) <= high + slack
    assert low < high


def test_what_cannot_be_negative_has_no_axis_below_zero():
    assert value_axis("cost", [0.01, 0.2])[0].domain[0] == 0.0005
    assert value_axis("cost", [0.0, 20.0])[0].domain[0] == 0.0
    assert value_axis("slope", [-1.0, 20.0])[0].domain[0] < -1.0


def test_wide_values_have_a_log_axis_and_say_so():
    scale, axis = value_axis("cost", [0.01, 20.0])
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
    assert joined([]) == ""
