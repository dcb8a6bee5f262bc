"""What cannot be compared: a sentence and a cure each."""

import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import FormError, NotSupported, TableError, UnknownName

TWO = {"Ash": {"a": 20, "b": 5, "c": 10}, "Beech": {"a": 4, "b": 25, "c": 0}}


@pytest.mark.parametrize(
    ("how", "error", "message"),
    [
        ({"fee": 1.0}, NotSupported, r"fee=1: a fee of 100 % or more leaves nothing .* from 0 to below 1"),
        ({"fee": -0.1}, NotSupported, r"fee=-0.1: .* below zero is a subsidy"),
        ({"per_partner": -1}, NotSupported, r"per_partner=-1: costs and the discount rate cannot be below zero"),
        ({"one_off": -1, "per_pair": -2}, NotSupported, r"per_pair=-2, one_off=-1: costs"),
        ({"horizon": 0}, NotSupported, r"horizon=0: the cost of merging is spread over one year at least"),
        (
            {"subcontractor": "Bech"},
            UnknownName,
            r"subcontractor='Bech' is none of the providers; did you mean 'Beech'",
        ),
        (
            {"relationships_after": {"r": 1}},
            NotSupported,
            r"This cost function has no relationship variable, so a merger",
        ),
        ({"along": "per_par"}, UnknownName, r"'per_par' is not a number to move; did you mean .*There are per_partner"),
        ({"ranges": {"fees": (0, 1)}}, UnknownName, r"'fees' is not a number to move; did you mean 'fee'"),
        ({"ranges": {"fee": (0.5, 1.5)}}, NotSupported, r"fee cannot be moved from 0.5 to 1.5. .* within 0 to 0.99"),
        (
            {"ranges": {"per_pair": (5, 1)}},
            NotSupported,
            r"per_pair cannot be moved from 5 to 1. Give the lower end first",
        ),
    ],
)
def test_terms_that_make_no_sense(f1, how, error, message):
    with pytest.raises(error, match=message):
        em.arrangements.partner(f1, TWO, ["a"], **how)


@pytest.mark.parametrize(
    ("providers", "error", "message"),
    [
        (
            {"Ash": TWO["Ash"]},
            NotSupported,
            r"A partnership needs two partners or more, and this has 1. Name the others",
        ),
        (
            {"Ash": {"a": 1}, "B": {"a": 2}},
            UnknownName,
            r"The bundle of Ash does not say how much b, c it makes. Give every output, zero where",
        ),
        ({"Ash": {"a": 1, "b": 1, "c": 1}, "B": {"a": 2}}, UnknownName, r"The bundle of B does not say how much b, c"),
        ({**TWO, "Cedar": {"a": 0, "b": 0, "c": 0}}, TableError, r"Cedar makes nothing. Leave out who"),
        ({**TWO, "Cedar": {"a": -1, "b": 0, "c": 0}}, TableError, r"a must not be negative"),
        (pd.DataFrame(TWO).T.set_axis(["Ash", "Ash"]), NotSupported, r"Ash is named twice"),
        (
            "Ash",
            NotSupported,
            r"providers='Ash': give the providers that work together as a list of names, or their bundles",
        ),
        (
            ["Ash", "Beech"],
            NotSupported,
            r"parameters are stated, without a table of providers to name partners from. Give bun",
        ),
    ],
)
def test_providers_that_cannot_be_found(f1, providers, error, message):
    with pytest.raises(error, match=message):
        em.arrangements.partner(f1, providers, ["a"])


def test_a_provider_that_the_table_does_not_have(open_fit):
    with pytest.raises(UnknownName, match=r"'row 999' is not a provider of the table.*"):
        em.arrangements.partner(open_fit, ["row 0", "row 999"], ["meals"])
    with pytest.raises(NotSupported, match=r"row 0 is named twice among the partners. Name each provider once"):
        em.arrangements.partner(open_fit, ["row 0", "row 0"], ["meals"])


def test_a_provider_with_several_rows():
    fit = em.fit(em.load("us_airlines"), "cobb_douglas")
    with pytest.raises(NotSupported, match=r"'?1'? has 15 rows: name the one that is meant \('firm 1, 1970'"):
        em.arrangements.partner(fit, [1, 2], {"output": 0.5})


@pytest.mark.parametrize(
    ("shared", "error", "message"),
    [
        (["d"], UnknownName, r"'d' is not an output.* There are a, b, c"),
        ({"a": 1.5}, NotSupported, r"a=1.5 cannot be shared: give the share of each provider's volume, 0 to 1"),
    ],
)
def test_services_that_cannot_be_shared(f1, shared, error, message):
    with pytest.raises(error, match=message):
        em.arrangements.partner(f1, TWO, shared)


def test_a_table_instead_of_a_fit():
    with pytest.raises(NotSupported, match=r"A measure takes a fit"):
        em.arrangements.partner(em.load("uk_universities"), ["a", "b"], ["research"])


def test_a_log_form_has_no_cost_of_making_none_of_something(truth):
    fit = em.fit(em.worlds.simulate(truth, 150, noise=0.05, seed=3).data, "translog", second_order="outputs")
    with pytest.raises(FormError, match=r"row 0 .*would make no meals, and the translog form has no cost there. Fit a"):
        em.arrangements.partner(fit, fit.data.row_names()[:2], ["meals"])


def test_a_form_without_a_positive_cost_gives_no_number():
    parameters = {"common cost": -30, "visits": 100, "meals": 30}
    cost = em.worlds.state(
        "composite", parameters, outputs={"visits": 100, "meals": 50}, fixed_costs=("visits", "meals")
    )
    two = {"Ash": {"visits": 100, "meals": 25}, "Beech": {"visits": 80, "meals": 20}}
    found = em.arrangements.partner(cost, two, ["meals"])
    assert found.table.set_index("term").loc["partner", ["estimate", "conf_low"]].isna().all()
    assert found.row("separate")["estimate"] > 0
    assert any("The fitted cost of the shared service is not positive" in note for note in found.notes)
    assert "No cost can be given for a partnership." in found.text


def test_work_that_would_lower_the_subcontractors_cost_has_no_price():
    parameters = {"common cost": 50, "visits": 60, "meals": 10, "visits x meals": -20}
    cost = em.worlds.state(
        "composite", parameters, outputs={"visits": 100, "meals": 50}, fixed_costs=("visits", "meals")
    )
    two = {"Ash": {"visits": 100, "meals": 25}, "Beech": {"visits": 90, "meals": 30}}
    found = em.arrangements.partner(cost, two, ["meals"])
    assert any("would lower the cost of" in note and "no price follows" in note for note in found.notes)
    assert found.table.set_index("term")["estimate"].isna()["subcontract"]
