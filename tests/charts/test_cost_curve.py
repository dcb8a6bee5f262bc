"""The cost curve: what it says, what it draws of providers, what it refuses."""

import numpy as np
import pandas as pd
import pytest

from econmodel.charts.curves import cost_curve
from econmodel.charts.theme import svg
from econmodel.errors import NotSupported
from econmodel.estimate.fitting import fit
from econmodel.results import Effects
from econmodel.table.cost_data import CostData
from econmodel.table.shipped import load


@pytest.mark.parametrize(
    ("estimates", "half_width", "message"),
    [
        ([9000, 8000, 7000], 100, "falls with size"),
        ([7000, 8000, 9000], 100, "rises with size"),
        ([9000, 7000, 8000], 100, "is lowest near 400 pupils"),
        ([7000, 9000, 8000], 100, "is highest near 400 pupils"),
        ([9000, 7000, 7100], 100, "falls to 400 pupils, then no clear change"),
        ([7100, 7000, 9000], 100, "shows no clear change first, then rises"),
        ([9000, 8000, 7000], 1100, "and size: the data do not settle it"),
        ([7000, 7100, 7050], 500, "and size: the data do not settle it"),
    ],
)
def test_title_follows_the_curve_and_its_intervals(curve, words, estimates, half_width, message):
    title, description = words(cost_curve(curve(estimates, half_width)))
    assert title == f"Unit cost {message}"
    assert f"All else equal, unit cost is {estimates[0]:,} at 100 pupils" in description
    assert f"{estimates[-1]:,} at 1,600. " in description
    assert (
        f"{estimates[0]:,} ({estimates[0] - half_width:,} to {estimates[0] + half_width:,}) at 100 pupils"
        in description
    )
    assert "95 % interval" in description


@pytest.mark.parametrize(
    ("supported", "said", "stretches"),
    [
        ([True, True, True, True], None, [4]),
        ([False, True, True, False], "Dashed below 400 and above 1,600 pupils: outside the data", [2, 2, 2]),
        ([True, True, False, True], "Dashed around 1,600 pupils: outside the data", [2, 3]),
        ([False] * 4, "whole curve is dashed", [4]),
    ],
)
def test_sizes_outside_the_data_are_dashed_and_named(curve, words, supported, said, stretches):
    chart = cost_curve(curve([9000, 8000, 7000, 6500], supported=supported))
    title, description = words(chart)
    assert (said or "ashed") in description if said else "ashed" not in description
    assert (title == "Unit cost and size: beyond the data") == (not any(supported))
    assert ("at sizes outside the data only" in description) == (not any(supported))
    spec = chart.to_dict()
    lines = [layer for layer in spec["layer"] if layer["mark"]["type"] == "line"]
    # Rows that all layers share stand at the top of the specification.
    lengths = [len(spec["datasets"][(layer if "data" in layer else spec)["data"]["name"]]) for layer in lines]
    assert lengths == stretches
    dashed = [layer["mark"]["strokeDash"] != [1, 0] for layer in lines]
    assert any(dashed) == (not all(supported))


def test_title_speaks_of_supported_sizes_only(curve, words):
    title, description = words(cost_curve(curve([1000, 8000, 7000, 90000], supported=[False, True, True, False])))
    assert title == "Unit cost falls with size"
    assert "unit cost is 8,000 at 400 pupils, 7,000 at 1,600. " in description


def test_a_curve_that_runs_away_outside_the_data_does_not_set_the_axis(curve, schools):
    wild = cost_curve(curve([5600, 5500, 5400, 90000], supported=[True, True, True, False]), schools())
    assert wild.to_dict()["layer"][0]["encoding"]["y"]["scale"]["domain"][1] < 10_000


def test_few_providers_are_drawn_one_by_one_and_counted(curve, schools, words, drawn_rows):
    chart = cost_curve(curve([5600, 5500, 5400]), schools(60))
    assert "Circles: 60 providers" in words(chart)[1]
    assert sum("value" in row for row in drawn_rows(chart)) == 60


def test_providers_outside_the_picture_are_counted(curve, schools, words):
    data = schools(200)
    frame = data.frame.copy()
    frame.loc[0, "spend"] *= 50
    chart = cost_curve(curve([5600, 5500, 5400]), CostData(frame, cost="spend", outputs=["pupils"]))
    assert "200 providers, 4 of them outside the picture" in words(chart)[1]


@pytest.mark.parametrize(("count", "confidential", "groups"), [(800, False, 20), (120, True, 12), (60, True, 6)])
def test_many_or_confidential_providers_are_drawn_in_groups_of_ten(
    curve, schools, words, drawn_rows, count, confidential, groups
):
    data = schools(count)
    chart = cost_curve(curve([5600, 5500, 5400]), data, confidential=confidential)
    drawn = [row for row in drawn_rows(chart) if "median" in row]
    assert len(drawn) == groups
    assert all(row["providers"] >= 10 for row in drawn)
    assert f"median and middle half of {groups} groups by size, {count} providers" in words(chart)[1]
    own = set((data.frame["spend"] / data.frame["pupils"]).map(lambda value: float(f"{value:.5e}")))
    assert not own & {row["median"] for row in drawn}


def test_too_few_confidential_providers_are_not_drawn(curve, schools, words, drawn_rows):
    chart = cost_curve(curve([5600, 5500, 5400]), schools(15), confidential=True)
    assert not [row for row in drawn_rows(chart) if "median" in row]
    assert "15 providers are too few to be drawn without showing single providers" in words(chart)[1]


def test_a_group_counts_providers_not_their_years(curve, drawn_rows, words):
    airlines = load("us_airlines")
    alone = curve([0.9, 0.8, 0.7], half_width=0.05)
    chart = cost_curve(alone, airlines, confidential=True)
    # Six airlines over fifteen years: no two groups of ten airlines, whatever the number of rows.
    assert not [row for row in drawn_rows(chart) if "median" in row]
    assert "90 observations are too few" in words(chart)[1]


def test_order_of_rows_and_last_digits_do_not_change_the_drawing(curve, schools):
    data = schools(80)
    first = svg(cost_curve(curve([5600, 5500, 5400]), data))
    shuffled = data.frame.sample(frac=1.0, random_state=3, ignore_index=True)
    shuffled["spend"] *= 1 + 1e-13
    again = CostData(shuffled, cost="spend", outputs=data.outputs, cost_unit="USD")
    assert svg(cost_curve(curve([5600, 5500, 5400]), again)) == first


def test_fit_of_one_output_is_drawn_over_the_sizes_of_its_providers(words, drawn_rows):
    schools = load("california_schools")
    chart = cost_curve(fit(schools, form="cobb_douglas"))
    spec = chart.to_dict()
    low, high = spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert low < schools.frame["pupils"].min() < schools.frame["pupils"].max() < high
    sizes = [row["size"] for row in drawn_rows(chart) if "estimate" in row]
    assert min(sizes) < schools.frame["pupils"].quantile(0.02)
    assert max(sizes) > schools.frame["pupils"].quantile(0.98)
    title, description = words(chart)
    assert title == "Unit cost and size: the data do not settle it"
    assert "USD" in description
    assert chart.title.subtitle[-1] == "Source: School districts in California, 1998-99; n = 420 providers"
    assert "420 providers" in description


def test_fit_of_several_outputs_has_size_in_multiples_of_the_mean(words, drawn_rows):
    universities = fit(load("uk_universities"), form="flexible_fixed_cost", second_order="none")
    # Equal weights: the mean provider has the mean of every output, so size averages one.
    chart = cost_curve(universities, size="equal")
    sizes = [row["size"] for row in drawn_rows(chart) if "value" in row]
    assert np.mean(sizes) == pytest.approx(1.0, abs=0.1)
    assert "times the mean size" in words(chart)[1]
    assert "mean provider = 1" in svg(chart)


def test_result_of_several_outputs_needs_the_fit(curve, words):
    universities = load("uk_universities")
    with pytest.raises(NotSupported, match=r"depends on the fit: em\.charts\.cost_curve\(fit\)"):
        cost_curve(curve([9000, 8000, 7000]), universities)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda table: table.drop(columns="size"), "'Unit cost': it has no column size. Give em.unit_cost"),
        (lambda table: table.assign(term="marginal cost"), "it has no rows of the term 'unit cost'"),
        (lambda table: table.head(1), "unit costs at 1 sizes, a curve needs two"),
        (lambda table: table.assign(estimate=np.nan), "unit costs at 0 sizes"),
    ],
)
def test_a_table_without_a_curve_is_refused(curve, change, fault):
    table: pd.DataFrame = change(curve([9000, 8000]).table)
    with pytest.raises(NotSupported, match=fault):
        cost_curve(Effects("Unit cost", table, ""))


def test_few_clusters_take_the_title_back_as_they_take_back_scale(words):
    from econmodel.economies.marginal_cost import unit_cost
    from econmodel.economies.scale import scale
    from econmodel.simulation import simulate, state

    cost = state("cobb_douglas", {"constant": 5.0, "visits": 0.9}, outputs={"visits": 100})
    seven = fit(simulate(cost, 7, periods=8, noise=0.3, seed=37).data, "cobb_douglas")
    assert seven.wild
    assert scale(seven).row("ray elasticity")["verdict"] == "open"
    curve = unit_cost(seven).table
    assert curve["conf_high"].iloc[-1] < curve["conf_low"].iloc[0]
    assert words(cost_curve(seven))[0] == "Unit cost and size: the data do not settle it"
    # Of a curve alone no p-value can be asked.
    title, description = words(cost_curve(unit_cost(seven)))
    assert title == "Unit cost and size: the data do not settle it"
    assert "said of a fit only: em.charts.cost_curve(fit)" in description


def test_beside_a_curve_only_providers_are_drawn(curve):
    with pytest.raises(
        NotSupported, match=r"em\.charts\.cost_curve draws .* of a fit or of data, and was given .* str"
    ):
        cost_curve(curve([9000, 8000]), "schools")
