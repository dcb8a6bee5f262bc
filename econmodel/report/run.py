"""Notebooks to their reports, side by side: each is run aside, and put in place only if it may be quoted."""

import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from json import dumps
from pathlib import Path
from typing import Any

from econmodel.errors import EconmodelError, ReportFailed
from econmodel.progress import board
from econmodel.report import folders
from econmodel.report.body import prepare, title_of
from econmodel.report.finding import collect
from econmodel.report.kernel import execute
from econmodel.report.notebooks import Parameter, data_sets, declared, effective, read
from econmodel.report.page import Failure, Page, metadata, to_page, write_index
from econmodel.report.pdf import SECONDS, print_pdf
from econmodel.report.sanitiser import cut, visible
from econmodel.table.card import sha256
from econmodel.version import __version__

CELL_SECONDS = 1800
# Two kernels keep two cores busy; threads are enough here, because the work is done in the kernels.
JOBS = 2
_LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "altair", "papermill", "nbconvert")


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
    files: tuple[Path, ...] = ()
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
    name, note = source.stem, ""
    try:
        to.mkdir(parents=True, exist_ok=True)
        # Beside its destination, so that the report leaves it by one rename.
        with folders.workshop(to) as aside, folders.scratch() as scratch:
            executed, finished = aside / f"{name}.ipynb", aside / "finished"
            finished.mkdir()

            def write(kind: str, text: str) -> Path:
                return folders.write(finished / f"{name}.{kind}", text)

            page, html = _make(source, given or {}, executed, scratch, timeout, step)
            files = [write("failed.html" if page.failure else "html", html)]
            if page.failure is None:
                files.append(write("findings.json", page.findings(sha256(files[0]))))
                if browser is not None:
                    pdf = finished / f"{name}.pdf"
                    try:
                        print_pdf(browser, files[0], pdf, min(timeout, SECONDS))
                        files.append(pdf)
                    except ReportFailed as fault:  # the page is good without it
                        note = str(fault)
                        pdf.unlink(missing_ok=True)
            seconds = time.perf_counter() - start
            if page.failure is None:
                facts = run_facts(seconds, page.parameters, source.parent)
                files.append(write("run.json", dumps(facts, indent=1) + "\n"))  # differs between machines
            if keep and executed.is_file():
                files.append(executed.rename(finished / executed.name))
            folders.put(finished, name, to)
            return Outcome(name, page.failure, seconds, tuple(to / path.name for path in files), note)
    except OSError as fault:
        failure = Failure("The report could not be written", folders.words(fault, to), "")
        return Outcome(name, failure, time.perf_counter() - start)


def _make(
    source: Path,
    given: Mapping[str, Any],
    executed: Path,
    scratch: Path,
    timeout: float,
    step: Callable[[int, int], None] | None,
) -> tuple[Page, str]:
    """Run the notebook and make the page, good or failed, as record and as HTML."""
    from nbformat.v4 import new_notebook

    where, failure = "Before the first cell", None
    cure = f"Fix the notebook {source.name}, and run: econmodel report {source.name}"
    try:
        notebook = read(source)
        title, report = title_of(notebook) or source.stem, metadata(notebook)
        data = data_sets(notebook, source.parent)
        parameters = effective(declared(notebook), given)
        notebook, stop = execute(notebook, given, source.parent, executed, scratch, timeout, step)
        failure = Failure(f"The run stopped in {stop[0]}", stop[1], cure) if stop else None
        where = "After the last cell"
        collected = collect(notebook)
        sections, codes = prepare(notebook, source.parent)
        if failed := [check for check in collected.checks if check["must_pass"] and not check["passed"]]:
            failure = Failure(f"The check “{failed[0]['name']}” must pass", "it did not.", cure)
        page = Page(
            name=source.stem,
            title=title,
            notebook_sha256=sha256(source),
            report=report,
            collected=collected,
            data=data,
            parameters=parameters,
            failure=failure,
            sections=sections,
            codes=codes,
        )
        return page, to_page(notebook, page)
    except EconmodelError as fault:
        what = str(fault)
    except OSError as fault:
        what = folders.words(fault, executed.parent)
    except Exception as fault:  # what nobody foresaw is this report's failure, and not that of the others
        what = f"{type(fault).__name__}: {fault} (not foreseen: please report it)."
    name, failure = source.stem, failure or Failure(where, what, cure)
    page = Page(name=name, title=name, notebook_sha256=sha256(source), failure=failure)
    return page, to_page(new_notebook(), page)


def run_facts(seconds: float, parameters: Sequence[Mapping[str, Any]], repository: Path) -> dict[str, Any]:
    """What differs from machine to machine and from run to run: commit, versions, date, duration.

    It stays in a file that is not published, because a committed report cannot hold its own commit.
    """
    try:
        commit = subprocess.run(
            # Whoever owns the checkout, reading its state changes nothing.
            ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"],
            cwd=repository,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        commit = "not under version control"
    return {
        "commit": commit,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {"econmodel": __version__} | {name: version(name) for name in _LIBRARIES},
        "parameters": {row["name"]: row["value"] for row in parameters},
        "command": sys.argv[1:],
    }


def parameters_of(sources: Sequence[Path]) -> dict[str, dict[str, Parameter]]:
    """The parameters that each notebook declares, by the name of its report.

    A notebook that cannot be read is left out: its run, which fails for the same reason, says why.
    """
    known = {}
    for source in sources:
        with suppress(EconmodelError):
            known[source.stem] = declared(read(source))
    return known


def run_reports(
    sources: Sequence[Path],
    to: Path,
    given: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    browser: str | None = None,
    keep: bool = False,
    timeout: float = CELL_SECONDS,
    jobs: int = JOBS,
) -> list[Outcome]:
    """Run notebooks and write their reports and the index; one that fails does not stop the others.

    Parameters
    ----------
    sources : notebooks
    to : folder of reports
    given : name of a report to its parameters
    browser, keep, timeout : as in `run_report`
    jobs : how many run at a time

    Returns
    -------
    list of Outcome, in the order of `sources`

    Raises
    ------
    ReportFailed : nothing can be written into the folder; nothing was run
    """
    given = given or {}
    try:
        to.mkdir(parents=True, exist_ok=True)
        with folders.workshop(to):
            folders.settle(to)
    except FileExistsError as fault:
        raise ReportFailed(f"{to} is a file: name a folder for the reports with --to.") from fault
    except OSError as fault:
        raise ReportFailed(f"The reports cannot be written. {folders.words(fault, to)}") from fault
    outcomes: dict[str, Outcome] = {}
    pool = ThreadPoolExecutor(max_workers=jobs)
    with board([source.stem for source in sources]) as parts:

        def one(source: Path) -> Outcome:
            return run_report(
                source,
                to,
                given.get(source.stem),
                browser=browser,
                keep=keep,
                timeout=timeout,
                step=lambda done, total: parts.step(source.stem, done, total),
            )

        try:
            for future in as_completed([pool.submit(one, source) for source in sources]):
                outcome = future.result()
                outcomes[outcome.name] = outcome
                parts.done(outcome.name, outcome.message)
        except BaseException:
            # Whoever asked to stop does not wait for what is running; nothing of it is in place yet.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    pool.shutdown()
    try:
        write_index(to)
    except OSError as fault:
        raise ReportFailed(f"The list of reports could not be written. {folders.words(fault, to)}") from fault
    return [outcomes[source.stem] for source in sources]
