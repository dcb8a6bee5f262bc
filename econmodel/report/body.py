"""The cells of an executed notebook made ready for the page: text, figures and tables numbered, messages cleaned."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econmodel.errors import ReportFailed
from econmodel.report.finding import CHECK, FACT, FINDING
from econmodel.report.kernel import INJECTED
from econmodel.report.markdown import to_html
from econmodel.report.sanitiser import CELL, allowed, drawing, length, plain_message, printed_by_terminal

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Height over width up to which a drawing counts as wide.
WIDE = 0.65
_PICTURES = ("image/svg+xml", "image/png", "image/jpeg")
_KINDS: dict[str, Callable[[Any], str]] = {
    FINDING: lambda content: f"finding {content['key']}",
    CHECK: lambda content: f"check “{content['name']}”",
}
_TEXTS = ("text/html", "text/markdown", "text/latex", "text/plain")
_TITLE = re.compile(r"^#[ \t]+(.+?)[ \t]*#*[ \t]*(?:\n|$)")
# The innermost, so that a table within a table leaves the markup whole.
_TABLE = re.compile(r"<table\b(?:(?!<table\b).)*?</table>", re.DOTALL)
_CAPTION = re.compile(r"<caption>(.*?)</caption>", re.DOTALL)
_TAGS = re.compile(r"<[^>]+>")
_SIZE = re.compile(r"<svg\b[^>]*?\bwidth=\"([\d.]+)\"[^>]*?\bheight=\"([\d.]+)\"")
_LOOSE = re.compile(r"(?<=\d) %")
_BACKSLASHED = re.compile(r"\\([!-/:-@\[-`{-~])")
_BASE64 = re.compile(r"[A-Za-z0-9+/]+=*")


@dataclass(slots=True)
class Code:
    """One code cell: its number, its text, and what it made."""

    number: int
    source: str
    makes: list[str] = field(default_factory=list)


def title_of(notebook: "NotebookNode") -> str:
    """The question that a notebook asks: the first heading of its first text cell, or else its metadata's title."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            if found := _TITLE.match(cell.source.lstrip()):
                return _BACKSLASHED.sub(r"\1", found.group(1))
            break
    return str(notebook.metadata.get("report", {}).get("title", ""))


def prepare(notebook: "NotebookNode", folder: Path) -> tuple[list[dict[str, Any]], list[Code]]:
    """Make the cells ready, in place: `notebook` is the executed copy, never a source.

    Parameters
    ----------
    notebook : executed
    folder : where its source lies, for pictures in its text

    Returns
    -------
    tuple of the headings of the second level, which make the table of contents, and of the code cells

    Raises
    ------
    ReportFailed : no title, a picture without a description, a file or a formula that cannot be read
    """
    if not title_of(notebook):
        raise ReportFailed("The notebook has no title: start its first text cell with a line such as '# A question?'.")
    headings: list[dict[str, Any]] = []
    codes: list[Code] = []
    count, is_first, number = _Count(), True, 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            source = cell.source.lstrip()
            source, is_first = _TITLE.sub("", source, count=1) if is_first else source, False
            cell.metadata["html"] = typed(to_html(source, folder, headings, cell.get("attachments")))
        elif cell.cell_type == "code":
            is_own = INJECTED not in cell.metadata.get("tags", [])
            number += is_own
            codes.append(Code(number if is_own else 0, cell.source))
            count.room = CELL
            cell.outputs = [each for each in _joined(cell.outputs) if each.get("text") != ""]
            for output in cell.outputs:
                _prepare_output(output, codes[-1], count, folder)
    return [heading for heading in headings if heading["level"] == 2], codes


@dataclass(slots=True)
class _Count:
    figures: int = 0
    tables: int = 0
    # Characters that the cell may still show.
    room: int = CELL

    def take(self, text: str) -> tuple[str, str]:
        """As much of a text as there is room for, and how much more there was."""
        shown = text if length(text) <= self.room else text[: self.room]
        self.room -= length(shown)
        return shown, f"… {len(text) - len(shown):,} more characters" if len(shown) < len(text) else ""


def _joined(outputs: "Sequence[NotebookNode]") -> "list[NotebookNode]":
    """The outputs with streams of one kind put together: side by side, or where one goes on in a line left open."""
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream":
            before = next((each for each in reversed(kept) if each.get("name") == output.name), None)
            if before is not None and (before is kept[-1] or output.text.startswith("\r")):
                before["text"] += output.text
                continue
        kept.append(output)
    for output in kept:
        if output.output_type == "stream":
            output["text"] = plain_message(printed_by_terminal(output.text)).rstrip()
    return kept


def _prepare_output(output: "NotebookNode", code: Code, count: _Count, folder: Path) -> None:
    for part in ("text", "evalue"):
        if part in output:
            shown, more = count.take(output[part])
            output[part] = f"{shown}\n{more}".rstrip("\n")
    if "data" not in output:
        return
    data, told, where = output.data, output.metadata, f"The output of code cell {code.number}"
    kind = next((mime for mime in (*_KINDS, FACT, *_PICTURES, *_TEXTS) if mime in data), "")
    # Made anew: what a cell says about its output is not what the page says about it.
    output["metadata"] = type(output)({"shows": kind})
    if kind in _KINDS:
        code.makes.append(_KINDS[kind](data[kind]))
    elif kind in _PICTURES:
        output.metadata["figure"] = _figure(data, kind, told.get(kind), count, where)
        title = output.metadata.figure.title
        code.makes.append(f"Figure {count.figures}" + (f", {title.rstrip('.')}" if title else ""))
    elif kind in _TEXTS:
        shown, more = count.take(data[kind])
        if kind == "text/html":
            shown = tied(_TABLE.sub(lambda found: _table(found.group(), code, count), allowed(shown)))
        elif kind == "text/markdown":
            shown = typed(to_html(shown, folder))
        data[kind], output.metadata["more"] = shown, more


def _figure(data: dict[str, str], kind: str, told: Any, count: _Count, where: str) -> dict[str, Any]:
    count.figures += 1
    told = told if isinstance(told, dict) else {}
    alt, title = str(told.get("alt") or "").strip(), str(told.get("title") or "")
    if not alt:
        raise ReportFailed(
            f"{where} is a picture without a description, so nobody can read it aloud. Draw it with "
            "econmodel.charts, or give an Altair chart .properties(description='...')."
        )
    drawn = kind == "image/svg+xml"
    data[kind] = drawing(data[kind]) if drawn else "".join(data[kind].split())
    if not drawn and not _BASE64.fullmatch(data[kind]):
        raise ReportFailed(f"{where} is a picture that cannot be read: its data are not base64.")
    size = _SIZE.match(data[kind]) if drawn else None
    return {
        "number": count.figures,
        "alt": alt,
        "title": title,
        # Legible when print gives it a third of a page.
        "wide": size is not None and float(size[2]) < WIDE * float(size[1]),
        "drawn": bool(title) and drawn and _letters(title) in _letters(data[kind]),
    }


def _table(html: str, code: Code, count: _Count) -> str:
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


def _letters(text: str) -> str:
    return re.sub(r"\W", "", unescape(_TAGS.sub("", text)))
