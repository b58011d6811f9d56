"""Corrupt a store in many ways and see what comes of it: right data, absence, or a sentence.

Never allowed: a wrong value, a run nobody stored, any exception but StoreError, a hang.
"""

import hashlib
import multiprocessing
import os
import random
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlp.machine import KILL
from mlp.store.database import PAGE
from mlp.store.errors import StoreError
from mlp.store.owners import STALE_S
from mlp.store.records import Job
from mlp.store.store import Store

RUNS = 48
FINISHED = 32
TIMEOUT_S = 3 * int(STALE_S)
"""Longer than the wait for an owner whose row was hit, so that it cannot be asked."""
OUTCOMES = ("right", "absent", "refused", "violation")
_FILES = ("", "-wal", "-shm")
_SPEC = {"corrupted": False}

Damage = Callable[[Path, random.Random], None]


def key_of(seed: int) -> str:
    """The key of the trial run with this seed."""
    return hashlib.sha256(f"trial {seed}".encode()).hexdigest()


def record_of(seed: int) -> dict[str, Any]:
    """What the trial run with this seed must give: some short, some longer than a page."""
    rng = random.Random(seed)
    return {"seed": seed, "curve": [rng.random() for _ in range(rng.choice((5, 60, 2000)))]}


def jobs() -> list[Job]:
    """All trial runs, in jobs of eight."""
    parts = [range(first, first + 8) for first in range(0, RUNS, 8)]
    return [Job(_SPEC, {key_of(seed): seed for seed in part}) for part in parts]


def train(job: Job) -> Mapping[str, Mapping[str, Any]]:
    """The records of a trial job."""
    if dict(job.spec) != _SPEC:
        raise AssertionError(f"a job came back with another spec: {job.spec}")
    return {key: record_of(seed) for key, seed in job.runs.items()}


def build(folder: Path) -> None:
    """A store with `FINISHED` runs, a job waiting, and one leased by a process that was killed.

    Written twice: `live.db` still has its changes in the log, `rest.db` is at rest.
    """
    process = multiprocessing.get_context("spawn").Process(target=_fill, args=(folder,))
    process.start()
    process.join()
    for suffix in _FILES:
        shutil.copy(f"{folder}/live.db{suffix}", f"{folder}/rest.db{suffix}")
    Store(folder / "rest.db").close()


def _fill(folder: Path) -> None:
    with Store(folder / "live.db") as store:
        store.put({key_of(seed): record_of(seed) for seed in range(12)})
    store = Store(folder / "live.db")
    store.request(jobs())
    for _ in range(3):
        job = store.take()
        assert job is not None
        store.finish(job, train(job))
    store.take()
    os.kill(os.getpid(), KILL)


def _truncate(path: Path, rng: random.Random) -> None:
    os.truncate(path, rng.randrange(path.stat().st_size))


def _overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(content)


def _flip(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = rng.randrange(len(data))
        _overwrite(path, at, bytes([data[at] ^ rng.randrange(1, 256)]))


def _page_heads(path: Path, rng: random.Random) -> None:
    """Random bytes where a page says what it holds: far likelier to mislead than elsewhere."""
    page = rng.randrange(path.stat().st_size // PAGE)
    at = page * PAGE + (100 if page == 0 else 0) + rng.randrange(64)
    _overwrite(path, at, rng.randbytes(rng.randrange(1, 8)))


def _zero_page(path: Path, rng: random.Random) -> None:
    _overwrite(path, rng.randrange(path.stat().st_size // PAGE) * PAGE, bytes(PAGE))


def _swap_pages(path: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    one, two = rng.sample(range(len(data) // PAGE), 2)
    _overwrite(path, one * PAGE, data[two * PAGE : (two + 1) * PAGE])
    _overwrite(path, two * PAGE, data[one * PAGE : (one + 1) * PAGE])


def _header(path: Path, rng: random.Random) -> None:
    at = rng.randrange(100)
    _overwrite(path, at, rng.randbytes(rng.randrange(1, 101 - at)))


def _beside(suffix: str, damage: Damage) -> Damage:
    return lambda path, rng: damage(Path(f"{path}{suffix}"), rng)


def _lose_log(path: Path, rng: random.Random) -> None:
    del rng
    Path(f"{path}-wal").unlink()


DAMAGES: dict[str, tuple[str, Damage]] = {
    "truncate": ("rest.db", _truncate),
    "flip bytes": ("rest.db", _flip),
    "flip page heads": ("rest.db", _page_heads),
    "zero a page": ("rest.db", _zero_page),
    "swap pages": ("rest.db", _swap_pages),
    "overwrite header": ("rest.db", _header),
    "truncate log": ("live.db", _beside("-wal", _truncate)),
    "flip log": ("live.db", _beside("-wal", _flip)),
    "lose log": ("live.db", _lose_log),
    "flip under a log": ("live.db", _flip),
    "flip index of log": ("live.db", _beside("-shm", _flip)),
}
"""Each kind of damage: the store it is done to, and how."""


@dataclass(frozen=True)
class Corruption:
    """One corruption: its kind and seed, the outcome, and what was seen."""

    kind: str
    seed: int
    outcome: str
    seen: str = ""


def attempt(kind: str, seed: int, templates: Path) -> Corruption:
    """Corrupt a copy of a store and put it to every use."""
    source, damage = DAMAGES[kind]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "store.db")
        for suffix in _FILES:
            template = Path(f"{templates}/{source}{suffix}")
            if template.exists():
                shutil.copy(template, f"{path}{suffix}")
        damage(path, random.Random(f"{kind} {seed}"))
        try:
            with _alarm():
                return Corruption(kind, seed, _judge(path))
        except StoreError as error:
            return Corruption(kind, seed, *_judge_refusal(path, str(error)))
        except Exception as error:
            return Corruption(kind, seed, "violation", f"{type(error).__name__}: {error}")


def run(trials: int, first: int = 0) -> list[Corruption]:
    """That many trials, the kinds in turn."""
    kinds = list(DAMAGES)
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder))
        numbers = range(first, first + trials)
        return [attempt(kinds[n % len(kinds)], n, Path(folder)) for n in numbers]


def table(trials: list[Corruption]) -> str:
    """The trials counted by kind and outcome, as text."""
    counts = Counter((trial.kind, trial.outcome) for trial in trials)
    lines = [f"{'damage':<18}" + "".join(f"{outcome:>11}" for outcome in OUTCOMES)]
    for kind in DAMAGES:
        lines.append(f"{kind:<18}" + "".join(f"{counts[kind, out]:>11}" for out in OUTCOMES))
    totals = Counter(trial.outcome for trial in trials)
    lines.append(f"{'all':<18}" + "".join(f"{totals[outcome]:>11}" for outcome in OUTCOMES))
    return "\n".join(lines)


def _judge(path: Path) -> str:
    """Read everything, train what is missing, write more, and read all of it again."""
    expected = {key_of(seed): record_of(seed) for seed in range(RUNS)}
    with Store(path) as store:
        listed = dict(store.items())
        got = store.get(list(expected))
        _require_true(listed, expected)
        _require_true(got, expected)
        store.progress()
        _require_true(store.obtain(jobs(), train), expected)
        store.put({key_of(RUNS): record_of(RUNS)})
    with Store(path) as store:
        _require_true(store.get(list(expected)), expected)
        if store.get(list(expected)).keys() != expected.keys():
            raise AssertionError("a run just kept is gone")
    return "right" if len(got) == FINISHED else "absent"


def _require_true(found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    for key, record in found.items():
        if record != expected.get(key):
            raise AssertionError(f"a wrong value for {key[:12]}")


def _judge_refusal(path: Path, sentence: str) -> tuple[str, str]:
    """A refusal must be one sentence, and its remedy must help."""
    if "\n" in sentence or not sentence.endswith(".") or ": " not in sentence:
        return "violation", f"not a sentence: {sentence}"
    try:
        with Store(path, fresh=True) as store:
            store.obtain(jobs()[:1], train)
    except StoreError as error:
        if "something else" not in str(error):
            return "violation", f"a fresh store does not help: {error}"
    return "refused", sentence


@contextmanager
def _alarm() -> Iterator[None]:
    """TimeoutError when the block takes too long (on systems with SIGALRM, in the main thread)."""

    def ring(*_: object) -> None:
        raise TimeoutError(f"no end after {TIMEOUT_S} s")

    if not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(TIMEOUT_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
