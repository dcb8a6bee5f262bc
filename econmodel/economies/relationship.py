"""What a relationship variable goes with: the level of cost, the output it falls on, and scale.

Outputs are held fixed throughout. Only an attribute, measured apart from inputs, can carry an effect of relationship;
an input ratio (staff per user, class size) says where cost is located and no more, and every sentence keeps to that.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import Reading
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import CostFunction, Places, require_fit, resolve
from econmodel.errors import NotSupported
from econmodel.results import Effects, beside_interval, format_number, interval_in_words, per_cent
from econmodel.words import verdict_words

Array = NDArray[np.float64]
ROUNDING = 1e-12
# One per cent more, in logs; and of a standard deviation, what is too small a step to speak of.
UNIT_OF_LOGS, LEAST_SHARE = 0.01, 0.01


def relationship(
    fit: CostFunction, at: object = "mean", *, method: Method = "delta", conf_level: float = 0.95, seed: int = 0
) -> Effects:
    """How cost, the cost of each output, and scale vary with the relationship variables, outputs held fixed.

    Parameters
    ----------
    fit : a fit with relationship variables
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
    names = relationship_variables(fit)
    technology = fit.technology
    places, tilts = resolve(fit, at), _may_tilt(fit)
    n = len(places.labels)

    def slopes(theta: Array, _: Reading) -> Array:
        values = technology.slopes(theta, places.point).relationships
        values = np.broadcast_to(values, (*theta.shape[:-1], n, values.shape[-1]))
        return np.moveaxis(values, -1, -2).reshape(*theta.shape[:-1], -1)

    terms = [Term([f"relationship: {name}" for name in names], slopes, 0.0)] + [_tilts(fit, places)] * tilts
    result = ask(
        "Relationship variables, outputs held fixed", fit, places, terms,
        lambda estimated: " ".join(_sentence(estimated, name) for name in names),
        labels=_labels(fit, [name for term in terms for name in term.several]),
        notes=[] if tilts else ["This form does not let a relationship variable change scale or the mix of costs."],
        method=method, conf_level=conf_level, seed=seed,
    )  # fmt: skip
    # Tilts add up to nothing at the mean: what a level form cannot tell there is no finding.
    empty = (result.table[["estimate", "std_error"]].abs() < ROUNDING).all(axis=1)
    empty = empty.groupby(result.table["term"]).transform("all") & result.table["term"].str.contains(" on ")
    return replace(result, table=result.table[~empty].reset_index(drop=True))


def relationship_variables(fit: CostFunction) -> tuple[str, ...]:
    """The relationship variables of a fit; NotSupported, with the cure, where there is none."""
    require_fit(fit)
    if not fit.technology.relationships:
        raise NotSupported(
            "This fit has no relationship variable. Name one in the card ([relationships.NAME]) or with "
            "relationships={...}, and fit again."
        )
    return fit.technology.relationships


def _tilts(fit: CostFunction, places: Places) -> Term:
    technology, n = fit.technology, len(places.labels)
    several = len(technology.outputs) > 1

    def tilts(theta: Array, _: Reading) -> Array:
        by_output = technology.output_relationship_curvature(theta, places.point)
        by_output = np.broadcast_to(by_output, (*theta.shape[:-1], n, *by_output.shape[-2:]))
        rows = [by_output.sum(axis=-2)[..., None, :]]
        rows = [by_output, *rows] if several else rows
        values = np.moveaxis(np.concatenate(rows, axis=-2), -3, -1)
        return np.swapaxes(values, -3, -2).reshape(*theta.shape[:-1], -1)

    on = [*technology.outputs, "scale"] if several else ["scale"]
    return Term([f"relationship: {r} on {what}" for r in technology.relationships for what in on], tilts, 0.0)


def _may_tilt(fit: CostFunction) -> bool:
    """Whether the form has products of outputs and relationship variables."""
    technology = fit.technology
    m = len(technology.outputs)
    first = m + len(technology.prices) - (technology.numeraire is not None)
    last = first + len(technology.relationships)
    terms = [technology.exponent.terms] + ([technology.aggregate.terms] if technology.aggregate is not None else [])
    return any(((one[:, 0] >= 0) & (one[:, 0] < m) & (one[:, 1] >= first) & (one[:, 1] < last)).any() for one in terms)


def _labels(fit: CostFunction, terms: Sequence[str]) -> dict[str, str]:
    if fit.sample is None:
        return {}
    labels = {}
    for term in terms:
        name, _, rest = term.removeprefix("relationship: ").partition(" on ")
        labels[term] = fit.sample.data.labels(name) + (f" on {rest}" if rest else "")
    return labels


def _step(fit: CostFunction, name: str, label: str, *, in_logs: bool) -> tuple[float, str]:
    """A change of a relationship variable that providers show, in its units or logs, and its words.

    One unit, or one per cent, where that is no more than their range and no less than a hundredth of their standard
    deviation; else one standard deviation.
    """
    unit, words = (UNIT_OF_LOGS, f"one per cent more {label}") if in_logs else (1.0, f"one unit more of {label}")
    if fit.sample is None:
        return unit, words
    seen = fit.points().relationships[:, fit.technology.relationships.index(name)]
    spread = float(seen.std())
    if spread * LEAST_SHARE <= unit <= np.ptp(seen):
        return unit, words
    size = per_cent(spread) if in_logs else format_number(spread, 2)
    return spread, f"one standard deviation ({size}) more of {label}"


def _sentence(estimated: Estimated, name: str) -> str:
    fit, first = estimated.fit, estimated.row(f"relationship: {name}")
    data = fit.sample.data if fit.sample is not None else None
    label = data.labels(name) if data is not None else name
    kind = data.relationships[name].kind if data is not None else "attribute"
    in_logs = fit.technology.log_relationships[fit.technology.relationships.index(name)]
    step, words = _step(fit, name, label, in_logs=in_logs)
    change = per_cent(first["estimate"] * step, 3)
    if in_logs and step == UNIT_OF_LOGS:
        change = f"{format_number(abs(first['estimate']), 3)} %"
    text = (
        f"At {estimated.where} and with outputs held, {words} is associated with {change} "
        f"{'more' if first['estimate'] > 0 else 'less'} cost (slope "
        f"{beside_interval(first['estimate'], first['conf_low'], first['conf_high'])}, "
        f"{interval_in_words(first['conf_low'], first['conf_high'], estimated.level)})"
    )
    if kind == "attribute":
        verdict = estimated.verdict(f"relationship: {name}")
        return text + ("." if verdict.differs else f"; {verdict_words(verdict, '', '')}.")
    reason = "an input ratio" if kind == "input_ratio" else "of unstated kind and is read as an input ratio"
    return (
        text
        + f". {label.capitalize()} is {reason}: this says where cost is located and is not an effect of relationship."
    )
