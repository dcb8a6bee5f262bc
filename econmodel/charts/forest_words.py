"""What a comparison of many services measures and says."""

from typing import Any, NamedTuple

import pandas as pd

from econmodel.charts.sentences import capital, joined, number
from econmodel.errors import UnknownName


class Measure(NamedTuple):
    """A column of estimates, its interval, and how to read it.

    Attributes
    ----------
    estimate, low, high : columns
    null : the value that would mean no economies; None where there is no such value
    axis : title of the axis
    below, above, at_null : what an estimate below, above or at the null says of a service
    """

    estimate: str
    low: str
    high: str
    null: float | None
    axis: str
    below: str
    above: str
    at_null: str


# How to read the measures that this package compares: null, axis, and what lies below, above and at the null.
_SIZE = ("unit cost falls with size", "unit cost rises with size", "constant unit cost")
_SCALE = ("the scale part lowers unit cost", "the scale part raises unit cost", "no such part")
_HELD = ("with outcomes held, unit cost falls with size", "with outcomes held, unit cost rises with size", _SIZE[2])
_READINGS: dict[str, tuple[float, str, tuple[str, str, str]]] = {
    "apparent": (1.0, "slope of log cost on log size", _SIZE),
    "scale": (1.0, "part of the slope of log cost on log size that sits in scale", _SCALE),
    "outcomes_held": (1.0, "elasticity of cost to size, outcomes held, input ratios free", _HELD),
    "ray elasticity": (1.0, "elasticity of cost to size, mix held", _SIZE),
    "ray scale economies": (1.0, "scale economies S", (_SIZE[1], _SIZE[0], _SIZE[2])),
    "merger": (1.0, "cost together over cost apart", ("one is cheaper", "apart is cheaper", "no saving")),
    "degree of scope": (0.0, "degree of scope", ("apart is cheaper", "together is cheaper", "no economies of scope")),
}
# Relatives of a measure have its reading ("degree of scope of research", "scope: fixed cost").
_FAMILIES = {"degree of scope": ("degree of scope", "quasi-scope", "scope: ")}
NAMED = 8  # names in a sentence, beyond which it counts
_PLAIN = ("the estimate is below the line", "the estimate is above the line", "the line")


def measure_of(frame: pd.DataFrame, measure: str | None) -> Measure:
    """The columns of a measure and how to read it.

    Raises
    ------
    UnknownName : no such column, or no interval for it
    """
    known = ", ".join(map(str, frame.columns))
    name = measure or next((column for column in ("estimate", "apparent") if column in frame), None)
    if name is None or name not in frame:
        raise UnknownName(f"There is no measure {measure or 'estimate'!r} to draw; the columns are {known}.")
    pairs = [(f"{name}_low", f"{name}_high"), ("conf_low", "conf_high")]
    found = next((pair for pair in pairs if set(pair) <= set(frame.columns)), None)
    if found is None:
        raise UnknownName(
            f"{name!r} has no interval: a comparison needs the columns {pairs[0][0]!r} and {pairs[0][1]!r}, "
            f"or 'conf_low' and 'conf_high'; the columns are {known}."
        )
    # In a tidy table the terms say what was measured.
    read = str(_only(frame, "term") or name) if name == "estimate" else name
    terms = frame["term"].astype(str) if name == "estimate" and "term" in frame else pd.Series([read])
    read = next((reading for reading, family in _FAMILIES.items() if terms.str.startswith(family).all()), read)
    null, axis, (below, above, at_null) = _READINGS.get(read, (None, read, _PLAIN))
    stated = _only(frame, "null") if name == "estimate" else None
    return Measure(name, *found, null if stated is None else float(stated), axis, below, above, at_null)


def _only(frame: pd.DataFrame, column: str) -> Any:
    """The one value of a column; None where there are several or no such column."""
    values = list(frame[column].dropna().unique()) if column in frame else []
    return values[0] if len(values) == 1 else None


def message(services: pd.DataFrame, measure: Measure, confidence: str, noun: str) -> tuple[str, list[str]]:
    """The title, and the sentences that say the same as the picture.

    Parameters
    ----------
    services : `name`, `group`, `estimate` (or `from` and `to`, where an interval is identified), `low`, `high`,
        `supported`; one row a service
    measure : what was measured
    confidence : level of the intervals, in words
    noun : what the rows are
    """
    count = len(services)
    noun = noun.removesuffix("s") if count == 1 else noun
    found = services.assign(
        least=services["estimate"].fillna(services["from"]), most=services["estimate"].fillna(services["to"])
    )
    lowest, highest = found.iloc[int(found["least"].argmin())], found.iloc[int(found["most"].argmax())]
    span = f"Estimates reach from {_said(lowest)} to {_said(highest)}, with {confidence} intervals"
    if pd.isna(lowest["estimate"]) or pd.isna(highest["estimate"]):
        span = f"The lowest is {_said(lowest)}, the highest {_said(highest)}, with {confidence} intervals"
    middles = [
        f"{number(part['estimate'].median())} in {len(part)} {group!s}"
        for group, part in services[services["estimate"].notna()].groupby("group", sort=False)
        if group
    ]
    medians = f"The middle estimate is {joined(middles)}" if len(middles) > 1 else ""
    where = "" if services["supported"].any() else ", all of it outside the data"
    if measure.null is None:
        title = f"{capital(measure.axis)} of {count} {noun}: {number(lowest['least'])} to "
        return title + number(highest["most"]) + where, [span, medians]
    below = int((services["high"] < measure.null).sum())
    above = int((services["low"] > measure.null).sum())
    both = count - below - above
    said = [f"{what} in {n}" for what, n in ((measure.below, below), (measure.above, above)) if n]
    if not said:
        title = f"In none of {count} {noun} is it clear that {measure.below}, or that {measure.above}"
        return title + where, [span, medians]
    undecided = f"; in {both} neither is clear" if both else ""
    title = f"{said[0]} of {count} {noun}{''.join(f', {more}' for more in said[1:])}{undecided}{where}"
    return capital(title), [span, medians]


def apart(services: pd.DataFrame) -> list[str]:
    """Which rows must be read otherwise: an identified interval instead of an estimate, or no support in the data."""
    banded, outside = services["from"].notna(), ~services["supported"]
    said = []
    if banded.any():
        said.append(f"only an interval is identified, which the line covers: {_listed(services, banded)}")
    if outside.any():
        said.append(
            f"outside the data, so what the form implies and not what providers show: {_listed(services, outside)}"
        )
    return said


def _listed(services: pd.DataFrame, which: pd.Series) -> str:
    names = services.loc[which, "name"].tolist()
    if len(names) == len(services) > 1:
        return f"all {len(names)} rows"
    return joined(names[:NAMED] + ([f"{len(names) - NAMED} more"] if len(names) > NAMED else []))


def _said(service: pd.Series) -> str:
    value = number(service["estimate"])
    if pd.isna(service["estimate"]):
        value = f"between {number(service['from'])} and {number(service['to'])}"
    return f"{value} ({number(service['low'])} to {number(service['high'])}, {service['name']})"
