"""Unit cost against size: the estimate with its interval, and what providers report."""

from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from econmodel.charts.marks import Caption, Picture, log_axis, mark, value_axis
from econmodel.charts.sizes import Providers, SizeOf, boxes, circles, in_mean_sizes, size_of, unit_of
from econmodel.charts.theme import NAVY
from econmodel.charts.words import brief, interval, level, must_draw, number
from econmodel.economies.core.inference import FEW_CLUSTERS, estimate
from econmodel.economies.core.places import resolve
from econmodel.errors import NotSupported
from econmodel.results import Effects
from econmodel.verdict import judge
from econmodel.words import UNSETTLED, listed

if TYPE_CHECKING:
    import altair as alt

    from econmodel.estimate.fit import Fit
    from econmodel.table.cost_data import CostData

TERM = "unit cost"
COLUMNS = ["size", "estimate", "conf_low", "conf_high", "supported"]
# Outside the data a curve may run away; the axis follows it this far, in heights of the rest of the picture.
ROOM = 0.6
POINTS = 25  # enough for a smooth line


def cost_curve(
    curve: "Effects | Fit", data: "CostData | Fit | None" = None, *, size: SizeOf = None, confidential: bool = False
) -> "alt.LayerChart":
    """Unit cost along the ray with its interval, the providers' own unit costs behind it, size on a log axis.

    Parameters
    ----------
    curve : a fit, whose curve is computed from the smallest to the largest of its providers and drawn with them; or the
        result of `em.unit_cost`, rows of the term "unit cost" with `size`, `estimate`, `conf_low`, `conf_high`,
        `supported`
    data : the providers to draw beside such a result: the fit, or with one output the data; None draws the curve alone
    size : with a fit of several outputs, how they add up to the size of a provider, as in `em.separate`
    confidential : draw medians and quartiles of at least ten providers, never single ones; always so above 500

    Returns
    -------
    altair.LayerChart
        Its description says the same in words, sizes outside the data included.

    Raises
    ------
    NotSupported : a result without unit costs and their sizes, or beside data of several outputs

    Notes
    -----
    The title calls a change one only where the intervals at its ends do not overlap, which is stricter than a test of
    the difference and what a reader can check in the picture; and, where a fit with few clusters is given, only where
    the wild cluster bootstrap does not take the difference back.

    Examples
    --------
    >>> import pandas as pd
    >>> from econmodel.charts.curves import cost_curve
    >>> from econmodel.results import Effects
    >>> table = pd.DataFrame({"term": "unit cost", "size": [100, 200, 400], "estimate": [9.0, 8.0, 7.5],
    ...                       "conf_low": [8.7, 7.8, 7.2], "conf_high": [9.3, 8.2, 7.8],
    ...                       "supported": [True, True, False]})
    >>> print(*cost_curve(Effects("Unit cost", table, "", labels={"size": "pupils"})).title.text)
    Unit cost falls with size
    """
    from econmodel.estimate.fit import Fit
    from econmodel.table.cost_data import CostData

    wanted = "the unit costs of a fit, em.fit(data), or the result of em.unit_cost(fit)"
    must_draw(isinstance(curve, Effects | Fit), "cost_curve", curve, wanted)
    sound = data is None or isinstance(data, Fit | CostData)
    must_draw(sound, "cost_curve", data, f"{wanted}, beside the providers of a fit or of data")
    source = curve if data is None and not isinstance(curve, Effects) else data
    providers, own = _drawn_providers(source, size, confidential)
    effects = curve if isinstance(curve, Effects) else _along(curve, providers)
    line = _line(effects)
    units = Units.of(own, effects.labels.get("size", ""))
    reach = _reach(line, providers)
    fit = source if isinstance(source, Fit) else None
    trusted = fit is not None or not set(FEW_CLUSTERS.values()) & set(effects.notes)
    title, detail, numbers = message(line, units, effects.conf_level, fit, trusted)
    if not trusted:
        detail += "; clusters are few, so whether it changes is said of a fit only: em.charts.cost_curve(fit)"
    around = [note for note in (_points_in_words(providers, reach), unsupported_sizes(line, units)) if note]
    area, curve_of = {"x": "size", "y": "conf_low", "y2": "conf_high"}, {"x": "size", "y": "estimate"}
    areas, curves = [], []
    for stretch, held in _stretches(line, reach):
        areas.append(mark("area", stretch, area, color=NAVY, opacity=0.28 if held else 0.12))
        dash = [1, 0] if held else [6, 5]
        curves.append(mark("line", stretch, curve_of, color=NAVY, strokeWidth=2.5, strokeDash=dash))
    behind = []
    if providers is not None and not providers.grouped:
        behind = [circles(providers.points[providers.points["value"].between(*reach)])]
    elif providers is not None and len(providers.groups):
        behind = boxes(providers.groups)
    caption = Caption(
        title,
        detail,
        [f"line and band: estimate, all else at the mean, and {level(effects.conf_level)} interval", *around],
        [numbers, "; ".join(around)],
        effects.source if own is None or providers is None else own.source_line(providers.total),
    )
    x = log_axis(units.size_axis, [*line["size"], *([] if providers is None else _drawn(providers)["size"])])
    return Picture(caption, x, value_axis(units.cost_axis, reach), [*areas, *behind, *curves], 330).drawn()


def _drawn(providers: Providers) -> pd.DataFrame:
    """Of providers, what is drawn: `size`, and the ends of what stands there, `low` and `high`."""
    points = providers.points
    return providers.groups if providers.grouped else points.assign(low=points["value"], high=points["value"])


def _drawn_providers(
    source: "CostData | Fit | None", size: SizeOf, confidential: bool
) -> "tuple[Providers | None, CostData | None]":
    """What is drawn of the providers, with size in the units of the curve, and the data that they come from."""
    from econmodel.table.cost_data import CostData

    if source is None:
        return None, None
    data = source if isinstance(source, CostData) else source.data
    if len(data.outputs) == 1:
        sizes, _ = size_of(data)
    elif isinstance(source, CostData):
        raise NotSupported(
            f"The size of providers of {', '.join(data.outputs)} beside this curve depends on the fit: "
            "em.charts.cost_curve(fit), or em.charts.cost_curve(em.unit_cost(fit), fit)."
        )
    else:
        sizes = in_mean_sizes(source, size)
    with np.errstate(divide="ignore", invalid="ignore"):
        costs = data.frame[data.cost].to_numpy(dtype=float) / sizes
    return Providers.of(data, sizes, costs, confidential), data


def _along(fit: "Fit", providers: Providers | None) -> Effects:
    """The curve from the smallest to the largest providers, save the outermost hundredth."""
    from econmodel.economies.marginal_cost import unit_cost

    sizes = _drawn(providers)["size"] if providers is not None else pd.Series(dtype=float)
    if len(sizes) < 2:
        return unit_cost(fit)
    outputs = fit.technology.mean_point().outputs[0]
    multiples = sizes / outputs[0] if len(outputs) == 1 else sizes
    low, high = multiples.quantile([0.01, 0.99])
    return unit_cost(fit, [float(f"{at:.3g}") for at in np.geomspace(low, high, POINTS)])


def _line(curve: Effects) -> pd.DataFrame:
    """The curve by increasing size, without the points that have no estimate."""
    table = curve.table
    missing = [name for name in ("term", *COLUMNS) if name not in table]
    if missing or not (table["term"] == TERM).any():
        lacks = f"has no column {', '.join(missing)}" if missing else f"has no rows of the term {TERM!r}"
        raise NotSupported(f"A cost curve cannot be drawn from {curve.title!r}: it {lacks}. Give em.unit_cost(fit).")
    line = table.loc[table["term"] == TERM, COLUMNS].sort_values("size", ignore_index=True)
    line = line[line["estimate"].notna() & (line["size"] > 0)].reset_index(drop=True)
    if len(line) < 2:
        raise NotSupported(
            f"{curve.title!r} has unit costs at {len(line)} sizes, a curve needs two: "
            "em.unit_cost(fit, at=[0.5, 1, 2])."
        )
    return line.assign(supported=line["supported"].astype(bool))


def _reach(line: pd.DataFrame, providers: Providers | None) -> tuple[float, float]:
    """The unit costs that the picture shows: the curve where there are data and nearly all providers."""
    held = line[line["supported"]] if line["supported"].any() else line
    ends = [held["conf_low"].min(), held["conf_high"].max(), held["estimate"].min(), held["estimate"].max()]
    if providers is not None and len(_drawn(providers)):
        outer = (0.0, 1.0) if providers.grouped or providers.total < 100 else (0.01, 0.99)
        ends += [_drawn(providers)["low"].quantile(outer[0]), _drawn(providers)["high"].quantile(outer[1])]
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    room = ROOM * (high - low)
    near = line.loc[line["estimate"].between(low - room, high + room), "estimate"]
    return min(low, float(near.min())), max(high, float(near.max()))


def _stretches(line: pd.DataFrame, reach: tuple[float, float]) -> list[tuple[pd.DataFrame, bool]]:
    """The curve cut where support begins or ends; what leaves the picture is cut off at its edge."""
    shown = line.drop(columns="supported")
    shown = shown.assign(
        estimate=shown["estimate"].where(shown["estimate"].between(*reach)),
        conf_low=shown["conf_low"].clip(*reach),
        conf_high=shown["conf_high"].clip(*reach),
    )
    # A step between two points counts as supported only where both of its ends are.
    steps = (line["supported"] & line["supported"].shift(-1, fill_value=False)).to_numpy()[:-1]
    cuts = [0, *(np.flatnonzero(steps[1:] != steps[:-1]) + 1), len(steps)]
    return [(shown.iloc[a : b + 1], bool(steps[a])) for a, b in pairwise(cuts)]


def _points_in_words(providers: Providers | None, reach: tuple[float, float]) -> str:
    if providers is None:
        return ""
    count = f"{number(providers.total)} {providers.noun}"
    if providers.grouped:
        words = f"{providers.boxed}, {count}"
        if not len(providers.groups):
            words = f"{count} are too few to be drawn without showing single providers"
    else:
        outside = int((~providers.points["value"].between(*reach)).sum())
        words = f"circles: {count}{f', {outside} of them outside the picture' if outside else ''}"
    return words + (f" ({providers.left_out} without a positive size left out)" if providers.left_out else "")


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


def message(
    line: pd.DataFrame, units: Units, conf_level: float, fit: "Fit | None", trusted: bool
) -> tuple[str, str, str]:
    """The title of a curve, the costs that it speaks of, and the numbers behind it: what unit cost does among the data.

    Parameters
    ----------
    line : `size`, `estimate`, `conf_low`, `conf_high`, `supported`, by increasing size
    units : how sizes and costs are written
    conf_level : level of the intervals
    fit : where the curve is that of a fit at hand, whose p-values then count too
    trusted : whether there are such p-values, or intervals that can stand without them
    """
    held = line[line["supported"]] if line["supported"].any() else line
    estimates = held["estimate"].to_numpy(dtype=float)
    first, last = held.iloc[0], held.iloc[-1]
    inner = [place for place in (estimates.argmin(), estimates.argmax()) if 0 < place < len(held) - 1]
    turn = held.iloc[int(inner[0])] if inner else None
    points = [first, last] if turn is None else [first, turn, last]
    each = [f"{units.cost(point['estimate'])} ({interval(point)}) at {units.at(point['size'])}" for point in points]
    numbers = (
        f"Along the curve, with the mix of outputs and all else at the mean, unit cost is estimated at {listed(each)}, "
        f"each with its {level(conf_level)} interval"
    )
    costs = f"all else equal, unit cost is {units.cost(first['estimate'])} at {units.at(first['size'])}"
    costs += "".join(f", {number(point['estimate'])} at {number(point['size'])}" for point in points[1:])
    if not line["supported"].any():
        return "Unit cost and size: beyond the data", f"{costs}, at sizes outside the data only", numbers

    def clear(one: pd.Series, other: pd.Series) -> bool:
        """Whether the intervals of two points do not overlap, and no other p-value takes the difference back."""
        ends = (float(other["conf_low"] - one["conf_high"]), float(other["conf_high"] - one["conf_low"]))
        p_value = float("nan") if fit is None or not fit.wild else _p_value(fit, one["size"], other["size"])
        return judge(*ends, 0.0, level=conf_level, p_value=p_value, informed=trusted).differs

    return _course(first, turn, last, units, clear), costs, numbers


def _p_value(fit: "Fit", *sizes: float) -> float:
    """Of the difference in unit cost between two sizes, as the fit makes p-values."""
    outputs = fit.technology.mean_point().outputs[0]
    unit = float(outputs[0]) if len(outputs) == 1 else 1.0
    point = resolve(fit, [size / unit for size in sizes]).point
    difference = estimate(fit, lambda theta: np.diff(fit.technology.cost(theta, point) / np.array(sizes)), 0.0)
    return float(difference.p_values[0])


def _course(
    first: pd.Series,
    turn: pd.Series | None,
    last: pd.Series,
    units: Units,
    clear: Callable[[pd.Series, pd.Series], bool],
) -> str:
    """What unit cost does from the first point over the lowest (or highest) one between to the last."""
    if turn is not None:
        bottom = turn["estimate"] < first["estimate"]
        before, after = ("falls", "rises") if bottom else ("rises", "falls")
        turns = (clear(first, turn), clear(turn, last))
        if all(turns):
            most = f"Unit cost is {'lowest' if bottom else 'highest'} near"
            return brief(f"{most} {units.at(turn['size'])}", f"{most} a size of {number(turn['size'])}")
        if turns[0]:
            return brief(
                f"Unit cost {before} to {units.at(turn['size'])}, then no clear change",
                f"Unit cost {before} up to {number(turn['size'])}, then not clearly",
            )
        if turns[1]:
            return f"Unit cost shows no clear change first, then {after}"
    if not clear(first, last):
        return f"Unit cost and size: {UNSETTLED}"
    return f"Unit cost {'falls' if last['estimate'] < first['estimate'] else 'rises'} with size"


def unsupported_sizes(line: pd.DataFrame, units: Units) -> str:
    """Which sizes on the curve no provider in the data stands for; empty where there are none."""
    if line["supported"].all():
        return ""
    if not line["supported"].any():
        return "the whole curve is dashed: no providers of such sizes and mix are in the data"
    held = line.loc[line["supported"], "size"]
    inside = line.loc[~line["supported"] & line["size"].between(held.min(), held.max()), "size"]
    parts = [f"below {number(held.min())}"] if (line["size"] < held.min()).any() else []
    parts += [f"around {listed(number(size) for size in inside)}"] if len(inside) else []
    parts += [f"above {number(held.max())}"] if (line["size"] > held.max()).any() else []
    return f"dashed {listed(parts)} {units.size}".rstrip() + ": outside the data"
