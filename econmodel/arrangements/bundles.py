"""Bundles of outputs that a provider could make: a grid, thinned by limits, at their cost; and what limits rule out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.commission import ANY, OF_COST, OF_KIND, Bound, Commission, Kind
from econmodel.arrangements.comparison import smearing
from econmodel.arrangements.programme import Programme, cheapest
from econmodel.economies.core.fixed_cost import COMMON, Reading, unidentified
from econmodel.economies.core.support import outputs_supported
from econmodel.errors import NotSupported, TableError
from econmodel.estimate.sample import points_in
from econmodel.results import format_number

Array = NDArray[np.float64]
Kept = NDArray[np.bool_]
# Beyond this many bundles a grid takes gigabytes.
MOST_BUNDLES = 2_000_000
# Limits and steps are made of decimals, so a bundle at a limit may miss it by rounding.
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Bundles:
    """Bundles of every kind of provider, and then the existing providers.

    Attributes
    ----------
    steps : (P, m) outputs in steps of the grid
    outputs : (P, m) in their own units
    kind : (P,) place of the kind
    names : (P,) name of an existing provider, "" for any other
    most : (P,) how often a bundle can be made
    size : (P,) as a share of the demand
    costs : reading of the fixed cost (outputs as those of the commission) -> (P,) costs; one where all cost the same
    considered : how many bundles there were before the limits
    left_out : reason -> number of bundles
    """

    steps: NDArray[np.intp]
    outputs: Array
    kind: NDArray[np.intp]
    names: NDArray[np.object_]
    most: Array
    size: Array
    costs: Mapping[Reading, Array]
    considered: int
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.steps)

    def reasons(self) -> str:
        """Why bundles were left out, and how many of them."""
        return ", ".join(f"{reason} {count:,}" for reason, count in self.left_out.items())

    def programme(
        self, commission: Commission, end: Reading, *, share: bool = True, number: int | None = None
    ) -> Programme:
        """The integer programme, with or without the reserved shares, for any number of providers or a given one."""
        demand = [*zip(self.steps.T.astype(float), commission.wanted.astype(float), strict=True)]
        equal, least = ([], demand) if commission.surplus else (demand, [])
        for place, kind in enumerate(commission.kinds):
            if share and kind.share:
                # Of what is provided: a surplus must not serve to meet a share of the demand.
                spare = kind.share if commission.surplus else 0.0
                least = [*least, (self.size * ((self.kind == place) - spare), kind.share - spare)]
        if number is not None:
            equal = [*equal, (np.ones(len(self)), float(number))]

        def stacked(rows: list[tuple[Array, float]]) -> tuple[Array, Array]:
            return np.array([row for row, _ in rows]).reshape(-1, len(self)), np.array([value for _, value in rows])

        return Programme(self.costs[end], *stacked(equal), *stacked(least), self.most)


def bundles_within(commission: Commission) -> Bundles:
    """Every bundle on the grid within the limits, at its cost.

    Raises
    ------
    NotSupported
        Where the grid has too many bundles, or the limits leave none.
    """
    grid, ends = _grid(commission), _ends(commission)
    parts, left_out = [], dict[str, int]()
    for place, kind in enumerate(commission.kinds):
        kept, costs = _of_kind(commission, kind, grid, ends, left_out)
        parts.append((grid[kept], np.full(int(kept.sum()), place, dtype=np.intp), costs))
    considered, new = len(grid) * len(commission.kinds), sum(len(steps) for steps, _, _ in parts)
    parts.append(_existing(commission, ends))
    steps = np.concatenate([steps for steps, _, _ in parts])
    outputs = steps * commission.step
    costs = {end: np.concatenate([costs[end] for _, _, costs in parts]) for end in ends}
    # Where no bundle that is left lacks an output, all cost the same whoever's its fixed cost is.
    different = {array.tobytes(): end for end, array in reversed(costs.items())}
    bundles = Bundles(
        steps,
        outputs,
        np.concatenate([kinds for _, kinds, _ in parts]),
        np.array([""] * new + [str(name) for name in commission.existing.index], dtype=object),
        np.concatenate([np.full(new, np.inf), np.ones(len(steps) - new)]),
        commission.size(outputs),
        {end: costs[end] for end in ends if end in different.values()},
        considered,
        {reason: count for reason, count in left_out.items() if count},
    )
    if not len(bundles):
        raise NotSupported(
            f"Of {considered:,} bundles none is left ({bundles.reasons()}), so there is nobody who could provide "
            "anything. Loosen the limit that leaves out most, or take a smaller step."
        )
    return bundles


def _grid(commission: Commission) -> NDArray[np.intp]:
    """Every bundle from nothing to the whole demand, but for the one of nothing, (G, m) in steps."""
    counts = commission.wanted + 1
    total = float(np.prod(counts.astype(float)) - 1.0) * len(commission.kinds)
    if total > MOST_BUNDLES:
        raise NotSupported(
            f"A grid with {' x '.join(f'{count:,}' for count in counts)} places has {total:,.0f} bundles over "
            f"{len(commission.kinds)} kinds of provider, above {MOST_BUNDLES:,}. Take a coarser step."
        )
    places = np.stack(np.unravel_index(np.arange(1, int(np.prod(counts))), counts), axis=1)
    return places.astype(np.intp)


def _of_kind(
    commission: Commission, kind: Kind, grid: NDArray[np.intp], ends: tuple[Reading, ...], left_out: dict[str, int]
) -> tuple[Kept, dict[Reading, Array]]:
    """Which bundles a kind of provider can make, and their costs at every end of what is identified."""
    outputs = grid * commission.step
    kept = np.ones(len(grid), dtype=bool)

    def leave(reason: str, stays: Kept) -> None:
        left_out[reason] = left_out.get(reason, 0) + int((kept & ~stays).sum())
        kept[:] &= stays

    form = kind.fit.technology.form
    if not form.coordinate.allows_zero:
        leave(f"without some output, where the {form.title} form has no cost", np.asarray((outputs > 0).all(axis=1)))
    whose = "" if kind.name == ANY else f" of {kind.name}"
    leave(f"below smallest={_plain(kind.smallest)}{whose}", _within(commission, outputs, kind.smallest, least=True))
    leave(f"above largest={_plain(kind.largest)}{whose}", _within(commission, outputs, kind.largest, least=False))
    for name, (least, most) in commission.limits.items():
        values = np.full(len(outputs), np.nan)
        values[kept] = _values(commission, outputs[kept])[name].to_numpy(dtype=float)
        leave(f"{name} beyond its limits", np.asarray((values >= least - ROUNDING) & (values <= most + ROUNDING)))
    if commission.only_supported and kind.fit.sample is not None:
        inside = np.zeros(len(outputs), dtype=bool)
        inside[kept] = outputs_supported(kind.fit, outputs[kept][:, commission.places_in(kind.fit)])
        leave("beyond the providers", inside)
    costs = costs_at(commission, kind, outputs[kept], ends)
    positive = np.logical_and.reduce([cost > 0 for cost in costs.values()])
    stays = np.zeros(len(grid), dtype=bool)
    stays[np.flatnonzero(kept)[positive]] = True
    leave("without a positive cost", stays)
    return kept, {end: cost[positive] for end, cost in costs.items()}


def _plain(bound: Bound) -> str:
    return f"{dict(bound)!r}" if isinstance(bound, Mapping) else f"{bound:g}"


def _within(commission: Commission, outputs: Array, bound: Bound, *, least: bool) -> Kept:
    """Bundles of at least, or at most, a share of the demand, or that much of each output named (if any is made)."""
    if isinstance(bound, Mapping):
        inside = np.ones(len(outputs), dtype=bool)
        for name, value in bound.items():
            made = outputs[:, commission.outputs.index(name)]
            slack = ROUNDING * max(1.0, abs(value)) if np.isfinite(value) else 0.0
            inside &= (made == 0) | (made >= value - slack) if least else made <= value + slack
        return inside
    size = commission.size(outputs)
    return np.asarray(size >= bound - ROUNDING if least else size <= bound + ROUNDING)


def _values(commission: Commission, outputs: Array) -> pd.DataFrame:
    """Bundles with the variables that are held at a value or follow from the bundle."""
    table = pd.DataFrame(outputs, columns=list(commission.outputs))
    for name, value in commission.at.items():
        column = np.broadcast_to(np.asarray(value(table) if callable(value) else value, dtype=float), len(table))
        if not np.isfinite(column).all():
            raise TableError(
                f"at={{{name!r}: ...}} gave {int((~np.isfinite(column)).sum()):,} bundles no finite value."
            )
        table[name] = column
    unknown = [name for name in commission.limits if name not in table]
    if unknown:
        raise NotSupported(
            f"limits= names {', '.join(unknown)}, which no provider is given: say what it is with at={{{unknown[0]!r}: "
            "...}, a value or a function of the bundles."
        )
    return table


def costs_at(
    commission: Commission, kind: Kind, outputs: Array, ends: tuple[Reading, ...], theta: Array | None = None
) -> dict[Reading, Array]:
    """What bundles (n, m) cost a kind of provider, at each reading of the fixed cost; for other parameters if given.

    A fit of log cost has a median there; its mean is larger by the mean of exp(residual) (Duan, 1983).
    """
    technology, theta = kind.fit.technology, kind.fit.theta if theta is None else theta
    point = points_in(technology, _values(commission, outputs))
    whole, factor = technology.cost(theta, point), (1.0 + kind.dearer) * smearing(kind.fit)
    open_ = technology.is_level & unidentified(kind.fit)
    demand = commission.demand[commission.places_in(kind.fit)]
    costs = {}
    for end in ends:
        saved: Array | float = 0.0
        place = None if end.output is None else technology.outputs.index(commission.outputs[end.output])
        if place is not None and open_[place]:
            saved = (1.0 - Reading(place).paid(point.outputs, demand)) * technology.intercept(theta, point)
        costs[end] = np.asarray(factor * (whole - saved))
    return costs


def _ends(commission: Commission) -> tuple[Reading, ...]:
    """Ends of what data leave open: the intercept is all common, or all the own fixed cost of one output.

    The cost of the cheapest structure is a least of sums that are linear in how the intercept is split, so it is
    concave in the split, and its least value is at such an end.
    """
    open_ = np.zeros(len(commission.outputs), dtype=bool)
    for kind in commission.kinds:
        open_[commission.places_in(kind.fit)] |= kind.fit.technology.is_level & unidentified(kind.fit)
    return (COMMON, *(Reading(place) for place in np.flatnonzero(open_).tolist()))


def _existing(
    commission: Commission, ends: tuple[Reading, ...]
) -> tuple[NDArray[np.intp], NDArray[np.intp], dict[Reading, Array]]:
    """Steps, kinds and costs of the existing providers, computed where they are not given."""
    outputs = commission.existing[list(commission.outputs)].to_numpy(dtype=float)
    given = commission.existing[OF_COST].to_numpy(dtype=float)
    names = [kind.name for kind in commission.kinds]
    kinds = np.array([names.index(name) for name in commission.existing[OF_KIND]], dtype=np.intp)
    costs = {end: given.copy() for end in ends}
    for place, kind in enumerate(commission.kinds):
        unknown = (kinds == place) & np.isnan(given)
        if unknown.any():
            for end, computed in costs_at(commission, kind, outputs[unknown], ends).items():
                costs[end][unknown] = computed
    return np.round(outputs / commission.step).astype(np.intp), kinds, costs


def why_none_meets(commission: Commission, bundles: Bundles) -> str:
    """A sentence on what stands in the way of any structure, and what to do about it."""
    start = f"No structure meets the demand for {commission.words()}"
    nobody = [
        name
        for place, name in enumerate(commission.outputs)
        if commission.demand[place] > 0 and not (bundles.steps[:, place] > 0).any()
    ]
    if nobody:
        return (
            f"{start}: nobody can provide {' or '.join(nobody)}, because every bundle with some of it was left out "
            f"({bundles.reasons()}). Loosen the limit that leaves out most."
        )
    cures = [words for words, looser in _loosened(commission) if _feasible(looser)]
    if cures:
        return f"{start}. There would be one {', or '.join(cures)}."
    left = f", of which were left out: {bundles.reasons()}" if bundles.left_out else ""
    return (
        f"{start} with {len(bundles):,} bundles{left}. No single limit stands in the way: loosen several, or take a "
        "smaller step."
    )


def _feasible(commission: Commission) -> bool:
    try:
        bundles = bundles_within(commission)
    except NotSupported:
        return False
    # Any structure will do, so the costs may be anything.
    return cheapest(bundles.programme(commission, COMMON).priced(np.ones(len(bundles)))) is not None


def _loosened(commission: Commission) -> list[tuple[str, Commission]]:
    """The same question without one of its limits, and how to ask it."""
    looser: list[tuple[str, Commission]] = []

    def without(words: str, place: int, **changes: Any) -> None:
        kinds = list(commission.kinds)
        kinds[place] = replace(kinds[place], **changes)
        looser.append((words, replace(commission, kinds=tuple(kinds))))

    for place, kind in enumerate(commission.kinds):
        if kind.share:
            percent = format_number(100 * kind.share)
            without(f"without the {percent} % reserved for {kind.name}: reserve less", place, share=0.0)
    for word, none in (("smallest", 0.0), ("largest", np.inf)):
        for place, kind in enumerate(commission.kinds):
            if getattr(kind, word) != none:
                whose = "" if kind.name == ANY else f" of {kind.name}"
                without(f"without {word}={getattr(kind, word)!r}{whose}", place, **{word: none})
    for name in commission.limits:
        others = {other: ends for other, ends in commission.limits.items() if other != name}
        looser.append((f"without the limits of {name}", replace(commission, limits=others)))
    if commission.only_supported and any(kind.fit.sample is not None for kind in commission.kinds):
        words = "with bundles beyond the providers (only_supported=False), whose costs are extrapolation"
        looser.append((words, replace(commission, only_supported=False)))
    # A share of what is provided could be met by providing too much, which is no cure.
    if not commission.surplus and not any(kind.share for kind in commission.kinds):
        looser.append(("with more than the demand: surplus=True", replace(commission, surplus=True)))
    return looser


def require_monotone(commission: Commission, bundles: Bundles) -> None:
    """NotSupported where a bundle costs less than a smaller one: more than the demand would then be a way to save."""
    for place, kind in enumerate(commission.kinds):
        own = (bundles.kind == place) & (bundles.names == "")
        for end, costs in bundles.costs.items():
            grid = np.full(tuple(commission.wanted + 1), np.nan)
            grid[tuple(bundles.steps[own].T)] = costs[own]
            for axis, name in enumerate(commission.outputs):
                with np.errstate(invalid="ignore"):
                    falls = np.diff(grid, axis=axis) < -ROUNDING * np.nanmax(costs)
                if falls.any():
                    raise NotSupported(
                        f"surplus=True would count on what cannot be: for {int(falls.sum()):,} bundles of {kind.name} "
                        f"providers one step more of {name} lowers the cost (fixed cost: "
                        f"{end.words(commission.outputs)}). Ask for the demand exactly, or limit bundles to those "
                        "where cost rises."
                    )
