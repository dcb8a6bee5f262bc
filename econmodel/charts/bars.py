"""Bars: parts that add up to a slope, and what each payment group brings in; what every chart of bars is made of."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from econmodel.charts.marks import BEYOND, Caption, Mark, Picture, mark, money_axis, row_axis, value_axis
from econmodel.charts.theme import CHARCOAL, INK, NAVY, ORANGE, PLUM, RULE
from econmodel.charts.words import (
    brief,
    doubling,
    headline,
    level,
    lines,
    must_draw,
    number,
    per_cent,
    signed,
    verdict_on,
)
from econmodel.errors import NotSupported
from econmodel.results import Effects, Table
from econmodel.verdict import Verdict
from econmodel.words import listed

if TYPE_CHECKING:
    import altair as alt

KINDS = {"scale": NAVY, "relationship": PLUM, "other": ORANGE, "sum": CHARCOAL}
# Below this a part is rounding of the machine (the residual of least squares with one output) and has no bar.
NOTHING = 1e-9
# Six digits are what a printed or rounded table keeps of numbers near one.
ADDS_UP = 1e-5
LABEL_LETTERS = 26
# What the largest part is of the sum, by the least share of it: parts of the other sign let one exceed the whole.
_SHARES = {
    1.0: "more than all of it",
    0.5: "most of it",
    0.0: "the largest part",
    -math.inf: "the largest part, the other way,",
}
APPARENT = "apparent"
# Slopes of log cost, compared with one; every other part is compared with zero.
ELASTICITIES = (APPARENT, "scale")
SLOPE_HEIGHT, GROUP_HEIGHT = 44, 46
# The words beyond a bar take so much of the axis.
ROOM = 0.28
# In words of the legend: what the tick is, by the column that holds it.
TICKS = {"spending_at_most": "the most that it is worth spending", "spending": "what it pays to spend"}


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
    >>> from econmodel.charts.bars import separation
    >>> from econmodel.results import Effects
    >>> table = pd.DataFrame({"term": ["apparent", "scale", "relationship: staff"], "estimate": [0.9, 1.01, -0.11],
    ...                       "conf_low": [0.88, 0.99, -0.13], "conf_high": [0.92, 1.03, -0.09]})
    >>> effects = Effects("Separation", table, "", labels={"relationship: staff": "staffing per pupil"})
    >>> print(*separation(effects).title.text)
    Unit cost is 6.7 % lower at twice the size
    """
    import altair as alt

    must_draw(isinstance(effects, Effects), "separation", effects, "the result of em.separate(fit)")
    table = effects.table if at is None or "at" not in effects.table else effects.table[effects.table["at"] == at]
    terms = table["term"]
    if (terms == APPARENT).sum() != 1 or terms.duplicated().any():
        raise NotSupported(
            f"{effects.title!r} holds {(terms == APPARENT).sum()} apparent slopes, a picture shows one: "
            "give the result of em.separate(fit), and where it holds several say which with at=."
        )
    parts, total = parts_of(effects, table, APPARENT, nulls=terms.isin(ELASTICITIES).astype(float))
    if parts.empty or abs(float(parts["value"].sum() - total["value"])) > ADDS_UP:
        raise NotSupported(
            f"The parts in {effects.title!r} add up to {signed(parts['value'].sum(), 6)}, the apparent slope of unit "
            f"cost is {signed(total['value'], 6)}: a row is missing. Give the whole result of em.separate(fit)."
        )
    bars = pd.concat([parts, total.to_frame().T.astype(parts.dtypes)], ignore_index=True)
    # Three digits of the largest part, at least four decimals, so that the column can be added up.
    decimals = min(max(2 - math.floor(math.log10(bars["value"].abs().max())), 4), 6)
    numbers = [signed(slope, decimals) for slope in bars["value"]]
    bars = bars.assign(
        row=range(len(bars)),
        number=[*numbers[:-1], f"= {numbers[-1]}"],
        doubled=[_doubled(slope) for slope in bars["value"]],
    )
    *each, whole = (
        f"{written} ({signed_interval(row, decimals) or 'no interval'})"
        for written, (_, row) in zip(numbers, bars.iterrows(), strict=True)
    )
    each = [f"{name} {words}" for name, words in zip(parts["part"], each, strict=True)]
    intervals = f"{level(effects.conf_level)} intervals"
    caption = Caption(
        _slope_title(verdict_on(table[terms == APPARENT].iloc[0], effects.conf_level, 1.0), total),
        largest_part(parts, total),
        [
            f"bars: parts of the slope, which add up to the last one; thin lines: {intervals}",
            "size × 2: change of unit cost when size doubles",
        ],
        [
            f"The parts {listed(each)} add up to {whole}, as slopes of log unit cost on log size with {intervals}; the "
            f"sum means a change of unit cost by {_doubled(total['value'])} when size doubles",
        ],
        effects.source,
    )
    rows = bars[["row", "kind", "value", "low", "high", "number", "doubled"]]
    ends = [0.0, *bars["value"], *bars["low"].dropna(), *bars["high"].dropna()]
    names = [lines(name, LABEL_LETTERS) for name in (*parts["part"], f"{total['part']}: the sum")]
    y = row_axis(names, paddingInner=0.5, paddingOuter=0.3)
    edge = {"color": RULE, "x": 0, "x2": "width", "yOffset": -SLOPE_HEIGHT / 4}
    marks = [
        *bodies(rows, {"x": "value"}),
        mark("rule", None, {"x": 0}, color=INK),
        mark("rule", rows[["row"]].tail(1), {"y": alt.Y("row:O", axis=y.axis, bandPosition=0)}, **edge),
        *number_columns(rows, {"number": (82, "slope"), "doubled": (146, "size × 2")}),
    ]
    x = value_axis(["slope of log unit cost on log size", _reading(total["value"], ends)], ends)
    return Picture(caption, x, y, marks, SLOPE_HEIGHT * len(bars)).drawn()


def parts_of(
    effects: Effects, table: pd.DataFrame, whole: str, nulls: pd.Series | float = 0.0
) -> tuple[pd.DataFrame, pd.Series]:
    """Parts that add up, and their sum; parts of nothing are left out.

    Parameters
    ----------
    table : rows of the effects
    whole : the term of the sum
    nulls : what estimates are drawn against

    Returns
    -------
    DataFrame, Series
        `term`, `at`, `part` (its printed name), `kind` (which says its colour: scale, relationship, other, or the sum),
        `value`, `low`, `high`.
    """
    terms = [str(term) for term in table["term"]]
    plain = [term.removeprefix("relationship: ").replace("_", " ") for term in terms]
    kinds = {whole: "sum", "scale": "scale"}
    rows = pd.DataFrame(
        {
            "term": terms,
            "at": table.get("at", ""),
            "part": [str(effects.labels.get(term, name)) for term, name in zip(terms, plain, strict=True)],
            "kind": [kinds.get(term, "relationship" if term.startswith("relationship") else "other") for term in terms],
            "value": table["estimate"].astype(float) - nulls,
            "low": table["conf_low"].astype(float) - nulls,
            "high": table["conf_high"].astype(float) - nulls,
            "open": ~table["verdict"].isin(["below", "above"]) if "verdict" in table else False,
        }
    )
    parts = rows[(rows["term"] != whole) & (rows["value"].abs() > NOTHING)]
    return parts.reset_index(drop=True), rows[rows["term"] == whole].iloc[0]


def bodies(rows: pd.DataFrame, along: Mapping[str, str]) -> list[Mark]:
    """Bars in the colours of their kinds, each with its interval.

    Parameters
    ----------
    rows : columns row, kind, low, high, and those that are drawn
    along : channels of where a bar ends ("x") and, where it does not start at zero, the other end ("x2")
    """
    colour = ("kind", KINDS)
    return [
        # Light inside, so that the interval stays legible on the bar; a full edge, so that the bar does on the page.
        mark("bar", rows, {"y": "row", **along, "fill": colour, "stroke": colour}, fillOpacity=0.45, strokeWidth=1.5),
        mark("rule", rows, {"y": "row", "x": "low", "x2": "high"}, strokeWidth=1.8, color=INK),
    ]


def number_columns(rows: pd.DataFrame, columns: Mapping[str, tuple[int, str]]) -> list[Mark]:
    """Columns of written numbers to the right of the bars, each with its head.

    Parameters
    ----------
    rows : columns row, and those written
    columns : column -> where it ends, in pixels right of the plot, and its head
    """
    at: dict[str, Any] = {"align": "right", "x": "width"}
    heads = pd.DataFrame({name: [head] for name, (_, head) in columns.items()})
    return [
        *(mark("text", rows, {"y": "row", "text": name}, **at, xOffset=end) for name, (end, _) in columns.items()),
        *(mark("text", heads, {"text": name}, **at, xOffset=end, y=-8) for name, (end, _) in columns.items()),
    ]


def share_in_words(part: float, whole: float) -> str:
    """What the largest part is of the whole.

    >>> share_in_words(0.6, 1.0), share_in_words(-0.6, -0.5), share_in_words(-0.6, 0.1)
    ('most of it', 'more than all of it', 'the largest part, the other way,')
    """
    return next(words for least, words in _SHARES.items() if part / whole > least)


def largest_part(parts: pd.DataFrame, whole: pd.Series) -> str:
    """In which part most of a sum lies, and whether that part differs from nothing."""
    largest = parts.iloc[int(parts["value"].abs().to_numpy().argmax())]
    settled = abs(whole["value"]) > NOTHING and not whole["low"] <= 0 <= whole["high"]
    share = share_in_words(largest["value"], whole["value"]) if settled else "the largest part"
    unclear = ", not clearly different from zero" if largest["open"] or largest["low"] <= 0 <= largest["high"] else ""
    return f"{share} sits in {largest['part']}{unclear}"


def signed_interval(row: pd.Series, decimals: int, times: float = 1.0) -> str:
    """The interval of a part in so many decimals; nothing where there is none."""
    if row[["low", "high"]].isna().any():
        return ""
    return f"{signed(times * row['low'], decimals)} to {signed(times * row['high'], decimals)}"


def _slope_title(verdict: Verdict, total: pd.Series) -> str:
    if total[["low", "high"]].isna().any():
        return "Unit cost and size: a slope with no interval"
    change = per_cent(doubling(total["value"]))
    lower, higher = (f"unit cost is {change} {side} at twice the size" for side in ("lower", "higher"))
    return headline(verdict, "Unit cost and size", lower, higher)


def _doubled(slope: float) -> str:
    change = per_cent(doubling(slope))
    return change if float(change.split()[0].replace(",", "")) == 0 else f"{'−' if slope < 0 else '+'}{change}"


def _reading(slope: float, ends: list[float]) -> str:
    """How to read the axis, at a round slope of the size and sign of the one drawn."""
    largest = max(map(abs, ends)) / 2
    step = 10.0 ** math.floor(math.log10(largest))
    example = math.copysign(max(k * step for k in (1, 2, 5) if k * step <= largest), slope)
    meaning = f"{per_cent(doubling(example))} {'lower' if example < 0 else 'higher'}"
    return f"(0: unit cost does not change; {number(example)}: {meaning} when size doubles)"


def outcome_revenue(answer: Table) -> "alt.LayerChart":
    """Expected revenue from outcomes for a participant of each payment group, the dearest outcomes last.

    Parameters
    ----------
    answer : the result of `em.arrangements.explain_outcomes` or `em.arrangements.pay_by_results`

    Returns
    -------
    altair.LayerChart
        One bar a group, beside it the price of an outcome and the share of participants who have one.

    Raises
    ------
    NotSupported : the result of something else

    Examples
    --------
    >>> from econmodel.arrangements.explained import explain_outcomes
    >>> from econmodel.charts.bars import outcome_revenue
    >>> from econmodel.table.shipped import figures
    >>> rates = {"JSA 25 and over": 0.317, "ESA ex-IB": 0.054}
    >>> answer = explain_outcomes(figures("work_programme_tariff"), rates)
    >>> print(*outcome_revenue(answer).title.text)
    A participant of JSA 25 and over brings in most
    """
    column = next((name for name in TICKS if isinstance(answer, Table) and name in answer.table), None)
    sound = column is not None and {"group", "price", "outcomes", "revenue"} <= set(answer.table)
    wanted = "the result of em.arrangements.explain_outcomes(...) or em.arrangements.pay_by_results(...)"
    must_draw(sound, "outcome_revenue", answer, wanted)
    tick = TICKS[str(column)]
    table = answer.table.sort_values("price", kind="stable", ignore_index=True).rename(columns={column: "worth"})
    table = table.assign(
        row=range(len(table)),
        text=[f"{per_cent(row['outcomes'])} × {number(row['price'], 5)}" for _, row in table.iterrows()],
        end=table[["revenue", "worth"]].max(axis=1),
    )
    drawn = table[["row", "revenue", "worth", "text", "end"]]
    dearest, best = table.iloc[-1], table.iloc[int(table["revenue"].argmax())]
    detail = f"{number(best['revenue'])} from outcomes"
    if dearest["group"] != best["group"]:
        detail = (
            f"an outcome of {dearest['group']} pays {number(dearest['price'] / best['price'], 2)} times that of "
            f"{best['group']}, and a participant brings in {per_cent(1 - dearest['revenue'] / best['revenue'])} less"
        )
    each = listed(
        f"{number(row['revenue'])} for {row['group']} ({per_cent(row['outcomes'])} at {number(row['price'], 5)})"
        for _, row in table.iterrows()
    )
    worth = listed(f"{number(row['worth'])} for {row['group']}" for _, row in table.dropna(subset="worth").iterrows())
    caption = Caption(
        brief(f"A participant of {best['group']} brings in most", f"Most from outcomes: {best['group']}"),
        detail,
        ["bars: outcome rate × price, the expected revenue from a participant", f"upright line: {tick} on one"],
        [f"Expected revenue is {each}", f"{tick} is {worth}" if worth else ""],
    )
    marks = [
        mark("bar", drawn, {"y": "row", "x": "revenue"}, color=NAVY),
        mark("tick", drawn, {"y": "row", "x": "worth"}, color=ORANGE, thickness=5, size=30, opacity=1),
        mark("text", drawn, {"y": "row", "x": "end", "text": "text"}, **BEYOND, dx=8),
    ]
    x = money_axis("money for a participant", drawn["end"].max(), ROOM)
    y = row_axis([str(group) for group in table["group"]], paddingInner=0.4, paddingOuter=0.2)
    return Picture(caption, x, y, marks, GROUP_HEIGHT * len(table)).drawn()
