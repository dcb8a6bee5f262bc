"""The shipped forms, and how a form becomes a cost function of named variables."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from econmodel.errors import FormError, UnknownName
from econmodel.forms.coordinates import Coordinate, Level, Logarithm
from econmodel.forms.polynomial import Polynomial, all_pairs, terms

SecondOrder = Literal["all", "outputs", "none"]
Restriction = Literal["homothetic", "homogeneous", "unit_substitution"]
SECOND_ORDER: tuple[str, ...] = ("all", "outputs", "none")
RESTRICTIONS: tuple[str, ...] = ("homothetic", "homogeneous", "unit_substitution")


@dataclass(frozen=True, slots=True)
class Form:
    """A family of cost functions: a quadratic polynomial behind a link.

    Attributes
    ----------
    name : what `em.fit(form=...)` calls it
    title : what reports call it
    coordinate : how outputs enter
    aggregates : True for level forms, log C = log H + P, in which outputs add up in H; False for log C = P
    separable : whether input prices stay out of H (and enter P linearly)
    price_levels : whether prices enter H as levels over a fixed-weight index of all prices, instead of P as logs
    second_order : the second-order terms it has when the user does not say

    Notes
    -----
    Cobb-Douglas; translog (Christensen, Jorgenson and Lau, 1973); flexible fixed cost quadratic (Baumol, Panzar and
    Willig, 1982; Mayo, 1984); composite (Pulley and Braunstein, 1992), here with relationship variables that shift
    cost and tilt the cost of each output. Normalised quadratic: C = I(w) H(y, w / I), I the mean of all prices over
    their geometric means, with the quadratic price terms of Diewert and Wales (1987), so that concavity in prices at
    one point is concavity at all; those terms do not grow with outputs.

    Examples
    --------
    A form of one's own needs a coordinate:

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class SquareRoot:
    ...     allows_zero: bool = True
    ...     centring: str = "scale"
    ...     transform = staticmethod(np.sqrt)
    ...     inverse = staticmethod(np.square)
    ...     def slope(self, output):
    ...         return 0.5 / np.sqrt(output)
    >>> Form("square_root", "square root", SquareRoot(), aggregates=True, separable=True).name
    'square_root'
    """

    name: str
    title: str
    coordinate: Coordinate
    aggregates: bool
    separable: bool = False
    second_order: SecondOrder = "all"
    price_levels: bool = False


FORMS = {
    form.name: form
    for form in (
        Form("cobb_douglas", "Cobb-Douglas", Logarithm(), aggregates=False, second_order="none"),
        Form("translog", "translog", Logarithm(), aggregates=False),
        Form("flexible_fixed_cost", "flexible fixed cost quadratic", Level(), aggregates=True, separable=True),
        Form("composite", "composite", Level(), aggregates=True),
        Form("normalised_quadratic", "normalised quadratic", Level(), aggregates=True, price_levels=True),
    )
}


def find_form(form: str | Form) -> Form:
    """The shipped form of this name, or the user's own form unchanged; UnknownName lists those that ship."""
    if isinstance(form, Form):
        return form
    if form not in FORMS:
        raise UnknownName(f"There is no form {form!r}. The forms are {', '.join(FORMS)}; or give a Form of your own.")
    return FORMS[form]


def relative_prices(form: Form, prices: tuple[str, ...], numeraire: int | None) -> tuple[str, ...]:
    """Names of the price coordinates: each price over the one that all is divided by, or over the index of all."""
    if numeraire is None:
        return prices
    base = "price index" if form.price_levels else prices[numeraire]
    return tuple(f"{price}/{base}" for place, price in enumerate(prices) if place != numeraire)


@dataclass(frozen=True, slots=True)
class Variables:
    """Names of what enters a cost function, in the order of the coordinates.

    `prices` are already relative to the numeraire where there is one ("wage/fuel"); `fixed_costs` are places of
    outputs; `two_valued` are places of relationship variables with two values, whose square says nothing new.
    """

    outputs: tuple[str, ...]
    prices: tuple[str, ...] = ()
    relationships: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    fixed_costs: tuple[int, ...] = ()
    two_valued: tuple[int, ...] = ()


def polynomials(
    form: Form, variables: Variables, second_order: SecondOrder, restrict: tuple[Restriction, ...] = ()
) -> tuple[Polynomial | None, Polynomial, tuple[str, ...]]:
    """The polynomials H (None in log forms) and P of a form, and the names of their parameters, H's first.

    Parameters
    ----------
    second_order : "all" for every square and product of outputs, prices and relationship variables; "outputs" for
        those of outputs only; "none" for none. Controls are always linear.
    restrict : of log forms: "homothetic" (relative prices and outputs do not interact), "homogeneous" (homothetic, and
        the ray elasticity of cost is the same everywhere), "unit_substitution" (prices have no squares and products)
    """
    if second_order not in SECOND_ORDER:
        raise FormError(f"second_order={second_order!r} is not one of {', '.join(map(repr, SECOND_ORDER))}.")
    if unknown := [one for one in restrict if one not in RESTRICTIONS]:
        raise FormError(f"restrict={unknown[0]!r} is not one of {', '.join(map(repr, RESTRICTIONS))}.")
    if not form.aggregates:
        return _log_polynomials(form, variables, second_order, restrict)
    if restrict:
        raise FormError(
            f"restrict={', '.join(restrict)} restricts a log form, and the {form.title} form is none: it is homothetic "
            'or homogeneous only by accident. Use form="translog".'
        )
    return _level_polynomials(form, variables, second_order)


def _places(variables: Variables) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    counts = (
        len(variables.outputs), len(variables.prices), len(variables.relationships),
        len(variables.controls), len(variables.fixed_costs),
    )  # fmt: skip
    ends = np.cumsum(counts)
    u, v, r, x, fixed = (list(range(int(end - count), int(end))) for end, count in zip(ends, counts, strict=True))
    return u, v, r, x, fixed


def _log_polynomials(
    form: Form, variables: Variables, second_order: SecondOrder, restrict: tuple[Restriction, ...]
) -> tuple[None, Polynomial, tuple[str, ...]]:
    u, v, r, x, _ = _places(variables)
    products = {"all": all_pairs(u + v + r), "outputs": all_pairs(u), "none": []}[second_order]
    products = _without_empty_squares(products, variables, r)
    if restrict:
        products = [pair for pair in products if not _ruled_out(pair, set(u), set(v), restrict)]
    monomials = terms(True, u + v + r + x, products)
    names = _monomial_names(monomials, variables, "constant")
    mixing = None
    if "homogeneous" in restrict and products:
        mixing, kept = _constant_ray_elasticity(monomials, u)
        names = tuple(names[row] for row in kept)
    return None, Polynomial(monomials, len(u + v + r + x), mixing), names


def _ruled_out(pair: tuple[int, int], outputs: set[int], prices: set[int], restrict: tuple[Restriction, ...]) -> bool:
    kinds = [[place in outputs for place in pair], [place in prices for place in pair]]
    of_outputs, of_prices = (sum(kind) for kind in kinds)
    if of_prices == 2:
        return "unit_substitution" in restrict
    return bool(of_outputs == 1 and of_prices == 1 and {"homothetic", "homogeneous"} & set(restrict))


def _constant_ray_elasticity(monomials: NDArray[np.int64], outputs: list[int]) -> tuple[NDArray[np.float64], list[int]]:
    """Second-order parameters with outputs that add up to zero over each output's row, as free parameters.

    The square of an output gives what its products with the other outputs take, and the last output's product with a
    relationship variable what those of the other outputs take. Returns the mixing and the monomials that keep a
    parameter of their own.
    """
    place = {(int(a), int(b)): row for row, (a, b) in enumerate(monomials)}
    last, made = outputs[-1], set(outputs)
    rows, kept = [], []
    for (first, second), row in place.items():
        weights = np.zeros(len(monomials))
        weights[row] = 1.0
        if first in made and second in made:
            if first == second:
                continue
            weights[place[first, first]] = weights[place[second, second]] = -1.0
        elif second >= 0 and first in made:
            if first == last:
                continue
            weights[place[last, second]] = -1.0
        rows.append(weights)
        kept.append(row)
    return np.array(rows), kept


def _level_polynomials(
    form: Form, variables: Variables, second_order: SecondOrder
) -> tuple[Polynomial, Polynomial, tuple[str, ...]]:
    u, v, r, x, fixed = _places(variables)
    everything = second_order == "all"
    inside = all_pairs(u) if second_order != "none" else []
    if everything and not form.separable:
        inside += [(output, price) for output in u for price in v]
    within = v if form.price_levels else []
    if everything:
        inside += all_pairs(within)
    tilts = [(output, variable) for variable in r for output in u] if everything and len(u) > 1 else []
    plain = terms(True, u + fixed + within, inside)
    monomials = np.vstack([plain, terms(False, [], tilts)])
    mixing, tilt_names = _tilts(len(plain), variables) if tilts else (None, ())
    size = len(u + v + r + x + fixed)
    v = [] if form.price_levels else v
    outside = all_pairs(v + r) if everything and not form.separable else []
    exponent = Polynomial(terms(False, v + r + x, _without_empty_squares(outside, variables, r)), size)
    names = _monomial_names(plain, variables, "common cost") + tilt_names
    return Polynomial(monomials, size, mixing), exponent, names + _monomial_names(exponent.terms, variables, "")


def _tilts(plain: int, variables: Variables) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Tilts that sum to zero over outputs: the last output takes what the others give, in any order of outputs."""
    m, count = len(variables.outputs), len(variables.relationships)
    contrast = np.hstack([np.eye(m - 1), -np.ones((m - 1, 1))])
    mixing = np.zeros((plain + count * (m - 1), plain + count * m))
    mixing[:plain, :plain] = np.eye(plain)
    mixing[plain:, plain:] = np.kron(np.eye(count), contrast)
    names = tuple(f"tilt of {r} to {y}" for r in variables.relationships for y in variables.outputs[:-1])
    return mixing, names


def _without_empty_squares(
    products: list[tuple[int, int]], variables: Variables, places: list[int]
) -> list[tuple[int, int]]:
    empty = {places[index] for index in variables.two_valued}
    return [(a, b) for a, b in products if not (a == b and a in empty)]


def _monomial_names(monomials: NDArray[np.int64], variables: Variables, constant: str) -> tuple[str, ...]:
    own = tuple(f"fixed cost of {variables.outputs[place]}" for place in variables.fixed_costs)
    of = variables.outputs + variables.prices + variables.relationships + variables.controls + own
    names = []
    for first, second in monomials:
        if first < 0:
            names.append(constant)
        elif second < 0:
            names.append(of[first])
        else:
            names.append(f"half {of[first]} squared" if first == second else f"{of[first]} x {of[second]}")
    return tuple(names)


def unit_names(
    names: tuple[str, ...], aggregate: Polynomial | None, exponent: Polynomial, variables: Variables
) -> tuple[str, ...]:
    """Names of the parameters in the user's units: as the parameters', but one for every monomial."""
    if aggregate is None and exponent.mixing is not None:
        return _monomial_names(exponent.terms, variables, "constant")
    if aggregate is None or aggregate.mixing is None:
        return names
    count = len(variables.relationships) * (len(variables.outputs) - 1)
    start = aggregate.count - count
    tilts = tuple(f"tilt of {r} to {y}" for r in variables.relationships for y in variables.outputs)
    return names[:start] + tilts + names[aggregate.count :]
