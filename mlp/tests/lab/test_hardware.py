"""The machine in a key: what may round otherwise changes it."""

from __future__ import annotations

import os
import sys

import pytest

from mlp import machine
from mlp.lab import hardware as module
from mlp.lab.hardware import hardware


@pytest.fixture
def here(monkeypatch, tmp_path):
    """What is said of a machine without GPUs, whose files and tools a test adds."""
    for name in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "PROC", tmp_path / "proc")
    monkeypatch.setattr(module, "_AMD", tmp_path / "amd")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))

    def ask(threads=1):
        for asked in (module._other_nvidia, module._amd, module._apple, machine.arithmetic):
            asked.cache_clear()
        return hardware(threads)

    yield ask
    monkeypatch.undo()
    ask()


def a_tool(folder, name, *lines):
    path = folder / "bin" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n" + "".join(f"echo '{line}'\n" for line in lines), encoding="utf-8")
    path.chmod(0o755)


def test_it_names_the_processor_and_the_number_of_threads(here):
    assert machine.processor() in here()
    assert "1 thread" in here(1)
    assert "8 threads" in here(8)


def test_it_is_the_same_whatever_was_imported(here):
    before = here()
    sys.modules["torch"] = type(sys)("torch")
    try:
        assert here() == before
    finally:
        del sys.modules["torch"]


def test_amd_gpus_in_use_are_named(here, monkeypatch, tmp_path):
    before = here()
    for node, version in (("0", "0"), ("1", "90010"), ("2", "90010")):
        file = tmp_path / "amd" / node / "properties"
        file.parent.mkdir(parents=True)
        file.write_text(f"cpu_cores_count 0\ngfx_target_version {version}\n", encoding="utf-8")

    assert set(here()) - set(before) == {"AMD GPU gfx90010"}
    monkeypatch.setenv("HIP_VISIBLE_DEVICES", "-1")
    assert here() == before


@pytest.mark.skipif(os.name == "nt", reason="the tool here is a shell script")
def test_nvidia_gpus_that_the_driver_lists_elsewhere_are_named(here, monkeypatch, tmp_path):
    before = here()
    a_tool(tmp_path, "nvidia-smi", "NVIDIA A", "NVIDIA A")
    monkeypatch.setattr(sys, "platform", "linux")

    assert set(here()) - set(before) == {"NVIDIA A"}
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "NVIDIA A" not in here()
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    (tmp_path / "proc/driver/nvidia/gpus").mkdir(parents=True)
    assert "NVIDIA A" not in here()


@pytest.mark.skipif(os.name == "nt", reason="the tool here is a shell script")
def test_apples_chip_is_named(here, monkeypatch, tmp_path):
    a_tool(tmp_path, "sysctl", "Apple M9")
    assert "Apple M9" not in here()

    monkeypatch.setattr(sys, "platform", "darwin")
    assert "Apple M9" in here()
