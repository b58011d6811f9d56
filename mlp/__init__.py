"""Knockout and rescue experiments on small TensorFlow training pipelines."""
