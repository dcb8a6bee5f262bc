"""A notebook's run, and whether it was one: every cell, to its end, where the report can see it.

The process is this interpreter with this package, one thread and no one's start-up files.
"""

import asyncio
import os
import re
import site
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econmodel.report.guard import guarded

if TYPE_CHECKING:
    from nbformat import NotebookNode

_HERE = Path(__file__).parents[2]
# One thread: a sum that threads share out differs in the last digits from run to run. The order of sets must not
# change either.
_SAME_EVERYWHERE = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
# An optional check of web addresses, loaded with every chart, that builds a grammar for two seconds. A module that is
# None counts as not installed.
SLOW_GRAMMAR = "rfc3987_syntax"
# A shell command that fails (`!false`, `x = !false`) or a thread that does would pass in silence; and `quit()` would
# end the kernel at some later moment.
_STRICT = """
def _strict(shell, plain):
    import subprocess, threading
    from IPython.utils.text import LSString, SList
    def ended(command, code):
        if code:
            raise ChildProcessError(f"!{command.strip()} ended with exit code {code}")
    def system(command):
        plain(command)
        ended(command, shell.user_ns.get("_exit_code"))
    def getoutput(command, split=True, depth=0):
        done = subprocess.run(
            shell.var_expand(command, depth=depth + 1),
            shell=True, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        ended(command, done.returncode)
        return SList(done.stdout.splitlines()) if split else LSString(done.stdout)
    def leave():
        raise SystemExit("the cell left the notebook")
    shell.system, shell.getoutput, shell.ask_exit = system, getoutput, leave
    threading.excepthook = lambda stop: shell.showtraceback(stop[:3])
_strict(get_ipython(), get_ipython().system)
del _strict
"""
INJECTED = "injected-parameters"
_UNSAID = "CellExecutionError"
_ERROR = "papermill-error-cell-tag"
# Magics that take a cell and do not run it here to its end, in sight: the code is shown, stored or sent elsewhere, or
# what it publishes (a check that failed, say) reaches nobody.
_SWALLOWING = {
    "javascript", "js", "html", "svg", "latex", "markdown", "writefile", "file", "capture", "script",
}  # fmt: skip
_MAGIC = re.compile(r"\s*%%(\w+)(.*)")
_LOOSE = ("--bg", "--no-raise-error")


def execute(
    notebook: "NotebookNode",
    given: Mapping[str, Any],
    folder: Path,
    executed: Path,
    scratch: Path,
    timeout: float,
    step: Callable[[int, int], None] | None,
) -> tuple["NotebookNode", tuple[str, str] | None]:
    """Run every cell.

    Parameters
    ----------
    notebook : as `read` gives it
    given : parameters that differ from the defaults, in their types
    folder : in which the cells find themselves
    executed : the file that is written while they run
    scratch : an empty folder for the kernel
    timeout : seconds that a cell may take
    step : called after each cell with how many of how many have run

    Returns
    -------
    tuple of the executed notebook, and None or (where it stopped, why)
    """
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    from econmodel.report.notebooks import read

    total = sum(cell.cell_type == "code" for cell in notebook.cells)
    ran = iter(range(1, total + 2))
    why = ""
    try:
        with own_loop():
            papermill.execute_notebook(
                notebook,
                executed,
                dict(given),
                kernel_name="python3",
                language="python",
                progress_bar=False,
                execution_timeout=timeout,
                kernel_manager_class=kernel_manager(scratch),
                # Not papermill's own cwd, which moves this whole process and with it the report beside.
                resources={"metadata": {"path": str(folder)}},
                on_cell_executed=(lambda **_: step(next(ran), total)) if step else None,
            )
    except papermill.PapermillExecutionError as fault:
        why = ": ".join(filter(None, (fault.ename, fault.evalue.strip())))
    except DeadKernelError:
        why = "the kernel died, which mostly means that the memory ran out."
    except CellTimeoutError:
        why = f"the cell ran for more than {timeout:g} seconds; --timeout allows more."
    notebook = read(executed)
    notebook.cells = [cell for cell in notebook.cells if _ERROR not in cell.metadata.get("tags", [])]
    stop = _stop(notebook, why)
    return notebook, (_place(notebook, stop[0]), stop[1]) if stop else None


def _stop(notebook: "NotebookNode", why: str) -> tuple[int, str] | None:
    """The cell, among all from zero, that was not run to its end, and why; a run can stop without an error."""
    if not why:
        unfinished = ((number, _fault(cell)) for number, cell in enumerate(notebook.cells))
        return next(((number, what) for number, what in unfinished if what), None)
    started = [cell.metadata.get("papermill", {}).get("start_time") for cell in notebook.cells]
    last = max((number for number, time in enumerate(started) if time), default=0)
    if why == _UNSAID:  # what is wrong with a magic is only printed
        texts = [output.text for output in notebook.cells[last].get("outputs", []) if output.get("name") == "stderr"]
        why = "".join(texts).strip() or "the cell ended with an error that it does not show."
    return last, why


def _fault(cell: "NotebookNode") -> str:
    if cell.cell_type != "code" or not cell.source.strip():
        return ""
    error = next((output for output in cell.outputs if output.output_type == "error"), None)
    if error is not None:
        return f"{error.ename}: {error.evalue}. What comes after it may not have run."
    if cell.execution_count is None:
        skipped = ", ".join(map(repr, cell.metadata.get("tags", [])))
        return "the cell was not run" + (f"; its tags are {skipped}." if skipped else ".")
    if cell.metadata.get("papermill", {}).get("exception"):
        return "the cell ended with an error."
    magic = _MAGIC.match(cell.source)
    if magic and (magic[1] in _SWALLOWING or any(word in magic[2] for word in _LOOSE)):
        return (
            f"%%{magic[1]} does not run the cell where the report can see it. Leave that line out, or make a text cell "
            "of what is not code."
        )
    return ""


def _place(executed: "NotebookNode", last: int) -> str:
    """The number of a code cell as its author counts, and the heading under which a reader finds it."""
    number, heading = 0, ""
    for cell in executed.cells[: last + 1]:
        if cell.cell_type == "code":
            number += INJECTED not in cell.metadata.get("tags", [])
        else:
            lines = [line for line in cell.source.splitlines() if line.startswith("#")]
            heading = lines[-1].strip("# ") if lines else heading
    return f"code cell {number}" + (f", under “{heading}”" if heading else "")


def environment(folder: Path) -> dict[str, str]:
    """What the process is told: see this module's first line.

    Parameters
    ----------
    folder : an empty folder for temporary files and IPython's profile, so that nobody's start-up files change a result
    """
    told = {**_SAME_EVERYWHERE, "IPYTHONDIR": str(folder / ".ipython"), "TMPDIR": str(folder)}
    if str(_HERE) not in (*site.getsitepackages(), site.getusersitepackages()):
        told["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_HERE), os.environ.get("PYTHONPATH", "")]))
    return told


def kernel_manager(folder: Path) -> type:
    """A manager whose kernel is this interpreter, whatever kernels are installed on the machine.

    Parameters
    ----------
    folder : an empty folder; the kernel and all that it started end when it is removed
    """
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    without_grammar = f"__import__('sys').modules.setdefault({SLOW_GRAMMAR!r})"
    spec = KernelSpec(
        argv=guarded(
            [
                *(sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"),
                f"--IPKernelApp.exec_lines={without_grammar}",
                f"--IPKernelApp.exec_lines={_STRICT}",
                # Shutting a kernel down interrupts it, which it would report as an error of its own.
                "--IPKernelApp.log_level=CRITICAL",
            ],
            folder,
        ),
        display_name="Python",
        language="python",
        env=environment(folder),
    )

    class OwnKernel(AsyncKernelManager):
        """Answers every name with the same kernel."""

        def __init__(self, **given: Any) -> None:
            super().__init__(**given, connection_file=str(folder / "kernel.json"))

        def start_kernel(self, **given: Any) -> Any:
            # What cells print arrives as messages; the last words of what they started would reach the terminal.
            return super().start_kernel(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **given)

        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

    return OwnKernel


@contextmanager
def own_loop() -> Iterator[None]:
    """An event loop for this thread that is closed again; one that runs already is left to its owner."""
    from jupyter_core.utils import ensure_event_loop

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        loop = ensure_event_loop()
        try:
            yield
        finally:
            loop.close()
            asyncio.set_event_loop(None)
    else:
        yield
