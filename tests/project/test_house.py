"""The rules of the house that a reader relies on: layers, one idea a file, one place for a name."""

import ast
import io
import subprocess
import sys
import tokenize
import tomllib
from pathlib import Path

import pytest

# "About 400 lines of code" in the house rules: comments, docstrings and blank lines are not code.
LONGEST_FILE = 400
DRAWERS_FOR_ODDS_AND_ENDS = {"utils", "util", "helpers", "helper", "common", "misc", "tools"}


def module_name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def lines_of_code(text: str) -> int:
    docstrings = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.stmt) and is_docstring(node)
        for line in range(node.lineno, node.end_lineno + 1)
    }
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {line for token in tokens if token.type not in silent for line in range(token.start[0], token.end[0] + 1)}
    return len(code - docstrings)


def test_lines_of_code_are_counted_without_comments_and_docstrings():
    text = '"""Two\nlines."""\n\n# why\nx = """two\nlines"""\n\n\ndef f():\n    """What."""\n    return x  # code\n'
    assert lines_of_code(text) == 4


def test_every_room_imports_only_from_the_rooms_below(root):
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_layers_contract_looks_at_every_room(root):
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    (contract,) = settings["contracts"]
    assert contract["exhaustive"]
    assert "ignore_imports" not in contract


def test_no_file_is_a_drawer_for_odds_and_ends(own_files):
    found = [
        str(path) for path in own_files if {part.removesuffix(".py") for part in path.parts} & DRAWERS_FOR_ODDS_AND_ENDS
    ]
    assert not found


def test_every_file_is_one_idea(root, own_files):
    python = [path for path in own_files if path.suffix == ".py" and path.parts[0] != "tests"]
    lengths = {str(path): lines_of_code((root / path).read_text(encoding="utf-8")) for path in python}
    assert len(lengths) > 5
    assert not {path: length for path, length in lengths.items() if length > LONGEST_FILE}


def test_rooms_export_nothing(package_trees):
    rooms = {path: tree for path, tree in package_trees.items() if path.name == "__init__.py" and len(path.parts) == 3}
    # These are reached as `econmodel.ROOM.NAME`, so they answer for their names, lazily, as the package does.
    lazy = {"charts", "arrangements", "forms"}
    rooms = {path: tree for path, tree in rooms.items() if path.parts[1] not in lazy}
    assert rooms
    for path, tree in rooms.items():
        assert len(tree.body) == 1, f"{path} says what the room is for, and does nothing else"
        assert is_docstring(tree.body[0]), path


def imported_modules(tree: ast.Module) -> list[tuple[int, str]]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(node.lineno, f"{node.module}.{alias.name}") for alias in node.names]
    return found


def test_no_files_import_each_other_in_a_circle(package_trees):
    """Imports inside functions and for type checkers count: who reads one such file has to read them all."""
    modules = {module_name(path): tree for path, tree in package_trees.items()}
    imports = {name: imported_files(tree, modules) for name, tree in modules.items()}
    reached = {name: everything_reached(name, imports) for name in imports}
    circles = {frozenset(other for other in reached[name] if name in reached[other]) for name in imports}
    assert circles == {frozenset()}, circles


def test_a_circle_through_a_function_is_seen():
    modules = {"a": ast.parse("def f():\n    import b"), "b": ast.parse("from a import f"), "c": ast.parse("import a")}
    imports = {name: imported_files(tree, modules) for name, tree in modules.items()}
    assert everything_reached("a", imports) == {"a", "b"}
    assert everything_reached("c", imports) == {"a", "b"}


def imported_files(tree: ast.Module, modules: dict[str, ast.Module]) -> set[str]:
    """The modules that a file imports anywhere, whole or a name of theirs."""
    names = {name for _, name in imported_modules(tree)}
    return {name if name in modules else name.rpartition(".")[0] for name in names} & modules.keys()


def everything_reached(name: str, imports: dict[str, set[str]]) -> set[str]:
    """What a file imports, and what that imports; the file itself where they lead back to it."""
    found, waiting = set(), [name]
    while waiting:
        new = imports[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def test_no_inner_module_imports_the_package_itself(package_trees):
    modules = {module_name(path) for path in package_trees}
    for path, tree in package_trees.items():
        if module_name(path) == "econmodel":
            continue
        for line, name in imported_modules(tree):
            parent = name.rpartition(".")[0]
            from_the_face = name == "econmodel" or (parent == "econmodel" and name not in modules)
            assert not from_the_face, f"{path}:{line} imports {name}"


def test_nothing_imports_scipy_stats(package_trees):
    for path, tree in package_trees.items():
        for line, name in imported_modules(tree):
            assert not name.startswith("scipy.stats"), f"{path}:{line}: scipy.special has the same functions, sooner"


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX"])
def test_nothing_is_left_for_later(own_text, word):
    program = {
        path: text for path, text in own_text.items() if path.suffix in {".py", ".toml", ".yaml", ".yml", ".ipynb"}
    }
    found = [str(path) for path, text in program.items() if f"# {word}" in text]
    assert not found
