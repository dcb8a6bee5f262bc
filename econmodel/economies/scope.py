"""Economies of scope: whether making outputs together costs less than making them apart."""

from collections.abc import Iterable, Sequence
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import (
    Division,
    Members,
    Reading,
    assert_identity,
    cost_apart,
    each_supported,
    groups_of,
    made_by,
    readings,
    require_corners,
    scope_parts,
    specialised,
    variable_cost,
    without_cost,
    words_of,
)
from econmodel.economies.core.identity import assert_adds_up
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import CostFunction, Places, require_fit, resolve
from econmodel.errors import FormError, UnknownName
from econmodel.results import Effects, beside_interval, identified_in_words, interval_in_words
from econmodel.words import difference_words, verdict_words

Array = NDArray[np.float64]
DEGREE = "degree of scope"
COMPLEMENTARITY, FIXED = "scope: complementarity", "scope: fixed cost"
QUASI = "quasi-scope (epsilon {:g})"
ANOTHER_QUESTION = (
    "It answers what a less extreme division of labour costs: every firm is charged the whole fixed cost of all "
    "outputs, so this is not the degree of scope."
)


def scope(
    fit: CostFunction,
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
    fit : a fit with at least two outputs
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
    require_fit(fit)
    technology = fit.technology
    outputs = technology.outputs
    if len(outputs) < 2:
        raise FormError(
            f"Scope needs at least two outputs, and {outputs[0]} is the only one. What more of it costs is "
            "scale: em.scale(fit)."
        )
    groups = groups_of(outputs, partition if partition is not None else list(outputs))
    places = resolve(fit, at)
    if epsilon is not None:
        return _quasi_scope(fit, places, groups, epsilon, method, conf_level, seed)
    require_corners(technology, "Scope")
    asked = _terms(outputs, groups, of_all=partition is None)
    corners = [list(specialised(outputs, places.point, wanted).outputs) for _, wanted in asked]
    inside = each_supported(fit, places, corners)
    terms = [
        _term(fit, places, name, wanted, among, split=not place)
        for place, ((name, wanted), among) in enumerate(zip(asked, inside, strict=True))
    ]
    return ask(
        "Economies of scope", fit, places, terms, lambda estimated: _sentence(estimated, asked[0][0]),
        notes=_notes(fit, [name for (name, _), among in zip(asked, inside, strict=True) if not among.all()]),
        method=method, conf_level=conf_level, seed=seed,
    )  # fmt: skip


def _terms(outputs: tuple[str, ...], groups: list[Members], *, of_all: bool) -> list[tuple[str, list[Members]]]:
    if not of_all:
        return [(f"{DEGREE} ({' | '.join(words_of(outputs, group) for group in groups)})", groups)]
    terms = [(DEGREE, groups)]
    if len(outputs) > 2:
        terms += [(f"{DEGREE} of {name}", [one, ~one]) for name, one in zip(outputs, groups, strict=True)]
    return terms


def _term(
    fit: CostFunction, places: Places, name: str, groups: list[Members], inside: NDArray[np.bool_], *, split: bool
) -> Term:
    """A degree of scope at every place, and where wanted its two parts."""
    technology, point = fit.technology, places.point
    division = specialised(technology.outputs, point, groups)
    assert_identity(technology, fit.theta, point, groups[0])
    _assert_split(fit, places, groups)

    def values(theta: Array, reading: Reading) -> Array:
        complementarity, fixed = scope_parts(technology, theta, point, groups, reading)
        return np.concatenate([complementarity + fixed] + [fixed, complementarity] * split, axis=-1)

    missing, reason = without_cost(fit, places, division)
    several = readings(fit, division.outputs, made=point.outputs)
    return Term([name] + [FIXED, COMPLEMENTARITY] * split, values, 0.0, several, inside, missing, reason)


def _assert_split(fit: CostFunction, places: Places, groups: list[Members]) -> None:
    """The split adds up to the definition of scope; a failure is a fault of this program, so it raises."""
    technology, theta, point = fit.technology, fit.theta, places.point
    division = specialised(technology.outputs, point, groups)
    joint = technology.cost(theta, point)
    degree = (cost_apart(technology, theta, point, division) - joint) / joint
    variable = sum(variable_cost(technology, theta, made_by(point, outputs)) for outputs in division.outputs)
    complementarity = (variable - variable_cost(technology, theta, point)) / joint
    fixed = scope_parts(technology, theta, point, groups)[1]
    assert_adds_up("The split of scope misses its sum", complementarity + fixed - degree, 1.0, variable / joint, fixed)


def _sentence(estimated: Estimated, term: str) -> str:
    first, what = estimated.row(term), "the degree of scope" + term.removeprefix(DEGREE)
    interval = interval_in_words(first["conf_low"], first["conf_high"], estimated.level)
    if np.isnan(first["estimate"]):
        text = (
            f"At {estimated.where}, {what} lies {identified_in_words(first)}: the data "
            "identify an interval only, since some output is made by everyone and its fixed cost cannot be told from "
            f"the common one ({interval}, covering all of it)"
        )
    else:
        degree = beside_interval(first["estimate"], first["conf_low"], first["conf_high"])
        text = f"At {estimated.where}, {what} is {degree} ({interval})"
    verdict = estimated.verdict(term)
    conclusion = verdict_words(verdict, "diseconomies of scope", "economies of scope")
    if verdict.conclusion in ("open", "unidentified") and 0.0 in (first["conf_low"], first["conf_high"]):
        sides = ("diseconomies", "economies") if first["conf_low"] == 0.0 else ("economies", "diseconomies")
        conclusion = f"no {sides[0]} of scope, and perhaps {sides[1]}"
    return f"{text}: {conclusion}."


def _notes(fit: CostFunction, beyond: list[str]) -> list[str]:
    """What a reader must know of the corners: which lie beyond the providers, and what nobody is seen without."""
    notes = []
    if beyond:
        notes.append(f"No support for {', '.join(beyond)}: cost at output mixes beyond those of all providers.")
    if fit.sample is not None:
        columns = fit.sample.rows.columns
        none = [name for name in fit.technology.outputs if not (columns[name] == 0).any()]
        if none:
            notes.append(f"No provider is without {', '.join(none)}; specialised production was never observed.")
    return notes


def _quasi_scope(
    fit: CostFunction,
    places: Places,
    groups: list[Members],
    epsilon: object,
    method: Method,
    conf_level: float,
    seed: int,
) -> Effects:
    """Quasi-scope at every place, for each epsilon; see `econmodel.scope`, which asks for it.

    Q(epsilon) = [sum_k C(y_k) - C(y)] / C(y), firm k making 1 - (K - 1) epsilon of its own outputs and epsilon of all
    others (Pulley and Humphrey, 1993). No firm leaves anything out, so every firm pays the whole of A.
    """
    technology, point = fit.technology, places.point
    epsilons = _epsilons(epsilon, len(groups))
    divisions = [_unequal(technology.outputs, point.outputs, groups, one) for one in epsilons]
    inside = each_supported(fit, places, [list(division.outputs) for division in divisions])

    def term(division: Division, one: float, among: NDArray[np.bool_]) -> Term:
        def values(theta: Array, _: Reading) -> Array:
            joint = technology.cost(theta, point)
            return (cost_apart(technology, theta, point, division) - joint) / joint

        missing, reason = without_cost(fit, places, division)
        return Term(QUASI.format(one), values, 0.0, inside=among, missing=missing, reason=reason)

    notes = []
    if any(group.sum() > 1 for group in groups):
        notes.append(f"The firms: {'; '.join(words_of(technology.outputs, group) for group in groups)}.")
    return ask(
        "Quasi-scope", fit, places, [term(*one) for one in zip(divisions, epsilons, inside, strict=True)],
        lambda estimated: _quasi_sentence(estimated, epsilons, len(groups)), notes=notes,
        method=method, conf_level=conf_level, seed=seed,
    )  # fmt: skip


def _epsilons(epsilon: object, firms: int) -> list[float]:
    """One epsilon or several as a list; UnknownName for what divides no labour."""
    several = [epsilon] if isinstance(epsilon, str) or not isinstance(epsilon, Iterable) else list(epsilon)
    found: list[float] = []
    for one in several:
        if not isinstance(one, Real) or not 0.0 < float(one) <= 1.0 / firms:
            written = f"{one:g}" if isinstance(one, Real) else repr(one)
            raise UnknownName(
                f"epsilon={written} is not a division of labour among {firms} firms: it must be above 0 and at most "
                f"1/{firms} = {1 / firms:.4g}, where all firms are alike. For complete specialisation leave epsilon "
                "out."
            )
        found.append(float(one))
    if not found:
        raise UnknownName("epsilon=[] asks for nothing. Give a number such as 0.1, or several: [0.05, 0.1, 0.2].")
    return found


def _unequal(names: tuple[str, ...], outputs: Array, groups: list[Members], epsilon: float) -> Division:
    own = 1.0 - (len(groups) - 1) * epsilon
    shares = np.where(np.stack(groups), own, epsilon)
    return Division(shares[:, None, :] * outputs, tuple(f"mostly {words_of(names, group)}" for group in groups))


def _quasi_sentence(estimated: Estimated, epsilons: list[float], firms: int) -> str:
    sentences = []
    for epsilon in epsilons:
        row = estimated.row(QUASI.format(epsilon))
        if row["estimate"] != row["estimate"]:
            continue
        difference, interval = difference_words(row, estimated.level)
        verdict = verdict_words(
            estimated.verdict(QUASI.format(epsilon)), "so divided, labour costs less", "so divided, labour costs more"
        )
        sentences.append(
            f"At {estimated.where}, {firms} firms that each make {100 * (1 - (firms - 1) * epsilon):.4g} % of their "
            f"own outputs and {100 * epsilon:.4g} % of the others' would cost {difference} than one firm with all of "
            f"it ({interval}): {verdict}."
        )
    return " ".join([*sentences, ANOTHER_QUESTION])
