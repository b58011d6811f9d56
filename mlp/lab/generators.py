"""The global random generators, seeded for one run and put back afterwards."""

from __future__ import annotations

import hashlib
import importlib
import random
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


@contextmanager
def seeded(seed: int, needed: Iterable[str] = ()) -> Iterator[None]:
    """Seed the generators of `random`, NumPy and every framework that is imported already.

    Each gets a seed of its own, derived from the run's by a stable digest. Their states of before
    are restored as far as a library tells its state: PyTorch's, and Keras' and TensorFlow's global
    seeds; operations of TensorFlow that were built before begin their streams anew.

    `needed` names distributions that the run is known to import. Those with a generator are
    imported first, since a framework that the run itself imported would not be seeded for the
    first run and would be for the next.
    """
    for name in _LIBRARIES.keys() & set(needed):
        importlib.import_module(name)
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
    """On the processor, and on GPUs that are in use already."""
    state = torch.get_rng_state()
    devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    apple = torch.mps.get_rng_state() if torch.backends.mps.is_available() else None
    torch.manual_seed(seed)

    def restore() -> None:
        torch.set_rng_state(state)
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)
        if apple is not None:
            torch.mps.set_rng_state(apple)

    return restore


def _tensorflow(tensorflow: Any, seed: int) -> Callable[[], object]:
    """TensorFlow has no public way to tell its state: its context keeps a seed and a generator.

    Where a version of TensorFlow has no such context, the seed is cleared, as it is at the start.
    """
    module = sys.modules.get("tensorflow.python.eager.context")
    context = module.context() if module is not None else None
    names = [name for name in ("_seed", "_rng") if hasattr(context, name)]
    before = [getattr(context, name) for name in names]
    tensorflow.random.set_seed(seed)

    def restore() -> None:
        tensorflow.random.set_seed(None)  # forgets the operations that were built with the seed
        for name, value in zip(names, before, strict=True):
            setattr(context, name, value)

    return restore


def _keras(_: Any, _seed: int) -> Callable[[], object]:
    """Keras draws default seeds from `random`, but keeps one generator for its own functions.

    It is taken away, so that Keras makes one from the seeded `random`, and put back.
    """
    state = sys.modules.get("keras.src.backend.common.global_state")
    if state is None:
        return lambda: None
    names = ("global_seed_generator", "global_random_seed")
    before = {name: state.get_global_attribute(name) for name in names}
    for name in names:
        state.set_global_attribute(name, None)
    return lambda: [state.set_global_attribute(name, value) for name, value in before.items()]


_LIBRARIES: dict[str, Callable[[Any, int], Callable[[], object]]] = {
    "random": _python,
    "numpy": _numpy,
    "torch": _torch,
    "tensorflow": _tensorflow,
    "keras": _keras,
}
