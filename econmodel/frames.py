"""Frames of other libraries at the border: whatever a user has a table in, the package works on pandas."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from econmodel.errors import TableError

if TYPE_CHECKING:
    import pyarrow as pa


def in_pandas(given: Any) -> Any:
    """A frame or column of polars, Arrow or another library as pandas; pandas, and what is no frame, as it is.

    Parameters
    ----------
    given : anything; a frame or series of a library that narwhals knows is turned

    Raises
    ------
    TableError
        Where a frame is lazy: it is a question that nobody has asked yet, and holds no rows.

    Examples
    --------
    >>> import pyarrow
    >>> in_pandas(pyarrow.table({"spend": [1.5, None], "open": [True, None]})).dtypes.astype(str).to_dict()
    {'spend': 'float64', 'open': 'boolean'}
    """
    # What needs no turning is known without loading anything.
    library = type(given).__module__.partition(".")[0]
    if isinstance(given, pd.DataFrame | pd.Series) or library in ("builtins", "numpy", "pandas", "econmodel"):
        return given
    import narwhals as nw
    from pyarrow import ArrowException

    known = nw.from_native(given, pass_through=True, allow_series=True)
    if isinstance(known, nw.LazyFrame):
        raise TableError(
            f"a lazy frame ({type(given).__name__} of {library}) holds no rows yet: run it first, and give what "
            "frame.collect() returns"
        )
    try:
        if isinstance(known, nw.Series):
            return from_arrow(known.to_frame().to_arrow()).iloc[:, 0]
        return from_arrow(known.to_arrow()) if isinstance(known, nw.DataFrame) else given
    except ArrowException as broken:
        raise TableError(
            f"this {type(given).__name__} of {library} cannot be turned into a pandas frame: {broken}"
        ) from None


def from_arrow(table: "pa.Table", with_index: bool = False) -> pd.DataFrame:
    """An Arrow table as pandas has it; a truth value that is not known stays one that is missing.

    Parameters
    ----------
    with_index : whether a table that came from pandas gets its index and types back
    """
    from pyarrow import types

    frame = table.to_pandas(ignore_metadata=not with_index)
    for name, column in zip(table.column_names, table.columns, strict=True):
        if types.is_boolean(column.type) and column.null_count and name in frame and frame.columns.is_unique:
            frame[name] = frame[name].astype("boolean")
    return frame
