"""One notebook to one report: run it aside, and put it in place only if it may be quoted."""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econmodel import __version__
from econmodel.errors import EconmodelError, ReportFailed
from econmodel.report.body import INJECTED, Body, prepare, title_of
from econmodel.report.findings import Collected, collect, findings_text
from econmodel.report.kernel import kernel_manager, own_loop
from econmodel.report.markdown import Headings
from econmodel.report.notebooks import read
from econmodel.report.page import Failure, page_one, said
from econmodel.report.parameters import declared, effective
from econmodel.report.pdf import print_pdf
from econmodel.report.provenance import data_sets, run_facts, sha256
from econmodel.report.render import to_page

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL_SECONDS = 1800
_ERROR = "papermill-error-cell-tag"
_ASIDE = f".run-{os.getpid()}-"
_EMPTY = Collected({}, [], [])


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a report went.

    Attributes
    ----------
    name : of the report
    failure : why it may not be quoted; None where it is good
    seconds : how long it took
    files : what was written
    note : what a reader of the terminal should know besides
    """

    name: str
    failure: Failure | None
    seconds: float
    files: tuple[Path, ...] = field(default=())
    note: str = ""

    @property
    def good(self) -> bool:
        """All cells ran and no check that must pass failed."""
        return self.failure is None

    @property
    def message(self) -> str:
        """One line for the terminal."""
        if self.failure is None:
            written = ", ".join(path.name.removeprefix(f"{self.name}.") for path in self.files)
            return f"{self.seconds:.1f} s  {written}" + (f"  {self.note}" if self.note else "")
        return f"FAILED  {self.failure.where}: {self.failure.what}  See {self.files[0].name}"


def run_report(
    source: Path,
    to: Path,
    given: Mapping[str, Any] | None = None,
    *,
    browser: str | None = None,
    keep: bool = False,
    step: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Run a notebook and write its report.

    `NAME.html` and `NAME.findings.json` are replaced only if every cell ran and no check that must pass failed.
    Otherwise `NAME.failed.html` is written beside them, with what happened on top, and they stay as they were.

    Parameters
    ----------
    source : the notebook; it is read and never written
    to : folder of reports
    given : parameters that differ from the defaults, in their types
    browser : a Chromium that prints the PDF; None for no PDF
    keep : leave the executed notebook beside the report
    step : told after each cell how many of how many have run
    """
    start = time.perf_counter()
    # The kernel and the browser work in folders of their own.
    source, to = source.resolve(), to.resolve()
    to.mkdir(parents=True, exist_ok=True)
    # Beside its destination, so that putting a file in place is one move on one disk.
    with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=to) as aside:
        run = _Run(source, given or {}, Path(aside))
        run.make(step)
        files = run.print(browser) if run.failure is None else run.failed()
        seconds = time.perf_counter() - start
        if run.failure is None:
            files.append(run.log(seconds))
        if keep and run.executed.is_file():
            files.append(run.executed)
        placed = _put(files, source.stem, to, good=run.failure is None)
        return Outcome(source.stem, run.failure, seconds, placed, run.note)


def remove_unfinished(to: Path) -> None:
    """Remove what this process had begun in a folder of reports."""
    for folder in to.glob(f"{_ASIDE}*"):
        shutil.rmtree(folder, ignore_errors=True)


class _Run:
    def __init__(self, source: Path, given: Mapping[str, Any], aside: Path) -> None:
        self.source, self.given, self.aside = source, given, aside
        self.name = source.stem
        self.executed = aside / f"{self.name}.ipynb"
        self.title = self.name
        self.failure: Failure | None = None
        self.report: Mapping[str, Any] = {}
        self.collected = _EMPTY
        self.data: list[Any] = []
        self.parameters: list[dict[str, Any]] = []
        self.page = ""
        self.note = ""
        self.cure = f"Mend the notebook {source.name}, and run: econmodel report {source.name}"

    def make(self, step: Callable[[int, int], None] | None) -> None:
        """Run the notebook and make the page, good or failed."""
        where = "Before the first cell"
        try:
            notebook = read(self.source)
            self.title = title_of(notebook) or self.name
            self.report = said(notebook)
            self.data = data_sets(notebook, self.source.parent)
            self.parameters = effective(declared(notebook), self.given)
            notebook = self._execute(notebook, step)
            where = "After the last cell"
            self.collected = collect(notebook)
            body = prepare(notebook, self.source.parent)
            if failed := self.collected.must_pass_failures:
                self.failure = Failure(f"The check “{failed[0]['name']}” must pass", "it did not.", self.cure)
            self.page = self._page(notebook, body)
        except EconmodelError as fault:
            self.failure = self.failure or Failure(where, str(fault), self.cure)
            self.page = self._page(*_without_cells())

    def _execute(self, notebook: "NotebookNode", step: Callable[[int, int], None] | None) -> "NotebookNode":
        import papermill
        from nbclient.exceptions import CellTimeoutError, DeadKernelError

        total = sum(cell.cell_type == "code" for cell in notebook.cells)
        ran = iter(range(1, total + 2))
        try:
            with own_loop():
                papermill.execute_notebook(
                    notebook,
                    self.executed,
                    dict(self.given),
                    kernel_name="python3",
                    language="python",
                    progress_bar=False,
                    execution_timeout=CELL_SECONDS,
                    kernel_manager_class=kernel_manager(self.aside / ".ipython"),
                    # Not papermill's own cwd, which moves this whole process and with it the report beside.
                    resources={"metadata": {"path": str(self.source.parent)}},
                    on_cell_executed=(lambda **_: step(next(ran), total)) if step else None,
                )
        except papermill.PapermillExecutionError as stop:
            self._stopped(f"{stop.ename}: {stop.evalue}")
        except DeadKernelError:
            self._stopped("the kernel died, which mostly means that the memory ran out.")
        except CellTimeoutError:
            self._stopped(f"the cell ran for more than {CELL_SECONDS / 60:.0f} minutes.")
        executed = read(self.executed)
        executed.cells = [cell for cell in executed.cells if _ERROR not in cell.metadata.get("tags", [])]
        return executed

    def _stopped(self, what: str) -> None:
        self.failure = Failure(f"The run stopped in {_place(self.executed)}", what, self.cure)

    def _page(self, notebook: "NotebookNode", body: Body) -> str:
        page = page_one(
            name=self.name,
            title=self.title,
            version=__version__,
            notebook_sha256=sha256(self.source),
            report=self.report,
            collected=self.collected,
            data=self.data,
            parameters=self.parameters,
            failure=self.failure,
            sections=body.sections,
            codes=body.codes,
        )
        return to_page(notebook, page)

    def print(self, browser: str | None) -> list[Path]:
        """Write the good report: page, findings and, with a browser, the PDF."""
        page = self._write(f"{self.name}.html", self.page)
        findings = self._write(
            f"{self.name}.findings.json",
            findings_text(
                self.collected,
                name=self.name,
                title=self.title,
                version=__version__,
                notebook_sha256=sha256(self.source),
                data=self.data,
                parameters=self.parameters,
            ),
        )
        if browser is None:
            return [page, findings]
        pdf = self.aside / f"{self.name}.pdf"
        try:
            print_pdf(browser, page, pdf)
        except ReportFailed as fault:  # the page is good without it
            self.note = str(fault)
            return [page, findings]
        return [page, findings, pdf]

    def failed(self) -> list[Path]:
        """Write the failed report."""
        return [self._write(f"{self.name}.failed.html", self.page)]

    def log(self, seconds: float) -> Path:
        """Write what differs from machine to machine."""
        facts = run_facts(seconds, self.parameters, self.source.parent)
        return self._write(f"{self.name}.run.json", dumps(facts, indent=1) + "\n")

    def _write(self, name: str, text: str) -> Path:
        path = self.aside / name
        path.write_text(text, encoding="utf-8", newline="\n")
        return path


def _put(files: list[Path], name: str, to: Path, *, good: bool) -> tuple[Path, ...]:
    """Move the files into place; a good report removes what no longer belongs to it."""
    if good:
        (to / f"{name}.failed.html").unlink(missing_ok=True)
        # A PDF of an earlier run would contradict the page beside it.
        (to / f"{name}.pdf").unlink(missing_ok=True)
    placed = []
    for path in files:
        path.replace(to / path.name)
        placed.append(to / path.name)
    return tuple(placed)


def _place(executed: Path) -> str:
    """The last code cell that was started, and the heading under which a reader finds it."""
    number, heading = 0, ""
    for cell in read(executed).cells:
        tags = cell.metadata.get("tags", [])
        if _ERROR in tags:
            continue
        if not cell.metadata.get("papermill", {}).get("start_time"):
            break
        if cell.cell_type == "code":
            number += INJECTED not in tags
        else:
            lines = [line for line in cell.source.splitlines() if line.startswith("#")]
            heading = lines[-1].strip("# ") if lines else heading
    return f"code cell {number}" + (f", under “{heading}”" if heading else "")


def _without_cells() -> "tuple[NotebookNode, Body]":
    from nbformat.v4 import new_notebook

    return new_notebook(), Body("", Headings(), [])
