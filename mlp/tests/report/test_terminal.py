"""The verdict table: 80 columns, in one order, saying what matters."""

import random
import re

from mlp.report import terminal
from mlp.tests.report.helpers import HOSTILE, comparison_detail, finding_row, row, rows


def text(lines):
    return "\n".join(line for line, _ in lines)


def test_no_line_is_wider_than_80_columns():
    long = row("test_" + "a_very_long_name_" * 20, dataset="digits-and-iris-and-wine")
    for line, _ in terminal.table([*rows(), long]):
        assert len(line) <= 80, line


def test_the_order_of_rows_changes_nothing():
    shuffled = rows()
    random.Random(0).shuffle(shuffled)
    assert terminal.table(shuffled) == terminal.table(rows())


def test_findings_head_groups_and_names_are_whole():
    table = text(terminal.table(rows()))
    assert table.index("Finding 3") < table.index("Conclusion") < table.index("Other claims")
    assert "  estimator rescues matmul\n    digits" in table
    assert "  screen: coverage\n" in table


def test_a_line_says_effect_interval_margin_seeds_outcome_and_verdict():
    line = terminal.line(row())
    assert line.split() == [
        "digits",
        "+0.500",
        "[+0.20,",
        "+0.80]",
        "0.1",
        "4",
        "better",
        "supported",
    ]


def test_identical_is_said_and_explained():
    table = text(terminal.table([row(identical=True, outcome="equivalent")]))
    assert re.search(r"digits +identical weights +0.1 +4  identical   supported", table)
    assert "identical: both arms ended with the same weights" in table


def test_a_partial_study_is_said_above_and_below_the_table():
    why = "interrupted after 1 of 2 tests"
    first, *table, last = terminal.table([row()], why)
    assert first[0].startswith(f"Partial: {why}; what follows")
    assert first[1] == "red"
    assert last == (why, "red")
    whole = [(line.removesuffix("; all as recorded"), how) for line, how in terminal.table([row()])]
    assert table == whole


def test_what_more_claims_than_the_error_is_divided_among_cost_is_said():
    told = "some verdict is false with probability up to"
    recorded = [row(expected="agrees", detail={"recorded": [0.5]})] * 12
    assert told not in text(terminal.table([row()] * 300 + recorded))
    assert terminal.table([row()] * 360 + recorded)[-1] == (
        f"360 claims, more than 300: {told} 0.06",
        "red",
    )


def test_no_interval_is_broken_between_lines():
    for shift in range(30):
        lines = terminal.wrapped(f"{'x' * shift} {'word ' * 11}effect +0.5 [-0.900, +1.000], end")
        assert all(len(line) <= 80 for line in lines)
        assert sum("[-0.900, +1.000]" in line for line in lines) == 1


def test_the_answer_is_a_line_for_each_finding():
    """Of one claim its verdict and effect, of several how many stand; others say nothing."""
    made = [
        finding_row("1", "test_a", "Finding 1: a.", "digits", "supported", 0.25),
        finding_row("1", "test_b", "Finding 1: b.", "digits", "refuted", 0.5),
        finding_row("1", "test_b", "Finding 1: b.", "iris", "refuted", 0.5),
        finding_row("1", "test_c", "It explains.", "iris", "supported", 0.5),
        finding_row(
            "Conclusion", "test_d", "Conclusion: d.", "iris", "refuted", 0.0, identical=True
        ),
        finding_row(
            "Conclusion", "test_e", "Conclusion: e.", "iris", "refuted", 0.0, identical=True
        ),
    ]
    assert terminal.answer(made) == [
        ("Finding 1: digits 1 of 2 supported; iris refuted, +0.50", ""),
        ("Conclusion: iris refuted, identical", ""),
    ]
    assert terminal.answer(made[3:4]) == []


def test_the_level_of_the_intervals_is_said_above_the_table():
    lines = [line for line, _ in terminal.table(rows())]
    assert lines[0].startswith("A claim's interval holds at 99.999%")
    assert lines.index(terminal.heading()) <= 2


def test_what_is_equivalent_and_not_zero_is_marked_and_explained():
    there = row(outcome="equivalent", detail=comparison_detail([0.02, 0.04, 0.03]))
    table = text(terminal.table([there]))
    assert "  equivalent* supported" in table
    assert "equivalent: the effect is smaller than the margin, which is not to say none" in table
    assert "*: equivalent, and yet not zero" in table
    nothing = row(outcome="equivalent", detail=comparison_detail([0.02, -0.04, 0.03]))
    assert "*" not in text(terminal.table([nothing]))


def test_who_vouches_is_marked_and_explained():
    table = text(terminal.table([row(vouched=4)]))
    assert "supported v" in table
    assert "v: vouched for by the engine, 4 seeds of each arm" in table
    assert "vouched" not in text(terminal.table([row()]))


def test_how_many_are_refuted_as_recorded_is_said():
    made = [row(verdict="refuted", recorded="refuted"), row(dataset="iris", verdict="refuted")]
    assert "1 of 2 is refuted, as recorded" in text(terminal.table(made))


def test_a_changed_verdict_is_red_and_marked():
    lines = terminal.table([row(verdict="refuted")])
    assert [colour for text, colour in lines if "refuted !" in text] == ["red"]
    assert "1 claim: 1 refuted; 1 not as recorded" in text(lines)


def test_without_a_finding_or_a_refutation_nothing_is_called_recorded():
    own = row(finding="")
    assert "1 claim: 1 supported; all as expected" in text(terminal.table([own]))
    assert "2 claims: 2 supported; all as recorded" in text(terminal.table([own, row()]))
    refuted = text(terminal.table([row(finding="", verdict="refuted")]))
    assert "1 claim: 1 refuted; 1 not as expected" in refuted
    assert "! not as expected: a claim is to be supported unless it is marked refuted" in refuted


def test_a_verdict_as_recorded_is_not_marked():
    lines = terminal.table([row(verdict="refuted", recorded="refuted")])
    assert "!" not in text(lines)
    assert "1 claim: 1 refuted; all as recorded" in text(lines)


def test_parameters_are_shown_without_the_dataset():
    assert row(parameters="coverage").title == "estimator rescues matmul: coverage"
    assert row().title == "estimator rescues matmul"
    assert row(dataset=HOSTILE).parameters == ""


def test_paragraphs_wrap_and_their_commands_do_not():
    command = 'pytest hypotheses -k "' + "finding_1 or " * 8 + 'finding_2"'
    lines = [line for line, _ in terminal.paragraphs(["word " * 60 + f"\nCause.\n{command}"])]
    assert all(len(line) <= 80 for line in lines[:-1])
    assert lines[-2:] == ["  Cause.", f"  {command}"]


def test_without_findings_there_are_no_headings_and_without_a_dataset_a_dash():
    lines = [line for line, _ in terminal.table([row(finding="", dataset="", detail={})])]
    assert "Other claims" not in lines
    assert [line.split()[0] for line in lines if line.startswith("    -")] == ["-"]


def test_a_unit_is_said_and_so_is_what_could_not_be_checked():
    told = text(terminal.table([row(unit="loss", scale=2.3, notes=("it was not checked",))]))
    assert "Effects, intervals and margins are in loss" in told
    assert "note on estimator rescues matmul: it was not checked" in told
    assert "margins are in" not in text(terminal.table([row()]))


def test_how_many_runs_diverged_is_told():
    assert "1 run diverged" in text(terminal.table([row(diverged=1)]))
    assert "diverged" not in text(terminal.table([row()]))


def test_the_error_is_divided_among_the_claims_of_the_suite():
    told = text(terminal.table([row(claims=20)] * 21))
    assert "divided among 20 claims and their looks" in " ".join(told.split())
    assert "21 claims, more than 20: some verdict is false with probability up to 0.0525" in told
