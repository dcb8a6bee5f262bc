"""One notebook to one report: run it aside, and put it in place only if it may be quoted."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from json import dumps
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econmodel.errors import EconmodelError, ReportFailed
from econmodel.report import folders
from econmodel.report.body import INJECTED, Body, prepare, title_of
from econmodel.report.findings import Collected, collect, findings_text
from econmodel.report.kernel import kernel_manager, own_loop
from econmodel.report.markdown import Headings
from econmodel.report.notebooks import read
from econmodel.report.page import Failure, page_one, said
from econmodel.report.parameters import declared, effective
from econmodel.report.pdf import SECONDS, print_pdf
from econmodel.report.plain import cut, visible
from econmodel.report.provenance import data_sets, run_facts, sha256
from econmodel.report.render import to_page
from econmodel.report.unrun import unrun
from econmodel.version import __version__

if TYPE_CHECKING:
    from nbformat import NotebookNode

CELL_SECONDS = 1800
_UNSAID = "CellExecutionError"
_ERROR = "papermill-error-cell-tag"
_EMPTY = Collected({}, [], [])


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a report went.

    Attributes
    ----------
    name : of the report
    failure : why it may not be quoted; None where it is good
    seconds : how long it took
    files : what was written; nothing where nothing could be
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
        see = f"  See {self.files[0].name}" if self.files else ""
        return f"FAILED  {' '.join(visible(cut(f'{self.failure.where}: {self.failure.what}')).split())}{see}"


def run_report(
    source: Path,
    to: Path,
    given: Mapping[str, Any] | None = None,
    *,
    browser: str | None = None,
    keep: bool = False,
    timeout: float = CELL_SECONDS,
    step: Callable[[int, int], None] | None = None,
) -> Outcome:
    """Run a notebook and write its report; whatever goes wrong with this one is its outcome.

    `NAME.html` and `NAME.findings.json` are replaced only if every cell ran and no check that must pass failed.
    Otherwise `NAME.failed.html` is written beside them, with what happened on top, and they stay as they were.

    Parameters
    ----------
    source : the notebook; it is read and never written
    to : folder of reports
    given : parameters that differ from the defaults, in their types
    browser : a Chromium that prints the PDF; None for no PDF
    keep : leave the executed notebook beside the report
    timeout : seconds that a cell may take; the printing of the PDF no more either
    step : told after each cell how many of how many have run
    """
    start = time.perf_counter()
    # The kernel and the browser work in folders of their own.
    source, to = source.resolve(), to.resolve()
    try:
        to.mkdir(parents=True, exist_ok=True)
        # Beside its destination, so that the report leaves it by one rename.
        with folders.workshop(to) as aside, folders.scratch() as scratch:
            run = _Run(source, given or {}, aside, scratch, timeout)
            run.make(step)
            files = run.print(browser) if run.failure is None else [run.write("failed.html", run.page)]
            seconds = time.perf_counter() - start
            if run.failure is None:
                facts = run_facts(seconds, run.parameters, source.parent)
                files.append(run.write("run.json", dumps(facts, indent=1) + "\n"))  # differs between machines
            if keep and run.executed.is_file():
                files.append(run.executed.rename(run.finished / run.executed.name))
            folders.put(run.finished, source.stem, to)
            placed = tuple(to / path.name for path in files)
            return Outcome(source.stem, run.failure, seconds, placed, run.note)
    except OSError as fault:
        failure = Failure("The report could not be written", folders.words(fault, to), "")
        return Outcome(source.stem, failure, time.perf_counter() - start)


class _Run:
    def __init__(self, source: Path, given: Mapping[str, Any], aside: Path, scratch: Path, timeout: float) -> None:
        self.source, self.given, self.scratch, self.timeout = source, given, scratch, timeout
        self.name = source.stem
        self.executed = aside / f"{self.name}.ipynb"
        self.finished = aside / "finished"
        self.finished.mkdir()
        self.title = self.name
        self.failure: Failure | None = None
        self.report: Mapping[str, Any] = {}
        self.collected = _EMPTY
        self.data: list[Any] = []
        self.parameters: list[dict[str, Any]] = []
        self.page = ""
        self.note = ""
        self.cure = f"Fix the notebook {source.name}, and run: econmodel report {source.name}"

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
            self._without_page(where, str(fault))
        except OSError as fault:
            self._without_page(where, folders.words(fault, self.finished.parent))
        except Exception as fault:  # what nobody foresaw is this report's failure, and not that of the others
            self._without_page(where, f"{type(fault).__name__}: {fault} (not foreseen: please report it).")

    def _without_page(self, where: str, what: str) -> None:
        from nbformat.v4 import new_notebook

        self.failure = self.failure or Failure(where, what, self.cure)
        self.title, self.report, self.data, self.parameters, self.collected = self.name, {}, [], [], _EMPTY
        self.page = self._page(new_notebook(), Body("", Headings(), []))

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
                    execution_timeout=self.timeout,
                    kernel_manager_class=kernel_manager(self.scratch),
                    # Not papermill's own cwd, which moves this whole process and with it the report beside.
                    resources={"metadata": {"path": str(self.source.parent)}},
                    on_cell_executed=(lambda **_: step(next(ran), total)) if step else None,
                )
        except papermill.PapermillExecutionError as stop:
            self._stopped(": ".join(filter(None, (stop.ename, stop.evalue.strip()))))
        except DeadKernelError:
            self._stopped("the kernel died, which mostly means that the memory ran out.")
        except CellTimeoutError:
            self._stopped(f"the cell ran for more than {self.timeout:g} seconds; --timeout allows more.")
        executed = read(self.executed)
        if self.failure is None and (unfinished := unrun(executed)):
            number, what = unfinished
            self.failure = Failure(f"The run stopped in {_place(executed, number)}", what, self.cure)
        executed.cells = [cell for cell in executed.cells if _ERROR not in cell.metadata.get("tags", [])]
        return executed

    def _stopped(self, what: str) -> None:
        executed = read(self.executed)
        started = [cell.metadata.get("papermill", {}).get("start_time") for cell in executed.cells]
        last = max((number for number, time in enumerate(started) if time), default=0)
        if what == _UNSAID:  # what is wrong with a magic is only printed
            texts = [
                output.text for output in executed.cells[last].get("outputs", []) if output.get("name") == "stderr"
            ]
            what = "".join(texts).strip() or "the cell ended with an error that it does not show."
        self.failure = Failure(f"The run stopped in {_place(executed, last)}", what, self.cure)

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
        page = self.write("html", self.page)
        findings = self.write(
            "findings.json",
            findings_text(
                self.collected,
                name=self.name,
                title=self.title,
                version=__version__,
                notebook_sha256=sha256(self.source),
                page_sha256=sha256(page),
                data=self.data,
                parameters=self.parameters,
            ),
        )
        if browser is None:
            return [page, findings]
        pdf = self.finished / f"{self.name}.pdf"
        try:
            print_pdf(browser, page, pdf, min(self.timeout, SECONDS))
        except ReportFailed as fault:  # the page is good without it
            self.note = str(fault)
            pdf.unlink(missing_ok=True)
            return [page, findings]
        return [page, findings, pdf]

    def write(self, kind: str, text: str) -> Path:
        """Write one of the report's files."""
        return folders.write(self.finished / f"{self.name}.{kind}", text)


def _place(executed: "NotebookNode", last: int) -> str:
    """The number of a code cell as its author counts, and the heading under which a reader finds it."""
    number, heading = 0, ""
    for cell in executed.cells[: last + 1]:
        tags = cell.metadata.get("tags", [])
        if _ERROR in tags:
            continue
        if cell.cell_type == "code":
            number += INJECTED not in tags
        else:
            lines = [line for line in cell.source.splitlines() if line.startswith("#")]
            heading = lines[-1].strip("# ") if lines else heading
    return f"code cell {number}" + (f", under “{heading}”" if heading else "")
