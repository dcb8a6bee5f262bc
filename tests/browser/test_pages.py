"""Every report in a real browser whose network is cut: whole, legible, reachable by keyboard, and fit for print."""

import re
from itertools import pairwise

import pytest

from econmodel.report.pdf import print_pdf

# A4 less the margins of the style sheet, in CSS pixels (96 to the inch).
A4_WIDTH = (210 - 17 - 17) / 25.4 * 96
A4_HEIGHT = (297 - 14 - 17) / 25.4 * 96
PHONE, DESK = 400, 1200
# WCAG 2.2, success criterion 1.4.3: contrast of text at least 4.5 to 1.
CONTRAST = 4.5

COLOURS = """() => {
  const shade = element => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!colour.endsWith(', 0)')) return colour;
    }
    return 'rgb(255, 255, 255)';
  };
  const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
  return [...document.querySelectorAll('body *')].filter(own).map(
    e => [getComputedStyle(e).color, shade(e), e.textContent.trim().slice(0, 40)]);
}"""


def luminance(colour):
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(text, shade):
    low, high = sorted([luminance(text), luminance(shade)])
    return (high + 0.05) / (low + 0.05)


def test_a_page_asks_for_nothing_and_complains_of_nothing(open_page, path):
    page = open_page(path)
    outside = [url for url in page.asked if not url.startswith(("data:", path.as_uri()))]
    assert (outside, page.said) == ([], [])
    assert page.locator("script").count() == 0


def test_a_page_has_a_language_one_title_and_headings_in_order(open_page, path):
    page = open_page(path)
    assert page.locator("html").get_attribute("lang") == "en-GB"
    assert page.locator("h1").count() == 1
    assert page.title() == page.locator("h1").inner_text()
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels


def test_every_picture_is_drawn_and_described(open_page, path):
    page = open_page(path)
    pictures = page.evaluate("[...document.images].map(i => [i.complete && i.naturalWidth, i.alt])")
    for width, words in pictures:
        assert width > 0
        assert len(words.split()) > 4, f"{words!r} describes nothing"


def test_every_formula_is_drawn(open_page, path):
    page = open_page(path)
    sizes = page.evaluate("[...document.querySelectorAll('math')].map(m => m.getBoundingClientRect().width)")
    assert all(width > 0 for width in sizes)
    text = page.locator("main").inner_text()
    assert not re.search(r"\\[a-z]+\{|\$\$", text), "a formula was left as it was typed"


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_no_page_is_wider_than_its_window(open_page, path, width):
    page = open_page(path, width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    inner = "[...document.querySelectorAll('main > *, article > *, .page-one > *')]"
    outside = page.evaluate(f"{inner}.filter(e => e.getBoundingClientRect().right > {width}).map(e => e.outerHTML)")
    assert outside == []


def test_text_stands_out_from_its_ground(open_page, path):
    page = open_page(path)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = page.evaluate(COLOURS)
    assert len(found) > 20
    weak = {(text, shade): words for text, shade, words in found if contrast(text, shade) < CONTRAST}
    assert not weak


def test_links_lead_somewhere_on_the_page(open_page, path):
    page = open_page(path)
    for target in page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))"):
        assert page.locator(f'[id="{target.removeprefix("#")}"]').count() == 1, target


def test_names_on_the_page_are_unique(open_page, path):
    page = open_page(path)
    names = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(names) == len(set(names))


def test_a_table_wider_than_a_phone_scrolls_and_can_be_reached(open_page, path):
    page = open_page(path, PHONE)
    wide = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth &&"
        " ['auto', 'scroll'].includes(getComputedStyle(e).overflowX)).map(e => [e.tabIndex, e.tagName, e.className])"
    )
    assert all(place[0] == 0 or place[1] == "math" for place in wide), wide


def test_the_code_is_folded_and_opens(open_page, path):
    page = open_page(path)
    code = page.locator(".how-made pre").first
    assert not code.is_visible()
    page.locator(".how-made > details > summary").press("Enter")
    assert code.is_visible()


def test_page_one_is_one_page_of_paper(open_page, path):
    page = open_page(path, int(A4_WIDTH))
    page.emulate_media(media="print")
    end = page.evaluate("document.querySelector('.page-one').getBoundingClientRect().bottom + scrollY")
    assert end <= A4_HEIGHT, f"page one is {end / A4_HEIGHT:.0%} of a page: shorten limits, assumptions or notes"


def test_nothing_is_cut_off_in_print(open_page, path):
    page = open_page(path, int(A4_WIDTH))
    page.emulate_media(media="print")
    outside = page.evaluate(
        "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1"
        " && !e.closest('.unseen')).map(e => e.outerHTML.slice(0, 80))"
    )
    assert outside == []


def test_the_print_is_tagged_titled_and_numbered(path, chromium_program, tmp_path, open_page):
    pdf = path.with_suffix(".pdf")
    if not pdf.is_file():
        pdf = tmp_path / "page.pdf"
        print_pdf(chromium_program, path, pdf)
    printed = pdf.read_bytes()
    for mark in (b"/StructTreeRoot", b"/Marked true", b"/Lang (en-GB)", b"/Outlines", b"/Title "):
        assert mark in printed


@pytest.mark.slow
def test_the_index_opens_and_leads_to_every_report(open_page, rendered_reports):
    findings = sorted(rendered_reports.glob("*.findings.json"))
    page = open_page(rendered_reports / "index.html", PHONE)
    assert page.said == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    links = page.evaluate("[...document.querySelectorAll('a')].map(a => a.getAttribute('href'))")
    assert links == [f"./{path.name.removesuffix('.findings.json')}.html" for path in findings]
    if links:
        page.locator("a").first.click()
        assert page.locator("h1").count() == 1
