"""A chart's words: numbers, lines, titles that are verdicts, and the refusal of what a chart does not draw."""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from econmodel.errors import NotSupported
from econmodel.results import format_number
from econmodel.verdict import Verdict, judge_row
from econmodel.words import UNSETTLED, capital

TITLE_LETTERS = 90  # of the bold title size, in the width of a chart
SUBTITLE_LETTERS = 112
TITLE_WORDS = 10
_COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


def must_draw(sound: bool, chart: str, given: object, wanted: str) -> None:
    """NotSupported where a chart was not given what it draws: a fit where a result is asked for, say.

    Parameters
    ----------
    sound : whether it was
    chart : the name of the chart in `econmodel.charts`
    wanted : what it draws, with the call that makes it

    Examples
    --------
    >>> must_draw(True, "waterfall", None, "the result of em.decompose(fit, start, end)")
    """
    if not sound:
        kind = "nothing" if given is None else f"a value of type {type(given).__name__}"
        raise NotSupported(f"em.charts.{chart} draws {wanted}, and was given {kind}.")


def number(value: float, digits: int = 3) -> str:
    """A number with a few significant digits, thousands marked, and a true minus sign.

    >>> number(-5312.4), number(0.98885)
    ('−5,312', '0.989')
    """
    return format_number(float(value), digits)


def fixed(value: float, decimals: int) -> str:
    """A number with fixed decimals, and no sign where it is written as zero.

    >>> fixed(-0.0168, 2), fixed(-0.001, 2)
    ('−0.02', '0.00')
    """
    written = f"{round(float(value), decimals) + 0.0:,.{decimals}f}"
    return written.replace("-", "−")


def signed(value: float, decimals: int) -> str:
    """A number with its sign and fixed decimals, so that a column of them can be added up by eye.

    >>> signed(-0.0168, 4), signed(0.00124, 4), signed(-0.00001, 4)
    ('−0.0168', '+0.0012', '0.0000')
    """
    return f"{'+' if round(float(value), decimals) > 0 else ''}{fixed(value, decimals)}"


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


def interval(row: Mapping[str, float] | pd.Series, ends: tuple[str, str] = ("conf_low", "conf_high")) -> str:
    """The interval of a row in words.

    >>> interval({"conf_low": 0.9812, "conf_high": 1.004})
    '0.981 to 1'
    """
    return f"{number(row[ends[0]])} to {number(row[ends[1]])}"


def reported(estimate: float, least: float, most: float) -> str:
    """An estimate in words, or where there is none the ends of what is identified.

    >>> reported(0.9812, float("nan"), float("nan")), reported(float("nan"), 0.04, 0.25)
    ('0.981', 'between 0.04 and 0.25')
    """
    return number(estimate) if estimate == estimate else f"between {number(least)} and {number(most)}"


def level(conf_level: float) -> str:
    """The level of an interval in words.

    >>> level(0.95)
    '95 %'
    """
    return f"{100 * conf_level:g} %"


def lines(text: str, letters: int) -> list[str]:
    """The text in as few lines of at most so many letters as it needs, of about equal length.

    >>> lines("one two three four five", 20)
    ['one two three', 'four five']
    """
    broken = textwrap.wrap(text, letters, break_long_words=False, break_on_hyphens=False) or [""]
    for fewer in range(letters - 1, len(text) // len(broken), -1):
        shorter = textwrap.wrap(text, fewer, break_long_words=False, break_on_hyphens=False)
        if len(shorter) > len(broken):
            break
        broken = shorter
    return broken


def packed(parts: Iterable[str], letters: int) -> list[str]:
    """Parts of a sentence, divided by semicolons, in lines that break between parts where they can.

    >>> packed(["circles: 420 providers", "line: median"], 30)
    ['circles: 420 providers;', 'line: median']
    """
    broken: list[str] = []
    for part in parts:
        if broken and len(f"{broken[-1]}; {part}") < letters:
            broken[-1] += f"; {part}"
        else:
            broken = [*broken[:-1], f"{broken[-1]};"] if broken else []
            broken += lines(part, letters)
    return broken


def brief(*versions: str) -> str:
    """The first version that has at most the ten words of a title, else the last.

    >>> brief("Unit cost is lowest near a size of 400 index points", "Unit cost is lowest near 400")
    'Unit cost is lowest near 400'
    """
    return next((one for one in versions if len(one.replace(" %", "%").split()) <= TITLE_WORDS), versions[-1])


def verdict_on(row: Mapping[Any, Any] | pd.Series, conf_level: float, null: float = np.nan) -> Verdict:
    """The verdict on a row of a result; of a row that does not say what it is held against, against `null`.

    >>> verdict_on({"conf_low": 0.9, "conf_high": 0.95}, 0.95, null=1.0).conclusion
    'below'
    """
    return judge_row({"null": null, "p_value": np.nan} | dict(row.items()), conf_level)


def headline(verdict: Verdict, subject: str, below: str, above: str) -> str:
    """A title: what a verdict says, from a chart's own words for the two sides of the null.

    >>> from econmodel.verdict import judge
    >>> headline(judge(0.9, 0.95, 1.0), "Unit cost and size", "unit cost falls", "unit cost rises")
    'Unit cost falls'
    >>> headline(judge(0.9, 1.1, 1.0), "Unit cost and size", "unit cost falls", "unit cost rises")
    'Unit cost and size: the data do not settle it'
    """
    sides = {"below": below, "above": above}
    if verdict.differs:
        return capital(sides[verdict.conclusion])
    said = {
        "equivalent": "no difference that matters",
        "unsupported": "beyond the data",
        "unidentified": "the data identify an interval only",
        "uninformed": "too few clusters or rows",
    }
    words = said.get(verdict.conclusion, UNSETTLED)
    return brief(f"{capital(subject)}: {words}", capital(words))


def tally(
    verdicts: Sequence[str | None], supported: Sequence[bool], noun: str, subject: str, below: str, above: str
) -> tuple[str, str]:
    """Title and sentence of many verdicts: the most frequent of them, and how many there are of each.

    Parameters
    ----------
    verdicts : conclusions, one a row
    supported : whether a row lies among the data; those that do not are counted only as such
    noun : what the rows are, in the plural
    subject : what they are verdicts on
    below, above : what a row says whose value is surely below, or above, its null

    Examples
    --------
    >>> tally(["below", "open", "below"], [True] * 3, "services", "Unit cost and size", "it falls", "it rises")
    ('It falls in two of three services', 'Of 3 services, it falls in 2, and the data do not settle it in 1')
    """
    held = [verdict or "open" for verdict, inside in zip(verdicts, supported, strict=True) if inside]
    beyond = len(verdicts) - len(held)
    if not held:
        return f"{subject}: {_of(beyond, beyond, noun)} beyond the data", ""
    said = {
        "below": below,
        "above": above,
        "equivalent": "no difference that matters",
        "unidentified": "only an interval is identified, which holds both answers,",
        "open": UNSETTLED,
    }
    counts = Counter(held)
    known = [verdict for verdict in said if counts[verdict]]
    most = max(known, key=lambda verdict: counts[verdict])
    place = "" if len(verdicts) == 1 else f" in {_of(counts[most], len(held), noun)}"
    title = f"{capital(said[most])}{place}"
    if most in ("open", "unidentified"):
        title = f"{subject}: not settled{place}"
    elif counts["below"] == counts["above"] == counts[most]:
        title = f"{subject}: {_of(len(held), len(held), noun).removeprefix('all ')} point both ways"
    if not place:
        return title, ""
    each = [f"{said[verdict]} in {counts[verdict]}" for verdict in known]
    each = [f"{', '.join(each[:-1])}, and {each[-1]}"] if len(each) > 1 else each
    one = noun.removesuffix("s") if len(held) == 1 else noun
    outside = f"; {beyond} more {'lies' if beyond == 1 else 'lie'} beyond the data" if beyond else ""
    return title, f"Of {len(held)} {one}, {each[0]}{outside}"


def _of(part: int, whole: int, noun: str) -> str:
    words = [_COUNTS[count] if count < len(_COUNTS) else f"{count:,}" for count in (part, whole)]
    return f"all {words[1]} {noun}" if part == whole > 1 else f"{words[0]} of {words[1]} {noun}"
