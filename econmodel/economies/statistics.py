"""What a test rests on and what it says: Wald, likelihood ratio, two one-sided tests, and the record of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotIdentified, NotSupported
from econmodel.results import Check, format_number
from econmodel.verdict import judge
from econmodel.words import probability_words

Array = NDArray[np.float64]
# A combination of restrictions whose variance is this small beside theirs is rounding.
NO_VARIANCE = 1e-12


@dataclass(frozen=True, slots=True)
class Joint:
    """A test statistic with its degrees of freedom and p-value.

    Attributes
    ----------
    kind : "F" (freedom finite), "chi-square", or what else the p-value rests on
    value : the statistic
    count : number of restrictions
    freedom : degrees of freedom of the error; infinite for a chi-square
    p_value : chance of a statistic this large under the null
    """

    kind: str
    value: float
    count: int
    freedom: float
    p_value: float

    def words(self) -> str:
        """The statistic and its p-value as they stand in brackets."""
        p_words = probability_words(self.p_value)
        if self.kind == "F":
            return f"F({self.count}, {format_number(self.freedom)}) = {format_number(self.value)}, {p_words}"
        if self.kind == "chi-square":
            return f"chi-square({self.count}) = {format_number(self.value)}, {p_words}"
        if self.kind == "t squared":
            return p_words
        restrictions = f" of {self.count} restrictions" if self.count > 1 else ""
        return f"{p_words}, {self.kind}{restrictions}"

    def table(self) -> pd.DataFrame:
        """The statistic in one row."""
        freedom = self.freedom if np.isfinite(self.freedom) else np.nan
        row = {
            "test": self.kind, "statistic": self.value, "restrictions": self.count, "degrees_of_freedom": freedom,
            "p_value": self.p_value,
        }  # fmt: skip
        return pd.DataFrame([row])


def wald(differences: Array, covariance: Array, freedom: float) -> Joint:
    """The Wald test that all differences (q,) are zero, in its F form where degrees of freedom are finite.

    Raises
    ------
    NotIdentified
        Where the covariance (q, q) has no full rank: some restriction follows from the others, or there are fewer
        clusters than restrictions.

    Examples
    --------
    >>> joint = wald(np.array([2.0]), np.array([[1.0]]), 100.0)
    >>> joint.value, round(joint.p_value, 4)
    (4.0, 0.0482)
    """
    from scipy.special import fdtrc

    count = len(differences)
    scale = np.sqrt(np.diag(covariance))
    scaled = covariance / np.outer(scale, scale)
    if np.linalg.eigvalsh(scaled)[0] < NO_VARIANCE * count:
        raise NotIdentified(
            f"The {count} restrictions cannot be tested together: some follow from the others, or there are fewer "
            "clusters than restrictions. Test fewer of them at once (of=..., fewer places), or choose another "
            'covariance (cov_type="HC3").'
        )
    value = float(differences / scale @ np.linalg.solve(scaled, differences / scale))
    if not np.isfinite(freedom):
        return chi_square(value, count)
    return Joint("F", value / count, count, freedom, float(fdtrc(count, freedom, value / count)))


def chi_square(value: float, count: int) -> Joint:
    """A statistic that is chi-square with so many degrees of freedom under the null."""
    from scipy.special import chdtrc

    return Joint("chi-square", value, count, float("inf"), float(chdtrc(count, value)))


def two_sided(statistics: Array, freedom: float) -> Array:
    """Two-sided p-values of t statistics; of a normal where degrees of freedom are infinite."""
    from scipy.special import ndtr, stdtr

    tails = stdtr(freedom, -np.abs(statistics)) if np.isfinite(freedom) else ndtr(-np.abs(statistics))
    return np.asarray(2.0 * tails)


@dataclass(frozen=True, slots=True)
class OneSided:
    """Two one-sided tests of an estimate against the ends of a margin around its null (Schuirmann, 1987).

    Attributes
    ----------
    margin : the largest difference that would not matter
    lower : p-value of "the difference is minus the margin, or below"
    upper : p-value of "the difference is the margin, or above"
    shown : whether both reject at half the error that the interval allows, which is when it lies within the margin
    large : whether the whole interval lies beyond the margin
    detectable : the smallest difference that would have been found with a chance of 80 %
    """

    margin: float
    lower: float
    upper: float
    shown: bool
    large: bool
    detectable: float

    def table(self, null: float) -> pd.DataFrame:
        """The two tests and the smallest difference that would have been found."""
        rows = [("at or below", null - self.margin, self.lower), ("at or above", null + self.margin, self.upper)]
        table = pd.DataFrame(rows, columns=["null", "value", "p_value"])
        return table.assign(detectable_difference=self.detectable)

    def words(self, level: float, rejected: bool) -> str:
        """What the two tests show of a difference that another test has rejected to be none, or has not."""
        within = f"less than {format_number(self.margin)}"
        each = f"two one-sided tests at {format_number(50 * (1 - level), 3)} % each"
        if self.shown:
            return f"the difference is {'small: ' if rejected else ''}{within} ({each})"
        if rejected and self.large:
            return f"the difference is more than {format_number(self.margin)}"
        if rejected:
            return f"that the difference is {within} is not shown ({each})"
        return (
            f"that the difference is {within} is not shown either ({each}), so there is no conclusion: one of less "
            f"than {format_number(self.detectable, 2)} would probably not have been found"
        )


def one_sided(
    estimate: tuple[float, float],
    error: float,
    null: float,
    freedom: float,
    margin: float,
    level: float,
    wild: tuple[float, float] | None = None,
) -> OneSided:
    """Two one-sided tests.

    Parameters
    ----------
    estimate : the estimate twice, or the ends of the interval that is identified
    wild : two-sided wild cluster p-values against the lower and the upper end of the margin, where there are such

    Examples
    --------
    >>> tests = one_sided((0.99, 0.99), 0.01, 1.0, 1000.0, 0.05, 0.95)
    >>> tests.shown, round(tests.lower, 5), round(tests.detectable, 3)
    (True, 3e-05, 0.028)
    """
    from scipy.special import ndtr, stdtr

    if not margin > 0:
        raise NotSupported(
            f"margin={margin} is no margin: give the largest difference that would not matter, above zero."
        )
    low, high = estimate[0] - (null - margin), (null + margin) - estimate[1]
    if wild is None:
        chance = ndtr if not np.isfinite(freedom) else partial(stdtr, freedom)
        lower, upper = float(chance(-low / error)), float(chance(-high / error))
    else:
        lower, upper = (p / 2 if gap > 0 else 1.0 - p / 2 for p, gap in zip(wild, (low, high), strict=True))
    tail = (1.0 - level) / 2.0
    shown, large = max(lower, upper) < tail, max(lower, upper) > 1.0 - tail
    detectable = judge(*estimate, null, margin=margin, level=level, error=error, freedom=freedom).detectable
    return OneSided(margin, lower, upper, shown, large, detectable)


def restriction_table(
    labels: Sequence[str], values: Array, errors: Array, p_values: Array, nulls: Array | float = 0.0
) -> pd.DataFrame:
    """A row a restriction (q,): what it is of, its estimate, null, standard error and own p-value."""
    columns = {"estimate": values, "null": nulls, "std_error": errors, "p_value": p_values}
    return pd.DataFrame({"term": list(labels)} | columns)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
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

    def check(self, level: float) -> Check:
        """The record of the test: its sentence, and the tables behind it."""
        title, labels = f"Test: {self.name}", {"term": "restriction"}
        if self.joint is None:
            text = f"In this form {self.null} by construction, so there is nothing to test."
            return Check(title, True, self.null, self.table, text, self.notes, labels=labels)
        tables = {"Test": self.joint.table()}
        rejected = bool(self.joint.p_value < 1.0 - level)
        passed: bool | None = not rejected
        verdict = f"{'Rejected' if rejected else 'Not rejected'} at {format_number(100 * (1 - level), 3)} %"
        text = f"{verdict}: {self.null} ({self.joint.words()}{self._estimate()})"
        if self.equivalence is None:
            text += "." if rejected else ". That is not evidence that it holds."
        else:
            tables["Equivalence"] = self.equivalence.table(float(self.table["null"].iloc[0]))
            passed = False if rejected else True if self.equivalence.shown else None
            text += f"; {self.equivalence.words(level, rejected)}."
        return Check(title, passed, self.null, self.table, text, self.notes, tables, labels)

    def _estimate(self) -> str:
        if len(self.table) != 1:
            return ""
        row = self.table.iloc[0]
        if row["estimate"] == row["estimate"]:
            return f"; {row['term']} {format_number(row['estimate'])}"
        low, high = format_number(row["identified_low"], 3), format_number(row["identified_high"], 3)
        return f"; {row['term']} between {low} and {high}"
