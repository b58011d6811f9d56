"""Records and jobs as bytes: canonical JSON, guarded by a checksum.

A checksum tells damage, not forgery: whoever can write the file can also write a matching checksum.
Nothing read is executed.
"""

import hashlib
import json
import math
import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

MAX_PAYLOAD = 64 * 2**20
"""The largest payload, in bytes, that is written or believed."""

_KEY = re.compile(r"[0-9a-f]{1,128}")


@dataclass(frozen=True)
class Job:
    """Runs to be produced together.

    spec: what the runs have in common, JSON-able, enough for any worker to train from.
    runs: for each run's key, what is its own (its seed), JSON-able; never empty.
    cost: of one run, in any unit that is the same throughout a study; for progress estimates.
    group: the same for jobs that a process trains sooner one after another. Told in this process
        only: it is not kept in the file.
    """

    spec: Mapping[str, Any]
    runs: Mapping[str, Any]
    cost: float = 1.0
    id: int = field(default=0, repr=False, compare=False)
    group: int = field(default=0, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.runs:
            raise ValueError("A job must hold at least one run, but it has none: give it runs.")
        if not (math.isfinite(self.cost) and self.cost >= 0):
            raise ValueError(f"A cost must be finite and not negative, but is {self.cost}: fix it.")
        check_keys(self.runs)

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the runs it will produce."""
        return tuple(self.runs)

    def part(self, keys: Container[str]) -> "Job | None":
        """The job with those of its runs that are among the keys; None if none is."""
        runs = {key: own for key, own in self.runs.items() if key in keys}
        return replace(self, runs=runs) if runs else None


def check_keys(keys: Iterable[str]) -> None:
    """Raise ValueError unless every key is a string of 1 to 128 lower-case hexadecimal digits."""
    for key in keys:
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise ValueError(
                f"A run's key must be 1 to 128 lower-case hexadecimal digits, but is {key!r}: "
                "use a hexdigest."
            )


def encode(value: Mapping[str, Any]) -> bytes:
    """Canonical JSON: sorted keys, no spaces, ASCII, floats that read back to the same bits.

    Raises ValueError for what JSON cannot hold: NaN, infinities, objects, more than `MAX_PAYLOAD`.
    """
    try:
        text = json.dumps(dict(value), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"A stored value must be plain JSON without NaN, but this one is not ({error}): "
            "use finite numbers, strings, None, lists and dicts."
        ) from error
    if len(text) > MAX_PAYLOAD:
        raise ValueError(
            f"A stored value must have at most {MAX_PAYLOAD} bytes, but this one has {len(text)}: "
            "store less."
        )
    return text.encode("ascii")


def encode_all(records: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    """Each record as `encode` has it, by its key. ValueError for a wrong key too."""
    check_keys(records)
    return {key: encode(record) for key, record in records.items()}


def decode(payload: bytes) -> dict[str, Any]:
    """The value whose `encode` is `payload`; ValueError when it cannot be one."""
    try:
        value = _DECODER.decode(payload.decode())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    return value


def checksum(label: bytes, payload: bytes) -> bytes:
    """SHA-256 over the label and the payload, 32 bytes."""
    return hashlib.sha256(label + b"\n" + payload).digest()


def verify(label: object, payload: object, digest: object) -> bool:
    """Whether the three, as read from the file, belong together."""
    return (
        isinstance(label, bytes)
        and isinstance(payload, bytes)
        and len(payload) <= MAX_PAYLOAD
        and checksum(label, payload) == digest
    )


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)
