"""What effects absorb is refused by name, and what varies hardly at all but does vary is fitted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import econmodel as em
from econmodel.errors import NotIdentified, NotSupported
from econmodel.estimate.preparation import second_order_terms
from econmodel.forms.form import find_form

FIRMS, YEARS = 30, 5
# The same numbers in other units: centring and the search round otherwise.
OTHER_UNIT = 1e-6
# Numbers of which eight digits or fewer vary.
SIX_DIGITS = 1e-6


def panel(seed, **further):
    rng = np.random.default_rng(seed)
    firm, year = np.repeat(np.arange(FIRMS), YEARS), np.tile(np.arange(YEARS), FIRMS)
    some = rng.random(len(firm)) < 0.9
    firm, year = firm[some], year[some]
    frame = pd.DataFrame({"firm": firm, "year": year, "visits": np.exp(rng.normal(3, 0.5, len(firm)))})
    for name, made in further.items():
        frame[name] = made(rng, firm, year)
    frame["cost"] = np.exp(0.8 * np.log(frame["visits"]) + rng.normal(0, 0.1, len(firm)))
    return frame


FIXED = {
    "normal": lambda rng, firm, year: rng.normal(size=FIRMS)[firm],
    "thirds": lambda rng, firm, year: (rng.integers(0, 2, FIRMS) / 3)[firm],
    "large": lambda rng, firm, year: (1e9 + rng.normal(size=FIRMS))[firm],
    "single": lambda rng, firm, year: rng.uniform(0.3, 0.9, FIRMS).astype(np.float32)[firm].astype(float),
    "integer": lambda rng, firm, year: rng.integers(1, 9, FIRMS)[firm],
}


@pytest.mark.parametrize("kind", FIXED)
@pytest.mark.parametrize("role", ["controls", "relationships", "outputs", "prices"])
@pytest.mark.parametrize("time_effects", [False, True])
def test_what_is_constant_within_providers_is_refused(kind, role, time_effects):
    for seed in range(2):
        frame = panel(seed, fixed=FIXED[kind])
        if role in ("outputs", "prices"):
            frame["fixed"] = 3 * frame["fixed"].abs() + 0.1
        roles = {"outputs": ["visits"]}
        roles[role] = [*roles.get(role, []), "fixed"]
        data = em.CostData(frame, cost="cost", entity="firm", time="year", **roles)
        with pytest.raises(NotIdentified, match=r'fixed does not vary within any firm.*effects="mundlak"'):
            em.fit(data, "translog", effects="within", time_effects=time_effects)


@pytest.mark.parametrize("form", ["cobb_douglas", "composite"])
@pytest.mark.parametrize("effects", [None, "within"])
def test_what_is_the_same_for_all_in_a_period_is_refused_beside_period_effects(form, effects):
    frame = panel(1, wage=lambda rng, firm, year: np.exp(rng.normal(size=YEARS))[year])
    data = em.CostData(frame, cost="cost", outputs=["visits"], prices=["wage"], entity="firm", time="year")
    with pytest.raises(NotIdentified, match=r"wage does not vary among the rows of a period.*time_effects=False"):
        em.fit(data, form, effects=effects, time_effects=True)


def test_the_sum_of_a_providers_and_a_periods_part_is_refused_in_unbalanced_panels():
    frame = panel(2, both=lambda rng, firm, year: 1e6 * rng.normal(size=FIRMS)[firm] + rng.normal(size=YEARS)[year])
    data = em.CostData(frame, cost="cost", outputs=["visits"], controls=["both"], entity="firm", time="year")
    with pytest.raises(NotIdentified, match=r"both does not vary among the rows of a period beside a level of its own"):
        em.fit(data, "cobb_douglas", effects="within", time_effects=True)


def hardly_varying(width, level=0.0):
    frame = panel(
        3, hardly=lambda rng, firm, year: level + rng.normal(size=FIRMS)[firm] + width * rng.normal(size=len(firm))
    )
    return frame, em.CostData(frame, cost="cost", outputs=["visits"], controls=["hardly"], entity="firm", time="year")


@pytest.mark.parametrize("level", [0.0, 1e3])
@pytest.mark.parametrize("width", [1e-3, 1e-5, 1e-7, 1e-8])
def test_what_varies_hardly_at_all_within_providers_is_fitted_to_six_digits(width, level):
    frame, data = hardly_varying(width, level)
    logs = frame.assign(cost=np.log(frame["cost"]), visits=np.log(frame["visits"]))[["visits", "hardly", "cost"]]
    own = logs.sub(logs.iloc[0])
    for _ in range(2):
        own = own - own.groupby(frame["firm"]).transform("mean")
    own["hardly"] /= width
    expected = np.linalg.lstsq(own[["visits", "hardly"]], own["cost"], rcond=None)[0]
    fitted = em.fit(data, "cobb_douglas", effects="within")
    assert fitted.params.to_numpy() * [1.0, width] == pytest.approx(expected, rel=SIX_DIGITS)


@pytest.mark.parametrize("width", [1e-10, 1e-12])
def test_what_varies_by_little_more_than_rounding_is_refused(width):
    with pytest.raises(NotIdentified, match=r"hardly does not vary within any firm"):
        em.fit(hardly_varying(width)[1], "cobb_douglas", effects="within")


@pytest.mark.parametrize("width", [1e-5, 1e-8])
def test_provider_means_refuse_what_varies_hardly_at_all(width):
    with pytest.raises(NotIdentified, match=r'hardly varies within providers by less than .* effects="within"'):
        em.fit(hardly_varying(width)[1], "cobb_douglas", effects="mundlak")


@pytest.mark.parametrize("form", ["flexible_fixed_cost", "composite"])
@pytest.mark.parametrize("power", [-12, 8, 10, 12])
def test_level_forms_do_not_depend_on_the_unit_of_cost(form, power):
    data = em.load("us_airlines")
    same = em.fit(data, form)
    frame = data.frame.assign(**{data.cost: data.frame[data.cost].astype(float) * 10.0**power})
    other = em.fit(replace(data, frame=frame), form)
    assert other.ssr == pytest.approx(same.ssr, rel=OTHER_UNIT)
    size = em.scale(same).table["estimate"].to_numpy()
    assert em.scale(other).table["estimate"].to_numpy() == pytest.approx(size, rel=OTHER_UNIT)


# Of all shipped tables and forms, which `scripts/units_study.py` goes through.
SAMPLED = [
    ("california_schools", "normalised_quadratic"),
    ("electricity_1955", "flexible_fixed_cost"),
    ("italian_banks", "composite"),
    ("new_mexico_nursing_homes", "flexible_fixed_cost"),
    ("uk_universities", "composite"),
    ("us_colleges", "normalised_quadratic"),
]


@pytest.mark.parametrize(("table", "form"), SAMPLED)
def test_level_forms_of_shipped_tables_do_not_depend_on_the_unit_of_cost(table, form):
    data = em.load(table)
    sizes = []
    for power in (0, -12, 12):
        frame = data.frame.assign(**{data.cost: data.frame[data.cost].astype(float) * 10.0**power})
        sizes.append(em.scale(em.fit(replace(data, frame=frame), form)).table["estimate"].to_numpy())
    assert np.stack(sizes[1:]) == pytest.approx(np.stack(sizes[:1] * 2), rel=OTHER_UNIT, nan_ok=True)


def test_computed_cost_has_parameters_and_no_standard_errors():
    frame = panel(4)
    frame["cost"] = 2.0 * frame["visits"] ** 0.9
    fitted = em.fit(em.CostData(frame, cost="cost", outputs=["visits"]), "cobb_douglas")
    assert fitted.params["visits"] == pytest.approx(0.9, rel=1e-9)
    assert fitted.bse.isna().all()
    assert "cost is an exact function of visits" in str(fitted)
    em.separate(fitted, replications=19)
    with pytest.raises(NotSupported, match=r"cost is computed from its columns, so nothing in this fit can be tested"):
        em.test(fitted, "visits = 1")


def computed(pennies):
    frame = panel(4, x=lambda rng, firm, year: rng.normal(size=len(firm)))
    cost = 2000.0 * frame["visits"] ** 0.9
    frame = frame.assign(cost=cost.round(2) if pennies else cost, z=np.arange(len(frame)) % 7 + frame["x"])
    return em.CostData(frame, cost="cost", outputs=["visits"], relationships=["x"], entity="firm", time="year")


@pytest.mark.parametrize("pennies", [False, True])
@pytest.mark.parametrize(
    "how",
    [
        {"effects": "within"},
        {"effects": "mundlak"},
        {"estimator": em.estimators.TwoStage(["x"], ["z"])},
        {"estimator": em.estimators.ControlFunction(["x"], ["z"])},
    ],
)
def test_computed_cost_has_no_standard_errors_by_any_estimator(how, pennies):
    fitted = em.fit(computed(pennies), "cobb_douglas", **how)
    assert fitted.params["visits"] == pytest.approx(0.9, rel=1e-5 if pennies else 1e-9)
    assert fitted.bse.isna().all()
    assert any("it looks computed" in note for note in fitted.notes)
    for name in ("mundlak_test", "exogeneity_test", "overidentification_test", "weak_instrument_interval"):
        if hasattr(fitted, name):
            with pytest.raises(NotSupported, match=r"cost is computed from its columns"):
                getattr(fitted, name)()


@pytest.mark.parametrize("pennies", [False, True])
@pytest.mark.parametrize("effects", [None, "random"])
def test_computed_cost_has_no_frontier(effects, pennies):
    with pytest.raises(NotIdentified, match=r"cost is an exact function.*neither noise nor inefficiency"):
        em.fit(computed(pennies), "cobb_douglas", "frontier", effects=effects)


@pytest.mark.parametrize("pennies", [False, True])
@pytest.mark.parametrize("form", ["cobb_douglas", "composite"])
def test_computed_cost_has_no_system(form, pennies):
    frame = simulated()
    size = (
        frame["visits"] ** 0.5 * frame["meals"] ** 0.4 if form == "cobb_douglas" else frame["visits"] + frame["meals"]
    )
    cost = 1000.0 * size * frame["wage"] ** 0.6 * frame["rent"] ** 0.4
    data = priced(frame.assign(cost=cost.round(2) if pennies else cost))
    with pytest.raises(NotIdentified, match=r"The equation of log cost is fitted exactly.*Cost that was computed"):
        em.fit(data, form, "system", second_order="none")


@pytest.mark.parametrize("how", [{}, {"effects": "within"}, {"effects": "mundlak"}, {"estimator": "frontier"}])
def test_cost_that_does_not_vary_is_refused(how):
    data = computed(False)
    same = replace(data, frame=data.frame.assign(cost=5.0))
    with pytest.raises(NotIdentified, match=r"cost is the same in every row used \(5\)"):
        em.fit(same, "cobb_douglas", **how)


@pytest.mark.parametrize("effects", ["within", "mundlak"])
def test_cost_that_does_not_vary_within_providers_is_refused(effects):
    data = computed(False)
    same = replace(data, frame=data.frame.assign(cost=1.1 + data.frame["firm"] / 3))
    with pytest.raises(NotIdentified, match=r"cost does not vary within any firm"):
        em.fit(same, "cobb_douglas", effects=effects)


def test_more_variables_than_rows_are_counted_before_anything_is_formed():
    rng = np.random.default_rng(0)
    names = [f"x{i}" for i in range(2_000)]
    frame = pd.DataFrame(rng.normal(size=(40, len(names))), columns=names)
    frame = frame.assign(cost=rng.uniform(1, 2, 40), visits=rng.uniform(1, 2, 40))
    data = em.CostData(frame, cost="cost", outputs=["visits"], controls=names)
    with pytest.raises(NotIdentified, match=r"40 rows cannot identify 2,003 parameters"):
        em.fit(data, "translog")


def test_provider_means_do_not_depend_on_a_level_far_above_the_spread():
    frame = panel(6, x=lambda rng, firm, year: np.round(10 * rng.normal(size=len(firm))))
    found = []
    for level in (0.0, 1e14):
        moved = frame.assign(x=frame["x"] + level)
        data = em.CostData(moved, cost="cost", outputs=["visits"], relationships=["x"], entity="firm", time="year")
        found.append(em.fit(data, "translog", effects="mundlak", second_order="none").params[["visits", "x"]])
    assert found[1].to_numpy() == pytest.approx(found[0].to_numpy(), rel=SIX_DIGITS)


@pytest.mark.parametrize("restrict", [(), "homogeneous"])
@pytest.mark.parametrize(("rows", "fault"), [(400, NotIdentified), (6_000, NotSupported)])
def test_second_order_terms_are_counted_before_any_list_of_them(monkeypatch, rows, fault, restrict):
    monkeypatch.setattr("econmodel.estimate.preparation.assemble", lambda *_, **__: pytest.fail("terms were built"))
    rng = np.random.default_rng(0)
    names = [f"x{i}" for i in range(100)]
    frame = pd.DataFrame(rng.uniform(1, 2, (rows, 102)), columns=[*names, "visits", "cost"])
    data = em.CostData(frame, cost="cost", outputs=["visits"], relationships=names)
    with pytest.raises(fault, match=r"at least 5,\d\d\d|5,\d\d\d parameters or more, and 3,000 is the most"):
        em.fit(data, "translog", second_order="all", restrict=restrict)


@pytest.mark.parametrize("second_order", ["none", "outputs", "all"])
@pytest.mark.parametrize(
    "form", ["cobb_douglas", "translog", "composite", "flexible_fixed_cost", "normalised_quadratic"]
)
def test_second_order_terms_are_as_many_as_counted(form, second_order):
    data = priced(simulated())
    shape = find_form(form)
    counted = second_order_terms(shape, second_order, 2, 1, 1)
    # The constant, two outputs, a relative price, a relationship variable with its own square, and a control.
    square = second_order == "all" and not shape.separable
    assert counted + 6 + square == len(em.fit(data, form, second_order=second_order).theta)


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_a_system_refuses_a_share_that_does_not_vary(share):
    power = em.load("electricity_1970")
    f = power.frame
    f = f.assign(labour_share=share, capital_share=f["capital_share"] + f["labour_share"] - share)
    f = f[(f[["labour_share", "capital_share", "fuel_share"]] >= 0).all(axis=1)]
    with pytest.raises(NotIdentified, match=r"cost share labour_share is the same in every row"):
        em.fit(replace(power, frame=f, shares="as published"), estimator="system")


def test_a_system_refuses_shares_in_one_proportion():
    power = em.load("electricity_1970")
    f = power.frame
    both = f["labour_share"] + f["capital_share"]
    f = f.assign(labour_share=both / 4, capital_share=3 * both / 4)
    with pytest.raises(
        NotIdentified, match=r"labour_share and capital_share are in the same proportion|capital_share and"
    ):
        em.fit(replace(power, frame=f, shares="as published"), estimator="system")


def test_a_system_refuses_a_share_that_was_computed_from_the_prices():
    power = em.load("electricity_1970")
    f, (wage, _, fuel) = power.frame, power.prices
    made = 0.2 + 0.01 * np.log(f[wage] / f[fuel])
    f = f.assign(labour_share=made, capital_share=f["capital_share"] + f["labour_share"] - made)
    f = f[f["capital_share"].between(0, 1)]
    with pytest.raises(NotIdentified, match=r"The equation of labour_share is fitted exactly"):
        em.fit(replace(power, frame=f, shares="as published"), estimator="system")


def simulated(count=120):
    rng = np.random.default_rng(0)
    y, w = np.exp(rng.normal(3, 0.6, (count, 2))), np.exp(rng.normal(0, 0.3, (count, 2)))
    tender, rural = rng.normal(size=(2, count))
    same = rng.uniform(0.4, 1.1, count) + 0.1 * tender
    share = np.clip(0.6 + 0.02 * rng.normal(size=count) + 0.03 * np.log(w[:, 0] / w[:, 1]), 0.1, 0.9)
    noise = rng.normal(0, 0.1, count) + 0.05 * np.abs(rng.normal(size=count))
    cost = (20 + y @ [2, 3]) * w[:, 0] ** 0.6 * w[:, 1] ** 0.4 * np.exp(noise - 0.2 * same + 0.05 * rural)
    return pd.DataFrame(
        {"visits": y[:, 0], "meals": y[:, 1], "wage": w[:, 0], "rent": w[:, 1], "wages": share, "rents": 1 - share}
        | {"same": same, "rural": rural, "tender": tender, "cost": cost}
    )


def priced(frame):
    prices = {"wage": em.Price(share="wages"), "rent": em.Price(share="rents")}
    return em.CostData(
        frame,
        cost="cost",
        outputs=["visits", "meals"],
        prices=prices,
        prices_complete=True,
        relationships=["same"],
        controls=["rural"],
    )


def size_of(frame, form, estimator):
    return float(em.scale(em.fit(priced(frame), form, estimator, second_order="none")).table["estimate"].iloc[0])


BY_INSTRUMENT = (em.estimators.TwoStage(["same"], ["tender"]), em.estimators.ControlFunction(["same"], ["tender"]))
PAIRS = [
    *((form, one) for form in ("cobb_douglas", "composite") for one in ("least_squares", "system", "frontier")),
    *(("cobb_douglas", one) for one in BY_INSTRUMENT),
    ("flexible_fixed_cost", "least_squares"),
    ("normalised_quadratic", "least_squares"),
]


@pytest.mark.parametrize(("form", "estimator"), PAIRS)
def test_no_fit_depends_on_the_unit_of_any_column(form, estimator):
    frame = simulated()
    size = size_of(frame, form, estimator)
    for name in ("cost", "visits", "wage", "same", "rural", "tender"):
        for power in (-12, 12):
            other = frame.assign(**{name: frame[name] * 10.0**power})
            assert size_of(other, form, estimator) == pytest.approx(size, rel=OTHER_UNIT), (name, power)
