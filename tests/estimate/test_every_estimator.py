"""What holds for a fit whatever estimator it came from: copies, frames, and questions that only some can answer."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

import econmodel as em

FEW = 9


def chosen(seed=0, rows=300):
    """Continuity that is chosen with need in mind, and two instruments that move it."""
    rng = np.random.default_rng(seed)
    tender, calendar, need, volume = rng.normal(size=(4, rows))
    continuity = tender + 0.5 * calendar - need + rng.normal(size=rows)
    cost = np.exp(0.9 * volume - 0.2 * continuity + 0.3 * need + 0.1 * rng.normal(size=rows))
    frame = pd.DataFrame({"cost": cost, "visits": np.exp(volume), "continuity": continuity})
    frame = frame.assign(tender=tender, calendar=calendar)
    return em.CostData(frame, cost="cost", outputs=["visits"], relationships=["continuity"])


def power(*arguments, **named):
    return em.fit(em.load("electricity_1970"), *arguments, **named)


def airlines(*arguments, **named):
    return em.fit(em.load("us_airlines"), "cobb_douglas", *arguments, **named)


FITS = {
    "least squares": power,
    "wild clusters": airlines,
    "level form": lambda: em.fit(em.load("electricity_1955"), "composite"),
    "additive": lambda: em.fit(em.load("electricity_1955"), "composite", error="additive"),
    "within": lambda: airlines(effects="within"),
    "mundlak": lambda: airlines(effects="mundlak"),
    "system": lambda: power(estimator="system"),
    "system of a level form": lambda: power("composite", "system"),
    "frontier": lambda: power(second_order="outputs", estimator="frontier"),
    "exponential frontier": lambda: power(second_order="outputs", estimator=em.estimators.Frontier("exponential")),
    "true random effects": lambda: airlines("frontier", effects="random"),
    "two stages": lambda: em.fit(
        chosen(), "cobb_douglas", em.estimators.TwoStage("continuity", ["tender", "calendar"])
    ),
    "control function": lambda: em.fit(
        chosen(), "translog", em.estimators.ControlFunction("continuity", ["tender", "calendar"])
    ),
    "imposed": lambda: em.impose(power(second_order="outputs"), replications=FEW),
    "imposed on a frontier": lambda: em.impose(power(second_order="outputs", estimator="frontier"), replications=FEW),
    "jointly": lambda: power().jointly(),
}
# What only some estimators know: name -> the fits that have it.
OWN = {
    "efficiency": {"frontier", "exponential frontier", "true random effects"},
    "inefficiency_test": {"frontier", "exponential frontier", "true random effects"},
    "mundlak_test": {"mundlak"},
    "share_residuals": {"system", "system of a level form"},
    "overidentification_test": {"two stages"},
    "exogeneity_test": {"control function"},
    "first_stage": {"two stages", "control function"},
    "unrestricted": {"imposed", "imposed on a frontier"},
}


@pytest.fixture(scope="module", params=FITS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def fit(name):
    return FITS[name]()


def said_of(fit):
    """Frames of measures, and what the fit says of itself."""
    method = "bootstrap" if fit.error_model.bootstrap_only else "delta"
    yield em.scale(fit, method=method).table
    yield em.marginal_cost(fit, method=method, at=[0.5, 1]).table
    yield em.separate(fit, replications=19).table
    yield fit.tidy()
    yield fit.glance()
    yield fit.in_units()
    yield fit.resid.to_frame()
    yield from fit.error_model.further_tables.values()
    yield pd.DataFrame(fit.bootstrapped(FEW, seed=1))
    yield pd.DataFrame({"said": [*fit.notes, str(fit.summary().tables[0])]})


@pytest.mark.parametrize("way", [lambda fit: pickle.loads(pickle.dumps(fit)), copy.deepcopy], ids=["pickle", "copy"])
def test_a_copy_measures_the_same_to_the_last_bit(fit, way):
    again = way(fit)
    assert again is not fit
    assert again.theta is not fit.theta
    for one, other in zip(said_of(fit), said_of(again), strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_tidy_is_the_parameters_of_statsmodels_words(fit):
    tidy, interval = fit.tidy(conf_level=0.9), fit.conf_int(0.1)
    assert tidy.columns.tolist() == ["term", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high"]
    assert tidy["term"].tolist() == fit.params.index.tolist()
    expected = {
        "estimate": fit.params, "std_error": fit.bse, "statistic": fit.tvalues, "p_value": fit.pvalues,
        "conf_low": interval[0], "conf_high": interval[1],
    }  # fmt: skip
    for column, values in expected.items():
        assert tidy[column].tolist() == values.tolist()


def test_glance_is_one_row_of_facts(fit, name):
    glance = fit.glance()
    assert len(glance) == 1
    facts = glance.iloc[0]
    assert (facts["form"], facts["estimator"]) == (fit.technology.form.name, fit.specification.estimator.name)
    assert (facts["nobs"], facts["cov_type"]) == (len(fit.data), fit.cov_type)
    assert facts["clusters"] == (None if fit.clusters is None else len(fit.clusters.sizes))
    for column, value in {"r_squared": fit.rsquared, "log_likelihood": fit.llf, "aic": fit.aic, "bic": fit.bic}.items():
        assert facts[column] == pytest.approx(value, nan_ok=True, abs=0)


@pytest.mark.parametrize("question", OWN)
def test_what_only_some_estimators_know(fit, name, question):
    assert hasattr(fit, question) == (name in OWN[question])
    assert (question in dir(fit)) == (name in OWN[question])
    if name not in OWN[question]:
        with pytest.raises(AttributeError, match=rf'estimator="\w+" has no {question!r}'):
            getattr(fit, question)


def test_a_misspelt_question_is_told_the_nearest():
    fit = FITS["frontier"]()
    with pytest.raises(AttributeError, match="has no 'efficiancy'; did you mean 'efficiency'"):
        _ = fit.efficiancy
    with pytest.raises(AttributeError, match="'Fit' object has no attribute '_efficiency'"):
        _ = fit._efficiency


def test_every_fit_answers_what_measures_ask(fit, name):
    """Measures ask these of the error model, and never which estimator it was."""
    model = fit.error_model
    assert model.is_plain == (name in {"least squares", "wild clusters", "level form", "additive", "within", "jointly"})
    assert model.of_best_practice == ("frontier" in name or name == "true random effects")
    assert model.takes_determinants == (name in {"frontier", "exponential frontier"})
    assert bool(model.shares) == name.startswith("system")
    assert model.maximises_likelihood == (name not in {"two stages", "control function"})
    assert model.has_likelihood_of_cost == (not name.startswith("system") and name != "two stages")
    assert (model.row_efficiency is not None) == (name in OWN["efficiency"])
    assert bool(model.bootstrap_only) == name.startswith("imposed")
