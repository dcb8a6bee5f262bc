"""What an interval allows one to say: a difference, its absence, or nothing.

"No economies" is claimed only where an equivalence test rejects every difference that matters (two one-sided tests,
Schuirmann, 1987). Otherwise a wide interval is no conclusion, and the smallest difference that such data would have
found is printed beside it.
"""

from dataclasses import dataclass
from typing import Literal

from econmodel.results import format_number

# A departure of an elasticity from its null that would not change any decision about size.
MARGIN = 0.05
POWER = 0.8


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of an estimate against its null.

    Attributes
    ----------
    conclusion : "below", "above", "equivalent" or "open"
    small : whether a difference was found that is surely within the margin
    detectable : the smallest difference that would be found with a chance of 80 %
    """

    conclusion: Literal["below", "above", "equivalent", "open"]
    small: bool
    detectable: float


def judge(
    value: float, error: float, null: float, freedom: float, *, margin: float = MARGIN, level: float = 0.95
) -> Verdict:
    """Judge an estimate with a standard error against a null value.

    Examples
    --------
    >>> judge(0.90, 0.02, 1.0, 100).conclusion, judge(0.99, 0.01, 1.0, 100).conclusion
    ('below', 'equivalent')
    >>> judge(0.95, 0.20, 1.0, 100).conclusion
    'open'
    """
    from scipy.special import ndtri, stdtrit

    t = stdtrit(freedom, 0.5 + level / 2.0) if freedom < 1e9 else ndtri(0.5 + level / 2.0)
    one_sided = stdtrit(freedom, level) if freedom < 1e9 else ndtri(level)
    difference = value - null
    within = abs(difference) + one_sided * error < margin
    detectable = (t + ndtri(POWER)) * error
    if abs(difference) > t * error:
        return Verdict("below" if difference < 0 else "above", bool(within), float(detectable))
    return Verdict("equivalent" if within else "open", bool(within), float(detectable))


def at_words(label: str) -> str:
    """A place as it reads in a sentence: "the mean", "pupils 300"."""
    return f"the {label}" if label in ("mean", "median") else label


def interval_in_words(low: float, high: float, level: float) -> str:
    """An interval as it reads in a sentence: 95 % interval 0.981 to 0.997."""
    return f"{100 * level:g} % interval {format_number(low)} to {format_number(high)}"


def scale_words(verdict: Verdict, *, margin: float = MARGIN) -> str:
    """What a verdict on a ray elasticity means for economies of scale."""
    within = f"less than {100 * margin:g} %"
    if verdict.conclusion == "below":
        return f"economies of scale{', but small: ' + within if verdict.small else ''}"
    if verdict.conclusion == "above":
        return f"diseconomies of scale{', but small: ' + within if verdict.small else ''}"
    if verdict.conclusion == "equivalent":
        return f"constant returns to within {100 * margin:g} %"
    return (
        "no conclusion: the interval holds both economies and diseconomies, and a departure from constant returns of "
        f"less than {format_number(verdict.detectable, 2)} would probably not have been found"
    )
