"""The cells of an executed notebook on the page: each kind of output, what is refused, what is cleaned."""

from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from econmodel.errors import ReportFailed, UnknownName
from econmodel.report.body import prepare, title_of
from econmodel.report.finding import CHECK, FACT, FINDING, Collected, collect
from econmodel.report.notebooks import DataSet
from econmodel.report.page import Failure, Page, css_text, metadata, to_page

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><text x="1" y="9">Larger firms</text></svg>'
PICTURE = {"image/svg+xml": {"alt": "A dot.", "title": "Larger firms"}}


def page_of(notebook, **more):
    """The page of an executed notebook."""
    report = more.pop("report", {})
    collected = collect(notebook)
    sections, codes = prepare(notebook, Path())
    known = {
        "name": "tiny",
        "version": "1.2.3",
        "notebook_sha256": "0" * 64,
        "data": [],
        "parameters": [],
        **more,
    }
    page = Page(title=title_of(notebook), report=report, collected=collected, sections=sections, codes=codes, **known)
    return to_page(notebook, page)


@pytest.fixture
def page(executed, shown):
    """The page of one output."""
    return lambda data, metadata=None, **more: page_of(executed([shown(data, metadata)]), **more)


def test_the_title_is_the_first_heading(executed):
    found = page_of(executed([], "# Who pays <more>?\n\nWhy it is asked.\n\n# Another"))
    assert found.count("<h1>") == 1
    assert "<h1>Who pays &lt;more&gt;?</h1>" in found
    assert '<h2 id="another">Another</h2>' in found
    assert "<p>Why it is asked.</p>" in found


def test_the_title_may_stand_in_the_metadata():
    notebook = new_notebook(cells=[new_markdown_cell("Words.")], metadata={"report": {"title": "Who pays?"}})
    assert title_of(notebook) == "Who pays?"


def test_a_notebook_without_a_title_is_refused(executed):
    with pytest.raises(ReportFailed, match="The notebook has no title: start its first text cell"):
        prepare(executed([], "Words only."), Path())


def test_a_picture_is_carried_inside_with_its_description(page):
    found = page({"image/svg+xml": SVG}, PICTURE)
    assert '<img alt="A dot." src="data:image/svg+xml;base64,' in found
    assert 'Figure 1<span class="unseen">. Larger firms</span>' in found, "its title is drawn, so it is not shown again"
    assert 'class="figure-title"' not in found


def test_a_title_that_is_not_drawn_stands_above_the_picture(page):
    found = page({"image/svg+xml": SVG}, {"image/svg+xml": {"alt": "A dot.", "title": "Smaller firms"}})
    assert '<p class="figure-title">Smaller firms</p>' in found


@pytest.mark.parametrize("kind", ["image/svg+xml", "image/png"])
def test_a_picture_without_a_description_is_refused(page, kind):
    with pytest.raises(ReportFailed, match="The output of code cell 1 is a picture without a description"):
        page({kind: SVG}, {kind: {"alt": " "}})


def test_tables_are_numbered_and_scroll_on_their_own(page):
    table = "<table><caption>Costs &amp; more</caption><tr><td>1</td></tr></table>"
    found = page({"text/html": f"<p>Words.</p>{table}{table}", "text/plain": "never"})
    assert "<caption>Table 1. Costs &amp; more</caption>" in found
    assert 'tabindex="0" aria-label="Table 2. Costs &amp; more"' in found
    assert "never" not in found


def test_what_an_output_or_a_text_loses_is_named_there(page, executed):
    for found in (page({"text/html": "<script>go()</script>"}), page_of(executed([], "# T\n\n<script>go()</script>"))):
        assert "<script" not in found
        assert '<p class="note">Left out here, because a report runs and loads nothing: script.</p>' in found


def test_a_picture_of_no_picture_is_refused(page):
    with pytest.raises(ReportFailed, match="code cell 1 is a picture that cannot be read: its data are not base64"):
        page({"image/png": 'AA" onerror="go()'}, {"image/png": {"alt": "A dot."}})


def test_what_a_cell_says_about_its_output_is_not_what_the_page_says(page):
    found = page({"text/html": "words"}, {"figure": {"number": "<b>"}, "shows": "<b>", "more": "<b>"})
    assert '<div class="output">words</div>' in found
    assert "<b>" not in found


def test_streams_of_one_kind_are_one_box_in_the_order_of_the_run(executed):
    def stream(name, text):
        return new_output("stream", name=name, text=text)

    notebook = executed([])
    notebook.cells.append(
        new_code_cell(
            "go()",
            outputs=[
                stream("stdout", "one\n"), stream("stdout", "two\n"), stream("stderr", "\r 9%|"),
                stream("stdout", "three\n"), stream("stderr", "\r50%|#"),
                stream("stderr", "\r99%|##\n"), stream("stderr", "\x1b[0m\n"),
            ],
        )
    )  # fmt: skip
    found = page_of(notebook)
    article = found[found.index("<article>") : found.index("</article>")]
    assert article.count("<pre") == 3
    assert article.index("one\ntwo</pre>") < article.index("<pre>99%|##</pre>") < article.index("three</pre>")


@pytest.mark.parametrize("kind", ["text/plain", "text/html", "text/markdown", "text/latex"])
def test_a_long_line_is_cut_and_so_is_a_long_output(page, kind):
    found = page({kind: "a" * 200_000})
    assert "a … 198,000 more characters" in found
    assert len(found) < 40_000
    found = page({kind: "word\n" * 200_000})
    assert '<p class="note">… 500,000 more characters</p>' in found


def test_one_cell_has_room_for_so_much_only(executed):
    notebook = executed([])
    outputs = [new_output("stream", name=name, text="word\n" * 80_000) for name in ("stdout", "stderr")]
    outputs.append(new_output("error", ename="ValueError", evalue="e" * 9, traceback=[]))
    notebook.cells += [new_code_cell("go()", outputs=outputs), new_code_cell("b", outputs=[displayed_text("whole")])]
    found = page_of(notebook)
    assert found.count("word\n") == 99_999
    assert "… 299,998 more characters</pre>" in found
    assert "<strong>ValueError:</strong> \n… 9 more characters" in found
    assert ">whole</pre>" in found


def displayed_text(text):
    return new_output("display_data", data={"text/plain": text})


def test_what_names_and_titles_say_is_cut_too(executed):
    found = page_of(executed([], f"# {'t' * 200_000}"), report={"limits": ["l" * 200_000]})
    assert found.count("t … 198,000 more characters") == 2
    assert "l … 198,000 more characters" in found
    assert len(found) < 40_000


def test_unseen_marks_are_shown_and_control_characters_are_not(page, executed):
    for found in (page({"text/html": "a\u202eb&#8238;c\x01"}), page({"text/plain": "a\u202eb\u202ec\x00\ud800"})):
        assert "a⟨U+202E⟩b⟨U+202E⟩c<" in found
    assert "Who\u202e" not in page_of(executed([], "# Who\u202e pays?"))


def test_a_backslash_in_the_title_only_says_that_a_sign_is_a_sign(executed):
    assert "<h1>What does $5 buy, and $6?</h1>" in page_of(executed([], "# What does \\$5 buy, and $6?"))


def test_tables_within_tables_leave_the_page_whole(page):
    found = page({"text/html": "<table><tr><td><table><tr><td>1</td></tr></table></td></tr></table>"})
    assert '<table><tbody><tr><td><div class="scroll"' in found


def test_findings_checks_and_facts_have_a_form_of_their_own(page):
    finding = {"key": "a", "text": "Costs <b>rise</b>.", "values": {}, "tolerance": {}, "headline": True}
    assert '<p class="finding">Costs &lt;b&gt;rise&lt;/b&gt;.</p>' in page({FINDING: finding, "text/plain": "x"})
    check = {"name": "Monotone", "passed": False, "must_pass": False, "note": "At <two> points."}
    assert '<p class="check failed"><strong>Check failed:</strong> Monotone. At &lt;two&gt; points.</p>' in page(
        {CHECK: check, "text/plain": "x"}
    )
    assert '<th scope="row">Rows</th><td><p>90 used</p></td>' in page({FACT: {"name": "Rows", "text": "90 used"}})


def test_text_is_escaped_and_markdown_is_set(page):
    assert "a &lt; b" in page({"text/plain": "a < b"})
    assert "<strong>b</strong>" in page({"text/markdown": "a **b**", "text/plain": "never"})


def test_messages_of_the_run_are_shown_without_folders(executed):
    warning = "/home/me/.venv/x.py:3: UserWarning: few clusters\n  warnings.warn(message)\nand more\n"
    found = page_of(executed([new_output("stream", name="stderr", text=warning)]))
    assert "Message from the run" in found
    assert "UserWarning: few clusters\nand more" in found
    assert "/home/me" not in found


def test_an_error_is_shown_by_its_name_and_message(executed):
    error = new_output("error", ename="ValueError", evalue="y <= 0", traceback=["/home/me"])
    found = page_of(executed([error]), failure=Failure("The run stopped", "y <= 0", "Mend it."))
    assert "<strong>ValueError:</strong> y &lt;= 0" in found
    assert "This report failed. No figure below may be quoted." in found
    assert "/home/me" not in found


def test_code_is_at_the_end_beside_what_it_makes(page):
    found = page({"image/svg+xml": SVG}, PICTURE)
    assert '<a href="#cell-1">1</a></th><td>Figure 1, Larger firms</td>' in found
    assert found.index("<summary>The code</summary>") > found.index("<figure")
    assert '<h3 id="cell-1">Code cell 1</h3>' in found


def test_contents_are_listed_from_four_sections_on(executed):
    assert "<nav" not in page_of(executed([], "# T\n\n## A\n\n## B\n\n## C"))
    assert '<li><a href="#d">D</a></li>' in page_of(executed([], "# T\n\n## A\n\n## B\n\n## C\n\n## D"))


def test_page_one_is_in_its_order(executed):
    report = {
        "status": "Assured",
        "so_what": "Do this.",
        "limits": ["Not that.", "Nor those."],
        "facts": {"Disclosure": "Published."},
        "review": "When the data change.",
        "assumptions": [["A1", "Prices are given", "Amber", "Scale is <wrong>"]],
    }
    parameters = [
        {"name": "seed", "meaning": "draws", "default": 1, "value": 7, "changed": True},
        {"name": "share", "meaning": "", "default": 0.5, "value": 0.5, "changed": False},
    ]
    found = page_of(executed([]), report=report, parameters=parameters)
    parts = [
        "<h1>", "Assured", "The notebook states no finding.", "Do this.", "Not that.", "<h2>Facts</h2>",
        "None: every number is computed", "Disclosure", "When the data change.", "econmodel 1.2.3, notebook",
        "<h2>Parameters</h2>",
        "<td>1</td><td><strong>7</strong> changed</td>", "<td>not stated</td><td>0.5</td><td>0.5</td>",
        "<h2>Assumptions</h2>", "Scale is &lt;wrong&gt;", "<h2>Quality log</h2>", "The notebook made no checks.",
    ]  # fmt: skip
    places = [found.index(part) for part in parts]
    assert places == sorted(places)


def test_failures_stand_first_in_the_log(executed, shown):
    rows = [{"name": name, "passed": passed, "must_pass": True, "note": ""} for name, passed in
            [("good", True), ("none", None), ("bad", False)]]  # fmt: skip
    found = page_of(executed([shown({CHECK: row}) for row in rows]))
    log = found[found.index("<h2>Quality log</h2>") :]
    assert log.index("bad") < log.index("good") < log.index("none")
    assert '<td class="failed">Failed (must pass)</td>' in log


def test_an_unknown_entry_of_the_metadata_is_refused():
    with pytest.raises(UnknownName, match=r"say report\.limit; known are: title, status, data"):
        metadata(new_notebook(metadata={"report": {"limit": "x"}}))


def test_two_findings_of_one_name_are_refused(executed, shown):
    finding = shown({FINDING: {"key": "a", "text": "A.", "values": {}, "tolerance": {}, "headline": False}})
    with pytest.raises(ReportFailed, match="Two findings are called 'a'"):
        collect(executed([finding, finding]))


@pytest.mark.parametrize(("marked", "headlines"), [([], ["A."]), (["b"], ["B."]), (["a", "b"], ["A.", "B."])])
def test_headlines_are_those_marked_or_the_first(marked, headlines):
    findings = {key: {"text": f"{key.upper()}.", "headline": key in marked} for key in "ab"}
    assert Collected(findings, [], []).headlines == headlines


def test_a_title_cannot_leave_the_style_sheet(executed):
    found = page_of(executed([], '# "; } </style><p id="out">'))
    assert '<p id="out">' not in found
    assert css_text('a"\\</') == "a\\22 \\5c \\3c \\2f "


def test_tables_of_text_cells_are_words_and_scroll(executed):
    found = page_of(executed([], "# T\n\n| a | b |\n|---|---|\n| 1 | 2 |"))
    assert '<div class="scroll typed" role="region" tabindex="0" aria-label="Table"><table>' in found


def test_a_per_cent_sign_stays_with_its_number(page):
    finding = {"key": "a", "text": "A 95 % interval.", "values": {}, "tolerance": {}, "headline": True}
    found = page({FINDING: finding})
    assert found.count("A 95\N{NO-BREAK SPACE}% interval.") == 2
    assert "95 %" not in found


@pytest.mark.parametrize(("height", "wide"), [(20, True), (30, False)])
def test_a_wide_drawing_takes_a_third_of_a_printed_page(page, height, wide):
    found = page({"image/svg+xml": SVG.replace('height="20"', f'height="{height}"')}, PICTURE)
    assert ('<figure id="figure-1" class="wide">' in found) is wide


def described(n):
    return DataSet(f"set{n}", f"Firms {n}", f"Source {n}", "CC0", "GBP", "total", 1000 * n, "a.csv", "1", "a.toml", "2")


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (1, "<p>Firms 1. 1,000 rows. Cost: total; GBP. Source: Source 1</p>"),
        (4, "<p>4 tables, their sources at the end: Firms 1 (1,000 rows); Firms 2 (2,000 rows);"),
    ],
)
def test_many_tables_are_described_at_the_end_only(executed, count, words):
    found = page_of(executed([]), data=[described(n + 1) for n in range(count)])
    assert words in found
    assert "<td>total; GBP</td><td>Source 1</td><td>CC0</td>" in found[found.index('id="how-made"') :]
