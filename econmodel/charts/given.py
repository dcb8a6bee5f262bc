"""What a chart is drawn of: anything else is refused in one sentence, with what to give instead."""

from econmodel.errors import NotSupported


def must_draw(sound: bool, chart: str, given: object, wanted: str) -> None:
    """NotSupported where a chart was not given what it draws: a fit where a result is asked for, say.

    Parameters
    ----------
    sound : whether it was
    chart : the name of the chart in `econmodel.charts`
    wanted : what it draws, with the call that makes it

    Examples
    --------
    >>> must_draw(True, "waterfall", None, "the result of em.decompose(fit, start, end)")
    """
    if not sound:
        kind = "nothing" if given is None else f"a value of type {type(given).__name__}"
        raise NotSupported(f"em.charts.{chart} draws {wanted}, and was given {kind}.")
