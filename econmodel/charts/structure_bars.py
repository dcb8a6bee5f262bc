"""Structures of provision: a bar for each number of providers, cut into providers, as long as they cost together."""

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.arrangements.commission import ANY
from econmodel.arrangements.configuration import END, NUMBERS, STRUCTURES
from econmodel.charts.drawn import framed, rows
from econmodel.charts.given import must_draw
from econmodel.charts.sentences import capital, joined, number, per_cent
from econmodel.charts.theme import INK, NAVY, ORANGE, PLUM, TEAL, TEXT_SIZE, enable
from econmodel.errors import NotSupported
from econmodel.results import Table

if TYPE_CHECKING:
    import altair as alt

ROW_HEIGHT = 34
MOST_ROWS = 14
# Providers of one bar beyond this number are drawn without a line between them.
MOST_PIECES = 40
COLOURS = {ANY: NAVY}
OTHERS = (ORANGE, TEAL, PLUM)
# A structure that costs at most so much more than the cheapest is said to be near it.
NEAR = 0.01
# Of the width of the plot, room for a sum at the end of a bar.
ROOM = 0.3


def configuration(answer: Table) -> "alt.LayerChart":
    """What the cheapest structure costs with each number of providers, and of whom it consists.

    Parameters
    ----------
    answer : the result of `em.arrangements.configure`

    Returns
    -------
    altair.LayerChart
        A bar is as long as all providers of a structure cost, a piece of it as long as one of them. Where data leave
        open how the fixed cost is split, a bar for each end of that.

    Raises
    ------
    NotSupported : the result of something else

    Examples
    --------
    >>> from econmodel.arrangements.configuration import configure
    >>> from econmodel.charts.structure_bars import configuration
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 15, "visits": 80, "half visits squared": 30}
    >>> cost = state("composite", parameters, outputs={"visits": 100}, fixed_costs=("visits",))
    >>> print(*configuration(configure(cost, {"visits": 400})).title.text)
    4 providers are cheapest; one would cost 30 % more; 3 and 5 cost less than 1 % more
    """
    must_draw(
        isinstance(answer, Table), "configuration", answer, "the result of em.arrangements.configure(fit, demand)"
    )
    enable()
    bars, by_number = _bars(answer)
    best = bars.loc[bars["cheapest"], "cost"].min()
    kinds = list(dict.fromkeys(_pieces(answer, by_number)["kind"]))
    title = _message(bars) if by_number else _ends_message(bars)
    legend = ["a bar: the cheapest structure with so many providers" if by_number else "a bar: a cheapest structure"]
    legend += ["a piece: one provider, as long as it costs"]
    colours = _colours(kinds)
    if len(kinds) > 1:
        legend += [f"{_name(colours[kind])}: {'any kind' if kind == ANY else kind}" for kind in kinds]
    legend += ["dashed: the cheapest"]
    numbers = joined(f"{number(row['cost'], 4)} {_with(row, by_number)}" for _, row in bars.iterrows())
    return framed(
        _layers(_pieces(answer, by_number), bars, colours, float(best), by_number),
        height=ROW_HEIGHT * len(bars),
        title=title,
        subtitle=[capital(legend[0]), *legend[1:]],
        description=[title, f"The least cost is {numbers}", capital("; ".join(legend))],
    )


def _bars(answer: Table) -> tuple[pd.DataFrame, bool]:
    """One row a bar: what it is called, its cost, and how far that is above the cheapest of all."""
    if "cost" not in answer.tables or "lower_bound" not in answer.tables["cost"]:
        raise NotSupported(f"{answer.title!r} holds no structures: give the result of em.arrangements.configure.")
    costs = answer.tables["cost"]
    if NUMBERS in answer.tables and len(answer.tables[NUMBERS]):
        found = (
            answer.tables[NUMBERS]
            .rename(columns={"number": "bar"})[["bar", "cost"]]
            .assign(providers=answer.tables[NUMBERS]["number"])
        )
        if len(found) > MOST_ROWS:
            some = np.linspace(0, len(found) - 1, MOST_ROWS).round().astype(int)
            found = found.iloc[np.unique(np.append(some, int(found["cost"].to_numpy().argmin())))]
        best = float(costs["cost"].iloc[0])
    else:
        bar = costs[END] if END in costs else pd.Series(["cheapest"] * len(costs))
        found = pd.DataFrame({"bar": bar, "cost": costs["cost"], "providers": costs["providers"]})
        best = float(found["cost"].min())
    above = found["cost"] / best - 1.0
    found = found.assign(above=above, cheapest=above <= above.min() + 1e-9).reset_index(drop=True)
    return found.assign(row=range(len(found))), NUMBERS in answer.tables and bool(len(answer.tables[NUMBERS]))


def _pieces(answer: Table, by_number: bool) -> pd.DataFrame:
    """One row a provider: which bar it is part of, its kind and its cost."""
    if by_number:
        table = answer.tables[STRUCTURES].rename(columns={"of": "bar"})
    else:
        table = answer.table.assign(bar=answer.table.get(END, "cheapest"))
    return table.loc[table.index.repeat(table["providers"]), ["bar", "kind", "cost_each"]].reset_index(drop=True)


def _colours(kinds: list[str]) -> dict[str, str]:
    others = [kind for kind in kinds if kind not in COLOURS]
    return {kind: COLOURS.get(kind) or OTHERS[others.index(kind) % len(OTHERS)] for kind in kinds}


def _name(colour: str) -> str:
    return {NAVY: "blue", ORANGE: "orange", TEAL: "green", PLUM: "purple"}[colour]


def _with(row: pd.Series, by_number: bool) -> str:
    providers = "one provider" if row["providers"] == 1 else f"{int(row['providers']):,} providers"
    return f"with {providers}" + ("" if by_number or row["bar"] == "cheapest" else f" (fixed cost: {row['bar']})")


def _message(bars: pd.DataFrame) -> str:
    best = bars.loc[bars["cheapest"]].iloc[0]
    count = int(best["providers"])
    title = "One provider is cheapest" if count == 1 else f"{count:,} providers are cheapest"
    alone = bars[(bars["providers"] == 1) & ~bars["cheapest"]]
    if len(alone):
        title += f"; one would cost {per_cent(alone['above'].iloc[0])} more"
    near = bars[(bars["above"] <= NEAR) & ~bars["cheapest"] & (bars["providers"] != 1)]
    if len(near):
        title += f"; {joined(f'{int(one):,}' for one in near['providers'])} cost less than {100 * NEAR:g} % more"
    return title


def _ends_message(bars: pd.DataFrame) -> str:
    counts = sorted({int(count) for count in bars["providers"]})
    if len(counts) == 1:
        return f"{_with(bars.iloc[0].replace({'bar': 'cheapest'}), True).removeprefix('with ')} cheapest".capitalize()
    return f"{counts[0]:,} to {counts[-1]:,} providers are cheapest: it depends on how the fixed cost is shared out"


def _layers(
    pieces: pd.DataFrame, bars: pd.DataFrame, colours: dict[str, str], best: float, by_number: bool
) -> "alt.LayerChart":
    import altair as alt

    places = dict(zip(bars["bar"], bars["row"], strict=True))
    drawn = pieces[pieces["bar"].isin(list(places))].assign(row=lambda table: table["bar"].map(places))
    # The dearest first, so that equal providers stand side by side.
    drawn = drawn.sort_values(["row", "kind", "cost_each"], ascending=[True, True, False])
    ends = drawn.groupby("row")["cost_each"].cumsum()
    drawn = drawn.assign(begin=ends - drawn["cost_each"], end=ends)[["row", "kind", "begin", "end"]]
    labels = [str(bar) for bar in bars["bar"]]
    y_axis = alt.Axis(
        title="number of providers" if by_number else None,
        labelExpr=f"{json.dumps(labels)}[datum.value]",
        ticks=False,
        domain=False,
    )
    y = alt.Y("row:O", axis=y_axis, scale=alt.Scale(paddingInner=0.35, domain=list(range(len(bars)))))
    top = float(f"{bars['cost'].max() * (1 + ROOM):.6g}")
    scale = alt.Scale(domain=[0, top], nice=False)
    axis = alt.Axis(title="cost of all providers", tickCount=6, format=",~r", labelOverlap=True, grid=False)
    sums = bars.assign(
        text=[
            f"{number(cost, 4)}" + ("" if cheapest or above < 5e-5 else f", {per_cent(above)} more")
            for cost, above, cheapest in zip(bars["cost"], bars["above"], bars["cheapest"], strict=True)
        ]
    )
    colour = alt.Color("kind:N", legend=None, scale=alt.Scale(domain=list(colours), range=list(colours.values())))
    line = 1.5 if drawn.groupby("row").size().max() <= MOST_PIECES else 0
    x = alt.X("begin:Q", scale=scale, axis=axis)
    return alt.LayerChart(
        layer=[
            alt.Chart(rows(drawn))
            .mark_bar(stroke="white", strokeWidth=line)
            .encode(x=x, x2="end:Q", y=y, color=colour),
            alt.Chart(rows(pd.DataFrame({"begin": [best]})))
            .mark_rule(color=INK, strokeDash=[5, 3])
            .encode(x=alt.X("begin:Q", scale=scale, axis=axis)),
            alt.Chart(rows(sums[["row", "cost", "text"]]))
            .mark_text(align="left", dx=6, fontSize=TEXT_SIZE, color=INK)
            .encode(x=alt.X("cost:Q", scale=scale, axis=axis), y=y, text="text:N"),
        ]
    )
