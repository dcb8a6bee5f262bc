"""Try the package with the oldest or the newest libraries that pyproject.toml allows, on each Python at hand.

    python scripts/try_versions.py lowest|newest [--python 3.11 3.12 PATH ...] [--reports NAME ...] [--jobs 2]

For each Python: an environment outside the checkout, the wheel in it without what its tests need, a small piece of
work with the library, one report in HTML, and `econmodel check`, which runs the notebooks again and compares their
findings with those on file. Libraries come as wheels only: the oldest for a Python is the oldest that is ready made for
it. One table at the end; exit code 1 if anything failed, printed a warning or moved, or if a Python that was asked for
is not here. Needs uv.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
RESOLUTION = {"lowest": "lowest-direct", "newest": "highest"}
ONE_REPORT = "05_electricity_and_airlines"
LONGEST = 1800.0  # seconds for a step: all reports need about one minute on two cores, thirty times that on a bad day
LAST_LINES = 25
OF_THE_CALLER = ("PYTHONPATH", "PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV")

# Each library that is a direct dependency and is no part of every report has its line: tables in and out, the
# estimators' solvers, a chart as picture and as page of print, the terminal's table.
WORK = """
import pathlib
import econmodel as em
schools = em.load("california_schools")
fit = em.fit(schools, form="translog")
assert 0.9 < em.scale(fit).table["estimate"].iloc[0] < 1.1
separation = em.separate(fit, replications=19)
for name in ("separation.svg", "separation.png", "separation.pdf"):
    assert em.charts.save(em.charts.separation(separation), name).stat().st_size > 1000
card = schools.to_card("schools.toml", data_format="parquet")
assert em.read(card).frame.equals(schools.frame), "a table that went through Parquet is another"
power = em.load("electricity_1970")
for estimator in ("system", "frontier"):
    assert em.scale(em.fit(power, estimator=estimator)).text
assert em.scale(em.fit(em.load("us_airlines"), "cobb_douglas", effects="within")).text
"""


def main() -> int:
    """Try each Python; the exit code."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("versions", choices=RESOLUTION)
    asked.add_argument("--python", nargs="+", metavar="VERSION", help=f"versions or paths; default {PYTHONS}, if here")
    asked.add_argument("--reports", nargs="+", default=[], metavar="NAME", help="what to check; default all")
    asked.add_argument("--jobs", type=int, default=2, help="notebooks at a time")
    given = asked.parse_args()
    with tempfile.TemporaryDirectory(prefix="try-versions-") as made:
        aside = Path(made)
        if fault := step("uv", "build", "--quiet", "--wheel", "--out-dir", made, str(ROOT), within=aside):
            print(fault)
            return 1
        (wheel,) = aside.glob("*.whl")
        rows = [
            tried(python, given.versions, wheel, given.reports, given.jobs, number=number, must=bool(given.python))
            for number, python in enumerate(given.python or PYTHONS)
        ]
    print()
    table = [("Python", "libraries", "verdict", "seconds"), *rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    ran = [row for row in rows if row[2] != "not here, skipped"]
    return int(not ran or any(row[2] != "good" for row in ran))


def tried(
    python: str, versions: str, wheel: Path, reports: list[str], jobs: int, *, number: int, must: bool
) -> tuple[str, str, str, str]:
    """One row of the table: a Python and what came of it."""
    start = time.perf_counter()
    place = wheel.parent / str(number)
    place.mkdir()
    binaries = place / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    command, interpreter = str(binaries / "econmodel"), str(binaries / "python")
    if step("uv", "python", "find", "--no-python-downloads", python, within=place):
        return python, versions, "not here" if must else "not here, skipped", ""
    install = ("uv", "pip", "install", "--quiet", "--compile-bytecode", "--python", interpreter)
    libraries = (
        "--only-binary",
        ":all:",
        "--resolution",
        RESOLUTION[versions],
        "-r",
        str(ROOT / "pyproject.toml"),
        "--all-extras",
    )
    steps = {
        "environment": ("uv", "venv", "--quiet", "--no-python-downloads", "--python", python, str(place / "venv")),
        "libraries": (*install, *libraries),
        "package": (*install, "--no-deps", str(wheel)),
        "work": (interpreter, "-W", "error", "-c", WORK),
        "report": (command, "report", ONE_REPORT, "--no-pdf", "--to", str(place / "reports")),
        "check": (command, "check", *reports, "--against", str(ROOT / "reports"), "--jobs", str(jobs)),
    }
    for name, words in steps.items():
        print(f"{python}, {versions}: {name}", flush=True)
        if fault := step(*words, within=place, quiet=name in {"work", "report", "check"}):
            print(fault)
            return python, versions, f"{name} failed", seconds_since(start)
    return python, versions, "good", seconds_since(start)


def step(*command: str, within: Path, quiet: bool = False) -> str:
    """Run a command away from the checkout; what it said last if it failed, or if it had to be quiet and warned."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_THE_CALLER}
    environment |= {"OPENBLAS_NUM_THREADS": "1"}
    try:
        found = subprocess.run(
            command, cwd=within, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=LONGEST,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"{command[0]} was stopped after {LONGEST:.0f} seconds."
    except FileNotFoundError:
        return f"There is no {command[0]} here."
    said = found.stdout + found.stderr
    bad = found.returncode != 0 or (quiet and "warning" in said.lower())
    return "\n".join([*said.splitlines()[-LAST_LINES:], f"Exit code {found.returncode}."]) if bad else ""


def seconds_since(start: float) -> str:
    """Whole seconds, as the table prints them."""
    return f"{time.perf_counter() - start:.0f}"


if __name__ == "__main__":
    sys.exit(main())
