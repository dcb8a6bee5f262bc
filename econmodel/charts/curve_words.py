"""What a curve of unit cost says, in words."""

from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from econmodel.charts.sentences import interval, joined, level, number
from econmodel.charts.size import unit_of

if TYPE_CHECKING:
    from econmodel.table.cost_data import CostData


class Units(NamedTuple):
    """How sizes and costs are written.

    Attributes
    ----------
    size : words after a size in a sentence ("pupils", "times the mean size")
    money : words after a cost
    size_axis, cost_axis : titles of the axes
    """

    size: str
    money: str
    size_axis: str
    cost_axis: str

    @classmethod
    def of(cls, data: "CostData | None", unit: str) -> "Units":
        """Units of these data; without data `unit` is that of size, and money has none."""
        money = data.cost_unit if data is not None else ""
        coin = f", {money}" if money else ""
        if data is not None and len(data.outputs) > 1:
            return cls("times the mean size", money, "size, mean provider = 1", f"unit cost (cost ÷ size){coin}")
        unit = unit_of(data, next(iter(data.outputs))) if data is not None else unit
        return cls(unit, money, unit or "size", f"unit cost{f' (cost ÷ {unit})' if unit else ''}{coin}")

    def cost(self, value: float) -> str:
        """A cost with its unit."""
        return f"{number(value)} {self.money}".rstrip()

    def at(self, size: float) -> str:
        """A size with its unit."""
        return f"{number(size)} {self.size}".rstrip()


def message(line: pd.DataFrame, units: Units, conf_level: float) -> tuple[str, str]:
    """The title of a curve and the numbers behind it: what unit cost does where there are data.

    Parameters
    ----------
    line : `size`, `estimate`, `conf_low`, `conf_high`, `supported`, by increasing size
    units : how sizes and costs are written
    conf_level : level of the intervals

    Notes
    -----
    A change is called one only where the intervals at its ends do not overlap. That is stricter than a test of the
    difference, and so is what a reader can check in the picture.
    """
    where = "" if line["supported"].any() else ", at sizes outside the data only"
    held = line[line["supported"]] if line["supported"].any() else line
    estimates = held["estimate"].to_numpy(dtype=float)
    first, last = held.iloc[0], held.iloc[-1]
    inner = [place for place in (estimates.argmin(), estimates.argmax()) if 0 < place < len(held) - 1]
    turn = held.iloc[int(inner[0])] if inner else None
    points = [first, last] if turn is None else [first, turn, last]
    said = [f"{units.cost(point['estimate'])} ({interval(point)}) at {units.at(point['size'])}" for point in points]
    numbers = (
        f"Along the curve, with the mix of outputs and all else at the mean, unit cost is estimated at {joined(said)}, "
        f"each with its {level(conf_level)} interval"
    )
    return f"All else equal, unit cost {_course(first, turn, last, units)}{where}", numbers


def _course(first: pd.Series, turn: pd.Series | None, last: pd.Series, units: Units) -> str:
    """What unit cost does from the first point over the lowest (or highest) one between to the last."""
    bottom = turn is not None and turn["estimate"] < first["estimate"]
    before, after = ("falls", "rises") if bottom else ("rises", "falls")
    if turn is not None and _apart(first, turn) and _apart(turn, last):
        return f"is {'lowest' if bottom else 'highest'} near {units.at(turn['size'])}: {units.cost(turn['estimate'])}"
    if turn is not None and _apart(first, turn):
        return f"{before} up to about {units.at(turn['size'])}, then shows no clear change: {_span(first, turn, units)}"
    if turn is not None and _apart(turn, last):
        return f"shows no clear change at first, then {after} with size: {_span(turn, last, units)}"
    verb = "falls" if last["estimate"] < first["estimate"] else "rises"
    return f"{verb if _apart(first, last) else 'shows no clear change'} with size: {_span(first, last, units)}"


def _span(start: pd.Series, end: pd.Series, units: Units) -> str:
    costs = f"{units.cost(start['estimate'])} at {units.at(start['size'])}"
    return f"{costs}, {number(end['estimate'])} at {number(end['size'])}"


def _apart(one: pd.Series, other: pd.Series) -> bool:
    return bool(one["conf_low"] > other["conf_high"] or other["conf_low"] > one["conf_high"])


def unsupported_sizes(line: pd.DataFrame, units: Units) -> str:
    """Which sizes on the curve no provider in the data stands for; empty where there are none."""
    if line["supported"].all():
        return ""
    if not line["supported"].any():
        return "the whole curve is dashed: no providers of such sizes and mix are in the data"
    held = line.loc[line["supported"], "size"]
    inside = line.loc[~line["supported"] & line["size"].between(held.min(), held.max()), "size"]
    parts = [f"below {number(held.min())}"] if (line["size"] < held.min()).any() else []
    parts += [f"around {joined(number(size) for size in inside)}"] if len(inside) else []
    parts += [f"above {number(held.max())}"] if (line["size"] > held.max()).any() else []
    return f"dashed {joined(parts)} {units.size}".rstrip() + ": outside the data"
