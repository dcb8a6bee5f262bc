"""Money over time: when a one-off cost is paid back by an annual saving, and how large that saving must be."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from econmodel.arrangements.comparison import source, sources
from econmodel.errors import NotSupported
from econmodel.results import Table, format_number

# Real social time preference, a year.
DISCOUNT_RATE, DISCOUNT_SOURCE = 0.035, "published: HM Treasury, The Green Book (2022), 3.5 % real"
CURRENCY = 3  # letters of a currency
HORIZON, HORIZON_SOURCE = 10.0, "assumption: to be replaced by how long the arrangement is meant to last"
HORIZONS = (3.0, 5.0, 10.0)


def annuity(rate: float, years: float) -> float:
    """What one unit a year, at the end of each of so many years, is worth now.

    Examples
    --------
    >>> round(annuity(0.035, 10), 4), annuity(0.0, 10)
    (8.3166, 10)
    """
    return -math.expm1(-years * math.log1p(rate)) / rate if rate > 0 else years


def pay_back(one_off: float, saving: float, rate: float = 0.0) -> float:
    """Years until savings, discounted, add up to the one-off cost; missing where they never do.

    Examples
    --------
    >>> pay_back(30.0, 10.0), round(pay_back(30.0, 10.0, 0.035), 3), pay_back(30.0, 1.0, 0.035), pay_back(30.0, -1.0)
    (3.0, 3.225, nan, nan)
    """
    if one_off == 0:
        return 0.0 if saving >= 0 else math.nan
    if not saving > 0 or one_off * rate >= saving:
        return math.nan
    return one_off / saving if rate == 0 else -math.log1p(-one_off * rate / saving) / math.log1p(rate)


def check_terms(one_off: float | None, horizon: float, rate: float) -> None:
    """NotSupported, with the cure, for a negative cost, no horizon, or a rate that is not a share."""
    if one_off is not None and not 0 <= one_off < math.inf:
        raise NotSupported(
            f"one_off={one_off}: the one-off cost is what is spent once, zero or more, in the unit of cost. "
            "A gain to be had once is not part of a merger's annual cost."
        )
    if not 0 < horizon < math.inf:
        raise NotSupported(f"horizon={horizon}: give the years within which the merger must pay, above zero.")
    if not 0 <= rate < 1:
        raise NotSupported(f"discount_rate={rate} is a share a year: write 0.035 for 3.5 %.")


def in_money(amount: float, unit: str, digits: int = 4) -> str:
    """An amount as a sentence writes it; a currency stands before it.

    Examples
    --------
    >>> in_money(38.8, "GBP million"), in_money(1726.4, "USD"), in_money(20.0, "")
    ('GBP 38.8 million', 'USD 1,726', '20')
    """
    first, *rest = unit.split() or [""]
    before = [first] if len(first) == CURRENCY and first.isupper() else []
    return " ".join([*before, format_number(amount, digits), *(rest if before else unit.split())])


def saving_needed(
    one_off: float | Mapping[str, float],
    *,
    horizons: Sequence[float] = HORIZONS,
    discount_rate: float = DISCOUNT_RATE,
    unit: str = "",
) -> Table:
    """The saving a year that pays a one-off cost back within so many years.

    Parameters
    ----------
    one_off : the cost, or costs by name
    horizons : years; by default three, five and ten, which are an assumption
    discount_rate : a share a year, real; by default that of the Green Book
    unit : of money, for the sentence

    Returns
    -------
    Table
        A row for each cost and horizon: "item", "one_off_cost", "years", "saving_a_year"; the sentence is of the first
        cost and the last horizon. The further table "numbers used" has the discount rate and the horizons, with their
        source.

    Raises
    ------
    NotSupported
        For a negative cost, no horizon, or a rate that is not a share.

    Notes
    -----
    Savings s at the end of each of T years are worth s (1 - (1 + d)^-T) / d now; s is what makes that the one-off cost.

    Examples
    --------
    >>> found = saving_needed(38.8, horizons=[10], unit="GBP million")
    >>> found.text
    'To be paid back within 10 years at 3.5 % a year, GBP 38.8 million must save GBP 4.67 million a year.'
    """
    given = one_off if isinstance(one_off, Mapping) else {"one-off cost": one_off}
    costs = {str(name): float(cost) for name, cost in given.items()}
    if not costs or not len(horizons):
        raise NotSupported("Give at least one one-off cost and one horizon in years.")
    for cost in costs.values():
        for years in horizons:
            check_terms(cost, years, discount_rate)
    rows = [
        (name, cost, years, cost / annuity(discount_rate, years)) for name, cost in costs.items() for years in horizons
    ]
    table = pd.DataFrame(rows, columns=["item", "one_off_cost", "years", "saving_a_year"])
    item, first = next(iter(costs.items()))
    needed = first / annuity(discount_rate, horizons[-1])
    name = f" ({item})" if isinstance(one_off, Mapping) else ""
    text = (
        f"To be paid back within {horizons[-1]:g} years at {100 * discount_rate:g} % a year, "
        f"{in_money(first, unit, 3)}{name} must save {in_money(needed, unit, 3)} a year."
    )
    known = source(tuple(horizons), HORIZONS, "assumption")
    used = [("discount rate, a year", discount_rate, source(discount_rate, DISCOUNT_RATE, DISCOUNT_SOURCE))]
    used += [(f"horizon {place}, years", float(years), known) for place, years in enumerate(horizons, start=1)]
    return Table("How large must the saving be before it pays?", table, text, tables={"numbers used": sources(used)})
