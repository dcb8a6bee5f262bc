"""Several notebooks to their reports, side by side."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from econmodel.progress import board
from econmodel.report.index import write_index
from econmodel.report.notebooks import read
from econmodel.report.parameters import Parameter, declared
from econmodel.report.run import Outcome, remove_unfinished, run_report

# Two kernels keep two cores busy; threads are enough here, because the work is done in the kernels.
JOBS = 2


def parameters_of(sources: Sequence[Path]) -> dict[str, dict[str, Parameter]]:
    """The parameters that each notebook declares, by the name of its report.

    Raises
    ------
    ParameterError : a parameters cell that cannot be read
    """
    return {source.stem: declared(read(source)) for source in sources}


def run_reports(
    sources: Sequence[Path],
    to: Path,
    given: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    browser: str | None = None,
    keep: bool = False,
    jobs: int = JOBS,
) -> list[Outcome]:
    """Run notebooks and write their reports and the index; one that fails does not stop the others.

    Parameters
    ----------
    sources : notebooks
    to : folder of reports
    given : name of a report to its parameters
    browser, keep : as in `run_report`
    jobs : how many run at a time

    Returns
    -------
    list of Outcome, in the order of `sources`
    """
    given = given or {}
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
                step=lambda done, total: parts.step(source.stem, done, total),
            )

        try:
            for future in as_completed([pool.submit(one, source) for source in sources]):
                outcome = future.result()
                outcomes[outcome.name] = outcome
                parts.done(outcome.name, outcome.message)
        except KeyboardInterrupt:
            # Whoever asked to stop does not wait for what is running; nothing of it is in place yet.
            pool.shutdown(wait=False, cancel_futures=True)
            remove_unfinished(to)
            raise
    pool.shutdown()
    write_index(to)
    return [outcomes[source.stem] for source in sources]
