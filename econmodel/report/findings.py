"""What a run found: the records that its cells published, gathered in order and written as one small file."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from econmodel.errors import ReportFailed
from econmodel.report.finding import CHECK, FACT, FINDING

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from econmodel.report.provenance import DataSet

_ORDER = {False: 0, True: 1, None: 2}  # failures first, what only informs last


@dataclass(frozen=True, slots=True)
class Collected:
    """Everything that the cells of one run published.

    Attributes
    ----------
    findings : name to sentence, values, tolerances; in the order in which they were made
    checks : rows of the quality log, failures first
    facts : name and text
    """

    findings: Mapping[str, Mapping[str, Any]]
    checks: Sequence[Mapping[str, Any]]
    facts: Sequence[Mapping[str, Any]]

    @property
    def headlines(self) -> list[str]:
        """The sentences for the top of the report: those marked so, or else the first."""
        marked = [found["text"] for found in self.findings.values() if found["headline"]]
        return marked or [found["text"] for found in self.findings.values()][:1]

    @property
    def must_pass_failures(self) -> list[Mapping[str, Any]]:
        """The checks that had to pass and did not."""
        return [check for check in self.checks if check["must_pass"] and not check["passed"]]


def collect(notebook: "NotebookNode") -> Collected:
    """Gather what the cells of an executed notebook published.

    Raises
    ------
    ReportFailed : two findings have one name
    """
    findings: dict[str, Mapping[str, Any]] = {}
    for content in _published(notebook, FINDING):
        if content["key"] in findings:
            raise ReportFailed(f"Two findings are called {content['key']!r}: give each its own name.")
        findings[content["key"]] = {name: value for name, value in content.items() if name != "key"}
    checks = sorted(_published(notebook, CHECK), key=lambda check: _ORDER[check["passed"]])
    return Collected(findings, checks, list(_published(notebook, FACT)))


def findings_text(
    collected: Collected,
    *,
    name: str,
    title: str,
    version: str,
    notebook_sha256: str,
    data: Sequence["DataSet"],
    parameters: Sequence[Mapping[str, Any]],
) -> str:
    """The findings file: JSON in the order in which things were declared and made, the same bytes for the same run."""
    content = {
        "report": name,
        "title": title,
        "econmodel": version,
        "notebook_sha256": notebook_sha256,
        "data": {each.name: _hashes(each) for each in data},
        "parameters": {row["name"]: row["value"] for row in parameters},
        "changed_parameters": [row["name"] for row in parameters if row["changed"]],
        "findings": dict(collected.findings),
        "checks": list(collected.checks),
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _hashes(data: "DataSet") -> dict[str, str]:
    return {name: value for name, value in asdict(data).items() if name.endswith("sha256")}


def _published(notebook: "NotebookNode", mime: str) -> Iterator[Mapping[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if mime in output.get("data", {}):
                yield output.data[mime]
