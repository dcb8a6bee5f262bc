"""Smallness: two one-sided tests, what they agree with, and how often they are right."""

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies.statistics import one_sided
from econmodel.errors import NotSupported
from econmodel.verdict import MARGIN, judge

# Simulated shares of rejections over this many tables: three standard errors either way.
TABLES = 200
THREE_ERRORS = 3.0


@pytest.mark.parametrize("estimate", np.linspace(0.88, 1.12, 13))
def test_the_two_tests_reject_where_the_interval_is_within_the_margin(estimate):
    from scipy.special import stdtrit

    error, freedom = 0.02, 80.0
    reach = stdtrit(freedom, 0.975) * error
    found = one_sided((estimate, estimate), error, 1.0, freedom, 0.05, 0.95)
    verdict = judge(estimate - reach, estimate + reach, 1.0, margin=MARGIN, error=error, freedom=freedom)
    assert found.shown == verdict.small
    assert found.detectable == pytest.approx(verdict.detectable)
    assert found.large == (estimate - reach > 1.05 or estimate + reach < 0.95)


def test_a_difference_is_small_large_or_open(power, airlines):
    small = em.test(power, "constant returns", margin=0.2)
    assert small.passed is False, "rejected, though the difference would not matter"
    assert "the difference is small: less than 0.2 (two one-sided tests at 2.5 % each)" in small.text
    large = em.test(power, "constant returns", margin=0.05)
    assert large.text.endswith("the difference is more than 0.05.")
    middling = em.test(power, "constant returns", margin=0.1)
    assert "that the difference is less than 0.1 is not shown" in middling.text
    opened = em.test(airlines, "constant returns", margin=0.05)
    assert opened.passed is None
    assert "so there is no conclusion: one of less than" in opened.text
    shown = em.test(airlines, "constant returns", margin=0.5)
    assert shown.passed is True
    assert list(shown.tables) == ["Test", "Equivalence"]


def test_few_clusters_judge_smallness_by_the_wild_bootstrap(airlines):
    found = em.test(airlines, "constant returns", margin=0.2).tables["Equivalence"]
    row = em.test(airlines, "constant returns").table.iloc[0]
    gradient = np.array([name == "output" for name in airlines.technology.names], dtype=float)
    lower = airlines.wild_p_values(gradient[None], np.array([row["estimate"] - 0.8]))[0] / 2
    assert found["p_value"].iloc[0] == pytest.approx(lower)


def test_of_an_interval_that_is_identified_both_ends_must_be_small(composite):
    found = em.test(composite, "no scope economies", at=0.5, margin=5.0)
    assert "less than 5" in found.text
    narrow = em.test(composite, "no scope economies", at=0.5, margin=1e-6)
    assert "two one-sided" in narrow.text or "more than" in narrow.text
    assert found.tables["Equivalence"]["p_value"].max() < narrow.tables["Equivalence"]["p_value"].max()


def test_a_margin_is_around_one_number(power):
    with pytest.raises(NotSupported, match=r"'homotheticity' restricts 2. Ask for one"):
        em.test(power, "homotheticity", margin=0.1)
    for margin in (0.0, -1.0, float("nan")):
        with pytest.raises(NotSupported, match="is no margin: give the largest difference that would not matter"):
            em.test(power, "constant returns", margin=margin)


def rejections(elasticity, tables):
    """The share of simulated tables whose test of constant returns rejects, for cost with this elasticity."""
    rng, found = np.random.default_rng(8), []
    for _ in range(tables):
        visits = rng.lognormal(2.0, 0.8, 60)
        frame = pd.DataFrame({"visits": visits, "cost": visits**elasticity * rng.lognormal(0.0, 0.2, 60)})
        fitted = em.fit(em.CostData(frame, cost="cost", outputs=["visits"]), "cobb_douglas")
        found.append(em.test(fitted, "constant returns").passed is False)
    return np.mean(found)


def test_how_often_the_test_of_constant_returns_rejects():
    """Five per cent where they hold; mostly where the smallest difference found with a chance of 80 % is exceeded."""
    assert rejections(1.0, TABLES) == pytest.approx(0.05, abs=THREE_ERRORS * np.sqrt(0.05 * 0.95 / TABLES))
    assert rejections(0.88, TABLES // 5) > 0.8
