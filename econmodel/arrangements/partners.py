"""Who is compared: providers of a table, or bundles that are stated, and what they would be as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import Reading, cost_as_read
from econmodel.economies.core.places import CostFunction, require_fit
from econmodel.economies.core.support import outputs_supported
from econmodel.errors import NotSupported, TableError, UnknownName
from econmodel.estimate.sample import points_in
from econmodel.forms.technology import Point, Technology
from econmodel.frames import in_pandas
from econmodel.table.roles import nearest

Array = NDArray[np.float64]
Partners = Sequence[Any] | Mapping[str, Mapping[str, float]] | pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Firms:
    """Organisations that make something.

    Attributes
    ----------
    point : one row each: outputs, prices, relationships, controls
    names : what each is called
    rows : (n,) their rows in the table behind the cost function; None where they are not providers of it as they stand
    """

    point: Point
    names: tuple[str, ...]
    rows: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return len(self.names)

    def making(self, outputs: Array, called: str = "{}") -> "Firms":
        """The same organisations with other outputs (n, m); those that make nothing are no longer there."""
        there = np.flatnonzero((outputs > 0).any(axis=1))
        point = replace(_rows(self.point, there), outputs=outputs[there])
        return Firms(point, tuple(called.format(self.names[place]) for place in there))

    def related(self, technology: Technology, values: Mapping[str, float]) -> "Firms":
        """The same organisations with some relationship variables at given values, in the user's units."""
        relationships = self.point.relationships.copy()
        for name, value in values.items():
            place = technology.relationships.index(name)
            relationships[:, place] = np.log(value) if technology.log_relationships[place] else value
        return Firms(replace(self.point, relationships=relationships), self.names)

    def costs(self, technology: Technology, theta: Array, reading: Reading, made: Array) -> Array:
        """Cost of each (..., n), a fixed cost paid as it is read; `made` (m,) is what everybody makes."""
        if not len(self):
            return np.zeros((*theta.shape[:-1], 0))
        return cost_as_read(technology, theta, self.point, reading, made)

    def each(self) -> list[Point]:
        """Every organisation as a point of its own."""
        return [_rows(self.point, [place]) for place in range(len(self))]


def _rows(point: Point, rows: Sequence[int] | NDArray[np.intp]) -> Point:
    return Point(point.outputs[rows], point.log_prices[rows], point.relationships[rows], point.controls[rows])


def members(fit: CostFunction, partners: object, argument: str, verb: str, what: str) -> Firms:
    """The providers that are spoken of, two or more.

    Parameters
    ----------
    partners : names of rows of the fitted table (as in `data.row_names()`); or, for providers that it does not hold,
        name -> {column: value}, or a table with a row each; what is not named of prices, relationships and controls is
        at its mean
    argument, verb, what : the name of the argument, what the providers do, and what it is, for refusals

    Raises
    ------
    NotSupported
        For what is no list of two or more different providers, providers that make nothing, and names without a table.
    UnknownName
        For a provider that the table does not have, and a bundle with an output missing; nothing is put in its place.
    """
    require_fit(fit)
    partners = in_pandas(partners)
    check_partners(partners, argument, verb, what)
    if isinstance(partners, Mapping | pd.DataFrame):
        firms = _stated(fit.technology, partners)
    else:
        assert isinstance(partners, Sequence)
        if fit.sample is None:
            raise NotSupported(
                "These parameters are stated, without a table of providers to name partners from. Give bundles: "
                f'{{"Elm": {{"{fit.technology.outputs[0]}": ..., ...}}, "Oak": {{...}}}}.'
            )
        data = fit.sample.data
        names = data.row_names()
        entities = None if data.entity is None else data.frame[data.entity]
        rows = np.array([row_of(names, one, entities) for one in partners], dtype=np.intp)
        firms = Firms(_rows(fit.points(), rows), tuple(names[row] for row in rows), rows)
        if entities is not None:
            require_once([str(one) for one in entities.iloc[np.unique(rows)]])
    require_once(firms.names)
    return firms


def check_partners(partners: object, argument: str = "partners", verb: str = "merge", what: str = "A merger") -> None:
    """NotSupported, with the cure, for what is no list of two or more partners."""
    if isinstance(partners, str) or not isinstance(partners, Sequence | Mapping | pd.DataFrame):
        raise NotSupported(
            f"{argument}={partners!r}: give the providers that {verb} as a list of names, or their bundles as a "
            "mapping of name -> {column: value} or a table."
        )
    if len(partners) < 2:
        raise NotSupported(f"{what} needs two partners or more, and this has {len(partners)}. Name the others.")


def require_once(names: Sequence[str]) -> None:
    """NotSupported, with the cure, where a partner is named twice."""
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise NotSupported(
            f"{', '.join(twice)} is named twice among the partners. Name each provider once, and of a panel each "
            "in one period."
        )


def row_of(names: Sequence[str], wanted: Any, entities: "pd.Series | None" = None) -> int:
    """The row of a provider, by the name of the row or, where it has one row only, of the provider.

    Raises
    ------
    UnknownName
        For a name that no row has; the message has the nearest.
    NotSupported
        For a provider with several rows; the message has their names.

    Examples
    --------
    >>> row_of(["A, 1970", "A, 1971", "B, 1970"], "B", pd.Series(["A", "A", "B"]))
    2
    """
    if str(wanted) in names:
        return list(names).index(str(wanted))
    own = [] if entities is None else [place for place, name in enumerate(entities) if str(name) == str(wanted)]
    if len(own) == 1:
        return own[0]
    if own:
        shown = ", ".join(repr(names[place]) for place in own[:5]) + (", ..." if len(own) > 5 else "")
        raise NotSupported(f"{wanted!r} has {len(own)} rows: name the one that is meant ({shown}).")
    near = nearest(wanted, names) or f" (names are like {names[0]!r})."
    raise UnknownName(f"{wanted!r} is not a provider of the table{near}")


def called(name: object) -> str:
    """What a provider is called whose name may be a number."""
    return name if isinstance(name, str) else f"provider {name}"


def _stated(technology: Technology, partners: Mapping[str, Mapping[str, float]] | pd.DataFrame) -> Firms:
    table = partners if isinstance(partners, pd.DataFrame) else pd.DataFrame.from_dict(dict(partners), orient="index")
    names = [called(name) for name in table.index]
    for name, (_, row) in zip(names, table.iterrows(), strict=True):
        missing = [one for one in technology.outputs if one not in row.index or pd.isna(row[one])]
        if missing:
            raise UnknownName(
                f"The bundle of {name} does not say how much {', '.join(missing)} it makes. Give every output, "
                "zero where there is none."
            )
    holes = [str(column) for column in table if table[column].isna().any()]
    if holes:
        raise UnknownName(f"{', '.join(holes)} is given for some partners only. Give it for all, or for none.")
    point = points_in(technology, table.reset_index(drop=True))
    makes = np.asarray((point.outputs > 0).any(axis=1))
    if makes.any() and not makes.all():
        nothing = ", ".join(name for name, some in zip(names, makes, strict=True) if not some)
        raise TableError(f"{nothing} makes nothing. Leave out who does not provide.")
    return Firms(point, tuple(names))


def check_relationships(technology: Technology, values: object, argument: str) -> dict[str, float]:
    """Relationship variables and their values, in the user's units; a refusal, with the cure, where they are none."""
    known = technology.relationships
    if not values and (values is None or isinstance(values, Mapping)):
        return {}
    if not isinstance(values, Mapping):
        raise NotSupported(
            f"{argument}={values!r}: name the variable and its value after the merger, such as "
            f"{{{(known[0] if known else 'continuity')!r}: 0.6}}."
        )
    if not known:
        raise NotSupported(
            "This cost function has no relationship variable, so a merger cannot change one. Name one in the card "
            "([relationships.NAME]) or with relationships={...}, and fit again."
        )
    for name, value in values.items():
        if name not in known:
            raise UnknownName(
                f"{name!r} is not a relationship variable of this cost function{nearest(name, known) or '.'} "
                f"There is {', '.join(known)}."
            )
        if not np.isfinite(value):
            raise NotSupported(f"{argument}={{{name!r}: {value}}}: give its value after the merger.")
        if technology.log_relationships[known.index(name)] and not value > 0:
            raise TableError(f"{name} must be above zero where cost is evaluated: it enters in logs.")
    return {name: float(value) for name, value in values.items()}


def volume_shares(technology: Technology, outputs: Array, volume: Mapping[str, float] | None = None) -> Array:
    """Shares (n,) of organisations in their common volume, by which relationships, prices and context are averaged.

    Without weights of volume each output counts as the partners' shares of it, so that units do not matter.
    """
    names, total = technology.outputs, outputs.sum(axis=0)
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
    return np.asarray(volumes / volumes.sum())


def levelled(fit: CostFunction, own: Point, shares: Array) -> Point:
    """Organisations with the weighted mean of their prices, relationships and context, taken in the users' units.

    Networks (sites, routes) are no context: each keeps its own.
    """
    in_logs = np.array(fit.technology.log_relationships, dtype=bool)
    relationships = np.where(in_logs, np.exp(np.where(in_logs, own.relationships, 0.0)), own.relationships)
    mean = shares @ relationships
    mean = np.where(in_logs, np.log(np.where(in_logs, mean, 1.0)), mean)
    prices, count = np.log(shares @ np.exp(own.log_prices)), len(own)
    controls = np.where(_network(fit), own.controls, shares @ own.controls)
    return Point(own.outputs, np.tile(prices, (count, 1)), np.tile(mean, (count, 1)), controls)


def as_one(fit: CostFunction, own: Point, shares: Array, share: float = 1.0) -> Point:
    """One organisation with a share of the sum of all outputs, and of all networks, in their mean surroundings."""
    network, mean = _network(fit), levelled(fit, own, shares)
    total = np.exp(np.where(network, own.controls, 0.0)).sum(axis=0)
    controls = np.where(network, np.log(share * total), mean.controls[0])
    return Point((share * own.outputs.sum(axis=0))[None], mean.log_prices[:1], mean.relationships[:1], controls[None])


def _network(fit: CostFunction) -> NDArray[np.bool_]:
    """Which controls are logs of a network: they add up where providers become one, as outputs do."""
    kinds = {} if fit.sample is None else fit.sample.controls
    return np.array([kinds.get(name) == "network" for name in fit.technology.controls], dtype=bool)


def outputs_seen(fit: CostFunction, outputs: Array) -> bool:
    """Whether outputs (n, m) all lie among those of the providers of the table."""
    return bool(outputs_supported(fit, outputs).all())


def relationships_seen(fit: CostFunction, point: Point) -> bool:
    """Whether relationship variables all lie in the range of those of the providers of the table."""
    if fit.sample is None:
        return True
    seen, here = fit.points().relationships, point.relationships
    return bool(((here >= seen.min(axis=0)) & (here <= seen.max(axis=0))).all())


def all_seen(fit: CostFunction, firms: Firms) -> bool:
    """Whether organisations are providers of the table, or lie among them in outputs and relationships."""
    if firms.rows is not None or not len(firms):
        return True
    return outputs_seen(fit, firms.point.outputs) and relationships_seen(fit, firms.point)
