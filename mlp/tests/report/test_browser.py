"""The page in a real browser: it loads, filters, links and fits."""

import pytest

from mlp.report import error_rates
from mlp.report.page import write_report
from mlp.tests.report import browser
from mlp.tests.report.helpers import HOSTILE, comparison_detail, row, rows, study

PROGRAM = browser.find()
pytestmark = pytest.mark.skipif(
    PROGRAM is None, reason=f"no browser: none of {', '.join(browser.NAMES)} is installed"
)

SHOWN = (
    "[...document.querySelectorAll('#verdicts-table tbody tr[data-verdict]')]"
    ".filter((row) => row.offsetParent !== null).length"
)


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    two = comparison_detail()
    two["arms"][1]["dataset"] = "iris"
    name = "test_" + "a_rather_long_name_for_a_test_" * 4
    long = row(name, dataset="digits-iris", detail=two)
    made = study(
        rows=[*rows(), long], sentences=["A sentence. " * 20], unsettled=[("t.py::t", HOSTILE)]
    )
    return write_report(made, folder).as_uri()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A page of one dataset and three claims, none of them as recorded."""
    made = [
        row(parameters=f"n{n}", verdict="undecided", outcome="undecided", first_seed=40_000)
        for n in range(3)
    ]
    return write_report(study(rows=made), tmp_path_factory.mktemp("plain")).as_uri()


@pytest.fixture(scope="module")
def tab(tmp_path_factory):
    assert PROGRAM is not None
    opened = browser.Browser(PROGRAM, tmp_path_factory.mktemp("profile"))
    yield opened
    opened.close()


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_loads_in_peace_and_fits(tab, url, width, scheme):
    tab.show(url, width=width, scheme=scheme)
    assert tab.run("document.title") == "Knockout and rescue: the verdicts"
    assert tab.run("document.documentElement.scrollWidth") <= width
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert tab.run("document.documentElement.scrollWidth") <= width, "with everything open"
    assert tab.complaints() == []
    assert [one for one in tab.requests() if not one.startswith("data:")] == [url]


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_sticks_out_of_its_box(tab, url, width):
    tab.show(url, width=width)
    out = tab.run(
        "[...document.querySelectorAll('main *')].filter((one) => !one.closest('svg')"
        " && one.getBoundingClientRect().right > document.documentElement.clientWidth + 1)"
        ".map((one) => one.tagName + '.' + one.className)"
    )
    assert out == []


BROKEN = """
[...document.querySelectorAll('th, #calibration td')].flatMap((cell) => {
  const words = [];
  const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
  while (walk.nextNode())
    for (const match of walk.currentNode.data.matchAll(/\\w+/g)) {
      const word = document.createRange();
      word.setStart(walk.currentNode, match.index);
      word.setEnd(walk.currentNode, match.index + match[0].length);
      const tops = [...word.getClientRects()].map((box) => Math.round(box.top));
      if (new Set(tops).size > 1) words.push(match[0]);
    }
  return words;
})
"""


@pytest.mark.parametrize("width", [1280, 400])
def test_no_word_of_a_table_is_broken_and_no_row_is_tall(tab, url, width):
    tab.show(url, width=width)
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    cells = tab.run("document.querySelectorAll('#calibration td').length")
    assert cells == 5 * len(error_rates.measured()), "none while no calibration is committed"
    assert tab.run(BROKEN) == []
    tallest = tab.run(
        "Math.max(0, ...[...document.querySelectorAll('#calibration tr')]"
        ".map((one) => one.offsetHeight))"
    )
    assert tallest < 120, "four lines at most"


def test_a_verdict_is_two_lines_and_the_table_needs_no_scrolling(tab, plain):
    tab.show(plain, width=1280)
    heights = tab.run(
        "[...document.querySelectorAll('#verdicts-table tr[data-verdict]')]"
        ".map((one) => one.offsetHeight)"
    )
    assert len(heights) == 3
    assert max(heights) < 65, "two lines: the interval of the verdict, and the plain one"
    assert "≠ recorded" in tab.run("document.querySelector('#verdicts-table').innerText")
    assert tab.run("document.querySelector('#verdicts-table').scrollWidth") <= 1280 - 2 * 20


SCROLLS = """
[...document.querySelectorAll('body *')].filter((one) => !one.closest('svg') &&
  one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== 'visible')
  .map((one) => one.tagName + '.' + one.className)
"""


@pytest.mark.parametrize("width", [1280, 400])
def test_nothing_scrolls_within_the_page(tab, url, width):
    tab.show(url, width=width)
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert tab.run(SCROLLS) == []


def test_claims_of_one_test_stand_side_by_side(tab, plain):
    places = "[...document.querySelectorAll('article')].map((o) => o.getBoundingClientRect().{})"
    tab.show(plain, width=1280)
    assert len(set(tab.run(places.format("top")))) == 1
    assert len(set(tab.run(places.format("left")))) == 3
    tab.show(plain, width=400)
    assert len(set(tab.run(places.format("top")))) == 3
    assert len(set(tab.run(places.format("left")))) == 1


def test_the_search_finds_words_of_the_evidence_and_hides_the_rest(tab, url):
    shown = "[...document.querySelectorAll('article')].filter((o) => o.offsetParent).length"
    tab.show(url, width=1280)
    assert tab.run(shown) == 8
    choose(tab, "text", "combination DIGITS screen")
    assert tab.run(SHOWN) == tab.run(shown) == 1, "words of a figure's caption, in any order"
    choose(tab, "text", "no such words")
    assert tab.run(SHOWN) == tab.run(shown) == 0
    assert tab.run("[...document.querySelectorAll('.test')].every((o) => o.hidden)")


def test_in_print_the_page_is_dark_on_white_without_its_form(tab, url):
    tab.show(url, width=800, scheme="dark")
    tab.call("Emulation.setEmulatedMedia", media="print")
    try:
        assert tab.run("getComputedStyle(document.body).color") == "rgb(0, 0, 0)"
        assert tab.run("document.getElementById('filter').offsetParent === null")
    finally:
        tab.call("Emulation.setEmulatedMedia", media="")


FIGURES = """
[...document.querySelectorAll('svg.figure')].map((figure) => {
  const box = figure.getBoundingClientRect(), texts = [...figure.querySelectorAll('text')];
  const scale = box.width / figure.viewBox.baseVal.width;
  const out = texts.filter((text) => {
    const at = text.getBoundingClientRect();
    return at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - 2;
  });
  const sizes = texts.map((text) => parseFloat(getComputedStyle(text).fontSize) * scale);
  return {title: figure.querySelector('title').textContent, least: Math.min(...sizes),
          out: out.map((text) => text.textContent)};
})
"""


@pytest.mark.parametrize("width", [1280, 400])
def test_figures_are_legible_and_whole_as_shown(tab, url, plain, width):
    for address in (url, plain):
        tab.show(address, width=width)
        shown = tab.run(FIGURES)
        assert len(shown) >= 3
        for figure in shown:
            assert figure["out"] == [], figure["title"]
            assert figure["least"] >= 9, figure["title"]


def test_dark_and_light_differ(tab, url):
    paper = "getComputedStyle(document.body).backgroundColor"
    label = "getComputedStyle(document.querySelector('svg.figure text')).fill"
    seen = {}
    for scheme in ("light", "dark"):
        tab.show(url, width=1280, scheme=scheme)
        seen[scheme] = (tab.run(paper), tab.run(label))
    assert seen["light"] == ("rgb(255, 255, 255)", "rgb(22, 24, 29)")
    assert seen["dark"] == ("rgb(20, 22, 26)", "rgb(231, 233, 236)")


def choose(tab, name, value):
    tab.run(
        f"(() => {{ const field = document.querySelector('#filter [name={name}]');"
        f" field.value = {value!r};"
        " field.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


def test_the_table_filters(tab, url):
    tab.show(url, width=1280)
    assert tab.run(SHOWN) == 8
    choose(tab, "verdict", "undecided")
    assert tab.run(SHOWN) == 1
    assert tab.run("document.getElementById('shown').textContent") == "1 of 8 shown"
    choose(tab, "verdict", "")
    choose(tab, "dataset", "iris")
    assert tab.run(SHOWN) == 2, "iris alone, and digits against iris"
    choose(tab, "dataset", "")
    choose(tab, "finding", "Conclusion")
    assert tab.run(SHOWN) == 1
    heads = "[...document.querySelectorAll('tr.finding')].filter((one) => !one.hidden).length"
    assert tab.run(heads) == 1, "headings of what is filtered out go too"
    choose(tab, "finding", "")
    choose(tab, "text", "SCREEN")
    assert tab.run(SHOWN) == 2
    tab.run("document.querySelector('#filter [type=reset]').click()")
    assert tab.run("new Promise((done) => setTimeout(() => done(" + SHOWN + "), 50))") == 8


def test_every_link_within_the_page_leads_to_something_shown(tab, url):
    tab.show(url, width=1280)
    dead = tab.run(
        "[...document.querySelectorAll('a[href^=\"#\"]')].map((one) => one.getAttribute('href'))"
        ".filter((to) => { const at = document.getElementById(to.slice(1));"
        " return !at || at.getClientRects().length === 0; })"
    )
    assert dead == []


def test_without_javascript_everything_is_there_but_the_filter(tab, url):
    tab.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.show(url, width=1280)
    finally:
        tab.call("Emulation.setScriptExecutionDisabled", value=False)
    assert tab.run(SHOWN) == 8
    assert tab.run("document.getElementById('filter').offsetParent === null")
    assert tab.run("document.querySelectorAll('svg.figure').length") > 8
