"""Formulas and text as HTML that needs neither script nor network."""

import pytest

from econmodel.errors import ReportFailed
from econmodel.report.markdown import Headings, to_html
from econmodel.report.mathml import formula



def html(text, tmp_path):
    return to_html(text, tmp_path, Headings())


def test_a_formula_is_mathml():
    found = formula(r"\frac{a}{b}", "block")
    assert found.startswith("<math ")
    assert 'display="block"' in found
    assert "<mfrac>" in found


@pytest.mark.parametrize(
    ("latex", "part"),
    [
        (r"2 \ln y", '<mn>2</mn><mspace width="0.167em" /><mi>ln</mi><mspace width="0.167em" /><mi>y</mi>'),
        (r"a + \ln(y)", '<mo>+</mo><mi>ln</mi><mo stretchy="false">(</mo>'),
        (r"\sum_i x_i", "<munder><mo>∑</mo><mi>i</mi></munder>"),
        (r"\begin{aligned} a &= b \end{aligned}", "<mtable"),
    ],
)
def test_functions_and_sums_are_set_as_in_a_book(latex, part):
    assert part in formula(latex, "block")


def test_a_sum_within_a_line_keeps_its_index_beside_it():
    assert "<msub><mo>∑</mo>" in formula(r"\sum_i x_i")


@pytest.mark.parametrize("latex", [r"\nosuch x", r"\frac{1", "a & b"])
def test_a_formula_that_cannot_be_read_is_refused(latex):
    with pytest.raises(ReportFailed, match="cannot be read"):
        formula(latex)


def test_formulas_in_text_and_on_lines_of_their_own(tmp_path):
    found = html("Cost is $C$ and\n\n$$S = 1$$\n\n\\begin{align*} a &= b \\end{align*}", tmp_path)
    assert found.count("<math") == 3
    assert found.count('display="block"') == 2
    assert "$" not in found


def test_a_dollar_in_code_or_escaped_starts_no_formula(tmp_path):
    found = html("From \\$5 to \\$6, and `$x$`.", tmp_path)
    assert "<math" not in found
    assert "From $5 to $6" in found


def test_headings_start_at_the_second_level_and_have_names_of_their_own(tmp_path):
    headings = Headings()
    found = to_html("# One\n\n## Two of *them*\n\n## Two of them", tmp_path, headings)
    assert "<h1" not in found
    assert [(h["id"], h["level"]) for h in headings.found] == [("one", 2), ("two-of-them", 2), ("two-of-them-2", 2)]
    assert '<h2 id="two-of-them">Two of <em>them</em></h2>' in found


def test_outside_addresses_are_printed_not_linked(tmp_path):
    found = html(
        "[Paper](https://doi.org/10.1/x), https://example.org/a, <https://example.org/b>, [here](#one)", tmp_path
    )
    assert "Paper (https://doi.org/10.1/x)" in found
    assert found.count("<a ") == 1
    assert '<a href="#one">here</a>' in found
    assert faults(found) == []


def test_a_picture_beside_the_notebook_is_carried_inside(tmp_path):
    (tmp_path / "dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    found = html("![One dot.](dot.svg)", tmp_path)
    assert 'src="data:image/svg+xml;base64,' in found
    assert 'alt="One dot."' in found


@pytest.mark.parametrize(
    ("html", "fault"),
    [
        ("<script>go()</script>", "<script>"),
        ('<link rel="stylesheet" href="#a">', "<link>"),
        ('<p onclick="go()">a</p>', "a script in onclick"),
        ('<a href="https://example.org">a</a>', "an address outside the page in href"),
        ('<a href="javascript:go()">a</a>', "an address outside the page in href"),
        ('<img alt="A" src="//example.org/a.png">', "an address outside the page in src"),
        ('<img alt="A" src="a.png">', "an address outside the page in src"),
        ('<img src="data:image/png;base64,">', "a picture without a description"),
        ('<p style="background: URL(https://example.org/a.png)">a</p>', "an address outside the page in a style"),
        ("<style>@import 'https://example.org/a.css';</style>", "an address outside the page in a style"),
    ],
)
def test_what_needs_a_script_or_a_network_is_found(html, fault):
    (found,) = faults(html)
    assert found.startswith(fault)


def test_what_needs_neither_is_left_alone():
    assert faults('<p id="a">url(x) <a href="#a">a</a> <img alt="A" src="data:image/png;base64,AA=="></p>') == []


@pytest.mark.parametrize(("html", "found"), [("<h1>a</h1>", []), ("", ["0 titles instead of one"])])
def test_a_page_has_one_title(html, found):
    assert page_faults(html) == found
