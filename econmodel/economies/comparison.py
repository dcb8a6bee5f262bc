"""Many services side by side, each with what its cost includes and how its size is counted."""

from collections.abc import Mapping

import pandas as pd

from econmodel.economies.core.path import SCALE
from econmodel.economies.separation import APPARENT, separate
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.fit import Fit
from econmodel.results import Effects, Table
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
) -> Table:
    """Apparent and separated economies of several services, with their cost concepts; no pooled test.

    Parameters
    ----------
    services : name -> fit
    sizes : name -> how its size is measured, where not as `econmodel.separate` does by itself
    replications, seed, conf_level : of each separation

    Returns
    -------
    Table
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
        name: separate(fit, (sizes or {}).get(name), replications=replications, seed=seed, conf_level=conf_level)
        for name, fit in services.items()
    }
    return Table(
        "Services side by side",
        pd.DataFrame([_row(name, fit, separations[name]) for name, fit in services.items()]),
        _text(separations, conf_level),
        notes=(
            "Services differ in what cost includes and in what size counts, so they are not pooled, and no test across "
            "them is made.",
        ),
        tables={name: one.table for name, one in separations.items()},
        labels={term: label for one in separations.values() for term, label in one.labels.items()},
    )


def _row(name: str, fit: Fit, separation: Effects) -> dict[str, object]:
    data, level = fit.data, separation.conf_level
    types = dict.fromkeys(role.service or UNSTATED for role in data.outputs.values())
    units = dict.fromkeys(role.unit or output.replace("_", " ") for output, role in data.outputs.items())
    # Without periods, rows of one entity are providers that belong together (schools of a district), not repeats.
    repeats = data.entity is not None and data.time is not None
    scale = separation.row(SCALE)
    verdict = judge_row(scale, level, margin=MARGIN, freedom=fit.freedom)
    bracket = separation.tables.get("bracket of scale")
    free: Mapping[str, float] | pd.Series = {} if bracket is None or len(bracket) < 2 else bracket.iloc[0]
    return {
        "service": name,
        "type": listed(types),
        "providers": int(data.frame[data.entity].nunique()) if repeats else int(fit.nobs),
        "rows": int(fit.nobs),
        "cost_concept": data.cost_concept or UNSTATED,
        "unit_of_size": listed(units),
        **_with_ends("apparent", separation.row(APPARENT)),
        **_with_ends("scale", scale),
        "says": verdict_words(verdict, "economies of scale", "diseconomies of scale", "constant returns"),
        **_with_ends("outcomes_held", free, "ray_elasticity"),
    }


def _with_ends(name: str, row: Mapping[str, float] | pd.Series, column: str = "estimate") -> dict[str, float]:
    names = {name: column, f"{name}_low": "conf_low", f"{name}_high": "conf_high"}
    return {end: row.get(of, float("nan")) for end, of in names.items()}


def _text(separations: Mapping[str, Effects], level: float) -> str:
    def those(term: str, verdict: str) -> list[str]:
        return [name for name, one in separations.items() if one.row(term)["verdict"] == verdict]

    below, above = those(APPARENT, "below"), those(APPARENT, "above")
    parts = [
        f"unit cost falls with size in {listed(below)}" if below else "",
        f"it rises in {listed(above)}" if above else "",
    ]
    unsettled = [name for name in separations if name not in below + above]
    if unsettled:
        parts.append(f"the data do not settle it at the {100 * level:g} % level in {listed(unsettled)}")
    text = f"As a league table shows it, {'; '.join(part for part in parts if part)}."
    if not below:
        return text
    kept = [name for name in those(SCALE, "below") if name in below]
    return f"{text} With all else in each model held, scale alone still lowers it in {listed(kept) or 'none of them'}."
