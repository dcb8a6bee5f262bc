"""What a report was made from: files by their SHA-256, and the facts of one run on one machine.

The first kind is printed in the report and is the same wherever it is made. The second kind (commit, versions, times)
stays in a file that is not published, because a committed report cannot hold its own commit.
"""

import hashlib
import platform
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econmodel.errors import UnknownName
from econmodel.table.cost_data import read
from econmodel.table.shipped import shipped
from econmodel.version import __version__

if TYPE_CHECKING:
    from nbformat import NotebookNode

_LOADED = re.compile(r"""\b(load|figures)\(\s*["']([^"']+)["']""")
_LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "altair", "papermill", "nbconvert")


@dataclass(frozen=True, slots=True)
class DataSet:
    """One table that a notebook reads, as its card describes it."""

    name: str
    title: str
    source: str
    licence: str
    money: str
    cost_concept: str
    rows: int
    data_file: str
    data_sha256: str
    card_file: str
    card_sha256: str

    @property
    def cost(self) -> str:
        """What cost covers, and in which money."""
        return "; ".join(filter(None, [self.cost_concept, self.money]))


def sha256(path: Path) -> str:
    """The SHA-256 of a file, as `sha256sum` prints it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def data_sets(notebook: "NotebookNode", folder: Path) -> list[DataSet]:
    """The data sets that the notebook's metadata name under `report.data`.

    Parameters
    ----------
    notebook : its `metadata.report.data` lists names of shipped sets ("figures/NAME" for figures that were typed in),
        or paths of cards relative to `folder`
    folder : where the notebook lies

    Raises
    ------
    UnknownName : a set that is not shipped and no card; or one that a cell loads and the metadata leave out
    """
    listed: Sequence[str] = notebook.metadata.get("report", {}).get("data", [])
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    loaded = {name if call == "load" else f"figures/{name}" for call, name in _LOADED.findall(code)}
    if silent := sorted(loaded - set(listed)):
        raise UnknownName(
            f"The notebook loads {silent[0]!r}, but its metadata do not say so, and the report would not name its "
            'source. Add it to "report": {"data": [...]} in the notebook\'s metadata.'
        )
    return [_data_set(name, folder) for name in listed]


def run_facts(seconds: float, parameters: Sequence[Mapping[str, Any]], repository: Path) -> dict[str, Any]:
    """What differs from machine to machine and from run to run: commit, versions, date, duration."""
    return {
        "commit": _commit(repository),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 1),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "versions": {"econmodel": __version__} | {name: version(name) for name in _LIBRARIES},
        "parameters": {row["name"]: row["value"] for row in parameters},
        "command": sys.argv[1:],
    }


def _data_set(name: str, folder: Path) -> DataSet:
    card = folder / name if name.endswith(".toml") else shipped("data") / f"{name}.toml"
    if not card.is_file():
        known = ", ".join(sorted(path.stem for path in shipped("data").glob("*.toml")))
        raise UnknownName(
            f"The notebook's metadata name the data set {name!r}, which is neither shipped nor a card beside the "
            f"notebook. Shipped are: {known}. A card of your own is named by its path, such as 'providers.toml'."
        )
    # A shipped table of figures has no cost; every other card is read as the notebook reads it, with all its checks.
    rows = _rows(card.with_suffix(".csv")) if name.startswith("figures/") else len(read(card))
    said = tomllib.loads(card.read_text(encoding="utf-8-sig"))
    data = card.parent / said["file"]
    return DataSet(
        name=card.stem,
        title=said.get("title", card.stem),
        source=said.get("source", "not stated"),
        licence=said.get("licence", "not stated"),
        money=said.get("money", ""),
        cost_concept=said.get("cost_concept", ""),
        rows=rows,
        data_file=data.name,
        data_sha256=sha256(data),
        card_file=card.name,
        card_sha256=sha256(card),
    )


def _rows(data: Path) -> int:
    import csv

    with data.open(encoding="utf-8", newline="") as lines:
        return sum(1 for row in csv.reader(lines) if row) - 1


def _commit(repository: Path) -> str:
    try:
        asked = subprocess.run(
            # Whoever owns the checkout, reading its state changes nothing.
            ["git", "-c", "safe.directory=*", "describe", "--always", "--dirty"],
            cwd=repository,
            capture_output=True,
            text=True,
            check=True,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return "not under version control"
    return asked.stdout.strip()
