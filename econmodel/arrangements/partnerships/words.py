"""What a comparison of arrangements says in words."""

from collections.abc import Sequence

import pandas as pd

from econmodel.arrangements.partnerships.firms import Reading
from econmodel.arrangements.partnerships.joint_work import Comparison
from econmodel.arrangements.partnerships.terms import ARRANGEMENTS, MANDATED_PARTNER, PARTNER, SEPARATE, SUBCONTRACT
from econmodel.results import Effects, format_number, identified_in_words, interval_in_words, with_interval
from econmodel.verdict import judge_row

DOING = {
    SEPARATE: "staying apart",
    "merge": "merging",
    PARTNER: "a partnership",
    MANDATED_PARTNER: "a mandated partnership",
    SUBCONTRACT: "subcontracting",
}


def amount(found: Effects, term: str, turned: bool = False) -> str:
    """A term in words: its estimate with the interval there is, or the interval that is identified."""
    row = found.row(term)
    numbers = ["estimate", "conf_low", "conf_high", "identified_low", "identified_high"]
    value, low, high, from_, to = (-float(row[name]) if turned else float(row[name]) for name in numbers)
    low, high, from_, to = (high, low, to, from_) if turned else (low, high, from_, to)
    if value == value:
        return format_number(value) if low == high else with_interval(value, low, high, found.conf_level)
    ends = {"identified_low": from_, "identified_high": to, "conf_low": low, "conf_high": high}
    words = identified_in_words(pd.Series(ends))
    same = (from_, to) == (low, high)
    return words if same else f"{words} ({interval_in_words(low, high, found.conf_level)})"


def text(comparison: Comparison, found: Effects) -> str:
    """The finding: what each arrangement costs, what is cheapest and how surely, and what a mandate does."""
    known = [name for name, fault in zip(ARRANGEMENTS, comparison.faults, strict=True) if not fault]
    if len([name for name in known if name != MANDATED_PARTNER]) < 2:
        return next(fault for fault in comparison.faults if fault)
    first, second = _order(comparison, comparison.ways[0])[:2]
    result = _costs(comparison, found, known)
    if first == SEPARATE:
        by = amount(found, f"{second} less {SEPARATE}")
        result += f" {_capital(DOING[first])} is the cheapest; {DOING[second]} would cost {by} more."
    else:
        result += f" {_capital(DOING[first])} is the cheapest"
        less = f", {amount(found, f'{first} less {SEPARATE}', turned=True)} less than staying apart."
        result += less if SEPARATE in known else "."
    missing = [name for name in ARRANGEMENTS if name not in known and name != MANDATED_PARTNER]
    if missing:
        result += f" No cost can be given for {_joined([DOING[name] for name in missing])}."
    return result + _doubt(comparison, found, first, second) + _mandate(comparison, known)


def _costs(comparison: Comparison, found: Effects, known: list[str]) -> str:
    """What every arrangement costs, in one sentence; intervals are those of the differences."""
    said = {name: _level(found, name) for name in known}
    alone = [f"{said[SEPARATE]} a year apart"] if SEPARATE in said else []
    alone += [f"{said['merge']} merged"] if "merge" in said else []
    shared = []
    if PARTNER in said:
        shared.append(f"{said[PARTNER]} in partnership ({said[MANDATED_PARTNER]} if it is mandated)")
    shared += [f"{said[SUBCONTRACT]} with a subcontractor"] if SUBCONTRACT in said else []
    names = _joined(comparison.providers.names)
    if not shared:
        return f"{names} cost {_joined(alone)}."
    joint = f"with {comparison.shared_words} shared, {_joined(shared, 'or')}"
    return f"{names} cost {', '.join(alone)} and, {joint}." if alone else f"{names} cost, {joint}."


def _level(found: Effects, name: str) -> str:
    row = found.row(name)
    return format_number(row["estimate"]) if row["estimate"] == row["estimate"] else identified_in_words(row)


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _order(comparison: Comparison, way: Reading) -> list[str]:
    """Arrangements with a number from the cheapest on, the mandated partnership left out."""
    costs = comparison.costs(comparison.function.theta, way)
    usable = [
        place for place, name in enumerate(ARRANGEMENTS) if name != MANDATED_PARTNER and not comparison.faults[place]
    ]
    return [ARRANGEMENTS[place] for place in sorted(usable, key=lambda place: costs[place])]


def _doubt(comparison: Comparison, found: Effects, first: str, second: str) -> str:
    """What keeps the cheapest from being known: a fixed cost that is not identified, or an interval that holds zero."""
    others = dict.fromkeys(_order(comparison, way)[0] for way in comparison.ways)
    if len(others) > 1:
        return (
            f" But which is cheapest depends on a fixed cost that the data cannot tell apart: it may be "
            f"{_joined([DOING[name] for name in others], 'or')}."
        )
    known = set(found.table["term"])
    name = next(term for term in (f"{first} less {second}", f"{second} less {first}") if term in known)
    row = found.row(name)
    if not judge_row(row, found.conf_level).differs and row["conf_low"] < row["conf_high"]:
        return f" Which of {DOING[first]} and {DOING[second]} is cheaper cannot be told from these data."
    return ""


def _joined(names: Sequence[str], word: str = "and") -> str:
    return f" {word} ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), names[-1]])


def _mandate(comparison: Comparison, known: list[str]) -> str:
    """What a partnership saves, and what is left of that where it is mandated."""
    if PARTNER not in known or len(comparison.ways) > 1:
        return ""
    costs = dict(zip(ARRANGEMENTS, comparison.costs(comparison.function.theta, comparison.ways[0]), strict=True))
    more = costs[MANDATED_PARTNER] - costs[PARTNER]
    if not more > 0:
        return " A mandate would change nothing here."
    saved = costs[SEPARATE] - costs[PARTNER]
    if SEPARATE not in known or saved <= 0:
        return f" A mandate adds {format_number(more, 3)} to the cost of a partnership."
    left = saved - more
    rest = f"saves {format_number(left, 3)}" if left > 0 else f"costs {format_number(-left, 3)} more than that"
    text = f" A partnership saves {format_number(saved, 3)} over staying apart, a mandated one {rest}"
    best = min((name for name in known if name != MANDATED_PARTNER), key=lambda name: costs[name])
    others = [costs[name] for name in known if name not in (PARTNER, MANDATED_PARTNER)]
    if best == PARTNER and others and min(others) < costs[MANDATED_PARTNER]:
        return f"{text}, and is no longer the cheapest."
    return f"{text}."


def notes(comparison: Comparison) -> tuple[str, ...]:
    """What a reader must know besides."""
    terms, found = comparison.terms, [fault for fault in dict.fromkeys(comparison.faults) if fault]
    found.append(f"The subcontractor is {comparison.providers.names[comparison.place]}.")
    if not terms.coordination:
        found.append("No cost of coordination was given: a partnership's is counted as nothing.")
    if not terms.one_off:
        found.append("No one-off cost of merging was given: it is counted as nothing.")
    if len(comparison.ways) > 1:
        found.append(
            "Everybody in the table makes some outputs, so data do not say which fixed cost an organisation without "
            "them is spared: only intervals are identified. Parts are shown with that cost common to all."
        )
    if comparison.factor != 1.0:
        found.append(
            f"Money is mean cost: the exponential of fitted log cost times {format_number(comparison.factor)} (Duan, "
            "1983), taken as known."
        )
    if comparison.function.sample is None:
        found.append("The cost function is stated, not estimated: nothing here has an interval of sampling.")
    return tuple(found)
