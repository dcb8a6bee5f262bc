"""What a relationship variable goes with: the level of cost, the output it falls on, and scale, which is tested too.

Outputs are held fixed throughout. Only an attribute, measured apart from inputs, can carry an effect of relationship;
an input ratio (staff per user, class size) says where cost is located and no more, and every sentence keeps to that.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import Reading
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask, verdict_of
from econmodel.economies.core.places import CostFunction, Places, require_fit, resolve
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.results import (
    INTERVAL_COLUMNS,
    Check,
    Effects,
    beside_interval,
    format_number,
    interval_in_words,
    per_cent,
    with_interval,
)
from econmodel.table.roles import nearest
from econmodel.verdict import MARGIN
from econmodel.words import capital, verdict_words

Array = NDArray[np.float64]
SIDES = ("closer relationships are associated with more economies of scale", "relationships do not scale")
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


def scaling(
    fit: Fit,
    name: str | None = None,
    at: object = "mean",
    *,
    conf_level: float = 0.95,
    margin: float = MARGIN,
) -> Check:
    """Test of "relationships do not scale": whether the ray elasticity of cost rises as relationships get closer.

    Parameters
    ----------
    fit : a fit with products of outputs and relationship variables (a translog; a level form with several outputs)
    name : the relationship variable; may be left out where there is one
    at : one place, as in `econmodel.scale`
    margin : change of the ray elasticity over one standard deviation of the variable that would not matter

    Returns
    -------
    Check
        `passed` is False where the elasticity is found to rise with closeness (economies of scale fade where
        relationships are close) or to fall, which the text says; True where it does not change, within the margin; and
        None where the data do not say, or the variable is an input ratio, which holds part of cost proportional to
        volume by arithmetic. The table has the derivative d(ray elasticity)/dr and the same for one standard deviation
        closer (`closer_by_one_sd`).

    Raises
    ------
    NotSupported
        Where the form keeps the elasticity free of relationship variables, or the card does not say which way is
        closer.

    Notes
    -----
    The cross derivative of log cost by log volume (along the ray) and r: zero in the model of a transactional service.

    Examples
    --------
    >>> from econmodel.simulation import simulate, state
    >>> from econmodel.estimate.fitting import fit
    >>> terms = {"constant": 4.0, "visits": 0.9, "visits x continuity": 0.4}
    >>> cost = state("translog", terms, outputs={"visits": 100}, relationships={"continuity": 0.5})
    >>> found = scaling(fit(simulate(cost, 400).data))
    >>> found.passed, "relationships do not scale" in found.text
    (False, True)
    """
    if not isinstance(fit, Fit):
        raise NotSupported("A test needs providers, and stated parameters have none: fit a table of providers.")
    effects = relationship(fit, at, conf_level=conf_level)
    chosen = _chosen(fit, name)
    role, label = fit.data.relationships[chosen], fit.data.labels(chosen)
    table = effects.table[effects.table["term"] == f"relationship: {chosen} on scale"]
    if not len(table):
        raise NotSupported(
            f"The {fit.technology.form.title} form as fitted keeps the ray elasticity free of {chosen}. Fit "
            'form="translog" with second_order="all", or a level form of several outputs.'
        )
    if role.more_means is None:
        raise NotSupported(
            f'The card does not say whether more {chosen} is closer or looser: add more_means = "closer" or "looser" '
            "(Relationship(..., more_means=...))."
        )
    if len(table) > 1:
        raise NotSupported('The test is made at one place; at= gives several. Use at="mean" or one mapping.')
    row = table.iloc[0]
    if np.isnan(row["estimate"]):
        raise NotSupported(effects.text)
    spread = float(fit.points().relationships[:, fit.technology.relationships.index(chosen)].std(ddof=1))
    step = spread if role.more_means == "closer" else -spread
    value, (low, high) = row["estimate"] * step, sorted((row["conf_low"] * step, row["conf_high"] * step))
    change = {"conf_low": low, "conf_high": high, "std_error": row["std_error"] * spread}
    verdict = verdict_of(fit, {**row, **change}, "delta", conf_level, margin)
    table = table.drop(columns=list(INTERVAL_COLUMNS)).reset_index(drop=True)
    table = table.assign(closer_by_one_sd=value, closer_by_one_sd_low=low, closer_by_one_sd_high=high)
    text = (
        f"Closer by one standard deviation of {label}, the ray elasticity of cost differs by "
        f"{with_interval(value, low, high, conf_level)}: "
        f"{verdict_words(verdict, *SIDES, 'scale does not depend on it')}."
    )
    passed = verdict.holds
    if role.kind != "attribute":
        passed = None
        text += (
            f" {capital(label)} is read as an input ratio, which holds part of cost proportional to volume by "
            "arithmetic: this informs, and decides nothing about relationships."
        )
    null = f"the ray elasticity of cost does not vary with {label}"
    return Check("Whether relationships scale", passed, null, table, text, effects.notes)


def _chosen(fit: Fit, name: str | None) -> str:
    names = fit.technology.relationships
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        known = "There are several relationship variables" if name is None else f"{name!r} is not one of them"
        raise UnknownName(f"{known}; name one of {', '.join(names)}{nearest(name, names) or '.'}")
    return name
