"""The stated error rates, measured: a quick version with a fixed generator."""

import dataclasses
import json

import numpy as np
import pytest

from mlp.proof.calibration.__main__ import main
from mlp.proof.calibration.measurement import EFFECTS
from mlp.proof.calibration.methods import IN_USE, SPREADS, all_methods, centred
from mlp.proof.calibration.power import normal_law, power
from mlp.proof.calibration.promise import MEASURED
from mlp.proof.calibration.rates import EFFECTS_IN_MARGINS, PROMISED, Rate, rates, upper_limit
from mlp.proof.calibration.reach import reach, two_valued_rates, worst_law
from mlp.proof.calibration.scenarios import MARGINS, SCENARIOS, law_of
from mlp.proof.calibration.simulation import (
    BETTER,
    EQUIVALENT,
    WORSE,
    decide,
    draw,
    exact_rate,
    false_codes,
)
from mlp.proof.calibration.tables import usual_table
from mlp.stats import (
    CLAIM_ERROR,
    LOOKS,
    Outcome,
    look_alpha,
    paired_interval,
    sequential,
)

QUICK = LOOKS[:5]
METHOD = all_methods()[IN_USE]


@pytest.fixture(scope="module")
def measured():
    methods = {name: m for name, m in all_methods().items() if name in (IN_USE, "plain t")}
    return rates(SCENARIOS, methods, sims=2_000, seed=1, looks=QUICK)


def test_every_promised_rate_holds(measured):
    promised = [r for r in measured if r.method == IN_USE and r.promised]
    assert len(promised) > 200
    assert [r for r in promised if not r.holds] == []


def test_every_scenario_is_measured_at_every_effect(measured):
    found = {(r.scenario, r.effect) for r in measured if r.method == IN_USE}
    assert found == {(s.name, e) for s in SCENARIOS for e in EFFECTS_IN_MARGINS}


def test_what_is_promised_is_no_effect_up_to_half_the_margin_and_twice_it():
    rate = Rate("any", IN_USE, 0.1, 0.0, 0.05, 0.5, 0.5, 0)
    means = {e: dataclasses.replace(rate, mean=e * 0.1) for e in EFFECTS_IN_MARGINS}
    assert [e for e, r in means.items() if r.promised] == [0.0, 0.5, 2.0] == list(PROMISED)
    failures = [dataclasses.replace(r, scenario="skewed -1.0 at 10%") for r in means.values()]
    assert [r.effect for r in failures if r.promised] == [0.0, 2.0]


def test_the_calibration_can_fail_plain_t_does(measured):
    broken = [r for r in measured if r.method == "plain t" and r.promised and not r.holds]
    assert len(broken) > 20
    assert max(r.rate for r in broken) > 0.3


def test_one_spread_would_have_to_be_larger_than_those_measured():
    """Laws as wide as the data refuse those that would cost less, at a margin of 0.05."""
    method = {r: centred(r) for r in SPREADS}
    worst = {r: worst_law(1.0, 0.05, 0.0, m).rate / CLAIM_ERROR for r, m in method.items()}
    assert worst[0.65] > worst[0.75] > 1 >= worst[0.92]


def test_two_valued_laws_hold_up_to_a_jump_and_not_beyond():
    """By margin and effect; with the smaller looks alone, as the rates grow with each look."""
    kept = [(0.7, 0.01, 0.0), (1.0, 0.05, 0.0), (1.0, 0.05, 2.0), (0.6, 0.02, 0.5), (0.7, 0.1, 0.5)]
    broken = [(1.0, 0.01, 0.0), (1.0, 0.05, 0.5), (0.6, 0.05, 1.0)]
    for jump, margin, effect in kept:
        assert worst_law(jump, margin, effect, METHOD).rate <= CLAIM_ERROR, (jump, margin, effect)
    for jump, margin, effect in broken:
        assert worst_law(jump, margin, effect, METHOD).rate > CLAIM_ERROR, (jump, margin, effect)


def test_two_valued_rates_are_those_worked_out_one_by_one():
    p = np.array([0.03, 0.2, 0.41])
    for jump, mean in ((0.8, 0.05), (-0.8, 0.2), (0.6, 0.0)):
        found = two_valued_rates(jump, p, mean, 0.1, METHOD, 0.05, QUICK)
        for k, probability in enumerate(p):
            common = mean - probability * jump
            law = law_of({common: 1 - probability, common + jump: probability})
            exact = exact_rate(law, METHOD, 0.05, 0.1, QUICK)
            assert found[k] == pytest.approx(exact, rel=1e-6, abs=1e-12)


def test_the_reach_is_a_jump_that_is_kept_beside_one_that_is_not():
    found = reach(0.1, (0.5,), METHOD, looks=QUICK)
    assert worst_law(found.jump, 0.1, 0.5, METHOD, looks=QUICK).rate <= CLAIM_ERROR
    assert worst_law(found.jump + 0.03, 0.1, 0.5, METHOD, looks=QUICK).rate > CLAIM_ERROR


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
    d = law.sample(np.random.default_rng(4), (50, QUICK[-1]))
    named = {BETTER: Outcome.BETTER, WORSE: Outcome.WORSE, EQUIVALENT: Outcome.EQUIVALENT}
    sample = next(draw(law, 50, np.random.default_rng(4), QUICK))
    outcome, when = decide(METHOD, sample, CLAIM_ERROR, 0.1)
    for k in range(50):
        result = sequential(d[k], 0.1, cap=QUICK[-1])
        assert named.get(outcome[k], Outcome.UNDECIDED) is result.outcome
        assert when[k] in (-1, len(result.looks) - 1)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda s: s.name)
def test_declared_laws_have_the_mean_they_declare(scenario):
    for mean in (e * m for e in EFFECTS_IN_MARGINS for m in MARGINS):
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
    interval = paired_interval(d, look_alpha(), margin=0.1)
    low, high = METHOD(5, d.mean(), ((d - d.mean()) ** 2).sum(), look_alpha(), 0.1)
    assert max(float(low), -1) == pytest.approx(interval.low)
    assert min(float(high), 1) == pytest.approx(interval.high)


def test_command(capsys, tmp_path):
    file, drawn = tmp_path / "rates.json", tmp_path / "rates.svg"
    argv = ["measure", "--quick", "--sims", "200", "--json", str(file), "--picture", str(drawn)]
    assert main([*argv, "--markdown", "--claim-error=0.05"]) == 0
    out = capsys.readouterr().out
    assert "### False verdicts by true effect in margins" in out
    assert "| skewed -0.6 at 10%" in out
    assert "decide, at 0.05 a claim\n" in out
    written = json.loads(file.read_text())
    assert {"kinds", "rates", "worst", "reach", "seeds", "power"} == set(written)
    assert {row["stated"] for row in written["power"]} == {0.05}
    assert {row["stated"] for row in written["worst"]} == {CLAIM_ERROR}
    assert "skewed -0.6 at 10%" in drawn.read_text("utf-8")


@pytest.mark.parametrize(
    ("stated", "seeds"),
    [(CLAIM_ERROR, [None, 256, 96, 48, 24, 16]), (0.05, [None, 192, 64, 32, 16, 16])],
)
def test_seeds_are_told_at_the_claim_error_asked_for(stated, seeds):
    """Without effect or scatter, by margin: 0.01, 0.02, 0.05, 0.1, 0.2, 0.4."""
    found = power(METHOD, (0.0,), (0.0,), sims=1, stated=stated)
    told = [f"equivalent by {n}" if n else "-" for n in seeds]
    assert [p.usual for p in found] == told
    assert all(said in usual_table(found, markdown=False) for said in told)


@pytest.mark.parametrize("rate", ["0", "1", "nan"])
def test_an_impossible_claim_error_is_refused(rate, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["measure", "--quick", f"--claim-error={rate}"])
    assert stop.value.code == 2
    told = f"--claim-error must lie between 0 and 1, got {rate}: try 0.05"
    assert told in capsys.readouterr().err


def test_the_committed_power_is_what_the_command_measures():
    """In part: no scatter, which takes no luck."""
    committed = json.loads(MEASURED.read_text("utf-8"))["power"]
    found = power(METHOD, EFFECTS, (0.0,), sims=1)
    plain = json.loads(json.dumps([dataclasses.asdict(p) for p in found]))
    assert [row for row in committed if row["sd"] == 0] == plain
