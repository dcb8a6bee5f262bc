"""What is paid for a participant of each group, when, and what of it each tier of a supply chain keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotSupported, TableError, UnknownName
from econmodel.frames import in_pandas
from econmodel.table.roles import nearest

Array = NDArray[np.float64]
MONEY = ("attachment", "job_outcome", "sustainment")
COUNTS = ("sustainment_payments", "weeks_to_job_outcome")
# A stated total may be rounded to the penny.
PENNY = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class Tariff:
    """What is paid for one participant, by group: arrays in the order of `groups`.

    Attributes
    ----------
    groups : names of the payment groups
    attachment, job_outcome, sustainment : money at the start, at the job outcome, and for each further four weeks
    sustainment_payments : how many of the last are paid at most
    weeks_to_job_outcome : weeks in work that make a job outcome
    assumed : whether the row is marked as an assumption
    """

    groups: tuple[str, ...]
    attachment: Array
    job_outcome: Array
    sustainment: Array
    sustainment_payments: NDArray[np.int64]
    weeks_to_job_outcome: NDArray[np.int64]
    assumed: NDArray[np.bool_]

    def price_of_an_outcome(self, kept: float = 1.0) -> Array:
        """Job outcome and sustainment together, where a share `kept` of the sustainment payments is earned."""
        return self.job_outcome + kept * self.sustainment * self.sustainment_payments

    def notes(self) -> tuple[str, ...]:
        """Which rows of the tariff are assumptions."""
        groups = ", ".join(name for name, assumed in zip(self.groups, self.assumed, strict=True) if assumed)
        return (f"Marked in the tariff as an assumption: {groups}.",) if groups else ()


def read_tariff(table: pd.DataFrame, groups: Sequence[str]) -> Tariff:
    """The rows of a tariff for the named groups, checked.

    Parameters
    ----------
    table : one row a payment group; columns `group`, `attachment`, `job_outcome`, `sustainment` (money for each four
        weeks), `sustainment_payments`, `weeks_to_job_outcome`; a column `total`, where there is one, must be their sum;
        a column `status` says "assumption" where a row is one
    groups : the groups wanted

    Raises
    ------
    TableError : a column is missing or holds what cannot be; a group stands there twice; a total is not the sum
    UnknownName : a group has no row

    Examples
    --------
    >>> from econmodel.table.shipped import figures
    >>> tariff = read_tariff(figures("work_programme_tariff"), ["JSA 25 and over"])
    >>> int(tariff.price_of_an_outcome()[0])
    3995
    """
    table = in_pandas(table)
    if absent := [name for name in ("group", *MONEY, *COUNTS) if name not in table]:
        raise TableError(
            f"The tariff has no column {', '.join(map(repr, absent))}. It needs group, {', '.join(MONEY + COUNTS)}; "
            "rename its columns, or write zeros for a payment that does not exist."
        )
    names = table["group"].astype(str)
    if twice := sorted(set(names[names.duplicated()])):
        raise TableError(f"The tariff has more than one row for {', '.join(map(repr, twice))}: keep one of them.")
    if missing := [name for name in groups if name not in set(names)]:
        raise UnknownName(
            f"The tariff has no row for {', '.join(map(repr, missing))}. Add the missing groups to it, or leave them "
            f"out of the outcomes. It has {', '.join(names)}{nearest(missing[0], list(names))}"
        )
    rows = table.set_index(names).loc[list(groups)]
    for name in (*MONEY, *COUNTS):
        _check_column(rows, name)
    if "total" in rows:
        _check_total(rows)
    money = {name: rows[name].to_numpy(dtype=float) for name in MONEY}
    counts = {name: rows[name].to_numpy(dtype=np.int64) for name in COUNTS}
    assumed = (rows["status"] == "assumption").to_numpy() if "status" in rows else np.zeros(len(rows), dtype=bool)
    return Tariff(tuple(groups), **money, **counts, assumed=assumed)


def _check_column(rows: pd.DataFrame, name: str) -> None:
    values = pd.to_numeric(rows[name], errors="coerce")
    bad = ~(values >= 0) | ~np.isfinite(values)
    if name in COUNTS:
        bad |= values != values.round()
    if bad.any():
        what = "a whole number from zero upwards" if name in COUNTS else "money, zero or more"
        raise TableError(
            f"Column {name!r} of the tariff must hold {what}, and for {', '.join(map(repr, rows.index[bad]))} it does "
            "not. Mend these rows, or leave their groups out of the outcomes."
        )


def _check_total(rows: pd.DataFrame) -> None:
    made = rows["attachment"] + rows["job_outcome"] + rows["sustainment"] * rows["sustainment_payments"]
    off = (made - rows["total"]).abs() > PENNY
    if off.any():
        name = rows.index[off][0]
        raise TableError(
            f"The payments for {name!r} add up to {made[name]:,.2f}, and its total says {rows['total'][name]:,.2f}. "
            "Mend the payments or the total, or drop the column total."
        )


def read_outcomes(outcomes: Mapping[str, float]) -> dict[str, float]:
    """The share of participants with a job outcome, by group, checked to be shares."""
    if not outcomes:
        raise NotSupported('outcomes is empty: give the share with a job outcome by group, {"New ESA": 0.15}.')
    return {name: read_share(share, f"The outcome rate of {name!r}") for name, share in outcomes.items()}


def read_share(share: float, what: str) -> float:
    """A share between zero and one; the message names it and asks whether it was a percentage."""
    value = float(share)
    if not 0.0 <= value <= 1.0:
        cure = f"if it is a percentage, give {value / 100:g}" if 1.0 < value <= 100.0 else "give a share"
        raise NotSupported(f"{what} is {value:g}, and a share lies between 0 and 1: {cure}.")
    return value


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
    chain = tuple(tiers)
    if not chain:
        raise NotSupported('A supply chain has at least one tier: tiers=[em.arrangements.Tier("provider")].')
    names = [tier.name for tier in chain]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise NotSupported(f"Two tiers are called {twice[0]!r}: give each its own name.")
    if chain[-1].fee or chain[-1].premium:
        raise NotSupported(
            f"{chain[-1].name!r} is the last tier and passes nothing on, so it can keep no fee and no premium of it. "
            "Set both to zero, or add the tier below."
        )
    return chain


def passed_on(tiers: Sequence[Tier], discount: float = 0.0) -> pd.DataFrame:
    """Where 100 in money of the maximum price goes, tier by tier.

    Parameters
    ----------
    tiers : from the top
    discount : share by which the bid of the first tier lies below the maximum price

    Returns
    -------
    DataFrame
        One row a tier: `serves` (share of all people), `price_of_100` (what it is paid for each of them, where the
        commissioner's maximum is 100), `keeps_of_100` (fees and premiums on what it passes on), and `delivery_of_100`
        (what is paid for the people that it serves). The last two add up to 100 (1 - discount).

    Notes
    -----
    At tier l the price is 100 (1 - discount) prod_{m < l} (1 - fee_m) (1 - premium_m).

    Examples
    --------
    >>> passed_on([Tier("prime", fee=0.29), Tier("tier 1", fee=0.29), Tier("tier 2")]).round(1)
         tier  serves  price_of_100  keeps_of_100  delivery_of_100
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
    return pd.DataFrame(rows, columns=["tier", "serves", "price_of_100", "keeps_of_100", "delivery_of_100"])


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
