"""The degree of relationship economies, defined like the degree of scope; for attributes only."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import Reading
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import CostFunction, Places, resolve, without_cost_there
from econmodel.economies.core.support import supported
from econmodel.economies.relationships.slopes import relationship_variables
from econmodel.errors import NotSupported, TableError, UnknownName
from econmodel.forms.technology import Point, Technology
from econmodel.results import Effects, format_number
from econmodel.table.roles import nearest
from econmodel.words import difference_words, verdict_words

Array = NDArray[np.float64]
# The low level where the user states none: the loosest tenth of providers begins there.
LOOSE_TENTH = 10.0
REASON = (
    "An input ratio is spending per unit of volume: its slope in a cost function is the price of the input by "
    "arithmetic, whatever the relationship does. Only an attribute, measured apart from inputs (continuity, the same "
    'worker), can be asked this; declare it with kind = "attribute" if it is one.'
)


def attributes(fit: CostFunction, name: str | None) -> list[str]:
    """The attribute of this name, or all attributes among the relationship variables.

    Raises
    ------
    NotSupported
        Where the variable is an input ratio or of unstated kind, with the reason; or where there is none at all.
    UnknownName
        For a variable that the fit does not have; the message lists those that it has.
    """
    names = relationship_variables(fit)
    if name is not None and name not in names:
        raise UnknownName(
            f"{name!r} is not a relationship variable of this fit{nearest(name, names) or '.'} "
            f"There is {', '.join(names)}."
        )
    asked = list(names) if name is None else [name]
    if fit.sample is None:
        return asked
    roles = fit.sample.data.relationships
    found = [one for one in asked if roles[one].kind == "attribute"]
    if not found:
        kind = "of unstated kind" if roles[asked[0]].kind == "unstated" else "an input ratio"
        raise NotSupported(f"{asked[0]} is {kind}. {REASON}")
    return found


def economies(
    fit: CostFunction,
    name: str | None = None,
    low: float | None = None,
    at: object = "mean",
    *,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """The degree of relationship economies: how much more the same outputs cost where relationships are loose.

    RE = [C(y, r_low) - C(y, r)] / C(y, r), outputs, prices and everything else held at the place, whose r is the
    reference.

    Parameters
    ----------
    fit : a fit with an attribute among its relationship variables
    name : the attribute; by default each of them
    low : the stated low level, in the column's own units; by default the 10th percentile of providers counted from the
        loose end (which needs `more_means` in the card)
    at : where, as in `econmodel.scale`; the reference r is the place's own (the mean, unless `at` gives it)
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "relationship economies: <name>", null 0. Positive: economies of relationship. The table "levels" has low
        and reference.

    Raises
    ------
    NotSupported
        For an input ratio, with the reason; where neither `low` nor the loose end is known.

    Notes
    -----
    The degree of scope, [sum C(y_i e_i) - C(y)] / C(y), asks what the same outputs cost without doing them together
    (Panzar and Willig, 1981); this asks what they cost without the relationship, over the same base, so that the two
    are comparable shares of actual cost. Scope can be asked at zero because a product can be left out. A relationship
    cannot: no provider has none, a cost at r = 0 would be the form's invention, and for a variable in logs it does not
    exist. So `low` is a level that providers do have, it is stated, and places beyond those seen are marked as not
    supported. Input ratios are refused: C(y, r_low) of fewer staff per user is lower by the price of the staff,
    whatever the relationship does.

    Cost only: where outcomes are not held in the fit, RE does not count what looser relationships do to them.

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> cost = state("cobb_douglas", {"visits": 0.9, "continuity": -0.5}, outputs={"visits": 100},
    ...              relationships={"continuity": 0.6})
    >>> found = economies(cost, low=0.4).row("relationship economies: continuity")["estimate"]
    >>> round(float(found), 4)
    0.1052
    """
    names = attributes(fit, name)
    if low is not None and len(names) > 1:
        raise UnknownName(f"low={low} is of one variable: name one of {', '.join(names)}.")
    places, technology = resolve(fit, at), fit.technology
    levels = {one: _low(fit, one, low) for one in names}
    held = fit.sample is not None and "outcomes" in fit.sample.controls.values()
    cost_only = "Cost only: outcomes are not held, so what looser relationships do to them is not counted."
    return ask(
        "Economies of relationship", fit, places, [_degree(fit, places, one, level) for one, level in levels.items()],
        lambda estimated: " ".join(_sentence(estimated, one, level) for one, level in levels.items()),
        notes=[] if held else [cost_only],
        labels={f"relationship economies: {one}": f"relationship economies: {_label(fit, one)}" for one in names},
        tables={"levels": _levels(places, technology, levels)},
        method=method, conf_level=conf_level, seed=seed,
    )  # fmt: skip


def _degree(fit: CostFunction, places: Places, name: str, level: float) -> Term:
    technology, loose = fit.technology, _at_low(fit.technology, places.point, name, level)

    def degree(theta: Array, _: Reading) -> Array:
        here = technology.log_cost(theta, places.point)
        with np.errstate(over="ignore"):  # far from the data any multiple may come: it is infinite, and no number
            return np.expm1(technology.log_cost(theta, loose) - here)

    missing, reason = without_cost_there(fit, Places(loose, places.labels))
    inside = supported(fit, places) & _seen(fit, name, level)
    return Term(f"relationship economies: {name}", degree, 0.0, inside=inside, missing=missing, reason=reason)


def _label(fit: CostFunction, name: str) -> str:
    return name if fit.sample is None else fit.sample.data.labels(name)


def _low(fit: CostFunction, name: str, low: float | None) -> float:
    """The low level in the column's own units."""
    if low is not None:
        in_logs = fit.technology.log_relationships[fit.technology.relationships.index(name)]
        if in_logs and not low > 0:
            raise TableError(f"low={low} must be above zero: {name} enters in logs.")
        return float(low)
    if fit.sample is None:
        raise NotSupported("Stated parameters have no providers whose loosest tenth could be the low level: give low=.")
    role = fit.sample.data.relationships[name]
    if role.more_means is None:
        raise NotSupported(
            f'The card does not say whether more {name} is closer or looser: add more_means = "closer" or "looser", or '
            "state the low level, low=..."
        )
    share = LOOSE_TENTH if role.more_means == "closer" else 100.0 - LOOSE_TENTH
    return float(np.percentile(fit.sample.rows.columns[name], share))


def _at_low(technology: Technology, point: Point, name: str, low: float) -> Point:
    place = technology.relationships.index(name)
    relationships = np.array(np.broadcast_to(point.relationships, (len(point), len(technology.relationships))))
    relationships[:, place] = np.log(low) if technology.log_relationships[place] else low
    return replace(point, relationships=relationships)


def _seen(fit: CostFunction, name: str, low: float) -> bool:
    """Whether providers have so low a level."""
    if fit.sample is None:
        return True
    column = fit.sample.rows.columns[name]
    return bool(column.min() <= low <= column.max())


def _reference(technology: Technology, point: Point, name: str) -> Array:
    place = technology.relationships.index(name)
    values = np.broadcast_to(point.relationships[:, place], len(point))
    return np.exp(values) if technology.log_relationships[place] else values


def _levels(places: Places, technology: Technology, levels: Mapping[str, float]) -> pd.DataFrame:
    """Low and reference level of each variable at each place, in the column's own units."""
    rows = [
        {"term": f"relationship economies: {name}", "at": label, "low": low, "reference": reference}
        for name, low in levels.items()
        for label, reference in zip(places.labels, _reference(technology, places.point, name), strict=True)
    ]
    return pd.DataFrame(rows)


def _sentence(estimated: Estimated, name: str, low: float) -> str:
    row = estimated.row(f"relationship economies: {name}")
    if row["conf_low"] != row["conf_low"] and row["estimate"] != row["estimate"]:
        return f"For {_label(estimated.fit, name)} there is no number at {estimated.where}."
    reference = float(_reference(estimated.fit.technology, estimated.places.point, name)[0])
    difference, interval = difference_words(row, estimated.level)
    verdict = estimated.verdict(f"relationship economies: {name}")
    return (
        f"At {estimated.where}, the same outputs with {_label(estimated.fit, name)} at {format_number(low, 3)} "
        f"instead of {format_number(reference, 3)} would be associated with {difference} cost ({interval}): "
        f"{verdict_words(verdict, 'diseconomies of relationship', 'economies of relationship')}."
    )
