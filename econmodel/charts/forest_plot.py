"""Many services side by side: one row each, with its estimate, its interval, and what it was measured on."""

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from econmodel.charts.axes import value_axis
from econmodel.charts.drawn import framed, rows
from econmodel.charts.forest_words import Measure, measure_of, message
from econmodel.charts.sentences import capital, level, lines, number, packed
from econmodel.charts.theme import CHARCOAL, INK, NAVY, ORANGE, PLUM, TEAL, enable
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Answer, Effects, format_number

if TYPE_CHECKING:
    import altair as alt

NAMES = ("service", "name", "term")  # the column that names a row: the first of these that there is
GROUP = "type"
SMALL_PRINT = {"cost concept": "cost: {}", "unit of size": "size: {}", "providers": "{} providers"}
# Shape and colour both say the type, so that neither is needed.
MARKS = {
    "transactional": ("square", ORANGE),
    "personal": ("circle", NAVY),
    "infrastructure": ("diamond", TEAL),
    "regulatory": ("triangle-up", PLUM),
}
OTHER_TYPE, OTHER = "other", ("cross", CHARCOAL)
NO_TYPE, PLAIN = "", ("circle", NAVY)
NAME_LETTERS, NAME_COLUMN = 36, 236
LETTER = 6.6  # width of a figure of the text size, in pixels
LINE, GAP, HEADING = 17, 12, 30  # heights: a line of text, the space between services, the name of a type
SMALL = 12.5  # the smallest text, in pixels: eleven in print, where nine tenths of the width are left
# An interval is drawn as far as this many times the spread of all estimates beyond them; an arrow says it goes on.
BEYOND = 0.35


def forest(
    table: Answer | Effects | pd.DataFrame, measure: str | None = None, *, conf_level: float | None = None
) -> "alt.LayerChart":
    """Estimates of many services with their intervals, one row a service, by type of service.

    Parameters
    ----------
    table : the result of `em.compare`, any `Effects`, or a frame. Columns: `service` (or `name`, `term`), the measure
        and its interval (its name with "_low", "_high", or `conf_low`, `conf_high`); where there are any also `type`,
        and `cost concept`, `unit of size`, `providers`, printed in small below the service
    measure : the column of estimates ("apparent", "scale", "outcomes_held"); None takes "estimate", else "apparent"
    conf_level : of the intervals, where the table does not say; 0.95

    Returns
    -------
    altair.LayerChart
        Rows keep the order of the table within a type.

    Raises
    ------
    UnknownName : there is no such measure, or no interval for it
    NotSupported : no row has an estimate

    Examples
    --------
    >>> import pandas as pd
    >>> from econmodel.charts.forest_plot import forest
    >>> table = pd.DataFrame({"service": ["schools", "power stations"], "type": ["personal", "transactional"],
    ...                       "apparent": [0.99, 0.82], "apparent_low": [0.97, 0.79], "apparent_high": [1.01, 0.85]})
    >>> print(*forest(table, "apparent").title.text)
    Unit cost falls with size in 1 of 2 services; in 1 neither is clear
    """
    enable()
    frame = table if isinstance(table, pd.DataFrame) else table.table
    measure_read = measure_of(frame, measure)
    services = _services(frame, measure_read, {} if isinstance(table, pd.DataFrame) else table.labels)
    confidence = level(conf_level or (table.conf_level if isinstance(table, Effects) else 0.95))
    title, said = message(services, measure_read, confidence, "services" if "service" in frame else "terms")
    reach = _reach(services, measure_read.null)
    cut = (services["low"] < reach[0]) | (services["high"] > reach[1])
    bottom = float(services["y"].iloc[-1] + services["height"].iloc[-1] / 2 + GAP)
    legend = [f"Marks and lines: estimates and {confidence} intervals"]
    if measure_read.null is not None:
        legend.append(f"dashed: {measure_read.at_null} ({number(measure_read.null)})")
    if cut.any():
        legend.append("an arrow: the interval goes on")
    if len(services) < len(frame):
        legend.append(f"{len(frame) - len(services)} without such an estimate left out")
    return framed(
        _layers(services, measure_read, reach, bottom),
        height=bottom,
        title=title,
        subtitle=legend,
        description=[title, *said, *([capital(legend[-1])] if len(services) < len(frame) else [])],
    )


def _services(frame: pd.DataFrame, measure: Measure, labels: Mapping[str, str]) -> pd.DataFrame:
    """One row a service: its words, its numbers, and where it stands, in pixels from the top."""
    named = next((name for name in NAMES if name in frame), None)
    if named is None:
        raise UnknownName(f"No column names the rows: one of {', '.join(NAMES)} is needed.")
    frame = frame[frame[measure.estimate].notna()]
    if frame.empty:
        raise NotSupported(f"No row has a number in {measure.estimate!r}: there is nothing to draw.")
    group = frame[GROUP].fillna("not stated").astype(str) if GROUP in frame else pd.Series("", index=frame.index)
    order = {name: place for place, name in enumerate(dict.fromkeys([*MARKS, *group]))}
    frame = frame.assign(**{"_group": group}).sort_values("_group", key=lambda names: names.map(order), kind="stable")
    words = pd.DataFrame(
        {
            "name": [str(labels.get(name, name)) for name in frame[named].astype(str)],
            "group": frame["_group"].to_list(),
            "type": [name if name in MARKS or not name else OTHER_TYPE for name in frame["_group"]],
            "estimate": frame[measure.estimate].to_numpy(dtype=float),
            "low": frame[measure.low].to_numpy(dtype=float),
            "high": frame[measure.high].to_numpy(dtype=float),
        }
    )
    text = [lines(name, NAME_LETTERS) for name in words["name"]]
    small = [_small_print(row) for row in frame.to_dict("records")]
    height = np.array([LINE * (len(a) + len(b)) for a, b in zip(text, small, strict=True)])
    is_first = (words["group"] != words["group"].shift()) & (words["group"] != "")
    top = np.cumsum([0, *(height[:-1] + GAP)]) + np.cumsum(is_first.to_numpy()) * HEADING
    placed = words.assign(height=height, y=top + height / 2, is_first=is_first)
    return placed.assign(text=pd.Series(text, dtype=object), small=pd.Series(small, dtype=object))


def _small_print(row: Mapping[Hashable, Any]) -> list[str]:
    known = {name: row[name] for name in SMALL_PRINT if pd.notna(row.get(name)) and row[name] != ""}
    return packed((SMALL_PRINT[name].format(format_number(value)) for name, value in known.items()), NAME_LETTERS + 4)


def _reach(services: pd.DataFrame, null: float | None) -> tuple[float, float]:
    """From where to where the axis goes: one very wide interval must not squeeze all others."""
    inner = [*services["estimate"], *([] if null is None else [null])]
    low, high = min(inner), max(inner)
    beyond = BEYOND * (high - low) or np.inf
    ends = services[["low", "high"]].dropna().to_numpy()
    lowest, highest = (ends.min(), ends.max()) if ends.size else (low, high)
    return min(low, max(lowest, low - beyond)), max(high, min(highest, high + beyond))


def _layers(services: pd.DataFrame, measure: Measure, reach: tuple[float, float], bottom: float) -> "alt.LayerChart":
    import altair as alt

    x_scale, x_axis = value_axis(measure.axis, reach)
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[bottom, 0], nice=False, zero=False))
    types, marks = [*MARKS, OTHER_TYPE, NO_TYPE], [*MARKS.values(), OTHER, PLAIN]
    shape = alt.Shape("type:N", legend=None, scale=alt.Scale(domain=types, range=[mark for mark, _ in marks]))
    colour = alt.Color("type:N", legend=None, scale=alt.Scale(domain=types, range=[colour for _, colour in marks]))

    def x(column: str) -> alt.X:
        return alt.X(f"{column}:Q", scale=x_scale, axis=x_axis)

    drawn = services[["y", "type", "estimate"]].assign(
        low=services["low"].clip(*reach), high=services["high"].clip(*reach)
    )
    base = alt.Chart(rows(drawn)).encode(y=y)
    layers = [base.mark_rule(strokeWidth=2).encode(x=x("low"), x2="high:Q", color=colour)]
    for column, side, cut in (
        ("low", "left", services["low"] < reach[0]),
        ("high", "right", services["high"] > reach[1]),
    ):
        if cut.any():
            arrows = alt.Chart(rows(drawn[cut])).encode(y=y, x=x(column), color=colour)
            layers.append(arrows.mark_point(shape=f"triangle-{side}", filled=True, size=110, opacity=1))
    layers.append(base.mark_point(filled=True, size=95, opacity=1).encode(x=x("estimate"), color=colour, shape=shape))
    if measure.null is not None:
        null = alt.Chart(alt.InlineData([{}])).mark_rule(color=INK, strokeDash=[4, 4])
        layers.insert(1, null.encode(x=alt.X(datum=measure.null, scale=x_scale, axis=x_axis)))
    return alt.LayerChart(layer=[*layers, *_columns_of_words(services, y)])


def _columns_of_words(services: pd.DataFrame, y: "alt.Y") -> "list[alt.Chart]":
    """The services to the left of the picture, under the names of their types, and the numbers to its right."""
    import altair as alt

    top = services["y"] - services["height"] / 2
    decimals = _decimals(services)
    numbers = [_numbers(row, decimals) for _, row in services.iterrows()]
    names = services[["text"]].assign(y=top)
    small = services[["small"]].assign(y=top + LINE * services["text"].map(len))[services["small"].map(len) > 0]
    types = services[["group"]].assign(y=top - HEADING + GAP / 2)[services["is_first"]]
    left: dict[str, Any] = {"align": "left", "x": -NAME_COLUMN, "baseline": "line-top", "lineHeight": LINE}
    words = [
        alt.Chart(rows(names)).mark_text(**left).encode(y=y, text="text:N"),
        alt.Chart(rows(services[["y"]].assign(numbers=numbers)))
        .mark_text(align="right", x="width", xOffset=GAP + LETTER * max(map(len, numbers)))
        .encode(y=y, text="numbers:N"),
    ]
    if len(small):
        words.append(alt.Chart(rows(small)).mark_text(**left, fontSize=SMALL).encode(y=y, text="small:N"))
    if len(types):
        words.append(alt.Chart(rows(types)).mark_text(**left, fontWeight="bold").encode(y=y, text="group:N"))
    return words


def _decimals(services: pd.DataFrame) -> int:
    """Decimals that show two digits of the narrowest interval."""
    width = (services["high"] - services["low"]).replace(0, np.nan).min()
    return int(np.clip(1 - np.floor(np.log10(width)), 0, 4)) if width == width else 2


def _numbers(service: pd.Series, decimals: int) -> str:
    estimate, low, high = (f"{service[c]:,.{decimals}f}".replace("-", "−") for c in ("estimate", "low", "high"))
    return f"{estimate} ({low} to {high})" if service[["low", "high"]].notna().all() else f"{estimate} (no interval)"
