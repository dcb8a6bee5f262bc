"""Providers in groups of equal number, from the smallest to the largest: what is drawn where points must not be."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

if TYPE_CHECKING:
    from econmodel.table.cost_data import CostData

# Above this number points hide one another, and an SVG of them would be heavy.
MANY = 500
# A published median or quartile then stands for at least ten providers.
SMALLEST_GROUP = 10


def by_size(
    size: NDArray[np.float64], value: NDArray[np.float64], providers: ArrayLike | None = None, most: int = 20
) -> pd.DataFrame:
    """Median and quartiles of a value in groups of similar size, of at least ten providers each.

    Parameters
    ----------
    size : (n,) positive sizes
    value : (n,) values
    providers : (n,) who they belong to, where a provider has several rows; None where each row is one
    most : number of groups where there are providers enough

    Returns
    -------
    DataFrame
        One row a group: `size` (geometric mean), `low` and `high` (quartiles), `median`, `providers`; no rows where
        there are not enough providers for two groups.

    Examples
    --------
    >>> import numpy as np
    >>> by_size(np.arange(1.0, 41.0), np.arange(40.0), most=2)["median"].tolist()
    [9.5, 29.5]
    """
    # Sorted by value within equal sizes: the groups then do not depend on the order of the rows.
    order = np.lexsort((value, size))
    owners = order if providers is None else pd.factorize(np.asarray(providers)[order])[0]
    for count in range(min(most, len(order) // SMALLEST_GROUP), 1, -1):
        members = [len(np.unique(group)) for group in np.array_split(owners, count)]
        if min(members) >= SMALLEST_GROUP:
            groups = np.array_split(order, count)
            return pd.DataFrame([_summary(size[group], value[group]) for group in groups]).assign(providers=members)
    return pd.DataFrame(columns=["size", "low", "median", "high", "providers"], dtype=float)


def _summary(size: NDArray[np.float64], value: NDArray[np.float64]) -> dict[str, float]:
    low, median, high = np.percentile(value, [25, 50, 75])
    return {"size": float(np.exp(np.log(size).mean())), "low": low, "median": median, "high": high}


def providers_of(data: "CostData") -> NDArray | None:
    """Who each row belongs to, where providers have several; None where each row is a provider of its own."""
    if data.entity is None or not data.frame[data.entity].duplicated().any():
        return None
    return data.frame[data.entity].to_numpy()
