"""Formulas in LaTeX as MathML, which a browser draws without a script."""

import re
from html import escape, unescape
from typing import TYPE_CHECKING

from econmodel.errors import ReportFailed

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_SPACE = "http://www.w3.org/1998/Math/MathML"
_TEXT = re.compile(r"(?<=<mtext>).*?(?=</mtext>)", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]{2,}")
_LIMITS = {"msub": "munder", "msup": "mover", "msubsup": "munderover"}
_OPERATORS = ("∑", "∏", "max", "min")
_CHILDREN = {"mfrac": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}


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
    if display == "block":
        _set_limits(tree)
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


def _set_limits(tree: "Element") -> None:
    """On a line of its own a sum has its index below it."""
    for part in tree.iter():
        if _name(part) in _LIMITS and part[0].text in _OPERATORS:
            part.tag = f"{{{_SPACE}}}{_LIMITS[_name(part)]}"


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
