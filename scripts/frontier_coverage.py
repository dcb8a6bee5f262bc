"""How often intervals of a frontier cover the truth, and how often its test finds inefficiency: simulated providers.

    python scripts/frontier_coverage.py [--replications 1000] [--processes 2]

Writes benchmarks/frontier_coverage.md. The exit code is 1 where a 95 % interval of the technology covers less than 91 %
or more than 98.5 % of the time, or the test of no inefficiency rejects a true null in more than 8 %.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import econmodel as em
from econmodel.errors import EconmodelError
from econmodel.estimate.bootstrap import quantile_interval
from econmodel.estimate.fit import Fit

Array = NDArray[np.float64]
RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "frontier_coverage.md"
COVERS = (91.0, 98.5)
REJECTS = 8.0
# Small tables are also bootstrapped; the third of 119 draws in order estimates the 2.5 % quantile.
BOOTSTRAPPED, DRAWS = 100, 119
ELASTICITIES = {"visits": 0.5, "advice": 0.4}
RAY = sum(ELASTICITIES.values())


@dataclass(frozen=True)
class World:
    """Providers with noise of 0.15, and how cost rises above the frontier.

    Attributes
    ----------
    sigma_u : of inefficiency
    distribution : of inefficiency
    moved : what a determinant adds to the mean of inefficiency
    sigma_w : of the provider's own level, five periods each
    """

    name: str
    sigma_u: float
    distribution: str = "half_normal"
    moved: float = 0.0
    sigma_w: float = 0.0


WORLDS = (
    World("half-normal, sigma_u twice sigma_v", 0.3),
    World("half-normal, sigma_u as sigma_v", 0.15),
    World("half-normal, no inefficiency", 0.0),
    World("exponential, sigma_u as sigma_v", 0.15, "exponential"),
    World("exponential, no inefficiency", 0.0, "exponential"),
    World("a determinant of inefficiency", 0.3, moved=-0.25),
    World("levels of providers, sigma_u twice sigma_v", 0.3, sigma_w=0.25),
)
SIZES = (100, 1_000)
NOISE, PERIODS = 0.15, 5


def simulated(world: World, rows: int, rng: np.random.Generator) -> tuple[em.CostData, Array]:
    """A table, and what was wasted in each row."""
    visits, advice = np.exp(rng.normal(0.0, 0.6, (2, rows)))
    closeness = rng.normal(size=rows)
    u = np.abs(world.sigma_u * rng.normal(size=rows))
    if world.distribution == "exponential":
        u = rng.exponential(world.sigma_u, rows) if world.sigma_u else u
    if world.moved:
        from scipy.special import log_ndtr, ndtri_exp

        mean = 0.1 + world.moved * closeness
        tail = np.log(rng.uniform(size=rows)) + log_ndtr(mean / world.sigma_u)
        u = mean - world.sigma_u * ndtri_exp(tail)
    level = world.sigma_w * np.repeat(rng.normal(size=rows // PERIODS), PERIODS)
    log_cost = ELASTICITIES["visits"] * np.log(visits) + ELASTICITIES["advice"] * np.log(advice)
    cost = np.exp(1.0 + log_cost + level + u + NOISE * rng.normal(size=rows))
    frame = pd.DataFrame({"cost": cost, "visits": visits, "advice": advice, "closeness": closeness})
    frame = frame.assign(provider=np.arange(rows) // PERIODS, period=np.arange(rows) % PERIODS)
    panel = {"entity": "provider", "time": "period"} if world.sigma_w else {}
    return em.CostData(frame, cost="cost", outputs=["visits", "advice"], **panel), u


def one(world: World, rows: int, number: int) -> dict[str, float]:
    """One table: what its intervals cover (1 or 0), and what its test says; empty where there was no fit."""
    rng = np.random.default_rng([rows, number, WORLDS.index(world)])
    data, u = simulated(world, rows, rng)
    estimator: Any = em.estimators.Frontier(world.distribution, determinants=("closeness",) if world.moved else ())
    try:
        fitted = em.fit(data, "cobb_douglas", estimator, "random" if world.sigma_w else None)
    except EconmodelError:
        return {}
    ray = em.scale(fitted).row("ray elasticity")
    waste = fitted.efficiencies()
    found = {
        "ray elasticity": float(ray["conf_low"] <= RAY <= ray["conf_high"]),
        "inefficiency of a row": float(u_within(u, waste)),
        "nothing found": float(fitted.found.at_boundary),
        "inefficiency found at 5 %": float(not fitted.inefficiency_test().passed),
        "mean inefficiency over the true": float(waste["inefficiency"].mean() / u.mean()) if u.any() else np.nan,
    }
    if world.sigma_u and not fitted.found.at_boundary:
        estimate, error = fitted.error_parameters.loc["sigma_u"]
        found["sigma_u"] = float(abs(estimate - world.sigma_u) <= 1.96 * error)
    if rows <= BOOTSTRAPPED:
        drawn = fitted.bootstrap(fitted.replications(DRAWS, number)) @ slope_of_ray(fitted)
        low, high = quantile_interval(drawn, 0.95)
        found["ray elasticity, bootstrap"] = float(low <= RAY <= high)
        found["replications lost"] = float(np.isnan(drawn).mean())
    return found


def u_within(u: Array, waste: pd.DataFrame) -> float:
    """Share of rows whose waste is within its interval."""
    return float(((waste["inefficiency_low"] <= u) & (u <= waste["inefficiency_high"])).mean())


def slope_of_ray(fitted: Fit) -> Array:
    """The ray elasticity as a sum of parameters."""
    return np.array([float(name in ELASTICITIES) for name in fitted.technology.names])


COLUMNS = (
    "ray elasticity", "ray elasticity, bootstrap", "sigma_u", "inefficiency of a row", "inefficiency found at 5 %",
    "nothing found", "replications lost",
)  # fmt: skip


def line(world: World, rows: int, found: list[dict[str, float]]) -> tuple[list[str], bool]:
    """A line of the table, in per cent, and whether it is within what is required."""
    frame = pd.DataFrame([one for one in found if one])
    cells = [world.name, f"{rows:,}"]
    for name in COLUMNS:
        # Where there is no waste, an interval that holds it and a sigma_u above zero mean nothing.
        known = name in frame and (world.sigma_u > 0 or name not in ("inefficiency of a row", "sigma_u"))
        cells.append(f"{100.0 * frame[name].mean():.1f}" if known else "–")
    ratio = frame["mean inefficiency over the true"].mean()
    cells += [f"{ratio:.2f}" if ratio == ratio else "–", str(len(found) - len(frame))]
    covered = [100.0 * frame[name].mean() for name in COLUMNS[:2] if name in frame]
    good = all(COVERS[0] <= value <= COVERS[1] for value in covered)
    if world.sigma_u == 0:
        good &= 100.0 * frame["inefficiency found at 5 %"].mean() <= REJECTS
    return [*cells, "yes" if good else "NO"], good


def main() -> int:
    """Run every world at every size, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--replications", type=int, default=1_000)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    head = ["", "rows", *COLUMNS, "mean inefficiency over the true", "no fit", "within"]
    lines, within = [head, ["---"] + ["---:"] * (len(head) - 1)], True
    with ProcessPoolExecutor(asked.processes) as pool:
        for world in WORLDS:
            for rows in SIZES:
                found = list(pool.map(partial(one, world, rows), range(asked.replications), chunksize=10))
                cells, good = line(world, rows, found)
                sys.stdout.write(" ".join(cells) + "\n")
                sys.stdout.flush()
                lines.append(cells)
                within &= good
    text = "\n\n".join(
        [
            "# Coverage of frontiers",
            f"Made by `scripts/frontier_coverage.py`: {asked.replications:,} simulated tables a line, Cobb-Douglas "
            f"with two outputs, noise of {NOISE}.",
            "Per cent of tables whose 95 % interval covers the truth (of rows, for the inefficiency of a row); in how "
            "many the likelihood-ratio test finds inefficiency at 5 %, and in how many none is found at all; how many "
            "bootstrap replications were lost. An interval of a row's inefficiency takes the parameters as known: in "
            "small tables, where they are not, it covers less.",
            "\n".join(f"| {' | '.join(cells)} |" for cells in lines),
        ]
    )
    RESULTS.write_text(text + "\n", encoding="utf-8")
    return int(not within)


if __name__ == "__main__":
    sys.exit(main())
