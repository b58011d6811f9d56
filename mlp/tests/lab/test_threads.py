"""Threads and GPUs: what is set, where the user has set nothing, and what a key says of it."""

from __future__ import annotations

import os
import sys

import pytest

from mlp.lab import threads
from mlp.lab.threads import VARIABLES, in_force, set_environment, share_gpu
from mlp.tests.lab.processes import needs, said_by

GPU = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "XLA_PYTHON_CLIENT_MEM_FRACTION")


@pytest.fixture
def environment(monkeypatch):
    """The environment without what may be set here, put back afterwards."""
    monkeypatch.setattr(threads, "_set", {})
    for name in (*VARIABLES, *GPU, "TF_FORCE_GPU_ALLOW_GROWTH"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


class TestEnvironment:
    def test_it_is_set_where_the_user_has_set_nothing(self, environment):
        environment.setenv("OMP_NUM_THREADS", "3")
        set_environment()

        assert os.environ["OMP_NUM_THREADS"] == "3"
        assert {os.environ[name] for name in VARIABLES if name != "OMP_NUM_THREADS"} == {"1"}

    @needs("jax")
    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="threads are counted by /proc")
    def test_jax_has_so_many_threads_in_its_pool(self):
        said = said_by(
            "import mlp.lab.threads as t, pathlib as p; t.set_environment(3)\n"
            "import jax.numpy as jnp; (jnp.ones((9, 9)) @ jnp.ones((9, 9))).block_until_ready()\n"
            "names = [f.read_text() for f in p.Path('/proc/self/task').glob('*/comm')]\n"
            "print(sum('XLAEigen' in name for name in names))",
            JAX_PLATFORMS="cpu",
        )
        assert said == "3"


class TestLibraries:
    @needs("torch")
    def test_torch_takes_the_number_and_takes_it_again_after_a_run_has_set_another(self):
        said = said_by(
            "import mlp.lab.threads as t, torch; t.set_in_libraries(1)\n"
            "n = torch.get_num_threads; before = n()\n"
            "torch.set_num_threads(2); t.set_in_libraries(1); print(before, n())"
        )
        assert said == "1 1"

    @needs("torch")
    def test_torch_that_a_run_imports_takes_the_number(self):
        code = "import mlp.lab.threads as t; t.set_in_libraries(1); import torch"

        assert said_by(f"{code}; print(torch.get_num_threads())") == "1"

    @needs("tensorflow")
    def test_tensorflow_takes_it_until_it_has_run_and_later_the_key_says_what_it_has(self):
        said = said_by(
            "import tensorflow as tf, mlp.lab.threads as t\n"
            "number = tf.config.threading.get_intra_op_parallelism_threads\n"
            "t.set_in_libraries(2); print(number()); t.set_in_libraries(1); print(number())\n"
            "tf.zeros(1); t.set_in_libraries(2); print(number())\n"
            "print(t.in_force(1), t.in_force(2))"
        )
        assert said.splitlines() == ["2", "1", "1", "['1 thread'] ['2 threads', 'TensorFlow 1']"]

    @needs("threadpoolctl")
    def test_pools_of_blas_are_limited_also_those_that_are_imported_later(self):
        said = said_by(
            "import numpy, threadpoolctl, mlp.lab.threads as t\n"
            "threads = lambda: {p['num_threads'] for p in threadpoolctl.threadpool_info()}\n"
            "threadpoolctl.threadpool_limits(2); before = threads()\n"
            "t.set_in_libraries(1); print(before, threads())\n"
            "import scipy.linalg; threadpoolctl.threadpool_limits(2)\n"
            "t.set_in_libraries(1); print(threads())"
        )
        assert said.splitlines() == ["{2} {1}", "{1}"]

    def test_no_framework_is_imported_for_it(self):
        said = said_by(
            "import sys, mlp.lab.threads as t; t.set_in_libraries(1); t.in_force(1)\n"
            "print([m for m in ('torch', 'tensorflow', 'jax', 'numpy') if m in sys.modules])"
        )
        assert said == "[]"


class TestNumberInForce:
    def test_it_is_the_number_wanted_unless_the_user_has_set_another(self, environment):
        assert in_force(1)[:1] == ["1 thread"]
        assert in_force(4)[:1] == ["4 threads"]

        environment.setenv("PJRT_NPROC", "4")
        environment.setenv("TF_NUM_INTRAOP_THREADS", "1")
        assert "PJRT_NPROC=4" in in_force(1)
        assert "PJRT_NPROC=4" not in in_force(4)
        assert not any("INTRAOP" in each for each in in_force(1))


class TestGpus:
    @pytest.fixture
    def gpus(self, tmp_path, environment):
        def install(*models):
            for number, model in enumerate(models):
                file = tmp_path / f"0000:0{number}:00.0" / "information"
                file.parent.mkdir(exist_ok=True)
                file.write_text(f"Model: \t {model}\nIRQ: {number}\n", encoding="utf-8")
            environment.setattr(threads, "_GPUS", tmp_path)

        return install

    @staticmethod
    def shared(environment, worker, workers):
        for name in GPU:
            environment.delenv(name, raising=False)
        share_gpu(worker, workers)
        return os.environ.get(GPU[0]), os.environ.get(GPU[2])

    def test_workers_take_turns_and_those_beside_each_other_share_the_memory(
        self, gpus, environment
    ):
        gpus("A", "A")

        assert [self.shared(environment, k, 3) for k in range(3)] == [
            ("0", "0.450"),
            ("1", "0.900"),
            ("0", "0.450"),
        ]
        assert os.environ["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"

    def test_gpus_of_another_model_stay_unused(self, gpus, environment):
        gpus("A", "B", "A")

        assert [self.shared(environment, k, 4)[0] for k in range(4)] == ["0", "2", "0", "2"]
        assert os.environ["CUDA_DEVICE_ORDER"] == "PCI_BUS_ID"

    def test_what_the_user_has_set_stays(self, gpus, environment):
        gpus("A", "A")
        environment.setenv("CUDA_VISIBLE_DEVICES", "1")
        environment.setenv("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.2")
        share_gpu(0, 2)

        assert os.environ["CUDA_VISIBLE_DEVICES"] == "1"
        assert os.environ["XLA_PYTHON_CLIENT_MEM_FRACTION"] == "0.2"
        assert "CUDA_DEVICE_ORDER" not in os.environ

    def test_without_a_gpu_nothing_is_set(self, gpus, environment):
        gpus()

        assert self.shared(environment, 1, 2) == (None, None)
        assert "TF_FORCE_GPU_ALLOW_GROWTH" not in os.environ
