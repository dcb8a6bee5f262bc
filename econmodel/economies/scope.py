"""Economies of scope: whether making outputs together costs less than making them apart."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core import fixed_cost as corners
from econmodel.economies.core.fixed_cost import (
    UNSUPPORTED,
    Members,
    blank,
    cost_apart,
    each_supported,
    groups_of,
    intercepts_paid,
    made_by,
    specialised,
    without_cost,
    words_of,
)
from econmodel.economies.core.identity import assert_adds_up
from econmodel.economies.core.inference import (
    Estimates,
    Method,
    by_place,
    estimate,
    few_clusters_note,
    set_identified,
    tabulate,
)
from econmodel.economies.core.places import CostFunction, Places, require_fit, resolve
from econmodel.economies.core.verdict import at_words, side, taken_back
from econmodel.economies.quasi_scope import quasi_scope
from econmodel.errors import FormError
from econmodel.results import Effects, beside_interval, identified_in_words, interval_in_words

Array = NDArray[np.float64]
DEGREE = "degree of scope"
COMPLEMENTARITY, FIXED = "scope: complementarity", "scope: fixed cost"


def scope(
    function: CostFunction,
    at: object = "mean",
    epsilon: float | Sequence[float] | None = None,
    partition: Sequence[Sequence[str] | str] | None = None,
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
    epsilon : None for the degree of scope; a number in (0, 1/K] (or several) for quasi-scope, in which each of K firms
        makes 1 - (K - 1) epsilon of its own outputs and epsilon of the others'
    partition : what each firm makes, as lists of outputs such as [["a", "b"], ["c"]]; by default a firm for each output
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "degree of scope" and, of three or more outputs, "degree of scope of <output>" (against all others); of a
        partition "degree of scope (a and b | c)"; or "quasi-scope (epsilon ...)"; null 0. The first splits exactly into
        "scope: fixed cost" (the common one, paid again by each firm) and "scope: complementarity". Where some output is
        never zero data cannot tell its fixed cost from the common one: then `identified_low` and `identified_high` are
        estimated, and `conf_low` to `conf_high` covers the whole interval.

    Raises
    ------
    FormError
        For scope in a log form (which has no cost at zero output), or with one output.
    UnknownName
        For a partition that is not one, or an epsilon outside (0, 1/K].

    Notes
    -----
    SC = [sum_k C(y_k alone) - C(y)] / C(y) (Panzar and Willig, 1981; Baumol, Panzar and Willig, 1982); its split and
    quasi-scope, Pulley and Humphrey (1993). Quasi-scope charges every firm the whole fixed cost of all outputs, so it
    is no substitute for scope: it answers what a less extreme division of labour costs.

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 20, "visits": 40, "meals": 40, "visits x meals": -4}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50})
    >>> float(scope(cost).row("degree of scope")["estimate"])
    0.25
    """
    require_fit(function)
    technology = function.technology
    outputs = technology.outputs
    if len(outputs) < 2:
        raise FormError(
            f"Scope needs at least two outputs, and {outputs[0]} is the only one. What more of it costs is "
            "scale: em.scale(fit)."
        )
    groups = groups_of(outputs, partition if partition is not None else list(outputs))
    places = resolve(function, at)
    if epsilon is not None:
        return quasi_scope(function, places, groups, epsilon, method, conf_level, seed)
    corners.require_corners(technology, "Scope")
    asked = _terms(outputs, groups, of_all=partition is None)
    corners_of = [list(specialised(outputs, places.point, wanted).outputs) for _, wanted in asked]
    inside = each_supported(function, places, corners_of)
    tables: list[pd.DataFrame] = []
    faults: list[str] = []
    for (term, wanted), among in zip(asked, inside, strict=True):
        rows, fault = _rows(function, places, term, wanted, among, not tables, (method, conf_level, seed))
        tables.append(rows)
        faults.append(fault)
    table = by_place(pd.concat(tables), len(places.labels))
    text = _text(table, conf_level) if np.isfinite(table["conf_low"].iloc[0]) else faults[0]
    text += "" if table["supported"].iloc[0] else UNSUPPORTED
    notes = [*(fault for fault in dict.fromkeys(faults) if fault and fault != text), *_notes(function, table)]
    notes += few_clusters_note(function, method)
    return Effects("Economies of scope", table, text, notes=tuple(notes), method=method, conf_level=conf_level)


def _terms(outputs: tuple[str, ...], groups: list[Members], *, of_all: bool) -> list[tuple[str, list[Members]]]:
    if not of_all:
        return [(f"{DEGREE} ({' | '.join(words_of(outputs, group) for group in groups)})", groups)]
    terms = [(DEGREE, groups)]
    if len(outputs) > 2:
        terms += [(f"{DEGREE} of {name}", [one, ~one]) for name, one in zip(outputs, groups, strict=True)]
    return terms


def _rows(
    function: CostFunction,
    places: Places,
    term: str,
    groups: list[Members],
    inside: NDArray[np.bool_],
    split: bool,
    inference: tuple[Method, float, int],
) -> tuple[pd.DataFrame, str]:
    """A degree of scope at every place, and where wanted its two parts; and what there is to say of missing ones."""
    technology, point, n = function.technology, places.point, len(places.labels)
    method, conf_level, seed = inference
    corners.assert_identity(technology, function.theta, point, groups[0])
    _assert_split(function, places, groups)

    def measure(theta: Array, common: float) -> Array:
        complementarity, fixed = corners.scope_parts(technology, theta, point, groups)
        parts = [complementarity + common * fixed] + [common * fixed, complementarity] * split
        return np.concatenate(parts, axis=-1)

    def ends(common: float) -> Estimates:
        return estimate(
            function, lambda theta: measure(theta, common), 0.0, method=method, conf_level=conf_level, seed=seed
        )

    terms = [term] + [FIXED, COMPLEMENTARITY] * split
    division = specialised(technology.outputs, point, groups)
    high = ends(1.0)
    table = tabulate(
        [name for name in terms for _ in range(n)], [*places.labels] * len(terms), high, np.tile(inside, len(terms))
    )
    if corners.unidentified(function).any():
        open_rows = np.repeat([name != COMPLEMENTARITY for name in terms], n)
        table = set_identified(table, open_rows, ends(0.0), high)
    bad, fault = without_cost(function, places, division)
    return blank(table, np.tile(bad, len(terms))), fault


def _assert_split(function: CostFunction, places: Places, groups: list[Members]) -> None:
    """The split adds up to the definition of scope; a failure is a fault of this program, so it raises."""
    technology, theta, point = function.technology, function.theta, places.point
    division = specialised(technology.outputs, point, groups)
    joint = technology.cost(theta, point)
    firms = intercepts_paid(function, point, division)[1]
    degree = (cost_apart(technology, theta, point, division, firms) - joint) / joint
    variable = sum(corners.variable_cost(technology, theta, made_by(point, outputs)) for outputs in division.outputs)
    complementarity = (variable - corners.variable_cost(technology, theta, point)) / joint
    fixed = corners.scope_parts(technology, theta, point, groups)[1]
    assert_adds_up("The split of scope misses its sum", complementarity + fixed - degree, 1.0, variable / joint, fixed)


def _text(table: pd.DataFrame, level: float) -> str:
    first = table.iloc[0]
    what = "the degree of scope" + str(first["term"]).removeprefix(DEGREE)
    interval = interval_in_words(first["conf_low"], first["conf_high"], level)
    where = f"At {at_words(first['at'])}"
    if np.isnan(first["estimate"]):
        text = (
            f"{where}, {what} lies {identified_in_words(first)}: the data "
            "identify an interval only, since some output is made by everyone and its fixed cost cannot be told from "
            f"the common one ({interval}, covering all of it)"
        )
    else:
        degree = beside_interval(first["estimate"], first["conf_low"], first["conf_high"])
        text = f"{where}, {what} is {degree} ({interval})"
    verdict = side(first, level)
    if verdict != "open":
        conclusion = "economies of scope" if verdict == "above" else "diseconomies of scope"
    elif first["conf_low"] == 0:
        conclusion = "no diseconomies of scope, and perhaps economies"
    elif first["conf_high"] == 0:
        conclusion = "no economies of scope, and perhaps diseconomies"
    else:
        conclusion = taken_back(first) or "no conclusion: the interval holds both economies and diseconomies of scope"
    return f"{text}: {conclusion}."


def _notes(function: CostFunction, table: pd.DataFrame) -> list[str]:
    """What a reader must know of the corners: which lie beyond the providers, and what nobody is seen without."""
    notes = []
    outside = table[~table["supported"].astype(bool) & table["term"].str.startswith(DEGREE)]
    if len(outside):
        notes.append(
            f"No support for {', '.join(dict.fromkeys(outside['term']))}: cost at output mixes beyond those of all "
            "providers."
        )
    if function.sample is not None:
        columns = function.sample.rows.columns
        zeros = {name: int((columns[name] == 0).sum()) for name in function.technology.outputs}
        none = [name for name, count in zeros.items() if count == 0]
        if none and function.technology.is_level:
            notes.append(f"No provider is without {', '.join(none)}; specialised production was never observed.")
    return notes
