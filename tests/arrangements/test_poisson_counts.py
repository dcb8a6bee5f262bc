"""Fast Poisson counts against the distribution itself."""

import numpy as np
import pytest
from scipy.special import chdtrc, gammaincc

from econmodel.arrangements.payment_by_results.poisson_counts import FREQUENT, RARE, distribution, poisson_counts

DRAWS = 400_000
# A correct sampler fails one of the six tests below in about 2,000 seeds, and the seed is fixed.
LEAST_P = 1e-4
# Logarithms of chances run into thousands, of which a double keeps twelve decimals; some hundred are added up.
ROUNDING = 1e-10


@pytest.mark.parametrize("rate", [0.01, RARE, 0.31, 4.0, 60.0, FREQUENT])
def test_counts_have_the_poisson_distribution(rate):
    counts = poisson_counts(np.random.default_rng(5), rate, DRAWS)
    expected = DRAWS * np.diff(distribution(rate), prepend=0.0)
    seen = np.bincount(counts, minlength=len(expected))
    often = expected >= 5
    rest = (seen[~often].sum() - expected[~often].sum()) ** 2 / max(expected[~often].sum(), 1.0)
    distance = ((seen - expected)[often] ** 2 / expected[often]).sum() + rest
    assert chdtrc(often.sum(), distance) > LEAST_P


@pytest.mark.parametrize("rate", [0.31, 4.0, 60.0, FREQUENT])
def test_the_distribution_function_is_that_of_the_incomplete_gamma_function(rate):
    below = distribution(rate)
    assert below == pytest.approx(gammaincc(np.arange(len(below)) + 1, rate), abs=ROUNDING)
    assert below[-1] > 1 - ROUNDING


def test_neighbouring_counts_are_independent():
    counts = poisson_counts(np.random.default_rng(6), 2.0, DRAWS).astype(float)
    # Four counts come from one random word.
    for apart in (1, 2, 3, 4):
        assert abs(np.corrcoef(counts[:-apart], counts[apart:])[0, 1]) < 4.5 / np.sqrt(DRAWS)


def test_a_high_rate_is_left_to_numpy_and_no_rate_gives_nothing():
    counts = poisson_counts(np.random.default_rng(7), 2 * FREQUENT, 20_000)
    assert counts.mean() == pytest.approx(2 * FREQUENT, abs=5 * np.sqrt(2 * FREQUENT / 20_000))
    assert not poisson_counts(np.random.default_rng(7), 0.0, 50).any()
