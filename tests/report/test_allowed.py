"""HTML and drawings of cells: what stays, what goes, and what is said of what goes."""

import pytest

from econmodel.errors import ReportFailed
from econmodel.report.sanitiser import PARTS, allowed, drawing
from econmodel.results import html_table


@pytest.mark.parametrize(
    "html",
    [
        '<p>url(x) <a href="#a">a</a> <a href="https://doi.org/10.1000/a(b)">b</a> <a href="./c%20d.html#e">c</a></p>',
        '<img alt="A dot." src="data:image/png;base64,AA==" width="20">',
        '<table class="econmodel"><tbody><tr><td class="words" style="text-align:left">a</td></tr></tbody></table>',
        '<details><summary>a</summary><p class="note">b &lt; c</p></details>',
        '<math display="block"><mrow><mo stretchy="false">(</mo><mspace width="-0.167em"></mspace></mrow></math>',
    ],
)
def test_what_harms_nothing_stays_as_it_is(html):
    assert allowed(html) == html


def test_the_tables_of_this_package_stay_as_they_are():
    from pandas import DataFrame

    table = html_table(DataFrame({"provider": ["<b>A</b> & B"], "cost": [1.5]}), "Costs")
    assert allowed(table) == table


@pytest.mark.parametrize(
    ("html", "left"),
    [
        ('<p onclick="go()" id="how-made" role="alert" class="failure note">a</p>', '<p class="note">a</p>'),
        ('<a href="javascript:go()">a</a>', "<a>a</a>"),
        ('<a href="java&#10;script:go()">a</a>', "<a>a</a>"),
        ('<a href="//example.org">a</a>', "<a>a</a>"),
        ('<a href="https://example.org">a</a>', "<a>a</a>"),
        ('<a href="https://doi.org.evil.test/x">a</a>', "<a>a</a>"),
        ('<a href="\\\\evil.test">a</a>', "<a>a</a>"),
        ('<td style="text-align:left;position:fixed">a</td>', "a"),
        ('<ul><li style="position:fixed">a</li></ul>', "<ul><li>a</li></ul>"),
        ("<h1>a</h1>", "<h2>a</h2>"),
        ("<style scoped>td { color: red }</style>a", "a"),
        ('<math><mspace width="-99em"/><mstyle scriptlevel="-9">a</mstyle></math>',
         "<math><mspace></mspace><mstyle>a</mstyle></math>"),
    ],
)  # fmt: skip
def test_what_could_run_load_cover_or_forge_goes(html, left):
    assert allowed(html) == left


@pytest.mark.parametrize(
    ("html", "named"),
    [
        ("<script>go()</script>", "script"),
        ("<svg><path/></svg><IFRAME></IFRAME>", "iframe, svg"),
        ('<style type="text/css">td { color: red }</style>', "style"),
        ('<img alt="A dot." src="//example.org/a.png">', "a picture that the notebook does not carry (A dot.)"),
        ('<img alt="A dot." src="data:text/html;base64,AA==">', "a picture that the notebook does not carry (A dot.)"),
        ('<img alt=" " src="data:image/png;base64,AA==">', "a picture without a description"),
    ],
)
def test_what_a_reader_loses_is_named(html, named):
    assert allowed(html) == (f'<p class="note">Left out here, because a report runs and loads nothing: {named}.</p>')


@pytest.mark.parametrize("tag", ["div", "blockquote", "x", 'div title="</div>"'])
def test_html_that_nests_too_deeply_to_be_cleaned_in_time_ends_in_a_note(tag):
    left = allowed(f"<{tag}>" * (PARTS + 1))
    assert left.count("<div") in (0, PARTS)
    assert left.endswith(f"loads nothing: all after the first {PARTS:,} parts.</p>")


def test_a_table_of_many_cells_is_whole():
    rows = "<tr><td>1</td></tr>" * (PARTS + 1)
    assert allowed(f"<table><tbody>{rows}</tbody></table>").count("<td>") == PARTS + 1


def test_long_lines_of_html_are_cut_without_cutting_a_sign():
    assert allowed(f"<p>{'&lt;' * 3000}</p>") == f"<p>{'&lt;' * 2000} … 1,000 more characters</p>"
    long = "data:image/png;base64," + "A" * 9000
    assert allowed(f'<img alt="A dot." src="{long}">') == f'<img alt="A dot." src="{long}">'


SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">{}</svg>'


@pytest.mark.parametrize(
    "inside",
    [
        '<g fill="url(#a)"><path d="M0 0"/></g><use xlink:href="#b"/><style>* {stroke: red}</style>',
        '<image href="data:image/png;base64,AA=="/><text aria-label="a@b">1 &lt; 2</text>',
    ],
)
def test_drawings_that_harm_nothing_keep_their_bytes(inside):
    assert drawing(SVG.format(inside)) == SVG.format(inside)


@pytest.mark.parametrize(
    "inside",
    [
        "<script>HARM</script>",
        '<g onload="HARM"/>',
        '<foreignObject><p xmlns="http://www.w3.org/1999/xhtml">HARM</p></foreignObject>',
        '<a xlink:href="HARM"><path/></a>',
        '<image href="HARM"/>',
        '<g fill="url(HARM)"/>',
        "<style>@import 'HARM'</style>",
        '<set attributeName="href" to="HARM"/>',
    ],
)
def test_drawings_lose_what_could_run_or_load(inside):
    found = drawing(SVG.format(f'<text x="1">kept</text>{inside}'))
    assert "HARM" not in found
    assert '<text x="1">kept</text>' in found


@pytest.mark.parametrize("svg", ["<svg>", "words", '<!DOCTYPE svg [<!ENTITY a "b">]><svg>&a;</svg>'])
def test_a_drawing_that_no_browser_draws_is_refused(svg):
    with pytest.raises(ReportFailed, match="not well-formed SVG, so no browser can draw it"):
        drawing(svg)


def test_long_words_in_a_drawing_are_cut():
    assert "a … 198,000 more characters</text>" in drawing(SVG.format(f"<text>{'a' * 200_000}</text>"))
