"""The gap between two providers, groups or periods: exact sums, definitions by brute force, intervals, errors."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies.core.path import parts
from econmodel.economies.sides import side_of
from econmodel.errors import EconmodelError, NotSupported, TableError, UnknownName
from econmodel.forms.technology import Point

# Sums of a dozen logs of size ten in double precision.
ROUNDING = 1e-10
# The same numbers by two routes of linear algebra.
SAME = 1e-8


@pytest.fixture(scope="module")
def airlines():
    return em.load("us_airlines")


@pytest.fixture(scope="module")
def composite():
    cost = em.worlds.state(
        "composite",
        {"common cost": 20, "visits": 50, "calls": 30, "visits x calls": -3, "continuity": -0.1},
        outputs={"visits": 100, "calls": 400},
        relationships={"continuity": 0.5},
    )
    data = em.worlds.simulate(cost, 150, follows_size={"continuity": -0.2}, seed=3).data
    return em.fit(data, "composite", second_order="outputs")


def estimates(found):
    return found.table.set_index("term")["estimate"]


def adds_up(found):
    values = estimates(found)
    return abs(values["cost gap"] - values.drop("cost gap").sum()) < ROUNDING


@pytest.mark.parametrize("form", ["cobb_douglas", "translog"])
@pytest.mark.parametrize("effects", [None, "within"])
@pytest.mark.parametrize(("start", "end"), [("firm 1, 1970", "firm 2, 1984"), ("firm 1", 4), (1970, 1984), ("mean", 3)])
def test_parts_add_up_in_log_forms(airlines, form, effects, start, end):
    fitted = em.fit(airlines, form, effects=effects, second_order="outputs" if form == "translog" else None)
    found = em.decompose(fitted, start, end, replications=29)
    assert adds_up(found)
    assert ("provider effects" in estimates(found)) == (effects is not None)
    curved_mean = form == "translog" and start != "firm 1, 1970"
    assert ("spread within groups" in estimates(found)) == curved_mean


@pytest.mark.parametrize(("start", "end"), [("row 0", "row 7"), ("visits > 100", "visits <= 100"), ("row 3", "mean")])
def test_parts_add_up_in_level_forms(composite, start, end):
    found = em.decompose(composite, start, end, replications=29)
    assert adds_up(found)
    assert {"scale", "mix", "relationship: continuity", "residual"} <= set(estimates(found).index)


def test_effects_that_cancel_are_nothing_and_not_rounding(airlines):
    """Every airline is there in every year, so their own levels cancel between years."""
    found = em.decompose(em.fit(airlines, "cobb_douglas", effects="within"), 1970, 1984, replications=29)
    assert estimates(found)["provider effects"] == 0.0
    assert (found.tables["each period"]["provider effects"] == 0.0).all()


def test_a_period_that_is_not_there_is_named_as_it_was_asked_for(airlines):
    with pytest.raises(UnknownName, match=r"^1950 is not a provider or period"):
        em.decompose(em.fit(airlines, "cobb_douglas"), np.int64(1950), 1984)


def test_the_gap_is_the_observed_ratio_of_cost(airlines, composite):
    cost = airlines.frame["cost"]
    found = em.decompose(em.fit(airlines, "cobb_douglas"), "firm 1, 1970", "firm 2, 1970")
    assert estimates(found)["cost gap"] == pytest.approx(np.log(cost.iloc[15] / cost.iloc[0]), rel=SAME)
    logs = np.log(cost).groupby(airlines.frame["firm"]).mean()
    found = em.decompose(em.fit(airlines, "cobb_douglas"), "firm 1", "firm 2")
    assert estimates(found)["cost gap"] == pytest.approx(logs["2"] - logs["1"], rel=SAME)
    frame = composite.data.frame
    means = frame.groupby(frame["visits"] > 100)["cost"].mean()
    found = em.decompose(composite, "visits <= 100", "visits > 100", replications=29)
    assert estimates(found)["cost gap"] == pytest.approx(np.log(means[True] / means[False]), rel=SAME)


def test_a_cobb_douglas_part_is_the_coefficient_times_the_difference_with_its_interval(airlines):
    fitted = em.fit(airlines, "cobb_douglas", cov_type="HC1", groups=None)
    found = em.decompose(fitted, "firm 1, 1970", "firm 3, 1980").table.set_index("term")
    frame = airlines.frame.set_axis(airlines.row_names())
    step = np.log(frame.loc["firm 3, 1980", "output"] / frame.loc["firm 1, 1970", "output"])
    assert found.loc["scale", "estimate"] == pytest.approx(fitted.params["output"] * step, rel=SAME)
    assert found.loc["scale", "std_error"] == pytest.approx(fitted.bse["output"] * abs(step), rel=SAME)
    low, high = sorted(fitted.conf_int().loc["output"] * step)
    assert found.loc["scale", ["conf_low", "conf_high"]].tolist() == pytest.approx([low, high], rel=SAME)
    assert found.loc[["cost gap", "residual"], ["std_error", "conf_low", "p_value"]].isna().all(axis=None)


def test_parts_turn_round_with_the_direction(composite):
    there, back = (em.decompose(composite, *ends) for ends in (("row 0", "row 7"), ("row 7", "row 0")))
    assert estimates(there).tolist() == pytest.approx((-estimates(back)).tolist(), abs=ROUNDING)
    assert there.table["std_error"].tolist() == pytest.approx(back.table["std_error"].tolist(), rel=SAME, nan_ok=True)


def test_level_parts_by_brute_force_along_the_path(composite):
    """Numerical differences of log cost along the straight line, in size, shares and continuity."""
    technology, theta, points = composite.technology, composite.theta, composite.points()
    found = em.decompose(composite, "row 0", "row 7", size={"visits": 0.5, "calls": 0.1})
    weights = np.array([0.5, 0.1])
    ends = [(np.log(points.outputs[i] @ weights), points.outputs[i], points.relationships[i]) for i in (0, 7)]
    (size_0, y_0, r_0), (size_1, y_1, r_1) = ends
    mix_0, mix_1 = y_0 / np.exp(size_0), y_1 / np.exp(size_1)
    steps, small = 2_000, 1e-6

    def log_cost(size, mix, r):
        return technology.log_cost(
            theta, Point(np.exp(size)[:, None] * mix, np.zeros((steps, 0)), r, np.zeros((steps, 0)))
        )

    s = (np.arange(steps) + 0.5)[:, None] / steps
    at = (size_0 + s[:, 0] * (size_1 - size_0), mix_0 + s * (mix_1 - mix_0), r_0 + s * (r_1 - r_0))
    way = (size_1 - size_0, mix_1 - mix_0, r_1 - r_0)
    for place, term in enumerate(["scale", "mix", "relationship: continuity"]):
        up, down = list(at), list(at)
        up[place] = at[place] + small * way[place]
        down[place] = at[place] - small * way[place]
        part = ((log_cost(*up) - log_cost(*down)) / (2 * small)).mean()
        # Midpoints of 2,000 steps miss an integral of this curvature by less than one in a million.
        assert estimates(found)[term] == pytest.approx(part, abs=1e-6)


def test_translog_parts_are_the_mean_of_the_end_gradients(airlines):
    fitted = em.fit(airlines, "translog", second_order="outputs")
    points, technology = fitted.points(), fitted.technology
    slopes = technology.slopes(fitted.theta, points).outputs[:, 0] * points.outputs[:, 0]
    found = em.decompose(fitted, "firm 1, 1970", "firm 2, 1984")
    step = np.log(points.outputs[29, 0] / points.outputs[0, 0])
    assert estimates(found)["scale"] == pytest.approx(0.5 * (slopes[0] + slopes[29]) * step, rel=SAME)


@pytest.mark.parametrize("form", ["translog", "cobb_douglas"])
def test_the_slopes_of_the_parts_on_size_are_the_separation(form):
    data = em.load("uk_universities").where("undergraduates > 0", because="logs")
    fitted = em.fit(data, form, second_order="outputs" if form == "translog" else None)
    size = dict.fromkeys(data.outputs, 1.0)
    rows = [
        estimates(em.decompose(fitted, "mean", name, size=size, replications=19))
        for name in data.row_names()
    ]  # fmt: skip
    table = pd.DataFrame(rows).fillna(0.0)
    log_size = np.log(data.frame[list(data.outputs)].sum(axis=1).to_numpy())
    slopes = {term: np.polyfit(log_size, table[term], 1)[0] for term in table if term != "spread within groups"}
    apart = em.separate(fitted, size=size, replications=19).table.set_index("term")["estimate"]
    slopes["apparent"] = slopes.pop("cost gap")
    for term in apart.index:
        assert slopes[term] == pytest.approx(apart[term], abs=SAME), term


def test_each_period_is_the_decomposition_against_the_first(airlines):
    fitted = em.fit(airlines, "translog", second_order="outputs", time_effects=True)
    found = em.decompose(fitted, 1970, 1984, replications=29)
    table = found.tables["each period"].set_index("year")
    assert list(table.index) == [str(year) for year in range(1971, 1985)]
    assert table.loc["1984"].tolist() == pytest.approx(estimates(found)[table.columns].tolist(), abs=ROUNDING)
    assert np.allclose(table.drop(columns="cost gap").sum(axis=1), table["cost gap"], atol=ROUNDING)
    assert abs(estimates(found)["time"]) > 0.01


def test_a_column_names_groups(airlines):
    fitted = em.fit(airlines, "cobb_douglas")
    by = em.decompose(fitted, 1, 2, by="firm")
    assert estimates(by).tolist() == estimates(em.decompose(fitted, "firm 1", "firm 2")).tolist()
    assert by.method == "delta"
    assert em.decompose(fitted, 1970, 1971, by="year", replications=29).method == "bootstrap"


def test_the_bootstrap_is_as_wide_as_the_spread_of_repeated_samples():
    cost = em.worlds.state(
        "cobb_douglas", {"constant": 4.0, "visits": 0.9, "continuity": -0.2}, outputs={"visits": 100},
        relationships={"continuity": 0.0},
    )  # fmt: skip
    values, errors = [], []
    for seed in range(100):
        data = em.worlds.simulate(cost, 120, follows_size={"continuity": -0.5}, seed=1000 + seed).data
        fitted = em.fit(data, "cobb_douglas")
        found = em.decompose(fitted, "visits > 100", "visits <= 100", replications=99, seed=seed).table.set_index(
            "term"
        )
        values.append(found["estimate"])
        errors.append(found["std_error"])
    ratio = pd.DataFrame(errors).mean() / pd.DataFrame(values).std()
    # A standard deviation from 100 draws is known to 7 %; three of these.
    assert ratio.between(0.79, 1.27).all(), ratio
    # True parts: the coefficient times the mean difference that the design implies (0.6 E|z| on either side).
    step = -2 * 0.6 * np.sqrt(2 / np.pi)
    means, spread = pd.DataFrame(values).mean(), pd.DataFrame(values).std() / np.sqrt(100)
    assert abs(means["scale"] - 0.9 * step) < 3.5 * spread["scale"]
    assert abs(means["relationship: continuity"] - 0.1 * step) < 3.5 * spread["relationship: continuity"]


def test_replications_without_one_side_are_left_out_and_counted():
    data = em.load("electricity_1970")
    fitted = em.fit(data)
    largest = data.frame["output"].nlargest(2).iloc[-1]
    found = em.decompose(fitted, f"output >= {largest}", "mean", replications=99)
    assert any("replications are left out" in note for note in found.notes)
    assert found.table["conf_low"].notna().all()


def test_the_sentence_says_the_ratio_and_points_that_add_up(airlines):
    fitted = em.fit(airlines, "cobb_douglas")
    found = em.decompose(fitted, "firm 1, 1970", "firm 1, 1971")
    cost = airlines.frame["cost"]
    more = 100 * (cost.iloc[1] / cost.iloc[0] - 1)
    assert f"Firm 1, 1971 costs {more:.1f} % more than firm 1, 1970" in found.text
    schools = em.fit(em.load("california_schools"))
    text = em.decompose(schools, *schools.data.row_names()[:2]).text
    assert "input ratio" in text
    assert "not an effect of relationship" in text


def test_the_same_seed_gives_the_same_numbers(airlines):
    fitted = em.fit(airlines, "cobb_douglas")
    one, two = (em.decompose(fitted, 1970, 1984, replications=49, seed=5).table for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_unknown_providers_are_named_with_the_nearest(airlines):
    fitted = em.fit(airlines, "cobb_douglas")
    with pytest.raises(UnknownName, match=r"'firm 1, 1907' is not a provider.*did you mean 'firm 1, 19"):
        em.decompose(fitted, "firm 1, 1907", "firm 1")
    with pytest.raises(UnknownName, match="7 is not a provider"):
        em.decompose(fitted, 7, "firm 1")


@pytest.mark.parametrize(
    ("start", "end", "how", "error", "says"),
    [
        ("firm 1", "firm 1", {}, NotSupported, "the same rows"),
        ("firm 1", 2, {"by": "yaer"}, UnknownName, "did you mean 'year'"),
        (1970, 1985, {"by": "year"}, UnknownName, "No row has year = 1985"),
        ("output >", "mean", {}, TableError, "cannot be read as a condition"),
        ("output > size", "mean", {}, UnknownName, "size"),
        ("output > 1e9", "mean", {}, TableError, "No row satisfies"),
        ("output + (cost > 1)", "mean", {}, TableError, "one truth value a row"),
        ("firm 1", "firm 2", {"conf_level": 95}, NotSupported, "conf_level"),
        (1970, 1984, {"replications": 5}, NotSupported, "replications=5"),
    ],
)
def test_what_cannot_be_compared_is_refused(airlines, start, end, how, error, says):
    with pytest.raises(error, match=says):
        em.decompose(em.fit(airlines, "cobb_douglas"), start, end, **how)


def test_a_number_that_is_both_a_provider_and_a_period_is_asked_about(airlines):
    frame = airlines.frame.assign(year=airlines.frame["year"] - 1969)
    data = em.CostData(frame, cost="cost", outputs=["output"], entity="firm", time="year")
    fitted = em.fit(data, "cobb_douglas")
    with pytest.raises(NotSupported, match='by="firm" or by="year"'):
        em.decompose(fitted, 1, 2)
    assert side_of(fitted, 15).kind == "period"


def test_stated_parameters_have_no_providers():
    cost = em.worlds.state("cobb_douglas", {"visits": 0.8}, outputs={"visits": 100})
    with pytest.raises(EconmodelError, match="stated"):
        em.decompose(cost, "a", "b")


def test_a_way_without_positive_cost_is_refused(composite):
    def lost(*args, **kwargs):
        return {name: value * np.nan for name, value in parts(*args, **kwargs).items()}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("econmodel.economies.decomposition.parts", lost)
        with pytest.raises(NotSupported, match="not positive on the way from row 0 to row 7"):
            em.decompose(composite, "row 0", "row 7")
