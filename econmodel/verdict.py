"""What an interval allows one to say: a difference, its absence, or nothing.

"No difference" is claimed only where the whole interval lies within a margin that would not matter (stricter than the
two one-sided tests of Schuirmann, 1987). Otherwise a wide interval is no conclusion. Nothing else in the package turns
a number into a word for one side or the other.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.bool_]
Conclusion = Literal["below", "above", "equivalent", "open", "unsupported", "unidentified", "uninformed"]
# A departure of an elasticity from its null that would not change any decision about size.
MARGIN = 0.05
POWER = 0.8
ENDS, P_FLOOR = ("identified_low", "identified_high"), "p_floor"
NORMAL_FROM = 1e9


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of an estimate against its null.

    Attributes
    ----------
    conclusion : "below" or "above" the null; "equivalent" to it within the margin; "open" where the interval holds the
        null, or another method takes a difference back; "unsupported" beyond the data; "unidentified" where an interval
        is all there is and it holds both answers; "uninformed" where too few clusters or rows carry it
    null : what it was held against
    margin : the departure that would not matter
    small : whether a difference was found that is surely within the margin
    taken_back : whether the interval excludes the null, and the p-value of another method does not reject it
    p_value : that p-value
    detectable : the smallest difference that would be found with a chance of 80 %
    """

    conclusion: Conclusion
    null: float
    margin: float = 0.0
    small: bool = False
    taken_back: bool = False
    p_value: float = float("nan")
    detectable: float = float("nan")

    @property
    def differs(self) -> bool:
        """Whether there is a side."""
        return self.conclusion in ("below", "above")

    @property
    def holds(self) -> bool | None:
        """Whether the null holds: True within the margin, False where there is a side, None where neither is known."""
        return True if self.conclusion == "equivalent" else False if self.differs else None


def judge(
    low: float,
    high: float,
    null: float,
    *,
    margin: float = 0.0,
    p_value: float = float("nan"),
    level: float = 0.95,
    supported: bool = True,
    identified: tuple[float, float] | None = None,
    informed: bool = True,
    error: float = float("nan"),
    freedom: float = float("inf"),
) -> Verdict:
    """Judge an interval, as it is printed, against a null value.

    Parameters
    ----------
    low, high : ends of the interval
    margin : departure that would not matter; zero where every difference matters, or the interval is not trusted
    p_value : of the same null. Where it comes from another method than the interval (the wild cluster bootstrap, where
        clusters are few) it can take a difference back, and never makes one
    supported : whether the estimate lies among the data
    identified : the ends of an identified interval, where that is all there is
    informed : whether enough clusters and rows carry the estimate
    error, freedom : for the smallest difference that would have been found

    Examples
    --------
    >>> judge(0.86, 0.94, 1.0).conclusion, judge(0.97, 1.01, 1.0, margin=0.05).conclusion
    ('below', 'equivalent')
    >>> judge(0.55, 1.35, 1.0).conclusion, judge(0.86, 0.94, 1.0, p_value=0.2).taken_back
    ('open', True)
    """
    from scipy.special import ndtri, stdtrit

    t = stdtrit(freedom, 0.5 + level / 2.0) if freedom < NORMAL_FROM else ndtri(0.5 + level / 2.0)
    outside, within = high < null or low > null, low > null - margin and high < null + margin
    ends = identified or (np.nan, np.nan)
    numbers = np.array([low, high, null, p_value, *ends], dtype=float)[:, None]
    row = (numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5])
    (conclusion,) = _conclude(*row, np.array([supported]), level, margin)
    if not informed:
        conclusion = "uninformed"
    return Verdict(
        conclusion or "open", null, margin, bool(within), bool(outside and p_value > 1.0 - level), p_value,
        float((t + ndtri(POWER)) * error),
    )  # fmt: skip


def judge_row(
    row: Mapping[str, float] | pd.Series, level: float, *, margin: float = 0.0, freedom: float = float("inf")
) -> Verdict:
    """The verdict on a row of a table of effects; margin and freedom as in `judge`.

    A p-value from replications comes from the same draws as the interval: it takes nothing back, but too few of them
    settle nothing.

    Examples
    --------
    >>> row = {"conf_low": 0.02, "conf_high": 0.65, "null": 0.0, "p_value": float("nan"), "supported": True}
    >>> judge_row(row, 0.95).conclusion, judge_row(row | {"supported": False}, 0.95).conclusion
    ('above', 'unsupported')
    """
    ends = (float(row.get(ENDS[0], np.nan)), float(row.get(ENDS[1], np.nan)))
    verdict = judge(
        float(row["conf_low"]), float(row["conf_high"]), float(row["null"]),
        margin=margin, p_value=float(row["p_value"]), level=level, supported=bool(row.get("supported", True)),
        identified=None if np.isnan(ends).any() else ends, error=float(row.get("std_error", np.nan)), freedom=freedom,
    )  # fmt: skip
    return replace(verdict, taken_back=False) if row.get(P_FLOOR, 0.0) > 0.0 else verdict


def conclusions(table: pd.DataFrame, level: float, margin: float = 0.0) -> NDArray[np.object_]:
    """The conclusion on every row of a table of effects; None where a row has no null or no interval.

    Examples
    --------
    >>> rows = {"conf_low": [0.8, 0.9], "conf_high": [0.9, 1.2], "null": 1.0, "p_value": np.nan, "supported": True}
    >>> conclusions(pd.DataFrame(rows), 0.95).tolist()
    ['below', 'open']
    """
    low, high, null, p_value, first, last = (
        table[name].to_numpy(dtype=float) if name in table else np.full(len(table), np.nan)
        for name in ("conf_low", "conf_high", "null", "p_value", *ENDS)
    )
    supported = table["supported"].to_numpy(dtype=bool) if "supported" in table else np.ones(len(table), dtype=bool)
    return _conclude(low, high, null, p_value, first, last, supported, level, margin)


def _conclude(
    low: Array, high: Array, null: Array, p_value: Array, first: Array, last: Array, supported: Rows, level: float,
    margin: float,
) -> NDArray[np.object_]:  # fmt: skip
    """The one rule, for many rows at once; the first case that holds decides."""
    outside, rejected = (high < null) | (low > null), ~(p_value > 1.0 - level)
    cases: dict[str | None, Rows] = {
        None: np.isnan(low) | np.isnan(high) | np.isnan(null),
        "unidentified": (first <= null) & (null <= last) & ~outside,
        "unsupported": ~supported,
        "below": (high < null) & rejected,
        "above": (low > null) & rejected,
        "equivalent": (low > null - margin) & (high < null + margin) & ~outside,
    }
    verdicts = np.full(len(low), "open", dtype=object)
    for name, rows in reversed(cases.items()):
        verdicts[rows] = name
    return verdicts
