"""A screen of one's own function: decided look by look, within the stated error."""

from __future__ import annotations

import numpy as np
import pytest

from mlp.stats import Outcome, look_sizes, paired_interval, run_screen

PARTS = ["rows", "logits"]


def scored(on, seed, spread=0.02):
    """A gain of 0.3 by rows, none by logits, and scatter of its own for each run."""
    noise = np.random.default_rng([seed, *map(len, sorted(on))]).normal(0, spread)
    return 0.5 + 0.3 * ("rows" in on) + noise


def test_each_part_gets_the_outcome_of_its_own_effect():
    found = run_screen(scored, PARTS, margin=0.1)

    assert found.whole.outcome is Outcome.BETTER
    assert found.shares["rows"].outcome is Outcome.BETTER
    assert found.shares["logits"].outcome is Outcome.EQUIVALENT
    assert found.decided
    means = [look.interval.mean for look in found.shares.values()]
    assert sum(means) == pytest.approx(found.whole.interval.mean, abs=1e-12)


def test_it_trains_no_more_than_the_look_that_decides_needs():
    asked = []

    def score(on, seed):
        asked.append((on, seed))
        return scored(on, seed)

    found = run_screen(score, PARTS, margin=0.1, first_seed=7)

    n = found.whole.n
    assert n in look_sizes(256)
    assert len(asked) == len(set(asked)) == 4 * n
    assert {seed for _, seed in asked} == set(range(7, 7 + n))
    assert all(len(scores) == n for scores in found.scores.values())
    if n > look_sizes(256)[0]:
        fewer = max(size for size in look_sizes(256) if size < n)
        assert not run_screen(scored, PARTS, margin=0.1, first_seed=7, cap=fewer).decided


@pytest.mark.parametrize("cap", [256, 20])
def test_all_effects_at_all_looks_together_keep_the_error(cap):
    """Every effect, at every look there may be, spends no more than `error` in all (Bonferroni)."""
    found = run_screen(scored, PARTS, margin=0.1, error=0.05, cap=cap)

    effects = [found.whole, *found.shares.values()]
    assert sum(look.alpha for look in effects) * len(look_sizes(cap)) <= 0.05 + 1e-12
    assert all(1 - look.interval.level == pytest.approx(look.alpha) for look in effects)
    drawn = [
        paired_interval(
            np.subtract(found.scores[frozenset(PARTS)], found.scores[frozenset()]),
            found.whole.alpha,
            margin=margin,
        )
        for margin in (0.1, 0.0)
    ]
    assert found.whole.interval == drawn[0] != drawn[1]


def test_the_scores_are_read_in_seed_order_whatever_else_was_trained():
    assert run_screen(scored, PARTS, margin=0.1) == run_screen(scored, PARTS[::-1], margin=0.1)


def test_an_effect_that_the_cap_leaves_open_is_told_with_its_remedy():
    found = run_screen(lambda on, seed: scored(on, seed, 0.15), PARTS, margin=0.01, cap=16)

    assert not found.decided
    assert "undecided" in str(found)
    assert "needs more seeds (cap) or a larger margin" in str(found)


def test_a_part_that_never_acts_is_named():
    found = run_screen(
        lambda on, seed: scored(on & {"rows"}, seed), ["rows", "lgits"], margin=0.1, cap=16
    )

    assert found.idle == ("lgits",)
    assert "'lgits' changed no score at any seed: check that it acts." in str(found)
    assert run_screen(scored, PARTS, margin=0.1, cap=16).idle == ()


def test_it_tells_how_far_it_is():
    told = []
    found = run_screen(scored, PARTS, margin=0.1, tell=told.append)

    sizes = [size for size in look_sizes(256) if size <= found.whole.n]
    assert len(told) == len(sizes)
    assert told[0] == f"training 4 pipelines at seeds 1 to {sizes[0]} of at most 256"


@pytest.mark.parametrize("parts", [[], ["rows", "rows"], "rows", [1, 2]])
def test_parts_that_are_no_list_of_names_are_refused(parts):
    with pytest.raises(ValueError, match="different parts by name"):
        run_screen(scored, parts)


@pytest.mark.parametrize("score", [float("nan"), 97.2, -0.1, "0.5", None])
def test_a_score_that_is_no_share_is_refused_with_where_it_arose(score):
    with pytest.raises(ValueError, match=r"from 0 to 1, got .* for \['rows'\] at seed 0"):
        run_screen(lambda on, _: score if on == {"rows"} else 0.5, PARTS)


@pytest.mark.parametrize(
    "wrong", [{"margin": 0}, {"margin": 1.0}, {"cap": 0}, {"error": 0.0}, {"error": 1.5}]
)
def test_options_that_cannot_be_used_are_refused_before_anything_is_trained(wrong):
    trained = []
    with pytest.raises(ValueError, match=r"lies between|whole number"):
        run_screen(lambda *run: trained.append(run), PARTS, **wrong)
    assert not trained
