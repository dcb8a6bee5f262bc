"""Bars one after another, each beginning where the last one ended: a gap in cost, and a merger."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.charts.bars import (
    ADDS_UP,
    LABEL_LETTERS,
    NOTHING,
    bodies,
    largest_part,
    number_columns,
    parts_of,
    signed_interval,
)
from econmodel.charts.marks import Caption, Mark, Picture, log_axis, mark, row_axis
from econmodel.charts.theme import INK, RULE, TEAL
from econmodel.charts.words import (
    brief,
    headline,
    interval,
    level,
    lines,
    must_draw,
    number,
    per_cent,
    signed,
    verdict_on,
)
from econmodel.errors import NotSupported
from econmodel.results import Effects
from econmodel.verdict import Verdict, judge
from econmodel.words import listed

if TYPE_CHECKING:
    import altair as alt

ROW_HEIGHT = 40
# Where the two columns of numbers end, in pixels right of the plot.
PART_COLUMN, COST_COLUMN = 76, 150
GAP, UNIT_GAP, UNIT_TABLE, SCALE = "cost gap", "unit cost gap", "unit cost", "scale"
# From this ratio on "times as high" reads better than "per cent higher".
TIMES = 2.0
BOOTSTRAP = "bootstrap"
WHOLE, PART, SHARE = "merger", "merged part", "share of cost merged"
# Colours of the parts of a gap: what is scale there is size here.
FACTORS = {
    "learning": "other", "levelling": "other", "harmony": "other", "size": "scale", "relationship": "relationship",
}  # fmt: skip
SWITCHES, NEEDED = "switching values", "saving, % of cost apart"
# A factor on the other side that is smaller than this is not worth a word beside the title.
MATTERS = 0.005


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
    >>> from econmodel.charts.waterfalls import waterfall
    >>> from econmodel.results import Effects
    >>> table = pd.DataFrame({"term": ["cost gap", "scale", "relationship: staff"], "at": "Elm to Oak",
    ...                       "estimate": [0.2, 0.3, -0.1], "conf_low": [0.1, 0.2, -0.2], "conf_high": [0.3, 0.4, 0.0]})
    >>> print(*waterfall(Effects("Gap", table, "")).title.text)
    Oak costs 22 % more than Elm
    """
    must_draw(isinstance(effects, Effects), "waterfall", effects, "the result of em.decompose(fit, start, end)")
    if (effects.table["term"] == GAP).sum() != 1:
        raise NotSupported(
            f"{effects.title!r} holds {(effects.table['term'] == GAP).sum()} cost gaps, a picture shows one: "
            "give the result of em.decompose(fit, start, end)."
        )
    parts, gap = parts_of(effects, _per_unit(effects) if unit_cost else effects.table, GAP)
    if parts.empty or abs(parts["value"].sum() - gap["value"]) > ADDS_UP:
        raise NotSupported(
            f"The parts in {effects.title!r} add up to {_points(parts['value'].sum())} points, the gap has "
            f"{_points(gap['value'])}: a row is missing. Give the whole result of em.decompose(fit, start, end)."
        )
    start, end = _ends(str(gap["at"]))
    what = "unit cost" if unit_cost else "cost"
    intervals = f"{level(effects.conf_level)} intervals"
    *each, whole = (
        f"{_points(row['value'])}{f' ({ends})' if (ends := signed_interval(row, 1, 100)) else ''}"
        for row in [*(row for _, row in parts.iterrows()), gap]
    )
    each = [f"{name} {words}" for name, words in zip(parts["part"], each, strict=True)]
    caption = Caption(
        _gap_title(effects, gap, unit_cost),
        f"from {gap['at']}; {largest_part(parts, gap)}",
        [
            f"bars: parts of the gap, one after another; thin lines: {intervals}",
            "points: hundredths of logs, which add up",
        ],
        [
            f"In points, that is hundredths of logs, {listed(each)} add up to {whole}: {what} of "
            f"{number(100 * np.exp(gap['value']))} % of that at the start; intervals are {intervals}",
        ],
        effects.source,
    )
    written = [*map(_points, parts["value"]), f"= {_points(gap['value'])}"]
    axis = f"{what}, per cent of that of {start if start != 'start' else 'the start'}"
    return _cascade(caption, parts, gap, (start, f"{end}: the sum"), axis, ("points", written))


def _cascade(
    caption: Caption,
    parts: pd.DataFrame,
    whole: pd.Series,
    names: tuple[str, str],
    axis: str,
    column: tuple[str, list[str]],
    mark_at: float | None = None,
) -> "alt.LayerChart":
    """A cascade on an axis of logs in per cent of the start.

    Parameters
    ----------
    parts : columns part (its name), kind (its colour), value (its log), low, high
    whole : the same for their sum
    names : what the start and the last row are called
    axis : title of the axis, which adds that it is one of logs
    column : the head of the column of parts in words, and these, the whole the last
    mark_at : a cost in per cent of the start that matters, drawn as a dashed line
    """
    ends = parts["value"].cumsum()
    parts = parts.assign(begin=ends - parts["value"], end=ends)
    bars = pd.concat([parts, whole.to_frame().T.astype(parts.dtypes.drop(["begin", "end"]))], ignore_index=True)
    bars = bars.assign(
        begin=bars["begin"].fillna(0.0), end=bars["end"].fillna(bars["value"]), row=range(1, len(bars) + 1)
    )
    drawn = bars[["row", "kind"]].assign(
        begin=_cost(bars["begin"]),
        end=_cost(bars["end"]),
        low=_cost(bars["begin"] + bars["low"]),
        high=_cost(bars["begin"] + bars["high"]),
        written=column[1],
        cost=[f"{number(value)} %" for value in _cost(bars["end"])],
    )
    start = pd.DataFrame({"row": [0], "cost": ["100 %"]})
    # Each bar hangs on a thin line from the end of the one above.
    steps = drawn[["row"]].assign(above=drawn["row"] - 1, begin=drawn["begin"]).iloc[:-1]
    last = pd.DataFrame({"row": [len(bars)], "above": [len(bars) - 1], "begin": [drawn["end"].iloc[-1]]})
    reach = drawn[["begin", "end", "low", "high"]].to_numpy(dtype=float)
    marked = [] if mark_at is None else [mark_at]
    upright = [mark("rule", None, {"x": 100}, color=INK)]
    upright += [mark("rule", None, {"x": at}, color=TEAL, strokeDash=[6, 4], strokeWidth=2) for at in marked]
    hangers = mark(
        "rule", pd.concat([steps, last]), {"x": "begin", "y": "above", "y2": "row"}, color=RULE, strokeDash=[2, 2]
    )
    columns = {"written": (PART_COLUMN, column[0]), "cost": (COST_COLUMN, "so far")}
    marks: list[Mark] = [*upright, hangers, *bodies(drawn, {"x": "begin", "x2": "end"})]
    numbers, first = number_columns(drawn, columns), number_columns(start, {"cost": columns["cost"]})[:1]
    marks += [*numbers[:2], *first, *numbers[2:]]
    labels = [lines(name, LABEL_LETTERS) for name in (names[0], *parts["part"], names[1])]
    x = log_axis(axis, [100.0, *marked, *reach[~np.isnan(reach)]], grid=True)
    y = row_axis(labels, paddingInner=0.45, paddingOuter=0.25)
    return Picture(caption, x, y, marks, ROW_HEIGHT * len(labels)).drawn()


def _cost(logs: pd.Series) -> NDArray[np.float64]:
    """Costs in per cent of that at the start."""
    return np.asarray(100 * np.exp(logs.to_numpy(dtype=float)))


def _per_unit(effects: Effects) -> pd.DataFrame:
    """The rows of a gap with scale, and so the gap, less the growth of size."""
    if UNIT_TABLE not in effects.tables:
        raise NotSupported(f"{effects.title!r} has no table {UNIT_TABLE!r}: give the result of em.decompose.")
    unit = effects.tables[UNIT_TABLE].set_index("term")["estimate"]
    rows = effects.table.copy()
    growth = float(rows.set_index("term").loc[GAP, "estimate"] - unit[UNIT_GAP])
    shifted = rows["term"].isin((GAP, SCALE))
    rows.loc[shifted, ["estimate", "conf_low", "conf_high"]] -= growth
    if effects.method == BOOTSTRAP:
        # The growth of size differs between replications, so the interval of the difference is not at hand.
        rows.loc[shifted, ["conf_low", "conf_high"]] = np.nan
    return rows


def _ends(place: str) -> tuple[str, str]:
    """What the two sides are called, where their names do not hide where one ends."""
    names = place.split(" to ")
    return (names[0], names[1]) if len(names) == 2 else ("start", "end")


def _gap_title(effects: Effects, gap: pd.Series, unit_cost: bool) -> str:
    start, end = _ends(str(gap["at"]))
    sides = (end, start) if start != "start" else ("the end", "the start")
    a_unit = " a unit" if unit_cost else ""
    low, high = (float(gap[name]) for name in ("low", "high"))
    if np.isnan(low):
        if effects.method == BOOTSTRAP:
            return brief(
                f"Cost{a_unit} of {sides[0]} and {sides[1]}: no interval", f"Cost{a_unit}: a gap with no interval"
            )
        # Between two providers the gap is a fact; between groups it is estimated.
        low = high = float(gap["value"])
    verdict = (
        judge(low, high, 0.0, level=effects.conf_level)
        if unit_cost
        else verdict_on(
            effects.row(GAP).to_dict() | {"conf_low": low, "conf_high": high, "null": 0.0}, effects.conf_level
        )
    )
    times = float(np.exp(gap["value"]))
    changes = [f"{per_cent(times - 1)} {side}" for side in ("less", "more")]
    as_much = "than"
    if times >= TIMES:
        changes, as_much = [f"{number(times)} times as much"] * 2, "as"
    said = [
        brief(f"{sides[0]} costs {change}{a_unit} {as_much} {sides[1]}", f"Cost{a_unit} is {change} at the end")
        for change in changes
    ]
    return headline(verdict, brief(f"{sides[0]} and {sides[1]}", f"Cost{a_unit}"), said[0], said[1])


def _points(log: float) -> str:
    return signed(100 * log, 1)


def merger(effects: Effects) -> "alt.LayerChart":
    """The factors of a merger one after another, from cost apart to cost together.

    Factors multiply, so the axis is one of logs: a bar has the same length wherever it stands. Factors of one have no
    bar. Where a one-off cost was given, a dashed line stands at the cost that just pays it back within the horizon. Of
    a group structure the cascade is that of the merged part.

    Parameters
    ----------
    effects : the result of `em.arrangements.merger`

    Returns
    -------
    altair.LayerChart
        One bar a factor, with its interval, the factor and the cost reached beside it.

    Raises
    ------
    NotSupported : a merger without numbers, or known as intervals only, or factors that do not multiply to it

    Examples
    --------
    >>> from econmodel.arrangements.merging import merger as merge
    >>> from econmodel.charts.waterfalls import merger
    >>> from econmodel.simulation import state
    >>> cost = state("cobb_douglas", {"constant": 5.0, "visits": 0.9}, outputs={"visits": 100})
    >>> print(*merger(merge(cost, {"Elm": {"visits": 80}, "Oak": {"visits": 120}})).title.text)
    As one, Elm and Oak would cost 6.5 % less
    """
    sound = isinstance(effects, Effects) and WHOLE in set(effects.table["term"])
    must_draw(sound, "merger", effects, "the result of em.arrangements.merger(fit, partners)")
    table = effects.table.set_index("term")
    whole = _factor(effects, table, PART if PART in table.index else WHOLE, "sum")
    factors = pd.DataFrame([_factor(effects, table, term, kind) for term, kind in FACTORS.items()])
    if not np.isfinite([whole["value"], *factors["value"]]).all():
        raise NotSupported(
            f"{effects.title!r} has no numbers to draw: {effects.text} Show its table, which has the intervals."
        )
    if abs(factors["value"].sum() - whole["value"]) > ADDS_UP:
        raise NotSupported(
            f"The factors in {effects.title!r} do not multiply to the whole: give all rows of em.arrangements.merger."
        )
    factors = factors[factors["value"].abs() > NOTHING].reset_index(drop=True)
    if factors.empty:
        raise NotSupported(f"In {effects.title!r} every factor is one: there is nothing to draw.")
    mark_at, within = _pays_back(effects, table)
    intervals = f"{level(effects.conf_level)} intervals"
    has_width = bool((factors["high"] > factors["low"] + NOTHING).any())
    each = [f"{row['part']} {_times(row)}" for _, row in factors.iterrows()]
    cost = "cost" if whole["term"] == WHOLE else "cost of the merged part"
    caption = Caption(
        _merger_title(verdict_on(table.loc[[whole["term"]]].iloc[0], effects.conf_level, 1.0), whole),
        _forces(factors, float(np.exp(whole["value"]) - 1.0)),
        [
            "bars: factors, one after another" + (f"; thin lines: {intervals}" if has_width else ""),
            *([] if mark_at is None else [f"dashed line: {within}"]),
        ],
        [
            f"The factors {listed(each)} multiply to {_times(whole)}: {cost} together is "
            f"{number(100 * np.exp(whole['value']))} % of that apart"
            + (f"; intervals are {intervals}" if has_width else ""),
            "" if mark_at is None else f"A dashed line at {number(mark_at)} % marks {within}",
        ],
        effects.source,
    )
    written = [f"× {number(np.exp(value))}" for value in factors["value"]] + [f"= {number(np.exp(whole['value']))}"]
    ends, axis = ("apart", "together: the product"), f"{cost}, per cent of that apart"
    return _cascade(caption, factors, whole, ends, axis, ("factor", written), mark_at)


def _factor(effects: Effects, table: pd.DataFrame, term: str, kind: str) -> pd.Series:
    with np.errstate(invalid="ignore", divide="ignore"):
        log, low, high = np.log(table.loc[term, ["estimate", "conf_low", "conf_high"]].to_numpy(dtype=float))
    # An interval of the delta method may reach below zero, where no ratio is.
    low = low if np.isfinite(low) else np.nan
    names = {"term": term, "part": str(effects.labels.get(term, term)), "kind": kind}
    unclear = not (high < 0 or low > 0) or table.loc[term].get("verdict", "below") not in ("below", "above")
    values = {"value": log, "low": low, "high": high, "at": str(table.loc[term, "at"]), "open": unclear}
    return pd.Series(names | values)


def _pays_back(effects: Effects, merger: pd.DataFrame) -> tuple[float | None, str]:
    """The cost, in per cent of that apart, that just pays the one-off cost back, and what to call it."""
    table = effects.tables.get(SWITCHES)
    row = None if table is None else table[table["number"] == NEEDED]
    if row is None or row.empty:
        return None, ""
    needed = float(row["switches_at"].iloc[0])
    if SHARE in merger.index:
        needed /= float(merger["estimate"][SHARE])
    if not needed < 100:
        return None, ""
    years = str(row["meaning"].iloc[0]).removeprefix("pays within ").removesuffix(" from there on")
    return 100.0 - needed, f"the cost that pays the one-off cost back within {years}"


def _merger_title(verdict: Verdict, whole: pd.Series) -> str:
    saved = float(np.exp(whole["value"]) - 1.0)
    who = whole["at"]
    begin = (f"As one, {who}", "As one, partners")
    subject = brief(f"{who} as one", "Partners as one")
    if whole["term"] != WHOLE:
        begin = (f"Merged, the work of {who}", "The merged part")
        subject = brief(f"Work merged by {who}", "The merged part")
    if abs(saved) <= NOTHING:
        return brief(*(f"{one} would cost as much" for one in begin))
    less, more = (brief(*(f"{one} would cost {per_cent(saved)} {way}" for one in begin)) for way in ("less", "more"))
    return headline(verdict, subject, less, more)


def _forces(factors: pd.DataFrame, saved: float) -> str:
    """The largest factor on either side, where both matter; else the largest."""
    less, more = factors.sort_values("value").iloc[[0, -1]].to_dict("records")
    if less["high"] < 0 < more["low"] and min(-less["value"], more["value"]) >= MATTERS:
        shares = {one["term"]: per_cent(float(np.exp(one["value"]) - 1.0)) for one in (less, more)}
        if saved < 0:
            return f"{less['term']} saves {shares[less['term']]}, {more['term']} takes back {shares[more['term']]}"
        return f"{more['term']} adds {shares[more['term']]}, {less['term']} saves {shares[less['term']]}"
    largest = factors.iloc[int(factors["value"].abs().to_numpy().argmax())]
    uncertain = largest["open"] and largest["high"] > largest["low"] + NOTHING
    return f"the largest factor is {largest['term']}" + (", not clearly different from one" if uncertain else "")


def _times(row: pd.Series) -> str:
    ends = {"conf_low": float(np.exp(row["low"])), "conf_high": float(np.exp(row["high"]))}
    width = ends["conf_high"] > ends["conf_low"] + NOTHING
    return number(np.exp(row["value"])) + (f" ({interval(ends)})" if width else "")
