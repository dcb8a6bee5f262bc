"""Cost per outcome: scale at constant outcomes against scale at constant activity, and what one more outcome costs.

An outcome enters in one of two ways. As quality of what is made (test scores, a declared outcome) it is held beside the
outputs (a hedonic cost function; Spady and Friedlaender, 1978). As something counted (people in work, an output) it is
made, and grows with the rest. Either way "constant outcomes" means the same: results per unit of activity stay as they
are while activity grows.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.bracket import input_ratios, ray_elasticity
from econmodel.economies.core.inference import require_draws, summarise, tabulate
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.covariance import FEWEST_CLUSTERS
from econmodel.estimate.delta import Measure
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit
from econmodel.results import Effects, with_interval
from econmodel.stated import check_level, require_replications
from econmodel.table.roles import nearest
from econmodel.verdict import MARGIN, judge_row
from econmodel.words import verdict_words

Array = NDArray[np.float64]
ACTIVITY, HELD, DIFFERENCE = "ray elasticity, activity only", "ray elasticity, outcomes held", "difference"


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

    def draws(self, measures: tuple[Measure, Measure], count: int, seed: int, steps: int) -> tuple[Array, Array]:
        """Two measures, of the free fit and of the held one, in the same replications: (B, q) each."""
        weights = self.held.replications(count, seed)
        pair = zip(measures, (self.free, self.held), strict=True)
        free, held = (measure(fitted.bootstrap(weights, steps)) for measure, fitted in pair)
        return free, held


def with_and_without(fitted: Fit, outcome: str | None) -> Outcomes:
    """Fit the rows of `fitted` without and with an outcome (None: all declared ones).

    Raises
    ------
    NotSupported
        Where no outcome is declared, the outcome is the only output, or it is missing for some rows, by name.
    UnknownName
        For an outcome that is neither declared nor an output.
    """
    if not isinstance(fitted, Fit):
        raise NotSupported("Outcomes are columns of a table, and stated parameters have none: fit a table.")
    data = fitted.data
    if outcome in data.outputs and outcome is not None:
        others = [name for name in data.outputs if name != outcome]
        if not others:
            raise NotSupported(
                f"{outcome} is the only output, so there is no activity to compare with. Declare it as an outcome, or "
                "add outputs that count activity."
            )
        return Outcomes(refit(fitted, data.using(outputs=others)), fitted, (outcome,), made=True)
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
    _refuse_missing(fitted, names)
    chosen = data.using(outcomes=list(names))
    held, free = (refit(fitted, chosen, hold_outcomes=held) for held in (True, False))
    return Outcomes(free, held, names, made=False)


def _refuse_missing(fitted: Fit, names: tuple[str, ...]) -> None:
    frame = fitted.data.frame
    for name in names:
        empty = frame[name].isna().to_numpy()
        if empty.any():
            rows = [row for row, missing in zip(fitted.data.row_names(), empty, strict=True) if missing]
            shown = ", ".join(rows[:5]) + (", ..." if len(rows) > 5 else "")
            raise NotSupported(
                f"{name} is missing for {len(rows)} of {len(frame)} rows ({shown}), so cost with and without it would "
                "be that of different providers. Fill it in, or leave these rows out in the open: "
                f'data.where(data.frame["{name}"].notna(), because="..."), and fit again.'
            )


def cost_per_outcome(
    fitted: Fit,
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
    fitted : a fit of a table with outcomes
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
    >>> found = cost_per_outcome(fit(schools, form="cobb_douglas"), replications=19)
    >>> found.table["estimate"].round(4).tolist()[:3]
    [0.9824, 0.9831, 0.0008]
    """
    check_level(conf_level)
    require_replications(replications)
    pair = with_and_without(fitted, outcome)
    terms, marginal = marginal_costs(pair)
    scale = ray_elasticity(pair.held)

    def of_held(theta: Array) -> Array:
        return np.concatenate([scale(theta), marginal(theta)], axis=-1)

    def together(free: Array, held: Array) -> Array:
        return np.concatenate([free, held[..., :1], held[..., :1] - free, held[..., 1:]], axis=-1)

    of_free = ray_elasticity(pair.free)
    values = together(of_free(pair.free.theta), of_held(pair.held.theta))
    drawn = together(*pair.draws((of_free, of_held), replications, seed, steps))
    drawn[~np.isfinite(drawn).all(axis=1)] = np.nan
    require_draws(drawn, "the comparison")
    nulls = np.array([1.0, 1.0, *(0.0 for _ in values[2:])])
    found = summarise(values, drawn, nulls, conf_level)
    terms = [ACTIVITY, HELD, DIFFERENCE, *terms]
    table = tabulate(terms, ["mean"] * len(terms), found, np.ones(len(terms), dtype=bool))
    effects = Effects(
        "Cost per outcome", table, "", notes=notes_on(pair, drawn), method="bootstrap", conf_level=conf_level
    )
    return replace(effects, text=_text(pair, effects, margin))


def marginal_costs(pair: Outcomes) -> tuple[list[str], Measure]:
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


def notes_on(pair: Outcomes, drawn: Array) -> tuple[str, ...]:
    """What a reader must know of a comparison with and without outcomes."""
    held = pair.held
    notes = ["Outcomes go with cost; they also differ with the needs of those served. Nothing here is causal."]
    if pair.made:
        notes.append(f"{pair.names[0]} is an output: held means that it grows as activity does.")
    ratios = [held.data.labels(name) for name in input_ratios(held)]
    if ratios:
        notes.append(
            f"{' and '.join(ratios)} is held in both, which pulls both elasticities to one by arithmetic: leave it out "
            "with data.using(relationships=[...])."
        )
    if held.clusters is not None and len(held.clusters.sizes) < FEWEST_CLUSTERS:
        notes.append(
            f"The bootstrap draws from {len(held.clusters.sizes)} providers only: its intervals are an indication."
        )
    lost = int((~np.isfinite(drawn).all(axis=1)).sum())
    if lost:
        notes.append(f"{lost} of {len(drawn)} replications are left out: a parameter was not identified.")
    return tuple(notes)


def _text(pair: Outcomes, effects: Effects, margin: float) -> str:
    data, level = pair.held.data, effects.conf_level
    row = effects.row(DIFFERENCE)
    verdict = judge_row(row, level, margin=margin, freedom=pair.held.freedom)
    named = " and ".join(data.labels(name) for name in pair.names)
    conclusion = verdict_words(
        verdict,
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
        marginal = effects.row(f"marginal cost of {name}")
        role = data.outcomes.get(name)
        unit = role.unit if role is not None else data.outputs[name].unit
        money = f" {data.cost_unit}" if data.cost_unit else ""
        told = marginal["conf_low"] > 0 or marginal["conf_high"] < 0
        sentences.append(
            f"One unit more of {data.labels(name)}{f' ({unit})' if unit else ''} goes with "
            f"{with_interval(marginal['estimate'], marginal['conf_low'], marginal['conf_high'], level)}{money} of cost"
            f"{'' if told else ', which cannot be told from nothing'}."
        )
    return " ".join(sentences)
