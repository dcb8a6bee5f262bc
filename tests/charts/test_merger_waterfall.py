"""The cascade of a merger: factors that multiply, and the cost that pays it back."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.charts.theme import svg
from econmodel.charts.waterfalls import merger
from econmodel.errors import NotSupported
from econmodel.results import Effects

# Rows keep six significant digits.
ROUNDED = 2e-5
FACTORS = {"levelling": 1.01, "size": 0.88, "relationship": 1.04}


def bars(drawn_rows, chart):
    return [row for row in drawn_rows(chart) if {"row", "written"} <= set(row)]


def test_bars_run_from_apart_to_together(mergers, drawn_rows):
    found = bars(drawn_rows, merger(mergers(FACTORS)))
    reached = 100 * np.cumprod(list(FACTORS.values()))
    assert [row["begin"] for row in found[:3]] == pytest.approx([100, *reached[:2]], rel=ROUNDED)
    assert [row["end"] for row in found] == pytest.approx([*reached, reached[-1]], rel=ROUNDED)
    assert [row["written"] for row in found] == ["× 1.01", "× 0.88", "× 1.04", "= 0.924"]
    assert [row["kind"] for row in found] == ["other", "scale", "relationship", "sum"]


def test_factors_of_one_have_no_bar(mergers, words):
    drawing = svg(merger(mergers({"size": 0.9})))
    assert "harmony" not in drawing
    assert "size (scale)" in drawing
    assert "levelling" not in words(merger(mergers({"size": 0.9})))[1]


@pytest.mark.parametrize(
    ("ratios", "width", "said"),
    [
        (FACTORS, 0.02, "would cost 7.6 % less. Size saves 12 %, relationship takes back 4.0 %. "),
        ({"size": 0.97, "levelling": 1.2}, 0.01, "would cost 16 % more. Levelling adds 20 %, size saves 3.0 %. "),
        (FACTORS | {"relationship": 1.01}, 0.02, "would cost 10 % less. The largest factor is size. "),
        ({"size": 1.2}, 0.02, "would cost 20 % more. The largest factor is size. "),
        (FACTORS, 0.2, "do not settle it. The largest factor is size, not clearly different from one. "),
        ({"harmony": 0.95}, 0.0, "would cost 5.0 % less. The largest factor is harmony. "),
    ],
)
def test_title_says_how_much_and_why(mergers, words, ratios, width, said):
    title, description = words(merger(mergers(ratios, width=width)))
    unsure = "The data do not settle it"
    assert title == (unsure if "settle" in said else f"As one, Elm and Oak {said.split('. ')[0]}")
    assert said in description


def test_description_has_every_number_and_the_line(mergers, words):
    _, description = words(merger(mergers(FACTORS)))
    assert "levelling 1.01 (0.99 to 1.03), size (scale) 0.88 (0.86 to 0.9) and relationship 1.04" in description
    assert "multiply to 0.924 (0.904 to 0.944): cost together is 92.4 % of that apart" in description
    assert "A dashed line at 97 % marks the cost that pays the one-off cost back within 10 years." in description
    assert "dashed" not in words(merger(mergers(FACTORS, pays=None)))[1]
    # No saving is that large.
    assert "dashed" not in words(merger(mergers(FACTORS, pays=120.0)))[1]
    assert "interval" not in words(merger(mergers(FACTORS, width=0.0)))[1]


def test_of_a_group_the_merged_part_is_drawn(mergers, words):
    title, description = words(merger(mergers({"size": 0.7}, **{"share of cost merged": 0.2})))
    assert title == "The merged part would cost 30 % less"
    # Three per cent of all cost are fifteen of a fifth of it.
    assert "A dashed line at 85 %" in description


def test_what_cannot_be_drawn_is_said(mergers):
    whole = mergers(FACTORS)
    with pytest.raises(NotSupported, match="do not multiply to the whole: give all rows"):
        merger(Effects("Merger", whole.table.assign(estimate=whole.table["estimate"] * 0.9), ""))
    open_set = whole.table.assign(estimate=np.nan)
    with pytest.raises(NotSupported, match=r"has no numbers to draw: Only an interval\. Show its table"):
        merger(Effects("Merger", open_set, "Only an interval."))
    with pytest.raises(NotSupported, match="every factor is one: there is nothing to draw"):
        merger(mergers({}))


def test_an_interval_below_zero_has_no_end(mergers, drawn_rows):
    found = bars(drawn_rows, merger(mergers({"size": 0.5}, width=0.6)))
    assert found[0]["low"] is None
    assert found[0]["high"] == pytest.approx(110, rel=ROUNDED)


def test_results_of_the_package_are_drawn():
    cost = em.worlds.state("cobb_douglas", {"constant": 5.0, "visits": 0.9}, outputs={"visits": 100})
    partners = pd.DataFrame({"visits": [80, 120]}, index=["Elm", "Oak"])
    assert "dashed line" in svg(merger(em.arrangements.merger(cost, partners, one_off=50)))
