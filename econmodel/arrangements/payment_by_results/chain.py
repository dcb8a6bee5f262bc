"""Tiers of a supply chain: who serves whom, and what each tier keeps of the price that the commissioner pays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from econmodel.arrangements.payment_by_results.tariff import read_share
from econmodel.errors import NotSupported

# What becomes of 100 in money of the maximum price, where no tier is to blame.
BID = "discount of the bid"


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier of a supply chain.

    Attributes
    ----------
    name : what it is called ("prime", "tier 1")
    fee : share of the price that it keeps for managing what it passes on
    premium : share of what is left that it keeps for bearing risk and finance
    delivers : share of the people who reach it whom it serves itself: 0 for an outsourcing prime
    lag : months by which money arrives later because it passes through this tier

    Examples
    --------
    >>> Tier("prime", fee=0.15, delivers=0.3).passes
    0.85
    """

    name: str
    fee: float = 0.0
    premium: float = 0.0
    delivers: float = 0.0
    lag: int = 1

    def __post_init__(self) -> None:
        for word, share in (("fee", self.fee), ("premium", self.premium)):
            if not 0.0 <= share < 1.0:
                raise NotSupported(
                    f"The {word} of {self.name!r} is {100 * share:g} %: from 100 % on nothing is left to deliver with, "
                    f"and below zero the tier would pay to take part. Give a share from 0 up to, not including, 1."
                )
        read_share(self.delivers, f"What {self.name!r} delivers itself")
        if self.lag < 0 or self.lag != int(self.lag):
            raise NotSupported(f"The lag of {self.name!r} is {self.lag:g}: give whole months, zero or more.")

    @property
    def passes(self) -> float:
        """Share of the price that it passes on: (1 - fee) (1 - premium)."""
        return (1.0 - self.fee) * (1.0 - self.premium)


def read_tiers(tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    """The tiers from the top, checked: the last serves everybody who reaches it and passes nothing on."""
    found = tuple(tiers)
    if not found:
        raise NotSupported('A supply chain has at least one tier: tiers=[em.arrangements.Tier("provider")].')
    names = [tier.name for tier in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise NotSupported(f"Two tiers are called {twice[0]!r}: give each its own name.")
    if found[-1].fee or found[-1].premium:
        raise NotSupported(
            f"{found[-1].name!r} is the last tier and passes nothing on, so it can keep no fee and no premium of it. "
            "Set both to zero, or add the tier below."
        )
    return found


def passed_on(tiers: Sequence[Tier], discount: float = 0.0) -> pd.DataFrame:
    """Where 100 in money of the maximum price goes, tier by tier.

    Parameters
    ----------
    tiers : from the top
    discount : share by which the bid of the first tier lies below the maximum price

    Returns
    -------
    DataFrame
        One row a tier: `serves` (share of all people), `price of 100` (what it is paid for each of them, where the
        commissioner's maximum is 100), `keeps of 100` (fees and premiums on what it passes on), and `delivery of 100`
        (what is paid for the people that it serves). The last two add up to 100 (1 - discount).

    Notes
    -----
    At tier l the price is 100 (1 - discount) prod_{m < l} (1 - fee_m) (1 - premium_m).

    Examples
    --------
    >>> passed_on([Tier("prime", fee=0.29), Tier("tier 1", fee=0.29), Tier("tier 2")]).round(1)
         tier  serves  price of 100  keeps of 100  delivery of 100
    0   prime     0.0         100.0          29.0              0.0
    1  tier 1     0.0          71.0          20.6              0.0
    2  tier 2     1.0          50.4           0.0             50.4
    """
    checked = read_tiers(tiers)
    flow, price, rows = 1.0, 100.0 * (1.0 - read_share(discount, "The discount of the bid")), []
    for place, tier in enumerate(checked):
        served = flow * (tier.delivers if place < len(checked) - 1 else 1.0)
        flow -= served
        rows.append((tier.name, served, price, flow * price * (1.0 - tier.passes), served * price))
        price *= tier.passes
    return pd.DataFrame(rows, columns=["tier", "serves", "price of 100", "keeps of 100", "delivery of 100"])


def share_reaching(tiers: Sequence[Tier], at: str | None = None, discount: float = 0.0) -> tuple[float, int]:
    """Share of the maximum price that a tier is paid, and the months after which it arrives.

    Examples
    --------
    >>> share_reaching([Tier("prime", fee=0.5), Tier("provider")], discount=0.06)
    (0.47, 2)
    """
    checked = read_tiers(tiers)
    names = [tier.name for tier in checked]
    if at is not None and at not in names:
        raise NotSupported(f"at={at!r} is no tier of this chain. There is {', '.join(names)}.")
    place = len(names) - 1 if at is None else names.index(at)
    share = (1.0 - read_share(discount, "The discount of the bid")) * float(
        np.prod([tier.passes for tier in checked[:place]])
    )
    return round(share, 15), sum(int(tier.lag) for tier in checked[: place + 1])
