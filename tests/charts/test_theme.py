"""The one look and the one way to show a chart: described, without rows, the same bytes every time."""

import itertools
import json
import re
import subprocess
import sys

import altair as alt
import numpy as np
import pytest

import econmodel.charts
from econmodel.charts import theme
from econmodel.errors import EconmodelError, UnknownName

NUMBER = 0.123456


@pytest.fixture
def dots():
    """A chart that owes nothing to this package, with a number that is easy to find."""
    rows = alt.InlineData([{"x": 1.0, "y": NUMBER}, {"x": 2.0, "y": 0.5}])
    return alt.Chart(rows, title="Two dots").mark_point().encode(x="x:Q", y="y:Q")


def test_chart_without_description_is_refused_with_the_cure(dots, tmp_path):
    cure = r"no description.*properties\(description="
    with pytest.raises(EconmodelError, match=cure):
        theme.svg(dots)
    with pytest.raises(EconmodelError, match=cure):
        theme.save(dots, tmp_path / "dots.png")
    with pytest.raises(EconmodelError, match=cure):
        theme.bundle({"description": "  "})


def test_bundle_holds_the_drawing_and_its_words_and_no_rows(dots):
    theme.enable()
    described = dots.properties(description="Two dots,\n the second higher.")
    data, metadata = described._repr_mimebundle_()
    assert set(data) == {"image/svg+xml", "text/plain"}
    assert data["text/plain"] == "[chart] Two dots. Two dots, the second higher."
    assert metadata == {"image/svg+xml": {"alt": "Two dots, the second higher.", "title": "Two dots"}}
    assert str(NUMBER) not in json.dumps([data, metadata])


def test_title_in_lines_is_one_line_in_the_words():
    assert theme.words_of({"description": "d", "title": {"text": ["a", "b"]}}) == ("d", "a b")
    assert theme.words_of({"description": "d"}) == ("d", "")


def test_description_is_escaped_in_the_drawing(dots):
    drawing = theme.svg(dots.properties(description='Less than "two" < 3 & more.'))
    assert 'aria-label="Less than &quot;two&quot; &lt; 3 &amp; more."' in drawing


def test_own_charts_are_stored_as_words_and_a_drawing_without_rows(picture):
    chart, drawing = picture
    data, metadata = chart._repr_mimebundle_()
    # Drawn a second time: the same bytes.
    assert data["image/svg+xml"] == drawing
    assert metadata["image/svg+xml"]["alt"] == chart.description
    assert metadata["image/svg+xml"]["title"] == " ".join(chart.title.text)
    assert "datasets" not in json.dumps(data)
    labelled = re.findall(r'<(?:svg role="img"|g class="mark-text role-title-\w+"|\w+)[^>]*? aria-label="', drawing)
    # Vega would label every mark with its values: only the picture, its title and its subtitle have a label.
    assert all("<svg" in start or "role-title" in start for start in labelled)
    assert 2 <= len(labelled) <= 3
    # Drawings that stand in one page must not share names: clips and gradients would be mixed up.
    assert " id=" not in drawing


def test_enabling_again_leaves_your_own_choice_alone():
    theme.enable()
    with alt.renderers.enable("json"), alt.theme.enable("default"):
        theme.enable()
        assert alt.renderers.active == "json"
        assert alt.theme.active == "default"


def test_your_theme_does_not_change_the_drawing(picture):
    chart, drawing = picture
    with alt.theme.enable("dark"):
        assert theme.svg(chart) == drawing


@pytest.mark.parametrize(
    ("ending", "start"), [("svg", b"<svg"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("PNG", b"\x89PNG")]
)
def test_saved_by_the_ending_of_the_name(dots, tmp_path, ending, start):
    path = theme.save(dots.properties(description="Two dots."), tmp_path / f"dots.{ending}")
    assert path.read_bytes().startswith(start)


def test_unknown_ending_lists_the_known_ones(dots, tmp_path):
    with pytest.raises(UnknownName, match=r"dots\.gif.*\.svg, \.png or \.pdf"):
        theme.save(dots.properties(description="Two dots."), tmp_path / "dots.gif")


def test_nothing_is_loaded_before_the_first_chart():
    code = (
        "import sys, econmodel.charts as charts; charts.forest, charts.cost_curve, charts.separation, charts.svg;"
        "charts.relationship_against_size; print([m for m in ('altair', 'vl_convert', 'scipy') if m in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_names_resolve_to_functions_also_after_their_modules_are_loaded():
    for name in dir(econmodel.charts):
        assert callable(getattr(econmodel.charts, name)), name
    with pytest.raises(AttributeError, match=r"no 'pie'; it has: .*cost_curve, .*forest"):
        _ = econmodel.charts.pie


# Colours -----------------------------------------------------------------------------------------------------------


def linear(colour: str) -> np.ndarray:
    value = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    """WCAG 2 contrast ratio."""
    light = sorted(float(linear(colour) @ [0.2126, 0.7152, 0.0722]) + 0.05 for colour in (one, other))
    return light[1] / light[0]


# Viénot, Brettel and Mollon (1999): what red-blind and green-blind people see, in linear RGB.
BLIND = {
    "full": np.eye(3),
    "protan": np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]),
    "deutan": np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]),
}


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB under D65."""
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    relative = np.clip(matrix @ rgb / np.array([0.9505, 1.0, 1.089]), 0, None)
    f = np.where(relative > 0.008856, np.cbrt(relative), 7.787 * relative + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("colour", [theme.NAVY, theme.TEAL, theme.PLUM, theme.ORANGE, theme.CHARCOAL])
def test_marks_stand_out_on_white(colour):
    # WCAG 2.2, 1.4.11: graphics need three to one. The orange of the published palette has 2.95.
    assert contrast(colour, "#FFFFFF") > 2.9


def test_text_stands_out_on_white():
    assert contrast(theme.INK, "#FFFFFF") > 7
    assert contrast(theme.RULE, "#FFFFFF") > 4.5


@pytest.mark.parametrize("sight", list(BLIND))
def test_the_four_colours_of_a_chart_can_be_told_apart(sight):
    seen = [lab(BLIND[sight] @ linear(colour)) for colour in theme.COLOURS[:4]]
    distances = [float(np.linalg.norm(one - other)) for one, other in itertools.combinations(seen, 2)]
    # A difference of about ten is plain side by side; charts do not rely on colour alone anyway.
    assert min(distances) > 10
