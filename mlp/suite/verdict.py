"""What a test claimed, as a row; what its report says of it; the command that claims it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import pytest

from mlp.lab import DEFAULT_SEEDS, REFUTED, SUPPORTED, Claim, ClaimError, Refuted, Undecided
from mlp.report.provenance import path_within, seen_from
from mlp.report.results import CHANGED, Row
from mlp.report.terminal import wrapped
from mlp.suite import marks

RECORD_IT = 'if that is the finding, record it: @pytest.mark.refuted("why")'
"""What to do about a claim that is refuted."""


def row_of(item: pytest.Item, claim: Claim) -> Row:
    """The row of a claim that a test made."""
    finding, role = marks.finding_of(item), marks.role_of(item)
    refutation = marks.recorded_refutation(item, claim.protocol)
    function = getattr(item, "function", None)
    return Row(
        nodeid=item.nodeid,
        file=item.path.stem.removeprefix("test_"),
        test=getattr(item, "originalname", item.name),
        finding=finding.name,
        states=finding.states,
        role=role.name,
        pair=role.of,
        sentence=(getattr(function, "__doc__", None) or "").strip().split("\n\n")[0],
        recorded=SUPPORTED if refutation is None else REFUTED,
        reason=refutation or "",
        claim=claim,
        command=command_of(item, portable=True),
    )


def command_of(item: pytest.Item, portable: bool = False) -> str:
    """The command that makes the item's claim again.

    It is for the folder pytest was started in; a `portable` one, for files that others read, for
    the root folder, and names a store only within that.
    """
    option, here = item.config.option, item.config.invocation_params.dir
    store, test = option.mlp_store, item.nodeid
    if not portable:
        test = f"{seen_from(item.path, here)}::{test.partition('::')[2]}"
    elif store is not None:
        store = path_within(store, item.config.rootpath, here)
    words = [f'pytest "{test}"']
    if option.mlp_protocol is not None:
        words.append(f"--mlp-protocol={option.mlp_protocol}")
    if option.mlp_first_seed is not None:
        words.append(f"--mlp-first-seed={option.mlp_first_seed}")
    if option.mlp_seeds != DEFAULT_SEEDS:
        words.append(f"--mlp-seeds={option.mlp_seeds}")
    if store is not None:
        words.append(f"--mlp-store={shlex.quote(str(store))}")
    if option.mlp_real:
        words.append("--mlp-real")
    return " ".join(words)


def _complaint(rows: Sequence[Row], report: pytest.TestReport) -> str:
    """What is wrong with how a test that asked the lab made its claims; "" if nothing is.

    A test makes one claim, and fails unless the verdict is the one recorded, so that a green run
    means that every verdict is.
    """
    if len(rows) > 1 or (report.passed and not rows):
        return (
            f"a hypothesis makes one claim; this test made {len(rows) or 'none'}: end it with one "
            "assert_better(), assert_worse(), assert_equivalent() or assert_identical(); of a "
            "diagnosis assert_causes(), of a screen assert_responsible(), of doses assert_rising()"
        )
    if not rows or rows[0].status != CHANGED:
        return ""
    verdict, recorded = rows[0].claim.verdict, rows[0].recorded
    if report.failed and (verdict, recorded) == (SUPPORTED, REFUTED):  # an unexpected pass
        return f"a supported claim is marked as refuted: {rows[0].claim.line()}; remove the mark"
    if report.failed:
        return ""
    ended = "passed" if report.passed else "was skipped"
    return (
        f"a test fails unless its claim is {recorded}; this one's is {verdict}, and the test "
        f"{'xfailed' if hasattr(report, 'wasxfail') else ended}: let the assertion's error end it, "
        "without raises, except, skip or xfail" + (f"; {RECORD_IT}" if verdict == REFUTED else "")
    )


def tell(report: pytest.TestReport, item: pytest.Item, error: BaseException) -> None:
    """Have a failed test say why in the words of its error, and how it is run again."""
    told = wrapped(str(error)) if isinstance(error, ClaimError) else [str(error)]
    if isinstance(error, Refuted):
        told.append(RECORD_IT)
    if isinstance(error, Undecided):
        told.append(f"more seeds may decide it: --mlp-seeds={2 * item.config.option.mlp_seeds}")
    report.longrepr = "\n".join([*told, f"rerun: {command_of(item)}"])
    report.sections = [part for part in report.sections if "stderr" not in part[0]]


def judge(report: pytest.TestReport, rows: Sequence[Row], error: BaseException | None) -> None:
    """Fail a test that hides its verdict or breaks a rule, and have its report carry its rows.

    `mlp_by_claim` then says whether its verdict alone fails it.
    """
    by_claim = False
    if not report.failed or error is None or isinstance(error, ClaimError):
        if told := _complaint(rows, report):
            report.outcome, report.longrepr = "failed", told
            vars(report).pop("wasxfail", None)
        by_claim = report.failed and [row.status for row in rows] == [CHANGED]
    report.mlp_by_claim = by_claim  # type: ignore[attr-defined]
    report.mlp_rows = [row.to_dict() for row in rows]  # type: ignore[attr-defined]
