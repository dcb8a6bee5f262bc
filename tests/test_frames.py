"""The same table in pandas, Arrow and polars is the same table; a lazy frame is refused with what to do."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import econmodel as em
from econmodel.errors import TableError
from econmodel.frames import in_pandas

ROLES = {
    "cost": "spend", "outputs": ["visits"], "prices": ["wage"],
    "relationships": {"continuity": em.Relationship("attribute")}, "controls": ["rural", "sites"],
    "entity": "home", "time": "day",
}  # fmt: skip


@pytest.fixture(scope="module")
def columns():
    """Text, truth values, dates, missing figures, categories and exact decimals, as Python has them."""
    rng = np.random.default_rng(7)
    homes, days = 20, 3
    count = homes * days
    size = np.exp(rng.normal(4.0, 0.6, count))
    spend = 30.0 * size**0.9 * np.exp(0.1 * rng.standard_normal(count))
    known = rng.random(count) > 0.1
    return {
        "home": [f"Home {place // days}" for place in range(count)],
        "day": [date(2010 + place % days, 3, 31) for place in range(count)],
        "spend": [Decimal(f"{value:.2f}") for value in spend],
        "visits": size.tolist(),
        "wage": [
            value if keep else None for value, keep in zip(rng.uniform(9, 14, count).tolist(), known, strict=True)
        ],
        "continuity": rng.uniform(0, 1, count).tolist(),
        "rural": [bool(one) if keep else None for one, keep in zip(rng.random(count) > 0.5, known[::-1], strict=True)],
        "sites": rng.integers(1, 9, count).tolist(),
        "region": ["North" if one else "West" for one in rng.random(count) > 0.5],
    }


def pandas_frame(columns):
    frame = pd.DataFrame(columns).astype({"spend": float, "rural": "boolean"})
    return frame.assign(day=pd.to_datetime(frame["day"]), region=frame["region"].astype("category"))


def decimals_in_pandas(columns):
    return pd.DataFrame(columns).astype({"rural": "boolean"})


def arrow_types_in_pandas(columns):
    return pa.table(columns).to_pandas(types_mapper=pd.ArrowDtype)


def arrow_table(columns):
    return pa.table(columns | {"region": pa.array(columns["region"]).dictionary_encode()})


def polars_frame(columns):
    polars = pytest.importorskip("polars", reason="polars is not installed; Arrow frames take the same path")
    return polars.DataFrame(columns).with_columns(polars.col("region").cast(polars.Categorical))


FRAMES = [pandas_frame, decimals_in_pandas, arrow_types_in_pandas, arrow_table, polars_frame]


@pytest.mark.parametrize("make", FRAMES[1:], ids=lambda make: make.__name__)
def test_the_same_table_gives_the_same_fit_to_the_last_bit(columns, make):
    plain, other = (em.CostData(one(columns), **ROLES) for one in (pandas_frame, make))
    assert len(plain) == len(other)
    for data in (plain, other):
        assert data.frame["spend"].dtype == float
    for form in ("cobb_douglas", "translog"):
        fits = [em.fit(data, form) for data in (plain, other)]
        assert fits[0].nobs == fits[1].nobs < len(plain)
        for name in ("params", "bse"):
            one, two = (getattr(fitted, name) for fitted in fits)
            assert one.index.tolist() == two.index.tolist()
            assert one.to_numpy().tobytes() == two.to_numpy().tobytes()
        assert em.scale(fits[0]).text == em.scale(fits[1]).text
    assert plain.periods()[0].tolist() == other.periods()[0].tolist()
    for condition in ("region == 'North' and spend > 1000", "rural", "rural or visits < 60", "day >= '2011-03-31'"):
        kept = [data.where(condition, because="example") for data in (plain, other)]
        assert kept[0].frame["visits"].tolist() == kept[1].frame["visits"].tolist()
        assert [entry[0] for entry in kept[0].dropped] == [entry[0] for entry in kept[1].dropped]


@pytest.mark.parametrize("make", [arrow_table, polars_frame], ids=lambda make: make.__name__)
def test_frames_are_taken_wherever_a_user_gives_one(columns, make):
    frame, plain = make(columns), pandas_frame(columns)
    whole = in_pandas(frame)
    assert isinstance(whole, pd.DataFrame)
    assert str(whole["rural"].dtype) == "boolean"
    data = em.CostData(frame, **ROLES)
    fitted = em.fit(data, "cobb_douglas")
    rows = frame[["visits", "wage"]] if make is polars_frame else frame.select(["visits", "wage"])
    at = rows[:3]
    pd.testing.assert_frame_equal(
        em.scale(fitted, at=at).table, em.scale(fitted, at=plain.loc[:2, ["visits", "wage"]]).table, check_exact=True
    )
    assert fitted.predict(at).tolist() == fitted.predict(plain.loc[:2, ["visits", "wage"]]).tolist()
    contacts = {"person": "home", "worker": "region", "time": "day"}
    pd.testing.assert_frame_equal(
        em.tables.continuity(frame, **contacts).table, em.tables.continuity(plain, **contacts).table
    )
    gaps = [em.gaps(one, "visits", "region", ["sites"]) for one in (frame, plain)]
    pd.testing.assert_frame_equal(gaps[0].table, gaps[1].table)
    merged = [em.arrangements.merger(fitted, one) for one in (at[:2], plain.loc[:1, ["visits", "wage"]])]
    pd.testing.assert_frame_equal(merged[0].table, merged[1].table, check_exact=True)
    own = {"inputs": ["sites"], "outputs": ["visits"]}
    envelopes = [em.arrangements.envelopment(one, ["0", "1"], **own) for one in (frame, plain)]
    pd.testing.assert_frame_equal(envelopes[0].table, envelopes[1].table, check_exact=True)
    shown = em.Table("Rows", at, "")
    assert list(shown.table) == ["visits", "wage"]


@pytest.mark.parametrize("make", [arrow_table, polars_frame], ids=lambda make: make.__name__)
def test_a_column_of_truth_values_is_a_condition(columns, make):
    data = em.CostData(make(columns), **ROLES)
    some = data.where("visits > 40", because="small")
    mask = make({"keep": [True, None, *[False] * (len(some) - 2)], "region": ["a"] * len(some)})["keep"]
    assert len(some.where(mask, because="example")) == 1
    with pytest.raises(TableError, match="a condition is one truth value a row"):
        data.where(make(columns), because="example")


def test_a_lazy_frame_is_refused_with_what_to_do(columns):
    polars = pytest.importorskip("polars", reason="of lazy frames only those of polars are tested")
    lazy = polars.DataFrame(columns).lazy()
    with pytest.raises(
        TableError, match=r"a lazy frame \(LazyFrame of polars\) .* give what frame.collect\(\) returns"
    ):
        em.CostData(lazy, **ROLES)


def test_what_is_no_frame_and_what_pandas_has_pass_as_they_are():
    frame = pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="home"))
    for given in (frame, frame["a"], None, 3, "mean", [1, 2], {"visits": 3}, np.ones(2), date(2010, 1, 1)):
        assert in_pandas(given) is given


def test_what_arrow_cannot_hold_is_refused_in_words():
    polars = pytest.importorskip("polars", reason="of the frames that narwhals knows only those of polars can hold it")
    wide = polars.DataFrame({"a": polars.Series([1], dtype=polars.Int128)})
    with pytest.raises(TableError, match="this DataFrame of polars cannot be turned into a pandas frame: Invalid"):
        in_pandas(wide)


def test_exact_decimals_are_numbers_and_names_stay_as_they_are():
    frame = pd.DataFrame({"home": [Decimal("1.10"), Decimal("1.2")], "spend": [Decimal("0.1"), None], "visits": [3, 4]})
    data = em.CostData(frame, "spend", "visits", entity="home")
    assert data.frame["spend"].tolist()[0] == 0.1
    assert np.isnan(data.frame["spend"].tolist()[1])
    assert data.frame["home"].tolist() == [Decimal("1.10"), Decimal("1.2")]
    with pytest.raises(TableError, match=r"'spend' .* is zero or negative"):
        em.CostData(frame.assign(spend=[Decimal("-0.1"), Decimal(1)]), "spend", "visits")
