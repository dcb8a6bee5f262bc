"""Markdown as HTML that needs no script and no network: MathML for formulas, addresses printed, headings named."""

import re
from base64 import b64encode
from contextlib import suppress
from html import escape, unescape
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote

from econmodel.errors import ReportFailed
from econmodel.report.sanitiser import LINE, PROSE, allowed, cut

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_HEADING = re.compile(r"<h([1-6])>(.*?)</h\1>", re.DOTALL)
_LINK = re.compile(r"</?a\b[^>]*>")
_SOURCE = re.compile(r"(<img\b[^>]*?\bsrc=\"?)([^\s\":<>]+)(?=[\s\">])", re.IGNORECASE)
# The page's own names.
_TAKEN = re.compile(r"how-made|(cell|figure)-\d+")
# As pandoc reads them: no space inside the dollars, no digit after them, nothing but a gap or a sign before them.
_INLINE = r"(?<![A-Za-z$\\])\$(?![\s$),.;:])(?P<math_inline_tex>(?:\\[\s\S]|[^$\\])+?)(?<!\s)\$(?![\d$])"
_DISPLAY = r"(?<!\\)\$\$(?!\$)(?P<math_block_tex>(?:(?!\$|\n[ \t]*\n)(?:\\[\s\S]|[^\\]))+)\$\$(?!\$)"
_PARAGRAPH = _DISPLAY.replace("P<math_block_tex>", ":")
_TAGS = re.compile(r"<[^>]+>")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_SPACE = "http://www.w3.org/1998/Math/MathML"
_TEXT = re.compile(r"(?<=<mtext>).*?(?=</mtext>)", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]{2,}")
_LIMITS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_OPERATORS = ("∑", "∏", "max", "min")
_CHILDREN = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}


def named(html: str, headings: list[dict[str, Any]]) -> str:
    """HTML whose headings each have a name of their own to link to, and are noted: "id", "html" and "level"."""

    def numbered(heading: re.Match[str]) -> str:
        level, text = heading.groups()
        text_alone = _LINK.sub("", text)  # in the contents it stands within a link already
        words = _NOT_IN_A_NAME.sub("-", _TAGS.sub("", text_alone).lower()).strip("-") or "section"
        taken = {each["id"] for each in headings}
        name, count = words, 1
        while name in taken or _TAKEN.fullmatch(name):
            count += 1
            name = f"{words}-{count}"
        headings.append({"id": name, "html": text_alone, "level": int(level)})
        return f'<h{level} id="{name}">{text}</h{level}>'

    return _HEADING.sub(numbered, html)


def to_html(
    text: str,
    folder: Path,
    headings: list[dict[str, Any]] | None = None,
    attachments: dict[str, dict[str, str]] | None = None,
) -> str:
    """Markdown as HTML.

    Formulas become MathML; headings start at the second level, since a page has one title; an address outside the
    page is printed instead of linked, because a report has to read the same without a network; a picture beside the
    notebook is carried inside the page.

    Parameters
    ----------
    text : Markdown
    folder : where pictures are looked for
    headings : collects the headings of a text cell; None for an output, whose lines are cut sooner
    attachments : pictures in the cell

    Raises
    ------
    ReportFailed : a formula that cannot be read, a picture that is not there
    """
    from nbconvert.filters.markdown_mistune import (
        InvalidNotebook,
        IPythonRenderer,
        MarkdownWithMath,
        MathBlockParser,
        MathInlineParser,
    )

    class Renderer(IPythonRenderer):
        def link(self, text: str, url: str, title: str | None = None) -> str:
            if url.startswith("#"):
                return f'<a href="{escape(url)}">{text}</a>'
            return escape(url) if text in (url, escape(url)) else f"{text} ({escape(url)})"

        def _html_embed_images(self, html: str) -> str:
            # Its own reads the HTML with a library that warns of what it takes for XML.
            return _SOURCE.sub(lambda found: found[1] + (self._src_to_base64(found[2]) or found[2]), html)

        def _src_to_base64(self, src: str) -> str | None:
            """A picture in the folder of the notebook or below, as an address that holds it."""
            name = unquote(src)
            kind = guess_type(name)[0] or ""
            with suppress(OSError, ValueError):  # no name that a disk could have
                path = (folder / name).resolve()
                if kind.startswith("image/") and path.is_relative_to(folder.resolve()) and path.is_file():
                    return f"data:{kind};base64,{b64encode(path.read_bytes()).decode()}"
            return None

        def task_list_item(self, text: str, checked: bool = False) -> str:
            return f"<li>{'☑' if checked else '☐'} {text}</li>\n"

        def inline_math(self, body: str) -> str:
            return formula(body)

        def block_math(self, body: str) -> str:
            return formula(body, "block")

        def latex_environment(self, name: str, body: str) -> str:
            return formula(f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")

    class Inline(MathInlineParser):
        SPECIFICATION: ClassVar = {
            **MathInlineParser.SPECIFICATION,
            "inline_math_tex": _INLINE,
            "block_math_tex": _DISPLAY,
        }

    class Block(MathBlockParser):
        SPECIFICATION: ClassVar = {
            **MathBlockParser.SPECIFICATION,
            "multiline_math": MathBlockParser.MULTILINE_MATH.replace(r"(?<!\\)[$]{2}.*?(?<!\\)[$]{2}", _PARAGRAPH),
        }

    limit = LINE if headings is None else PROSE
    renderer = Renderer(
        escape=False, embed_images=True, path=str(folder), exclude_anchor_links=True, attachments=attachments
    )
    try:
        html = MarkdownWithMath(renderer, Block(), Inline(hard_wrap=False)).render(cut(text, limit))
    except InvalidNotebook as fault:
        raise ReportFailed(
            f"A text cell shows a picture that the notebook does not hold ({fault}): paste it into the cell again."
        ) from fault
    html = allowed(html, limit)
    return html if headings is None else named(html, headings)


def formula(latex: str, display: str = "inline") -> str:
    r"""A formula as MathML.

    Parameters
    ----------
    latex : without its dollars
    display : "inline", or "block" for a line of its own

    Raises
    ------
    ReportFailed : an unknown command or an open bracket

    Examples
    --------
    >>> formula(r"2 \ln y").partition("<mrow>")[2]
    '<mn>2</mn><mspace width="0.167em" /><mi>ln</mi><mspace width="0.167em" /><mi>y</mi></mrow></math>'
    """
    from xml.etree import ElementTree

    from latex2mathml.converter import convert

    # It knows the numbered and the starred form of this environment only.
    written = latex.strip().replace("{aligned}", "{align*}")
    try:
        tree = ElementTree.fromstring(_TEXT.sub(_escaped, convert(written, display=display)))
        unread = _unread(tree)
    except Exception as fault:  # its own exceptions share no base class
        raise ReportFailed(
            f"The formula {latex.strip()!r} cannot be read: use the usual commands, and & only in \\begin{{aligned}}."
        ) from fault
    if unread:
        raise ReportFailed(f"The formula {latex.strip()!r} cannot be read: mend {unread}.")
    _space_words(tree)
    if display == "block":  # on a line of its own a sum has its index below it
        for part in tree.iter():
            if _name(part) in _LIMITS and part[0].text in _OPERATORS:
                part.tag = f"{{{_SPACE}}}{_LIMITS[_name(part)]}"
    ElementTree.register_namespace("", _SPACE)
    return ElementTree.tostring(tree, encoding="unicode")


def _escaped(words: re.Match[str]) -> str:
    """Words within a formula, which the converter leaves as they were typed."""
    return escape(re.sub(r"\\([&%$#_{}])", r"\1", unescape(words.group())), quote=False)


def _unread(tree: "Element") -> str:
    for part in tree.iter():
        if "\\" in (part.text or ""):
            return str(part.text)
        if len(part) < _CHILDREN.get(_name(part), 0):
            return "an open bracket or a missing part"
    return ""


def _space_words(tree: "Element") -> None:
    """Set a thin space around the name of a function: "b ln y", not "blny", but "ln(y)"."""
    for parent in list(tree.iter()):
        if _name(parent) not in ("mrow", "math", "mtd", "mstyle"):
            continue
        old = list(parent)
        new: list[Element] = []
        for i, part in enumerate(old):
            if i and ((_is_word(part) and _is_quantity(old[i - 1])) or (_is_word(old[i - 1]) and not _is_open(part))):
                new.append(part.makeelement(f"{{{_SPACE}}}mspace", {"width": "0.167em"}))
            new.append(part)
        parent[:] = new


def _name(part: "Element") -> str:
    return part.tag.removeprefix(f"{{{_SPACE}}}")


def _is_word(part: "Element") -> bool:
    while len(part) and _name(part) in _LIMITS:
        part = part[0]
    return _name(part) in ("mi", "mo") and bool(_WORD.fullmatch(part.text or ""))


def _is_quantity(part: "Element") -> bool:
    return _name(part) not in ("mo", "mspace") or part.text == ")"


def _is_open(part: "Element") -> bool:
    return _name(part) in ("mo", "mspace") or (_name(part) == "mrow" and len(part) > 0 and _name(part[0]) == "mo")
