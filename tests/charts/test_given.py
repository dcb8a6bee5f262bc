"""A chart that is given something else than it draws says so, and what to give."""

import inspect

import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotSupported

CHARTS = sorted(set(em.charts.__all__) - {"enable"})
# These take a fit, or a bare table.
OF_A_FIT, OF_A_TABLE = {"cost_curve", "scope_map"}, {"forest", "scope_map"}


def drawn(chart, given):
    """The chart of something, whatever else it needs left to a word."""
    function = getattr(em.charts, chart)
    _, *others = inspect.signature(function).parameters.values()
    needed = [one for one in others if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD]
    return function(given, *("word" for _ in needed))


@pytest.mark.parametrize("chart", CHARTS)
@pytest.mark.parametrize(("given", "kind"), [(None, "nothing"), ("airlines", "a value of type str")])
def test_neither_a_fit_nor_a_result(chart, given, kind):
    with pytest.raises(
        NotSupported, match=rf"^em\.charts\.{chart} draws .*(em\.|fit\.data).*, and was given {kind}\.$"
    ):
        drawn(chart, given)


@pytest.mark.parametrize("chart", sorted(set(CHARTS) - OF_A_FIT))
def test_a_fit_where_a_result_is_drawn(chart):
    fitted = em.fit(em.load("electricity_1955"), "cobb_douglas")
    with pytest.raises(NotSupported, match=rf"^em\.charts\.{chart} draws .*, and was given a value of type Fit\.$"):
        drawn(chart, fitted)


@pytest.mark.parametrize("chart", sorted(set(CHARTS) - OF_A_TABLE))
def test_a_bare_table(chart):
    with pytest.raises(NotSupported, match="and was given a value of type DataFrame"):
        drawn(chart, pd.DataFrame({"term": ["scale"]}))


@pytest.mark.parametrize(
    ("chart", "wanted"),
    [
        ("waterfall", r"the result of em\.decompose\(fit, start, end\)"),
        ("separation", r"the result of em\.separate\(fit\)"),
        ("relationship_against_size", r"a table with roles, such as fit\.data"),
        ("save", r"a chart, such as em\.charts\.cost_curve\(fit\)"),
    ],
)
def test_the_message_says_what_to_give(chart, wanted):
    with pytest.raises(NotSupported, match=wanted):
        drawn(chart, None)


def test_a_curve_of_stated_parameters():
    cost = em.worlds.state("cobb_douglas", {"visits": 0.8}, outputs={"visits": 100})
    with pytest.raises(NotSupported, match=r"em\.unit_cost\(fit\), and was given a value of type StatedCost"):
        em.charts.cost_curve(cost)
