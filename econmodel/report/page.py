"""A report's page: what a reader must know before any chart, in a fixed order, then the cells, then how all was made.

One HTML file without script or outside address, the same bytes for the same run; its findings file; and the list of the
reports in a folder.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from econmodel.errors import ReportFailed, UnknownName
from econmodel.report.body import tied
from econmodel.report.finding import RESULTS, Collected, on_file
from econmodel.report.folders import workshop, write
from econmodel.report.sanitiser import POLICY, cut, visible, words
from econmodel.version import __version__

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from econmodel.report.notebooks import DataSet

# More tables than these would fill page one; the end describes every one.
FULLY_DESCRIBED = 3
# Characters of a title that fit beside the number of a printed page.
FOOT = 200
TEMPLATES = Path(__file__).parent / "template"
_LIST = """<!DOCTYPE html>
<html lang="en-GB">
<head>
{policy}
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Reports</title>
<style>{style}</style>
</head>
<body>
<main>
<h1>Reports</h1>
{entries}</main>
</body>
</html>
"""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a report cannot be quoted: where the run stopped, what happened, and what to do."""

    where: str
    what: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the notebook says, what its run published, the files that it read; and what the template asks of them.

    Attributes
    ----------
    name, title : of the report
    notebook_sha256 : of the notebook
    report : what the notebook's metadata say, as `metadata` gives it
    collected : what the cells published
    data : the tables that the notebook reads
    parameters : of the run, as `effective` gives them
    failure : why it may not be quoted; None where it is good
    sections : the headings of the second level, which make the table of contents
    codes : the code cells
    version : of econmodel
    """

    name: str
    title: str
    notebook_sha256: str
    report: Mapping[str, Any] = field(default_factory=dict)
    collected: Collected = field(default_factory=Collected)
    data: Sequence["DataSet"] = ()
    parameters: Sequence[Mapping[str, Any]] = ()
    failure: Failure | None = None
    sections: Sequence[Mapping[str, Any]] = ()
    codes: Sequence[Any] = ()
    version: str = __version__

    @property
    def facts(self) -> list[tuple[str, list[str]]]:
        """Names, each with its paragraphs."""
        data = [
            f"{each.title}. {each.rows:,} rows."
            + (f" Cost: {each.cost}." if each.cost else "")
            + f" Source: {each.source}"
            for each in self.data
        ]
        if len(data) > FULLY_DESCRIBED:
            listed = "; ".join(f"{each.title} ({each.rows:,} rows)" for each in self.data)
            data = [f"{len(data)} tables, their sources at the end: {listed}"]
        facts = [("Data", data or ["None: every number is computed from the parameters."])]
        facts += [(fact["name"], [fact["text"]]) for fact in self.collected.facts]
        facts += [(name, [text]) for name, text in self.report.get("facts", {}).items()]
        if not any(row["name"] == "seed" for row in self.parameters):
            facts.append(("Seed", ["None declared."]))
        if self.report.get("review"):
            facts.append(("Review", [str(self.report["review"])]))
        return facts

    def findings(self, page_sha256: str) -> str:
        """The findings file: JSON in the order in which things were declared and made, the same for the same run."""
        content = {
            "report": self.name,
            "title": self.title,
            "econmodel": self.version,
            "notebook_sha256": self.notebook_sha256,
            "page_sha256": page_sha256,
            "data": {
                each.name: {name: value for name, value in asdict(each).items() if name.endswith("sha256")}
                for each in self.data
            },
            "parameters": {row["name"]: row["value"] for row in self.parameters},
            "changed_parameters": [row["name"] for row in self.parameters if row["changed"]],
            "findings": dict(self.collected.findings),
            "checks": list(self.collected.checks),
        }
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


_ONE = (_text, "a text")
_SOME = (lambda value: _text(value) or _texts(value), "a text, or a list of texts")
# What a notebook may say about its report, under `report` in its metadata.
_ENTRIES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "title": _ONE,
    "status": _ONE,
    "data": (_texts, "a list of names and cards"),
    "so_what": _SOME,
    "limits": _SOME,
    "review": _ONE,
    "facts": (
        lambda value: isinstance(value, Mapping) and all(map(_text, value.values())),
        "a mapping of names to texts",
    ),
    "assumptions": (
        lambda value: isinstance(value, list) and all(row and _texts(row) for row in value),
        "a list of lists of texts",
    ),
}


def metadata(notebook: "NotebookNode") -> Mapping[str, Any]:
    """What the notebook's metadata say about the report.

    Raises
    ------
    UnknownName : an entry that means nothing here
    """
    report: Mapping[str, Any] = notebook.metadata.get("report", {})
    if not isinstance(report, Mapping):
        raise UnknownName(f"The notebook's metadata say report = {report!r}; write a mapping of {', '.join(_ENTRIES)}.")
    if stray := [name for name in report if name not in _ENTRIES]:
        raise UnknownName(f"The notebook's metadata say report.{stray[0]}; known are: {', '.join(_ENTRIES)}.")
    for name, value in report.items():
        fits, what = _ENTRIES[name]
        if not fits(value):
            raise UnknownName(f"The notebook's metadata say report.{name} = {value!r}; it is {what}.")
    return report


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
        filters={
            "css_text": css_text,
            "python_code": python_code,
            "tied": tied,
            "e": words,
            "texts": lambda entry: [entry] if isinstance(entry, str) else entry or [],
            "result": RESULTS.__getitem__,
            "value": _value,
        },
    )
    html: str = exporter.from_notebook_node(notebook, {"page": page, "policy": POLICY})[0]
    return visible(html).strip() + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else repr(value)


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


def write_index(folder: Path) -> Path:
    """Write `index.html` from the findings files in a folder; the same files give the same bytes.

    A file that cannot be read, or is not of the page beside it, is named on the page and not listed.
    """
    entries, unlisted = "", ""
    for path in sorted(folder.glob("*.findings.json")):
        try:
            entries += index_entry(on_file(folder, path.name.removesuffix(".findings.json"), to_compare=False))
        except ReportFailed as fault:
            unlisted += f'<p class="note">Not listed: {words(fault)}</p>\n'
    none = "" if entries else "<p>No report has been made yet.</p>\n"
    style = (TEMPLATES / "report" / "report.css").read_text(encoding="utf-8")
    page = _LIST.format(policy=POLICY, style=style, entries=entries + unlisted + none)
    with workshop(folder) as aside:
        return write(aside / "index.html", visible(page)).replace(folder / "index.html")


def index_entry(report: Mapping[str, Any]) -> str:
    """One report of the list, from its findings file: its question, its findings, and what they were made from."""
    # Whatever the report is called, its address is the page beside: never a scheme, a folder above, a part of a page.
    address = f"./{quote(report['report'], safe='')}.html"
    checks = [check["passed"] for check in report["checks"] if check["passed"] is not None]
    data = ", ".join(report["data"]) or "none, computed from parameters"
    made = f"Data: {data}. {sum(checks)} of {len(checks)} checks passed."
    sentences = "".join(f"<p>{words(tied(sentence))}</p>\n" for sentence in Collected(report["findings"]).headlines)
    return f'<h2><a href="{address}">{words(report["title"])}</a></h2>\n{sentences}<p class="note">{words(made)}</p>\n'
