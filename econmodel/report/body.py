"""The cells of an executed notebook made ready for the page: text, figures and tables numbered, messages cleaned."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econmodel.errors import ReportFailed
from econmodel.report.finding import CHECK, FACT, FINDING
from econmodel.report.markdown import Headings, to_html
from econmodel.report.static import faults

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Height over width up to which a drawing counts as wide.
WIDE = 0.65
INJECTED = "injected-parameters"
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
_TITLE = re.compile(r"^#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|$)")
_TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
_CAPTION = re.compile(r"<caption>(.*?)</caption>", re.DOTALL)
_TAGS = re.compile(r"<[^>]+>")
# "/some/folder/file.py:12: UserWarning: words" and the echoed line of code: the folder is nobody's business.
_WARNING = re.compile(r"^\S[^\n]*?\.py:\d+: (\w*Warning): ", re.MULTILINE)
_ECHO = re.compile(r"^  \S[^\n]*\n?", re.MULTILINE)
_SIZE = re.compile(r"<svg\b[^>]*?\bwidth=\"([\d.]+)\"[^>]*?\bheight=\"([\d.]+)\"")
_LOOSE = re.compile(r"(?<=\d) %")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@dataclass(slots=True)
class Code:
    """One code cell: its number, its text, and what it made."""

    number: int
    source: str
    makes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Body:
    """What the page needs to know about the cells.

    Attributes
    ----------
    title : of the report, from the notebook's first heading
    headings : names and texts of the headings
    codes : the code cells
    """

    title: str
    headings: Headings
    codes: list[Code]

    @property
    def sections(self) -> list[dict[str, Any]]:
        """The headings of the second level, which make the table of contents."""
        return [heading for heading in self.headings.found if heading["level"] == 2]


def title_of(notebook: "NotebookNode") -> str:
    """The question that a notebook asks: the first heading of its first text cell, or else its metadata's title."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = _TITLE.match(cell.source.lstrip())
            if found:
                return found.group(1)
            break
    return str(notebook.metadata.get("report", {}).get("title", ""))


def prepare(notebook: "NotebookNode", folder: Path) -> Body:
    """Make the cells ready, in place: `notebook` is the executed copy, never a source.

    Parameters
    ----------
    notebook : executed
    folder : where its source lies, for pictures in its text

    Raises
    ------
    ReportFailed : no title, a picture without a description, an output that needs a script or an outside address
    """
    title = title_of(notebook)
    if not title:
        raise ReportFailed("The notebook has no title: start its first text cell with a line such as '# A question?'.")
    body = Body(title, Headings(), [])
    count = _Counter()
    texts = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = cell.source.lstrip()
            texts += 1
            if texts == 1:
                source = _TITLE.sub("", source, count=1)
            cell.metadata["html"] = typed(to_html(source, folder, body.headings))
        elif cell.cell_type == "code":
            injected = INJECTED in cell.metadata.get("tags", [])
            code = Code(len([c for c in body.codes if c.number]) + 1 if not injected else 0, cell.source)
            body.codes.append(code)
            for output in cell.outputs:
                _prepare_output(output, code, count, folder)
    return body


class _Counter:
    figures = 0
    tables = 0


def _prepare_output(output: "NotebookNode", code: Code, count: _Counter, folder: Path) -> None:
    if output.output_type == "stream":
        output["text"] = plain_message(output.text)
    if "data" not in output:
        return
    data, where = output.data, f"The output of code cell {code.number}"
    output.metadata["shows"] = kind = next((mime for mime in (*_KINDS, FACT, *_PICTURES, *_TEXTS) if mime in data), "")
    if kind in _KINDS:
        code.makes.append(_KINDS[kind](data[kind]))
    elif kind in _PICTURES:
        count.figures += 1
        told = output.metadata.get(kind, {})
        if not told.get("alt", "").strip():
            raise ReportFailed(
                f"{where} is a picture without a description, so nobody can read it aloud. Draw it with "
                "econmodel.charts, or give an Altair chart .properties(description='...')."
            )
        title = told.get("title", "")
        output.metadata["figure"] = {
            "number": count.figures,
            "alt": told["alt"],
            "title": title,
            "wide": kind == "image/svg+xml" and _is_wide(data[kind]),
            "drawn": bool(title) and kind == "image/svg+xml" and _letters(title) in _letters(data[kind]),
        }
        code.makes.append(f"Figure {count.figures}" + (f", {title.rstrip('.')}" if title else ""))
    elif kind == "text/html":
        if wrong := faults(data[kind]):
            raise ReportFailed(f"{where} holds {wrong[0]}, which a report without a network cannot show.")
        data[kind] = tied(_TABLE.sub(lambda found: _table(found.group(), code, count), data[kind]))
    elif kind == "text/markdown":
        output.metadata["html"] = typed(to_html(data[kind], folder, Headings()))


def _table(html: str, code: Code, count: _Counter) -> str:
    caption = _CAPTION.search(html)
    words = "Table"
    if caption:
        count.tables += 1
        words = f"Table {count.tables}. {unescape(_TAGS.sub('', caption.group(1)))}"
        html = _CAPTION.sub(lambda old: f"<caption>Table {count.tables}. {old.group(1)}</caption>", html, count=1)
        code.makes.append(words.replace(". ", ", ", 1).rstrip("."))
    # A wide table scrolls on its own, and a keyboard has to be able to reach it.
    return f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(words)}">{html}</div>'


def typed(html: str) -> str:
    """A text cell's HTML, whose tables are words and scroll on their own."""
    scroll = '<div class="scroll typed" role="region" tabindex="0" aria-label="Table">{}</div>'
    return tied(_TABLE.sub(lambda found: scroll.format(found.group()), html))


def tied(text: str) -> str:
    r"""Text whose per cent signs stay on the line of their number.

    Examples
    --------
    >>> tied("a 95 % interval")
    'a 95\xa0% interval'
    """
    return _LOOSE.sub("\N{NO-BREAK SPACE}%", text)


def plain_message(text: str) -> str:
    r"""A message of the run without colours, folders and echoed code: the same words on every machine.

    Examples
    --------
    >>> plain_message("/home/me/file.py:3: UserWarning: few clusters\n  warnings.warn(message)\n")
    'UserWarning: few clusters\n'
    """
    text = _COLOUR.sub("", text)
    if not _WARNING.search(text):
        return text
    return _ECHO.sub("", _WARNING.sub(r"\1: ", text))


def _is_wide(svg: str) -> bool:
    """Whether a drawing stays legible when print gives it a third of a page."""
    size = _SIZE.match(svg)
    return size is not None and float(size.group(2)) < WIDE * float(size.group(1))


def _letters(text: str) -> str:
    return re.sub(r"\W", "", unescape(_TAGS.sub("", text)))


_KINDS: dict[str, Callable[[Any], str]] = {
    FINDING: lambda content: f"finding {content['key']}",
    CHECK: lambda content: f"check “{content['name']}”",
}
_TEXTS = ("text/html", "text/markdown", "text/latex", "text/plain")
