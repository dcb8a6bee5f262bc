"""Which of the forms that a general one contains the data can do with: likelihood-ratio tests in the nested family."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.errors import NotIdentified, NotSupported
from econmodel.estimate.nested import (
    HIGHEST,
    LOWEST,
    LOWEST_WITH_ZEROS,
    SHAPES,
    NestedFit,
    NestedRows,
    fit_all,
    moves_together,
)
from econmodel.estimate.preparation import numeraire_of
from econmodel.estimate.sample import Sample, groups_of, take, variables
from econmodel.forms.form import find_form
from econmodel.progress import board
from econmodel.results import Table, format_number, format_probability
from econmodel.stated import check_level
from econmodel.table.cost_data import CostData

Array = NDArray[np.float64]
# As near to a bound of the shape as a search that stays inside gets.
AT_BOUND = 1e-3
# Rows a parameter below which chi-squared p-values of likelihood ratios are visibly too small: assumption.
FEW_ROWS = 10
LABELS = {"log_likelihood": "log-likelihood"}


def nested_forms(data: CostData, *, conf_level: float = 0.95) -> Table:
    """Translog, Box-Cox translog, quadratic and composite as members of one family, and which of them is rejected.

    Parameters
    ----------
    data : the table; relationship variables and controls shift cost, outputs and prices enter with second-order terms
    conf_level : one less the level of the tests

    Returns
    -------
    Table
        For each member: its shape (`phi` transforms cost, `pi` outputs, `tau` the output index), parameters,
        log-likelihood of log cost, and the likelihood-ratio test against the nested form, which contains them all.

    Raises
    ------
    NotIdentified
        Where there are no more rows than the nested form has parameters, a column is constant, or columns move
        together.

    Notes
    -----
    Pulley and Braunstein (1992). Maximum likelihood over all parameters, the shape included, from several starts. The
    translog has no zero outputs and is left out where there are such. Chi-squared p-values take the errors as normal,
    alike and independent, the rows as many, and the shape as inside the bounds of the search; notes say where they are
    not.

    Examples
    --------
    >>> from econmodel.table.shipped import load
    >>> nested = nested_forms(load("italian_banks"))
    >>> nested.table["form"].tolist()[-1], bool((nested.table["log_likelihood"].diff().iloc[-1]) > 0)
    ('nested', True)
    """
    if not isinstance(data, CostData):
        raise NotSupported("The nested forms are fitted to a table: give em.load(...) or em.CostData(...), not a fit.")
    check_level(conf_level)
    rows = _rows(data)
    m, k, x = rows.outputs.shape[1], rows.prices.shape[1], rows.shifters.shape[1]
    largest = 1 + m + k + m * (m + 1) // 2 + m * k + k + k * (k + 1) // 2 + x + len(SHAPES)
    if len(rows.log_cost) <= largest:
        raise NotIdentified(
            f"{len(rows.log_cost)} rows cannot identify the {largest} parameters of the nested form. Use fewer outputs "
            "or prices: data.using(...)."
        )
    if moves_together(rows):
        raise NotIdentified(
            f"Outputs or prices move together ({', '.join([*data.outputs, *data.prices])}), so the terms of the nested "
            "form cannot be told apart. Leave one out or add them up: data.using(...)."
        )
    with board(["nested forms"]) as parts:
        done: list[str] = []

        def one_more(name: str) -> None:
            done.append(name)
            parts.step("nested forms", len(done), 6)

        found = fit_all(rows, one_more)
    table = _table(found)
    notes = _notes(found, rows, groups_of(data, None) is not None)
    return Table("Nested forms", table, _words(table, conf_level), LABELS, notes)


def _rows(data: CostData) -> NestedRows:
    """The columns as the family takes them."""
    sample: Sample = take(data)
    data, columns = sample.data, sample.rows.columns
    numeraire = numeraire_of(data, None)
    variables(sample, find_form("composite"), numeraire)  # refuses columns that do not vary
    logs = {name: np.log(columns[name]) for name in data.prices}
    log_cost = np.log(columns[data.cost])
    if numeraire is not None:
        base = logs.pop(list(data.prices)[numeraire])
        log_cost, logs = log_cost - base, {name: values - base for name, values in logs.items()}
    shifters = [
        np.log(columns[name]) if role.scale == "log" else columns[name] for name, role in data.relationships.items()
    ] + [columns[name] for name in sample.controls]
    outputs = _stack([columns[name] for name in data.outputs], len(log_cost))
    return NestedRows(
        log_cost - log_cost.mean(), outputs / outputs.mean(axis=0), _centred(list(logs.values()), len(log_cost)),
        _centred(shifters, len(log_cost)),
    )  # fmt: skip


def _stack(columns: list[Array], count: int) -> Array:
    return np.stack(columns, axis=1) if columns else np.zeros((count, 0))


def _centred(columns: list[Array], count: int) -> Array:
    stacked = _stack(columns, count)
    return stacked - stacked.mean(axis=0)


def _table(found: list[NestedFit]) -> pd.DataFrame:
    from scipy.special import chdtrc

    general = found[-1]
    rows = []
    for one in found:
        spare = general.parameters - one.parameters
        ratio = 2.0 * (general.log_likelihood - one.log_likelihood)
        p_value = float(chdtrc(spare, max(ratio, 0.0))) if spare else np.nan
        shape = dict(zip(SHAPES, one.shape.tolist(), strict=True))
        rows.append(
            {"form": one.member.name}
            | shape
            | {
                "parameters": one.parameters,
                "log_likelihood": one.log_likelihood,
                "likelihood_ratio": ratio if spare else np.nan,
                "degrees": spare if spare else np.nan,
                "p_value": p_value,
            }
        )
    return pd.DataFrame(rows)


def _words(table: pd.DataFrame, level: float) -> str:
    members = table.iloc[:-1]
    rejected = members[members["p_value"] < 1.0 - level]
    kept = members[members["p_value"] >= 1.0 - level]
    said = [f"{form} (p {format_probability(p)})" for form, p in zip(kept["form"], kept["p_value"], strict=True)]
    last = table.iloc[-1]
    shape = ", ".join(f"{name} {format_number(last[name], 3)}" for name in SHAPES)
    if not len(rejected):
        text = "No member of the nested family is rejected: the data cannot tell the forms apart."
    elif not len(kept):
        text = "Every member of the nested family is rejected: none describes the data as well as the nested form does."
    else:
        text = f"Not rejected: {', '.join(said)}; rejected: {', '.join(rejected['form'])}."
    return f"{text} The nested form itself has {shape}."


def _notes(found: list[NestedFit], rows: NestedRows, repeated: bool) -> tuple[str, ...]:
    notes = []
    if repeated:
        notes.append("The tests take rows as independent, and here providers repeat: they reject too often.")
    if len(rows.log_cost) < FEW_ROWS * found[-1].parameters:
        notes.append(
            f"{len(rows.log_cost)} rows for {found[-1].parameters} parameters: likelihood-ratio tests reject too often "
            "in so few."
        )
    if rows.has_zeros:
        notes.append("Some output is zero somewhere, so the translog is left out.")
    low = np.array(LOWEST)
    if rows.has_zeros:
        low[1] = LOWEST_WITH_ZEROS
    for one in found:
        free = np.array([value is None for value in one.member.shape])
        near = free & ((one.shape - low < AT_BOUND) | (np.array(HIGHEST) - one.shape < AT_BOUND))
        if near.any():
            names = ", ".join(np.array(SHAPES)[near])
            notes.append(
                f"{one.member.name}: {names} at the bound of the search, so its likelihood may be higher still."
            )
    return tuple(notes)
