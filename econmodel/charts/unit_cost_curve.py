"""Unit cost against size: the estimate with its interval, and what providers report."""

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.charts.axes import log_axis, value_axis
from econmodel.charts.curve_words import Units, message, unsupported_sizes
from econmodel.charts.drawn import framed, rows
from econmodel.charts.given import must_draw
from econmodel.charts.groups import MANY, by_size, providers_of
from econmodel.charts.sentences import capital, level, number
from econmodel.charts.size import SizeOf, in_mean_sizes, size_of
from econmodel.charts.theme import CHARCOAL, NAVY, ORANGE, enable
from econmodel.errors import NotSupported
from econmodel.results import Effects

if TYPE_CHECKING:
    import altair as alt

    from econmodel.estimate.fit import Fit
    from econmodel.table.cost_data import CostData

TERM = "unit cost"
COLUMNS = ["size", "estimate", "conf_low", "conf_high", "supported"]
# Outside the data a curve may run away; the axis follows it this far, in heights of the rest of the picture.
ROOM = 0.6
POINTS = 25  # enough for a smooth line


class _Providers(NamedTuple):
    """What is drawn of the providers, and what is not."""

    drawn: pd.DataFrame  # size, low, median, high
    grouped: bool
    how_many: int
    what: str  # "providers", or "observations" of them
    not_positive: int


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

    Examples
    --------
    >>> import pandas as pd
    >>> from econmodel.charts.unit_cost_curve import cost_curve
    >>> from econmodel.results import Effects
    >>> table = pd.DataFrame({"term": "unit cost", "size": [100, 200, 400], "estimate": [9.0, 8.0, 7.5],
    ...                       "conf_low": [8.7, 7.8, 7.2], "conf_high": [9.3, 8.2, 7.8],
    ...                       "supported": [True, True, False]})
    >>> print(*cost_curve(Effects("Unit cost", table, "", labels={"size": "pupils"})).title.text)
    All else equal, unit cost falls with size: 9 at 100 pupils, 8 at 200
    """
    from econmodel.estimate.fit import Fit

    must_draw(
        isinstance(curve, Effects | Fit),
        "cost_curve",
        curve,
        "the unit costs of a fit, em.fit(data), or the result of em.unit_cost(fit)",
    )
    enable()
    source = curve if data is None and not isinstance(curve, Effects) else data
    providers, own = _drawn_providers(source, size, confidential)
    effects = curve if isinstance(curve, Effects) else _along(curve, providers)
    line = _line(effects)
    units = Units.of(own, effects.labels.get("size", ""))
    reach = _reach(line, providers)
    title, numbers = message(line, units, effects.conf_level)
    around = [note for note in (_points_in_words(providers, reach), unsupported_sizes(line, units)) if note]
    return framed(
        _layers(line, providers, reach, units),
        height=330,
        title=title,
        subtitle=[f"Line and band: estimate, all else at the mean, and {level(effects.conf_level)} interval", *around],
        description=[title, numbers, capital("; ".join(around))],
    )


def _drawn_providers(
    source: "CostData | Fit | None", size: SizeOf, confidential: bool
) -> "tuple[_Providers | None, CostData | None]":
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
    return _providers(sizes, data, confidential), data


def _along(fitted: "Fit", providers: _Providers | None) -> Effects:
    """The curve from the smallest to the largest providers, save the outermost hundredth."""
    from econmodel.economies.marginal_cost import unit_cost

    sizes = providers.drawn["size"] if providers is not None else pd.Series(dtype=float)
    if len(sizes) < 2:
        return unit_cost(fitted)
    outputs = fitted.technology.mean_point().outputs[0]
    multiples = sizes / outputs[0] if len(outputs) == 1 else sizes
    low, high = multiples.quantile([0.01, 0.99])
    return unit_cost(fitted, [float(f"{at:.3g}") for at in np.geomspace(low, high, POINTS)])


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


def _providers(sizes: NDArray[np.float64], data: "CostData", confidential: bool) -> _Providers:
    cost, owners = data.frame[data.cost].to_numpy(dtype=float), providers_of(data)
    what = "providers" if owners is None else "observations"
    good = np.isfinite(sizes) & np.isfinite(cost) & (sizes > 0)
    size, value = sizes[good], cost[good] / sizes[good]
    if confidential or len(size) > MANY:
        return _Providers(
            by_size(size, value, None if owners is None else owners[good]), True, len(size), what, int((~good).sum())
        )
    # Drawn in an order of its own: which circle lies on top must not depend on the order of the rows.
    points = pd.DataFrame({"size": size, "low": value, "median": value, "high": value})
    return _Providers(
        points.sort_values(["size", "median"], ignore_index=True), False, len(size), what, int((~good).sum())
    )


def _reach(line: pd.DataFrame, providers: _Providers | None) -> tuple[float, float]:
    """The unit costs that the picture shows: the curve where there are data and nearly all providers."""
    held = line[line["supported"]] if line["supported"].any() else line
    ends = [held["conf_low"].min(), held["conf_high"].max(), held["estimate"].min(), held["estimate"].max()]
    if providers is not None and len(providers.drawn):
        outer = (0.0, 1.0) if providers.grouped or providers.how_many < 100 else (0.01, 0.99)
        ends += [providers.drawn["low"].quantile(outer[0]), providers.drawn["high"].quantile(outer[1])]
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    room = ROOM * (high - low)
    near = line.loc[line["estimate"].between(low - room, high + room), "estimate"]
    return min(low, float(near.min())), max(high, float(near.max()))


def _layers(
    line: pd.DataFrame, providers: _Providers | None, reach: tuple[float, float], units: Units
) -> "alt.LayerChart":
    import altair as alt

    across = [*line["size"], *(providers.drawn["size"] if providers is not None else [])]
    x_scale, x_axis = log_axis(units.size_axis, across)
    x = alt.X("size:Q", scale=x_scale, axis=x_axis)
    y_scale, y_axis = value_axis(units.cost_axis, reach)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", scale=y_scale, axis=y_axis)

    stretches = [(alt.Chart(rows(stretch)).encode(x=x), supported) for stretch, supported in _stretches(line, reach)]
    layers: list[alt.Chart] = [
        base.mark_area(color=NAVY, opacity=0.28 if supported else 0.12).encode(y=y("conf_low"), y2="conf_high:Q")
        for base, supported in stretches
    ]
    if providers is not None and providers.grouped and len(providers.drawn):
        groups = alt.Chart(rows(providers.drawn)).encode(x=x)
        layers.append(groups.mark_rule(color=CHARCOAL, strokeWidth=1.2).encode(y=y("low"), y2="high:Q"))
        medians = groups.mark_point(shape="diamond", filled=True, color=ORANGE, size=90, opacity=1)
        layers.append(medians.encode(y=y("median")))
    elif providers is not None and not providers.grouped:
        inside = providers.drawn[providers.drawn["median"].between(*reach)]
        points = alt.Chart(rows(inside[["size", "median"]]))
        layers.append(points.mark_point(size=22, color=CHARCOAL, opacity=0.6).encode(x=x, y=y("median")))
    for base, supported in stretches:
        curve = base.mark_line(color=NAVY, strokeWidth=2.5, strokeDash=[1, 0] if supported else [6, 5])
        layers.append(curve.encode(y=y("estimate")))
    return alt.LayerChart(layer=layers)


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


def _points_in_words(providers: _Providers | None, reach: tuple[float, float]) -> str:
    if providers is None:
        return ""
    count, drawn = f"{number(providers.how_many)} {providers.what}", providers.drawn
    if providers.grouped and not len(drawn):
        words = f"{count} are too few to be drawn without showing single providers"
    elif providers.grouped:
        words = f"diamonds and bars: median and middle half of {len(drawn)} groups by size, {count}"
    else:
        outside = int((~drawn["median"].between(*reach)).sum())
        words = f"circles: {count}{f', {outside} of them outside the picture' if outside else ''}"
    return words + (f" ({providers.not_positive} without a positive size left out)" if providers.not_positive else "")
