"""Schools: where the slope of cost on size sits, with and without context, and what the sentences may say."""

import json
from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm

import econmodel as em

SCHOOLS = json.loads((Path(__file__).parents[1] / "reference" / "schools.json").read_text(encoding="utf-8"))
# Known numbers are given with four decimals; exact sums are good to rounding.
FOUR_DECIMALS, EXACT = 5e-5, 1e-10
# 999 replications know a standard error to some three per cent; two seeds, and other rules for clusters.
BOOTSTRAP = 0.15
TABLES = ("california_schools", "michigan_schools")


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("place", range(5), ids=SCHOOLS["elasticities"]["columns"])
def test_the_elasticity_with_context_outcome_and_ratio(name, place):
    data, held = em.load(name), place in (2, 4)
    if place == 0:
        data = data.using(relationships=[], controls=[], prices=[])
    elif place < 3:
        data = data.using(relationships=[])
    fitted = em.fit(data, "cobb_douglas", cov_type="HC1", hold_outcomes=held)
    found = em.scale(fitted).row("ray elasticity")
    expected = SCHOOLS["elasticities"][name][place]
    assert [found["estimate"], found["std_error"]] == pytest.approx(expected, abs=FOUR_DECIMALS)


@pytest.fixture(scope="module")
def california():
    """Without context and with it."""
    data = em.load("california_schools")
    return tuple(em.separate(em.fit(one, "cobb_douglas")) for one in (data.using(controls=[]), data))


@pytest.fixture(scope="module")
def michigan():
    return em.separate(em.fit(em.load("michigan_schools"), "translog"), replications=499)


def slopes(result):
    return result.table.set_index("term")["estimate"]


@pytest.mark.parametrize(("place", "known"), [(0, "california_without_context"), (1, "california_with_context")])
def test_california(california, place, known):
    found = slopes(california[place])
    assert found.index.tolist() == [*SCHOOLS[known], "residual"]
    for term, value in SCHOOLS[known].items():
        assert found[term] == pytest.approx(value, abs=FOUR_DECIMALS), term
    assert found["residual"] == 0.0


def test_parts_add_up_to_the_apparent_slope(california, michigan):
    for result in (*california, michigan):
        found = slopes(result)
        assert found.drop("apparent").sum() == pytest.approx(found["apparent"], abs=EXACT)


def test_the_apparent_slope_is_that_of_a_league_table(california, michigan):
    for result, name in ((california[0], TABLES[0]), (california[1], TABLES[0]), (michigan, TABLES[1])):
        frame = em.load(name).frame
        unit_cost = np.log(frame["cost"] / frame["pupils"])
        slope = np.polyfit(np.log(frame["pupils"]), unit_cost, 1)[0]
        assert slopes(result)["apparent"] - 1 == pytest.approx(slope, abs=EXACT)


@pytest.mark.parametrize("name", TABLES)
def test_translog_parts(name, michigan):
    result = michigan
    if name == "california_schools":
        result = em.separate(em.fit(em.load(name), "translog"), replications=19)
    for term, value in SCHOOLS[f"{name.split('_')[0]}_translog"].items():
        assert slopes(result)[term] == pytest.approx(value, abs=FOUR_DECIMALS), term


def test_bootstrap_standard_errors(california, michigan):
    for result, known in ((california[0], "california"), (michigan, "michigan")):
        errors = result.table.set_index("term")["std_error"]
        for term, value in SCHOOLS["bootstrap_se"][known].items():
            assert errors[term] == pytest.approx(value, rel=BOOTSTRAP), term


def test_the_standard_error_of_the_apparent_slope_is_not_that_of_fixed_columns(california):
    # With the columns held fixed a fitted slope has no error at all; resampled districts give that of a regression.
    error = california[0].table.set_index("term")["std_error"]["apparent"]
    frame = em.load("california_schools").frame
    design = sm.add_constant(np.log(frame[["pupils"]]))
    robust = sm.OLS(np.log(frame["cost"]), design).fit(cov_type="HC1").bse["pupils"]
    assert error == pytest.approx(robust, rel=0.1)


def test_every_fifth_adds_up(california, michigan):
    for result, rows in ((california[0], 420), (california[1], 420), (michigan, 1848)):
        fifths = result.tables["parts by size fifth"]
        assert fifths["size_fifth"].tolist() == [1, 2, 3, 4, 5]
        assert fifths["providers"].sum() == rows
        assert fifths["mean_size"].is_monotonic_increasing
        parts = fifths.drop(columns=["size_fifth", "providers", "mean_size", "log_unit_cost"])
        assert parts.sum(axis=1).tolist() == pytest.approx(fifths["log_unit_cost"].tolist(), abs=EXACT)
    assert "relationship: teachers_per_pupil" in california[0].tables["parts by size fifth"]


def test_fifths_are_deviations_of_log_unit_cost_from_the_mean_provider(california):
    frame = em.load("california_schools").frame
    log_size = np.log(frame["pupils"])
    unit_cost = np.log(frame["cost"]) - log_size
    fifth = np.searchsorted(np.quantile(log_size, [0.2, 0.4, 0.6, 0.8]), log_size, side="left")
    # At the mean of logs a log-linear fit is the mean of log cost.
    expected = [(unit_cost - unit_cost.mean())[fifth == number].mean() for number in range(5)]
    found = california[0].tables["parts by size fifth"]["log_unit_cost"]
    assert found.tolist() == pytest.approx(expected, abs=EXACT)


@pytest.mark.parametrize("context", [False, True])
def test_parts_are_those_of_gelbach(california, context):
    """Parameter of the long regression times the slope of its column in a regression on size alone."""
    frame = em.load("california_schools").frame
    log_size = np.log(frame["pupils"])
    columns = {"relationship: teachers_per_pupil": [np.log(frame["teachers_per_pupil"])]}
    if context:
        columns["context"] = [frame[name] for name in ("lunch", "english", "income")]
    flat = [column for group in columns.values() for column in group]
    long = np.linalg.lstsq(
        np.column_stack([np.ones(420), log_size, *flat]), np.log(frame["cost"]).to_numpy(), rcond=None
    )[0]
    found, place = slopes(california[int(context)]), 2
    assert found["scale"] == pytest.approx(long[1], abs=EXACT)
    for term, group in columns.items():
        delta = 0.0
        for column in group:
            delta += long[place] * np.polyfit(log_size, column, 1)[0]
            place += 1
        assert found[term] == pytest.approx(delta, abs=EXACT), term


def test_the_bracket_of_scale(california):
    bracket = california[1].tables["bracket of scale"].set_index("with")
    assert bracket.index.tolist() == ["outcomes held, the ratio free", "the ratio held"]
    assert bracket["ray_elasticity"].tolist() == pytest.approx([0.9831, 1.0012], abs=FOUR_DECIMALS)
    assert (bracket["conf_low"] < bracket["ray_elasticity"]).all()
    # The saving at constant results is a saving; outside staffing there is none.
    free, held = bracket.index
    assert bracket["conf_high"][free] < 1
    assert bracket["conf_low"][held] < 1 < bracket["conf_high"][held]


def test_outcomes_by_size(california):
    found = california[1].tables["outcomes by size"].iloc[0]
    assert found["outcome"] == "test score"
    assert found["slope_on_log_size"] == pytest.approx(SCHOOLS["score_on_size"]["slope"], abs=5e-3)
    assert found["std_error"] == pytest.approx(SCHOOLS["score_on_size"]["se"], abs=5e-3)


def test_the_bracket_does_not_depend_on_what_the_fit_held():
    data = em.load("california_schools")
    tables = [
        em.separate(em.fit(data, "cobb_douglas", hold_outcomes=held), replications=19).tables["bracket of scale"]
        for held in (False, True)
    ]
    assert tables[0]["ray_elasticity"].tolist() == pytest.approx(tables[1]["ray_elasticity"].tolist(), rel=1e-9)


def test_robustness_values(california):
    """The share of residual variance that closes the gap, from the classical t: Cinelli and Hazlett (2020)."""
    classical = em.fit(em.load("california_schools"), "cobb_douglas", cov_type="nonrobust")
    found = california[1].tables["robustness values"].set_index("of")
    for label, name, null in (("scale", "pupils", 1.0), ("staffing per pupil", "teachers_per_pupil", 0.0)):
        t = (classical.params[name] - null) / classical.bse[name]
        strength = abs(t) / np.sqrt(classical.df_resid)
        expected = 0.5 * (np.sqrt(strength**4 + 4 * strength**2) - strength**2)
        assert found["robustness_value"][label] == pytest.approx(expected, rel=1e-9)
        assert found["null"][label] == null
    value = found["robustness_value"]["staffing per pupil"]
    # At that share of both residual variances the t statistic vanishes.
    assert value**2 / (1 - value) == pytest.approx(
        (classical.tvalues["teachers_per_pupil"] ** 2) / classical.df_resid, rel=1e-9
    )


def test_sentences_locate_and_never_explain(california, michigan):
    for result in (*california, michigan):
        text = " ".join([result.text, *result.notes])
        (label,) = result.labels.values()
        assert f"is located in {label}, an input ratio" in result.text
        assert f"Holding {label} pulls the elasticity to one by arithmetic" in result.text
        assert "two numbers bracket scale" in result.text
        assert "associated with" in text
        for forbidden in ("effect of", "because of", "causes", "explains", "due to"):
            assert forbidden not in text


def test_without_an_outcome_scale_and_relationship_cannot_be_told_apart():
    data = em.load("california_schools").using(outcomes=[])
    result = em.separate(em.fit(data, "cobb_douglas"), replications=19)
    assert "no outcome is declared, so scale and relationship cannot be told apart" in result.text
    assert "two numbers bracket" not in result.text
    assert result.tables["bracket of scale"]["with"].tolist() == ["the ratio held"]
    assert "outcomes by size" not in result.tables


def test_labels_are_printed_and_terms_kept(california):
    result = california[0]
    assert "relationship: teachers_per_pupil" in result.table["term"].tolist()
    assert "staffing per pupil" in repr(result)
    assert "teachers_per_pupil" not in result._repr_html_()


def test_nulls_are_stated(california):
    nulls = california[1].table.set_index("term")["null"]
    assert nulls.to_dict() == {
        "apparent": 1.0, "scale": 1.0, "relationship: teachers_per_pupil": 0.0, "context": 0.0, "residual": 0.0,
    }  # fmt: skip


def test_p_values_and_intervals_say_the_same(california):
    for result in california:
        table = result.table[result.table["term"] != "residual"]
        rejected = (table["conf_low"] > table["null"]) | (table["conf_high"] < table["null"])
        assert (rejected == (table["p_value"] <= 0.05)).all()
