"""Conditions on columns: what they hold for, what is not known, and text that runs nothing."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import EconmodelError, TableError, UnknownName
from econmodel.table.conditions import truth_of

NONE = None


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "home": ["1", "2", "10", None],
            "quarter": ["Q4 2009", "Q1 2010", "Q2 2010", None],
            "rural": [0.1, np.nan, 0.3, 0.5],
            "beds": [1, 2, 3, 4],
            "sick days": [1, 2, 3, 4],
            "opened": pd.to_datetime(["2010-01-01", "2010-04-03", None, "2011-01-01"]),
            "public": [True, False, True, False],
            "known": [True, None, False, True],
            "region": pd.Categorical(["North", "West", None, "North"]),
        },
        index=[5, 5, 6, 7],
    )


@pytest.mark.parametrize(
    ("condition", "truth"),
    [
        ("rural >= 0.2", [False, NONE, True, True]),
        ("not rural < 0.2", [False, NONE, True, True]),
        ("~(rural < 0.2)", [False, NONE, True, True]),
        ("rural != 0.3", [True, NONE, False, True]),
        ("rural >= 0.2 or beds == 2", [False, True, True, True]),
        ("rural >= 0.2 and beds == 2", [False, NONE, False, False]),
        ("beds > 1 & rural < .4 | beds == 1", [True, NONE, True, False]),
        ("rural / beds > 0.1", [False, NONE, False, True]),
        ("rural in [0.1, 0.3]", [True, NONE, True, False]),
        ("rural not in [0.1, 0.3]", [False, NONE, False, True]),
        ("rural.isna()", [False, True, False, False]),
        ("rural.notna() and rural > 0.2", [False, False, True, True]),
        ("1 < beds < 4", [False, True, True, False]),
        ("-beds + 2 * beds == 3 - 0", [False, False, True, False]),
        ("beds.between(2, 3)", [False, True, True, False]),
        ("beds.isin([1, 4])", [True, False, False, True]),
        ("`sick days` > 2", [False, False, True, True]),
        ("home == '10'", [False, False, True, NONE]),
        ("region == 'North'", [True, False, NONE, True]),
        ("region in ('West', 'East')", [False, True, NONE, False]),
        ("opened >= '2010-02-01'", [False, True, NONE, True]),
        ("quarter >= 'Q1 2010'", [False, True, True, NONE]),
        ("home > '2'", [False, False, True, NONE]),
        ("public", [True, False, True, False]),
        ("public == False and known", [False, NONE, False, True]),
        ("beds > 1 and True", [False, True, True, True]),
        ("home != 'a & b | c'", [True, True, True, NONE]),
    ],
)  # fmt: skip
def test_what_a_condition_holds_for(frame, condition, truth):
    found, _ = truth_of(condition, frame)
    assert [None if one is pd.NA else one for one in found] == truth


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("home == 1", "'home' holds text: put the value in quotation marks"),
        ("home in [1, 2]", "'home' holds text: put the value in quotation marks"),
        ("rural == '0.1'", "'rural' holds numbers: leave out the quotation marks"),
        ("'a' == 1", "it compares numbers with text"),
        ("region > 'North'", "'region' cannot be put in the order of time"),
        ("opened > 'spring'", "'spring' cannot be read; 'opened' holds dates: write one like '2010-03-31'"),
        ("beds == [1, 2]", "a column is compared with one value; several go with `in`"),
        ("beds in 2", "`in` needs a column and a list"),
        ("beds", "a condition is one truth value a row"),
        ("beds.mean() > 2", r"'mean' is not known there; a column has isna\(\), notna\(\)"),
        ("beds == None", "'None' is not known there"),
        ("the beds > 2", r"invalid syntax; .* with names of several words between backticks \(`class size` > 20\)"),
        ("beds > 2 +", "cannot be read as a condition on columns: invalid syntax; compare columns with values"),
        ("home == '\\d'", "invalid escape sequence"),
        ("beds > 9**9**9**9", "cannot be read as a condition"),
        ("beds > 10**400", "cannot be read as a condition"),
        ("beds > 1/0", "float division by zero"),
        ("not " * 5_000 + "public", "is too deeply nested for a condition"),
        ("beds.__class__.__init__.__globals__['os'] == 0", "is not known there"),
        ("__import__('os').system('true') == 0", "is not known there"),
        ("(lambda: True)()", "is not known there"),
        ("a\0b", "cannot be read as a condition"),
    ],
)  # fmt: skip
def test_what_is_no_condition_is_refused_in_words(frame, condition, message):
    with pytest.raises(TableError, match=message):
        truth_of(condition, frame)


@pytest.fixture
def kinds():
    days = pd.to_datetime(["2010-01-01", "2010-01-02", "2010-01-03"])
    return pd.DataFrame(
        {
            "code": ["1", "2", "3"], "beds": [1, 2, 3], "public": [True, False, True], "day": days,
            "zone": days.tz_localize("Europe/London"), "date": list(days.date),
            "quarter": pd.period_range("2010Q1", periods=3, freq="Q"),
            "wait": pd.to_timedelta([1, 2, 3], unit="D"), "id": [2**53, 2**53 + 1, 2**53 + 2],
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("code != 1", "'code' holds text: put the value in quotation marks"),
        ("code not in [True]", "'code' holds text: put"),
        ("public != 'True'", "'public' holds truth values: write True or False, without quotation marks"),
        ("day != 2010", "'day' holds dates: write one like '2010-03-31'"),
        ("date not in [2010]", "'date' holds dates: write one like"),
        ("day != '01/02/2010'", "'01/02/2010' cannot be read; 'day' holds dates: write one like"),
        ("quarter != 2010", "'quarter' holds periods: write one as it is printed, such as '2010Q1'"),
        ("quarter != 'spring'", "'spring' cannot be read; 'quarter' holds periods"),
        ("wait != 2", "'wait' holds lengths of time: write one like '2 days'"),
        ("code != beds", "it compares numbers with text"),
        ("beds not in [beds]", "a list holds values, not columns"),
        ("code not in [['1']]", "a column is compared with one value; several go with `in`"),
    ],
)  # fmt: skip
def test_values_of_two_kinds_are_never_the_same_and_never_said_to_differ(kinds, condition, message):
    with pytest.raises(TableError, match=message):
        truth_of(condition, kinds)


@pytest.mark.parametrize(
    "condition",
    ["code != '2'", "beds != 2", "public != False", "day != '2010-01-02'", "zone != '2010-01-02'",
     "date != '2010-01-02'", "date not in ['2010-01-02']", "quarter != '2010Q2'", "wait != '2 days'",
     f"id != {2**53 + 1}", f"id not in [{2**53 + 1}]", "public != 0"],
)  # fmt: skip
def test_what_an_error_asks_for_is_read(kinds, condition):
    assert truth_of(condition, kinds)[0].tolist() == [True, False, True]


def test_columns_that_are_not_there_or_there_twice(frame):
    with pytest.raises(
        UnknownName, match=r"name 'bed' is not defined in 'bed > 1'; the columns are .*did you mean 'beds'"
    ):
        truth_of("bed > 1", frame)
    twice = pd.concat([frame, frame[["beds"]]], axis="columns")
    with pytest.raises(TableError, match="there are several columns named 'beds'; rename all but one"):
        truth_of("beds > 1", twice)


MASKS = [
    [True, None, False, True],
    np.array([True, np.nan, False, True], dtype=object),
    pd.array([True, None, False, True], dtype="boolean"),
    pd.Series([True, None, False, True], index=[5, 5, 6, 7]),
    pd.Series([True, np.nan, False, True], index=[5, 5, 6, 7], dtype=object),
]


@pytest.mark.parametrize("mask", MASKS)
def test_a_mask_may_be_unknown(frame, mask):
    found, why = truth_of(mask, frame)
    assert [None if one is pd.NA else one for one in found] == [True, None, False, True]
    assert why == "the condition is missing, so it is not known whether it holds"


@pytest.mark.parametrize(
    "mask",
    [None, True, {0: True}, {1, 2}, [1.0, 0.0, np.nan, 1.0], [[True], [True], [False], [True]], [[1, 2], [3], 4, 5],
     np.ones((4, 1), dtype=bool), pd.DataFrame({"a": [True] * 4}), ["True"] * 4, [True] * 3, len],
)  # fmt: skip
def test_a_mask_is_one_truth_value_a_row(frame, mask):
    with pytest.raises(TableError, match=r"a condition is one truth value a row \(4\)"):
        truth_of(mask, frame)


# Rows left out


@pytest.fixture
def homes():
    rng = np.random.default_rng(5)
    rural = rng.uniform(0, 1, 40).round(2)
    rural[:6] = np.nan
    names = [f"H{place}" for place in range(40)]
    frame = pd.DataFrame(
        {"home": names, "spend": rng.uniform(1, 2, 40), "weeks": rng.uniform(1, 2, 40), "rural": rural}
    )
    return em.CostData(frame, "spend", "weeks", controls=["rural"], entity="home")


@pytest.mark.parametrize("kind", ["text", "denied", "nullable", "object"])
def test_rows_whose_figures_are_missing_are_counted_apart(homes, kind):
    rural = homes.frame["rural"]
    urban = int((rural < 0.5).sum())
    nullable = rural.astype("Float64") >= 0.5
    condition = {
        "text": "rural >= 0.5", "denied": "not (rural < 0.5)", "nullable": nullable, "object": nullable.astype(object),
    }[kind]  # fmt: skip
    kept = homes.where(condition, because="urban homes are studied apart")
    (rows, because, _), (unknown, why, first) = kept.dropped
    assert (rows, because) == (urban, "urban homes are studied apart")
    assert (unknown, first) == (6, ("H0", "H1", "H2", "H3", "H4"))
    what = (
        f"rural is missing, so it is not known whether {condition!r}" if isinstance(condition, str) else "the condition"
    )
    assert why.startswith(what)
    assert len(kept) == 40 - urban - 6
    assert "6 rows left out (H0; H1; H2; H3; H4; ...): " + why in repr(kept)


def test_rows_of_which_nothing_is_known_are_not_kept(homes):
    kept = homes.where("rural >= 0", because="all of them")
    assert [entry[0] for entry in kept.dropped] == [6]
    with pytest.raises(TableError, match="no row satisfies the condition"):
        homes.where([None] * 40, because="nothing is known")


def test_a_side_of_a_comparison_is_a_condition_too(homes):
    fitted = em.fit(homes, "cobb_douglas")
    with pytest.raises(EconmodelError, match="cannot be read as a condition on columns"):
        em.decompose(fitted, "rural.__class__ == 1", "mean")
