"""The tables that come with the package, and where they lie: providers with a card, and published figures.

Figures that were typed in are `data/figures/NAME.csv`, each row with where it was read, or marked as an assumption;
beside them `NAME.toml` says in general what a report prints of their origin.
"""

from importlib.resources import files
from pathlib import Path
from typing import Literal

import pandas as pd

from econmodel.errors import UnknownName
from econmodel.results import Table
from econmodel.table.cost_data import CostData, read
from econmodel.table.reading import read_table
from econmodel.table.roles import nearest

# What a row of figures may say of itself: read in the source that it names, or put there to be replaced.
STATUSES = ("published", "assumption")


def shipped(kind: Literal["data", "notebooks"]) -> Path:
    """The folder with the data or the notebooks that come with the package.

    An installed package carries them inside; a repository has them beside it.

    Examples
    --------
    >>> (shipped("data") / "us_airlines.csv").is_file()
    True
    """
    package = Path(str(files("econmodel")))
    inside = package / "_shipped" / kind
    return inside if inside.is_dir() else package.parent / kind


def names() -> list[str]:
    """The names of the shipped data sets.

    Examples
    --------
    >>> "us_airlines" in names()
    True
    """
    return sorted(card.stem for card in shipped("data").glob("*.toml"))


def load(name: str) -> CostData:
    """A data set that comes with the package, with its card.

    Parameters
    ----------
    name : as `econmodel data` lists them

    Raises
    ------
    UnknownName
        For another name; the message lists those there are. A table of your own is read with `econmodel.read`.

    Notes
    -----
    Names of providers are text, as in every CSV file, also where they are numbers. `where` refuses `"firm != 1"` and
    asks for `"firm != '1'"`; a mask of your own is not read, and `data.frame["firm"] != 1` is true of every row.

    Examples
    --------
    >>> from econmodel.table.shipped import load
    >>> airlines = load("us_airlines")
    >>> len(airlines), list(airlines.outputs), airlines.controls
    (90, ['output'], ('load_factor',))
    """
    known = names()
    name = name if isinstance(name, str) else f"a {type(name).__name__}"
    if name not in known:
        raise UnknownName(
            f"there is no shipped data set {name!r}; there are {', '.join(known)}{nearest(name, known)} "
            "Your own table is read with econmodel.read('its_card.toml')."
        )
    return read(shipped("data") / f"{name}.toml")


def catalogue() -> Table:
    """What comes with the package: one row a data set.

    Returns
    -------
    Table
        with the columns name, title, rows, cost concept, outputs, relationship (variable and kind), outcomes, licence

    Examples
    --------
    >>> catalogue().table.columns.tolist()
    ['name', 'title', 'rows', 'cost_concept', 'outputs', 'relationship', 'outcomes', 'licence']
    """
    rows = []
    for name in names():
        data = load(name)
        relationships = [f"{column} ({role.kind.replace('_', ' ')})" for column, role in data.relationships.items()]
        rows.append(
            {
                "name": name,
                "title": data.title,
                "rows": len(data),
                "cost_concept": data.cost_concept,
                "outputs": ", ".join(data.outputs),
                "relationship": ", ".join(relationships),
                "outcomes": ", ".join(data.outcomes),
                "licence": data.licence.split(";")[0],
            }
        )
    table = pd.DataFrame(rows)
    text = f"{len(table)} data sets come with the package; econmodel.load(name) gives one with its card."
    return Table("Shipped data sets", table, text)


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
