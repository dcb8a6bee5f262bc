"""Bundles of outputs that a provider could make: a grid, thinned by limits, with what each bundle costs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.smearing import smearing
from econmodel.arrangements.structure.commission import ANY, OF_COST, OF_KIND, Bound, Commission, Kind
from econmodel.arrangements.structure.programme import Programme
from econmodel.economies.core.fixed_cost import unidentified
from econmodel.economies.core.places import CostFunction
from econmodel.economies.core.support import outputs_supported
from econmodel.errors import NotSupported, TableError
from econmodel.estimate.sample import points_in

Array = NDArray[np.float64]
Kept = NDArray[np.bool_]
# Beyond this many bundles a grid takes gigabytes.
MOST_BUNDLES = 2_000_000
# Facets of a hull times points fill the memory.
POINTS_AT_A_TIME = 50_000
# Limits and steps are made of decimals, so a bundle at a limit may miss it by rounding.
ROUNDING = 1e-9
COMMON = "common to all outputs"


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
    costs : where the data leave the split of the fixed cost open, its end -> (P,) costs; otherwise one entry
    considered : how many bundles there were before the limits
    left_out : reason -> number of bundles
    """

    steps: NDArray[np.intp]
    outputs: Array
    kind: NDArray[np.intp]
    names: NDArray[np.object_]
    most: Array
    size: Array
    costs: Mapping[str, Array]
    considered: int
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.steps)


def bundles(asked: Commission) -> Bundles:
    """Every bundle on the grid within the limits, at its cost.

    Raises
    ------
    NotSupported
        Where the grid has too many bundles, or the limits leave none.
    """
    grid = _grid(asked)
    parts, left_out = [], dict[str, int]()
    ends = _ends([kind.function for kind in asked.kinds])
    for place, kind in enumerate(asked.kinds):
        kept, costs = _of_kind(asked, kind, grid, ends, left_out)
        parts.append((grid[kept], np.full(int(kept.sum()), place, dtype=np.intp), costs))
    considered = len(grid) * len(asked.kinds)
    if not any(len(steps) for steps, _, _ in parts) and asked.existing.empty:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in left_out.items())
        raise NotSupported(
            f"Of {considered:,} bundles none is left ({reasons}), so there is nobody who could provide anything. "
            "Loosen the limit that leaves out most, or take a smaller step."
        )
    there, there_costs = _existing(asked, ends)
    steps = np.concatenate([*(steps for steps, _, _ in parts), there])
    names = [kind.name for kind in asked.kinds]
    own = np.array([names.index(kind) for kind in asked.existing[OF_KIND]], dtype=np.intp)
    new = len(steps) - len(there)
    found = {end: np.concatenate([*(costs[end] for _, _, costs in parts), there_costs[end]]) for end in ends}
    outputs = steps * asked.step
    return Bundles(
        steps,
        outputs,
        np.concatenate([*(kinds for _, kinds, _ in parts), own]),
        np.array([""] * new + [str(name) for name in asked.existing.index], dtype=object),
        np.concatenate([np.full(new, np.inf), np.ones(len(there))]),
        asked.size(outputs),
        _told_apart(found),
        considered,
        {reason: count for reason, count in left_out.items() if count},
    )


def programme(
    asked: Commission, found: Bundles, end: str, *, share: bool = True, number: int | None = None
) -> Programme:
    """The integer programme, with or without the reserved shares, for any number of providers or a given one."""
    demand = (found.steps.T.astype(float), asked.wanted.astype(float))
    reserved = [(place, kind.share) for place, kind in enumerate(asked.kinds) if share and kind.share]
    # Of what is provided: a surplus must not serve to meet a share of the demand.
    spare = [least if asked.surplus else 0.0 for _, least in reserved]
    rows = [found.size * ((found.kind == place) - off) for (place, _), off in zip(reserved, spare, strict=True)]
    shares = (
        np.array(rows).reshape(len(reserved), len(found)),
        np.array([least - off for (_, least), off in zip(reserved, spare, strict=True)]),
    )
    nothing = (np.zeros((0, len(found))), np.zeros(0))
    equal, least = (nothing, _stacked(demand, shares)) if asked.surplus else (demand, shares)
    if number is not None:
        equal = _stacked(equal, (np.ones((1, len(found))), np.array([float(number)])))
    return Programme(found.costs[end], equal[0], equal[1], least[0], least[1], found.most)


def _stacked(one: tuple[Array, Array], other: tuple[Array, Array]) -> tuple[Array, Array]:
    return np.vstack([one[0], other[0]]), np.concatenate([one[1], other[1]])


def _grid(asked: Commission) -> NDArray[np.intp]:
    """Every bundle from nothing to the whole demand, but for the one of nothing, (G, m) in steps."""
    counts = asked.wanted + 1
    total = float(np.prod(counts.astype(float)) - 1.0) * len(asked.kinds)
    if total > MOST_BUNDLES:
        raise NotSupported(
            f"A grid with {' x '.join(f'{count:,}' for count in counts)} places has {total:,.0f} bundles over "
            f"{len(asked.kinds)} kinds of provider, above {MOST_BUNDLES:,}. Take a coarser step."
        )
    places = np.stack(np.unravel_index(np.arange(1, int(np.prod(counts))), counts), axis=1)
    return places.astype(np.intp)


def _of_kind(
    asked: Commission, kind: Kind, grid: NDArray[np.intp], ends: tuple[str, ...], left_out: dict[str, int]
) -> tuple[Kept, dict[str, Array]]:
    """Which bundles a kind of provider can make, and their costs at every end of what is identified."""
    outputs = grid * asked.step
    kept = np.ones(len(grid), dtype=bool)

    def leave(reason: str, stays: Kept) -> None:
        left_out[reason] = left_out.get(reason, 0) + int((kept & ~stays).sum())
        kept[:] &= stays

    form = kind.function.technology.form
    if not form.coordinate.allows_zero:
        leave(f"without some output, where the {form.title} form has no cost", np.asarray((outputs > 0).all(axis=1)))
    whose = "" if kind.name == ANY else f" of {kind.name}"
    leave(f"below smallest={_plain(kind.smallest)}{whose}", _within(asked, outputs, kind.smallest, least=True))
    leave(f"above largest={_plain(kind.largest)}{whose}", _within(asked, outputs, kind.largest, least=False))
    for name, (least, most) in asked.limits.items():
        values = np.full(len(outputs), np.nan)
        values[kept] = _values(asked, outputs[kept])[name].to_numpy(dtype=float)
        leave(f"{name} beyond its limits", np.asarray((values >= least - ROUNDING) & (values <= most + ROUNDING)))
    if asked.only_supported and kind.function.sample is not None:
        leave("beyond the providers", _among_providers(asked, kind.function, outputs, kept))
    costs = costs_at(asked, kind.function, kind.dearer, outputs[kept], ends)
    positive = np.logical_and.reduce([cost > 0 for cost in costs.values()])
    stays = np.zeros(len(grid), dtype=bool)
    stays[np.flatnonzero(kept)[positive]] = True
    leave("without a positive cost", stays)
    return kept, {end: cost[positive] for end, cost in costs.items()}


def _plain(bound: Bound) -> str:
    return f"{dict(bound)!r}" if isinstance(bound, Mapping) else f"{bound:g}"


def _within(asked: Commission, outputs: Array, bound: Bound, *, least: bool) -> Kept:
    """Bundles of at least, or at most, a share of the demand, or that much of each output named (if any is made)."""
    if isinstance(bound, Mapping):
        found = np.ones(len(outputs), dtype=bool)
        for name, value in bound.items():
            made = outputs[:, asked.outputs.index(name)]
            slack = ROUNDING * max(1.0, abs(value)) if np.isfinite(value) else 0.0
            found &= (made == 0) | (made >= value - slack) if least else made <= value + slack
        return found
    size = asked.size(outputs)
    return np.asarray(size >= bound - ROUNDING if least else size <= bound + ROUNDING)


def _values(asked: Commission, outputs: Array) -> pd.DataFrame:
    """Bundles with the variables that are held at a value or follow from the bundle."""
    table = pd.DataFrame(outputs, columns=list(asked.outputs))
    for name, value in asked.at.items():
        found = np.broadcast_to(np.asarray(value(table) if callable(value) else value, dtype=float), len(table))
        if not np.isfinite(found).all():
            raise TableError(f"at={{{name!r}: ...}} gave {int((~np.isfinite(found)).sum()):,} bundles no finite value.")
        table[name] = found
    unknown = [name for name in asked.limits if name not in table]
    if unknown:
        raise NotSupported(
            f"limits= names {', '.join(unknown)}, which no provider is given: say what it is with at={{{unknown[0]!r}: "
            "...}, a value or a function of the bundles."
        )
    return table


def _blocks(count: int) -> Iterator[slice]:
    for start in range(0, count, POINTS_AT_A_TIME):
        yield slice(start, start + POINTS_AT_A_TIME)


def _among_providers(asked: Commission, function: CostFunction, outputs: Array, kept: Kept) -> Kept:
    order = [asked.outputs.index(name) for name in function.technology.outputs]
    places = np.flatnonzero(kept)
    found = np.zeros(len(kept), dtype=bool)
    for block in _blocks(len(places)):
        found[places[block]] = outputs_supported(function, outputs[places[block]][:, order])
    return found


def costs_at(
    asked: Commission,
    function: CostFunction,
    dearer: float,
    outputs: Array,
    ends: tuple[str, ...],
    theta: Array | None = None,
) -> dict[str, Array]:
    """What bundles (n, m) cost, for each end of what is identified of the fixed cost; for other parameters if given.

    A fit of log cost has a median there; its mean is larger by the mean of exp(residual) (Duan, 1983).
    """
    technology, theta = function.technology, function.theta if theta is None else theta
    blurred = unidentified(function) if technology.is_level else np.zeros(len(technology.outputs), dtype=bool)
    costs = {end: np.zeros(len(outputs)) for end in ends}
    factor = (1.0 + dearer) * smearing(function)
    for block in _blocks(len(outputs)):
        point = points_in(technology, _values(asked, outputs[block]))
        whole = technology.cost(theta, point)
        for end in ends:
            saved: Array | float = 0.0
            if end != COMMON and blurred[technology.outputs.index(end)]:
                without = point.outputs[:, technology.outputs.index(end)] <= 0
                saved = np.where(without, technology.intercept(theta, point), 0.0)
            costs[end][block] = factor * (whole - saved)
    return costs


def _ends(functions: list[CostFunction]) -> tuple[str, ...]:
    """Ends of what data leave open: the intercept is all common, or all the own fixed cost of one output.

    The cost of the cheapest structure is a least of sums that are linear in how the intercept is split, so it is
    concave in the split, and its least value is at such an end.
    """
    names = functions[0].technology.outputs
    open_names = {
        name
        for function in functions
        if function.technology.is_level
        for name, blurred in zip(function.technology.outputs, unidentified(function), strict=True)
        if blurred
    }
    return (COMMON, *(name for name in names if name in open_names))


def _told_apart(costs: dict[str, Array]) -> dict[str, Array]:
    """One entry where the ends cost the same, because no bundle that is left lacks an output in question."""
    first = costs[COMMON]
    return costs if any((cost != first).any() for cost in costs.values()) else {COMMON: first}


def _existing(asked: Commission, ends: tuple[str, ...]) -> tuple[NDArray[np.intp], dict[str, Array]]:
    outputs = asked.existing[list(asked.outputs)].to_numpy(dtype=float)
    given = asked.existing[OF_COST].to_numpy(dtype=float)
    costs = {end: np.zeros(len(outputs)) for end in ends}
    for row, (kind_name, made) in enumerate(zip(asked.existing[OF_KIND], outputs, strict=True)):
        kind = next(kind for kind in asked.kinds if kind.name == kind_name)
        computed = costs_at(asked, kind.function, kind.dearer, made[None], ends)
        for end in ends:
            costs[end][row] = given[row] if given[row] == given[row] else computed[end][0]
    return np.round(outputs / asked.step).astype(np.intp), costs
