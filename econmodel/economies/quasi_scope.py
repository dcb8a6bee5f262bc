"""Quasi-scope: what a division of labour costs in which every firm still makes some of everything."""

from collections.abc import Iterable, Sequence
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import (
    UNSUPPORTED,
    Division,
    Members,
    blank,
    cost_apart,
    each_supported,
    without_cost,
    words_of,
)
from econmodel.economies.core.inference import Method, by_place, estimate, few_clusters_note, tabulate
from econmodel.economies.core.places import CostFunction, Places
from econmodel.economies.core.verdict import at_words, difference_words, side, taken_back
from econmodel.errors import UnknownName
from econmodel.results import Effects

Array = NDArray[np.float64]


def quasi_scope(
    function: CostFunction,
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
    technology, point, n = function.technology, places.point, len(places.labels)
    epsilons = _several(epsilon, len(groups))
    divisions = [_division(technology.outputs, point.outputs, groups, one) for one in epsilons]

    def measure(theta: Array) -> Array:
        joint = technology.cost(theta, point)
        times = float(len(groups))
        apart = [cost_apart(technology, theta, point, division, times) for division in divisions]
        return np.concatenate([(cost - joint) / joint for cost in apart], axis=-1)

    found = estimate(function, measure, 0.0, method=method, conf_level=conf_level, seed=seed)
    inside = each_supported(function, places, [list(division.outputs) for division in divisions])
    missing = [without_cost(function, places, division) for division in divisions]
    terms = [f"quasi-scope (epsilon {one:g})" for one in epsilons]
    table = tabulate(
        [term for term in terms for _ in range(n)], [*places.labels] * len(terms), found, np.concatenate(inside)
    )
    table = by_place(blank(table, np.concatenate([bad for bad, _ in missing])), n)
    faults = [fault for _, fault in missing if fault]
    sentences = [_sentence(row, one, len(groups), conf_level) for (_, row), one in _first_rows(table, epsilons)]
    text = " ".join([*dict.fromkeys(sentence or faults[0] for sentence in sentences), _ANOTHER_QUESTION])
    text += UNSUPPORTED if not table["supported"].iloc[: len(epsilons)].all() else ""
    notes = [fault for fault in dict.fromkeys(faults) if fault not in text]
    outside = ~table["supported"].astype(bool)
    if len(table) > len(epsilons) and outside.any():
        notes.append(f"{int(outside.sum())} of {len(table)} rows rest on output mixes beyond those of all providers.")
    if any(group.sum() > 1 for group in groups):
        notes.append(f"The firms: {'; '.join(words_of(technology.outputs, group) for group in groups)}.")
    notes += few_clusters_note(function, method)
    return Effects("Quasi-scope", table, text, notes=tuple(notes), method=method, conf_level=conf_level)


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


def _first_rows(table: pd.DataFrame, epsilons: Sequence[float]):  # type: ignore[no-untyped-def]
    return zip(table.iloc[: len(epsilons)].iterrows(), epsilons, strict=True)


def _sentence(row: pd.Series, epsilon: float, firms: int, level: float) -> str:
    estimate = float(row["estimate"])
    if estimate != estimate:
        return ""
    difference, interval = difference_words(row, level)
    verdict = taken_back(row) or "whether more or less cannot be told"
    if side(row, level) != "open":
        verdict = f"so divided, labour costs {'more' if estimate > 0 else 'less'}"
    return (
        f"At {at_words(row['at'])}, {firms} firms that each make {100 * (1 - (firms - 1) * epsilon):.4g} % of their "
        f"own outputs and {100 * epsilon:.4g} % of the others' would cost {difference} than one firm with all of it "
        f"({interval}): {verdict}."
    )
