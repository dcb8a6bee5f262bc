"""The interval of a share that was seen in so many cases, against statsmodels' (Wilson, 1927)."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from econmodel.economies.core.inference import share_interval

# 1.96 stands for the normal quantile, here and not there.
QUANTILE = 1e-5


@pytest.mark.parametrize(("seen", "count"), [(0, 10), (3, 10), (10, 10), (37, 200), (950, 1000)])
def test_it_is_wilsons(seen, count):
    low, high = share_interval(seen / count, count)
    assert np.allclose((low, high), proportion_confint(seen, count, method="wilson"), atol=QUANTILE)
