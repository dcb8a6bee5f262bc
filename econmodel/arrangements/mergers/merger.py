"""What a merger does to cost: learning, levelling, harmony, size and relationship, and when it pays."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.mergers import words
from econmodel.arrangements.mergers.cost_efficiency import cost_efficiency
from econmodel.arrangements.mergers.measure import MONEY, WHOLE, MergerMeasure
from econmodel.arrangements.mergers.merging import Merging, merging
from econmodel.arrangements.mergers.money import Terms, by_term, middle, money_table, numbers_used, switching_table
from econmodel.arrangements.pay_back import DISCOUNT_RATE, HORIZON, check_terms
from econmodel.economies.core.fixed_cost import Members, blank, require_corners
from econmodel.economies.core.inference import Estimates, Method, estimate, few_clusters_note, set_identified, tabulate
from econmodel.economies.core.places import CostFunction, require_fit
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.results import Effects
from econmodel.table.roles import nearest

Array = NDArray[np.float64]
ROUNDING = 1e-14


def merger(
    function: CostFunction,
    partners: Sequence[Any] | Mapping[str, Mapping[str, float]] | pd.DataFrame,
    *,
    relationship: Mapping[str, float] | None = None,
    merged: Sequence[str] | None = None,
    volume: Mapping[str, float] | None = None,
    efficiency: Mapping[str, float] | None = None,
    one_off: float | None = None,
    horizon: float = HORIZON,
    discount_rate: float = DISCOUNT_RATE,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """What two or more providers would cost as one, over what they cost apart, and where the difference comes from.

    Parameters
    ----------
    function : a fit, or a stated cost function
    partners : names of providers, as in `data.row_names()`; or bundles by name, as a mapping of
        name -> {column: value} or a table, with every output (all else at the mean of the cost function)
    relationship : relationship variable -> its value after the merger, in its own unit; by default the partners' mean:
        nothing is assumed to happen to the relationship
    merged : the outputs that are made together (a joint back office), while each partner goes on to make the others
        itself; by default all. Needs a level form, since it asks for cost with some outputs at zero
    volume : output -> its weight in the volume by which relationships, prices and context are averaged; by default each
        output counts as the partners' shares of it
    efficiency : partner -> its least cost over its actual cost, in (0, 1]. Without it, those of a frontier fit for
        partners in its table; of least squares learning is one, since a residual is not inefficiency
    one_off : cost of the merger itself, once, in the unit of cost
    horizon : years within which it must pay
    discount_rate : a share a year, real
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "merger" (cost together over cost apart) and its factors "learning" (what the partners could save without
        merging), "levelling" (of relationships and prices), "harmony" (scope), "size" (scale) and "relationship", whose
        product it is; null 1, below one is a saving. With `merged` the factors are of the "merged part", the cost of
        making those outputs beside the others (incremental cost), which is the "share of cost merged" of all; so what
        is saved by making the merged outputs in the same house as the others is kept, and "merger, joint unit on its
        own" is the ratio where it is lost. Where an output is never zero its own fixed cost is not known, and the group
        has an identified interval.
        Further tables: "relationship first" (the factors where relationships change before outputs are joined),
        "money", "switching values", "bundles" and "numbers used". Money is the mean: fitted cost times the smearing
        factor (Duan, 1983) where errors multiply. `supported` is False where a factor rests on outputs or relationships
        beyond those of the providers.

    Raises
    ------
    NotSupported, UnknownName, TableError, FormError
        For a merger of one, an unknown provider, output or variable, a bundle with an output missing, a negative
        one-off cost, and a group structure in a log form.

    Notes
    -----
    `econmodel.arrangements.mergers.factors` has the formula (Bogetoft and Wang, 2005, extended by levelling and
    relationship). The interval of the pay-back period is that of the saving, end by end, since the period of a saving
    near zero has no finite variance. Networks (sites, routes) add up in a merger as outputs do.

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> cost = state("cobb_douglas", {"constant": 5.0, "visits": 0.9}, outputs={"visits": 100})
    >>> found = merger(cost, {"Elm": {"visits": 80}, "Oak": {"visits": 120}})
    >>> float(found.row("merger")["estimate"].round(4)), float(found.row("size")["estimate"].round(4))
    (0.9347, 0.933)
    """
    require_fit(function)
    check_terms(one_off, horizon, discount_rate)
    joint = merging(function, partners, relationship, volume)
    members = None if merged is None else _members(function, joint, merged)
    measure = MergerMeasure(function, joint, members, cost_efficiency(function, joint, efficiency))
    (inside, bundles), fault = measure.supported(), measure.fault()
    table = _estimated(measure, inside, bool(fault), method, conf_level, seed)
    shown = table.iloc[: len(measure.shown)].reset_index(drop=True)
    early = table.iloc[len(measure.shown) : -len(MONEY)].reset_index(drop=True)
    money = table.iloc[-len(MONEY) :].reset_index(drop=True)
    terms, named = Terms(one_off, horizon, discount_rate), dict(relationship or {})
    unit = function.data.cost_unit if isinstance(function, Fit) else ""
    paid = money_table(money, terms, unit or "money")
    of_relationship = middle(by_term(shown)["relationship"])
    known = bool(function.technology.relationships)
    tables = {"relationship first": early} if known else {}
    tables["money"] = paid
    switching = switching_table(measure, money, of_relationship if known else np.nan, terms)
    if len(switching):
        tables["switching values"] = switching
    tables["bundles"] = words.bundles_table(measure, bundles)
    tables["numbers used"] = numbers_used(measure, terms, named, volume is not None)
    text = fault or words.sentence(measure, shown, paid, terms, conf_level, inside[WHOLE], unit)
    return Effects(
        words.title(measure), shown, text, words.labels(measure),
        (*words.notes(measure, bundles, named), *few_clusters_note(function, method)), tables, method, conf_level,
    )  # fmt: skip


def _members(function: CostFunction, joint: Merging, merged: Sequence[str]) -> Members:
    """The outputs made together, (m,)."""
    require_corners(function.technology, "A group structure")
    outputs = function.technology.outputs
    names = [merged] if isinstance(merged, str) else list(merged)
    unknown = [name for name in names if name not in outputs]
    if unknown:
        raise UnknownName(
            f"merged={unknown[0]!r} is not an output{nearest(unknown[0], outputs) or '.'} There is "
            f"{', '.join(outputs)}."
        )
    if not names or set(names) == set(outputs):
        raise NotSupported(
            f"merged={names} names {'none' if not names else 'all'} of the outputs. Name those that are made together "
            "while the partners go on with the others; leave merged out for a merger of everything."
        )
    members = np.array([name in names for name in outputs])
    for name, made in zip(joint.names, joint.own.outputs, strict=True):
        if not (made[members] > 0).any():
            raise NotSupported(f"{name} makes no {words.together(names)}: it has nothing to bring in.")
    return members


def _estimated(
    measure: MergerMeasure, inside: Mapping[str, bool], faulty: bool, method: Method, level: float, seed: int
) -> pd.DataFrame:
    """All terms with intervals; identified ends where the merged outputs' fixed cost is not known."""
    place = words.together(measure.joint.names)

    def ends(own: float) -> Estimates:
        return estimate(
            measure.function, lambda theta: measure.values(theta, own), measure.nulls,
            method=method, conf_level=level, seed=seed,
        )  # fmt: skip

    high = ends(0.0)
    table = tabulate(measure.terms, [place] * len(measure.terms), high, [inside[term] for term in measure.terms])
    if measure.is_open:
        table = set_identified(table, [high, ends(1.0)])
    # What is one by construction has errors of rounding.
    table.loc[table["std_error"] < ROUNDING, "std_error"] = 0.0
    return blank(table, np.full(len(table), faulty))
