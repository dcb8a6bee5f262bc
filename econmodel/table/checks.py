"""Whether a table fits the roles of its columns: every fault at once, one sentence a column and cause, rows by name."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import TableError
from econmodel.table.periods import without_categories
from econmodel.table.roles import nearest

Mask = NDArray[np.bool_]

# Figures of real services, in any unit, lie well inside: sums of fourth powers of larger ones, or of products with
# other columns, come near the largest number of the machine (1e308), those of smaller ones near its smallest.
LARGEST, SMALLEST = 1e30, 1e-30
# Three shares that a publication rounds to three decimals can miss one by 0.0015.
SHARE_SUM_TOLERANCE = 0.002
FIRST_ROWS = 5
SHOWN_COLUMNS, SHOWN_FAULTS = 20, 100
SHOWN_LETTERS = 50

# cause -> the lowest and the highest value that pass
_SOME = float(np.nextafter(0.0, 1.0))
_RANGES = {
    "cost": (_SOME, np.inf), "price": (_SOME, np.inf), "log": (_SOME, np.inf), "output": (0.0, np.inf),
    "size": (0.0, np.inf), "share": (0.0, 1.0),
}  # fmt: skip
_IN_LOGS = ("cost", "price", "log", "output", "size")
_WHERE = "fix the figures, write them as missing, or leave these rows out of the table"
# cause -> what is wrong with the rows, what to do about it
_SENTENCES = {
    "number": (
        "holds text or dates where numbers are needed",
        "remove currency signs, units and thousands separators, write digits and minus as the keyboard does (-5), and "
        "leave the cell empty where the figure is unknown",
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
    "magnitude": (
        f"is beyond {LARGEST:g} or, but for zero, below {SMALLEST:g}, where sums of squares and products are lost",
        "state it in a unit in which its figures are nearer to one",
    ),
    "name": ("holds lists or bytes where names are needed", "write one name or period as text in each row"),
    "alike": (
        "writes one name in several ways, which differ only in capitals or in what cannot be seen (a space at the end)",
        "write it in one way, or, where several are meant, let the names differ in more",
    ),
    "named": ("has no name", "every row needs one, since rows are grouped by it; write one or leave the row out"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column that the roles name: its role in words and the cause that its values can fail."""

    role: str
    cause: str | None = None
    is_number: bool = True


def row_names(
    frame: pd.DataFrame, entity: str | None = None, time: str | None = None, positions: Sequence[int] | None = None
) -> list[str]:
    """Names of rows: the provider (and its period), else the row's label in the frame's index.

    A provider that stands in several rows without a period is followed by the row, so that names stay apart; one that
    has a number for a name is introduced by the name of the column ("firm 3").

    Parameters
    ----------
    frame : the table, one row a provider (and period)
    entity, time : columns, where there are such
    positions : the rows asked for (0 is the first); all where not given

    Examples
    --------
    >>> frame = pd.DataFrame({"firm": ["A", "A"], "year": [1970, 1971]})
    >>> row_names(frame, "firm", "year"), row_names(frame, "firm"), row_names(frame)
    (['A, 1970', 'A, 1971'], ['A, row 0', 'A, row 1'], ['row 0', 'row 1'])
    """
    chosen = np.arange(len(frame)) if positions is None else np.asarray(positions, dtype=np.intp)
    rows = [f"row {label}" for label in frame.index.take(chosen)]
    if entity is None or entity not in frame:
        return rows
    prefix = f"{entity.replace('_', ' ')} "
    names = [f"{prefix * _is_number(name)}{name}" for name in frame[entity].take(chosen)]
    if time is not None and time in frame:
        return [f"{name}, {period}" for name, period in zip(names, frame[time].take(chosen), strict=True)]
    if frame[entity].is_unique:
        return names
    return [f"{name}, {row}" for name, row in zip(names, rows, strict=True)]


def _is_number(name: object) -> bool:
    return name.isdecimal() if isinstance(name, str) else isinstance(name, Real)


def _is_written_number(value: object) -> bool:
    try:
        float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def plain(values: pd.Series, is_number: bool) -> pd.Series:
    """A column without categories; where it is one of numbers, exact decimals and Arrow's truth values as such."""
    values = without_categories(values)
    if not is_number:
        return values
    if pd.api.types.is_bool_dtype(values.dtype) and not pd.api.types.is_numeric_dtype(values.dtype):
        return values.astype("boolean")
    may_be_exact = pd.api.types.is_object_dtype(values.dtype) or str(values.dtype).startswith("decimal")
    is_exact = may_be_exact and pd.api.types.infer_dtype(values, skipna=True) == "decimal"
    return pd.Series(values.to_numpy(float, na_value=np.nan), values.index) if is_exact else values


def _wrong(values: pd.Series, column: Column) -> dict[str, Mask]:
    """The rows that fail, by cause; a type fault hides the range faults."""
    values = plain(values, column.is_number)
    known = values.notna().to_numpy(dtype=bool)
    if not column.is_number:
        return _wrong_names(values, known)
    if not pd.api.types.is_numeric_dtype(values.dtype) or pd.api.types.is_complex_dtype(values.dtype):
        if pd.api.types.is_object_dtype(values.dtype):
            readable = np.array([_is_written_number(value) for value in values.array], dtype=bool)
        elif pd.api.types.is_string_dtype(values.dtype):
            readable = pd.to_numeric(values, errors="coerce").notna().to_numpy(dtype=bool)
        else:
            readable = np.zeros(len(values), dtype=bool)
        return {"stored as text": known} if readable[known].all() else {"number": known & ~readable}
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    infinite = np.isinf(numbers)
    wrong = {"finite": infinite}
    if column.cause is not None:
        low, high = _RANGES[column.cause]
        wrong[column.cause] = ~infinite & ((numbers < low) | (numbers > high))
    size = np.abs(np.where(infinite, 0.0, numbers))
    # Where logs and ratios are taken each figure must be of a size; elsewhere one that is next to nothing does no harm.
    smallest = size if column.cause in _IN_LOGS else np.full(len(size), np.nanmax(size, initial=0.0))
    wrong["magnitude"] = (size > LARGEST) | ((size > 0) & (smallest < SMALLEST))
    return wrong


def _wrong_names(values: pd.Series, known: Mask) -> dict[str, Mask]:
    if pd.api.types.is_object_dtype(values.dtype):
        lists = np.array(
            [isinstance(value, list | tuple | dict | set | bytes | np.ndarray) for value in values.array], dtype=bool
        )
        if lists.any():
            return {"name": lists}
    elif not pd.api.types.is_string_dtype(values.dtype):
        return {"named": ~known}
    codes, names = pd.factorize(values)
    texts = pd.Series(np.asarray(names, dtype=object)).map(str).astype("str")
    blank = np.append(texts.str.strip().eq("").to_numpy(dtype=bool), True)
    wrong = {"named": blank[codes]}
    tidy = texts.str.lower().str.replace(r"\s+", " ", regex=True).str.strip()
    if not (texts.str.isascii().all() and tidy.is_unique):
        repeated = texts.map(_bare).duplicated(keep=False).to_numpy(dtype=bool)
        wrong["alike"] = np.append(repeated & ~blank[:-1], False)[codes]
    return wrong


def _bare(name: str) -> str:
    """A name without what a reader does not see: spaces at its ends or doubled, capitals, invisible letters.

    Single spaces within it stay: West Side and Westside are two districts of California.
    """
    if not name.isascii():
        name = "".join(c for c in unicodedata.normalize("NFKC", name) if unicodedata.category(c) != "Cf")
    return " ".join(name.casefold().split())


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
        shown, more = faults[:SHOWN_FAULTS], len(faults) - SHOWN_FAULTS
        shown += [f"... and {more:,} more faults"] if more > 0 else []
        raise TableError("\n- ".join(["The table does not fit the roles of its columns:", *shown]))


def _shape_faults(frame: pd.DataFrame, columns: Mapping[str, Column]) -> list[str]:
    """Faults that leave nothing else to check."""
    twice = frame.columns[frame.columns.duplicated()].unique()
    faults = [f"there are several columns named {name!r}; rename all but one" for name in twice if name in columns]
    return faults if len(frame) else [*faults, "it has no rows"]


def _value_faults(
    frame: pd.DataFrame, columns: Mapping[str, Column], entity: str | None, time: str | None, shares: Sequence[str]
) -> list[str]:
    absent = [name for name in columns if name not in frame]
    faults = [
        f"there is no column {name!r} ({columns[name].role})"
        + (_hint(name, frame, columns) if place < FIRST_ROWS else "")
        for place, name in enumerate(absent)
    ]
    has_lists = False
    for name, column in columns.items():
        for cause, rows in _wrong(frame[name], column).items() if name in frame else ():
            if rows.any():
                has_lists |= cause == "name"
                what, cure = _SENTENCES[cause]
                shown = _shown(frame[name], rows, cause)
                named = _rows(rows, frame, None if cause in ("named", "name") else entity, time)
                faults.append(f"{name!r} ({column.role}) {what}{shown}: {named}; {cure}")
    keys = [name for name in (entity, time) if name is not None]
    if time is not None and set(keys) <= set(frame) and not has_lists:
        repeated = frame.duplicated(keys, keep=False).to_numpy()
        if repeated.any():
            listed = " and ".join(map(repr, keys))
            named = _rows(repeated, frame, entity, time)
            faults.append(
                f"{listed} should name one row only, but repeat: {named}; add such rows up, or keep one of them"
            )
    if shares and all(name in frame and pd.api.types.is_numeric_dtype(frame[name].dtype) for name in shares):
        unequal = ((share_sums(frame, shares) - 1).abs() > SHARE_SUM_TOLERANCE).to_numpy()
        if unequal.any():
            listed = ", ".join(map(repr, shares))
            faults.append(
                f"the cost shares {listed} do not add up to one within {SHARE_SUM_TOLERANCE}: "
                f"{_rows(unequal, frame, entity, time)}; fix them, or say "
                'shares = "renormalise" (each is divided by their sum) or shares = "as published" (taken as they are)'
            )
    return faults


def _shown(values: pd.Series, rows: Mask, cause: str) -> str:
    """An example of what is wrong, where seeing it helps."""
    if cause == "number":
        return f", such as {str(values[rows].iloc[0])[:SHOWN_LETTERS]!r}"
    if cause != "alike":
        return ""
    groups: dict[str, list[str]] = {}
    for name in pd.unique(values[rows]):
        groups.setdefault(_bare(str(name)), []).append(repr(name))
    some = ["/".join(names) for names in groups.values()]
    return f" ({', '.join(some[:FIRST_ROWS])}{', ...' * (len(some) > FIRST_ROWS)})"


def share_sums(frame: pd.DataFrame, shares: Sequence[str]) -> pd.Series:
    """The sum of the cost shares of each row; missing where one of them is."""
    return frame[list(shares)].sum(axis="columns", skipna=False).astype(float)


def _hint(name: str, frame: pd.DataFrame, columns: Mapping[str, Column]) -> str:
    if name in frame.index.names:
        return "; it is the index of the frame: use frame.reset_index()"
    if not all(isinstance(other, str) for other in frame.columns):
        return "; names are text: use frame.columns = frame.columns.map(str)"
    free = [other for other in frame.columns if other not in columns]
    if alike := [other for other in free if _bare(other) == _bare(name)]:
        return f"; the table writes it {alike[0]!r}: write it in one way, capitals and spaces count"
    listed = ", ".join(repr(other) for other in free[:SHOWN_COLUMNS]) + ", ..." * (len(free) > SHOWN_COLUMNS)
    return nearest(name, free) or (f"; columns without a role are {listed}" if free else "")


def _rows(wrong: Mask, frame: pd.DataFrame, entity: str | None, time: str | None) -> str:
    found = np.flatnonzero(wrong)
    names = row_names(frame, entity, time, found[:FIRST_ROWS].tolist())
    more = "; ..." if len(found) > FIRST_ROWS else ""
    return f"{len(found):,} {'row' if len(found) == 1 else 'rows'} ({'; '.join(names)}{more})"
