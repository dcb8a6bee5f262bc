"""Providers by their size: how outputs add up to it, groups of equal number, and a relationship variable against it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from econmodel.charts.marks import Caption, Mark, Picture, log_axis, mark, value_axis
from econmodel.charts.theme import CHARCOAL, NAVY, ORANGE
from econmodel.charts.words import brief, headline, must_draw, number
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Effects
from econmodel.verdict import judge

if TYPE_CHECKING:
    import altair as alt

    from econmodel.estimate.fit import Fit
    from econmodel.table.cost_data import CostData

SizeOf = str | Mapping[str, float] | Effects | None
WEIGHTS_TABLE = "size weights"
# Above this number points hide one another, and an SVG of them would be heavy.
MANY = 500
# A published median or quartile then stands for at least ten providers.
SMALLEST_GROUP = 10
GROUPS = 10
# |z| of a rank correlation below which its sign is not settled (two-sided 5 %).
SETTLED = 1.96
_PARTS = dict(enumerate(("half", "third", "quarter", "fifth", "sixth", "seventh", "eighth", "ninth"), start=2))


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
    >>> from econmodel.charts.sizes import relationship_against_size
    >>> from econmodel.table.cost_data import CostData
    >>> frame = pd.DataFrame({"spend": np.arange(1.0, 41.0), "visits": np.arange(1.0, 41.0),
    ...                       "staff_per_visit": np.linspace(0.5, 0.3, 40)})
    >>> data = CostData(frame, cost="spend", outputs=["visits"], relationships=["staff_per_visit"])
    >>> print(*relationship_against_size(data, "staff_per_visit").title.text)
    Staff per visit is lower in larger providers
    """
    must_draw(hasattr(data, "relationships"), "relationship_against_size", data, "a table with roles, such as fit.data")
    if name not in data.relationships:
        known = ", ".join(data.relationships) or "none"
        raise UnknownName(f"{name!r} is not a relationship variable of these data; they have: {known}.")
    sizes, unit = size_of(data, size)
    seen = Providers.of(data, sizes, data.frame[name].to_numpy(dtype=float), confidential, most=GROUPS)
    groups = seen.groups
    if seen.total < 2 or (seen.grouped and groups.empty):
        raise NotSupported(
            f"{seen.total} {seen.noun} with a size and a value of {name!r} are too few to be drawn"
            + (f" in groups of {SMALLEST_GROUP} providers, as these must be." if seen.grouped else ".")
        )
    label, more = data.labels(name), data.relationships[name].more_means
    part = _PARTS.get(len(groups), "tenth")
    drawn = f"circles: {number(seen.total)} {seen.noun}"
    line = f"line: median of each {part} of the {seen.noun} by size" if len(groups) else ""
    if seen.grouped:
        drawn, line = seen.boxed, f"{number(seen.total)} {seen.noun}"
    gone = f"{seen.left_out} without a positive size or a value left out" if seen.left_out else ""
    legend = [words for words in (drawn, line, gone) if words]
    rho = _rank_correlation(seen.points)
    low, middle, high = np.percentile(seen.points["value"], [25, 50, 75])
    medians = [mark("line", groups, {"x": "size", "y": "median"}, color=NAVY, strokeWidth=2.5)] if len(groups) else []
    marks = [*medians, *boxes(groups)] if seen.grouped else [circles(seen.points), *medians]
    ends = [number(groups["median"].iloc[place]) for place in (0, -1)] if len(groups) else []
    caption = Caption(
        _association(rho, seen.total, label),
        f"median {ends[0]} in the smallest {part}, {ends[1]} in the largest" if ends else "",
        legend,
        [
            f"The rank correlation of {label} with size is {number(rho, 2)}; over all of them its median is "
            f"{number(middle)}, the middle half lies between {number(low)} and {number(high)}",
            "; ".join(legend),
        ],
        data.source_line(seen.total),
    )
    x = log_axis(unit, groups["size"] if seen.grouped else seen.points["size"])
    reach = groups[["low", "high"]] if seen.grouped else seen.points["value"]
    y = value_axis(f"{label}{f' (more means {more})' if more else ''}", reach)
    return Picture(caption, x, y, marks, 320).drawn()


def _association(rho: float, count: int, label: str) -> str:
    """The verdict on a rank correlation."""
    half = SETTLED / np.sqrt(count - 1)
    lower, higher = (
        brief(f"{label} is {side} in larger providers", f"Larger providers have {side} values")
        for side in ("lower", "higher")
    )
    return headline(judge(rho - half, rho + half, 0.0), brief(f"{label} and size", "Its slope on size"), lower, higher)


def _rank_correlation(points: pd.DataFrame) -> float:
    first, second = points["size"].rank(), points["value"].rank()
    return float(first.corr(second)) if first.std() > 0 and second.std() > 0 else 0.0


class Providers(NamedTuple):
    """What is drawn of providers by size.

    Attributes
    ----------
    points : `size` and `value` of every one, in an order that does not depend on the order of the rows
    groups : the same in groups, see `by_size`
    grouped : whether groups stand for points, because these are many or confidential
    total, noun : how many rows, and whether they are "providers" or "observations" of them
    left_out : rows without a positive size or a value
    """

    points: pd.DataFrame
    groups: pd.DataFrame
    grouped: bool
    total: int
    noun: str
    left_out: int

    @classmethod
    def of(
        cls,
        data: "CostData",
        sizes: NDArray[np.float64],
        values: NDArray[np.float64],
        confidential: bool,
        most: int = 20,
    ) -> "Providers":
        """The providers of a table, with a size and a value for each row."""
        owners = data.frame[data.entity].to_numpy() if data.noun == "observations" else None
        good = np.isfinite(sizes) & np.isfinite(values) & (sizes > 0)
        groups = by_size(sizes[good], values[good], None if owners is None else owners[good], most)
        # Which circle lies on top must not depend on the order of the rows.
        points = pd.DataFrame({"size": sizes[good], "value": values[good]})
        points = points.sort_values(["size", "value"], ignore_index=True)
        return cls(points, groups, confidential or len(points) > MANY, len(points), data.noun, int((~good).sum()))

    @property
    def boxed(self) -> str:
        """What the marks of groups are, in words."""
        return f"diamonds and bars: median and middle half of {len(self.groups)} groups by size"


def circles(points: pd.DataFrame) -> Mark:
    """A circle for every provider."""
    return mark("point", points, {"x": "size", "y": "value"}, size=22, color=CHARCOAL, opacity=0.6)


def boxes(groups: pd.DataFrame) -> list[Mark]:
    """Median and middle half of every group."""
    return [
        mark("rule", groups, {"x": "size", "y": "low", "y2": "high"}, color=CHARCOAL, strokeWidth=1.2),
        mark(
            "point",
            groups,
            {"x": "size", "y": "median"},
            shape="diamond",
            filled=True,
            size=90,
            color=ORANGE,
            opacity=1,
        ),
    ]


def by_size(
    size: NDArray[np.float64], value: NDArray[np.float64], providers: ArrayLike | None = None, most: int = 20
) -> pd.DataFrame:
    """Median and quartiles of a value in groups of similar size, of at least ten providers each.

    Parameters
    ----------
    size : (n,) positive sizes
    value : (n,) values
    providers : (n,) who they belong to, where a provider has several rows; None where each row is one
    most : number of groups where there are providers enough

    Returns
    -------
    DataFrame
        One row a group: `size` (geometric mean), `low` and `high` (quartiles), `median`, `providers`; no rows where
        there are not enough providers for two groups.

    Examples
    --------
    >>> import numpy as np
    >>> by_size(np.arange(1.0, 41.0), np.arange(40.0), most=2)["median"].tolist()
    [9.5, 29.5]
    """
    # Sorted by value within equal sizes: the groups then do not depend on the order of the rows.
    order = np.lexsort((value, size))
    owners = order if providers is None else pd.factorize(np.asarray(providers)[order])[0]
    for count in range(min(most, len(order) // SMALLEST_GROUP), 1, -1):
        members = [len(np.unique(group)) for group in np.array_split(owners, count)]
        if min(members) >= SMALLEST_GROUP:
            groups = np.array_split(order, count)
            return pd.DataFrame([_summary(size[group], value[group]) for group in groups]).assign(providers=members)
    return pd.DataFrame(columns=["size", "low", "median", "high", "providers"], dtype=float)


def _summary(size: NDArray[np.float64], value: NDArray[np.float64]) -> dict[str, float]:
    low, median, high = np.percentile(value, [25, 50, 75])
    return {"size": float(np.exp(np.log(size).mean())), "low": low, "median": median, "high": high}


def size_of(data: "CostData", size: SizeOf = None) -> tuple[NDArray[np.float64], str]:
    """The size of every provider and the words for its unit.

    Parameters
    ----------
    data : the providers
    size : a column, "equal" (outputs over their means), weights by output, or a result of `em.separate`, whose weights
        are used again; None takes the only output

    Raises
    ------
    NotSupported : several outputs and nothing that says how to add them up
    UnknownName : a column or an output that does not exist
    """
    outputs = list(data.outputs)
    if isinstance(size, Effects):
        size = _weights_in(size)
    if isinstance(size, str) and size != "equal":
        if size not in data.frame:
            known = ", ".join(map(str, data.frame.columns))
            raise UnknownName(f"There is no column {size!r} to measure size by. There are {known}.")
        return data.frame[size].to_numpy(dtype=float), unit_of(data, size)
    how = f'weights (size={{{outputs[0]!r}: 1.0, ...}}), a column, "equal", or the result of em.separate(fit)'
    if size is not None and not isinstance(size, str | Mapping):
        raise NotSupported(f"size= is a value of type {type(size).__name__}, which is no size. It may be {how}.")
    if size is None and len(outputs) > 1:
        raise NotSupported(
            f"Size is not one column here: the outputs are {', '.join(outputs)}. Say how they add up: {how}."
        )
    if size is None or len(outputs) == 1:
        return data.frame[outputs[0]].to_numpy(dtype=float), unit_of(data, outputs[0])
    columns = {name: data.frame[name].to_numpy(dtype=float) for name in outputs}
    weights = size if isinstance(size, Mapping) else {name: 1.0 / float(y.mean()) for name, y in columns.items()}
    if set(weights) != set(outputs):
        raise UnknownName(f"size= needs one weight for each of {', '.join(outputs)}; it has {', '.join(weights)}.")
    return np.sum([weights[name] * y for name, y in columns.items()], axis=0), "size index"


def in_mean_sizes(fit: "Fit", size: SizeOf = None) -> NDArray[np.float64]:
    """The size of every provider of several outputs as a multiple of the mean provider, where the ray starts.

    Outputs are added up as `em.separate` adds them, and `size` is what it is there.
    """
    from econmodel.economies.size import size_of as measured

    index = measured(fit, size)
    logs = index.logs(fit.points().outputs)
    if index.weights is None:
        # A column has no value at the mean provider; its own geometric mean stands for it.
        return np.exp(logs - logs.mean())
    return np.exp(logs - index.logs(fit.technology.mean_point().outputs))


def unit_of(data: "CostData", name: str) -> str:
    """The unit of an output, or its printed name where the card gives none."""
    output = data.outputs.get(name)
    return output.unit if output is not None and output.unit else data.labels(name)


def _weights_in(result: Effects) -> dict[str, float]:
    if WEIGHTS_TABLE not in result.tables:
        raise NotSupported(f"{result.title!r} holds no size weights; give the result of em.separate(fit).")
    table = result.tables[WEIGHTS_TABLE]
    return {str(name): float(weight) for name, weight in zip(table["output"], table["weight"], strict=True)}
