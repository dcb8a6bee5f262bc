"""Fits of every estimator, and what is asked of them, survive a pickle and a deep copy: for caches and processes."""

import copy
import pickle

import numpy as np
import pytest

import econmodel as em


def schools(**options):
    return em.fit(em.load("california_schools").using(controls=[]), **options)


def frontier():
    rng = np.random.default_rng(3)
    data = em.worlds.simulate(em.worlds.state("cobb_douglas", {"a": 0.8}, outputs={"a": 100}), 300, noise=0.1).data
    wasted = data.frame["cost"] * np.exp(np.abs(0.3 * rng.standard_normal(len(data))))
    return em.fit(
        em.CostData(data.frame.assign(cost=wasted), "cost", "a"), "cobb_douglas", estimator=em.estimators.Frontier()
    )


FITS = {
    "least squares": lambda: schools(),
    "level form": lambda: schools(form="composite"),
    "two-stage": lambda: schools(estimator=em.estimators.TwoStage("teachers_per_pupil", ["lunch"])),
    "control function": lambda: schools(estimator=em.estimators.ControlFunction("teachers_per_pupil", ["lunch"])),
    "within": lambda: em.fit(em.load("us_airlines"), effects="within"),
    "mundlak": lambda: em.fit(em.load("michigan_districts"), effects="mundlak"),
    "system": lambda: em.fit(em.load("electricity_1970"), estimator=em.estimators.System()),
    "frontier": frontier,
}


@pytest.mark.parametrize("again", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy], ids=["pickle", "copy"])
@pytest.mark.parametrize("name", FITS)
def test_a_fit_comes_back_and_gives_the_same_answers(name, again):
    fitted = FITS[name]()
    back = again(fitted)
    assert repr(back) == repr(fitted)
    assert back.params.equals(fitted.params)
    results = [em.scale(one) for one in (fitted, back)]
    assert results[0].table.equals(results[1].table)
    assert repr(again(results[0])) == repr(results[0])
