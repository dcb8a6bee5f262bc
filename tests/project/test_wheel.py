"""The built package, installed away from the repository, brings its data and notebooks and works."""

import os
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from email.message import Message
from pathlib import Path

import pytest
import yaml
from packaging.licenses import canonicalize_license_expression

from econmodel import __version__


def run(*command, cwd: Path, **environment: str) -> str:
    found = subprocess.run(command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout


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
    program = "import sys, econmodel as em; print(*(name for name in sys.argv[1:] if len(em.tables.figures(name))))"
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


WORDS_ROW = re.compile(
    r"^\| (?P<words>[^|]+?) \| `(?P<identifier>[^`]+)` \| (?P<texts>`LICENSE[^|]*) \|$", re.MULTILINE
)
OPEN_PARLIAMENT = "Open Parliament Licence"
CROWN = "Contains public sector information licensed under the Open Government Licence v3.0"


@pytest.fixture(scope="module")
def terms(root) -> dict[str, tuple[str, list[str]]]:
    """Identifier and files of text of every licence, by the words that cards use for it."""
    rows = WORDS_ROW.finditer((root / "data" / "LICENCES.md").read_text(encoding="utf-8"))
    return {row["words"]: (row["identifier"], re.findall(r"`([^`]+)`", row["texts"])) for row in rows}


@pytest.fixture(scope="module")
def metadata(wheel) -> tuple[Message, dict[str, bytes]]:
    """What the wheel says of itself, and the files of licences that it holds."""
    with zipfile.ZipFile(wheel) as archive:
        texts = {name.split("/licenses/")[1]: archive.read(name) for name in archive.namelist() if "/licenses/" in name}
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_bytes(archive.read(name)), texts


def test_it_is_called_and_dated_alike_everywhere(metadata, root):
    message, citation = metadata[0], yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert (message["Name"], message["Version"]) == ("econmodel-services", __version__)
    assert citation["version"] == __version__
    assert [each["name"] for each in citation["authors"]] == [message["Author"]] == ["The econmodel authors"]
    assert citation["license"] in message["License-Expression"].split(" AND ")
    changelog = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"\n## {__version__} - {citation['date-released']}\n" in changelog
    assert set(citation["keywords"]) <= set(message["Keywords"].split(","))
    assert message.get_all("Project-URL") is None, "there is no address yet"


def test_its_licence_expression_joins_every_licence_of_code_and_tables(metadata, terms):
    said = metadata[0]["License-Expression"]
    assert canonicalize_license_expression(said) == said
    wanted = {identifier for identifier, _ in terms.values()}
    assert {part.strip("()") for part in said.split(" AND ")} == wanted


def test_it_holds_the_text_of_every_licence(metadata, terms, root):
    message, texts = metadata
    assert set(message.get_all("License-File")) == set(texts)
    named = {file for _, files in terms.values() for file in files}
    assert named | {"data/LICENCES.md"} == set(texts)
    for file, text in texts.items():
        assert text == (root / file).read_bytes(), file
        assert len(text.split()) > 150, file  # the shortest, MIT, has 160 words


def test_every_licence_that_a_card_or_a_row_names_has_its_text(root, terms):
    page = (root / "data" / "LICENCES.md").read_text(encoding="utf-8")
    named = {card.stem: card.read_text(encoding="utf-8") for card in root.glob("data/*.toml")}
    named = {card: tomllib.loads(text)["licence"].partition(" (")[0] for card, text in named.items()}
    for table in (path.relative_to(root / "data").as_posix() for path in root.glob("data/**/*.csv")):
        (row,) = (line for line in page.splitlines() if line.startswith(f"| `{table}` |"))
        for term in row.strip("| ").split(" | ")[-1].split("; "):  # "AER: GPL-2 or GPL-3", "MIT, © 2023 Sheng Dai"
            named[f"{table}: {term}"] = re.sub(r"^\w+: |,.*", "", term)
    without = {who: words for who, words in named.items() if words not in terms}
    # Figures that nobody licenses, and a licence that asks for a sentence and not for its text.
    assert {words for words in without.values() if not words.startswith("single figures")} == {OPEN_PARLIAMENT}
    for sentence in (f"Contains Parliamentary information licensed under the {OPEN_PARLIAMENT} v3.0", CROWN):
        assert sentence in " ".join(page.split())


def test_the_sdist_holds_the_texts_too(root, tmp_path, metadata):
    run(sys.executable, "-m", "hatchling", "build", "--target", "sdist", "--directory", str(tmp_path), cwd=root)
    (built,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert set(metadata[1]) <= names
