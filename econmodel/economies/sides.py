"""Who is compared with whom: one provider, a group of rows, or a period, and the point that stands for it."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.size import Size, mean_by_shares
from econmodel.errors import NotSupported, TableError, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.forms.technology import Point
from econmodel.table.conditions import truth_of
from econmodel.table.roles import nearest

Array = NDArray[np.float64]
Members = NDArray[np.bool_]
# Names may hold an ampersand or a hyphen; a condition has a comparison in it.
COMPARISON = re.compile(r"[<>=]|\bin\b|\bnot\b|\.is\w+\(|\.not\w+\(")


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One of two sides of a comparison.

    Attributes
    ----------
    label : what it is called
    rows : (n,) whether each row belongs to it
    kind : "provider" (its rows stay as they are in every replication), "period" or "group" (drawn anew with the rows)
    """

    label: str
    rows: Members
    kind: str

    def weights(self, drawn: Array | None) -> Array:
        """Shares of the rows in this side (B, n) for weights of replications; missing where none of it was drawn."""
        weights = self.rows[None].astype(float) if drawn is None or self.kind == "provider" else drawn * self.rows
        total = weights.sum(axis=1, keepdims=True)
        return weights / np.where(total > 0, total, np.nan)


def side_of(fit: Fit, wanted: Any, by: str | None = None) -> Side:
    """The rows that a name, a period, a condition or a value of the column `by` stands for.

    Raises
    ------
    UnknownName
        For a provider, column or value that does not exist; the message names the nearest.
    NotSupported
        Where a number may be meant as a provider or as a period.
    """
    data = fit.data
    if by is not None:
        return _value(fit, wanted, by)
    names = data.row_names()
    if isinstance(wanted, str) and wanted == "mean":
        return Side("all rows", np.ones(len(names), dtype=bool), "group")
    if wanted in names:
        return Side(str(wanted), np.array([name == wanted for name in names]), "provider")
    found = []
    for column, kind in ((data.entity, "provider"), (data.time, "period")):
        if column is not None:
            rows = _called_so(data.frame[column], column, wanted)
            if rows.any():
                found.append(Side(_called(column, wanted), rows, kind))
    if len(found) > 1:
        raise NotSupported(
            f'{wanted!r} is a {data.entity} and a {data.time}: say which with by="{data.entity}" or by="{data.time}".'
        )
    if found:
        return found[0]
    if isinstance(wanted, str) and COMPARISON.search(wanted):
        return Side(wanted, _condition(fit, wanted), "group")
    known = dict.fromkeys(names)
    for column in (data.entity, data.time):
        if column is not None:
            known |= dict.fromkeys(map(str, pd.unique(data.frame[column])))
    written = repr(wanted.item() if isinstance(wanted, np.generic) else wanted)
    raise UnknownName(
        f"{written} is not a provider or period among the rows used{nearest(wanted, known) or '.'} Names are as in "
        f"data.row_names(), for example {names[0]!r}; a group is a condition such as "
        f'"{next(iter(data.outputs))} > 100", or a value of a column, with by="<column>".'
    )


def _called(column: str, value: Any) -> str:
    return str(value) if isinstance(value, str) else f"{column.replace('_', ' ')} {value}"


def _called_so(values: pd.Series, column: str, wanted: Any) -> Members:
    """Rows of a name or period; one that is a number may be asked for as a number, as text or as printed ("firm 3")."""
    text = str(wanted)
    return values.astype(str).isin([text, text.removeprefix(f"{column.replace('_', ' ')} ")]).to_numpy(dtype=bool)


def _value(fit: Fit, wanted: Any, by: str) -> Side:
    data = fit.data
    if by not in data.frame.columns:
        known = ", ".join(map(str, data.frame.columns))
        raise UnknownName(
            f"There is no column {by!r} to compare by{nearest(by, data.frame.columns) or '.'} There are {known}."
        )
    same = (data.frame[by] == wanted).fillna(False) | (data.frame[by].astype(str) == str(wanted))
    rows = same.to_numpy(dtype=bool)
    if not rows.any():
        values = list(map(str, pd.unique(data.frame[by].dropna())))
        shown = ", ".join(values[:10]) + (", ..." if len(values) > 10 else "")
        raise UnknownName(f"No row has {by} = {wanted!r}{nearest(wanted, values) or '.'} There are {shown}.")
    kind = {data.entity: "provider", data.time: "period"}.get(by, "group")
    return Side(_called(by, wanted), rows, kind)


def _condition(fit: Fit, condition: str) -> Members:
    data = fit.data
    truth = truth_of(condition, data.frame, data.date_order)[0].fillna(False).to_numpy(dtype=bool)
    if not truth.any():
        raise TableError(f"No row satisfies {condition!r}.")
    return truth


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """The point that stands for a side, with its log size (B, 1) and observed log cost (B,).

    Geometric means in log forms, arithmetic means in level forms; for one row, the row itself.
    """

    point: Point
    log_size: Array
    log_cost: Array


def mean_of(fit: Fit, side: Side, size: Size, points: Point, drawn: Array | None, size_weights: Array | None) -> Mean:
    """The mean of a side for weights of replications (B, n), or as the table has it."""
    shares = side.weights(drawn)
    log_size = np.atleast_2d(size.logs(points.outputs, size_weights))
    log_cost = np.log(fit.sample.rows.columns[fit.design.cost])
    return Mean(
        mean_by_shares(fit.technology, points, shares),
        mean_log(fit, shares, log_size)[:, None],
        mean_log(fit, shares, log_cost[None]),
    )


def mean_log(fit: Fit, shares: Array, logs: Array) -> Array:
    """Mean of logs in log forms, log of the mean in level forms: shares (B, n) and logs (1 or B, n) give (B,)."""
    if not fit.technology.form.coordinate.allows_zero:
        return (shares * logs).sum(axis=1)
    # Over the largest that counts, so that no exponential leaves double precision.
    top = np.where(shares > 0, logs, -np.inf).max(axis=1, keepdims=True)
    return np.log((shares * np.exp(np.minimum(logs - top, 0.0))).sum(axis=1)) + top[:, 0]
