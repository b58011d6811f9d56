"""Who holds a lease, and whether that process still lives.

On the same machine the kernel answers: the process is gone, is a zombie, or its number has passed
to a younger process. Where it cannot be asked (another machine, another container, a system without
/proc), an owner is dead once its beat has not changed for `STALE_S` seconds of the observer's own
clock, so clocks need not agree.
"""

import os
import platform
import threading
import time
import uuid
import weakref
from dataclasses import dataclass
from typing import Protocol

BEAT_S = 5.0
STALE_S = 30.0


@dataclass(frozen=True)
class Owner:
    """A process that may hold leases, as its row in the store has it."""

    id: str
    study: str
    host: str
    pid: int
    start: str
    beat: int = 0

    @classmethod
    def here(cls, study: str) -> "Owner":
        """This process."""
        pid = os.getpid()
        return cls(uuid.uuid4().hex, study, _host(), pid, _start(pid) or "")


class Watch:
    """Tells the living owners from the dead; remembers when each beat was first seen."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[object, float]] = {}
        self._host = _host()

    def is_dead(self, owner: Owner) -> bool:
        """Whether the owner can no longer finish what it holds. Takes rows of any content."""
        if owner.host == self._host and owner.start and isinstance(owner.pid, int):
            return _start(owner.pid) != owner.start
        now = time.monotonic()
        beat, since = self._seen.get(owner.id, (None, now))
        if beat != owner.beat:
            self._seen[owner.id] = (owner.beat, now)
            return False
        return now - since > STALE_S


class _Beating(Protocol):
    def _beat(self) -> None: ...


class Heartbeat:
    """A daemon thread that calls `store._beat()` every `BEAT_S` seconds, until stopped.

    It holds no reference to the store, so a store that nobody holds is collected, and it ends.
    """

    def __init__(self, store: _Beating) -> None:
        self._stop = threading.Event()
        args = (weakref.ref(store), self._stop)
        threading.Thread(target=_pulse, args=args, name="store-heartbeat", daemon=True).start()

    def stop(self) -> None:
        """End the thread, without waiting for it."""
        self._stop.set()


def _pulse(ref: "weakref.ref[_Beating]", stop: threading.Event) -> None:
    while not stop.wait(BEAT_S):
        store = ref()
        if store is None:
            return
        store._beat()
        del store


def _start(pid: int) -> str | None:
    """When the process started, in ticks since boot; None if it is gone or cannot be asked."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
        return None if fields[0] in (b"Z", b"X") else fields[19].decode("ascii")
    except (OSError, IndexError, ValueError):
        return None


def _host() -> str:
    """What must be equal for process numbers to be comparable: machine, boot, and pid namespace."""
    parts = [platform.node()]
    try:
        with open("/proc/sys/kernel/random/boot_id") as file:
            parts.append(file.read().strip())
        parts.append(os.readlink("/proc/self/ns/pid"))
    except OSError:
        pass
    return "/".join(parts)
