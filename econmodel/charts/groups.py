"""Providers in groups of equal number, from the smallest to the largest: what is drawn where points must not be."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Above this number points hide one another, and an SVG of them would be heavy.
MANY = 500
# A published median or quartile then stands for at least ten providers.
SMALLEST_GROUP = 10


def by_size(
    size: NDArray[np.float64], value: NDArray[np.float64], most: int = 20, smallest: int = SMALLEST_GROUP
) -> pd.DataFrame:
    """Median and quartiles of a value in groups of providers of similar size.

    Parameters
    ----------
    size : (n,) positive sizes
    value : (n,) values
    most : number of groups where there are providers enough
    smallest : fewest providers in a group

    Returns
    -------
    DataFrame
        One row a group: `size` (geometric mean), `low` and `high` (quartiles), `median`, `providers`; no rows
        where there are not enough providers for two groups.

    Examples
    --------
    >>> import numpy as np
    >>> by_size(np.arange(1.0, 41.0), np.arange(40.0), most=2)["median"].tolist()
    [9.5, 29.5]
    """
    count = min(most, len(size) // smallest)
    columns = ["size", "low", "median", "high", "providers"]
    if count < 2:
        return pd.DataFrame(columns=columns, dtype=float)
    # Sorted by value within equal sizes: the groups then do not depend on the order of the rows.
    groups = np.array_split(np.lexsort((value, size)), count)
    found = []
    for group in groups:
        low, median, high = np.percentile(value[group], [25, 50, 75])
        middle = np.exp(np.log(size[group]).mean())
        found.append((middle, low, median, high, len(group)))
    return pd.DataFrame(found, columns=columns)
