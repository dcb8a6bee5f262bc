"""A fixed sample of `scripts/fuzz_study.py`, and that the study sees what it looks for."""

import importlib.util
import inspect
import sys
import warnings

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.economies.core.places import no_cost
from econmodel.errors import NotIdentified, NotSupported
from econmodel.results import Effects
from econmodel.stated import random_numbers, require_counts, require_in_logs

TABLES = range(9_000, 9_050)
FEWEST_CALLS, FEWEST_FITS = 150, 20


@pytest.fixture(scope="module")
def fuzz(pytestconfig):
    scripts = pytestconfig.rootpath / "scripts"
    sys.path.insert(0, str(scripts))
    try:
        found = importlib.util.spec_from_file_location("fuzz_study", scripts / "fuzz_study.py")
        module = importlib.util.module_from_spec(found)
        sys.modules["fuzz_study"] = module
        found.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(str(scripts))
        for name in ("fuzz_study", "fuzz_calls", "fuzz_tables"):
            sys.modules.pop(name, None)


def test_every_public_name_answers_or_refuses_in_words(fuzz):
    endings = [ending for seed in TABLES for ending in fuzz.study(seed)]
    assert len(endings) >= FEWEST_CALLS
    assert sum(one.call == "fit" and one.ending == "ok" for one in endings) >= FEWEST_FITS
    assert [one for one in endings if one.ending not in fuzz.GOOD] == []


def test_every_public_name_is_called(fuzz):
    text = (fuzz.RESULTS.parent.parent / "scripts" / "fuzz_calls.py").read_text(encoding="utf-8")
    no_calls = {"read", "load", "catalogue", "finding", "qa", "fact", "fit", "Table", "CostData", "format_number"}
    no_calls |= {"Output", "Price", "Relationship", "Outcome"}
    rooms = {name for name in em.__all__ if inspect.ismodule(getattr(em, name))}
    names = set(em.__all__) - rooms - no_calls
    rest = {"forms", "estimators", "charts"}
    names |= {f"{room}.{name}" for room in rooms - rest for name in getattr(em, room).__all__} - {"tables.figures"}
    left = [name for name in names if f'"{name}' not in text and f"em.{name}" not in text]
    assert left in ([], ["arrangements.Reserved"])


def answer(**row):
    whole = {"term": "scale", "at": "mean", "estimate": 1.0, "std_error": 0.1, "conf_low": 0.8, "conf_high": 1.2}
    return pd.DataFrame([whole, whole | row])


@pytest.mark.parametrize(
    ("result", "ending"),
    [
        (Effects("A", answer(), "All is well."), "ok"),
        (Effects("A", answer(estimate=np.nan), "All is well."), "silent NaN"),
        (Effects("A", answer(conf_high=np.inf), "All is well."), "silent NaN"),
        (Effects("A", answer(estimate=np.nan), "Scale has no number there."), "ok"),
        (Effects("A", answer(estimate=np.nan, identified_low=0.1), "All is well."), "ok"),
        (Effects("A", answer(), "It costs nan % more."), "silent NaN"),
        (Effects("A", answer(), "It costs 3.17e+60 % more."), "silent NaN"),
        (Effects("A", answer(), "It costs 69,939,627,994,000,000,000 more."), "silent NaN"),
    ],
)
def test_what_is_silent_is_seen(fuzz, result, ending):
    assert fuzz.run(0, "call", lambda: result)[0].ending == ending


def test_what_is_foreign_slow_or_a_warning_is_seen(fuzz, monkeypatch):
    def refuses():
        raise NotSupported("Not that way.")

    def spins():
        while True:
            pass

    assert fuzz.run(0, "call", lambda: 1 / 0)[0].kind == "ZeroDivisionError"
    assert fuzz.run(0, "call", refuses)[0].ending == "words"
    assert fuzz.run(0, "call", lambda: warnings.warn("divide by zero", RuntimeWarning, 1))[0].ending == "warning"
    monkeypatch.setattr(fuzz, "SECONDS", 0.05)
    assert fuzz.run(0, "call", spins)[0].ending == "slow"


@pytest.mark.parametrize("seed", [-1, 1.5, None, "1", True])
def test_a_seed_is_a_whole_number(seed):
    with pytest.raises(NotSupported, match="random numbers need a whole number from 0 on"):
        random_numbers(seed)


def test_counts_and_logs_are_checked_where_they_are_stated():
    require_counts(providers=np.int64(1))
    with pytest.raises(NotSupported, match=r"providers=1\.5: give a whole number of at least 1"):
        require_counts(providers=1.5)
    for value in (float("nan"), float("inf"), -0.1, 101, "0.1"):
        with pytest.raises(NotSupported, match=r"noise=.*: give a number from 0 to 100; it enters the log of cost"):
            require_in_logs(0.0, noise=value)
    with pytest.raises(NotSupported, match="y=nan: give a number from -100 to 100"):
        em.worlds.state("cobb_douglas", {"y": float("nan")}, outputs={"y": 1.0})
    with pytest.raises(NotSupported, match="common cost of a stated cost function is not a finite number"):
        em.worlds.state("composite", {"common cost": float("inf"), "y": 1.0}, outputs={"y": 1.0})


def table(rows, **columns):
    rng = np.random.default_rng(5)
    frame = pd.DataFrame({"y": np.exp(rng.normal(4, 1, rows)), "r": rng.random(rows)} | columns)
    frame["cost"] = np.exp(0.9 * np.log(frame["y"]) + 0.1 * rng.normal(size=rows))
    return frame


def test_an_exact_cost_has_no_parameters_to_draw_and_no_forms_to_compare():
    frame = table(40)
    exact = em.CostData(frame.assign(cost=2 * frame["y"]), cost="cost", outputs=["y"], relationships=["r"])
    with pytest.raises(NotSupported, match="this fit has none: cost is an exact function of its columns"):
        em.scale(em.fit(exact, "cobb_douglas"), method="simulate")
    with pytest.raises(NotIdentified, match="no error is left by which forms could be compared"):
        em.select(em.CostData(frame.assign(cost=2.0), cost="cost", outputs=["y"]), nested=True)


def test_an_elasticity_far_from_the_data_is_no_verdict():
    steep = em.worlds.state("translog", {"y": 0.9, "y x r": 99}, outputs={"y": 100}, relationships={"r": 0.5})
    assert "nothing is said of scale there" in em.scale(steep, at={"r": 5.0}).text
    assert no_cost(-1e13) == "is far below zero"


def test_a_control_function_counts_its_own_parameters():
    rng = np.random.default_rng(1)
    frame = table(4, z=rng.normal(size=4))
    data = em.CostData(frame, cost="cost", outputs=["y"], relationships=["r"])
    with pytest.raises(NotIdentified, match="4 rows cannot identify 4 parameters"):
        em.fit(data, "cobb_douglas", em.estimators.ControlFunction(["r"], ["z"]))
