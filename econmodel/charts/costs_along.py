"""Cost a year as one number moves: what arrangements cost, and what unpaid work costs the purse and society."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.arrangements.comparison import ANY
from econmodel.arrangements.coproduction import (
    CURVE,
    ELASTICITY,
    HERE,
    LEAST,
    PURSE,
    PURSE_COST,
    SHADOW,
    SOCIAL,
    SOCIAL_COST,
)
from econmodel.arrangements.partnering import ALONG, DOING, SWITCHING
from econmodel.arrangements.terms import ARRANGEMENTS
from econmodel.charts.marks import BEYOND, Caption, Mark, Picture, mark, span, value_axis
from econmodel.charts.theme import CHARCOAL, INK, NAVY, ORANGE, PLUM, RULE, TEAL
from econmodel.charts.words import brief, headline, level, must_draw, number, verdict_on
from econmodel.economies.core.fixed_cost import COMMON
from econmodel.errors import NotSupported
from econmodel.results import Effects
from econmodel.words import UNSETTLED, capital, listed

if TYPE_CHECKING:
    import altair as alt

HEIGHT = 280
# Colour and dash both say which line it is; so does its name at the end.
STYLES = ((CHARCOAL, [1, 0]), (NAVY, [1, 0]), (TEAL, [1, 0]), (TEAL, [5, 4]), (ORANGE, [8, 3]))
LOOKS = dict(zip(ARRANGEMENTS, STYLES, strict=True)) | {PURSE: (NAVY, [1, 0]), SOCIAL: (PLUM, [6, 4])}
# Names at the ends of lines stand at least so far apart, in pixels.
APART = 17.0


def _costs(
    caption: Caption,
    across: tuple[str, pd.Series, pd.Series],
    curves: Mapping[str, pd.DataFrame],
    names: pd.Series,
    points: pd.DataFrame,
    reach: list[float],
) -> "alt.LayerChart":
    """Costs a year along a number, each line with its name at its end.

    Parameters
    ----------
    across : the number's name, its values, and the one where it stands now
    curves : name -> `x`, `y` and, for a band, `low` and `high`
    names : where each name stands on the axis of costs
    points : `x` and `y` of what is marked with a diamond
    reach : ends of the axis of costs
    """
    label, values, now = across
    marks: list[Mark] = [mark("rule", pd.DataFrame({"x": now}), {"x": "x"}, color=RULE, strokeDash=[2, 3])]
    for name, curve in curves.items():
        colour, dash = LOOKS[name]
        if "low" in curve:
            marks.append(mark("area", curve, {"x": "x", "y": "low", "y2": "high"}, color=colour, opacity=0.2))
        marks.append(mark("line", curve, {"x": "x", "y": "y"}, color=colour, strokeWidth=2.5, strokeDash=dash))
    ends = pd.DataFrame({"name": names.index, "y": names.to_numpy(dtype=float)})
    marks.append(mark("text", ends, {"y": "y", "text": "name"}, **BEYOND, x="width", dx=8))
    if len(points):
        diamond = {"shape": "diamond", "filled": True, "size": 130, "color": INK, "opacity": 1}
        marks.append(mark("point", points[["x", "y"]], {"x": "x", "y": "y"}, **diamond))
    x = span(label, float(values.min()), float(values.max()), grid=False, tickCount=8)
    return Picture(caption, x, value_axis("cost a year", reach), marks, HEIGHT).drawn()


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
    >>> from econmodel.charts.costs_along import arrangements
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40}
    >>> cost = state("composite", parameters, outputs={"visits": 10, "meals": 10}, fixed_costs=("visits", "meals"))
    >>> two = {"Ash": {"visits": 5, "meals": 5}, "Beech": {"visits": 5, "meals": 5}}
    >>> print(*arrangements(partner(cost, two, ["meals"], along="one_off")).title.text)
    Merging is cheapest up to 166, staying apart beyond
    """
    wanted = "the result of em.arrangements.partner(fit, ..., along=...)"
    must_draw(isinstance(effects, Effects), "arrangements", effects, wanted)
    if ALONG not in effects.tables:
        raise NotSupported(
            f"{effects.title!r} holds no costs along a number. Ask for them first: "
            'em.arrangements.partner(..., along="per_pair"), or another number that can be moved.'
        )
    table = effects.tables[ALONG]
    label = str(table["number"].iloc[0])
    points = _switches(effects, label, table)
    known = [name for name in ARRANGEMENTS if table[name].notna().all()]
    reach = [float(table[known].min().min()), float(table[known].max().max())]
    low, high = value_axis("cost a year", reach).scale.domain
    title, detail = _cheapest(table, label, points)
    if not _settled(effects, table[table["now"]].iloc[0]):
        title, detail = f"Which is cheapest: {UNSETTLED}", f"as estimated, {title[:1].lower()}{title[1:]}"
    legend = ["dotted line: where the number stands now"] + ["diamonds: where the cheapest changes"] * bool(len(points))
    first, last = table.iloc[0], table.iloc[-1]
    ends = listed(f"{name} {number(first[name])} and {number(last[name])}" for name in known)
    values = f"Cost a year at {number(first['value'])} and at {number(last['value'])} of {label}: {ends}"
    return _costs(
        Caption(title, detail, legend, [values, "; ".join(legend)], effects.source),
        (label, table["value"], table.loc[table["now"], "value"]),
        {name: pd.DataFrame({"x": table["value"], "y": table[name]}) for name in known},
        _spread(table.iloc[-1][known], float(high) - float(low)),
        points,
        reach,
    )


def _switches(effects: Effects, label: str, table: pd.DataFrame) -> pd.DataFrame:
    """Switching values of the number, as far as they lie in the picture, with the cost there."""
    rows = effects.tables[SWITCHING]
    rows = rows[(rows["number"] == label) & rows["switches_at"].notna()]
    # Lines are drawn with a fixed cost that data cannot tell apart read as common.
    read = rows["fixed_cost"].fillna(ANY)
    rows = rows[(read == ANY) | read.str.startswith(COMMON.words(()))]
    rows = rows[rows["switches_at"].astype(float).between(table["value"].min(), table["value"].max())]
    costs = [name for name in ARRANGEMENTS if table[name].notna().all()]
    at = rows["switches_at"].to_numpy(dtype=float)
    cost = [min(np.interp(value, table["value"], table[name]) for name in costs) for value in at]
    points = pd.DataFrame({"x": at, "y": cost, "to": rows["to"]})
    return points.sort_values("x", ignore_index=True)


def _settled(effects: Effects, now: pd.Series) -> bool:
    """Whether every difference between the cheapest arrangement and another has a side; stated costs have theirs."""
    usable = [name for name in ARRANGEMENTS if name != "partner, mandated" and now[name] == now[name]]
    first = min(usable, key=lambda name: now[name])
    names = {f"{first} less {other}" for other in usable} | {f"{other} less {first}" for other in usable}
    rows = effects.table[effects.table["term"].isin(names)]
    return bool(rows["verdict"].isin(["below", "above"]).all())


def _cheapest(table: pd.DataFrame, label: str, points: pd.DataFrame) -> tuple[str, str]:
    """What is cheapest where the number stands, as far as where; and the same with every switching value."""
    now = table[table["now"]].iloc[0]
    usable = [name for name in ARRANGEMENTS if name != "partner, mandated" and now[name] == now[name]]
    first = DOING[min(usable, key=lambda name: now[name])]
    ends = f"{label} from {number(table['value'].iloc[0])} to {number(table['value'].iloc[-1])}"
    if points.empty:
        return f"{capital(first)} is the cheapest throughout", ends
    below, above = points[points["x"] < now["value"]], points[points["x"] >= now["value"]]
    before = f"{DOING[below['to'].iloc[-1]]} below {number(below['x'].iloc[-1])}" if len(below) else ""
    until = f"up to {number(above['x'].iloc[0])}" if len(above) else ""
    beyond = f"{DOING[above['to'].iloc[0]]} beyond" if len(above) else ""
    title = f"{capital(first)} is cheapest"
    if before and until:
        title += " between the two nearest diamonds"
    elif until:
        title = brief(f"{title} {until}, {beyond}", f"{title} {until}")
    else:
        value = number(below["x"].iloc[-1])
        title = brief(f"{title} above {value}, {before.removesuffix(value)}it", f"{title} above {value}")
    here = f"{first} {until}" if until else f"{first} above"
    return title, f"cheapest by {label}: {', '.join(part for part in (before, here, beyond) if part)}"


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
    >>> from econmodel.charts.costs_along import coproduction
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.cost_data import CostData
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame(np.exp(rng.normal(size=(80, 2)) * 0.4), columns=["visits", "hours"])
    >>> frame["cost"] = 9 * frame["visits"] ** 0.8 * np.exp(-0.3 * frame["hours"])
    >>> fitted = fit(CostData(frame, cost="cost", outputs=["visits"], controls=["hours"]), form="cobb_douglas")
    >>> print(*coproduction(coproduce(fitted, "hours", wage=1.5)).title.text)
    Social cost is least at 1.87 of hours
    """
    wanted = "the result of em.arrangements.coproduce(fit, unpaid)"
    must_draw(isinstance(effects, Effects), "coproduction", effects, wanted)
    if CURVE not in effects.tables:
        raise NotSupported(
            f"{effects.title!r} holds no costs by unpaid work: give the result of em.arrangements.coproduce on a "
            "fit, whose table says how much unpaid work there is."
        )
    table = effects.tables[CURVE].rename(
        columns=lambda name: name.replace(PURSE_COST, PURSE).replace(SOCIAL_COST, SOCIAL)
    )
    amounts, label = table.iloc[:, 0].astype(float), str(table.columns[0]).replace("_", " ")
    drawn = [name for name in (PURSE, SOCIAL) if name in table]
    least = _least(effects, table)
    first, last = table.iloc[0], table.iloc[-1]
    each = " and ".join(f"{name} goes from {number(first[name])} to {number(last[name])}" for name in drawn)
    legend = [f"bands: {level(effects.conf_level)} intervals", "dotted line: the place asked for"]
    legend += ["diamond: least social cost"] * (least is not None)
    ends = f"{number(amounts.iloc[0])} to {number(amounts.iloc[-1])}"
    title, detail = _purse(effects, table, label, least, SOCIAL in drawn)
    bands = {"y": "", "low": "_low", "high": "_high"}
    curves = {
        name: pd.DataFrame({"x": amounts} | {end: table[f"{name}{suffix}"] for end, suffix in bands.items()})
        for name in drawn
    }
    every = pd.concat([curve.drop(columns="x") for curve in curves.values()])
    return _costs(
        Caption(title, detail, legend, [f"With {label} from {ends}, {each}", "; ".join(legend)], effects.source),
        (label, amounts, amounts[table[HERE]]),
        curves,
        pd.Series({name: float(last[name]) for name in drawn}),
        pd.DataFrame({} if least is None else {"x": [least], "y": [float(table[SOCIAL].min())]}),
        [float(every.min().min()), float(every.max().max())],
    )


def _least(effects: Effects, table: pd.DataFrame) -> float | None:
    """The amount of least social cost, where it lies in the picture."""
    row = effects.table[effects.table["term"] == LEAST]
    if row.empty or not row["estimate"].notna().iloc[0]:
        return None
    value, amounts = float(row["estimate"].iloc[0]), table.iloc[:, 0]
    return value if amounts.min() <= value <= amounts.max() else None


def _purse(effects: Effects, table: pd.DataFrame, label: str, least: float | None, has_social: bool) -> tuple[str, str]:
    """What more unpaid work does to social cost, or to the purse alone; and what it does to the other."""

    def verdict(term: str, what: str, below: str, above: str) -> str:
        row = effects.table[effects.table["term"] == term].iloc[0]
        below, above = (f"{what} {side} with {label}" for side in (below, above))
        return headline(verdict_on(row, effects.conf_level), what, below, above)

    purse = verdict(ELASTICITY, "Cost to the purse", "falls", "rises")
    if not has_social:
        return purse, ""
    if least is not None:
        at = f"Social cost is least at {number(least)}"
        return brief(f"{at} of {label}", at), purse
    rises = table[SOCIAL].iloc[-1] > table[SOCIAL].iloc[0]
    over = f"social cost {'rises' if rises else 'falls'} over all that providers have"
    # A unit that saves less than its wage costs society more.
    return verdict(SHADOW, "Social cost", "rises", "falls"), f"{purse}; {over}"
