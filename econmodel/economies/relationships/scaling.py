"""Whether relationships scale: how the ray elasticity of cost moves with closeness."""

import numpy as np

from econmodel.economies.core.measure import verdict_of
from econmodel.economies.relationship import relationship
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.results import INTERVAL_COLUMNS, Check, with_interval
from econmodel.table.roles import nearest
from econmodel.verdict import MARGIN
from econmodel.words import capital, verdict_words

SIDES = ("closer relationships are associated with more economies of scale", "relationships do not scale")


def relationship_scaling(
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
    >>> found = relationship_scaling(fit(simulate(cost, 400).data))
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
