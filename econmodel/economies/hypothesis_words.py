"""From a test to its record: the sentence, and the tables behind it."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.equivalence import OneSided
from econmodel.economies.joint_hypotheses import Joint
from econmodel.results import Check, format_number, format_probability

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Tested:
    """What a test found.

    Attributes
    ----------
    name : the hypothesis
    null : it in words, as a clause
    table : a row a restriction
    joint : the test of all together; None where the null holds by construction
    gradient : (q, k) derivatives of the restrictions, where they were needed
    notes : what a reader must know
    equivalence : two one-sided tests, where a margin was given
    """

    name: str
    null: str
    table: pd.DataFrame
    joint: Joint | None
    gradient: Array | None = None
    notes: tuple[str, ...] = ()
    equivalence: OneSided | None = None

    def with_equivalence(self, found: OneSided) -> "Tested":
        """The same with two one-sided tests."""
        return replace(self, equivalence=found)


def check(tested: Tested, margin: float | None, level: float) -> Check:
    """The record of a test."""
    title = f"Test: {tested.name}"
    if tested.joint is None:
        text = f"In this form {tested.null} by construction, so there is nothing to test."
        return Check(title, True, tested.null, tested.table, text, tested.notes)
    joint, tables = tested.joint, {"Test": _statistics(tested.joint)}
    rejected = bool(joint.p_value < 1.0 - level)
    passed: bool | None = not rejected
    text = f"{_verdict(rejected, level)}: {tested.null} ({_statistic(joint)}{_estimate(tested)})"
    if tested.equivalence is None:
        text += "." if rejected else ". That is not evidence that it holds."
    else:
        assert margin is not None
        small = tested.equivalence
        null = float(tested.table["null"].iloc[0])
        tables["Equivalence"] = small.table(null, margin)
        passed = False if rejected else True if small.shown else None
        text += f"; {_small(small, margin, level, rejected)}."
    return Check(title, passed, tested.null, tested.table, text, tested.notes, tables)


def _verdict(rejected: bool, level: float) -> str:
    return f"{'Rejected' if rejected else 'Not rejected'} at {format_number(100 * (1 - level), 3)} %"


def _estimate(tested: Tested) -> str:
    if len(tested.table) != 1:
        return ""
    row = tested.table.iloc[0]
    if row["estimate"] == row["estimate"]:
        return f"; {row['restriction']} {format_number(row['estimate'])}"
    low, high = format_number(row["identified_low"], 3), format_number(row["identified_high"], 3)
    return f"; {row['restriction']} between {low} and {high}"


def _statistic(joint: Joint) -> str:
    p_words = format_probability(joint.p_value)
    p_words = f"p < {p_words[1:]}" if p_words.startswith("<") else f"p = {p_words}"
    if joint.kind == "F":
        return f"F({joint.count}, {format_number(joint.freedom)}) = {format_number(joint.value)}, {p_words}"
    if joint.kind == "chi-square":
        return f"chi-square({joint.count}) = {format_number(joint.value)}, {p_words}"
    if joint.kind == "t squared":
        return p_words
    restrictions = f" of {joint.count} restrictions" if joint.count > 1 else ""
    return f"{p_words}, {joint.kind}{restrictions}"


def _small(found: OneSided, margin: float, level: float, rejected: bool) -> str:
    within = f"less than {format_number(margin)}"
    each = f"two one-sided tests at {format_number(50 * (1 - level), 3)} % each"
    if found.shown:
        return f"the difference is {'small: ' if rejected else ''}{within} ({each})"
    if rejected and found.large:
        return f"the difference is more than {format_number(margin)}"
    if rejected:
        return f"that the difference is {within} is not shown ({each})"
    return (
        f"that the difference is {within} is not shown either ({each}), so there is no conclusion: one of less than "
        f"{format_number(found.detectable, 2)} would probably not have been found"
    )


def _statistics(joint: Joint) -> pd.DataFrame:
    freedom = joint.freedom if np.isfinite(joint.freedom) else np.nan
    row = {
        "test": joint.kind, "statistic": joint.value, "restrictions": joint.count, "degrees of freedom": freedom,
        "p_value": joint.p_value,
    }  # fmt: skip
    return pd.DataFrame([row])
