"""The forest plot: one row a service, by type, with everything needed to read it beside it."""

import numpy as np
import pandas as pd
import pytest

from econmodel.charts.forest_plot import MARKS, forest
from econmodel.charts.theme import svg
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Answer, Effects


def test_every_service_stands_with_its_numbers_and_its_cost_concept(services):
    drawing = svg(forest(services))
    for text in (
        "Power stations",
        "0.710 (0.630 to 0.770)",
        "cost: total; size: million kWh;",
        "145 providers",
        "regulatory",
    ):
        assert text in drawing


def test_services_stand_by_type_in_the_order_of_the_table(services, drawn_rows):
    shuffled = services.iloc[[2, 0, 5, 3, 1, 4]]
    # Rows whose interval is cut stand in the drawing again, for the arrow.
    rows = [row for _, row in sorted({row["y"]: row for row in drawn_rows(forest(shuffled)) if "type" in row}.items())]
    assert [row["type"] for row in rows] == [
        "transactional",
        "personal",
        "personal",
        "infrastructure",
        "regulatory",
        "other",
    ]
    assert [row["estimate"] for row in rows] == [0.71, 0.99, 0.59, 0.93, 1.1, 1.01]


def test_shape_and_colour_both_tell_types_apart():
    shapes, colours = zip(*MARKS.values(), strict=True)
    assert len(set(shapes)) == len(set(colours)) == len(MARKS) == 4


def test_title_counts_what_the_intervals_show(services, words):
    title, description = words(forest(services))
    assert (
        title == "Unit cost falls with size in 3 of 6 services, unit cost rises with size in 1; in 2 neither is clear"
    )
    assert "from 0.59 (0.1 to 2.4, Homes) to 1.1 (1.02 to 1.18, Inspections), with 95 % intervals" in description
    assert "0.71 in 1 transactional, 0.79 in 2 personal, 0.93 in 1 infrastructure" in description
    unclear = services.assign(apparent_low=0.5, apparent_high=1.5)
    assert words(forest(unclear))[0].startswith("In none of 6 services is it clear that unit cost falls")


def test_one_wide_interval_is_cut_with_an_arrow_and_still_written_out(services):
    chart = forest(services)
    low, high = chart.to_dict()["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert 0.3 < low < 0.59
    assert 1.1 < high < 1.4
    drawing = svg(chart)
    assert "an arrow: the interval goes on" in drawing
    assert "0.590 (0.100 to 2.400)" in drawing


def test_the_null_is_always_in_the_picture(services):
    domain = forest(services.head(1)).to_dict()["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert domain[0] < 1.0 < domain[1]


def test_services_without_the_estimate_are_counted(services, words):
    services.loc[[0, 3], "apparent"] = np.nan
    chart = forest(services)
    assert "of 4 services" in words(chart)[0]
    assert "2 without such an estimate left out" in words(chart)[1]
    with pytest.raises(NotSupported, match="No row has a number in 'apparent'"):
        forest(services.assign(apparent=np.nan))


def test_another_measure_of_an_answer(services, words):
    table = (
        services.assign(scale=[0.9, 1.1, 1.0], scale_low=0.85, scale_high=1.15).head(3) if False else services.head(3)
    )
    table = table.assign(scale=[0.9, 1.1, 1.0], scale_low=[0.85, 1.05, 0.9], scale_high=[0.95, 1.15, 1.1])
    title, _ = words(forest(Answer("Services", table, ""), "scale", conf_level=0.9))
    assert title.startswith("The scale part lowers unit cost in 1 of 3 services, the scale part raises unit cost in 1;")


def test_any_effects_can_be_compared(words):
    table = pd.DataFrame({"term": ["a", "b"], "estimate": [0.1, -0.2], "null": 0.0})
    table = table.assign(conf_low=table["estimate"] - 0.05, conf_high=table["estimate"] + 0.05)
    chart = forest(Effects("Effects", table, "", labels={"a": "the first"}, conf_level=0.9))
    title, description = words(chart)
    assert title == "The estimate is below the line in 1 of 2 terms, the estimate is above the line in 1"
    assert "the first" in description
    assert "90 % intervals" in description
    scopes = table.assign(term="degree of scope", at=["p25", "p75"])
    assert words(forest(Effects("Scope", scopes, "")))[0].startswith("Apart is cheaper in 1 of 2")


def test_no_null_no_verdict(services, words):
    table = services.rename(columns={"apparent": "costs", "apparent_low": "costs_low", "apparent_high": "costs_high"})
    assert words(forest(table, "costs"))[0] == "Costs of 6 services: 0.59 to 1.1"


def test_what_is_missing_is_named(services):
    with pytest.raises(UnknownName, match="no measure 'scale' to draw; the columns are service, type"):
        forest(services, "scale")
    with pytest.raises(UnknownName, match="no measure 'estimate'"):
        forest(services.drop(columns="apparent"))
    with pytest.raises(UnknownName, match=r"'apparent' has no interval.*'apparent_low' and 'apparent_high'"):
        forest(services.drop(columns="apparent_low"))
    with pytest.raises(UnknownName, match="No column names the rows: one of service, name, term"):
        forest(services.drop(columns="service"))
