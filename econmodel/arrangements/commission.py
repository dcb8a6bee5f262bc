"""What is to be provided, on which grid of bundles, and under which limits: the question that `configure` answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.places import CostFunction, require_fit
from econmodel.errors import NotSupported, UnknownName
from econmodel.frames import in_pandas
from econmodel.results import format_number
from econmodel.table.roles import nearest
from econmodel.words import listed

Array = NDArray[np.float64]
Bound = float | Mapping[str, float]
Value = float | Callable[[pd.DataFrame], Any]
ANY = "any"
# Columns beside the outputs in a table of existing providers.
OF_KIND, OF_COST = "kind of the provider", "cost of the provider"
# Shipped grids of splits use tenths too (Shin and Ying, 1992).
STEPS_WITHOUT_A_STEP = 10
# A multiple of the step may miss the demand by the rounding of decimals.
ON_THE_GRID = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Reserved:
    """A share of the demand that is kept for one kind of provider: not-for-profit, user-led, local, new.

    Attributes
    ----------
    share : of the demand, at least, in (0, 1]
    dearer : what this kind costs above the cost function, as a share of it (below zero: less)
    cost : a cost function of its own, by default that of all providers
    smallest, largest : limits of its own, as in `econmodel.arrangements.configure`; by default those of all providers

    Examples
    --------
    >>> Reserved(0.25, dearer=0.05, largest=0.1).share
    0.25
    """

    share: float
    dearer: float = 0.0
    cost: CostFunction | None = None
    smallest: Bound | None = None
    largest: Bound | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """Providers that share a cost function and limits. `share` is zero where nothing is reserved for them."""

    name: str
    fit: CostFunction
    dearer: float
    smallest: Bound
    largest: Bound
    share: float


@dataclass(frozen=True, slots=True, eq=False)
class Commission:
    """The whole question.

    Attributes
    ----------
    outputs : names
    demand, step : (m,) in their own units; the demand is a whole number of steps
    weights : (m,) weights of outputs in a provider's size, which is its share of the demand
    kinds : providers of any kind first
    at : variable of the cost function -> value, or function of the bundles; all others stay at their mean
    limits : variable -> least and most that a provider may have of it
    existing : providers that are there already, each used once at most; indexed by name
    surplus : whether more than the demand may be provided
    only_supported : whether bundles must lie among the providers of a fit
    """

    outputs: tuple[str, ...]
    demand: Array
    step: Array
    weights: Array
    kinds: tuple[Kind, ...]
    at: Mapping[str, Value]
    limits: Mapping[str, tuple[float, float]]
    existing: pd.DataFrame
    surplus: bool
    only_supported: bool

    @property
    def wanted(self) -> NDArray[np.intp]:
        """The demand in steps (m,)."""
        return np.round(self.demand / self.step).astype(np.intp)

    def size(self, outputs: Array) -> Array:
        """Bundles (n, m) as shares of the demand (n,)."""
        return np.asarray(outputs @ self.weights / (self.demand @ self.weights))

    def places_in(self, fit: CostFunction) -> NDArray[np.intp]:
        """Where the outputs of a kind's cost function stand among those of the commission."""
        return np.array([self.outputs.index(name) for name in fit.technology.outputs], dtype=np.intp)

    def words(self) -> str:
        """The demand as a sentence takes it."""
        amounts = zip(self.outputs, self.demand, strict=True)
        return listed(f"{format_number(value)} {name}" for name, value in amounts if value > 0)


def read_commission(
    fit: CostFunction,
    demand: Mapping[str, float],
    step: float | Mapping[str, float] | None,
    *,
    smallest: Bound,
    largest: Bound,
    weights: Mapping[str, float] | None,
    at: Mapping[str, Value],
    limits: Mapping[str, tuple[float | None, float | None]],
    reserved: Mapping[str, Reserved],
    existing: pd.DataFrame | None,
    surplus: bool,
    only_supported: bool,
) -> Commission:
    """The question in arrays, after every word of it was checked."""
    require_fit(fit)
    outputs = fit.technology.outputs
    wanted = _demand(outputs, demand)
    steps = _steps(outputs, wanted, step)
    kinds = (
        Kind(ANY, fit, 0.0, smallest, largest, 0.0),
        *(_kind(name, one, fit, smallest, largest) for name, one in reserved.items()),
    )
    total = sum(one.share for one in kinds)
    if total > 1.0 + ON_THE_GRID:
        raise NotSupported(
            f"{format_number(100 * total)} % of the demand is reserved in all: shares add up to one at most."
        )
    for kind in kinds:
        for word, bound in (("smallest", kind.smallest), ("largest", kind.largest)):
            _check_bound(outputs, kind.name, word, bound)
    return Commission(
        outputs,
        wanted,
        steps,
        _weights(outputs, wanted, weights),
        kinds,
        dict(at),
        {name: _ends(name, ends) for name, ends in limits.items()},
        _existing(outputs, steps, tuple(kind.name for kind in kinds), existing),
        surplus,
        only_supported,
    )


def _demand(outputs: tuple[str, ...], demand: Mapping[str, float]) -> Array:
    unknown = [str(name) for name in demand if name not in outputs]
    if unknown:
        raise UnknownName(
            f"{', '.join(unknown)} is no output of this cost function. It has {', '.join(outputs)}"
            f"{nearest(unknown[0], outputs) or '.'}"
        )
    missing = [name for name in outputs if name not in demand]
    if missing:
        raise UnknownName(f"The demand does not say how much {', '.join(missing)} is wanted. Give 0 where none is.")
    bad = [f"{name} ({format_number(demand[name])})" for name in outputs if not 0.0 <= demand[name] < np.inf]
    if bad:
        raise NotSupported(f"The demand for {', '.join(bad)} must be zero or a positive number.")
    values = np.array([float(demand[name]) for name in outputs])
    if not values.any():
        raise NotSupported("Nothing is demanded: at least one output must be above zero.")
    return values


def _steps(outputs: tuple[str, ...], demand: Array, step: float | Mapping[str, float] | None) -> Array:
    if step is None:
        return np.where(demand > 0, demand, 1.0) / STEPS_WITHOUT_A_STEP
    if isinstance(step, Mapping):
        faults = [str(name) for name in (*step, *outputs) if name not in outputs or name not in step]
        if faults:
            raise UnknownName(
                f"step= needs one number for each of {', '.join(outputs)}; look at {', '.join(dict.fromkeys(faults))}."
            )
        steps = np.array([float(step[name]) for name in outputs])
    else:
        steps = np.full(len(outputs), float(step))
    if not ((steps > 0) & np.isfinite(steps)).all():
        raise NotSupported(f"step={step!r} must be above zero: it is the least difference between two bundles.")
    for name, wanted, one in zip(outputs, demand, steps, strict=True):
        count = np.round(wanted / one)
        if abs(wanted / one - count) > ON_THE_GRID * max(count, 1.0):
            near = format_number(wanted / max(count, 1.0), 6)
            raise NotSupported(
                f"The demand for {name}, {format_number(wanted, 6)}, is no whole number of steps of "
                f"{format_number(one, 6)}, so bundles on this grid never add up to it. Take step={{{name!r}: {near}}}, "
                "or another demand."
            )
    return steps


def _weights(outputs: tuple[str, ...], demand: Array, weights: Mapping[str, float] | None) -> Array:
    if weights is None:
        # Every output that is wanted counts the same: size then does not depend on units.
        return np.where(demand > 0, 1.0 / np.where(demand > 0, demand, 1.0), 0.0)
    unknown = [str(name) for name in weights if name not in outputs]
    if unknown or len(weights) != len(outputs):
        raise UnknownName(f"weights= needs one number for each of {', '.join(outputs)}, such as a tariff.")
    values = np.array([float(weights[name]) for name in outputs])
    if not ((values > 0) & np.isfinite(values)).all():
        raise NotSupported("weights= must be above zero: they say what one unit of each output counts for in size.")
    return values


def _kind(name: str, one: Reserved, fit: CostFunction, smallest: Bound, largest: Bound) -> Kind:
    if name == ANY:
        raise NotSupported(f"A reserved kind cannot be called {ANY!r}, the name of all providers.")
    if not 0.0 < one.share <= 1.0:
        raise NotSupported(
            f"The share reserved for {name}, {format_number(one.share)}, must lie between 0 and 1: it is a share of "
            "the demand, so 0.25 means a quarter."
        )
    if not -1.0 < one.dearer < np.inf:
        raise NotSupported(f"dearer={format_number(one.dearer)} of {name} must be above -1: 0.05 means 5 % more.")
    own = fit if one.cost is None else one.cost
    require_fit(own)
    if set(own.technology.outputs) != set(fit.technology.outputs):
        raise UnknownName(
            f"The cost function of {name} has the outputs {', '.join(own.technology.outputs)}, and the other one "
            f"{', '.join(fit.technology.outputs)}. State both over the same outputs."
        )
    return Kind(
        name,
        own,
        one.dearer,
        smallest if one.smallest is None else one.smallest,
        largest if one.largest is None else one.largest,
        one.share,
    )


def _check_bound(outputs: tuple[str, ...], kind: str, word: str, bound: Bound) -> None:
    whose = "" if kind == ANY else f" of {kind}"
    if isinstance(bound, Mapping):
        unknown = [str(name) for name in bound if name not in outputs]
        if unknown:
            raise UnknownName(
                f"{word}={dict(bound)!r}{whose} names {', '.join(unknown)}, which is no output. There are "
                f"{', '.join(outputs)}; a number instead limits a provider's share of the whole demand."
            )
    values = list(bound.values()) if isinstance(bound, Mapping) else [bound]
    if not all(value >= 0 for value in values):
        raise NotSupported(f"{word}={bound!r}{whose} must be zero or a positive number.")


def _ends(name: str, ends: tuple[float | None, float | None]) -> tuple[float, float]:
    least, most = (-np.inf if ends[0] is None else ends[0]), (np.inf if ends[1] is None else ends[1])
    if not least <= most:
        raise NotSupported(f"limits={{{name!r}: {ends!r}}} must be the least and the most, in this order.")
    return float(least), float(most)


def _existing(
    outputs: tuple[str, ...], step: Array, kinds: tuple[str, ...], existing: pd.DataFrame | None
) -> pd.DataFrame:
    """Existing providers with their bundles in full, and columns for their kind and cost (missing where not given)."""
    if existing is None:
        existing = pd.DataFrame(columns=list(outputs), dtype=float)
        return existing.assign(**{OF_KIND: pd.Series(dtype=object), OF_COST: pd.Series(dtype=float)})
    existing = in_pandas(existing)
    taken = [name for name in ("kind", "cost") if name in outputs]
    if taken:
        raise NotSupported(
            f"existing= has a column {taken[0]} of its own, and an output is called so. Rename the output."
        )
    faults = [name for name in outputs if name not in existing]
    faults += [str(name) for name in existing if name not in (*outputs, "kind", "cost")]
    if faults:
        raise UnknownName(
            f"existing= is a table with the columns {', '.join(outputs)}, and where known kind and cost; look at "
            f"{', '.join(faults)}."
        )
    own = {OF_KIND: existing.get("kind", ANY), OF_COST: existing.get("cost", np.nan)}
    table = existing[list(outputs)].assign(**own)
    bundles = table[list(outputs)].to_numpy(dtype=float)
    for name, bundle, kind, cost in zip(table.index, bundles, table[OF_KIND], table[OF_COST], strict=True):
        steps = bundle / step
        if kind not in kinds:
            raise UnknownName(f"The existing provider {name} is of the kind {kind!r}. There are {', '.join(kinds)}.")
        if not (bundle >= 0).all() or not bundle.any() or cost <= 0:
            raise NotSupported(f"The existing provider {name} must make something, nothing negative, at a cost.")
        if np.abs(steps - np.round(steps)).max() > ON_THE_GRID * max(steps.max(), 1.0):
            made = ", ".join(f"{format_number(value, 6)} {one}" for one, value in zip(outputs, bundle, strict=True))
            raise NotSupported(
                f"The existing provider {name} makes {made}, which is no whole number of steps of "
                f"{', '.join(format_number(one, 6) for one in step)}: no structure with it meets the demand. Take a "
                "step that divides both."
            )
    return table
