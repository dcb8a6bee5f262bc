"""What goes with relationship variables, against differences of cost, and the words for it."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotSupported

# Closed forms against central differences of cost at a step of 1e-5.
DIFFERENCES = 1e-6
EXACT = 1e-10


def cost_at(fitted, **values):
    return np.exp(fitted.predict(pd.DataFrame([values]))[0])


@pytest.mark.parametrize("form", ["composite", "translog"])
def test_relationship_is_the_derivative_of_log_cost_and_tilts_are_those_of_elasticities(form, composite, translog):
    fitted = {"composite": composite, "translog": translog}[form]
    here = {"a": 12.0, "b": 4.0, "wage": 3.5, "r": 0.45}
    result = em.relationship(fitted, at=here)
    step = 1e-5

    def elasticity(name, r):
        ends = [np.log(cost_at(fitted, **here | {"r": r, name: here[name] * np.exp(s)})) for s in (-1e-4, 1e-4)]
        return (ends[1] - ends[0]) / 2e-4

    slope = np.log(cost_at(fitted, **here | {"r": 0.45 + step})) - np.log(cost_at(fitted, **here | {"r": 0.45 - step}))
    assert result.row("relationship: r")["estimate"] == pytest.approx(slope / (2 * step), rel=DIFFERENCES)
    total = 0.0
    for name in ("a", "b"):
        tilt = (elasticity(name, 0.55) - elasticity(name, 0.35)) / 0.2
        found = result.row(f"relationship: r on {name}")["estimate"]
        # A difference over 0.2 of a function with some curvature of its own.
        assert found == pytest.approx(tilt, rel=0.02, abs=1e-3)
        total += found
    assert result.row("relationship: r on scale")["estimate"] == pytest.approx(total, rel=EXACT)


def test_tilts_that_sum_to_zero_say_nothing_of_scale_along_the_ray(composite, translog):
    for at in ("mean", 2):
        terms = em.relationship(composite, at=at).table["term"].tolist()
        assert terms == ["relationship: r", "relationship: r on a", "relationship: r on b"]
    assert "relationship: r on scale" in em.relationship(composite, at={"a": 12.0}).table["term"].tolist()
    assert "relationship: r on scale" in em.relationship(translog).table["term"].tolist()


def test_terms_of_one_output_and_two_variables():
    fitted = em.fit(em.load("michigan_schools").using(controls=[], prices=[]), "translog")
    terms = em.relationship(fitted).table["term"].tolist()
    assert terms == ["relationship: staff_per_1000_pupils", "relationship: staff_per_1000_pupils on scale"]
    plain = em.relationship(em.fit(em.load("michigan_schools"), "cobb_douglas"))
    assert plain.table["term"].tolist() == ["relationship: staff_per_1000_pupils"]
    assert any("does not let a relationship variable change scale" in note for note in plain.notes)


def test_an_attribute_is_associated_and_an_input_ratio_is_located():
    case_mix = em.fit(em.worlds.case_mix(400).data, "cobb_douglas")
    text = em.relationship(case_mix).text
    assert "one unit more of continuity is associated with" in text
    assert "% less cost" in text
    assert "effect" not in text
    schools = em.relationship(em.fit(em.load("california_schools"), "cobb_douglas")).text
    assert "one per cent more staffing per pupil is associated with" in schools
    assert "is an input ratio" in schools
    assert "not an effect of relationship" in schools


def test_a_weak_attribute_is_not_given_a_direction():
    data = em.worlds.case_mix(40, effect=0.0, selection=0.0, seed=3).data
    text = em.relationship(em.fit(data, "cobb_douglas")).text
    assert "the data do not settle it" in text


def test_a_fit_without_relationship_variables_is_refused():
    with pytest.raises(NotSupported, match=r"This fit has no relationship variable. Name one in the card"):
        em.relationship(em.fit(em.load("electricity_1955")))
