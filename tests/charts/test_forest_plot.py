"""The forest plot: one row a service, by type, with everything needed to read it beside it."""

import numpy as np
import pandas as pd
import pytest

from econmodel.charts.forests import MARKS, forest
from econmodel.charts.theme import svg
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Effects, Table


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


def test_any_other_group_is_a_plain_circle_under_its_own_heading(services, drawn_rows):
    chart = forest(services.assign(type="strong selection"))
    assert {row["type"] for row in drawn_rows(chart) if "type" in row} == {"other"}
    scales = [layer["encoding"]["shape"]["scale"] for layer in chart.to_dict()["layer"] if "shape" in layer["encoding"]]
    assert [dict(zip(scale["domain"], scale["range"], strict=True))["other"] for scale in scales] == ["circle"]
    drawing = svg(chart)
    assert "strong selection" in drawing
    assert "#12436D" in drawing
    assert "#3D3D3D" not in drawing


def test_a_title_of_ones_own_stands_beside_the_generated_facts(services, words):
    generated, facts = words(forest(services))
    title, description = words(forest(services, title="Selection hides scale"))
    assert title == "Selection hides scale"
    assert description == f"Selection hides scale. {facts}"
    assert generated in description


def test_an_identified_interval_is_a_band_and_is_said_to_be_one(scopes, words, drawn_rows):
    chart = forest(scopes)
    bands = {(row["from"], row["to"]) for row in drawn_rows(chart) if row.get("from") is not None}
    assert bands == {(0.08, 0.17), (0.1, 0.2)}
    title, description = words(chart)
    # The interval of the second row holds zero; the last two are beyond the data.
    assert title == "Together is cheaper in one of two places"
    assert "Of 2 places, together is cheaper in 1, and the data do not settle it in 1; 2 more lie beyond the data" in (
        description
    )
    assert "Only an interval is identified, which the line covers: mean and p90" in description
    assert "the highest 0.2 (0.1 to 0.3, p25)" in words(forest(scopes.head(2).assign(conf_low=0.1)))[1]
    drawing = svg(chart)
    for text in ("0.08 to 0.17", "(−0.05 to 0.31)", "0.20 (0.10 to 0.30)", "bands: no number but an interval"):
        assert text in drawing
    assert "bands" not in svg(forest(scopes.iloc[[0, 2]]))


def test_the_extremes_count_the_ends_of_bands(scopes, words):
    scopes.loc[1, ["identified_low", "identified_high"]] = [-0.4, 0.5]
    assert "The lowest is between −0.4 and 0.5 (−0.05 to 0.31, mean), the highest between" in words(forest(scopes))[1]


def test_rows_outside_the_data_are_hollow_and_named(scopes, words):
    chart = forest(scopes)
    assert "outside the data, so what the form implies and not what providers show: p75 and p90" in words(chart)[1]
    layers = chart.to_dict()["layer"]
    hollow = [layer["mark"] for layer in layers if layer["mark"]["type"] == "point" and layer["mark"].get("fill")]
    assert [mark["fill"] for mark in hollow] == ["white"]
    bars = [layer["encoding"]["fill"] for layer in layers if layer["mark"]["type"] == "bar"]
    assert [fill.get("value") for fill in bars] == [None, "white"]
    dotted = [layer["mark"]["strokeDash"] for layer in layers if layer["mark"]["type"] == "rule"]
    assert dotted == [[1, 0], [2, 3], [6, 4]]
    inside = forest(scopes.assign(supported=True))
    assert "outside the data" not in svg(inside)
    outside = words(forest(scopes.assign(supported=False)))
    assert outside[0] == "Scope: all four places beyond the data"
    assert "all 4 rows" in outside[1]


def test_terms_at_several_places_are_told_apart(scopes):
    assert "degree of scope of research, p75" in svg(
        forest(
            scopes.assign(term=["degree of scope", "degree of scope of research"] * 2, at=["p25", "p25", "p75", "p75"])
        )
    )


def test_real_scopes_are_read_as_scopes(words, as_learned):
    from econmodel.economies.scope import scope
    from econmodel.simulation import state

    parameters = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4}
    result = scope(as_learned(state("composite", parameters, outputs={"visits": 100, "meals": 50})))
    title, description = words(forest(result))
    assert title == "Together is cheaper in two of three terms"
    # The interval of a stated technology: -a_12 u_1 u_2 / H = 4/96, and the intercept of 20/96 above it.
    assert "between 0.0417 and 0.25 (0.0417 to 0.25, degree of scope)" in description


def test_title_counts_what_the_intervals_show(services, words):
    title, description = words(forest(services))
    assert title == "Unit cost falls with size in three of six services"
    assert "falls with size in 3, unit cost rises with size in 1, and the data do not settle it in 2" in description
    assert "from 0.59 (0.1 to 2.4, Homes) to 1.1 (1.02 to 1.18, Inspections), with 95 % intervals" in description
    assert "0.71 in 1 transactional, 0.79 in 2 personal, 0.93 in 1 infrastructure" in description
    unclear = services.assign(apparent_low=0.5, apparent_high=1.5)
    assert words(forest(unclear))[0] == "Unit cost and size: not settled in all six services"


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
    assert "of four services" in words(chart)[0]
    assert "2 without such an estimate left out" in words(chart)[1]
    with pytest.raises(NotSupported, match="No row has a number in 'apparent'"):
        forest(services.assign(apparent=np.nan))


def test_another_measure_of_an_answer(services, words):
    table = services.head(3).assign(scale=[0.9, 1.1, 1.0], scale_low=[0.85, 1.05, 0.9], scale_high=[0.95, 1.15, 1.1])
    title, _ = words(forest(Table("Services", table, ""), "scale", conf_level=0.9))
    assert title == "Scale: three services point both ways"


def test_any_effects_can_be_compared(words):
    table = pd.DataFrame({"term": ["a", "b"], "estimate": [0.1, -0.2], "null": 0.0})
    table = table.assign(conf_low=table["estimate"] - 0.05, conf_high=table["estimate"] + 0.05)
    chart = forest(Effects("Effects", table, "", labels={"a": "the first"}, conf_level=0.9))
    title, description = words(chart)
    assert title == "Estimates: two terms point both ways"
    assert "estimates are below the line in 1, and estimates are above the line in 1" in description
    assert "the first" in description
    assert "90 % intervals" in description
    scopes = table.assign(term="degree of scope", at=["p25", "p75"])
    assert words(forest(Effects("Scope", scopes, "")))[0] == "Scope: two places point both ways"


def test_no_null_no_verdict(services, words):
    table = services.rename(columns={"apparent": "costs", "apparent_low": "costs_low", "apparent_high": "costs_high"})
    title, description = words(forest(table, "costs"))
    assert title == "Costs of 6 services"
    assert "From 0.59 to 1.1. " in description


def test_what_is_missing_is_named(services):
    with pytest.raises(UnknownName, match="no measure 'scale' to draw; the columns are service, type"):
        forest(services, "scale")
    with pytest.raises(UnknownName, match="no measure 'estimate'"):
        forest(services.drop(columns="apparent"))
    with pytest.raises(UnknownName, match=r"'apparent' has no interval.*'apparent_low' and 'apparent_high'"):
        forest(services.drop(columns="apparent_low"))
    with pytest.raises(UnknownName, match="No column names the rows: one of service, name, term"):
        forest(services.drop(columns="service"))
