"""What everything returns: frozen records of a table and plain sentences, with one HTML form.

A record never computes. It holds what a measure found, prints it as text in a terminal and as an escaped HTML table
in a notebook, and writes every number with one formatter.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from html import escape
from math import expm1, floor, log, log10
from typing import Any, TypeVar

import pandas as pd

from econmodel.frames import in_pandas
from econmodel.verdict import conclusions

Key = TypeVar("Key")
Value = TypeVar("Value")

EFFECT_COLUMNS = (
    "term", "at", "estimate", "std_error", "null", "statistic", "p_value", "conf_low", "conf_high", "supported",
)  # fmt: skip
INTERVAL_COLUMNS = ("identified_low", "identified_high")
# What the tidy tables of other packages begin with, in their order.
TIDY_COLUMNS = ("term", "at", "estimate", "std_error", "statistic", "p_value", "conf_low", "conf_high")
# The smallest p-value that replications could have given, beside p-values that come from them.
P_FLOOR = "p_floor"
# The conclusion on each row against its null, which sentences say and tables do not repeat.
VERDICT = "verdict"
SIGNIFICANT_DIGITS = 6
MISSING = "–"
# Sentences name no cost that is more often another than this.
MOST_TIMES = 100.0
# A column with entries below the first and above the second holds several units, and each entry keeps its own digits.
MIXED_UNITS = (1.0, 100.0)

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
        return MISSING
    if type(value).__name__ in ("bool", "bool_"):
        return "yes" if value else "no"
    number = float(value)  # type: ignore[arg-type]
    digits = min(max(digits, 1), SIGNIFICANT_DIGITS)
    if number == int(number) if abs(number) < 1e15 else False:
        return f"{int(number):,}".replace("-", "−")
    if abs(number) >= 10 ** (digits - 1):
        written = f"{number:,.0f}" if abs(number) < 1e15 else f"{number:.{digits - 1}e}"
    elif abs(number) < 1e-4:
        written = f"{number:.{max(digits - 2, 1)}e}"
    else:
        written = f"{number:.{digits}g}"
    return written.replace("-", "−").replace("inf", "∞")


def format_probability(value: float, floor: float = 0.0) -> str:
    """Write a p-value as readers expect it: three decimals, "<0.001", or "≤ 0.010" where draws could show no less.

    Parameters
    ----------
    value : the p-value
    floor : the smallest one that replications could have given: 2 / (B + 1) of B draws, counted on both sides

    Examples
    --------
    >>> format_probability(0.0104), format_probability(0.01, 2 / 200), format_probability(0.0002)
    ('0.010', '≤ 0.010', '<0.001')
    """
    if value != value:
        return MISSING
    if value < 0.001:
        return "<0.001"
    return f"{'≤ ' if value <= floor else ''}{value:.3f}"


def columns_beside(names: Iterable[str], taken: Iterable[str]) -> list[str]:
    """The user's names as columns of a table that has columns of its own: a name that is taken says whose it is.

    Taken are also names that are printed in a way of their own: a p-value, the two ends of an interval.

    Examples
    --------
    >>> columns_beside(["visits", "cost"], ["cost", "support"])
    ['visits', 'cost (column)']
    """
    used, found = {*taken, *EFFECT_COLUMNS, *INTERVAL_COLUMNS, P_FLOOR}, []
    for name in names:
        while name in used or name.endswith(("_low", "_high")):
            name = f"{name} (column)"
        used.add(name)
        found.append(name)
    return found


def per_cent(log_difference: float, digits: int = 2) -> str:
    """The size of a difference in logs as a per cent of the lower or higher cost that it is, its direction aside.

    From a form that is asked far from its data any number may come; no sentence gives one above `MOST_TIMES`.

    Examples
    --------
    >>> per_cent(-0.0885), per_cent(0.0885), per_cent(140.0)
    ('8.5 %', '9.3 %', 'over 10,000 %')
    """
    if log_difference > log(MOST_TIMES + 1.0):
        return f"over {100 * MOST_TIMES:,.0f} %"
    return f"{format_number(100 * abs(expm1(log_difference)), digits)} %"


def decimals_for(low: float, high: float) -> int:
    """Decimals that show an interval to two significant digits of its width, at most six."""
    width = abs(high - low)
    if not width > 0 or width == float("inf"):
        return 4
    return min(max(1 - floor(log10(width)), 0), SIGNIFICANT_DIGITS)


def beside_interval(value: float, low: float, high: float) -> str:
    """An estimate with the decimals that its interval has in words."""
    return _fixed(value, decimals_for(low, high))


def interval_in_words(low: float, high: float, conf_level: float) -> str:
    """An interval as it reads in a sentence, with as many decimals as its width deserves.

    Examples
    --------
    >>> interval_in_words(0.98021, 0.99718, 0.95)
    '95 % interval 0.980 to 0.997'
    """
    if low != low or high != high:
        return f"no {100 * conf_level:g} % interval"
    decimals = decimals_for(low, high)
    return f"{100 * conf_level:g} % interval {_fixed(low, decimals)} to {_fixed(high, decimals)}"


def with_interval(value: float, low: float, high: float, conf_level: float) -> str:
    """An estimate with its interval, all with the same decimals.

    Examples
    --------
    >>> with_interval(0.98894, 0.98021, 0.99718, 0.95)
    '0.989 (95 % interval 0.980 to 0.997)'
    """
    return f"{beside_interval(value, low, high)} ({interval_in_words(low, high, conf_level)})"


def identified_in_words(row: Mapping[str, float] | pd.Series) -> str:
    """The ends of an identified interval with decimals that tell them apart.

    Examples
    --------
    >>> identified_in_words({"identified_low": 0.0881, "identified_high": 0.112, "conf_low": -0.6, "conf_high": 0.8})
    'between 0.088 and 0.112'
    """
    low, high = (float(row[name]) for name in INTERVAL_COLUMNS)
    own = decimals_for(low, high) if low != high else 0
    decimals = max(decimals_for(float(row["conf_low"]), float(row["conf_high"])), own)
    return f"between {_fixed(low, decimals)} and {_fixed(high, decimals)}"


def _fixed(value: float, decimals: int) -> str:
    if value != value:
        return MISSING
    if 1e15 <= abs(value) < float("inf"):
        return format_number(value)
    written = f"{value:,.{decimals}f}"
    if float(written.replace(",", "")) == 0:
        return written.lstrip("-")
    return written.replace("-", "−").replace("inf", "∞")


def _column(values: pd.Series) -> list[str]:
    """Numbers of one column with the same decimals.

    Four significant digits of the middle entry, but no more than four decimals or three digits of the largest. Columns
    of mixed units (parameters in money beside elasticities) keep each entry's own digits.
    """
    sizes = sorted(abs(float(value)) for value in values if value == value and value not in (0, float("inf")))
    if not sizes or all(float(value) == int(value) for value in values if value == value and abs(value) < 1e15):
        return [format_number(value, SIGNIFICANT_DIGITS) for value in values]
    if sizes[-1] >= MIXED_UNITS[1] and sizes[0] < MIXED_UNITS[0]:
        return [format_number(value) for value in values]
    decimals = min(max(3 - floor(log10(sizes[len(sizes) // 2])), 0), SIGNIFICANT_DIGITS)
    largest = floor(log10(sizes[-1]))
    decimals = max(min(decimals, max(4, 2 - largest), SIGNIFICANT_DIGITS - 1 - largest), 0)
    lost = 0.5 * 10.0**-decimals
    return [format_number(value, 2) if 0 < abs(value) < lost else _fixed(value, decimals) for value in values]


def printed(table: pd.DataFrame, labels: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The table as readers see it.

    Labels stand for columns and terms, a column's numbers have the same decimals, empty columns are left out, and a
    column with its interval beside it ("x", "x_low", "x_high") becomes one.

    Examples
    --------
    >>> table = pd.DataFrame({"term": ["a"], "outlay": [8.0], "std_error": [0.5]})
    >>> print(printed(table, {"a": "first", "outlay": "cost a week"}).to_string(index=False))
     term cost a week std. error
    first           8     0.5000
    """
    return pd.DataFrame({heading: cells for heading, (cells, _) in _columns(table, labels or {}).items()})


def _columns(table: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, tuple[list[str], bool]]:
    """Cells by heading of each column that is shown, and whether they are words; a heading that is taken says so."""
    shown = table.drop(columns=[P_FLOOR, VERDICT], errors="ignore").dropna(axis="columns", how="all")
    floors = table[P_FLOOR] if P_FLOOR in table else pd.Series(0.0, table.index)
    if "supported" in shown and pd.api.types.is_bool_dtype(shown["supported"]) and shown["supported"].all():
        shown = shown.drop(columns="supported")
    shown.columns = shown.columns.map(str)
    columns: dict[str, tuple[list[str], bool]] = {}
    for name in shown.columns:
        base = name.removesuffix("_low").removesuffix("_high")
        if base != name and base in shown and {f"{base}_low", f"{base}_high"} <= set(shown):
            continue
        is_probability = name == "p_value"
        cells = list(map(format_probability, shown[name], floors)) if is_probability else _cells(shown, name, labels)
        heading = labels.get(name, _HEADINGS.get(name, name.replace("_", " ")))
        while heading in columns:
            heading = f"{heading} (column)"
        columns[heading] = cells, not pd.api.types.is_numeric_dtype(shown[name])
    return columns


def _cells(shown: pd.DataFrame, name: str, labels: Mapping[str, str]) -> list[str]:
    values = shown[name]
    if {f"{name}_low", f"{name}_high"} <= set(shown):
        rows = zip(values, shown[f"{name}_low"], shown[f"{name}_high"], strict=True)
        return [_cell_with_interval(*row) for row in rows]
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return _column(values)
    cells = [format_number(value) for value in values]
    return [labels.get(cell, cell) for cell in cells] if name == "term" else cells


def _cell_with_interval(value: float, low: float, high: float) -> str:
    if value != value:
        return MISSING
    decimals = decimals_for(low, high)
    return f"{_fixed(value, decimals)} ({_fixed(low, decimals)} to {_fixed(high, decimals)})"


def html_table(table: pd.DataFrame, caption: str = "", labels: Mapping[str, str] | None = None) -> str:
    """An accessible, escaped HTML table without ids, styles or scripts: the same bytes for the same numbers."""
    columns = _columns(table, labels or {})
    kinds = [' class="words"' if is_words else "" for _, is_words in columns.values()]
    head = "".join(f'<th scope="col"{kind}>{escape(name)}</th>' for name, kind in zip(columns, kinds, strict=True))
    rows = []
    for first, *rest in zip(*(map(escape, cells) for cells, _ in columns.values()), strict=True):
        cells = "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(rest, kinds[1:], strict=True))
        rows.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<table class="econmodel">{title}<thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'


class FrozenMapping(Mapping[Key, Value]):
    """A mapping that nobody can change, which unlike a mappingproxy can be pickled and copied.

    Examples
    --------
    >>> import pickle
    >>> roles = FrozenMapping({"visits": "personal"})
    >>> pickle.loads(pickle.dumps(roles)) == roles == {"visits": "personal"}
    True
    """

    __slots__ = ("_entries",)
    _entries: dict[Key, Value]

    def __init__(self, entries: Mapping[Key, Value]) -> None:
        object.__setattr__(self, "_entries", dict(entries))

    def __getitem__(self, key: Key) -> Value:
        return self._entries[key]

    def __iter__(self) -> Iterator[Key]:
        return iter(self._entries)

    def __reversed__(self) -> Iterator[Key]:
        return reversed(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{name} cannot be deleted: this mapping does not change")

    def __or__(self, other: Mapping[Key, Value]) -> dict[Key, Value]:
        return self._entries | dict(other)

    def __ror__(self, other: Mapping[Key, Value]) -> dict[Key, Value]:
        return dict(other) | self._entries

    def __repr__(self) -> str:
        return repr(self._entries)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{name} cannot be set: this mapping does not change")

    def __reduce__(self) -> tuple[type, tuple[dict[Key, Value]]]:
        return type(self), (self._entries,)


class _Shown:
    """The one printed form of every record."""

    __slots__ = ()
    title: str
    table: pd.DataFrame
    text: str
    labels: Mapping[str, str]
    notes: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]

    def __post_init__(self) -> None:
        tables = {name: in_pandas(table).copy(deep=False) for name, table in self.tables.items()}
        object.__setattr__(self, "table", in_pandas(self.table).copy(deep=False))
        object.__setattr__(self, "labels", FrozenMapping(self.labels))
        object.__setattr__(self, "notes", (self.notes,) if isinstance(self.notes, str) else tuple(self.notes))
        object.__setattr__(self, "tables", FrozenMapping(tables))

    def printed(self, name: str | None = None) -> pd.DataFrame:
        """The table (or one of those behind it) as readers see it: labels for terms and columns, numbers written.

        This is what `maketables.MTable(result.printed())` turns into LaTeX, Word or Typst.
        """
        return printed(self.table if name is None else self.tables[name], self.labels)

    def __repr__(self) -> str:
        parts = [self.title, self.text, self.printed().to_string(index=False)]
        for name in self.tables:
            parts += [name, self.printed(name).to_string(index=False)]
        return "\n\n".join([part for part in parts if part] + list(self.notes))

    def _repr_html_(self) -> str:
        text = f"<p>{escape(self.text)}</p>" if self.text else ""
        tables = html_table(self.table, self.title, self.labels)
        tables += "".join(html_table(table, name, self.labels) for name, table in self.tables.items())
        notes = "".join(f'<p class="note">{escape(note)}</p>' for note in self.notes)
        return f'<div class="econmodel">{text}{tables}{notes}</div>'


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Effects(_Shown):
    """Estimates of one measure: a tidy table, a plain sentence, and the tables that stand behind them.

    Attributes
    ----------
    title : what was measured
    table : one row a term and point; columns `EFFECT_COLUMNS`, and `identified_low`, `identified_high` where the data
        identify an interval only (then `estimate` and `std_error` are missing); `p_floor` where p-values come from
        replications: the least that these could have shown, which is printed as "≤"; `verdict` is the conclusion on
        each row (see `econmodel.verdict.Verdict`)
    text : the finding in words, generated from the table
    labels : printed names of terms and of columns, where they differ from what these are called
    notes : what a reader must know besides (few clusters, points without support, ...)
    tables : further tables by name (parts by size fifth, weights of the size index, ...)
    method : how intervals were made ("delta", "simulate", "bootstrap")
    conf_level : their level
    margin : departure from a null that would not matter
    source : the table that it comes from and its rows, as the last line of a chart gives them; empty without a table
    """

    title: str
    table: pd.DataFrame
    text: str
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    method: str = "delta"
    conf_level: float = 0.95
    margin: float = 0.0
    source: str = ""

    def __post_init__(self) -> None:
        _Shown.__post_init__(self)
        if "null" in self.table:
            self.table[VERDICT] = conclusions(self.table, self.conf_level, self.margin)

    def row(self, term: str, at: str | None = None) -> pd.Series:
        """The one row of a term (at a point); a KeyError names the terms there are."""
        found = self.table[self.table["term"] == term]
        if at is not None:
            found = found[found["at"] == at]
        if len(found) != 1:
            known = ", ".join(f"{t!r} at {a!r}" for t, a in zip(self.table["term"], self.table["at"], strict=True))
            raise KeyError(f"{len(found)} rows for {term!r}" + (f" at {at!r}" if at else "") + f"; there are: {known}")
        return found.iloc[0]

    def only(self, *names: str) -> "Effects":
        """The same result with some of its further tables, or none.

        Examples
        --------
        >>> both = Effects("Scale", pd.DataFrame(), "", tables=dict.fromkeys(("weights", "parts"), pd.DataFrame()))
        >>> list(both.only("parts").tables)
        ['parts']
        """
        unknown = [name for name in names if name not in self.tables]
        if unknown:
            raise KeyError(f"no table {', '.join(unknown)}; there are: {', '.join(self.tables)}")
        return replace(self, tables={name: self.tables[name] for name in names})

    def words(self, term: str, at: str | None = None) -> str:
        """A term's estimate with its interval as a sentence takes it, or the interval that is identified.

        Examples
        --------
        >>> row = dict.fromkeys(EFFECT_COLUMNS, float("nan")) | {"term": "scale", "at": "mean"}
        >>> row |= {"estimate": 0.98894, "conf_low": 0.98021, "conf_high": 0.99718}
        >>> Effects("Scale", pd.DataFrame([row]), "").words("scale")
        '0.989 (95 % interval 0.980 to 0.997)'
        """
        row = self.row(term, at)
        low, high = float(row["conf_low"]), float(row["conf_high"])
        if row["estimate"] == row["estimate"]:
            return with_interval(float(row["estimate"]), low, high, self.conf_level)
        return f"{identified_in_words(row)} ({interval_in_words(low, high, self.conf_level)})"

    def tidy(self) -> pd.DataFrame:
        """The estimates as a frame of their own, columns in the order of broom, then those that this package adds.

        Returns
        -------
        DataFrame
            one row a term and place: term, at, estimate, std_error, statistic, p_value, conf_low, conf_high; then null,
            supported, verdict and, where there are such, identified_low, identified_high and p_floor

        Examples
        --------
        >>> row = dict.fromkeys(EFFECT_COLUMNS, 1.0) | {"term": "scale", "at": "mean", "supported": True}
        >>> list(Effects("Scale", pd.DataFrame([row]), "").tidy())[2:8]
        ['estimate', 'std_error', 'statistic', 'p_value', 'conf_low', 'conf_high']
        """
        return self.table[[*TIDY_COLUMNS, *(name for name in self.table if name not in TIDY_COLUMNS)]].reset_index(
            drop=True
        )

    def glance(self) -> pd.DataFrame:
        """Facts of the whole result, in one row.

        Returns
        -------
        DataFrame
            title; how many terms, places and estimates there are, and how many of these lie among the data; how
            intervals were made and at which level; the margin that would not matter; how many notes there are

        Examples
        --------
        >>> row = dict.fromkeys(EFFECT_COLUMNS, 1.0) | {"term": "scale", "at": "mean", "supported": True}
        >>> Effects("Scale", pd.DataFrame([row]), "").glance()[["title", "estimates", "method"]].to_dict("records")
        [{'title': 'Scale', 'estimates': 1, 'method': 'delta'}]
        """
        facts = {
            "title": self.title, "terms": self.table["term"].nunique(), "places": self.table["at"].nunique(),
            "estimates": len(self.table), "supported": int(self.table["supported"].sum()), "method": self.method,
            "conf_level": self.conf_level, "margin": self.margin, "notes": len(self.notes),
        }  # fmt: skip
        return pd.DataFrame([facts])

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """What `maketables.ETable` asks of a result of another package; rows are terms, with the place if several."""
        several = len(set(self.table["at"])) > 1
        rows = zip(self.table["term"], self.table["at"], strict=True)
        names = [f"{self.labels.get(term, term)}{f', {at}' if several else ''}" for term, at in rows]
        columns = {"b": "estimate", "se": "std_error", "t": "statistic", "p": "p_value"}
        columns |= {f"ci{100 * self.conf_level:g}{end}": f"conf_{word}" for end, word in (("l", "low"), ("u", "high"))}
        columns |= {name: name for name in INTERVAL_COLUMNS if name in self.table}
        values = {short: self.table[name].to_numpy(float) for short, name in columns.items()}
        # There a colon would be read as the sign of a product.
        return pd.DataFrame(values, [name.replace(":", ",") for name in names])

    def __maketables_stat__(self, key: str) -> Any:
        """A fact that `glance` knows; None for others."""
        return self.glance().loc[0].get(key)

    @property
    def __maketables_depvar__(self) -> str:
        return self.title

    @property
    def __maketables_default_stat_keys__(self) -> list[str]:
        return ["method", "conf_level"]

    @property
    def __maketables_stat_labels__(self) -> dict[str, str]:
        return {"method": "Intervals", "conf_level": "Level"}


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Check(_Shown):
    """The answer to a question with a yes or a no.

    Attributes
    ----------
    passed : True where what is asked holds, or its null is not rejected; False where it does not, or is; None where
        neither is known, or the check only informs
    null : what was asked, in words
    table, text, notes, tables, labels : as in `Effects`
    """

    title: str
    passed: bool | None
    null: str
    table: pd.DataFrame
    text: str
    notes: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Table(_Shown):
    """A table shown with words: a comparison, a selection, a plan, or what a notebook has put together itself.

    Parameters
    ----------
    title : what it is
    table : a frame of pandas, or of another library
    text : what it says, in a sentence
    labels : printed names of columns, and of what stands under `term`
    notes : what a reader must know besides; one may be given as text
    tables : further tables by name

    Examples
    --------
    >>> print(Table("Published and ours", pd.DataFrame({"published": [0.7210], "ours": [0.7207]}), "They agree."))
    Published and ours
    <BLANKLINE>
    They agree.
    <BLANKLINE>
    published   ours
       0.7210 0.7207
    """

    title: str
    table: pd.DataFrame
    text: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
