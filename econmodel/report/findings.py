"""What a run found: the records that its cells published, gathered in order and written as one small file."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import UnionType
from typing import TYPE_CHECKING, Any

from econmodel.errors import ReportFailed
from econmodel.report.finding import CHECK, FACT, FINDING
from econmodel.report.provenance import sha256

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from econmodel.report.provenance import DataSet

_RECORDS: dict[str, dict[str, type | UnionType]] = {
    FINDING: {"text": str, "values": dict, "tolerance": dict, "headline": bool},
    CHECK: {"name": str, "passed": bool | None, "must_pass": bool, "note": str},
    FACT: {"name": str, "text": str},
}
_LISTED: dict[str, type | UnionType] = {"report": str, "title": str, "data": dict, "findings": dict, "checks": list}
_COMPARED = _LISTED | {"econmodel": str, "notebook_sha256": str, "parameters": dict, "changed_parameters": list}
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
    ReportFailed : two findings have one name, or a cell published a record that is none
    """
    findings: dict[str, Mapping[str, Any]] = {}
    for content in _published(notebook, FINDING):
        if not isinstance(content.get("key"), str):
            raise ReportFailed("A cell published a finding without a name: publish it with econmodel.finding.")
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
    page_sha256: str,
    data: Sequence["DataSet"],
    parameters: Sequence[Mapping[str, Any]],
) -> str:
    """The findings file: JSON in the order in which things were declared and made, the same bytes for the same run."""
    content = {
        "report": name,
        "title": title,
        "econmodel": version,
        "notebook_sha256": notebook_sha256,
        "page_sha256": page_sha256,
        "data": {each.name: _hashes(each) for each in data},
        "parameters": {row["name"]: row["value"] for row in parameters},
        "changed_parameters": [row["name"] for row in parameters if row["changed"]],
        "findings": dict(collected.findings),
        "checks": list(collected.checks),
    }
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_findings(path: Path, *, to_compare: bool = True) -> Mapping[str, Any]:
    """A findings file of the page beside it, whole enough to be compared, or to be listed.

    Raises
    ------
    ReportFailed : it cannot be read, holds something else, or the page beside it is of another run
    """
    cure = "Remove it, or make the report anew."
    try:
        content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_number, parse_float=_number)
    except OSError as fault:
        raise ReportFailed(f"{path.name} cannot be read ({fault.strerror}). {cure}") from fault
    except (ValueError, RecursionError) as fault:
        raise ReportFailed(f"{path.name} is damaged: it is not JSON as reports have it ({fault}). {cure}") from fault
    name = path.name.removesuffix(".findings.json")
    wrong = _misshapen(content, _COMPARED if to_compare else _LISTED)
    if not wrong:
        records = [(each, FINDING) for each in content["findings"].values()]
        records += [(each, CHECK) for each in content["checks"]]
        wrong = next(filter(None, (_misshapen(each, _RECORDS[mime]) for each, mime in records)), "")
    if wrong:
        raise ReportFailed(f"{path.name} holds no findings of a report: {wrong}. {cure}")
    if content["report"] != name:
        raise ReportFailed(f"{path.name} holds the findings of {content['report']!r}. {cure}")
    page = path.with_name(f"{name}.html")
    if page.is_file() and content.get("page_sha256", now := sha256(page)) != now:
        raise ReportFailed(
            f"{page.name} and {path.name} are not of one run: the page was changed, or replaced, since. "
            f"Make both anew: econmodel report {name}"
        )
    return content


def _misshapen(content: Any, shape: Mapping[str, type | UnionType]) -> str:
    """What is missing or of another kind; empty where nothing is."""
    if not isinstance(content, Mapping):
        return f"{type(content).__name__} where entries {', '.join(shape)} should be"
    wrong = [name for name, kind in shape.items() if name not in content or not isinstance(content[name], kind)]
    return f"{wrong[0]!r} is missing or no {getattr(shape[wrong[0]], '__name__', shape[wrong[0]])}" if wrong else ""


def _number(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise ValueError(f"the number {text}")
    return value


def _hashes(data: "DataSet") -> dict[str, str]:
    return {name: value for name, value in asdict(data).items() if name.endswith("sha256")}


def _published(notebook: "NotebookNode", mime: str) -> Iterator[Mapping[str, Any]]:
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if mime in output.get("data", {}):
                content = output.data[mime]
                if wrong := _misshapen(content, _RECORDS[mime]):
                    raise ReportFailed(
                        f"A cell published a record that cannot be read: {wrong}. Publish findings, checks and facts "
                        "with econmodel.finding, econmodel.qa and econmodel.fact."
                    )
                yield content
