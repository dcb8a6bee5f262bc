"""Write the parts of README.md that are made: reports from their findings, data from their cards, the example's output,
and speed from the results of the benchmarks.

    python scripts/update_readme.py [--check]

With --check nothing is written, and the exit code is 1 if a part is not what it would be.
"""

import argparse
import ast
import json
import re
import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import econmodel as em
from econmodel.report.finding import Collected

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"

NUMBER = re.compile(r"[-−]?\d[\d,]*(?:\.\d+)?")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def reports() -> str:
    """One row a notebook: its question, with the report behind it, and its headline findings."""
    rows = []
    for path in sorted(ROOT.glob("notebooks/*.ipynb")):
        found = on_file(path.stem)
        question = f"[{found['title']}](reports/{path.stem}.html)" if found else path.stem
        rows.append([question, headlines(found), f"[{path.stem}](notebooks/{path.name})"])
    return table(["Question", "Finding", "Notebook"], rows) if rows else "There are no notebooks yet."


def on_file(name: str) -> dict[str, Any]:
    """The findings of a report that was made, or nothing."""
    path = ROOT / "reports" / f"{name}.findings.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def headlines(found: Mapping[str, Any]) -> str:
    """The sentences that stand at the top of a report."""
    if not found:
        return "not run yet: `make reports`"
    return " ".join(Collected(found["findings"], checks=[], facts=[]).headlines)


def data() -> str:
    """One row a shipped table, from its card."""
    rows = []
    for card in sorted(ROOT.glob("data/*.toml")):
        shipped = em.load(card.stem)
        roles = [
            f"{shipped.labels(name)} ({role.kind.replace('_', ' ')})" for name, role in shipped.relationships.items()
        ]
        rows.append(
            [
                f"[{card.stem}](data/{card.name})",
                shipped.title,
                f"{len(shipped):,}",
                ", ".join(shipped.labels(name) for name in shipped.outputs),
                ", ".join(roles) or "–",
                shipped.source,
            ]
        )
    return table(["Name", "Providers", "Rows", "Outputs", "Relationship", "Source"], rows)


def speed() -> str:
    """Every target of every benchmark, with the page that says how it was measured."""
    rows = []
    for page in sorted(ROOT.glob("benchmarks/*.md")):
        text = page.read_text(encoding="utf-8")
        if "<!-- targets:start -->" not in text:
            continue
        lines = text.split("<!-- targets:start -->")[1].split("<!-- targets:end -->")[0].strip().splitlines()
        cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines[2:]]
        rows += [[*line, f"[{page.stem}](benchmarks/{page.name})"] for line in cells]
    return table(["", "Measured", "Target", "Kept", "Benchmark"], rows)


def example(readme: str) -> str:
    """What the example before the marker ends in: a sentence, as a quotation."""
    source = re.findall(r"```python\n(.*?)```", readme.partition("<!-- example:start -->")[0], flags=re.DOTALL)[-1]
    *statements, last = ast.parse(source).body
    assert isinstance(last, ast.Expr)
    names: dict[str, Any] = {}
    exec(compile(ast.Module(statements, []), "README.md", "exec"), names)
    return f"> {eval(compile(ast.Expression(last.value), 'README.md', 'eval'), names)}"


def filled(readme: str) -> str:
    """The README with every made part made anew."""
    made = {"reports": reports(), "data": data(), "speed": speed(), "example": example(readme)}
    for name, text in made.items():
        start, end = f"<!-- {name}:start -->", f"<!-- {name}:end -->"
        before, after = readme.split(start)[0], readme.split(end)[1]
        readme = f"{before}{start}\n{text}\n{end}{after}"
    return readme


def says_the_same(one: str, other: str) -> bool:
    """Whether two texts have the same words, and the same numbers but for one unit of the last printed digit.

    Another processor adds in another order, and may round that digit otherwise.
    """
    if NUMBER.sub("0", one).split() != NUMBER.sub("0", other).split():
        return False
    return all(map(close, NUMBER.findall(one), NUMBER.findall(other)))


def close(one: str, other: str) -> bool:
    """Whether two printed numbers are the same but for one unit of their last digit."""
    first, second = (Decimal(number.replace(",", "").replace("−", "-")) for number in (one, other))
    unit = Decimal(10) ** max(int(first.as_tuple().exponent), int(second.as_tuple().exponent))
    return abs(first - second) <= unit


def main() -> int:
    """Write the README, or check it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    readme = README.read_text(encoding="utf-8")
    made = filled(readme)
    if check:
        if says_the_same(readme, made):
            return 0
        print("README.md is not what its cards, findings and example make: python scripts/update_readme.py")
        return 1
    if made != readme:
        README.write_text(made, encoding="utf-8")
        print("README.md was brought up to date")
    return 0


if __name__ == "__main__":
    sys.exit(main())
