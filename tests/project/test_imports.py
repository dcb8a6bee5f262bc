"""`import econmodel` costs nothing, and gives every public name when it is asked for."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import econmodel as em

ROOMS = ("arrangements", "charts", "estimators", "forms", "outputs", "relationships", "tables", "worlds")
STUBS = {"": "__init__.pyi", "arrangements": "arrangements/__init__.pyi", "forms": "forms/__init__.pyi"}
PACKAGE = Path(em.__file__).parent


def names_of(stub: str) -> dict[str, str]:
    """Public name -> the module that holds it, from a stub."""
    told = {}
    for node in ast.parse((PACKAGE / stub).read_text(encoding="utf-8")).body:
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            assert alias.asname == alias.name, "a type checker takes `x as x` for public"
            told[alias.name] = node.module or alias.name
    return told


PUBLIC = names_of(STUBS[""])


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
    assert loaded_by("import econmodel") == {"econmodel", "lazy_loader"}


def test_rooms_load_numpy_and_pandas_and_nothing_else():
    every_module = (
        "import importlib, pkgutil, econmodel\n"
        "for module in pkgutil.walk_packages(econmodel.__path__, 'econmodel.'):\n"
        "    importlib.import_module(module.name)"
    )
    assert loaded_by(every_module) - loaded_by("import numpy, pandas") == {"econmodel", "lazy_loader"}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_found(name):
    value = getattr(em, name)
    if PUBLIC[name] == name:
        assert value is importlib.import_module(module_of(name))
    else:
        assert value.__module__ == module_of(name), "the table names the module that defines it"
        assert value.__name__ == name


def test_all_and_dir_are_the_public_names():
    assert set(em.__all__) == set(PUBLIC)
    assert set(PUBLIC) | {"__version__"} <= set(dir(em))


def test_the_top_is_short_and_the_rest_is_one_dot_deeper():
    assert len(set(em.__all__) - set(ROOMS)) <= 36
    assert set(ROOMS) < set(em.__all__)


def test_every_name_is_callable_after_every_module_was_imported():
    """An imported file takes the place of a name of its package, unless it is called otherwise."""
    program = (
        "import importlib, pkgutil, econmodel as em\n"
        "for module in pkgutil.walk_packages(em.__path__, 'econmodel.'):\n"
        "    importlib.import_module(module.name)\n"
        f"rooms = {ROOMS}\n"
        "names = [name for name in em.__all__ if name not in rooms]\n"
        "bad = [name for name in names if not callable(getattr(em, name))]\n"
        "of_rooms = [(room, name) for room in rooms for name in getattr(em, room).__all__]\n"
        "bad += [one for one in of_rooms if not callable(getattr(getattr(em, one[0]), one[1]))]\n"
        "print(bad)"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("room", ROOMS)
def test_names_of_a_room_are_their_own(room):
    for name in getattr(em, room).__all__:
        assert getattr(getattr(em, room), name).__name__ == name


@pytest.mark.parametrize(
    ("old", "new"), [("state", "worlds.state"), ("merger", "arrangements.merger"), ("System", "estimators.System")]
)
def test_a_name_that_is_one_dot_deeper_is_told(old, new):
    with pytest.raises(AttributeError, match=rf"econmodel has no '{old}'. Did you mean {new}"):
        getattr(em, old)


def test_a_misspelt_name_is_told_the_nearest():
    with pytest.raises(AttributeError, match=r"econmodel has no 'seperate'\. Did you mean separate"):
        _ = em.seperate


def test_a_name_like_no_other_is_told_all_there_are():
    with pytest.raises(AttributeError, match=r"econmodel has no 'zzzz'\. It has: CostData, Outcome"):
        _ = em.zzzz
