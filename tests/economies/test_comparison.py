"""Services side by side, with what their cost includes, and no test across them."""

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import NotSupported, UnknownName

FEW = 49


@pytest.fixture(scope="module")
def services():
    schools = em.load("california_schools")
    return {
        "schools": em.fit(schools, "cobb_douglas"),
        "power": em.fit(em.load("electricity_1955"), "cobb_douglas"),
        "airlines": em.fit(em.load("us_airlines"), "cobb_douglas"),
    }


@pytest.fixture(scope="module")
def found(services):
    return em.compare(services, replications=FEW)


def test_one_row_a_service_with_what_it_is(found):
    table = found.table.set_index("service")
    assert table.index.tolist() == ["schools", "power", "airlines"]
    assert table["type"].tolist() == ["personal", "transactional", "transactional"]
    assert table["cost_concept"].tolist() == ["per head x heads", "total", "total"]
    assert table["unit_of_size"].tolist() == ["pupils", "million kWh", "index of revenue passenger miles"]
    assert table["rows"].tolist() == [420, 145, 90]
    assert table["providers"].tolist() == [420, 145, 6]


def test_numbers_are_those_of_the_separations(services, found):
    for name, fitted in services.items():
        separation = em.separate(fitted, replications=FEW)
        row = found.table.set_index("service").loc[name]
        for term in ("apparent", "scale"):
            expected = separation.row(term)
            assert row[term] == expected["estimate"]
            assert [row[f"{term}_low"], row[f"{term}_high"]] == [expected["conf_low"], expected["conf_high"]]
        assert found.tables[name]["term"].tolist() == separation.table["term"].tolist()


def test_outcomes_are_held_where_there_are_any(found):
    table = found.table.set_index("service")
    assert table.loc["schools", "outcomes_held"] == pytest.approx(0.9831, abs=5e-5)
    assert np.isnan(table.loc["power", "outcomes_held"])
    assert table.loc["schools", "outcomes_held_low"] < 0.9831 < table.loc["schools", "outcomes_held_high"]


def test_nothing_is_pooled_and_the_text_says_so(found):
    assert found.text.startswith("As a league table shows it, unit cost falls with size in ")
    assert any("they are not pooled, and no test across them is made" in note for note in found.notes)
    assert "transactional" not in found.text


def test_size_may_be_chosen_for_one_service(services):
    data = em.load("uk_universities").where("undergraduates > 0", because="logs")
    fits = {"power": services["power"], "universities": em.fit(data, "cobb_douglas")}
    table = em.compare(fits, sizes={"universities": "academics"}, replications=FEW).table.set_index("service")
    slope = np.polyfit(np.log(data.frame["academics"]), np.log(data.frame["cost"]), 1)[0]
    assert table.loc["universities", "apparent"] == pytest.approx(slope, abs=1e-10)
    assert table.loc["universities", "unit_of_size"] != ""


def test_services_that_cannot_be_meant_are_refused(services):
    with pytest.raises(NotSupported, match=r"em.compare needs at least one service: \{name: fit\}"):
        em.compare({})
    with pytest.raises(UnknownName, match=r"sizes= names wards, and the services are power"):
        em.compare({"power": services["power"]}, sizes={"wards": "equal"})
