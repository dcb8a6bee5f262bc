"""How sure a structure is where costs are estimates: what the bootstrap would have chosen, and what ours then costs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.structure.bundles import Bundles, costs_at, programme
from econmodel.arrangements.structure.commission import OF_COST, Commission
from econmodel.arrangements.structure.integer_programme import Mixture, cheapest
from econmodel.economies.core.inference import parameter_draws
from econmodel.errors import NotSupported
from econmodel.estimate.fit import Fit
from econmodel.results import format_number

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Certainty:
    """What the draws say of a structure.

    Attributes
    ----------
    providers : (B,) in the cheapest structure of each draw
    regrets : (B,) what the structure in question costs above that, as a share of it
    skipped : draws in which the structure in question, or every other, has no positive cost
    """

    providers: NDArray[np.intp]
    regrets: Array
    skipped: int

    def table(self) -> pd.DataFrame:
        """How often each number of providers is cheapest, per cent of the draws."""
        numbers, counts = np.unique(self.providers, return_counts=True)
        return pd.DataFrame({"providers": numbers, "cheapest in, % of draws": 100.0 * counts / len(self.providers)})


def words_of(found: list[Certainty]) -> str:
    """The finding in a sentence, over all ends of what is identified."""
    providers = np.concatenate([one.providers for one in found])
    low, high = (int(value) for value in np.quantile(providers, [0.025, 0.975]).round())
    numbers = "one provider" if high == 1 else f"{low:,}{f' to {high:,}' * (low != high)} providers"
    regret = format_number(100.0 * max(float(np.quantile(one.regrets, 0.95)) for one in found), 2)
    text = (
        f"Costs are estimates: in 95 % of {len(found[0].providers):,} bootstrap draws the cheapest structure has "
        f"{numbers}, and the one found here costs at most {regret} % more than the cheapest."
    )
    skipped = max(one.skipped for one in found)
    return text + (f" {skipped:,} further draws give it no positive cost." if skipped else "")


def certainty(asked: Commission, found: Bundles, mixture: Mixture, end: str, replications: int, seed: int) -> Certainty:
    """Solve again with the parameters of every bootstrap draw, over the same bundles.

    Raises
    ------
    NotSupported
        Where nothing was estimated, or no draw gives the structure a cost.
    """
    functions = [kind.function for kind in asked.kinds]
    if not any(isinstance(function, Fit) for function in functions):
        raise NotSupported("replications= asks how sure an estimate is, and these parameters are stated: leave it out.")
    if replications < 2:
        raise NotSupported(f"replications={replications} are too few. Usual numbers are 99 and 199.")
    # Kinds that share a cost function share its draws.
    drawn = {id(function): parameter_draws(function, replications, seed) for function in functions}
    first = programme(asked, found, end)
    providers, regrets, skipped = [], [], 0
    for draw in range(min(len(thetas) for thetas in drawn.values() if len(thetas) > 2)):
        costs = _costs(asked, found, {key: thetas[min(draw, len(thetas) - 1)] for key, thetas in drawn.items()}, end)
        positive = np.flatnonzero(costs > 0)
        ours = float(costs @ mixture.counts)
        best = cheapest(first.priced(costs).of(positive)) if (costs[mixture.counts > 0] > 0).all() else None
        if best is None:
            skipped += 1
            continue
        providers.append(int(best.counts.sum()))
        regrets.append(max(0.0, ours / best.cost - 1.0))
    if not providers:
        raise NotSupported("No bootstrap draw gives this structure a positive cost, so nothing is known of it.")
    return Certainty(np.array(providers, dtype=np.intp), np.array(regrets), skipped)


def _costs(asked: Commission, found: Bundles, thetas: dict[int, Array], end: str) -> Array:
    """Costs of all bundles for other parameters; those that were given for existing providers stay."""
    costs = found.costs[end].copy()
    given = np.zeros(len(found), dtype=bool)
    given[len(found) - len(asked.existing) :] = asked.existing[OF_COST].notna().to_numpy()
    for place, kind in enumerate(asked.kinds):
        own = (found.kind == place) & ~given
        theta = thetas[id(kind.function)]
        costs[own] = costs_at(asked, kind.function, kind.dearer, found.outputs[own], (end,), theta)[end]
    return costs
