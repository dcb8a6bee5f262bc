"""How a relationship variable goes with size, before any model: the picture behind every separation."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.charts.axes import log_axis, value_axis
from econmodel.charts.drawn import framed, rows
from econmodel.charts.given import must_draw
from econmodel.charts.groups import MANY, SMALLEST_GROUP, by_size, providers_of
from econmodel.charts.sentences import capital, number
from econmodel.charts.size import SizeOf, size_of
from econmodel.charts.theme import CHARCOAL, NAVY, ORANGE, enable
from econmodel.errors import NotSupported, UnknownName

if TYPE_CHECKING:
    import altair as alt

    from econmodel.table.cost_data import CostData

GROUPS = 10
# |z| of a rank correlation below which its sign is not settled (two-sided 5 %).
SETTLED = 1.96


def relationship_against_size(
    data: "CostData", name: str, *, size: SizeOf = None, confidential: bool = False
) -> "alt.LayerChart":
    """A relationship variable against size, size on a log axis, with its median in groups of equal number by size.

    Up to 500 providers are drawn one by one; above, and where the data are confidential, medians and quartiles of at
    least ten providers stand for them.

    Parameters
    ----------
    data : the providers
    name : one of `data.relationships`
    size : how outputs add up to size where there are several: a column, weights, or the result of `em.separate`
    confidential : never draw single providers

    Returns
    -------
    altair.LayerChart

    Raises
    ------
    UnknownName : no such relationship variable
    NotSupported : several outputs and no size; fewer than two providers, or too few to be drawn in groups

    Notes
    -----
    The title says "higher" or "lower" only where Spearman's rank correlation differs from zero at 5 %
    (Spearman 1904; normal approximation, z = rho sqrt(n - 1)).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from econmodel.charts.ratio_by_size import relationship_against_size
    >>> from econmodel.table.cost_data import CostData
    >>> frame = pd.DataFrame({"spend": np.arange(1.0, 41.0), "visits": np.arange(1.0, 41.0),
    ...                       "staff_per_visit": np.linspace(0.5, 0.3, 40)})
    >>> data = CostData(frame, cost="spend", outputs=["visits"], relationships=["staff_per_visit"])
    >>> print(*relationship_against_size(data, "staff_per_visit").title.text)
    Staff per visit is lower in larger providers: median 0.477 in the smallest quarter, 0.323 in the largest
    """
    must_draw(hasattr(data, "relationships"), "relationship_against_size", data, "a table with roles, such as fit.data")
    enable()
    if name not in data.relationships:
        known = ", ".join(data.relationships) or "none"
        raise UnknownName(f"{name!r} is not a relationship variable of these data; they have: {known}.")
    sizes, unit = size_of(data, size)
    values = data.frame[name].to_numpy(dtype=float)
    good = np.isfinite(sizes) & np.isfinite(values) & (sizes > 0)
    sizes, values, left_out = sizes[good], values[good], int((~good).sum())
    grouped = confidential or len(sizes) > MANY
    owners = providers_of(data)
    groups = by_size(sizes, values, None if owners is None else owners[good], most=GROUPS)
    what = "providers" if owners is None else "observations"
    if len(sizes) < 2 or (grouped and groups.empty):
        raise NotSupported(
            f"{len(sizes)} {what} with a size and a value of {name!r} are too few to be drawn"
            + (f" in groups of {SMALLEST_GROUP} providers, as these must be." if grouped else ".")
        )
    label = data.labels(name)
    title, numbers = _message(sizes, values, groups, label)
    points = f"circles: {number(len(sizes))} {what}"
    line = "" if groups.empty else f"line: median of each {_part(len(groups))} of the {what} by size"
    if grouped:
        points = f"diamonds and bars: median and middle half of {len(groups)} groups by size"
        line = f"{number(len(sizes))} {what}"
    gone = f"{left_out} without a positive size or a value left out" if left_out else ""
    legend = [part for part in (points, line, gone) if part]
    more = data.relationships[name].more_means
    axis = f"{label}{f' (more means {more})' if more else ''}"
    return framed(
        _layers(sizes, values, groups, grouped, unit, axis),
        height=320,
        title=title,
        subtitle=[capital(legend[0]), *legend[1:]],
        description=[title, numbers, capital("; ".join(legend))],
    )


def _message(
    sizes: NDArray[np.float64], values: NDArray[np.float64], groups: pd.DataFrame, label: str
) -> tuple[str, str]:
    rho = _rank_correlation(sizes, values)
    settled = abs(rho) * np.sqrt(len(sizes) - 1) > SETTLED
    ends = ""
    if len(groups):
        part = _part(len(groups))
        first, last = number(groups["median"].iloc[0]), number(groups["median"].iloc[-1])
        ends = f": median {first} in the smallest {part}, {last} in the largest"
    if settled:
        title = f"{capital(label)} is {'higher' if rho > 0 else 'lower'} in larger providers{ends}"
    else:
        title = f"{capital(label)} does not clearly go with size{ends}"
    low, middle, high = np.percentile(values, [25, 50, 75])
    numbers = (
        f"The rank correlation of {label} with size is {number(rho, 2)}; over all of them its median is "
        f"{number(middle)}, the middle half lies between {number(low)} and {number(high)}"
    )
    return title, numbers


def _rank_correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    first, second = pd.Series(one).rank(), pd.Series(other).rank()
    return float(first.corr(second)) if first.std() > 0 and second.std() > 0 else 0.0


def _part(count: int) -> str:
    names = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 7: "seventh", 8: "eighth", 9: "ninth"}
    return names.get(count, "tenth")


def _layers(
    sizes: NDArray[np.float64],
    values: NDArray[np.float64],
    groups: pd.DataFrame,
    grouped: bool,
    unit: str,
    axis: str,
) -> "alt.LayerChart":
    import altair as alt

    x_scale, x_axis = log_axis(unit, groups["size"] if grouped else sizes)
    y_scale, y_axis = value_axis(axis, groups[["low", "high"]] if grouped else values)
    x = alt.X("size:Q", scale=x_scale, axis=x_axis)

    def y(column: str) -> alt.Y:
        return alt.Y(f"{column}:Q", scale=y_scale, axis=y_axis)

    layers: list[alt.Chart] = []
    if not grouped:
        # Sorted, so that the picture does not depend on the order of the rows.
        points = pd.DataFrame({"size": sizes, "value": values}).sort_values(["size", "value"], ignore_index=True)
        circles = alt.Chart(rows(points)).mark_point(size=22, color=CHARCOAL, opacity=0.6)
        layers.append(circles.encode(x=x, y=y("value")))
    if len(groups):
        base = alt.Chart(rows(groups[["size", "low", "median", "high"]])).encode(x=x)
        layers.append(base.mark_line(color=NAVY, strokeWidth=2.5).encode(y=y("median")))
    if grouped:
        diamonds = base.mark_point(shape="diamond", filled=True, size=90, color=ORANGE, opacity=1)
        layers.append(base.mark_rule(color=CHARCOAL, strokeWidth=1.2).encode(y=y("low"), y2="high:Q"))
        layers.append(diamonds.encode(y=y("median")))
    return alt.LayerChart(layer=layers)
