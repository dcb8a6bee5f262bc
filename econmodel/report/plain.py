"""Text of cells as a page can show it: what a terminal would have shown, lines of bounded length, no unseen marks."""

import re
from html import escape

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
_PICTURE = re.compile(r"data:image/[a-z+]+;base64,[A-Za-z0-9+/=]+")


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
    return len(_PICTURE.sub("", text)) if "data:image/" in text else len(text)


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
