"""A chart that is given something else than it draws says so, and what to give."""

import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotSupported

# What each chart draws, as its message names it; a new chart needs a line here.
DRAWS = {
    "arrangements": r"the result of em\.partner\(fit, \.\.\., along=\.\.\.\)",
    "complementarity_map": r"the result of em\.complementarity\(fit\)",
    "configuration": r"the result of em\.configure\(fit, demand\)",
    "coproduction": r"the result of em\.coproduce\(fit, unpaid\)",
    "cost_curve": r"the unit costs of a fit",
    "forest": r"a result such as em\.scale\(fit\)",
    "merger": r"the result of em\.merger\(fit, partners\)",
    "power": r"the result of em\.power\(cost\)",
    "relationship_against_size": r"a table with roles, such as fit\.data",
    "save": r"a chart, such as em\.charts\.cost_curve\(fit\)",
    "scope_map": r"scope at many mixes of a fit",
    "separation": r"the result of em\.separate\(fit\)",
    "subadditivity_surface": r"the result of em\.subadditivity\(fit\)",
    "svg": r"a chart, such as em\.charts\.cost_curve\(fit\)",
    "waterfall": r"the result of em\.decompose\(fit, start, end\)",
}
OF_A_FIT = {"cost_curve", "scope_map"}
FURTHER = {"relationship_against_size": ("staff",), "save": ("chart.svg",)}


def test_every_chart_is_asked():
    assert sorted([*DRAWS, "enable"]) == em.charts.__all__


@pytest.mark.parametrize("chart", sorted(set(DRAWS) - OF_A_FIT))
def test_a_fit_where_a_result_is_drawn(chart):
    fitted = em.fit(em.load("electricity_1955"), "cobb_douglas")
    message = rf"^em\.charts\.{chart} draws {DRAWS[chart]}.*, and was given a value of type Fit\.$"
    with pytest.raises(NotSupported, match=message):
        getattr(em.charts, chart)(fitted, *FURTHER.get(chart, ()))


@pytest.mark.parametrize("chart", sorted(DRAWS))
@pytest.mark.parametrize(("given", "kind"), [(None, "nothing"), ("airlines", "a value of type str")])
def test_neither_a_fit_nor_a_result(chart, given, kind):
    with pytest.raises(NotSupported, match=rf"{DRAWS[chart]}.*, and was given {kind}\.$"):
        getattr(em.charts, chart)(given, *FURTHER.get(chart, ()))


@pytest.mark.parametrize("chart", sorted(set(DRAWS) - {"forest", "scope_map"}))
def test_a_bare_table(chart):
    with pytest.raises(NotSupported, match="and was given a value of type DataFrame"):
        getattr(em.charts, chart)(pd.DataFrame({"term": ["scale"]}), *FURTHER.get(chart, ()))


def test_a_curve_of_stated_parameters():
    cost = em.state("cobb_douglas", {"visits": 0.8}, outputs={"visits": 100})
    with pytest.raises(NotSupported, match=r"em\.unit_cost\(fit\), and was given a value of type StatedCost"):
        em.charts.cost_curve(cost)
