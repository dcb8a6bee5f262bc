"""Where the slope of unit cost on size sits: bars that add up to the apparent slope."""

import json
import math
from typing import TYPE_CHECKING

import pandas as pd

from econmodel.charts.axes import value_axis
from econmodel.charts.drawn import framed, rows
from econmodel.charts.given import must_draw
from econmodel.charts.parts import KINDS, NOTHING, kind_of, label_of, share_in_words
from econmodel.charts.sentences import doubling, joined, level, lines, number, per_cent, signed
from econmodel.charts.theme import INK, RULE, enable
from econmodel.errors import NotSupported
from econmodel.results import Effects

if TYPE_CHECKING:
    import altair as alt

APPARENT = "apparent"
# Slopes of log cost, compared with one; every other part is compared with zero.
ELASTICITIES = (APPARENT, "scale")
ROW_HEIGHT = 44
LABEL_LETTERS = 26
# Where the two columns of numbers end, in pixels right of the plot.
SLOPE_COLUMN, DOUBLED_COLUMN = 82, 146


def separation(effects: Effects, at: str | None = None) -> "alt.LayerChart":
    """The parts of the slope of log unit cost on log size, each with its interval, and below a line their sum.

    Slopes of log cost minus one are slopes of log unit cost: the apparent slope and the scale part are drawn so, and
    then the parts add up: (apparent − 1) = (scale − 1) + mix + relationship + prices + context + ... + residual.

    Parameters
    ----------
    effects : the result of `em.separate`; printed names of parts come from its labels
    at : which separation, where the table holds several

    Returns
    -------
    altair.LayerChart
        One bar a part, its number beside it, what it means for a doubling of size beside that.

    Raises
    ------
    NotSupported : no apparent slope, several separations in one table, or parts that do not add up to it

    Examples
    --------
    >>> import pandas as pd
    >>> from econmodel.charts.separation_bars import separation
    >>> from econmodel.results import Effects
    >>> table = pd.DataFrame({"term": ["apparent", "scale", "relationship: staff"], "estimate": [0.9, 1.01, -0.11],
    ...                       "conf_low": [0.88, 0.99, -0.13], "conf_high": [0.92, 1.03, -0.09]})
    >>> effects = Effects("Separation", table, "", labels={"relationship: staff": "staffing per pupil"})
    >>> print(*separation(effects).title.text)
    Twice the size goes with 6.7 % lower unit cost; more than all of it sits in staffing per pupil
    """
    must_draw(isinstance(effects, Effects), "separation", effects, "the result of em.separate(fit)")
    enable()
    parts, total = _parts(effects, at)
    decimals = _decimals([*parts["slope"], total["slope"]])
    title = _message(parts, total)
    said = [
        f"{row['part']} {signed(row['slope'], decimals)} ({_interval(row, decimals)})" for _, row in parts.iterrows()
    ]
    confidence = level(effects.conf_level)
    add_up = f"The parts {joined(said)} add up to {signed(total['slope'], decimals)} ({_interval(total, decimals)})"
    return framed(
        _layers(parts, total, decimals),
        height=ROW_HEIGHT * (len(parts) + 1),
        title=title,
        subtitle=[
            f"Bars: parts of the slope, which add up to the last one; thin lines: {confidence} intervals",
            "size × 2: change of unit cost when size doubles",
        ],
        description=[
            title,
            f"{add_up}, as slopes of log unit cost on log size with {confidence} intervals; the sum means a change "
            f"of unit cost by {_change(total['slope'])} when size doubles",
        ],
    )


def _parts(effects: Effects, at: str | None) -> tuple[pd.DataFrame, pd.Series]:
    """The bars and their sum, as slopes of log unit cost."""
    table = effects.table if at is None or "at" not in effects.table else effects.table[effects.table["at"] == at]
    terms = table["term"]
    if (terms == APPARENT).sum() != 1 or terms.duplicated().any():
        raise NotSupported(
            f"{effects.title!r} holds {(terms == APPARENT).sum()} apparent slopes, a picture shows one: "
            "give the result of em.separate(fit), and where it holds several say which with at=."
        )
    null = terms.isin(ELASTICITIES).astype(float)
    slopes = pd.DataFrame(
        {
            "term": terms,
            "part": [label_of(effects, term) for term in terms],
            "kind": [kind_of(term, APPARENT) for term in terms],
            "slope": table["estimate"] - null,
            "low": table["conf_low"] - null,
            "high": table["conf_high"] - null,
        }
    )
    total = slopes[terms == APPARENT].iloc[0]
    parts = slopes[(terms != APPARENT) & slopes["slope"].notna() & (slopes["slope"].abs() > NOTHING)]
    gap = float(parts["slope"].sum() - total["slope"])
    # Six digits are what a printed or rounded table keeps of parts near one.
    if parts.empty or abs(gap) > 1e-5:
        raise NotSupported(
            f"The parts in {effects.title!r} add up to {signed(parts['slope'].sum(), 6)}, the apparent slope of unit "
            f"cost is {signed(total['slope'], 6)}: a row is missing. Give the whole result of em.separate(fit)."
        )
    return parts.reset_index(drop=True), total


def _decimals(slopes: list[float]) -> int:
    """Decimals that show three digits of the largest part, at least four, so that the column can be added up."""
    return min(max(2 - math.floor(math.log10(max(map(abs, slopes)))), 4), 6)


def _message(parts: pd.DataFrame, total: pd.Series) -> str:
    largest = parts.iloc[int(parts["slope"].abs().to_numpy().argmax())]
    if total["low"] <= 0 <= total["high"]:
        title = "Unit cost shows no clear slope on size"
        place = "the largest part"
    else:
        direction = "lower" if total["slope"] < 0 else "higher"
        title = f"Twice the size goes with {per_cent(doubling(total['slope']))} {direction} unit cost"
        title += "" if total[["low", "high"]].notna().all() else " (no interval)"
        place = share_in_words(largest["slope"], total["slope"])
    clear = not largest["low"] <= 0 <= largest["high"]
    return f"{title}; {place} sits in {largest['part']}{'' if clear else ', not clearly different from zero'}"


def _interval(row: pd.Series, decimals: int) -> str:
    if row[["low", "high"]].isna().any():
        return "no interval"
    return f"{signed(row['low'], decimals)} to {signed(row['high'], decimals)}"


def _change(slope: float) -> str:
    change = per_cent(doubling(slope))
    return change if float(change.split()[0].replace(",", "")) == 0 else f"{'−' if slope < 0 else '+'}{change}"


def _layers(parts: pd.DataFrame, total: pd.Series, decimals: int) -> "alt.LayerChart":
    import altair as alt

    bars = pd.concat([parts, total.to_frame().T.astype(parts.dtypes)], ignore_index=True)
    numbers = [signed(slope, decimals) for slope in bars["slope"]]
    bars = bars.assign(
        row=range(len(bars)),
        number=[*numbers[:-1], f"= {numbers[-1]}"],
        doubled=[_change(slope) for slope in bars["slope"]],
    )
    labels = [lines(part, LABEL_LETTERS) for part in bars["part"]]
    labels[-1] = lines(f"{bars['part'].iloc[-1]}: the sum", LABEL_LETTERS)
    y_axis = alt.Axis(title=None, labelExpr=f"{json.dumps(labels)}[datum.value]", ticks=False, domain=False)
    y = alt.Y("row:O", axis=y_axis, scale=alt.Scale(paddingInner=0.5, paddingOuter=0.3))
    ends = [0.0, *bars["slope"], *bars["low"].dropna(), *bars["high"].dropna()]
    x_scale, x_axis = value_axis("", ends)
    x_axis.title = ["slope of log unit cost on log size", _reading(total["slope"], ends)]
    colours = alt.Scale(domain=list(KINDS), range=list(KINDS.values()))
    fill, stroke = (channel("kind:N", legend=None, scale=colours) for channel in (alt.Fill, alt.Stroke))

    table = alt.Chart(rows(bars[["row", "kind", "slope", "low", "high", "number", "doubled"]])).encode(y=y)
    x, low = (alt.X(f"{column}:Q", scale=x_scale, axis=x_axis) for column in ("slope", "low"))
    last = alt.Chart(rows(bars[["row"]].tail(1))).encode(y=alt.Y("row:O", axis=y_axis, bandPosition=0))
    heads = alt.Chart(rows(pd.DataFrame({"slope": ["slope"], "doubled": ["size × 2"]})))
    layers = [
        # Light inside, so that the interval stays legible on the bar; a full edge, so that the bar does on the page.
        table.mark_bar(fillOpacity=0.45, strokeWidth=1.5).encode(x=x, fill=fill, stroke=stroke),
        table.mark_rule(strokeWidth=1.8, color=INK).encode(x=low, x2="high:Q"),
        alt.Chart(alt.InlineData([{}])).mark_rule(color=INK).encode(x=alt.X(datum=0, scale=x_scale, axis=x_axis)),
        last.mark_rule(color=RULE, x=0, x2="width", yOffset=-ROW_HEIGHT / 4),
        table.mark_text(align="right", x="width", xOffset=SLOPE_COLUMN).encode(text="number:N"),
        table.mark_text(align="right", x="width", xOffset=DOUBLED_COLUMN).encode(text="doubled:N"),
        heads.mark_text(align="right", x="width", xOffset=SLOPE_COLUMN, y=-8).encode(text="slope:N"),
        heads.mark_text(align="right", x="width", xOffset=DOUBLED_COLUMN, y=-8).encode(text="doubled:N"),
    ]
    return alt.LayerChart(layer=layers)


def _reading(slope: float, ends: list[float]) -> str:
    """How to read the axis, at a round slope of the size and sign of the one drawn."""
    largest = max(map(abs, ends)) / 2
    step = 10.0 ** math.floor(math.log10(largest))
    example = math.copysign(max(k * step for k in (1, 2, 5) if k * step <= largest), slope)
    meaning = f"{per_cent(doubling(example))} {'lower' if example < 0 else 'higher'}"
    return f"(0: unit cost does not change; {number(example)}: {meaning} when size doubles)"
