"""Which findings moved: those of a fresh run against those on file, each within its own tolerance."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from econmodel.report.finding import RESULTS
from econmodel.results import SIGNIFICANT_DIGITS

_NUMBER = re.compile(r"[−-]?\d[\d,]*(\.\d+)?(e[−+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Moved:
    """One difference: where, what stood on file, what a fresh run gives, how far apart they may be."""

    report: str
    finding: str
    value: str
    on_file: str
    now: str
    allowed: str


def moved(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Moved]:
    """The differences between two findings files of one report.

    A number may differ by its tolerance and by one unit in the last digit that the file holds. Words may differ in
    their numbers only: a sentence that now says something else has moved. The tolerance is that of the fresh run.

    Parameters
    ----------
    old, new : contents of findings files
    """
    name = new["report"]
    rows: list[Moved] = []
    before, after = old["findings"], new["findings"]
    for key in sorted(set(before) | set(after)):
        text = before[key]["text"] if key in before else "not there"
        text_now = after[key]["text"] if key in after else "gone"
        if key not in before or key not in after:
            rows.append(Moved(name, key, "", text, text_now, ""))
            continue
        values, values_now = before[key]["values"], after[key]["values"]
        for value in sorted(set(values) | set(values_now)):
            allowed: str | None = ""
            if value in values and value in values_now:
                allowed = _allowed(values[value], values_now[value], after[key]["tolerance"].get(value, 0.0))
            if allowed is not None:
                shown, shown_now = (str(each.get(value, "not there")) for each in (values, values_now))
                rows.append(Moved(name, key, value, shown, shown_now, allowed))
        if _NUMBER.sub("#", text) != _NUMBER.sub("#", text_now):
            rows.append(Moved(name, key, "words", text, text_now, "same words"))
    was, now = ({check["name"]: RESULTS[check["passed"]].lower() for check in each["checks"]} for each in (old, new))
    for check in sorted(set(was) | set(now)):
        if was.get(check) != now.get(check):
            rows.append(Moved(name, f"check “{check}”", "", was.get(check, "not there"), now.get(check, "gone"), ""))
    return rows


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What else differs between two runs and may explain a move: files, parameters, the package."""
    words = []
    if old["econmodel"] != new["econmodel"]:
        words.append(f"econmodel was {old['econmodel']}, is {new['econmodel']}")
    if old["notebook_sha256"] != new["notebook_sha256"]:
        words.append("the notebook changed")
    words += [f"data {name} changed" for name in new["data"] if old["data"].get(name) != new["data"][name]]
    for name in sorted(set(old["parameters"]) | set(new["parameters"])):
        was, now = old["parameters"].get(name), new["parameters"].get(name)
        if was != now:
            words.append(f"{name} was {was!r}, is {now!r}")
    return words


def _allowed(old: Any, new: Any, tolerance: float) -> str | None:
    """None where the two agree, else how far apart they could have been."""
    if old == new:
        return None
    if any(isinstance(each, bool) or not isinstance(each, int | float) for each in (old, new)):
        return "the same"
    largest = max(abs(old), abs(new))
    whole = isinstance(old, int) and isinstance(new, int)
    # Both were rounded when they were written, and may have been rounded apart.
    last_digit = 0.0 if whole else 10.0 ** (math.floor(math.log10(largest)) - SIGNIFICANT_DIGITS + 1)
    if abs(new - old) <= tolerance * largest + last_digit * 1.0001:
        return None
    return f"{tolerance:g} relative"
