"""How fast and how small the simulation of a supply chain is: 10,000 providers, 60 months, 1,000 futures each.

    python benchmarks/arrangements.py [--providers 10000] [--rounds 3]

Prints a table and writes benchmarks/arrangements.md. The exit code is 1 if a target is missed. Each round is a process
of its own with two threads, one linear algebra thread in each.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
RESULTS = Path(__file__).resolve().parent / "arrangements.md"
PROVIDERS, MONTHS, DRAWS, CORES = 10_000, 60, 1_000, 2
MOST_SECONDS, MOST_MEMORY = 10.0, 1024.0
SMALLEST, LARGEST = 1.0, 100.0


def measure(providers: int) -> dict[str, float]:
    """Seconds by the clock and of processor time, and peak memory in MB, of one supply chain."""
    import numpy as np

    import econmodel as em

    tiers = [
        em.arrangements.Tier("prime", fee=0.29),
        em.arrangements.Tier("tier 1", fee=0.29),
        em.arrangements.Tier("tier 2"),
    ]
    tariff = em.tables.figures("work_programme_tariff")
    sizes = np.geomspace(SMALLEST, LARGEST, providers)
    how = {"tiers": tiers, "reserves": 6.0, "kept": {0.5: 0.4, 1.0: 0.6}, "months": MONTHS, "draws": DRAWS}
    clock, processor = time.perf_counter(), time.process_time()
    em.arrangements.supply_chain(tariff, {"JSA 25 and over": 0.317}, referrals=sizes, **how)
    taken = {"clock": time.perf_counter() - clock, "processor": time.process_time() - processor}
    return taken | {"memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0}


def apart(providers: int) -> dict[str, float]:
    """A measurement in a process of its own."""
    command = [sys.executable, __file__, "--measure", "--providers", str(providers)]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def machine() -> str:
    """What the numbers were measured on."""
    from econmodel.version import __version__

    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    libraries = f"numpy {version('numpy')}, econmodel {__version__}"
    model = named[0] if named else "unknown processor"
    return f"{os.cpu_count()} cores, {model}; Python {platform.python_version()}, {libraries}"


def main() -> int:
    """Measure, print, write, and say whether the targets were kept."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--providers", type=int, default=PROVIDERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", action="store_true", help="in this process, as JSON")
    asked = parser.parse_args()
    if asked.measure:
        print(json.dumps(measure(asked.providers)))
        return 0
    found = [apart(asked.providers) for _ in range(asked.rounds)]
    load = os.getloadavg()[0]
    least = {name: min(one[name] for one in found) for name in ("clock", "processor")}
    size = f"{asked.providers:,} providers, {MONTHS} months and {DRAWS:,} futures"
    targets = [
        (f"a supply chain of {size}: processor time over {CORES} cores", least["processor"] / CORES, MOST_SECONDS, "s"),
        ("the same: peak memory of the whole process", max(one["memory"] for one in found), MOST_MEMORY, "MB"),
    ]
    rows = [
        f"| {what} | {value:.3g} {unit} | below {most:g} {unit} | {'yes' if value < most else 'NO'} |"
        for what, value, most, unit in targets
    ]
    cells = asked.providers * MONTHS * DRAWS
    text = f"""# Benchmark of the supply chain

Made by `benchmarks/arrangements.py` on {machine()}.

{asked.providers:,} providers with {SMALLEST:g} to {LARGEST:g} referrals a month, {MONTHS} months and {DRAWS:,} futures
each; one payment group, four months in which jobs begin, two shares of sustainment that are earned (nine fates). That
is {cells:.2g} provider-months, {1e9 * least["processor"] / cells:.0f} ns of processor time each.

<!-- targets:start -->
|  | measured | target | kept |
| --- | ---: | ---: | ---: |
{chr(10).join(rows)}
<!-- targets:end -->

Best of {asked.rounds} rounds. By the clock it took {least["clock"]:.1f} s with two threads; the load of the machine was
{load:.1f}. Where that exceeds the number of cores, other programs took their share.
"""
    print(text)
    RESULTS.write_text(text, encoding="utf-8")
    return int(any(value >= most for _, value, most, _ in targets))


if __name__ == "__main__":
    sys.exit(main())
