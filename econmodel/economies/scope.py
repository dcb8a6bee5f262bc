"""Economies of scope: whether making outputs together costs less than making them apart."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies import corners
from econmodel.economies.inference import Estimates, Method, by_place, estimate, set_identified, tabulate
from econmodel.economies.places import CostFunction, Places, resolve
from econmodel.economies.support import outputs_supported, supported
from econmodel.economies.verdict import at_words
from econmodel.errors import FormError, UnknownName
from econmodel.results import INTERVAL_COLUMNS, Effects, beside_interval, format_number, interval_in_words

Array = NDArray[np.float64]
Members = NDArray[np.bool_]
DEGREE = "degree of scope"


def scope(
    function: CostFunction,
    at: object = "mean",
    epsilon: float | None = None,
    *,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """The degree of scope: cost of separate production less cost of joint production, as a share of the latter.

    Parameters
    ----------
    function : a fit with at least two outputs
    at : where, as in `econmodel.scale`
    epsilon : None for the degree of scope of all outputs and of each against the rest; a number in (0, 1/m] for
        quasi-scope, in which each of m firms makes 1 - (m - 1) epsilon of one output and epsilon of the others
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "degree of scope", "degree of scope of <output>" or "quasi-scope (epsilon ...)"; null 0. Where some output
        is never zero its fixed cost cannot be told from the common one: then `identified_low` and `identified_high`
        are estimated, and `conf_low` to `conf_high` covers the whole interval.

    Raises
    ------
    FormError
        For scope in a log form (which has no cost at zero output), or with one output.

    Notes
    -----
    SC_N = [sum_i C(y_i alone) - C(y)] / C(y) (Panzar and Willig, 1981; Baumol, Panzar and Willig, 1982); quasi-scope,
    Pulley and Humphrey (1993). Quasi-scope charges every firm the whole fixed cost of all outputs, so it is no
    substitute for scope: it answers what a less extreme division of labour costs.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> result = scope(fit(load("uk_universities"), form="composite", second_order="outputs"))
    >>> bool(result.row("degree of scope")["identified_low"] < result.row("degree of scope")["identified_high"])
    True
    """
    technology = function.technology
    if len(technology.outputs) < 2:
        raise FormError(
            f"Scope needs at least two outputs, and {technology.outputs[0]} is the only one. What more of it costs is "
            "scale: em.scale(fit)."
        )
    places = resolve(function, at)
    if epsilon is not None:
        return _quasi_scope(function, places, float(epsilon), method, conf_level, seed)
    corners.require_corners(technology, "Scope")
    tables = []
    for term, groups in _partitions(technology.outputs):
        corners.assert_identity(technology, function.theta, places.point, groups[0])

        def degree(common: float, groups: list[Members] = groups) -> Estimates:
            return _estimate(
                function, lambda theta: corners.scope(technology, theta, places.point, groups, common),
                method, conf_level, seed,
            )  # fmt: skip

        inside = np.logical_and.reduce(
            [outputs_supported(function, np.where(group, places.point.outputs, 0.0)) for group in groups]
        ) & supported(function, places)
        high = degree(1.0)
        table = tabulate([term] * len(inside), places.labels, high, inside)
        if corners.unidentified(technology).any():
            table = set_identified(table, np.ones(len(table), dtype=bool), degree(0.0), high)
        tables.append(table)
    table = by_place(pd.concat(tables), len(places.labels))
    return Effects(
        "Economies of scope", table, _text(table, conf_level), notes=_notes(function, table), method=method,
        conf_level=conf_level,
    )  # fmt: skip


def _estimate(
    function: CostFunction, measure: Callable[[Array], Array], method: Method, conf_level: float, seed: int
) -> Estimates:
    return estimate(function, measure, 0.0, method=method, conf_level=conf_level, seed=seed)


def _partitions(outputs: tuple[str, ...]) -> list[tuple[str, list[Members]]]:
    alone = list(np.eye(len(outputs), dtype=bool))
    partitions = [(DEGREE, alone)]
    if len(outputs) > 2:
        partitions += [(f"{DEGREE} of {name}", [one, ~one]) for name, one in zip(outputs, alone, strict=True)]
    return partitions


def _quasi_scope(
    function: CostFunction, places: Places, epsilon: float, method: Method, conf_level: float, seed: int
) -> Effects:
    technology = function.technology
    m = len(technology.outputs)
    if not 0.0 < epsilon <= 1.0 / m:
        raise UnknownName(
            f"epsilon={epsilon:g} is not a division of labour among {m} firms: it must be above 0 and at most "
            f"1/{m} = {1 / m:.4g}, where all firms are alike. For complete specialisation leave epsilon out."
        )
    shares = np.full((m, m), epsilon) + (1.0 - m * epsilon) * np.eye(m)
    firms = [places.point.outputs * share for share in shares]

    def measure(theta: Array) -> Array:
        joint = technology.cost(theta, places.point)
        apart = sum(technology.cost(theta, _at(places, outputs)) for outputs in firms)
        return (apart - joint) / joint

    inside = supported(function, places)
    for outputs in firms:
        inside = inside & outputs_supported(function, outputs)
    term = f"quasi-scope (epsilon {epsilon:g})"
    found = _estimate(function, measure, method, conf_level, seed)
    table = tabulate([term] * len(inside), places.labels, found, inside)
    first = table.iloc[0]
    text = (
        f"At {at_words(first['at'])}, {m} firms that each make {100 * (1 - (m - 1) * epsilon):.4g} % of one output and "
        f"{100 * epsilon:.4g} % of the others would cost {_more_or_less(first['estimate'])} than one firm with all "
        f"of it ({interval_in_words(first['conf_low'], first['conf_high'], conf_level)}, as a share of joint cost). "
        "Every firm is charged the whole fixed cost of all outputs, so this is not the degree of scope."
    )
    return Effects("Quasi-scope", table, text, notes=_notes(function, table), method=method, conf_level=conf_level)


def _at(places: Places, outputs: Array):  # type: ignore[no-untyped-def]
    from econmodel.forms.technology import Point

    point = places.point
    return Point(outputs, point.log_prices, point.relationships, point.controls)


def _more_or_less(share: float) -> str:
    return f"{format_number(100 * abs(share), 3)} % {'more' if share > 0 else 'less'}"


def _text(table: pd.DataFrame, level: float) -> str:
    first = table[table["term"] == DEGREE].iloc[0]
    interval = interval_in_words(first["conf_low"], first["conf_high"], level)
    where = f"At {at_words(first['at'])}"
    if np.isnan(first["estimate"]):
        low, high = (beside_interval(first[end], first["conf_low"], first["conf_high"]) for end in INTERVAL_COLUMNS)
        text = (
            f"{where}, the degree of scope lies between {low} and {high}: the data "
            "identify an interval only, since some output is made by everyone and its fixed cost cannot be told from "
            f"the common one ({interval}, covering all of it)"
        )
    else:
        degree = beside_interval(first["estimate"], first["conf_low"], first["conf_high"])
        text = f"{where}, the degree of scope is {degree} ({interval})"
    if first["conf_low"] > 0:
        conclusion = "economies of scope"
    elif first["conf_high"] < 0:
        conclusion = "diseconomies of scope"
    else:
        conclusion = "no conclusion: the interval holds both economies and diseconomies of scope"
    return f"{text}: {conclusion}."


def _notes(function: CostFunction, table: pd.DataFrame) -> tuple[str, ...]:
    notes = []
    outside = table[~table["supported"].astype(bool)]
    if len(outside):
        terms = ", ".join(dict.fromkeys(outside["term"]))
        notes.append(
            f"No support: {terms} rests on cost at output mixes beyond those of all providers. The numbers there are "
            "what the form implies, not what providers show."
        )
    if function.sample is not None:
        columns = function.sample.rows.columns
        zeros = {name: int((columns[name] == 0).sum()) for name in function.technology.outputs}
        none = [name for name, count in zeros.items() if count == 0]
        if none and function.technology.is_level:
            notes.append(f"No provider is without {', '.join(none)}; specialised production was never observed.")
    return tuple(notes)
