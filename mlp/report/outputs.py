"""What a session is asked to write at the end: the options, their checks, and the writers."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from mlp.command import holds_other
from mlp.report import archive, changes, page, summary, tensorboard
from mlp.report.archive import Saved
from mlp.report.changes import Changes
from mlp.report.cohorts import stored_runs
from mlp.report.study import ReportError, Study, writing
from mlp.run import Protocol
from mlp.store import Store


def check(option: argparse.Namespace, root: Path, protocol: Protocol | None = None) -> Saved | None:
    """Refuse options that cannot be honoured; the results to compare with, if any are asked for.

    Args:
        option: the session's options.
        root: the suite's root folder, where saved results are looked for.
        protocol: the session's, if it is known yet; else call `check_protocol` once it is.

    Raises:
        ReportError: the rule, the value seen, the remedy.
    """
    if option.mlp_fail_on_change and option.mlp_against is None:
        raise ReportError(
            "--mlp-fail-on-change needs results to compare with; got no --mlp-against: "
            "name them with it"
        )
    if option.mlp_save is not None:
        place = archive.place_to_save(option.mlp_save, root)
        _check_place(place, "--mlp-save", "file")
        if holds_other(place, archive.MARK):
            raise _not_ours(place, "--mlp-save")
    _check_place(option.mlp_summary, "--mlp-summary", "file", kept=True)
    if option.mlp_summary is not None and holds_other(option.mlp_summary, summary.MARK):
        raise _not_ours(option.mlp_summary, "--mlp-summary")
    _check_place(option.mlp_report, "--mlp-report", "folder")
    if option.mlp_report is not None and (others := page.others(option.mlp_report)):
        raise _not_ours(others[0], "--mlp-report")
    _check_place(option.mlp_tensorboard, "--mlp-tensorboard", "folder")
    if option.mlp_against is None:
        return None
    kept = archive.load(archive.place_to_load(option.mlp_against, root))
    values = {"name": protocol.name, **protocol.values} if protocol else {}
    check_protocol(kept, values, fail=option.mlp_fail_on_change)
    return kept


def check_protocol(kept: Saved, protocol: Mapping[str, Any], *, fail: bool) -> None:
    """Refuse results of another protocol of the same name, or of another name if changes `fail`.

    `protocol` holds its name and values; nothing if it is not known.

    Raises:
        ReportError: they are of another.
    """
    other = changes.other_protocol(kept, protocol)
    if other and changes.protocol_names(kept) == {protocol["name"]}:
        told = f"Results are compared at one protocol. Those in {kept.place} were made at {other}."
        raise ReportError(f"{told} Save them again with --mlp-save.")
    if other and fail:
        told = f"Those in {kept.place} are of another ({other})."
        raise ReportError(
            f"--mlp-fail-on-change needs results of the same protocol. {told} Choose it with "
            "--mlp-protocol, or name other results."
        )


def _check_place(place: Path | str | None, option: str, kind: str, *, kept: bool = False) -> None:
    """Refuse what is no file or folder, or could not be made or written to.

    A file that is there, and `kept` to be written into, need not lie in such a folder.
    """
    if place is None:
        return
    if isinstance(place, str):
        raise ReportError(f"{option} needs a {kind}; got '': name one")
    if kind == "file" and os.path.isdir(place):
        raise ReportError(f"{option} needs a file; {place} is a folder: name a file in it")
    there = place.parent if kind == "file" else place
    if kept and os.path.exists(place):
        there = place
    else:
        kind = "folder"
        there = next((p for p in (there, *there.parents) if os.path.exists(p)), there)
        if not os.path.isdir(there):
            raise ReportError(f"{option} needs a folder; {there} is a file: name another")
    if not os.access(there, os.W_OK | (os.X_OK if kind == "folder" else 0)):
        rule = f"{option} needs a {kind} that can be written to"
        raise ReportError(f"{rule}; {there} cannot be: name another")


def _not_ours(place: Path, option: str) -> ReportError:
    """The refusal to replace a file that is not an earlier one of the same option's."""
    return ReportError(
        f"{option} replaces only what it wrote before; {place} is another file: name another "
        "place, or move the file away"
    )


def writers(
    study: Study, against: Changes | None, option: argparse.Namespace, root: Path, store: Store
) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each output that the options ask for: its option, and what writes it and says where it is."""

    @cache
    def whole() -> Study:
        return replace(study, runs=stored_runs(study.rows, store))

    def report(place: Path) -> str:
        return f"report: {page.write_report(whole(), place, against)}"

    def events(place: Path) -> str:
        count = tensorboard.write(whole(), place)
        if not count:
            return f"no run has curves: nothing is written to {place}"
        return f"curves of {count} runs: tensorboard --logdir {place}"

    save = None if option.mlp_save is None else archive.place_to_save(option.mlp_save, root)
    ways: dict[str, tuple[Path | None, Callable[[Path], str]]] = {
        "--mlp-save": (save, partial(_save, study)),
        "--mlp-summary": (option.mlp_summary, partial(_summarise, study, against)),
        "--mlp-report": (option.mlp_report, report),
        "--mlp-tensorboard": (option.mlp_tensorboard, events),
    }
    for name, (place, write) in ways.items():
        if place is not None:
            yield name, partial(_written, study, place, write)


def _written(study: Study, place: Path, write: Callable[[Path], str]) -> str:
    """What `write` says it wrote to `place`; without a claim, earlier results stay there."""
    if not study.rows:
        raise ReportError(f"results are written of claims; no claim was made: {_left(place)}")
    return write(place)


def _left(place: Path) -> str:
    return f"{place} {'is left as it was' if place.exists() else 'is not written'}"


def _save(study: Study, place: Path) -> str:
    """Save the results for `--mlp-against`, if they are whole and no claim in `place` is lost."""
    if study.partial:
        told = f"saved results need a session that ran whole; {study.partial}: {_left(place)}"
        raise ReportError(told)
    if lost := changes.not_in(study, place):
        raise ReportError(
            "saved results are replaced only by results of all their claims; "
            f"{lost} of those in {place} were not made now: save under another name, or "
            "delete it first"
        )
    archive.save(study, place)
    return f"results saved: {place}"


def _summarise(study: Study, against: Changes | None, place: Path) -> str:
    with writing("a summary must go to a file that can be written", place):
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(summary.markdown(study, against), encoding="utf-8")
    return f"summary: {place}"
