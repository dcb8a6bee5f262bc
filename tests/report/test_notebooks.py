"""Which notebook a name means, and which data sets a notebook stands on."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from econmodel.errors import ReportFailed, UnknownName
from econmodel.report import notebooks
from econmodel.report.notebooks import find, read
from econmodel.report.provenance import data_sets
from econmodel.report.starter import write_starter


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """Two shipped notebooks."""
    for name in ("01_scale", "02_scope"):
        (tmp_path / f"{name}.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(notebooks, "shipped", lambda kind: tmp_path)
    return tmp_path


def test_without_names_all_that_are_shipped_are_meant(shelf):
    assert [path.stem for path in find([])] == ["01_scale", "02_scope"]


@pytest.mark.parametrize("name", ["02_scope", "scope", "scope.ipynb", "02_scope.ipynb"])
def test_a_shipped_notebook_is_found_with_or_without_number(shelf, name):
    assert find([name]) == [shelf / "02_scope.ipynb"]


def test_a_notebook_of_ones_own_is_found_by_its_path(shelf, tmp_path):
    own = tmp_path / "mine" / "scale.ipynb"
    own.parent.mkdir()
    own.write_text("{}", encoding="utf-8")
    assert find([str(own), "scope", "02_scope"]) == [own, shelf / "02_scope.ipynb"]


def test_an_unknown_name_is_told_the_nearest(shelf):
    with pytest.raises(UnknownName, match=r"'scop', .* Did you mean scope\? Shipped are: 01_scale, 02_scope"):
        find(["scop"])


def test_two_notebooks_of_one_name_are_refused(shelf, tmp_path):
    own = tmp_path / "mine" / "02_scope.ipynb"
    own.parent.mkdir()
    own.write_text("{}", encoding="utf-8")
    with pytest.raises(UnknownName, match="Two notebooks are called 02_scope: report them into two folders"):
        find([str(own), "scope"])


@pytest.mark.parametrize("text", ["not json", '{"cells": 3}'])
def test_a_file_that_is_no_notebook_is_refused(tmp_path, text):
    (tmp_path / "a.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(ReportFailed, match=r"a\.ipynb is not a notebook"):
        read(tmp_path / "a.ipynb")


def notebook(data, *cells):
    return new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"report": {"data": data}})


def test_a_shipped_set_and_a_card_of_ones_own_are_described(tmp_path, write_card):
    write_card(tmp_path)
    airlines, firms = data_sets(notebook(["us_airlines", "firms.toml"], "em.load('us_airlines')"), tmp_path)
    assert (airlines.name, airlines.rows) == ("us_airlines", 90)
    assert (firms.name, firms.title, firms.rows, firms.data_file) == ("firms", "Three firms", 3, "firms.csv")


def test_rows_of_a_parquet_file_are_counted(tmp_path, write_card):
    import pandas as pd

    card = write_card(tmp_path)
    pd.read_csv(tmp_path / "firms.csv").to_parquet(tmp_path / "firms.parquet")
    card.write_text(card.read_text(encoding="utf-8").replace("firms.csv", "firms.parquet"), encoding="utf-8")
    (firms,) = data_sets(notebook(["firms.toml"]), tmp_path)
    assert firms.rows == 3


def test_data_that_are_neither_shipped_nor_there_are_refused(tmp_path):
    with pytest.raises(UnknownName, match=r"data set 'airlines', which is neither shipped nor a card .*us_airlines"):
        data_sets(notebook(["airlines"]), tmp_path)


def test_data_that_a_cell_loads_in_silence_are_refused(tmp_path):
    with pytest.raises(UnknownName, match="loads 'us_airlines', but its metadata do not say so"):
        data_sets(notebook([], 'em.load("us_airlines")'), tmp_path)


def test_a_starter_reads_the_card_that_it_was_given(tmp_path, write_card):
    card = write_card(tmp_path)
    path = write_starter(tmp_path / "mine.ipynb", card)
    written = nbformat.read(path, as_version=4)
    assert written.metadata.report.data == ["firms.toml"]
    assert "data = em.read('firms.toml')" in written.cells[2].source
    assert not any(cell.get("outputs") for cell in written.cells)
    assert all(len(cell.source.splitlines()) <= 15 for cell in written.cells)


def test_two_starters_are_the_same(tmp_path):
    one, other = (write_starter(tmp_path / name) for name in ("a.ipynb", "b.ipynb"))
    assert one.read_bytes() == other.read_bytes()


def test_a_starter_overwrites_nothing(tmp_path):
    (tmp_path / "mine.ipynb").write_text("mine", encoding="utf-8")
    with pytest.raises(ValueError, match=r"mine\.ipynb exists and was left as it is"):
        write_starter(tmp_path / "mine.ipynb")
    assert (tmp_path / "mine.ipynb").read_text(encoding="utf-8") == "mine"


def test_a_starter_needs_the_card_that_it_names(tmp_path):
    with pytest.raises(UnknownName, match=r"no card '.*firms\.toml': describe your table"):
        write_starter(tmp_path / "mine.ipynb", tmp_path / "firms.toml")
