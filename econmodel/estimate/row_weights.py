"""Weights of rows for an additive error: a row of twice the weight has an error of half the variance."""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import TableError, UnknownName
from econmodel.table.cost_data import CostData
from econmodel.table.roles import nearest

Array = NDArray[np.float64]
# What the column is called that holds weights given as numbers.
GIVEN = "weight of the row"


def with_weights(data: CostData, weights: str | Iterable[float] | None) -> tuple[CostData, str | None]:
    """The table with a column of weights, and its name.

    Raises
    ------
    UnknownName, TableError
        For a column that there is not, or another number of weights than of rows.
    """
    if weights is None:
        return data, None
    if isinstance(weights, str):
        if weights not in data.frame.columns:
            raise UnknownName(
                f"There is no column {weights!r} to weigh rows by{nearest(weights, data.frame.columns) or '.'} The "
                f"columns are {', '.join(map(str, data.frame.columns))}."
            )
        return data, weights
    values = np.asarray(list(weights), dtype=float)
    if len(values) != len(data):
        raise TableError(f"There are {len(values)} weights for {len(data)} rows. Give one a row, or name a column.")
    return replace(data, frame=data.frame.assign(**{GIVEN: values})), GIVEN


def relative_weights(data: CostData, name: str) -> Array:
    """The weights of the rows used, their mean one: only their ratios matter."""
    values = data.frame[name].to_numpy(dtype=float)
    bad = ~((values > 0) & np.isfinite(values))
    if bad.any():
        rows = [row for row, found in zip(data.row_names(), bad, strict=True) if found]
        raise TableError(
            f"{name} weighs rows and must be above zero in every one; in {', '.join(rows[:5])}"
            f"{', ...' if len(rows) > 5 else ''} it is not. Leave these rows out in the open: "
            'data.where(..., because="...").'
        )
    return np.asarray(values / values.mean())
