"""The parameters of a notebook: what it declares, what was given, and what a run then takes.

The runner underneath accepts a misspelt name and carries on with the default. Here a name must be declared, and a
value must have its type, before anything runs.
"""

import ast
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from econmodel.errors import ParameterError

if TYPE_CHECKING:
    from nbformat import NotebookNode

_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "list": "a list such as [1, 2]",
    "dict": "a mapping such as {'a': 1}",
}


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
        outer = self.kind.split("[")[0]
        try:
            if outer == "str":
                return written
            if outer == "bool":
                return _TRUTH[written.lower()]
            if outer == "int":
                return int(written)
            if outer == "float":
                value: Any = float(written)
                if not math.isfinite(value):
                    raise ValueError(written)
                return value
            value = ast.literal_eval(written)
            if not isinstance(value, type(self.default)):
                raise ValueError(written)
            return value
        except (ValueError, SyntaxError, KeyError) as fault:
            raise ParameterError(
                f"The parameter {self.name} takes {_WORDS.get(outer, self.kind)}, not {written!r}. "
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
    names = _assigned(cell.source)
    # Whatever kernel a notebook was last saved with, it runs here as Python.
    python = {"kernelspec": {"name": "python3", "display_name": "Python", "language": "python"}}
    found = {
        name: _parameter(line)
        for name, line in papermill.inspect_notebook(new_notebook(cells=[cell], metadata=python)).items()
        if line["default"]  # a comment or an empty line is no parameter
    }
    # Its reader passes over what it cannot read, and a parameter that nobody sees is a hidden assumption.
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
    near = get_close_matches(name, known, n=1)
    meant = f" Did you mean {near[0]}?" if near else ""
    return f"There is no parameter {name!r}.{meant} The parameters are: {', '.join(known)}."


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


def _assigned(source: str) -> list[str]:
    try:
        body = ast.parse(source).body
    except SyntaxError as fault:
        raise ParameterError(f"The parameters cell is not Python: {fault.msg} in its line {fault.lineno}.") from fault
    names: list[str] = []
    for line in body:
        targets = line.targets if isinstance(line, ast.Assign) else [getattr(line, "target", None)]
        names += [target.id for target in targets if isinstance(target, ast.Name)]
    return names
