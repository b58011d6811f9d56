"""How a lab is opened, and what it says of itself."""

from __future__ import annotations

import pytest

from mlp.lab import (
    DEFAULT_SEEDS,
    FIRST_SEED,
    Lab,
    LabError,
    unshared_seed,
)
from mlp.run import ProtocolError
from mlp.species.post.genome import Mlp
from mlp.species.post.protocol import FIRST_SEEDS, PROTOCOLS
from mlp.store import StoreError
from mlp.tests.lab.runs import BASE, FAST, TINY, stored


class TestOpening:
    @pytest.mark.parametrize("seeds", [1, 0, -8, 2.0, "16", None, True, 10**6])
    def test_a_lab_needs_two_seeds_or_more(self, store, seeds):
        with pytest.raises(LabError, match="needs from 2 to 100000 seeds") as told:
            Lab(store, protocol=TINY, seeds=seeds)
        assert f"got {seeds!r}" in str(told.value)

    @pytest.mark.parametrize("first", [-1, 2**32, 2**32 - 7, 0.0, "0", True])
    def test_seeds_must_lie_in_range(self, store, first):
        with pytest.raises(LabError, match=r"from 0 to 2\*\*32 - 1") as told:
            Lab(store, protocol=TINY, seeds=8, first_seed=first)
        assert repr(first) in str(told.value)

    @pytest.mark.parametrize("protocol", ["quik", "", 3, {"steps": 20}])
    def test_a_lab_s_protocol_is_one_that_the_species_knows(self, store, protocol):
        with pytest.raises(ProtocolError, match="quick, published; got"):
            Lab(store, protocol=protocol).compare(FAST, BASE, "iris")
        assert stored(store) == {}

    def test_the_first_protocol_of_a_species_is_its_default(self, store):
        assert Lab(store).protocol_of(Mlp) is PROTOCOLS["quick"]
        assert Lab(store, protocol="published").protocol_of(BASE) is PROTOCOLS["published"]
        assert Lab(store, protocol=TINY).protocol_of(Mlp) is TINY

    def test_a_store_may_be_given_by_its_path(self, tmp_path):
        lab = Lab(tmp_path / "runs.sqlite", protocol=TINY)
        try:
            assert lab.store.path == str(tmp_path / "runs.sqlite")
            assert lab.seeds == DEFAULT_SEEDS
            assert lab.first_seed_of(Mlp) == FIRST_SEED
        finally:
            lab.store.close()

    def test_verdicts_rest_on_seeds_of_the_protocol_s_own(self, store):
        assert Lab(store, protocol="quick").first_seed_of(Mlp) == FIRST_SEED
        assert Lab(store, protocol="published").first_seed_of(Mlp) == FIRST_SEEDS["published"]
        assert FIRST_SEEDS["published"] >= unshared_seed(FIRST_SEED, DEFAULT_SEEDS) + DEFAULT_SEEDS
        assert Lab(store, protocol="published", first_seed=7).first_seed_of(Mlp) == 7

    def test_a_place_that_is_no_store_is_refused(self, tmp_path):
        with pytest.raises(StoreError, match="is a folder"):
            Lab(tmp_path, protocol=TINY)

    @pytest.mark.parametrize("place", [None, 3, ["runs.sqlite"]])
    def test_a_store_is_given_by_a_path(self, place):
        with pytest.raises(StoreError, match="give another path") as told:
            Lab(place, protocol=TINY)
        assert repr(str(place)) in str(told.value)

    def test_a_lab_writes_down_every_claim(self, tiny_lab):
        comparison = tiny_lab.compare(FAST, BASE, "iris", margin=0.99)
        comparison.assert_equivalent()

        assert [claim.verdict for claim in tiny_lab.claims] == ["supported"]
