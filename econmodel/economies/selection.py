"""Which form: likelihood on one scale, criteria, Vuong's test, prediction of providers left out, and what they say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.nested_forms import nested_forms
from econmodel.economies.regularity import regularity
from econmodel.economies.scale import scale
from econmodel.economies.scope import scope
from econmodel.economies.statistics import chi_square
from econmodel.errors import DidNotConverge, FormError, NotIdentified, NotSupported
from econmodel.estimate.fit import Fit
from econmodel.estimate.fitting import fit, refit
from econmodel.forms.form import Form, find_form
from econmodel.results import Table, format_number, format_probability
from econmodel.stated import check_level, random_numbers
from econmodel.table.cost_data import CostData
from econmodel.words import listed

Array = NDArray[np.float64]
Choice = str | Form | Mapping[str, Any]
USUAL = ("cobb_douglas", "translog", "flexible_fixed_cost", "composite")
FOLDS = 10
CONTAINED, CONTAINS = "contained in the first", "contains the first"
LABELS = {
    "log_likelihood": "log-likelihood", "aic": "AIC", "bic": "BIC", "violations_percent": "violations, %",
}  # fmt: skip


def select(
    data: CostData,
    forms: Sequence[Choice] | Mapping[str, Choice] = USUAL,
    *,
    nested: bool = False,
    number_of_folds: int = FOLDS,
    seed: int = 0,
    conf_level: float = 0.95,
) -> Table:
    """Forms side by side: how likely, how well they predict, how regular, and what they say of scale and scope.

    Parameters
    ----------
    data : the table
    forms : names, forms, or options of `em.fit` such as {"form": "composite", "error": "additive"}; with names of your
        own as a mapping. One estimator, with one sort of provider effects, for all of them
    nested : whether, instead, translog, Box-Cox translog, quadratic and composite are tested as members of one family
        that contains them all (Pulley and Braunstein, 1992): their shapes, likelihoods and likelihood-ratio tests
    number_of_folds, seed : of the cross-validation, in which providers are left out whole

    Returns
    -------
    Table
        One row a form, the lowest `bic` first. `log_likelihood` is of log cost whatever the error; `vuong` tests
        whether the first form is nearer to the truth (Vuong, 1989, with Schwarz's correction; rows of a provider added
        up). Where one form contains the other (`nested`) Vuong's test does not hold, and the `likelihood_ratio` tests
        what the smaller one leaves out. `prediction_error` is the root mean squared error of log cost over providers
        left out; `violations_percent` the largest share of providers at which a condition of regularity fails; `scale`
        and `scope_from` to `scope_to` are at the mean. Forms that cannot hold the table stand in a further table with
        the reason.

    Raises
    ------
    NotSupported
        Where fewer than two forms could be fitted, they use different rows or different estimators, or the estimator
        has no likelihood of cost.

    Notes
    -----
    A criterion compares fits; none of them says that a form is right at a corner that no provider has shown.
    Intervals of a form that was chosen by the same data take it as given, and are too narrow (Leeb and Poetscher,
    2005).

    Examples
    --------
    >>> from econmodel.table.shipped import load
    >>> chosen = select(load("electricity_1970"), ["cobb_douglas", "translog"])
    >>> chosen.table["form"].tolist()
    ['translog', 'Cobb-Douglas']
    """
    if not isinstance(data, CostData):
        raise NotSupported("em.select fits forms to a table: give em.load(...) or em.CostData(...), not a fit.")
    check_level(conf_level)
    if nested:
        return nested_forms(data, conf_level=conf_level)
    if isinstance(forms, str | Form):
        raise NotSupported(f'A choice needs two forms: forms=["cobb_douglas", {_name(forms)!r}], say.')
    if not isinstance(number_of_folds, int) or number_of_folds < 2:
        raise NotSupported(
            f"number_of_folds={number_of_folds}: providers are left out in at least two parts. Ten is usual."
        )
    fits, refused = _fitted(data, forms)
    if len(fits) < 2:
        why = "; ".join(f"{name}: {reason}" for name, reason in refused)
        raise NotSupported(f"A choice needs two forms, and {len(fits) or 'none'} could be fitted. {why}".strip())
    _check_alike(fits)
    rows = {name: list(one.data.frame.index) for name, one in fits.items()}
    if any(index != rows[next(iter(rows))] for index in rows.values()):
        raise NotSupported("The forms use different rows, so their likelihoods cannot be compared. Give each the same.")
    ranked = sorted(fits, key=lambda name: _bic(fits[name]))
    best = fits[ranked[0]]
    fold = folds(best, number_of_folds, seed)
    table = pd.DataFrame([_row(name, fits[name], best, fold, conf_level) for name in ranked])
    tables = {"not fitted": pd.DataFrame(refused, columns=["form", "because"])} if refused else {}
    notes = _notes(table, best.clusters is not None)
    return Table(f"Forms for {data.title or data.cost}", table, _words(table, conf_level), LABELS, notes, tables)


def _check_alike(fits: Mapping[str, Fit]) -> None:
    """NotSupported for fits whose likelihoods do not compare forms."""
    named = {one.specification.estimator.name for one in fits.values()}
    without = {one.specification.estimator.name for one in fits.values() if not one.error_model.has_likelihood_of_cost}
    if without:
        raise NotSupported(
            f'estimator="{min(without)}" has no likelihood of cost alone, which forms are compared by. Choose a form '
            "by least squares, then fit it with the other estimator."
        )
    effects = {one.specification.effects for one in fits.values()}
    if len(named) > 1 or len(effects) > 1:
        what, differ = ("estimator", named) if len(named) > 1 else ("effects", effects)
        raise NotSupported(
            f"em.select compares forms, and these differ in {what} ({', '.join(sorted(map(str, differ)))}), so their "
            "likelihoods are not of the same thing. Give every form the same; em.compare sets results side by side."
        )


def _fitted(
    data: CostData, forms: Sequence[Choice] | Mapping[str, Choice]
) -> tuple[dict[str, Fit], list[tuple[str, str]]]:
    choices = dict(forms) if isinstance(forms, Mapping) else {_name(one): one for one in forms}
    fits: dict[str, Fit] = {}
    refused: list[tuple[str, str]] = []
    for name, one in choices.items():
        options = dict(one) if isinstance(one, Mapping) else {"form": one}
        try:
            fits[name] = fit(data, **options)
        except (DidNotConverge, FormError, NotIdentified) as problem:
            refused.append((name, str(problem)))
    return fits, refused


def _name(choice: Choice) -> str:
    if isinstance(choice, Form):
        return choice.title
    if isinstance(choice, Mapping):
        return ", ".join(_option(key, value) for key, value in choice.items())
    return find_form(choice).title


def _option(key: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"{'' if value else 'no '}{key.replace('_', ' ')}"
    return str(getattr(value, "name", value))


def _log_likelihood(fitted: Fit) -> float:
    return float(fitted.log_likelihoods.sum())


def _bic(fitted: Fit) -> float:
    return float(np.log(fitted.nobs)) * (fitted.df_model + 1.0) - 2.0 * _log_likelihood(fitted)


def _row(name: str, fitted: Fit, best: Fit, fold: NDArray[np.intp], level: float) -> dict[str, Any]:
    against = _beside(best, fitted)
    predicted = predict_left_out(fitted, fold)
    shares = regularity(fitted).table["share"].dropna()
    ray = scale(fitted, conf_level=level).row("ray scale economies")
    likelihood, parameters = _log_likelihood(fitted), fitted.df_model + 1.0
    row: dict[str, Any] = {
        "form": name,
        "parameters": parameters,
        "log_likelihood": likelihood,
        "aic": 2.0 * parameters - 2.0 * likelihood,
        "bic": _bic(fitted),
        **against,
        "prediction_error": predicted.error,
        "not_predicted": predicted.without,
        "violations_percent": 100.0 * float(shares.max()) if len(shares) else np.nan,
        "scale": ray["estimate"],
        "scale_low": ray["conf_low"],
        "scale_high": ray["conf_high"],
        "scope_from": np.nan,
        "scope_to": np.nan,
        "sign_of_scope": "",
    }
    if len(fitted.technology.outputs) > 1:
        row |= _scope(fitted, level)
    return row


def _scope(fitted: Fit, level: float) -> dict[str, Any]:
    """The interval of the degree of scope and its sign; none in log forms."""
    if not fitted.technology.is_level:
        return {"sign_of_scope": "has none"}
    degree = scope(fitted, conf_level=level).table.iloc[0]
    low, high = float(degree["conf_low"]), float(degree["conf_high"])
    sign = "no number" if not np.isfinite(low) else "+" if low > 0 else "−" if high < 0 else "open"
    return {"scope_from": low, "scope_to": high, "sign_of_scope": sign}


def _words(table: pd.DataFrame, level: float) -> str:
    best = table.iloc[0]
    rest = table.iloc[1:]
    clear = rest["p_value"] < 1.0 - level
    phrases = {
        "Vuong's test holds it nearer to the truth than {}": clear & (rest["vuong"] > 0),
        "Vuong's test holds {} nearer to the truth": clear & (rest["vuong"] < 0),
        "the likelihood ratio rejects {}, which it contains": clear & (rest["nested"] == CONTAINED),
        "the likelihood ratio rejects it against {}, which contains it": clear & (rest["nested"] == CONTAINS),
        "these tests cannot tell it from {}": ~clear,
    }
    parts = [f"BIC prefers {best['form']}"]
    parts += [words.format(listed(rest.loc[which, "form"])) for words, which in phrases.items() if which.any()]
    predicts = table.iloc[int(table["prediction_error"].to_numpy().argmin())]
    if predicts["form"] == best["form"]:
        parts.append("it also predicts providers left out best")
    else:
        error = format_number(predicts["prediction_error"], 3)
        parts.append(f"{predicts['form']} predicts providers left out best (error {error})")
    text = "; ".join(parts) + "."
    above, below = int((table["scale_low"] > 1).sum()), int((table["scale_high"] < 1).sum())
    text += (
        f" Economies of scale are clear in {above or 'none'} and diseconomies in {below or 'none'} of "
        f"{len(table)} forms."
    )
    signs = [sign for sign in table["sign_of_scope"] if sign in ("+", "−", "open", "no number")]
    if signs:
        settled = [sign for sign in signs if sign in ("+", "−")]
        agree = len(settled) == len(signs) and len(set(settled)) == 1
        text += (
            " The forms that have scope agree on its sign."
            if agree
            else f" The sign of scope is settled in {len(settled) or 'none'} of the {len(signs)} forms that have it."
        )
    return text


def _notes(table: pd.DataFrame, clustered: bool) -> tuple[str, ...]:
    notes = [
        "These criteria compare fits where the providers are; they say nothing of corners that nobody has shown.",
        "An interval of the form that these data chose takes it as given, and is too narrow for that.",
    ]
    close = table["p_value"][table["vuong"].notna()]
    if len(close):
        notes.append(f"Largest p-value of Vuong's test: {format_probability(float(close.max()))}.")
    if clustered and table["likelihood_ratio"].notna().any():
        notes.append("Likelihood ratios take rows as independent, and here providers repeat: they reject too often.")
    without = int(table["not_predicted"].max())
    if without:
        notes.append(f"Up to {without} rows have no prediction in some form: their fitted cost was not positive.")
    return tuple(notes)


def _beside(best: Fit, fitted: Fit) -> dict[str, Any]:
    """Vuong's test, or where one form contains the other the likelihood ratio, twice its log (chi-squared)."""
    against = {"nested": "", "vuong": np.nan, "likelihood_ratio": np.nan, "p_value": np.nan}
    if fitted is best:
        return against
    inside = _contains(best, fitted)
    if not inside and not _contains(fitted, best):
        statistic, p_value = vuong(best, fitted)
        return against | {"vuong": statistic, "p_value": p_value}
    large, small = (best, fitted) if inside else (fitted, best)
    ratio = max(2.0 * (float(large.log_likelihoods.sum() - small.log_likelihoods.sum())), 0.0)
    p_value = chi_square(ratio, int(large.df_model - small.df_model)).p_value
    return against | {"nested": CONTAINED if inside else CONTAINS, "likelihood_ratio": ratio, "p_value": p_value}


def _contains(large: Fit, small: Fit) -> bool:
    """Whether a form is another one with some of its terms left out, so that Vuong's test does not hold for the two."""
    one, other = large.technology, small.technology
    alike = (
        one.form.coordinate == other.form.coordinate
        and one.form.aggregates == other.form.aggregates
        and one.form.price_levels == other.form.price_levels
        and one.numeraire == other.numeraire
        and large.design.additive == small.design.additive
        and large.sample.weights == small.sample.weights
    )
    return alike and set(other.names) < set(one.names)


def vuong(first: Fit, second: Fit) -> tuple[float, float]:
    """Vuong's statistic of two fits of the same rows, positive where the first is nearer, and its two-sided p-value.

    Parameters counted by Schwarz's correction; likelihood ratios of a provider's rows are added up. Missing where the
    two fits are the same at every row.
    """
    ratios = first.log_likelihoods - second.log_likelihoods
    if first.clusters is not None:
        ratios = np.bincount(first.clusters.codes, ratios).astype(float)
    return vuong_of(ratios, first.df_model - second.df_model, first.nobs)


def vuong_of(ratios: Array, parameters: float, rows: float | None = None) -> tuple[float, float]:
    """The same from log-likelihood ratios (n,) of independent rows and the difference in parameters."""
    from scipy.special import ndtr

    spread = float(np.sqrt(len(ratios)) * ratios.std())
    if not spread > 1e-9 * max(1.0, float(np.abs(ratios).sum())):
        return np.nan, np.nan
    correction = 0.5 * parameters * float(np.log(len(ratios) if rows is None else rows))
    statistic = (float(ratios.sum()) - correction) / spread
    return statistic, 2.0 * float(ndtr(-abs(statistic)))


@dataclass(frozen=True, slots=True)
class Predicted:
    """Root mean squared error of log cost over rows left out, their number, and how many had no positive prediction."""

    error: float
    rows: int
    without: int


def folds(fitted: Fit, count: int, seed: int) -> NDArray[np.intp]:
    """The fold of each row (n,): providers are left out whole, so that none is predicted from its own other periods."""
    codes = np.arange(len(fitted.data)) if fitted.clusters is None else fitted.clusters.codes
    groups = int(codes.max()) + 1
    order = random_numbers(seed).permutation(groups) % min(count, groups)
    return order[codes]


def predict_left_out(fitted: Fit, fold: NDArray[np.intp]) -> Predicted:
    """Log cost of each fold's rows from a fit of the others, their mean residual (a frontier's inefficiency) added."""
    points, log_cost = fitted.points(), np.log(fitted.sample.rows.columns[fitted.design.cost])
    squares, seen, without = 0.0, 0, 0
    for number in range(int(fold.max()) + 1):
        out = fold == number
        try:
            others = fitted.data.where(~out, because="left out to be predicted")
            rest = refit(fitted, others, groups=None, cov_type=None)
        except (DidNotConverge, FormError, NotIdentified):
            without += int(out.sum())
            continue
        with np.errstate(invalid="ignore"):
            residual = log_cost - rest.technology.log_cost(rest.theta, points)
        known = residual[~out]
        left = residual[out] - known[np.isfinite(known)].mean()
        found = np.isfinite(left)
        squares += float(left[found] @ left[found])
        seen += int(found.sum())
        without += int((~found).sum())
    return Predicted(float(np.sqrt(squares / seen)) if seen else np.nan, seen, without)
