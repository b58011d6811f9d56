"""What a study promises whatever happens to it, held against what it left: the broken promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import TypeVar

from mlp.proof.trials.study import ROOT, Left

INTERRUPTED = {2, 130, -2}
"""Exit statuses of an interruption: pytest's own, a shell's, and that of a death by SIGINT."""

PROMPT_S = 120.0
"""How long an interrupted study may take to end, on a busy machine."""

T = TypeVar("T")


def broken(
    whole: Left, now: Left, before: Mapping[str, bytes], others: Collection[str] = ()
) -> list[str]:
    """How a study that has ended differs from `whole`, an undisturbed one on a cold store.

    before: the runs its store held when it began, which it must leave alone.
    others: keys of the runs that were trained by other studies, before or meanwhile.
    """
    if now.status is None:
        return ["it did not end in time"]
    found = [f"exit status {now.status}, not {whole.status}"] if now.status != whole.status else []
    found += _differences("claims", whole.claims, now.claims)
    found += _differences("runs", whole.runs, now.runs)
    touched = [key for key in before if now.runs.get(key) != before[key]]
    found += _count(touched, "finished runs were changed")
    trained = Counter(now.kept)
    due = whole.runs.keys() - before.keys() - set(others)
    again = [key for key, times in trained.items() if times > 1 or key not in due]
    found += _count(again, "runs were trained again")
    found += _count(due - trained.keys(), "runs nobody is known to have trained")
    return found + locked(now)


def locked(left: Left) -> list[str]:
    """Whether a study complained of its store being locked."""
    return ["it said: database is locked"] if "is locked" in left.said else []


def ending(left: Left, seconds: float, *, interrupted: bool) -> list[str]:
    """What is wrong with how a study ended, `seconds` after it was struck.

    One that was interrupted must end soon, with the status of an interruption, and print no
    traceback through code of ours. What Python prints when it is interrupted while it starts,
    before it comes to our conftest.py, is not ours to say; nor is loading the witness.
    """
    if left.status is None or (interrupted and seconds > PROMPT_S):
        return [f"it went on for {seconds:.0f} s after it was struck"]
    found = locked(left)
    if interrupted and left.status not in INTERRUPTED:
        found.append(f"interrupted, it ended with {left.status}")
    ours = f'File "{ROOT}' in left.said and "in import_plugin" not in left.said
    if interrupted and (ours or "INTERNALERROR" in left.said):
        found.append("interrupted, it printed a traceback")
    return found


def _differences(what: str, whole: Mapping[str, T], now: Mapping[str, T]) -> list[str]:
    return [
        *_count(whole.keys() - now.keys(), f"{what} are missing"),
        *_count(now.keys() - whole.keys(), f"{what} are new"),
        *_count([k for k in whole.keys() & now.keys() if whole[k] != now[k]], f"{what} differ"),
    ]


def _count(keys: Collection[str], what: str) -> list[str]:
    return [f"{len(keys)} {what} (first: {min(keys)[:120]})"] if keys else []
