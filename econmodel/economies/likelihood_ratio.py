"""Likelihood ratios: how much better the form without a restriction explains the same cost."""

from typing import Any

import numpy as np

from econmodel.economies.joint_hypotheses import Joint, chi_square
from econmodel.economies.restrictions import Restrictions
from econmodel.errors import NotSupported
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import refit


def likelihood_ratio(fitted: Fit, restrictions: Restrictions) -> Joint:
    """2 (lnL - lnL restricted), chi-square under the null, the restricted form estimated anew.

    Raises
    ------
    NotSupported
        Where `em.fit` cannot fit the restricted form, or the estimator maximises no likelihood.
    """
    if not restrictions.restrict and not restrictions.without:
        raise NotSupported(
            f"em.fit has no form in which {restrictions.null}, so there is no likelihood to compare. Use "
            'statistic="wald".'
        )
    _require_likelihood(fitted)
    changes: dict[str, Any] = {}
    if restrictions.restrict:
        changes["restrict"] = tuple(dict.fromkeys((*fitted.specification.restrict, *restrictions.restrict)))
    data = fitted.data
    if restrictions.without:
        kept = [name for name in data.relationships if name not in restrictions.without]
        data = data.using(relationships=kept)
    return compared(fitted, refit(fitted, data, **changes))


def compared(fitted: Fit, restricted: Fit) -> Joint:
    """The likelihood ratio of two fits of the same rows, one of which restricts the other."""
    _require_likelihood(fitted)
    count = len(fitted.error_model.all_parameters) - len(restricted.error_model.all_parameters)
    return chi_square(max(2.0 * (fitted.llf - restricted.llf), 0.0), count)


def _require_likelihood(fitted: Fit) -> None:
    name = fitted.specification.estimator.name
    if not fitted.error_model.maximises_likelihood or not np.isfinite(fitted.llf):
        raise NotSupported(
            f'estimator="{name}" as it was asked for maximises no likelihood, so there is no likelihood ratio. Use '
            'statistic="wald".'
        )


def assumptions(fitted: Fit) -> tuple[str, ...]:
    """What a likelihood ratio takes for granted where the fit's own standard errors do not."""
    if fitted.cov_type == "nonrobust" and fitted.clusters is None:
        return ()
    return (
        'The likelihood ratio takes errors to be normal, alike and independent; the Wald test (statistic="wald") asks '
        "less.",
    )
