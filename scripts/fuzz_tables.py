"""Random tables of providers, plausible and slightly less, and random options of a fit: all of it from one seed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

import econmodel as em

Rng = np.random.Generator
PLAIN = ("visits", "places", "wage", "fuel", "rent", "closeness", "staffing", "outcome", "health", "rural", "age",
         "need", "sites", "spend", "pupils", "beds", "tons", "tenure", "share_a", "share_b", "share_c")  # fmt: skip
ODD = (
    "scale", "residual", "total", "a b", "x:y", "-", "größe", "术语", "size", "cost", "intercept", "term", "at",
    "r^2", "log", "estimate", "all", "mean", "scope", "y*x", "relationship", "time", "y[1]", "%", "size x",
    "everything", " ", "the rest", "C(x)", "supported", "_", "0", "price", "work", "wage", "provider", "<b>",
    "$x$", "\u200b", "input_prices", "selection", "fixed", "cost (fitted)", "d'Or", "q\"q", "a\nb", "unit cost",
    "each", "mix", "apparent", "index", "prices", "context", "network", "outcomes", "provider effects",
    "constant", "firm", "bundle", "share", "number", "value", "merger", "learning", "a on scale", "size fifth",
    "log unit cost", "mean size", "std_error", "relationship: scale", "null", "in support", "level_0", "slope",
    "merged", "saving", "rows", "kind", "weight",
)  # fmt: skip
UNITS = (1.0, 1.0, 1.0, 1.0, 1e3, 1e6, 1e-3, 1e-9, 1e9, 1e12)
SERVICES = ("transactional", "personal", "infrastructure", "regulatory", None)


@dataclass
class Table:
    """A table and the words of its card; `oddities` says what was done to it."""

    frame: pd.DataFrame
    card: dict[str, Any]
    oddities: list[str] = field(default_factory=list)

    def names(self, role: str) -> list[str]:
        """Names of the columns of a role."""
        return list(self.card.get(role, ()))


def random_table(rng: Rng) -> Table:
    """A table whose cost is a function of its columns, with noise; then none to two oddities."""
    names = _names(rng)
    panel = rng.random() < 0.45
    rows = int(rng.integers(*((3, 9), (9, 41), (41, 121), (121, 401))[int(rng.choice(4, p=[0.1, 0.3, 0.35, 0.25]))]))
    if rng.random() < 0.01:
        rows = 2_000
    periods = int(rng.integers(2, 8)) if panel else 1
    entities = max(rows // periods, 2)
    entity = np.repeat(np.arange(entities), periods) if panel else np.arange(rows)
    rows, period = len(entity), np.tile(np.arange(periods), entities) if panel else np.zeros(rows, dtype=int)

    def of_entity(deviation: float) -> np.ndarray:
        return rng.normal(0, deviation, entity.max() + 1)[entity]

    size = of_entity(rng.choice([0.2, 0.8, 1.3])) + rng.normal(0, 0.15, rows)
    columns: dict[str, np.ndarray] = {}
    card: dict[str, Any] = {"cost": names("spend"), "outputs": {}, "prices": {}, "relationships": {}, "outcomes": {}}
    log_cost = np.zeros(rows)
    outputs, zeros = int(rng.choice([1, 1, 2, 2, 3, 5])), rng.random() < 0.2
    for _ in range(outputs):
        name, y = names(), np.exp(size * rng.uniform(0.5, 1.2) + rng.normal(0, 0.4, rows) + 4)
        if zeros:
            y[rng.random(rows) < 0.2] = 0.0
        log_cost += rng.uniform(0.5, 1.2) / outputs * np.log1p(y)
        columns[name] = y * rng.choice(UNITS)
        card["outputs"][name] = em.Output(rng.choice(SERVICES), unit=rng.choice(["", "visits"]))
    prices = int(rng.choice([0, 1, 1, 2, 3]))
    card["prices_complete"] = bool(prices and rng.random() < 0.5)
    with_shares = prices > 1 and rng.random() < 0.6
    weight = rng.dirichlet(np.ones(prices) * 4) if prices else []
    noisy = np.abs(np.asarray(weight) + rng.normal(0, 0.02, (rows, prices))) + 1e-3
    noisy /= noisy.sum(axis=1, keepdims=True)
    for j in range(prices):
        name, w = names(), np.exp(rng.normal(0, rng.choice([0.02, 0.2]), rows) + of_entity(0.1))
        log_cost += weight[j] * np.log(w)
        columns[name] = w * rng.choice(UNITS)
        share = None
        if with_shares:
            share = names()
            columns[share] = noisy[:, j]
        card["prices"][name] = em.Price(share=share)
    for _ in range(int(rng.choice([0, 1, 1, 1, 2, 3]))):
        name = names()
        kind, scale = rng.choice(["unstated", "attribute", "attribute", "input_ratio"]), rng.choice(["level", "log"])
        r = np.exp(rng.choice([-0.3, 0, 0.3]) * size + of_entity(0.2) + rng.normal(0, 0.2, rows))
        if scale == "level" and rng.random() < 0.4:
            r = 1 / (1 + r)
        log_cost += rng.normal(0, 0.2) * (np.log(r) if scale == "log" else r)
        columns[name] = r
        label = rng.choice(["", "", "closeness to people", "scale", names(taken=False)])
        closer = rng.choice(["closer", "looser", None])
        card["relationships"][name] = em.Relationship(kind, scale, closer, str(label))
    for _ in range(int(rng.choice([0, 0, 1, 2]))):
        name = names()
        columns[name] = 50 + rng.normal(0, 5) * size + rng.normal(0, 8, rows)
        card["outcomes"][name] = em.Outcome("level", "points", rng.choice(["better", "worse", None]))
    card["controls"] = [names() for _ in range(int(rng.choice([0, 0, 1, 2])))]
    for name in card["controls"]:
        columns[name] = rng.choice([rng.normal(0, 1, rows), (rng.random(rows) < 0.3).astype(float)])
        log_cost += 0.1 * columns[name]
    card["network"] = [names() for _ in range(int(rng.random() < 0.25))]
    for name in card["network"]:
        columns[name] = np.ceil(np.exp(0.5 * size + rng.normal(1, 0.4, rows)))
    if rng.random() < 0.2:  # a column without a role, which can be an instrument
        columns[names()] = rng.normal(0, 1, rows) + next(iter(columns.values())) / columns[next(iter(columns))].mean()
    noise = rng.choice([0.05, 0.15, 0.15, 0.4, 0.0], p=[0.25, 0.3, 0.25, 0.17, 0.03])
    log_cost += of_entity(0.1) + rng.normal(0, 1, rows) * noise
    columns[card["cost"]] = np.exp(log_cost + 2) * rng.choice(UNITS)
    frame = pd.DataFrame(columns)
    if panel or rng.random() < 0.5:
        card["entity"] = names()
        frame[card["entity"]] = [f"P{i}" for i in entity] if rng.random() < 0.7 else entity
    if panel and rng.random() < 0.8:
        card["time"] = names()
        frame[card["time"]] = _periods(period, rng)
    if panel and rng.random() < 0.4:
        frame = frame[rng.random(rows) > 0.15].reset_index(drop=True)
    table = Table(frame, card)
    for oddity in rng.choice(len(ODDITIES), int(rng.choice([0, 0, 0, 0, 0, 1, 1, 2])), replace=False):
        ODDITIES[oddity](table, rng)
        table.oddities.append(ODDITIES[oddity].__name__.lstrip("_"))
    if rng.random() < 0.2:  # bare names instead of roles
        for role in ("outputs", "prices", "relationships", "outcomes"):
            table.card[role] = list(table.card[role])
    return table


def _names(rng: Rng) -> Callable[..., str]:
    odd = rng.random() < 0.3
    free = list(rng.permutation(np.array(ODD if odd else PLAIN, dtype=object)))

    def name(wanted: str = "", taken: bool = True) -> str:
        if wanted and not odd:
            if wanted in free:
                free.remove(wanted)
            return wanted
        if not taken:
            return str(free[0])
        return str(free.pop())

    return name


def _periods(period: np.ndarray, rng: Rng) -> Any:
    kind = int(rng.integers(4))
    if kind == 0:
        return pd.to_datetime([f"{2000 + t}-03-31" for t in period])
    if kind == 1:
        return [f"{2000 + t}/{(t + 1) % 100:02d}" for t in period]
    return 2000 + period


def _numeric(table: Table, rng: Rng) -> str:
    return str(rng.choice([name for name in table.frame if pd.api.types.is_float_dtype(table.frame[name])] or [""]))


def _on_column(change: Callable[[pd.Series, Rng], Any]) -> Callable[[Table, Rng], None]:
    def oddity(table: Table, rng: Rng) -> None:
        if name := _numeric(table, rng):
            table.frame[name] = change(table.frame[name], rng)

    oddity.__name__ = change.__name__
    return oddity


@_on_column
def _hardly_varies(x: pd.Series, rng: Rng) -> Any:
    return abs(x.mean()) * (1 + rng.choice([1e-3, 1e-6, 1e-9, 1e-12, 1e-15]) * rng.standard_normal(len(x)))


@_on_column
def _constant(x: pd.Series, rng: Rng) -> Any:
    return float(rng.choice([1.0, 0.0, 0.1, 1 / 3, 1e9, 1e-9]))


@_on_column
def _constant_but_one(x: pd.Series, rng: Rng) -> Any:
    return np.where(np.arange(len(x)) == 0, x.iloc[0], x.iloc[-1])


@_on_column
def _missing_figure(x: pd.Series, rng: Rng) -> Any:
    return x.where(rng.random(len(x)) > rng.choice([0.01, 0.1, 1.0]))


@_on_column
def _one_wild_value(x: pd.Series, rng: Rng) -> Any:
    return x.mask(pd.Series(np.arange(len(x)) == 1, x.index), x.max() * float(rng.choice([1e3, 1e9, 1e30, 1e200])))


@_on_column
def _one_forbidden_value(x: pd.Series, rng: Rng) -> Any:
    return x.mask(pd.Series(np.arange(len(x)) == 1, x.index), float(rng.choice([0.0, -1.0, np.inf, -np.inf, 1e-320])))


@_on_column
def _whole_numbers(x: pd.Series, rng: Rng) -> Any:
    return np.ceil(x.clip(-1e15, 1e15).fillna(1)).astype("int64")


@_on_column
def _nullable(x: pd.Series, rng: Rng) -> Any:
    return x.astype("Float64")


@_on_column
def _object(x: pd.Series, rng: Rng) -> Any:
    return x.astype(object)


@_on_column
def _decimal(x: pd.Series, rng: Rng) -> Any:
    return [Decimal(repr(float(value))) for value in x]


@_on_column
def _category(x: pd.Series, rng: Rng) -> Any:
    return x.astype("category")


@_on_column
def _text_numbers(x: pd.Series, rng: Rng) -> Any:
    return [f"{value:.3f}" for value in x]


@_on_column
def _small_floats(x: pd.Series, rng: Rng) -> Any:
    return x.clip(-1e37, 1e37).astype("float32")


@_on_column
def _dates(x: pd.Series, rng: Rng) -> Any:
    return pd.date_range("2020-01-01", periods=len(x))


@_on_column
def _booleans(x: pd.Series, rng: Rng) -> Any:
    return x > x.median()


@_on_column
def _other_unit(x: pd.Series, rng: Rng) -> Any:
    return x * float(rng.choice([1e-9, 1e12, 1e-100, 1e100]))


def _collinear(table: Table, rng: Rng) -> None:
    one, other = _numeric(table, rng), _numeric(table, rng)
    if one and other and table.frame[one].notna().all():
        near = float(rng.choice([0, 1e-12, 1e-8, 1e-4]))
        table.frame[other] = table.frame[one] * (1 + near * rng.standard_normal(len(table.frame)))


def _constant_within(table: Table, rng: Rng) -> None:
    if (name := _numeric(table, rng)) and (entity := table.card.get("entity")):
        table.frame[name] = table.frame.groupby(entity)[name].transform("first") / 3


def _cost_of_one_column(table: Table, rng: Rng) -> None:
    if name := _numeric(table, rng):
        table.frame[table.card["cost"]] = table.frame[name] * 2


def _odd_index(table: Table, rng: Rng) -> None:
    rows = len(table.frame)
    kinds = [np.zeros(rows, int), [f"row {i // 2}" for i in range(rows)], pd.date_range("2020", periods=rows)]
    table.frame.index = pd.Index(kinds[int(rng.integers(3))])


def _twice_the_same_column(table: Table, rng: Rng) -> None:
    if name := _numeric(table, rng):
        table.frame = pd.concat([table.frame, table.frame[[name]]], axis=1)


def _entity_of_another_kind(table: Table, rng: Rng) -> None:
    if entity := table.card.get("entity"):
        values = table.frame[entity]
        table.frame[entity] = values.astype(str).astype("category") if rng.random() < 0.5 else [
            None if rng.random() < 0.03 else value for value in values
        ]  # fmt: skip


def _few_rows(table: Table, rng: Rng) -> None:
    table.frame = table.frame.head(int(rng.integers(0, 4)))


ODDITIES: tuple[Callable[[Table, Rng], None], ...] = (
    _hardly_varies, _constant, _constant_but_one, _missing_figure, _one_wild_value, _one_forbidden_value,
    _whole_numbers, _nullable, _object, _decimal, _category, _text_numbers, _small_floats, _dates, _booleans,
    _other_unit, _collinear, _constant_within, _cost_of_one_column, _odd_index, _twice_the_same_column,
    _entity_of_another_kind, _few_rows,
)  # fmt: skip


def random_options(data: em.CostData, rng: Rng) -> dict[str, Any]:
    """Options of `em.fit`: nine times in ten such as fit the table and each other."""
    careful = rng.random() < 0.9
    zeros = any((data.frame[name].astype(float) == 0).any() for name in data.outputs)
    level, log = ["flexible_fixed_cost", "composite", "normalised_quadratic"], ["cobb_douglas", "translog", "translog"]
    is_level = zeros if careful and zeros else rng.random() < 0.3
    options: dict[str, Any] = {"form": str(rng.choice(level if is_level else log))}
    columns = len(data.outputs) + len(data.prices) + len(data.relationships)
    if careful and len(data) < 4 * (columns + 1) ** 2 / 2:
        options |= {"second_order": "none"} if is_level else {"form": "cobb_douglas"}
    elif rng.random() < 0.5:
        options["second_order"] = rng.choice(np.array(["all", "outputs", "none"]))
    repeats = data.entity is not None and data.frame[data.entity].duplicated().any()
    if rng.random() < 0.6 and (repeats or not careful):
        options["effects"] = str(rng.choice(["within", "within", "mundlak"]))
    if rng.random() < 0.15 and (data.time or not careful):
        options["time_effects"] = True
    if rng.random() < 0.3:
        kinds = ["nonrobust", "HC0", "HC1", "HC2", "HC3"] + ["cluster"] * int(repeats or not careful)
        options["cov_type"] = str(rng.choice(kinds))
    if rng.random() < 0.1:
        options["groups"] = rng.choice(np.array([data.entity, *data.controls], dtype=object))
    if rng.random() < 0.1 and (data.prices or not careful) and not (careful and is_level):
        options["restrict"] = str(rng.choice(["homothetic", "homogeneous", "unit_substitution"]))
    if rng.random() < 0.1 and (not careful or (is_level and "effects" not in options)):
        options["error"] = "additive"
        if rng.random() < 0.5:
            options["weights"] = rng.choice(np.array([*data.outputs, *data.controls, data.cost], dtype=object))
    if rng.random() < 0.1:
        options["homogeneous"] = bool(rng.random() < 0.5) and (data.prices_complete or not careful)
    if rng.random() < 0.15:
        options["hold_outcomes"] = True
    if rng.random() < 0.25:
        _estimator(data, rng, options, careful, is_level)
    return {name: value for name, value in options.items() if value is not None}


def _estimator(data: em.CostData, rng: Rng, options: dict[str, Any], careful: bool, is_level: bool) -> None:
    inside, outside = [*data.relationships, *data.outputs], [*data.controls, *data.outcomes, *data.network]
    shares = len(data.prices) > 1 and all(price.share for price in data.prices.values())
    kinds = ["frontier", *["system"] * int(shares or not careful), *["instruments"] * int(bool(outside))]
    kind = rng.choice(kinds) if not (careful and is_level) else "none"
    if careful and kind != "none":
        options.pop("effects", None)
        options.pop("cov_type", None)
    if kind == "system":
        drop = rng.choice(np.array([None, *data.prices], dtype=object))
        options["estimator"] = em.estimators.System(iterate=bool(rng.random() < 0.5), drop=drop)
    if kind == "frontier":
        law = str(rng.choice(["half_normal", "half_normal", "exponential"]))
        moved = outside[:1] if rng.random() < 0.4 and (law == "half_normal" or not careful) else []
        if careful and moved:
            options["form"] = "cobb_douglas"
        options["estimator"] = em.estimators.Frontier(law, determinants=moved)
        if rng.random() < 0.2 and data.entity:
            options["effects"] = "random"
    if kind == "instruments":
        roles = {data.cost, data.entity, data.time, *inside, *data.controls, *data.network, *data.prices}
        outside = [name for name in data.frame if name not in roles] or outside
        one = em.estimators.TwoStage if rng.random() < 0.5 else em.estimators.ControlFunction
        options["estimator"] = one([str(rng.choice(inside))], [str(x) for x in outside[: int(rng.integers(1, 3))]])
