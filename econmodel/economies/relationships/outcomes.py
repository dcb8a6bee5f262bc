"""The same providers with and without their outcomes: cost per outcome, and what a relationship costs and saves.

An outcome enters in one of two ways. As quality of what is made (test scores, a declared outcome) it is held beside the
outputs (a hedonic cost function; Spady and Friedlaender, 1978). As something counted (people in work, an output) it is
made, and grows with the rest. Either way "constant outcomes" means the same: results per unit of activity stay as they
are while activity grows. Only an attribute, measured apart from inputs (continuity, the same worker), can have a value
of its own: the slope of an input ratio is the price of the input by arithmetic, whatever the relationship does.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.bracket import input_ratios, ray_elasticity, relationship_slope
from econmodel.economies.core.inference import from_draws, replication_notes
from econmodel.economies.relationships.economies import attributes
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.delta import Measure
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit
from econmodel.results import Effects
from econmodel.stated import check_level, require_replications
from econmodel.table.roles import nearest
from econmodel.verdict import MARGIN, judge_row
from econmodel.words import capital, listed, verdict_words

Array = NDArray[np.float64]
ACTIVITY, HELD, DIFFERENCE = "ray elasticity, activity only", "ray elasticity, outcomes held", "difference"
COST, NET, SAVING = "cost, outcomes free", "net cost, outcomes held", "saving downstream"


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """The same rows fitted without outcomes and with them.

    Attributes
    ----------
    free, held : the two fits
    names : the outcomes
    made : whether they are outputs (and not held as quality)
    """

    free: Fit
    held: Fit
    names: tuple[str, ...]
    made: bool

    def compare(
        self,
        title: str,
        terms: Sequence[str],
        measures: tuple[Measure, Measure],
        together: Callable[[Array, Array], Array],
        nulls: Array,
        replications: int,
        seed: int,
        steps: int,
        level: float,
    ) -> Effects:
        """Two measures, of the free fit and of the held one, put together; both re-estimated in the same replications.

        Parameters
        ----------
        together : values (..., p) of the free fit and (..., q) of the held one to values (..., len(terms))
        """
        weights, pair = self.held.replications(replications, seed), (self.free, self.held)
        of_fits = [measure(fit.theta) for measure, fit in zip(measures, pair, strict=True)]
        of_draws = [measure(fit.bootstrap(weights, steps)) for measure, fit in zip(measures, pair, strict=True)]
        values, draws = together(*of_fits), together(*of_draws)
        table = from_draws(terms, "mean", values, draws, nulls, level, "the comparison")
        return Effects(title, table, "", notes=self._notes(draws), method="bootstrap", conf_level=level)

    def _notes(self, draws: Array) -> tuple[str, ...]:
        notes = ["Outcomes go with cost; they also differ with the needs of those served. Nothing here is causal."]
        if self.made:
            notes.append(f"{self.names[0]} is an output: held means that it grows as activity does.")
        ratios = [self.held.data.labels(name) for name in input_ratios(self.held)]
        if ratios:
            notes.append(
                f"{listed(ratios)} is held in both, which pulls both elasticities to one by arithmetic: leave it out "
                "with data.using(relationships=[...])."
            )
        return (*notes, *replication_notes(self.held, draws, "a parameter was not identified"))


def with_and_without(fit: Fit, outcome: str | None) -> Outcomes:
    """Fit the rows of a fit without and with an outcome (None: all declared ones).

    Raises
    ------
    NotSupported
        Where no outcome is declared, the outcome is the only output, or it is missing for some rows, by name.
    UnknownName
        For an outcome that is neither declared nor an output.
    """
    if not isinstance(fit, Fit):
        raise NotSupported("Outcomes are columns of a table, and stated parameters have none: fit a table.")
    data = fit.data
    if outcome in data.outputs and outcome is not None:
        others = [name for name in data.outputs if name != outcome]
        if not others:
            raise NotSupported(
                f"{outcome} is the only output, so there is no activity to compare with. Declare it as an outcome, or "
                "add outputs that count activity."
            )
        return Outcomes(refit(fit, data.using(outputs=others)), fit, (outcome,), made=True)
    if not data.outcomes:
        raise NotSupported(
            "No outcome is declared. Name what the service is for in the card ([outcomes.NAME]) or with outcomes={...}."
        )
    if outcome is not None and outcome not in data.outcomes:
        known = [*data.outcomes, *data.outputs]
        raise UnknownName(
            f"{outcome!r} is not an outcome{nearest(outcome, known) or '.'} There are the outcomes "
            f"{', '.join(data.outcomes)} and the outputs {', '.join(data.outputs)}."
        )
    names = tuple(data.outcomes) if outcome is None else (outcome,)
    _refuse_missing(fit, names)
    chosen = data.using(outcomes=list(names))
    held, free = (refit(fit, chosen, hold_outcomes=held) for held in (True, False))
    return Outcomes(free, held, names, made=False)


def _refuse_missing(fit: Fit, names: tuple[str, ...]) -> None:
    frame = fit.data.frame
    for name in names:
        empty = frame[name].isna().to_numpy()
        if empty.any():
            rows = [row for row, missing in zip(fit.data.row_names(), empty, strict=True) if missing]
            shown = ", ".join(rows[:5]) + (", ..." if len(rows) > 5 else "")
            raise NotSupported(
                f"{name} is missing for {len(rows)} of {len(frame)} rows ({shown}), so cost with and without it would "
                "be that of different providers. Fill it in, or leave these rows out in the open: "
                f'data.where(data.frame["{name}"].notna(), because="..."), and fit again.'
            )


def per_outcome(
    fit: Fit,
    outcome: str | None = None,
    *,
    replications: int = 999,
    seed: int = 0,
    conf_level: float = 0.95,
    margin: float = MARGIN,
    steps: int = 1,
) -> Effects:
    """Scale at constant outcomes against scale at constant activity, and the cost of one more unit of outcome.

    Parameters
    ----------
    fit : a fit of a table with outcomes
    outcome : a declared outcome, or an output that counts outcomes; by default all declared outcomes together
    replications, seed, steps : of the bootstrap by clusters, in which both fits are re-estimated on the same draws
    margin : difference of elasticities that would not matter

    Returns
    -------
    Effects
        At the mean: "ray elasticity, activity only" and "ray elasticity, outcomes held" (null 1), their "difference"
        (held less activity only; null 0), "marginal cost of <outcome>" (money for one more unit at the mean level of
        the outcome and of everything else; null 0) and, with one output, "marginal cost of <outcome> for each
        <output>".

    Raises
    ------
    NotSupported, UnknownName
        See `with_and_without`.

    Notes
    -----
    Where larger providers have worse outcomes at the same cost, the elasticity at constant activity is too low: part of
    the economies is thinner results. The difference is minus the usual omitted-variable term, beta x slope of the
    outcome on volume. Nothing here is causal: outcomes also differ with the needs of those served.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> schools = load("california_schools").using(relationships=[])
    >>> found = per_outcome(fit(schools, form="cobb_douglas"), replications=19)
    >>> found.table["estimate"].round(4).tolist()[:3]
    [0.9824, 0.9831, 0.0008]
    """
    check_level(conf_level)
    require_replications(replications)
    pair = with_and_without(fit, outcome)
    terms, marginal = _marginal_costs(pair)
    scale = ray_elasticity(pair.held)

    def of_held(theta: Array) -> Array:
        return np.concatenate([scale(theta), marginal(theta)], axis=-1)

    def together(free: Array, held: Array) -> Array:
        return np.concatenate([free, held[..., :1], held[..., :1] - free, held[..., 1:]], axis=-1)

    effects = pair.compare(
        "Cost per outcome", [ACTIVITY, HELD, DIFFERENCE, *terms], (ray_elasticity(pair.free), of_held), together,
        np.array([1.0, 1.0, 0.0, *(0.0 for _ in terms)]), replications, seed, steps, conf_level,
    )  # fmt: skip
    return replace(effects, text=_text(pair, effects, margin))


def _marginal_costs(pair: Outcomes) -> tuple[list[str], Measure]:
    """Terms and a measure: money for one more unit of each outcome at the mean, in all and for each unit of output."""
    technology, mean, data = pair.held.technology, pair.held.technology.mean_point(), pair.held.data
    single = len(technology.outputs) == 1 and not pair.made
    terms = [f"marginal cost of {name}" for name in pair.names]
    if single:
        terms += [f"marginal cost of {name} for each {technology.outputs[0]}" for name in pair.names]

    def measure(theta: Array) -> Array:
        slopes, cost = technology.slopes(theta, mean), technology.cost(theta, mean)
        values = []
        for name in pair.names:
            if pair.made:
                slope = slopes.outputs[..., technology.outputs.index(name)]
            else:
                place = technology.controls.index(name)
                in_logs = data.outcomes[name].scale == "log"
                slope = slopes.controls[..., place] / (np.exp(mean.controls[0, place]) if in_logs else 1.0)
            values.append(cost * slope)
        found = np.concatenate(np.broadcast_arrays(*values), axis=-1)
        return np.concatenate([found, found / mean.outputs[0, 0]], axis=-1) if single else found

    return terms, measure


def _text(pair: Outcomes, effects: Effects, margin: float) -> str:
    data, level, freedom = pair.held.data, effects.conf_level, pair.held.freedom
    named = listed(data.labels(name) for name in pair.names)
    conclusion = verdict_words(
        judge_row(effects.row(DIFFERENCE), level, margin=margin, freedom=freedom),
        f"at constant {named} there are more economies of scale than activity alone shows",
        f"part of the economies at constant activity is associated with {named}, not with scale",
        f"holding {named} changes nothing that matters",
    )
    sentences = [
        f"At the mean the ray elasticity of cost is {effects.words(ACTIVITY)} at constant activity and "
        f"{effects.words(HELD)} with {named} held. The difference is {effects.words(DIFFERENCE)}: "
        f"{conclusion}."
    ]
    for name in pair.names:
        term, role = f"marginal cost of {name}", data.outcomes.get(name)
        unit = role.unit if role is not None else data.outputs[name].unit
        verdict = judge_row(effects.row(term), level, freedom=freedom)
        sentences.append(
            f"One unit more of {data.labels(name)}{f' ({unit})' if unit else ''} is associated with "
            f"{effects.words(term)}{f' {data.cost_unit}' if data.cost_unit else ''} of cost"
            f"{'' if verdict.differs else f': {verdict_words(verdict, str(), str())}'}."
        )
    return " ".join(sentences)


def value(
    fit: Fit,
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
    fit : a fit with an attribute among its relationship variables, of a table with outcomes
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
    >>> found = value(fit(data, form="cobb_douglas"), replications=19).table.set_index("term")["estimate"]
    >>> [round(float(found[term]), 2) for term in ("net cost, outcomes held", "saving downstream")]
    [-0.1, 0.31]
    """
    check_level(conf_level)
    require_replications(replications)
    if not isinstance(fit, Fit):
        raise NotSupported(
            "Outcomes are columns of a table, and stated parameters have none: fit a table of providers."
        )
    known = attributes(fit, name)
    if len(known) > 1:
        raise UnknownName(f"There are several attributes; name one of {', '.join(known)}.")
    place = fit.technology.relationships.index(known[0])
    pair = with_and_without(fit, outcome)

    def slope(one: Fit) -> Measure:
        log_slope, technology, mean = relationship_slope(one, place), one.technology, one.technology.mean_point()

        def measure(theta: Array) -> Array:
            value = log_slope(theta)
            return np.concatenate([value, value * technology.cost(theta, mean)], axis=-1)

        return measure

    def together(free: Array, held: Array) -> Array:
        return np.stack([free, held, free - held], axis=-1).reshape(*free.shape[:-1], -1)

    label, terms = fit.data.labels(known[0]), [COST, NET, SAVING]
    effects = pair.compare(
        f"What {label} costs and saves", terms + [f"{term}, in money" for term in terms],
        (slope(pair.free), slope(pair.held)), together, np.zeros(6), replications, seed, steps, conf_level,
    )  # fmt: skip
    step = f"In logs{'' if fit.technology.log_relationships[place] else ' of cost'}, one unit more of "
    step += f"log {label}" if fit.technology.log_relationships[place] else label
    verdict = judge_row(effects.row(NET), conf_level, freedom=pair.held.freedom)
    words = verdict_words(
        verdict, "the same outcomes cost less with more of it",
        "the same outcomes cost more with more of it: it does not pay for itself in what is measured here",
    )  # fmt: skip
    if not verdict.differs:
        words = f"whether it pays for itself at constant outcomes is open: {words}"
    text = (
        f"{step} is associated with {effects.words(COST)} as things are and with "
        f"{effects.words(NET)} at constant {listed(fit.data.labels(one) for one in pair.names)}: the saving downstream "
        f"is {effects.words(SAVING)}. {capital(words)}."
    )
    return replace(effects, text=text)
