"""Who decides the result: any measure with each provider left out in turn."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import DidNotConverge, FormError, NotIdentified, NotSupported
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit
from econmodel.results import Effects, Table, format_number
from econmodel.stated import FEWEST_REPLICATIONS
from econmodel.words import listed

Array = NDArray[np.float64]
# More fits than this take longer than anyone waits, and one provider of so many decides little.
MOST_PROVIDERS = 500
# Of a bootstrap only the estimate is read.
MOST_NAMED = 5
LABELS = {"term": "of", "lowest_without": "without", "highest_without": "without whom"}
NOT_A_MEASURE = (
    "Give a measure that needs nothing but a fit and its options: em.influence(em.scale, fit, at=2), say. It may be "
    "em.scale, em.scope, em.marginal_cost, em.relationship or em.separate, among others."
)


def influence(measure: Callable[..., Effects], fit: Fit, **options: Any) -> Table:
    """The range of a measure when each provider is left out in turn, everything fitted anew.

    Parameters
    ----------
    measure : `em.scale`, `em.scope`, `em.relationship`, `em.separate`, ...
    fit : a fit of at most 500 providers
    options : of the measure (`at=`, `size=`, ...); a place such as "mean" is that of the providers that remain

    Returns
    -------
    Table
        For every `term`: the `estimate`, the `lowest` and the `highest` value with one provider left out, who that is
        (`lowest_without`, `highest_without`), and whether the value `changes_sides` of its null. Of an identified
        interval both ends. A further table counts the fits that failed, by provider.

    Raises
    ------
    NotSupported
        For more than 500 providers, and something that is not a fit or no measure.

    Examples
    --------
    >>> from econmodel.economies.scale import scale
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> single = influence(scale, fit(load("new_mexico_nursing_homes"), form="cobb_douglas"))
    >>> bool((single.table["lowest"] <= single.table["estimate"]).all())
    True
    """
    if not isinstance(fit, Fit):
        raise NotSupported("Leaving providers out needs providers: give a fit of a table.")
    if not callable(measure):
        raise NotSupported(f"{measure!r} is no measure. {NOT_A_MEASURE}")
    codes, names = _providers(fit)
    if len(names) > MOST_PROVIDERS:
        raise NotSupported(
            f"{len(names)} providers would need as many fits, and one of so many decides little. Look at those that "
            'are unlike the rest with em.support, or at a part of them: data.where("...", because="...").'
        )
    if "replications" in (getattr(measure, "__kwdefaults__", None) or {}):
        options = {"replications": FEWEST_REPLICATIONS} | options
    _check_options(measure, fit, options)
    found = measure(fit, **options)
    if not isinstance(found, Effects):
        raise NotSupported(f"{_named(measure)} gives no table of estimates. {NOT_A_MEASURE}")
    whole = _values(found)
    if not len(whole):
        raise NotSupported(f"There is no number that one provider could decide: {found.text}")
    without: dict[int, pd.Series] = {}
    failed: list[tuple[str, str]] = []
    for place, name in enumerate(names):
        rest = fit.data.where(codes != place, because=f"without {name}")
        try:
            # Only estimates are read, so labels to cluster by need not be taken along.
            left = refit(fit, rest, groups=None, cov_type=None)
            without[place] = _values(measure(left, **options))["estimate"]
        except (DidNotConverge, FormError, NotIdentified, NotSupported) as problem:
            failed.append((name, str(problem).split(". ")[0]))
    if not without:
        raise NotSupported(f"No fit without one provider succeeded; the first failed because: {failed[0][1]}.")
    table = _ranges(whole, pd.DataFrame(without).reindex(whole.index), names)
    tables = {"fits that failed": pd.DataFrame(failed, columns=["without", "because"])} if failed else {}
    title = f"{fit.data.title or 'Providers'}: one left out in turn"
    return Table(title, table, _words(table, whole["error"].to_numpy(dtype=float), len(names)), LABELS, (), tables)


def _providers(fit: Fit) -> tuple[NDArray[np.intp], list[str]]:
    """The provider of each row, and their names: the entity where it is named, else the rows themselves."""
    if fit.data.entity is not None:
        codes, labels = pd.factorize(fit.data.frame[fit.data.entity])
        return codes, [str(label) for label in labels]
    return np.arange(len(fit.data)), list(fit.data.row_names())


def _named(measure: Callable[..., object]) -> str:
    return f"em.{getattr(measure, '__name__', measure)}"


def _check_options(measure: Callable[..., object], fit: Fit, options: dict[str, Any]) -> None:
    """NotSupported, with the measure's own arguments, where it cannot be called with a fit and these options."""
    from inspect import signature

    try:
        signature(measure).bind(fit, **options)
    except TypeError as problem:
        raise NotSupported(f"{_named(measure)} cannot be asked this way: {problem}. {NOT_A_MEASURE}") from None


def _values(found: Effects) -> pd.DataFrame:
    """Estimates, nulls and errors by term and place; ends of identified intervals under names of their own."""
    table = found.table
    places = table["at"].astype(str)
    index = table["term"] if len(set(places)) == 1 else table["term"] + " at " + places
    values = []
    for end, column in (("", "estimate"), (", lower end", "identified_low"), (", upper end", "identified_high")):
        one = table[[column, "null", "std_error"]].astype(float).set_axis(["estimate", "null", "error"], axis=1)
        values.append(one.set_axis(index + end).dropna(subset="estimate"))
    return pd.concat(values)


def _ranges(whole: pd.DataFrame, left_out: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """One row a term: the lowest and the highest value without one provider, and who that is."""
    side = whole["estimate"] - whole["null"]

    def who(places: pd.Series) -> list[str]:
        return ["" if pd.isna(place) else names[int(place)] for place in places]

    sides = left_out.sub(whole["null"], axis=0)
    return pd.DataFrame(
        {
            "term": whole.index,
            "estimate": whole["estimate"],
            "lowest": left_out.min(axis=1),
            "lowest_without": who(left_out.idxmin(axis=1)),
            "highest": left_out.max(axis=1),
            "highest_without": who(left_out.idxmax(axis=1)),
            "null": whole["null"],
            "changes_sides": sides.mul(side, axis=0).lt(0.0).any(axis=1),
        }
    ).reset_index(drop=True)


def _words(table: pd.DataFrame, errors: Array, providers: int) -> str:
    # What is next to zero runs far beside itself, and may be known as well as the rest: its error is the measure then.
    size = np.fmax(table["estimate"].abs().to_numpy(dtype=float), errors)
    spread = (table["highest"] - table["lowest"]).to_numpy(dtype=float)
    row = table.iloc[int(np.nan_to_num(np.divide(spread, size, where=size > 0, out=np.zeros_like(size))).argmax())]
    decided = list(table.loc[table["changes_sides"], "term"])
    turned = "No result changes sides of its null."
    if decided:
        named = listed(decided, most=MOST_NAMED)
        turned = (
            f"When one provider is left out, {named} {'change' if len(decided) > 1 else 'changes'} sides of the null: "
            f"what is said of {'them' if len(decided) > 1 else 'it'} rests on one provider."
        )
    return (
        f"With one of {providers} providers left out, {row['term']} runs from {format_number(row['lowest'])} (without "
        f"{row['lowest_without']}) to {format_number(row['highest'])} (without {row['highest_without']}), and is "
        f"{format_number(row['estimate'])} with all. {turned}"
    )
