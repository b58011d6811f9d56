"""The port under the names that programs of 2017 import: ``tensorflow.contrib.learn``.

``import mlp.estimator.contrib`` as a program's first line lets it run on today's TensorFlow. For
the whole process, and only where a program imports this, it

- makes ``tensorflow`` have the names of TensorFlow 1, and behave like it
  (``tf.disable_v2_behavior()``);
- puts the port at ``tensorflow.contrib.learn``, with the modules below it that programs import, its
  metrics at ``tensorflow.contrib.metrics``, and what TensorFlow still has of
  ``tensorflow.contrib.framework`` there;
- sets ``TF_USE_LEGACY_KERAS=1``, which ``tf.layers`` needs, unless it is set;
- lets NumPy's numbers print as numbers again: ``0.5``, not ``np.float32(0.5)``.

Nothing else of ``tensorflow.contrib`` is there.
"""

import importlib
import os
import sys
from types import ModuleType
from typing import Any

import numpy as np
import tensorflow
import tensorflow.compat.v1 as tf

PAGE = "mlp/estimator/README.md"

LEARN = "tensorflow.contrib.learn"
INNER = f"{LEARN}.python.learn"
MODULES = {
    LEARN: "mlp.estimator",
    INNER: "mlp.estimator",
    f"{INNER}.estimators": "mlp.estimator",
    f"{INNER}.basic_session_run_hooks": "tf.train",
    f"{INNER}.estimators._sklearn": "mlp.estimator.errors",
    f"{INNER}.estimators.constants": "mlp.estimator.keys",
    f"{INNER}.estimators.estimator": "mlp.estimator.estimator",
    f"{INNER}.estimators.metric_key": "mlp.estimator.keys",
    f"{INNER}.estimators.model_fn": "mlp.estimator.model_fn",
    f"{INNER}.estimators.prediction_key": "mlp.estimator.keys",
    f"{INNER}.estimators.run_config": "mlp.estimator.run_config",
    f"{INNER}.estimators.tensor_signature": "mlp.estimator.tensor_signature",
    f"{INNER}.evaluable": "mlp.estimator.bases",
    f"{INNER}.learn_io": "mlp.estimator.io",
    f"{INNER}.learn_io.dask_io": "mlp.estimator.dask_io",
    f"{INNER}.learn_io.data_feeder": "mlp.estimator.data_feeder",
    f"{INNER}.learn_io.generator_io": "mlp.estimator.generator_io",
    f"{INNER}.learn_io.numpy_io": "mlp.estimator.input_fns",
    f"{INNER}.learn_io.pandas_io": "mlp.estimator.io",
    f"{INNER}.metric_spec": "mlp.estimator.metric_spec",
    f"{INNER}.monitored_session": "tf.train",
    f"{INNER}.monitors": "mlp.estimator.monitors",
    f"{INNER}.session_run_hook": "tf.train",
    f"{INNER}.trainable": "mlp.estimator.bases",
    f"{INNER}.utils": "mlp.estimator.utils",
    f"{INNER}.utils.input_fn_utils": "mlp.estimator.utils",
    "tensorflow.contrib.metrics": "mlp.estimator.metrics",
    "tensorflow.contrib.metrics.python.ops.metric_ops": "mlp.estimator.metrics",
    "tensorflow.contrib.framework.python.framework.checkpoint_utils": "tf.train",
    "tensorflow.contrib.framework.python.ops.variables": "tf.train",
}
"""The module of today for each of contrib's; ``tf`` is TensorFlow 1's API."""

FRAMEWORK = (
    "assert_global_step",
    "create_global_step",
    "get_global_step",
    "get_or_create_global_step",
    "init_from_checkpoint",
    "list_variables",
    "load_checkpoint",
    "load_variable",
)
"""Names of ``tensorflow.contrib.framework`` that are ``tf.train``'s today."""


class _Package(ModuleType):
    """A package of contrib's, with as much in it as there is here."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"Of the port of contrib.learn: see {PAGE}.")
        self.__path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(f"{self.__name__}.{name} is not in the port. {PAGE} tells what is.")


def _package(name: str) -> Any:
    """The package of that name, put at its place below its parents."""
    if name not in sys.modules:
        _put(name, _Package(name))
    return sys.modules[name]


def _put(name: str, module: ModuleType) -> None:
    parent, _, own = name.rpartition(".")
    sys.modules[name] = module
    holder = tensorflow if parent == "tensorflow" else _package(parent)
    setattr(holder, own, module)


def _stand_in(name: str, target: str) -> None:
    """Put the module `target` at `name`; at a package of several modules, its names."""
    module = tf.train if target == "tf.train" else importlib.import_module(target)
    if not any(other.startswith(f"{name}.") for other in MODULES):
        _put(name, module)
        return
    public = getattr(module, "__all__", [own for own in vars(module) if not own.startswith("_")])
    vars(_package(name)).update({own: getattr(module, own) for own in public})


def _install() -> None:
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    if int(np.__version__.partition(".")[0]) > 1:
        np.set_printoptions(legacy="1.25")
    tf.disable_v2_behavior()
    for name in dir(tf):
        if not name.startswith("_") and name != "compat":
            setattr(tensorflow, name, getattr(tf, name))
    for name, target in MODULES.items():
        _stand_in(name, target)
    for own in ("estimators", "monitors", "utils"):
        _put(f"{LEARN}.{own}", sys.modules[f"{INNER}.{own}"])
    _put(f"{LEARN}.io", sys.modules[f"{INNER}.learn_io"])
    framework = _package("tensorflow.contrib.framework")
    vars(framework).update({name: getattr(tf.train, name) for name in FRAMEWORK})
    vars(tf)["contrib"] = _package("tensorflow.contrib")


_install()
