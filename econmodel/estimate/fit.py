"""The record of a fit: parameters and how well they are known, in the words of statsmodels' results."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotSupported
from econmodel.estimate.bootstrap import Replications, replications
from econmodel.estimate.design import Design
from econmodel.estimate.error_model import ErrorModel
from econmodel.estimate.least_squares import Groups, LeastSquares
from econmodel.estimate.preparation import Specification
from econmodel.estimate.sample import Sample, points_in
from econmodel.forms.technology import Point, Technology
from econmodel.frames import in_pandas
from econmodel.results import P_FLOOR, format_number, html_table, printed
from econmodel.table.cost_data import CostData
from econmodel.table.roles import nearest

Array = NDArray[np.float64]


class Estimated:
    """What a fit has of its error model, where it is looked up; what only some estimators know is found there too.

    Attributes
    ----------
    sample : the rows and columns used
    design : the cost function joined to its rows
    technology : the cost function
    solution : what least squares found
    effects : providers whose own level of cost was taken out, or None
    theta : (k,) parameters without labels
    covariance : (k, k) covariance of `theta`
    cov_type : "nonrobust", "HC0" to "HC3" or "cluster"
    clusters : groups of rows that errors are shared within, or None
    freedom : degrees of freedom of t tests
    wild : whether p-values come from the restricted wild cluster bootstrap
    notes : what a reader must know
    df_model : parameters less the constant, and provider effects less one
    df_resid : rows less parameters and effects
    llf : log-likelihood of the response (log cost, or cost where the error is additive), normal where the estimator has
        no other; missing where none is maximised, and where cost is an exact function of the columns
    log_likelihoods : (n,) each row's log-likelihood of log cost, whatever the error: forms can be compared by it
    rsquared : share of the response's variance explained; of the response over the numeraire's price where there is one
    provider_effects : each provider's own level of (log) cost relative to the average row; None without effects
    fits_exactly : whether cost is an exact function of the columns, so that nothing can be said of an error
    """

    sample: Sample
    design: Design
    technology: Technology
    solution: LeastSquares
    effects: Groups | None
    theta: Array
    covariance: Array
    cov_type: str
    clusters: Groups | None
    freedom: float
    wild: bool
    notes: tuple[str, ...]
    df_model: float
    df_resid: float
    llf: float
    log_likelihoods: Array
    rsquared: float
    provider_effects: pd.Series | None
    fits_exactly: bool
    require_error: Callable[[], None]
    wild_p_values: Callable[[Array, Array], Array]
    joint_covariance: Callable[[int], tuple[Array, float]]

    # Hidden from type checkers, which shall know what every fit has.
    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            # A copy that is being made has no error model yet.
            model = None if name.startswith("_") else vars(self).get("error_model")
            if model is None:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            for part in (model, model.known):
                if (found := getattr(part, name, part)) is not part:
                    return found
            by = f'A fit with estimator="{self.specification.estimator.name}"'
            raise AttributeError(f"{by} has no {name!r}{nearest(name, dir(self)) or '.'}")

        def __dir__(self) -> list[str]:
            own = {*dir(self.error_model), *dir(self.error_model.known)}
            return sorted({*super().__dir__(), *(name for name in own if not name.startswith("_"))})


@dataclass(frozen=True, eq=False, repr=False)
class Fit(Estimated):
    """A fitted cost function. Every measure of `econmodel` takes one; nothing changes it.

    What only some estimators know is asked of the fit all the same: `efficiencies()`, `inefficiency_test()` and
    `error_parameters` of a frontier, `mundlak_test()` and `mean_parameters` with provider means, `first_stage()`,
    `overidentification_test()`, `weak_instrument_interval()` and `exogeneity_test()` with instruments,
    `residual_covariance` and `share_residuals` of a system, `unrestricted`, `distance` and `binding` of a fit with
    something imposed.

    Attributes
    ----------
    specification : what was asked for
    error_model : what stands behind the cost function, and what was estimated: see `ErrorModel`
    """

    specification: Specification
    error_model: ErrorModel

    def jointly(self) -> "Fit":
        """The same fit, whose measures give intervals that cover all rows of a measure at once.

        A 95 % interval covers its own number in 95 % of samples, and ten such intervals all of theirs in fewer. These
        are wider, by the quantile of the largest deviation among the rows (a band, where the rows are points along a
        curve), and their p-values allow for the number of rows. The terms of a measure are covered together; its tilts
        and its product-specific rows, where it has such, are covered as a set of their own. Parts of a separation and
        the parameters themselves keep the usual intervals.

        Examples
        --------
        >>> from econmodel.economies.scale import scale
        >>> from econmodel.estimate.fitting import fit
        >>> from econmodel.table.shipped import load
        >>> power = fit(load("electricity_1970"))
        >>> one, all_at_once = (scale(each, at=[0.25, 1, 4]).table for each in (power, power.jointly()))
        >>> bool((all_at_once["conf_high"] > one["conf_high"]).all())
        True
        """
        return replace(self, specification=replace(self.specification, jointly=True))

    @property
    def jointly_covered(self) -> bool:
        """Whether measures give intervals that cover all of their rows at once."""
        return self.specification.jointly

    @property
    def data(self) -> CostData:
        """The table, rows used only."""
        return self.sample.data

    @property
    def params(self) -> pd.Series:
        """Parameters, at the point where the coordinates are centred; no constant where provider effects absorb it."""
        return self._labelled(self.theta, "coefficient")

    def _labelled(self, values: Array, name: str) -> pd.Series:
        """Values of all parameters (k,) as a series of those that are shown."""
        shown = self.error_model.shown
        return pd.Series(values[shown], pd.Index([self.technology.names[place] for place in shown]), name=name)

    @property
    def bse(self) -> pd.Series:
        """Standard errors."""
        return self._labelled(np.sqrt(np.diag(self.covariance)), "std. error")

    @property
    def tvalues(self) -> pd.Series:
        """Parameters over standard errors."""
        return (self.params / self.bse).rename("t")

    @cached_property
    def pvalues(self) -> pd.Series:
        """Two-sided p-values of zero: t, or the restricted wild cluster bootstrap below twenty clusters."""
        return pd.Series(self.error_model.p_values(), self.params.index, name="p")

    def cov_params(self) -> pd.DataFrame:
        """Covariance of the parameters."""
        shown, names = self.error_model.shown, self.params.index
        return pd.DataFrame(self.covariance[np.ix_(shown, shown)], names, names)

    def conf_int(self, alpha: float = 0.05) -> pd.DataFrame:
        """Intervals of level 1 - alpha; columns 0 and 1, as in statsmodels."""
        return pd.DataFrame(dict(enumerate(self._labelled(end, "") for end in self.error_model.interval(alpha))))

    def tidy(self, conf_level: float = 0.95) -> pd.DataFrame:
        """Parameters, a row each: term, estimate, std_error, statistic, p_value, conf_low, conf_high.

        Examples
        --------
        >>> from econmodel.estimate.fitting import fit
        >>> from econmodel.table.shipped import load
        >>> fit(load("electricity_1955"), form="cobb_douglas").tidy()["term"].tolist()
        ['constant', 'output', 'wage/fuel_price', 'capital_price/fuel_price']
        """
        estimates, errors = self.params, self.bse.to_numpy()
        low, high = self.error_model.interval(round(1.0 - conf_level, 12))
        shown = self.error_model.shown
        columns = {
            "term": list(estimates.index), "estimate": estimates.to_numpy(), "std_error": errors,
            "statistic": self.tvalues.to_numpy(), "p_value": self.pvalues.to_numpy(), "conf_low": low[shown],
            "conf_high": high[shown],
        }  # fmt: skip
        return pd.DataFrame(columns)

    def glance(self) -> pd.DataFrame:
        """The fit in one row: what was fitted, to how many rows, and how well it explains cost.

        Columns: form, estimator, effects, cov_type, clusters (their number), nobs, df_model, df_resid, ssr, r_squared,
        log_likelihood, aic, bic, condition_number; missing where the estimator has none.

        Examples
        --------
        >>> from econmodel.estimate.fitting import fit
        >>> from econmodel.table.shipped import load
        >>> found = fit(load("electricity_1955")).glance()
        >>> found["form"].item(), found["estimator"].item(), found["nobs"].item()
        ('translog', 'least_squares', 145)
        """
        facts = {
            "form": self.technology.form.name, "estimator": self.specification.estimator.name,
            "effects": self.specification.effects, "cov_type": self.cov_type,
            "clusters": None if self.clusters is None else len(self.clusters.sizes), "nobs": self.sample.rows.count,
            "df_model": self.df_model, "df_resid": self.df_resid, "ssr": self.ssr, "r_squared": self.rsquared,
            "log_likelihood": self.llf, "aic": self.aic, "bic": self.bic, "condition_number": self.condition_number,
        }  # fmt: skip
        return pd.DataFrame([facts])

    @property
    def use_t(self) -> bool:
        """Always: small samples are the rule here."""
        return True

    @property
    def nobs(self) -> float:
        """Rows used."""
        return float(self.sample.rows.count)

    @property
    def ssr(self) -> float:
        """Sum of squared residuals, weighted where rows have weights."""
        return self.solution.residual_squares

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return 2.0 * (self.df_model + 1.0) - 2.0 * self.llf

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return float(np.log(self.nobs)) * (self.df_model + 1.0) - 2.0 * self.llf

    @cached_property
    def resid(self) -> pd.Series:
        """Response less fitted value, by the table's index."""
        return pd.Series(self.error_model.residual, self.data.frame.index, name="residual")

    @cached_property
    def fittedvalues(self) -> pd.Series:
        """Fitted log cost, or fitted cost where the error is additive."""
        fitted = self.error_model.response - self.error_model.residual
        return pd.Series(fitted, self.data.frame.index, name="fitted")

    @property
    def converged(self) -> bool:
        """Always: a search that does not converge raises, and returns no numbers."""
        return True

    @property
    def condition_number(self) -> float:
        """Condition number of the scaled derivatives; above a thousand, columns nearly move together."""
        return self.solution.condition

    @property
    def rows_dropped(self) -> pd.DataFrame:
        """How many rows were left out, why, and the first five of them."""
        rows = [(count, why, ", ".join(first)) for count, why, first in self.data.dropped]
        return pd.DataFrame(rows, columns=["rows", "because", "first"])

    @property
    def scale(self) -> float:
        """Residual variance."""
        return self.ssr / self.df_resid

    @property
    def model(self) -> SimpleNamespace:
        """Names, as statsmodels' tables of several fits look for them."""
        response = self.data.cost if self.design.additive else f"log {self.data.cost}"
        return SimpleNamespace(endog_names=response, exog_names=list(self.technology.names))

    def points(self) -> Point:
        """Every row used as a point at which cost can be evaluated."""
        return self.sample.points(self.technology)

    def predict(self, exog: pd.DataFrame | CostData | None = None) -> pd.Series:
        """Fitted values, or predictions for the rows of a table (provider effects and control functions at zero).

        Columns of the fit's own table that are not in the cost function may stand beside, and play no part; variables
        that the table leaves out stay at their mean.
        """
        if exog is None:
            return self.fittedvalues
        exog, t = in_pandas(exog.frame if isinstance(exog, CostData) else exog), self.technology
        if not isinstance(exog, pd.DataFrame):
            raise NotSupported(
                f"fit.predict takes a table with a row for each prediction, and this is a {type(exog).__name__}. Give "
                f"em.CostData(...), or a frame with columns such as {', '.join(t.outputs)}."
            )
        known = {*t.outputs, *t.prices, *t.relationships, *t.controls}
        period = self.data.time if self.specification.time_effects else None
        beside = {name for name in self.data.frame.columns if not known & {name, f"log {name}"} and name != period}
        points = points_in(t, exog[[name for name in exog.columns if name not in beside]])
        predict = t.cost if self.design.additive else t.log_cost
        return pd.Series(predict(self.theta, points), exog.index, name="predicted")

    def in_units(self) -> pd.DataFrame:
        """Parameters of the uncentred form in the user's own units, with standard errors."""
        measure = self.technology.in_units
        errors = self.error_model.standard_errors(measure)
        return pd.DataFrame(
            {"coefficient": measure(self.theta), "std. error": errors}, pd.Index(self.technology.unit_names)
        )

    def replications(self, count: int, seed: int) -> Replications:
        """Weights of a bootstrap by this fit's clusters."""
        return replications(count, self.sample.rows.count, seed, self.clusters)

    def bootstrap(self, draws: Replications, steps: int = 1) -> Array:
        """Parameters in every replication, (replications, k); level forms take `steps` steps from the estimate."""
        return self.error_model.bootstrap_all(draws, steps)[:, : len(self.theta)]

    def bootstrapped(self, count: int, seed: int) -> Array:
        """Parameters in `count` replications of this seed, (count, k); made once, whatever is measured with them."""
        made = self.error_model.replicated
        if (count, seed) not in made:
            made[count, seed] = self.bootstrap(self.replications(count, seed))
        return made[count, seed]

    def t_test(self, r_matrix: Any) -> Any:
        """Statsmodels' t test of linear hypotheses (a matrix, or words such as "wage = 1")."""
        return self._linear_hypotheses().t_test(r_matrix)

    def wald_test(self, r_matrix: Any, use_f: bool = True) -> Any:
        """Statsmodels' Wald test of linear hypotheses, all together."""
        return self._linear_hypotheses().wald_test(r_matrix, use_f=use_f, scalar=True)

    def _linear_hypotheses(self) -> Any:
        """What statsmodels needs to test hypotheses: names, parameters, covariance and degrees of freedom."""
        if why := self.error_model.bootstrap_only:
            raise NotSupported(f"{why}, so there is no Wald test. Test the fit before: fit.unrestricted.")
        from statsmodels.base.model import LikelihoodModelResults

        names = list(self.technology.names)
        # Where statsmodels' parser of hypotheses looks for them.
        data = SimpleNamespace(param_names=names, xnames=names, cov_names=names)
        model = SimpleNamespace(**vars(self.model), df_resid=self.freedom, data=data)
        results = LikelihoodModelResults(model, self.theta, self.covariance, 1.0)
        results.use_t, results.df_resid, results.df_resid_inference = True, self.freedom, self.freedom
        return results

    def summary(self) -> Any:
        """A statsmodels Summary, filled by us."""
        from statsmodels.iolib.summary import Summary
        from statsmodels.iolib.table import SimpleTable

        found = Summary()
        found.tables.append(SimpleTable(self._facts().to_numpy().tolist(), title=self._title))
        for name, frame in {"": self._coefficients(), **self.error_model.further_tables}.items():
            table = printed(frame)
            found.tables.append(SimpleTable(table.to_numpy().tolist(), headers=list(table.columns), title=name or None))
        found.add_extra_txt(list(self.notes))
        return found

    def __repr__(self) -> str:
        return str(self.summary())

    def _repr_html_(self) -> str:
        notes = "".join(f'<p class="note">{escape(note)}</p>' for note in self.notes)
        tables = html_table(self._facts(), self._title) + html_table(self._coefficients(), "Parameters")
        tables += "".join(html_table(table, name) for name, table in self.error_model.further_tables.items())
        return f'<div class="econmodel">{tables}{notes}</div>'

    @property
    def _title(self) -> str:
        """The form and the table."""
        form = self.technology.form.title
        return f"{form[0].upper()}{form[1:]} cost function of {self.data.title or self.data.cost}"

    def _equation(self) -> str:
        """The form with its variables, in one line."""
        t, controls = self.technology, self.sample.controls
        inside = ", ".join([*t.outputs, *t.prices, *t.relationships])
        linear = "".join(f" + {name}" for name in t.controls if controls[name] != "time")
        linear += " + periods" if "time" in controls.values() else ""
        linear += {"within": " + provider effects", "mundlak": " + provider means"}.get(
            str(self.specification.effects), ""
        )
        return f"{self.model.endog_names} = {t.form.title}({inside}){linear}{self.error_model.deviation_words}"

    def _facts(self) -> pd.DataFrame:
        """What was fitted, to which rows, and how the search for the parameters ended."""
        dropped = "; ".join(f"{count}: {why}" for count, why, _ in self.data.dropped)
        errors = "classical" if self.cov_type == "nonrobust" else self.cov_type
        if self.clusters is not None and (self.cov_type == "cluster" or self.wild):
            errors += f", {len(self.clusters.sizes)} clusters"
        rows = [
            ("equation", self._equation()),
            ("rows used", format_number(self.nobs, 6)),
            ("rows left out", dropped or "none"),
            ("standard errors", errors + (", wild-cluster p-values" if self.wild else "")),
            *([("weights of squared errors", str(self.specification.weights))] if self.sample.weights else []),
            *([("R-squared", format_number(self.rsquared))] if np.isfinite(self.rsquared) else []),
            *([("log-likelihood", format_number(self.llf, 6))] if np.isfinite(self.llf) else []),
            *self.error_model.further_facts,
            ("convergence", self.error_model.convergence),
            ("condition number", format_number(self.condition_number, 2)),
        ]
        return pd.DataFrame(rows, columns=["fact", "value"])

    def _coefficients(self) -> pd.DataFrame:
        """Parameters with standard errors, tests against zero and intervals, as they are printed."""
        printed_names = {"term": "parameter", "estimate": "coefficient", "statistic": "t"}
        return self.tidy().rename(columns=printed_names).assign(**{P_FLOOR: self.error_model.p_floor})
