"""Supply chains that are paid by results: what reaches the front line, and who can afford to wait for it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.cash import LARGEST_RATE, Terms, histories, longest, low_points, path_moments
from econmodel.arrangements.tariff import (
    Tier,
    passed_on,
    read_outcomes,
    read_share,
    read_tariff,
    share_reaching,
)
from econmodel.economies.core.inference import share_interval
from econmodel.errors import NotSupported
from econmodel.results import Table, format_number
from econmodel.stated import require_seed

Array = NDArray[np.float64]
SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)
STARTS = MappingProxyType({3: 0.4, 9: 0.3, 15: 0.2, 21: 0.1})
KEPT = MappingProxyType({1.0: 1.0})
SAFE, FEWEST_DRAWS = 0.95, 100
CHAIN, MONTHLY, TERMS = "Where 100 of the maximum price goes", "Month by month", "Terms"
LABELS = {
    "even_reserve": "reserve, even chance",
    "safe_reserve": "reserve, 95 % safe",
    "expected_cash": "expected cash, months of spending",
    "standard_deviation": "standard deviation, one referral a month",
    "months_in_reserve": "months of spending in reserve",
}
# Chances that were typed as decimals add up to one within this.
ROUNDING = 1e-9


def supply_chain(
    tariff: pd.DataFrame,
    outcomes: Mapping[str, float],
    *,
    tiers: Sequence[Tier],
    at: str | None = None,
    discount: float = 0.0,
    mix: Mapping[str, float] | None = None,
    referrals: Sequence[float] = SIZES,
    call_off: float = 1.0,
    cost: float | None = None,
    standing: float = 0.0,
    spent_over: int = 24,
    starts: Mapping[int, float] = STARTS,
    kept: Mapping[float, float] = KEPT,
    reserves: float = 0.0,
    months: int = 60,
    draws: int = 1000,
    seed: int = 0,
) -> Table:
    """Share of the price that reaches the front line, and the chance of running out of cash by size of provider.

    Participants arrive as a Poisson flow. For each the provider spends `cost` month by month, and is paid an attachment
    fee at once, a job outcome if there is one, and sustainment every four weeks after it, each less what the tiers
    above keep and later by their lags. Large providers pool the luck of many participants, small ones bear it: that is
    an economy of scale which no cost function of the service itself would show.

    Parameters
    ----------
    tariff : one row a payment group; columns `group`, `attachment`, `job_outcome`, `sustainment`,
        `sustainment_payments`, `weeks_to_job_outcome` (as `em.tables.figures("work_programme_tariff")`)
    outcomes : share of participants with a job outcome, by group served
    tiers : from the top, each an `em.arrangements.Tier`
    at : the tier whose cash is looked at; by default the last
    discount : share by which the bid lies below the maximum price
    mix : share of the referrals by group; by default equal shares
    referrals : sizes of provider to look at, in promised referrals a month
    call_off : share of the promised referrals that come
    cost : money spent on a participant; by default what a participant is expected to bring in, so that the contract
        would break even
    standing : share of the cost that is spent on capacity for the promised flow from the first month on, whether or not
        it comes
    spent_over : months over which the cost of a participant is spent; 24, as participants stay for two years (Work and
        Pensions Committee, HC 162, 2013-14)
    starts : chance that a job, if there is one, begins so many months after referral. Assumption: months 3, 9, 15, 21
        with chances 0.4, 0.3, 0.2, 0.1
    kept : chance that such a share of the sustainment payments is earned. Assumption: all are, the best case
    reserves : money held at the start, in months of spending at full flow
    months : horizon; 60, the five years of the contracts (Public Accounts Committee, 2013)
    draws : simulated futures of each size
    seed : of all draws

    Returns
    -------
    Table
        One row a size: `spending_a_month` at full flow (referrals x cost); `expected_low_point`, the deepest point of
        expected cash; `even_reserve` and `safe_reserve`, what would have been enough in half and in 95 %
        of the futures, all in months of spending; `out_of_cash`, the share of futures in which the reserves held run
        out, with a 95 % interval. Tables: where the price goes tier by tier, and expected payments, cost and cash
        month by month with the standard deviation of cash for one referral a month, and the terms used.

    Raises
    ------
    TableError, UnknownName, NotSupported
        With what happened, and the cure.

    Notes
    -----
    The price at the last of L tiers is p (1 - discount) prod (1 - fee) (1 - premium). Mean and variance of cash are
    exact (compound Poisson; Campbell, 1909); both grow in proportion to size, so risk for each participant falls with
    its square root. Intervals of shares are Wilson's (1927).

    Examples
    --------
    >>> from econmodel.table.shipped import figures
    >>> chain = [Tier("prime", fee=0.29), Tier("tier 1", fee=0.29), Tier("tier 2")]
    >>> answer = supply_chain(figures("work_programme_tariff"), {"New ESA": 0.151}, tiers=chain, referrals=[1, 100])
    >>> bool(answer.table["safe_reserve"].is_monotonic_decreasing)
    True
    """
    shares = read_outcomes(outcomes)
    rows = read_tariff(tariff, list(shares))
    share, lag = share_reaching(tiers, at, discount)
    sizes = _sizes(referrals)
    _check(call_off, standing, reserves, cost, {"spent_over": spent_over, "months": months, "draws": draws})
    for month in starts:
        if month != int(month) or month < 0:
            raise NotSupported(f"starts: a job begins in month {month!r}; give whole months after referral, from zero.")
    for part in kept:
        read_share(part, "kept: a share of the sustainment payments")
    terms = Terms(share, lag, int(spent_over), _chances(starts, "starts"), _chances(kept, "kept"))
    served = rows, _mix(mix, rows.groups), np.array(list(shares.values())), terms
    brings_in = float(histories(*served, cost=0.0, months=longest(rows, terms)).expected().sum())
    spent = brings_in if cost is None else float(cost)
    if not spent > 0:
        raise NotSupported(
            "The tariff pays nothing for these groups, so there is no cost to break even at: give cost=."
        )
    paid = histories(*served, cost=0.0, months=int(months))
    life = histories(*served, cost=spent * (1.0 - standing), months=int(months))
    lows = low_points(
        life,
        sizes * call_off,
        sizes * spent * reserves,
        sizes * spent * standing,
        draws=int(draws),
        seed=require_seed(seed),
        levels=(0.5, SAFE),
    )
    expected, variance = path_moments(life, call_off, standing * spent)
    needed, (low, high) = lows.needed / (sizes * spent)[:, None], share_interval(lows.out_of_cash, draws)
    table = pd.DataFrame(
        {
            "referrals_a_month": sizes,
            "spending_a_month": sizes * spent,
            "expected_low_point": max(-float(expected.min()), 0.0) / spent,
            "even_reserve": needed[:, 0],
            "safe_reserve": needed[:, 1],
            "out_of_cash": lows.out_of_cash,
            "out_of_cash_low": low,
            "out_of_cash_high": high,
        }
    )
    chain, name = passed_on(tiers, discount), at or tiers[-1].name
    monthly = pd.DataFrame(
        {
            "month": np.arange(1, months + 1),
            "paid_for_a_participant": paid.expected(),
            "spent_on_a_participant": paid.expected() - life.expected(),
            "expected_cash": expected / spent,
            "standard_deviation": np.sqrt(variance) / spent,
        }
    )
    notes = [
        f"{draws:,} simulated futures of each size. Reserves and low points are in months of spending at full flow."
    ]
    if cost is None:
        notes.append("The cost of a participant is set to what one is expected to bring in: the contract breaks even.")
    notes += [f"{note} What follows for them is arithmetic on that." for note in rows.notes()]
    used = {"share_of_the_price": share, "a_participant_brings_in": brings_in, "a_participant_costs": spent}
    used |= {"months_in_reserve": reserves, "months": months, "draws": draws}
    return Table(
        f"Cash of providers at {name}, by size",
        table,
        _text(table, chain, share, name, reserves, months),
        labels=LABELS,
        notes=tuple(notes),
        tables={CHAIN: chain, MONTHLY: monthly, TERMS: pd.DataFrame([used])},
    )


def _sizes(referrals: Sequence[float]) -> Array:
    sizes = np.unique(np.asarray(referrals, dtype=float))
    if sizes.size == 0 or not (sizes > 0).all() or not (sizes <= LARGEST_RATE).all():
        raise NotSupported(
            f"referrals={list(referrals)!r}: a provider has more than no referrals a month, and at most "
            f"{LARGEST_RATE:,.0f}. Give sizes such as [1, 10, 100]."
        )
    return sizes


def _check(call_off: float, standing: float, reserves: float, cost: float | None, counts: Mapping[str, int]) -> None:
    read_share(call_off, "call_off, the share of the promised referrals that come,")
    read_share(standing, "standing, the share of the cost that is committed in advance,")
    if call_off == 0:
        raise NotSupported("call_off=0: nobody is referred, so there is nothing to be paid for. Give a larger share.")
    if not reserves >= 0:
        raise NotSupported(f"reserves={reserves:g}: give months of spending held at the start, zero or more.")
    if cost is not None and not cost > 0:
        raise NotSupported(f"cost={cost:g}: give the money spent on a participant, or leave it out to break even.")
    for name, number in counts.items():
        least = FEWEST_DRAWS if name == "draws" else 1
        if number != int(number) or number < least:
            raise NotSupported(f"{name}={number:g}: give a whole number from {least} upwards.")


def _mix(mix: Mapping[str, float] | None, groups: tuple[str, ...]) -> Array:
    if mix is None:
        return np.full(len(groups), 1.0 / len(groups))
    if set(mix) != set(groups):
        raise NotSupported(
            f"mix names {', '.join(map(repr, mix))}, and the outcomes are of {', '.join(map(repr, groups))}: give the "
            "share of the referrals for just these groups."
        )
    chances = _chances(mix, "mix")
    return np.array([chances[name] for name in groups])


def _chances(given: Mapping, what: str) -> dict:
    chances = {key: read_share(value, f"{what}[{key!r}]") for key, value in given.items()}
    total = sum(chances.values())
    if not abs(total - 1.0) < ROUNDING:
        raise NotSupported(f"The shares of {what} add up to {total:g}, and should to 1: divide each by {total:g}.")
    return chances


def _text(table: pd.DataFrame, chain: pd.DataFrame, price: float, at: str, reserves: float, months: int) -> str:
    small, large = table.iloc[0], table.iloc[-1]
    text = f"Of every 100 in money of the maximum price, {100 * price:.1f} reach {at}."
    kept = float(chain["keeps_of_100"].sum())
    if kept:
        text = f"{text[:-1]}; fees and premiums of the tiers take {kept:.1f} of the price of an average participant."
    text += (
        f" A provider with {_many(small)} needs {small['safe_reserve']:.1f} months of spending in reserve to be "
        f"95 % safe of running out of cash within {months} months"
    )
    if len(table) > 1:
        text += f", one with {_many(large)} {large['safe_reserve']:.1f}"
    text += f". With {format_number(reserves)} months in reserve, {100 * small['out_of_cash']:.0f} %"
    text += f" of futures end without cash for the {'smaller' if len(table) > 1 else 'provider'}"
    return text + (f" and {100 * large['out_of_cash']:.0f} % for the larger." if len(table) > 1 else ".")


def _many(row: pd.Series) -> str:
    number = float(row["referrals_a_month"])
    return f"{format_number(number)} referral{'' if number == 1 else 's'} a month"
