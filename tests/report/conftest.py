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


@pytest.fixture
def make_notebook(tmp_path: Path) -> Callable[..., Path]:
    """Write a notebook of a title, the parameters, and the given code cells; texts start with '## '."""

    def make(
        *cells: str,
        name: str = "tiny",
        title: str = "# Does it run?",
        parameters: str = PARAMETERS,
        report: Mapping[str, Any] | None = None,
    ) -> Path:
        listed = [new_markdown_cell(title)] if title else []
        if parameters:
            listed.append(new_code_cell(parameters, metadata={"tags": ["parameters"]}))
        listed += [new_markdown_cell(cell) if cell.startswith("## ") else new_code_cell(cell) for cell in cells]
        for number, cell in enumerate(listed):
            cell["id"] = f"cell-{number}"
        path = tmp_path / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=listed, metadata={"report": dict(report or {})}), path)
        return path

    return make


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """A card and its table, beside the notebooks of this test."""
    (tmp_path / "firms.csv").write_text(DATA, encoding="utf-8", newline="\n")
    path = tmp_path / "firms.toml"
    path.write_text(CARD, encoding="utf-8", newline="\n")
    return path


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
