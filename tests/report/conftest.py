"""Tiny notebooks, made where they are needed."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

PARAMETERS = "seed: int = 1  # draws of the bootstrap\nshare: float = 0.5  # share of the small"
DATA = "firm,spend,visits\nA,10,100\nB,18,200\nC,25,300\n"
CARD = (
    'title = "Three firms"\nfile = "firms.csv"\nsource = "Made for a test"\nlicence = "CC0"\nmoney = "GBP, nominal"\n'
    'cost_concept = "total"\ncost = "spend"\nentity = "firm"\n[outputs.visits]\nservice = "personal"\n'
)


@pytest.fixture(scope="session")
def write_notebook() -> Callable[..., Path]:
    """Write a notebook of a title, the parameters, and the given code cells; texts start with '## '."""

    def write(
        path: Path,
        *cells: str,
        title: str = "# Does it run?",
        parameters: str = PARAMETERS,
        report: Mapping[str, Any] | None = None,
    ) -> Path:
        listed = [new_markdown_cell(title)]
        if parameters:
            listed.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        listed += [new_markdown_cell(cell) if cell.startswith("## ") else new_code_cell(cell) for cell in cells]
        for number, cell in enumerate(listed):
            cell["id"] = f"cell-{number}"
        nbformat.write(new_notebook(cells=listed, metadata={"report": dict(report or {})}), path)
        return path

    return write


@pytest.fixture(scope="session")
def write_card() -> Callable[[Path], Path]:
    """Write a card and its table into a folder."""

    def write(folder: Path) -> Path:
        (folder / "firms.csv").write_text(DATA, encoding="utf-8", newline="\n")
        path = folder / "firms.toml"
        path.write_text(CARD, encoding="utf-8", newline="\n")
        return path

    return write


@pytest.fixture
def executed() -> Callable[..., nbformat.NotebookNode]:
    """An executed notebook with the given outputs, each in a cell of its own."""

    def make(outputs: Sequence[Any], title: str = "# A question?\n\nWhy it is asked.") -> nbformat.NotebookNode:
        cells = [new_code_cell(f"cell({n})", outputs=[output]) for n, output in enumerate(outputs)]
        return new_notebook(cells=[new_markdown_cell(title), *cells])

    return make


@pytest.fixture
def shown() -> Callable[..., nbformat.NotebookNode]:
    """One displayed output."""

    def make(data: Mapping[str, Any], metadata: Mapping[str, Any] | None = None) -> nbformat.NotebookNode:
        return new_output("display_data", data=dict(data), metadata=dict(metadata or {}))

    return make
