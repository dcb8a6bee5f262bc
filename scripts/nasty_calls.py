"""Random small and awkward tables through every measure: what is neither an answer nor the package's own words.

`python scripts/nasty_calls.py FIRST LAST` prints what is foreign (another library's exception or warning, an identity
that fails, a number missing without a word, a sentence with an absurd number) for every seed from FIRST to LAST, and
the counts by measure.
"""

import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

import econmodel as em
from econmodel.errors import EconmodelError

# Words that the package's own tables and sentences use.
NAMES = (
    "scale", "residual", "mix", "total", "apparent", "cost", "term", "at", "index", "size", "estimate", "mean",
    "prices", "context", "network", "outcomes", "time", "provider effects", "supported", "constant", "firm", "bundle",
    "share", "providers", "kind", "number", "value", "outcome", "period", "merger", "learning", "harmony",
    "hours on call", "a on scale", "spread within groups", "cost gap", "size fifth", "log unit cost", "mean size",
    "relationship: scale", "std_error", "null", "in support", "with", "rows", "of", "output", "weight", "level_0",
    "slope", "0", "visits", "meals", "wage", "hours", "merged", "saving", "admissible", "distance to nearest provider",
)  # fmt: skip
FORMS = ("cobb_douglas", "translog", "composite", "flexible_fixed_cost", "normalised_quadratic")
REASONS = ("no number", "cannot", "no split is admissible", "no price follows", "no point of the grid")
# A per cent, a ratio or an elasticity beyond this is not said of anything.
ABSURD = re.compile(r"\bnan\b|∞|\binf\b|(\d(\.\d+)?e\+?\d{2}|\d{1,3}(,\d{3}){2,}(\.\d+)?) (%|times)", re.IGNORECASE)


def table(rng: np.random.Generator) -> tuple[pd.DataFrame, dict[str, Any]]:
    """A table and the roles of its columns."""
    names = iter(rng.permutation(NAMES).tolist())
    n = int(rng.choice([3, 4, 6, 8, 12, 15, 25, 40, 80]))
    periods = int(rng.choice([1, 1, 1, 3]))
    rows, size = n * periods, rng.normal(0, rng.choice([0.02, 0.5, 1.2]), n * periods)
    columns: dict[str, Any] = {}

    def column(values: np.ndarray) -> str:
        columns[next_name := next(names)] = values
        return next_name

    def spread() -> np.ndarray:
        kind = rng.choice(["usual", "usual", "usual", "hardly", "two values", "one row", "wide"])
        noise = rng.normal(0, 1, rows)
        if kind == "hardly":
            return 10 ** rng.uniform(-9, -2) * noise
        if kind == "two values":
            return (noise > 0).astype(float)
        if kind == "one row":
            return (np.arange(rows) == 0).astype(float)
        return noise * (0.4 if kind == "usual" else 4.0)

    outputs = [
        column(np.exp(rng.choice([-3, 0, 4, 9]) + rng.uniform(0.3, 1) * size + spread()))
        for _ in range(rng.choice([1, 1, 2, 2, 3]))
    ]
    if rng.random() < 0.2:
        columns[outputs[-1]] = np.where(rng.random(rows) < 0.3, 0.0, columns[outputs[-1]])
    prices = [column(np.exp(rng.choice([-4, 0, 3]) + 0.3 * spread())) for _ in range(rng.choice([0, 0, 1, 2]))]
    bonds = {}
    for _ in range(rng.choice([0, 1, 1, 2])):
        level = rng.choice([0.0, 0.97, 40.0]) + rng.choice([0.001, 0.2, 5.0]) * spread() - 0.1 * size
        in_logs = rng.random() < 0.3
        kind = rng.choice(["attribute", "input_ratio", "unstated"])
        closer = rng.choice([None, "closer", "looser"])
        name = column(np.exp(np.clip(level, -20, 20)) if in_logs else level)
        bonds[name] = em.Relationship(kind, "log" if in_logs else "level", closer)
    network = [column(np.exp(0.5 * size + spread()))] if rng.random() < 0.2 else []
    controls = [column(spread()) for _ in range(rng.choice([0, 0, 1]))]
    results = [column(50 + spread() - rng.choice([0, 2]) * size) for _ in range(rng.choice([0, 0, 1]))]
    base = rng.choice([-2, 2, 8]) + rng.choice([0.9, 1.1, 0.0, -0.3]) * size + rng.choice([0, 0.1, 0.5]) * spread()
    cost = np.exp(base + sum(0.3 * np.log(columns[p]) for p in prices))
    if rng.random() < 0.05:
        cost = 2.0 * columns[outputs[0]] + 1e-9
    roles: dict[str, Any] = {
        "cost": column(cost), "prices": prices, "relationships": bonds, "controls": controls, "outcomes": results,
        "network": network,
        "outputs": {o: rng.choice(["personal", "transactional"]) for o in outputs} if rng.random() < 0.5 else outputs,
    }  # fmt: skip
    if periods > 1 or rng.random() < 0.5:
        roles["entity"] = column(np.tile([f"P{i}" for i in range(n)], periods))
    if periods > 1 and rng.random() < 0.7:
        roles["time"] = column(np.repeat(np.arange(2001, 2001 + periods), n))
    return pd.DataFrame(columns), roles


def options(rng: np.random.Generator, roles: dict[str, Any]) -> dict[str, Any]:
    """How to fit."""
    chosen: dict[str, Any] = {"form": str(rng.choice(FORMS)), "second_order": rng.choice([None, "none", "outputs"])}
    if "time" in roles and rng.random() < 0.5:
        chosen["effects"] = str(rng.choice(["within", "mundlak"]))
    if rng.random() < 0.2:
        chosen["hold_outcomes"] = True
    if rng.random() < 0.1:
        chosen["error"] = "additive"
    return chosen


def calls(fit: Any, rng: np.random.Generator) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Every measure and arrangement of a fit, with arguments that a user would give."""
    data, outputs = fit.data, list(fit.technology.outputs)
    names, quick = data.row_names(), {"replications": 29}
    bonds, method = list(fit.technology.relationships), str(rng.choice(["delta", "simulate", "bootstrap"]))
    at = [1.0, "mean", "median", [0.5, 1, 2], "every provider", 30.0][rng.integers(6)]
    how = {"at": at, "method": method}
    yield "scale", lambda: em.scale(fit, **how)
    yield "marginal_cost", lambda: em.marginal_cost(fit, **how)
    yield "scope", lambda: em.scope(fit, **how)
    yield "quasi-scope", lambda: em.scope(fit, epsilon=0.1, **how)
    yield "relationship", lambda: em.relationship(fit, **how)
    yield "unit_cost", lambda: em.unit_cost(fit, method=method)
    yield "density", lambda: em.density(fit, **how)
    yield "diversification", lambda: em.diversification(fit, **how)
    yield "expansion_path", lambda: em.expansion_path(fit, method=method)
    yield "subadditivity", lambda: em.subadditivity(fit, **quick)
    yield "trans_ray_convexity", lambda: em.trans_ray_convexity(fit, **quick)
    yield "complementarity", lambda: em.complementarity(fit, **quick)
    yield "regularity", lambda: em.regularity(fit, **quick)
    yield "support", lambda: em.support(fit, at=at)
    yield "exhaustion", lambda: em.exhaustion(fit)
    yield "learning", lambda: em.learning(fit)
    yield "relationship_scaling", lambda: em.relationship_scaling(fit)
    yield "relationship_economies", lambda: em.relationship_economies(fit, method=method)
    yield "relationship_value", lambda: em.relationship_value(fit, **quick)
    yield "where_relationship", lambda: em.where_relationship(fit, bonds[0] if bonds else "hours")
    yield "sensitivity", lambda: em.sensitivity(fit)
    yield "influence", lambda: em.influence(em.scale, fit)
    yield "impose", lambda: em.impose(fit, replications=19)
    yield "cost_per_outcome", lambda: em.cost_per_outcome(fit, **quick)
    yield "separate", lambda: em.separate(fit, **quick)
    yield "separate, equal", lambda: em.separate(fit, "equal", **quick)
    yield "decompose", lambda: em.decompose(fit, names[0], names[-1], **quick)
    yield "decompose, mean", lambda: em.decompose(fit, "mean", names[-1], **quick)
    yield "merger", lambda: em.merger(fit, [names[0], names[-1]], one_off=1.0, method=method)
    yield "merger, part", lambda: em.merger(fit, [names[0], names[1]], merged=outputs[:1])
    yield "partner", lambda: em.partner(fit, [names[0], names[1]], shared=outputs[:1])
    yield "connected_care", lambda: em.connected_care(fit, bonds[0] if bonds else "hours", method=method)
    yield "coproduce", lambda: em.coproduce(fit, bonds[0] if bonds else "hours", 2.0)
    mean = fit.technology.mean_point().outputs[0]
    yield "configure", lambda: em.configure(
        fit, dict(zip(outputs, (4 * mean).tolist(), strict=True)), dict(zip(outputs, mean.tolist(), strict=True)),
        numbers=(), halve=False,
    )  # fmt: skip
    yield "scope_by_type", lambda: em.scope_by_type(data)
    yield "select", lambda: em.select(data, number_of_folds=3)
    yield "nested_forms", lambda: em.nested_forms(data)
    yield "envelopment", lambda: em.merger_envelopment(data, [names[0], names[-1]])
    for hypothesis in ("constant returns", "homothetic", "no scope economies"):
        yield f"test {hypothesis}", lambda hypothesis=hypothesis: em.test(fit, hypothesis)


def faults(answer: Any) -> str:
    """What an answer must not hold: a missing estimate without a reason, or a number that is no number."""
    shown = repr(answer) + answer._repr_html_() if hasattr(answer, "_repr_html_") else repr(answer)
    assert shown
    found = getattr(answer, "table", None)
    words = getattr(answer, "text", "")
    told = f"{words} {' '.join(getattr(answer, 'notes', ()))}"
    absurd = ABSURD.search(told)
    if absurd:
        place = max(absurd.start() - 60, 0)
        return f"absurd: ...{told[place : absurd.end() + 20]}"
    if isinstance(found, pd.DataFrame) and {"estimate", "identified_low", "conf_low"} <= set(found.columns):
        missing = found["estimate"].isna() & found["identified_low"].isna()
        if (
            missing.any()
            and "no number" not in told
            and "cannot" not in told
            and "no split is admissible" not in told
            and "no price follows" not in told
        ):
            return f"silent NaN in {found.loc[missing, 'term'].tolist()[:3]}: {told[:160]}"
        ends = found[["conf_low", "conf_high"]].isna().any(axis=1) & ~missing
        if ends.any() and "no interval" not in told and found.loc[ends, "std_error"].notna().any():
            return f"interval without ends in {found.loc[ends, 'term'].tolist()[:3]}"
    return ""


def judged(call: Callable[[], Any]) -> tuple[str, Any]:
    """How a call ended: "answer", "words" (a refusal of the package's own), or what is foreign; and its answer."""
    with warnings.catch_warnings(record=True) as raised:
        warnings.simplefilter("always")
        try:
            answer = call()
            end = faults(answer) or "answer"
        except EconmodelError as refusal:
            answer, end = None, "words" if len(str(refusal)) > 20 else f"short words: {refusal}"
        except Exception as foreign:  # what is looked for here
            answer, end = None, f"{type(foreign).__name__}: {str(foreign)[:120]}"
    bare = [str(one.message) for one in raised]
    return (f"warning: {bare[0][:120]}" if bare and end in ("answer", "words") else end), answer


def one_seed(seed: int) -> Iterator[tuple[str, str]]:
    """(measure, end) of every call that a seed makes."""
    rng = np.random.default_rng(seed)
    frame, roles = table(rng)
    end, data = judged(lambda: em.CostData(frame, **roles))
    yield "CostData", end
    if data is None:
        return
    if "time" in roles and seed % 2:
        end, known = judged(lambda: em.cumulative(data, next(iter(data.outputs))))
        yield "cumulative", end
        data = data if known is None else known
    how = options(rng, roles)
    end, fit = judged(lambda: em.fit(data, **how))
    yield "fit", end
    if fit is None:
        return
    for name, call in calls(fit, rng):
        yield name, judged(call)[0]


def main(first: int, last: int) -> None:
    """Run the seeds, print what is foreign and the counts."""
    counts: dict[str, Counter[str]] = {}
    for seed in range(first, last + 1):
        for name, end in one_seed(seed):
            counts.setdefault(name, Counter())[end if end in ("answer", "words") else "foreign"] += 1
            if end not in ("answer", "words"):
                print(seed, name, end, flush=True)
    print(pd.DataFrame(counts).T.fillna(0).astype(int).to_string())


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
