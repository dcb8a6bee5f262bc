"""The separation: bars that add up, in the words that the labels give."""

import numpy as np
import pandas as pd
import pytest

from econmodel.charts.bars import separation
from econmodel.charts.theme import svg
from econmodel.errors import NotSupported
from econmodel.estimate.fitting import fit
from econmodel.results import Effects


@pytest.fixture
def bars(drawn_rows):
    return lambda chart: {row["row"]: row for row in drawn_rows(chart) if "doubled" in row and "row" in row}


def test_bars_add_up_to_the_last_one(separated, bars):
    found = bars(separation(separated(scale=0.97, staffing=-0.05, context=0.02)))
    slopes = [row["value"] for row in found.values()]
    # Rows are rounded to six significant digits.
    assert sum(slopes[:-1]) == pytest.approx(slopes[-1], abs=1e-6)
    assert slopes == pytest.approx([-0.03, -0.05, 0.02, -0.06], abs=1e-6)
    assert [row["number"] for row in found.values()] == ["−0.0300", "−0.0500", "+0.0200", "= −0.0600"]
    # 2 ** -0.06 - 1 = -4.07 %
    assert found[3]["doubled"] == "−4.1 %"


def test_parts_that_do_not_exist_have_no_bar(separated, bars, words):
    chart = separation(separated())
    assert len(bars(chart)) == 4
    assert "mix" not in words(chart)[1]
    assert "residual" not in words(chart)[1]


def test_elasticities_are_drawn_against_one_with_their_intervals(separated, bars):
    first = bars(separation(separated(scale=1.0012)))[0]
    assert (first["value"], first["low"], first["high"]) == pytest.approx((0.0012, -0.0048, 0.0072), abs=1e-6)


@pytest.mark.parametrize(
    ("parts", "slope", "place"),
    [
        ((1.001, -0.05, 0.0), "3.3 % lower", "more than all of it sits in teachers per pupil"),
        ((0.95, -0.02, 0.0), "4.7 % lower", "most of it sits in scale"),
        ((1.06, 0.05, 0.03), "10 % higher", "the largest part sits in scale"),
        ((1.10, -0.09, 0.02), "2.1 % higher", "more than all of it sits in scale"),
        ((1.04, -0.09, 0.07), "1.4 % higher", "the largest part, the other way, sits in teachers per pupil"),
    ],
)
def test_title_says_the_size_of_the_slope_and_where_it_sits(separated, words, parts, slope, place):
    title, description = words(separation(separated(*parts)))
    assert title == f"Unit cost is {slope} at twice the size"
    assert f". {place[0].upper()}{place[1:]}. " in description


def test_title_claims_nothing_that_an_interval_does_not_show(separated, words):
    title, description = words(separation(separated(1.001, -0.003, 0.0)))
    assert title == "Unit cost and size: the data do not settle it"
    assert "The largest part sits in teachers per pupil, not clearly different from zero. " in description


def test_description_carries_every_number(separated, words):
    _, description = words(separation(separated()))
    assert (
        "scale +0.0012 (−0.0048 to +0.0072), teachers per pupil −0.0168 (−0.0228 to −0.0108) and context" in description
    )
    assert "add up to −0.0112 (−0.0172 to −0.0052)" in description
    assert "change of unit cost by −0.8 % when size doubles" in description


def test_axis_says_what_a_round_slope_means(separated):
    # 2 ** -0.01 - 1 = -0.69 %
    assert "−0.01: 0.7 % lower when size doubles" in svg(separation(separated()))
    # 2 ** 0.1 - 1 = 7.2 %
    assert "0.1: 7.2 % higher when size doubles" in svg(separation(separated(1.21, 0.0, 0.0)))


def test_colour_and_place_tell_scale_relationship_and_the_rest_apart(separated, bars):
    kinds = [row["kind"] for row in bars(separation(separated())).values()]
    assert kinds == ["scale", "relationship", "other", "sum"]


def test_missing_intervals_are_said_to_be_missing(separated, words, bars):
    table = separated().table.assign(conf_low=np.nan, conf_high=np.nan)
    chart = separation(Effects("Separation", table, ""))
    assert words(chart)[0] == "Unit cost and size: a slope with no interval"
    assert "scale +0.0012 (no interval)" in words(chart)[1]
    assert len(bars(chart)) == 4


def test_a_table_whose_parts_do_not_add_up_is_refused(separated):
    table = separated().table
    without = table[table["term"] != "context"]
    with pytest.raises(
        NotSupported, match=r"add up to −0\.015600, the apparent slope of unit cost is −0\.011200: a row"
    ):
        separation(Effects("Separation", without, ""))


def test_several_separations_need_a_choice(separated, words):
    table = pd.concat([separated().table, separated(0.9, 0.0, 0.0).table.assign(at="small providers")])
    both = Effects("Separation", table, "")
    with pytest.raises(NotSupported, match=r"holds 2 apparent slopes, a picture shows one.*at="):
        separation(both)
    assert words(separation(both, at="small providers"))[0] == "Unit cost is 6.7 % lower at twice the size"
    with pytest.raises(NotSupported, match="holds 0 apparent slopes"):
        separation(both, at="large providers")


def test_a_real_separation(words, bars):
    from econmodel.economies.separation import separate
    from econmodel.table.shipped import load

    result = separate(fit(load("california_schools"), form="cobb_douglas"), replications=49)
    chart = separation(result)
    last = list(bars(chart).values())[-1]
    assert last["value"] == pytest.approx(result.row("apparent")["estimate"] - 1, abs=1e-6)
    assert "sits in staffing per pupil" in words(chart)[1]
