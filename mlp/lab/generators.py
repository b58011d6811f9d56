"""The global random generators, seeded for one run and put back afterwards."""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the generators of `random`, NumPy and every framework that is imported already.

    Each gets a seed of its own, derived from the run's by a stable digest. Their states of before
    are restored. A framework that `train` itself imports first is not seeded for that run: import
    it at the top of the module.
    """
    with ExitStack() as after:
        for name, seed_it in _LIBRARIES.items():
            library = sys.modules.get(name)
            if library is not None:
                after.callback(seed_it(library, derived(seed, name)))
        yield


def derived(seed: int, name: str) -> int:
    """The seed, below 2**32, that a library gets for a run's seed."""
    return int.from_bytes(hashlib.sha256(f"{name}:{seed}".encode()).digest()[:4], "little")


def _python(_: Any, seed: int) -> Callable[[], object]:
    state = random.getstate()
    random.seed(seed)
    return lambda: random.setstate(state)


def _numpy(numpy: Any, seed: int) -> Callable[[], object]:
    state = numpy.random.get_state()
    numpy.random.seed(seed)
    return lambda: numpy.random.set_state(state)


def _torch(torch: Any, seed: int) -> Callable[[], object]:
    state = torch.get_rng_state()
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    torch.manual_seed(seed)

    def restore() -> None:
        torch.set_rng_state(state)
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)

    return restore


def _tensorflow(tensorflow: Any, seed: int) -> Callable[[], object]:
    """TensorFlow tells no state; its global seed is cleared afterwards, as it is at the start."""
    tensorflow.random.set_seed(seed)
    return lambda: None


_LIBRARIES: dict[str, Callable[[Any, int], Callable[[], object]]] = {
    "random": _python,
    "numpy": _numpy,
    "torch": _torch,
    "tensorflow": _tensorflow,
}
