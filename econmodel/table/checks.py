"""Whether a table fits the roles of its columns: every fault at once, one sentence a column and cause."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from econmodel.errors import TableError
from econmodel.table.roles import nearest
from econmodel.table.row_names import row_names

# Three shares that a publication rounds to three decimals can miss one by 0.0015.
SHARE_SUM_TOLERANCE = 0.002
FIRST_ROWS = 5
SHOWN_COLUMNS = 20

_WHERE = "mend the figures, write them as missing, or leave these rows out of the table"
# cause -> what is wrong with the rows, what to do about it
_SENTENCES = {
    "number": (
        "holds text or dates where numbers are needed",
        "remove currency signs, units and thousands separators, and leave the cell empty where the figure is unknown",
    ),
    "stored as text": (
        "holds numbers that are stored as text or objects",
        "turn the column into numbers with pandas.to_numeric",
    ),
    "finite": ("is infinite", "write a missing value where the figure is not known"),
    "cost": ("is zero or negative, which no cost of a working provider is", _WHERE),
    "output": ("is negative; an output that is not made is zero", _WHERE),
    "price": ("is zero or negative, which no price is", _WHERE),
    "log": (
        "is zero or negative and has no logarithm",
        'say scale = "level" for this variable, or write the figures as missing where zero means unknown',
    ),
    "share": ("lies outside 0 to 1", "state shares of cost as fractions, not as per cent"),
    "size": ("is negative", _WHERE),
    "named": ("has no name", "every row needs one, since rows are grouped by it; write one or leave the row out"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column that the roles name: its role in words and the cause that its values can fail."""

    role: str
    cause: str | None = None
    is_number: bool = True


def _holds(cause: str) -> Callable[[pd.Series], Any]:
    if cause == "finite":
        return lambda values: values.abs() < np.inf
    if cause in ("output", "size"):
        return lambda values: values >= 0
    if cause == "share":
        return lambda values: values.between(0, 1)
    return lambda values: values > 0


def _readable(values: pd.Series) -> pd.Series:
    return values.map(lambda value: isinstance(value, int | float) or _is_written_number(value))


def _is_written_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False
    return True


def _causes(values: pd.Series, column: Column) -> dict[str, Callable[[pd.Series], Any]]:
    """The checks of one column; a type fault hides the range faults."""
    if not column.is_number:
        return {}
    kind = values.dtype
    if not pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_complex_dtype(kind):
        if bool(_readable(values.dropna()).all()):
            return {"stored as text": lambda texts: texts.isna()}
        return {"number": _readable}
    names = ["finite"] + ([column.cause] if column.cause else [])
    return {name: _holds(name) for name in names}


def check(
    frame: pd.DataFrame,
    columns: Mapping[str, Column],
    entity: str | None = None,
    time: str | None = None,
    shares: Sequence[str] = (),
) -> None:
    """Refuse a table that does not fit its roles, naming every fault in the table's own words.

    Missing values are no fault here: a fit leaves such rows out and says so.

    Parameters
    ----------
    frame : one row a provider (and period)
    columns : the columns that have a role, and what their values must satisfy
    entity, time : provider and period; together they must name one row only
    shares : cost shares that must add up to one in every row, within `SHARE_SUM_TOLERANCE`

    Raises
    ------
    TableError
        With one sentence a column and cause: how many rows, the first five by name, and the cure.

    Examples
    --------
    >>> check(pd.DataFrame({"spend": [10.0, 12.0]}), {"spend": Column("cost", "cost")})
    >>> try:
    ...     check(pd.DataFrame({"spend": [10.0, -12.0]}), {"spend": Column("cost", "cost")})
    ... except TableError as faults:
    ...     print(str(faults).split("; ")[0])
    The table does not fit the roles of its columns:
    - 'spend' (cost) is zero or negative, which no cost of a working provider is: 1 row (row 1)
    """
    faults = _shape_faults(frame, columns) or _value_faults(frame, columns, entity, time, shares)
    if faults:
        raise TableError("\n- ".join(["The table does not fit the roles of its columns:", *faults]))


def _shape_faults(frame: pd.DataFrame, columns: Mapping[str, Column]) -> list[str]:
    """Faults that leave nothing else to check."""
    twice = frame.columns[frame.columns.duplicated()].unique()
    faults = [f"there are several columns named {name!r}; rename all but one" for name in twice if name in columns]
    return faults if len(frame) else [*faults, "it has no rows"]


def _value_faults(
    frame: pd.DataFrame, columns: Mapping[str, Column], entity: str | None, time: str | None, shares: Sequence[str]
) -> list[str]:
    import pandera.pandas as pandera

    # Positions instead of the frame's own index, which may repeat; copy-on-write makes this free.
    present = [name for name in columns if name in frame]
    table = frame[present].set_axis(pd.RangeIndex(len(frame)), axis="index")
    schema = pandera.DataFrameSchema(
        {
            name: pandera.Column(
                checks=[pandera.Check(holds, name=cause) for cause, holds in _causes(table[name], column).items()]
                if name in table
                else [],
                nullable=column.is_number,
            )
            for name, column in columns.items()
        },
        checks=[
            pandera.Check(holds, name=name, ignore_na=False)
            for name, holds in _table_checks(table, entity, time, shares).items()
        ],
    )
    try:
        schema.validate(table, lazy=True)
    except pandera.errors.SchemaErrors as found:
        return _sentences(found.failure_cases, frame, columns, entity, time, shares)
    return []


def _table_checks(
    table: pd.DataFrame, entity: str | None, time: str | None, shares: Sequence[str]
) -> dict[str, Callable[[pd.DataFrame], pd.Series]]:
    checks: dict[str, Callable[[pd.DataFrame], pd.Series]] = {}
    if time is not None:
        keys = [name for name in (entity, time) if name is not None]
        if set(keys) <= set(table):
            checks["unique"] = lambda rows: ~rows.duplicated(keys, keep=False)
    if shares and all(name in table and pd.api.types.is_numeric_dtype(table[name].dtype) for name in shares):
        checks["sum"] = lambda rows: ~((share_sums(rows, shares) - 1).abs() > SHARE_SUM_TOLERANCE)
    return checks


def share_sums(frame: pd.DataFrame, shares: Sequence[str]) -> pd.Series:
    """The sum of the cost shares of each row; missing where one of them is."""
    return frame[list(shares)].sum(axis="columns", skipna=False).astype(float)


def _sentences(
    cases: pd.DataFrame,
    frame: pd.DataFrame,
    columns: Mapping[str, Column],
    entity: str | None,
    time: str | None,
    shares: Sequence[str],
) -> list[str]:
    """Pandera's one case a cell, regrouped to one sentence a column and cause."""
    sentences = []
    missing = set(cases.loc[cases["check"] == "column_in_dataframe", "failure_case"])
    for name, column in columns.items():
        if name in missing:
            sentences.append(f"there is no column {name!r} ({column.role}){_hint(name, frame, columns)}")
    values = cases[cases["schema_context"] == "Column"]
    for (column_name, cause), failed in values.groupby(["column", "check"], sort=False):
        name = str(column_name)
        what, cure = _SENTENCES["named" if cause == "not_nullable" else str(cause)]
        rows = _rows(failed["index"], frame, entity if cause != "not_nullable" else None, time)
        shown = f", such as {failed['failure_case'].iloc[0]!r}" if cause == "number" else ""
        sentences.append(f"{name!r} ({columns[str(name)].role}) {what}{shown}: {rows}; {cure}")
    broken = cases[cases["schema_context"] == "DataFrameSchema"]
    if (repeated := broken[broken["check"] == "unique"]).size:
        keys = " and ".join(repr(name) for name in (entity, time) if name is not None)
        rows = _rows(repeated["index"], frame, entity, time)
        sentences.append(f"{keys} should name one row only, but repeat: {rows}; add such rows up, or keep one of them")
    if (unequal := broken[broken["check"] == "sum"]).size:
        rows = _rows(unequal["index"], frame, entity, time)
        listed = ", ".join(repr(name) for name in shares)
        sentences.append(
            f"the cost shares {listed} do not add up to one within {SHARE_SUM_TOLERANCE}: {rows}; mend them, or say "
            'shares = "renormalise" (each is divided by their sum) or shares = "as published" (taken as they are)'
        )
    return sentences


def _hint(name: str, frame: pd.DataFrame, columns: Mapping[str, Column]) -> str:
    if name in frame.index.names:
        return "; it is the index of the frame: use frame.reset_index()"
    free = [str(other) for other in frame.columns if other not in columns]
    listed = ", ".join(repr(other) for other in free[:SHOWN_COLUMNS]) + ", ..." * (len(free) > SHOWN_COLUMNS)
    return nearest(name, free) or (f"; columns without a role are {listed}" if free else "")


def _rows(positions: pd.Series, frame: pd.DataFrame, entity: str | None, time: str | None) -> str:
    found = sorted({int(position) for position in positions})
    names = row_names(frame, entity, time, found[:FIRST_ROWS])
    more = "; ..." if len(found) > FIRST_ROWS else ""
    return f"{len(found):,} {'row' if len(found) == 1 else 'rows'} ({'; '.join(names)}{more})"
