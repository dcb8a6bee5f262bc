"""Cash month by month: what one participant pays and costs in every way that it can go, and a flow of them.

Participants arrive as a Poisson flow and their fates are independent, so the numbers who meet each fate are independent
Poisson variables (thinning). A fate is a base (attachment fee, delivery cost) and perhaps an outcome stream that begins
some months later; fates that share a stream need one convolution between them.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.arrangements.tariff import Tariff

Array = NDArray[np.float64]
# 12 months are 52 weeks: m weeks end within month m * 3 / 13.
MONTHS, WEEKS = 3, 13
LEVELS = (0.5, 0.95)
# Draws of a provider's path that are in memory at a time.
BLOCK = 2_000
# Counts are kept in sixteen bits: a rate above this could pass their largest number, which marks cells of the table.
LARGEST_RATE, STEP = 60_000.0, np.iinfo(np.uint16).max
# Up to the first rate placing the events is quicker; above the second a table has too many steps to be of use.
RARE, FREQUENT = 0.3, 500.0
# Cells of the table: the upper twelve of sixteen random bits point into it.
CELLS = 1 << 12
# The tail beyond mean + this many deviations + as many counts is smaller than a double can show beside one.
REACH = 12.0


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


@dataclass(frozen=True, slots=True, eq=False)
class LowPoints:
    """How deep the cash of each provider falls.

    Attributes
    ----------
    out_of_cash : (providers,) share of draws in which cash falls below zero
    needed : (providers, levels) money that would have been enough in such a share of the draws
    """

    out_of_cash: Array
    needed: Array


def path_moments(histories: Histories, rate: float, fixed_cost: float = 0.0) -> tuple[Array, Array]:
    """Mean and variance of cash at the end of each month, reserves left out, exactly.

    With G_j(u) the money from a participant of fate j up to u months after referral and q_j its chance, the mean is
    rate * sum_u sum_j q_j G_j(u) less fixed cost, and the variance rate * sum_u sum_j q_j G_j(u)^2 (Campbell, 1909).

    Parameters
    ----------
    histories : what a participant pays and costs
    rate : referrals a month
    fixed_cost : money a month

    Returns
    -------
    (months,), (months,)
    """
    so_far = histories.by_fate().cumsum(axis=1)
    chances = np.array([fate.chance for fate in histories.fates])
    mean = rate * (chances @ so_far).cumsum() - fixed_cost * np.arange(1, histories.months + 1)
    return mean, rate * (chances @ so_far**2).cumsum()


def cumulated(histories: Histories) -> Array:
    """(months, streams * months): cash at the end of a month from each stream that begins in an earlier one."""
    months = histories.months
    late = np.subtract.outer(np.arange(months), np.arange(months))
    sums = histories.streams.cumsum(axis=1)
    return np.concatenate(list(np.where(late >= 0, sums[:, np.maximum(late, 0)], 0.0)), axis=1)


def poisson_counts(random: np.random.Generator, rate: float, size: int) -> NDArray[np.uint16]:
    """Independent Poisson counts, all with the same rate of at most `LARGEST_RATE`.

    Exact in distribution, and about ten times as fast as numpy's own. Where events are rare, their total is one Poisson
    number and each falls into a cell at random. Else the distribution function is inverted: a table gives the count of
    all but the few cells of the unit interval through which a step of the function runs, and there a second, finer
    random number decides.

    Examples
    --------
    >>> counts = poisson_counts(np.random.default_rng(1), 3.0, 100_000)
    >>> round(float(counts.mean()), 1), round(float(counts.var()), 1)
    (3.0, 3.0)
    """
    from scipy.special import pdtr

    if rate <= RARE:
        events = random.integers(0, size, random.poisson(rate * size), dtype=np.uint32)
        return np.bincount(events, minlength=size).astype(np.uint16)
    if rate > FREQUENT:
        return random.poisson(rate, size).astype(np.uint16)
    edges = CELLS * pdtr(np.arange(rate + REACH * np.sqrt(rate) + REACH), rate)
    # A cell's count is the number of steps at or before its lower end.
    table = np.bincount(np.ceil(edges).astype(np.intp), minlength=CELLS + 1)[:CELLS].cumsum(dtype=np.uint16)
    table[edges[edges < CELLS].astype(np.intp)] = STEP
    words = random.integers(0, 1 << 64, -(-size // 4), dtype=np.uint64)
    cells = words.view(np.uint16)[:size] >> 4
    counts = table.take(cells, mode="wrap")
    unsure = np.flatnonzero(counts == STEP)
    counts[unsure] = np.searchsorted(edges, cells[unsure] + random.random(len(unsure)), side="right")
    return counts


def draw_paths(
    random: np.random.Generator,
    histories: Histories,
    convolve: NDArray[np.floating],
    rate: float,
    draws: int,
    fixed_cost: float = 0.0,
) -> NDArray[np.floating]:
    """Cash at the end of each month, reserves left out: (months, draws).

    The numbers of participants of each fate are independent: thinned Poisson flows.
    """
    months = histories.months
    begun = np.zeros((len(histories.streams), months, draws), dtype=np.uint16)
    for fate in histories.fates:
        counts = poisson_counts(random, rate * fate.chance, months * draws).reshape(months, draws)
        begun[fate.base] += counts
        if fate.outcome is not None and fate.shift < months:
            begun[fate.outcome, fate.shift :] += counts[: months - fate.shift]
    path = convolve @ begun.reshape(-1, draws).astype(convolve.dtype)
    path -= (fixed_cost * np.arange(1, months + 1, dtype=convolve.dtype))[:, None]
    return path


def low_points(
    histories: Histories,
    rates: Sequence[float] | Array,
    reserves: Sequence[float] | Array,
    fixed_costs: Sequence[float] | Array,
    *,
    draws: int,
    seed: int,
    levels: Sequence[float] = LEVELS,
    threads: int = 2,
) -> LowPoints:
    """How deep cash falls, provider by provider; `BLOCK` draws of one are in memory at a time in each thread.

    Numbers of participants are exact in distribution; their money is added up in single precision (seven digits).

    Parameters
    ----------
    histories : what a participant pays and costs
    rates, reserves, fixed_costs : (providers,) referrals a month, money at the start, money a month
    draws : simulated futures of each provider
    seed : the draws of a provider depend on the seed and its place only, not on the number of threads
    levels : shares of the draws in which reserves are to be enough
    """
    convolve = cumulated(histories).astype(np.float32)
    blocks = [min(BLOCK, draws - start) for start in range(0, draws, BLOCK)]

    def of_provider(place: int) -> tuple[float, Array]:
        random = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(place,))))
        paths = (draw_paths(random, histories, convolve, rates[place], some, fixed_costs[place]) for some in blocks)
        lowest = np.concatenate([path.min(axis=0) for path in paths])
        return float((lowest < -reserves[place]).mean()), np.quantile(np.maximum(-lowest, 0.0), levels)

    with ThreadPoolExecutor(threads) as pool:
        out_of_cash, needed = zip(*pool.map(of_provider, range(len(rates))), strict=True)
    return LowPoints(np.array(out_of_cash), np.array(needed))
