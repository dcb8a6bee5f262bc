"""Densities of noise plus inefficiency against their own definition, the convolution, and its numerical derivatives."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import log_ndtr
from scipy.stats import norm

from econmodel.estimate.frontier.density import (
    Exponential,
    HalfNormal,
    NoInefficiency,
    TruncatedNormal,
    inefficiency_quantile,
    log_normal_tail,
    mean_efficiency,
    mean_inefficiency,
)

# Adaptive quadrature promises ten digits of a smooth integrand on a bounded interval.
QUADRATURE = 1e-9
# Central differences with a step of 1e-5 lose this much to rounding.
DIFFERENCES = {"rtol": 1e-6, "atol": 1e-7}
STEP = 1e-5
DENSITIES = [HalfNormal(), Exponential(), TruncatedNormal(), NoInefficiency()]
WITH_INEFFICIENCY = DENSITIES[:3]
SIGMAS = [(0.3, 0.2), (0.05, 0.3), (0.5, 0.02)]
MEAN = -0.15


def density_of_u(density, u, sigma_u):
    return {
        "half_normal": lambda: 2.0 * norm.pdf(u, 0.0, sigma_u),
        "exponential": lambda: np.exp(-u / sigma_u) / sigma_u,
        "truncated_normal": lambda: norm.pdf(u, MEAN, sigma_u) / norm.cdf(MEAN / sigma_u),
    }[density.name]()


def integral(density, e, sigma_u, sigma_v, of=lambda u: 1.0, upper=8.0):
    def integrand(u):
        return of(u) * density_of_u(density, u, sigma_u) * norm.pdf(e - u, 0.0, sigma_v)

    peak = float(np.clip(e, 1e-3, upper))
    return quad(integrand, 0.0, upper, points=[min(peak, 0.999 * upper)], epsabs=0.0, epsrel=1e-11, limit=500)[0]


def called(density, arguments):
    """Derivatives from the list of the density's own arguments."""
    e, *rest = arguments
    mean = rest.pop(0) if density.has_mean else 0.0
    log_u = rest.pop(0) if density.sigmas == 2 else -np.inf
    return density.derivatives(e, mean, log_u, rest[0])


@pytest.mark.parametrize("sigmas", SIGMAS)
@pytest.mark.parametrize("density", WITH_INEFFICIENCY, ids=lambda density: density.name)
def test_densities_and_what_they_say_of_inefficiency_are_integrals(density, sigmas):
    e = np.array([-0.2, 0.05, 0.4])
    value = density.derivatives(e, MEAN, *np.log(sigmas)).value
    given = density.conditional(e, MEAN, *sigmas)
    for row, deviation in enumerate(e):
        whole = integral(density, deviation, *sigmas)
        assert value[row] == pytest.approx(np.log(whole), rel=QUADRATURE)
        mean = integral(density, deviation, *sigmas, of=lambda u: u) / whole
        assert mean_inefficiency(given)[row] == pytest.approx(mean, rel=QUADRATURE)
        efficiency = integral(density, deviation, *sigmas, of=lambda u: np.exp(-u)) / whole
        assert mean_efficiency(given)[row] == pytest.approx(efficiency, rel=QUADRATURE)
        for probability in (0.025, 0.5, 0.975):
            quantile = inefficiency_quantile(given, probability)[row]
            below = integral(density, deviation, *sigmas, upper=float(quantile)) / whole
            assert below == pytest.approx(probability, rel=QUADRATURE)


@pytest.mark.parametrize("sigmas", SIGMAS)
@pytest.mark.parametrize("density", DENSITIES, ids=lambda density: density.name)
def test_derivatives_are_those_of_differences(density, sigmas):
    e = np.linspace(-0.6, 1.2, 13)
    arguments = [e]
    arguments += [np.linspace(-0.5, 0.4, 13)] if density.has_mean else []
    arguments += [np.full(13, np.log(sigma)) for sigma in sigmas[2 - density.sigmas :]]
    found = called(density, arguments)
    for i in range(len(arguments)):
        ends = [
            called(density, [value + sign * STEP * (i == j) for j, value in enumerate(arguments)]) for sign in (1, -1)
        ]
        np.testing.assert_allclose((ends[0].value - ends[1].value) / (2 * STEP), found.first[i], **DIFFERENCES)
        for j in range(len(arguments)):
            numerical = (ends[0].first[j] - ends[1].first[j]) / (2 * STEP)
            scale = np.abs(found.second[min(i, j), max(i, j)]).max()
            np.testing.assert_allclose(
                numerical, found.second[min(i, j), max(i, j)], rtol=1e-5, atol=1e-7 * max(scale, 1.0)
            )


def test_tails_of_the_normal_keep_their_digits():
    x = np.array([-1e4, -300.0, -40.0, -8.0, -1.0, 0.0, 1.0, 8.0, 40.0, 300.0])
    log, ratio = log_normal_tail(x)
    np.testing.assert_allclose(log, log_ndtr(x), rtol=1e-13, atol=1e-15)
    # phi / Phi, by Mills' series far below zero.
    assert ratio[0] == pytest.approx(1e4 + 1e-4, rel=1e-12)
    assert ratio[5] == pytest.approx(np.sqrt(2.0 / np.pi), rel=1e-14)
    assert ratio[-1] == 0.0


@pytest.mark.parametrize("density", WITH_INEFFICIENCY, ids=lambda density: density.name)
def test_deviations_far_in_the_tails_have_finite_derivatives(density):
    found = density.derivatives(np.array([-30.0, 30.0]), MEAN, np.log(0.3), np.log(0.1))
    assert all(np.isfinite(values).all() for values in (found.value, *found.first, *found.second.values()))


def test_the_truncated_normal_around_zero_is_the_half_normal():
    e = np.linspace(-1.0, 1.0, 9)
    half, truncated = (density.derivatives(e, 0.0, -1.0, -1.5) for density in (HalfNormal(), TruncatedNormal()))
    np.testing.assert_allclose(half.value, truncated.value, rtol=1e-12)
    for own, other in zip(range(3), (0, 2, 3), strict=True):
        np.testing.assert_allclose(half.first[own], truncated.first[other], rtol=1e-10, atol=1e-12)
