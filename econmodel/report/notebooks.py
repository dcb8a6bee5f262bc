"""Which notebook a name means: a shipped one, with or without its number, or a file of the user's own."""

import re
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from econmodel.errors import ReportFailed, UnknownName
from econmodel.table.shipped import shipped

if TYPE_CHECKING:
    from nbformat import NotebookNode

_NUMBER = re.compile(r"^\d+[_-]")


def shipped_notebooks() -> list[Path]:
    """The notebooks that come with the package, in the order of their numbers."""
    return sorted(shipped("notebooks").glob("*.ipynb"))


def read(source: Path) -> "NotebookNode":
    """A notebook from its file.

    Raises
    ------
    ReportFailed : the file is not a notebook
    """
    import nbformat

    try:
        notebook = nbformat.read(source, as_version=4)
        nbformat.validate(notebook)
    except (ValueError, TypeError, AttributeError, nbformat.ValidationError) as fault:
        raise ReportFailed(f"{source.name} is not a notebook: {str(fault).splitlines()[0]}") from fault
    return notebook


def find(names: Sequence[str]) -> list[Path]:
    """The notebooks that are meant; without names, all that are shipped.

    Parameters
    ----------
    names : names of shipped notebooks ("02_scope", "scope", "scope.ipynb") or paths to `.ipynb` files

    Raises
    ------
    UnknownName : neither a file nor a shipped notebook, or two files of one name (their reports would overwrite
        each other)
    """
    notebooks = shipped_notebooks()
    if not names:
        return notebooks
    found = list(dict.fromkeys(_one(name, notebooks) for name in names))
    stems = [path.stem for path in found]
    if double := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise UnknownName(f"Two notebooks are called {double[0]}: report them into two folders with --to.")
    return found


def _one(name: str, notebooks: Sequence[Path]) -> Path:
    own = Path(name)
    if own.suffix == ".ipynb" and own.is_file():
        return own.resolve()
    known = {_NUMBER.sub("", path.stem): path for path in notebooks} | {path.stem: path for path in notebooks}
    wanted = name.removesuffix(".ipynb")
    if wanted in known:
        return known[wanted]
    near = get_close_matches(wanted, known, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    listed = ", ".join(path.stem for path in notebooks) or "none"
    raise UnknownName(f"There is no notebook {name!r}, neither a file nor shipped.{meant} Shipped are: {listed}.")
