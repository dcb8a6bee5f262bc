"""Which browser prints, and what is said where none does."""

import shutil
import sys

import pytest

from econmodel.errors import ReportFailed
from econmodel.report import pdf


@pytest.fixture
def bare(monkeypatch):
    """A machine without any browser."""
    monkeypatch.delenv(pdf.CHROMIUM, raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(pdf, "_PLACES", ())


def test_without_a_browser_there_is_none(bare):
    assert pdf.chromium() is None


def test_a_browser_in_its_usual_place_is_found(bare, monkeypatch):
    monkeypatch.setattr(pdf, "_PLACES", ("/nowhere", sys.executable))
    assert pdf.chromium() == sys.executable


def test_the_browser_that_is_named_comes_first(bare, monkeypatch):
    monkeypatch.setenv(pdf.CHROMIUM, sys.executable)
    assert pdf.chromium() == sys.executable


def test_a_browser_that_is_named_and_not_there_is_refused(bare, monkeypatch):
    monkeypatch.setenv(pdf.CHROMIUM, "/nowhere/chromium")
    with pytest.raises(ReportFailed, match="ECONMODEL_CHROMIUM names '/nowhere/chromium', which is no program"):
        pdf.chromium()


def test_a_browser_that_prints_nothing_is_told_of(tmp_path):
    with pytest.raises(ReportFailed, match="printed no PDF"):
        pdf.print_pdf(str(shutil.which("false")), tmp_path / "page.html", tmp_path / "page.pdf")


def test_the_last_words_of_a_browser_reach_the_terminal_as_text(tmp_path):
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\nprintf '\\033[2Jgone %0900d' 1 >&2\n", encoding="utf-8")
    browser.chmod(0o700)
    with pytest.raises(ReportFailed, match=r"printed no PDF \(gone 0{195} … 705 more characters\)"):
        pdf.print_pdf(str(browser), tmp_path / "page.html", tmp_path / "page.pdf")


def test_the_sandbox_is_left_out_for_root_only(monkeypatch):
    monkeypatch.setattr("os.geteuid", lambda: 0, raising=False)
    assert pdf.sandbox() == ["--no-sandbox"]
    monkeypatch.setattr("os.geteuid", lambda: 1000, raising=False)
    assert pdf.sandbox() == []


def test_a_page_is_printed_as_tagged_pdf(tmp_path, chromium_program):
    page = tmp_path / "page.html"
    page.write_text('<!DOCTYPE html><html lang="en-GB"><title>Who pays?</title><h1>Who pays?</h1>', encoding="utf-8")
    pdf.print_pdf(chromium_program, page, tmp_path / "page.pdf")
    printed = (tmp_path / "page.pdf").read_bytes()
    assert printed.startswith(b"%PDF-")
    for mark in (b"/StructTreeRoot", b"/Lang (en-GB)", b"/Outlines", b"/Title (Who pays?)"):
        assert mark in printed
