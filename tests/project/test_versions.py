"""The script that tries oldest and newest libraries judges rightly; the workflow runs it, and is given nothing."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

# Stands for uv: an environment whose two programs print what SAID holds, and no Python 3.99.
UV = """#!/bin/sh
case "$1 $2" in
  "build "*) touch "$5/econmodel-0-py3-none-any.whl" ;;
  "python find") [ "$4" != 3.99 ] ;;
  "venv "*)
    for last; do :; done
    mkdir -p "$last/bin"
    for program in python econmodel; do printf '#!/bin/sh\\necho "$SAID"\\nexit $ENDS\\n' > "$last/bin/$program"; done
    chmod +x "$last"/bin/* ;;
esac
"""


def tried(root: Path, folder: Path, *options: str, said: str = "fine", ends: int = 0) -> tuple[int, str]:
    command = [sys.executable, root / "scripts" / "try_versions.py", *options]
    environment = {**os.environ, "PATH": f"{folder}:/usr/bin:/bin", "SAID": said, "ENDS": str(ends)}
    found = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    return found.returncode, found.stdout + found.stderr


@pytest.fixture
def uv(tmp_path) -> Path:
    program = tmp_path / "uv"
    program.write_text(UV, encoding="utf-8")
    program.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize(
    ("options", "told", "code", "verdict"),
    [
        (["--python", "3.11"], {}, 0, "3.11 +lowest +good"),
        (["--python", "3.11"], {"ends": 3}, 1, "3.11 +lowest +work failed"),
        (["--python", "3.11"], {"said": "Debugger warning: frozen"}, 1, "3.11 +lowest +work failed"),
        (["--python", "3.11", "3.99"], {}, 1, "3.99 +lowest +not here"),
        ([], {}, 0, "3.14 +lowest +good"),
    ],
)
def test_each_python_has_a_verdict(root, uv, options, told, code, verdict):
    ended, said = tried(root, uv, "lowest", *options, **told)
    assert ended == code, said
    assert re.search(verdict, said), said


def test_without_uv_it_says_so(root, tmp_path):
    ended, said = tried(root, tmp_path, "newest")
    assert ended == 1
    assert "There is no uv here." in said


@pytest.fixture(scope="module")
def workflow(root) -> str:
    return (root / ".github" / "workflows" / "checks.yml").read_text(encoding="utf-8")


def test_the_workflow_may_only_read_and_knows_no_secret(workflow):
    read = yaml.safe_load(workflow)
    assert read["permissions"] == {"contents": "read"}
    assert not [job for job in read["jobs"].values() if "permissions" in job]
    assert "secrets" not in workflow
    assert "pull_request_target" not in workflow


def test_its_actions_are_pinned_and_it_runs_what_is_there(workflow, root):
    read = yaml.safe_load(workflow)
    steps = [step for job in read["jobs"].values() for step in job["steps"]]
    assert all(re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]) for step in steps if "uses" in step)
    targets = set(re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"test", "reports"} <= set(read["jobs"]["commands"]["strategy"]["matrix"]["command"]) <= targets
    assert "python scripts/try_versions.py ${{ matrix.versions }}" in workflow


def test_it_tries_every_python_that_the_package_speaks_of(workflow, root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    jobs = yaml.safe_load(workflow)["jobs"]
    spoken_of = [name.rpartition(" ")[2] for name in project["classifiers"] if re.search(r":: 3\.\d+$", name)]
    for job in ("commands", "versions"):
        assert jobs[job]["strategy"]["matrix"]["python"] == spoken_of
    assert project["requires-python"] == f">={spoken_of[0]}"
    assert jobs["versions"]["strategy"]["matrix"]["versions"] == ["lowest", "newest"]
