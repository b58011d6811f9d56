"""``RunConfig``: how an Estimator runs, apart from what it trains."""

import copy
import json
import os
from collections.abc import Iterable
from numbers import Integral
from operator import attrgetter
from typing import Any

import tensorflow.compat.v1 as tf

_USE_DEFAULT = 0
_DEFAULT_CHECKPOINT_SECS = 600
_REPLACEABLE = (
    "model_dir",
    "tf_random_seed",
    "save_summary_steps",
    "save_checkpoints_steps",
    "save_checkpoints_secs",
    "session_config",
    "keep_checkpoint_max",
    "keep_checkpoint_every_n_hours",
    "log_step_count_steps",
)
_NOT_IN_UID = _REPLACEABLE[1:]


class TaskType:
    """The tasks of a cluster, by name."""

    MASTER = "master"
    PS = "ps"
    WORKER = "worker"


class Environment:
    """Where `TF_CONFIG` says that a program runs."""

    CLOUD = "cloud"
    GOOGLE = "google"
    LOCAL = "local"


class RunConfig:
    """Configuration of an Estimator's runs; arguments and defaults of contrib.learn 1.4.

    Arguments are read-only properties. A subclass, or a program, may add attributes of its own,
    and `replace` keeps them.

    Args:
        master: TensorFlow master of the training session; None is local.
        num_cores: threads for the session's intra- and inter-op pools; 0 leaves it to TensorFlow.
            Used when `session_config` is None.
        log_device_placement: log where each operation is placed; used as `num_cores` is.
        gpu_memory_fraction: share of each GPU's memory the session may take; used as `num_cores`
            is, and 1 leaves TensorFlow's own default.
        tf_random_seed: graph-level seed of every graph built; None is unseeded.
        save_summary_steps: steps between summaries, where the graph has any.
        save_checkpoints_secs: seconds between checkpoints. The default is 600, or off when
            `save_checkpoints_steps` is given; None is off.
        save_checkpoints_steps: steps between checkpoints; None is off.
        keep_checkpoint_max: how many recent checkpoints to keep; None or 0 keeps all.
        keep_checkpoint_every_n_hours: hours between checkpoints kept for good.
        log_step_count_steps: steps between reports of the step rate; None turns them off.
        evaluation_master: TensorFlow master of the evaluation session.
        model_dir: where checkpoints and summaries go; None or "" leaves it to the Estimator.
        session_config: `tf.ConfigProto` of every session, used as it is.

    A value out of range is not noticed here, as 1.4 did not: `replace` notices, and so does an
    Estimator that is given its `model_dir` apart from the config. With both checkpoint periods,
    `fit` raises.

    Raises:
        ValueError: `TF_CONFIG` contradicts `model_dir` or describes a cluster, which is not
            supported.
    """

    def __init__(
        self,
        master: str | None = None,
        num_cores: int = 0,
        log_device_placement: bool = False,
        gpu_memory_fraction: float = 1,
        tf_random_seed: int | None = None,
        save_summary_steps: int | None = 100,
        save_checkpoints_secs: float | None = _USE_DEFAULT,
        save_checkpoints_steps: int | None = None,
        keep_checkpoint_max: int | None = 5,
        keep_checkpoint_every_n_hours: float = 10000,
        log_step_count_steps: int | None = 100,
        evaluation_master: str = "",
        model_dir: str | os.PathLike[str] | None = None,
        session_config: Any = None,
    ) -> None:
        if save_checkpoints_secs == _USE_DEFAULT:
            by_steps = save_checkpoints_steps is not None
            save_checkpoints_secs = None if by_steps else _DEFAULT_CHECKPOINT_SECS
        self._master = master or ""
        self._num_cores = num_cores
        self._log_device_placement = log_device_placement
        self._gpu_memory_fraction = gpu_memory_fraction
        self._tf_random_seed = tf_random_seed
        self._save_summary_steps = save_summary_steps
        self._save_checkpoints_secs = save_checkpoints_secs
        self._save_checkpoints_steps = save_checkpoints_steps
        self._keep_checkpoint_max = keep_checkpoint_max
        self._keep_checkpoint_every_n_hours = keep_checkpoint_every_n_hours
        self._log_step_count_steps = log_step_count_steps
        self._evaluation_master = evaluation_master
        self._model_dir = _model_dir_from_environment(os.fspath(model_dir or "") or None)
        self._session_config = session_config

    master = property(attrgetter("_master"))
    num_cores = property(attrgetter("_num_cores"))
    log_device_placement = property(attrgetter("_log_device_placement"))
    gpu_memory_fraction = property(attrgetter("_gpu_memory_fraction"))
    tf_random_seed = property(attrgetter("_tf_random_seed"))
    save_summary_steps = property(attrgetter("_save_summary_steps"))
    save_checkpoints_secs = property(attrgetter("_save_checkpoints_secs"))
    save_checkpoints_steps = property(attrgetter("_save_checkpoints_steps"))
    keep_checkpoint_max = property(attrgetter("_keep_checkpoint_max"))
    keep_checkpoint_every_n_hours = property(attrgetter("_keep_checkpoint_every_n_hours"))
    log_step_count_steps = property(attrgetter("_log_step_count_steps"))
    evaluation_master = property(attrgetter("_evaluation_master"))
    model_dir = property(attrgetter("_model_dir"))
    session_config = property(attrgetter("_session_config"))

    def __repr__(self) -> str:
        values = ", ".join(f"{name.lstrip('_')}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({values})"

    def _validate(self) -> None:
        for name in (
            "save_summary_steps",
            "save_checkpoints_secs",
            "save_checkpoints_steps",
            "keep_checkpoint_max",
        ):
            value = getattr(self, name)
            if value is not None and value < 0:
                raise ValueError(f"{name} should be >= 0, got {value}")
        for name in ("keep_checkpoint_every_n_hours", "log_step_count_steps"):
            value = getattr(self, name)
            if value is not None and value <= 0:
                raise ValueError(f"{name} should be > 0, got {value}")
        if self.model_dir == "":
            raise ValueError("model_dir should be non-empty")
        if self.tf_random_seed is not None and not isinstance(self.tf_random_seed, Integral):
            raise ValueError(f"tf_random_seed must be integer, got {self.tf_random_seed!r}")
        if self.session_config is not None and not isinstance(self.session_config, tf.ConfigProto):
            raise ValueError(
                f"session_config must be instance of ConfigProto, got {self.session_config!r}"
            )

    @property
    def is_chief(self) -> bool:
        """True: every run here is local, so its only worker is the chief."""
        return True

    @property
    def task_id(self) -> int:
        """0: no other task is known here, whatever index `get_task_id` finds in `TF_CONFIG`."""
        return 0

    @property
    def task_type(self) -> None:
        """None, as contrib.learn has it outside a cluster."""
        return

    @staticmethod
    def get_task_id() -> int:
        """Index of this task as `TF_CONFIG` has it, 0 without one."""
        return int(_environment().get("task", {}).get("index") or 0)

    @property
    def environment(self) -> str:
        """What `TF_CONFIG` calls the environment, ``local`` without one."""
        return str(_environment().get("environment", "local"))

    @property
    def cluster_spec(self) -> Any:
        """An empty `tf.train.ClusterSpec`."""
        return tf.train.ClusterSpec({})

    @property
    def num_ps_replicas(self) -> int:
        """0: there are no parameter servers."""
        return 0

    @property
    def num_worker_replicas(self) -> int:
        """0, as contrib.learn counts the workers of an empty cluster."""
        return 0

    @property
    def tf_config(self) -> Any:
        """`tf.ConfigProto` of `num_cores`, `log_device_placement` and `gpu_memory_fraction`."""
        return tf.ConfigProto(
            log_device_placement=self.log_device_placement,
            inter_op_parallelism_threads=self.num_cores,
            intra_op_parallelism_threads=self.num_cores,
            gpu_options=tf.GPUOptions(per_process_gpu_memory_fraction=self.gpu_memory_fraction),
        )

    def session_proto(self) -> Any:
        """`tf.ConfigProto` that sessions run under: `session_config`, or one from the rest."""
        if self.session_config is not None:
            return self.session_config
        proto = self.tf_config
        proto.allow_soft_placement = True
        if self.gpu_memory_fraction == 1:
            proto.ClearField("gpu_options")
        return proto

    def uid(self, whitelist: Iterable[str] | None = None) -> str:
        """A text that two configs share if they differ only in the properties of `whitelist`.

        None: in those that `replace` may change, but for the folder.
        """
        left_out = {f"_{name}" for name in (_NOT_IN_UID if whitelist is None else whitelist)}
        return ", ".join(
            f"{name}={value!r}"
            for name, value in sorted(vars(self).items())
            if name not in left_out
        )

    def replace(self, **changes: Any) -> "RunConfig":
        """A deep copy with some properties changed, as in contrib.learn 1.4.

        A new period for checkpoints, in steps or seconds, displaces the other one; 0 is off.

        Raises:
            ValueError: a property that may not be replaced, or a value out of range.
        """
        for name in changes:
            if name not in _REPLACEABLE:
                raise ValueError(
                    f"Replacing {name} is not supported. "
                    f"Allowed properties are {list(_REPLACEABLE)}."
                )
        periods = {"save_checkpoints_steps", "save_checkpoints_secs"}
        given = periods & changes.keys()
        if len(given) == 2 and None not in (changes[name] for name in given):
            raise ValueError(
                "`save_checkpoints_steps` and `save_checkpoints_secs` cannot be both set."
            )
        if len(given) == 1 and changes[next(iter(given))] is not None:
            changes[next(iter(periods - given))] = None
        if changes.get("model_dir") is not None:
            changes["model_dir"] = os.fspath(changes["model_dir"])
        replaced = copy.deepcopy(self)
        for name, value in changes.items():
            setattr(replaced, f"_{name}", value)
        replaced._validate()
        return replaced


def _environment() -> dict[str, Any]:
    return dict(json.loads(os.environ.get("TF_CONFIG") or "{}"))


def _model_dir_from_environment(model_dir: str | None) -> str | None:
    environment = _environment()
    if environment.get("cluster"):
        raise ValueError(
            "TF_CONFIG describes a cluster, and distributed training is not supported: "
            f"{environment['cluster']}"
        )
    from_environment = environment.get("model_dir")
    if from_environment is not None and model_dir not in (None, from_environment):
        raise ValueError(
            "`model_dir` provided in RunConfig construct, if set, must have the same value as the "
            f'model_dir in TF_CONFIG. model_dir: {model_dir}\nTF_CONFIG["model_dir"]: '
            f"{from_environment}.\n"
        )
    return from_environment if model_dir is None else model_dir
