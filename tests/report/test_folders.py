"""A report appears whole or not at all, whenever its run is killed; what a killed run left is gone after the next."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from econmodel.errors import ReportFailed
from econmodel.report import folders
from econmodel.report.guard import end, guarded

# A tenth of a second passes between two looks of a guard; a loaded machine may take a hundred of them.
SECONDS = 10.0

PUT = """
import os, signal, sys
from pathlib import Path
from econmodel.report import folders
finished, to, left = Path(sys.argv[1]), Path(sys.argv[2]), [int(sys.argv[3])]
def count(event, given):
    if event in ("os.rename", "os.remove", "os.rmdir"):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
folders.put(finished, "one", to)
"""
OLD = {"one.html": "old", "one.findings.json": "old", "one.pdf": "old", "one.failed.html": "old"}
NEW = {
    "good": {"one.html": "new", "one.findings.json": "new", "one.pdf": "new"},
    "good without PDF": {"one.html": "new", "one.findings.json": "new"},
    "failed": {"one.failed.html": "new", "one.ipynb": "new"},
}

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has neither process groups nor locks on folders")


def held(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file()}


@posix
@pytest.mark.parametrize("kind", NEW)
def test_a_kill_before_any_change_of_a_file_leaves_the_old_report_or_the_new_one(tmp_path, kind):
    after = (OLD | NEW[kind]) if kind == "failed" else NEW[kind]
    seen, kill_at, code = set(), 0, -signal.SIGKILL
    while code == -signal.SIGKILL:
        to, finished = tmp_path / f"to{kill_at}", tmp_path / f"to{kill_at}" / "finished"
        finished.mkdir(parents=True)
        for folder, files in ((to, OLD), (finished, NEW[kind])):
            for name, text in files.items():
                (folder / name).write_text(text, encoding="utf-8")
        code = subprocess.run([sys.executable, "-c", PUT, finished, to, str(kill_at)], check=False).returncode
        folders.settle(to)
        seen.add(held(to) == OLD)
        assert held(to) in (OLD, after)
        assert not list(to.glob(".*"))
        kill_at += 1
    assert (code, seen) == (0, {True, False})


@posix
def test_a_folder_whose_run_was_killed_is_swept_and_one_in_use_is_not(tmp_path):
    program = (
        f"from econmodel.report.folders import *\nwith workshop(Path({str(tmp_path)!r})): print(1, flush=True); input()"
    )
    other = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    other.stdout.readline()
    (theirs,) = tmp_path.iterdir()
    with folders.workshop(tmp_path) as own:
        assert set(tmp_path.iterdir()) == {theirs, own}
    other.kill()
    other.communicate()
    assert list(tmp_path.iterdir()) == [theirs]
    (tmp_path / ".econmodel-runner").write_text("a file", encoding="utf-8")
    with folders.workshop(tmp_path) as own:
        assert {path.name for path in tmp_path.iterdir()} == {own.name, ".econmodel-runner"}


def alive(marker):
    """Whether anything still writes the marker; its writer does so every twentieth of a second."""
    before = marker.stat().st_mtime_ns
    time.sleep(0.5)
    return marker.stat().st_mtime_ns != before


@posix
@pytest.mark.parametrize("how", ["killed", "removed", "ended"])
def test_a_guarded_command_ends_with_its_run_and_takes_its_children(tmp_path, how):
    """Its parent is killed, its folder is removed, or the command itself is over and its child is not."""
    marker, folder = tmp_path / "marker", tmp_path / "folder"
    folder.mkdir()
    child = f"import pathlib, time\nwhile True: pathlib.Path({str(marker)!r}).write_text('x'); time.sleep(0.05)"
    command = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {child!r}])\n"
    command += f"import pathlib\nwhile not pathlib.Path({str(marker)!r}).exists(): time.sleep(0.02)\n"
    command += "" if how == "ended" else "time.sleep(60)"
    parent = (
        "import subprocess, sys\nfrom pathlib import Path\nfrom econmodel.report.guard import guarded\n"
        f"subprocess.Popen(guarded([sys.executable, '-c', {command!r}], Path({str(folder)!r})), start_new_session=True)"
        ".wait()"
    )
    run = subprocess.Popen([sys.executable, "-c", parent])
    limit = time.monotonic() + SECONDS
    while not marker.exists() and time.monotonic() < limit:
        time.sleep(0.02)
    if how == "killed":
        run.kill()
    elif how == "removed":
        folder.rmdir()
    run.wait(SECONDS)
    while alive(marker):
        assert time.monotonic() < limit


@posix
def test_a_command_that_is_ended_takes_its_children(tmp_path):
    marker = tmp_path / "marker"
    child = f"import pathlib, time\nwhile True: pathlib.Path({str(marker)!r}).write_text('x'); time.sleep(0.05)"
    process = subprocess.Popen(
        guarded([sys.executable, "-c", child], tmp_path), stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    limit = time.monotonic() + SECONDS
    while not marker.exists():
        time.sleep(0.02)
    end(process)
    while alive(marker):
        assert time.monotonic() < limit


def test_a_finished_report_that_cannot_be_put_in_place_is_named(tmp_path):
    (tmp_path / ".econmodel-ready-one").mkdir()
    (tmp_path / ".econmodel-ready-one" / "one.html").write_text("new", encoding="utf-8")
    (tmp_path / "one.html" / "in the way").mkdir(parents=True)
    with pytest.raises(
        ReportFailed, match=r"A finished report waits in .* to be put in place\. .*one\.html.*Make room"
    ):
        folders.settle(tmp_path)
    shutil.rmtree(tmp_path / "one.html")
    folders.settle(tmp_path)
    assert held(tmp_path) == {"one.html": "new"}


def test_a_folder_in_the_place_of_a_file_is_found_before_any_file_is_moved(tmp_path):
    finished, to = tmp_path / "finished", tmp_path / "to"
    for folder in (finished, to / "one.html"):
        folder.mkdir(parents=True)
    for name in ("one.findings.json", "one.html"):
        (finished / name).write_text("new", encoding="utf-8")
    with pytest.raises(IsADirectoryError, match=r"A folder stands where a file must go: .*one\.html"):
        folders.put(finished, "one", to)
    assert [path.name for path in to.iterdir()] == ["one.html"]


def test_what_the_system_refuses_is_named_with_its_place():
    assert folders.words(OSError(28, "No space left on device"), Path("reports")) == (
        "No space left on device: reports. Make room or allow writing there, or name another folder."
    )
