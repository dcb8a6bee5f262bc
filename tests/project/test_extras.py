"""A regression and its measures run with the core libraries alone; whatever needs more says which extra brings it."""

import ast
import subprocess
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from econmodel import errors

NAME = "econmodel-services"
# Every measure prints the sentence that it makes; what is drawn or printed by other libraries comes last.
WORK = """
import econmodel as em
schools, power, universities = em.load("california_schools"), em.load("electricity_1970"), em.load("uk_universities")
fit, several = em.fit(schools, "translog"), em.fit(universities, "composite", second_order="outputs")
results = {
    "scale": em.scale(fit),
    "scope": em.scope(several),
    "separate": em.separate(fit, replications=19),
    "test": em.test(fit, "constant returns"),
    "system": em.scale(em.fit(power, estimator="system")),
    "frontier": em.scale(em.fit(power, estimator="frontier")),
}
for name, result in results.items():
    assert result.text and result._repr_html_() and len(result.table), name
    print(name, result.text.splitlines()[0])
assert "translog" in str(fit.summary()).lower()
print(em.finding("scale", "Costs rise.", elasticity=0.98))
try:
    em.charts.separation
except ImportError as fault:
    print(type(fault).__name__, fault)
"""


@pytest.fixture(scope="module")
def project(root) -> dict:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def needed(requirements: list[str]) -> set[str]:
    """The distributions that the requirements bring, and those that these bring."""
    names: set[str] = set()
    open_ = [Requirement(each) for each in requirements]
    while open_:
        each = open_.pop()
        if (each.marker is None or each.marker.evaluate({"extra": ""})) and canonicalize_name(each.name) not in names:
            names.add(canonicalize_name(each.name))
            open_ += map(Requirement, distribution(each.name).requires or [])
    return names


@pytest.fixture(scope="module")
def bare(project, wheel, tmp_path_factory) -> Path:
    """The programs of an environment with the package and its core libraries, made of those that are here."""
    folder = tmp_path_factory.mktemp("bare")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    places = {"base": str(folder), "platbase": str(folder)}
    packages, programs = (Path(sysconfig.get_path(kind, "venv", places)) for kind in ("purelib", "scripts"))
    for name in needed(project["dependencies"]):
        tops = {file.parts[0] for file in distribution(name).files or []} - {"..", "__pycache__"}
        for top in tops:
            if not (packages / top).exists():
                (packages / top).symlink_to(Path(distribution(name).locate_file(top)))
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        programs / "python",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
    ]
    subprocess.run([*pip, "--disable-pip-version-check", wheel], check=True)
    return programs


def typed(*command: str | Path, within: Path) -> subprocess.CompletedProcess[str]:
    """What a command does in an environment that inherits nothing of this one."""
    environment = {"PATH": "/usr/bin:/bin", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(command, cwd=within, env=environment, capture_output=True, text=True)


@pytest.fixture(scope="module")
def lines(bare, tmp_path_factory) -> list[str]:
    """What the work prints with the core libraries alone."""
    ended = typed(bare / "python", "-W", "error", "-c", WORK, within=tmp_path_factory.mktemp("work"))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def test_a_bare_environment_holds_no_library_of_an_extra(bare, tmp_path):
    names = sorted({module for modules in errors.EXTRAS.values() for module in modules})
    program = f"import importlib.util as u; print([name for name in {names} if u.find_spec(name)])"
    assert typed(bare / "python", "-c", program, within=tmp_path).stdout == "[]\n"


@pytest.mark.parametrize("name", ["scale", "scope", "separate", "test", "system", "frontier"])
def test_the_core_libraries_are_enough_for(lines, name):
    assert [line for line in lines if line.startswith(f"{name} ")]


def test_a_finding_needs_no_notebook(lines):
    assert "Costs rise." in lines


def test_a_chart_without_its_libraries_says_which_extra_brings_them(lines):
    assert lines[-1] == (
        "MissingExtra This needs the extra charts, of which altair, vl_convert are not installed. Install it: "
        f"python -m pip install '{NAME}[charts]'"
    )


@pytest.mark.parametrize("words", [(), ("--help",), ("data",), ("report",), ("new", "mine")])
def test_the_command_without_its_libraries_says_which_extra_brings_them(bare, tmp_path, words):
    ended = typed(bare / "econmodel", *words, within=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("This needs the extra reports, of which altair, ")
    assert ended.stderr.endswith(f" are not installed. Install it: python -m pip install '{NAME}[reports]'\n")
    assert not list(tmp_path.iterdir())


def test_one_absent_library_is_enough_to_be_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    with pytest.raises(errors.MissingExtra, match="the extra charts, of which vl_convert is not installed"):
        errors.needs("charts")


def brought(project: dict, extra: str) -> Iterator[str]:
    """The distributions that an extra names, through the extras that it names."""
    for requirement in map(Requirement, project["optional-dependencies"][extra]):
        if requirement.name == NAME:
            for each in sorted(requirement.extras):
                yield from brought(project, each)
        else:
            yield requirement.name


@pytest.fixture(scope="module")
def homes() -> dict[str, set[str]]:
    """Module at the top of a library to the distributions that bring it."""
    return {module: set(map(canonicalize_name, names)) for module, names in packages_distributions().items()}


def test_the_modules_of_each_extra_are_those_that_it_brings(project, homes):
    assert set(errors.EXTRAS) == set(project["optional-dependencies"]) - {"all"}
    for extra, modules in errors.EXTRAS.items():
        wanted = sorted(brought(project, extra))
        assert sorted(name for module in modules for name in homes[module]) == wanted, extra


def test_all_is_every_extra(project):
    (everything,) = map(Requirement, project["optional-dependencies"]["all"])
    assert (everything.name, everything.extras) == (NAME, set(errors.EXTRAS))


# Room or file to the extra whose libraries it may import, beside those of the core.
ALLOWED = {"charts": "charts", "report": "reports", "cli.py": "reports", "progress.py": "reports"}


def test_each_room_imports_the_libraries_of_the_core_and_of_its_extra(project, package_trees, homes):
    core = {canonicalize_name(Requirement(each).name) for each in project["dependencies"]}
    for path, tree in package_trees.items():
        extra = ALLOWED.get(path.parts[1])
        known = core | (needed(list(brought(project, extra))) if extra else set())
        for node in ast.walk(tree):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for module in {module.partition(".")[0] for module in modules} - {"econmodel"} - sys.stdlib_module_names:
                assert homes[module] & known, f"{path}:{node.lineno} imports {module}"


@pytest.mark.parametrize(
    ("absent", "words"), [(1, "altair is not installed"), (2, "altair, vl_convert are not installed")]
)
def test_one_library_is_absent_and_several_are(monkeypatch, absent, words):
    missing = errors.EXTRAS["charts"][:absent]
    monkeypatch.setattr(errors, "find_spec", lambda name: None if name in missing else name)
    with pytest.raises(errors.MissingExtra, match=f"This needs the extra charts, of which {words}"):
        errors.needs("charts")
