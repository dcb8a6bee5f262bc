"""Notebooks through a real kernel: what is written, what is left alone, and that it is the same twice."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from econmodel import __version__
from econmodel.report.pdf import chromium
from econmodel.report.run import run_report, run_reports

ROOT = Path(__file__).resolve().parents[2]

FINDING = (
    "import econmodel as em\nimport numpy as np\n"
    "draw = np.random.default_rng(seed).normal()\n"
    "em.finding('draw', f'The draw is {draw:.3f}.', headline=True, draw=draw)\n"
    "em.finding('share', 'Half.', tolerance=0.1, share=share)\n"
    "em.fact('Rows', '3 of 3 used.')\n"
    "last = em.qa(True, 'It runs', note='It did.')\nlast"
)
SAME = (
    "import altair as alt\nfrom econmodel.charts import theme\nfrom econmodel.results import Table\n"
    "import pandas as pd\ntheme.enable()\ntable = pd.DataFrame({'size': [1.0, 2.0], 'cost': [draw, 2.0]})\n"
    "Table('Costs', table, 'They rise.')"
)
CHART = (
    "alt.Chart(table).mark_line().encode(x='size', y='cost').properties("
    "title='Cost rises', description='A line from the lower left to the upper right.')"
)
EARLIER = (
    '{{"report": "{}", "title": "T", "econmodel": "1", "notebook_sha256": "0", "data": {{}}, "parameters": {{}}, '
    '"changed_parameters": [], "findings": {{}}, "checks": []}}'
)
WARNING = "import warnings\nwarnings.warn('few clusters')"
WORLD = (
    "import os, sys, econmodel as em\n"
    "em.finding('world', 'Here.', hashes=os.environ['PYTHONHASHSEED'], threads=os.environ['OPENBLAS_NUM_THREADS'],"
    " profile=os.environ['IPYTHONDIR'], package=em.__file__, python=sys.executable, folder=os.getcwd())"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def outcomes(folder, write_notebook, write_card):
    """One batch: two good notebooks, and one of each way to fail."""
    write_card(folder)
    (folder / "out").mkdir()
    # What an earlier, good run left.
    for name in ("stops", "unsure", "dies", "secret"):
        (folder / "out" / f"{name}.html").write_text("good", encoding="utf-8")
        (folder / "out" / f"{name}.findings.json").write_text(EARLIER.format(name), encoding="utf-8")
        (folder / "out" / f"{name}.pdf").write_bytes(b"good")
    (folder / "out" / "good.failed.html").write_text("failed", encoding="utf-8")
    (folder / "out" / "good.pdf").write_bytes(b"of an earlier run")
    sources = [
        write_notebook(
            folder / "good.ipynb", FINDING, "## Results", SAME, CHART, WARNING, report={"data": ["firms.toml"]}
        ),
        write_notebook(folder / "world.ipynb", WORLD, parameters=""),
        write_notebook(folder / "stops.ipynb", "## Model", "1 / 0", "print('never')"),
        write_notebook(folder / "unsure.ipynb", "import econmodel as em\nem.qa(1 > 2, 'One is more than two')"),
        write_notebook(folder / "dies.ipynb", "import os\nos._exit(1)"),
        write_notebook(folder / "secret.ipynb", "import econmodel as em\nem.load('us_airlines')"),
    ]
    before = {path: path.read_bytes() for path in sources}
    found = run_reports([*sources[:5]], folder / "out", {"good": {"share": 0.25}}, keep=True)
    found += [run_report(sources[5], folder / "out")]
    assert {path: path.read_bytes() for path in sources} == before, "a source is never written"
    shutil.copytree(folder / "out", folder / "kept")
    return {outcome.name: outcome for outcome in found}


@pytest.fixture(scope="module")
def findings(folder, outcomes):
    return json.loads((folder / "kept" / "good.findings.json").read_text(encoding="utf-8"))


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_good_run_writes_page_findings_and_log(folder, outcomes):
    assert outcomes["good"].good
    names = ["good.html", "good.findings.json", "good.run.json", "good.ipynb"]
    assert [path.name for path in outcomes["good"].files] == names
    assert all(path.is_file() for path in outcomes["good"].files)


def test_a_good_run_removes_what_contradicts_it(folder, outcomes):
    assert not (folder / "kept" / "good.failed.html").exists()
    assert not (folder / "kept" / "good.pdf").exists()


def test_nothing_unfinished_is_left(folder, outcomes):
    assert not list((folder / "kept").glob(".*"))


def test_findings_name_everything_that_they_were_made_from(folder, findings):
    assert findings["report"] == "good"
    assert findings["title"] == "Does it run?"
    assert findings["econmodel"] == __version__
    assert findings["notebook_sha256"] == sha256(folder / "good.ipynb")
    hashes = {"data_sha256": sha256(folder / "firms.csv"), "card_sha256": sha256(folder / "firms.toml")}
    assert findings["data"] == {"firms": hashes}
    assert findings["parameters"] == {"seed": 1, "share": 0.25}
    assert findings["changed_parameters"] == ["share"]


def test_findings_are_in_the_order_in_which_they_were_made(findings):
    assert list(findings["findings"]) == ["draw", "share"]
    assert findings["findings"]["share"]["values"] == {"share": 0.25}
    assert findings["checks"] == [{"name": "It runs", "passed": True, "must_pass": True, "note": "It did."}]


def test_a_record_that_ends_a_cell_is_shown_once(folder, outcomes):
    page = (folder / "kept" / "good.html").read_text(encoding="utf-8")
    assert page.count("<strong>Check passed:</strong> It runs. It did.") == 1


def test_the_page_says_what_was_changed_and_what_was_warned(folder, outcomes):
    page = (folder / "kept" / "good.html").read_text(encoding="utf-8")
    assert "<td>0.5</td><td><strong>0.25</strong> changed</td>" in page
    assert "<td><p>3 of 3 used.</p></td>" in page
    assert "Three firms. 3 rows. Cost: total; GBP, nominal. Source: Made for a test" in page
    assert "UserWarning: few clusters" in page


def test_a_page_holds_nothing_of_the_machine(folder, outcomes, findings):
    text = (folder / "kept" / "good.html").read_text(encoding="utf-8") + json.dumps(findings)
    log = json.loads((folder / "kept" / "good.run.json").read_text(encoding="utf-8"))
    machine = {str(folder), str(ROOT), str(Path.home()), log["date"][:10], log["versions"]["pandas"], "ipykernel"}
    assert not {word for word in machine if word in text}


def test_the_log_holds_what_the_page_may_not(folder, outcomes):
    log = json.loads((folder / "kept" / "good.run.json").read_text(encoding="utf-8"))
    assert {"commit", "date", "seconds", "python", "platform", "versions", "parameters", "command"} == set(log)
    assert log["versions"]["econmodel"] == __version__


def test_the_same_run_gives_the_same_bytes_from_anywhere(folder, outcomes, monkeypatch):
    monkeypatch.chdir(folder)
    run_report(Path("good.ipynb"), Path("again"), {"share": 0.25}, browser=chromium())
    for name in ("good.html", "good.findings.json"):
        assert (folder / "again" / name).read_bytes() == (folder / "kept" / name).read_bytes()
    assert (folder / "again" / "good.pdf").is_file() == (chromium() is not None)


def test_the_kernel_is_this_interpreter_and_this_package_and_starts_afresh(folder, outcomes):
    text = (folder / "kept" / "world.findings.json").read_text(encoding="utf-8")
    world = json.loads(text)["findings"]["world"]["values"]
    assert (world["hashes"], world["threads"], world["python"]) == ("0", "1", sys.executable)
    assert Path(world["package"]) == ROOT / "econmodel" / "__init__.py"
    assert Path(world["folder"]) == folder
    assert Path(world["profile"]).name == ".ipython"
    assert not Path(world["profile"]).exists()


FAILURES = {
    "stops": ("The run stopped in code cell 2, under “Model”: ZeroDivisionError: division by zero"),
    "unsure": "The check “One is more than two” must pass: it did not.",
    "dies": "The run stopped in code cell 2, under “Does it run?”: the kernel died",
    "secret": "Before the first cell: The notebook loads 'us_airlines', but its metadata do not say so",
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_run_says_where_what_and_how_to_mend_it(folder, outcomes, name):
    assert not outcomes[name].good
    assert FAILURES[name] in outcomes[name].message
    assert outcomes[name].message.endswith(f"See {name}.failed.html")
    page = (folder / "kept" / f"{name}.failed.html").read_text(encoding="utf-8")
    assert '<div class="failure" role="alert">' in page
    assert FAILURES[name].replace("'", "&#39;") in page
    assert f"Fix the notebook {name}.ipynb, and run: econmodel report {name}.ipynb" in page


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_run_leaves_the_last_good_report(folder, outcomes, name):
    assert (folder / "kept" / f"{name}.html").read_text(encoding="utf-8") == "good"
    assert (folder / "kept" / f"{name}.findings.json").read_text(encoding="utf-8") == EARLIER.format(name)
    assert (folder / "kept" / f"{name}.pdf").read_bytes() == b"good"


def test_a_failed_page_shows_the_cells_that_ran(folder, outcomes):
    page = (folder / "kept" / "stops.failed.html").read_text(encoding="utf-8")
    assert '<h2 id="model">Model</h2>' in page
    assert "<strong>ZeroDivisionError:</strong> division by zero" in page
    assert "never" not in page.partition("<summary>The code</summary>")[0]


def test_a_parameter_that_the_notebook_does_not_know_stops_the_run(folder, outcomes):
    outcome = run_report(folder / "stops.ipynb", folder / "other", {"sead": 2})
    assert "There is no parameter 'sead'. Did you mean seed?" in outcome.message


def test_a_file_that_is_no_notebook_fails(tmp_path):
    (tmp_path / "broken.ipynb").write_text("{}", encoding="utf-8")
    outcome = run_report(tmp_path / "broken.ipynb", tmp_path / "out")
    assert "broken.ipynb is not a notebook" in outcome.message
    assert (tmp_path / "out" / "broken.failed.html").is_file()


def test_a_pdf_that_cannot_be_printed_spoils_nothing(tmp_path, write_notebook):
    source = write_notebook(tmp_path / "tiny.ipynb", "1 + 1")
    outcome = run_report(source, tmp_path / "out", browser=shutil.which("false"))
    assert outcome.good
    assert "printed no PDF (no message); --no-pdf leaves it out." in outcome.message


def test_a_package_in_a_folder_of_its_own_runs_in_its_kernels(tmp_path, write_notebook):
    shutil.copytree(ROOT / "econmodel", tmp_path / "target" / "econmodel", ignore=shutil.ignore_patterns("__pycache__"))
    source = write_notebook(tmp_path / "world.ipynb", WORLD, parameters="")
    program = (
        "import sys\nfrom pathlib import Path\nsys.modules['rfc3987_syntax'] = None\nsys.path.insert(0, sys.argv[1])\n"
        "from econmodel.report.run import run_report\n"
        "outcome = run_report(Path(sys.argv[2]), Path(sys.argv[3]))\nassert outcome.good, outcome.message"
    )
    command = [sys.executable, "-c", program, tmp_path / "target", source, tmp_path / "out"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""})
    assert run.returncode == 0, run.stderr
    found = json.loads((tmp_path / "out" / "world.findings.json").read_text(encoding="utf-8"))
    assert Path(found["findings"]["world"]["values"]["package"]).is_relative_to(tmp_path / "target")
