"""The map of complementarity: signs of cross derivatives, bundle by bundle, hatched outside the data."""

import numpy as np
import pandas as pd
import pytest

from econmodel.charts.bundles import complementarity_map
from econmodel.charts.theme import svg
from econmodel.economies.outputs.shape import complementarity
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Effects
from econmodel.simulation import state


def make_result(steps=5, third=False, supported=lambda x, y: x + y > 0.5):
    """Cross derivatives x - y at shares x of 200 visits and y of 40 meals; with a third output, plus its share."""
    fractions = np.arange(1, steps + 1) / steps
    rows = [(x, y, z) for x in fractions for y in fractions for z in (fractions if third else [0.0])]
    frame = pd.DataFrame(rows, columns=["x", "y", "z"])
    table = pd.DataFrame({"pair": "home_visits and meals", "home_visits": 200 * frame["x"], "meals": 40 * frame["y"]})
    if third:
        table["beds"] = 10 * frame["z"]
    table["cross_derivative"] = frame["x"] - frame["y"] + frame["z"]
    table["supported"] = [bool(supported(x, y)) for x, y in zip(frame["x"], frame["y"], strict=True)]
    effects = pd.DataFrame({"term": ["home_visits and meals: largest"], "at": "mean", "estimate": 0.8})
    effects = effects.assign(conf_low=-0.3, conf_high=1.4, supported=True)
    return Effects("Cost complementarity", effects, "", tables={"map": table})


def cells_by_place(rows):
    return {(row["left"], row["bottom"]): row["verdict"] for row in rows if "verdict" in row}


def test_blue_is_cheaper_at_the_margin_and_orange_dearer(drawn_rows):
    verdicts = cells_by_place(drawn_rows(complementarity_map(make_result())))
    assert len(verdicts) == 25
    # x - y is negative above the diagonal, zero on it and positive below it.
    assert "white: neither" in svg(complementarity_map(make_result()))
    assert [verdicts[place] for place in ((0, 4), (2, 2), (4, 0))] == ["above", "unclear", "below"]


def test_only_bundles_inside_the_data_are_counted(words):
    title, description = words(complementarity_map(make_result()))
    # Shares in fifths that add up to more than a half are inside.
    fifths = [(x, y) for x in range(1, 6) for y in range(1, 6) if x + y > 2.5]
    cheaper = sum(x < y for x, y in fifths)
    assert title == "Complementarity: the data do not settle it"
    counted = (
        f"More of one makes the other cheaper at the margin at {cheaper} of {len(fifths)} bundles inside the data."
    )
    assert counted in description
    assert f"{25 - len(fifths)} of 25 bundles are outside the data" in description
    assert "lowest at 20 % of the home visits and 100 % of the meals: −0.8" in description
    assert (
        "Over all bundles inside the data the largest is 0.8 (95 % interval −0.3 to 1.4, all bundles at once)"
        in description
    )


def test_outside_the_data_is_hatched_and_said(words):
    assert "hatched: outside the data" in svg(complementarity_map(make_result()))
    everywhere = complementarity_map(make_result(supported=lambda x, y: True))
    assert "hatched" not in svg(everywhere)
    assert "of 25 bundles. " in words(everywhere)[1]
    nowhere = words(complementarity_map(make_result(supported=lambda x, y: False)))[1]
    assert "of 25 bundles, all outside the data. " in nowhere


def test_a_fine_grid_is_thinned_to_eight_steps_with_its_ends(drawn_rows):
    chart = complementarity_map(make_result(steps=21))
    assert len(cells_by_place(drawn_rows(chart))) == 64
    drawing = svg(chart)
    assert "share of the bundle (200)" in drawing
    # The corner with all visits and the fewest meals: 1 - 1/21.
    assert f"{1 - 1 / 21:.2f}" in drawing


def test_other_outputs_are_whole(drawn_rows):
    with_beds = cells_by_place(drawn_rows(complementarity_map(make_result(third=True))))
    # x - y + 1 is positive wherever there are any visits.
    assert len(with_beds) == 25
    assert set(with_beds.values()) == {"below"}


def test_a_pair_can_be_chosen(words):
    parameters = {"common cost": 20, "visits": 40, "meals": 40, "beds": 30, "visits x beds": -4, "meals x beds": 6}
    cost = state("composite", parameters, outputs={"visits": 100, "meals": 50, "beds": 10})
    result = complementarity(cost)
    all_of_them, said = words(complementarity_map(result, "visits and beds"))
    assert all_of_them == "More of one makes the other cheaper at the margin"
    assert "at 64 of 64 bundles. " in said
    none, said = words(complementarity_map(result, "meals and beds"))
    assert none == "More of one does not always make the other cheaper"
    assert "More of one makes the other cheaper at the margin at none of 64 bundles. " in said
    # 6 of a cost of 132.
    assert "The cross derivative is 0.0455 everywhere." in said
    with pytest.raises(UnknownName, match=r"pair='visits and cars' is none of 'visits and meals', 'visits and beds'"):
        complementarity_map(result, "visits and cars")


def test_what_makes_no_map_is_refused(scopes):
    with pytest.raises(
        UnknownName, match=r"Scope is no map of complementarity. Draw the result of em.outputs.complementarity"
    ):
        complementarity_map(Effects("Scope", scopes, ""))
    empty = make_result()
    empty.tables["map"]["cross_derivative"] = np.nan
    with pytest.raises(NotSupported, match=r"No bundle on this map has a cross derivative.*at=0.5 or at=2"):
        complementarity_map(empty)
