"""The map of splits: savings over the first firm's shares, hatched where a split is not admissible."""

import numpy as np
import pandas as pd
import pytest

from econmodel.charts.bundles import subadditivity_surface
from econmodel.charts.theme import svg
from econmodel.economies.outputs.subadditivity import subadditivity
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Effects
from econmodel.simulation import state

TENTHS = np.arange(1, 10) / 10


def make_result(saving=lambda x, y: x + y - 1, admissible=lambda x, y: x + y > 0.55, low=-0.3):
    """Savings at shares x of the visits and y of the meals, which need not be those of any cost function."""
    shares = pd.DataFrame([(x, y) for x in TENTHS for y in TENTHS], columns=["x", "y"]).round(1)
    table = pd.DataFrame(
        {"home_visits_of_the_first_firm": shares["x"], "meals_of_the_first_firm": shares["y"]},
    )
    pairs = list(zip(shares["x"], shares["y"], strict=True))
    table["saving"] = [round(float(saving(x, y)), 6) for x, y in pairs]
    table["admissible"] = [bool(admissible(x, y)) for x, y in pairs]
    effects = pd.DataFrame({"term": ["largest saving from splitting"], "at": "mean", "estimate": 0.8})
    effects = effects.assign(conf_low=low, conf_high=1.4, supported=True)
    return Effects("Subadditivity", effects, "", tables={"splits": table})


def cells_by_place(rows):
    return {(row["left"], row["bottom"]): row["verdict"] for row in rows if "verdict" in row}


def test_blue_is_where_one_firm_is_cheaper(drawn_rows):
    # Asymmetric, so that an exchange of the axes would be seen.
    verdicts = cells_by_place(drawn_rows(subadditivity_surface(make_result(saving=lambda x, y: x - y))))
    assert len(verdicts) == 81
    assert [verdicts[place] for place in ((0, 8), (4, 4), (8, 0))] == ["above", "unclear", "below"]


def test_only_admissible_splits_are_counted(words):
    title, description = words(subadditivity_surface(make_result()))
    # Tenths: a saving below zero where they add up to less than ten, admissible above five and a half.
    tenths = [(x, y) for x in range(1, 10) for y in range(1, 10) if x + y > 5.5]
    cheaper = sum(x + y < 10 for x, y in tenths)
    assert title == "One firm or two: the data do not settle it"
    assert f"One firm is cheaper than two in {cheaper} of {len(tenths)} admissible splits. " in description
    assert f"{81 - len(tenths)} of 81 splits are not admissible" in description
    assert "highest where the first firm makes 90 % of the home visits and 90 % of the meals: 0.8" in description
    assert (
        "Over all admissible splits the largest saving is 0.8 (95 % interval −0.3 to 1.4, all splits at once)"
        in description
    )


def test_what_is_not_admissible_is_hatched_and_said(words):
    drawing = svg(subadditivity_surface(make_result()))
    assert "hatched: not admissible" in drawing
    assert "meals, first firm&#39;s share" in drawing or "meals, first firm's share" in drawing
    everywhere = subadditivity_surface(make_result(admissible=lambda x, y: True))
    assert "hatched" not in svg(everywhere)
    assert "of 81 splits. " in words(everywhere)[1]
    nowhere = words(subadditivity_surface(make_result(admissible=lambda x, y: False, low=np.nan)))
    assert "of 81 splits, all not admissible. " in nowhere[1]
    assert "interval" not in nowhere[1]


def test_hatching_lies_on_the_splits_that_are_not_admissible(drawn_rows):
    rows = drawn_rows(subadditivity_surface(make_result(admissible=lambda x, y: not (x > 0.85 and y < 0.15))))
    outside = [row for row in rows if "verdict" not in row and "text" not in row]
    assert outside
    assert all(row["left"] >= 8 and row["top"] <= 1 for row in outside)


def test_a_split_without_a_cost_has_no_number():
    drawing = svg(subadditivity_surface(make_result(saving=lambda x, y: np.nan if x > 0.85 else 0.1)))
    assert "–: no cost of a firm" in drawing
    assert "–: no cost of a firm" not in svg(subadditivity_surface(make_result()))


def test_numbers_are_those_of_the_result(words):
    parameters = {"common cost": 10, "visits": 40, "meals": 40, "half visits squared": 60}
    result = subadditivity(state("composite", parameters, outputs={"visits": 100, "meals": 50}))
    table = result.tables["splits"]
    chart = subadditivity_surface(result)
    assert words(chart)[0] == "Some admissible split is cheaper than one firm"
    assert f"One firm is cheaper than two in {(table['saving'] < 0).sum()} of 81 splits. " in words(chart)[1]
    assert f"{table['saving'].max():.2f}" in svg(chart)


def test_what_makes_no_map_is_refused():
    parameters = {"common cost": 20, "visits": 40, "meals": 40}
    cost = state("composite", parameters, outputs={"visits": 100, "meals": 50})
    with pytest.raises(UnknownName, match=r"Subadditivity has no table of splits.*at one place, with two outputs"):
        subadditivity_surface(subadditivity(cost, [1, 2]))
    with pytest.raises(NotSupported, match=r"No split on this map has a saving.*at=0.5 or at=2"):
        subadditivity_surface(make_result(saving=lambda x, y: np.nan))
