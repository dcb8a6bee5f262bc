"""Many services side by side: one row each, with its estimate, its interval, and what it was measured on."""

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from econmodel.charts.drawn import framed
from econmodel.charts.forest_marks import GAP, HEADING, LINE, MARKS, NAME_LETTERS, OTHER, layers
from econmodel.charts.forest_words import Measure, apart, measure_of, message
from econmodel.charts.given import must_draw
from econmodel.charts.sentences import capital, level, lines, number, packed
from econmodel.charts.theme import enable
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import INTERVAL_COLUMNS, Effects, Table, decimals_for, format_number

if TYPE_CHECKING:
    import altair as alt

NAMES = ("service", "name", "term")  # the column that names a row: the first of these that there is
GROUP = "type"
SMALL_PRINT = {"cost_concept": "cost: {}", "unit_of_size": "size: {}", "providers": "{} providers"}
# An interval is drawn as far as this many times the spread of all estimates beyond them; an arrow says it goes on.
BEYOND = 0.35


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
    >>> from econmodel.charts.forest_plot import forest
    >>> table = pd.DataFrame({"service": ["schools", "power stations"], "type": ["personal", "transactional"],
    ...                       "apparent": [0.99, 0.82], "apparent_low": [0.97, 0.79], "apparent_high": [1.01, 0.85]})
    >>> print(*forest(table, "apparent").title.text)
    Unit cost falls with size in 1 of 2 services; in 1 neither is clear
    """
    sound = isinstance(table, Table | Effects | pd.DataFrame)
    must_draw(sound, "forest", table, "a result such as em.scale(fit) or em.compare({name: fit, ...}), or its table")
    enable()
    frame = table if isinstance(table, pd.DataFrame) else table.table
    read = measure_of(frame, measure)
    services = _services(frame, read, {} if isinstance(table, pd.DataFrame) else table.labels)
    confidence = level(conf_level or (table.conf_level if isinstance(table, Effects) else 0.95))
    generated, said = message(services, read, confidence, _noun(frame))
    reach = _reach(services, read.null)
    cut = (services["low"] < reach[0]) | (services["high"] > reach[1])
    bottom = float(services["y"].iloc[-1] + services["height"].iloc[-1] / 2 + GAP)
    legend = [f"Marks and lines: estimates and {confidence} intervals"]
    if services["from"].notna().any():
        legend.append("bands: no number but an interval is identified, and the line covers it")
    if not services["supported"].all():
        legend.append("hollow and dotted: outside the data")
    if read.null is not None:
        legend.append(f"dashed: {read.at_null} ({number(read.null)})")
    if cut.any():
        legend.append("an arrow: the interval goes on")
    left_out = len(frame) - len(services)
    missing = [f"{left_out} without such an estimate left out"] if left_out else []
    return framed(
        layers(services, read, reach, bottom),
        height=bottom,
        title=title or generated,
        subtitle=[*legend, *missing],
        description=[title, generated, *said, capital("; ".join([*apart(services), *missing]))],
    )


def _noun(frame: pd.DataFrame) -> str:
    """What the rows are."""
    if "service" in frame:
        return "services"
    return "places" if "term" in frame and len(frame) > len(set(frame["term"])) == 1 else "terms"


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
            "small": pd.Series(
                [_small_print(row) for row in frame.to_dict("records")], index=frame.index, dtype=object
            ),
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


def _small_print(row: Mapping[Hashable, Any]) -> list[str]:
    known = {name: row[name] for name in SMALL_PRINT if pd.notna(row.get(name)) and row[name] != ""}
    return packed((SMALL_PRINT[name].format(format_number(value)) for name, value in known.items()), NAME_LETTERS + 4)


def _numbers(words: pd.DataFrame) -> list[list[str]]:
    """What stands beside each row, with decimals that show two digits of the narrowest interval."""
    width = (words["high"] - words["low"]).replace(0, np.nan).min()
    decimals = int(np.clip(1 - np.floor(np.log10(width)), 0, 4)) if width == width else 2
    found = []
    for _, row in words.iterrows():
        inside = f"({_fixed(row['low'], decimals)} to {_fixed(row['high'], decimals)})"
        interval = inside if row[["low", "high"]].notna().all() else "(no interval)"
        if np.isnan(row["estimate"]):
            # Its ends may lie closer together than any confidence interval is wide.
            fine = max(decimals, min(decimals_for(row["from"], row["to"]) - 1, 4))
            found.append([f"{_fixed(row['from'], fine)} to {_fixed(row['to'], fine)}", interval])
        else:
            found.append([f"{_fixed(row['estimate'], decimals)} {interval}"])
    return found


def _fixed(value: float, decimals: int) -> str:
    return f"{value:,.{decimals}f}".replace("-", "−")


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
