"""What published outcome rates say about effort and parking, and what they leave open: an identified set.

A rate is one number, and p0, p1 and k are three. So every (p0, p1, k) that gives the rate and respects what else is
known is kept, and only what holds for all of them is said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.payment import (
    Response,
    check_spread,
    check_worked_with,
    halved,
    price_share,
    relative_gain,
    relative_spending,
    spread_note,
)
from econmodel.arrangements.tariff import Tier, read_outcomes, read_share, read_tariff
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Table, format_number
from econmodel.table.roles import nearest
from econmodel.words import listed

Array = NDArray[np.float64]
# Steps from the lowest to the highest p0; both ends are among them, and the extremes lie at the ends.
STEPS = 201
# Least and greatest ln(k (p1 - p0) R) tried: nobody and everybody is worth the effort.
NOBODY, EVERYBODY = 1e-9, 40.0
DEVIATIONS = 8.0
MOST = 0.5
SET = "The set of responses that fit"
LABELS = {
    "added_by_effort_from": "added by effort, from",
    "added_by_effort_to": "added by effort, to",
    "multiple_to_unpark_at_most": "multiple to un-park at most",
    "wanted_multiple_from": "wanted multiple, from",
    "wanted_multiple_to": "wanted multiple, to",
}


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    """What is known of one group: price that reaches the provider, rate, ends of p0, and most that can be spent."""

    name: str
    price: float
    rate: float
    low: float
    high: float
    money: float
    times: float

    @property
    def fits(self) -> bool:
        """Whether any response gives the rate."""
        return self.low <= self.rate < 1.0


def explain_outcomes(
    tariff: pd.DataFrame,
    outcomes: Mapping[str, float],
    *,
    without: Mapping[str, float | tuple[float, float]] | None = None,
    spending_below: Mapping[str, float] | None = None,
    wanted: Mapping[str, float] | None = None,
    tiers: Sequence[Tier] = (),
    discount: float = 0.0,
    kept: float = 1.0,
    spread: float = 0.0,
    worked_with: float = 0.9,
) -> Table:
    """What outcome rates by payment group say about effort, parking and the price that would end it, and what not.

    Parameters
    ----------
    tariff : as in `econmodel.arrangements.supply_chain`
    outcomes : share of participants with an outcome, by group
    without : the share that would have had one without the provider's effort, or its lowest and highest value; by
        default anything from zero to the outcome rate
    spending_below : money paid for a participant by the commissioner; what of it reaches the provider is the most that
        is spent
    wanted : by what multiple the money paid for outcomes is to rise, by group
    tiers, discount, kept, spread, worked_with : as in `econmodel.arrangements.pay_by_results`

    Returns
    -------
    Table
        One row a group, with what holds for every (p0, p1, k) that fits: `revenue` (price times rate, for a
        participant), `spending_at_most`, `added_by_effort_from` and `_to` (outcome rate less p0), `parked_at_most`
        (share on whom nothing is spent), `multiple_to_unpark_at_most` (of the price, for `worked_with` of the group to
        be worth the effort; one where none is needed), and `wanted_multiple_from` and `_to` (of the price, for the
        money that is wanted). There is no least spending and no least parking: with a large enough k a little money
        does it. A group that no response fits has empty entries. The table of the set gives the ends of p0 and p1, and
        the least k.

    Raises
    ------
    TableError, UnknownName, NotSupported
        With what happened, and the cure.

    Notes
    -----
    The provider spends what pays best (see `econmodel.arrangements.pay_by_results`). Where all are alike p1 = p +
    1 / (k R), so that spending is at most R (1 - p) ln((1 - p0) / (1 - p)), which is below R (p - p0). Sets are of one
    group each: nothing ties the k of one group to that of another. On sets instead of points: Manski (2003), Partial
    Identification of Probability Distributions.

    Examples
    --------
    >>> from econmodel.table.shipped import figures
    >>> rates = {"JSA 25 and over": 0.317, "ESA ex-IB": 0.054}
    >>> answer = explain_outcomes(figures("work_programme_tariff"), rates)
    >>> bool((answer.table["spending_at_most"] < answer.table["revenue"]).all())
    True
    """
    rates = read_outcomes(outcomes)
    rows = read_tariff(tariff, list(rates))
    for what, given in (("without", without), ("spending_below", spending_below), ("wanted", wanted)):
        _check_groups(what, given, list(rates))
    share = price_share(tiers, discount)
    read_share(kept, "kept, the share of the sustainment payments that is earned,")
    check_spread(spread)
    check_worked_with(worked_with)
    prices, groups, sets = share * rows.price_of_an_outcome(kept), [], []
    for name, price, rate in zip(rates, prices, rates.values(), strict=True):
        low, high = _ends((without or {}).get(name, (0.0, rate)), name)
        limit = share * _positive((spending_below or {}).get(name, np.inf), f"spending_below[{name!r}]")
        times = _positive((wanted or {}).get(name, np.nan), f"wanted[{name!r}]")
        known = _Known(
            name, _positive(float(price), f"The price of an outcome of {name!r}"), rate, low, high, limit, times
        )
        slowest = _slowest(known, spread)
        groups.append(_row(known, slowest, worked_with))
        sets.append(_described(known, slowest))
    table, first = pd.DataFrame(groups), "Two of p0, p1 and k are not known for any group: these are bounds over all "
    notes = (f"{first}that fit, without a middle.", *spread_note(spread), *rows.notes())
    return Table(
        "What the outcome rates say", table, _text(table), labels=LABELS, notes=notes, tables={SET: pd.DataFrame(sets)}
    )


def _check_groups(what: str, given: Mapping | None, groups: list[str]) -> None:
    for name in given or {}:
        if name not in groups:
            raise UnknownName(
                f"{what} names {name!r}, which is not among the outcomes. These are of {', '.join(groups)}"
                f"{nearest(name, groups)}"
            )


def _ends(given: float | tuple[float, float], name: str) -> tuple[float, float]:
    low, high = given if isinstance(given, tuple) else (given, given)
    low, high = (read_share(end, f"without[{name!r}]") for end in (low, high))
    if low > high:
        raise NotSupported(f"without[{name!r}] runs from {low:g} to {high:g}: give the lower end first.")
    return low, high


def _positive(value: float, what: str) -> float:
    if value <= 0:
        raise NotSupported(f"{what} is {value:g}: give a number above zero, or leave the group out.")
    return float(value)


def _slowest(known: _Known, spread: float) -> Response:
    """For each p0 the slowest response that gives the rate: the least k, and so the most spending and parking.

    With v = ln(k (p1 - p0) R), p1 - p0 = (p - p0) / gain(v) and spending is R (p - p0) times a falling function of v.
    So the slowest is the least v for which p1 <= 1 and the money suffices.
    """
    if not known.fits:
        return Response(np.empty(0), np.empty(0), np.empty(0), spread)
    p0 = np.linspace(known.low, min(known.high, known.rate), STEPS)
    gained = known.rate - p0

    def is_possible(edge: Array) -> Array:
        gain, spent = relative_gain(edge, spread), known.price * gained * relative_spending(edge, spread)
        return np.asarray((gained <= (1.0 - p0) * gain) & (spent <= known.money * gain))

    low = np.full(STEPS, NOBODY if spread == 0 else -DEVIATIONS * spread)
    edge = halved(is_possible, low, np.full(STEPS, EVERYBODY + DEVIATIONS * spread))[1]
    reach = gained / relative_gain(edge, spread)
    with np.errstate(divide="ignore"):
        return Response(p0, p0 + reach, np.exp(edge) / (known.price * reach), spread)


def _row(known: _Known, slowest: Response, worked_with: float) -> dict[str, object]:
    row: dict[str, object] = {
        "group": known.name,
        "price": known.price,
        "outcomes": known.rate,
        "revenue": known.price * known.rate,
    }
    if not known.fits:
        return row | dict.fromkeys(("spending_at_most", "parked_at_most", "multiple_to_unpark_at_most"), np.nan)
    some = slowest.reach > 0
    by_itself = known.high >= known.rate
    able = Response(slowest.without[some], slowest.most[some], slowest.speed[some], slowest.spread)
    price, none = known.price, not some.any()
    times = able.price_to_work_with(worked_with) / price
    least = 1.0 if none else float(_price_multiple(able, known).min())
    return row | {
        "spending_at_most": 0.0 if none else float(able.spending(price).max()),
        "added_by_effort_from": known.rate - min(known.high, known.rate),
        "added_by_effort_to": known.rate - known.low,
        "parked_at_most": 1.0 if by_itself else float(able.parked(price).max()),
        "multiple_to_unpark_at_most": np.inf if by_itself else max(float(times.max()), 1.0),
        "wanted_multiple_from": min(least, known.times),
        "wanted_multiple_to": known.times,
    }


def _price_multiple(fits: Response, known: _Known) -> Array:
    """By how much the price has to rise for the money paid for outcomes to rise `times`."""
    if not known.times > 1:
        return np.full_like(fits.without, known.times)

    def is_enough(multiple: Array) -> Array:
        return np.asarray(multiple * fits.outcomes(multiple * known.price) >= known.times * known.rate)

    low, high = halved(is_enough, np.ones_like(fits.without), np.full_like(fits.without, known.times))
    return (low + high) / 2


def _described(known: _Known, slowest: Response) -> dict[str, object]:
    if not known.fits:
        return {"group": known.name} | dict.fromkeys(("p0_from", "p0_to", "p1_above", "p1_to", "k_from"), np.nan)
    return {
        "group": known.name,
        "p0_from": slowest.without[0],
        "p0_to": slowest.without[-1],
        "p1_above": known.rate,
        "p1_to": slowest.most.max(),
        "k_from": slowest.speed.min(),
    }


def _text(table: pd.DataFrame) -> str:
    none = table.loc[table["spending_at_most"].isna(), "group"].tolist()
    known = table.dropna(subset="spending_at_most")
    text = ""
    if len(known):
        parts = [f"{format_number(one['spending_at_most'], 3)} on {one['group']}" for _, one in known.iterrows()]
        text = "Whatever response fits the outcome rates, payment for outcomes makes it worth spending at most "
        text += f"{listed(parts)}, for a participant."
        unsure = known.loc[known["parked_at_most"] >= MOST, "group"].tolist()
        sure = known.loc[known["parked_at_most"] < MOST, "group"].tolist()
        if unsure:
            text += f" Whether most of {listed(unsure)} are parked cannot be told from these figures."
        if sure:
            text += f" Most of {listed(sure)} are not parked."
    if none:
        text += f" No response fits {listed(none)}, where fewer had an outcome than are said to have had one anyway."
    return text.strip()
