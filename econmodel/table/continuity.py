"""Continuity of contact: how far the contacts of a person are with the same worker, from a log of visits."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotSupported, TableError, UnknownName
from econmodel.results import Answer, format_number
from econmodel.table.checks import Column, check
from econmodel.table.periods import DATE_ORDERS, DateOrder, periods
from econmodel.table.roles import nearest

Array = NDArray[np.float64]
Codes = NDArray[np.integer]
USUAL, BICE_BOXERMAN, SEQUENTIAL = "usual_provider", "bice_boxerman", "sequential"
# With one contact the first index is one by arithmetic, and the others are nothing over nothing.
FEWEST_CONTACTS = 2


@dataclass(frozen=True, slots=True, eq=False)
class Indices:
    """Counts and indices of G persons.

    Attributes
    ----------
    contacts, workers : (G,) how many contacts each person had, and with how many workers
    usual_provider, bice_boxerman, sequential : (G,) indices between 0 and 1; missing with one contact
    """

    contacts: Array
    workers: Array
    usual_provider: Array
    bice_boxerman: Array
    sequential: Array


def indices(persons: Codes, workers: Codes) -> Indices:
    """The three indices from one row a contact, each person's rows in the order of time.

    Parameters
    ----------
    persons : (N,) person of each contact, 0 to G - 1
    workers : (N,) worker of each contact

    Examples
    --------
    >>> found = indices(np.array([0, 0, 0, 0]), np.array([1, 1, 2, 1]))
    >>> float(found.usual_provider[0]), float(found.bice_boxerman[0]), round(float(found.sequential[0]), 3)
    (0.75, 0.5, 0.333)
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
    known = contacts >= FEWEST_CONTACTS
    pairs = np.where(known, contacts - 1.0, np.nan)
    return Indices(
        contacts,
        np.bincount(of_pairs[0], minlength=count).astype(float),
        np.where(known, largest / contacts, np.nan),
        (squares - contacts) / (contacts * pairs),
        kept / pairs,
    )


def continuity(
    visits: pd.DataFrame,
    *,
    person: str,
    worker: str,
    time: str | None = None,
    by: str | None = None,
    fewest_contacts: int = FEWEST_CONTACTS,
    date_order: DateOrder | None = None,
) -> Answer:
    """How far each person sees the same worker again, or the mean of that by provider.

    Parameters
    ----------
    visits : one row a contact
    person, worker : columns that say who was served, and by whom
    time : column by which a person's contacts are ordered; without it there is no sequential index
    by : column with the provider; contacts of a person with two providers are then counted apart
    fewest_contacts : persons with fewer have no index and are left out of means; two or more
    date_order : "day/month/year" or "month/day/year", where `time` holds dates such as 03/04/2010

    Returns
    -------
    Answer
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
    _check(visits, {role: name for role, name in columns.items() if name is not None})
    check(visits, {name: Column(role, is_number=False) for role, name in columns.items() if name and role != "time"})
    if fewest_contacts < FEWEST_CONTACTS:
        raise NotSupported(
            f"fewest_contacts={fewest_contacts}: continuity is between contacts, so it needs {FEWEST_CONTACTS} or more."
        )
    if date_order is not None and date_order not in DATE_ORDERS:
        raise NotSupported(f"date_order={date_order!r} is not known; it may be {' or '.join(map(repr, DATE_ORDERS))}.")
    place = None if time is None else periods(visits[time], date_order)[0]
    ordered = visits if place is None else visits.iloc[np.argsort(place, kind="stable")]
    keys = [person] if by is None else [by, person]
    groups = ordered.groupby(keys, sort=True, observed=True)
    found = indices(groups.ngroup().to_numpy(dtype=np.intp), pd.factorize(ordered[worker])[0])
    names = groups.size().index.to_frame(index=False)
    measures = {USUAL: found.usual_provider, BICE_BOXERMAN: found.bice_boxerman}
    measures |= {} if time is None else {SEQUENTIAL: found.sequential}
    enough = found.contacts >= fewest_contacts
    if not enough.any():
        raise NotSupported(
            f"Nobody in the table has {fewest_contacts} contacts (the most is {found.contacts.max():.0f}), so there is "
            "no continuity to measure. Give a longer period, or a smaller fewest_contacts."
        )
    persons = names.assign(contacts=found.contacts.astype(int), workers=found.workers.astype(int))
    persons = persons.assign(**{name: np.where(enough, values, np.nan) for name, values in measures.items()})
    table = persons if by is None else _by_provider(persons, by, list(measures))
    return Answer(
        "Continuity of contact" + (f", by {by.replace('_', ' ')}" if by else ""),
        table,
        _text(persons, list(measures), fewest_contacts),
        notes=tuple(_notes(visits, table, person, time, by)),
    )


def _check(visits: pd.DataFrame, columns: dict[str, str]) -> None:
    if not isinstance(visits, pd.DataFrame):
        raise TableError(f"visits is a {type(visits).__name__}: give a table (pandas DataFrame) with a row a contact.")
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
