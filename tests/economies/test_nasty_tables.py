"""A fixed sample of random awkward tables through every measure; `scripts/nasty_calls.py` runs as many as one likes."""

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

import econmodel as em

SEEDS = (4000, 4003, 4004, 4005, 4006, 4007, 4008, 4014, 4020, 4022)


@pytest.fixture(scope="module")
def nasty():
    path = Path(__file__).parents[2] / "scripts" / "nasty_calls.py"
    found = importlib.util.spec_from_file_location("nasty_calls", path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize("seed", SEEDS)
def test_every_measure_answers_or_refuses_in_words(nasty, seed):
    ends = list(nasty.one_seed(seed))
    assert len(ends) > 1
    assert [(name, end) for name, end in ends if end not in ("answer", "words")] == []


def test_what_is_foreign_is_seen(nasty):
    def warns():
        import warnings

        warnings.warn("divide by zero", RuntimeWarning, stacklevel=1)

    missing = pd.DataFrame({"term": ["scale"], "estimate": [None], "identified_low": None, "conf_low": 0.0})
    missing = missing.astype({"estimate": float, "identified_low": float}).assign(conf_high=1.0, std_error=1.0)
    assert nasty.judged(lambda: 1 / 0)[0].startswith("ZeroDivisionError")
    assert nasty.judged(warns)[0] == "warning: divide by zero"
    assert nasty.judged(lambda: em.results.Effects("A", missing, "All is well."))[0].startswith("silent NaN in")
    said = em.results.Answer("A", pd.DataFrame({"x": [1]}), "It costs 3.17e+60 % more.")
    assert nasty.judged(lambda: said)[0].startswith("absurd")
