"""A structure of provision in sentences."""

from collections.abc import Mapping
from math import log

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.structure.bundles import Bundles
from econmodel.arrangements.structure.commission import Commission
from econmodel.arrangements.structure.integer_programme import MOST_NODES, Mixture
from econmodel.economies.core.support import outputs_supported
from econmodel.estimate.fit import Fit
from econmodel.results import MOST_TIMES, format_number, per_cent

# Below this many per cent a gap is rounding.
NO_GAP = 1e-5


def text_of(
    asked: Commission, found: Bundles, optima: Mapping[str, Mixture], tables: Mapping[str, pd.DataFrame]
) -> str:
    """The finding: how many providers, how specialised, against one provider, and what a reserved share costs."""
    sentences: list[str] = []
    costs = tables["cost"]
    for (end, mixture), (_, row) in zip(optima.items(), costs.iterrows(), strict=True):
        start = "The cheapest structure" if len(optima) == 1 else f"With the fixed cost {_end(end)}, the cheapest one"
        what = f" for {asked.words()}" if not sentences else ""
        sentences.append(
            f"{start}{what} has {_providers(int(row['providers']))}, {_specialised(found, mixture)}, and costs "
            f"{_money(row['cost'])}{_against_one(row)}."
        )
        sentences.append(_bound(row))
        if "cost of the share" in row:
            sentences.append(_share(asked, row))
    if len(optima) > 1:
        which = "depends" if _differ(optima) else "does not depend"
        sentences.append(
            "The data do not tell the common fixed cost from those of single outputs, and the structure "
            f"{which} on it: at these ends its cost lies between {_money(costs['cost'].min())} and "
            f"{_money(costs['cost'].max())}."
        )
    used = np.flatnonzero(np.logical_or.reduce([mixture.counts > 0 for mixture in optima.values()]))
    if beyond := _beyond(asked, found, used):
        sentences.append(
            f"{beyond} of the {len(used)} bundles in use lie beyond the providers: extrapolation by the form, not "
            "evidence."
        )
    return " ".join(sentences)


def _end(end: str) -> str:
    return end if end.startswith("common") else f"that of {end} alone"


def _providers(count: int) -> str:
    return "one provider" if count == 1 else f"{count:,} providers"


def _money(value: float) -> str:
    return format_number(float(value), 6)


def _specialised(found: Bundles, mixture: Mixture) -> str:
    used = np.flatnonzero(mixture.counts)
    counts = mixture.counts[used]
    made = (found.steps[used] > 0).sum(axis=1)
    total, demanded = int(counts.sum()), int((found.steps.max(axis=0) > 0).sum())
    if demanded == 1:
        sizes = 100.0 * found.size[used]
        ends = dict.fromkeys(format_number(float(size), 3) for size in (sizes.min(), sizes.max()))
        return f"{'each ' * (total > 1)}of {' to '.join(ends)} % of the demand"
    of = {int(number): int(counts[made == number].sum()) for number in np.unique(made)[::-1]}
    if len(of) == 1:
        outputs = next(iter(of))
        everything = "both outputs" if demanded == 2 else f"all {demanded} outputs"
        what = everything if outputs == demanded else _outputs(outputs)
        return f"{'each of ' * (total > 1)}which makes {what}"
    parts = [f"{count} make{'s' * (count == 1)} {_outputs(number)}" for number, count in of.items()]
    return f"of which {', '.join(parts[:-1])} and {parts[-1]}"


def _outputs(number: int) -> str:
    return "one output" if number == 1 else f"{number} outputs"


def _against_one(row: pd.Series) -> str:
    one, cost = float(row["one provider"]), float(row["cost"])
    if int(row["providers"]) == 1 or not one > 0:
        return ""
    change = one / cost - 1.0
    outside = "" if row["one provider supported"] else " (beyond the providers: extrapolation)"
    if change > MOST_TIMES:
        return f"; one provider of all would cost {per_cent(log(one / cost))} more{outside}"
    compared = f"{format_number(100 * abs(change), 3)} % {'more' if change > 0 else 'less'}"
    return f"; one provider of all would cost {_money(one)}, {compared}{outside}"


def _bound(row: pd.Series) -> str:
    if row["gap, %"] < NO_GAP:
        return "No mixture of these bundles can cost less."
    return (
        f"No mixture of these bundles can cost less than {_money(row['lower bound'])} (a gap of "
        f"{format_number(float(row['gap, %']), 2)} %)."
    )


def _share(asked: Commission, row: pd.Series) -> str:
    reserved = " and ".join(
        f"{format_number(100 * kind.share)} % for {kind.name} providers" for kind in asked.kinds if kind.share
    )
    extra, free = float(row["cost of the share"]), float(row["cost without the share"])
    if extra <= 1e-9 * free:
        return f"To reserve {reserved} costs nothing."
    more = format_number(100 * extra / free, 2)
    return f"To reserve {reserved} costs {format_number(extra)}, {more} % of the cost without."


def _differ(optima: Mapping[str, Mixture]) -> bool:
    first, *others = [mixture.counts for mixture in optima.values()]
    return any((first != other).any() for other in others)


def notes_of(
    asked: Commission, found: Bundles, optima: Mapping[str, Mixture], tables: Mapping[str, pd.DataFrame]
) -> tuple[str, ...]:
    """What a reader must know besides: the grid, what is beyond the data, where the search stopped."""
    steps = " and ".join(
        f"{format_number(step, 6)} {name}" for name, step in zip(asked.outputs, asked.step, strict=True)
    )
    notes = [f"{len(found):,} bundles on a grid with steps of {steps}.{_finer(tables['grid'])}"]
    if any(isinstance(kind.function, Fit) for kind in asked.kinds) and "how sure" not in tables:
        notes.append("Costs are estimates, and so is the structure: replications=199 says how sure it is.")
    least = np.concatenate([_least(found, mixture) for mixture in optima.values()])
    if len(least) and least.all():
        notes.append(
            "Every provider makes the least that the grid has, so the number of providers is that of the grid: cost "
            "does not say how small is too small. Give smallest=, or a smaller step."
        )
    if not all(mixture.proven for mixture in optima.values()):
        notes.append(f"The search stopped after {MOST_NODES:,} branches: a structure within the gap may be cheaper.")
    return tuple(note for note in notes if note)


def _finer(grid: pd.DataFrame) -> str:
    halves = grid[grid["step"] == "half"]
    if halves.empty:
        return ""
    before, after = float(grid["cost"].iloc[0]), float(halves["cost"].iloc[0])
    saved = 100.0 * (1.0 - after / before)
    found = f"lowers the cost by {format_number(saved, 2)} %" if saved > 1e-9 else "changes nothing"
    return f" Half the step {found}."


def _least(found: Bundles, mixture: Mixture) -> NDArray[np.bool_]:
    """Whether each new bundle in use is the least of its outputs: one step of what it makes."""
    used = (mixture.counts > 0) & (found.names == "")
    smallest = (found.steps[used] <= 1).all(axis=1)
    whole = found.steps[used].sum(axis=1) < found.steps.max(axis=0).sum()
    return np.asarray(smallest & whole)


def _beyond(asked: Commission, found: Bundles, used: NDArray[np.intp]) -> int:
    """How many of the bundles in use lie beyond the providers of their fit."""
    if asked.only_supported:
        used = used[found.names[used] != ""]
    beyond = 0
    for place, kind in enumerate(asked.kinds):
        own = used[found.kind[used] == place]
        if len(own) and isinstance(kind.function, Fit):
            order = [asked.outputs.index(name) for name in kind.function.technology.outputs]
            beyond += int((~outputs_supported(kind.function, found.outputs[own][:, order])).sum())
    return beyond


def demand_supported(asked: Commission) -> bool:
    """Whether one provider of the whole demand would lie among the providers; True where there are none to ask."""
    first = asked.kinds[0].function
    if not first.technology.form.coordinate.allows_zero and (asked.demand <= 0).any():
        return False
    return bool(outputs_supported(first, asked.demand[None]).all())
