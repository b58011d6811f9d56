"""The stated error rates, measured: a quick version with a fixed generator."""

import dataclasses
import json
import re
from pathlib import Path

import numpy as np
import pytest

from mlp.stats import (
    CLAIM_ERROR,
    LOOKS,
    Outcome,
    calibration,
    look_alpha,
    paired_interval,
    sequential,
)
from mlp.stats.calibrate import EFFECTS, main
from mlp.stats.calibration import FALSE_EQUIVALENT, beyond, normal_law, power, rates, upper_limit
from mlp.stats.methods import IN_USE, SPREADS, all_methods, centred
from mlp.stats.scenarios import MARGINS, SCENARIOS
from mlp.stats.simulate import BETTER, EQUIVALENT, WORSE, decide, draw, exact_rate, false_codes

QUICK = LOOKS[:5]
METHOD = all_methods()[IN_USE]


@pytest.fixture(scope="module")
def measured():
    methods = {name: m for name, m in all_methods().items() if name in (IN_USE, "plain t")}
    return rates(SCENARIOS, methods, sims=10_000, seed=1, looks=QUICK)


def test_every_promised_rate_holds(measured):
    promised = [r for r in measured if r.method == IN_USE and r.promised]
    assert len(promised) > 200
    assert [r for r in promised if not r.holds] == []


def test_every_scenario_is_measured_for_both_kinds_of_error(measured):
    kinds = {(r.scenario, r.mean == 0) for r in measured}
    assert {(s.name, True) for s in SCENARIOS} <= kinds
    assert len({s for s, null in kinds if not null}) >= len(SCENARIOS) - 1


def test_the_calibration_can_fail_plain_t_does(measured):
    broken = [r for r in measured if r.method == "plain t" and r.promised and not r.holds]
    assert len(broken) > 20
    assert max(r.rate for r in broken) > 0.3


def test_the_spread_in_use_is_the_smallest_that_holds():
    """Only laws worked out exactly are needed to refuse the smaller ones."""
    few = [s for s in SCENARIOS if s.name.startswith("sparse")]
    methods = {str(r): centred(r) for r in SPREADS}
    found = rates(few, methods, sims=1, looks=QUICK)
    fails = {
        name: any(not r.holds for r in found if r.method == name and r.promised) for name in methods
    }
    assert fails == {"0.25": True, "0.5": True, "0.75": False, "1.0": False}


def test_two_valued_laws_hold_up_to_a_jump_and_not_beyond():
    safe = beyond(METHOD, (0.3, 0.6, 0.7), points=12, looks=QUICK)
    assert all(b.rate <= b.stated for b in safe if b.jump <= 0.6 or b.margin >= 0.02)
    unsafe = beyond(METHOD, (1.0,), points=12, looks=QUICK)
    assert any(b.rate > b.stated for b in unsafe)
    assert all(
        b.rate <= b.stated for b in unsafe if b.kind == FALSE_EQUIVALENT and b.margin >= 0.02
    )


@pytest.mark.parametrize(
    "name", ["skewed -0.6 at 10%", "80% zeros", "sparse 8/17 (wine to chance)"]
)
def test_simulation_agrees_with_the_exact_rate(name):
    """At a method and rate where false verdicts are common enough to compare."""
    law = next(s for s in SCENARIOS if s.name == name).law(0.1)
    method, margin, sims = all_methods()["plain t"], 0.05, 20_000
    exact = exact_rate(law, method, 0.05, margin, QUICK)
    outcomes = [
        decide(method, moments, 0.05, margin)[0]
        for moments in draw(law, sims, np.random.default_rng(2), QUICK)
    ]
    measured = np.mean(np.isin(np.concatenate(outcomes), false_codes(0.1, margin)))
    assert measured == pytest.approx(exact, abs=5 * np.sqrt(exact / sims))


def test_the_simulated_procedure_is_the_one_in_use():
    law = SCENARIOS[0].law(0.2)
    d = law.sample(np.random.default_rng(4), (50, 128))
    named = {BETTER: Outcome.BETTER, WORSE: Outcome.WORSE, EQUIVALENT: Outcome.EQUIVALENT}
    sample = next(draw(law, 50, np.random.default_rng(4), QUICK))
    outcome, when = decide(METHOD, sample, CLAIM_ERROR, 0.1)
    for k in range(50):
        result = sequential(d[k], 0.1, cap=128)
        assert named.get(outcome[k], Outcome.UNDECIDED) is result.outcome
        assert when[k] in (-1, len(result.looks) - 1)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_declared_laws_have_the_mean_they_declare(scenario):
    for mean in (0.0, *MARGINS, *(2 * m for m in MARGINS)):
        law = scenario.law(mean)
        if law is not None:
            assert law.mean == pytest.approx(mean, abs=1e-9)
            assert law.weights.sum() == pytest.approx(1)
            assert np.abs(law.values).max() <= 1 + 1e-9


def test_what_is_false_of_a_mean():
    assert false_codes(0.0, 0.05) == (BETTER, WORSE)
    assert false_codes(0.1, 0.05) == (WORSE, EQUIVALENT)
    assert false_codes(0.05, 0.05) == (BETTER, WORSE, EQUIVALENT)


def test_upper_limit_by_hand():
    """No event in n: 1 - 0.01^(1/n)."""
    assert upper_limit(0, 1000) == pytest.approx(1 - 0.01 ** (1 / 1000))
    assert upper_limit(10, 10) == 1.0


def test_normal_law_keeps_its_moments():
    law = normal_law(0.1, 0.05)
    assert law.mean == pytest.approx(0.1)
    assert law.sd == pytest.approx(0.05, rel=0.02)


def test_half_widths_are_shared_by_simulation_and_verdicts():
    d = np.array([0.1, 0.2, 0.0, 0.0, 0.3])
    interval = paired_interval(d, look_alpha())
    low, high = METHOD(5, d.mean(), ((d - d.mean()) ** 2).sum(), look_alpha())
    assert max(float(low), -1) == pytest.approx(interval.low)
    assert min(float(high), 1) == pytest.approx(interval.high)


def test_command(capsys, tmp_path):
    file = tmp_path / "rates.json"
    assert main(["--quick", "--sims", "1000", "--json", str(file), "--markdown"]) == 0
    out = capsys.readouterr().out
    assert "### False verdicts" in out
    assert "| skewed -0.6 at 10%" in out
    assert "decide, at 0.00017 a claim\n" in out
    written = json.loads(file.read_text())
    assert {"rates", "beyond", "power"} == set(written)
    assert {row["stated"] for row in written["power"]} == {CLAIM_ERROR}


def seeds_without_effect_or_scatter(lines):
    """From the table's first row: the seeds that decide at margins of 0.01, 0.02, 0.05, ..."""
    cells = [cell.strip() for cell in re.split(r"  +", lines[4])][2:]
    return [int(cell.removeprefix("equivalent by ")) if cell != "-" else None for cell in cells]


def test_seeds_are_told_at_the_claim_error_asked_for(capsys):
    def told(*argv):
        main(["--quick", "--sims", "10", *argv])
        seeds = capsys.readouterr().out.split("Seeds by which")[1]
        return seeds.splitlines()

    ours, own = told(), told("--claim-error", "0.05")

    assert ours[0].endswith("decide, at 0.00017 a claim")
    assert own[0].endswith("decide, at 0.05 a claim")
    assert seeds_without_effect_or_scatter(ours)[2:] == [128, 64, 32, 16]
    assert seeds_without_effect_or_scatter(own)[2:] == [64, 32, 16, 8]


@pytest.mark.parametrize("rate", ["0", "1", "nan"])
def test_an_impossible_claim_error_is_refused(rate, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--quick", f"--claim-error={rate}"])
    assert stop.value.code == 2
    told = f"--claim-error must lie between 0 and 1, got {rate}: try 0.05"
    assert told in capsys.readouterr().err


def test_the_committed_power_is_what_the_command_measures():
    """In part: no scatter, which takes no luck."""
    file = Path(calibration.__file__).with_suffix(".json")
    committed = json.loads(file.read_text("utf-8"))["power"]
    found = power(METHOD, EFFECTS, (0.0,), sims=1)
    plain = json.loads(json.dumps([dataclasses.asdict(p) for p in found]))
    assert [row for row in committed if row["sd"] == 0] == plain
