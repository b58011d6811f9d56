"""Jobs of the tests, and what other processes do in them; imports nothing slow."""

import os
import signal

from mlp.store import Job, Store


def job_of(*seeds, spec=None, cost=1.0):
    """A job for these seeds; run `s` has the key of its number in hexadecimal."""
    return Job(spec or {"genome": "g"}, {f"{seed:04x}": seed for seed in seeds}, cost)


def train(job):
    """What each run of a test's job gives."""
    return {key: {"seed": seed, "curve": [seed / 3]} for key, seed in job.runs.items()}


def take_and_die(path, study):
    """Take any job of the study, and be killed."""
    store = Store(path, study=study)
    assert store.take() is not None
    os.kill(os.getpid(), signal.SIGKILL)
