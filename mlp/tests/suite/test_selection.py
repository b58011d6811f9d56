"""Which claims of a small suite a session runs, under the suite's own conftest.py."""

from __future__ import annotations

import re

import pytest

from mlp.tests.small_suite import IRIS, OPTIONS, REFUTED_CLAIM, SETTINGS, SUPPORTED_CLAIM, claim

pytest_plugins = ("pytester",)


def ids(warm, *args):
    found = warm.runpytest_inprocess("--collect-only", "-q", *args)
    return re.findall(r"::(\S+)", found.stdout.str())


@pytest.fixture
def two(warm):
    warm.write(claim("rescue", SUPPORTED_CLAIM), claim("knockout", REFUTED_CLAIM))
    return warm


def test_each_claim_is_made_of_every_dataset_and_named_after_it(two):
    assert ids(two, *OPTIONS) == [
        "test_rescue[iris]",
        "test_rescue[wine]",
        "test_rescue[digits]",
        "test_knockout[iris]",
        "test_knockout[wine]",
        "test_knockout[digits]",
    ]


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (["-k", "rescue"], ["test_rescue[iris]", "test_rescue[wine]", "test_rescue[digits]"]),
        (["-k", "rescue and wine"], ["test_rescue[wine]"]),
        (["-k", "iris"], ["test_rescue[iris]", "test_knockout[iris]"]),
        (["--mlp-dataset=wine", "-k", "rescue"], ["test_rescue[wine]"]),
        (
            ["--mlp-dataset=wine, iris", "--mlp-dataset=wine", "-k", "rescue"],
            ["test_rescue[wine]", "test_rescue[iris]"],
        ),
    ],
    ids=str,
)
def test_words_and_datasets_select(two, args, found):
    assert ids(two, *OPTIONS, *args) == found


def test_the_name_of_a_dataset_is_checked_as_it_is_collected(two):
    result = two.runpytest_inprocess("--collect-only", *OPTIONS, "--mlp-dataset=irish")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*a dataset must be one of*got 'irish'; did you mean*"])


def test_a_dataset_that_does_not_exist_is_told_though_another_is_asked_for(warm):
    warm.write(claim("rescue", SUPPORTED_CLAIM, "pytest.mark.parametrize('dataset', ['irsi'])"))

    result = warm.runpytest_inprocess(*IRIS)

    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*a dataset must be one of*got 'irsi'; did you mean 'iris'?"])
    assert "kept" not in result.stdout.str()


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("finding_2", ["test_rescue[iris]"]),
        ("conclusion", ["test_knockout[iris]"]),
        ("finding_2 or conclusion", ["test_rescue[iris]", "test_knockout[iris]"]),
    ],
)
def test_the_name_of_a_finding_selects_its_claims(warm, word, found):
    warm.write(
        claim("rescue", SUPPORTED_CLAIM, "pytest.mark.finding('2')"),
        claim("knockout", REFUTED_CLAIM, "pytest.mark.finding('Conclusion')"),
        claim("neither", REFUTED_CLAIM),
    )

    assert ids(warm, *IRIS, "-k", word) == found


STATED = claim("stated", SUPPORTED_CLAIM, "pytest.mark.finding('2', states=True)")


def test_claims_that_state_a_finding_come_first(warm):
    warm.write(claim("gene", REFUTED_CLAIM, "pytest.mark.finding('2')"), claim("own", ""), STATED)

    assert ids(warm, *IRIS) == ["test_stated[iris]", "test_gene[iris]", "test_own[iris]"]
    assert ids(warm, *IRIS, "-k", "stated or own") == ["test_stated[iris]", "test_own[iris]"]


def test_what_failed_last_comes_first_if_pytest_is_asked_for_that(warm):
    warm.write(claim("gene", REFUTED_CLAIM), STATED)
    asked = [word for word in IRIS if word not in ("-p", "no:cacheprovider")]
    warm.runpytest_inprocess(*asked)

    assert ids(warm, *asked, "--failed-first") == ["test_gene[iris]", "test_stated[iris]"]


@pytest.fixture
def both(two):
    """A folder of hypotheses and one of unit tests, which pytest runs if it is given none."""
    for name in ("hypotheses", "units"):
        (two.path / name).mkdir()
    (two.path / "test_user.py").rename(two.path / "hypotheses" / "test_user.py")
    (two.path / "units" / "test_unit.py").write_text("def test_unit():\n    pass\n")
    two.makeini("[pytest]\ntestpaths = units\naddopts = -p mlp.suite.plugin")
    return two


@pytest.mark.parametrize(("word", "status"), [("rescue", 5), ("unit", 0)])
def test_words_without_a_folder_are_told_to_be_of_unit_tests(both, word, status):
    result = both.runpytest_inprocess(*SETTINGS, "-k", word)

    assert result.ret == status
    result.stdout.fnmatch_lines([f'*For claims: pytest hypotheses -k "{word}"'])


def test_words_that_no_claim_has_are_told_where_names_are(both):
    result = both.runpytest_inprocess(*SETTINGS, "hypotheses", "-k", "rescues")

    assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
    result.stdout.fnmatch_lines(['No test matches -k "rescues". For all names: *'])
    found = both.runpytest_inprocess(*SETTINGS, "hypotheses", "-k", "rescue and iris")
    found.stdout.no_fnmatch_line("*For *: pytest hypotheses*")


def test_a_test_may_name_its_own_datasets(warm):
    own = "pytest.mark.parametrize('dataset', ['wine'])"
    pair = "pytest.mark.parametrize(('n', 'dataset'), [(1, 'iris')])"
    named = "pytest.mark.parametrize(argnames='dataset', argvalues=['iris'])"
    two = claim("two", SUPPORTED_CLAIM, pair).replace("(lab, dataset)", "(lab, n, dataset)")
    warm.write(claim("one", SUPPORTED_CLAIM, own), two, claim("three", SUPPORTED_CLAIM, named))

    found = ["test_one[wine]", "test_two[1-iris]", "test_three[iris]"]
    assert ids(warm, *OPTIONS) == found
    assert ids(warm, *OPTIONS, "--mlp-dataset=wine") == found[:1]


def test_a_fixture_of_ones_own_may_name_the_dataset(warm):
    fixture = "import pytest\n@pytest.fixture\ndef dataset(request):\n    return 'iris'\n"
    small = "pytest.mark.parametrize('dataset', ['small'], indirect=True)"
    warm.write(fixture + claim("one", SUPPORTED_CLAIM, small))

    assert ids(warm, *OPTIONS) == ["test_one[small]"]


def test_parameters_may_be_named_by_keyword(warm):
    gene = "pytest.mark.parametrize(argnames='gene', argvalues=['init'])"
    lab = claim("lab", SUPPORTED_CLAIM, gene).replace("(lab, dataset)", "(lab, gene, dataset)")
    warm.write(lab, f"@{gene}\ndef test_plain(gene):\n    pass\n")

    assert ids(warm, *IRIS) == ["test_lab[iris-init]", "test_plain[init]"]


@pytest.mark.usefixtures("own_registry")
def test_a_dataset_registered_in_a_conftest_is_one_like_the_others(warm):
    conftest = warm.path / "conftest.py"
    register = "\nfrom mlp.species.post import data\n"
    register += "data.register('mine', lambda: ([[0.0]] * 30, [0, 1] * 15))\n"
    conftest.write_text(conftest.read_text() + register)
    warm.write(claim("rescue", SUPPORTED_CLAIM))

    assert ids(warm, *OPTIONS)[-1] == "test_rescue[mine]"
