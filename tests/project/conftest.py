"""What the tests of the project itself look at: the checkout, its tracked files, its modules."""

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def git_files(root: Path) -> Callable[..., list[Path]]:
    """Files as git lists them, relative to the checkout. Who owns the checkout does not matter for reading it."""

    def listed(*options: str) -> list[Path]:
        command = ["git", "-c", f"safe.directory={root}", "ls-files", "-z", *options]
        found = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
        return [path for name in found.stdout.split("\0") if name and (root / (path := Path(name))).is_file()]

    return listed


@pytest.fixture(scope="session")
def own_files(git_files: Callable[..., list[Path]]) -> list[Path]:
    """Every file of the project: tracked, or new and not ignored."""
    return git_files("--cached", "--others", "--exclude-standard")


@pytest.fixture(scope="session")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built package."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def own_text(root: Path, own_files: list[Path]) -> dict[Path, str]:
    """Every text file of the project and what it says."""
    found = {}
    for path in own_files:
        content = (root / path).read_bytes()
        if b"\0" not in content:
            found[path] = content.decode("utf-8")
    return found


@pytest.fixture(scope="session")
def package_trees(root: Path) -> dict[Path, ast.Module]:
    """The syntax tree of every module of the package."""
    paths = sorted((root / "econmodel").rglob("*.py"))
    return {path.relative_to(root): ast.parse(path.read_text(encoding="utf-8")) for path in paths}
