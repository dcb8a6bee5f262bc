"""Arrangements side by side: what each costs, at every reading of a fixed cost; what would switch the choice; words.

An arrangement is compared by naming its amounts once, as functions of the parameters. All else is the same for every
comparison, and here: estimates that cover both ends of what is identified, the values of single numbers at which
another arrangement becomes the cheapest, the source of every number, and the notes that go with them.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import COMMON, Reading, blank
from econmodel.economies.core.inference import (
    Estimates,
    Method,
    estimate,
    few_clusters_note,
    set_identified,
    tabulate,
)
from econmodel.economies.core.places import CostFunction
from econmodel.estimate.fit import Fit
from econmodel.results import Effects, format_number, identified_in_words, interval_in_words, with_interval
from econmodel.words import listed, no_cost

Array = NDArray[np.float64]
# Of what is the same by construction, draws know no error but rounding.
ROUNDING = 1e-14
# Steps of the search on either side: a change that is undone within a hundredth of it is not seen.
STEPS = 100
NOWHERE, ANY = "none", "any of these"
SAME_DIGITS = 9
GIVEN = "given"


def smearing(fit: CostFunction) -> float:
    """What the exponential of fitted log cost is multiplied by to be mean cost; one for stated or additive costs.

    The mean of the exponentials of the residuals (Duan, 1983).

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> smearing(state("cobb_douglas", {"visits": 0.8}, outputs={"visits": 100}))
    1.0
    """
    if not isinstance(fit, Fit) or fit.design.additive:
        return 1.0
    return float(np.exp(fit.resid.to_numpy()).mean())


def smearing_note(factor: float) -> list[str]:
    """What the factor does to money, where it does something."""
    if factor == 1.0:
        return []
    return [
        f"Money is mean cost: fitted cost times {format_number(factor)}, the mean of exp(residual) (Duan, 1983), which "
        "the intervals take as given."
    ]


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Amounts of arrangements that are compared: costs, differences, ratios.

    Attributes
    ----------
    fit : the cost function
    amounts : parameters (..., k) and a reading of the fixed cost to amounts (...,) by name, in the table's order
    nulls : of the amounts that are held against a value; costs are not
    readings : of a fixed cost that data cannot place, the common one first
    factor : mean cost over fitted cost, by which costs were multiplied to be money
    """

    fit: CostFunction
    amounts: Callable[[Array, Reading], Mapping[str, Array]]
    nulls: Mapping[str, float]
    readings: Sequence[Reading]
    factor: float

    def now(self, reading: Reading = COMMON) -> dict[str, float]:
        """All amounts as estimated."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return {name: float(value) for name, value in self.amounts(self.fit.theta, reading).items()}

    def table(
        self,
        where: str,
        inside: Mapping[str, bool],
        missing: Collection[str] = (),
        *,
        method: Method,
        conf_level: float,
        seed: int,
    ) -> pd.DataFrame:
        """Amounts with intervals, and with both ends where readings of the fixed cost differ.

        Parameters
        ----------
        where : what all rows have as their place
        inside : amount -> whether it rests on what providers show
        missing : amounts that have no number
        """
        names = list(self.now())

        def at(reading: Reading) -> Estimates:
            def values(theta: Array) -> Array:
                return np.stack(np.broadcast_arrays(*self.amounts(theta, reading).values()), axis=-1)

            nulls = [self.nulls.get(name, np.nan) for name in names]
            return estimate(self.fit, values, nulls, method=method, conf_level=conf_level, seed=seed)

        estimates = [at(reading) for reading in self.readings]
        table = tabulate(names, [where] * len(names), estimates[0], [inside[name] for name in names])
        table = set_identified(table, estimates)
        table.loc[table["std_error"] < ROUNDING, "std_error"] = 0.0
        return blank(table, np.array([name in missing for name in names]))

    def notes(self, method: Method) -> list[str]:
        """What a reader must know of the money, of what is not identified, and of the intervals."""
        notes = smearing_note(self.factor)
        outputs = [self.fit.technology.outputs[one.output] for one in self.readings if one.output is not None]
        if outputs and self.fit.sample is not None:
            columns = self.fit.sample.rows.columns
            all_make = not any((columns[name] == 0).any() for name in outputs)
            where = "everyone makes" if all_make else "too few providers are without"
            own = "its own fixed cost" if len(outputs) == 1 else "their own fixed costs"
            notes.append(
                f"Where {where} {listed(outputs)}, {own} cannot be told from the common one: only intervals are "
                "identified."
            )
        if self.fit.sample is None:
            notes.append("The cost function is stated, not estimated: nothing here has an interval of sampling.")
        return [*notes, *few_clusters_note(self.fit, method)]


def without_cost(costs: Iterable[tuple[str, float]], cure: str = "no number is given. Share less") -> str:
    """A sentence on the first organisation that the form gives no positive cost, or nothing."""
    who, cost = next(((who, cost) for who, cost in costs if not cost > 0), ("", 1.0))
    if not who:
        return ""
    return (
        f"The fitted cost of {who} {no_cost(float(cost))}: {cure}, or fit fewer second-order terms "
        '(second_order="outputs" or "none").'
    )


def amount(effects: Effects, term: str, turned: bool = False) -> str:
    """A term in words: its estimate with the interval there is, or the interval that is identified.

    Parameters
    ----------
    turned : whether the words are of what is saved, where the term is what is lost, or the other way round
    """
    row = effects.row(term)
    numbers = ["estimate", "conf_low", "conf_high", "identified_low", "identified_high"]
    value, low, high, start, end = (-float(row[name]) if turned else float(row[name]) for name in numbers)
    low, high, start, end = (high, low, end, start) if turned else (low, high, start, end)
    if value == value:
        return format_number(value) if low == high else with_interval(value, low, high, effects.conf_level)
    words = identified_in_words({"identified_low": start, "identified_high": end, "conf_low": low, "conf_high": high})
    return words if (start, end) == (low, high) else f"{words} ({interval_in_words(low, high, effects.conf_level)})"


def sources(rows: Iterable[tuple[str, float, str]]) -> pd.DataFrame:
    """Every number that entered beside the cost function, with its source, or that it is an assumption."""
    return pd.DataFrame(list(rows), columns=["number", "value", "source"])


def source(value: object, default: object, of_default: str) -> str:
    """Where a number comes from that has a default with a source of its own."""
    return of_default if value == default else GIVEN


def field_of(record: Any, path: str) -> Any:
    """What a record of records has at a path: "trust.every"."""
    return reduce(getattr, path.split("."), record)


def varied(record: Any, value: float, *paths: str) -> Any:
    """A frozen record of frozen records with another value at each of some paths.

    Examples
    --------
    >>> from econmodel.arrangements.trust import Transactions
    >>> varied(Transactions(), 0.5, "base.growth").base.growth
    0.5
    """
    for path in paths:
        first, _, rest = path.partition(".")
        record = replace(record, **{first: varied(getattr(record, first), value, rest) if rest else value})
    return record


@dataclass(frozen=True, slots=True)
class Switch:
    """Where the cheapest arrangement changes next.

    Attributes
    ----------
    value : of the number that was moved
    to : place of the arrangement that is cheapest beyond
    """

    value: float
    to: int


def switches(
    costs: Callable[[float], Array], base: float, low: float, high: float, *, whole: bool = False
) -> list[Switch]:
    """The nearest switching value below `base` and the nearest above, where there are such.

    Parameters
    ----------
    costs : number -> costs of the arrangements (q,)
    low, high : the range that is searched; it holds `base`
    whole : the number moves in whole steps; the value is then the first at which another arrangement is cheapest

    Examples
    --------
    >>> [(round(one.value, 6), one.to) for one in switches(lambda x: np.array([1.0, 0.5 + x]), 0.0, 0.0, 2.0)]
    [(0.5, 0)]
    """
    from scipy.optimize import brentq

    now = int(costs(base).argmin())

    def ahead(x: float) -> float:
        """How much cheaper the present choice is than the best other."""
        values = costs(x)
        return float(np.delete(values, now).min() - values[now])

    def first(end: float) -> Switch | None:
        """The first switch on the way from the base to an end of the range."""
        step = 1.0 if end > base else -1.0
        grid = np.arange(base, end + 0.5 * step, step) if whole else np.linspace(base, end, STEPS + 1)
        for start, stop in pairwise(map(float, grid)):
            if ahead(stop) < 0:
                root = stop if whole else brentq(ahead, start, stop, xtol=1e-14) if ahead(start) > 0 else start
                return Switch(float(root), int(costs(stop).argmin()))
        return None

    return [one for one in (first(end) for end in (low, high) if end != base) if one is not None]


@dataclass(frozen=True, slots=True)
class Moved:
    """A number that can be moved.

    Attributes
    ----------
    label : what it is
    now : its value
    low, high : where it is searched; the range holds its value
    costs : a value and a reading of the fixed cost to the costs of the arrangements (q,)
    whole : whether it moves in whole steps
    """

    label: str
    now: float
    low: float
    high: float
    costs: Callable[[float, Reading], Array]
    whole: bool = False


def switching_table(
    moved: Iterable[Moved], arrangements: Sequence[str], readings: Sequence[Reading], outputs: Sequence[str]
) -> pd.DataFrame:
    """How far each number must move before another arrangement is the cheapest; one row a switch, or one for none.

    A switch that is the same for several readings of the fixed cost has one row, with the names of these readings.
    """
    rows = []
    for reading in readings:
        for one in moved:

            def costs(value: float, one: Moved = one, reading: Reading = reading) -> Array:
                return one.costs(value, reading)

            start = [one.label, reading.words(outputs), one.now, arrangements[int(costs(one.now).argmin())]]
            ends = [
                (switch.value, arrangements[switch.to])
                for switch in switches(costs, one.now, one.low, one.high, whole=one.whole)
            ]
            rows += [[*start, *end, one.low, one.high] for end in ends or [(np.nan, NOWHERE)]]
    columns = ["number", "fixed_cost", "now", "cheapest", "switches_at", "to", "searched_from", "searched_to"]
    table = pd.DataFrame(rows, columns=columns)
    if len(readings) == 1:
        return table.assign(fixed_cost=None)
    digits = table["switches_at"].map(lambda value: f"{value:.{SAME_DIGITS}g}")
    keys = [table["number"], table["cheapest"], table["to"], digits]
    words = table.groupby(keys, sort=False)["fixed_cost"].transform(
        lambda names: ANY if len(names) == len(readings) else " or ".join(names)
    )
    return table.assign(fixed_cost=words)[~pd.concat(keys, axis=1).duplicated()].reset_index(drop=True)
