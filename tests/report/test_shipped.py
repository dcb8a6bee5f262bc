"""The reports that are committed: of these notebooks and data, whole, and what a fresh run gives again."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from econmodel.report.compare import moved
from econmodel.report.finding import CHECK, on_file
from econmodel.report.notebooks import data_sets
from econmodel.table.card import sha256

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "reports"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

every_notebook = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


@every_notebook
def test_the_report_on_file_is_of_this_notebook_and_these_data(notebook):
    filed = on_file(REPORTS, notebook.stem)
    assert filed["notebook_sha256"] == sha256(notebook), "the notebook changed since: make reports"
    for data in data_sets(nbformat.read(notebook, as_version=4), notebook.parent):
        now = {"data_sha256": data.data_sha256, "card_sha256": data.card_sha256}
        assert filed["data"][data.name] == now, "the data changed since: make reports"
    assert filed["changed_parameters"] == []


@every_notebook
def test_the_page_on_file_needs_no_network(notebook):
    page = (REPORTS / f"{notebook.stem}.html").read_text(encoding="utf-8")
    addresses = re.findall(r'(?:href|src)="([^"]*)"', page)
    assert [address for address in addresses if not address.startswith(("#", "data:image/"))] == []
    assert "<script" not in page
    assert sha256(notebook) in page


def test_nothing_else_is_on_file():
    shipped = {path.stem for path in NOTEBOOKS}
    assert {path.name.removesuffix(".findings.json") for path in REPORTS.glob("*.findings.json")} <= shipped
    assert {path.stem for path in REPORTS.glob("*.html")} - {"index"} <= shipped


@pytest.mark.slow
@every_notebook
def test_a_fresh_run_moves_no_finding(notebook, rendered_reports):
    failed = rendered_reports / f"{notebook.stem}.failed.html"
    assert not failed.exists(), f"{failed} says why"
    assert moved(on_file(REPORTS, notebook.stem), on_file(rendered_reports, notebook.stem)) == []


@pytest.mark.slow
@every_notebook
def test_a_fresh_run_says_something_checks_something_and_complains_of_nothing(notebook, rendered_reports):
    executed = nbformat.read(rendered_reports / notebook.name, as_version=4)
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    assert any(CHECK in output.get("data", {}) for output in outputs)
    findings = json.loads((rendered_reports / f"{notebook.stem}.findings.json").read_text(encoding="utf-8"))["findings"]
    assert any(found["headline"] for found in findings.values())
    assert all(found["values"] or not any(c.isdigit() for c in found["text"]) for found in findings.values()), (
        "a number that no re-run can compare"
    )
