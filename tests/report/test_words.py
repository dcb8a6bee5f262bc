"""Formulas and text as HTML that needs neither script nor network."""

import pytest

from econmodel.errors import ReportFailed
from econmodel.report.markdown import formula, to_html


def html(text, tmp_path):
    return to_html(text, tmp_path, [])


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
        (r"\text{a < b & c}", "<mtext>a\xa0&lt;\xa0b\xa0&amp;\xa0c</mtext>"),
        (r"\text{5\% of R\&D}", "<mtext>5%\xa0of\xa0R&amp;D</mtext>"),
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
    headings = []
    found = to_html("# One\n\n## Two of *them*\n\n## Two of them", tmp_path, headings)
    assert "<h1" not in found
    assert [(h["id"], h["level"]) for h in headings] == [("one", 2), ("two-of-them", 2), ("two-of-them-2", 2)]
    assert '<h2 id="two-of-them">Two of <em>them</em></h2>' in found


def test_outside_addresses_are_printed_not_linked(tmp_path):
    found = html(
        "[Paper](https://doi.org/10.1/x), https://example.org/a, <https://example.org/b>, [here](#one)", tmp_path
    )
    assert "Paper (https://doi.org/10.1/x)" in found
    assert found.count("<a ") == 1
    assert '<a href="#one">here</a>' in found


def test_a_picture_beside_the_notebook_is_carried_inside(tmp_path):
    (tmp_path / "dot.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    found = html("![One dot.](dot.svg)", tmp_path)
    assert 'src="data:image/svg+xml;base64,' in found
    assert 'alt="One dot."' in found


@pytest.mark.parametrize(
    "text",
    [
        "A visit cost $5 in 2010 and $10 in 2020.",
        "From $5-$10 to $20,000 and $30,000.",
        "US$5, A$6 and C$7",
        "Prices ($) and wages ($), in $, or in $.",
        "**$3 million** and *$4 million*",
        "$ x $",
        "Rated $$ here, $$$ there.",
        "## Costs of $3m to $4m",
        "| a | b |\n|---|---|\n| $5 | $6 |",
        "Rated $$ here.\n\nRated $$ there.",
    ],
)
def test_money_is_no_formula(tmp_path, text):
    found = html(text, tmp_path)
    assert "<math" not in found
    assert found.count("$") == text.count("$")


@pytest.mark.parametrize("text", ["$x$, and $y_1$-th or $n$th", "a 5$\\times$ rise ($k$)", "US$5 is $x$ or $a \\$ b$"])
def test_formulas_beside_words_and_money_are_formulas(tmp_path, text):
    assert html(text, tmp_path).count("<math") == text.replace("US$", "").replace("\\$", "").count("$") / 2


def test_headings_do_not_take_the_names_of_the_page(tmp_path):
    headings = []
    to_html("## How made\n\n## Cell 1\n\n## Figure 2\n\n## A [link](#a)", tmp_path, headings)
    assert [h["id"] for h in headings] == ["how-made-2", "cell-1-2", "figure-2-2", "a-link"]
    assert headings[3]["html"] == "A link"


def test_ticked_items_keep_their_ticks(tmp_path):
    assert "<li>☑ done</li>\n<li>☐ open</li>" in html("- [x] done\n- [ ] open", tmp_path)


@pytest.mark.parametrize(
    "address", ["missing.png", "..", "data", "b" * 5000 + ".png", "../dot.png", "https://example.org/a.png"]
)
def test_a_picture_that_is_not_there_is_named(tmp_path, address):
    (tmp_path / "data").mkdir()
    (tmp_path / "within").mkdir()
    (tmp_path / "dot.png").write_bytes(b"dot")
    found = to_html(f"![One dot.]({address})", tmp_path / "within", [])
    assert found.endswith("loads nothing: a picture that the notebook does not carry (One dot.).</p>")
    assert "<img" not in found


def test_a_picture_pasted_into_a_cell_is_carried_and_a_lost_one_refused(tmp_path):
    pasted = {"dot.png": {"image/png": "AA=="}}
    found = to_html("![One dot.](attachment:dot.png)", tmp_path, [], pasted)
    assert '<img src="data:image/png;base64,AA==" alt="One dot.">' in found
    with pytest.raises(ReportFailed, match=r"does not hold \(missing attachment: dot.png\): paste it"):
        html("![One dot.](attachment:dot.png)", tmp_path)
