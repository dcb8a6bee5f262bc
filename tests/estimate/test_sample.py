"""What a fit refuses, what it leaves out, and how it says so; zeros above all."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import FormError, NotIdentified, NotSupported, TableError, UnknownName


def table(rows=40, **columns):
    rng = np.random.default_rng(19)
    a, b, wage = np.exp(rng.normal(2.0, 0.6, (3, rows)))
    frame = pd.DataFrame({"a": a, "b": b, "wage": wage, "r": rng.random(rows) + 0.5, "x": rng.standard_normal(rows)})
    frame["cost"] = (3.0 + a + b) * wage**0.5 * np.exp(0.1 * rng.standard_normal(rows))
    return frame.assign(**columns)


def data_of(frame, **roles):
    return em.CostData(frame, cost="cost", **({"outputs": ["a", "b"]} | roles))


def with_zeros(count, rows=60):
    frame = table(rows)
    frame.loc[: count - 1, "a"] = 0.0
    return frame


# Zeros


@pytest.mark.parametrize(("zeros", "own"), [(9, ()), (10, ("fixed cost of a",)), (11, ("fixed cost of a",))])
@pytest.mark.parametrize("form", ["composite", "flexible_fixed_cost"])
def test_a_fixed_cost_of_its_own_needs_ten_providers_without_the_output(form, zeros, own):
    fitted = em.fit(data_of(with_zeros(zeros)), form, second_order="none")
    assert tuple(name for name in fitted.params.index if name.startswith("fixed cost")) == own
    scope = em.scope(fitted).row("degree of scope")
    # The fixed cost of b is never told apart, so an interval remains either way.
    assert np.isnan(scope["estimate"])


def test_with_ten_zeros_of_every_output_scope_is_a_number():
    frame = with_zeros(10)
    frame.loc[20:29, "b"] = 0.0
    fitted = em.fit(data_of(frame), "composite", second_order="none")
    row = em.scope(fitted).row("degree of scope")
    assert np.isfinite([row["estimate"], row["std_error"]]).all()
    assert np.isnan([row["identified_low"], row["identified_high"]]).all()


@pytest.mark.parametrize("form", ["cobb_douglas", "translog"])
def test_log_forms_refuse_zeros_and_name_the_cure(form):
    title = {"cobb_douglas": "Cobb-Douglas", "translog": "translog"}[form]
    message = (
        rf"3 providers make no a, and the {title} form has no cost at zero output. Use form=\"composite\" or "
        r"form=\"flexible_fixed_cost\", or leave these rows out in the open: data.where\(\"a > 0\", because=\"...\"\)"
    )
    with pytest.raises(FormError, match=message):
        em.fit(data_of(with_zeros(3)), form)
    with pytest.raises(FormError, match=r"1 provider makes no a, and"):
        em.fit(data_of(with_zeros(1)), form)
    kept = data_of(with_zeros(3)).where("a > 0", because="specialised providers")
    fitted = em.fit(kept, form)
    assert fitted.nobs == 57
    assert fitted.rows_dropped.to_dict("records")[0]["because"] == "specialised providers"


# Columns that say nothing


@pytest.mark.parametrize("form", ["cobb_douglas", "composite"])
@pytest.mark.parametrize(
    ("roles", "cure"),
    [
        ({"controls": ["same"]}, r"data.using\(controls=\[...\]\) without same"),
        ({"prices": ["same"]}, r"data.using\(prices=\[...\]\) without same"),
        ({"relationships": ["same"]}, r"data.using\(relationships=\[...\]\) without same"),
        ({"outputs": ["a", "same"]}, r"data.using\(outputs=\[...\]\) without same"),
    ],
)
def test_a_column_that_does_not_vary_is_refused(form, roles, cure):
    message = rf"same has the same value in every row, so nothing can be learnt of its effect on cost. .*: {cure}"
    with pytest.raises(NotIdentified, match=message):
        em.fit(data_of(table(same=2.0), **roles), form)


def test_several_columns_that_do_not_vary_are_named_together():
    frame = table(same=2.0, flat=1.0)
    with pytest.raises(NotIdentified, match=r"flat, same have the same value in every row, .* of their effect on cost"):
        em.fit(data_of(frame, prices=["flat"], controls=["same"]), "cobb_douglas")


def test_a_constant_numeraire_is_a_unit_of_money():
    data = data_of(table(money=2.0), prices=["wage", "money"], prices_complete=True)
    fitted = em.fit(data, "cobb_douglas")
    plain = em.fit(data_of(table(), prices=["wage"]), "cobb_douglas")
    assert fitted.params["wage/money"] == pytest.approx(plain.params["wage"], rel=1e-9)


def test_a_relationship_variable_of_two_values_has_no_square():
    frame = table(same_worker=np.arange(40) % 2)
    fitted = em.fit(data_of(frame, relationships=["same_worker"]), "translog")
    assert "half same_worker squared" not in fitted.params
    assert "a x same_worker" in fitted.params
    assert "half r squared" in em.fit(data_of(frame, relationships=["r"]), "translog").params


# Rows


def test_too_few_rows_are_refused():
    message = (
        r"6 rows cannot identify 6 parameters. Use fewer variables, fewer second-order terms .*, or more providers"
    )
    with pytest.raises(NotIdentified, match=message):
        em.fit(data_of(table(6)), "translog")
    assert em.fit(data_of(table(7)), "translog", cov_type="nonrobust").df_resid == 1


def test_providers_count_as_parameters_within():
    frame = table(8, who=np.repeat(np.arange(4), 2))
    data = data_of(frame, entity="who")
    with pytest.raises(NotIdentified, match=r"8 rows cannot identify 9 parameters"):
        em.fit(data, "translog", effects="within")


def test_rows_with_missing_values_are_left_out_and_counted():
    frame = table(who=[f"p{i}" for i in range(40)])
    frame.loc[3, "wage"] = np.nan
    frame.loc[[3, 7], "x"] = np.nan
    frame.loc[11, "r"] = np.nan
    data = data_of(frame, prices=["wage"], controls=["x"], entity="who")
    fitted = em.fit(data, "cobb_douglas")
    assert fitted.nobs == 38
    assert fitted.rows_dropped.to_dict("records") == [
        {"rows": 2, "because": "missing values in wage, x", "first": "p3, p7"}
    ]
    assert "2 rows left out: missing values in wage, x." in fitted.notes
    complete = em.fit(data_of(frame.drop([3, 7]), prices=["wage"], controls=["x"]), "cobb_douglas")
    assert fitted.params.tolist() == pytest.approx(complete.params.tolist(), rel=1e-12)
    assert fitted.data.frame["x"].notna().all()
    assert len(data) == 40


def test_a_table_without_a_complete_row_is_refused():
    frame = table(who=[f"p{i}" for i in range(40)])
    frame.loc[:19, "wage"], frame.loc[20:, "x"] = np.nan, np.nan
    with pytest.raises(TableError, match=r"No row has a value in every column .* gaps in wage, x. Fill them, or leave"):
        em.fit(data_of(frame, prices=["wage"], controls=["x"], entity="who"), "cobb_douglas")


def test_a_table_without_gaps_reports_none_left_out():
    fitted = em.fit(data_of(table()), "cobb_douglas")
    assert fitted.rows_dropped.empty
    assert fitted.rows_dropped.columns.tolist() == ["rows", "because", "first"]


def test_columns_of_other_types_are_numbers_too():
    frame = table()
    plain = em.fit(data_of(frame, prices=["wage"], controls=["x"]), "cobb_douglas").params
    typed = frame.assign(
        a=frame["a"].astype("Float64"), wage=frame["wage"].astype("float32").astype("float64"), x=frame["x"]
    )
    typed.loc[5, "a"] = pd.NA
    fitted = em.fit(data_of(typed, prices=["wage"], controls=["x"]), "cobb_douglas")
    assert fitted.nobs == 39
    assert fitted.params.tolist() == pytest.approx(plain.tolist(), abs=0.1)


# Outcomes and periods


def test_outcomes_enter_when_they_are_held():
    schools = em.load("california_schools")
    held = em.fit(schools, "cobb_douglas", hold_outcomes=True)
    assert "test_score" in held.params
    assert "test_score" not in em.fit(schools, "cobb_douglas").params


def test_an_outcome_in_logs_enters_in_logs():
    frame = table(score=np.exp(np.linspace(0, 1, 40)))
    data = data_of(frame, outcomes={"score": em.Outcome(scale="log")})
    found = em.fit(data, "cobb_douglas", hold_outcomes=True).params["score"]
    level = data_of(frame.assign(score=np.log(frame["score"])), outcomes=["score"])
    assert found == pytest.approx(em.fit(level, "cobb_douglas", hold_outcomes=True).params["score"], rel=1e-9)


def test_relationships_in_logs_enter_in_logs():
    data = data_of(table(), relationships={"r": em.Relationship("attribute", scale="log")})
    logged = data_of(table(r=np.log(table()["r"])), relationships=["r"])
    found, expected = (em.fit(one, "translog").params["r"] for one in (data, logged))
    assert found == pytest.approx(expected, rel=1e-9)


def test_periods_have_levels_of_their_own():
    fitted = em.fit(em.load("us_airlines"), "cobb_douglas", time_effects=True)
    periods = [name for name in fitted.params.index if name.startswith("year ")]
    assert periods == [f"year {year}" for year in range(1971, 1985)]
    with pytest.raises(
        NotSupported, match=r"time_effects=True needs a period for each row: name its column with time="
    ):
        em.fit(em.load("california_schools"), "cobb_douglas", time_effects=True)


# Words that are not known


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"form": "quadratic"}, r"There is no form 'quadratic'. The forms are cobb_douglas, translog, flexible_fixed_"),
        ({"estimator": "ols"}, r"There is no estimator 'ols'. There is least_squares"),
        ({"effects": "fixed"}, r"effects='fixed' is not known. It may be None, \"within\", \"mundlak\" or"),
        ({"error": "normal"}, r"error='normal' is not known. It may be \"multiplicative\" or \"additive\""),
    ],
)
def test_unknown_words_are_refused_with_the_known_ones(asked, message):
    with pytest.raises(UnknownName, match=message):
        em.fit(data_of(table()), **asked)


def test_homogeneity_needs_complete_prices():
    with pytest.raises(FormError, match=r"homogeneous=True needs the prices of all inputs, and the card does not say"):
        em.fit(data_of(table(), prices=["wage"]), homogeneous=True)
    complete = data_of(table(rent=np.exp(table()["x"])), prices=["wage", "rent"], prices_complete=True)
    assert "wage/rent" in em.fit(complete, "cobb_douglas").params
    assert "wage/rent" in em.fit(complete, "cobb_douglas", homogeneous=True).params
    assert {"wage", "rent"} < set(em.fit(complete, "cobb_douglas", homogeneous=False).params.index)


def test_rows_alike_in_every_figure_are_named():
    frame = table(40)
    frame.loc[7] = frame.loc[3]
    (note,) = em.fit(data_of(frame), "cobb_douglas").notes
    assert note.startswith("2 rows have the same figures as another (row 3, row 7). If they were copied")


@pytest.mark.parametrize("as_column", [True, False])
def test_a_cluster_written_in_two_ways_is_refused(as_column):
    regions = ["North", "West"] * 19 + ["north", "West "]
    frame = table(region=regions)
    said = "'region'" if as_column else "'groups'"
    with pytest.raises(TableError, match=rf"{said} \(cluster\) writes one name in several ways.*'North'/'north'"):
        em.fit(data_of(frame), "cobb_douglas", groups="region" if as_column else regions)
