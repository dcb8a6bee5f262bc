"""Histories made into a column: what a provider has made before, and how far people see the same worker again."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotSupported, TableError, UnknownName
from econmodel.frames import in_pandas
from econmodel.results import Table, format_number
from econmodel.table.checks import Column, check
from econmodel.table.cost_data import CostData
from econmodel.table.periods import DATE_ORDERS, DateOrder, periods
from econmodel.table.roles import nearest

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrame

CONTACTS, WORKERS = "contacts", "workers"
USUAL, BICE_BOXERMAN, SEQUENTIAL = "usual_provider", "bice_boxerman", "sequential"
# With one contact the first index is one by arithmetic, and the others are nothing over nothing.
FEWEST_CONTACTS = 2


def cumulative_name(output: str) -> str:
    """What the column with the log of cumulative volume is called."""
    return f"log_cumulative_{output}"


def cumulative(data: CostData, output: str, before: float | str = 0.0) -> CostData:
    """Add the log of each provider's volume before the period, as a control.

    Parameters
    ----------
    data : a table with provider and period
    output : the output whose volume is added up
    before : volume made before a provider's first period in the table: one number for all, or a column. With nothing
        before, the first period of each provider has no experience, and these rows are left out (`data.dropped`)

    Returns
    -------
    CostData
        The same table with the control "log_cumulative_<output>": log of `before` plus the output of all earlier
        periods, Q(t-1). A provider that worked before the table begins has more experience than the table shows.

    Raises
    ------
    UnknownName, NotSupported, TableError
        For an unknown output or column; without provider and period; and where a provider lacks a period of the table
        or its output, by name, since what it made then is not known.

    Notes
    -----
    With the control in a cost function, cost falls with experience apart from volume: C(y, Q) = C(y) Q^-b (Bovaird,
    2014, names learning beside scale and scope). `econmodel.learning` reads b and the progress ratio 2^-b off the fit.

    Examples
    --------
    >>> from econmodel.table.shipped import load
    >>> airlines = cumulative(load("us_airlines"), "output")
    >>> airlines.controls[-1], len(airlines), airlines.dropped[-1][0]
    ('log_cumulative_output', 84, 6)
    """
    if output not in data.outputs:
        raise UnknownName(
            f"{output!r} is not an output of these data ({', '.join(data.outputs)}){nearest(output, data.outputs)}"
        )
    if data.entity is None or data.time is None:
        raise NotSupported(
            'Cumulative volume adds up the periods of a provider: name both columns, entity="..." and time="...".'
        )
    name = cumulative_name(output)
    if name in data.frame.columns:
        raise TableError(f"The table has a column {name!r} already; give it another name, or use it as it is.")
    place = data.periods()[0]
    entity = pd.factorize(data.frame[data.entity])[0]
    _refuse_gaps(data, output, place)
    own = pd.Series(data.frame[output].to_numpy(dtype=float)).iloc[np.argsort(place, kind="stable")]
    earlier = (own.groupby(entity[own.index]).cumsum() - own).sort_index().to_numpy() + _before(data, before)
    known = earlier > 0
    logs = np.log(np.where(known, earlier, 1.0))
    added = replace(data, frame=data.frame.assign(**{name: logs}), controls=(*data.controls, name))
    return added.where(known, because=f"no {output} before their first period, so no experience to take the log of")


def _before(data: CostData, before: float | str) -> np.ndarray:
    if not isinstance(before, str):
        if not before >= 0:
            raise TableError(f"before = {before} must not be negative: it is volume made before the table begins.")
        return np.full(len(data), float(before))
    if before not in data.frame.columns:
        known = ", ".join(map(str, data.frame.columns))
        raise UnknownName(
            f"There is no column {before!r} with earlier volume{nearest(before, data.frame.columns) or '.'} "
            f"There are {known}."
        )
    column = data.frame[before].to_numpy(dtype=float, na_value=np.nan)
    if not (column >= 0).all():
        raise TableError(f"{before} must hold a volume of zero or more in every row: it is what was made before.")
    return column


def _refuse_gaps(data: CostData, output: str, place: np.ndarray) -> None:
    """TableError where a provider lacks a period between its first and last, or its output in one."""
    assert data.entity is not None
    by = pd.Series(place).groupby(data.frame[data.entity].to_numpy())
    short = by.max() - by.min() + 1 != by.count()
    empty = data.frame[output].isna().to_numpy()
    names = [str(name) for name in short.index[short]]
    names += [row for row, missing in zip(data.row_names(), empty, strict=True) if missing]
    if names:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise TableError(
            f"Cumulative {output} is not known where a period or its {output} is missing: {shown}. Fill it in, or "
            'leave these providers out with data.where(..., because="...").'
        )


def indices(persons: NDArray[np.integer], workers: NDArray[np.integer]) -> pd.DataFrame:
    """Contacts, workers and the three indices of each person, from one row a contact in the order of time.

    Parameters
    ----------
    persons : (N,) person of each contact, 0 to G - 1
    workers : (N,) worker of each contact

    Returns
    -------
    DataFrame
        G rows; indices lie between 0 and 1, and are missing with one contact

    Examples
    --------
    >>> indices(np.array([0, 0, 0, 0]), np.array([1, 1, 2, 1])).round(3).loc[0].tolist()
    [4.0, 2.0, 0.75, 0.5, 0.333]
    """
    contacts = np.bincount(persons).astype(float)
    count = len(contacts)
    of_pairs, with_worker = np.unique(np.stack([persons, workers]), axis=1, return_counts=True)
    largest = np.zeros(count)
    np.maximum.at(largest, of_pairs[0], with_worker)
    squares = np.bincount(of_pairs[0], with_worker.astype(float) ** 2, count)
    order = np.argsort(persons, kind="stable")
    same_person = persons[order][1:] == persons[order][:-1]
    same_worker = workers[order][1:] == workers[order][:-1]
    kept = np.bincount(persons[order][1:][same_person & same_worker], minlength=count).astype(float)
    pairs = np.where(contacts >= FEWEST_CONTACTS, contacts - 1.0, np.nan)
    return pd.DataFrame(
        {
            CONTACTS: contacts.astype(int),
            WORKERS: np.bincount(of_pairs[0], minlength=count),
            USUAL: np.where(contacts >= FEWEST_CONTACTS, largest / contacts, np.nan),
            BICE_BOXERMAN: (squares - contacts) / (contacts * pairs),
            SEQUENTIAL: kept / pairs,
        }
    )


def continuity(
    visits: "pd.DataFrame | IntoDataFrame",
    *,
    person: str,
    worker: str,
    time: str | None = None,
    by: str | None = None,
    fewest_contacts: int = FEWEST_CONTACTS,
    date_order: DateOrder | None = None,
) -> Table:
    """How far each person sees the same worker again, or the mean of that by provider.

    Parameters
    ----------
    visits : one row a contact, as a frame of pandas, polars, Arrow or any other library that narwhals knows
    person, worker : columns that say who was served, and by whom
    time : column by which a person's contacts are ordered; without it there is no sequential index
    by : column with the provider; contacts of a person with two providers are then counted apart
    fewest_contacts : persons with fewer have no index and are left out of means; two or more
    date_order : "day/month/year" or "month/day/year", where `time` holds dates such as 03/04/2010

    Returns
    -------
    Table
        One row a person, or with `by` one row a provider: the means over its persons, each person counting once, under
        names that a relationship variable can have once they are joined to the table of providers. "usual_provider":
        share of contacts with the worker seen most. "bice_boxerman": chance that two contacts drawn from a person's
        are with the same worker. "sequential": share of contacts with the worker of the contact before. All are one
        where a person sees one worker only.

    Raises
    ------
    UnknownName
        For a column that the table does not have.
    TableError
        For a table without rows, or one in which a person, worker, time or provider is missing or one name is written
        in several ways, and where `time` has no order that is known: numbers, dates, or text as `CostData.periods`
        reads it.
    NotSupported
        For `fewest_contacts` below two, or where nobody has that many.

    Notes
    -----
    With n_j of n contacts with worker j: max n_j / n (Breslau and Haug, 1976); (sum n_j^2 - n) / (n (n - 1)) (Bice and
    Boxerman, 1977); sum_t 1{j_t = j_(t+1)} / (n - 1) (Steinwachs, 1979). With one contact the first is one by
    arithmetic and the others are not defined, so all three are missing, and the text counts such persons. Means by
    provider fall with the number of contacts for the first index, so compare providers with similar numbers.

    Examples
    --------
    >>> visits = pd.DataFrame({"person": ["P", "P", "P", "Q"], "worker": ["a", "a", "b", "a"], "day": [1, 2, 3, 1]})
    >>> found = continuity(visits, person="person", worker="worker", time="day").table
    >>> found["usual_provider"].round(3).tolist(), found["sequential"].tolist()
    ([0.667, nan], [0.5, nan])
    """
    columns = {"person": person, "worker": worker, "time": time, "by": by}
    table = _checked(visits, {role: name for role, name in columns.items() if name is not None})
    if fewest_contacts < FEWEST_CONTACTS:
        raise NotSupported(
            f"fewest_contacts={fewest_contacts}: continuity is between contacts, so it needs {FEWEST_CONTACTS} or more."
        )
    if date_order is not None and date_order not in DATE_ORDERS:
        raise NotSupported(f"date_order={date_order!r} is not known; it may be {' or '.join(map(repr, DATE_ORDERS))}.")
    ordered = table
    if time is not None:
        ordered = table.iloc[np.argsort(periods(table[time], date_order)[0], kind="stable")]
    groups = ordered.groupby([person] if by is None else [by, person], sort=True, observed=True)
    found = indices(groups.ngroup().to_numpy(dtype=np.intp), pd.factorize(ordered[worker])[0])
    measures = [USUAL, BICE_BOXERMAN, *([] if time is None else [SEQUENTIAL])]
    enough = found[CONTACTS] >= fewest_contacts
    if not enough.any():
        raise NotSupported(
            f"Nobody in the table has {fewest_contacts} contacts (the most is {found[CONTACTS].max()}), so there is "
            "no continuity to measure. Give a longer period, or a smaller fewest_contacts."
        )
    found[measures] = found[measures].where(enough)
    persons = groups.size().index.to_frame(index=False).join(found[[CONTACTS, WORKERS, *measures]])
    shown = persons if by is None else _by_provider(persons, by, measures)
    return Table(
        "Continuity of contact" + (f", by {by.replace('_', ' ')}" if by else ""),
        shown,
        _text(persons, measures, fewest_contacts),
        notes=tuple(_notes(table, shown, person, time, by)),
    )


def _checked(given: object, columns: dict[str, str]) -> pd.DataFrame:
    visits = in_pandas(given)
    if not isinstance(visits, pd.DataFrame):
        raise TableError(f"visits is a {type(given).__name__}: give a table (pandas DataFrame) with a row a contact.")
    for role, name in columns.items():
        if name not in visits.columns:
            known = ", ".join(map(str, visits.columns))
            raise UnknownName(
                f"{role}={name!r} is no column of the visits{nearest(name, visits.columns) or '.'} There are {known}."
            )
    if not len(visits):
        raise TableError("The visits have no row: give one row for each contact.")
    empty = {name: int(visits[name].isna().sum()) for name in columns.values()}
    if any(empty.values()):
        said = ", ".join(f"{name} in {count:,} of them" for name, count in empty.items() if count)
        raise TableError(
            f"{len(visits):,} contacts, but nothing stands under {said}. A contact with an unknown worker is not one "
            "with the same or another: fill these in, or leave the rows out yourself and say so."
        )
    check(visits, {name: Column(role, is_number=False) for role, name in columns.items() if role != "time"})
    return visits


def _by_provider(persons: pd.DataFrame, by: str, measures: list[str]) -> pd.DataFrame:
    known = persons[measures[0]].notna()
    groups = persons.assign(known=known).groupby(by, sort=True, observed=True)
    counts = groups.agg(persons=("contacts", "size"), with_index=("known", "sum"), contacts=("contacts", "sum"))
    return pd.concat([counts, groups[measures].mean()], axis=1).reset_index()


def _text(persons: pd.DataFrame, measures: list[str], fewest: int) -> str:
    known = persons[persons[measures[0]].notna()]
    means = ", ".join(f"{name.replace('_', ' ')} {format_number(known[name].mean(), 3)}" for name in measures)
    text = f"Mean over {len(known):,} of {len(persons):,} persons: {means}"
    left = len(persons) - len(known)
    if left:
        text += f". {left:,} with fewer than {fewest} contacts have no index"
    return text + "."


def _notes(visits: pd.DataFrame, table: pd.DataFrame, person: str, time: str | None, by: str | None) -> list[str]:
    notes = []
    if time is None:
        notes.append("Without a time there is no order, and so no sequential index.")
    else:
        tied = int(visits.duplicated([person, time], keep=False).sum())
        if tied:
            notes.append(
                f"{tied:,} contacts share their {time} with another of the same person; the order of the rows decides."
            )
    if by is not None:
        none = [str(name) for name in table.loc[table["with_index"] == 0, by]]
        if none:
            shown = ", ".join(none[:5]) + (", ..." if len(none) > 5 else "")
            notes.append(f"No person with enough contacts, and so no mean: {shown}.")
    return notes
