"""The PDF of a report, printed by a Chromium that is on the machine; without one a report has no PDF."""

import os
import shutil
import subprocess
from pathlib import Path

from econmodel.errors import ReportFailed
from econmodel.report.folders import scratch
from econmodel.report.guard import end, guarded
from econmodel.report.sanitiser import cut, visible

CHROMIUM = "ECONMODEL_CHROMIUM"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
# The host rule answers every name with "not found": a stray address in a report can never be asked for.
FLAGS = (
    "--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
SECONDS = 120
_END = b"%%EOF"


def chromium() -> str | None:
    """The browser that prints: what ECONMODEL_CHROMIUM names, or one in the usual places; None without one.

    Raises
    ------
    ReportFailed : ECONMODEL_CHROMIUM names a file that is not there
    """
    if named := os.environ.get(CHROMIUM):
        if found := shutil.which(named):
            return found
        raise ReportFailed(f"{CHROMIUM} names {named!r}, which is no program: fix it, or unset it.")
    found = next(filter(None, map(shutil.which, _NAMES)), None)
    return found or next((place for place in _PLACES if Path(place).is_file()), None)


def print_pdf(browser: str, page: Path, pdf: Path, seconds: float = SECONDS) -> None:
    """Print a page as tagged PDF with an outline.

    Parameters
    ----------
    browser : a Chromium
    page, pdf : what is printed, and the file that is written
    seconds : after which the browser is ended, and all that it started

    Raises
    ------
    ReportFailed : the browser printed nothing, or not all
    """
    flags = [*FLAGS, *sandbox(), "--no-pdf-header-footer", "--generate-pdf-document-outline"]
    with scratch() as folder:
        command = [browser, *flags, f"--user-data-dir={folder}", f"--print-to-pdf={pdf}", page.as_uri()]
        process = subprocess.Popen(
            guarded(command, folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "TMPDIR": str(folder)},
            start_new_session=True,
        )
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as late:
            end(process)
            raise ReportFailed(
                f"{browser} printed no PDF within {seconds:g} seconds; --no-pdf leaves it out."
            ) from late
    if not pdf.is_file() or _END not in pdf.read_bytes()[-1024:]:
        last = (visible(said).strip().splitlines() or ["no message"])[-1]
        raise ReportFailed(f"{browser} printed no PDF ({cut(last, 200)}); --no-pdf leaves it out.")


def sandbox() -> list[str]:
    """Chromium refuses its sandbox to root, which is who runs in most containers."""
    return ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
