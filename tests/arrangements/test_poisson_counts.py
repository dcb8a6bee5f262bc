"""Fast Poisson counts against the distribution itself."""

import numpy as np
import pytest
from scipy.special import chdtrc, pdtr

from econmodel.arrangements.cash import FREQUENT, RARE, poisson_counts

DRAWS = 400_000
# A correct sampler fails one of the six tests below in about 2,000 seeds, and the seed is fixed.
LEAST_P = 1e-4


@pytest.mark.parametrize("rate", [0.01, RARE, 0.31, 4.0, 60.0, FREQUENT])
def test_counts_have_the_poisson_distribution(rate):
    counts = poisson_counts(np.random.default_rng(5), rate, DRAWS)
    seen = np.bincount(counts, minlength=int(rate + 20 * np.sqrt(rate) + 20))
    expected = DRAWS * np.diff(pdtr(np.arange(len(seen)), rate), prepend=0.0)
    often = expected >= 5
    rest = (seen[~often].sum() - expected[~often].sum()) ** 2 / max(expected[~often].sum(), 1.0)
    distance = ((seen - expected)[often] ** 2 / expected[often]).sum() + rest
    assert chdtrc(often.sum(), distance) > LEAST_P


def test_neighbouring_counts_are_independent():
    counts = poisson_counts(np.random.default_rng(6), 2.0, DRAWS).astype(float)
    # Four counts come from one random word.
    for apart in (1, 2, 3, 4):
        assert abs(np.corrcoef(counts[:-apart], counts[apart:])[0, 1]) < 4.5 / np.sqrt(DRAWS)


def test_a_high_rate_is_left_to_numpy_and_no_rate_gives_nothing():
    counts = poisson_counts(np.random.default_rng(7), 2 * FREQUENT, 20_000)
    assert counts.mean() == pytest.approx(2 * FREQUENT, abs=5 * np.sqrt(2 * FREQUENT / 20_000))
    assert not poisson_counts(np.random.default_rng(7), 0.0, 50).any()
