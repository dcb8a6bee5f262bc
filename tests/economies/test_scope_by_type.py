"""Scope from specialised providers: the truth is recovered, and what no type shows is not made up."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import FormError, NotIdentified, NotSupported

MADE = {"visits": 100.0, "meals": 100.0}
PARAMETERS = {"common cost": 16, "fixed cost of visits": 2, "fixed cost of meals": 2, "visits": 45, "meals": 35}


def providers(count=900, seed=1, **specialised):
    truth = em.worlds.state("composite", PARAMETERS, outputs=MADE, fixed_costs=tuple(MADE))
    return truth, em.worlds.simulate(
        truth, count, specialised=specialised or {"visits": 0.3, "meals": 0.3}, seed=seed
    ).data


def of_types(*differences, rows=300, seed=0):
    """Joint providers, and specialists whose technologies differ from it in level: exact log-linear cost functions."""
    rng = np.random.default_rng(seed)
    frames = []
    for makes, level in (((1, 1), 0.0), ((1, 0), differences[0]), ((0, 1), differences[1])):
        logs = 0.4 * rng.normal(size=(rows, 2))
        log_cost = 1.0 + level + logs @ (np.array([0.5, 0.4]) * makes) + 0.05 * rng.normal(size=rows)
        frames.append(
            pd.DataFrame(
                {"cost": np.exp(log_cost), "a": makes[0] * np.exp(logs[:, 0]), "b": makes[1] * np.exp(logs[:, 1])}
            )
        )
    return em.CostData(pd.concat(frames, ignore_index=True), cost="cost", outputs=["a", "b"])


def test_the_truth_is_recovered():
    truth, data = providers()
    at = {"visits": 100.0, "meals": 100.0}
    expected = em.scope(truth, at=at).row("degree of scope")["estimate"]
    row = em.outputs.scope_by_type(data, at=at).table.iloc[0]
    assert row["conf_low"] < expected < row["conf_high"]
    assert row["supported"]


def test_specialists_of_another_kind():
    """At the joint mean each specialist costs exp(-0.7) of a joint provider: scope is 2 exp(-0.7) - 1, below zero."""
    found = em.outputs.scope_by_type(of_types(-0.7, -0.7), {"a": 1.0, "b": 1.0}, second_order="none")
    row = found.table.iloc[0]
    assert row["conf_low"] < 2 * np.exp(-0.7) - 1 < row["conf_high"]
    assert row["term"] == "degree of scope (a | b)"
    assert found.tables["types"]["providers"].tolist() == [300, 300, 300]


def test_intervals_cover():
    covered = []
    for seed in range(60):
        row = em.outputs.scope_by_type(
            of_types(-0.5, -0.8, rows=60, seed=seed), {"a": 1.0, "b": 1.0}, second_order="none"
        ).table.iloc[0]
        covered.append(row["conf_low"] < np.exp(-0.5) + np.exp(-0.8) - 1 < row["conf_high"])
    # 95 % of 60, less three binomial standard errors.
    assert np.mean(covered) > 0.86


def test_one_technology_for_all_is_tested():
    _, data = providers()
    assert "The data" in em.outputs.scope_by_type(data).text
    other = em.outputs.scope_by_type(of_types(-1.5, 0.5), second_order="none")
    assert "The data prefer a technology of each type" in other.text


def test_simulated_intervals_agree_and_unseen_places_are_flagged():
    data = of_types(-0.7, -0.7)
    by_delta = em.outputs.scope_by_type(data, second_order="none").table.iloc[0]
    drawn = em.outputs.scope_by_type(data, second_order="none", method="simulate").table.iloc[0]
    assert drawn["std_error"] == pytest.approx(by_delta["std_error"], rel=0.15)
    far = em.outputs.scope_by_type(data, {"a": 500.0, "b": 1.0}, second_order="none")
    assert not far.table["supported"].iloc[0]
    assert "beyond the data" in far.text


def test_the_finest_division_is_taken():
    rng = np.random.default_rng(3)
    frames = []
    for makes in ((1, 1, 1), (1, 0, 0), (0, 1, 1), (0, 1, 0), (0, 0, 1)):
        outputs = np.exp(0.3 * rng.normal(size=(40, 3))) * makes
        frames.append(pd.DataFrame(outputs, columns=["a", "b", "c"]).assign(cost=1.0 + outputs.sum(axis=1)))
    data = em.CostData(pd.concat(frames, ignore_index=True), cost="cost", outputs=["a", "b", "c"])
    assert em.outputs.scope_by_type(data, second_order="none").table["term"].iloc[0] == "degree of scope (a | b | c)"
    pair = data.where("not ((b == 0) & (a == 0) & (c > 0))", because="nobody makes c alone")
    assert em.outputs.scope_by_type(pair, second_order="none").table["term"].iloc[0] == "degree of scope (a | b and c)"


@pytest.mark.parametrize(
    ("data", "error", "said"),
    [
        (
            lambda: em.load("finnish_electricity"),
            NotSupported,
            "No types of providers divide energy, length, customers",
        ),
        (lambda: of_types(0, 0).where("(a == 0) | (b == 0)", because="none"), NotSupported, "Nobody makes all of a, b"),
        (lambda: em.load("electricity_1970"), FormError, "Scope needs at least two outputs"),
        (lambda: providers(60, visits=0.1, meals=0.3)[1], NotIdentified, r"Of providers of \w+ there are \d+: "),
        (lambda: em.fit(em.load("electricity_1970")), NotSupported, "give the table, not a fit"),
    ],
)
def test_what_cannot_be_asked_says_so(data, error, said):
    with pytest.raises(error, match=said):
        em.outputs.scope_by_type(data())


def test_the_bootstrap_is_refused():
    with pytest.raises(NotSupported, match='method="bootstrap" re-estimates one fit'):
        em.outputs.scope_by_type(of_types(0, 0), method="bootstrap")


def test_names_of_rows_do_not_matter_and_missing_outputs_are_no_zeros():
    data = of_types(-0.5, -0.8, rows=40)
    plain = em.outputs.scope_by_type(data, second_order="none")
    alike = em.CostData(data.frame.set_axis(["row"] * len(data)), cost="cost", outputs=["a", "b"])
    same = em.outputs.scope_by_type(alike, second_order="none")
    assert same.tables["one technology for all"].equals(plain.tables["one technology for all"])
    gap = data.frame.assign(a=data.frame["a"].where(data.frame.index != 0))
    found = em.outputs.scope_by_type(em.CostData(gap, cost="cost", outputs=["a", "b"]), second_order="none")
    assert found.tables["types"]["providers"].tolist() == [39, 40, 40]
    assert "1 row left out: missing values in a." in found.notes


def test_rows_of_a_provider_are_added_up_and_few_providers_are_named():
    data = of_types(-0.5, -0.8, rows=40)
    frame = data.frame.assign(provider=np.arange(len(data)) // 4, year=np.arange(len(data)) % 4)
    panel = em.CostData(frame, cost="cost", outputs=["a", "b"], entity="provider", time="year")
    found = em.outputs.scope_by_type(panel, second_order="none")
    one, all_rows = (
        each.tables["one technology for all"]["vuong"].iloc[1]
        for each in (found, em.outputs.scope_by_type(data, second_order="none"))
    )
    assert one != all_rows
    assert "fewer than 20 providers with several rows" in " ".join(found.notes)
