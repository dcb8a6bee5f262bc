"""The list of the reports in a folder, each with its question and its finding."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from econmodel.errors import ReportFailed
from econmodel.report.allowed import POLICY
from econmodel.report.body import tied
from econmodel.report.findings import Collected, read_findings
from econmodel.report.folders import workshop, write
from econmodel.report.plain import visible, words
from econmodel.report.render import style

_HEAD = """<!DOCTYPE html>
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
"""


def write_index(folder: Path) -> Path:
    """Write `index.html` from the findings files in a folder; the same files give the same bytes.

    A file that cannot be read, or is not of the page beside it, is named on the page and not listed.
    """
    reports, unlisted = [], []
    for path in sorted(folder.glob("*.findings.json")):
        try:
            reports.append(read_findings(path, to_compare=False))
        except ReportFailed as fault:
            unlisted.append(str(fault))
    page = _HEAD.format(policy=POLICY, style=style()) + "".join(_entry(report) for report in reports)
    page += "".join(f'<p class="note">Not listed: {words(fault)}</p>\n' for fault in unlisted)
    if not reports:
        page += "<p>No report has been made yet.</p>\n"
    page += "</main>\n</body>\n</html>\n"
    with workshop(folder) as aside:
        return write(aside / "index.html", visible(page)).replace(folder / "index.html")


def _entry(report: Mapping[str, Any]) -> str:
    told = Collected(report["findings"], report["checks"], facts=[]).headlines
    checks = [check["passed"] for check in report["checks"] if check["passed"] is not None]
    data = ", ".join(report["data"]) or "none, computed from parameters"
    made = f"Data: {data}. {sum(checks)} of {len(checks)} checks passed."
    sentences = "".join(f"<p>{words(tied(sentence))}</p>\n" for sentence in told)
    return (
        f'<h2><a href="{_address(report["report"])}">{words(report["title"])}</a></h2>\n'
        f'{sentences}<p class="note">{words(made)}</p>\n'
    )


def _address(name: str) -> str:
    """The page beside this one: whatever its name, never a scheme, a folder above or a part of a page."""
    return f"./{quote(name, safe='')}.html"
