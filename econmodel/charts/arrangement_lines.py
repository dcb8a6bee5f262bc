"""What arrangements cost as one number moves, and where another one becomes the cheapest."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.arrangements.comparison import ANY
from econmodel.arrangements.partnering import ALONG, DOING, SWITCHING
from econmodel.arrangements.terms import ARRANGEMENTS
from econmodel.charts.axes import value_axis
from econmodel.charts.drawn import framed, rows
from econmodel.charts.given import must_draw
from econmodel.charts.sentences import capital, joined, number
from econmodel.charts.theme import CHARCOAL, INK, NAVY, ORANGE, RULE, TEAL, TEXT_SIZE, enable
from econmodel.economies.core.fixed_cost import COMMON
from econmodel.errors import NotSupported
from econmodel.results import Effects

if TYPE_CHECKING:
    import altair as alt

HEIGHT = 280
# Colour and dash both say which line it is; so does its name at the end.
LINES = dict(
    zip(
        ARRANGEMENTS,
        ((CHARCOAL, [1, 0]), (NAVY, [1, 0]), (TEAL, [1, 0]), (TEAL, [5, 4]), (ORANGE, [8, 3])),
        strict=True,
    )
)
# Names at the ends of lines stand at least so far apart, in pixels.
APART = 17.0


def arrangements(effects: Effects) -> "alt.LayerChart":
    """Cost a year of each arrangement along the number that was moved, with the points where the cheapest changes.

    Parameters
    ----------
    effects : the result of `em.arrangements.partner` with `along=`

    Returns
    -------
    altair.LayerChart
        Its description says the same in words.

    Raises
    ------
    NotSupported : a result without costs along a number; the message says how to get them

    Examples
    --------
    >>> from econmodel.arrangements.partnering import partner
    >>> from econmodel.charts.arrangement_lines import arrangements
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40}
    >>> cost = state("composite", parameters, outputs={"visits": 10, "meals": 10}, fixed_costs=("visits", "meals"))
    >>> two = {"Ash": {"visits": 5, "meals": 5}, "Beech": {"visits": 5, "meals": 5}}
    >>> print(*arrangements(partner(cost, two, ["meals"], along="one_off")).title.text)
    Cheapest by one-off cost of merging: merging up to 166, staying apart beyond
    """
    must_draw(
        isinstance(effects, Effects),
        "arrangements",
        effects,
        "the result of em.arrangements.partner(fit, ..., along=...)",
    )
    enable()
    if ALONG not in effects.tables:
        raise NotSupported(
            f"{effects.title!r} holds no costs along a number. Ask for them first: "
            'em.arrangements.partner(..., along="per_pair"), or another number that can be moved.'
        )
    table = effects.tables[ALONG]
    label = str(table["number"].iloc[0])
    points = _switches(effects, label, table)
    title, values = _message(table, label, points), _values(table, label)
    legend = ["dotted line: where the number stands now"] + ["diamonds: where the cheapest changes"] * bool(len(points))
    return framed(
        _layers(table, label, points),
        height=HEIGHT,
        title=title,
        subtitle=[capital(legend[0]), *legend[1:]],
        description=[title, values, capital("; ".join(legend))],
    )


def _switches(effects: Effects, label: str, table: pd.DataFrame) -> pd.DataFrame:
    """Switching values of the number, as far as they lie in the picture, with the cost there."""
    switches = effects.tables[SWITCHING]
    switches = switches[(switches["number"] == label) & switches["switches_at"].notna()]
    # Lines are drawn with a fixed cost that data cannot tell apart read as common.
    read = switches["fixed_cost"].fillna(ANY)
    switches = switches[(read == ANY) | read.str.startswith(COMMON.words(()))]
    costs = [name for name in ARRANGEMENTS if table[name].notna().all()]
    at = switches["switches_at"].to_numpy(dtype=float)
    inside = (at >= table["value"].min()) & (at <= table["value"].max())
    cost = [min(np.interp(value, table["value"], table[name]) for name in costs) for value in at[inside]]
    points = pd.DataFrame({"x": at[inside], "y": cost, "to": switches["to"][inside]})
    return points.sort_values("x", ignore_index=True)


def _message(table: pd.DataFrame, label: str, points: pd.DataFrame) -> str:
    now = table[table["now"]].iloc[0]
    usable = [name for name in ARRANGEMENTS if name != "partner, mandated" and now[name] == now[name]]
    first = DOING[min(usable, key=lambda name: now[name])]
    if points.empty:
        ends = f"{number(table['value'].iloc[0])} to {number(table['value'].iloc[-1])}"
        return f"{capital(first)} is the cheapest throughout: {label} from {ends}"
    below, above = points[points["x"] < now["value"]], points[points["x"] >= now["value"]]
    said = [f"{DOING[below['to'].iloc[-1]]} below {number(below['x'].iloc[-1])}"] if len(below) else []
    said.append(f"{first} up to {number(above['x'].iloc[0])}" if len(above) else f"{first} above")
    said += [f"{DOING[above['to'].iloc[0]]} beyond"] if len(above) else []
    return f"Cheapest by {label}: {', '.join(said)}"


def _values(table: pd.DataFrame, label: str) -> str:
    """What every arrangement costs at both ends."""
    first, last = table.iloc[0], table.iloc[-1]
    known = [name for name in ARRANGEMENTS if first[name] == first[name]]
    said = joined(f"{name} {number(first[name])} and {number(last[name])}" for name in known)
    return f"Cost a year at {number(first['value'])} and at {number(last['value'])} of {label}: {said}"


def _layers(table: pd.DataFrame, label: str, points: pd.DataFrame) -> "alt.LayerChart":
    import altair as alt

    known = [name for name in ARRANGEMENTS if table[name].notna().all()]
    reach = [float(table[known].min().min()), float(table[known].max().max())]
    y_scale, y_axis = value_axis("cost a year", reach)
    x_scale = alt.Scale(domain=[float(table["value"].min()), float(table["value"].max())], nice=False, zero=False)
    x_axis = alt.Axis(title=label, grid=False, tickCount=8)

    def x(column: str) -> alt.X:
        return alt.X(f"{column}:Q", scale=x_scale, axis=x_axis)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", scale=y_scale, axis=y_axis)

    now = pd.DataFrame({"x": table.loc[table["now"], "value"]})
    layers: list[alt.Chart] = [alt.Chart(rows(now)).mark_rule(color=RULE, strokeDash=[2, 3]).encode(x=x("x"))]
    for name in known:
        colour, dash = LINES[name]
        line = alt.Chart(rows(pd.DataFrame({"x": table["value"], "y": table[name]})))
        layers.append(line.mark_line(color=colour, strokeWidth=2.5, strokeDash=dash).encode(x=x("x"), y=y("y")))
    low, high = y_scale.domain
    names = _spread(table.iloc[-1][known], float(high) - float(low))
    words = pd.DataFrame({"name": names.index, "y": names.to_numpy(dtype=float)})
    text = alt.Chart(rows(words)).mark_text(align="left", x="width", dx=8, fontSize=TEXT_SIZE, color=INK)
    layers.append(text.encode(y=y("y"), text="name:N"))
    if len(points):
        marks = alt.Chart(rows(points[["x", "y"]])).encode(x=x("x"), y=y("y"))
        layers.append(marks.mark_point(shape="diamond", filled=True, size=130, color=INK, opacity=1))
    return alt.LayerChart(layer=layers)


def _spread(ends: pd.Series, height: float) -> pd.Series:
    """Heights for names at the ends of lines, moved apart where they would stand on each other."""
    least = APART * height / HEIGHT
    ends = ends.astype(float).sort_values()
    placed = ends.to_numpy(dtype=float).copy()
    for _ in range(50):
        for one in range(1, len(placed)):
            overlap = least - (placed[one] - placed[one - 1])
            if overlap > 0:
                placed[one - 1] -= overlap / 2
                placed[one] += overlap / 2
    return pd.Series(placed, ends.index)
