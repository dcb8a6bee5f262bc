"""What a cell may put on a page, because cells show what strangers typed.

Text as a terminal would have shown it, in lines of bounded length and without unseen marks; HTML and drawings from an
allow-list of elements and attributes.
"""

import re
from html import escape, unescape
from itertools import islice

from econmodel.errors import ReportFailed

# What nobody reads, and what a browser needs minutes to print.
LINE = 2_000
PROSE = 10 * LINE
CELL = 500_000
# So much the words need that end a line, which is not cut a second time.
_WORDS = 40
_WARNING = re.compile(r"^\S[^\n]*?\.py:\d+: (\w*Warning): ", re.MULTILINE)
_ECHO = re.compile(r"^  \S[^\n]*\n?", re.MULTILINE)
# Colours and the like, and window titles; the parameters are plain characters, so that no markup is eaten.
_SEQUENCE = re.compile(r"\x1b\[[0-9;:?]*[A-Za-z]|\x1b\][^\x07\x1b<>&\"\n]*(?:\x07|\x1b\\)")
_COLOUR = re.compile(r"\x1b\[[0-9;:?]*[A-JL-Za-z]")
_MOVE = re.compile(r"[\r\x08]|\x1b\[[02]?K")
_STEP = re.compile(r"\r|\x08|\x1b\[[02]?K|[^\r\x08\x1b]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# Marks that turn the order of letters round or have no width: shown, since a name must be what it looks like.
_UNSEEN = re.compile("[\u180e\u200b\u202a-\u202e\u2060\u2066-\u2069\ufeff\U000e0000-\U000e007f]")
_CARRIED = re.compile(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+")
# Before anything else on a page: no script, no address but pictures carried inside, no form. Styles are the page's own.
POLICY = (
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; base-uri 'none'; form-action 'none'\">"
)
_MATH = (
    "math mi mn mo ms mtext mspace mrow mfrac msqrt mroot mstyle merror mphantom msub msup msubsup munder mover "
    "munderover mmultiscripts mprescripts mtable mtr mtd"
)
TAGS = set(
    "a abbr b blockquote br caption code dd del details div dl dt em h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p "
    f"pre q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var {_MATH}".split()
)
# No id, no role, no class that the page's own banner, headline or checks have.
_CLASSES = {"table": {"econmodel"}, "div": {"econmodel"}, "td": {"words"}, "th": {"words"}, "p": {"note"}}
_WORD = re.compile(r"[A-Za-z0-9-]{1,24}( [A-Za-z0-9-]{1,24})*")
# Never so large or so negative that a formula reaches over what stands beside it.
_SIZE = re.compile(r"-?0?\.\d{1,4}em|\d(\.\d{1,4})?(em|ex|px|pt|%)?")
_WORDS_OF_MATH = (
    "accent accentunder columnalign display displaystyle fence form mathvariant movablelimits rowalign separator "
    "stretchy symmetric"
)
_VALUES = {
    "alt": re.compile(r".*", re.DOTALL),
    # No colon and no slash in front: never a scheme, never another host.
    "href": re.compile(r"#[^\s]*|https://doi\.org/[\w.()/:;%+<>-]+|(\./)?[\w.%-]+(/[\w.%-]+)*(#[\w-]*)?"),
    "src": re.compile(r"data:image/(png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/\s]+=*\s*"),
    "style": re.compile(r"text-align:\s*(left|right|center)\s*;?"),
    "xmlns": re.compile(r"http://www\.w3\.org/1998/Math/MathML"),
    "scriptlevel": re.compile(r"[0-3]"),
    **dict.fromkeys(("colspan", "rowspan", "width", "height", "start"), re.compile(r"\d{1,3}")),
    **dict.fromkeys(("lspace", "rspace", "minsize", "maxsize", "linethickness"), _SIZE),
}
_CELL = {"colspan", "rowspan", "scope", "style"}
_ATTRIBUTES = {
    "a": {"href"},
    "img": {"alt", "src", "width", "height"},
    "ol": {"start"},
    "td": _CELL,
    "th": _CELL,
    **{
        name: {*_WORDS_OF_MATH.split(), "scriptlevel", "lspace", "rspace", "minsize", "maxsize", "linethickness"}
        for name in _MATH.split()
    },
}
for _tag in _CLASSES:
    _ATTRIBUTES[_tag] = _ATTRIBUTES.get(_tag, set()) | {"class"}
_ATTRIBUTES["math"] |= {"xmlns"}
_ATTRIBUTES["mspace"] |= {"width"}
_LOST = re.compile(
    r"<(audio|button|canvas|embed|form|iframe|input|object|script|select|svg|video)\b"
    r"|<(style)\b(?! scoped)[^>]*>(?!\s*</style)",
    re.IGNORECASE,
)
# Time to clean them grows with the square of their depth; those left out cannot nest, or cost nothing when they do.
PARTS = 10_000
_PART = re.compile(r"<(?!/|!|(?:a|b|br|code|em|i|img|li|p|path|span|strong|t[dhr])\b)")
_PICTURE = re.compile(r"<img\b[^>]*>")
_TEXT = re.compile(rf"(?:^|(?<=>))[^<>]{{{LINE},}}(?=<|\Z)")


def cut(text: str, limit: int = LINE) -> str:
    """Text whose longer lines end in how much more there was; a picture inside the text counts as nothing.

    Examples
    --------
    >>> cut("a" * 1_004, limit=4)
    'aaaa … 1,000 more characters'
    """
    return "\n".join(
        line if length(line) <= limit + _WORDS else f"{line[:limit]} … {len(line) - limit:,} more characters"
        for line in text.split("\n")
    )


def length(text: str) -> int:
    """Characters, less those of pictures carried inside."""
    return len(_CARRIED.sub("", text)) if "data:image/" in text else len(text)


def words(value: object) -> str:
    """A value as text of a page: lines cut, and nothing in it markup."""
    # Spelt as Jinja spells it, so that no page changes for it.
    return escape(cut(str(value))).replace("&#x27;", "&#39;")


def visible(text: str) -> str:
    r"""Text without control characters, and with a sign for each mark that a reader could not see.

    Fit for a whole page: it changes characters, never markup.

    Examples
    --------
    >>> visible("\x1b[31mred\x1b[0m\x00 \u202eeno")
    'red ⟨U+202E⟩eno'
    """
    text = _CONTROL.sub("", _SEQUENCE.sub("", text))
    return _UNSEEN.sub(lambda mark: f"⟨U+{ord(mark.group()):04X}⟩", text)


def printed_by_terminal(text: str) -> str:
    r"""What a terminal shows in the end, once carriage returns, backspaces and erasures have done their work.

    Examples
    --------
    >>> printed_by_terminal(" 9%|#\r50%|###\rdone\x1b[K\nab\bc\n")
    'done\nac\n'
    """
    lines = text.replace("\r\n", "\n").split("\n")
    return visible("\n".join(_overwritten(line) if _MOVE.search(line) else line for line in lines))


def _overwritten(line: str) -> str:
    shown: list[str] = []
    at = 0
    for step in _STEP.findall(_COLOUR.sub("", line)):
        if step == "\r":
            at = 0
        elif step == "\b":
            at = max(at - 1, 0)
        elif step.endswith("K") and step.startswith("\x1b"):
            del shown[at:]
            if step.startswith("\x1b[2"):
                shown[:] = " " * at
        else:
            shown[at : at + len(step)] = step
            at += len(step)
    return "".join(shown).rstrip()


def plain_message(text: str) -> str:
    r"""A message of the run without folders and echoed code: the same words on every machine.

    Examples
    --------
    >>> plain_message("/home/me/file.py:3: UserWarning: few clusters\n  warnings.warn(message)\n")
    'UserWarning: few clusters\n'
    """
    if not _WARNING.search(text):
        return text
    return _ECHO.sub("", _WARNING.sub(r"\1: ", text))


def _attribute(tag: str, name: str, value: str) -> str | None:
    if tag == "mspace" and name == "width":
        return value if _SIZE.fullmatch(value) else None
    if name == "class":
        return " ".join(word for word in value.split() if word in _CLASSES.get(tag, ())) or None
    return value if _VALUES.get(name, _WORD).fullmatch(value) else None


def allowed(html: str, limit: int = LINE) -> str:
    """HTML of a cell, less what could run, load, cover or imitate; what is lost to a reader is named at its end.

    Parameters
    ----------
    html : as a cell made it; its lines are cut
    limit : characters of one line that are shown

    Examples
    --------
    >>> allowed('<p onclick="go()" class="failure">Go <a href="javascript:go()">on</a>')
    '<p>Go <a>on</a></p>'
    >>> allowed("<script>go()</script>").partition(": ")[2]
    'script.</p>'
    """
    import nh3

    lost = {(found[1] or found[2]).lower() for found in _LOST.finditer(html)}
    if over := next(islice(_PART.finditer(html), PARTS, None), None):
        html = html[: over.start()]
        lost.add(f"all after the first {PARTS:,} parts")
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        url_schemes={"https", "data"},
        link_rel=None,
    )
    cleaned = _PICTURE.sub(lambda found: _picture(found.group(), lost), cleaned)
    cleaned = cleaned.replace("<h1>", "<h2>").replace("</h1>", "</h2>")
    if lost:
        cleaned += (
            f'<p class="note">Left out here, because a report runs and loads nothing: {", ".join(sorted(lost))}.</p>'
        )
    return _TEXT.sub(lambda found: escape(cut(unescape(found.group()), limit), quote=False), cleaned)


def _picture(tag: str, lost: set[str]) -> str:
    told = re.search(r' alt="([^"]*\w[^"]*)"', tag)
    if told and " src=" in tag:
        return tag
    lost.add(f"a picture that the notebook does not carry ({told[1]})" if told else "a picture without a description")
    return ""


_DRAWING = (
    "a circle clipPath defs desc ellipse g image line linearGradient marker mask metadata path pattern polygon "
    "polyline radialGradient rect stop style svg symbol text textPath title tspan use"
)
_INSIDE = re.compile(r"#.*|data:image/(png|jpeg);base64,.*", re.DOTALL)
_REACHES_OUT = re.compile(r"url\s*\((?!\s*[\"']?#)|@import|\\", re.IGNORECASE)


def drawing(svg: str) -> str:
    """A drawing less what could run or load if somebody opened it on its own; the same bytes where nothing could.

    Raises
    ------
    ReportFailed : it is not well-formed, so that no browser would draw it
    """
    from xml.etree import ElementTree

    svg = visible(svg)
    try:
        if "<!ENTITY" in svg:
            raise ElementTree.ParseError
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as fault:
        raise ReportFailed("A drawing of the notebook is not well-formed SVG, so no browser can draw it.") from fault
    changed = False
    for part in list(root.iter()):
        for child in list(part):
            own = child.text or ""
            if _local(child.tag) not in _DRAWING.split() or (_local(child.tag) == "style" and _REACHES_OUT.search(own)):
                part.remove(child)
                changed = True
        for name, value in list(part.attrib.items()):
            outside = _local(name) == "href" and not _INSIDE.fullmatch(value)
            if _local(name).lower().startswith("on") or outside or _REACHES_OUT.search(value):
                del part.attrib[name]
                changed = True
        if len(part.text or "") > LINE and _local(part.tag) != "style":
            part.text = cut(part.text or "")
            changed = True
    if not changed:
        return svg
    ElementTree.register_namespace("", "http://www.w3.org/2000/svg")
    return ElementTree.tostring(root, encoding="unicode")


def _local(name: object) -> str:
    return str(name).rpartition("}")[2]
