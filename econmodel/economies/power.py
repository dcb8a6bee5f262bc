"""Would I find it? Power, bias and coverage of a study by simulation, before anybody collects a table."""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from econmodel.economies.core.inference import SURE, share_interval
from econmodel.economies.studies import NULLS, Design, Question, Results, run, value_of
from econmodel.errors import FormError, NotIdentified, NotSupported, UnknownName
from econmodel.estimate.sample import FEWEST_ZEROS
from econmodel.forms.form import Form, SecondOrder, find_form
from econmodel.progress import board
from econmodel.results import Table, format_number
from econmodel.simulation import StatedCost, simulate
from econmodel.stated import check_level, require_replications
from econmodel.words import capital

PROVIDERS = (30, 60, 120, 250, 500, 1_000)
TRUTH = "truth and null"
# Short of its level by more than this, an interval is not what it says.
SHORTFALL = 0.05
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class _Quantity:
    """What is true, what would be said if there were nothing, and how to say it."""

    name: str
    truth: float
    null: float
    below: str
    above: str

    @property
    def side(self) -> int:
        """On which side of the null the truth lies; zero where there is nothing to find."""
        gap = self.truth - self.null
        return 0 if abs(gap) < ROUNDING else int(np.sign(gap))

    @property
    def thing(self) -> str:
        """What there is to find."""
        return self.below if self.side < 0 else self.above


def power(
    cost: StatedCost,
    question: Question = "scale",
    providers: Sequence[int] = PROVIDERS,
    *,
    of: str | None = None,
    form: str | Form | None = None,
    second_order: SecondOrder | None = None,
    effects: Literal["within"] | None = None,
    replications: int = 200,
    target: float = 0.8,
    conf_level: float = 0.95,
    identified_interval: bool = False,
    seed: int = 0,
    **world: Any,
) -> Table:
    """Whether a study of so many providers would find what is true, and how far off it would be.

    Studies are simulated with `econmodel.worlds.simulate`, fitted, and asked one number at the mean at which the truth
    is stated. A study finds it where its interval excludes the null on the side of the truth.

    Parameters
    ----------
    cost : the truth, from `econmodel.worlds.state`
    question : "scale" (the ray elasticity against 1), "scope" (the degree of scope against 0; the common cost that is
        stated is common) or "relationship" (the slope of log cost on a relationship variable, against 0)
    providers : numbers of providers to try
    of : the relationship variable, where there are several
    form, second_order, effects : of the fit, as in `econmodel.fit`; by default the form of the truth
    replications : simulated studies for each number of providers
    target : power that is called enough
    identified_interval : for scope, whether studies that identify an interval only may answer with it; otherwise such
        a study finds nothing, and a world in which no study could do better is refused
    seed : of all draws; the answer for one number of providers does not depend on the others asked for
    **world : options of `econmodel.worlds.simulate`: noise, spread, volume_error, periods, ...

    Returns
    -------
    Table
        One row a number of providers: `found` (power, with the 95 % interval of so many simulations), `wrong_sign`
        (share of studies whose interval excludes the null on the wrong side), `bias` (mean estimate less truth, with
        interval), `coverage`, `median_width` of the intervals, and the share of studies `without_a_fit`. `found` is
        missing where the truth is the null; `wrong_sign` is then the share of false findings on either side.

    Raises
    ------
    NotIdentified
        For scope in a world where some output is made by everybody, unless `identified_interval`.
    UnknownName, NotSupported, FormError
        With what happened, and the cure.

    Notes
    -----
    Morris, White and Crowther (2019), Using simulation studies to evaluate statistical methods, Statistics in Medicine
    38, 2074-2102. Intervals of shares are Wilson's (1927).

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> cost = state("cobb_douglas", {"constant": 4.0, "visits": 0.9}, outputs={"visits": 100})
    >>> answer = power(cost, "scale", [30, 120], replications=100, noise=0.2)
    >>> bool(answer.table["found"].is_monotonic_increasing)
    True
    """
    counts = _counts(providers)
    _check(cost, question, replications, target, conf_level, world)
    place = _variable(cost, question, of)
    design = Design(question, place, find_form(form or cost.technology.form), second_order, effects, world, conf_level)
    if question == "scope":
        _check_scope(cost, design, identified_interval)
    quantity = _quantity(cost, design)
    bars, results = [f"{count:,} providers" for count in counts], []
    with board(bars) as parts:
        for count, bar in zip(counts, bars, strict=True):

            def step(done: int, bar: str = bar) -> None:
                parts.step(bar, done, replications)

            results.append(run(cost, design, count, replications, seed, step))
    table = pd.DataFrame([_row(quantity, count, one, conf_level) for count, one in zip(counts, results, strict=True)])
    if question == "scope" and not identified_interval:
        only = [float((np.isfinite(one.low) & np.isnan(one.values)).mean()) for one in results]
        table.insert(len(table.columns) - 1, "only_an_interval", only)
    truth = {"what": quantity.name, "to_find": quantity.thing if quantity.side else "nothing", "truth": quantity.truth}
    truth |= {"null": quantity.null, "target": target, "level": conf_level, "studies": replications}
    return Table(
        f"Would a study find it? {capital(quantity.name)}",
        table,
        _text(quantity, table, target, conf_level),
        notes=_notes(quantity, table, design, replications),
        tables={TRUTH: pd.DataFrame([truth])},
    )


def _counts(providers: Sequence[int]) -> list[int]:
    counts = [providers] if isinstance(providers, int) else list(providers)
    if not counts or any(int(count) != count or count < 2 for count in counts):
        raise NotSupported(f"providers={providers!r}: give whole numbers from two upwards, such as [30, 60, 120].")
    return sorted({int(count) for count in counts})


def _check(
    cost: StatedCost, question: str, replications: int, target: float, level: float, world: dict[str, Any]
) -> None:
    if not isinstance(cost, StatedCost):
        raise NotSupported(
            f"Power asks what a study would find of a known truth, and a {type(cost).__name__} is an estimate. State "
            'the truth: em.worlds.state("translog", {"visits": 0.9}, outputs={"visits": 100}).'
        )
    if question not in get_args(Question):
        raise UnknownName(f"question={question!r} is not known. It may be {', '.join(get_args(Question))}.")
    require_replications(replications, 2)
    if not 0.0 < target < 1.0:
        raise NotSupported(f"target={target} is not between 0 and 1. A usual power is 0.8.")
    check_level(level)
    known = [name for name in inspect.signature(simulate).parameters if name not in ("cost", "providers", "seed")]
    unknown = [name for name in world if name not in known]
    if unknown:
        raise UnknownName(f"{', '.join(unknown)} is no option of em.worlds.simulate. It has {', '.join(known)}.")


def _variable(cost: StatedCost, question: str, of: str | None) -> int:
    names = cost.technology.relationships
    if question != "relationship":
        if of is not None:
            raise NotSupported(f'of={of!r} names a relationship variable; ask for it with question="relationship".')
        return 0
    if not names:
        raise NotSupported(
            "The truth has no relationship variable. Name one when it is stated: "
            'em.worlds.state(..., relationships={"continuity": 0.5}).'
        )
    if (of is None and len(names) > 1) or (of is not None and of not in names):
        said = f"{of!r} is not a relationship variable" if of else "There are several relationship variables"
        raise UnknownName(f"{said}: say which with of=. There is {', '.join(names)}.")
    return names.index(of) if of is not None else 0


def _check_scope(cost: StatedCost, design: Design, identified_interval: bool) -> None:
    outputs = cost.technology.outputs
    if len(outputs) < 2:
        raise FormError(f"Scope needs at least two outputs, and {outputs[0]} is the only one.")
    for what, form in (("stated", cost.technology.form), ("fitted", design.form)):
        if not form.aggregates:
            raise FormError(
                f"Scope compares cost at zero output of some products, where the {form.title} form that is {what} has "
                'none. Use a level form ("composite" or "flexible_fixed_cost").'
            )
    specialised = design.world.get("specialised") or {}
    never_zero = [name for name in outputs if not specialised.get(name)]
    if never_zero and not identified_interval:
        some = ", ".join(f'"{name}": 0.2' for name in never_zero)
        raise NotIdentified(
            f"Every provider makes {', '.join(never_zero)}, so data identify an interval of the degree of scope and no "
            f"number in it, however many providers there are. Let some providers specialise (specialised={{{some}}}), "
            "or ask what the interval finds (identified_interval=True)."
        )


def _quantity(cost: StatedCost, design: Design) -> _Quantity:
    truth = float(value_of(design, cost.technology, cost.points())(cost.theta)[0])
    null = NULLS[design.question]
    if design.question == "scale":
        return _Quantity("the ray elasticity", truth, null, "economies of scale", "diseconomies of scale")
    if design.question == "scope":
        return _Quantity("the degree of scope", truth, null, "diseconomies of scope", "economies of scope")
    label = cost.technology.relationships[design.of].replace("_", " ")
    return _Quantity(f"the slope of log cost on {label}", truth, null, f"that {label} saves", f"that {label} costs")


def _row(quantity: _Quantity, providers: int, found: Results, level: float) -> dict[str, float]:
    significant = ~(found.wild > 1.0 - level)
    below, above = (found.high < quantity.null) & significant, (found.low > quantity.null) & significant
    right, wrong = (below, above) if quantity.side < 0 else (above, below)
    share = float(right.mean()) if quantity.side else np.nan
    low, high = share_interval(share, len(right))
    answered = np.isfinite(found.low) & np.isfinite(found.high)
    estimates = found.values[np.isfinite(found.values)]
    bias = float(estimates.mean() - quantity.truth) if len(estimates) else np.nan
    error = SURE * float(estimates.std(ddof=1)) / np.sqrt(len(estimates)) if len(estimates) > 1 else np.nan
    covered = (found.low <= quantity.truth) & (quantity.truth <= found.high)
    return {
        "providers": providers,
        "found": share,
        "found_low": float(low),
        "found_high": float(high),
        "wrong_sign": float(wrong.mean() if quantity.side else (below | above).mean()),
        "bias": bias,
        "bias_low": bias - error,
        "bias_high": bias + error,
        "coverage": float(covered[answered].mean()) if answered.any() else np.nan,
        "median_width": float(np.median((found.high - found.low)[answered])) if answered.any() else np.nan,
        "without_a_fit": float(1.0 - answered.mean()),
    }


def enough_from(table: pd.DataFrame, target: float) -> int | None:
    """The smallest number of providers tried from which on every number reaches the target, or None."""
    short = (table["found"] < target).to_numpy()
    first = int(np.flatnonzero(short)[-1]) + 1 if short.any() else 0
    return None if first == len(table) else int(table["providers"].iloc[first])


def _text(quantity: _Quantity, table: pd.DataFrame, target: float, level: float) -> str:
    truth = f"{quantity.name} is {format_number(quantity.truth)}"
    last = table.iloc[-1]
    if not quantity.side:
        text = (
            f"Where {truth} there is nothing to find, and {_per_cent(last['wrong_sign'])} of studies with "
            f"{int(last['providers']):,} providers find something all the same."
        )
        return text + _caution(quantity, table, level)
    enough, first = enough_from(table, target), table.iloc[0]
    if enough is None:
        text = (
            f"Where {truth}, none of the numbers of providers tried finds {quantity.thing} in "
            f"{_per_cent(target)} of studies: with {int(last['providers']):,} providers "
            f"{_per_cent(last['found'])} do."
        )
    else:
        text = (
            f"Where {truth}, {enough:,} providers are the fewest of those tried that find {quantity.thing} in at least "
            f"{_per_cent(target)} of studies"
        )
        fewer = table[table["providers"] < enough]
        if len(fewer):
            before = fewer.iloc[-1]
            text += f"; with {int(before['providers']):,} it is {_per_cent(before['found'])}"
        text += "."
    if first["wrong_sign"] > 1.0 - level:
        text += (
            f" With {int(first['providers']):,}, {_per_cent(first['wrong_sign'])} of studies find the opposite of "
            "what is true."
        )
    return text + _caution(quantity, table, level)


def _caution(quantity: _Quantity, table: pd.DataFrame, level: float) -> str:
    """What more providers do not mend."""
    last = table.iloc[-1]
    biased = last["bias_low"] > 0 or last["bias_high"] < 0
    if not (biased and last["coverage"] < level - SHORTFALL):
        return ""
    return (
        f" Estimates are off by {format_number(last['bias'], 2)} on average with {int(last['providers']):,} providers, "
        f"and their {100 * level:g} % intervals hold the truth in {_per_cent(last['coverage'])} of studies: more "
        "providers do not mend that."
    )


def _notes(quantity: _Quantity, table: pd.DataFrame, design: Design, replications: int) -> tuple[str, ...]:
    notes = [
        f"{replications:,} simulated studies for each number of providers. What they find depends on the noise, the "
        "spread of sizes and everything else that was assumed about the providers."
    ]
    if (table["without_a_fit"] > 0).any():
        notes.append(
            "Studies without a fit (too few rows for the parameters, or no convergence) count as finding nothing, and "
            "are left out of bias, coverage and width."
        )
    if "only_an_interval" in table and (table["only_an_interval"] > 0).any():
        notes.append(
            f"Where fewer than {FEWEST_ZEROS} providers make none of an output, a study identifies an interval of the "
            "degree of scope only. identified_interval=True counts what such intervals find."
        )
    elif design.question == "scope" and table["bias"].isna().all():
        notes.append("Studies answer with the interval that is identified: there is no estimate to be biased.")
    return tuple(notes)


def _per_cent(share: float) -> str:
    return f"{100 * share:.0f} %"
