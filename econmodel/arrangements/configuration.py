"""The cheapest structure of provision for a demand: how many providers, and what each of them makes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import log

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.bundles import Bundles, bundles_within, costs_at, require_monotone, why_none_meets
from econmodel.arrangements.commission import OF_COST, Bound, Commission, Reserved, Value, read_commission
from econmodel.arrangements.programme import MANY_COLUMNS, MOST_NODES, Mixture, cheapest
from econmodel.economies.core.fixed_cost import COMMON, Reading
from econmodel.economies.core.inference import parameter_draws
from econmodel.economies.core.places import CostFunction
from econmodel.economies.core.support import outputs_supported
from econmodel.errors import NotSupported
from econmodel.estimate.fit import Fit
from econmodel.results import MOST_TIMES, Table, columns_beside, format_number, per_cent
from econmodel.words import listed

Optima = Mapping[Reading, Mixture]
END = "fixed_cost"
STRUCTURES, NUMBERS, COSTS, PRICES, GRID, LEFT_OUT, SURE = (
    "structures by number of providers",
    "by number of providers",
    "cost",
    "supporting prices",
    "grid",
    "bundles left out",
    "how sure",
)
LABELS = {
    "size_percent": "size, % of demand",
    "gap_percent": "gap, %",
    "cost_without_share": "cost without the share",
    "cost_of_share": "cost of the share",
    "above_percent": "above the cheapest, %",
    "cheapest_percent": "cheapest in, % of draws",
}
# Without numbers= asked for, at most so many numbers of providers are looked at beside the cheapest.
MOST_NUMBERS = 8
BEYOND = 2
# A finer grid with more bundles than this takes minutes.
HALVED_UP_TO = 200_000
# Below this many per cent a gap is rounding.
NO_GAP = 1e-5


def configure(
    fit: CostFunction,
    demand: Mapping[str, float],
    step: float | Mapping[str, float] | None = None,
    *,
    smallest: Bound = 0.0,
    largest: Bound = np.inf,
    at: Mapping[str, Value] | None = None,
    limits: Mapping[str, tuple[float | None, float | None]] | None = None,
    reserved: Mapping[str, Reserved] | None = None,
    existing: pd.DataFrame | None = None,
    weights: Mapping[str, float] | None = None,
    surplus: bool = False,
    only_supported: bool = True,
    numbers: Sequence[int] | None = None,
    halve: bool = True,
    replications: int = 0,
    seed: int = 0,
) -> Table:
    """The cheapest structure for a demand: how many providers, how specialised, and what a reserved share costs.

    Parameters
    ----------
    fit : a fit, or a stated cost function
    demand : every output -> how much of it is wanted
    step : between bundles, for each output or for all; by default a tenth of the demand. Demand must be a whole number
        of steps
    smallest, largest : limits of a provider. A number limits its size, as a share of the demand (0.5: nobody more than
        half); a mapping limits outputs, in their units, for whoever makes them. A caseload is such a limit: with at
        most eight workers of fifteen users, largest={"users": 8 * 15}
    at : variable of the cost function -> its value, or a function of the table of bundles (so that continuity may fall
        with size); all others stay at their mean
    limits : variable -> (least, most) that a provider may have of it, None for no end
    reserved : kind of provider -> `em.arrangements.Reserved`, the share of demand that it must have, its cost and
        limits
    existing : providers that are there, one a row, with the outputs and where known "cost" and "kind". The limits do
        not hold for them, and each is used once at most
    weights : output -> what a unit counts for in size, such as a tariff; by default all demands count the same
    surplus : allow more than the demand (only where no bundle costs less than a smaller one)
    only_supported : leave out bundles that do not lie among the providers of a fit
    numbers : of providers, for which the cheapest structure is looked for too; by default from one to a few more than
        the cheapest has
    halve : show the error of the grid by solving again with half the step (up to 200,000 bundles)
    replications, seed : of the bootstrap of a fit, which says how sure the structure is; none by default

    Returns
    -------
    Table
        One row a bundle in use: its "kind", how many "providers" make it, its outputs, and per provider "size_percent"
        of the demand and "cost_each". Further tables: "cost" (with "lower_bound" of the linear programme, "gap_percent"
        above it, cost with "one_provider" for all, and "cost_of_share" of the reserved shares), "supporting prices" (of
        a unit of each output, and of a reserved share; duals of the linear programme), "by number of providers" and
        their structures, "grid", "bundles left out" and, with replications, "how sure". Where data do not tell a fixed
        cost of one output from the common one, all is found at each end of what they leave open ("fixed_cost"), but for
        numbers of providers.

    Raises
    ------
    NotSupported, UnknownName
        With the cure: a demand that is unknown, negative, off the grid or that no structure meets (the message names
        the limit without which one would), a share above one, limits that leave no bundle.

    Notes
    -----
    Columns are bundles y, with cost C(y): min sum_y C(y) n_y subject to sum_y y n_y = demand, n whole, and for each
    reserved kind a sum of sizes of at least its share. Linear for any C, because it counts bundles and not providers.
    The cost of a reserved share is the difference of two optima. Solved with HiGHS (Huangfu and Hall, 2018); bundles
    that reduced costs rule out do not enter the search (Nemhauser and Wolsey, 1988).

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 15, "visits": 80, "half visits squared": 30}
    >>> cost = state("composite", parameters, outputs={"visits": 100}, fixed_costs=("visits",))
    >>> result = configure(cost, {"visits": 400}, step=10)
    >>> result.table[["providers", "visits"]].values.tolist()
    [[4.0, 100.0]]
    """
    commission = read_commission(
        fit,
        demand,
        step,
        smallest=smallest,
        largest=largest,
        weights=weights,
        at=at or {},
        limits=limits or {},
        reserved=reserved or {},
        existing=existing,
        surplus=surplus,
        only_supported=only_supported,
    )
    bundles = bundles_within(commission)
    if commission.surplus:
        require_monotone(commission, bundles)
    optima = _optima(commission, bundles)
    if not optima:
        raise NotSupported(why_none_meets(commission, bundles))
    table = _by_end(commission, {end: _structure(commission, bundles, optima[end], end) for end in optima})
    tables = {
        COSTS: _costs(commission, bundles, optima),
        PRICES: _by_end(commission, {end: _prices(commission, mixture) for end, mixture in optima.items()}),
    }
    if len(optima) == 1:
        tables |= _by_number(commission, bundles, *next(iter(optima.items())), numbers)
    tables[GRID] = _grid(commission, bundles, optima, halve)
    if bundles.left_out:
        tables[LEFT_OUT] = pd.DataFrame({"reason": [*bundles.left_out], "bundles": [*bundles.left_out.values()]})
    text = _text(commission, bundles, optima, tables[COSTS])
    if replications:
        draws = {end: _draws(commission, bundles, optima[end], end, replications, seed) for end in optima}
        tables[SURE] = _by_end(commission, {end: _shares(one) for end, one in draws.items()})
        text += f" {_how_sure([*draws.values()])}"
    notes = _notes(commission, bundles, optima, tables)
    return Table("Cheapest structure", table, text, labels=LABELS, notes=notes, tables=tables)


def _optima(commission: Commission, bundles: Bundles, *, share: bool = True) -> dict[Reading, Mixture]:
    """The cheapest mixture at each end of what is identified, where there is one."""
    solved = {end: cheapest(bundles.programme(commission, end, share=share)) for end in bundles.costs}
    return {end: mixture for end, mixture in solved.items() if mixture is not None}


def _by_end(commission: Commission, tables: Mapping[Reading, pd.DataFrame]) -> pd.DataFrame:
    """Tables of the ends of what is identified as one, with a column that says which; a table alone as it is."""
    if len(tables) == 1:
        return next(iter(tables.values()))
    for end, table in tables.items():
        table.insert(0, END, end.words(commission.outputs))
    return pd.concat(tables.values(), ignore_index=True)


def _structure(commission: Commission, bundles: Bundles, mixture: Mixture, end: Reading) -> pd.DataFrame:
    """One row a bundle in use, the dearest first."""
    used, costs = np.flatnonzero(mixture.counts), bundles.costs[end]
    used = used[np.lexsort((*bundles.steps[used].T, -costs[used]))]
    counts = mixture.counts[used]
    kinds = [bundles.names[column] or commission.kinds[bundles.kind[column]].name for column in used]
    after = {"size_percent": 100.0 * bundles.size[used], "cost_each": costs[used], "cost": counts * costs[used]}
    outputs = columns_beside(commission.outputs, (END, "kind", "providers", *after))
    made = dict(zip(outputs, bundles.outputs[used].T, strict=True))
    return pd.DataFrame({"kind": kinds, "providers": counts, **made, **after})


def _costs(commission: Commission, bundles: Bundles, optima: Optima) -> pd.DataFrame:
    first = commission.kinds[0]
    whole = costs_at(commission, first, commission.demand[None], tuple(dict.fromkeys((*optima, COMMON))))
    everything = bool(first.fit.technology.form.coordinate.allows_zero or (commission.demand > 0).all())
    supported = everything and bool(outputs_supported(first.fit, commission.demand[None]).all())
    rows = {end: {"providers": int(mixture.counts.sum()), "cost": mixture.cost} for end, mixture in optima.items()}
    if any(kind.share for kind in commission.kinds):
        free = _optima(commission, bundles, share=False)
    for end, mixture in optima.items():
        rows[end] |= {"lower_bound": mixture.relaxed.bound, "gap_percent": 100.0 * mixture.gap}
        rows[end] |= {"one_provider": float(whole[end][0]), "one_provider_supported": supported}
        if any(kind.share for kind in commission.kinds):
            rows[end] |= {"cost_without_share": free[end].cost, "cost_of_share": mixture.cost - free[end].cost}
    return _by_end(commission, {end: pd.DataFrame([row]) for end, row in rows.items()})


def _prices(commission: Commission, mixture: Mixture) -> pd.DataFrame:
    """Prices of a unit that support the linear programme: of outputs, and of a reserved hundredth of the demand."""
    relaxed, count = mixture.relaxed, len(commission.outputs)
    duals = relaxed.premiums if commission.surplus else np.concatenate([relaxed.prices, relaxed.premiums])
    reserved = [f"1 % of the demand for {kind.name}" for kind in commission.kinds if kind.share]
    prices = [*(duals[:count] / commission.step), *(duals[count:] / 100.0)]
    return pd.DataFrame({"one_more": [*commission.outputs, *reserved], "price": prices})


def _by_number(
    commission: Commission, bundles: Bundles, end: Reading, best: Mixture, numbers: Sequence[int] | None
) -> dict[str, pd.DataFrame]:
    """The cheapest structure with each number of providers that has one."""
    cheapest_has = int(best.counts.sum())
    rows, structures = [], [pd.DataFrame()]
    for number in _numbers(cheapest_has, numbers):
        again = bundles.programme(commission, end, number=number)
        mixture = best if number == cheapest_has else cheapest(again)
        if mixture is not None:
            rows.append((number, mixture.cost, 100.0 * (mixture.cost / best.cost - 1.0), mixture.relaxed.bound))
            structures.append(_structure(commission, bundles, mixture, end).assign(of=number))
    columns = ["number", "cost", "above_percent", "lower_bound"]
    return {NUMBERS: pd.DataFrame(rows, columns=columns), STRUCTURES: pd.concat(structures, ignore_index=True)}


def _numbers(cheapest_has: int, numbers: Sequence[int] | None) -> list[int]:
    if numbers is not None:
        wrong = [number for number in numbers if number != int(number) or number < 1]
        if wrong:
            raise NotSupported(f"numbers= names {wrong[0]!r}: numbers of providers are 1, 2, 3 and so on.")
        return sorted({int(number) for number in numbers})
    most = cheapest_has + BEYOND
    some = np.arange(1, most + 1)
    if most > MOST_NUMBERS:
        some = np.append(np.round(np.geomspace(1, most, MOST_NUMBERS)), cheapest_has)
    return sorted({int(number) for number in some})


def _grid(commission: Commission, bundles: Bundles, optima: Optima, halve: bool) -> pd.DataFrame:
    """Bundles, cost and bound with the step as given, and with half of it."""
    solved = [("as given", bundles, optima)]
    finer = replace(commission, step=commission.step / 2.0)
    if halve and float(np.prod(finer.wanted + 1.0)) * len(commission.kinds) <= HALVED_UP_TO:
        halved = bundles_within(finer)
        solved.append(("half", halved, _optima(finer, halved)))
    rows = [
        (end.words(commission.outputs), step, len(some), int(mixture.counts.sum()), mixture.cost, mixture.relaxed.bound)
        for step, some, mixtures in solved
        for end, mixture in mixtures.items()
    ]
    table = pd.DataFrame(rows, columns=[END, "step", "bundles", "providers", "cost", "lower_bound"])
    return table.drop(columns=END) if len(optima) == 1 else table


def _draws(
    commission: Commission, bundles: Bundles, mixture: Mixture, end: Reading, replications: int, seed: int
) -> pd.DataFrame:
    """Solved again with the parameters of every bootstrap draw, over the same bundles.

    A row a draw: providers in its cheapest structure, and what the mixture costs above that, as a share of it
    ("regret"); missing where the mixture, or every other, has no positive cost.
    """
    fits = [kind.fit for kind in commission.kinds]
    if not any(isinstance(fit, Fit) for fit in fits):
        raise NotSupported("replications= asks how sure an estimate is, and these parameters are stated: leave it out.")
    if replications < 2:
        raise NotSupported(f"replications={replications} are too few. Usual numbers are 99 and 199.")
    # Kinds that share a cost function share its draws.
    drawn = {id(fit): parameter_draws(fit, replications, seed) for fit in fits}
    given = np.zeros(len(bundles), dtype=bool)
    given[len(bundles) - len(commission.existing) :] = commission.existing[OF_COST].notna().to_numpy()
    first, rows = bundles.programme(commission, end), []
    for draw in range(min(len(thetas) for thetas in drawn.values() if len(thetas) > 2)):
        costs = bundles.costs[end].copy()
        for place, kind in enumerate(commission.kinds):
            own, thetas = (bundles.kind == place) & ~given, drawn[id(kind.fit)]
            theta = thetas[min(draw, len(thetas) - 1)]
            costs[own] = costs_at(commission, kind, bundles.outputs[own], (end,), theta)[end]
        has_cost = bool((costs[mixture.counts > 0] > 0).all())
        best = cheapest(first.priced(costs).of(np.flatnonzero(costs > 0))) if has_cost else None
        regret = np.nan if best is None else max(0.0, float(costs @ mixture.counts) / best.cost - 1.0)
        rows.append((np.nan if best is None else int(best.counts.sum()), regret))
    draws = pd.DataFrame(rows, columns=["providers", "regret"])
    if draws["regret"].isna().all():
        raise NotSupported("No bootstrap draw gives this structure a positive cost, so nothing is known of it.")
    return draws


def _shares(draws: pd.DataFrame) -> pd.DataFrame:
    """How often each number of providers is cheapest, per cent of the draws that have one."""
    numbers, counts = np.unique(draws["providers"].dropna().astype(int), return_counts=True)
    return pd.DataFrame({"providers": numbers, "cheapest_percent": 100.0 * counts / counts.sum()})


def _how_sure(several: list[pd.DataFrame]) -> str:
    """What draws say in a sentence, over all ends of what is identified."""
    draws, skipped = pd.concat(several), max(int(one["regret"].isna().sum()) for one in several)
    low, high = (int(value) for value in draws["providers"].quantile([0.025, 0.975]).round())
    numbers = "one provider" if high == 1 else f"{low:,}{f' to {high:,}' * (low != high)} providers"
    regret = format_number(100.0 * max(float(one["regret"].quantile(0.95)) for one in several), 2)
    text = (
        f"Costs are estimates: in 95 % of {several[0]['regret'].count():,} bootstrap draws the cheapest structure has "
        f"{numbers}, and the one found here costs at most {regret} % more than the cheapest."
    )
    return text + (f" {skipped:,} further draws give it no positive cost." if skipped else "")


def _text(commission: Commission, bundles: Bundles, optima: Optima, costs: pd.DataFrame) -> str:
    """The finding: how many providers, how specialised, against one provider, and what a reserved share costs."""
    sentences: list[str] = []
    for (end, mixture), (_, row) in zip(optima.items(), costs.iterrows(), strict=True):
        start = "The cheapest structure"
        if len(optima) > 1:
            alone = "common to all outputs" if end.output is None else f"that of {commission.outputs[end.output]} alone"
            start = f"With the fixed cost {alone}, the cheapest one"
        what = f" for {commission.words()}" if not sentences else ""
        count = int(row["providers"])
        sentences.append(
            f"{start}{what} has {'one provider' if count == 1 else f'{count:,} providers'}, "
            f"{_specialised(bundles, mixture)}, and costs {_money(row['cost'])}{_against_one(row)}."
        )
        gap = format_number(float(row["gap_percent"]), 2)
        above = "" if row["gap_percent"] < NO_GAP else f" than {_money(row['lower_bound'])} (a gap of {gap} %)"
        sentences.append(f"No mixture of these bundles can cost less{above}.")
        if "cost_of_share" in row:
            sentences.append(_share(commission, row))
    if len(optima) > 1:
        first, *others = [mixture.counts for mixture in optima.values()]
        which = "depends" if any((first != other).any() for other in others) else "does not depend"
        sentences.append(
            "The data do not tell the common fixed cost from those of single outputs, and the structure "
            f"{which} on it: at these ends its cost lies between {_money(costs['cost'].min())} and "
            f"{_money(costs['cost'].max())}."
        )
    used = np.flatnonzero(np.logical_or.reduce([mixture.counts > 0 for mixture in optima.values()]))
    if beyond := _beyond(commission, bundles, used):
        sentences.append(
            f"{beyond} of the {len(used)} bundles in use lie beyond the providers: extrapolation by the form, not "
            "evidence."
        )
    return " ".join(sentences)


def _money(value: float) -> str:
    return format_number(float(value), 6)


def _specialised(bundles: Bundles, mixture: Mixture) -> str:
    used = np.flatnonzero(mixture.counts)
    counts = mixture.counts[used]
    made = (bundles.steps[used] > 0).sum(axis=1)
    total, demanded = int(counts.sum()), int((bundles.steps.max(axis=0) > 0).sum())
    if demanded == 1:
        sizes = 100.0 * bundles.size[used]
        ends = dict.fromkeys(format_number(float(size), 3) for size in (sizes.min(), sizes.max()))
        return f"{'each ' * (total > 1)}of {' to '.join(ends)} % of the demand"
    of = {int(number): int(counts[made == number].sum()) for number in np.unique(made)[::-1]}
    words = {number: "one output" if number == 1 else f"{number} outputs" for number in of}
    if len(of) == 1:
        everything = "both outputs" if demanded == 2 else f"all {demanded} outputs"
        what = everything if demanded in of else next(iter(words.values()))
        return f"{'each of ' * (total > 1)}which makes {what}"
    parts = listed(f"{count} make{'s' * (count == 1)} {words[number]}" for number, count in of.items())
    return f"of which {parts}"


def _against_one(row: pd.Series) -> str:
    one, cost = float(row["one_provider"]), float(row["cost"])
    if int(row["providers"]) == 1 or not one > 0:
        return ""
    change = one / cost - 1.0
    outside = "" if row["one_provider_supported"] else " (beyond the providers: extrapolation)"
    if change > MOST_TIMES:
        return f"; one provider of all would cost {per_cent(log(one / cost))} more{outside}"
    compared = f"{format_number(100 * abs(change), 3)} % {'more' if change > 0 else 'less'}"
    return f"; one provider of all would cost {_money(one)}, {compared}{outside}"


def _share(commission: Commission, row: pd.Series) -> str:
    reserved = " and ".join(
        f"{format_number(100 * kind.share)} % for {kind.name} providers" for kind in commission.kinds if kind.share
    )
    extra, free = float(row["cost_of_share"]), float(row["cost_without_share"])
    if extra <= 1e-9 * free:
        return f"To reserve {reserved} costs nothing."
    more = format_number(100 * extra / free, 2)
    return f"To reserve {reserved} costs {format_number(extra)}, {more} % of the cost without."


def _notes(
    commission: Commission, bundles: Bundles, optima: Optima, tables: Mapping[str, pd.DataFrame]
) -> tuple[str, ...]:
    """What a reader must know besides: the grid, what is beyond the data, where the search stopped."""
    steps = " and ".join(
        f"{format_number(step, 6)} {name}" for name, step in zip(commission.outputs, commission.step, strict=True)
    )
    notes = [f"{len(bundles):,} bundles on a grid with steps of {steps}.{_finer(tables[GRID])}"]
    if any(isinstance(kind.fit, Fit) for kind in commission.kinds) and SURE not in tables:
        notes.append("Costs are estimates, and so is the structure: replications=199 says how sure it is.")
    least = np.concatenate([_least(bundles, mixture) for mixture in optima.values()])
    if len(least) and least.all():
        notes.append(
            "Every provider makes the least that the grid has, so the number of providers is that of the grid: cost "
            "does not say how small is too small. Give smallest=, or a smaller step."
        )
    if not all(mixture.proven for mixture in optima.values()):
        notes.append(
            f"The search stopped after {MOST_NODES:,} branches, or kept to {MANY_COLUMNS:,} bundles: a structure "
            "within the gap may be cheaper."
        )
    return tuple(notes)


def _finer(grid: pd.DataFrame) -> str:
    halves = grid[grid["step"] == "half"]
    if halves.empty:
        return ""
    before, after = float(grid["cost"].iloc[0]), float(halves["cost"].iloc[0])
    saved = 100.0 * (1.0 - after / before)
    result = f"lowers the cost by {format_number(saved, 2)} %" if saved > 1e-9 else "changes nothing"
    return f" Half the step {result}."


def _least(bundles: Bundles, mixture: Mixture) -> NDArray[np.bool_]:
    """Whether each new bundle in use is the least of its outputs: one step of what it makes."""
    used = (mixture.counts > 0) & (bundles.names == "")
    smallest = (bundles.steps[used] <= 1).all(axis=1)
    whole = bundles.steps[used].sum(axis=1) < bundles.steps.max(axis=0).sum()
    return np.asarray(smallest & whole)


def _beyond(commission: Commission, bundles: Bundles, used: NDArray[np.intp]) -> int:
    """How many of the bundles in use lie beyond the providers of their fit."""
    if commission.only_supported:
        used = used[bundles.names[used] != ""]
    beyond = 0
    for place, kind in enumerate(commission.kinds):
        own = used[bundles.kind[used] == place]
        if len(own) and isinstance(kind.fit, Fit):
            outputs = bundles.outputs[own][:, commission.places_in(kind.fit)]
            beyond += int((~outputs_supported(kind.fit, outputs)).sum())
    return beyond
