"""Rows of a table as points at which a cost function is evaluated."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import TableError, UnknownName
from econmodel.forms.technology import Point, Technology

if TYPE_CHECKING:
    from econmodel.estimate.fit import Fit

Array = NDArray[np.float64]


def points_of(fitted: "Fit", table: pd.DataFrame) -> Point:
    """Rows of a table in the user's units; variables that the table does not name stay at their mean.

    Raises
    ------
    UnknownName
        Where the table names a column that is not in the cost function; the message lists those that are.
    TableError
        Where an entry is missing or no number, an output is negative (or zero in a log form), or a price or logged
        variable is not positive.
    """
    return points_in(fitted.technology, table)


def points_in(technology: Technology, table: pd.DataFrame) -> Point:
    """The same for a technology alone."""
    t = technology
    known = [*t.outputs, *t.prices, *t.relationships, *t.controls]
    table = _with_logs(table, known)
    unknown = [str(name) for name in table.columns if name not in known]
    if unknown:
        raise UnknownName(f"{', '.join(unknown)} is not in the cost function. It has {', '.join(known)}.")
    mean = t.mean_point()

    def stack(names: tuple[str, ...], means: Array, logs: tuple[bool, ...]) -> Array:
        values = np.repeat(means, len(table), axis=0)
        for place, (name, in_logs) in enumerate(zip(names, logs, strict=True)):
            if name in table.columns:
                column = _numbers(table, name)
                if in_logs and not (column > 0).all():
                    raise TableError(f"{name} must be above zero where cost is evaluated: it enters in logs.")
                values[:, place] = np.log(column) if in_logs else column
        return values

    outputs = stack(t.outputs, mean.outputs, (False,) * len(t.outputs))
    least = 0.0 if t.form.coordinate.allows_zero else np.finfo(float).tiny
    for place, name in enumerate(t.outputs):
        if (outputs[:, place] < least).any():
            raise TableError(
                f"{name} must {'not be negative' if least == 0.0 else 'be above zero'} where cost is evaluated."
            )
    return Point(
        outputs,
        stack(t.prices, mean.log_prices, (True,) * len(t.prices)),
        stack(t.relationships, mean.relationships, t.log_relationships),
        stack(t.controls, mean.controls, (False,) * len(t.controls)),
    )


def _numbers(table: pd.DataFrame, name: str) -> Array:
    """A column as numbers; TableError, with the cure, where an entry is none."""
    column = pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=float)
    sound = np.isfinite(column)
    if not sound.all():
        raise TableError(
            f"{name} must be a number where cost is evaluated, and {table[name].iloc[int(np.argmin(sound))]} is none. "
            "Give one, or leave the column out: it then stays at its mean."
        )
    return column


def _with_logs(table: pd.DataFrame, known: list[str]) -> pd.DataFrame:
    """The table with the columns that enter as "log NAME" (sites of a network) under that name."""
    logged = [name for name in table.columns if name not in known and f"log {name}" in known]
    for name in logged:
        if not (_numbers(table, name) > 0).all():
            raise TableError(f"{name} must be above zero where cost is evaluated: it enters in logs.")
    logs = {f"log {name}": np.log(_numbers(table, name)) for name in logged}
    return table.drop(columns=logged).assign(**logs)
