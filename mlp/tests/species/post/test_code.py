"""Keys: whatever could change a run's result changes its key, and nothing else does."""

from __future__ import annotations

import os
import shutil
import time
from dataclasses import replace

import pytest

from mlp import machine
from mlp.lab import Lab, key
from mlp.lab.key import expressed, run_keys
from mlp.species.post import code, executors, installation
from mlp.species.post.code import check_code, code_digest
from mlp.species.post.executors import COHORT, DIRECT, ESTIMATOR, TRAINERS
from mlp.species.post.genome import LAYERS_ESTIMATOR, MATMUL, Mlp
from mlp.species.post.protocol import Protocol
from mlp.store import StoreError
from mlp.tests.conftest import ROOT
from mlp.tests.lab.runs import TINY

ACTING = LAYERS_ESTIMATOR.as_compared().with_alleles(dropout=0.2)
OTHER = {
    "dense": "matmul",
    "init": "truncated_normal",
    "bias": "scalar",
    "logits": "softmax",
    "trainer": "direct",
    "coverage": 0.5,
    "order": "shuffled_once",
    "batch_size": 32,
    "dtype": "float32",
    "dropout_mode": "always",
    "dropout": 0.3,
    "split": "42",
    "init_seed": "unseeded",
    "shuffle_seed": "run",
    "layer_size": 32,
    "rate_scale": 2.0,
    "reporting": "ends",
    "handicap": 0.1,
}


BY = {"direct": DIRECT, "estimator": ESTIMATOR, "cohort": COHORT}


def forget():
    """Have the next key made anew."""
    key.identity.cache_clear()
    key._cohort.cache_clear()


def key_of(genome=ACTING, dataset="iris", protocol=TINY, seed=0, who="estimator"):
    return run_keys(genome, dataset, protocol, [seed], BY[who])[0]


def test_every_gene_has_another_allele_here():
    assert list(OTHER) == list(Mlp.genes)
    assert all(getattr(ACTING, name) != allele for name, allele in OTHER.items())


@pytest.mark.parametrize("name", OTHER)
def test_each_gene_that_acts_changes_the_key(name):
    assert key_of(ACTING.with_alleles(**{name: OTHER[name]})) != key_of()


def test_the_key_is_a_sha256_and_repeats():
    assert len(key_of()) == 64
    assert int(key_of(), 16)
    forget()
    assert key_of() == key_of(LAYERS_ESTIMATOR.as_compared().with_alleles(dropout=0.2))


@pytest.mark.parametrize(
    ("name", "bias", "tells"),
    [
        ("trainer", "unit", False),
        ("trainer", "scalar", False),
        ("dense", "scalar", False),
        ("dense", "unit", True),
    ],
)
def test_the_engine_tells_the_dense_operation_by_a_bias_per_unit_and_never_the_trainer(
    name, bias, tells
):
    genome = ACTING.with_alleles(bias=bias)
    changed = genome.with_alleles(**{name: OTHER[name]})

    assert (key_of(changed, who="cohort") != key_of(genome, who="cohort")) == tells
    assert (expressed(changed, COHORT) != expressed(genome, COHORT)) == tells
    assert TRAINERS.same_but_real([changed, genome]), "what is asked is about the API all the same"


def test_what_differs_in_more_than_the_api_is_not_the_same_in_the_engine():
    other = ACTING.with_alleles(dense="matmul", logits="softmax")

    assert not TRAINERS.same_but_real([other, ACTING])
    assert not TRAINERS.same_but_real([ACTING, ACTING])
    assert TRAINERS.same_but_real([ACTING, other, ACTING.with_alleles(trainer="direct")])


@pytest.mark.parametrize(
    ("genome", "edit"),
    [
        (MATMUL, {"dropout_mode": "never"}),
        (MATMUL, {"dropout_mode": "training"}),
        (MATMUL.with_alleles(dropout=0.4, dropout_mode="never"), {"dropout": 0.0}),
        (MATMUL, {"shuffle_seed": "run"}),
    ],
)
@pytest.mark.parametrize("who", ["direct", "cohort"])
def test_genes_that_cannot_act_do_not_change_the_key(genome, edit, who):
    assert key_of(genome.with_alleles(**edit), who=who) == key_of(genome, who=who)


@pytest.mark.parametrize(
    "edit", [{"learning_rate": 1e-4}, {"steps": 40}, {"sample_every": 20}], ids=str
)
def test_the_protocols_numbers_change_the_key(edit):
    assert key_of(protocol=replace(TINY, **edit)) != key_of()


def test_the_protocols_name_does_not():
    same = Protocol(name="renamed", learning_rate=1e-3, steps=20, sample_every=10)

    assert key_of(protocol=same) == key_of()


def test_seed_data_and_executor_change_the_key():
    keys = [
        key_of(),
        key_of(seed=1),
        key_of(dataset="wine"),
        key_of(who="direct"),
        key_of(who="cohort"),
    ]

    assert len(set(keys)) == len(keys)


@pytest.mark.usefixtures("own_registry")
def test_the_datas_values_change_the_key_and_so_does_its_name_which_seeds_the_weights():
    from mlp.species.post import data

    iris = data.load("iris")
    data.register("alias", lambda: (iris.x, iris.y))
    data.register("moved", lambda: (iris.x + 1e-12, iris.y))

    forget()
    assert key_of(dataset="alias") != key_of(dataset="iris")
    assert key_of(dataset="moved") != key_of(dataset="iris")
    forget()


@pytest.mark.parametrize("package", ["tensorflow_version", "tf_keras_version"])
def test_the_versions_of_the_packages_that_train_change_the_key(package, monkeypatch):
    before = {who: key_of(who=who) for who in ("estimator", "cohort")}
    bare = key_of(MATMUL, who="direct")

    monkeypatch.setattr(installation, package, lambda: "99.0.0")
    forget()
    after = {who: key_of(who=who) for who in ("estimator", "cohort")}
    tensorflow = package == "tensorflow_version"

    assert after["estimator"] != before["estimator"]
    assert (after["cohort"] != before["cohort"]) == tensorflow
    assert (key_of(MATMUL, who="direct") != bare) == tensorflow
    forget()


def test_what_may_round_otherwise_changes_the_key(monkeypatch, tmp_path):
    """Another kind of processor, fewer of its instructions, a GPU that is used."""

    def key_now():
        machine.arithmetic.cache_clear()
        forget()
        return key_of()

    for name in ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(machine, "processor", lambda: "one")
    monkeypatch.setattr(machine, "PROC", tmp_path)
    here = key_now()

    monkeypatch.setattr(machine, "processor", lambda: "another")
    keys = [key_now()]
    monkeypatch.setattr(machine, "processor", lambda: "one")
    assert key_now() == here

    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    keys.append(key_now())
    monkeypatch.delenv("ONEDNN_MAX_CPU_ISA")

    gpu = tmp_path / "driver/nvidia/gpus/0000:01:00.0/information"
    gpu.parent.mkdir(parents=True)
    gpu.write_text("Model: \t a GPU\nIRQ: 1\n")
    keys.append(key_now())
    assert len({here, *keys}) == 4

    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert key_now() == here
    machine.arithmetic.cache_clear()
    forget()


def test_a_genomes_own_trainer_trains_it_on_the_real_api_alone():
    assert TRAINERS.real(MATMUL) is DIRECT
    assert TRAINERS.real(LAYERS_ESTIMATOR) is ESTIMATOR
    assert TRAINERS.engine is COHORT


class TestCode:
    """The part of the key that stands for the code, on a copy of the package that is edited."""

    @pytest.fixture
    def package(self, tmp_path, monkeypatch):
        copy = tmp_path / "mlp"
        post = copy / "species" / "post"
        shutil.copytree(ROOT / "mlp", copy, ignore=shutil.ignore_patterns("tests", "reference"))
        monkeypatch.setattr(code, "_PACKAGE", post)
        monkeypatch.setattr(code, "_BEGAN", time.time_ns())
        code._first_seen.cache_clear()
        forget()
        yield post
        forget()
        code._first_seen.cache_clear()

    @staticmethod
    def digests():
        """What processes that begin now would see."""
        code._first_seen.cache_clear()
        code._BEGAN = time.time_ns()
        return [code_digest(who) for who in ("direct", "estimator", "cohort")]

    @pytest.mark.parametrize(
        ("module", "changed"),
        [
            ("plan.py", [True, True, True]),
            ("trainers/training.py", [True, True, True]),
            ("network.py", [True, True, False]),
            ("trainers/direct.py", [True, True, False]),
            ("trainers/estimator.py", [False, True, False]),
            ("../../estimator/data_feeder.py", [False, True, False]),
            ("trainers/cohort/__init__.py", [False, False, True]),
            ("../../lab/lab.py", [False, False, False]),
            ("../../stats/interval.py", [False, False, False]),
            ("../../store/store.py", [False, False, False]),
            ("../../report/terminal.py", [False, False, False]),
        ],
    )
    def test_code_of_the_training_path_changes_its_executors_alone(self, package, module, changed):
        before = self.digests()
        (package / module).write_text((package / module).read_text() + "\n\nANOTHER = 1\n")

        after = self.digests()

        assert [a != b for a, b in zip(after, before, strict=True)] == changed

    def test_comments_docstrings_and_layout_do_not(self, package):
        before = self.digests()
        for module in package.parents[1].rglob("*.py"):
            text = module.read_text().replace("\n\n\n", "\n\n\n\n# a comment\n")
            if text.startswith('"""'):
                text = '"""Said otherwise. ' + text[3:]
            module.write_text(text)

        assert self.digests() == before

    def test_one_changed_number_does(self, package):
        before = self.digests()
        plan = package / "plan.py"
        plan.write_text(plan.read_text().replace("PUBLISHED_SEED = 42", "PUBLISHED_SEED = 43"))

        assert all(a != b for a, b in zip(self.digests(), before, strict=True))

    def test_code_that_changed_since_the_process_began_has_no_key(self, package):
        (package / "plan.py").write_text((package / "plan.py").read_text() + "\n")

        with pytest.raises(StoreError, match=r"but plan.py was changed .* run again"):
            key_of()

    def test_an_editors_file_moved_into_place_is_a_change(self, package):
        other = package / "other.py"
        other.write_text((package / "plan.py").read_text() + "\nANOTHER = 1\n")
        key_of()
        os.utime(other, (0, 0))
        os.replace(other, package / "plan.py")

        with pytest.raises(StoreError, match="run again"):
            check_code("estimator")
        (package / "plan.py").unlink()
        with pytest.raises(StoreError, match="run again"):
            check_code("estimator")

    @pytest.mark.parametrize("added", ["# a comment\n", "ANOTHER = 1\n"])
    def test_runs_whose_code_changes_meanwhile_are_not_kept(
        self, package, monkeypatch, tmp_path, added
    ):
        def train(*asked):
            (package / "plan.py").write_text((package / "plan.py").read_text() + added)
            return trained(*asked)

        trained = executors.train
        monkeypatch.setattr(executors, "train", train)
        lab = Lab(tmp_path / "runs.sqlite", protocol=TINY)

        if added.startswith("#"):
            lab.cohort(MATMUL, "iris", seeds=2)
        else:
            with pytest.raises(StoreError, match=r"executor was changed"):
                lab.cohort(MATMUL, "iris", seeds=2)

        assert len(dict(lab.store.items())) == (2 if added.startswith("#") else 0)
