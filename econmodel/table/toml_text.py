"""The small part of TOML that a card needs, written: the standard library reads TOML but does not write it."""

import json
from collections.abc import Mapping
from typing import Any


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
