"""Where a gap in cost comes from: bars that run from the cost of one provider to that of another."""

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.charts.axes import log_axis
from econmodel.charts.drawn import framed, rows
from econmodel.charts.given import must_draw
from econmodel.charts.parts import KINDS, NOTHING, kind_of, label_of, share_in_words
from econmodel.charts.sentences import joined, level, lines, number, per_cent, signed
from econmodel.charts.theme import INK, RULE, enable
from econmodel.errors import NotSupported
from econmodel.results import Effects

if TYPE_CHECKING:
    import altair as alt

GAP, UNIT_GAP, UNIT_TABLE, SCALE = "cost gap", "unit cost gap", "unit cost", "scale"
ROW_HEIGHT = 40
LABEL_LETTERS = 26
# Where the two columns of numbers end, in pixels right of the plot.
POINTS_COLUMN, COST_COLUMN = 76, 150
# From this ratio on "times as high" reads better than "per cent higher".
TIMES = 2.0
BOOTSTRAP = "bootstrap"
# Six digits are what a printed or rounded table keeps of a gap near one.
ADDS_UP = 1e-5


def waterfall(effects: Effects, *, unit_cost: bool = False) -> "alt.LayerChart":
    """The parts of a gap in cost one after another, each beginning where the last one ended.

    Parts add up in logs, so the axis is one of logs, in per cent of the cost at the start: a bar has the same length
    wherever it stands, and the order of the bars does not matter.

    Parameters
    ----------
    effects : the result of `em.decompose`
    unit_cost : draw the gap in cost per unit of size, whose scale part is that of cost less the growth of size; between
        groups or periods, where the growth is estimated too, scale and gap then have no interval

    Returns
    -------
    altair.LayerChart
        One bar a part, with its interval, its points (hundredths of logs, which add up) and the cost reached beside it.

    Raises
    ------
    NotSupported : no gap in the table, or parts that do not add up to it

    Examples
    --------
    >>> import pandas as pd
    >>> from econmodel.charts.gap_waterfall import waterfall
    >>> from econmodel.results import Effects
    >>> table = pd.DataFrame({"term": ["cost gap", "scale", "relationship: staff"], "at": "Elm to Oak",
    ...                       "estimate": [0.2, 0.3, -0.1], "conf_low": [0.1, 0.2, -0.2], "conf_high": [0.3, 0.4, 0.0]})
    >>> print(*waterfall(Effects("Gap", table, "")).title.text)
    From Elm to Oak, cost is 22 % higher; more than all of it sits in scale
    """
    must_draw(isinstance(effects, Effects), "waterfall", effects, "the result of em.decompose(fit, start, end)")
    enable()
    parts, gap = _parts(effects, unit_cost)
    start, end = _ends(str(gap["at"]))
    what = "unit cost" if unit_cost else "cost"
    # Between two providers the gap is a fact; between groups it is estimated.
    unknown = effects.method == BOOTSTRAP and np.isnan(gap["low"])
    title = _message(parts, gap, f"{what} (no interval)" if unknown else what)
    confidence = level(effects.conf_level)
    said = [f"{row['part']} {_points(row['log'])}{_interval(row)}" for _, row in parts.iterrows()]
    reached = f"{what} of {number(100 * np.exp(gap['log']))} % of that at the start"
    return framed(
        _layers(parts, gap, (start, end), what),
        height=ROW_HEIGHT * (len(parts) + 2),
        title=title,
        subtitle=[
            f"Bars: parts of the gap, one after another; thin lines: {confidence} intervals",
            "points: hundredths of logs, which add up",
        ],
        description=[
            title,
            f"In points, that is hundredths of logs, {joined(said)} add up to {_points(gap['log'])}{_interval(gap)}: "
            f"{reached}; intervals are {confidence} intervals",
        ],
    )


def _parts(effects: Effects, unit_cost: bool) -> tuple[pd.DataFrame, pd.Series]:
    """The bars in logs, each with where it begins and ends, and their sum."""
    table = effects.table
    if (table["term"] == GAP).sum() != 1:
        raise NotSupported(
            f"{effects.title!r} holds {(table['term'] == GAP).sum()} cost gaps, a picture shows one: "
            "give the result of em.decompose(fit, start, end)."
        )
    found = pd.DataFrame(
        {
            "term": table["term"],
            "at": table["at"],
            "part": [label_of(effects, term) for term in table["term"]],
            "kind": [kind_of(term, GAP) for term in table["term"]],
            "log": table["estimate"].astype(float),
            "low": table["conf_low"].astype(float),
            "high": table["conf_high"].astype(float),
        }
    )
    if unit_cost:
        found = _per_unit(effects, found)
    gap = found[found["term"] == GAP].iloc[0]
    parts = found[(found["term"] != GAP) & (found["log"].abs() > NOTHING)]
    if parts.empty or abs(parts["log"].sum() - gap["log"]) > ADDS_UP:
        raise NotSupported(
            f"The parts in {effects.title!r} add up to {_points(parts['log'].sum())} points, the gap has "
            f"{_points(gap['log'])}: a row is missing. Give the whole result of em.decompose(fit, start, end)."
        )
    ends = parts["log"].cumsum()
    return parts.assign(begin=ends - parts["log"], end=ends).reset_index(drop=True), gap


def _per_unit(effects: Effects, found: pd.DataFrame) -> pd.DataFrame:
    """The same with scale, and so the gap, less the growth of size."""
    if UNIT_TABLE not in effects.tables:
        raise NotSupported(f"{effects.title!r} has no table {UNIT_TABLE!r}: give the result of em.decompose.")
    unit = effects.tables[UNIT_TABLE].set_index("term")["estimate"]
    growth = float(found.set_index("term").loc[GAP, "log"] - unit[UNIT_GAP])
    shifted = found["term"].isin((GAP, SCALE))
    columns = ["log", "low", "high"]
    found = found.copy()
    found.loc[shifted, columns] -= growth
    if effects.method == BOOTSTRAP:
        # The growth of size differs between replications, so the interval of the difference is not at hand.
        found.loc[shifted, ["low", "high"]] = np.nan
    return found


def _ends(place: str) -> tuple[str, str]:
    """What the two sides are called, where their names do not hide where one ends."""
    names = place.split(" to ")
    return (names[0], names[1]) if len(names) == 2 else ("start", "end")


def _message(parts: pd.DataFrame, gap: pd.Series, what: str) -> str:
    largest = parts.iloc[int(parts["log"].abs().to_numpy().argmax())]
    clear = "" if not largest["low"] <= 0 <= largest["high"] else ", not clearly different from zero"
    if gap["low"] <= 0 <= gap["high"] or abs(gap["log"]) < NOTHING:
        return f"From {gap['at']}, {what} shows no clear change; the largest part sits in {largest['part']}{clear}"
    times = float(np.exp(gap["log"]))
    change = f"{per_cent(times - 1)} {'higher' if times > 1 else 'lower'}"
    change = f"{number(times)} times as high" if times >= TIMES else change
    place = share_in_words(largest["log"], gap["log"])
    return f"From {gap['at']}, {what} is {change}; {place} sits in {largest['part']}{clear}"


def _points(log: float) -> str:
    return signed(100 * log, 1)


def _interval(row: pd.Series) -> str:
    return "" if row[["low", "high"]].isna().any() else f" ({_points(row['low'])} to {_points(row['high'])})"


def _layers(parts: pd.DataFrame, gap: pd.Series, names: tuple[str, str], what: str) -> "alt.LayerChart":
    import altair as alt

    bars = pd.concat([parts, gap.to_frame().T.astype(parts.dtypes.drop(["begin", "end"]))], ignore_index=True)
    bars = bars.assign(
        begin=bars["begin"].fillna(0.0), end=bars["end"].fillna(bars["log"]), row=range(1, len(bars) + 1)
    )
    drawn = bars[["row", "kind"]].assign(
        begin=_cost(bars["begin"]),
        end=_cost(bars["end"]),
        low=_cost(bars["begin"] + bars["low"]),
        high=_cost(bars["begin"] + bars["high"]),
        points=[*map(_points, parts["log"]), f"= {_points(gap['log'])}"],
        cost=[f"{number(value)} %" for value in _cost(bars["end"])],
    )
    start = pd.DataFrame({"row": [0], "cost": ["100 %"]})
    labels = [lines(name, LABEL_LETTERS) for name in (names[0], *parts["part"], f"{names[1]}: the sum")]
    y_axis = alt.Axis(title=None, labelExpr=f"{json.dumps(labels)}[datum.value]", ticks=False, domain=False)
    y_scale = alt.Scale(paddingInner=0.45, paddingOuter=0.25, domain=list(range(len(labels))))
    y = alt.Y("row:O", axis=y_axis, scale=y_scale)
    reach = drawn[["begin", "end", "low", "high"]].to_numpy(dtype=float)
    named = names[0] if names[0] != "start" else "the start"
    x_scale, x_axis = log_axis(f"{what}, per cent of that of {named}", [100.0, *reach[~np.isnan(reach)]])
    x_axis.grid = True
    colours = alt.Scale(domain=list(KINDS), range=list(KINDS.values()))
    fill, stroke = (channel("kind:N", legend=None, scale=colours) for channel in (alt.Fill, alt.Stroke))

    def x(column: str) -> alt.X:
        return alt.X(f"{column}:Q", scale=x_scale, axis=x_axis)

    table = alt.Chart(rows(drawn)).encode(y=y)
    # Each bar hangs on a thin line from the end of the one above.
    steps = drawn[["row"]].assign(above=drawn["row"] - 1, begin=drawn["begin"]).iloc[:-1]
    last = pd.DataFrame({"row": [len(bars)], "above": [len(bars) - 1], "begin": [drawn["end"].iloc[-1]]})
    hangers = alt.Chart(rows(pd.concat([steps, last]))).mark_rule(color=RULE, strokeDash=[2, 2])
    heads = alt.Chart(rows(pd.DataFrame({"points": ["points"], "cost": ["so far"]})))
    words: dict[str, Any] = {"align": "right", "x": "width"}
    layers = [
        alt.Chart(alt.InlineData([{}])).mark_rule(color=INK).encode(x=alt.X(datum=100, scale=x_scale, axis=x_axis)),
        hangers.encode(x=x("begin"), y=alt.Y("above:O", axis=y_axis, scale=y_scale), y2="row:O"),
        # Light inside, so that the interval stays legible on the bar; a full edge, so that the bar does on the page.
        table.mark_bar(fillOpacity=0.45, strokeWidth=1.5).encode(x=x("begin"), x2="end:Q", fill=fill, stroke=stroke),
        table.mark_rule(strokeWidth=1.8, color=INK).encode(x=x("low"), x2="high:Q"),
        table.mark_text(**words, xOffset=POINTS_COLUMN).encode(text="points:N"),
        table.mark_text(**words, xOffset=COST_COLUMN).encode(text="cost:N"),
        alt.Chart(rows(start)).mark_text(**words, xOffset=COST_COLUMN).encode(y=y, text="cost:N"),
        heads.mark_text(**words, xOffset=POINTS_COLUMN, y=-8).encode(text="points:N"),
        heads.mark_text(**words, xOffset=COST_COLUMN, y=-8).encode(text="cost:N"),
    ]
    return alt.LayerChart(layer=layers)


def _cost(logs: pd.Series) -> NDArray[np.float64]:
    """Costs in per cent of that at the start."""
    return np.asarray(100 * np.exp(logs.to_numpy(dtype=float)))
