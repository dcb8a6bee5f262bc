"""What a column can be: an output, an input price, a relationship variable, an outcome."""

import difflib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from econmodel.errors import CardError

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
