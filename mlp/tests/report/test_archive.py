"""Saved results: read back whole, refused when damaged."""

import json
import random
from pathlib import Path

import pytest

from mlp.report import archive, changes, terminal
from mlp.report.explanation import explain
from mlp.report.figures.answer import answer_figure
from mlp.report.study import ReportError, Study
from mlp.report.summary import markdown
from mlp.species.post import readme
from mlp.tests.report import helpers
from mlp.tests.report.helpers import row, rows, screen_detail, study


@pytest.fixture
def kept(tmp_path):
    path = tmp_path / "deep" / "results.json"
    archive.save(study(), path)
    return path


def test_what_is_saved_is_read_back(kept):
    found = archive.load(kept)
    assert list(found.rows) == list(study().rows)
    assert found.provenance["commit"]["id"] == "0123456789abcdef"
    assert not list(kept.parent.glob("*.tmp"))


def test_results_with_names_of_earlier_days_are_read(kept):
    """They call a file a subject, and the conclusion C; of marks only the sentence tells."""

    def of_old(raw):
        for claim in raw["claims"]:
            claim["subject"] = claim.pop("file")
            claim["finding"] = claim["finding"].replace("Conclusion", "C")
            for name in ("states", "role", "pair"):
                del claim[name]

    forge(kept, of_old)
    assert list(archive.load(kept).rows) == list(study().rows)


@pytest.mark.parametrize(
    ("finding", "sentence", "marks"),
    [
        ("3", "Finding 3: it rescues.", (True, "", "")),
        ("C", "Conclusion: it is Estimator.", (True, "", "")),
        ("3", "Finding 2 asks the same.", (False, "", "")),
        ("", "Beyond the post: it is so.", (False, "", "")),
        ("3", "Is the gene sufficient? It rescues.", (False, "sufficient", "")),
        ("4", "Is the gene necessary under x? y", (False, "necessary", "under x")),
        ("4", "Is the gene responsible? y", (False, "", "")),
    ],
)
def test_what_an_earlier_sentence_told_are_marks(kept, finding, sentence, marks):
    def of_old(raw):
        claim = raw["claims"][0]
        claim.update(finding=finding, sentence=sentence)
        for name in ("states", "role", "pair"):
            del claim[name]

    forge(kept, of_old)
    (found,) = [one for one in archive.load(kept).rows if one.sentence == sentence]
    assert (found.states, found.role, found.pair) == marks


@pytest.mark.parametrize("name", ["quick", "published"])
def test_the_committed_results_are_read(name):
    found = archive.load(helpers.ROOT / archive.COMMITTED / f"{name}.json")
    assert {row.finding for row in found.rows} == {"1", "2", "3", "4", "Conclusion", ""}
    assert sum(row.states for row in found.rows) > 20
    assert sum(bool(row.role) for row in found.rows) > 60


def test_a_claim_takes_a_line(kept):
    lines = kept.read_text("utf-8").splitlines()
    claims = [line for line in lines if line.startswith('{"nodeid"')]
    assert len(claims) == len(rows())
    assert len(lines) == len(claims) + 8


def test_a_name_is_a_file_among_the_results(tmp_path):
    mine = tmp_path / archive.FOLDER / "mine.json"
    assert archive.place_to_save("mine", tmp_path) == mine
    assert str(archive.place_to_save("some/mine.json", tmp_path)) == "some/mine.json"
    assert archive.place_to_save("~/mine.json", tmp_path) == Path.home() / "mine.json"
    committed = tmp_path / "hypotheses" / "mine.json"
    archive.save(study(), committed)
    assert archive.place_to_load("mine", tmp_path) == committed
    archive.save(study(), mine)
    assert archive.place_to_load("mine", tmp_path) == mine


def edit(path, change):
    raw = json.loads(path.read_text("utf-8"))
    change(raw)
    path.write_text(json.dumps(raw), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda p: p.write_text("{"), "it cannot be read as JSON"),
        (lambda p: p.write_bytes(b"\xff\xfe\x00"), "it cannot be read as JSON"),
        (lambda p: p.write_text("[" * 200_000), "it cannot be read as JSON"),
        (lambda p: p.write_text("[]"), "it holds something else"),
        (lambda p: edit(p, lambda raw: raw.update(format=99)), "its format is 99, not 1"),
        (lambda p: edit(p, lambda raw: raw["claims"].pop()), "its checksum does not match"),
        (lambda p: edit(p, lambda raw: raw.pop("checksum")), "its checksum does not match"),
    ],
)
def test_a_damaged_file_is_refused_in_a_sentence(kept, damage, why):
    damage(kept)
    with pytest.raises(ReportError, match="a results file must be one that --mlp-save wrote") as e:
        archive.load(kept)
    assert why in str(e.value)
    assert "\n" not in str(e.value)


def write_forged(path, raw):
    """Write results with the checksum of what they hold now."""
    body = {name: value for name, value in raw.items() if name != "checksum"}
    path.write_text(json.dumps({**body, "checksum": archive.checksum(body)}), encoding="utf-8")


def forge(path, change):
    raw = json.loads(path.read_text("utf-8"))
    change(raw)
    write_forged(path, raw)


def of_claim(**values):
    return lambda raw: raw["claims"][0]["claim"].update(values)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda raw: raw["claims"].append(7), "not subscriptable"),
        (lambda raw: raw["claims"][0].pop("nodeid"), "nodeid"),
        (lambda raw: raw["claims"][0]["claim"].pop("effect"), "effect"),
        (lambda raw: raw["claims"][0].update(test=3), "test is 3"),
        (lambda raw: raw["claims"][0].update(test="\ud800"), "surrogates not allowed"),
        (lambda raw: raw.update(claims={}), "claims is {}"),
        (lambda raw: raw.update(partial=None), "partial is None"),
        (lambda raw: raw.update(provenance=[]), "provenance is []"),
        (lambda raw: raw["provenance"].update(protocol={}), "'name'"),
        (lambda raw: raw["provenance"].update(protocol=7), "protocol is 7"),
        (lambda raw: raw["provenance"].update(selection=1), "selection is 1"),
        (lambda raw: raw["provenance"].update(seeds=float("inf")), "a number is inf"),
        (of_claim(effect="large"), "effect is 'large'"),
        (of_claim(effect=1e300), "a number is 1e+300"),
        (of_claim(margin=10**400), "a number is 1000"),
        (of_claim(seeds=4.5), "seeds is 4.5"),
        (of_claim(identical=None), "identical is None"),
        (of_claim(verdict="sure"), "verdict is 'sure'"),
        (of_claim(detail=None), "detail is None"),
        (of_claim(kind="screen"), "kind is 'screen'"),
        (of_claim(scale=0), "scale, claims or notes"),
        (of_claim(notes=[1]), "scale, claims or notes"),
        (of_claim(detail={"arms": {}}), "arms is {}"),
        (of_claim(detail={"arms": [1]}), "not subscriptable"),
        (of_claim(detail={"arms": [{"genome": "a", "dataset": []}]}), "dataset is []"),
        (of_claim(detail={**screen_detail(), "shares": {}}), "shares are none"),
        (of_claim(detail={**screen_detail(), "whole": {"low": 1, "mean": 0, "high": 2}}), "interv"),
    ],
)
def test_what_is_in_another_form_is_refused_even_with_a_good_checksum(kept, change, why):
    forge(kept, change)
    with pytest.raises(ReportError, match="not in the form of claims") as e:
        archive.load(kept)
    assert why in str(e.value)
    assert "\n" not in str(e.value)


WRONG: list = [None, {}, [], "", -1, 10**400, float("nan"), 2**53]


def places(value):
    """Every container in `value` with each of its keys."""
    keys = value if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from places(value[key])


def test_whatever_a_file_holds_its_readers_work_or_refuse_it(tmp_path):
    """A few hundred forgeries, each of one value that is replaced or dropped."""
    some = [row(), row(dataset="iris", identical=True), row("test_s", detail=screen_detail())]
    honest, path = tmp_path / "honest.json", tmp_path / "forged.json"
    archive.save(study(rows=some), honest)
    text, other = honest.read_text("utf-8"), archive.load(honest)
    draw = random.Random(7)
    read = 0
    for _ in range(400):
        raw = json.loads(text)
        holder, key = draw.choice([at for at in places(raw) if at[1] != "checksum"])
        wrong = draw.choice([*WRONG, "dropped"])
        if wrong == "dropped":
            del holder[key]
        else:
            holder[key] = wrong
        write_forged(path, raw)
        try:
            found = archive.load(path)
        except ReportError:
            continue
        read += 1
        readers(found, other)
    assert 50 < read < 350


def readers(found, other):
    """All that is made of saved results, but for the pictures' drawing."""
    explain(found.rows, selected=True)
    for now in (found, other):
        made = Study(rows=now.rows, provenance=now.provenance)
        against = changes.against(made, found)
        changes.describe(against)
        markdown(Study(rows=other.rows), against)
    readme.blocks(found.rows, other.rows)
    readme.blocks(other.rows, found.rows)
    terminal.table(found.rows)


def test_the_largest_numbers_can_be_drawn(kept):
    most = {"low": -(2**53), "mean": 2**53, "high": 2**53}
    huge = {**screen_detail(), "whole": most, "shares": {"coverage": most}}
    forge(kept, of_claim(effect=2**53, detail=huge, kind="screen"))
    assert answer_figure(archive.load(kept).rows)


def test_results_that_are_not_there_say_where_they_were_looked_for(tmp_path):
    with pytest.raises(ReportError, match=r"'nobody' is not at .*nobody\.json or .*hypo"):
        archive.place_to_load("nobody", tmp_path)


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="results must be saved where a file can be written"):
        archive.save(study(), tmp_path / "file" / "results.json")
