"""A measure: terms of the parameters at places, their nulls, and the sentence that they make.

Every measure of a cost function is asked in the same way, here and nowhere else: values and intervals are estimated,
at every reading of a fixed cost that data cannot place; rows without support are marked, rows without a cost blanked,
the verdict is passed by the one function, and the sentence and the notes are put with the table.
"""

from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, replace
from inspect import signature

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import COMMON, Reading, blank
from econmodel.economies.core.inference import Method, by_place, estimate, few_clusters_note, set_identified, tabulate
from econmodel.economies.core.places import CostFunction, Places, source_of, without_cost_there
from econmodel.economies.core.support import supported
from econmodel.errors import NotSupported
from econmodel.results import Effects, identified_in_words, interval_in_words, with_interval
from econmodel.verdict import Verdict, judge_row
from econmodel.words import at_words, extrapolated, verdict_words

Array = NDArray[np.float64]
Rows = NDArray[np.bool_]
# Whether `ask` is to take the difference between two places, instead of the value at each.
_CONTRASTED: ContextVar[bool] = ContextVar("_CONTRASTED", default=False)
DIFFERENCE = "Difference: "


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """One term of a measure at n places, or several terms that are computed together.

    Attributes
    ----------
    names : as in the table
    values : parameters (..., k), and a reading of the fixed cost, to values (..., n), term after term where several
    null : of each term, or of all
    readings : readings of the fixed cost that may differ, the one that holds where they do not first
    inside : (n,) or (terms x n,) whether the values rest on what providers show; by default whether the places do
    missing : (n,) places where the form gives no number, beside those without a positive cost
    reason : a sentence that says why, with the cure
    """

    names: str | Sequence[str]
    values: Callable[[Array, Reading], Array]
    null: float | Sequence[float] = np.nan
    readings: Sequence[Reading] = (COMMON,)
    inside: Rows | None = None
    missing: Rows | None = None
    reason: str = ""

    @property
    def several(self) -> list[str]:
        """The names as a list."""
        return [self.names] if isinstance(self.names, str) else list(self.names)


@dataclass(frozen=True, slots=True, eq=False)
class Estimated:
    """What a sentence is made from: the table, the places, and how intervals were made."""

    fit: CostFunction
    places: Places
    table: pd.DataFrame
    method: Method
    level: float

    @property
    def where(self) -> str:
        """The first place as a sentence names it."""
        return at_words(self.places.labels[0])

    def row(self, term: str) -> pd.Series:
        """A term at the first place."""
        return self.table[self.table["term"] == term].iloc[0]

    def words(self, term: str) -> str:
        """A term at the first place with its interval."""
        row = self.row(term)
        return with_interval(row["estimate"], row["conf_low"], row["conf_high"], self.level)

    def verdict(self, term: str, margin: float = 0.0) -> Verdict:
        """What the interval of a term at the first place allows one to say."""
        return verdict_of(self.fit, self.row(term), self.method, self.level, margin)


def verdict_of(
    fit: CostFunction, row: Mapping[str, float] | pd.Series, method: Method, level: float, margin: float = 0.0
) -> Verdict:
    """The verdict on a row of a table of effects of this fit."""
    return judge_row(row, level, margin=trusted(fit, method, margin), freedom=fit.freedom)


def trusted(fit: CostFunction, method: Method, margin: float) -> float:
    """The margin of equivalence: none where clusters are few, since an interval that is too narrow shows no absence."""
    return 0.0 if fit.wild and method == "delta" else margin


def ask(
    title: str,
    fit: CostFunction,
    places: Places,
    terms: Sequence[Term],
    says: Callable[[Estimated], str],
    *,
    notes: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
    tables: Mapping[str, pd.DataFrame] | None = None,
    method: Method = "delta",
    conf_level: float = 0.95,
    margin: float = 0.0,
    seed: int = 0,
) -> Effects:
    """The effects of a measure, place by place, its verdicts and its sentence at the first place."""
    if _CONTRASTED.get():
        return _contrasted(title, fit, places, terms, notes, labels or {}, method, conf_level, margin, seed)
    n = len(places.labels)
    # Of a single place whose terms all say what they rest on, nobody asks.
    asked = n > 1 or any(term.inside is None for term in terms)
    inside = supported(fit, places) if asked else np.ones(1, dtype=bool)
    bad, fault = without_cost_there(fit, places)
    several, reasons = [], {fault: None} if fault else {}
    for term in terms:
        rows, reason = _rows(fit, places, term, inside, bad, method, conf_level, seed)
        several.append(rows)
        if reason and not bad.all():
            reasons[reason] = None
    table = by_place(pd.concat(several), n)
    first = terms[0]
    gone = bad[0] or (first.missing is not None and first.missing[0])
    text = (first.reason or fault) if gone else says(Estimated(fit, places, table, method, conf_level))
    text += extrapolated(inside)
    every = [*(reason for reason in reasons if reason not in text), *notes, *few_clusters_note(fit, method)]
    return Effects(
        title, table, text, labels or {}, tuple(every), tables or {}, method=method, conf_level=conf_level,
        margin=trusted(fit, method, margin), source=source_of(fit),
    )  # fmt: skip


def _rows(
    fit: CostFunction,
    places: Places,
    term: Term,
    inside: Rows,
    bad: Rows,
    method: Method,
    level: float,
    seed: int,
) -> tuple[pd.DataFrame, str]:
    """The rows of a term (or of several that are computed together), and why some of them are missing."""
    n, count = len(inside), len(term.several)
    nulls = np.repeat(np.broadcast_to(np.asarray(term.null, dtype=float), count), n).tolist()

    def at(reading: Reading):  # type: ignore[no-untyped-def]
        def values(theta: Array) -> Array:
            found = term.values(theta, reading)
            return np.broadcast_to(found, (*theta.shape[:-1], count * n))

        return estimate(fit, values, nulls, method=method, conf_level=level, seed=seed)

    estimates = [at(reading) for reading in term.readings]
    seen = inside if term.inside is None else term.inside
    table = tabulate(
        [name for name in term.several for _ in range(n)], [*places.labels] * count, estimates[0],
        np.tile(seen, count * n // len(seen)),
    )  # fmt: skip
    if len(estimates) > 1:
        table = set_identified(table, estimates)
    missing = bad if term.missing is None else bad | term.missing
    return blank(table, np.tile(missing, count)), term.reason if missing[~bad].any() else ""


def contrast(measure: Callable[..., Effects], fit: CostFunction, a: object, b: object, **settings: object) -> Effects:
    """How much every term of a measure differs between two places, with the interval of the difference.

    Both places rest on the same estimates, so their intervals cannot be compared: this takes the covariance of the two
    into account.

    Parameters
    ----------
    measure : a measure of places, such as `econmodel.scale`
    a, b : one place each, as in `econmodel.scale`
    settings : further arguments of the measure (`method`, `conf_level`, `seed`, ...)

    Returns
    -------
    Effects
        The measure's terms, each as its value at b less that at a; null 0. What is identified up to an interval is so
        here too.

    Raises
    ------
    NotSupported
        For what is no measure of places; or where a or b is more than one place.

    Notes
    -----
    Delta method on the difference (Oehlert, 1992), or the same draws at both places.

    Examples
    --------
    >>> from econmodel.economies.scale import scale
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> power = fit(load("electricity_1970"), form="translog")
    >>> difference = contrast(scale, power, "p25", "p75").row("ray elasticity")["estimate"]
    >>> each = [scale(power, at).row("ray elasticity")["estimate"] for at in ("p25", "p75")]
    >>> bool(abs(difference - (each[1] - each[0])) < 1e-12)
    True
    """
    name = getattr(measure, "__name__", repr(measure))
    no_measure = f"{name} is no measure of places, so it has no difference between two: em.scale has."
    if not callable(measure) or "at" not in signature(measure).parameters:
        raise NotSupported(no_measure)
    token = _CONTRASTED.set(True)
    try:
        result = measure(fit, at=[a, b], **settings)
    finally:
        _CONTRASTED.reset(token)
    if not isinstance(result, Effects) or not result.title.startswith(DIFFERENCE):
        raise NotSupported(no_measure)
    return result


def _contrasted(
    title: str,
    fit: CostFunction,
    places: Places,
    terms: Sequence[Term],
    notes: Sequence[str],
    labels: Mapping[str, str],
    method: Method,
    level: float,
    margin: float,
    seed: int,
) -> Effects:
    if len(places.labels) != 2:
        raise NotSupported(f"A difference is one between two places, and these are {len(places.labels)}.")
    first, second = map(at_words, places.labels)
    here = replace(places, labels=(f"{places.labels[1]} less {places.labels[0]}",))
    inside, (bad, fault) = supported(fit, places), without_cost_there(fit, places)
    several, reasons = [], dict.fromkeys([fault] if fault else [])
    for term in terms:
        seen = np.asarray((inside if term.inside is None else term.inside).reshape(-1, 2).all(axis=1))
        missing = np.asarray((bad if term.missing is None else bad | term.missing).any(keepdims=True))
        one = replace(term, values=_difference(term), null=0.0, inside=seen, missing=None)
        several.append(_rows(fit, here, one, seen, missing, method, level, seed)[0])
        reasons |= dict.fromkeys([term.reason] if term.reason and missing[0] else [])
    estimated = Estimated(fit, here, pd.concat(several).reset_index(drop=True), method, level)
    name = terms[0].several[0]
    row, text = estimated.row(name), " ".join(reasons)
    if row["conf_low"] == row["conf_low"]:
        verdict = verdict_words(
            estimated.verdict(name, margin), f"it is lower at {second}", f"it is higher at {second}"
        )
        ends = identified_in_words(row) + f" ({interval_in_words(row['conf_low'], row['conf_high'], level)})"
        value = estimated.words(name) if row["estimate"] == row["estimate"] else ends
        text = f"From {first} to {second} the estimate of {labels.get(name, name)} differs by {value}: {verdict}."
        if row["conf_low"] == row["conf_high"] == 0.0:
            text = f"Between {first} and {second} the estimate of {labels.get(name, name)} cannot differ by this form."
    return Effects(
        DIFFERENCE + title, estimated.table, text, labels, (*notes, *few_clusters_note(fit, method)), method=method,
        conf_level=level, margin=trusted(fit, method, margin), source=source_of(fit),
    )  # fmt: skip


def _difference(term: Term) -> Callable[[Array, Reading], Array]:
    count = len(term.several)

    def values(theta: Array, reading: Reading) -> Array:
        both = np.broadcast_to(term.values(theta, reading), (*theta.shape[:-1], 2 * count))
        both = both.reshape(*theta.shape[:-1], count, 2)
        return both[..., 1] - both[..., 0]

    return values
