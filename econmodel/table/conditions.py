"""Conditions on the columns of a table, in words or as a mask: true, false, or not known where a figure is missing."""

import ast
import operator
import re
import warnings
from collections.abc import Callable
from datetime import datetime
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from econmodel.errors import TableError, UnknownName
from econmodel.frames import in_pandas
from econmodel.table.periods import DateOrder, periods, without_categories
from econmodel.table.roles import nearest

_ORDERED: dict[type, Callable] = {ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge}
_EQUAL: dict[type, Callable] = {ast.Eq: operator.eq, ast.NotEq: operator.ne}
_ARITHMETIC: dict[type, Callable] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod, ast.Pow: operator.pow, ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}  # fmt: skip
_KINDS = {
    "string": "text", "integer": "numbers", "floating": "numbers", "mixed-integer-float": "numbers",
    "decimal": "numbers", "boolean": "truth values", "datetime64": "dates", "period": "periods",
    "timedelta64": "lengths of time",
}  # fmt: skip
_WRITTEN = {
    "text": "put the value in quotation marks", "numbers": "leave out the quotation marks",
    "truth values": "write True or False, without quotation marks", "dates": "write one like '2010-03-31'",
    "periods": "write one as it is printed, such as '2010Q1'", "lengths of time": "write one like '2 days'",
}  # fmt: skip
# What is written as text beside a column that is none.
_READ: dict[str, Callable[[str, pd.Series], Any]] = {
    "dates": lambda text, column: pd.Timestamp(datetime.fromisoformat(text)),
    "periods": lambda text, column: pd.Period(text, freq=column.dt.freq),
    "lengths of time": lambda text, column: pd.Timedelta(text),
}
_MISSING = {"isna": True, "isnull": True, "notna": False, "notnull": False}
# Quoted text, a column in backticks, or one of the signs that bind like `and` and `or` in a condition.
_PIECES = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|`([^`]*)`|([&|])""")
_LIKE = (
    "compare columns with values, such as \"pupils >= 500 and region == 'North'\", with names of several words between "
    "backticks (`class size` > 20), or give one truth value a row"
)


class _Misread(Exception):
    """What cannot be read in a condition."""


def truth_of(condition: Any, frame: pd.DataFrame, order: DateOrder | None = None) -> "tuple[pd.Series[bool], str]":
    """Whether a condition holds in each row, and why it is not known in some.

    Parameters
    ----------
    condition : comparisons of columns joined by `and`, `or` and `not`, or one truth value a row
    frame : the table
    order : what 03/04/2010 is, where the condition compares dates

    Returns
    -------
    truth, why : (N,) nullable truth values; the reason for those that are missing

    Raises
    ------
    UnknownName
        Where it names a column that the table does not have.
    TableError
        Where it cannot be read, or is not one truth value a row.

    Examples
    --------
    >>> truth, why = truth_of("rural >= 0.2", pd.DataFrame({"rural": [0.1, None, 0.3]}))
    >>> truth.tolist(), why
    ([False, <NA>, True], "rural is missing, so it is not known whether 'rural >= 0.2'")
    """
    if not isinstance(condition, str):
        return _mask(condition, frame), "the condition is missing, so it is not known whether it holds"
    source, names = _source(condition)
    try:
        with warnings.catch_warnings():
            # An escape that Python warns of is not what the user meant to write.
            warnings.simplefilter("error")
            tree = ast.parse(source.strip(), mode="eval").body
        reading = _Reading(frame, names, condition, order)
        found = _truth(reading.value(tree), frame)
    except (SyntaxError, _Misread, TypeError, ValueError, ArithmeticError, NotImplementedError) as broken:
        if isinstance(broken, TableError | UnknownName):
            raise
        said = broken.msg if isinstance(broken, SyntaxError) else broken
        cure = "" if isinstance(broken, _Misread) else f"; {_LIKE}"
        raise TableError(f"{condition!r} cannot be read as a condition on columns: {said}{cure}") from None
    except (RecursionError, MemoryError):
        raise TableError(f"{condition[:50]!r}... is too deeply nested for a condition; {_LIKE}") from None
    unknown = found.isna()
    empty = [name for name in dict.fromkeys(reading.used) if frame.loc[unknown.to_numpy(), name].isna().any()]
    return found, f"{' or '.join(empty) or 'a value'} is missing, so it is not known whether {condition!r}"


def _mask(given: Any, frame: pd.DataFrame) -> pd.Series:
    condition = in_pandas(given)
    # A column of another library has no index: its rows are those of the table, in their order.
    condition = condition if condition is given else np.asarray(condition, dtype=object)
    said = f"a condition is one truth value a row ({len(frame):,}), such as 'pupils >= 500'"
    if isinstance(condition, pd.Series) and not condition.index.equals(frame.index):
        raise TableError("the condition belongs to other rows than the table: its index differs")
    is_list = isinstance(condition, list | tuple | np.ndarray | pd.Series | pd.Index | pd.api.extensions.ExtensionArray)
    if not is_list or getattr(condition, "ndim", 1) != 1 or len(condition) != len(frame):
        raise TableError(said)
    values = pd.Series(condition).set_axis(frame.index)
    if not _is_truth(values):
        raise TableError(said)
    return values.astype("boolean")


def _is_truth(values: pd.Series) -> bool:
    if pd.api.types.is_object_dtype(values.dtype):
        return bool(values.dropna().map(lambda value: isinstance(value, bool | np.bool_)).all())
    return pd.api.types.is_bool_dtype(values.dtype)


def _truth(value: Any, frame: pd.DataFrame) -> pd.Series:
    values = pd.Series(value, index=frame.index) if isinstance(value, bool) else value
    if not isinstance(values, pd.Series) or not _is_truth(values):
        raise TableError(f"a condition is one truth value a row ({len(frame):,}), such as 'pupils >= 500'")
    return values.astype("boolean")


def _source(condition: str) -> tuple[str, dict[str, str]]:
    """The condition as Python, and the columns that stand in backticks by the names given to them."""
    names: dict[str, str] = {}

    def replaced(piece: re.Match[str]) -> str:
        if piece[1]:
            return piece[1]
        if piece[3]:
            return " and " if piece[3] == "&" else " or "
        names[f"_column_{len(names)}_"] = piece[2]
        return f" {next(reversed(names))} "

    return _PIECES.sub(replaced, condition), names


class _Reading:
    """A condition being read: the columns it uses, and the value of each part."""

    def __init__(self, frame: pd.DataFrame, names: dict[str, str], condition: str, order: DateOrder | None) -> None:
        self.frame, self.names, self.condition, self.order = frame, names, condition, order
        self.used: list[str] = []

    def value(self, node: ast.AST) -> Any:
        match node:
            case ast.Constant(value=bool() | str() as known):
                return known
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name):
                return self.column(self.names.get(name, name))
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return [self.exact(element) for element in elements]
            case ast.BoolOp(op=op, values=parts):
                join = operator.and_ if isinstance(op, ast.And) else operator.or_
                return reduce(join, [_truth(self.value(part), self.frame) for part in parts])
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=operand):
                return ~_truth(self.value(operand), self.frame)
            case ast.UnaryOp(op=sign, operand=operand):
                return _ARITHMETIC[type(sign)](self.value(operand))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _ARITHMETIC[type(op)](self.value(left), self.value(right))
            case ast.Compare(left=left, ops=ops, comparators=comparators):
                sides = [self.exact(side) for side in (left, *comparators)]
                pairs = zip(ops, sides[:-1], sides[1:], strict=True)
                return reduce(operator.and_, [self.compare(op, one, other) for op, one, other in pairs])
            case ast.Call(func=ast.Attribute(value=owner, attr=method), args=arguments, keywords=[]):
                return self.method(self.value(owner), method, [self.value(argument) for argument in arguments])
        raise _Misread(f"{ast.unparse(node)!r} is not known there; {_LIKE}")

    def exact(self, node: ast.AST) -> Any:
        """A whole number beside a column keeps every digit: codes may have more of them than a float."""
        return node.value if isinstance(node, ast.Constant) and type(node.value) is int else self.value(node)

    def column(self, name: str) -> pd.Series:
        if name not in self.frame.columns:
            known = ", ".join(map(str, self.frame.columns))
            near = nearest(name, self.frame.columns)
            raise UnknownName(f"name {name!r} is not defined in {self.condition!r}; the columns are {known}{near}")
        self.used.append(name)
        column = self.frame[name]
        if isinstance(column, pd.DataFrame):
            raise _Misread(f"there are several columns named {name!r}; rename all but one")
        column = without_categories(column).infer_objects()
        is_date = pd.api.types.infer_dtype(column, skipna=True) == "date"
        return pd.to_datetime(column) if is_date else column

    def method(self, owner: Any, method: str, arguments: list[Any]) -> Any:
        if isinstance(owner, pd.Series):
            if method in _MISSING and not arguments:
                return owner.isna() if _MISSING[method] else owner.notna()
            if method == "isin" and len(arguments) == 1:
                return self.compare(ast.In(), owner, arguments[0])
            if method == "between" and len(arguments) == 2:
                return self.compare(ast.GtE(), owner, arguments[0]) & self.compare(ast.LtE(), owner, arguments[1])
        raise _Misread(f"{method!r} is not known there; a column has isna(), notna(), isin([...]) and between(a, b)")

    def compare(self, op: ast.cmpop, left: Any, right: Any) -> Any:
        unknown = pd.Series(False, index=self.frame.index)
        for side in (left, right):
            if isinstance(side, pd.Series):
                unknown |= side.isna()
        if isinstance(op, ast.In | ast.NotIn):
            if not isinstance(left, pd.Series) or not isinstance(right, list):
                raise _Misread("`in` needs a column and a list, such as region in ['North', 'West']")
            for element in right:
                _alike(left, element)
                if isinstance(element, pd.Series):
                    raise _Misread("a list holds values, not columns")
            found = left.isin([_moment(left, element) for element in right])
            found = found if isinstance(op, ast.In) else ~found
        else:
            _alike(left, right)
            left, right = _moment(right, left), _moment(left, right)
            if type(op) in _ORDERED:
                found = _ORDERED[type(op)](*self.placed(left, right))
            elif type(op) in _EQUAL:
                found = _EQUAL[type(op)](left, right)
            else:
                raise _Misread("a column is compared with one value; several go with `in`")
        return _truth(found if isinstance(found, pd.Series) else bool(found), self.frame).mask(unknown)

    def placed(self, left: Any, right: Any) -> tuple[Any, Any]:
        """Text by its order in time, which is the only one that it has here; all else as it is."""
        if "text" not in (_kind(left), _kind(right)):
            return left, right
        name = next((side.name for side in (left, right) if isinstance(side, pd.Series)), "text")
        index = self.frame.index
        sides = [side if isinstance(side, pd.Series) else pd.Series(side, index=index) for side in (left, right)]
        codes = periods(pd.concat(sides).rename(str(name)), self.order)[0].astype(float)
        return pd.Series(codes[: len(index)], index), pd.Series(codes[len(index) :], index)


def _kind(side: Any) -> str | None:
    """What a column or a value is; None of a column that holds nothing, or things of several kinds."""
    if isinstance(side, pd.Series):
        return _KINDS.get(pd.api.types.infer_dtype(side, skipna=True))
    return "truth values" if isinstance(side, bool) else "text" if isinstance(side, str) else "numbers"


def _alike(left: Any, right: Any) -> None:
    """Values of two kinds are never the same: 'firm != 1' would be true in silence where firms are called '1'."""
    sides = (left, right)
    if any(isinstance(side, list) for side in sides):
        raise _Misread("a column is compared with one value; several go with `in`")
    kinds = {kind for side in sides if (kind := _kind(side)) is not None}
    column = next((side for side in sides if isinstance(side, pd.Series)), None)
    is_read = bool(kinds & set(_READ)) and any(isinstance(side, str) for side in sides)
    if len(kinds) < 2 or kinds == {"numbers", "truth values"} or is_read:
        return
    if column is None or all(isinstance(side, pd.Series) for side in sides):
        raise _Misread(f"it compares {' with '.join(sorted(kinds))}")
    raise _Misread(_beside(column))


def _beside(column: pd.Series) -> str:
    kind = str(_kind(column))
    return f"{column.name!r} holds {kind}: {_WRITTEN[kind]}"


def _moment(column: Any, value: Any) -> Any:
    """A date, period or length of time in text as such, where it is compared with a column of them."""
    kind = _kind(column) if isinstance(column, pd.Series) and isinstance(value, str) else None
    if kind not in _READ:
        return value
    try:
        moment = _READ[kind](value, column)
        is_bare = kind == "dates" and moment.tz is None
        return moment.tz_localize(column.dt.tz) if is_bare else moment
    except ValueError:
        raise _Misread(f"{value!r} cannot be read; {_beside(column)}") from None
