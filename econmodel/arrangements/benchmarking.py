"""Merger gains without a cost function: data envelopment, as Bogetoft and Wang first defined the factors."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.partners import check_partners, require_once, row_of
from econmodel.economies.core.identity import assert_adds_up
from econmodel.errors import TableError, UnknownName
from econmodel.frames import in_pandas
from econmodel.results import Table, format_number
from econmodel.table.cost_data import CostData
from econmodel.table.roles import nearest

Array = NDArray[np.float64]
Returns = Literal["variable", "constant", "decreasing", "increasing"]
# How the weights of the providers that are compared with add up: at least and at most.
WEIGHTS = {"variable": (1.0, 1.0), "constant": (0.0, np.inf), "decreasing": (0.0, 1.0), "increasing": (1.0, np.inf)}


@dataclass(frozen=True, slots=True, eq=False)
class Envelope:
    """What a merger of J providers could do with inputs, by the best practice of all; missing where nothing compares.

    Attributes
    ----------
    efficiencies : (J,) share of its inputs with which each could do what it does
    merger : share of all their inputs with which one provider could do what all do; the product of the next three
    learning : of that, what each could save alone
    harmony : what a better mix of what they have would save
    size : what remains: one large provider against several of mean size
    """

    efficiencies: Array
    merger: float
    learning: float
    harmony: float
    size: float


def input_efficiency(inputs: Array, outputs: Array, own: Array, wanted: Array, returns: Returns = "variable") -> float:
    """The least share of inputs `own` (p,) with which `wanted` (q,) can be made; missing where it cannot be made.

    Parameters
    ----------
    inputs, outputs : (n, p), (n, q) of the providers that span what is possible
    returns : to scale: "variable", "constant", "decreasing" or "increasing"

    Notes
    -----
    min E such that X'l <= E own, Y'l >= wanted, l >= 0, and the weights l add up to one (variable returns), at most
    one (decreasing), at least one (increasing) or to anything (constant): Charnes, Cooper and Rhodes (1978), Banker,
    Charnes and Cooper (1984).

    Examples
    --------
    >>> x, y = np.array([[100.0], [200.0]]), np.array([[75.0], [100.0]])
    >>> input_efficiency(x, y, x[1], y[1], "constant").__round__(4)
    0.6667
    """
    from scipy.optimize import linprog

    # Columns of like size: the solver's tolerances are absolute.
    in_scale, out_scale = inputs.max(axis=0), outputs.max(axis=0)
    of_inputs = np.column_stack([-own / in_scale, (inputs / in_scale).T])
    of_outputs = np.column_stack([np.zeros(outputs.shape[1]), -(outputs / out_scale).T])
    weights = np.append(0.0, np.ones(len(inputs)))
    least, most = WEIGHTS[returns]
    rows, limits = [of_inputs, of_outputs], [np.zeros(inputs.shape[1]), -wanted / out_scale]
    for sign, limit in ((-1.0, -least), (1.0, most)):
        if 0.0 != abs(limit) < np.inf:
            rows.append(sign * weights[None])
            limits.append(np.array([limit]))
    target = np.append(1.0, np.zeros(len(inputs)))
    found = linprog(target, np.vstack(rows), np.concatenate(limits), bounds=(0, None), method="highs")
    if found.status == 2:
        return float("nan")
    if found.status != 0:
        raise ArithmeticError(f"The linear programme of an efficiency was not solved: {found.message}")
    return float(found.fun)


def envelop(inputs: Array, outputs: Array, members: NDArray[np.intp], returns: Returns = "variable") -> Envelope:
    """The factors of a merger of the providers `members` among n with inputs (n, p) and outputs (n, q)."""

    def efficiency(own: Array, wanted: Array) -> float:
        return input_efficiency(inputs, outputs, own, wanted, returns)

    own, wanted = inputs[members], outputs[members]
    efficiencies = np.array([efficiency(x, y) for x, y in zip(own, wanted, strict=True)])
    efficient = efficiencies[:, None] * own
    merger = efficiency(own.sum(axis=0), wanted.sum(axis=0))
    pure = efficiency(efficient.sum(axis=0), wanted.sum(axis=0))
    harmony = efficiency(efficient.mean(axis=0), wanted.mean(axis=0))
    found = Envelope(efficiencies, merger, merger / pure, harmony, pure / harmony)
    product = found.learning * found.harmony * found.size
    assert_adds_up("The factors of the merger miss their product", product - found.merger, found.merger)
    return found


def envelopment(
    data: CostData | pd.DataFrame,
    partners: Sequence[object],
    *,
    inputs: Sequence[str] | None = None,
    outputs: Sequence[str] | None = None,
    returns: Returns = "variable",
) -> Table:
    """What a merger could save by the best practice of the providers in a table, without a cost function.

    Parameters
    ----------
    data : a table of providers; a plain table (whose index names them) needs `inputs` and `outputs`
    partners : the providers that merge, two or more, as in `data.row_names()` or the index
    inputs : columns that are used up, at or above zero; by default the cost
    outputs : columns that are made; by default the outputs
    returns : to scale: "variable", "constant", "decreasing" or "increasing"

    Returns
    -------
    Table
        Terms "merger" (share of all inputs with which one provider could do what all do), and its factors "learning",
        "harmony" (scope) and "size" (scale): below one is a saving. A row without a number, and a sentence, where no
        mix of the providers makes as much as the merged one would. The further table "partners" has each one's own
        efficiency. There are no intervals: best practice is taken from the table as it stands, and noise counts as
        inefficiency; so learning is what a merger is not needed for.

    Raises
    ------
    UnknownName, NotSupported, TableError
        For an unknown provider, column or kind of returns, a merger of one, and missing or negative numbers.

    Notes
    -----
    Bogetoft and Wang (2005): E^J = LE HA SI, from input efficiencies of the sum of the partners, of the sum of what
    they need when efficient, and of its mean.

    Examples
    --------
    >>> table = pd.DataFrame({"staff": [100, 200, 300, 500], "users": [75, 100, 300, 400]}, index=list("ABCD"))
    >>> found = envelopment(table, ["A", "B"], inputs=["staff"], outputs=["users"]).table.set_index("term")
    >>> {term: float(value) for term, value in found["estimate"].round(6).items()}
    {'merger': 0.62963, 'learning': 0.740741, 'harmony': 1.0, 'size': 0.85}
    """
    if returns not in WEIGHTS:
        raise UnknownName(f"returns={returns!r} is not known. Returns to scale may be {', '.join(WEIGHTS)}.")
    data = in_pandas(data)
    if isinstance(data, CostData):
        frame, names = data.frame, data.row_names()
        inputs, outputs = inputs or [data.cost], outputs or list(data.outputs)
    elif isinstance(data, pd.DataFrame):
        frame, names = data, [str(name) for name in data.index]
    else:
        raise TableError(f"data is a {type(data).__name__}: give a table of providers (CostData or a DataFrame).")
    if not inputs or not outputs:
        raise TableError(
            'A plain table does not say what is used and what is made: name inputs=["..."], outputs=[...].'
        )
    used, made = _numbers(frame, inputs, "inputs"), _numbers(frame, outputs, "outputs")
    check_partners(partners)
    entities = None if not isinstance(data, CostData) or data.entity is None else frame[data.entity]
    members = np.array([row_of(names, one, entities) for one in partners])
    require_once([names[place] for place in members])
    found = envelop(used, made, members, returns)
    values = {name: getattr(found, name) for name in ("merger", "learning", "harmony", "size")}
    table = pd.DataFrame({"term": list(values), "estimate": list(values.values())})
    own = pd.DataFrame({"partner": [names[place] for place in members], "efficiency": found.efficiencies})
    return Table(
        f"Merger of {' and '.join(own['partner'])}: envelopment with {returns} returns",
        table,
        _text(found, len(frame)),
        {"harmony": "harmony (scope)", "size": "size (scale)"},
        ("Best practice is taken from the table as it stands: there is no noise in it, and so no interval.",),
        {"partners": own},
    )


def _numbers(frame: pd.DataFrame, names: Sequence[str], word: str) -> Array:
    if isinstance(names, str):
        raise TableError(f"{word}={names!r}: give a list of columns, such as [{names!r}].")
    unknown = [name for name in names if name not in frame.columns]
    if unknown:
        known = ", ".join(map(str, frame.columns))
        raise UnknownName(
            f"{word}: there is no column {unknown[0]!r}{nearest(unknown[0], frame.columns) or '.'} There are {known}."
        )
    numbers = frame[list(names)].to_numpy(dtype=float, na_value=np.nan)
    bad = [name for name, column in zip(names, numbers.T, strict=True) if not (column >= 0).all()]
    if bad:
        raise TableError(
            f"{', '.join(bad)} has missing or negative numbers; envelopment needs zero or more everywhere."
        )
    nothing = [name for name, column in zip(names, numbers.T, strict=True) if not column.any()]
    if nothing:
        raise TableError(f"{', '.join(nothing)} is zero for every provider; leave it out of {word}.")
    return numbers


def _text(found: Envelope, providers: int) -> str:
    if np.isnan(found.merger):
        return (
            f"No mix of the {providers:,} providers makes as much as the merged one would, so its saving and its "
            "size factor have no number (constant or increasing returns would assume one)."
        )
    alone = format_number(100 * (1 - found.learning), 3)
    pure = found.harmony * found.size
    change = f"{format_number(100 * abs(1 - pure), 3)} % {'less' if pure < 1 else 'more'}"
    return (
        f"By the best practice of {providers:,} providers, one provider could do what the partners do with "
        f"{format_number(100 * found.merger, 3)} % of their inputs. The partners could save {alone} % of them without "
        f"merging; of what would remain, the merger itself needs {change} (harmony "
        f"{format_number(found.harmony, 3)}, size {format_number(found.size, 3)})."
    )
