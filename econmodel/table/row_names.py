"""What a row is called in messages and tables."""

from collections.abc import Sequence
from numbers import Real

import numpy as np
import pandas as pd


def row_names(
    frame: pd.DataFrame, entity: str | None = None, time: str | None = None, positions: Sequence[int] | None = None
) -> list[str]:
    """Names of rows: the provider (and its period), else the row's label in the frame's index.

    A provider that stands in several rows without a period is followed by the row, so that names stay apart; one that
    has a number for a name is introduced by the name of the column ("firm 3").

    Parameters
    ----------
    frame : the table, one row a provider (and period)
    entity, time : columns, where there are such
    positions : the rows asked for (0 is the first); all where not given

    Examples
    --------
    >>> frame = pd.DataFrame({"firm": ["A", "A"], "year": [1970, 1971]})
    >>> row_names(frame, "firm", "year"), row_names(frame, "firm"), row_names(frame)
    (['A, 1970', 'A, 1971'], ['A, row 0', 'A, row 1'], ['row 0', 'row 1'])
    """
    chosen = np.arange(len(frame)) if positions is None else np.asarray(positions, dtype=np.intp)
    rows = [f"row {label}" for label in frame.index.take(chosen)]
    if entity is None or entity not in frame:
        return rows
    prefix = f"{entity.replace('_', ' ')} "
    names = [f"{prefix * _is_number(name)}{name}" for name in frame[entity].take(chosen)]
    if time is not None and time in frame:
        return [f"{name}, {period}" for name, period in zip(names, frame[time].take(chosen), strict=True)]
    if frame[entity].is_unique:
        return names
    return [f"{name}, {row}" for name, row in zip(names, rows, strict=True)]


def _is_number(name: object) -> bool:
    return name.isdecimal() if isinstance(name, str) else isinstance(name, Real)
