"""How often 95 % intervals cover what they are about: simulated providers, a known truth, every cell printed.

    python scripts/coverage_study.py [--quick] [--processes 2] [--worlds NAME ...]

Writes benchmarks/coverage.csv, one row a measure, and benchmarks/coverage.md, the same as a table, whenever a world is
finished. With --worlds only those are run, and their lines replace the ones there are; a replication has the same seed
either way. The exit code is 1 if an interval covers less or more often than required. --quick prints a small version
and writes nothing.
"""

import argparse
import multiprocessing
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from coverage_table import as_markdown, kept, merge
from numpy.typing import NDArray

import econmodel as em
from econmodel.economies.core import fixed_cost as corners
from econmodel.economies.core.fixed_cost import specialised, without_cost
from econmodel.economies.core.inference import Estimates, estimate, summarise
from econmodel.economies.core.places import CostFunction, resolve
from econmodel.errors import DidNotConverge, NotIdentified, NotSupported
from econmodel.progress import Board, board
from econmodel.simulation import StatedCost

Array = NDArray[np.float64]
# Measure, method, and the ends of its interval.
Row = tuple[str, str, float, float]
RESULTS = Path(__file__).resolve().parent.parent / "benchmarks"
PROVIDERS = (100, 1_000)
# Coverage of a 95 % interval that is near enough: the default covariance is built for small samples, not exact in them.
REQUIRED = {100: (91.0, 98.5), 1_000: (93.0, 97.0)}
REPLICATIONS, QUICK_REPLICATIONS = 1_000, 40
# The third of 119 draws in order estimates the 2.5 % quantile: no interpolation, and the level is kept.
DRAWS = 119
POPULATION = 200_000
CHUNK = 20
EPSILON = 0.1
FIXED_COST, OWN_FIXED_COST = 20.0, 4.0
RAY, QUASI = "ray scale economies", "quasi-scope (epsilon 0.1)"
LOWER, UPPER = "lower end of scope", "upper end of scope"
SCOPE, INTERVAL, ENDS = "degree of scope", "degree of scope, identified as an interval", "both ends of that interval"
ROUNDING = 1e-9
# Intervals that must hold a whole identified interval cover any one value more often than they must.
AT_LEAST = (INTERVAL, ENDS)
OF_SCOPE = (SCOPE, INTERVAL, ENDS)


@dataclass(frozen=True)
class World:
    """A cost function with its parameters, and how providers are drawn from it.

    Attributes
    ----------
    truth : the cost function
    options : of `em.worlds.simulate`
    parts : whether the parts of the separation are studied too
    """

    name: str
    truth: StatedCost
    options: dict[str, Any] = field(default_factory=dict)
    parts: bool = False


def composite(outputs: int, specialised: bool = False, relationship: bool = False) -> StatedCost:
    """A composite cost function of about 100 at the mean, a fifth of it fixed; part of that is the outputs' own, which
    data show only where there are specialised providers.
    """
    names = ("visits", "advice", "meals")[:outputs]
    shares = {2: (45.0, 35.0), 3: (30.0, 26.0, 24.0)}[outputs]
    parameters = {"common cost": FIXED_COST} | dict(zip(names, shares, strict=True))
    parameters |= {f"half {name} squared": 4.0 for name in names}
    # Along the ray the products cancel the squares, so that cost rises however large a provider is.
    together = -4.0 / (outputs - 1)
    parameters |= {f"{a} x {b}": together for place, a in enumerate(names) for b in names[place + 1 :]}
    if relationship:
        parameters |= {"continuity": -0.1, "tilt of continuity to visits": 3.0}
    if specialised:
        parameters |= {f"fixed cost of {name}": OWN_FIXED_COST for name in names}
        parameters["common cost"] -= OWN_FIXED_COST * outputs
    return em.worlds.state(
        "composite", parameters, outputs=dict.fromkeys(names, 100.0),
        relationships={"continuity": 0.0} if relationship else None, fixed_costs=names if specialised else (),
    )  # fmt: skip


def translog_of_21_parameters() -> StatedCost:
    """Three outputs and two input prices, all second-order terms."""
    outputs, prices = {"visits": 100.0, "advice": 50.0, "meals": 80.0}, {"wage": 20.0, "rent": 10.0}
    parameters = {"constant": 4.0, "visits": 0.35, "advice": 0.3, "meals": 0.25, "wage": 0.6, "rent": 0.2}
    parameters |= {f"half {name} squared": 0.1 for name in outputs}
    parameters |= {"visits x advice": -0.04, "advice x meals": -0.03}
    parameters |= {"half wage squared": 0.05, "wage x rent": -0.05, "visits x wage": 0.03, "meals x rent": -0.02}
    return em.worlds.state("translog", parameters, outputs=outputs, prices=prices)


def one_output(form: str) -> StatedCost:
    """One output, and continuity with an effect of its own."""
    parameters = {"constant": 4.0, "visits": 0.9, "continuity": -0.15}
    if form == "translog":
        parameters |= {"half visits squared": 0.1, "visits x continuity": 0.05, "half continuity squared": 0.1}
    return em.worlds.state(form, parameters, outputs={"visits": 100.0}, relationships={"continuity": 0.0})


def worlds() -> list[World]:
    """Every world, chosen before any was run."""
    uneven = {"noise_grows": 0.5}
    two = {"specialised": dict.fromkeys(("visits", "advice"), 0.25)}
    three = {"specialised": dict.fromkeys(("visits", "advice", "meals"), 0.25)}
    follows = {"follows_size": {"continuity": -0.3}}
    without = "composite, 2 outputs, specialised providers"
    found = [
        World(f"composite, {m} outputs, correlation {correlation}", composite(m), {"correlation": correlation})
        for m in (2, 3)
        for correlation in (0.7, 0.95)
    ]
    found += [World(f"composite, {m} outputs, uneven noise", composite(m), uneven) for m in (2, 3)]
    found += [
        World(without, composite(2, specialised=True), two),
        World(f"{without}, correlation 0.95", composite(2, specialised=True), two | {"correlation": 0.95}),
        World(f"{without}, uneven noise", composite(2, specialised=True), two | uneven),
        World("composite, 3 outputs, specialised providers", composite(3, specialised=True), three),
        World("translog, 21 parameters", translog_of_21_parameters()),
        World("translog, 21 parameters, uneven noise", translog_of_21_parameters(), uneven),
    ]
    separated = {
        "Cobb-Douglas": one_output("cobb_douglas"),
        "translog": one_output("translog"),
        "composite, 2 outputs": composite(2, relationship=True),
    }
    for name, truth in separated.items():
        found.append(World(f"separation, {name}", truth, follows, parts=True))
        found.append(World(f"separation, {name}, uneven noise", truth, follows | uneven, parts=True))
    return found


def place(truth: StatedCost) -> dict[str, float]:
    """The point at which economies are measured, the same in every replication: the true mean."""
    technology, mean = truth.technology, truth.technology.mean_point()
    columns = (*technology.outputs, *technology.prices, *technology.relationships)
    values = np.concatenate([mean.outputs[0], np.exp(mean.log_prices[0]), mean.relationships[0]])
    return dict(zip(columns, values.tolist(), strict=True))


def measure_at(function: CostFunction, at: dict[str, float]) -> tuple[list[str], Callable[[Array], Array]]:
    """Point measures as one function of the parameters, and their names; scope at both ends of what is identified."""
    technology, point = function.technology, resolve(function, at).point
    count = len(technology.outputs)
    alone = list(np.eye(count, dtype=bool))
    firms = np.full((count, count), EPSILON) + (1.0 - count * EPSILON) * np.eye(count)
    scopes = technology.is_level and count > 1
    names = [RAY] + [LOWER, UPPER, QUASI] * scopes
    names += [f"relationship: {name}" for name in technology.relationships]

    def measure(theta: Array) -> Array:
        slopes = technology.slopes(theta, point)
        values = [1.0 / (slopes.outputs * point.outputs).sum(axis=-1)]
        if scopes:
            joint = technology.cost(theta, point)
            apart = sum(technology.cost(theta, point.with_outputs(point.outputs * share)) for share in firms)
            values += [
                corners.degree_of_scope(technology, theta, point, alone, one)
                for one in (corners.Reading(0), corners.COMMON)
            ]
            values.append((apart - joint) / joint)
        values += list(np.moveaxis(slopes.relationships, -1, 0))
        return np.concatenate([np.broadcast_to(value, (*theta.shape[:-1], 1)) for value in values], axis=-1)

    return names, measure


def true_economies(truth: StatedCost) -> dict[str, tuple[float, float]]:
    """What intervals have to cover: a value (twice), or both ends of an identified interval."""
    names, measure = measure_at(truth, place(truth))
    found = {name: (float(value), float(value)) for name, value in zip(names, measure(truth.theta), strict=True)}
    low, high = found.pop(LOWER, (0.0, 0.0))[0], found.pop(UPPER, (0.0, 0.0))[0]
    if QUASI in found and truth.technology.fixed_costs:
        found[SCOPE] = (high, high)
    elif QUASI in found:
        # Common is what remains of all fixed cost when each output's own is taken out; data cannot tell.
        common = 1.0 - OWN_FIXED_COST * len(truth.technology.outputs) / FIXED_COST
        found |= {INTERVAL: (low + common * (high - low),) * 2, ENDS: (low, high)}
    return found


def intervals(names: list[str], found: Estimates, whole: bool) -> dict[str, tuple[float, float]]:
    """Intervals by measure; where only an interval is identified (`whole`), one that covers all of it."""
    printed = {name: (float(low), float(high)) for name, low, high in zip(names, found.low, found.high, strict=True)}
    if QUASI not in printed:
        return printed
    lower, upper = printed.pop(LOWER), printed.pop(UPPER)
    if not whole:
        return {**printed, SCOPE: upper}
    if found.values[names.index(LOWER)] > found.values[names.index(UPPER)]:
        lower, upper = upper, lower
    return {**printed, **dict.fromkeys((SCOPE, INTERVAL, ENDS), (lower[0], upper[1]))}


def scope_is_given(fitted: CostFunction, at: dict[str, float]) -> bool:
    """Whether `em.scope` gives a number at all: it gives none where the fitted cost of a corner is not positive."""
    technology, places = fitted.technology, resolve(fitted, at)
    if not technology.is_level:
        return False
    corner = specialised(technology.outputs, places.point, list(np.eye(len(technology.outputs), dtype=bool)))
    return not without_cost(fitted, places, corner)[0].any()


def replicate(world: World, providers: int, seed: int) -> Iterator[Row]:
    """One simulated table: measure, method, and the interval's ends."""
    data = em.worlds.simulate(world.truth, providers, seed=seed, **world.options).data
    fitted = em.fit(data, form=world.truth.technology.form)
    names, measure = measure_at(fitted, place(world.truth))
    whole = bool(corners.unidentified(fitted).any())
    drawn = measure(fitted.bootstrap(fitted.replications(DRAWS, seed)))
    by_method = {
        "delta": estimate(fitted, measure),
        "bootstrap": summarise(measure(fitted.theta), drawn, np.full(len(names), np.nan), 0.95),
    }
    refused = not scope_is_given(fitted, place(world.truth))
    for method, found in by_method.items():
        for name, ends in intervals(names, found, whole).items():
            yield name, method, *((np.nan, np.nan) if refused and name in OF_SCOPE else ends)
    if world.parts:
        table = em.separate(fitted, replications=DRAWS, seed=seed).table
        for row in table.itertuples():
            yield f"part: {row.term}", "bootstrap", row.conf_low, row.conf_high


def as_printed(world: World, seed: int) -> bool:
    """Whether the intervals studied here are those that `em.scale` and `em.scope` print."""
    data = em.worlds.simulate(world.truth, min(PROVIDERS), seed=seed, **world.options).data
    fitted, at = em.fit(data, form=world.truth.technology.form), place(world.truth)
    studied = {name: ends for name, method, *ends in replicate(world, len(data), seed) if method == "delta"}
    printed = [(RAY, em.scale(fitted, at=at))]
    if SCOPE in studied:
        printed += [(SCOPE, em.scope(fitted, at=at)), (QUASI, em.scope(fitted, at=at, epsilon=EPSILON))]
    rows = {name: effects.row(name) for name, effects in printed}
    return all(
        np.allclose(studied[name], (row["conf_low"], row["conf_high"]), rtol=1e-9, equal_nan=True)
        for name, row in rows.items()
    )


def population(world: World) -> dict[str, float]:
    """Parts of the separation among very many providers, of whom no chance is left."""
    data = em.worlds.simulate(world.truth, POPULATION, seed=1, **world.options).data
    table = em.separate(em.fit(data, form=world.truth.technology.form), replications=19).table
    return {f"part: {row.term}": float(row.estimate) for row in table.itertuples()}


def seed_of(world: int, providers: int, replication: int) -> int:
    """A seed for each replication, whatever order they are made in."""
    return int(np.random.SeedSequence([2012, world, providers, replication]).generate_state(1)[0])


def run_chunk(number: int, providers: int, first: int, last: int) -> list[Row]:
    """Some replications of a world; one that gives no result gives an empty name."""
    world, rows = worlds()[number], []
    for replication in range(first, last):
        try:
            rows += list(replicate(world, providers, seed_of(number, providers, replication)))
        except (DidNotConverge, NotIdentified, NotSupported) as refused:
            rows.append(("", type(refused).__name__, np.nan, np.nan))
    return rows


def run_truth(number: int) -> dict[str, tuple[float, float]]:
    """What the intervals of a world have to cover."""
    world = worlds()[number]
    if not as_printed(world, seed_of(number, min(PROVIDERS), 0)):
        raise AssertionError(f"{world.name}: the intervals studied are not those that econmodel prints")
    found = true_economies(world.truth)
    return found | {name: (value, value) for name, value in (population(world) if world.parts else {}).items()}


def coverage(
    world: World, providers: int, rows: list[Row], truth: dict[str, tuple[float, float]], replications: int
) -> pd.DataFrame:
    """One row a measure and method: how many of the intervals that were given cover, and how many were not given."""
    found = pd.DataFrame(rows, columns=["measure", "method", "low", "high"])
    least, most = REQUIRED[providers]
    table = []
    for (measure, method), every in found[found["measure"].isin(list(truth))].groupby(
        ["measure", "method"], sort=False
    ):
        low, high = truth[str(measure)]
        given = every.dropna()
        # A part that is zero by construction has an interval of rounding, which never fails to hold it.
        always = measure in AT_LEAST or bool((given["high"] - given["low"] < ROUNDING).all())
        share = float(((given["low"] <= low) & (given["high"] >= high)).mean())
        table.append(
            {
                "world": world.name,
                "providers": providers,
                "measure": measure,
                "method": method,
                "truth_low": low,
                "truth_high": high,
                "coverage": 100.0 * share,
                "monte_carlo_error": 100.0 * np.sqrt(share * (1.0 - share) / len(given)),
                "median_width": float((given["high"] - given["low"]).median()),
                "least": least,
                "most": 100.0 if always else most,
                "replications": replications,
                "not_given": replications - len(given),
            }
        )
    return pd.DataFrame(table)


def study(board: Board, chosen: Sequence[int], replications: int, processes: int) -> Iterator[pd.DataFrame]:
    """The table of each chosen world, as soon as it is finished."""
    every = worlds()
    chunks = [(first, min(first + CHUNK, replications)) for first in range(0, replications, CHUNK)]
    with processes_of_one_thread(processes) as pool:
        truths = {number: pool.submit(run_truth, number) for number in chosen}
        tasks = {
            pool.submit(run_chunk, number, providers, *chunk): (number, providers)
            for number in chosen
            for providers in PROVIDERS
            for chunk in chunks
        }
        rows: dict[tuple[int, int], list[Row]] = {task: [] for task in tasks.values()}
        done = dict.fromkeys(chosen, 0)
        for finished in as_completed(tasks):
            number, providers = tasks[finished]
            rows[number, providers] += finished.result()
            done[number] += 1
            board.step(every[number].name, done[number], len(chunks) * len(PROVIDERS))
            if done[number] == len(chunks) * len(PROVIDERS):
                truth = truths[number].result()
                table = pd.concat([coverage(every[number], n, rows[number, n], truth, replications) for n in PROVIDERS])
                board.done(every[number].name, range_of_coverage(table))
                yield table


def range_of_coverage(found: pd.DataFrame) -> str:
    """One line about a world."""
    lines = found.groupby("providers", sort=False)["coverage"]
    return "; ".join(f"{n:,} providers: {one.min():.1f} to {one.max():.1f} %" for n, one in lines)


def processes_of_one_thread(count: int) -> ProcessPoolExecutor:
    """Fresh interpreters, so that the number of threads holds in them."""
    os.environ |= dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn"))


def numbers_of(names: Sequence[str]) -> list[int]:
    """Places of worlds among all; every one where none is named."""
    every = [world.name for world in worlds()]
    unknown = [name for name in names if name not in every]
    if unknown:
        raise SystemExit(f"There is no world {'; '.join(unknown)}. The worlds are:\n" + "\n".join(every))
    return [number for number, name in enumerate(every) if not names or name in names]


def main() -> int:
    """Run the study; 1 if something covers less or more often than required."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small version, not written")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--worlds", nargs="+", default=[], metavar="NAME", help="these only; others keep their lines")
    asked = parser.parse_args()
    start, every = time.perf_counter(), [world.name for world in worlds()]
    chosen = numbers_of(asked.worlds)
    lines = RESULTS / "coverage.csv"
    found = kept(lines) if not asked.quick else pd.DataFrame({"world": []})
    with board([every[number] for number in chosen]) as parts:
        replications = QUICK_REPLICATIONS if asked.quick else REPLICATIONS
        for table in study(parts, chosen, replications, asked.processes):
            found = merge(found, table, every)
            text = as_markdown(found, every, REQUIRED, DRAWS)
            if not asked.quick:
                found.to_csv(lines, index=False, lineterminator="\n")
                (RESULTS / "coverage.md").write_text(text, encoding="utf-8")
    print(text)
    print(f"{time.perf_counter() - start:.0f} seconds")
    missed = found[(found["coverage"] < found["least"]) | (found["coverage"] > found["most"])]
    print(f"{len(missed)} of {len(found)} lines are not within what is required")
    return int(len(missed) > 0 and not asked.quick)


if __name__ == "__main__":
    sys.exit(main())
