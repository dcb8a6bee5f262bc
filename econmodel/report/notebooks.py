"""What a run starts from: which notebook a name means, the parameters that it declares, and the tables that it reads.

The runner underneath accepts a misspelt parameter and carries on with the default. Here a name must be declared, and a
value must have its type, before anything runs.
"""

import ast
import csv
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from econmodel.errors import ParameterError, ReportFailed, UnknownName
from econmodel.table.card import sha256
from econmodel.table.cost_data import read as read_card
from econmodel.table.shipped import shipped

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Whatever kernel a notebook was last saved with, it runs here as Python.
PYTHON = {"name": "python3", "display_name": "Python 3", "language": "python"}
_NUMBER = re.compile(r"^\d+[_-]")
_LOADED = re.compile(r"""\b(load|figures)\(\s*["']([^"']+)["']""")
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
# How each kind of parameter is read from a command line, and what it is in words.
_KINDS: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "str": (str, "a word"),
    "int": (int, "a whole number"),
    "float": (float, "a number"),
    "bool": (lambda word: _TRUTH[word.lower()], "true or false"),
    "list": (ast.literal_eval, "a list such as [1, 2]"),
    "dict": (ast.literal_eval, "a mapping such as {'a': 1}"),
}


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
    except OSError as fault:
        raise ReportFailed(f"{source.name} cannot be read: {fault.strerror}.") from fault
    except Exception as fault:  # a file that is none breaks its reader in many ways
        raise ReportFailed(f"{source.name} is not a notebook: {(str(fault).splitlines() or [''])[0]}") from fault
    kernel, info = (notebook.metadata.get(name, {}) for name in ("kernelspec", "language_info"))
    language = kernel.get("language") or info.get("name") or kernel.get("name") or "python"
    if "python" not in language.lower() and "py" not in kernel.get("name", "").lower():
        raise ReportFailed(
            f"{source.name} is a notebook in {language}, and a report runs Python. Open it with a Python kernel, "
            "write its cells in Python, and save it."
        )
    return notebook


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
    beside = [str(path.with_suffix("")) for path in sorted(own.parent.glob("*.ipynb"))]
    listed = ", ".join(path.stem for path in notebooks) or "none"
    raise UnknownName(
        f"There is no notebook {name!r}, neither a file nor shipped.{_nearest(wanted, [*known, *beside])} "
        f"Shipped are: {listed}."
    )


def _nearest(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f" Did you mean {near[0]}?" if near else ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One line of the cell tagged `parameters`: `name: type = default  # meaning`."""

    name: str
    kind: str
    default: Any
    meaning: str

    def read(self, written: str) -> Any:
        """The value that was written on the command line, in this parameter's type.

        Raises
        ------
        ParameterError : it cannot be read as that type

        Examples
        --------
        >>> Parameter("replications", "int", 999, "bootstrap replications").read("199")
        199
        """
        reader, words = _KINDS.get(self.kind.split("[")[0], (ast.literal_eval, self.kind))
        try:
            value = reader(written)
            infinite = isinstance(value, float) and not math.isfinite(value)
            if infinite or (reader is ast.literal_eval and not isinstance(value, type(self.default))):
                raise ValueError(written)
            return value
        except (ValueError, SyntaxError, KeyError) as fault:
            raise ParameterError(
                f"The parameter {self.name} takes {words}, not {written!r}. "
                f"Its default is {self.default!r}" + (f" ({self.meaning})." if self.meaning else ".")
            ) from fault


def declared(notebook: "NotebookNode") -> dict[str, Parameter]:
    """The parameters that a notebook declares, in their order.

    Raises
    ------
    ParameterError : a line of the cell that cannot be read as `name: type = value  # meaning`
    """
    import papermill
    from nbformat.v4 import new_notebook

    cell = next((cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])), None)
    if cell is None:
        return {}
    try:
        body = ast.parse(cell.source).body
    except SyntaxError as fault:
        raise ParameterError(f"The parameters cell is not Python: {fault.msg} in its line {fault.lineno}.") from fault
    lines = papermill.inspect_notebook(new_notebook(cells=[cell], metadata={"kernelspec": PYTHON}))
    # A comment or an empty line is no parameter.
    found = {name: _parameter(line) for name, line in lines.items() if line["default"]}
    # Its reader passes over what it cannot read, and a parameter that nobody sees is a hidden assumption.
    targets = [line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)] for line in body]
    names = [target.id for each in targets for target in each if isinstance(target, ast.Name)]
    if hidden := [name for name in names if name not in found]:
        raise ParameterError(
            f"The parameter {hidden[0]} cannot be read: write it on one line, as name: type = value  # meaning, "
            "with a plain type (int, float, bool, str, list, dict) and no other equals sign."
        )
    return found


def written(pairs: Iterable[str]) -> dict[str, str]:
    """The `name=value` pairs of a command line.

    Raises
    ------
    ParameterError : no equals sign, or a name given twice

    Examples
    --------
    >>> written(["replications=199", "title=a=b"])
    {'replications': '199', 'title': 'a=b'}
    """
    given: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise ParameterError(f"A parameter is given as name=value, not {pair!r}.")
        if name in given:
            raise ParameterError(f"The parameter {name} was given twice.")
        given[name] = value
    return given


def share_out(
    given: Mapping[str, str], reports: Mapping[str, Mapping[str, Parameter]], all_must_know: bool
) -> dict[str, dict[str, Any]]:
    """What each report takes of the given parameters.

    Parameters
    ----------
    given : name to value as written
    reports : name of a report to the parameters that it declares
    all_must_know : the reports were named, so each must know each parameter; otherwise one that knows it is enough,
        and the others run with their defaults

    Raises
    ------
    ParameterError : an unknown name, with the nearest and the known ones; a value of another type
    """
    for name in given:
        knowing = [report for report, known in reports.items() if name in known]
        if not knowing:
            raise ParameterError(_unknown(name, sorted({known for each in reports.values() for known in each})))
        lacking = [report for report in reports if report not in knowing]
        if all_must_know and lacking:
            known = reports[lacking[0]]
            raise ParameterError(f"{lacking[0]}: " + _unknown(name, list(known)))
    return {
        report: {name: known[name].read(value) for name, value in given.items() if name in known}
        for report, known in reports.items()
    }


def effective(known: Mapping[str, Parameter], given: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Every parameter of a run: name, meaning, default, value, and whether that was changed.

    Raises
    ------
    ParameterError : a given name is not declared
    """
    if stray := [name for name in given if name not in known]:
        raise ParameterError(_unknown(stray[0], list(known)))
    return [
        {
            "name": each.name,
            "meaning": each.meaning,
            "default": each.default,
            "value": (value := given.get(each.name, each.default)),
            "changed": value != each.default,
        }
        for each in known.values()
    ]


def _unknown(name: str, known: Sequence[str]) -> str:
    if not known:
        return f"There is no parameter {name!r}: no parameters are declared."
    return f"There is no parameter {name!r}.{_nearest(name, known)} The parameters are: {', '.join(known)}."


def _parameter(line: Mapping[str, str]) -> Parameter:
    name, kind = line["name"], line["inferred_type_name"].replace(" ", "")
    try:
        default = ast.literal_eval(line["default"])
    except (ValueError, SyntaxError) as fault:
        raise ParameterError(
            f"The default of the parameter {name} is not a plain value: {line['default']}. "
            "Write a number, a word in quotes, True, False, or a list of these, without # in it."
        ) from fault
    if kind == "None":  # no type was written
        kind = type(default).__name__
    if kind == "float" and type(default) is int:
        default = float(default)
    return Parameter(name, kind, default, line["help"].strip())


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


def _data_set(name: str, folder: Path) -> DataSet:
    card = folder / name if name.endswith(".toml") else shipped("data") / f"{name}.toml"
    if not card.is_file():
        known = ", ".join(sorted(path.stem for path in shipped("data").glob("*.toml")))
        raise UnknownName(
            f"The notebook's metadata name the data set {name!r}, which is neither shipped nor a card beside the "
            f"notebook. Shipped are: {known}. A card of your own is named by its path, such as 'providers.toml'."
        )
    # A shipped table of figures has no cost; every other card is read as the notebook reads it, with all its checks.
    if name.startswith("figures/"):
        with card.with_suffix(".csv").open(encoding="utf-8", newline="") as lines:
            rows = sum(1 for row in csv.reader(lines) if row) - 1
    else:
        rows = len(read_card(card))
    entries = tomllib.loads(card.read_text(encoding="utf-8-sig"))
    data = card.parent / entries["file"]
    return DataSet(
        name=card.stem,
        title=entries.get("title", card.stem),
        source=entries.get("source", "not stated"),
        licence=entries.get("licence", "not stated"),
        money=entries.get("money", ""),
        cost_concept=entries.get("cost_concept", ""),
        rows=rows,
        data_file=data.name,
        data_sha256=sha256(data),
        card_file=card.name,
        card_sha256=sha256(card),
    )
