"""How fast systems, level forms and bootstraps are, beside linearmodels, scipy and statsmodels.

    python benchmarks/estimators.py [--rows 1000000] [--rounds 9]

Prints a table and writes benchmarks/estimators.md. The exit code is 1 if a target is missed. Everything is measured in
processes of its own with one thread; processor time is counted, which other programs on the machine disturb least.
linearmodels needs 5 GB of memory for a million rows.
"""

import argparse
import ctypes
import gc
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from one_pass import Targets, apart, holds, machine, providers, seconds, spread, status, table, targets_table

RESULTS = Path(__file__).resolve().parent / "estimators.md"
OUTPUTS, PRICES = ("visits", "advice", "meals"), ("wage", "rent", "energy")
# Slow contestants get this share of the rounds.
FEWER = 4
# A tenth of the rows is enough for what takes several passes, and to compare digits.
FEWER_ROWS = 10
PROVIDERS, REPLICATIONS = 1000, 999
# Replications of the loops that are timed; the rest is taken to last as long.
TIMED = {"formulas": 20, "arrays": 100}
TARGETS: Targets = {
    "system": (
        "linearmodels on ready-made equations, over an iterated system of cost and share equations",
        "at least",
        40.0,
        "times",
    ),
    "system memory": ("peak memory of the system beyond its input", "at most", 128.0, "MB"),
    "system same": (
        "largest difference from linearmodels' coefficients at a tight tolerance, in standard errors",
        "at most",
        1e-6,
        "",
    ),
    "composite": (
        "scipy's least squares with an analytic Jacobian on ready-made matrices, over a composite form",
        "at least",
        4.0,
        "times",
    ),
    "composite same": ("relative difference from scipy's sum of squares", "at most", 1e-10, ""),
    "formulas": (
        "a loop over statsmodels formulas, over 999 bootstrap replications of scope",
        "at least",
        200.0,
        "times",
    ),
    "arrays": (
        "a loop over statsmodels on ready-made arrays, over the same replications",
        "at least",
        5.0,
        "times",
    ),
    "bootstrap same": ("largest relative difference from the loops' replications of scope", "at most", 1e-8, ""),
}


def with_shares(rows: int) -> Any:
    """Three outputs, three prices of all inputs, and their cost shares."""
    import numpy as np

    import econmodel as em

    frame, rng = providers(rows), np.random.default_rng(1)
    relative = {name: np.log(frame[name] / frame["energy"]) for name in ("wage", "rent")}
    errors = 0.02 * rng.standard_normal((2, rows))
    frame["wage_share"] = 0.4 + 0.02 * (relative["wage"] - 2) + errors[0]
    frame["rent_share"] = 0.3 + 0.02 * (relative["rent"] - 1) + errors[1]
    frame["energy_share"] = 1.0 - frame["wage_share"] - frame["rent_share"]
    prices = {name: em.Price(share=f"{name}_share") for name in PRICES}
    return em.CostData(frame, cost="cost", outputs=OUTPUTS, prices=prices, prices_complete=True)


def ready_made_equations(fitted: Any) -> Any:
    """The same system for linearmodels: regressors of every equation, and the restrictions between them."""
    import numpy as np
    import pandas as pd
    from linearmodels.system import SUR

    k = fitted.design.count
    rows = np.concatenate([block.copy() for _, block in fitted.design.blocks()], axis=1)
    regressors = pd.DataFrame(rows[:k].T, columns=[f"p{place}" for place in range(k)])
    equations = {"cost": {"dependent": pd.Series(rows[-1], name="cost"), "exog": regressors}}
    restrictions = []
    for number, one in enumerate(fitted.equations.shares):
        label, used = f"s{number}", np.flatnonzero(one.matrix.any(axis=0))
        share = pd.Series(rows[k + number], name=label)
        equations[label] = {"dependent": share, "exog": regressors.iloc[:, used]}
        for regressor in used:
            (parameter,) = np.flatnonzero(one.matrix[:, regressor])
            restrictions.append({f"cost_p{parameter}": 1.0, f"{label}_p{regressor}": -1.0})
    model = SUR(equations)
    model.add_constraints(pd.DataFrame(restrictions, columns=model.param_names).fillna(0.0))
    return model


def measure_system(rows: int, rounds: int) -> dict[str, Any]:
    """Seconds of an iterated system by both, in turns, and the largest difference of the coefficients."""
    import numpy as np

    import econmodel as em

    data = with_shares(rows)
    ours = em.fit(data, estimator="system", cov_type="nonrobust")
    model = ready_made_equations(ours)
    fewer = em.fit(with_shares(rows // FEWER_ROWS), estimator="system", cov_type="nonrobust")
    exact = ready_made_equations(fewer).fit(method="gls", iterate=True, iter_limit=500, tol=1e-12)
    theirs = exact.params.to_numpy()[: len(fewer.theta)]
    difference = float(np.abs((fewer.theta - theirs) / fewer.bse.to_numpy()).max())
    taken: dict[str, list[float]] = {"system, classical": [], "system, HC1": [], "system, HC3": [], "linearmodels": []}
    peers = []

    def by_linearmodels() -> None:
        peers.append(model.fit(method="gls", iterate=True, iter_limit=500, cov_type="unadjusted"))

    for turn in range(rounds):
        for name, kind in (("classical", "nonrobust"), ("HC1", "HC1"), ("HC3", "HC3")):
            call: Callable[[], object] = lambda kind=kind: em.fit(data, estimator="system", cov_type=kind)  # noqa: E731
            taken[f"system, {name}"].append(seconds(call))
        if turn % FEWER == 0:
            taken["linearmodels"].append(seconds(by_linearmodels))
            gc.collect()
    return {
        "seconds": taken, "difference": difference, "parameters": len(ours.theta), "iterations": ours.solution.steps,
        "their iterations": int(peers[0].iterations),
    }  # fmt: skip


def measure_memory(rows: int, rounds: int) -> dict[str, Any]:
    """Peak memory of the first fit of a process, beyond what the table and the loaded modules take, in MB."""
    import econmodel as em

    data, found = with_shares(rows), {}
    for kind in ("nonrobust", "HC3"):
        gc.collect()
        # What is free goes back to the system, so that the fit cannot use it unseen.
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = status("VmRSS")
        em.fit(data, estimator="system", cov_type=kind)
        found[kind] = status("VmHWM") - before
    return found


def measure_composite(rows: int, rounds: int) -> dict[str, Any]:
    """Seconds of a composite form and of scipy's search from the same first start, with matrices made before."""
    import numpy as np
    from scipy.optimize import least_squares

    import econmodel as em
    from econmodel.estimate.least_squares import starting_values

    cost = em.worlds.state(
        "composite",
        {"common cost": 20, "visits": 30, "advice": 26, "meals": 24, "visits x advice": -4, "continuity": -0.1,
         "wage": 0.6, "visits x wage": 3, "tilt of continuity to visits": 2},
        outputs=dict.fromkeys(OUTPUTS, 100), prices={"wage": 20}, relationships={"continuity": 0.0},
    )  # fmt: skip
    data = em.worlds.simulate(cost, rows // FEWER_ROWS).data
    fitted = em.fit(data, "composite", cov_type="nonrobust")
    t, log_cost = fitted.technology, np.log(data.frame["cost"].to_numpy())
    z, inside = t.coordinates(fitted.points()), t.aggregate.count
    of_level, of_exponent = (np.asfortranarray(one.monomials(z)) for one in (t.aggregate, t.exponent))
    start = starting_values(fitted.design)[0]

    def residuals(theta: Any) -> Any:
        return log_cost - np.log(of_level @ theta[:inside]) - of_exponent @ theta[inside:]

    def jacobian(theta: Any) -> Any:
        derivatives = np.empty((len(log_cost), len(theta)))
        np.divide(of_level, -(of_level @ theta[:inside])[:, None], out=derivatives[:, :inside])
        np.negative(of_exponent, out=derivatives[:, inside:])
        return derivatives

    peers: dict[str, Any] = {}

    def search(method: str) -> None:
        peers[method] = least_squares(residuals, start, jacobian, method=method, x_scale="jac")

    taken: dict[str, list[float]] = {"composite": [], "scipy, trf": [], "scipy, lm": []}
    for _ in range(rounds):
        taken["composite"].append(seconds(lambda: em.fit(data, "composite", cov_type="nonrobust")))
        for method in ("trf", "lm"):
            taken[f"scipy, {method}"].append(seconds(lambda method=method: search(method)))
    difference = max(abs(2.0 * one.cost / fitted.ssr - 1.0) for one in peers.values())
    return {"seconds": taken, "difference": difference, "parameters": len(start), "rows": len(data)}


def measure_bootstrap(rows: int, rounds: int) -> dict[str, Any]:
    """Seconds of 999 replications of the degree of scope: a quadratic with fixed costs, linear in its parameters."""
    import numpy as np
    import pandas as pd
    import statsmodels.api as sm
    import statsmodels.formula.api as smf

    import econmodel as em

    terms = {"common cost": 20, "visits": 30, "advice": 26, "meals": 24, "visits x advice": -4}
    terms |= {f"fixed cost of {name}": 5 for name in OUTPUTS}
    cost = em.worlds.state("flexible_fixed_cost", terms, outputs=dict.fromkeys(OUTPUTS, 100), fixed_costs=OUTPUTS)
    data = em.worlds.simulate(cost, PROVIDERS, specialised=dict.fromkeys(OUTPUTS, 0.2)).data
    fitted = em.fit(data, "flexible_fixed_cost", error="additive")
    t = fitted.technology
    matrix = t.aggregate.monomials(t.coordinates(fitted.points()))
    response = data.frame["cost"].to_numpy()
    table = pd.DataFrame({"cost": response, **{f"u{i}": matrix[:, 1 + i] for i in range(3)}})
    table = table.assign(**{f"d{i}": matrix[:, 4 + i] for i in range(3)})
    pairs = [(i, j) for i in range(3) for j in range(i, 3)]
    squares = [f"I(0.5 * u{i} ** 2)" if i == j else f"I(u{i} * u{j})" for i, j in pairs]
    formula = "cost ~ u0 + u1 + u2 + d0 + d1 + d2 + " + " + ".join(squares)
    own = [place for place, (i, j) in enumerate(pairs, 7) if i == j]

    def scope(theta: Any) -> float:
        alone = sum(theta[0] + theta[1 + i] + theta[4 + i] + 0.5 * theta[own[i]] for i in range(3))
        squared = sum(theta[place] for place in range(7, 13)) - 0.5 * sum(theta[place] for place in own)
        together = theta[:7].sum() + squared
        return float(alone / together - 1.0)

    weights = fitted.replications(REPLICATIONS, seed=0).weights
    rows_of = [np.repeat(np.arange(PROVIDERS), one) for one in weights[: max(TIMED.values())]]
    drawn: dict[str, list[float]] = {}

    def loop(name: str, fit: Callable[[Any], Any]) -> None:
        drawn[name] = [scope(fit(chosen)) for chosen in rows_of[: TIMED[name]]]

    loops: dict[str, Callable[[], None]] = {
        "formulas": lambda: loop(
            "formulas", lambda chosen: smf.ols(formula, table.iloc[chosen]).fit().params.to_numpy()
        ),
        "arrays": lambda: loop("arrays", lambda chosen: sm.OLS(response[chosen], matrix[chosen]).fit().params),
    }
    taken: dict[str, list[float]] = {"em.scope": [], "formulas": [], "arrays": []}
    for turn in range(rounds):
        # A seed of its own each time, since a fit keeps the replications of a seed.
        taken["em.scope"].append(seconds(lambda turn=turn: em.scope(fitted, method="bootstrap", seed=turn + 1)))
        for name, call in loops.items():
            if name == "arrays" or turn % FEWER == 0:
                taken[name].append(seconds(call) * REPLICATIONS / TIMED[name])
    ours = np.array([scope(theta) for theta in fitted.bootstrapped(REPLICATIONS, 0)])
    difference = max(np.abs(np.array(found) / ours[: len(found)] - 1.0).max() for found in drawn.values())
    result = em.scope(fitted, method="bootstrap").row("degree of scope")
    assert abs(result["std_error"] / np.std(ours, ddof=1) - 1.0) < 1e-8
    return {"seconds": taken, "difference": float(difference)}


MEASUREMENTS = {
    "system": measure_system,
    "memory": measure_memory,
    "composite": measure_composite,
    "bootstrap": measure_bootstrap,
}


def outcomes(found: dict[str, Any]) -> dict[str, float]:
    """The number of each target."""
    least = {
        name: min(taken)
        for part in ("system", "composite", "bootstrap")
        for name, taken in found[part]["seconds"].items()
    }
    return {
        "system": least["linearmodels"] / least["system, classical"],
        "system memory": max(found["memory"].values()),
        "system same": found["system"]["difference"],
        "composite": min(least["scipy, trf"], least["scipy, lm"]) / least["composite"],
        "composite same": found["composite"]["difference"],
        "formulas": least["formulas"] / least["em.scope"],
        "arrays": least["arrays"] / least["em.scope"],
        "bootstrap same": found["bootstrap"]["difference"],
    }


def as_markdown(found: dict[str, Any], rows: int) -> str:
    """Everything that was measured."""
    clock = ["", "minimum", "median", "maximum"]
    system, composite = found["system"], found["composite"]

    def times(part: str) -> str:
        return table(clock, [[name, *spread(taken)] for name, taken in found[part]["seconds"].items()])

    parts = [
        "# Benchmark of estimators",
        f"Made by `benchmarks/estimators.py` on {machine('scipy', 'linearmodels')} One thread for all; processor time; "
        "contestants take turns, and ratios are of their minima.",
        targets_table(TARGETS, outcomes(found)),
        "## Seconds of a system",
        f"Translog cost with two share equations (three outputs; three prices, one of them the numeraire), "
        f"{system['parameters']} parameters, {rows:,} rows, iterated seemingly unrelated regressions with classical "
        f"standard errors: from raw columns here ({system['iterations']} iterations), from regressors made beforehand "
        f"in linearmodels ({system['their iterations']} iterations at its own tolerance, which is looser).",
        times("system"),
        "## Seconds of a level form",
        f"Composite form with {composite['parameters']} parameters on {composite['rows']:,} rows: from raw columns and "
        "with a choice among several starts here; from matrices made beforehand and the first of these starts in scipy "
        '(`least_squares` with an analytic Jacobian, `x_scale="jac"`, its own tolerances; the faster of its two '
        "methods counts).",
        times("composite"),
        "## Seconds of a bootstrap",
        f"{REPLICATIONS} replications of the degree of scope at the mean of {PROVIDERS:,} providers, by a quadratic "
        'cost function with fixed costs, which is linear in its parameters: `em.scope(fit, method="bootstrap")` '
        f"against loops that resample rows and fit again. Of the loops {TIMED['formulas']} (formulas) and "
        f"{TIMED['arrays']} (arrays) replications are timed and scaled, and the rows were drawn beforehand.",
        times("bootstrap"),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Measure everything, or one thing in this process."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--measure", choices=MEASUREMENTS, help="in this process, as JSON")
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(MEASUREMENTS[asked.measure](asked.rows, asked.rounds)))
        return 0
    found = {name: apart(name, asked.rows, asked.rounds, __file__) for name in MEASUREMENTS}
    text = as_markdown(found, asked.rows)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")
    kept = [holds(outcomes(found)[name], how, bound) for name, (_, how, bound, _) in TARGETS.items()]
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())
