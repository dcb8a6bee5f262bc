"""What a report may not hold: scripts, addresses outside the page, pictures that cannot be read aloud."""

from html.parser import HTMLParser

_FORBIDDEN = {"script", "iframe", "object", "embed", "link", "base", "form", "frame", "applet"}
_ADDRESSES = {"href", "src", "srcset", "action", "formaction", "poster", "data", "background", "xlink:href"}
_INSIDE = ("#", "data:image/")
_STYLES = ("@import", "url(")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.headlines = 0
        self._in_style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._in_style = tag == "style"
        self.headlines += tag == "h1"
        if tag in _FORBIDDEN:
            self.faults.append(f"<{tag}>")
        given = dict(attrs)
        for name, value in given.items():
            value = (value or "").strip().lower()
            if name.startswith("on"):
                self.faults.append(f'a script in {name}="..."')
            elif name in _ADDRESSES and not value.startswith(_INSIDE):
                self.faults.append(f'an address outside the page in {name}="{value[:60]}"')
            elif name == "style" and any(word in value for word in _STYLES):
                self.faults.append("an address outside the page in a style")
        if tag == "img" and not (given.get("alt") or "").strip():
            self.faults.append("a picture without a description")

    def handle_endtag(self, tag: str) -> None:
        if tag == "style":
            self._in_style = False

    def handle_data(self, data: str) -> None:
        if self._in_style and any(word in data.lower() for word in _STYLES):
            self.faults.append("an address outside the page in a style")


def faults(html: str) -> list[str]:
    """What in this HTML a report cannot carry; empty where it can.

    Examples
    --------
    >>> faults('<p onclick="go()">Go</p><img src="https://example.org/a.png" alt="A">')
    ['a script in onclick="..."', 'an address outside the page in src="https://example.org/a.png"']
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.faults


def page_faults(html: str) -> list[str]:
    """The faults of a whole page, which besides has one title."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.faults + ([f"{reader.headlines} titles instead of one"] if reader.headlines != 1 else [])
