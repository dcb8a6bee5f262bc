"""Within and between: the slope of log cost on log size as providers change, and as they differ for good."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.estimate.bootstrap import Replications, quantile_interval
from econmodel.estimate.fit import Fit
from econmodel.estimate.least_squares import Groups
from econmodel.results import with_interval

Array = NDArray[np.float64]
WITHIN_AND_BETWEEN = "within and between providers"
# Below this share of its sum of squares the variation of log size is rounding.
ROUNDING = 1e-12
ROWS = ("all rows", "between providers", "within providers")


def within_and_between(
    fitted: Fit, log_size: Array, keep: NDArray[np.bool_], draws: Replications, level: float
) -> pd.DataFrame:
    """Apparent slopes with bootstrap intervals: over all rows, over provider means, over deviations from them.

    A league table compares providers, and a provider that grows compares itself with its past. Where the two slopes
    differ, large providers differ from small ones in more than size. Empty where no provider has several rows; a slope
    is missing where size does not vary.

    Parameters
    ----------
    log_size : (n,)
    keep : (n,) rows with parts
    draws : weights of the replications, by provider
    """
    groups = _providers(fitted, keep)
    if groups is None:
        return pd.DataFrame()
    log_cost = np.log(fitted.sample.rows.columns[fitted.design.cost])
    moments = _moments(np.stack([log_size, log_cost])[:, keep], groups)
    first = np.unique(groups.codes, return_index=True)[1]
    one_row = np.flatnonzero(keep)[first]
    drawn = []
    for start in range(0, draws.count, 64):
        weights = draws.of_replications(slice(start, start + 64))[:, one_row]
        drawn.append(_slopes(weights @ moments))
    values = _slopes(moments.sum(axis=0)[None])[0]
    every = np.concatenate(drawn)
    low, high, errors = (np.full(len(values), np.nan) for _ in range(3))
    known = np.isfinite(values)
    low[known], high[known] = quantile_interval(every[:, known], level)
    errors[known] = np.nanstd(every[:, known], axis=0, ddof=1)
    columns = {"slope": ROWS, "estimate": values, "std_error": errors, "conf_low": low, "conf_high": high}
    return pd.DataFrame(columns)


def in_words(table: pd.DataFrame, level: float, *, over_time: bool) -> tuple[str, ...]:
    """One note with both slopes; none where there is no table. Only rows that follow in time are said to change."""
    if not len(table):
        return ()
    if not np.isfinite(table["estimate"].iloc[1:].astype(float)).all():
        still = "within" if np.isnan(table["estimate"].iloc[2]) else "between"
        return (f"Size does not vary {still} providers, so no slope of cost on size can be seen there.",)
    between, within = (
        with_interval(row["estimate"], row["conf_low"], row["conf_high"], level) for _, row in table.iloc[1:].iterrows()
    )
    changing = ", as they change," if over_time else ""
    return (
        f"Within providers{changing} the slope of log cost on log size is {within}; between them it is {between}. A "
        "league table shows the second.",
    )


def _providers(fitted: Fit, keep: NDArray[np.bool_]) -> Groups | None:
    """Providers of the rows kept, where they are what the bootstrap draws and some have several rows."""
    if fitted.clusters is None or fitted.data.entity is None:
        return None
    labels = fitted.data.frame[fitted.data.entity].to_numpy()
    codes, names = pd.factorize(labels[keep])
    drawn = fitted.clusters.codes[keep]
    # Each provider must lie in one cluster: only then is its weight in a replication one number.
    together = np.unique(np.stack([codes, drawn]), axis=1).shape[1] == len(names)
    sizes = np.bincount(codes).astype(float)
    return Groups(codes, sizes) if together and sizes.max() > 1 else None


def _moments(values: Array, groups: Groups) -> Array:
    """Per provider (G, 7): rows, sums of size and cost, and the products that the slopes are made of."""
    size, cost = values

    def total(column: Array) -> Array:
        return np.bincount(groups.codes, column).astype(float)

    rows, sum_size, sum_cost = groups.sizes, total(size), total(cost)
    of_all = [rows, sum_size, sum_cost, total(size**2), total(size * cost)]
    between = [sum_size**2 / rows, sum_size * sum_cost / rows]
    return np.stack([*of_all, *between], axis=1)


def _slopes(sums: Array) -> Array:
    """The three slopes (B, 3) from sums (B, 7) over providers; provider means count once for each row."""
    rows, size, cost, squares, products, between_squares, between_products = sums.T
    grand_squares, grand_products = size**2 / rows, size * cost / rows

    least = ROUNDING * squares

    def over(product: Array, square: Array) -> Array:
        varies = square > least
        return np.where(varies, product / np.where(varies, square, 1.0), np.nan)

    pooled = over(products - grand_products, squares - grand_squares)
    between = over(between_products - grand_products, between_squares - grand_squares)
    within = over(products - between_products, squares - between_squares)
    return np.stack([pooled, between, within], axis=1)
