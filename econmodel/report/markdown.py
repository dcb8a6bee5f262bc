"""Markdown as HTML that needs no script and no network: MathML for formulas, addresses printed, headings named."""

import re
from html import escape
from pathlib import Path
from typing import Any

from econmodel.report.mathml import formula

_TAGS = re.compile(r"<[^>]+>")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


class Headings:
    """The headings of one report, in order, each with a name of its own to link to."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []

    def add(self, text: str, level: int) -> str:
        """Note a heading and return the name to link to."""
        words = _NOT_IN_A_NAME.sub("-", _TAGS.sub("", text).lower()).strip("-") or "section"
        taken = {heading["id"] for heading in self.found}
        name, count = words, 1
        while name in taken:
            count += 1
            name = f"{words}-{count}"
        self.found.append({"id": name, "html": text, "level": level})
        return name


def to_html(text: str, folder: Path, headings: Headings) -> str:
    """Markdown as HTML.

    Formulas become MathML; headings start at the second level, since a page has one title; an address outside the
    page is printed instead of linked, because a report has to read the same without a network; a picture beside the
    notebook is carried inside the page.

    Parameters
    ----------
    text : Markdown
    folder : where pictures are looked for
    headings : collects the headings

    Raises
    ------
    ReportFailed : a formula that cannot be read
    """
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    class Renderer(IPythonRenderer):
        def heading(self, text: str, level: int, **attrs: Any) -> str:
            level = max(level, 2)
            return f'<h{level} id="{headings.add(text, level)}">{text}</h{level}>\n'

        def link(self, text: str, url: str, title: str | None = None) -> str:
            if url.startswith("#"):
                return f'<a href="{escape(url)}">{text}</a>'
            return escape(url) if text in (url, escape(url)) else f"{text} ({escape(url)})"

        def inline_math(self, body: str) -> str:
            return formula(body)

        def block_math(self, body: str) -> str:
            return formula(body, "block")

        def latex_environment(self, name: str, body: str) -> str:
            return formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    renderer = Renderer(escape=False, embed_images=True, path=str(folder), exclude_anchor_links=True)
    return MarkdownWithMath(renderer=renderer).render(text)
