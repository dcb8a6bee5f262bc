"""Numbers as a chart's title and description write them."""

import textwrap
from collections.abc import Iterable, Mapping

import pandas as pd

from econmodel.results import format_number

TITLE_LETTERS = 90  # of the bold title size, in the width of a chart
SUBTITLE_LETTERS = 112


def number(value: float, digits: int = 3) -> str:
    """A number with a few significant digits, thousands marked, and a true minus sign.

    >>> number(-5312.4), number(0.98885)
    ('−5,312', '0.989')
    """
    return format_number(float(value), digits)


def signed(value: float, decimals: int) -> str:
    """A number with its sign and fixed decimals, so that a column of them can be added up by eye.

    >>> signed(-0.0168, 4), signed(0.00124, 4), signed(-0.00001, 4)
    ('−0.0168', '+0.0012', '0.0000')
    """
    rounded = round(float(value), decimals)
    if rounded == 0:
        return f"{0:.{decimals}f}"
    return f"{rounded:+.{decimals}f}".replace("-", "−")


def per_cent(share: float) -> str:
    """A share as a percentage with one decimal below ten, none above; the sign is left to the sentence.

    >>> per_cent(-0.0671), per_cent(0.123), per_cent(0.00049)
    ('6.7 %', '12 %', '0.05 %')
    """
    percentage = abs(float(share)) * 100
    if percentage >= 10:
        return f"{percentage:,.0f} %"
    return f"{percentage:.1f} %" if percentage >= 0.1 or percentage == 0 else f"{percentage:.2f} %"


def doubling(slope: float) -> float:
    """The relative change that goes with doubling size, from a slope in logs: 2**slope - 1.

    >>> round(doubling(-0.1), 4)
    -0.067
    """
    return float(2.0 ** float(slope) - 1.0)


def joined(words: Iterable[str]) -> str:
    """Words as a list in a sentence.

    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    found = list(words)
    return f"{', '.join(found[:-1])} and {found[-1]}" if len(found) > 1 else "".join(found)


def capital(sentence: str) -> str:
    """The sentence with its first letter large; other letters are left as they are."""
    return sentence[:1].upper() + sentence[1:]


def lines(text: str, letters: int) -> list[str]:
    """The text in as few lines of at most so many letters as it needs, of about equal length.

    >>> lines("one two three four five", 20)
    ['one two three', 'four five']
    """
    found = textwrap.wrap(text, letters, break_long_words=False, break_on_hyphens=False) or [""]
    for fewer in range(letters - 1, len(text) // len(found), -1):
        shorter = textwrap.wrap(text, fewer, break_long_words=False, break_on_hyphens=False)
        if len(shorter) > len(found):
            break
        found = shorter
    return found


def packed(parts: Iterable[str], letters: int) -> list[str]:
    """Parts of a sentence, divided by semicolons, in lines that break between parts where they can.

    >>> packed(["circles: 420 providers", "line: median"], 30)
    ['circles: 420 providers;', 'line: median']
    """
    found: list[str] = []
    for part in parts:
        if found and len(f"{found[-1]}; {part}") < letters:
            found[-1] += f"; {part}"
        else:
            found = [*found[:-1], f"{found[-1]};"] if found else []
            found += lines(part, letters)
    return found


def interval(row: Mapping[str, float] | pd.Series, digits: int = 3) -> str:
    """The interval of a row in words.

    >>> interval({"conf_low": 0.9812, "conf_high": 1.004})
    '0.981 to 1'
    """
    return f"{number(row['conf_low'], digits)} to {number(row['conf_high'], digits)}"


def level(conf_level: float) -> str:
    """The level of an interval in words.

    >>> level(0.95)
    '95 %'
    """
    return f"{100 * conf_level:g} %"
