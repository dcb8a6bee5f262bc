"""The records that everything returns: numbers as words, tables as text and HTML, and nothing that can be changed."""

import copy
import dataclasses
import pickle
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from econmodel.results import (
    EFFECT_COLUMNS,
    Check,
    Effects,
    FrozenMapping,
    Table,
    columns_beside,
    decimals_for,
    format_number,
    format_probability,
    html_table,
    interval_in_words,
    printed,
    with_interval,
)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "0"), (0.0, "0"), (-0.0, "0"), (1, "1"), (-3, "−3"), (12.0, "12"), (1234567, "1,234,567"),
        (0.98885, "0.9889"), (-0.019012, "−0.01901"), (3.14159, "3.142"), (123.456, "123.5"), (1234.56, "1,235"),
        (-98765.4, "−98,765"), (0.000123456, "0.0001235"), (0.0000123456, "1.23e−05"), (1e15, "1.000e+15"),
        (float("nan"), "–"), (None, "–"), (pd.NA, "–"), (np.float64("nan"), "–"), (True, "yes"), (False, "no"),
        (np.True_, "yes"), (np.False_, "no"), ("words", "words"), ("", ""), (np.int64(7), "7"),
        (np.float64(0.5), "0.5"),
    ],
)  # fmt: skip
def test_one_formatter_writes_every_number(value, written):
    assert format_number(value) == written


@pytest.mark.parametrize(("digits", "written"), [(1, "0.1"), (2, "0.12"), (6, "0.123457"), (9, "0.123457")])
def test_six_significant_digits_are_the_most(digits, written):
    assert format_number(0.1234567891, digits) == written


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e14, max_value=1e14))
def test_a_written_number_can_be_read_again(value):
    written = format_number(value)
    assert "-" not in written
    again = float(written.replace(",", "").replace("−", "-"))
    # Four significant digits, two below a ten-thousandth, and whole numbers in full.
    assert again == pytest.approx(value, rel=5.1e-4 if abs(value) >= 1e-4 else 5.1e-3, abs=1e-300)


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.04999, "0.050"), (0.5, "0.500"), (0.001, "0.001"), (0.00099, "<0.001"), (0.0, "<0.001"), (float("nan"), "–")],
)
def test_probabilities_have_three_decimals(value, written):
    assert format_probability(value) == written


def test_intervals_in_words_have_the_decimals_that_their_width_deserves():
    assert interval_in_words(0.98021, 0.99718, 0.95) == "95 % interval 0.980 to 0.997"
    assert interval_in_words(-0.5, 1.5, 0.9) == "90 % interval −0.5 to 1.5"
    assert interval_in_words(3.0, 4512.7, 0.95) == "95 % interval 3 to 4,513"
    assert with_interval(0.98894, 0.98021, 0.99718, 0.95) == "0.989 (95 % interval 0.980 to 0.997)"
    assert interval_in_words(float("nan"), 1.0, 0.95) == "no 95 % interval"
    assert decimals_for(1.0, 1.0) == 4
    assert "−0.0" not in interval_in_words(-0.00001, 0.5, 0.95)


@given(st.floats(-1e3, 1e3), st.floats(1e-4, 1e3))
def test_an_interval_in_words_keeps_its_ends_apart(low, width):
    words = interval_in_words(low, low + width, 0.95)
    ends = [float(end.replace(",", "").replace("−", "-")) for end in re.findall(r"−?[\d,]+\.?\d*", words)[1:]]
    assert ends[0] < ends[1] or width < 0.6
    assert ends[0] == pytest.approx(low, abs=0.06 * width + 1e-6)


def effects(**changes):
    rows = [
        ("apparent", "mean", 0.98889, 0.00412, 1.0, -2.7, 0.0073, 0.98080, 0.99698, True),
        ("relationship: r", "mean", -0.019, 0.003, 0.0, -6.3, 1e-9, -0.025, -0.013, True),
    ]
    fields = {
        "title": "Where it comes from", "table": pd.DataFrame(rows, columns=EFFECT_COLUMNS), "text": "A finding.",
        "labels": {"relationship: r": "staffing per user"}, "notes": ("A note.",),
        "tables": {"by fifth": pd.DataFrame({"fifth": [1, 2], "part": [0.1, 0.2]})},
    }  # fmt: skip
    return Effects(**fields | changes)


def test_text_holds_title_finding_tables_and_notes():
    text = repr(effects())
    for part in ("Where it comes from", "A finding.", "0.9889", "staffing per user", "by fifth", "A note.", "<0.001"):
        assert part in text
    assert "relationship: r" not in text
    assert "supported" not in text


def test_columns_are_shown_where_they_say_something():
    table = effects().table
    assert "supported" not in printed(table)
    assert "supported" in printed(table.assign(supported=[True, False]))
    assert "empty" not in printed(table.assign(empty=np.nan))
    assert list(printed(table)) == ["term", "at", "estimate", "std. error", "null", "statistic", "p", "low", "high"]


def test_a_column_with_its_interval_beside_it_is_one():
    shown = printed(pd.DataFrame({"service": ["a"], "x": [0.98889], "x_low": [0.98080], "x_high": [0.99698]}))
    assert shown.to_dict("records") == [{"service": "a", "x": "0.989 (0.981 to 0.997)"}]


@given(st.lists(st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-6), min_size=1, max_size=6))
def test_printed_columns_can_be_read_again(values):
    shown = printed(pd.DataFrame({"name": ["x"] * len(values), "number": values}))["number"]
    again = np.array([float(value.replace(",", "").replace("−", "-")) for value in shown])
    # Nothing printed is off by more than half a per cent of the column's largest entry, or changes its sign.
    assert np.abs(again - values).max() <= 0.0051 * np.abs(values).max() + 1e-6
    assert (np.sign(again) == np.sign(values)).all()


HOSTILE = '<script>alert("x")</script> & more'


def test_html_escapes_everything_that_a_user_may_have_named():
    table = pd.DataFrame({"term": [HOSTILE], HOSTILE: ["<b>"], "estimate": [1.5]})
    result = Table(HOSTILE, table, HOSTILE, notes=(HOSTILE,), tables={HOSTILE: table})
    for html in (result._repr_html_(), html_table(table, HOSTILE), effects(labels={"apparent": HOSTILE})._repr_html_()):
        assert "<script" not in html
        assert "<b>" not in html
        assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; more" in html


def test_html_is_accessible_and_bare():
    html = effects()._repr_html_()
    assert html.count("<table") == 2
    assert html.count("<caption>") == 2
    assert html.count('scope="row"') == 4
    assert 'scope="col"' in html
    assert not re.search(r"\b(id|style|onclick|href)=", html)
    assert html == effects()._repr_html_()
    assert '<th scope="col" class="words">term</th>' in html
    assert '<th scope="col">estimate</th>' in html


def test_a_row_is_found_by_term_and_place():
    result = effects()
    assert result.row("apparent")["estimate"] == 0.98889
    assert result.row("apparent", "mean")["std_error"] == 0.00412


def test_a_row_that_is_not_there_names_those_that_are():
    known = r"'apparent' at 'mean', 'relationship: r' at 'mean'"
    with pytest.raises(KeyError, match=rf"0 rows for 'scale'; there are: {known}"):
        effects().row("scale")
    with pytest.raises(KeyError, match=rf"0 rows for 'apparent' at 'p25'; there are: {known}"):
        effects().row("apparent", "p25")
    twice = pd.concat([effects().table, effects().table.assign(at="p25")])
    with pytest.raises(
        KeyError, match=r"2 rows for 'apparent'; there are: 'apparent' at 'mean', .*'apparent' at 'p25'"
    ):
        effects(table=twice).row("apparent")


def records():
    table = effects().table
    return [effects(), Check("Support", True, "inside", table, "Yes."), Table("Beside", table, "Words.")]


@pytest.mark.parametrize("record", records(), ids=lambda record: type(record).__name__)
def test_records_are_frozen(record):
    for name in ("title", "table", "text", "notes", "tables"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(record, name, None)
    with pytest.raises((AttributeError, TypeError)):
        record.something_new = 1
    with pytest.raises(TypeError, match=r"does not support item assignment"):
        record.tables["more"] = pd.DataFrame()
    if hasattr(record, "labels"):
        with pytest.raises(TypeError, match=r"does not support item assignment"):
            record.labels["apparent"] = "x"


@pytest.mark.parametrize("again", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy], ids=["pickle", "copy"])
@pytest.mark.parametrize("record", records(), ids=lambda record: type(record).__name__)
def test_records_come_back_and_are_as_frozen(record, again):
    back = again(record)
    assert repr(back) == repr(record)
    assert back._repr_html_() == record._repr_html_()
    for field in dataclasses.fields(record):
        one, two = getattr(record, field.name), getattr(back, field.name)
        if field.name == "table":
            pd.testing.assert_frame_equal(one, two, check_exact=True)
        elif field.name == "tables":
            assert list(one) == list(two)
            for name in one:
                pd.testing.assert_frame_equal(one[name], two[name], check_exact=True)
        else:
            assert one == two
    test_records_are_frozen(back)


def test_a_frozen_mapping_is_a_mapping_and_nothing_changes_it():
    given = {"a": "first", "b": "second"}
    frozen = FrozenMapping(given)
    given["a"] = "changed"
    assert frozen == {"a": "first", "b": "second"} == dict(frozen)
    assert frozen == {"a": "first", "b": "second"}
    assert (frozen | {"a": "other"}, {"c": "third"} | frozen) == (
        {"a": "other", "b": "second"},
        {"c": "third", "a": "first", "b": "second"},
    )
    assert (list(frozen), len(frozen), repr(frozen)) == (["a", "b"], 2, "{'a': 'first', 'b': 'second'}")
    for change in (
        "frozen['a'] = 1",
        "del frozen['a']",
        "frozen._entries = {}",
        "frozen.update(a=1)",
        "frozen.new = 1",
    ):
        with pytest.raises((TypeError, AttributeError)):
            exec(change, {"frozen": frozen})
    for back in (pickle.loads(pickle.dumps(frozen)), copy.deepcopy(frozen), copy.copy(frozen)):
        assert type(back) is FrozenMapping
        assert back == frozen


@pytest.mark.parametrize("kind", [Effects, Check, Table])
def test_tables_given_to_a_record_may_change_without_it(kind):
    table, further = effects().table, pd.DataFrame({"part": [1.0]})
    extra = {"passed": None, "null": ""} if kind is Check else {}
    record = kind(title="T", table=table, text="", tables={"more": further}, **extra)
    table.loc[0, "estimate"] = 99.0
    table["new"] = 1
    further.loc[0, "part"] = 99.0
    assert record.table["estimate"][0] == 0.98889
    assert "new" not in record.table
    assert record.tables["more"]["part"][0] == 1.0


def test_taking_a_table_out_and_changing_it_leaves_the_record():
    record = effects()
    mine = record.table.copy(deep=False)
    mine.loc[0, "estimate"] = 99.0
    row = record.row("apparent")
    row["estimate"] = 99.0
    assert record.table["estimate"][0] == 0.98889


def test_a_check_may_only_inform():
    check = Check("Title", None, "null", pd.DataFrame({"a": [1]}), "Words.")
    assert check.passed is None
    assert "Words." in repr(check)
    assert "<caption>Title</caption>" in check._repr_html_()


def test_some_of_the_tables_behind_a_result():
    record = effects(tables={"one": pd.DataFrame({"a": [1]}), "two": pd.DataFrame({"b": [2]})})
    assert list(record.only("two").tables) == ["two"]
    assert list(record.only().tables) == []
    assert list(record.tables) == ["one", "two"]
    with pytest.raises(KeyError, match=r"no table three; there are: one, two"):
        record.only("one", "three")


def test_a_term_in_words():
    assert effects().words("apparent") == "0.989 (95 % interval 0.981 to 0.997)"
    table = effects().table.assign(identified_low=0.1234, identified_high=0.2345)
    table.loc[0, "estimate"] = np.nan
    assert effects(table=table).words("apparent") == "between 0.123 and 0.234 (95 % interval 0.981 to 0.997)"


def test_a_table_of_ones_own_needs_a_title_and_a_frame():
    own = Table("Costs", pd.DataFrame({"unit_cost": [2.5]}), labels={"unit_cost": "a visit, GBP"}, notes="Made up.")
    assert repr(own).split("\n") == ["Costs", "", "a visit, GBP", "       2.500", "", "Made up."]
    assert own.notes == ("Made up.",)


def test_what_has_no_bound_is_written_as_infinity():
    assert (format_number(float("inf")), format_number(-float("inf"))) == ("∞", "−∞")
    assert printed(pd.DataFrame({"times": [1.5, float("inf")]}))["times"].tolist() == ["1.500", "∞"]


def test_names_of_a_user_are_never_printed_as_p_values_or_ends_of_intervals():
    names = ["visits", "p_value", "visits_low", "visits_high", "supported"]
    columns = columns_beside(names, ["cost"])
    table = pd.DataFrame([[3.0, 0.01, 1.0, 5.0, True]], columns=columns)
    assert list(printed(table)) == ["visits", *(f"{name.replace('_', ' ')} (column)" for name in names[1:])]
    assert printed(table)["p value (column)"].tolist() == ["0.0100"]


@pytest.mark.parametrize("record", records(), ids=lambda record: type(record).__name__)
def test_labels_stand_over_columns_too(record):
    table = pd.DataFrame({"term": ["out_of_cash"], "out_of_cash": [0.25], "reserve": [9.0], "reserve_low": [np.nan]})
    labels = {"out_of_cash": "out of cash, 95 % safe", "reserve": "reserve & more"}
    shown = dataclasses.replace(record, table=table, labels=labels, tables={"behind": table})
    for printed_table in (shown.printed(), shown.printed("behind")):
        assert list(printed_table) == ["term", "out of cash, 95 % safe", "reserve & more"]
        assert printed_table["term"].tolist() == ["out of cash, 95 % safe"]
    assert shown._repr_html_().count('<th scope="col">reserve &amp; more</th>') == 2
    assert "out_of_cash" not in repr(shown) + shown._repr_html_()
    assert list(shown.table) == ["term", "out_of_cash", "reserve", "reserve_low"]


def test_two_columns_of_one_label_are_both_shown():
    table = pd.DataFrame({"cost": [1.5], "outlay": ["words"]})
    assert printed(table, {"outlay": "cost"}).to_dict("records") == [{"cost": "1.500", "cost (column)": "words"}]
    assert '<th scope="col" class="words">cost (column)</th>' in html_table(table, labels={"outlay": "cost"})


# For other packages


def test_tidy_is_in_the_order_of_broom_and_a_copy():
    table = effects().table.assign(identified_low=0.1, identified_high=0.2)
    result = effects(table=table.set_axis([5, 7]))
    tidy = result.tidy()
    broom = ["term", "at", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    assert list(tidy) == [*broom, "null", "supported", "verdict", "identified_low", "identified_high"]
    assert tidy.index.tolist() == [0, 1]
    for name in tidy:
        assert tidy[name].tolist() == result.table[name].tolist()
    tidy.loc[0, "estimate"] = 99.0
    assert result.row("apparent")["estimate"] == 0.98889


def test_glance_is_one_row_of_facts():
    result = effects(table=pd.concat([effects().table, effects().table.assign(at="p25", supported=False)]))
    (row,) = result.glance().to_dict("records")
    assert row == {
        "title": "Where it comes from", "terms": 2, "places": 2, "estimates": 4, "supported": 2, "method": "delta",
        "conf_level": 0.95, "margin": 0.0, "notes": 1,
    }  # fmt: skip


def test_what_maketables_asks_of_a_result():
    result = effects(conf_level=0.9, method="bootstrap")
    table = result.__maketables_coef_table__
    assert list(table) == ["b", "se", "t", "p", "ci90l", "ci90u"]
    assert table.index.tolist() == ["apparent", "staffing per user"]
    assert table.loc["apparent"].tolist() == [0.98889, 0.00412, -2.7, 0.0073, 0.98080, 0.99698]
    assert set(table.dtypes) == {np.dtype(float)}
    several = effects(table=pd.concat([effects().table, effects().table.assign(at="p25")]))
    assert several.__maketables_coef_table__.index.tolist()[1:3] == ["staffing per user, mean", "apparent, p25"]
    assert [result.__maketables_stat__(key) for key in ("method", "conf_level", "r2")] == ["bootstrap", 0.9, None]
    assert result.__maketables_depvar__ == "Where it comes from"
    bounds = effects(table=effects().table.assign(identified_low=0.1, identified_high=0.2), labels={})
    assert list(bounds.__maketables_coef_table__)[-2:] == ["identified_low", "identified_high"]
    # A colon is the sign of a product there.
    assert bounds.__maketables_coef_table__.index.tolist() == ["apparent", "relationship, r"]


def test_results_become_latex_word_and_typst(tmp_path):
    maketables = pytest.importorskip("maketables", reason="maketables is not installed; its protocol is tested above")
    both = maketables.ETable([effects(), effects(title="Another")], coef_fmt="b:.3f \n [ci95l:.3f, ci95u:.3f]")
    for kind in ("tex", "typst"):
        text = both.make(type=kind)
        for part in ("0.989", "0.981", "staffing per user", "Another", "Intervals", "delta"):
            assert part in text
    beside = maketables.MTable(effects().printed("by fifth"), caption="By fifth")
    assert "By fifth" in beside.make(type="tex")
    both.save(type="docx", file_name=str(tmp_path / "both.docx"), show=False)
    assert (tmp_path / "both.docx").stat().st_size > 1000
