"""Empty notebooks of what a run left in them: outputs, counts, and metadata that change from machine to machine.

    python scripts/strip_notebooks.py [--check] [NOTEBOOK ...]

Without names, every notebook in notebooks/. With --check nothing is written. Either way the exit code is 1 if
anything had to go, so that a commit stops once and the second attempt is clean.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def stripped(notebook: dict[str, Any]) -> dict[str, Any]:
    """The notebook with its questions and code, and without anything that running it added."""
    report = notebook["metadata"].get("report")
    metadata: dict[str, Any] = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    if report is not None:
        metadata["report"] = report
    return {**notebook, "cells": [_stripped_cell(cell) for cell in notebook["cells"]], "metadata": metadata}


def _stripped_cell(cell: dict[str, Any]) -> dict[str, Any]:
    tags = [tag for tag in cell["metadata"].get("tags", []) if tag != "injected-parameters"]
    kept = {**cell, "metadata": {"tags": tags} if tags else {}}
    if cell["cell_type"] == "code":
        kept |= {"outputs": [], "execution_count": None}
    return kept


def written(notebook: dict[str, Any]) -> str:
    """The text of a notebook file, byte for byte as Jupyter writes it."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Strip, or check, the notebooks that are named."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path)
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    unclean = 0
    for path in arguments.notebooks or sorted(ROOT.glob("notebooks/*.ipynb")):
        text = path.read_text(encoding="utf-8")
        clean = written(stripped(json.loads(text)))
        if clean != text:
            unclean += 1
            print(f"{path}: {'holds what a run left in it' if arguments.check else 'emptied'}")
            if not arguments.check:
                path.write_text(clean, encoding="utf-8")
    return int(unclean > 0)


if __name__ == "__main__":
    sys.exit(main())
