"""Whether relationships scale: how the ray elasticity of cost moves with closeness."""

import numpy as np

from econmodel.economies.core.measure import trusted
from econmodel.economies.relationship import relationship
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.results import Check, with_interval
from econmodel.table.roles import nearest
from econmodel.verdict import MARGIN, judge
from econmodel.words import verdict_words

SIDES = ("closer relationships are associated with more economies of scale", "relationships do not scale")


def relationship_scaling(
    fitted: Fit,
    name: str | None = None,
    at: object = "mean",
    *,
    conf_level: float = 0.95,
    margin: float = MARGIN,
) -> Check:
    """Test of "relationships do not scale": whether the ray elasticity of cost rises as relationships get closer.

    Parameters
    ----------
    fitted : a fit with products of outputs and relationship variables (a translog; a level form with several outputs)
    name : the relationship variable; may be left out where there is one
    at : one place, as in `econmodel.scale`
    margin : change of the ray elasticity over one standard deviation of the variable that would not matter

    Returns
    -------
    Check
        `passed` is True where the elasticity is found to rise with closeness (economies of scale fade where
        relationships are close), False where it is found to fall, or not to change within the margin, and None where
        the data do not say, or the variable is an input ratio, which holds part of cost proportional to volume by
        arithmetic. The table has the derivative d(ray elasticity)/dr and the same for one standard deviation more.

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
    >>> relationship_scaling(fit(simulate(cost, 400).data)).passed
    True
    """
    if not isinstance(fitted, Fit):
        raise NotSupported("A test needs providers, and stated parameters have none: fit a table of providers.")
    found = relationship(fitted, at, conf_level=conf_level)
    chosen = _chosen(fitted, name)
    role, label = fitted.data.relationships[chosen], fitted.data.labels(chosen)
    rows = found.table[found.table["term"] == f"relationship: {chosen} on scale"]
    if not len(rows):
        raise NotSupported(
            f"The {fitted.technology.form.title} form as fitted keeps the ray elasticity free of {chosen}. Fit "
            'form="translog" with second_order="all", or a level form of several outputs.'
        )
    if role.more_means is None:
        raise NotSupported(
            f'The card does not say whether more {chosen} is closer or looser: add more_means = "closer" or "looser" '
            "(Relationship(..., more_means=...))."
        )
    if len(rows) > 1:
        raise NotSupported('The test is made at one place; at= gives several. Use at="mean" or one mapping.')
    place = fitted.technology.relationships.index(chosen)
    spread = float(fitted.points().relationships[:, place].std(ddof=1))
    row = rows.iloc[0]
    if np.isnan(row["estimate"]):
        raise NotSupported(found.text)
    step = spread if role.more_means == "closer" else -spread
    low, high = sorted((row["conf_low"] * step, row["conf_high"] * step))
    verdict = judge(
        low, high, 0.0, margin=trusted(fitted, "delta", margin), p_value=row["p_value"], level=conf_level,
        supported=bool(row["supported"]), error=row["std_error"] * spread, freedom=fitted.freedom,
    )  # fmt: skip
    table = rows.drop(columns=["identified_low", "identified_high"]).reset_index(drop=True)
    table["closer by one sd"] = row["estimate"] * step
    table["closer by one sd_low"], table["closer by one sd_high"] = low, high
    change = with_interval(row["estimate"] * step, low, high, conf_level)
    text = (
        f"Closer by one standard deviation of {label}, the ray elasticity of cost differs by {change}: "
        f"{verdict_words(verdict, *SIDES, 'scale does not depend on it')}."
    )
    notes = list(found.notes)
    passed = {"above": True, "below": False, "equivalent": False}.get(verdict.conclusion)
    if role.kind != "attribute":
        passed = None
        text += (
            f" {label[:1].upper()}{label[1:]} is read as an input ratio, which holds part of cost proportional to "
            "volume by arithmetic: this informs, and decides nothing about relationships."
        )
    return Check(
        "Whether relationships scale", passed, f"the ray elasticity of cost does not vary with {label}", table, text,
        tuple(notes),
    )  # fmt: skip


def _chosen(fitted: Fit, name: str | None) -> str:
    names = fitted.technology.relationships
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        asked = "There are several relationship variables" if name is None else f"{name!r} is not one of them"
        raise UnknownName(f"{asked}; name one of {', '.join(names)}{nearest(name, names) or '.'}")
    return name
