"""What a comparison of one worker with several says in words."""

from econmodel.arrangements.partnerships.firms import Reading
from econmodel.arrangements.partnerships.trust import Trust
from econmodel.arrangements.partnerships.words import amount
from econmodel.economies.core.places import CostFunction
from econmodel.results import Effects, format_number
from econmodel.verdict import judge_row


def text(found: Effects) -> str:
    """The saving, where it comes from, and whether it is known."""
    apart, connected, saving, systems, people, once, lost = found.table["term"]
    verdict = judge_row(found.row(saving), found.conf_level).conclusion
    result = f"One worker for all costs {amount(found, connected)} a year, "
    result += f"a worker for each service {amount(found, apart)}. "
    if verdict not in ("above", "below"):
        result += f"Whether one worker is cheaper cannot be told: the saving is {amount(found, saving)}. "
    elif verdict == "above":
        result += f"One worker saves {amount(found, saving)}. "
    else:
        result += f"One worker costs {amount(found, saving, turned=True)} more. "
    result += (
        f"{amount(found, systems)} come through systems (joint production, continuity held), {amount(found, people)} "
        f"from one relationship that every contact builds, {amount(found, once)} from setting it up once; "
        f"{amount(found, lost, turned=True)} are lost with specialisation."
    )
    premium = found.tables["switching values"].query("`what is moved` == 'premium of a generalist' and to != 'none'")
    if len(premium) == 1 and verdict == "above":
        result += f" It stops paying at a generalist's premium of {100 * premium['switches at'].iloc[0]:.0f} %."
    return result


def notes(function: CostFunction, bond: Trust, ways: list[Reading], inside: bool) -> tuple[str, ...]:
    """What a reader must know besides."""
    found = [
        f"Assumed: a contact builds {format_number(100 * bond.growth)} % of the continuity still missing, a year "
        f"wears {format_number(100 * bond.decay)} %, a worker stays {bond.every} years and "
        f"{format_number(100 * bond.kept)} % survives the change. No source estimates these.",
        "Only the extremes are compared: each service alone with its own worker, and all with one. One organisation "
        "with several workers has the scope through systems without that through people.",
    ]
    if len(ways) > 1:
        found.append("Data do not say which fixed cost a single service is spared: only intervals are identified.")
    if not inside:
        found.append("No support: single services, or such continuity, lie beyond the providers of the table.")
    if function.sample is None:
        found.append("The cost function is stated, not estimated: nothing here has an interval of sampling.")
    return tuple(found)
