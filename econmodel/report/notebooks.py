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
    ReportFailed : the file is not a notebook, or one in another language
    """
    import nbformat

    try:
        # One of an older version comes back in a class that papermill takes for a path.
        notebook = nbformat.from_dict(nbformat.reads(source.read_text(encoding="utf-8-sig"), as_version=4))
        nbformat.validate(notebook)
    except (
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        AssertionError,
        RecursionError,
        nbformat.ValidationError,
    ) as fault:
        raise ReportFailed(f"{source.name} is not a notebook: {(str(fault).splitlines() or [''])[0]}") from fault
    except OSError as fault:
        raise ReportFailed(f"{source.name} cannot be read: {fault.strerror}.") from fault
    if language := _other_language(notebook):
        raise ReportFailed(
            f"{source.name} is a notebook in {language}, and a report runs Python. Open it with a Python kernel, "
            "write its cells in Python, and save it."
        )
    return notebook


def _other_language(notebook: "NotebookNode") -> str:
    """The language that a notebook says it is in, if that is not Python."""
    kernel, language = (notebook.metadata.get(name, {}) for name in ("kernelspec", "language_info"))
    named = kernel.get("language") or language.get("name") or kernel.get("name") or "python"
    return "" if "python" in named.lower() or "py" in kernel.get("name", "").lower() else str(named)


def find(names: Sequence[str]) -> list[Path]:
    """The notebooks that are meant; without names, all that are shipped.

    Parameters
    ----------
    names : names of shipped notebooks ("02_scope", "scope", "scope.ipynb") or paths to notebooks, with or without
        `.ipynb`

    Raises
    ------
    UnknownName : neither a file nor a shipped notebook, or both; two files of one name (their reports would overwrite
        each other); a name whose report would overwrite another file of reports
    """
    notebooks = shipped_notebooks()
    if not names:
        return notebooks
    found = list(dict.fromkeys(_one(name, notebooks) for name in names))
    stems = [path.stem for path in found]
    if double := sorted({stem for stem in stems if stems.count(stem) > 1}):
        raise UnknownName(f"Two notebooks are called {double[0]}: report them into two folders with --to.")
    if taken := [stem for stem in stems if stem == "index" or stem.endswith(".failed")]:
        raise UnknownName(f"A report cannot be called {taken[0]}: a file beside it has that name. Rename the notebook.")
    return found


def _one(name: str, notebooks: Sequence[Path]) -> Path:
    wanted = name.removesuffix(".ipynb")
    own = Path(f"{wanted}.ipynb")
    known = {_NUMBER.sub("", path.stem): path for path in notebooks} | {path.stem: path for path in notebooks}
    if own.is_file():
        if wanted in known and wanted == name and own.resolve() != known[wanted].resolve():
            raise UnknownName(f"{name} is a shipped notebook and a file here: write {known[wanted].stem} or {own}.")
        return own.resolve()
    if wanted in known:
        return known[wanted]
    near = get_close_matches(wanted, known, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    listed = ", ".join(path.stem for path in notebooks) or "none"
    raise UnknownName(f"There is no notebook {name!r}, neither a file nor shipped.{meant} Shipped are: {listed}.")
