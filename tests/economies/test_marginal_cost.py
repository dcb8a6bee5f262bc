"""Marginal, incremental and unit cost against differences of cost."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import UnknownName

# Closed forms against central differences of cost at a step of 1e-5.
DIFFERENCES = 1e-6
EXACT = 1e-10


def cost_at(fitted, **values):
    return np.exp(fitted.predict(pd.DataFrame([values]))[0])


@pytest.mark.parametrize("form", ["composite", "translog"])
def test_marginal_cost_is_the_derivative_of_cost(form, composite, translog):
    fitted = {"composite": composite, "translog": translog}[form]
    here = {"a": 12.0, "b": 4.0, "wage": 3.5, "r": 0.45}
    result = em.marginal_cost(fitted, at=here)
    for name in ("a", "b"):
        step = 1e-5 * here[name]
        slope = cost_at(fitted, **here | {name: here[name] + step}) - cost_at(
            fitted, **here | {name: here[name] - step}
        )
        assert result.row(f"marginal cost of {name}")["estimate"] == pytest.approx(slope / (2 * step), rel=DIFFERENCES)
    assert ("average incremental cost of a" in result.table["term"].tolist()) == (form == "composite")


def test_average_incremental_cost_lies_between_none_and_all_of_the_intercept(composite):
    here = {"a": 12.0, "b": 4.0, "wage": 3.5, "r": 0.45}
    row = em.marginal_cost(composite, at=here).row("average incremental cost of a")
    low = (cost_at(composite, **here) - cost_at(composite, **here | {"a": 0.0})) / 12.0
    intercept = cost_at(composite, **here | {"a": 0.0, "b": 0.0})
    assert row["identified_low"] == pytest.approx(low, rel=EXACT)
    assert row["identified_high"] == pytest.approx(low + intercept / 12.0, rel=EXACT)


def test_money_stands_in_the_sentence():
    text = em.marginal_cost(em.fit(em.load("california_schools"), "cobb_douglas")).text
    assert text.startswith("At the mean, one more unit of pupils costs ")
    assert "USD" in text


def test_the_curve_of_unit_cost():
    fitted = em.fit(em.load("electricity_1970"), "translog", second_order="outputs")
    curve = em.unit_cost(fitted, at=[0.5, 1, 4])
    mean = np.exp(np.log(fitted.data.frame["output"]).mean())
    assert curve.table["size"].tolist() == pytest.approx([0.5 * mean, mean, 4 * mean])
    cost = np.exp(fitted.params["constant"] + np.log(fitted.data.frame["fuel_price"]).mean())
    assert curve.table["estimate"][1] == pytest.approx(cost / mean, rel=EXACT)
    logs = np.log(curve.table["estimate"].to_numpy())
    b, c = fitted.params["output"], fitted.params["half output squared"]
    for place, multiple in ((0, 0.5), (2, 4.0)):
        x = np.log(multiple)
        assert logs[place] - logs[1] == pytest.approx((b - 1) * x + c * x * x / 2, rel=1e-8)
    assert curve.text.startswith("Among the sizes with providers, unit cost is lowest at 4 x mean; at the smaller end")
    assert len(em.unit_cost(fitted).table) == 9


def test_the_curve_takes_multiples_only():
    fitted = em.fit(em.load("electricity_1970"), "cobb_douglas")
    with pytest.raises(UnknownName, match=r"at='mean' is not a way along the ray: give multiples of the mean"):
        em.unit_cost(fitted, at="mean")
    for at in ([0.0], [-1.0]):
        with pytest.raises(UnknownName, match=r"at=\[-?[01].0\] is not a way along the ray"):
            em.unit_cost(fitted, at=at)
