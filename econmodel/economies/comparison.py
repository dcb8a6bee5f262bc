"""Many services side by side, each with what its cost includes and how its size is counted."""

from collections.abc import Mapping

import pandas as pd

from econmodel.economies.core.path import SCALE
from econmodel.economies.separation import APPARENT, separate
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.results import Answer, Effects
from econmodel.verdict import MARGIN, judge_row
from econmodel.words import listed, verdict_words

UNSTATED = "not stated"


def compare(
    services: Mapping[str, Fit],
    *,
    sizes: Mapping[str, object] | None = None,
    replications: int = 999,
    seed: int = 0,
    conf_level: float = 0.95,
) -> Answer:
    """Apparent and separated economies of several services, with their cost concepts; no pooled test.

    Parameters
    ----------
    services : name -> fit
    sizes : name -> how its size is measured, where not as `econmodel.separate` does by itself
    replications, seed, conf_level : of each separation

    Returns
    -------
    Answer
        One row a service: service type, providers, cost concept, unit of size; the apparent slope and the scale part
        with intervals, what the latter says, and the elasticity with outcomes held and input ratios free, where it
        exists. `tables` holds each separation.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> found = compare({"power": fit(load("electricity_1955"), form="cobb_douglas")}, replications=49)
    >>> found.table["type"].tolist()
    ['transactional']
    """
    if not services:
        raise NotSupported("em.compare needs at least one service: {name: fit}.")
    unknown = [name for name in sizes or {} if name not in services]
    if unknown:
        raise UnknownName(f"sizes= names {', '.join(unknown)}, and the services are {', '.join(services)}.")
    separations = {
        name: separate(fitted, (sizes or {}).get(name), replications=replications, seed=seed, conf_level=conf_level)
        for name, fitted in services.items()
    }
    table = pd.DataFrame([_row(name, services[name], separations[name]) for name in services])
    return Answer(
        "Services side by side",
        table,
        _text(table, conf_level),
        notes=(
            "Services differ in what cost includes and in what size counts, so they are not pooled, and no test across "
            "them is made.",
        ),
        tables={name: one.table for name, one in separations.items()},
        labels={term: label for one in separations.values() for term, label in one.labels.items()},
    )


def _row(name: str, fitted: Fit, separation: Effects) -> dict[str, object]:
    data = fitted.data
    types = dict.fromkeys(role.service or UNSTATED for role in data.outputs.values())
    units = dict.fromkeys(role.unit or output.replace("_", " ") for output, role in data.outputs.items())
    apparent, scale = separation.row(APPARENT), separation.row(SCALE)
    bracket = separation.tables.get("bracket of scale")
    free = None if bracket is None or len(bracket) < 2 else bracket.iloc[0]
    return {
        "service": name,
        "type": " and ".join(types),
        "providers": _providers(fitted),
        "rows": int(fitted.nobs),
        "cost concept": data.cost_concept or UNSTATED,
        "unit of size": " and ".join(units),
        "apparent": apparent["estimate"],
        "apparent_low": apparent["conf_low"],
        "apparent_high": apparent["conf_high"],
        "scale": scale["estimate"],
        "scale_low": scale["conf_low"],
        "scale_high": scale["conf_high"],
        "says": _says(fitted, scale, separation.conf_level),
        "outcomes_held": float("nan") if free is None else free["ray_elasticity"],
        "outcomes_held_low": float("nan") if free is None else free["conf_low"],
        "outcomes_held_high": float("nan") if free is None else free["conf_high"],
    }


def _says(fitted: Fit, scale: pd.Series, level: float) -> str:
    """The verdict on the scale part in a few words; without a conclusion, what would have been needed for one."""
    verdict = judge_row(scale, level, margin=MARGIN, freedom=fitted.freedom)
    return verdict_words(verdict, "economies of scale", "diseconomies of scale", "constant returns")


def _providers(fitted: Fit) -> int:
    # Without periods, rows of one entity are providers that belong together (schools of a district), not repeats.
    if fitted.data.entity is None or fitted.data.time is None:
        return int(fitted.nobs)
    return int(fitted.data.frame[fitted.data.entity].nunique())


def _text(table: pd.DataFrame, level: float) -> str:
    below = table[table["apparent_high"] < 1.0]["service"].tolist()
    above = table[table["apparent_low"] > 1.0]["service"].tolist()
    open_ = [name for name in table["service"] if name not in below + above]
    parts = []
    if below:
        parts.append(f"unit cost falls with size in {listed(below)}")
    if above:
        parts.append(f"it rises in {listed(above)}")
    if open_:
        parts.append(f"the {100 * level:g} % interval holds both in {listed(open_)}")
    kept = table[(table["scale_high"] < 1.0) & table["service"].isin(below)]["service"].tolist()
    text = "As a league table shows it, " + "; ".join(parts) + "."
    if below:
        where = listed(kept) if kept else "none of them"
        text += f" With all else in each model held, scale alone still lowers it in {where}."
    return text
