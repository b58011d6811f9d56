"""The page: everything in it, every link good, everything escaped, nothing loaded."""

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from mlp.report import archive, changes
from mlp.report.page import render, write_report
from mlp.report.study import ReportError
from mlp.report.templates import source
from mlp.stats import LOOKS
from mlp.tests.report.helpers import HOSTILE, comparison_detail, row, run, study


class Page(HTMLParser):
    """A page's ids, links, tags and text."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.tags, self.text = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if "id" in given:
            self.ids.append(given["id"])
        if tag == "a":
            self.links.append(given["href"])

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("report")
    made = study(sentences=[HOSTILE], unsettled=[(HOSTILE, HOSTILE)], partial=HOSTILE)
    kept = archive.Saved(archive.FOLDER / "x.json", (row(verdict="refuted"),), {}, "")
    write_report(made, place, changes.against(made, kept))
    return place


@pytest.fixture(scope="module")
def text(folder):
    return (folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_every_claim_is_a_row_that_links_to_its_evidence(page):
    rows = [given for tag, given in page.tags if tag == "tr" and "data-verdict" in given]
    assert len(rows) == len(study().rows)
    for number in range(1, len(rows) + 1):
        assert f"#claim-{number}" in page.links
        assert page.ids.count(f"claim-{number}") == 1


def test_ids_are_unique(page):
    assert len(page.ids) == len(set(page.ids))


def test_every_link_leads_somewhere(folder, page):
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        else:
            assert (folder / link).is_file(), link


def test_every_reference_within_a_figure_resolves(text, page):
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', text))
    assert used <= set(page.ids)


def test_nothing_is_loaded_from_elsewhere(page):
    for tag, given in page.tags:
        assert tag not in ("iframe", "object", "embed", "base", "img")
        for name in ("src", "href", "action", "srcset"):
            assert not re.match(r"(https?:)?//", given.get(name) or "")
    policy = next(g["content"] for t, g in page.tags if t == "meta" and "http-equiv" in g)
    assert "default-src 'none'" in policy


def test_the_one_script_is_the_one_the_policy_allows(text):
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"sha256-{digest}" in text.replace("&#43;", "+")


def test_hostile_names_are_text(text, page):
    assert text.count("<script") == 1
    shown = "".join(page.text)
    assert shown.count(HOSTILE) > 5


def test_datasets_of_any_name_make_a_page(tmp_path):
    names = ["my-data", "a/b", 'q"><b>x']
    runs = [run("matmul", name, seed) for name in names for seed in range(2)]
    write_report(study(rows=[row(dataset=name) for name in names], runs=runs), tmp_path)
    text = (tmp_path / "index.html").read_text("utf-8")
    page = Page(text)
    assert {given.get("data-dataset") for tag, given in page.tags if tag == "tr"} >= set(names)
    assert "<b>x" not in text
    assert len(page.ids) == len(set(page.ids))
    for link in page.links:
        assert link.startswith("#") or (tmp_path / link).is_file(), link


def test_a_folder_used_again_holds_the_new_report_alone(tmp_path):
    kept = [tmp_path / "figures" / "mine.png", tmp_path / "notes.csv", tmp_path / "claims.txt"]
    (tmp_path / "figures").mkdir()
    for path in kept:
        path.write_text("mine")
    write_report(study(), tmp_path)
    write_report(study(rows=[row(detail={})], runs=[]), tmp_path)
    mine = ["claims.csv", "claims.json", "index.html", "results.json"]
    names = sorted(p.name for p in tmp_path.rglob("*") if p.is_file())
    assert names == sorted([*mine, *(p.name for p in kept)])


def test_files_of_another_program_are_not_taken_for_a_report(tmp_path):
    (tmp_path / "index.html").write_text("<html>mine</html>")
    (tmp_path / "doses.csv").write_text("mine")
    write_report(study(rows=[row(detail={})], runs=[]), tmp_path)
    assert (tmp_path / "doses.csv").read_text() == "mine"


def test_only_what_the_earlier_report_wrote_is_removed(tmp_path):
    write_report(study(rows=[row(detail={})], runs=[]), tmp_path)
    mine = [tmp_path / "figures" / "answer.svg", tmp_path / "doses.csv"]
    for path in mine:
        path.write_text("mine")
    write_report(study(rows=[row()], runs=[]), tmp_path)
    write_report(study(rows=[], runs=[]), tmp_path)
    left = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert left == {tmp_path / "index.html", *mine}


@pytest.mark.parametrize(
    ("outcome", "colour"),
    [("better", "blue"), ("not rising", "vermillion"), ("equivalent", "green"), ("?", "soft")],
)
def test_an_interval_in_the_table_has_the_colour_of_its_outcome(outcome, colour):
    text, _ = render(study(rows=[row(outcome=outcome, detail={})], runs=[]))
    assert re.findall(r'class="s-(\w+)" d="[^"]+" stroke-width="4"', text) == [colour]


def test_the_looks_are_those_of_the_session():
    first = LOOKS[0]
    facts = {**study().provenance, "seeds": {"first": 0, "most": first + 1}}
    told = f"<dt>Looks at seeds</dt><dd>{first}, {first + 1}</dd>"
    assert told in render(study(runs=[], provenance=facts))[0]


def test_without_javascript_nothing_but_the_filter_is_hidden(page):
    hidden = [(tag, given.get("id")) for tag, given in page.tags if "hidden" in given]
    assert hidden == [("form", "filter")]


def test_partial_unsettled_changes_and_sentences_are_said(page):
    assert {"partial", "words", "against"} <= set(page.ids)
    assert "Tests that failed for another reason than a verdict" in page.text


def test_every_figure_has_a_sentence_that_says_what_to_see(text):
    captions = re.findall(r"<figcaption>(.*?)(?: <a |</figcaption>)", text, re.DOTALL)
    assert len(captions) == text.count("<figure>") == text.count('class="figure"')
    assert all(re.match(r"(?s).{15,}\.$", caption) for caption in captions)


def test_nothing_is_drawn_of_identical_arms():
    _, pictures = render(study(rows=[row(identical=True, outcome="equivalent")], runs=[]))
    assert pictures == []


def test_how_many_are_refuted_as_recorded_is_said_first(text):
    assert 'id="as-recorded"' not in text, "no refutation is recorded there"
    made = study(rows=[row(verdict="refuted", recorded="refuted"), row(dataset="iris")], runs=[])
    page, _ = render(made)
    assert "1 of 2 is refuted, as recorded: the suite records" in page
    assert page.index("refuted, as recorded") < page.index("<h2>")


def test_levels_are_said_before_the_first_interval():
    page, _ = render(study(sentences=["Finding 3 is supported: +0.1 [+0.0, +0.2]."], runs=[]))
    assert page.index("A claim&#39;s interval holds at 99.999%") < page.index("is supported: +0.1")
    assert page.count("A claim&#39;s interval") == 1


def test_what_is_equivalent_and_not_zero_is_marked_and_has_its_plain_interval():
    there = row(outcome="equivalent", detail=comparison_detail([0.02, 0.04, 0.03]))
    page, _ = render(study(rows=[there], runs=[]))
    assert page.count(", not zero*") == 2, "in the table and the card"
    assert page.count("95% [+0.005,\N{NO-BREAK SPACE}+0.055]") == 2


def test_who_vouches_is_said():
    page, _ = render(study(rows=[row(vouched=4)], runs=[]))
    assert "real API, vouched for by the engine, 4 seeds." in page
    assert "vouched" not in render(study(rows=[row()], runs=[]))[0]


def test_a_screen_is_drawn_once_and_linked_from_its_other_claims(page, text):
    assert text.count("The same screen is drawn with this claim") == 1
    assert sum(link.endswith("-screen.svg") for link in page.links) == 1


def test_figures_and_tables_lie_beside_it(folder):
    names = {p.name for p in (folder / "figures").iterdir()}
    assert {"curves-layers-digits.svg", "recorded-matmul-iris.svg", "answer.svg"} <= names
    for table in ("claims", "runs", "curves", "differences"):
        assert (folder / f"{table}.csv").is_file()
        assert json.loads((folder / f"{table}.json").read_text("utf-8"))
    assert len(archive.load(folder / "results.json").rows) == len(study().rows)


def test_figures_follow_the_colours_of_the_page(text):
    assert ".s-vermillion { stroke: var(--vermillion); }" in text
    assert re.search(r'<path class="s-\w+"', text)
    assert "prefers-color-scheme: dark" in text


def test_the_command_is_the_one_that_makes_the_claim_again():
    assert (
        "rescue.py::test_estimator_rescues_matmul[digits]&#34; --mlp-seeds=4</code>"
        in (render(study(rows=[row()]))[0])
    )
    without = dataclasses.replace(row(), command="")
    assert "matmul[digits]&#34;</code>" in render(study(rows=[without]))[0]


def test_identical_arms_have_no_effect():
    same = row(identical=True, effect=0.0, low=-0.123, high=0.123, detail={})
    kept = archive.Saved(archive.FOLDER / "x.json", (row(),), {}, "")
    made = study(rows=[same], runs=[])
    text, _ = render(made, against=changes.against(made, kept))
    assert text.count("identical weights") == 3, "in the table, the card and the changes"
    assert "0.123" not in text
    assert "0.12]" not in text


def luminance(colour):
    """Relative luminance of #rrggbb, as WCAG 2 defines it."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_of_text_have_contrast_on_every_ground(scheme):
    root = re.findall(r":root \{(.*?)\}", source("style.css.j2"), re.DOTALL)[scheme]
    colours = dict(re.findall(r"--(\w+): (#\w{6})", root))
    for ground in ("paper", "panel"):
        for text in ("ink", "soft", "link", "green", "purple", "orange", "vermillion", "blue"):
            dark, light = sorted(luminance(colours[name]) for name in (ground, text))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, f"{text} on {ground}"


def test_an_empty_study_is_a_page_too():
    text, pictures = render(study(rows=[], runs=[], provenance={}))
    assert "No claim was settled." in text
    assert pictures == []


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ReportError, match="a report must go to a folder that can be written to"):
        write_report(study(), tmp_path / "file" / "report")


def test_what_is_promised_is_said():
    text, _ = render(study(rows=[], runs=[]))
    assert "<dt>Pseudo-differences at</dt><dd>± 0.5 in score against the margin, ±" in text
    assert "some verdict is false" not in text
    many, _ = render(study(rows=[row(detail={})] * 360, runs=[]))
    assert "360 claims, more than 300: some verdict is false with probability up to 0.06<" in many
