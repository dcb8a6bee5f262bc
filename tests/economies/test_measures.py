"""Point measures of a fit: three methods, what each table and sentence says, and what is refused."""

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import EFFECT_COLUMNS, INTERVAL_COLUMNS

# Closed forms against central differences of cost at a step of 1e-5.
DIFFERENCES = 1e-6
EXACT = 1e-10
# 2,000 draws know a standard error to 1.6 per cent; a measure that is nearly linear here adds as much.
SIMULATED = 0.08


MEASURES = [
    em.scale, em.marginal_cost, em.relationship, em.scope, lambda f, **k: em.scope(f, epsilon=0.2, **k), em.unit_cost,
]  # fmt: skip
IDS = ["scale", "marginal cost", "relationship", "scope", "quasi-scope", "unit cost"]


def estimated(result):
    """The rows that are not zero by construction, as the sum of tilts is at the mean."""
    return result.table[~(result.table["std_error"] == 0)].reset_index(drop=True)


@pytest.mark.parametrize("measure", MEASURES, ids=IDS)
@pytest.mark.parametrize("method", ["simulate", "bootstrap"])
def test_all_methods_measure_the_same_with_nearly_the_same_error(composite, measure, method):
    delta = estimated(measure(composite))
    other = measure(composite, method=method).table.iloc[: len(delta)]
    assert delta["term"].tolist() == other["term"].tolist()
    assert delta["at"].tolist() == other["at"].tolist()
    assert other["estimate"].tolist() == pytest.approx(delta["estimate"].tolist(), rel=EXACT, nan_ok=True)
    # Bootstrap and HC3 are two estimates of one thing; at 400 rows they are some ten per cent apart.
    within = SIMULATED if method == "simulate" else 0.25
    assert other["std_error"].tolist() == pytest.approx(delta["std_error"].tolist(), rel=within, nan_ok=True)
    width = delta["conf_high"] - delta["conf_low"]
    for end in ("conf_low", "conf_high"):
        assert (np.abs(other[end] - delta[end]) < within * width).all()


@pytest.mark.parametrize("measure", MEASURES, ids=IDS)
def test_tables_have_the_columns_that_effects_promise(composite, measure):
    result = measure(composite)
    assert tuple(result.table.columns[:12]) == EFFECT_COLUMNS + INTERVAL_COLUMNS
    assert result.method == "delta"
    assert result.conf_level == 0.95
    rows = estimated(result)
    known = rows["estimate"].notna()
    table = rows[known]
    assert (table["conf_low"] < table["estimate"]).all()
    assert (table["estimate"] < table["conf_high"]).all()
    assert table["p_value"].notna().tolist() == table["null"].notna().tolist()
    rejected = (table["conf_low"] > table["null"]) | (table["conf_high"] < table["null"])
    assert (rejected == (table["p_value"] < 0.05)).all()
    sets = rows[~known]
    # No common fixed cost at all is the one end that is known without error.
    without_error = sets["term"] == "scope: fixed cost"
    assert ((sets["conf_low"] < sets["identified_low"]) | without_error).all()
    assert (sets["identified_low"] <= sets["identified_high"]).all()
    assert (sets["identified_high"] < sets["conf_high"]).all()
    assert sets[["std_error", "statistic", "p_value"]].isna().all(axis=None)


@pytest.mark.parametrize("measure", MEASURES, ids=IDS)
def test_a_wider_level_gives_a_wider_interval(composite, measure):
    narrow, wide = measure(composite, conf_level=0.5), measure(composite, conf_level=0.99)
    assert (narrow.conf_level, wide.conf_level) == (0.5, 0.99)
    without_error = estimated(narrow)["term"] == "scope: fixed cost"
    assert ((estimated(narrow)["conf_low"] > estimated(wide)["conf_low"]) | without_error).all()
    assert (estimated(narrow)["conf_high"] < estimated(wide)["conf_high"]).all()


@pytest.mark.parametrize("measure", MEASURES, ids=IDS)
def test_unknown_methods_and_levels_are_refused(composite, measure):
    with pytest.raises(
        UnknownName, match=r"There is no method 'jackknife'. The methods are delta, simulate, bootstrap"
    ):
        measure(composite, method="jackknife")
    with pytest.raises(NotSupported, match=r"conf_level=95 is not between 0 and 1"):
        measure(composite, conf_level=95)


def test_stated_parameters_cannot_be_re_estimated(state_f1):
    with pytest.raises(
        NotSupported, match=r'method="bootstrap" re-estimates, and stated parameters were not estimated'
    ):
        em.scale(state_f1(), method="bootstrap")
    simulated = em.scale(state_f1(), method="simulate").table
    assert simulated["std_error"].tolist() == pytest.approx([0.0] * len(simulated), abs=EXACT)


def test_seeds_matter_to_draws_only(composite):
    one, same, other = (em.scale(composite, method="simulate", seed=seed).table for seed in (1, 1, 2))
    assert one.equals(same)
    assert not one["conf_low"].equals(other["conf_low"])
    assert em.scale(composite, seed=1).table.equals(em.scale(composite, seed=2).table)
