"""Scope without corners: each type of provider with a technology of its own, in the outputs that it makes.

Where specialised providers exist beside joint ones, nothing needs to be extrapolated to zero: their own cost functions
say what separate production costs (Triebs, Saal, Arocena and Kumbhakar, 2016).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.inference import Method, estimate, tabulate
from econmodel.economies.core.measure import verdict_of
from econmodel.economies.core.places import Places, resolve
from econmodel.economies.core.support import supported
from econmodel.economies.selection import vuong_of
from econmodel.errors import DidNotConverge, FormError, NotIdentified, NotSupported
from econmodel.estimate.covariance import FEWEST_CLUSTERS
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import fit
from econmodel.estimate.sample import Sample, take
from econmodel.forms.form import SecondOrder
from econmodel.forms.technology import Point, Technology
from econmodel.results import Effects, format_number, format_probability, with_interval
from econmodel.stated import check_level
from econmodel.table.cost_data import CostData
from econmodel.verdict import Verdict
from econmodel.words import at_words, extrapolated, verdict_words

Array = NDArray[np.float64]
LABELS = {"r_squared": "R-squared", "ray_elasticity": "ray elasticity at its mean", "bic": "BIC"}


@dataclass(frozen=True, slots=True, eq=False)
class Types:
    """Fits of the joint type and of the specialised ones that divide its outputs, as one cost function.

    Attributes
    ----------
    fits : of providers that make everything, and of each specialised type; each output is made by one of these
    technology, sample : the joint type's
    theta, covariance : of all parameters, the joint type's first; the types are different providers
    freedom : the fewest degrees of freedom of any type
    """

    fits: tuple[Fit, ...]
    technology: Technology
    sample: Sample
    theta: Array
    covariance: Array
    freedom: float
    wild: bool = False

    @classmethod
    def of(cls, fits: Sequence[Fit]) -> "Types":
        """The types, the joint one first."""
        from scipy.linalg import block_diag

        theta = np.concatenate([one.theta for one in fits])
        covariance = np.asarray(block_diag(*(one.covariance for one in fits)))
        freedom = min(one.freedom for one in fits)
        return cls(tuple(fits), fits[0].technology, fits[0].sample, theta, covariance, freedom)

    def points(self) -> Point:
        """The joint providers."""
        return self.fits[0].points()

    def costs(self, theta: Array, point: Point) -> list[Array]:
        """Cost of the joint provider and of each specialised one at its outputs of `point`, (..., n) each."""
        costs, start = [], 0
        for one in self.fits:
            stop = start + len(one.theta)
            # Money is a mean; exp of a fitted log is a median (Duan, 1983).
            smearing = float(np.exp(one.resid).mean())
            costs.append(smearing * one.technology.cost(theta[..., start:stop], self.outputs_of(one, point)))
            start = stop
        return costs

    def outputs_of(self, one: Fit, point: Point) -> Point:
        """The point as a type sees it: its own outputs, all else alike."""
        places = [self.technology.outputs.index(name) for name in one.technology.outputs]
        return point.with_outputs(point.outputs[:, places])


def scope_by_type(
    data: CostData,
    at: object = "mean",
    form: str = "translog",
    *,
    second_order: SecondOrder | None = None,
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """The degree of scope from specialised and joint providers, each type with a technology of its own.

    Parameters
    ----------
    data : a table with providers that make everything and providers that make none of some outputs
    at : where, as in `econmodel.scale`; "mean" is that of the joint providers
    form, second_order : of every type; nobody's cost is asked at zero output, so a log form serves
    method : "delta" or "simulate"

    Returns
    -------
    Effects
        The term "degree of scope (a | b)": what the specialised providers would pay together less what a joint one
        pays, over the latter; null 0. `supported` where every type has providers like that. Further tables: the types,
        and whether one technology for all (a composite, which has cost at zero) describes the table as well.

    Raises
    ------
    NotSupported
        Where no types divide the outputs, or nobody makes all of them.
    NotIdentified
        Where a type has too few providers for its form; the message names it.

    Notes
    -----
    Triebs, Saal, Arocena and Kumbhakar (2016): SC = [sum_g C_g(y_g) - C_joint(y)] / C_joint(y), every C_g in the
    outputs that the type makes. Money is a mean, so each type's fitted cost is multiplied by its smearing factor (Duan,
    1983), whose own error intervals leave out. Types may differ in more than their outputs: the number compares
    providers that exist, and is no effect of splitting one up.

    Examples
    --------
    >>> from econmodel.simulation import simulate, state
    >>> made = {"visits": 100.0, "meals": 100.0}
    >>> parameters = {"common cost": 16, "fixed cost of visits": 2, "fixed cost of meals": 2, "visits": 45, "meals": 35}
    >>> truth = state("composite", parameters, outputs=made, fixed_costs=tuple(made))
    >>> data = simulate(truth, 600, specialised={"visits": 0.3, "meals": 0.3}, seed=1).data
    >>> found = scope_by_type(data, second_order="none")
    >>> found.table["term"].tolist()
    ['degree of scope (visits | meals)']
    """
    if not isinstance(data, CostData):
        raise NotSupported("em.outputs.scope_by_type fits each type of provider in a table: give the table, not a fit.")
    if method not in ("delta", "simulate"):
        raise NotSupported(f'method="{method}" re-estimates one fit, and here are several. Use "delta" or "simulate".')
    check_level(conf_level)
    data = take(data).data
    made = np.asarray(data.frame[list(data.outputs)].to_numpy(dtype=float) > 0)
    joint, groups = _division(data, made)
    kinds = [joint, *groups]
    rows = [(made == np.array([name in group for name in data.outputs])).all(axis=1) for group in kinds]
    types = Types.of([_fit_of(data, *one, form, second_order) for one in zip(rows, kinds, strict=True)])
    places = resolve(types, at)

    def measure(theta: Array) -> Array:
        together, *apart = types.costs(theta, places.point)
        return np.asarray(sum(apart) / together - 1.0)

    degree = estimate(types, measure, 0.0, method=method, conf_level=conf_level, seed=seed)
    term, n = f"degree of scope ({' | '.join(' and '.join(group) for group in groups)})", len(places.labels)
    inside = supported(types.fits[0], places)
    for one in types.fits[1:]:
        inside = inside & supported(one, Places(types.outputs_of(one, places.point), places.labels))
    table = tabulate([term] * n, places.labels, degree, inside)
    common = _common(data, types, rows)
    return Effects(
        "Scope from types of providers", table,
        _text(verdict_of(types, table.iloc[0], method, conf_level), table, common, conf_level), LABELS,
        _notes(types, data), {"types": _described(types)} | ({"one technology for all": common} if len(common) else {}),
        method, conf_level,
    )  # fmt: skip


def _division(data: CostData, made: NDArray[np.bool_]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """All outputs, and the groups of outputs of specialised types that divide them; the finest division that exists."""
    names = tuple(data.outputs)
    patterns = {tuple(name for name, here in zip(names, row, strict=True) if here) for row in made}
    described = "; ".join(" and ".join(pattern) or "nothing" for pattern in sorted(patterns))
    if len(names) < 2:
        raise FormError(f"Scope needs at least two outputs, and {names[0]} is the only one.")
    if names not in patterns:
        raise NotSupported(f"Nobody makes all of {', '.join(names)}; there are providers of {described}.")
    divisions = _covers(names, sorted((p for p in patterns if p and p != names), key=len))
    if not divisions:
        raise NotSupported(
            f"No types of providers divide {', '.join(names)} among them; there are providers of {described}. Scope "
            'then rests on a form at zero output: em.fit(data, form="composite") and em.scope.'
        )
    return names, max(divisions, key=len)


def _covers(left: tuple[str, ...], patterns: Sequence[tuple[str, ...]]) -> list[list[tuple[str, ...]]]:
    """Every way to divide the outputs that are left among the patterns."""
    if not left:
        return [[]]
    found = []
    for pattern in patterns:
        if left[0] in pattern and set(pattern) <= set(left):
            rest = tuple(name for name in left if name not in pattern)
            found += [[pattern, *others] for others in _covers(rest, patterns)]
    return found


def _fit_of(
    data: CostData, rows: NDArray[np.bool_], group: tuple[str, ...], form: str, second_order: SecondOrder | None
) -> Fit:
    words = " and ".join(group)
    try:
        own = data.where(rows, because=f"makes other than {words}").using(outputs=list(group))
        return fit(own, form, second_order=second_order)
    except NotIdentified as problem:
        raise NotIdentified(f"Of providers of {words} there are {int(rows.sum())}: {problem}") from None


def _described(types: Types) -> pd.DataFrame:
    rows = []
    for one in types.fits:
        mean = one.technology.mean_point()
        ray = float((one.technology.slopes(one.theta, mean).outputs * mean.outputs).sum())
        makes = " and ".join(one.technology.outputs)
        rows.append((makes, one.nobs, len(one.theta), one.rsquared, ray, np.sqrt(one.scale)))
    columns = ["makes", "providers", "parameters", "r_squared", "ray_elasticity", "residual_deviation"]
    return pd.DataFrame(rows, columns=columns)


def _common(data: CostData, types: Types, rows: Sequence[NDArray[np.bool_]]) -> pd.DataFrame:
    """One composite for the rows of all types, against the types' own: likelihoods of log cost, and Vuong's test."""
    any_type = np.logical_or.reduce(rows)
    try:
        pooled = fit(data.where(any_type, because="of none of the types"), "composite")
    except (DidNotConverge, FormError, NotIdentified):
        return pd.DataFrame()
    own = np.zeros(len(data))
    for one, of_type in zip(types.fits, rows, strict=True):
        own[of_type] = one.log_likelihoods
    own = own[any_type]
    ratios = own - pooled.log_likelihoods
    if pooled.clusters is not None:
        ratios = np.bincount(pooled.clusters.codes, ratios).astype(float)
    parameters = (sum(one.df_model + 1.0 for one in types.fits), pooled.df_model + 1.0)
    statistic, p_value = vuong_of(ratios, parameters[0] - parameters[1], len(own))
    likelihoods = (float(own.sum()), float(pooled.log_likelihoods.sum()))
    return pd.DataFrame(
        {
            "technology": ["of each type", "one for all (composite)"],
            "parameters": parameters,
            "log_likelihood": likelihoods,
            "bic": [np.log(len(own)) * k - 2.0 * one for k, one in zip(parameters, likelihoods, strict=True)],
            "vuong": [np.nan, statistic],
            "p_value": [np.nan, p_value],
        }
    )


def _text(verdict: Verdict, table: pd.DataFrame, common: pd.DataFrame, level: float) -> str:
    row = table.iloc[0]
    words = verdict_words(
        verdict, "specialised providers would pay less together: diseconomies of scope",
        "specialised providers would pay more together: economies of scope",
    )  # fmt: skip
    degree = with_interval(row["estimate"], row["conf_low"], row["conf_high"], level)
    text = f"The degree of scope at {at_words(row['at'])} is {degree}: {words}."
    text += extrapolated(table["supported"].to_numpy())
    if not len(common):
        return text
    statistic, p_value = (float(common[name].iloc[1]) for name in ("vuong", "p_value"))
    if not p_value < 1.0 - level:
        return f"{text} The data do not tell a technology of each type from one for all."
    winner = "a technology of each type" if statistic > 0 else "one technology for all"
    return f"{text} The data prefer {winner} (Vuong {format_number(statistic, 3)}, p {format_probability(p_value)})."


def _notes(types: Types, data: CostData) -> tuple[str, ...]:
    deviations = [float(np.sqrt(one.scale)) for one in types.fits]
    notes = [
        "Types may differ in more than what they make: this compares providers that exist.",
        "Intervals leave out the error of the factors that turn fitted logs into mean cost.",
    ]
    notes += [f"{count} row{'s' * (count > 1)} left out: {why}." for count, why, _ in data.dropped]
    few = [" and ".join(one.technology.outputs) for one in types.fits if one.wild]
    if few:
        notes.append(
            f"Of {'; '.join(few)} there are fewer than {FEWEST_CLUSTERS} providers with several rows: their standard "
            "errors are classical, and too small where a provider's errors last."
        )
    if max(deviations) > 2.0 * min(deviations):
        notes.append("Residuals are far more spread in some types than in others, and mean cost rests on their spread.")
    return tuple(notes)
