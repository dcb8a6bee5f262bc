"""A kernel or a browser lives as long as its run: a small process stands between, and ends all that was started.

Run as a program: `guard.py PARENT FOLDER COMMAND...`. When the command has ended, when PARENT is no longer above it
(killed, with no chance to tidy up), or when FOLDER is gone, everything in its process group is killed.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

_SECONDS = 0.05


def guarded(command: Sequence[str], folder: Path) -> list[str]:
    """The command under a guard; Windows has no process groups, and takes it as it is.

    Parameters
    ----------
    command : to be started in a session of its own
    folder : of the run; whoever removes it ends the command
    """
    if os.name == "nt":
        return list(command)
    # Neither this package nor the user's start-up files: a guard must be there before what it guards.
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), str(folder), *command]


def end(process: "subprocess.Popen[str]") -> None:
    """End a guarded command that was started in a session of its own, and all that it started."""
    if os.name == "nt":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _guard(parent: int, folder: str, command: Sequence[str]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Meant for the command. A handler, because what is ignored would be ignored by the command too.
        signal.signal(number, lambda *_: None)
    os.environ["JPY_PARENT_PID"] = str(os.getpid())  # a kernel ends when this is no longer its parent
    child = subprocess.Popen(command)
    while child.poll() is None and os.getppid() == parent and Path(folder).is_dir():
        time.sleep(_SECONDS)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _guard(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
