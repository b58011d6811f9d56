"""The benchmark: what one training step costs by each way of training the same network.

`python -m mlp.proof.bench` measures; `contenders` holds each way, `table` what is made of the
numbers.
"""
