"""Sentences that the numbers forbid, numbers that no sentence may give, and p-values that know their draws."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies.bracket import slopes_in_words
from econmodel.economies.core.identity import assert_adds_up
from econmodel.economies.core.inference import estimate, summarise
from econmodel.errors import NotSupported
from econmodel.results import columns_beside, format_probability, per_cent, printed
from econmodel.verdict import judge
from econmodel.words import difference_words, more_or_less, scale_words

FEW = {"replications": 29}


def homes(n=80, seed=1, *, spread=0.8, slope=0.9, **columns):
    """Homes with cost, visits and a wage; further columns are functions of the generator and log visits."""
    rng = np.random.default_rng(seed)
    log_visits = rng.normal(6.0, spread, n)
    frame = pd.DataFrame({"visits": np.exp(log_visits), "wage": np.exp(rng.normal(2.5, 0.2, n))})
    for name, made in columns.items():
        frame[name] = made(rng, log_visits)
    frame["spend"] = np.exp(1.0 + slope * log_visits + 0.5 * np.log(frame["wage"]) + rng.normal(0, 0.1, n))
    return frame


def fitted(frame, form="cobb_douglas", second_order=None, **roles):
    data = em.CostData(frame, cost="spend", outputs=["visits"], prices=["wage"], **roles)
    return em.fit(data, form, second_order=second_order)


# P-values from replications


@pytest.mark.parametrize(
    ("value", "floor", "written"),
    [
        (0.01, 2 / 200, "≤ 0.010"),
        (0.02, 2 / 200, "0.020"),
        (0.002, 2 / 1000, "≤ 0.002"),
        (0.0002, 0.0, "<0.001"),
        (0.0009995, 2 / 2001, "<0.001"),
        (1.0, 0.0, "1.000"),
        (float("nan"), 0.1, "–"),
    ],
)
def test_a_p_value_at_the_floor_of_its_draws_is_a_bound(value, floor, written):
    assert format_probability(value, floor) == written


def test_every_table_prints_the_bound_and_keeps_the_number():
    """Twenty-nine draws show no p-value below 2 / 30."""
    floor, fit = 2 / 30, fitted(homes(slope=0.7))
    answers = (
        em.separate(fit, **FEW),
        em.decompose(fit, "visits < 300", "visits > 600", **FEW),
        em.outputs.subadditivity(fit, "every provider", **FEW),
        em.impose(fit, replications=29),
    )
    for answer in answers[:3]:
        least = answer.table["p_value"].min()
        assert least == pytest.approx(floor)
        assert "≤ 0.067" in printed(answer.table)["p"].tolist()
        assert "≤ 0.067" in answer._repr_html_()
        assert "p floor" not in answer._repr_html_()
    assert "≤ 0.067" in repr(answers[3])
    assert "≤" not in repr(em.scale(fit))


def test_bands_over_replications_know_their_floor():
    found = em.scale(fitted(homes(slope=0.7)).jointly(), method="bootstrap")
    assert found.table["p_value"].tolist() == pytest.approx([1 / 1000] * 2)
    assert printed(found.table)["p"].tolist() == ["≤ 0.001"] * 2


# Draws without a number


def test_values_without_enough_draws_have_no_interval_and_no_warning():
    draws = np.full((40, 3), np.nan)
    draws[:, 0], draws[:10, 1], draws[:, 2] = np.linspace(0, 1, 40), 1.0, 1e300
    found = summarise(np.array([0.5, 1.0, 2.0]), draws, np.zeros(3), 0.95)
    assert np.isfinite(found.low).tolist() == [True, False, False]
    assert np.isfinite([found.errors, found.p_values]).tolist() == [[True, False, False]] * 2


def test_a_value_that_is_infinite_is_missing():
    cost = em.worlds.state("cobb_douglas", {"visits": 0.8}, outputs={"visits": 100})
    with np.errstate(all="raise"):
        found = estimate(cost, lambda theta: np.full((*theta.shape[:-1], 1), np.inf) + 0.0 * theta[..., :1])
    assert np.isnan([found.values[0], found.errors[0], found.low[0]]).all()


def test_an_interval_that_is_missing_is_said_to_be():
    row = {"estimate": 0.1, "conf_low": np.nan, "conf_high": np.nan}
    assert difference_words(row, 0.95)[1] == "no 95 % interval"
    assert scale_words(judge(np.nan, np.nan, 1.0), 0.9) == "the data do not settle it"


def test_rows_that_hold_too_little_for_the_bootstrap_are_refused():
    fit = fitted(homes(5, rural=lambda rng, _: rng.normal(size=5)), controls=["rural"])
    with pytest.raises(NotSupported, match=r"of 29 replications of the bootstrap have no number .* more rows\."):
        em.separate(fit, **FEW)


# Names that tables use themselves


NAMES = (
    "scale", "residual", "mix", "apparent", "mean size", "providers", "prices", "size fifth", "log unit cost", "term",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_relationship_may_have_any_name(name):
    frame = homes(**{name: lambda rng, _: rng.uniform(0.3, 0.9, 80)})
    fit = fitted(frame, relationships={name: em.Relationship("attribute")})
    usual = fitted(frame.rename(columns={name: "hours"}), relationships={"hours": em.Relationship("attribute")})
    found, same = em.separate(fit, **FEW), em.separate(usual, **FEW)
    assert found.table["estimate"].tolist() == same.table["estimate"].tolist()
    fifths, of_same = (one.tables["parts by size fifth"] for one in (found, same))
    assert fifths.shape == of_same.shape
    assert not fifths.columns.duplicated().any()
    assert fifths.to_numpy(dtype=float) == pytest.approx(of_same.to_numpy(dtype=float))
    assert len(em.sensitivity(fit).table) == 2
    assert em.arrangements.merger(fit, ["row 0", "row 1"]).tables["bundles"].columns.is_unique


def test_a_relationship_called_scale_is_not_taken_for_scale():
    frame = homes(scale=lambda rng, _: rng.uniform(0.3, 0.9, 80))
    fit = fitted(frame, relationships=["scale"])
    found = em.sensitivity(fit).table.set_index("term")["estimate"]
    assert list(found.index) == ["scale", "relationship: scale"]
    assert found["relationship: scale"] == pytest.approx(fit.params["scale"])
    assert em.sensitivity(fit, "relationship: scale").table["term"].tolist() == ["relationship: scale"]


def test_outputs_may_be_called_as_the_columns_of_tables_are():
    outputs = {"cost": 10, "kind": 5}
    money = {"common cost": 20, "cost": 40, "kind": 40}
    cost = em.worlds.state("composite", money, outputs=outputs, fixed_costs=tuple(outputs))
    found = em.arrangements.configure(cost, {"cost": 40, "kind": 20}, {"cost": 10, "kind": 5}, numbers=(), halve=False)
    assert found.table[["cost (column)", "kind (column)"]].iloc[0].tolist() == [40, 20]
    bundles = em.arrangements.merger(cost, {"merged": {"cost": 8, "kind": 3}, "Oak": {"cost": 12, "kind": 7}}).tables[
        "bundles"
    ]
    assert bundles["cost (column)"].tolist() == [8, 12, 10, 20]
    assert bundles["cost"].iloc[0] == pytest.approx(20 + 4 * 8 + 8 * 3)
    with pytest.raises(NotSupported, match="existing= has a column kind of its own, and an output"):
        em.arrangements.configure(cost, outputs, outputs, existing=pd.DataFrame({"cost": [10], "kind": [5]}))
    with pytest.raises(NotSupported, match="A simulated table has a column provider of its own"):
        em.worlds.simulate(em.worlds.state("cobb_douglas", {"provider": 0.9}, outputs={"provider": 9}), 20, periods=2)
    assert columns_beside(["a", "a", "b"], ["b"]) == ["a", "a (column)", "b (column)"]


# Numbers that no sentence may give


def test_per_cents_end_where_no_cost_differs_so_much():
    assert (per_cent(np.log(1.5)), per_cent(np.log(0.5)), per_cent(800.0)) == ("50 %", "50 %", "over 10,000 %")
    assert more_or_less(2e6, 1.0, 4e6) == "over 10,000 % more"
    assert more_or_less(-2e6, -4e6, 1.0) == "over 10,000 % less"


def test_a_relationship_is_stated_per_step_that_providers_show():
    hardly = fitted(homes(share=lambda rng, _: 0.97 + rng.normal(0, 5e-4, 80)), relationships=["share"])
    text = em.relationship(hardly).text
    spread = hardly.points().relationships.std()
    effect = 100 * abs(np.expm1(hardly.params["share"] * spread))
    assert f"one standard deviation ({spread:.2g}) more of share is associated with {effect:.3g} %" in text
    assert "e+" not in text
    usual = fitted(homes(share=lambda rng, _: rng.normal(5, 1, 80)), relationships=["share"])
    assert "one unit more of share" in em.relationship(usual).text
    large = fitted(homes(share=lambda rng, _: rng.normal(5e6, 1e6, 80)), relationships=["share"])
    assert "one standard deviation (" in em.relationship(large).text


def test_nothing_is_said_of_twice_the_size_where_no_provider_is_twice_another():
    alike = em.separate(fitted(homes(spread=0.01)), **FEW)
    assert "larger than the smallest, so nothing is said of twice the size." in alike.text
    assert "unit cost" not in alike.text
    assert "a provider of twice the size has" in em.separate(fitted(homes()), replications=99).text


def test_a_merger_that_a_form_makes_absurd_is_not_said():
    cost = em.worlds.state("translog", {"visits": 1.0, "half visits squared": 9.0}, outputs={"visits": 100})
    partners = {"Elm": {"visits": 300}, "Oak": {"visits": 300}}
    found = em.arrangements.merger(cost, partners)
    assert found.row("merger")["estimate"] > 100
    assert found.text.startswith("As one, Elm and Oak would cost over 100 times what they cost apart by this form: no")
    large = {name: {"visits": 300_000} for name in partners}
    beyond = em.arrangements.merger(em.worlds.state("cobb_douglas", {"visits": 90.0}, outputs={"visits": 100}), large)
    assert "is beyond all money, so far is this from the providers: the merger has no number" in beyond.text
    assert beyond.table["estimate"].isna().all()
    assert (
        "is beyond all money"
        in em.marginal_cost(em.worlds.state("cobb_douglas", {"visits": 90.0}, outputs={"visits": 1}), 9_000).text
    )


def test_an_increment_without_a_cost_has_no_scale():
    cost = em.worlds.state("cobb_douglas", {"visits": 0.0}, outputs={"visits": 100})
    text = em.outputs.expansion_path(cost, 0.5, 2.0).text
    assert text.endswith("of the increment has no number, since the increment adds nothing to cost.")


def test_providers_of_nothing_have_no_work_to_share():
    frame = homes()
    frame.loc[[0, 1, 2], "visits"] = 0.0
    fit = fitted(frame, "flexible_fixed_cost", "none")
    with pytest.raises(NotSupported, match="row 0 and row 1 make nothing, so there is no work to share"):
        em.arrangements.partner(fit, ["row 0", "row 1"], shared=["visits"])


def test_what_has_no_number_at_the_mean_is_not_asked_further(monkeypatch):
    fit = fitted(homes(), "composite")
    monkeypatch.setattr(type(fit.technology), "cost", lambda self, theta, point: np.full(len(point), -3.0))
    monkeypatch.setattr(
        "econmodel.economies.sensitivity.ray_elasticity", lambda _: lambda theta: theta[..., :1] + np.nan
    )
    with pytest.raises(NotSupported, match=r"At the mean, fitted cost is not positive \(−3\): .* nothing to undo\."):
        em.sensitivity(fit, "scale")
    with pytest.raises(NotSupported, match="There is no number that one provider could decide: At the mean, fitted"):
        em.influence(em.scale, fit)


def test_costs_that_fall_as_output_rises_are_no_economies():
    fit = fitted(homes(slope=-0.3))
    assert fit.params["visits"] < 0
    for text in (em.scale(fit).text, em.separate(fit, **FEW).text):
        assert "cost would not rise with output, which no cost function allows, so nothing is said of scale" in text
        assert "economies" not in text
    assert scale_words(judge(0.1, 0.3, 1.0), 0.2) == "economies of scale"


# Results of larger providers, and time


@pytest.mark.parametrize("kind", ["attribute", "input_ratio", None])
@pytest.mark.parametrize(
    ("sign", "more_means", "unsafe"), [(-2, "better", True), (2, "better", False), (2, "worse", True)]
)
def test_outcomes_are_said_whatever_a_relationship_is(kind, sign, more_means, unsafe):
    frame = homes(
        result=lambda rng, size: 50 + sign * size + rng.normal(0, 0.5, 80), hours=lambda rng, _: rng.uniform(1, 2, 80)
    )
    fit = fitted(
        frame, outcomes={"result": em.Outcome(more_means=more_means)},
        relationships={"hours": em.Relationship(kind)} if kind else {},
    )  # fmt: skip
    text = em.separate(fit, **FEW).text
    assert f"Result {'falls' if sign < 0 else 'rises'} with size (slope on log size" in text
    assert ("to call the whole of it scale is unsafe" in text) == (unsafe and kind != "input_ratio")
    assert ("Whether the part is scale or thinned relationship" in text) == (kind == "input_ratio")


def test_an_outcome_that_too_few_rows_have_is_not_judged():
    frame = homes(result=lambda rng, _: np.where(np.arange(80) < 2, 50.0 + np.arange(80), np.nan))
    found = em.separate(fitted(frame, outcomes=["result"]), **FEW)
    assert "Whether result moves with size cannot be told: 2 rows have it." in found.text


def test_only_what_has_a_time_changes():
    frame = pd.concat([homes(30, seed).assign(home=[f"H{i}" for i in range(30)], year=seed) for seed in (1, 2)])
    without = em.separate(fitted(frame, entity="home"), **FEW)
    over_time = em.separate(fitted(frame, entity="home", time="year"), **FEW)
    assert "Within providers the slope" in " ".join(without.notes)
    assert "change" not in " ".join(without.notes)
    assert "Within providers, as they change, the slope" in " ".join(over_time.notes)
    assert slopes_in_words(pd.DataFrame(), 0.95, over_time=True) == ()


# Identities, and fits that are exact


def test_identities_are_relative_to_their_terms():
    assert_adds_up("The parts miss their sum", np.array([1e-3, np.nan]), np.array([1e9, 1.0]), 1.0)
    with pytest.raises(ArithmeticError, match=r"The parts miss their sum by 1\.0e-03\."):
        assert_adds_up("The parts miss their sum", 1e-3, 1.0, 2.0)


def test_a_variable_that_hardly_varies_has_parts_that_add_up():
    frame = homes(15, 3, still=lambda rng, _: np.exp(1.0 + rng.normal(0, 1e-8, 15)))
    data = em.CostData(frame, cost="spend", outputs=["visits", "still"], prices=["wage"])
    found = em.decompose(em.fit(data, "cobb_douglas"), "row 0", "row 14")
    parts = found.table.set_index("term")["estimate"]
    assert parts["cost gap"] == pytest.approx(parts.drop("cost gap").sum(), abs=1e-6 * np.abs(parts).max() + 1e-9)


def test_a_cost_that_is_computed_from_the_columns_is_separated_without_a_warning():
    frame = homes(40).assign(spend=lambda one: 3.0 * one["visits"] ** 0.9 * one["wage"] ** 0.6)
    found = em.separate(fitted(frame), **FEW)
    assert found.row("scale")["estimate"] == pytest.approx(0.9)
    assert found.tables["robustness values"]["robustness_value"].iloc[0] == pytest.approx(1.0)


def test_one_degree_of_freedom_is_too_few_for_sensitivity():
    frame = homes(4)
    with pytest.raises(NotSupported, match=r"4 rows and 3 parameters leave 1 degree of freedom"):
        em.sensitivity(fitted(frame))
