"""How strong something left out would have to be: sensitivity of scale and relationship (Cinelli and Hazlett, 2020).

Everything follows from t, the degrees of freedom and partial R-squared; no further fit is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.bracket import ray_elasticity, relationship_slope
from econmodel.economies.core.places import resolve, without_cost_there
from econmodel.errors import NotSupported, UnknownName
from econmodel.estimate.delta import jacobian
from econmodel.estimate.fit import Fit
from econmodel.forms.form import relative_prices
from econmodel.results import Table, format_number, with_interval
from econmodel.stated import check_level

Array = NDArray[np.float64]
SCALE = "scale"
# A residual that is a smaller share of the variation of cost is rounding.
NO_RESIDUAL = 1e-12
LABELS = {
    "term": "of", "explains_percent": "explains, %", "robustness_percent": "robustness value, %",
    "of_cost_percent": "of what is left of cost, %", "of_variable_percent": "of the variable, %",
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Coefficient:
    """What sensitivity needs of one coefficient: its value, null, classical error, degrees of freedom."""

    value: float
    null: float
    error: float
    freedom: float

    @property
    def strength(self) -> float:
        """|t| against the null over the root of the degrees of freedom (Cohen's partial f)."""
        return abs(self.value - self.null) / self.error / float(np.sqrt(self.freedom))

    @property
    def explained(self) -> float:
        """Share of the residual variance of cost that the variable alone explains, the null taken out."""
        return self.strength**2 / (1.0 + self.strength**2)

    def robustness(self, level: float | None = None) -> float:
        """Share of the residual variance of cost, and of the variable, that would bring the estimate to its null.

        With a level, that would make it insignificant there.
        """
        from scipy.special import stdtrit

        least = 0.0
        if level is not None:
            least = float(stdtrit(self.freedom - 1.0, 0.5 + level / 2.0)) / float(np.sqrt(self.freedom - 1.0))
        left = self.strength - least
        if left <= 0:
            return 0.0
        found = 0.5 * (np.sqrt(left**4 + 4.0 * left**2) - left**2)
        if self.strength * least <= 1.0:
            return float(found)
        # So strong an estimate that only what explains all of cost, and little of the variable, could undo it.
        return float((self.strength**2 - least**2) / (1.0 + self.strength**2))

    def adjusted(self, of_cost: float, of_variable: float) -> tuple[float, float]:
        """Estimate and error if what is left out explains these shares of what is left of cost and of the variable."""
        bias = self.error * np.sqrt(self.freedom * of_cost * of_variable / (1.0 - of_variable))
        error = self.error * np.sqrt((1.0 - of_cost) / (1.0 - of_variable) * self.freedom / (self.freedom - 1.0))
        return float(self.value - np.sign(self.value - self.null) * bias), float(error)


def sensitivity(
    fit: Fit,
    of: str | None = None,
    benchmark: str | Sequence[str] = (),
    multiples: float | Sequence[float] = (1.0, 2.0, 3.0),
    *,
    conf_level: float = 0.95,
) -> Table:
    """How strong something left out would have to be to undo what the fit says of scale or a relationship.

    Parameters
    ----------
    fit : a fit
    of : "scale" (the ray elasticity of cost at the mean, against one) or a relationship variable (its slope of log cost
        at the mean, against zero); by default all of them
    benchmark : controls, prices or relationship variables of the fit to compare with: something left out that is as
        strong as they are, in every term, once what else is in the fit is held
    multiples : how many times as strong, above zero

    Returns
    -------
    Table
        For each `term`: estimate, `explains_percent` of the residual variance, the robustness value (the share of what
        is left of cost, and of the variable, that something left out must explain to bring the estimate to its null),
        `robustness_percent`, and the same for its significance at the level of the intervals, `significance_percent`;
        then each benchmark's bounds (`of_cost_percent`, `of_variable_percent`), with the estimate and interval that
        would remain.

    Raises
    ------
    UnknownName
        For a variable or a benchmark that the fit does not have; the message lists those it has.
    NotSupported
        For a fit that is not least squares or leaves no residual, multiples that are not above zero, and a benchmark so
        strong that no such thing can be left out, or compared with itself alone.

    Notes
    -----
    Cinelli and Hazlett (2020), with classical standard errors, as their bounds require; for a measure that is a sum of
    parameters (scale with several outputs) after the change of variables that makes it one.

    Examples
    --------
    >>> from econmodel.estimate.fitting import fit
    >>> from econmodel.table.shipped import load
    >>> schools = fit(load("california_schools"), form="cobb_douglas")
    >>> robust = sensitivity(schools, "teachers_per_pupil", benchmark="lunch")
    >>> robust.table["term"].tolist(), len(robust.tables["benchmarks"])
    (['staffing per pupil'], 3)
    """
    if not fit.error_model.is_plain:
        raise NotSupported(
            "Sensitivity to what is left out is worked out for least squares, with nothing imposed. Fit the same "
            'columns with estimator="least_squares" and effects=None or "within", or use instruments.'
        )
    check_level(conf_level)
    wanted = _wanted(fit, of)
    names = (benchmark,) if isinstance(benchmark, str) else tuple(benchmark)
    times = (float(multiples),) if isinstance(multiples, int | float) else tuple(multiples)
    if not all(isinstance(one, int | float) and 0.0 < one < np.inf for one in times):
        raise NotSupported(f"multiples={multiples!r}: how many times as strong is a number above zero, or several.")
    if names and wanted == list(names):
        raise NotSupported(
            f"{wanted[0]} cannot be compared with itself. Name another benchmark, or ask what a thing as strong would "
            'do to scale: of="scale".'
        )
    coefficients = {name: _coefficient(fit, name) for name in wanted}
    variables = fit.technology.relationships
    labels = {SCALE: SCALE} | {_key(name): fit.data.labels(name) for name in variables if name != SCALE}
    labels = {name: labels.get(name, name) for name in wanted}
    table = pd.DataFrame(
        {
            "term": labels[name], "estimate": one.value, "null": one.null, "explains_percent": 100.0 * one.explained,
            "robustness_percent": 100.0 * one.robustness(), "significance_percent": 100.0 * one.robustness(conf_level),
        }
        for name, (one, _) in coefficients.items()
    )  # fmt: skip
    bounds = pd.DataFrame(
        row
        for name, (one, gradient) in coefficients.items()
        for other in names
        if other != name
        for row in _bounds(fit, labels[name], one, gradient, other, times, conf_level)
    )
    tables = {"benchmarks": bounds} if len(bounds) else {}
    notes = ("Classical standard errors, as these bounds require; intervals of the fit itself may be wider.",)
    headings = LABELS | {"significance_percent": f"at {100 * conf_level:g} %, %"}
    return Table(
        "What something left out would have to be", table, _words(table, bounds, conf_level), headings, notes, tables
    )


def _wanted(fit: Fit, of: str | None) -> list[str]:
    known = [SCALE, *(_key(name) for name in fit.technology.relationships)]
    if of is None:
        return known
    if of not in known:
        raise UnknownName(f"of={of!r} is not known. It may be {', '.join(known)}.")
    return [of]


def _key(name: str) -> str:
    """What a relationship variable is asked for by: its name, and more where that is "scale"."""
    return f"relationship: {name}" if name == SCALE else name


def _coefficient(fit: Fit, name: str) -> tuple[Coefficient, Array]:
    place = None if name == SCALE else [_key(one) for one in fit.technology.relationships].index(name)
    measure = ray_elasticity(fit) if place is None else relationship_slope(fit, place)
    gradient = jacobian(measure, fit.theta)[0]
    error = float(np.sqrt(gradient @ fit.error_model.classical_covariance @ gradient))
    if not 1.0 - fit.rsquared > NO_RESIDUAL:
        raise NotSupported(
            "The fit leaves no residual, so nothing was left out that moves cost. Look for an output, a price or a "
            "relationship variable that was made from cost."
        )
    if not fit.df_resid > 1:
        raise NotSupported(
            f"{fit.nobs:g} rows and {fit.df_model + 1:g} parameters leave {fit.df_resid:g} degree of freedom, "
            "and something left out would take it. Use more rows, or a form with fewer parameters."
        )
    null, value = 1.0 if place is None else 0.0, float(measure(fit.theta)[0])
    if value != value:
        raise NotSupported(f"{without_cost_there(fit, resolve(fit, 'mean'))[1]} So there is nothing to undo.")
    return Coefficient(value, null, error, fit.df_resid), gradient


def _bounds(
    fit: Fit,
    label: str,
    one: Coefficient,
    gradient: Array,
    benchmark: str,
    multiples: Sequence[float],
    level: float,
) -> list[dict[str, object]]:
    """One row a multiple: bounds on the two shares, and what would remain."""
    from scipy.special import stdtrit

    places = _terms_of(fit, benchmark)
    inverse = fit.solution.inverse_gram
    own = float(gradient @ inverse @ gradient)
    inner = inverse[np.ix_(places, places)]
    crossed = inverse[places] @ gradient
    # What the benchmark explains of the variable, of cost, and what the two shares become for something as strong.
    of_variable = float(crossed @ np.linalg.solve(inner, crossed)) / own
    squares = float(fit.theta[places] @ np.linalg.solve(inner, fit.theta[places]))
    of_cost = squares / (squares + fit.ssr)
    rows: list[dict[str, object]] = []
    for times in multiples:
        shares = bounds_of(times, of_variable, of_cost)
        if shares is None:
            raise NotSupported(
                f"Nothing left out can be {format_number(times)} times as strong as {benchmark}, which already "
                f"explains {100 * of_variable:.0f} % of what is left of {label}. Use smaller multiples."
            )
        value, error = one.adjusted(*shares)
        margin = float(stdtrit(one.freedom - 1.0, 0.5 + level / 2.0)) * error
        rows.append(
            {
                "term": label, "benchmark": benchmark, "times": times, "of_cost_percent": 100.0 * shares[0],
                "of_variable_percent": 100.0 * shares[1], "estimate": value, "conf_low": value - margin,
                "conf_high": value + margin,
            }
        )  # fmt: skip
    return rows


def bounds_of(times: float, of_variable: float, of_cost: float) -> tuple[float, float] | None:
    """Bounds on the shares of cost and of the variable for something `times` as strong as a benchmark.

    Parameters
    ----------
    of_variable : share of what is left of the variable that the benchmark explains
    of_cost : the same of cost, with the variable held

    Returns
    -------
    the two shares (of cost, at most one; of the variable); None where nothing can be so strong
    """
    odds = times * of_variable / (1.0 - of_variable)
    if not odds < 1.0 or not times * of_variable < 1.0:
        return None
    shared = times * of_variable**2 / ((1.0 - times * of_variable) * (1.0 - of_variable))
    if not shared < 1.0:
        return None
    eta = (np.sqrt(times) + np.sqrt(shared)) / np.sqrt(1.0 - shared)
    return float(min(eta**2 * of_cost / (1.0 - of_cost), 1.0)), float(odds)


def _terms_of(fit: Fit, benchmark: str) -> NDArray[np.intp]:
    """Places of all parameters of a control, price or relationship variable."""
    t = fit.technology
    known = [*t.controls, *t.relationships, *(name for place, name in enumerate(t.prices) if place != t.numeraire)]
    if benchmark not in known:
        raise UnknownName(f"benchmark={benchmark!r} is not in the fit. It may be {', '.join(known) or 'nothing here'}.")
    others = [name for place, name in enumerate(t.prices) if place != t.numeraire]
    relative = dict(zip(others, relative_prices(t.form, t.prices, t.numeraire), strict=True)).get(benchmark, benchmark)

    def of_it(term: str) -> bool:
        return relative in term.removeprefix("half ").removesuffix(" squared").split(" x ")

    return np.array([place for place, name in enumerate(t.names) if of_it(name)], dtype=np.intp)


def _words(table: pd.DataFrame, bounds: pd.DataFrame, level: float) -> str:
    sentences, at = [], f"{100 * (1 - level):g} %"
    for _, row in table.iterrows():
        term, significance = row["term"], row["significance_percent"]
        sentences.append(
            f"Something left out that explains {row['robustness_percent']:.1f} % of what is left of cost, and of "
            f"{term}, would bring {term} from {format_number(row['estimate'])} to {format_number(row['null'])}"
            + (
                f"; {significance:.1f} % would take away its significance at {at}."
                if significance > 0
                else f", from which it does not differ at {at} as it stands."
            )
        )
    strongest = bounds.groupby(["term", "benchmark"], sort=False).tail(1) if len(bounds) else bounds
    for _, row in strongest.iterrows():
        sentences.append(
            f"If it were {format_number(row['times'])} times as strong as {row['benchmark']}, {row['term']} would be "
            f"{with_interval(row['estimate'], row['conf_low'], row['conf_high'], level)}."
        )
    return " ".join(sentences)
