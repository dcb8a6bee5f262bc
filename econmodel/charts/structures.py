"""Structures of provision: a bar for each number of providers, cut into providers, as long as they cost together."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.arrangements.commission import ANY
from econmodel.arrangements.configuration import END, NUMBERS, STRUCTURES
from econmodel.charts.marks import BEYOND, Caption, Picture, mark, money_axis, row_axis
from econmodel.charts.theme import INK, NAVY, ORANGE, PLUM, TEAL
from econmodel.charts.words import must_draw, number, per_cent
from econmodel.errors import NotSupported
from econmodel.results import Table
from econmodel.words import listed

if TYPE_CHECKING:
    import altair as alt

ROW_HEIGHT = 34
MOST_ROWS = 14
# Providers of one bar beyond this number are drawn without a line between them.
MOST_PIECES = 40
COLOURS = {ANY: NAVY}
OTHERS = (ORANGE, TEAL, PLUM)
NAMES = {NAVY: "blue", ORANGE: "orange", TEAL: "green", PLUM: "purple"}
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
    >>> from econmodel.charts.structures import configuration
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 15, "visits": 80, "half visits squared": 30}
    >>> cost = state("composite", parameters, outputs={"visits": 100}, fixed_costs=("visits",))
    >>> print(*configuration(configure(cost, {"visits": 400})).title.text)
    4 providers are cheapest
    """
    wanted = "the result of em.arrangements.configure(fit, demand)"
    must_draw(isinstance(answer, Table), "configuration", answer, wanted)
    bars, by_number = _bars(answer)
    table = answer.table.assign(bar=answer.table.get(END, "cheapest"))
    if by_number:
        table = answer.tables[STRUCTURES].rename(columns={"of": "bar"})
    kinds = list(dict.fromkeys(table["kind"]))
    others = [kind for kind in kinds if kind not in COLOURS]
    colours = {kind: COLOURS.get(kind) or OTHERS[others.index(kind) % len(OTHERS)] for kind in kinds}
    drawn = _pieces(table, bars)
    title, detail = _message(bars) if by_number else _ends_message(bars)
    legend = ["a bar: the cheapest structure with so many providers" if by_number else "a bar: a cheapest structure"]
    legend += ["a piece: one provider, as long as it costs"]
    if len(kinds) > 1:
        legend += [f"{NAMES[colours[kind]]}: {'any kind' if kind == ANY else kind}" for kind in kinds]
    legend += ["dashed: the cheapest"]
    costs = listed(f"{number(row['cost'], 4)} {_with(row, by_number)}" for _, row in bars.iterrows())
    sums = bars[["row", "cost"]].assign(
        text=[
            f"{number(cost, 4)}" + ("" if cheapest or above < 5e-5 else f", {per_cent(above)} more")
            for cost, above, cheapest in zip(bars["cost"], bars["above"], bars["cheapest"], strict=True)
        ]
    )
    line = 1.5 if drawn.groupby("row").size().max() <= MOST_PIECES else 0
    best = pd.DataFrame({"begin": [float(bars.loc[bars["cheapest"], "cost"].min())]})
    ends = {"x": "begin", "x2": "end", "y": "row", "color": ("kind", colours)}
    marks = [
        mark("bar", drawn, ends, stroke="white", strokeWidth=line),
        mark("rule", best, {"x": "begin"}, color=INK, strokeDash=[5, 3]),
        mark("text", sums, {"x": "cost", "y": "row", "text": "text"}, **BEYOND, dx=6),
    ]
    caption = Caption(title, detail, legend, [f"The least cost is {costs}", "; ".join(legend)])
    x = money_axis("cost of all providers", bars["cost"].max(), ROOM)
    y = row_axis([str(bar) for bar in bars["bar"]], "number of providers" if by_number else None, paddingInner=0.35)
    return Picture(caption, x, y, marks, ROW_HEIGHT * len(bars)).drawn()


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


def _pieces(table: pd.DataFrame, bars: pd.DataFrame) -> pd.DataFrame:
    """One row a provider: in which bar it stands, its kind, and from where to where it goes."""
    pieces = table.loc[table.index.repeat(table["providers"]), ["bar", "kind", "cost_each"]]
    rows = dict(zip(bars["bar"], bars["row"], strict=True))
    pieces = pieces[pieces["bar"].isin(list(rows))].assign(row=lambda frame: frame["bar"].map(rows))
    # The dearest first, so that equal providers stand side by side.
    pieces = pieces.sort_values(["row", "kind", "cost_each"], ascending=[True, True, False], ignore_index=True)
    ends = pieces.groupby("row")["cost_each"].cumsum()
    return pieces.assign(begin=ends - pieces["cost_each"], end=ends)[["row", "kind", "begin", "end"]]


def _with(row: pd.Series, by_number: bool) -> str:
    providers = "one provider" if row["providers"] == 1 else f"{int(row['providers']):,} providers"
    return f"with {providers}" + ("" if by_number or row["bar"] == "cheapest" else f" (fixed cost: {row['bar']})")


def _message(bars: pd.DataFrame) -> tuple[str, str]:
    count = int(bars.loc[bars["cheapest"], "providers"].iloc[0])
    others = bars[~bars["cheapest"]]
    alone, near = others[others["providers"] == 1], others[(others["above"] <= NEAR) & (others["providers"] != 1)]
    more = [f"one would cost {per_cent(above)} more" for above in alone["above"].head(1)]
    if len(near):
        more.append(f"{listed(f'{int(one):,}' for one in near['providers'])} cost less than {100 * NEAR:g} % more")
    return "One provider is cheapest" if count == 1 else f"{count:,} providers are cheapest", "; ".join(more)


def _ends_message(bars: pd.DataFrame) -> tuple[str, str]:
    counts = sorted({int(count) for count in bars["providers"]})
    if len(counts) > 1:
        how_many = f"{counts[0]:,} to {counts[-1]:,} providers are cheapest"
        return "How many providers are cheapest: not identified", f"{how_many}, by how the fixed cost is shared out"
    return "One provider is cheapest" if counts == [1] else f"{counts[0]:,} providers are cheapest", ""
