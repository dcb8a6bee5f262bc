"""Who provides what where providers stay apart, merge, share work, or hand it to one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from econmodel.arrangements.comparison import smearing, without_cost
from econmodel.arrangements.partners import Firms, as_one, volume_shares
from econmodel.arrangements.terms import ARRANGEMENTS, MANDATED_PARTNER, MERGE, SEPARATE, SUBCONTRACT, Terms
from econmodel.economies.core.fixed_cost import Reading, readings
from econmodel.economies.core.places import CostFunction
from econmodel.errors import FormError, NotSupported, UnknownName
from econmodel.forms.technology import Technology
from econmodel.table.roles import nearest

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class JointWork:
    """Who provides what where providers stay apart, merge, share work, or hand it to one of them.

    Attributes
    ----------
    fit : the cost function
    factor : what its costs are multiplied by to be money
    providers : who works together
    shares : (m,) share of each output that is shared
    subcontractor : one of the providers
    groups : "separate": the providers as they are; "merged": one with all outputs; "kept" and "shared": in a
        partnership, what each keeps, and one with all that is shared; "own": the others, with what they keep; "before"
        and "after": the subcontractor as it is, and with the shared work of the others
    terms : what arrangements add to the cost of services
    readings : of a fixed cost that data cannot place
    faults : for each arrangement, why there is no number, or nothing
    """

    fit: CostFunction
    factor: float
    providers: Firms
    shares: Array
    subcontractor: str
    groups: Mapping[str, Firms]
    terms: Terms
    readings: Sequence[Reading]
    faults: Mapping[str, str] = field(default_factory=dict)

    def of(self, arrangement: str) -> list[Firms]:
        """The organisations of one arrangement."""
        names = {SEPARATE: ("separate",), MERGE: ("merged",), SUBCONTRACT: ("own", "before", "after")}
        return [self.groups[name] for name in names.get(arrangement, ("kept", "shared"))]

    def each(self, theta: Array, firms: Firms, reading: Reading) -> Array:
        """Fitted cost of each organisation (..., n)."""
        return firms.costs(self.fit.technology, theta, reading, self.providers.point.outputs.sum(axis=0))

    def services(self, theta: Array, reading: Reading) -> Array:
        """Costs of services (..., 6), in the order of `terms.SERVICES`."""
        names = ("separate", "merged", "kept", "shared", "own", "after", "before")
        *costs, after, before = (self.each(theta, self.groups[name], reading).sum(axis=-1) for name in names)
        return self.factor * np.stack([*costs, after - before], axis=-1)

    def costs(self, theta: Array, reading: Reading) -> Array:
        """Cost of each arrangement (..., 5)."""
        return self.terms.totals(self.services(theta, reading))

    def now(self, reading: Reading) -> dict[str, float]:
        """Cost of each arrangement as estimated."""
        return dict(zip(ARRANGEMENTS, map(float, self.costs(self.fit.theta, reading)), strict=True))

    def fault(self, arrangement: str) -> str:
        """Why an arrangement has no number, or nothing."""
        for reading in self.readings:
            for firms in self.of(arrangement):
                fault = without_cost(zip(firms.names, self.each(self.fit.theta, firms, reading), strict=True))
                if fault:
                    return fault
            if arrangement == SUBCONTRACT and self.services(self.fit.theta, reading)[-1] < 0:
                return (
                    f"Taking on the shared work would lower the cost of {self.subcontractor}: no price follows. Look "
                    "at em.scope(fit) and em.marginal_cost(fit) there."
                )
        return ""

    @property
    def usable(self) -> list[str]:
        """Arrangements with a number, the mandated partnership left out."""
        return [name for name, fault in self.faults.items() if not fault and name != MANDATED_PARTNER]

    def cheapest_first(self, reading: Reading) -> list[str]:
        """The usable arrangements from the cheapest on."""
        return sorted(self.usable, key=self.now(reading).__getitem__)

    @property
    def shared_words(self) -> str:
        """What is shared, in words."""
        names = self.fit.technology.outputs
        if len(names) > 1 and np.ptp(self.shares) == 0.0 and self.shares[0] > 0:
            return "everything" if self.shares[0] == 1.0 else f"{100 * self.shares[0]:g} % of everything"
        parts = [
            name.replace("_", " ") if share == 1.0 else f"{100 * share:g} % of {name.replace('_', ' ')}"
            for name, share in zip(names, self.shares, strict=True)
            if share > 0
        ]
        return " and ".join(parts) or "nothing"


def joint_work(
    fit: CostFunction,
    providers: Firms,
    shared: Mapping[str, float] | Sequence[str],
    terms: Terms,
    subcontractor: str | None,
    after: Mapping[str, float],
) -> JointWork:
    """Joint work with the subcontractor that is named, or with whom it is cheapest."""
    technology, outputs = fit.technology, providers.point.outputs
    if not (outputs > 0).any():
        raise NotSupported(f"{' and '.join(providers.names)} make nothing, so there is no work to share.")
    if subcontractor is not None and subcontractor not in providers.names:
        near = nearest(subcontractor, providers.names) or "."
        raise UnknownName(
            f"subcontractor={subcontractor!r} is none of the providers{near} There are {', '.join(providers.names)}."
        )
    shares = _shares(technology, shared)
    places = [place for place, name in enumerate(providers.names) if subcontractor in (None, name)]
    groups = [_groups(fit, providers, shares, place, after) for place in places]
    everyone = [firms for one in groups for firms in one.values()]
    _require_costs(technology, everyone)
    several = readings(fit, *(firms.point.outputs[None] for firms in everyone), made=outputs.sum(axis=0))
    options = [
        JointWork(fit, smearing(fit), providers, shares, providers.names[place], one, terms, several)
        for place, one in zip(places, groups, strict=True)
    ]
    # Of those who could take the work on, one whose cost the form gives comes first.
    best = min(options, key=lambda one: (bool(one.fault(SUBCONTRACT)), one.now(several[0])[SUBCONTRACT]))
    return replace(best, faults={name: best.fault(name) for name in ARRANGEMENTS})


def _groups(
    fit: CostFunction, providers: Firms, shares: Array, place: int, after: Mapping[str, float]
) -> dict[str, Firms]:
    """The organisations, where shares (m,) of each output are shared and the provider at `place` subcontracts."""
    outputs, it = providers.point.outputs, np.arange(len(providers))[:, None] == place
    passed = shares * outputs
    rest, alone = outputs - passed, np.where(it, outputs, 0.0)
    taking = alone + it * np.delete(passed, place, axis=0).sum(axis=0)
    return {
        "separate": providers,
        "merged": _as_one(fit, providers, outputs, " and ".join(providers.names)).related(fit.technology, after),
        "kept": providers.making(rest, "{} without what is shared"),
        "shared": _as_one(fit, providers, passed, "the shared service"),
        "own": providers.making(np.where(it, outputs, rest), "{} with a subcontractor"),
        "before": providers.making(alone),
        "after": providers.making(taking, "{} with the subcontracted work"),
    }


def _as_one(fit: CostFunction, providers: Firms, outputs: Array, name: str) -> Firms:
    """One organisation with the outputs (n, m) of all, in their surroundings weighted by volume."""
    if not (outputs > 0).any():
        return providers.making(outputs)
    own = replace(providers.point, outputs=outputs)
    return Firms(as_one(fit, own, volume_shares(fit.technology, outputs)), (name,))


def _require_costs(technology: Technology, groups: Sequence[Firms]) -> None:
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


def _shares(technology: Technology, shared: Mapping[str, float] | Sequence[str]) -> Array:
    names, some = technology.outputs, [shared] if isinstance(shared, str) else shared
    given = dict(some) if isinstance(some, Mapping) else dict.fromkeys(some, 1.0)
    for name, share in given.items():
        if name not in names:
            raise UnknownName(f"{name!r} is not an output{nearest(name, names) or '.'} There are {', '.join(names)}.")
        if not (isinstance(share, Real) and 0.0 <= share <= 1.0):
            raise NotSupported(f"{name}={share} cannot be shared: give the share of each provider's volume, 0 to 1.")
    return np.array([float(given.get(name, 0.0)) for name in names])
