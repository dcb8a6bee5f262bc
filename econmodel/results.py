"""What everything returns: frozen records of a table and plain sentences, with one HTML form.

A record never computes. It holds what a measure found, prints it as text in a terminal and as an escaped HTML table
in a notebook, and writes every number with one formatter.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from types import MappingProxyType

import pandas as pd

EFFECT_COLUMNS = (
    "term", "at", "estimate", "std_error", "null", "statistic", "p_value", "conf_low", "conf_high", "supported",
)  # fmt: skip
INTERVAL_COLUMNS = ("identified_low", "identified_high")
SIGNIFICANT_DIGITS = 6

_HEADINGS = {
    "std_error": "std. error",
    "p_value": "p",
    "conf_low": "low",
    "conf_high": "high",
    "identified_low": "identified from",
    "identified_high": "identified to",
}


def format_number(value: object, digits: int = 4) -> str:
    """Write a number with at most `digits` (never over six) significant digits; words and blanks pass through.

    Parameters
    ----------
    value : a number, a truth value, a word or a missing value
    digits : significant digits

    Examples
    --------
    >>> format_number(1234567.0), format_number(0.98885), format_number(float("nan")), format_number(True)
    ('1,234,567', '0.9889', '–', 'yes')
    """
    if isinstance(value, str):
        return value
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, bool) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    number = float(value)  # type: ignore[arg-type]
    digits = min(digits, SIGNIFICANT_DIGITS)
    if number == int(number) if abs(number) < 1e15 else False:
        return f"{int(number):,}".replace("-", "−")
    if abs(number) >= 10 ** (digits - 1):
        written = f"{number:,.0f}" if abs(number) < 1e15 else f"{number:.{digits - 1}e}"
    elif abs(number) < 1e-4:
        written = f"{number:.{max(digits - 2, 1)}e}"
    else:
        written = f"{number:.{digits}g}"
    return written.replace("-", "−")


def format_probability(value: float) -> str:
    """Write a p-value as readers expect it: three decimals, or "<0.001"."""
    if value != value:
        return "–"
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def printed(table: pd.DataFrame, labels: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The table as readers see it: labels for terms, one number format, empty columns left out."""
    shown = table.dropna(axis="columns", how="all")
    if "supported" in shown and shown["supported"].all():
        shown = shown.drop(columns="supported")
    columns = {}
    for name in shown.columns:
        write = format_probability if name == "p_value" else format_number
        values = [write(value) for value in shown[name]]
        if name == "term" and labels:
            values = [labels.get(value, value) for value in values]
        columns[_HEADINGS.get(str(name), str(name).replace("_", " "))] = values
    return pd.DataFrame(columns)


def html_table(table: pd.DataFrame, caption: str = "", labels: Mapping[str, str] | None = None) -> str:
    """An accessible, escaped HTML table without ids, styles or scripts: the same bytes for the same numbers."""
    shown = printed(table, labels)
    words = {name for name in shown if not _is_numeric(table, str(name))}
    head = "".join(f'<th scope="col"{_class(name in words)}>{escape(str(name))}</th>' for name in shown)
    rows = []
    for row in shown.itertuples(index=False):
        first, *rest = zip(shown.columns, row, strict=True)
        cells = f'<th scope="row">{escape(str(first[1]))}</th>'
        cells += "".join(f"<td{_class(name in words)}>{escape(str(value))}</td>" for name, value in rest)
        rows.append(f"<tr>{cells}</tr>")
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<table class="econmodel">{title}<thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


def _class(is_words: bool) -> str:
    return ' class="words"' if is_words else ""


def _is_numeric(table: pd.DataFrame, heading: str) -> bool:
    back = {_HEADINGS.get(str(name), str(name).replace("_", " ")): name for name in table.columns}
    return pd.api.types.is_numeric_dtype(table[back[heading]])


def _frozen(tables: Mapping[str, pd.DataFrame]) -> Mapping[str, pd.DataFrame]:
    return MappingProxyType({name: table.copy(deep=False) for name, table in tables.items()})


class _Shown:
    """The one printed form of every record."""

    __slots__ = ()
    title: str
    table: pd.DataFrame
    text: str
    notes: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]

    @property
    def _labels(self) -> Mapping[str, str]:
        return getattr(self, "labels", {})

    def __repr__(self) -> str:
        parts = [self.title, self.text, printed(self.table, self._labels).to_string(index=False)]
        for name, table in self.tables.items():
            parts += [name, printed(table, self._labels).to_string(index=False)]
        return "\n\n".join([part for part in parts if part] + list(self.notes))

    def _repr_html_(self) -> str:
        text = f"<p>{escape(self.text)}</p>" if self.text else ""
        tables = html_table(self.table, self.title, self._labels)
        tables += "".join(html_table(table, name, self._labels) for name, table in self.tables.items())
        notes = "".join(f'<p class="note">{escape(note)}</p>' for note in self.notes)
        return f'<div class="econmodel">{text}{tables}{notes}</div>'


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Effects(_Shown):
    """Estimates of one measure: a tidy table, a plain sentence, and the tables that stand behind them.

    Attributes
    ----------
    title : what was measured
    table : one row a term and point; columns `EFFECT_COLUMNS`, and `identified_low`, `identified_high` where the data
        identify an interval only (then `estimate` and `std_error` are missing)
    text : the finding in words, generated from the table
    labels : printed names of terms, where they differ from the term
    notes : what a reader must know besides (few clusters, points without support, ...)
    tables : further tables by name (parts by size fifth, weights of the size index, ...)
    method : how intervals were made ("delta", "simulate", "bootstrap")
    conf_level : their level
    """

    title: str
    table: pd.DataFrame
    text: str
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    method: str = "delta"
    conf_level: float = 0.95

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", self.table.copy(deep=False))
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))
        object.__setattr__(self, "tables", _frozen(self.tables))

    def row(self, term: str, at: str | None = None) -> pd.Series:
        """The one row of a term (at a point); a KeyError names the terms there are."""
        found = self.table[self.table["term"] == term]
        if at is not None:
            found = found[found["at"] == at]
        if len(found) != 1:
            known = ", ".join(f"{t!r} at {a!r}" for t, a in zip(self.table["term"], self.table["at"], strict=True))
            raise KeyError(f"{len(found)} rows for {term!r}" + (f" at {at!r}" if at else "") + f"; there are: {known}")
        return found.iloc[0]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Check(_Shown):
    """The answer to a question with a yes or a no.

    Attributes
    ----------
    passed : True, False, or None where the check only informs
    null : what was asked, in words
    table, text, notes, tables : as in `Effects`
    """

    title: str
    passed: bool | None
    null: str
    table: pd.DataFrame
    text: str
    notes: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", self.table.copy(deep=False))
        object.__setattr__(self, "tables", _frozen(self.tables))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Answer(_Shown):
    """A table and a text, for what is neither an estimate nor a yes or no: a comparison, a selection, a plan."""

    title: str
    table: pd.DataFrame
    text: str
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "table", self.table.copy(deep=False))
        object.__setattr__(self, "labels", MappingProxyType(dict(self.labels)))
        object.__setattr__(self, "tables", _frozen(self.tables))
