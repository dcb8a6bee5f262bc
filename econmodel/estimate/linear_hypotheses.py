"""Statsmodels' tests of linear hypotheses, made on call from names, parameters and covariance."""

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from econmodel.estimate.fit import Fit


class _Names:
    """Parameter names where statsmodels' hypothesis parser looks for them."""

    def __init__(self, names: list[str]) -> None:
        self.param_names = self.xnames = self.cov_names = names


def likelihood_results(fitted: "Fit") -> Any:
    """What statsmodels needs to test hypotheses, with the degrees of freedom of the fit."""
    from statsmodels.base.model import LikelihoodModelResults

    model = SimpleNamespace(**vars(fitted.model), df_resid=fitted.freedom, data=_Names(list(fitted.technology.names)))
    results = LikelihoodModelResults(model, fitted.theta, fitted.covariance, 1.0)
    results.use_t, results.df_resid, results.df_resid_inference = True, fitted.freedom, fitted.freedom
    return results
