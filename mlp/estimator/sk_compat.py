"""``SKCompat``: an Estimator with scikit-learn's manners."""

from collections.abc import Mapping
from typing import Any

from mlp.estimator.bases import Parameters
from mlp.estimator.estimator import Estimator

BATCH_SIZE = 128


class SKCompat(Parameters):
    """Wraps an `Estimator` for arrays; batches have 128 rows unless told otherwise."""

    def __init__(self, estimator: Estimator) -> None:
        self._estimator = estimator

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = BATCH_SIZE,
        steps: int | None = None,
        max_steps: int | None = None,
        monitors: list[Any] | None = None,
    ) -> "SKCompat":
        """`Estimator.fit`; returns self."""
        self._estimator.fit(
            x, y, batch_size=batch_size, steps=steps, max_steps=max_steps, monitors=monitors
        )
        return self

    def score(
        self,
        x: Any,
        y: Any,
        batch_size: int | None = BATCH_SIZE,
        steps: int | None = None,
        metrics: Mapping[Any, Any] | None = None,
        name: str | None = None,
    ) -> dict[str, Any]:
        """`Estimator.evaluate`: a dict, where scikit-learn's `score` is a number."""
        return self._estimator.evaluate(
            x, y, batch_size=batch_size, steps=steps, metrics=metrics, name=name
        )

    def predict(
        self, x: Any, batch_size: int | None = BATCH_SIZE, outputs: list[str] | None = None
    ) -> Any:
        """`Estimator.predict` as an array [rows, ...], or a dict of such."""
        return self._estimator.predict(x, batch_size=batch_size, outputs=outputs, as_iterable=False)
