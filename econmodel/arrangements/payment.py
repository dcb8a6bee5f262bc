"""Payment by results: how outcomes respond to money, on whom it pays to spend it, and whom it pays to park.

With p0 the chance of an outcome without effort, p1 the most that effort can bring, and e the provider's own money spent
on a participant, the chance is p(e) = p0 + (p1 - p0) (1 - exp(-k e)). A provider that is paid R for an outcome spends
e* = max(0, ln(k (p1 - p0) R) / k): nothing, so that the participant is parked, where k (p1 - p0) R <= 1.

Within a group k may differ between participants: then it is lognormal around its median, with `spread` the standard
deviation of ln k. (An assumption, chosen because every mean has a closed form: with D = p1 - p0 and Z = 1 / (k R), the
mean gain is E max(D - Z, 0), Black's (1976) formula for a put.)
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from econmodel.arrangements.tariff import Tier, read_share, read_tariff, share_reaching
from econmodel.errors import NotSupported, TableError
from econmodel.frames import in_pandas
from econmodel.results import Table, format_number

Array = NDArray[np.float64]
PARAMETERS = ("p0", "p1", "k")
# Of ln k: one participant in six would respond 20,000 times as readily as the middle one.
WIDEST_SPREAD = 10.0
# So many deviations below the mean a normal distribution has nothing that a double could show.
NOBODY = -30.0
QUARTERS, POINTS = 4, 200
# Halvings of an interval: more digits than a double has.
HALVINGS = 60
WITHIN = "Within groups"
LABELS = {"price_to_unpark": "price to un-park", "quarter": "quarter, slowest first"}


@dataclass(frozen=True, slots=True, eq=False)
class Response:
    """p0, p1 and the median of k (for each unit of money) as arrays of one shape, and the spread of ln k in a group."""

    without: Array
    most: Array
    speed: Array
    spread: float = 0.0

    @property
    def reach(self) -> Array:
        """What effort can add at most: p1 - p0."""
        return self.most - self.without

    def edge(self, price: ArrayLike) -> Array:
        """ln(k (p1 - p0) R): above zero where the median participant is worth the effort."""
        return np.log(self.speed * self.reach * np.asarray(price, dtype=float))

    def parked(self, price: ArrayLike) -> Array:
        """Share of the participants on whom nothing is spent."""
        from scipy.special import ndtr

        edge = self.edge(price)
        return ndtr(-edge / self.spread) if self.spread else (edge <= 0.0).astype(float)

    def outcomes(self, price: ArrayLike) -> Array:
        """Mean chance of an outcome where the provider spends what pays best."""
        return self.without + self.reach * relative_gain(self.edge(price), self.spread)

    def spending(self, price: ArrayLike) -> Array:
        """Mean money spent on a participant."""
        return np.asarray(price) * self.reach * relative_spending(self.edge(price), self.spread)

    def price_to_work_with(self, share: float = 0.5) -> Array:
        """The price of an outcome from which such a share of the participants is worth the effort.

        Where all are alike this is 1 / (k (p1 - p0)), whatever the share.
        """
        from scipy.special import ndtri

        return np.exp(self.spread * ndtri(share)) / (self.speed * self.reach)

    def quarters(self) -> list["Response"]:
        """Participants from the quarter that responds slowest to the quarter that responds fastest.

        Each is a response of shape (`POINTS`, ...), of equally likely participants who are alike.
        """
        from scipy.special import ndtri

        quarters = []
        for quarter in range(QUARTERS):
            at = (quarter + (np.arange(POINTS) + 0.5) / POINTS) / QUARTERS
            speed = np.exp(self.spread * ndtri(at)).reshape(-1, *[1] * self.speed.ndim) * self.speed
            quarters.append(Response(self.without, self.most, speed))
        return quarters


def relative_gain(edge: Array, spread: float) -> Array:
    """E max(D - Z, 0) / D: the share of p1 - p0 that is reached, where ln(k (p1 - p0) R) of the median is `edge`.

    Examples
    --------
    >>> [round(float(relative_gain(np.array(edge), 1.0)), 3) for edge in (-1.0, 0.0, 4.0)]
    [0.057, 0.238, 0.97]
    >>> round(float(relative_gain(np.array(1.0), 0.0)), 3)  # 1 - 1 / e
    0.632
    """
    from scipy.special import log_ndtr, ndtr

    if spread == 0:
        return -np.expm1(-np.maximum(edge, 0.0))
    at = edge / spread
    return ndtr(at) - np.exp(-edge + spread**2 / 2 + log_ndtr(at - spread))


def relative_spending(edge: Array, spread: float) -> Array:
    """E[Z ln(D / Z); Z < D] / D: mean spending over the price and over p1 - p0.

    Examples
    --------
    >>> [round(float(relative_spending(np.array(1.0), spread)), 3) for spread in (0.0, 1e-3, 1.0)]
    [0.368, 0.368, 0.242]
    """
    from scipy.special import ndtr

    if spread == 0:
        return np.maximum(edge, 0.0) * np.exp(-np.maximum(edge, 0.0))
    at = np.maximum(edge / spread - spread, NOBODY)
    density = np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    mean = np.exp(-(at + spread) * spread + spread**2 / 2)
    return mean * spread * np.maximum(at * ndtr(at) + density, 0.0)


def halved(holds: Callable[[Array], Array], low: Array, high: Array) -> tuple[Array, Array]:
    """The ends of the smallest interval that doubles can show within which something begins to hold.

    Examples
    --------
    >>> float(halved(lambda x: x**2 >= 4, np.array(0.0), np.array(8.0))[1])
    2.0
    """
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        true = holds(middle)
        low, high = np.where(true, low, middle), np.where(true, middle, high)
    return low, high


def worth_of_an_outcome(
    response: Response, price: Array, fee: Array, shift: float, referrals: Array, years: float
) -> Array:
    """What one more outcome is worth for the market share it may win, beside its price.

    Two equal providers share an area. Each year the one with the higher recorded rate wins the share `shift` of all
    referrals from the other. Recorded rates scatter with the standard deviation sqrt(2 p (1 - p) / n) of their
    difference, so at equal effort one more outcome among n participants changes the expected share by
    2 shift phi(0) / sqrt(2 p (1 - p) / n) of the 2 n referrals; each is worth the margin V (the tournament of Lazear
    and Rosen, 1981). It is largest where n is large: luck decides among few.

    Parameters
    ----------
    response, price : how outcomes respond, and what is paid for one
    fee : what is paid for a participant whatever comes
    shift : share of the area's referrals that changes hands
    referrals : n, participants of each provider in a year
    years : for which the shift lasts

    Returns
    -------
    Array
        Money for each outcome; zero where a participant brings no margin.
    """

    def is_enough(worth: Array) -> Array:
        rate, spent = response.outcomes(price + worth), response.spending(price + worth)
        margin = np.maximum(fee + rate * price - spent, 0.0)
        scatter = np.sqrt(np.maximum(2 * rate * (1 - rate), 1e-12) / referrals)
        return np.asarray(worth >= years * 4 * shift * margin / (np.sqrt(2 * np.pi) * scatter))

    low, high = halved(is_enough, np.zeros_like(price), np.maximum(price, 1.0) * 1e3)
    return (low + high) / 2


def pay_by_results(
    tariff: pd.DataFrame,
    response: pd.DataFrame,
    *,
    tiers: Sequence[Tier] = (),
    discount: float = 0.0,
    kept: float = 1.0,
    spread: float = 0.0,
    worked_with: float = 0.9,
    shift: float = 0.0,
    referrals: float = 1000.0,
    years: float = 1.0,
) -> Table:
    """What a provider that is paid by results spends on each payment group, whom it parks, and what would end that.

    A provider at the end of the chain spends on a participant until the last pound brings in a pound: p'(e) R = 1, with
    p(e) = p0 + (p1 - p0)(1 - exp(-k e)) and R the price of an outcome that reaches it. Fees, premiums and the discount
    of the bid lower R, so the supply chain itself parks people.

    Parameters
    ----------
    tariff : as in `econmodel.arrangements.supply_chain`
    response : one row a group: `group`, `p0` and `p1` (chance of an outcome without effort, and with any amount of it),
        `k` (speed, for each unit of money; the median where they differ). These are the caller's: published figures do
        not give them (see `econmodel.arrangements.explain_outcomes` for what they do give)
    tiers, discount : the supply chain; none by default
    kept : share of the sustainment payments that is earned. All by default, the best case
    spread : standard deviation of ln k among the participants of a group, lognormal. Zero by default: all are alike
    worked_with : share of a group that should be worth the effort, for the price that would make it so
    shift, referrals, years : the share of an area's referrals that the better of two equal providers wins from the
        other, participants of each in a year, and years for which it lasts. No shift by default. A shift existed
        (Department for Work and Pensions, 2015); its size is the caller's assumption

    Returns
    -------
    Table
        One row a group: `price` (of an outcome, as it reaches the provider), `spending` on a participant, `outcomes`
        (rate), `revenue` (from outcomes, for a participant), `margin` (attachment fee and revenue less spending),
        `parked` (share on whom nothing is spent) and `parked_at_full_price` (were there no tiers and no discount),
        `price_to_unpark` (of the tariff, at which `worked_with` of the group are worth the effort), and
        `worth_of_market_share` (for each outcome) where there is a shift.

    Raises
    ------
    TableError, UnknownName, NotSupported
        With what happened, and the cure.

    Notes
    -----
    e* = max(0, ln(k (p1 - p0) R) / k); parked where k (p1 - p0) R <= 1; un-parked from R = 1 / (k (p1 - p0)) on. On the
    margin every outcome costs R wherever anything is spent.

    Examples
    --------
    >>> from econmodel.table.shipped import figures
    >>> stated = pd.DataFrame({"group": ["New ESA"], "p0": [0.1], "p1": [0.3], "k": [0.001]})
    >>> answer = pay_by_results(figures("work_programme_tariff"), stated)
    >>> answer.table[["price", "spending", "price_to_unpark"]].round(1).to_numpy().tolist()
    [[5900.0, 165.5, 5000.0]]
    """
    groups, stated = read_response(response, spread)
    rows = read_tariff(tariff, groups)
    share = price_share(tiers, discount)
    read_share(kept, "kept, the share of the sustainment payments that is earned,")
    check_worked_with(worked_with)
    _check_shift(shift, referrals, years)
    full = rows.price_of_an_outcome(kept)
    price, fee = share * full, share * rows.attachment
    if not (price > 0).all():
        names = [name for name, one in zip(groups, price, strict=True) if not one > 0]
        raise NotSupported(f"Nothing is paid for an outcome of {', '.join(map(repr, names))}: leave these groups out.")
    worth = np.zeros(len(groups))
    if shift:
        worth = worth_of_an_outcome(stated, price, fee, shift, np.full(len(groups), float(referrals)), years)
    effective = price + worth
    rate, spent = stated.outcomes(effective), stated.spending(effective)
    table = pd.DataFrame(
        {
            "group": groups,
            "price": price,
            "spending": spent,
            "outcomes": rate,
            "revenue": rate * price,
            "margin": fee + rate * price - spent,
            "parked": stated.parked(effective),
            "parked_at_full_price": stated.parked(full + worth),
            "price_to_unpark": stated.price_to_work_with(worked_with) / share,
        }
    )
    if shift:
        table["worth_of_market_share"] = worth
    tables = {WITHIN: _within(groups, stated, effective)} if spread else {}
    text = _text(table, full, share, worked_with)
    stated_words = "p0, p1 and k were stated: everything in this table is arithmetic on them."
    notes = (stated_words, *spread_note(spread), *rows.notes())
    return Table("Payment by results", table, text, labels=LABELS, notes=notes, tables=tables)


def price_share(tiers: Sequence[Tier], discount: float) -> float:
    """Share of the maximum price that the last tier is paid; without tiers, what the bid leaves."""
    return (
        share_reaching(tiers, discount=discount)[0] if tiers else 1.0 - read_share(discount, "The discount of the bid")
    )


def read_response(table: pd.DataFrame, spread: float) -> tuple[list[str], Response]:
    """Stated response parameters, checked."""
    table = in_pandas(table)
    if absent := [name for name in ("group", *PARAMETERS) if name not in table]:
        raise TableError(
            f"The response has no column {', '.join(map(repr, absent))}. It needs group, p0, p1 and k, one row a group."
        )
    groups = table["group"].astype(str).tolist()
    if twice := sorted({name for name in groups if groups.count(name) > 1}):
        raise TableError(f"The response has more than one row for {', '.join(map(repr, twice))}: keep one of them.")
    for name, p0, p1, k in zip(groups, table["p0"], table["p1"], table["k"], strict=True):
        read_share(p0, f"p0 of {name!r}, the chance of an outcome without effort,")
        read_share(p1, f"p1 of {name!r}, the chance with any amount of effort,")
        if not p1 > p0:
            raise NotSupported(
                f"For {name!r} p1 = {p1:g} is not above p0 = {p0:g}: effort would add nothing, and everybody would be "
                "parked at any price. Give a p1 above p0, or leave the group out."
            )
        if not 0 < k < np.inf:
            raise NotSupported(
                f"For {name!r} k = {k:g}: give a positive speed for each unit of money, such as 0.001 where spending "
                "1,000 brings 63 % of what effort can."
            )
    check_spread(spread)
    p0, p1, k = (table[name].to_numpy(dtype=float) for name in PARAMETERS)
    return groups, Response(p0, p1, k, float(spread))


def check_spread(spread: float) -> None:
    """NotSupported for a spread that is none."""
    if not 0 <= spread <= WIDEST_SPREAD:
        raise NotSupported(
            f"spread={spread:g} is a standard deviation of ln k: give zero, where all are alike, or more, to "
            f"{WIDEST_SPREAD:g}."
        )


def check_worked_with(share: float) -> None:
    """NotSupported for a share that no price, or any price, would reach."""
    if not 0.0 < share < 1.0:
        raise NotSupported(f"worked_with={share:g}: give a share between 0 and 1 (neither included), such as 0.9.")


def _check_shift(shift: float, referrals: float, years: float) -> None:
    read_share(shift, "shift, the share of the referrals that changes hands,")
    if not referrals > 0:
        raise NotSupported(f"referrals={referrals:g}: give the participants of one provider in a year, above zero.")
    if not years >= 0:
        raise NotSupported(f"years={years:g}: give the years for which the shift of market share lasts, zero or more.")


def _within(groups: list[str], stated: Response, price: Array) -> pd.DataFrame:
    """Quarters of each group by how fast they respond: on whom the money goes."""
    rows = []
    for quarter, one in enumerate(stated.quarters(), start=1):
        spent, added = one.spending(price).mean(axis=0), (one.outcomes(price) - one.without).mean(axis=0)
        parked = one.parked(price).mean(axis=0)
        rows += [(name, quarter, *values) for name, *values in zip(groups, spent, added, parked, strict=True)]
    columns = ["group", "quarter", "spending", "added_by_effort", "parked"]
    return pd.DataFrame(rows, columns=columns).sort_values("group", kind="stable", ignore_index=True)


def _text(table: pd.DataFrame, full: Array, share: float, worked_with: float) -> str:
    most, least = (table.iloc[int(place)] for place in (table["spending"].argmax(), table["spending"].argmin()))
    text = f"It pays to spend {format_number(most['spending'], 3)} on a participant of {most['group']}"
    if len(table) > 1:
        text += f", the most, and {format_number(least['spending'], 3)} on one of {least['group']}, the least"
    text += f". Nothing is spent on {_range(table['parked'])} of participants"
    if share < 1:
        text += f"; were the full price to reach the provider, on {_range(table['parked_at_full_price'])}"
    above = table.loc[table["price_to_unpark"] > full, "group"].tolist()
    if above:
        text += f". For {100 * worked_with:.0f} % to be worth the effort, the tariff would have to be higher for "
        text += ", ".join(above)
    return text + "."


def _range(shares: pd.Series) -> str:
    low, high = (f"{100 * share:.0f}" for share in (shares.min(), shares.max()))
    return f"{low} %" if low == high else f"{low} to {high} %"


def spread_note(spread: float) -> tuple[str, ...]:
    """Words on the spread of k within a group, where there is one."""
    note = f"Within a group k is lognormal; the standard deviation of its logarithm, {spread:g}, is assumed."
    return (note,) if spread else ()
