"""Several notebooks to their reports, side by side."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from pathlib import Path
from typing import Any

from econmodel.errors import EconmodelError, ReportFailed
from econmodel.progress import board
from econmodel.report.folders import settle, words, workshop
from econmodel.report.index import write_index
from econmodel.report.notebooks import read
from econmodel.report.parameters import Parameter, declared
from econmodel.report.run import CELL_SECONDS, Outcome, run_report

# Two kernels keep two cores busy; threads are enough here, because the work is done in the kernels.
JOBS = 2


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
        with workshop(to):
            settle(to)
    except FileExistsError as fault:
        raise ReportFailed(f"{to} is a file: name a folder for the reports with --to.") from fault
    except OSError as fault:
        raise ReportFailed(f"The reports cannot be written. {words(fault, to)}") from fault
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
        raise ReportFailed(f"The list of reports could not be written. {words(fault, to)}") from fault
    return [outcomes[source.stem] for source in sources]
