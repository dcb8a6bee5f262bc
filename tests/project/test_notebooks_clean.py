"""Notebooks are sources: no outputs, short cells, no definitions, nothing of the machine that ran them."""

import ast
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted(ROOT.glob("notebooks/*.ipynb"))
# A cell is read at one glance; what is longer belongs in the package, where it is tested.
LONGEST_CELL = 15

every_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def strip():
    specification = importlib.util.spec_from_file_location("strip_notebooks", ROOT / "scripts" / "strip_notebooks.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def notebook(path):
    return json.loads(path.read_text(encoding="utf-8"))


def code_cells(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


@every_notebook
def test_nothing_is_left_of_a_run(path, strip):
    text = path.read_text(encoding="utf-8")
    assert text == strip.written(strip.stripped(json.loads(text))), "make format"


@every_notebook
def test_cells_are_short_and_define_nothing(notebook):
    assert code_cells(notebook)
    for cell in code_cells(notebook):
        source = "".join(cell["source"])
        assert len(source.splitlines()) <= LONGEST_CELL, source
        definitions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
        assert not [node for node in ast.walk(ast.parse(source)) if isinstance(node, definitions)], source


@every_notebook
def test_it_opens_with_a_title_and_has_one_cell_of_parameters(notebook):
    first = notebook["cells"][0]
    assert first["cell_type"] == "markdown"
    assert "".join(first["source"]).startswith("# ")
    tags = [cell["metadata"].get("tags", []) for cell in notebook["cells"]]
    assert sum("parameters" in each for each in tags) == 1


@every_notebook
def test_cell_ids_are_unique(notebook):
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)


RUN = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {"tags": []}, "source": ["# Title"]},
        {
            "cell_type": "code",
            "id": "b",
            "metadata": {"tags": ["parameters"], "papermill": {"duration": 0.1}, "collapsed": True},
            "source": ["1 + 1"],
            "execution_count": 3,
            "outputs": [{"output_type": "execute_result", "data": {"text/plain": ["2"]}}],
        },
    ],
    "metadata": {
        "kernelspec": {"display_name": "somebody's kernel", "name": "venv", "language": "python"},
        "language_info": {"name": "python", "version": "3.11.7"},
        "papermill": {"start_time": "2026-01-01"},
        "report": {"title": "Title"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}


def test_stripping_keeps_questions_code_and_tags(strip):
    clean = strip.stripped(RUN)
    assert [cell["source"] for cell in clean["cells"]] == [["# Title"], ["1 + 1"]]
    assert [cell["metadata"] for cell in clean["cells"]] == [{}, {"tags": ["parameters"]}]
    assert clean["cells"][1]["outputs"] == []
    assert clean["cells"][1]["execution_count"] is None
    assert clean["metadata"] == {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        "report": {"title": "Title"},
    }
    assert strip.stripped(clean) == clean


def test_stripping_writes_as_jupyter_writes(strip):
    nbformat = pytest.importorskip("nbformat", reason="nbformat comes with JupyterLab")
    clean = strip.stripped(RUN)
    assert strip.written(clean) == nbformat.writes(nbformat.from_dict(clean)) + "\n"


def test_the_script_checks_without_writing_and_then_mends(tmp_path):
    path = tmp_path / "run.ipynb"
    path.write_text(json.dumps(RUN), encoding="utf-8")
    command = [sys.executable, ROOT / "scripts" / "strip_notebooks.py", path]
    checked = subprocess.run([*command, "--check"], capture_output=True, text=True)
    assert checked.returncode == 1
    assert "holds what a run left in it" in checked.stdout
    assert json.loads(path.read_text(encoding="utf-8")) == RUN
    assert subprocess.run(command, capture_output=True).returncode == 1
    assert subprocess.run(command, capture_output=True).returncode == 0
