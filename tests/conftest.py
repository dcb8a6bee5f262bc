"""What tests of several rooms share: every shipped report, made once, and a browser without a network."""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

from econmodel.report.kernel import SLOW_GRAMMAR

# As the command line does: nothing here needs it, and every process of the suite would wait for it.
sys.modules.setdefault(SLOW_GRAMMAR, None)  # type: ignore[arg-type]

REQUIRED = os.environ.get("ECONMODEL_BROWSER") == "required"


def _absent(what: str) -> None:
    """An absent browser skips a test, or fails it where ECONMODEL_BROWSER=required."""
    if REQUIRED:
        pytest.fail(f"{what}, and ECONMODEL_BROWSER is required")
    pytest.skip(f"{what}; ECONMODEL_BROWSER=required makes this a failure")


@pytest.fixture(scope="session")
def as_learned() -> Callable[..., SimpleNamespace]:
    """A stated cost function as if it had been learned, without error, from providers who all make every output."""

    def learned(cost) -> SimpleNamespace:
        names, mean = cost.technology.outputs, cost.points().outputs[0]
        ends = np.array(list(product((0.0, 100.0), repeat=len(names)))) * mean
        columns = dict(zip(names, ends.T, strict=True))
        data = SimpleNamespace(
            labels=str,
            title="",
            outputs=dict.fromkeys(names, SimpleNamespace(unit="")),
            cost_unit="",
            money="",
            source_line=lambda: "",
        )
        sample = SimpleNamespace(rows=SimpleNamespace(columns=columns), controls={}, data=data)
        fields = ("technology", "theta", "covariance", "freedom", "wild", "points")
        return SimpleNamespace(sample=sample, **{name: getattr(cost, name) for name in fields})

    return learned


@pytest.fixture(scope="session")
def rendered_reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the report of every shipped notebook, made once for the whole suite, whichever test asks first.

    It holds NAME.html, NAME.findings.json, the executed NAME.ipynb, NAME.pdf where there is a browser, index.html; and
    NAME.failed.html in place of these where a notebook failed.
    """
    from econmodel.report.notebooks import shipped_notebooks
    from econmodel.report.pdf import chromium
    from econmodel.report.run import run_reports

    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "rendered_reports"
    with (shared / "rendered_reports.lock").open("w") as lock:
        # Released by the system even if the process that makes the reports dies.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "index.html").is_file():
            run_reports(shipped_notebooks(), folder, browser=chromium(), keep=True)
    return folder


@pytest.fixture(scope="session")
def chromium_program() -> str:
    """The browser on this machine."""
    from econmodel.report.pdf import chromium

    found = chromium()
    if found is None:
        _absent("there is no Chromium")
    return str(found)


@pytest.fixture(scope="module")
def browser(chromium_program: str) -> "Iterator[Browser]":
    """A browser that finds no host but this machine's files."""
    from econmodel.report.pdf import FLAGS, sandbox

    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _absent("playwright is not installed")
    flags = [flag for flag in FLAGS if flag != "--headless"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium_program, args=[*flags, *sandbox()])
        yield opened
        opened.close()
