"""Reserves against the size of a provider: what it takes to wait for payment by results."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.arrangements.chains import TERMS
from econmodel.charts.axes import log_axis
from econmodel.charts.drawn import framed, rows
from econmodel.charts.given import must_draw
from econmodel.charts.sentences import capital, joined, number
from econmodel.charts.theme import CHARCOAL, NAVY, PLUM, TEAL, TEXT_SIZE, WIDTH, enable
from econmodel.results import Table

if TYPE_CHECKING:
    import altair as alt

HEIGHT = 300
# The row of chances stands below the axis, in shares of the highest reserve.
CHANCES_AT, BOTTOM, TOP = -0.1, -0.18, 1.06
# A number below a point takes this much of the width.
ROOM = 52.0
PLOT_WIDTH = 0.86 * WIDTH


def reserves(answer: Table) -> "alt.LayerChart":
    """Months of spending in reserve that make a provider safe, by its size, and the chance of running out of cash.

    Parameters
    ----------
    answer : the result of `em.arrangements.supply_chain` for two or more sizes

    Returns
    -------
    altair.LayerChart
        Its description says the same in words.

    Raises
    ------
    NotSupported : the result of something else, or one size only

    Examples
    --------
    >>> from econmodel.arrangements.tariff import Tier
    >>> from econmodel.arrangements.chains import supply_chain
    >>> from econmodel.charts.reserve_curve import reserves
    >>> from econmodel.table.shipped import figures
    >>> answer = supply_chain(figures("work_programme_tariff"), {"New ESA": 0.15}, tiers=[Tier("provider")])
    >>> print(*reserves(answer).title.text)
    To be 95 % safe takes ... months of spending in reserve with 1 referral a month, and ... with 100
    """
    sound = isinstance(answer, Table) and TERMS in answer.tables and len(answer.table) > 1
    must_draw(
        sound, "reserves", answer, "the result of em.arrangements.supply_chain(...) for two or more sizes of provider"
    )
    enable()
    table, terms = answer.table, answer.tables[TERMS].iloc[0]
    small, large = table.iloc[0], table.iloc[-1]
    held = float(terms["months_in_reserve"])
    title = (
        f"To be 95 % safe takes {small['safe_reserve']:.1f} months of spending in reserve with {_many(small)}, "
        f"and {large['safe_reserve']:.1f} with {number(large['referrals_a_month'])}"
    )
    legend = [
        "solid line: enough in 95 % of futures",
        "dashed: enough in half of them",
        "thin rule: if all went as expected",
    ]
    if held:
        legend += [f"dotted rule and numbers: {number(held)} months in reserve, and the chance of running out of cash"]
    chances = joined(
        f"{_per_cent(row['out_of_cash'])} with {_many(row)}" for _, row in table.iloc[_shown(table)].iterrows()
    )
    return framed(
        _layers(table, held),
        height=HEIGHT,
        title=title,
        subtitle=[capital(legend[0]), *legend[1:]],
        description=[
            title,
            f"With {number(held)} months in reserve the chance of running out of cash within {number(terms['months'])} "
            f"months is {chances}",
            capital("; ".join(legend)),
        ],
    )


def _shown(table: pd.DataFrame) -> list[int]:
    """Sizes far enough apart on a log axis for a number below each."""
    places = np.log(table["referrals_a_month"].to_numpy(dtype=float))
    kept = [0]
    for index in range(1, len(places)):
        if (places[index] - places[kept[-1]]) / (places[-1] - places[0]) * PLOT_WIDTH >= ROOM:
            kept.append(index)
    return kept


def _layers(table: pd.DataFrame, held: float) -> "alt.LayerChart":
    import altair as alt

    names = {"size": "referrals_a_month", "safe": "safe_reserve", "even": "even_reserve"}
    names |= {"expected": "expected_low_point", "out": "out_of_cash"}
    drawn = pd.DataFrame({name: table[column] for name, column in names.items()})
    top = float(f"{TOP * max(drawn['safe'].max(), held):.6g}")
    x_scale, x_axis = log_axis("referrals a month", drawn["size"])
    kept = _shown(table)
    x_axis.values, x_axis.format = [float(drawn["size"].iloc[place]) for place in kept], ",.6~g"
    y_scale = alt.Scale(domain=[float(f"{BOTTOM * top:.6g}") if held else 0, top], nice=False)
    step = _step(top)
    y_axis = alt.Axis(title="months of spending", values=[step * tick for tick in range(int(top / step) + 1)])
    x = alt.X("size:Q", scale=x_scale, axis=x_axis)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", scale=y_scale, axis=y_axis)

    level = alt.Chart(rows(drawn[["expected"]].head(1))).mark_rule(color=CHARCOAL, strokeWidth=1)
    base = alt.Chart(rows(drawn[["size", "safe", "even"]])).encode(x=x)
    layers: list[alt.Chart] = [
        level.encode(y=y("expected")),
        base.mark_line(color=TEAL, strokeDash=[6, 4], strokeWidth=2.5).encode(y=y("even")),
        base.mark_line(color=NAVY, strokeWidth=2.5).encode(y=y("safe")),
        base.mark_point(filled=True, color=NAVY, size=70, opacity=1).encode(y=y("safe")),
    ]
    if held:
        rule = alt.Chart(rows(pd.DataFrame({"held": [held]})))
        layers.append(rule.mark_rule(color=PLUM, strokeDash=[2, 3], strokeWidth=2).encode(y=y("held")))
        words = drawn.iloc[kept].assign(text=[_per_cent(share) for share in drawn["out"].iloc[kept]])
        words = words[["size", "text"]].assign(at=CHANCES_AT * top)
        text = alt.Chart(rows(words)).mark_text(fontSize=TEXT_SIZE, baseline="middle", color=PLUM)
        layers.append(text.encode(x=x, y=y("at"), text="text:N"))
    return alt.LayerChart(layer=layers)


def _step(top: float) -> float:
    """Months between ticks: five or so of them."""
    return next(step for step in (0.5, 1.0, 2.0, 3.0, 6.0, 12.0, 24.0, 60.0, 120.0, 1e9) if top / step <= 7)


def _many(row: pd.Series) -> str:
    size = float(row["referrals_a_month"])
    return f"{number(size)} referral{'' if size == 1 else 's'} a month"


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %" if share == 0 or share >= 0.005 else "<1 %"
