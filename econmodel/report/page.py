"""Page one: what a reader must know before any chart, in a fixed order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from econmodel.errors import UnknownName
from econmodel.report.findings import Collected

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from econmodel.report.provenance import DataSet

# What a notebook may say about its report, under `report` in its metadata.
KNOWN = ("title", "status", "data", "so_what", "limits", "review", "facts", "assumptions")
_TEXT, _TEXTS = "a text", "a text, or a list of texts"
_SHAPE_WORDS = {
    "title": _TEXT, "status": _TEXT, "review": _TEXT, "so_what": _TEXTS, "limits": _TEXTS,
    "data": "a list of names and cards", "facts": "a mapping of names to texts",
    "assumptions": "a list of lists of texts",
}  # fmt: skip
# More tables than these would fill page one; the end describes every one.
FULLY_DESCRIBED = 3
_WORDS = {True: "Passed", False: "Failed", None: "For information"}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a report cannot be quoted: where the run stopped, what happened, and what to do."""

    where: str
    what: str
    cure: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on page one, and what the end of the report says about how it was made."""

    name: str
    title: str
    version: str
    notebook_sha256: str
    status: str
    headlines: Sequence[str]
    so_what: Sequence[str]
    limits: Sequence[str]
    facts: Sequence[tuple[str, Sequence[str]]]
    parameters: Sequence[Mapping[str, str]]
    assumptions: Sequence[Sequence[str]]
    checks: Sequence[Mapping[str, str]]
    data: Sequence["DataSet"]
    failure: Failure | None = None
    sections: Sequence[Mapping[str, Any]] = field(default=())
    codes: Sequence[Any] = field(default=())


def said(notebook: "NotebookNode") -> Mapping[str, Any]:
    """What the notebook's metadata say about the report.

    Raises
    ------
    UnknownName : an entry that means nothing here
    """
    report: Mapping[str, Any] = notebook.metadata.get("report", {})
    if not isinstance(report, Mapping):
        raise UnknownName(f"The notebook's metadata say report = {report!r}; write a mapping of {', '.join(KNOWN)}.")
    if stray := [name for name in report if name not in KNOWN]:
        raise UnknownName(f"The notebook's metadata say report.{stray[0]}; known are: {', '.join(KNOWN)}.")
    for name, value in report.items():
        if not _SHAPES.get(name, _text)(value):
            raise UnknownName(f"The notebook's metadata say report.{name} = {value!r}; it is {_SHAPE_WORDS[name]}.")
    return report


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


_SHAPES: Mapping[str, Callable[[Any], bool]] = {
    "data": _texts,
    "so_what": lambda value: _text(value) or _texts(value),
    "limits": lambda value: _text(value) or _texts(value),
    "facts": lambda value: isinstance(value, Mapping) and all(map(_text, value.values())),
    "assumptions": lambda value: isinstance(value, list) and all(row and _texts(row) for row in value),
}


def page_one(
    *,
    name: str,
    title: str,
    version: str,
    notebook_sha256: str,
    report: Mapping[str, Any],
    collected: Collected,
    data: Sequence["DataSet"],
    parameters: Sequence[Mapping[str, Any]],
    failure: Failure | None = None,
    sections: Sequence[Mapping[str, Any]] = (),
    codes: Sequence[Any] = (),
) -> Page:
    """Page one from what the notebook says, what its run published, and the files that it read."""
    return Page(
        name=name,
        title=title,
        version=version,
        notebook_sha256=notebook_sha256,
        status=report.get("status", "Draft. Not quality assured."),
        headlines=collected.headlines,
        so_what=_list(report.get("so_what", [])),
        limits=_list(report.get("limits", [])),
        facts=_facts(report, collected, data, parameters),
        parameters=[{**row, "default": _shown(row["default"]), "value": _shown(row["value"])} for row in parameters],
        assumptions=report.get("assumptions", []),
        checks=[{**check, "result": _WORDS[check["passed"]]} for check in collected.checks],
        data=data,
        failure=failure,
        sections=sections,
        codes=codes,
    )


def _facts(
    report: Mapping[str, Any],
    collected: Collected,
    data: Sequence["DataSet"],
    parameters: Sequence[Mapping[str, Any]],
) -> list[tuple[str, list[str]]]:
    facts = [("Data", _data_in_words(data))]
    facts += [(fact["name"], [fact["text"]]) for fact in collected.facts]
    facts += [(name, [text]) for name, text in report.get("facts", {}).items()]
    if not any(row["name"] == "seed" for row in parameters):
        facts.append(("Seed", ["None declared."]))
    if report.get("review"):
        facts.append(("Review", [str(report["review"])]))
    return facts


def _data_in_words(data: Sequence["DataSet"]) -> list[str]:
    if not data:
        return ["None: every number is computed from the parameters."]
    if len(data) > FULLY_DESCRIBED:
        listed = "; ".join(f"{each.title} ({each.rows:,} rows)" for each in data)
        return [f"{len(data)} tables, their sources at the end: {listed}"]
    return [
        f"{each.title}. {each.rows:,} rows." + (f" Cost: {each.cost}." if each.cost else "") + f" Source: {each.source}"
        for each in data
    ]


def _list(words: str | Sequence[str]) -> list[str]:
    return [words] if isinstance(words, str) else list(words)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else repr(value)
