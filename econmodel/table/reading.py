"""A file as a table, every row counted against the header, text first, numbers where a column holds them; and back."""

import csv
import io
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from econmodel.errors import CardError, TableError
from econmodel.frames import from_arrow

if TYPE_CHECKING:
    from pyarrow import ChunkedArray

# What stands for a missing figure in files of spreadsheets and statistics programs; in names only the empty cell does.
MISSING = ("", "NA", "N/A", "#N/A", "n/a", "NaN", "nan", "null", "NULL", "None", "<NA>")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
# A number that says no more than its size: "01" and "5E1" are codes. Programs write powers of ten with a sign.
_PLAIN = r"^[+-]?(0|[1-9][0-9]*)?([.][0-9]*)?([eE][+-][0-9]+)?$"
_TRUTH = ("True", "False", "true", "false", "TRUE", "FALSE")
# In blocks of this many bytes Arrow is fastest; the largest is for a row that is longer than a block.
_BLOCK, _LARGEST_BLOCK = 1 << 20, 1 << 30
_FIRST = 5


def read_table(file: Path, entity: str | None, time: str | None, numbers: Collection[str]) -> pd.DataFrame:
    r"""The table in a CSV or Parquet file; Parquet keeps its own types.

    A CSV file is read as text, and what a column is decides what becomes of it: names of providers stay as they are
    written ("007" is not 7); periods become numbers where all of them are written as numbers write themselves (2011,
    not 01 or 1.10) and else stay text; columns with a number for a role become numbers, with `MISSING` for a missing
    figure, or stay text where a cell is none. A column without a role is a number only where nothing is lost by that:
    no leading zeros, no two spellings of one number.

    Parameters
    ----------
    file : of the table, in UTF-8 with commas, the names of the columns in its first row
    entity, time : the columns with names and periods
    numbers : the columns that hold numbers

    Raises
    ------
    CardError
        Where the file cannot be read as either.
    TableError
        Where a row has more or fewer fields than the header, or the header repeats a name or leaves one out.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "homes.csv"
    >>> _ = file.write_text("home,year,spend\n007,2011,9.5\n1.10,2012,NA\n")
    >>> table = read_table(file, "home", "year", ["spend"])
    >>> table["home"].tolist(), table["year"].tolist(), table["spend"].tolist()
    (['007', '1.10'], [2011, 2012], [9.5, nan])
    """
    if file.suffix.lower() == ".parquet":
        return _parquet(file)
    if file.suffix.lower() != ".csv":
        raise CardError(f"{file.name} is neither a CSV nor a Parquet file; save it as one of them")
    header, columns = _cells(file.name, file.read_bytes())
    frame = {}
    for name, texts in zip(header, columns, strict=True):
        if name == entity:
            frame[name] = _text(texts, [""])
        elif name == time:
            frame[name] = _periods(texts)
        else:
            frame[name] = _number(texts, must_be_plain=name not in numbers)
    return pd.DataFrame(frame)


def write_table(
    frame: pd.DataFrame, file: Path, columns: Mapping[str, bool], entity: str | None, time: str | None
) -> None:
    """Write a table to a CSV or Parquet file, without the frame's index; a named index becomes a column.

    Parameters
    ----------
    columns : those that have a role, and whether it is one of numbers

    Raises
    ------
    CardError
        Where a CSV file would not give the same figures and names again; the file is not kept.
    """
    whole = frame.reset_index() if any(name is not None and name not in frame for name in frame.index.names) else frame
    if file.suffix == ".parquet":
        whole.to_parquet(file, index=False)
        return
    whole.to_csv(file, index=False, lineterminator="\n")
    try:
        back = read_table(file, entity, time, [name for name, is_number in columns.items() if is_number])
        changed = [name for name in columns if not _same(frame[name], back[name], name in (entity, time))]
        fault = f"{changed[0]!r} would not come back from a CSV file as it is" if changed else ""
        why = ""
    except (CardError, TableError) as broken:
        fault, why = "the table would not come back from a CSV file", f": {broken}"
    if fault:
        file.unlink()
        raise CardError(f'{fault}; use data_format="parquet"{why}')


def _same(written: pd.Series, again: pd.Series, is_name: bool) -> bool:
    if not is_name:
        return np.array_equal(written.to_numpy(float, na_value=np.nan), again.to_numpy(float), equal_nan=True)
    # A code that is a number comes back as the text that it is written as.
    has_order = isinstance(written.dtype, pd.CategoricalDtype) and written.dtype.ordered
    return written.astype(str).tolist() == again.astype(str).tolist() and not has_order


def _parquet(file: Path) -> pd.DataFrame:
    from pyarrow import ArrowException
    from pyarrow.parquet import read_table as read_columns

    try:
        table = read_columns(file)
        table.validate(full=True)
        return from_arrow(table, with_index=True)
    except (ArrowException, OSError, ValueError, KeyError) as broken:
        said = str(broken).split("\n")[0]
        raise CardError(f"{file.name} cannot be read as Parquet, it may have been cut off: {said}") from None


def _cells(name: str, raw: bytes) -> tuple[list[str], list["ChunkedArray"]]:
    """The header, and a column of texts for each of its fields."""
    from pyarrow import ArrowInvalid, BufferReader, string
    from pyarrow.csv import ConvertOptions, ParseOptions, ReadOptions, read_csv

    first = _first_row(name, raw)
    fields = [str(place) for place in range(len(first))]
    for block in (_BLOCK, _LARGEST_BLOCK):
        off: dict[int, list[int]] = {}

        def count(row: Any, off: dict[int, list[int]] = off) -> str:
            off.setdefault(row.actual_columns, []).append(row.number)
            return "skip"

        try:
            table = read_csv(
                BufferReader(raw),
                ReadOptions(column_names=fields, use_threads=False, block_size=block),
                ParseOptions(newlines_in_values=b'"' in raw, invalid_row_handler=count),
                ConvertOptions(column_types=dict.fromkeys(fields, string()), strings_can_be_null=False),
            )
            break
        except ArrowInvalid as broken:
            # A row may be longer than a block.
            if block == _LARGEST_BLOCK:
                raise CardError(f"{name} cannot be read as CSV with commas in UTF-8: {broken}") from None
    header = [column[0].as_py() for column in table.columns] if len(table) else first
    faults = _header_faults(header)
    for actual, rows in off.items():
        what = "row has" if len(rows) == 1 else "rows have"
        listed = ", ".join(map(str, rows[:_FIRST])) + ", ..." * (len(rows) > _FIRST)
        counts = f"{_fields(actual)} where the header has {_fields(len(first))}"
        faults.append(f"{len(rows):,} {what} {counts}: {what.split()[0]} {listed} of the file")
    if faults:
        said = (
            f"{name} is not a table with one header and as many fields in every row (a comma at the end of a row is "
            "one field too many, text with a comma in it needs quotation marks, a title above the header is no header):"
        )
        raise TableError("\n- ".join([said, *faults]))
    return header, table.slice(1).columns


def _first_row(name: str, raw: bytes) -> list[str]:
    """The fields of the header; refuses what is no text in UTF-8 or has other separators than commas."""
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise CardError(f"{name} is in UTF-16; save it as CSV UTF-8")
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as broken:
        number = raw[: broken.start].count(b"\n") + 1
        raise CardError(
            f"{name} cannot be read as CSV with commas in UTF-8: line {number} has a letter that is not in UTF-8 (byte "
            f"0x{raw[broken.start]:02x}); save the file as CSV UTF-8"
        ) from None
    if b"\0" in raw:
        raise CardError(
            f"{name} cannot be read as CSV with commas in UTF-8: it holds zero bytes, which no text does; save it "
            "as CSV UTF-8"
        )
    lines = io.TextIOWrapper(io.BytesIO(raw), "utf-8-sig", newline="")
    # A title above the header has no sign between fields.
    line = next((line for line in lines if any(sign in line for sign in (",", *_SEPARATORS))), "")
    for sign, word in _SEPARATORS.items():
        if line.count(sign) > line.count(","):
            raise CardError(f"{name} separates its fields with {word}; save it with commas, and decimals with points")
    lines.seek(0)
    _refuse_quotes(name, raw)
    try:
        return next(row for row in csv.reader(lines) if row)
    except StopIteration:
        raise CardError(f"{name} cannot be read as CSV with commas in UTF-8: it is empty") from None
    except csv.Error as broken:
        raise CardError(f"{name} cannot be read as CSV with commas in UTF-8: {broken} in its header") from None


def _refuse_quotes(name: str, raw: bytes) -> None:
    """Quotation marks must open and close whole fields: elsewhere, what they enclose is anybody's guess."""
    if b'"' not in raw:
        return
    cells = np.frombuffer(raw, dtype=np.uint8)
    marks = np.flatnonzero(cells == ord('"'))
    ends = np.isin(np.arange(256), list(b',\r\n"'))
    start = 3 if raw[:3] == b"\xef\xbb\xbf" else 0
    opens, closes = marks[::2], marks[1::2]
    before = np.where(opens > start, ends[cells[np.maximum(opens - 1, 0)]], True)
    after = np.where(closes + 1 < len(cells), ends[cells[np.minimum(closes + 1, len(cells) - 1)]], True)
    wrong = [*opens[~before][:1], *closes[~after][:1], *(marks[-1:] if len(marks) % 2 else [])]
    if wrong:
        line = raw[: min(wrong)].count(b"\n") + 1
        raise CardError(
            f"{name} has a quotation mark in line {line} that neither begins nor ends a field, or is never closed; put "
            'the whole text in quotation marks, double those within it ("5"" pipe"), and leave no space outside them'
        )


def _header_faults(header: list[str]) -> list[str]:
    counts = Counter(name.strip() for name in header)
    faults = [
        f"the header names {count} columns {name!r}; rename all but one"
        for name, count in counts.items()
        if name and count > 1
    ]
    if empty := [place for place, name in enumerate(header, start=1) if not name.strip()]:
        listed = ", ".join(map(str, empty[:_FIRST])) + ", ..." * (len(empty) > _FIRST)
        faults.append(
            f"the header leaves {len(empty)} of {_fields(len(header))} without a name: field {listed}; write one, or "
            "delete the column (a comma at the end of every row makes an empty one)"
        )
    return faults


def _fields(count: int) -> str:
    return f"{count:,} {'field' if count == 1 else 'fields'}"


def _without(texts: "ChunkedArray", missing: Collection[str]) -> "ChunkedArray":
    from pyarrow import array, compute, nulls, string

    empty = compute.is_in(texts, value_set=array(list(missing), string()))
    return compute.if_else(empty, nulls(1, string())[0], texts)


def _text(texts: "ChunkedArray", missing: Collection[str]) -> pd.Series:
    return _without(texts, missing).to_pandas().astype("str")


def _periods(texts: "ChunkedArray") -> pd.Series:
    known = _without(texts, [""])
    spellings = [text for text in known.unique().to_pylist() if text is not None]
    kind = next((kind for kind in (int, float) if all(_writes_itself(text, kind) for text in spellings)), None)
    return known.to_pandas().astype("str") if kind is None or not spellings else _number(texts, must_be_plain=False)


def _writes_itself(text: str, kind: type[int] | type[float]) -> bool:
    try:
        return str(kind(text)) == text
    except ValueError:
        return False


def _number(texts: "ChunkedArray", must_be_plain: bool) -> pd.Series:
    """Numbers or truth values where every known cell is one; else the text."""
    from pyarrow import ArrowInvalid, compute, int64

    known = _without(texts, MISSING)
    numbers = _as_numbers(known)
    if numbers is None:
        known = _without(compute.utf8_trim_whitespace(texts), MISSING)
        numbers = _as_numbers(known)
    if numbers is None:
        spellings = known.unique().drop_null().to_pylist() if len(known) else []
        if not spellings or not set(spellings) <= set(_TRUTH):
            return _text(texts, MISSING)
        truth = compute.equal(compute.utf8_lower(known), "true").to_pandas()
        return truth.astype("boolean") if known.null_count else truth.astype(bool)
    if must_be_plain and not _is_plain(known, numbers):
        return _text(texts, MISSING)
    if not numbers.null_count:
        try:
            return compute.cast(known, int64()).to_pandas()
        except ArrowInvalid:
            pass
    return numbers.to_pandas().astype(float)


def _as_numbers(known: "ChunkedArray") -> "ChunkedArray | None":
    from pyarrow import ArrowInvalid, compute, float64

    try:
        numbers = compute.cast(known, float64())
    except ArrowInvalid:
        return None
    # What is too small for the machine is not nothing: it stays small, and is refused as such.
    zero = compute.equal(numbers, 0.0)
    if not compute.any(zero).as_py():
        return numbers
    lost = compute.and_(zero, compute.match_substring_regex(known, "^[^eE]*[1-9]"))
    return compute.if_else(lost, float(np.nextafter(0.0, 1.0)), numbers)


def _is_plain(known: "ChunkedArray", numbers: "ChunkedArray") -> bool:
    """Whether a column without a role loses nothing as numbers: see `read_table`."""
    from pyarrow import compute

    spellings = known.unique().drop_null()
    if not compute.all(compute.match_substring_regex(spellings, _PLAIN), min_count=0).as_py():
        return False
    return len(spellings) == len(numbers.unique().drop_null())
