"""Which parameters each form has, what it refuses, and a form of one's own."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import FormError, UnknownName
from econmodel.forms.coordinates import Level, Logarithm
from econmodel.forms.form import FORMS, Variables, find_form, polynomials

THREE_OUTPUTS = Variables(("a", "b", "c"), ("wage",), ("r",), ("x",))
# Least squares on exact data: rounding times a condition number of a few hundred.
EXACT = 1e-9


def names(form, second_order="all", variables=THREE_OUTPUTS):
    return polynomials(FORMS[form], variables, second_order)[2]


def test_the_log_forms():
    assert names("cobb_douglas", "none") == ("constant", "a", "b", "c", "wage", "r", "x")
    translog = names("translog")
    assert len(translog) == 7 + 15
    assert {"half a squared", "a x wage", "wage x r", "half r squared"} < set(translog)
    assert not any("x x" in name or name.endswith(" x") for name in translog)
    outputs = names("translog", "outputs")
    assert len(outputs) == 7 + 6
    assert "a x wage" not in outputs


def test_the_composite_has_prices_in_both_parts_and_tilts_that_sum_to_zero():
    found = names("composite")
    assert found[:4] == ("common cost", "a", "b", "c")
    assert {"a x wage", "b x wage", "c x wage", "half wage squared", "wage x r", "half r squared"} < set(found)
    assert [name for name in found if name.startswith("tilt")] == ["tilt of r to a", "tilt of r to b"]
    assert "constant" not in found


def test_the_quadratic_keeps_prices_out_of_its_curvature():
    found = names("flexible_fixed_cost")
    assert "wage" in found
    assert not any("wage" in name for name in found if name != "wage")


def test_one_output_has_no_tilt_and_a_variable_of_two_values_no_square():
    assert not any("tilt" in name for name in names("composite", variables=Variables(("a",), (), ("r",))))
    two_valued = Variables(("a",), (), ("r",), two_valued=(0,))
    assert "half r squared" not in names("translog", variables=two_valued)
    assert "half r squared" not in names("composite", variables=two_valued)
    assert "half r squared" in names("translog", variables=Variables(("a",), (), ("r",)))


def test_own_fixed_costs_stand_after_the_outputs():
    found = names("composite", "none", Variables(("a", "b"), fixed_costs=(1,)))
    assert found == ("common cost", "a", "b", "fixed cost of b")


def test_unknown_forms_are_refused_with_the_known_ones():
    with pytest.raises(
        UnknownName, match=r"There is no form 'quadratic'. The forms are cobb_douglas, translog, flexible"
    ):
        find_form("quadratic")
    assert find_form(FORMS["composite"]) is FORMS["composite"]


def test_unknown_second_order_terms_are_refused():
    with pytest.raises(FormError, match=r"second_order='some' is not one of 'all', 'outputs', 'none'"):
        em.fit(em.load("electricity_1955"), second_order="some")


@pytest.mark.parametrize("coordinate", [Logarithm(), Level()])
def test_coordinates_have_inverses_and_slopes(coordinate):
    output = np.array([0.3, 1.0, 7.0])
    assert coordinate.inverse(coordinate.transform(output)) == pytest.approx(output)
    step = coordinate.transform(output + 1e-30j).imag / 1e-30
    assert coordinate.slope(output) == pytest.approx(step)


@dataclass(frozen=True)
class SquareRoot:
    """A coordinate of one's own, with a value at zero."""

    allows_zero: bool = True
    centring: str = "scale"

    def transform(self, output):
        return np.sqrt(output)

    def inverse(self, value):
        return np.square(value)

    def slope(self, output):
        return 0.5 / np.sqrt(output)


@dataclass(frozen=True)
class Power:
    """A log form's coordinate of one's own: Box-Cox with power one fifth."""

    allows_zero: bool = False
    centring: str = "shift"

    def transform(self, output):
        return (output**0.2 - 1.0) / 0.2

    def inverse(self, value):
        return (1.0 + 0.2 * value) ** 5

    def slope(self, output):
        return output**-0.8


def own_data():
    rng = np.random.default_rng(6)
    a, b = np.exp(rng.normal(2.0, 0.7, (2, 80)))
    return a, b


def test_a_level_form_of_ones_own_is_fitted_and_measured():
    a, b = own_data()
    cost = 5.0 + 3.0 * np.sqrt(a) + 2.0 * np.sqrt(b)
    data = em.CostData(pd.DataFrame({"cost": cost, "a": a, "b": b}), cost="cost", outputs=["a", "b"])
    form = em.forms.Form("root", "square root", SquareRoot(), aggregates=True, separable=True, second_order="none")
    fitted = em.fit(data, form)
    assert fitted.in_units()["coefficient"].tolist() == pytest.approx([5, 3, 2], rel=EXACT)
    row = em.scale(fitted, at={"a": 16.0, "b": 25.0}).row("ray elasticity")
    assert row["estimate"] == pytest.approx(0.5 * (12 + 10) / 27, rel=EXACT)
    scope = em.scope(fitted, at={"a": 16.0, "b": 25.0}).row("degree of scope")
    assert scope["identified_high"] == pytest.approx(5 / 27, rel=EXACT)


def test_a_log_form_of_ones_own_is_fitted_measured_and_separated():
    a, b = own_data()
    of = Power().transform
    cost = np.exp(1.0 + 0.3 * of(a) + 0.2 * of(b))
    data = em.CostData(pd.DataFrame({"cost": cost, "a": a, "b": b}), cost="cost", outputs=["a", "b"])
    fitted = em.fit(data, em.forms.Form("power", "power", Power(), aggregates=False, second_order="none"))
    assert fitted.in_units()["coefficient"].tolist() == pytest.approx([1, 0.3, 0.2], rel=EXACT)
    row = em.scale(fitted, at={"a": 32.0, "b": 243.0}).row("ray elasticity")
    assert row["estimate"] == pytest.approx(0.3 * 32**0.2 + 0.2 * 243**0.2, rel=EXACT)
    parts = em.separate(fitted, replications=19).table
    assert parts["estimate"][1:].sum() == pytest.approx(parts["estimate"][0], abs=EXACT)
