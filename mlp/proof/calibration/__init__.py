"""Are the stated error rates kept, and what do verdicts cost? `python -m mlp.proof.calibration`."""
