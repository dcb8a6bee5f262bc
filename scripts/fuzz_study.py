"""Random tables, random fits, every public measure: nothing may end in anything but a result or words of the package.

    python scripts/fuzz_study.py [--seed 1] [--tables 5000] [--processes 1] [--replay SEED] [--quick]

Table number i is made from seed + i alone, so each failure is replayed by its own seed. Each table is given a card and
fitted; an accepted fit is asked `CALLS_OF_A_FIT` random things, and one call needs no table. A call ends in one of:

* ok: a result, whose printed and HTML forms were made
* words: an EconmodelError
* foreign: any other exception
* warning: a warning of any library, or a line of one on the terminal
* silent NaN: an estimate, standard error or end of an interval that is missing or infinite with nothing that explains
  it (see `silent`); or "nan" or "inf" in a sentence; or a sentence with an absurd number
* slow: more than `SECONDS` of processor time

Writes benchmarks/fuzz.md (not with --quick or --replay). The exit code is 1 where any call ended in the last four.
"""

import argparse
import json
import math
import multiprocessing
import os
import re
import signal
import sys
import tempfile
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from fuzz_calls import ALONE, OF_A_FIT, worth_asking
from fuzz_tables import random_options, random_table

import econmodel as em
from econmodel.errors import EconmodelError

RESULTS = Path(__file__).resolve().parent.parent / "benchmarks" / "fuzz.md"
PACKAGE = str(Path(em.__file__).parent)
CALLS_OF_A_FIT = 2
SECONDS = 20
# A call that does not even answer its alarm sits in a library: its process is given up.
PATIENCE = 90
ENDINGS = ("ok", "words", "foreign", "warning", "silent NaN", "slow")
GOOD = ("ok", "words")
NUMBERS = ("estimate", "std_error", "conf_low", "conf_high")
EXPLAINED = re.compile(
    r"missing|no number|no interval|no standard error|no cost|not (given|positive|identified|defined|known|supported|"
    r"estimated)|cannot|could not|do(es)? not|has no|have no|unbounded|nothing|no (price|amount|value)",
    re.IGNORECASE,
)
BROKEN_WORDS = re.compile(r"(?<![\w'\"«“=])[-−]?(nan|inf|NaT|<NA>)(?![\w'\"])")
ABSURD_SHARE = re.compile(r"((?:\d{1,3}(?:,\d{3}){3,}|\d{10,})(?:\.\d+)?|\d(?:\.\d+)?e\+?\d{2,}) ?%")
NUMBER = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?(?:e[+-]?\d+)?")
LARGEST_IN_WORDS = 1e12


class Slow(BaseException):
    """Time is up; not an Exception, so that nothing catches it on the way."""


@dataclass(frozen=True)
class Ending:
    """How one call ended, and where."""

    seed: int
    call: str
    ending: str
    kind: str = ""
    place: str = ""
    words: str = ""


@contextmanager
def terminal() -> Iterator[Callable[[], str]]:
    """What libraries write past Python, to the terminal."""
    with tempfile.TemporaryFile() as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield lambda: (file.seek(0), file.read().decode(errors="replace"))[1]
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _alarm(*_: object) -> None:
    raise Slow


def _place(error: BaseException) -> str:
    ours = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename.startswith(PACKAGE)]
    return f"{Path(ours[-1].filename).relative_to(Path(PACKAGE).parent)}:{ours[-1].lineno}" if ours else ""


def run(seed: int, name: str, call: Callable[[], Any], table: pd.DataFrame | None = None) -> tuple[Ending, Any]:
    """One call, its result printed; and how it ended."""
    signal.signal(signal.SIGPROF, _alarm)
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    result, stack = None, [""]
    with warnings.catch_warnings(record=True) as caught, terminal() as written:
        warnings.simplefilter("always")
        warnings.showwarning = lambda *given, **_: _keep(given, caught, stack)
        try:
            result = call()
            printed = _printed(result)
            found = Ending(seed, name, "ok")
        except EconmodelError as error:
            result, printed = None, str(error)
            found = Ending(seed, name, "words", type(error).__name__, "", str(error))
        except Slow as error:
            found, printed = Ending(seed, name, "slow", "", _place(error)), ""
        except Exception as error:
            words = str(error).splitlines()[0][:160] if str(error) else ""
            found, printed = Ending(seed, name, "foreign", type(error).__name__, _place(error), words), ""
            if "--replay" in sys.argv:
                traceback.print_exc(file=sys.stdout)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        lines = written().strip()
    if found.ending not in GOOD:
        return found, None
    if caught or lines:
        words = str(caught[0].message) if caught else lines
        kind = caught[0].category.__name__ if caught else "terminal"
        return Ending(seed, name, "warning", kind, stack[0], words.splitlines()[0][:160]), result
    if fault := silent(result, printed, table):
        return Ending(seed, name, "silent NaN", fault[0], "", fault[1][:200]), result
    return found, result


def _keep(given: tuple[Any, ...], caught: list[Any], stack: list[str]) -> None:
    message, category, filename, line = given[:4]
    caught.append(warnings.WarningMessage(message, category, filename, line))
    ours = [frame for frame in traceback.extract_stack() if frame.filename.startswith(PACKAGE)]
    if "--replay" in sys.argv:
        print(message, *traceback.format_list(ours), sep="\n")
    if ours and not stack[0]:
        stack[0] = f"{Path(ours[-1].filename).relative_to(Path(PACKAGE).parent)}:{ours[-1].lineno}"


def _printed(result: Any) -> str:
    """The words of a result; its other forms are made too, since they must not fail either."""
    if hasattr(result, "to_dict") and hasattr(result, "mark_line"):
        specification = result.to_dict()
        title = specification.get("title", "")
        return json.dumps(title, ensure_ascii=False)
    repr(result)
    if hasattr(result, "_repr_html_"):
        result._repr_html_()
    words = [getattr(result, "title", ""), getattr(result, "text", ""), getattr(result, "null", "")]
    return "\n".join(str(word) for word in [*words, *getattr(result, "notes", ())] if isinstance(word, str))


def silent(result: Any, printed: str, table: pd.DataFrame | None) -> tuple[str, str] | None:
    """A number that is missing or infinite and unexplained, or words that no number stands behind.

    A missing entry of `NUMBERS` is explained by an identified interval in its row, or by a sentence of text or notes
    that says that there is no number (`EXPLAINED`). A standard error may be missing where its interval is there
    (percentiles), all that belongs to uncertainty where a figure is from the table itself (a gap in cost, a residual),
    and a column may be missing whole (nothing was estimated); not that of estimates.
    """
    if result is None and table is None:
        return None  # a message that quotes an argument
    if found := BROKEN_WORDS.search(printed):
        return "broken word", _around(printed, found)
    # An output called "%" is asked for in the amounts that the study made up.
    of_a_column = table is not None and "%" in table.columns
    if (found := ABSURD_SHARE.search(printed)) and not of_a_column:
        return "absurd share", _around(printed, found)
    limit = LARGEST_IN_WORDS * _span(table)
    for found in NUMBER.finditer(printed):
        if float(found.group().replace(",", "")) > limit:
            return "absurd number", _around(printed, found)
    frame = getattr(result, "table", None)
    if not isinstance(frame, pd.DataFrame):
        return None
    for name in NUMBERS:
        if name not in frame or frame[name].isna().all():
            continue
        for _, row in frame[~np.isfinite(frame[name].astype(float))].iterrows():
            if not _explained(row, name, printed):
                return f"{name} {row[name]}", f"{row.get('term', '')} at {row.get('at', '')}: {printed[:140]!r}"
    empty = "estimate" in frame and len(frame) and frame["estimate"].isna().all() and "identified_low" not in frame
    return ("estimate, all", printed[:160]) if empty and not EXPLAINED.search(printed) else None


def _explained(row: pd.Series, name: str, printed: str) -> bool:
    if name == "std_error" and math.isfinite(row.get("conf_low", math.nan)):
        return True
    if math.isfinite(row.get("identified_low", math.nan)):
        return True
    if math.isfinite(row.get("estimate", math.nan)) and all(row.get(other) != row.get(other) for other in NUMBERS[1:]):
        return True
    return bool(EXPLAINED.search(printed))


def _around(words: str, found: re.Match[str]) -> str:
    return words[max(found.start() - 70, 0) : found.end() + 30].replace("\n", " ")


def _span(table: pd.DataFrame | None) -> float:
    """How large a plain number of these units can be: the largest figure, over the smallest."""
    if table is None:
        return 1e3
    sizes = [abs(float(x)) for name in table if pd.api.types.is_float_dtype(table[name]) for x in table[name].dropna()]
    sizes = [x for x in sizes if math.isfinite(x) and x > 0]
    return max(max(sizes, default=1.0), 1.0) / min(min(sizes, default=1.0), 1.0)


def study(seed: int, calls: int = CALLS_OF_A_FIT) -> list[Ending]:
    """Everything that is asked of the table of one seed."""
    rng = np.random.default_rng(seed)
    name = str(rng.choice(list(ALONE)))
    endings = [run(seed, name, lambda: ALONE[name](np.random.default_rng([seed, 1])))[0]]
    table = random_table(rng)
    ending, data = run(seed, "CostData", lambda: em.CostData(table.frame, **table.card))
    endings.append(ending)
    if data is None:
        return endings
    plain = _plain(table.frame)
    ending, fitted = run(seed, "fit", lambda: em.fit(data, **random_options(data, rng)), plain)
    endings.append(ending)
    if fitted is None:
        return endings
    askable = worth_asking(data, fitted) if rng.random() < 0.9 else list(OF_A_FIT)
    for number, name in enumerate(rng.choice(askable, calls, replace=False)):
        own = np.random.default_rng([seed, 2, number])
        endings.append(run(seed, str(name), lambda name=name, own=own: OF_A_FIT[name](data, fitted, own), plain)[0])
    return endings


def _plain(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.loc[:, ~frame.columns.duplicated()]


def _work(seeds: list[int], pipe: Any) -> None:
    for seed in seeds:
        pipe.send((seed, [asdict(ending) for ending in study(seed)]))
    pipe.send(None)


def _shard(seeds: list[int], pipe: Any) -> None:
    """Studies seeds in a process of its own, and a new one where that stops answering."""
    while seeds:
        ours, theirs = multiprocessing.Pipe(duplex=False)
        worker = multiprocessing.get_context("fork").Process(target=_work, args=(seeds, theirs))
        worker.start()
        theirs.close()
        try:
            while ours.poll(PATIENCE * (CALLS_OF_A_FIT + 3)):
                answer = ours.recv()
                if answer is None:
                    seeds = []
                    break
                pipe.send(answer)
                seeds = seeds[1:]
            else:
                raise EOFError
        except EOFError:
            pipe.send((seeds[0], [asdict(Ending(seeds[0], "some call", "slow", "never returned"))]))
            seeds = seeds[1:]
        worker.kill()
        worker.join()
    pipe.send(None)


def run_all(seeds: list[int], processes: int) -> list[Ending]:
    """All seeds, shared out among processes."""
    pipes = []
    for number in range(processes):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        multiprocessing.Process(target=_shard, args=(seeds[number::processes], theirs)).start()
        theirs.close()
        pipes.append(ours)
    endings: list[Ending] = []
    done = 0
    while pipes:
        for pipe in multiprocessing.connection.wait(pipes):
            answer = pipe.recv()
            if answer is None:
                pipes.remove(pipe)
                continue
            done += 1
            endings += [Ending(**one) for one in answer[1]]
            for one in endings[-len(answer[1]) :]:
                if one.ending not in GOOD:
                    print(one.seed, one.call, one.ending, one.kind, one.place, one.words, sep=" | ", flush=True)
            if done % 250 == 0:
                print(f"{done} of {len(seeds)} tables", flush=True)
    return sorted(endings, key=lambda one: one.seed)


def as_markdown(endings: list[Ending], seed: int, tables: int) -> str:
    """Counts by call and ending."""
    counts = Counter((one.call, one.ending) for one in endings)
    calls = ["CostData", "fit", *sorted({one.call for one in endings} - {"CostData", "fit"})]
    bad = [ending for ending in ENDINGS if ending not in GOOD]
    lines = [
        "# Random tables through every public measure",
        "",
        f"Made by `scripts/fuzz_study.py --seed {seed} --tables {tables}`, which says what the columns mean: "
        f"{len(endings):,} calls, {counts['fit', 'ok']:,} accepted fits. "
        + ", ".join(f"{sum(counts[call, ending] for call in calls)} {ending}" for ending in bad)
        + ".",
        "",
        "| call | " + " | ".join(ENDINGS) + " |",
        "| --- |" + " ---: |" * len(ENDINGS),
    ]
    lines += [f"| {call} | " + " | ".join(str(counts[call, ending]) for ending in ENDINGS) + " |" for call in calls]
    return "\n".join(lines) + "\n"


def report(endings: list[Ending]) -> None:
    """Failures by kind, with the seeds that replay them."""
    groups: dict[tuple[str, ...], list[Ending]] = {}
    for one in endings:
        if one.ending not in GOOD:
            groups.setdefault((one.ending, one.kind, one.place, one.call), []).append(one)
    for (ending, kind, place, call), ones in sorted(groups.items(), key=lambda item: -len(item[1])):
        seeds = ", ".join(str(one.seed) for one in ones[:3])
        print(f"{len(ones):4d} {ending} | {kind} | {place} | {call} | --replay {seeds} | {ones[0].words}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Random tables through every public measure.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tables", type=int, default=5_000)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--replay", type=int, help="the one seed to study, with every call printed")
    parser.add_argument("--quick", action="store_true", help="write nothing")
    given = parser.parse_args()
    if given.replay is not None:
        endings = study(given.replay)
        for one in endings:
            print(one.call, one.ending, one.kind, one.place, one.words, sep=" | ")
    else:
        seeds = list(range(given.seed, given.seed + given.tables))
        endings = run_all(seeds, given.processes)
        print(as_markdown(endings, given.seed, given.tables))
        report(endings)
        if not given.quick:
            RESULTS.write_text(as_markdown(endings, given.seed, given.tables), encoding="utf-8")
    return int(any(one.ending not in GOOD for one in endings))


if __name__ == "__main__":
    sys.exit(main())
