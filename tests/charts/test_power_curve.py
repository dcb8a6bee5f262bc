"""Power by number of providers: a title that says what suffices, and errors written where there is room."""

import numpy as np
import pandas as pd
import pytest

from econmodel.charts.by_number import power
from econmodel.charts.theme import svg
from econmodel.errors import NotSupported
from econmodel.results import Table


def test_title_names_the_fewest_that_suffice_and_the_next_fewer(powers, words):
    title, description = words(power(powers([0.2, 0.4, 0.7, 0.85])))
    assert title == "240 providers are enough to find economies of scale"
    assert "With 240 providers 85 % of studies find economies of scale; with 120 it is 70 %. " in description
    assert "Power is 20 % with 30 providers, 40 % with 60 providers, 70 % with 120 providers and 85 %" in description
    assert "opposite" not in description
    enough = words(power(powers([0.85, 0.9])))[1]
    assert "With 30 providers 85 % of studies find economies of scale. " in enough


def test_title_says_when_nothing_suffices(powers, words):
    title, description = words(power(powers([0.9, 0.5])))
    assert title == "60 providers are too few to find economies of scale"
    assert "50 % of studies with 60 providers find them, short of 80 %. " in description


def test_title_says_when_studies_find_the_opposite(powers, words):
    title, description = words(power(powers([0.1, 0.2], wrong=0.6)))
    assert title == "Studies with 60 providers often find the opposite"
    assert "60 % of them find the opposite of what is true" in description
    assert "dotted: share that find the opposite" in description


def test_nothing_to_find(powers, words, drawn_rows):
    chart = power(powers([np.nan, np.nan], wrong=0.04, truth=1.0))
    title, description = words(chart)
    assert title == "4 % of studies find something that is not there"
    assert "There is nothing to find: 4 % of studies with 60 providers find something" in description
    assert "False findings are 4 % with 30 providers and 4 % with 60 providers" in description
    # The level of the test takes the place of the power that is wanted.
    assert [row["share"] for row in drawn_rows(chart) if "share" in row] == [pytest.approx(0.05)]


def test_shares_and_errors_are_drawn(powers, drawn_rows):
    rows = drawn_rows(power(powers([0.2, 0.4, 0.85])))
    assert [row["found"] for row in rows if "found" in row] == [0.2, 0.4, 0.85]
    assert [row["low"] for row in rows if "low" in row] == pytest.approx([0.17, 0.37, 0.82])
    assert [row["text"] for row in rows if "text" in row] == ["−0.020", "−0.009", "+0.002"]


def test_errors_are_left_out_where_there_is_no_room_or_no_estimate(powers, drawn_rows):
    many = drawn_rows(power(powers([0.5] * 14)))
    assert 5 < sum("text" in row for row in many) < 14
    assert sum("found" in row for row in many) == 14
    answer = powers([0.2, 0.4])
    none = Table(answer.title, answer.table.assign(bias=np.nan), "", tables=answer.tables)
    assert not any("text" in row for row in drawn_rows(power(none)))
    assert "average" not in power(none).description


def test_axis_says_what_is_counted(powers):
    drawing = svg(power(powers([0.2, 0.4])))
    assert "providers in the study (log scale)" in drawing
    assert "share of studies" in drawing
    assert "80 %" in drawing


def test_another_result_is_refused():
    with pytest.raises(NotSupported, match=r"'Plan' holds no simulated studies: give the result of em\.power"):
        power(Table("Plan", pd.DataFrame(), ""))
