"""Quasi-scope: what a division of labour costs in which every firm still makes some of everything."""

from collections.abc import Iterable
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import (
    Division,
    Members,
    Reading,
    cost_apart,
    each_supported,
    without_cost,
    words_of,
)
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import CostFunction, Places
from econmodel.errors import UnknownName
from econmodel.results import Effects
from econmodel.words import difference_words, verdict_words

Array = NDArray[np.float64]
TERM = "quasi-scope (epsilon {:g})"


def quasi_scope(
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
    epsilons = _several(epsilon, len(groups))
    divisions = [_division(technology.outputs, point.outputs, groups, one) for one in epsilons]
    inside = each_supported(fit, places, [list(division.outputs) for division in divisions])

    def term(division: Division, one: float, among: NDArray[np.bool_]) -> Term:
        def values(theta: Array, _: Reading) -> Array:
            joint = technology.cost(theta, point)
            return (cost_apart(technology, theta, point, division) - joint) / joint

        missing, reason = without_cost(fit, places, division)
        return Term(TERM.format(one), values, 0.0, inside=among, missing=missing, reason=reason)

    notes = []
    if any(group.sum() > 1 for group in groups):
        notes.append(f"The firms: {'; '.join(words_of(technology.outputs, group) for group in groups)}.")
    return ask(
        "Quasi-scope", fit, places, [term(*one) for one in zip(divisions, epsilons, inside, strict=True)],
        lambda estimated: _text(estimated, epsilons, len(groups)), notes=notes,
        method=method, conf_level=conf_level, seed=seed,
    )  # fmt: skip


_ANOTHER_QUESTION = (
    "It answers what a less extreme division of labour costs: every firm is charged the whole fixed cost of all "
    "outputs, so this is not the degree of scope."
)


def _several(epsilon: object, firms: int) -> list[float]:
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


def _division(names: tuple[str, ...], outputs: Array, groups: list[Members], epsilon: float) -> Division:
    own = 1.0 - (len(groups) - 1) * epsilon
    shares = np.where(np.stack(groups), own, epsilon)
    return Division(shares[:, None, :] * outputs, tuple(f"mostly {words_of(names, group)}" for group in groups))


def _text(estimated: Estimated, epsilons: list[float], firms: int) -> str:
    sentences = []
    for epsilon in epsilons:
        row = estimated.row(TERM.format(epsilon))
        if row["estimate"] != row["estimate"]:
            continue
        difference, interval = difference_words(row, estimated.level)
        verdict = verdict_words(
            estimated.verdict(TERM.format(epsilon)), "so divided, labour costs less", "so divided, labour costs more"
        )
        sentences.append(
            f"At {estimated.where}, {firms} firms that each make {100 * (1 - (firms - 1) * epsilon):.4g} % of their "
            f"own outputs and {100 * epsilon:.4g} % of the others' would cost {difference} than one firm with all of "
            f"it ({interval}): {verdict}."
        )
    return " ".join([*sentences, _ANOTHER_QUESTION])
