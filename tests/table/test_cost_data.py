"""Roles, subsets of columns and rows, and what a table says of itself."""

import copy
import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import CardError, TableError, UnknownName


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "provider": ["Ash", "Birch", "Cedar", "Dogwood"],
            "spend": [9.0, 21.0, 12.0, 30.0],
            "visits": [40.0, 110.0, 55.0, 160.0],
            "payments": [400.0, 0.0, 300.0, 900.0],
            "wage": [11.5, 12.0, 11.0, 12.5],
            "rent": [3.0, 3.1, 2.9, 3.3],
            "pay_share": [0.7, 0.62, 0.65, 0.7],
            "rent_share": [0.3, 0.4, 0.35, 0.25],
            "continuity": [0.9, 0.7, 0.8, 0.5],
            "caseload": [9.0, 12.0, 8.0, 15.0],
            "rural": [1, 0, 1, 0],
        }
    )


@pytest.fixture
def data(frame):
    return em.CostData(
        frame,
        cost="spend",
        outputs={"visits": "personal", "payments": em.Output("transactional", unit="payments")},
        prices={"wage": em.Price(share="pay_share"), "rent": em.Price(share="rent_share")},
        prices_complete=True,
        shares="as published",
        relationships={
            "continuity": em.Relationship("attribute", more_means="closer", label="seeing the same worker"),
            "caseload": em.Relationship("input_ratio", scale="log", more_means="looser"),
        },
        controls="rural",
        entity="provider",
        cost_unit="GBP",
        notes="Made up.",
    )


# Roles


def test_words_become_roles(data):
    assert data.outputs["visits"] == em.Output("personal")
    assert data.controls == ("rural",)
    assert data.notes == ("Made up.",)


def test_lists_of_names_say_nothing_further(frame):
    data = em.CostData(frame, "spend", ["visits", "payments"], prices=("wage",), relationships=["continuity"])
    assert data.outputs == {"visits": em.Output(), "payments": em.Output()}
    assert data.relationships["continuity"].kind == "unstated"
    assert data.prices["wage"].share is None
    assert not data.prices_complete


def test_one_bare_name_is_one_column(frame):
    assert list(em.CostData(frame, "spend", "visits").outputs) == ["visits"]


def test_roles_cannot_be_changed(data):
    with pytest.raises(TypeError, match="does not support item assignment"):
        data.outputs["other"] = em.Output()
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'cost'"):
        data.cost = "wage"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: em.Output("personnal"), "service = 'personnal' is not known; it may be .*did you mean 'personal'"),
        (lambda: em.Output(unit=3), "unit = 3 must be text"),
        (lambda: em.Price(share=0.3), r"share = 0.3 must be text"),
        (lambda: em.Relationship("ratio"), "kind = 'ratio' is not known; it may be 'attribute', 'input_ratio'"),
        (lambda: em.Relationship(scale="ln"), "scale = 'ln' is not known; it may be 'level', 'log'"),
        (lambda: em.Relationship(more_means="better"), "more_means = 'better' is not .* 'closer', 'looser'"),
        (lambda: em.Relationship(label=None), "label = None must be text"),
        (lambda: em.Outcome(scale="logs"), "scale = 'logs' is not known"),
        (lambda: em.Outcome(more_means="closer"), "more_means = 'closer' is not .* 'better', 'worse'"),
    ],
)
def test_a_word_that_is_not_known_is_refused_with_those_that_are(make, message):
    with pytest.raises(CardError, match=message):
        make()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"outputs": []}, "at least one output is needed"),
        ({"outputs": ["visits", "visits"]}, "outputs names a column twice: visits, visits"),
        ({"outputs": {"visits": 3}}, r"outputs: 'visits' needs an econmodel.Output\(...\), not 3"),
        ({"outputs": {"visits": "personnal"}}, "service = 'personnal' is not known"),
        ({"relationships": {"continuity": "attribute"}}, r"'continuity' needs an econmodel.Relationship\(...\)"),
        ({"cost": {"column": "spend"}}, r"\(cost\) is not a column name"),
        ({"controls": ["visits"]}, "'visits' is given as output and as control; keep one of the two"),
        ({"outputs": ["spend"]}, "'spend' is given as cost and as output"),
        ({"entity": "spend"}, "'spend' is given as cost and as entity; keep one of the two"),
        ({"entity": "visits", "time": "visits"}, "'visits' is given as output and as entity"),
        ({"shares": "ignore"}, "shares = 'ignore' is not known; it may be \"as published\" or \"renormalise\""),
        ({"shares": pd.Series([1.0])}, "shares = a Series is not known"),
        ({"date_order": "dmy"}, "date_order = 'dmy' is not known; it may be \"day/month/year\" or \"month/day/year\""),
        ({"shares": "renormalise"}, "it needs prices_complete = true and a share for every price"),
        ({"prices_complete": True}, "prices_complete is true, but no price is given"),
    ],
)  # fmt: skip
def test_roles_that_contradict_each_other_are_refused(frame, changes, message):
    with pytest.raises(CardError, match=message):
        em.CostData(frame, **{"cost": "spend", "outputs": ["visits"]} | changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cost": pd.Series([1.0])}, r'a Series \(cost\) is not a column name; names are text, such as cost="..."'),
        ({"entity": pd.Series(["a"])}, r"a Series \(entity\) is not a column name"),
        ({"time": 5}, r"5 \(time\) is not a column name"),
        ({"outputs": pd.Series([1.0])}, r'outputs takes names .*, such as outputs=\["..."\], not a Series'),
        ({"outputs": None}, "outputs takes names in quotation marks, .* not a NoneType"),
        ({"controls": 5}, "controls takes names in quotation marks, .* not 5"),
        ({"prices": [["wage"]]}, "prices takes names in quotation marks, not a list"),
        ({"notes": 5}, "notes takes names in quotation marks"),
        ({"title": 5}, "title must be text in quotation marks, not 5"),
        ({"prices_complete": "yes"}, "prices_complete must be True or False, not 'yes'"),
        ({"dropped": 3}, r"an entry of dropped says how many rows \(one or more\), because of what, .* not 3"),
        ({"dropped": [(-5, "x", ())]}, "an entry of dropped says how many rows"),
        ({"dropped": [(True, "x", ())]}, "an entry of dropped says how many rows"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused_in_words(frame, changes, message):
    with pytest.raises(CardError, match=message):
        em.CostData(frame, **{"cost": "spend", "outputs": ["visits"]} | changes)


def test_only_a_frame_is_taken():
    with pytest.raises(TableError, match=r"a pandas DataFrame is needed, not dict; econmodel.read takes a card"):
        em.CostData({"spend": [1.0]}, cost="spend", outputs=["visits"])


# Shares


def test_renormalised_shares_add_up_and_the_note_says_so(data):
    divided = data.using(shares="renormalise")
    sums = divided.frame["pay_share"] + divided.frame["rent_share"]
    # Each share is divided once; two roundings can leave the sum off by one unit in the last place.
    np.testing.assert_allclose(sums, 1, rtol=0, atol=3e-16)
    assert divided.notes == (
        "Made up.",
        "The cost shares pay_share, rent_share of 2 rows were divided by their sum, which differed from one by up to "
        "0.05.",
    )
    assert data.frame["pay_share"].tolist() == [0.7, 0.62, 0.65, 0.7]


def test_shares_are_renormalised_once(data):
    once = data.using(shares="renormalise")
    again = dataclasses.replace(once)
    pd.testing.assert_frame_equal(again.frame, once.frame, check_exact=True)
    assert again.notes == once.notes


# Subsets


def test_using_keeps_the_named_columns_in_the_order_given(data):
    chosen = data.using(outputs=["payments"], relationships="caseload", controls=[])
    assert (list(chosen.outputs), list(chosen.relationships), chosen.controls) == (["payments"], ["caseload"], ())
    assert list(data.outputs) == ["visits", "payments"]
    assert chosen.frame is data.frame


def test_prices_left_out_are_prices_no_longer_complete(data):
    chosen = data.using(prices=["wage"])
    assert (chosen.prices_complete, chosen.shares) == (False, None)
    assert data.using(prices=["rent", "wage"]).prices_complete
    assert not data.using(prices_complete=False).prices_complete
    assert data.using(relationships=[]).shares == "as published"


def test_completeness_that_is_claimed_is_checked(frame):
    partial = em.CostData(
        frame, "spend", "visits", {"wage": em.Price("pay_share"), "rent": em.Price("rent_share")}
    )  # fmt: skip
    with pytest.raises(TableError, match="do not add up to one"):
        partial.using(prices_complete=True)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ({"outputs": ["visit"]}, r"'visit' is not among the outputs .* \(visits, payments\); did you mean 'visits'\?"),
        ({"prices": ["petrol"]}, r"'petrol' is not among the prices of these data \(wage, rent\)$"),
        ({"relationships": "rural"}, "'rural' is not among the relationships"),
        ({"outcomes": ["score"]}, r"'score' is not among the outcomes of these data \(there are none\)"),
        ({"controls": ["urban"]}, r"'urban' is not among the controls .*did you mean 'rural'"),
    ],
)
def test_a_column_without_the_role_is_refused(data, names, message):
    with pytest.raises(UnknownName, match=message):
        data.using(**names)


def test_at_least_one_output_stays(data):
    with pytest.raises(CardError, match="at least one output is needed"):
        data.using(outputs=[])


def test_where_says_what_it_left_out(data):
    large = data.where("visits > 50", because="small providers are another trade").where(
        data.frame["rural"].loc[1:] == 1, because="towns left out"
    )
    assert large.frame["provider"].tolist() == ["Cedar"]
    assert large.dropped == (
        (1, "small providers are another trade", ("Ash",)),
        (2, "towns left out", ("Birch", "Dogwood")),
    )
    assert len(data) == 4
    assert data.dropped == ()
    assert "1 row left out (Ash): small providers are another trade." in repr(large)


def test_where_names_five_rows_at_most():
    frame = pd.DataFrame({"spend": range(1, 11), "visits": range(1, 11)})
    kept = em.CostData(frame, "spend", "visits").where("visits > 7", because="example")
    assert kept.dropped == ((7, "example", ("row 0", "row 1", "row 2", "row 3", "row 4")),)
    assert "7 rows left out (row 0; row 1; row 2; row 3; row 4; ...): example." in repr(kept)
    assert kept.row_names() == ["row 7", "row 8", "row 9"]


def test_where_that_leaves_nothing_out_leaves_no_trace(data):
    assert data.where("visits > 0", because="nothing").dropped == ()


@pytest.mark.parametrize(
    ("condition", "error", "message"),
    [
        ("vists > 50", UnknownName, "name 'vists' is not defined in 'vists > 50'; the columns are provider, spend"),
        ("visits >", TableError, "'visits >' cannot be read as a condition on columns"),
        ("visits + 1", TableError, r"a condition is one truth value a row \(4\)"),
        ("visits > 1000", TableError, "no row satisfies 'visits > 1000'"),
        (np.zeros(4, dtype=bool), TableError, "no row satisfies the condition"),
        ([True, False], TableError, r"a condition is one truth value a row \(4\)"),
        (pd.Series([True] * 4, index=list("abcd")), TableError, "belongs to other rows than the table"),
    ],
)
def test_a_condition_that_is_none_is_refused(data, condition, error, message):
    with pytest.raises(error, match=message):
        data.where(condition, because="example")


def test_where_needs_a_reason(data):
    with pytest.raises(CardError, match="because must give the reason in words"):
        data.where("visits > 50", because=" ")


# Names and descriptions


def test_labels(data):
    assert data.labels("continuity") == "seeing the same worker"
    assert data.labels("pay_share") == "pay share"


def test_row_names(data, frame):
    assert data.row_names() == ["Ash", "Birch", "Cedar", "Dogwood"]
    numbered = em.CostData(frame.assign(team=[4, 4, 5, 6]), "spend", "visits", entity="team")
    assert numbered.row_names() == ["team 4, row 0", "team 4, row 1", "team 5, row 2", "team 6, row 3"]


def test_the_description_names_every_role_and_escapes_what_it_shows(frame):
    data = em.CostData(
        frame.rename(columns={"visits": "<b>"}),
        cost="spend",
        outputs={"<b>": "personal"},
        prices=["wage"],
        relationships=["continuity"],
        network=["caseload"],
        entity="provider",
        title="Homes & hearths",
        source="made up",
        money="GBP",
        cost_concept="pay bill",
    )
    text, html = repr(data), data._repr_html_()
    for word in ("Homes", "pay bill", "personal", "unstated", "network", "4 rows; GBP; some inputs unpriced."):
        assert word in text
        assert word in html
    assert "Source: made up." in text
    assert "<b>" not in html
    assert "Homes &amp; hearths" in html


def test_a_change_of_the_frame_afterwards_does_not_reach_the_data(frame, data):
    frame.loc[0, "spend"] = -1.0
    assert data.frame.loc[0, "spend"] == 9.0


@pytest.mark.parametrize("again", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy], ids=["pickle", "copy"])
def test_data_and_what_is_made_of_them_come_back(data, again):
    data = data.where("visits > 50", because="small")
    back = again(data)
    for field in dataclasses.fields(data):
        if field.name == "frame":
            pd.testing.assert_frame_equal(back.frame, data.frame, check_exact=True)
        else:
            assert getattr(back, field.name) == getattr(data, field.name)
    assert repr(back) == repr(data)
    test_roles_cannot_be_changed(back)
    fitted = em.fit(em.load("us_airlines"), "cobb_douglas")
    for one in (
        fitted,
        em.scale(fitted),
        em.worlds.simulate(em.worlds.state("cobb_douglas", {"a": 0.8}, outputs={"a": 9.0}), 9),
    ):
        assert repr(again(one)) == repr(one)
    assert again(fitted).params.tolist() == fitted.params.tolist()
    assert em.scale(again(fitted)).table.equals(em.scale(fitted).table)
