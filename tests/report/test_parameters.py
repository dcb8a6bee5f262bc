"""Parameters: declared ones are read with types and meanings, unknown and mistyped ones refused before a run."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from econmodel.errors import ParameterError
from econmodel.report.notebooks import Parameter, declared, effective, share_out, written


def notebook(source: str) -> nbformat.NotebookNode:
    return new_notebook(cells=[new_code_cell(source, metadata={"tags": ["parameters"]})])


def test_names_types_defaults_and_meanings_are_read():
    cell = (
        "# about\nseed: int = 1  # draws\nlevels: list[float] = [0.5, 1]  # of (size)\nname = 'a'\nshare: float = 2\n"
    )
    assert list(declared(notebook(cell)).values()) == [
        Parameter("seed", "int", 1, "draws"),
        Parameter("levels", "list[float]", [0.5, 1], "of (size)"),
        Parameter("name", "str", "a", ""),
        Parameter("share", "float", 2.0, ""),
    ]


def test_a_notebook_without_the_cell_has_none():
    assert declared(new_notebook(cells=[new_code_cell("x = 1")])) == {}


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("seed: int | None = 3  # draws", "The parameter seed cannot be read: write it on one line"),
        ("seed: int = 3  # a = b", "The parameter seed cannot be read"),
        ("seed: int = max(3, 4)", r"default of the parameter seed is not a plain value: max\(3, 4\)"),
        ("name: str = 'a#b'", "default of the parameter name is not a plain value"),
        ("seed: int = (", "The parameters cell is not Python"),
    ],
)
def test_a_cell_that_would_hide_a_parameter_is_refused(cell, message):
    with pytest.raises(ParameterError, match=message):
        declared(notebook(cell))


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("int", "12", 12),
        ("float", "1e-3", 0.001),
        ("float", "2", 2.0),
        ("bool", "No", False),
        ("str", "3", "3"),
        ("list[float]", "[1, 2]", [1, 2]),
    ],
)
def test_a_value_is_read_in_its_type(kind, text, value):
    default = [1] if kind.startswith("list") else value
    found = Parameter("x", kind, default, "").read(text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("int", "1.5", "x takes a whole number, not '1.5'. Its default is 3"),
        ("float", "much", "x takes a number, not 'much'"),
        ("float", "nan", "x takes a number, not 'nan'"),
        ("bool", "1", "x takes true or false, not '1'"),
        ("list", "(1, 2)", r"x takes a list such as \[1, 2\]"),
        ("list", "[1", "x takes a list"),
    ],
)
def test_a_value_of_another_type_is_refused(kind, text, message):
    with pytest.raises(ParameterError, match=message):
        Parameter("x", kind, [1] if kind == "list" else 3, "draws").read(text)


def test_pairs_are_split_at_the_first_equals_sign():
    assert written(["a=1", "b=c=d", "e="]) == {"a": "1", "b": "c=d", "e": ""}


@pytest.mark.parametrize(
    ("pairs", "message"),
    [(["a"], "given as name=value, not 'a'"), (["=1"], "not '=1'"), (["a=1", "a=2"], "a was given twice")],
)
def test_bad_pairs_are_refused(pairs, message):
    with pytest.raises(ParameterError, match=message):
        written(pairs)


SEED = {"seed": Parameter("seed", "int", 1, "")}
BOTH = {**SEED, "share": Parameter("share", "float", 0.5, "")}


def test_a_parameter_goes_to_the_reports_that_know_it():
    shares = share_out({"share": "0.2"}, {"one": SEED, "two": BOTH}, all_must_know=False)
    assert shares == {"one": {}, "two": {"share": 0.2}}


def test_named_reports_must_all_know_it():
    with pytest.raises(ParameterError, match=r"one: There is no parameter 'share'\. The parameters are: seed"):
        share_out({"share": "0.2"}, {"one": SEED, "two": BOTH}, all_must_know=True)


def test_a_misspelt_parameter_is_told_the_nearest():
    with pytest.raises(ParameterError, match=r"'sead'\. Did you mean seed\? The parameters are: seed, share"):
        share_out({"sead": "2"}, {"one": SEED, "two": BOTH}, all_must_know=False)


def test_a_notebook_without_parameters_says_so():
    with pytest.raises(ParameterError, match="no parameters are declared"):
        share_out({"seed": "2"}, {"one": {}}, all_must_know=True)


def test_what_a_run_takes_lists_defaults_too():
    rows = effective(BOTH, {"share": 0.2})
    assert [(row["name"], row["value"], row["changed"]) for row in rows] == [("seed", 1, False), ("share", 0.2, True)]
