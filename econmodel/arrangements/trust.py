"""Trust between partners as a stock: built by contact, worn by time, thrown away at each re-tender.

What trust does to money is in the share of a contract's value that transactions take: high without trust, low with it;
so what tenders cost is in how often they come.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotSupported
from econmodel.results import Table

Array = NDArray[np.float64]
# Average over 72 contracts of 47 Danish municipalities (Petersen, Baekkeskov, Potoski and Brown, 2019).
TRANSACTION_SHARE = 0.027
# Procurement cost of the least trusted of the car makers studied over that of the most trusted (Dyer and Chu, 2003).
LEAST_OVER_MOST_TRUSTED = 5.0
# Of an imposed partnership, against one of choice: assumptions.
WEAR_IF_IMPOSED, SLOPE_IF_IMPOSED = 3.0, 0.5
ROUNDING = 1e-9
YEARS = (1, 2, 4, 8, 20)


@dataclass(frozen=True, slots=True)
class Cycle:
    """Trust over one cycle from tender to tender, once cycles repeat themselves.

    Attributes
    ----------
    start, mean, last : right after a tender, on average, and in the last year
    limit : what trust would grow to without tenders
    """

    start: float
    mean: float
    last: float
    limit: float


@dataclass(frozen=True, slots=True)
class Trust:
    """How trust grows, wears, and is reset: T' = T + growth (1 - T) - decay T, and kept x T at each re-tender.

    Every default is an assumption: no source estimates these rates for public services.

    Parameters
    ----------
    growth : share of the trust still missing that a year of working together builds, 0 to 1
    decay : share of the trust there is that a year wears away, 0 to 1
    kept : share of trust that survives a re-tender, 0 to 1
    every : whole years from one tender to the next
    open_tender : whether the last year before a tender is transacted without trust, since nobody can promise future
        work (Gil and Marion, 2013, find that past work lowers bids only where future work is expected)
    slope : how much of the saving by trust the partners get, 0 to 1; less than one where they did not choose each other

    Raises
    ------
    NotSupported
        For a rate outside 0 to 1, or tenders that are not whole years apart; the message names all that are.

    Examples
    --------
    >>> found = Trust(growth=0.5, decay=0.0, kept=0.0, every=2).cycle()
    >>> found.start, found.mean, found.last
    (0.0, 0.25, 0.5)
    >>> Trust(growth=-0.4)
    Traceback (most recent call last):
    econmodel.errors.NotSupported: Trust is a share between none and all: growth=-0.4 must be between 0 and 1.
    """

    growth: float = 0.3
    decay: float = 0.1
    kept: float = 0.5
    every: int = 4
    open_tender: bool = False
    slope: float = 1.0

    def __post_init__(self) -> None:
        shares = {name: getattr(self, name) for name in ("growth", "decay", "kept", "slope")}
        bad = [f"{name}={value:g}" for name, value in shares.items() if not 0.0 <= value <= 1.0]
        if bad:
            raise NotSupported(f"Trust is a share between none and all: {', '.join(bad)} must be between 0 and 1.")
        if not (self.every >= 1 and self.every == int(self.every)):
            raise NotSupported(
                f"every={self.every:g} is the number of years from one tender to the next: give a whole number, "
                "at least one."
            )

    def cycle(self) -> Cycle:
        """Trust over the cycle in closed form.

        With T* = growth / (growth + decay), f = 1 - growth - decay and N years between tenders, the cycle starts at
        T0 = kept T* (1 - f^N) / (1 - kept f^N) and has the mean T* + (T0 - T*) (1 - f^N) / (N (1 - f)); (1 - f^N) over
        (1 - f) is added up term by term, which loses no digits. Where nothing builds trust there is none.
        """
        return _cycle(self.growth, self.decay, self.kept, int(self.every))

    def imposed(self) -> "Trust":
        """The same calendar of tenders between partners who did not choose each other.

        Trust wears three times as fast and saves half as much: assumptions. That imposed partnerships are less
        successful is reported, by how much is not.
        """
        return replace(self, decay=min(WEAR_IF_IMPOSED * self.decay, 1.0), slope=SLOPE_IF_IMPOSED * self.slope)

    def path(self, years: int, start: float = 0.0) -> Array:
        """Trust year by year (years,) by the recursion itself, beginning right after a tender with `start`."""
        found = np.empty(years)
        now = start
        for year in range(years):
            if year and year % int(self.every) == 0:
                now *= self.kept
            found[year] = now
            now += self.growth * (1.0 - now) - self.decay * now
        return found


@dataclass(frozen=True, slots=True)
class Transactions:
    """What transactions take of the value that passes between partners: a share that falls with their trust.

    Parameters
    ----------
    average : the share over a base cycle, 0 to 1; 2.7 per cent by default (Petersen, Baekkeskov, Potoski and Brown,
        2019, 72 contracts of Danish municipalities)
    ratio : share without trust over share with full trust, at least one; five by default (Dyer and Chu, 2003, of car
        makers: that it holds for services is an assumption)
    base : the cycle behind the average; by default `Trust()`, an assumption

    Raises
    ------
    NotSupported
        For an average outside 0 to 1, a ratio below one, or shares that would pass one without trust.

    Examples
    --------
    >>> shares = Transactions()
    >>> [round(shares.share(Trust(every=years)), 3) for years in (1, 4, 20)]
    [0.039, 0.027, 0.021]
    """

    average: float = TRANSACTION_SHARE
    ratio: float = LEAST_OVER_MOST_TRUSTED
    base: Trust = field(default_factory=Trust)

    def __post_init__(self) -> None:
        if not 0.0 <= self.average <= 1.0:
            raise NotSupported(
                f"A transaction share of {self.average:g} is not between 0 and 1: give a share of the value, such as "
                f"{TRANSACTION_SHARE:g}."
            )
        if not 1.0 <= self.ratio < float("inf"):
            raise NotSupported(
                f"ratio={self.ratio:g} is not how many times dearer transactions are without trust: give one or more."
            )
        if self.without_trust > 1.0 + ROUNDING:
            raise NotSupported(
                f"An average share of {self.average:g} with a ratio of {self.ratio:g} takes more than the whole value "
                "where there is no trust: lower one of the two."
            )

    @property
    def with_trust(self) -> float:
        """The share at full trust, such that the base cycle has the average."""
        return self.average / (self.ratio - (self.ratio - 1.0) * _expected(self.base))

    @property
    def without_trust(self) -> float:
        """The share where there is no trust."""
        return self.ratio * self.with_trust

    def share(self, trust: Trust) -> float:
        """The share on average over a cycle: tau_hi - (tau_hi - tau_lo) x the trust that counts."""
        return self.without_trust - (self.without_trust - self.with_trust) * _expected(trust)


def _expected(trust: Trust) -> float:
    """Average trust that lowers transactions: none in the last year before an open tender, less where imposed."""
    found = trust.cycle()
    return trust.slope * (found.mean - trust.open_tender * found.last / trust.every)


# Whoever looks for switching values asks for the same few cycles thousands of times.
@lru_cache(maxsize=1024)
def _cycle(growth: float, decay: float, kept: float, every: int) -> Cycle:
    if growth == 0.0:
        return Cycle(0.0, 0.0, 0.0, 0.0)
    limit = growth / (growth + decay)
    left = 1.0 - growth - decay
    added = sum(left**year for year in range(every))
    # With nothing lost at a tender the start is the limit, also where the ratio would be nothing over nothing.
    start = kept * growth * added / (1.0 - kept * left**every) if kept < 1.0 else limit
    mean = limit + (start - limit) * added / every
    return Cycle(start, mean, limit + (start - limit) * left ** (every - 1), limit)


def tenders(
    years: Sequence[int] = YEARS,
    *,
    trust: Trust | None = None,
    mandated: Trust | None = None,
    transactions: Transactions | None = None,
) -> Table:
    """Trust and transaction shares by how often work is put out to tender, between partners of choice and by mandate.

    Parameters
    ----------
    years : from one tender to the next
    trust, mandated : how trust behaves where partners chose each other, and where they did not; by default `Trust()`,
        and the same with three times the decay and half the saving, assumptions
    transactions : what transactions take; by default `Transactions()`, 2.7 per cent over the base cycle (Petersen,
        Baekkeskov, Potoski and Brown, 2019)

    Returns
    -------
    Table
        A row for each number of "years" between tenders: mean "trust" over the cycle and "transactions_percent" of
        the value that passes between partners, and both of mandated ones ("mandated_trust", ...).

    Raises
    ------
    NotSupported
        For years that are not whole, or below one.

    Examples
    --------
    >>> tenders([1, 4]).table["transactions_percent"].round(1).tolist()
    [3.9, 2.7]
    """
    shares = transactions or Transactions()
    base = trust or shares.base
    imposed = mandated or base.imposed()
    rows = []
    for every in years:
        kinds = [replace(one, every=every) for one in (base, imposed)]
        trusts, taken = ([f(one) for one in kinds] for f in (lambda one: one.cycle().mean, shares.share))
        rows.append([every, trusts[0], 100 * taken[0], trusts[1], 100 * taken[1]])
    table = pd.DataFrame(
        rows, columns=["years", "trust", "transactions_percent", "mandated_trust", "mandated_transactions_percent"]
    )
    first, last = table.iloc[0], table.iloc[-1]
    text = (
        f"Transactions take {100 * shares.share(base):.1f} % of the value shared where work is tendered every "
        f"{base.every} years: {first['transactions_percent']:.1f} % with {int(first['years'])} and "
        f"{last['transactions_percent']:.1f} % with {int(last['years'])} years between tenders, and "
        f"{100 * shares.share(imposed):.1f} % in a mandated partnership tendered every {imposed.every} years."
    )
    return Table("Trust and transactions by years between tenders", table, text)
