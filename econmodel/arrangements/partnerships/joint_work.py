"""Who provides what where providers stay apart, merge, share work, or hand it to one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from econmodel.arrangements.partnerships.firms import (
    Firms,
    Reading,
    cost_together,
    joined_up,
    readings,
    require_costs,
    with_relationships,
    without_cost,
)
from econmodel.arrangements.partnerships.terms import ARRANGEMENTS, MERGE, SEPARATE, SERVICES, SUBCONTRACT, Terms
from econmodel.arrangements.smearing import smearing
from econmodel.economies.core.places import CostFunction
from econmodel.errors import NotSupported, UnknownName
from econmodel.forms.technology import Technology
from econmodel.table.roles import nearest

Array = NDArray[np.float64]
MERGED = SERVICES.index("all, merged")


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Organisations of each arrangement.

    Attributes
    ----------
    separate : the providers as they are
    merged : one with all outputs
    kept, shared : in a partnership, what each keeps, and one with all that is shared
    own : with a subcontractor, the others with what they keep, and the subcontractor as it is
    before, after : the subcontractor as it is, and with the shared work of the others
    """

    separate: Firms
    merged: Firms
    kept: Firms
    shared: Firms
    own: Firms
    before: Firms
    after: Firms

    def of(self, arrangement: str) -> tuple[Firms, ...]:
        """The organisations of one arrangement."""
        if arrangement == SEPARATE:
            return (self.separate,)
        if arrangement == MERGE:
            return (self.merged,)
        return (self.own, self.before, self.after) if arrangement == SUBCONTRACT else (self.kept, self.shared)

    def everyone(self) -> list[Firms]:
        """All organisations of all arrangements."""
        return [self.separate, self.merged, self.kept, self.shared, self.own, self.before, self.after]

    def services(self, technology: Technology, theta: Array, reading: Reading) -> Array:
        """Costs of services (..., 6), in the order of `terms.SERVICES`."""
        added = (self.separate, self.merged, self.kept, self.shared, self.own, self.after, self.before)
        *costs, after, before = (cost_together(technology, theta, firms, reading) for firms in added)
        return np.stack([*costs, after - before], axis=-1)


def groups_of(
    function: CostFunction, providers: Firms, shares: Array, place: int, after: Mapping[str, float]
) -> Groups:
    """The organisations, where shares (m,) of each output are shared and the provider at `place` subcontracts."""
    outputs = providers.point.outputs
    passed = shares * outputs
    rest = outputs - passed
    rest_of_others = np.where(np.arange(len(providers))[:, None] == place, outputs, rest)
    alone = np.zeros_like(outputs)
    alone[place] = outputs[place]
    taking = alone.copy()
    taking[place] += np.delete(passed, place, axis=0).sum(axis=0)
    merged = joined_up(function, providers, outputs, " and ".join(providers.names))
    return Groups(
        separate=providers,
        merged=with_relationships(function.technology, merged, after),
        kept=providers.making(rest, "{} without what is shared"),
        shared=joined_up(function, providers, passed, "the shared service"),
        own=providers.making(rest_of_others, "{} with a subcontractor"),
        before=providers.making(alone),
        after=providers.making(taking, "{} with the subcontracted work"),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Everything that a comparison of arrangements rests on.

    Attributes
    ----------
    function : the cost function
    factor : what its costs are multiplied by to be money
    providers, groups : who works together, and how
    shares : (m,) share of each output that is shared
    place : of the subcontractor among the providers
    terms : what arrangements add to the cost of services
    ways : readings of a fixed cost that data cannot tell apart
    faults : for each arrangement, why there is no number, or nothing
    """

    function: CostFunction
    factor: float
    providers: Firms
    groups: Groups
    shares: Array
    place: int
    terms: Terms
    ways: list[Reading]
    faults: tuple[str, ...]

    def costs(self, theta: Array, way: Reading) -> Array:
        """Cost of each arrangement (..., 5)."""
        return self.terms.totals(self.factor * self.groups.services(self.function.technology, theta, way))

    def services(self, way: Reading) -> Array:
        """Costs of services (6,) as estimated."""
        return self.factor * self.groups.services(self.function.technology, self.function.theta, way)

    def merged_with(self, services: Array, way: Reading, after: Mapping[str, float]) -> Array:
        """The same costs of services with other relationships after the merger."""
        technology = self.function.technology
        merged = with_relationships(technology, self.groups.merged, after)
        found = services.copy()
        found[MERGED] = self.factor * cost_together(technology, self.function.theta, merged, way)
        return found

    @property
    def shared_words(self) -> str:
        """What is shared, in words."""
        names = self.function.technology.outputs
        if len(names) > 1 and np.ptp(self.shares) == 0.0 and self.shares[0] > 0:
            return "everything" if self.shares[0] == 1.0 else f"{100 * self.shares[0]:g} % of everything"
        said = [
            name.replace("_", " ") if share == 1.0 else f"{100 * share:g} % of {name.replace('_', ' ')}"
            for name, share in zip(names, self.shares, strict=True)
            if share > 0
        ]
        return " and ".join(said) or "nothing"


def comparison_of(
    function: CostFunction,
    providers: Firms,
    shared: Mapping[str, float] | Sequence[str],
    terms: Terms,
    subcontractor: str | None,
    after: Mapping[str, float],
) -> Comparison:
    """The comparison of arrangements among providers."""
    technology, factor = function.technology, smearing(function)
    if not (providers.point.outputs > 0).any():
        raise NotSupported(f"{' and '.join(providers.names)} make nothing, so there is no work to share.")
    shares = _shares(technology, shared)
    options = {
        place: groups_of(function, providers, shares, place, after) for place in _places(providers, subcontractor)
    }
    require_costs(technology, [firms for one in options.values() for firms in one.everyone()])
    ways = readings(function, [firms for one in options.values() for firms in one.everyone()])

    def with_subcontractor(place: int) -> float:
        services = factor * options[place].services(technology, function.theta, ways[0])
        return float(terms.totals(services)[ARRANGEMENTS.index(SUBCONTRACT)])

    # Of those who could take the work on, one whose cost the form gives comes first.
    without = {place: bool(_fault(function, groups, SUBCONTRACT, ways)) for place, groups in options.items()}
    place = min(options, key=lambda place: (without[place], with_subcontractor(place)))
    groups = options[place]
    faults = tuple(_fault(function, groups, name, ways) for name in ARRANGEMENTS)
    return Comparison(function, factor, providers, groups, shares, place, terms, ways, faults)


def _fault(function: CostFunction, groups: Groups, arrangement: str, ways: list[Reading]) -> str:
    for way in ways:
        for firms in groups.of(arrangement):
            if fault := without_cost(function, firms, way):
                return fault
        if arrangement == SUBCONTRACT and groups.services(function.technology, function.theta, way)[-1] < 0:
            return (
                f"Taking on the shared work would lower the cost of {groups.before.names[0]}: no price follows. Look "
                "at em.scope(fit) and em.marginal_cost(fit) there."
            )
    return ""


def _shares(technology: Technology, shared: Mapping[str, float] | Sequence[str]) -> Array:
    names = technology.outputs
    given = (
        dict(shared)
        if isinstance(shared, Mapping)
        else dict.fromkeys([shared] if isinstance(shared, str) else shared, 1.0)
    )
    for name, share in given.items():
        if name not in names:
            raise UnknownName(f"{name!r} is not an output{nearest(name, names) or '.'} There are {', '.join(names)}.")
        if not (isinstance(share, Real) and 0.0 <= share <= 1.0):
            raise NotSupported(f"{name}={share} cannot be shared: give the share of each provider's volume, 0 to 1.")
    return np.array([float(given.get(name, 0.0)) for name in names])


def _places(providers: Firms, subcontractor: str | None) -> list[int]:
    if subcontractor is None:
        return list(range(len(providers)))
    if subcontractor not in providers.names:
        raise UnknownName(
            f"subcontractor={subcontractor!r} is none of the providers{nearest(subcontractor, providers.names) or '.'} "
            f"There are {', '.join(providers.names)}."
        )
    return [providers.names.index(subcontractor)]
