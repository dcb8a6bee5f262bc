"""Figures that were typed in: each row says where it was read, or that it is an assumption."""

import tomllib

import pytest

import econmodel as em
from econmodel.errors import UnknownName
from econmodel.table.figures import STATUSES, figure_names
from econmodel.table.shipped import shipped


@pytest.mark.parametrize("name", figure_names())
def test_every_row_has_a_source_and_a_status(name):
    table = em.figures(name)
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
        em.figures("merger_cost")


def test_the_parts_of_the_quango_merger_add_up():
    table = em.figures("merger_costs").set_index("item")["amount_million_gbp"]
    assert table[table.index.str.startswith("EHRC")].sum() == pytest.approx(38.8, abs=1e-12)
    assert table["Average of 51 reorganisations of government bodies"] == pytest.approx(780 / 51, abs=0.05)
