"""What a relationship variable goes with: the level of cost, the output it falls on, and scale.

Outputs are held fixed throughout. Only an attribute, measured apart from inputs, can carry an effect of relationship;
an input ratio (staff per user, class size) says where cost is located and no more, and every sentence keeps to that.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import blank
from econmodel.economies.core.inference import Method, by_place, estimate, few_clusters_note, tabulate
from econmodel.economies.core.places import CostFunction, Places, require_fit, resolve, without_cost_there
from econmodel.economies.core.support import extrapolated, supported
from econmodel.economies.core.verdict import at_words, side
from econmodel.errors import NotSupported
from econmodel.results import Effects, beside_interval, format_number, interval_in_words, per_cent

Array = NDArray[np.float64]
ROUNDING = 1e-12
# One per cent more, in logs; and of a standard deviation, what is too small a step to speak of.
UNIT_OF_LOGS, LEAST_SHARE = 0.01, 0.01


def relationship(
    function: CostFunction, at: object = "mean", *, method: Method = "delta", conf_level: float = 0.95, seed: int = 0
) -> Effects:
    """How cost, the cost of each output, and scale vary with the relationship variables, outputs held fixed.

    Parameters
    ----------
    function : a fit with relationship variables
    at : where, as in `econmodel.scale`
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        For each variable r: "relationship: r" (derivative of log cost by r: an elasticity where r enters in logs),
        "relationship: r on <output>" (derivative of the output's cost elasticity by r) and "relationship: r on scale"
        (derivative of the ray elasticity by r); null 0. The last two only where the form lets them differ from zero.

    Raises
    ------
    NotSupported
        Where the fit has no relationship variable.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> result = relationship(fit(load("california_schools"), form="cobb_douglas"))
    >>> "not an effect of relationship" in result.text
    True
    """
    require_fit(function)
    technology = function.technology
    if not technology.relationships:
        raise NotSupported(
            "This fit has no relationship variable. Name one in the card ([relationships.NAME]) or with "
            "relationships={...}, and fit again."
        )
    places = resolve(function, at)
    inside = supported(function, places)
    tables = [_level(function, places, inside, method, conf_level, seed)]
    if _may_tilt(function):
        tables.append(_tilts(function, places, inside, method, conf_level, seed))
    bad, fault = without_cost_there(function, places)
    table = pd.concat(tables)
    table = by_place(blank(table, np.tile(bad, len(table) // len(bad))), len(bad))
    labels = _labels(function, table)
    said = " ".join(_sentence(function, table, name, conf_level) for name in technology.relationships)
    text = (fault if bad[0] else said) + extrapolated(inside)
    notes = [fault] * bool(bad.any() and not bad[0])
    notes += few_clusters_note(function, method)
    if not _may_tilt(function):
        notes.append("This form does not let a relationship variable change scale or the mix of costs.")
    return Effects(
        "Relationship variables, outputs held fixed",
        table,
        text,
        labels,
        tuple(notes),
        method=method,
        conf_level=conf_level,
    )


def _level(
    function: CostFunction, places: Places, inside: NDArray[np.bool_], method: Method, conf_level: float, seed: int
) -> pd.DataFrame:
    technology = function.technology

    def slopes(theta: Array) -> Array:
        values = technology.slopes(theta, places.point).relationships
        values = np.broadcast_to(values, (*theta.shape[:-1], len(inside), values.shape[-1]))
        return np.moveaxis(values, -1, -2).reshape(*theta.shape[:-1], -1)

    names = technology.relationships
    found = estimate(function, slopes, 0.0, method=method, conf_level=conf_level, seed=seed)
    terms = [f"relationship: {name}" for name in names for _ in inside]
    return tabulate(terms, [*places.labels] * len(names), found, np.tile(inside, len(names)))


def _tilts(
    function: CostFunction, places: Places, inside: NDArray[np.bool_], method: Method, conf_level: float, seed: int
) -> pd.DataFrame:
    technology = function.technology
    several = len(technology.outputs) > 1

    def tilts(theta: Array) -> Array:
        by_output = technology.output_relationship_curvature(theta, places.point)
        by_output = np.broadcast_to(by_output, (*theta.shape[:-1], len(inside), *by_output.shape[-2:]))
        rows = [by_output.sum(axis=-2)[..., None, :]]
        rows = [by_output, *rows] if several else rows
        values = np.moveaxis(np.concatenate(rows, axis=-2), -3, -1)
        return np.swapaxes(values, -3, -2).reshape(*theta.shape[:-1], -1)

    on = [*technology.outputs, "scale"] if several else ["scale"]
    terms = [f"relationship: {r} on {what}" for r in technology.relationships for what in on for _ in inside]
    found = estimate(function, tilts, 0.0, method=method, conf_level=conf_level, seed=seed)
    repeats = len(terms) // len(inside)
    table = tabulate(terms, [*places.labels] * repeats, found, np.tile(inside, repeats))
    # Tilts add up to nothing at the mean: what a level form cannot tell there is no finding.
    empty = (np.abs(found.values) < ROUNDING) & (np.abs(found.errors) < ROUNDING)
    return table[~np.logical_and.reduce(empty.reshape(repeats, -1), axis=1).repeat(len(inside))]


def _may_tilt(function: CostFunction) -> bool:
    """Whether the form has products of outputs and relationship variables."""
    technology = function.technology
    m = len(technology.outputs)
    first = m + len(technology.prices) - (technology.numeraire is not None)
    last = first + len(technology.relationships)
    terms = [technology.exponent.terms] + ([technology.aggregate.terms] if technology.aggregate is not None else [])
    return any(((one[:, 0] >= 0) & (one[:, 0] < m) & (one[:, 1] >= first) & (one[:, 1] < last)).any() for one in terms)


def _labels(function: CostFunction, table: pd.DataFrame) -> dict[str, str]:
    if function.sample is None:
        return {}
    data = function.sample.data
    labels = {}
    for term in table["term"]:
        name, _, rest = term.removeprefix("relationship: ").partition(" on ")
        labels[term] = data.labels(name) + (f" on {rest}" if rest else "")
    return labels


def _step(function: CostFunction, name: str, label: str, *, in_logs: bool) -> tuple[float, str]:
    """A change of a relationship variable that providers show, in its units or logs, and its words.

    One unit, or one per cent, where that is no more than their range and no less than a hundredth of their standard
    deviation; else one standard deviation.
    """
    unit, words = (UNIT_OF_LOGS, f"one per cent more {label}") if in_logs else (1.0, f"one unit more of {label}")
    if function.sample is None:
        return unit, words
    seen = function.points().relationships[:, function.technology.relationships.index(name)]
    spread = float(seen.std())
    if spread * LEAST_SHARE <= unit <= np.ptp(seen):
        return unit, words
    size = per_cent(spread) if in_logs else format_number(spread, 2)
    return spread, f"one standard deviation ({size}) more of {label}"


def _sentence(function: CostFunction, table: pd.DataFrame, name: str, level: float) -> str:
    first = table[table["term"] == f"relationship: {name}"].iloc[0]
    data = function.sample.data if function.sample is not None else None
    label = data.labels(name) if data is not None else name
    kind = data.relationships[name].kind if data is not None else "attribute"
    in_logs = function.technology.log_relationships[function.technology.relationships.index(name)]
    interval = interval_in_words(first["conf_low"], first["conf_high"], level)
    step, words = _step(function, name, label, in_logs=in_logs)
    change = per_cent(first["estimate"] * step, 3)
    if in_logs and step == UNIT_OF_LOGS:
        change = f"{format_number(abs(first['estimate']), 3)} %"
    text = (
        f"At {at_words(first['at'])} and with outputs held, {words} is associated with {change} "
        f"{'more' if first['estimate'] > 0 else 'less'} cost (slope "
        f"{beside_interval(first['estimate'], first['conf_low'], first['conf_high'])}, {interval})"
    )
    if kind == "attribute":
        if side(first, level) == "open":
            text += "; whether it goes with more or with less cost cannot be told"
        return text + "."
    reason = "an input ratio" if kind == "input_ratio" else "of unstated kind and is read as an input ratio"
    return (
        text
        + f". {label.capitalize()} is {reason}: this says where cost is located and is not an effect of relationship."
    )
