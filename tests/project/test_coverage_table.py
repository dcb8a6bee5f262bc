"""The coverage study keeps the lines of worlds that were not run again, and says what its lines rest on."""

import importlib.util

import pandas as pd
import pytest

WORLDS = ["first", "second", "third"]
WITHIN = {100: (91.0, 98.5), 1_000: (93.0, 97.0)}


@pytest.fixture(scope="module")
def script(root):
    found = importlib.util.spec_from_file_location("coverage_table", root / "scripts" / "coverage_table.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def lines(world, coverage, replications=1_000, measure="ray scale economies"):
    line = {"world": world, "measure": measure, "method": "delta", "truth_low": 1.25, "truth_high": 1.25}
    line |= {"coverage": coverage, "monte_carlo_error": 0.7, "median_width": 0.1234567891, "not_given": 0}
    line |= {"replications": replications, "most": 97.0}
    return pd.DataFrame([line | {"providers": 100, "least": 91.0}, line | {"providers": 1_000, "least": 93.0}])


def test_a_world_that_is_run_again_replaces_every_line_of_its_own(script):
    found = script.merge(pd.DataFrame({"world": []}), lines("third", 95.0), WORLDS)
    found = script.merge(found, lines("first", 94.0), WORLDS)
    found = script.merge(found, lines("third", 96.0).head(1), WORLDS)
    assert found["world"].tolist() == ["first", "first", "third"]
    assert found["coverage"].tolist() == [94.0, 94.0, 96.0]
    assert script.merge(found, lines("second", 95.0), ["second", "third"])["world"].tolist() == ["second"] * 2 + [
        "third"
    ]


def test_lines_survive_the_file_digit_for_digit(script, tmp_path):
    found = script.merge(pd.DataFrame({"world": []}), lines("first", 95.0), WORLDS)
    assert script.kept(tmp_path / "none.csv").empty
    found.to_csv(tmp_path / "lines.csv", index=False)
    again = script.merge(script.kept(tmp_path / "lines.csv"), lines("second", 95.0), WORLDS)
    assert again.head(2).to_dict("records") == found.to_dict("records")


def test_the_page_says_what_it_rests_on(script):
    found = pd.concat([lines("first", 95.0), lines("first", 94.0), lines("second", 92.0, replications=200)])
    page = script.as_markdown(found, WORLDS, WITHIN, 119)
    assert "1,000 simulated tables a line unless stated, and every line that was studied" in page
    assert "## second: 100 providers (200 simulated tables)" in page
    assert "## first: 100 providers\n" in page
    assert "1 of 6 lines are not within what is required." in page
    assert "Not studied yet: third." in page
    assert page.count("| NO |") == 1
    assert "The residual part" not in page
    residual = script.as_markdown(lines("first", 80.0, measure="part: residual"), WORLDS, WITHIN, 119)
    assert "2 of 2 lines are not within what is required. The residual part" in residual
