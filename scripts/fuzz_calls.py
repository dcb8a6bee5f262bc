"""Every public measure, arrangement and chart with random arguments: plausible ones, and some that are slightly not."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

import econmodel as em

Rng = np.random.Generator
Call = Callable[[em.CostData, Any, Rng], Any]
NOT_PLACES: tuple[Any, ...] = ("nowhere", 0, -1.0, {}, [], {"no such": 1.0}, float("nan"), "p101", None, [1, None])
REPLICATIONS = 19


def place(data: em.CostData, rng: Rng) -> Any:
    """A value of `at=`."""
    first = next(iter(data.outputs))
    value = float(data.frame[first].astype(float).mean())
    known = ["mean", "mean", "median", "p25", "every provider", [0.5, 1, 2], 3, {first: value}, {first: value * 1e3}]
    known += [
        "mean",
        pd.DataFrame({first: [value, 2 * value]}),
        {first: value} | dict.fromkeys(data.relationships, 0.5),
    ]
    if rng.random() < 0.03:
        return {first: 0.0}
    return known[int(rng.integers(len(known)))] if rng.random() < 0.96 else NOT_PLACES[int(rng.integers(10))]


def settings(rng: Rng, *, method: bool = True, replications: bool = False) -> dict[str, Any]:
    """Some of method, level, seed and number of replications."""
    given: dict[str, Any] = {}
    if method and rng.random() < 0.4:
        given["method"] = str(rng.choice(["delta", "simulate", "bootstrap"], p=[0.3, 0.4, 0.3]))
    if rng.random() < 0.2:
        given["conf_level"] = float(rng.choice([0.9, 0.5, 0.999, 1.0, 0.0, 95.0], p=[0.4, 0.2, 0.3, 0.04, 0.03, 0.03]))
    if rng.random() < 0.1:
        given["seed"] = [1, 2**31, -1, 1.5][int(rng.integers(4))]
    if replications:
        given["replications"] = REPLICATIONS if rng.random() < 0.93 else int(rng.choice([0, 1, 2, -5]))
    return given


def _point(name: str, **further: Any) -> Call:
    def call(data: em.CostData, fitted: Any, rng: Rng) -> Any:
        return getattr(em, name)(fitted, at=place(data, rng), **settings(rng, **further))

    return call


def _one_of(names: Any, rng: Rng) -> Any:
    """A name or, seldom, one that there is not; None where there is nothing to choose."""
    names = list(names)
    if rng.random() < 0.05:
        return "no such"
    return names[int(rng.integers(len(names)))] if names else None


def _relationship_or_outcome(data: em.CostData, rng: Rng) -> Any:
    return _one_of([*data.relationships, *data.outcomes, None], rng)


def _scope(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    epsilon = [0.1, None, 0.1, 0.05, 0.5, [0.1, 0.2], -0.1][int(rng.integers(7))]
    partition = [None, None, [[name] for name in data.outputs], [[next(iter(data.outputs))]]][int(rng.integers(4))]
    return em.scope(fitted, place(data, rng), epsilon, partition, **settings(rng))


def _scale(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    of = None if rng.random() < 0.7 else [_one_of(data.outputs, rng)]
    return em.scale(fitted, place(data, rng), of, margin=float(rng.choice([0.05, 0.0, 0.5, -1])), **settings(rng))


def _unit_cost(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    at = [(0.5, 1.0, 2.0), (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0), (1.0,), (), (-1.0,), (1e-9, 1e9)][
        int(rng.integers(6))
    ]
    return em.unit_cost(fitted, at, **settings(rng))


def _size(data: em.CostData, rng: Rng) -> Any:
    first = next(iter(data.outputs))
    return [None, None, None, first, dict.fromkeys(data.outputs, 1.0), "no such"][int(rng.integers(6))]


def _separate(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    return em.separate(fitted, _size(data, rng), **settings(rng, method=False, replications=True))


def _two(data: em.CostData, rng: Rng) -> tuple[Any, Any]:
    rows = data.row_names()
    if data.time and rng.random() < 0.5:
        values = list(data.frame[data.time].unique())
        return values[0], values[-1]
    return (rows[0], rows[-1]) if rng.random() < 0.95 else ("no such", rows[0])


def _decompose(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    by = _one_of([data.entity, data.time, None, None, *data.controls], rng)
    return em.decompose(fitted, *_two(data, rng), by, **settings(rng, method=False, replications=True))


def _test(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    asked = ["constant returns", "no scope economies", "no relationship effect", "homotheticity", "symmetry",
             "homogeneous in outputs", "unit substitution", "homogeneity", "common technology", "no inefficiency",
             "no correlated effects", f"{next(iter(data.outputs))} = 1",
             ["homotheticity", "unit substitution"]]  # fmt: skip
    how = {"statistic": "likelihood_ratio"} if rng.random() < 0.3 else {}
    if rng.random() < 0.2:
        how["margin"] = 0.05
    if rng.random() < 0.2:
        how["by"] = _one_of([data.entity, data.time, *data.controls], rng)
    return em.test(fitted, asked[int(rng.integers(len(asked)))], place(data, rng), **how)


def _expansion_path(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    ends = ("p25", "p75") if rng.random() < 0.5 else (place(data, rng), place(data, rng))
    return em.outputs.expansion_path(fitted, *ends, **settings(rng))


def _names_of_two(data: em.CostData, rng: Rng) -> list[str]:
    rows = data.row_names()
    return [rows[0], rows[-1]] if rng.random() < 0.95 else [rows[0], "no such"]


def _merger(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    further: dict[str, Any] = {}
    if rng.random() < 0.3:
        further["one_off"] = float(rng.choice([0.0, 100.0, -5.0, np.nan]))
    if rng.random() < 0.2 and data.relationships:
        further["relationship"] = {next(iter(data.relationships)): float(rng.choice([-0.2, 0.5, 1e3]))}
    if rng.random() < 0.2:
        further["volume"] = {next(iter(data.outputs)): float(rng.choice([1.1, 1.2, 0.0, -1.0]))}
    return em.arrangements.merger(fitted, _names_of_two(data, rng), **further, **settings(rng))


def _partner(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    shared = (
        {next(iter(data.outputs)): float(rng.choice([0.3, 1.0, 0.0, 1.5], p=[0.6, 0.3, 0.05, 0.05]))}
        if rng.random() < 0.7
        else list(data.outputs)
    )
    if rng.random() < 0.03:
        shared = data.outputs
    given: dict[str, Any] = {"fee": float(rng.choice([0.0, 0.1, -1.0]))} if rng.random() < 0.3 else {}
    if rng.random() < 0.3:
        given["trust"] = em.arrangements.Trust()
    if rng.random() < 0.3:
        given |= {"per_partner": 1.0, "one_off": 10.0, "horizon": float(rng.choice([5.0, 0.0, 1e6]))}
    if rng.random() < 0.4:
        given["along"] = str(rng.choice(["per_pair", "fee", "years", "per_partner", "no such"]))
    return em.arrangements.partner(fitted, _names_of_two(data, rng), shared, **given, **settings(rng))


def _configure(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    mean = {name: float(data.frame[name].astype(float).mean()) for name in data.outputs}
    times = float(rng.choice([1.0, 2.0, 3.0]))
    demand = {name: times * value for name, value in mean.items()}
    given: dict[str, Any] = {"step": {name: value / 2 for name, value in mean.items()}, "halve": False}
    if rng.random() < 0.2:
        given = {"halve": False}
    if rng.random() < 0.1:
        demand = dict.fromkeys(demand, 0.0)
    if len(mean) > 2:
        given["step"] = dict(demand)
    return em.arrangements.configure(fitted, demand, **given, only_supported=bool(rng.random() < 0.5))


def _envelopment(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    returns = str(
        rng.choice(["variable", "constant", "decreasing", "increasing", "other"], p=[0.4, 0.2, 0.2, 0.1, 0.1])
    )
    return em.arrangements.envelopment(data, _names_of_two(data, rng), returns=returns)


def _select(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    forms = ("cobb_douglas", "translog") if rng.random() < 0.8 else ("cobb_douglas", "flexible_fixed_cost")
    return em.select(data, forms, number_of_folds=int(rng.choice([3, 5, 10, 1, 1000], p=[0.4, 0.3, 0.2, 0.05, 0.05])))


def _influence(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    measure = [em.scale, em.relationship, em.marginal_cost, em.scope][int(rng.integers(4))]
    return em.influence(measure, fitted)


def _cumulative(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    return em.tables.cumulative(
        data, _one_of(data.outputs, rng), rng.choice(np.array([0.0, 10.0, "", -1.0], dtype=object))
    )


def _learning(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    output = _one_of(data.outputs, rng)
    richer = em.tables.cumulative(data, output, 1.0)
    return em.learning(em.fit(richer, "cobb_douglas"), rng.choice(np.array([None, output], dtype=object)))


def _continuity(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    rows = int(rng.choice([0, 1, 5, 60, 60, 200]))
    visits = pd.DataFrame({"who": rng.integers(0, 8, rows), "by": rng.integers(0, 4, rows)}).astype("object")
    visits["when"] = pd.date_range("2024-01-01", periods=rows) if rng.random() < 0.7 else rng.integers(0, 9, rows)
    visits["place"] = rng.choice(np.array(["N", "S", *[None] * (rng.random() < 0.1)], dtype=object), rows)
    given = {"time": "when"} if rng.random() < 0.6 else {}
    given |= {"by": "place"} if rng.random() < 0.5 else {}
    return em.tables.continuity(
        visits, person="who", worker="by", fewest_contacts=int(rng.choice([2, 2, 3, 0])), **given
    )


def _gaps(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    frame = data.frame.copy()
    side = (np.arange(len(frame)) % 2) if rng.random() < 0.8 else rng.integers(0, 3, len(frame))
    frame["side"] = side if rng.random() < 0.5 else [f"s{value}" for value in side]
    holding = [*data.outputs, *data.relationships][: int(rng.integers(0, 4))]
    return em.gaps(frame, data.cost, "side", holding)


def _compare(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    other = em.fit(em.load("california_schools"), "cobb_douglas")
    return em.compare({"one": fitted, "other": other}, replications=REPLICATIONS)


def _complementarity(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    pair = None if rng.random() < 0.6 else [_one_of(data.outputs, rng), _one_of(data.outputs, rng)]
    return em.outputs.complementarity(fitted, pair, place(data, rng), replications=REPLICATIONS)


def _subadditivity(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    splits = str(rng.choice(["shin_ying", "evans_heckman", "general"]))
    return em.outputs.subadditivity(fitted, "mean" if rng.random() < 0.8 else place(data, rng), splits, replications=19)


def _coproduce(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    wage = [None, 12.0, 9.0, 15.0, 0.0, -1.0][int(rng.integers(6))]
    return em.arrangements.coproduce(
        fitted, str(_one_of(data.controls or data.relationships, rng)), wage, at=place(data, rng), **settings(rng)
    )


def _connected_care(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    bond = em.arrangements.Trust() if rng.random() < 0.5 else None
    name = str(_one_of(data.relationships, rng))
    people = float(rng.choice([1.0, 30.0, 0.0, -1.0], p=[0.5, 0.44, 0.03, 0.03]))
    return em.arrangements.connected_care(fitted, name, people=people, bond=bond, at=place(data, rng), **settings(rng))


def _relationship_economies(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    low = [None, None, 0.1, 0.0, -5.0, 1e9][int(rng.integers(6))]
    return em.relationships.economies(fitted, _one_of(data.relationships, rng), low, place(data, rng), **settings(rng))


def _sensitivity(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    benchmark = [_one_of(data.controls, rng)] if data.controls and rng.random() < 0.7 else ()
    return em.sensitivity(fitted, _one_of([*data.outputs, *data.relationships, None], rng), benchmark)


def _impose(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    return em.scale(em.impose(fitted, at="mean", replications=REPLICATIONS, seed=0), method="bootstrap")


def _derived(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    first = next(iter(data.outputs))
    kind = int(rng.integers(5))
    if kind == 0:
        return data.where(data.frame[first] > data.frame[first].median(), because="small")
    if kind == 1:
        return data.where(f"`{first}` > 0", because="nothing made")
    if kind == 2:
        return data.using(relationships=())
    if kind == 3:
        return data.using(outputs=[first], controls=["no such"] if rng.random() < 0.5 else ())
    return em.fit(data.using(controls=(), outcomes=()), "cobb_douglas", effects="within")


def _predict(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    rows = data.frame.head(int(rng.choice([1, 3])))
    if rng.random() < 0.2:
        rows = rows.drop(columns=str(rng.choice([*data.outputs, *data.prices])))
    return [fitted.predict(rows), fitted.resid, fitted.fittedvalues, fitted.pvalues, fitted.rsquared, fitted.aic][0]


def _summary(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    str(fitted.summary())
    return fitted


def _where_relationship(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    name = str(_one_of([*data.controls, *data.network, *data.relationships], rng))
    frontier = (
        em.fit(data, "cobb_douglas", em.estimators.Frontier(determinants=[name])) if rng.random() < 0.8 else fitted
    )
    return em.relationships.where(frontier, name)


def _regularity(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    how: dict[str, Any] = {"method": "bootstrap"} if rng.random() < 0.3 else {}
    return em.regularity(fitted, place(data, rng), replications=REPLICATIONS, **how)


def _exhaustion(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    two = [["personal", "transactional"], ["infrastructure", "regulatory"], list(data.outputs)[:2]][
        int(rng.integers(3))
    ]
    return em.outputs.exhaustion(fitted, *two, at=place(data, rng)) if len(two) == 2 else em.outputs.exhaustion(fitted)


def _diversification(data: em.CostData, fitted: Any, rng: Rng) -> Any:
    beta = float(rng.choice([1.0, 0.5, 0.9, 0.0, 2.0]))
    return em.outputs.diversification(fitted, place(data, rng), beta, **settings(rng))


def _charts(name: str) -> Call:
    def call(data: em.CostData, fitted: Any, rng: Rng) -> Any:
        draw = getattr(em.charts, name)
        if name == "forest":
            return draw(em.scale(fitted, place(data, rng)))
        if name == "cost_curve":
            return (
                draw(em.unit_cost(fitted), data if rng.random() < 0.7 else None) if rng.random() < 0.6 else draw(fitted)
            )
        if name == "relationship_against_size":
            return draw(data, str(_one_of([*data.relationships, *data.controls], rng)), size=_size(data, rng))
        if name == "scope_map":
            return draw(
                fitted,
                None if rng.random() < 0.7 else list(data.outputs)[:2],
                (0.5, 1.0, 2.0),
                epsilon=0.1 if rng.random() < 0.6 else None,
            )
        source = {"arrangements": _partner, "complementarity_map": _complementarity, "configuration": _configure,
                  "coproduction": _coproduce, "merger": _merger, "separation": _separate,
                  "subadditivity_surface": _subadditivity,
                  "waterfall": _decompose if rng.random() < 0.5 else _gaps}[name]  # fmt: skip
        return draw(source(data, fitted, rng))

    return call


OF_A_FIT: dict[str, Call] = {
    "scale": _scale,
    "scope": _scope,
    "relationship": _point("relationship"),
    "marginal_cost": _point("marginal_cost"),
    "unit_cost": _unit_cost,
    "separate": _separate,
    "select": _select,
    "select nested": lambda data, fitted, rng: em.select(data, nested=True),
    "contrast": lambda data, fitted, rng: em.contrast(em.scale, fitted, 0.5, place(data, rng), **settings(rng)),
    "scope_by_type": lambda data, fitted, rng: em.outputs.scope_by_type(data, place(data, rng), second_order="outputs"),
    "sensitivity": _sensitivity,
    "influence": _influence,
    "decompose": _decompose,
    "support": lambda data, fitted, rng: em.support(fitted, place(data, rng)),
    "test": _test,
    "regularity": _regularity,
    "impose": _impose,
    "trans_ray": lambda data, fitted, rng: em.outputs.trans_ray(fitted, replications=REPLICATIONS),
    "complementarity": _complementarity,
    "diversification": _diversification,
    "subadditivity": _subadditivity,
    "expansion_path": _expansion_path,
    "density": _point("density"),
    "learning": _learning,
    "relationships.scaling": lambda data, fitted, rng: em.relationships.scaling(
        fitted, _one_of([*data.relationships, None], rng), place(data, rng)
    ),
    "exhaustion": _exhaustion,
    "cumulative": _cumulative,
    "continuity": _continuity,
    "relationships.per_outcome": lambda data, fitted, rng: em.relationships.per_outcome(
        fitted, _one_of([*data.outcomes, None], rng), **settings(rng, method=False, replications=True)
    ),
    "relationships.value": lambda data, fitted, rng: em.relationships.value(
        fitted, _one_of([*data.relationships, None], rng), _one_of([*data.outcomes, None], rng),
        **settings(rng, method=False, replications=True),
    ),
    "relationships.economies": _relationship_economies,
    "compare": _compare,
    "relationships.where": _where_relationship,
    "partner": _partner,
    "connected_care": _connected_care,
    "coproduce": _coproduce,
    "configure": _configure,
    "merger": _merger,
    "envelopment": _envelopment,
    "gaps": _gaps,
    "where and using": _derived,
    "predict": _predict,
    "summary": _summary,
    **{f"charts.{name}": _charts(name) for name in (
        "arrangements", "complementarity_map", "configuration", "coproduction", "cost_curve", "forest", "merger",
        "relationship_against_size", "scope_map", "separation", "subadditivity_surface", "waterfall")},
}  # fmt: skip


TWO_OUTPUTS = ("scope", "complementarity", "diversification", "expansion_path", "subadditivity", "exhaustion",
               "trans_ray", "charts.complementarity_map", "charts.scope_map",
               "charts.subadditivity_surface")  # fmt: skip
OF_RELATIONSHIPS = (
    "relationship",
    "relationships.scaling",
    "relationships.economies",
    "relationships.value",
    "connected_care",
)
OF_OUTCOMES = ("relationships.per_outcome", "relationships.value")
OF_PERIODS = ("cumulative", "learning")
OF_A_CONTROL = ("coproduce", "charts.coproduction", "where")


def worth_asking(data: em.CostData, fitted: Any) -> list[str]:
    """Calls that this table may have an answer to."""
    spare: set[str] = set()
    if len(data.outputs) < 2:
        spare |= {*TWO_OUTPUTS}
    if not any(role.kind == "attribute" for role in data.relationships.values()):
        spare |= {*OF_RELATIONSHIPS}
    if not data.outcomes:
        spare |= {*OF_OUTCOMES}
    if not (data.entity and data.time):
        spare |= {*OF_PERIODS}
    if not data.controls:
        spare |= {*OF_A_CONTROL}
    if not data.network:
        spare |= {"density"}
    return [name for name in OF_A_FIT if name not in spare]


def _number(rng: Rng, *plausible: float) -> float:
    return float(rng.choice(plausible)) if rng.random() < 0.9 else float(rng.choice([0.0, -1.0, 1e12, np.nan, np.inf]))


def _stated(rng: Rng) -> Any:
    form = str(rng.choice(["cobb_douglas", "translog"]))
    slope, effect = _number(rng, 0.5, 0.9, 1.0, 1.2), _number(rng, -0.1, 0.0, 0.2)
    cost = em.worlds.state(form, {"y": slope, "r": effect}, outputs={"y": 100.0}, relationships={"r": 0.5})
    return cost


def _of_a_stated_cost(rng: Rng) -> Any:
    return [em.scale, em.relationship, em.marginal_cost, em.scope, em.unit_cost][int(rng.integers(5))](_stated(rng))


def _simulate(rng: Rng) -> Any:
    providers, noise = int(_whole(rng, 5, 40)), _number(rng, 0.1)
    return em.worlds.simulate(
        _stated(rng), providers, noise=noise, periods=int(_whole(rng, 1, 3)), seed=int(_whole(rng, 0, 1))
    )


def _whole(rng: Rng, *plausible: int) -> int:
    return int(rng.choice(plausible)) if rng.random() < 0.9 else int(rng.choice([0, -1, 1]))


def _power(rng: Rng) -> Any:
    question = str(rng.choice(["scale", "relationship"]))
    return em.power(_stated(rng), question, [20, 40], replications=_whole(rng, 10, 20), noise=_number(rng, 0.1, 0.3))


def _tiers(rng: Rng) -> list[em.arrangements.Tier]:
    prime = em.arrangements.Tier("prime", fee=_number(rng, 0.1, 0.3), premium=_number(rng, 0.0, 0.2))
    return [prime, em.arrangements.Tier("charity", delivers=1.0)][: 1 + (rng.random() < 0.9)]


def _supply_chain(rng: Rng) -> Any:
    tariff = em.tables.figures("work_programme_tariff")
    rates = {str(tariff["group"].iloc[0]): _number(rng, 0.05, 0.3)}
    return em.arrangements.supply_chain(
        tariff, rates, tiers=_tiers(rng), months=_whole(rng, 24, 60), draws=_whole(rng, 100, 200)
    )


def _pay_by_results(rng: Rng) -> Any:
    tariff = em.tables.figures("work_programme_tariff")
    row = {"p0": _number(rng, 0.05, 0.1), "p1": _number(rng, 0.3), "k": _number(rng, 0.001, 0.002)}
    response = pd.DataFrame([{"group": name} | row for name in tariff["group"].head(2)])
    return em.arrangements.pay_by_results(tariff, response, tiers=_tiers(rng), discount=_number(rng, 0.0, 0.1))


def _explain_outcomes(rng: Rng) -> Any:
    tariff = em.tables.figures("work_programme_tariff")
    rates = {str(name): _number(rng, 0.05, 0.15) for name in tariff["group"].head(2)}
    return em.arrangements.explain_outcomes(tariff, rates, spread=_number(rng, 0.0, 0.5), kept=_number(rng, 0.5, 1.0))


ALONE: dict[str, Callable[[Rng], Any]] = {
    "state": _stated,
    "measures of a stated cost": _of_a_stated_cost,
    "simulate": _simulate,
    "staffing": lambda rng: em.worlds.staffing(
        str(rng.choice(["scales", "rationed", "x"])), _whole(rng, 5, 50), noise=_number(rng, 0.05)
    ),
    "case_mix": lambda rng: em.worlds.case_mix(_whole(rng, 5, 50), effect=_number(rng, -0.1)),
    "unpaid": lambda rng: em.worlds.unpaid(_whole(rng, 5, 50), saving=_number(rng, -0.1)),
    "sectors": lambda rng: em.worlds.sectors(_whole(rng, 5, 50), sorting=_number(rng, 1.0)),
    "power": _power,
    "charts.power": lambda rng: em.charts.power(_power(rng)),
    "tenders": lambda rng: em.arrangements.tenders(
        (1, 2, _whole(rng, 4)), trust=em.arrangements.Trust(_number(rng, 0.3), _number(rng, 0.1), _number(rng, 0.5))
    ),
    "transactions": lambda rng: em.arrangements.tenders(
        transactions=em.arrangements.Transactions(_number(rng, 0.03), _number(rng, 5.0))
    ),
    "supply_chain": _supply_chain,
    "charts.reserves": lambda rng: em.charts.reserves(_supply_chain(rng)),
    "pay_by_results": _pay_by_results,
    "explain_outcomes": _explain_outcomes,
    "charts.outcome_revenue": lambda rng: em.charts.outcome_revenue(_explain_outcomes(rng)),
    "saving_needed": lambda rng: em.arrangements.saving_needed(_number(rng, 1e6), discount_rate=_number(rng, 0.035)),
    "format_number": lambda rng: em.format_number(_number(rng, 1e-5, 123456.0), _whole(rng, 4)),
}
