"""Bars one after another, each beginning where the last one ended: parts that add up in logs, factors that multiply."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.charts.axes import log_axis
from econmodel.charts.drawn import rows
from econmodel.charts.parts import KINDS
from econmodel.charts.sentences import lines, number
from econmodel.charts.theme import INK, RULE, TEAL

if TYPE_CHECKING:
    import altair as alt

ROW_HEIGHT = 40
LABEL_LETTERS = 26
# Where the two columns of numbers end, in pixels right of the plot.
PART_COLUMN, COST_COLUMN = 76, 150


def height_of(parts: pd.DataFrame) -> float:
    """Pixels of a cascade of these parts, with the start and the whole."""
    return ROW_HEIGHT * (len(parts) + 2)


def cascade(
    parts: pd.DataFrame,
    whole: pd.Series,
    ends: tuple[str, str],
    axis_title: str,
    head: str,
    written: Sequence[str],
    mark: float | None = None,
) -> "alt.LayerChart":
    """The layers of a cascade, on an axis of logs in per cent of the start.

    Parameters
    ----------
    parts : columns part (its name), kind (its colour), log, low, high
    whole : the same for their sum
    ends : what the start and the last row are called
    axis_title : of the axis, which adds that it is one of logs
    head : over the column in which each part is written
    written : the parts and the whole, in words
    mark : a cost in per cent of the start that matters, drawn as a dashed line
    """
    import altair as alt

    ends_of = parts["log"].cumsum()
    parts = parts.assign(begin=ends_of - parts["log"], end=ends_of)
    bars = pd.concat([parts, whole.to_frame().T.astype(parts.dtypes.drop(["begin", "end"]))], ignore_index=True)
    bars = bars.assign(
        begin=bars["begin"].fillna(0.0), end=bars["end"].fillna(bars["log"]), row=range(1, len(bars) + 1)
    )
    drawn = bars[["row", "kind"]].assign(
        begin=_cost(bars["begin"]),
        end=_cost(bars["end"]),
        low=_cost(bars["begin"] + bars["low"]),
        high=_cost(bars["begin"] + bars["high"]),
        written=list(written),
        cost=[f"{number(value)} %" for value in _cost(bars["end"])],
    )
    start = pd.DataFrame({"row": [0], "cost": ["100 %"]})
    labels = [lines(name, LABEL_LETTERS) for name in (ends[0], *parts["part"], ends[1])]
    y_axis = alt.Axis(title=None, labelExpr=f"{json.dumps(labels)}[datum.value]", ticks=False, domain=False)
    y_scale = alt.Scale(paddingInner=0.45, paddingOuter=0.25, domain=list(range(len(labels))))
    y = alt.Y("row:O", axis=y_axis, scale=y_scale)
    reach = drawn[["begin", "end", "low", "high"]].to_numpy(dtype=float)
    marked = [] if mark is None else [mark]
    x_scale, x_axis = log_axis(axis_title, [100.0, *marked, *reach[~np.isnan(reach)]])
    x_axis.grid = True
    colours = alt.Scale(domain=list(KINDS), range=list(KINDS.values()))
    fill, stroke = (channel("kind:N", legend=None, scale=colours) for channel in (alt.Fill, alt.Stroke))

    def x(column: str) -> alt.X:
        return alt.X(f"{column}:Q", scale=x_scale, axis=x_axis)

    def line(at: float, **look: Any) -> alt.Chart:
        upright = alt.Chart(alt.InlineData([{}])).mark_rule(**look)
        return upright.encode(x=alt.X(datum=at, scale=x_scale, axis=x_axis))

    table = alt.Chart(rows(drawn)).encode(y=y)
    # Each bar hangs on a thin line from the end of the one above.
    steps = drawn[["row"]].assign(above=drawn["row"] - 1, begin=drawn["begin"]).iloc[:-1]
    last = pd.DataFrame({"row": [len(bars)], "above": [len(bars) - 1], "begin": [drawn["end"].iloc[-1]]})
    hangers = alt.Chart(rows(pd.concat([steps, last]))).mark_rule(color=RULE, strokeDash=[2, 2])
    heads = alt.Chart(rows(pd.DataFrame({"part": [head], "cost": ["so far"]})))
    words: dict[str, Any] = {"align": "right", "x": "width"}
    layers = [
        line(100, color=INK),
        *(line(at, color=TEAL, strokeDash=[6, 4], strokeWidth=2) for at in marked),
        hangers.encode(x=x("begin"), y=alt.Y("above:O", axis=y_axis, scale=y_scale), y2="row:O"),
        # Light inside, so that the interval stays legible on the bar; a full edge, so that the bar does on the page.
        table.mark_bar(fillOpacity=0.45, strokeWidth=1.5).encode(x=x("begin"), x2="end:Q", fill=fill, stroke=stroke),
        table.mark_rule(strokeWidth=1.8, color=INK).encode(x=x("low"), x2="high:Q"),
        table.mark_text(**words, xOffset=PART_COLUMN).encode(text="written:N"),
        table.mark_text(**words, xOffset=COST_COLUMN).encode(text="cost:N"),
        alt.Chart(rows(start)).mark_text(**words, xOffset=COST_COLUMN).encode(y=y, text="cost:N"),
        heads.mark_text(**words, xOffset=PART_COLUMN, y=-8).encode(text="part:N"),
        heads.mark_text(**words, xOffset=COST_COLUMN, y=-8).encode(text="cost:N"),
    ]
    return alt.LayerChart(layer=layers)


def _cost(logs: pd.Series) -> NDArray[np.float64]:
    """Costs in per cent of that at the start."""
    return np.asarray(100 * np.exp(logs.to_numpy(dtype=float)))
