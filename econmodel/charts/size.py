"""The size of each provider, and its unit, as charts put it on their horizontal axis."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import NotSupported, UnknownName
from econmodel.results import Effects

if TYPE_CHECKING:
    from econmodel.estimate.fit import Fit
    from econmodel.table.cost_data import CostData

SizeOf = str | Mapping[str, float] | Effects | None
WEIGHTS_TABLE = "size weights"


def size_of(data: "CostData", size: SizeOf = None) -> tuple[NDArray[np.float64], str]:
    """The size of every provider and the words for its unit.

    Parameters
    ----------
    data : the providers
    size : a column, "equal" (outputs over their means), weights by output, or a result of `em.separate`, whose weights
        are used again; None takes the only output

    Raises
    ------
    NotSupported : several outputs and nothing that says how to add them up
    UnknownName : a column or an output that does not exist
    """
    outputs = list(data.outputs)
    if isinstance(size, Effects):
        size = _weights_in(size)
    if isinstance(size, str) and size != "equal":
        if size not in data.frame:
            known = ", ".join(map(str, data.frame.columns))
            raise UnknownName(f"There is no column {size!r} to measure size by. There are {known}.")
        return data.frame[size].to_numpy(dtype=float), unit_of(data, size)
    if size is None and len(outputs) > 1:
        raise NotSupported(
            f"Size is not one column here: the outputs are {', '.join(outputs)}. Say how they add up: weights "
            f'(size={{{outputs[0]!r}: 1.0, ...}}), a column, "equal", or the result of em.separate(fit).'
        )
    if size is None or len(outputs) == 1:
        return data.frame[outputs[0]].to_numpy(dtype=float), unit_of(data, outputs[0])
    columns = {name: data.frame[name].to_numpy(dtype=float) for name in outputs}
    weights = size if isinstance(size, Mapping) else {name: 1.0 / float(y.mean()) for name, y in columns.items()}
    if set(weights) != set(outputs):
        raise UnknownName(f"size= needs one weight for each of {', '.join(outputs)}; it has {', '.join(weights)}.")
    return np.sum([weights[name] * y for name, y in columns.items()], axis=0), "size index"


def in_mean_sizes(fitted: "Fit", size: SizeOf = None) -> NDArray[np.float64]:
    """The size of every provider of several outputs as a multiple of the mean provider, where the ray starts.

    Outputs are added up as `em.separate` adds them, and `size` is what it is there.
    """
    from econmodel.economies.size import size_of as measured

    index = measured(fitted, size)
    logs = index.logs(fitted.points().outputs)
    if index.weights is None:
        # A column has no value at the mean provider; its own geometric mean stands for it.
        return np.exp(logs - logs.mean())
    return np.exp(logs - index.logs(fitted.technology.mean_point().outputs))


def unit_of(data: "CostData", name: str) -> str:
    """The unit of an output, or its printed name where the card gives none."""
    output = data.outputs.get(name)
    return output.unit if output is not None and output.unit else data.labels(name)


def _weights_in(result: Effects) -> dict[str, float]:
    if WEIGHTS_TABLE not in result.tables:
        raise NotSupported(f"{result.title!r} holds no size weights; give the result of em.separate(fit).")
    table = result.tables[WEIGHTS_TABLE]
    return {str(name): float(weight) for name, weight in zip(table["output"], table["weight"], strict=True)}
