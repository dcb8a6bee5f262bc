"""What a notebook says in its report: findings, checks and facts, each shown where it is made and collected by the run.

A cell publishes a record as an output with a type of its own, so that nothing has to be parsed out of prose and the
kernel writes no file. Outside a notebook the same calls return the record, which prints as its sentence.
"""

import json
import math
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any

from econmodel.errors import EconmodelError, ReportFailed, UnknownName
from econmodel.results import SIGNIFICANT_DIGITS
from econmodel.table.card import sha256

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from econmodel.results import Check

FINDING = "application/vnd.econmodel.finding+json"
CHECK = "application/vnd.econmodel.check+json"
FACT = "application/vnd.econmodel.fact+json"

# Six digits are written, so a smaller tolerance could not be seen in the file.
TOLERANCE = 1e-6

Value = float | int | str | bool | None

RESULTS = {True: "Passed", False: "Failed", None: "For information"}
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#$|~])")
_RECORDS: dict[str, dict[str, type | UnionType]] = {
    FINDING: {"text": str, "values": dict, "tolerance": dict, "headline": bool},
    CHECK: {"name": str, "passed": bool | None, "must_pass": bool, "note": str},
    FACT: {"name": str, "text": str},
}
_LISTED: dict[str, type | UnionType] = {"report": str, "title": str, "data": dict, "findings": dict, "checks": list}
_COMPARED = _LISTED | {"econmodel": str, "notebook_sha256": str, "parameters": dict, "changed_parameters": list}


@dataclass(frozen=True, slots=True, repr=False)
class Published:
    """One record of a notebook: its mime type, its content, and the same in plain words.

    Attributes
    ----------
    mime : the type under which the run collects it
    content : what is collected
    text : what a reader sees
    shown : it was displayed when it was made, so the end of a cell does not display it again
    """

    mime: str
    content: Mapping[str, Any]
    text: str
    shown: bool = False

    def __repr__(self) -> str:
        return self.text

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        # A bare dollar would start a formula, a bare underscore italics.
        plain = _MARKDOWN.sub(r"\\\1", self.text)
        return {self.mime: dict(self.content), "text/markdown": plain, "text/plain": self.text}

    def _ipython_display_(self) -> None:
        if not self.shown:
            _display(self)


def finding(
    key: str,
    text: str,
    /,
    *,
    headline: bool = False,
    tolerance: float | Mapping[str, float] = TOLERANCE,
    **values: Any,
) -> Published:
    """Publish a finding: a sentence made from results, and the numbers that it states.

    Parameters
    ----------
    key : its name in the findings file, lower-case words joined by underscores; unique in a notebook
    text : one plain sentence, generated from results
    headline : put it at the top of the report
    tolerance : relative difference up to which a re-run counts as the same; one number, or one a value
    **values : the numbers (or words) behind the sentence; floats are stored with six significant digits, a missing
        number as null

    Raises
    ------
    EconmodelError : a name that is not one, an empty sentence, a value that is no number or word, a bad tolerance

    Examples
    --------
    >>> finding("ray_elasticity", "Costs rise by 0.98 per cent.", headline=True, elasticity=0.98314159)
    Costs rise by 0.98 per cent.
    """
    if not _KEY.fullmatch(key):
        raise EconmodelError(f"A finding cannot be called {key!r}: use lower-case words joined by underscores.")
    text = _sentence(text, f"The finding {key!r}")
    limits = dict(tolerance) if isinstance(tolerance, Mapping) else dict.fromkeys(values, tolerance)
    if stray := sorted(set(limits) - set(values)):
        raise EconmodelError(f"The finding {key!r} has a tolerance for {', '.join(stray)}, but no such value.")
    if any(not (math.isfinite(limit) and limit >= 0) for limit in limits.values()):
        raise EconmodelError(f"The finding {key!r} has a tolerance that is not zero or a positive number.")
    stored = {name: _stored(value, f"{name} of the finding {key!r}") for name, value in values.items()}
    content = {
        "key": key,
        "text": text,
        "values": stored,
        "tolerance": {name: limits.get(name, TOLERANCE) for name in stored},
        "headline": headline,
    }
    return _publish(FINDING, content, text)


def qa(check: "Check | bool | None", name: str = "", must_pass: bool = True, note: str = "") -> Published:
    """Publish one row of the quality log: what was checked, whether it passed, and a note.

    Parameters
    ----------
    check : a `Check` (its title and sentence are then used), True, False, or None for what only informs
    name : what was checked
    must_pass : if it does not pass, the report is not published
    note : what a reader should know

    Raises
    ------
    EconmodelError : no name, or something else than a `Check` or a truth value

    Examples
    --------
    >>> qa(2 + 2 == 4, "arithmetic", note="Two and two are four.")
    Passed: arithmetic. Two and two are four.
    """
    passed = getattr(check, "passed", check)
    if type(passed).__name__ in ("bool_", "bool"):
        passed = bool(passed)
    elif passed is not None:
        raise EconmodelError(f"A check is a Check, True, False or None, not {type(check).__name__}.")
    name = _sentence(name or getattr(check, "title", ""), "A check's name").rstrip(".")
    note = " ".join((note or getattr(check, "text", "")).split())
    content = {"name": name, "passed": passed, "must_pass": must_pass and passed is not None, "note": note}
    return _publish(CHECK, content, f"{RESULTS[passed]}: {name}. {note}".strip())


def fact(name: str, text: str) -> Published:
    """Publish one fact for page one, such as the rows used and dropped.

    Parameters
    ----------
    name : one or two words
    text : the fact, generated from results where it holds a number

    Raises
    ------
    EconmodelError : an empty name or text

    Examples
    --------
    >>> fact("Rows", "420 of 420 used.")
    Rows: 420 of 420 used.
    """
    name, text = _sentence(name, "A fact's name"), _sentence(text, f"The fact {name!r}")
    return _publish(FACT, {"name": name, "text": text}, f"{name}: {text}")


def _sentence(text: str, what: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise EconmodelError(f"{what} is empty: say it in words.")
    return " ".join(text.split())


def _stored(value: Any, what: str) -> Value:
    if hasattr(value, "item"):  # numpy's scalars
        value = value.item()
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        if math.isinf(value):
            raise EconmodelError(f"{what} is infinite: publish the sentence, and leave the number out.")
        return None if math.isnan(value) else float(f"{value:.{SIGNIFICANT_DIGITS - 1}e}")
    raise EconmodelError(f"{what} is a {type(value).__name__}: give a number, a word, True, False or None.")


def _publish(mime: str, content: Mapping[str, Any], text: str) -> Published:
    # Shown at once: a finding in the middle of a cell would otherwise be lost without a word.
    ipython = sys.modules.get("IPython")
    record = Published(mime, content, text, shown=ipython is not None and ipython.get_ipython() is not None)
    if record.shown:
        _display(record)
    return record


def _display(record: Published) -> None:
    from IPython.display import display

    display(record._repr_mimebundle_(), raw=True)


@dataclass(frozen=True, slots=True)
class Collected:
    """Everything that the cells of one run published.

    Attributes
    ----------
    findings : name to sentence, values, tolerances; in the order in which they were made
    checks : rows of the quality log, failures first
    facts : name and text
    """

    findings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    checks: Sequence[Mapping[str, Any]] = ()
    facts: Sequence[Mapping[str, Any]] = ()

    @property
    def headlines(self) -> list[str]:
        """The sentences for the top of the report: those marked so, or else the first."""
        marked = [found["text"] for found in self.findings.values() if found["headline"]]
        return marked or [found["text"] for found in self.findings.values()][:1]


def collect(notebook: "NotebookNode") -> Collected:
    """Gather what the cells of an executed notebook published.

    Raises
    ------
    ReportFailed : two findings have one name, or a cell published a record that is none
    """
    findings: dict[str, Mapping[str, Any]] = {}
    for content in _published(notebook, FINDING):
        if not isinstance(content.get("key"), str):
            raise ReportFailed("A cell published a finding without a name: publish it with econmodel.finding.")
        if content["key"] in findings:
            raise ReportFailed(f"Two findings are called {content['key']!r}: give each its own name.")
        findings[content["key"]] = {name: value for name, value in content.items() if name != "key"}
    # Failures first, what only informs last.
    checks = sorted(_published(notebook, CHECK), key=lambda check: (False, True, None).index(check["passed"]))
    return Collected(findings, checks, list(_published(notebook, FACT)))


def on_file(folder: Path, name: str, *, to_compare: bool = True) -> Mapping[str, Any]:
    """The findings file of a report, whole enough to be compared, or to be listed.

    Raises
    ------
    UnknownName : there is none
    ReportFailed : it cannot be read, holds something else, or the page beside it is of another run
    """
    path, page = folder / f"{name}.findings.json", folder / f"{name}.html"
    cure = "Remove it, or make the report anew."
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_number, parse_float=_number)
    except FileNotFoundError as fault:
        raise UnknownName(
            f"There are no findings of {name} in {folder}: make them with `econmodel report {name}`."
        ) from fault
    except OSError as fault:
        raise ReportFailed(f"{path.name} cannot be read ({fault.strerror}). {cure}") from fault
    except (ValueError, RecursionError) as fault:
        raise ReportFailed(f"{path.name} is damaged: it is not JSON as reports have it ({fault}). {cure}") from fault
    wrong = _misshapen(content, _COMPARED if to_compare else _LISTED)
    if not wrong:
        records = [(each, FINDING) for each in content["findings"].values()]
        records += [(each, CHECK) for each in content["checks"]]
        wrong = next(filter(None, (_misshapen(each, _RECORDS[mime]) for each, mime in records)), "")
    if wrong:
        raise ReportFailed(f"{path.name} holds no findings of a report: {wrong}. {cure}")
    if content["report"] != name:
        raise ReportFailed(f"{path.name} holds the findings of {content['report']!r}. {cure}")
    if page.is_file() and content.get("page_sha256", now := sha256(page)) != now:
        raise ReportFailed(
            f"{page.name} and {path.name} are not of one run: the page was changed, or replaced, since. "
            f"Make both anew: econmodel report {name}"
        )
    return content


def _misshapen(content: Any, shape: Mapping[str, type | UnionType]) -> str:
    """What is missing or of another kind; empty where nothing is."""
    if not isinstance(content, Mapping):
        return f"{type(content).__name__} where entries {', '.join(shape)} should be"
    wrong = [name for name, kind in shape.items() if name not in content or not isinstance(content[name], kind)]
    return f"{wrong[0]!r} is missing or no {getattr(shape[wrong[0]], '__name__', shape[wrong[0]])}" if wrong else ""


def _number(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"the number {text}")
    return value


def _published(notebook: "NotebookNode", mime: str) -> Iterator[Mapping[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if mime in output.get("data", {}):
                content = output.data[mime]
                if wrong := _misshapen(content, _RECORDS[mime]):
                    raise ReportFailed(
                        f"A cell published a record that cannot be read: {wrong}. Publish findings, checks and facts "
                        "with econmodel.finding, econmodel.qa and econmodel.fact."
                    )
                yield content
