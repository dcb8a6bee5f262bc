"""A relationship variable against size: points or groups, and a title that claims no more than the ranks do."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from econmodel.charts.sizes import relationship_against_size
from econmodel.charts.theme import svg
from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Effects
from econmodel.table.cost_data import CostData


@pytest.fixture
def related():
    """Providers whose staffing follows size with a chosen noise."""

    def made(slope: float, noise: float, count: int = 100) -> CostData:
        generator = np.random.default_rng(3)
        log_size = generator.normal(5.0, 1.0, count)
        frame = pd.DataFrame(
            {"spend": np.exp(log_size), "visits": np.exp(log_size), "other": generator.uniform(1, 2, count)}
        )
        frame["staffing"] = np.exp(slope * (log_size - 5.0) + generator.normal(0.0, noise, count))
        return CostData(frame, cost="spend", outputs=["visits"], relationships=["staffing"])

    return made


def test_title_claims_a_direction_only_where_ranks_do(related, words):
    for slope, noise, said in (
        (-0.2, 0.1, "Staffing is lower in larger providers"),
        (0.2, 0.1, "Staffing is higher in larger providers"),
        (0.0, 0.3, "Staffing and size: the data do not settle it"),
    ):
        title, description = words(relationship_against_size(related(slope, noise), "staffing"))
        assert title == said
        assert "Median " in description


def test_rank_correlation_is_spearmans(related, words):
    data = related(-0.05, 0.1)
    rho = spearmanr(data.frame["visits"], data.frame["staffing"]).statistic
    assert (
        f"rank correlation of staffing with size is −{abs(rho):.2f}"[:-1]
        in words(relationship_against_size(data, "staffing"))[1]
    )


def test_a_constant_goes_with_nothing(schools, words):
    data = schools(40)
    flat = CostData(data.frame.assign(staffing=2.0), cost="spend", outputs=["pupils"], relationships=["staffing"])
    title, description = words(relationship_against_size(flat, "staffing"))
    assert title.endswith("the data do not settle it")
    assert "is 0;" in description


@pytest.mark.parametrize(
    ("count", "confidential", "groups"), [(300, False, 0), (600, False, 10), (300, True, 10), (45, True, 4)]
)
def test_points_or_groups_of_ten(schools, drawn_rows, words, count, confidential, groups):
    chart = relationship_against_size(schools(count), "staffing", confidential=confidential)
    rows = drawn_rows(chart)
    assert sum("value" in row for row in rows) == (0 if groups else count)
    assert ("median and middle half of" in words(chart)[1]) == bool(groups)
    if groups:
        assert sum("high" in row for row in rows) == groups


def test_line_joins_medians_of_groups(schools, drawn_rows):
    data = schools(100)
    medians = [row["median"] for row in drawn_rows(relationship_against_size(data, "staffing")) if "median" in row]
    ordered = data.frame.sort_values("pupils")["staffing"].to_numpy()
    assert medians == pytest.approx([np.median(part) for part in np.array_split(ordered, 10)], rel=1e-5)


def test_labels_and_direction_come_from_the_card(schools):
    drawing = svg(relationship_against_size(schools(), "staffing"))
    assert "teachers per pupil (more means closer)" in drawing
    assert "pupils (log scale)" in drawing


def test_rows_without_a_value_are_left_out_aloud(schools, words):
    frame = schools(50).frame.copy()
    frame["pupils"] = frame["pupils"].where(frame.index > 1, 0.0)
    data = CostData(frame, cost="spend", outputs=["pupils"], relationships=["staffing"])
    assert "2 without a positive size or a value left out" in words(relationship_against_size(data, "staffing"))[1]


def test_size_of_several_outputs_must_be_said(related):
    one = related(-0.2, 0.1)
    data = CostData(one.frame, cost="spend", outputs=["visits", "other"], relationships=["staffing"])
    with pytest.raises(NotSupported, match=r"the outputs are visits, other. Say how they add up"):
        relationship_against_size(data, "staffing")
    with pytest.raises(UnknownName, match=r"no column 'beds' to measure size by\. There are spend, visits"):
        relationship_against_size(data, "staffing", size="beds")
    with pytest.raises(UnknownName, match="one weight for each of visits, other; it has visits"):
        relationship_against_size(data, "staffing", size={"visits": 1.0})
    with pytest.raises(NotSupported, match=r"'Scale' holds no size weights; give the result of em\.separate"):
        relationship_against_size(data, "staffing", size=Effects("Scale", pd.DataFrame(), ""))


def test_size_by_weights_by_a_result_and_by_a_column(related, drawn_rows):
    one = related(-0.2, 0.1, count=30)
    data = CostData(one.frame, cost="spend", outputs=["visits", "other"], relationships=["staffing"])
    weights = pd.DataFrame({"output": ["visits", "other"], "weight": [1.0, 10.0]})
    result = Effects("Separation", pd.DataFrame(), "", tables={"size weights": weights})
    expected = sorted(data.frame["visits"] + 10 * data.frame["other"])
    for size in ({"visits": 1.0, "other": 10.0}, result):
        rows = drawn_rows(relationship_against_size(data, "staffing", size=size))
        assert [row["size"] for row in rows if "value" in row] == pytest.approx(expected, rel=1e-5)
    equal = drawn_rows(relationship_against_size(data, "staffing", size="equal"))
    sizes = [row["size"] for row in equal if "value" in row]
    assert np.mean(sizes) == pytest.approx(2.0, rel=1e-5), "two outputs over their means"
    by_column = drawn_rows(relationship_against_size(data, "staffing", size="spend"))
    assert [row["size"] for row in by_column if "value" in row] == pytest.approx(sorted(data.frame["spend"]), rel=1e-5)


def test_unknown_variable_lists_the_known(schools):
    with pytest.raises(
        UnknownName, match="'continuity' is not a relationship variable of these data; they have: staffing"
    ):
        relationship_against_size(schools(), "continuity")


def test_too_few_to_be_drawn(schools):
    with pytest.raises(
        NotSupported, match=r"15 providers with a size and a value of 'staffing' are too few.*groups of 10"
    ):
        relationship_against_size(schools(15), "staffing", confidential=True)
