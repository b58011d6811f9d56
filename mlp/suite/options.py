"""The options of a suite: what is trained, on which seeds, where it is kept, what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlp.lab.seeds import DEFAULT_CLAIMS, DEFAULT_SEEDS, FIRST_SEED
from mlp.lab.threads import GPU_RULE

SUITE, CLAIMS = "mlp_suite", "mlp_claims"
"""The ini keys: whether this folder is a suite of claims, and how many it makes at most."""

STORE = Path(".mlp") / "runs.sqlite"
"""Where runs are kept, in the root folder, unless told otherwise."""


def add(parser: pytest.Parser) -> None:
    """All options and ini keys of the plugin."""
    parser.addini(
        SUITE,
        "This folder's tests are claims: -n auto starts one worker a core, each worker and each "
        f"library it uses take one thread, and with GPUs {GPU_RULE}. Default: false; threads are "
        "then set when training begins.",
        type="bool",
        default=False,
    )
    parser.addini(
        CLAIMS,
        "The number of claims among which the 5% probability of any false verdict is divided. "
        f"Fewer claims need fewer seeds. Default: {DEFAULT_CLAIMS}.",
        default=str(DEFAULT_CLAIMS),
    )
    group = parser.getgroup("mlp", "mlp: knockout and rescue of training pipelines")
    _add_training(group)
    _add_outputs(group)


def _add_training(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--mlp-dataset",
        action="append",
        metavar="NAME[,NAME]",
        help="Use only these datasets of those that the species knows. Default: all. To ask one "
        "question, name a claim and a dataset: pytest hypotheses -k estimator_rescues_matmul "
        "--mlp-dataset=digits",
    )
    group.addoption(
        "--mlp-protocol",
        metavar="NAME",
        help="What is held equal, by name: a protocol that the species knows. Default: its first.",
    )
    group.addoption(
        "--mlp-seeds",
        type=_integer,
        default=DEFAULT_SEEDS,
        metavar="N",
        help="Maximum seeds per comparison. Results are checked at several sample sizes, and "
        f"training stops once they are conclusive. Default: {DEFAULT_SEEDS}.",
    )
    group.addoption(
        "--mlp-first-seed",
        type=_integer,
        metavar="N",
        help="First seed of every comparison. Another first seed repeats the study on new seeds. "
        f"Default: {FIRST_SEED}, or what the species declares for the protocol.",
    )
    group.addoption(
        "--mlp-store",
        type=_path,
        metavar="FILE",
        help="File that keeps all finished runs. A run that it holds is not trained again. "
        "Default: .mlp/runs.sqlite in the root folder.",
    )
    group.addoption(
        "--mlp-fresh",
        action="store_true",
        help="Delete the runs in the store first, and train everything again.",
    )
    group.addoption(
        "--mlp-real",
        action="store_true",
        help="Train every run by the species' real executor, none by a faster engine (slow).",
    )
    group.addoption(
        "--mlp-cluster",
        metavar="ADDRESS",
        help="Train on a Dask cluster: tcp://HOST:PORT or tls://HOST:PORT of its scheduler, or "
        "local:N for N workers of this machine. Needs the extra `cluster`. Give no -n with it.",
    )
    group.addoption(
        "--mlp-other-processor",
        action="store_true",
        help="With --mlp-cluster: accept workers whose processor is not this machine's. Runs are "
        "then kept as that processor's, which may round otherwise. Default: such workers are "
        "refused.",
    )
    group.addoption(
        "--mlp-timeout",
        type=_seconds,
        metavar="SECONDS",
        help="End a run that takes longer, and say which it was; one that hangs in compiled code "
        "only with -n, after twice the time. Default: never.",
    )
    group.addoption(
        "--mlp-check-repeat",
        action="store_true",
        help="Train the first run of each genome twice, and fail if the two differ.",
    )


def _add_outputs(group: pytest.OptionGroup) -> None:
    group.addoption(
        "--mlp-report",
        type=_path,
        metavar="DIR",
        help="Write the report into DIR: a self-contained page (index.html), its figures as SVG, "
        "and all claims and runs as CSV and JSON. An earlier report there is replaced, "
        "other files never.",
    )
    group.addoption(
        "--mlp-summary",
        type=_path,
        metavar="FILE",
        help="Write a Markdown summary, for a pull request or a CI job.",
    )
    group.addoption(
        "--mlp-save",
        metavar="NAME-or-FILE",
        help="Save the results as .mlp/results/NAME.json, or as FILE. Fails if the session was "
        "interrupted, or would drop claims already in the file.",
    )
    group.addoption(
        "--mlp-against",
        metavar="NAME-or-FILE",
        help="Compare with saved results: verdicts that changed, effects that moved out of their "
        "intervals, claims whose margin or expected outcome changed. NAME is looked for in "
        ".mlp/results/ and hypotheses/.",
    )
    group.addoption(
        "--mlp-fail-on-change",
        action="store_true",
        help="With --mlp-against: exit with status 1 if a verdict changed or an effect moved. Both "
        "results must be of one protocol.",
    )
    group.addoption(
        "--mlp-tensorboard",
        type=_path,
        metavar="DIR",
        help="Write the curves of each run for TensorBoard, into DIR/GENOME/DATASET/seed-N.",
    )
    group.addoption(
        "--mlp-times",
        action="store_true",
        help="Print at the end where the time went: by executor and by test, for start-up and for "
        "waiting, and the most memory that a worker took.",
    )


def is_suite(config: pytest.Config) -> bool:
    """Whether this folder is declared to be a suite of claims."""
    return bool(config.getini(SUITE))


def given(config: pytest.Config) -> bool:
    """Whether any option of ours is given on the command line."""
    defaults = {"mlp_seeds": DEFAULT_SEEDS}
    return any(
        name.startswith("mlp_")
        and not (value is None or value is False)  # 0 is given too
        and value != defaults.get(name)
        for name, value in vars(config.option).items()
    )


def _path(text: str) -> Path | str:
    """A path; an empty text as it stands, to be refused later: as a path it is this folder."""
    return Path(text).expanduser() if text else text


def _integer(text: str) -> int | str:
    """A whole number; anything else as it stands, for `check_seeds` to refuse."""
    try:
        return int(text)
    except ValueError:
        return text


def _seconds(text: str) -> float | str:
    """A number of seconds; anything else as it stands, to be refused later."""
    try:
        return float(text)
    except ValueError:
        return text
