"""Economies of scale: what can be asked for, and sentences that follow the interval."""

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import FormError, UnknownName

# The same numbers by another call.
EXACT = 1e-10


def test_product_specific_scale_needs_a_level_form(translog):
    assert em.scale(translog).table["term"].tolist() == ["ray elasticity", "ray scale economies"]
    with pytest.raises(
        FormError, match=r"Product-specific scale compares cost at zero output of some products, .*comp"
    ):
        em.scale(translog, of=["a"])


@pytest.mark.parametrize(
    ("of", "message"),
    [(["c"], r"c cannot be asked for: .* of the outputs a, b"), (["a", "b"], r"All outputs together cannot be asked")],
)
def test_products_that_cannot_be_asked_for(composite, of, message):
    with pytest.raises(UnknownName, match=message):
        em.scale(composite, of=of)


def test_one_product_may_be_named_alone(composite):
    found = em.scale(composite, of="a").table
    expected = em.scale(composite).table
    assert found["term"].tolist() == ["ray elasticity", "ray scale economies", "scale economies of a"]
    assert found["identified_low"][2] == pytest.approx(expected["identified_low"][2], rel=EXACT)


def test_the_sentence_of_scale_follows_the_interval():
    def text(elasticity, noise, rows):
        cost = em.worlds.state("cobb_douglas", {"constant": 3.0, "visits": elasticity}, outputs={"visits": 10})
        return em.scale(em.fit(em.worlds.simulate(cost, rows, noise=noise, seed=9).data, "cobb_douglas")).text

    assert text(0.8, 0.05, 200).endswith("economies of scale.")
    assert "diseconomies" not in text(0.8, 0.05, 200)
    assert text(1.2, 0.05, 200).endswith("diseconomies of scale.")
    assert text(0.98, 0.01, 400).endswith("economies of scale, but less than 5 %.")
    assert text(1.0, 0.05, 400).endswith("constant returns, to within 5 %.")
    open_ = text(1.0, 1.0, 30)
    assert "the data do not settle it, and a departure of less than" in open_
    assert "would probably not have been found" in open_


def test_the_margin_of_equivalence_is_the_users():
    cost = em.worlds.state("cobb_douglas", {"constant": 3.0, "visits": 1.0}, outputs={"visits": 10})
    fitted = em.fit(em.worlds.simulate(cost, 400, noise=0.05, seed=9).data, "cobb_douglas")
    assert "constant returns, to within 2 %" in em.scale(fitted, margin=0.02).text
    assert "the data do not settle it" in em.scale(fitted, margin=0.001).text


def test_a_table_of_places_is_ordered_place_by_place(composite):
    table = em.scale(composite, at=[0.5, 1]).table
    assert table["at"].tolist() == ["0.5 x mean"] * 4 + ["mean"] * 4
    assert table["term"].tolist()[:4] == table["term"].tolist()[4:]
    assert "Over the 2 points the elasticity runs from" in em.scale(composite, at=[0.5, 1]).text


def test_places_without_a_positive_cost_have_no_elasticity(composite):
    stated = em.worlds.state("composite", {"common cost": -50, "a": 60, "b": 40}, outputs={"a": 10, "b": 5})
    result = em.scale(stated, at=[0.25, 1])
    assert np.isnan(result.row("ray elasticity", "0.25 x mean")["estimate"])
    assert np.isfinite(result.row("ray elasticity", "mean")["estimate"])
    assert result.text.startswith("At 0.25 x mean, fitted cost is not positive (")
    assert 'no number is given there. Ask nearer to the providers (at="mean")' in result.text
    turned = em.scale(stated, at=[1, 0.25])
    assert turned.text.startswith("At the mean, one per cent more of every output goes with")
    assert any(note.startswith("At 0.25 x mean, fitted cost is not positive (") for note in turned.notes)
