"""The card: a short TOML file that says what each column of a table is, read and written."""

import hashlib
import os.path
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from econmodel.errors import CardError, TableError
from econmodel.table.cost_data import CostData
from econmodel.table.reading import read_table
from econmodel.table.roles import Outcome, Output, Price, Relationship, nearest
from econmodel.table.toml_text import toml_text

_ROLES: dict[str, type[Any]] = {
    "outputs": Output, "prices": Price, "relationships": Relationship, "outcomes": Outcome,
}  # fmt: skip
_TEXTS = ("title", "source", "licence", "money", "cost_concept", "checksum", "date_order")
_COLUMNS = ("entity", "time")
_LISTS = ("controls", "network")
KEYS = (
    "title", "file", "checksum", "source", "licence", "money", "cost_concept", "cost", "entity", "time", "date_order",
    "controls", "network", "prices_complete", "shares", "notes", "dropped", *_ROLES,
)  # fmt: skip
_COST_KEYS = ("column", "unit")
_DROPPED_KEYS = ("rows", "because", "first")
# A card is a short text; what is larger, or has a line with more dots, would only keep the reader of TOML busy.
_LARGEST_CARD = 1_000_000
_MOST_DOTS = 500
_SHOWN = 100


def read(path: str | Path) -> CostData:
    r"""Read a card and the table beside it.

    Parameters
    ----------
    path : of the card, a TOML file; its entry `file` names a CSV or Parquet file in the same folder

    Returns
    -------
    CostData
        with the checksum of the file, whether or not the card states one

    Raises
    ------
    CardError
        Where the card has an unknown entry, lacks one, or the file is not the one whose checksum it states.
    TableError
        Where the table does not fit the card: all faults at once.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> _ = (folder / "homes.csv").write_text("home,spend,weeks\nA,9.5,40\nB,14.0,75\n")
    >>> _ = (folder / "homes.toml").write_text(
    ...     'file = "homes.csv"\ncost = "spend"\nentity = "home"\n[outputs.weeks]\nservice = "personal"\n'
    ... )
    >>> read(folder / "homes.toml").row_names()
    ['A', 'B']
    """
    if not isinstance(path, str | Path):
        raise CardError(
            f"econmodel.read takes the path of a card, not a {type(path).__name__}; a table in memory goes into "
            'econmodel.CostData(frame, cost="...", outputs=[...])'
        )
    path = Path(path)
    entries = _entries(path)
    _known_keys(path.name, entries, KEYS)
    for key in ("file", "cost", "outputs"):
        if key not in entries:
            raise CardError(f"{path.name} lacks {key!r}, which every card needs")
    file = path.parent / _text(path.name, "file", entries["file"])
    cost, unit = _cost(path.name, entries["cost"])
    given: dict[str, Any] = {key: _text(path.name, key, entries[key]) for key in (*_TEXTS, *_COLUMNS) if key in entries}
    given |= {key: _texts(path.name, key, entries[key]) for key in _LISTS if key in entries}
    given |= {key: _role_entries(path.name, key, entries[key], role) for key, role in _ROLES.items() if key in entries}
    if "notes" in entries:
        notes = entries["notes"]
        given["notes"] = [notes] if isinstance(notes, str) else _texts(path.name, "notes", notes)
    if "shares" in entries:
        given["shares"] = _text(path.name, "shares", entries["shares"])
    if not isinstance(complete := entries.get("prices_complete", False), bool):
        raise CardError(f"{path.name}: prices_complete must be true or false, without quotation marks")
    if "dropped" in entries:
        given["dropped"] = _dropped(path.name, entries["dropped"])
    given["checksum"] = _checksum(path.name, file, given.get("checksum", ""))
    entity, time = given.get("entity"), given.get("time")
    shares = [price.share for price in _mapping(given.get("prices")).values()]
    numbers = {cost, *shares, *(name for key in (*_ROLES, *_LISTS) for name in given.get(key, ()))}
    frame = read_table(file, entity, time, numbers)
    try:
        return CostData(frame, cost, cost_unit=unit, prices_complete=complete, **given)
    except TableError as faults:
        if "(row " not in str(faults):
            raise
        raise TableError(f"{faults}\nRow 0 is the first below the header of {file.name}.") from None


def write(data: CostData, path: Path, data_format: str) -> Path:
    """Write a card and its table; see `CostData.to_card`."""
    if data_format not in ("csv", "parquet"):
        raise CardError(f'data_format = {data_format!r} is not known; it may be "csv" or "parquet"')
    if path.suffix != ".toml":
        raise CardError(f'a card is a ".toml" file, not {path.name!r}')
    file = path.with_suffix(f".{data_format}")
    has_names = any(name is not None and name not in data.frame for name in data.frame.index.names)
    frame = data.frame.reset_index() if has_names else data.frame
    if data_format == "csv":
        frame.to_csv(file, index=False, lineterminator="\n")
        _came_back(data, file)
    else:
        frame.to_parquet(file, index=False)
    path.write_text(card_text(data, file.name, _sha256(file)), encoding="utf-8", newline="\n")
    return path


def card_text(data: CostData, file: str, checksum: str) -> str:
    """The card of some data in TOML; entries that say nothing are left out."""
    plain: dict[str, Any] = {
        "title": data.title, "file": file, "checksum": checksum, "source": data.source, "licence": data.licence,
        "money": data.money, "cost_concept": data.cost_concept,
    }  # fmt: skip
    plain = {key: value for key, value in plain.items() if value}
    plain["cost"] = {"column": data.cost} | ({"unit": data.cost_unit} if data.cost_unit else {})
    later: dict[str, Any] = {
        "entity": data.entity, "time": data.time, "date_order": data.date_order, "controls": data.controls,
        "network": data.network, "prices_complete": data.prices_complete, "shares": data.shares, "notes": data.notes,
        "dropped": [{"rows": rows, "because": why, "first": first} for rows, why, first in data.dropped],
    }  # fmt: skip
    plain |= {key: value for key, value in later.items() if value}
    for key, role in _ROLES.items():
        if getattr(data, key):
            plain[key] = {name: _facts(entry, role) for name, entry in getattr(data, key).items()}
    return toml_text(plain)


def _mapping(roles: Any) -> Mapping[str, Any]:
    return roles if isinstance(roles, Mapping) else {}


def _facts(entry: Any, role: type) -> dict[str, str]:
    # A card must state the kind of a relationship variable, also where it is the default of the constructor.
    return {
        field.name: value
        for field in fields(role)
        if (value := getattr(entry, field.name)) != field.default or field.name == "kind"
    }


def _entries(path: Path) -> dict[str, Any]:
    if path.suffix.lower() in (".csv", ".parquet", ".xlsx"):
        raise CardError(
            f"{path.name} is a table, not a card; write a card beside it (a .toml file with "
            f'file = "{path.name}", cost = "..." and [outputs....]), or pass a DataFrame to econmodel.CostData'
        )
    if not os.path.isfile(path):  # noqa: PTH113 (pathlib raises where a name is too long)
        is_folder = os.path.isdir(path)  # noqa: PTH112
        what = "it is a folder; name the .toml file in it" if is_folder else "a card is a file that ends in .toml"
        raise CardError(f"there is no card {path.name[:_SHOWN]!r} in {str(path.parent)[:_SHOWN]}: {what}")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as broken:
        raise CardError(f"{path.name} cannot be opened: {broken.strerror}") from None
    except UnicodeDecodeError:
        raise CardError(f"{path.name} is not in UTF-8; save it as text in UTF-8") from None
    if len(text) > _LARGEST_CARD or any(line.count(".") > _MOST_DOTS for line in text.splitlines()):
        raise CardError(
            f"{path.name} is too long for a card: at most {_LARGEST_CARD:,} letters, and {_MOST_DOTS} dots in a line"
        )
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        cures = {
            "\\": "write paths with / instead of \\", "“": 'write straight quotation marks, ""',
            "[": 'put names with spaces or accents in quotation marks, as in [outputs."my weeks"]',
        }  # fmt: skip
        cure = "".join(f"; {words}" for sign, words in cures.items() if sign in text)
        raise CardError(f"{path.name} is not valid TOML: {broken}{cure}") from None
    except (RecursionError, ValueError):
        raise CardError(f"{path.name} is not valid TOML for a card: a list too deep or a number too long") from None


def _known_keys(where: str, entries: Mapping[str, Any], known: tuple[str, ...]) -> None:
    for key in entries:
        if key not in known:
            is_above = key in KEYS and known is not KEYS
            cure = "; if it is of the whole card, write it above the first [...]" if is_above else nearest(key, known)
            raise CardError(f"{where}: {key!r} is not known; known are {', '.join(known)}{cure}")


def _text(card: str, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise CardError(f"{card}: {key} must be text in quotation marks, not {value!r}")
    return value


def _texts(card: str, key: str, value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
        raise CardError(f'{card}: {key} must be a list of text, such as ["rural"], not {value!r}')
    return value


def _cost(card: str, value: Any) -> tuple[str, str]:
    if isinstance(value, str):
        return value, ""
    if not isinstance(value, dict) or "column" not in value:
        raise CardError(f'{card}: cost must be a column, or {{ column = "...", unit = "..." }}, not {value!r}')
    _known_keys(f"{card}, cost", value, _COST_KEYS)
    return _text(card, "cost.column", value["column"]), _text(card, "cost.unit", value.get("unit", ""))


def _role_entries(card: str, key: str, value: Any, role: type[Any]) -> dict[str, Any] | list[str]:
    if isinstance(value, list):
        return _texts(card, key, value)
    if not isinstance(value, dict):
        raise CardError(f"{card}: {key} must be a list of columns, or one table [{key}.COLUMN] for each")
    roles = {}
    for name, facts in value.items():
        where = f"{card}, [{key}.{name}]"
        if isinstance(facts, str) and role is Output:
            facts = {"service": facts}
        if not isinstance(facts, dict):
            raise CardError(f"{where} must be a table of facts, not {facts!r}")
        _known_keys(where, facts, tuple(field.name for field in fields(role)))
        if role is Relationship and "kind" not in facts:
            raise CardError(
                f'{where} lacks kind: "attribute" where it is measured apart from inputs (continuity, the same '
                'worker), "input_ratio" where it is built from an input and a volume (staff per user, class size)'
            )
        try:
            roles[name] = role(**facts)
        except CardError as wrong:
            raise CardError(f"{where}: {wrong}") from None
    return roles


def _dropped(card: str, value: Any) -> list[tuple[int, str, list[str]]]:
    if not isinstance(value, list) or not all(
        isinstance(one, dict) and set(one) == set(_DROPPED_KEYS) for one in value
    ):
        raise CardError(f'{card}: dropped is a list such as [{{ rows = 3, because = "...", first = ["..."] }}]')
    for entry in value:
        _text(card, "because", entry["because"])
        _texts(card, "first", entry["first"])
    return [(entry["rows"], entry["because"], entry["first"]) for entry in value]


def _sha256(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _checksum(card: str, file: Path, stated: str) -> str:
    if not os.path.isfile(file):  # noqa: PTH113
        raise CardError(f"{card} names the file {file.name[:_SHOWN]!r}, which is not in {file.parent}")
    try:
        found = _sha256(file)
    except OSError as broken:
        raise CardError(f"{card} names the file {file.name!r}, which cannot be opened: {broken.strerror}") from None
    if stated and found != stated:
        raise CardError(
            f"{file.name} is not the file that {card} describes: its SHA-256 is {found}, the card states {stated}; "
            "restore the file, or put the new checksum into the card if the change is meant"
        )
    return found


def _came_back(data: CostData, file: Path) -> None:
    """Refuse a CSV file that would not give the same figures and names again."""
    numbers = [name for name, column in data._columns().items() if column.is_number]
    try:
        back = read_table(file, data.entity, data.time, numbers)
    except (CardError, TableError) as broken:
        file.unlink()
        raise CardError(f'the table would not come back from a CSV file; use data_format="parquet": {broken}') from None
    for name in data._columns():
        written, again = data.frame[name], back[name]
        if name in (data.entity, data.time):
            # A code that is a number comes back as the text that it is written as.
            has_order = isinstance(written.dtype, pd.CategoricalDtype) and written.dtype.ordered
            same = written.astype(str).tolist() == again.astype(str).tolist() and not has_order
        else:
            same = np.array_equal(written.to_numpy(float, na_value=np.nan), again.to_numpy(float), equal_nan=True)
        if not same:
            file.unlink()
            raise CardError(f'{name!r} would not come back from a CSV file as it is; use data_format="parquet"')
