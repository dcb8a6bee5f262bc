"""The lock file holds every library with its checksums, and nothing of the machine it was made on."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@pytest.fixture(scope="module")
def lock(root: Path) -> str:
    return (root / "requirements.lock").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def entries(lock: str) -> list[str]:
    """One string a locked library: the requirement and its hashes, comments left out."""
    text = "\n".join(line for line in lock.splitlines() if not line.strip().startswith("#"))
    return [entry for entry in re.split(r"\n(?=\S)", text.strip()) if entry]


def requirement_of(entry: str) -> Requirement:
    return Requirement(entry.partition("--hash")[0].replace("\\", " ").strip())


def test_every_library_is_pinned_and_hashed(entries):
    assert entries
    for entry in entries:
        (pin,) = requirement_of(entry).specifier
        assert pin.operator == "=="
        hashes = [line.strip() for line in entry.splitlines()[1:]]
        assert hashes, entry
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}( \\)?", line) for line in hashes), entry


def test_every_dependency_is_locked_at_a_version_it_allows(root, entries):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    wanted += project["build-system"]["requires"]
    wanted += [each for extra in project["project"]["optional-dependencies"].values() for each in extra]
    locked: dict[str, list[Requirement]] = {}
    for requirement in map(requirement_of, entries):
        locked.setdefault(canonicalize_name(requirement.name), []).append(requirement)
    for requirement in map(Requirement, wanted):
        if requirement.name == project["project"]["name"]:  # an extra that holds another
            continue
        found = locked.get(canonicalize_name(requirement.name), [])
        assert found, f"{requirement.name} is not in requirements.lock: make lock"
        for pinned in found:
            (pin,) = pinned.specifier
            assert requirement.specifier.contains(pin.version), f"{pinned} does not fit {requirement}: make lock"


def test_the_lock_names_no_address(lock):
    assert "://" not in lock
    assert not [line for line in lock.splitlines() if line.startswith("-")]


def test_no_file_names_a_package_index(own_text):
    # Which index a library comes from is for the machine to say, not for the project.
    words = (
        "--index" + "-url",
        "--extra-index" + "-url",
        "--find" + "-links",
        "python" + "hosted.org",
        "//py" + "pi.org",
    )
    found = [f"{path}: {word}" for path, text in own_text.items() for word in words if word in text]
    assert not found
