"""Where a gap in cost comes from: bars that run from the cost of one provider to that of another."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.charts.cascade import cascade, height_of
from econmodel.charts.drawn import framed
from econmodel.charts.given import must_draw
from econmodel.charts.parts import NOTHING, kind_of, label_of, share_in_words
from econmodel.charts.sentences import joined, level, number, per_cent, signed
from econmodel.charts.theme import enable
from econmodel.errors import NotSupported
from econmodel.results import Effects

if TYPE_CHECKING:
    import altair as alt

GAP, UNIT_GAP, UNIT_TABLE, SCALE = "cost gap", "unit cost gap", "unit cost", "scale"
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
        cascade(
            parts,
            gap,
            (start, f"{end}: the sum"),
            f"{what}, per cent of that of {start if start != 'start' else 'the start'}",
            "points",
            [*map(_points, parts["log"]), f"= {_points(gap['log'])}"],
        ),
        height=height_of(parts),
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
    return parts.reset_index(drop=True), gap


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
