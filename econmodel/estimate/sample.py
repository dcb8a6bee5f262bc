"""The rows and columns that a fit uses: complete rows only, with their weights, and as points of a cost function."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import FormError, NotIdentified, NotSupported, TableError, UnknownName
from econmodel.estimate.least_squares import Groups
from econmodel.forms.assembly import Centres
from econmodel.forms.form import Form, Variables
from econmodel.forms.technology import Point, Technology
from econmodel.table.checks import Column, check
from econmodel.table.cost_data import CostData
from econmodel.table.roles import nearest
from econmodel.table.rows import Rows

Array = NDArray[np.float64]
# A fixed cost of an output's own is told apart from the common one by providers without that output, and by no others.
FEWEST_ZEROS = 10
PROVISIONAL_ROWS = 4096
# What the column is called that holds weights given as numbers.
GIVEN = "weight of the row"


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

    def points(self, technology: Technology) -> Point:
        """Every row as a point at which cost can be evaluated."""
        columns, t = self.rows.columns, technology

        def stack(names: tuple[str, ...]) -> Array:
            return np.stack([columns[name] for name in names], 1) if names else np.zeros((self.rows.count, 0))

        relationships = stack(t.relationships)
        for place, in_logs in enumerate(t.log_relationships):
            if in_logs:
                relationships[:, place] = np.log(relationships[:, place])
        return Point(stack(t.outputs), np.log(stack(t.prices)), relationships, stack(t.controls))


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


def first_rows(data: CostData, chosen: NDArray[np.bool_] | NDArray[np.intp]) -> str:
    """Names of the first five of the rows chosen, and a sign that there are more."""
    names = np.array(data.row_names())[chosen]
    return f"{', '.join(names[:5])}{', ...' if len(names) > 5 else ''}"


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
            raise TableError(
                f"{name} is zero for {first_rows(data, none)}, and the network enters a cost function in logs. "
                f'Leave these rows out in the open: data.where("{name} > 0", because="...").'
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
    relationships = [columns[name] for name in data.relationships]
    two_valued = tuple(i for i, r in enumerate(relationships) if ((r == r.min()) | (r == r.max())).all())
    return Variables(
        tuple(data.outputs),
        tuple(data.prices),
        tuple(data.relationships),
        tuple(sample.controls),
        tuple(fixed),
        two_valued,
    )


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
    what = groups if isinstance(groups, str) else "groups"
    empty = int(pd.isna(labels).sum())
    if empty:
        raise NotSupported(
            f"{what} is missing in {empty} of the rows used, so they belong to no cluster. Fill it in, or leave them "
            'out with data.where(..., because="...").'
        )
    if groups is not None:
        check(pd.DataFrame({what: labels.to_numpy()}), {what: Column("cluster", is_number=False)})
    codes, names = pd.factorize(labels)
    if groups is None and len(names) in (1, len(data)):
        return None
    if len(names) == 1:
        raise NotSupported(
            f"{what} is the same in all {len(data)} rows used. Errors that all rows share cannot be told from cost; "
            "cluster by something that differs, or leave groups out."
        )
    return Groups(codes, np.bincount(codes).astype(float))


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
        raise TableError(
            f"{name} weighs rows and must be above zero in every one; in {first_rows(data, bad)} it is not. Leave "
            'these rows out in the open: data.where(..., because="...").'
        )
    return np.asarray(values / values.mean())


def points_in(technology: Technology, table: pd.DataFrame) -> Point:
    """Rows of a table in the user's units as points; variables that the table does not name stay at their mean.

    Raises
    ------
    UnknownName
        Where the table names a column that is not in the cost function; the message lists those that are.
    TableError
        Where an entry is missing or no number, an output is negative (or zero in a log form), or a price or logged
        variable is not positive.
    """
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
                column = _number_column(table, name)
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


def _number_column(table: pd.DataFrame, name: str) -> Array:
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
        if not (_number_column(table, name) > 0).all():
            raise TableError(f"{name} must be above zero where cost is evaluated: it enters in logs.")
    logs = {f"log {name}": np.log(_number_column(table, name)) for name in logged}
    return table.drop(columns=logged).assign(**logs)
