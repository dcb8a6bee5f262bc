"""From names and means to a definite cost function."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from econmodel.forms.form import Form, Restriction, SecondOrder, Variables, polynomials, relative_prices, unit_names
from econmodel.forms.technology import Technology

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Centres:
    """Means at which coordinates are centred: of the output coordinates (m,), log prices (K,), relationship variables
    (R,) and controls (X,).
    """

    outputs: Array
    log_prices: Array
    relationships: Array
    controls: Array


def assemble(
    form: Form,
    variables: Variables,
    centres: Centres,
    *,
    second_order: SecondOrder | None = None,
    restrict: tuple[Restriction, ...] = (),
    log_relationships: tuple[bool, ...] = (),
    numeraire: int | None = None,
) -> Technology:
    """A cost function of the named variables, centred at the given means.

    Parameters
    ----------
    variables : names in absolute terms (all K prices); fixed costs only for outputs that can be told apart from the
        common cost (see `Technology.fixed_costs`)
    second_order : None for the form's own
    restrict : restrictions of a log form (see `econmodel.forms.form.polynomials`)
    numeraire : place of the price that cost and prices are divided by, or None for an unobserved one

    Examples
    --------
    The exact cost function C = 10 + 3 + 2 y for one output, centred at y = 1:

    >>> from econmodel.forms.form import FORMS
    >>> centres = Centres(np.ones(1), np.zeros(0), np.zeros(0), np.zeros(0))
    >>> one = assemble(FORMS["flexible_fixed_cost"], Variables(("y",), fixed_costs=(0,)), centres, second_order="none")
    >>> one.names
    ('common cost', 'y', 'fixed cost of y')
    >>> float(one.cost(np.array([10.0, 2.0, 3.0]), one.mean_point())[0])
    15.0
    """
    relative = relative_prices(form, variables.prices, numeraire)
    inner = Variables(
        variables.outputs, relative, variables.relationships, variables.controls,
        variables.fixed_costs, variables.two_valued,
    )  # fmt: skip
    aggregate, exponent, names = polynomials(form, inner, second_order or form.second_order, restrict)
    return Technology(
        form=form,
        outputs=variables.outputs,
        prices=variables.prices,
        relationships=variables.relationships,
        controls=variables.controls,
        log_relationships=log_relationships or (False,) * len(variables.relationships),
        numeraire=numeraire,
        output_centres=centres.outputs,
        log_price_centres=centres.log_prices,
        relationship_centres=centres.relationships,
        control_centres=centres.controls,
        fixed_costs=variables.fixed_costs,
        aggregate=aggregate,
        exponent=exponent,
        names=names,
        unit_names=unit_names(names, aggregate, exponent, inner),
    )
