"""The cross term of relationship and volume, as a check."""

from dataclasses import replace

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import NotSupported, UnknownName

SAME = 1e-12


def providers(cross=0.4, rows=400, seed=0, **role):
    terms = {"constant": 4.0, "visits": 0.9, "continuity": -0.1, "visits x continuity": cross}
    cost = em.worlds.state("translog", terms, outputs={"visits": 100}, relationships={"continuity": 0.5})
    data = em.worlds.simulate(cost, rows, seed=seed).data
    role = {"kind": "attribute", "more_means": "closer"} | role
    return replace(data, relationships={"continuity": em.Relationship(**role)})


def test_the_table_is_the_row_of_the_relationship_measure_and_its_change():
    fitted = em.fit(providers())
    check = em.relationships.scaling(fitted)
    row = em.relationship(fitted).row("relationship: continuity on scale")
    assert check.table.loc[0, "estimate"] == pytest.approx(row["estimate"], rel=SAME)
    spread = fitted.data.frame["continuity"].std()
    assert check.table.loc[0, "closer_by_one_sd"] == pytest.approx(row["estimate"] * spread, rel=1e-9)
    assert check.table.loc[0, "closer_by_one_sd_low"] == pytest.approx(row["conf_low"] * spread, rel=1e-9)


@pytest.mark.parametrize(
    ("cross", "more_means", "passed", "says"),
    [
        (0.4, "closer", False, "relationships do not scale"),
        (0.4, "looser", False, "more economies of scale"),
        (-0.4, "looser", False, "relationships do not scale"),
        (0.0, "closer", True, "scale does not depend on it, to within 5 %"),
    ],
)
def test_it_finds_what_is_true(cross, more_means, passed, says):
    check = em.relationships.scaling(em.fit(providers(cross, 2_000, more_means=more_means)))
    assert check.passed is passed
    assert says in check.text


def test_few_providers_give_no_conclusion():
    check = em.relationships.scaling(em.fit(providers(0.0, 25)))
    assert check.passed is None
    assert "would probably not have been found" in check.text


def test_where_nothing_is_true_it_is_found_as_rarely_as_stated():
    checks = [em.relationships.scaling(em.fit(providers(0.0, 60, seed))) for seed in range(200)]
    above = [check.passed is False and check.table.loc[0, "closer_by_one_sd"] > 0 for check in checks]
    # One side of a 95 % interval: 2.5 %, and three standard errors (1.1 points) on top.
    assert np.mean(above) <= 0.058


@pytest.mark.parametrize("kind", ["input_ratio", "unstated"])
def test_an_input_ratio_decides_nothing(kind):
    check = em.relationships.scaling(em.fit(providers(0.4, kind=kind)))
    assert check.passed is None
    assert "decides nothing about relationships" in check.text


def test_several_variables_are_chosen_by_name():
    data = providers()
    data = replace(
        data, frame=data.frame.assign(trust=np.random.default_rng(1).uniform(0, 1, 400)),
        relationships=dict(data.relationships) | {"trust": em.Relationship("attribute", more_means="closer")},
    )  # fmt: skip
    fitted = em.fit(data)
    with pytest.raises(UnknownName, match="several relationship variables; name one of continuity, trust"):
        em.relationships.scaling(fitted)
    with pytest.raises(UnknownName, match=r"'trusts' is not one of them.*did you mean 'trust'"):
        em.relationships.scaling(fitted, "trusts")
    assert em.relationships.scaling(fitted, "trust").null == "the ray elasticity of cost does not vary with trust"


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(NotSupported, match='second_order="all"'):
        em.relationships.scaling(em.fit(providers(), "cobb_douglas"))
    with pytest.raises(NotSupported, match="closer or looser"):
        em.relationships.scaling(em.fit(providers(more_means=None)))
    with pytest.raises(NotSupported, match="one place"):
        em.relationships.scaling(em.fit(providers()), at=[1, 2])
    with pytest.raises(NotSupported, match="no relationship variable"):
        em.relationships.scaling(em.fit(providers().using(relationships=[])))
    with pytest.raises(NotSupported, match="stated"):
        em.relationships.scaling(em.worlds.state("translog", {}, outputs={"a": 1}, relationships={"r": 1}))


def test_few_clusters_follow_the_wild_bootstrap():
    data = providers(0.12, 90, seed=2)
    data = replace(data, frame=data.frame.assign(provider=np.arange(90) % 6), entity="provider")
    fitted = em.fit(data)
    check = em.relationships.scaling(fitted)
    assert fitted.wild
    assert (check.passed is False) == (check.table.loc[0, "p_value"] <= 0.05)
