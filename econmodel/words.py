"""The vocabulary of sentences, once: lists, places, differences, verdicts, support, a cost that is none.

A measure gives its own words for the two sides of its null; everything else that a verdict may be reads the same
everywhere.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.results import (
    INTERVAL_COLUMNS,
    MOST_TIMES,
    beside_interval,
    format_number,
    format_probability,
    interval_in_words,
)
from econmodel.verdict import Verdict

# A fitted cost far from the data may be any number; beyond this it is not given.
LARGEST_SAID = 1e12
BEYOND = "this is what the form implies beyond the data, not what providers show"
UNSETTLED = "the data do not settle it"


def listed(names: Iterable[object], word: str = "and", most: int | None = None) -> str:
    """Names as a sentence lists them, and of more than `most` how many others there are.

    Examples
    --------
    >>> listed("abc"), listed(["visits"]), listed("abcde", most=3), listed("ab", "or")
    ('a, b and c', 'visits', 'a, b, c and 2 others', 'a or b')
    """
    several = [str(name) for name in names]
    if most is not None and len(several) > most:
        left = len(several) - most
        several = [*several[:most], f"{left} other{'s' if left > 1 else ''}"]
    return f"{', '.join(several[:-1])} {word} {several[-1]}" if len(several) > 1 else "".join(several)


def capital(sentence: str) -> str:
    """The sentence with its first letter large; other letters are left as they are."""
    return sentence[:1].upper() + sentence[1:]


def at_words(label: str) -> str:
    """A place as it reads in a sentence: "the mean", "pupils 300"."""
    return f"the {label}" if label in ("mean", "median") else label


def verdict_words(verdict: Verdict, below: str, above: str, equivalent: str = "") -> str:
    """What a verdict reads like, from a measure's own words for the two sides of its null.

    Parameters
    ----------
    below, above : what it means that the value is surely below, or above, its null
    equivalent : what it means that it is at its null, to within the margin

    Examples
    --------
    >>> from econmodel.verdict import judge
    >>> words = ("economies of scope", "diseconomies of scope")
    >>> verdict_words(judge(0.01, 0.03, 0.0, margin=0.05), *words)
    'diseconomies of scope, but less than 5 %'
    >>> verdict_words(judge(-1.0, 1.0, 0.0, error=0.5), *words)
    'the data do not settle it, and a departure of less than 1.4 would probably not have been found'
    """
    if verdict.conclusion in ("below", "above"):
        words = below if verdict.conclusion == "below" else above
        return f"{words}, but less than {100 * verdict.margin:g} %" if verdict.small else words
    if verdict.conclusion == "equivalent":
        return f"{equivalent or 'no difference'}, to within {100 * verdict.margin:g} %"
    if verdict.conclusion == "unsupported":
        return BEYOND
    if verdict.conclusion == "uninformed":
        return "too few clusters or rows carry it, so nothing is said of a side"
    if verdict.conclusion == "unidentified":
        return f"{UNSETTLED}: they identify an interval only, and it holds both answers"
    if verdict.taken_back:
        return (
            f"{UNSETTLED}: there are few clusters, the interval is classical, and the wild cluster bootstrap does not "
            f"reject {format_number(verdict.null)} (p = {format_probability(verdict.p_value)})"
        )
    if not 0.0 < verdict.detectable < float("inf"):
        return UNSETTLED
    least = format_number(verdict.detectable, 2)
    return f"{UNSETTLED}, and a departure of less than {least} would probably not have been found"


def probability_words(p_value: float) -> str:
    """A p-value as it stands in brackets.

    Examples
    --------
    >>> probability_words(0.0123), probability_words(0.0001)
    ('p = 0.012', 'p < 0.001')
    """
    written = format_probability(p_value)
    return f"p < {written[1:]}" if written.startswith("<") else f"p = {written}"


def scale_words(verdict: Verdict, elasticity: float, of: str = "scale") -> str:
    """What a verdict on a ray elasticity means for economies of scale (of size, of density)."""
    if elasticity <= 0.0:
        return (
            f"cost would not rise with output, which no cost function allows, so nothing is said of {of}. Check the "
            "table and the card: cost must be a total and not a cost a head, and outputs must be volumes"
        )
    return verdict_words(verdict, f"economies of {of}", f"diseconomies of {of}", "constant returns")


def extrapolated(inside: NDArray[np.bool_]) -> str:
    """What a sentence about several places adds where some lie beyond the data; of a single one its verdict says so.

    Examples
    --------
    >>> extrapolated(np.array([True, False]))
    ' 1 of 2 places lies beyond the data: what is said there is what the form implies, not what providers show.'
    """
    count = int((~inside).sum())
    if not count or len(inside) == 1:
        return ""
    return (
        f" {count:,} of {len(inside):,} places {'lies' if count == 1 else 'lie'} beyond the data: what is said there "
        "is what the form implies, not what providers show."
    )


def no_cost(value: float) -> str:
    """What is wrong with a number that is no cost, as a sentence says it of fitted cost.

    Examples
    --------
    >>> no_cost(-2.5), no_cost(float("nan"))
    ('is not positive (−2.5)', 'is beyond all money, so far is this from the providers')
    """
    if value != value:
        return "is beyond all money, so far is this from the providers"
    if value < -LARGEST_SAID:
        return "is far below zero"
    return f"is not positive ({format_number(value)})"


def more_or_less(share: float, low: float, high: float) -> str:
    """A difference in cost as a sentence takes it, with the decimals of its interval.

    Examples
    --------
    >>> more_or_less(-0.0885, -0.2226, 0.0456)
    '9 % less'
    """
    direction = "less" if share < 0 else "more"
    if abs(share) > MOST_TIMES:
        return f"over {100 * MOST_TIMES:,.0f} % {direction}"
    return f"{beside_interval(100 * abs(share), 100 * low, 100 * high)} % {direction}"


def difference_words(row: Mapping[str, float] | pd.Series, level: float) -> tuple[str, str]:
    """A difference that is a share of cost, and its interval; or the two ends of one that is identified.

    Examples
    --------
    >>> difference_words({"estimate": -0.0885, "conf_low": -0.2226, "conf_high": 0.0456}, 0.95)
    ('9 % less', '95 % interval 22 % less to 5 % more')
    """
    low, high = float(row["conf_low"]), float(row["conf_high"])
    words = [more_or_less(end, low, high) for end in (low, high)]
    interval = f"{100 * level:g} % interval {words[0]} to {words[1]}"
    if low != low or high != high:
        interval = interval_in_words(low, high, level)
    if row["estimate"] == row["estimate"]:
        return more_or_less(float(row["estimate"]), low, high), interval
    ends = [more_or_less(float(row[name]), low, high) for name in INTERVAL_COLUMNS]
    return f"between {ends[0]} and {ends[1]}", f"{interval}, covering all of it"
