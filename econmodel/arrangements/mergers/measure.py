"""The merger of a cost function as a function of its parameters: what is estimated, and what stands in its way."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.arrangements.mergers.cost_efficiency import CostEfficiency
from econmodel.arrangements.mergers.factors import Costs, factors
from econmodel.arrangements.mergers.merging import Merging
from econmodel.economies.core import fixed_cost as corners
from econmodel.economies.core.fixed_cost import Members
from econmodel.economies.core.places import CostFunction
from econmodel.economies.core.support import outputs_supported
from econmodel.forms.technology import Point
from econmodel.words import no_cost

Array = NDArray[np.float64]
WHOLE, PART, SHARE, APART = "merger", "merged part", "share of cost merged", "merger, joint unit on its own"
FACTORS = ("learning", "levelling", "harmony", "size", "relationship")
EARLY = ("relationship", "harmony", "size")
SAVED = "saving, share of cost apart"
MONEY = ("cost apart", "cost together", "saving", SAVED)


@dataclass(frozen=True, slots=True, eq=False)
class MergerMeasure:
    """What a merger estimates, for parameters (..., k).

    Attributes
    ----------
    function : the cost function
    joint : its points
    members : outputs that are merged, or None for all
    efficiency : of the partners, its source, and mean cost over fitted cost
    """

    function: CostFunction
    joint: Merging
    members: Members | None
    efficiency: CostEfficiency

    @property
    def shown(self) -> tuple[str, ...]:
        """Terms of the main table."""
        return (WHOLE, *FACTORS) if self.members is None else (WHOLE, SHARE, PART, *FACTORS, APART)

    @property
    def terms(self) -> tuple[str, ...]:
        """All terms: those shown, those with relationships first, and money."""
        return (*self.shown, *EARLY, *MONEY)

    @property
    def nulls(self) -> list[float]:
        """What each term is tested against."""
        known = {SHARE: np.nan, "cost apart": np.nan, "cost together": np.nan, "saving": 0.0, SAVED: 0.0}
        return [known.get(term, 1.0) for term in self.terms]

    @property
    def is_open(self) -> bool:
        """Whether only an interval is identified: the merged outputs' own fixed cost is part of the common one."""
        return self.members is not None and bool(corners.unidentified(self.function)[self.members].any())

    def values(self, theta: Array, own: float) -> Array:
        """All terms (..., q), with `own` of the common fixed cost of a level form charged to the merged outputs."""
        part = self._part_costs(theta, own)
        found = factors(part, self.efficiency.values)
        of_factors = [getattr(found, name) for name in FACTORS]
        if self.members is None:
            shown, apart, together = [found.merger, *of_factors], found.before, part.after
        else:
            whole = positive(self.function.technology.cost(theta, self.joint.own))
            apart = (whole / self.efficiency.values).sum(axis=-1)
            front = apart - found.before
            together = front + part.after
            alone = corners.cost_of(self.function.technology, theta, self.joint.after, self.members)[..., 0]
            shown = [
                together / apart, found.before / apart, found.merger, *of_factors, (front + positive(alone)) / apart,
            ]  # fmt: skip
        early = [found.early_relationship, found.early_harmony, found.early_size]
        money = [apart, together, apart - together]
        money = [self.efficiency.smearing * amount for amount in money] + [1.0 - together / apart]
        return np.stack(np.broadcast_arrays(*shown, *early, *money), axis=-1)

    def _cost(self, theta: Array, point: Point, own: float) -> Array:
        return positive(self._raw_cost(theta, point, own))

    def _raw_cost(self, theta: Array, point: Point, own: float) -> Array:
        technology = self.function.technology
        if self.members is None:
            return technology.cost(theta, point)
        cost = corners.incremental_cost(technology, theta, point, self.members)
        return cost + own * technology.intercept(theta, point)

    def _part_costs(self, theta: Array, own: float) -> Costs:
        own_cost, levelled, mean, merged, after, early, early_mean = (
            self._cost(theta, point, own) for point in self.joint.blocks()
        )
        return Costs(own_cost, levelled, mean[..., 0], merged[..., 0], after[..., 0], early, early_mean[..., 0])

    def fault(self) -> str:
        """A sentence where the fitted cost of a bundle is not positive, so that no ratio has a meaning, or nothing."""
        joint, theta = self.joint, self.function.theta
        what = "" if self.members is None else "the merged outputs of "
        partners, mean, merged = joint.names, ("a provider of the partners' mean outputs",), ("the merged provider",)
        bundles = (partners, partners, mean, merged, merged, partners, mean)
        for own in (0.0, 1.0)[: 1 + self.is_open]:
            for names, point in zip(bundles, joint.blocks(), strict=True):
                for name, cost in zip(names, self._raw_cost(theta, point, own), strict=True):
                    if not cost > 0:
                        return self._faulty(what + name, cost)
        if self.members is not None:
            alone = corners.cost_of(self.function.technology, theta, joint.after, self.members)
            if not (alone > 0).all():
                return self._faulty("the joint unit on its own", alone[0])
        return ""

    def _faulty(self, who: str, cost: float) -> str:
        return (
            f"The fitted cost of {who} {no_cost(float(cost))}: the merger has no number there. Choose partners nearer "
            'to the mean of the data, or fit fewer second-order terms (second_order="outputs" or "none").'
        )

    def supported(self) -> tuple[dict[str, bool], list[bool]]:
        """Whether each term rests on outputs and relationships that providers have shown; and each bundle in order."""
        joint = self.joint
        known = joint.rows is not None and self.members is None
        own = [known or self._seen(point) for point in joint.own_points()]
        partners, mean, merged = all(own), self._seen(joint.mean), self._seen(joint.merged)
        after = self._relationships_seen(joint.after)
        everything = partners and mean and merged and after
        terms = dict.fromkeys((*self.terms,), everything)
        terms |= {"learning": partners, "levelling": partners, "harmony": partners and mean}
        terms |= {"size": mean and merged, "relationship": merged and after, "cost apart": partners, SHARE: partners}
        return terms, [*own, mean, merged]

    def _seen(self, point: Point) -> bool:
        """Whether outputs lie among the providers', with the merged ones and, where only some are, without them."""
        outputs = point.outputs
        if self.members is not None:
            outputs = np.concatenate([outputs, np.where(self.members, 0.0, outputs)])
        return bool(outputs_supported(self.function, outputs).all())

    def _relationships_seen(self, point: Point) -> bool:
        if self.function.sample is None:
            return True
        seen = self.function.points().relationships
        wanted = point.relationships[0]
        return bool(((wanted >= seen.min(axis=0)) & (wanted <= seen.max(axis=0))).all())


def positive(cost: Array) -> Array:
    """Cost where it is positive, else missing."""
    return np.where(cost.real > 0, cost, np.nan)
