"""A chart as a specification: axes, marks and words; and how it becomes a drawing."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from econmodel.charts.theme import INK, TEXT_SIZE, WIDTH, enable
from econmodel.charts.words import SUBTITLE_LETTERS, TITLE_LETTERS, lines, packed
from econmodel.results import SIGNIFICANT_DIGITS
from econmodel.words import capital

if TYPE_CHECKING:
    import altair as alt

# Beyond this ratio of largest to smallest, equal steps would press most values into one corner.
LOG_FROM = 30.0
# Of words that stand to the right of a bar or of a line's end.
BEYOND = {"align": "left", "fontSize": TEXT_SIZE, "color": INK}
FEWEST_TICKS = 3


class Axis(NamedTuple):
    """An axis of numbers ("Q"), or of rows in their order ("O")."""

    scale: "alt.Scale"
    axis: "alt.Axis | None"
    kind: str = "Q"


class Mark(NamedTuple):
    """One layer of a chart.

    Attributes
    ----------
    kind : "line", "rule", "area", "bar", "point", "tick", "rect" or "text"
    table : what is drawn, one mark a row (one line all of them); None for a single mark
    channels : channel -> column, or number on an axis; a pair of a column and a mapping of its values to looks; or
        anything that Altair knows
    look : how, in Altair's words
    """

    kind: str
    table: pd.DataFrame | None
    channels: Mapping[str, Any]
    look: Mapping[str, Any]


def mark(kind: str, table: pd.DataFrame | None, channels: Mapping[str, Any], **look: Any) -> Mark:
    """A layer of a chart; see `Mark`."""
    return Mark(kind, table, channels, look)


class Caption(NamedTuple):
    """The words around a chart.

    Attributes
    ----------
    title : the message, which is the verdict of the result: at most ten words and one number
    detail : the rest of the message, where one number does not say all of it; empty where it does
    legend : what was measured of what, and what would otherwise need a legend, in parts of a sentence
    description : sentences that, after title and detail, say the same to someone who cannot see the chart
    source : the last line: where the numbers come from, and how many rows they rest on
    """

    title: str
    detail: str
    legend: Sequence[str]
    description: Sequence[str]
    source: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """The specification of a chart: all that is in it, before anything is drawn.

    Attributes
    ----------
    caption : its words
    x, y : axes
    marks : layers, the lowest first
    height : of the plot itself, in pixels
    """

    caption: Caption
    x: Axis
    y: Axis
    marks: Sequence[Mark]
    height: float

    def drawn(self) -> "alt.LayerChart":
        """The chart, as wide as a column of the report, axis labels included."""
        import altair as alt

        enable()
        words = self.caption
        below = packed([capital(words.detail)], SUBTITLE_LETTERS) if words.detail else []
        below += packed([capital(words.legend[0]), *words.legend[1:]], SUBTITLE_LETTERS)
        below += [words.source] if words.source else []
        sentences = [words.title, words.detail, *words.description]
        return alt.LayerChart(layer=[_layer(one, {"x": self.x, "y": self.y}) for one in self.marks]).properties(
            width=WIDTH,
            height=self.height,
            autosize=alt.AutoSizeParams(type="fit-x", contains="padding"),
            title=alt.TitleParams(text=lines(words.title, TITLE_LETTERS), subtitle=below),
            description=" ".join(f"{capital(sentence).rstrip('.')}." for sentence in sentences if sentence),
        )


def _layer(one: Mark, axes: Mapping[str, Axis]) -> "alt.Chart":
    import altair as alt

    table = alt.InlineData([{}]) if one.table is None else rows(one.table)
    draw = getattr(alt.Chart(table), f"mark_{one.kind}")
    chart: alt.Chart = draw(**one.look).encode(
        **{name: _channel(name, value, axes) for name, value in one.channels.items()}
    )
    return chart


def _channel(name: str, value: Any, axes: Mapping[str, Axis]) -> Any:
    """What Altair calls a channel that a mark names by a column, a number or a pair."""
    import altair as alt

    kind = getattr(alt, name[0].upper() + name[1:])
    if isinstance(value, tuple):
        column, looks = value
        return kind(f"{column}:N", legend=None, scale=alt.Scale(domain=list(looks), range=list(looks.values())))
    if name in axes:
        axis = axes[name]
        if isinstance(value, str):
            return kind(f"{value}:{axis.kind}", scale=axis.scale, axis=axis.axis)
        return kind(datum=value, scale=axis.scale, axis=axis.axis) if isinstance(value, int | float) else value
    if isinstance(value, str):
        return f"{value}:{'Q' if name in ('x2', 'y2') else 'N'}"
    return value


def rows(frame: pd.DataFrame) -> "alt.InlineData":
    """The rows of a chart with numbers rounded to six significant digits: drawings then do not differ in the noise.

    Missing and infinite numbers become gaps.
    """
    import altair as alt

    columns = {}
    for name in frame.columns:
        column = frame[name]
        if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
            columns[str(name)] = [bool(value) if isinstance(value, np.bool_) else value for value in column]
        else:
            columns[str(name)] = [_rounded(value) for value in column.to_numpy(dtype=float)]
    values = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    return alt.InlineData(values=values)


def _rounded(value: float) -> float | None:
    return float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}") if np.isfinite(value) else None


def short(value: float) -> float:
    """The end of an axis with six digits."""
    return float(f"{value:.6g}")


def log_ticks(low: float, high: float, most: int = 9) -> list[float]:
    """Round numbers between low and high, evenly spread in logs: 1, 2, 5, 10, ... or finer, or coarser.

    Examples
    --------
    >>> log_ticks(80, 3000)
    [100.0, 200.0, 500.0, 1000.0, 2000.0]
    >>> log_ticks(0.8, 3)
    [0.8, 1.0, 1.5, 2.0, 3.0]
    >>> log_ticks(93, 112)
    [95.0, 100.0, 105.0, 110.0]
    """
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    inside: list[float] = []
    for steps in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 1.5, 2, 3, 5, 7), (1, 2, 5), (1, 3), (1,)):
        ticks = [short(step * 10.0**e) for e in exponents for step in steps]
        inside = [tick for tick in ticks if low <= tick <= high]
        if len(inside) <= most - 2:
            return inside if len(inside) >= FEWEST_TICKS else _even_ticks(low, high, most)
    return inside[:: math.ceil(len(inside) / most)]


def _even_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers in equal steps, for an axis so short that logs hardly bend it."""
    least = (high - low) / (most - 2)
    power = 10.0 ** math.floor(math.log10(least))
    step = next(times * power for times in (1, 2, 5, 10) if times * power >= least)
    return [short(k * step) for k in range(math.ceil(low / step), math.floor(high / step) + 1)]


def log_axis(title: str, values: ArrayLike, /, *, ends: ArrayLike | None = None, **look: Any) -> Axis:
    """A log scale over the values and a little beyond, or from one end to the other, with round ticks written out."""
    import altair as alt

    reach = np.asarray(values, dtype=float)
    margin = max((np.nanmax(reach) / np.nanmin(reach)) ** 0.03, 1.02)
    low, high = float(np.nanmin(reach) / margin), float(np.nanmax(reach) * margin)
    written = ",.6~g" if low < 1 else ",.6~r" if low < 1000 else ",.0f"
    looks: dict[str, Any] = {"values": log_ticks(low, high), "format": written, "grid": False}
    domain = [short(end) for end in ((low, high) if ends is None else np.asarray(ends))]
    return Axis(
        alt.Scale(type="log", domain=domain, nice=False), alt.Axis(title=f"{title} (log scale)", **looks | look)
    )


def value_axis(title: str | list[str], values: ArrayLike) -> Axis:
    """A linear scale that need not hold zero; a log scale where the values differ by more than thirtyfold."""
    reach = np.asarray(values, dtype=float)
    low, high = float(np.nanmin(reach)), float(np.nanmax(reach))
    if low > 0 and high / low > LOG_FROM:
        return log_axis(str(title), reach, grid=True)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    # What cannot be negative has no axis below zero.
    bottom = max(low - margin, 0.0) if low >= 0 else low - margin
    return span(title, short(bottom), short(high + margin), tickCount=6)


def span(title: str | list[str], low: float, high: float, **look: Any) -> Axis:
    """A linear scale from one number to another."""
    import altair as alt

    return Axis(alt.Scale(domain=[low, high], zero=False, nice=False), alt.Axis(title=title, **look))


def row_axis(labels: Sequence[str | list[str]], title: str | None = None, **padding: Any) -> Axis:
    """An axis of rows, numbered from zero, with their names."""
    import altair as alt

    axis = alt.Axis(title=title, **written(labels, "datum.value"))
    return Axis(alt.Scale(**padding, domain=list(range(len(labels)))), axis, "O")


def written(labels: Sequence[str | list[str]], place: str) -> dict[str, Any]:
    """The looks of an axis with labels of its own and nothing else: `place` is the number of a label."""
    return {"labelExpr": f"{json.dumps(list(labels))}[{place}]", "ticks": False, "domain": False}


def money_axis(title: str, most: float, room: float) -> Axis:
    """A linear scale from zero to the largest sum and, for words at the ends of bars, so much of it beyond."""
    return span(title, 0, short(most * (1 + room)), tickCount=6, format=",~r", labelOverlap=True, grid=False)
