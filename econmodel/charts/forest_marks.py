"""The marks of a forest plot: a point and a line for each row, or a band, with words to the left and numbers right."""

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from econmodel.charts.axes import value_axis
from econmodel.charts.drawn import rows
from econmodel.charts.forest_words import Measure
from econmodel.charts.theme import INK, NAVY, ORANGE, PLUM, TEAL

if TYPE_CHECKING:
    import altair as alt

# Shape and colour both say the type, so that neither is needed.
MARKS = {
    "transactional": ("square", ORANGE),
    "personal": ("circle", NAVY),
    "infrastructure": ("diamond", TEAL),
    "regulatory": ("triangle-up", PLUM),
}
OTHER, PLAIN = "other", ("circle", NAVY)  # any other group, and none: its heading says which
NAME_LETTERS, NAME_COLUMN = 36, 236
LETTER = 6.6  # width of a figure of the text size, in pixels
LINE, GAP, HEADING = 17, 12, 30  # heights: a line of text, the space between services, the name of a type
SMALL = 12.5  # the smallest text, in pixels: eleven in print, where nine tenths of the width are left
BAND = 11  # thickness of an identified interval, in pixels
DOTTED, SOLID = [2, 3], [1, 0]


def layers(services: pd.DataFrame, measure: Measure, reach: tuple[float, float], bottom: float) -> "alt.LayerChart":
    """The whole picture.

    Parameters
    ----------
    services : one row a service: `y` and `height` in pixels from the top; `text`, `small` and `numbers`, lists of
        lines; `group`, `is_first` (of its group), `type`, `estimate` or `from` and `to`, `low`, `high`, `supported`
    measure : what is drawn
    reach : ends of the axis
    bottom : height of the picture, in pixels
    """
    import altair as alt

    x_scale, x_axis = value_axis(measure.axis, reach)
    y = alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[bottom, 0], nice=False, zero=False))
    lines_drawn: list[alt.Chart] = []
    points: list[alt.Chart] = []
    for supported in (True, False):
        chosen = services[services["supported"] == supported]
        if len(chosen):
            across = (x_scale, x_axis)
            lines_drawn += _lines(chosen, reach, across, y, supported)
            points += _points(chosen, across, y, supported)
    if measure.null is not None:
        null = alt.Chart(alt.InlineData([{}])).mark_rule(color=INK, strokeDash=[6, 4])
        lines_drawn.append(null.encode(x=alt.X(datum=measure.null, scale=x_scale, axis=x_axis)))
    return alt.LayerChart(layer=[*lines_drawn, *points, *_columns_of_words(services, y)])


def _lines(
    services: pd.DataFrame,
    reach: tuple[float, float],
    across: "tuple[alt.Scale, alt.Axis]",
    y: "alt.Y",
    supported: bool,
) -> "list[alt.Chart]":
    """Confidence intervals, with an arrow where they leave the picture, and the bands of identified intervals."""
    import altair as alt

    drawn = services[["y", "type", "estimate", "from", "to"]].assign(
        low=services["low"].clip(*reach), high=services["high"].clip(*reach)
    )
    colour = _by_type(alt.Color, 1)
    line = alt.Chart(rows(drawn)).mark_rule(strokeWidth=2, strokeDash=SOLID if supported else DOTTED)
    found = [line.encode(y=y, x=_x("low", across), x2="high:Q", color=colour)]
    for column, side, cut in (
        ("low", "left", services["low"] < reach[0]),
        ("high", "right", services["high"] > reach[1]),
    ):
        if cut.any():
            arrows = alt.Chart(rows(drawn[cut])).encode(y=y, x=_x(column, across), color=colour)
            found.append(arrows.mark_point(shape=f"triangle-{side}", filled=True, size=110, opacity=1))
    banded = drawn[drawn["from"].notna()]
    if len(banded):
        # The edge shows also where the two ends are too close for an area between them.
        bar = alt.Chart(rows(banded)).mark_bar(size=BAND, strokeWidth=2, opacity=1)
        fill = _by_type(alt.Fill, 1) if supported else alt.value("white")
        found.append(bar.encode(y=y, x=_x("from", across), x2="to:Q", stroke=_by_type(alt.Stroke, 1), fill=fill))
    return found


def _points(
    services: pd.DataFrame, across: "tuple[alt.Scale, alt.Axis]", y: "alt.Y", supported: bool
) -> "list[alt.Chart]":
    import altair as alt

    estimated = services.loc[services["estimate"].notna(), ["y", "type", "estimate"]]
    if estimated.empty:
        return []
    base = alt.Chart(rows(estimated)).encode(y=y, x=_x("estimate", across), shape=_by_type(alt.Shape, 0))
    if supported:
        return [base.mark_point(filled=True, size=95, opacity=1).encode(color=_by_type(alt.Color, 1))]
    hollow = base.mark_point(fill="white", size=80, strokeWidth=2, opacity=1)
    return [hollow.encode(stroke=_by_type(alt.Stroke, 1))]


def _x(column: str, across: "tuple[alt.Scale, alt.Axis]") -> "alt.X":
    import altair as alt

    return alt.X(f"{column}:Q", scale=across[0], axis=across[1])


def _by_type(channel: Any, which: int) -> Any:
    """A channel that takes its shape (0) or colour (1) from the type."""
    import altair as alt

    found = [mark[which] for mark in (*MARKS.values(), PLAIN)]
    return channel("type:N", legend=None, scale=alt.Scale(domain=[*MARKS, OTHER], range=found))


def _columns_of_words(services: pd.DataFrame, y: "alt.Y") -> "list[alt.Chart]":
    """The services to the left of the picture, under the names of their types, and the numbers to its right."""
    import altair as alt

    top = services["y"] - services["height"] / 2
    first = services["y"] - LINE * (services["text"].map(len) + services["small"].map(len)) / 2
    names = services[["text"]].assign(y=first)
    small = services[["small"]].assign(y=first + LINE * services["text"].map(len))[services["small"].map(len) > 0]
    types = services[["group"]].assign(y=top - HEADING + GAP / 2)[services["is_first"]]
    numbers = services[["y", "numbers"]].explode("numbers")
    # Lines of one row stand around its middle.
    place = numbers.groupby(level=0).cumcount() - (services["numbers"].map(len) - 1).reindex(numbers.index) / 2
    numbers = numbers.assign(y=numbers["y"] + LINE * place)
    left: dict[str, Any] = {"align": "left", "x": -NAME_COLUMN, "baseline": "line-top", "lineHeight": LINE}
    words = [
        alt.Chart(rows(names)).mark_text(**left).encode(y=y, text="text:N"),
        alt.Chart(rows(numbers))
        .mark_text(align="right", x="width", xOffset=GAP + LETTER * int(np.max(numbers["numbers"].map(len))))
        .encode(y=y, text="numbers:N"),
    ]
    if len(small):
        words.append(alt.Chart(rows(small)).mark_text(**left, fontSize=SMALL).encode(y=y, text="small:N"))
    if len(types):
        words.append(alt.Chart(rows(types)).mark_text(**left, fontWeight="bold").encode(y=y, text="group:N"))
    return words
