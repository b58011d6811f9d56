"""Inputs: which rows each program was fed, with which targets, in which order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mlp.trace.pair import Pair, joined, label, same_set
from mlp.trace.record import Trace
from mlp.trace.rung import Finding, Rung, failed, not_seen, number, passed

NAME = "inputs"

SAME, BATCHES = "the same order in each epoch", "the same batches in another order"
NEARLY, OTHER = "nearly the same order in each epoch", "another order in each epoch"
ORDERS = (SAME, BATCHES, NEARLY, OTHER)
"""How rows may follow each other in two epochs, the least mixed first."""


@dataclass(frozen=True)
class Habits:
    """How one program goes through its rows. `order` is "" where two epochs were not seen."""

    rows: int
    distinct: int
    sizes: tuple[int, ...]
    order: str
    sorted_targets: bool

    @property
    def partial(self) -> bool:
        """Whether the last batch of the epoch is smaller than the others."""
        return len(self.sizes) > 1 and self.sizes[-1] < self.sizes[0]


def habits(trace: Trace) -> Habits | None:
    """The habits of a trace; None where it shows no rows."""
    log = trace.log
    first = log.rows(0)
    if not len(first):
        return None
    sizes = tuple(log.sizes[log.epoch == 0].tolist())
    targets = log.targets(0)
    rising = targets is not None and _in_runs(targets)
    return Habits(len(first), len(np.unique(first)), sizes, _order(trace), rising)


def _in_runs(targets: np.ndarray) -> bool:
    """Whether equal targets come one after the other, as in a file sorted by class."""
    kinds = len(np.unique(targets))
    return 1 < kinds < len(targets) / 4 and int((targets[1:] != targets[:-1]).sum()) < 2 * kinds


def _order(trace: Trace) -> str:
    """How the order of rows changes from the first epoch to the second."""
    first, second = trace.log.rows(0), trace.log.rows(1)
    size = min(len(first), len(second))
    if not trace.epochs_ended or size < 2 or size < int(trace.log.sizes[0]):
        return ""
    if np.array_equal(first[:size], second[:size]):
        return SAME
    batches = [
        {frozenset(part.tolist()) for part in np.split(rows, cuts)}
        for rows, cuts in ((first, _cuts(trace, 0)), (second, _cuts(trace, 1)))
    ]
    if len(batches[0]) > 1 and batches[1] <= batches[0]:
        return BATCHES
    places = {row: place for place, row in enumerate(first.tolist())}
    moved = [abs(places[row] - k) for k, row in enumerate(second.tolist()) if row in places]
    # Orders drawn apart move a row by a third of all on average, a small buffer by its own size.
    return NEARLY if len(moved) >= 32 and np.mean(moved) < len(first) / 6 else OTHER


def _cuts(trace: Trace, epoch: int) -> np.ndarray:
    return np.cumsum(trace.log.sizes[trace.log.epoch == epoch])[:-1]


def check(pair: Pair) -> Rung:
    """Compare what the programs were fed."""
    ha, hb = habits(pair.a), habits(pair.b)
    if ha is None or hb is None or not pair.steps or "" in pair.fed:
        return not_seen(NAME, "a trace shows no rows")
    found = [*_habit_findings(pair, ha, hb), *_batch_findings(pair)]
    if found:
        return failed(*found)
    others = [i for i, fed in enumerate(pair.fed) if fed == "other"]
    if others:
        return failed(_other_rows(pair, others[0]))
    if "reordered" in pair.fed:
        i = pair.fed.index("reordered")
        told = f"{label(pair.steps[i][0])}: the same rows in another order within the batch"
        return failed(Finding(NAME, told, explains=False, at=i))
    seen = all(update.targets is not None for update in pair.steps[0])
    told = "" if seen else "; targets not seen"
    return passed(NAME, f"same rows in the same order, {len(pair.steps)} updates{told}")


def _habit_findings(pair: Pair, ha: Habits, hb: Habits) -> list[Finding]:
    """What differs in how the programs go through an epoch."""
    found = []
    (na, nb), whole = pair.names, min(pair.a.epochs_ended, pair.b.epochs_ended) > 0
    kept, drops = (ha, hb) if ha.partial else (hb, ha)
    dropped = kept.partial and drops.rows == kept.rows - kept.sizes[-1]
    if dropped and whole and ha.sizes[0] == hb.sizes[0]:
        told = (
            f"epoch 1: {na} is fed {ha.rows} rows in {len(ha.sizes)} updates, {nb} {hb.rows} in "
            f"{len(hb.sizes)}; the last batch of {kept.sizes[-1]} rows is on one side only"
        )
        hint = (
            f"{nb if drops is hb else na} drops the last partial batch: drop_remainder, "
            "drop_last, or a loop over n // batch_size"
        )
        found.append(Finding(NAME, told, (hint,)))
    elif ha.sizes[0] != hb.sizes[0]:
        told = f"a batch has {ha.sizes[0]} rows in {na} and {hb.sizes[0]} in {nb}"
        found.append(Finding(NAME, told, (_size_hint(pair),), at=0))
    elif whole and ha.distinct != hb.distinct:
        told = f"epoch 1 has {ha.distinct} distinct rows in {na} and {hb.distinct} in {nb}"
        hint = "a part of the data (validation_split, a subset), or rows drawn with replacement"
        found.append(Finding(NAME, told, (hint,)))
    if ha.order and hb.order and ha.order != hb.order:
        told = f"{na} is fed {ha.order}, {nb} {hb.order}"
        found.append(Finding(NAME, told, _order_hints(pair, ha, hb)))
    return found


def _size_hint(pair: Pair) -> str:
    """Why batches differ in size: gradients are added up, or zeroed before they are used."""
    for place, (trace, name) in enumerate(zip((pair.a, pair.b), pair.names, strict=True)):
        steps = trace.constants.get("gradient_accumulation_steps")
        if steps:
            return f"{name} updates once in {steps:g} of these: gradient_accumulation_steps"
        for step in pair.steps:
            mine, whole = step[place], step[1 - place].rows
            used = mine.rows
            if used is None or whole is None or not np.isin(used, whole).all():
                continue
            if mine.zeroed and mine.zeroed + len(used) == len(whole):
                return (
                    f"{name} uses the last {len(used)} of {len(whole)} rows: zero_grad() is called "
                    "between micro-batches, not after the update"
                )
    return "another batch size"


def _order_hints(pair: Pair, ha: Habits, hb: Habits) -> tuple[str, ...]:
    """The likely mistake of the side whose rows are mixed less."""
    place = min((0, 1), key=lambda k: ORDERS.index((ha, hb)[k].order))
    fixed, name = (ha, hb)[place], pair.names[place]
    if fixed.order == BATCHES:
        return (f"{name} shuffles batches, not rows: shuffle before batch",)
    if fixed.order == NEARLY:
        return (f"the shuffle buffer of {name} is small: give shuffle() one for all rows",)
    told = ", and its rows come sorted by target" if fixed.sorted_targets else ""
    hint = (
        f"{name} never shuffles its rows, or shuffles once{told}: shuffle anew in each epoch "
        "(shuffle=True, reshuffle_each_iteration, sampler.set_epoch)"
    )
    if (pair.a, pair.b)[place].framework != "Keras":
        return (hint,)
    return hint, "after keras.utils.set_random_seed, fit shuffles alike in each epoch"


def _batch_findings(pair: Pair) -> list[Finding]:
    """What differs in the values of a batch: scaled inputs, targets of other rows."""
    for i, (ua, ub) in enumerate(pair.steps):
        if pair.fed[i] != "other":
            continue
        (na, nb), at = pair.names, label(ua)
        ra, rb, ta, tb = ua.rows, ub.rows, ua.targets, ub.targets
        if ra is None or rb is None:
            return []
        if ta is not None and tb is not None and same_set(ra, rb):
            told = f"{at}: the same rows with other targets in {na} and {nb}"
            hint = "targets are encoded or read in another way"
            scaled = _scale(joined(ua, "y"), joined(ub, "y"))
            if same_set(ta, tb):
                hint = "features and labels are shuffled apart: use one permutation for both"
            elif scaled:
                hint = f"the targets of {nb} are {scaled} those of {na}"
            return [Finding(NAME, told, (hint,), at=i)]
        xa, xb = joined(ua, "x"), joined(ub, "x")
        if xa is not None and xb is not None and np.array_equal(xa, xb[..., ::-1]):
            told = f"{at}: the inputs of {nb} are those of {na}, their last axis reversed"
            return [Finding(NAME, told, ("channels in another order: BGR for RGB",), at=i)]
        scaled = _scale(xa, xb)
        if scaled:
            told = f"{at}: the inputs of {nb} are {scaled} those of {na}"
            return [
                Finding(NAME, told, ("normalisation is missing, or done twice, on one side",), at=i)
            ]
        return []
    return []


def _scale(xa: np.ndarray | None, xb: np.ndarray | None) -> str:
    """How `xb` follows from `xa` by one factor and one shift for all, or for each column."""
    if xa is None or xb is None or xa.shape != xb.shape or xa.ndim < 2 or len(xa) < 3:
        return ""
    fa, fb = (x.reshape(len(x), -1).astype(np.float64) for x in (xa, xb))
    if _follows(fa.reshape(-1, 1), fb.reshape(-1, 1)):
        slope, shift = np.polyfit(fa.ravel(), fb.ravel(), 1)
        level = np.abs(fb).max()
        return f"{number(slope)} times" + ("" if abs(shift) < 1e-5 * level else ", and shifted,")
    return "column by column scaled from" if _follows(fa, fb) else ""


def _follows(fa: np.ndarray, fb: np.ndarray) -> bool:
    """Whether each column of `fb` is a line in that of `fa`, and not all are constant."""
    ca, cb = fa - fa.mean(0), fb - fb.mean(0)
    varies = (ca**2).sum(0) > 0
    slope = np.divide((ca * cb).sum(0), (ca**2).sum(0), out=np.zeros(ca.shape[1]), where=varies)
    left = np.abs(cb - slope * ca).max()
    return bool(varies.any() and slope.any() and left <= 1e-5 * max(np.abs(fb).max(), 1e-30))


def _other_rows(pair: Pair, i: int) -> Finding:
    """Rows of which no more can be said than that they are others."""
    na, nb = pair.names
    rows = [np.unique(t.log.rows(0)) for t in (pair.a, pair.b)]
    shared = len(np.intersect1d(rows[0], rows[1], assume_unique=True))
    told = f"{label(pair.steps[i][0])}: {na} and {nb} are fed other rows"
    if shared and shared == len(rows[0]) == len(rows[1]):
        hint = (
            "each shuffles by its own seed, which explains no gap but hides what comes after: "
            "feed both programs the same batches"
        )
        return Finding(NAME, f"{told} of the same {shared}", (hint,), explains=False, at=i)
    hint = f"of the rows of epoch 1, {shared} are in both; compare how they are read and prepared"
    return Finding(NAME, told, (hint,), at=i)
