"""What a column can be: an output, an input price, a relationship variable, an outcome."""

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd

from econmodel.errors import CardError, UnknownName
from econmodel.results import FrozenMapping

Service = Literal["transactional", "personal", "infrastructure", "regulatory"]
Kind = Literal["unstated", "attribute", "input_ratio"]
Scale = Literal["level", "log"]

SERVICES = ("transactional", "personal", "infrastructure", "regulatory")
KINDS = ("attribute", "input_ratio", "unstated")
SCALES = ("level", "log")
RELATIONSHIP_DIRECTIONS = ("closer", "looser")
OUTCOME_DIRECTIONS = ("better", "worse")


@dataclass(frozen=True, slots=True)
class Output:
    """What a provider makes.

    Parameters
    ----------
    service : "transactional", "personal", "infrastructure", "regulatory", or None where it is not stated
    unit : what one of it is ("pupils", "million kWh"), printed beside marginal costs

    Raises
    ------
    CardError
        For another word; the message lists those allowed.

    Examples
    --------
    >>> Output("personal", unit="pupils")
    Output(service='personal', unit='pupils')
    """

    service: Service | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if self.service is not None:
            _one_of("service", self.service, SERVICES)
        _words("unit", self.unit)


@dataclass(frozen=True, slots=True)
class Price:
    """What a provider pays for one unit of an input.

    Parameters
    ----------
    share : the column with the share of this input in cost (0 to 1), or None where there is none
    unit : in what the price is stated

    Examples
    --------
    >>> Price(share="pay_share").share
    'pay_share'
    """

    share: str | None = None
    unit: str = ""

    def __post_init__(self) -> None:
        if self.share is not None:
            _words("share", self.share)
        _words("unit", self.unit)


@dataclass(frozen=True, slots=True)
class Relationship:
    """How close a provider is to the people it serves.

    Parameters
    ----------
    kind : "attribute" where it is measured apart from inputs (continuity, the same worker, length of a placement);
        "input_ratio" where it is built from an input and a volume (staff per user, class size, caseload);
        "unstated" is treated like an input ratio in every sentence
    scale : "level", or "log" where cost responds to proportions (values must then be positive)
    more_means : "closer" or "looser": which way is more relationship; None where it is not stated
    label : the words printed for it

    Notes
    -----
    Only an attribute can carry a relationship effect. Holding an input ratio fixed pulls the cost elasticity to one by
    arithmetic, whatever the technology.

    Examples
    --------
    >>> Relationship("input_ratio", scale="log", more_means="closer", label="staffing per pupil").kind
    'input_ratio'
    """

    kind: Kind = "unstated"
    scale: Scale = "level"
    more_means: Literal["closer", "looser"] | None = None
    label: str = ""

    def __post_init__(self) -> None:
        _one_of("kind", self.kind, KINDS)
        _one_of("scale", self.scale, SCALES)
        if self.more_means is not None:
            _one_of("more_means", self.more_means, RELATIONSHIP_DIRECTIONS)
        _words("label", self.label)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the service is for: a result in the lives of the people it serves.

    Parameters
    ----------
    scale : "level", or "log" (values must then be positive)
    unit : in what it is measured
    more_means : "better" or "worse"; None where it is not stated
    label : the words printed for it

    Examples
    --------
    >>> Outcome(unit="points", more_means="better").more_means
    'better'
    """

    scale: Scale = "level"
    unit: str = ""
    more_means: Literal["better", "worse"] | None = None
    label: str = ""

    def __post_init__(self) -> None:
        _one_of("scale", self.scale, SCALES)
        _words("unit", self.unit)
        if self.more_means is not None:
            _one_of("more_means", self.more_means, OUTCOME_DIRECTIONS)
        _words("label", self.label)


Role = TypeVar("Role", Output, Price, Relationship, Outcome)
Dropped = tuple[int, str, tuple[str, ...]]
# The words of a card for columns whose role holds facts.
ROLES: dict[str, type[Any]] = {
    "outputs": Output, "prices": Price, "relationships": Relationship, "outcomes": Outcome,
}  # fmt: skip


def stated(role: Any) -> dict[str, str]:
    """What is stated of a column; the kind of a relationship variable always, since what may be said hangs on it.

    Examples
    --------
    >>> stated(Output("personal")), stated(Relationship())
    ({'service': 'personal'}, {'kind': 'unstated'})
    """
    values = {field.name: (getattr(role, field.name), field.default) for field in fields(role)}
    return {name: value for name, (value, default) in values.items() if value != default or name == "kind"}


def nearest(name: object, known: Iterable[object]) -> str:
    """The known names that look like `name`, as the end of a sentence; nothing where none does.

    Examples
    --------
    >>> nearest("pupil", ["pupils", "wage"]), nearest("sites", ["pupils", "wage"])
    ("; did you mean 'pupils'?", '')
    """
    found = difflib.get_close_matches(str(name), [str(other) for other in known], n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(other) for other in found)}?" if found else ""


def _one_of(word: str, value: object, allowed: Collection[str]) -> None:
    if value not in allowed:
        listed = ", ".join(repr(other) for other in allowed)
        raise CardError(f"{word} = {value!r} is not known; it may be {listed}{nearest(value, allowed)}")


def _words(word: str, value: object) -> None:
    if not isinstance(value, str):
        raise CardError(f"{word} = {value!r} must be text in quotation marks")


def short(value: object) -> str:
    """What was given, in a few words: a column by its type, since its figures would fill the screen."""
    return repr(value) if isinstance(value, str | int | float | dict) else f"a {type(value).__name__}"


def must_be_name(name: object, role: str) -> None:
    """CardError where the name of a column is no text."""
    if not isinstance(name, str):
        raise CardError(f'{short(name)} ({role}) is not a column name; names are text, such as {role}="..."')


def names_given(word: str, names: Iterable[str] | str) -> tuple[str, ...]:
    """Names under a word of a card; a bare name is one name, not its letters."""
    if isinstance(names, str):
        return (names,) if names else ()
    if not isinstance(names, Iterable) or isinstance(names, pd.Series):
        raise CardError(f'{word} takes names in quotation marks, such as {word}=["..."], not {short(names)}')
    for name in (chosen := tuple(names)):
        if not isinstance(name, str):
            raise CardError(f"{word} takes names in quotation marks, not {short(name)}")
    return chosen


def known_names(word: str, names: Iterable[str] | str, declared: Iterable[str]) -> tuple[str, ...]:
    """The same, where they must be among those that have the role already."""
    chosen, known = names_given(word, names), list(declared)
    for name in chosen:
        if name not in known:
            listed = ", ".join(known) or "there are none"
            raise UnknownName(f"{name!r} is not among the {word} of these data ({listed}){nearest(name, known)}")
    return chosen


def roles_given(word: str, given: Any, role: type[Role]) -> Mapping[str, Role]:
    """Columns by name with their role, from names alone or from a mapping."""
    if not isinstance(given, Mapping):
        names = names_given(word, given)
        if len(set(names)) < len(names):
            raise CardError(f"{word} names a column twice: {', '.join(names)}")
        return FrozenMapping({name: role() for name in names})
    roles = {}
    for name, value in given.items():
        if role is Output and isinstance(value, str):
            value = Output(value)  # type: ignore[arg-type]
        if not isinstance(value, role):
            raise CardError(f"{word}: {name!r} needs an econmodel.{role.__name__}(...), not {value!r}")
        roles[name] = value
    return FrozenMapping(roles)


def dropped_given(entries: Iterable[Dropped]) -> tuple[Dropped, ...]:
    """Rows left out before, as `CostData` states them."""
    known = []
    for entry in entries if isinstance(entries, Iterable) else [entries]:
        match entry:
            case [int() | np.integer() as rows, str(because), [*first]] if rows > 0 and not isinstance(rows, bool):
                known.append((int(rows), because, tuple(map(str, first))))
            case _:
                raise CardError(
                    "an entry of dropped says how many rows (one or more), because of what, and the first of them by "
                    f"name; not {entry!r}"
                )
    return tuple(known)
