"""Cards read and written: what they refuse, and that writing and reading are inverses."""

import dataclasses
import tomllib

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import CardError, TableError
from econmodel.table.card import toml_text
from econmodel.table.shipped import names

TABLE = "home,spend,weeks,wage\nA,9.5,40,11\nB,14,75,12\n"
CARD = """\
file = "homes.csv"
cost = { column = "spend", unit = "GBP" }
entity = "home"

[outputs.weeks]
service = "personal"
"""


@pytest.fixture
def read(tmp_path):
    """Read a card of two homes; `card` replaces its text, `table` the table."""

    def reading(card=CARD, table=TABLE):
        (tmp_path / "homes.csv").write_text(table)
        (tmp_path / "homes.toml").write_text(card)
        return em.read(tmp_path / "homes.toml")

    return reading


def same(one: em.CostData, other: em.CostData) -> None:
    """Everything equal; the checksum is that of the file, and a file has no index of its own."""
    for field in dataclasses.fields(em.CostData):
        if field.name == "frame":
            left, right = (data.frame.reset_index(drop=True) for data in (one, other))
            pd.testing.assert_frame_equal(left, right, check_exact=True)
        elif field.name != "checksum":
            assert getattr(one, field.name) == getattr(other, field.name), field.name


# Reading


def test_a_short_card_is_enough(read):
    data = read('file = "homes.csv"\ncost = "spend"\noutputs = ["weeks"]\n')
    assert (data.cost, data.cost_unit, dict(data.outputs)) == ("spend", "", {"weeks": em.Output()})


def test_a_service_may_stand_alone(read):
    data = read('file = "homes.csv"\ncost = "spend"\noutputs = { weeks = "personal" }\nnotes = "One note."\n')
    assert data.outputs["weeks"].service == "personal"
    assert data.notes == ("One note.",)


def test_every_entry_of_a_card(read):
    data = read(
        'title = "Homes"\nsource = "S"\nlicence = "L"\nmoney = "GBP"\ncost_concept = "total"\ntime = "year"\n'
        'controls = ["rural"]\nnetwork = ["sites"]\nprices_complete = true\nshares = "as published"\nnotes = ["N"]\n'
        'dropped = [{ rows = 2, because = "closed", first = ["C", "D"] }]\n'
        + CARD
        + '[prices.wage]\nshare = "pay"\nunit = "GBP an hour"\n[relationships.same]\nkind = "attribute"\n'
        'scale = "log"\nmore_means = "closer"\nlabel = "the same worker"\n[outcomes.content]\nunit = "points"\n'
        'more_means = "better"\n',
        "home,year,spend,weeks,wage,pay,rural,sites,same,content\nA,2019,9.5,40,11,0.8,1,1,0.9,7\n",
    )
    assert (data.title, data.source, data.licence, data.money) == ("Homes", "S", "L", "GBP")
    assert (data.cost_concept, data.cost_unit, data.time, data.entity) == ("total", "GBP", "year", "home")
    assert (data.controls, data.network, data.notes) == (("rural",), ("sites",), ("N",))
    assert (data.prices_complete, data.shares) == (True, "as published")
    assert data.dropped == ((2, "closed", ("C", "D")),)
    assert data.prices["wage"] == em.Price("pay", "GBP an hour")
    assert data.relationships["same"] == em.Relationship("attribute", "log", "closer", "the same worker")
    assert data.outcomes["content"] == em.Outcome("level", "points", "better")


@pytest.mark.parametrize(
    ("card", "message"),
    [
        ("file = homes", "homes.toml is not valid TOML"),
        ('cost = "spend"\noutputs = ["weeks"]', "homes.toml lacks 'file', which every card needs"),
        ('file = "homes.csv"\noutputs = ["weeks"]', "homes.toml lacks 'cost'"),
        ('file = "homes.csv"\ncost = "spend"', "homes.toml lacks 'outputs'"),
        ('control = ["wage"]\n' + CARD, "'control' is not known; known are title, .*did you mean 'controls'"),
        (CARD + 'kind = "attribute"', r"\[outputs.weeks\]: 'kind' is not known; known are service, unit"),
        (CARD + 'units = "weeks"', r"\[outputs.weeks\]: 'units' is not known; .*did you mean 'unit'"),
        (CARD + '[relationships.wage]\nscale = "log"', r"\[relationships.wage\] lacks kind: \"attribute\" where"),
        (CARD + '[relationships.wage]\nkind = "ratio"', r"\[relationships.wage\]: kind = 'ratio' is not known"),
        (CARD.replace("personal", "private"), r"\[outputs.weeks\]: service = 'private' is not known"),
        (CARD.replace('unit = "GBP"', 'units = "GBP"'), "cost: 'units' is not known; known are column, unit"),
        (CARD.replace('column = "spend", ', ""), r"cost must be a column, or \{ column = "),
        (CARD.replace('"GBP"', "5"), "cost.unit must be text in quotation marks, not 5"),
        ("title = 5\n" + CARD, "title must be text in quotation marks, not 5"),
        ('controls = "wage"\n' + CARD, r'controls must be a list of text, such as \["rural"\]'),
        ('prices_complete = "yes"\n' + CARD, "prices_complete must be true or false, without quotation marks"),
        ('shares = "as is"\n' + CARD, "shares = 'as is' is not known"),
        ('prices = "wage"\n' + CARD, r"prices must be a list of columns, or one table \[prices.COLUMN\] for each"),
        ("prices = { wage = 3 }\n" + CARD, r"\[prices.wage\] must be a table of facts, not 3"),
        ("dropped = [3]\n" + CARD, "dropped is a list such as"),
        ('dropped = { rows = 1, because = "x", first = ["A"] }\n' + CARD, r"dropped is a list such as \[\{ rows = 3"),
        (CARD + 'entity = "home"', r"'entity' is not known; .*; if it is of the whole card, write it above the"),
        (CARD.replace('"spend"', "“spend”"), 'is not valid TOML: .*; write straight quotation marks, ""'),
        (CARD.replace("outputs.weeks", "outputs.my weeks"), r'put names with spaces .* as in \[outputs."my weeks"\]'),
        (f'checksum = "{64 * "0"}"\n' + CARD, "homes.csv is not the file that homes.toml describes"),
        ('checksum = "00"\n' + CARD, "homes.csv is not the file that homes.toml describes: its SHA-256 is [0-9a-f]"),
        (CARD.replace("homes.csv", "houses.csv"), "names the file 'houses.csv', which is not in"),
        (CARD.replace("homes.csv", "homes.toml"), "homes.toml is neither a CSV nor a Parquet file"),
    ],
)  # fmt: skip
def test_a_card_that_cannot_be_meant_is_refused(read, card, message):
    with pytest.raises(CardError, match=message):
        read(card)


def test_a_table_that_does_not_fit_is_refused(read):
    with pytest.raises(TableError, match="there is no column 'spend'"):
        read(table=TABLE.replace("spend", "outlay"))


def test_a_file_that_is_no_table_is_refused(read):
    with pytest.raises(CardError, match=r"homes\.csv cannot be read as CSV with commas in UTF-8"):
        read(table="")


def test_a_table_is_not_a_card(tmp_path):
    with pytest.raises(CardError, match=r"homes\.csv is a table, not a card; write a card beside it"):
        em.read(tmp_path / "homes.csv")


def test_a_card_that_is_not_there(tmp_path):
    with pytest.raises(CardError, match=r"there is no card 'homes\.toml' in"):
        em.read(str(tmp_path / "homes.toml"))


def test_the_checksum_is_stated_and_kept(read):
    found = read().checksum
    assert read(f'checksum = "{found}"\n' + CARD).checksum == found


def test_missing_figures_of_other_programs_are_missing_and_names_are_names(read):
    data = read(table="home,spend,weeks\nNA,9.5,40\nnull,NA,75\nC,,n/a\n")
    assert data.frame["home"].tolist() == ["NA", "null", "C"]
    assert data.frame["spend"].isna().tolist() == [False, True, True]
    assert data.frame["weeks"].isna().tolist() == [False, False, True]


# Writing


@pytest.fixture
def homes():
    frame = pd.DataFrame(
        {
            "home": ["A", 'B "the second"', "C, Ltd", "Dü"],
            "spend": [0.1 + 0.2, np.pi * 1e-7, np.nan, 1e29],
            "weeks": [40, 0, 75, 3],
            "rural": [True, False, True, False],
            "same": [0.9, 0.8, 0.7, 1 / 3],
        }
    )
    return em.CostData(
        frame,
        cost="spend",
        outputs={"weeks": em.Output("personal", unit="weeks")},
        relationships=["same"],
        outcomes={},
        controls=["rural"],
        entity="home",
        cost_unit="£",
        cost_concept="pay bill",
        money="GBP",
        title='A "quoted" title\nin two lines',
        source="C:\\data",
        licence="none",
        notes=["One.", "Two \t tabs, a bell \x07 and a delete \x7f."],
    )


@pytest.mark.parametrize("data_format", ["csv", "parquet"])
def test_reading_undoes_writing(homes, tmp_path, data_format):
    card = homes.to_card(tmp_path / "homes.toml", data_format)
    back = em.read(card)
    same(homes, back)
    again = back.to_card(tmp_path / "again.toml", data_format)
    assert again.read_text() == card.read_text().replace("homes.", "again.")


@pytest.mark.parametrize("name", names())
def test_shipped_data_come_back(name, tmp_path):
    data = em.load(name)
    back = em.read(data.to_card(tmp_path / "copy.toml"))
    same(data, back)
    assert back.checksum == data.checksum


def test_rows_left_out_come_back(homes, tmp_path):
    some = homes.where("weeks > 0", because="closed in the year")
    same(some, em.read(some.to_card(tmp_path / "some.toml")))


def test_renormalised_shares_come_back(tmp_path):
    data = em.load("electricity_1970").using(shares="renormalise")
    same(data, em.read(data.to_card(tmp_path / "shares.toml")))


def test_a_named_index_becomes_a_column(tmp_path):
    frame = pd.DataFrame({"spend": [1.0, 2.0], "weeks": [3, 4]}, index=pd.Index(["A", "B"], name="home"))
    back = em.read(em.CostData(frame, "spend", "weeks").to_card(tmp_path / "homes.toml"))
    assert back.frame["home"].tolist() == ["A", "B"]


def test_codes_come_back_as_they_are_written(tmp_path):
    frame = pd.DataFrame({"home": ["007", "7", "1.10", "5E1"], "spend": [1.0, 2, 3, 4], "weeks": [3, 4, 5, 6]})
    data = em.CostData(frame, "spend", "weeks", entity="home")
    same(data, em.read(data.to_card(tmp_path / "homes.toml")))


def test_numbers_for_names_come_back_as_text(tmp_path):
    frame = pd.DataFrame({"home": [7, 12], "year": [2011, 2011], "spend": [1.0, 2.0], "weeks": [3, 4]})
    data = em.CostData(frame, "spend", "weeks", entity="home", time="year")
    back = em.read(data.to_card(tmp_path / "homes.toml"))
    assert back.frame["home"].tolist() == ["7", "12"]
    assert back.frame["year"].tolist() == [2011, 2011]
    assert back.row_names() == data.row_names() == ["home 7, 2011", "home 12, 2011"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"home": ["A\0", "B"]},
            'the table would not come back from a CSV file; use data_format="parquet": .* zero bytes',
        ),
        ({"": ["x", "y"]}, "(?s)would not come back from a CSV file; .*leaves 1 of 5 fields without a name"),
        (
            {"wave": pd.Categorical(["before", "after"], ["before", "after"], ordered=True)},
            "'wave' would not come back from a CSV file as it is; use data_format=\"parquet\"",
        ),
    ],
)
def test_csv_is_refused_where_it_would_change_the_table(tmp_path, columns, message):
    frame = pd.DataFrame({"home": ["A", "B"], "spend": [1.0, 2.0], "weeks": [3, 4], "wave": [1, 2]} | columns)
    data = em.CostData(frame, "spend", "weeks", entity="home", time="wave")
    with pytest.raises(CardError, match=message):
        data.to_card(tmp_path / "homes.toml")
    assert not list(tmp_path.iterdir())
    same(data, em.read(data.to_card(tmp_path / "homes.toml", "parquet")))


@pytest.mark.parametrize(
    ("name", "data_format", "message"),
    [
        ("homes.json", "csv", "a card is a \".toml\" file, not 'homes.json'"),
        ("homes.toml", "xlsx", "data_format = 'xlsx' is not known; it may be \"csv\" or \"parquet\""),
    ],
)  # fmt: skip
def test_a_card_is_written_as_toml_beside_csv_or_parquet(homes, tmp_path, name, data_format, message):
    with pytest.raises(CardError, match=message):
        homes.to_card(tmp_path / name, data_format)


# The TOML that is written

# Text without lone surrogates, which no UTF-8 file can hold.
texts = st.text(st.characters(codec="utf-8"), max_size=20)
values = texts | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.lists(texts, max_size=3)
tables = st.dictionaries(texts, st.dictionaries(texts, values, max_size=3), max_size=3)


@given(plain=st.dictionaries(texts, values, max_size=4), nested=tables)
def test_what_is_written_is_what_is_read(plain, nested):
    entries = plain | {"of mappings": nested, "of lists": [{"a": 1, "b": ["x", "y" * 120]}]}
    assert tomllib.loads(toml_text(entries)) == entries


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=texts.filter(lambda text: text not in ("spend", "rows")),
    label=texts,
    notes=st.lists(texts, max_size=3),
    spend=st.lists(st.floats(1e-30, 1e30), min_size=1, max_size=5),
)
def test_any_card_comes_back(tmp_path, name, label, notes, spend):
    frame = pd.DataFrame({"spend": spend, name: range(1, len(spend) + 1)})
    relationships = {name: em.Relationship("input_ratio", "log", "looser", label)}
    data = em.CostData(
        frame.assign(rows=1), "spend", "rows", relationships=relationships, notes=notes, source=label
    )  # fmt: skip
    same(data, em.read(data.to_card(tmp_path / "any.toml", "parquet")))


def test_what_toml_cannot_hold_is_a_mistake_of_the_caller():
    with pytest.raises(TypeError, match="a card holds text, numbers, lists and tables, not float"):
        toml_text({"share": 0.5})
