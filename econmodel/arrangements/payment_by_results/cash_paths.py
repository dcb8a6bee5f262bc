"""The cash of providers month by month under a Poisson flow of referrals: exact moments, and simulated low points."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.arrangements.payment_by_results.histories import Histories
from econmodel.arrangements.payment_by_results.poisson_counts import PoissonFields

Array = NDArray[np.float64]
LEVELS = (0.5, 0.95)
# Draws of a provider's path, and low points of several, that are in memory at a time.
BLOCK, LOW_POINTS = 2_000, 100_000


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


def fields_of(histories: Histories, rate: float) -> PoissonFields:
    """What the numbers of participants of each fate are drawn from: thinned Poisson flows are independent."""
    return PoissonFields([rate * fate.chance for fate in histories.fates])


def draw_paths(
    random: np.random.Generator,
    histories: Histories,
    convolve: NDArray[np.floating],
    rate: float,
    draws: int,
    fixed_cost: float = 0.0,
    fields: PoissonFields | None = None,
) -> NDArray[np.floating]:
    """Cash at the end of each month, reserves left out: (months, draws); `fields` as `fields_of` made them before."""
    months = histories.months
    begun = np.zeros((len(histories.streams), months, draws), dtype=np.uint16)
    if fields is None:
        fields = fields_of(histories, rate)
    for fate, flat in zip(histories.fates, fields.draw(random, months * draws), strict=True):
        counts = flat.reshape(months, draws)
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
    rates, reserves = np.asarray(rates, dtype=float), np.asarray(reserves, dtype=float)
    blocks = [min(BLOCK, draws - start) for start in range(0, draws, BLOCK)]
    out, needed = np.empty(len(rates)), np.empty((len(rates), len(levels)))

    def some_of_them(places: range) -> None:
        lowest = np.empty((len(places), draws), dtype=convolve.dtype)
        for row, place in enumerate(places):
            random = np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=(place,))))
            fields = fields_of(histories, rates[place])
            for start, some in zip(range(0, draws, BLOCK), blocks, strict=True):
                path = draw_paths(random, histories, convolve, rates[place], some, fixed_costs[place], fields)
                path.min(axis=0, out=lowest[row, start : start + some])
        out[places.start : places.stop] = (lowest < -reserves[places.start : places.stop, None]).mean(axis=1)
        np.maximum(-lowest, 0.0, out=lowest)
        needed[places.start : places.stop] = np.quantile(lowest, levels, axis=1).T

    together = max(1, LOW_POINTS // draws)
    with ThreadPoolExecutor(threads) as pool:
        places = range(len(rates))
        list(pool.map(some_of_them, [places[start : start + together] for start in range(0, len(rates), together)]))
    return LowPoints(out, needed)
