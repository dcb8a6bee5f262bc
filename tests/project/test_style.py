"""Form and types, checked by the tools and settings of pyproject.toml."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    "check", ["ruff format --check --quiet .", "ruff check --quiet .", "mypy"], ids=lambda check: check
)
def test_style(root, check):
    found = subprocess.run([sys.executable, "-m", *check.split()], cwd=root, capture_output=True, text=True)
    assert found.returncode == 0, found.stdout + found.stderr
