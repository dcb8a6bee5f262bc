"""A merger as a cascade: from what the partners cost apart, through each factor, to what they cost as one."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from econmodel.charts.cascade import cascade, height_of
from econmodel.charts.drawn import framed
from econmodel.charts.given import must_draw
from econmodel.charts.parts import NOTHING
from econmodel.charts.sentences import interval, joined, level, number, per_cent
from econmodel.charts.theme import enable
from econmodel.errors import NotSupported
from econmodel.results import Effects

if TYPE_CHECKING:
    import altair as alt

WHOLE, PART, SHARE = "merger", "merged part", "share of cost merged"
# Colours of the parts of a gap: what is scale there is size here.
FACTORS = {
    "learning": "other", "levelling": "other", "harmony": "other", "size": "scale", "relationship": "relationship",
}  # fmt: skip
SWITCHES, NEEDED = "switching values", "saving, % of cost apart"
# A factor on the other side that is smaller than this is not worth a word in the title.
MATTERS = 0.005
# Six digits are what a printed or rounded table keeps of a ratio near one.
MULTIPLIES = 1e-5


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
    >>> from econmodel.charts.merger_waterfall import merger
    >>> from econmodel.simulation import state
    >>> cost = state("cobb_douglas", {"constant": 5.0, "visits": 0.9}, outputs={"visits": 100})
    >>> print(*merger(merge(cost, {"Elm": {"visits": 80}, "Oak": {"visits": 120}})).title.text)
    As one, Elm and Oak would cost 6.5 % less; the largest factor is size
    """
    sound = isinstance(effects, Effects) and WHOLE in set(effects.table["term"])
    must_draw(sound, "merger", effects, "the result of em.arrangements.merger(fit, partners)")
    enable()
    rows = effects.table.set_index("term")
    whole = _row(rows, PART if PART in rows.index else WHOLE, "sum", effects)
    factors = pd.DataFrame([_row(rows, term, kind, effects) for term, kind in FACTORS.items()])
    if not np.isfinite([whole["log"], *factors["log"]]).all():
        raise NotSupported(
            f"{effects.title!r} has no numbers to draw: {effects.text} Show its table, which has the intervals."
        )
    if abs(factors["log"].sum() - whole["log"]) > MULTIPLIES:
        raise NotSupported(
            f"The factors in {effects.title!r} do not multiply to the whole: give all rows of em.arrangements.merger."
        )
    factors = factors[factors["log"].abs() > NOTHING].reset_index(drop=True)
    if factors.empty:
        raise NotSupported(f"In {effects.title!r} every factor is one: there is nothing to draw.")
    mark, within = _mark(effects, rows)
    title = _title(effects, factors, whole)
    confidence = level(effects.conf_level)
    has_width = bool((factors["high"] > factors["low"] + NOTHING).any())
    said = [f"{row['part']} {_times(row)}" for _, row in factors.iterrows()]
    of_part = "" if whole["term"] == WHOLE else " of the merged part"
    return framed(
        cascade(
            factors,
            whole,
            ("apart", "together: the product"),
            f"cost{of_part}, per cent of that apart",
            "factor",
            [*(f"× {number(np.exp(value))}" for value in factors["log"]), f"= {number(np.exp(whole['log']))}"],
            mark,
        ),
        height=height_of(factors),
        title=title,
        subtitle=[
            "Bars: factors, one after another" + (f"; thin lines: {confidence} intervals" if has_width else ""),
            *([] if mark is None else [f"dashed line: {within}"]),
        ],
        description=[
            title,
            f"The factors {joined(said)} multiply to {_times(whole)}: cost{of_part} together is "
            f"{number(100 * np.exp(whole['log']))} % of that apart"
            + (f"; intervals are {confidence} intervals" if has_width else ""),
            "" if mark is None else f"A dashed line at {number(mark)} % marks {within}",
        ],
    )


def _row(rows: pd.DataFrame, term: str, kind: str, effects: Effects) -> pd.Series:
    found = rows.loc[term, ["estimate", "conf_low", "conf_high"]].astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        log, low, high = np.log(found.to_numpy(dtype=float))
    # An interval of the delta method may reach below zero, where no ratio is.
    low = low if np.isfinite(low) else np.nan
    names = {"term": term, "part": str(effects.labels.get(term, term)), "kind": kind}
    return pd.Series(names | {"log": log, "low": low, "high": high, "at": str(rows.loc[term, "at"])})


def _mark(effects: Effects, rows: pd.DataFrame) -> tuple[float | None, str]:
    """The cost, in per cent of that apart, that just pays the one-off cost back, and what to call it."""
    table = effects.tables.get(SWITCHES)
    found = None if table is None else table[table["number"] == NEEDED]
    if found is None or found.empty:
        return None, ""
    needed = float(found["switches_at"].iloc[0])
    if SHARE in rows.index:
        needed /= float(rows["estimate"][SHARE])
    if not needed < 100:
        return None, ""
    years = str(found["meaning"].iloc[0]).removeprefix("pays within ").removesuffix(" from there on")
    return 100.0 - needed, f"the cost that pays the one-off cost back within {years}"


def _title(effects: Effects, factors: pd.DataFrame, whole: pd.Series) -> str:
    who = f"As one, {whole['at']}" if whole["term"] == WHOLE else f"What {whole['at']} make together"
    saved = float(np.exp(whole["log"]) - 1.0)
    if whole["low"] <= 0 <= whole["high"] and whole["high"] > whole["low"] + NOTHING:
        return f"{who} would not clearly cost less or more; {_largest(factors)}"
    change = f"{per_cent(saved)} {'less' if saved < 0 else 'more'}" if abs(saved) > NOTHING else "as much"
    return f"{who} would cost {change}; {_forces(factors, saved) or _largest(factors)}"


def _forces(factors: pd.DataFrame, saved: float) -> str:
    """The largest factor on either side, where both matter; else nothing."""
    ends = factors.sort_values("log").iloc[[0, -1]]
    less, more = ends.to_dict("records")
    if not (less["high"] < 0 < more["low"]) or min(-less["log"], more["log"]) < MATTERS:
        return ""
    shares = {one["term"]: per_cent(float(np.exp(one["log"]) - 1.0)) for one in (less, more)}
    if saved < 0:
        return f"{less['term']} saves {shares[less['term']]}, {more['term']} takes back {shares[more['term']]}"
    return f"{more['term']} adds {shares[more['term']]}, {less['term']} saves {shares[less['term']]}"


def _largest(factors: pd.DataFrame) -> str:
    largest = factors.iloc[int(factors["log"].abs().to_numpy().argmax())]
    uncertain = largest["low"] <= 0 <= largest["high"] and largest["high"] > largest["low"] + NOTHING
    return f"the largest factor is {largest['term']}" + (", not clearly different from one" if uncertain else "")


def _times(row: pd.Series) -> str:
    ends = {"conf_low": float(np.exp(row["low"])), "conf_high": float(np.exp(row["high"]))}
    width = ends["conf_high"] > ends["conf_low"] + NOTHING
    return number(np.exp(row["log"])) + (f" ({interval(ends)})" if width else "")
