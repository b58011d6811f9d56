"""The configuration: 1.4's defaults, its rules, and how it becomes a session's."""

import json

import pytest
import tensorflow.compat.v1 as tf

from mlp.estimator import Estimator, RunConfig
from mlp.tests.estimator.models import TEN, mean_model


def test_defaults():
    config = RunConfig()
    assert config.tf_random_seed is None
    assert (config.save_checkpoints_secs, config.save_checkpoints_steps) == (600, None)
    assert (config.save_summary_steps, config.log_step_count_steps) == (100, 100)
    assert (config.keep_checkpoint_max, config.keep_checkpoint_every_n_hours) == (5, 10000)
    assert (config.model_dir, config.session_config) == (None, None)
    assert (config.master, config.evaluation_master) == ("", "")
    assert (config.is_chief, config.task_id, config.task_type) == (True, 0, None)
    assert (config.num_ps_replicas, config.num_worker_replicas) == (0, 0)
    assert (config.environment, config.get_task_id()) == ("local", 0)
    assert config.cluster_spec.jobs == []


def test_the_checkpoint_period():
    by_steps = RunConfig(save_checkpoints_steps=50)
    assert (by_steps.save_checkpoints_secs, by_steps.save_checkpoints_steps) == (None, 50)
    assert RunConfig(save_checkpoints_secs=None).save_checkpoints_secs is None
    both = RunConfig(save_checkpoints_secs=5, save_checkpoints_steps=5)
    assert (both.save_checkpoints_secs, both.save_checkpoints_steps) == (5, 5)


def test_replacing():
    config = RunConfig(tf_random_seed=1)
    changed = config.replace(tf_random_seed=2, save_checkpoints_steps=7)
    assert (config.tf_random_seed, config.save_checkpoints_secs) == (1, 600)
    assert (changed.tf_random_seed, changed.save_checkpoints_steps) == (2, 7)
    assert changed.save_checkpoints_secs is None
    assert changed.replace(save_checkpoints_secs=3).save_checkpoints_steps is None
    assert config.replace(save_checkpoints_secs=0).save_checkpoints_secs == 0
    off = config.replace(save_checkpoints_secs=None)
    assert off.replace(model_dir="m").save_checkpoints_secs is None
    with pytest.raises(ValueError, match="cannot be both set"):
        config.replace(save_checkpoints_secs=5, save_checkpoints_steps=5)
    with pytest.raises(ValueError, match="Replacing master is not supported"):
        config.replace(master="local")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"save_summary_steps": -1}, "save_summary_steps should be >= 0"),
        ({"save_checkpoints_steps": -1}, "save_checkpoints_steps should be >= 0"),
        ({"save_checkpoints_secs": -1}, "save_checkpoints_secs should be >= 0"),
        ({"keep_checkpoint_max": -1}, "keep_checkpoint_max should be >= 0"),
        ({"keep_checkpoint_every_n_hours": 0}, "keep_checkpoint_every_n_hours should be > 0"),
        ({"log_step_count_steps": 0}, "log_step_count_steps should be > 0"),
        ({"tf_random_seed": 1.5}, "tf_random_seed must be integer"),
        ({"session_config": {}}, "session_config must be instance of ConfigProto"),
    ],
)
def test_values_out_of_range_are_noticed_later(tmp_path, arguments, message):
    config = RunConfig(**arguments)
    with pytest.raises(ValueError, match=message):
        config.replace(model_dir=str(tmp_path))
    with pytest.raises(ValueError, match=message):
        Estimator(mean_model, tmp_path, config)
    with pytest.raises(ValueError, match=message):
        RunConfig().replace(**arguments)
    assert Estimator(mean_model, config=RunConfig(model_dir=str(tmp_path), **arguments)).model_dir


def test_both_checkpoint_periods_fail_to_train(tmp_path):
    config = RunConfig(save_checkpoints_secs=5, save_checkpoints_steps=5)
    estimator = Estimator(mean_model, tmp_path, config)
    with pytest.raises(ValueError, match="Can not provide both every_secs and every_steps"):
        estimator.fit(TEN, steps=1)


@pytest.mark.parametrize(
    "arguments", [{"log_step_count_steps": 0}, {"keep_checkpoint_every_n_hours": 0}], ids=str
)
def test_what_is_out_of_range_may_train(tmp_path, arguments):
    config = RunConfig(model_dir=str(tmp_path), **arguments)
    assert Estimator(mean_model, config=config).fit(TEN, steps=1).get_variable_value("w") == -4.5


def test_an_empty_directory_is_none_to_begin_with():
    assert RunConfig(model_dir="").model_dir is None
    with pytest.raises(ValueError, match="model_dir should be non-empty"):
        RunConfig().replace(model_dir="")


class Tuned(RunConfig):
    def __init__(self, rate=0.1, **arguments):
        super().__init__(**arguments)
        self.rate = rate


def test_a_subclass_keeps_what_it_adds():
    config = Tuned(rate=0.5, tf_random_seed=1)
    changed = config.replace(tf_random_seed=2)
    assert isinstance(changed, Tuned)
    assert (changed.rate, changed.tf_random_seed) == (0.5, 2)
    assert Estimator(mean_model, config=config).config.rate == 0.5


def test_attributes_can_be_added_and_properties_not_set():
    config = RunConfig()
    config.hparams = ["a"]
    assert config.replace(tf_random_seed=1).hparams == ["a"]
    with pytest.raises(AttributeError):
        config.tf_random_seed = 1


def test_configs_are_equal_to_themselves_only():
    config = RunConfig(session_config=tf.ConfigProto())
    assert len({config, config, RunConfig(session_config=tf.ConfigProto())}) == 2


def test_the_uid_leaves_out_what_may_be_changed():
    assert RunConfig(tf_random_seed=1).uid() == RunConfig(save_summary_steps=2).uid()
    assert RunConfig(model_dir="a").uid() != RunConfig(model_dir="b").uid()
    assert RunConfig(model_dir="a").uid(["model_dir"]) == RunConfig().uid(["model_dir"])


def test_a_config_describes_itself():
    assert "save_summary_steps=7" in repr(RunConfig(save_summary_steps=7))


def test_sessions_from_the_number_of_cores():
    proto = RunConfig(num_cores=2, log_device_placement=True).session_proto()
    assert (proto.intra_op_parallelism_threads, proto.inter_op_parallelism_threads) == (2, 2)
    assert proto.log_device_placement
    assert proto.allow_soft_placement
    assert RunConfig().session_proto() == tf.ConfigProto(allow_soft_placement=True)
    half = RunConfig(gpu_memory_fraction=0.5).session_proto()
    assert half.gpu_options.per_process_gpu_memory_fraction == 0.5


def test_a_session_config_is_used_as_it_is():
    proto = tf.ConfigProto(intra_op_parallelism_threads=3)
    assert RunConfig(num_cores=2, session_config=proto).session_proto() is proto


def test_the_environment(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", json.dumps({"model_dir": "there"}))
    assert RunConfig().model_dir == "there"
    assert RunConfig(model_dir="there").model_dir == "there"
    with pytest.raises(ValueError, match="must have the same value as the model_dir in TF_CONFIG"):
        RunConfig(model_dir="here")
    task = {"environment": "cloud", "task": {"type": "worker", "index": 2}}
    monkeypatch.setenv("TF_CONFIG", json.dumps(task))
    assert (RunConfig().environment, RunConfig.get_task_id()) == ("cloud", 2)
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": {"ps": ["host:1"]}}))
    with pytest.raises(ValueError, match="distributed training is not supported"):
        RunConfig()
