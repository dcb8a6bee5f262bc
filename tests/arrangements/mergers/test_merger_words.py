"""What a merger refuses: a sentence and a cure for each."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import FormError, NotSupported, TableError, UnknownName

ONE = {"homes": 400.0, "support": 90.0}
TWO = {"Elm": ONE, "Oak": {"homes": 300.0, "support": 60.0}}


@pytest.mark.parametrize(
    ("partners", "arguments", "error", "said"),
    [
        (["row 0"], {}, NotSupported, "A merger needs two partners or more, and this has 1. Name the others."),
        ("row 0", {}, NotSupported, "partners='row 0': give the providers that merge as a list of names, or their bun"),
        (["row 0", "row 0"], {}, NotSupported, "row 0 is named twice among the partners. Name each provider once."),
        (["row 0", "row 999999"], {}, UnknownName, "'row 999999' is not a provider of the table"),
        (TWO | {"Ash": {"homes": 3.0}}, {}, UnknownName, "The bundle of Ash does not say how much support it makes"),
        (TWO | {"Ash": ONE | {"wage": 9.0}}, {}, UnknownName, "wage is given for some partners only"),
        (TWO | {"Ash": ONE | {"beds": 9.0}}, {}, UnknownName, "beds is given for some partners only"),
        ({one: bundle | {"beds": 2.0} for one, bundle in TWO.items()}, {}, UnknownName, "beds is not in the cost func"),
        (TWO | {"Ash": dict.fromkeys(ONE, 0.0)}, {}, TableError, "Ash makes nothing. Leave out who does not provide"),
        (TWO | {"Ash": {"homes": -3.0, "support": 1.0}}, {}, TableError, "homes must not be negative"),
        (
            {"Elm": dict.fromkeys(ONE, 0.0), "Oak": dict.fromkeys(ONE, 0.0)},
            {},
            NotSupported,
            "The partners make nothing",
        ),
        (TWO, {"one_off": -1.0}, NotSupported, "one_off=-1.0: the one-off cost is what is spent once, zero or more"),
        (TWO, {"one_off": np.nan}, NotSupported, "one_off=nan: the one-off cost"),
        (TWO, {"horizon": 0}, NotSupported, "horizon=0: give the years within which the merger must pay"),
        (TWO, {"discount_rate": 3.5}, NotSupported, "discount_rate=3.5 is a share a year: write 0.035 for 3.5 %"),
        (
            TWO,
            {"relationship": {"trust": 0.5}},
            UnknownName,
            "'trust' is not a relationship variable of this cost func",
        ),
        (
            TWO,
            {"relationship": 0.5},
            NotSupported,
            "relationship=0.5: name the variable and its value after the merger",
        ),
        (TWO, {"relationship": {"continuity": np.nan}}, NotSupported, "nan}: give its value after the merger"),
        (TWO, {"volume": {"homes": 1.0}}, UnknownName, "volume= needs one weight for each of homes, support; it has h"),
        (TWO, {"volume": {"homes": 1.0, "support": -1}}, NotSupported, "A weight in volume= is negative or missing"),
        (TWO, {"efficiency": {"Elm": 0.9}}, UnknownName, "efficiency= needs one number for each of Elm, Oak; it has E"),
        (TWO, {"efficiency": {"Elm": 0.9, "Oak": 1.2}}, NotSupported, "is least cost over actual cost, above zero and"),
        (TWO, {"merged": ["payments"]}, UnknownName, "merged='payments' is not an output. There is homes, support."),
        (TWO, {"merged": ["homes", "support"]}, NotSupported, "names all of the outputs. Name those that are made tog"),
        (TWO, {"merged": []}, NotSupported, "names none of the outputs"),
        (TWO | {"Ash": {"homes": 9.0, "support": 0.0}}, {"merged": ["support"]}, NotSupported, "Ash makes no support"),
        (TWO, {"method": "guess"}, UnknownName, "There is no method 'guess'"),
    ],
)
def test_what_is_wrong_is_said(composite, partners, arguments, error, said):
    with pytest.raises(error, match=said.replace("(", r"\(")):
        em.arrangements.merger(composite, partners, **arguments)


def test_a_table_is_no_cost_function(services):
    with pytest.raises(NotSupported, match="A measure takes a fit, and this is a CostData"):
        em.arrangements.merger(services, ["row 0", "row 1"])


def test_stated_costs_have_no_providers_to_name(f1):
    with pytest.raises(
        NotSupported, match="These parameters are stated, without a table of providers to name partners"
    ):
        em.arrangements.merger(f1, ["Elm", "Oak"])
    with pytest.raises(
        NotSupported, match="This cost function has no relationship variable, so a merger cannot change"
    ):
        em.arrangements.merger(
            f1, {name: dict.fromkeys("abc", 5.0) for name in ("Elm", "Oak")}, relationship={"r": 1.0}
        )


def test_a_group_needs_a_form_with_cost_at_zero(translog):
    with pytest.raises(FormError, match="A group structure compares cost at zero output"):
        em.arrangements.merger(translog, TWO, merged=["support"])


def test_a_cost_below_zero_has_no_factor_and_says_so():
    falling = em.worlds.state(
        "composite", {"common cost": 5, "visits": 20, "half visits squared": -30}, outputs={"visits": 10}
    )
    found = em.arrangements.merger(falling, {"Elm": {"visits": 8}, "Oak": {"visits": 9}}, one_off=3.0)
    assert found.text.startswith(
        "The fitted cost of the merged provider is not positive (−4.35): the merger has no number"
    )
    assert found.table["estimate"].isna().all()
    money = found.tables["money"].set_index("item")["estimate"]
    assert np.isnan(money["pay-back, discounted"])


def test_numbers_for_names_and_one_row_of_several(services):
    numbered = services.frame.iloc[:40].assign(provider=range(1, 41))
    data = em.CostData(numbered, cost="cost", outputs=["homes", "support"], entity="provider")
    fit = em.fit(data, "composite", second_order="none")
    by_number, by_name = (em.arrangements.merger(fit, partners) for partners in ([3, 4], ["provider 3", "provider 4"]))
    pd.testing.assert_frame_equal(by_number.table, by_name.table)
    panel = em.fit(em.load("us_airlines"), "cobb_douglas")
    with pytest.raises(NotSupported, match=r"1 has 15 rows: name the one that is meant \('firm 1, 1970', "):
        em.arrangements.merger(panel, [1, 2])
