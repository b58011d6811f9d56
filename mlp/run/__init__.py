"""A run: one genome, dataset, protocol and seed, trained once, and what it left."""

from mlp.run.digest import digest
from mlp.run.executor import Executor, Trainers
from mlp.run.measure import Loss
from mlp.run.protocol import Protocol, ProtocolError
from mlp.run.result import Result, ResultError
from mlp.run.run import Run

__all__ = [
    "Executor",
    "Loss",
    "Protocol",
    "ProtocolError",
    "Result",
    "ResultError",
    "Run",
    "Trainers",
    "digest",
]
