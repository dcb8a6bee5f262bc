"""A table of providers described in a few lines, as text and as HTML."""

from dataclasses import fields
from html import escape

import pandas as pd

from econmodel.results import html_table, printed
from econmodel.table.cost_data import CostData


def as_text(data: CostData) -> str:
    """The roles, the number of rows, rows left out, notes and source.

    Examples
    --------
    >>> data = CostData(pd.DataFrame({"spend": [2.0], "visits": [9.0]}), cost="spend", outputs=["visits"])
    >>> print(as_text(data).splitlines()[-1])
    1 row.
    """
    return "\n".join([data.title or "Providers", printed(_roles(data)).to_string(index=False), *_facts(data)])


def as_html(data: CostData) -> str:
    """The same as escaped HTML without ids or styles.

    Examples
    --------
    >>> data = CostData(pd.DataFrame({"spend": [2.0], "visits": [9.0]}), cost="spend", outputs=["visits"])
    >>> as_html(data)[:64]
    '<div class="econmodel"><table class="econmodel"><caption>Provide'
    """
    facts = "".join(f'<p class="note">{escape(fact)}</p>' for fact in _facts(data))
    return f'<div class="econmodel">{html_table(_roles(data), data.title or "Providers")}{facts}</div>'


def _roles(data: CostData) -> pd.DataFrame:
    rows = [("cost", data.cost, ", ".join(part for part in (data.cost_concept, data.cost_unit) if part))]
    kinds = {
        "output": data.outputs, "price": data.prices, "relationship": data.relationships, "outcome": data.outcomes,
    }  # fmt: skip
    for word, entries in kinds.items():
        rows += [(word, name, _words(entry)) for name, entry in entries.items()]
    names = {"control": data.controls, "network": data.network, "entity": (data.entity,)}
    rows += [(word, name, "") for word, columns in names.items() for name in columns if name is not None]
    rows += [("time", data.time, data.date_order or "")] if data.time else []
    return pd.DataFrame(rows, columns=["role", "column", "described as"])


def _words(entry: object) -> str:
    """What is stated of a column; the kind of a relationship variable always, since what may be said hangs on it."""
    stated = {"share": "share {}", "more_means": "more is {}", "kind": "{}"}
    words = []
    for field in fields(entry):  # type: ignore[arg-type]
        value = getattr(entry, field.name)
        if value != field.default or field.name == "kind":
            words.append(stated.get(field.name, "{}").format(str(value).replace("_", " ")))
    return ", ".join(words)


def _facts(data: CostData) -> list[str]:
    prices = ["prices of all inputs"] if data.prices_complete else ["some inputs unpriced"] if data.prices else []
    facts = ["; ".join(part for part in (_count(len(data)), data.money, *prices) if part) + "."]
    for count, because, first in data.dropped:
        more = "; ..." if count > len(first) else ""
        facts.append(f"{_count(count)} left out ({'; '.join(first)}{more}): {because}.")
    return [*facts, *data.notes, *([f"Source: {data.source}."] if data.source else [])]


def _count(rows: int) -> str:
    return f"{rows:,} {'row' if rows == 1 else 'rows'}"
