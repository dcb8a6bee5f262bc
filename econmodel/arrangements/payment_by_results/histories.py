"""What one participant pays and costs month by month, in every way that it can go.

Participants arrive as a Poisson flow and their fates are independent, so the numbers who meet each fate are independent
Poisson variables (thinning). A fate is a base (attachment fee, delivery cost) and perhaps an outcome stream that begins
some months later; fates that share a stream need one convolution between them.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.arrangements.payment_by_results.tariff import Tariff

Array = NDArray[np.float64]
# 12 months are 52 weeks: m weeks end within month m * 3 / 13.
MONTHS, WEEKS = 3, 13


@dataclass(frozen=True, slots=True, eq=False)
class Fate:
    """One way that it can go: its chance, the stream paid from the start, and the stream paid from month `shift` on."""

    chance: float
    base: int
    outcome: int | None = None
    shift: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """The fates of a participant drawn at random.

    Attributes
    ----------
    fates : their chances add up to one
    streams : (streams, months); money by month since the stream began
    """

    fates: tuple[Fate, ...]
    streams: Array

    @property
    def months(self) -> int:
        """The horizon."""
        return self.streams.shape[1]

    def by_fate(self) -> Array:
        """Money by month since referral, (fates, months)."""
        paid = np.array([self.streams[fate.base] for fate in self.fates])
        for row, fate in zip(paid, self.fates, strict=True):
            if fate.outcome is not None and fate.shift < self.months:
                row[fate.shift :] += self.streams[fate.outcome, : self.months - fate.shift]
        return paid

    def expected(self) -> Array:
        """Expected money by month since referral."""
        return np.array([fate.chance for fate in self.fates]) @ self.by_fate()


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """On what terms the provider is paid.

    Attributes
    ----------
    share : of the tariff's price that reaches it
    lag : months that money is late
    spent_over : months over which the cost of a participant is spent
    starts : chance that a job, if there is one, begins so many months after referral
    kept : chance that such a share of the sustainment payments is earned
    """

    share: float
    lag: int
    spent_over: int
    starts: Mapping[int, float]
    kept: Mapping[float, float]


def longest(tariff: Tariff, terms: Terms) -> int:
    """Months from referral until the last payment that there can be, that month included."""
    weeks = tariff.weeks_to_job_outcome + 4 * tariff.sustainment_payments
    return int(max(terms.starts)) + month_after(int(weeks.max())) + terms.lag + 1


def month_after(weeks: int) -> int:
    """The month in which so many weeks are over.

    Examples
    --------
    >>> [month_after(weeks) for weeks in (0, 4, 13, 26, 78)]
    [0, 1, 3, 6, 18]
    """
    return -(-weeks * MONTHS // WEEKS)


def outcome_stream(tariff: Tariff, place: int, kept: float, months: int, lag: int = 0) -> Array:
    """Payments by month since a job began, where a share `kept` of the sustainment payments is earned.

    The number of payments is rounded down to whole ones. With everything kept the stream adds up to the price of an
    outcome, if the horizon is long enough.
    """
    stream, weeks = np.zeros(months), int(tariff.weeks_to_job_outcome[place])
    number = int(np.floor(kept * tariff.sustainment_payments[place] + 1e-9))
    _pay(stream, month_after(weeks) + lag, tariff.job_outcome[place])
    for payment in range(1, number + 1):
        _pay(stream, month_after(weeks + 4 * payment) + lag, tariff.sustainment[place])
    return stream


def base_stream(attachment: float, cost: float, spent_over: int, months: int, lag: int = 0) -> Array:
    """The attachment fee, and delivery cost spread evenly over the first `spent_over` months, by month since referral.

    Examples
    --------
    >>> base_stream(400.0, 240.0, 4, 6, lag=1)
    array([-60., 340., -60., -60.,   0.,   0.])
    """
    stream = np.zeros(months)
    stream[: min(spent_over, months)] -= cost / spent_over
    _pay(stream, lag, attachment)
    return stream


def histories(tariff: Tariff, mix: Array, outcomes: Array, terms: Terms, *, cost: float, months: int) -> Histories:
    """Every fate of a participant, fates with the same streams put together.

    Parameters
    ----------
    tariff, mix, outcomes : payments, share of the referrals and chance of a job outcome, by group
    terms : what is paid of the tariff, and when
    cost : money spent on a participant
    months : horizon
    """
    streams: dict[bytes, tuple[int, Array]] = {}
    chances: dict[tuple[int, int | None, int], float] = {}

    def stream(values: Array) -> int:
        return streams.setdefault(values.tobytes(), (len(streams), values))[0]

    for place in range(len(tariff.groups)):
        paid_at_once = terms.share * tariff.attachment[place]
        base = stream(base_stream(paid_at_once, cost, terms.spent_over, months, terms.lag))
        ways: list[tuple[int | None, int, float]] = [(None, 0, 1.0 - outcomes[place])]
        for part, likely in terms.kept.items():
            paid = stream(terms.share * outcome_stream(tariff, place, part, months, terms.lag))
            ways += [(paid, month, outcomes[place] * likely * chance) for month, chance in terms.starts.items()]
        for paid_from, month, chance in ways:
            if mix[place] * chance > 0:
                key = (base, paid_from, month)
                chances[key] = chances.get(key, 0.0) + float(mix[place] * chance)
    fates = tuple(Fate(chance, *key) for key, chance in chances.items())
    return Histories(fates, np.array([values for _, values in streams.values()]))


def _pay(stream: Array, month: int, money: float) -> None:
    if month < len(stream):
        stream[month] += money
