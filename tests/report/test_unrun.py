"""Runs that stop without an error, or show nothing of what they ran, are failures."""

import pytest

from econmodel.report.run import run_reports

LAST = "import econmodel as em\nem.qa(False, 'Must pass')"
ASSIGNED = "word = 'a'\nshown = !echo {word} b\nassert shown == ['a b'] and shown.s == 'a b'"
STOPS = {
    "exits": ("import sys\nsys.exit(0)", "code cell 1, under “Does it run?”: SystemExit: 0. What comes after"),
    "raises": ("raise SystemExit", "SystemExit: . What comes after it may not have run"),
    "quits": ("quit()", "SystemExit: the cell left the notebook"),
    "asks": ("get_ipython().ask_exit()", "SystemExit: the cell left the notebook"),
    "leaves": ("import os\nos._exit(0)", "the kernel died"),
    "scripts": ("%%javascript\nalert(1)", "%%javascript does not run the cell where the report can see it"),
    "captures": ("%%capture\nimport econmodel as em\nem.qa(False, 'Hidden')", "%%capture does not run the cell"),
    "loose": ("%%script --no-raise-error false\n1", "%%script does not run the cell"),
    "unknown": ("%%nosuchmagic\n1", "code cell 1, under “Does it run?”: "),
    "shell": ("!false", "ChildProcessError: !false ended with exit code 1"),
    "assigns": ("shown = !echo a; false", "ChildProcessError: !echo a; false ended with exit code 1"),
    "sends": ("%%script echo not today\n1", "%%script does not run the cell"),
    "magic": ("%exit", "UsageError: Line magic function `%exit` not found"),
    "hides": ("get_ipython()._showtraceback = lambda *_: None\n1 / 0", "ended with an error that it does not show"),
    "threads": (
        "import threading\nthread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()",
        "ZeroDivisionError: division by zero",
    ),
    "imitates": (
        "raise ValueError('\\x1b[2Jno\\ngood  1.0 s  html')",
        "ValueError: no good 1.0 s html  See imitates.failed",
    ),
    "nested": ("get_ipython().run_cell('1 / 0');", "ZeroDivisionError: division by zero"),
}


@pytest.fixture(scope="module")
def messages(tmp_path_factory, write_notebook):
    folder = tmp_path_factory.mktemp("stops")
    sources = [
        # Most stop in their last cell, where no later one is missed.
        write_notebook(folder / f"{name}.ipynb", *((code, LAST) if "died" in words else (code,)), parameters="")
        for name, (code, words) in STOPS.items()
    ]
    skipped = write_notebook(folder / "skips.ipynb", LAST, "# a remark only", " ", "!true", parameters="")
    text = skipped.read_text(encoding="utf-8")
    sources.append(
        write_notebook(folder / "runs.ipynb", "# a remark only", " ", "!true\n%time 1", ASSIGNED, parameters="")
    )
    skipped.write_text(text.replace('"metadata": {}', '"metadata": {"tags": ["skip-execution"]}', 2), encoding="utf-8")
    sources.append(skipped)
    return {outcome.name: outcome for outcome in run_reports(sources, folder / "out")}


@pytest.mark.parametrize("name", STOPS)
def test_a_run_that_did_not_run_every_cell_to_its_end_has_failed(messages, name):
    assert not messages[name].good
    assert STOPS[name][1] in messages[name].message


def test_a_cell_that_its_tags_leave_out_is_a_failure(messages):
    assert "the cell was not run; its tags are 'skip-execution'." in messages["skips"].message


def test_remarks_empty_cells_and_commands_that_work_are_none(messages):
    assert messages["runs"].good, messages["runs"].message
