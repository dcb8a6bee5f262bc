"""One bad notebook is one failed report in words: the others go on. A run that is stopped leaves nothing."""

import errno
import os
import signal
import subprocess
import sys
import time

import pytest

from econmodel import cli
from econmodel.errors import ReportFailed
from econmodel.report import folders
from econmodel.report.finding import FINDING
from econmodel.report.pdf import print_pdf
from econmodel.report.run import run_report, run_reports

CARD = 'file = "firms.csv"\ncost = "spend"\n[outputs.visits]\nservice = "personal"\n'
RAW = f"from IPython.display import display\ndisplay({{{FINDING!r}: {{'key': 'a'}}}}, raw=True)"
CARDS = {
    "no_file": (CARD.replace('file = "firms.csv"\n', ""), "lacks 'file'"),
    "no_toml": ("file = ", "is not valid TOML"),
    "no_table": (CARD.replace("firms.csv", "nowhere.csv"), "names the file 'nowhere.csv', which is not in"),
    "latin": (CARD.replace("firms", "latin"), "latin.csv"),
}
METADATA = {
    "limits": ({"limits": 5}, "report.limits = 5; it is a text, or a list of texts"),
    "data": ({"data": "us_airlines"}, "report.data = 'us_airlines'; it is a list of names and cards"),
    "facts": ({"facts": ["a"]}, "report.facts = ['a']; it is a mapping of names to texts"),
    "assumptions": ({"assumptions": [[]]}, "report.assumptions = [[]]; it is a list of lists of texts"),
    "status": ({"status": None}, "report.status = None; it is a text"),
}


@pytest.fixture(scope="module")
def messages(tmp_path_factory, write_notebook, write_card):
    folder = tmp_path_factory.mktemp("faults")
    write_card(folder)
    (folder / "latin.csv").write_bytes("firm,spend,visits\nCaf\xe9,10,100\n".encode("latin-1"))
    sources = []
    for name, (card, _) in CARDS.items():
        (folder / f"{name}.toml").write_text(card, encoding="utf-8")
        sources.append(write_notebook(folder / f"{name}.ipynb", "1", report={"data": [f"{name}.toml"]}))
    for name, (report, _) in METADATA.items():
        sources.append(write_notebook(folder / f"{name}.ipynb", "1", report=report))
    sources.append(write_notebook(folder / "raw.ipynb", RAW))
    sources.append(write_notebook(folder / "hangs.ipynb", "import time\ntime.sleep(60)"))
    sources.append(write_notebook(folder / "good.ipynb", "1"))
    outcomes = run_reports(sources, folder / "out", timeout=5)
    assert (folder / "out" / "index.html").is_file()
    for outcome in outcomes:
        assert (folder / "out" / f"{outcome.name}{'' if outcome.good else '.failed'}.html").is_file()
    return {outcome.name: outcome.message for outcome in outcomes if not outcome.good}


def test_the_others_go_on(messages):
    assert set(messages) == {*CARDS, *METADATA, "raw", "hangs"}


@pytest.mark.parametrize("name", [*CARDS, *METADATA])
def test_what_cannot_be_read_is_one_sentence(messages, name):
    assert f"Before the first cell: {'The notebook' if name in METADATA else ''}" in messages[name]
    assert (CARDS | METADATA)[name][1] in messages[name]


def test_a_record_that_is_none_is_named(messages):
    assert "A cell published a record that cannot be read: 'text' is missing or no str." in messages["raw"]


def test_a_cell_that_takes_too_long_is_stopped(messages):
    assert "the cell ran for more than 5 seconds; --timeout allows more." in messages["hangs"]


def test_what_nobody_foresaw_is_an_outcome_too(tmp_path, write_notebook, monkeypatch):
    def broken(notebook):
        raise KeyError("unseen")

    monkeypatch.setattr("econmodel.report.run.declared", broken)
    outcome = run_report(write_notebook(tmp_path / "a.ipynb", "1"), tmp_path / "out")
    assert "Before the first cell: KeyError: 'unseen' (not foreseen: please report it)." in outcome.message
    assert (tmp_path / "out" / "a.failed.html").is_file()


def test_a_full_disk_is_one_sentence_and_leaves_the_last_report(tmp_path, write_notebook, monkeypatch):
    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "a.html").write_text("good", encoding="utf-8")
    monkeypatch.setattr(folders, "write", full)
    outcome = run_report(write_notebook(tmp_path / "a.ipynb", "1"), tmp_path)
    assert outcome.message.startswith("FAILED  The report could not be written: No space left on device: ")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.html", "a.ipynb"]


def test_a_folder_that_is_a_file_is_refused_before_anything_runs(tmp_path, write_notebook):
    (tmp_path / "out").write_text("", encoding="utf-8")
    with pytest.raises(ReportFailed, match="is a file: name a folder for the reports with --to"):
        run_reports([write_notebook(tmp_path / "a.ipynb", "1")], tmp_path / "out")
    with pytest.raises(ReportFailed, match=r"The reports cannot be written\. Not a directory: .* name another folder"):
        run_reports([tmp_path / "a.ipynb"], tmp_path / "out" / "in")


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_a_browser_that_stalls_is_ended(tmp_path):
    browser = tmp_path / "browser"
    browser.write_text("#!/bin/sh\nsleep 60\n", encoding="utf-8")
    browser.chmod(0o755)
    start = time.monotonic()
    with pytest.raises(ReportFailed, match=r"printed no PDF within 0\.5 seconds; --no-pdf leaves it out"):
        print_pdf(str(browser), tmp_path / "page.html", tmp_path / "page.pdf", 0.5)
    assert time.monotonic() - start < 60


@pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_asked_to_stop_says_so_and_leaves_nothing(tmp_path, write_notebook, number):
    begun, temporary = tmp_path / "begun", tmp_path / "tmp"
    temporary.mkdir()
    code = f"import pathlib, time\npathlib.Path({str(begun)!r}).write_text('')\ntime.sleep(600)"
    source = write_notebook(tmp_path / "a.ipynb", code)
    program = "from econmodel.cli import main; main()"
    run = subprocess.Popen(
        [sys.executable, "-c", program, "report", source, "--to", tmp_path / "out", "--no-pdf"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | {"TMPDIR": str(temporary)},
    )  # fmt: skip
    while not begun.exists() and run.poll() is None:
        time.sleep(0.05)
    run.send_signal(number)
    said, _ = run.communicate()
    assert (run.returncode, said) == (cli.STOPPED + number, "Stopped. No unfinished report was put in place.\n")
    assert [*temporary.iterdir(), *(tmp_path / "out").iterdir()] == []
