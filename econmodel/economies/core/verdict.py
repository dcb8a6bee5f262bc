"""What an interval allows one to say: a difference, its absence, or nothing.

"No economies" is claimed only where an equivalence test rejects every difference that matters (Schuirmann, 1987).
Otherwise a wide interval is no conclusion, and the smallest difference that such data would have
found is printed beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from econmodel.results import (
    INTERVAL_COLUMNS,
    MOST_TIMES,
    beside_interval,
    format_number,
    format_probability,
    interval_in_words,
)

# A departure of an elasticity from its null that would not change any decision about size.
MARGIN = 0.05
POWER = 0.8
NORMAL_FROM = 1e9


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of an estimate against its null.

    Attributes
    ----------
    conclusion : "below", "above", "equivalent" or "open"; "impossible" of an elasticity of cost that is not positive
    small : whether a difference was found that is surely within the margin
    detectable : the smallest difference that would be found with a chance of 80 %
    wild_p_value : the p-value that took a difference back, else missing
    """

    conclusion: Literal["below", "above", "equivalent", "open", "impossible"]
    small: bool
    detectable: float
    wild_p_value: float = float("nan")


def judge(
    low: float,
    high: float,
    error: float,
    null: float,
    freedom: float,
    *,
    margin: float = MARGIN,
    level: float = 0.95,
    wild_p_value: float = float("nan"),
    estimate: float = float("nan"),
) -> Verdict:
    """Judge an interval, as it is printed, against a null value.

    A wild cluster p-value, where there is one, overrules the classical interval: it can take a difference back. Where
    `estimate` is given it is an elasticity of cost by output, which no cost function has at or below zero.

    "equivalent" asks that the whole interval lies within the margin, which is stricter than two one-sided tests at the
    same level.

    Examples
    --------
    >>> judge(0.86, 0.94, 0.02, 1.0, 100).conclusion, judge(0.97, 1.01, 0.01, 1.0, 100).conclusion
    ('below', 'equivalent')
    >>> judge(0.55, 1.35, 0.2, 1.0, 100).conclusion
    'open'
    """
    from scipy.special import ndtri, stdtrit

    t = stdtrit(freedom, 0.5 + level / 2.0) if freedom < NORMAL_FROM else ndtri(0.5 + level / 2.0)
    detectable = float((t + ndtri(POWER)) * error)
    within = bool(low > null - margin and high < null + margin)
    if estimate <= 0.0:
        return Verdict("impossible", False, detectable)
    if wild_p_value > 1.0 - level:
        return Verdict("open", within, detectable, wild_p_value)
    if high < null:
        return Verdict("below", within, detectable)
    if low > null:
        return Verdict("above", within, detectable)
    return Verdict("equivalent" if within else "open", within, detectable)


def side(row: Mapping[str, float] | pd.Series, level: float) -> Literal["below", "above", "open"]:
    """On which side of its null a row of a table lies: its whole interval does, and its p-value agrees.

    The two differ where clusters are few: the interval is classical, and the wild cluster bootstrap has the last word.

    Examples
    --------
    >>> row = {"conf_low": 0.02, "conf_high": 0.65, "null": 0.0, "p_value": float("nan")}
    >>> side(row, 0.95), side(row | {"p_value": 0.413}, 0.95)
    ('above', 'open')
    """
    if row["p_value"] > 1.0 - level:
        return "open"
    if row["conf_high"] < row["null"]:
        return "below"
    return "above" if row["conf_low"] > row["null"] else "open"


def taken_back(row: Mapping[str, float] | pd.Series) -> str:
    """Why a row whose interval excludes its null gives no verdict; nothing where its interval does not."""
    if row["conf_low"] <= row["null"] <= row["conf_high"]:
        return ""
    return (
        "no conclusion: there are few clusters, the interval is classical, and the wild cluster bootstrap does not "
        f"reject {format_number(row['null'])} (p = {format_probability(row['p_value'])})"
    )


def at_words(label: str) -> str:
    """A place as it reads in a sentence: "the mean", "pupils 300"."""
    return f"the {label}" if label in ("mean", "median") else label


def scale_words(verdict: Verdict, *, margin: float = MARGIN) -> str:
    """What a verdict on a ray elasticity means for economies of scale."""
    if verdict.conclusion == "impossible":
        return (
            "cost would not rise with output, which no cost function allows, so nothing is said of scale. Check the "
            "table and the card: cost must be a total and not a cost a head, and outputs must be volumes"
        )
    within = f"less than {100 * margin:g} %"
    if verdict.conclusion == "below":
        return f"economies of scale{', but small: ' + within if verdict.small else ''}"
    if verdict.conclusion == "above":
        return f"diseconomies of scale{', but small: ' + within if verdict.small else ''}"
    if verdict.conclusion == "equivalent":
        return f"constant returns to within {100 * margin:g} %"
    if verdict.wild_p_value == verdict.wild_p_value:
        return (
            "no conclusion: there are few clusters, the interval is classical, and the wild cluster bootstrap does not "
            f"reject constant returns (p = {format_probability(verdict.wild_p_value)})"
        )
    if not verdict.detectable < float("inf"):
        return "no conclusion: there is no interval"
    return (
        "no conclusion: the interval holds both economies and diseconomies, and a departure from constant returns of "
        f"less than {format_number(verdict.detectable, 2)} would probably not have been found"
    )


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
