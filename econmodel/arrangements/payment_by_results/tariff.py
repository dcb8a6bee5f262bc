"""A tariff of payment by results: what is paid for a participant of each group, and when."""

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
