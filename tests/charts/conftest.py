"""Results made by hand, and every chart drawn from them."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest

from econmodel import charts
from econmodel.arrangements.chains import supply_chain
from econmodel.arrangements.commission import Reserved
from econmodel.arrangements.configuration import configure
from econmodel.arrangements.coproduction import coproduce
from econmodel.arrangements.explained import explain_outcomes
from econmodel.arrangements.partnering import partner
from econmodel.arrangements.payment import pay_by_results
from econmodel.arrangements.tariff import Tier
from econmodel.economies.outputs.shape import complementarity
from econmodel.economies.outputs.subadditivity import subadditivity
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import fit
from econmodel.results import Effects, Table
from econmodel.simulation import StatedCost, simulate, state
from econmodel.table.cost_data import CostData
from econmodel.table.roles import Output, Relationship
from econmodel.table.shipped import figures


def make_schools(count: int = 120, **roles: object) -> CostData:
    generator = np.random.default_rng(7)
    pupils = np.exp(generator.normal(7.0, 1.2, count))
    staffing = 0.05 * (pupils / 1100) ** -0.04 * np.exp(generator.normal(0.0, 0.08, count))
    cost = 5300 * pupils**0.98 * np.exp(generator.normal(0.0, 0.1, count))
    frame = pd.DataFrame({"spend": cost, "pupils": pupils, "staffing": staffing})
    label = "teachers per pupil"
    relationships = {"staffing": Relationship("input_ratio", scale="log", more_means="closer", label=label)}
    given = {"outputs": {"pupils": Output("personal", unit="pupils")}, "relationships": relationships} | roles
    return CostData(frame, cost="spend", cost_unit="USD", **given)


def make_curve(estimates: list[float], half_width: float = 100.0, supported: list[bool] | None = None) -> Effects:
    sizes = 100.0 * 4.0 ** np.arange(len(estimates))
    table = pd.DataFrame({"term": "unit cost", "at": [f"{size:g}" for size in sizes], "size": sizes})
    table["estimate"] = estimates
    table["conf_low"], table["conf_high"] = table["estimate"] - half_width, table["estimate"] + half_width
    table["supported"] = True if supported is None else supported
    return Effects("Unit cost along the ray", table, "", labels={"size": "pupils"})


def make_separation(scale: float = 1.0012, staffing: float = -0.0168, context: float = 0.0044) -> Effects:
    terms = ["apparent", "scale", "mix", "relationship: staffing", "context", "residual"]
    estimate = np.array([scale + staffing + context, scale, np.nan, staffing, context, 1e-17])
    table = pd.DataFrame({"term": terms, "at": "all providers", "estimate": estimate})
    table["conf_low"], table["conf_high"] = estimate - 0.006, estimate + 0.006
    return Effects("Separation", table, "", labels={"relationship: staffing": "teachers per pupil"})


def make_gap(
    parts: dict[str, float], *, growth: float = 0.0, place: str = "Elm to Oak", method: str = "delta"
) -> Effects:
    estimate = np.array([sum(parts.values()), *parts.values()])
    table = pd.DataFrame({"term": ["cost gap", *parts], "at": place, "estimate": estimate})
    facts = table["term"] == "residual"
    table["conf_low"] = np.where(facts, np.nan, estimate - 0.02)
    table["conf_high"] = np.where(facts, np.nan, estimate + 0.02)
    unit = table[["term"]].assign(estimate=estimate - growth * table["term"].isin(("cost gap", "scale")))
    unit.loc[0, "term"] = "unit cost gap"
    labels = {"relationship: staff": "teachers per pupil"}
    return Effects("Gap", table, "", labels=labels, tables={"unit cost": unit}, method=method)


def make_services() -> pd.DataFrame:
    rows = [
        ("Power stations", "transactional", "total", "million kWh", 145, 0.71, 0.63, 0.77),
        ("Grids", "infrastructure", "total", "kilometres", 89, 0.93, 0.89, 0.97),
        ("School districts of a long name", "personal", "per head x heads", "pupils", 420, 0.99, 0.98, 0.996),
        ("Homes", "personal", "partial: nursing pay and facilities", "hundred in-patient days", 52, 0.59, 0.1, 2.4),
        ("Inspections", "regulatory", "pay bill", "visits", 60, 1.10, 1.02, 1.18),
        ("Libraries", "personal and transactional", "operating", "loans and visits", 31, 1.01, 0.95, 1.07),
    ]  # fmt: skip
    names = [
        "service",
        "type",
        "cost_concept",
        "unit_of_size",
        "providers",
        "apparent",
        "apparent_low",
        "apparent_high",
    ]
    return pd.DataFrame(rows, columns=names)


def make_scopes() -> pd.DataFrame:
    """A degree of scope that is known, one of which an interval is identified, and the same two outside the data."""
    table = pd.DataFrame({"term": "degree of scope", "at": ["p25", "mean", "p75", "p90"], "null": 0.0})
    table = table.assign(estimate=[0.2, np.nan, -0.1, np.nan], conf_low=[0.1, -0.05, -0.3, 0.02])
    table = table.assign(conf_high=[0.3, 0.31, 0.1, 0.4], supported=[True, True, False, False])
    return table.assign(identified_low=[np.nan, 0.08, np.nan, 0.1], identified_high=[np.nan, 0.17, np.nan, 0.2])


def make_mixes(at: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 3.0)) -> pd.DataFrame:
    """Degrees of scope that rise with size, at mixes of which the lopsided ones are outside the data."""
    table = pd.DataFrame([(x, y) for x in at for y in at], columns=["home_visits", "meals"])
    table["estimate"] = 0.3 * np.log(table["home_visits"] * table["meals"]) + 0.1
    table["conf_low"], table["conf_high"] = table["estimate"] - 0.2, table["estimate"] + 0.2
    return table.assign(supported=np.abs(np.log(table["home_visits"] / table["meals"])) < 1)


def make_care(**parameters: float) -> StatedCost:
    given = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4} | parameters
    return state("composite", given, outputs={"visits": 100, "meals": 50})


def with_dashes() -> object:
    return charts.cost_curve(make_curve([6100, 5800, 5300, 5200], supported=[False, True, True, True]), make_schools())


def make_power(found: list[float], wrong: float = 0.0, truth: float = 0.9) -> Table:
    table = pd.DataFrame({"providers": (30 * 2 ** np.arange(len(found))).tolist(), "found": found})
    table["found_low"], table["found_high"] = table["found"] - 0.03, table["found"] + 0.03
    table["wrong_sign"], table["bias"] = wrong, np.linspace(-0.02, 0.002, len(found))
    table["bias_low"], table["bias_high"] = table["bias"] - 0.004, table["bias"] + 0.004
    said = {"what": "the ray elasticity", "to_find": "economies of scale", "truth": truth, "null": 1.0}
    tables = {"truth and null": pd.DataFrame([said | {"target": 0.8, "level": 0.95}])}
    return Table("Would a study find it?", table, "", tables=tables)


def fitted_to(cost: StatedCost) -> Fit:
    """From providers who all make every output: how the fixed cost is shared out cannot be known."""
    return fit(simulate(cost, 80, noise=0.02, seed=1).data, "composite")


def make_structures(total: int = 400, *, own: bool = False, learned=None, **asked: object) -> Table:
    parameters = {"common cost": 15, "visits": 60, "meals": 20, "half visits squared": 30}
    names = () if learned else ("visits", "meals")
    cost = state("composite", parameters, outputs={"visits": 100, "meals": 100}, fixed_costs=names)
    cost = learned(cost) if learned else cost
    reserved = {"user-led": Reserved(0.3, dearer=0.1, largest=0.2)} if own else {}
    return configure(cost, {"visits": total, "meals": 300}, reserved=reserved, halve=False, **asked)


def make_merger(ratios: dict[str, float], *, width: float = 0.02, pays: float | None = 3.0, **more: float) -> Effects:
    """A merger with some factors, others one; `more` are further terms, such as those of a group structure."""
    factors = dict.fromkeys(("learning", "levelling", "harmony", "size", "relationship"), 1.0) | ratios
    whole = "merged part" if more else "merger"
    estimate = pd.Series({"merger": 1.0, whole: np.prod(list(factors.values())), **more, **factors})
    table = pd.DataFrame({"term": estimate.index, "at": "Elm and Oak", "estimate": estimate.to_numpy()})
    half = width * (table["estimate"] != 1)
    table["conf_low"], table["conf_high"] = table["estimate"] - half, table["estimate"] + half
    switch = {"number": "saving, % of cost apart", "now": 10.0, "switches_at": pays}
    means = "pays within 10 years from there on"
    switches = pd.DataFrame([switch | {"meaning": means}] if pays is not None else [], columns=[*switch, "meaning"])
    labels = {"merger": "cost together / apart", "harmony": "harmony (scope)", "size": "size (scale)"}
    return Effects("Merger of Elm and Oak", table, "", labels=labels, tables={"switching values": switches})


RATES = {"JSA 25 and over": 0.317, "New ESA": 0.151, "ESA ex-IB": 0.054}


def make_cash(sizes: tuple[float, ...] = (1, 2, 5, 10, 20, 50, 100), held: float = 6.0) -> Table:
    tiers = [Tier("prime", fee=0.3), Tier("provider")]
    how = {"tiers": tiers, "referrals": sizes, "reserves": held, "draws": 200}
    return supply_chain(figures("work_programme_tariff"), {"New ESA": 0.151}, **how)


def make_outcomes(rates: dict[str, float] = RATES, **known: object) -> Table:
    return explain_outcomes(figures("work_programme_tariff"), rates, **known)


def make_payment() -> Table:
    response = pd.DataFrame({"group": list(RATES), "p0": 0.03, "p1": 0.2, "k": 0.002})
    return pay_by_results(figures("work_programme_tariff"), response, spread=1.0)


def make_partners(**how: object) -> Effects:
    """A merger that one-off costs above a switching value make dearer than staying apart."""
    parameters = {"common cost": 20, "visits": 40, "meals": 40}
    cost = state("composite", parameters, outputs={"visits": 10, "meals": 10}, fixed_costs=("visits", "meals"))
    two = {"Ash": {"visits": 20, "meals": 5}, "Beech": {"visits": 4, "meals": 25}}
    return partner(cost, two, ["meals"], **how)


def make_volunteers(wage: float) -> Effects:
    shape = state("cobb_douglas", {"constant": np.log(100.0), "visits": 0.8}, outputs={"visits": 100})
    data = simulate(shape, 100, noise=0.05, seed=1).data
    hours = 10 * np.exp(0.5 * np.random.default_rng(7).standard_normal(100))
    frame = data.frame.assign(hours=hours, cost=data.frame["cost"] * np.exp(-0.02 * hours))
    return coproduce(fit(replace(data, frame=frame, controls=["hours"]), "cobb_douglas"), "hours", wage)


CHARTS: dict[str, Callable[[], object]] = {
    "curve with providers": with_dashes,
    "curve with groups": lambda: charts.cost_curve(make_curve([5300, 5200, 5600]), make_schools(1200)),
    "curve alone": lambda: charts.cost_curve(make_curve([9000, 400, 90], half_width=30)),
    "separation": lambda: charts.separation(make_separation()),
    "separation with large parts": lambda: charts.separation(make_separation(0.8, -0.31, 0.42)),
    "forest": lambda: charts.forest(make_services()),
    "forest of one": lambda: charts.forest(make_services().head(1)),
    "forest with bands": lambda: charts.forest(make_scopes()),
    "waterfall": lambda: charts.waterfall(make_gap({"scale": 0.3, "relationship: staff": -0.1, "residual": -0.02})),
    "short waterfall": lambda: charts.waterfall(
        make_gap({"scale": 0.02, "prices": -0.05}, growth=0.03), unit_cost=True
    ),
    "merger": lambda: charts.merger(make_merger({"levelling": 1.01, "size": 0.88, "relationship": 1.04})),
    "merger of a group": lambda: charts.merger(make_merger({"size": 0.7}, **{"share of cost merged": 0.2})),
    "power": lambda: charts.power(make_power([0.2, 0.4, 0.7, 0.85, 0.97, 1.0])),
    "power of many": lambda: charts.power(make_power([0.05] * 14, wrong=0.3)),
    "power of one": lambda: charts.power(make_power([0.5])),
    "power of nothing": lambda: charts.power(make_power([np.nan] * 3, wrong=0.05, truth=1.0)),
    "complementarity map": lambda: charts.complementarity_map(complementarity(make_care())),
    "structures": lambda: charts.configuration(make_structures()),
    "structures with a share": lambda: charts.configuration(make_structures(own=True)),
    "structures of many": lambda: charts.configuration(make_structures(2000, numbers=range(12, 40))),
    "structures at both ends": lambda: charts.configuration(make_structures(learned=fitted_to, only_supported=False)),
    "structure alone": lambda: charts.configuration(make_structures(numbers=())),
    "reserves": lambda: charts.reserves(make_cash()),
    "reserves of many": lambda: charts.reserves(make_cash(tuple(range(1, 40)), held=0.0)),
    "reserves of two": lambda: charts.reserves(make_cash((0.5, 2000))),
    "revenue by group": lambda: charts.outcome_revenue(make_outcomes()),
    "revenue of one group": lambda: charts.outcome_revenue(make_outcomes({"New ESA": 0.1}, without={"New ESA": 0.2})),
    "revenue where the response is stated": lambda: charts.outcome_revenue(make_payment()),
    "scope map": lambda: charts.scope_map(make_mixes()),
    "scope map of intervals": lambda: charts.scope_map(make_care(), multiples=(0.5, 1.0, 2.0)),
    "splits": lambda: charts.subadditivity_surface(subadditivity(make_care())),
    "arrangements": lambda: charts.arrangements(make_partners(along="one_off", one_off=100.0)),
    "coproduction": lambda: charts.coproduction(make_volunteers(1.6)),
    "coproduction without a least cost": lambda: charts.coproduction(make_volunteers(9.0)),
    "relationship": lambda: charts.relationship_against_size(make_schools(), "staffing"),
    "relationship in groups": lambda: charts.relationship_against_size(make_schools(1200), "staffing"),
    "relationship of few": lambda: charts.relationship_against_size(make_schools(8), "staffing"),
}


@cache
def first_picture(name: str) -> tuple[object, str]:
    chart = CHARTS[name]()
    return chart, charts.svg(chart)


@pytest.fixture(params=list(CHARTS))
def picture(request):
    """A chart, drawn once for all tests that look at it: the chart and its SVG."""
    return first_picture(request.param)


@pytest.fixture(params=list(CHARTS))
def draw(request):
    """A function that draws one of the charts anew."""
    return CHARTS[request.param]


# What tests are handed: a function that makes one, or the thing itself.
MAKERS = {
    "schools": make_schools, "structures": make_structures, "curve": make_curve, "separated": make_separation,
    "care": make_care, "gaps": make_gap, "mergers": make_merger, "powers": make_power, "cash": make_cash,
    "outcomes": make_outcomes,
}  # fmt: skip
MADE = {"mixes": make_mixes, "services": make_services, "payment": make_payment, "scopes": make_scopes}
for name, maker in MAKERS.items():
    globals()[name] = pytest.fixture(name=name)(lambda maker=maker: maker)
for name, maker in MADE.items():
    globals()[name] = pytest.fixture(name=name)(maker)


@pytest.fixture
def words():
    """Title and description of a chart, in one line each."""
    return lambda chart: (" ".join(chart.title.text), chart.description)


@pytest.fixture
def drawn_rows():
    """All rows that a chart hands to the drawing."""

    def rows(chart):
        spec = chart.to_dict()
        return [row for dataset in spec["datasets"].values() for row in dataset]

    return rows
