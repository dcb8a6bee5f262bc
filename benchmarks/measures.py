"""What each measure of a cost function takes: at the mean, at every one of 10,000 providers, and with a bootstrap.

    python benchmarks/measures.py [--rounds 15]

Prints a table and writes benchmarks/measures.md. The exit code is 1 if a point measure misses its target. Processor
time of one thread counts, the least of several rounds, which other programs on the machine disturb least.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from one_pass import ONE_THREAD, Targets, holds, machine, seconds, table, targets_table

RESULTS = Path(__file__).resolve().parent / "measures.md"
PROVIDERS = 10_000
FEW_CLUSTERS = 15
# A few rounds are enough for what takes long.
FEWER = 3
MEAN, EVERYWHERE = "mean", "every provider"
TARGETS: Targets = {
    MEAN: ("slowest point measure at the mean, of a fit of 10,000 providers", "at most", 50.0, "ms"),
    EVERYWHERE: ("slowest point measure at every one of them", "at most", 2.0, "s"),
}
Call = Callable[..., object]


def level_form(specialised: bool) -> Any:
    """A composite fit: three outputs, a wage and a relationship variable; with specialised providers or without."""
    import econmodel as em

    names = ("visits", "advice", "meals")
    cost = em.worlds.state(
        "composite",
        {"common cost": 20, "visits": 30, "advice": 26, "meals": 24, "visits x advice": -4, "continuity": -0.1},
        outputs=dict.fromkeys(names, 100), prices={"wage": 20}, relationships={"continuity": 0.0},
        fixed_costs=names if specialised else (),
    )  # fmt: skip
    zeros = {"specialised": dict.fromkeys(names, 0.25)} if specialised else {}
    return em.fit(em.worlds.simulate(cost, PROVIDERS, **zeros).data, form="composite")


def log_form() -> Any:
    """A translog fit: two outputs, a wage, a relationship variable, users served as a network, a score as outcome."""
    import numpy as np

    import econmodel as em

    terms = {"constant": 4.0, "visits": 0.5, "letters": 0.3, "continuity": -0.1, "wage": 0.7}
    cost = em.worlds.state(
        "translog", terms, outputs={"visits": 100, "letters": 900}, prices={"wage": 20},
        relationships={"continuity": 0.0},
    )  # fmt: skip
    frame = em.worlds.simulate(cost, PROVIDERS).data.frame
    rng = np.random.default_rng(1)
    frame = frame.assign(
        users=frame["visits"] ** 0.8 * np.exp(0.3 * rng.standard_normal(PROVIDERS)),
        score=np.exp(4.0 + 0.1 * frame["continuity"] + 0.1 * rng.standard_normal(PROVIDERS)),
    )
    data = em.CostData(
        frame, cost="cost", outputs={"visits": em.Output("personal"), "letters": em.Output("transactional")},
        prices=["wage"], network=["users"], outcomes=["score"],
        relationships={"continuity": em.Relationship("attribute", more_means="closer")},
    )  # fmt: skip
    return em.fit(data, form="translog")


def panel() -> Any:
    """A Cobb-Douglas fit of five years, with cumulative volume."""
    import econmodel as em

    cost = em.worlds.state("cobb_douglas", {"constant": 4.0, "visits": 0.8}, outputs={"visits": 100})
    data = em.worlds.simulate(cost, PROVIDERS // 5, periods=5).data
    return em.fit(em.tables.cumulative(data, "visits"), form="cobb_douglas", effects="within")


def at_places(level: Any, apart: Any, logs: Any) -> dict[str, Call]:
    """Point measures that are taken anywhere."""
    import econmodel as em

    two = [["visits", "advice"], ["meals"]]
    return {
        "em.scale": lambda at: em.scale(level, at=at),
        "em.scale, translog": lambda at: em.scale(logs, at=at),
        "em.scope, interval": lambda at: em.scope(level, at=at),
        "em.scope, specialised providers": lambda at: em.scope(apart, at=at),
        "em.scope, partition": lambda at: em.scope(level, at=at, partition=two),
        "em.scope, epsilon=0.1": lambda at: em.scope(level, at=at, epsilon=0.1),
        "em.outputs.diversification": lambda at: em.outputs.diversification(level, at=at),
        "em.outputs.diversification, beta=0.8": lambda at: em.outputs.diversification(level, at=at, beta=0.8),
        "em.marginal_cost": lambda at: em.marginal_cost(level, at=at),
        "em.relationship": lambda at: em.relationship(level, at=at),
        "em.relationship, translog": lambda at: em.relationship(logs, at=at),
        "em.relationships.economies": lambda at: em.relationships.economies(level, at=at),
        "em.density": lambda at: em.density(logs, at=at),
        "em.support": lambda at: em.support(level, at=at),
    }


def at_one_place(level: Any, logs: Any, years: Any) -> dict[str, Call]:
    """Point measures of one place, one path or one pair."""
    import econmodel as em

    level_pair, pair = level.data.row_names()[:2], logs.data.row_names()[:2]
    return {
        "em.unit_cost, nine sizes": lambda: em.unit_cost(level),
        "em.outputs.expansion_path": lambda: em.outputs.expansion_path(level),
        "em.outputs.exhaustion": lambda: em.outputs.exhaustion(logs),
        "em.relationships.scaling": lambda: em.relationships.scaling(logs),
        "em.learning": lambda: em.learning(years),
        "em.decompose, two providers": lambda: em.decompose(level, *level_pair),
        "em.decompose, two providers, translog": lambda: em.decompose(logs, *pair),
    }


def bootstrapped(level: Any, logs: Any) -> dict[str, Call]:
    """What has no derivative (a maximum, a share), depends on the sample, or is tested with few clusters."""
    import numpy as np

    import econmodel as em

    groups = np.arange(PROVIDERS) % FEW_CLUSTERS
    clustered = em.fit(level.data, form="composite", groups=groups)
    study = em.worlds.state("translog", {"constant": 4.0, "visits": 0.95}, outputs={"visits": 100})
    return {
        "em.outputs.complementarity": lambda seed: em.outputs.complementarity(level, seed=seed),
        "em.outputs.trans_ray": lambda seed: em.outputs.trans_ray(level, seed=seed),
        "em.outputs.subadditivity": lambda seed: em.outputs.subadditivity(level, seed=seed),
        'em.outputs.subadditivity, splits="general"': lambda seed: em.outputs.subadditivity(
            level, splits="general", seed=seed
        ),
        "em.separate": lambda seed: em.separate(logs, seed=seed),
        "em.decompose, two groups": lambda seed: em.decompose(logs, "visits <= 100", "visits > 100", seed=seed),
        "em.relationships.per_outcome": lambda seed: em.relationships.per_outcome(logs, seed=seed),
        "em.relationships.value": lambda seed: em.relationships.value(logs, seed=seed),
        "em.compare, one service": lambda seed: em.compare({"service": logs}, seed=seed),
        "em.power, six numbers of providers": lambda seed: em.power(study, seed=seed),
        f"em.scale, {FEW_CLUSTERS} clusters, at 20 sizes": lambda seed: em.scale(
            clustered, at=np.linspace(0.5, 2.0, 20), seed=seed
        ),
    }


def least(call: Call, rounds: int, *places: str) -> float:
    """Processor time of the fastest of several calls, after one that loads what it needs."""
    call(*places)
    return min(seconds(lambda: call(*places)) for _ in range(rounds))


def anew(call: Call) -> float:
    """Processor time of a call with a seed that nothing was drawn with before, after one that loads what it needs."""
    call(0)
    return seconds(lambda: call(1))


def measure(rounds: int) -> tuple[list[tuple[str, float, float | None]], list[tuple[str, float]]]:
    """Seconds of each point measure at the mean and at every provider, and of each bootstrap."""
    level, apart, logs, years = level_form(False), level_form(True), log_form(), panel()
    points: list[tuple[str, float, float | None]] = []
    for name, call in at_places(level, apart, logs).items():
        points.append((name, least(call, rounds, MEAN), least(call, FEWER, EVERYWHERE)))
    points += [(name, least(call, rounds), None) for name, call in at_one_place(level, logs, years).items()]
    return points, [(name, anew(call)) for name, call in bootstrapped(level, logs).items()]


def outcomes(points: list[tuple[str, float, float | None]]) -> dict[str, float]:
    """The number of each target."""
    everywhere = [taken for _, _, taken in points if taken is not None]
    return {MEAN: 1000 * max(mean for _, mean, _ in points), EVERYWHERE: max(everywhere)}


def as_markdown(points: list[tuple[str, float, float | None]], others: list[tuple[str, float]]) -> str:
    """Both tables, and what was to be kept."""
    rows = [
        [f"`{name}`", f"{1000 * mean:.0f} ms", "" if everywhere is None else f"{everywhere:.2f} s"]
        for name, mean, everywhere in points
    ]
    parts = [
        "# What measures take",
        f"Made by `benchmarks/measures.py` on {machine()} One thread; processor time, the least of several rounds.",
        f"Fits of {PROVIDERS:,} providers. Composite: three outputs, a wage and a relationship variable. Translog: two "
        "outputs, a wage, a relationship variable, a network and an outcome.",
        targets_table(TARGETS, outcomes(points)),
        "## Point measures",
        "With delta intervals; at the mean, or at the one place, path or pair that a measure is of.",
        table(["", "at the mean", "at every provider"], rows),
        "## Measures with a bootstrap",
        "A maximum or a share over a region has no derivative, and means over providers depend on the sample: 999 "
        "replications, everything re-estimated. Power is 200 simulated studies a number of providers. With few "
        "clusters every p-value of any measure is a bootstrap of its own (9,999 draws). No target.",
        table(["", ""], [[f"`{name}`", f"{taken:.2f} s"] for name, taken in others]),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Measure everything; 1 if a point measure misses a target."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    asked = parser.parse_args()
    # Before numpy is loaded: libraries look once.
    os.environ |= ONE_THREAD
    points, others = measure(asked.rounds)
    text = as_markdown(points, others)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")
    kept = [holds(outcomes(points)[name], how, bound) for name, (_, how, bound, _) in TARGETS.items()]
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())
