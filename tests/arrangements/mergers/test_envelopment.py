"""Mergers by data envelopment: what R's Benchmarking prints, a case by hand, and what any envelope must satisfy."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import econmodel as em
from econmodel.arrangements.benchmarking import envelop, input_efficiency
from econmodel.economies.core import identity
from econmodel.errors import NotSupported, TableError, UnknownName

REFERENCE = json.loads(
    (Path(__file__).parents[2] / "reference" / "benchmarking_merger.json").read_text(encoding="utf-8")
)
# Both solve linear programmes, whose solvers stop at their own tolerances.
SOLVERS = 1e-6
FULL = {"crs": "constant", "vrs": "variable", "drs": "decreasing"}
INPUTS, OUTPUTS = ["x1", "x3", "x5"], ["y2", "y4"]


@pytest.fixture(scope="module")
def farms():
    return pd.DataFrame(REFERENCE["farms"]).set_index(pd.RangeIndex(1, 41))


@pytest.mark.parametrize("returns", FULL)
def test_efficiencies_are_those_of_benchmarking(farms, returns):
    used, made = farms[INPUTS].to_numpy(), farms[OUTPUTS].to_numpy()
    # Every fourth farm: forty linear programmes a technology say no more than ten.
    found = [input_efficiency(used, made, used[farm], made[farm], FULL[returns]) for farm in range(0, 40, 4)]
    assert found == pytest.approx(REFERENCE["results"][f"dea_in_{returns}"]["eff"][::4], abs=SOLVERS)


@pytest.mark.parametrize("case", ["merge_vrs", "merge_drs", "merge_crs", "merge_cost_as_single_input_vrs"])
@pytest.mark.parametrize("place", range(4))
def test_mergers_are_those_of_benchmarking(farms, case, place):
    expected, inputs = REFERENCE["results"][case], INPUTS
    if "cost" in case:
        farms = farms.assign(cost=sum(farms[f"x{one}"] * farms[f"w{one}"] for one in (1, 3, 5)))
        inputs = ["cost"]
    returns = FULL[case.removeprefix("merge_").removeprefix("cost_as_single_input_")]
    found = em.arrangements.envelopment(
        farms, REFERENCE["partners"][place], inputs=inputs, outputs=OUTPUTS, returns=returns
    )
    names = {"Eff": "merger", "learning": "learning", "harmony": "harmony", "size": "size"}
    values = found.table.set_index("term")["estimate"]
    for theirs, ours in names.items():
        value = float(expected[theirs][place])
        # They print Inf, or NaN for what follows from it, where no mix makes as much; here both are missing.
        assert values[ours] == pytest.approx(value if np.isfinite(value) else np.nan, abs=SOLVERS, nan_ok=True), ours
    assert ("makes as much as the merged one would" in found.text) == np.isnan(values["merger"])


TOY = pd.DataFrame({"x": [100.0, 200.0, 300.0, 500.0], "y": [75.0, 100.0, 300.0, 400.0]}, index=list("ABCD"))


@pytest.mark.parametrize(
    ("returns", "partners", "own", "factors"),
    [
        # Two lines from A to C to D: at 100 users 11/18 of B's inputs, at 175 the merged need 0.85 of 222.2 = 1700/9.
        ("variable", "AB", (1, 11 / 18), (17 / 27, 20 / 27, 1, 0.85)),
        ("constant", "AB", (0.75, 0.5), (7 / 12, 7 / 12, 1, 1)),
        ("constant", "CD", (1, 0.8), (0.875, 0.875, 1, 1)),
        ("variable", "CD", (1, 1), (np.nan, np.nan, 1, np.nan)),
    ],
)
def test_a_table_of_four_by_hand(returns, partners, own, factors):
    found = em.arrangements.envelopment(TOY, list(partners), inputs=["x"], outputs=["y"], returns=returns)
    assert found.table["estimate"].tolist() == pytest.approx(list(factors), abs=SOLVERS, nan_ok=True)
    assert found.tables["partners"]["efficiency"].tolist() == pytest.approx(list(own), abs=SOLVERS)


def test_the_sentence_tells_learning_from_the_merger():
    text = em.arrangements.envelopment(TOY, ["A", "B"], inputs=["x"], outputs=["y"]).text
    assert "with 63 % of their inputs. The partners could save 25.9 % of them without merging" in text
    assert "the merger itself needs 15 % less (harmony 1, size 0.85)." in text


amounts = st.lists(st.floats(1.0, 100.0), min_size=16, max_size=16)


@settings(max_examples=8)
@given(amounts, st.floats(0.1, 50.0))
def test_identities_of_any_envelope(values, unit):
    table = np.array(values).reshape(8, 2)
    inputs, outputs = table[:, :1], table[:, 1:]
    members = np.array([0, 1, 2])
    constant = envelop(inputs, outputs, members, "constant")
    assert constant.size == pytest.approx(1.0, abs=SOLVERS)
    # One input and one output with constant returns leave nothing to harmony.
    assert constant.harmony == pytest.approx(1.0, abs=SOLVERS)
    variable = envelop(inputs, outputs, members, "variable")
    # Each is a provider of the table, so it can at least do what it does.
    assert (variable.efficiencies <= 1 + SOLVERS).all()
    assert (variable.efficiencies >= constant.efficiencies - SOLVERS).all()
    in_other_units = envelop(inputs * unit, outputs, members, "variable")
    assert in_other_units.harmony == pytest.approx(variable.harmony, abs=SOLVERS)
    increasing, decreasing = (envelop(inputs, outputs, members, one) for one in ("increasing", "decreasing"))
    assert (increasing.efficiencies <= variable.efficiencies + SOLVERS).all()
    assert (decreasing.efficiencies <= variable.efficiencies + SOLVERS).all()


def test_cost_and_outputs_of_a_described_table_are_taken_by_default():
    data = em.CostData(TOY.rename(columns={"x": "spend"}), cost="spend", outputs=["y"])
    found = em.arrangements.envelopment(data, ["row A", "row B"])
    assert found.table["estimate"].tolist() == pytest.approx([17 / 27, 20 / 27, 1, 0.85], abs=SOLVERS)


@pytest.mark.parametrize(
    ("table", "partners", "arguments", "error", "said"),
    [
        (TOY, ["A"], {}, NotSupported, "A merger needs two partners or more, and this has 1"),
        (TOY, "AB", {}, NotSupported, "partners='AB': give the providers that merge as a list of names"),
        (TOY, ["A", "B", "A"], {}, NotSupported, "A is named twice among the partners"),
        (TOY, ["A", "E"], {}, UnknownName, r"'E' is not a provider of the table \(names are like 'A'\)"),
        (TOY, ["A", "B"], {"returns": "vrs"}, UnknownName, "returns='vrs' is not known. Returns to scale may be var"),
        (TOY, ["A", "B"], {"inputs": None}, TableError, "A plain table does not say what is used"),
        (TOY, ["A", "B"], {"inputs": "x"}, TableError, r"inputs='x': give a list of columns, such as \['x'\]"),
        (TOY, ["A", "B"], {"outputs": ["z"]}, UnknownName, "outputs: there is no column 'z'"),
        (TOY.assign(x=-1.0), ["A", "B"], {}, TableError, "x has missing or negative numbers"),
        (TOY.assign(y=0.0), ["A", "B"], {}, TableError, "y is zero for every provider; leave it out of outputs"),
        ([1, 2], ["A", "B"], {}, TableError, "data is a list: give a table of providers"),
    ],
)
def test_what_is_wrong_is_said(table, partners, arguments, error, said):
    with pytest.raises(error, match=said):
        em.arrangements.envelopment(table, partners, **{"inputs": ["x"], "outputs": ["y"], **arguments})


def test_a_provider_with_several_rows_must_be_named_by_one():
    with pytest.raises(NotSupported, match=r"1 has 15 rows: name the one that is meant \('firm 1, 1970'"):
        em.arrangements.envelopment(em.load("us_airlines"), [1, 2])


def test_a_programme_that_is_not_solved_and_a_product_that_misses_raise(monkeypatch):
    import scipy.optimize

    with monkeypatch.context() as patch:
        patch.setattr(identity, "ADDING_UP", -1.0)
        with pytest.raises(ArithmeticError, match=r"The factors of the merger miss their product by \d"):
            em.arrangements.envelopment(TOY, ["A", "B"], inputs=["x"], outputs=["y"])
    stopped = SimpleNamespace(status=4, message="numerical difficulties")
    monkeypatch.setattr(scipy.optimize, "linprog", lambda *_, **__: stopped)
    with pytest.raises(ArithmeticError, match="of an efficiency was not solved: numerical difficulties"):
        em.arrangements.envelopment(TOY, ["A", "B"], inputs=["x"], outputs=["y"])
