"""The sentence of a decomposition: the cost ratio in words, and its parts in points that add up."""

from typing import Any

import numpy as np
import pandas as pd

from econmodel.economies.bracket import input_ratios
from econmodel.economies.sides import Side
from econmodel.estimate.fit import Fit
from econmodel.results import MOST_TIMES, format_number

# From this ratio on "times as much" reads better than "per cent more".
TIMES = 2.0


def words(fitted: Fit, table: pd.DataFrame, growth: float, start: Side, end: Side, level: float) -> str:
    """The finding of a decomposition.

    Points are hundredths of logs: they add up, which per cents do not.
    """
    gap, *parts = table.to_dict("records")
    total, unit = float(gap["estimate"]), float(gap["estimate"]) - growth
    listed = ", ".join(f"{_label(fitted, part['term'])} {_points(part['estimate'])}" for part in parts)
    sentences = [
        f"{_capital(_who(end))} costs {ratio(total)} {_who(start)}: in points of logs, {_points(total)} points = "
        f"{listed}.",
        f"Per unit of size it costs {ratio(unit)} {_who(start)} ({_points(unit)} points, of which scale "
        f"{_points(parts[0]['estimate'] - growth)}).",
    ]
    sentences += _told(fitted, parts, level)
    located = [fitted.data.labels(name) for name in input_ratios(fitted)]
    if located:
        sentences.append(
            f"{_capital(' and '.join(located))} {'is' if len(located) == 1 else 'are'} read as an input ratio: this "
            "says where the gap is located and is not an effect of relationship."
        )
    return " ".join(sentences)


def ratio(log_ratio: float) -> str:
    """A log ratio as it reads in a sentence.

    Examples
    --------
    >>> ratio(0.1133), ratio(-0.05), ratio(0.0), ratio(1.2)
    ('12.0 % more than', '4.9 % less than', 'as much as', '3.32 times as much as')
    """
    if log_ratio > np.log(MOST_TIMES):
        return f"over {MOST_TIMES:g} times as much as"
    times = float(np.exp(log_ratio))
    if abs(times - 1.0) < 5e-4:
        return "as much as"
    if times >= TIMES:
        return f"{format_number(times, 3)} times as much as"
    return f"{100 * abs(times - 1.0):.1f} % {'more' if times > 1 else 'less'} than"


def _points(log_difference: float) -> str:
    written = f"{100 * log_difference:.1f}"
    return "0.0" if float(written) == 0 else written.replace("-", "−")


def _who(side: Side) -> str:
    return side.label if side.kind == "provider" else f"the mean of {side.label}"


def _label(fitted: Fit, term: str) -> str:
    name = term.removeprefix("relationship: ")
    return fitted.data.labels(name) if name != term else term


def _told(fitted: Fit, parts: list[Any], level: float) -> list[str]:
    """Which parts can be told from nothing, by their p-values (which hold where intervals are classical only)."""
    known = [part for part in parts if part["p_value"] == part["p_value"]]
    told = [_label(fitted, part["term"]) for part in known if part["p_value"] <= 1.0 - level]
    if not known:
        return []
    if not told:
        return [f"None of the parts can be told from zero at the {100 * level:g} % level."]
    which = told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return [f"At the {100 * level:g} % level {which} can be told from zero."]


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
