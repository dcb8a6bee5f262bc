"""Sensitivity to what is left out: the authors' own program, and an omitted variable that is known."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies.sensitivity import Coefficient, bounds_of
from econmodel.errors import NotSupported, UnknownName

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "sensemakr.json"
# The same closed forms from coefficients of another least-squares routine.
SAME_ALGEBRA = 1e-6


@pytest.fixture(scope="module")
def found():
    return em.sensitivity(em.fit(em.load("california_schools"), "cobb_douglas"), benchmark="lunch")


@pytest.mark.parametrize(("ours", "theirs"), [("staffing per pupil", "lt"), ("scale", "ly")])
def test_numbers_are_those_of_sensemakr(found, ours, theirs):
    expected = json.loads(REFERENCE.read_text(encoding="utf-8"))["results"][theirs]
    row = found.table.set_index("term").loc[ours]
    stats = expected["stats"]
    assert row["estimate"] - row["null"] == pytest.approx(stats["estimate"], rel=1e-5)
    assert row["explains_percent"] == pytest.approx(100 * stats["r2yd_x"], rel=1e-5)
    assert row["robustness_percent"] == pytest.approx(100 * stats["rv_q"], rel=1e-5)
    assert row["significance_percent"] == pytest.approx(100 * stats["rv_qa"], rel=1e-5)
    bounds, table = expected["bounds"], found.tables["benchmarks"].set_index("term").loc[ours]
    assert (table["of_variable_percent"] / 100).tolist() == pytest.approx(bounds["r2dz_x"], rel=1e-5)
    assert (table["of_cost_percent"] / 100).tolist() == pytest.approx(bounds["r2yz_dx"], rel=1e-5)
    for column, name in [
        ("estimate", "adjusted_estimate"),
        ("conf_low", "adjusted_lower_CI"),
        ("conf_high", "adjusted_upper_CI"),
    ]:
        assert (table[column] - row["null"]).tolist() == pytest.approx(bounds[name], rel=1e-4, abs=1e-9)


def test_the_words(found):
    assert "from which it does not differ at 5 % as it stands" in found.text
    assert "If it were 3 times as strong as lunch, staffing per pupil would be" in found.text


def test_what_is_left_out_and_known_moves_the_estimate_as_predicted():
    """With its two shares the formula gives the long regression's coefficient, whatever they are."""
    rng = np.random.default_rng(4)
    need = rng.normal(size=300)
    continuity = 0.5 * need + rng.normal(size=300)
    volume = rng.normal(size=300)
    cost = 0.9 * volume - 0.1 * continuity - 0.3 * need + 0.2 * rng.normal(size=300)
    frame = pd.DataFrame({"cost": np.exp(cost), "visits": np.exp(volume), "continuity": continuity, "need": need})
    data = em.CostData(frame, cost="cost", outputs=["visits"], relationships=["continuity"], controls=["need"])
    short, long = em.fit(data.using(controls=[]), "cobb_douglas"), em.fit(data, "cobb_douglas")
    of_cost = 1.0 - long.ssr / short.ssr
    regressors = np.column_stack([np.ones(300), volume])
    inside = [one - regressors @ np.linalg.lstsq(regressors, one, rcond=None)[0] for one in (continuity, need)]
    of_variable = float((inside[0] @ inside[1]) ** 2 / (inside[0] @ inside[0]) / (inside[1] @ inside[1]))
    error = float(np.sqrt(np.diag(short.classical_covariance))[short.technology.names.index("continuity")])
    value, _ = Coefficient(float(short.params["continuity"]), 0.0, error, short.df_resid).adjusted(of_cost, of_variable)
    assert value == pytest.approx(long.params["continuity"], rel=SAME_ALGEBRA)


def test_several_outputs_and_second_order_terms():
    grids = em.fit(em.load("finnish_electricity"), "translog")
    found = em.sensitivity(grids, "scale")
    parameters = grids.params[["energy", "length", "customers"]].sum()
    assert found.table["estimate"].iloc[0] == pytest.approx(parameters, rel=SAME_ALGEBRA)


def test_robustness_values():
    # The t and the degrees of freedom of the authors' example, whose robustness value they print as 13.9 %.
    one = Coefficient(0.097, 0.0, 0.097 / 4.18, 783.0)
    assert one.robustness() == pytest.approx(0.139, abs=5e-4)
    assert one.adjusted(one.robustness(), one.robustness())[0] == pytest.approx(0.0, abs=1e-12)
    assert 0 < one.robustness(0.95) < one.robustness()
    assert Coefficient(1.0, 1.0, 0.1, 50.0).robustness() == 0.0
    huge = Coefficient(10.0, 0.0, 0.01, 20.0)
    assert huge.robustness(0.95) == pytest.approx(huge.explained, rel=0.01)


def test_nothing_is_stronger_than_what_leaves_nothing_over():
    assert bounds_of(1.0, 0.6, 0.1) is None
    assert bounds_of(1.0, 0.1, 0.1) is not None


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"of": "continuity"}, UnknownName, "of='continuity' is not known. It may be scale, teachers_per_pupil"),
        ({"benchmark": "rural"}, UnknownName, "benchmark='rural' is not in the fit. It may be lunch, english, income"),
        (
            {"benchmark": "lunch", "multiples": [60]},
            NotSupported,
            "Nothing left out can be 60 times as strong as lunch",
        ),
        ({"benchmark": "lunch", "multiples": [-1]}, NotSupported, "how many times as strong is a number above zero"),
        (
            {"of": "teachers_per_pupil", "benchmark": "teachers_per_pupil"},
            NotSupported,
            "teachers_per_pupil cannot be compared with itself",
        ),
    ],
)
def test_what_cannot_be_asked_says_so(asked, error, said):
    with pytest.raises(error, match=said):
        em.sensitivity(em.fit(em.load("california_schools"), "cobb_douglas"), **asked)


def test_other_estimators_are_refused():
    fitted = em.fit(em.load("us_airlines"), "cobb_douglas", effects="mundlak")
    with pytest.raises(NotSupported, match="worked out for least squares"):
        em.sensitivity(fitted)


def test_a_variable_is_compared_with_scale_and_not_with_itself():
    fitted = em.fit(em.load("california_schools"), "cobb_douglas")
    found = em.sensitivity(fitted, benchmark="teachers_per_pupil", multiples=0.1)
    assert found.tables["benchmarks"]["term"].tolist() == ["scale"]


def test_a_fit_without_residual_has_nothing_left_out():
    volume = np.exp(np.random.default_rng(0).normal(size=50))
    data = em.CostData(pd.DataFrame({"cost": volume**0.9, "visits": volume}), cost="cost", outputs=["visits"])
    with pytest.raises(NotSupported, match="leaves no residual"):
        em.sensitivity(em.fit(data, "cobb_douglas"))


def test_columns_do_not_change_with_the_level(found):
    other = em.sensitivity(em.fit(em.load("california_schools"), "cobb_douglas"), benchmark="lunch", conf_level=0.9)
    assert list(other.table) == list(found.table)
    assert list(other.table) == [
        "term", "estimate", "null", "explains_percent", "robustness_percent", "significance_percent",
    ]  # fmt: skip
    assert list(other.printed())[-1] == "at 90 %, %"
    assert list(found.printed())[-1] == "at 95 %, %"
