"""What each payment group brings in: price times outcome rate, beside the most that it is worth spending."""

import json
from typing import TYPE_CHECKING

import pandas as pd

from econmodel.charts.drawn import framed, rows
from econmodel.charts.given import must_draw
from econmodel.charts.sentences import capital, joined, number, per_cent
from econmodel.charts.theme import INK, NAVY, ORANGE, TEXT_SIZE, enable
from econmodel.results import Table

if TYPE_CHECKING:
    import altair as alt

ROW_HEIGHT = 46
# The words beyond a bar take so much of the axis.
ROOM = 0.28
# In words of the legend: what the tick is, by the column that holds it.
TICKS = {"spending_at_most": "the most that it is worth spending", "spending": "what it pays to spend"}


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
    >>> from econmodel.charts.revenue_bars import outcome_revenue
    >>> from econmodel.table.shipped import figures
    >>> rates = {"JSA 25 and over": 0.317, "ESA ex-IB": 0.054}
    >>> answer = explain_outcomes(figures("work_programme_tariff"), rates)
    >>> print(*outcome_revenue(answer).title.text)
    An outcome of ESA ex-IB pays 3.3 times that of JSA 25 and over, and a participant brings in 44 % less
    """
    column = next((name for name in TICKS if isinstance(answer, Table) and name in answer.table), None)
    sound = column is not None and {"group", "price", "outcomes", "revenue"} <= set(answer.table)
    must_draw(
        sound,
        "outcome_revenue",
        answer,
        "the result of em.arrangements.explain_outcomes(...) or em.arrangements.pay_by_results(...)",
    )
    enable()
    table = answer.table.sort_values("price", kind="stable", ignore_index=True).rename(columns={column: "worth"})
    title = _message(table)
    legend = [
        "bars: outcome rate × price, the expected revenue from a participant",
        f"upright line: {TICKS[str(column)]} on one",
    ]
    some = joined(
        f"{number(row['revenue'])} for {row['group']} ({per_cent(row['outcomes'])} at {number(row['price'], 5)})"
        for _, row in table.iterrows()
    )
    worth = joined(f"{number(row['worth'])} for {row['group']}" for _, row in table.dropna(subset="worth").iterrows())
    return framed(
        _layers(table),
        height=ROW_HEIGHT * len(table),
        title=title,
        subtitle=[capital(legend[0]), *legend[1:]],
        description=[
            title,
            f"Expected revenue is {some}",
            capital(f"{TICKS[str(column)]} is {worth}") if worth else "",
        ],
    )


def _message(table: pd.DataFrame) -> str:
    dearest, best = table.iloc[-1], table.iloc[int(table["revenue"].argmax())]
    if dearest["group"] == best["group"]:
        return f"A participant of {best['group']} brings in most: {number(best['revenue'])} from outcomes"
    return (
        f"An outcome of {dearest['group']} pays {number(dearest['price'] / best['price'], 2)} times that of "
        f"{best['group']}, and a participant brings in {per_cent(1 - dearest['revenue'] / best['revenue'])} less"
    )


def _layers(table: pd.DataFrame) -> "alt.LayerChart":
    import altair as alt

    words = [f"{per_cent(row['outcomes'])} × {number(row['price'], 5)}" for _, row in table.iterrows()]
    drawn = table[["revenue", "worth"]].assign(row=range(len(table)), text=words)
    drawn["end"] = drawn[["revenue", "worth"]].max(axis=1)
    labels = [str(group) for group in table["group"]]
    axis = alt.Axis(title=None, labelExpr=f"{json.dumps(labels)}[datum.value]", ticks=False, domain=False)
    y = alt.Y("row:O", axis=axis, scale=alt.Scale(paddingInner=0.4, paddingOuter=0.2))
    scale = alt.Scale(domain=[0, float(f"{drawn['end'].max() * (1 + ROOM):.6g}")], nice=False)
    money = alt.Axis(title="money for a participant", tickCount=6, format=",~r", labelOverlap=True, grid=False)

    def x(column: str) -> alt.X:
        return alt.X(f"{column}:Q", scale=scale, axis=money)

    base = alt.Chart(rows(drawn)).encode(y=y)
    return alt.LayerChart(
        layer=[
            base.mark_bar(color=NAVY).encode(x=x("revenue")),
            base.mark_tick(color=ORANGE, thickness=5, size=30, opacity=1).encode(x=x("worth")),
            base.mark_text(align="left", dx=8, fontSize=TEXT_SIZE, color=INK).encode(x=x("end"), text="text:N"),
        ]
    )
