"""The rows and columns that a fit uses: complete rows only, and a word about every row left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import FormError, NotIdentified, NotSupported, TableError, UnknownName
from econmodel.estimate.least_squares import Groups
from econmodel.estimate.row_weights import relative_weights
from econmodel.forms.assembly import Centres
from econmodel.forms.form import Form, Variables
from econmodel.table.checks import Column, check
from econmodel.table.cost_data import CostData
from econmodel.table.rows import Rows

Array = NDArray[np.float64]
# A fixed cost of an output's own is told apart from the common one by providers without that output, and by no others.
FEWEST_ZEROS = 10
PROVISIONAL_ROWS = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What a fit uses of a table.

    Attributes
    ----------
    data : the table, complete rows only; `data.dropped` says which rows were left out and why
    rows : the columns as numbers, with logs of the network, held outcomes and period dummies among the controls
    controls : control name -> the part of a separation that it belongs to ("context", "network", "outcomes", "time")
    beside : further columns that the estimator needs (cost shares, instruments); not part of the cost function
    weights : the column of weights among the rows, their mean one; nothing where rows count alike
    """

    data: CostData
    rows: Rows
    controls: Mapping[str, str]
    beside: tuple[str, ...] = ()
    weights: str = ""


def take(
    data: CostData,
    *,
    hold_outcomes: bool = False,
    time_effects: bool = False,
    beside: Sequence[str] = (),
    weights: str | None = None,
) -> Sample:
    """Complete rows of the columns with a role, and of those that the estimator needs beside them, as numbers."""
    held = list(data.outcomes) if hold_outcomes else []
    names = [data.cost, *data.outputs, *data.prices, *data.relationships, *data.controls, *data.network, *held, *beside]
    columns = {name: _numbers(data.frame[name]) for name in names}
    weighed = "" if weights is None else f"weight: {weights}"
    if weights is not None:
        columns[weighed] = _numbers(data.frame[weights])
    keep = np.ones(len(data), dtype=bool)
    for column in columns.values():
        keep &= ~np.isnan(column)
    if not keep.all():
        empty = [name for name, column in columns.items() if np.isnan(column).any()]
        if not keep.any():
            raise TableError(
                f"No row has a value in every column that the fit uses: there are gaps in {', '.join(empty)}. Fill "
                "them, or leave the emptiest column out (data.using(...))."
            )
        data = data.where(keep, because=f"missing values in {', '.join(empty)}")
        columns = {name: column[keep] for name, column in columns.items()}
    for name in held:
        if data.outcomes[name].scale == "log":
            columns[name] = np.log(columns[name])
    if weights is not None:
        columns[weighed] = relative_weights(data, weights)
    network = _network(data, columns)
    columns |= network
    controls = dict.fromkeys(data.controls, "context") | dict.fromkeys(network, "network")
    controls |= dict.fromkeys(held, "outcomes")
    if time_effects:
        dummies = _periods(data)
        columns |= dummies
        controls |= dict.fromkeys(dummies, "time")
    return Sample(data, Rows(columns), controls, tuple(beside), weighed)


def _numbers(column: pd.Series) -> Array:
    return column.to_numpy(dtype=np.float64, na_value=np.nan)


def log_of(name: str) -> str:
    """What the log of a network column is called in a cost function."""
    return f"log {name}"


def _network(data: CostData, columns: Mapping[str, Array]) -> dict[str, Array]:
    """Logs of the sites, routes or users served: beside the outputs, and in logs like them in log forms."""
    logs = {}
    for name in data.network:
        none = columns[name] <= 0
        if none.any():
            rows = [row for row, empty in zip(data.row_names(), none, strict=True) if empty]
            raise TableError(
                f"{name} is zero for {', '.join(rows[:5])}{', ...' if len(rows) > 5 else ''}, and the network enters a "
                f'cost function in logs. Leave these rows out in the open: data.where("{name} > 0", because="...").'
            )
        if log_of(name) in columns:
            raise TableError(
                f"{log_of(name)!r} is what the log of the network is called; give that column another name."
            )
        logs[log_of(name)] = np.log(columns[name])
    return logs


def _periods(data: CostData) -> dict[str, Array]:
    if data.time is None:
        raise NotSupported('time_effects=True needs a period for each row: name its column with time="...".')
    codes, periods = data.periods()
    return {
        f"{data.time} {period}": (codes == place).astype(np.float64)
        for place, period in enumerate(periods[1:], start=1)
    }


def variables(sample: Sample, form: Form, numeraire: int | None) -> Variables:
    """Names in the order of the coordinates; FormError or NotIdentified where the form cannot hold the columns."""
    data, columns = sample.data, sample.rows.columns
    _refuse_constants(data, columns, numeraire)
    fixed = []
    for place, name in enumerate(data.outputs):
        zeros = int((columns[name] == 0).sum())
        if zeros and not form.coordinate.allows_zero:
            raise FormError(
                f"{zeros} {'provider makes' if zeros == 1 else 'providers make'} no {name}, and the {form.title} form "
                f'has no cost at zero output. Use form="composite" or form="flexible_fixed_cost", or leave these rows '
                f'out in the open: data.where("{name} > 0", because="...").'
            )
        if zeros >= FEWEST_ZEROS and form.aggregates:
            fixed.append(place)
    two_valued = tuple(place for place, name in enumerate(data.relationships) if _has_two_values(columns[name]))
    return Variables(
        tuple(data.outputs),
        tuple(data.prices),
        tuple(data.relationships),
        tuple(sample.controls),
        tuple(fixed),
        two_valued,
    )


def _has_two_values(column: Array) -> bool:
    low, high = column.min(), column.max()
    return bool(((column == low) | (column == high)).all())


def _refuse_constants(data: CostData, columns: Mapping[str, Array], numeraire: int | None) -> None:
    same = []
    for role in ("outputs", "prices", "relationships", "controls", "network"):
        for place, name in enumerate(getattr(data, role)):
            constant = bool((columns[name] == columns[name][0]).all())
            if constant and not (role == "prices" and place == numeraire):
                same.append((role, name))
    if same:
        words = ", ".join(name for _, name in same)
        how = {"network": "dataclasses.replace(data, network=[...])"}
        cure = "; ".join(f"{how.get(role, f'data.using({role}=[...])')} without {name}" for role, name in same)
        raise NotIdentified(
            f"{words} {'has' if len(same) == 1 else 'have'} the same value in every row, so nothing can be learnt of "
            f"{'its' if len(same) == 1 else 'their'} effect on cost. Leave out what does not vary: {cure}."
        )


def centres(sample: Sample, form: Form, every_row: bool) -> Centres:
    """Means of the coordinates: over every row, or provisional ones from rows all over the table."""
    data, rows = sample.data, sample.rows
    taken = [columns for _, columns in rows.blocks(PROVISIONAL_ROWS)] if every_row else [rows.sample(PROVISIONAL_ROWS)]
    count = sum(len(columns[data.cost]) for columns in taken)

    def mean(name: str, transform: object = None) -> float:
        return sum(float((transform(c[name]) if callable(transform) else c[name]).sum()) for c in taken) / count

    return Centres(
        np.array([mean(name, form.coordinate.transform) for name in data.outputs]),
        np.array([mean(name, np.log) for name in data.prices]),
        np.array([mean(name, np.log if role.scale == "log" else None) for name, role in data.relationships.items()]),
        np.array([mean(name) for name in sample.controls]),
    )


def groups_of(data: CostData, groups: object) -> Groups | None:
    """Clusters of rows: a column name, one label a row, or the table's own entity where it repeats; else None."""
    if groups is None:
        if data.entity is None:
            return None
        labels = data.frame[data.entity]
    elif isinstance(groups, str):
        if groups not in data.frame.columns:
            known = ", ".join(map(str, data.frame.columns))
            raise UnknownName(f"There is no column {groups!r} to cluster by. The columns are {known}.")
        labels = data.frame[groups]
    else:
        labels = pd.Series(groups)
        if len(labels) != len(data):
            raise NotSupported(
                f"groups has {len(labels)} labels for {len(data)} rows used. Name a column instead, so that rows with "
                "missing values leave both."
            )
    empty = int(pd.isna(labels).sum())
    if empty:
        what = groups if isinstance(groups, str) else "groups"
        raise NotSupported(
            f"{what} is missing in {empty} of the rows used, so they belong to no cluster. Fill it in, or leave them "
            'out with data.where(..., because="...").'
        )
    if groups is not None:
        name = groups if isinstance(groups, str) else "groups"
        check(pd.DataFrame({name: labels.to_numpy()}), {name: Column("cluster", is_number=False)})
    codes, names = pd.factorize(labels)
    if groups is None and len(names) in (1, len(data)):
        return None
    if len(names) == 1:
        what = groups if isinstance(groups, str) else "groups"
        raise NotSupported(
            f"{what} is the same in all {len(data)} rows used. Errors that all rows share cannot be told from cost; "
            "cluster by something that differs, or leave groups out."
        )
    return Groups(codes, np.bincount(codes).astype(float))
