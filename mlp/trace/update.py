"""The update that the same gradient on the same weights brings about."""

from __future__ import annotations

import numpy as np

from mlp.trace import constants
from mlp.trace.gradient import agree, allowed
from mlp.trace.pair import Match, Pair, label
from mlp.trace.record import Trace, Update
from mlp.trace.rung import Finding, Rung, failed, not_comparable, not_seen, number, passed

NAME = "update"


def check(pair: Pair) -> Rung:
    """Compare what was added to the weights where gradients agree, or where it agrees anyway."""
    compared, barred = 0, ""
    for i in range(len(pair.steps)):
        gradients = pair.values(i, "gradient")
        barred = pair.obstacle(i)
        outside = _outside(pair, i)
        if outside is not None:
            return failed(outside)
        found = [] if barred else _differing(pair, i)
        if found is None:
            break
        if gradients and not barred and not agree(pair, i, gradients):
            barred = "" if not found else "the gradients differ"
            if found:
                break
        if barred:
            break
        if found:
            return failed(_other_update(pair, i, found[0]))
        compared += 1
    if compared:
        return passed(NAME, f"equal in {compared} update{'s' * (compared > 1)}")
    if barred:
        return not_comparable(NAME, barred)
    return not_seen(NAME, "a trace does not show the weights before and after, whole")


def _outside(pair: Pair, i: int) -> Finding | None:
    """Weights that one side only changes between the update before and this one."""
    if not i or any(pair.steps[i][k].number != pair.steps[i - 1][k].number + 1 for k in (0, 1)):
        return None
    moved = []
    for place in (0, 1):
        left, found = pair.steps[i - 1][place].after, pair.steps[i][place].before
        kept = [name for name in left if name in found]
        if not kept:
            return None
        moved.append([name for name in kept if left[name].digest != found[name].digest])
    if bool(moved[0]) == bool(moved[1]):
        return None
    place = int(bool(moved[1]))
    name, changed = pair.names[place], moved[place]
    told = f"{label(pair.steps[i][0])}: {name} has changed {changed[0]} since its update before"
    hint = "weights are changed outside the optimizer: clamped, averaged, projected or loaded"
    return Finding(NAME, told, (hint,), at=i)


def _differing(pair: Pair, i: int) -> list[tuple[Match, float, float]] | None:
    """Variables whose updates differ, with both norms; None where they are not all shown whole.

    An element counts where rounding of its gradient, or an epsilon, explains at most a hundredth of
    its update: Adam makes as much of a gradient of 1e-9 as of one of 1.
    """
    found = []
    before = {m.a.name: (va, vb) for m, va, vb in pair.values(i, "before")}
    gradient = {m.a.name: (va, vb) for m, va, vb in pair.values(i, "gradient")}
    after = pair.values(i, "after")
    for m, aa, ab in after:
        ba, bb = before.get(m.a.name, (None, None))
        values = (ba, bb, aa, ab)
        if any(v is None or v.data is None for v in values):
            return None
        wa, wb, xa, xb = (np.asarray(v.data, np.float64) for v in values if v is not None)
        da, db = xa - wa, xb - wb
        own = pair.rounding.relative + pair.rounding.unit / _least(pair)
        slack = 4 * pair.rounding.unit * (np.abs(wa) + np.abs(xa)) + own * np.abs(da)
        counts = np.ones(da.shape, bool)
        ga = gradient.get(m.a.name, (None, None))[0]
        if ga is not None and ga.data is not None:
            doubt = 4 * allowed(pair, i, ga) / np.sqrt(max(da.size, 1)) + _epsilon(pair)
            share = doubt / np.maximum(np.abs(np.asarray(ga.data, np.float64)), 1e-300)
            counts = share < 1e-2
            slack = slack + np.minimum(share, 1) * np.abs(da)
        if (counts & (np.abs(da - db) > slack)).any():
            found.append((m, float(np.linalg.norm(da)), float(np.linalg.norm(db))))
    return found if after else None


def _least(pair: Pair) -> float:
    """The least 1 - beta or 1 - rho: its own rounding is that much larger than the type's."""
    decays = [d for key in ("beta_1", "beta_2", "rho") for d in constants.every(pair, key)]
    return min([1.0, *[1 - d for d in decays if d < 1]])


def _epsilon(pair: Pair) -> float:
    """The gradient of which an epsilon is as large as the rule's denominator, in its first update.

    Keras adds Adam's epsilon before the second moment is corrected, PyTorch after; that they do
    is no difference between programs, and epsilons that differ are told as constants.
    """
    return max(constants.every(pair, "epsilon"), default=0.0) / _least(pair) ** 0.5


def _other_update(pair: Pair, i: int, found: tuple[Match, float, float]) -> Finding:
    ua, ub = pair.steps[i]
    m, na, nb = found
    sentence = (
        f"{label(ua)}: {m.name} moves by {number(na)} against {number(nb)} on the same gradient"
    )
    hint, explains = _explain(pair, m, ua, ub)
    return Finding(NAME, sentence, (hint,), explains, i, (ua.where, ub.where))


def _reset(trace: Trace, update: Update) -> bool:
    """Whether the optimizer counts fewer updates before this one than before an earlier one."""
    counts = [u.counted for u in trace.updates if u.number <= update.number]
    known = [count for count in counts if count is not None]
    return len(known) == len(counts) > 1 and known[-1] < known[-2]


def _explain(pair: Pair, m: Match, ua: Update, ub: Update) -> tuple[str, bool]:
    reset = [
        n
        for n, trace, u in zip(pair.names, (pair.a, pair.b), (ua, ub), strict=True)
        if _reset(trace, u)
    ]
    if len(reset) == 1:
        return f"the optimizer of {reset[0]} begins anew before it: {_ANEW}", True
    decay = constants.grouped(pair, lambda each: constants.decay(pair, each))
    for text, some in decay.items():
        if m in some:
            spared = constants.spared(pair, some)
            alone = constants.listed(pair, some)
            return f"weight decay{alone}: {text}" + (f"; {spared}" if spared else ""), True
    if constants.family(pair.a) != constants.family(pair.b):
        return f"the optimizer is {pair.a.optimizer} against {pair.b.optimizer}", True
    ra, rb = ua.rates.get(m.a.name, ua.rate), ub.rates.get(m.b.name, ub.rate)
    if ra is not None and rb is not None and not np.isclose(ra, rb, rtol=1e-5):
        whose = f" of {m.name}" if ua.rates or ub.rates else ""
        return f"the learning rate{whose} is {ra:g} against {rb:g}", True
    different = constants.told(pair, m)
    if different:
        whose = constants.listed(
            pair, constants.grouped(pair, lambda each: constants.told(pair, each))[different]
        )
        return f"{pair.a.optimizer} has {different}{whose}", not constants.only_epsilon(pair, m)
    first = ua.number == ub.number == 0
    if first and None not in (ua.counted, ub.counted) and ua.counted != ub.counted:
        told = f"the optimizers count {ua.counted} and {ub.counted} updates before it"
        return f"{told}: one keeps the state of an earlier training", True
    return "the update rules differ: their state, a constraint, or a frozen variable", True


_ANEW = "made or compiled in each epoch, or its state cleared, it forgets its moments and its count"
