"""Gaps between groups of providers: as they stand, with other things held, and what lies between the two."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.economies.core.inference import Estimates, by_place, tabulate
from econmodel.errors import NotIdentified, NotSupported, TableError, UnknownName
from econmodel.frames import in_pandas
from econmodel.results import INTERVAL_COLUMNS, Effects, format_number, format_probability, with_interval
from econmodel.stated import check_level
from econmodel.table.roles import nearest
from econmodel.verdict import judge_row
from econmodel.words import capital, listed, verdict_words

Array = NDArray[np.float64]
RAW, HELD, THROUGH = "raw gap", "gap with the rest held", "through "
VARIANCE = "variance"
# Two to the number of groups regressions give the shares of variance.
MOST_GROUPS = 10
SINGULAR = 1e-10


@dataclass(frozen=True, slots=True, eq=False)
class Influence:
    """An estimate (k,) and what each of n rows moves it by (n, k)."""

    values: Array
    rows: Array

    @property
    def errors(self) -> Array:
        """Standard errors (k,)."""
        return np.sqrt((self.rows**2).sum(axis=0))


def gaps(
    table: pd.DataFrame,
    outcome: str,
    between: str,
    holding: str | Sequence[str] | Mapping[str, str | Sequence[str]],
    *,
    reference: str | None = None,
    conf_level: float = 0.95,
) -> Effects:
    """How groups differ in an outcome as they stand, and with other things held; and through what the rest comes.

    Parameters
    ----------
    table : one row a provider
    outcome : column of numbers, such as the log of unit cost (gaps are then relative)
    between : column of words: the groups that are compared, such as sectors
    holding : column or columns to hold, or name -> those that are held together. A column of words becomes one a value
    reference : group that the others are compared with; by default the largest
    conf_level : of intervals, from standard errors that allow for uneven noise (HC3)

    Returns
    -------
    Effects
        For each other group (`at`) the terms "raw gap", "gap with the rest held" and "through <what is held>", null 0.
        The last two kinds add up to the first exactly. Further table "variance": what share of the outcome's variance
        goes with the groups and with each thing held: alone, given the others, and as a Shapley value.

    Raises
    ------
    UnknownName, TableError, NotIdentified, NotSupported
        With the cure: a column that is not there, missing or infinite values, groups or things held that the rows do
        not tell apart.

    Notes
    -----
    With X1 the groups and X2 what is held, least squares gives b1 (X1 alone) and (c1, c2) (both), and
    b1 = c1 + (X1'X1)^-1 X1'X2 c2 exactly (Gelbach, 2016): "through" is the second term, by what is held. Standard
    errors are those of the rows' influence on both regressions. What is held but follows from the group (a sector that
    is small because it is that sector) is part of what the group does; what sorts groups and is not in the table stays
    in the gap with the rest held.

    Examples
    --------
    >>> homes = pd.DataFrame({"sector": ["public", "third"] * 4, "tier": list("AAABABBB")})
    >>> homes = homes.assign(size=[3, 1, 4, 1, 5, 9, 2, 6], cost=[2.1, 1.2, 2.9, 3.0, 3.8, 7.4, 3.6, 5.5])
    >>> found = gaps(homes, "cost", "sector", ["tier", "size"]).table.set_index("term")["estimate"]
    >>> bool(abs(found["raw gap"] - found.drop("raw gap").sum()) < 1e-12)
    True
    """
    check_level(conf_level)
    if not isinstance(holding, Mapping):
        holding = {str(name): str(name) for name in ([holding] if isinstance(holding, str) else holding)}
    held = {name: [columns] if isinstance(columns, str) else list(columns) for name, columns in holding.items()}
    table = in_pandas(table)
    _check(table, outcome, between, held)
    y = table[outcome].to_numpy(dtype=float)
    levels = _levels(table, between, reference)
    belongs = table[between].to_numpy(dtype=object)
    groups = np.column_stack([belongs == level for level in levels[1:]]).astype(float)
    columns = {name: _columns(table, names) for name, names in held.items()}
    _check_rank(table, between, groups, columns)
    raw, kept, through = _split(y, groups, columns)
    freedom = len(y) - 1 - groups.shape[1] - sum(value.shape[1] for value in columns.values())
    terms = {RAW: raw, HELD: kept, **{THROUGH + name: part for name, part in through.items()}}
    gaps_of = [f"{level} less {levels[0]}" for level in levels[1:]]
    table = by_place(
        tabulate(
            [term for term in terms for _ in gaps_of], [*gaps_of] * len(terms),
            _estimates(list(terms.values()), freedom, conf_level), np.ones(len(terms) * len(gaps_of), dtype=bool),
        ),
        len(gaps_of),
    ).drop(columns=list(INTERVAL_COLUMNS))  # fmt: skip
    shares = variance_shares(y, {between: groups, **columns})
    return Effects(
        f"Gaps in {outcome} between the values of {between}", table,
        _text(table, shares, between, list(held), conf_level), tables={VARIANCE: pd.DataFrame(shares)},
        method="influence", conf_level=conf_level,
    )  # fmt: skip


def _check(table: pd.DataFrame, outcome: str, between: str, held: Mapping[str, list[str]]) -> None:
    named = [outcome, between, *(column for columns in held.values() for column in columns)]
    unknown = [name for name in named if name not in table]
    if unknown:
        known = list(map(str, table.columns))
        raise UnknownName(
            f"{', '.join(unknown)} is not a column of the table. It has {', '.join(known)}"
            f"{nearest(unknown[0], known) or '.'}"
        )
    twice = [name for name in dict.fromkeys(named) if named.count(name) > 1]
    if twice:
        raise NotSupported(f"{', '.join(twice)} is asked for twice: what is compared cannot be held too.")
    if not held or len(held) >= MOST_GROUPS:
        raise NotSupported(
            f"{len(held)} things are held: give one at least and fewer than {MOST_GROUPS}, or hold some together, "
            'holding={"place": ["region", "rural"]}.'
        )
    if not pd.api.types.is_numeric_dtype(table[outcome]):
        raise TableError(f"{outcome} must be a column of numbers: it is the outcome that is compared.")
    for name in named:
        bad = int(table[name].isna().sum())
        if pd.api.types.is_numeric_dtype(table[name]):
            bad = int((~np.isfinite(table[name].to_numpy(dtype=float))).sum())
        if bad:
            raise TableError(
                f"{name} is missing or infinite in {bad:,} of {len(table):,} rows. Leave those rows out, and say why: "
                f'table.dropna(subset=["{name}"]).'
            )


def _levels(table: pd.DataFrame, between: str, reference: str | None) -> list[str]:
    """The groups, the reference first and then by name."""
    counts = Counter(table[between])
    if len(counts) < 2:
        raise NotSupported(f"{between} has one value only, so there is no gap: compare two groups at least.")
    if reference is not None and reference not in counts:
        known = sorted(map(str, counts))
        raise UnknownName(
            f"reference={reference!r} is no value of {between}. It has {', '.join(known)}"
            f"{nearest(reference, known) or '.'}"
        )
    names = sorted(counts, key=str)
    first = reference if reference is not None else max(names, key=lambda name: counts[name])
    return [first, *(name for name in names if name != first)]


def _columns(table: pd.DataFrame, names: Sequence[str]) -> Array:
    """Numbers as they are; of words a column for each value but the first."""
    found = []
    for name in names:
        if pd.api.types.is_numeric_dtype(table[name]):
            found.append(table[name].to_numpy(dtype=float)[:, None])
        else:
            words = table[name].to_numpy(dtype=object)
            others = sorted(set(words), key=str)[1:]
            found.append(np.array([words == value for value in others] or [np.zeros(len(words))], dtype=float).T)
    return np.hstack(found)


def _check_rank(table: pd.DataFrame, between: str, groups: Array, columns: Mapping[str, Array]) -> None:
    so_far, names = np.column_stack([np.ones(len(table)), groups]), [between]
    for name, value in columns.items():
        so_far = np.hstack([so_far, value])
        scaled = so_far / np.maximum(np.sqrt((so_far**2).sum(axis=0)), np.finfo(float).tiny)
        if np.linalg.svd(scaled, compute_uv=False)[-1] < SINGULAR:
            raise NotIdentified(
                f"{name} cannot be told from {', '.join(names)}: in these {len(table):,} rows it is constant, or one "
                "follows from the others. Hold it together with them, or leave it out."
            )
        names.append(name)
    if so_far.shape[0] <= so_far.shape[1] + 1:
        raise NotIdentified(
            f"{so_far.shape[0]} rows cannot tell {so_far.shape[1]} columns apart. Hold fewer things, or add rows."
        )


def _split(y: Array, groups: Array, columns: Mapping[str, Array]) -> tuple[Influence, Influence, dict[str, Influence]]:
    """The raw gaps, the gaps held, and the difference by what is held; all with influences of the rows."""
    first = np.column_stack([np.ones(len(y)), groups])
    held = np.hstack(list(columns.values()))
    raw = _least_squares(first, y[:, None])
    full = _least_squares(np.hstack([first, held]), y[:, None])
    sorted_by = _least_squares(first, held)
    p, count = first.shape[1], groups.shape[1]
    of_held = slice(p, p + held.shape[1])
    slopes, moves = full.values[of_held, 0], full.rows[:, of_held, 0]
    through, start = {}, 0
    for name, value in columns.items():
        here = slice(start, start + value.shape[1])
        start += value.shape[1]
        gamma, gamma_moves = sorted_by.values[1:, here], sorted_by.rows[:, 1:, here]
        rows = moves[:, here] @ gamma.T + gamma_moves @ slopes[here]
        through[name] = Influence(gamma @ slopes[here], rows)
    kept = slice(1, 1 + count)
    return (
        Influence(raw.values[kept, 0], raw.rows[:, kept, 0]),
        Influence(full.values[kept, 0], full.rows[:, kept, 0]),
        through,
    )


def _least_squares(x: Array, y: Array) -> Influence:
    """Coefficients (k, q) of q outcomes, and influences (n, k, q) with residuals over one less leverage (HC3)."""
    basis, triangle = np.linalg.qr(x)
    inverse = np.linalg.inv(triangle)
    values = inverse @ (basis.T @ y)
    leverage = (basis**2).sum(axis=1)
    residuals = (y - x @ values) / np.maximum(1.0 - leverage, SINGULAR)[:, None]
    return Influence(values, (basis @ inverse.T)[:, :, None] * residuals[:, None, :])


def _estimates(found: Sequence[Influence], freedom: int, level: float) -> Estimates:
    """Estimates of all influences one behind the other, with t intervals and p-values against zero."""
    from scipy.special import stdtr, stdtrit

    values, errors = (np.concatenate([getattr(one, name) for one in found]) for name in ("values", "errors"))
    known, zeros = errors > 0, np.zeros_like(values)
    statistics = np.where(known, values / np.where(known, errors, 1.0), np.nan)
    margin = float(stdtrit(freedom, 0.5 + level / 2.0)) * errors
    p_values = np.where(known, 2.0 * stdtr(freedom, -np.abs(statistics)), np.nan)
    return Estimates(values, errors, values - margin, values + margin, zeros, statistics, p_values, zeros)


def _text(
    table: pd.DataFrame, shares: Sequence[Mapping[str, Any]], between: str, held: Sequence[str], level: float
) -> str:
    sentences = []
    for at, rows in table.groupby("at", sort=False):
        raw, kept = (
            with_interval(row["estimate"], row["conf_low"], row["conf_high"], level)
            for _, row in rows.iloc[:2].iterrows()
        )
        verdict = judge_row(rows.iloc[1], level)
        clear = "" if verdict.differs else f": {verdict_words(verdict, '', '')}"
        named = listed(name.replace("_", " ") for name in held)
        sentences.append(f"{capital(str(at))}: {raw} as they are, {kept} with {named} held{clear}.")
    own = next(share for share in shares if share["group"] == between)
    alone, last, chance = (format_number(100 * own[name], 2) for name in ("alone", "given_the_others", "by_chance"))
    sentences.append(
        f"Alone, {between} is associated with {alone} % of the variance; what it adds to the rest is {last} %, where "
        f"chance alone would add {chance} % (p {format_probability(own['p_value'])})."
    )
    return " ".join(sentences)


def variance_shares(outcome: Array, groups: Mapping[str, Array]) -> list[dict[str, Any]]:
    """Shares of the variance of an outcome (n,) for groups of columns (n, k) each.

    Parameters
    ----------
    outcome : (n,)
    groups : name -> (n, k) columns, together without a constant and of full rank with one

    Returns
    -------
    list
        One record a group: `columns` (how many), `alone` (R-squared of this group only), `given_the_others` (what it
        adds when it comes last), `by_chance` (what so many columns of noise would add there on average: (1 - R-squared
        of the others) times columns over degrees of freedom), `p_value` (F test of the group, classical), and `share`:
        its Shapley value, the mean of what it adds over all orders. Shares add up to R-squared exactly.

    Notes
    -----
    Shapley value of R-squared: Lindeman, Merenda and Gold (1980); Shorrocks (2013). It is symmetric and adds up, and it
    describes: where groups go together it divides between them what nothing in the data divides.

    Examples
    --------
    >>> noise = np.array([1.0, -1.0, -1.0, 1.0])
    >>> sector, size = np.array([0.0, 0, 1, 1])[:, None], np.array([0.0, 1, 0, 1])[:, None]
    >>> found = variance_shares(3 * sector[:, 0] + size[:, 0] + noise, {"sector": sector, "size": size})
    >>> [round(14 * record["share"], 12) for record in found]
    [9.0, 1.0]
    """
    names = tuple(groups)
    explained = _explained(outcome, groups)
    everything = frozenset(names)
    whole, n = explained[everything], len(outcome)
    used = 1 + sum(columns.shape[1] for columns in groups.values())
    rows = []
    for name in names:
        count = groups[name].shape[1]
        others = explained[everything - {name}]
        left = n - used
        rows.append(
            {
                "group": name,
                "columns": count,
                "alone": explained[frozenset({name})],
                "given_the_others": whole - others,
                "by_chance": (1.0 - others) * count / (left + count),
                "p_value": _p_value(whole - others, 1.0 - whole, count, left),
                "share": _shapley(name, names, explained),
            }
        )
    return rows


def _explained(outcome: Array, groups: Mapping[str, Array]) -> dict[frozenset[str], float]:
    """R-squared of every set of groups."""
    centred = outcome - outcome.mean()
    columns = {name: value - value.mean(axis=0) for name, value in groups.items()}
    total = float(centred @ centred)
    found = {frozenset[str](): 0.0}
    for count in range(1, len(groups) + 1):
        for some in combinations(groups, count):
            basis = np.linalg.qr(np.hstack([columns[name] for name in some]))[0]
            found[frozenset(some)] = float(((basis.T @ centred) ** 2).sum()) / total
    return found


def _shapley(name: str, names: tuple[str, ...], explained: Mapping[frozenset[str], float]) -> float:
    others, m = [other for other in names if other != name], len(names)
    value = 0.0
    for count in range(m):
        weight = factorial(count) * factorial(m - count - 1) / factorial(m)
        for some in combinations(others, count):
            value += weight * (explained[frozenset({*some, name})] - explained[frozenset(some)])
    return value


def _p_value(added: float, unexplained: float, count: int, left: int) -> float:
    from scipy.special import fdtrc

    if not unexplained > 0:
        return float("nan")
    return float(fdtrc(count, left, max(added, 0.0) / count / (unexplained / left)))
