"""Figures that were typed in: each row says where it was read, or that it is an assumption."""

import tomllib

import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import UnknownName
from econmodel.table.shipped import STATUSES, figure_names, shipped


@pytest.mark.parametrize("name", figure_names())
def test_every_row_has_a_source_and_a_status(name):
    table = em.tables.figures(name)
    assert len(table)
    assert set(table["status"]) <= set(STATUSES)
    assert table["source"].str.len().min() > 10


def test_every_table_of_figures_has_a_card_and_is_in_the_list_of_licences():
    text = (shipped("data") / "LICENCES.md").read_text(encoding="utf-8")
    cards = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in (shipped("data") / "figures").glob("*.toml")}
    assert sorted(cards) == figure_names()
    for name, card in cards.items():
        assert card["file"] == f"{name}.csv"
        assert card["title"]
        assert card["source"]
        assert card["licence"]
    assert not [name for name in figure_names() if f"`figures/{name}.csv`" not in text]


def test_an_unknown_name_lists_those_there_are():
    with pytest.raises(
        UnknownName, match=r"no table of figures 'merger_cost'; there are .*did you mean 'merger_costs'"
    ):
        em.tables.figures("merger_cost")


def test_the_parts_of_the_quango_merger_add_up():
    table = em.tables.figures("merger_costs").set_index("item")["amount_million_gbp"]
    assert table[table.index.str.startswith("EHRC")].sum() == pytest.approx(38.8, abs=1e-12)
    assert table["Average of 51 reorganisations of government bodies"] == pytest.approx(780 / 51, abs=0.05)


def test_adult_care_adds_up_to_england():
    table = em.tables.figures("adult_residential_care")
    services = [name.removeprefix("weeks_") for name in table if name.startswith("weeks_")]
    assert table["councils"].sum() == 151
    weeks = sum(table[f"weeks_{service}"] for service in services)
    cost = 1000 * sum(table[f"cost_thousand_gbp_{service}"] for service in services)
    # Councils from the smallest to the largest fifth paid 753 to 649 pounds a week, so England lies between.
    assert 649 < cost.sum() / weeks.sum() < 753
    unit = pd.DataFrame({name: 1000 * table[f"cost_thousand_gbp_{name}"] / table[f"weeks_{name}"] for name in services})
    assert unit.min().min() > 400
    assert unit.max().max() < 1400
    assert (unit["residential_18_to_64"] > 1.5 * unit["residential_65_and_over"]).all()


def test_looked_after_children_by_fifths_of_councils():
    table = em.tables.figures("looked_after_children")
    assert table["councils"].sum() == 149
    assert table["mean_children"].is_monotonic_increasing
    assert table["cost_per_child_gbp"].is_monotonic_decreasing
    shares = table.loc[:, "one_placement_in_year":"aged_10_and_over"]
    assert ((shares > 0) & (shares < 1)).all(axis=None)
    assert (table["one_placement_in_year"] + table["three_or_more_placements"] < 1).all()
