"""What re-tendering costs: trust between tenders, and the share that transactions then take."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from econmodel.arrangements.partnerships.trust import Transactions, Trust
from econmodel.results import Answer

YEARS = (1, 2, 4, 8, 20)


def tenders(
    years: Sequence[int] = YEARS,
    *,
    trust: Trust | None = None,
    mandated: Trust | None = None,
    transactions: Transactions | None = None,
) -> Answer:
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
    Answer
        A row for each number of years: mean trust over the cycle and transactions in per cent of the value that passes
        between partners, of choice and mandated.

    Raises
    ------
    NotSupported
        For years that are not whole, or below one.

    Examples
    --------
    >>> tenders([1, 4]).table["transactions, %"].round(1).tolist()
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
    columns = ["years between tenders", "mean trust", "transactions, %", "mean trust, mandated"]
    table = pd.DataFrame(rows, columns=[*columns, "transactions, mandated, %"])
    first, last = table.iloc[0], table.iloc[-1]
    text = (
        f"Transactions take {100 * shares.share(base):.1f} % of the value shared where work is tendered every "
        f"{base.every} years: {first['transactions, %']:.1f} % with {int(first.iloc[0])} and "
        f"{last['transactions, %']:.1f} % with {int(last.iloc[0])} years between tenders, and "
        f"{100 * shares.share(imposed):.1f} % in a mandated partnership tendered every {imposed.every} years."
    )
    return Answer("Trust and transactions by years between tenders", table, text)
