"""Hypotheses about a cost function by name, each with its null in words."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from econmodel.economies.core.places import require_fit
from econmodel.economies.restrictions import (
    RESTRICTING,
    Restrictions,
    assumptions,
    compared,
    likelihood_ratio,
    together,
)
from econmodel.economies.single_hypotheses import common_technology, no_scope_economies, symmetry
from econmodel.economies.statistics import Joint, OneSided, Outcome, one_sided, restriction_table, two_sided, wald
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
# Other words for them, and those of em.fit(restrict=...).
SYNONYMS = {
    "constant returns to scale": "constant returns",
    "no economies of scope": "no scope economies",
    "economies of scope": "no scope economies",
    "scope": "no scope economies",
    "no relationship": "no relationship effect",
    "relationship": "no relationship effect",
    "relationship effect": "no relationship effect",
    "homothetic": "homotheticity",
    "homogeneous": "homogeneous in outputs",
    "homogeneity in outputs": "homogeneous in outputs",
    "unit elasticity of substitution": "unit substitution",
    "unit elasticities of substitution": "unit substitution",
    "homogeneity in prices": "homogeneity",
    "homogeneous in prices": "homogeneity",
    "linear homogeneity": "homogeneity",
    "price homogeneity": "homogeneity",
    "symmetric": "symmetry",
    "chow": "common technology",
    "chow test": "common technology",
    "same technology": "common technology",
    "inefficiency": "no inefficiency",
    "mundlak": "no correlated effects",
    "hausman": "no correlated effects",
    "correlated effects": "no correlated effects",
}


def test(
    fit: Fit,
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
    fit : a fit
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

        Several of those that restrict parameters may be given in a list, and are tested together. Capitals, hyphens and
        underscores do not matter, and usual other names ("mundlak", "chow", "homothetic") stand for these
    at : as in `econmodel.scale`; for "constant returns" and "no scope economies"
    statistic : "wald", with the covariance of the fit, or "likelihood_ratio", which fits the restricted form
    margin : for a single restriction, the largest difference from its null that would not matter: adds the test that
        it is smaller
    conf_level : one less the chance of rejecting a null that is true

    Returns
    -------
    Check
        A row a restriction (`term`, its estimate, null, std_error and own p_value); the table "Test" has the statistic,
        degrees of freedom and p-value, the table "Equivalence" two one-sided tests and the smallest difference that
        would have been found with a chance of 80 %. `passed` is False where the null is rejected; with a margin True
        only where the difference is shown to be smaller, and None where neither is.

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
    >>> check = test(fit(load("electricity_1970")), "homotheticity")
    >>> check.null, len(check.table)
    ('the cost shares of inputs do not change with outputs', 2)
    """
    require_fit(fit)
    if not isinstance(fit, Fit):
        raise NotSupported(
            "Stated parameters are known exactly, so there is nothing to test. Test a fit: em.fit(data)."
        )
    if statistic not in STATISTICS:
        raise UnknownName(f"There is no statistic {statistic!r}. There are {' and '.join(STATISTICS)}.")
    check_level(conf_level)
    fit.require_error()
    names = [_usual(one) for one in (hypothesis if isinstance(hypothesis, list | tuple) else [hypothesis])]
    for option, given, owner in (("of", of, "no relationship effect"), ("by", by, "common technology")):
        # It would be ignored in silence.
        if given is not None and owner not in names:
            raise NotSupported(f'{option}= belongs to "{owner}", and {" and ".join(names)} has no use for it.')
    single = names[0] if len(names) == 1 else ""
    if single in OWN_TESTS:
        return _own_test(fit, single, margin, conf_level)
    if fit.error_model.bootstrap_only:
        raise NotSupported(
            f"{fit.error_model.bootstrap_only}, so there is no such test. Test the fit before: fit.unrestricted."
        )
    if single == "common technology":
        outcome = common_technology(fit, by, statistic)
    elif single in ALONE or "=" in single:
        if statistic != "wald":
            what = f'An equation such as "{single}"' if "=" in single else f'"{single}"'
            raise NotSupported(f'{what} has no likelihood ratio here. Use statistic="wald".')
        if single == "no scope economies":
            outcome = no_scope_economies(fit, at, margin, conf_level)
        else:
            outcome = symmetry(fit) if single in ALONE else _equations(fit, single)
    else:
        outcome = _restricting(fit, names, at, (of,) if isinstance(of, str) else of, statistic)
    if margin is not None and outcome.equivalence is None and outcome.joint is not None:
        outcome = replace(outcome, equivalence=_equivalence(fit, outcome, margin, conf_level))
    return outcome.check(conf_level)


# Test runners collect what is called test, from wherever it was imported.
test.__test__ = False  # type: ignore[attr-defined]


def _usual(name: object) -> str:
    """The name that a hypothesis has here, however it is spelled; equations and unknown names as they are."""
    plain = " ".join(str(name).replace("_", " ").replace("-", " ").lower().split())
    plain = SYNONYMS.get(plain, plain)
    return plain if plain in RESTRICTING or plain in ALONE else str(name)


def _own_test(fit: Fit, name: str, margin: float | None, level: float) -> Check:
    method, cure = OWN_TESTS[name]
    if margin is not None:
        raise NotSupported(f'"{name}" is no number that a margin could be around: leave margin out.')
    ask = getattr(fit, method, None)
    if ask is None:
        raise NotSupported(f'"{name}" is asked of a fit with {cure}.')
    check: Check = ask(level) if method == "mundlak_test" else ask()
    return check


def _equations(fit: Fit, words: str) -> Outcome:
    """Equations of parameters, as statsmodels reads them."""
    try:
        each, joint = fit.t_test(words), fit.wald_test(words)
    except Exception as fault:
        raise UnknownName(
            f"{words!r} is no equation of this fit's parameters, which are {', '.join(fit.technology.names)}."
        ) from fault
    effects, errors = np.ravel(each.effect), np.ravel(each.sd)
    nulls = effects - np.ravel(each.tvalue) * errors
    table = restriction_table(_left_sides(words, len(effects)), effects, errors, np.ravel(each.pvalue), nulls)
    together = Joint("F", float(joint.statistic), int(joint.df_num), float(joint.df_denom), float(joint.pvalue))
    notes = ("There are few clusters, and p-values of equations are classical.",) if fit.wild else ()
    return Outcome(words, words, table, together, notes=notes)


def _left_sides(words: str, count: int) -> list[str]:
    """What each equation is about; of chained equations, which statsmodels takes apart, no more than their number."""
    parts = [part.strip() for part in words.split(",")]
    if len(parts) != count or any(part.count("=") != 1 for part in parts):
        return [f"equation {number + 1}" for number in range(count)]
    return [part.partition("=")[0].strip() for part in parts]


def _restricting(fit: Fit, names: list[str], at: object, of: Sequence[str] | None, statistic: str) -> Outcome:
    unknown = [name for name in names if name not in RESTRICTING]
    if unknown or not names:
        what = ", ".join(map(repr, unknown)) or "without a name"
        if len(names) > 1:
            raise UnknownName(f"There is no hypothesis {what} to test with others. There are {', '.join(RESTRICTING)}.")
        raise UnknownName(
            f"There is no hypothesis {what}. There are {', '.join((*RESTRICTING, *ALONE))}, or an equation such as "
            f'"{fit.technology.names[-1]} = 0".'
        )
    free = fit
    if "homogeneity" in names and fit.technology.numeraire is not None:
        free = refit(fit, fit.data, homogeneous=False)
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
        own = two_sided((values - nulls) / errors, free.freedom)
    labels = [label for label, keep in zip(null.labels, left, strict=True) if keep]
    table = restriction_table(labels, values, errors, own, nulls)
    if not left.any():
        return Outcome(title, null.null, table, None, notes=null.notes)
    if statistic == "wald":
        return Outcome(title, null.null, table, _joint(free, values - nulls, gradient, own), gradient, null.notes)
    notes = (*null.notes, *assumptions(free))
    return Outcome(title, null.null, table, _ratio(free, names, null), gradient, notes)


def _ratio(free: Fit, names: list[str], null: Restrictions) -> Joint:
    if "homogeneity" not in names:
        return likelihood_ratio(free, null)
    if len(names) > 1:
        raise NotSupported('The likelihood ratio of "homogeneity" is taken alone. Use statistic="wald" for several.')
    return compared(free, refit(free, free.data, homogeneous=True))


def _joint(fit: Fit, differences: Array, gradient: Array, own: Array) -> Joint:
    count = len(differences)
    if not fit.wild:
        covariance, freedom = fit.joint_covariance(count)
        return wald(differences, gradient @ covariance @ gradient.T, freedom)
    statistics = differences**2 / np.einsum("qk,kl,ql->q", gradient, fit.covariance, gradient)
    kind = "wild cluster bootstrap" if count == 1 else "wild cluster bootstrap, Bonferroni"
    return Joint(kind, float(statistics.max()), count, fit.freedom, float(min(1.0, count * own.min())))


def _equivalence(fit: Fit, outcome: Outcome, margin: float, level: float) -> OneSided:
    if len(outcome.table) != 1:
        raise NotSupported(
            f"A margin is around one number, and {outcome.name!r} restricts {len(outcome.table)}. Ask for one: a "
            'single place, one variable (of="..."), or an equation of one parameter.'
        )
    row = outcome.table.iloc[0]
    value, null = float(row["estimate"]), float(row["null"])
    wild = None
    if fit.wild and outcome.gradient is not None:
        ends = value - null + np.array([margin, -margin])
        lower, upper = fit.wild_p_values(outcome.gradient[[0, 0]], ends)
        wild = (float(lower), float(upper))
    return one_sided((value, value), float(row["std_error"]), null, fit.freedom, margin, level, wild)
