"""What an estimate of unpaid work says in words."""

import numpy as np

from econmodel.arrangements.unpaid_work.unpaid import GROWING, HELD, LEAST, PURSE, SCALE_GROWING, SHADOW, SOCIAL, Unpaid
from econmodel.economies.core.places import CostFunction
from econmodel.results import Effects, format_number, with_interval
from econmodel.verdict import judge_row
from econmodel.words import at_words


def label_of(function: CostFunction, unpaid: Unpaid) -> str:
    """The unpaid input as a sentence names it."""
    return unpaid.name.replace("_", " ") if function.sample is None else function.sample.data.labels(unpaid.name)


def text(found: Effects, function: CostFunction, unpaid: Unpaid, wage_source: str) -> str:
    """The finding at the first place: a unit's worth against its wage, and scale with unpaid work held and growing."""
    place, label = str(found.table["at"].iloc[0]), label_of(function, unpaid)
    row = found.row(SHADOW, place)
    saves = row["estimate"] > 0
    words = (
        f"At {at_words(place)}, one unit more of {label} goes with a cost to the purse that is {_size(found, place)} "
        f"{'lower' if saves else 'higher'}. "
    )
    if unpaid.wage is not None:
        words += _against_wage(found, place, unpaid.wage, wage_source, label)
    elif not judge_row(row, found.conf_level).differs:
        words += "Whether it saves anything cannot be told. "
    return words + (
        f"With {label} held, cost has an elasticity of {found.words(HELD, place)} to output; where it grows as output "
        f"does, of {found.words(GROWING, place)}. Economies of scale with every input growing are "
        f"{found.words(SCALE_GROWING, place)}."
    )


def _size(found: Effects, place: str) -> str:
    """The shadow value without its sign, which is in the words around it."""
    row = found.row(SHADOW, place)
    if row["estimate"] > 0:
        return found.words(SHADOW, place)
    numbers = ["estimate", "conf_low", "conf_high"]
    value, low, high = (-float(row[name]) for name in numbers)
    return with_interval(value, high, low, found.conf_level)


def _against_wage(found: Effects, place: str, wage: float, source: str, label: str) -> str:
    row = found.row(SHADOW, place)
    said = f"A unit that had to be paid would cost {format_number(wage)} ({source})"
    low, high = row["conf_low"], row["conf_high"]
    if low > wage:
        verdict = "it saves more than that, so more of it lowers social cost too"
    elif high < wage:
        verdict = "it saves less than that, so more of it raises social cost while it lowers the purse's"
        if high < 0:
            verdict = "it saves nothing"
        elif low <= 0:
            verdict = "it saves less than that, if anything"
    else:
        verdict = "whether it saves more or less than that cannot be told"
    words = f"{said}: {verdict}. "
    words += (
        f"The purse pays {found.words(PURSE, place)}, and with unpaid work at that wage society "
        f"{found.words(SOCIAL, place)}"
    )
    least = found.row(LEAST, place)
    if np.isnan(least["estimate"]):
        return f"{words}; no amount of {label} above zero makes social cost the least. "
    words += f", least at {found.words(LEAST, place)} of {label}"
    return words + (". " if least["supported"] else ", which no provider comes near: extrapolation by the form. ")


def notes(function: CostFunction, unpaid: Unpaid, factor: float) -> tuple[str, ...]:
    """What a reader must know besides."""
    label = label_of(function, unpaid)
    found = [
        f"If unpaid work ({label}) goes where need is greater and need is not in the table, what it saves is "
        "understated; if it goes where need is less, overstated."
    ]
    if unpaid.in_logs:
        found.append("Unpaid work enters in logs: one per cent more of it has the same effect everywhere.")
    else:
        found.append("Unpaid work enters as it stands: a unit more changes cost by the same percentage everywhere.")
    if factor != 1.0:
        found.append(
            f"Money is mean cost: the exponential of fitted log cost times {format_number(factor)} (Duan, 1983), taken "
            "as known."
        )
    return tuple(found)
