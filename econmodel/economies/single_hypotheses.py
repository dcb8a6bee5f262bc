"""Hypotheses that are tested by themselves: no economies of scope, symmetry of shares, one technology of all types."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core import fixed_cost
from econmodel.economies.core.inference import Estimates, estimate
from econmodel.economies.core.places import resolve
from econmodel.economies.restrictions import assumptions
from econmodel.economies.scope import DEGREE, scope
from econmodel.economies.statistics import Joint, Outcome, chi_square, one_sided, restriction_table, two_sided, wald
from econmodel.errors import NotIdentified, NotSupported, UnknownName
from econmodel.estimate.covariance import cluster_scores, robust
from econmodel.estimate.design import Design
from econmodel.estimate.fit import Fit
from econmodel.estimate.least_squares import LeastSquares, linear, moments_at, nonlinear
from econmodel.table.rows import Rows
from econmodel.words import at_words

Array = NDArray[np.float64]


def no_scope_economies(fit: Fit, at: object, margin: float | None, level: float) -> Outcome:
    """The test that the degree of scope at one place is zero.

    Of an interval the null is that zero lies in it. It is rejected where every reading of the fixed cost that data
    cannot place rejects: the p-value is the largest of theirs, and one where zero lies between the ends.
    """
    places = resolve(fit, at)
    if len(places.labels) > 1:
        raise NotSupported('"no scope economies" is asked at one place: at="mean", or a mapping of outputs.')
    effects = scope(fit, at, conf_level=level)
    row = effects.row(DEGREE, places.labels[0])
    if not np.isfinite(row["conf_low"]):
        raise NotSupported(f"{effects.text} So there is no test of scope here.")
    technology = fit.technology
    groups = fixed_cost.groups_of(technology.outputs, list(technology.outputs))

    def read(reading: fixed_cost.Reading) -> Estimates:
        def degree(theta: Array) -> Array:
            return fixed_cost.degree_of_scope(technology, theta, places.point, groups, reading)

        return estimate(fit, degree, 0.0, conf_level=level)

    division = fixed_cost.specialised(technology.outputs, places.point, groups)
    readings = [read(one) for one in fixed_cost.readings(fit, division.outputs, made=places.point.outputs)]
    low, high = (float(end(one.values[0] for one in readings)) for end in (min, max))
    hardest = max(readings, key=lambda one: float(one.p_values[0]))
    p_value = 1.0 if len(readings) > 1 and low <= 0.0 <= high else float(hardest.p_values[0])
    error = max(float(one.errors[0]) for one in readings)
    several = bool(np.isnan(row["estimate"]))
    columns = ("term", "estimate", "identified_low", "identified_high", "null", "std_error")
    table = pd.DataFrame([{name: row[name] for name in columns} | {"p_value": p_value}])
    kind = "wild cluster bootstrap" if fit.wild else "t squared"
    joint = Joint(kind, float(hardest.statistics[0] ** 2), 1, fit.freedom, p_value)
    note = (
        "The data identify an interval of the degree of scope only: the p-value is the largest of any way to divide "
        "the fixed cost, and one where zero lies inside."
    )
    small = None if margin is None else one_sided((low, high), error, 0.0, fit.freedom, margin, level)
    null = f"making the outputs together costs as much as making them apart at {at_words(places.labels[0])}"
    return Outcome("no scope economies", null, table, joint, None, (note,) if several else (), small)


def symmetry(fit: Fit) -> Outcome:
    """The test that share equations fitted freely agree: a price's effect on another's share, and the other way round.

    Each share is regressed on all log prices (relative to the numeraire), outputs and relationship variables with
    coefficients of its own. In a cost function the slope of share k by price l is that of share l by price k
    (Shephard's lemma). The covariance is robust (HC1), clustered where the fit has clusters.

    Raises
    ------
    NotSupported
        Where there are no share equations, or none that could disagree.
    """
    if not fit.error_model.shares:
        raise NotSupported(
            "One cost equation has symmetric price terms by the way it is written, so symmetry cannot be tested in it. "
            'Fit cost and shares together: em.fit(data, estimator="system").'
        )
    technology = fit.technology
    if technology.is_level:
        raise NotSupported(
            f"The share equations of the {technology.form.title} form are not linear, so they cannot be fitted freely "
            'one by one. Use form="translog".'
        )
    m = len(technology.outputs)
    relative = [name for place, name in enumerate(technology.prices) if place != technology.numeraire]
    shares = {price: share for price, share in fit.error_model.shares.items() if price in relative}
    pairs = [(a, b) for place, a in enumerate(shares) for b in list(shares)[place + 1 :]]
    if not pairs:
        raise NotSupported(
            "Symmetry compares two share equations, and this system keeps fewer than two whose prices are not what all "
            "is divided by. Name the cost shares of more inputs, or drop the share of the last price."
        )
    z = technology.coordinates(fit.points())[:, : m + len(relative) + len(technology.relationships)]
    regressors = np.column_stack([np.ones(len(z)), z])
    responses = fit.data.frame[list(shares.values())].to_numpy(dtype=float)
    slopes, covariance, freedom = _regress(regressors, responses, fit)
    contrast, order = np.zeros((len(pairs), slopes.size)), list(shares)
    for row, (a, b) in enumerate(pairs):
        contrast[row, order.index(a) * regressors.shape[1] + 1 + m + relative.index(b)] = 1.0
        contrast[row, order.index(b) * regressors.shape[1] + 1 + m + relative.index(a)] = -1.0
    labels = [f"{b} in the share of {a}, less {a} in that of {b}" for a, b in pairs]
    values, covariance = contrast @ slopes, contrast @ covariance @ contrast.T
    errors = np.sqrt(np.diag(covariance))
    table = restriction_table(labels, values, errors, two_sided(values / errors, freedom))
    null = "share equations fitted freely have symmetric price terms"
    return Outcome("symmetry", null, table, wald(values, covariance, freedom))


def _regress(regressors: Array, responses: Array, fit: Fit) -> tuple[Array, Array, float]:
    """Slopes of all equations, one after another, with their covariance and degrees of freedom."""
    inverse = np.linalg.inv(regressors.T @ regressors)
    slopes = inverse @ regressors.T @ responses
    residuals = responses - regressors @ slopes
    n, k = regressors.shape
    scores = (residuals[:, :, None] * regressors[:, None, :]).reshape(n, -1)
    freedom, correction = float(n - k), n / (n - k)
    if fit.clusters is not None:
        groups = len(fit.clusters.sizes)
        summed = np.zeros((groups, scores.shape[1]))
        np.add.at(summed, fit.clusters.codes, scores)
        scores, freedom, correction = summed, groups - 1.0, groups / (groups - 1) * (n - 1) / (n - k)
    wide = np.kron(np.eye(responses.shape[1]), inverse)
    return slopes.T.ravel(), correction * wide @ (scores.T @ scores) @ wide, freedom


@dataclass(frozen=True, slots=True, eq=False)
class Types:
    """Least squares for each type of provider, all around the same centre.

    Attributes
    ----------
    names : of the types, the most frequent first
    counts : rows of each
    designs, solutions : the rows of each type with the cost function, and what least squares found there
    rows : places of each type's rows in the table
    """

    names: tuple[str, ...]
    counts: tuple[int, ...]
    designs: tuple[Design, ...]
    solutions: tuple[LeastSquares, ...]
    rows: tuple[NDArray[np.intp], ...]

    @property
    def squares(self) -> float:
        """Squared residuals of all types."""
        return sum(one.residual_squares for one in self.solutions)

    @property
    def freedom(self) -> int:
        """Rows less the parameters of every type."""
        return sum(self.counts) - sum(len(one.theta) for one in self.solutions)


def common_technology(fit: Fit, by: str | None, statistic: str) -> Outcome:
    """The test that all types have the parameters of the first: Wald, or the likelihood ratio of normal errors.

    Raises
    ------
    UnknownName, NotSupported, NotIdentified
        Where there is no such column, or one type only; where the fit is none of least squares; where a type's rows
        cannot tell its parameters apart.
    """
    if by is None:
        raise NotSupported('"common technology" compares types of provider: name their column with by="...".')
    types = _by_type(fit, by)
    theta = np.stack([one.theta for one in types.solutions])
    # Parameters of each further type less those of the first, (T - 1) k.
    wide = np.kron(np.hstack([-np.ones((len(theta) - 1, 1)), np.eye(len(theta) - 1)]), np.eye(theta.shape[1]))
    values, covariance = (theta[1:] - theta[0]).ravel(), wide @ _covariance(fit, types) @ wide.T
    named = ", ".join(f"{name} ({count})" for name, count in zip(types.names, types.counts, strict=True))
    notes: tuple[str, ...] = (f"Types and their rows: {named}.",)
    if statistic == "likelihood_ratio":
        joint = chi_square(float(fit.nobs * np.log(fit.ssr / types.squares)), values.size)
        notes += assumptions(fit)
    else:
        joint = wald(values, covariance, fit.freedom if fit.cov_type == "cluster" else float(types.freedom))
    if fit.wild:
        notes += ("There are few clusters, and this p-value is classical: it takes rows to be independent.",)
    labels = [f"{name}: {other} less {types.names[0]}" for other in types.names[1:] for name in fit.technology.names]
    errors = np.sqrt(np.diag(covariance))
    table = restriction_table(labels, values, errors, two_sided(values / errors, joint.freedom))
    return Outcome("common technology", f"all types of {by} have one cost function", table, joint, notes=notes)


def _by_type(fit: Fit, by: str) -> Types:
    if not fit.error_model.is_plain or fit.effects is not None:
        raise NotSupported(
            "A common technology is tested between fits by least squares without provider effects: use "
            'em.fit(..., estimator="least_squares", effects=None).'
        )
    labels = _labels(fit, by)
    counts = labels.value_counts()
    if len(counts) < 2:
        raise NotSupported(f"Every row has the same {by}, so there is only one technology. Name a column with types.")
    rows = tuple(np.flatnonzero((labels == name).to_numpy()) for name in counts.index)
    k, columns = len(fit.theta), fit.sample.rows.columns
    designs, solutions = [], []
    for name, places in zip(counts.index, rows, strict=True):
        if len(places) <= k:
            raise NotIdentified(
                f"{by} {name} has {len(places)} rows for {k} parameters of its own. Use fewer second-order terms "
                '(second_order="outputs" or "none"), or put small types together.'
            )
        design = replace(fit.design, rows=Rows({key: column[places] for key, column in columns.items()}))
        try:
            found = nonlinear(design) if fit.technology.is_level else linear(design, moments_at(design, None, None))
        except NotIdentified as fault:
            raise NotIdentified(f"Of {by} {name} alone: {fault}") from fault
        designs.append(design)
        solutions.append(found)
    names = tuple(str(name) for name in counts.index)
    return Types(names, tuple(map(len, rows)), tuple(designs), tuple(solutions), rows)


def _labels(fit: Fit, by: str) -> "pd.Series[str]":
    frame = fit.data.frame
    if by not in frame.columns:
        raise UnknownName(f"There is no column {by!r}. The columns are {', '.join(map(str, frame.columns))}.")
    if frame[by].isna().any():
        raise NotSupported(
            f"{by} is missing in {int(frame[by].isna().sum())} of the rows used, which have no type. Leave them out "
            'with data.where(..., because="...").'
        )
    return frame[by].astype(str)


def _covariance(fit: Fit, types: Types) -> Array:
    """Covariance of all types' parameters (T k, T k); clusters may have rows of several types."""
    k, count = len(fit.theta), len(types.names)
    whole = np.zeros((count, k, count, k))
    if fit.cov_type == "cluster":
        assert fit.clusters is not None
        groups, moved = len(fit.clusters.sizes), []
        for design, solution, rows in zip(types.designs, types.solutions, types.rows, strict=True):
            scores = cluster_scores(design.blocks(solution.theta), fit.clusters.codes[rows], groups)
            moved.append(scores @ solution.inverse_gram)
        stacked = np.hstack(moved)
        correction = groups / (groups - 1) * (sum(types.counts) - 1) / types.freedom
        return correction * stacked.T @ stacked
    for place, (design, solution, rows) in enumerate(zip(types.designs, types.solutions, types.rows, strict=True)):
        if fit.cov_type == "nonrobust":
            found = types.squares / types.freedom * solution.inverse_gram
        else:
            blocks = design.blocks(solution.theta)
            found, _ = robust(blocks, solution.inverse_gram, fit.cov_type, len(rows), k)
        whole[place, :, place] = found
    return whole.reshape(count * k, count * k)
