"""Findings that moved, and those that only look it."""

import json

import pytest

from econmodel.errors import ReportFailed, UnknownName
from econmodel.report.compare import changes, moved
from econmodel.report.finding import on_file
from econmodel.report.page import index_entry, write_index
from econmodel.table.card import sha256


def findings(values, text="Costs rise by 0.98 per cent.", tolerance=1e-6, **more):
    found = {"text": text, "values": values, "tolerance": dict.fromkeys(values, tolerance), "headline": True}
    return {
        "report": "tiny",
        "title": "Does <it> run?",
        "econmodel": "1.0",
        "notebook_sha256": "0",
        "data": {},
        "parameters": {},
        "changed_parameters": [],
        "findings": {"scale": found},
        "checks": [],
        **more,
    }


@pytest.mark.parametrize(
    ("old", "new", "tolerance", "moves"),
    [
        (0.983142, 0.983142, 0.0, 0),
        (0.983142, 0.983143, 0.0, 0),  # rounded apart in the last digit that the file holds
        (0.983142, 0.983144, 1e-7, 1),
        (0.983142, 0.983144, 1e-5, 0),
        (-1.0, -1.01, 0.02, 0),
        (-1.0, -1.05, 0.02, 1),  # twice the tolerance and more
        (-1.0, 1.0, 0.02, 1),
        (1, 1, 0.0, 0),
        (1234567, 1234568, 0.0, 1),  # whole numbers are not rounded
        (100, 101, 0.02, 0),
        (0.0, 0.0, 0.0, 0),
        (0.0, 1e-9, 1e-6, 1),
        (None, None, 0.0, 0),
        (None, 1.0, 1.0, 1),
        ("low", "low", 0.0, 0),
        ("low", "high", 1.0, 1),
        (True, False, 1.0, 1),
    ],
)
def test_a_number_may_move_within_its_tolerance(old, new, tolerance, moves):
    found = moved(findings({"x": old}), findings({"x": new}, tolerance=tolerance))
    assert len(found) == moves
    if moves:
        assert (found[0].finding, found[0].value, found[0].on_file, found[0].now) == ("scale", "x", str(old), str(new))


def test_words_may_change_in_their_numbers_only():
    old = findings({}, "Costs rise by 0.98 per cent (−0.1 to 1,200).")
    assert not moved(old, findings({}, "Costs rise by 0.99 per cent (0.2 to 1.3e−5)."))
    (row,) = moved(old, findings({}, "Costs fall by 0.98 per cent (−0.1 to 1,200)."))
    assert (row.value, row.allowed) == ("words", "same words")


def test_findings_and_values_that_came_or_went_have_moved():
    old, new = findings({"x": 1.0}), findings({"y": 2.0})
    new["findings"]["scope"] = new["findings"]["scale"]
    assert [(row.finding, row.value, row.on_file, row.now) for row in moved(old, new)] == [
        ("scale", "x", "1.0", "not there"),
        ("scale", "y", "not there", "2.0"),
        ("scope", "", "not there", "Costs rise by 0.98 per cent."),
    ]
    assert moved(new, old)[-1].now == "gone"


def test_a_check_that_no_longer_passes_has_moved():
    checks = [[{"name": "Monotone", "passed": passed}] for passed in (True, False)]
    (row,) = moved(findings({}, checks=checks[0]), findings({}, checks=checks[1]))
    assert (row.finding, row.on_file, row.now) == ("check “Monotone”", "passed", "failed")


def test_what_may_explain_a_move_is_told():
    old = findings({}, parameters={"seed": 1, "old": 2}, data={"firms": {"data_sha256": "1"}})
    new = findings(
        {}, parameters={"seed": 2}, data={"firms": {"data_sha256": "2"}}, econmodel="1.1", notebook_sha256="1"
    )
    assert changes(old, new) == [
        "econmodel was 1.0, is 1.1",
        "the notebook changed",
        "data firms changed",
        "old was 2, is None",
        "seed was 1, is 2",
    ]
    assert changes(old, old) == []


def test_findings_that_are_not_on_file_are_asked_for(tmp_path):
    with pytest.raises(UnknownName, match=r"no findings of tiny in .*: make them with `econmodel report tiny`"):
        on_file(tmp_path, "tiny")


def test_the_index_lists_questions_and_findings(tmp_path):
    check = {"name": "a", "must_pass": False, "note": ""}
    checks = [check | {"passed": passed} for passed in (True, False, None)]
    content = findings({}, "Costs <rise>.", checks=checks, data={"firms": {}})
    (tmp_path / "tiny.findings.json").write_text(json.dumps(content), encoding="utf-8")
    page = write_index(tmp_path).read_text(encoding="utf-8")
    assert '<h2><a href="./tiny.html">Does &lt;it&gt; run?</a></h2>\n<p>Costs &lt;rise&gt;.</p>' in page
    assert "Data: firms. 1 of 2 checks passed." in page
    assert page.count("href=") == 1, "the only address is the report"
    assert write_index(tmp_path).read_text(encoding="utf-8") == page


def test_an_empty_folder_has_an_index_too(tmp_path):
    assert "No report has been made yet." in write_index(tmp_path).read_text(encoding="utf-8")


BROKEN = {
    "half": ('{"report": "tiny"', "is damaged: it is not JSON as reports have it"),
    "infinite": ('{"report": 1e999}', "is damaged: .*the number 1e999"),
    "deep": ("[" * 100_000, "is damaged"),
    "foreign": ("[1]", "holds no findings of a report: list where entries report, .* should be"),
    "other": (json.dumps(findings({}) | {"report": "other"}), "holds the findings of 'other'"),
    "bare": (json.dumps(findings({}) | {"findings": {"a": {}}}), ".*'text' is missing or no str"),
    "old": (
        json.dumps({k: v for k, v in findings({}).items() if k != "changed_parameters"}),
        ".*'changed_parameters' is",
    ),
    "unchecked": (
        json.dumps(findings({}) | {"checks": [{"name": "a"}]}),
        ".*'passed' is missing or no bool",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_findings_that_cannot_be_read_are_named_in_a_sentence_and_in_the_index(tmp_path, name):
    (tmp_path / "tiny.findings.json").write_text(BROKEN[name][0], encoding="utf-8")
    with pytest.raises(ReportFailed, match=rf"tiny\.findings\.json {BROKEN[name][1]}.*Remove it, or make"):
        on_file(tmp_path, "tiny")
    page = write_index(tmp_path).read_text(encoding="utf-8")
    # A file of another version lacks what only a comparison needs.
    is_listed = name == "old"
    assert ('<p class="note">Not listed: tiny.findings.json' in page) != is_listed
    assert ("tiny.html" in page) == is_listed


def test_a_page_of_another_run_is_named(tmp_path):
    (tmp_path / "tiny.html").write_text("<p>1</p>", encoding="utf-8")
    content = findings({}) | {"page_sha256": sha256(tmp_path / "tiny.html")}
    (tmp_path / "tiny.findings.json").write_text(json.dumps(content), encoding="utf-8")
    assert on_file(tmp_path, "tiny") == content
    (tmp_path / "tiny.html").write_text("<p>2</p>", encoding="utf-8")
    with pytest.raises(ReportFailed, match=r"tiny\.html and tiny\.findings\.json are not of one run.*report tiny"):
        on_file(tmp_path, "tiny")
    assert "are not of one run" in write_index(tmp_path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "address"),
    [("javascript:alert(1)", "./javascript%3Aalert%281%29.html"), ("a#b?c %41", "./a%23b%3Fc%20%2541.html"),
     ("../x", "./..%2Fx.html"), ("q\"uo'te &amp;", "./q%22uo%27te%20%26amp%3B.html"), ("été", "./%C3%A9t%C3%A9.html")],
)  # fmt: skip
def test_names_of_files_are_never_schemes_or_folders(name, address):
    assert f'<h2><a href="{address}">' in index_entry(findings({}) | {"report": name})
