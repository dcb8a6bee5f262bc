"""Documentation that runs: every example, every public name, every link of the README."""

import doctest
import importlib
import importlib.util
import inspect
import io
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import econmodel as em

ROOT = Path(__file__).resolve().parents[2]
MODULES = ["econmodel", *sorted(found.name for found in pkgutil.walk_packages(em.__path__, "econmodel."))]
DOCTEST_OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


@pytest.mark.parametrize("name", MODULES)
def test_examples_give_what_they_show(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    said = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=DOCTEST_OPTIONS)
    for example in doctest.DocTestFinder().find(module, name):
        runner.run(example, out=said.write)
    assert not runner.summarize(verbose=False).failed, said.getvalue()


@pytest.mark.parametrize("name", em.__all__)
def test_every_public_name_has_an_example(name):
    value = getattr(em, name)
    if inspect.ismodule(value):
        public = {f"{name}.{inner}": getattr(value, inner) for inner in value.__all__}
    else:
        public = {name: value}
    for each, documented in public.items():
        assert "Examples\n--------" in (inspect.getdoc(documented) or ""), each


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"])
def test_every_local_link_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", (ROOT / page).read_text(encoding="utf-8"))
    for link in links:
        if "://" not in link:
            assert (ROOT / link).exists(), link


def test_the_readme_names_every_notebook_and_every_data_set():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in [*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("data/*.toml")]:
        assert path.stem in text, f"{path.name}: make reports, or python scripts/update_readme.py"


def test_the_readmes_tables_are_those_of_the_cards_and_findings():
    command = [sys.executable, ROOT / "scripts" / "update_readme.py", "--check"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_readme_is_compared_up_to_the_last_printed_digit():
    specification = importlib.util.spec_from_file_location("update_readme", ROOT / "scripts" / "update_readme.py")
    script = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(script)
    assert script.says_the_same("slope 0.9889 (p 0.012), 1,848 rows", "slope  0.9890 (p 0.013), 1,848 rows")
    assert not script.says_the_same("slope 0.9889", "slope 0.9891")
    assert not script.says_the_same("slope 0.9889", "slope −0.9889")
    assert not script.says_the_same("1,848 rows", "1,850 rows")
    assert not script.says_the_same("costs rise by 2", "costs fall by 2")


def test_the_changelog_speaks_of_this_version():
    assert f"## {em.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("[", "").replace(
        "]", ""
    )
