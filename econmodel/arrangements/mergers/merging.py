"""The bundles of a merger: the partners as they are, levelled, their mean and their sum."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.partners import check_partners, row_of
from econmodel.economies.core.places import CostFunction
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.points import points_in
from econmodel.forms.technology import Point, Technology
from econmodel.table.roles import nearest

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Merging:
    """J partners, and every point at which their merger asks for cost.

    Attributes
    ----------
    names : what the partners are called
    rows : (J,) their rows in the table behind the cost function, or None where bundles were given
    own, levelled : (J) the partners, with their own and with the mean relationships, prices and context
    mean, merged, after : (1) mean outputs; all outputs; all outputs with the relationships after the merger
    early_levelled, early_mean : `levelled` and `mean` with the relationships after the merger
    shares : (J,) weights of the partners in means
    """

    names: tuple[str, ...]
    rows: NDArray[np.intp] | None
    own: Point
    levelled: Point
    mean: Point
    merged: Point
    after: Point
    early_levelled: Point
    early_mean: Point
    shares: Array

    def own_points(self) -> list[Point]:
        """Each partner as a point of its own."""
        fields = (self.own.outputs, self.own.log_prices, self.own.relationships, self.own.controls)
        return [Point(*(field[[place]] for field in fields)) for place in range(len(self.names))]

    def blocks(self) -> tuple[Point, ...]:
        """All points, in the order of `factors.Costs`."""
        return (self.own, self.levelled, self.mean, self.merged, self.after, self.early_levelled, self.early_mean)


def merging(
    function: CostFunction,
    partners: Sequence[Any] | Mapping[str, Mapping[str, float]] | pd.DataFrame,
    relationship: Mapping[str, float] | None,
    volume: Mapping[str, float] | None,
) -> Merging:
    """The points of a merger.

    Parameters
    ----------
    partners : names of providers, or bundles by name (a mapping of mappings, or a table)
    relationship : variable -> its value after the merger; others are at the mean of the partners
    volume : output -> weight of it in the volume that means of relationships, prices and context are weighted with;
        by default each output counts as the partners' share of it, so that units do not matter

    Raises
    ------
    NotSupported, UnknownName, TableError
        For a merger of one, an unknown provider or variable, an output that a bundle does not name.
    """
    check_partners(partners)
    technology = function.technology
    if isinstance(partners, Mapping | pd.DataFrame):
        names, own = _given(technology, partners)
        rows = None
    else:
        names, rows, own = _named(function, partners)
    shares = _shares(technology, own.outputs, volume)
    network = _network(function)
    levelled = _level(technology, own, shares, network)
    mean, merged = (_joined(levelled, own, network, by) for by in (1.0 / len(names), 1.0))
    after = _relationships_after(technology, merged, relationship)
    r_after = after.relationships

    def at_once(point: Point) -> Point:
        return Point(point.outputs, point.log_prices, np.repeat(r_after, len(point), axis=0), point.controls)

    return Merging(
        tuple(names), rows, own, levelled, mean, merged, after, at_once(levelled), at_once(mean), shares
    )  # fmt: skip


def _named(function: CostFunction, partners: Sequence[Any]) -> tuple[list[str], NDArray[np.intp], Point]:
    if function.sample is None:
        raise NotSupported(
            "These parameters are stated, without a table of providers to name partners from. Give bundles: "
            '{"Elm": {output: volume, ...}, "Oak": {...}}.'
        )
    data = function.sample.data
    names = data.row_names()
    entities = None if data.entity is None else data.frame[data.entity]
    rows = np.array([row_of(names, one, entities) for one in partners], dtype=np.intp)
    points = function.points()
    own = Point(*(field[rows] for field in (points.outputs, points.log_prices, points.relationships, points.controls)))
    return [names[row] for row in rows], rows, own


def _given(
    technology: Technology, partners: Mapping[str, Mapping[str, float]] | pd.DataFrame
) -> tuple[list[str], Point]:
    table = partners if isinstance(partners, pd.DataFrame) else pd.DataFrame.from_dict(dict(partners), orient="index")
    for name, row in table.iterrows():
        missing = [one for one in technology.outputs if one not in row.index or pd.isna(row[one])]
        if missing:
            raise UnknownName(
                f"The bundle of {name} does not say how much {', '.join(missing)} it makes. Give every output, "
                "zero where there is none."
            )
    holes = [str(column) for column in table if table[column].isna().any()]
    if holes:
        raise UnknownName(f"{', '.join(holes)} is given for some partners only. Give it for all, or for none.")
    return [str(name) for name in table.index], points_in(technology, table.reset_index(drop=True))


def _shares(technology: Technology, outputs: Array, volume: Mapping[str, float] | None) -> Array:
    names = technology.outputs
    total = outputs.sum(axis=0)
    if volume is None:
        weights = np.where(total > 0, 1.0 / np.where(total > 0, total, 1.0), 0.0)
    else:
        if set(volume) != set(names):
            raise UnknownName(f"volume= needs one weight for each of {', '.join(names)}; it has {', '.join(volume)}.")
        weights = np.array([float(volume[name]) for name in names])
        if not (weights >= 0).all():
            raise NotSupported("A weight in volume= is negative or missing: volume would fall as an output grows.")
    volumes = outputs @ weights
    if not volumes.sum() > 0:
        raise NotSupported("The partners make nothing that counts in their volume, so there is nothing to merge.")
    return volumes / volumes.sum()


def _network(function: CostFunction) -> NDArray[np.bool_]:
    """Which controls are logs of a network (sites, routes): they add up in a merger, as outputs do."""
    kinds = {} if function.sample is None else function.sample.controls
    return np.array([kinds.get(name) == "network" for name in function.technology.controls], dtype=bool)


def _level(technology: Technology, own: Point, shares: Array, network: NDArray[np.bool_]) -> Point:
    """The partners with the weighted mean of prices, relationships and context, in the users' units."""
    in_logs = np.array(technology.log_relationships, dtype=bool)
    relationships = np.where(in_logs, np.exp(np.where(in_logs, own.relationships, 0.0)), own.relationships)
    mean = shares @ relationships
    mean = np.where(in_logs, np.log(np.where(in_logs, mean, 1.0)), mean)
    prices = np.log(shares @ np.exp(own.log_prices))
    controls = np.where(network, own.controls, shares @ own.controls)
    count = len(own)
    return Point(own.outputs, np.tile(prices, (count, 1)), np.tile(mean, (count, 1)), controls)


def _joined(levelled: Point, own: Point, network: NDArray[np.bool_], share: float) -> Point:
    """A provider with such a share of the sum of all outputs, and of all networks."""
    total = np.exp(np.where(network, own.controls, 0.0)).sum(axis=0)
    controls = np.where(network, np.log(share * total), levelled.controls[0])
    outputs = share * own.outputs.sum(axis=0)
    return Point(outputs[None], levelled.log_prices[:1], levelled.relationships[:1], controls[None])


def _relationships_after(technology: Technology, merged: Point, relationship: Mapping[str, float] | None) -> Point:
    known = technology.relationships
    if relationship is None:
        return merged
    if not isinstance(relationship, Mapping):
        raise NotSupported(
            f"relationship={relationship!r}: name the variable and its value after the merger, such as "
            f"{{{(known[0] if known else 'continuity')!r}: 0.6}}."
        )
    if not known:
        raise NotSupported(
            "This cost function has no relationship variable, so a merger cannot change one. Name one in the card "
            "([relationships.NAME]) or with relationships={...}, and fit again."
        )
    for name in relationship:
        if name not in known:
            raise UnknownName(
                f"{name!r} is not a relationship variable of this cost function{nearest(name, known) or '.'} "
                f"There is {', '.join(known)}."
            )
        if not np.isfinite(relationship[name]):
            raise NotSupported(f"relationship={{{name!r}: {relationship[name]}}}: give its value after the merger.")
    table = pd.DataFrame([{name: float(value) for name, value in relationship.items()}])
    wanted = points_in(technology, table).relationships
    named = np.array([name in relationship for name in known])
    return Point(merged.outputs, merged.log_prices, np.where(named, wanted, merged.relationships), merged.controls)
