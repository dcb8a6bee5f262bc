"""`import econmodel` costs nothing, and gives every public name when it is asked for."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import econmodel as em

PUBLIC = dict(em._ROOMS)


def module_of(name: str) -> str:
    return f"econmodel.{PUBLIC[name]}"


def loaded_by(statements: str) -> set[str]:
    """Top-level names of the modules that the statements load in a fresh interpreter, the standard library left out."""
    program = (
        f"import json, sys\nbefore = set(sys.modules)\n{statements}\nprint(json.dumps([*set(sys.modules) - before]))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    names = {name.partition(".")[0] for name in json.loads(found.stdout.splitlines()[-1])}
    return {name for name in names if name not in sys.stdlib_module_names and not name.startswith("_")}


def test_the_package_loads_only_itself():
    assert loaded_by("import econmodel") == {"econmodel"}


def test_rooms_load_numpy_and_pandas_and_nothing_else():
    every_module = (
        "import importlib, pkgutil, econmodel\n"
        "for module in pkgutil.walk_packages(econmodel.__path__, 'econmodel.'):\n"
        "    importlib.import_module(module.name)"
    )
    assert loaded_by(every_module) - loaded_by("import numpy, pandas") == {"econmodel"}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_found(name):
    value = getattr(em, name)
    if PUBLIC[name] == name:
        assert value is importlib.import_module(module_of(name))
    else:
        assert value.__module__ == module_of(name), "the table names the module that defines it"
        assert value.__name__ == name


def test_names_for_the_type_checker_are_the_public_names(root: Path):
    tree = ast.parse((root / "econmodel" / "__init__.py").read_text(encoding="utf-8"))
    (branch,) = [node for node in tree.body if isinstance(node, ast.If)]
    told = {}
    for statement in branch.body:
        assert isinstance(statement, ast.ImportFrom)
        for alias in statement.names:
            assert alias.asname == alias.name, "a type checker takes `x as x` for public"
            told[alias.name] = (
                alias.name if statement.module == "econmodel" else statement.module.removeprefix("econmodel.")
            )
    assert told == PUBLIC


def test_all_and_dir_are_the_public_names():
    assert set(em.__all__) == set(PUBLIC)
    assert set(PUBLIC) | {"__version__"} <= set(dir(em))


def test_no_module_at_the_root_has_the_name_of_a_public_function(root: Path):
    at_the_root = {path.stem for path in (root / "econmodel").iterdir()}
    functions = {name for name, module in PUBLIC.items() if module != name}
    assert not at_the_root & functions, "importing the module would put it in the function's place"


def test_a_misspelt_name_is_told_the_nearest():
    with pytest.raises(AttributeError, match=r"econmodel has no 'seperate'\. Did you mean separate"):
        _ = em.seperate


def test_a_name_like_no_other_is_told_all_there_are():
    with pytest.raises(AttributeError, match=r"econmodel has no 'zzzz'\. It has: read, load"):
        _ = em.zzzz
