"""The pages and what they tell of do not part: commands, options, links, files and names exist."""

from __future__ import annotations

import importlib.util
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from mlp.tests.conftest import ROOT

PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *ROOT.glob("mlp/**/*.md"), *ROOT.glob("hypotheses/**/*.md")]
)
LINES = 150
"""Most lines of the README."""

ELSEWHERE = ("pip", "tox", ".", "cd", "git", "dask", "export")
"""Commands that are not the project's own."""

each_page = pytest.mark.parametrize("page", PAGES, ids=[str(p.relative_to(ROOT)) for p in PAGES])


def shell_commands(text):
    """Every command in a shell block, and every command of the project in running text."""
    blocks = re.findall(r"^```sh(?:ell)?\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    whole = "\n".join(blocks).replace("\\\n", " ")
    outside = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    inline = re.findall(r"`((?:python -m mlp|pytest )[^`]*)`", outside)
    for line in [*whole.splitlines(), *inline]:
        for command in line.split("&&"):
            words = shlex.split(command, comments=True)
            while words and re.match(r"[A-Z_]+=", words[0]):  # a variable of the environment
                del words[0]
            if words:
                yield [words[0].removeprefix(".venv/bin/"), *words[1:]]


@cache
def help_of(*command):
    done = subprocess.run(
        [sys.executable, *command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr[-500:]}"
    return done.stdout


@cache
def collected():
    """The ids of all tests and hypotheses."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "hypotheses", "mlp/tests", "--collect-only", "-q", "-n0"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    return [line for line in done.stdout.splitlines() if "::" in line]


def selects(expression, ids):
    """Whether pytest's `-k EXPRESSION` selects one of the `ids`."""

    def one(nodeid):
        def there(word):
            known = word[0] in ("and", "or", "not")
            return word[0] if known else str(word[0].lower() in nodeid.lower())

        return eval(re.sub(r"[^\s()]+", there, expression))

    return any(map(one, ids))


def check_options(words, told):
    for word in words:
        if re.match(r"--?[a-z]", word):
            option = word.partition("=")[0]
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", told), f"no {option}"


def check_pytest(words):
    told = help_of("-m", "pytest")
    check_options([w for w in words if w not in ("-n", "-k")], told)
    values = {"-k": None, "-n": None}
    places, rest = [], iter(words)
    for word in rest:
        if word in values:
            values[word] = next(rest)
        elif not word.startswith("-"):
            places.append(word)
    for place in places:
        known = (ROOT / place.partition("::")[0]).exists()
        assert known or place == "hypotheses/test_mine.py", f"no {place}"
    ids = [i for i in collected() if i.startswith(tuple(places or ["mlp/tests"]))]
    if values["-k"]:
        assert selects(values["-k"], ids), f"-k {values['-k']!r} selects nothing"


def check_module(module, *words):
    if not module.startswith("mlp"):
        return
    assert importlib.util.find_spec(module), f"no module {module}"
    subcommand = [w for w in words[:1] if re.fullmatch(r"[a-z]+", w)]
    if subcommand or any(w.startswith("-") for w in words):
        check_options(words, help_of("-m", module, *subcommand))


def check_extras(words):
    known = re.findall(
        r"^(\w+) = \[", (ROOT / "pyproject.toml").read_text("utf-8").partition("[tool")[0], re.M
    )
    for extras in re.findall(r"\[([\w,]+)\]", " ".join(words)):
        assert set(extras.split(",")) <= set(known)


@each_page
def test_every_command_can_be_given(page):
    for command, *words in shell_commands(page.read_text("utf-8")):
        if command == "pytest":
            check_pytest(words)
        elif command in ("python", "python3") and words[0] == "-m":
            check_module(*words[1:])
        else:
            assert command in ELSEWHERE, f"unknown command {command}"
        check_extras(words)


@each_page
def test_every_option_of_the_suite_exists(page):
    told = help_of("-m", "pytest")
    check_options(re.findall(r"--mlp-[a-z-]*[a-z]", page.read_text("utf-8")), told)


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
    }


@each_page
def test_every_link_leads_somewhere(page):
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"https?:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"no {link}"
        assert not anchor or anchor in anchors(target), f"no {link}"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= LINES


@cache
def source():
    return "\n".join(
        p.read_text("utf-8") for p in (ROOT / "mlp").rglob("*.py") if p.name != Path(__file__).name
    )


def test_how_it_works_names_files_and_names_that_exist():
    text = (ROOT / "mlp" / "README.md").read_text("utf-8")
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    for said in re.findall(r"`([^`]+)`", text):
        if re.fullmatch(r"[\w/]+\.(py|j2|md)|[\w/]+/", said):
            assert (ROOT / said).exists() or (ROOT / "mlp" / said).exists(), f"no {said}"
        elif re.fullmatch(r"[A-Za-z_][\w.]*", said):
            last = said.rpartition(".")[2]
            assert re.search(rf"\b{re.escape(last)}\b", source()), f"no {said}"


def test_the_workflow_gives_the_readme_s_commands():
    """The same installation, and the same two sessions."""
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    for name, job in (("test", "tests:"), ("study", "study:")):
        told = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)\n```", readme, re.DOTALL)
        assert told
        _, install, session = told[1].split(" && ")
        steps = workflow.partition(f"  {job}\n    ")[2]
        assert f"- run: python -m {install.removeprefix('.venv/bin/')}\n" in steps
        assert f"- run: {session.removeprefix('.venv/bin/')}" in steps


def test_the_workflow_names_tests_that_exist():
    workflow = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
    named = re.findall(r"mlp/tests/[\w/.]+", workflow)
    assert named
    assert [one for one in named if not (ROOT / one).exists()] == []
