"""What a test claimed, as a row, and the command that claims it again."""

from __future__ import annotations

import shlex

import pytest

from mlp import marks
from mlp.lab import DEFAULT_SEEDS, REFUTED, SUPPORTED, Claim, first_seed_under
from mlp.report.provenance import path_within
from mlp.report.results import Row


def row_of(item: pytest.Item, claim: Claim) -> Row:
    """The row of a claim that a test made."""
    finding = item.get_closest_marker("finding")
    refutation = marks.recorded_refutation(item, item.config.option.mlp_protocol)
    function = getattr(item, "function", None)
    return Row(
        nodeid=item.nodeid,
        subject=item.path.stem.removeprefix("test_"),
        test=getattr(item, "originalname", item.name),
        finding=marks.read_finding(finding.args, dict(finding.kwargs)) if finding else "",
        sentence=(getattr(function, "__doc__", None) or "").strip().split("\n\n")[0],
        recorded=SUPPORTED if refutation is None else REFUTED,
        reason=refutation or "",
        claim=claim,
        command=command_of(item, portable=True),
    )


def command_of(item: pytest.Item, portable: bool = False) -> str:
    """The command that makes the item's claim again.

    A `portable` one, for files that others read, names a store only within the root folder.
    """
    option = item.config.option
    store = option.mlp_store
    if portable and store is not None:
        store = path_within(store, item.config.rootpath, item.config.invocation_params.dir)
    words = [f'pytest "{item.nodeid}"']
    if option.mlp_protocol != "quick":
        words.append(f"--mlp-protocol={option.mlp_protocol}")
    if option.mlp_first_seed != first_seed_under(option.mlp_protocol):
        words.append(f"--mlp-first-seed={option.mlp_first_seed}")
    if option.mlp_seeds != DEFAULT_SEEDS:
        words.append(f"--mlp-seeds={option.mlp_seeds}")
    if store is not None:
        words.append(f"--mlp-store={shlex.quote(str(store))}")
    if option.mlp_real:
        words.append("--mlp-real")
    return " ".join(words)
