"""What a system cannot be fitted to, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import DidNotConverge, FormError, NotIdentified, NotSupported, TableError, UnknownName


def test_tables_without_prices_or_shares_are_told_how_to_name_them(three_prices):
    data = three_prices(40)
    with pytest.raises(
        NotSupported, match=r'the table names no prices.*prices=\{"wage": em\.Price\(share="pay_share"\)'
    ):
        em.fit(data.using(prices=[]), "composite", estimator="system")
    bare = replace(data, prices=["wage", "rent", "energy"])
    with pytest.raises(NotSupported, match=r"No cost share is named for wage, rent, energy.*least_squares"):
        em.fit(bare, estimator="system")


def test_settings_that_are_not_known(three_prices):
    with pytest.raises(UnknownName, match=r"drop='water' is not a price with a cost share.*wage, rent, energy"):
        em.fit(three_prices(40), estimator=em.estimators.System(drop="water"))
    with pytest.raises(UnknownName, match=r'divide_by=\'n\' is not known. It may be "rows" or "freedom"'):
        em.estimators.System(divide_by="n")


def test_a_single_share_that_is_left_out_leaves_nothing(three_prices):
    data = three_prices(40).using(prices=["wage"])
    with pytest.raises(NotSupported, match="wage is the only price with a cost share, and leaving its share out"):
        em.fit(data, estimator=em.estimators.System(drop="wage"))


def test_shares_of_all_inputs_of_a_table_that_does_not_say_so(three_prices):
    data = three_prices(40).using(prices_complete=False)
    with pytest.raises(TableError, match=r'add up to one in every row.*prices_complete=True.*System\(drop="energy"\)'):
        em.fit(data, estimator="system")
    assert em.fit(data, estimator=em.estimators.System(drop="energy")).left_out == "energy"


def test_shares_that_do_not_add_up_to_one_are_refused_with_the_table(three_prices):
    data = three_prices(40)
    frame = data.frame.assign(wage_share=0.9 * data.frame["wage_share"])
    with pytest.raises(TableError, match=r'do not add up to one.*shares = "renormalise"'):
        replace(data, frame=frame)


def test_a_share_that_says_nothing_is_named(three_prices):
    data = three_prices(60)
    frame = data.frame.assign(wage_share=0.4, rent_share=0.3, energy_share=0.3)
    with pytest.raises(NotIdentified, match=r"wage_share, rent_share are together fitted exactly|fitted exactly"):
        em.fit(replace(data, frame=frame), estimator="system")
    twice = data.frame.assign(rent_share=0.9 - data.frame["wage_share"], energy_share=0.1)
    with pytest.raises(NotIdentified, match=r"equations of .*wage_share, rent_share are together fitted exactly"):
        em.fit(replace(data, frame=twice), "cobb_douglas", estimator="system")


def test_prices_that_do_not_vary_are_named(three_prices):
    data = three_prices(40)
    frame = data.frame.assign(wage=3.0)
    with pytest.raises(NotIdentified, match=r"wage has the same value in every row.*data.using\(prices=\[...\]\)"):
        em.fit(replace(data, frame=frame), estimator="system")
    moving = data.frame.assign(wage=2.0 * data.frame["energy"])
    with pytest.raises(NotIdentified, match=r"wage/energy"):
        em.fit(replace(data, frame=moving), estimator="system")


def test_what_a_system_has_no_equations_for(three_prices):
    data = three_prices(60)
    with pytest.raises(FormError, match=r'"system" explains log cost and cost shares.*error="multiplicative"'):
        em.fit(data, "composite", estimator="system", error="additive")
    panel = replace(data, frame=data.frame.assign(provider=np.arange(60) // 2), entity="provider")
    with pytest.raises(FormError, match=r'estimator="system" has no effects="within".*Use effects=None'):
        em.fit(panel, estimator="system", effects="within")
    with pytest.raises(NotSupported, match=r'cov_type="cluster" needs groups'):
        em.fit(data, estimator="system", cov_type="cluster")


def test_few_clusters_are_said_to_be_few(three_prices):
    data = three_prices(60)
    data = replace(data, frame=data.frame.assign(provider=np.arange(60) // 10), entity="provider")
    fitted = em.fit(data, estimator="system", second_order="none")
    assert fitted.cov_type == "nonrobust"
    assert not fitted.wild
    assert any("6 clusters are too few" in note and "least_squares" in note for note in fitted.notes)
    asked = em.fit(data, estimator="system", second_order="none", cov_type="cluster")
    assert any("6 clusters: clustered standard errors need" in note for note in asked.notes)


def test_a_search_that_does_not_end_says_so(three_prices, monkeypatch):
    monkeypatch.setattr("econmodel.estimate.system.seemingly_unrelated.MAXIMUM_STEPS", 2)
    with pytest.raises(DidNotConverge, match=r"no optimum was reached in 2 steps.*System\(iterate=False\)"):
        em.fit(three_prices(60), "composite", estimator="system")


def test_a_level_form_with_nowhere_to_start_says_so(three_prices, monkeypatch):
    monkeypatch.setattr(
        "econmodel.estimate.system.seemingly_unrelated.starting_values", lambda design: [np.full(design.count, -1.0)]
    )
    with pytest.raises(DidNotConverge, match="nowhere to start: fitted cost is not positive for every provider"):
        em.fit(three_prices(60), "composite", estimator="system")
