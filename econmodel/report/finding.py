"""What a notebook says in its report: findings, checks and facts, each shown where it is made and collected by the run.

A cell publishes a record as an output with a type of its own, so that nothing has to be parsed out of prose and the
kernel writes no file. Outside a notebook the same calls return the record, which prints as its sentence.
"""

import math
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from econmodel.errors import EconmodelError
from econmodel.results import SIGNIFICANT_DIGITS

if TYPE_CHECKING:
    from econmodel.results import Check

FINDING = "application/vnd.econmodel.finding+json"
CHECK = "application/vnd.econmodel.check+json"
FACT = "application/vnd.econmodel.fact+json"

# Six digits are written, so a smaller tolerance could not be seen in the file.
TOLERANCE = 1e-6

Value = float | int | str | bool | None

_KEY = re.compile(r"[a-z][a-z0-9_]*")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>#$|~])")


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
    word = {True: "Passed", False: "Failed", None: "For information"}[passed]
    return _publish(CHECK, content, f"{word}: {name}. {note}".strip())


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
    record = Published(mime, content, text)
    if not _in_notebook():
        return record
    _display(record)
    return Published(mime, content, text, shown=True)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


def _display(record: Published) -> None:
    from IPython.display import display

    display(record._repr_mimebundle_(), raw=True)
