"""The commands, as they are typed."""

import json
import sys
from pathlib import Path

import pytest

from econmodel import cli
from econmodel.progress import board


@pytest.fixture
def run(monkeypatch, capsys):
    """Type a command; gives the exit code and what was printed."""

    def typed(*words):
        monkeypatch.setattr(sys, "argv", ["econmodel", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        said = capsys.readouterr()
        return end.value.code or 0, said.out + said.err

    return typed


@pytest.fixture(scope="module")
def made(tmp_path_factory, write_notebook):
    """A folder with a notebook that is good, one that is not, and the reports of both."""
    folder = tmp_path_factory.mktemp("commands")
    finding = "import econmodel as em\nem.finding('draw', f'It is {share}.', share=share)"
    write_notebook(folder / "good.ipynb", finding)
    write_notebook(folder / "bad.ipynb", "raise ValueError('y [3 rows]')", parameters="level: int = 1  # of it")
    code = cli.make_reports([f"{folder}/good.ipynb", f"{folder}/bad.ipynb"], [], folder / "out", pdf=False)
    return folder, code


def test_one_failure_makes_the_exit_code_and_does_not_stop_the_others(made):
    folder, code = made
    assert code == cli.FAILED
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "bad.failed.html", "good.findings.json", "good.html", "good.run.json", "index.html",
    ]  # fmt: skip


def test_a_report_takes_parameters_and_check_takes_them_again(made, run, tmp_path, monkeypatch):
    monkeypatch.setattr("econmodel.report.pdf.chromium", lambda: None)
    code, said = run("report", made[0] / "good.ipynb", "--to", tmp_path, "--keep", "-p", "share=0.25")
    assert code == 0
    assert "s  html, findings.json, run.json, ipynb" in said
    assert f"The list of reports is {tmp_path / 'index.html'}." in said
    assert "No PDF: there is no Chromium. Install one, or name it in ECONMODEL_CHROMIUM." in said
    found = json.loads((tmp_path / "good.findings.json").read_text(encoding="utf-8"))
    assert found["findings"]["draw"]["text"] == "It is 0.25."
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    code, said = run("check", made[0] / "good.ipynb", "--against", tmp_path)
    assert (code, said.splitlines()[-1]) == (0, "None of 1 findings moved.")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before, "check writes nothing"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-p", "shar=0.2"), "There is no parameter 'shar'. Did you mean share?"),
        (("-p", "share=much"), "The parameter share takes a number, not 'much'."),
        (("-p", "share"), "A parameter is given as name=value, not 'share'."),
        (("nosuch",), "There is no notebook 'nosuch', neither a file nor shipped."),
        (("bad.ipynb", "-p", "share=0.2"), "There is no notebook 'bad.ipynb'"),
    ],
)
def test_a_mistake_is_one_sentence_and_runs_nothing(made, run, tmp_path, words, message):
    code, said = run("report", made[0] / "good.ipynb", *words, "--to", tmp_path / "out")
    assert code == cli.REFUSED
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "out").exists()


def test_a_parameter_that_a_named_notebook_does_not_know_is_refused(made, run, tmp_path):
    code, said = run("report", made[0] / "good.ipynb", made[0] / "bad.ipynb", "-p", "share=0.2", "--to", tmp_path)
    assert code == cli.REFUSED
    assert "bad: There is no parameter 'share'. The parameters are: level." in said


def test_without_names_the_notebooks_that_know_a_parameter_take_it(made, monkeypatch, capsys, tmp_path):
    asked = {}
    monkeypatch.setattr("econmodel.report.notebooks.shipped", lambda kind: made[0])
    monkeypatch.setattr("econmodel.report.run.run_reports", lambda sources, to, given, **_: asked.update(given) or [])
    assert cli.make_reports([], ["share=0.2"], tmp_path, pdf=False) == 0
    assert asked == {"bad": {}, "good": {"share": 0.2}}
    assert "With their defaults, because they know none of these parameters: bad." in capsys.readouterr().out


def test_check_lists_what_moved(made, run, tmp_path):
    filed = json.loads((made[0] / "out" / "good.findings.json").read_text(encoding="utf-8"))
    filed["findings"]["draw"]["values"]["share"] = 0.75
    filed["notebook_sha256"] = "0"
    (tmp_path / "good.findings.json").write_text(json.dumps(filed), encoding="utf-8")
    code, said = run("check", made[0] / "good.ipynb", "--against", tmp_path)
    assert code == cli.FAILED
    assert "good: the notebook changed." in said
    assert "1 differences in 1 findings." in said
    row = next(line for line in said.splitlines() if "0.75" in line)
    assert [cell.strip() for cell in row.strip("│ ").split("│")] == [
        "good", "draw", "share", "0.75", "0.5", "1e-06 relative",
    ]  # fmt: skip


def test_check_needs_findings_on_file(made, run, tmp_path):
    code, said = run("check", made[0] / "good.ipynb", "--against", tmp_path)
    assert code == cli.REFUSED
    assert "make them with `econmodel report good`" in said


@pytest.mark.slow
def test_a_new_notebook_makes_a_report(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, said = run("new", "mine")
    assert code == 0
    assert "Wrote mine.ipynb. Open it with `jupyter lab mine.ipynb`" in said
    code, said = run("report", "mine.ipynb", "--no-pdf", "-p", "replications=19")
    assert code == 0, said
    page = Path("reports/mine.html").read_text(encoding="utf-8")
    assert "420 used, 0 left out" in page
    assert "Message from the run" not in page


def test_new_overwrites_nothing(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.ipynb").write_text("mine", encoding="utf-8")
    code, said = run("new", "mine.ipynb")
    assert (code, "exists and was left as it is" in said) == (cli.REFUSED, True)


def test_data_lists_what_is_shipped(run):
    code, said = run("data")
    assert code == 0
    assert "california_schools" in said
    assert "teachers_per_pupil" in said


def test_nobody_watching_gets_one_line_a_part(capsys):
    with board(["a", "long"], watched=False) as parts:
        parts.step("a", 1, 2)
        parts.done("a", "1.0 s")
    assert capsys.readouterr().out == "a     1.0 s\n"


def test_somebody_watching_gets_bars_and_the_same_lines(capsys):
    with board(["a", "long"], watched=True) as parts:
        parts.step("a", 1, 2)
        parts.step("a", 2, 2)
        parts.done("a", "FAILED [bold]no colours[/bold]")
    assert "a     FAILED [bold]no colours[/bold]" in capsys.readouterr().out
