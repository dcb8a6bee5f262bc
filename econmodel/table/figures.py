"""Published figures that were typed in, each row with where it was read, or marked as an assumption.

A table is `data/figures/NAME.csv`; beside it `NAME.toml` says in general what a report prints of its origin.
"""

import pandas as pd

from econmodel.errors import UnknownName
from econmodel.table.reading import read_table
from econmodel.table.roles import nearest
from econmodel.table.shipped import shipped

# What a row may say of itself: read in the source that it names, or put there to be replaced.
STATUSES = ("published", "assumption")


def figure_names() -> list[str]:
    """The names of the tables of figures.

    Examples
    --------
    >>> all(name.isidentifier() for name in figure_names())
    True
    """
    return sorted(path.stem for path in (shipped("data") / "figures").glob("*.csv"))


def figures(name: str) -> pd.DataFrame:
    """A table of published figures, typed in, one source a row.

    Parameters
    ----------
    name : of the table; the error for an unknown one lists them

    Returns
    -------
    DataFrame
        The figures, and the columns `status` ("published", or "assumption": to be replaced by whoever knows better)
        and `source` (where the row was read, or why it was assumed).

    Raises
    ------
    UnknownName
        For another name; the message lists those there are.

    Examples
    --------
    >>> table = figures("merger_costs")
    >>> set(table["status"]) <= set(STATUSES), bool(table["source"].notna().all())
    (True, True)
    """
    known = figure_names()
    if name not in known:
        raise UnknownName(f"there is no table of figures {name!r}; there are {', '.join(known)}{nearest(name, known)}")
    return read_table(shipped("data") / "figures" / f"{name}.csv", None, None, ())
