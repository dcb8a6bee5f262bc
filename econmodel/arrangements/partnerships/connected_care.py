"""One relationship that serves several services, against a relationship for each: scope through people.

Scope through systems is that one organisation makes several outputs with the same fixed cost. Scope through people is
that one worker, known to the people served, serves them in several services: the relationship is built once, from the
contacts of all. The two are kept apart here, as scope and relationship are elsewhere.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.partnerships.connected_words import notes, text
from econmodel.arrangements.partnerships.firms import (
    Firms,
    Reading,
    are_supported,
    at_readings,
    cost_together,
    readings,
    with_relationships,
    without_cost,
)
from econmodel.arrangements.partnerships.switching import switches
from econmodel.arrangements.partnerships.trust import Trust
from econmodel.arrangements.smearing import smearing
from econmodel.economies.attributes import attributes
from econmodel.economies.core.fixed_cost import require_corners
from econmodel.economies.core.inference import Method, few_clusters_note, set_identified, tabulate
from econmodel.economies.core.places import CostFunction, require_fit, resolve
from econmodel.errors import FormError, NotSupported
from econmodel.results import Effects

Array = NDArray[np.float64]
# How continuity grows with a contact, wears in a year, and survives a change of worker: assumptions, all of them.
BOND = Trust(growth=0.02, decay=0.1, kept=0.2, every=2)
APART, CONNECTED, SAVING = "a worker for each service", "one worker for all", "saving"
RELATIONSHIP, SET_UP = "one relationship, built by all contacts", "relationships set up once"
LOST, SYSTEMS = "specialisation lost", "scope through systems"
PARTS = (SYSTEMS, RELATIONSHIP, SET_UP, LOST)
SWITCHING, CONTINUITY = "switching values", "continuity"
MOST_YEARS = 40.0


@dataclass(frozen=True, slots=True)
class Bond:
    """How relationships grow, with how many people, and what they and a generalist cost.

    Attributes
    ----------
    trust : how continuity grows (a contact), wears and is reset
    people : who have the contacts
    set_up : of one relationship with one person
    generalist : extra cost of a worker for all services, as a share
    """

    trust: Trust
    people: float
    set_up: float
    generalist: float

    def __post_init__(self) -> None:
        if not 0.0 < self.people < np.inf:
            raise NotSupported(f"people={self.people:g}: contacts a person need a number of people above zero.")
        amounts = {"set_up": self.set_up, "generalist": self.generalist}
        bad = [f"{name}={value:g}" for name, value in amounts.items() if not 0.0 <= value < np.inf]
        if bad:
            raise NotSupported(f"{', '.join(bad)}: what a relationship or a generalist costs cannot be below zero.")

    def continuity(self, contacts: Array) -> Array:
        """Mean continuity from contacts a person and year: each builds the share `growth` of what is missing."""
        return np.array(
            [replace(self.trust, growth=1.0 - (1.0 - self.trust.growth) ** one).cycle().mean for one in contacts]
        )

    @property
    def set_up_a_year(self) -> float:
        """Cost a year of one relationship with everybody: set up anew with every worker."""
        return self.set_up * self.people / self.trust.every


@dataclass(frozen=True, slots=True, eq=False)
class Care:
    """Services at one place, and the continuity of their workers.

    Attributes
    ----------
    apart : each service alone, with the continuity of its own worker
    known : each service alone, with the continuity of one worker for all
    joint : all services together
    separate_continuity, joint_continuity : of the workers
    """

    apart: Firms
    known: Firms
    joint: Firms
    separate_continuity: Array
    joint_continuity: float

    def costs(self, function: CostFunction, theta: Array, way: Reading, factor: float) -> Array:
        """Costs of services (..., 3): apart; apart, but with the continuity of one worker; joint."""
        of = (self.apart, self.known, self.joint)
        return factor * np.stack([cost_together(function.technology, theta, one, way) for one in of], axis=-1)


def connected_care(
    function: CostFunction,
    relationship: str,
    *,
    people: float = 1.0,
    bond: Trust | None = None,
    set_up: float = 0.0,
    generalist: float = 0.0,
    at: object = "mean",
    method: Method = "delta",
    conf_level: float = 0.95,
    seed: int = 0,
) -> Effects:
    """What one worker for several services costs a year, against a worker for each: scope through people.

    Parameters
    ----------
    function : a fit or stated cost function of at least two outputs, contacts a year in each service, with a level form
    relationship : its attribute that continuity is, on a scale from 0 (nobody is known) to 1
    people : how many people have these contacts
    bond : how continuity grows: `growth` the share of what is missing that one *contact* builds, `decay` what a year
        wears, `every` the years that a worker stays, `kept` what survives a change of worker; by default
        `Trust(growth=0.02, decay=0.1, kept=0.2, every=2)`, an assumption
    set_up : cost of building one relationship with one person (assessment, introduction), paid anew for every worker
    generalist : what a worker for all services costs more, as a share of the cost of joint services
    at : one place, as in `econmodel.scale`
    method : "delta", "simulate" or "bootstrap"

    Returns
    -------
    Effects
        Terms "a worker for each service", "one worker for all" (money a year), "saving" and its four parts, which add
        up: "scope through systems" (joint production with continuity held), "one relationship, built by all contacts"
        (continuity, with production apart), "relationships set up once", "specialisation lost"; null 0 for these five.
        Further tables: the continuity of each, and the switching values.

    Raises
    ------
    FormError
        With one output, or for a log form, which has no cost of one service alone.
    NotSupported
        For an input ratio in place of an attribute, negative costs, rates outside 0 to 1, several places.

    Notes
    -----
    apart = sum_i C(y_i alone, r_i) + m s; connected = (1 + generalist) C(y, r) + s, with s the set-up cost a year of
    one relationship, r_i = R(contacts in i) and r = R(all contacts), R the mean of the cycle of `Trust` with growth
    1 - (1 - growth)^contacts a year.

    Examples
    --------
    >>> from econmodel.simulation import state
    >>> parameters = {"common cost": 10, "visits": 50, "meals": 40, "continuity": -0.5}
    >>> cost = state("composite", parameters, outputs={"visits": 100, "meals": 50}, fixed_costs=("visits", "meals"),
    ...              relationships={"continuity": 0.5})
    >>> found = connected_care(cost, "continuity", people=5)
    >>> found.table.set_index("term")["estimate"].round(2).iloc[2:].to_dict()
    {'saving': 18.3, 'scope through systems': 10.91, 'one relationship, built by all contacts': 7.4,
     'relationships set up once': 0.0, 'specialisation lost': 0.0}
    """
    require_fit(function)
    given = Bond(bond or BOND, people, set_up, generalist)
    care = _care(function, relationship, given, at)
    of = [care.apart, care.known, care.joint]
    ways, factor = readings(function, of), smearing(function)
    faults = [without_cost(function, firms, way) for way in ways for firms in of]
    if any(faults):
        raise NotSupported(next(fault for fault in faults if fault))

    def measure(theta: Array, way: Reading) -> Array:
        return _terms(care.costs(function, theta, way, factor), given, care)

    terms = [APART, CONNECTED, SAVING, *PARTS]
    nulls = [np.nan] * 2 + [0.0] * (len(terms) - 2)
    estimates = at_readings(function, measure, ways, nulls, method, conf_level, seed)
    inside = all(are_supported(function, firms) for firms in of)
    table = tabulate(terms, ["a year"] * len(terms), estimates[0], [inside] * len(terms))
    table = set_identified(table, estimates)
    tables = {
        CONTINUITY: _continuity_table(function, care),
        SWITCHING: _switching(function, care, given, relationship, at, ways, factor),
    }
    result = Effects(
        "One worker for several services", table, "", tables=tables,
        notes=(*notes(function, given.trust, ways, inside), *few_clusters_note(function, method)), method=method,
        conf_level=conf_level,
    )  # fmt: skip
    return replace(result, text=text(result))


def _care(function: CostFunction, relationship: str, bond: Bond, at: object) -> Care:
    technology = function.technology
    if len(technology.outputs) < 2:
        raise FormError(
            f"One worker for several services needs two outputs at least, and {technology.outputs[0]} is the only one."
        )
    (name,) = attributes(function, relationship)
    require_corners(technology, "A worker for each service")
    places = resolve(function, at)
    if len(places.labels) > 1:
        raise NotSupported(f'One place at a time: at={at!r} is {len(places.labels)}. Ask at="mean", or one mapping.')
    outputs = places.point.outputs[0]
    made = np.flatnonzero(outputs > 0)
    if len(made) < 2:
        raise FormError("One worker for several services needs two services that are provided at the place asked for.")
    alone = Firms(
        places.point.with_outputs(np.eye(len(outputs))[made] * outputs),
        tuple(f"a provider of only {technology.outputs[place]}" for place in made),
    )
    joint = Firms(places.point, ("the joint provider",), observed=False)
    contacts = outputs[made] / bond.people
    each, all_ = bond.continuity(contacts), float(bond.continuity(contacts.sum(keepdims=True))[0])
    return Care(
        apart=_each_known(function, alone, name, each),
        known=with_relationships(technology, alone, {name: all_}),
        joint=with_relationships(technology, joint, {name: all_}),
        separate_continuity=each,
        joint_continuity=all_,
    )


def _each_known(function: CostFunction, firms: Firms, name: str, values: Array) -> Firms:
    """The same organisations, each with its own value of a relationship variable."""
    one_by_one = [with_relationships(function.technology, firms, {name: float(value)}) for value in values]
    relationships = np.stack([one.point.relationships[row] for row, one in enumerate(one_by_one)])
    return Firms(replace(firms.point, relationships=relationships), firms.names)


def _terms(costs: Array, bond: Bond, care: Care) -> Array:
    """Both arrangements, the saving and its parts (..., 7) from the costs of services (..., 3)."""
    apart, known, joint = costs[..., 0], costs[..., 1], costs[..., 2]
    services, once = len(care.apart), bond.set_up_a_year
    parts = [known - joint, apart - known, np.full_like(apart, (services - 1) * once), -bond.generalist * joint]
    separate, connected = apart + services * once, (1.0 + bond.generalist) * joint + once
    return np.stack([separate, connected, separate - connected, *parts], axis=-1)


def _continuity_table(function: CostFunction, care: Care) -> pd.DataFrame:
    made = [name.removeprefix("a provider of only ").replace("_", " ") for name in care.apart.names]
    return pd.DataFrame(
        {"worker": [*(f"of {name}" for name in made), "of all"],
         "mean continuity": [*care.separate_continuity, care.joint_continuity]}
    )  # fmt: skip


def _switching(
    function: CostFunction, care: Care, bond: Bond, relationship: str, at: object, ways: list[Reading], factor: float
) -> pd.DataFrame:
    """How far each number must move before the other arrangement is cheaper."""
    trust = bond.trust
    limit = float(care.costs(function, function.theta, ways[0], factor)[0])
    moved = {
        "premium of a generalist": ("generalist", bond.generalist, 0.0, max(1.0, bond.generalist), False),
        "set-up of a relationship": ("set_up", bond.set_up, 0.0, max(limit / bond.people, bond.set_up), False),
        "continuity built by a contact": ("growth", trust.growth, 0.0, 1.0, False),
        "continuity worn in a year": ("decay", trust.decay, 0.0, 1.0, False),
        "years that a worker stays": ("every", float(trust.every), 1.0, max(MOST_YEARS, float(trust.every)), True),
    }
    rows = []
    for way in ways:
        for label, (name, now, low, high, whole) in moved.items():

            def costs(value: float, name: str = name, way: Reading = way) -> Array:
                changed = _moved(bond, name, value)
                there = care if name in ("generalist", "set_up") else _care(function, relationship, changed, at)
                return _terms(there.costs(function, function.theta, way, factor), changed, there)[:2]

            cheaper = (APART, CONNECTED)
            start = [label, way.words, now, cheaper[int(costs(now).argmin())]]
            found = switches(costs, now, low, high, whole=whole)
            rows += [[*start, one.value, cheaper[one.to], low, high] for one in found]
            rows += [[*start, np.nan, "none", low, high]] * (not found)
    columns = ["what is moved", "fixed cost read as", "now", "cheaper now", "switches at", "to"]
    table = pd.DataFrame(rows, columns=[*columns, "searched from", "searched to"])
    return table if len(ways) > 1 else table.drop(columns="fixed cost read as")


def _moved(bond: Bond, name: str, value: float) -> Bond:
    if name == "generalist":
        return replace(bond, generalist=value)
    if name == "set_up":
        return replace(bond, set_up=value)
    if name == "every":
        return replace(bond, trust=replace(bond.trust, every=int(value)))
    rates = {"growth": bond.trust.growth, "decay": bond.trust.decay} | {name: value}
    return replace(bond, trust=replace(bond.trust, growth=rates["growth"], decay=rates["decay"]))
