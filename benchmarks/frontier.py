"""How fast a frontier is, beside a hand-written Newton on a ready-made design matrix and the fastest Python peer.

    ECONMODEL_FRONTIER_PEER=/path/to/python python benchmarks/frontier.py [--rows 100000] [--rounds 9]

The variable names a Python with stochastic-frontier-analysis 1.0.1 (an environment of its own: the project does not
need it); without it that contestant is left out, and the page says so. Prints a table and writes
benchmarks/frontier.md. The exit code is 1 if a target is missed. Processor time of one thread counts, each contestant
in turn, the least of several rounds.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from one_pass import ONE_THREAD, described, holds, machine, providers, ready_made, seconds, spread, table

RESULTS = Path(__file__).resolve().parent / "frontier.md"
PEER = "stochastic-frontier-analysis"
VARIABLE = "ECONMODEL_FRONTIER_PEER"
OURS, BY_HAND = "em.fit, from raw columns", "Newton by hand, ready-made design matrix"
SIGMA_U = 0.3
TARGETS = {
    "peer": (f"{PEER} on a ready-made design matrix, over a half-normal frontier", "at least", 5.0, "times"),
    "hand": ("a half-normal frontier, over Newton by hand on a ready-made design matrix", "at most", 2.0, "times"),
    "same": ("log-likelihood by hand above that of the frontier", "at most", 1e-6, ""),
    "peer's": (f"log-likelihood of {PEER} above that of the frontier", "at most", 1e-6, ""),
}
# What the peer is asked: a production frontier of negated data is a cost frontier. Its prints are not ours.
PEER_PROGRAM = """
import contextlib, io, json, sys, time
import numpy as np
from sfa import sf_model
matrix, response = (np.load(name) for name in sys.argv[1:])
start = time.process_time()
with contextlib.redirect_stdout(io.StringIO()):
    found = sf_model.fit(-matrix, -response, len(response), 1, 2, 0, 0)
print(json.dumps({"seconds": time.process_time() - start, "value": float(found.l_max)}))
"""


def table_of(rows: int) -> Any:
    """The providers of the other benchmark, wasting cost: half-normal inefficiency above their noise."""
    import numpy as np

    frame = providers(rows)
    waste = SIGMA_U * np.abs(np.random.default_rng(1).standard_normal(rows))
    return described(frame.assign(cost=frame["cost"] * np.exp(waste)))


def by_hand(matrix: Any, response: Any) -> tuple[Any, float]:
    """Half-normal cost frontier by Newton's method, as one would write it for one's own matrix.

    Starts from least squares and the third moment of its residuals; parameters beta, log sigma_u, log sigma_v; exact
    gradient and Hessian; steps are halved until the likelihood rises.
    """
    import numpy as np
    from scipy.special import log_ndtr

    n, k = matrix.shape
    beta = np.linalg.solve(matrix.T @ matrix, matrix.T @ response)
    e = response - matrix @ beta
    sigma_u = np.cbrt(max((e**3).mean(), 1e-6) / (np.sqrt(2 / np.pi) * (4 / np.pi - 1)))
    sigma_v = np.sqrt(max((e**2).mean() - (1 - 2 / np.pi) * sigma_u**2, 1e-4))
    beta[0] -= np.sqrt(2 / np.pi) * sigma_u
    at = np.concatenate([beta, np.log([sigma_u, sigma_v])])

    def evaluate(at: Any) -> tuple[float, Any, Any]:
        e = response - matrix @ at[:k]
        u, v = np.exp(2 * at[k:])
        s = u + v
        p, q, c = u / s, v / s, np.sqrt(u / (v * s))
        b = c * e
        log_phi = log_ndtr(b)
        r = np.exp(-0.5 * b * b - log_phi) / np.sqrt(2 * np.pi)
        h = -r * (b + r)
        square, br = e * e / s, b * r
        bend, slope = br + b * b * h, r + b * h
        value = n * np.log(2 / np.sqrt(2 * np.pi * s)) - 0.5 * square.sum() + log_phi.sum()
        by_e = c * r - e / s
        gradient = np.empty(k + 2)
        gradient[:k] = -by_e @ matrix
        gradient[k] = (p * (square - 1) + q * br).sum()
        gradient[k + 1] = (q * (square - 1) - (1 + q) * br).sum()
        hessian = np.empty((k + 2, k + 2))
        root = matrix * np.sqrt(1 / s - c * c * h)[:, None]
        hessian[:k, :k] = -root.T @ root
        mixed = np.stack([2 * p / s * e + c * q * slope, 2 * q / s * e - c * (1 + q) * slope])
        hessian[k:, :k] = -mixed @ matrix
        hessian[:k, k:] = hessian[k:, :k].T
        pq, free = 2 * p * q, square.sum() - n
        hessian[k, k] = pq * free - 2 * p * p * square.sum() + q * q * bend.sum() - pq * br.sum()
        hessian[k + 1, k + 1] = pq * free - 2 * q * q * square.sum() + (1 + q) ** 2 * bend.sum() - pq * br.sum()
        hessian[k, k + 1] = pq * (br.sum() - free - square.sum()) - q * (1 + q) * bend.sum()
        hessian[k + 1, k] = hessian[k, k + 1]
        return value, gradient, hessian

    value, gradient, hessian = evaluate(at)
    for _ in range(100):
        step = np.linalg.solve(-hessian, gradient)
        if gradient @ step < 1e-12:
            break
        fraction = 1.0
        while (found := evaluate(at + fraction * step))[0] < value and fraction > 1e-6:
            fraction /= 2
        at = at + fraction * step
        value, gradient, hessian = found
    return at, value


def measure(rows: int, rounds: int) -> dict[str, Any]:
    """Seconds of every contestant, in turns, and the log-likelihoods that they reach."""
    import numpy as np

    import econmodel as em

    data = table_of(rows)
    fitted = em.fit(data, estimator="frontier")
    matrix, response = ready_made(fitted)
    values = {OURS: fitted.llf, BY_HAND: by_hand(matrix, response)[1]}
    taken: dict[str, list[float]] = {OURS: [], BY_HAND: []}
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder) / f"{name}.npy") for name in ("matrix", "response")]
        for name, array in zip(files, (matrix, response), strict=True):
            np.save(name, array)
        for _ in range(rounds):
            taken[OURS].append(seconds(lambda: em.fit(data, estimator="frontier")))
            taken[BY_HAND].append(seconds(lambda: by_hand(matrix, response)))
            if peer := os.environ.get(VARIABLE):
                command = [peer, "-c", PEER_PROGRAM, *files]
                environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
                done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
                found = json.loads(done.stdout)
                taken.setdefault(PEER, []).append(found["seconds"])
                values[PEER] = found["value"]
    facts = {"parameters": len(fitted.all_parameters), "passes": fitted.found.passes}
    return {"seconds": taken, "values": values} | facts


def outcomes(found: dict[str, Any]) -> dict[str, float]:
    """The number of each target whose contestants took part."""
    least = {name: min(taken) for name, taken in found["seconds"].items()}
    values = found["values"]
    reached = {"hand": least[OURS] / least[BY_HAND], "same": values[BY_HAND] - values[OURS]}
    if PEER in least:
        reached |= {"peer": least[PEER] / least[OURS], "peer's": values[PEER] - values[OURS]}
    return reached


def as_markdown(found: dict[str, Any], rows: int) -> str:
    """Everything that was measured."""
    reached, targets = outcomes(found), []
    for name, (what, how, bound, unit) in TARGETS.items():
        if name in reached:
            kept = "yes" if holds(reached[name], how, bound) else "NO"
            targets.append([what, f"{reached[name]:.2g} {unit}".strip(), f"{how} {bound:g} {unit}".strip(), kept])
    clocks = [[name, *spread(taken), f"{found['values'][name]:.6f}"] for name, taken in found["seconds"].items()]
    absent = "" if PEER in found["seconds"] else f" {PEER} did not take part: {VARIABLE} names no Python that has it."
    parts = [
        "# Frontiers",
        f"Made by `benchmarks/frontier.py` on {machine()} One thread for all; processor time; contestants take turns, "
        f"and ratios are of their minima.{absent}",
        f"Half-normal translog cost frontier, {found['parameters']} parameters, {rows:,} rows; em.fit made "
        f"{found['passes']} passes over all of them. {PEER} 1.0.1 and the Newton by hand get the design matrix "
        "ready-made; em.fit makes its derivatives from the raw columns in every pass.",
        f"<!-- targets:start -->\n{table(['', 'measured', 'target', 'kept'], targets)}\n<!-- targets:end -->",
        "## Seconds, and the log-likelihood reached",
        table(["", "minimum", "median", "maximum", "log-likelihood"], clocks),
    ]
    return "\n\n".join(parts) + "\n"


def main() -> int:
    """Measure in a process of its own, with one thread, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--measure", action="store_true", help="in this process, as JSON")
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.rows, asked.rounds)))
        return 0
    command = [sys.executable, __file__, "--measure", "--rows", str(asked.rows), "--rounds", str(asked.rounds)]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    found = json.loads(done.stdout)
    text = as_markdown(found, asked.rows)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")
    reached = outcomes(found)
    return int(
        not all(holds(reached[name], how, bound) for name, (_, how, bound, _) in TARGETS.items() if name in reached)
    )


if __name__ == "__main__":
    sys.exit(main())
