"""The waterfall: bars that run from one cost to another, whatever their order."""

import numpy as np
import pandas as pd
import pytest

from econmodel.charts.theme import svg
from econmodel.charts.waterfalls import waterfall
from econmodel.errors import NotSupported
from econmodel.results import Effects

PARTS = {"scale": 0.3, "relationship: staff": -0.1, "context": 0.05, "residual": -0.02}
# Rows keep six significant digits, and a ratio has two of them on either side.
ROUNDED = 2e-5


@pytest.fixture
def bars(drawn_rows):
    return lambda chart: {row["row"]: row for row in drawn_rows(chart) if {"row", "written"} <= set(row)}


def test_bars_run_from_one_cost_to_the_other(gaps, bars):
    found = bars(waterfall(gaps(PARTS)))
    begins, ends = ([found[row][side] for row in (1, 2, 3, 4)] for side in ("begin", "end"))
    assert begins[0] == 100
    assert begins[1:] == ends[:-1]
    # 0.3 - 0.1 + 0.05 - 0.02 = 0.23; rows are rounded to six significant digits.
    assert ends == pytest.approx(100 * np.exp([0.3, 0.2, 0.25, 0.23]), rel=1e-5)
    assert (found[5]["begin"], found[5]["end"], found[5]["kind"]) == (100, ends[-1], "sum")
    assert [row["written"] for row in found.values()] == ["+30.0", "−10.0", "+5.0", "−2.0", "= +23.0"]


def test_a_bar_is_as_long_wherever_it_stands(gaps, bars):
    reverse = dict(reversed(PARTS.items()))
    one, other = bars(waterfall(gaps(PARTS))), bars(waterfall(gaps(reverse)))
    ratios = [[row["end"] / row["begin"] for row in found.values()] for found in (one, other)]
    assert ratios[0][:-1] == pytest.approx(ratios[1][-2::-1], rel=ROUNDED)
    assert ratios[0][-1] == pytest.approx(ratios[1][-1], rel=ROUNDED)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        # exp(0.23) = 1.259
        (PARTS, ("Oak costs 26 % more than Elm", "more than all of it sits in scale. ")),
        ({"scale": -0.2, "mix": -0.1}, ("Oak costs 26 % less than Elm", "most of it sits in scale. ")),
        ({"scale": 1.2, "mix": 0.1}, ("Oak costs 3.67 times as much as Elm", "most of it sits in scale. ")),
        (
            {"scale": 0.01, "mix": -0.005},
            (
                "Oak and Elm: the data do not settle it",
                "the largest part sits in scale, not clearly different from zero",
            ),
        ),
        ({"scale": 0.2, "mix": -0.2}, ("Oak and Elm: the data do not settle it", "the largest part sits in scale. ")),
    ],
)
def test_title_says_how_much_and_where(gaps, words, parts, said):
    title, description = words(waterfall(gaps(parts)))
    assert title == said[0]
    assert f"From Elm to Oak; {said[1]}" in description


def test_description_carries_every_number(gaps, words):
    _, description = words(waterfall(gaps(PARTS)))
    assert "scale +30.0 (+28.0 to +32.0), teachers per pupil −10.0 (−12.0 to −8.0), context" in description
    # A residual is a fact: it has no interval.
    assert "residual −2.0 add up to +23.0 (+21.0 to +25.0): cost of 126 % of that at the start" in description


def test_cost_per_unit_takes_the_growth_of_size_from_scale(gaps, words, bars):
    chart = waterfall(gaps(PARTS, growth=0.4), unit_cost=True)
    assert [row["written"] for row in bars(chart).values()] == ["−10.0", "−10.0", "+5.0", "−2.0", "= −17.0"]
    title, description = words(chart)
    assert title == "Oak costs 16 % less a unit than Elm"
    assert "From Elm to Oak; most of it sits in scale. " in description
    assert "scale −10.0 (−12.0 to −8.0)" in description


def test_between_groups_scale_per_unit_has_no_interval(gaps, words):
    title, description = words(waterfall(gaps(PARTS, growth=0.4, method="bootstrap"), unit_cost=True))
    assert title == "Cost a unit of Oak and Elm: no interval"
    assert "unit cost of 84.4 % of that at the start" in description
    assert "scale −10.0, teachers per pupil −10.0 (−12.0 to −8.0)" in description


def test_names_that_hide_where_one_ends_are_not_cut(gaps):
    drawing = svg(waterfall(gaps(PARTS, place="Land to Sea to Oak")))
    assert "From Land to Sea to Oak; more than all" in drawing
    assert "per cent of that of the start" in drawing
    assert "end: the sum" in drawing
    assert "Oak: the sum" in svg(waterfall(gaps(PARTS)))


def test_what_is_not_a_whole_decomposition_is_refused(gaps):
    whole = gaps(PARTS)
    missing = Effects("Gap", whole.table[whole.table["term"] != "context"], "")
    with pytest.raises(NotSupported, match=r"add up to \+18\.0 points, the gap has \+23\.0: a row is missing"):
        waterfall(missing)
    with pytest.raises(NotSupported, match=r"holds 0 cost gaps, a picture shows one: give the result of em\.decompose"):
        waterfall(Effects("Gap", whole.table[whole.table["term"] != "cost gap"], ""))
    with pytest.raises(NotSupported, match="has no table 'unit cost'"):
        waterfall(whole.only(), unit_cost=True)


def test_a_real_decomposition(words, bars):
    from econmodel.economies.decomposition import decompose
    from econmodel.estimate.fitting import fit
    from econmodel.table.shipped import load

    power = fit(load("electricity_1970"))
    result = decompose(power, *power.data.row_names()[:2])
    last = list(bars(waterfall(result)).values())[-1]
    assert last["end"] == pytest.approx(100 * np.exp(result.row("cost gap")["estimate"]), rel=1e-5)
    per_unit = result.tables["unit cost"].set_index("term")["estimate"]
    last = list(bars(waterfall(result, unit_cost=True)).values())[-1]
    assert last["end"] == pytest.approx(100 * np.exp(per_unit["unit cost gap"]), rel=1e-5)


def test_missing_numbers_are_not_drawn(gaps, drawn_rows):
    table = gaps(PARTS | {"mix": 0.0}).table
    assert pd.isna(table["conf_low"]).any()
    assert "mix" not in svg(waterfall(Effects("Gap", table, "")))
