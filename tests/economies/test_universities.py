"""UK universities: scale and scope at four places, published-style, and the separation of a composite fit."""

import numpy as np
import pytest

import econmodel as em
from econmodel.economies.core import fixed_cost as corners
from econmodel.estimate.delta import delta_covariance

# Known numbers are given with four decimals.
FOUR_DECIMALS = 5e-5
# Two percentile seeds of some 300 replications differ by some ten per cent.
BOOTSTRAP = 0.35


@pytest.fixture(scope="module")
def known(reference):
    return reference("uk_universities")


@pytest.fixture(scope="module")
def outputs_only():
    return em.load("uk_universities").using(prices=[], relationships=[])


@pytest.fixture(scope="module")
def additive(outputs_only):
    return em.fit(outputs_only, "flexible_fixed_cost", error="additive", cov_type="nonrobust")


def test_scale_with_classical_delta_standard_errors(known, additive):
    found = em.scale(additive, at=known["places"]).table
    found = found[found["term"] == "ray scale economies"]
    assert found["at"].tolist() == ["0.5 x mean", "mean", "1.5 x mean", "2 x mean"]
    assert found["estimate"].tolist() == pytest.approx(known["scale"], abs=FOUR_DECIMALS)
    assert found["std_error"].tolist() == pytest.approx(known["scale_se"], abs=FOUR_DECIMALS)


def half_widths(row, freedom):
    """Standard errors at the two ends of an identified interval, out of the interval that covers both."""
    from scipy.special import stdtrit

    t = stdtrit(freedom, 0.975)
    return (row["identified_low"] - row["conf_low"]) / t, (row["conf_high"] - row["identified_high"]) / t


def test_scope_charged_to_the_common_cost_is_the_upper_end(known, additive):
    found = em.scope(additive, at=known["places"])
    for at, scope, error in zip(["0.5 x mean", "mean"], known["scope"][:2], known["scope_se"][:2], strict=True):
        row = found.row("degree of scope", at)
        assert np.isnan(row["estimate"])
        assert row["identified_high"] == pytest.approx(scope, abs=FOUR_DECIMALS)
        assert half_widths(row, additive.freedom)[1] == pytest.approx(error, abs=FOUR_DECIMALS)
        assert row["identified_low"] < row["identified_high"]


@pytest.mark.parametrize("place", [2, 3], ids=["1.5 x mean", "2 x mean"])
def test_scope_that_rests_on_a_negative_cost_is_arithmetic_and_not_printed(known, additive, place):
    """The form's arithmetic is the known number, but it counts a university of one product that is paid to exist."""
    technology, multiple = additive.technology, known["places"][place]
    mean = technology.mean_point()
    point = mean.with_outputs(multiple * mean.outputs)
    alone = list(np.eye(len(technology.outputs), dtype=bool))

    def degree(theta):
        return corners.degree_of_scope(technology, theta, point, alone)

    error = np.sqrt(delta_covariance(degree, additive.theta, additive.covariance))[0, 0]
    assert degree(additive.theta)[0] == pytest.approx(known["scope"][place], abs=FOUR_DECIMALS)
    assert error == pytest.approx(known["scope_se"][place], abs=FOUR_DECIMALS)
    costs = [corners.cost_of(technology, additive.theta, point, one)[0] for one in alone]
    assert min(costs) < 0
    result = em.scope(additive, at=[multiple])
    assert result.row("degree of scope")[["estimate", "identified_low", "identified_high"]].isna().all()
    assert "is not positive" in result.text


def test_robust_standard_errors_at_the_mean(known, outputs_only):
    robust = em.fit(outputs_only, "flexible_fixed_cost", error="additive")
    assert robust.cov_type == "HC3"
    scale = em.scale(robust).row("ray scale economies")
    assert scale["std_error"] == pytest.approx(known["hc3_at_mean"]["scale_se"], abs=FOUR_DECIMALS)
    scope = em.scope(robust).row("degree of scope")
    assert half_widths(scope, robust.freedom)[1] == pytest.approx(known["hc3_at_mean"]["scope_se"], abs=FOUR_DECIMALS)


def test_the_lower_end_of_scope_is_complementarity_alone(additive):
    raw = additive.in_units()["coefficient"]
    mean = {name: additive.data.frame[name].mean() for name in additive.data.outputs}
    names = list(mean)
    cross = sum(
        raw[f"{one} x {other}"] * mean[one] * mean[other]
        for place, one in enumerate(names)
        for other in names[place + 1 :]
    )
    joint = additive.technology.cost(additive.theta, additive.technology.mean_point())[0]
    row = em.scope(additive).row("degree of scope")
    assert row["identified_low"] == pytest.approx(-cross / joint, rel=1e-9)
    width = 2 * raw["common cost"] / joint
    assert row["identified_high"] - row["identified_low"] == pytest.approx(width, rel=1e-9)


def test_with_a_multiplicative_error_scope_changes_its_sign(known, outputs_only):
    fitted = em.fit(outputs_only, "composite")
    scale = em.scale(fitted).row("ray scale economies")["estimate"]
    assert scale == pytest.approx(known["multiplicative"]["scale"], abs=FOUR_DECIMALS)
    row = em.scope(fitted).row("degree of scope")
    assert row["identified_high"] == pytest.approx(known["multiplicative"]["scope"], abs=5e-4)
    assert known["scope"][1] < 0 < row["identified_high"]


@pytest.fixture(scope="module")
def separated():
    fitted = em.fit(em.load("uk_universities"), "composite", second_order="outputs")
    assert len(fitted.params) == 12
    assert fitted.nobs == 62
    return em.separate(fitted, replications=300)


def test_the_separation_of_a_composite(known, separated):
    found = separated.table.set_index("term")["estimate"]
    assert found.index.tolist() == list(known["separation"])
    for term, value in known["separation"].items():
        assert found[term] == pytest.approx(value, abs=FOUR_DECIMALS), term
    assert found.drop("apparent").sum() == pytest.approx(found["apparent"], abs=1e-10)


def test_its_bootstrap_standard_errors(known, separated):
    found = separated.table.set_index("term")["std_error"]
    for term, value in known["separation_se"].items():
        assert found[term] == pytest.approx(value, rel=BOOTSTRAP), term


def test_replications_that_lose_a_weight_are_counted(separated):
    assert any("of 300 replications are left out: a size weight was not positive" in note for note in separated.notes)


def test_its_sentence_concludes_nothing_of_mix_and_staffing(separated):
    table = separated.table.set_index("term")
    for term in ("mix", "relationship: academics_per_student"):
        assert table.loc[term, "conf_low"] < 0 < table.loc[term, "conf_high"]
    assert "is located in academics per student, an input ratio" in separated.text
    assert "no outcome is declared, so scale and relationship cannot be told apart" in separated.text


def test_its_further_tables(separated):
    weights = separated.tables["size weights"]
    assert weights["output"].tolist() == ["undergraduates", "postgraduates", "research"]
    assert (weights["weight"] > 0).all()
    table = separated.table.set_index("term")["estimate"]
    others = separated.tables["other references"].set_index("term")
    assert others.columns.tolist() == ["p5_as_reference", "p50_as_reference", "p95_as_reference"]
    for name in others:
        assert others[name].drop("apparent").sum() == pytest.approx(table["apparent"], abs=1e-10)
    # The share that falls to mix hangs on the reference.
    assert others.loc["mix"].max() - others.loc["mix"].min() > 0.05
    equal = separated.tables["equal weights"].set_index("term")["estimate"]
    assert equal.drop("apparent").sum() == pytest.approx(equal["apparent"], abs=1e-10)


@pytest.mark.parametrize(("form", "apparent"), [("translog", 0.889), ("composite", 0.927)])
def test_size_and_the_apparent_slope_do_not_move_with_a_regressor(form, apparent):
    data = em.load("uk_universities")
    if form == "translog":
        data = data.where("undergraduates > 0", because="a form in logarithms")
    order = "outputs" if form == "composite" else "all"
    fits = [em.fit(one, form, second_order=order) for one in (data, data.using(relationships=[]))]
    found = [em.separate(fit, replications=19) for fit in fits]
    slopes = [one.row("apparent")["estimate"] for one in found]
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-9)
    assert slopes[0] == pytest.approx(apparent, abs=5e-4)
    weights = [one.tables["size weights"]["weight"].tolist() for one in found]
    assert weights[0] == pytest.approx(weights[1], rel=1e-9)


def test_what_is_zero_by_construction_is_printed_as_zero():
    """A form without second-order terms of outputs has neither complementarity nor a curved marginal cost."""
    fitted = em.fit(em.load("uk_universities"), "composite", second_order="none")
    parts = em.outputs.diversification(fitted).table.set_index("term")
    for name in ("complementarity", "convexity", "scale"):
        row = parts.loc[f"diversification: {name}"]
        assert row[["estimate", "std_error", "conf_low", "conf_high"]].tolist() == [0.0] * 4
        assert np.isnan(row["p_value"])
    assert parts.loc["economies of diversification", "identified_low"] == 0.0
    result = em.scope(fitted)
    assert result.row("degree of scope of research")["conf_low"] == 0.0
    assert "no diseconomies of scope, and perhaps economies" in result.text


def test_differences_in_cost_are_told_in_one_unit():
    banks = em.fit(em.load("italian_banks"), "composite")
    quasi = em.scope(banks, epsilon=0.1).text
    assert "would cost 14 % less than one firm with all of it (95 % interval 38 % less to 9 % more)" in quasi
    assert "this is what the form implies beyond the data" in quasi
    path = em.outputs.expansion_path(banks).text
    assert "would cost 0.47 % less than one firm (95 % interval 0.92 % less to 0.02 % less): two firms are" in path
    homes = em.outputs.diversification(em.fit(em.load("new_mexico_nursing_homes"), "composite")).text
    assert "would cost between 21 % more and 31 % more than one firm with everything (95 % interval 108 % less" in homes


def test_the_residual_is_known_as_well_as_if_every_replication_were_fitted_to_the_end(separated):
    """With one step from the estimate its standard error would be three times as large."""
    fitted = em.fit(em.load("uk_universities"), "composite", second_order="outputs")
    row, to_the_end = separated.row("residual"), em.separate(fitted, replications=300, steps=6).row("residual")
    assert row["std_error"] == pytest.approx(to_the_end["std_error"], rel=0.5)
    assert em.separate(fitted, replications=300, steps=1).row("residual")["std_error"] > 2 * to_the_end["std_error"]


@pytest.mark.parametrize("measure", [em.scale, em.marginal_cost, em.relationship])
def test_where_fitted_cost_is_not_positive_a_sentence_stands_for_the_number(measure):
    fitted = em.fit(em.load("uk_universities"), "composite")
    result = measure(fitted, at="p5")
    numbers = ["estimate", "std_error", "conf_low", "conf_high", "identified_low", "identified_high", "p_value"]
    assert result.table[numbers].isna().all(axis=None)
    assert "fitted cost is not positive (" in result.text
    assert "–" not in result.text
    beside = measure(fitted, at=[1.0, 0.01])
    assert "–" not in beside.text
    assert any("fitted cost is not positive (" in note for note in beside.notes)


def test_unit_cost_has_no_number_where_fitted_cost_is_not_positive():
    fitted = em.fit(em.load("uk_universities"), "composite")
    result = em.unit_cost(fitted, at=[0.01, 1.0])
    assert np.isnan(result.table["estimate"].iloc[0])
    assert "fitted cost is not positive (" in result.notes[0]


@pytest.mark.parametrize(
    ("measure", "term"),
    [(em.scale, "scale economies of undergraduates"), (em.marginal_cost, "average incremental cost of undergraduates")],
)
def test_who_makes_none_of_an_output_has_no_incremental_cost_of_it(measure, term):
    result = measure(em.fit(em.load("uk_universities"), "flexible_fixed_cost"), at="every provider")
    for who in ("university 2", "university 29"):
        row = result.row(term, who)
        assert row[["estimate", "identified_low", "identified_high", "conf_low", "conf_high"]].isna().all()
    assert any("At university 2, university 29 nothing of undergraduates is made" in note for note in result.notes)
    assert not np.isinf(result.table.select_dtypes("number").to_numpy()).any()
