"""Parts that add up: what they are called, which colour they have, how much of the whole the largest is."""

import math

from econmodel.charts.theme import CHARCOAL, NAVY, ORANGE, PLUM
from econmodel.results import Effects

KINDS = {"scale": NAVY, "relationship": PLUM, "other": ORANGE, "sum": CHARCOAL}
# Below this a part is rounding of the machine (the residual of least squares with one output) and has no bar.
NOTHING = 1e-9
# What the largest part is of the sum, by the least share of it: parts of the other sign let one exceed the whole.
_SHARES = {
    1.0: "more than all of it",
    0.5: "most of it",
    0.0: "the largest part",
    -math.inf: "the largest part, the other way,",
}


def kind_of(term: str, whole: str) -> str:
    """The kind of a part, which says its colour: the whole itself, scale, relationship, or other.

    >>> kind_of("relationship: staff", "apparent"), kind_of("apparent", "apparent")
    ('relationship', 'sum')
    """
    if term in (whole, "scale"):
        return "sum" if term == whole else "scale"
    return "relationship" if term.startswith("relationship") else "other"


def label_of(effects: Effects, term: str) -> str:
    """The printed name of a part."""
    return str(effects.labels.get(term, term.removeprefix("relationship: ").replace("_", " ")))


def share_in_words(part: float, whole: float) -> str:
    """What the largest part is of the whole.

    >>> share_in_words(0.6, 1.0), share_in_words(-0.6, -0.5), share_in_words(-0.6, 0.1)
    ('most of it', 'more than all of it', 'the largest part, the other way,')
    """
    return next(words for least, words in _SHARES.items() if part / whole > least)
