"""Continuity indices: cases worked out by hand, bounds, and what one contact cannot say."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import econmodel as em
from econmodel.errors import NotSupported, TableError, UnknownName

INDICES = ["usual_provider", "bice_boxerman", "sequential"]
# A handful of divisions of small whole numbers.
ROUNDING = 1e-12


def log_of(**persons):
    """One row a contact; each person's workers in the order of days."""
    rows = [(who, worker, day) for who, workers in persons.items() for day, worker in enumerate(workers)]
    return pd.DataFrame(rows, columns=["person", "worker", "day"])


def measured(visits, **more):
    return em.tables.continuity(visits, person="person", worker="worker", time="day", **more)


@pytest.mark.parametrize(
    ("workers", "usual", "bice_boxerman", "sequential"),
    [
        ("aaaa", 1, 1, 1),
        ("ab", 1 / 2, 0, 0),
        # n = 4: squares 9 + 1 = 10, so (10 - 4) / 12; pairs aa, ab, ba.
        ("aaba", 3 / 4, 1 / 2, 1 / 3),
        # n = 6: squares 9 + 4 + 1 = 14, so (14 - 6) / 30; pairs aa, aa, ab, bb, bc.
        ("aaabbc", 1 / 2, 8 / 30, 3 / 5),
        # The same contacts in another order: only the sequential index sees it.
        ("abacab", 1 / 2, 8 / 30, 0),
        ("abcde", 1 / 5, 0, 0),
    ],
)
def test_indices_are_those_by_hand(workers, usual, bice_boxerman, sequential):
    row = measured(log_of(P=workers)).table.iloc[0]
    assert row[INDICES].tolist() == pytest.approx([usual, bice_boxerman, sequential], abs=ROUNDING)
    assert (row["contacts"], row["workers"]) == (len(workers), len(set(workers)))


contacts = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from("abc"), st.integers(0, 50)), min_size=4, max_size=40
).filter(lambda rows: any(sum(row[0] == who for row in rows) > 1 for who in range(4)))


@given(contacts)
def test_indices_are_shares_and_agree_with_counting(rows):
    visits = pd.DataFrame(rows, columns=["person", "worker", "day"])
    table = measured(visits).table.set_index("person")
    for who, own in visits.sort_values("day", kind="stable").groupby("person"):
        counts, n = own["worker"].value_counts(), len(own)
        if n == 1:
            assert table.loc[who, INDICES].isna().all()
            continue
        same = (own["worker"].to_numpy()[1:] == own["worker"].to_numpy()[:-1]).mean()
        by_hand = [counts.max() / n, (counts * (counts - 1)).sum() / (n * (n - 1)), same]
        assert table.loc[who, INDICES].tolist() == pytest.approx(by_hand, abs=ROUNDING)
        assert ((table.loc[who, INDICES] >= 0) & (table.loc[who, INDICES] <= 1)).all()
        # Two contacts of one person are never more alike than the most frequent worker allows.
        assert table.loc[who, "bice_boxerman"] <= table.loc[who, "usual_provider"] + ROUNDING


@given(contacts, st.permutations("abc"))
def test_names_of_workers_do_not_matter(rows, names):
    visits = pd.DataFrame(rows, columns=["person", "worker", "day"])
    renamed = visits.assign(worker=visits["worker"].map(dict(zip("abc", names, strict=True))))
    pd.testing.assert_frame_equal(measured(visits).table, measured(renamed).table)


def test_one_contact_has_no_index_and_is_counted():
    found = measured(log_of(P="aa", Q="a", R="b"))
    assert found.table.set_index("person").loc[["Q", "R"], INDICES].isna().all(axis=None)
    assert found.text.startswith("Mean over 1 of 3 persons: usual provider 1, bice boxerman 1, sequential 1.")
    assert "2 with fewer than 2 contacts have no index." in found.text


def test_means_by_provider_can_be_joined_to_its_table():
    visits = log_of(P="aaba", Q="aa", R="ab", S="a").assign(practice=["elm"] * 6 + ["oak"] * 3)
    found = measured(visits, by="practice")
    table = found.table.set_index("practice")
    assert table.loc["elm", ["persons", "with_index", "contacts"]].tolist() == [2, 2, 6]
    assert table.loc["oak", ["persons", "with_index", "contacts"]].tolist() == [2, 1, 3]
    assert table.loc["elm", INDICES].tolist() == pytest.approx([7 / 8, 3 / 4, 2 / 3], abs=ROUNDING)
    providers = pd.DataFrame({"practice": ["elm", "oak"], "spend": [9.0, 21.0], "patients": [100, 260]})
    data = em.CostData(
        providers.merge(found.table[["practice", *INDICES]], on="practice"),
        cost="spend",
        outputs={"patients": "personal"},
        relationships={"usual_provider": em.Relationship("attribute", more_means="closer")},
    )
    assert len(data) == 2


def test_a_person_with_two_providers_is_counted_apart():
    visits = log_of(P="aabb").assign(practice=["elm", "elm", "oak", "oak"])
    assert measured(visits).table["usual_provider"].tolist() == [0.5]
    assert measured(visits, by="practice").table["usual_provider"].tolist() == [1.0, 1.0]


def test_a_provider_without_an_index_is_named():
    visits = log_of(P="ab", Q="a").assign(practice=["elm", "elm", "oak"])
    found = measured(visits, by="practice")
    assert np.isnan(found.table.set_index("practice").loc["oak", "usual_provider"])
    assert "No person with enough contacts, and so no mean: oak." in found.notes


def test_without_time_there_is_no_sequential_index():
    found = em.tables.continuity(log_of(P="aaba"), person="person", worker="worker")
    assert "sequential" not in found.table
    assert "Without a time there is no order" in found.notes[0]


def test_contacts_at_the_same_time_are_said():
    visits = log_of(P="aab").assign(day=[1, 1, 2])
    assert "2 contacts share their day with another of the same person" in measured(visits).notes[0]


@pytest.mark.parametrize(
    ("change", "arguments", "error", "said"),
    [
        (lambda v: v, {"worker": "workers"}, UnknownName, "worker='workers' is no column of the visits; did you"),
        (lambda v: v.iloc[:0], {}, TableError, "The visits have no row"),
        (lambda v: list(v), {}, TableError, "visits is a list: give a table"),
        (
            lambda v: v.assign(worker=[None, "a", "b", "a"]),
            {},
            TableError,
            r"4 contacts, but nothing stands under worker in 1 of them.* fill these in",
        ),
        (lambda v: v, {"fewest_contacts": 1}, NotSupported, "continuity is between contacts, so it needs 2 or more"),
        (lambda v: v, {"fewest_contacts": 9}, NotSupported, r"Nobody in the table has 9 contacts \(the most is 4\)"),
    ],
)
def test_what_is_wrong_is_said(change, arguments, error, said):
    with pytest.raises(error, match=said):
        em.tables.continuity(change(log_of(P="aaba")), **{"person": "person", "worker": "worker", **arguments})


@pytest.mark.parametrize("column", ["person", "worker", "home"])
def test_one_name_written_in_two_ways_is_refused(column):
    visits = log_of(P="aabb").assign(home="H")
    visits.loc[3, column] += " "
    with pytest.raises(TableError, match=f"'{column}' .* writes one name in several ways, .*a space at the end"):
        measured(visits, by="home")


def test_categories_nobody_has_make_no_row():
    visits = log_of(P="ab", Q="aa").astype({"person": pd.CategoricalDtype(["P", "Q", "R"])})
    assert measured(visits).table["person"].tolist() == ["P", "Q"]
