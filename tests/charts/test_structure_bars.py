"""Structures as bars: as long as all providers cost together, a piece for each of them."""

import pytest

from econmodel.charts.structures import MOST_ROWS, configuration
from econmodel.errors import NotSupported
from econmodel.results import Table

# Rows of a chart keep six significant digits.
ROUNDED = 2e-5


@pytest.fixture
def pieces(drawn_rows):
    return lambda chart: [row for row in drawn_rows(chart) if "kind" in row]


def test_a_bar_is_as_long_as_the_structure_costs_and_has_a_piece_for_each_provider(structures, pieces):
    answer = structures(own=True)
    found = pieces(configuration(answer))
    numbers = answer.tables["by number of providers"]
    for row, (number, cost) in enumerate(zip(numbers["number"], numbers["cost"], strict=True)):
        own = [piece for piece in found if piece["row"] == row]
        assert len(own) == number
        assert own[0]["begin"] == 0
        assert own[-1]["end"] == pytest.approx(cost, rel=ROUNDED)
        assert [piece["begin"] for piece in own[1:]] == [piece["end"] for piece in own[:-1]]
    assert {piece["kind"] for piece in found} == {"any", "user-led"}


def test_the_title_says_how_many_and_what_one_would_cost(structures, words):
    # One costs 15 + 240 + 60 + 240 = 555; four on a grid of tenths 60 + 240 + 60 + 62.4 = 422.4.
    title, description = words(configuration(structures()))
    assert title == "4 providers are cheapest"
    assert "One would cost 31 % more; 3 and 5 cost less than 1 % more. " in description
    assert "with one provider" in description
    assert "blue" not in description
    assert "orange: user-led" in words(configuration(structures(own=True)))[1]


def test_one_provider_may_be_cheapest(structures, words):
    assert words(configuration(structures(10)))[0].startswith("One provider is cheapest")


def test_where_the_split_of_the_fixed_cost_is_open_there_is_a_bar_for_each_end(structures, as_learned, pieces, words):
    answer = structures(learned=as_learned, only_supported=False)
    chart = configuration(answer)
    assert {piece["row"] for piece in pieces(chart)} == {0, 1, 2}
    assert words(chart)[0] == "How many providers are cheapest: not identified"
    assert "providers are cheapest, by how the fixed cost is shared out. " in words(chart)[1]
    assert "(fixed cost: own of visits)" in words(chart)[1]


def test_a_structure_alone_is_one_bar(structures, pieces, words):
    chart = configuration(structures(numbers=()))
    assert {piece["row"] for piece in pieces(chart)} == {0}
    assert words(chart)[0] == "4 providers are cheapest"


def test_of_many_numbers_some_are_shown_and_the_cheapest_is_among_them(structures, drawn_rows):
    answer = structures(2000, numbers=range(12, 40))
    texts = [row["text"] for row in drawn_rows(configuration(answer)) if "text" in row]
    assert len(texts) <= MOST_ROWS + 1
    assert sum("more" not in text for text in texts) == 1


def test_what_holds_no_structures_is_refused(structures):
    with pytest.raises(
        NotSupported, match=r"'Else' holds no structures: give the result of em\.arrangements\.configure\."
    ):
        configuration(Table("Else", structures(numbers=()).table, ""))
