"""Which workers may have work: those that have shown that they are the same as the session."""

from __future__ import annotations

import hashlib
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from mlp.cluster.address import Link
from mlp.cluster.passport import HARDWARE, IMPORTS, Passport, Standard, difference
from mlp.cluster.task import admit, examine

LOOK_S = 0.5
"""How often it is looked whether workers have come or gone."""


class Crew:
    """The workers of a cluster, examined by a thread of its own as they come.

    Args:
        link: the client of the cluster.
        standard: what is compared.
        say: is told of each worker that is refused, and why.
        on_change: is called when workers were admitted or have gone.
        here: whether the workers are processes of this machine that this session started.
        processor: "session": a worker's hardware must be that of this process. "workers": it must
            be that of most of the workers who show it first; `hardware` tells it.
    """

    def __init__(
        self,
        link: Link,
        standard: Standard,
        say: Callable[[str], None],
        on_change: Callable[[], None],
        *,
        here: bool = False,
        processor: str = "session",
    ) -> None:
        self._link, self.standard, self._say, self._on_change = link, standard, say, on_change
        self._paths = tuple(sys.path) if here else ()
        self._theirs = processor == "workers"
        self.hardware: dict[str, str] = {}
        """That of the workers, where it need not be that of the session; {} until it is known."""
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._seen: set[str] = set()
        self._admitted: set[str] = set()
        self.refused: dict[str, str] = {}
        self.connected = len(link.nthreads())
        """How many workers there are, whether they may have work or not."""
        self._set_expected()
        threading.Thread(target=self._watch, name="mlp-crew", daemon=True).start()

    @property
    def size(self) -> int:
        """How many workers may have work now."""
        return len(self._admitted)

    @property
    def asked(self) -> int:
        """How many workers are there that have not answered yet."""
        return len(self._seen) - len(self._admitted) - len(self.refused)

    def require(self, modules: Iterable[str]) -> None:
        """Have workers examined anew if they have not been asked to import all of these modules.

        Raises:
            ClusterError: a module that no worker can import.
        """
        if set(modules) <= set(self.standard.modules):
            return
        standard = self.standard.with_modules(tuple(modules))
        with self._lock:
            self.standard = standard
            self._set_expected()
            self._forget()

    def forget(self) -> None:
        """Have all workers examined anew: the connection to them was lost."""
        with self._lock:
            self._forget()

    def stop(self) -> None:
        """Look no more."""
        self._stop.set()

    def _set_expected(self) -> None:
        """What a passport must say, and the resource that workers who say so are given."""
        self._expected = {**self.standard.passport(), **self.hardware}
        content = repr(sorted(self._expected.items())).encode()
        self.mark = f"mlp-{hashlib.sha256(content).hexdigest()[:12]}"

    def _forget(self) -> None:
        self._seen.clear()
        self._admitted.clear()
        self.refused.clear()

    def _watch(self) -> None:
        while not self._stop.wait(LOOK_S if self._admitted else LOOK_S / 5):
            try:
                now = set(self._link.nthreads())
                self.connected = len(now)
            except Exception:  # the connection is lost: the client tries to have it back
                continue
            with self._lock:
                fresh = sorted(now - self._seen)
                self._seen |= set(fresh)
                self._seen &= now
                gone = self._admitted - now
                self._admitted -= gone
                self.refused = {at: why for at, why in self.refused.items() if at in now}
            if gone:
                self._on_change()
            if fresh:
                threading.Thread(target=self._examine, args=(fresh,), daemon=True).start()

    def _examine(self, workers: list[str]) -> None:
        with self._lock:
            standard = self.standard
        told = (standard.modules, standard.packages, standard.digest, self._paths)
        try:
            shown = self._run(examine, *told, workers=workers)
            with self._lock:
                if standard is not self.standard:  # more is asked of them by now
                    return
                self._learn(shown)
                mark = self.mark
            same = [at for at, passport in shown.items() if self._judge(at, passport)]
            if same:
                self._run(admit, mark, workers=same)
        except Exception:  # they went while they were asked, or the connection did
            with self._lock:
                self._seen -= set(workers)
            return
        with self._lock:
            if mark == self.mark:
                self._admitted |= set(same) & self._seen
        self._on_change()

    def _run(self, function: Any, *given: Any, workers: list[str]) -> dict[str, Any]:
        found: dict[str, Any] = self._link.run(function, *given, workers=workers, on_error="return")
        return found

    def _learn(self, shown: dict[str, Any]) -> None:
        """Expect the hardware that most workers have, if it is theirs that counts."""
        fit = [one for one in shown.values() if isinstance(one, dict) and not one[IMPORTS]]
        if self._theirs and not self.hardware and fit:
            kinds = Counter(tuple(one[name] for name in HARDWARE) for one in fit)
            most = min(kinds, key=lambda kind: (-kinds[kind], kind))
            self.hardware = dict(zip(HARDWARE, most, strict=True))
            self._set_expected()

    def _judge(self, worker: str, shown: Passport | Exception) -> bool:
        """Whether the worker may have work; if not, say why."""
        if isinstance(shown, OSError):  # it went
            return False
        if isinstance(shown, Exception):
            shown = {IMPORTS: f"mlp cannot be imported there ({type(shown).__name__}: {shown})"}
        with self._lock:
            why = difference(shown, self._expected)
            if why:
                self.refused[worker] = why
        if why:
            self._say(f"mlp: worker {worker} gets no work: {why}")
        return not why
