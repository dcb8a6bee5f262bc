"""The card: a short TOML file that says what each column of a table is. Its words are the arguments of `CostData`."""

import hashlib
import json
import os.path
import tomllib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from econmodel.errors import CardError
from econmodel.table.roles import ROLES, Output, Relationship, nearest, stated

_TEXTS = ("title", "source", "licence", "money", "cost_concept", "checksum", "date_order", "entity", "time", "shares")
_LISTS = ("controls", "network")
KEYS = (
    "title", "file", "checksum", "source", "licence", "money", "cost_concept", "cost", "entity", "time", "date_order",
    "controls", "network", "prices_complete", "shares", "notes", "dropped", *ROLES,
)  # fmt: skip
_COST_KEYS = ("column", "unit")
_DROPPED_KEYS = ("rows", "because", "first")
# A card is a short text; what is larger, or has a line with more dots, would only keep the reader of TOML busy.
_LARGEST_CARD = 1_000_000
_MOST_DOTS = 500
_SHOWN = 100


def read_card(path: Path) -> tuple[dict[str, Any], Path]:
    """What a card says, as arguments of `CostData`, with the checksum of the table's file; and where that file is.

    Raises
    ------
    CardError
        Where the card has an unknown entry, lacks one, or the file is not the one whose checksum it states.
    """
    card, entries = path.name, _entries(path)
    _known_keys(card, entries, KEYS)
    for key in ("file", "cost", "outputs"):
        if key not in entries:
            raise CardError(f"{card} lacks {key!r}, which every card needs")
    file = path.parent / _text(card, "file", entries["file"])
    given: dict[str, Any] = dict(zip(("cost", "cost_unit"), _cost(card, entries["cost"]), strict=True))
    given |= {key: _text(card, key, entries[key]) for key in _TEXTS if key in entries}
    given |= {key: _texts(card, key, entries[key]) for key in _LISTS if key in entries}
    given |= {key: _role_entries(card, key, entries[key], role) for key, role in ROLES.items() if key in entries}
    if "notes" in entries:
        notes = entries["notes"]
        given["notes"] = [notes] if isinstance(notes, str) else _texts(card, "notes", notes)
    if not isinstance(complete := entries.get("prices_complete", False), bool):
        raise CardError(f"{card}: prices_complete must be true or false, without quotation marks")
    if "dropped" in entries:
        given["dropped"] = _dropped(card, entries["dropped"])
    given |= {"prices_complete": complete, "checksum": _checksum(card, file, given.get("checksum", ""))}
    return given, file


def card_text(given: Mapping[str, Any], file: Path) -> str:
    """The card in TOML of what `CostData` holds, for a table in a file; entries that say nothing are left out."""
    entries = dict(given) | {"file": file.name, "checksum": sha256(file)}
    entries["cost"] = {"column": given["cost"]} | ({"unit": given["cost_unit"]} if given["cost_unit"] else {})
    entries["dropped"] = [dict(zip(_DROPPED_KEYS, entry, strict=True)) for entry in given["dropped"]]
    for key in ROLES:
        entries[key] = {name: stated(role) for name, role in given[key].items()}
    return toml_text({key: entries[key] for key in KEYS if entries[key]})


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


def sha256(file: Path) -> str:
    """The SHA-256 of a file, as `sha256sum` prints it."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _checksum(card: str, file: Path, stated: str) -> str:
    if not os.path.isfile(file):  # noqa: PTH113
        raise CardError(f"{card} names the file {file.name[:_SHOWN]!r}, which is not in {file.parent}")
    try:
        found = sha256(file)
    except OSError as broken:
        raise CardError(f"{card} names the file {file.name!r}, which cannot be opened: {broken.strerror}") from None
    if stated and found != stated:
        raise CardError(
            f"{file.name} is not the file that {card} describes: its SHA-256 is {found}, the card states {stated}; "
            "restore the file, or put the new checksum into the card if the change is meant"
        )
    return found


def toml_text(entries: Mapping[str, Any]) -> str:
    """Write a card: plain entries first, then one table for each entry of a mapping of mappings.

    Text, truth values, lists and flat mappings are written; anything else is a mistake of the caller.

    Examples
    --------
    >>> print(toml_text({"title": "A", "cost": {"column": "spend"}, "prices": {"wage": {"share": "pay"}}}), end="")
    title = "A"
    cost = { column = "spend" }
    <BLANKLINE>
    [prices.wage]
    share = "pay"
    """
    nested = {key: value for key, value in entries.items() if _is_nested(value)}
    lines = [f"{_key(key)} = {_value(value)}" for key, value in entries.items() if key not in nested]
    for key, tables in nested.items():
        for name, table in tables.items():
            lines += ["", f"[{_key(key)}.{_key(name)}]", *(f"{_key(k)} = {_value(v)}" for k, v in table.items())]
    return "\n".join(lines) + "\n"


def _is_nested(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(entry, Mapping) for entry in value.values())


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if is_bare else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        # JSON's escapes are TOML's, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(entry)}" for key, entry in value.items()) + " }"
    if isinstance(value, list | tuple):
        entries = [_value(entry) for entry in value]
        line = f"[{', '.join(entries)}]"
        return line if len(line) <= 100 else "[\n" + "".join(f"  {entry},\n" for entry in entries) + "]"
    raise TypeError(f"a card holds text, numbers, lists and tables, not {type(value).__name__}")
