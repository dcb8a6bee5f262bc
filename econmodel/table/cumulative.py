"""Cumulative volume: what a provider has made before this period, as a column for learning."""

from dataclasses import replace

import numpy as np
import pandas as pd

from econmodel.errors import NotSupported, TableError, UnknownName
from econmodel.table.cost_data import CostData
from econmodel.table.roles import nearest


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
