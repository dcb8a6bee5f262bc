"""One provider left out in turn: the loop that it stands for, and the provider that decides."""

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotSupported


def made(rows=25, odd=3.0):
    rng = np.random.default_rng(2)
    volume = np.append(rng.normal(size=rows - 1), 4.0)
    log_cost = volume + 0.02 * rng.normal(size=rows)
    log_cost[-1] -= odd
    frame = pd.DataFrame(
        {"cost": np.exp(log_cost), "visits": np.exp(volume), "provider": [f"P{i}" for i in range(rows)]}
    )
    return em.CostData(frame, cost="cost", outputs=["visits"], entity="provider")


def test_the_provider_that_decides_is_found():
    fitted = em.fit(made(), "cobb_douglas")
    found = em.influence(em.scale, fitted)
    row = found.table.set_index("term").loc["ray elasticity"]
    assert row["highest_without"] == "P24"
    assert row["estimate"] < 0.7 < row["highest"] < 1.05
    without = em.scale(em.fit(made().where('provider != "P24"', because="odd"), "cobb_douglas")).row("ray elasticity")
    assert row["highest"] == pytest.approx(without["estimate"], rel=1e-12)
    assert "without P24" in found.text


def test_a_result_that_rests_on_one_provider_says_so():
    found = em.influence(em.scale, em.fit(made(odd=-0.3), "cobb_douglas"))
    assert found.table["changes_sides"].any()
    assert "When one provider is left out" in found.text
    steady = em.influence(em.scale, em.fit(made(odd=0.0).using(), "cobb_douglas"), at=2.0)
    assert set(steady.table["term"]) >= {"ray elasticity"}


def test_identified_intervals_and_separations():
    rng = np.random.default_rng(3)
    frame = made().frame.assign(advice=np.exp(rng.normal(size=25)))
    two = em.CostData(
        frame.assign(cost=2.0 + frame["visits"] + frame["advice"]), cost="cost", outputs=["visits", "advice"]
    )
    ends = em.influence(em.scope, em.fit(two, "flexible_fixed_cost", second_order="none")).table["term"]
    assert {"degree of scope, lower end", "degree of scope, upper end"} <= set(ends)
    parts = em.influence(em.separate, em.fit(made(), "cobb_douglas")).table.set_index("term")["estimate"]
    assert parts["apparent"] == pytest.approx(parts.drop("apparent").sum(), abs=1e-10)


def test_too_many_providers_and_no_providers():
    with pytest.raises(NotSupported, match="537 providers would need as many fits"):
        em.influence(em.scale, em.fit(em.load("michigan_schools"), "cobb_douglas"))
    stated = em.worlds.state("cobb_douglas", {"constant": 1.0, "visits": 0.9}, outputs={"visits": 10.0})
    with pytest.raises(NotSupported, match="give a fit of a table"):
        em.influence(em.scale, stated)


def test_providers_without_whom_nothing_is_identified_are_named():
    frame = made().frame.assign(flag=[1.0] + [0.0] * 24)
    data = em.CostData(frame, cost="cost", outputs=["visits"], controls=["flag"], entity="provider")
    found = em.influence(em.scale, em.fit(data, "cobb_douglas", cov_type="nonrobust"))
    assert found.tables["fits that failed"]["without"].tolist() == ["P0"]


@pytest.mark.parametrize(
    ("measure", "options", "said"),
    [
        ("scale", {}, "'scale' is no measure"),
        (em.scale, {"place": 2}, "em.scale cannot be asked this way: got an unexpected keyword argument 'place'"),
        (em.decompose, {}, "em.decompose cannot be asked this way: missing a required argument"),
        (em.regularity, {}, "em.regularity gives no table of estimates"),
    ],
)
def test_what_is_no_measure_of_a_fit_says_so(measure, options, said):
    with pytest.raises(NotSupported, match=said):
        em.influence(measure, em.fit(em.load("new_mexico_nursing_homes"), "cobb_douglas"), **options)


def test_labels_to_cluster_by_and_rows_of_one_name():
    """Rows that share a label in the index are left out one by one, and labels need not be taken along."""
    homes = em.load("new_mexico_nursing_homes")
    plain = em.influence(em.scale, em.fit(homes, "cobb_douglas")).table
    grouped = em.influence(em.scale, em.fit(homes, "cobb_douglas", groups=np.arange(len(homes)) % 26)).table
    assert grouped["lowest"].tolist() == plain["lowest"].tolist()
    frame = homes.frame.set_axis(["same"] * len(homes))
    alike = em.CostData(frame, cost=homes.cost, outputs=list(homes.outputs), controls=list(homes.controls))
    without = em.influence(em.scale, em.fit(alike, "cobb_douglas")).table
    assert without["lowest"].to_numpy() == pytest.approx(plain["lowest"].to_numpy(), rel=1e-9)


def test_long_lists_are_cut_short():
    fitted = em.fit(em.load("new_mexico_nursing_homes"), "translog")
    found = em.influence(em.scale, fitted, at="every provider")
    assert found.table["changes_sides"].sum() > 5
    assert re.search(r"and \d+ others change sides of the null: what is said of them", found.text)


def test_what_is_next_to_zero_is_not_said_to_run_far():
    """Beside itself a value of nearly nothing runs a thousandfold; beside its error it stays where it is."""
    fitted = em.fit(made(), "cobb_douglas")

    def measure(fit):
        scale = em.scale(fit)
        nothing = scale.table.iloc[[0]].assign(term="nothing", estimate=lambda row: 1e-3 * (row["estimate"] - 0.64))
        return replace(scale, table=pd.concat([nothing.assign(null=0.0, std_error=0.1), scale.table]))

    found = em.influence(measure, fitted)
    row = found.table.set_index("term").loc["nothing"]
    assert (row["highest"] - row["lowest"]) / abs(row["estimate"]) > 5.0
    assert "providers left out, ray " in found.text


def test_its_columns_are_names_and_are_printed_in_words():
    found = em.influence(em.scale, em.fit(made(), "cobb_douglas"))
    assert list(found.table) == [
        "term", "estimate", "lowest", "lowest_without", "highest", "highest_without", "null", "changes_sides",
    ]  # fmt: skip
    assert list(found.printed())[:4] == ["of", "estimate", "lowest", "without"]
