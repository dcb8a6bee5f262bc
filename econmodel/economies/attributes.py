"""Which relationship variables can carry an effect of their own: attributes, measured apart from inputs."""

from econmodel.economies.core.places import CostFunction, require_fit
from econmodel.errors import NotSupported, UnknownName
from econmodel.table.roles import nearest

REASON = (
    "An input ratio is spending per unit of volume: its slope in a cost function is the price of the input by "
    "arithmetic, whatever the relationship does. Only an attribute, measured apart from inputs (continuity, the same "
    'worker), can be asked this; declare it with kind = "attribute" if it is one.'
)


def attributes(function: CostFunction, name: str | None) -> list[str]:
    """The attribute of this name, or all attributes among the relationship variables.

    Raises
    ------
    NotSupported
        Where the variable is an input ratio or of unstated kind, with the reason; or where there is none at all.
    UnknownName
        For a variable that the fit does not have; the message lists those that it has.
    """
    require_fit(function)
    names = function.technology.relationships
    if not names:
        raise NotSupported(
            "This fit has no relationship variable. Name one in the card ([relationships.NAME]) or with "
            "relationships={...}, and fit again."
        )
    if name is not None and name not in names:
        raise UnknownName(
            f"{name!r} is not a relationship variable of this fit{nearest(name, names) or '.'} "
            f"There is {', '.join(names)}."
        )
    asked = list(names) if name is None else [name]
    if function.sample is None:
        return asked
    roles = function.sample.data.relationships
    found = [one for one in asked if roles[one].kind == "attribute"]
    if not found:
        kind = "of unstated kind" if roles[asked[0]].kind == "unstated" else "an input ratio"
        raise NotSupported(f"{asked[0]} is {kind}. {REASON}")
    return found
