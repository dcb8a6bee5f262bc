"""Whether every code cell of a run was run, and to its end: a run can stop without an error."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Magics that take a cell and do not run it here to its end, in sight: the code is shown, stored or sent elsewhere, or
# what it publishes (a check that failed, say) reaches nobody.
_SWALLOWING = {
    "javascript", "js", "html", "svg", "latex", "markdown", "writefile", "file", "capture", "script",
}  # fmt: skip
_MAGIC = re.compile(r"\s*%%(\w+)(.*)")
_LOOSE = ("--bg", "--no-raise-error")


def unrun(notebook: "NotebookNode") -> tuple[int, str] | None:
    """The first code cell that was not run to its end, and why; None where all were.

    Parameters
    ----------
    notebook : as the run left it

    Returns
    -------
    tuple of int and str, or None
        its number among all cells from zero, and what happened
    """
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip() and (what := _fault(cell)):
            return number, what
    return None


def _fault(cell: "NotebookNode") -> str:
    error = next((output for output in cell.outputs if output.output_type == "error"), None)
    if error is not None:
        return f"{error.ename}: {error.evalue}. What comes after it may not have run."
    if cell.execution_count is None:
        skipped = ", ".join(map(repr, cell.metadata.get("tags", [])))
        return "the cell was not run" + (f"; its tags are {skipped}." if skipped else ".")
    if cell.metadata.get("papermill", {}).get("exception"):
        return "the cell ended with an error."
    magic = _MAGIC.match(cell.source)
    if magic and (magic[1] in _SWALLOWING or any(word in magic[2] for word in _LOOSE)):
        return (
            f"%%{magic[1]} does not run the cell where the report can see it. Leave that line out, or make a text cell "
            "of what is not code."
        )
    return ""
