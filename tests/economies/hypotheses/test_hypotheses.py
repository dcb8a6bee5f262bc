"""Hypotheses by name: known statistics, identities, what each says, and what each refuses."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import fdtrc

import econmodel as em
from econmodel.errors import FormError, NotIdentified, NotSupported, UnknownName

# The likelihood ratios are published for this project with two decimals.
TWO_DECIMALS = 6e-3
# The same quadratic form by two routes.
SAME_ALGEBRA = 1e-8
HYPOTHESES = {
    "homothetic": "homotheticity",
    "homogeneous": "homogeneous in outputs",
    "unit_substitution": "unit substitution",
}


def statistic(check):
    return check.tables["Test"].iloc[0]


def restricted_systems():
    path = Path(__file__).parents[2] / "reference" / "electricity_1970_system.json"
    models = json.loads(path.read_text(encoding="utf-8"))["restricted"]["models"]
    return [(model["restrict"], model["likelihood_ratio"]) for model in models.values() if model["restrict"]]


@pytest.mark.parametrize(("restrict", "ratio"), restricted_systems(), ids=lambda value: str(value))
def test_likelihood_ratios_of_power_stations_with_their_share_equations(system, restrict, ratio):
    names = [HYPOTHESES[one] for one in restrict]
    found = em.test(system, names, statistic="likelihood_ratio")
    assert statistic(found)["statistic"] == pytest.approx(ratio, abs=TWO_DECIMALS)
    assert found.passed is False
    assert statistic(found)["restrictions"] == len(found.table), "as many restrictions as parameters fewer"


@pytest.mark.parametrize("name", ["homotheticity", "homogeneous in outputs", "unit substitution", "homogeneity"])
def test_wald_with_classical_errors_is_the_f_of_two_sums_of_squares(name):
    data = em.load("electricity_1970")
    fitted = em.fit(data, cov_type="nonrobust")
    found = em.test(fitted, name)
    free, bound = fitted, None
    if name == "homogeneity":
        free, bound = em.fit(data, homogeneous=False), fitted
    else:
        bound = em.fit(data, restrict={word: key for key, word in HYPOTHESES.items()}[name])
    q = len(free.theta) - len(bound.theta)
    expected = (bound.ssr - free.ssr) / q / (free.ssr / free.df_resid)
    assert statistic(found)["statistic"] == pytest.approx(expected, rel=SAME_ALGEBRA)
    assert statistic(found)["p_value"] == pytest.approx(fdtrc(q, free.df_resid, expected))
    ratio = em.test(fitted, name, statistic="likelihood_ratio")
    assert statistic(ratio)["statistic"] == pytest.approx(fitted.nobs * np.log(bound.ssr / free.ssr))
    assert ratio.notes == (), "classical errors: the fit takes for granted what the likelihood ratio does"


def test_a_single_restriction_is_the_t_test_of_the_measure(power):
    ray = em.scale(power, at="median").row("ray elasticity")
    found = em.test(power, "constant returns", at="median")
    row = found.table.iloc[0]
    assert row["p_value"] == pytest.approx(ray["p_value"])
    assert statistic(found)["statistic"] == pytest.approx(ray["statistic"] ** 2)
    assert row["estimate"] == pytest.approx(ray["estimate"])
    assert found.text.startswith("Rejected at 5 %: cost rises in proportion to outputs at the median (F(1, 113) = ")


def test_an_equation_of_parameters_as_statsmodels_reads_it(power):
    found = em.test(power, "output = 1, wage/fuel_price = 0.3")
    peer = power.wald_test("output = 1, wage/fuel_price = 0.3")
    assert statistic(found)["statistic"] == pytest.approx(float(peer.statistic))
    assert found.table["null"].tolist() == pytest.approx([1.0, 0.3])
    assert found.table["term"].tolist() == ["output", "wage/fuel_price"]
    chained = em.test(power, "output = wage/fuel_price = 0.3")
    assert chained.table["term"].tolist() == ["equation 1", "equation 2"]
    with pytest.raises(UnknownName, match="no equation of this fit's parameters, which are constant, output"):
        em.test(power, "kilowatts = 1")
    with pytest.raises(NotSupported, match="has no likelihood ratio here"):
        em.test(power, "output = 1", statistic="likelihood_ratio")


def test_constant_returns_everywhere_and_at_several_places(power):
    everywhere = em.test(power, "constant returns", at="everywhere")
    assert len(everywhere.table) == 4
    two = em.test(power, "constant returns", at=[0.5, 2])
    assert statistic(two)["restrictions"] == 2
    assert two.null == "cost rises in proportion to outputs at 0.5 x mean and at 2 x mean"
    with pytest.raises(NotIdentified, match="fewer places"):
        em.test(power, "constant returns", at="every provider")
    with pytest.raises(NotIdentified, match="3 restrictions cannot be tested together: some follow from the others"):
        em.test(power, "constant returns", at=[0.5, 1, 2])


def test_what_holds_by_construction_is_said_and_not_tested(power):
    found = em.test(em.fit(power.data, restrict="homothetic"), "homotheticity")
    assert found.passed is True
    assert found.text.startswith("In this form the cost shares of inputs do not change with outputs by construction")
    assert em.test(em.fit(power.data, "cobb_douglas"), "unit substitution", margin=0.1).passed is True


def test_not_rejected_is_not_shown(power):
    found = em.test(power, "homotheticity")
    assert found.passed is True
    assert found.text.startswith("Not rejected at 5 %: the cost shares of inputs do not change with outputs (F(2, 113)")
    assert found.text.endswith("That is not evidence that it holds.")
    strict = em.test(power, "homotheticity", conf_level=0.5)
    assert strict.passed is False
    assert strict.text.startswith("Rejected at 50 %")


def test_hypotheses_together_count_a_common_restriction_once(power):
    both = em.test(power, ["homotheticity", "homogeneous in outputs"])
    alone = em.test(power, "homogeneous in outputs")
    assert statistic(both)["statistic"] == pytest.approx(statistic(alone)["statistic"])
    with pytest.raises(NotSupported, match='The likelihood ratio of "homogeneity" is taken alone'):
        em.test(power, ["homogeneity", "homotheticity"], statistic="likelihood_ratio")


def test_no_relationship_effect_of_all_variables_or_of_one(composite, translog):
    for fitted in (composite, translog):
        found = em.test(fitted, "no relationship effect")
        assert all("r" in label for label in found.table["term"])
        assert found.passed is False
        ratio = em.test(fitted, "no relationship effect", statistic="likelihood_ratio")
        assert statistic(ratio)["restrictions"] == len(found.table)
        assert em.test(fitted, "no relationship effect", of="r").table.equals(found.table)
    with pytest.raises(UnknownName, match=r"continuity is not a relationship variable of this fit. It has r"):
        em.test(composite, "no relationship effect", of="continuity")


def test_an_input_ratio_is_no_relationship():
    schools = em.fit(em.load("california_schools"), "cobb_douglas")
    found = em.test(schools, "no relationship effect")
    assert "a rejection says that cost is located there, not that relationship has an effect" in found.notes[0]


def test_no_scope_economies_respects_what_is_identified(composite):
    found = em.test(composite, "no scope economies", at=0.5)
    row, scope = found.table.iloc[0], em.scope(composite, at=0.5).row("degree of scope")
    assert (row["identified_low"], row["identified_high"]) == pytest.approx(
        (scope["identified_low"], scope["identified_high"])
    )
    assert (found.passed is False) == (scope["conf_low"] > 0 or scope["conf_high"] < 0)
    assert "an interval of the degree of scope only" in found.notes[0]
    assert "degree of scope between" in found.text


@pytest.mark.parametrize("clusters", [7, 60])
def test_scope_is_rejected_where_its_measure_has_a_side(clusters):
    """Whichever reading of the fixed cost the data do not reject decides, in the test as in the measure."""
    sides = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        visits, advice = rng.lognormal(1.0, 0.5, (2, 240))
        log_cost = np.log(20 + 2 * visits + 3 * advice + 0.4 * visits * advice) + 0.2 * rng.normal(size=240)
        log_cost += 0.1 * rng.normal(size=clusters)[np.arange(240) % clusters]
        frame = pd.DataFrame({"cost": np.exp(log_cost), "visits": visits, "advice": advice})
        data = em.CostData(frame, cost="cost", outputs=["visits", "advice"])
        fit = em.fit(data, "composite", second_order="outputs", groups=np.arange(240) % clusters)
        row = em.scope(fit).row("degree of scope")
        assert np.isnan(row["estimate"])
        if row["conf_low"] == row["conf_low"]:
            sides.append(row["verdict"] in ("below", "above"))
            assert (em.test(fit, "no scope economies").passed is False) == sides[-1], seed
    assert len(sides) > 3


def test_an_interval_that_holds_zero_is_never_rejected():
    parameters = {"common cost": 20, "a": 50, "b": 30, "a x b": 15}
    truth = em.worlds.state("composite", parameters, outputs={"a": 10, "b": 5})
    fitted = em.fit(em.worlds.simulate(truth, 400, noise=0.01, seed=1).data, "composite", second_order="outputs")
    row = em.scope(fitted).row("degree of scope")
    assert row["identified_low"] < 0 < row["identified_high"]
    found = em.test(fitted, "no scope economies")
    assert statistic(found)["p_value"] == 1.0
    assert found.passed is True


def test_a_degree_of_scope_that_is_identified_is_one_number():
    rng = np.random.default_rng(2)
    outputs = rng.lognormal(1.0, 0.4, (300, 2))
    outputs[:40, 0], outputs[40:80, 1] = 0.0, 0.0
    cost = (20 + 5 * (outputs > 0).sum(axis=1) + outputs @ [5.0, 3.0]) * np.exp(rng.normal(0, 0.02, 300))
    frame = pd.DataFrame({"cost": cost, "a": outputs[:, 0], "b": outputs[:, 1]})
    fitted = em.fit(em.CostData(frame, cost="cost", outputs=["a", "b"]), "composite", second_order="none")
    found = em.test(fitted, "no scope economies")
    scope = em.scope(fitted).row("degree of scope")
    assert found.table["estimate"].iloc[0] == pytest.approx(scope["estimate"])
    assert statistic(found)["p_value"] == pytest.approx(scope["p_value"])
    assert found.notes == ()


def test_symmetry_of_shares_fitted_freely(system, power):
    found = em.test(system, "symmetry")
    assert found.table["term"].tolist() == ["capital_price in the share of wage, less wage in that of capital_price"]
    frame = system.data.frame
    logs = np.log(frame[["output", "wage", "capital_price"]].to_numpy())
    logs[:, 1:] -= np.log(frame[["fuel_price"]].to_numpy())
    design = np.column_stack([np.ones(len(logs)), logs])
    slopes = np.linalg.lstsq(design, frame[["labour_share", "capital_share"]].to_numpy(), rcond=None)[0]
    assert found.table["estimate"].iloc[0] == pytest.approx(slopes[3, 0] - slopes[2, 1])
    with pytest.raises(NotSupported, match=r'em.fit\(data, estimator="system"\)'):
        em.test(power, "symmetry")
    with pytest.raises(NotSupported, match='"symmetry" has no likelihood ratio here'):
        em.test(system, "symmetry", statistic="likelihood_ratio")
    without = em.fit(system.data, estimator=em.estimators.System(drop="wage"))
    with pytest.raises(NotSupported, match="keeps fewer than two whose prices"):
        em.test(without, "symmetry")
    level = em.fit(system.data, "composite", estimator="system")
    with pytest.raises(NotSupported, match="The share equations of the composite form are not linear"):
        em.test(level, "symmetry")


def test_units_do_not_matter(power):
    frame = power.data.frame.assign(output=lambda table: table["output"] * 1e3, wage=lambda table: table["wage"] / 7)
    other = em.CostData(
        frame, cost="cost", outputs=["output"], prices=["wage", "capital_price", "fuel_price"], prices_complete=True
    )
    fitted = em.fit(other)
    for name in (*HYPOTHESES.values(), "homogeneity", "constant returns"):
        ours, theirs = statistic(em.test(power, name)), statistic(em.test(fitted, name))
        assert theirs["statistic"] == pytest.approx(ours["statistic"], rel=1e-6), name


def test_few_clusters_give_wild_p_values(airlines):
    found = em.test(airlines, "constant returns")
    ray = em.scale(airlines).row("ray elasticity")
    assert statistic(found)["p_value"] == pytest.approx(ray["p_value"])
    assert statistic(found)["test"] == "wild cluster bootstrap"
    assert "wild cluster bootstrap; ray elasticity at the mean" in found.text
    several = em.test(em.fit(em.load("us_airlines")), "constant returns", at="everywhere")
    assert statistic(several)["p_value"] == pytest.approx(min(1.0, len(several.table) * several.table["p_value"].min()))
    assert "wild cluster bootstrap, Bonferroni of" in several.text
    assert em.test(airlines, "output = 1").notes == (
        "There are few clusters, and p-values of equations are classical.",
    )


def test_more_restrictions_than_clusters_cannot_be_tested_together():
    fitted = em.fit(em.load("us_airlines"), cov_type="cluster")
    assert em.test(fitted, "constant returns").table.shape[0] == 1
    with pytest.raises(NotIdentified, match="there are fewer clusters than restrictions"):
        em.test(fitted, ["constant returns", "homogeneity"], at="everywhere")


def test_prices_that_are_not_all_prices_are_said_to_be(airlines):
    found = em.test(airlines, "homogeneity")
    assert "The card does not say that these are the prices of all inputs" in found.notes[0]


def test_estimators_that_test_their_own_nulls(power):
    mundlak = em.fit(em.load("us_airlines"), "cobb_douglas", effects="mundlak")
    assert em.test(mundlak, "no correlated effects").null.startswith("provider effects do not go with")
    with pytest.raises(NotSupported, match='"no correlated effects" is asked of a fit with provider means'):
        em.test(power, "no correlated effects")
    with pytest.raises(NotSupported, match='"no inefficiency" is asked of a fit with a frontier'):
        em.test(power, "no inefficiency")


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("Constant Returns", "constant returns"), ("constant-returns", "constant returns"),
        ("constant_returns to scale", "constant returns"), ("unit_substitution", "unit substitution"),
        ("homothetic", "homotheticity"), ("homogeneous", "homogeneous in outputs"),
        ("Linear homogeneity", "homogeneity"),
        (("homothetic", "UNIT SUBSTITUTION"), "homotheticity and unit substitution"),
    ],
)  # fmt: skip
def test_a_hypothesis_is_known_however_it_is_spelled(power, spelled, name):
    names = name.split(" and ")
    found, usual = em.test(power, spelled), em.test(power, names if len(names) > 1 else name)
    assert found.title == f"Test: {name}"
    assert repr(found) == repr(usual)


def test_other_words_for_tests_of_an_estimator(composite):
    effects = em.fit(em.load("us_airlines"), "cobb_douglas", effects="mundlak")
    assert em.test(effects, "mundlak").title == em.test(effects, "No correlated effects").title
    frontier = em.fit(em.load("electricity_1970"), second_order="outputs", estimator="frontier")
    assert em.test(frontier, "inefficiency").null == "no inefficiency"
    assert em.test(composite, "scope", at=0.5).title == "Test: no scope economies"
    with pytest.raises(NotSupported, match=r"name their column with by="):
        em.test(composite, "Chow")


def test_the_columns_of_a_test_are_names_and_are_printed_in_words(power):
    found = em.test(power, "constant returns", margin=0.1)
    assert list(found.table) == ["term", "estimate", "null", "std_error", "p_value"]
    assert list(found.tables["Test"]) == ["test", "statistic", "restrictions", "degrees_of_freedom", "p_value"]
    assert list(found.tables["Equivalence"]) == ["null", "value", "p_value", "detectable_difference"]
    assert found.printed().columns[0] == "restriction"


def test_unknown_words_list_what_is_known(power):
    with pytest.raises(
        UnknownName, match=r"no hypothesis 'constant return'. There are constant returns, homotheticity.*"
    ):
        em.test(power, "constant return")
    with pytest.raises(UnknownName, match=r"no hypothesis 'symmetry' to test with others. There are constant returns"):
        em.test(power, ["symmetry", "homotheticity"])
    with pytest.raises(UnknownName, match="no hypothesis without a name"):
        em.test(power, [])
    with pytest.raises(UnknownName, match=r"no hypothesis '3'. There are constant returns"):
        em.test(power, 3)
    with pytest.raises(UnknownName, match=r"There is no statistic 'score'. There are wald and likelihood_ratio"):
        em.test(power, "homotheticity", statistic="score")


def test_options_that_would_be_ignored_are_refused(power):
    with pytest.raises(NotSupported, match='of= belongs to "no relationship effect", and homotheticity has no use'):
        em.test(power, "homotheticity", of="wage")
    with pytest.raises(NotSupported, match='by= belongs to "common technology"'):
        em.test(power, "homotheticity", by="firm")
    with pytest.raises(NotSupported, match='"no inefficiency" is no number that a margin could be around'):
        em.test(power, "no inefficiency", margin=0.1)


def test_forms_and_fits_that_cannot_answer(power, composite):
    for name in ("homogeneous in outputs", "unit substitution"):
        with pytest.raises(FormError, match=r'is a restriction of log forms.*Use form="translog"'):
            em.test(composite, name)
    with pytest.raises(FormError, match=r'Constant returns everywhere is a restriction of log forms.*at="mean"'):
        em.test(composite, "constant returns", at="everywhere")
    with pytest.raises(FormError, match="Scope"):
        em.test(power, "no scope economies")
    with pytest.raises(NotSupported, match='"no scope economies" is asked at one place'):
        em.test(composite, "no scope economies", at=[0.5, 1])
    with pytest.raises(NotSupported, match="This fit has no relationship variable"):
        em.test(power, "no relationship effect")
    with pytest.raises(NotSupported, match="Homotheticity is about input prices"):
        em.test(em.fit(em.load("california_schools"), "cobb_douglas"), "homotheticity")
    with pytest.raises(NotSupported, match=r"em.fit has no form in which cost rises in proportion"):
        em.test(power, "constant returns", statistic="likelihood_ratio")
    with pytest.raises(NotSupported, match="Stated parameters are known exactly"):
        em.test(em.worlds.state("cobb_douglas", {"constant": 1, "a": 0.5}, outputs={"a": 10}), "constant returns")
    one_step = em.fit(power.data, estimator=em.estimators.System(iterate=False))
    with pytest.raises(NotSupported, match='estimator="system" as it was asked for maximises no likelihood'):
        em.test(one_step, "homotheticity", statistic="likelihood_ratio")


def test_no_test_of_scope_where_a_corner_costs_less_than_nothing():
    fitted = em.fit(em.load("uk_universities"), "composite", second_order="outputs")
    with pytest.raises(NotSupported, match=r"making only research is not positive.*So there is no test of scope here"):
        em.test(fitted, "no scope economies")


def test_test_runners_leave_it_alone():
    assert em.test.__test__ is False
