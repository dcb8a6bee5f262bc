"""Organisations side by side: what each makes and in what surroundings, and what they cost together.

A level form charges whoever produces anything its intercept A: the common fixed cost, and the own fixed costs of
outputs that nobody was seen without. An organisation that makes none of such an output does not pay for it, so what
several cost together depends on how A is shared out, which data do not say. Their cost is linear in the shares, so it
is enough to read A in turn as common cost and as the own fixed cost of each of those outputs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.partners import row_of
from econmodel.economies.core.fixed_cost import unidentified
from econmodel.economies.core.inference import Estimates, Method, estimate
from econmodel.economies.core.places import CostFunction, require_fit
from econmodel.economies.core.support import outputs_supported
from econmodel.errors import FormError, NotSupported, TableError, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.estimate.points import points_in
from econmodel.forms.technology import Point, Technology
from econmodel.words import no_cost

Array = NDArray[np.float64]
COMMON = "common to all"


@dataclass(frozen=True, slots=True, eq=False)
class Firms:
    """Organisations that make something.

    Attributes
    ----------
    point : one row each: outputs, prices, relationships, controls
    names : what each is called
    observed : whether they are providers of the table as they stand
    """

    point: Point
    names: tuple[str, ...]
    observed: bool = False

    def __len__(self) -> int:
        return len(self.names)

    def making(self, outputs: Array, said: str = "{}") -> "Firms":
        """The same organisations with other outputs (n, m); those that make nothing are no longer there."""
        there = np.asarray((outputs > 0).any(axis=1))
        p = self.point
        rows = Point(outputs[there], p.log_prices[there], p.relationships[there], p.controls[there])
        return Firms(rows, tuple(said.format(name) for name, is_so in zip(self.names, there, strict=True) if is_so))


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a fixed cost that data cannot tell apart: as common (None), or as the own one of an output."""

    output: int | None
    words: str

    def paid(self, firms: Firms) -> Array:
        """How often each organisation pays it (n,)."""
        if self.output is None:
            return np.ones(len(firms))
        return (firms.point.outputs[:, self.output] > 0).astype(float)


def readings(function: CostFunction, groups: Sequence[Firms]) -> list[Reading]:
    """The readings that differ for some of these organisations, the common one first."""
    common = Reading(None, COMMON)
    technology = function.technology
    if not technology.is_level:
        return [common]
    open_ones = np.flatnonzero(unidentified(function)).tolist()
    places = [place for place in open_ones if any(_makes(one, place) for one in groups)]
    found = [common, *(Reading(place, f"own of {technology.outputs[place]}") for place in places)]
    paid = [np.concatenate([one.paid(firms) for firms in groups]) for one in found]
    first = {row.tobytes(): place for place, row in reversed(list(enumerate(paid)))}
    return [found[place] for place in sorted(first.values())]


def _makes(firms: Firms, place: int) -> bool:
    return bool((firms.point.outputs[:, place] > 0).any())


def costs_of(technology: Technology, theta: Array, firms: Firms, reading: Reading) -> Array:
    """Cost of each organisation (..., n)."""
    if not len(firms):
        return np.zeros((*theta.shape[:-1], 0), dtype=theta.dtype)
    cost = technology.cost(theta, firms.point)
    if not technology.is_level:
        return cost
    paid = reading.paid(firms)
    return cost if (paid == 1.0).all() else cost + (paid - 1.0) * technology.intercept(theta, firms.point)


def cost_together(technology: Technology, theta: Array, firms: Firms, reading: Reading) -> Array:
    """Cost of all of them (...,); nothing where there are none."""
    return costs_of(technology, theta, firms, reading).sum(axis=-1)


def require_costs(technology: Technology, groups: Sequence[Firms]) -> None:
    """FormError, with the cure, where a log form is asked for the cost of making none of some output."""
    if technology.form.coordinate.allows_zero:
        return
    for firms in groups:
        for name, made in zip(firms.names, firms.point.outputs, strict=True):
            if not (made > 0).all():
                missing = ", ".join(np.array(technology.outputs)[~(made > 0)])
                raise FormError(
                    f"{name} would make no {missing}, and the {technology.form.title} form has no cost there. Fit a "
                    'level form (form="composite"), or share a part of every output, such as '
                    f'shared={{"{technology.outputs[0]}": 0.5, ...}}.'
                )


def without_cost(function: CostFunction, firms: Firms, reading: Reading) -> str:
    """A sentence on the first organisation that the form gives no positive cost, or nothing."""
    costs = costs_of(function.technology, function.theta, firms, reading)
    bad = np.flatnonzero(~(costs > 0))
    if not len(bad):
        return ""
    return (
        f"The fitted cost of {firms.names[bad[0]]} {no_cost(float(costs[bad[0]]))}: no number is given. Share "
        'less, or fit fewer second-order terms (second_order="outputs" or "none").'
    )


def are_supported(function: CostFunction, firms: Firms) -> bool:
    """Whether the outputs and relationships of all of them lie among those of the providers of the table."""
    if firms.observed or function.sample is None or not len(firms):
        return True
    technology, seen = function.technology, function.points().relationships
    inside = bool(outputs_supported(function, firms.point.outputs).all())
    if not technology.relationships:
        return inside
    r = firms.point.relationships
    return inside and bool(((r >= seen.min(axis=0)) & (r <= seen.max(axis=0))).all())


def at_readings(
    function: CostFunction,
    measure: Callable[[Array, Reading], Array],
    ways: Sequence[Reading],
    nulls: list[float],
    method: Method,
    level: float,
    seed: int,
) -> list[Estimates]:
    """Estimates at each reading, the common one first."""
    return [
        estimate(
            function, lambda theta, way=way: measure(theta, way), nulls, method=method, conf_level=level, seed=seed
        )
        for way in ways
    ]


def members(function: CostFunction, providers: object) -> Firms:
    """The providers that are spoken of.

    Parameters
    ----------
    providers : names of rows of the fitted table (as in `data.row_names()`); or, for providers that it does not hold,
        name -> {column: value}, or a table with a row each; what is not named of prices, relationships and controls is
        at its mean

    Raises
    ------
    UnknownName
        For a provider that the table does not have, or one that is named twice.
    TableError
        Where an output is missing; nothing is put in its place.
    """
    require_fit(function)
    if isinstance(providers, pd.DataFrame):
        names = [name if isinstance(name, str) else f"provider {name}" for name in providers.index]
        return _given(function.technology, providers, names)
    if isinstance(providers, Mapping):
        table = pd.DataFrame.from_dict({str(name): dict(row) for name, row in providers.items()}, orient="index")
        return _given(function.technology, table, [str(name) for name in providers])
    if isinstance(providers, str) or not isinstance(providers, Sequence):
        raise UnknownName(
            f"{providers!r} does not say which providers: give their names as a list, or a table with a row each."
        )
    if not isinstance(function, Fit):
        raise NotSupported(
            "A stated cost function has no providers to name: say what each makes, "
            f'{{"A": {{"{function.technology.outputs[0]}": ...}}, "B": {{...}}}}.'
        )
    data = function.data
    known = data.row_names()
    rows = [row_of(known, name, None if data.entity is None else data.frame[data.entity]) for name in providers]
    names = [known[row] for row in rows]
    _once(names)
    return Firms(_rows_of(function.points(), rows), tuple(names), observed=True)


def _given(technology: Technology, table: pd.DataFrame, names: list[str]) -> Firms:
    missing = [name for name in technology.outputs if name not in table.columns]
    if missing:
        raise TableError(
            f"{', '.join(missing)} is not said of the providers. Give every output, 0 where one makes none."
        )
    empty = [str(name) for name in table.columns if table[name].isna().any()]
    if empty:
        raise TableError(f"{', '.join(empty)} is missing for some of the providers. Give every value.")
    _once(names)
    point = points_in(technology, table)
    nothing = [name for name, made in zip(names, point.outputs, strict=True) if not (made > 0).any()]
    if nothing:
        raise TableError(f"{', '.join(nothing)} makes nothing. Leave out who does not provide.")
    return Firms(point, tuple(names))


def _once(names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnknownName(f"{', '.join(twice)} is named twice: a provider stands once in an arrangement.")


def joined_up(function: CostFunction, firms: Firms, outputs: Array, name: str) -> Firms:
    """One organisation with the outputs (n, m) of all, in their surroundings weighted by volume.

    Volume is the sum of outputs, each over what all make of it, so that units do not matter; prices and logged
    relationships are averaged as they are, not in logs. Networks (sites, routes) add up.
    """
    total = outputs.sum(axis=0)
    if not (total > 0).any():
        return Firms(_rows_of(firms.point, []), ())
    volume = (outputs / np.where(total > 0, total, 1.0)).sum(axis=1)
    weights = (volume / volume.sum())[None]
    p, logged = firms.point, np.array(function.technology.log_relationships, dtype=bool)
    relationships = weights @ np.where(logged, np.exp(np.where(logged, p.relationships, 0.0)), p.relationships)
    relationships = np.where(logged, np.log(np.where(logged, relationships, 1.0)), relationships)
    network = _network(function)
    controls = weights @ p.controls
    controls[:, network] = np.log(np.exp(p.controls[:, network]).sum(axis=0))
    point = Point(total[None], np.log(weights @ np.exp(p.log_prices)), relationships, controls)
    return Firms(point, (name,))


def _network(function: CostFunction) -> NDArray[np.bool_]:
    """Which controls are logs of a network."""
    kinds = {} if function.sample is None else function.sample.controls
    return np.array([kinds.get(name) == "network" for name in function.technology.controls], dtype=bool)


def _rows_of(point: Point, rows: list[int]) -> Point:
    return Point(point.outputs[rows], point.log_prices[rows], point.relationships[rows], point.controls[rows])


def with_relationships(technology: Technology, firms: Firms, values: Mapping[str, float]) -> Firms:
    """The same organisations with some relationship variables at given values, in the user's units.

    Raises
    ------
    UnknownName
        For a variable that the cost function does not have.
    """
    names = technology.relationships
    relationships = firms.point.relationships.copy()
    for name, value in values.items():
        if name not in names:
            there = ", ".join(names) or "none"
            raise UnknownName(f"{name!r} is no relationship variable of this cost function. It has: {there}.")
        place = names.index(name)
        if technology.log_relationships[place] and not value > 0:
            raise TableError(f"{name} must be above zero where cost is evaluated: it enters in logs.")
        relationships[:, place] = np.log(value) if technology.log_relationships[place] else value
    p = firms.point
    return Firms(Point(p.outputs, p.log_prices, relationships, p.controls), firms.names)
