"""Many services side by side: one row each, with its estimate, its interval, and what it was measured on."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from econmodel.charts.marks import Caption, Mark, Picture, mark, span, value_axis
from econmodel.charts.theme import INK, NAVY, ORANGE, PLUM, TEAL
from econmodel.charts.words import fixed, interval, level, lines, must_draw, number, packed, reported, tally
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import INTERVAL_COLUMNS, Effects, Table, decimals_for, format_number
from econmodel.verdict import conclusions
from econmodel.words import capital, listed

if TYPE_CHECKING:
    import altair as alt

NAMES = ("service", "name", "term")  # the column that names a row: the first of these that there is
GROUP = "type"
SMALL_PRINT = {"cost_concept": "cost: {}", "unit_of_size": "size: {}", "providers": "{} providers"}
# An interval is drawn as far as this many times the spread of all estimates beyond them; an arrow says it goes on.
BEYOND = 0.35
NAMED = 8  # names in a sentence, beyond which it counts
# Shape and colour both say the type, so that neither is needed.
MARKS = {
    "transactional": ("square", ORANGE),
    "personal": ("circle", NAVY),
    "infrastructure": ("diamond", TEAL),
    "regulatory": ("triangle-up", PLUM),
}
OTHER, PLAIN = "other", ("circle", NAVY)  # any other group, and none: its heading says which
SHAPES, COLOURS = ({name: look[at] for name, look in (MARKS | {OTHER: PLAIN}).items()} for at in (0, 1))
NAME_LETTERS, NAME_COLUMN = 36, 236
LETTER = 6.6  # width of a figure of the text size, in pixels
LINE, GAP, HEADING = 17, 12, 30  # heights: a line of text, the space between services, the name of a type
SMALL = 12.5  # the smallest text, in pixels: eleven in print, where nine tenths of the width are left
ENDS = ("low", "high")
BAND = 11  # thickness of an identified interval, in pixels
DOTTED, SOLID = [2, 3], [1, 0]


class Measure(NamedTuple):
    """A column of estimates, its interval, and how to read it.

    Attributes
    ----------
    estimate, low, high : columns
    null : the value that would mean no economies; None where there is no such value
    axis : title of the axis
    subject : what a verdict is on
    below, above, at_null : what an estimate below, above or at the null says of a service
    """

    estimate: str
    low: str
    high: str
    null: float | None
    axis: str
    subject: str
    below: str
    above: str
    at_null: str


# How to read the measures that this package compares: null, axis, what a verdict is on, and what it says below, above
# and at the null.
_SIZE = ("Unit cost and size", "unit cost falls with size", "unit cost rises with size", "constant unit cost")
_SCALE = ("Scale", "scale lowers unit cost", "scale raises unit cost", "no such part")
_HELD = ("Outcomes held", "outcomes held, unit cost falls", "outcomes held, unit cost rises", _SIZE[3])
_READINGS: dict[str, tuple[float, str, tuple[str, str, str, str]]] = {
    "apparent": (1.0, "slope of log cost on log size", _SIZE),
    "scale": (1.0, "part of the slope of log cost on log size that sits in scale", _SCALE),
    "outcomes_held": (1.0, "elasticity of cost to size, outcomes held, input ratios free", _HELD),
    "ray elasticity": (1.0, "elasticity of cost to size, mix held", _SIZE),
    "ray scale economies": (1.0, "scale economies S", (_SIZE[0], _SIZE[2], _SIZE[1], _SIZE[3])),
    "merger": (1.0, "cost together over cost apart", ("Merging", "one is cheaper", "apart is cheaper", "no saving")),
    "degree of scope": (
        0.0, "degree of scope", ("Scope", "apart is cheaper", "together is cheaper", "no economies of scope"),
    ),
}  # fmt: skip
# Relatives of a measure have its reading ("degree of scope of research", "scope: fixed cost").
_FAMILIES = {"degree of scope": ("degree of scope", "quasi-scope", "scope: ")}
_PLAIN = ("Estimates", "estimates are below the line", "estimates are above the line", "the line")


def forest(
    table: Table | Effects | pd.DataFrame,
    measure: str | None = None,
    *,
    conf_level: float | None = None,
    title: str = "",
) -> "alt.LayerChart":
    """Estimates of many services with their intervals, one row a service, by type of service.

    Parameters
    ----------
    table : the result of `em.compare`, any `Effects`, or a frame. Columns: `service` (or `name`, `term`), the measure
        and its interval (its name with "_low", "_high", or `conf_low`, `conf_high`); where there are any also `type`,
        and `cost_concept`, `unit_of_size`, `providers`, printed in small below the service. Rows without an estimate
        but with `identified_low` and `identified_high` are drawn as a band; rows whose `supported` is False, hollow
    measure : the column of estimates ("apparent", "scale", "outcomes_held"); None takes "estimate", else "apparent"
    conf_level : of the intervals, where the table does not say; 0.95
    title : a message of your own; the description then says both, yours and the one generated from the numbers

    Returns
    -------
    altair.LayerChart
        Rows keep the order of the table within a type.

    Raises
    ------
    UnknownName : there is no such measure, or no interval for it
    NotSupported : no row has an estimate, or an identified interval

    Examples
    --------
    >>> import pandas as pd
    >>> from econmodel.charts.forests import forest
    >>> table = pd.DataFrame({"service": ["schools", "power stations"], "type": ["personal", "transactional"],
    ...                       "apparent": [0.99, 0.82], "apparent_low": [0.97, 0.79], "apparent_high": [1.01, 0.85]})
    >>> print(*forest(table, "apparent").title.text)
    Unit cost falls with size in one of two services
    """
    sound = isinstance(table, Table | Effects | pd.DataFrame)
    must_draw(sound, "forest", table, "a result such as em.scale(fit) or em.compare({name: fit, ...}), or its table")
    frame = table if isinstance(table, pd.DataFrame) else table.table
    read = measure_of(frame, measure)
    services = _services(frame, read, {} if isinstance(table, pd.DataFrame) else table.labels)
    conf_level = conf_level or (table.conf_level if isinstance(table, Effects) else 0.95)
    confidence = level(conf_level)
    margin = table.margin if isinstance(table, Effects) else 0.0
    one_term = "term" in frame and len(frame) > len(set(frame["term"])) == 1
    noun = "services" if "service" in frame else "places" if one_term else "terms"
    generated, counts = _title(services, read, noun, conf_level, margin)
    reach = _reach(services, read.null)
    bottom = float(services["y"].iloc[-1] + services["height"].iloc[-1] / 2 + GAP)
    legend = [f"marks and lines: estimates and {confidence} intervals"]
    if services["from"].notna().any():
        legend.append("bands: no number but an interval is identified, and the line covers it")
    if not services["supported"].all():
        legend.append("hollow and dotted: outside the data")
    if read.null is not None:
        legend.append(f"dashed: {read.at_null} ({number(read.null)})")
    if ((services["low"] < reach[0]) | (services["high"] > reach[1])).any():
        legend.append("an arrow: the interval goes on")
    left_out = len(frame) - len(services)
    missing = [f"{left_out} without such an estimate left out"] if left_out else []
    source = table.source if isinstance(table, Effects) else ""
    if not source and "providers" in frame and pd.api.types.is_numeric_dtype(frame["providers"]):
        source = f"n = {int(frame['providers'].sum()):,} providers"
    caption = Caption(
        title or generated,
        f"{generated}. {counts}".rstrip(". ") if title else counts,
        [*legend, *missing],
        [
            *_numbers_in_words(services, confidence),
            "; ".join([*_apart(services), *missing]),
        ],
        source,
    )
    y = span("", bottom, 0)._replace(axis=None)
    return Picture(caption, value_axis(read.axis, reach), y, _marks(services, read, reach), bottom).drawn()


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
    null, axis, words = _READINGS.get(read, (None, read, _PLAIN))
    stated = _only(frame, "null") if name == "estimate" else None
    return Measure(name, *found, null if stated is None else float(stated), axis, *words)


def _only(frame: pd.DataFrame, column: str) -> Any:
    """The one value of a column; None where there are several or no such column."""
    values = list(frame[column].dropna().unique()) if column in frame else []
    return values[0] if len(values) == 1 else None


def _title(services: pd.DataFrame, measure: Measure, noun: str, conf_level: float, margin: float) -> tuple[str, str]:
    """The title, and the sentence that counts every verdict.

    Parameters
    ----------
    services : `estimate` (or `from` and `to`, where an interval is identified), `low`, `high`, `p_value` and
        `supported`; one row a service
    measure : what was measured
    noun : what the rows are, in the plural
    conf_level, margin : of the intervals, and of what would not matter
    """
    if measure.null is None:
        least, most = services["estimate"].fillna(services["from"]), services["estimate"].fillna(services["to"])
        one = noun.removesuffix("s") if len(services) == 1 else noun
        return (
            f"{capital(measure.axis)} of {len(services)} {one}",
            f"from {number(least.min())} to {number(most.max())}",
        )
    ends = services.rename(
        columns={"low": "conf_low", "high": "conf_high", "from": "identified_low", "to": "identified_high"}
    )
    judged = conclusions(ends.assign(null=measure.null, supported=True), conf_level, margin)
    return tally(judged.tolist(), services["supported"].tolist(), noun, measure.subject, measure.below, measure.above)


def _numbers_in_words(services: pd.DataFrame, confidence: str) -> list[str]:
    """The lowest and the highest estimate, and the middle one of every group."""
    least, most = (services["estimate"].fillna(services[end]) for end in ("from", "to"))
    lowest, highest = services.iloc[int(least.argmin())], services.iloc[int(most.argmax())]
    span = f"estimates reach from {_said(lowest)} to {_said(highest)}, with {confidence} intervals"
    if pd.isna(lowest["estimate"]) or pd.isna(highest["estimate"]):
        span = f"the lowest is {_said(lowest)}, the highest {_said(highest)}, with {confidence} intervals"
    middles = [
        f"{number(part['estimate'].median())} in {len(part)} {group!s}"
        for group, part in services[services["estimate"].notna()].groupby("group", sort=False)
        if group
    ]
    return [span, f"the middle estimate is {listed(middles)}" if len(middles) > 1 else ""]


def _said(row: pd.Series) -> str:
    return f"{reported(row['estimate'], row['from'], row['to'])} ({interval(row, ENDS)}, {row['name']})"


def _apart(services: pd.DataFrame) -> list[str]:
    """Which rows must be read otherwise: an identified interval instead of an estimate, or no support in the data."""
    banded, outside = services["from"].notna(), ~services["supported"]
    words = []
    if banded.any():
        words.append(f"only an interval is identified, which the line covers: {_names_of(services, banded)}")
    if outside.any():
        names = _names_of(services, outside)
        words.append(f"outside the data, so what the form implies and not what providers show: {names}")
    return words


def _names_of(services: pd.DataFrame, which: pd.Series) -> str:
    names = services.loc[which, "name"].tolist()
    if len(names) == len(services) > 1:
        return f"all {len(names)} rows"
    return listed(names[:NAMED] + ([f"{len(names) - NAMED} more"] if len(names) > NAMED else []))


def _services(frame: pd.DataFrame, measure: Measure, labels: Mapping[str, str]) -> pd.DataFrame:
    """One row a service: its words, its numbers, and where it stands, in pixels from the top."""
    named = next((name for name in NAMES if name in frame), None)
    if named is None:
        raise UnknownName(f"No column names the rows: one of {', '.join(NAMES)} is needed.")
    # Only estimates in the tidy form stand beside an interval that is all that is identified.
    tidy = measure.estimate == "estimate" and set(INTERVAL_COLUMNS) <= set(frame.columns)
    ends = frame[list(INTERVAL_COLUMNS)] if tidy else pd.DataFrame(np.nan, frame.index, INTERVAL_COLUMNS)
    ends = ends.astype(float).where(frame[measure.estimate].isna())
    shown = frame[measure.estimate].notna() | ends.notna().all(axis=1)
    if not shown.any():
        raise NotSupported(f"No row has a number in {measure.estimate!r}: there is nothing to draw.")
    supported = frame["supported"].fillna(True).astype(bool) if "supported" in frame else True
    group = frame[GROUP].fillna("not stated").astype(str) if GROUP in frame else pd.Series("", index=frame.index)
    order = {name: place for place, name in enumerate(dict.fromkeys([*MARKS, *group]))}
    small = []
    for row in frame.to_dict("records"):
        known = {name: row[name] for name in SMALL_PRINT if pd.notna(row.get(name)) and row[name] != ""}
        parts = (SMALL_PRINT[name].format(format_number(value)) for name, value in known.items())
        small.append(packed(parts, NAME_LETTERS + 4))
    words = pd.DataFrame(
        {
            "name": _names(frame, named, labels),
            "group": group,
            "type": [name if name in MARKS else OTHER for name in group],
            "estimate": frame[measure.estimate].astype(float),
            "from": ends[INTERVAL_COLUMNS[0]],
            "to": ends[INTERVAL_COLUMNS[1]],
            "low": frame[measure.low].astype(float),
            "high": frame[measure.high].astype(float),
            "supported": supported,
            "p_value": frame.get("p_value", np.nan) if measure.estimate == "estimate" else np.nan,
            "small": pd.Series(small, index=frame.index, dtype=object),
        }
    )
    words = words[shown].sort_values("group", key=lambda names: names.map(order), kind="stable", ignore_index=True)
    words["text"] = pd.Series([lines(name, NAME_LETTERS) for name in words["name"]], dtype=object)
    words["numbers"] = pd.Series(_numbers(words), dtype=object)
    words["is_first"] = (words["group"] != words["group"].shift()) & (words["group"] != "")
    used = [max(len(row["text"]) + len(row["small"]), len(row["numbers"])) for _, row in words.iterrows()]
    words["height"] = LINE * np.array(used)
    top = np.cumsum([0, *(words["height"].to_numpy()[:-1] + GAP)]) + np.cumsum(words["is_first"].to_numpy()) * HEADING
    return words.assign(y=top + words["height"] / 2)


def _names(frame: pd.DataFrame, named: str, labels: Mapping[str, str]) -> list[str]:
    """What each row is called; terms that stand at several places are told apart by them."""
    names = [str(labels.get(name, name)) for name in frame[named].astype(str)]
    if named != "term" or "at" not in frame or not frame["term"].duplicated().any():
        return names
    places = frame["at"].astype(str).to_list()
    if len(set(frame["term"])) == 1:
        return places
    return [f"{name}, {place}" for name, place in zip(names, places, strict=True)]


def _numbers(words: pd.DataFrame) -> list[list[str]]:
    """What stands beside each row, with decimals that show two digits of the narrowest interval."""
    width = (words["high"] - words["low"]).replace(0, np.nan).min()
    decimals = int(np.clip(1 - np.floor(np.log10(width)), 0, 4)) if width == width else 2
    found = []
    for _, row in words.iterrows():
        inside = f"({fixed(row['low'], decimals)} to {fixed(row['high'], decimals)})"
        interval = inside if row[["low", "high"]].notna().all() else "(no interval)"
        if np.isnan(row["estimate"]):
            # Its ends may lie closer together than any confidence interval is wide.
            fine = max(decimals, min(decimals_for(row["from"], row["to"]) - 1, 4))
            found.append([f"{fixed(row['from'], fine)} to {fixed(row['to'], fine)}", interval])
        else:
            found.append([f"{fixed(row['estimate'], decimals)} {interval}"])
    return found


def _reach(services: pd.DataFrame, null: float | None) -> tuple[float, float]:
    """From where to where the axis goes: one very wide interval must not squeeze all others."""
    found = services[["estimate", "from", "to"]].to_numpy()
    inner = [*found[~np.isnan(found)], *([] if null is None else [null])]
    low, high = float(min(inner)), float(max(inner))
    ends = services[["low", "high"]].dropna()
    if ends.empty:
        return low, high
    beyond = BEYOND * (high - low) or np.inf
    # At least half of the intervals are drawn to their ends.
    lowest = max(ends["low"].min(), min(low - beyond, ends["low"].median()))
    highest = min(ends["high"].max(), max(high + beyond, ends["high"].median()))
    return min(low, lowest), max(high, highest)


def _marks(services: pd.DataFrame, measure: Measure, reach: tuple[float, float]) -> list[Mark]:
    """The whole picture: intervals, bands and points, those outside the data hollow, and words on both sides.

    Parameters
    ----------
    services : one row a service: `y` and `height` in pixels from the top; `text`, `small` and `numbers`, lists of
        lines; `group`, `is_first` (of its group), `type`, `estimate` or `from` and `to`, `low`, `high`, `supported`
    measure : what is drawn
    reach : ends of the axis
    """
    lines_drawn: list[Mark] = []
    points: list[Mark] = []
    for supported in (True, False):
        chosen = services[services["supported"] == supported]
        if len(chosen):
            lines_drawn += _intervals(chosen, reach, supported)
            points += _points(chosen, supported)
    if measure.null is not None:
        lines_drawn.append(mark("rule", None, {"x": measure.null}, color=INK, strokeDash=[6, 4]))
    return [*lines_drawn, *points, *_columns_of_words(services)]


def _intervals(services: pd.DataFrame, reach: tuple[float, float], supported: bool) -> list[Mark]:
    """Confidence intervals, with an arrow where they leave the picture, and the bands of identified intervals."""
    import altair as alt

    drawn = services[["y", "type", "estimate", "from", "to"]].assign(
        low=services["low"].clip(*reach), high=services["high"].clip(*reach)
    )
    colour = ("type", COLOURS)
    dash = SOLID if supported else DOTTED
    marks = [mark("rule", drawn, {"y": "y", "x": "low", "x2": "high", "color": colour}, strokeWidth=2, strokeDash=dash)]
    for column, side, cut in (
        ("low", "left", services["low"] < reach[0]),
        ("high", "right", services["high"] > reach[1]),
    ):
        if cut.any():
            arrow = {"shape": f"triangle-{side}", "filled": True, "size": 110, "opacity": 1}
            marks.append(mark("point", drawn[cut], {"y": "y", "x": column, "color": colour}, **arrow))
    banded = drawn[drawn["from"].notna()]
    if len(banded):
        # The edge shows also where the two ends are too close for an area between them.
        fill = colour if supported else alt.value("white")
        ends = {"y": "y", "x": "from", "x2": "to", "stroke": colour, "fill": fill}
        marks.append(mark("bar", banded, ends, size=BAND, strokeWidth=2, opacity=1))
    return marks


def _points(services: pd.DataFrame, supported: bool) -> list[Mark]:
    estimated = services.loc[services["estimate"].notna(), ["y", "type", "estimate"]]
    if estimated.empty:
        return []
    at = {"y": "y", "x": "estimate", "shape": ("type", SHAPES), "color" if supported else "stroke": ("type", COLOURS)}
    look: dict[str, Any] = (
        {"filled": True, "size": 95} if supported else {"fill": "white", "size": 80, "strokeWidth": 2}
    )
    return [mark("point", estimated, at, **look, opacity=1)]


def _columns_of_words(services: pd.DataFrame) -> list[Mark]:
    """The services to the left of the picture, under the names of their types, and the numbers to its right."""
    top = services["y"] - services["height"] / 2
    first = services["y"] - LINE * (services["text"].map(len) + services["small"].map(len)) / 2
    names = services[["text"]].assign(y=first)
    small = services[["small"]].assign(y=first + LINE * services["text"].map(len))[services["small"].map(len) > 0]
    types = services[["group"]].assign(y=top - HEADING + GAP / 2)[services["is_first"]]
    numbers = services[["y", "numbers"]].explode("numbers")
    # Lines of one row stand around its middle.
    place = numbers.groupby(level=0).cumcount() - (services["numbers"].map(len) - 1).reindex(numbers.index) / 2
    numbers = numbers.assign(y=numbers["y"] + LINE * place)
    end = GAP + LETTER * int(np.max(numbers["numbers"].map(len)))
    left: dict[str, Any] = {"align": "left", "x": -NAME_COLUMN, "baseline": "line-top", "lineHeight": LINE}
    marks = [
        mark("text", names, {"y": "y", "text": "text"}, **left),
        mark("text", numbers, {"y": "y", "text": "numbers"}, align="right", x="width", xOffset=end),
    ]
    if len(small):
        marks.append(mark("text", small, {"y": "y", "text": "small"}, **left, fontSize=SMALL))
    if len(types):
        marks.append(mark("text", types, {"y": "y", "text": "group"}, **left, fontWeight="bold"))
    return marks
