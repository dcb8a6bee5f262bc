"""Hypotheses about a cost function by name, each with its null in words."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies import common_technology, hypothesis_words
from econmodel.economies.core.places import require_fit
from econmodel.economies.equivalence import OneSided, one_sided
from econmodel.economies.hypothesis_words import Tested
from econmodel.economies.joint_hypotheses import Joint, wald
from econmodel.economies.likelihood_ratio import assumptions, compared, likelihood_ratio
from econmodel.economies.restrictions import RESTRICTING, Restrictions, together
from econmodel.economies.scope_hypothesis import no_scope_economies
from econmodel.economies.symmetry import free_shares
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.delta import jacobian
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit
from econmodel.results import Check
from econmodel.stated import check_level

Array = NDArray[np.float64]
Statistic = Literal["wald", "likelihood_ratio"]
STATISTICS = ("wald", "likelihood_ratio")
ALONE = ("no scope economies", "symmetry", "common technology", "no inefficiency", "no correlated effects")
# Estimators that test their own nulls, and how to get such a fit.
OWN_TESTS = {
    "no inefficiency": ("inefficiency_test", 'a frontier: em.fit(data, estimator="frontier")'),
    "no correlated effects": ("mundlak_test", 'provider means: em.fit(data, effects="mundlak")'),
}


def test(
    fitted: Fit,
    hypothesis: str | Sequence[str],
    at: object = "mean",
    *,
    of: str | Sequence[str] | None = None,
    by: str | None = None,
    statistic: Statistic = "wald",
    margin: float | None = None,
    conf_level: float = 0.95,
) -> Check:
    """Test a hypothesis by name.

    Parameters
    ----------
    fitted : a fit
    hypothesis : one of

        - "constant returns": the ray elasticity is one, at the places `at` (together); `at="everywhere"` in log forms
        - "no scope economies": the degree of scope at one place is zero (level forms)
        - "no relationship effect": no parameter of the relationship variables, or of those named by `of`
        - "homotheticity": outputs and prices do not interact
        - "homogeneous in outputs": that, and one ray elasticity everywhere
        - "unit substitution": prices have no second-order terms among themselves
        - "homogeneity": cost is proportional to all prices together (fitted anew without it where the fit imposes it)
        - "symmetry": of share equations of a system, fitted freely
        - "common technology": the types of the column `by` have the same parameters (Chow, 1960)
        - "no inefficiency" (of a frontier), "no correlated effects" (of effects="mundlak")
        - or an equation of parameters as statsmodels reads it, such as "output = 1"

        Several of those that restrict parameters may be given in a list, and are tested together.
    at : as in `econmodel.scale`; for "constant returns" and "no scope economies"
    statistic : "wald", with the covariance of the fit, or "likelihood_ratio", which fits the restricted form
    margin : for a single restriction, the largest difference from its null that would not matter: adds the test that
        it is smaller
    conf_level : one less the chance of rejecting a null that is true

    Returns
    -------
    Check
        A row a restriction (estimate, null, std error, its own p-value); the table "Test" has the statistic, degrees
        of freedom and p-value, the table "Equivalence" two one-sided tests and the smallest difference that would have
        been found with a chance of 80 %. `passed` is False where the null is rejected; with a margin True only where
        the difference is shown to be smaller, and None where neither is.

    Raises
    ------
    UnknownName
        For another hypothesis; the message lists those there are.
    NotSupported, FormError, NotIdentified
        Where this fit cannot answer, with the fit that could.

    Notes
    -----
    Wald tests of nonlinear restrictions by the delta method, in the F form. Where clusters are few, p-values come from
    the restricted wild cluster bootstrap: of one restriction its own, of q together q times the smallest (Bonferroni).
    Schuirmann (1987) on equivalence. A null that is not rejected is not thereby shown.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> found = test(fit(load("electricity_1970")), "homotheticity")
    >>> found.null, len(found.table)
    ('the cost shares of inputs do not change with outputs', 2)
    """
    _check(fitted, statistic, conf_level)
    fitted.require_error()
    names = [hypothesis] if isinstance(hypothesis, str) else list(hypothesis)
    chosen = (of,) if isinstance(of, str) else of
    _refuse_strays(names, of, by)
    if len(names) == 1 and names[0] in OWN_TESTS:
        return _own_test(fitted, names[0], margin, conf_level)
    if fitted.error_model.bootstrap_only:
        raise NotSupported(
            f"{fitted.error_model.bootstrap_only}, so there is no such test. Test the fit before: fit.unrestricted."
        )
    if len(names) == 1 and names[0] in ALONE:
        tested = _alone(fitted, names[0], at, by, statistic, margin, conf_level)
    elif len(names) == 1 and "=" in names[0]:
        if statistic != "wald":
            raise NotSupported(f'An equation such as "{names[0]}" has no likelihood ratio here. Use statistic="wald".')
        tested = _in_statsmodels_words(fitted, names[0])
    else:
        tested = _restricting(fitted, names, at, chosen, statistic)
    if margin is not None and tested.equivalence is None and tested.joint is not None:
        tested = tested.with_equivalence(_equivalence(fitted, tested, margin, conf_level))
    return hypothesis_words.check(tested, margin, conf_level)


# Test runners collect what is called test, from wherever it was imported.
test.__test__ = False  # type: ignore[attr-defined]


def _check(fitted: Any, statistic: str, conf_level: float) -> None:
    require_fit(fitted)
    if not isinstance(fitted, Fit):
        raise NotSupported(
            "Stated parameters are known exactly, so there is nothing to test. Test a fit: em.fit(data)."
        )
    if statistic not in STATISTICS:
        raise UnknownName(f"There is no statistic {statistic!r}. There are {' and '.join(STATISTICS)}.")
    check_level(conf_level)


def _refuse_strays(names: list[str], of: object, by: object) -> None:
    """An option that the hypothesis does not have would be ignored in silence."""
    for option, given, owner in (("of", of, "no relationship effect"), ("by", by, "common technology")):
        if given is not None and owner not in names:
            raise NotSupported(f'{option}= belongs to "{owner}", and {" and ".join(names)} has no use for it.')


def _own_test(fitted: Fit, name: str, margin: float | None, level: float) -> Check:
    method, cure = OWN_TESTS[name]
    if margin is not None:
        raise NotSupported(f'"{name}" is no number that a margin could be around: leave margin out.')
    found = getattr(fitted, method, None)
    if found is None:
        raise NotSupported(f'"{name}" is asked of a fit with {cure}.')
    answer: Check = found(level) if method == "mundlak_test" else found()
    return answer


def _alone(
    fitted: Fit, name: str, at: object, by: str | None, statistic: str, margin: float | None, level: float
) -> Tested:
    if name == "common technology":
        return _common(fitted, by, statistic)
    if statistic != "wald":
        raise NotSupported(f'"{name}" has no likelihood ratio here. Use statistic="wald".')
    if name == "no scope economies":
        return no_scope_economies(fitted, at, margin, level)
    labels, values, covariance, freedom = free_shares(fitted)
    null = "share equations fitted freely have symmetric price terms"
    errors = np.sqrt(np.diag(covariance))
    own = _two_sided(values / errors, freedom)
    return Tested(
        name, null, _table(labels, values, np.zeros(len(values)), errors, own), wald(values, covariance, freedom)
    )


def _common(fitted: Fit, by: str | None, statistic: str) -> Tested:
    if by is None:
        raise NotSupported('"common technology" compares types of provider: name their column with by="...".')
    types = common_technology.by_type(fitted, by)
    others, covariance, _ = common_technology.differences(fitted, types)
    joint = common_technology.same_for_all(fitted, types, statistic)
    errors, values = np.sqrt(np.diag(covariance)), others.ravel()
    table = _table(
        common_technology.labels_of(fitted, types), values, np.zeros(len(values)), errors,
        _two_sided(values / errors, joint.freedom),
    )  # fmt: skip
    named = ", ".join(f"{name} ({count})" for name, count in zip(types.names, types.counts, strict=True))
    null = f"all types of {by} have one cost function"
    notes = (f"Types and their rows: {named}.", *(assumptions(fitted) if statistic != "wald" else ()))
    if fitted.wild:
        notes += ("There are few clusters, and this p-value is classical: it takes rows to be independent.",)
    return Tested("common technology", null, table, joint, notes=notes)


def _in_statsmodels_words(fitted: Fit, words: str) -> Tested:
    try:
        each, joint = fitted.t_test(words), fitted.wald_test(words)
    except Exception as fault:
        raise UnknownName(
            f"{words!r} is no equation of this fit's parameters, which are {', '.join(fitted.technology.names)}."
        ) from fault
    effects, errors = np.ravel(each.effect), np.ravel(each.sd)
    nulls = effects - np.ravel(each.tvalue) * errors
    table = _table(_left_sides(words, len(effects)), effects, nulls, errors, np.ravel(each.pvalue))
    found = Joint("F", float(joint.statistic), int(joint.df_num), float(joint.df_denom), float(joint.pvalue))
    notes = ("There are few clusters, and p-values of equations are classical.",) if fitted.wild else ()
    return Tested(words, words, table, found, notes=notes)


def _left_sides(words: str, count: int) -> list[str]:
    """What each equation is about; of chained equations, which statsmodels takes apart, no more than their number."""
    parts = [part.strip() for part in words.split(",")]
    if len(parts) != count or any(part.count("=") != 1 for part in parts):
        return [f"equation {number + 1}" for number in range(count)]
    return [part.partition("=")[0].strip() for part in parts]


def _restricting(fitted: Fit, names: list[str], at: object, of: Sequence[str] | None, statistic: str) -> Tested:
    unknown = [name for name in names if name not in RESTRICTING]
    if unknown or not names:
        what = ", ".join(map(repr, unknown)) or "without a name"
        if len(names) > 1:
            raise UnknownName(f"There is no hypothesis {what} to test with others. There are {', '.join(RESTRICTING)}.")
        raise UnknownName(
            f"There is no hypothesis {what}. There are {', '.join((*RESTRICTING, *ALONE))}, or an equation such as "
            f'"{fitted.technology.names[-1]} = 0".'
        )
    free = fitted
    if "homogeneity" in names and fitted.technology.numeraire is not None:
        free = refit(fitted, fitted.data, homogeneous=False)
    null = together([RESTRICTING[name](free, at, of) for name in names])
    title, gradient = " and ".join(names), jacobian(null.measure, free.theta)
    # What does not depend on any parameter holds in this form anyway.
    left = np.abs(gradient).max(axis=1) > 0
    values, nulls, gradient = null.measure(free.theta).real[left], null.values[left], gradient[left]
    covariance = gradient @ free.covariance @ gradient.T
    errors = np.sqrt(np.diag(covariance))
    if free.wild and left.any():
        own = free.wild_p_values(gradient, values - nulls)
    else:
        own = _two_sided((values - nulls) / errors, free.freedom)
    labels = [label for label, keep in zip(null.labels, left, strict=True) if keep]
    table = _table(labels, values, nulls, errors, own)
    if not left.any():
        return Tested(title, null.null, table, None, notes=null.notes)
    if statistic == "wald":
        return Tested(
            title, null.null, table, _joint(free, values - nulls, gradient, own), gradient, null.notes
        )  # fmt: skip
    notes = (*null.notes, *assumptions(free))
    return Tested(title, null.null, table, _ratio(free, names, null), gradient, notes)


def _ratio(free: Fit, names: list[str], null: Restrictions) -> Joint:
    if "homogeneity" not in names:
        return likelihood_ratio(free, null)
    if len(names) > 1:
        raise NotSupported('The likelihood ratio of "homogeneity" is taken alone. Use statistic="wald" for several.')
    return compared(free, refit(free, free.data, homogeneous=True))


def _joint(fitted: Fit, differences: Array, gradient: Array, own: Array) -> Joint:
    count = len(differences)
    if not fitted.wild:
        covariance, freedom = fitted.joint_covariance(count)
        return wald(differences, gradient @ covariance @ gradient.T, freedom)
    statistics = differences**2 / np.einsum("qk,kl,ql->q", gradient, fitted.covariance, gradient)
    kind = "wild cluster bootstrap" if count == 1 else "wild cluster bootstrap, Bonferroni"
    return Joint(kind, float(statistics.max()), count, fitted.freedom, float(min(1.0, count * own.min())))


def _two_sided(statistics: Array, freedom: float) -> Array:
    from scipy.special import ndtr, stdtr

    tails = stdtr(freedom, -np.abs(statistics)) if np.isfinite(freedom) else ndtr(-np.abs(statistics))
    return np.asarray(2.0 * tails)


def _table(labels: Sequence[str], values: Array, nulls: Array, errors: Array, own: Array) -> pd.DataFrame:
    return pd.DataFrame(
        {"restriction": list(labels), "estimate": values, "null": nulls, "std_error": errors, "p_value": own}
    )


def _equivalence(fitted: Fit, tested: Tested, margin: float, level: float) -> OneSided:
    if len(tested.table) != 1:
        raise NotSupported(
            f"A margin is around one number, and {tested.name!r} restricts {len(tested.table)}. Ask for one: a single "
            'place, one variable (of="..."), or an equation of one parameter.'
        )
    row = tested.table.iloc[0]
    value, null = float(row["estimate"]), float(row["null"])
    wild = None
    if fitted.wild and tested.gradient is not None:
        ends = value - null + np.array([margin, -margin])
        lower, upper = fitted.wild_p_values(tested.gradient[[0, 0]], ends)
        wild = (float(lower), float(upper))
    return one_sided((value, value), float(row["std_error"]), null, fitted.freedom, margin, level, wild)
