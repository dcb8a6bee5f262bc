"""Cost per outcome: the omitted-variable identity, a known world, outcomes held and made, missing outcomes."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotSupported, UnknownName
from econmodel.forms.technology import Point

# The same numbers by two routes of linear algebra.
SAME = 1e-8
# Central differences with steps of 1e-5 lose half the digits; money is compared relative to it.
NUMERICAL = 1e-6


def services(rows=300, thinner=-0.4, noise=0.1, seed=0, rare=0.0, **roles):
    """Cost = 30 users^0.97 exp(0.5 well) continuity^0; results fall with size at the slope `thinner`."""
    rng = np.random.default_rng(seed)
    size = rng.normal(0, 0.8, rows)
    continuity = rng.normal(0, 1, rows)
    well = thinner * size + 0.3 * continuity + 0.5 * rng.normal(size=rows)
    frame = pd.DataFrame(
        {"users": 200 * np.exp(size), "continuity": continuity, "well": 3 + well, "tests": np.exp(well)}
    )
    frame["letters"] = frame["users"] * np.exp(0.4 * rng.normal(size=rows))
    log_cost = np.log(30) + 0.97 * np.log(frame["users"]) + 0.5 * well - 0.1 * continuity
    frame["cost"] = np.exp(log_cost + noise * rng.normal(size=rows))
    return em.CostData(
        frame,
        **(
            {
                "cost": "cost", "outputs": ["users"], "cost_unit": "GBP",
                "outcomes": {"well": em.Outcome(unit="points", more_means="better")},
                "relationships": {"continuity": em.Relationship("attribute", more_means="closer")},
            }
            | roles
        ),
    )  # fmt: skip


def estimates(found):
    return found.table.set_index("term")["estimate"]


def test_the_difference_is_the_omitted_variable_term():
    fitted = em.fit(services(), "cobb_douglas")
    found = estimates(em.relationships.per_outcome(fitted, replications=19))
    frame = fitted.data.frame
    design = np.column_stack([np.ones(len(frame)), np.log(frame["users"]), frame["continuity"]])
    slope = np.linalg.lstsq(design, frame["well"].to_numpy(), rcond=None)[0]
    held = em.fit(services(), "cobb_douglas", hold_outcomes=True)
    assert found["difference"] == pytest.approx(-held.params["well"] * slope[1], abs=SAME)
    assert found["ray elasticity, outcomes held"] == pytest.approx(held.params["users"], rel=SAME)
    assert found["ray elasticity, activity only"] == pytest.approx(fitted.params["users"], rel=SAME)
    value = estimates(em.relationships.value(fitted, replications=19))
    assert value["saving downstream"] == pytest.approx(held.params["well"] * slope[2], abs=SAME)
    assert value["net cost, outcomes held"] == pytest.approx(held.params["continuity"], rel=SAME)


def test_it_finds_what_is_true_and_says_it():
    found = em.relationships.per_outcome(em.fit(services(1_000), "cobb_douglas"), replications=199)
    rows = found.table.set_index("term")
    truth = {"ray elasticity, activity only": 0.77, "ray elasticity, outcomes held": 0.97, "difference": 0.2}
    for term, value in truth.items():
        assert abs(rows.loc[term, "estimate"] - value) < 3.5 * rows.loc[term, "std_error"]
    assert "part of the economies at constant activity is associated with well, not with scale" in found.text
    assert "One unit more of well (points) is associated with" in found.text
    assert "GBP of cost" in found.text
    alike = em.relationships.per_outcome(em.fit(services(1_000, thinner=0.0), "cobb_douglas"), replications=199)
    assert "holding well changes nothing that matters" in alike.text


def test_the_bootstrap_interval_of_the_difference_covers_it():
    hits, values, errors = [], [], []
    for seed in range(80):
        fitted = em.fit(services(120, seed=seed), "cobb_douglas")
        row = em.relationships.per_outcome(fitted, replications=99, seed=seed).row("difference")
        hits.append(row["conf_low"] <= 0.2 <= row["conf_high"])
        values.append(row["estimate"])
        errors.append(row["std_error"])
    # 95 % of 80, less three of its standard errors (2.4 points); the percentile interval of 99 draws is a little short.
    assert np.mean(hits) >= 0.86
    # A standard deviation from 80 draws is known to 8 %; three of these.
    assert 0.76 < np.mean(errors) / np.std(values) < 1.31


@pytest.mark.parametrize("scale", ["level", "log"])
@pytest.mark.parametrize("form", ["translog", "composite"])
def test_marginal_cost_of_an_outcome_by_differences_of_fitted_cost(scale, form):
    name = "well" if scale == "level" else "tests"
    data = services(outcomes={name: em.Outcome(scale=scale)})
    found = estimates(em.relationships.per_outcome(em.fit(data, form, second_order="outputs"), replications=19))
    held = em.fit(data, form, second_order="outputs", hold_outcomes=True)
    mean, small = held.technology.mean_point(), 1e-5

    def cost(level):
        control = np.log(level) if scale == "log" else level
        point = Point(mean.outputs, mean.log_prices, mean.relationships, np.array([[control]]))
        return float(held.technology.cost(held.theta, point)[0])

    level = float(np.exp(mean.controls[0, 0]) if scale == "log" else mean.controls[0, 0])
    slope = (cost(level + small) - cost(level - small)) / (2 * small)
    assert found[f"marginal cost of {name}"] == pytest.approx(slope, rel=NUMERICAL)
    per_user = found[f"marginal cost of {name} for each users"]
    assert per_user == pytest.approx(slope / mean.outputs[0, 0], rel=NUMERICAL)


def test_an_outcome_among_the_outputs_is_made():
    data = services(outputs=["users", "tests"], outcomes=[])
    fitted = em.fit(data, "cobb_douglas")
    found = em.relationships.per_outcome(fitted, "tests", replications=19)
    without = em.fit(data.using(outputs=["users"]), "cobb_douglas")
    values = estimates(found)
    assert values["ray elasticity, activity only"] == pytest.approx(without.params["users"], rel=SAME)
    assert values["ray elasticity, outcomes held"] == pytest.approx(fitted.params[["users", "tests"]].sum(), rel=SAME)
    expected = em.marginal_cost(fitted).row("marginal cost of tests")["estimate"]
    assert values["marginal cost of tests"] == pytest.approx(expected, rel=SAME)
    assert any("grows as activity does" in note for note in found.notes)


def test_all_declared_outcomes_are_held_together_by_default():
    data = services(outcomes={"well": em.Outcome(), "tests": em.Outcome()})
    found = estimates(em.relationships.per_outcome(em.fit(data, "cobb_douglas"), replications=19))
    held = em.fit(data, "cobb_douglas", hold_outcomes=True)
    assert found["ray elasticity, outcomes held"] == pytest.approx(held.params["users"], rel=SAME)
    assert {"marginal cost of well", "marginal cost of tests"} <= set(found.index)
    one = estimates(em.relationships.per_outcome(em.fit(data, "cobb_douglas"), "well", replications=19))
    assert "marginal cost of tests" not in one.index


def test_it_does_not_matter_whether_the_fit_held_the_outcomes():
    free, held = (em.fit(services(), "cobb_douglas", hold_outcomes=held) for held in (False, True))
    one, two = (em.relationships.per_outcome(fitted, replications=29).table for fitted in (free, held))
    pd.testing.assert_frame_equal(one, two)


def test_california_at_constant_scores():
    """Elasticities with context held, 0.9824 without scores and 0.9831 (0.0042) with them; as printed elsewhere."""
    schools = em.load("california_schools").using(relationships=[])
    found = em.relationships.per_outcome(em.fit(schools, "cobb_douglas"), replications=199).table.set_index("term")
    assert found["estimate"].iloc[:2].round(4).tolist() == [0.9824, 0.9831]
    # A bootstrap standard error from 199 draws is known to 5 %; three of these.
    assert found["std_error"].iloc[1] == pytest.approx(0.0042, rel=0.15)


def test_input_ratios_in_the_fit_are_warned_of():
    found = em.relationships.per_outcome(em.fit(em.load("california_schools"), "cobb_douglas"), replications=19)
    assert any("pulls both elasticities to one by arithmetic" in note for note in found.notes)


def test_missing_outcomes_are_named_and_no_number_is_given():
    data = services()
    empty = replace(data, frame=data.frame.assign(well=data.frame["well"].where(data.frame.index % 100 != 7)))
    fitted = em.fit(empty, "cobb_douglas")
    for measure in (em.relationships.per_outcome, em.relationships.value):
        with pytest.raises(NotSupported, match=r"well is missing for 3 of 300 rows \(row 7, row 107, row 207\).*notna"):
            measure(fitted)
    kept = empty.where(empty.frame["well"].notna(), because="no outcome")
    assert em.relationships.per_outcome(em.fit(kept, "cobb_douglas"), replications=19).table["estimate"].notna().all()


@pytest.mark.parametrize(
    ("roles", "ask", "error", "says"),
    [
        ({"outcomes": []}, {}, NotSupported, "No outcome is declared"),
        ({}, {"outcome": "wel"}, UnknownName, "did you mean 'well'"),
        ({}, {"outcome": "users"}, NotSupported, "users is the only output"),
        ({}, {"replications": 1}, NotSupported, "replications=1"),
        ({}, {"conf_level": 0.0}, NotSupported, "conf_level"),
    ],
)
def test_what_cannot_be_asked_is_refused(roles, ask, error, says):
    fitted = em.fit(services(**roles), "cobb_douglas")
    with pytest.raises(error, match=says):
        em.relationships.per_outcome(fitted, **ask)
    with pytest.raises(error, match=says):
        em.relationships.value(fitted, **ask)


def test_stated_parameters_have_no_outcomes():
    stated = em.worlds.state("cobb_douglas", {}, outputs={"a": 1}, relationships={"r": 1})
    for measure in (em.relationships.per_outcome, em.relationships.value):
        with pytest.raises(NotSupported, match="stated"):
            measure(stated)


def test_a_relationship_that_pays_for_itself():
    found = em.relationships.value(em.fit(services(1_000), "cobb_douglas"), replications=199)
    rows = found.table.set_index("term")
    # 0.5 x 0.3 of outcomes, and -0.1 at constant outcomes.
    for term, truth in (("cost, outcomes free", 0.05), ("net cost, outcomes held", -0.1), ("saving downstream", 0.15)):
        assert abs(rows.loc[term, "estimate"] - truth) < 3.5 * rows.loc[term, "std_error"]
    assert "The same outcomes cost less with more of it." in found.text
    money = rows.loc["net cost, outcomes held, in money", "estimate"]
    held = em.fit(services(1_000), "cobb_douglas", hold_outcomes=True)
    cost = float(held.technology.cost(held.theta, held.technology.mean_point())[0])
    assert money == pytest.approx(rows.loc["net cost, outcomes held", "estimate"] * cost, rel=SAME)


@pytest.mark.parametrize(("kind", "words"), [("input_ratio", "an input ratio"), ("unstated", "of unstated kind")])
def test_input_ratios_have_no_value_of_their_own_and_the_reason_is_given(kind, words):
    fitted = em.fit(services(relationships={"continuity": em.Relationship(kind)}), "cobb_douglas")
    for measure in (em.relationships.value, em.relationships.economies):
        with pytest.raises(NotSupported, match=f"continuity is {words}. An input ratio is spending per unit of volume"):
            measure(fitted)


def test_the_degree_of_relationship_economies_by_its_definition():
    fitted = em.fit(services(outputs=["users", "letters"]), "composite", second_order="outputs")
    found = em.relationships.economies(fitted, low=-1.0, at=[0.8, 1.0])
    for label, times in (("0.8 x mean", 0.8), ("mean", 1.0)):
        mean = fitted.technology.mean_point()
        rows = pd.DataFrame(
            {"users": times * mean.outputs[0, 0], "letters": times * mean.outputs[0, 1],
             "continuity": [-1.0, mean.relationships[0, 0]]}
        )  # fmt: skip
        low, reference = np.exp(fitted.predict(rows))
        row = found.row("relationship economies: continuity", label)
        assert row["estimate"] == pytest.approx((low - reference) / reference, rel=SAME)


def test_the_degree_in_a_log_linear_form_and_its_interval():
    fitted = em.fit(services(), "cobb_douglas")
    found = em.relationships.economies(fitted)
    levels = found.tables["levels"].iloc[0]
    column = fitted.data.frame["continuity"]
    assert levels["low"] == pytest.approx(np.percentile(column, 10), rel=SAME)
    assert levels["reference"] == pytest.approx(column.mean(), rel=SAME)
    row, way = found.table.iloc[0], levels["low"] - levels["reference"]
    slope, error = fitted.params["continuity"], fitted.bse["continuity"]
    assert row["estimate"] == pytest.approx(np.exp(slope * way) - 1, rel=SAME)
    assert row["std_error"] == pytest.approx(abs(way) * error * np.exp(slope * way), rel=SAME)


def test_the_loose_end_follows_the_card():
    looser = {"continuity": em.Relationship("attribute", more_means="looser")}
    fitted = em.fit(services(relationships=looser), "cobb_douglas")
    low = em.relationships.economies(fitted).tables["levels"].loc[0, "low"]
    assert low == pytest.approx(np.percentile(fitted.data.frame["continuity"], 90), rel=SAME)
    neither = em.fit(services(relationships={"continuity": em.Relationship("attribute")}), "cobb_douglas")
    with pytest.raises(NotSupported, match="closer or looser"):
        em.relationships.economies(neither)
    assert em.relationships.economies(neither, low=-1.0).table["estimate"].notna().all()


def test_a_variable_in_logs_takes_its_level_in_its_own_units():
    logs = {"tests": em.Relationship("attribute", scale="log", more_means="closer")}
    fitted = em.fit(services(relationships=logs, outcomes=[]), "cobb_douglas")
    found = em.relationships.economies(fitted, low=0.5)
    reference = np.exp(np.log(fitted.data.frame["tests"]).mean())
    expected = (0.5 / reference) ** fitted.params["tests"] - 1
    assert found.table.loc[0, "estimate"] == pytest.approx(expected, rel=SAME)
    with pytest.raises(ValueError, match="must be above zero"):
        em.relationships.economies(fitted, low=0.0)


def test_levels_that_no_provider_has_are_not_supported():
    fitted = em.fit(services(), "cobb_douglas")
    found = em.relationships.economies(fitted, low=-50.0)
    assert not found.table["supported"].any()
    assert "this is what the form implies beyond the data, not what providers show" in found.text
    assert em.relationships.economies(fitted).table["supported"].all()


def test_what_is_not_held_is_said():
    free, held = (em.fit(services(), "cobb_douglas", hold_outcomes=held) for held in (False, True))
    assert any("Cost only" in note for note in em.relationships.economies(free).notes)
    assert not any("Cost only" in note for note in em.relationships.economies(held).notes)
    assert "economies of relationship." in em.relationships.economies(held).text


def test_several_attributes_need_a_name_where_one_is_meant():
    both = {name: em.Relationship("attribute", more_means="closer") for name in ("continuity", "tests")}
    fitted = em.fit(services(relationships=both), "cobb_douglas")
    assert len(em.relationships.economies(fitted).table) == 2
    with pytest.raises(UnknownName, match="name one of continuity, tests"):
        em.relationships.economies(fitted, low=0.0)
    with pytest.raises(UnknownName, match="several attributes; name one of continuity, tests"):
        em.relationships.value(fitted)
    with pytest.raises(UnknownName, match="did you mean 'continuity'"):
        em.relationships.economies(fitted, "continuty")
    with pytest.raises(NotSupported, match="no relationship variable"):
        em.relationships.economies(em.fit(services(relationships=[]), "cobb_douglas"))
    with pytest.raises(NotSupported, match="give low="):
        em.relationships.economies(em.worlds.state("cobb_douglas", {}, outputs={"a": 1}, relationships={"r": 1}))


def test_no_degree_where_cost_is_not_positive():
    terms = {"common cost": -50, "a": 60, "b": 40, "tilt of continuity to a": -90}
    cost = em.worlds.state("composite", terms, outputs={"a": 10, "b": 5}, relationships={"continuity": 0.5})
    small = em.relationships.economies(cost, low=0.4, at=0.25)
    assert small.text.startswith("At 0.25 x mean, fitted cost is not positive (")
    assert small.table[["estimate", "conf_low"]].isna().all(axis=None)
    mixed = em.relationships.economies(cost, low=0.4, at=[1, 0.25])
    assert mixed.text.startswith("At the mean, the same outputs with continuity at 0.4")
    assert any(note.startswith("At 0.25 x mean, fitted cost is not positive (") for note in mixed.notes)


@pytest.mark.parametrize("outcome", ["early", "late"])
def test_an_output_that_is_an_outcome_leaves_every_other_as_activity(outcome):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({name: np.exp(rng.normal(3, 0.4, 120)) for name in ("early", "late", "middle")})
    frame["cost"] = frame.prod(axis=1) ** 0.4 * np.exp(0.1 * rng.normal(size=120))
    data = em.CostData(frame, cost="cost", outputs=["early", "middle", "late"])
    result = em.relationships.per_outcome(em.fit(data, "cobb_douglas"), outcome, replications=19)
    held = em.fit(data.using(outputs=[name for name in data.outputs if name != outcome]), "cobb_douglas")
    activity = em.scale(held).row("ray elasticity")["estimate"]
    assert (
        activity in result.table["estimate"].round(9).to_list() or np.isclose(result.table["estimate"], activity).any()
    )
