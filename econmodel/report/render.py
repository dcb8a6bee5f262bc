"""One HTML file from an executed notebook: no script, no outside address, the same bytes for the same run."""

from pathlib import Path
from typing import TYPE_CHECKING

from econmodel.report.allowed import POLICY
from econmodel.report.body import tied
from econmodel.report.page import Page
from econmodel.report.plain import cut, visible, words

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Characters of a title that fit beside the number of a printed page.
FOOT = 200
TEMPLATES = Path(__file__).parent / "template"


def to_page(notebook: "NotebookNode", page: Page) -> str:
    """The report as HTML.

    Parameters
    ----------
    notebook : executed and made ready by `econmodel.report.body.prepare`
    page : page one and the end
    """
    from nbconvert.exporters.templateexporter import TemplateExporter

    class Report(TemplateExporter):
        """The exporter of this package's template."""

        file_extension = ".html"
        output_mimetype = "text/html"

    exporter = Report(  # type: ignore[no-untyped-call]
        template_name="report",
        extra_template_basedirs=[str(TEMPLATES)],
        exclude_input=True,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        filters={"css_text": css_text, "python_code": python_code, "tied": tied, "e": words},
    )
    html: str = exporter.from_notebook_node(notebook, {"page": page, "policy": POLICY})[0]
    return visible(html).strip() + "\n"


def css_text(text: str) -> str:
    r"""Text as it may stand between quotes in a style sheet.

    Examples
    --------
    >>> css_text('Who "pays"?')
    'Who \\22 pays\\22 \\3f '
    """
    return "".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in cut(visible(text), FOOT))


def python_code(source: str) -> str:
    """Python as HTML with classes for its colours."""
    from nbconvert.filters.highlight import Highlight2HTML

    coloured: str = Highlight2HTML(pygments_lexer="python3")(cut(source))
    return f'<div class="scroll" tabindex="0" role="region" aria-label="Code">{coloured}</div>'


def style() -> str:
    """The style sheet that all pages share."""
    return (TEMPLATES / "report" / "report.css").read_text(encoding="utf-8")
