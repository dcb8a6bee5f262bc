"""The cheapest structure of provision for a demand: how many providers, and what each of them makes."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from econmodel.arrangements.structure.bundles import COMMON, Bundles, bundles, costs_at, programme
from econmodel.arrangements.structure.certainty import certainty, words_of
from econmodel.arrangements.structure.commission import Bound, Commission, Reserved, Value, commission
from econmodel.arrangements.structure.infeasible import require_monotone, why_not
from econmodel.arrangements.structure.integer_programme import Mixture, cheapest
from econmodel.arrangements.structure.words import demand_supported, notes_of, text_of
from econmodel.economies.core.places import CostFunction
from econmodel.errors import NotSupported
from econmodel.results import Table, columns_beside

END = "fixed cost"
STRUCTURES, NUMBERS, COSTS, PRICES, GRID, LEFT_OUT = (
    "structures by number of providers",
    "by number of providers",
    "cost",
    "supporting prices",
    "grid",
    "bundles left out",
)
SURE = "how sure"
# Without numbers= asked for, at most so many numbers of providers are looked at beside the cheapest.
MOST_NUMBERS = 8
BEYOND = 2
# A finer grid with more bundles than this takes minutes.
HALVED_UP_TO = 200_000


def configure(
    function: CostFunction,
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
    function : a fit, or a stated cost function
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
        One row a bundle in use: how many providers make it and what each costs. Further tables: "cost" (with the lower
        bound of the linear programme, the gap, one provider for all, and what the reserved shares cost), "supporting
        prices" (of a unit of each output, and of a reserved share; duals of the linear programme), "by number of
        providers" and their structures, "grid", "bundles left out" and, with replications, "how sure". Where data do
        not tell a fixed cost of one output from the common one, all is found at each end of what they leave open
        ("fixed cost"), but for numbers of providers.

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
    that reduced costs rule out do not enter the search (Nemhauser and Wolsey, 1988), above 50,000 bundles columns are
    generated (Gilmore and Gomory, 1961), and where the bound is far a table of totals decides (the same, 1966).

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 15, "visits": 80, "half visits squared": 30}
    >>> cost = state("composite", parameters, outputs={"visits": 100}, fixed_costs=("visits",))
    >>> result = configure(cost, {"visits": 400}, step=10)
    >>> result.table[["providers", "visits"]].values.tolist()
    [[4.0, 100.0]]
    """
    asked = commission(
        function,
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
    found = bundles(asked)
    if asked.surplus:
        require_monotone(asked, found)
    solved = {end: cheapest(programme(asked, found, end)) for end in found.costs}
    optima = {end: mixture for end, mixture in solved.items() if mixture is not None}
    if not optima:
        raise NotSupported(why_not(asked, found))
    free = _without_shares(asked, found, optima)
    one_end = len(optima) == 1
    table = pd.concat([_structure(asked, found, mixture, end) for end, mixture in optima.items()], ignore_index=True)
    tables = {
        COSTS: _costs(asked, optima, free),
        PRICES: pd.concat([_prices(asked, mixture, end) for end, mixture in optima.items()], ignore_index=True),
    }
    if one_end:
        tables |= _by_number(asked, found, next(iter(optima.values())), numbers)
    tables[GRID] = _grid(asked, found, optima, halve)
    if found.left_out:
        tables[LEFT_OUT] = pd.DataFrame({"reason": list(found.left_out), "bundles": list(found.left_out.values())})
    sure = {end: certainty(asked, found, optima[end], end, replications, seed) for end in optima if replications}
    if sure:
        tables[SURE] = pd.concat([one.table().assign(**{END: end}) for end, one in sure.items()], ignore_index=True)
    if one_end:
        table = table.drop(columns=END)
        tables = {name: one.drop(columns=END, errors="ignore") for name, one in tables.items()}
    text = text_of(asked, found, optima, tables) + (f" {words_of([*sure.values()])}" if sure else "")
    return Table("Cheapest structure", table, text, notes=notes_of(asked, found, optima, tables), tables=tables)


def _without_shares(asked: Commission, found: Bundles, optima: Mapping[str, Mixture]) -> dict[str, Mixture]:
    """The optima without the reserved shares; the same ones where nothing is reserved."""
    if not any(kind.share for kind in asked.kinds):
        return dict(optima)
    free = {end: cheapest(programme(asked, found, end, share=False)) for end in optima}
    return {end: mixture for end, mixture in free.items() if mixture is not None}


def _structure(asked: Commission, found: Bundles, mixture: Mixture, end: str) -> pd.DataFrame:
    """One row a bundle in use, the dearest first."""
    used = np.flatnonzero(mixture.counts)
    costs = found.costs[end]
    own = (END, "kind", "providers", "size, % of demand", "cost each", "cost")
    outputs, rows = columns_beside(asked.outputs, own), []
    for column in used[np.lexsort((*found.steps[used].T, -costs[used]))]:
        count = int(mixture.counts[column])
        made = dict(zip(outputs, found.outputs[column], strict=True))
        rows.append(
            {END: end, "kind": found.names[column] or asked.kinds[found.kind[column]].name, "providers": count, **made}
            | {"size, % of demand": 100.0 * found.size[column], "cost each": costs[column]}
            | {"cost": count * costs[column]}
        )
    return pd.DataFrame(rows)


def _costs(asked: Commission, optima: Mapping[str, Mixture], free: Mapping[str, Mixture]) -> pd.DataFrame:
    whole = costs_at(asked, asked.kinds[0].function, 0.0, asked.demand[None], tuple(dict.fromkeys((*optima, COMMON))))
    rows = []
    for end, mixture in optima.items():
        row = {
            END: end,
            "providers": int(mixture.counts.sum()),
            "cost": mixture.cost,
            "lower bound": mixture.relaxed.bound,
            "gap, %": 100.0 * mixture.gap,
            "one provider": float(whole[end][0]),
            "one provider supported": demand_supported(asked),
        }
        if any(kind.share for kind in asked.kinds):
            row |= {"cost without the share": free[end].cost, "cost of the share": mixture.cost - free[end].cost}
        rows.append(row)
    return pd.DataFrame(rows)


def _prices(asked: Commission, mixture: Mixture, end: str) -> pd.DataFrame:
    """Prices of a unit that support the linear programme: of outputs, and of a reserved hundredth of the demand."""
    relaxed = mixture.relaxed
    of_outputs = relaxed.premiums[: len(asked.outputs)] if asked.surplus else relaxed.prices
    of_shares = relaxed.premiums[len(asked.outputs) if asked.surplus else 0 :]
    reserved = [f"1 % of the demand for {kind.name}" for kind in asked.kinds if kind.share]
    values = [*(of_outputs / asked.step), *(of_shares / 100.0)]
    return pd.DataFrame({END: end, "one more": [*asked.outputs, *reserved], "price": values})


def _by_number(
    asked: Commission, found: Bundles, best: Mixture, numbers: Sequence[int] | None
) -> dict[str, pd.DataFrame]:
    """The cheapest structure with each number of providers that has one."""
    cheapest_has = int(best.counts.sum())
    end = next(iter(found.costs))
    rows, structures = [], []
    for number in _numbers(cheapest_has, numbers):
        mixture = best if number == cheapest_has else cheapest(programme(asked, found, end, number=number))
        if mixture is None:
            continue
        above = 100.0 * (mixture.cost / best.cost - 1.0)
        rows.append((number, mixture.cost, above, mixture.relaxed.bound))
        structures.append(_structure(asked, found, mixture, end).assign(of=number))
    columns = ["number", "cost", "above the cheapest, %", "lower bound"]
    structure = pd.concat(structures, ignore_index=True) if structures else pd.DataFrame()
    return {NUMBERS: pd.DataFrame(rows, columns=columns), STRUCTURES: structure}


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


def _grid(asked: Commission, found: Bundles, optima: Mapping[str, Mixture], halve: bool) -> pd.DataFrame:
    """Bundles, cost and bound with the step as given, and with half of it."""
    from dataclasses import replace

    rows = [_grid_row("as given", found, end, mixture) for end, mixture in optima.items()]
    finer = replace(asked, step=asked.step / 2.0)
    if halve and float(np.prod(finer.wanted + 1.0)) * len(asked.kinds) <= HALVED_UP_TO:
        halved = bundles(finer)
        solved = {end: cheapest(programme(finer, halved, end)) for end in halved.costs}
        rows += [_grid_row("half", halved, end, mixture) for end, mixture in solved.items() if mixture is not None]
    return pd.DataFrame(rows)


def _grid_row(step: str, found: Bundles, end: str, mixture: Mixture) -> dict[str, object]:
    return {
        END: end,
        "step": step,
        "bundles": len(found),
        "providers": int(mixture.counts.sum()),
        "cost": mixture.cost,
        "lower bound": mixture.relaxed.bound,
    }
