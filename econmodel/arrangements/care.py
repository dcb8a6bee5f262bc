"""One relationship that serves several services, against a relationship for each: scope through people.

Scope through systems is that one organisation makes several outputs with the same fixed cost. Scope through people is
that one worker, known to the people served, serves them in several services: the relationship is built once, from the
contacts of all. The two are kept apart here, as scope and relationship are elsewhere.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from econmodel.arrangements.comparison import (
    Comparison,
    Moved,
    amount,
    field_of,
    smearing,
    switching_table,
    varied,
    without_cost,
)
from econmodel.arrangements.partners import Firms, all_seen
from econmodel.arrangements.trust import Trust
from econmodel.economies.core.fixed_cost import Reading, readings, require_corners
from econmodel.economies.core.inference import Method
from econmodel.economies.core.measure import verdict_of
from econmodel.economies.core.places import CostFunction, require_fit, resolve
from econmodel.economies.relationships.economies import attributes
from econmodel.errors import FormError, NotSupported
from econmodel.forms.technology import Technology
from econmodel.results import Effects, format_number
from econmodel.words import capital, verdict_words

Array = NDArray[np.float64]
# How continuity grows with a contact, wears in a year, and survives a change of worker: assumptions, all of them.
BOND = Trust(growth=0.02, decay=0.1, kept=0.2, every=2)
APART, CONNECTED, SAVING = "a worker for each service", "one worker for all", "saving"
RELATIONSHIP, SET_UP = "one relationship, built by all contacts", "relationships set up once"
LOST, SYSTEMS = "specialisation lost", "scope through systems"
PREMIUM = "premium of a generalist"
MOST_YEARS = 40.0
# How near rates of trust come to where nobody is known, of a relationship in logs.
LEAST = 1e-6


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
    fit, factor : the cost function, and what its costs are multiplied by to be money
    bond : how continuity follows from contacts
    services : names of what is provided
    apart, known : each service alone, with the continuity of its own worker, and of one worker for all
    joint : all services together
    continuity : of the workers of each service, and of one for all
    """

    fit: CostFunction
    factor: float
    bond: Bond
    services: tuple[str, ...]
    apart: Firms
    known: Firms
    joint: Firms
    continuity: Array

    @property
    def firms(self) -> tuple[Firms, Firms, Firms]:
        """The organisations of both arrangements, and of what lies between them."""
        return self.apart, self.known, self.joint

    def amounts(self, theta: Array, reading: Reading) -> dict[str, Array]:
        """Both arrangements, the saving and its parts (...,)."""
        technology, made = self.fit.technology, self.joint.point.outputs[0]
        bond, factor = self.bond, self.factor
        apart, known, joint = (factor * one.costs(technology, theta, reading, made).sum(axis=-1) for one in self.firms)
        services, once = len(self.services), bond.set_up_a_year
        separate, connected = apart + services * once, (1.0 + bond.generalist) * joint + once
        return {
            APART: separate,
            CONNECTED: connected,
            SAVING: separate - connected,
            SYSTEMS: known - joint,
            RELATIONSHIP: apart - known,
            SET_UP: np.full_like(apart, (services - 1) * once),
            LOST: -bond.generalist * joint,
        }


def connected_care(
    fit: CostFunction,
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
    fit : a fit or stated cost function of at least two outputs, contacts a year in each service, with a level form
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
    require_fit(fit)
    care = _care(fit, smearing(fit), relationship, Bond(bond or BOND, people, set_up, generalist), at)
    made = care.joint.point.outputs[0]
    several = readings(fit, *(firms.point.outputs[None] for firms in care.firms), made=made)
    for reading in several:
        for firms in care.firms:
            costs = firms.costs(fit.technology, fit.theta, reading, made)
            if fault := without_cost(zip(firms.names, costs, strict=True)):
                raise NotSupported(fault)
    comparison = Comparison(
        fit, care.amounts, dict.fromkeys((SAVING, SYSTEMS, RELATIONSHIP, SET_UP, LOST), 0.0), several, care.factor
    )
    inside = all(all_seen(fit, firms) for firms in care.firms)
    table = comparison.table(
        "a year", dict.fromkeys(comparison.now(), inside), method=method, conf_level=conf_level, seed=seed
    )
    workers = [*(f"of {name.replace('_', ' ')}" for name in care.services), "of all"]
    continuity = pd.DataFrame({"worker": workers, "mean_continuity": care.continuity})
    switching = switching_table(
        _movable(care, relationship, at, several[0]), (APART, CONNECTED), several, fit.technology.outputs
    )
    notes = [
        f"Assumed: a contact builds {format_number(100 * care.bond.trust.growth)} % of the continuity still missing, a "
        f"year wears {format_number(100 * care.bond.trust.decay)} %, a worker stays {care.bond.trust.every} years and "
        f"{format_number(100 * care.bond.trust.kept)} % survives the change. No source estimates these.",
        "Only the extremes are compared: each service alone with its own worker, and all with one. One organisation "
        "with several workers has the scope through systems without that through people.",
    ]
    if not inside:
        notes.append("No support: single services, or such continuity, lie beyond the providers of the table.")
    effects = Effects(
        "One worker for several services", table, "", notes=(*notes, *comparison.notes(method)), method=method,
        tables={"continuity": continuity, "switching values": switching}, conf_level=conf_level,
    )  # fmt: skip
    return replace(effects, text=_text(fit, effects, method))


def _care(fit: CostFunction, factor: float, relationship: str, bond: Bond, at: object) -> Care:
    technology = fit.technology
    if len(technology.outputs) < 2:
        raise FormError(
            f"One worker for several services needs two outputs at least, and {technology.outputs[0]} is the only one."
        )
    (name,) = attributes(fit, relationship)
    require_corners(technology, "A worker for each service")
    places = resolve(fit, at)
    if len(places.labels) > 1:
        raise NotSupported(f'One place at a time: at={at!r} is {len(places.labels)}. Ask at="mean", or one mapping.')
    outputs = places.point.outputs[0]
    made = np.flatnonzero(outputs > 0)
    if len(made) < 2:
        raise FormError("One worker for several services needs two services that are provided at the place asked for.")
    services = tuple(technology.outputs[place] for place in made)
    alone = Firms(
        places.point.with_outputs(np.eye(len(outputs))[made] * outputs),
        tuple(f"a provider of only {service}" for service in services),
    )
    contacts = outputs[made] / bond.people
    *each, together = bond.continuity(np.append(contacts, contacts.sum()))
    if _in_logs(technology, name) and not min(each) > 0.0:
        raise NotSupported(
            f"{name} would be zero where a worker has one service, and it enters in logs, where zero has no cost. Let "
            "contacts build some and a new worker keep some, bond=em.arrangements.Trust(growth=0.02, kept=0.2), or "
            'enter it as it is, scale = "level" in the card.'
        )

    def related(firms: Firms, continuity: float) -> Firms:
        return firms.related(technology, {name: float(continuity)})

    own = np.stack([related(alone, value).point.relationships[row] for row, value in enumerate(each)])
    apart = Firms(replace(alone.point, relationships=own), alone.names)
    joint = related(Firms(places.point, ("the joint provider",)), together)
    continuity = np.array([*each, together])
    return Care(fit, factor, bond, services, apart, related(alone, together), joint, continuity)


def _in_logs(technology: Technology, name: str) -> bool:
    return technology.log_relationships[technology.relationships.index(name)]


def _movable(care: Care, relationship: str, at: object, reading: Reading) -> list[Moved]:
    """Each number that may move before the other arrangement is cheaper, and the range in which it does."""
    bond, apart = care.bond, float(care.amounts(care.fit.theta, reading)[APART])
    apart -= len(care.services) * bond.set_up_a_year
    # In logs nobody may be quite unknown.
    least = LEAST if _in_logs(care.fit.technology, relationship) else 0.0
    limits = {
        "generalist": (PREMIUM, 0.0, 1.0),
        "set_up": ("set-up of a relationship", 0.0, apart / bond.people),
        "trust.growth": ("continuity built by a contact", least, 1.0),
        "trust.decay": ("continuity worn in a year", 0.0, 1.0 - least),
        "trust.every": ("years that a worker stays", 2.0 if least and not bond.trust.kept else 1.0, MOST_YEARS),
    }

    def moved(path: str, label: str, low: float, high: float) -> Moved:
        whole = path == "trust.every"

        def costs(value: float, reading: Reading) -> Array:
            there = varied(bond, int(value) if whole else value, path)
            # What a contact does for continuity moves the organisations, what money does only their cost.
            elsewhere = (
                _care(care.fit, care.factor, relationship, there, at) if "." in path else replace(care, bond=there)
            )
            amounts = elsewhere.amounts(care.fit.theta, reading)
            return np.array([amounts[APART], amounts[CONNECTED]])

        now = float(field_of(bond, path))
        return Moved(label, now, low, max(high, now), costs, whole)

    return [moved(path, *limit) for path, limit in limits.items()]


def _text(fit: CostFunction, effects: Effects, method: Method) -> str:
    """The saving, where it comes from, and whether it is known."""
    verdict = verdict_of(fit, effects.row(SAVING), method, effects.conf_level)
    text = f"One worker for all costs {amount(effects, CONNECTED)} a year, a worker for each service "
    text += f"{amount(effects, APART)}. "
    if verdict.conclusion == "above":
        text += f"One worker saves {amount(effects, SAVING)}. "
    elif verdict.conclusion == "below":
        text += f"One worker costs {amount(effects, SAVING, turned=True)} more. "
    else:
        text += f"The saving of one worker is {amount(effects, SAVING)}: {verdict_words(verdict, '', '')}. "
    text += (
        f"{capital(amount(effects, SYSTEMS))} come through systems (joint production, continuity held), "
        f"{amount(effects, RELATIONSHIP)} from one relationship that every contact builds, {amount(effects, SET_UP)} "
        f"from setting it up once; {amount(effects, LOST, turned=True)} are lost with specialisation."
    )
    switching = effects.tables["switching values"]
    premium = switching[(switching["number"] == PREMIUM) & switching["switches_at"].notna()]
    if len(premium) == 1 and verdict.conclusion == "above":
        text += f" It stops paying at a generalist's premium of {100 * premium['switches_at'].iloc[0]:.0f} %."
    return text
