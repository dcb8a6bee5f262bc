"""How large an annual saving must be before it pays a one-off cost back: nothing else need be known."""

from collections.abc import Mapping, Sequence

import pandas as pd

from econmodel.arrangements.pay_back import DISCOUNT_RATE, DISCOUNT_SOURCE, annuity, check_terms, in_money
from econmodel.errors import NotSupported
from econmodel.results import Answer

HORIZONS = (3.0, 5.0, 10.0)


def saving_needed(
    one_off: float | Mapping[str, float],
    *,
    horizons: Sequence[float] = HORIZONS,
    discount_rate: float = DISCOUNT_RATE,
    unit: str = "",
) -> Answer:
    """The saving a year that pays a one-off cost back within so many years.

    Parameters
    ----------
    one_off : the cost, or costs by name
    horizons : years; by default three, five and ten, which are an assumption
    discount_rate : a share a year, real; by default that of the Green Book
    unit : of money, for the sentence

    Returns
    -------
    Answer
        A row for each cost, a column for each horizon; the sentence is of the first cost. The further table "numbers
        used" has the discount rate and the horizons, with their source.

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
    table = pd.DataFrame({"item": list(costs), "one-off cost": list(costs.values())})
    for years in horizons:
        table[f"saving a year, within {years:g} years"] = table["one-off cost"] / annuity(discount_rate, years)
    item, first = next(iter(costs.items()))
    needed = first / annuity(discount_rate, horizons[-1])
    name = f" ({item})" if isinstance(one_off, Mapping) else ""
    text = (
        f"To be paid back within {horizons[-1]:g} years at {100 * discount_rate:g} % a year, "
        f"{in_money(first, unit, 3)}{name} must save {in_money(needed, unit, 3)} a year."
    )
    rate = DISCOUNT_SOURCE if discount_rate == DISCOUNT_RATE else "given"
    rows = [("discount rate, a year", discount_rate, rate)]
    known = "assumption" if tuple(horizons) == HORIZONS else "given"
    rows += [(f"horizon {place}, years", float(years), known) for place, years in enumerate(horizons, start=1)]
    used = pd.DataFrame(rows, columns=["number", "value", "source"])
    return Answer("How large must the saving be before it pays?", table, text, tables={"numbers used": used})
