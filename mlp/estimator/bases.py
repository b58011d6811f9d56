"""What an estimator can do: `Trainable`, `Evaluable`, and scikit-learn's parameters."""

import abc
from typing import Any


class Parameters:
    """``get_params`` and ``set_params`` over the public attributes, as scikit-learn has them."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Public attributes by name, without callables.

        Args:
            deep: add the parameters of those that have `get_params`, as ``name__parameter``.
        """
        found: dict[str, Any] = {}
        for name, value in vars(self).items():
            if name.startswith("_") or callable(value):
                continue
            if deep and hasattr(value, "get_params"):
                inner = value.get_params().items()
                found.update({f"{name}__{key}": parameter for key, parameter in inner})
            found[name] = value
        return found

    def set_params(self, **params: Any) -> Any:
        """Set parameters, those of members as ``name__parameter``; returns self.

        Raises:
            ValueError: there is no such parameter.
        """
        valid = self.get_params()
        for key, value in params.items():
            name, nested, inner = key.partition("__")
            if name not in valid:
                raise ValueError(
                    f"Invalid parameter {name} for estimator {type(self).__name__}. Check the "
                    "list of available parameters with `estimator.get_params().keys()`."
                )
            if nested:
                valid[name].set_params(**{inner: value})
            else:
                setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        values = ", ".join(f"{name}={value}" for name, value in self.get_params(False).items())
        return f"{type(self).__name__}({values})"


class Trainable(abc.ABC):
    """What has `fit`."""

    @abc.abstractmethod
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Any = None,
        steps: int | None = None,
        batch_size: int | None = None,
        monitors: list[Any] | None = None,
        max_steps: int | None = None,
    ) -> Any:
        """Train; returns self."""


class Evaluable(abc.ABC):
    """What has `evaluate`."""

    @property
    @abc.abstractmethod
    def model_dir(self) -> str:
        """Directory of checkpoints and summaries."""

    @abc.abstractmethod
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        input_fn: Any = None,
        feed_fn: Any = None,
        batch_size: int | None = None,
        steps: int | None = None,
        metrics: Any = None,
        name: str | None = None,
        checkpoint_path: str | None = None,
        hooks: list[Any] | None = None,
        log_progress: bool = True,
    ) -> Any:
        """Metrics of a checkpoint by name."""
