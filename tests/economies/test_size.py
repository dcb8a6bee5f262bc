"""Size, the weights behind it, and what a separation does with providers that a form cannot hold."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies import separation
from econmodel.errors import NotSupported, TableError, UnknownName

# Slopes are ratios of sums over the table.
EXACT = 1e-10
FEW = 19


@pytest.fixture(scope="module")
def fitted():
    """Two outputs, a relationship variable, logs."""
    cost = em.worlds.state(
        "cobb_douglas", {"constant": 3.0, "a": 0.6, "b": 0.3, "r": -0.1}, outputs={"a": 10, "b": 5},
        relationships={"r": 0.5},
    )  # fmt: skip
    data = em.worlds.simulate(cost, 200, seed=6).data
    frame = data.frame.assign(beds=2 * data.frame["a"] + data.frame["b"], empty=np.r_[0.0, np.ones(199)])
    return em.fit(em.CostData(frame, cost="cost", outputs=["a", "b"], relationships=["r"]), "cobb_douglas")


def slope_on(frame, log_size, cost="cost"):
    return np.polyfit(log_size, np.log(frame[cost]), 1)[0]


def apparent(result):
    return result.row("apparent")["estimate"]


def test_one_output_is_its_own_size():
    result = em.separate(em.fit(em.load("electricity_1955"), "cobb_douglas"), replications=FEW)
    weights = result.tables["size weights"]
    assert weights[["output", "weight", "made_of"]].to_numpy().tolist() == [["output", 1.0, "the output itself"]]


def test_by_default_weights_are_marginal_costs_without_relationship_variables(fitted):
    result = em.separate(fitted, replications=FEW)
    without = em.fit(fitted.data.using(relationships=[]), "cobb_douglas")
    marginal = em.marginal_cost(without).table.set_index("term")["estimate"]
    weights = result.tables["size weights"].set_index("output")["weight"]
    for name in ("a", "b"):
        assert weights[name] == pytest.approx(marginal[f"marginal cost of {name}"], rel=1e-9)
    frame = fitted.data.frame
    assert apparent(result) == pytest.approx(slope_on(frame, np.log(frame[["a", "b"]] @ weights)), abs=EXACT)
    assert any("Size is measured by marginal costs at the mean" in note for note in result.notes)


def test_size_may_be_a_tariff_or_a_column_and_they_agree(fitted):
    tariff = em.separate(fitted, size={"b": 1, "a": 2}, replications=FEW)
    column = em.separate(fitted, size="beds", replications=FEW)
    expected = slope_on(fitted.data.frame, np.log(fitted.data.frame["beds"]))
    assert apparent(tariff) == pytest.approx(expected, abs=EXACT)
    assert column.table["estimate"].tolist() == pytest.approx(tariff.table["estimate"].tolist(), abs=EXACT)
    assert tariff.tables["size weights"]["made_of"].tolist() == ["given", "given"]
    assert "size weights" not in column.tables
    assert any("Size is measured by the column beds" in note for note in column.notes)


def test_the_unit_of_size_does_not_matter(fitted):
    one = em.separate(fitted, size={"a": 2, "b": 1}, replications=FEW).table["estimate"]
    other = em.separate(fitted, size={"a": 2e6, "b": 1e6}, replications=FEW).table["estimate"]
    assert one.tolist() == pytest.approx(other.tolist(), abs=EXACT)


def test_equal_weights_are_one_over_mean_output(fitted):
    result = em.separate(fitted, size="equal", replications=FEW)
    frame = fitted.data.frame
    size = frame["a"] / frame["a"].mean() + frame["b"] / frame["b"].mean()
    assert apparent(result) == pytest.approx(slope_on(frame, np.log(size)), abs=EXACT)
    beside = em.separate(fitted, replications=FEW).tables["equal weights"]
    assert beside["estimate"].tolist() == pytest.approx(result.table["estimate"].tolist(), abs=EXACT)


def test_the_size_of_another_result_is_used_again(fitted):
    first = em.separate(fitted, replications=FEW)
    without = em.fit(fitted.data.using(relationships=[]), "translog")
    again = em.separate(without, size=first, replications=FEW)
    assert apparent(again) == pytest.approx(apparent(first), abs=EXACT)
    assert again.tables["size weights"]["weight"].tolist() == first.tables["size weights"]["weight"].tolist()


@pytest.mark.parametrize("size", [None, {"a": 3.0, "b": 1.0}])
def test_parts_add_up_whatever_size_is(fitted, size):
    table = em.separate(fitted, size=size, replications=FEW).table
    assert table["term"].tolist() == ["apparent", "scale", "mix", "relationship: r", "residual"]
    assert table["estimate"][1:].sum() == pytest.approx(table["estimate"][0], abs=EXACT)


@pytest.mark.parametrize(
    ("size", "error", "message"),
    [
        ("visits", UnknownName, r"There is no column 'visits' to measure size by. There are cost, a, b, r"),
        ("empty", TableError, r"empty must be above zero in every row"),
        ({"a": 1.0}, UnknownName, r"size= needs one weight for each of a, b; it has a"),
        ({"a": 1.0, "b": 1.0, "c": 1.0}, UnknownName, r"size= needs one weight for each of a, b; it has a, b, c"),
        ({"a": 1.0, "b": 0.0}, NotSupported, r"The weight of b is not positive, so size would fall .* Give weights of"),
        ({"a": -1.0, "b": -2.0}, NotSupported, r"The weight of a, b is not positive"),
        (3, UnknownName, r"size=3 is not known. It may be a column, \"equal\", weights by output, or a separation"),
    ],
)
def test_a_size_that_cannot_be_meant_is_refused(fitted, size, error, message):
    with pytest.raises(error, match=message):
        em.separate(fitted, size=size, replications=FEW)


def test_only_a_separation_has_size_weights(fitted):
    with pytest.raises(NotSupported, match=r"size= was given a result without size weights; give the result of em.sep"):
        em.separate(fitted, size=em.scale(fitted), replications=FEW)


def test_a_marginal_cost_that_is_not_positive_is_refused_by_name():
    rng = np.random.default_rng(22)
    a, b = np.exp(rng.standard_normal((2, 100)))
    frame = pd.DataFrame(
        {"cost": np.exp(np.log(a) - 0.3 * np.log(b) + 0.05 * rng.standard_normal(100)), "a": a, "b": b}
    )
    fitted = em.fit(em.CostData(frame, cost="cost", outputs=["a", "b"]), "cobb_douglas")
    message = (
        r"The marginal cost of b at the mean is not positive, so it cannot weigh in size. Give weights of your own"
    )
    with pytest.raises(NotSupported, match=message):
        em.separate(fitted, replications=FEW)
    given = em.separate(fitted, size={"a": 1, "b": 1}, replications=FEW)
    assert np.isfinite(apparent(given))


def test_finnish_customers_have_a_negative_marginal_cost():
    fitted = em.fit(em.load("finnish_electricity"), "cobb_douglas")
    assert fitted.params["customers"] < 0
    with pytest.raises(NotSupported, match=r"The marginal cost of customers at the mean is not positive"):
        em.separate(fitted, replications=FEW)


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"replications": 1}, r"replications=1 gives no interval"), ({"replications": 0}, r"replications=0 gives no"),
     ({"conf_level": 2}, r"conf_level=2 is not between 0 and 1"), ({"conf_level": 0.0}, r"conf_level=0.0 is not")],
)  # fmt: skip
def test_an_interval_that_cannot_be_is_refused(fitted, asked, message):
    with pytest.raises(NotSupported, match=message):
        em.separate(fitted, **asked)


def test_stated_parameters_have_no_providers_to_separate(state_f1):
    with pytest.raises(NotSupported, match=r"takes a fit .* only stated have no providers"):
        em.separate(state_f1(), replications=FEW)


def specialised():
    """A level form, a dozen providers without `a`, and one that makes nothing."""
    rng = np.random.default_rng(23)
    frame = pd.DataFrame({"a": rng.gamma(3, 4, 60), "b": rng.gamma(3, 4, 60), "who": [f"p{i}" for i in range(60)]})
    frame.loc[:11, "a"] = 0.0
    frame["cost"] = (4 + 3 * (frame["a"] > 0) + frame["a"] + frame["b"]) * np.exp(0.1 * rng.standard_normal(60))
    return frame


def test_a_provider_without_any_output_is_named():
    frame = specialised()
    frame.loc[3, "b"] = 0.0
    data = em.CostData(frame, cost="cost", outputs=["a", "b"], entity="who")
    with pytest.raises(NotSupported, match=r"p3 has no output at all, and so no size"):
        em.separate(em.fit(data, "composite", second_order="none"), replications=FEW)


def test_parts_add_up_with_specialised_providers():
    data = em.CostData(specialised(), cost="cost", outputs=["a", "b"], entity="who")
    fitted = em.fit(data, "composite")
    assert "fixed cost of a" in fitted.params
    result = em.separate(fitted, replications=FEW)
    assert result.table["estimate"][1:].sum() == pytest.approx(result.row("apparent")["estimate"], abs=EXACT)


@pytest.mark.parametrize("count", [3, 6])
def test_providers_without_a_positive_cost_are_named_or_the_function_refuses(monkeypatch, count):
    data = em.worlds.simulate(
        em.worlds.state("composite", {"common cost": 10, "a": 50, "b": 40}, outputs={"a": 10, "b": 5}), 100, seed=7
    ).data
    frame = data.frame.assign(who=[f"p{i}" for i in range(100)])
    fitted = em.fit(em.CostData(frame, cost="cost", outputs=["a", "b"], entity="who"), "composite")
    exact = separation.parts

    def missing(*args):
        found = dict(exact(*args))
        found["scale"] = np.where(np.arange(100) < count, np.nan, found["scale"])
        return found

    monkeypatch.setattr(separation, "parts", missing)
    tariff = {"a": 1.0, "b": 1.0}
    if count > 5:
        message = r"Fitted cost is not positive for 6 of 100 providers on the way from the mean \(p0, p1, p2, p3, p4\)"
        with pytest.raises(NotSupported, match=message):
            em.separate(fitted, size=tariff, replications=FEW)
        return
    result = em.separate(fitted, size=tariff, replications=FEW)
    assert any("Left out of parts and slope, fitted cost not being positive: p0, p1, p2." in n for n in result.notes)
    assert result.tables["parts by size fifth"]["providers"].sum() == 97
    rest = frame.iloc[3:]
    expected = slope_on(rest, np.log(rest["a"] + rest["b"]))
    assert apparent(result) == pytest.approx(expected, abs=EXACT)
    assert result.table["estimate"][1:].sum() == pytest.approx(apparent(result), abs=EXACT)
