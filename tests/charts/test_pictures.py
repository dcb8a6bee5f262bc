"""Every picture: as wide as the column, legible, inside its frame, nothing on top of a word."""

import itertools
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

from econmodel import charts
from econmodel.charts import theme

SVG = "{http://www.w3.org/2000/svg}"
# The report's column is 46rem wide; in print 170 mm of A4 are left between the margins.
COLUMN_PIXELS, PRINT_PIXELS = 46 * 16, 170 / 25.4 * 96
SMALLEST_TEXT = 11
# Advance widths of Liberation Sans (Helvetica's) in thousandths of the size; 556 for the letters not listed.
NARROW = dict.fromkeys("ijl'|", 222) | dict.fromkeys(" ftI.,:;/()!-", 300) | dict.fromkeys("r", 333)
WIDE = dict.fromkeys("mMW%", 880) | dict.fromkeys("wCDHNRUOQ", 722) | dict.fromkeys("ABEKPSVXYG", 667)


class Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float
    text: str
    size: float

    def overlaps(self, other: "Box") -> bool:
        slack = 1.5  # widths are estimates
        across = min(self.right, other.right) - max(self.left, other.left)
        down = min(self.bottom, other.bottom) - max(self.top, other.top)
        return across > slack and down > slack


def boxes(drawing: str) -> tuple[list[Box], tuple[float, float], list[tuple[float, float]]]:
    """The words of a drawing with their places, its width and height, and where its marks stand."""
    root = ElementTree.fromstring(drawing)
    found: list[Box] = []
    places: list[tuple[float, float]] = []

    def walk(element: ElementTree.Element, x: float, y: float) -> None:
        transform = element.get("transform", "")
        if moved := re.match(r"translate\(([-\d.e]+),\s*([-\d.e]+)\)", transform):
            x, y = x + float(moved[1]), y + float(moved[2])
        if element.tag == f"{SVG}text":
            size = float(element.get("font-size", "0").removesuffix("px"))
            spans = element.findall(f"{SVG}tspan") or [element]
            down = 0.0
            for span in spans:
                down += float(span.get("dy", 0))
                text = span.text or ""
                width = sum((NARROW | WIDE).get(letter, 556) for letter in text) / 1000 * size
                start = {"start": 0.0, "middle": -width / 2, "end": -width}[element.get("text-anchor", "start")]
                if "rotate(-90)" in transform:
                    left = x + down - 0.75 * size
                    found.append(Box(left, y + start, left + 0.85 * size, y + start + width, text, size))
                else:
                    found.append(Box(x + start, y + down - 0.7 * size, x + start + width, y + down, text, size))
        elif element.tag in (f"{SVG}path", f"{SVG}line"):
            places.append((x, y))
        for child in element:
            walk(child, x, y)

    walk(root, 0.0, 0.0)
    return found, (float(root.get("width", 0)), float(root.get("height", 0))), places


def test_as_wide_as_the_column_and_no_longer_than_a_page(picture):
    _, (width, height), _ = boxes(picture[1])
    assert width == theme.WIDTH <= COLUMN_PIXELS
    assert height * PRINT_PIXELS / width < 257 / 25.4 * 96, "longer than an A4 page between its margins"


def test_words_are_inside_large_enough_and_not_on_top_of_each_other(picture):
    words, (width, height), _ = boxes(picture[1])
    assert len(words) > 5
    shrunk = min(1.0, PRINT_PIXELS / width)
    for word in words:
        assert word.size * shrunk >= SMALLEST_TEXT, word
        assert word.left >= 0, word
        assert word.right <= width, word
        assert 0 <= word.top <= word.bottom <= height, word
    for one, other in itertools.combinations(words, 2):
        assert not one.overlaps(other), (one.text, other.text)


def test_marks_are_inside(picture):
    _, (width, height), places = boxes(picture[1])
    for x, y in places:
        assert 0 <= x <= width
        assert 0 <= y <= height


def test_the_check_finds_a_clipped_word():
    text = '<text font-size="13px" transform="translate(5,15)">far too long</text>'
    drawing = f'<svg xmlns="{SVG[1:-1]}" width="50" height="20">{text}</svg>'
    ((word,), (width, _), _) = boxes(drawing)
    assert word.right > width


def test_axes_have_titles(picture):
    words = " | ".join(box.text for box in boxes(picture[1])[0])
    assert re.search(
        r"log scale|slope of log|degree of scope|multiples of the mean|share of the bundle|cost of all|money for a|"
        r"cost a year|first firm's share",
        words,
    ), words


def test_described_in_few_sentences(picture):
    description = picture[0].description
    # The title says the message; after it two sentences carry the numbers, and one what the marks are.
    sentences = re.split(r"(?<=[a-z)%\d])\. (?=[A-Z])", description)
    assert description.endswith(".")
    assert ".." not in description
    assert "nan" not in description.lower().split()
    assert len(sentences) <= 4, sentences


def test_titles_have_at_most_ten_words_and_one_number(picture):
    title = " ".join(picture[0].title.text)
    words = title.replace(" %", "%").split()
    # Figures in the name of a payment group are no numbers.
    numbers = [word for word in words if word[0].isdigit() and "JSA" not in title]
    share = re.search(r"in \d+ of \d+ |of \d+ mixes", title)
    assert len(words) <= 10, title
    assert len(numbers) <= (2 if share else 1), title


def test_every_chart_has_a_picture():
    drawn = set(re.findall(r"charts\.(\w+)\(", (Path(__file__).parent / "conftest.py").read_text(encoding="utf-8")))
    assert set(charts.__all__) - {"enable", "save"} <= drawn


def test_the_last_line_gives_the_table_and_its_rows():
    from econmodel.economies.scale import scale
    from econmodel.economies.separation import separate
    from econmodel.estimate.fitting import fit
    from econmodel.table.shipped import load

    power, schools = fit(load("electricity_1970")), load("california_schools")
    rows = "Source: Steam power firms in the United States, 1970; n = 123 providers"
    for chart in (
        charts.forest(scale(power)),
        charts.cost_curve(power),
        charts.separation(separate(power, replications=19)),
    ):
        assert chart.title.subtitle[-1] == rows
    related = charts.relationship_against_size(schools, "teachers_per_pupil")
    assert related.title.subtitle[-1] == "Source: School districts in California, 1998-99; n = 420 providers"
