"""Cumulative volume by a plain loop, learning recovered, and tables from which experience is not known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotSupported, TableError, UnknownName

SAME = 1e-10


def panel(providers=40, periods=8, learning=0.3, noise=0.05, seed=0):
    rng = np.random.default_rng(seed)
    rows = []
    for provider in range(providers):
        made, volume = 0.0, float(np.exp(rng.normal(5, 0.8)))
        for year in range(2000, 2000 + periods):
            now = volume * float(np.exp(rng.normal(0, 0.4)))
            experience = made + volume
            rows.append((f"p{provider}", year, now, 90 * now**0.9 * experience**-learning, volume))
            made += now
    frame = pd.DataFrame(rows, columns=["provider", "year", "visits", "cost", "earlier"])
    frame["cost"] *= np.exp(noise * rng.normal(size=len(frame)))
    return em.CostData(frame, cost="cost", outputs=["visits"], entity="provider", time="year")


def test_cumulative_volume_by_a_plain_loop_in_any_order_of_rows():
    data = panel(6, 5)
    shuffled = replace(data, frame=data.frame.sample(frac=1.0, random_state=3))
    found = em.tables.cumulative(shuffled, "visits", before=7.0).frame
    for _, row in found.iterrows():
        same = data.frame[(data.frame["provider"] == row["provider"]) & (data.frame["year"] < row["year"])]
        assert row["log_cumulative_visits"] == pytest.approx(np.log(7.0 + same["visits"].sum()), rel=SAME)


def test_first_periods_without_experience_are_left_out_in_the_open():
    found = em.tables.cumulative(panel(6, 5), "visits")
    assert len(found) == 24
    count, because, first = found.dropped[-1]
    assert (count, first[0]) == (6, "p0, 2000")
    assert "no visits before their first period" in because
    assert found.controls == ("log_cumulative_visits",)
    assert len(em.tables.cumulative(panel(6, 5), "visits", before="earlier")) == 30


def test_learning_is_told_apart_from_scale():
    fitted = em.fit(em.tables.cumulative(panel(), "visits", before="earlier"), "cobb_douglas")
    found = em.learning(fitted)
    for term, truth in (("experience elasticity", -0.3), ("progress ratio", 2**-0.3)):
        row = found.row(term)
        assert abs(row["estimate"] - truth) < 3 * row["std_error"]
        # So close that the truth of no learning is far out of reach.
        assert row["std_error"] < 0.02
    assert fitted.params["visits"] == pytest.approx(0.9, abs=0.03)
    ratio, slope = found.row("progress ratio"), found.row("experience elasticity")
    assert ratio["estimate"] == pytest.approx(2 ** slope["estimate"], rel=SAME)
    assert ratio["std_error"] == pytest.approx(np.log(2) * ratio["estimate"] * slope["std_error"], rel=SAME)
    assert "19 % less cost" in found.text
    assert "technical change" in found.notes[0]


def test_no_learning_is_not_made_out_of_time():
    fitted = em.fit(em.tables.cumulative(panel(learning=0.0), "visits"), "cobb_douglas", time_effects=True)
    found = em.learning(fitted)
    assert abs(found.row("experience elasticity")["statistic"]) < 3
    assert not any("technical change" in note for note in found.notes)


def test_gaps_are_named():
    data = panel(6, 5)
    gap = data.where("not (provider == 'p2' and year == 2002)", because="lost")
    with pytest.raises(TableError, match="period or its visits is missing: p2"):
        em.tables.cumulative(gap, "visits")
    empty = replace(data, frame=data.frame.assign(visits=data.frame["visits"].where(data.frame.index != 8)))
    with pytest.raises(TableError, match="is missing: p1, 2003"):
        em.tables.cumulative(empty, "visits")
    # Who enters late or leaves early has no gap.
    late = data.where("not (provider == 'p2' and year < 2002)", because="entered in 2002")
    assert len(em.tables.cumulative(late, "visits", before=1.0)) == 28


@pytest.mark.parametrize(
    ("ask", "error", "says"),
    [
        ({"output": "visit"}, UnknownName, "did you mean 'visits'"),
        ({"output": "visits", "before": "earlyer"}, UnknownName, "did you mean 'earlier'"),
        ({"output": "visits", "before": -1.0}, TableError, "must not be negative"),
        ({"output": "visits", "before": "log"}, TableError, "log must hold a volume"),
    ],
)
def test_what_cannot_be_added_up_is_refused(ask, error, says):
    data = panel(6, 5)
    data = replace(data, frame=data.frame.assign(log=-1.0))
    with pytest.raises(error, match=says):
        em.tables.cumulative(data, **ask)


def test_without_provider_and_period_there_is_no_experience():
    with pytest.raises(NotSupported, match=r'entity="\.\.\."'):
        em.tables.cumulative(em.load("california_schools"), "pupils")
    once = em.tables.cumulative(panel(6, 5), "visits")
    with pytest.raises(TableError, match="already"):
        em.tables.cumulative(once, "visits")


def test_learning_needs_the_column():
    with pytest.raises(NotSupported, match="no cumulative volume"):
        em.learning(em.fit(panel(), "cobb_douglas"))
    with pytest.raises(UnknownName, match="There is visits"):
        em.learning(em.fit(em.tables.cumulative(panel(), "visits"), "cobb_douglas"), "calls")
    with pytest.raises(NotSupported, match="stated"):
        em.learning(em.worlds.state("cobb_douglas", {}, outputs={"visits": 1}))


def test_few_providers_follow_the_wild_bootstrap():
    airlines = em.tables.cumulative(em.load("us_airlines"), "output")
    found = em.learning(em.fit(airlines, "cobb_douglas", effects="within"))
    assert found.row("experience elasticity")["p_value"] > 0.05
    assert "does not reject 0" in found.text
