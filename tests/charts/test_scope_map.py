"""The map of scope: every mix with its number, verdicts by the intervals, hatching outside the data."""

import numpy as np
import pandas as pd
import pytest

from econmodel.charts.maps import ABOVE, BELOW, TINTS, Grid, cells_of, grid_of, scope_map
from econmodel.charts.theme import svg
from econmodel.economies.scope import scope
from econmodel.errors import FormError, NotSupported, UnknownName
from econmodel.simulation import state


def cell_rows(rows):
    """The squares of a map by their place, counted from the lower left."""
    return {(row["left"], row["bottom"]): row for row in rows if "verdict" in row}


def test_every_cell_is_the_scope_of_its_mix(care, as_learned):
    known = as_learned(care())
    chart = scope_map(known, multiples={"visits": [0.5, 1.0], "meals": [1.0, 3.0]})
    at = pd.DataFrame({"visits": [50.0, 100.0] * 2, "meals": [50.0, 50.0, 150.0, 150.0]})
    expected = scope(known, at).table
    expected = expected[expected["term"] == "degree of scope"]
    drawing = svg(chart)
    assert "two of them: only an interval is identified" in drawing
    for low, high in expected[["identified_low", "identified_high"]].to_numpy():
        assert f"{low:.3f} to {high:.3f}" in drawing
    assert "visits, multiples of the mean (100)" in drawing


def test_verdicts_follow_the_intervals(mixes, drawn_rows):
    cells = cell_rows(drawn_rows(scope_map(mixes)))
    verdicts = {(x, y): row["verdict"] for (x, y), row in cells.items()}
    assert len(cells) == 25
    # 0.3 log(0.25 x 0.25) + 0.1 = -0.73, 0.3 log(1) + 0.1 = 0.1, 0.3 log(9) + 0.1 = 0.76, each with 0.2 either way.
    assert [verdicts[place] for place in ((0, 0), (2, 2), (4, 4))] == ["below", "unclear", "above"]


def test_title_and_description_count_only_what_is_inside_the_data(mixes, words):
    title, description = words(scope_map(mixes))
    inside = mixes[mixes["supported"]]
    above, below = int((inside["conf_low"] > 0).sum()), int((inside["conf_high"] < 0).sum())
    assert title == f"Together is cheaper in six of {len(inside)} mixes"
    assert (above, below) == (6, 4)
    assert (
        f"Of {len(inside)} mixes, apart is cheaper in {below}, together is cheaper in {above}, and the data do not "
        f"settle it in {len(inside) - above - below}; {25 - len(inside)} more lie beyond the data. "
    ) in description
    assert "lowest at 0.25 times mean home visits and 0.25 times mean meals: −0.732 (−0.932 to −0.532)" in description
    assert "highest at 3 times mean home visits and 3 times mean meals: 0.759 (0.559 to 0.959)" in description
    assert f"{25 - len(inside)} of 25 mixes are outside the data, in multiples of the mean: " in description
    assert "meals 0.25 with home visits 1, 2 and 3; meals 0.5 with home visits 2 and 3; " in description


def test_only_what_is_outside_the_data_is_hatched(mixes, drawn_rows):
    def hatched(chart):
        lines = [row for row in drawn_rows(chart) if "top" in row and "verdict" not in row]
        slanted = [row for row in lines if row["top"] - row["bottom"] == pytest.approx(row["right"] - row["left"])]
        return {(int((r["left"] + r["right"]) / 2), int((r["bottom"] + r["top"]) / 2)) for r in slanted}

    chart = scope_map(mixes)
    at = sorted(set(mixes["meals"]))
    outside = mixes[~mixes["supported"]]
    assert hatched(chart) == {
        (at.index(x), at.index(y)) for x, y in outside[["home_visits", "meals"]].itertuples(index=False)
    }
    assert hatched(scope_map(mixes.assign(supported=True))) == set()
    assert "hatched" not in svg(scope_map(mixes.assign(supported=True)))


def test_a_map_without_support_says_so(mixes, words):
    title, description = words(scope_map(mixes.assign(supported=False)))
    assert title == "Scope: all 25 mixes beyond the data"
    assert "this is what the form implies and not what providers show" in description
    unclear = mixes.assign(conf_low=-1.0, conf_high=1.0)
    assert words(scope_map(unclear))[0] == "Scope: not settled in all 13 mixes"


def test_without_data_nothing_is_said_to_be_inside_them(care, mixes, words):
    chart = scope_map(care(), multiples=[1.0, 2.0])
    assert words(chart)[0] == "Together is cheaper in all four mixes"
    assert "only an interval" not in svg(chart)
    said = words(scope_map(mixes.drop(columns="supported")))[1]
    assert not any(f"{where} the data" in said for where in ("inside", "outside", "beyond"))


def test_tints_differ_in_grey_and_carry_text():
    def luminance(colour, opacity):
        value = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255 * opacity + 1 - opacity
        linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    above, below, ink = luminance(*TINTS[ABOVE]), luminance(*TINTS[BELOW]), luminance("#222222", 1.0)
    # WCAG 2.2, 1.4.3: text needs 4.5 to one.
    assert (above + 0.05) / (ink + 0.05) > 4.5
    assert (below + 0.05) / (above + 0.05) > 1.3


def test_identified_intervals_are_written_with_both_ends():
    table = pd.DataFrame(
        {"estimate": [np.nan, 0.2], "identified_low": [0.04, np.nan], "identified_high": [0.25, np.nan]}
    )
    cells = cells_of(table.assign(conf_low=[0.01, -0.1], conf_high=[0.3, 0.5]))
    assert cells["text"].tolist() == ["0.04 to 0.25", "0.20"]
    assert cells["verdict"].tolist() == ["above", "unclear"]


def test_quasi_scope_is_called_so(care, words):
    title, description = words(scope_map(care(), multiples=[1.0, 2.0], epsilon=0.1))
    assert title.startswith("Together is cheaper in ")
    assert "Quasi-scope (epsilon 0.1) is lowest at" in description


def test_mixes_without_a_positive_cost_have_no_number(care, words):
    lost = {"common cost": -20.0, "visits x meals": 20.0}
    with pytest.raises(NotSupported, match=r"No mix on this map has a degree of scope.*Ask nearer to the providers"):
        scope_map(care(**lost), multiples=[0.1, 0.2])


def test_a_missing_number_is_said_to_be_missing(mixes, words):
    mixes.loc[0, ["estimate", "conf_low", "conf_high"]] = np.nan
    chart = scope_map(mixes)
    assert "1 have no number: some firm would have no positive cost" in words(chart)[1]
    assert "–: some firm would have no positive cost" in svg(chart)


def test_what_makes_no_map_is_refused(care, mixes):
    with pytest.raises(UnknownName, match=r"A map needs two outputs, and beds is none of visits, meals"):
        scope_map(care(), ["visits", "beds"])
    with pytest.raises(UnknownName, match=r"A map needs two outputs, and visits is not two of visits, meals"):
        scope_map(care(), ["visits"])
    alone = state("composite", {"common cost": 1, "visits": 1}, outputs={"visits": 100})
    with pytest.raises(UnknownName, match=r"two outputs, and visits is the only one. Draw em.charts.cost_curve\(fit\)"):
        scope_map(alone)
    with pytest.raises(NotSupported, match=r"up to 8 multiples of each mean.*given were 9, from 1 on"):
        scope_map(care(), multiples=range(1, 10))
    with pytest.raises(NotSupported, match=r"none of them negative.*given were 2, from −1 on"):
        scope_map(care(), multiples=[-1, 1])
    with pytest.raises(UnknownName, match=r"one row for each pair of home_visits and meals: 25 rows; the table has 24"):
        scope_map(mixes.iloc[1:])
    with pytest.raises(UnknownName, match=r"multiples of two outputs, and term holds words. Draw the fit itself"):
        scope_map(scope(care()).table)
    with pytest.raises(UnknownName, match="some of them twice"):
        scope_map(pd.concat([mixes, mixes.head(1)]))


def test_scope_in_logs_is_refused_with_the_way_to_quasi_scope(schools):
    from econmodel.estimate.fitting import fit

    data = schools()
    frame = data.frame.assign(meals=np.linspace(1, 2, len(data.frame)) * data.frame["pupils"] ** 0.5)
    two = type(data)(frame, cost="spend", outputs=["pupils", "meals"])
    with pytest.raises(FormError, match=r"epsilon=0\.1"):
        scope_map(fit(two, form="translog"))


def test_a_fit_names_units_and_holds_its_support(schools, words):
    from econmodel.estimate.fitting import fit
    from econmodel.table.roles import Output

    data = schools()
    frame = data.frame.assign(meals=np.linspace(1, 2, len(data.frame)) * data.frame["pupils"])
    outputs = {"pupils": Output("personal", unit="pupils"), "meals": Output("transactional", unit="meals a day")}
    fitted = fit(type(data)(frame, cost="spend", outputs=outputs), form="translog")
    grid = grid_of(fitted, None, [1.0, 2.0])
    assert isinstance(grid, Grid)
    assert grid.labels[0].endswith(" pupils)")
    # Meals lie between one and two a pupil, and with epsilon 0.5 both firms have the mix of the whole: three times the
    # mean of pupils alone is outside.
    title, description = words(scope_map(fitted, multiples=[1.0, 3.0], epsilon=0.5))
    assert title == "Together is cheaper in all two mixes"
    assert "meals 1 with pupils 3; meals 3 with pupils 1" in description
