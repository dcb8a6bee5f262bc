"""Seeds, replications and levels that cannot be are refused in words, wherever they are asked for."""

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import NotSupported


@pytest.fixture(scope="module")
def schools():
    return em.fit(em.load("california_schools"), "cobb_douglas")


CALLS = {
    "separate": em.separate,
    "decompose": lambda fit, **asked: em.decompose(fit, *fit.data.row_names()[:2], **asked),
    "regularity": lambda fit, **asked: em.regularity(fit, method="bootstrap", **asked),
    "impose": em.impose,
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("replications", [-3, 0.5, 1, True, "x", 10**9, np.nan])
def test_replications_are_a_number_that_can_be_held(schools, call, replications):
    with pytest.raises(NotSupported, match=rf"replications={replications!r} gives no interval: use 999, or a whole"):
        CALLS[call](schools, replications=replications)


@pytest.mark.parametrize("call", ["separate", "regularity", "impose"])
@pytest.mark.parametrize("seed", [-1, 1.5, "x", True, None])
def test_seeds_are_whole_numbers_from_zero(schools, call, seed):
    with pytest.raises(NotSupported, match=rf"seed={seed!r}: random numbers need a whole number from 0 on"):
        CALLS[call](schools, replications=19, seed=seed)


@pytest.mark.parametrize("measure", [em.scale, em.relationship, em.separate, em.marginal_cost])
@pytest.mark.parametrize("level", ["x", 0, 1, 95, True, float("nan"), None])
def test_levels_lie_between_nothing_and_one(schools, measure, level):
    with pytest.raises(NotSupported, match=rf"conf_level={level!r} is not between 0 and 1"):
        measure(schools, conf_level=level)
