"""The sentence of a separation, in the words that its data allow."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from econmodel.economies.bracket import FREE, HELD, input_ratios
from econmodel.estimate.fit import Fit
from econmodel.results import beside_interval, interval_in_words, per_cent, with_interval
from econmodel.verdict import MARGIN, judge_row
from econmodel.words import scale_words

Row = Mapping[str, Any]


def words(
    fitted: Fit, table: pd.DataFrame, brackets: pd.DataFrame, outcomes: pd.DataFrame, level: float, spread: float
) -> str:
    """The finding of a separation.

    An attribute's part "is associated with" it; an input ratio's "is located in" it, and the bracket of scale follows.
    Outcomes follow whatever a relationship variable is.

    Parameters
    ----------
    spread : largest less smallest log size
    """
    rows = {row["term"]: row for row in _records(table)}
    sentences = [_apparent(rows["apparent"], level, spread), _scale(fitted, rows, level)]
    sentences += [_relationship(fitted, rows, name, level) for name in fitted.data.relationships]
    ratios = [fitted.data.labels(name) for name in input_ratios(fitted)]
    if ratios:
        sentences.append(_bracket(brackets, " and ".join(ratios), level))
    sentences += [_outcome(row, level) for row in _records(outcomes)]
    if ratios and len(outcomes):
        sentences.append(
            "Whether the part is scale or thinned relationship depends on what else the relationship produces, which "
            "these data do not hold."
        )
    elif any(_worse(fitted, name, row) for name, row in zip(fitted.data.outcomes, _records(outcomes), strict=True)):
        sentences.append(
            "Larger providers have worse results, so to call the whole of it scale is unsafe: some may be less of what "
            "the service is for (em.cost_per_outcome)."
        )
    return " ".join(sentences)


def _records(table: pd.DataFrame) -> list[Row]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _interval(row: Row, level: float) -> str:
    return interval_in_words(row["conf_low"], row["conf_high"], level)


def _estimate(row: Row, level: float, column: str = "estimate") -> str:
    return with_interval(row[column], row["conf_low"], row["conf_high"], level)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _apparent(row: Row, level: float, spread: float) -> str:
    said = f"As a league table shows it, cost has a slope of {_estimate(row, level)} on size, both in logs: "
    if spread < np.log(2.0):
        return (
            f"{said}the largest provider is only {per_cent(spread)} larger than the smallest, so nothing is said of "
            "twice the size."
        )
    doubled = (row["estimate"] - 1.0) * np.log(2.0)
    higher = "lower" if doubled < 0 else "higher"
    return f"{said}a provider of twice the size has {per_cent(doubled)} {higher} unit cost."


def _scale(fitted: Fit, rows: Mapping[str, Row], level: float) -> str:
    row = rows["scale"]
    verdict = judge_row(row, level, margin=MARGIN, freedom=fitted.freedom)
    others = [term for term in rows if term not in ("apparent", "scale", "residual")]
    held = ", all else in the model held," if others else " alone"
    return f"Scale{held} accounts for {_estimate(row, level)}: {scale_words(verdict, row['estimate'])}."


def _relationship(fitted: Fit, rows: Mapping[str, Row], name: str, level: float) -> str:
    row, kind, label = rows[f"relationship: {name}"], fitted.data.relationships[name].kind, fitted.data.labels(name)
    share = f"Of the slope, {_estimate(row, level)}"
    if kind == "attribute":
        return f"{share} is associated with {label}, a measured attribute of the relationship."
    reason = "an input ratio" if kind == "input_ratio" else "of unstated kind and so read as an input ratio"
    return f"{share} is located in {label}, {reason}."


def _bracket(brackets: pd.DataFrame, label: str, level: float) -> str:
    rows = {row["with"]: row for row in _records(brackets)}
    arithmetic = (
        f"Holding {label} pulls the elasticity to one by arithmetic, and a technology whose staff need rises less than "
        "volume gives the same numbers as rationed contact"
    )
    if FREE not in rows:
        return f"{arithmetic}; no outcome is declared, so scale and relationship cannot be told apart."
    return (
        f"{arithmetic}, so two numbers bracket scale: {_estimate(rows[FREE], level, 'ray elasticity')} with outcomes "
        f"held and the ratio free, and {_estimate(rows[HELD], level, 'ray elasticity')} with the ratio held."
    )


def _worse(fitted: Fit, name: str, row: Row) -> bool:
    """Whether an outcome is surely worse where providers are larger; more of it is better unless the card says not."""
    if fitted.data.outcomes[name].more_means == "worse":
        return bool(row["conf_low"] > 0.0)
    return bool(row["conf_high"] < 0.0)


def _outcome(row: Row, level: float) -> str:
    size = beside_interval(row["slope on log size"], row["conf_low"], row["conf_high"])
    slope = f"slope on log size {size}, {_interval(row, level)}"
    label = _capital(row["outcome"])
    if np.isnan(row["conf_low"]):
        return f"Whether {row['outcome']} moves with size cannot be told: {row['rows']} rows have it."
    if row["conf_low"] <= 0.0 <= row["conf_high"]:
        return f"{label} does not move with size detectably ({slope})."
    return f"{label} {'rises' if row['slope on log size'] > 0 else 'falls'} with size ({slope})."
