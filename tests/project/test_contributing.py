"""The worked examples of CONTRIBUTING.md run as they stand, each by itself in a folder of its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
KINDS = ("form", "measure", "arrangement", "chart", "estimator", "data set", "notebook")


def example(kind: str) -> str:
    section = TEXT.partition(f"## A new {kind}\n")[2].partition("\n## ")[0]
    (code,) = re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL)
    return code


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_runs(kind, tmp_path):
    """In a fresh interpreter, as a newcomer would: a warning is an error."""
    command = [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "-c", example(kind)]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "JUPYTER_PLATFORM_DIRS": "1"}
    found = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stdout + found.stderr


def test_every_file_that_it_names_is_there():
    for name in re.findall(r"`((?:econmodel|tests|scripts|benchmarks)/[\w./]+\.pyi?)`", TEXT):
        assert (ROOT / name).exists(), name
