"""Whether the tests notice a fault: one line of the package is broken at a time, and the suite is run.

`draw` takes a fixed-seed sample of the operators of cosmic-ray (which must be installed; nothing else needs it) from
every room, in proportion to its lines, and writes them to benchmarks/mutations.json beside the planted ones below.
`run` breaks a copy of the project line by line: first the tests of the room are run, then, where they notice nothing,
all. It writes benchmarks/mutations.md.

    python scripts/mutation_study.py draw --count 60
    python scripts/mutation_study.py run --processes 2
"""

import argparse
import ast
import json
import os
import random
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).parents[1]
DRAWN, TABLE = ROOT / "benchmarks" / "mutations.json", ROOT / "benchmarks" / "mutations.md"
SEED = 20261128
LONGEST = 1200
EVERYTHING = ["tests", "econmodel"]
# What is written in a type, or shifts bits of truth values, is no arithmetic of this package.
NO_OPERATOR = (
    "BitOr",
    "BitAnd",
    "BitXor",
    "Shift",
    "Decorator",
    "FloorDiv",
    "Mod",
    "VariableReplacer",
    "VariableInserter",
)
# Faults that once survived the tests of their own room: what, text, and what takes its place.
PLANTED = (
    (
        "bootstrap p without its factor two",
        "2.0 * (np.minimum(below, above) + 1.0)",
        "(np.minimum(below, above) + 1.0)",
    ),
    (
        "upper end of product-specific scale at half",
        "return cost + (1.0 - paid) * technology.intercept(theta, point)",
        "return cost + 0.5 * (1.0 - paid) * technology.intercept(theta, point)",
    ),
    (
        "diseconomies for economies of scope",
        'verdict_words(verdict, "diseconomies of scope", "economies of scope")',
        'verdict_words(verdict, "diseconomies of scope", "diseconomies of scope")',
    ),
    ("checksum compared by length", "if stated and found != stated:", "if stated and len(found) != len(stated):"),
    ("drift tolerance ten times too lax", "<= tolerance * largest", "<= 10 * tolerance * largest"),
    ("standing cost charged twice", "sizes * spent * standing", "2 * sizes * spent * standing"),
    (
        "lower and higher unit cost flipped",
        "{'lower' if doubled < 0 else 'higher'}",
        "{'higher' if doubled < 0 else 'lower'}",
    ),
    ("Wilson interval with n + 1", "weight = SURE**2 / count", "weight = SURE**2 / (count + 1)"),
)


def rooms() -> dict[str, list[Path]]:
    """Files of the package by room; a file beside the rooms belongs to "words"."""
    found: dict[str, list[Path]] = {}
    for path in sorted((ROOT / "econmodel").rglob("*.py")):
        parts = path.relative_to(ROOT / "econmodel").parts
        found.setdefault(parts[0] if len(parts) > 1 else "words", []).append(path)
    return found


def quiet_lines(text: str) -> set[int]:
    """Lines of docstrings, annotations and imports: a fault there is none, or is met at once."""
    lines: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        spans = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            spans.append(node)
        if isinstance(node, ast.Import | ast.ImportFrom):
            spans.append(node)
        lines |= {line for one in spans if one is not None for line in range(one.lineno, one.end_lineno + 1)}
    return lines


def mutation(path: Path, generator: random.Random) -> dict[str, object] | None:
    """A mutation of one line of a file, every place of every operator as likely; None where there is none."""
    from cosmic_ray.ast import get_ast
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator, operator_names

    text = path.read_text(encoding="utf-8")
    quiet, before, nodes = quiet_lines(text), text.splitlines(), list(_nodes(get_ast(text)))
    places = []
    for name in operator_names():
        if not any(word in name for word in NO_OPERATOR):
            operator = get_operator(name)()
            found = [place for node in nodes for place in operator.mutation_positions(node)]
            places += [(name, occurrence, start[0]) for occurrence, (start, _) in enumerate(found)]
    places = [place for place in places if place[2] not in quiet]
    for name, occurrence, _ in generator.sample(places, len(places)):
        after = (mutate_code(text, get_operator(name)(), occurrence) or "").splitlines()
        changed = [line for line, (a, b) in enumerate(zip(before, after, strict=False), 1) if a != b]
        if len(before) == len(after) and len(changed) == 1 and _is_python(after):
            line = changed[0]
            return {"what": name, "line": line, "before": before[line - 1], "after": after[line - 1]}
    return None


def _is_python(lines: list[str]) -> bool:
    try:
        ast.parse("\n".join(lines))
    except SyntaxError:
        return False
    return True


def _nodes(tree):  # type: ignore[no-untyped-def]
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        stack += getattr(node, "children", [])


def draw(count: int) -> None:
    """A sample over all rooms, at most one line a file and operator family, written down."""
    generator, files = random.Random(SEED), rooms()
    lines = {room: sum(len(path.read_text(encoding="utf-8").splitlines()) for path in of) for room, of in files.items()}
    drawn = []
    for room, of in files.items():
        wanted = max(3, round(count * lines[room] / sum(lines.values())))
        paths = [path for path in of if path.name != "__init__.py"]
        for path in generator.sample(paths, min(wanted, len(paths))):
            one = mutation(path, generator)
            if one is not None:
                drawn.append({"file": str(path.relative_to(ROOT)), **one})
    DRAWN.write_text(json.dumps([*planted(), *drawn], indent=1) + "\n", encoding="utf-8")
    print(f"{len(drawn)} drawn, {len(PLANTED)} planted")


def planted() -> list[dict[str, object]]:
    """The planted faults where they stand today."""
    found = []
    for what, text, instead in PLANTED:
        places = [
            (path, number, line)
            for path in sorted((ROOT / "econmodel").rglob("*.py"))
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
            if text in line
        ]
        if len(places) != 1:
            raise SystemExit(f"{what}: {len(places)} lines hold {text!r}, and there should be one.")
        path, number, line = places[0]
        found.append(
            {"file": str(path.relative_to(ROOT)), "what": what, "line": number, "before": line,
             "after": line.replace(text, instead)}
        )  # fmt: skip
    return found


def try_one(mutation: dict[str, object], everything: bool = False) -> dict[str, object]:
    """What notices a mutation: the tests of its room, or all tests; or nothing."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "project"
        subprocess.run(["git", "clone", "--quiet", ROOT, copy], check=True)
        file = copy / str(mutation["file"])
        lines = file.read_text(encoding="utf-8").splitlines()
        place = int(str(mutation["line"])) - 1
        assert lines[place] == mutation["before"], mutation
        lines[place] = str(mutation["after"])
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
        room = Path(str(mutation["file"])).parts[1]
        own = [f"tests/{room}"] if (copy / "tests" / room).is_dir() else ["tests/test_results.py", "tests/economies"]
        # The tests that bear the file's name first: most faults end there.
        namesakes = [str(path.relative_to(copy)) for path in (copy / "tests").rglob(f"test_{file.stem}*.py")]
        for paths in [EVERYTHING] if everything else [namesakes or own, own]:
            test = _first_failure(copy, paths)
            if test:
                return mutation | {"noticed by": "the suite" if everything else "its room", "test": test}
    return mutation | {"noticed by": "nothing", "test": ""}


def _first_failure(copy: Path, paths: list[str]) -> str:
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "--tb=no", *paths]
    environment = os.environ | {"PYTHONPATH": str(copy), "OPENBLAS_NUM_THREADS": "1"}
    try:
        run = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return "it never ended"
    failed = [line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    if failed:
        return failed[0].split(" - ")[0]
    # 5: there was no test to run.
    return "" if run.returncode in (0, 5) else run.stdout[-200:]


def run(processes: int) -> None:
    """Every mutation on file, and the table of what noticed it."""
    mutations = json.loads(DRAWN.read_text(encoding="utf-8"))
    found = list(mutations)
    for everything in (False, True):
        left = [place for place, one in enumerate(found) if one.get("noticed by", "nothing") == "nothing"]
        with ThreadPoolExecutor(processes) as pool:
            tried = {pool.submit(try_one, found[place], everything): place for place in left}
            for one in as_completed(tried):
                found[tried[one]] = one.result()
                print(*(one.result()[name] for name in ("noticed by", "file", "line", "what", "test")), flush=True)
                write([one for one in found if "noticed by" in one])


def write(found: list[dict[str, object]]) -> None:
    """Write benchmarks/mutations.md."""
    caught = [one for one in found if one["noticed by"] != "nothing"]
    lines = [
        "# Mutations: whether the tests notice a fault\n",
        f"{len(found)} faults of one line each, {len(caught)} noticed ({100 * len(caught) / len(found):.0f} %). "
        f"Made by `python scripts/mutation_study.py draw` (cosmic-ray's operators, seed {SEED}) and `run`.\n",
        "| file | fault | line before | line after | noticed by |",
        "|---|---|---|---|---|",
    ]
    for one in found:
        cells = (str(one[name]).strip().replace("|", "\\|") for name in ("before", "after"))
        before, after = (f"`{cell}`" for cell in cells)
        lines.append(f"| {one['file']}:{one['line']} | {one['what']} | {before} | {after} | {one['noticed by']} |")
    TABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["draw", "run"])
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    draw(given.count) if given.what == "draw" else run(given.processes)
