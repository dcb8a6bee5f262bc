"""More output over the same network, against more of both: returns to density and returns to size.

More contacts with the same users, and more users, are different expansions; only the second is growth in size.
"""

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import blank
from econmodel.economies.core.inference import Method, by_place, estimate, few_clusters_note, tabulate
from econmodel.economies.core.places import CostFunction, resolve, without_cost_there
from econmodel.economies.core.support import extrapolated, supported
from econmodel.economies.core.verdict import MARGIN, Verdict, at_words, judge, scale_words
from econmodel.errors import NotSupported
from econmodel.results import Effects, with_interval
from econmodel.table.cost_data import CostData

Array = NDArray[np.float64]
NETWORK, OUTPUT, SIZE = "network elasticity", "output elasticity", "size elasticity"
DENSITY_RETURNS, SIZE_RETURNS = "returns to density", "returns to size"


def density(
    function: CostFunction,
    at: object = "mean",
    *,
    method: Method = "delta",
    conf_level: float = 0.95,
    margin: float = MARGIN,
    seed: int = 0,
) -> Effects:
    """Returns to density (the network held) and returns to size (the network grown with output).

    Parameters
    ----------
    function : a fit of a table with a `network` column (sites, routes, users served)
    at : where, as in `econmodel.scale`
    method : "delta", "simulate" or "bootstrap"
    margin : departure of an elasticity from one that would not matter, for the equivalence test

    Returns
    -------
    Effects
        Terms "output elasticity" (sum over outputs of the percentage change of cost with one per cent more, the network
        held; null 1), "network elasticity" (the same of the network, outputs held; null 0), "size elasticity" (their
        sum; null 1), "returns to density" RTD = 1 / output elasticity and "returns to size" RTS = 1 / size elasticity
        (null 1).

    Raises
    ------
    NotSupported
        Where the fit has no network column.

    Notes
    -----
    Caves, Christensen and Tretheway (1984). The network enters in logs and linearly, so its elasticity is the same
    everywhere; that of the outputs varies where the form lets it.

    Examples
    --------
    >>> import pandas as pd
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.cost_data import CostData
    >>> rng = np.random.default_rng(0)
    >>> users = np.exp(rng.normal(5, 0.5, 80))
    >>> frame = pd.DataFrame({"users": users, "contacts": users * np.exp(rng.normal(2, 0.5, 80))})
    >>> frame["cost"] = frame["contacts"] ** 0.7 * frame["users"] ** 0.3
    >>> data = CostData(frame, cost="cost", outputs=["contacts"], network=["users"])
    >>> found = density(fit(data, form="cobb_douglas")).table.set_index("term")["estimate"].round(3)
    >>> float(found["returns to density"]), float(found["returns to size"])
    (1.429, 1.0)
    """
    places = resolve(function, at)
    technology, data, columns = function.technology, *_network(function)
    n = len(places.labels)

    def elasticities(theta: Array) -> Array:
        slopes = technology.slopes(theta, places.point)
        output = (slopes.outputs * places.point.outputs).sum(axis=-1)
        network = np.broadcast_to(slopes.controls[..., columns].sum(axis=-1), output.shape)
        size = output + network
        return np.concatenate([output, network, size, 1.0 / output, 1.0 / size], axis=-1)

    terms = [OUTPUT, NETWORK, SIZE, DENSITY_RETURNS, SIZE_RETURNS]
    nulls = [0.0 if term == NETWORK else 1.0 for term in terms for _ in range(n)]
    found = estimate(function, elasticities, nulls, method=method, conf_level=conf_level, seed=seed)
    inside = np.tile(supported(function, places), len(terms))
    bad, fault = without_cost_there(function, places)
    table = tabulate([term for term in terms for _ in range(n)], [*places.labels] * len(terms), found, inside)
    table = by_place(blank(table, np.tile(bad, len(terms))), n)

    def verdict(term: str) -> Verdict:
        row = terms.index(term) * n
        wild = found.p_values[row] if function.wild and method == "delta" else float("nan")
        return judge(
            found.low[row], found.high[row], found.errors[row], 1.0, function.freedom,
            margin=margin, level=conf_level, wild_p_value=wild, estimate=found.values[row],
        )  # fmt: skip

    def words(term: str) -> str:
        row = terms.index(term) * n
        return with_interval(found.values[row], found.low[row], found.high[row], conf_level)

    def says(term: str, of: str) -> str:
        return scale_words(verdict(term), margin=margin).replace("of scale", f"of {of}")

    network = " and ".join(data.labels(name) for name in data.network)
    text = fault
    if not bad[0]:
        text = (
            f"At {at_words(places.labels[0])}, one per cent more of every output with {network} held goes with an "
            f"output elasticity of {words(OUTPUT)}: {says(OUTPUT, 'density')}. With {network} growing alike the "
            f"elasticity is {words(SIZE)}: {says(SIZE, 'size')}."
        )
    text += extrapolated(inside[:n])
    notes = [fault] * bool(bad.any() and not bad[0])
    notes.append("The network enters in logs, linearly: its elasticity is the same everywhere.")
    notes += few_clusters_note(function, method)
    return Effects("Density and size", table, text, notes=tuple(notes), method=method, conf_level=conf_level)


def _network(function: CostFunction) -> tuple[CostData, list[int]]:
    """The table and the places of the network among the controls; NotSupported where there is none."""
    sample = function.sample
    columns = (
        []
        if sample is None
        else [place for place, name in enumerate(function.technology.controls) if sample.controls[name] == "network"]
    )
    if sample is None or not columns:
        raise NotSupported(
            "Density and size differ by a network, and this fit has none. Name the column with sites, routes or users "
            'served in the card (network = ["..."]) or with network=["..."], and fit again.'
        )
    return sample.data, columns
