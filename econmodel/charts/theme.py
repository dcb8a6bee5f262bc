"""One look for every chart, and one way to show it: an SVG drawn in this process, with its description.

A Vega-Lite specification holds the rows behind a chart, and Vega's own accessibility labels repeat them mark by mark.
Neither may reach a published report, so the bundle that a notebook stores is the drawing and the description only.
"""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econmodel.charts.words import must_draw
from econmodel.errors import EconmodelError, UnknownName

if TYPE_CHECKING:
    import altair as alt

    Chart = alt.TopLevelMixin

# Government Analysis Function, categorical palette (2022), in its given order.
NAVY, TEAL, PLUM, ORANGE, CHARCOAL, LILAC = "#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1"
COLOURS = (NAVY, TEAL, PLUM, ORANGE, CHARCOAL, LILAC)
INK = "#222222"
RULE = "#767676"  # thin lines that carry meaning: 4.5 to 1 on white
GRID = "#D9D9D9"

# 720 px is the 46rem column less its padding; printed at 170 mm it shrinks to nine tenths, so 13 px stays above 11.
WIDTH = 720
TEXT_SIZE = 13
TITLE_SIZE = 16
FONT = "Liberation Sans, Arial, Helvetica, sans-serif"

NAME = "econmodel"


def config() -> dict[str, Any]:
    """The Vega-Lite configuration shared by all charts, as a theme."""
    text = {"labelFontSize": TEXT_SIZE, "titleFontSize": TEXT_SIZE, "labelColor": INK, "titleColor": INK}
    return {
        "config": {
            "font": FONT,
            "aria": False,
            "background": "white",
            "padding": 10,
            "view": {"stroke": None},
            "title": {
                "anchor": "start",
                "frame": "bounds",
                "fontSize": TITLE_SIZE,
                "fontWeight": "bold",
                "color": INK,
                "lineHeight": TITLE_SIZE * 1.3,
                "subtitleFontSize": TEXT_SIZE,
                "subtitleColor": INK,
                "subtitleLineHeight": TEXT_SIZE * 1.35,
                "subtitlePadding": 6,
                "offset": 14,
            },
            "axis": {
                **text,
                "titleFontWeight": "normal",
                "titlePadding": 8,
                "labelPadding": 5,
                "gridColor": GRID,
                "domainColor": RULE,
                "tickColor": RULE,
                "labelLimit": 400,
            },
            "range": {"category": list(COLOURS)},
            "mark": {"color": NAVY},
            "text": {"fontSize": TEXT_SIZE, "color": INK},
        }
    }


def enable() -> None:
    """Draw every Altair chart with this package's theme, as an SVG with its description.

    Called by each chart function; called again it changes nothing, so that a theme or renderer that you choose
    afterwards stays chosen.

    Examples
    --------
    >>> from econmodel.charts import theme
    >>> theme.enable()
    >>> import altair
    >>> altair.renderers.active
    'econmodel'
    """
    import altair as alt

    if NAME in alt.renderers.names():
        return
    alt.theme.register(NAME, enable=True)(config)  # type: ignore[arg-type]
    alt.renderers.register(NAME, bundle)
    alt.renderers.enable(NAME)


def bundle(spec: dict[str, Any], **_: object) -> tuple[dict[str, str], dict[str, Any]]:
    """What a notebook stores for one chart: the drawing and its description, never the rows or the specification.

    Parameters
    ----------
    spec : a Vega-Lite specification with a `description`

    Raises
    ------
    EconmodelError : the chart has no description; the message says how to give one
    """
    description, title = words_of(spec)
    drawing = _drawing(spec, description)
    return (
        {"image/svg+xml": drawing, "text/plain": f"[chart] {title + '. ' if title else ''}{description}"},
        {"image/svg+xml": {"alt": description, "title": title}},
    )


def words_of(spec: Mapping[str, Any]) -> tuple[str, str]:
    """The description and the title of a specification; a chart without a description is refused."""
    description = " ".join(str(spec.get("description") or "").split())
    if not description:
        raise EconmodelError(
            "This chart has no description, so nobody can read it aloud. "
            "Say in two sentences what it shows: chart.properties(description='...')."
        )
    title = spec.get("title", "")
    text = title.get("text", "") if isinstance(title, Mapping) else title
    return description, " ".join(text) if isinstance(text, list) else str(text)


def svg(chart: "Chart") -> str:
    """The chart as SVG text: the same chart gives the same bytes on the same machine.

    Parameters
    ----------
    chart : any Altair chart with a description

    Raises
    ------
    EconmodelError : the chart has no description

    Examples
    --------
    >>> import altair
    >>> from econmodel.charts.theme import svg
    >>> dot = altair.Chart(altair.InlineData([{"x": 1}]), description="One dot.").mark_point().encode(x="x:Q")
    >>> svg(dot)[:4]
    '<svg'
    """
    spec = _themed(chart, "svg")
    description, _ = words_of(spec)
    return _drawing(spec, description)


def save(chart: "Chart", path: str | Path) -> Path:
    """Write the chart as `.svg`, `.png` (twice the screen's resolution) or `.pdf`; returns the path.

    Raises
    ------
    UnknownName : another ending
    EconmodelError : the chart has no description

    Examples
    --------
    >>> import tempfile
    >>> import altair
    >>> dot = altair.Chart(altair.InlineData([{"x": 1}]), description="One dot.").mark_point().encode(x="x:Q")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(dot, Path(folder) / "dot.pdf").name
    'dot.pdf'
    """
    import vl_convert

    path = Path(path)
    ending = path.suffix.lower()
    spec = _themed(chart, "save")
    description, _ = words_of(spec)
    if ending == ".svg":
        path.write_text(_drawing(spec, description), encoding="utf-8")
    elif ending == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=_version(), scale=2))
    elif ending == ".pdf":
        path.write_bytes(vl_convert.vegalite_to_pdf(spec, vl_version=_version()))
    else:
        raise UnknownName(f"A chart cannot be saved as {path.name!r}: end the name in .svg, .png or .pdf.")
    return path


def _themed(chart: "Chart", asked: str) -> dict[str, Any]:
    import altair as alt

    must_draw(isinstance(chart, alt.TopLevelMixin), asked, chart, "a chart, such as em.charts.cost_curve(fit)")
    enable()
    with alt.theme.enable(NAME):
        spec: dict[str, Any] = chart.to_dict()
    return spec


def _drawing(spec: dict[str, Any], description: str) -> str:
    import vl_convert

    drawing: str = vl_convert.vegalite_to_svg(spec, vl_version=_version())
    # Vega's own labels are off because they print the data; one label for the whole picture takes their place.
    return drawing.replace("<svg ", f'<svg role="img" aria-label="{escape(description)}" ', 1)


def _version() -> str:
    import altair as alt

    return ".".join(alt.VEGALITE_VERSION.split(".")[:2])
