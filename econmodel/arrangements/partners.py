"""Who merges: two or more providers, each found once."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from econmodel.errors import NotSupported, UnknownName
from econmodel.table.roles import nearest


def check_partners(partners: object) -> None:
    """NotSupported, with the cure, for what is no list of two or more different partners."""
    if isinstance(partners, str) or not isinstance(partners, Sequence | Mapping | pd.DataFrame):
        raise NotSupported(
            f"partners={partners!r}: give the providers that merge as a list of names, or their bundles as a mapping "
            "of name -> {column: value} or a table."
        )
    if len(partners) < 2:
        raise NotSupported(f"A merger needs two partners or more, and this has {len(partners)}. Name the others.")
    names = list(partners.index) if isinstance(partners, pd.DataFrame) else list(partners)
    twice = [str(name) for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise NotSupported(f"{', '.join(twice)} is named twice among the partners. Name each provider once.")


def row_of(names: Sequence[str], wanted: Any, entities: "pd.Series | None" = None) -> int:
    """The row of a provider, by the name of the row or, where it has one row only, of the provider.

    Raises
    ------
    UnknownName
        For a name that no row has; the message has the nearest.
    NotSupported
        For a provider with several rows; the message has their names.

    Examples
    --------
    >>> row_of(["A, 1970", "A, 1971", "B, 1970"], "B", pd.Series(["A", "A", "B"]))
    2
    """
    if str(wanted) in names:
        return list(names).index(str(wanted))
    own = [] if entities is None else [place for place, name in enumerate(entities) if str(name) == str(wanted)]
    if len(own) == 1:
        return own[0]
    if own:
        shown = ", ".join(repr(names[place]) for place in own[:5]) + (", ..." if len(own) > 5 else "")
        raise NotSupported(f"{wanted!r} has {len(own)} rows: name the one that is meant ({shown}).")
    near = nearest(wanted, names) or f" (names are like {names[0]!r})."
    raise UnknownName(f"{wanted!r} is not a provider of the table{near}")
