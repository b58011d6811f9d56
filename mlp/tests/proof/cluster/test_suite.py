"""What a suite on a cluster left behind, read after kills."""

from mlp.proof.cluster.suite import Suite


def test_half_a_line_of_a_killed_session_is_no_verdict(tmp_path):
    said = "test_claims.py::test_claim[0] PASSED [ 50%]\ntest_claims.py::test_claim[1]"
    (tmp_path / "output").write_text(said)
    assert Suite(tmp_path, "").verdicts() == {"test_claims.py::test_claim[0]": "PASSED"}
