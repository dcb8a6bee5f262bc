"""More output over the same network, against more of both: returns to density and returns to size.

More contacts with the same users, and more users, are different expansions; only the second is growth in size.
"""

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.fixed_cost import Reading
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import Estimated, Term, ask
from econmodel.economies.core.places import CostFunction, resolve
from econmodel.errors import NotSupported
from econmodel.results import Effects
from econmodel.table.cost_data import CostData
from econmodel.verdict import MARGIN
from econmodel.words import scale_words

Array = NDArray[np.float64]
NETWORK, OUTPUT, SIZE = "network elasticity", "output elasticity", "size elasticity"
DENSITY_RETURNS, SIZE_RETURNS = "returns to density", "returns to size"


def density(
    fit: CostFunction,
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
    fit : a fit of a table with a `network` column (sites, routes, users served)
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
    places = resolve(fit, at)
    technology, data, columns = fit.technology, *_network(fit)

    def elasticities(theta: Array, _: Reading) -> Array:
        slopes = technology.slopes(theta, places.point)
        output = (slopes.outputs * places.point.outputs).sum(axis=-1)
        network = np.broadcast_to(slopes.controls[..., columns].sum(axis=-1), output.shape)
        size = output + network
        return np.concatenate([output, network, size, 1.0 / output, 1.0 / size], axis=-1)

    network = " and ".join(data.labels(name) for name in data.network)

    def says(estimated: Estimated) -> str:
        density, size = (
            scale_words(estimated.verdict(term, margin), estimated.row(term)["estimate"], of)
            for term, of in ((OUTPUT, "density"), (SIZE, "size"))
        )
        return (
            f"At {estimated.where}, one per cent more of every output with {network} held is associated with an output "
            f"elasticity of {estimated.words(OUTPUT)}: {density}. With {network} growing alike the elasticity is "
            f"{estimated.words(SIZE)}: {size}."
        )

    terms = Term((OUTPUT, NETWORK, SIZE, DENSITY_RETURNS, SIZE_RETURNS), elasticities, (1.0, 0.0, 1.0, 1.0, 1.0))
    return ask(
        "Density and size", fit, places, [terms], says,
        notes=["The network enters in logs, linearly: its elasticity is the same everywhere."],
        method=method, conf_level=conf_level, margin=margin, seed=seed,
    )  # fmt: skip


def _network(fit: CostFunction) -> tuple[CostData, list[int]]:
    """The table and the places of the network among the controls; NotSupported where there is none."""
    sample = fit.sample
    columns = (
        []
        if sample is None
        else [place for place, name in enumerate(fit.technology.controls) if sample.controls[name] == "network"]
    )
    if sample is None or not columns:
        raise NotSupported(
            "Density and size differ by a network, and this fit has none. Name the column with sites, routes or users "
            'served in the card (network = ["..."]) or with network=["..."], and fit again.'
        )
    return sample.data, columns
