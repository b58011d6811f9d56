"""The datasets, and the split of a seed.

Features are raw and unscaled, float64 `[rows, features]`; labels are int64 `[rows]`. The split is
the study's: rows shuffled with NumPy's legacy `RandomState(seed)`, then `k = int(0.1 * rows)` rows
of validation, `k` of test, the rest training.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

Loader = Callable[[], tuple[NDArray[np.float64], NDArray[np.int64]]]


class DataError(ValueError):
    """An unknown dataset, or one that cannot be used."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """`x` float64 [rows, features], `y` int64 [rows] with classes 0..classes-1.

    `digest` is a SHA-256 over both: the part of a run's key that stands for its data.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.int64]
    digest: str

    @property
    def features(self) -> int:
        """Number of columns of `x`."""
        return int(self.x.shape[1])

    @property
    def classes(self) -> int:
        """Number of classes."""
        return int(self.y.max()) + 1

    @property
    def held_out(self) -> int:
        """Rows of validation, and as many of test: `int(0.1 * rows)`."""
        return int(0.1 * len(self.y))

    @property
    def training_rows(self) -> int:
        """Rows left for training."""
        return len(self.y) - 2 * self.held_out


@dataclass(frozen=True, eq=False)
class Split:
    """Row indices into the dataset's own order, int64: `validation` [k], `test` [k], `training`."""

    validation: NDArray[np.int64]
    test: NDArray[np.int64]
    training: NDArray[np.int64]


_LOADERS: dict[str, Loader] = {}
_SPECIAL: set[str] = set()


def register(name: str, loader: Loader, *, special: bool = False) -> None:
    """Add a dataset: `loader()` returns features [rows, features] and labels [rows] 0..classes-1.

    The loader runs when the dataset is first used. Every claim is asked on every dataset, unless
    it names its own; a `special` one is used by claims that name it alone.

    Raises:
        DataError: the name is taken.
    """
    if name in _LOADERS:
        raise DataError(f"a dataset's name must be new; {name!r} is registered: choose another")
    _LOADERS[name] = loader
    if special:
        _SPECIAL.add(name)


def names() -> tuple[str, ...]:
    """Names of the registered datasets that are not special, in order of registration."""
    return tuple(name for name in _LOADERS if name not in _SPECIAL)


def check_name(name: str) -> None:
    """Refuse the name of a dataset that does not exist, without loading anything.

    Raises:
        DataError: there is none; the message lists those there are.
    """
    if not isinstance(name, str) or name not in _LOADERS:
        near = difflib.get_close_matches(str(name), _LOADERS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise DataError(f"a dataset must be one of {', '.join(_LOADERS)}; got {name!r}{hint}")


def load(name: str) -> Dataset:
    """The dataset called `name`.

    Raises:
        DataError: there is none (the message lists those there are), its loader fails, its arrays
            have the wrong shape or values, or scikit-learn is missing.
    """
    check_name(name)
    return _load(name)


@cache
def _load(name: str) -> Dataset:
    try:
        x, labels = _LOADERS[name]()
        x = np.ascontiguousarray(x, dtype=np.float64)
        y = np.ascontiguousarray(labels, dtype=np.int64)
    except DataError:
        raise
    except Exception as error:
        raise DataError(
            f"a dataset's loader must return features and labels; that of {name!r} raised "
            f"{type(error).__name__} ({error}): mend it"
        ) from error
    if x.ndim != 2 or y.shape != (len(x),) or len(x) < 30:
        raise DataError(
            f"a dataset needs x [rows, features], y [rows] and at least 30 rows; {name!r} gave "
            f"x {x.shape}, y {y.shape}: mend its loader"
        )
    classes = np.unique(labels)
    if not np.isfinite(x).all() or not np.array_equal(classes, range(max(2, len(classes)))):
        raise DataError(
            f"a dataset needs finite features and labels 0..classes-1, each of at least 2 classes "
            f"present; {name!r} breaks that: mend its loader"
        )
    x.setflags(write=False)
    y.setflags(write=False)
    digest = hashlib.sha256(repr((x.shape, y.shape)).encode() + x.tobytes() + y.tobytes())
    return Dataset(name, x, y, digest.hexdigest())


@lru_cache(maxsize=256)
def split(dataset: Dataset, seed: int) -> Split:
    """The split of `dataset` under the split seed `seed` (0 to 2**32 - 1)."""
    rows = np.arange(len(dataset.y))
    np.random.RandomState(seed).shuffle(rows)
    k = dataset.held_out
    rows.setflags(write=False)
    return Split(rows[:k], rows[k : 2 * k], rows[2 * k :])


def _scikit_learn(name: str) -> Loader:
    def loader() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        try:
            from sklearn import datasets
        except ImportError as error:
            raise DataError(
                f"dataset {name!r} comes with scikit-learn, which cannot be imported ({error}): "
                "pip install scikit-learn"
            ) from None
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        return x, y

    return loader


for _name in ("iris", "wine", "digits"):
    register(_name, _scikit_learn(_name))
