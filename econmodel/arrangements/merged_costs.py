"""A merger as a function of the parameters: the partners, every point at which cost is asked for, and the factors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from econmodel.arrangements.comparison import GIVEN, smearing, without_cost
from econmodel.arrangements.partners import (
    Firms,
    as_one,
    called,
    levelled,
    outputs_seen,
    relationships_seen,
    volume_shares,
)
from econmodel.economies.core.fixed_cost import Members, Reading, cost_as_read, readings, require_corners
from econmodel.economies.core.identity import assert_adds_up
from econmodel.economies.core.places import CostFunction
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.forms.technology import Point
from econmodel.table.roles import nearest
from econmodel.words import listed

Array = NDArray[np.float64]
WHOLE, PART, SHARE, APART = "merger", "merged part", "share of cost merged", "merger, joint unit on its own"
FACTORS = ("learning", "levelling", "harmony", "size", "relationship")
# The same where relationships change before outputs are joined.
EARLY = {f"first, {name}": name for name in ("relationship", "harmony", "size")}
COST_APART, COST_TOGETHER, SAVING, SAVED = "cost apart", "cost together", "saving", "saving, share of cost apart"
MONEY = (COST_APART, COST_TOGETHER, SAVING, SAVED)
FRONTIER = "mean of exp(-u) given its deviation: Battese and Coelli (1988)"


@dataclass(frozen=True, slots=True, eq=False)
class Merging:
    """A merger as a function of the parameters: J partners, and every point at which cost is asked for.

    Attributes
    ----------
    fit, firms : the cost function, and the partners
    shares : (J,) weights of the partners in means
    points : "own" and "levelled" (J): the partners, with their own and with the mean relationships, prices and context;
        "mean", "merged" and "after" (1): mean outputs; all outputs; all outputs with the relationships after the
        merger; "early levelled" (J) and "early mean" (1): with the relationships after the merger
    members : (m,) outputs that are merged, or None for all
    readings : of a fixed cost that data cannot place
    efficiencies : (J,) least cost over actual cost of each partner; ones where nothing is known
    source : where these come from; empty where nothing is known
    factor : mean cost over fitted cost, at a provider's own efficiency
    """

    fit: CostFunction
    firms: Firms
    shares: Array
    points: Mapping[str, Point]
    members: Members | None
    readings: Sequence[Reading]
    efficiencies: Array
    source: str
    factor: float

    @property
    def nulls(self) -> dict[str, float]:
        """What ratios and savings are held against."""
        return dict.fromkeys((WHOLE, PART, APART, *FACTORS, *EARLY), 1.0) | {SAVING: 0.0, SAVED: 0.0}

    @property
    def made(self) -> Array:
        """Outputs of all partners (m,)."""
        return np.asarray(self.firms.point.outputs.sum(axis=0))

    @property
    def merged_names(self) -> str:
        """The merged outputs, in words."""
        assert self.members is not None
        return listed(np.array(self.fit.technology.outputs)[self.members])

    def without(self, outputs: Array) -> Array:
        """What is left of outputs where the merged ones are made by somebody else."""
        assert self.members is not None
        return np.where(self.members, 0.0, outputs)

    def amounts(self, theta: Array, reading: Reading) -> dict[str, Array]:
        """All terms (...,): ratios and factors, those with relationships first, and money."""
        costs = {name: positive(self._cost(theta, point, reading)) for name, point in self.points.items()}
        part = factors(costs, self.efficiencies)
        apart, before = part["before"], part["before"]
        if self.members is not None:
            whole = positive(cost_as_read(self.fit.technology, theta, self.points["own"], reading, self.made))
            apart = (whole / self.efficiencies).sum(axis=-1)
        together = apart - before + part["after"]
        amounts = {WHOLE: together / apart}
        if self.members is not None:
            amounts |= {SHARE: before / apart, PART: part["ratio"]}
        amounts |= {name: part[name] for name in FACTORS}
        if self.members is not None:
            amounts[APART] = (apart - before + positive(self._alone(theta, reading))[..., 0]) / apart
        amounts |= {name: part[name] for name in EARLY}
        money = {COST_APART: apart, COST_TOGETHER: together, SAVING: apart - together}
        return amounts | {name: self.factor * one for name, one in money.items()} | {SAVED: 1.0 - together / apart}

    def _cost(self, theta: Array, point: Point, reading: Reading) -> Array:
        """Cost at a point (..., n): of all outputs, or what the merged ones add to the others."""
        technology = self.fit.technology
        if self.members is None:
            return cost_as_read(technology, theta, point, reading, self.made)
        others = point.with_outputs(self.without(point.outputs))
        added = technology.cost(theta, point) - technology.cost(theta, others)
        times = reading.paid(point.outputs, self.made) - reading.paid(others.outputs, self.made)
        return added + times * technology.intercept(theta, point) if times.any() else added

    def _alone(self, theta: Array, reading: Reading) -> Array:
        """Cost of a joint unit that makes the merged outputs and nothing else (..., 1)."""
        after = self.points["after"]
        unit = after.with_outputs(after.outputs - self.without(after.outputs))
        return cost_as_read(self.fit.technology, theta, unit, reading, self.made)

    def fault(self) -> str:
        """A sentence where the fitted cost of a bundle is not positive, so that no ratio has a meaning, or nothing."""
        theta, names = self.fit.theta, self.firms.names
        what = "" if self.members is None else "the merged outputs of "
        costs: list[tuple[str, float]] = []
        for reading in self.readings:
            for name, point in self.points.items():
                one = "a provider of the partners' mean outputs" if "mean" in name else "the merged provider"
                who = [what + each for each in (names if len(point) > 1 else [one])]
                costs += zip(who, self._cost(theta, point, reading), strict=True)
        if self.members is not None:
            costs += [("the joint unit on its own", self._alone(theta, reading)[0]) for reading in self.readings]
        return without_cost(costs, "the merger has no number there. Choose partners nearer to the mean of the data")

    def supported(self) -> tuple[dict[str, bool], list[bool]]:
        """Whether each term rests on outputs and relationships that providers have shown; and each bundle in order."""
        known = self.firms.rows is not None and self.members is None
        own = [known or self._seen(point) for point in self.firms.each()]
        partners, mean, merged = all(own), self._seen(self.points["mean"]), self._seen(self.points["merged"])
        after = relationships_seen(self.fit, self.points["after"])
        terms = dict.fromkeys((*self.nulls, COST_TOGETHER), partners and mean and merged and after)
        terms |= dict.fromkeys(("learning", "levelling", COST_APART, SHARE), partners)
        terms |= {"harmony": partners and mean, "size": mean and merged, "relationship": merged and after}
        terms |= {early: terms[name] for early, name in EARLY.items()}
        return terms, [*own, mean, merged]

    def _seen(self, point: Point) -> bool:
        """Whether outputs lie among the providers', with the merged ones and, where only some are, without them."""
        outputs = [point.outputs] if self.members is None else [point.outputs, self.without(point.outputs)]
        return outputs_seen(self.fit, np.concatenate(outputs))


def merging(
    fit: CostFunction,
    firms: Firms,
    volume: Mapping[str, float] | None,
    relationship: Mapping[str, float],
    merged: Sequence[str] | None,
    efficiency: Mapping[str, float] | None,
) -> Merging:
    """The partners, their points, and what is known of their efficiency."""
    own, count = firms.point, len(firms)
    shares = volume_shares(fit.technology, own.outputs, volume)
    level, mean, whole = levelled(fit, own, shares), as_one(fit, own, shares, 1.0 / count), as_one(fit, own, shares)
    after = Firms(whole, ("the merged provider",)).related(fit.technology, relationship).point

    def early(point: Point) -> Point:
        return replace(point, relationships=np.repeat(after.relationships, len(point), axis=0))

    points = {"own": own, "levelled": level, "mean": mean, "merged": whole, "after": after}
    points |= {"early levelled": early(level), "early mean": early(mean)}
    together = None if merged is None else _together(fit, firms, merged)
    outputs = [point.outputs[None] for point in points.values()]
    if together is not None:
        outputs += [np.where(together, 0.0, one) for one in outputs] + [np.where(together, whole.outputs, 0.0)[None]]
    several = readings(fit, *outputs, made=own.outputs.sum(axis=0))
    values, source, factor = np.ones(count), "", smearing(fit)
    known = fit.error_model.row_efficiency if isinstance(fit, Fit) else None
    if efficiency is not None:
        values, source = _efficiencies(firms, efficiency), GIVEN
    elif isinstance(fit, Fit) and known is not None and firms.rows is not None:
        # Cost above the frontier and a provider's own inefficiency is noise.
        noise = np.exp(fit.resid.to_numpy(dtype=float)) * known
        values, source, factor = known[firms.rows], FRONTIER, float(noise.mean())
    return Merging(fit, firms, shares, points, together, several, values, source, factor)


def _together(fit: CostFunction, firms: Firms, merged: Sequence[str]) -> Members:
    """The outputs made together, (m,)."""
    require_corners(fit.technology, "A group structure")
    outputs = fit.technology.outputs
    names = [merged] if isinstance(merged, str) else list(merged)
    unknown = [name for name in names if name not in outputs]
    if unknown:
        raise UnknownName(
            f"merged={unknown[0]!r} is not an output{nearest(unknown[0], outputs) or '.'} There is "
            f"{', '.join(outputs)}."
        )
    if not names or set(names) == set(outputs):
        raise NotSupported(
            f"merged={names} names {'none' if not names else 'all'} of the outputs. Name those that are made together "
            "while the partners go on with the others; leave merged out for a merger of everything."
        )
    chosen = np.array([name in names for name in outputs])
    for name, made in zip(firms.names, firms.point.outputs, strict=True):
        if not (made[chosen] > 0).any():
            raise NotSupported(f"{name} makes no {listed(names)}: it has nothing to bring in.")
    return chosen


def _efficiencies(firms: Firms, efficiency: Mapping[str, float]) -> Array:
    by_name = {called(name): float(value) for name, value in efficiency.items()}
    if set(by_name) != set(firms.names):
        raise UnknownName(
            f"efficiency= needs one number for each of {', '.join(firms.names)}; it has {', '.join(by_name)}."
        )
    values = np.array([by_name[name] for name in firms.names])
    if not ((values > 0) & (values <= 1)).all():
        raise NotSupported(
            f"efficiency={by_name} is least cost over actual cost, above zero and at most one: 0.9 is a provider that "
            "could do the same for a tenth less."
        )
    return values


def factors(costs: Mapping[str, Array], efficiencies: Array) -> dict[str, Array]:
    """Divide the cost ratio of a merger into its factors, from nothing but costs.

    Parameters
    ----------
    costs : by the names of `Merging.points`: (..., J) of partners and (..., 1) of one provider, real or complex
    efficiencies : (J,) least cost over actual cost of each partner; ones where no inefficiency is known

    Returns
    -------
    dict
        "before" (what the partners cost together, inefficiency included) and "after"; their "ratio", the product of
        "learning" (cost without inefficiency over cost with it), "levelling" (mean relationships and prices for all),
        "harmony" (the mean mix of outputs for all: scope), "size" (one provider over J of mean size: scale) and
        "relationship" (after the merger over their mean); "first, relationship", "first, harmony" and "first, size"
        where relationships change before outputs are joined; all (...,).

    Notes
    -----
    With rbar the mean of the relationships r and ybar that of the outputs y (Bogetoft and Wang, 2005, for learning,
    harmony and size): C(sum y, r_post) / sum c = [sum C(y, r) / sum c] [sum C(y, rbar) / sum C(y, r)]
    [J C(ybar, rbar) / sum C(y, rbar)] [C(sum y, rbar) / (J C(ybar, rbar))] [C(sum y, r_post) / C(sum y, rbar)]. The
    relationship may as well change first; then it is sum C(y, r_post) / sum C(y, rbar), with harmony and size at
    r_post. Either product is asserted.

    Examples
    --------
    >>> one, two, all_ = np.array([60.0, 40.0]), np.array([45.0]), np.array([90.0])
    >>> found = factors({"own": one, "levelled": one, "mean": two, "merged": all_, "after": all_,
    ...                  "early levelled": one, "early mean": two}, np.ones(2))
    >>> float(found["ratio"]), float(found["harmony"]), float(found["size"])
    (0.9, 0.9, 1.0)
    """
    count = len(efficiencies)
    before = (costs["own"] / efficiencies).sum(axis=-1)
    own, level, early = (costs[name].sum(axis=-1) for name in ("own", "levelled", "early levelled"))
    mean, merged, after, early_mean = (costs[name][..., 0] for name in ("mean", "merged", "after", "early mean"))
    ratio = after / before
    common = {"learning": own / before, "levelling": level / own}
    late = {"harmony": count * mean / level, "size": merged / (count * mean), "relationship": after / merged}
    soon = {"relationship": early / level, "harmony": count * early_mean / early, "size": after / (count * early_mean)}
    for order in (late, soon):
        product = np.prod([*common.values(), *order.values()], axis=0)
        assert_adds_up("The factors of the merger miss their product", product - ratio, ratio)
    first = {f"first, {name}": value for name, value in soon.items()}
    return {"before": before, "after": after, "ratio": ratio, **common, **late, **first}


def positive(cost: Array) -> Array:
    """Cost where it is positive, else missing."""
    return np.where(cost.real > 0, cost, np.nan)
