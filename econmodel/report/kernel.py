"""The process in which a notebook runs: this interpreter and this package, one thread, no one's start-up files."""

import asyncio
import os
import site
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from econmodel.report.guard import guarded

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
