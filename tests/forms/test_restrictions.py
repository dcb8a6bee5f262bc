"""Restricted translogs: what each restriction says of cost holds everywhere, in every unit of measurement."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import FormError
from econmodel.forms.assembly import Centres, assemble
from econmodel.forms.form import FORMS, Variables
from econmodel.forms.technology import Point

# Sums of a few products of size one.
ROUNDING = 1e-12
SAME_ALGEBRA = 1e-8
OUTPUTS, PRICES, RELATIONSHIPS = ("visits", "meals", "advice"), ("wage", "rent"), ("continuity",)


def technology(*restrict):
    centres = Centres(np.array([0.3, -0.2, 0.1]), np.array([1.0, 0.5]), np.array([0.2]), np.zeros(0))
    names = Variables(OUTPUTS, PRICES, RELATIONSHIPS)
    return assemble(FORMS["translog"], names, centres, restrict=restrict)


def slopes(restrict, seed):
    """Elasticities at many points, for random parameters."""
    rng = np.random.default_rng(seed)
    made = technology(*restrict)
    point = Point(
        np.exp(rng.normal(size=(20, 3))), rng.normal(size=(20, 2)), rng.normal(size=(20, 1)), np.zeros((20, 0))
    )
    found = made.slopes(rng.normal(size=len(made.names)), point)
    return found.outputs * point.outputs, found.log_prices, point


@given(st.integers(0, 1000))
def test_a_homothetic_cost_function_has_price_elasticities_without_outputs(seed):
    _, by_price, point = slopes(["homothetic"], seed)
    design = np.column_stack([np.ones(20), point.log_prices, point.relationships])
    left = by_price - design @ np.linalg.lstsq(design, by_price, rcond=None)[0]
    assert np.abs(left).max() < 1e4 * ROUNDING


@given(st.integers(0, 1000))
def test_a_homogeneous_cost_function_has_one_ray_elasticity(seed):
    elasticities, _, _ = slopes(["homogeneous"], seed)
    rays = elasticities.sum(axis=1)
    assert np.ptp(rays) < 1e3 * ROUNDING
    assert np.ptp(elasticities, axis=0).min() > 1e-3, "single outputs' elasticities still vary"


@given(st.integers(0, 1000))
def test_unit_substitution_leaves_shares_without_prices(seed):
    _, by_price, point = slopes(["unit_substitution"], seed)
    design = np.column_stack([np.ones(20), np.log(point.outputs), point.relationships])
    left = by_price - design @ np.linalg.lstsq(design, by_price, rcond=None)[0]
    assert np.abs(left).max() < 1e4 * ROUNDING


def test_numbers_of_parameters():
    assert {restrict: len(technology(*restrict).names) for restrict in [(), ("homothetic",), ("homogeneous",)]} == {
        (): 28, ("homothetic",): 22, ("homogeneous",): 18,
    }  # fmt: skip
    assert len(technology("homothetic", "unit_substitution").names) == 19


def test_restricted_fits_are_those_of_the_restricted_regression():
    """One output: dropping columns; the log-likelihood falls with every restriction."""
    power = em.load("electricity_1970")
    fits = {
        name: em.fit(power, restrict=restrict)
        for name, restrict in {
            "none": (), "homothetic": "homothetic", "homogeneous": ["homogeneous"],
            "both": ["homogeneous", "unit_substitution"],
        }.items()
    }  # fmt: skip
    assert [len(fit.params) for fit in fits.values()] == [10, 8, 7, 4]
    likelihoods = [fit.llf for fit in fits.values()]
    assert likelihoods == sorted(likelihoods, reverse=True)
    plain = em.fit(power, form="cobb_douglas")
    pd.testing.assert_series_equal(fits["both"].params, plain.params, rtol=SAME_ALGEBRA)


def test_moments_move_with_the_centre_in_one_pass_when_parameters_mix_monomials():
    grids = em.load("finnish_electricity")
    fitted = em.fit(grids, restrict="homogeneous")
    exponent = fitted.technology.exponent
    multipliers = exponent.monomials(fitted.technology.coordinates(fitted.points()))
    again = np.linalg.lstsq(multipliers, np.log(grids.frame[grids.cost].to_numpy()), rcond=None)[0]
    assert fitted.theta == pytest.approx(again, rel=1e-6, abs=SAME_ALGEBRA)
    assert len(fitted.in_units()) == len(em.fit(grids).params)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"restrict": "linear"}, r"restrict='linear' is not one of 'homothetic', 'homogeneous', 'unit_substitution'"),
        ({"form": "composite", "restrict": "homothetic"}, r"restricts a log form, and the composite form is none"),
    ],
)
def test_what_cannot_be_restricted_says_so(asked, said):
    with pytest.raises(FormError, match=said):
        em.fit(em.load("finnish_electricity"), **asked)
