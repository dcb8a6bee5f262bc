"""The built package, installed away from the repository, brings its data and notebooks and works."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest


def run(*command, cwd: Path, **environment: str) -> str:
    found = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


@pytest.fixture(scope="module")
def wheel(root, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder), cwd=root)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def inside(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """A folder with the package alone; libraries come from the environment."""
    folder = tmp_path_factory.mktemp("installed")
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-index", "--target", str(folder)]
    run(sys.executable, "-m", "pip", "install", *options, str(wheel), cwd=folder)
    return folder


def test_it_holds_the_projects_own_files_and_no_other(inside, own_files):
    def place(path: Path) -> str:
        return path.as_posix() if path.parts[0] == "econmodel" else f"econmodel/_shipped/{path.as_posix()}"

    wanted = {place(path) for path in own_files if path.parts[0] in {"econmodel", "data", "notebooks"}}
    assert inside == wanted


def test_the_installed_package_is_the_one_that_runs(installed, tmp_path):
    program = "import econmodel; print(econmodel.__file__)"
    found = run(sys.executable, "-c", program, cwd=tmp_path, PYTHONPATH=str(installed))
    assert Path(found.strip()).is_relative_to(installed)


def test_it_loads_every_data_set_that_it_ships(installed, tmp_path, root):
    cards = sorted(card.stem for card in root.glob("data/*.toml"))
    assert cards
    program = "import sys, econmodel as em; print([len(em.load(name)) > 0 for name in sys.argv[1:]], em.__file__)"
    found = run(sys.executable, "-c", program, *cards, cwd=tmp_path, PYTHONPATH=str(installed))
    assert found.startswith(str([True] * len(cards)))
    assert str(installed) in found


def test_it_brings_every_table_of_figures(installed, tmp_path, root):
    tables = sorted(path.stem for path in root.glob("data/figures/*.csv"))
    assert tables
    program = "import sys, econmodel as em; print(*(name for name in sys.argv[1:] if len(em.figures(name))))"
    found = run(sys.executable, "-c", program, *tables, cwd=tmp_path, PYTHONPATH=str(installed))
    assert found.split() == tables


def test_its_command_lists_the_data(installed, tmp_path, root):
    found = run(installed / "bin" / "econmodel", "data", cwd=tmp_path, PYTHONPATH=str(installed), COLUMNS="300")
    for card in root.glob("data/*.toml"):
        assert card.stem in found


def test_its_command_makes_a_report_from_what_it_brings(installed, tmp_path):
    command = [installed / "bin" / "econmodel", "report", "05_electricity_and_airlines", "--no-pdf", "--to", "made"]
    run(*command, cwd=tmp_path, PYTHONPATH=str(installed))
    page = (tmp_path / "made" / "05_electricity_and_airlines.html").read_text(encoding="utf-8")
    assert "<h1" in page
    assert (tmp_path / "made" / "05_electricity_and_airlines.findings.json").is_file()
