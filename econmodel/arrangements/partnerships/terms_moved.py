"""One number of an arrangement moved at a time: where another arrangement becomes the cheapest."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.partnerships.firms import Reading
from econmodel.arrangements.partnerships.joint_work import Comparison
from econmodel.arrangements.partnerships.switching import switches
from econmodel.arrangements.partnerships.terms import ARRANGEMENTS, MANDATED_PARTNER
from econmodel.errors import NotSupported, UnknownName
from econmodel.table.roles import nearest

Array = NDArray[np.float64]
LABELS = {
    "per_partner": "coordination, per partner but one",
    "per_pair": "coordination, per pair",
    "transaction_share": "transaction share, average",
    "fee": "fee of the subcontract",
    "every": "years between tenders",
    "kept": "trust kept at a tender",
    "decay": "decay of trust, a year",
    "one_off": "one-off cost of merging",
}
HIGHEST_FEE, MOST_YEARS = 0.99, 40.0
UNBOUNDED = ("per_partner", "per_pair", "one_off")
STEPS_DRAWN = 20
NOWHERE, ANY = "none", "any of these"
SAME_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Moved:
    """A number that can be moved: its label, its value, where it is searched, whether in whole steps."""

    name: str
    label: str
    now: float
    low: float
    high: float
    whole: bool = False


def movable(comparison: Comparison, ranges: Mapping[str, tuple[float, float]]) -> dict[str, Moved]:
    """What can be moved, and in which range: money up to the cost of the separate services, shares from 0 to 1."""
    terms, apart = comparison.terms, float(comparison.services(comparison.ways[0])[0])
    now = {
        "per_partner": (terms.per_partner, 0.0, max(apart, terms.per_partner)),
        "per_pair": (terms.per_pair, 0.0, max(apart, terms.per_pair)),
        "transaction_share": (terms.transactions.average, 0.0, terms.highest_transaction_share()),
        "fee": (terms.fee, 0.0, max(HIGHEST_FEE, terms.fee)),
        "every": (float(terms.trust.every), 1.0, max(MOST_YEARS, float(terms.trust.every))),
        "kept": (terms.trust.kept, 0.0, 1.0),
        "decay": (terms.trust.decay, 0.0, 1.0),
        "one_off": (terms.one_off, 0.0, max(apart / terms.a_year, terms.one_off)),
    }
    found = {name: Moved(name, LABELS[name], *values, whole=name == "every") for name, values in now.items()}
    found |= _relationships(comparison)
    unknown = [name for name in ranges if name not in found]
    if unknown:
        raise _unknown(unknown[0], found)
    for name, (low, high) in ranges.items():
        one = found[name]
        is_open = name in UNBOUNDED or name in comparison.function.technology.relationships
        floor = -np.inf if name in comparison.function.technology.relationships else one.low
        if not (floor <= low < high and (is_open or high <= one.high)):
            raise NotSupported(
                f"ranges: {name} cannot be moved from {low:g} to {high:g}. Give the lower end first, within "
                f"{one.low:g} to {one.high:g}."
            )
        found[name] = Moved(name, one.label, one.now, min(low, one.now), max(high, one.now), one.whole)
    return found


def _relationships(comparison: Comparison) -> dict[str, Moved]:
    """Relationship variables after a merger: among those of the providers, or up to twice the value."""
    technology = comparison.function.technology
    now = comparison.groups.merged.point.relationships[0]
    found = {}
    for place, name in enumerate(technology.relationships):
        if comparison.function.sample is None:
            seen = np.append(comparison.providers.point.relationships[:, place], now[place])
            ends = np.array([min(0.0, 2.0 * seen.min()), max(0.0, 2.0 * seen.max())])
        else:
            column = comparison.function.points().relationships[:, place]
            ends = np.array([min(column.min(), now[place]), max(column.max(), now[place])])
        values = np.array([now[place], *ends])
        values = np.exp(values) if technology.log_relationships[place] else values
        value, low, high = map(float, values)
        found[name] = Moved(name, f"{name.replace('_', ' ')} after merging", value, low, high)
    return found


def _unknown(name: str, found: Mapping[str, Moved]) -> UnknownName:
    return UnknownName(f"{name!r} is not a number to move{nearest(name, found) or '.'} There are {', '.join(found)}.")


def _costs(comparison: Comparison, name: str, way: Reading, of: Sequence[int]) -> Callable[[float], Array]:
    """Costs of some of the arrangements as one number moves."""
    of, services, terms = list(of), comparison.services(way), comparison.terms
    if name in comparison.function.technology.relationships:
        return lambda value: terms.totals(comparison.merged_with(services, way, {name: value}))[of]
    return lambda value: terms.moved(name, value).totals(services)[of]


def switching_table(comparison: Comparison, ranges: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """How far each number must move before another arrangement is the cheapest; one row a switch, or one for none."""
    usable = [place for place, name in enumerate(ARRANGEMENTS) if name != MANDATED_PARTNER]
    usable = [place for place in usable if not comparison.faults[place]]
    rows = []
    for way in comparison.ways if len(usable) > 1 else []:
        for one in movable(comparison, ranges).values():
            costs = _costs(comparison, one.name, way, usable)
            present = ARRANGEMENTS[usable[int(costs(one.now).argmin())]]
            found = switches(costs, one.now, one.low, one.high, whole=one.whole)
            start = [one.label, way.words, one.now, present]
            ends = [one.low, one.high]
            rows += [[*start, switch.value, ARRANGEMENTS[usable[switch.to]], *ends] for switch in found]
            rows += [[*start, np.nan, NOWHERE, *ends]] * (not found)
    columns = ["what is moved", "fixed cost read as", "now", "cheapest now", "switches at", "to"]
    columns += ["searched from", "searched to"]
    table = pd.DataFrame(rows, columns=columns)
    if len(comparison.ways) == 1:
        return table.drop(columns="fixed cost read as")
    return _told_once(table, len(comparison.ways))


def _told_once(table: pd.DataFrame, ways: int) -> pd.DataFrame:
    """Rows that are the same for several readings of a fixed cost stand once, with the names of these readings."""
    digits = table["switches at"].map(lambda value: f"{value:.{SAME_DIGITS}g}")
    keys = [table["what is moved"], table["cheapest now"], table["to"], digits]
    words = table.groupby(keys, sort=False)["fixed cost read as"].transform(
        lambda said: ANY if len(said) == ways else " or ".join(said)
    )
    table = table.assign(**{"fixed cost read as": words})
    return table[~pd.concat(keys, axis=1).duplicated()].reset_index(drop=True)


def costs_along(comparison: Comparison, name: str, ranges: Mapping[str, tuple[float, float]]) -> pd.DataFrame:
    """Costs of the arrangements as one number moves over its range, one row a value; "now" marks where it stands."""
    known = movable(comparison, ranges)
    if name not in known:
        raise _unknown(name, known)
    one = known[name]
    grid = np.arange(one.low, one.high + 1.0) if one.whole else np.linspace(one.low, one.high, STEPS_DRAWN + 1)
    grid = np.unique(np.append(grid, one.now))
    costs = _costs(comparison, name, comparison.ways[0], range(len(ARRANGEMENTS)))
    found = np.stack([costs(float(value)) for value in grid])
    found[:, [bool(fault) for fault in comparison.faults]] = np.nan
    table = pd.DataFrame({one.label: grid, "now": grid == one.now})
    return table.assign(**dict(zip(ARRANGEMENTS, found.T, strict=True)))
