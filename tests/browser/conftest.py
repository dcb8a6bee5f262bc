"""The pages that the browser opens: a small one of every kind of output, and every shipped report."""

from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb"))
SMALL = "small page"

LONG = "Joint provision is not chosen because of an unseen low cost, which no table of costs can rule out"


@pytest.fixture(scope="session")
def small_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with each kind of output, made without a kernel."""
    import pandas as pd
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

    from econmodel.charts import theme
    from econmodel.report.body import prepare, title_of
    from econmodel.report.finding import collect, fact, finding, qa
    from econmodel.report.page import Page, to_page
    from econmodel.results import EFFECT_COLUMNS, Effects

    table = pd.DataFrame([["ray elasticity", "mean", 0.98, 0.004, 1.0, -5.0, 0.0001, 0.97, 0.99, False]] * 3)
    table.columns = pd.Index(EFFECT_COLUMNS)
    scale = Effects("Scale at the mean", table, "Costs rise by 0.98 per cent.", notes=("Few clusters.",))

    def displayed(data: dict, metadata: dict | None = None) -> object:
        return new_output("display_data", data=data, metadata=metadata or {})

    import altair as alt

    points = alt.InlineData([{"size": size, "cost": size**0.9} for size in range(1, 60)])
    chart = alt.Chart(points, title="Unit cost falls", width=620, height=260)
    chart = chart.mark_line().encode(x=alt.X("size:Q", title="Size (visits)"), y=alt.Y("cost:Q", title="Cost (GBP)"))
    drawing = theme.svg(chart.properties(description="A line that rises a little less than in proportion."))

    records = [
        finding("scale", "Costs rise by 0.98 per cent (0.97 to 0.99).", headline=True, elasticity=0.98),
        fact("Rows", "420 of 420 used."),
        qa(True, "Convergence", note="An optimum."),
        qa(False, "Monotone", must_pass=False, note="At two points it is not."),
        qa(None, "Support", note="For information."),
    ]
    outputs = [displayed(record._repr_mimebundle_()) for record in records]
    outputs.append(displayed({"text/html": scale._repr_html_()}))
    outputs.append(
        displayed(
            {"image/svg+xml": drawing},
            {"image/svg+xml": {"alt": "A line that rises with size.", "title": "Unit cost falls"}},
        )
    )
    outputs.append(displayed({"text/html": table.to_html()}))
    outputs.append(new_output("stream", name="stderr", text="UserWarning: few clusters\n"))
    outputs.append(new_output("stream", name="stdout", text="word " * 60 + "\n"))
    words = (
        "## Model\n\n$$\\ln C = \\alpha + \\sum_i \\beta_i \\ln y_i + \\gamma \\ln w + \\delta r + x'c$$\n\nand $S$."
    )
    texts = [
        "# What does size cost?\n\nWhy it is asked.",
        words,
        "## Results\n\n### At the mean",
        "## Checks",
        "## Change",
    ]
    notebook = new_notebook(
        cells=[new_markdown_cell(text) for text in texts]
        + [new_code_cell(f"x = {n}  # made", outputs=[output]) for n, output in enumerate(outputs)]
    )
    collected = collect(notebook)
    sections, codes = prepare(notebook, Path())
    page = Page(
        name="small",
        title=title_of(notebook),
        version="1.0",
        notebook_sha256="0" * 64,
        report={
            "so_what": "Merging two providers saves little.",
            "limits": ["Setting the budget of one provider.", "Other years."],
            "assumptions": [["A1", LONG, "Red", "The saving would be overstated"]],
        },
        collected=collected,
        data=[],
        parameters=[{"name": "replications", "meaning": LONG, "default": 999, "value": 99, "changed": True}],
        sections=sections,
        codes=codes,
    )
    path = tmp_path_factory.mktemp("small") / "small.html"
    path.write_text(to_page(notebook, page), encoding="utf-8")
    return path


@pytest.fixture(params=[SMALL, *(pytest.param(name, marks=pytest.mark.slow) for name in SHIPPED)])
def path(request: pytest.FixtureRequest) -> Path:
    """One page after the other."""
    if request.param == SMALL:
        return request.getfixturevalue("small_page")
    page: Path = request.getfixturevalue("rendered_reports") / f"{request.param}.html"
    failed = page.with_suffix(".failed.html")
    assert page.is_file(), f"{failed} says why it was not made"
    return page


@pytest.fixture
def open_page(browser) -> "Callable":
    """Open a page without a network; every request and every message of the browser is noted."""
    contexts = []

    def opened(path: Path, width: int = 1200):
        context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.said = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
