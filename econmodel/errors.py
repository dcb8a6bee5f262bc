"""Every error of the package: what happened, in the user's own column names, and what to do about it."""

from importlib.util import find_spec

# What each extra of the distribution brings: the modules of the libraries that pyproject.toml names there.
EXTRAS = {
    "charts": ("altair", "vl_convert"),
    "reports": ("altair", "vl_convert", "ipykernel", "latex2mathml", "nbconvert", "nh3", "papermill", "rich", "typer"),
    "lab": ("altair", "vl_convert", "ipykernel", "jupyterlab"),
    "tables": ("maketables",),
}


class EconmodelError(ValueError):
    """Something the user can mend. Its message says what happened and what to do."""


class TableError(EconmodelError):
    """A table does not fit its card. All faults are listed at once, in the user's column names.

    Mend the column in the table, or the line of the card that describes it; nothing was dropped or changed.
    """


class CardError(EconmodelError):
    """A card (or the same words given to `CostData`) is incomplete or contradicts itself.

    The message names the entry and the values that it may take.
    """


class UnknownName(EconmodelError):
    """A name was asked for that does not exist; the message lists those that do."""


class FormError(EconmodelError):
    """A form cannot hold these data, or a measure does not exist for this form.

    Typical cures: a level form ("composite", "flexible_fixed_cost") where outputs are zero; quasi-scope, which never
    leaves the providers' own mix entirely, where a log form has no cost at zero output.
    """


class NotIdentified(EconmodelError):
    """The data cannot tell some parameters apart. The message names the direction; no number is returned for it.

    Typical cures: fewer second-order terms (`second_order="outputs"` or `"none"`), one of the named columns left out
    with `data.using(...)`, outputs added together.
    """


class DidNotConverge(EconmodelError):
    """The search for the parameters stopped before it reached an optimum; no number is returned.

    Typical cures: fewer second-order terms, `error="multiplicative"`, a look at the providers that the message names.
    """


class NotSupported(EconmodelError):
    """The question cannot be answered by this method or for these data; the message says which one can."""


class ParameterError(EconmodelError):
    """A parameter given to a report is unknown, of the wrong type, or not a number the notebook can take."""


class ReportFailed(EconmodelError):
    """A notebook stopped, or a check that must pass did not. The last good report was left in place."""


class MissingExtra(EconmodelError, ImportError):
    """Libraries that only some uses of the package need are not installed; the message says which extra brings them."""


def needs(extra: str) -> None:
    """Refuse, before anything is done, what needs the libraries of an extra where one of them is not installed.

    Parameters
    ----------
    extra : of the distribution: "charts", "reports", "lab" or "tables"

    Raises
    ------
    MissingExtra : with the command that installs them

    Examples
    --------
    >>> needs("charts")
    """
    if missing := [name for name in EXTRAS[extra] if find_spec(name) is None]:
        raise MissingExtra(
            f"This needs the extra {extra}, of which {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not "
            f"installed. Install it: python -m pip install 'econmodel-services[{extra}]'"
        )
