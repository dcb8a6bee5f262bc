"""Cost to the purse and to society as unpaid work grows."""

from typing import TYPE_CHECKING

import pandas as pd

from econmodel.arrangements.coproduction import CURVE, HERE, LEAST, PURSE, PURSE_COST, SOCIAL, SOCIAL_COST
from econmodel.charts.axes import value_axis
from econmodel.charts.drawn import framed, rows
from econmodel.charts.given import must_draw
from econmodel.charts.sentences import capital, level, number
from econmodel.charts.theme import INK, NAVY, PLUM, RULE, TEXT_SIZE, enable
from econmodel.errors import NotSupported
from econmodel.results import Effects

if TYPE_CHECKING:
    import altair as alt

HEIGHT = 280
COLOURS = {PURSE: (NAVY, [1, 0]), SOCIAL: (PLUM, [6, 4])}


def coproduction(effects: Effects) -> "alt.LayerChart":
    """Cost to the purse and social cost over the range of unpaid work in the table, with the least social cost.

    Parameters
    ----------
    effects : the result of `em.arrangements.coproduce` on a fit

    Returns
    -------
    altair.LayerChart
        Its description says the same in words.

    Raises
    ------
    NotSupported : a result without these curves; the message says how to get them

    Examples
    --------
    >>> import numpy as np
    >>> from econmodel.arrangements.coproduction import coproduce
    >>> from econmodel.charts.purse_and_society import coproduction
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.cost_data import CostData
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame(np.exp(rng.normal(size=(80, 2)) * 0.4), columns=["visits", "hours"])
    >>> frame["cost"] = 9 * frame["visits"] ** 0.8 * np.exp(-0.3 * frame["hours"])
    >>> fitted = fit(CostData(frame, cost="cost", outputs=["visits"], controls=["hours"]), form="cobb_douglas")
    >>> print(*coproduction(coproduce(fitted, "hours", wage=1.5)).title.text)
    Cost to the purse falls with every unit of hours; social cost is least at 1.87
    """
    must_draw(
        isinstance(effects, Effects), "coproduction", effects, "the result of em.arrangements.coproduce(fit, unpaid)"
    )
    enable()
    if CURVE not in effects.tables:
        raise NotSupported(
            f"{effects.title!r} holds no costs by unpaid work: give the result of em.arrangements.coproduce on a "
            "fit, whose table says how much unpaid work there is."
        )
    table = effects.tables[CURVE].rename(
        columns=lambda name: name.replace(PURSE_COST, PURSE).replace(SOCIAL_COST, SOCIAL)
    )
    drawn = [name for name in (PURSE, SOCIAL) if name in table]
    least = _least(effects, table)
    title = _message(table, least, SOCIAL in drawn)
    legend = [f"bands: {level(effects.conf_level)} intervals", "dotted line: the place asked for"]
    legend += ["diamond: least social cost"] * (least is not None)
    return framed(
        _layers(table, drawn, least),
        height=HEIGHT,
        title=title,
        subtitle=[capital(legend[0]), *legend[1:]],
        description=[title, _values(table, drawn), capital("; ".join(legend))],
    )


def _least(effects: Effects, table: pd.DataFrame) -> float | None:
    """The amount of least social cost, where it lies in the picture."""
    row = effects.table[effects.table["term"] == LEAST]
    if row.empty or not row["estimate"].notna().iloc[0]:
        return None
    value, amounts = float(row["estimate"].iloc[0]), table.iloc[:, 0]
    return value if amounts.min() <= value <= amounts.max() else None


def _message(table: pd.DataFrame, least: float | None, has_social: bool) -> str:
    label = str(table.columns[0]).replace("_", " ")
    falls = table[PURSE].iloc[-1] < table[PURSE].iloc[0]
    said = f"Cost to the purse {'falls' if falls else 'rises'} with every unit of {label}"
    if not has_social:
        return said
    if least is not None:
        return f"{said}; social cost is least at {number(least)}"
    rises = table[SOCIAL].iloc[-1] > table[SOCIAL].iloc[0]
    return f"{said}; social cost {'rises' if rises else 'falls'} over all that providers have"


def _values(table: pd.DataFrame, drawn: list[str]) -> str:
    label, first, last = str(table.columns[0]).replace("_", " "), table.iloc[0], table.iloc[-1]
    said = [f"{name} goes from {number(first[name])} to {number(last[name])}" for name in drawn]
    ends = " to ".join(number(one) for one in (first[table.columns[0]], last[table.columns[0]]))
    return f"With {label} from {ends}, {' and '.join(said)}"


def _layers(table: pd.DataFrame, drawn: list[str], least: float | None) -> "alt.LayerChart":
    import altair as alt

    amounts = table.iloc[:, 0].astype(float)
    every = table[[f"{name}{end}" for name in drawn for end in ("", "_low", "_high")]]
    y_scale, y_axis = value_axis("cost a year", [float(every.min().min()), float(every.max().max())])
    x_scale = alt.Scale(domain=[float(amounts.min()), float(amounts.max())], nice=False, zero=False)
    x_axis = alt.Axis(title=str(table.columns[0]).replace("_", " "), grid=False, tickCount=8)

    def x(column: str) -> alt.X:
        return alt.X(f"{column}:Q", scale=x_scale, axis=x_axis)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", scale=y_scale, axis=y_axis)

    here = pd.DataFrame({"x": amounts[table[HERE]]})
    layers: list[alt.Chart] = [alt.Chart(rows(here)).mark_rule(color=RULE, strokeDash=[2, 3]).encode(x=x("x"))]
    for name in drawn:
        colour, dash = COLOURS[name]
        columns = {"x": amounts, "y": table[name], "low": table[f"{name}_low"], "high": table[f"{name}_high"]}
        base = alt.Chart(rows(pd.DataFrame(columns))).encode(x=x("x"))
        layers.append(base.mark_area(color=colour, opacity=0.2).encode(y=y("low"), y2="high:Q"))
        layers.append(base.mark_line(color=colour, strokeWidth=2.5, strokeDash=dash).encode(y=y("y")))
    words = pd.DataFrame({"y": [float(table[name].iloc[-1]) for name in drawn], "name": drawn})
    text = alt.Chart(rows(words)).mark_text(align="left", x="width", dx=8, fontSize=TEXT_SIZE, color=INK)
    layers.append(text.encode(y=y("y"), text="name:N"))
    if least is not None:
        social = table[SOCIAL].min()
        mark = alt.Chart(rows(pd.DataFrame({"x": [least], "y": [float(social)]}))).encode(x=x("x"), y=y("y"))
        layers.append(mark.mark_point(shape="diamond", filled=True, size=130, color=INK, opacity=1))
    return alt.LayerChart(layer=layers)
