"""The folders of a run: locked while it lives, swept by the next run when it does not, and left by one rename.

A finished report is a folder `.econmodel-ready-NAME` from one rename on. Its files are then moved to their places;
where a kill comes between, whoever looks next moves the rest. Windows has no locks on folders: there, what a killed
run left stays.
"""

import contextlib
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from errno import EISDIR
from pathlib import Path

from econmodel.errors import ReportFailed

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

_RUN, _READY = ".econmodel-run-", ".econmodel-ready-"
_UNLOCKED = -1
_ENDING_SECONDS = 5.0
# Whoever stops everything takes this for good: no report is then half in place, and no folder begun.
_ONE_AT_A_TIME = threading.RLock()
_open: set[Path] = set()


@contextlib.contextmanager
def workshop(parent: Path) -> Iterator[Path]:
    """A folder to work in, removed at the end; what runs that were killed left beside it is removed first.

    Parameters
    ----------
    parent : where it is made; files that are to be put in place are made on the same disk

    Raises
    ------
    OSError : the disk is full, or nothing can be written there
    """
    _sweep(parent)
    with _ONE_AT_A_TIME:
        while True:
            folder = Path(tempfile.mkdtemp(prefix=_RUN, dir=parent))
            lock = _lock(folder)
            if lock is not None and folder.is_dir():
                break
            # Another run's sweep was there between the two.
        _open.add(folder)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        _open.discard(folder)
        _unlock(lock)


def scratch() -> contextlib.AbstractContextManager[Path]:
    """A workshop for what is never put in place: profiles, connections, temporary files of a notebook."""
    return workshop(Path(tempfile.gettempdir()))


def end_everything() -> None:
    """End what this process has started and remove its folders; it must leave by `os._exit` after this.

    A report that is being put in place gets there first.
    """
    _ONE_AT_A_TIME.acquire(timeout=_ENDING_SECONDS)
    gone = []
    for folder in list(_open):
        # Whoever still writes finds no folder; the guards of kernels and browsers see it, and end them.
        with contextlib.suppress(OSError):
            gone.append(folder.rename(folder.with_name(f"{folder.name}-gone")))
    end = time.monotonic() + _ENDING_SECONDS
    while os.name != "nt" and time.monotonic() < end:
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            break
        time.sleep(0.02)
    for folder in gone:
        shutil.rmtree(folder, ignore_errors=True)


def write(path: Path, text: str) -> Path:
    """Write a text file that is on the disk, and not only on its way there, when this returns."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return path


def put(finished: Path, name: str, to: Path) -> None:
    """Put a finished report in place: all of its files, or after a kill at any moment all on the next look.

    Parameters
    ----------
    finished : a folder that holds the report's files and nothing else, on the disk of `to`
    name : of the report
    to : folder of reports
    """
    for path in (*finished.iterdir(), finished):
        _sync(path)
    ready = to / f"{_READY}{name}"
    with _alone(to):
        for path in finished.iterdir():
            if (to / path.name).is_dir():  # found half way, it would leave half a report
                raise IsADirectoryError(EISDIR, "A folder stands where a file must go", str(to / path.name))
        if ready.is_dir():
            _settle(ready)
        finished.rename(ready)
        _settle(ready)


def settle(to: Path) -> None:
    """Move what a run had finished, but was killed before it could move, to its place.

    Raises
    ------
    ReportFailed : something is waiting, and the folder cannot be written
    """
    if not any(to.glob(f"{_READY}*")):
        return
    try:
        with _alone(to):
            for ready in sorted(to.glob(f"{_READY}*")):
                _settle(ready)
    except OSError as fault:
        raise ReportFailed(f"A finished report waits in {to} to be put in place. {words(fault, to)}") from fault


def words(fault: OSError, folder: Path) -> str:
    """What the system refused, where, and what to do.

    Parameters
    ----------
    fault : from the system
    folder : where it happened, if the system does not say
    """
    what = fault.strerror or str(fault)
    where = fault.filename2 or fault.filename or folder
    return f"{what}: {where}. Make room or allow writing there, or name another folder."


def _settle(ready: Path) -> None:
    to, name = ready.parent, ready.name.removeprefix(_READY)
    _sync(to)
    failed, pdf = f"{name}.failed.html", f"{name}.pdf"
    # What decides what to remove is moved last, so that a second look decides alike.
    files = sorted((path.name for path in ready.iterdir()), key=lambda each: each in (failed, pdf))
    if files and failed not in files:
        (to / failed).unlink(missing_ok=True)
        if pdf not in files:  # one of an earlier run would contradict the page
            (to / pdf).unlink(missing_ok=True)
    for each in files:
        (ready / each).replace(to / each)
    ready.rmdir()
    _sync(to)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """No other thread or process puts anything in place in this folder meanwhile."""
    with _ONE_AT_A_TIME:
        lock = _lock(folder, wait=True)
        try:
            yield
        finally:
            _unlock(lock)


def _sweep(parent: Path) -> None:
    for folder in parent.glob(f"{_RUN}*"):
        lock = _lock(folder)
        if lock is not None and lock != _UNLOCKED:
            shutil.rmtree(folder, ignore_errors=True)
            _unlock(lock)


def _lock(folder: Path, *, wait: bool = False) -> int | None:
    """A lock that ends with this process, however it ends; None where another holds it or the folder is gone."""
    if fcntl is None:
        return _UNLOCKED
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(opened)
        return None
    except OSError:  # a disk on which nothing can be locked
        os.close(opened)
        return _UNLOCKED
    return opened


def _unlock(lock: int | None) -> None:
    if lock is not None and lock != _UNLOCKED:
        os.close(lock)


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError as fault:
        if path.is_file():
            raise fault
    finally:
        os.close(opened)
