"""The commands: report, check, new, data."""

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

from econmodel.errors import EconmodelError, needs
from econmodel.report.kernel import SLOW_GRAMMAR

if TYPE_CHECKING:
    from collections.abc import Iterable

    import typer
    from rich.text import Text

    from econmodel.report.compare import Moved
    from econmodel.report.run import Outcome

FAILED, REFUSED, STOPPED = 1, 2, 128  # and the number of the signal
WIDE = 170
_STARTED = "Open it with `jupyter lab {name}`, or make its report with `econmodel report {name}`."


class _Stopped(BaseException):
    """Somebody asked this process to stop: Ctrl-C, a batch system, a closed terminal."""


def main() -> None:
    """Run the command line; what a user can fix is printed as one sentence, without a traceback."""
    from econmodel.report.folders import end_everything

    sys.modules.setdefault(SLOW_GRAMMAR, None)  # type: ignore[arg-type]
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # `nohup` means it
            signal.signal(number, _stop)
    try:
        needs("reports")
        application()()
    except _Stopped as stop:
        end_everything()
        sys.stderr.write("Stopped. No unfinished report was put in place.\n")
        sys.stdout.flush()
        # An ordinary exit would wait for the notebooks that still run.
        os._exit(STOPPED + stop.args[0])
    except EconmodelError as fault:
        sys.stderr.write(f"{fault}\n")
        sys.exit(REFUSED)


def _stop(number: int, frame: FrameType | None) -> None:
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)  # once is enough
    raise _Stopped(number)


def application() -> "typer.Typer":
    """The commands as typer knows them; built on call, so that importing this file stays light."""
    import typer

    names = typer.Argument(
        help="Shipped notebooks, with or without number, or paths of your own. Default: all shipped."
    )
    seconds = typer.Option(min=1, help="Seconds that a cell may run before its notebook is stopped.")
    app = typer.Typer(
        help="Scale, scope and relationship in the cost of services.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )

    @app.command()
    def report(
        names: Annotated[list[str] | None, names] = None,
        parameter: Annotated[
            list[str] | None,
            typer.Option("--parameter", "-p", help="name=value, as the notebook's parameters cell has it."),
        ] = None,
        to: Annotated[Path, typer.Option(help="Folder for the reports.")] = Path("reports"),
        pdf: Annotated[bool, typer.Option(help="Print a PDF too, if there is a Chromium.")] = True,
        keep: Annotated[bool, typer.Option("--keep", help="Keep the executed notebooks beside the reports.")] = False,
        timeout: Annotated[int, seconds] = 1800,
        jobs: Annotated[int, typer.Option(min=1, help="How many notebooks run at a time.")] = 2,
    ) -> None:
        """Run notebooks and write one self-contained HTML report each, a PDF, and the findings."""
        raise typer.Exit(make_reports(names or [], parameter or [], to, pdf=pdf, keep=keep, timeout=timeout, jobs=jobs))

    @app.command()
    def check(
        names: Annotated[list[str] | None, names] = None,
        against: Annotated[Path, typer.Option(help="Folder with the findings on file.")] = Path("reports"),
        timeout: Annotated[int, seconds] = 1800,
        jobs: Annotated[int, typer.Option(min=1, help="How many notebooks run at a time.")] = 2,
    ) -> None:
        """Run notebooks again and list every finding that moved; nothing is written."""
        raise typer.Exit(check_reports(names or [], against, timeout=timeout, jobs=jobs))

    @app.command()
    def new(
        name: Annotated[str, typer.Argument(help="Name of the notebook to write into this folder.")],
        card: Annotated[Path | None, typer.Option(help="Card of your own table, a TOML file.")] = None,
    ) -> None:
        """Write a first notebook for your own table."""
        from econmodel.report.starter import write_starter

        path = write_starter(Path(name), card)
        print(f"Wrote {path}. " + _STARTED.format(name=path))

    @app.command()
    def data() -> None:
        """List the data sets that come with the package."""
        print_data_sets()

    return app


def make_reports(names: list[str], pairs: list[str], to: Path, *, pdf: bool = True, **how: Any) -> int:
    """What `econmodel report` does; returns the exit code."""
    from econmodel.report.notebooks import find, share_out, written
    from econmodel.report.pdf import chromium
    from econmodel.report.run import parameters_of, run_reports

    sources = find(names)
    given = written(pairs)
    known = parameters_of(sources) if given else {}
    shares = share_out(given, known, all_must_know=bool(names)) if given else {}
    if given and (without := [name for name, share in shares.items() if not share]):
        print(f"With their defaults, because they know none of these parameters: {', '.join(without)}.")
    browser = chromium() if pdf else None
    outcomes = run_reports(sources, to, shares, browser=browser, **how)
    if pdf and browser is None:
        print("No PDF: there is no Chromium. Install one, or name it in ECONMODEL_CHROMIUM.")
    print(f"The list of reports is {to / 'index.html'}.")
    return _summary(outcomes)


def check_reports(names: list[str], against: Path, **how: Any) -> int:
    """What `econmodel check` does; returns the exit code."""
    from econmodel.report.compare import changes, moved
    from econmodel.report.finding import on_file
    from econmodel.report.folders import scratch, settle
    from econmodel.report.notebooks import find
    from econmodel.report.run import parameters_of, run_reports

    sources = find(names)
    settle(against)
    filed = {}
    for source in sources:
        try:
            filed[source.stem] = on_file(against, source.stem)
        except EconmodelError as fault:
            print(f"{source.stem} was not checked. {fault}")
    if not filed:
        return REFUSED
    unchecked = len(sources) - len(filed)
    sources = [source for source in sources if source.stem in filed]
    known = parameters_of(sources)
    # A report that was made with changed parameters is compared with a run that changes the same ones.
    given = {
        name: {
            each: value
            for each, value in old["parameters"].items()
            if each in old["changed_parameters"] and each in known.get(name, {})
        }
        for name, old in filed.items()
    }
    rows: list[Moved] = []
    with scratch() as aside:
        fresh_reports = aside / "reports"  # putting a report in place locks its folder, and a workshop is locked
        outcomes = run_reports(sources, fresh_reports, given, **how)
        for outcome in outcomes:
            if outcome.good:
                fresh = on_file(fresh_reports, outcome.name)
                rows += moved(filed[outcome.name], fresh)
                for words in changes(filed[outcome.name], fresh):
                    print(f"{outcome.name}: {words}.")
    counted = sum(len(filed[outcome.name]["findings"]) for outcome in outcomes if outcome.good)
    if rows:
        _print_moved(rows)
    print(f"{len(rows)} differences in {counted} findings." if rows else f"None of {counted} findings moved.")
    return max(_summary(outcomes), FAILED if rows or unchecked else 0)


def print_data_sets() -> None:
    """What `econmodel data` does."""
    from rich.console import Console
    from rich.table import Table

    from econmodel.results import printed
    from econmodel.table.shipped import catalogue

    listed = catalogue()
    console = Console() if sys.stdout.isatty() else Console(width=WIDE)
    left_out = [] if console.width >= WIDE else ["cost_concept", "outcomes", "licence"]
    shown = printed(listed.table.drop(columns=left_out))
    table = Table(title=listed.title, title_justify="left", title_style="bold")
    for column in shown:
        table.add_column(str(column), no_wrap=column == "name", overflow="fold")
    for row in shown.itertuples(index=False):
        table.add_row(*_plain(row))
    console.print(table)
    console.print(listed.text, markup=False)
    if left_out:
        console.print(f"A terminal of {WIDE} columns also shows cost concept, outcomes and licence.")


def _print_moved(rows: "list[Moved]") -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Findings that moved", title_justify="left", title_style="bold")
    for column in ("report", "finding", "value", "on file", "now", "allowed"):
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*_plain((row.report, row.finding, row.value, row.on_file, row.now, row.allowed)))
    Console().print(table)


def _plain(row: "Iterable[object]") -> "list[Text]":
    """Cells as plain text: brackets in them would be read as colours."""
    from rich.text import Text

    return [Text(str(cell)) for cell in row]


def _summary(outcomes: "list[Outcome]") -> int:
    failed = [outcome.name for outcome in outcomes if not outcome.good]
    if failed:
        names = ", ".join(failed)
        print(f"{len(failed)} of {len(outcomes)} failed: {names}. Reports that were good before stay as they were.")
    return FAILED if failed else 0
