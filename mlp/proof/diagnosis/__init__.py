"""How often a diagnosis is wrong and what it costs, by planted truth, beside other methods.

`python -m mlp.proof.diagnosis simulate` measures; `tables` puts what was measured into the page
mlp/stats/diagnosis/README.md.
"""
