"""The shipped tables: complete, unchanged, and giving the published numbers."""

import dataclasses
import hashlib

import numpy as np
import pytest

import econmodel as em
from econmodel.errors import TableError, UnknownName
from econmodel.table.shipped import names, shipped

ROWS = {
    "california_schools": 420,
    "electricity_1955": 145,
    "electricity_1970": 123,
    "finnish_electricity": 89,
    "italian_banks": 198,
    "michigan_districts": 3850,
    "michigan_schools": 1848,
    "new_mexico_nursing_homes": 52,
    "uk_universities": 62,
    "us_airlines": 90,
    "us_colleges": 777,
}
# Published numbers are compared to half a unit of the last digit that they were printed with.
FIVE_DECIMALS, FOUR_DECIMALS, THREE_DECIMALS, TWO_DECIMALS = 5e-6, 5e-5, 5e-4, 5e-3


def coefficients(y, *columns):
    """Least squares with a constant first."""
    design = np.column_stack([np.ones(len(y)), *columns])
    return np.linalg.lstsq(design, y, rcond=None)[0]


def squares(columns):
    """Halved squares and products of centred columns."""
    k = len(columns)
    return [columns[i] * columns[j] * (0.5 if i == j else 1) for i in range(k) for j in range(i, k)]


def scale_of_translog(cost, outputs, prices=(), others=()):
    """Ray scale economies at the mean of logs."""
    columns = [np.log(column) for column in (*outputs, *prices)]
    columns = [column - column.mean() for column in columns]
    found = coefficients(np.log(cost), *columns, *squares(columns), *others)
    return 1 / found[1 : 1 + len(outputs)].sum()


def test_names_and_rows():
    assert {name: len(em.load(name)) for name in names()} == ROWS


@pytest.mark.parametrize("name", names())
def test_a_card_says_what_a_reader_needs(name):
    data = em.load(name)
    file = (shipped("data") / f"{name}.csv").read_bytes()
    assert data.checksum == hashlib.sha256(file).hexdigest()
    assert f'checksum = "{data.checksum}"' in (shipped("data") / f"{name}.toml").read_text()
    for fact in (data.title, data.source, data.licence, data.money, data.cost_concept, data.cost_unit, data.notes):
        assert fact
    for output in data.outputs.values():
        assert output.service
        assert output.unit
    for relationship in data.relationships.values():
        assert (relationship.kind, relationship.scale) == ("input_ratio", "log")
        assert relationship.more_means
        assert relationship.label
    assert f"`{name}.csv`" in (shipped("data") / "LICENCES.md").read_text(encoding="utf-8")


def test_missing_figures_stand_only_where_the_card_says_so():
    for name in names():
        data = em.load(name)
        missing = data.frame.isna().sum()
        if name == "michigan_districts":
            expected = {"wage": 4, "pupils_per_teacher": 1651, "staff_per_1000_pupils": 2203, "foundation_grant": 1691}
            assert missing[missing > 0].to_dict() == expected
        else:
            assert not missing.any(), name


def test_an_unknown_name_is_refused_with_those_there_are():
    message = "there is no shipped data set 'us_airline'; there are california_schools, .*did you mean 'us_airlines'"
    with pytest.raises(UnknownName, match=message):
        em.load("us_airline")


def test_the_catalogue_has_every_set():
    table = em.catalogue().table
    assert table["name"].tolist() == names()
    assert table.set_index("name").loc["michigan_schools", "relationship"] == "staff_per_1000_pupils (input ratio)"
    assert "11 data sets" in em.catalogue().text


# Known answers


def test_california_test_scores():
    # Stock and Watson: score = 698.93 - 2.28 pupils per teacher
    frame = em.load("california_schools").frame
    found = coefficients(frame["test_score"], 1 / frame["teachers_per_pupil"])
    np.testing.assert_allclose(found, [698.93, -2.28], rtol=0, atol=TWO_DECIMALS)


def test_california_cost():
    frame = em.load("california_schools").frame
    log_cost, log_pupils = np.log(frame["cost"]), np.log(frame["pupils"])
    context = [frame["lunch"], frame["english"], frame["income"]]
    found = [
        coefficients(log_cost, log_pupils)[1],
        coefficients(log_cost, log_pupils, *context)[1],
        coefficients(log_cost, log_pupils, *context, frame["test_score"])[1],
        coefficients(log_cost, log_pupils, *context, np.log(frame["teachers_per_pupil"]))[1],
    ]
    np.testing.assert_allclose(found, [0.9889, 0.9824, 0.9831, 1.0012], rtol=0, atol=FOUR_DECIMALS)
    assert (frame["english_learners"] == 0).sum() == 49
    np.testing.assert_allclose(frame["english_learners"] + frame["other_pupils"], frame["pupils"], rtol=1e-15)


def test_michigan_schools():
    data = em.load("michigan_schools")
    frame = data.frame
    z = np.log(frame[["pupils", "staff_per_1000_pupils", "wage"]])
    z = z - z.mean()
    log_cost, size = np.log(frame["cost"]), z["pupils"]
    assert coefficients(log_cost, size)[1] == pytest.approx(0.9156, abs=FOUR_DECIMALS)
    assert coefficients(log_cost, size, z["wage"], frame["lunch"])[1] == pytest.approx(0.8981, abs=FOUR_DECIMALS)
    # Parts of the apparent slope along the path from the mean, in a translog beside poverty: scale, staffing, price
    columns = [z[name] for name in z]
    found = coefficients(log_cost, *columns, *squares(columns), frame["lunch"])
    first, second = found[1:4], np.zeros((3, 3))
    second[np.triu_indices(3)] = found[4:-1]
    second += np.triu(second, 1).T
    parts = (first + z.to_numpy() @ second / 2) * z.to_numpy()
    slopes = size.to_numpy() @ parts / (size @ size)
    np.testing.assert_allclose(slopes, [0.9690, -0.1025, 0.0491], rtol=0, atol=FOUR_DECIMALS)
    assert data.frame["district"].nunique() == 537
    assert not data.frame["school"].duplicated().any()


def test_michigan_districts():
    data = em.load("michigan_districts")
    years = [(data.frame["year"] == year).astype(float) for year in range(1993, 1999)]
    found = scale_of_translog(data.frame["cost"], [data.frame["pupils"]], others=years)
    assert found == pytest.approx(0.954, abs=THREE_DECIMALS)
    paid = data.frame.dropna(subset="wage")
    years = [(paid["year"] == year).astype(float) for year in range(1993, 1999)]
    found = scale_of_translog(paid["cost"], [paid["pupils"]], others=[np.log(paid["wage"]), *years])
    assert found == pytest.approx(0.998, abs=THREE_DECIMALS)


def test_electricity_1955():
    # Nerlove's restricted equation, as the help page of AER prints it
    frame = em.load("electricity_1955").frame
    fuel = frame["fuel_price"]
    found = coefficients(
        np.log(frame["cost"] / fuel),
        np.log(frame["output"]),
        np.log(frame["wage"] / fuel),
        np.log(frame["capital_price"] / fuel),
    )
    np.testing.assert_allclose(found, [-4.685776, 0.720667, 0.593972, -0.008471], rtol=0, atol=5e-7)


def test_electricity_1970():
    # Christensen and Greene's firms, Greene's example with one squared term
    frame = em.load("electricity_1970").frame
    fuel, log_output = frame["fuel_price"], np.log(frame["output"])
    found = coefficients(
        np.log(frame["cost"] / fuel),
        log_output,
        log_output**2 / 2,
        np.log(frame["capital_price"] / fuel),
        np.log(frame["wage"] / fuel),
    )
    np.testing.assert_allclose(found, [-7.29402, 0.39091, 0.062413, 0.07479, 0.26078], rtol=0, atol=FIVE_DECIMALS)


@pytest.mark.parametrize(
    ("name", "firms"), [("electricity_1955", [71, 74, 115]), ("electricity_1970", [45, 112])]
)  # fmt: skip
def test_wrong_shares_are_kept_only_because_the_card_says_so(name, firms):
    data = em.load(name)
    sums = data.frame[["labour_share", "capital_share", "fuel_share"]].sum(axis="columns")
    assert data.frame.loc[(sums - 1).abs() > 0.002, "firm"].tolist() == [str(firm) for firm in firms]
    with pytest.raises(TableError, match=f"do not add up to one within 0.002: {len(firms)} rows \\(firm {firms[0]};"):
        dataclasses.replace(data, shares=None)


def test_us_airlines():
    # Greene's pooled and firm-effects estimates
    frame = em.load("us_airlines").frame
    columns = [np.log(frame["output"]), np.log(frame["fuel_price"]), frame["load_factor"]]
    pooled = coefficients(np.log(frame["cost"]), *columns)
    np.testing.assert_allclose(pooled, [9.51692, 0.882739, 0.453977, -1.627510], rtol=0, atol=FIVE_DECIMALS)
    firms = [(frame["firm"] == str(firm)).astype(float) for firm in range(2, 7)]
    within = coefficients(np.log(frame["cost"]), *columns, *firms)[1:4]
    np.testing.assert_allclose(within, [0.919285, 0.417492, -1.070396], rtol=0, atol=5e-7)


def test_finnish_electricity():
    frame = em.load("finnish_electricity").frame
    outputs = [frame[name] for name in ("energy", "length", "customers")]
    found = [
        scale_of_translog(frame[cost], outputs, others=[frame["share_underground"]])
        for cost in ("cost", "operating_cost", "capital_cost")
    ]
    np.testing.assert_allclose(found, [1.0747, 1.0892, 1.0523], rtol=0, atol=FOUR_DECIMALS)
    assert (frame["interruption_cost"] > 0).all()


def test_italian_banks():
    frame = em.load("italian_banks").frame
    wage = frame["wage"]
    found = coefficients(
        np.log(frame["cost"] / wage),
        np.log(frame["loans_and_deposits"]),
        np.log(frame["service_proceeds"]),
        np.log(frame["capital_price"] / wage),
        np.log(frame["funds_price"] / wage),
    )
    np.testing.assert_allclose(found, [-1.04489, 0.99454, 0.02009, 0.17349, 0.62572], rtol=0, atol=FIVE_DECIMALS)


def test_uk_universities():
    # A quadratic in levels: cost in million pounds, outputs in thousands
    data = em.load("uk_universities")
    u, p, r = (data.frame[name] / 1000 for name in data.outputs)
    found = coefficients(data.frame["cost"] / 1000, u, p, r, u * u / 2, p * p / 2, r * r / 2, u * p, u * r, p * r)
    stated = [0.82640, 0.46290, 5.02474, 5.47634, 0.35641, -6.65286, -1.24863, 0.07775, -0.08327, 1.91044]
    np.testing.assert_allclose(found, stated, rtol=0, atol=FIVE_DECIMALS)
    assert data.frame.loc[data.frame["undergraduates"] == 0, "university"].tolist() == ["2", "29"]
    teaching = data.where("undergraduates > 0", because="logarithms").frame
    outputs = [teaching[name] for name in data.outputs]
    found = scale_of_translog(teaching["cost"], outputs, others=[np.log(teaching["wage"])])
    assert found == pytest.approx(1.093, abs=THREE_DECIMALS)


def test_us_colleges():
    frame = em.load("us_colleges").frame
    quality = [frame["private"], frame["top10_percent"], frame["phd_percent"], frame["graduation_rate"]]
    found = [
        1 / coefficients(np.log(frame["cost"]), np.log(frame["students"]))[1],
        scale_of_translog(frame["cost"], [frame["students"]], others=[frame["private"]]),
        scale_of_translog(
            frame["cost"], [frame["students"]], others=[*quality, np.log(frame["students_per_faculty"])]
        ),
    ]  # fmt: skip
    np.testing.assert_allclose(found, [1.004, 0.878, 0.960], rtol=0, atol=THREE_DECIMALS)


def test_new_mexico_nursing_homes():
    frame = em.load("new_mexico_nursing_homes").frame
    assert scale_of_translog(frame["cost"], [frame["days"]]) == pytest.approx(1.640, abs=THREE_DECIMALS)
    assert (frame["medical_days"] + frame["other_days"] == frame["days"]).all()
    assert (frame["occupancy"] > 0).all()
    assert frame.loc[frame["occupancy"] > 1, "home"].tolist() == ["49"]
