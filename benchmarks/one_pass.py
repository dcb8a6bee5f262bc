"""How fast and how small a fit of a million rows is, beside one X'X and statsmodels; and what an import costs.

    python benchmarks/one_pass.py [--rows 1000000] [--rounds 9]

Prints a table and writes benchmarks/results.md. The exit code is 1 if a target is missed. Everything is measured in
processes of its own with one thread; processor time is counted, which other programs on the machine disturb least.
"""

import argparse
import ctypes
import gc
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
RESULTS = Path(__file__).resolve().parent / "results.md"
# The slow contestants get this share of the rounds.
FEWER = 3
# What each target says, and the number that must not be exceeded (or, where a contestant is to be slower, undercut).
TARGETS = {
    "classical": (
        "translog with classical covariance, over X'X on a ready-made design matrix",
        "at most",
        6.0,
        "times",
    ),
    "HC1": (
        "statsmodels OLS with HC1 on a ready-made design matrix, over translog with HC1",
        "at least",
        8.0,
        "times",
    ),
    "same": ("largest relative difference from statsmodels' coefficients", "at most", 1e-8, ""),
    "memory": ("peak memory of the fit beyond its input", "at most", 64.0, "MB"),
    "import": ("`import econmodel` over `import pandas`", "at most", 1.3, "times"),
}


def providers(rows: int, sort: bool = False, alike: float = 0.0) -> Any:
    """Three outputs and three prices in levels; sorted by size, or the second output nearly a copy of the first."""
    import numpy as np
    import pandas as pd

    rng = np.random.default_rng(0)
    names = ["visits", "advice", "meals", "wage", "rent", "energy"]
    logs = 0.5 * rng.standard_normal((6, rows)) + np.array([[5.0], [4.0], [4.0], [3.0], [2.0], [1.0]])
    logs[:3] += 0.4 * rng.standard_normal(rows)
    if alike:
        logs[1] = logs[0] + alike * rng.standard_normal(rows)
    if sort:
        logs = logs[:, np.argsort(logs[0])]
    log_cost = np.array([0.4, 0.3, 0.2, 0.5, 0.3, 0.2]) @ logs + 0.05 * logs[0] * logs[1]
    frame = pd.DataFrame(np.exp(logs).T, columns=names)
    return frame.assign(cost=np.exp(log_cost + 0.15 * rng.standard_normal(rows)))


def described(frame: Any) -> Any:
    """The table with its roles; all inputs are priced."""
    import econmodel as em

    outputs, prices = ["visits", "advice", "meals"], ["wage", "rent", "energy"]
    return em.CostData(frame, cost="cost", outputs=outputs, prices=prices, prices_complete=True)


def ready_made(fitted: Any) -> tuple[Any, Any]:
    """The design matrix (n, k) and the response, as another program would want them."""
    import numpy as np

    matrix = np.empty((fitted.sample.rows.count, fitted.design.count))
    response = np.empty(len(matrix))
    for rows, block in fitted.design.blocks():
        matrix[rows], response[rows] = block[:-1].T, block[-1]
    return matrix, response


def seconds(call: Callable[[], object]) -> float:
    """Processor time of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def measure_speed(rows: int, rounds: int) -> dict[str, Any]:
    """Seconds of every contestant, in turns; differences from statsmodels."""
    import statsmodels.api as sm

    import econmodel as em

    frame = providers(rows)
    data = described(frame)
    matrix, response = ready_made(em.fit(data, cov_type="nonrobust"))
    contestants: dict[str, Callable[[], object]] = {
        "X'X": lambda: matrix.T @ matrix,
        "translog, classical": lambda: em.fit(data, cov_type="nonrobust"),
        "translog, HC1": lambda: em.fit(data, cov_type="HC1"),
        "translog, HC3": lambda: em.fit(data, cov_type="HC3"),
        "table checked": lambda: described(frame),
        "statsmodels, HC1": lambda: sm.OLS(response, matrix).fit(cov_type="HC1"),
        "statsmodels, HC1, by QR": lambda: sm.OLS(response, matrix).fit(cov_type="HC1", method="qr"),
    }
    taken: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(rounds):
        for name, call in contestants.items():
            if turn % FEWER == 0 or "statsmodels" not in name:
                taken[name].append(seconds(call))
    return {"seconds": taken, "parameters": matrix.shape[1], "loaded": float(os.getloadavg()[0])}


def measure_digits(rows: int, rounds: int) -> dict[str, Any]:
    """Relative differences from statsmodels, of coefficients and standard errors, in easy and hard tables."""
    import numpy as np
    import statsmodels.api as sm

    import econmodel as em

    tables = {
        "as drawn": providers(rows),
        "sorted by size": providers(rows, sort=True),
        "two outputs that differ by 1 %": providers(rows, alike=1e-2),
        "two outputs that differ by 0.01 %": providers(rows, alike=1e-4),
    }
    found = {}
    for name, frame in tables.items():
        fitted = em.fit(described(frame), cov_type="HC1")
        matrix, response = ready_made(fitted)
        theirs = sm.OLS(response, matrix).fit(cov_type="HC1")
        found[name] = {
            "condition": fitted.condition_number,
            "coefficients": float(np.abs(fitted.theta / theirs.params - 1.0).max()),
            "in standard errors": float(np.abs((fitted.theta - theirs.params) / theirs.bse).max()),
            "standard errors": float(np.abs(fitted.bse.to_numpy() / theirs.bse - 1.0).max()),
        }
    return found


def status(entry: str) -> float:
    """A line of /proc/self/status, in MB."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return float(next(line for line in lines if line.startswith(entry)).split()[1]) / 1024.0


def measure_memory(rows: int, rounds: int) -> dict[str, Any]:
    """Peak memory of the first fit of a process, beyond what the table and the loaded modules take, in MB."""
    import econmodel as em

    data = described(providers(rows))
    found = {"input": float(data.frame.memory_usage(deep=True).sum()) / 2**20}
    for kind in ("nonrobust", "HC1"):
        gc.collect()
        # What is free goes back to the system, so that the fit cannot use it unseen.
        ctypes.CDLL(None).malloc_trim(0)
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        before = status("VmRSS")
        em.fit(data, cov_type=kind)
        found[kind] = status("VmHWM") - before
    return found


def measure_imports(rows: int, rounds: int) -> dict[str, Any]:
    """Seconds from the start of Python to the end of an import, in turns, and what `import econmodel` loads."""
    programs = {
        "nothing": "",
        "pandas": "import pandas",
        "econmodel": "import econmodel",
        "econmodel, a card read and a fit": "import econmodel as em; em.fit(em.load('california_schools'))",
    }
    taken: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, program in programs.items():
            taken[name].append(children_seconds(program))
    loads = (
        "import sys; before = set(sys.modules); import econmodel; import json;"
        "loaded = {name.partition('.')[0] for name in set(sys.modules) - before};"
        "print(json.dumps(sorted(loaded - set(sys.stdlib_module_names))))"
    )
    modules = subprocess.run([sys.executable, "-c", loads], capture_output=True, text=True, check=True).stdout
    return {"seconds": taken, "loads": json.loads(modules)}


def children_seconds(program: str) -> float:
    """Processor time of a Python that runs a program and ends."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


MEASUREMENTS = {
    "speed": measure_speed,
    "digits": measure_digits,
    "memory": measure_memory,
    "imports": measure_imports,
}


def apart(name: str, rows: int, rounds: int, script: str = __file__) -> Any:
    """A measurement of a script in a process of its own, with one thread."""
    command = [sys.executable, script, "--measure", name, "--rows", str(rows), "--rounds", str(rounds)]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown; all columns but the first to the right."""
    head = list(head)
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def spread(taken: list[float]) -> list[str]:
    """Minimum, median and maximum in seconds."""
    ordered = sorted(taken)
    return [f"{value:.4f}" for value in (ordered[0], ordered[len(ordered) // 2], ordered[-1])]


def outcomes(found: dict[str, Any]) -> dict[str, float]:
    """The number of each target."""
    least = {name: min(taken) for name, taken in found["speed"]["seconds"].items()}
    imports = {name: min(taken) for name, taken in found["imports"]["seconds"].items()}
    return {
        "classical": least["translog, classical"] / least["X'X"],
        "HC1": min(least["statsmodels, HC1"], least["statsmodels, HC1, by QR"]) / least["translog, HC1"],
        "same": found["digits"]["as drawn"]["coefficients"],
        "memory": max(found["memory"]["nonrobust"], found["memory"]["HC1"]),
        "import": imports["econmodel"] / imports["pandas"],
    }


def holds(value: float, how: str, bound: float) -> bool:
    """Whether a number keeps to its bound."""
    return value <= bound if how == "at most" else value >= bound


Targets = dict[str, tuple[str, str, float, str]]


def targets_table(targets: Targets, reached: dict[str, float]) -> str:
    """What was measured beside what was to be kept, between the marks by which the README finds it."""
    lines = []
    for name, (what, how, bound, unit) in targets.items():
        kept = "yes" if holds(reached[name], how, bound) else "NO"
        value = f"{reached[name]:.0f}" if reached[name] >= 100 else f"{reached[name]:.2g}"
        lines.append([what, f"{value} {unit}".strip(), f"{how} {bound:g} {unit}".strip(), kept])
    return f"<!-- targets:start -->\n{table(['', 'measured', 'target', 'kept'], lines)}\n<!-- targets:end -->"


def machine(*others: str) -> str:
    """What the numbers were measured on, with the versions of other libraries too."""
    from econmodel.version import __version__

    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "statsmodels", *others))
    versions = f"Python {platform.python_version()}, {libraries}, econmodel {__version__}"
    return f"{os.cpu_count()} cores, {model}; {versions}."


def as_markdown(found: dict[str, Any], rows: int) -> str:
    """Everything that was measured."""
    clock = ["", "minimum", "median", "maximum"]
    fits = [[name, *spread(taken)] for name, taken in found["speed"]["seconds"].items()]
    imports = [[name, *spread(taken)] for name, taken in found["imports"]["seconds"].items()]
    digits = [[name, *(f"{value:.2g}" for value in line.values())] for name, line in found["digits"].items()]
    memory = found["memory"]
    parts = [
        "# Benchmarks",
        f"Made by `benchmarks/one_pass.py` on {machine()} One thread for all; processor time; contestants take turns, "
        "and ratios are of their minima.",
        f"Translog with {found['speed']['parameters']} parameters (three outputs; three prices, one of them the "
        f"numeraire) on {rows:,} rows, from raw columns in levels.",
        targets_table(TARGETS, outcomes(found)),
        "## Seconds",
        table(clock, fits),
        f"Memory beyond {memory['input']:.0f} MB of input: {memory['nonrobust']:.0f} MB with classical covariance, "
        f"{memory['HC1']:.0f} MB with HC1.",
        "## Differences from statsmodels",
        table(["", "condition number", "coefficients", "the same, in standard errors", "standard errors"], digits),
        "## Seconds from the start of Python to the end of an import",
        table(clock, imports),
        f"Outside the standard library, `import econmodel` loads {', '.join(found['imports']['loads'])}.",
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
    found = {name: apart(name, asked.rows, asked.rounds) for name in MEASUREMENTS}
    text = as_markdown(found, asked.rows)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")
    kept = [holds(outcomes(found)[name], how, bound) for name, (_, how, bound, _) in TARGETS.items()]
    return int(not all(kept))


if __name__ == "__main__":
    sys.exit(main())
