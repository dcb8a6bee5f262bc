"""How far a long task is: bars where someone watches a terminal, one line a finished part everywhere else."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True, slots=True)
class Board:
    """Where the parts of a task say how far they are.

    Attributes
    ----------
    step : called with a part's name, the steps done and their number
    done : called with a part's name and one line about how it went
    """

    step: Callable[[str, int, int], None]
    done: Callable[[str, str], None]


@contextmanager
def board(names: Sequence[str], watched: bool | None = None) -> Iterator[Board]:
    """A board for the named parts, which may run side by side.

    Parameters
    ----------
    names : of the parts
    watched : whether to draw bars; None asks the terminal, and rich, which draws them, may be absent

    Examples
    --------
    >>> with board(["one", "two"], watched=False) as parts:
    ...     parts.step("one", 1, 2)
    ...     parts.done("one", "1.0 s")
    one  1.0 s
    """
    width = max(map(len, names), default=0)
    if not (sys.stdout.isatty() and find_spec("rich") is not None if watched is None else watched):

        def say(name: str, line: str) -> None:
            sys.stdout.write(f"{name:{width}s}  {line}\n")
            sys.stdout.flush()

        yield Board(step=lambda name, done, total: None, done=say)
        return
    with _bars(names, width) as drawn:
        yield drawn


@contextmanager
def _bars(names: Sequence[str], width: int) -> Iterator[Board]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.text import Text

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, transient=True) as progress:
        bars = {name: progress.add_task(f"{name:{width}s}", total=None, start=False) for name in names}

        def step(name: str, done: int, total: int) -> None:
            if done == 1:
                progress.start_task(bars[name])
            progress.update(bars[name], completed=done, total=total)

        def done(name: str, line: str) -> None:
            progress.remove_task(bars[name])
            # As plain text: a message may hold brackets, which would be read as colours.
            progress.console.print(Text(f"{name:{width}s}  {line}"), soft_wrap=True)

        yield Board(step, done)
