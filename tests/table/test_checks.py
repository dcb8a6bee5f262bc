"""Every fault of a table: all at once, in the user's column names, with its rows and its cure."""

import re

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import TableError


def homes(**columns):
    """Six care homes without a fault, with some columns replaced."""
    good = {
        "home": list("ABCDEF"),
        "spend": [9.0, 21.0, 12.0, 30.0, 8.0, 17.0],
        "weeks": [40, 110, 55, 160, 35, 90],
        "wage": [11.5, 12.0, 11.0, 12.5, 11.8, 12.1],
        "rent": [3.0, 3.1, 2.9, 3.3, 3.0, 3.2],
        "pay_share": [0.7, 0.6, 0.65, 0.7, 0.7, 0.6],
        "rent_share": [0.3, 0.4, 0.35, 0.3, 0.3, 0.4],
        "continuity": [0.9, 0.7, 0.8, 0.5, 0.9, 0.6],
        "content": [7.0, 6.5, 7.2, 6.0, 7.5, 6.4],
        "rural": [0, 0, 1, 0, 1, 0],
        "sites": [1, 2, 1, 3, 1, 2],
        "year": [2019, 2019, 2019, 2020, 2020, 2020],
    }
    return pd.DataFrame(good | columns)


def checked(frame, **changes):
    roles = {
        "cost": "spend",
        "outputs": ["weeks"],
        "prices": {"wage": em.Price(share="pay_share"), "rent": em.Price(share="rent_share")},
        "prices_complete": True,
        "relationships": {"continuity": em.Relationship("attribute", scale="log", more_means="closer")},
        "outcomes": {"content": em.Outcome("log", more_means="better")},
        "controls": ["rural"],
        "network": ["sites"],
        "entity": "home",
        "time": "year",
    }
    return em.CostData(frame, **roles | changes)


def faults(frame, **changes):
    with pytest.raises(TableError, match="does not fit the roles of its columns") as found:
        checked(frame, **changes)
    return str(found.value).split("\n- ")[1:]


def test_a_table_without_a_fault_passes():
    assert len(checked(homes())) == 6


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({"spend": [9.0, 0, -1, 30, 8, 17]}, "'spend' (cost) is zero or negative, .*: 2 rows (B, 2019; C, 2019); fix"),
        ({"weeks": [40, -1, 55, 160, 35, 90]}, "'weeks' (output) is negative; .*: 1 row (B, 2019); fix"),
        ({"wage": [11.5, 0, 11, 12, 11, 12]}, "'wage' (price) is zero or negative, .*: 1 row (B, 2019); fix"),
        ({"continuity": [0, 1, 1, 1, 1, 1]}, "'continuity' (relationship variable) is zero .*logarithm: 1 row (A"),
        ({"content": [7, 6, 7, 6, 7, -6]}, "'content' (outcome) is zero .*logarithm: 1 row (F, 2020); say scale"),
        ({"sites": [1, 2, -1, 3, 1, 2]}, "'sites' (network) is negative: 1 row (C, 2019); fix"),
        ({"rural": [0, np.inf, 0, 0, 0, 0]}, "'rural' (control) is infinite: 1 row (B, 2019); write a missing value"),
        ({"spend": [9, 21, -np.inf, 30, 8, 17]}, "'spend' (cost) is infinite: 1 row (C, 2019); write a missing value"),
        (
            {"pay_share": [70, 0.6, 0.65, 0.7, 0.7, 0.6]},
            "'pay_share' (cost share) lies outside 0 to 1: 1 row (A, 2019); state shares",
        ),
        (
            {"spend": ["9", "n.k.", "12", "1,300", "8", "17"]},
            "'spend' (cost) holds text or dates where numbers are needed, such as 'n.k.': 2 rows (B, 2019; D, 2020); "
            "remove currency",
        ),
        (
            {"spend": ["9", "21", "12", "30", "8", "17"]},
            "'spend' (cost) holds numbers that are stored as text or objects: 6 rows (.*; ...); .*pandas.to_numeric",
        ),
        (
            {"rural": pd.to_datetime(["2019-01-01"] * 6)},
            "'rural' (control) holds text or dates where numbers are needed",
        ),
        ({"weeks": [1 + 2j] * 6}, "'weeks' (output) holds text or dates where numbers are needed"),
        ({"home": ["A", None, "C", "D", "E", "F"]}, "'home' (entity) has no name: 1 row (row 1); every row needs one"),
        ({"year": [2019, 2019, 2019, 2020, 2020, np.nan]}, "'year' (time) has no name: 1 row (row 5); every row"),
        (
            {"home": ["A", "A", "C", "D", "E", "F"]},
            "'home' and 'year' should name one row only, but repeat: 2 rows (A, 2019; A, 2019); add such rows up",
        ),
        (
            {"pay_share": [0.5, 0.6, 0.65, 0.7, 0.7, 0.6]},
            "the cost shares 'pay_share', 'rent_share' do not add up to one within 0.002: 1 row (A, 2019); fix them, "
            'or say shares = "renormalise"',
        ),
    ],
)  # fmt: skip
def test_each_fault_is_one_sentence(columns, sentence):
    found = faults(homes(**columns))
    pattern = re.escape(sentence).replace(r"\.\*", ".*")
    assert any(re.match(pattern, fault) for fault in found), found


@pytest.mark.parametrize(
    "columns",
    [
        {"spend": ["9", "n.k.", "-12", "1,300", "8", "17"]},
        {"weeks": [40, -1, 55, 160, 35, 90]},
        {"home": ["A", "A", "C", "D", "E", "F"]},
    ],
)
def test_a_fault_hides_no_other_and_is_said_once(columns):
    assert len(faults(homes(**columns))) == 1


def test_all_faults_come_at_once():
    frame = homes(spend=[0.0] * 6, weeks=[-1] * 6, home=["A"] * 6).drop(columns="wage")
    found = faults(frame)
    assert [fault.split(" ")[0] for fault in found] == ["there", "'spend'", "'weeks'", "'home'"]
    assert "6 rows (A, 2019; A, 2019; A, 2019; A, 2020; A, 2020; ...)" in found[1]


def test_a_missing_column_comes_with_the_nearest_names():
    found = faults(homes().rename(columns={"spend": "spending", "rural": "Remoteness"}))
    assert "there is no column 'spend' (cost); did you mean 'spending'?" in found
    assert "there is no column 'rural' (control); columns without a role are 'spending', 'Remoteness'" in found


def test_a_missing_column_that_is_the_index_is_found_there():
    assert "it is the index of the frame: use frame.reset_index()" in faults(homes().set_index("home"))[0]


@pytest.mark.parametrize("written", ["spend ", " Spend", "spend\xa0", "\ufeffspend"])
def test_a_name_of_a_column_that_looks_the_same_is_shown_as_it_is(written):
    (fault,) = faults(homes().rename(columns={"spend": written}))
    assert fault == (
        f"there is no column 'spend' (cost); the table writes it {written!r}: write it in one way, capitals and spaces "
        "count"
    )


def test_columns_called_by_numbers_get_names_that_are_text():
    frame = homes().rename(columns={"spend": 1})
    (fault,) = faults(frame)
    assert fault.endswith("names are text: use frame.columns = frame.columns.map(str)")
    frame.columns = frame.columns.map(str)
    assert "did you mean" not in faults(frame)[0]


def test_many_faults_are_counted_and_not_all_compared():
    names = [f"x{place}" for place in range(3_000)]
    with pytest.raises(TableError, match=r"no column 'x99' \(control\)\n- \.\.\. and 2,900 more faults$"):
        em.CostData(homes(), cost="spend", outputs=["weeks"], controls=names)


def test_two_columns_of_one_name_are_refused():
    frame = pd.concat([homes(), homes()[["spend", "rural"]]], axis="columns")
    assert "there are several columns named 'spend'; rename all but one" in faults(frame)


def test_a_table_without_rows_is_refused():
    assert faults(homes().iloc[:0]) == ["it has no rows"]


def test_a_column_without_a_role_is_nobodys_business():
    assert len(checked(homes(comment=["?"] * 6, broken=[np.inf] * 6))) == 6


def test_missing_values_are_left_to_the_fit():
    frame = homes(spend=[9.0, np.nan, 12.0, 30.0, 8.0, 17.0], rural=pd.array([0, None, 1, 0, 1, 0], dtype="Int64"))
    assert len(checked(frame)) == 6
    assert faults(frame.assign(wage=-1.0))[0].startswith("'wage' (price) is zero or negative")


def test_a_provider_may_repeat_where_there_is_no_time():
    assert len(checked(homes(home=["A", "A", "C", "D", "E", "F"]), time=None)) == 6
    (fault,) = faults(homes(home=["A", "A", "C", "D", "E", "F"], spend=[-1.0, 1, 1, 1, 1, 1]), time=None)
    assert "1 row (A, row 0)" in fault


def test_a_time_alone_names_one_row():
    assert faults(homes(), entity=None)[0].startswith("'year' should name one row only, but repeat: 6 rows")


def test_rows_without_a_provider_are_named_by_the_index():
    (fault,) = faults(homes(spend=[0.0, 1, 1, 1, 1, 1]).set_axis(range(10, 16)), entity=None, time=None)
    assert "1 row (row 10)" in fault


def test_an_index_that_repeats_does_no_harm():
    (fault,) = faults(homes(spend=[0.0, 1, 1, 1, 1, 0]).set_axis([7] * 6))
    assert "2 rows (A, 2019; F, 2020)" in fault


def test_shares_of_some_inputs_need_not_add_up():
    frame = homes(pay_share=[0.5, 0.6, 0.65, 0.7, 0.7, 0.6])
    assert len(checked(frame, prices_complete=False)) == 6
    assert len(checked(frame, prices={"wage": em.Price(share="pay_share"), "rent": em.Price()})) == 6


def test_shares_rounded_for_print_add_up_well_enough():
    assert len(checked(homes(pay_share=[0.7014, 0.6, 0.65, 0.7, 0.7, 0.6]))) == 6


def test_a_missing_share_is_no_wrong_sum():
    assert len(checked(homes(pay_share=[np.nan, 0.6, 0.65, 0.7, 0.7, 0.6]))) == 6


def test_truth_values_are_numbers():
    assert len(checked(homes(rural=[True, False, True, False, True, False]))) == 6


def test_checking_keeps_no_copy_of_the_table():
    frame = homes()
    data = checked(frame)
    assert np.shares_memory(data.frame["spend"].to_numpy(), frame["spend"].to_numpy())


# Names, magnitudes and types


@pytest.mark.parametrize("other", ["a", "A ", " A", "A\u00a0", "A\u200b", "\uff21"])
@pytest.mark.parametrize("column", ["home", "year"])
def test_names_that_look_alike_are_refused(column, other):
    (fault,) = faults(homes(**{column: ["A", "B", "C", "D", other, "F"]}))
    assert fault.startswith(f"'{column}' ({'entity' if column == 'home' else 'time'}) writes one name in several ways")
    assert f"('A'/{other!r})" in fault
    assert "2 rows (" in fault
    assert fault.endswith("write it in one way, or, where several are meant, let the names differ in more")


def test_accents_written_in_two_ways_and_numbers_beside_text_look_alike():
    assert "('é'/'é')" in faults(homes(home=["é", "e\u0301", "C", "D", "E", "F"]))[0].replace("e\u0301", "é")
    assert "(1/'1')" in faults(homes(home=pd.Series([1, "1", 2, 3, 4, 5], dtype=object)))[0]


def test_names_that_differ_are_left_alone():
    names = ["West Side", "Westside", "W 1", "W1", "01", "1"]
    assert checked(homes(home=names)).frame["home"].tolist() == names


def test_a_name_of_spaces_is_none():
    assert faults(homes(home=["A", "  ", "C", "D", "E", "F"]))[0].startswith(
        "'home' (entity) has no name: 1 row (row 1)"
    )


@pytest.mark.parametrize("thing", [[1], {"a": 1}, {1}, (1, 2), np.ones(2), b"\xbc"])
@pytest.mark.parametrize("time", ["year", None])
def test_a_list_is_no_name(thing, time):
    (fault,) = faults(homes(home=[thing] * 6), time=time)
    assert fault.startswith("'home' (entity) holds lists or bytes where names are needed: 6 rows (row 0; ")


@pytest.mark.parametrize(
    ("column", "value"),
    [("spend", 1e300), ("weeks", 5e-324), ("wage", 1e-100), ("sites", 1e31), ("continuity", 1e-31), ("rural", -1e31)],
)
def test_magnitudes_that_nobody_has_are_refused(column, value):
    (fault,) = faults(homes(**{column: [value, 1, 1, 1, 1, 1]}))
    assert f"'{column}' (" in fault
    assert (
        "is beyond 1e+30 or, but for zero, below 1e-30, where sums of squares and products are lost: 1 row (A" in fault
    )
    assert fault.endswith("state it in a unit in which its figures are nearer to one")


def test_what_is_next_to_nothing_among_others_does_no_harm_in_levels():
    assert len(checked(homes(rural=[1e-200, 0, 1, 0, 1, 0]))) == 6
    (fault,) = faults(homes(rural=np.array([1, 2, 3, 4, 5, 6]) * 1e-100))
    assert "'rural' (control) is beyond" in fault
    assert len(checked(homes(rural=[0.0] * 6))) == 6


@pytest.mark.parametrize("power", [-12, 12])
def test_any_reasonable_unit_passes(power):
    frame = homes()
    for column in ("spend", "weeks", "wage", "continuity", "content", "rural", "sites"):
        assert len(checked(frame.assign(**{column: frame[column] * 10.0**power}))) == 6


def test_categories_are_read_as_what_they_hold():
    frame = homes(
        weeks=pd.Categorical([40, 110, 55, 160, 35, 90]), home=pd.Categorical(list("ABCDEF"), list("ABCDEFG"))
    )
    data = checked(frame.assign(rural=pd.Categorical([0, 0, 1, 0, None, 0])))
    assert data.frame["weeks"].tolist() == [40, 110, 55, 160, 35, 90]
    assert not any(isinstance(dtype, pd.CategoricalDtype) for dtype in data.frame.dtypes)
    (fault,) = faults(frame.assign(rural=pd.Categorical(["town"] * 6)))
    assert fault.startswith("'rural' (control) holds text or dates where numbers are needed, such as 'town'")


def test_an_example_of_long_text_is_cut():
    (fault,) = faults(homes(spend=["x" * 10_000] * 6))
    assert "such as '" + "x" * 50 + "':" in fault


def test_at_most_three_names_are_suggested():
    from econmodel.table.roles import nearest

    words = nearest("visit", ["visits", "visitx", "visity", "visitz", "cost"])
    assert sum(name in words for name in ("visits", "visitx", "visity", "visitz")) == 3
