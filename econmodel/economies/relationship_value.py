"""What a relationship costs and what it saves: attributes only.

Only a variable measured apart from inputs (continuity, the same worker) can have a value of its own. An input ratio is
spending per unit of volume: its slope is the price of the input by arithmetic, whatever the relationship does.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.attributes import attributes
from econmodel.economies.core.inference import require_draws, summarise, tabulate
from econmodel.economies.outcomes import notes_on, with_and_without
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.delta import Measure
from econmodel.estimate.fit import Fit
from econmodel.results import Effects
from econmodel.stated import check_level, require_replications

Array = NDArray[np.float64]
COST, NET, SAVING = "cost, outcomes free", "net cost, outcomes held", "saving downstream"


def relationship_value(
    fitted: Fit,
    name: str | None = None,
    outcome: str | None = None,
    *,
    replications: int = 999,
    seed: int = 0,
    conf_level: float = 0.95,
    steps: int = 1,
) -> Effects:
    """The cost of more relationship against what it saves downstream, at constant outcomes.

    Parameters
    ----------
    fitted : a fit with an attribute among its relationship variables, of a table with outcomes
    name : the attribute; may be left out where there is one
    outcome : a declared outcome, or an output that counts outcomes; by default all declared outcomes together
    replications, seed, steps : of the bootstrap by clusters, in which both fits are re-estimated on the same draws

    Returns
    -------
    Effects
        At the mean, derivatives of log cost by the attribute: "cost, outcomes free" (what comes with one unit more,
        better outcomes included), "net cost, outcomes held" (the same at constant outcomes), "saving downstream" (the
        first less the second: what the outcomes that come with the relationship would have cost otherwise); and each
        of the three in money. Null 0.

    Raises
    ------
    NotSupported
        For an input ratio, with the reason; without outcomes; where an outcome is missing for some rows, by name.

    Notes
    -----
    In a log-linear form the saving is beta_q x (slope of the outcome q on the attribute, all else held): the outcomes
    that come with the relationship, valued at their marginal cost. A negative net cost says that reaching the same
    outcomes is cheaper with more relationship. Without outcomes relationship time is pure cost, and any cost function
    will recommend to dismantle it.

    Examples
    --------
    >>> import pandas as pd
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.cost_data import CostData
    >>> from econmodel.table.roles import Relationship
    >>> rng = np.random.default_rng(0)
    >>> frame = pd.DataFrame(np.exp(rng.normal(size=(200, 2)) * 0.3), columns=["users", "continuity"])
    >>> frame["well"] = frame["continuity"] + 0.1 * rng.normal(size=200)
    >>> frame["cost"] = frame["users"] * np.exp(0.3 * frame["well"] - 0.1 * frame["continuity"])
    >>> data = CostData(frame, cost="cost", outputs=["users"], outcomes=["well"],
    ...                 relationships={"continuity": Relationship("attribute")})
    >>> found = relationship_value(fit(data, form="cobb_douglas"), replications=19).table.set_index("term")["estimate"]
    >>> [round(float(found[term]), 2) for term in ("net cost, outcomes held", "saving downstream")]
    [-0.1, 0.31]
    """
    check_level(conf_level)
    require_replications(replications)
    if not isinstance(fitted, Fit):
        raise NotSupported(
            "Outcomes are columns of a table, and stated parameters have none: fit a table of providers."
        )
    known = attributes(fitted, name)
    if len(known) > 1:
        raise UnknownName(f"There are several attributes; name one of {', '.join(known)}.")
    chosen = known[0]
    pair = with_and_without(fitted, outcome)

    def slope(one: Fit) -> Measure:
        technology, mean = one.technology, one.technology.mean_point()
        place = technology.relationships.index(chosen)

        def measure(theta: Array) -> Array:
            value = np.broadcast_to(technology.slopes(theta, mean).relationships[..., place], (*theta.shape[:-1], 1))
            return np.concatenate([value, value * technology.cost(theta, mean)], axis=-1)

        return measure

    def together(free: Array, held: Array) -> Array:
        return np.stack([free, held, free - held], axis=-1).reshape(*free.shape[:-1], -1)

    measures = (slope(pair.free), slope(pair.held))
    values = together(measures[0](pair.free.theta), measures[1](pair.held.theta))
    drawn = together(*pair.draws(measures, replications, seed, steps))
    drawn[~np.isfinite(drawn).all(axis=1)] = np.nan
    require_draws(drawn, "the comparison")
    found = summarise(values, drawn, np.zeros(len(values)), conf_level)
    terms = [COST, NET, SAVING]
    terms += [f"{term}, in money" for term in terms]
    table = tabulate(terms, ["mean"] * len(terms), found, np.ones(len(terms), dtype=bool))
    label = fitted.data.labels(chosen)
    effects = Effects(
        f"What {label} costs and saves", table, "", notes=notes_on(pair, drawn), method="bootstrap",
        conf_level=conf_level,
    )  # fmt: skip
    in_logs = fitted.technology.log_relationships[fitted.technology.relationships.index(chosen)]
    named = " and ".join(fitted.data.labels(one) for one in pair.names)
    return replace(effects, text=_value_text(effects, label, named, in_logs))


def _value_text(effects: Effects, label: str, outcomes: str, in_logs: bool) -> str:
    net = effects.row(NET)
    step = f"In logs, one unit more of log {label}" if in_logs else f"In logs of cost, one unit more of {label}"
    text = (
        f"{step} goes with {effects.words(COST)} as things stand and with {effects.words(NET)} at constant {outcomes}: "
        f"the saving downstream is {effects.words(SAVING)}. "
    )
    if net["conf_high"] < 0:
        return text + "The same outcomes cost less with more of it."
    if net["conf_low"] > 0:
        return (
            text + "The same outcomes cost more with more of it: it does not pay for itself in what is measured here."
        )
    return text + "Whether it pays for itself at constant outcomes cannot be told."
