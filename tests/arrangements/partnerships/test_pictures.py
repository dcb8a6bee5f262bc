"""Pictures of arrangements: they say what they show, and refuse what they cannot show."""

import dataclasses

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import NotSupported

TWO = {"Ash": {"a": 20, "b": 5, "c": 10}, "Beech": {"a": 4, "b": 25, "c": 0}}
HOW = {"one_off": 1000.0, "fee": 0.9}


def drawn(f1, along, **more):
    return em.arrangements.partner(f1, TWO, ["a", "b", "c"], along=along, **(HOW | more))


def title(chart):
    return " ".join(chart.title.text)


def test_the_title_says_where_the_cheapest_changes(f1):
    found = drawn(f1, "per_partner", ranges={"per_partner": (0.0, 40.0)})
    chart = em.charts.arrangements(found)
    switch = found.tables["switching values"].set_index("number").loc["coordination, per partner but one"]
    assert title(chart) == (
        f"A partnership is cheapest up to {em.format_number(switch['switches_at'], 3)}, staying apart beyond"
    )
    assert "diamonds: where the cheapest changes" in chart.description.lower()
    assert em.charts.svg(chart).startswith("<svg")


def test_a_title_without_a_change_says_throughout(f1):
    chart = em.charts.arrangements(drawn(f1, "every", ranges={"every": (1, 9)}))
    assert title(chart) == "A partnership is the cheapest throughout"
    assert "Years between tenders from 1 to 9. " in chart.description
    assert "diamond" not in chart.description


def test_a_number_that_is_above_its_switching_value(f1):
    found = drawn(f1, "per_partner", per_partner=30.0, ranges={"per_partner": (0.0, 40.0)})
    chart = em.charts.arrangements(found)
    assert title(chart).startswith("Staying apart is cheapest above ")
    assert title(chart).endswith(", a partnership below it")
    assert "a partnership below" in chart.description
    assert "staying apart above" in chart.description


def test_an_arrangement_without_a_cost_is_not_drawn():
    parameters = {"common cost": -30, "visits": 100, "meals": 30}
    cost = em.worlds.state(
        "composite", parameters, outputs={"visits": 100, "meals": 50}, fixed_costs=("visits", "meals")
    )
    two = {"Ash": {"visits": 100, "meals": 25}, "Beech": {"visits": 80, "meals": 20}}
    chart = em.charts.arrangements(em.arrangements.partner(cost, two, ["meals"], along="one_off"))
    assert "partner" not in chart.description
    assert em.charts.svg(chart).startswith("<svg")


@pytest.fixture(scope="module")
def volunteers():
    shape = em.worlds.state("cobb_douglas", {"constant": np.log(100.0), "visits": 0.8}, outputs={"visits": 100})
    data = em.worlds.simulate(shape, 100, noise=0.05, seed=1).data
    hours = 10 * np.exp(0.5 * np.random.default_rng(7).standard_normal(100))
    frame = data.frame.assign(hours=hours, cost=data.frame["cost"] * np.exp(-0.02 * hours))
    return em.fit(dataclasses.replace(data, frame=frame, controls=["hours"]), "cobb_douglas")


@pytest.mark.parametrize(
    ("wage", "said"),
    [
        (None, "Cost to the purse falls with hours"),
        (1.6, "Social cost is least at 12.2 of hours"),
        (9.0, "Social cost rises with hours"),
        (0.1, "Social cost falls with hours"),
    ],
)
def test_the_title_says_what_the_purse_and_society_pay(volunteers, wage, said):
    chart = em.charts.coproduction(em.arrangements.coproduce(volunteers, "hours", wage))
    assert said == title(chart)
    assert "ost to the purse falls with hours" in chart.description
    assert ("social cost goes from" in chart.description) == (wage is not None)
    assert em.charts.svg(chart).startswith("<svg")


def test_other_results_are_refused(f1):
    with pytest.raises(
        NotSupported, match=r"holds no costs along a number. Ask for them first: em.arrangements.partner"
    ):
        em.charts.arrangements(em.arrangements.partner(f1, TWO, ["a"]))
    with pytest.raises(
        NotSupported, match=r"holds no costs by unpaid work: give the result of em.arrangements.coproduce on a fit"
    ):
        em.charts.coproduction(em.scale(f1))
