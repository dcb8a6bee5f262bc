"""A relationship variable placed in the technology, in waste, in both or in neither, in worlds where it is known."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import chdtrc, log_ndtr, ndtri_exp

import econmodel as em
from econmodel.errors import NotIdentified, NotSupported, UnknownName


def table(technology, waste, seed=0, rows=1_500):
    rng = np.random.default_rng(seed)
    visits, closeness, other = np.exp(rng.normal(size=rows)), rng.normal(size=rows), rng.normal(size=rows)
    mean = 0.1 + waste * closeness
    u = mean - 0.3 * ndtri_exp(np.log(rng.uniform(size=rows)) + log_ndtr(mean / 0.3))
    log_cost = 0.8 * np.log(visits) + technology * closeness + u + 0.1 * rng.normal(size=rows)
    frame = pd.DataFrame({"cost": np.exp(log_cost), "visits": visits, "closeness": closeness, "other": other})
    attribute = em.Relationship("attribute", scale="level", more_means="closer")
    return em.CostData(frame, cost="cost", outputs=["visits"], relationships={"closeness": attribute})


def answer(technology, waste, seed=0, **settings):
    data = table(technology, waste, seed)
    fitted = em.fit(data, "cobb_douglas", estimator=em.estimators.Frontier(**settings))
    return em.relationships.where(fitted, "closeness"), fitted


@pytest.mark.parametrize(
    ("technology", "waste", "words"),
    [
        (-0.1, 0.0, "closeness goes with the technology: the cost of the best practice differs by it"),
        (0.0, -0.25, "closeness goes with waste: inefficiency is lower where closeness is higher"),
        (0.1, -0.25, "closeness goes with both"),
        (0.0, 0.0, "The data do not settle it: closeness shows in neither place"),
    ],
)
def test_the_place_is_found(technology, waste, words):
    found, _ = answer(technology, waste)
    assert found.text.startswith(words)
    assert found.title == "Technology or waste: closeness"


def test_likelihood_ratios_are_those_of_nested_fits():
    found, fitted = answer(-0.1, -0.25, determinants="other")
    rows = found.table.set_index("variable_in")
    both = em.fit(fitted.data, "cobb_douglas", estimator=em.estimators.Frontier(determinants=["other", "closeness"]))
    assert rows["log_likelihood"]["both places"] == pytest.approx(both.llf, abs=1e-8)
    assert rows["log_likelihood"]["cost function only"] == pytest.approx(fitted.llf, abs=1e-8)
    ratio = 2.0 * (both.llf - fitted.llf)
    assert rows["likelihood_ratio"]["cost function only"] == pytest.approx(ratio, abs=1e-7)
    assert rows["p_value"]["cost function only"] == pytest.approx(chdtrc(1, ratio), rel=1e-4)
    assert rows["freedom"].tolist()[1:] == [1.0, 1.0, 2.0]
    assert (rows["likelihood_ratio"].dropna() >= 0).all()


def test_a_small_table_cannot_tell_the_places_apart():
    data = table(-0.15, -0.1, seed=1, rows=120)
    found = em.relationships.where(em.fit(data, "cobb_douglas", estimator="frontier"), "closeness")
    p_values = found.table.set_index("variable_in")["p_value"]
    assert p_values["neither place"] < 0.05 < min(p_values["cost function only"], p_values["inefficiency only"])
    assert "the data cannot tell in which place" in found.text


def test_what_is_refused():
    data = table(0.0, -0.25)
    with pytest.raises(NotSupported, match="by a frontier only"):
        em.relationships.where(em.fit(data), "closeness")
    fitted = em.fit(data, "cobb_douglas", estimator="frontier")
    with pytest.raises(UnknownName, match="other is not among the relationship variables of the cost function"):
        em.relationships.where(fitted, "other")
    with pytest.raises(NotSupported, match="conf_level=2"):
        em.relationships.where(fitted, "closeness", conf_level=2)


def test_a_place_without_a_frontier_is_named():
    data = table(-0.25, -0.1, seed=3, rows=80)
    fitted = em.fit(data, "cobb_douglas", estimator="frontier")
    with pytest.raises(NotIdentified, match="With closeness in inefficiency only there is no frontier to compare"):
        em.relationships.where(fitted, "closeness")


def test_repeated_providers_are_spoken_of():
    data = table(-0.1, 0.0)
    fitted = em.fit(data, "cobb_douglas", estimator="frontier", groups=np.repeat(np.arange(500), 3))
    assert "Rows are taken as independent" in em.relationships.where(fitted, "closeness").notes[-1]
