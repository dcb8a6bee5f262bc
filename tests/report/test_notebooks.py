"""Which notebook a name means, and which data sets a notebook stands on."""

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from econmodel.errors import EconmodelError, ReportFailed, UnknownName
from econmodel.report import notebooks
from econmodel.report.notebooks import data_sets, find, read
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


@pytest.mark.parametrize("name", ["hom", "hom.ipynb", "mine/hom"])
def test_a_notebook_beside_is_the_nearest_too(shelf, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    for folder in (tmp_path, tmp_path / "mine"):
        (folder / "home.ipynb").write_text("{}", encoding="utf-8")
    meant = name.replace("hom", "home").removesuffix(".ipynb")
    with pytest.raises(UnknownName, match=rf"There is no notebook '{name}', .* Did you mean {meant}\? Shipped are"):
        find([name])


def test_two_notebooks_of_one_name_are_refused(shelf, tmp_path):
    own = tmp_path / "mine" / "02_scope.ipynb"
    own.parent.mkdir()
    own.write_text("{}", encoding="utf-8")
    with pytest.raises(UnknownName, match="Two notebooks are called 02_scope: report them into two folders"):
        find([str(own), "scope"])


OLD = (
    '{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [{"cell_type": "code", '
    '"language": "python", "metadata": {}, "outputs": [], "input": "1"}]}]}'
)


@pytest.mark.parametrize("text", ["not json", '{"cells": 3}', OLD.replace("0", "NaN")])
def test_a_file_that_is_no_notebook_is_refused(tmp_path, text):
    (tmp_path / "a.ipynb").write_text(text, encoding="utf-8")
    with pytest.raises(ReportFailed, match=r"a\.ipynb is not a notebook"):
        read(tmp_path / "a.ipynb")


@pytest.mark.parametrize("text", [OLD, "\ufeff" + OLD])
def test_a_notebook_of_an_older_version_or_with_a_byte_order_mark_is_read(tmp_path, text):
    (tmp_path / "a.ipynb").write_text(text, encoding="utf-8")
    found = read(tmp_path / "a.ipynb")
    assert isinstance(found, NotebookNode)
    assert found.cells[0].source == "1"


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


@pytest.mark.parametrize("name", ["firms.csv", "a/firms.xlsx", "firms.dta", "firms.parquet", "firms.toml", "firms.v2"])
def test_a_starter_is_not_called_like_a_table(tmp_path, name):
    with pytest.raises(EconmodelError, match=r"no name for a notebook, .* run: econmodel new firms --card firms\.toml"):
        write_starter(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_starter_takes_no_name_that_is_taken(tmp_path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(EconmodelError, match="mine exists and was left as it is"):
        write_starter(tmp_path / "mine")


def test_a_starter_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(EconmodelError, match=r"exists and was left|could not be written\. .* Make room"):
        write_starter(tmp_path / "file" / "mine")


def test_a_notebook_beside_is_found_by_its_bare_name(tmp_path, monkeypatch, write_notebook):
    monkeypatch.chdir(tmp_path)
    write_notebook(tmp_path / "mine.ipynb", "1")
    assert find(["mine"]) == find(["mine.ipynb"]) == find([str(tmp_path / "mine")]) == [tmp_path / "mine.ipynb"]
    write_notebook(tmp_path / "scope_and_its_support.ipynb", "1")
    with pytest.raises(UnknownName, match=r"is a shipped notebook and a file here: write 07_scope\w+ or scope_"):
        find(["scope_and_its_support"])
    assert find(["scope_and_its_support.ipynb"]) == [tmp_path / "scope_and_its_support.ipynb"]


@pytest.mark.parametrize("name", ["index", "mine.failed"])
def test_a_notebook_whose_report_would_overwrite_another_file_is_refused(tmp_path, write_notebook, name):
    with pytest.raises(UnknownName, match=f"A report cannot be called {name}"):
        find([str(write_notebook(tmp_path / f"{name}.ipynb", "1"))])


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}},
        {"language_info": {"name": "julia"}},
        {"kernelspec": {"name": "ir", "display_name": "R"}},
    ],
)
def test_a_notebook_in_another_language_is_refused(tmp_path, metadata):
    nbformat.write(new_notebook(metadata=metadata), tmp_path / "r.ipynb")
    with pytest.raises(ReportFailed, match=r"r\.ipynb is a notebook in (R|julia|ir), and a report runs Python"):
        read(tmp_path / "r.ipynb")


def test_a_python_of_ones_own_is_none(tmp_path):
    kernel = {"name": "conda-env-econ-py", "display_name": "Econ", "language": "python"}
    nbformat.write(new_notebook(metadata={"kernelspec": kernel}), tmp_path / "a.ipynb")
    assert read(tmp_path / "a.ipynb").cells == []
