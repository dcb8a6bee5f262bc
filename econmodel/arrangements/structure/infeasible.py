"""Why no structure meets a demand: the limits without which one would."""

from dataclasses import replace

import numpy as np

from econmodel.arrangements.structure.bundles import Bundles, bundles, programme
from econmodel.arrangements.structure.commission import ANY, Commission
from econmodel.arrangements.structure.integer_programme import cheapest
from econmodel.errors import NotSupported
from econmodel.results import format_number

# Costs of a bundle and of a smaller one are compared up to rounding.
ROUNDING = 1e-9


def why_not(asked: Commission, found: Bundles) -> str:
    """A sentence on what stands in the way of any structure, and what to do about it."""
    start = f"No structure meets the demand for {asked.words()}"
    nobody = [
        name
        for place, name in enumerate(asked.outputs)
        if asked.demand[place] > 0 and not (found.steps[:, place] > 0).any()
    ]
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in found.left_out.items())
    if nobody:
        return (
            f"{start}: nobody can provide {' or '.join(nobody)}, because every bundle with some of it was left out "
            f"({reasons}). Loosen the limit that leaves out most."
        )
    cures = [words for words, looser in _loosened(asked) if _feasible(looser)]
    if cures:
        return f"{start}. There would be one {', or '.join(cures)}."
    left = f", of which were left out: {reasons}" if reasons else ""
    return (
        f"{start} with {len(found):,} bundles{left}. No single limit stands in the way: loosen several, or take a "
        "smaller step."
    )


def _feasible(asked: Commission) -> bool:
    try:
        found = bundles(asked)
    except NotSupported:
        return False
    # Any structure will do, so the costs may be anything.
    return cheapest(programme(asked, found, next(iter(found.costs))).priced(np.ones(len(found)))) is not None


def _loosened(asked: Commission) -> list[tuple[str, Commission]]:
    """The same question without one of its limits, and how to ask it."""
    looser: list[tuple[str, Commission]] = []
    for place, kind in enumerate(asked.kinds):
        if kind.share:
            kinds = (*asked.kinds[:place], replace(kind, share=0.0), *asked.kinds[place + 1 :])
            words = f"without the {format_number(100 * kind.share)} % reserved for {kind.name}: reserve less"
            looser.append((words, replace(asked, kinds=kinds)))
    for word, none in (("smallest", 0.0), ("largest", np.inf)):
        for place, kind in enumerate(asked.kinds):
            if getattr(kind, word) != none:
                free = replace(kind, smallest=none) if word == "smallest" else replace(kind, largest=none)
                kinds = (*asked.kinds[:place], free, *asked.kinds[place + 1 :])
                whose = "" if kind.name == ANY else f" of {kind.name}"
                looser.append((f"without {word}={getattr(kind, word)!r}{whose}", replace(asked, kinds=kinds)))
    for name in asked.limits:
        others = {other: ends for other, ends in asked.limits.items() if other != name}
        looser.append((f"without the limits of {name}", replace(asked, limits=others)))
    if asked.only_supported and any(kind.function.sample is not None for kind in asked.kinds):
        words = "with bundles beyond the providers (only_supported=False), whose costs are extrapolation"
        looser.append((words, replace(asked, only_supported=False)))
    # A share of what is provided could be met by providing too much, which is no cure.
    if not asked.surplus and not any(kind.share for kind in asked.kinds):
        looser.append(("with more than the demand: surplus=True", replace(asked, surplus=True)))
    return looser


def require_monotone(asked: Commission, found: Bundles) -> None:
    """NotSupported where a bundle costs less than a smaller one: more than the demand would then be a way to save."""
    shape = asked.wanted + 1
    for place, kind in enumerate(asked.kinds):
        for end, costs in found.costs.items():
            grid = np.full(tuple(shape), np.nan)
            own = (found.kind == place) & (found.names == "")
            grid[tuple(found.steps[own].T)] = costs[own]
            for axis, name in enumerate(asked.outputs):
                with np.errstate(invalid="ignore"):
                    falls = np.diff(grid, axis=axis) < -ROUNDING * np.nanmax(costs)
                if falls.any():
                    raise NotSupported(
                        f"surplus=True would count on what cannot be: for {int(falls.sum()):,} bundles of {kind.name} "
                        f"providers one step more of {name} lowers the cost ({end} fixed cost). Ask for the demand "
                        "exactly, or limit bundles to those where cost rises."
                    )
