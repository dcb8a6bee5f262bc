"""Where measures are taken, and whether providers say anything about it."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies.core.support import HULL_DIMENSIONS, NEAR_ENOUGH, _is_mixture, inside_hull, outputs_supported
from econmodel.errors import NotSupported, TableError, UnknownName

# The same cost function evaluated once more.
EXACT = 1e-12


@pytest.fixture(scope="module")
def fitted():
    """Two outputs, a price, a relationship variable in logs and a control, by a translog."""
    rng = np.random.default_rng(25)
    a, b, wage, r = np.exp(rng.normal(0, 0.5, (4, 120))) * np.array([[10.0], [5.0], [3.0], [0.5]])
    frame = pd.DataFrame({"a": a, "b": b, "wage": wage, "r": r, "x": rng.standard_normal(120)})
    frame["cost"] = (5 + 3 * a + 4 * b) * wage**0.5 * r**0.1 * np.exp(0.1 * rng.standard_normal(120))
    frame["who"] = [f"p{i}" for i in range(120)]
    data = em.CostData(
        frame, cost="cost", outputs=["a", "b"], prices=["wage"], controls=["x"], entity="who",
        relationships={"r": em.Relationship("attribute", scale="log")},
    )  # fmt: skip
    return em.fit(data)


def elasticity(fitted, at):
    table = em.scale(fitted, at=at).table
    return table[table["term"] == "ray elasticity"].reset_index(drop=True)


def by_hand(fitted, a, b, wage=None, r=None, x=None):
    """Derivatives of predicted log cost along the ray, by a small step."""
    frame = fitted.data.frame
    wage, r = (np.exp(np.log(frame[name]).mean()) if v is None else v for name, v in (("wage", wage), ("r", r)))
    x = frame["x"].mean() if x is None else x
    step = 1e-4
    rows = pd.DataFrame([{"a": a * np.exp(s), "b": b * np.exp(s), "wage": wage, "r": r, "x": x} for s in (-step, step)])
    low, high = fitted.predict(rows)
    return (high - low) / (2 * step)


# A central difference of a quadratic is exact but for rounding of some 1e-16 over the step.
DIFFERENCE = 1e-9


def test_the_mean_is_where_the_form_is_centred(fitted):
    frame = fitted.data.frame
    means = [np.exp(np.log(frame[name]).mean()) for name in ("a", "b")]
    row = elasticity(fitted, "mean")
    assert row["at"].tolist() == ["mean"]
    assert row["estimate"][0] == pytest.approx(by_hand(fitted, *means), abs=DIFFERENCE)
    assert row["estimate"][0] == pytest.approx(fitted.params["a"] + fitted.params["b"], rel=EXACT)


@pytest.mark.parametrize(("at", "percent"), [("median", 50), ("p25", 25), ("p97.5", 97.5), ("p0", 0)])
def test_percentiles_of_each_output(fitted, at, percent):
    found = np.percentile(fitted.data.frame[["a", "b"]], percent, axis=0)
    row = elasticity(fitted, at)
    assert row["at"].tolist() == [at]
    assert row["estimate"][0] == pytest.approx(by_hand(fitted, *found), abs=DIFFERENCE)


def test_every_provider(fitted):
    found = elasticity(fitted, "every provider")
    assert found["at"].tolist() == [f"p{i}" for i in range(120)]
    row = fitted.data.frame.iloc[17]
    expected = by_hand(fitted, row["a"], row["b"], row["wage"], row["r"], row["x"])
    assert found["estimate"][17] == pytest.approx(expected, abs=DIFFERENCE)
    assert found["supported"].all()


@pytest.mark.parametrize("at", [2, 2.0, [2], (2.0,), np.array([2.0])])
def test_multiples_of_the_mean(fitted, at):
    row = elasticity(fitted, at)
    means = [2 * np.exp(np.log(fitted.data.frame[name]).mean()) for name in ("a", "b")]
    assert row["at"].tolist() == ["2 x mean"]
    assert row["estimate"][0] == pytest.approx(by_hand(fitted, *means), abs=DIFFERENCE)


def test_one_times_the_mean_is_the_mean(fitted):
    assert elasticity(fitted, [0.5, 1, 2])["at"].tolist() == ["0.5 x mean", "mean", "2 x mean"]


def test_given_values_and_the_rest_at_the_mean(fitted):
    b = np.exp(np.log(fitted.data.frame["b"]).mean())
    row = elasticity(fitted, {"a": 12.0, "wage": 4.0, "r": 0.3, "x": 1.0})
    assert row["at"].tolist() == ["a 12, wage 4, r 0.3, x 1"]
    assert row["estimate"][0] == pytest.approx(by_hand(fitted, 12.0, b, 4.0, 0.3, 1.0), abs=DIFFERENCE)


def test_a_table_of_places(fitted):
    table = pd.DataFrame({"a": [8.0, 12.0], "b": [4.0, 9.0]})
    found = elasticity(fitted, table)
    assert found["at"].tolist() == ["a 8, b 4", "a 12, b 9"]
    assert found["estimate"][1] == pytest.approx(by_hand(fitted, 12.0, 9.0), abs=DIFFERENCE)


def test_level_forms_are_centred_at_arithmetic_means():
    fitted = em.fit(em.load("uk_universities").using(relationships=[]), "composite", second_order="none")
    at_mean = em.scale(fitted).row("ray elasticity")["estimate"]
    means = fitted.data.frame[list(fitted.data.outputs)].mean().to_dict()
    given = em.scale(fitted, at=means).row("ray elasticity")["estimate"]
    assert given == pytest.approx(at_mean, rel=EXACT)


@pytest.mark.parametrize(
    "at",
    ["everywhere", "p101", "p-5", "pten", "", [], [0.5, "meen"], [-1.0], 0, [float("nan")], None, object(), {1, 2}],
)
def test_what_is_not_a_place_is_refused(fitted, at):
    with pytest.raises(
        UnknownName, match=r"is not a place. It may be \"mean\", \"median\", a percentile such as \"p25\""
    ):
        em.scale(fitted, at=at)


@pytest.mark.parametrize(
    ("at", "error", "message"),
    [
        ({"visits": 3.0}, UnknownName, r"visits is not in the cost function. It has a, b, wage, r, x"),
        ({"a": 0.0}, TableError, r"a must be above zero where cost is evaluated"),
        ({"wage": 0.0}, TableError, r"wage must be above zero where cost is evaluated: it enters in logs"),
        ({"r": -0.5}, TableError, r"r must be above zero where cost is evaluated: it enters in logs"),
        (pd.DataFrame({"cost": [1.0]}), UnknownName, r"cost is not in the cost function"),
        ({"a": float("nan")}, TableError, r"a must be a number where cost is evaluated, and nan is none. Give one, or"),
        ({"x": "rural"}, TableError, r"x must be a number where cost is evaluated, and rural is none"),
        (pd.DataFrame({"r": [0.2, np.inf]}), TableError, r"r must be a number .*, and inf is none"),
    ],
)
def test_places_that_the_form_cannot_hold_are_refused(fitted, at, error, message):
    with pytest.raises(error, match=message):
        em.scale(fitted, at=at)


def test_an_empty_table_is_no_place(fitted):
    with pytest.raises(UnknownName, match=r"at= is a table without a row: give one row for each place"):
        em.scale(fitted, at=pd.DataFrame({"a": []}))


@pytest.mark.parametrize("at", ["every provider", "median", "p10"])
def test_stated_parameters_have_no_providers(state_f1, at):
    with pytest.raises(NotSupported, match=r"needs providers; these parameters are stated, without a table"):
        em.scale(state_f1(), at=at)


# Support


def test_points_among_the_providers_are_supported_and_others_flagged(fitted):
    check = em.support(fitted, at=[1, 1.2, 50])
    assert check.table["supported"].tolist() == [True, True, False]
    assert check.passed is False
    assert "1 of 3 points lie outside the convex hull of the outputs of 120 providers (50 x mean)" in check.text
    assert "extrapolation by the form, not evidence" in check.text
    inside = em.support(fitted, at=1.1)
    assert inside.passed is True
    assert inside.text == "The point lies inside the convex hull of the outputs of 120 providers."
    assert em.support(fitted, at=[1, 1.1]).text.startswith("All 2 points lie inside")


def test_every_provider_supports_itself(fitted):
    check = em.support(fitted, at="every provider")
    assert check.passed
    assert (check.table["distance to nearest provider"] < EXACT).all()


def test_the_distance_to_the_nearest_provider_is_in_standard_deviations(fitted):
    logs = np.log(fitted.data.frame[["a", "b"]])
    point = np.log([30.0, 2.0])
    expected = np.sqrt(((logs - point) / logs.std(ddof=0)).pow(2).sum(axis=1)).min()
    found = em.support(fitted, at={"a": 30.0, "b": 2.0}).table["distance to nearest provider"][0]
    assert found == pytest.approx(expected, rel=EXACT)


def test_a_mix_that_nobody_has_is_outside_though_each_output_is_in_range(fitted):
    frame = fitted.data.frame
    corner = {"a": frame["a"].max(), "b": frame["b"].min()}
    assert not em.support(fitted, at=corner).passed


def test_measures_flag_places_without_support(fitted):
    result = em.scale(fitted, at=[1, 50])
    flags = result.table.set_index(["term", "at"])["supported"]
    assert bool(flags["ray elasticity", "mean"]) is True
    assert bool(flags["ray elasticity", "50 x mean"]) is False
    assert "1 of 2 places lies beyond the data: what is said there is what the form implies" in result.text


SPOKEN_OF = [em.scale, em.marginal_cost, em.relationship]


@pytest.mark.parametrize("measure", SPOKEN_OF)
def test_a_sentence_about_a_place_without_support_says_so(fitted, measure):
    assert "beyond" not in measure(fitted, at=1.1).text
    said = "this is what the form implies beyond the data, not what providers show."
    assert measure(fitted, at=50).text.endswith(said)
    several = measure(fitted, at=[50, 1]).text
    assert said in several
    assert several.endswith(
        "1 of 2 places lies beyond the data: what is said there is what the form implies, not what providers show."
    )


@pytest.mark.parametrize("variable", ["wage", "r", "x"])
def test_prices_relationships_and_controls_must_lie_in_the_range_that_providers_have(fitted, variable):
    column = fitted.data.frame[variable]
    inside = em.support(fitted, at=pd.DataFrame({variable: [column.min(), column.max()]}))
    assert inside.passed
    assert f"beyond the range of {variable}" not in inside.text
    beyond = em.support(fitted, at={variable: 1.01 * column.max()})
    assert beyond.passed is False
    assert (
        f"outside the convex hull of the outputs of 120 providers, or beyond the range of {variable}, (" in beyond.text
    )
    assert not em.scale(fitted, at={variable: 1.01 * column.max()}).table["supported"].any()


def test_stated_parameters_have_no_support_to_check(state_f1):
    with pytest.raises(NotSupported, match=r"stated parameters have none"):
        em.support(state_f1())


def test_a_log_form_is_never_asked_for_support_at_zero(fitted):
    with pytest.raises(ValueError, match=r"A log form has no coordinates at zero output"):
        outputs_supported(fitted, np.array([[0.0, 1.0]]))


@pytest.mark.parametrize("dimensions", [1, 2, 3, 4])
def test_the_hull_agrees_with_linear_programmes(dimensions):
    rng = np.random.default_rng(26)
    seen = rng.standard_normal((40, dimensions))
    points = np.vstack([1.3 * rng.standard_normal((25, dimensions)), seen[:3], seen[:4].mean(axis=0)])
    found = inside_hull(seen, points)
    assert found.tolist() == [_is_mixture(seen, point) for point in points]
    assert 0 < found.sum() < len(points)
    assert found[-4:].all()


def test_with_more_outputs_than_a_hull_takes_the_nearest_provider_decides():
    names = [f"y{i}" for i in range(HULL_DIMENSIONS + 1)]
    cost = em.worlds.state("cobb_douglas", dict.fromkeys(names, 0.15), outputs=dict.fromkeys(names, 10))
    fitted = em.fit(em.worlds.simulate(cost, 200).data, "cobb_douglas")
    logs = np.log(fitted.data.frame[names].to_numpy())
    scaled = logs / logs.std(axis=0)
    own = np.sort(np.linalg.norm(scaled[:, None] - scaled, axis=2), axis=1)[:, 1]
    far = np.exp(logs[0] + np.outer([0.0, 0.2, 0.6, 3.0], np.eye(len(names))[0]))
    from_nearest = np.linalg.norm((np.log(far) / logs.std(axis=0))[:, None] - scaled, axis=2).min(axis=1)
    expected = from_nearest <= np.percentile(own, NEAR_ENOUGH)
    check = em.support(fitted, at=pd.DataFrame(far, columns=names))
    assert check.table["supported"].tolist() == expected.tolist()
    assert 0 < expected.sum() < len(expected)
    assert "outside the neighbourhood of 200 providers" in check.text


def test_facets_are_looked_at_in_batches(monkeypatch):
    rng = np.random.default_rng(29)
    seen, points = rng.standard_normal((50, 3)), rng.standard_normal((30, 3))
    at_once = inside_hull(seen, points)
    monkeypatch.setattr("econmodel.economies.core.support.BATCH_PRODUCTS", 200)
    assert inside_hull(seen, points).tolist() == at_once.tolist()
    assert inside_hull(seen, points[:0]).tolist() == []


def test_outputs_on_a_line_have_a_hull_without_facets():
    along = np.linspace(0, 1, 20)[:, None]
    seen = np.hstack([along, 2 * along])
    assert inside_hull(seen, np.array([[0.5, 1.0], [0.5, 1.5], [1.5, 3.0]])).tolist() == [True, False, False]


def test_the_unit_of_outputs_does_not_matter_to_the_hull():
    rng = np.random.default_rng(28)
    seen, points = rng.standard_normal((30, 2)), rng.standard_normal((30, 2))
    scale = np.array([1e6, 1e-6])
    assert inside_hull(seen, points).tolist() == inside_hull(seen * scale, points * scale).tolist()


@pytest.mark.parametrize(
    "measure",
    [
        em.scale, em.scope, em.relationship, em.marginal_cost, em.unit_cost, em.outputs.diversification, em.density,
        em.outputs.exhaustion, em.outputs.expansion_path, em.outputs.complementarity, em.outputs.trans_ray,
        em.outputs.subadditivity, em.support, em.relationships.economies,
    ],
)  # fmt: skip
def test_a_measure_of_a_table_says_that_it_takes_a_fit(measure):
    data = em.load("us_airlines")
    for given, kind in ((data, "CostData"), (None, "NoneType"), ("airlines", "str")):
        with pytest.raises(NotSupported, match=rf"A measure takes a fit, and this is a {kind}. Fit the table first"):
            measure(given)


def test_a_fit_of_a_frame_says_that_it_takes_roles():
    data = em.load("us_airlines")
    with pytest.raises(NotSupported, match=r"em.fit takes a table with roles, and this is a DataFrame"):
        em.fit(data.frame)
