"""Kill runs of two small notebooks, at random and between any two changes of files, and count what is lost or left.

`python scripts/kill_study.py [KILLS]` writes `benchmarks/kills.md`. Linux only, because processes are counted in /proc;
full and read-only disks are tried if this is root, who may mount them. Without a Chromium there are no PDFs.
"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import econmodel.cli
from econmodel.report.pdf import chromium

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "kills.md"
NAMES = ("one", "two")
MARK = "ECONMODEL_KILL_STUDY"
SEED = 20261128
GONE_SECONDS = 2.0
SENTENCE = "Stopped. No unfinished report was put in place."
CELLS = (
    "import econmodel as em\nem.finding('tag', f'This is run {tag}.', headline=True, tag=tag)",
    "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])",
    "import time; time.sleep(0.2)",
)
HEAD = """# Runs that were killed

`python scripts/kill_study.py {kills}`: two notebooks, a cell of which starts a process that would outlive it. A pair is
a page and its findings. What a row counts and does not show is zero; lost, mixed and left are always shown. "Until the
next look" are pairs with a file moved and a file waiting, which `check` names and the next command completes.

| part | counted |
|---|---|
"""
AT_ONCE = 3
CHANGES = ("os.mkdir", "os.rename", "os.remove", "os.rmdir")


class Run:
    """One run, forked from here: with all libraries loaded, kills fall into what matters."""

    def __init__(self, words: Sequence[str], study: "Study", kill_at: int | None) -> None:
        self.returncode: int | None = None
        self._said = study.folder / "said.txt"
        self._said.write_text("")
        sys.stdout.flush()
        self.pid = os.fork()
        if self.pid:
            return
        os.setsid()
        said = os.open(self._said, os.O_WRONLY | os.O_APPEND)
        os.dup2(said, 1)
        os.dup2(said, 2)
        os.chdir(study.folder)
        os.environ |= study.env
        tempfile.tempdir = None
        sys.argv = ["econmodel", *words]
        if kill_at is not None:
            left = [kill_at]

            def count(event: str, given: tuple[object, ...]) -> None:
                if event in CHANGES and str(study.reports) in str(given[0]):
                    left[0] -= 1
                    if left[0] < 0:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(count)
        code = 70
        try:
            econmodel.cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def wait(self, seconds: float = 300.0) -> str | None:
        """What it said, once it has ended; None if it has not by then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
                return self._said.read_text()
            time.sleep(0.005)
        return None


class Study:
    """A folder with two notebooks, their reports, and folders for everything temporary."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.reports = folder, folder / "reports"
        self.temporary, self.runtime = folder / "tmp", folder / "runtime"
        for each in (self.temporary, self.runtime):
            each.mkdir()
        self.env = os.environ | {
            MARK: str(folder), "TMPDIR": str(self.temporary), "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1",
        }  # fmt: skip
        self.tag = 0
        self.seen: Counter[str] = Counter()
        for name in NAMES:
            cells = [new_markdown_cell("# Does it survive?"), new_code_cell("tag: int = 0  # which run")]
            cells[1].metadata["tags"] = ["parameters"]
            cells += [new_code_cell(code) for code in CELLS]
            for number, cell in enumerate(cells):
                cell["id"] = f"c{number}"
            nbformat.write(new_notebook(cells=cells), folder / f"{name}.ipynb")

    def start(self, *words: str, to: Path | None = None, kill_at: int | None = None) -> Run:
        """Begin a run with a tag of its own; it may kill itself before so many changes of files of the reports."""
        self.tag += 1
        notebooks = [f"{name}.ipynb" for name in NAMES]
        to = to or self.reports
        return Run(["report", *notebooks, "-p", f"tag={self.tag}", "--to", str(to), *words], self, kill_at)

    def processes(self) -> list[str]:
        """The command lines of all that runs for this study, whoever started it."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if process.name != str(os.getpid()) and f"{MARK}={self.folder}\0" in (process / "environ").read_text():
                    found.append((process / "cmdline").read_text()[:80])
            except (OSError, UnicodeDecodeError):
                continue
        return [each for each in found if each]

    def left(self) -> list[str]:
        """Folders and files of runs that are gone."""
        hidden = list(self.reports.glob(".*")) if self.reports.is_dir() else []
        return [path.name for path in (*hidden, *self.temporary.iterdir(), *self.runtime.iterdir())]

    def look(self, reports: Path | None = None) -> None:
        """Count lost and mixed pairs as a reader finds them, and again once the next command has looked."""
        from econmodel.report.folders import settle

        reports = reports or self.reports
        first = self._pairs(reports)
        self.seen["waiting to be moved"] += any(reports.glob(".econmodel-ready-*"))
        settle(reports)
        second = self._pairs(reports)
        self.seen["named by `check` until the next look"] += len(first)
        self.seen["lost"] += sum("lost" in each for each in second)
        self.seen["mixed"] += sum("mixed" in each for each in second)

    def _pairs(self, reports: Path) -> list[str]:
        from econmodel.report.finding import on_file

        faults = []
        for name in NAMES:
            page, findings = reports / f"{name}.html", reports / f"{name}.findings.json"
            try:
                html, tag = page.read_text(), json.loads(findings.read_text())["findings"]["tag"]["values"]["tag"]
                on_file(reports, name)
                if f"This is run {tag}." not in html or not html.rstrip().endswith("</html>"):
                    faults.append(f"{name} mixed and not named")
            except (OSError, ValueError) as fault:
                faults.append(f"{name} {'mixed' if 'not of one run' in str(fault) else 'lost'}")
        return faults

    def after(self) -> None:
        """One whole run, and what is there after it."""
        said = (run := self.start("--no-pdf")).wait()
        assert run.returncode == 0, said
        self.look()
        time.sleep(0.3)
        self.seen["folders left after the next run"] += len(self.left())
        self.seen["processes left after the next run"] += len(self.processes())


def killed(number: int, kills: int, words: tuple[str, ...], study: Study) -> None:
    """Send a signal at random moments of a run."""
    begin = time.monotonic()
    study.start(*words).wait()
    whole = time.monotonic() - begin
    draw = random.Random(SEED)
    while study.seen["kills"] < kills:
        run = study.start(*words)
        if run.wait(draw.uniform(0.02, 1.05 * whole)) is not None:
            study.seen["over before"] += 1
            continue
        os.kill(run.pid, number)
        said = run.wait(60) or "did not end"
        study.seen["kills"] += 1
        if number == signal.SIGKILL:
            end = time.monotonic() + GONE_SECONDS
            while study.processes() and time.monotonic() < end:
                time.sleep(0.05)
        else:
            study.seen["another exit code or more than one sentence"] += (
                run.returncode != 128 + number or said.splitlines()[-1:] != [SENTENCE] or "Traceback" in said
            )
            study.seen["folders left at once"] += len(study.left())
        study.seen["processes left at once"] += len(study.processes())
        study.look()
    study.after()


def between(study: Study) -> None:
    """Kill before the first, the second, ... change of a file."""
    study.start("--no-pdf").wait()
    number = 0
    while True:
        (run := study.start("--no-pdf", "--jobs", "1", kill_at=number)).wait()
        if run.returncode != -signal.SIGKILL:
            break
        study.seen["kills"] += 1
        study.look()
        number += 1
    study.after()


def full(study: Study) -> None:
    """A disk that is full after so and so many bytes, and one that is read-only."""
    disk = study.folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], check=True)
    try:
        study.start("--no-pdf", to=disk).wait()
        free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        for kilobytes in (0, 8, 24, 40, 64, 96):
            (disk / "ballast").write_bytes(b"0" * (free - kilobytes * 1024))
            said = (run := study.start("--no-pdf", to=disk)).wait() or ""
            study.seen["disks full"] += 1
            study.seen["traceback or silence"] += "Traceback" in said or (
                run.returncode != 0 and "No space left on device" not in said
            )
            study.seen["failed"] += run.returncode != 0
            study.look(disk)
            study.seen["folders left at once"] += len(list(disk.glob(".*")))
            (disk / "ballast").unlink()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        said = (run := study.start("--no-pdf", to=disk)).wait() or ""
        study.seen["read-only"] += 1
        study.seen["traceback or silence"] += run.returncode != 2 or "Read-only file system" not in said
        study.look(disk)
    finally:
        subprocess.run(["umount", disk], check=True)
    study.seen["processes left after the next run"] += len(study.processes())


def at_once(study: Study) -> None:
    """Two runs into one folder."""
    for _ in range(5):
        for run in [study.start("--no-pdf"), study.start("--no-pdf")]:
            study.seen["runs"] += 1
            study.seen["failed"] += run.wait() is None or run.returncode != 0
        study.look()
    study.after()


def main() -> None:
    kills = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    # As the commands load them.
    import papermill  # noqa: F401
    from nbconvert.exporters import templateexporter  # noqa: F401

    import econmodel.report.run  # noqa: F401

    with_pdf = kills * 3 // 10 if chromium() else 0
    parts: list[tuple[str, Callable[[Study], None]]] = [
        ("SIGKILL at random, without PDF", partial(killed, signal.SIGKILL, kills - with_pdf, ("--no-pdf",))),
        ("SIGKILL at random, with PDF", partial(killed, signal.SIGKILL, with_pdf, ())),
        ("SIGKILL before each change of a file", between),
        ("SIGTERM at random", partial(killed, signal.SIGTERM, max(kills // 20, 1), ())),
        ("SIGINT at random", partial(killed, signal.SIGINT, max(kills // 20, 1), ())),
        ("Two runs at once", at_once),
    ]
    if os.geteuid() == 0:
        parts.append(("A full and a read-only disk", full))
    with ProcessPoolExecutor(AT_ONCE, get_context("fork")) as pool:
        lines = []
        for line in pool.map(counted, *zip(*parts, strict=True)):
            print(line, flush=True)
            lines.append(line)
    RESULT.write_text(HEAD.format(kills=kills) + "\n".join(lines) + "\n", encoding="utf-8")


def counted(title: str, part: Callable[[Study], None]) -> str:
    """One part of the study as a row."""
    with tempfile.TemporaryDirectory() as folder:
        study = Study(Path(folder))
        part(study)
    always = ("lost", "mixed", "folders left after the next run", "processes left after the next run")
    shown = {name: count for name, count in study.seen.items() if count and name not in always}
    shown |= {name: study.seen[name] for name in always}
    return f"| {title} | {', '.join(f'{name}: {count}' for name, count in shown.items())} |"


if __name__ == "__main__":
    main()
