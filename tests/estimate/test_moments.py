"""Moments in one pass: certified digits, nearly collinear columns, blocks, and directions that data do not hold."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

import econmodel as em
from econmodel.errors import NotIdentified
from econmodel.estimate import design, least_squares
from econmodel.estimate.moments import Moments, accumulate, accumulate_orthogonally, condition_number, inverse, solve

REFERENCE = Path(__file__).parents[1] / "reference"
# Longley's condition number is some 100 after centring: four of sixteen digits go in squaring, two in exp and log.
CERTIFIED_DIGITS = 1e-9
# Adding the same products up in another order.
ANOTHER_ORDER = 1e-10


def test_longley_has_its_certified_values():
    expected = json.loads((REFERENCE / "longley.json").read_text(encoding="utf-8"))
    table = sm.datasets.longley.load_pandas().data
    names = ["GNPDEFL", "GNP", "UNEMP", "ARMED", "POP"]
    # Employment becomes log cost over 10,000, and the year log output in decades.
    columns = {"cost": np.exp(table["TOTEMP"] / 1e4), "decades": np.exp((table["YEAR"] - 1950) / 10)}
    data = em.CostData(table[names].assign(**columns), cost="cost", outputs=["decades"], controls=names)
    fitted = em.fit(data, "cobb_douglas", cov_type="nonrobust")
    raw = fitted.in_units()
    unit = dict.fromkeys(names, 10000.0) | {"decades": 1e3}
    for ours, column in [("decades", "YEAR"), *((name, name) for name in names)]:
        assert raw["coefficient"][ours] * unit[ours] == pytest.approx(expected["coef"][column], rel=CERTIFIED_DIGITS)
        assert raw["std. error"][ours] * unit[ours] == pytest.approx(expected["se"][column], rel=CERTIFIED_DIGITS)
    constant = 1e4 * raw["coefficient"]["constant"] - 1950 * expected["coef"]["YEAR"]
    assert constant == pytest.approx(expected["constant"], rel=CERTIFIED_DIGITS)
    assert 1e4 * np.sqrt(fitted.scale) == pytest.approx(expected["residual_standard_deviation"], rel=CERTIFIED_DIGITS)


APART = 1e-6


def nearly_collinear(rows=500):
    """Two controls that differ by a millionth, and a cost without error: every digit lost is the method's."""
    rng = np.random.default_rng(13)
    visits, common, other = np.exp(rng.standard_normal(rows)), *rng.standard_normal((2, rows))
    near = common + APART * other
    frame = pd.DataFrame({"visits": visits, "one": common, "near": near})
    frame["cost"] = np.exp(0.5 + 0.9 * np.log(visits) + 2.0 * common - 1.0 * near)
    return em.CostData(frame, cost="cost", outputs=["visits"], controls=["one", "near"])


def test_qr_keeps_the_digits_that_squaring_loses(monkeypatch):
    data = nearly_collinear()
    fitted = em.fit(data, "cobb_douglas")
    errors = np.abs(fitted.params[["one", "near"]].to_numpy() - [2.0, -1.0])
    # Log cost is known to some 1e-16, and the difference of the two controls is a millionth of it.
    assert errors.max() < 1e-8
    assert fitted.condition_number == pytest.approx(2 / APART, rel=0.2)
    assert any("The condition number is" in note for note in fitted.notes)
    monkeypatch.setattr(least_squares, "ORTHOGONAL_ABOVE", np.inf)
    squared = em.fit(data, "cobb_douglas")
    lost = np.abs(squared.params[["one", "near"]].to_numpy() - [2.0, -1.0])
    assert lost.max() > 100 * errors.max()


def test_qr_and_squaring_agree_where_both_can(monkeypatch):
    data = em.load("electricity_1970")
    squared = em.fit(data)
    monkeypatch.setattr(least_squares, "ORTHOGONAL_ABOVE", 0.0)
    orthogonal = em.fit(data)
    assert orthogonal.params.tolist() == pytest.approx(squared.params.tolist(), rel=1e-8)
    assert orthogonal.bse.tolist() == pytest.approx(squared.bse.tolist(), rel=1e-8)
    assert orthogonal.ssr == pytest.approx(squared.ssr, rel=ANOTHER_ORDER)
    assert orthogonal.condition_number == pytest.approx(squared.condition_number, rel=1e-6)


def test_qr_within_providers(monkeypatch):
    data = em.load("us_airlines")
    squared = em.fit(data, "cobb_douglas", effects="within")
    monkeypatch.setattr(least_squares, "ORTHOGONAL_ABOVE", 0.0)
    orthogonal = em.fit(data, "cobb_douglas", effects="within")
    assert orthogonal.params.tolist() == pytest.approx(squared.params.tolist(), rel=ANOTHER_ORDER)
    assert orthogonal.ssr == pytest.approx(squared.ssr, rel=ANOTHER_ORDER)


@pytest.mark.parametrize(
    ("form", "effects", "cov_type"),
    [
        ("translog", None, "nonrobust"),
        ("translog", None, "HC3"),
        ("translog", "within", "cluster"),
        ("translog", "within", "HC3"),
        ("composite", None, "cluster"),
    ],
)
def test_blocks_do_not_matter(monkeypatch, form, effects, cov_type):
    data = em.load("us_airlines")
    whole = em.fit(data, form, effects=effects, cov_type=cov_type)
    monkeypatch.setattr(design, "BLOCK_ROWS", 7)
    pieces = em.fit(data, form, effects=effects, cov_type=cov_type)
    # A level form's search may stop a step apart, within its relative offset of 1e-9.
    within = {"rel": 1e-6} if form == "composite" else {"rel": 1e-9}
    assert pieces.params.tolist() == pytest.approx(whole.params.tolist(), **within)
    assert pieces.bse.tolist() == pytest.approx(whole.bse.tolist(), **within)
    assert pieces.resid.tolist() == pytest.approx(whole.resid.tolist(), abs=1e-8 if form == "composite" else 1e-9)


def test_a_table_longer_than_a_block_is_fitted_like_any_other():
    rows = design.BLOCK_ROWS + 500
    cost = em.worlds.state("cobb_douglas", {"constant": 2.0, "a": 0.6, "b": 0.3}, outputs={"a": 10, "b": 5})
    frame = em.worlds.simulate(cost, rows).data.frame
    fitted = em.fit(em.CostData(frame, cost="cost", outputs=["a", "b"]), "translog", cov_type="HC1")
    u, v = np.log(frame["a"]) - np.log(frame["a"]).mean(), np.log(frame["b"]) - np.log(frame["b"]).mean()
    columns = np.column_stack([np.ones(rows), u, v, u * u / 2, u * v, v * v / 2])
    expected = sm.OLS(np.log(frame["cost"]), columns).fit(cov_type="HC1")
    assert fitted.params.tolist() == pytest.approx(expected.params.tolist(), rel=1e-8)
    assert fitted.bse.tolist() == pytest.approx(expected.bse.tolist(), rel=1e-8)


def test_moments_by_hand():
    rng = np.random.default_rng(14)
    rows = rng.standard_normal((4, 50))
    blocks = [(slice(0, 20), rows[:, :20]), (slice(20, 50), rows[:, 20:])]
    moments, triangular = accumulate(blocks), accumulate_orthogonally(blocks)
    assert (moments.count, triangular.count) == (50, 50)
    assert moments.gram == pytest.approx(rows @ rows.T, rel=ANOTHER_ORDER)
    assert triangular.gram == pytest.approx(rows @ rows.T, rel=ANOTHER_ORDER)
    assert moments.residual_squares == pytest.approx(rows[-1] @ rows[-1], rel=ANOTHER_ORDER)
    expected = np.linalg.lstsq(rows[:-1].T, rows[-1], rcond=None)[0]
    for found in (moments, triangular):
        assert solve(found, inverse(found, "abc")) == pytest.approx(expected, rel=ANOTHER_ORDER)
        assert inverse(found, "abc") == pytest.approx(np.linalg.inv(rows[:-1] @ rows[:-1].T), rel=1e-9)


def test_the_condition_number_does_not_depend_on_units():
    rng = np.random.default_rng(15)
    rows = rng.standard_normal((4, 50))
    scaled = rows * np.array([[1.0], [1e6], [1e-6], [1.0]])
    one, other = (condition_number(Moments(values @ values.T, 50)) for values in (rows, scaled))
    assert other == pytest.approx(one, rel=1e-9)
    singular = np.linalg.svd(rows[:-1].T / np.linalg.norm(rows[:-1], axis=1), compute_uv=False)
    assert one == pytest.approx(singular[0] / singular[-1], rel=1e-9)


def collinear(**columns):
    rng = np.random.default_rng(16)
    a, b, wage = np.exp(rng.standard_normal((3, 80)))
    frame = pd.DataFrame({"a": a, "b": b, "wage": wage, "x": rng.standard_normal(80)})
    frame = frame.assign(**{name: make(frame) for name, make in columns.items()})
    frame["cost"] = (2.0 + a + b) * np.exp(0.1 * rng.standard_normal(80))
    return frame


@pytest.mark.parametrize("form", ["cobb_douglas", "composite"])
def test_columns_that_move_together_are_named(form):
    frame = collinear(double=lambda f: 2 * f["x"])
    data = em.CostData(frame, cost="cost", outputs=["a", "b"], controls=["x", "double"])
    cure = r"No numbers are returned. Leave one of them out or add them up"
    with pytest.raises(NotIdentified, match=rf"The parameters of x and double cannot be separated: .*{cure}"):
        em.fit(data, form, second_order="none")


@pytest.mark.parametrize(
    ("form", "copy"), [("cobb_douglas", lambda f: 3 * f["a"] ** 2), ("composite", lambda f: 3 * f["a"])]
)
def test_proportional_outputs_cannot_be_told_apart(form, copy):
    data = em.CostData(collinear(like_a=copy), cost="cost", outputs=["a", "b", "like_a"])
    with pytest.raises(NotIdentified, match=r"The parameters of a and like_a cannot be separated"):
        em.fit(data, form, second_order="none")


def test_more_than_two_columns_are_named_together():
    frame = collinear(sum=lambda f: f["x"] + np.log(f["a"]))
    data = em.CostData(frame, cost="cost", outputs=["a", "b"], controls=["x", "sum"])
    with pytest.raises(NotIdentified, match=r"The parameters of a, x and sum cannot be separated: they move together"):
        em.fit(data, "cobb_douglas")


def test_what_does_not_vary_within_a_provider_is_not_identified_within():
    frame = collinear(fixed=lambda f: np.repeat(np.arange(20.0), 4), who=lambda f: np.repeat(np.arange(20), 4))
    data = em.CostData(frame, cost="cost", outputs=["a"], controls=["fixed"], entity="who")
    with pytest.raises(NotIdentified, match=r"fixed does not vary within any who, so provider effects absorb"):
        em.fit(data, "cobb_douglas", effects="within")
