"""A first notebook for the user's own table: short, runnable, and with everything that a report needs."""

from pathlib import Path
from typing import TYPE_CHECKING

from econmodel.errors import EconmodelError, UnknownName
from econmodel.report.folders import words, workshop, write
from econmodel.report.notebooks import PYTHON
from econmodel.table.cost_data import read
from econmodel.table.shipped import load

if TYPE_CHECKING:
    from nbformat import NotebookNode

EXAMPLE = "california_schools"


def write_starter(path: Path, card: Path | None = None) -> Path:
    """Write a notebook without outputs that reads a table, fits a cost function and publishes a finding.

    Parameters
    ----------
    path : the new file, with or without `.ipynb`
    card : of the user's own table; without one the notebook starts with a shipped table

    Raises
    ------
    EconmodelError : the file exists, cannot be written, or has the name of a table or a card
    UnknownName : there is no such card
    """
    import nbformat

    if path.suffix not in ("", ".ipynb"):
        told = f"{path.name} is no name for a notebook, and nothing was written. For a table of your own"
        if path.suffix != ".toml":
            told += f", describe it in a card beside it, {path.stem}.toml (help(econmodel.read) shows one), and"
        raise EconmodelError(f"{told} run: econmodel new {path.stem} --card {path.stem}.toml")
    notebook = path.with_suffix(".ipynb")
    if there := next((each for each in (path, notebook) if each.exists()), None):
        raise EconmodelError(f"{there} exists and was left as it is: choose another name, or move it away.")
    if card is not None and not card.is_file():
        raise UnknownName(f"There is no card {str(card)!r}: describe your table in a TOML file first.")
    text = nbformat.writes(starter(path.parent, card)) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with workshop(path.parent) as aside:
            # A link appears whole, and never in place of another file.
            notebook.hardlink_to(write(aside / notebook.name, text))
    except FileExistsError as fault:
        raise EconmodelError(f"{fault.filename2 or fault.filename} exists and was left as it is.") from fault
    except OSError as fault:
        raise EconmodelError(f"{notebook} could not be written. {words(fault, path.parent)}") from fault
    return notebook


def starter(folder: Path, card: Path | None) -> "NotebookNode":
    """The notebook itself."""
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    if card is None:
        name, table = EXAMPLE, load(EXAMPLE)
        reading = f'data = em.load("{EXAMPLE}")  # your own table: em.read("providers.toml")'
    else:
        table, card, folder = read(card), card.resolve(), folder.resolve()
        # From where the notebook lies, if it can.
        name = (card.relative_to(folder) if card.is_relative_to(folder) else card).as_posix()
        reading = f"data = em.read({name!r})"
    # A form that can hold the table: a level form where some output is zero.
    zeros = any((table.frame[output] == 0).any() for output in table.outputs)
    form = 'form="composite", second_order="outputs"' if zeros else 'form="cobb_douglas"'
    cells = [
        new_markdown_cell(
            "# Where do larger providers save, and where do they not?\n\n"
            "Replace this question by yours. The first line of this cell is the title of the report."
        ),
        new_code_cell(
            "seed: int = 1  # draws of the bootstrap\n"
            "replications: int = 199  # bootstrap replications\n"
            "conf_level: float = 0.95  # level of every interval",
            metadata={"tags": ["parameters"]},
        ),
        new_code_cell(f"import econmodel as em\n\n{reading}\ndata"),
        new_markdown_cell(
            "## Model\n\nThe cost $C$ of a provider depends on its outputs $y$, on prices $w$ and on its relationship "
            "variables $r$:\n\n$$\\ln C = f(y, w, r) + \\text{residual}.$$"
        ),
        new_code_cell(f'fit = em.fit(data, {form})  # then "translog", or "composite" where outputs are zero\nfit'),
        new_markdown_cell("## Results"),
        new_code_cell(
            "parts = em.separate(fit, replications=replications, seed=seed, conf_level=conf_level)\n"
            'slope, low, high = parts.row("apparent")[["estimate", "conf_low", "conf_high"]]\n'
            'sentence = f"One per cent more size goes with {slope:.3f} per cent more cost ({low:.3f} to {high:.3f})."\n'
            'em.finding("apparent", sentence, headline=True, tolerance=1e-3, slope=slope, low=low, high=high)\n'
            "parts"
        ),
        new_code_cell("em.charts.separation(parts)"),
        new_markdown_cell("## Checks"),
        new_code_cell(
            'em.qa(fit.converged, "The search converged")\n'
            'em.qa(em.support(fit, at="mean"), must_pass=False)\n'
            'left_out = fit.rows_dropped["rows"].sum()\n'
            'em.fact("Rows", f"{fit.nobs:,.0f} used, {left_out} left out")'
        ),
        new_markdown_cell(
            "## What would change the answer\n\n"
            "Say which assumption matters most, and what a reader would have to see to think otherwise."
        ),
    ]
    # A random name for each cell would make two new notebooks differ.
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    report = {
        "status": "Draft. Not quality assured.",
        "data": [name],
        "limits": ["Say here for what this report must not be used."],
        "assumptions": [["A1", "Providers cannot choose the prices that they pay", "Amber", "Scale may be misstated"]],
    }
    return new_notebook(cells=cells, metadata={"kernelspec": PYTHON, "report": report})
